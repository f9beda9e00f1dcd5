"""Raising, first step: sums of products, found in the trees of additions and multiplications that they were written as.

A tree whose inner nodes nobody else uses becomes one sum with many terms, coefficient times value. In a varying sum the
coefficients are shared by all examples, so that it is a row of a matrix product; or they vary too, and it is a dot
product. A mean over the examples of a product becomes a pair of factors, one entry of an outer product.

Invariant: what a sum adds up are the very products of the program, in another order; only a 0 is left out, so that a
sum that is exactly 0 may have the other sign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from micrograd.compiler.graph import CONSTANT, INPUT, MEAN, Graph, Node
from micrograd.primitives import ADD, EQUAL, MUL, NEG, SUB, WHERE

ONE = -1  # in place of a value: the number 1
FEW = 4  # terms of a sum of shared numbers

Term = tuple[int | float, int]  # a coefficient, a node or a number as float; and a value, a node or ONE


class Sums:
    """What has become of the sums and means of a graph.

    A varying sum that has terms of both kinds is split: the terms with shared coefficients become a sum of their own,
    under a number behind those of the nodes.

    Attributes:
        terms: sum -> its terms.
        dots: the sums whose terms are products of two varying numbers, or varying numbers alone.
        means: mean -> the two factors of what it is the mean of; the second may be ONE.
        choices: mean -> (index, choice, value): the mean of the value where the index is that choice, else of 0.
        order: all that is to be computed, operands first.
    """

    def __init__(self, graph: Graph, outputs: Sequence[int], bounds: Mapping[int, int]):
        self._graph = graph
        self._bounds = bounds
        self._uses = _uses(graph, outputs)
        self.terms: dict[int, list[Term]] = {}
        self.dots: set[int] = set()
        self.means: dict[int, tuple[int, int]] = {}
        self.choices: dict[int, tuple[int, int, int]] = {}
        self._split: dict[int, int] = {}  # a sum -> that of its terms with shared coefficients
        self._find()
        for i in list(self.terms):
            self._settle(i)
        self.order = self._ordered(outputs)

    def operands(self, i: int) -> Sequence[int]:
        """The nodes from which one is computed."""
        if i in self.terms:
            terms = self.terms[i]
            coefficients = [coefficient for coefficient, _ in terms if type(coefficient) is int]
            return coefficients + [value for _, value in terms if value != ONE]
        if i in self.means:
            return [x for x in self.means[i] if x != ONE]
        if i in self.choices:
            index, _, value = self.choices[i]
            return index, value
        return self._graph.nodes[i][1:]

    def varies(self, i: int) -> bool:
        """Whether something is a row, with a number for each example."""
        varying = self._graph.varying
        return i >= len(varying) or bool(varying[i])

    def choices_of(self, index: int) -> int:
        """How many things a node chooses from; 0 if it is no input that chooses."""
        kind, column = self._graph.nodes[index][:2]
        return self._bounds.get(column, 0) if kind is INPUT else 0

    # Finding them ----------------------------------------------------------------------------------------------------

    def _find(self) -> None:
        varying = self._graph.varying
        for i, node in enumerate(self._graph.nodes):
            kind = node[0]
            if kind is ADD:
                self.terms[i] = _joined(self._terms_of(i, node[1]), self._terms_of(i, node[2]))
            elif kind is SUB and varying[node[2]] == varying[i]:
                self.terms[i] = _joined(self._terms_of(i, node[1]), self._negated(i, node[2]))
            elif kind is MEAN:
                self._mean(i, node[1])

    def _terms_of(self, i: int, x: int) -> list[Term]:
        """What x brings to the sum i: its own terms, where nothing else uses it."""
        graph = self._graph
        varying = graph.varying
        if graph.nodes[x] == (CONSTANT, 0.0):  # where `sum` began
            return []
        if varying[x] != varying[i]:
            return [(self._coefficient(x), ONE)]
        if self._uses[x] != 1:
            return [(1.0, x)]
        node = graph.nodes[x]
        kind = node[0]
        if kind is MUL:
            a, b = node[1], node[2]
            return [(self._coefficient(b), a)] if varying[a] and not varying[b] else [(self._coefficient(a), b)]
        if x in self.terms:
            return self.terms.pop(x)
        if kind is NEG:
            return [(-1.0, node[1])]
        return [(1.0, x)]

    def _negated(self, i: int, y: int) -> list[Term]:
        """What y takes away from the sum i: its terms, if their coefficients are numbers, or else y itself."""
        node = self._graph.nodes[y]
        if self._uses[y] == 1 and node[0] is MUL and self._graph.nodes[node[1]][0] is CONSTANT:
            return [(-self._graph.nodes[node[1]][1], node[2])]
        terms = self.terms.get(y)
        if self._uses[y] == 1 and terms and all(type(coefficient) is float for coefficient, _ in terms):
            del self.terms[y]
            return [(-coefficient, value) for coefficient, value in terms]
        return [(-1.0, y)]

    def _coefficient(self, x: int) -> int | float:
        node = self._graph.nodes[x]
        number: float = node[1]
        return number if node[0] is CONSTANT else x

    def _mean(self, i: int, x: int) -> None:
        graph = self._graph
        node, varying = graph.nodes[x], graph.varying
        if self._uses[x] == 1:
            if node[0] is MUL and varying[node[1]] and varying[node[2]]:
                self.means[i] = (node[1], node[2]) if node[1] > node[2] else (node[2], node[1])
                return
            choice = self._choice(node)
            if choice:
                self.choices[i] = choice
                return
        self.means[i] = (x, ONE)

    def _choice(self, node: Node) -> tuple[int, int, int] | None:
        """(index, choice, value) of `value where index == choice, else 0`; None of anything else.

        The index is an input that is known to be one: any other may be no whole number, or none of the choices.
        """
        nodes = self._graph.nodes
        if node[0] is not WHERE or nodes[node[3]] != (CONSTANT, 0.0) or not self._graph.varying[node[2]]:
            return None
        condition = nodes[node[1]]
        if condition[0] is not EQUAL or nodes[condition[2]][0] is not CONSTANT:
            return None
        index, number = condition[1], nodes[condition[2]][1]
        return (index, int(number), node[2]) if number in range(self.choices_of(index)) else None

    # Which of them stay ----------------------------------------------------------------------------------------------

    def _settle(self, i: int) -> None:
        """Decide what kind of sum it is; one of few terms may be better computed as it was written, in one pass."""
        terms = self.terms[i]
        if not self.varies(i):
            if len(terms) <= FEW:
                del self.terms[i]
            return
        products = [self._is_product(term) for term in terms]
        if len(terms) == 2 and sum(products) < 2 and all(map(self._is_plain, terms)):
            del self.terms[i]
        elif any(products):
            self._divide(i, products)

    def _is_product(self, term: Term) -> bool:
        coefficient, value = term
        return type(coefficient) is int and value != ONE and bool(self._graph.varying[coefficient])

    def _is_plain(self, term: Term) -> bool:
        """Whether a term is not the product of a row and of a number that all examples share."""
        coefficient, value = term
        if type(coefficient) is float:
            return value == ONE or abs(coefficient) == 1.0
        return value == ONE or self._is_product(term)

    def _divide(self, i: int, products: Sequence[bool]) -> None:
        """A dot product; the terms that are none become a sum of their own, unless they are varying numbers alone."""
        terms = self.terms[i]
        others = [term for term, is_product in zip(terms, products, strict=True) if not is_product]
        self.dots.add(i)
        if all(type(coefficient) is float and coefficient == 1.0 and value != ONE for coefficient, value in others):
            return
        rest = self._split[i] = len(self._graph.nodes) + len(self._split)
        self.terms[rest] = others
        self.terms[i] = [*(term for term, is_product in zip(terms, products, strict=True) if is_product), (1.0, rest)]

    def _ordered(self, outputs: Sequence[int]) -> list[int]:
        """What the outputs need, operands first."""
        count = len(self._graph.nodes)
        needed = bytearray(count + len(self._split))
        for i in outputs:
            needed[i] = 1
        order: list[int] = []
        for i in range(count - 1, -1, -1):
            kind = self._graph.nodes[i][0]
            if not needed[i] or (type(kind) is str and kind is not MEAN):
                continue
            order.append(i)
            found = list(self.operands(i))
            if i in self._split:
                order.append(self._split[i])
                found += self.operands(self._split[i])
            for x in found:
                needed[x] = 1
        return order[::-1]


def _joined(first: list[Term], second: list[Term]) -> list[Term]:
    """Two lists of terms as one: the longer one grows, so that a long chain takes no time that is quadratic in it."""
    if len(first) < len(second):
        first, second = second, first
    first.extend(second)
    return first


def _uses(graph: Graph, outputs: Sequence[int]) -> list[int]:
    """How often each node is used; an output is never used by one other node alone."""
    uses = [0] * len(graph.nodes)
    for node in graph.nodes:
        kind = node[0]
        if kind is MEAN or type(kind) is not str:
            for x in node[1:]:
                uses[x] += 1
    for i in outputs:
        uses[i] += 2
    return uses
