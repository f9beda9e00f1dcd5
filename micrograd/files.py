"""Writing a file so that it is never half written."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Write beside a file, then move it there: a reader finds all of the old one or all of the new one.

    A symbolic link stays one, and the file that it leads to is replaced.
    A file that was there keeps its permissions. When anything goes wrong, it is still there, and nothing beside it.

    Raises:
        OSError: the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f'.micrograd-{secrets.token_hex(8)}.tmp')
    try:
        with open(temporary, 'xb') as file:
            if target.exists():
                os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
