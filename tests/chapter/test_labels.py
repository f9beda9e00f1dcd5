"""Names in the chapter's notation."""

import pytest

from micrograd import Value, draw, explain, losses, nn, no_grad
from micrograd.chapter import label
from micrograd.chapter.labels import neuron_label, weight_label
from micrograd.errors import GraphError
from micrograd.graph import topological
from micrograd.render.notation import LATEX, UNICODE


@pytest.mark.parametrize(
    ('written', 'name', 'latex'),
    [
        (weight_label(2, 1, 3), 'w²₁₃', 'w^{2}_{13}'),
        (weight_label(3, 9, 9), 'w³₉₉', 'w^{3}_{99}'),
        (weight_label(2, 1, 10), 'w²₁,₁₀', 'w^{2}_{1,10}'),
        (weight_label(12, 30, 784), 'w¹²₃₀,₇₈₄', 'w^{12}_{30,784}'),
        (neuron_label('z', 2, 1), 'z²₁', 'z^{2}_{1}'),
        (neuron_label('b', 10, 12), 'b¹⁰₁₂', 'b^{10}_{12}'),
        (neuron_label('a', 1, 4), 'a¹₄', 'a^{1}_{4}'),
    ],
)
def test_names_are_those_of_the_chapter_and_typeset_as_such(written: str, name: str, latex: str):
    assert written == name
    assert LATEX.name(written) == latex
    assert UNICODE.name(written) == name  # one word, so without parentheses


def test_different_weights_have_different_names():
    names = [weight_label(2, j, k) for j in range(1, 121) for k in range(1, 121)]
    assert len({*names}) == len(names)


@pytest.mark.parametrize('name', ['x²', 'w²₁₃ x₅', '₁₃', 'w²', 'ww²₁', 'w²₁; drop'])
def test_what_only_looks_alike_is_not_typeset_as_such(name: str):
    assert '^{2}_' not in LATEX.name(name)


def named(loss: Value) -> list[str]:
    return [v.label for v in topological([loss]) if v.label]


def test_everything_on_the_way_has_its_name():
    model = nn.MLP(2, [2, 1], activation='tanh', output='sigmoid', generator=0)
    C = losses.quadratic(model([0.5, -1.0]), 1.0)
    assert label(C, model) is C
    hidden = ['a¹₁', 'a¹₂', 'w²₁₁', 'w²₁₂', 'b²₁', 'z²₁', 'a²₁', 'w²₂₁', 'w²₂₂', 'b²₂', 'z²₂', 'a²₂']
    assert sorted(named(C)) == sorted([*hidden, 'w³₁₁', 'w³₁₂', 'b³₁', 'z³₁', 'a³₁', 'C'])
    for v, name in ((model.layers[1].neurons[0].w[1], 'w³₁₂'), (model.layers[0].neurons[1].b, 'b²₂')):
        assert v.label == name


def test_what_has_a_name_keeps_it():
    model = nn.MLP(1, [1], activation='tanh', output='tanh', generator=0)
    x = Value(2.0, label='height')
    model.layers[0].neurons[0].b.label = 'bias'
    C = losses.quadratic(model([x]), 1.0)
    C.label = 'loss'
    label(C, model)
    label(C, model)  # again
    assert sorted(named(C)) == sorted(['height', 'bias', 'w²₁₁', 'z²₁', 'a²₁', 'loss'])


def test_a_linear_neuron_is_called_by_its_activation():
    model = nn.MLP(1, [1], generator=0)
    assert label(model([1.0]), model).label == 'a²₁'


def test_of_several_examples_each_has_its_own_names():
    model = nn.MLP(1, [1], output='sigmoid', generator=0)
    C = label(losses.mse([[model([1.0])], [model([2.0])]], [[0.0], [1.0]]), model)
    assert {'a¹₁ x₁', 'a¹₁ x₂', 'z²₁ x₂', 'a²₁ x₂', 'w²₁₁', 'C'} <= {*named(C)}


def test_pictures_and_equations_have_them():
    model = nn.MLP(2, [2, 1], activation='tanh', output='sigmoid', generator=0)
    C = label(losses.quadratic(model([0.5, -1.0]), 1.0), model)
    C.backward()
    assert 'w²₁₂' in draw(C).dot.source
    equation = explain(model.layers[0].neurons[0].w[1], C)
    assert '∂C/∂w²₁₂' in str(equation)
    assert r'\frac{\partial C}{\partial w^{2}_{12}}' in equation.latex


def test_several_costs_are_named_one_by_one():
    model = nn.MLP(1, [1], generator=0)
    with pytest.raises(TypeError, match='Right: for C in'):
        label([model([1.0])], model)


def test_a_value_of_another_model_is_refused():
    model, other = nn.MLP(1, [1]), nn.MLP(1, [1])
    with pytest.raises(GraphError, match='took no part'):
        label(other([1.0]), model)
    with no_grad(), pytest.raises(GraphError, match='took no part'):
        label(model([1.0]), model)
