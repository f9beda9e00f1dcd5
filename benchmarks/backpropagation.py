"""What a gradient takes: forward and backward pass over the forward pass alone. One thread.

    python benchmarks/backpropagation.py [--quick] [--check]

It is about the sentence of Nielsen's chapter 2 that backpropagation takes about two forward passes. The column
'counted' has the same ratio for the products with weights, counted. What the alternative takes, finite differences, is
measured by finite_differences.py.

All ways compute one network: NumPy (`chapter.Network`), eager Values, and the compiled program by itself, many passes a
call. They take turns, and a ratio is taken within a round; reported are medians over the rounds, and the ratios'
quartiles. Before anything is timed, all must have the same gradient. Times are of the processor, so that what else it
does counts less; the garbage collector is off.
"""

import sys
from collections.abc import Iterator

import measuring
import ways
from measuring import Report, Target
from ways import Sizes

NETWORKS: tuple[Sizes, ...] = ((2, 3, 2), (64, 64, 64, 64, 64), ways.DIGITS)
EXAMPLES = (1, 10, 100)  # of a mini-batch
NAMES = ('NumPy', 'eager', 'eager, no graph', 'compiled')
MOST_EAGER = 30_000  # weights times examples
PASSES = Target('<=', 3.0)  # both passes over the forward pass, as many products at the most

WHY = """
Counted are the products with weights. Forward there is one for each weight. Backward there is one in BP4, and one in
BP2, but not in the first layer, as nobody asks for the derivatives by the inputs. So it is 2 where most weights are in
the first layer, and comes near to 3 where layers are many. Where the times differ from that:
  few weights   what surrounds the products takes most of the time, and the forward pass has its share of it
  eager         the first layer passes gradients to the inputs too; but to make a node takes longer than to pass it
  one example   NumPy: BP4 makes a new matrix, as large as that of the weights, where the forward pass makes a vector
                compiled: the time is that of reading the weights, and of writing as many numbers once"""


def report_passes(report: Report, count: int) -> None:
    """Print the time of both passes over that of the forward pass."""
    title = f'Forward and backward pass over the forward pass alone, medians of {count} rounds'
    header = (
        f'{"network":18}{"examples":>9}  {"":16}{"forward us":>11}{"both us":>11}{"counted":>9}{"times":>8}  '
        f'{"quartiles":13}  target'
    )
    cases = [(sizes, examples) for sizes in NETWORKS for examples in EXAMPLES]
    report.table(title, header, (row for case in cases for row in rows(report, *case, count)))
    print(WHY)


def rows(report: Report, sizes: Sizes, examples: int, count: int) -> Iterator[str]:
    """A row for each way."""
    found = ways.ways(sizes, examples, names_for(sizes, examples))
    often = {name: (ways.as_often(way.forward), ways.as_often(way.both)) for name, way in found.items()}

    def ask(name: str) -> dict[str, float]:
        way, (forward, both) = found[name], often[name]
        return {'forward': ways.seconds(way.forward, forward), 'both': ways.seconds(way.both, both)}

    taken = measuring.rounds(found, count, ask)
    for name in found:
        forward, both = (1e6 * measuring.median(taken, name, what) for what in ('forward', 'both'))
        low, middle, high = measuring.quartiles(taken, (name, 'both'), (name, 'forward'))
        verdict = report.against(PASSES if examples > 1 else None, middle)
        yield (
            f'{ways.written(sizes):18}{examples:9}  {name:16}{forward:11,.1f}{both:11,.1f}{products(sizes):9.2f}'
            f'{middle:8.2f}  {low:5.2f} - {high:5.2f}  {verdict}'
        )


def names_for(sizes: Sizes, examples: int) -> tuple[str, ...]:
    """The ways that do not take minutes."""
    short = ways.weights_of(sizes) * examples <= MOST_EAGER
    return tuple(name for name in NAMES if short or not issubclass(ways.WAYS[name], ways.Eager))


def products(sizes: Sizes) -> float:
    """Products with weights in both passes over those in the forward pass.

    Forward there is one for each weight. Backward BP4 has one for each, and BP2 too, but for those of the first layer:
    nobody asks how the cost depends on the inputs.
    """
    weights = ways.weights_of(sizes)
    return (3 * weights - sizes[0] * sizes[1]) / weights


def main() -> int:
    """Run the benchmark."""
    arguments = measuring.parser(__doc__).parse_args()
    return ways.measured(lambda report: report_passes(report, 5 if arguments.quick else 21), arguments.check)


if __name__ == '__main__':
    sys.exit(main())
