"""What the benchmarks share: rounds in which rivals take turns, medians and quartiles, targets, and tables."""

import argparse
import contextlib
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

ONE_THREAD = {  # environment variables, which have to be set before NumPy is imported
    **dict.fromkeys(('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'NPROC'), '1'),
    'XLA_FLAGS': '--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1',
    'JAX_PLATFORMS': 'cpu',
}

Round = dict[str, dict[str, float]]  # who -> quantity -> how much of it


class DisagreementError(Exception):
    """Two rivals computed different numbers, so their times cannot be compared."""


class WorkerError(Exception):
    """A worker process ended without an answer."""


class Target(NamedTuple):
    """A bound that a measured value has to keep."""

    relation: str
    bound: float

    def __str__(self) -> str:
        return f'{self.relation} {self.bound:g}'

    def met(self, value: float) -> bool:
        """Tell whether the value keeps the bound."""
        return value >= self.bound if self.relation == '>=' else value <= self.bound


class Report:
    """Prints tables, and counts the targets that were missed."""

    def __init__(self) -> None:
        self.missed = 0

    def table(self, title: str, header: str, rows: Iterable[str]) -> None:
        """Print a table, row by row as it is worked out."""
        print(f'\n{title}\n\n{header}\n{"-" * len(header)}')
        for row in rows:
            print(row.rstrip(), flush=True)

    def against(self, target: Target | None, value: float) -> str:
        """Say whether a value meets its target."""
        if target is None:
            return ''
        met = target.met(value)
        self.missed += not met
        return f'{target!s:<10}{"met" if met else "MISSED"}'


def rounds(names: Iterable[str], count: int, ask: Callable[[str], dict[str, float]]) -> list[Round]:
    """Let rivals take turns, each round starting with another one."""
    names = list(names)
    taken = []
    for k in range(count):
        turn = names[k % len(names) :] + names[: k % len(names)]
        taken.append({name: ask(name) for name in turn})
    return taken


def median(taken: list[Round], name: str, quantity: str) -> float:
    """Take the median over the rounds."""
    return statistics.median(each[name][quantity] for each in taken)


def quartiles(taken: list[Round], above: tuple[str, str], below: tuple[str, str]) -> tuple[float, float, float]:
    """The quartiles of a ratio that is taken within each round; the second is the median.

    Args:
        taken: the rounds.
        above: who, and which quantity.
        below: what that is divided by, likewise.
    """
    (who, quantity), (other, unit) = above, below
    low, middle, high = statistics.quantiles([each[who][quantity] / each[other][unit] for each in taken], n=4)
    return low, middle, high


def parser(about: str | None) -> argparse.ArgumentParser:
    """The options that all of these benchmarks have.

    Args:
        about: the benchmark's docstring.
    """
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument('--quick', action='store_true', help='fewer rounds: rougher medians, in less time')
    made.add_argument('--check', action='store_true', help='exit with 1 when a target is missed')
    return made


def on_one_core() -> None:
    """Bind the process to one core, where a process can be bound."""
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def finished(run: Callable[[Report], None], check: bool, surroundings: str) -> int:
    """Run a benchmark, say where it ran and how it is run again; its exit code.

    Args:
        run: prints the tables.
        check: whether a target that is missed is a failure.
        surroundings: what else the times depend on.
    """
    script = Path(sys.argv[0]).name
    report = Report()
    try:
        run(report)
    except (DisagreementError, WorkerError) as error:
        print(f'{script}: nothing is compared: {error}', file=sys.stderr)
        return 1
    print(f'\nPython {platform.python_version()}, {platform.platform()}, {surroundings}')
    print(f'python benchmarks/{script} {" ".join(sys.argv[1:])}'.rstrip())
    return 1 if check and report.missed else 0
