"""How the weights and the bias of a neuron begin."""

import math
from collections.abc import Callable, Sequence
from reprlib import repr as short
from typing import Protocol

from micrograd.activations import function_name
from micrograd.checks import not_found
from micrograd.errors import ShapeError

__all__ = ['INITIALISATIONS', 'Draws', 'Initialisation', 'draw', 'gaussian', 'he', 'karpathy', 'nielsen', 'xavier']


class Draws(Protocol):
    """What draws the initial weights: a random.Random, or Python's global generator, the module `random` itself."""

    def uniform(self, a: float, b: float) -> float:
        """A number between a and b, each as likely."""
        ...

    def gauss(self, mu: float, sigma: float) -> float:
        """A number of the normal distribution with mean mu and standard deviation sigma."""
        ...


Initialisation = Callable[[int, int, Draws], tuple[Sequence[float], float]]


def karpathy(nin: int, nout: int, generator: Draws) -> tuple[list[float], float]:
    """Weights between -1 and 1, each number as likely; the bias is 0.

    Source: https://github.com/karpathy/micrograd, `nn.py`.
    """
    return [generator.uniform(-1, 1) for _ in range(nin)], 0.0


def xavier(nin: int, nout: int, generator: Draws) -> tuple[list[float], float]:
    """Weights between -r and r with r = sqrt(6 / (nin + nout)), each number as likely; the bias is 0.

    The variance of activations going forward and of gradients going back then stays much the same from layer to
    layer, with tanh. Also known as Glorot's, and in PyTorch as `xavier_uniform_`.

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010), (16).
    """
    r = math.sqrt(6.0 / (nin + nout))
    return [generator.uniform(-r, r) for _ in range(nin)], 0.0


def he(nin: int, nout: int, generator: Draws) -> tuple[list[float], float]:
    """Normally distributed weights with standard deviation sqrt(2 / nin); the bias is 0.

    The same as `xavier` for relu, which stops half of the signal. Also known as Kaiming's, and in PyTorch as
    `kaiming_normal_`.

    Source: He, Zhang, Ren and Sun, Delving deep into rectifiers (2015), (10).
    """
    return [generator.gauss(0.0, math.sqrt(2.0 / nin)) for _ in range(nin)], 0.0


def nielsen(nin: int, nout: int, generator: Draws) -> tuple[list[float], float]:
    """Normally distributed weights with standard deviation 1 / sqrt(nin), so that z does not saturate; the bias with 1.

    Source: Nielsen, Neural Networks and Deep Learning (2015), chapter 3, Weight initialization.
    """
    return [generator.gauss(0.0, 1.0 / math.sqrt(nin)) for _ in range(nin)], generator.gauss(0.0, 1.0)


def gaussian(nin: int, nout: int, generator: Draws) -> tuple[list[float], float]:
    """Normally distributed weights and bias, all with standard deviation 1.

    Source: Nielsen, Neural Networks and Deep Learning (2015), chapter 1, Implementing our network to classify digits.
    """
    return [generator.gauss(0.0, 1.0) for _ in range(nin)], generator.gauss(0.0, 1.0)


INITIALISATIONS: dict[str, Initialisation] = {f.__name__: f for f in (karpathy, xavier, he, nielsen, gaussian)}


def draw(initialisation: str | Initialisation, nin: int, nout: int, generator: Draws) -> tuple[list[float], float]:
    """Draw the weights and the bias of one neuron.

    Args:
        initialisation: a name in INITIALISATIONS, or a function like those there.
        nin: how many inputs the neuron has.
        nout: how many neurons its layer has.
        generator: what to draw them from.

    Raises:
        ShapeError: there are not nin weights.
        TypeError: it is no initialisation.
        ValueError: there is none of that name.
    """
    drawn = _initialisation(initialisation)(nin, nout, generator)
    if not isinstance(drawn, tuple) or len(drawn) != 2:
        raise TypeError(
            f'an initialisation gives (weights, bias), and {function_name(initialisation)} gave {short(drawn)}'
        )
    weights, bias = drawn
    if len(weights) != nin:
        raise ShapeError(
            f'the initialisation {function_name(initialisation)} gave {len(weights)} weights for {nin} inputs'
        )
    return [*weights], bias


def _initialisation(initialisation: str | Initialisation) -> Initialisation:
    if isinstance(initialisation, str):
        if initialisation not in INITIALISATIONS:
            raise ValueError(not_found('initialisation', initialisation, [*INITIALISATIONS]))
        return INITIALISATIONS[initialisation]
    if not callable(initialisation):
        raise TypeError(f"an initialisation is a name, like 'xavier', or a function, not {short(initialisation)}")
    return initialisation
