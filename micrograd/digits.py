"""`micrograd digits`: a network learns to read handwritten digits, as in chapter 1 of Nielsen's book."""

import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex

from micrograd import losses
from micrograd.checkpoint import save
from micrograd.checks import count, not_found, positive, random_generator
from micrograd.data import Dataset, Digits, digits, one_hot
from micrograd.data.files import FilePath
from micrograd.data.handwriting import CLASSES
from micrograd.engine import Value
from micrograd.errors import DataError, optional_import
from micrograd.history import History
from micrograd.initialisation import Initialisation
from micrograd.metrics import Loss, Mistake, worst_mistakes
from micrograd.nn import MLP
from micrograd.optim import SGD
from micrograd.outputs import Write, directory, write_files
from micrograd.render.plots import confusion_matrix, images, loss_curve, save_figure
from micrograd.training import fit

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

__all__ = ['COSTS', 'Cost', 'Trained', 'binary_cross_entropy', 'run', 'train']

MISTAKES = 30  # that are shown
NEURONS = 100  # whose weights are shown
MOST_PARAMETERS = 2_000_000  # of a network …
MEMORY = 3  # … each of which takes so many kB while it is compiled and trained (measured)


def binary_cross_entropy(z: Sequence[Any], y: Sequence[Any]) -> Value:
    """The cross-entropy cost of sigmoid neurons: -(y ln a + (1 - y) ln(1 - a)), added up over the output neurons.

    It is computed from their weighted inputs z, so that it is right where a = sigmoid(z) is 0 or 1 to the last digit.

    Args:
        z: the weighted inputs of the output neurons.
        y: the desired activation of each.

    Returns:
        The cost in nats, a Value.

    >>> z = [Value(0.0), Value(-800.0)]
    >>> cost = binary_cross_entropy(z, [0.0, 1.0])
    >>> cost.backward()
    >>> f'{cost:.4f}', [v.grad for v in z]
    ('800.6931', [0.5, -1.0])

    Source: Nielsen, Neural Networks and Deep Learning, chapter 3, equation (63).
    """
    return len(z) * losses.bce_with_logits(z, y)


class Cost(NamedTuple):
    """A cost of the book.

    Args:
        loss: of one example.
        on_logits: whether it takes the weighted inputs of the output neurons, not their activations.
        eta: the learning rate that the book has beside it.
    """

    loss: Loss
    on_logits: bool
    eta: float


COSTS = {
    'quadratic': Cost(losses.quadratic, on_logits=False, eta=3.0),
    'cross-entropy': Cost(binary_cross_entropy, on_logits=True, eta=0.5),
}


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Args:
        model: the network; its outputs are activations.
        history: loss and accuracy, epoch by epoch: as 'validation' those of the test digits.
        answers: what the network takes each test digit for.
        mistakes: which of the test digits it gets wrong, the one that costs most first.
    """

    model: MLP
    history: History
    answers: list[int]
    mistakes: list[Mistake]


def run(
    out: str | os.PathLike[str] = 'micrograd-digits', *, data: FilePath | None = None, **settings: Any
) -> list[Path]:
    """Train a network to read handwritten digits, and write it and pictures of it into a directory.

    Args:
        out: the directory; if it is missing it is made, after the training. Files in it that have the names of ours
            are replaced, nothing else is touched.
        data: a folder with the files of MNIST, see `data.digits`; None is the digits that come with scikit-learn.
        settings: what else `train` takes.

    Returns:
        The files: the network, the curves of loss and accuracy, the confusion matrix of the test digits, the worst
        mistakes, if there are any, and the weights of the neurons in the first layer as images.

    Raises:
        DataError: there are no digits in the folder, or a setting is out of range.
        MissingDependencyError: matplotlib, NumPy or scikit-learn is missing. That is found out before the training.
        TrainingError: the cost, or a parameter, would be nan or infinite.
        OSError: the directory cannot be made, or written to. That, too, is found out before the training.
        KeyboardInterrupt: the training was interrupted. Nothing is written then.
    """
    optional_import('matplotlib', 'plot')
    optional_import('numpy', 'compile')
    read = digits(data)
    folder = directory(out)
    trained = train(read, **settings)
    print()
    return write_files(folder, _files(trained, read))


def train(
    data: Digits,
    *,
    hidden: SupportsIndex | Sequence[SupportsIndex] = (30,),
    epochs: int = 30,
    batch_size: int = 10,
    eta: float | None = None,
    cost: str = 'quadratic',
    seed: int | Random = 0,
    initialisation: str | Initialisation = 'nielsen',
    progress: bool = True,
) -> Trained:
    """Train sigmoid neurons by stochastic gradient descent on mini-batches, and print how many test digits are right.

    Args:
        data: the digits.
        hidden: how many neurons each hidden layer has; an integer is one layer of so many.
        epochs: how often each digit is seen.
        batch_size: digits a mini-batch.
        eta: the learning rate; None is what the book has: 3.0 with the quadratic cost, 0.5 with the cross-entropy.
        cost: 'quadratic' or 'cross-entropy', see COSTS.
        seed: of the initial weights and of the shuffling: an integer, or a generator to draw from.
        initialisation: see Neuron. 'gaussian' is that of the book's chapter 1, 'nielsen' the better one of chapter 3.
        progress: whether to show a progress bar, on stderr.

    Returns:
        The network, and how it went.

    Raises:
        DataError, TypeError, ValueError: a setting is out of range, or of another type; the network would be too large.
        MissingDependencyError: NumPy is not installed.
        TrainingError: the cost, or a parameter, would be nan or infinite.
        KeyboardInterrupt: the training was interrupted.

    Source: the function SGD in Nielsen, Neural Networks and Deep Learning, chapter 1, network.py; with the
    cross-entropy network2.py of chapter 3.
    """
    optional_import('numpy', 'compile')
    chosen, generator = _cost(cost), random_generator(seed)
    epochs, batch_size = count(epochs, 'epochs'), count(batch_size, 'batch_size')
    rate = positive(chosen.eta if eta is None else eta, 'eta')
    sizes = _sizes(math.prod(data.shape), hidden)
    options: dict[str, Any] = {'activation': 'sigmoid', 'output': 'sigmoid', 'initialisation': initialisation}
    model = MLP(sizes[0], sizes[1:], generator=generator, **options)
    print(_headline(data, sizes, cost, rate), flush=True)
    training, test = _Arrays.of(data.train), _Arrays.of(data.test)
    with _logits(model) if chosen.on_logits else nullcontext():
        watch = _Watch(model, training, test)
        history = fit(
            model,
            (training.inputs, training.targets),
            loss=chosen.loss,
            optimizer=SGD(model.parameters(), lr=rate),
            epochs=epochs,
            batch_size=batch_size,
            seed=generator,
            validation=(test.inputs, test.targets),
            callbacks=[watch],
            progress=progress,
            compiled=True,
        )
        if history.stopped == 'interrupted':
            raise KeyboardInterrupt
        outputs = watch.predict(test.inputs)
    answers: list[int] = outputs.argmax(axis=1).tolist()
    mistakes = worst_mistakes(outputs.tolist(), test.targets.tolist(), chosen.loss)
    return Trained(model, watch.beside(history), answers, mistakes)


class _Arrays(NamedTuple):
    """Examples as arrays, which become part of a compiled program ten times as fast as lists do."""

    inputs: 'np.ndarray'
    targets: 'np.ndarray'  # one-hot
    labels: 'np.ndarray'

    @classmethod
    def of(cls, data: Dataset[int]) -> '_Arrays':
        import numpy as np

        return cls(np.array(data.inputs), np.array(one_hot(data.targets, CLASSES)), np.array(data.targets))


class _Watch:
    """A callback that counts, after each epoch, how many digits come out right, and prints it as the book does."""

    only_looks = True  # see fit

    def __init__(self, model: MLP, training: _Arrays, test: _Arrays):
        from micrograd.compiler.program import compile as compiled  # which needs NumPy

        self.predict = compiled(model)
        self._sets = training, test
        self._accuracies: tuple[list[float], list[float]] = [], []

    def __call__(self, history: History) -> None:
        from tqdm import tqdm  # loaded when first needed

        right = [int((self.predict(side.inputs).argmax(axis=1) == side.labels).sum()) for side in self._sets]
        for accuracies, number, side in zip(self._accuracies, right, self._sets, strict=True):
            accuracies.append(number / len(side.labels))
        tqdm.write(f'Epoch {len(history.losses)}: {right[1]} / {len(self._sets[1].labels)}')  # above the progress bar
        sys.stdout.flush()

    def beside(self, history: History) -> History:
        """The history with the accuracy of each epoch."""
        training, test = self._accuracies
        return replace(history, metrics={'accuracy': training}, validation={**history.validation, 'accuracy': test})


@contextmanager
def _logits(model: MLP) -> Iterator[None]:
    """For a while the output neurons give their weighted inputs, as if they were linear."""
    neurons = model.layers[-1].neurons
    for neuron in neurons:
        neuron.nonlin = False
    try:
        yield
    finally:
        for neuron in neurons:
            neuron.nonlin = True


def _sizes(inputs: int, hidden: Any) -> list[int]:
    """How many neurons each layer has, from the inputs to the outputs."""
    if hasattr(hidden, '__index__'):
        hidden = [hidden]
    if not isinstance(hidden, Iterable) or isinstance(hidden, str):
        raise TypeError(
            'hidden should be the numbers of neurons in the hidden layers, or one number, not '
            f'{short(hidden)} of type {type(hidden).__name__}. Right: hidden=30, hidden=(30, 20)'
        )
    sizes = [inputs, *(count(size, f'hidden[{i}]') for i, size in enumerate(hidden)), CLASSES]
    parameters = sum((before + 1) * after for before, after in pairwise(sizes))
    if parameters > MOST_PARAMETERS:
        network = '-'.join(map(str, sizes))
        raise DataError(
            f'a network {network:.80} has {parameters:,} parameters, and no more than {MOST_PARAMETERS:,} fit: '
            f'training takes some {MEMORY} kB of memory for each. Right: fewer hidden neurons'
        )
    return sizes


def _cost(name: str) -> Cost:
    if name not in COSTS:
        raise ValueError(not_found('cost', name, [*COSTS]))
    return COSTS[name]


def _headline(data: Digits, sizes: Sequence[int], cost: str, eta: float) -> str:
    network = '-'.join(map(str, sizes))
    return (
        f'{len(data.train.inputs):,} digits to train with, {len(data.test.inputs):,} to test with; '
        f'a network {network}, {cost} cost, eta = {eta:g}'
    )


# The files ----------------------------------------------------------------------------------------------------------


def _files(trained: Trained, data: Digits) -> dict[str, tuple[str, Write]]:
    """Name -> what it shows, and what writes it."""
    pictures: dict[str, tuple[str, Callable[[], Figure]]] = {
        'loss_curve.png': ('loss and accuracy, epoch by epoch', lambda: loss_curve(trained.history)),
        'confusion_matrix.png': (
            'which digits it takes for which',
            lambda: confusion_matrix(data.test.targets, trained.answers, labels=range(CLASSES)),
        ),
        'mistakes.png': ('what it gets most wrong', lambda: mistakes_figure(trained.mistakes, data)),
        'neurons.png': ('what its hidden neurons look for', lambda: neurons_figure(trained.model, data.shape)),
    }
    if not trained.mistakes:
        del pictures['mistakes.png']
    saved = {name: (what, partial(_save, draw)) for name, (what, draw) in pictures.items()}
    return {'model.json': ('the trained network', partial(save, trained.model)), **saved}


def _save(draw: Callable[[], 'Figure'], path: Path) -> Path:
    return save_figure(draw(), path)


def mistakes_figure(mistakes: Sequence[Mistake], data: Digits) -> 'Figure':
    """Show the worst of the test digits that the network gets wrong.

    Args:
        mistakes: at least one, the worst first.
        data: the digits.
    """
    shown = mistakes[:MISTAKES]
    total = f'{len(mistakes):,} mistake{"s" * (len(mistakes) != 1)}'
    return images(
        [data.test.inputs[mistake.example] for mistake in shown],
        data.shape,
        titles=[f'{mistake.target}, not {mistake.predicted}' for mistake in shown],
        title=total if len(shown) == len(mistakes) else f'The worst {len(shown)} of {total}',
    )


def neurons_figure(model: MLP, shape: tuple[int, int]) -> 'Figure':
    """Show the weights of the neurons in the first layer as images, of 100 at most.

    Args:
        model: a network whose inputs are pixels.
        shape: of the images, (height, width) in pixels.
    """
    neurons = model.layers[0].neurons[:NEURONS]
    return images(
        [neuron.w for neuron in neurons],
        shape,
        titles=[f'1.{j}' for j in range(1, len(neurons) + 1)],
        title='What the neurons of layer 1 look for: ink (blue), paper (orange)',
        signed=True,
    )
