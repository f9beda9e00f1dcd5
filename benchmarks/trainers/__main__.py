"""One peer with one problem, in a process of its own.

    python -m trainers PEER PROBLEM

It reads a request a line, {"steps": …, "repeats": …, "numbers": …}, and answers each with a line; both are JSON.
"""

import contextlib
import json
import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from typing import Any

from trainers.problems import PROBLEMS


def maker(module: str, name: str, *arguments: str) -> Callable[[Any], Any]:
    """Tell how a peer is made; its packages are loaded only then."""
    return lambda problem: getattr(import_module(f'trainers.{module}'), name)(problem, *arguments)


PEERS = {
    'ours': maker('ours', 'Fit'),
    'ours, long': maker('ours', 'Fit'),
    'ours, no fit': maker('ours', 'Steps'),
    'C tiled': maker('in_c', 'Native', 'tiled'),
    'C batched': maker('in_c', 'Native', 'batched'),
    'C plain': maker('in_c', 'Native', 'plain'),
    'NumPy': maker('in_numpy', 'Matrices'),
    'NumPy per example': maker('in_numpy', 'Examples'),
    'PyTorch': maker('in_torch', 'Eager'),
    'JAX jit float64': maker('in_jax', 'Jit', 'float64'),
    'JAX jit float32': maker('in_jax', 'Jit', 'float32'),
    'JAX scan float64': maker('in_jax', 'Scan', 'float64'),
    'JAX scan float32': maker('in_jax', 'Scan', 'float32'),
    'karpathy': maker('in_karpathy', 'Karpathy'),
}


def answer(peer: Any, steps: int, repeats: int, numbers: bool) -> dict[str, Any]:
    """Train several times over; the median of the seconds, with losses and parameters if they are asked for."""
    trained = [peer.train(steps) for _ in range(repeats)]
    seconds = statistics.median(each.seconds for each in trained)
    return {**asdict(trained[-1]), 'seconds': seconds} if numbers else {'seconds': seconds}


def main() -> None:
    """Answer requests until the input ends."""
    with contextlib.suppress(AttributeError, OSError):  # where a process cannot be bound to a core
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sys.setrecursionlimit(100_000)  # karpathy/micrograd walks its graph recursively
    peer = PEERS[sys.argv[1]](PROBLEMS[sys.argv[2]]())
    for line in sys.stdin:
        print(json.dumps(answer(peer, **json.loads(line))), flush=True)


if __name__ == '__main__':
    main()
