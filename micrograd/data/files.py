"""Opening the files that data is read from."""

import os
from io import BufferedReader
from pathlib import Path

from micrograd.errors import DataError

FilePath = str | os.PathLike[str]


def open_bytes(path: FilePath) -> BufferedReader:
    """Open a file for reading its bytes.

    Raises:
        DataError: the path is that of a directory.
        OSError: the file cannot be opened.
    """
    if Path(path).is_dir():
        raise DataError(f'{path}: expected a file, found a directory')
    return open(path, 'rb')
