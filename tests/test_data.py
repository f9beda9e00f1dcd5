"""Data sets are what they say, bit for bit; broken files are errors that name the place."""

import copy
import gzip
import hashlib
import itertools
import math
import os
import random
import re
import statistics
import struct
import subprocess
import sys
import tracemalloc
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from micrograd.data import (
    Dataset,
    Standardiser,
    Table,
    blobs,
    circles,
    moons,
    one_hot,
    read_csv,
    read_idx,
    spirals,
    standardise,
    train_test_split,
    xor,
)
from micrograd.errors import DataError
from tests.support import require, shared_file

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


# --- point sets ------------------------------------------------------------------------------------------------------


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


# --- CSV files -------------------------------------------------------------------------------------------------------


@pytest.fixture
def csv_file(tmp_path):
    def write(content):
        path = tmp_path / 'houses.csv'
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


EXPECTED = ([[3.0, 70.5], [2.0, -50.0]], [210.0, 150.0])


@pytest.mark.parametrize(
    'content',
    [
        'rooms,area,price\n3,70.5,210\n2,-50,150\n',
        'rooms,area,price\n3,70.5,210\n2,-50,150',
        'rooms,area,price\r\n3,70.5,210\r\n2,-50,150\r\n',
        'rooms,area,price\r3,70.5,210\r2,-50,150\r',
        '\ufeffrooms,area,price\n3,70.5,210\n2,-50,150\n',
        '"rooms","area","price"\n"3","70.5","210"\n"2","-50","150"\n',
        '\ufeff"rooms", "area", "price"\n3, "70.5",210\n2,-50,150\n',
        ' rooms ,\tarea , price\n 3 , 70.5 , 210\n 2 ,-50\t, 150 \n',
        'rooms,area,price\n3,7.05e1,+210\n2,-5E+1,150.\n\n\n',
        '\n\nrooms,area,price\n\n3,70.5,210\n   \n2,-50,150\n \n',
    ],
)
def test_a_table_however_it_is_written(csv_file, content):
    table = read_csv(csv_file(content))
    assert table == EXPECTED
    assert isinstance(table, Dataset)
    assert table.input_names == ('rooms', 'area')
    assert table.target_name == 'price'


@pytest.mark.parametrize(
    ('target', 'inputs', 'targets', 'names'),
    [
        ('a', [[2.0, 3.0]], [1.0], ('b', 'c')),
        ('b', [[1.0, 3.0]], [2.0], ('a', 'c')),
        (0, [[2.0, 3.0]], [1.0], ('b', 'c')),
        (2, [[1.0, 2.0]], [3.0], ('a', 'b')),
        (-1, [[1.0, 2.0]], [3.0], ('a', 'b')),
        (-3, [[2.0, 3.0]], [1.0], ('b', 'c')),
    ],
)
def test_the_target_is_a_name_or_an_index(csv_file, target, inputs, targets, names):
    table = read_csv(csv_file('a,b,c\n1,2,3\n'), target=target)
    assert table == (inputs, targets)
    assert table.input_names == names


def test_a_file_without_names(csv_file):
    table = read_csv(csv_file('1,2,3\n4,5,6\n'), header=False, target='x1')
    assert table == ([[2.0, 3.0], [5.0, 6.0]], [1.0, 4.0])
    assert (table.input_names, table.target_name) == (('x2', 'x3'), 'x1')


@pytest.mark.parametrize('delimiter', [';', '\t', '|'])
def test_other_delimiters(csv_file, delimiter):
    content = 'rooms,area,price\n3,70.5,210\n2,-50,150\n'.replace(',', delimiter)
    assert read_csv(csv_file(content), delimiter=delimiter) == EXPECTED


def test_names_may_be_any_text(csv_file):
    table = read_csv(csv_file('"a,b","line\r\nbreak","ü ""q""",2019\n1,2,3,4\n'))
    assert table.input_names == ('a,b', 'line\r\nbreak', 'ü "q"')
    assert table.target_name == '2019'


def test_a_table_is_copied_with_its_names(csv_file):
    table = copy.deepcopy(read_csv(csv_file('a,b\n1,2\n')))
    assert isinstance(table, Table)
    assert (table.input_names, table.target_name) == (('a',), 'b')


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('', 'houses.csv, line 1: expected a table of numbers, found the end of the file'),
        ('\ufeff', 'houses.csv, line 1: expected a table of numbers, found the end of the file'),
        ('\n \n', 'houses.csv, line 1: expected a table of numbers, found the end of the file'),
        ('a,b\n', 'houses.csv, line 2: expected a row of numbers below the names, found the end of the file'),
        ('a\n1\n', "houses.csv, line 1: expected at least two columns, inputs and a target, found only 'a'"),
        ('a;b\n1;2\n', "line 1: expected at least two columns, inputs and a target, found only 'a;b'; if the cells"),
        ('a;b\n1;2\n', "name it: read_csv(path, delimiter=';')"),
        ('1,2\n3,4\n', "line 1: expected the names of the columns, found only numbers, such as '1'"),
        ('nan,2\n3,4\n', "line 1: expected the names of the columns, found only numbers, such as 'nan'"),
        ('1,2\n3,4\n', 'if the file has no line of names: read_csv(path, header=False)'),
        ('a,,c\n1,2,3\n', 'houses.csv, line 1, column 2: expected a name, found an empty cell'),
        (
            'a,b, a\n1,2,3\n',
            "line 1, column 3: expected a name that no other column has, found 'a', the name of column 1",
        ),
        ('a,b\n1,2\n3\n', 'houses.csv, line 3: expected 2 cells, found 1'),
        ('a,b\n1,2\n3,4,5\n', 'houses.csv, line 3: expected 2 cells, found 3'),
        ('a,b\n\n1,2\n\n3,4,\n', 'houses.csv, line 5: expected 2 cells, found 3'),
        ('a,b\n1,2\n3,\n', "houses.csv, line 3, column 2 ('b'): expected a finite number, found an empty cell"),
        ('a,b\n1,2\n,\n', "houses.csv, line 3, column 1 ('a'): expected a finite number, found an empty cell"),
        ('a,b\n1,2\nthree,4\n', "houses.csv, line 3, column 1 ('a'): expected a finite number, found 'three'"),
        ('a,b\n1,"2,5"\n', "line 2, column 2 ('b'): expected a finite number, found '2,5'"),
        ('a,b\n1,1_000\n', "line 2, column 2 ('b'): expected a finite number, found '1_000'"),
        ('a,b\n1,0x1F\n', "line 2, column 2 ('b'): expected a finite number, found '0x1F'"),
        ('a,b\n1,NaN\n', "line 2, column 2 ('b'): expected a finite number, found 'NaN'"),
        ('a,b\n-inf,1\n', "line 2, column 1 ('a'): expected a finite number, found '-inf'"),
        ('a,b\n1,1e999\n', "line 2, column 2 ('b'): expected a finite number, found '1e999'"),
        ('a,"b\nc"\n1,2\n3,x\n', "houses.csv, line 4, column 2 ('b\\nc'): expected a finite number, found 'x'"),
        ('a,b\n1,"2\n', 'houses.csv, line 2: expected cells and closed quotes, found: unexpected end of data'),
        ('a,b\n1,"2"3\n', 'houses.csv, line 2: expected cells and closed quotes, found: '),
        (f'a,b\n1,{"9" * 200_000}\n', 'houses.csv, line 2: expected cells and closed quotes, found: field larger than'),
        (b'a,b\n1,\xff\n', 'houses.csv, byte 6: expected UTF-8 text, found 0xff; save the table as "CSV UTF-8"'),
        (b'\xef\xbb\xbfa,b\n1,\xe9\n', 'houses.csv, byte 9: expected UTF-8 text, found 0xe9'),
        (b'a,b\n1,2\0\n', 'houses.csv, byte 7: expected UTF-8 text, found a NUL byte; save the table as "CSV UTF-8"'),
        ('a,b\n1,2\n'.encode('utf-16'), 'houses.csv, byte 3: expected UTF-8 text, found a NUL byte'),
    ],
)
def test_malformed_csv(csv_file, content, message):
    with pytest.raises(DataError, match=re.escape(message)):
        read_csv(csv_file(content))


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('a,b\n1,2\n', "line 1, column 1 ('x1'): expected a finite number, found 'a'"),
        ('1,2\n3,\n', "line 2, column 2 ('x2'): expected a finite number, found an empty cell"),
        ('1,2\n3\n', 'line 2: expected 2 cells, found 1'),
        ('1\n2\n', "line 1: expected at least two columns, inputs and a target, found only '1'"),
    ],
)
def test_malformed_csv_without_names(csv_file, content, message):
    with pytest.raises(DataError, match=re.escape(message)):
        read_csv(csv_file(content), header=False)


@pytest.mark.parametrize(
    ('target', 'error', 'message'),
    [
        ('cost', DataError, "houses.csv has no column 'cost'; its columns are ['a', 'b']"),
        (2, DataError, 'houses.csv has no column 2; it has 2 columns, 0 to 1'),
        (-3, DataError, 'houses.csv has no column -3; it has 2 columns, 0 to 1'),
        (1.0, TypeError, 'target should be an integer, not 1.0 of type float'),
        (None, TypeError, 'target should be an integer, not None'),
    ],
)
def test_a_target_that_is_not_there(csv_file, target, error, message):
    with pytest.raises(error, match=re.escape(message)):
        read_csv(csv_file('a,b\n1,2\n'), target=target)


@pytest.mark.parametrize('read', [read_csv, read_idx])
def test_paths_that_are_not_files(read, tmp_path):
    with pytest.raises(DataError, match=f'{re.escape(str(tmp_path))}: expected a file, found a directory'):
        read(tmp_path)
    with pytest.raises(FileNotFoundError, match='absent'):
        read(tmp_path / 'absent')


def test_a_path_may_be_a_string_with_anything_in_it(tmp_path):
    path = str(tmp_path / 'a {0} %s é.csv')
    with open(path, 'w') as file:
        file.write('a,b\n1,2\n')
    assert read_csv(path) == ([[1.0]], [2.0])
    with pytest.raises(DataError, match=re.escape(f'{path}, byte 0 of the file: expected two zero bytes')):
        read_idx(path)


def test_what_is_quoted_in_a_message_is_bounded(csv_file):
    with pytest.raises(DataError) as caught:
        read_csv(csv_file('a,b\n1,' + 'x' * 10_000))
    assert len(str(caught.value)) < 500
    with pytest.raises(DataError) as caught:
        read_csv(csv_file(','.join(f'column{k}' for k in range(1000))), target='price')
    assert len(str(caught.value)) < 500


def only_data_or_data_errors(read, path, content):
    path.write_bytes(content)
    try:
        return read(path)
    except DataError as error:
        message = str(error)
    assert message.startswith(f'{path}, ')
    return None


def mutations(seed_content):
    """Bytes near a good file: some replaced, some taken out, some put in."""

    def mutate(edits):
        content = bytearray(seed_content)
        for place, length, insert in edits:
            content[place : place + length] = insert
        return bytes(content)

    edit = st.tuples(st.integers(0, len(seed_content)), st.integers(0, 3), st.binary(max_size=3))
    return st.lists(edit, max_size=4).map(mutate)


@settings(deadline=None)
@given(mutations(b'\xef\xbb\xbfrooms,"area",price\r\n3,70.5,210\n"2",-5e1,"150"\n\n'))
@example(b'a,b\n1,2\r3,4\n')
def test_a_mutated_csv_file_is_data_or_an_error(tmp_path_factory, content):
    table = only_data_or_data_errors(read_csv, tmp_path_factory.getbasetemp() / 'mutated.csv', content)
    if table is not None:
        inputs, y = table
        assert len(inputs) == len(y) > 0
        assert {len(row) for row in inputs} == {len(table.input_names)}
        assert all(math.isfinite(x) for x in itertools.chain(y, *inputs))


# --- IDX files -------------------------------------------------------------------------------------------------------


def idx(code, shape, numbers, form):
    header = bytes([0, 0, code, len(shape)]) + struct.pack(f'>{len(shape)}I', *shape)
    return header + struct.pack(f'>{len(numbers)}{form}', *numbers)


SMALL = idx(0x08, (2, 2, 3), range(12), 'B')


@pytest.fixture
def idx_file(tmp_path):
    def write(content):
        path = tmp_path / 'images.idx'
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize('compress', [bytes, gzip.compress])
@pytest.mark.parametrize(
    ('code', 'form', 'typecode', 'numbers'),
    [
        (0x08, 'B', 'B', [0, 1, 127, 128, 255, 9]),
        (0x09, 'b', 'b', [0, 1, 127, -128, -1, 9]),
        (0x0B, 'h', 'h', [0, 1, 32767, -32768, -1, 258]),
        (0x0C, 'i', 'i', [0, 1, 2**31 - 1, -(2**31), -1, 16909060]),
        (0x0D, 'f', 'f', [0.0, -0.5, 1.5, 2.0**-149, math.inf, 3e38]),
        (0x0E, 'd', 'd', [0.0, -0.1, 1.5, 5e-324, -math.inf, 1e308]),
    ],
)
@pytest.mark.parametrize('shape', [(6,), (2, 3), (1, 3, 2), (1, 1, 6, 1, 1)])
def test_every_type_and_shape(idx_file, code, form, typecode, numbers, shape, compress):
    content = idx(code, shape, numbers, form)
    result = read_idx(idx_file(compress(content)))
    assert result.shape == shape
    assert result.data.typecode == typecode
    assert result.data.tolist() == list(struct.unpack(f'>6{form}', content[-struct.calcsize(f'>6{form}') :]))


def test_the_most_dimensions_that_there_can_be(idx_file):
    assert read_idx(idx_file(idx(8, (1,) * 255, [7], 'B'))).shape == (1,) * 255


def test_an_array_is_indexed_sliced_and_iterated(idx_file):
    images = read_idx(idx_file(SMALL))
    assert len(images) == 2
    assert repr(images) == 'IdxArray(shape=(2, 2, 3))'
    assert images[1] == images[-1] == images[1:][0]
    assert images[1].shape == (2, 3)
    assert images[1].data.tolist() == [6, 7, 8, 9, 10, 11]
    assert images[1][0][2] == 8
    assert [list(row) for row in images[0]] == [[0, 1, 2], [3, 4, 5]]
    assert images[::-1].data.tolist() == [*range(6, 12), *range(6)]
    assert images[5:].shape == (0, 2, 3)
    assert images[5:].rows() == []
    assert images[:1].rows() == [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]]


@pytest.mark.parametrize(('index', 'error'), [(2, IndexError), (-3, IndexError), ('0', TypeError), (1.0, TypeError)])
def test_an_index_that_is_none(idx_file, index, error):
    with pytest.raises(error):
        read_idx(idx_file(SMALL))[index]


@pytest.mark.parametrize(
    ('content', 'rows'),
    [
        (idx(8, (2, 2), [0, 1, 128, 255], 'B'), [[0.0, 0.5], [64.0, 127.5]]),
        (idx(9, (2, 2), [0, 1, -128, 127], 'b'), [[0.0, 0.5], [-64.0, 63.5]]),
        (idx(12, (2, 1), [3, -4], 'i'), [[1.5], [-2.0]]),
        (idx(14, (1, 2), [0.25, -0.0], 'd'), [[0.125, -0.0]]),
        (idx(8, (3,), [7, 2, 1], 'B'), [[3.5], [1.0], [0.5]]),
    ],
)
def test_rows_are_scaled_floats(idx_file, content, rows):
    result = read_idx(idx_file(content)).rows(scale=0.5)
    assert result == rows
    assert all(type(x) is float for row in result for x in row)


def test_rows_with_a_bad_scale(idx_file):
    with pytest.raises(DataError, match='scale should be a finite number, not nan'):
        read_idx(idx_file(SMALL)).rows(scale=math.nan)


def test_numpy_takes_the_buffer(idx_file):
    numpy = require('numpy')
    images = read_idx(idx_file(SMALL))
    array = numpy.asarray(images.data).reshape(images.shape)
    assert array.dtype == numpy.uint8
    assert array[1, 0].tolist() == [6, 7, 8]


def test_mnist():
    images = read_idx(shared_file('mnist/t10k-images-idx3-ubyte.gz'))
    labels = read_idx(shared_file('mnist/t10k-labels-idx1-ubyte.gz'))
    assert images.shape == (10000, 28, 28)
    assert labels.shape == (10000,)
    assert list(labels)[:5] == [7, 2, 1, 0, 4]
    assert sorted(Counter(labels).values()) == [892, 958, 974, 980, 982, 1009, 1010, 1028, 1032, 1135]
    rows = images[:100].rows(scale=1 / 255)
    assert {len(row) for row in rows} == {784}
    assert (min(map(min, rows)), max(map(max, rows))) == (0.0, 1.0)
    seven = images[0]
    assert max(seven[8]) > 200  # the bar of the 7
    assert max(seven[0]) == 0  # the margin


HUGE = bytes([0, 0, 0x0E, 255]) + b'\xff' * (4 * 255)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (
            b'',
            'images.idx, byte 0 of the file: expected two zero bytes, with which every IDX file begins, found the end',
        ),
        (b'\x00', 'byte 1 of the file: expected two zero bytes, with which every IDX file begins, found the end'),
        (b'\x89PNG', 'byte 0 of the file: expected two zero bytes, with which every IDX file begins, found 89 50'),
        (
            b'\x00\x01\x08\x01',
            'byte 0 of the file: expected two zero bytes, with which every IDX file begins, found 00 01',
        ),
        (b'\0\0', 'byte 2 of the file: expected a type code, found the end'),
        (b'\0\0\x0a\x01', 'byte 2 of the file: expected a type code (0x8, 0x9, 0xb, 0xc, 0xd, 0xe), found 0xa'),
        (b'\0\0\x08', 'byte 3 of the file: expected the number of dimensions, found the end'),
        (b'\0\0\x08\0', 'byte 3 of the file: expected at least one dimension, found none'),
        (
            b'\0\0\x08\x02\0\0\0\x01\0',
            'byte 9 of the file: expected the 4-byte size of dimension 2 of 2, found the end',
        ),
        (
            idx(8, (3, 0), [], 'B'),
            'byte 8 of the file: expected a size of at least 1 for dimension 2 of 2, found 0',
        ),
        (
            idx(11, (2, 3), [1, 2], 'h'),
            'byte 16 of the file: expected 12 bytes of numbers of the shape (2, 3), found the end',
        ),
        (SMALL + b'\0', 'byte 28 of the file: expected the end, found more bytes'),
        (gzip.compress(SMALL + b'\0'), 'byte 28 of the uncompressed data: expected the end, found more bytes'),
        (gzip.compress(SMALL[:-2]), 'byte 26 of the uncompressed data: expected 12 bytes of numbers'),
        (gzip.compress(b'\0\0\x07\x01'), 'byte 2 of the uncompressed data: expected a type code'),
        (
            gzip.compress(SMALL)[:-1],
            'of the uncompressed data: expected intact gzip data from there on, found damage: ',
        ),
        (gzip.compress(SMALL) + b'more', 'byte 28 of the uncompressed data: expected intact gzip data'),
        (HUGE, 'byte 1024 of the file: expected '),
        (gzip.compress(HUGE), 'byte 1024 of the uncompressed data: expected '),
    ],
)
def test_malformed_idx(idx_file, content, message):
    with pytest.raises(DataError, match=re.escape(message)):
        read_idx(idx_file(content))


@pytest.mark.parametrize('place', [-8, -5, -4, -1])
def test_a_wrong_checksum_or_length_at_the_end_of_gzip_data(idx_file, place):
    content = bytearray(gzip.compress(SMALL))
    content[place] ^= 1
    with pytest.raises(DataError, match='byte 28 of the uncompressed data: expected intact gzip data from there on'):
        read_idx(idx_file(content))


@pytest.mark.parametrize('content', [SMALL, gzip.compress(SMALL)], ids=['plain', 'gzip'])
def test_a_file_cut_at_any_byte_is_an_error(idx_file, content):
    for length in range(len(content)):
        with pytest.raises(DataError, match=r'images\.idx, byte \d+ of the'):
            read_idx(idx_file(content[:length]))
    assert read_idx(idx_file(content)).shape == (2, 2, 3)


def test_two_gzip_members_are_one_file(idx_file):
    assert read_idx(idx_file(gzip.compress(SMALL[:9]) + gzip.compress(SMALL[9:]))).data.tolist() == list(range(12))


@pytest.mark.parametrize(
    ('shape', 'megabytes'), [((10,), 64), ((2**32 - 1, 2**32 - 1), 1)], ids=['more than it says', 'less than it says']
)
def test_no_more_is_unpacked_than_the_header_says_and_the_file_has(idx_file, shape, megabytes):
    path = idx_file(gzip.compress(idx(8, shape, [], 'B')) + gzip.compress(bytes(2**20)) * megabytes)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match='of the uncompressed data: expected'):
            read_idx(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20


@settings(deadline=None)
@given(mutations(SMALL) | mutations(gzip.compress(SMALL, mtime=0)))
@example(HUGE)
def test_a_mutated_idx_file_is_data_or_an_error(tmp_path_factory, content):
    result = only_data_or_data_errors(read_idx, tmp_path_factory.getbasetemp() / 'mutated.idx', content)
    if result is not None:
        assert math.prod(result.shape) == len(result.data) > 0
        assert len(result.rows()) == len(result)


# --- before training -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('n', 'test', 'size'), [(10, 0.2, 2), (10, 0.25, 3), (2, 0.5, 1), (3, 0.2, 1), (100, 0.99, 99), (7, 0.5, 4)]
)
def test_split_keeps_every_example_once_with_its_target(n, test, size):
    inputs, y = [[float(k)] for k in range(n)], [f'target {k}' for k in range(n)]
    train, held_out = train_test_split((inputs, y), test=test)
    assert len(held_out.inputs) == size
    assert sorted(train.inputs + held_out.inputs) == inputs
    assert all(
        target == f'target {row[0]:.0f}' for side in (train, held_out) for row, target in zip(*side, strict=True)
    )
    assert isinstance(train, Dataset)
    assert isinstance(held_out, Dataset)


def test_split_is_seeded_and_shuffled():
    data = Dataset([[float(k)] for k in range(50)], list(range(50)))
    assert train_test_split(data) == train_test_split(data, seed=0) == train_test_split(data, seed=random.Random(0))
    train, held_out = train_test_split(data, seed=1)
    assert held_out != train_test_split(data)[1]
    assert train.targets != sorted(train.targets)
    assert held_out.targets != sorted(held_out.targets)
    assert data.targets == list(range(50))


@pytest.mark.parametrize(
    ('data', 'test', 'error', 'message'),
    [
        (([[1.0]], [1]), 0.2, DataError, 'test=0.2 of 1 examples leaves 1 to train on and 0 to test on'),
        (([[1.0]] * 5, [1] * 5), 0.95, DataError, 'test=0.95 of 5 examples leaves 0 to train on and 5 to test on'),
        (([], []), 0.5, DataError, 'test=0.5 of 0 examples leaves 0 to train on and 0 to test on'),
        (([[1.0]] * 3, [1] * 2), 0.5, DataError, 'there should be one target for each input, not 2 for 3'),
        (([[1.0]] * 3, [1] * 3), 0, DataError, 'test should lie between 0 and 1, not be 0'),
        (([[1.0]] * 3, [1] * 3), 1.0, DataError, 'test should lie between 0 and 1, not be 1.0'),
        (([[1.0]] * 3, [1] * 3), math.nan, DataError, 'test should be a finite number, not nan'),
        (([[1.0]] * 3, [1] * 3), '1', TypeError, "test should be a number, not '1'"),
        ([[1.0], [2.0]], 0.5, TypeError, 'a pair, not list: train_test_split((inputs, targets))'),
        (([1.0], [1.0], [1.0]), 0.5, TypeError, 'a pair, not tuple: train_test_split((inputs, targets))'),
    ],
)
def test_bad_splits(data, test, error, message):
    with pytest.raises(error, match=re.escape(message)):
        train_test_split(data, test=test)


@pytest.mark.parametrize(
    ('labels', 'classes', 'expected'),
    [
        ([0, 2, 1], None, [[1, 0, 0], [0, 0, 1], [0, 1, 0]]),
        ([1], 4, [[0, 1, 0, 0]]),
        ([], None, []),
        ([], 3, []),
        (iter([1, 0]), 2, [[0, 1], [1, 0]]),
    ],
)
def test_one_hot(labels, classes, expected):
    result = one_hot(labels, classes)
    assert result == expected
    assert all(type(x) is float for row in result for x in row)


def test_one_hot_of_mnist_and_numpy_labels(idx_file):
    numpy = require('numpy')
    labels = read_idx(idx_file(idx(8, (2,), [1, 0], 'B')))
    assert one_hot(labels) == one_hot(numpy.array([1, 0])) == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ('labels', 'classes', 'error', 'message'),
    [
        ([0, 3], 3, DataError, 'labels[1] should be a class from 0 to 2, not 3'),
        ([0, -1], 3, DataError, 'labels[1] should be a class from 0 to 2, not -1'),
        ([-1], None, DataError, 'labels[0] should be a class from 0 to 0, not -1'),
        ([-7], None, DataError, 'labels[0] should be a class from 0 to 0, not -7'),
        ([0, 1.0], None, TypeError, 'labels[1] should be an integer, not 1.0 of type float'),
        (['cat'], None, TypeError, "labels[0] should be an integer, not 'cat' of type str"),
        ([0], 0, DataError, 'classes should be at least 1, not 0'),
        ([0], 2.5, TypeError, 'classes should be an integer, not 2.5'),
    ],
)
def test_bad_labels(labels, classes, error, message):
    with pytest.raises(error, match=re.escape(message)):
        one_hot(labels, classes)


def test_standardised_columns_have_mean_0_and_deviation_1():
    inputs, standardiser = standardise(blobs(500, features=3).inputs)
    for column in zip(*inputs, strict=True):
        assert statistics.fmean(column) == pytest.approx(0, abs=1e-15)
        assert statistics.pstdev(column) == pytest.approx(1, abs=1e-14)
    assert standardiser.transform(blobs(500, features=3).inputs) == inputs


def test_a_constant_column_becomes_0():
    inputs, standardiser = standardise([[0.1, 1.0]] * 3 + [[0.1, 2.0]] * 3)
    assert standardiser == ([0.1, 1.5], [1.0, 0.5])
    assert inputs == [[0.0, -1.0]] * 3 + [[0.0, 1.0]] * 3
    assert standardise([[1.0, 2.0]]) == ([[0.0, 0.0]], Standardiser([1.0, 2.0], [1.0, 1.0]))


@pytest.mark.parametrize(
    'column',
    [
        [1e9 + k for k in range(10)],
        [1e15, 1e15 + 1, 1e15 + 2],
        [1e-200, 2e-200, 4e-200],
        [1e200, -2e200, 5e200],
        [1.7e308, 1.7e308, 1.6e308],
        [1e308, -1e308],
        [1e-308, 3e-308, 9e-308],
        [0.0, 1e-300, 1.0],
    ],
)
def test_standardise_is_stable(column):
    numbers = [Fraction(x) for x in column]
    mean, variance = statistics.mean(numbers), statistics.pvariance(numbers)
    inputs, standardiser = standardise([[x] for x in column])
    assert abs(Fraction(standardiser.means[0]) - mean) <= Fraction(max(map(abs, column))) / 2**52
    assert abs(Fraction(standardiser.scales[0]) ** 2 - variance) <= variance / 2**48
    assert statistics.pstdev(x for (x,) in inputs) == pytest.approx(1, rel=1e-6)


def test_numbers_that_floats_can_hardly_tell_apart():
    assert standardise([[0.0], [5e-324]])[1].scales == [1.0]


@settings(deadline=None)
@given(
    st.integers(1, 3).flatmap(
        lambda width: st.lists(
            st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=width, max_size=width), min_size=1
        )
    )
)
def test_standardise_gives_finite_numbers_or_an_error(rows):
    try:
        inputs, standardiser = standardise(rows)
    except DataError as error:
        message = str(error)
    else:
        assert all(math.isfinite(x) for row in inputs for x in row)
        assert all(math.isfinite(x) for x in standardiser.means)
        assert all(0 < x < math.inf for x in standardiser.scales)
        assert standardiser.transform(rows) == inputs
        return
    assert 'too far from the means' in message


def test_numpy_rows_become_floats():
    numpy = require('numpy')
    inputs, standardiser = standardise(numpy.array([[1, 2], [3, 4]]))
    assert inputs == [[-1.0, -1.0], [1.0, 1.0]]
    numbers = [*inputs[0], *standardiser.means, *standardiser.scales, *standardiser.transform(numpy.ones((1, 2)))[0]]
    assert all(type(x) is float for x in numbers)


@pytest.mark.parametrize(
    ('rows', 'error', 'message'),
    [
        ([], DataError, 'there should be at least one row, of at least one number'),
        ([[]], DataError, 'there should be at least one row, of at least one number'),
        ([[1.0, 2.0], [3.0]], DataError, 'rows[1] should have 2 numbers, not 1'),
        ([[1.0], []], DataError, 'rows[1] should have 1 numbers, not 0'),
        ([[1.0, math.nan]], DataError, 'rows[0][1] should be a finite number, not nan'),
        ([[1.0], [-math.inf]], DataError, 'rows[1][0] should be a finite number, not -inf'),
        ([[1.0], [10**400]], DataError, 'rows[1][0] should be a number in the range of floats'),
        ([[1.0], ['2']], TypeError, "rows[1][0] should be a number, not '2' of type str"),
        ([[1.0], [None]], TypeError, 'rows[1][0] should be a number, not None of type NoneType'),
        ([1.0, 2.0], TypeError, 'rows[0] should be a list of numbers, not 1.0'),
        ([[1.7e308], [-1.7e308], [-1.7e308]], DataError, 'rows[0] is too far from the means to be standardised: [1.7'),
    ],
)
def test_rows_that_cannot_be_standardised(rows, error, message):
    with pytest.raises(error, match=re.escape(message)):
        standardise(rows)


@pytest.mark.parametrize(
    ('rows', 'message'),
    [
        ([[1.0]], 'rows[0] should have 2 numbers, not 1'),
        ([[1.0, 2.0, 3.0]], 'rows[0] should have 2 numbers, not 3'),
        ([], 'there should be at least one row, of at least one number'),
        ([[0.0, math.inf]], 'rows[0][1] should be a finite number, not inf'),
        ([[0.0, 0.0], [0.0, 1e300]], 'rows[1] is too far from the means to be standardised: [0.0, 1e+300]'),
    ],
)
def test_rows_that_cannot_be_transformed(rows, message):
    with pytest.raises(DataError, match=re.escape(message)):
        Standardiser(means=[0.0, 1.0], scales=[1.0, 1e-10]).transform(rows)


def test_the_module_needs_no_other():
    program = (
        'import sys, micrograd.data; print(sorted({"numpy", "matplotlib", "graphviz", "tqdm"} & set(sys.modules)))'
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=True)
    assert done.stdout == '[]\n'
