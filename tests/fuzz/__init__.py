"""What holds for every reader, whatever bytes it is given, and fuzzers that look for bytes for which it does not.

`tests/test_mutated_files.py` checks it on mutated files. `python -m tests.fuzz csv` looks further, guided by coverage.
"""
