"""PyTorch, eager: tensors, backward and the optimiser, on one thread in float64."""

from time import perf_counter
from typing import Any

import torch

from trainers.problems import Problem, Trained, flat, matrices


class Eager:
    """The network as its users write it."""

    def __init__(self, problem: Problem):
        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float64)
        self._problem = problem
        order = problem.order()
        self._X = torch.tensor(problem.inputs)[order]
        self._Y = torch.tensor(problem.targets)[order]

    def train(self, steps: int) -> Trained:
        """Train from the first parameters on."""
        problem = self._problem
        model = self._network()
        optimizer = torch.optim.SGD(model.parameters(), lr=problem.learning_rate)
        batches = list(zip(self._X.split(problem.batch), self._Y.split(problem.batch), strict=True))
        losses = []
        start = perf_counter()
        for step in range(steps):
            X, Y = batches[step % len(batches)]
            loss = self._loss(model, X, Y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        seconds = perf_counter() - start
        layers = [(layer.weight, layer.bias) for layer in model if isinstance(layer, torch.nn.Linear)]
        return Trained(seconds, [float(loss) for loss in losses], flat(layers))

    def _loss(self, model: Any, X: Any, Y: Any) -> Any:
        problem = self._problem
        if problem.name == 'moons':
            data_loss = torch.relu(1.0 - Y * model(X)).mean()
            return data_loss + problem.l2 * sum((p * p).sum() for p in model.parameters())
        return ((model(X) - Y) ** 2).sum() / (2 * len(X))

    def _network(self) -> Any:
        problem = self._problem
        parts: list[Any] = []
        layers = matrices(torch.tensor(problem.parameters).numpy(), problem.sizes)
        for W, b in layers:
            layer = torch.nn.Linear(W.shape[1], W.shape[0])
            layer.weight.data.copy_(torch.from_numpy(W))
            layer.bias.data.copy_(torch.from_numpy(b))
            parts += [layer, torch.nn.ReLU() if problem.name == 'moons' else torch.nn.Sigmoid()]
        return torch.nn.Sequential(*parts[:-1] if problem.name == 'moons' else parts)
