"""Moving pictures: frames of a figure, and the GIF that they become."""

import base64
import io
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex

from micrograd import checks
from micrograd.errors import RenderError, optional_import
from micrograd.files import replace_file
from micrograd.render.plots.figures import COLOURS, GREY, INK, new_figure, styled, written
from micrograd.render.plots.regions import Answers, Plane, draw_regions
from micrograd.snapshots import Snapshots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ['Animation', 'training_animation']

WHITE = (255, 255, 255)
NEARLY_WHITE = 250
PALETTE = 64  # colours of a GIF, for all its frames
SAMPLES = 6  # frames from which they are chosen
DOTS = 80  # an inch
MOMENT, PAUSE = 160, 2200  # milliseconds that a frame of a training is shown, and the last one


class Animation:
    """A moving picture, which a notebook shows. The same one gives the same bytes.

    Attributes:
        figure: the last frame, as a matplotlib Figure.
        frames: the frames, as Pillow's images.
        durations: how long each is shown, in milliseconds.
    """

    def __init__(self, figure: 'Figure', frames: Sequence[Any], durations: Sequence[int]):
        self.figure = figure
        self.frames = tuple(frames)
        self.durations = tuple(durations)

    @cached_property
    def gif(self) -> bytes:
        """The content of a GIF file, which begins again at its end."""
        palette = _palette(self.frames)
        first, *others = [frame.quantize(palette=palette, dither=0) for frame in self.frames]
        buffer = io.BytesIO()
        first.save(
            buffer, 'GIF', save_all=True, append_images=others, duration=list(self.durations), loop=0, optimize=False
        )
        return buffer.getvalue()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file, which is replaced in one step if it exists.

        Args:
            path: ends with .gif.

        Returns:
            The path.

        Raises:
            RenderError: the path ends otherwise, is a directory or in none.
        """
        path = Path(path)
        if path.suffix.lower() != '.gif':
            raise RenderError(
                f"an animation is saved as .gif, not as {path.name!r}. Right: save('a.gif'); its last frame is a "
                "figure: save_figure(animation.figure, 'a.png')"
            )
        if path.is_dir() or not path.parent.is_dir():
            raise RenderError(
                f'{path} cannot be written: it is a directory, or the directory that it should be in is missing'
            )
        replace_file(path, self.gif)
        return path

    def __repr__(self) -> str:
        return f'Animation({len(self.frames)} frames, {sum(self.durations) / 1000:.1f} s)'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {'image/gif': base64.b64encode(self.gif).decode(), 'text/plain': repr(self)}


def _palette(frames: Sequence[Any]) -> Any:
    """The colours that serve all the frames, chosen from some of them, so that nothing flickers."""
    image = optional_import('PIL.Image', 'plot')
    chosen = [frames[round(i * (len(frames) - 1) / (SAMPLES - 1))] for i in range(SAMPLES)]
    width, height = frames[0].size
    sheet = image.new('RGB', (width, height * SAMPLES))
    for i, frame in enumerate(chosen):
        sheet.paste(frame, (0, i * height))
    palette = sheet.quantize(PALETTE)
    colours = palette.getpalette()
    for i in range(0, len(colours), 3):
        if min(colours[i : i + 3]) >= NEARLY_WHITE:  # the background, averaged with the edges of letters
            colours[i : i + 3] = WHITE
    palette.putpalette(colours)
    return palette


def photograph(figure: 'Figure') -> Any:
    """The figure as it is now, as one of Pillow's images."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(DOTS)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    image: Any = optional_import('PIL.Image', 'plot')
    return image.frombytes('RGBA', canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert('RGB')


# Training --------------------------------------------------------------------------------------------------------


def training_animation(
    snapshots: Snapshots, data: Any, *, threshold: float = 0.0, resolution: SupportsIndex = 30
) -> Animation:
    """Show how the decision boundary moved during a training, beside the loss.

    The colours mean the same in all the frames: they are chosen for the last one.

    Args:
        snapshots: what was given to `fit` as a callback; its model takes two inputs.
        data: the examples, as for `decision_boundary`.
        threshold: the output on the boundary: 0 for scores and logits, 0.5 for probabilities.
        resolution: points of the grid along its longer side. The model is evaluated at each of them, for each snapshot:
            with 30, about a quarter of a second a frame for an MLP(2, [16, 16, 1]).

    Returns:
        The animation. The model is as it was before the call.

    Raises:
        ShapeError: an example has not two inputs, or the output does not fit the targets.
        DataError: there are no examples, or resolution is below 1.
        TypeError: there are no Snapshots.
        MissingDependencyError: matplotlib is not installed.

    >>> from micrograd import fit, nn, optim
    >>> model = nn.MLP(2, [1], generator=0)
    >>> data = [([0.0, 1.0], -1), ([1.0, 0.0], 1)]
    >>> snapshots = Snapshots(model)
    >>> sgd = optim.SGD(model.parameters(), lr=0.1)
    >>> history = fit(model, data, loss='hinge', optimizer=sgd, epochs=3, callbacks=[snapshots], progress=False)
    >>> training_animation(snapshots, data, resolution=4)
    Animation(4 frames, 2.7 s)
    """
    if not isinstance(snapshots, Snapshots):
        raise TypeError(
            f'a training is shown from its Snapshots, not from {type(snapshots).__name__}. Right: '
            'snapshots = Snapshots(model); fit(model, …, callbacks=[snapshots]); training_animation(snapshots, data)'
        )
    plane = Plane(data, checks.count(resolution, 'resolution'))
    answers = list(_answers(snapshots, plane))
    reach = answers[-1].reach(threshold)
    with styled():
        figure: Figure = new_figure(8.6, 1.5 + 4.4 * plane.ratio)
        left, right = figure.subplots(1, 2, width_ratios=(8, 5))
        _arrange(figure, left, right, plane, answers[-1], threshold, reach, snapshots)
        frames = []
        for epoch, answer in zip(snapshots.epochs, answers, strict=True):
            left.clear()
            correct = draw_regions(left, plane, answer, threshold, reach)
            left.set_title(f'Epoch {epoch}: {correct} of {len(plane.points)} correct')
            _draw_losses(right, snapshots.losses, epoch)
            frames.append(photograph(figure))
    return Animation(figure, frames, [MOMENT] * (len(frames) - 1) + [PAUSE])


def _answers(snapshots: Snapshots, plane: Plane) -> Iterator[Answers]:
    """What the model answered at each snapshot; afterwards it is as it is now."""
    model: Any = snapshots.model
    now = model.state_dict()
    try:
        for state in snapshots.states:
            model.load_state_dict(state)
            yield Answers(model, plane)
    finally:
        model.load_state_dict(now)


def _arrange(
    figure: 'Figure', left: Any, right: Any, plane: Plane, last: Answers, threshold: float, reach: float,
    snapshots: Snapshots,
) -> None:  # fmt: skip
    """Find places for everything once, so that nothing moves from frame to frame."""
    draw_regions(left, plane, last, threshold, reach)
    left.set_title('Epoch')
    figure.legend(*_classes_of(left), loc='outside lower center', ncols=4)
    _draw_losses(right, snapshots.losses, snapshots.epochs[-1])
    figure.draw_without_rendering()
    figure.set_layout_engine('none')


def _classes_of(axes: Any) -> tuple[list[Any], list[str]]:
    """The handles and labels of the classes, and of what is wrong, in whatever frame."""
    from matplotlib.lines import Line2D

    handles, labels = axes.get_legend_handles_labels()
    kept = [i for i, label in enumerate(labels) if label != 'wrong']
    ring = Line2D([], [], linestyle='', marker='o', markersize=10, markerfacecolor='none', color=INK)
    return [*(handles[i] for i in kept), ring], [*(labels[i] for i in kept), 'wrong']


def _draw_losses(axes: Any, losses: Sequence[float], epoch: int) -> None:
    """The loss so far, with what is to come as a faint line."""
    axes.clear()
    axes.plot(range(1, len(losses) + 1), losses, color=GREY, alpha=0.35, linewidth=1.2)
    axes.plot(range(1, epoch + 1), losses[:epoch], color=COLOURS[0], linewidth=1.8)
    if epoch:
        axes.plot([epoch], [losses[epoch - 1]], 'o', color=COLOURS[0], markersize=5)
    axes.set_title(f'Loss: {written(losses[epoch - 1])}' if epoch else 'Loss')
    axes.set(xlabel='epoch', ylim=(0, None) if min(losses, default=0.0) >= 0.0 else None)
    axes.set_xlim(0, max(len(losses), 1))
    axes.grid(color='#e3e6ea', linewidth=0.8)
    axes.xaxis.get_major_locator().set_params(integer=True)
