"""The reference of operations: its formulas are right because they are the rows' own, read again and evaluated."""

import re

import pytest

import micrograd
from micrograd import primitives
from micrograd.columns import aligned, at_the_point
from micrograd.expression import parse
from micrograd.formulas import SYMBOLS, Symbol, call, choice, infix, negated, plain, symbol
from micrograd.primitives import COMPOSITIONS, FLOATS, TABLE, Family
from micrograd.reference import GROUPS, arguments, details, kinks, markdown_table, operations, page, table

x, y = Symbol('x'), Symbol('y')
OPERATIONS = {op.row.name: op for op in operations()}
POINTS = [
    (0.3, 0.8, -0.4, 1.7),
    (0.5, 0.5, 0.5, 0.5),
    (0.0, 0.0, 0.0, 0.0),
    (-0.7, 2.0, 3.0, -2.0),
    (2.5, -1.5, 0.0, 0.25),
]


# Formulas -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('formula', 'text'),
    [
        (x + y + 1.0, 'x + y + 1'),
        (x + (y + 1.0), 'x + (y + 1)'),
        (1.0 - (x - y), '1 - (x - y)'),
        (1.0 - x - y, '1 - x - y'),
        (2.0 * x * y, '2 * x * y'),
        ((x + 1.0) * (y - 0.5), '(x + 1) * (y - 0.5)'),
        (-x * y, '-x * y'),
        (-(x * y), '-x * y'),
        (-(x + y), '-(x + y)'),
        (x * -y, 'x * -y'),
        (-2.0 * x, '-2 * x'),
        (0.1 + x, '0.1 + x'),
        (1e20 * x, '1e+20 * x'),
        (x < y + 1.0, 'x < y + 1'),
        (x >= 0.0, 'x >= 0'),
        (0.0 < x, 'x > 0'),  # noqa: SIM300 - which way round Python asks is the point
        (x <= y, 'x <= y'),
        (infix('/', x, infix('/', y, x)), 'x / (y / x)'),
        (infix('**', -x, y), '(-x)**y'),
        (infix('**', x, -y), 'x**-y'),
        (infix('**', infix('**', x, 2.0), y), '(x**2)**y'),
        (infix('==', x < y, 1.0), '(x < y) == 1'),
        (choice(x < y, x, choice(y < x, y, 0.0)), 'x if x < y else y if y < x else 0'),
        (choice(x < y, choice(y < x, y, 0.0), x), '(y if y < x else 0) if x < y else x'),
        (1.0 + choice(x < y, x, y), '1 + (x if x < y else y)'),
        (call('f', x + y, [x, 1.0]), 'f(x + y, [x, 1])'),
        (symbol(-0.5), '-0.5'),
        (symbol(float('inf')), 'inf'),
    ],
)
def test_formulas(formula, text):
    assert str(formula) == text


def test_python_cannot_decide_on_a_formula():
    with pytest.raises(TypeError, match=r'Python cannot decide .* Right: o\.where'):
        bool(x > 0.0)


P, Q = x < 1.0, y < 2.0


@pytest.mark.parametrize(
    ('condition', 'text'),
    [
        (choice(P, True, False), 'x < 1'),
        (choice(P, False, True), 'not x < 1'),
        (choice(P, Q, False), 'x < 1 and y < 2'),
        (choice(P, False, Q), 'not x < 1 and y < 2'),
        (choice(P, Q, True), 'not x < 1 or y < 2'),
        (choice(P, True, Q), 'x < 1 or y < 2'),
        (negated(choice(P, True, Q)), 'not x < 1 and not y < 2'),
        (negated(choice(P, Q, False)), 'not x < 1 or not y < 2'),
        (negated(negated(P)), 'x < 1'),
        (choice(choice(P, True, Q), Q, False), '(x < 1 or y < 2) and y < 2'),
        (choice(choice(P, Q, False), True, Q), 'x < 1 and y < 2 or y < 2'),
    ],
)
def test_conditions(condition, text):
    assert str(condition) == text


def test_plain_booleans_disappear():
    assert choice(True, x, y) is x
    assert choice(False, x, y) is y
    assert choice(P, True, True) is True
    assert choice(P, False, False) is False
    assert negated(True) is False


def test_compositions_are_written_as_calls():
    assert [str(p) for p in SYMBOLS.softmax([x, y])] == ['softmax([x, y])[0]', 'softmax([x, y])[1]']
    assert str(SYMBOLS.mean([x, y])) == 'mean([x, y])'


@pytest.mark.parametrize(
    ('latex', 'text'),
    [
        (r'\frac{x}{y}', 'x / y'),
        (r'\frac{x + 1}{y}', '(x + 1) / y'),
        (r'\frac{1}{\sqrt{2\pi}} e^{-x^2/2}', '(1 / √(2π)) e^(-x^2/2)'),
        (r'\sqrt{x}', '√x'),
        (r'\ln \sum_i e^{x_i}', 'ln Σᵢ e^xᵢ'),
        (r'x^{-1.5}', 'x^-1.5'),
        (r'\lfloor x \rfloor', '⌊x⌋'),
        (r'x \text{ if } c \text{ else } y', 'x if c else y'),
        (r'\operatorname{softsign}(x)', 'softsign(x)'),
        ('', ''),
    ],
)
def test_plain(latex, text):
    assert plain(latex) == text


def test_no_trace_of_latex_is_left_in_the_value_of_any_row():
    for row in primitives.rows():
        assert not set(plain(row.latex)) & set('\\{}'), row.name


# What the texts say is what the rows do -------------------------------------------------------------------------------


def evaluated(text, numbers):
    expression = parse(text)
    return expression(**{name: numbers[name] for name in expression.variables}).data


def at(point, op):
    """The arguments of an operation at a point, by name and in order, and z."""
    row = op.row
    names = ['x1', 'x2', 'y1', 'y2'][: 2 * row.lists] or row.partials.__code__.co_varnames[2 : 2 + row.arity]
    numbers = dict(zip(names, point, strict=False))
    result = row.forward(*numbers.values())
    return numbers | {'z': result}, list(numbers.values()), result


def is_readable(text):
    """Whether a formula is an expression: one with an element of softmax, or with `c` for a comparison, is none."""
    return '[0]' not in text and ' if c ' not in text


@pytest.mark.parametrize('point', POINTS)
@pytest.mark.parametrize('name', list(OPERATIONS))
def test_every_derivative_means_what_the_row_computes(name, point):
    op = OPERATIONS[name]
    numbers, xs, z = at(point, op)
    edges = dict(zip(numbers, op.row.edges(FLOATS, z, *xs), strict=False))
    for argument, text in filter(lambda derivative: is_readable(derivative[1]), op.derivatives):
        factor, blocked = edges[argument]
        assert evaluated(text, numbers) == pytest.approx(0.0 if blocked else factor, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize('point', POINTS)
@pytest.mark.parametrize('name', [name for name, op in OPERATIONS.items() if op.formula])
def test_every_formula_means_what_the_row_composes(name, point):
    op = OPERATIONS[name]
    numbers, xs, _ = at(point, op)
    assert evaluated(op.formula, numbers) == pytest.approx(op.row.value(FLOATS, *xs), rel=1e-15, nan_ok=True)


@pytest.mark.parametrize('point', POINTS)
@pytest.mark.parametrize('name', list(OPERATIONS))
def test_every_call_means_the_operation(name, point):
    op = OPERATIONS[name]
    numbers, _, z = at(point, op)
    assert evaluated(op.call, numbers) == pytest.approx(z, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize(
    ('name', 'derivatives'),
    [
        ('mul', [('x', 'y'), ('y', 'x')]),
        ('div', [('x', '1 / y'), ('y', '-x / y / y')]),
        ('exp', [('x', 'exp(x)')]),
        ('cos', [('x', '-sin(x)')]),
        ('relu', [('x', '0 if x <= 0 else 1')]),
        ('clamp', [('x', '1 if x >= -1 and x <= 1 else 0')]),
        ('sign', [('x', '0')]),
        ('maximum', [(a, f'0 if {a} < {b} else 0.5 if x == y else 1') for a, b in ('xy', 'yx')]),
        ('where', [('c', '0'), ('x', '0 if c == 0 else 1'), ('y', '0 if c else 1')]),
        ('dot', [('x1', 'y1'), ('y1', 'x1')]),
    ],
)
def test_derivatives_read_well(name, derivatives):
    assert list(OPERATIONS[name].derivatives) == derivatives


@pytest.mark.parametrize(
    ('name', 'domain'), [('log', 'x > 0'), ('log1p', 'x > -1'), ('asin', '-1 < x < 1'), ('pow', 'x > 0'), ('sin', '')]
)
def test_domains(name, domain):
    assert OPERATIONS[name].domain == domain


def test_what_is_read_again_is_nearly_everything():
    texts = [text for op in OPERATIONS.values() for _, text in op.derivatives]
    assert sum(map(is_readable, texts)) >= 0.95 * len(texts)


def test_a_domain_that_ends_above():
    micrograd.primitive('low', lambda o, x: x, lambda o, z, x: 1.0, domain=((-micrograd.primitives.inf, 2.0),))
    try:
        assert {op.row.name: op.domain for op in operations()}['low'] == 'x < 2'
    finally:
        forget('low')


# Tables ---------------------------------------------------------------------------------------------------------------


def forget(name):
    del TABLE[name]
    for interpreter in primitives.INTERPRETERS:
        delattr(interpreter.functions, name)


def test_the_table_shows_every_operation_in_100_columns():
    text = table()
    assert max(map(len, text.splitlines())) <= 100
    assert [line for line in text.splitlines() if line in GROUPS] == list(GROUPS)
    for name in [*TABLE, *COMPOSITIONS]:
        assert re.search(rf'\b{name}\b', text), name
    assert '⌊x⌋' in text


@pytest.mark.parametrize(
    'line',
    [
        r'x \+ y +add +x \+ y +x, y: 1',
        r'-x +neg +-x +-1',
        r'relu\(x\) +ReLU +max\(x, 0\) +0 if x <= 0 else 1',
        r'log\(x\) +ln x +1 / x +x > 0',
        r'mean\(\[x1, x2\]\) +The sum divided by the number of arguments\.',
    ],
)
def test_lines_of_the_table(line):
    assert re.search(f'^{line}$', table(), re.MULTILINE)


def test_an_operation_of_ones_own_is_in_every_table():
    micrograd.primitive(
        'squash', lambda o, x, y: o.div(x, 1.0 + o.abs(y)), lambda o, z, x, y: (o.div(z, x), -z), symbol='⊘'
    )
    try:
        assert re.search(r'^squash\(x, y\) +⊘ +squash\(x\) +x: squash\(x, y\) / x$', table(), re.MULTILINE)
        assert 'x / (1 + abs(y))' in details('squash')
        assert '| `squash(x, y)` |' in markdown_table()
    finally:
        forget('squash')


def test_a_long_derivative_is_shortened_in_the_table_and_whole_in_the_details():
    micrograd.primitive('wordy', lambda o, x: x, lambda o, z, x: sum([o.sin(x) for _ in range(20)], 0.0))
    try:
        assert 0 < table().count('sin(x) +') < 12
        assert 'sin(x) + …` |' in markdown_table()
        assert details('wordy').count('sin(x)') == 20
    finally:
        forget('wordy')


@pytest.mark.parametrize('name', [*TABLE, *COMPOSITIONS])
def test_details_fit_too(name):
    text = details(name)
    assert max(map(len, text.splitlines())) <= 100
    assert text.count('\n') >= 2


def test_details():
    assert details('clamp') == '\n'.join(
        [
            'clamp(x, lo=-1, hi=1)',
            '',
            '  value             min(max(x, -1.0), 1.0)',
            '  composed as       minimum(maximum(x, -1), 1)',
            '  local derivative  1 if x >= -1 and x <= 1 else 0',
            '  gates             x: shut where not x >= -1 or not x <= 1',
            '  symbol            clamp(-1.0, 1.0)',
            r'  LaTeX             \min(\max(x, -1.0), 1.0)',
        ]
    )
    assert 'gates             x: shut everywhere' in details('sign')
    assert 'nothing simpler: it is of the core' in details('exp')
    assert details('normal_cdf').count('…') == 1
    assert 'numbers from 0 to 1' in details('softmax')
    with pytest.raises(KeyError):
        details('sigmod')


def test_the_markdown_table_has_three_cells_a_line():
    lines = markdown_table().splitlines()
    assert lines[1] == '| --- | --- | --- |'
    assert all(line.count('|') == 4 for line in lines)
    assert len(lines) == 2 + len(TABLE) + len(COMPOSITIONS)
    assert r'| `abs(x)` | $`\vert{}x\vert{}`$ | `0 if x == 0 else -1 if x < 0 else 1` |' in lines
    assert r'| `x * y` | $`x \cdot y`$ | x: `y`<br>y: `x` |' in lines


def test_the_page_has_every_operation_with_as_many_cells_as_its_table():
    text = page()
    assert [line[3:] for line in text.splitlines() if line.startswith('## ')][:-1] == list(GROUPS)
    for op in operations():
        (line,) = [line for line in text.splitlines() if line.startswith(f'| `{op.call}` |')]
        assert f'`{op.row.symbol}`' in line
        assert op.domain in line
    for block in re.findall(r'(?:^\|.*\n)+', text, re.MULTILINE):
        assert len({line.count('|') for line in block.splitlines()}) == 1
    assert all(f'- `{name}(' in text for name in COMPOSITIONS)


def test_lines_of_the_page():
    text = page()
    assert '| `log(x)` | `log` | $`\\ln x`$ | `1 / x` |  | `x > 0` |  |' in text
    (line,) = [line for line in text.splitlines() if line.startswith('| `abs(x)` |')]
    assert line.endswith('| `0 if x == 0 else -1 if x < 0 else 1` | where `x == 0` |  | `x = 0` |')
    assert '| x: where `x < y`<br>y: where `y < x` |' in text
    assert '| everywhere |' in text


@pytest.mark.parametrize('row', list(primitives.rows()), ids=lambda row: row.symbol)
def test_kinks_are_where_the_row_has_them(row):
    """Both sides of each equation differ by what the formula gives on floats, but for the sign."""
    names = [str(argument) for argument in arguments(row)]
    texts = kinks(row)
    assert bool(texts) is bool(row.kinks)
    for xs in POINTS if row.kinks else []:
        numbers = dict(zip(names, xs, strict=False))
        for text, distance in zip(texts, row.kinks(*numbers.values()), strict=True):
            left, right = text.split(' = ')
            sides = [evaluated(re.sub(r'round\((.*)\)', r'floor(\1 + 0.5)', side), numbers) for side in (left, right)]
            assert abs(sides[0] - sides[1]) == pytest.approx(abs(distance), rel=1e-15), text


def test_families_are_shown_at_their_first_example():
    assert OPERATIONS['leaky_relu'].call == 'leaky_relu(x, slope=0.01)'
    assert OPERATIONS['power'].call == 'x**2'
    assert all(OPERATIONS[name].group == GROUPS[3] for name, entry in TABLE.items() if isinstance(entry, Family))


# Columns --------------------------------------------------------------------------------------------------------------


def test_columns_stand_under_each_other():
    assert aligned([('a', 'b'), ('long', 'x'), ('', 'y')]) == 'a     b\nlong  x\n      y'
    assert aligned([('a\nb', 'c\nd\ne')]) == 'a  c\nb  d\n   e'
    assert aligned([]) == ''


def test_the_column_with_the_fewest_long_cells_is_wrapped():
    rows = [('', 'a' * 20, 'one two three four five'), ('', 'b' * 20, 'six'), ('', 'c' * 20, 'seven')]
    assert aligned(rows, width=42).splitlines() == [
        '  ' + 'a' * 20 + '  one two three four',
        ' ' * 26 + 'five',
        '  ' + 'b' * 20 + '  six',
        '  ' + 'c' * 20 + '  seven',
    ]


def test_neither_the_first_column_is_wrapped_nor_any_to_nothing():
    text = 'word ' * 5 + 'word'
    assert aligned([(text, text)], width=1).splitlines() == [
        f'{text}  word word word',
        ' ' * 33 + 'word word word',
    ]
    assert aligned([(text,)], width=1) == text


def test_decimal_points_stand_under_each_other():
    numbers = [1.5, -20.25, 3.0, 1e-7, float('inf'), float('nan'), 1e300, -0.0]
    texts = at_the_point(numbers)
    assert texts == ['  1.5', '-20.25', '  3', '  1e-07', 'inf', 'nan', '  1e+300', ' -0']
    assert at_the_point([]) == []
    assert at_the_point([1 / 3], precision=3) == ['0.333']
