"""Remakes the pictures of this folder: `python -m visuals`, from the root of a checkout."""

from pathlib import Path

from micrograd import Value, draw
from micrograd.demo import train
from micrograd.render.plots import decision_boundary, loss_curve, save_figure

HERE = Path(__file__).parent


def neuron() -> Value:
    """The neuron of the README: two inputs, tanh."""
    x1, x2 = Value(2.0, label='x₁'), Value(0.0, label='x₂')
    w1, w2, b = Value(-3.0, label='w₁'), Value(1.0, label='w₂'), Value(6.8813735870195432, label='b')
    for parameter in (w1, w2, b):
        parameter.role = 'parameter'
    z = w1 * x1 + w2 * x2 + b
    z.label = 'z'
    a = z.tanh()
    a.label = 'a'
    a.backward()
    return a


def main() -> None:
    """Write every picture, and say which."""
    drawing = draw(neuron())
    written = [drawing.save(HERE / 'neuron.svg'), drawing.save(HERE / 'neuron.png')]
    model, data, history = train(seed=0)
    written.append(save_figure(decision_boundary(model, data), HERE / 'boundary.png'))
    written.append(save_figure(loss_curve(history), HERE / 'loss_curve.png'))
    print(*written, sep='\n')


if __name__ == '__main__':
    main()
