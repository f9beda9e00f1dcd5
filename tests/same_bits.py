"""A fixed program that does everything once, and prints as JSON a digest of the bits of each part.

`test_same_bits.py` runs it in fresh processes and by other versions of Python. So it imports nothing but the package,
and each part says what its bits may depend on besides: see `FACTS`. What these are is printed too.

`python -m tests.same_bits losses optimisers` does these parts alone.
"""

import contextlib
import hashlib
import io
import json
import math
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import micrograd
from micrograd import Value, data, losses, nn, optim
from micrograd.initialisation import INITIALISATIONS
from micrograd.operators import apply
from micrograd.primitives import TABLE, Row

NUMBERS = (0.0, -0.0, 0.1, -0.3, 0.75, 1.0, -1.0, 2.5, -7.3, 20.0, -37.5, 710.0, 1e-9, -1e-160, 5e-324, 1e154, -1e300,
           math.inf, -math.inf, math.nan)  # fmt: skip

# Digests ---------------------------------------------------------------------------------------------------------


def written(thing: Any) -> str:
    """A number with all its bits, and what holds numbers with all theirs."""
    if isinstance(thing, Value):
        return f'{thing.data.hex()} {thing.grad.hex()}'
    if isinstance(thing, float):
        return thing.hex()
    if isinstance(thing, dict):
        return written([*thing.items()])
    if isinstance(thing, list | tuple):
        return f'[{", ".join(map(written, thing))}]'
    if hasattr(thing, 'tolist'):  # an array
        return written(thing.tolist())
    if not isinstance(thing, str | bytes | int | None):
        raise TypeError(f'{type(thing).__name__} has no bits to compare')
    return repr(thing)


def digest(things: Iterable[Any]) -> str:
    """16 hexadecimal digits that tell different bits apart."""
    return hashlib.sha256('\n'.join(map(written, things)).encode('utf-8', 'backslashreplace')).hexdigest()[:16]


# What bits may depend on besides -----------------------------------------------------------------------------------


def libm() -> str:
    """What the C library says of the functions that nobody promises to round correctly."""
    ones = ('acos', 'asin', 'atan', 'cos', 'cosh', 'erf', 'erfc', 'exp', 'expm1', 'log', 'log1p', 'sin', 'sinh', 'tan',
            'tanh')  # fmt: skip
    generator = Random(0)
    spread = [generator.uniform(-1.0, 1.0) * 10.0 ** (i % 4 - 1) for i in range(400)]
    pairs = [*pairwise(spread)]
    answers = [_or_error(getattr(math, name), x) for name in ones for x in spread]
    answers += [_or_error(getattr(math, name), *pair) for name in ('pow', 'atan2') for pair in pairs]
    return digest(answers)


def _or_error(f: Callable[..., float], *xs: float) -> float | str:
    try:
        return f(*xs)
    except (ValueError, OverflowError) as error:
        return type(error).__name__


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


FACTS: dict[str, Callable[[], str | None]] = {'libm': libm} | {
    package: lambda package=package: _installed(package)  # type: ignore[misc]
    for package in ('graphviz', 'llvmlite', 'matplotlib', 'numpy', 'pygraphviz')
}


# The parts ---------------------------------------------------------------------------------------------------------


class Part(NamedTuple):
    """What is done, and the facts that its bits depend on."""

    does: Callable[[], Iterable[Any]]
    facts: tuple[str, ...]


PARTS: dict[str, Part] = {}


def part(*facts: str) -> Callable[[Callable[[], Iterable[Any]]], Callable[[], Iterable[Any]]]:
    """Add a part, named after its function."""

    def add(does: Callable[[], Iterable[Any]]) -> Callable[[], Iterable[Any]]:
        PARTS[does.__name__] = Part(does, facts)
        return does

    return add


EXACT = (  # they and their derivatives need only what IEEE 754 rounds correctly, and hypot, which is Python's own
    'add', 'sub', 'mul', 'div', 'neg', 'less', 'less_equal', 'equal', 'where', 'maximum', 'minimum', 'clamp', 'abs',
    'sign', 'floor', 'stop_gradient', 'sqrt', 'hypot', 'asin_slope', 'relu', 'leaky_relu', 'sum', 'dot', 'max', 'min',
    'select',
)  # fmt: skip


@part()
def exact_rows() -> Iterator[Any]:
    """Operations of the table: values, gradients and second derivatives."""
    return _everywhere(EXACT)


@part('libm')
def other_rows() -> Iterator[Any]:
    return _everywhere([name for name in TABLE if name not in EXACT])


def _everywhere(names: Iterable[str]) -> Iterator[Any]:
    for name in names:
        entry = TABLE[name]
        for row in [entry] if isinstance(entry, Row) else [entry(*constants) for constants in entry.examples]:
            for i in range(len(NUMBERS)):
                yield name, _derivatives(row, [NUMBERS[(i + 3 * k) % len(NUMBERS)] for k in range(row.arity or 4)])


def _derivatives(row: Row, numbers: list[float]) -> list[Any]:
    if row.name == 'select':
        numbers = [abs(numbers[0]) % 3.0 // 1.0, *numbers[1:]]  # which one; nan where it is no number
    xs = [Value(x) for x in numbers]
    made = apply(Value, row, *xs)
    y = made.flag if row.condition else made
    slopes = micrograd.gradients(y, xs, create_graph=True)
    bends = [micrograd.gradients(slope, xs) for slope in slopes]
    y.backward()
    return [y, xs, slopes, bends]


def _programs() -> Iterator[Value]:
    """Sums with many terms, in which the order of adding decides the last bits."""
    xs = [Value(10.0 ** (i % 7 - 3) / 3.0, label=f'x{i}') for i in range(40)]
    a = Value(0.1, label='a')
    yield sum((x * a) * a / (a + x) for x in xs)
    yield micrograd.dot(xs, [x * a for x in xs[::-1]])
    yield micrograd.norm([x - a for x in xs]) / micrograd.mean([micrograd.maximum(x, a) for x in xs])


@part()
def sums() -> Iterator[Any]:
    for y in _programs():
        y.backward()
        yield y, sorted((v.label, v.data, v.grad) for v in micrograd.graph.topological([y]) if v.label)


def _polynomial(x: list[Any]) -> Any:
    return x[0] * x[1] * x[2] / (x[0] + 3.0) + micrograd.relu(x[1] - x[2]) * x[0] - x[2] / 7.0


def _transcendental(x: list[Any]) -> Any:
    return micrograd.logsumexp([x[0] * x[1], x[1].tanh(), x[2].gelu()]) + (x[0] ** 3 * x[2]).sin() ** 1.5


@part()
def exact_transforms() -> Iterator[Any]:
    return _transformed(_polynomial)


@part('libm')
def transforms() -> Iterator[Any]:
    return _transformed(_transcendental)


def _transformed(f: Callable[[list[Any]], Any]) -> Iterator[Any]:
    x, direction = [0.3, 1.7, 0.9], [1.0, -0.1, 0.7]
    yield micrograd.value_and_grad(f)(x)
    yield micrograd.hessian(f)(x)
    yield micrograd.hvp(f, (x,), (direction,))
    yield micrograd.jvp(f, (x,), (direction,))
    yield micrograd.jacobian(lambda x: [f(x), x[0] / 3.0])(x)
    yield micrograd.vjp(f, x)[1](1.0)
    yield micrograd.grad(lambda t: micrograd.grad(lambda s: f([s * t, t, s]))(t))(0.7)


@part('libm')
def initialisations() -> Iterator[Any]:
    for name in INITIALISATIONS:
        yield name, _network(seed=1, initialisation=name).parameters()


@part()
def data_sets() -> Iterator[Any]:
    """Whose docstring promises the same on every machine."""
    for make in (data.blobs, data.circles, data.moons, data.spirals, data.xor):
        points = make(30, seed=3)
        yield points
        yield data.train_test_split(points, test=0.3, seed=4)
        yield data.standardise(points.inputs)[0]


def _network(*, outputs: int = 2, activation: str = 'relu', seed: int = 0, **options: Any) -> nn.MLP:
    return nn.MLP(2, [4, 3, outputs], activation=activation, generator=seed, **options)


POINTS = data.spirals(24, classes=2, seed=0)


@part('libm')
def losses_of_a_network() -> Iterator[Any]:
    for name in losses.__all__:
        model = _network(output='sigmoid' if name == 'bce' else 'linear', activation='tanh', initialisation='xavier')
        outputs = [model(x) for x in POINTS.inputs]
        loss = losses.by_name(name)(outputs, _targets(name))
        loss.backward()
        yield name, loss, model.parameters()


def _targets(name: str) -> Any:
    if name == 'cross_entropy':
        return POINTS.targets
    rows = data.one_hot(POINTS.targets)
    return [[2.0 * y - 1.0 for y in row] for row in rows] if 'hinge' in name else rows


OPTIMISERS: dict[str, Callable[[list[Value]], optim.Optimizer]] = {
    'sgd': lambda ps: optim.SGD(ps, lr=0.1, weight_decay=0.01),
    'momentum': lambda ps: optim.SGD(ps, lr=optim.linear(0.1, 9), momentum=0.9),
    'nesterov': lambda ps: optim.SGD(ps, lr=optim.step_decay(0.1, every=3), momentum=0.9, nesterov=True),
    'adam': lambda ps: optim.Adam(ps, lr=optim.cosine(0.1, 9), weight_decay=0.01),
    'adamw': lambda ps: optim.AdamW(ps, lr=optim.warmup(3, optim.constant(0.1))),
}


@part()
def exact_training() -> Iterator[Any]:
    for name in ('sgd', 'momentum', 'nesterov'):
        yield name, _trained(name, 'relu', 'mse', compiled=False)


@part('libm')
def training() -> Iterator[Any]:
    for name in OPTIMISERS:
        yield name, _trained(name, 'sigmoid', 'bce_with_logits', compiled=False)


@part('libm', 'numpy', 'llvmlite')
def compiled_training() -> Iterator[Any]:
    for name in OPTIMISERS:
        yield name, _trained(name, 'tanh', 'mse', compiled=True)


@part()
def clipping() -> Iterator[Any]:
    model = _network()
    losses.quadratic([model(x) for x in POINTS.inputs], data.one_hot(POINTS.targets)).backward()
    yield optim.clip_grad_norm(model.parameters(), 0.1), model.parameters()
    optim.clip_grad_value(model.parameters(), 0.01)
    yield model.parameters()


def _trained(name: str, activation: str, loss: str, *, compiled: bool) -> list[Any]:
    model = _network(activation=activation)
    optimizer = OPTIMISERS[name](model.parameters())
    history = micrograd.fit(
        model, (POINTS.inputs, data.one_hot(POINTS.targets)), loss=loss, optimizer=optimizer, epochs=3, batch_size=8,
        seed=5, metrics=['accuracy'], progress=False, compiled=compiled,
    )  # fmt: skip
    return [model.parameters(), history.losses, history.metrics, optimizer.state_dict()]


@part('libm', 'numpy', 'llvmlite')
def compiled_functions() -> Iterator[Any]:
    for machine in ('llvm', 'numpy'):
        model = micrograd.compile(_network(activation='gelu'), machine=machine)
        yield model(POINTS.inputs)
        f = micrograd.compile(lambda x: _transcendental(list(x)), machine=machine)
        yield f.value_and_grad([[0.3, 1.7, 0.9], [1.1, 0.2, 0.4]])
        yield f.hessian([[0.3, 1.7, 0.9]])
        yield f.program()


def _cost() -> Value:
    """A graph with groups, gates and labels, whose numbers no function of the C library decides."""
    model = _network(outputs=1)
    x = [Value(1.5, label='x1'), Value(-0.75, label='<x₂> & "y"')]
    cost = losses.mse(model(x), 0.25) + 0.1 * micrograd.sqrt(x[0] * x[0])
    cost.label = 'C'
    cost.backward()
    return cost


@part()
def texts() -> Iterator[Any]:
    cost = _cost()
    (w, *_) = [v for v in micrograd.graph.topological([cost]) if v.role == 'parameter']
    yield str(micrograd.tree(cost))
    yield str(micrograd.explain(w, cost))
    yield str(micrograd.graph.paths(w, cost))
    yield str(_network(outputs=1)), repr(cost)


@part('graphviz')
def dot() -> Iterator[Any]:
    for collapse in (None, 'neuron', 'layer'):
        yield micrograd.draw(_cost(), collapse=collapse).dot.source


@part('graphviz', 'pygraphviz')
def page() -> Iterator[Any]:
    yield micrograd.explore(_cost(), title='C').html


@part()
def model_file() -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'model.json')
        micrograd.save(_network(), path)
        yield path.read_bytes()
        yield micrograd.load(path).parameters()


@part('libm', 'numpy', 'llvmlite', 'matplotlib')
def the_command_train() -> Iterator[Any]:
    """What `micrograd train` and `predict` print, and the files."""
    from micrograd.cli import main

    rows = [f'{x[0]!r},{"red" if x[1] > 0.0 else "blue"},{"ab"[y]}' for x, y in zip(*POINTS, strict=True)]
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path('points.csv').write_text('\n'.join(['x,colour,kind', *rows]), encoding='utf-8')
        for words in (
            ['train', 'points.csv', '--target', 'kind', '--hidden', '4', '--epochs', '3', '--out', 'out'],
            ['predict', 'out/model.json', 'points.csv'],
        ):
            yield _printed(lambda words=words: main(words))  # type: ignore[misc]
        for path in sorted(Path('out').iterdir()):
            yield path.name, hashlib.sha256(path.read_bytes()).hexdigest()


def _printed(does: Callable[[], Any]) -> str:
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        assert does() == 0
    return stream.getvalue()


def main(names: list[str]) -> None:
    facts = {name: ask() for name, ask in FACTS.items()}
    digests = {
        name: digest(does())
        for name, (does, needs) in PARTS.items()
        if name in (names or PARTS) and all(facts[fact] for fact in needs)
    }
    print(json.dumps({'python': sys.version, 'facts': facts, 'digests': digests}, indent=1))


if __name__ == '__main__':
    main(sys.argv[1:])
