"""`micrograd demo`: a network learns to tell two moons apart, and is drawn, down to the last number."""

import os
from functools import partial
from pathlib import Path
from random import Random

from micrograd.chapter import label
from micrograd.checkpoint import save
from micrograd.checks import random_generator
from micrograd.context import no_grad
from micrograd.data import Dataset, moons
from micrograd.engine import Value
from micrograd.errors import optional_import
from micrograd.history import History
from micrograd.losses import bce_with_logits
from micrograd.metrics import binary_accuracy
from micrograd.nn import MLP
from micrograd.optim import Adam, linear
from micrograd.outputs import Write, directory, write_files
from micrograd.passes import passes
from micrograd.render import Drawing, draw
from micrograd.render.explorer import Explorer, explore
from micrograd.render.layout import layout
from micrograd.render.plots import decision_boundary, loss_curve, save_figure
from micrograd.training import fit

__all__ = ['graphs', 'run', 'train']

EXAMPLES = 100
EPOCHS = 30
BATCH_SIZE = 10
LEARNING_RATE = 0.05


def run(out: str | os.PathLike[str] = 'micrograd-demo', seed: int | Random = 0) -> list[Path]:
    """Train MLP(2, [16, 16, 1]) on two moons, and write the network and pictures of it into a directory.

    Args:
        out: the directory; it is made if it is missing. Files in it that have the names of ours are replaced, nothing
            else is touched.
        seed: of the data, of the initial weights and of the shuffling: an integer, or a generator to draw from.

    Returns:
        The files: the network, the curves of loss and accuracy, the decision boundary, the graphs of a neuron and of
        the loss of one example, and a page to explore that loss in, down to the last number.

    Raises:
        MissingDependencyError: matplotlib or Graphviz is not installed. That is found out before the training.
        OSError: the directory cannot be made, or written to.
        KeyboardInterrupt: the training was interrupted. Nothing is written then.
    """
    optional_import('matplotlib', 'plot')
    layout('digraph {}', 'svg')  # it says what is missing, if anything is
    folder = directory(out)
    model, data, history = train(seed)
    if history.stopped == 'interrupted':
        raise KeyboardInterrupt
    correct = correct_answers(model, data)
    print(f'training accuracy: {correct} of {EXAMPLES} examples, {correct / EXAMPLES:.1%}\n')
    neuron, loss, page = graphs(model, data)
    files: dict[str, tuple[str, Write]] = {
        'model.json': ('the trained network', partial(save, model)),
        'loss_curve.png': ('loss and accuracy, epoch by epoch', lambda path: save_figure(loss_curve(history), path)),
        'boundary.png': (
            'what it answers, all over the plane',
            lambda path: save_figure(decision_boundary(model, data), path),
        ),
        'neuron.svg': (f'a neuron, {_extent(neuron)}', neuron.save),
        'neuron.png': ('the same', neuron.save),
        'loss.svg': ('the loss of one example, neuron by neuron', loss.save),
        'loss.png': ('the same', loss.save),
        'loss.html': (f'its {_extent(loss)}, to explore: open it in a browser', page.save),
    }
    return write_files(folder, files)


def train(
    seed: int | Random = 0, *, progress: bool = True, compiled: str | bool = 'auto'
) -> tuple[MLP, Dataset[int], History]:
    """Train the network of the demo.

    Args:
        seed: see `run`.
        progress: whether to show a progress bar.
        compiled: whether to train natively, see `fit`.

    Returns:
        The network, whose output is the logit of class 1; the data; and what happened.
    """
    generator = random_generator(seed)
    data = moons(EXAMPLES, noise=0.1, seed=generator)
    model = MLP(2, [16, 16, 1], generator=generator)
    steps = EPOCHS * (EXAMPLES // BATCH_SIZE)
    history = fit(
        model,
        data,
        loss=bce_with_logits,
        optimizer=Adam(model.parameters(), lr=linear(LEARNING_RATE, steps)),
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        seed=generator,
        metrics=['accuracy'],
        progress=progress,
        compiled=compiled,
    )
    return model, data, history


def correct_answers(model: MLP, data: Dataset[int]) -> int:
    """How many of the examples the network, as it is now, puts into their class."""
    correct = binary_accuracy(0.0)
    with no_grad():
        return [correct(model(x), y) for x, y in zip(*data, strict=True)].count(1.0)


def graphs(model: MLP, data: Dataset[int]) -> tuple[Drawing, Drawing, Explorer]:
    """Draw how the network judges the example that it finds hardest.

    The names are those of Nielsen's chapter 2, see `chapter.label`.

    Args:
        model: the network; the gradients of its parameters become those of this example's loss.
        data: the examples to choose from.

    Returns:
        The graph of the neuron in the first layer that counts most for the loss, by |a dC/da|; that of the loss, with
        the neurons collapsed; and all of it as a page.
    """
    x, y = _hardest(model, data)
    logit = model([Value(number, label=name) for number, name in zip(x, ('x₁', 'x₂'), strict=True)])
    loss = bce_with_logits(logit, y)
    loss.label = 'loss'
    model.zero_grad()
    label(loss, model).backward()
    first, *_ = passes(model, loss)
    neuron = max((one.a for (one,) in first), key=lambda a: abs(a.data * a.grad))
    return (
        draw(neuron, title='a neuron of the trained network'),
        draw(loss, title='the loss of one example, neuron by neuron', collapse='neuron'),
        explore(loss, title='the loss of one example, with all of the network'),
    )


def _hardest(model: MLP, data: Dataset[int]) -> tuple[list[float], int]:
    """The example with the largest loss: where everything is right by far, there are hardly any gradients to see."""
    with no_grad():
        losses = [bce_with_logits(model(x), y).data for x, y in zip(*data, strict=True)]
    i = losses.index(max(losses))
    return data.inputs[i], data.targets[i]


def _extent(drawing: Drawing) -> str:
    return f'{drawing.view.values} values'
