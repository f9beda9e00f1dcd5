"""What a compiled program looks like: listings, explanations, the program after each pass."""

import subprocess
import sys
from typing import Any

import pytest

import micrograd
from micrograd import Value
from micrograd.cli import main
from micrograd.compiler.walkthrough import moons, passes


def test_a_dense_layer_is_three_instructions() -> None:
    """Forward, back, and the means of the outer products; the first layer needs nothing back."""
    program = dict(passes(*moons()))['raise'].splitlines()
    layers = [line for line in program if 'layer 2' in line and 'row by row' not in line]
    assert [' '.join(line.split()[2:6]) for line in layers] == [
        'product, 16 x 17',
        'product, 16 x 16',
        'means of products, 16',
    ]
    assert len(program) <= 30


def test_explanations_name_the_layers_and_why() -> None:
    text = dict(passes(*moons()))['explain']
    assert 'layer 1:\n  a matrix product of 16 x 3' in text
    assert 'layer 3:\n  one sum of 17 terms, since nothing else adds up the same numbers' in text


def test_weights_that_are_not_in_order_are_copied_and_that_is_said() -> None:
    w = [[Value(1.0 + i + j) for j in range(3)] for i in range(3)]

    def model(x: Any) -> Any:
        return [sum((w[j][i] * x[j] for j in range(3)), w[2 - i][0]) for i in range(3)]

    predict = micrograd.compile(model)
    predict([[1.0, 2.0, 3.0]])
    assert 'numbers put side by side' in predict.program()
    assert 'do not lie at regular distances' in predict.explain()


def test_every_instruction_can_be_shown() -> None:
    rows = [[Value(0.5), Value(1.5)], [Value(2.5), Value(3.5)]]
    w = Value(2.0)

    def cost(i: Any, x: Any) -> Any:
        row = micrograd.take(rows, i)
        dots = [sum(a * b for a, b in zip(row, x, strict=True)) for _ in range(1)]
        penalty = sum(p * p * p for r in rows for p in r) + w * w + 3.0 * w + w**3
        return sum(dots) * w + penalty + micrograd.exp(x[0])

    fast = micrograd.compile_cost(cost)
    fast([0, 1], [[1.0, 2.0], [3.0, 4.0]])
    for text in ('chosen from 2', 'means by choice', 'dot product', 'number by number', 'instructions'):
        assert text in fast.program(), text
    assert fast.explain()


def test_before_the_first_call_there_is_nothing_to_show() -> None:
    fast = micrograd.compile(lambda x: x)
    with pytest.raises(RuntimeError, match='first call'):
        fast.program()


def test_the_same_program_is_the_same_text() -> None:
    code = 'from micrograd.compiler.walkthrough import moons, passes; print(passes(*moons()))'
    texts = {
        subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, env=env).stdout
        for env in ({'PYTHONHASHSEED': '1'}, {'PYTHONHASHSEED': '2'})
    }
    assert len(texts) == 1


@pytest.mark.parametrize(
    ('words', 'shown'),
    [
        (['compile'], ['raise', 'explain', 'layer 2:', 'add: --show']),
        (['compile', '--show'], ['trace', 'differentiate', 'simplify', 'raise', 'explain', '…']),
        (['compile', '(tanh(w*x + b) - y)**2', 'w=-3', 'b=6.88', '--show'], ['0 = input 0', 'tanh', 'R[4]']),
        (['compile', '-x', '--show'], ['neg']),
        (['compile', 'w*x', 'w=2', '--show'], ['shared 0', 'mul']),
    ],
    ids=range(5),
)
def test_the_command_line(words: list[str], shown: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    out = capsys.readouterr().out
    for text in shown:
        assert text in out


def test_what_the_command_line_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['compile', 'w*x +']) == 2
    assert main(['compile', 'w*x', 'v=1']) == 2
    assert main(['compile', 'x', 'w']) == 2
    assert 'error' in capsys.readouterr().err
