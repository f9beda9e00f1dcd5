"""The map from each numbered equation of the chapter to a function, a test and a notebook: nothing in it is made up."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import micrograd
from micrograd import chapter, graph, saturation
from micrograd.chapter import Backpropagation, Network
from micrograd.render import plots
from tests.support import require

ROOT = Path(__file__).resolve().parents[2]
PLACES = {
    **{name: getattr(chapter, name) for name in chapter.__all__},
    **{name: getattr(micrograd, name) for name in micrograd.__all__},
    'graph': graph,
    'losses': micrograd.losses,
    'plots': plots,
    'saturation': saturation,
}
NAMED = ('BP1', 'BP1a', 'BP2', 'BP3', 'BP4')
NUMBERED = range(23, 54)  # those of chapter 2


def rows(page: str) -> list[list[str]]:
    text = (ROOT / page).read_text('utf-8')
    table = text.split('<!-- chapter: begin -->')[1].split('<!-- chapter: end -->')[0].strip()
    return [line.strip('| ').split(' | ') for line in table.splitlines()[2:]]


ROWS = rows('README.md')
every_row = pytest.mark.parametrize('row', ROWS, ids=lambda row: row[0])


def test_every_equation_of_the_chapter_has_its_row():
    cited = [name for row in ROWS for name in re.findall(r'\((\d+)\)|\b(BP\d\w?)', row[0])]
    assert [int(number) for number, _ in cited if number] == [*NUMBERED]
    assert sorted(name for _, name in cited if name) == sorted(NAMED)


@every_row
def test_its_functions_are_there(row):
    for name in re.findall('`(.*?)`', row[2]):
        thing = PLACES[name.split('.')[0]]
        for part in name.split('.')[1:]:
            thing = getattr(thing, part)
        assert callable(thing)
        assert thing.__doc__


@every_row
def test_its_tests_are_there(row):
    links = re.findall(r'\[`(\w+)`\]\((\S+?)\)', row[3])
    assert links
    for name, path in links:
        assert f'\ndef {name}(' in (ROOT / path).read_text('utf-8')


def text_of(notebook: str) -> str:
    cells = json.loads((ROOT / notebook).read_text('utf-8'))['cells']
    return '\n'.join(''.join(cell['source']) for cell in cells if cell['cell_type'] == 'markdown')


def cited(text: str) -> set[str]:
    """The numbers in it, (23) or \\tag{23}, and the names. A range, (48) to (51), cites its ends only."""
    return {*re.findall(r'(?:\(|tag\{)(\d\d)[)}]', text), *re.findall(r'\bBP\d\w?', text)}


@every_row
def test_its_notebooks_show_all_of_it(row):
    notebooks = [cited(text_of(path)) for path in re.findall(r'\]\((\S+\.ipynb)\)', row[4])]
    equations = {*re.findall(r'(?<=\()\d\d(?=\))', row[0]), *re.findall(r'\bBP\d\w?', row[0])}
    assert equations <= set().union(*notebooks)
    assert all(equations & shown for shown in notebooks if equations)


def test_the_index_of_the_notebooks_has_the_same_map():
    short = [[what, says, function, re.sub(r'notebooks/', '', link)] for what, says, function, _, link in ROWS]
    assert rows('notebooks/README.md') == short


def test_the_shape_of_the_book():
    for name in ('feedforward', 'SGD', 'update_mini_batch', 'backprop', 'evaluate', 'cost_derivative'):
        assert callable(getattr(Network, name))
    assert callable(Backpropagation.step)


def test_the_package_offers_what_it_lists_and_needs_numpy_for_the_matrix_form_only():
    require('numpy')
    assert {*chapter.__all__} <= {*dir(chapter)}
    with pytest.raises(AttributeError, match="has no 'backprop'"):
        _ = chapter.backprop


def test_without_numpy_the_rest_is_there_and_the_matrix_form_says_what_is_missing():
    program = """
import sys
sys.modules['numpy'] = None
from micrograd import nn
from micrograd.chapter import Backpropagation, deltas
from micrograd.errors import MissingDependencyError
neuron = nn.Neuron(1, generator=0)
print(len(deltas(neuron([1.0]), neuron)))
try:
    from micrograd.chapter import Network
except MissingDependencyError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, check=True, text=True)
    assert done.stdout == "1\nnumpy is not installed. From a checkout: pip install -e '.[compile]'\n"
