r"""Labels that attack, through every way out, read back by somebody else's parser.

What is asked of each: the label comes back as text, and nothing else came with it. For the latter a graph with these
labels is compared to the same graph with tame ones: the same elements, attributes, nodes, edges, files. `test_dot.py`
has the single labels of `graphs.HOSTILE` in SVG, and the other tests of pictures what is particular to them.
"""

import io
import json
import os
import re
from collections import Counter
from html.parser import HTMLParser
from math import isclose
from xml.etree import ElementTree

import pytest

from micrograd import Value, draw, explain, explore, losses, nn, tree
from micrograd.render import layout
from micrograd.render.notation import LATEX
from micrograd.render.text import LONGEST_NAME
from micrograd.render.view import legible
from tests import graphs
from tests.support import require

SVG = '{http://www.w3.org/2000/svg}'
ATTACKS = [
    *[label for label in graphs.HOSTILE if label.strip()],
    r'\G',
    r'\L \E \T \H \r \l',
    '&lt;b&gt;',
    '&#x3c;b&#x3e;',
    '&nbsp',
    '</script><script>fired.push(4)</script>',
    '-->',
    ']]>',
    '<?xml version="1.0"?>',
    '<!DOCTYPE x [<!ENTITY y "z">]>',
    'line\u2028and\u2029paragraph',
    'lone\udc80',
    '\x7f\x85\x9f',
    '\u2066isolate\u2069\u200f',
    '\ufeffmark',
    '\ufffe\uffff',
    '%n %999999999d %',
    '{0.__class__} {} }',
    '${title} $$ $graph',
    '$x^2$',
    r'$\frac{$',
    r'\input{/etc/passwd} \end{aligned}',
    '$(touch pwned) `touch pwned` | touch pwned; touch pwned',
    '"];x1->x2[label="',
    '"; URL="javascript:fired.push(5)',
    '/* */ // #include',
    '--o',
    '../../x',
    '__proto__',
    '=1+1',
    '\u0301',
    '%3Cb%3E',
]
SHOWN = [legible(label) for label in ATTACKS]


def graph(labels):
    """An operation made by hand on leaves with these labels, which has one of them too, and is called by one."""
    result = Value(0.0, [Value(float(i), label=label) for i, label in enumerate(labels)], labels[0])
    result.label = labels[1]
    return result


def tame():
    return graph([f'name{i}' for i in range(len(ATTACKS))])


@pytest.fixture(scope='module')
def attacked():
    return graph(ATTACKS)


# DOT, as Graphviz reads it


def written(field):
    """The first line of a record's first field, or of a plain label, as Graphviz shows it."""
    heading = re.match(r'\{?((?:\\[^l]|[^\\|}])*)(?:\\l|   )', field)[1]
    return re.sub(r'\\(.)', r'\1', heading).replace('&amp;', '&')


def test_dot_has_the_same_nodes_edges_and_attributes_and_the_labels_as_text(attacked):
    graphviz = require('pygraphviz')
    read, plain = (graphviz.AGraph(string=draw(root, title=root.label).dot.source) for root in (attacked, tame()))
    assert (read.nodes(), read.edges(), read.subgraphs()) == (plain.nodes(), plain.edges(), plain.subgraphs())
    assert [sorted(node.attr) for node in read.nodes()] == [sorted(node.attr) for node in plain.nodes()]
    headings = [written(node.attr['label']) for node in read.nodes()]
    assert headings == [*SHOWN, f'{SHOWN[1]} = {SHOWN[0]}']
    assert sorted(read.graph_attr) == sorted(plain.graph_attr)


@pytest.mark.parametrize('form', ['json0', 'svg'])
def test_graphviz_says_nothing_of_them(attacked, form):
    """A warning or an error of Graphviz would be an exception."""
    assert layout.layout(draw(attacked, title='\n'.join(ATTACKS)).dot.source, form, 60.0)


# SVG


def structure(element):
    return element.tag, tuple(sorted(element.attrib)), tuple(structure(child) for child in element)


def test_svg_has_the_same_elements_and_attributes_and_every_label_once(attacked):
    picture, plain = (ElementTree.fromstring(draw(root, title=root.label).svg) for root in (attacked, tame()))
    assert structure(picture) == structure(plain)
    texts = Counter(text.text for text in picture.iter(f'{SVG}text'))
    assert {shown: texts[shown] for shown in SHOWN} == {shown: 1 + (shown == SHOWN[1]) for shown in SHOWN}  # the title


# PNG


def test_png_is_a_picture_of_the_size_that_was_laid_out(attacked, tmp_path):
    image = require('PIL.Image')
    drawing = draw(attacked)
    path = drawing.save(tmp_path / 'x.png')
    with image.open(path) as opened:
        opened.load()
        size = opened.size
    (laid,) = layout.coordinates([drawing.dot.source])
    points = [float(x) for x in laid['bb'].split(',')][2:]
    margins = 2 * 4.0
    assert all(isclose(x, (points_ + margins) * 192 / 72, abs_tol=4.0) for x, points_ in zip(size, points, strict=True))


# HTML


class Page(HTMLParser):
    """What a browser's parser would find: elements with the names of their attributes, and texts."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.texts, self.others = [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, tuple(name for name, _ in attributes)))

    def handle_data(self, data):
        self.texts.append((self.elements[-1][0] if self.elements else '', data))

    def handle_comment(self, data):
        self.others.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def test_a_page_has_the_same_elements_and_attributes_and_the_labels_in_its_data(attacked):
    title = 'a </title><script>fired.push(6)</script> $script ${graph}'
    page, plain = Page(explore(attacked, title=title).html), Page(explore(tame(), title='tame').html)
    assert (page.elements, page.others) == (plain.elements, plain.others)
    assert [data for tag, data in page.texts if tag == 'title' and data.strip()] == [title]
    told = [json.loads(data) for tag, data in page.texts if tag == 'script' and data.startswith('{"')]
    assert [graph['names'] for graph in told] == [[*SHOWN, SHOWN[1]]]


def test_what_a_notebook_shows_has_the_same_elements(attacked):
    page, plain = (Page(explore(root)._repr_mimebundle_()['text/html']) for root in (attacked, tame()))
    assert (page.elements, page.others) == (plain.elements, plain.others)


# LaTeX, as matplotlib reads it


def typeset(latex):
    """The characters of a formula from left to right."""
    mathtext = require('matplotlib.mathtext')
    for command, character in ((r'\lt ', '<'), (r'\gt ', '>'), (r'\&', r'\text{&}')):  # which it has not
        latex = latex.replace(command, character)
    glyphs = mathtext.MathTextParser('path').parse(f'${latex}$').glyphs
    return ''.join(chr(code) for _, _, code, *_, x, _ in sorted(glyphs, key=lambda glyph: glyph[-2]))


LOOKS = str.maketrans('∧∼−', '^~-')
LATIN = [shown for shown in SHOWN if shown.isascii()]


@pytest.mark.parametrize('shown', LATIN, ids=range(len(LATIN)))
def test_latex_typesets_the_characters_of_the_label(shown):
    letters = typeset(LATEX.name(shown)).translate(LOOKS)
    assert letters.replace(' ', '') == shown.replace(' ', '')
    x = Value(2.0, label=shown)
    latex = explain(x, x * 3.0).latex
    assert rf'\partial {LATEX.name(shown)}}}' in latex


# Text


def test_a_tree_has_the_same_lines_and_every_label_in_one(attacked):
    lines, plain = (tree(root, lines=400).splitlines() for root in (attacked, tame()))
    assert len(lines) == len(plain)
    assert all(line.isprintable() or '\u200d' in line for line in lines)
    names = [legible(label, LONGEST_NAME) for label in ATTACKS]
    for name in names[2:]:
        assert sum(name in line for line in lines[1:]) == sum(name in other for other in names), name


# matplotlib


def drawn_texts(figure):
    """What matplotlib wrote, from the figure as SVG with its texts as text."""
    matplotlib = require('matplotlib')
    stream = io.StringIO()
    with matplotlib.rc_context({'svg.fonttype': 'none'}):
        figure.savefig(stream, format='svg')
    return [''.join(text.itertext()) for text in ElementTree.fromstring(stream.getvalue()).iter(f'{SVG}text')]


DOLLARS = ['$x^2$', r'$\frac{$', r'\$', 'a$b', '$$', '{}', '%s', '_x', '<b>&amp;</b>', ']]>', 'nul\0', 'half\ud800']


def test_a_matrix_shows_the_names_of_classes_as_they_are():
    from micrograd.render import plots

    texts = Counter(drawn_texts(plots.confusion_matrix(DOLLARS, DOLLARS)))
    assert {name: texts[legible(name)] for name in DOLLARS} == dict.fromkeys(DOLLARS, 2)


@pytest.mark.parametrize('label', [r'$\frac{$', r'a$b\$'])
def test_plots_show_the_names_of_quantities_as_they_are(label):
    from micrograd.render import plots
    from micrograd.tabular.pictures import predicted_against_true

    assert f'true {label}' in drawn_texts(predicted_against_true([1.0, 2.0], [1.0, 2.0], label))
    w = Value(0.5, label=label)
    estimate = drawn_texts(plots.linear_estimate(w, (3.0 * w - 1.0) ** 2, changes=[0.1, 0.01]))
    assert f'|Δ{label}|' in estimate
    assert f'Δ{label} > 0' in estimate


# Files, and the program that is called


NAMES = ['$(touch pwned).svg', '`touch pwned`.dot', '; touch pwned;.dot', '-Tpng.dot', '--o x.html', '%s%n.dot']


@pytest.mark.parametrize('name', NAMES)
def test_a_file_has_the_name_it_was_given_and_there_is_no_other(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw(Value(1.0, label='$(touch pwned)'), title='`touch pwned`').save(name)
    assert os.listdir() == [name]
    assert (tmp_path / name).stat().st_size > 100


def test_the_program_is_called_without_a_shell_and_sees_no_label_in_its_words(attacked, tmp_path, monkeypatch):
    called = []
    run = layout.subprocess.run

    def recorded(command, **options):
        called.append((command, options))
        return run(command, **options)

    monkeypatch.setattr(layout.subprocess, 'run', recorded)
    monkeypatch.chdir(tmp_path)
    draw(attacked, title='$(touch pwned)').save('x.png')
    ((command, options),) = called
    assert isinstance(command, list)
    assert not options.get('shell')
    assert not any('pwned' in word for word in [*command, *options.get('env', {}).values()])
    assert os.listdir() == ['x.png']


# Columns of a table


def test_columns_and_categories_of_a_table_are_names_and_no_more(tmp_path, monkeypatch, capsys):
    from micrograd.__main__ import main

    monkeypatch.chdir(tmp_path)
    columns = ['$x^2$', '<script>fired.push(7)</script>', r'\N{|}', '$(touch pwned)', '&lt;"\'']
    classes = [r'$\frac{$', '</svg><b>', '=1+1']
    rows = [[f'{(i * 7 + j * 3) % 10}' for j in range(len(columns) - 1)] + [classes[i % 3]] for i in range(30)]
    table = [columns, *rows]
    quoted = [','.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
    (tmp_path / 't.csv').write_text('\n'.join(quoted) + '\n', encoding='utf-8')
    words = ['--hidden', '2', '--epochs', '2', '--out', 'out']
    assert main(['train', 't.csv', '--target', columns[-1], *words]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in classes)
    assert sorted(os.listdir()) == ['out', 't.csv']
    image = require('PIL.Image')
    for name in os.listdir('out'):
        if name.endswith('.png'):
            with image.open(f'out/{name}') as opened:
                opened.load()
    model = json.loads((tmp_path / 'out' / 'model.json').read_text(encoding='utf-8'))
    assert [column['name'] for column in model['columns']['inputs']] == columns[:-1]
    assert sorted(model['columns']['target']['categories']) == sorted(classes)


def test_names_of_inputs_are_text_in_the_page_of_a_network():
    model = nn.MLP(2, [2, 2], generator=0)
    inputs = [[Value(1.0, label=name) for name in names] for names in (('a', 'b'), ATTACKS[9:11])]
    pages = [Page(explore(losses.mse(model(xs), [0.0, 1.0]), collapse='layer').html) for xs in inputs]
    assert pages[0].elements == pages[1].elements
