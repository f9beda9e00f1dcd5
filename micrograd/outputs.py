"""What the commands that train a network leave behind: a directory of files, and a line about each."""

import errno
import math
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

Write = Callable[[Path], Any]


def directory(out: str | os.PathLike[str]) -> Path:
    """Find out whether a directory can be written into, before the work for it is done; `write_files` makes it.

    One that is missing is made and removed again: nothing else would tell for sure.

    Raises:
        OSError: a file is in the way, or it cannot be made or written into.
    """
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, 'this is a file, and a directory is written into', str(folder))
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    finally:
        for path in missing:  # the innermost first
            with suppress(OSError):
                path.rmdir()
    return folder


def write_files(folder: Path, files: Mapping[str, tuple[str, Write]]) -> list[Path]:
    """Write files one after another, each with its line in the table of them, which is printed.

    Args:
        folder: where they go; it is made if it is missing.
        files: name -> what is in it, in a few words, and what writes it to a path.

    Returns:
        Their paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in files]
    width = max(len(str(path)) for path in paths)
    for path, (what, write) in zip(paths, files.values(), strict=True):
        write(path)
        print(f'{path!s:<{width}}  {math.ceil(path.stat().st_size / 1000):>5,} kB  {what}', flush=True)
    return paths
