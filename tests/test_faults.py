"""The faults that scalar engines have, ranked: each row of the list has a test that bears its number.

The list says how often other engines were wrong, and what is right. The tests here ask for just that, in few lines;
FURTHER are the tests elsewhere that go through the same row at length.
"""

import asyncio
import copy
import gc
import json
import math
import os
import pickle
import re
import subprocess
import sys
import threading
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import inf, isnan, nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

import micrograd
from micrograd import Value, context, detect_anomaly, grad, gradients, jvp, losses, nn, no_grad, optim
from micrograd.errors import (
    AnomalyError,
    CheckpointError,
    DataError,
    GraphError,
    MissingDependencyError,
    StaleGraphError,
    TrainingError,
)
from micrograd.primitives import rows
from micrograd.render.view import view
from tests import graphs
from tests.references import LARGE, TINY, ulps
from tests.support import shared_file

ROOT = Path(__file__).resolve().parents[1]
DEEP = 20_000  # twenty times as deep as Python's own stack
BOUNDARIES = (0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 800.0, -800.0, TINY, -TINY, LARGE, -LARGE, inf, -inf, nan)

FURTHER = {
    1: {
        'tests/test_engine.py': ['test_a_million_deep_graph_works_everywhere_and_is_freed_without_the_collector'],
        'tests/test_paths.py': ['test_no_recursion_in_a_deep_graph'],
        'tests/test_transforms_depth.py': ['test_a_million_deep', 'test_a_million_wide'],
        'tests/test_million.py': ['test_a_million_parents', 'test_a_million_children', 'test_a_million_gates'],
        'tests/test_view.py': ['test_a_deep_graph_is_too_large_without_recursion'],
        'tests/compiler/test_agreement_edges.py': ['test_a_chain_of_a_million_sums'],
    },
    2: {'tests/test_engine.py': ['test_repeated_parents_and_diamonds']},
    3: {'tests/test_engine.py': ['test_a_changed_leaf_is_an_error_and_touches_no_leaf', 'test_stale_means_any_bit']},
    4: {'tests/test_engine.py': ['test_leaves_accumulate_over_calls_and_interior_gradients_start_afresh']},
    5: {
        'tests/test_ieee.py': ['test_every_float_gives_a_float', 'test_every_answer_is_numpys'],
        'tests/test_anomaly.py': ['test_every_kind_of_forward_anomaly', 'test_backward_before_any_gradient_is_written'],
    },
    6: {
        'tests/test_losses.py': ['test_cross_entropy_of_extreme_logits', 'test_infinite_logits_cost_the_limit'],
        'tests/test_primitives.py': ['test_softmax_and_its_logarithm_are_right_however_large_the_numbers'],
    },
    7: {
        'tests/test_primitives.py': ['test_nothing_passes_a_gate_that_is_shut_however_large_the_gradient_above'],
        'tests/compiler/test_agreement_edges.py': ['test_nothing_passes_a_gate_that_is_shut'],
    },
    8: {'tests/test_torch_reference.py': ['test_every_number_is_pytorchs_or_an_exception_says_why_not']},
    9: {'tests/test_torch_reference.py': ['test_every_number_is_pytorchs_or_an_exception_says_why_not']},
    10: {
        'tests/test_primitives.py': ['test_gradient_is_right_to_8_ulp_in_the_tails_too'],
        'tests/test_tails.py': ['test_values_and_first_derivatives_are_right_to_8_ulp'],
    },
    11: {'tests/test_torch_reference.py': ['test_every_number_is_pytorchs_or_an_exception_says_why_not']},
    12: {
        'tests/compiler/test_simplify.py': ['test_what_would_hide_a_nan_stays'],
        'tests/compiler/test_agreement_random.py': ['test_random_programs', 'test_random_costs'],
        'tests/compiler/test_bounds.py': ['test_any_order_of_a_sum_is_within_the_bound_and_little_else'],
    },
    13: {
        'tests/test_transforms.py': ['test_nesting_does_not_confuse_the_levels', 'test_orders_one_to_five'],
        'tests/test_transforms_functions.py': [
            'test_the_levels_of_nested_derivatives_are_not_confused',
            'test_third_derivatives_agree_with_mpmath',
        ],
    },
    14: {
        'tests/test_compat.py': ['test_the_same_program_gives_the_same_bits_in_every_process'],
        'tests/test_same_bits.py': ['test_every_process_and_hash_seed', 'test_other_versions_of_python'],
    },
    15: {
        'tests/test_training.py': ['test_no_graph_survives'],
        'tests/test_engine.py': ['test_memory_of_a_node'],
        'tests/test_million.py': ['test_memory_returns_to_the_baseline_with_the_collector_off'],
        'tests/test_cycles.py': ['test_nothing_of_ours_is_in_a_cycle'],
        'tests/test_nn.py': ['test_a_call_leaves_nothing_behind_in_the_module'],
    },
    16: {'tests/test_engine.py': ['test_any_real_number_becomes_a_float']},
    17: {
        'tests/test_context.py': ['test_it_decorates_coroutines_and_does_not_leak_between_tasks'],
        'tests/test_threads.py': ['test_threads_have_the_bits_of_one_alone', 'test_threads_with_contexts_of_their_own'],
    },
    18: {'tests/test_compat.py': ['test_equality_and_hash_are_identity', 'test_a_value_is_always_true']},
    19: {
        'tests/test_dot.py': ['test_a_hostile_label_is_text'],
        'tests/test_explorer.py': ['test_hostile_labels_are_data'],
        'tests/test_math.py': ['test_hostile_labels_are_inert'],
        'tests/test_labels.py': ['test_svg_has_the_same_elements_and_attributes_and_every_label_once'],
    },
    20: {
        'tests/test_checkpoint.py': [
            'test_malformed_files',
            'test_a_file_cut_at_any_byte_is_refused',
            'test_a_file_with_changed_bytes_loads_or_is_refused',
            'test_when_the_disk_is_full_the_old_file_stays',
        ],
        'tests/test_hostile_files.py': ['test_what_is_wrong_is_said', 'test_when_a_step_fails_the_old_file_stays'],
        'tests/test_mutated_files.py': ['test_mutated_files'],
    },
    21: {'tests/test_nn.py': ['test_repr_of_a_module_is_bounded', 'test_a_cyclic_structure_is_walked_once']},
    22: {'tests/test_optim.py': ['test_training_goes_on_from_a_saved_state_bit_by_bit']},
    23: {
        'tests/test_gradcheck.py': [
            'test_every_row_agrees_with_central_differences',
            'test_second_derivatives_of_every_row',
            'test_a_kink_is_reported_and_any_slope_there_agrees',
        ],
        'tests/test_mutations.py': ['test_a_spoilt_partial_is_noticed', 'test_a_spoilt_gate_is_noticed'],
        'tests/test_primitives.py': ['test_every_kink_is_one_of_a_row_that_is_tested'],
    },
}


def slope(f, x):
    """The gradient of f at x, the same from backward() and from gradients()."""
    leaf = Value(x)
    y = f(leaf)
    (functional,) = gradients(y, [leaf])
    y.backward()
    assert leaf.grad == functional.data or (isnan(leaf.grad) and isnan(functional.data))
    return leaf.grad


def slopes(f, *xs):
    leaves = [Value(x) for x in xs]
    f(*leaves).backward()
    return tuple(leaf.grad for leaf in leaves)


def curvature(f, x):
    leaf = Value(x)
    (first,) = gradients(f(leaf), [leaf], create_graph=True)
    return gradients(first, [leaf])[0].data


def same(x, y):
    return x == y or (isnan(x) and isnan(y))


# The list ---------------------------------------------------------------------------------------------------------


def test_every_row_of_the_list_has_a_test_that_bears_its_number():
    listed = re.findall(r'^\| (\d+) \|', shared_file('../FAULTS.md').read_text(encoding='utf-8'), re.MULTILINE)
    tested = {int(found[1]) for name in globals() if (found := re.match(r'test_row_(\d+)_', name))}
    assert sorted(tested) == [int(number) for number in listed]
    assert sorted(FURTHER) == sorted(tested)


# The rows ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures('uncounted')
def test_row_1_a_deep_graph_is_built_walked_copied_shown_and_freed():
    x = Value(2.0)
    y = x
    for _ in range(DEEP):
        y = y * 1.0
    y.backward()
    assert x.grad == 1.0
    assert gradients(y, [x])[0].data == 1.0
    assert y.recompute().data == 2.0
    assert copy.deepcopy(y).data == 2.0
    assert len(repr(y)) < 60
    assert len(str(micrograd.tree(y)).splitlines()) < 100
    assert len(micrograd.trace(y)[0]) == 2 * DEEP + 1
    with pytest.raises(GraphError, match='values'):
        micrograd.draw(y)
    with pytest.raises(TypeError, match='detach'):
        pickle.dumps(y)
    del y


@pytest.mark.parametrize(
    ('f', 'expected'),
    [
        (lambda a: a + a, 2.0),
        (lambda a: a * a, 2.0 * 3.0),
        (lambda a: a - a, 0.0),
        (lambda a: micrograd.maximum(a, a), 1.0),
        (lambda a: a**a, 27.0 * (math.log(3.0) + 1.0)),
        (lambda a: (b := a + a) + b, 4.0),
        (lambda a: (c := (b := a + a) + b) * c, 96.0),
    ],
)
def test_row_2_repeated_parents_and_diamonds(f, expected):
    assert slope(f, 3.0) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    'change', [lambda w: setattr(w, 'data', 5.0), lambda w: optim.SGD([w], lr=0.5).step()], ids=['data', 'optimiser']
)
def test_row_3_a_number_that_was_changed_is_an_error_that_names_the_node_and_the_cure(change):
    w = Value(3.0)
    y = w * w
    y.label = 'loss'
    y.backward()
    change(w)
    with pytest.raises(StaleGraphError, match=r"'loss'.*y\.recompute\(\)"):
        y.backward()
    with pytest.raises(StaleGraphError):
        gradients(y, [w])
    assert w.grad == 6.0
    w.grad = 0.0
    y.recompute().backward()
    assert w.grad == 2.0 * w.data


def test_row_4_backward_twice_is_twice_the_gradient():
    x = Value(3.0)
    square = x * x
    y = square * square
    y.backward()
    assert x.grad == 108.0
    y.backward()
    assert (x.grad, square.grad) == (216.0, 18.0)


@pytest.mark.parametrize('row', list(rows()), ids=lambda row: row.symbol)
def test_row_5_no_operation_raises_on_any_float(row):
    """Nor does a derivative."""
    for xs in product(BOUNDARIES, repeat=row.arity if row.arity and row.arity < 3 else 1):
        xs = xs if row.arity in (1, 2) else xs * (3 if row.arity == 3 else 4)
        leaves = [Value(x) for x in xs]
        y = micrograd.operators.apply(Value, row, *leaves)
        y = y.flag if row.condition else y
        y.backward()
        assert {type(number) for number in (y.data, *(leaf.grad for leaf in leaves))} == {float}


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        (lambda: Value(1000.0).exp(), inf),
        (lambda: Value(0.0).log(), -inf),
        (lambda: Value(-1.0).log(), nan),
        (lambda: Value(1.0) / 0.0, inf),
        (lambda: Value(1.0) / -0.0, -inf),
        (lambda: Value(0.0) / 0.0, nan),
        (lambda: Value(0.0) ** 0, 1.0),
        (lambda: Value(0.0) ** -1, inf),
        (lambda: Value(-8.0) ** (1 / 3), nan),
        (lambda: Value(10.0) ** 400, inf),
        (lambda: Value(-1.0).sqrt(), nan),
        (lambda: micrograd.asin(Value(2.0)), nan),
        (lambda: Value(inf).sin(), nan),
        (lambda: Value(1000.0).cosh(), inf),
        (lambda: micrograd.floor(Value(-inf)), -inf),
    ],
)
def test_row_5_what_python_raises_or_makes_complex_is_inf_or_nan(value, expected):
    assert same(value().data, expected)


def test_row_5_where_anomalies_are_looked_for_they_are_errors_with_their_operation_and_origin():
    p = Value(0.0, label='p')
    with detect_anomaly():
        with pytest.raises(AnomalyError, match=r'log gave -inf.*p = 0\.0.*test_faults\.py'):
            p.log()
        root = p.sqrt()
        with pytest.raises(AnomalyError, match='sqrt'):
            root.backward()
    assert p.grad == 0.0


@pytest.mark.parametrize('x', [800.0, -800.0, 1e308, -1e308])
def test_row_6_nothing_overflows_in_a_composed_loss(x):
    programs = [
        micrograd.sigmoid,
        micrograd.softplus,
        micrograd.logsigmoid,
        micrograd.silu,
        micrograd.tanh,
        lambda v: micrograd.logsumexp([v, 0.0]),
        lambda v: losses.cross_entropy([v, Value(0.0)], 1),
        lambda v: losses.bce_with_logits(v, 1.0),
        lambda v: micrograd.softmax([v, 0.0])[0],
    ]
    for f in programs:
        leaf = Value(x)
        y = f(leaf)
        y.backward()
        assert math.isfinite(y.data)
        assert math.isfinite(leaf.grad)


@pytest.mark.parametrize('x', [0.0, -1e308, 1e308, -inf])
def test_row_6_equal_logits_share_the_gradient_equally(x):
    """Where all are -inf the value is -inf, and equal shares are the convention."""
    leaves = [Value(x) for _ in range(4)]
    y = micrograd.logsumexp(leaves)
    y.backward()
    assert y.data == (x if abs(x) > 1.0 else math.log(4.0))
    assert [leaf.grad for leaf in leaves] == [0.25] * 4


@pytest.mark.parametrize(
    'f',
    [
        lambda x: micrograd.where(x > 0, x.log(), 0.0),
        lambda x: micrograd.where(x > 0, x.sqrt(), 0.0),
        lambda x: micrograd.where(x > 0, 1.0 / x, 0.0),
        lambda x: micrograd.maximum(x.log(), 0.0),
        lambda x: micrograd.relu(x.log()),
        lambda x: micrograd.clamp(x.log(), 0.0, 1.0),
        lambda x: micrograd.minimum(1.0 / x, 2.0),
    ],
)
def test_row_7_a_branch_that_was_not_taken_passes_nothing(f):
    assert slope(f, 0.0) == 0.0
    assert curvature(f, 0.0) == 0.0


def test_row_7_the_number_of_a_branch_that_was_not_taken_is_looked_at():
    with detect_anomaly(), pytest.raises(AnomalyError, match='log gave -inf'):
        micrograd.where(Value(0.0) > 0, Value(0.0).log(), 0.0)


KINKS = [  # and the first and second derivative there
    ('relu', lambda x: x.relu(), 0.0, 0.0, 0.0),
    ('abs', abs, 0.0, 0.0, 0.0),
    ('sign', micrograd.sign, 0.0, 0.0, 0.0),
    ('floor', micrograd.floor, 2.0, 0.0, 0.0),
    ('leaky_relu', lambda x: x.leaky_relu(0.25), 0.0, 0.25, 0.0),
    ('elu', lambda x: x.elu(), 0.0, 1.0, 1.0),
    ('maximum, the first', lambda x: micrograd.maximum(x, 0.0), 0.0, 0.5, 0.0),
    ('maximum, the second', lambda x: micrograd.maximum(0.0, x), 0.0, 0.5, 0.0),
    ('minimum', lambda x: micrograd.minimum(x, 1.0), 1.0, 0.5, 0.0),
    ('max of three', lambda x: micrograd.max([x, 1.0, 1.0]), 1.0, 1.0 / 3.0, 0.0),
    ('max of two among three', lambda x: micrograd.max([x, 0.0, 1.0]), 1.0, 0.5, 0.0),
    ('min of two', lambda x: micrograd.min([x, 1.0]), 1.0, 0.5, 0.0),
    ('min of two among three', lambda x: micrograd.min([x, 2.0, 1.0]), 1.0, 0.5, 0.0),
    ('clamp, below', lambda x: x.clamp(0.0, 1.0), 0.0, 1.0, 0.0),
    ('clamp, above', lambda x: x.clamp(0.0, 1.0), 1.0, 1.0, 0.0),
    ('hinge', lambda x: losses.hinge(x, 1.0), 1.0, 0.0, 0.0),
]


@pytest.mark.parametrize(('f', 'x', 'first', 'second'), [kink[1:] for kink in KINKS], ids=[kink[0] for kink in KINKS])
@pytest.mark.parametrize('zero', [0.0, -0.0])
def test_row_8_at_a_kink(f, x, first, second, zero):
    """A zero of either sign is the same kink."""
    assert slope(f, x or zero) == first
    assert curvature(f, x or zero) == second


def test_row_8_at_a_kink_compiled_is_what_it_is_eager():
    for name, f, x, first, _ in KINKS:
        _, gradient = micrograd.compile(f, machine='numpy').value_and_grad([x])
        assert gradient.tolist() == [first], name


@pytest.mark.parametrize('x', [2.0, 0.0, -0.0, -2.0, inf, -inf, nan])
def test_row_9_a_power_of_zero_is_1_with_gradient_0(x):
    assert (Value(x) ** 0).data == (Value(x) ** Value(0.0)).data == 1.0
    assert slope(lambda v: v**0, x) == 0.0
    assert slopes(lambda v, c: v**c, x, 0.0)[0] == 0.0


@pytest.mark.parametrize(
    ('c', 'expected'),
    [(3, 0.0), (1.5, 0.0), (1, 1.0), (0.5, inf), (0.25, inf), (0, 0.0), (-0.25, -inf), (-0.5, -inf), (-2, -inf)],
)
def test_row_9_the_derivative_of_a_power_at_0(c, expected):
    assert slope(lambda v: v**c, 0.0) == expected
    assert slopes(lambda v, y: v**y, 0.0, float(c))[0] == expected


@pytest.mark.parametrize(('y', 'expected'), [(2.0, 0.0), (0.5, 0.0), (0.0, 0.0), (-1.0, -inf)])
def test_row_9_the_derivative_by_the_exponent_at_0(y, expected):
    assert slopes(lambda v, c: v**c, 0.0, y)[1] == expected


def test_row_9_a_negative_base():
    assert (slope(lambda v: v**3, -2.0), (Value(-2.0) ** 3).data) == (12.0, -8.0)
    by_base, by_exponent = slopes(lambda v, c: v**c, -2.0, 3.0)
    assert by_base == 12.0
    assert isnan(by_exponent)
    assert isnan((Value(-8.0) ** (1 / 3)).data)
    assert isnan(slope(lambda v: v ** (1 / 3), -8.0))


@pytest.mark.parametrize(('c', 'expected'), [(3, 0.0), (2, 2.0), (1.5, inf), (1, 0.0), (0, 0.0)])
def test_row_9_the_second_derivative_of_a_power_at_0(c, expected):
    assert curvature(lambda v: v**c, 0.0) == expected


def in_the_tail(f, *xs):
    """A derivative in arithmetic of 60 digits and enough range for the tails."""
    with mp.workdps(60):
        return float(f(*map(mpf, xs)))


@pytest.mark.parametrize(
    ('f', 'derivative', 'x'),
    [
        (micrograd.tanh, lambda x: 1 / mp.cosh(x) ** 2, 40.0),
        (micrograd.tanh, lambda x: 1 / mp.cosh(x) ** 2, -300.0),
        (micrograd.sigmoid, lambda x: 1 / (2 + 2 * mp.cosh(x)), 60.0),
        (micrograd.sigmoid, lambda x: 1 / (2 + 2 * mp.cosh(x)), -700.0),
        (micrograd.expm1, mp.exp, -50.0),
        (micrograd.softplus, lambda x: 1 / (1 + mp.exp(-x)), -700.0),
        (micrograd.gelu, lambda x: mp.erfc(-x / mp.sqrt(2)) / 2 + x * mp.npdf(x), -30.0),
        (lambda y: micrograd.atan2(y, 1e308), lambda y: mpf(1e308) / (mpf(1e308) ** 2 + y**2), 1e308),
        (lambda y: micrograd.atan2(y, 4e-308), lambda y: mpf(4e-308) / (mpf(4e-308) ** 2 + y**2), 3e-308),
    ],
)
def test_row_10_derivatives_keep_their_digits_in_the_tails(f, derivative, x):
    assert ulps(slope(f, x), in_the_tail(derivative, x)) <= 8.0


@pytest.mark.parametrize('other', [1.0, -inf, inf, 0.0, nan])
def test_row_11_the_larger_and_the_smaller_of_nan_and_a_number_is_nan(other):
    for f in (micrograd.maximum, micrograd.minimum):
        assert isnan(f(nan, other).data)
        assert isnan(f(other, nan).data)
    for f in (micrograd.max, micrograd.min):
        assert isnan(f([nan, other, 1.0]).data)
        assert isnan(f([other, 1.0, nan]).data)
    assert isnan(micrograd.relu(nan).data)
    assert isnan(micrograd.clamp(nan, -1.0, 1.0).data)


SHORTCUTS = {  # for whoever believes in real numbers
    'x * 0': (lambda x: x * 0.0, [inf, nan]),
    'x / x': (lambda x: x / x, [0.0, inf, nan]),
    'x - x': (lambda x: x - x, [inf, nan]),
    'sqrt(x * x)': (lambda x: (x * x).sqrt(), [-3.0, 1e200, nan]),
    'x + 0': (lambda x: x + 0.0, [-0.0]),
    'log(exp(x))': (lambda x: x.exp().log(), [800.0, -800.0]),
}


@pytest.mark.parametrize(('f', 'xs'), SHORTCUTS.values(), ids=SHORTCUTS)
def test_row_12_compiled_code_takes_no_shortcut_that_hides_a_nan_or_an_infinity(f, xs):
    compiled = micrograd.compile(f, machine='numpy')(xs).tolist()
    for x, number in zip(xs, compiled, strict=True):
        eager = f(Value(x)).data
        assert same(number, eager)
        assert math.copysign(1.0, number) == math.copysign(1.0, eager) or isnan(eager)


def D(f):  # noqa: N802 - as calculus writes it
    return lambda x: gradients(f(x), [x], create_graph=True)[0]


def test_row_13_derivatives_of_derivatives():
    assert D(lambda x: x * D(lambda y: x + y)(Value(1.0)))(Value(5.0)).data == 1.0
    assert D(lambda x: x * D(lambda y: x * y)(Value(1.0)))(Value(5.0)).data == 10.0
    assert D(D(D(lambda x: x**4)))(Value(2.0)).data == 48.0
    x = Value(2.0)
    y = x**3
    with no_grad():
        assert D(lambda _: y)(x).data == 12.0


SUMS = """
from micrograd import Value
xs = [Value(10.0 ** (i % 7 - 3) / 3.0) for i in range(40)]
a = Value(0.1)
sum((x * a).tanh() * a / (a + x) for x in xs).backward()
print(a.grad.hex(), [x.grad.hex() for x in xs])
"""


def test_row_14_the_same_bits_in_every_process():
    def printed(seed):
        environment = {**os.environ, 'PYTHONHASHSEED': seed}
        command = [sys.executable, '-c', SUMS]
        return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert len({printed(seed) for seed in ('0', '1', '2')}) == 1


def test_row_14_sums_are_added_from_left_to_right():
    terms = [1e16, 1.0, 1.0, -1e16]  # a compensated sum is 2
    assert micrograd.sum(terms).data == micrograd.dot(terms, [1.0] * 4).data == 0.0
    assert sum(map(Value, terms)).data == 0.0
    assert micrograd.sum([1e16, 1.0, -1e16, 1.0]).data == 1.0  # from right to left it is 2


def test_row_15_graphs_make_no_cycles():
    """With the collector off, and told to keep what it would have freed: nothing of ours is among it."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        model = nn.MLP(2, [3, 1], generator=0)
        optimizer = optim.Adam(model.parameters())
        loss = losses.mse([model([0.5, -1.0])], [1.0])
        loss.backward()
        optimizer.step()
        gradients(loss.recompute(), model.parameters(), create_graph=True)
        copy.deepcopy(loss)
        micrograd.tree(loss)
        model.parameters()[0].data = math.pi
        with pytest.raises(StaleGraphError):
            loss.backward()
        del model, optimizer, loss
        gc.collect()
        kept = [type(thing).__name__ for thing in gc.garbage if type(thing).__module__.startswith('micrograd')]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert kept == []


def test_row_15_under_no_grad_there_is_no_graph():
    x = Value(2.0)
    with no_grad():
        assert micrograd.logsumexp([x * 2.0, x.tanh(), -x])._prev == ()


@pytest.mark.parametrize(
    'number', [2, True, np.float64(2.5), np.int64(3), np.float32(0.5), Fraction(1, 3), Decimal('0.1')], ids=repr
)
def test_row_16_real_numbers_become_floats(number):
    assert type(Value(number).data) is float
    v = np.float64(2.0) * Value(number)
    assert (type(v), v.data) == (Value, 2.0 * float(number))


@pytest.mark.parametrize('thing', [2 + 3j, '3', None, [1.0]], ids=repr)
def test_row_16_other_things_are_a_type_error_at_construction(thing):
    with pytest.raises(TypeError, match='one real number'):
        Value(thing)


def is_recording():
    """Whether an operation builds a graph, where it has to look since some thread has a context open."""
    context.count(1)
    try:
        return (Value(1.0) * 2.0)._prev != ()
    finally:
        context.count(-1)


def test_row_17_no_grad_is_restored_and_belongs_to_its_thread_and_task():
    with pytest.raises(ZeroDivisionError), no_grad(), no_grad():
        raise ZeroDivisionError
    assert is_recording()

    @no_grad()
    def steps():
        yield is_recording()
        yield is_recording()

    assert [(inside, is_recording()) for inside in steps()] == [(False, True)] * 2
    with no_grad():
        seen = []
        thread = threading.Thread(target=lambda: seen.append(is_recording()))
        thread.start()
        thread.join()
        assert (seen, is_recording()) == ([True], False)
    assert asyncio.run(tasks()) == [False, True]


async def tasks():
    async def quiet():
        with no_grad():
            await asyncio.sleep(0)
            return is_recording()

    async def loud():
        await asyncio.sleep(0)
        return is_recording()

    return await asyncio.gather(quiet(), loud())


def test_row_17_a_bare_block_across_a_yield_leaks_as_documented():
    def steps():
        with no_grad():
            yield

    generator = steps()
    next(generator)
    assert not is_recording()
    generator.close()
    assert is_recording()


def test_row_17_threads_share_parameters():
    model = nn.MLP(2, [3, 1], activation='tanh', generator=0)
    w = model.parameters()

    def slopes_at(i):
        return [g.data for _ in range(5) for g in gradients(model([0.1 * i, 1.0 - i]), w)]

    found = {}
    threads = [threading.Thread(target=lambda i=i: found.update({i: slopes_at(i)})) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: slopes_at(i) for i in range(8)}
    assert {p.grad for p in w} == {0.0}


class Comparable(Value):
    """A subclass that compares its numbers, and so has no hash."""

    __hash__ = None

    def __eq__(self, other):
        return self.data == other.data

    def __bool__(self):
        return self.data != 0.0


def test_row_18_a_value_is_itself_alone_and_always_true():
    a, b = Value(0.0), Value(0.0)
    assert a != b
    assert len({a, b, a}) == 2
    assert bool(a)


def test_row_18_backward_copies_and_pictures_go_by_identity():
    a, b = Comparable(2.0), Comparable(2.0)
    zero = Comparable(0.0)
    y = a * a + b * b + zero * zero
    y.backward()
    assert (a.grad, b.grad, zero.grad) == (4.0, 4.0, 0.0)
    assert [slope.data for slope in gradients(y, [a, b, zero])] == [4.0, 4.0, 0.0]
    assert [slope.data for slope in gradients(y, [a, b, zero], create_graph=True)] == [4.0, 4.0, 0.0]
    assert copy.deepcopy(y).data == 8.0
    assert len(view([y], 100).boxes) == 8


def test_row_18_functions_are_differentiated_by_identity():
    a, b = Comparable(2.0), Comparable(2.0)
    slopes = grad(lambda x, y: x * x + y * y * y, argnums=(0, 1))(a, b)
    assert [slope.data for slope in slopes] == [4.0, 12.0]
    assert jvp(lambda x, y: x * x + y * y * y, (a, b), (1.0, 10.0))[1].data == 124.0


def test_row_19_no_label_is_more_than_text():
    y = graphs.hostile()
    dot = micrograd.draw(y).dot.source
    assert '=<' not in dot  # no label is HTML
    assert 'URL' not in dot
    html = micrograd.explore(y).html
    inside = html.partition('id="graph">')[2].partition('</script>')[0]
    assert not set('<>&\u2028\u2029') & set(inside)
    assert len(json.loads(inside)['names']) == len(graphs.HOSTILE) + 1
    assert 'fired.push(1)</script>' not in html


def test_row_19_boxes_are_numbered_by_their_place():
    first, second = (micrograd.draw(graphs.hostile()).dot.source for _ in range(2))
    assert first == second


def test_row_19_without_graphviz_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setenv('PATH', '')
    monkeypatch.setitem(sys.modules, 'pygraphviz', None)
    with pytest.raises(MissingDependencyError, match='draw'):
        _ = micrograd.draw(Value(1.0) * 2.0).svg


def test_row_20_damaged_model_files_are_refused_with_the_place(tmp_path):
    model = nn.MLP(1, [2, 1], generator=0)
    path = tmp_path / 'model.json'
    micrograd.save(model, path)
    good = path.read_text(encoding='utf-8')
    assert [p.data for p in micrograd.load(path).parameters()] == [p.data for p in model.parameters()]
    number = repr(model.parameters()[0].data)
    damaged = {
        good[: len(good) // 2]: 'line',
        good.replace(number, 'true', 1): r'neurons\[0\]\.w\[0\]',
        good.replace(number, '"1.0"', 1): r'neurons\[0\]\.w\[0\]',
        good.replace(number, 'NaN', 1): r'neurons\[0\]\.w\[0\]',
        good.replace(number, '1e999', 1): r'neurons\[0\]\.w\[0\]',
        good.replace(number, '[' * 10_000, 1): 'brackets',
        good.replace(number, f'{number}, 1.0', 1): 'weights',
        good.replace('"version": ', '"version": 9', 1): 'version',
        good.replace('"b"', '"bias"', 1): "lacks the key 'b'",
        good.replace('{', '{"version": 1, ', 1): 'more than once',
    }
    for text, message in damaged.items():
        path.write_text(text, encoding='utf-8')
        with pytest.raises(CheckpointError, match=message):
            micrograd.load(path)


def test_row_21_a_repr_is_short_and_nothing_makes_a_cycle():
    x = Value(1.0, label='x' * 10_000)
    y = x
    for _ in range(2000):
        y = y * y + x
    assert len(repr(y)) < 100
    with pytest.raises(AttributeError):
        x._prev = (y,)
    with pytest.raises(AttributeError):
        x._prev.append(y)


def test_row_22_an_optimiser_steps_a_shared_parameter_once():
    w = Value(1.0)
    w.grad = 1.0
    optim.SGD([w, w], lr=0.5).step()
    assert w.data == 0.5


@pytest.mark.parametrize('kind', [optim.SGD, optim.Adam, optim.AdamW])
def test_row_22_a_zero_gradient_moves_nothing_and_a_state_survives_json(kind):
    settings = {'lr': 0.1} | ({'weight_decay': 0.0} if kind is optim.AdamW else {})
    w = Value(1.0)
    kind([w], **settings).step()
    assert w.data == 1.0
    first, second = kind([w], **settings), kind([w], **settings)
    w.grad = 0.5
    first.step()
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert second.state_dict() == first.state_dict()


def test_row_22_what_cannot_be_trained_is_said():
    with pytest.raises((ValueError, DataError), match='parameter'):
        optim.SGD([], lr=0.1)
    model = nn.MLP(1, [1], generator=0)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    before = [p.data for p in model.parameters()]
    with pytest.raises(TrainingError, match='step 1'):
        micrograd.fit(model, ([[1e200]], [0.0]), loss='mse', optimizer=optimizer, progress=False, compiled=False)
    assert [p.data for p in model.parameters()] == before


@given(st.floats(-3.0, 3.0).filter(lambda x: abs(x) > 0.1))
def test_row_23_a_wrong_derivative_is_found_wherever_it_is_not_0(x):
    wrong = micrograd.primitive('wrong', lambda o, x: x * x, lambda o, z, x: 2.002 * x)
    right = micrograd.primitive('right', lambda o, x: x * x, lambda o, z, x: 2.0 * x)
    assert not micrograd.gradcheck(wrong, [x])
    assert micrograd.gradcheck(right, [x])
