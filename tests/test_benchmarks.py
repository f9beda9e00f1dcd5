"""What the benchmarks compute and count, on small networks; nothing here is timed."""

import importlib
import os
import re
from pathlib import Path

import pytest

from tests.support import require
from visuals import differences
from visuals.differences import Point

BENCHMARKS = Path(__file__).resolve().parents[1] / 'benchmarks'
NETWORK = (2, 3, 2)


@pytest.fixture(scope='module')
def load():
    """Benchmarks find each other beside themselves, and ask for one thread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        patch.setattr(os, 'environ', os.environ.copy())
        yield importlib.import_module


@pytest.fixture(scope='module')
def ways(load):
    return load('ways')


# Rounds and targets --------------------------------------------------------------------------------------------------


def test_rivals_take_turns_and_ratios_are_of_one_round(load):
    measuring = load('measuring')
    asked = []

    def ask(name):
        asked.append(name)
        return {'seconds': float(len(asked))}

    taken = measuring.rounds(['a', 'b', 'c'], 3, ask)
    assert ''.join(asked) == 'abcbcacab'
    assert measuring.median(taken, 'a', 'seconds') == 6.0
    assert measuring.quartiles(taken, ('c', 'seconds'), ('a', 'seconds'))[1] == pytest.approx(7 / 8)


@pytest.mark.parametrize(('check', 'code'), [(False, 0), (True, 1)])
def test_a_target_that_is_missed_is_a_failure_if_one_asks(load, check, code, capsys):
    measuring = load('measuring')

    def run(report):
        assert report.against(None, 1.0) == ''
        assert report.against(measuring.Target('>=', 2.0), 2.0).split() == ['>=', '2', 'met']
        print(report.against(measuring.Target('<=', 2.0), 2.5))

    assert measuring.finished(run, check, 'here') == code
    assert 'MISSED' in capsys.readouterr().out


def test_those_who_disagree_are_not_compared(load, capsys):
    measuring = load('measuring')

    def run(report):
        raise measuring.DisagreementError('they differ')

    assert measuring.finished(run, False, 'here') == 1
    assert 'nothing is compared: they differ' in capsys.readouterr().err


# Ways to a gradient --------------------------------------------------------------------------------------------------


def test_all_ways_have_one_gradient(ways):
    found = ways.ways(NETWORK, 1, (*ways.WAYS,))
    right = found['NumPy'].gradient()
    assert len(right) == ways.parameters_of(NETWORK) == 17
    for way in found.values():
        assert way.gradient() == pytest.approx(right, rel=1e-12)
        assert way.differences(17, times=2) == pytest.approx(right, abs=1e-6)
        assert way.differences(5) == pytest.approx(right[:5], abs=1e-6)


def test_ways_that_differ_are_not_compared(ways, monkeypatch):
    monkeypatch.setattr(ways.Eager, 'differences', lambda self, count, times=1: [0.0] * count)
    with pytest.raises(ways.DisagreementError, match='its finite differences by'):
        ways.ways(NETWORK, 1, ('NumPy', 'eager'))


def test_a_pass_for_each_weight_and_many_of_gradcheck(ways):
    found = ways.ways(NETWORK, 1, ('NumPy', 'gradcheck'))
    numpy, costs = found['NumPy'], []
    cost = numpy.cost
    numpy.cost = lambda: costs.append(cost()) or costs[-1]
    numpy.differences(17)
    assert len(costs) == numpy.passes(17) == 18
    assert found['gradcheck'].passes(4) > 4 * 2 * 3  # two for each of at least three widths


def test_what_is_measured_of_some_is_scaled_to_all(load, ways, monkeypatch):
    module = load('finite_differences')
    way = ways.ways(NETWORK, 1, ('NumPy',))['NumPy']
    monkeypatch.setattr(ways, 'as_often', lambda call, most=8: min(most, 8))
    monkeypatch.setattr(ways, 'seconds', lambda call, times: 9.0)
    measurement = module.Measurement(way, 17)
    assert (measurement.some, measurement.passes_each) == (8, 1.0)
    assert measurement.ask() == {'forward': 9.0, 'both': 9.0, 'differences': 18.0}  # 9 passes measured, of 18


def test_the_networks_go_from_10_weights_to_100_000(load, ways):
    module = load('finite_differences')
    sizes = [ways.parameters_of(network) for network in module.NETWORKS]
    assert sizes == sorted(sizes)
    assert (sizes[0], round(sizes[-1], -3)) == (10, 100_000)
    assert ways.DIGITS in module.NETWORKS


# The picture ---------------------------------------------------------------------------------------------------------


def points(ratio=1000.0):
    return [
        Point(way, '1-2', size, size / 1e6, size * size * ratio / 1e9, min(size, 100))
        for way in (*differences.PANELS, 'gradcheck')
        for size in (10, 1000)
    ]


def test_points_are_kept_as_they_are_written(tmp_path):
    differences.write(points(), tmp_path / 'p.csv')
    assert differences.read(tmp_path / 'p.csv') == points()


def test_the_picture_has_a_panel_for_each_way_and_says_how_far_apart_they_are():
    figure = differences.figure(points(1234.0))
    assert [axes.get_title(loc='left') for axes in figure.axes] == [*differences.PANELS.values()]
    for axes in figure.axes:
        assert '1,200×' in [text.get_text() for text in axes.texts]
        hollow = [line for line in axes.lines if line.get_linestyle() == 'None' and len(line.get_xdata())]
        assert all([*line.get_xdata()] == [1000] for line in hollow)
        assert hollow


def test_what_is_kept_is_of_the_networks_that_are_measured(load, ways):
    module = load('finite_differences')
    expected = [ways.written(network) for network in module.NETWORKS]
    for way in module.NAMES:
        assert [point.network for point in differences.read() if point.way == way] == expected


# Tables of scikit-learn ----------------------------------------------------------------------------------------------


@pytest.fixture(scope='module')
def tabular(load):
    require('sklearn')
    return load('tabular')


@pytest.fixture(scope='module')
def iris(tabular, tmp_path_factory):
    return tabular.written('iris', tmp_path_factory.mktemp('tables'))


@pytest.mark.parametrize(
    ('name', 'rows', 'first'),
    [('iris', 150, '5.1,3.5,1.4,0.2,setosa'), ('diabetes', 442, '0.038075906433423026,.*,151.0')],
)
def test_data_sets_become_files(tabular, name, rows, first, tmp_path):
    table = tabular.written(name, tmp_path)
    lines = table.path.read_text(encoding='utf-8').splitlines()
    assert len(lines) == rows + 1
    assert lines[0].endswith(',target')
    assert re.fullmatch(first, lines[1])
    assert table.is_classification == (name == 'iris')


def test_rivals_learn_from_the_rows_that_ours_learns_from(tabular, iris, monkeypatch):
    class Known:
        """Knows the rows that it has learnt from, and no others."""

        def fit(self, inputs, targets):
            self.known = dict(zip(map(tuple, inputs.tolist()), targets, strict=True))

        def predict(self, inputs):
            known.append(self.known)
            return inputs[:, 0]

    known = []
    monkeypatch.setattr(tabular, 'rival', lambda table, settings, seed: Known())
    found = tabular.scores(iris, seed=3)
    assert found['micrograd'] > 0.8
    assert found['scikit-learn 100'] == 0.0
    assert sum(tuple(row) in known[0] for row in iris.inputs) in (120, 121)  # two rows of iris are the same


def test_other_rows_are_not_compared(tabular, iris):
    with pytest.raises(tabular.DisagreementError, match=r'of iris\.csv other rows were held out'):
        tabular.our_score(iris, ['setosa'] * 30, seed=0)


def test_a_row_has_means_spreads_and_a_target(load, tabular, iris, monkeypatch):
    monkeypatch.setattr(tabular, 'scores', lambda table, seed: dict.fromkeys(tabular.NAMES, 0.8 + 0.1 * seed))
    report = load('measuring').Report()
    assert re.split('  +', tabular.row(report, iris, 3)) == [
        'iris',
        'accuracy',
        *['0.900 ± 0.100'] * 3,
        '>= 0.88',
        'met',
    ]
