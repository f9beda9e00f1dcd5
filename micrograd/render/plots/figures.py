"""What all plots share: their look, their colours, and how a figure becomes a file."""

import io
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micrograd.errors import RenderError, optional_import
from micrograd.files import replace_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which everybody can tell apart; with the markers they also do in black and white.
COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9')
MARKERS = ('o', 's', '^', 'D', 'v', 'P')
BETWEEN = ('#0072B2', '#8fc1e0', '#f7f7f7', '#f3b78c', '#D55E00')  # a first class, neither, a second class
INK = '#1b1f24'
GREY = '#6e7681'
BLUE, ORANGE = '#62a3e0', '#f2994a'  # lighter: behind text
POSITIVE, NEGATIVE = COLOURS[0], COLOURS[1]  # as in the pictures of graphs

STYLE: dict[str, Any] = {
    'figure.dpi': 100,
    'savefig.dpi': 150,
    'font.size': 10,
    'axes.titlesize': 11,
    'axes.titleweight': 'bold',
    'axes.titlelocation': 'left',
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.edgecolor': '#8a9099',
    'axes.labelcolor': INK,
    'text.color': INK,
    'xtick.color': '#4b525b',
    'ytick.color': '#4b525b',
    'legend.frameon': False,
    'svg.hashsalt': 'micrograd',  # else the ids in an SVG are random
}
TIMELESS: dict[str, dict[str, None]] = {  # what would tell when, and by which version, a file was written
    'png': {'Software': None},
    'svg': {'Date': None, 'Creator': None},
    'pdf': {'CreationDate': None, 'Creator': None, 'Producer': None},
}


def written(number: float) -> str:
    """A number as a label shows it: up to three digits."""
    return f'{number:.3g}'.replace('-', '−')


def colour(k: int) -> str:
    """The colour of class k."""
    return COLOURS[k % len(COLOURS)]


def save_figure(figure: 'Figure', path: str | os.PathLike[str]) -> Path:
    """Write a figure to a file, which is replaced in one step if it exists. The same figure gives the same bytes.

    Args:
        figure: the figure.
        path: ends with .png, .svg or .pdf.

    Returns:
        The path.

    Raises:
        RenderError: the path ends otherwise, is a directory or in none.
    """
    path = Path(path)
    form = path.suffix.lower().removeprefix('.')
    if form not in TIMELESS:
        raise RenderError(
            f"a figure is saved as .png, .svg or .pdf, not as {path.name!r}: save_figure(figure, 'a.png')"
        )
    if path.is_dir() or not path.parent.is_dir():
        raise RenderError(
            f'{path} cannot be written: it is a directory, or the directory that it should be in is missing'
        )
    replace_file(path, rendered(figure, form))
    return path


def rendered(figure: 'Figure', form: str) -> bytes:
    """The figure as the content of a file, without its date."""
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format=form, metadata=TIMELESS[form])
    return buffer.getvalue()


def new_figure(width: float, height: float) -> Any:
    """An empty figure, in inches, that a notebook shows although pyplot does not know it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout='constrained')
    figure._repr_png_ = partial(rendered, figure, 'png')  # type: ignore[attr-defined]
    return figure


def bare_figure(width: float, height: float) -> tuple[Any, Any]:
    """An empty figure without axes to be seen, and what to draw on: its coordinates are inches from the lower left."""
    figure = new_figure(width, height)
    figure.set_layout_engine('none')
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0.0, width), ylim=(0.0, height))
    axes.set_axis_off()
    return figure, axes


def tint(share: float) -> tuple[float, float, float]:
    """A background for text: white for 0, bluer up to 1, more orange down to -1; small numbers still differ from 0."""
    from matplotlib.colors import to_rgb

    strength = math.sqrt(min(abs(share), 1.0))
    red, green, blue = (1 + (part - 1) * strength for part in to_rgb(BLUE if share > 0 else ORANGE))
    return red, green, blue


@contextmanager
def styled() -> Iterator[None]:
    """The look of these figures, whatever the program and its matplotlibrc have set.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    with optional_import('matplotlib.style', 'plot').context(['default', STYLE]):
        yield
