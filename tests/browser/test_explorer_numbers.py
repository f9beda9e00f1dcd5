"""The explorer in a browser: what it says of numbers that are not what one expects, and how it rounds them."""

import math

import pytest

from micrograd import Value, graph, nn
from micrograd.render import dot
from micrograd.render.view import number, short_number, view
from tests import graphs
from tests.browser.pages import BOXES, FILL, control, key_of, network, select, shown_numbers, texts


def product():
    """Without gradients: backward() was not called."""
    y = Value(3.0, label='x') * Value(2.0, label='w')
    y.label = 'y'
    return y


def unread():
    """An operation whose derivative only Python can compute."""
    mine = graphs.own('mine', lambda o, x: o.exp(x), lambda o, z, x: math.exp(x))
    y = mine(Value(2.0, label='x')) * 3.0
    y.label = 'y'
    y.backward()
    return y


def remarks(page):
    return texts(page, '#node .remark:not(:empty)')


def remark_of(page, key):
    """What is said of the gradient of a box."""
    select(page, key)
    return texts(page, '#node .rules .remark')


# Operations that only Python can evaluate


def test_nothing_is_said_of_a_sum_with_an_unknown_term(visit):
    def passed_on():
        y = graphs.by_hand()
        graph.topological([y])[0].grad = 10.0  # as a closure would have added to it
        return y

    _, page = visit(passed_on)
    assert [remark_of(page, key) for key in page.evaluate(BOXES)] == [[], [], []]
    select(page, 'v2')
    assert remarks(page) == ['Only Python can evaluate this operation: it was defined by hand.']


def test_the_factors_of_an_operation_that_cannot_be_read_are_those_of_python(visit):
    root, page = visit(unread)
    factor = short_number(math.exp(2.0))
    assert page.locator('.factor').all_text_contents() == [factor, '3', factor]
    assert remark_of(page, 'v1') == []
    assert texts(page, '#node .rules mtr')[1:] == [f'=3·{factor}', f'={short_number(root._prev[0]._prev[0].grad)}']
    select(page, 'v2')
    [why] = remarks(page)
    assert why.startswith('Only Python can evaluate this operation: a formula is read once, for all numbers')


def test_a_total_with_an_unknown_gradient_is_unknown(visit):
    def part():
        model = nn.Neuron(1, activation=lambda x: Value(x.data, (x,), 'mine'), generator=1)
        return model([Value(1.0)]) * 2.0

    _, page = visit(part)
    control(page, 'last')
    page.get_by_role('button', name='neurons', exact=True).click()
    assert page.evaluate(BOXES)['g1'][-1] == '?'
    select(page, 'g1')
    assert texts(page, '#node dd')[-1] == '?'


# Gradients that are not what the graph says


def test_without_backward_the_page_says_so_and_makes_gradients_of_its_own(visit):
    _, page = visit(product)
    said = ['Python did not call backward() on y.']
    assert [remark_of(page, key) for key in ('v1', 'v2', 'v3')] == [said, said, said]
    control(page, 'last')
    assert [grad for _, grad in shown_numbers(page).values()] == ['2.0000', '3.0000', '1.0000']
    assert texts(page, '#source') == [
        'Values as they were in Python, a backward pass of this page; gradients of y',
    ]
    assert page.locator('#reset').is_hidden()
    assert remark_of(page, 'v1') == []


def test_gradients_of_an_earlier_pass_do_not_count_as_a_backward_pass(visit):
    def again():
        w = Value(2.0, label='w')
        (w * 5.0).backward()
        return w * 3.0

    root, page = visit(again)
    assert remark_of(page, key_of(root, 'w')) == ['Python did not call backward() on v₃ = ×.']
    control(page, 'last')
    assert shown_numbers(page)[key_of(root, 'w')] == ['2.0000', '3.0000']


def test_of_several_roots_those_without_a_backward_pass_are_named(visit):
    def two():
        h = Value(2.0, label='x') * 3.0
        loss = h * h
        h.label, loss.label = 'h', 'L'
        loss.backward()
        return [h, loss]

    roots, page = visit(two)
    assert remark_of(page, key_of(roots, 'h')) == ['Python did not call backward() on h.']
    assert remark_of(page, key_of(roots, 'L')) == []
    assert remark_of(page, key_of(roots, 'x')) == []


def test_small_gradients_are_compared_as_closely(visit):
    def small():
        y = Value(3.0, label='x') * 1e-12
        y.backward()
        y.backward()
        return y

    root, page = visit(small)
    assert remark_of(page, key_of(root, 'x'))[0].startswith('The terms add up to 1.0000e−12. Other backward passes')


def test_what_was_changed_after_the_graph_was_computed_is_not_passed_off_as_true(visit):
    def stale():
        y = product()
        y.backward()
        graph.topological([y])[1].data = 1.5
        return y

    _, page = visit(stale)
    changed = 'Python’s numbers were changed after the graph was computed'
    assert texts(page, '#source') == [changed]
    select(page, 'v3')
    assert remarks(page) == [f'{changed}.']
    assert remark_of(page, 'v1') == [f'The terms add up to 1.5000. {changed}.']
    page.fill('#node input[type=text]', '4')
    assert remarks(page) == []
    assert shown_numbers(page)['v3'] == ['6.0000', '1.0000']
    select(page, 'v3')
    assert remarks(page) == []
    page.click('#reset')
    assert texts(page, '#source') == [changed]


def test_a_remark_changes_with_the_slider_of_its_leaf(visit):
    def twice():
        y = Value(3.0, label='x') * 2.0
        y.backward()
        y.backward()
        return y

    _, page = visit(twice)
    assert len(remark_of(page, 'v1')) == 1
    page.focus('#node input[type=range]')
    page.keyboard.press('ArrowRight')
    assert remarks(page) == []
    assert page.evaluate('document.activeElement.type') == 'range'
    page.evaluate("document.getElementById('reset').dispatchEvent(new MouseEvent('click'))")
    assert len(remarks(page)) == 1


def test_a_shut_gate_is_no_product(visit):
    def shut():
        y = Value(-1.0, label='x').relu() / 0.0
        y.backward()
        return y

    _, page = visit(shut)
    select(page, 'v1')
    assert texts(page, '#node .rules mtr')[1:] == ['=inf·0 (shut gate)', '=0']


# Steps


def test_collapsing_keeps_the_step(visit):
    def quiet():
        return nn.MLP(2, [3, 2, 1], activation='tanh', generator=1)([Value(1.0), Value(2.0)])

    _, page = visit(quiet)
    for _ in range(20):
        page.keyboard.press('n')
    before = texts(page, '#step h2')
    assert before[0].startswith('Forward: ')
    page.keyboard.press('3')
    assert texts(page, '#where')[0].startswith('Forward')
    assert {lines[-1] for key, lines in page.evaluate(BOXES).items()} == {''}
    page.keyboard.press('1')
    control(page, 'last')
    for _ in range(10):
        page.keyboard.press('p')
    assert texts(page, '#where')[0].startswith('Backward')
    grads = shown_numbers(page)
    page.keyboard.press('2')
    assert texts(page, '#where')[0].startswith('Backward')
    after = shown_numbers(page)
    assert any(grad for key, (_, grad) in after.items() if key.startswith('v'))
    assert all(lines == grads[key] for key, lines in after.items() if key.startswith('v'))


def test_the_same_step_is_found_where_it_is_still_shown(visit):
    _, page = visit(network)
    page.keyboard.press('End')
    last = texts(page, '#step h2')
    page.keyboard.press('p')
    page.keyboard.press('p')
    current = texts(page, '#step h2')
    assert current != last
    page.keyboard.press('4')
    page.keyboard.press('1')
    assert texts(page, '#where')[0].startswith('Backward')
    page.keyboard.press('Home')
    page.keyboard.press('4')
    assert texts(page, '#where') == ['Start: the leaves are given']


def test_reset_keeps_gradients_while_stepping_backward(visit):
    _, page = visit(product)
    control(page, 'last')
    select(page, 'v1')
    page.fill('#node input[type=text]', '7')
    page.click('#reset')
    assert texts(page, '#where') == ['Backward 3 of 3']
    assert [grad for _, grad in shown_numbers(page).values()] == ['2.0000', '3.0000', '1.0000']


# How numbers are rounded


TIES = [
    2.0625, 2.1875, -2.0625, 100005.0, 100015.0, 0.03125, 0.09375,
    20.625, 1234.5, 1235.5, 12345.5, 99995.0, 0.5, 0.0,
]  # fmt: skip
ORDINARY = [
    1 / 3, -2e-7, 1e-4, 9.9999e-5, 0.001, 99999.99999,
    9999.5, 1e22, 5e-324, 1.7976931348623157e308, -0.0, 1.00005,
]  # fmt: skip


@pytest.mark.parametrize('xs', [TIES, ORDINARY], ids=['ties', 'ordinary'])
def test_numbers_are_rounded_as_in_python(xs, visit):
    def made():
        return [Value(1.0) * x for x in xs]

    _, page = visit(made)
    factors = page.locator('.factor').all_text_contents()
    assert factors[::2] == [short_number(x) for x in xs]
    shown = [data for key, (data, _) in shown_numbers(page).items()]
    assert shown == [number(box.data) for box in view(made(), 500).boxes]


def test_shades_at_halves_are_those_of_the_static_picture(visit):
    def halves():
        """Gradients of 1, 1/4 and 9/100 of the largest: 5, 2.5 and 1.5 fifths of its colour."""
        a, w, k = Value(1.0, label='a'), Value(1.0, label='w'), Value(1.0, label='k')
        y = a + 4.0 * w + k * 0.36
        y.backward()
        return y

    root, page = visit(halves)
    for box in view([root], 500).boxes:
        colour = dot.BLUES[box.shade] if box.shade >= 0 else dot.ORANGES[-box.shade]
        assert page.evaluate(FILL, box.id) == f'rgb{tuple(bytes.fromhex(colour[1:]))}'
