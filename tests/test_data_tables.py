"""CSV files are read as they are written, or are errors that name the place."""

import copy
import re

import pytest

from micrograd.data import Dataset, Table, read_csv
from micrograd.errors import DataError


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


def test_what_is_quoted_in_a_message_is_bounded(csv_file):
    with pytest.raises(DataError) as caught:
        read_csv(csv_file('a,b\n1,' + 'x' * 10_000))
    assert len(str(caught.value)) < 500
    with pytest.raises(DataError) as caught:
        read_csv(csv_file(','.join(f'column{k}' for k in range(1000))), target='price')
    assert len(str(caught.value)) < 500
