"""The explorer in a browser: parts, what stands out, search, focus and leaves, where graphs are unusual or large."""

import re

import pytest

from micrograd import Value, explore, graph, group, groups, nn
from micrograd.letters import SUBSCRIPTS
from tests import support
from tests.browser.pages import BOXES, PLACES, control, grouped, lit, network, select, texts

expect = support.require('playwright.sync_api').expect


@pytest.fixture
def open_page(page, tmp_path):
    """Open the page of a graph that only one test looks at."""

    page.set_default_timeout(8000)

    def opened(roots, **how):
        page.goto(explore(roots, **how).save(tmp_path / 'graph.html').as_uri())
        return page

    return opened


# Layouts


def crossed():
    """Groups of which one that starts later ends earlier: boxes stand in another order than groups."""

    @group('a')
    def a(x):
        return x * 2.0 + 1.0

    @group('b')
    def b(x, y):
        return a(x) * y

    x = Value(1.0, label='x')
    first = a(x)
    loss = b(x, first) + a(first)
    loss.backward()
    return loss


def caught_twice():
    """Two groups around the same values, which only the inside of both uses."""
    h = (Value(1.0) * 2.0).tanh()

    @group('u')
    def u(x):
        return x * h + 1.0

    loss = u(nn.Neuron(1, activation=lambda z: z * h, generator=1)([Value(0.5, label='x')]))
    loss.backward()
    return loss


def test_a_level_has_its_layout_whatever_order_its_boxes_stand_in(open_page):
    page = open_page(crossed())
    found = explore(crossed()).graph['levels'][1]
    page.get_by_role('button', name='layers', exact=True).click()
    assert texts(page, '#levels [aria-pressed=true]') == ['layers']
    places = [f'translate({found["at"][2 * i]:g} {found["at"][2 * i + 1]:g})' for i in range(len(found['boxes']))]
    assert page.evaluate(PLACES) == dict(zip(found['boxes'], places, strict=True))


def test_what_no_layout_has_a_place_for_stands_where_there_is_room(open_page):
    page = open_page(caught_twice(), max_nodes=6)
    page.dblclick('[data-key=v11]', force=True)
    assert {'v6', 'v7', 'v8', 'v9', 'g1', 'g2'} <= page.evaluate(BOXES).keys()
    areas = [box.bounding_box() for box in page.locator('.box').all()]
    for i, one in enumerate(areas):
        for other in areas[:i]:
            beside = abs(one['x'] - other['x']) >= min(one['width'], other['width'])
            assert beside or abs(one['y'] - other['y']) >= min(one['height'], other['height'])


# Groups within groups


@pytest.mark.parametrize('make', [crossed, caught_twice, network, grouped], ids=lambda make: make.__name__)
def test_every_part_has_the_values_that_python_says(make, open_page):
    page = open_page(make())
    sizes = [found.members for found in groups.find(graph.topological([make()]))]
    for i, members in enumerate(sizes):
        page.keyboard.press('1')
        select(page, f'v{members[-1] + 1}')
        name = explore(make()).graph['groups'][i]['name']
        page.get_by_role('button', name=f'Collapse {name}', exact=True).first.click()
        found = {key: lines[3] for key, lines in page.evaluate(BOXES).items() if key == f'g{i + 1}'}
        assert found in ({}, {f'g{i + 1}': f'{len(members)} values'})


def test_expanding_a_part_inside_a_collapsed_one_opens_both(open_page):
    page = open_page(network())
    page.keyboard.press('4')
    page.fill('#search', 'tanh')
    page.get_by_role('button', name='Expand neuron 1.1').click()
    assert 'g1' not in page.evaluate(BOXES)
    assert 'g3' not in page.evaluate(BOXES)
    assert {'v3', 'g4'} <= page.evaluate(BOXES).keys()
    assert page.get_by_role('button', name='Collapse layer 1').count() == 1


def test_what_is_inside_a_part_that_cannot_be_opened_cannot_be_either(open_page):
    page = open_page(network(), max_nodes=8)
    assert texts(page, '#levels button')[0] == 'layers'
    page.fill('#search', 'tanh')
    assert page.get_by_role('button', name='Expand neuron 1.1').is_disabled()


# Ends of paths


def test_a_selected_part_is_an_end_of_paths_as_its_output_is(open_page):
    page = open_page(network())
    page.keyboard.press('3')
    select(page, 'g2')
    select(page, 'g6', 'Shift')
    outputs = [g['outputs'][0] + 1 for g in explore(network()).graph['groups'] if g['kind'] == 'layer']
    low, high = (str(i).translate(SUBSCRIPTS) for i in outputs)
    assert texts(page, '#paths h2') == [f'Paths from v{low} to v{high}']
    assert texts(page, '#paths .remark') == [f'v{low} is one of the 3 outputs of layer 1. Expand it to choose another.']
    assert page.locator('#paths li').count() == 1
    assert 'selected' in page.get_attribute('[data-key=g2]', 'class')


def test_long_paths_are_shortened_and_their_number_is_broken_into_lines(open_page):
    @group('all')
    def everything(v):
        for _ in range(2400):
            v = v + v
        return v

    page = open_page(everything(Value(1e-300, label='start')) * 1.0)
    select(page, 'v1')
    select(page, 'g1', 'Shift')
    assert len(texts(page, '#paths p')[0]) > 900
    assert page.locator('aside').evaluate('e => e.scrollWidth <= e.clientWidth')
    for route in texts(page, '#paths li'):
        assert len(route) < 1000
        assert re.search(r'→ … [\d,]+ more … →', route)


# Large graphs


def by_hand(*operands):
    """What only Python can evaluate."""
    return Value(1.0, operands, 'mine')


def test_a_page_with_many_operations_made_by_hand_opens_at_once(open_page):
    @group('all')
    def everything(v):
        for _ in range(2400):
            v = by_hand(v, Value(1.0))
        return v

    page = open_page(everything(Value(1.0, label='x')))
    expect(page.locator('[data-leaf]')).to_have_count(200)
    assert page.locator('#leaf-list input:enabled').count() == 0
    assert 'only Python can evaluate v₃ = mine' in texts(page, '#leaf-list .remark')[0]


def test_a_leaf_that_nothing_made_by_hand_uses_can_be_changed(open_page):
    x, y = Value(1.0, label='x'), Value(2.0, label='y')
    page = open_page(by_hand(x * 3.0, x) * y)
    page.keyboard.press('e')
    assert page.get_by_role('slider', name='x, slider').is_disabled()
    assert page.get_by_role('slider', name='y, slider').is_enabled()


POINT = """() => {
    const box = document.querySelector('[data-key=g1]');
    const times = [1, 2, 3].map(() => {
        const start = performance.now();
        box.dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));
        box.dispatchEvent(new MouseEvent('click', {bubbles: true}));
        const end = performance.now();
        document.querySelector('h1').dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));
        document.querySelector('#picture').dispatchEvent(new PointerEvent('pointerleave'));
        return end - start;
    });
    return Math.min(...times);
}"""


def test_pointing_at_a_large_part_takes_no_time(open_page):
    @group('all')
    def everything(v):
        for _ in range(2400):
            v = v * 1.0
        return v

    page = open_page(everything(Value(1.0, label='x')) * 2.0)
    assert page.evaluate(POINT) < 150  # milliseconds


def test_pointing_at_a_part_shows_all_that_its_values_depend_on(open_page):
    page = open_page(network())
    page.keyboard.press('3')
    page.hover('[data-key=g6]', force=True)
    assert page.evaluate(BOXES).keys() - lit(page) == {'v37'}  # a constant of the cost


# Search


@pytest.mark.parametrize(
    ('typed', 'heading'),
    [('w1', 'w₁'), ('v12', 'v₁₂ = tanh'), ('layer 1', 'layer 1'), ('NEURON 1.2', 'neuron 1.2')],
)
def test_search_finds_what_can_be_typed(typed, heading, open_page):
    page = open_page(network())
    page.fill('#search', typed)
    assert texts(page, '#node h2') == [heading]


def test_search_finds_a_constant_by_its_number(open_page):
    page = open_page(Value(2.0, label='x') * -0.75)
    page.fill('#search', '-0.75')
    assert texts(page, '#node h2') == ['v₂ = −0.75']


def test_a_group_that_is_found_is_shown(open_page):
    page = open_page(network())
    page.keyboard.press('3')
    page.fill('#search', 'layer 1')
    assert 'selected' in page.get_attribute('[data-key=g2]', 'class')
    page.keyboard.press('Escape')
    page.keyboard.press('1')
    page.keyboard.press('c')
    assert 'g2' in page.evaluate(BOXES)


# Focus

FOCUSED = 'document.activeElement.dataset.key ?? document.activeElement.ariaLabel ?? document.activeElement.localName'


def test_focus_stays_where_the_picture_is_drawn_anew(open_page):
    page = open_page(network())
    page.focus('[data-key=v3]')
    page.keyboard.press('3')
    assert page.evaluate(FOCUSED) == 'g2'
    page.keyboard.press('1')
    assert page.evaluate(FOCUSED).startswith('v')


def test_focus_goes_from_a_link_of_the_panel_to_its_box(open_page):
    page = open_page(network())
    page.keyboard.press('3')
    select(page, 'g2')
    page.locator('#node .outputs button').nth(1).focus()
    page.keyboard.press('Enter')
    assert page.evaluate(FOCUSED) == 'g2'
    assert texts(page, '#node h2')[0].endswith('tanh')


def test_focus_stays_on_the_button_that_collapses_and_expands(open_page):
    page = open_page(network())
    select(page, 'v3')
    page.get_by_role('button', name='Collapse layer 1').focus()
    for name in ('Expand layer 1', 'Collapse layer 1'):
        page.keyboard.press('Enter')
        assert page.evaluate(FOCUSED) == name


# Names


def rules(page, key):
    select(page, key)
    return ' '.join(texts(page, '#node math'))


def test_the_cost_has_a_letter_that_nothing_else_has(open_page):
    page = open_page(with_gradients(Value(2.0, label='C') * 3.0))
    assert rules(page, 'v1').startswith('∂L∂C')
    page.keyboard.press('Escape')
    assert texts(page, '#summary')[0].endswith('L is v₃ = ×.')


def test_names_that_several_nodes_have_are_numbered(open_page):
    h = Value(2.0, label='h')
    root = h * 3.0
    root.label = 'h'
    page = open_page(with_gradients(root))
    assert rules(page, 'v1').startswith('∂h#2∂h#1')
    assert texts(page, '[data-key=v1] .tag') == ['h#1']


def test_a_name_is_told_apart_from_the_place_of_a_node(open_page):
    page = open_page(with_gradients((Value(2.0, label='v3') * 3.0) * 2.0))
    select(page, 'v1')
    assert 'v3' in page.locator('#node mi').all_text_contents()
    select(page, 'v3')
    assert page.locator('#node msub').first.locator('> *').all_text_contents() == ['v', '3']


def with_gradients(root):
    root.backward()
    return root


# Leaves


def test_a_slider_of_the_largest_numbers_has_an_end(open_page):
    page = open_page(Value(1.7e308, label='x') * 1.0)
    page.keyboard.press('e')
    slider = page.get_by_role('slider', name='x, slider')
    ends = [float(slider.get_attribute(end)) for end in ('min', 'max')]
    assert ends[0] < 1.7e308 <= ends[1] < float('inf')


@pytest.mark.parametrize(
    ('typed', 'shown'),
    [
        ('Infinity', 'inf'),
        ('-Infinity', '−inf'),
        ('inf', 'inf'),
        ('+inf', 'inf'),
        ('NaN', 'nan'),
        ('−1.5e-3', '−0.0015'),
        ('.5', '0.5'),
        ('5.', '5'),
    ],
)
def test_numbers_are_taken_as_python_and_javascript_write_them(typed, shown, open_page):
    page = open_page(Value(2.0, label='x') * 1.0)
    select(page, 'v1')
    page.fill('#node input[type=text]', typed)
    assert page.get_attribute('#node input[type=text]', 'aria-invalid') == 'false'
    assert page.locator('#node .leaf [role=alert]').text_content() == ''
    page.focus('#picture')
    assert page.input_value('#node input[type=text]') == shown


@pytest.mark.parametrize('typed', ['0x10', '0,5', '1e', '', '0b1', '1 2', 'infinite'])
def test_what_is_no_number_is_refused_in_words(typed, open_page):
    page = open_page(Value(2.0, label='x') * 1.0)
    select(page, 'v1')
    page.fill('#node input[type=text]', typed)
    assert page.get_attribute('#node input[type=text]', 'aria-invalid') == 'true'
    assert texts(page, '#node .leaf [role=alert]') == ['Not a number. Right: 0.5, −3, 1e-6, inf, nan']
    assert texts(page, '#node .value') == ['2.0000']
    page.focus('#picture')
    assert page.locator('#node .leaf [role=alert]').text_content() == ''


def test_a_refusal_moves_nothing_away_from_the_pointer(open_page):
    page = open_page(Value(2.0, label='x') * 1.0)
    select(page, 'v1')
    page.fill('#node input[type=text]', '0,5')
    page.click('#leaves summary')
    assert page.locator('#leaf-list input[type=text]').first.is_visible()


# A narrow window


def test_a_step_can_be_read_where_the_steps_are_made(open_page):
    page = open_page(network())
    page.set_viewport_size({'width': 360, 'height': 640})
    for _ in range(3):
        control(page, 'next')
    expect(page.locator('#step math')).to_be_in_viewport(ratio=1)
    expect(page.locator('footer')).to_be_in_viewport(ratio=1)
    formula, footer = (page.locator(each).bounding_box() for each in ('#step math', 'footer'))
    assert formula['y'] + formula['height'] <= footer['y']
    expect(page.locator('[data-key=v3]')).to_be_in_viewport()
