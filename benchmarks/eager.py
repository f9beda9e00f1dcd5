"""Speed and memory of eager Values against their peers, as ratios in one run.

    python benchmarks/eager.py [--quick] [--only mixed|moons|memory] [--check]

Every peer is a process of its own that is asked for one round at a time, so the peers take turns: a busy machine slows
all of them, and a ratio is taken within its round. Reported are medians over the rounds, and quartiles of the ratios.
Before anything is timed, all peers must give the same values and gradients. karpathy/micrograd is installed into
benchmarks/.peers, and so is HIPS autograd where the environment has none.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import measuring
import peers
from measuring import DisagreementError, Report, Round, Target, WorkerError, finished, median, quartiles, rounds

WORKER = Path(__file__).resolve().parent / 'worker.py'
TOLERANCE = 1e-9  # of the largest number in an answer
MIXED_NODES = 10_000
MOONS_STEPS = 3
MEMORY_QUANTITIES = {'forward': ' after forward', 'peak': ' peak of backward', 'left': ' left when dropped'}
MEMORY_NODES = {'ours': 1_000_000}
MEMORY_NODES_OF_A_PEER = 100_000
UNSEEN_BY_TRACEMALLOC = {'torch'}  # it allocates in C++
STATES = (True, False)  # the collector on, off


# By what is measured, of which peer, with the collector on or off.
TARGETS = {
    ('mixed', 'karpathy', True): Target('>=', 2.5),
    ('mixed', 'karpathy', False): Target('>=', 2.2),
    ('mixed', 'microgpt', True): Target('>=', 1.5),
    ('mixed', 'microgpt', False): Target('>=', 1.5),
    ('backward / forward', 'ours', False): Target('<=', 1.5),
    ('moons', 'karpathy', True): Target('>=', 8.0),
    ('forward', 'ours', False): Target('<=', 165.0),
    ('peak', 'ours', False): Target('<=', 210.0),
    ('left', 'ours', False): Target('<=', 1.0),
}


class Peer:
    """A worker process, asked over a pipe."""

    def __init__(self, name: str):
        self._name = name
        command = [sys.executable, str(WORKER), name]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, do: str, **arguments: object) -> dict[str, Any]:
        """Send one request and wait for its answer."""
        return json.loads(self._exchange(json.dumps({'do': do, **arguments})))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _exchange(self, request: str) -> str:
        requests, answers = self._process.stdin, self._process.stdout
        if requests is None or answers is None:
            raise ValueError('a worker is started with pipes')
        print(request, file=requests, flush=True)
        answer = answers.readline()
        if not answer:
            raise WorkerError(f'the worker of {self._name} ended; its own error stands above')
        return answer


def install(name: str) -> str:
    """Make a peer's package importable, and say why it is not: '' when it is."""
    origin = peers.ORIGINS[name]
    folder = peers.SIDE_FOLDER / name
    if not origin.always_aside and (find_spec(origin.package) or name in peers.OWN):
        return ''
    if not origin.requirements:
        return f'not installed: skipped, pip install {origin.package}'
    if (folder / origin.package).is_dir():
        return ''
    print(f'installing {" ".join(origin.requirements)} into {folder}', flush=True)
    command = [sys.executable, '-m', 'pip', 'install', '--quiet', '--no-deps', '--target', str(folder)]
    done = subprocess.run([*command, *origin.requirements], capture_output=True, text=True, check=False)
    return '' if done.returncode == 0 else f'not installed: skipped, {done.stderr.strip().splitlines()[-1]}'


def available() -> list[str]:
    """List the peers that can be run here, ours first, installing what may be installed."""
    reasons = {name: install(name) for name in peers.ORIGINS}
    for name, reason in reasons.items():
        if reason:
            print(f'{name}: {reason}')
    return [name for name, reason in reasons.items() if not reason]


@contextmanager
def running(names: Iterable[str]) -> Iterator[dict[str, Peer]]:
    """Start a worker for each peer, and end them all."""
    workers = {name: Peer(name) for name in names}
    try:
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


def check_agreement(workers: dict[str, Peer], program: str) -> None:
    """Refuse to compare peers that do not compute the same values and gradients."""
    answers = {name: worker.ask('answer', program=program, nodes=MIXED_NODES) for name, worker in workers.items()}
    ours = answers['ours']['numbers']
    scale = max(map(abs, ours))
    for name, theirs in answers.items():
        error = max(abs(a - b) for a, b in zip(ours, theirs['numbers'], strict=True)) / scale
        if not error <= TOLERANCE:
            raise DisagreementError(
                f'the peers disagree: {name} differs from ours in {program} by {error:.1e} of the largest number'
            )


def ratio_columns(report: Report, taken: list[Round], what: str, name: str, collector: bool) -> str:
    """Format how many times slower than ours a peer is."""
    if name == 'ours':
        return ''
    low, middle, high = quartiles(taken, (name, 'total'), ('ours', 'total'))
    return f'{middle:7.2f}  {low:6.2f} - {high:6.2f}  {report.against(TARGETS.get((what, name, collector)), middle)}'


def report_mixed(report: Report, names: list[str], count: int) -> None:
    """Print the time a node of a graph of mixed operations."""
    title = f'Mixed graph, {MIXED_NODES:,} nodes (operations of the program): us a node, medians of {count} rounds'
    header = f'{"":10}{"collector":10}{"forward":>9}{"backward":>10}{"both":>8}{"x ours":>9}  {"quartiles":15}  target'
    with running(names) as workers:
        check_agreement(workers, 'mixed')
        report.table(title, header, (row for on in STATES for row in mixed_rows(report, workers, count, on)))


def mixed_rows(report: Report, workers: dict[str, Peer], count: int, collector: bool) -> Iterator[str]:
    """Time all peers with the collector on or off; a row each, and one for backward over forward."""
    taken = rounds(workers, count, lambda name: workers[name].ask('mixed', nodes=MIXED_NODES, collector=collector))
    state = 'on' if collector else 'off'
    for name in workers:
        times = [1e6 * median(taken, name, quantity) / MIXED_NODES for quantity in ('forward', 'backward', 'total')]
        columns = ratio_columns(report, taken, 'mixed', name, collector)
        yield f'{name:10}{state:10}{times[0]:9.2f}{times[1]:10.2f}{times[2]:8.2f}  {columns}'
    slowdown = statistics.median(each['ours']['backward'] / each['ours']['forward'] for each in taken)
    verdict = report.against(TARGETS.get(('backward / forward', 'ours', collector)), slowdown)
    yield f'{"ours":10}{state:10}{"backward / forward":>27}{slowdown:9.2f}  {"":15}  {verdict}'


def report_moons(report: Report, names: list[str], count: int) -> None:
    """Print the time of a training step."""
    title = f'Moons demo, MLP 2-16-16-1, 100 examples: ms a full-batch step, medians of {count} rounds'
    header = f'{"":10}{"collector":10}{"step":>27}{"x ours":>9}  {"quartiles":15}  target'
    with running([names[0], 'by hand', *names[1:]]) as workers:  # the first is ours
        check_agreement(workers, 'moons')
        report.table(title, header, (row for on in STATES for row in moons_rows(report, workers, count, on)))


def moons_rows(report: Report, workers: dict[str, Peer], count: int, collector: bool) -> Iterator[str]:
    """Time all peers with the collector on or off; a row each."""
    taken = rounds(
        workers, count, lambda name: workers[name].ask('moons', steps=moons_steps(name), collector=collector)
    )
    state = 'on' if collector else 'off'
    for name in workers:
        columns = ratio_columns(report, taken, 'moons', name, collector)
        yield f'{name:10}{state:10}{1e3 * median(taken, name, "total"):27.1f}  {columns}'


def moons_steps(name: str) -> int:
    """Tell how many steps a round takes: several, so that the garbage of one is in the way of the next."""
    return 1 if name in peers.SLOW else MOONS_STEPS


def report_memory(report: Report, names: list[str]) -> None:
    """Print what a graph holds, with the collector off: a fresh process each."""
    title = 'Memory of the mixed graph, collector off: bytes a node (tracemalloc, which does not see PyTorch)'
    header = f'{"":10}{"nodes":>10}  ' + ''.join(f'{title:24}' for title in MEMORY_QUANTITIES.values()).rstrip()
    seen = [name for name in names if name not in UNSEEN_BY_TRACEMALLOC]
    report.table(title, header, (memory_row(report, name) for name in seen))


def memory_row(report: Report, name: str) -> str:
    """Measure one peer."""
    nodes = MEMORY_NODES.get(name, MEMORY_NODES_OF_A_PEER)
    with running([name]) as workers:
        held = workers[name].ask('memory', nodes=nodes)
    columns = [
        (held[quantity], report.against(TARGETS.get((quantity, name, False)), held[quantity]))
        for quantity in MEMORY_QUANTITIES
    ]
    return f'{name:10}{nodes:10,}  ' + ''.join(f'{value:6.0f} {verdict:17}' for value, verdict in columns)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = measuring.parser(__doc__)
    parser.add_argument('--only', choices=('mixed', 'moons', 'memory'), help='one table instead of all three')
    return parser.parse_args()


def run(arguments: argparse.Namespace, report: Report) -> None:
    """Print the tables that were asked for."""
    names = available()
    if arguments.only in (None, 'mixed'):
        report_mixed(report, names, count=5 if arguments.quick else 21)
    if arguments.only in (None, 'moons'):
        report_moons(report, names, count=2 if arguments.quick else 7)
    if arguments.only in (None, 'memory'):
        report_memory(report, names)


def main() -> int:
    """Run the benchmark."""
    arguments = parse_arguments()
    return finished(lambda report: run(arguments, report), arguments.check, f'{os.cpu_count()} cores')


if __name__ == '__main__':
    sys.exit(main())
