"""What files are mutated with: good files and nearly good ones, words of the formats, and numbers to stumble over."""

import gzip
import json
import struct
from collections.abc import Iterable
from pathlib import Path

from micrograd.checkpoint import save
from micrograd.data.columns import Categories, Columns, Numbers
from micrograd.expression import CONSTANTS
from micrograd.nn import MLP, Layer, Neuron
from micrograd.primitives import COMPOSITIONS, TABLE
from tests.fuzz.findings import FINDINGS
from tests.fuzz.mutations import Material

NUMBERS = [
    *(b'0 -0 1 -1 2 0.5 1e308 -1e308 1e999 -1e999 5e-324 1e-400 1e22 4294967295 9007199254740993'.split()),
    *(b'nan NaN inf Infinity -Infinity 1_000 0x10 1e 1. .5 +1 -- 00 true false null'.split()),
    '١'.encode(),
    b'9' * 400,
]
BYTES = [*(b'%c' % byte for byte in b'\0\xff\r\n\t '), b'\r\n', b'\xef\xbb\xbf', b'\xed\xa0\x80', '\u2028'.encode()]


def material(name: str, folder: Path) -> Material:
    """What the files of a reader are mutated with; what it once read wrongly is among the seeds.

    Args:
        name: of a contract.
        folder: where files may be written.
    """
    seeds, tokens = MAKERS[name](folder)
    return Material([*seeds, *FINDINGS[name]], [*tokens, *BYTES])


def _checkpoint(folder: Path) -> tuple[list[bytes], list[bytes]]:
    columns = Columns(
        (Numbers('area', 70.5, 12.25), Categories('heating', ('gas', 'oil'), (0.75, 0.25))), Numbers('price', 2.0, 0.5)
    )
    classes = Columns((Numbers('x', 0.0, 1.0),), Categories('class', ('0', 'é "q"'), (0.5, 0.5)), fills=True)
    models: list[tuple[Neuron | Layer | MLP, Columns | None]] = [
        (Neuron(2, activation='clamp(-inf, 1e-3)', generator=0), None),
        (Layer(1, 2, activation='leaky_relu(0.2)', generator=0), None),
        (MLP(2, [2, 1], activation='tanh', generator=0), None),
        (MLP(3, [1], generator=0), columns),
        (MLP(1, [2], generator=0), classes),
    ]
    seeds = []
    for model, its_columns in models:
        save(model, folder / 'seed.json', columns=its_columns)
        seeds.append((folder / 'seed.json').read_bytes())
    seeds.append(seeds[3].replace(b'"w": [', b'"w": [1.0, '))  # more weights than the columns have numbers
    seeds.append(seeds[0].replace(b'"b": ', b'"b": 1.0, "b": '))
    state = json.dumps(Layer(2, 2, generator=1).state_dict()).encode()
    fields = b'format version type layers neurons activation w b columns missing inputs target name mean scale'
    words = b'categories shares error MLP Layer Neuron relu tanh elu(2) power(3)'
    structure = [b'{', b'}', b'[', b']', b',', b':', b'"', b'\\', b'\\ud800', b'\\u0000', b'"b": 1, ', b'"w": [1], ']
    return [*seeds, state], [*(b'"%b"' % name for name in (*fields.split(), *words.split())), *NUMBERS, *structure]


def _csv(folder: Path) -> tuple[list[bytes], list[bytes]]:
    seeds = [
        b'rooms,area,price\n3,70.5,210\n2,50,150\n4,90,310.5\n',
        b'\xef\xbb\xbfrooms,"area",price\r\n3,70.5,210\r\n"2",-5e1,"150"\r\n\r\n',
        b'a;b\n1;2\n',
        b'a,b,a\n1,2,3\n',
        b'a,b\n1,-inf\n',
        b'a,b\n1,1_000\n',
        b'size,colour\n1e999,red\n',
        b'size,colour\n1e308,blue\n',
        '"a,b","line\r\nbreak","ü ""q""",2019\n1,2,3,4\n'.encode(),
        b'size,colour,fruit\n1,red,apple\n2,blue,plum\n3,red,apple\n,blue,plum\n2.5,red,plum\nNA,red,apple\n',
        b'x,y\n' + b'1.7e308,1\n' * 2 + b'-1.7e308,2\n' * 5,
        b'x,class\n' + b'1,0\n2,1\n3,0\n' * 4,
    ]
    structure = [b',', b';', b'"', b'""', b',"', b'",', b'\n\n', b',,', b'NA', b'?', b'n/a', b'null', b'red', b'0,1\n']
    structure += [b'007', b'"1,234.5"', '−5 €'.encode(), b'80%', b'9' * 17]
    return seeds, [*NUMBERS, *structure]


def _idx(folder: Path) -> tuple[list[bytes], list[bytes]]:
    seeds = [
        _array(0x08, (2, 2, 3), 'B', range(12)),
        _array(0x08, (4,), 'B', [7, 2, 1, 0]),
        _array(0x08, (2,), 'B', [9, 10]),  # no digit
        _array(0x08, (2, 0), 'B', []),
        _array(0x09, (3,), 'b', [-128, 0, 127]),
        _array(0x0B, (2, 1), 'h', [-1, 258]),
        _array(0x0C, (1, 2), 'i', [-(2**31), 16909060]),
        _array(0x0D, (2,), 'f', [0.5, float('nan')]),
        _array(0x0E, (1, 1, 1, 2), 'd', [-0.0, 5e-324]),
    ]
    zipped = [gzip.compress(seed, mtime=0) for seed in seeds[:2]]
    two = gzip.compress(seeds[0][:9], mtime=0) + gzip.compress(seeds[0][9:], mtime=0) + b'\0\0'
    sizes = [size.to_bytes(4, 'big') for size in (0, 1, 2, 255, 65536, 2**31 - 1, 2**31, 2**32 - 1)]
    types = [b'\0\0%c%c' % (code, dimensions) for code in (8, 9, 11, 12, 13, 14) for dimensions in (1, 3, 255)]
    return [*seeds, *zipped, two], [*sizes, *types, b'\x1f\x8b\x08', b'\x1f\x8b']


def _array(code: int, shape: tuple[int, ...], form: str, numbers: Iterable[float]) -> bytes:
    sizes = struct.pack(f'>{len(shape)}I', *shape)
    return bytes([0, 0, code, len(shape)]) + sizes + b''.join(struct.pack(f'>{form}', number) for number in numbers)


def _expression(folder: Path) -> tuple[list[bytes], list[bytes]]:
    seeds = [
        b'tanh(w*x + b)\0w=-3\0x=2\0b=6.88',
        b'y if x > 0 and not y <= 1 else z - -x**2\0y=pi/2',
        b'max(x, y, 1) + dot([x, 2], [y, 0.5])',
        b'logsumexp([x, y]) / sum(softmax(x, y)) != nan or 1 < x < 2',
        b'leaky_relu(x, slope=1/5) + clamp(y, -1, hi=2*1) + power(x, exponent=-(1 + 1))',
        'λ * Ω + where(less(x, y), floor(x), (y))'.encode(),
        b'2**3**x + 0x10 - 1e-3',
        b'select(1, x, y)',
        b'sum(x > 0 and y > 0)',
        b'(nan > x) + 2*(x >= nan) + 4*(nan != x) + 8*(x <= x) + 16*(x < x) + 32*(x >= x) + 64*(0 > -0)',
        b'x # a remark\n- (y +\n1) # and another',
    ]
    operators = b'+ - * / ** ( ) [ ] , < <= > >= == != = . : ^ // % & | ~ @ := lambda * ** #'.split()
    words = [b' and ', b' or ', b'not ', b' if ', b' else ', b' in ', b' is ', b'None', b'True', b"'x'", b'\0x=', b'2j']
    names = [name.encode() for name in (*TABLE, *COMPOSITIONS, *CONSTANTS, 'x', 'y', 'slope=', 'lo=', 'exponent=')]
    return seeds, [*names, *NUMBERS, *operators, *words, 'ﬁ'.encode(), b'__class__']


MAKERS = {'checkpoint': _checkpoint, 'csv': _csv, 'idx': _idx, 'expression': _expression}
