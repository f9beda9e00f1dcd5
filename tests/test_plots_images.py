"""Images and the confusion matrix: the numbers that they show, where they stand, and what they refuse."""

import io
import math
from collections import deque
from itertools import combinations

import matplotlib.pyplot
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.text import Text

from micrograd import Value
from micrograd.errors import DataError, ShapeError
from micrograd.render.plots import confusion_matrix, images, save_figure
from tests.support import require


def drawn(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=20)
    return buffer.getvalue()


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def colours(figure):
    """What is really drawn, as colours: for each image its lines of pixels."""
    return [
        [[to_hex(pixel) for pixel in line] for line in image.cmap(image.norm(image.get_array()))]
        for image in figure.axes[0].images
    ]


# Images ------------------------------------------------------------------------------------------------------------


def test_a_row_is_read_line_by_line_from_the_top():
    figure = images([[0.0, 1.0, 0.0, 0.0, 0.0, 1.0]], (3, 2))
    (image,) = figure.axes[0].images
    assert image.get_array().tolist() == [[0.0, 1.0], [0.0, 0.0], [0.0, 1.0]]
    assert image.origin == 'upper'
    assert image.get_interpolation() == 'nearest'
    left, right, bottom, top = image.get_extent()
    assert (top - bottom) / (right - left) == pytest.approx(1.5)
    assert colours(figure) == [[['#ffffff', '#000000'], ['#ffffff', '#ffffff'], ['#ffffff', '#000000']]]
    assert drawn(figure)


def test_rows_may_be_values_and_arrays():
    ours = images([[Value(0.25), 1]], (1, 2))
    for row in (np.array([0.25, 1.0]), deque([0.25, 1.0]), [np.array(0.25), np.array([1.0])]):
        assert colours(ours) == colours(images([row], (1, 2)))


def test_signed_numbers_have_one_scale_about_0():
    figure = images([[-2.0, 0.0], [1.0, 2.0]], (1, 2), signed=True)
    *pictures, scale = figure.axes[0].images
    assert [image.get_clim() for image in pictures] == [(-1.0, 1.0)] * 2
    assert [image.get_array().tolist() for image in pictures] == [[[-1.0, 0.0]], [[0.5, 1.0]]]
    (negative, zero), (_, positive) = (row[0] for row in colours(figure)[:2])
    assert (negative, zero, positive) == ('#d55e00', '#f6f7f7', '#0072b2')
    assert scale.get_array()[0].tolist() == pytest.approx([-1 + i / 100 for i in range(201)])
    assert texts(figure) == ['−2', '2', '0']


def test_a_few_large_numbers_do_not_bleach_the_rest():
    figure = images([[1.0] * 199 + [50.0]], (10, 20), signed=True)
    assert {*map(tuple, colours(figure)[0])} == {('#0072b2',) * 20}
    assert texts(figure) == ['≤ −1', '≥ 1', '0']


@pytest.mark.parametrize(('size', 'end'), [(2, '9'), (99, '9'), (100, '≥ 8'), (199, '≥ 8'), (200, '≥ 1')])
def test_at_most_one_number_in_a_hundred_lies_beyond_the_scale(size, end):
    figure = images([[1.0] * (size - 2) + [8.0, -9.0]], (1, size), signed=True)
    assert texts(figure)[1] == end


def test_of_few_numbers_the_largest_looks_the_strongest():
    (weak, strong), *_ = (image[0] for image in colours(images([[0.1, -1.0]], (1, 2), signed=True)))
    assert strong == '#d55e00'
    assert weak not in (strong, '#0072b2')


@pytest.mark.parametrize('numbers', [(1e308, -1e308), (1.7e308, 1e-308), (5e-324, -5e-324)])
def test_numbers_at_the_ends_of_the_floats(numbers):
    figure = images([[*numbers, 0.0]], (1, 3), signed=True)
    assert drawn(figure)
    assert colours(figure)[0][0][0] == '#0072b2'
    assert drawn(images([[1e308] * 99 + [1e-300] * 9900 + [5e-324]], (100, 100), signed=True))


def test_weights_that_are_all_0_are_white():
    assert {pixel for line in colours(images([[0.0] * 4], (2, 2), signed=True))[0] for pixel in line} == {'#f6f7f7'}


def test_where_hardly_anything_is_not_0_it_is_still_seen():
    figure = images([[0.0] * 199 + [-3.0]], (10, 20), signed=True)
    assert texts(figure) == ['−3', '3', '0']
    assert colours(figure)[0][-1][-1] == '#d55e00'


def overlap(a, b):
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


@settings(max_examples=25, deadline=None)
@given(
    number=st.integers(1, 25), columns=st.integers(1, 30) | st.none(), height=st.integers(1, 9),
    width=st.integers(1, 9), signed=st.booleans(), titled=st.booleans(),
)  # fmt: skip
def test_images_stand_in_order_within_the_figure(number, columns, height, width, signed, titled):
    figure = images(
        [[0.5] * (height * width)] * number, (height, width), columns=columns, signed=signed,
        titles=map(str, range(number)) if titled else (), title='A title' if titled else '',
    )  # fmt: skip
    places = [image.get_extent() for image in figure.axes[0].images]
    across, up = figure.get_size_inches()
    assert len(places) == number + signed
    assert all(0 < left < right < across and 0 < bottom < top < up for left, right, bottom, top in places)
    assert not any(overlap(a, b) for i, a in enumerate(places) for b in places[:i])
    reading = sorted(places[:number], key=lambda place: (-round(place[3], 6), place[0]))
    assert reading == places[:number]
    side_by_side = sum(math.isclose(place[3], places[0][3]) for place in places[:number])
    assert side_by_side == min(columns or 10, number)


def test_titles_stand_above_their_images_and_are_text():
    figure = images([[0.0]] * 2, (1, 1), titles=['4, not $9', '1'], title='Mistakes')
    above, _, title = figure.axes[0].texts
    left, right, _, top = figure.axes[0].images[0].get_extent()
    assert above.get_position()[0] == pytest.approx((left + right) / 2)
    assert above.get_position()[1] > top
    assert title.get_text() == 'Mistakes'
    assert drawn(figure)


def test_the_same_images_give_the_same_bytes(tmp_path):
    paths = [save_figure(images([[0.5, 1.0]], (1, 2), title='a'), tmp_path / f'{name}.svg') for name in 'ab']
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_nothing_is_left_with_pyplot():
    images([[0.5]], (1, 1))
    confusion_matrix([1], [1])
    assert matplotlib.pyplot.get_fignums() == []


@pytest.mark.parametrize(
    ('rows', 'options', 'error', 'message'),
    [
        ([], {}, DataError, 'there is no image'),
        ([[0.0] * 4, [0.0] * 3], {}, ShapeError, r'2 x 2 pixels has 4 numbers, and rows\[1\] has 3'),
        ([[0.0] * 4], {'titles': ['a', 'b']}, ShapeError, '2 titles for 1 images'),
        ([[0.0, 0.5, 1.0, 1.5]], {}, DataError, r'between 0 and 1, and rows\[0\] has 1.5.*signed=True'),
        ([[0.0, 0.5, 1.0, -0.1]], {}, DataError, r'rows\[0\] has -0.1'),
        ([[0.0, 0.5, 1.0, math.nan]], {'signed': True}, DataError, r'a number of rows\[0\] should be a finite'),
        ([[0.0] * 4], {'columns': 0}, DataError, 'columns should be at least 1'),
        ([[[0.0, 1.0], [0.5, 0.5]]], {}, ShapeError, r'rows\[0\] should be one row.*it holds a line.*Right: '),
        (np.zeros((3, 2, 2)), {}, ShapeError, r'rows\[0\] should be one row.*Right: images\(\[\[number for line'),
        ([0.0] * 4, {}, TypeError, r'rows\[0\] should be a row of numbers.* not 0.0.*Right: images\(\[row\], shape'),
        (np.zeros(4), {}, TypeError, r'rows\[0\] should be a row of numbers'),
        (np.array(0.0).reshape(1, 1), {}, ShapeError, r'has 4 numbers, and rows\[0\] has 1'),
        (['abcd'], {}, TypeError, r"rows\[0\] should be a row of numbers.* not 'abcd'"),
        ([[0.0, 0.5, 1.0, '0']], {}, TypeError, r"rows\[0\] should hold numbers or Values, not '0'"),
        ([[0.0, None, 1.0, 1.0]], {}, TypeError, r'rows\[0\] should hold numbers or Values, not None'),
        ([[0, 0, 1, 10**400]], {'signed': True}, DataError, r'rows\[0\] is an integer beyond the floats'),
    ],
)
def test_images_that_are_refused(rows, options, error, message):
    with pytest.raises(error, match=message):
        images(rows, (2, 2), **options)


@pytest.mark.parametrize(
    ('shape', 'error', 'message'),
    [
        (8, TypeError, r'shape is \(height, width\), not 8. Wrong: .* Right: '),
        (None, TypeError, r'shape is \(height, width\), not None'),
        ((8, 8, 1), ShapeError, r'two sizes, \(height, width\), not 3: \(8, 8, 1\)'),
        ((64,), ShapeError, 'not 1'),
        ((8.0, 8.0), TypeError, 'shape should be an integer, not 8.0'),
        ('88', TypeError, "shape should be an integer, not '8'"),
    ],
)
def test_a_shape_that_is_none(shape, error, message):
    with pytest.raises(error, match=message):
        images([[0.0] * 64], shape)


def test_a_shape_without_pixels():
    with pytest.raises(DataError, match='shape should be at least 1, not 0'):
        images([[]], (0, 2))


# The confusion matrix ------------------------------------------------------------------------------------------------


def cells(figure):
    """The number in each cell that has one: (row, column) -> number."""
    inside = [text for text in figure.axes[0].texts if text.get_clip_on() or text.get_position()[0] % 1 == 0.5]
    return {tuple(int(x) for x in reversed(text.get_position())): int(text.get_text()) for text in inside}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40))
def test_the_counts_are_those_of_scikit_learn(answers):
    targets, predicted = zip(*answers, strict=True)
    theirs = require('sklearn.metrics').confusion_matrix(targets, predicted, labels=range(5))
    figure = confusion_matrix(targets, predicted, labels=range(5))
    expected = {(i, j): int(theirs[i, j]) for i in range(5) for j in range(5) if theirs[i, j]}
    assert cells(figure) == expected
    right = int(theirs.trace())
    assert figure.axes[0].get_title(loc='left') == f'Confusion matrix: {right} of {len(answers)} correct'


def test_rows_are_classes_and_columns_are_answers():
    figure = confusion_matrix(['cat', 'cat', 'cat', 'dog'], ['cat', 'dog', 'cat', 'dog'])
    axes = figure.axes[0]
    assert cells(figure) == {(0, 0): 2, (0, 1): 1, (1, 1): 1}
    assert (axes.get_ylabel(), axes.get_xlabel()) == ('class', 'answer')
    assert [label.get_text() for label in axes.get_yticklabels()] == ['cat', 'dog']
    assert axes.yaxis_inverted()
    assert [text for text in texts(figure) if text.endswith('%')] == ['67%', '100%']
    assert drawn(figure)


def test_right_is_blue_wrong_is_orange_and_never_is_neither():
    figure = confusion_matrix([0, 0, 1], [0, 1, 1], labels=[0, 1, 2])
    faces = [to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches]
    right, wrong, never = faces[0], faces[1], faces[2]
    red, _, blue = (int(right[i : i + 2], 16) for i in (1, 3, 5))
    assert blue > red
    red, _, blue = (int(wrong[i : i + 2], 16) for i in (1, 3, 5))
    assert red > blue
    assert never == faces[3] == '#f6f7f9'
    assert '–' in texts(figure)


@pytest.mark.parametrize(
    ('targets', 'predicted', 'labels', 'error', 'message'),
    [
        ([0, 1], [0], None, ShapeError, '1 answers for 2 targets'),
        ([], [], None, DataError, 'there is no example'),
        ([0, 1], [0, 2], [0, 1], DataError, 'the class 2 is not among the labels'),
        ([0, 1], [0, 1], [0, 0, 1], DataError, r'^0 is more than once among the labels.*\[0, 0, 1\]'),
        ([0, 'cat'], [0, 0], None, DataError, 'cannot be sorted: they are of the types int, str.*labels='),
        ([0, 1], [0, None], None, DataError, 'cannot be sorted: they are of the types NoneType, int'),
        ([[0, 1]], [1], None, DataError, r'targets\[0\] should be a class.* of type list.*one-hot.*class_of'),
        (np.eye(2), [0, 1], None, DataError, r'targets\[0\] should be a class.*of type ndarray'),
        ([0, 1], [[0.5, 0.5], 1], None, DataError, r'predicted\[0\] should be a class'),
        ([0], [0], [[0]], DataError, r'labels\[0\] should be a class'),
        (None, [0], None, TypeError, 'targets should be a list of classes, not None'),
        ([0], 0, None, TypeError, 'predicted should be a list of classes, not 0'),
        ([0], [0], 'cat', TypeError, "labels should be a list of classes, not 'cat'"),
    ],
)
def test_answers_that_are_refused(targets, predicted, labels, error, message):
    with pytest.raises(error, match=message):
        confusion_matrix(targets, predicted, labels=labels)


def test_mixed_classes_have_the_order_of_their_labels():
    figure = confusion_matrix([0, 'none', 0], [0, 0, None], labels=[0, 'none', None])
    assert cells(figure) == {(0, 0): 1, (0, 2): 1, (1, 0): 1}


@pytest.mark.parametrize(
    ('right', 'total', 'text'),
    [
        (999, 1000, '>99%'), (995, 1000, '>99%'), (99, 100, '99%'), (1000, 1000, '100%'),
        (1, 1000, '<1%'), (5, 1000, '<1%'), (6, 1000, '1%'), (0, 1000, '0%'), (499, 1000, '50%'),
    ],
)  # fmt: skip
def test_what_is_not_all_is_not_called_all_nor_what_is_some_none(right, total, text):
    figure = confusion_matrix([0] * total, [0] * right + [1] * (total - right), labels=[0, 1])
    assert [share for share in texts(figure) if '%' in share] == [text]


LONG = ['Iris setosa', 'Iris versicolor', 'Iris virginica', 'W' * 200, '$x_{', 'short']


@pytest.mark.parametrize(
    ('targets', 'labels'),
    [
        ([0, 1], [0, 1]),
        (LONG, LONG),
        (LONG[:3], LONG[:3]),
        (LONG[3:4], LONG[3:4]),
        ([0] * 1_000_000 + [1], [0, 1]),
        ([0] * 1_000_000 + [1], range(10)),
        ([f'class number {k}' for k in range(30)], None),
    ],
    ids=['short', 'long', 'three long', 'one long', 'a million', 'a million of ten', 'thirty'],
)
def test_no_text_is_cut_off_or_runs_into_another(targets, labels):
    figure = confusion_matrix(targets, targets, labels=labels)
    figure.draw_without_rendering()
    axes, page = figure.axes[0], figure.bbox
    title = next(text for text in axes.findobj(Text) if text.get_text().startswith('Confusion matrix'))
    names = [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label, axes.yaxis.label]
    places = [text.get_window_extent() for text in (title, *axes.texts, *names)]
    assert all(page.x0 <= p.x0 < p.x1 <= page.x1 and page.y0 <= p.y0 < p.y1 <= page.y1 for p in places)
    assert not any(overlap(p.extents[[0, 2, 1, 3]], q.extents[[0, 2, 1, 3]]) for p, q in combinations(places, 2))


@pytest.mark.parametrize('title', ['What the neurons of layer 1 look for: ink (blue), paper (orange)', 'W' * 200])
def test_the_title_stays_on_the_page(title):
    figure = images([[0.0, 1.0]], (1, 2), title=title, signed=True)
    figure.canvas.draw()
    (text,) = (text for text in figure.axes[0].texts if text.get_weight() == 'bold')
    right = text.get_window_extent().x1
    assert right < figure.bbox.x1 or title.startswith('WW')
    assert len(text.get_text()) <= 70
