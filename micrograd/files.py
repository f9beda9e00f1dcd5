"""Writing a file so that it is never half written."""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Write beside a file, then move it there: a reader finds all of the old one or all of the new one.

    A symbolic link stays one, and the file that it leads to is replaced.
    A file that was there keeps its permissions; one that may not be written is left alone.
    When anything goes wrong, it is still there, and nothing beside it.

    Raises:
        OSError: the file cannot be written; it names the file that was to be replaced.
    """
    target = Path(os.path.realpath(path))
    try:
        _replace(target, content)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(target)) from None


def _replace(target: Path, content: bytes) -> None:
    check_replaceable(target)
    temporary = target.with_name(f'.micrograd-{secrets.token_hex(8)}.tmp')
    try:
        with open(temporary, 'xb') as file:
            if target.exists():  # before there is anything to read
                os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def check_replaceable(target: Path) -> None:
    """Find out whether a file may be written: moving another one to its place would not ask.

    Args:
        target: a real path, which is that of a link only if this leads round in a circle.

    Raises:
        OSError: it is such a link; the file or its directory may not be written.
    """
    if target.is_symlink():
        raise _refused(errno.ELOOP, target)
    if target.exists() and not os.access(target, os.W_OK):
        raise _refused(errno.EACCES, target)
    if target.parent.is_dir() and not os.access(target.parent, os.W_OK | os.X_OK):
        raise _refused(errno.EACCES, target)


def _refused(code: int, target: Path) -> OSError:
    return OSError(code, os.strerror(code), str(target))
