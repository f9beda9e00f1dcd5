"""The same two networks, trained in many ways: each module here is one way, and answers `train`."""

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS.parent)]  # this checkout's micrograd
