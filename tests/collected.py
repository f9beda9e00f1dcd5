"""Whether tests that are named somewhere are tests that pytest runs."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUIETLY = ['-q', '--collect-only', '-n0', '--no-cov', '-p', 'no:cacheprovider']


def uncollected(tests: Iterable[str]) -> set[str]:
    """Those of the tests, each named as file::function, that pytest does not find."""
    tests = set(tests)
    files = sorted({test.partition('::')[0] for test in tests})
    there = [file for file in files if (ROOT / file).is_file()]
    command = [sys.executable, '-m', 'pytest', *QUIETLY, *there]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return tests - {line.partition('[')[0] for line in printed.splitlines()}
