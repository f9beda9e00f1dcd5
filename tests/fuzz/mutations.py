"""Files near to good ones: some bytes or words changed, left out, doubled, swapped, or taken from another file."""

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

WORD = re.compile(rb'"[^"\n]*"|-?[0-9][0-9.e]*|[A-Za-z_]+|\s+|.', re.DOTALL)
EDITS_EACH = (1, 1, 1, 2, 4)  # how many edits a file gets, as often as they stand here: most are near to a good one
LONGEST_RUN = 16  # bytes that one edit leaves out, doubles or puts in


class Material(NamedTuple):
    """What files are mutated with.

    Args:
        seeds: files that are good or nearly so, and files that were once read wrongly.
        tokens: short pieces that the format knows, or that readers stumble over.
    """

    seeds: Sequence[bytes]
    tokens: Sequence[bytes]

    def __repr__(self) -> str:
        return f'Material of {len(self.seeds)} seeds and {len(self.tokens)} tokens'


def mutated(content: bytes, material: Material, random: Random) -> bytes:
    """A file with one to four edits.

    >>> mutated(b'a,b', Material(seeds=[b'1,2'], tokens=[b'nan']), Random(1)) != b'a,b'
    True
    """
    for _ in range(random.choice(EDITS_EACH)):
        content = random.choice(EDITS)(content, material, random)
    return content


def each_word_replaced(content: bytes, token: bytes) -> list[bytes]:
    """The files that have a token instead of one of the words.

    >>> each_word_replaced(b'a,b', b'0')
    [b'0,b', b'a0b', b'a,0']
    """
    words = WORD.findall(content)
    places = [i for i, word in enumerate(words) if not word.isspace()]
    return [b''.join([*words[:i], token, *words[i + 1 :]]) for i in places]


def _flipped(content: bytes, material: Material, random: Random) -> bytes:
    if not content:
        return content
    place, bit = random.randrange(len(content)), 1 << random.randrange(8)
    return content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]


def _shortened(content: bytes, material: Material, random: Random) -> bytes:
    start, end = _run(content, random)
    return content[:start] + content[end:]


def _cut(content: bytes, material: Material, random: Random) -> bytes:
    return content[: random.randint(0, len(content))]


def _doubled(content: bytes, material: Material, random: Random) -> bytes:
    start, end = _run(content, random)
    return content[:end] + content[start:]


def _lengthened(content: bytes, material: Material, random: Random) -> bytes:
    place = random.randint(0, len(content))
    return content[:place] + random.randbytes(random.randint(1, LONGEST_RUN)) + content[place:]


def _with_token(content: bytes, material: Material, random: Random) -> bytes:
    place = random.randint(0, len(content))
    return content[:place] + random.choice(material.tokens) + content[place:]


def _word_replaced(content: bytes, material: Material, random: Random) -> bytes:
    words = WORD.findall(content)
    if words:
        words[random.randrange(len(words))] = random.choice(material.tokens)
    return b''.join(words)


def _words_swapped(content: bytes, material: Material, random: Random) -> bytes:
    words = WORD.findall(content)
    if words:
        i, j = random.randrange(len(words)), random.randrange(len(words))
        words[i], words[j] = words[j], words[i]
    return b''.join(words)


def _spliced(content: bytes, material: Material, random: Random) -> bytes:
    other = random.choice(material.seeds)
    return content[: random.randint(0, len(content))] + other[random.randint(0, len(other)) :]


def _run(content: bytes, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(content))
    return start, min(len(content), start + random.randint(1, LONGEST_RUN))


EDITS: list[Callable[[bytes, Material, Random], bytes]] = [
    _flipped,
    _shortened,
    _cut,
    _doubled,
    _lengthened,
    _with_token,
    *[_word_replaced] * 3,  # what a format is made of
    _words_swapped,
    _spliced,
]
