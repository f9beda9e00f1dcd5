"""The backpropagation algorithm in its five steps, one after another, with every number of each."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from micrograd import groups, losses
from micrograd.chapter.labels import label, layer_label, neuron_label, weight_label
from micrograd.context import enable_grad
from micrograd.engine import Value
from micrograd.errors import GraphError
from micrograd.passes import Pass, activation_name, activation_of, neurons_of, passes, slope
from micrograd.transforms import gradients

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ['Backpropagation', 'Step']

MOST_TERMS, MOST_LINES = 3, 12  # of a sum, and of a step, that are written out
NAMES = {1: 'input', 2: 'feedforward', 3: 'output error', 4: 'backpropagate the error', 5: 'output'}

Row = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The state of the algorithm after one of its steps. Steps 2 and 4 come once for each layer.

    Args:
        number: 1 input, 2 feedforward, 3 output error, 4 backpropagate the error, 5 output.
        layer: the layer that it came to, as the book counts: the inputs are layer 1.
        equations: what it does, in the chapter's notation.
        lines: the same with numbers, a neuron or a parameter each.
        z: weighted inputs: layer -> a number for each neuron, as far as they are known.
        a: activations, in the same way; those of layer 1 are the inputs.
        delta: errors, in the same way.
        gradients: the derivative of C by each of model.parameters(), in their order; empty before step 5.
    """

    number: int
    layer: int
    equations: str
    lines: tuple[str, ...]
    z: dict[int, Row] = field(repr=False)
    a: dict[int, Row] = field(repr=False)
    delta: dict[int, Row] = field(repr=False)
    gradients: Row = field(repr=False)
    model: Any = field(repr=False)

    @property
    def name(self) -> str:
        """What the chapter calls it: 'backpropagate the error' is step 4."""
        return NAMES[self.number]

    @property
    def title(self) -> str:
        """Its number, its name and its layer."""
        return f'step {self.number}, {self.name}' + f', layer {self.layer}' * (self.number in (2, 4))

    def draw(self) -> Figure:
        """The network, with the activations and errors that are known after this step.

        Raises:
            MissingDependencyError: matplotlib is not installed.
        """
        from micrograd.render.plots.steps import network_so_far  # which needs matplotlib

        return network_so_far(self)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """What a notebook shows: the picture, and the numbers as text."""
        from micrograd.render.notebook import of_step  # when it is shown

        return of_step(self)

    def __str__(self) -> str:
        shown = self.lines[:MOST_LINES]
        more = [f'… {len(self.lines) - MOST_LINES:,} more'] if len(self.lines) > MOST_LINES else []
        return '\n  '.join([f'{self.title}: {self.equations}', *shown, *more])


class Backpropagation:
    """The algorithm for one example, to be stepped: each step gives its state, which prints and draws itself.

    Steps 1 and 2 build the graph on Values. Steps 3 to 5 then do what the chapter's equations say, with floats: BP1,
    BP2, BP3 and BP4. Nothing is written to any gradient, so that `backward()` can be asked whether they are right.

    Args:
        model: an MLP.
        x: the inputs of one example.
        y: its target, or the list of them.
        cost: the cost of an example: a name in `losses`, or a function of outputs and targets.

    Attributes:
        steps: those that have been made.
        cost: the Value C, from step 3 on. It and all on the way to it then have names, see `label`.

    Raises:
        GraphError: the layers are no chain, each taking the activations of the one before.
        ShapeError: x does not fit the model.
        TypeError: the model is no network of neurons.
        ValueError: there is no such cost.

    >>> from micrograd import nn
    >>> model = nn.MLP(1, [1, 1], activation='tanh', output='tanh', generator=3)
    >>> algorithm = Backpropagation(model, [0.5], 1.0)
    >>> print(algorithm.step())
    step 1, input: a¹ = x
      a¹₁ = 0.5
    >>> for step in algorithm:
    ...     print(step)
    step 2, feedforward, layer 2: z² = w² a¹ + b², a² = tanh(z²)
      z²₁ = w²₁₁ a¹₁ + b²₁ = (−0.5241) · 0.5 + 0 = −0.262, a²₁ = tanh(z²₁) = −0.2562
    step 2, feedforward, layer 3: z³ = w³ a² + b³, a³ = tanh(z³)
      z³₁ = w³₁₁ a²₁ + b³₁ = 0.08846 · (−0.2562) + 0 = −0.02266, a³₁ = tanh(z³₁) = −0.02266
    step 3, output error: δ³ = ∂C/∂a³ ⊙ σ′(z³) (BP1)
      δ³₁ = ∂C/∂a³₁ · σ′(z³₁) = (−1.023) · 0.9995 = −1.022
    step 4, backpropagate the error, layer 2: δ² = (w³)ᵀ δ³ ⊙ σ′(z²) (BP2)
      δ²₁ = (w³₁₁ δ³₁) · σ′(z²₁) = (0.08846 · (−1.022)) · 0.9344 = −0.08448
    step 5, output: ∂C/∂b = δ (BP3), ∂C/∂w = a δ (BP4)
      ∂C/∂w²₁₁ = a¹₁ δ²₁ = 0.5 · (−0.08448) = −0.04224
      ∂C/∂b²₁ = δ²₁ = −0.08448
      ∂C/∂w³₁₁ = a²₁ δ³₁ = (−0.2562) · (−1.022) = 0.2619
      ∂C/∂b³₁ = δ³₁ = −1.022

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "The backpropagation algorithm".
    """

    def __init__(
        self, model: Any, x: Sequence[float], y: Any, cost: str | Callable[[Any, Any], Value] = losses.quadratic
    ):
        self._loss, self._y = losses.by_name(cost), y
        self._layers = neurons_of(model)
        with enable_grad():
            self._output = model(x)
        self._calls = _chain(model, self._output)
        self.model = model
        self.cost: Value | None = None
        self.steps: list[Step] = []
        self._numbers = self._parameters()
        last = len(self._layers) + 1
        self._coming: list[Callable[[], Step]] = [
            self._input,
            *(partial(self._feedforward, l) for l in range(2, last + 1)),
            partial(self._output_error, last),
            *(partial(self._backpropagate, l) for l in range(last - 1, 1, -1)),
            partial(self._gradients, last),
        ]

    def step(self) -> Step:
        """Make the next step.

        Raises:
            GraphError: there is none: the fifth was the last. Or a parameter was changed since the first.
        """
        if len(self.steps) == len(self._coming):
            raise GraphError('the fifth step was the last one. To go through it again, make a new Backpropagation')
        if self._parameters() != self._numbers:
            raise GraphError(
                'a weight or a bias was changed between the steps, so the next one would mix old and new numbers. '
                'Right: a new Backpropagation(model, x, y)'
            )
        step = self._coming[len(self.steps)]()
        self.steps.append(step)
        return step

    def __iter__(self) -> Iterator[Step]:
        """The steps that are left, each made when it is asked for."""
        while len(self.steps) < len(self._coming):
            yield self.step()

    def __repr__(self) -> str:
        state = self.steps[-1].title if self.steps else 'before the first step'
        return f'<Backpropagation through {self.model.brief()}: {state}>'

    def _parameters(self) -> bytes:
        """The numbers of the parameters, nan included, so that they can be compared."""
        return array('d', [p.data for p in self.model.parameters()]).tobytes()

    # The five steps ---------------------------------------------------------------------------------------------------

    def _input(self) -> Step:
        a = tuple(x.data for x in self._calls[0][0].inputs)
        lines = tuple(f'{neuron_label("a", 1, k)} = {_number(x)}' for k, x in enumerate(a, 1))
        return Step(
            number=1, layer=1, equations='a¹ = x', lines=lines, z={}, a={1: a}, delta={}, gradients=(), model=self.model
        )

    def _feedforward(self, l: int) -> Step:
        before = self.steps[-1]
        of_layer = self._calls[l - 2]
        z, a = tuple(one.z.data for one in of_layer), tuple(one.a.data for one in of_layer)
        kinds = {activation_name(neuron) for neuron in self._layers[l - 2]}
        sigma = kinds.pop() if len(kinds) == 1 else 'σ'
        lines = []
        for j, neuron in enumerate(self._layers[l - 2], 1):
            names, numbers = _sum(
                (weight_label(l, j, k), neuron_label('a', l - 1, k), w.data, before.a[l - 1][k - 1])
                for k, w in enumerate(neuron.w, 1)
            )
            z_j, a_j = neuron_label('z', l, j), neuron_label('a', l, j)
            lines.append(
                f'{z_j} = {names} + {neuron_label("b", l, j)} = {numbers} + {_term(neuron.b.data)} '
                f'= {_number(z[j - 1])}, {a_j} = {sigma}({z_j}) = {_number(a[j - 1])}'
            )
        w, b, z_l, a_l = (layer_label(letter, l) for letter in 'wbza')
        equations = f'{z_l} = {w} {layer_label("a", l - 1)} + {b}, {a_l} = {sigma}({z_l})'
        return replace(
            before, number=2, layer=l, equations=equations, lines=tuple(lines), z=before.z | {l: z}, a=before.a | {l: a}
        )

    def _output_error(self, l: int) -> Step:
        before = self.steps[-1]
        with enable_grad():
            cost = self._loss(self._output, self._y)
        self.cost = label(cost, self.model)
        outputs = [one.a for one in self._calls[-1]]
        by_outputs = [derivative.data for derivative in gradients(self.cost, outputs)]
        slopes = self._slopes(l)
        delta = tuple(by * sigma_prime for by, sigma_prime in zip(by_outputs, slopes, strict=True))
        lines = tuple(
            f'{neuron_label("δ", l, j)} = ∂C/∂{neuron_label("a", l, j)} · σ′({neuron_label("z", l, j)}) '
            f'= {_term(by)} · {_term(sigma_prime)} = {_number(error)}'
            for j, (by, sigma_prime, error) in enumerate(zip(by_outputs, slopes, delta, strict=True), 1)
        )
        equations = f'{layer_label("δ", l)} = ∂C/∂{layer_label("a", l)} ⊙ σ′({layer_label("z", l)}) (BP1)'
        return replace(before, number=3, equations=equations, lines=lines, delta={l: delta})

    def _backpropagate(self, l: int) -> Step:
        before = self.steps[-1]
        errors, after = before.delta[l + 1], self._layers[l - 1]
        slopes = self._slopes(l)
        delta, lines = [], []
        for j, sigma_prime in enumerate(slopes, 1):
            arriving = 0.0
            for neuron, error in zip(after, errors, strict=True):
                arriving += neuron.w[j - 1].data * error
            delta.append(arriving * sigma_prime)
            names, numbers = _sum(
                (weight_label(l + 1, k, j), neuron_label('δ', l + 1, k), neuron.w[j - 1].data, error)
                for k, (neuron, error) in enumerate(zip(after, errors, strict=True), 1)
            )
            lines.append(
                f'{neuron_label("δ", l, j)} = ({names}) · σ′({neuron_label("z", l, j)}) '
                f'= ({numbers}) · {_term(sigma_prime)} = {_number(delta[-1])}'
            )
        equations = (
            f'{layer_label("δ", l)} = ({layer_label("w", l + 1)})ᵀ {layer_label("δ", l + 1)} '
            f'⊙ σ′({layer_label("z", l)}) (BP2)'
        )
        errors_so_far = before.delta | {l: tuple(delta)}
        return replace(before, number=4, layer=l, equations=equations, lines=tuple(lines), delta=errors_so_far)

    def _gradients(self, last: int) -> Step:
        before = self.steps[-1]
        found: dict[int, float] = {}
        lines = []
        for l in range(2, last + 1):
            for j, (neuron, error) in enumerate(zip(self._layers[l - 2], before.delta[l], strict=True), 1):
                delta = neuron_label('δ', l, j)
                for k, (w, a) in enumerate(zip(neuron.w, before.a[l - 1], strict=True), 1):
                    found[id(w)] = found.get(id(w), 0.0) + a * error  # more than once where a weight is shared
                    lines.append(
                        f'∂C/∂{weight_label(l, j, k)} = {neuron_label("a", l - 1, k)} {delta} '
                        f'= {_term(a)} · {_term(error)} = {_number(a * error)}'
                    )
                found[id(neuron.b)] = found.get(id(neuron.b), 0.0) + error
                lines.append(f'∂C/∂{neuron_label("b", l, j)} = {delta} = {_number(error)}')
        return replace(
            before,
            number=5,
            equations='∂C/∂b = δ (BP3), ∂C/∂w = a δ (BP4)',
            lines=tuple(lines),
            gradients=tuple(found[id(p)] for p in self.model.parameters()),
        )

    def _slopes(self, l: int) -> list[float]:
        """sigma'(z) of each neuron of a layer."""
        neurons = zip(self._layers[l - 2], self._calls[l - 2], strict=True)
        return [slope(activation_of(neuron), one.z.data) for neuron, one in neurons]


def _chain(model: Any, output: Any) -> list[list[Pass]]:
    """What each neuron computed, layer by layer, where each layer takes what the one before gave, and nothing else.

    Raises:
        GraphError: it is not so, and then the equations do not hold as they are written.
    """
    layers, calls = neurons_of(model), passes(model, output)
    trained = {id(p) for layer in layers for neuron in layer for p in (*neuron.w, neuron.b)}
    if not trained.issuperset(map(id, model.parameters())):
        raise _no_chain('it has parameters that are neither weights nor biases of neurons')
    if any(len(seen) != 1 for layer in calls for seen in layer):
        raise _no_chain('a neuron takes no part in the outputs, or several times')
    found = [[seen for (seen,) in layer] for layer in calls]
    before = list(found[0][0].inputs)
    for layer, neurons in zip(found, layers, strict=True):
        for one, neuron in zip(layer, neurons, strict=True):
            if len(one.inputs) != len(neuron.w) or list(map(id, one.inputs)) != list(map(id, before)):
                raise _no_chain('a layer does not take the activations of the one before it, as they are')
        before = [one.a for one in layer]
    if list(map(id, groups.values_in(output))) != list(map(id, before)):
        raise _no_chain('its outputs are not the activations of its last layer')
    return found


def _no_chain(why: str) -> GraphError:
    return GraphError(
        f'the equations BP1 to BP4 are those of layers one after another, and this network is not that: {why}. '
        'backward() is right for any network, and chapter.deltas(loss, model) gives the errors of this one'
    )


def _sum(terms: Any) -> tuple[str, str]:
    """A sum of products in names and in numbers, of a long one the first terms."""
    listed = list(terms)
    names = [f'{first} {second}' for first, second, _, _ in listed[:MOST_TERMS]]
    numbers = [f'{_term(first)} · {_term(second)}' for _, _, first, second in listed[:MOST_TERMS]]
    more = ['…'] * (len(listed) > MOST_TERMS)
    return ' + '.join(names + more), ' + '.join(numbers + more)


def _number(x: float) -> str:
    from micrograd.render.view import short_number  # loaded when something is printed

    return short_number(x)


def _term(x: float) -> str:
    """The same within an equation: a negative one in parentheses."""
    number = _number(x)
    return f'({number})' if number.startswith('−') else number
