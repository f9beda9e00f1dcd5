"""What training looks like: the pictures of `micrograd.render.plots`, each of an example that shows its point."""

from functools import cache
from typing import TYPE_CHECKING

from micrograd import fit, losses, nn, optim
from micrograd.chapter import Backpropagation
from micrograd.data import digits, moons
from micrograd.history import History
from micrograd.render.plots import (
    Animation,
    activation_histograms,
    backward_animation,
    decision_boundary,
    gradient_flow,
    images,
    linear_estimate,
    loss_curve,
    network,
    slow_weights,
    training_animation,
)
from micrograd.snapshots import Snapshots
from visuals import differences
from visuals.graphs import network_of_the_chapter, neuron, small_network, trained

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figures() -> dict[str, 'Figure']:
    """The pictures that stand still, by name."""
    model, data, history = trained()
    _, deep_history = vanishing()
    return {
        'loss_curve': loss_curve(history),
        'boundary': decision_boundary(model, data),
        'network': network(*small_network()),
        'network_moons': moons_network(),
        'backpropagation': fourth_step(),
        'gradient_flow': gradient_flow(deep_history),
        'saturation': activation_histograms(saturated(), moons(80, noise=0.1, seed=1)),
        'slow_weights': slow_weights(saturated(), moons(80, noise=0.1, seed=1)),
        'estimate': estimate(),
        'digits': handwritten(),
        'finite_differences': differences.figure(differences.read()),
    }


EXACT = (
    False  # `compiled`: rounding depends on the processor there, and the pictures shall be the same bytes everywhere
)


def animations() -> dict[str, Animation]:
    """Those that move, by name."""
    return {'training': training(), 'backward': backward_animation(neuron())}


def moons_network() -> 'Figure':
    """A network that was trained on two moons, and the example that it finds hardest."""
    data, model = moons(100, noise=0.1, seed=0), nn.MLP(2, [6, 6, 1], activation='tanh', generator=3)
    fit(
        model, data, loss='bce_with_logits', optimizer=optim.Adam(model.parameters(), lr=0.05), epochs=20,
        progress=False, compiled=EXACT,
    )  # fmt: skip
    costs = [losses.bce_with_logits(model(x), y) for x, y in zip(*data, strict=True)]
    hardest = max(costs, key=lambda cost: cost.data)
    model.zero_grad()
    hardest.backward()
    return network(model, hardest, title='Two moons, the hardest example')


def fourth_step() -> 'Figure':
    """The algorithm of Nielsen's chapter 2, when the error has come back to the hidden layer."""
    model, _ = network_of_the_chapter()
    *_, fourth, _ = Backpropagation(model, [1.0, 0.5], 1.0)
    return fourth.draw()


def estimate() -> 'Figure':
    """How far the cost is from where its derivative by a weight says, for changes of every size."""
    model, output = network_of_the_chapter()
    return linear_estimate(model.layers[0].neurons[0].w[0], losses.quadratic(output, 1.0))


def handwritten() -> 'Figure':
    """Some of the digits that come with scikit-learn."""
    _, test, shape = digits()
    return images(test.inputs[:20], shape, titles=[str(digit) for digit in test.targets[:20]])


@cache
def vanishing() -> tuple[nn.MLP, History]:
    """Seven layers of sigmoids: gradients vanish on their way back (Nielsen, chapter 5)."""
    model = nn.MLP(2, [8] * 6 + [1], activation='sigmoid', initialisation='xavier', generator=0)
    history = fit(
        model, moons(60, noise=0.1, seed=0), loss='bce_with_logits', optimizer=optim.SGD(model.parameters(), lr=0.5),
        epochs=15, progress=False, compiled=EXACT,
    )  # fmt: skip
    return model, history


def saturated() -> nn.MLP:
    """Sigmoids whose weights began too large."""
    model = nn.MLP(2, [12, 8, 1], activation='sigmoid', output='sigmoid', generator=2)
    for p in model.parameters():
        p.data *= 4
    return model


def training() -> Animation:
    """How the boundary between two moons came about."""
    data, model = moons(100, noise=0.1, seed=0), nn.MLP(2, [16, 16, 1], generator=0)
    snapshots = Snapshots(model, most=22)
    fit(
        model, data, loss='bce_with_logits', optimizer=optim.Adam(model.parameters(), lr=0.02), epochs=40,
        callbacks=[snapshots], progress=False, compiled=EXACT,
    )  # fmt: skip
    return training_animation(snapshots, data)
