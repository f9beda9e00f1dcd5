"""The algorithm in its five steps."""

import pytest
from hypothesis import given

from micrograd import Value, losses, nn, no_grad
from micrograd.chapter import Backpropagation, Step, deltas
from micrograd.errors import GraphError, ShapeError
from micrograd.passes import passes
from tests.chapter.networks import Case, cases, listed

ELEMENTWISE = ('sigmoid', 'tanh', 'linear')


def of(case: Case) -> Backpropagation:
    x, y = case.inputs[0].tolist(), case.targets[0].tolist()
    return Backpropagation(case.model, x, y if len(y) > 1 else y[0])


@given(cases(ELEMENTWISE, examples=1))
def test_its_gradients_are_those_of_backward(case: Case):
    *_, last = of(case)
    cost = losses.quadratic(listed(case.model(case.inputs[0].tolist())), case.targets[0].tolist())
    case.model.zero_grad()
    cost.backward()
    assert last.gradients == pytest.approx([p.grad for p in case.model.parameters()], rel=1e-12, abs=1e-13)


@given(cases(ELEMENTWISE, examples=1))
def test_its_errors_are_those_of_the_engine_and_of_the_matrix_form(case: Case):
    algorithm = of(case)
    *_, last = algorithm
    table = deltas(algorithm.cost, case.model)
    network = case.network.from_model(case.model, cost='quadratic')
    for l, matrix in enumerate(network.deltas(*case.columns), 2):
        assert last.delta[l] == pytest.approx(table.layer(l), rel=1e-12, abs=1e-14)
        assert last.delta[l] == pytest.approx(matrix[:, 0], rel=1e-12, abs=1e-14)
        assert last.z[l] == pytest.approx(network.passes(case.inputs[0])[l - 1][0][:, 0], rel=1e-12, abs=1e-14)


def algorithm(**kwargs) -> Backpropagation:
    model = nn.MLP(2, [3, 3, 2], activation='tanh', output='sigmoid', generator=1)
    return Backpropagation(model, [0.5, -1.0], [1.0, 0.0], **kwargs)


def test_the_order_of_the_steps():
    steps = [(step.number, step.layer) for step in algorithm()]
    assert steps == [(1, 1), (2, 2), (2, 3), (2, 4), (3, 4), (4, 3), (4, 2), (5, 2)]


def test_each_step_knows_what_was_computed_before_it_and_no_more():
    known = [(sorted(s.z), sorted(s.a), sorted(s.delta), bool(s.gradients)) for s in algorithm()]
    assert known == [
        ([], [1], [], False),
        ([2], [1, 2], [], False),
        ([2, 3], [1, 2, 3], [], False),
        ([2, 3, 4], [1, 2, 3, 4], [], False),
        ([2, 3, 4], [1, 2, 3, 4], [4], False),
        ([2, 3, 4], [1, 2, 3, 4], [3, 4], False),
        ([2, 3, 4], [1, 2, 3, 4], [2, 3, 4], False),
        ([2, 3, 4], [1, 2, 3, 4], [2, 3, 4], True),
    ]


def test_it_is_stepped_one_by_one_and_goes_on_where_it_is():
    it = algorithm()
    assert repr(it) == '<Backpropagation through MLP(2, [3, 3, 2]): before the first step>'
    assert it.step().name == 'input'
    assert it.step().title == 'step 2, feedforward, layer 2'
    assert it.steps[-1].title in repr(it)
    rest = list(it)
    assert [*it.steps[2:]] == rest
    assert it.cost.label == 'C'
    with pytest.raises(GraphError, match='the fifth step was the last one'):
        it.step()


def test_no_gradient_is_written():
    it = algorithm()
    list(it)
    assert not any(p.grad for p in it.model.parameters())


@pytest.mark.parametrize(
    'cost', [losses.mse, losses.bce, lambda a, y: sum((p - t) ** 4 for p, t in zip(a, y, strict=True))]
)
def test_any_cost(cost):
    it = algorithm(cost=cost)
    *_, last = it
    it.cost.backward()
    assert last.gradients == pytest.approx([p.grad for p in it.model.parameters()], rel=1e-12)


def test_any_activation():
    model = nn.MLP(1, [2, 1], activation=lambda z: z.tanh() + 0.1 * z, generator=0)
    it = Backpropagation(model, [0.4], 1.0)
    *_, last = it
    it.cost.backward()
    assert last.gradients == pytest.approx([p.grad for p in model.parameters()], rel=1e-12)
    assert 'a² = lambda(z²)' in it.steps[1].equations


def test_it_prints_every_number():
    texts = list(map(str, algorithm()))
    assert texts[0] == 'step 1, input: a¹ = x\n  a¹₁ = 0.5\n  a¹₂ = −1'
    assert texts[1].startswith('step 2, feedforward, layer 2: z² = w² a¹ + b², a² = tanh(z²)\n  z²₁ = w²₁₁ a¹₁ + ')
    assert texts[4].startswith('step 3, output error: δ⁴ = ∂C/∂a⁴ ⊙ σ′(z⁴) (BP1)')
    assert texts[5].startswith('step 4, backpropagate the error, layer 3: δ³ = (w⁴)ᵀ δ⁴ ⊙ σ′(z³) (BP2)')
    assert texts[-1].startswith('step 5, output: ∂C/∂b = δ (BP3), ∂C/∂w = a δ (BP4)\n  ∂C/∂w²₁₁ = a¹₁ δ²₁ = ')
    assert texts[-1].endswith('… 17 more')


def test_long_sums_are_cut():
    model = nn.MLP(20, [1], output='tanh', generator=0)
    it = Backpropagation(model, [1.0] * 20, 0.0)
    it.step()
    assert 'w²₁₃ a¹₃ + … + b²₁ = ' in str(it.step())


def circles(step: Step) -> list[str]:
    (axes,) = step.draw().axes
    return [text.get_text() for text in axes.texts]


def test_it_draws_what_is_known():
    pytest.importorskip('matplotlib')
    it = algorithm()
    first = it.step()
    assert [text.get_text() for text in first.draw().texts] == ['step 1, input', 'a¹ = x']
    assert {'layer 1, input', 'layer 2', 'layer 3', 'layer 4, output', '0.50', '−1.00'} <= {*circles(first)}
    assert not any('below: error' in text for text in circles(first))
    *_, output_error, _, _, _ = list(it)
    shown = circles(output_error)
    assert any('below: error' in text for text in shown)
    assert f'{output_error.delta[4][0]:.2f}'.replace('-', '−') in shown


def test_a_notebook_shows_the_picture(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip('matplotlib')
    monkeypatch.setattr('micrograd.render.notebook._in_terminal', lambda: False)
    step = algorithm().step()
    bundle = step._repr_mimebundle_()
    assert {*bundle} == {'image/png', 'text/plain'}
    assert bundle['text/plain'] == str(step)


def test_what_does_not_fit_is_refused_at_once():
    model = nn.MLP(2, [1], generator=0)
    with pytest.raises(ShapeError, match='takes 2 inputs'):
        Backpropagation(model, [1.0], 1.0)
    with pytest.raises(TypeError, match='networks of neurons'):
        Backpropagation(lambda x: Value(1.0), [1.0], 1.0)


# What the equations do not hold for -----------------------------------------------------------------------------------


def test_a_weight_that_two_neurons_share():
    model = nn.MLP(1, [2, 1], activation='tanh', output='tanh', generator=1)
    first, second = model.layers[0].neurons
    second.w, second.b = first.w, first.b
    it = Backpropagation(model, [0.5], 1.0)
    *_, last = it
    it.cost.backward()
    assert last.gradients == pytest.approx([p.grad for p in model.parameters()], rel=1e-12)


class Skipping(nn.MLP):
    def __call__(self, x):
        hidden = self.layers[0](x)
        return self.layers[1]([h + v for h, v in zip(hidden, x, strict=True)])


class Twice(nn.MLP):
    def __call__(self, x):
        return self.layers[1](self.layers[0](self.layers[0](x)))


class Scaled(nn.MLP):
    def __call__(self, x):
        return super().__call__(x) * 2.0


class WithMore(nn.MLP):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.more = Value(1.0)

    def _parts(self):
        return {**super()._parts(), 'more': self.more}


@pytest.mark.parametrize(
    ('kind', 'why'),
    [
        (Skipping, 'does not take the activations of the one before'),
        (Twice, 'a neuron takes no part in the outputs, or several times'),
        (Scaled, 'its outputs are not the activations of its last layer'),
        (WithMore, 'parameters that are neither weights nor biases'),
    ],
)
def test_a_network_that_is_no_chain_is_refused(kind, why):
    model = kind(2, [2, 1], activation='tanh', output='tanh', generator=0)
    with pytest.raises(GraphError, match=why):
        Backpropagation(model, [0.5, 1.0], 1.0)


def test_a_value_that_is_two_weights_of_one_neuron():
    model = nn.MLP(2, [1], output='tanh', generator=0)
    neuron = model.layers[0].neurons[0]
    neuron.w[1] = neuron.w[0]
    it = Backpropagation(model, [0.5, 1.0], 1.0)
    *_, last = it
    it.cost.backward()
    assert last.gradients == pytest.approx([p.grad for p in model.parameters()], rel=1e-12)
    assert [x.data for x in passes(model, it.cost)[0][0][0].inputs] == [0.5, 1.0]


def test_a_parameter_that_is_changed_between_the_steps():
    it = algorithm()
    it.step()
    it.model.parameters()[0].data += 1.0
    with pytest.raises(GraphError, match='changed between the steps'):
        it.step()


def test_after_an_error_the_step_can_be_made_again():
    model = nn.MLP(1, [1], output='tanh', generator=0)
    answers = iter([ValueError('not yet'), None])

    def cost(a, y):
        problem = next(answers)
        if problem:
            raise problem
        return losses.mse(a, y)

    it = Backpropagation(model, [0.5], 1.0, cost=cost)
    it.step()
    it.step()
    with pytest.raises(ValueError, match='not yet'):
        it.step()
    assert it.step().number == 3


def test_a_cost_by_its_name():
    assert algorithm(cost='mse').step().number == 1
    with pytest.raises(ValueError, match="there is no loss 'mean'"):
        algorithm(cost='mean')


def test_it_works_without_a_graph_around_it():
    with no_grad():
        steps = list(algorithm())
    assert steps[-1].gradients == list(algorithm())[-1].gradients


# What is printed ------------------------------------------------------------------------------------------------------


def test_what_just_fits_is_not_cut():
    model = nn.MLP(12, [1], output='tanh', generator=0)
    first = Backpropagation(model, [1.0] * 12, 0.0).step()
    assert len(first.lines) == 12
    assert '…' not in str(first)
    three = Backpropagation(nn.MLP(3, [1], output='tanh', generator=0), [1.0] * 3, 0.0)
    three.step()
    assert '…' not in str(three.step())


def test_a_layer_of_several_activations():
    model = nn.MLP(1, [2], output='tanh', generator=0)
    model.layers[0].neurons[1].activation = 'sigmoid'
    it = Backpropagation(model, [1.0], [0.0, 1.0])
    it.step()
    assert it.step().equations == 'z² = w² a¹ + b², a² = σ(z²)'


def test_gradients_are_named_after_their_neurons():
    *_, last = algorithm()
    assert '∂C/∂w²₂₁ = a¹₁ δ²₂' in last.lines[3]
    assert last.lines[5].startswith('∂C/∂b²₂ = δ²₂')
    it = algorithm()
    it.step()
    assert repr(it).endswith(': step 1, input>')
