"""The page of the explorer, as text. What it does is tested in a browser: see tests/browser/test_explorer.py."""

import base64
import hashlib
import json
import math
import re
import webbrowser
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import pytest

from micrograd import Value, draw, explore, graph, group, nn
from micrograd.errors import GraphError, MissingDependencyError, RenderError
from micrograd.primitives import rows
from micrograd.render import coordinates, explorer, layout
from micrograd.render.view import view
from tests import graphs

PAGE = files('micrograd.render') / 'page'
SCRIPTS = [f'{name}.js' for name in explorer._SCRIPTS]


def network(*sizes):
    """A network, and the cost of one example."""
    model = nn.MLP(2, list(sizes), activation='tanh', generator=1)
    loss = (model([Value(1.1, label='a'), Value(-2.3, label='b')]) - 0.7) ** 2
    loss.backward()
    return loss


def told(page):
    """What a page is told about its graph."""
    return json.loads(re.search(r'<script type="application/json" id="graph">(.*?)</script>', page.html, re.DOTALL)[1])


class Elements(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


# The file


def test_a_graph_of_a_hundred_values_is_less_than_100_kilobytes():
    loss = network(4, 4, 1)
    page = explore(loss)
    assert len(graph.topological([loss])) == 106
    assert [level['name'] for level in page.graph['levels']] == ['values', 'neurons', 'layers', 'networks']
    assert len(page.html.encode()) < 100_000


def test_the_same_graph_gives_the_same_bytes():
    assert explore(network(3, 1)).html == explore(network(3, 1)).html


@pytest.mark.parametrize('make', graphs.ALL, ids=lambda make: make.__name__)
def test_nothing_is_fetched_and_only_what_is_ours_runs(make):
    html = explore(make(), title='</title><script>x</script>').html
    elements = Elements(html).found
    assert not any({'src', 'href', 'style', 'srcset', 'action'} & attributes.keys() for _, attributes in elements)
    assert not any(name.startswith('on') for _, attributes in elements for name in attributes)
    assert [tag for tag, _ in elements].count('script') == 2
    [policy] = (a['content'] for tag, a in elements if tag == 'meta' and 'http-equiv' in a)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert 'unsafe' not in policy
    for tag, text in (('script', html.rpartition('<script>')[2]), ('style', html.partition('<style>')[2])):
        digest = base64.b64encode(hashlib.sha256(text.partition(f'</{tag}>')[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert 'http://' not in re.sub(r"'http://www\.w3\.org/[\w/]+'", '', html)


def test_hostile_labels_are_data():
    page = explore(graphs.hostile())
    names = [box.name for box in view([graphs.hostile()], 100).boxes]
    assert told(page)['names'] == names
    inside = page.html.partition('id="graph">')[2].partition('</script>')[0]
    assert not set('<>&\u2028\u2029') & set(inside)


def test_the_title():
    assert '<title>Computation graph of o</title>' in explore(graphs.neuron()).html
    page = explore(graphs.neuron(), title='a & <b>\x00\ud800')
    assert r'<title>a &amp; &lt;b&gt;\x00\ud800</title>' in page.html
    assert told(page)['title'] == r'a & <b>\x00\ud800'


@pytest.mark.parametrize('name', SCRIPTS)
def test_the_scripts_are_readable_and_make_no_markup_of_text(name):
    text = (PAGE / name).read_text(encoding='utf-8')
    assert text.startswith('// ')
    assert len(text.splitlines()) < 400
    assert max(map(len, text.splitlines())) <= 130
    assert not re.search(
        r'innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|setAttribute\(.style', text
    )


def test_every_script_is_in_the_page():
    others = {'widget.js'}  # which a notebook loads
    assert {file.name for file in PAGE.iterdir() if file.name.endswith('.js')} - others == set(SCRIPTS)


# What the page is told


def test_the_numbers_are_exact():
    loss = network(2, 1)
    live = told(explore(loss))['live']
    nodes = graph.topological([loss])
    assert live['data'] == [v.data for v in nodes]
    assert live['grad'] == [v.grad for v in nodes]


def test_numbers_that_json_has_not():
    nodes = graph.topological(graphs.wrong())
    live = told(explore(graphs.wrong()))['live']
    assert [float(x) for x in live['data']] == pytest.approx([v.data for v in nodes], nan_ok=True)


@pytest.mark.parametrize('row', list(rows()), ids=lambda row: row.symbol)
def test_every_operation_is_described(row):
    told_of = explorer._operator(row)
    assert (told_of['name'], told_of['latex']) == (row.name, row.latex)
    assert len(told_of['arguments']) == len(told_of['slopes']) == (row.arity or 0)


def test_an_operation_made_by_hand_has_a_name_only():
    assert told(explore(graphs.by_hand()))['operators'][0] == {'name': 'mine'}


@pytest.mark.parametrize(
    'partials',
    [
        lambda o, z, x: math.exp(x),
        lambda o, z, x: float(x),
        lambda o, z, x: abs(x),
        lambda o, z, x: x % 1,
        lambda o, z, x: 1.0 if x > 0 else 0.0,
        lambda o, z, x: 1.0 if x == 2.0 else 0.0,
        lambda o, z, x: {2.0: 7.0}.get(x, 0.0),
    ],
    ids=['math', 'float', 'abs', 'modulo', 'if', 'equal', 'lookup'],
)
def test_an_operation_whose_formula_cannot_be_read_has_no_formula(partials):
    page = explore(graphs.own('unread', lambda o, x: o.exp(x), partials)(Value(2.0)))
    [operator] = told(page)['operators']
    assert operator == {
        'name': 'unread',
        'latex': r'\operatorname{unread}(x)',
        'arguments': ['x'],
        'slopes': [],
        'decides': [],
    }


def test_groups_are_told_with_what_is_in_them():
    @group('square of a sum')
    def square(x):
        return (x + 1.0) ** 2

    [found] = told(explore(square(Value(2.0))))['groups']
    assert found['name'] == 'square of a sum'
    assert (found['kind'], found['parent'], found['outputs']) == ('group', -1, [3])
    assert found['members'] == [1, 2, 3]


def test_calls_within_calls_tell_every_value_once():
    @group('again')
    def again(x, n):
        return again(x, n - 1) * 2.0 if n else x + 1.0

    loss = again(Value(1.0), 100)
    found = explore(loss).graph['groups']
    assert len(found) == 101
    assert sum(len(each['members']) for each in found) == len(graph.topological([loss])) - 1


def test_values_that_do_not_follow_from_their_operands_are_named():
    x, w = Value(3.0), Value(2.0)
    y = (x * w).tanh()
    assert explore(y).graph['stale'] == []
    w.data = 1.5
    assert explore(y).graph['stale'] == [2]


# Layouts


def test_boxes_of_a_layout_do_not_overlap():
    for level in told(explore(network(4, 4, 1)))['levels']:
        shown = view([network(4, 4, 1)], 500, {'values': None}.get(level['name'], level['name'].removesuffix('s')))
        places = list(zip(level['at'][::2], level['at'][1::2], shown.boxes, strict=True))
        for i, (x, y, box) in enumerate(places):
            for other_x, other_y, other in places[:i]:
                beside = abs(x - other_x) >= (coordinates.width(box) + coordinates.width(other)) / 2
                below = abs(y - other_y) >= (coordinates.height(box) + coordinates.height(other)) / 2
                assert beside or below


def test_boxes_stand_farther_apart_where_many_lines_run_between_them():
    def gap(loss):
        level = next(level for level in explore(loss).graph['levels'] if level['name'] == 'neurons')
        columns = sorted(set(level['at'][::2]))
        return max(later - earlier for earlier, later in pairwise(columns))

    assert gap(network(16, 16, 1)) > gap(network(2, 2, 1)) + 60


def test_lines_lead_from_box_to_box():
    page = explore(graphs.twice())
    [level] = page.graph['levels']
    boxes = view([graphs.twice()], 10).boxes
    for start, end, x, y, *steps in level['lines']:
        end_x, end_y = x + sum(steps[::2]), y + sum(steps[1::2])
        for (px, py), i in (((x, y), start), ((end_x, end_y), end)):
            assert abs(px - level['at'][2 * i]) <= coordinates.width(boxes[i]) / 2 + 8
            assert abs(py - level['at'][2 * i + 1]) <= coordinates.height(boxes[i]) / 2 + 8


def test_all_layouts_take_one_process(monkeypatch):
    runs = []
    run = layout.subprocess.run
    monkeypatch.setattr(layout.subprocess, 'run', lambda *args, **more: runs.append(args) or run(*args, **more))
    explore(network(3, 1))
    assert len(runs) == 1


def test_the_dot_on_path_reads_the_graphs_one_after_the_other(monkeypatch):
    seen = []

    def answer(source, form, time_limit):
        seen.append((source, form))
        return b'{"bb": "0,0,1,1"}\n{"bb": "0,0,2,2"}\n'

    monkeypatch.setattr(layout, 'system_dot', lambda: '/usr/bin/dot')
    monkeypatch.setattr(layout, 'layout', answer)
    assert [g['bb'] for g in layout.coordinates(['digraph {a}', 'digraph {b}'])] == ['0,0,1,1', '0,0,2,2']
    assert seen == [('digraph {a}\ndigraph {b}', 'json0')]


def test_without_graphviz_the_error_names_the_extra(monkeypatch):
    monkeypatch.setattr(layout, 'system_dot', lambda: None)
    monkeypatch.setattr(layout, 'find_spec', lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install -e '\.\[draw\]'"):
        explore(Value(1.0))


def test_a_layout_that_takes_too_long_is_an_error():
    with pytest.raises(RenderError, match=r'after 0\.001 seconds'):
        explore(network(3, 1), time_limit=0.001)


def test_levels_that_are_alike_stand_there_once_even_with_nan():
    y = nn.Neuron(1)([Value(math.nan)])
    y.backward()
    assert [level['name'] for level in explore(y).graph['levels']] == ['values', 'neurons']


# How large


def test_what_is_too_large_to_be_drawn_opens_collapsed():
    loss = network(8, 8, 8, 1)
    page = explore(loss)
    assert len(graph.topological([loss])) > 500
    assert [level['name'] for level in page.graph['levels']] == ['neurons', 'layers', 'networks']
    assert [level['name'] for level in explore(loss, max_nodes=20).graph['levels']] == ['layers', 'networks']


def test_what_cannot_be_collapsed_is_an_error_that_says_what_to_do():
    with pytest.raises(GraphError, match=r'1,201 boxes even .* more than 500 .*@micrograd\.group.*max_nodes=1201'):
        explore(graphs.chain(600))
    assert len(explore(graphs.chain(300), max_nodes=601).graph['levels'][0]['boxes']) == 601


def test_there_is_a_limit_to_what_a_page_carries():
    with pytest.raises(
        GraphError, match=r'200,001 values, and an explorer carries 5,000 at most\. Explore a smaller part'
    ):
        explore(graphs.chain(100_000))


# Calls


def test_what_explore_takes():
    assert repr(explore([Value(1.0), Value(2.0)])) == 'Explorer of 2 values and 0 edges'
    with pytest.raises(TypeError, match='a Value or a list of Values, not float'):
        explore(1.0)
    with pytest.raises(ValueError, match='the list is empty'):
        explore([])
    with pytest.raises(TypeError, match='max_nodes'):
        explore(Value(1.0), max_nodes='many')


def test_the_page_keeps_the_numbers_of_its_time():
    x = Value(2.0)
    page = explore(x * 3.0)
    before = page.html
    x.data = 5.0
    assert page.html == before


def test_saving(tmp_path):
    page = explore(graphs.neuron())
    path = page.save(tmp_path / 'graph.html')
    assert path.read_text('utf-8') == page.html
    assert draw(graphs.neuron()).save(str(tmp_path / 'drawn.html')).read_bytes() == path.read_bytes()
    with pytest.raises(RenderError, match=r"saved as \.html, not as 'graph\.svg'\. Right: save\('y\.html'\)"):
        page.save(tmp_path / 'graph.svg')
    with pytest.raises(RenderError, match='there is no directory'):
        page.save(tmp_path / 'missing' / 'graph.html')


def test_opening(monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, 'open', opened.append)
    page = explore(graphs.neuron())
    path = page.open()
    assert opened == [path.as_uri()]
    assert path.read_text('utf-8') == page.html
    path.unlink()
    path.parent.rmdir()


# How it opens


def test_it_opens_as_it_was_asked_to():
    y = nn.MLP(2, [3, 1], activation='tanh')([1.0, 2.0])
    level = {level['name']: level['collapsed'] for level in explore(y).graph['levels']}
    assert explore(y).graph['opening'] == []
    assert explore(y, collapse='layer').graph['opening'] == level['layers']
    assert explore(y, depth=0).graph['opening'] == level['networks']
    assert explore(y, collapse='layer 2').graph['opening'] == [level['layers'][1]]
    assert explore(y, max_nodes=20).graph['opening'] == level['neurons']
    with pytest.raises(ValueError, match="nothing in this graph is called 'layers'"):
        explore(y, collapse='layers')


def test_a_drawing_saves_the_page_with_what_it_was_asked_for(tmp_path):
    y = nn.MLP(2, [3, 1], activation='tanh')([1.0, 2.0])
    drawn = draw(y, collapse='layer', max_nodes=20, title='closed').save(tmp_path / 'y.html')
    assert drawn.read_text('utf-8') == explore(y, collapse='layer', max_nodes=20, title='closed').html
