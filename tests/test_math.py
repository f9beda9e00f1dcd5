"""The chain rule of one value as text and as LaTeX."""

import math
import re

import pytest

import micrograd
from micrograd import Value, explain, graph, maximum, relu, where
from micrograd.columns import columns_of
from micrograd.errors import GraphError, StaleGraphError
from tests import graphs


def leaf(v, label):
    return next(node for node in graph.topological([v]) if node.label == label)


def cost():
    w, x = Value(2.0, label='w'), Value(3.0, label='x')
    c = w * x + w**2
    c.label = 'C'
    c.backward()
    return w, c


# Seen from the result -------------------------------------------------------------------------------------------------


def test_the_sum_over_the_uses():
    assert str(explain(*cost())).splitlines() == [
        '∂C/∂w = ∂C/∂v₁ · ∂v₁/∂w + ∂C/∂v₂ · ∂v₂/∂w = 1 · 3 + 1 · 4 = 7',
        '',
        'where v₁ = w × x',
        '      v₂ = w**2',
    ]


def test_the_sum_as_latex():
    assert explain(*cost()).latex.splitlines() == [
        r'\begin{aligned}',
        r'\frac{\partial C}{\partial w} &= \frac{\partial C}{\partial v_{1}} \cdot \frac{\partial v_{1}}{\partial w} + '
        r'\frac{\partial C}{\partial v_{2}} \cdot \frac{\partial v_{2}}{\partial w} = 1 \cdot 3 + 1 \cdot 4 = 7 \\',
        r'v_{1} &= {w} \cdot {x} \\',
        r'v_{2} &= {w}^{2}',
        r'\end{aligned}',
    ]


def test_names_of_the_user_are_used():
    y = graphs.neuron()
    assert str(explain(leaf(y, 'b'), y)) == '∂o/∂b = ∂o/∂n · ∂n/∂b = 0.5 · 1 = 0.5'


def test_a_long_sum_stands_in_lines_one_below_the_other():
    y = graphs.twice()
    text = str(explain(leaf(y, 'a'), y))
    assert text.splitlines()[:4] == [
        '∂C/∂a = ∂C/∂v₁ · ∂v₁/∂a + ∂C/∂v₁ · ∂v₁/∂a + ∂C/∂v₂ · ∂v₂/∂a + ∂C/∂v₃ · ∂v₃/∂a',
        '      + ∂C/∂v₃ · ∂v₃/∂a',
        '      = 1 · 3 + 1 · 3 + 1 · 1 + 1 · 1 + 1 · (−1)',
        '      = 7',
    ]
    assert max(map(columns_of, text.splitlines())) <= 80


def test_of_many_terms_the_first_are_written_and_the_sum_is_over_all():
    x = Value(1.0, label='x')
    y = micrograd.sum([x * float(i) for i in range(100)])
    y.backward()
    shown = explain(x, y)
    assert str(shown).count('∂x') == 7
    assert ' = 4950\n' in str(shown).replace('      = 4950', ' = 4950')
    assert '… stands for 94 terms more; the sum is over all of them.' in str(shown)
    assert len(str(shown)) < 1000
    assert len(shown.latex) < 2000
    assert str(shown).splitlines()[-2:] == ['', '… stands for 94 terms more; the sum is over all of them.']


def test_the_result_itself_and_what_it_does_not_depend_on():
    _, c = cost()
    assert str(explain(c, c)) == '∂C/∂C = 1'
    other = Value(1.0, label='other')
    assert str(explain(other, c)) == '∂C/∂other = 0\n\nC does not depend on other.'


@pytest.mark.parametrize('make', [graphs.neuron, graphs.unlabelled, graphs.twice, graphs.choices])
def test_the_sum_is_the_gradient(make):
    y = make()
    for v in graph.topological([y]):
        shown = explain(v, y)
        equation = str(shown).partition('\n\n')[0].replace('−', '-')
        assert float(equation.rpartition('=')[2]) == pytest.approx(v.grad, rel=1e-3)
        assert '.grad is' not in str(shown)


def test_the_sum_is_taken_from_the_result_and_not_from_what_is_in_grad():
    w, c = cost()
    c.backward()
    assert ' = 7\n' in str(explain(w, c))
    assert str(explain(w, c)).endswith('w.grad is 14: calls of backward() add up on a leaf.')
    w.grad = 0.0
    assert str(explain(w, c)).endswith('w.grad is 0: backward() has not been called on this result yet.')
    inner = c._prev[0]
    (c * 3.0).backward()
    assert str(explain(inner, c)).endswith('.grad is 3: backward() was called on another result.')


def test_rounding_is_no_reason_for_a_remark():
    x = Value(0.1, label='x')
    y = x * 0.1 + x * 0.2 - x * 0.3
    y.backward()
    x.grad += 1e-17
    assert '.grad is' not in str(explain(x, y))


def test_nan_is_a_gradient_like_another():
    x = Value(1.0, label='x')
    y = x * math.nan
    y.backward()
    assert '.grad is' not in str(explain(x, y))


def test_a_shut_gate_passes_0():
    x = Value(0.0, label='x')
    y = relu(x.sqrt())
    text = str(explain(y._prev[0], y))
    assert '= 0 = 0' in text
    assert 'A term 0 comes through a gate that is shut: it passes nothing.' in text
    assert ' · ∂v₁/∂x = 0 = 0' in str(explain(x, y))


@pytest.mark.parametrize(
    ('number', 'text', 'latex'),
    [
        (math.inf, '= 1 · inf = inf', r'= 1 \cdot \infty = \infty'),
        (-math.inf, '= 1 · (−inf) = −inf', r'= 1 \cdot (-\infty) = -\infty'),
        (math.nan, '= 1 · nan = nan', r'= 1 \cdot \text{nan} = \text{nan}'),
        (-0.0, '= 1 · 0 = 0', r'= 1 \cdot 0 = 0'),
        (1e-7, '= 1 · 1e−07 = 1e−07', r'= 1 \cdot 1 \times 10^{-7} = 1 \times 10^{-7}'),
    ],
)
def test_odd_numbers(number, text, latex):
    x = Value(2.0, label='x')
    y = x * number
    assert text in str(explain(x, y))
    assert latex in explain(x, y).latex


def test_what_was_made_by_hand_is_named():
    y = graphs.by_hand()
    with pytest.raises(GraphError, match="'mine' was defined by hand"):
        explain(leaf(y, 'a'), y)
    assert '= 1 · 1 = 1' in str(explain(y._prev[0], y))


def test_a_stale_graph():
    w, c = cost()
    w.data = 5.0
    with pytest.raises(StaleGraphError):
        explain(w, c)


@pytest.mark.usefixtures('uncounted')
def test_a_deep_graph():
    x = y = Value(1.0, label='x')
    for _ in range(20_000):
        y = y * 1.0
    assert str(explain(x, y)).startswith('∂C/∂x = ∂C/∂v₁ · ∂v₁/∂x = 1 · 1 = 1')
    assert len(str(explain(x, y))) < 300


# By itself ------------------------------------------------------------------------------------------------------------


def test_how_a_value_was_made_and_what_it_passes_on():
    y = graphs.neuron()
    assert str(explain(leaf(y, 'n'))).splitlines() == [
        'n = v₁ + b = −6 + 6.881 = 0.8814',
        '∂C/∂v₁ += ∂C/∂n · ∂n/∂v₁ = 0.5 · 1 = 0.5',
        '∂C/∂b += ∂C/∂n · ∂n/∂b = 0.5 · 1 = 0.5',
        '',
        'where v₁ = (… × …) + (… × …)',
        '',
        'C is the result that backward() was called on.',
        'What ∂C/∂n is the sum of: micrograd.explain(n, C)',
    ]


def test_the_result_passes_on_what_it_is():
    _, c = cost()
    text = str(explain(c))
    assert text.startswith('C = v₁ + v₂ = 6 + 4 = 10\n∂C/∂v₁ += ∂C/∂C · ∂C/∂v₁ = 1 · 1 = 1\n')
    assert 'backward() was called on' not in text


def test_a_leaf_was_made_by_nothing():
    w, _ = cost()
    assert str(explain(w)).splitlines() == [
        'w = 2',
        '∂C/∂w = 7',
        '',
        'w is a leaf: no operation made it.',
        'C is the result that backward() was called on.',
        'What ∂C/∂w is the sum of: micrograd.explain(w, C)',
    ]


@pytest.mark.parametrize(
    ('make', 'text', 'latex'),
    [
        (lambda x, y: x - y, 'x − y = −2 − 3 = −5', r'{x} - {y} = {-2} - {3} = -5'),
        (lambda x, y: x * y, 'x × y = −2 × 3 = −6', r'{x} \cdot {y} = {-2} \cdot {3} = -6'),
        (lambda x, y: y - x, 'y − x = 3 − (−2) = 5', r'{y} - {x} = {3} - {(-2)} = 5'),
        (lambda x, y: x**3, 'x**3 = (−2)**3 = −8', r'{x}^{3} = {(-2)}^{3} = -8'),
        (lambda x, y: x**y, 'x ** y = (−2) ** 3 = −8', r'{x}^{y} = {(-2)}^{3} = -8'),
        (lambda x, y: y / x, 'y / x = 3 / (−2) = −1.5', r'\frac{{y}}{{x}} = \frac{{3}}{{(-2)}} = -1.5'),
        (lambda x, y: -x, 'neg(x) = neg(−2) = 2', r'-{x} = -{(-2)} = 2'),
        (lambda x, y: x.relu(), 'ReLU(x) = ReLU(−2) = 0', r'\max({x}, 0) = \max({(-2)}, 0) = 0'),
        (lambda x, y: x.leaky_relu(0.5), 'leaky_relu(x, 0.5) = leaky_relu(−2, 0.5) = −1', r'\text{ if } {x} > 0'),
        (lambda x, y: maximum(x, y), 'maximum(x, y) = maximum(−2, 3) = 3', r'\max({x}, {y}) = \max({(-2)}, {3}) = 3'),
        (
            lambda x, y: where(x > 0.0, x, y),
            'where(v₁, x, y) = where(0, −2, 3) = 3',
            r'{x} \text{ if } {v_{1}} \text{ else } {y} =',
        ),
        (lambda x, y: micrograd.sum([x, y]), 'sum(x, y) = sum(−2, 3) = 1', r'\text{sum}(x, y) = \text{sum}((-2), 3)'),
        (
            lambda x, y: micrograd.dot([x, x], [y, y]),
            'dot(x, x, y, y) = dot(−2, −2, 3, 3) = −12',
            r'\text{dot}(x, x, y, y) =',
        ),
        (lambda x, y: x.exp(), 'exp(x) = exp(−2) = 0.1353', r'e^{x} = e^{(-2)} = 0.1353'),
    ],
)
def test_operations_as_they_are_written(make, text, latex):
    x, y = Value(-2.0, label='x'), Value(3.0, label='y')
    z = make(x, y)
    z.label = 'z'
    assert str(explain(z)).splitlines()[0] == f'z = {text}'
    assert latex in explain(z).latex


def test_of_many_operands_the_first_are_written():
    z = micrograd.sum([Value(float(i)) for i in range(50)])
    text = str(explain(z))
    assert '44 operands more receive theirs in the same way.' in text
    assert len(text.splitlines()) < 20
    assert text.startswith('v₁ = sum(x₁, x₂, x₃, x₄, x₅, x₆, …) = sum(0, 1, 2, 3, 4, 5, …) = 1225')


def test_what_a_closure_passes_on_is_its_own_business():
    y = graphs.by_hand()
    text = str(explain(y._prev[0]))
    assert text.startswith('v₁ = mine(a, a) = mine(1, 1) = 2\n∂C/∂a += ∂C/∂v₁ · ∂v₁/∂a\n')
    assert 'v₁ was defined by hand: only its closure knows the local derivatives.' in text


def test_a_shut_gate_passes_nothing_on():
    x = Value(-1.0, label='x')
    y = relu(x)
    y.grad = math.inf
    assert '∂v₁/∂x = 0 = 0' in str(explain(y))


@pytest.mark.parametrize(
    ('v', 'of'), [([Value(1.0)], None), (1.0, None), (Value(1.0), 'C'), (Value(1.0), [Value(1.0)])]
)
def test_what_is_no_value(v, of):
    with pytest.raises(TypeError, match=r'Right: \[explain\(p, C\) for p in \(w, b\)\]'):
        explain(v, of)


def test_an_explanation_shows_itself_and_is_a_snapshot():
    w, c = cost()
    shown = explain(w, c)
    assert repr(shown) == str(shown) == shown.text
    assert shown._repr_latex_() == f'$$\n{shown.latex}\n$$'
    before = shown.latex
    w.data = 9.0
    c.recompute()
    assert shown.latex == before
    assert explain(w, c).latex != before


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('label', 'text', 'latex'),
    [
        ('w', 'w', 'w'),
        ('w1', 'w1', 'w_{1}'),
        ('w_12', 'w_12', 'w_{12}'),
        ('w₁', 'w₁', 'w_{1}'),
        ('x_i', 'x_i', 'x_{i}'),
        ('loss', 'loss', r'\text{loss}'),
        ('layers[0].w1', 'layers[0].w1', r'\text{layers[0].w1}'),
        ('my label', '(my label)', r'\text{my label}'),
        ('50%_{a}$', '(50%_{a}$)', r'\text{50}\%\_\{\text{a}\}\$'),
        (r'\def\x#1', r'(\def\x#1)', r'\backslash \text{def}\backslash \text{x}\#\text{1}'),
        ('a^2~b&<i>', '(a^2~b&<i>)', r'\text{a}\wedge \text{2}\sim \text{b}\&\lt \text{i}\gt '),
        ('σ', 'σ', r'\text{σ}'),
        ('a\nb', r'(a\nb)', r'\text{a}\backslash \text{nb}'),
    ],
)
def test_labels(label, text, latex):
    x = Value(2.0, label=label)
    shown = explain(x, x * 3.0)
    assert str(shown).startswith(f'∂C/∂{text} = ')
    assert rf'\frac{{\partial C}}{{\partial {latex}}}' in shown.latex


def test_names_given_here_pass_over_those_that_are_taken():
    v1, c = Value(2.0, label='v₁'), Value(3.0, label='C')
    text = str(explain(v1, v1 * c + c))
    assert text.splitlines() == [
        '∂v₂/∂v₁ = ∂v₂/∂v₃ · ∂v₃/∂v₁ = 1 · 3 = 3',
        '',
        'where v₂ = v₃ + C',
        '      v₃ = v₁ × C',
        '',
        'v₁.grad is 0: backward() has not been called on this result yet.',
    ]
    assert str(explain(v1 * c)).splitlines()[1].startswith('∂L/∂v₁ += ')


def is_balanced(latex):
    depth = 0
    for brace in re.sub(r'\\[{}\\]', '', latex):
        depth += (brace == '{') - (brace == '}')
        if depth < 0:
            return False
    return depth == 0


@pytest.mark.parametrize('label', graphs.HOSTILE)
def test_hostile_labels_are_inert(label):
    x = Value(2.0, label=label)
    y = Value(4.0, (x * 2.0,), label) if label.strip() else x * 2.0
    for shown in (explain(x, x * 3.0), explain(y), explain(x)):
        text, latex = str(shown), shown.latex
        assert all(character.isprintable() or character in '\n\u200d' for character in text + latex)
        (text + latex).encode()
        assert is_balanced(latex)
        assert '<' not in latex.replace(r'\lt', '')
        assert '$' not in latex.replace(r'\$', '')
        assert len(text) < 1500
        commands = set(re.findall(r'\\([a-zA-Z]+)', latex))
        assert commands <= {
            'begin', 'end', 'frac', 'partial', 'cdot', 'cdots', 'times', 'text', 'mathrel', 'quad',
            'backslash', 'wedge', 'sim', 'lt', 'gt',
        }  # fmt: skip
        assert not re.search(r'(?<!\\)(\\\\)*[%#~]', latex)
