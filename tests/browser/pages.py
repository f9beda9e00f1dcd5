"""Graphs for the page of the explorer, and how its tests use and read it."""

import re

from micrograd import Value, graph, group, nn

BOXES = """() => Object.fromEntries([...document.querySelectorAll('.box')].map(box => [
    box.dataset.key, [...box.querySelectorAll('text:not(.tag)')].map(text => text.textContent)]))"""
CLASSES = """() => Object.fromEntries([...document.querySelectorAll('.box')].map(box => [
    box.dataset.key, box.getAttribute('class')]))"""
PLACES = """() => Object.fromEntries([...document.querySelectorAll('.box')].map(box => [
    box.dataset.key, box.getAttribute('transform')]))"""
FILL = 'key => getComputedStyle([...document.querySelectorAll(`[data-key=${key}] > .outline`)].at(-1)).fill'


def network():
    """A network of two layers, and the cost of one example."""
    model = nn.MLP(2, [3, 1], activation='tanh', generator=1)
    loss = (model([Value(1.0, label='a'), Value(-2.0, label='b')]) - 1.0) ** 2
    loss.label = 'loss'
    loss.backward()
    return loss


def grouped():
    """A function that a program groups itself, inside of another."""

    @group('inner')
    def inner(x):
        return (x * 2.0).tanh()

    @group('outer')
    def outer(x):
        return inner(x) + 1.0

    y = outer(Value(0.5, label='x'))
    y.label = 'y'
    y.backward()
    return y


def large():
    """More values than are drawn at a time."""
    loss = nn.MLP(2, [8, 8, 8, 1], activation='tanh', generator=1)([Value(1.0), Value(2.0)])
    loss.backward()
    return loss


def key_of(root, label):
    """Of the box of a value, by its label."""
    nodes = graph.topological(root if isinstance(root, list) else [root])
    return f'v{next(i for i, v in enumerate(nodes, 1) if v.label == label)}'


def select(page, key, *modifiers):
    page.click(f'[data-key={key}]', modifiers=list(modifiers), force=True)
    page.mouse.move(5, 5)


def texts(page, selector):
    """Text as it is read, with spaces of any width as spaces."""
    return [re.sub(r'\s+', ' ', text).strip() for text in page.locator(selector).all_text_contents()]


def control(page, action):
    page.click(f'[data-action={action}]')


def lit(page):
    return {key for key, classes in page.evaluate(CLASSES).items() if 'lit' in classes.split()}


def shown_numbers(page):
    return {key: [*lines[2:]] for key, lines in page.evaluate(BOXES).items()}


def facts(page):
    return dict(zip(texts(page, '#node dt'), texts(page, '#node dd'), strict=True))
