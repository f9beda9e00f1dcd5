"""`micrograd train` and `micrograd predict`: what CSV files become, what is learnt from them, and every bad file."""

import csv
import io
import json
import math
import random
import re
from contextlib import redirect_stdout

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd import no_grad, tabular
from micrograd.checkpoint import load, load_with_columns, save
from micrograd.cli import main
from micrograd.data import read_csv
from micrograd.data.columns import Categories, Columns, Numbers, column
from micrograd.data.tables import Cells, read_cells
from micrograd.errors import CheckpointError, DataError, MissingDependencyError
from micrograd.nn import MLP, Neuron
from micrograd.tabular.pictures import predicted_against_true
from micrograd.tabular.scores import (
    accuracy,
    classifier_table,
    mean_absolute_error,
    of_class,
    r_squared,
    regressor_table,
    root_mean_squared_error,
)
from tests.support import require

QUICK = {'hidden': (4,), 'epochs': 2, 'progress': False}
WORDS = ['--hidden', '4', '--epochs', '2']
FRUIT = [['weight', 'colour', 'fruit']] + [
    [str(100 + i if i % 2 else 20 + i), ['green', 'blue', 'red'][i % 3], ['plum', 'apple'][i % 2]] for i in range(40)
]
HOUSES = [['area', 'heating', 'price']] + [
    [str(50 + i), ['gas', 'oil'][i % 2], str(2.5 * i + i % 2)] for i in range(40)
]


def written(path, rows, delimiter=','):
    with open(path, 'w', newline='', encoding='utf-8') as file:
        csv.writer(file, delimiter=delimiter, lineterminator='\n').writerows(rows)
    return path


@pytest.fixture
def fruit(tmp_path):
    return written(tmp_path / 'fruit.csv', FRUIT)


@pytest.fixture
def houses(tmp_path):
    return written(tmp_path / 'houses.csv', HOUSES)


def train(*args, **settings):
    out = io.StringIO()
    with redirect_stdout(out):
        trained = tabular.train(*args, **QUICK | settings)
    return trained, out.getvalue().splitlines()


def changed(rows, line, column, cell):
    """A table with one other cell; lines are counted from 1, as in a file, and columns too."""
    rows = [list(row) for row in rows]
    rows[line - 1][column - 1] = cell
    return rows


def numbers(model):
    return [p.data for p in model.parameters()]


# Columns -------------------------------------------------------------------------------------------------------------


def cells_of(*rows):
    names, *body = (list(row) for row in rows)
    return Cells('t.csv', names, body, list(range(2, len(body) + 2)))


COLUMNS = Columns((Numbers('x', 1.0, 2.0), Categories('c', ('a', 'b'), (0.25, 0.75))), Numbers('y', 10.0, 5.0))


def test_rows_become_numbers_whatever_the_order_of_the_columns():
    assert COLUMNS.rows(cells_of(('x', 'c'), ('3', 'b'), ('-1', 'a'))) == [[1.0, 0.0, 1.0], [-1.0, 1.0, 0.0]]
    assert COLUMNS.rows(cells_of(('c', 'more', 'x'), ('b', '?', '3'))) == [[1.0, 0.0, 1.0]]
    assert COLUMNS.targets(cells_of(('y',), ('20',))) == [[2.0]]
    assert COLUMNS.width == 3


@pytest.mark.parametrize(
    ('row', 'problem'),
    [
        (('one', 'a'), r"t\.csv, line 3, column 1 \('x'\): expected a finite number, found 'one'"),
        (('inf', 'a'), r"line 3, column 1 \('x'\): expected a finite number, found 'inf'"),
        (('1_0', 'a'), "found '1_0'"),
        (('', 'a'), r"line 3, column 1 \('x'\): a value is missing, found an empty cell\. Right: .*--missing mean"),
        (('NA', 'a'), "a value is missing, found 'NA'"),
        (('1', ''), r"line 3, column 2 \('c'\): a value is missing"),
        (('1', 'A'), r"line 3, column 2 \('c'\): there is no category 'A'; there is 'a', 'b'"),
    ],
)
def test_a_bad_cell_is_an_error_that_names_its_place(row, problem):
    with pytest.raises(DataError, match=problem):
        COLUMNS.rows(cells_of(('x', 'c'), ('1', 'a'), row))


def test_a_number_too_far_from_the_others_is_an_error():
    columns = Columns((Numbers('x', -1.7e308, 1.0),), Numbers('y', 0.0, 1.0))
    with pytest.raises(DataError, match=r"line 2, column 1 \('x'\): '1.7e308' is too far from the mean"):
        columns.rows(cells_of(('x',), ('1.7e308',)))


@pytest.mark.parametrize('cell', ['', '?', '-', 'NA', 'n/a', 'NaN', 'null', 'None'])
def test_missing_cells_become_the_means(cell):
    filling = Columns(COLUMNS.inputs, COLUMNS.target, fills=True)
    assert filling.rows(cells_of(('x', 'c'), (cell, ''))) == [[0.0, 0.25, 0.75]]
    with pytest.raises(DataError, match='the target is missing'):
        filling.targets(cells_of(('y',), (cell,)))


def test_what_stands_for_a_missing_number_is_a_category_among_texts(tmp_path):
    """Namibia is NA."""
    rows = [['country', 'y'], *([['NA', 'NL'][i % 2], str(i)] for i in range(20))]
    trained, _ = train(written(tmp_path / 't.csv', rows), 'y')
    [column] = trained.columns.inputs
    assert column.categories == ('NA', 'NL')


def test_the_numbers_of_a_column_are_those_of_the_rows_to_train_with(fruit):
    trained, _ = train(fruit, 'fruit', seed=3)
    weight, colour = trained.columns.inputs
    generator = random.Random(3)
    order = sorted(range(40), key=lambda _: generator.random())
    training = [FRUIT[1 + i] for i in order[8:]]
    known = [float(row[0]) for row in training]
    mean = sum(known) / 32
    assert weight.mean == pytest.approx(mean)
    assert weight.scale == pytest.approx(math.sqrt(sum((x - mean) ** 2 for x in known) / 32))
    assert colour.categories == ('blue', 'green', 'red')
    assert colour.shares == tuple([row[1] for row in training].count(name) / 32 for name in colour.categories)
    assert len(trained.held_out) == len(trained.found) == 8


LIKE_NUMBERS = [
    '1,234',
    '-1,234.5',
    '1.234,5',
    '0,5',
    "1'234",
    '1 234',
    '1\u202f234',
    '1_0',
    '$5',
    '5 €',
    '12%',
    '−3',
    '1,5e-3',
]
NOT_LIKE_NUMBERS = [
    '2024-01-31',
    '31.01.2024',
    '1/2',
    '12:30',
    '1.2.3',
    '5 kg',
    'a1',
    '1,2,3',
    '3-4',
    'x',
    '0x1f',
    '+',
    '$',
]


@pytest.mark.parametrize('cell', [*LIKE_NUMBERS, *NOT_LIKE_NUMBERS])
def test_numbers_in_another_writing_are_no_categories(cell):
    cells = cells_of(('x',), ('1',), (cell,), ('NA',), (cell,))
    if cell in NOT_LIKE_NUMBERS:
        assert cell in column(cells, 'x', range(4)).categories
        return
    with pytest.raises(DataError, match=r"line 3, column 1 \('x'\): .* looks like a number, but is not written as one"):
        column(cells, 'x', range(4))


def test_what_never_changed_in_the_training_does_not_matter_later():
    constant = column(cells_of(('x',), ('5',), ('5.0',), ('7',)), 'x', [0, 1])
    assert constant.encode('5') == [0.0]
    assert abs(constant.encode('-1e300')[0]) < 1e-7
    assert column(cells_of(('x',), ('5',), ('7',)), 'x', [0, 1]).encode('8') == [2.0]


# What a target asks for ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('targets', 'task', 'classes'),
    [
        (['b', 'a'], None, ('a', 'b')),
        (['1', '0'], None, ('0', '1')),
        (['10', '9', '1.0'], None, ('1', '9', '10')),
        (['0.5', '1'], None, None),
        ([str(i) for i in range(9)], None, None),
        (['1', '0'], 'regression', None),
        (['0.5', '1'], 'classification', ('0.5', '1')),
        (['1', 'x'], None, ('1', 'x')),
        (['0', '-0', '1'], None, ('0', '1')),
        (['01067', '80331'], None, ('01067', '80331')),
        (['10000000000000000', '10000000000000001'], None, ('10000000000000000', '10000000000000001')),
        (['0,5', '1,5'], 'classification', ('0,5', '1,5')),
    ],
)
def test_the_target_says_what_is_learnt(targets, task, classes, tmp_path):
    rows = [['x', 'y'], *([str(i), targets[i % len(targets)]] for i in range(40))]
    trained, lines = train(written(tmp_path / 't.csv', rows), 'y', task=task)
    target = trained.columns.target
    assert getattr(target, 'categories', None) == classes
    assert ('regression' if classes is None else f'{len(classes)} classes') in lines[1]
    assert len(trained.model.layers[-1].neurons) == (1 if classes is None else len(classes))
    assert trained.history.compiled


# Training ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('target', ['fruit', 'weight'])
def test_the_same_seed_gives_the_same_network(fruit, target):
    first, again, other = (train(fruit, target, seed=seed)[0] for seed in (1, random.Random(1), 2))
    assert numbers(first.model) == numbers(again.model) != numbers(other.model)
    assert (first.columns, first.found) == (again.columns, again.found)


def test_a_classifier_learns(fruit):
    trained, lines = train(fruit, 'fruit', epochs=40, lr=0.05)
    right, answers = trained.classes(trained.columns.target)
    assert accuracy(right, answers) == 1.0
    assert lines == [
        '32 rows to train with, 8 held out; inputs: 1 of numbers, 1 of texts',
        'fruit: classification, 2 classes; a network 4-4-2',
    ]
    assert trained.history.validation['accuracy'][-1] == 1.0
    assert re.match(r' +network +always (apple|plum)\naccuracy +1\.000', trained.table())


def test_a_regressor_learns(houses):
    trained, lines = train(houses, 'price', hidden=(8, 8), epochs=100, lmbda=0)
    assert r_squared(*trained.numbers(trained.columns.target)) > 0.95
    assert lines[1] == 'price: regression; a network 3-8-8-1'
    assert sorted(trained.numbers(trained.columns.target)[0])[0] < 80


def test_what_is_measured_are_the_rows_that_were_held_out(houses):
    trained, _ = train(houses, 'price')
    targets, answers = trained.numbers(trained.columns.target)
    prices = {float(row[2]) for row in HOUSES[1:]}
    assert all(min(abs(target - price) for price in prices) < 1e-9 for target in targets)
    squares = [(y - z) ** 2 for (y,), (z,) in zip(trained.held_out, trained.found, strict=True)]
    assert trained.history.validation['loss'][-1] == pytest.approx(sum(squares) / 8)
    scale = trained.columns.target.scale
    assert root_mean_squared_error(targets, answers) == pytest.approx(scale * math.sqrt(sum(squares) / 8))


def test_the_baseline_answers_with_the_most_frequent_class(tmp_path):
    rows = [['x', 'y'], *([str(i), 'often' if i % 4 else 'at times'] for i in range(40))]
    trained, _ = train(written(tmp_path / 't.csv', rows), 'y')
    assert trained.table().splitlines()[0].split(maxsplit=1) == ['network', 'always often']


def test_the_weight_decay_is_a_share_of_the_rows(fruit):
    sizes = [sum(x * x for x in numbers(train(fruit, 'fruit', lmbda=lmbda, epochs=20)[0].model)) for lmbda in (0, 32)]
    assert sizes[0] > 1.1 * sizes[1]


def test_missing_cells_are_filled_in_where_that_is_wished(tmp_path):
    path = written(tmp_path / 't.csv', changed(changed(FRUIT, 5, 1, 'NA'), 7, 2, ''))
    trained, _ = train(path, 'fruit', missing='mean')
    assert trained.columns.fills
    with pytest.raises(DataError, match=r"line 5, column 1 \('weight'\): a value is missing, found 'NA'"):
        train(path, 'fruit')


def test_columns_may_be_left_out(tmp_path):
    rows = [[*row, f'name {i}', ''] for i, row in enumerate(FRUIT)]
    rows[0][3:] = ['name', 'nothing']
    trained, _ = train(written(tmp_path / 't.csv', rows), 'fruit', ignore=['name', 'nothing'])
    assert [column.name for column in trained.columns.inputs] == ['weight', 'colour']


BAD_TABLES = {
    'empty': ([], 'fruit', r't\.csv, line 1: expected the names of the columns, found the end'),
    'only names': ([FRUIT[0]], 'fruit', 'line 2: expected a row below the names'),
    'a short row': ([*FRUIT[:3], ['1', 'red']], 'fruit', 'line 4: expected 3 cells, found 2'),
    'a name twice': ([['a', 'a'], ['1', '2']], 'a', "expected a name that no other column has, found 'a'"),
    'no such target': (FRUIT, 'friut', "there is no column 'friut'; there is 'fruit'"),
    'nothing to learn from': ([['y'], ['1'], ['2']], 'y', "no column to predict 'y' from.*--delimiter"),
    'another delimiter': ([['a;b'], ['1;2']], 'b', "there is no column 'b'; .*--delimiter ';'"),
    'one row': (FRUIT[:2], 'fruit', r't\.csv: test=0\.2 of 1 examples leaves'),
    'one class': ([['x', 'y'], *([str(i), 'a'] for i in range(9))], 'y', "the target 'y' is 'a' in every row"),
    'no target': (changed(FRUIT, 4, 3, ''), 'fruit', r"line 4, column 3 \('fruit'\): the target is missing"),
    'no number': (changed(HOUSES, 9, 3, 'NaN'), 'price', r"line 9, column 3 \('price'\): the target is missing"),
    'infinity': (changed(FRUIT, 3, 1, 'inf'), 'fruit', r"line 3, column 1 \('weight'\): expected a finite number"),
    'names of rows': (
        [['id', 'x', 'y'], *([f'no. {i}', str(i), 'ab'[i % 2]] for i in range(9))],
        'y',
        r"column 1 \('id'\): it has a different text in every row\. Right: leave the column out \(--ignore\)",
    ),
    'many texts': (
        [['id', 'y'], *([f'no. {i % 51}', 'ab'[i % 2]] for i in range(99))],
        'y',
        r"column 1 \('id'\): it has 51 different texts, and no more than 50",
    ),
    'a class in every row': (
        [['x', 'y'], *([str(i), f'no. {i}'] for i in range(20))],
        'y',
        r"column 2 \('y'\): it has a different text in every row\. Right: a target with fewer classes",
    ),
    'a slip of the pen': (
        [['x', 'y'], *([str(i % 70) if i else '12O', 'ab'[i % 2]] for i in range(99))],
        'y',
        r"column 1 \('x'\): '12O' in line 2 is no number, so that the column is one of texts, and it has 71 different",
    ),
    'nothing in it': (
        [['x', 'z', 'y'], *([str(i), '', 'ab'[i % 2]] for i in range(9))],
        'y',
        r"column 2 \('z'\): no cell is filled in",
    ),
    'nothing known': (
        [['x', 'z', 'y'], *([str(i), ['NA', '?'][i % 2], 'ab'[i % 2]] for i in range(9))],
        'y',
        r"column 2 \('z'\): no cell is filled in",
    ),
    'numbers in another writing': (
        [['x', 'y'], *([['950', '1,250'][i % 2], 'ab'[i % 2]] for i in range(20))],
        'y',
        r"line 3, column 1 \('x'\): '1,250' looks like a number, .* as in 1234\.5; or leave",
    ),
    'a target in another writing': (
        [['x', 'y'], *([str(i), f'{i % 4},5'] for i in range(20))],
        'y',
        r"line 2, column 2 \('y'\): '0,5' looks like a number, .* as in 1234\.5; or --task classification",
    ),
    'far apart': (
        [['x', 'y'], *([f'{"-" * (i % 9 == 0)}1.7e308', 'ab'[i % 2]] for i in range(99))],
        'y',
        r"column 1 \('x'\): the numbers are too far apart",
    ),
}


@pytest.mark.parametrize(('rows', 'target', 'problem'), BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_tables_end_with_1_and_one_line_and_leave_nothing(rows, target, problem, tmp_path, capsys):
    path = written(tmp_path / 't.csv', rows)
    assert main(['train', str(path), '--target', target, '--out', str(tmp_path / 'out')]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert re.match('micrograd: error: ', line)
    assert re.search(problem, line)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ('settings', 'error', 'problem'),
    [
        ({'task': 'clustering'}, ValueError, "task is one of 'classification', 'regression', None, not 'clustering'"),
        ({'missing': 'median'}, ValueError, "missing is one of 'error', 'mean', not 'median'"),
        ({'test': 1.0}, DataError, 'test should lie between 0 and 1'),
        ({'hidden': (10**6,)}, DataError, r'a network 4-1000000-2 has 7,000,002 parameters'),
        ({'hidden': (0,)}, DataError, r'hidden\[0\] should be at least 1'),
        ({'epochs': 0}, DataError, 'epochs should be at least 1'),
        ({'lr': 0.0}, ValueError, 'lr should be above 0'),
        ({'lmbda': -1.0}, ValueError, 'lmbda should be at least 0'),
        ({'ignore': ['fruit']}, DataError, "'fruit' cannot be the target and be ignored"),
        ({'ignore': ['id']}, DataError, "no column 'id'"),
        ({'task': 'regression'}, DataError, r'has a number\. Right: .*--task classification'),
    ],
)
def test_settings_out_of_range_are_errors(settings, error, problem, fruit):
    with pytest.raises(error, match=problem):
        train(fruit, 'fruit', **settings)


def test_ctrl_c_ends_the_training_and_nothing_is_written(fruit, tmp_path, monkeypatch):
    from micrograd.tabular import training

    def interrupted(*args, **kwargs):
        return training.History(stopped='interrupted')

    monkeypatch.setattr(training, 'fit', interrupted)
    assert main(['train', str(fruit), '--target', 'fruit', '--out', str(tmp_path / 'out')]) == 130
    assert list(tmp_path.iterdir()) == [fruit]


# Scores --------------------------------------------------------------------------------------------------------------


classes = st.lists(st.tuples(st.sampled_from('abc'), st.sampled_from('abc')), min_size=1, max_size=20)


@settings(max_examples=40, deadline=None)
@given(classes)
def test_the_scores_of_a_classifier_are_those_of_scikit_learn(pairs):
    metrics = require('sklearn.metrics')
    targets, answers = map(list, zip(*pairs, strict=True))
    assert accuracy(targets, answers) == metrics.accuracy_score(targets, answers)
    names = list('abc')
    expected = metrics.precision_recall_fscore_support(targets, answers, labels=names, zero_division=math.nan)
    for name, precision, recall, examples in zip(names, expected[0], expected[1], expected[3], strict=True):
        assert of_class(name, targets, answers) == pytest.approx((precision, recall, examples), nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-1000, 1000), st.integers(-1000, 1000)), min_size=2, max_size=20))
def test_the_scores_of_a_regressor_are_those_of_scikit_learn(pairs):
    metrics = require('sklearn.metrics')
    targets, answers = ([number / 8 for number in side] for side in zip(*pairs, strict=True))
    assert root_mean_squared_error(targets, answers) == pytest.approx(metrics.root_mean_squared_error(targets, answers))
    assert mean_absolute_error(targets, answers) == pytest.approx(metrics.mean_absolute_error(targets, answers))
    if len(set(targets)) > 1:
        assert r_squared(targets, answers) == pytest.approx(metrics.r2_score(targets, answers))


@pytest.mark.parametrize('size', [1e-320, 1e300, 1e308])
def test_scores_of_numbers_at_the_ends_of_the_floats(size):
    targets, answers = [size, size, size, size], [0.0, size, size, size]
    assert mean_absolute_error(targets, [0.0] * 4) == root_mean_squared_error(targets, [0.0] * 4) == size
    assert r_squared([0.0, *targets], [0.0, *targets]) == 1.0
    assert math.isnan(r_squared(targets, answers))
    assert 'R^2' in regressor_table(targets, answers, size)


def test_an_error_far_beyond_the_spread_of_the_targets_is_minus_infinity():
    assert r_squared([1.0, 2.0], [1.0, 1e200]) == -math.inf
    assert regressor_table([1.0, 2.0], [1.0, 1e200], 1.5).splitlines()[3].split() == ['R^2', '-inf', '0.000']


def test_a_table_shows_what_cannot_be_said_and_hides_no_letters():
    lines = classifier_table(['a\x1b[31m', 'b'], ['b', 'b'], ['b', 'b'], 'b').splitlines()
    assert lines[4].split() == ['a\\x1b[31m', '-', '-', '0']
    assert regressor_table([2.0, 2.0], [2.0, 3.0], 2.0).splitlines()[3].split() == ['R^2', '-', '-']


def test_a_plot_of_one_number_or_a_formula_for_a_name():
    figure = predicted_against_true([2.0], [2.0], '$x^')
    assert figure.axes[0].get_xlim() == (1.0, 3.0)
    assert figure.axes[0].get_xlabel() == 'true $x^'
    figure.savefig(io.BytesIO())
    with pytest.raises(DataError, match='nothing to plot'):
        predicted_against_true([], [], 'x')


@pytest.mark.parametrize('largest', [1.7e308, -1.7e308])
def test_a_plot_of_numbers_at_the_end_of_the_floats(largest):
    figure = predicted_against_true([0.0, largest], [-largest, 1.0], 'price')
    assert figure.axes[0].get_xlabel() == 'true price / 1e+300'
    assert max(map(abs, figure.axes[0].get_xlim())) == pytest.approx(1.7e8 * 1.08)
    figure.savefig(io.BytesIO())


# The commands --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('target', 'picture'), [('fruit', 'confusion_matrix.png'), ('weight', 'predicted.png')])
def test_train_writes_its_files_and_predict_reads_them(target, picture, fruit, tmp_path, capsys):
    out = tmp_path / 'out'
    assert main(['train', str(fruit), '--target', target, '--out', str(out), *WORDS]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(path.name for path in out.iterdir()) == sorted(['model.json', 'loss_curve.png', picture])
    assert [line.split()[0] for line in lines[-3:]] == [
        str(out / name) for name in ('model.json', 'loss_curve.png', picture)
    ]
    assert main(['predict', str(out / 'model.json'), str(fruit)]) == 0
    header, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    assert header == ([target, 'probability'] if target == 'fruit' else [target])
    assert len(rows) == 40
    assert_right(out / 'model.json', fruit, rows)


def assert_right(path, table, rows):
    """That the predictions are those of the network, one scalar at a time."""
    model, columns = load_with_columns(path)
    assert numbers(model) == numbers(load(path))
    for inputs, cells in zip(columns.rows(read_cells(table)), rows, strict=True):
        with no_grad():
            found = model(inputs)
        if len(cells) == 1:
            assert float(cells[0]) == pytest.approx(columns.target.decode(found.data), rel=1e-9)
            continue
        odds = [math.exp(z.data) for z in found]
        assert cells[0] == columns.target.categories[odds.index(max(odds))]
        assert float(cells[1]) == pytest.approx(max(odds) / sum(odds), abs=1e-4)


def test_classes_that_no_font_has_and_a_target_named_probability(tmp_path, capsys):
    rows = [['x', 'probability'], *([str(i), '\U0001f642\U0001f643'[i % 2]] for i in range(20))]
    path = written(tmp_path / 't.csv', rows)
    assert main(['train', str(path), '--target', 'probability', '--out', str(tmp_path / 'out'), *WORDS]) == 0
    assert 'Glyph' not in capsys.readouterr().err
    assert main(['predict', str(tmp_path / 'out' / 'model.json'), str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == 'probability,its probability'


def test_the_same_words_give_the_same_bytes(fruit, tmp_path, capsys):
    for name in ('one', 'two'):
        assert main(['train', str(fruit), '--target', 'fruit', '--out', str(tmp_path / name), *WORDS]) == 0
    for path in (tmp_path / 'one').iterdir():
        assert path.read_bytes() == (tmp_path / 'two' / path.name).read_bytes()


def test_the_model_may_go_elsewhere_and_predictions_into_a_file(fruit, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(['train', 'fruit.csv', '--target', 'fruit', '--save', 'm.json', '--out', 'out', *WORDS]) == 0
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['confusion_matrix.png', 'loss_curve.png']
    assert f'{tmp_path / "m.json"}  ' in capsys.readouterr().out
    assert main(['predict', 'm.json', 'fruit.csv']) == 0
    printed = capsys.readouterr().out
    assert main(['predict', 'm.json', 'fruit.csv', '-o', 'p.csv']) == 0
    assert capsys.readouterr().out == ''
    assert (tmp_path / 'p.csv').read_text() == printed


def test_predict_finds_columns_by_their_names(fruit, tmp_path):
    trained, _ = train(fruit, 'fruit')
    save(trained.model, tmp_path / 'm.json', columns=trained.columns)
    other = written(tmp_path / 'other.csv', [[row[1], 'more', row[0]] for row in FRUIT], ';')
    assert tabular.predict(tmp_path / 'm.json', other, delimiter=';') == tabular.predict(tmp_path / 'm.json', fruit)


def test_a_table_of_one_column_and_awkward_names(tmp_path):
    rows = [['a "b", c', 'y,\n'], *([str(i), f'é, "{i % 2}"'] for i in range(20))]
    path = written(tmp_path / 't.csv', rows)
    trained, _ = train(path, 'y,')
    save(trained.model, tmp_path / 'm.json', columns=trained.columns)
    narrow = written(tmp_path / 'narrow.csv', [row[:1] for row in rows])
    tabular.write_predictions(tmp_path / 'm.json', narrow, tmp_path / 'p.csv')
    names, *found = csv.reader(io.StringIO((tmp_path / 'p.csv').read_text(encoding='utf-8')))
    assert names == ['y,', 'probability']
    assert {row[0] for row in found} <= {'é, "0"', 'é, "1"'}


@pytest.mark.parametrize(
    ('change', 'problem'),
    [
        (lambda rows: [row[1:] for row in rows], "there is no column 'weight'; there is 'colour', 'fruit'"),
        (lambda rows: changed(rows, 3, 2, 'pink'), r"line 3, column 2 \('colour'\): there is no category 'pink'"),
        (lambda rows: changed(rows, 3, 1, ''), r"line 3, column 1 \('weight'\): a value is missing"),
        (lambda rows: changed(rows, 3, 1, 'heavy'), r"line 3, column 1 \('weight'\): expected a finite number"),
        (lambda rows: changed(rows, 3, 1, '1e308'), 'the network gives nan or infinity for row 2|too far from'),
        (lambda rows: rows[:1], 'expected a row below the names'),
    ],
)
def test_tables_that_do_not_fit_the_model_end_with_1(change, problem, fruit, tmp_path, capsys):
    trained, _ = train(fruit, 'fruit')
    for layer in trained.model.layers:
        for neuron in layer.neurons:
            for w in neuron.w:
                w.data *= 1e9
    save(trained.model, tmp_path / 'm.json', columns=trained.columns)
    path = written(tmp_path / 't.csv', change(FRUIT))
    output = tmp_path / 'p.csv'
    assert main(['predict', str(tmp_path / 'm.json'), str(path), '--output', str(output)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ''
    [line] = captured.err.splitlines()
    assert re.search(problem, line)
    assert not output.exists()


@pytest.mark.parametrize('words', [['--save', 'nowhere/m.json'], ['--save', '.'], ['--out', 'fruit.csv']])
def test_where_files_cannot_go_is_found_out_before_the_training(words, fruit, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(['train', 'fruit.csv', '--target', 'fruit', *words]) == 1
    captured = capsys.readouterr()
    assert captured.out == ''
    assert len(captured.err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ['fruit.csv']


@pytest.mark.parametrize('missing', ['numpy', 'matplotlib'])
def test_what_is_not_installed_is_said_before_anything_else_and_once(missing, monkeypatch):
    from micrograd.tabular import training

    def absent(module, extra):
        if module == missing:
            raise MissingDependencyError(f'{module} is not installed, see {extra}')

    monkeypatch.setattr(training, 'optional_import', absent)
    with pytest.raises(MissingDependencyError, match=f'{missing} is not installed, see plot,compile'):
        tabular.run('nowhere.csv', 'y')
    if missing == 'numpy':
        with pytest.raises(MissingDependencyError, match='numpy is not installed, see compile'):
            tabular.train('nowhere.csv', 'y')


# Model files ---------------------------------------------------------------------------------------------------------


def stored(tmp_path, change=lambda columns: None, columns=COLUMNS):
    path = tmp_path / 'm.json'
    save(MLP(3, [2, 1], generator=0), path, columns=columns)
    document = json.loads(path.read_text())
    document['columns'] = change(document['columns']) or document['columns']
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize('fills', [False, True])
def test_columns_come_back_as_they_were(fills, tmp_path):
    columns = Columns(COLUMNS.inputs, COLUMNS.target, fills)
    save(MLP(3, [2, 1]), tmp_path / 'm.json', columns=columns)
    assert load_with_columns(tmp_path / 'm.json')[1] == columns
    assert isinstance(load(tmp_path / 'm.json'), MLP)
    assert max(map(len, (tmp_path / 'm.json').read_text().splitlines())) < 120


HOSTILE = {
    'a list': (lambda c: [c], r'columns should be an object with missing, inputs, target, not a list'),
    'a key more': (lambda c: c.update(code='x'), "columns has the unknown key 'code'"),
    'a key less': (lambda c: c.pop('target') and None, "columns lacks the key 'target'"),
    'another way': (lambda c: c.update(missing=3), r"columns\.missing should be 'error' or 'mean', not 3"),
    'a way in a list': (lambda c: c.update(missing=['mean']), r'columns\.missing should be .*, not a list'),
    'no inputs': (lambda c: c.update(inputs=[]), r'columns\.inputs should be a list that is not empty'),
    'inputs of text': (lambda c: c.update(inputs='xc'), r'columns\.inputs should be a list'),
    'a text for a column': (lambda c: c.update(inputs=['x']), r'columns\.inputs\[0\] should be an object'),
    'scale 0': (lambda c: c['inputs'][0].update(scale=0), r'columns\.inputs\[0\]\.scale should be above 0, not 0'),
    'nan': (lambda c: c['target'].update(mean=math.nan), r'columns\.target\.mean should be a finite number'),
    'a name of numbers': (lambda c: c['target'].update(name=3), r'columns\.target\.name should be a string, not 3'),
    'no name': (lambda c: c['target'].update(name=''), r'columns\.target\.name should be a text'),
    'half a letter': (lambda c: c['target'].update(name='\ud800'), r'columns\.target\.name should be a text'),
    'names twice': (lambda c: c['target'].update(name='x'), "the names in columns should be different, and 'x'"),
    'no categories': (lambda c: c['inputs'][1].update(categories=[]), r'inputs\[1\]\.categories should be a list'),
    'categories twice': (lambda c: c['inputs'][1].update(categories=['a', 'a']), r'categories should be different'),
    'a category of numbers': (lambda c: c['inputs'][1].update(categories=['a', 1]), r'categories\[1\] should be a str'),
    'a share less': (
        lambda c: c['inputs'][1].update(shares=[1]),
        r'inputs\[1\]\.shares should be 2 numbers from 0 to 1',
    ),
    'a share above 1': (lambda c: c['inputs'][1].update(shares=[2, 0]), 'should be 2 numbers from 0 to 1'),
    'an input less': (
        lambda c: c['inputs'].pop() and None,
        'columns make 1 inputs and 1 outputs, and the network has 3',
    ),
    'outputs that are not there': (
        lambda c: c.update(target={'name': 'y', 'categories': ['a', 'b'], 'shares': [0, 1]}),
        'columns make 3 inputs and 2 outputs, and the network has 3 and 1',
    ),
}


@pytest.mark.parametrize(('change', 'problem'), HOSTILE.values(), ids=HOSTILE)
def test_columns_that_are_none_are_errors(change, problem, tmp_path, capsys):
    path = stored(tmp_path, change)
    for read in (load, load_with_columns):
        with pytest.raises(CheckpointError, match=problem):
            read(path)
    assert main(['predict', str(path), 'nowhere.csv']) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_null_is_no_columns_and_twice_is_once_too_often(tmp_path):
    path = stored(tmp_path)
    text = path.read_text()
    path.write_text(re.sub(r'"columns": \{.*?\}\}, ', '"columns": null, ', text))
    assert '"columns": null' in path.read_text()
    with pytest.raises(CheckpointError, match='columns should be an object'):
        load(path)
    path.write_text(text[:-1] + ', "columns": {}}')
    with pytest.raises(CheckpointError, match="the file has the key 'columns' more than once"):
        load(path)


@pytest.mark.parametrize('model', [MLP(3, [2, 1]), Neuron(3)])
def test_a_model_without_columns_predicts_no_table(model, tmp_path):
    save(model, tmp_path / 'm.json')
    with pytest.raises(CheckpointError, match=r'm\.json: the model does not know the columns.*micrograd train'):
        load_with_columns(tmp_path / 'm.json')


@pytest.mark.parametrize(
    ('model', 'problem'),
    [(MLP(2, [1]), 'columns make 3 inputs and 1 outputs'), (Neuron(3), 'columns belong to an MLP')],
)
def test_columns_that_do_not_fit_are_not_saved(model, problem, tmp_path):
    with pytest.raises(CheckpointError, match=problem):
        save(model, tmp_path / 'm.json', columns=COLUMNS)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope='module')
def model_file(tmp_path_factory):
    path = stored(tmp_path_factory.mktemp('model'))
    return path, path.read_bytes()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_changed_byte_is_an_error_or_another_model(model_file, data):
    path, original = model_file
    content = bytearray(original)
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        model, columns = load_with_columns(path)
    except CheckpointError:
        return
    assert columns.width == len(model.layers[0].neurons[0].w) == 3


# Reading cells -------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text('abc,;"\' é\n1.-', min_size=1, max_size=5), min_size=2, max_size=2), min_size=1))
def test_cells_are_read_as_they_were_written(tmp_path_factory, rows):
    path = written(tmp_path_factory.getbasetemp() / 'cells.csv', [['p', 'q'], *rows])
    expected = [[cell.strip() for cell in row] for row in rows]
    assert read_cells(path).rows == expected
    assert read_cells(path).column('q') == [row[1] for row in expected]


def test_cells_are_the_numbers_of_read_csv(tmp_path):
    path = written(tmp_path / 't.csv', [['x', 'y'], ['1', '2.5'], ['-3', '1e3']])
    inputs, targets = read_csv(path)
    assert [[float(cell) for cell in row] for row in read_cells(path).rows] == [
        [*x, target] for x, target in zip(inputs, targets, strict=True)
    ]


def test_the_line_of_a_cell_is_that_of_the_file(tmp_path):
    path = tmp_path / 't.csv'
    path.write_text('a,b\n\n1,"two\nlines"\n\n3,4\n')
    cells = read_cells(path)
    assert cells.lines == [4, 6]
    assert cells.place(1, 'b') == f"{path}, line 6, column 2 ('b')"
