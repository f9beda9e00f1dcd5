"""Programs nobody thought of: random graphs with shared nodes, against PyTorch and against gradients()."""

import math
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

import micrograd
from micrograd import Value, gradients
from tests.support import require

torch = require('torch')

UNARY = [
    'neg',
    'exp',
    'tanh',
    'sin',
    'cos',
    'sigmoid',
    'relu',
    'abs',
    'atan',
    'softplus',
    'silu',
    'gelu',
    'erf',
    'expm1',
    'sqrt',
    'log',
]
TORCH = {
    'neg': torch.neg, 'gelu': torch.nn.functional.gelu, 'silu': torch.nn.functional.silu, 'relu': torch.relu,
    'softplus': lambda x: torch.logaddexp(x, torch.zeros_like(x)), 'max': lambda xs: torch.stack(xs).amax(),
    'sum': lambda xs: torch.stack(xs).sum(), 'logsumexp': lambda xs: torch.logsumexp(torch.stack(xs), 0),
    'where': lambda c, x, y: torch.where(c < 0.25, x, y), 'square': lambda x: x**2, 'mul': torch.mul, 'add': torch.add,
    'sub': torch.sub, 'div': torch.div,
}  # fmt: skip
OURS = {'where': lambda c, x, y: micrograd.where(c < 0.25, x, y), 'square': lambda x: x**2}
BINARY = ['add', 'add', 'mul', 'mul', 'sub', 'div', 'maximum', 'minimum', 'atan2', 'hypot']
LISTS = ['sum', 'max', 'logsumexp']

steps = st.one_of(
    st.tuples(st.sampled_from([*UNARY, 'square']), st.tuples(st.integers(0, 999))),
    st.tuples(st.sampled_from(BINARY), st.tuples(st.integers(0, 999), st.integers(0, 999))),
    st.tuples(st.just('where'), st.tuples(*[st.integers(0, 999)] * 3)),
    st.tuples(st.sampled_from(LISTS), st.lists(st.integers(0, 999), min_size=1, max_size=4).map(tuple)),
)
programs = st.tuples(
    st.lists(st.floats(-2.0, 2.0, allow_subnormal=False), min_size=1, max_size=4),
    st.lists(steps, min_size=1, max_size=25),
)


def run(program, values, library):
    """Every step takes earlier nodes, counted from the latest, so that nodes are shared."""
    nodes = list(values)
    for name, picks in program:
        operands = [nodes[-1 - pick % len(nodes)] for pick in picks]
        nodes.append(library(name)(operands) if name in LISTS else library(name)(*operands))
    return nodes


def ours(name):
    return OURS.get(name) or getattr(micrograd, name)


def theirs(name):
    return TORCH.get(name) or getattr(torch.special if name == 'erf' else torch, name)


def near_a_kink(nodes):
    """Where torch chooses another sub-gradient, or two libraries' last bits decide."""
    numbers = [v.data for v in nodes]
    return any(not math.isfinite(x) or abs(x) > 1e6 for x in numbers) or any(0 < abs(x) < 1e-6 for x in numbers)


def ties(nodes):
    numbers = sorted(v.data for v in nodes)
    return any(abs(a - b) <= 1e-9 for a, b in pairwise(numbers)) or 0.0 in numbers or 0.25 in numbers


@pytest.mark.usefixtures('uncounted')
@settings(max_examples=250, deadline=None)
@given(programs)
def test_random_programs_agree_with_pytorch(case):
    inputs, program = case
    xs = [Value(x) for x in inputs]
    nodes = run(program, xs, ours)
    ys = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    tensors = run(program, ys, theirs)
    for v, t in zip(nodes, tensors, strict=True):
        assert v.data == pytest.approx(t.item(), rel=1e-9, abs=1e-9, nan_ok=True)
    if near_a_kink(nodes) or ties({id(v): v for v in nodes}.values()):
        return
    nodes[-1].backward()
    if tensors[-1].requires_grad and tensors[-1].grad_fn is not None:
        tensors[-1].backward()
        scale = max(1.0, *(abs(v.grad) for v in nodes if math.isfinite(v.grad)))
        for x, y in zip(xs, ys, strict=True):
            expected = 0.0 if y.grad is None else y.grad.item()
            assert math.isnan(expected) or abs(x.grad - expected) <= 1e-9 * scale


@pytest.mark.usefixtures('uncounted')
@settings(max_examples=150, deadline=None)
@given(programs)
def test_gradients_give_the_bits_that_backward_gives(case):
    inputs, program = case
    xs = [Value(x) for x in inputs]
    y = run(program, xs, ours)[-1]
    y.backward()
    for x, g in zip(xs, gradients(y, xs), strict=True):
        assert x.grad == g.data or (math.isnan(x.grad) and math.isnan(g.data))


@pytest.mark.usefixtures('uncounted')
@settings(max_examples=100, deadline=None)
@given(programs, st.lists(st.floats(-2.0, 2.0), min_size=4, max_size=4))
def test_recompute_gives_what_building_anew_gives(case, moved):
    inputs, program = case
    xs = [Value(x) for x in inputs]
    y = run(program, xs, ours)[-1]
    for x, number in zip(xs, moved, strict=False):
        x.data = number
    anew = run(program, [Value(x.data) for x in xs], ours)[-1]
    assert repr(y.recompute().data) == repr(anew.data)
