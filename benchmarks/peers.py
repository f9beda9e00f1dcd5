"""The peers: where each comes from, and what each needs to run the programs.

A peer lives in a process of its own (worker.py), so two packages of one name never meet and each has its own collector.
Every peer answers the same calls: `forward`, `backward`, `answer` and `drop` for the mixed graph, `train` for the demo.
"""

import math
import random
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import programs

REPOSITORY = Path(__file__).resolve().parent.parent
SIDE_FOLDER = Path(__file__).resolve().parent / '.peers'

Picks = list[tuple[int, int, int]]


class Origin(NamedTuple):
    """Where a peer's package comes from; without requirements, installing it is the user's choice."""

    package: str
    requirements: tuple[str, ...] = ()
    always_aside: bool = False  # in the side folder even where the environment has a package of that name


ORIGINS = {
    'ours': Origin('micrograd'),
    'karpathy': Origin('micrograd', ('micrograd==0.1.0',), always_aside=True),
    'microgpt': Origin('microgpt'),
    'torch': Origin('torch'),
    'autograd': Origin('autograd', ('autograd==1.9.1', 'numpy')),
}
OWN = ('ours', 'microgpt')  # in this checkout: nothing to install
SLOW = ('torch', 'autograd')  # seconds for one step of the moons demo


class GraphPeer:
    """A peer whose numbers have `.data`, `.grad` and `.backward()`.

    Args:
        leaf: makes a number that gets a gradient.
        example: makes a number of the data, as a program for this peer would.
        functions: the elementary functions.
        network: makes the demo's network.
        around_a_step: the context in which a step of the demo is built and differentiated.
    """

    def __init__(
        self,
        leaf: Callable[[float], Any],
        example: Callable[[float], Any],
        functions: programs.Functions,
        network: Callable[[], Any],
        around_a_step: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ):
        self._around_a_step = around_a_step
        self._leaf = leaf
        self._example = example
        self._functions = functions
        self._network = network

    def forward(self, numbers: list[float], picks: Picks) -> None:
        """Build the mixed graph."""
        self._leaves = [self._leaf(x) for x in numbers]
        self._root = programs.mixed(self._leaves, picks, self._functions)

    def backward(self) -> None:
        """Propagate from the root to the leaves."""
        self._root.backward()

    def answer(self) -> list[float]:
        """Give the value of the root, then the gradients of the leaves."""
        return [float(self._root.data), *(float(leaf.grad) for leaf in self._leaves)]

    def drop(self) -> None:
        """Let go of the graph."""
        del self._root, self._leaves

    def train(self, steps: int) -> list[float]:
        """Take some steps of the moons demo; give the last loss, then the last gradients."""
        data = programs.moons()
        random.seed(programs.MOONS_SEED)
        model = self._network()
        for _ in range(steps):
            with self._around_a_step():
                total_loss = programs.loss(model, data, self._example, self._functions.relu)
                model.zero_grad()
                total_loss.backward()
            for p in model.parameters():
                p.data -= programs.MOONS_LEARNING_RATE * p.grad
        return [float(total_loss.data), *(float(p.grad) for p in model.parameters())]


class TracingPeer:
    """HIPS autograd: a function is traced by `make_vjp`, and the gradient is a second function."""

    def __init__(self, make_vjp: Callable[..., Any], functions: programs.Functions):
        self._make_vjp = make_vjp
        self._functions = functions

    def forward(self, numbers: list[float], picks: Picks) -> None:
        """Trace the mixed graph."""
        trace = self._make_vjp(lambda leaves: programs.mixed(leaves, picks, self._functions))
        self._vjp, self._value = trace(numbers)

    def backward(self) -> None:
        """Propagate from the root to the leaves."""
        self._gradients = self._vjp(1.0)

    def answer(self) -> list[float]:
        """Give the value of the root, then the gradients of the leaves."""
        return [float(self._value), *map(float, self._gradients)]

    def drop(self) -> None:
        """Let go of the graph."""
        del self._vjp, self._value, self._gradients

    def train(self, steps: int) -> list[float]:
        """Take some steps of the moons demo; give the last loss, then the last gradients."""
        data = programs.moons()
        parameters = programs.moons_parameters()
        trace = self._make_vjp(lambda numbers: self._loss(numbers, data))
        for _ in range(steps):
            vjp, total_loss = trace(parameters)
            gradients = vjp(1.0)
            parameters = [p - programs.MOONS_LEARNING_RATE * g for p, g in zip(parameters, gradients, strict=True)]
        return [float(total_loss), *map(float, gradients)]

    def _loss(self, numbers: list[Any], data: programs.Data) -> Any:
        network = programs.Network(numbers, self._functions.relu)
        return programs.loss(network, data, float, self._functions.relu)


def ours() -> GraphPeer:
    """Make the peer of this checkout; a step is taken as `fit` takes it, with the collector paused meanwhile."""
    return _ours(lambda: import_module('micrograd.training').collector_paused())


def by_hand() -> GraphPeer:
    """Make the peer of this checkout, with the demo's loop just as it is written for karpathy/micrograd."""
    return _ours(nullcontext)


def _ours(around_a_step: Callable[[], AbstractContextManager[Any]]) -> GraphPeer:
    sys.path.insert(0, str(REPOSITORY))
    engine, nn = import_module('micrograd.engine'), import_module('micrograd.nn')
    return _value_peer(engine.Value, lambda: nn.MLP(2, [16, 16, 1]), around_a_step)


def karpathy() -> GraphPeer:
    """Make the peer of karpathy/micrograd, with the tanh, exp and log that his lecture adds."""
    sys.path.insert(0, str(SIDE_FOLDER / 'karpathy'))
    engine, nn = import_module('micrograd.engine'), import_module('micrograd.nn')
    if not Path(engine.__file__ or '').is_relative_to(SIDE_FOLDER):
        raise ImportError(f'micrograd came from {engine.__file__}, not from {SIDE_FOLDER}')
    _add_lecture_methods(engine.Value)
    return _value_peer(engine.Value, lambda: nn.MLP(2, [16, 16, 1]))


def microgpt() -> GraphPeer:
    """Make the peer of nodes in the manner of microgpt."""
    value = import_module('microgpt').Value

    def network() -> programs.Network:
        return programs.Network([value(x) for x in programs.moons_parameters()], value.relu)

    return _value_peer(value, network)


def torch() -> GraphPeer:
    """Make the peer of PyTorch's scalars: tensors of no dimension, in float64."""
    module = import_module('torch')
    functions = programs.Functions(module.tanh, module.relu, module.exp, module.log)

    def leaf(x: float) -> Any:
        return module.tensor(x, dtype=module.float64, requires_grad=True)

    def network() -> programs.Network:
        return programs.Network([leaf(x) for x in programs.moons_parameters()], module.relu, no_gradient=None)

    return GraphPeer(leaf, float, functions, network)


def autograd() -> TracingPeer:
    """Make the peer of HIPS autograd: floats through autograd.numpy."""
    if find_spec('autograd') is None:
        sys.path.append(str(SIDE_FOLDER / 'autograd'))
    np = import_module('autograd.numpy')
    functions = programs.Functions(np.tanh, lambda x: np.maximum(x, 0.0), np.exp, np.log)
    return TracingPeer(import_module('autograd').make_vjp, functions)


FACTORIES: dict[str, Callable[[], GraphPeer | TracingPeer]] = {
    'ours': ours,
    'by hand': by_hand,
    'karpathy': karpathy,
    'microgpt': microgpt,
    'torch': torch,
    'autograd': autograd,
}


def _value_peer(
    value: Any, network: Callable[[], Any], around_a_step: Callable[[], AbstractContextManager[Any]] = nullcontext
) -> GraphPeer:
    functions = programs.Functions(value.tanh, value.relu, value.exp, value.log)
    return GraphPeer(value, value, functions, network, around_a_step)


def _add_lecture_methods(value: Any) -> None:
    """Give karpathy's Value the functions of his lecture; the closures are of its own kind."""

    def method(symbol: str, function: Callable[[float], float], slope: Callable[[float, float], float]) -> Any:
        def operation(self: Any) -> Any:
            out = value(function(self.data), (self,), symbol)

            def _backward() -> None:
                self.grad += slope(self.data, out.data) * out.grad

            out._backward = _backward
            return out

        return operation

    value.tanh = method('tanh', math.tanh, lambda x, t: 1 - t * t)
    value.exp = method('exp', math.exp, lambda x, e: e)
    value.log = method('log', math.log, lambda x, y: 1 / x)
