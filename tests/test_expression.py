"""Expressions: every good one means what it means in Python, every bad one is an ExpressionError and nothing else."""

import math
import string
from math import inf, nan

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import micrograd
from micrograd import Value, primitives
from micrograd.errors import ExpressionError, MicrogradError, ShapeError
from micrograd.expression import CONSTANTS, MAX_LENGTH, assignments, near, parse
from micrograd.primitives import COMPOSITIONS, FLOATS, TABLE, Family

AT = {'x': 0.5, 'y': -1.25, 'z': 3.0}


def value(text, /, **numbers):
    return parse(text)(**numbers).data


def error_of(text):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    return caught.value


# What is understood ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('1', 1.0),
        ('0x10', 16.0),
        ('1_000.5', 1000.5),
        ('-1e-3', -0.001),
        ('+.5', 0.5),
        ('1e-400', 0.0),
        ('pi', math.pi),
        ('e', math.e),
        ('-inf', -inf),
        ('x', 0.5),
        ('  x\n + \t y ', -0.75),
        ('x + y - z', 0.5 - 1.25 - 3.0),
        ('x * y / z', 0.5 * -1.25 / 3.0),
        ('x - (y - z)', 0.5 - (-1.25 - 3.0)),
        ('-x**2', -0.25),
        ('2**-x', 2.0**-0.5),
        ('z**x**2', 3.0**0.25),
        ('z**(1/2)', 3.0**0.5),
        ('--x', 0.5),
        ('1/0', inf),
        ('0/0', nan),
        ('x/0', inf),
        ('(-8)**(1/3)', nan),
        ('9**9**9**9', inf),
        ('10**400', inf),
        ('tanh(z*x + y)', math.tanh(0.25)),
        ('exp(1)', math.e),
        ('max(x, y, z)', 3.0),
        ('max([x, y, z])', 3.0),
        ('min((x, y))', -1.25),
        ('sum([x])', 0.5),
        ('sum([])', 0.0),
        ('sum(x, y, 1)', 0.25),
        ('mean(x, y, z)', 0.75),
        ('norm([3, 4])', 5.0),
        ('dot([x, y], [2, z])', 1.0 - 3.75),
        ('logsumexp(x, x)', 0.5 + math.log(2.0)),
        ('sum(softmax([x, y, z]))', 1.0),
        ('dot(softmax([x, x]), [1, 0])', 0.5),
        ('clamp(z, -1, 1)', 1.0),
        ('clamp(z, hi=2*1)', 2.0),
        ('leaky_relu(y, slope=1/5)', -0.25),
        ('leaky_relu(y)', -0.0125),
        ('power(z, 2)', 9.0),
        ('power(z, exponent=-(1 + 1))', 1 / 9),
        ('power(z, pi)', 3.0**math.pi),
        ('atan2(y, x)', math.atan2(-1.25, 0.5)),
        ('where(x > 0, y, z)', -1.25),
        ('where(0, y, z)', 3.0),
        ('y if x > 0 else z', -1.25),
        ('y if x < 0 else z if x < 1 else 7', 3.0),
        ('x > 0', 1.0),
        ('x > 0.5', 0.0),
        ('x >= 0.5', 1.0),
        ('x < y', 0.0),
        ('x <= 0.5', 1.0),
        ('x == 0.5', 1.0),
        ('x != 0.5', 0.0),
        ('nan == nan', 0.0),
        ('y < x < z', 1.0),
        ('y < z < x', 0.0),
        ('x > 0 and y > 0', 0.0),
        ('x > 0 or y > 0', 1.0),
        ('not x > 0', 0.0),
        ('not (x < 0 or y > 0) and z == 3', 1.0),
        ('(x > 0) * 2 + (y > 0)', 2.0),
        ('-(x > 0)', -1.0),
        ('+(x > 0)', 1.0),
        ('(x > 0) ** 2', 1.0),
        ('(x > 0) > 0', 1.0),
        ('max(x > 0, y > 0)', 1.0),
        ('less(x, y)', 0.0),
        ('not less(x, y)', 1.0),
        ('x # with a remark', 0.5),
        ('x # with a remark\n+ y\r\n# and another\r+ z # and one more', 0.5 - 1.25 + 3.0),
    ],
)
def test_good_expressions(text, expected):
    expression = parse(text)
    result = expression(**{name: AT[name] for name in expression.variables})
    assert isinstance(result, Value)
    assert result.data == pytest.approx(expected, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize('name', [*TABLE, *COMPOSITIONS])
def test_every_operation_can_be_called(name):
    """With the arguments, or the lists of them, that it has on floats."""
    entry = TABLE.get(name)
    lists = entry.lists if hasattr(entry, 'lists') else 1 if entry is None else 0
    constants = entry.examples[0] if isinstance(entry, Family) else ()
    count = 1 if isinstance(entry, Family) else getattr(entry, 'arity', None)
    numbers = [[0.25, 0.75]] * lists if lists else [0.25, 0.75, 0.5][:count]
    written = ', '.join(map(str, [*numbers, *constants]))
    expected = getattr(FLOATS, name)(*numbers, *constants)
    if isinstance(expected, list):
        assert value(f'max({name}({written}))') == max(expected)
    else:
        assert value(f'{name}({written})') == pytest.approx(expected, rel=0.0, abs=0.0, nan_ok=True)


def test_variables_stand_in_the_order_of_their_appearance():
    assert parse('b if a > c else max(d, a) + b').variables == ('b', 'a', 'c', 'd')
    assert parse('2 + pi').variables == ()


def test_numbers_become_labelled_leaves_and_values_stay_what_they_are():
    x = Value(2.0)
    result = parse('w * x')(w=3, x=x)
    w, same = result._prev
    assert (w.label, w.data, w.role) == ('w', 3.0, 'input')
    assert same is x
    result.backward()
    assert (w.grad, x.grad) == (2.0, 3.0)


def test_the_graph_is_the_one_that_the_same_program_builds():
    y = parse('2*3*x**2 - x/4')(x=5.0)
    product, quotient = y._prev
    six, square = product._prev
    assert (y._op, product._op, quotient._op, square._op) == ('-', '*', '/', '**2')
    assert (six.data, six.role) == (6.0, 'constant')
    assert square._prev == (quotient._prev[0],)


@pytest.mark.parametrize(
    ('text', 'symbol', 'parents'),
    [
        ('x**2', '**2', 1),
        ('x**2.0', '**2', 1),
        ('x**0.5', '**0.5', 1),
        ('x**-1', '**-1', 1),
        ('x**(2 - 5)', '**-3', 1),
        ('x**2**3', '**8', 1),
        ('2**3', '', 0),
        ('x**1e20', '**1e+20', 1),
        ('x**inf', '**inf', 1),
        ('x**y', '**', 2),
        ('2**x', '**', 2),
        ('-x', 'neg', 1),
        ('elu(x, 2)', 'elu(2)', 1),
        ('elu(x, 0.5)', 'elu(0.5)', 1),
    ],
)
def test_constants_that_an_operation_carries_are_no_nodes(text, symbol, parents):
    y = parse(text)(**dict.fromkeys(parse(text).variables, 2.0))
    assert y._op == symbol
    assert len(y._prev) == parents


def test_an_expression_is_a_function_that_can_be_called_again():
    f = parse('x * x')
    assert [f(x=x).data for x in (1.0, 2.0, 3.0)] == [1.0, 4.0, 9.0]


def test_a_variable_may_have_any_name_that_a_function_does_not_have():
    assert value('self + text', self=1.0, text=2.0) == 3.0
    assert parse('ﬁ').variables == ('fi',)  # as Python reads it
    assert value('λ * Ω', λ=2.0, Ω=3.0) == 6.0


def forget(name):
    del TABLE[name]
    for interpreter in primitives.INTERPRETERS:
        delattr(interpreter.functions, name)


def test_an_operation_registered_later_is_understood():
    micrograd.primitive('thrice', lambda o, x: 3.0 * x, lambda o, z, x: 3.0)
    try:
        assert value('thrice(x) + 1', x=2.0) == 7.0
    finally:
        forget('thrice')


def test_constants_that_a_family_refuses_are_an_error():
    @primitives.family((1.0,))
    def scaled(factor):
        if factor <= 0.0:
            raise ValueError(f'factor should be above 0, not {factor}')
        return primitives.Row('scaled', latex='', value=lambda o, x: factor * x, partials=lambda o, z, x: factor)

    try:
        assert value('scaled(x, 3)', x=2.0) == 6.0
        with pytest.raises(ExpressionError, match=r"factor should be above 0, not -1 \(column 5: 'scaled\(x, -1\)'\)"):
            parse('2 * scaled(x, -1)')
    finally:
        forget('scaled')


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('text', 'message', 'column'),
    [
        ('', 'there is no expression', None),
        ('  \n ', 'there is no expression', None),
        ('quux(x)', "there is no function 'quux'; micrograd ops shows", 0),
        ('1 + tahn(x)', "there is no function 'tahn'; did you mean tan, tanh or atan", 4),
        ('Sigmoid(x)', 'did you mean sigmoid', 0),
        ('x(y + 1)', 'a product is written with', 0),
        ('pi(2)', "no function 'pi'", 0),
        ('2x', 'a product is written with', 0),
        ('2(x)', 'only functions have arguments; a product is written with', 0),
        ('(x + 1)(x - 1)', 'only functions have arguments', 0),
        ('sin + 1', 'sin is a function; call it', 0),
        ('softmax', 'softmax is a function', 0),
        ('math.sin(x)', r'no dots behind names here; write sin\(x\)', 0),
        ('x.data', 'no dots', 0),
        ('x.__class__', 'no dots', 0),
        ('().__class__.__bases__', 'no dots', 0),
        ('1 + x[0]', 'no indices', 4),
        ('x[0:1]', 'no indices', 0),
        ('(y := 3)', 'nothing can be assigned', 1),
        ('max(*x)', 'one by one', 4),
        ('max(x, *y)', 'one by one', 7),
        ('lambda x: x', 'cannot be defined', 0),
        ('[x for x in y]', 'no part of an expression', 0),
        ('{x for x in y}', 'no part of an expression', 0),
        ('{x: 1}', 'no part of an expression', 0),
        ('{x}', 'no part of an expression', 0),
        ('sum(x for x in y)', 'no part of an expression', 3),
        ('await x', 'no part of an expression', 0),
        ('(yield)', 'no part of an expression', 1),
        ("f'{x}'", 'no part of an expression', 0),
        ("'x'", 'real numbers, and this is a text', 0),
        ("b'x'", 'this is a text', 0),
        ('2j', 'this is a complex one', 0),
        ('None', 'this is None', 0),
        ('True', 'this is True', 0),
        ('x + ...', 'this is Ellipsis', 4),
        ('x ^ 2', r'a power is x\*\*2', 0),
        ('x // 2', r'write floor\(x / y\)', 0),
        ('x % 2', r'x - y \* floor', 0),
        ('x @ y', 'write dot', 0),
        ('x & y', 'joined by and', 0),
        ('x | y', 'joined by or', 0),
        ('x << 2', r'the operators here are \+', 0),
        ('~x', 'turned round by not', 0),
        ('x is y', 'the comparisons here are', 0),
        ('x in [y]', 'the comparisons here are', 0),
        ('x and y > 0', 'a comparison is needed here', 0),
        ('not x', 'a comparison is needed here', 4),
        ('x > 0 or 1', 'a comparison is needed here', 9),
        ('y if x else z', 'a comparison is needed here', 5),
        ('1 if [x] else 2', 'a comparison is needed here', 5),
        ('x, y', 'one number is needed here, not a list', 0),
        ('[x]', 'one number is needed here', 0),
        ('softmax([x, y])', 'one number is needed here', 0),
        ('1 + log_softmax(x, y)', 'one number is needed here', 4),
        ('tanh([x])', 'one number is needed here', 5),
        ('max([[x]])', 'one number is needed here', 5),
        ('max([x], [y])', 'one number is needed here', 4),
        ('max(x)', 'a list is needed here', 4),
        ('max(x > 0)', 'a list is needed here', 4),
        ('mean(max(x, y))', 'a list is needed here', 5),
        ('sum(1)', 'a list is needed here', 4),
        ('sum(pi)', 'a list is needed here', 4),
        ('sum(x + y)', 'a list is needed here', 4),
        ('sum(x if y > 0 else 1)', 'a list is needed here', 4),
        ('sum(not x > 0)', 'a list is needed here', 4),
        ('sum(x > 0 and y > 0)', 'a list is needed here', 4),
        ('tanh()', 'tanh takes 1 number, and here it has 0', 0),
        ('tanh(x, y)', 'tanh takes 1 number, and here it has 2', 0),
        ('where(x > 0, y)', 'where takes 3 numbers, and here it has 2', 0),
        ('max()', 'max takes 1 list, and here it has 0', 0),
        ('dot([x])', 'dot takes 2 lists, and here it has 1', 0),
        ('tanh(x=1)', 'tanh takes no argument by name', 0),
        ('tanh(**x)', 'tanh takes no argument by name', 0),
        ('leaky_relu()', 'leaky_relu takes one number, and as constants slope', 0),
        ('leaky_relu(slope=2)', 'leaky_relu takes one number', 0),
        ('leaky_relu(x, 1, 2)', 'leaky_relu takes one number', 0),
        ('leaky_relu(x, alpha=2)', 'leaky_relu takes one number', 0),
        ('leaky_relu(x, **2)', 'invalid syntax|leaky_relu takes one number', None),
        ('power(x)', 'power takes one number, and as constants exponent', 0),
        ('clamp(x, 1, 2, 3)', 'as constants lo and hi', 0),
        ('leaky_relu(x, slope=y)', 'a plain number is needed here', 20),
        ('leaky_relu(x, y)', 'a plain number is needed here', 14),
        ('leaky_relu(x, [1])', 'a plain number is needed here', 14),
        ('power(x, 1 > 2)', 'a plain number is needed here', 9),
        ('power(x, exp(1))', 'a plain number is needed here', 9),
        ('power(x, 1 if x > 0 else 2)', 'a plain number is needed here', 9),
        ('1e999', 'beyond the largest float', 0),
        ('x + 1' + '0' * 400, 'beyond the largest float', 4),
        ('0x' + 'f' * 400, 'beyond the largest float', 0),
        ('Ω + 1 + foo(x)', "no function 'foo'", 8),
        ('1' + '0' * 5000, 'beyond the largest float', None),
        ('x\0', 'a character that cannot be printed', 1),
        ('x + \ud800', 'a character that cannot be printed', 4),
        ('x # \x1b[31m', 'a character that cannot be printed', 4),
        ('x' * (MAX_LENGTH + 1), 'may have 10,000 characters, and this one has 10,001', None),
    ],
)
def test_bad_expressions(text, message, column):
    with pytest.raises(ExpressionError, match=message) as caught:
        parse(text)
    if column is not None:
        assert caught.value.column == column
        assert f'column {column + 1}' in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'text',
    [
        'x +',
        '(x',
        'x)',
        'max(x',
        'x = 3',
        'x y',
        '1 +* 2',
        'import os',
        'x;y',
        '#',
        '1__0',
        "'",
        '"""',
        '$',
        'x \\',
        '\\\n',
    ],
)
def test_what_python_cannot_read_either(text):
    error = error_of(text)
    assert 0 <= error.column <= len(error.text)
    assert str(error).endswith(('the end)', "')", '")', '…)'))


def test_the_error_shows_the_place():
    assert str(error_of('1 + foo(x)')).endswith("(column 5: 'foo(x)')")
    assert str(error_of('quux(x, 123456789, 123456789, 123456789)')).endswith(
        "(column 1: 'quux(x, 123456789, 123456789, '…)"
    )
    assert str(error_of('(x')).endswith("(column 1: '(x')")
    assert str(ExpressionError('it ends too soon', 'x', 1)) == 'it ends too soon (at the end)'
    error = error_of('x ^ \x1b[31m')
    assert '\x1b' not in str(error)


def test_an_error_is_a_value_error_of_ours():
    error = error_of('x.y')
    assert isinstance(error, MicrogradError)
    assert isinstance(error, ValueError)
    assert error.text == 'x.y'


@pytest.mark.parametrize(
    'text',
    [
        '(' * 5000,
        '(' * 4000 + 'x' + ')' * 4000,
        '[' * 9999,
        'tanh(' * 1500 + 'x' + ')' * 1500,
        '-' * 9999 + 'x',
        'not ' * 2000 + 'x > 0',
        'lambda:' * 1000 + 'x',
        'x**' * 3000 + '2',
        'x if x > 0 else ' * 600 + 'x',
        'x.' * 4000 + 'y',
    ],
)
def test_deep_nesting_is_an_error_or_works(text):
    try:
        expression = parse(text)
    except ExpressionError:
        return
    assert isinstance(expression(x=1.0), Value)


def test_what_python_can_just_read_is_not_too_deep_for_us():
    text = '+'.join(['x'] * 900)
    y = parse(text)(x=2.0)
    assert y.data == 1800.0
    y.backward()
    assert parse('-' * 150 + 'x')(x=2.0).data == 2.0


def test_python_running_out_of_stack_is_an_error(monkeypatch):
    import ast

    for reason in (RecursionError, MemoryError):

        def deep(*args, reason=reason, **kwargs):
            raise reason

        with monkeypatch.context() as patch:
            patch.setattr(ast, 'parse', deep)
            assert 'nested too deeply' in str(error_of('x'))


# Calling --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('text', 'numbers', 'message'),
    [
        ('w*x + b', {'w': 1.0}, r"x and b have no value: add x=… b=… \(column 3: 'x \+ b'\)"),
        ('w*x + b', {'w': 1.0, 'x': 2.0}, 'b has no value: add b=…'),
        ('a + b + c', {}, 'a, b and c have no value'),
        ('a*b*c*d*g*h*k', {}, r'a, b, c, d, g and 2 more have no value: add a=… b=… c=… d=… g=… \('),
        ('x' * 999, {}, r"^x{40} has no value: add x{40}=… \(column 1: 'x{30}'…\)$"),
        ('1', {'x' * 999: 3.0}, '^x{40} has a value'),
        ('2 * PI', {}, r'PI has no value: add PI=…; did you mean pi\?'),
        ('W * 2', {'w': 1.0}, r'W has no value: add W=…; did you mean w\?'),
        ('w * x', {'w': 1.0, 'x': 2.0, 'y': 3.0}, r"y has a value, but is not in 'w \* x', which has w and x"),
        ('1', {'y': 3.0}, "y has a value, but is not in '1', which has no variables"),
    ],
)
def test_a_call_needs_a_number_for_each_variable_and_no_more(text, numbers, message):
    with pytest.raises(ExpressionError, match=message):
        parse(text)(**numbers)


@pytest.mark.parametrize('text', ['dot([x], [x, x])', 'max([])', 'mean([])', 'norm([])', 'logsumexp([])', 'select([])'])
def test_lists_of_the_wrong_length_are_shape_errors(text):
    expression = parse(text)
    with pytest.raises(ShapeError):
        expression(**dict.fromkeys(expression.variables, 1.0))


# Assignments ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('text', 'name', 'number'),
    [
        ('x=2', 'x', 2.0),
        ('w=-3', 'w', -3.0),
        ('x=-1e-3', 'x', -0.001),
        ('x=.5', 'x', 0.5),
        ('x=inf', 'x', inf),
        ('x=-inf', 'x', -inf),
        ('x=nan', 'x', nan),
        (' x = 2 ', 'x', 2.0),
        ('x=pi/2', 'x', math.pi / 2),
        ('x=sqrt(2)', 'x', math.sqrt(2.0)),
        ('x=1 if 2 > 1 else 0', 'x', 1.0),
        ('x=2==2', 'x', 1.0),
        ('λ=1', 'λ', 1.0),
        ('ﬁ=1', 'fi', 1.0),
        ('_=1', '_', 1.0),
    ],
)
def test_assignments(text, name, number):
    [(found, value)] = assignments([text]).items()
    assert found == name
    assert value == pytest.approx(number, rel=0.0, abs=0.0, nan_ok=True)


@pytest.mark.parametrize(
    ('texts', 'message'),
    [
        (['x'], 'a variable gets its value as in x=2'),
        (['x='], 'as in x=2'),
        (['=2'], 'as in x=2'),
        ([''], 'as in x=2'),
        (['2=x'], 'as in x=2'),
        (['x.y=2'], 'as in x=2'),
        (['lambda=2'], 'as in x=2'),
        (['x-y=2'], 'as in x=2'),
        (['--x=2'], 'as in x=2'),
        (['e=2'], 'e is a constant, 2.718281828459045; give your variable another name'),
        (['inf=2'], 'inf is a constant'),
        (['max=2'], 'max is a function; give'),
        (['softmax=2'], 'softmax is a function'),
        (['x=abc'], r"the value of x is a number, such as -0.5 or pi/2 \(column 3: 'abc'\)"),
        (['x=x'], 'the value of x is a number'),
        (['x=max([])'], r"the list is empty \(column 3: 'max\(\[\]\)'\)"),
        (['x=1,5'], 'one number is needed here, not a list'),
        (['x=1e999'], 'beyond the largest float'),
        (['x==2'], 'invalid syntax'),
        (['x=3²'], 'invalid character'),
        (['x²=3'], 'as in x=2'),
        (['x=__import__("os")'], "no function '__import__'"),
        (['x=1', 'y=2', 'x=3'], r"x has two values; give it one \(column 1: 'x=3'\)"),
        (['fi=1', 'ﬁ=2'], 'fi has two values'),
        (['x' * 999 + '=1', 'x' * 999 + '=1'], '^x{40} has two values'),
        (['x' * 999 + '=y'], '^the value of x{40} is a number'),
    ],
)
def test_bad_assignments(texts, message):
    with pytest.raises(ExpressionError, match=message):
        assignments(texts)


def test_near():
    assert near('max_', ['max', 'min', 'exp']) == '; did you mean max?'
    assert near('sinn', ['sin', 'sinh']) == '; did you mean sin or sinh?'
    assert near('zzz', ['sin', 'sinh']) == ''


# Anything at all ------------------------------------------------------------------------------------------------------

PIECES = """
    x y z 0 1 2 9 . + - * / ( ) [ ] , < > = % ^ & | ~ @ : ! ? # $ ' " \\ { } _ ** == != <= // := e9 1e999 inf slope=
    max( sum([ ]) dot( where( clamp(x, leaky_relu( softmax( norm( power( tanh( f" é and or not if else lambda for in
"""
WORDS = [f' {piece} ' for piece in PIECES.split() if piece.isalpha()]
TOKENS = st.sampled_from([*PIECES.split(), *WORDS, '\n', '\t', '\0', '\ud800'])


def read(text):
    """The result where the text is an expression, None where it is refused; anything else is a failure."""
    try:
        expression = parse(text)
    except ExpressionError:
        return None
    try:
        return expression(**dict.fromkeys(expression.variables, 0.5))
    except ShapeError:
        return None


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    assert read(text) is None or isinstance(read(text), Value)


@given(st.text(string.printable, max_size=60))
def test_any_ascii_text_is_read_or_refused(text):
    assert read(text) is None or isinstance(read(text), Value)


@given(st.lists(TOKENS, max_size=25).map(''.join))
@example('1if 2>1else 3')
@example('power(x,-0.0)')
@example('"\\d"')
def test_any_jumble_of_tokens_is_read_or_refused(text):
    assert read(text) is None or isinstance(read(text), Value)


@given(st.text(max_size=30))
def test_any_assignment_is_read_or_refused(text):
    try:
        numbers = assignments([text])
    except (ExpressionError, ShapeError):
        return
    assert [type(x) for x in numbers.values()] == [float]


def grown(parts):
    """Larger expressions of smaller ones, each with Python's meaning of it."""
    return st.one_of(
        st.tuples(st.sampled_from(['+', '-', '*']), parts, parts).map(lambda t: f'({t[1]} {t[0]} {t[2]})'),
        parts.map(lambda a: f'-{a}'),
        parts.map(lambda a: f'abs({a})'),
        st.tuples(parts, parts, parts).map(lambda t: f'({t[0]} if {t[1]} < {t[2]} else {t[2]})'),
        st.tuples(parts, parts).map(lambda t: f'max({t[0]}, {t[1]})'),
        parts.map(lambda a: f'{a}**2'),
    )


@given(st.recursive(st.sampled_from(['x', 'y', 'z', '2', '0.25', 'pi']), grown, max_leaves=12))
def test_expressions_mean_what_they_mean_in_python(text):
    numbers = {name: AT[name] for name in parse(text).variables}
    assert value(text, **numbers) == pytest.approx(eval(text, {'pi': math.pi, **AT}), rel=1e-12, abs=1e-12)


def test_no_constant_is_a_function():
    assert not CONSTANTS.keys() & {*TABLE, *COMPOSITIONS}
