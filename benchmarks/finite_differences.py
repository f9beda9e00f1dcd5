"""What the alternative takes: finite differences against backpropagation, from 10 weights to 100,000. One thread.

    python benchmarks/finite_differences.py [--quick] [--save] [--check]

It is about equation (46) of Nielsen's chapter 2: change one weight, run the network again, and so on for each weight.
That is a forward pass a weight, where backpropagation takes one forward and one backward pass for all of them. Where
there are many weights, some are changed, as many as stand in the table, and the time is scaled to all.

A network, and one example, is computed in NumPy (`chapter.Network`), on Values, and by the compiled program, many
passes a call. `gradcheck` takes central differences of several widths, so it makes many passes a weight, which are
counted; it is measured up to 10,000 weights. All take turns, and a ratio is taken within a round; reported are medians
over the rounds, and the ratios' quartiles. Before anything is timed, all must have the same gradient. Times are of the
processor, so that what else it does counts less; the garbage collector is off.

With --save the medians go to visuals/finite_differences.csv, and the picture of them beside it.
"""

import argparse
import sys
from collections.abc import Iterator

import measuring
import ways
from measuring import Report, Target
from ways import Sizes, Way

from micrograd.render.plots import save_figure
from visuals import differences
from visuals.differences import Point

NETWORKS: tuple[Sizes, ...] = (
    (1, 2, 2),
    (4, 4, 2),
    (8, 9, 2),
    (16, 14, 4),
    (32, 25, 7),
    (64, 40, 10),
    (196, 48, 10),
    ways.DIGITS,
    (784, 126, 10),
)
NAMES = ('NumPy', 'eager', 'compiled')  # eager passes make their graph: in no_grad they take longer
MOST_GRADCHECK = 10_000  # parameters: of more, even the least of them takes long
TARGET = Target('>=', 6_000.0)  # how many times as long, of 784-30-10; half of its 23,860 passes is the least

WHY = """
About half as many times as there are parameters: a forward pass for each, over about two. In NumPy it is less where
weights are many: BP4 makes a new matrix, as large as that of the weights, where the forward pass makes a vector.
Compiled it is more there: both passes take less than two forward passes, and a weight is changed together with 63
others, all but one of which are written as they were."""


def report_differences(report: Report, count: int) -> list[Point]:
    """Print the time of finite differences over that of backpropagation, and give the medians."""
    title = f'A gradient for one example: finite differences against backpropagation, medians of {count} rounds'
    header = (
        f'{"network":12}{"parameters":>11}  {"":16}{"forward us":>11}{"backprop us":>12}{"differences ms":>16}'
        f'{"measured":>10}{"passes each":>12}{"times":>11}  {"quartiles":21}  target'
    )
    points: list[Point] = []
    report.table(title, header, (row for sizes in NETWORKS for row in rows(report, sizes, count, points)))
    print(WHY)
    return points


def rows(report: Report, sizes: Sizes, count: int, points: list[Point]) -> Iterator[str]:
    """A row for each way, whose medians are added to the points."""
    parameters = ways.parameters_of(sizes)
    found = ways.ways(sizes, 1, (*NAMES, 'gradcheck') if parameters <= MOST_GRADCHECK else NAMES)
    measurements = {name: Measurement(way, parameters) for name, way in found.items()}
    taken = measuring.rounds(found, count, lambda name: measurements[name].ask())
    for name, measurement in measurements.items():
        forward, both, changed = (measuring.median(taken, name, what) for what in ('forward', 'both', 'differences'))
        low, middle, high = measuring.quartiles(taken, (name, 'differences'), (name, 'both'))
        target = TARGET if sizes == ways.DIGITS else None
        points.append(Point(name, ways.written(sizes), parameters, both, changed, measurement.some))
        yield (
            f'{ways.written(sizes):12}{parameters:11,}  {name:16}{1e6 * forward:11,.1f}{1e6 * both:12,.1f}'
            f'{1e3 * changed:16,.2f}{measurement.some:10,}{measurement.passes_each:12.1f}{middle:11,.1f}  '
            f'{low:9,.1f} - {high:9,.1f}  {report.against(target, middle)}'
        )


class Measurement:
    """How a way is measured, in a time that does not grow with the network.

    Args:
        way: the way.
        parameters: how many it has.
    """

    def __init__(self, way: Way, parameters: int):
        self._way = way
        self._forward, self._both = ways.as_often(way.forward), ways.as_often(way.both)
        self.some = ways.as_often(way.differences, parameters)
        self._repeats = ways.as_often(self._differences) if self.some == parameters else 1
        passes = way.passes(self.some)
        self.passes_each = (passes - 1) / self.some  # there is one before any weight is changed
        self._scale = (1 + self.passes_each * parameters) / passes

    def ask(self) -> dict[str, float]:
        """Seconds of a forward pass, of both passes, and of all differences."""
        return {
            'forward': ways.seconds(self._way.forward, self._forward),
            'both': ways.seconds(self._way.both, self._both),
            'differences': self._scale * ways.seconds(self._differences, self._repeats),
        }

    def _differences(self, times: int) -> None:
        self._way.differences(self.some, times)


def save(points: list[Point]) -> None:
    """Write the numbers, and draw them."""
    differences.write(points)
    path = save_figure(differences.figure(differences.read()), differences.KEPT.with_suffix('.png'))
    print(f'\nsaved {path} and {differences.KEPT.name}')


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = measuring.parser(__doc__)
    parser.add_argument('--save', action='store_true', help='keep the medians, and draw them, in visuals/')
    return parser.parse_args()


def main() -> int:
    """Run the benchmark."""
    arguments = parse_arguments()

    def run(report: Report) -> None:
        points = report_differences(report, 5 if arguments.quick else 21)
        if arguments.save:
            save(points)

    return ways.measured(run, arguments.check)


if __name__ == '__main__':
    sys.exit(main())
