"""PyTorch's numbers at the boundaries, cell by cell, as the README beside them says how to compare.

A cell is a value, a gradient or an entry of a Hessian. Each must be of the same kind (nan, inf, -inf, finite) as
PyTorch's and, where finite, within 8 ulp of it, or of the exact answer where PyTorch is further off than that.
EXCEPTIONS are the cells where it is not so, each with its reason; a test proves that each is needed.
"""

import json
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from math import inf, isfinite, isinf, isnan, log, ulp
from typing import Any

import pytest

import micrograd
from micrograd import Value
from micrograd.primitives import TABLE, Row
from micrograd.transforms import gradients
from tests.references import LARGE, TINY, Case, ulps
from tests.support import shared_file

ULPS = 8.0
LOSSES = {'cross_entropy', 'mse', 'bce_with_logits', 'hinge_relu', 'hinge_clamp', 'squared_hinge'}  # see test_losses.py
where, equal = micrograd.where, micrograd.equal

PROGRAMS: dict[str, Callable[..., Any]] = {
    'neg': operator.neg,
    'add': operator.add,
    'sub': operator.sub,
    'mul': operator.mul,
    'div': operator.truediv,
    'pow': operator.pow,
    'leaky_relu': lambda x, negative_slope: micrograd.leaky_relu(x, negative_slope),
    'elu': lambda x, alpha: micrograd.elu(x, alpha),
    'softplus': lambda x, beta, threshold: micrograd.softplus(x),  # beta is 1, and no threshold is needed
    'pow_const_exp': lambda x, exponent: x**exponent,
    'pow_const_base': lambda x, base: base**x,
    'clamp': lambda x, lo, hi: micrograd.clamp(x, lo, hi),
    'clamp_min': lambda x, lo: micrograd.clamp(x, lo=lo),
    'clamp_max': lambda x, hi: micrograd.clamp(x, hi=hi),
    'where': lambda x, y, cond: where(cond, x, y),
    'logsumexp': lambda *xs: micrograd.logsumexp(xs),
    'amax': lambda *xs: micrograd.max(xs),
    'max_dim': lambda *xs: micrograd.max(xs),
    'softmax': lambda *xs, index: micrograd.softmax(xs)[index],
    'log_softmax': lambda *xs, index: micrograd.log_softmax(xs)[index],
    'x+x': lambda x: x + x,
    'x*x': lambda x: x * x,
    'x-x': lambda x: x - x,
    'x/x': lambda x: x / x,
    'x**x': lambda x: x**x,
    'x*x*x': lambda x: x * x * x,
    'max(x,x)': lambda x: micrograd.maximum(x, x),
    'min(x,x)': lambda x: micrograd.minimum(x, x),
    'atan2(x,x)': lambda x: micrograd.atan2(x, x),
    '0*sqrt(x)': lambda x: 0 * x.sqrt(),
    '0*log(x)': lambda x: 0 * x.log(),
    '0*exp(x)': lambda x: 0 * x.exp(),
    'where(x>0,log(x),0)': lambda x: where(x > 0, x.log(), 0),
    'where(x>0,sqrt(x),0)': lambda x: where(x > 0, x.sqrt(), 0),
    'where(x!=0,1/x,0)': lambda x: where(~equal(x, 0), 1 / x, 0),
    'where(x!=0,sin(x)/x,1)': lambda x: where(~equal(x, 0), x.sin() / x, 1),
    'where(x<1,x,exp(x))': lambda x: where(x < 1, x, x.exp()),
    'where(x>0,log(where(x>0,x,1)),0)': lambda x: where(x > 0, where(x > 0, x, 1).log(), 0),
    'where(x>0,sqrt(where(x>0,x,1)),0)': lambda x: where(x > 0, where(x > 0, x, 1).sqrt(), 0),
    'relu(sqrt(x))': lambda x: x.sqrt().relu(),
    'max(log(x),0)': lambda x: micrograd.maximum(x.log(), 0),
    'sqrt(x*x)': lambda x: (x * x).sqrt(),
    'abs(x)**2': lambda x: abs(x) ** 2,
    'log(exp(x))': lambda x: x.exp().log(),
    'exp(log(x))': lambda x: x.log().exp(),
    'log(1+exp(x))': lambda x: (1 + x.exp()).log(),
    '1/(1+exp(-x))': lambda x: 1 / (1 + (-x).exp()),
    'exp(x)/(1+exp(x))': lambda x: x.exp() / (1 + x.exp()),
    '(exp(x)-exp(-x))/(exp(x)+exp(-x))': lambda x: (x.exp() - (-x).exp()) / (x.exp() + (-x).exp()),
    'x*(1/x)': lambda x: x * (1 / x),
    'x-x.detach()': lambda x: x - x.detach(),
    'relu(x)-relu(-x)': lambda x: x.relu() - (-x).relu(),
    'relu(-x)+relu(x)': lambda x: (-x).relu() + x.relu(),
    'constant 3': lambda x: Value(3.0),
}  # the others are rows of the table, under the same name


# Cells


@dataclass(frozen=True)
class Cell:
    """One number, twice."""

    entry: dict[str, Any]
    what: str  # 'value', 'gradient', 'hessian'
    index: tuple[int, ...]
    theirs: float
    ours: float

    @property
    def op(self) -> str:
        return self.entry['op']

    @property
    def xs(self) -> tuple[float, ...]:
        return decode(self.entry['inputs'])

    def __str__(self) -> str:
        params = self.entry.get('params', '')
        return f'{self.op}{self.xs}{params} {self.what}{self.index or ""}: {self.ours}, and torch has {self.theirs}'


def decode(tree: Any) -> Any:
    return tuple(map(decode, tree)) if isinstance(tree, list) else float(tree)


@cache
def entries() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(shared_file('torch_reference.json').read_text())['rows'])


def cells(entry: dict[str, Any]) -> Iterator[Cell]:
    xs = [Value(x) for x in decode(entry['inputs'])]
    params = {key: float(p) if isinstance(p, str) else p for key, p in entry.get('params', {}).items()}
    y = (PROGRAMS.get(entry['op']) or getattr(micrograd, entry['op']))(*xs, **params)
    right = entry.get('exact', entry)
    yield Cell(entry, 'value', (), decode(right['value']), y.data)
    y.backward()
    slopes = gradients(y, xs, create_graph=True)
    for i, slope in enumerate(decode(right['grads'])):
        yield Cell(entry, 'gradient', (i,), slope, xs[i].grad)
        yield Cell(entry, 'gradient', (i,), slope, slopes[i].data)
    for i, row in enumerate(decode(entry['hess'])):
        for j, (curvature, ours) in enumerate(zip(row, gradients(slopes[i], xs), strict=True)):
            yield Cell(entry, 'hessian', (i, j), curvature, ours.data)


@cache
def differing(op: str) -> tuple[Cell, ...]:
    found = [cell for entry in entries() if entry['op'] == op for cell in cells(entry)]
    return tuple(cell for cell in found if not agrees(cell))


def kind(x: float) -> str:
    return 'finite' if isfinite(x) else repr(x)


def agrees(cell: Cell) -> bool:
    if kind(cell.ours) != kind(cell.theirs):
        return False
    if not isfinite(cell.ours) or abs(cell.ours - cell.theirs) <= ULPS * max(TINY, ulp(cell.theirs)):
        return True
    return cell.what == 'hessian' and right_to_8_ulp_of_the_largest_term(cell)


# Hessians: PyTorch's are not checked by the file, and cancel where ours do not, so mathematics decides


def right_to_8_ulp_of_the_largest_term(cell: Cell) -> bool:
    case = _case(cell)
    if case is None or not all(map(isfinite, cell.xs)):
        return False
    i, j = cell.index
    exact = case.derivatives(cell.xs)
    return ulps(cell.ours, exact.hessian[i][j], exact.hessian_sizes[i][j]) <= ULPS


def _case(cell: Cell) -> Case | None:
    """The row of the table behind an operation of the file, if the point is not on one of its kinks."""
    name, constants = _NAMES.get(cell.op, cell.op), tuple(cell.entry.get('params', {}).values())
    if name not in TABLE or cell.op == 'pow_const_base':
        return None
    row = TABLE[name] if isinstance(TABLE[name], Row) else TABLE[name](*constants)
    case = Case(row, name, () if row is TABLE[name] else constants)
    return None if row.kinks and not all(row.kinks(*cell.xs)) else case


_NAMES = {'pow_const_exp': 'power'}


# Where PyTorch is not followed


@dataclass(frozen=True)
class Exempt:
    """Cells that may differ.

    Args:
        reason: why PyTorch's number is arbitrary or poor there.
        applies: cell -> whether it is one of them, and ours is what it should be instead.
    """

    reason: str
    applies: Callable[[Cell], bool]


def _value(cell: Cell) -> float:
    return decode(cell.entry.get('exact', cell.entry)['value'])


def _finite(*numbers: float) -> bool:
    return all(map(isfinite, numbers))


EXCEPTIONS = (
    Exempt(
        'the value is nan, and PyTorch has a gradient all the same: nan is right too',
        lambda cell: cell.what != 'value' and isnan(_value(cell)) and isnan(cell.ours),
    ),
    Exempt(
        'the value is nan, so no second derivative means anything: that of |x|**2 is 2 here, and 0 in PyTorch',
        lambda cell: cell.op == 'abs(x)**2' and cell.what == 'hessian' and isnan(_value(cell)) and cell.ours == 2.0,
    ),
    Exempt(
        'sign(nan) is 0.0 in PyTorch; here nan stays nan',
        lambda cell: cell.op == 'sign' and isnan(cell.xs[0]) and cell.what == 'value' and isnan(cell.ours),
    ),
    Exempt(
        'a finite value of finite inputs, whose derivative PyTorch loses in 0 * inf: here what is not selected passes '
        'nothing, and a finite answer is right',
        lambda cell: cell.what != 'value' and isnan(cell.theirs) and _finite(*cell.xs, _value(cell), cell.ours),
    ),
    Exempt(
        'the same at inputs that are not finite: the root of nan that is not selected, 0**inf and nan**0',
        lambda cell: cell.what != 'value' and cell.op in ('where(x>0,sqrt(x),0)', 'pow_const_base', 'pow')
        and isnan(cell.theirs) and not _finite(*cell.xs) and _finite(_value(cell)) and cell.ours == 0.0,
    ),
    Exempt(
        'x**0.5 and its like are sqrt in PyTorch, where -inf is nan and -0.0 is -0.0; its own x**y is as here',
        lambda cell: cell.op == 'pow_const_exp' and cell.xs[0] in (-inf, 0.0)
        and cell.entry['params']['exponent'] % 1 == 0.5 and cell.ours == _as_variable_exponent(cell),
    ),
    Exempt(
        'the second derivative of elu jumps at 0, from alpha to 0: either will do',
        lambda cell: cell.op == 'elu' and cell.what == 'hessian' and cell.xs[0] == 0.0
        and cell.ours == cell.entry['params']['alpha'],
    ),
    Exempt(
        'max(dim) gives the whole gradient to the first of several that are largest (or nan); ties split evenly here',
        lambda cell: cell.op == 'max_dim' and cell.what == 'gradient' and cell.ours == _even_share(cell),
    ),
    Exempt(
        'logsumexp of numbers so large that log 2 is lost in the sum: PyTorch has exp(x - result) = 1 twice; the '
        'mathematics is softmax, 1/2 twice',
        lambda cell: cell.op == 'logsumexp' and len(set(cell.xs)) == 1 < len(cell.xs) and cell.xs[0] >= 1e200
        and abs(cell.ours) == (0.5 if cell.what == 'gradient' else 0.25),
    ),
    Exempt(
        'logsumexp of nothing but -inf: 0 / 0 in PyTorch, and equal shares here, as for all equal numbers',
        lambda cell: cell.op == 'logsumexp' and set(cell.xs) == {-inf}
        and cell.ours == (1.0 / len(cell.xs) if cell.what == 'gradient' else 0.0),
    ),
    Exempt(
        'where logsumexp is inf, no second derivative means anything: an edge that carries nothing is 0 here',
        lambda cell: cell.op == 'logsumexp' and cell.what == 'hessian' and _value(cell) == inf
        and isnan(cell.theirs) and cell.ours == 0.0,
    ),
    Exempt(
        '1/x is inf where x is so small, and so is the factor; PyTorch divides the gradient by x in one step',
        lambda cell: cell.xs[0] == TINY and cell.op in ('pow', '0*log(x)', 'exp(log(x))')
        and (cell.what == 'gradient' or cell.index in ((1, 0), (0, 0))) and not isfinite(cell.ours),
    ),
    Exempt(
        'x**x has the slope 1 + ln(x) there, which PyTorch loses in x * (1/x)',
        lambda cell: cell.op == 'x**x' and cell.what == 'gradient' and cell.xs[0] == TINY
        and cell.ours == 1.0 + log(TINY),
    ),
    Exempt(
        'for an even y, y * x ** (y - 1) is below 0 at -1; PyTorch rounds y - 1 to y',
        lambda cell: cell.op == 'pow' and cell.index == (0,) and cell.xs == (-1.0, 1e308) and cell.ours == -1e308,
    ),
    Exempt(
        'the mixed second derivative of atan2 is 1/x**2, which is inf where PyTorch has 0 * inf',
        lambda cell: cell.op == 'atan2' and cell.what == 'hessian' and {0.0, TINY} == set(cell.xs)
        and isnan(cell.theirs) and isinf(cell.ours),
    ),
    Exempt(
        '1/x**2, the second derivative of log, is 0 where x is so large; multiplied by exp(log(x)) it need not be',
        lambda cell: cell.op == 'exp(log(x))' and cell.what == 'hessian' and cell.xs[0] == 1e308
        and 0.0 < cell.ours < 1.1e-308,
    ),
    Exempt(
        '2**1024 is inf, and so is its slope here and in PyTorch; in exact arithmetic the slope is still a float',
        lambda cell: cell.op == 'pow_const_base' and cell.what == 'gradient' and _value(cell) == inf
        and cell.ours == inf and cell.theirs > 0.5 * LARGE,
    ),
    Exempt(
        'sums that cancel: right to 8 ulp of their largest term, which is 1/x**2, or 1 for softmax',
        lambda cell: cell.what == 'hessian' and cell.op in ('x*(1/x)', 'softmax')
        and abs(cell.ours - cell.theirs) <= ULPS * ulp(1.0 if cell.op == 'softmax' else cell.xs[0] ** -2),
    ),
)  # fmt: skip


def _as_variable_exponent(cell: Cell) -> float:
    x, y = Value(cell.xs[0]), Value(cell.entry['params']['exponent'])
    if cell.what == 'value':
        return (x**y).data
    (slope,) = gradients(x**y, [x], create_graph=True)
    return slope.data if cell.what == 'gradient' else gradients(slope, [x])[0].data


def _even_share(cell: Cell) -> float:
    if any(map(isnan, cell.xs)):
        return 1.0 / len(cell.xs)
    x = cell.xs[cell.index[0]]
    return 1.0 / cell.xs.count(x) if x == max(cell.xs) else 0.0


def exceptions(cell: Cell) -> list[Exempt]:
    return [exception for exception in EXCEPTIONS if exception.applies(cell)]


# Tests


def ops() -> list[str]:
    return sorted({entry['op'] for entry in entries() if entry['group'] != 'loss'})


@pytest.mark.parametrize('op', ops())
def test_every_number_is_pytorchs_or_an_exception_says_why_not(op):
    assert [str(cell) for cell in differing(op) if not exceptions(cell)] == []


@pytest.mark.parametrize('exception', EXCEPTIONS, ids=lambda exception: exception.reason[:60])
def test_every_exception_is_needed_by_a_cell_that_no_other_covers(exception):
    assert any(exceptions(cell) == [exception] for op in ops() for cell in differing(op))


def test_every_row_of_the_file_is_compared_here_or_with_the_losses():
    groups = [entry['group'] for entry in entries()]
    assert len(groups) == 2660
    assert {entry['op'] for entry in entries() if entry['group'] == 'loss'} == LOSSES
    assert len([group for group in groups if group != 'loss']) == 2453
    assert set(PROGRAMS) <= set(ops())


def test_the_sign_of_a_zero_is_pytorchs_for_values_but_where_c_has_another():
    zeros = [cell for entry in entries() if entry['group'] in ('unary', 'binary') for cell in cells(entry)
             if cell.what == 'value' and cell.ours == cell.theirs == 0.0]  # fmt: skip
    assert len(zeros) > 50
    differ = {(cell.op, cell.xs) for cell in zeros if str(cell.ours) != str(cell.theirs)}
    assert differ == {
        ('relu', (-0.0,)),  # max(x, 0) may be either
        ('atan2', (-0.0, 1e308)),  # -0.0 in the C standard
        ('atan2', (-0.0, 5e-324)),
    }
