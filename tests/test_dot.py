"""Pictures: DOT text, SVG, PNG, PDF, files.

The golden files are what `draw(graph).dot.source` was when somebody last looked at the pictures and found them good.
After a change that is meant: UPDATE_GOLDEN=1 python -m pytest tests/test_dot.py, then look at the difference.
"""

import os
import stat
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import graphviz
import pytest

from micrograd import Value
from micrograd.errors import GraphError, MissingDependencyError, RenderError
from micrograd.render import Drawing, draw, draw_dot, layout, svg, trace
from micrograd.render import dot as dot_module
from micrograd.render.view import SHADES, legible
from tests import graphs

GOLDEN = Path(__file__).parent / 'golden'
SVG = '{http://www.w3.org/2000/svg}'
SIGNATURES = {'svg': b'<svg ', 'png': b'\x89PNG\r\n', 'pdf': b'%PDF-', 'dot': b'digraph {'}


@pytest.fixture(autouse=True)
def no_system_dot(monkeypatch, tmp_path_factory):
    """The Graphviz of every test is the bundled one, unless it puts a `dot` on PATH itself."""
    monkeypatch.setenv('PATH', str(tmp_path_factory.mktemp('empty')))


@pytest.fixture
def fake_dot(monkeypatch, tmp_path):
    """Put a `dot` on PATH that does what a piece of Python says."""

    def install(code):
        folder = tmp_path / 'bin'
        folder.mkdir()
        program = folder / 'dot'
        program.write_text(f'#!{sys.executable}\nimport sys\n{code}\n')
        program.chmod(0o755)
        monkeypatch.setenv('PATH', str(folder))

    return install


@pytest.fixture
def no_graphviz(monkeypatch):
    """Neither a `dot` on PATH nor pygraphviz."""
    find_spec = layout.find_spec
    monkeypatch.setattr(layout, 'find_spec', lambda name: None if name == 'pygraphviz' else find_spec(name))


def parsed(drawing):
    return ElementTree.fromstring(drawing.svg)


def groups(picture, kind):
    return [g for g in picture.iter(f'{SVG}g') if g.get('class').split()[0] == kind]


def texts(element):
    return [text.text.replace('\xa0', ' ') for text in element.iter(f'{SVG}text')]


def note(group):
    return group.find(f'{SVG}title').text


# DOT text


@pytest.mark.parametrize('make', graphs.ALL, ids=lambda make: make.__name__)
def test_the_dot_text_is_the_golden_one(make):
    file = GOLDEN / f'{make.__name__}.dot'
    source = draw(make()).dot.source.encode()
    if os.environ.get('UPDATE_GOLDEN'):
        file.write_bytes(source)
    assert source == file.read_bytes()


def test_every_golden_file_has_a_graph():
    assert {file.stem for file in GOLDEN.iterdir()} == {make.__name__ for make in graphs.ALL}


def test_roles_differ_in_shape():
    x, w = Value(1.0), Value(2.0)
    w.role = 'parameter'
    outlines = {}
    for g in groups(parsed(draw(x * w + 3.0)), 'node'):
        outline = g[1]
        points = outline.get('points', '').split()
        outlines[g.get('class').split()[1]] = (outline.tag.removeprefix(SVG), len(points))
    assert outlines == {
        'input': ('polygon', 5),  # sharp corners, the first point once more
        'parameter': ('path', 0),  # round corners
        'operation': ('path', 0),
        'constant': ('polygon', 6),  # a folded corner
    }


def test_draw_dot_takes_the_arguments_of_upstream():
    root = graphs.neuron()
    assert isinstance(draw_dot(root), graphviz.Digraph)
    assert (draw_dot(root).format, draw_dot(root, format='png').format) == ('svg', 'png')
    assert draw_dot(root).source == draw(root).dot.source
    upright = draw_dot(root, 'svg', 'TB').source
    assert 'rankdir=TB' in upright
    assert r'label="o = tanh\lgrad\l|0.7071\r1.0000\r"' in upright


@pytest.mark.parametrize('rankdir', ['RL', 'lr', '', None])
def test_draw_dot_refuses_another_direction(rankdir):
    with pytest.raises(ValueError, match="rankdir is 'LR'"):
        draw_dot(Value(1.0), rankdir=rankdir)


def test_draw_dot_draws_more_than_can_be_read_but_not_everything():
    assert draw_dot(graphs.chain(1000)).source.count(' -> ') == 2000
    with pytest.raises(GraphError, match='more than 5,000'):
        draw_dot(graphs.chain(2500))


def test_trace():
    a = Value(2.0)
    b = a * a
    assert trace(b) == ({a, b}, {(a, b)})
    assert trace(a) == ({a}, set())
    nodes, edges = trace(graphs.chain(20_000))
    assert (len(nodes), len(edges)) == (40_001, 40_000)


@pytest.mark.parametrize('function', [draw, draw_dot, trace])
@pytest.mark.parametrize('wrong', [2.0, None, 'loss', {}, [Value(1.0), 2.0], iter([])])
def test_only_values_can_be_drawn(function, wrong):
    with pytest.raises(TypeError, match=r'a picture shows a Value or a list of Values, not .*Right: draw\(loss\)'):
        function(wrong)


def test_an_empty_list_cannot_be_drawn():
    with pytest.raises(ValueError, match='the list is empty'):
        draw([])


@pytest.mark.parametrize(
    ('max_nodes', 'error'), [(0, ValueError), (-1, ValueError), ('500', TypeError), (2.5, TypeError)]
)
def test_the_size_limit_is_a_count(max_nodes, error):
    with pytest.raises(error, match='max_nodes should be'):
        draw(Value(1.0), max_nodes=max_nodes)


def test_the_size_limit_can_be_moved():
    with pytest.raises(GraphError, match='this graph has 3 values'):
        draw(graphs.chain(1), max_nodes=2)
    assert repr(draw(graphs.chain(300), max_nodes=601)) == 'Drawing of 601 values and 600 edges'


def test_a_drawing_keeps_the_numbers_that_it_was_drawn_with():
    x = Value(2.0)
    drawing = draw(x)
    x.data = 3.0
    assert '2.0000' in drawing.dot.source
    assert '3.0000' not in drawing.dot.source


# SVG


def test_the_svg_shows_every_value_and_every_edge():
    drawing = draw(graphs.neuron())
    picture = parsed(drawing)
    assert [texts(g) for g in groups(picture, 'node')][-1] == ['o = tanh', 'grad', '0.7071', '1.0000']
    assert len(groups(picture, 'node')) == 10
    assert sorted(texts(g) for g in groups(picture, 'edge')) == [
        ['0'], ['0.5'], ['1'], ['1'], ['1'], ['1'], ['1'], ['2'], ['−3'],
    ]  # fmt: skip


def test_edges_side_by_side_are_both_there_and_lie_apart():
    a = Value(3.0)
    edges = groups(parsed(draw(a * a)), 'edge')
    assert [texts(g) for g in edges] == [['3'], ['3']]
    assert len({g.find(f'{SVG}path').get('d') for g in edges}) == 2


def test_the_edge_of_a_condition_is_dashed_and_has_no_number():
    dashed = [g for g in groups(parsed(draw(graphs.choices())), 'edge') if g.find(f'{SVG}path').get('stroke-dasharray')]
    assert [(note(g), texts(g)) for g in dashed] == [('from < to where: decides', [])]


def test_the_loss_is_at_the_right_and_operands_are_in_order():
    a, b = Value(1.0, label='a'), Value(2.0, label='b')
    for first, second in ((a, b), (b, a)):
        places = {}
        for g in groups(parsed(draw(first - second)), 'node'):
            text = g.find(f'{SVG}text')
            places[text.text] = (float(text.get('x')), float(text.get('y')))
        assert places['−'][0] > max(places['a'][0], places['b'][0])
        assert places[first.label][1] < places[second.label][1]  # the first operand is above


def test_the_svg_says_what_it_shows():
    picture = parsed(draw(graphs.neuron()))
    titles = {element.get('id'): element.text for element in picture if element.get('id')}
    assert titles[picture.get('aria-labelledby')] == 'Computation graph of o'
    assert titles[picture.get('aria-describedby')] == (
        '10 values and 9 edges, from the inputs on the left to o on the right. '
        'Inputs and parameters: x1 2.0000, grad −1.5000; w1 −3.0000, grad 1.0000; x2 0.0000, grad 0.5000; '
        'w2 1.0000, grad 0.0000; b 6.8814, grad 0.5000. '
        'The colour is the gradient: orange below 0, white at 0, blue above; strongest at a size of 1.5000.'
    )
    assert 'img' in picture.get('role').split()


def test_every_value_says_what_it_is_and_can_be_reached_with_the_keyboard():
    picture = parsed(draw(graphs.choices()))
    nodes = groups(picture, 'node')
    assert [note(g) for g in nodes] == [
        'y (input), data −1.0000, grad 0.0000',
        'x (input), data 2.0000, grad 2.0000',
        '<, data 1.0000, grad 0.0000\ny: local derivative 0\nx: local derivative 0',
        'maximum, data 2.0000, grad 2.0000\nx: local derivative 1\ny: local derivative 0',
        '2 (constant), data 2.0000, grad 2.0000',
        '×, data 4.0000, grad 1.0000\nmaximum: local derivative 2\n2: local derivative 2',
        'ReLU, data 0.0000, grad 0.0000\ny: local derivative 0',
        'where, data 4.0000, grad 1.0000\n<: decides\n×: local derivative 1\nReLU: local derivative 0',
    ]
    assert {g.get('tabindex') for g in nodes} == {'0'}
    assert {g.get('aria-hidden') for g in groups(picture, 'edge')} == {'true'}
    ids = [element.get('id') for element in picture.iter() if element.get('id')]
    assert len(ids) == len(set(ids))


def test_two_pictures_on_one_page_share_no_ids():
    first, second = (
        {element.get('id') for element in parsed(draw(make())).iter('*')} - {'graph0', None}
        for make in (graphs.neuron, graphs.choices)
    )
    assert first
    assert not first & second


def test_an_edge_to_what_was_made_by_hand_says_so():
    first = groups(parsed(draw(graphs.by_hand())), 'edge')[0]
    assert (note(first), texts(first)) == ('from a to mine: defined by hand', ['?'])


def test_the_description_of_a_large_graph_is_short():
    values = [Value(float(i)) for i in range(40)]
    description = parsed(draw(values)).find(f'{SVG}desc').text
    assert description.count('grad') == 13
    assert 'x₁₂ 11.0000, grad 0.0000 and 28 more. No gradient is known yet but 0' in description


def test_the_description_counts_what_is_wrong():
    assert 'Inverted where a number is nan, or a gradient infinite: 4.' in draw(graphs.wrong()).svg


def test_a_title_is_above_the_picture_and_in_the_text():
    picture = parsed(draw(Value(1.0), title='A\n<b>number</b> & "more" \\N'))
    shown = 'A\\n<b>number</b> & "more" \\N'
    assert picture.find(f'{SVG}title').text == shown
    assert texts(groups(picture, 'graph')[0])[0] == shown


@pytest.mark.parametrize(
    'label', graphs.HOSTILE, ids=lambda label: repr(label[:20]).encode('ascii', 'replace').decode()
)
def test_a_hostile_label_is_text(label):
    x = Value(1.0, label=label)
    picture = parsed(draw(x, title=label))
    (node,) = groups(picture, 'node')
    name = legible(label) or 'x₁'
    assert texts(node) == [name, 'grad', '1.0000', '0.0000']
    assert note(node) == f'{name} (input), data 1.0000, grad 0.0000'
    assert picture.find(f'{SVG}title').text == (legible(label, 200) or 'Computation graph of x₁')
    assert {element.tag.removeprefix(SVG) for element in picture.iter()} <= {
        'svg', 'title', 'desc', 'style', 'g', 'text', 'path', 'polygon', 'polyline',
    }  # fmt: skip
    assert not [name for element in picture.iter() for name in element.attrib if 'href' in name or name[:2] == 'on']


def test_hostile_labels_together_make_no_other_graph(tmp_path):
    drawing = draw(graphs.hostile())
    picture = parsed(drawing)
    assert len(groups(picture, 'node')) == len(graphs.HOSTILE) + 1
    assert len(groups(picture, 'edge')) == len(graphs.HOSTILE)
    assert texts(groups(picture, 'node')[-1])[0] == '<b>y</b> = <i>{|}\\"'
    assert drawing.save(tmp_path / 'x.png').read_bytes().startswith(SIGNATURES['png'])


def test_there_is_no_markup_in_dot():
    source = draw(graphs.hostile(), title='<b>title</b>').dot.source
    assert '=<' not in source
    assert 'URL' not in source


def test_a_notebook_shows_the_svg_no_wider_than_itself():
    drawing = draw(Value(1.0))
    shown = drawing._repr_svg_()
    assert 'max-width:100%' in shown.partition('>')[0]
    assert shown.partition('>')[2] == drawing.svg.partition('>')[2]
    assert drawing.svg.startswith('<svg ')


@pytest.mark.parametrize('form', ['dot', 'svg', 'png'])
def test_the_same_graph_gives_the_same_bytes_in_every_process(form):
    program = (
        'import sys; from tests.graphs import choices; from micrograd.render import draw;'
        'sys.stdout.buffer.write(draw(choices())._rendered(sys.argv[1]))'
    )
    pictures = {
        subprocess.run(
            [sys.executable, '-c', program, form],
            env={**os.environ, 'PYTHONHASHSEED': seed, 'PYTHONPATH': os.pathsep.join(sys.path)},
            cwd=GOLDEN.parents[1],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ('1', '2')
    }
    assert len(pictures) == 1
    assert pictures.pop().startswith(SIGNATURES[form])


# Colours


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(*colours):
    dark, light = sorted(map(luminance, colours))
    return (light + 0.05) / (dark + 0.05)


SCALES = {
    'blue': (dot_module.BLUES, dot_module.INK),
    'orange': (dot_module.ORANGES, dot_module.INK),
    'dark blue': (svg.DARK_BLUES, '#f0f3f6'),
    'dark orange': (svg.DARK_ORANGES, '#f0f3f6'),
}


@pytest.mark.parametrize('scale', SCALES)
def test_text_is_readable_on_every_shade_and_shades_are_in_order(scale):
    colours, ink = SCALES[scale]
    assert len(colours) == SHADES + 1
    assert all(contrast(colour, ink) >= 4.5 for colour in colours)
    away = [contrast(colour, ink) for colour in colours]
    assert away == sorted(away, reverse=True)


def test_what_lies_outside_the_boxes_is_readable_on_white_and_on_black():
    assert contrast(dot_module.GREY, '#ffffff') >= 4.5
    assert contrast(dot_module.GREY, '#000000') >= 4.5


def test_a_dark_page_has_a_colour_for_every_class_of_shade():
    for name in ('alarm', *(f'{sign}{i}' for sign in ('plus', 'minus') for i in range(SHADES + 1))):
        assert f'.micrograd .{name} >' in svg._STYLE


# Files


@pytest.mark.parametrize('form', SIGNATURES)
def test_a_picture_is_saved_in_every_format(form, tmp_path):
    path = tmp_path / f'x.{form.upper()}'
    path.write_text('old')
    assert draw(graphs.neuron()).save(str(path)) == path
    assert path.read_bytes().startswith(SIGNATURES[form])
    assert os.listdir(tmp_path) == [path.name]


def test_a_png_is_transparent_and_sharp(tmp_path):
    header = draw(graphs.neuron()).save(tmp_path / 'x.png').read_bytes()[:26]
    assert int.from_bytes(header[16:20], 'big') > 1200  # pixels: twice what a screen needs
    assert header[25] == 6  # colour with transparency


@pytest.mark.parametrize('name', ['x', 'x.', 'x.jpg', '.svg', 'x.svg.gz', 'svg'])
def test_an_unknown_suffix_is_an_error_that_lists_the_known_ones(name, tmp_path):
    with pytest.raises(RenderError, match=r'saved as \.svg, \.png, \.pdf, \.dot or \.html, not as'):
        draw(Value(1.0)).save(tmp_path / name)
    assert not os.listdir(tmp_path)


def test_a_directory_is_no_place_for_a_picture(tmp_path):
    (tmp_path / 'x.svg').mkdir()
    with pytest.raises(RenderError, match=r'is a directory; .*y\.svg'):
        draw(Value(1.0)).save(tmp_path / 'x.svg')


def test_a_missing_directory_is_not_made(tmp_path):
    with pytest.raises(RenderError, match=r'there is no directory .*missing; make it first'):
        draw(Value(1.0)).save(tmp_path / 'missing' / 'x.svg')
    assert not os.listdir(tmp_path)


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch, fake_dot):
    path = tmp_path / 'out' / 'x.svg'
    path.parent.mkdir()
    path.write_text('old')
    fake_dot('sys.exit(1)')
    with pytest.raises(RenderError):
        draw(Value(1.0)).save(path)
    monkeypatch.setattr(os, 'replace', lambda *_: (_ for _ in ()).throw(OSError('full')))
    with pytest.raises(OSError, match='full'):
        draw(Value(1.0)).save(path.with_suffix('.dot'))
    assert os.listdir(path.parent) == ['x.svg']
    assert path.read_text() == 'old'


@pytest.mark.skipif(os.name == 'nt', reason='symbolic links and permissions of POSIX')
def test_a_symbolic_link_stays_one_and_permissions_are_those_of_any_new_file(tmp_path):
    link, target, other = tmp_path / 'link.dot', tmp_path / 'target.dot', tmp_path / 'other'
    link.symlink_to(target)
    other.touch()
    draw(Value(1.0)).save(link)
    assert link.is_symlink()
    assert target.read_text().startswith('digraph')
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


# Which Graphviz


def test_the_dot_on_path_comes_first(fake_dot):
    fake_dot("sys.stdout.write(f'{sys.argv[1:]} {sys.stdin.read()}')")
    assert layout.layout('digraph { a }', 'png') == b"['-Tpng'] digraph { a }"


def test_a_dot_that_fails_is_an_error_with_its_last_line(fake_dot):
    fake_dot("sys.stderr.write('first\\nError: syntax error\\n'); sys.exit(3)")
    with pytest.raises(RenderError, match=r'Graphviz failed \(exit code 3\): Error: syntax error$'):
        layout.layout('', 'svg')


def test_a_dot_that_says_nothing_is_an_error(fake_dot):
    fake_dot('')
    with pytest.raises(RenderError, match=r'exit code 0\): it said nothing'):
        layout.layout('', 'svg')


def test_a_dot_that_takes_too_long_is_ended(fake_dot):
    fake_dot('import time; time.sleep(600)')
    with pytest.raises(RenderError, match=r'after 0\.2 seconds\. Draw a smaller part .*time_limit=600'):
        draw(Value(1.0), time_limit=0.2).svg  # noqa: B018 - a property that works


def test_the_bundled_graphviz_reports_what_it_cannot_read():
    with pytest.raises(RenderError, match='Graphviz failed'):
        layout.layout('no graph at all {', 'svg')


def test_a_file_named_like_a_module_is_not_run(tmp_path, monkeypatch):
    (tmp_path / 'pygraphviz.py').write_text('raise SystemExit("hijacked")')
    monkeypatch.chdir(tmp_path)
    assert layout.layout('digraph { a }', 'svg').startswith(b'<?xml')


def test_the_fonts_of_matplotlib_are_at_hand(tmp_path):
    text = layout._font_list(tmp_path).read_text()
    ElementTree.fromstring(text)
    assert 'mpl-data/fonts/ttf</dir>' in text


def test_without_matplotlib_there_are_the_fonts_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, 'find_spec', lambda name: None)
    text = layout._font_list(tmp_path).read_text()
    assert '<dir>/usr/share/fonts</dir>' in text
    assert 'mpl-data' not in text


def test_the_users_own_choice_of_fonts_stands(tmp_path, monkeypatch):
    monkeypatch.setenv('FONTCONFIG_FILE', 'mine.conf')
    assert layout._graphviz('svg', tmp_path)[1]['FONTCONFIG_FILE'] == 'mine.conf'


def test_without_graphviz_there_is_an_error_that_names_the_extra_and_still_the_dot_text(no_graphviz, tmp_path):
    drawing = draw(graphs.neuron())
    for ask in (lambda: drawing.svg, lambda: drawing.save(tmp_path / 'x.svg'), lambda: draw_dot(Value(1.0)).pipe()):
        with pytest.raises(MissingDependencyError, match=r"pip install -e '\.\[draw\]'.*save\('graph\.dot'\)") as error:
            ask()
        assert isinstance(error.value, ImportError)
    assert drawing.save(tmp_path / 'x.dot').read_text() == drawing.dot.source
    assert os.listdir(tmp_path) == ['x.dot']


def test_without_the_graphviz_package_there_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, 'graphviz', None)
    with pytest.raises(MissingDependencyError, match='graphviz is not installed'):
        draw(Value(1.0)).dot  # noqa: B018 - a property that works


def test_importing_loads_the_standard_library_only():
    program = (
        'import sys; from micrograd.render import Drawing, draw, draw_dot, trace; from micrograd import Value;'
        'draw(Value(1.0)); print({"graphviz", "pygraphviz", "numpy", "matplotlib", "tqdm"} & set(sys.modules))'
    )
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, '-c', program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == 'set()\n'


# The Digraph


def test_the_digraph_shows_itself_without_a_dot_on_path():
    dot = draw_dot(graphs.neuron())
    assert dot.pipe().startswith(b'<?xml')
    assert dot.pipe(format='png').startswith(SIGNATURES['png'])
    assert '>o = tanh<' in dot._repr_mimebundle_()['image/svg+xml']


def test_the_digraph_renders_without_a_dot_on_path(tmp_path):
    dot = draw_dot(graphs.neuron(), format='png')
    written = dot.render('graph', directory=tmp_path)
    assert Path(written) == tmp_path / 'graph.png'
    assert sorted(os.listdir(tmp_path)) == ['graph', 'graph.png']
    assert Path(written).read_bytes().startswith(SIGNATURES['png'])
    assert (tmp_path / 'graph').read_text() == dot.source
    dot.render(tmp_path / 'other', format='pdf', cleanup=True, quiet=True)
    assert sorted(os.listdir(tmp_path)) == ['graph', 'graph.png', 'other.pdf']


def test_the_digraph_opens_the_viewer(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(graphviz, 'view', seen.append)
    draw_dot(Value(1.0)).view(tmp_path / 'graph')
    assert seen == [tmp_path / 'graph.svg']


def test_what_the_bundled_graphviz_does_not_do_is_an_error(tmp_path):
    dot = draw_dot(Value(1.0))
    with pytest.raises(RenderError, match=r"knows no 'renderer'"):
        dot.render(tmp_path / 'graph', renderer='cairo')
    dot.engine = 'neato'
    with pytest.raises(RenderError, match=r"knows no 'engine'"):
        dot.pipe()
    assert not os.listdir(tmp_path)


def test_the_digraph_leaves_a_dot_on_path_to_the_graphviz_package(fake_dot, tmp_path):
    fake_dot("open(sys.argv[-2][2:] if '-O' not in sys.argv else sys.argv[-1] + '.svg', 'w').write('by dot')")
    dot = draw_dot(Value(1.0))
    written = dot.render(tmp_path / 'graph')
    assert Path(written).read_text() == 'by dot'


def test_the_digraph_pipes_through_a_dot_on_path(fake_dot):
    fake_dot("sys.stdout.write('piped ' + str(len(sys.stdin.read()) > 0))")
    assert draw_dot(Value(1.0)).pipe(encoding='utf-8') == 'piped True'


def test_a_drawing_is_what_draw_gives():
    assert isinstance(draw(Value(1.0)), Drawing)
