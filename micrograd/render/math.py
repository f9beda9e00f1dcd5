"""The chain rule of one value, written out: first in symbols, then with its numbers, as text or as LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain, count

from micrograd.columns import columns_of
from micrograd.engine import Value
from micrograd.formulas import POWER, STRENGTHS
from micrograd.letters import SUBSCRIPTS
from micrograd.node import ByHand, parents
from micrograd.paths import Paths, local_derivatives
from micrograd.render.notation import LATEX, UNICODE, Notation
from micrograd.render.text import Names, grad_remark
from micrograd.render.view import plural

TERMS = 6  # of a sum that are written out
WIDTH = 80  # characters of a line of text


# What is said ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Equation:
    """One quantity and what it is equal to, each side as the summands that it consists of."""

    left: str
    sides: tuple[Sequence[str], ...]
    sign: str = '='


@dataclass(slots=True)
class _Speaker:
    """Writes the parts of one explanation in one notation, and gives names to values that have none.

    Args:
        n: the notation.
        names: of the graph.
        own: the names given here.
        made: the values that they were given to.
    """

    n: Notation
    names: Names
    own: dict[int, str] = field(default_factory=dict)
    made: list[Value] = field(default_factory=list)

    def call(self, v: Value, preferred: str = '') -> str:
        """The name of a value, which is given one where it has none; what that stands for is said by `where`."""
        if name := self.names.name(v) or self.own.get(id(v)):
            return name
        preferences = chain([preferred] if preferred else [], _numbered())
        self.own[id(v)] = next(name for name in preferences if not self._is_taken(name))
        self.made.append(v)
        return self.own[id(v)]

    def _is_taken(self, name: str) -> bool:
        return name in self.names.taken or name in self.own.values()

    def operand(self, v: Value) -> str:
        """A value in a formula: by its name, a constant by its number, else by how it was made."""
        if name := self.names.name(v) or self.own.get(id(v)):
            return self.n.name(name)
        if not parents(v):
            return self.factor(v.data)
        made = self.made_of(v, [self.n.more] * len(parents(v)))
        return f'({made})' if _is_infix(v) else made

    def made_of(self, v: Value, operands: Iterable[str]) -> str:
        """How a value was made; of many operands the first few."""
        written = list(operands)
        return self.n.operation(v, written if len(written) <= TERMS else [*written[:TERMS], self.n.more])

    def made_of_numbers(self, v: Value) -> str:
        """The same with the numbers of the operands."""
        first = self.n.number if STRENGTHS.get(v._op, POWER) < POWER else self.factor
        others = self.factor if _is_infix(v) or not self.n.encloses else self.n.number
        first = first if _is_infix(v) else others
        numbers = [p.data for p in parents(v)]
        return self.made_of(v, [*map(first, numbers[:1]), *map(others, numbers[1:])])

    def formula(self, v: Value) -> str:
        """How a value was made from others, in symbols."""
        return self.made_of(v, map(self.operand, parents(v))) if parents(v) else self.n.number(v.data)

    def factor(self, x: float) -> str:
        """A number among others."""
        text = self.n.number(x)
        return f'({text})' if text[0] in '-−' else text

    def product(self, upstream: float | None, factor: float, shut: bool) -> str:
        """What arrives along one edge; nothing through a shut gate."""
        return '0' if shut or upstream is None else f'{self.factor(upstream)}{self.n.times}{self.factor(factor)}'

    def where(self) -> list[Equation]:
        """What the names stand for that were given here."""
        return [Equation(self.n.name(self.own[id(v)]), ((self.formula(v),),)) for v in self.made]


def _is_infix(v: Value) -> bool:
    return v._op in STRENGTHS or v._op.startswith('**')


def _numbered() -> Iterable[str]:
    return (f'v{i}'.translate(SUBSCRIPTS) for i in count(1))


def explain(v: Value, of: Value | None = None) -> Explanation:
    """The chain rule of one value, in symbols and with its numbers.

    Args:
        v: the value.
        of: the result whose derivative by v is explained, as the sum over the uses of v of what arrives along each.
            Without it, it is explained how v was made, and what it passes on to each of its operands in backward(),
            with the gradients that are there.

    Returns:
        What prints as text, has the same as `latex`, and is typeset in a notebook.

    Raises:
        GraphError: the way from v to the result leads through an operation that was defined by hand.
        StaleGraphError: numbers were changed after the graph was built from them.
        TypeError: v or the result is no Value.

    >>> w, x = Value(2.0, label='w'), Value(3.0, label='x')
    >>> C = w * x + w**2
    >>> C.label = 'C'
    >>> C.backward()
    >>> print(explain(w, C))
    ∂C/∂w = ∂C/∂v₁ · ∂v₁/∂w + ∂C/∂v₂ · ∂v₂/∂w = 1 · 3 + 1 · 4 = 7
    <BLANKLINE>
    where v₁ = w × x
          v₂ = w**2
    """
    for thing in (v, v if of is None else of):
        if not isinstance(thing, Value):
            raise TypeError(
                f'explain() explains a Value, not {type(thing).__name__}: {thing!r:.60}. '
                'Wrong: explain([w, b], C). Right: [explain(p, C) for p in (w, b)]'
            )
    return _Making(v) if of is None else _Derivative(v, of)


class Explanation:
    """Equations about one value, and remarks on them. A snapshot: it shows the graph as it was.

    Attributes:
        text: for a terminal, in lines of 80 characters where names are short.
        latex: the same as LaTeX, without the dollar signs around it.
    """

    def __init__(self) -> None:
        self.text = self._as_text()
        self.latex = self._as_latex()

    def _say(self, n: Notation) -> tuple[list[Equation], list[Equation], list[str]]:
        """The equations, what names in them stand for, and remarks."""
        raise NotImplementedError

    def _as_text(self) -> str:
        equations, where, remarks = self._say(UNICODE)
        blocks = ['\n'.join(line for equation in equations for line in _text_lines(equation))]
        if where:
            leads = ['where ', *['      '] * (len(where) - 1)]
            meanings = zip(leads, where, strict=True)
            blocks.append('\n'.join(f'{lead}{line}' for lead, each in meanings for line in _text_lines(each)))
        return '\n\n'.join([*blocks, '\n'.join(remarks)] if remarks else blocks)

    def _as_latex(self) -> str:
        equations, where, remarks = self._say(LATEX)
        lines = [line for equation in [*equations, *where] for line in _latex_lines(equation)]
        lines += [rf'&{LATEX.words(remark)}' for remark in remarks]
        return '\\begin{aligned}\n' + ' \\\\\n'.join(lines) + '\n\\end{aligned}'

    def _repr_latex_(self) -> str:
        return f'$$\n{self.latex}\n$$'

    def __repr__(self) -> str:
        return self.text


class _Derivative(Explanation):
    """The derivative of a result by a value: the sum over the uses of the value."""

    def __init__(self, v: Value, of: Value):
        self._v, self._of = v, of
        self._names = Names(of, v)
        paths = Paths(v, of)
        self._uses, self._total = paths.consumers(), paths.total
        super().__init__()

    def _say(self, n: Notation) -> tuple[list[Equation], list[Equation], list[str]]:
        speaker = _Speaker(n, self._names)
        end, start = speaker.call(self._of, 'C'), speaker.call(self._v)
        uses = self._uses[:TERMS]
        consumers = [speaker.call(consumer) for consumer, _, _ in uses]
        symbols = [f'{n.rate(end, name)}{n.times}{n.rate(name, start)}' for name in consumers]
        products = [speaker.product(upstream, edge.factor, edge.shut) for _, edge, upstream in uses]
        rest = [n.more] if len(self._uses) > TERMS else []
        sides = [[*symbols, *rest], [*products, *rest]] if uses else []
        equation = Equation(n.rate(end, start), (*sides, [n.number(self._total)]))
        return [equation], speaker.where(), [*self._remarks(end, start, shut='0' in products)]

    def _remarks(self, end: str, start: str, shut: bool) -> Iterable[str]:
        if not self._uses and self._v is not self._of:
            yield f'{end} does not depend on {start}.'
        if len(self._uses) > TERMS:
            yield f'… stands for {plural(len(self._uses) - TERMS, "term")} more; the sum is over all of them.'
        if shut:
            yield 'A term 0 comes through a gate that is shut: it passes nothing.'
        if remark := grad_remark(self._v, start, self._total):
            yield remark


class _Making(Explanation):
    """How a value was made, and what it passes on to its operands."""

    def __init__(self, v: Value):
        self._v = v
        self._names = Names(v)
        self._edges = list(zip(parents(v), local_derivatives(v), strict=True))
        super().__init__()

    def _say(self, n: Notation) -> tuple[list[Equation], list[Equation], list[str]]:
        speaker = _Speaker(n, self._names)
        v = self._v
        end = 'C' if self._names.name(v) == 'C' else _first_free('CLJ', self._names.taken)
        name = speaker.call(v)
        upstream = n.rate(end, name)
        if not self._edges:
            equations = [Equation(n.name(name), ([n.number(v.data)],)), Equation(upstream, ([n.number(v.grad)],))]
            return equations, [], [f'{name} is a leaf: no operation made it.', *_ask_the_result(end, name)]
        shown = self._edges[:TERMS]
        operands = [speaker.call(p) for p, _ in shown]
        equations = [
            Equation(n.name(name), ([speaker.formula(v)], [speaker.made_of_numbers(v)], [n.number(v.data)])),
            *(
                self._passed_on(n, speaker, (end, name, operand), *derivative)
                for operand, (_, derivative) in zip(operands, shown, strict=True)
            ),
        ]
        where = [each for each in speaker.where() if each.left != n.name(name)]
        return equations, where, [*self._remarks(end, name)]

    def _passed_on(
        self, n: Notation, speaker: _Speaker, names: tuple[str, str, str], factor: float | None, shut: bool
    ) -> Equation:
        """What an operand receives."""
        end, name, operand = names
        symbols = f'{n.rate(end, name)}{n.times}{n.rate(name, operand)}'
        if factor is None:
            return Equation(n.rate(end, operand), ([symbols],), '+=')
        grad = self._v.grad
        product = n.number(0.0 if shut else grad * factor)
        return Equation(n.rate(end, operand), ([symbols], [speaker.product(grad, factor, shut)], [product]), '+=')

    def _remarks(self, end: str, name: str) -> Iterable[str]:
        if len(self._edges) > TERMS:
            yield f'{plural(len(self._edges) - TERMS, "operand")} more receive theirs in the same way.'
        if type(self._v._row) is ByHand:
            yield f'{name} was defined by hand: only its closure knows the local derivatives.'
        if name != end:
            yield from _ask_the_result(end, name)


def _ask_the_result(end: str, name: str) -> tuple[str, str]:
    return (
        f'{end} is the result that backward() was called on.',
        f'What {UNICODE.rate(end, name)} is the sum of: micrograd.explain({name}, {end})',
    )


def _first_free(names: Iterable[str], taken: Set[str]) -> str:
    return next((name for name in names if name not in taken), 'C')


# Lines ----------------------------------------------------------------------------------------------------------------


def _text_lines(equation: Equation) -> list[str]:
    """All in one line if it fits; else a line for each side, and more for a long one."""
    sides = [' + '.join(side) for side in equation.sides]
    line = ' = '.join([f'{equation.left} {equation.sign} {sides[0]}', *sides[1:]])
    if columns_of(line) <= WIDTH:
        return [line]
    margin = ' ' * columns_of(equation.left)
    lines = []
    for i, side in enumerate(equation.sides):
        lead = f'{equation.left} {equation.sign} ' if i == 0 else f'{margin} {"=":>{len(equation.sign)}} '
        lines += _filled(lead, side)
    return lines


def _filled(lead: str, summands: Sequence[str]) -> list[str]:
    lines = [f'{lead}{summands[0]}']
    for summand in summands[1:]:
        longer = f'{lines[-1]} + {summand}'
        if columns_of(longer) <= WIDTH:
            lines[-1] = longer
        else:
            lines.append(f'{" " * (columns_of(lead) - 2)}+ {summand}')
    return lines


def _latex_lines(equation: Equation) -> list[str]:
    """All in one line if it is short; else a line for each side, and one more for every three summands."""
    if all(len(side) <= 2 for side in equation.sides):
        sides = ' = '.join(' + '.join(side) for side in equation.sides)
        return [f'{equation.left} &{_LATEX_SIGNS[equation.sign]} {sides}']
    lines = []
    for i, side in enumerate(equation.sides):
        lead = f'{equation.left} &{_LATEX_SIGNS[equation.sign]} ' if i == 0 else '&= '
        for j in range(0, len(side), 3):
            lines.append((lead if j == 0 else r'&\quad + ') + ' + '.join(side[j : j + 3]))
    return lines


_LATEX_SIGNS = {'=': '=', '+=': r'\mathrel{+}='}
