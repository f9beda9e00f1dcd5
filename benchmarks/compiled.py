"""Speed of compiled programs against C, NumPy, PyTorch, JAX and karpathy/micrograd, as ratios in one run.

    python benchmarks/compiled.py [--quick] [--only moons|digits|compiler|irregular] [--check]

Every peer is a process of its own, bound to one core, with one thread; the peers take turns, and a ratio is taken
within its round. Reported are medians over the rounds, and quartiles of the ratios. Before anything is timed, all peers
must have the same losses and parameters after the same steps. Times are of the steps alone, as JAX's are after jit:
those of `fit` are the epochs in its History. 'long' is `fit` over 1,000 steps; 'no fit' is its program by itself, warm.

The peers are installed into benchmarks/.peers, and the C is compiled by the system's gcc; where there is none, the rows
of C are missing.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import eager
import measuring
import peers
from measuring import ONE_THREAD, DisagreementError, Report, Target, WorkerError

ENVIRONMENT = peers.SIDE_FOLDER / 'compiled'
REQUIREMENTS = ('torch==2.13.0', 'jax==0.10.2', 'numpy==2.4.6', 'llvmlite==0.50.0')
FLAGS_OF_C = '-O3 -march=native -ffast-math'
TOLERANCES = {'float32': 1e-4}  # of the largest number
TOLERANCE = 1e-9  # in float64

STEPS = {'moons': 100, 'digits': 300}  # of one timing
PER = 100  # steps: the times in the tables
STEPS_OF = {'karpathy': 1, 'ours, long': 1_000}  # where it is another number; `fit` begins with cold caches
REPEATS = {'ours': 3, 'PyTorch': 1, 'NumPy per example': 1, 'karpathy': 1}
REPEATS_OF_OTHERS = 5

C = ('C tiled', 'C batched', 'C plain')
JAX = ('JAX scan float32', 'JAX scan float64', 'JAX jit float32', 'JAX jit float64')
PEERS = {
    'moons': (*C, *JAX, 'NumPy', 'PyTorch', 'karpathy'),
    'digits': (*C, *JAX, 'NumPy', 'NumPy per example', 'PyTorch'),
}
TITLES = {
    'moons': 'Moons, MLP 2-16-16-1, 100 examples, hinge and L2, all of them in each step: ms for 100 steps',
    'digits': 'Digits, 784-30-10, sigmoid, quadratic cost, mini-batches of 10: ms for 1,000 examples',
}
TARGETS = {  # of a peer's time over ours
    ('moons', 'C tiled'): Target('>=', 0.8),
    ('moons', 'C batched'): Target('>=', 0.8),
    ('moons', 'C plain'): Target('>=', 1.0),
    ('moons', 'JAX scan float32'): Target('>=', 2.0),
    ('moons', 'JAX scan float64'): Target('>=', 2.0),
    ('moons', 'NumPy'): Target('>=', 8.0),
    ('moons', 'PyTorch'): Target('>=', 40.0),
    ('moons', 'karpathy'): Target('>=', 30_000.0),
    ('digits', 'C tiled'): Target('>=', 0.667),
    ('digits', 'C batched'): Target('>=', 0.667),
    ('digits', 'NumPy'): Target('>=', 1.8),
    ('digits', 'JAX jit float64'): Target('>=', 2.0),
    ('digits', 'PyTorch'): Target('>=', 8.0),
}
FIRST = {'moons': Target('<=', 0.5), 'digits': Target('<=', 1.0)}  # seconds
PASSES = Target('<=', 5.0)  # us a node
GRADIENT = Target('<=', 3.0)  # value and gradient over the value
IRREGULAR = Target('<=', 0.8)  # ns a node and example
OPERATIONS = 100_000


class Peer:
    """A process that trains one problem in one way, asked over a pipe."""

    def __init__(self, name: str, problem: str):
        self._name = name
        self._process = subprocess.Popen(
            [str(interpreter()), '-m', 'trainers', name, problem],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **surroundings(),
        )

    def ask(self, steps: int, repeats: int, numbers: bool) -> dict[str, Any]:
        """Train, and wait for the answer."""
        requests, answers = self._process.stdin, self._process.stdout
        if requests is None or answers is None:
            raise ValueError('a peer is started with pipes')
        print(json.dumps({'steps': steps, 'repeats': repeats, 'numbers': numbers}), file=requests, flush=True)
        answer = answers.readline()
        if not answer:
            raise WorkerError(f'the process of {self._name} ended; its own error stands above')
        return json.loads(answer)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def interpreter() -> Path:
    """Where Python is in the environment of the peers."""
    return ENVIRONMENT / ('Scripts/python.exe' if os.name == 'nt' else 'bin/python')


def surroundings() -> dict[str, Any]:
    """Where a process runs, and with which variables."""
    return {'cwd': Path(__file__).resolve().parent, 'env': {**os.environ, **ONE_THREAD}}


def install() -> None:
    """Make the environment of the peers, once for each list of requirements."""
    mark = ENVIRONMENT / 'requirements.txt'
    wanted = '\n'.join(REQUIREMENTS)
    if mark.exists() and mark.read_text(encoding='utf-8') == wanted:
        return
    print(f'installing {" ".join(REQUIREMENTS)} into {ENVIRONMENT}', flush=True)
    venv.create(ENVIRONMENT, clear=True, symlinks=os.name != 'nt', with_pip=True)
    subprocess.run([str(interpreter()), '-m', 'pip', 'install', '--quiet', *REQUIREMENTS], check=True)
    mark.write_text(wanted, encoding='utf-8')


def available(problem: str) -> list[str]:
    """List the peers that can be run here, ours first."""
    missing = {'karpathy': eager.install('karpathy')} if problem == 'moons' else {}
    if shutil.which('gcc') is None:
        missing |= dict.fromkeys(C, 'there is no gcc: skipped')
    for name, reason in missing.items():
        if reason:
            print(f'{name}: {reason}')
    return ['ours', 'ours, long', 'ours, no fit', *(name for name in PEERS[problem] if not missing.get(name))]


@contextmanager
def running(names: Iterable[str], problem: str) -> Iterator[dict[str, Peer]]:
    """Start a process for each peer, and end them all."""
    with ExitStack() as stack:
        workers = {}
        for name in names:
            workers[name] = Peer(name, problem)
            stack.callback(workers[name].close)
        yield workers


def check_agreement(workers: dict[str, Peer], problem: str) -> None:
    """Refuse to compare peers that do not train alike."""
    ours = {steps: workers['ours'].ask(steps, 1, numbers=True) for steps in set(map(compared_steps, workers))}
    for name, worker in workers.items():
        steps = compared_steps(name)
        theirs, mine = worker.ask(steps, 1, numbers=True), ours[steps]
        tolerance = next((t for dtype, t in TOLERANCES.items() if dtype in name), TOLERANCE)
        for what, error in differences(mine, theirs).items():
            if not error <= tolerance:
                raise DisagreementError(
                    f'the peers disagree: after {steps} steps of {problem} the {what} of {name} differ from ours by '
                    f'{error:.1e} of the largest'
                )


def compared_steps(name: str) -> int:
    """Tell after how many steps a peer is compared."""
    return 2 if STEPS_OF.get(name, PER) < PER else PER


def differences(mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, float]:
    """How far two trainings are apart: the mean loss, and the worst of the parameters over the largest."""
    losses = [statistics.fmean(each['losses']) for each in (mine, theirs)]
    pairs = list(zip(mine['parameters'], theirs['parameters'], strict=True))
    largest = max(abs(p) for p in mine['parameters'])
    return {
        'losses': abs(losses[0] - losses[1]) / abs(losses[0]),
        'parameters': max(abs(p - q) for p, q in pairs) / largest,
    }


def timed(worker: Peer, name: str, problem: str) -> dict[str, float]:
    """One round of one peer: seconds for PER steps."""
    steps = STEPS_OF.get(name, STEPS[problem])
    seconds = worker.ask(steps, REPEATS.get(name, REPEATS_OF_OTHERS), numbers=False)['seconds']
    return {'total': seconds * PER / steps}


def report_training(report: Report, problem: str, count: int) -> None:
    """Print how long everybody takes for the same steps."""
    header = f'{"":20}{"ms":>12}{"x ours":>11}  {"quartiles":21}  target'
    with running(available(problem), problem) as workers:
        check_agreement(workers, problem)
        report.table(
            f'{TITLES[problem]}, medians of {count} rounds', header, training_rows(report, workers, problem, count)
        )


def training_rows(report: Report, workers: dict[str, Peer], problem: str, count: int) -> Iterator[str]:
    """Time all peers; a row each."""
    taken = measuring.rounds(workers, count, lambda name: timed(workers[name], name, problem))
    for name in workers:
        milliseconds = f'{name:20}{1e3 * measuring.median(taken, name, "total"):12,.2f}'
        if name == 'ours':
            yield milliseconds
            continue
        low, middle, high = measuring.quartiles(taken, (name, 'total'), ('ours', 'total'))
        verdict = report.against(TARGETS.get((problem, name)), middle)
        yield f'{milliseconds}{middle:11,.2f}  {low:9,.2f} - {high:9,.2f}  {verdict}'


def measured(*arguments: str) -> dict[str, Any]:
    """Ask a fresh process for one measurement of the compiler."""
    command = [str(interpreter()), '-m', 'trainers.compiling', *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, **surroundings())
    if done.returncode:
        raise WorkerError(f'{" ".join(arguments)} could not be measured; the error stands above')
    return json.loads(done.stdout)


def report_compiler(report: Report, count: int) -> None:
    """Print what compiling takes, and gradients."""
    header = f'{"":46}{"moons":>9}{"":20}{"digits":>9}'
    title = f'The compiler, medians of {count} fresh processes'
    report.table(title, header, compiler_rows(report, count))


def compiler_rows(report: Report, count: int) -> Iterator[str]:
    """A row for each measurement."""
    taken = {
        (what, problem): [measured(what, problem) for _ in range(count)]
        for what in ('first', 'passes', 'gradient')
        for problem in STEPS
    }

    def row(label: str, what: str, value: Any, target: Any, digits: int = 2) -> str:
        columns = []
        for problem in STEPS:
            number = statistics.median(value(each) for each in taken[what, problem])
            goal = target[problem] if isinstance(target, dict) else target
            columns.append(f'{number:9,.{digits}f}  {report.against(goal, number):18}')
        return f'{label:46}{"".join(columns)}'

    yield row('first call to first result, seconds', 'first', lambda each: each['seconds'], FIRST)
    yield row('nodes, gradients among them', 'passes', lambda each: each['nodes'], None, digits=0)
    yield row('tracing to loading, us a node', 'passes', lambda each: 1e6 * each['seconds'] / each['nodes'], PASSES)
    yield row('value and gradient / value', 'gradient', lambda each: each['both'] / each['value'], GRADIENT)


def report_irregular(report: Report) -> None:
    """Print what a graph without regularity takes."""
    title = f'A random graph of {OPERATIONS:,} operations: ns an operation and example'
    header = f'{"examples":>10}{"value":>9}  {"target":18}{"and gradient":>14}{"/ value":>10}  target'
    report.table(title, header, irregular_rows(report))


def irregular_rows(report: Report) -> Iterator[str]:
    """A row for each number of examples."""
    answers = measured('irregular', str(OPERATIONS))
    passes = answers.pop('passes')
    for examples, seconds in answers.items():
        value, both = (1e9 * seconds[what] / (OPERATIONS * int(examples)) for what in ('value', 'both'))
        verdicts = report.against(IRREGULAR, value), report.against(GRADIENT, both / value)
        yield f'{examples:>10}{value:9.2f}  {verdicts[0]:18}{both:14.2f}{both / value:10.2f}  {verdicts[1]}'
    a_node = 1e6 * passes['seconds'] / passes['nodes']
    yield f'tracing to loading: {a_node:.2f} us for each of {passes["nodes"]:,} nodes  {report.against(PASSES, a_node)}'


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = measuring.parser(__doc__)
    choices = ('moons', 'digits', 'compiler', 'irregular')
    parser.add_argument('--only', choices=choices, help='one table instead of all of them')
    return parser.parse_args()


def run(arguments: argparse.Namespace, report: Report) -> None:
    """Print the tables that were asked for."""
    install()
    for problem in STEPS:
        if arguments.only in (None, problem):
            report_training(report, problem, count=5 if arguments.quick else 21)
    if arguments.only in (None, 'compiler'):
        report_compiler(report, count=3 if arguments.quick else 9)
    if arguments.only in (None, 'irregular'):
        report_irregular(report)


def main() -> int:
    """Run the benchmark."""
    arguments = parse_arguments()
    surroundings = f'C: gcc {FLAGS_OF_C}, one thread each, {", ".join(REQUIREMENTS)}'
    return measuring.finished(lambda report: run(arguments, report), arguments.check, surroundings)


if __name__ == '__main__':
    sys.exit(main())
