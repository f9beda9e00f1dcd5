"""The notebooks: their outputs are true, every page shows them, and their exercises know right from wrong."""

import json
import re
from copy import deepcopy
from itertools import filterfalse
from pathlib import Path

import pytest

from tests.support import require

require('nbclient')  # which `python -m notebooks` needs

from nbformat import v4  # noqa: E402 - nbclient brings it

from notebooks import __main__ as notebooks  # noqa: E402 - it imports nbclient

PATHS = notebooks.paths()
README = (notebooks.HERE / 'README.md').read_text(encoding='utf-8')
LARGEST = 1_000_000  # bytes: what a code-hosting page still shows
UNSOLVED, RIGHT = 'Write your answer in the cell above', 'Right.'

# For each exercise an answer that a reader might give, and that is wrong.
WRONG = {
    '1_tour': ['change = 0.01', 'x1_undecided = 0'],
    '2_backpropagation_by_hand': [
        'answer = 2',
        'dc_dv = 5; dc_dm = 2',
        'def tanh_step(a, upstream): return 1 - a**2',
        'dc_dn = 7',
        'def backward_order(root): return graph.topological([root])',
    ],
    '3_a_network_on_moons': [
        'def hinge(z, y): return (y * z).relu()',
        'answer = 288',
        'def momentum_step(p, velocity, lr, beta): p.data -= lr * velocity; return beta * velocity + p.grad',
        'sizes = [1]',
    ],
    '4_debugging_gradients': [
        'bias = 0',
        'ratio = 0.98',
        'layers = 9',
        'def softplus(z): return (1.0 + z.exp()).log()',
        'def bump_slope(o, z, x): return -2.0 * x * o.exp(-x * x)',
    ],
    '5_the_four_equations': [
        'def output_error(a, y): return a - y',
        'def error_before(w, delta, a): return w.T @ delta',
        'def average_nabla_w(delta, a): return delta @ a.T',
        'answer = a_first * w_last * a_last * (1 - a_last) * 2 * (a_last - y)',
    ],
    '6_why_backpropagation_is_fast': [
        'best_epsilon = 1e-16',
        'years = 1e9 / 3600',
        'def products_ratio(sizes): return 2.0',
        'forwards, backwards = 200, 3',
    ],
    '7_every_path_from_a_weight_to_the_cost': [
        'answer = -1.2',
        'def count_paths(sizes): return sum(sizes[2:])',
        'slope = 0.0005; change = 0.5',
        'def sweep(row, matrices): return row @ (matrices[0] @ matrices[-1] if matrices[1:] else matrices[0])',
    ],
    '8_why_some_weights_learn_slowly': [
        'answer = 0.02',
        'answer = 0.5',
        'answer = 5',
        'def activation(z): return z + 0.95 * z.sin()',
    ],
    '9_handwritten_digits': [
        'def desired(digit): return [0.0] * digit + [1.0]',
        'answer = 784 * 30 + 30 * 10',
        'def dream(weights): return [abs(w) for w in weights]',
        'def cross_entropy(z, y): return -sum('
        't * v.sigmoid().log() + (1 - t) * (1 - v.sigmoid()).log() for v, t in zip(z, y))',
    ],
}

every_notebook = pytest.mark.parametrize('path', PATHS, ids=lambda path: path.stem)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == 'code']


def cell(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


def exercises(notebook):
    return [c.id.removeprefix('exercise-') for c in notebook.cells if c.id.startswith('exercise-')]


def solution(notebook, number):
    """What stands in the folded cell below an exercise."""
    return re.search(r'```python\n(.*?)```', cell(notebook, f'solution-{number}').source, flags=re.DOTALL)[1]


def printed(cell):
    return ''.join(output.text for output in cell.outputs if output.output_type == 'stream')


def texts(cell):
    """The outputs without the content of pictures, which depends on the versions installed."""
    return [
        {kind: text if kind.startswith('text/') else '' for kind, text in output.data.items()}
        if 'data' in output
        else output.text
        for output in cell.outputs
    ]


def with_answers(notebook):
    """The notebook with more cells below each check: other answers, each with the check again."""
    notebook = deepcopy(notebook)
    wrong = WRONG[notebook.metadata.stem]
    for number, bad in zip(exercises(notebook), wrong, strict=True):
        answer, check = cell(notebook, f'answer-{number}'), cell(notebook, f'check-{number}')
        answers = {'right': solution(notebook, number), 'wrong': bad, 'none': answer.source}
        more = [
            v4.new_code_cell(source, id=f'{kind}-{what}-{number}')
            for kind, source_of_answer in answers.items()
            for what, source in (('answer', source_of_answer), ('check', check.source))
        ]
        place = notebook.cells.index(check) + 1
        notebook.cells[place:place] = more
    return notebook


@pytest.fixture(scope='module', params=PATHS, ids=lambda path: path.stem)
def committed_and_executed(request):
    """A notebook as it is, and as executing it now makes it, with more cells for the exercises."""
    committed = notebooks.read(request.param)
    committed.metadata['stem'] = request.param.stem
    executed = with_answers(committed)
    notebooks.execute(executed)
    return committed, executed


def test_outputs_are_those_of_the_cells_as_they_are(committed_and_executed):
    committed, executed = committed_and_executed
    for old in filterfalse(notebooks.is_measured, code_cells(committed)):
        assert texts(old) == texts(cell(executed, old.id)), f'stale output of {old.id}: run python -m notebooks'


def test_a_check_says_whether_the_answer_is_right(committed_and_executed):
    committed, executed = committed_and_executed
    for number in exercises(committed):
        assert UNSOLVED in printed(cell(committed, f'check-{number}'))
        right = printed(cell(executed, f'right-check-{number}'))
        assert set(right.splitlines()) == {RIGHT}, number
        wrong = printed(cell(executed, f'wrong-check-{number}'))
        assert 'Not yet.' in wrong, number
        assert UNSOLVED not in wrong


def test_every_notebook_has_wrong_answers_for_all_of_its_exercises():
    assert {path.stem: len(exercises(notebooks.read(path))) for path in PATHS} == {
        stem: len(answers) for stem, answers in WRONG.items()
    }


@every_notebook
def test_all_cells_were_executed_in_order_without_errors(path):
    cells = code_cells(notebooks.read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == 'error']


@every_notebook
def test_what_is_shown_needs_no_script_and_no_frame(path):
    for shown in code_cells(notebooks.read(path)):
        for output in shown.outputs:
            assert output.output_type == 'stream' or {*output.data} <= {
                'text/plain', 'text/html', 'text/latex', 'image/png', 'image/svg+xml',
            }  # fmt: skip
            assert not re.search(r'<(script|iframe)', json.dumps(output))


@every_notebook
def test_it_tells_nothing_of_where_and_when_it_was_made(path):
    text = path.read_text(encoding='utf-8')
    assert str(notebooks.HERE.parent) not in text
    assert not re.search(r' at 0x|/tmp/|/home/|/root/|timestamp|iopub', text)
    assert notebooks.read(path).metadata == notebooks.METADATA
    assert len(text) < LARGEST


@every_notebook
def test_it_opens_with_what_it_teaches_and_shows_a_picture_early(path):
    notebook = notebooks.read(path)
    opening = notebook.cells[0].source
    assert opening.startswith('# ')
    assert '**You will learn**' in opening
    assert re.search(r'\*\*It takes\*\* .*minutes', opening)
    first = [kind for cell in code_cells(notebook)[:4] for output in cell.outputs for kind in output.get('data', {})]
    assert {'image/png', 'image/svg+xml'} & {*first}


@every_notebook
def test_every_file_it_links_to_exists(path):
    text = '\n'.join(cell.source for cell in notebooks.read(path).cells if cell.cell_type == 'markdown')
    for target in re.findall(r'\]\((?!http)([^)#]+)\)', text):
        assert (path.parent / target).exists(), target


def test_the_index_lists_every_notebook():
    assert re.findall(r'\| \d \| \[.*?\]\((\S+\.ipynb)\)', README) == [path.name for path in PATHS]


def test_a_page_to_explore_becomes_the_picture_in_it():
    from micrograd import Value

    v = Value(2.0) * 3.0
    bundle = v._repr_mimebundle_()
    static = notebooks._static(bundle)
    assert '<iframe' in bundle['text/html']
    assert {*static} == {'image/svg+xml', 'text/plain'}
    assert static['image/svg+xml'].startswith('<svg')
    assert static['text/plain'] == repr(v)


@pytest.mark.parametrize(
    ('bundle', 'kept'),
    [
        ({'text/plain': 'x', 'text/html': '<b>x</b>'}, {'text/plain', 'text/html'}),
        ({'text/plain': 'x', 'text/html': '<script>x</script>'}, {'text/plain'}),
        ({'text/plain': 'x', 'text/html': '<b>x</b>', 'image/svg+xml': '<svg/>'}, {'text/plain', 'image/svg+xml'}),
        ({'text/plain': 'x', 'application/vnd.jupyter.widget-view+json': {}}, {'text/plain'}),
    ],
)
def test_of_other_outputs_what_every_page_shows_is_kept(bundle, kept):
    assert {*notebooks._static(bundle)} == kept


def test_what_depends_on_the_machine_stays_as_it_is_unless_it_is_asked_for():
    cells = [v4.new_code_cell('print(1)', id='a'), v4.new_code_cell('print(2)', id='b')]
    cells += [v4.new_code_cell('print(3)', id='c')]
    cells[1].metadata.tags = cells[2].metadata.tags = ['measured']
    cells[1].outputs = [v4.new_output('stream', text='seconds\n')]
    notebook = v4.new_notebook(cells=cells)
    notebooks.renew(notebook, measure=False)
    assert [printed(cell) for cell in notebook.cells] == ['1\n', 'seconds\n', '3\n']
    notebooks.renew(notebook, measure=True)
    assert [printed(cell) for cell in notebook.cells] == ['1\n', '2\n', '3\n']


def test_progress_bars_go(tmp_path: Path):
    notebook = v4.new_notebook(cells=[v4.new_code_cell('import sys\nprint("bar", file=sys.stderr)\nprint("kept")')])
    notebooks.execute(notebook)
    assert [output.text for output in notebook.cells[0].outputs] == ['kept\n']
