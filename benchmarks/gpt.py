"""A small character GPT, written in scalars, learns names: eagerly, compiled, and on nodes in microgpt's manner.

    python benchmarks/gpt.py [--steps 500] [--eager-steps 8] [--seed 0] [--data FILE]

A step is one name, as in microgpt; Adam, its rate falling to 0. The compiled program is one for all names: they are
filled up to the length of the longest with positions of no weight. All three must come to the same parameters, or
nothing is compared. Then the same program takes mini-batches, many names at once.
"""

import argparse
import random
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import microgpt
from measuring import DisagreementError, on_one_core
from transformer import Arithmetic, Example, Transformer, example, names

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

import micrograd  # noqa: E402
from micrograd.optim import Adam, linear  # noqa: E402
from micrograd.training import collector_paused, fit  # noqa: E402

LEARNING_RATE = 0.01
BETAS = 0.85, 0.99
EPS = 1e-8
TOLERANCE = 1e-9  # of a loss or a parameter
BATCH_SIZE = 32


# Nodes in microgpt's manner -------------------------------------------------------------------------------------------


def softmax_of_nodes(xs: list[Any]) -> list[Any]:
    """Exponentials over their sum, shifted so that none overflows."""
    largest = max(x.data for x in xs)
    powers = [(x - largest).exp() for x in xs]
    total = sum(powers)
    return [power / total for power in powers]


def logsumexp_of_nodes(xs: list[Any]) -> Any:
    """The logarithm of the sum of the exponentials, alike."""
    largest = max(x.data for x in xs)
    return sum((x - largest).exp() for x in xs).log() + largest


NODES = Arithmetic(
    dot=lambda xs, ys: sum(x * y for x, y in zip(xs, ys, strict=True)),
    softmax=softmax_of_nodes,
    logsumexp=logsumexp_of_nodes,
    relu=microgpt.Value.relu,
    take=lambda rows, index: rows[index],
)
OURS = Arithmetic(micrograd.dot, micrograd.softmax, micrograd.logsumexp, micrograd.relu, micrograd.take)


class Training(NamedTuple):
    """What came of one: the losses of its steps or their mean, the parameters, seconds of the steps and before them."""

    losses: list[float]
    parameters: list[float]
    seconds: float
    before: float


def steps_on_nodes(model: Transformer, examples: list[Example]) -> Iterator[float]:
    """Train as microgpt does, with Adam written out; gives the loss of each step when it is made."""
    parameters = model.parameters()
    first, second = [0.0] * len(parameters), [0.0] * len(parameters)
    for step, (tokens, target) in enumerate(examples):
        loss = model.loss(model(tokens), target)
        loss.backward()
        rate = LEARNING_RATE * (1 - step / len(examples))
        corrections = [1 - beta ** (step + 1) for beta in BETAS]
        for i, p in enumerate(parameters):
            first[i] = BETAS[0] * first[i] + (1 - BETAS[0]) * p.grad
            second[i] = BETAS[1] * second[i] + (1 - BETAS[1]) * p.grad**2
            p.data -= rate * (first[i] / corrections[0]) / ((second[i] / corrections[1]) ** 0.5 + EPS)
            p.grad = 0.0
        yield loss.data


# Ours -----------------------------------------------------------------------------------------------------------------


def adam(model: Transformer, steps: int) -> Adam:
    """Make the optimiser."""
    return Adam(model.parameters(), linear(LEARNING_RATE, steps), betas=BETAS, eps=EPS)


def steps_on_values(model: Transformer, examples: list[Example]) -> Iterator[float]:
    """Train eagerly; gives the loss of each step when it is made."""
    optimizer = adam(model, len(examples))
    for tokens, target in examples:
        with collector_paused():
            loss = model.loss(model(tokens), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield loss.data


def compiled(examples: list[Example], seed: int, batch_size: int = 1) -> Training:
    """Train natively, the examples in their order."""
    model = Transformer(micrograd.Value, OURS, seed)
    steps = -(-len(examples) // batch_size)
    start = perf_counter()
    history = fit(
        model,
        unshuffled(examples, seed),
        loss=model.loss,
        optimizer=adam(model, steps),
        epochs=1,
        batch_size=batch_size,
        seed=seed,
        progress=False,
        compiled=True,
    )
    whole, seconds = perf_counter() - start, sum(history.times)
    return Training(history.losses, [p.data for p in model.parameters()], seconds, whole - seconds)


def unshuffled(examples: list[Example], seed: int) -> list[Example]:
    """Lay the examples so that `fit`, which shuffles them with the seed, takes them in their order."""
    generator = random.Random(seed)  # noqa: S311
    order = sorted(range(len(examples)), key=lambda _: generator.random())
    laid = list(examples)
    for place, one in zip(order, examples, strict=True):
        laid[place] = one
    return laid


# The tables -----------------------------------------------------------------------------------------------------------


def padded(chosen: list[str]) -> list[Example]:
    """The names as examples of one length."""
    longest = max(len(example(name)[0]) for name in chosen)
    return [example(name, longest) for name in chosen]


def report_eager(chosen: list[str], seed: int) -> tuple[float, Training]:
    """Let nodes and Values take turns; print the times of a step. Returns the seconds of ours, and what came of it."""
    examples = [example(name) for name in chosen]
    models = {'nodes': Transformer(microgpt.Value, NODES, seed), 'eager': Transformer(micrograd.Value, OURS, seed)}
    losses: dict[str, list[float]] = {name: [] for name in models}
    seconds: dict[str, list[float]] = {name: [] for name in models}
    trainings = {
        'nodes': steps_on_nodes(models['nodes'], examples),
        'eager': steps_on_values(models['eager'], examples),
    }
    for _ in examples:
        for name, training in trainings.items():
            start = perf_counter()
            losses[name].append(next(training))
            seconds[name].append(perf_counter() - start)
    found = {
        name: Training(losses[name], [p.data for p in models[name].parameters()], sum(seconds[name]), 0.0)
        for name in models
    }
    check_agreement('eager Values', found['eager'], "nodes in microgpt's manner", found['nodes'])
    ratio = statistics.median(b / a for a, b in zip(seconds['eager'], seconds['nodes'], strict=True))
    print_row("nodes in microgpt's manner", statistics.mean(seconds['nodes']), f'{ratio:.2f} x eager, median')
    print_row('eager Values', statistics.mean(seconds['eager']), '')
    return statistics.mean(seconds['eager']), found['eager']


def report_compiled(chosen: list[str], seed: int, eager_seconds: float, few: Training) -> None:
    """Print the same for compiled training, a name a step and many."""
    examples = padded(chosen)
    again = compiled(examples[: len(few.losses)], seed)
    check_agreement('eager Values', few, 'the compiled program', again)
    single = compiled(examples, seed)
    length = f'{len(examples[0][0])} positions'
    a_step = single.seconds / len(examples)
    print_row(f'compiled, {length}', a_step, f'{eager_seconds / a_step:,.0f} x as fast as eager')
    many = compiled(examples, seed, BATCH_SIZE)
    a_name = many.seconds / len(examples)
    print_row(f'compiled, {BATCH_SIZE} names a step', a_name, f'{eager_seconds / a_name:,.0f} x, a name')
    print(f'\nbefore the first step: {single.before:.1f} s; mean loss of {len(examples)} names {single.losses[0]:.4f}')


def report_lengths(chosen: list[str], seed: int) -> None:
    """Print the same for the cost and its gradients where each length has a program of its own."""
    model = Transformer(micrograd.Value, OURS, seed)
    fast = micrograd.compile_cost(lambda tokens, target: model.loss(model(tokens), target))
    by_length = {len(name): name for name in chosen}
    print(f'\n{"a program a length: positions":34}{"first call":>12}{"ms a cost with its gradients":>32}')
    for length in sorted(by_length)[:: max(1, len(by_length) // 4)]:
        tokens, target = example(by_length[length])
        seconds = [timed(lambda: fast.value_and_grad([tokens], [target])) for _ in range(11)]  # noqa: B023
        print(f'{len(tokens):34}{seconds[0]:10.2f} s{1e3 * statistics.median(seconds[1:]):32.2f}')
    report_program(fast)


def report_program(fast: Any) -> None:
    """Print how many instructions of each kind the last program has, and how many nodes they stand for."""
    kinds: dict[str, list[int]] = defaultdict(list)
    for instruction in fast._gradient_program().instructions():
        kinds[type(instruction).__name__].append(instruction.nodes)
    print(f'\n{"its instructions":34}{"number":>12}{"nodes of the graph":>22}')
    for kind, nodes in sorted(kinds.items()):
        print(f'{kind:34}{len(nodes):12}{sum(nodes):22,}')


def timed(call: Any) -> float:
    """Time a call: seconds."""
    start = perf_counter()
    call()
    return perf_counter() - start


def print_row(label: str, seconds: float, remark: str) -> None:
    """Print a line of the table."""
    print(f'{label:34}{1e3 * seconds:12,.3f}{1 / seconds:14,.1f}  {remark}'.rstrip(), flush=True)


def check_agreement(mine: str, a: Training, theirs: str, b: Training) -> None:
    """Refuse to compare trainings that differ."""
    loss = abs(statistics.fmean(a.losses) / statistics.fmean(b.losses) - 1)
    parameter = max(abs(p - q) for p, q in zip(a.parameters, b.parameters, strict=True))
    if not max(loss, parameter) <= TOLERANCE:
        raise DisagreementError(f'{mine} and {theirs} differ: the loss by {loss:.1e}, a parameter by {parameter:.1e}')


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--steps', type=int, default=500, help='names that the compiled program learns from')
    parser.add_argument('--eager-steps', type=int, default=8, help='of those, for eager Values and nodes')
    parser.add_argument('--seed', type=int, default=0, help='of the first parameters')
    default = REPOSITORY.parent / 'shared' / 'data' / 'names.txt'
    parser.add_argument('--data', type=Path, default=default, help='a file with a name a line')
    return parser.parse_args()


def main() -> int:
    """Run the benchmark."""
    arguments = parse_arguments()
    on_one_core()
    sys.setrecursionlimit(1_000_000)  # nodes in microgpt's manner walk their graph recursively
    chosen = names(arguments.data, arguments.steps)
    print(f'{"a step":34}{"ms":>12}{"a second":>14}')
    try:
        seconds, few = report_eager(chosen[: arguments.eager_steps], arguments.seed)
        report_compiled(chosen, arguments.seed, seconds, few)
    except DisagreementError as error:
        print(f'gpt.py: nothing is compared: {error}', file=sys.stderr)
        return 1
    report_lengths(chosen, arguments.seed)
    return 0


if __name__ == '__main__':
    sys.exit(main())
