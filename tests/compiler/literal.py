"""What a block program means, spelled out: loops over rows and terms, floats for formulas; and programs to try."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from micrograd import ieee
from micrograd.compiler.expressions import Expression, of_row
from micrograd.compiler.instructions import (
    BlockProgram,
    Dots,
    Indexed,
    Map,
    Outer,
    Product,
    Scatter,
    SharedMap,
    SharedSums,
    SharedTotal,
    Sums,
    Take,
)
from micrograd.primitives import ADD, DIV, MUL, RELU, SIGMOID, SUB, WHERE

CONSTANTS = [1.0, -0.5]
SHARED = 120
INPUTS = 9
SIZES = [(m, K) for m in range(1, 10) for K in range(1, 10)] + [(2, 13), (13, 2), (7, 12), (5, 17), (1, 40), (40, 1)]


def compute(expression: Expression, xs: Sequence[float]) -> float:
    """A formula of floats."""
    registers = list(xs)
    for step in expression.steps:
        constant = isinstance(step, float)
        registers.append(step if constant else getattr(ieee, step[0])(*[registers[r] for r in step[1:]]))
    return registers[expression.result]


def mapped(expression: Expression, xs: Sequence[Any]) -> Any:
    """A formula of arrays, number by number."""
    call = np.frompyfunc(lambda *numbers: compute(expression, numbers), len(xs), 1)
    return call(*[np.asarray(x, float) for x in xs]).astype(float)


class Literal:
    """The storages of a program that is evaluated literally: a column of examples in each row."""

    def __init__(self, program: BlockProgram, shared: Any):
        self.program = program
        self.U = np.full(program.u_size, np.nan)
        self.U[: len(program.constants)] = program.constants
        self.U[program.shared : program.shared + program.shared_count] = shared
        self.R: dict[int, Any] = {}

    def steps(self, X: Any, order: Any, ends: Any, numbers: Any = None, numbers_at: int = 0) -> tuple[Any, Any]:
        """What `Machine.steps` writes to rows_out and record_out."""
        rows, record, start = [], [], 0
        for step, end in enumerate(ends):
            if numbers is not None:
                self.U[numbers_at : numbers_at + len(numbers[step])] = numbers[step]
            examples = X[order[start:end]].astype(float)
            self.R = {0: np.ones(len(examples))} | {1 + k: x for k, x in enumerate(examples.T)}
            for instruction in self.program.instructions():
                self.run(instruction)
            rows.append(np.array([self.R[at] for kind, at in self.program.outputs if kind == 'R']).T)
            record.append([self.U[at] for kind, at in self.program.outputs if kind == 'U'])
            start = end
        return np.concatenate(rows), np.array(record)

    def run(self, i: Any) -> None:
        """One instruction."""
        U, R = self.U, self.R
        match i:
            case Product():
                for j in range(i.m):
                    R[i.out + j] = sum(U[i.first + j * i.across + k * i.along] * R[r] for k, r in enumerate(i.rows))
            case Sums():
                for j, (slots, rows) in enumerate(zip(i.slots, i.rows, strict=True)):
                    R[i.out + j] = sum(U[s] * R[r] for s, r in zip(slots, rows, strict=True))
            case Dots():
                for j, (lefts, rights) in enumerate(zip(i.lefts, i.rights, strict=True)):
                    R[i.out + j] = sum(R[x] * R[y] for x, y in zip(lefts, rights, strict=True))
            case SharedSums():
                U[i.out : i.out + len(i.lefts)] = [
                    sum(U[x] * U[y] for x, y in zip(lefts, rights, strict=True))
                    for lefts, rights in zip(i.lefts, i.rights, strict=True)
                ]
            case Map():
                for j, places in enumerate(zip(*i.operands, strict=True)):
                    xs = [U[at] if shared else R[at] for at, shared in zip(places, i.shared, strict=True)]
                    R[i.out + j] = mapped(i.expression, xs)
            case SharedMap():
                U[i.out : i.out + len(i.operands[0])] = mapped(i.expression, [U[table] for table in i.operands])
            case SharedTotal():
                U[i.out] = mapped(i.expression, [U[table] for table in i.operands]).sum()
            case Outer():
                U[i.out : i.out + len(i.lefts) * len(i.rights)] = [
                    np.mean(R[x] * R[y]) for x in i.lefts for y in i.rights
                ]
            case Take():
                for j, slots in enumerate(i.table):
                    R[i.out + j] = U[slots[R[i.index].astype(int)]]
            case Scatter():
                U[i.out : i.out + len(i.rows) * i.choices] = [
                    np.mean(np.where(R[i.index] == c, R[row], 0.0)) for row in i.rows for c in range(i.choices)
                ]
            case Indexed():
                U[i.out : i.out + len(i.slots)] = U[i.slots]


class Building:
    """A program that grows: each instruction fills the next rows or slots, all of which are outputs."""

    def __init__(self, seed: int = 0):
        self.generator = np.random.default_rng(seed)
        self.u_size = len(CONSTANTS) + SHARED
        self.r_size = 1 + INPUTS
        self.parts: dict[str, list[Any]] = {'before': [], 'lanes': [], 'after': []}
        self.outputs: list[tuple[str, int]] = [('R', 0), ('R', INPUTS), ('U', 1)]

    def add(self, part: str, kind: type, size: int, **facts: Any) -> None:
        """An instruction that fills `size` rows or slots."""
        on_rows = kind in (Product, Sums, Dots, Map, Take)
        out = self.r_size if on_rows else self.u_size
        self.parts[part].append(kind(out=out, source='a test', **facts))
        self.outputs += [('R' if on_rows else 'U', out + j) for j in range(size)]
        if on_rows:
            self.r_size += size
        else:
            self.u_size += size

    def slots(self, *shape: int) -> Any:
        """Slots of leaves and constants, anywhere."""
        return self.generator.integers(0, len(CONSTANTS) + SHARED, shape).astype(np.int32)

    def rows(self, *shape: int) -> Any:
        """Rows of inputs and of ones, anywhere."""
        return self.generator.integers(0, 1 + INPUTS, shape).astype(np.int32)

    def program(self) -> BlockProgram:
        """What was built."""
        return BlockProgram(
            **self.parts,
            constants=list(CONSTANTS),
            shared=len(CONSTANTS),
            shared_count=SHARED,
            inputs=INPUTS,
            u_size=self.u_size,
            r_size=self.r_size,
            outputs=self.outputs,
        )


def upwards(start: int, count: int, step: int = 1) -> Any:
    """Places at a regular distance."""
    return np.arange(start, start + count * step, step, dtype=np.int32)


def products() -> BlockProgram:
    """Matrix products: by rows, by columns, backwards, with repeated rows."""
    p = Building()
    for m, K in SIZES:
        for across, along, first in ((1, m, 2), (K, 1, 3), (0, 1, 2), (1, -1, 2 + K)):
            if first + (m - 1) * across + (K - 1) * max(along, 0) < len(CONSTANTS) + SHARED:
                p.add('lanes', Product, m, m=m, first=first, across=across, along=along, rows=p.rows(K))
    return p.program()


def sums() -> BlockProgram:
    """Sums and dots."""
    p = Building()
    for m, K in SIZES:
        p.add('lanes', Sums, m, slots=p.slots(m, K), rows=p.rows(m, K))
        p.add('lanes', Dots, m, lefts=p.rows(m, K), rights=p.rows(m, K))
    return p.program()


def outers() -> BlockProgram:
    """Means of products: rows in order, and anywhere."""
    p = Building()
    for m, K in SIZES:
        p.add('lanes', Outer, m * K, lefts=p.rows(m), rights=p.rows(K))
    p.add('lanes', Outer, 36, lefts=upwards(1, 4), rights=upwards(0, 9))
    p.add('lanes', Outer, 1, lefts=p.rows(1), rights=upwards(0, 1))
    return p.program()


EXPRESSIONS = [of_row(ADD, 2), of_row(DIV, 2), of_row(SIGMOID, 1), of_row(WHERE, 3), of_row(RELU, 1)]


def maps() -> BlockProgram:
    """Formulas on rows, some of whose operands are slots."""
    p = Building()
    for m in (1, 2, 3, 5, 31):
        for expression in EXPRESSIONS:
            for place in range(expression.count):
                shared = tuple(q != place and bool(p.generator.integers(2)) for q in range(expression.count))
                operands = tuple(p.slots(m) if s else p.rows(m) for s in shared)
                p.add('lanes', Map, m, expression=expression, operands=operands, shared=shared)
    p.add('lanes', Map, 9, expression=EXPRESSIONS[0], operands=(upwards(1, 9), upwards(1, 9)), shared=(False, False))
    return p.program()


def on_slots() -> BlockProgram:
    """Everything that works on slots alone, before and after the lanes."""
    p = Building()
    for part in ('before', 'after'):
        for m in (*range(1, 20), 31, 100):
            for expression in EXPRESSIONS:
                makers = (p.slots, lambda m: upwards(3, m), lambda m: np.full(m, 5, np.int32))
                chosen = [makers[c] for c in p.generator.integers(0, 3, expression.count)]
                operands = tuple(make(m) for make in chosen)
                p.add(part, SharedMap, m, expression=expression, operands=operands)
                p.add(part, SharedTotal, 1, expression=expression, operands=operands)
            p.add(part, Indexed, m, slots=p.slots(m))
        for m, K in SIZES:
            p.add(part, SharedSums, m, lefts=p.slots(m, K), rights=p.slots(m, K))
        parts = np.concatenate([upwards(3, 50), upwards(60, 50)])  # two runs: two calls
        p.add(part, SharedMap, 100, expression=EXPRESSIONS[0], operands=(parts, parts[::-1].copy()))
        p.add(part, SharedTotal, 1, expression=EXPRESSIONS[2], operands=(parts,))
        p.add(part, SharedSums, 30, lefts=_beside(4, 60, 30), rights=_beside(20, 0, 30))
        p.add(part, SharedMap, 5, expression=EXPRESSIONS[2], operands=(upwards(p.u_size - 5, 5),))
        p.add(part, SharedSums, 2, lefts=np.array([upwards(2, 99)] * 2), rights=np.array([upwards(9, 99)] * 2))
    end = p.u_size - 3
    p.add('after', SharedMap, 3, expression=EXPRESSIONS[2], operands=(upwards(end, 3),))
    p.parts['after'][-1].out, p.u_size = end, p.u_size - 3  # in place, at the very end of U
    p.outputs = [(kind, at) for kind, at in p.outputs if kind == 'R' or at < p.u_size]
    return p.program()


def _beside(first: int, second: int, m: int) -> Any:
    return np.stack([upwards(first, m), upwards(second, m) if second else np.zeros(m, np.int32)], axis=1)


def choices() -> BlockProgram:
    """Numbers chosen by input 0, which is whole."""
    p = Building()
    for m in range(1, 6):
        for count in (5, 6, 9):
            p.add('lanes', Take, m, index=1, table=p.slots(m, count))
            p.add('lanes', Scatter, m * count, index=1, choices=count, rows=p.rows(m))
    return p.program()


def training() -> BlockProgram:
    """Means that the slots are moved by: each step finds what the one before has left."""
    p = Building()
    p.add('before', SharedMap, 8, expression=of_row(MUL, 2), operands=(upwards(2, 8), np.full(8, 12, np.int32)))
    p.add('lanes', Product, 8, m=8, first=2, across=1, along=8, rows=upwards(1, 3))
    p.add('lanes', Map, 8, expression=of_row(SIGMOID, 1), operands=(upwards(p.r_size - 8, 8),), shared=(False,))
    p.add('lanes', Outer, 24, lefts=upwards(1, 3), rights=upwards(p.r_size - 8, 8))
    program = p.program()
    update = SharedMap(out=2, expression=of_row(SUB, 2), operands=(upwards(2, 24), upwards(p.u_size - 24, 24)))
    program.after.append(update)
    return program


PROGRAMS = {f.__name__: f for f in (products, sums, outers, maps, on_slots, choices, training)}


def examples(count: int, dtype: str) -> Any:
    """Inputs: the first is whole, from 0 to 4."""
    generator = np.random.default_rng(count)
    X = generator.normal(size=(count, INPUTS)).astype(dtype)
    X[:, 0] = generator.integers(0, 5, count)
    return X


def shared_numbers(dtype: str) -> Any:
    """The shared leaves."""
    return np.random.default_rng(7).normal(size=SHARED).astype(dtype)
