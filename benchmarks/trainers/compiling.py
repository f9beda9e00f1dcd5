"""What the compiler itself takes, each measurement in a process of its own.

    python -m trainers.compiling first|passes|gradient moons|digits
    python -m trainers.compiling irregular OPERATIONS

The answer is a line of JSON.
"""

import json
import random
import statistics
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import micrograd
from trainers import irregular, ours
from trainers.problems import PROBLEMS

SAMPLES = 15


def median_seconds(call: Callable[[], Any], samples: int = SAMPLES) -> float:
    """Time a call several times, after a first one that does not count."""
    call()
    times = []
    for _ in range(samples):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return statistics.median(times)


def cost_of(name: str) -> tuple[Callable[[Any, Any], Any], list[Any], list[Any]]:
    """The cost of one example, and the examples."""
    problem = PROBLEMS[name]()
    model = ours.network(problem)
    loss = ours.loss_of(problem, model)
    return lambda x, y: loss(model(x), y), problem.inputs, ours.targets(problem)


def first(name: str) -> dict[str, float]:
    """From the first call to the first result, cost and gradients of all the examples: seconds."""
    cost, X, Y = cost_of(name)
    start = perf_counter()
    micrograd.compile_cost(cost).value_and_grad(X, Y)
    return {'seconds': perf_counter() - start}


def passes(name: str) -> dict[str, float]:
    """From tracing to loading, where the machine code is there already: seconds, and the nodes of the graph."""
    cost, X, Y = cost_of(name)
    return timed_passes(cost, X[:10], Y[:10])


def timed_passes(cost: Callable[..., Any], *batch: Any) -> dict[str, float]:
    """The first call but for what a later one takes: seconds, and the nodes of the graph with its gradient."""
    micrograd.compile_cost(cost).value_and_grad(*batch)
    fast = micrograd.compile_cost(cost)
    start = perf_counter()
    fast.value_and_grad(*batch)
    middle = perf_counter()
    fast.value_and_grad(*batch)
    nodes = len(fast._last().plan.trace.graph.nodes)
    return {'seconds': middle - start - (perf_counter() - middle), 'nodes': nodes}


def gradient(name: str) -> dict[str, float]:
    """The cost alone, and the cost with its gradients: seconds, batches as arrays."""
    import numpy as np

    cost, X, Y = cost_of(name)
    fast, batch = micrograd.compile_cost(cost), (np.array(X), np.array(Y))
    with micrograd.no_grad():
        value = median_seconds(lambda: fast(*batch))
    return {'value': value, 'both': median_seconds(lambda: fast.value_and_grad(*batch))}


def random_graph(operations: str) -> dict[str, Any]:
    """The value of a graph of drawn operations, and its gradient: seconds by the number of examples."""
    import numpy as np

    steps, generator = irregular.drawn(int(operations)), random.Random(6)  # noqa: S311
    parameters = [micrograd.Value(generator.uniform(-1.0, 1.0)) for _ in range(irregular.LEAVES)]
    examples = [[generator.uniform(-1.0, 1.0) for _ in range(irregular.LEAVES)] for _ in range(100)]

    def one(x: Any) -> Any:
        return irregular.result(steps, parameters, x)

    answers: dict[str, Any] = {'passes': timed_passes(one, examples[:10])}
    fast, cost = micrograd.compile(one), micrograd.compile_cost(one)
    for count in (16, 32, 100):
        X = np.array(examples[:count])
        answers[str(count)] = {
            'value': median_seconds(lambda: fast(X)),  # noqa: B023 - it is called at once
            'both': median_seconds(lambda: cost.value_and_grad(X), 5),  # noqa: B023
        }
    return answers


if __name__ == '__main__':
    measures = {'first': first, 'passes': passes, 'gradient': gradient, 'irregular': random_graph}
    print(json.dumps(measures[sys.argv[1]](sys.argv[2])))
