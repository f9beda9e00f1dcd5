"""One peer in a process of its own: reads a request a line, answers with a line, both JSON.

    python benchmarks/worker.py PEER

A request is `{"do": NAME, ...}` with the arguments of the method `Worker.NAME`.
"""

import gc
import json
import sys
import time
import tracemalloc
from typing import Any

import peers
import programs


class Worker:
    """Runs one round of whatever it is asked for."""

    def __init__(self, peer: Any):
        self._peer = peer
        self._numbers = programs.mixed_numbers()

    def answer(self, program: str, nodes: int) -> dict[str, list[float]]:
        """Give the values and gradients that all peers must agree on."""
        if program == 'moons':
            return {'numbers': self._peer.train(steps=2)}
        self._peer.forward(self._numbers, programs.mixed_picks(nodes))
        self._peer.backward()
        numbers = self._peer.answer()
        self._peer.drop()
        return {'numbers': numbers}

    def mixed(self, nodes: int, collector: bool) -> dict[str, float]:
        """Time forward and backward once: seconds."""
        picks = programs.mixed_picks(nodes)
        with _Collector(collector):
            start = time.perf_counter()
            self._peer.forward(self._numbers, picks)
            middle = time.perf_counter()
            self._peer.backward()
            end = time.perf_counter()
        self._peer.drop()
        return {'forward': middle - start, 'backward': end - middle, 'total': end - start}

    def moons(self, steps: int, collector: bool) -> dict[str, float]:
        """Time some full-batch steps: seconds a step."""
        with _Collector(collector):
            start = time.perf_counter()
            self._peer.train(steps)
            end = time.perf_counter()
        return {'total': (end - start) / steps}

    def memory(self, nodes: int) -> dict[str, float]:
        """Measure what a graph holds: bytes a node after forward, at the peak of backward, and after it was dropped."""
        picks = programs.mixed_picks(nodes)
        tracemalloc.start()
        with _Collector(on=False):
            before, _ = tracemalloc.get_traced_memory()
            self._peer.forward(self._numbers, picks)
            held, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            self._peer.backward()
            _, peak = tracemalloc.get_traced_memory()
            self._peer.drop()
            left, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return {'forward': (held - before) / nodes, 'peak': (peak - before) / nodes, 'left': (left - before) / nodes}


class _Collector:
    """Starts from a clean heap, with the collector on or off; on again afterwards."""

    def __init__(self, on: bool):
        self._on = on

    def __enter__(self) -> None:
        gc.collect()
        if not self._on:
            gc.disable()

    def __exit__(self, *_: object) -> None:
        gc.enable()


def main() -> None:
    """Answer requests until the input ends."""
    sys.setrecursionlimit(1_000_000)  # some peers walk their graph recursively
    worker = Worker(peers.FACTORIES[sys.argv[1]]())
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(getattr(worker, request.pop('do'))(**request)), flush=True)


if __name__ == '__main__':
    main()
