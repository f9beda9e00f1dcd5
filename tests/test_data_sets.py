"""Point sets are what they say, bit for bit."""

import hashlib
import itertools
import math
import os
import random
import re
import statistics
import subprocess
import sys
from collections import Counter

import pytest

from micrograd.data import Dataset, blobs, circles, moons, spirals, xor
from micrograd.errors import DataError

SETS = (moons, circles, spirals, xor, blobs)

# SHA-256 of the repr of each set with n=200, seed=7: every digit of every number.
GOLDEN = {
    moons: '5fc20961a7a81fac',
    circles: '413688bcb6b81201',
    spirals: '21f6cfe68bc914b6',
    xor: '46dc854b3805d3d1',
    blobs: '09a356b3cf024b7f',
}


def fingerprint(data: object) -> str:
    return hashlib.sha256(repr(data).encode()).hexdigest()[:16]


def deviations(a, b):
    return [x - y for p, q in zip(a, b, strict=True) for x, y in zip(p, q, strict=True)]


def test_a_dataset_is_a_pair():
    inputs, y = dataset = moons(10)
    assert dataset.inputs is inputs
    assert dataset.targets is y
    assert len(dataset) == 2
    assert isinstance(dataset, Dataset)


@pytest.mark.parametrize('make', SETS)
def test_the_same_seed_gives_the_same_bits_everywhere(make):
    assert fingerprint(tuple(make(200, seed=7))) == GOLDEN[make]


def test_the_hash_seed_of_the_process_does_not_matter():
    names = [make.__name__ for make in SETS]
    program = 'import micrograd.data as data\n' + '\n'.join(f'print(data.{name}(20, seed=3))' for name in names)
    printed = {
        subprocess.run(
            [sys.executable, '-c', program],
            env={**os.environ, 'PYTHONHASHSEED': seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ('0', '1', '2')
    }
    assert printed == {''.join(f'{make(20, seed=3)}\n' for make in SETS)}


@pytest.mark.parametrize('make', SETS)
def test_the_seed_is_the_only_source_of_chance(make):
    random.seed(5)
    state = random.getstate()
    assert make(30) == make(30, seed=0) != make(30, seed=1)
    assert random.getstate() == state


@pytest.mark.parametrize('make', SETS)
def test_a_generator_can_be_the_seed_and_goes_on(make):
    generator = random.Random(4)
    first, second = make(30, seed=generator), make(30, seed=generator)
    assert first == make(30, seed=4) != second


@pytest.mark.parametrize('make', SETS)
@pytest.mark.parametrize('n', [1, 2, 3, 7, 100])
def test_counts_and_kinds(make, n):
    inputs, y = make(n)
    assert len(inputs) == len(y) == n
    assert all(type(label) is int for label in y)
    assert all(len(row) == 2 and all(type(x) is float for x in row) for row in inputs)


@pytest.mark.parametrize(
    ('make', 'options', 'classes'),
    [
        (moons, {}, 2),
        (circles, {}, 2),
        (xor, {}, 2),
        (spirals, {}, 2),
        (spirals, {'classes': 5}, 5),
        (blobs, {}, 3),
        (blobs, {'centers': 7}, 7),
    ],
)
@pytest.mark.parametrize('n', range(7, 20))
def test_classes_are_balanced_as_evenly_as_n_allows(make, options, classes, n):
    counts = Counter(make(n, **options).targets)
    assert sorted(counts) == list(range(classes))
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize('make', SETS)
def test_the_order_is_shuffled(make):
    targets = make(100).targets
    runs = sum(1 for _ in itertools.groupby(targets))
    assert 30 < runs < 80  # sorted by class there are 2 or 3, dealt out in turn there are 100
    assert targets != make(100, seed=1).targets


@pytest.mark.parametrize('make', [moons, circles, spirals, xor])
def test_the_noise_is_normal_with_the_given_deviation(make):
    def sample(noise):  # the same seed draws the same normal numbers, whatever they are multiplied by
        return make(4000, noise=noise, seed=2).inputs

    z = [d / 0.5 for d in deviations(sample(0.5), sample(0))]
    assert abs(statistics.fmean(z)) < 0.05
    assert statistics.pstdev(z) == pytest.approx(1, abs=0.03)
    for limit in (0.5, 1.0, 2.0, 3.0):
        expected = math.erf(limit / math.sqrt(2))
        assert sum(abs(x) < limit for x in z) / len(z) == pytest.approx(expected, abs=0.02)
    assert 3.3 < max(map(abs, z)) < 5.5


def test_moons_are_half_circles():
    inputs, y = moons(101, noise=0)
    for (x1, x2), label in zip(inputs, y, strict=True):
        centre, side = ((0, 0), 1) if label == 0 else ((1, 0.5), -1)
        assert math.dist((x1, x2), centre) == pytest.approx(1, abs=1e-14)
        assert side * (x2 - centre[1]) > -1e-14
    ends = [round(x, 12) for x, _ in inputs]
    assert (min(ends), max(ends)) == (-1, 2)


def test_the_angles_are_those_of_the_library():
    inputs, y = moons(1001, noise=0)
    upper = sorted(row for row, label in zip(inputs, y, strict=True) if label == 0)
    angles = [math.pi * k / 500 for k in range(500, -1, -1)]
    expected = [[math.cos(angle), math.sin(angle)] for angle in angles]
    assert max(map(abs, deviations(upper, expected))) < 2e-15


@pytest.mark.parametrize('factor', [0.1, 0.5, 0.9])
def test_circles_have_two_radii(factor):
    inputs, y = circles(50, noise=0, factor=factor)
    for row, label in zip(inputs, y, strict=True):
        assert math.hypot(*row) == pytest.approx([1, factor][label], abs=1e-14)
    assert len({tuple(row) for row in inputs}) == 50


@pytest.mark.parametrize(('classes', 'turns'), [(1, 1), (2, 1), (3, 1.5), (5, -2), (2, 1e300)])
def test_spirals_wind_around_the_origin(classes, turns):
    inputs, y = spirals(60, classes=classes, turns=turns, noise=0)
    for (x1, x2), label in zip(inputs, y, strict=True):
        radius = math.hypot(x1, x2)
        assert 0 < radius < 1 + 1e-14
        if abs(turns) < 10:
            angle = math.atan2(x2, x1) / math.tau - label / classes - turns * radius
            assert angle == pytest.approx(round(angle), abs=1e-12)


def test_the_arms_of_a_spiral_do_not_touch():
    inputs, y = spirals(200, noise=0)
    pairs = itertools.combinations(zip(inputs, y, strict=True), 2)
    assert min(math.dist(p, q) for (p, a), (q, b) in pairs if a != b) >= 0.02 - 1e-12  # 2/100: the innermost two


def test_xor_is_the_truth_table():
    inputs, y = xor(4, noise=0)
    assert sorted(map(tuple, inputs)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert y == [int(a) ^ int(b) for a, b in inputs]


def test_xor_with_noise_keeps_the_class_of_the_corner():
    inputs, y = xor(200, noise=0.05)
    assert y == [round(a) ^ round(b) for a, b in inputs]


@pytest.mark.parametrize(('centers', 'features'), [(1, 1), (3, 2), (4, 5)])
def test_blobs_are_clouds_about_their_centres(centers, features):
    still, moving = (blobs(600, centers=centers, features=features, spread=spread) for spread in (0, 0.5))
    middles = {tuple(row) for row in still.inputs}
    assert len(middles) == centers
    assert all(len(middle) == features and max(map(abs, middle)) <= 10 for middle in middles)
    assert still.targets == moving.targets
    assert statistics.pstdev(deviations(moving.inputs, still.inputs)) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ('call', 'error', 'message'),
    [
        (lambda: moons(0), DataError, 'n should be at least 1, not 0'),
        (lambda: xor(-3), DataError, 'n should be at least 1, not -3'),
        (lambda: circles(2.0), TypeError, 'n should be an integer, not 2.0 of type float'),
        (lambda: blobs('10'), TypeError, "n should be an integer, not '10' of type str"),
        (lambda: spirals(None), TypeError, 'n should be an integer, not None of type NoneType'),
        (lambda: spirals(classes=0), DataError, 'classes should be at least 1, not 0'),
        (lambda: spirals(classes=1.5), TypeError, 'classes should be an integer'),
        (lambda: spirals(turns=math.inf), DataError, 'turns should be a finite number, not inf'),
        (lambda: blobs(centers=0), DataError, 'centers should be at least 1, not 0'),
        (lambda: blobs(features=0), DataError, 'features should be at least 1, not 0'),
        (lambda: blobs(spread=-1), DataError, 'spread is a standard deviation and should be at least 0, not -1'),
        (lambda: moons(noise=-0.1), DataError, 'noise is a standard deviation and should be at least 0, not -0.1'),
        (lambda: circles(noise=math.nan), DataError, 'noise should be a finite number, not nan'),
        (lambda: spirals(noise=-math.inf), DataError, 'noise should be a finite number, not -inf'),
        (lambda: xor(noise=10**400), DataError, 'noise should be a number in the range of floats'),
        (lambda: xor(noise='much'), TypeError, "noise should be a number, not 'much' of type str"),
        (lambda: circles(factor=1), DataError, 'factor should lie between 0 and 1, not be 1'),
        (lambda: circles(factor=0.0), DataError, 'factor should lie between 0 and 1, not be 0.0'),
        (lambda: circles(factor=math.nan), DataError, 'factor should be a finite number, not nan'),
        (lambda: moons(seed=None), TypeError, 'seed should be an integer, not None'),
        (lambda: moons(seed=1.0), TypeError, 'seed should be an integer, not 1.0'),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
