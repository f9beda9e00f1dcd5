"""What a notebook shows, as the text that it is given: see browser/test_notebooks.py for how it looks there."""

import base64
import re
import subprocess
import sys
from html.parser import HTMLParser
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from micrograd import Value, nn
from micrograd.errors import GraphError, MissingDependencyError, RenderError
from micrograd.history import History
from micrograd.render import notebook
from micrograd.render.explorer import explore
from tests import graphs


class Elements(HTMLParser):
    """The tags of a text, as a browser reads them; what is between those of an iframe is none."""

    CDATA_CONTENT_ELEMENTS = (*HTMLParser.CDATA_CONTENT_ELEMENTS, 'iframe')

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.text = ''
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def named(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def shown(thing):
    bundle = thing._repr_mimebundle_(include=None, exclude=None)
    return bundle, Elements(bundle.get('text/html', ''))


def static_picture(page):
    """The image for where no page can be."""
    (image,) = Elements(page.text).named('img')
    kind, _, encoded = image['src'].partition(';base64,')
    assert kind == 'data:image/svg+xml'
    return image['alt'], ElementTree.fromstring(base64.b64decode(encoded, validate=True))


@pytest.fixture
def fails(monkeypatch):
    """Make the explorer and the picture fail."""

    def fail(error):
        def raises(*_, **__):
            raise error

        monkeypatch.setattr(notebook, 'explore', raises)
        monkeypatch.setattr(notebook, 'draw', raises)

    return fail


# Values --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    'make', [graphs.neuron, graphs.hostile, graphs.wrong, graphs.choices], ids=lambda m: m.__name__
)
def test_a_value_shows_the_very_page_of_its_explorer_in_a_sandbox(make):
    v = make()
    v = v[0] if isinstance(v, list) else v
    bundle, page = shown(v)
    assert set(bundle) == {'text/html', 'text/plain'}
    assert bundle['text/plain'] == repr(v)
    (frame,) = page.named('iframe')
    assert frame['sandbox'] == 'allow-scripts'
    assert frame['srcdoc'] == explore(v).html
    assert {tag for tag, _ in page.found} == {'style', 'iframe'}


def test_no_label_gets_out_of_the_attribute_or_the_image():
    bundle, page = shown(graphs.hostile())
    assert '<script>fired' not in bundle['text/html']
    _, picture = static_picture(page)
    assert {element.tag.partition('}')[2] for element in picture.iter()} <= {
        'svg', 'style', 'g', 'path', 'polygon', 'polyline', 'text',
    }  # fmt: skip


def test_a_static_picture_for_where_nothing_runs():
    v = graphs.neuron()
    alternative, picture = static_picture(shown(v)[1])
    assert alternative.startswith('Drawing of 10 values and 9 edges')
    text = ' '.join(element.text or '' for element in picture.iter())
    assert 'tanh' in text
    assert '0.7071' in text
    assert 'prefers-color-scheme: dark' in text


def test_an_explorer_shows_its_page():
    explorer = explore(graphs.neuron())
    bundle, page = shown(explorer)
    assert bundle['text/plain'] == 'Explorer of 10 values and 9 edges'
    assert [frame['srcdoc'] for frame in page.named('iframe')] == [explorer.html]


def test_a_page_is_as_high_as_its_graph_within_limits():
    low, high = explore(graphs.neuron()), explore(graphs.hostile())
    assert notebook.page_height(low) == 420
    assert 500 < notebook.page_height(high) <= 640


def test_a_leaf_is_a_number():
    a = Value(3.0, label='a')
    assert shown(a)[0] == {'text/plain': 'Value(data=3.0, grad=0.0)'}


def test_the_same_graph_gives_the_same_bytes():
    assert shown(graphs.neuron())[0] == shown(graphs.neuron())[0]


@pytest.mark.parametrize(
    'error',
    [
        MissingDependencyError('a picture needs <Graphviz>'),
        RenderError('Graphviz was still laying the graph out'),
        GraphError('this graph has 9,999 values'),
        RecursionError('whatever else'),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_goes_wrong_is_said_beside_the_value(error, fails):
    fails(error)
    v = graphs.neuron()
    bundle, page = shown(v)
    assert bundle['text/plain'] == repr(v)
    assert repr(v) in page.text
    assert str(error) in page.text
    assert page.named('iframe') == []


def test_a_page_without_a_static_picture_is_still_shown(monkeypatch):
    def raises(*_, **__):
        raise RenderError('not in time')

    monkeypatch.setattr(notebook, 'draw', raises)
    _, page = shown(graphs.neuron())
    assert page.named('iframe')
    assert page.text.startswith('[data-jp-theme')
    assert 'img' not in page.text


def test_graphviz_gets_less_than_a_second_for_what_may_take_long(limits):
    _, page = shown(graphs.chain(150))
    assert 'this graph has 301 values, too many to lay out in a second; to see all' in page.text
    assert limits
    assert max(limits) < 1.0


def test_graphviz_may_take_longer_on_a_slow_machine_for_what_is_small(limits):
    _, page = shown(graphs.neuron())
    assert 'not in time' in page.text
    assert min(limits) > 5.0


@pytest.fixture
def limits(monkeypatch):
    """The time limits that Graphviz is given; it exceeds them."""
    limits = []

    def place(*arguments):
        limits.append(arguments[-1])
        raise RenderError('not in time')

    monkeypatch.setattr('micrograd.render.explorer.place', place)
    monkeypatch.setattr('micrograd.render.dot.layout', place)
    return limits


def test_a_large_graph_is_a_picture_of_its_layers(monkeypatch):
    monkeypatch.setattr(notebook, 'explore', lambda *_, **__: pytest.fail('it takes too long'))
    model = nn.MLP(20, [20, 20, 1], generator=0)
    y = model([1.0] * 20)
    y.backward()
    _, page = shown(y)
    (image,) = page.named('img')
    assert image['alt'].startswith('Drawing of 3 parts, 20 values')
    assert page.named('iframe') == []
    assert page.text == (
        'Only a picture: this graph has 2,561 values; to see all of it, and wait as long as it takes: '
        'micrograd.explore(v)'
    )


def test_what_has_no_parts_to_collapse_is_explored_as_far_as_a_picture_can_be_read():
    _, page = shown(graphs.chain(120))
    (frame,) = page.named('iframe')
    assert frame['srcdoc'] == explore(graphs.chain(120)).html


def test_what_the_explorer_cannot_carry_is_to_be_explored_in_parts(monkeypatch):
    monkeypatch.setattr(notebook, 'MAX_VALUES', 20)
    monkeypatch.setattr(notebook, 'EXPLORED', 10)
    _, page = shown(graphs.chain(20))
    assert 'this graph has 41 values; explore a part, as in micrograd.explore(h)' in page.text


@pytest.mark.usefixtures('uncounted')
def test_a_graph_beyond_the_limit_is_not_walked_to_its_end(fails):
    fails(AssertionError('nothing is drawn'))
    deep = graphs.chain(300_000)
    met = []
    with pytest.MonkeyPatch.context() as patch:
        parents = notebook.parents
        patch.setattr(notebook, 'parents', lambda v: met.append(v) or parents(v))
        _, page = shown(deep)
    assert 'this graph has more than 10,000 values' in page.text
    assert len(met) <= notebook.LARGEST


def test_a_subclass_that_shows_itself_is_left_to():
    class Mine(Value):
        def _repr_html_(self):
            return 'mine'

    assert (Mine(1.0) + 2.0).data == 3.0
    assert Mine(1.0, (Value(2.0),), 'f')._repr_mimebundle_() == {}


def test_a_terminal_is_not_kept_waiting(monkeypatch, fails):
    fails(AssertionError('nothing is drawn'))
    shell = SimpleNamespace(display_formatter=SimpleNamespace(active_types=['text/plain']))
    monkeypatch.setitem(sys.modules, 'IPython', SimpleNamespace(get_ipython=lambda: shell))
    assert graphs.neuron()._repr_mimebundle_() == {}
    assert nn.Neuron(2)._repr_mimebundle_() == {}


def test_a_kernel_and_programs_without_one_get_html(monkeypatch):
    for shell in (None, SimpleNamespace(display_formatter=SimpleNamespace(active_types=['text/plain', 'text/html']))):
        monkeypatch.setitem(sys.modules, 'IPython', SimpleNamespace(get_ipython=lambda shell=shell: shell))
        assert 'text/html' in graphs.neuron()._repr_mimebundle_()


# Modules and histories -----------------------------------------------------------------------------------------------


def rows(page_html):
    return [re.findall('<t[hd]>(.*?)</t[hd]>', row) for row in re.findall('<tr>(.*?)</tr>', page_html)]


def test_a_network_shows_its_layers_and_what_it_learns():
    model = nn.MLP(2, [3, 1], activation='tanh', generator=0)
    model([1.0, -1.0]).backward()
    model.parameters()[0].data = -7.5
    bundle, _ = shown(model)
    assert bundle['text/plain'] == repr(model)
    head, first, second, total = rows(bundle['text/html'])
    assert head == ['part', 'module', 'parameters', 'largest |data|', 'largest |grad|']
    assert first[:4] == ['layers.0', 'Layer(2, 3)', '9', '7.5000']
    assert second[:3] == ['layers.1', 'Layer(3, 1)', '4']
    assert second[4] == '1.0000'
    assert total[:3] == ['', 'MLP(2, [3, 1])', '13']


def test_a_neuron_shows_its_parameters():
    bundle, _ = shown(nn.Neuron(2, generator=0))
    assert [row[0] for row in rows(bundle['text/html'])] == ['part', 'w.0', 'w.1', 'b', '']


def test_of_many_parts_the_first_are_shown_and_the_others_counted():
    bundle, _ = shown(nn.Layer(2, 30))
    table = rows(bundle['text/html'])
    assert len(table) == 1 + notebook.ROWS + 1 + 1
    assert table[-2][:3] == ['…', '18 more', '54']


def test_a_number_that_is_not_one_stands_out():
    neuron = nn.Neuron(2)
    neuron.w[1].grad = float('nan')
    bundle, _ = shown(nn.Layer(2, 1))
    assert 'nan' not in bundle['text/html']
    assert rows(shown(neuron)[0]['text/html'])[-1][4] == 'nan'


def test_a_module_of_the_program_is_not_called_and_its_names_are_text():
    class Own(nn.Module):
        def __init__(self):
            self.parts = {'<img src=x>': nn.Neuron(1)}

        def __call__(self, x):
            raise AssertionError('it is only shown')

    _, page = shown(Own())
    assert page.named('img') == []
    assert 'parts.<img src=x>' in page.text


def test_a_module_whose_parameters_fail_says_so():
    class Broken(nn.Module):
        def parameters(self):
            raise ZeroDivisionError('mine')

        def __repr__(self):
            return 'Broken()'

    bundle, page = shown(Broken())
    assert bundle['text/plain'] == 'Broken()'
    assert 'ZeroDivisionError: mine' in page.text


def test_a_history_shows_its_curves_and_its_table():
    history = History(losses=[0.9, 0.5], metrics={'accuracy': [0.5, 1.0]}, times=[0.1, 0.1], steps=20)
    bundle, _ = shown(history)
    assert set(bundle) == {'image/png', 'text/plain'}
    assert bundle['text/plain'] == str(history)
    assert base64.b64decode(bundle['image/png']).startswith(b'\x89PNG')


def test_a_history_without_an_epoch_is_text():
    assert shown(History())[0] == {'text/plain': str(History())}


def test_without_matplotlib_a_history_is_its_table(monkeypatch):
    def raises(_):
        raise MissingDependencyError("matplotlib is not installed. From a checkout: pip install -e '.[plot]'")

    monkeypatch.setattr(History, 'plot', raises)
    history = History(losses=[0.9, 0.5], times=[0.1, 0.1], steps=20)
    bundle, page = shown(history)
    assert "pip install -e '.[plot]'" in page.text
    assert str(history) in page.text
    assert bundle['text/plain'] == str(history)


# What it costs -------------------------------------------------------------------------------------------------------


def test_nothing_of_this_is_loaded_before_it_is_shown():
    program = (
        'import sys, micrograd\n'
        'v = micrograd.Value(2.0) * 3.0\n'
        "assert 'micrograd.render' not in sys.modules\n"
        'v._repr_mimebundle_()\n'
        "assert 'IPython' not in sys.modules and 'anywidget' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, '-c', program], check=True)
