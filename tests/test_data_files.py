"""What the readers of files share: what a path may be, and that no file's content is more than data or an error."""

import gzip
import itertools
import math
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from micrograd.data import read_csv, read_idx
from micrograd.errors import DataError


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


SMALL = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, *range(12)])  # an IDX file of the shape (2, 2, 3)
HUGE = bytes([0, 0, 14, 255]) + b'\xff' * (4 * 255)  # the beginning of an impossibly large one


@settings(deadline=None)
@given(mutations(SMALL) | mutations(gzip.compress(SMALL, mtime=0)))
@example(HUGE)
def test_a_mutated_idx_file_is_data_or_an_error(tmp_path_factory, content):
    result = only_data_or_data_errors(read_idx, tmp_path_factory.getbasetemp() / 'mutated.idx', content)
    if result is not None:
        assert math.prod(result.shape) == len(result.data) > 0
        assert len(result.rows()) == len(result)
