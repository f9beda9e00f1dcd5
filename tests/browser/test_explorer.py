"""The explorer in a real browser, from a file: every control is used, and what the page then shows is read."""

import re

import pytest

from micrograd import Value, explore, graph, nn
from micrograd.node import link
from micrograd.primitives import rows
from micrograd.render import dot, svg
from micrograd.render.view import number, short_number, view
from tests import graphs, support
from tests.browser.conftest import WATCH
from tests.browser.pages import (
    BOXES,
    CLASSES,
    FILL,
    PLACES,
    control,
    facts,
    grouped,
    key_of,
    large,
    lit,
    network,
    select,
    shown_numbers,
    texts,
)

expect = support.require('playwright.sync_api').expect

CONTRASTS = """() => {
    const luminance = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map(x => x / 255).map(
            c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (one, other) => {
        const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
    };
    const backdrop = element => {
        for (let e = element; e; e = e.parentElement) {
            const colour = getComputedStyle(e).backgroundColor;
            if (colour !== 'rgba(0, 0, 0, 0)') return colour;
        }
    };
    const fill = element => getComputedStyle(element).fill;
    const boxes = [...document.querySelectorAll('.box text:not(.tag)')].map(text =>
        [text.textContent, ratio(fill(text), fill(text.parentNode.querySelector('.outline')))]);
    const paper = getComputedStyle(document.body).backgroundColor;
    const labels = [...document.querySelectorAll('.factor')].map(text => [text.textContent, ratio(fill(text), paper)]);
    const written = 'h1, h2, h3, p, dt, dd, button:enabled, caption, span, output, summary, code';
    const texts = [...document.querySelectorAll(written)]
        .filter(e => e.checkVisibility() && e.textContent.trim())
        .map(e => [e.textContent, ratio(getComputedStyle(e).color, backdrop(e))]);
    return [...boxes, ...labels, ...texts];
}"""
OVERFLOWS = """() => [...document.querySelectorAll('.box')].flatMap(box => {
    const outline = [...box.querySelectorAll('.outline')].at(-1).getBBox();
    return [...box.querySelectorAll('text:not(.tag)')].filter(text => {
        const area = text.getBBox();
        return area.x < outline.x || area.x + area.width > outline.x + outline.width + 0.1
            || area.y < outline.y || area.y + area.height > outline.y + outline.height;
    }).map(text => text.textContent);
})"""


def doubled():
    """2 ** 60 paths."""
    v = Value(1.0, label='start')
    for _ in range(60):
        v = v + v
    v.label = 'end'
    v.backward()
    return v


def fan():
    """A leaf that is used ten times."""
    w = Value(2.0, label='w')
    total = w * 1.0
    for i in range(2, 11):
        total = total + w * float(i)
    total.backward()
    return total


def shared():
    """Two examples, and a penalty on one of the weights that both use."""
    model = nn.MLP(2, [2, 1], activation='tanh', generator=1)
    model.parameters()[0].label = 'weight'
    loss = model([1.0, -2.0]) + model([0.5, 0.25]) + model.parameters()[0] ** 2
    loss.backward()
    return loss


def accumulated():
    """Two backward passes, so that the leaves have twice the gradient."""
    y = Value(3.0, label='x') * 2.0
    y.backward()
    y.backward()
    return y


def untouched():
    """Without gradients: backward() was not called."""
    y = Value(3.0, label='x') * Value(2.0, label='w')
    y.label = 'y'
    return y


def numbers_of(roots):
    """What the boxes show of the numbers that Python has."""
    boxes = view(roots if isinstance(roots, list) else [roots], 5000).boxes
    return {box.id: [number(box.data), number(box.grad)] for box in boxes}


def view_box(page):
    return [float(x) for x in page.get_attribute('#picture', 'viewBox').split()]


def wait_until_moved(page, before):
    """Until the picture shows another part. (wait_for_function evaluates text, which the page forbids.)"""
    expect(page.locator('#picture')).not_to_have_attribute('viewBox', before)


def seen(page):
    return page.get_attribute('#picture', 'viewBox')


# The picture


@pytest.mark.parametrize('make', [*graphs.ALL, fan], ids=lambda make: make.__name__)
def test_boxes_and_edges_show_what_the_graph_has(make, visit):
    roots, page = visit(make)
    picture = view(roots if isinstance(roots, list) else [roots], 500)
    shown = page.evaluate(BOXES)
    assert shown == {box.id: [box.heading, 'grad', number(box.data), number(box.grad)] for box in picture.boxes}
    factors = ['' if e.decides else '?' if e.factor is None else short_number(e.factor) for e in picture.edges]
    assert page.locator('.factor').all_text_contents() == factors
    assert page.locator('.decides').count() == sum(edge.decides for edge in picture.edges)
    assert page.locator('script').count() == 2
    assert page.locator('img, iframe, a, b, foreignObject').count() == 0


@pytest.mark.parametrize('make', [graphs.neuron, graphs.wrong, graphs.hostile, network], ids=lambda make: make.__name__)
def test_text_stays_inside_its_box(make, visit):
    _, page = visit(make)
    assert page.evaluate(OVERFLOWS) == []


def test_roles_are_told_apart_by_shape_as_well(visit):
    roots, page = visit(network)
    outlines = page.locator('.outline').evaluate_all("all => all.map(e => [e.localName, e.getAttribute('rx')])")
    forms = {'input': ['rect', None], 'constant': ['path', None]}
    assert outlines == [forms.get(box.role, ['rect', '8']) for box in view([roots], 500).boxes]
    stroke = 'e => getComputedStyle(e).stroke'
    assert page.locator('.parameter > .outline').first.evaluate(stroke) == 'rgb(47, 111, 171)'
    widths = page.locator('.box > .outline').evaluate_all(
        'all => all.map(e => parseFloat(getComputedStyle(e).strokeWidth))'
    )
    assert max(widths) == widths[-1]
    assert page.locator('.root').count() == 1


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_the_colours_are_those_of_the_static_picture(scheme, visit):
    roots, page = visit(network)
    page.emulate_media(color_scheme=scheme)
    blues, oranges = (dot.BLUES, dot.ORANGES) if scheme == 'light' else (svg.DARK_BLUES, svg.DARK_ORANGES)
    for box in view([roots], 500).boxes:
        colour = blues[box.shade] if box.shade >= 0 else oranges[-box.shade]
        assert page.evaluate(FILL, box.id) == f'rgb{tuple(bytes.fromhex(colour[1:]))}'


def test_what_is_wrong_is_inverted(visit):
    roots, page = visit(graphs.wrong)
    for box in view(roots, 500).boxes:
        assert ('alarm' in page.evaluate(CLASSES)[box.id]) == (box.shade is None)
    assert page.evaluate(FILL, key_of(roots, 'x')) == 'rgb(27, 31, 36)'


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('make', [graphs.neuron, graphs.choices, graphs.wrong, grouped], ids=lambda make: make.__name__)
def test_text_is_readable_in_light_and_in_dark(make, scheme, visit):
    roots, page = visit(make)
    page.emulate_media(color_scheme=scheme)
    control(page, 'last')
    select(page, 'v1')
    select(page, f'v{len(numbers_of(roots))}', 'Shift')
    page.click('#leaves summary')
    found = page.evaluate(CONTRASTS)
    assert len(found) > 40
    assert [pair for pair in found if pair[1] < 4.5] == []


# Steps


def test_stepping_forward_shows_values_one_by_one_and_the_formula_of_each(visit):
    _, page = visit(graphs.neuron)
    everything = shown_numbers(page)
    control(page, 'first')
    leaves = {'v1', 'v2', 'v4', 'v5', 'v8'}
    assert shown_numbers(page) == {
        key: [numbers[0] if key in leaves else '', ''] for key, numbers in everything.items()
    }
    assert texts(page, '#where') == ['Start: the leaves are given']
    control(page, 'next')
    assert shown_numbers(page)['v3'] == ['−6.0000', '']
    assert shown_numbers(page)['v7'] == ['', '']
    assert texts(page, '#step h2') == ['Forward: v₃ = ×']
    assert texts(page, '#step mtr') == ['v3=x1·w1', '=2·(−3)', '=−6']
    assert texts(page, '#where') == ['Forward 1 of 5']
    assert [key for key, classes in page.evaluate(CLASSES).items() if 'current' in classes] == ['v3']
    assert page.locator('.line.active').count() == 2
    page.keyboard.press('End')
    assert shown_numbers(page) == everything


def test_stepping_backward_shows_gradients_one_by_one_and_the_chain_rule_of_each(visit):
    _, page = visit(graphs.neuron)
    for _ in range(6):
        page.keyboard.press('n')
    assert texts(page, '#where') == ['Backward 1 of 10']
    assert texts(page, '#step mtr') == ['∂o∂o=1']
    assert {key for key, (_, grad) in shown_numbers(page).items() if grad} == {'v10'}
    control(page, 'next')
    assert texts(page, '#step h2') == ['Backward: n']
    assert texts(page, '#step mtr') == ['∂o∂n=∂o∂o·∂o∂n', '=1·0.5', '=0.5']
    assert page.locator('#step math mfrac').count() == 3
    control(page, 'previous')
    assert texts(page, '#where') == ['Backward 1 of 10']
    assert shown_numbers(page)['v9'] == ['0.8814', '']


def test_the_chain_rule_has_a_term_for_every_use(visit):
    _, page = visit(graphs.twice)
    select(page, 'v1')
    rows = texts(page, '#node mtr')
    assert rows[0] == '∂C∂a=∂C∂v2·∂v2∂a(1)'
    assert rows[1:3] == ['+∂C∂v2·∂v2∂a(2)', '+∂C∂v3·∂v3∂a']
    assert rows[5:] == ['=1·3', '+1·3', '+1·1', '+1·1', '+1·(−1)', '=7']


def test_long_sums_are_shortened(visit):
    _, page = visit(fan)
    select(page, 'v1')
    rows = texts(page, '#node mtr')
    assert len(rows) == 7 + 7 + 1
    assert rows[6] == '+… 4 more terms'
    assert rows[7:] == ['=1·1', '+1·2', '+1·3', '+1·4', '+1·5', '+1·6', '+… 4 more terms', '=55']


def test_a_gradient_that_is_not_the_sum_of_its_terms_is_explained(visit):
    _, page = visit(accumulated)
    select(page, 'v1')
    assert texts(page, '#node .gradient') == ['4.0000']
    assert texts(page, '#node .remark:not(:empty)')[0].startswith('The terms add up to 2.0000. Other backward passes')
    page.fill('#node input[type=text]', '5')
    assert texts(page, '#node .gradient') == ['2.0000']
    page.focus('#picture')
    select(page, 'v1')
    assert texts(page, '#node .remark:not(:empty)') == []


def test_the_slider_goes_to_any_step(visit):
    _, page = visit(graphs.neuron)
    page.focus('#position')
    page.keyboard.press('Home')
    assert texts(page, '#where') == ['Start: the leaves are given']
    page.keyboard.press('ArrowRight')
    assert texts(page, '#where') == ['Forward 1 of 5']
    assert page.get_attribute('#position', 'aria-valuetext') == 'Forward 1 of 5'
    page.keyboard.press('End')
    assert texts(page, '#where') == ['Backward 10 of 10']


def test_playing_goes_on_until_the_end_at_the_chosen_speed(page, saved):
    _, path = saved(graphs.neuron)
    page.clock.install(time=0)
    page.goto(path.as_uri())
    page.clock.pause_at(3_600_000)  # from here on time passes only when the test says so
    page.keyboard.press(' ')
    assert page.get_by_role('button', name='Pause').count() == 1
    page.clock.run_for(3100)
    assert texts(page, '#where') == ['Forward 3 of 5']
    page.select_option('#speed', '4')
    page.clock.run_for(1010)
    assert texts(page, '#where') == ['Backward 2 of 10']
    control(page, 'play')
    page.clock.run_for(5000)
    assert texts(page, '#where') == ['Backward 2 of 10']
    control(page, 'play')
    page.clock.run_for(60_000)
    assert texts(page, '#where') == ['Backward 10 of 10']
    assert page.get_by_role('button', name='Play').count() == 1


def test_steps_by_keys(visit):
    _, page = visit(graphs.neuron)
    for key, place in [('Home', 'Start: the leaves are given'), ('n', 'Forward 1 of 5'), ('n', 'Forward 2 of 5'),
                       ('p', 'Forward 1 of 5'), ('End', 'Backward 10 of 10'),
                       ('Escape', '5 steps forward, 10 backward')]:  # fmt: skip
        page.keyboard.press(key)
        assert texts(page, '#where') == [place]
    assert page.locator('#step').is_hidden()


def test_without_gradients_from_python_the_page_computes_them(visit):
    _, page = visit(untouched)
    assert {grad for _, grad in shown_numbers(page).values()} == {'0.0000'}
    control(page, 'last')
    assert [grad for _, grad in shown_numbers(page).values()] == ['2.0000', '3.0000', '1.0000']
    assert texts(page, '#source') == ['Values as they were in Python, a backward pass of this page; gradients of y']


# What stands out


def test_pointing_at_a_box_shows_what_it_depends_on_and_what_depends_on_it(visit):
    _, page = visit(graphs.neuron)
    page.hover('[data-key=v7]')
    assert lit(page) == {'v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v9', 'v10'}
    assert page.locator('.line.lit').count() == 8
    expect(page.locator('[data-key=v8]')).to_have_css('opacity', re.compile(r'^0\.[0-4]'))
    page.hover('h1')
    assert page.locator('.dimming').count() == 0


def test_the_keyboard_walks_from_box_to_box(visit):
    _, page = visit(graphs.neuron)
    page.focus('#picture')
    page.keyboard.press('Enter')
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused) == 'x1 (input), data 2.0000, grad −1.5000'
    assert lit(page) == {'v1', 'v3', 'v7', 'v9', 'v10'}
    walk = [
        ('ArrowRight', 'v₃ = ×'),
        ('ArrowRight', 'v₇ = +'),
        ('ArrowDown', 'b'),
        ('ArrowRight', 'n'),
        ('ArrowRight', 'o'),
    ]
    for key, name in walk:
        page.keyboard.press(key)
        assert page.evaluate(focused).startswith(f'{name} (')
    page.keyboard.press('Enter')
    assert texts(page, '#node h2') == ['o']
    assert page.evaluate('document.activeElement.dataset.key') == 'v10'
    outline = "getComputedStyle(document.activeElement.querySelector('.outline')).strokeDasharray"
    assert page.evaluate(outline) != 'none'


def test_the_panel_of_an_operation(visit):
    _, page = visit(graphs.neuron)
    select(page, 'v3')
    assert texts(page, '#node h2') == ['v₃ = ×']
    assert facts(page) == {
        'role': 'operation',
        'name': 'none',
        'operation': 'mul',
        'value': '−6.0000',
        'gradient': '0.5000',
    }
    assert texts(page, '#node caption') == ['with x = x1, y = w1, z = v₃']
    assert texts(page, '#node tbody tr') == ['∂v3∂x1y−3', '∂v3∂w1x2']
    assert texts(page, '#node math')[0] == 'v3=x1·w1=2·(−3)=−6'
    assert page.locator('.selected').get_attribute('data-key') == 'v3'


def test_the_panel_of_a_leaf_and_of_a_choice(visit):
    _, page = visit(graphs.neuron)
    select(page, key_of(graphs.neuron(), 'b'))
    assert facts(page) == {'role': 'parameter', 'name': 'b', 'value': '6.8814', 'gradient': '0.5000'}
    _, page = visit(graphs.choices)
    select(page, 'v8')
    assert texts(page, '#node tbody tr')[0].endswith('decides')
    assert texts(page, '#node math')[0] == 'v8=v6 if v3 else v7=4 if 1 else 0=4'


FORMULAS = """keys => keys.map(key => {
    document.querySelector(`[data-key=${key}]`).dispatchEvent(new MouseEvent('click', {bubbles: true}));
    return document.querySelector('#node math').textContent;
})"""
CLICK = """key => document.querySelector(`[data-key=${key}]`).dispatchEvent(new MouseEvent('click', {bubbles: true}))"""


def test_every_row_of_the_table_has_a_formula(page, tmp_path):
    x, y = Value(0.5, label='x'), Value(0.25, label='y')
    made = []
    for row in rows():
        operands = [x, y, x, y][: row.arity or 4]
        v = Value(row.forward(*[p.data for p in operands]))
        link(v, row, tuple(operands))
        made.append(v)
    page.goto(explore(made).save(tmp_path / 'rows.html').as_uri())
    nodes = graph.topological(made)
    formulas = page.evaluate(FORMULAS, [f'v{nodes.index(v) + 1}' for v in made])
    for v, written in zip(made, formulas, strict=True):
        assert written.endswith(f'={short_number(v.data)}')
        assert not set('\\{}') & set(written)


def test_what_a_label_says_stays_text_everywhere(visit):
    _, page = visit(graphs.hostile)
    nodes = graph.topological([graphs.hostile()])
    names = [box.name for box in view([graphs.hostile()], 100).boxes]
    for i in range(len(nodes)):
        page.evaluate(CLICK, f'v{i + 1}')
        assert page.locator('#node h2').text_content() == names[i]
    page.click('#leaves summary')
    assert page.locator('#leaf-list .link').all_text_contents() == names[:-1]
    assert page.locator('h1').text_content() == 'Computation graph of <b>y</b>'
    assert page.title() == 'Computation graph of <b>y</b>'
    assert page.locator('script').count() == 2
    assert page.locator('aside :is(img, b, i, script, a)').count() == 0


# Paths


def test_every_path_between_two_nodes_and_their_sum(visit):
    roots, page = visit(graphs.twice)
    select(page, 'v1')
    select(page, 'v5', 'Shift')
    assert texts(page, '#paths h2') == ['Paths from a to v₅']
    assert page.locator('#paths li').count() == 5
    assert texts(page, '#paths .route')[0].startswith('a → v')
    products = [float(text.split(' = ')[1].replace('−', '-')) for text in texts(page, '#paths .product')]
    assert sorted(products) == [-1, 1, 1, 3, 3]
    assert texts(page, '#paths .sum') == ['The sum over all paths: ∂v5∂a=7']
    assert sum(products) == graph.topological([roots])[0].grad


def test_a_single_path_is_highlighted_and_multiplied(visit):
    _, page = visit(graphs.neuron)
    page.focus('#picture')
    page.keyboard.press('Enter')
    page.keyboard.press('Enter')
    for _ in range(4):
        page.keyboard.press('ArrowRight')
    page.keyboard.press('s')
    assert texts(page, '#paths .route') == ['x1 → v₃ → v₇ → n → o']
    assert texts(page, '#paths .product') == ['0.5 · 1 · 1 · −3 = −1.5']
    page.hover('h1')
    assert lit(page) == {'v1', 'v3', 'v7', 'v9', 'v10'}
    assert page.locator('.line.lit').count() == 4
    page.keyboard.press('Escape')
    assert page.locator('#paths').is_hidden()


def test_paths_that_are_too_many_are_counted(visit):
    _, page = visit(doubled)
    select(page, 'v61')
    select(page, 'v1', 'Shift')
    assert '1,152,921,504,606,846,976 paths; here are the 20 largest' in texts(page, '#paths p')[0]
    assert page.locator('#paths li').count() == 20
    assert texts(page, '#paths .sum') == ['The sum over all paths: ∂end∂start=1.153e+18']


def test_where_there_is_no_path(visit):
    _, page = visit(graphs.neuron)
    select(page, 'v1')
    select(page, 'v2', 'Shift')
    assert 'There is none: w1 was not computed from x1' in texts(page, '#paths p')[0]


# Leaves


def leaf(root, label):
    return next(v for v in graph.topological([root]) if v.label == label)


@pytest.mark.parametrize(('make', 'label'), [(graphs.neuron, 'w1'), (network, 'a'), (graphs.choices, 'x'), (fan, 'w')])
def test_changing_a_leaf_gives_the_numbers_that_python_has(make, label, visit):
    roots, page = visit(make)
    for x in (0.75, -1e3, 0.0, float('inf'), float('nan')):
        select(page, key_of(roots, label))
        change_and_reset(page, make, label, x)


def change_and_reset(page, make, label, x):
    page.fill('#node input[type=text]', str(x).replace('-', '−'))
    mine = make()
    leaf(mine, label).data = x
    for v in graph.topological([mine]):
        v.grad = 0.0
    mine.recompute()
    mine.backward()
    assert shown_numbers(page) == numbers_of(mine)
    assert texts(page, '#node .value') == [number(x)]
    assert texts(page, '#node .gradient') == [number(leaf(mine, label).grad)]
    assert texts(page, '#source')[0].startswith('Changed: evaluated in this page; gradients of ')
    page.click('#reset')
    assert shown_numbers(page) == numbers_of(make())
    assert texts(page, '#source') == ['Numbers as they were in Python']
    assert page.locator('#reset').is_hidden()


def test_a_slider_moves_a_leaf_and_the_rest_follows(visit):
    _, page = visit(graphs.neuron)
    page.keyboard.press('e')
    slider = page.get_by_role('slider', name='w1, slider')
    slider.focus()
    before = float(slider.input_value())
    page.keyboard.press('ArrowRight')
    after = float(slider.input_value())
    assert before < after
    assert page.get_by_role('textbox', name='w1, value').input_value() == f'{after:g}'.replace('-', '−')
    assert shown_numbers(page)['v2'][0] == number(after)
    assert shown_numbers(page)['v3'][0] == number(2.0 * after)
    page.hover('h1')
    page.focus('#picture')
    page.keyboard.press('r')
    assert shown_numbers(page) == numbers_of(graphs.neuron())
    assert float(slider.input_value()) == before


def test_all_leaves_are_in_the_list_and_lead_to_their_boxes(visit):
    _, page = visit(network)
    page.click('#leaves summary')
    names = [box.known_as for box in view([network()], 500).boxes if box.role != 'operation']
    assert texts(page, '#leaf-list .link') == names
    page.get_by_role('button', name='b', exact=True).click()
    assert texts(page, '#node h2') == ['b']


def test_what_is_no_number_changes_nothing(visit):
    _, page = visit(graphs.neuron)
    select(page, 'v1')
    page.fill('#node input[type=text]', '2 apples')
    assert page.get_attribute('#node input[type=text]', 'aria-invalid') == 'true'
    assert shown_numbers(page) == numbers_of(graphs.neuron())
    page.focus('#picture')
    assert page.input_value('#node input[type=text]') == '2'


def test_leaves_of_operations_made_by_hand_are_fixed(visit):
    _, page = visit(graphs.by_hand)
    select(page, 'v1')
    assert page.locator('#node input:disabled').count() == 2
    assert 'only Python can evaluate v₂ = mine' in texts(page, '#node .remark:not(:empty)')[0]
    select(page, 'v2')
    assert texts(page, '#node math')[0] == 'v2=mine(a,a)=2'
    why = 'Only Python can evaluate this operation: it was defined by hand.'
    assert texts(page, '#node .remark') == [why]


# Parts


@pytest.mark.parametrize('make', [network, shared], ids=lambda make: make.__name__)
def test_levels_of_detail(make, visit):
    roots, page = visit(make)
    for key, name, collapse in [
        ('2', 'neurons', 'neuron'),
        ('3', 'layers', 'layer'),
        ('4', 'networks', 'network'),
        ('1', 'values', None),
    ]:
        page.get_by_role('button', name=name, exact=True).click()
        expected = {box.id: box for box in view([roots], 500, collapse).boxes}
        shown = page.evaluate(BOXES)
        assert shown.keys() == expected.keys()
        for k, box in expected.items():
            if box.role == 'part':
                numbers = [box.extent, box.written_outputs, number(box.total_grad)]
                assert shown[k] == [box.name, 'out', 'Σ|grad|', *numbers]
        assert len(view([roots], 500, collapse).edges) == page.locator('.line').count()
        assert texts(page, '#levels [aria-pressed=true]') == [name]
        page.keyboard.press('1')
        page.keyboard.press(key)
        assert page.evaluate(BOXES) == shown
        assert page.evaluate(OVERFLOWS) == []


def test_collapsing_and_expanding_by_the_pointer(visit):
    _, page = visit(network)
    before = page.evaluate(PLACES)
    page.dblclick('[data-key=v3]', force=True)
    after = page.evaluate(PLACES)
    assert 'v3' not in after
    [part] = after.keys() - before.keys()
    assert texts(page, '#node h2')[0].startswith('neuron 1.')
    stayed = after.keys() & before.keys()
    assert {key: after[key] for key in stayed} == {key: before[key] for key in stayed}
    page.dblclick(f'[data-key={part}]', force=True)
    assert page.evaluate(PLACES) == before


def test_collapsing_and_expanding_from_the_panel_and_by_key(visit):
    _, page = visit(grouped)
    select(page, key_of(grouped(), 'x'))
    assert texts(page, '.groups li') == []
    select(page, 'v3')
    assert texts(page, '.groups li span') == ['inner', 'outer']
    page.get_by_role('button', name='Collapse inner').click()
    assert page.evaluate(BOXES)['g2'][0] == 'inner'
    page.keyboard.press('1')
    assert page.locator('.part').count() == 0
    page.focus('#picture')
    page.keyboard.press('Enter')
    page.keyboard.press('ArrowRight')
    page.keyboard.press('c')
    assert page.evaluate(BOXES)['g2'][0] == 'inner'
    assert page.evaluate('document.activeElement.dataset.key') == 'g2'
    page.keyboard.press('c')
    assert page.locator('.part').count() == 0


def test_an_open_layer_shows_its_neurons(visit):
    _, page = visit(network)
    page.keyboard.press('3')
    select(page, 'g2')
    assert texts(page, '#node h2') == ['layer 1']
    assert facts(page)['part of'] == 'MLP(2, [3, 1])'
    page.get_by_role('button', name='Expand layer 1').click()
    headings = [lines[0] for key, lines in page.evaluate(BOXES).items() if key.startswith('g')]
    assert headings == ['neuron 1.1', 'neuron 1.2', 'neuron 1.3', 'layer 2']
    assert page.locator('#levels [aria-pressed=true]').count() == 0


def test_steps_over_collapsed_parts(visit):
    _, page = visit(network)
    page.keyboard.press('4')
    control(page, 'first')
    assert page.evaluate(BOXES)['g1'][4:] == ['', '']
    control(page, 'next')
    assert page.evaluate(BOXES)['g1'][4] != ''
    assert 'current' in page.evaluate(CLASSES)['g1']


def test_a_large_graph_opens_collapsed(visit):
    _, page = visit(large)
    assert texts(page, '#levels button')[0] == 'neurons'
    assert page.locator('.part').count() == 25
    select(page, 'g3')
    button = page.get_by_role('button', name='Expand neuron 1.1')
    assert button.is_disabled()
    assert 'too many' in button.get_attribute('title')


# The view


def test_nothing_lies_under_the_lines_at_the_bottom(page, saved):
    _, path = saved(lambda: [v for i in range(12) for v in (Value(float(i)), Value(2.0) * float(i))])
    for width in (1280, 760, 360):
        page.set_viewport_size({'width': width, 'height': 700})
        page.goto(path.as_uri())
        status, legend = (page.locator(part).bounding_box() for part in ('#status', '#legend'))
        boxes = [box.bounding_box() for box in page.locator('.box').all()]
        assert max(box['y'] + box['height'] for box in boxes) <= status['y']
        assert legend is None or status['x'] + status['width'] <= legend['x']


def test_zoom_and_fit(visit):
    _, page = visit(graphs.neuron)
    whole = view_box(page)
    control(page, 'zoom-in')
    assert view_box(page)[2] == pytest.approx(whole[2] / 1.25)
    page.keyboard.press('-')
    page.keyboard.press('-')
    assert view_box(page)[2] == pytest.approx(whole[2] * 1.25)
    control(page, 'fit')
    assert view_box(page) == pytest.approx(whole)
    page.keyboard.press('+')
    page.keyboard.press('0')
    assert view_box(page) == pytest.approx(whole)
    control(page, 'zoom-out')
    assert view_box(page)[2] == pytest.approx(whole[2] * 1.25)


def test_the_wheel_zooms_at_the_pointer(visit):
    _, page = visit(graphs.neuron)
    whole = seen(page)
    box = page.locator('[data-key=v8]').bounding_box()
    centre = box['x'] + box['width'] / 2, box['y'] + box['height'] / 2
    page.mouse.move(*centre)
    page.mouse.wheel(0, -90)
    wait_until_moved(page, whole)
    box = page.locator('[data-key=v8]').bounding_box()
    assert (box['x'] + box['width'] / 2, box['y'] + box['height'] / 2) == pytest.approx(centre, abs=3)


def test_dragging_and_arrow_keys_move_the_picture(visit):
    _, page = visit(graphs.neuron)
    start = view_box(page)
    page.mouse.move(300, 120)
    page.mouse.down()
    page.mouse.move(340, 150, steps=4)
    page.mouse.up()
    assert view_box(page)[0] < start[0]
    assert view_box(page)[1] < start[1]
    assert page.locator('.selected').count() == 0
    dragged = view_box(page)
    page.focus('#picture')
    page.keyboard.press('ArrowRight')
    page.keyboard.press('ArrowDown')
    assert view_box(page)[0] > dragged[0]
    assert view_box(page)[1] > dragged[1]


def test_search(visit):
    _, page = visit(graphs.neuron)
    page.keyboard.press('/')
    page.keyboard.type('x')
    assert texts(page, '#found') == ['1 of 2']
    assert texts(page, '#node h2') == ['x1']
    assert page.locator('[data-key=v1]').bounding_box()['width'] > 100
    page.keyboard.press('Enter')
    assert texts(page, '#node h2') == ['x2']
    page.keyboard.press('Shift+Enter')
    assert texts(page, '#node h2') == ['x1']
    control(page, 'next-match')
    assert texts(page, '#found') == ['2 of 2']
    control(page, 'previous-match')
    assert texts(page, '#found') == ['1 of 2']
    page.fill('#search', 'TANH')
    assert texts(page, '#node h2') == ['o']
    page.fill('#search', 'nothing of the kind')
    assert texts(page, '#found') == ['none']
    page.keyboard.press('Escape')
    assert page.evaluate('document.activeElement.id') == 'picture'


def test_light_and_dark(visit):
    _, page = visit(graphs.neuron)
    paper = 'getComputedStyle(document.body).backgroundColor'
    page.emulate_media(color_scheme='light')
    assert page.evaluate(paper) == 'rgb(255, 255, 255)'
    control(page, 'theme')
    assert page.evaluate(paper) == 'rgb(20, 24, 29)'
    page.keyboard.press('t')
    assert page.evaluate(paper) == 'rgb(255, 255, 255)'
    page.reload()
    page.emulate_media(color_scheme='dark')
    assert page.evaluate(paper) == 'rgb(20, 24, 29)'


def test_print_shows_the_whole_graph_and_no_controls(visit):
    _, page = visit(graphs.neuron)
    for _ in range(4):
        page.keyboard.press('+')
    near = seen(page)
    page.emulate_media(media='print', color_scheme='dark')
    for box in page.locator('.box').all():
        expect(box).to_be_in_viewport(ratio=1)
    assert page.locator('header button:visible, footer:visible, aside:visible, #search:visible').count() == 0
    assert page.locator('h1').is_visible()
    assert page.evaluate('getComputedStyle(document.body).backgroundColor') == 'rgb(255, 255, 255)'
    frame = page.locator('#picture').bounding_box()
    for box in page.locator('.box').all():
        area = box.bounding_box()
        assert frame['x'] <= area['x'] < area['x'] + area['width'] <= frame['x'] + frame['width']
    page.emulate_media(media='screen')
    expect(page.locator('#picture')).to_have_attribute('viewBox', near)


def test_help_lists_the_keys(visit):
    _, page = visit(graphs.neuron)
    page.keyboard.press('?')
    dialog = page.get_by_role('dialog', name='Keys')
    assert dialog.is_visible()
    keys = set(texts(page, '.keys kbd'))
    told = {'space', 'n', 'p', 'Home', 'End', 's', 'c', 'e', 'r', 't', '/', '+', '−', '0', 'Esc'}
    assert told <= keys
    page.keyboard.press('n')
    assert texts(page, '#where') == ['5 steps forward, 10 backward']
    page.keyboard.press('Escape')
    assert dialog.is_hidden()
    control(page, 'help')
    assert dialog.is_visible()
    control(page, 'close-help')
    assert dialog.is_hidden()


FOCUS = """() => {
    const e = document.activeElement;
    const style = getComputedStyle(e.querySelector(':scope > .outline') ?? e);
    return [e.getAttribute('aria-label') || e.textContent.trim(), style.outlineStyle + style.strokeDasharray];
}"""


def test_every_control_can_be_reached_has_a_name_and_shows_its_focus(visit):
    _, page = visit(grouped)
    seen = {}
    while True:
        page.keyboard.press('Tab')
        name, outline = page.evaluate(FOCUS)
        if name in seen or page.evaluate('document.activeElement === document.body'):
            break
        seen[name] = outline
    assert 'nonenone' not in seen.values()
    buttons = [
        button.get_attribute('aria-label') or button.text_content() for button in page.locator('button:visible').all()
    ]
    others = {
        'Search by label',
        'Step',
        'Speed',
        'Change the leaves',
        'The graph. Enter goes to a box, arrow keys move the picture.',
    }
    assert {*buttons, *others, 'x (input), data 0.5000, grad 0.8399'} == seen.keys()


# Around the page


@pytest.mark.parametrize('make', [graphs.neuron, network], ids=lambda make: make.__name__)
def test_a_narrow_window(make, visit):
    _, page = visit(make)
    page.set_viewport_size({'width': 360, 'height': 640})
    select(page, 'v1')
    assert page.evaluate('document.scrollingElement.scrollWidth') <= 360
    stage, panel = (page.locator(each).bounding_box() for each in ('#stage', 'aside'))
    assert panel['y'] >= stage['y'] + stage['height']
    for button in page.locator('button:visible').all():
        area = button.bounding_box()
        assert 0 <= area['x'] <= area['x'] + area['width'] <= 360


def test_reduced_motion(visit):
    _, page = visit(graphs.neuron)
    duration = "getComputedStyle(document.querySelector('.box')).transitionDuration"
    page.emulate_media(reduced_motion='no-preference')
    assert page.evaluate(duration) != '0s'
    page.emulate_media(reduced_motion='reduce')
    assert page.evaluate(duration) == '0s'


@pytest.fixture
def framed(page, saved, tmp_path):
    """A page within a page, as a notebook has it."""
    _, path = saved(graphs.neuron)
    outer = tmp_path / 'outer.html'
    outer.write_text(
        f'<!doctype html><meta charset=utf-8><iframe src="{path.as_uri()}" sandbox=allow-scripts width=900 height=500>'
    )
    page.goto(outer.as_uri())
    return page, page.frames[1]


def test_numbers_from_a_notebook(framed):
    page, frame = framed
    frame.wait_for_selector('.box')
    send = 'message => frames[0].postMessage(message, "*")'
    zeros = [0.0] * 10
    for wrong in (
        {'micrograd': 'other', 'data': zeros, 'grad': zeros},
        {'micrograd': 'numbers', 'data': zeros[1:], 'grad': zeros},
        {'micrograd': 'numbers', 'data': zeros, 'grad': ['0'] * 10},
        {'micrograd': 'numbers', 'data': 'x' * 10, 'grad': zeros},
        {'micrograd': 'numbers'},
        'numbers',
        None,
    ):
        page.evaluate(send, wrong)
    assert shown_numbers(frame) == numbers_of(graphs.neuron())
    page.evaluate(
        send, {'micrograd': 'numbers', 'data': [float(i) for i in range(10)], 'grad': [float(-i) for i in range(10)]}
    )
    expect(frame.locator('#source')).to_have_text('Live from the notebook')
    live = {f'v{i + 1}': [number(float(i)), number(float(-i))] for i in range(10)}
    assert shown_numbers(frame) == live
    assert frame.locator('#reset').is_hidden()
    frame.locator('.box[data-key=v1]').click()
    frame.locator('#node input[type=text]').fill('5')
    frame.locator('#node input[type=text]').press('Enter')
    assert shown_numbers(frame) != live
    frame.click('#reset')
    assert shown_numbers(frame) == live
    assert texts(frame, '#source') == ['Live from the notebook']


def test_within_a_page_the_wheel_scrolls_on_until_the_picture_is_used(framed):
    page, frame = framed
    frame.wait_for_selector('.box')
    before = seen(frame)
    page.mouse.move(300, 150)
    page.mouse.wheel(0, -90)
    assert seen(frame) == before
    page.mouse.click(40, 100)
    page.mouse.wheel(0, -90)
    wait_until_moved(frame, before)


def test_the_policy_lets_nothing_else_run(browser, saved, tmp_path):
    _, path = saved(graphs.neuron)
    more = '<header onclick="fired.push(1)"><img src=x onerror="fired.push(2)"><p style="color: red">text</p>'
    tampered = tmp_path / 'tampered.html'
    tampered.write_text(path.read_text('utf-8').replace('<header>', more), 'utf-8')
    page = browser.new_page()
    page.add_init_script(WATCH)
    page.goto(tampered.as_uri())
    page.click('h1')
    assert {text.split()[0] for text in page.evaluate('fired')} == {'script-src-attr', 'img-src', 'style-src-attr'}
    page.close()
