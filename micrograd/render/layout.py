"""DOT text -> a picture: the `dot` on PATH, else the Graphviz that pygraphviz brings, in a process of its own.

In a process of its own because Graphviz can neither be interrupted nor kept from printing otherwise.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from micrograd.errors import MissingDependencyError, RenderError

FORMATS = ('svg', 'png', 'pdf')  # of pictures
TIME_LIMIT = 60.0  # seconds

_BUNDLED = """
import sys
from pygraphviz import AGraph
for source in sys.stdin.buffer.read().decode().split(chr(0)):
    sys.stdout.buffer.write(AGraph(string=source).draw(format=sys.argv[1], prog='dot'))
"""

_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>/usr/share/fonts</dir>
  <dir>{more}</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


def layout(source: str, form: str, time_limit: float = TIME_LIMIT) -> bytes:
    """A picture of DOT text.

    Args:
        source: the text.
        form: one of FORMATS, or 'json0'.
        time_limit: in seconds.

    Raises:
        RenderError: Graphviz refused, or did not finish in time.
        MissingDependencyError: there is no Graphviz.

    >>> layout('digraph { a -> b }', 'svg')[:5]
    b'<?xml'
    """
    with tempfile.TemporaryDirectory() as folder:
        command, environment = _graphviz(form, Path(folder))
        try:
            done = subprocess.run(  # noqa: S603 - our own command; the graph is its input
                command, input=source.encode(), capture_output=True, timeout=time_limit, env=environment
            )
        except subprocess.TimeoutExpired:
            raise RenderError(
                f'Graphviz was still laying the graph out after {time_limit:g} seconds. Draw a smaller part of it, '
                "save the DOT text, as in draw(v).save('graph.dot'), or allow more: draw(v, time_limit=600)"
            ) from None
    if done.returncode != 0 or not done.stdout:
        raise RenderError(f'Graphviz failed (exit code {done.returncode}): {_last_line(done.stderr)}')
    return done.stdout


def coordinates(sources: Sequence[str], time_limit: float = TIME_LIMIT) -> list[dict[str, Any]]:
    """Where Graphviz puts the nodes and edges of several graphs, all found in one process.

    Args:
        sources: DOT texts.
        time_limit: in seconds, for all of them.

    Returns:
        For each what Graphviz writes as `json0`.

    Raises:
        RenderError: Graphviz refused, or did not finish in time.
        MissingDependencyError: there is no Graphviz.

    >>> [graph['bb'] for graph in coordinates(['digraph { a [width=1, height=1, fixedsize=true] }'] * 2)]
    ['0,0,72,72', '0,0,72,72']
    """
    separator = '\n' if system_dot() else '\0'  # the program reads one graph after the other, AGraph takes them singly
    text = layout(separator.join(sources), 'json0', time_limit).decode()
    decoder = json.JSONDecoder()
    found: list[dict[str, Any]] = []
    start = 0
    while len(found) < len(sources):
        graph, end = decoder.raw_decode(text, start)
        found.append(graph)
        start = end + len(text[end:]) - len(text[end:].lstrip())
    return found


def system_dot() -> str | None:
    """Where the `dot` of this machine is, if there is one on PATH."""
    return shutil.which('dot')


def _graphviz(form: str, folder: Path) -> tuple[list[str], dict[str, str]]:
    """A command that reads DOT text and writes a picture, and its environment; files that it needs go to the folder."""
    environment = dict(os.environ)
    dot = system_dot()
    if dot:
        return [dot, f'-T{form}'], environment
    if find_spec('pygraphviz') is None:
        raise MissingDependencyError(
            'a picture needs Graphviz, and there is neither a dot on PATH nor pygraphviz, which brings one. From a '
            "checkout: pip install -e '.[draw]'. The DOT text is there without: draw(v).save('graph.dot')",
            name='pygraphviz',
        )
    if sys.platform == 'linux' and 'FONTCONFIG_FILE' not in environment:
        environment['FONTCONFIG_FILE'] = str(_font_list(folder))
    return [sys.executable, '-P', '-c', _BUNDLED, form], environment


def _font_list(folder: Path) -> Path:
    """The machine's fonts and those of matplotlib: a fresh container has none, and its pictures would have no text."""
    matplotlib = find_spec('matplotlib')
    more = Path(matplotlib.origin).parent / 'mpl-data/fonts/ttf' if matplotlib and matplotlib.origin else folder
    file = folder / 'fonts.conf'
    file.write_text(_FONTS.format(more=escape(str(more)), cache=escape(str(folder))), encoding='utf-8')
    return file


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode(errors='replace').strip().splitlines()
    return lines[-1] if lines else 'it said nothing'
