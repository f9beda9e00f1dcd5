"""Look for bytes for which a reader breaks its promise, guided by coverage: `python -m tests.fuzz csv`.

It needs `pip install atheris`, which brings libFuzzer. What stands behind the name of the reader goes to libFuzzer: its
options, such as -max_total_time=60 and -artifact_prefix=crashes/, and a folder for the inputs that it finds worth
keeping; or a file that it found, to see once more what goes wrong. A finding that is mended goes into `findings.py`.
"""

import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=['micrograd']):
    from tests.fuzz.contracts import CONTRACTS, held
    from tests.fuzz.material import material
    from tests.fuzz.mutations import mutated


def main(arguments: list[str]) -> None:
    """Fuzz one reader.

    Args:
        arguments: the name of a contract, then what libFuzzer takes.
    """
    if not arguments or arguments[0] not in CONTRACTS:
        sys.exit(f'usage: python -m tests.fuzz {"|".join(CONTRACTS)} [OPTIONS OF LIBFUZZER] [FOLDER]')
    name, *options = arguments
    with TemporaryDirectory(prefix='micrograd-fuzz-') as place:
        _fuzz(name, options, Path(place))


def _fuzz(name: str, options: list[str], place: Path) -> None:
    files, seeds, dictionary = place / 'files', place / 'seeds', place / 'dictionary'
    files.mkdir()
    seeds.mkdir()
    given = material(name, place)
    for i, seed in enumerate(given.seeds):
        (seeds / str(i)).write_bytes(seed)
    dictionary.write_text(''.join(f'"{_escaped(token)}"\n' for token in given.tokens))

    def test(content: bytes) -> None:
        held(CONTRACTS[name], content, files)

    def mutate(content: bytes, longest: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.5:
            return bytes(atheris.Mutate(content, longest))
        return mutated(content, given, random)[:longest]

    replays = any(Path(option).is_file() for option in options)
    inputs = [] if replays else [str(seeds)]
    program = f'{sys.executable} -m tests.fuzz {name}'  # libFuzzer starts it once more to -merge=1
    atheris.Setup([program, f'-dict={dictionary}', *options, *inputs], test, custom_mutator=mutate)
    atheris.Fuzz()


def _escaped(token: bytes) -> str:
    return ''.join(f'\\x{byte:02x}' for byte in token)


main(sys.argv[1:])
