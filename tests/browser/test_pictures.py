"""Saved pictures in a real browser."""

import pytest

from micrograd.render import draw
from tests import graphs

CONTRASTS = """() => {
    const luminance = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map(x => x / 255).map(
            c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const fill = element => luminance(getComputedStyle(element).fill);
    return [...document.querySelectorAll('.node text')].map(text => {
        const [dark, light] = [fill(text), fill(text.parentNode.querySelector('path, polygon'))].sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
    });
}"""
OVERFLOWS = """() => [...document.querySelectorAll('.node')].flatMap(node => {
    const outline = node.querySelector('path, polygon').getBBox();
    return [...node.querySelectorAll('text')].filter(text => {
        const box = text.getBBox();
        return box.x < outline.x || box.x + box.width > outline.x + outline.width
            || box.y < outline.y || box.y + box.height > outline.y + outline.height;
    }).map(text => text.textContent);
})"""


@pytest.fixture
def show(page, tmp_path):
    """Save a picture and open it."""

    def open_picture(roots, **options):
        drawing = draw(roots, **options)
        page.goto(drawing.save(tmp_path / 'picture.svg').as_uri())
        return drawing, page

    return open_picture


@pytest.mark.parametrize('make', graphs.ALL, ids=lambda make: make.__name__)
def test_every_label_is_there_as_text(make, show):
    drawing, page = show(make(), title='<script>fired.push(0)</script>')
    shown = [
        [text.replace('\xa0', ' ') for text in node.locator('text').all_text_contents()]
        for node in page.locator('.node').all()
    ]
    for box, lines in zip(drawing.view.boxes, shown, strict=True):
        assert lines[0].startswith(box.heading)
    assert page.locator('.edge').count() == len(drawing.view.edges)
    assert page.locator('.graph > text').text_content() == '<script>fired.push(0)</script>'
    assert page.locator('script, a, image, foreignObject').count() == 0


def test_hostile_labels_within_a_page(show, tmp_path):
    drawing, page = show(graphs.hostile())
    (tmp_path / 'page.html').write_text(f'<!doctype html><meta charset=utf-8><title>page</title>{drawing.svg}', 'utf-8')
    page.goto((tmp_path / 'page.html').as_uri())
    assert page.locator('svg').count() == 1
    assert page.locator('.node').count() == len(drawing.view.boxes)
    assert page.locator('script, a, img, b, i').count() == 0
    assert page.title() == 'page'


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('make', [graphs.neuron, graphs.choices, graphs.wrong], ids=lambda make: make.__name__)
def test_text_is_readable_on_a_light_and_on_a_dark_page(make, scheme, show):
    drawing, page = show(make())
    page.emulate_media(color_scheme=scheme)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) >= 2 * len(drawing.view.boxes)
    assert min(contrasts) >= 4.5


def test_a_dark_page_has_dark_boxes(show):
    _, page = show(graphs.neuron())
    fill = "getComputedStyle(document.querySelector('.plus0 > path')).fill"
    page.emulate_media(color_scheme='light')
    assert page.evaluate(fill) == 'rgb(255, 255, 255)'
    page.emulate_media(color_scheme='dark')
    assert page.evaluate(fill) == 'rgb(38, 44, 52)'


@pytest.mark.parametrize('make', [graphs.neuron, graphs.unlabelled, graphs.wrong], ids=lambda make: make.__name__)
def test_text_stays_inside_its_box(make, show):
    _, page = show(make())
    assert page.evaluate(OVERFLOWS) == []


def test_the_keyboard_reaches_every_value_and_each_has_a_name(show):
    drawing, page = show(graphs.neuron())
    for box in drawing.view.boxes:
        page.keyboard.press('Tab')
        title = page.evaluate("document.activeElement.querySelector('title').textContent")
        assert title.startswith(box.heading)
    assert page.get_by_role('img', name='Computation graph of o', exact=True).count() == 1
    assert page.get_by_role('img', name='b (parameter), data 6.8814, grad 0.5000').count() == 1
