"""The arithmetic of the explorer page as tests ask for it, and graphs to ask about."""

import json
import shutil
import subprocess
from pathlib import Path

import micrograd
from micrograd import Value, graph, primitives
from micrograd.operators import apply
from micrograd.render.programs import exact, live
from tests.support import _absent

if shutil.which('node') is None:
    _absent('node is not on the PATH')

DRIVER = Path(__file__).with_name('page_driver.js')


def node(*requests):
    """What the page's JavaScript answers."""
    text = json.dumps(requests, allow_nan=False)
    done = subprocess.run(['node', DRIVER], input=text, capture_output=True, text=True, encoding='utf-8', timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def number(x):
    return None if x is None else float(x)


def bits(x):
    """What tells 0.0 from -0.0, and finds nan in nan."""
    return repr(number(x))


def leaves(*numbers):
    return [Value(x) for x in numbers]


def data_of(*roots):
    return live(graph.topological(roots))


def ask(what, *roots, moved=(), **more):
    """Ask about the graph under roots, after leaves were moved."""
    order = graph.topological(roots)
    places = {id(v): i for i, v in enumerate(order)}
    changes = {str(places[id(v)]): exact(x) for v, x in moved}
    where = {key: places[id(v)] for key, v in more.items() if isinstance(v, Value)}
    request = {'do': what, 'live': live(order), 'leaves': changes, 'roots': [places[id(root)] for root in roots]}
    return request | more | where


# Graphs


def by_hand(x):
    made = Value(x.data * x.data * x.data, (x,), 'cube')

    def step():
        x.grad += 3.0 * x.data * x.data * made.grad

    made._backward = step
    return made


def random_graph(rng):
    """A root and its leaves: any rows of the table, on nodes that are shared."""
    rows = list(primitives.rows())
    nodes = leaves(*[rng.gauss(0.0, 2.0) for _ in range(4)])
    xs = list(nodes)
    for _ in range(rng.randint(3, 25)):
        row = rng.choice(rows)
        count = row.arity or row.lists * rng.randint(1, 4)
        made = apply(Value, row, *[nodes[-1 - min(int(rng.expovariate(0.2)), len(nodes) - 1)] for _ in range(count)])
        nodes.append(getattr(made, 'flag', made))
    return nodes[-1] + micrograd.tanh(nodes[-2]), xs
