"""The directory that a command writes into: found out beforehand, made when there is something to write."""

import errno
import os

import pytest

from micrograd import demo
from micrograd.history import History
from micrograd.outputs import directory, write_files


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob('*'))


def test_a_directory_is_made_when_there_is_something_to_write(tmp_path, capsys):
    folder = directory(tmp_path / 'a' / 'b')
    assert tree(tmp_path) == []
    paths = write_files(folder, {'x.txt': ('a letter', lambda path: path.write_text('x'))})
    assert paths == [tmp_path / 'a' / 'b' / 'x.txt']
    assert tree(tmp_path) == ['a', 'a/b', 'a/b/x.txt']
    assert capsys.readouterr().out == f'{paths[0]}      1 kB  a letter\n'


def test_one_that_is_there_stays(tmp_path):
    (tmp_path / 'a').mkdir()
    assert directory(str(tmp_path / 'a')) == tmp_path / 'a'
    assert directory(tmp_path / 'a' / 'b' / '..' / 'c') == tmp_path / 'a' / 'b' / '..' / 'c'
    assert tree(tmp_path) == ['a']


@pytest.mark.parametrize('name', ['file', 'file/inside', 'a/' + 'n' * 300, 'dangling'])
def test_one_that_cannot_be_made(tmp_path, name):
    (tmp_path / 'file').touch()
    (tmp_path / 'dangling').symlink_to('nowhere')
    with pytest.raises(OSError, match=r'.') as caught:
        directory(tmp_path / name)
    assert caught.value.filename
    assert tree(tmp_path) == ['dangling', 'file']


def test_one_that_cannot_be_written_into(tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'access', lambda path, mode: False)  # root may write everywhere
    with pytest.raises(PermissionError) as caught:
        directory(tmp_path)
    assert (caught.value.errno, caught.value.filename) == (errno.EACCES, str(tmp_path))


def test_an_interrupted_demo_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, 'fit', lambda *arguments, **settings: History(stopped='interrupted'))
    with pytest.raises(KeyboardInterrupt):
        demo.run(tmp_path / 'a' / 'b')
    assert tree(tmp_path) == []
