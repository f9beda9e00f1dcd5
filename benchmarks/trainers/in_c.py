"""C, compiled here by gcc: the whole loop of a training in one call."""

import ctypes
import subprocess
from pathlib import Path
from time import perf_counter

import peers

from trainers.problems import Problem, Trained

SOURCES = Path(__file__).resolve().parent / 'c'
FLAGS = ('-O3', '-march=native', '-ffast-math')


def compiled(name: str) -> Path:
    """Compile a source into the side folder, with the flags; gcc's own error if it cannot."""
    library = peers.SIDE_FOLDER / f'{name}.so'
    command = ['gcc', *FLAGS, '-shared', '-fPIC', '-o', str(library), str(SOURCES / f'{name}.c'), '-lm']
    subprocess.run(command, check=True)
    return library


class Native:
    """The loop of one of the sources.

    Args:
        problem: what is trained.
        name: 'plain', 'batched' or 'tiled'.
    """

    def __init__(self, problem: Problem, name: str):
        self._problem = problem
        self._train = getattr(ctypes.CDLL(str(compiled(name))), problem.name)
        order = problem.order()
        self._X, self._Y = (_array(x for i in order for x in rows[i]) for rows in (problem.inputs, problem.targets))

    def train(self, steps: int) -> Trained:
        """Train from the first parameters on."""
        problem = self._problem
        p, losses = _array(problem.parameters), (ctypes.c_double * steps)()
        sizes = map(ctypes.c_long, (len(problem.inputs), problem.batch, steps))
        rates = map(ctypes.c_double, (problem.learning_rate, problem.l2))
        arguments = [p, self._X, self._Y, *sizes, *rates, losses]
        start = perf_counter()
        self._train(*arguments)
        return Trained(perf_counter() - start, list(losses), list(p))


def _array(numbers) -> ctypes.Array:
    numbers = list(numbers)
    return (ctypes.c_double * len(numbers))(*numbers)
