"""Executes the notebooks of this folder and writes them back with their outputs: `python -m notebooks [--measure]`.

What is written depends on the cells and on the installed versions only, not on the day, the place or the machine. It
has pictures where a running notebook has pages to explore: code-hosting pages show the former, and strip the latter.

Cells with the tag 'measured' show seconds, or the last digits of long sums, which differ from machine to machine. They
are executed as the others are, but keep the outputs that they have, unless `--measure` asks for new ones.
"""

import argparse
import io
import re
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image

HERE = Path(__file__).parent
TIME_LIMIT = 120  # seconds for one cell
WIDEST = 660  # points: of an SVG, as wide as a page has room for
COLOURS = 256  # of a PNG, which is a third as large so
METADATA = {
    'kernelspec': {'display_name': 'Python 3', 'language': 'python', 'name': 'python3'},
    'language_info': {'name': 'python'},  # without the version, which need not be the reader's
}
SIZE = re.compile(r'width="([\d.]+)pt" height="([\d.]+)pt"')
PICTURE = re.compile(r'<img[^>]* src="data:image/svg\+xml;base64,([^"]+)"')


def paths() -> list[Path]:
    """The notebooks, in the order in which they are read."""
    return sorted(HERE.glob('*.ipynb'))


def read(path: Path) -> NotebookNode:
    """A notebook as it is."""
    return nbformat.read(path, as_version=4)


def is_measured(cell: NotebookNode) -> bool:
    """Whether what a cell shows depends on the machine."""
    return 'measured' in cell.metadata.get('tags', [])


def execute(notebook: NotebookNode) -> None:
    """Run all the cells, in a process and a directory of their own, and keep of their outputs what lasts.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised an exception.
    """
    with tempfile.TemporaryDirectory() as folder:
        resources = {'metadata': {'path': folder}}
        client = NotebookClient(notebook, timeout=TIME_LIMIT, kernel_name='python3', resources=resources)
        client.record_timing = False
        client.extra_arguments = ['--log-level=ERROR']  # it would warn of the connection that it was told to make
        client.coalesce_streams = True  # else it depends on the clock how the lines are split
        client.execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        if cell.cell_type == 'code':
            cell.outputs = list(_lasting(cell.outputs))


def _lasting(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """The outputs without progress bars, each in the form that every page shows."""
    for output in outputs:
        if output.output_type == 'stream' and output.name == 'stderr':
            continue
        if 'data' in output:
            output.data = nbformat.from_dict(_static(output.data))
        yield output


def _static(data: dict[str, str]) -> dict[str, str]:
    """What is shown where no script runs: of a page to explore the picture in it, of a picture not its HTML too."""
    html = data.get('text/html', '')
    picture = PICTURE.search(html)
    if picture:
        data = {'image/svg+xml': b64decode(picture[1]).decode(), **data}
    if '<iframe' in html or '<script' in html or any(kind.startswith('image/') for kind in data):
        data = {kind: content for kind, content in data.items() if kind != 'text/html'}
    if 'image/svg+xml' in data:
        data = {**data, 'image/svg+xml': SIZE.sub(_narrow, data['image/svg+xml'], count=1)}
    if 'image/png' in data:
        data = {**data, 'image/png': _small(data['image/png'])}
    return {kind: content for kind, content in data.items() if kind.split('/')[0] in ('text', 'image')}


def _narrow(size: re.Match[str]) -> str:
    """The size of an SVG that is no wider than WIDEST. Some pages would show the rest of it to nobody."""
    width, height = float(size[1]), float(size[2])
    scale = min(1.0, WIDEST / width)
    return f'width="{width * scale:.2f}pt" height="{height * scale:.2f}pt"'


def _small(png: str) -> str:
    """A PNG with a palette, in base64 as it came."""
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(b64decode(png))).convert('RGB')
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(buffer, 'png', optimize=True)
    return b64encode(buffer.getvalue()).decode()


def renew(notebook: NotebookNode, measure: bool) -> None:
    """Execute a notebook; cells that are measured keep their outputs if they have any, unless `measure`."""
    kept = {} if measure else {cell.id: deepcopy(cell.outputs) for cell in notebook.cells if is_measured(cell)}
    execute(notebook)
    for cell in notebook.cells:
        if kept.get(cell.id):
            cell.outputs = kept[cell.id]


def main() -> None:
    """Execute the notebooks that are named, or all, and say which."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('files', metavar='FILE', nargs='*', type=Path, default=paths())
    parser.add_argument('--measure', action='store_true', help='renew what depends on the machine, too')
    arguments = parser.parse_args()
    for path in arguments.files:
        notebook = read(path)
        renew(notebook, arguments.measure)
        nbformat.validate(notebook)
        path.write_text(nbformat.writes(notebook) + '\n', encoding='utf-8')
        print(f'{path}  {path.stat().st_size / 1000:.0f} kB', flush=True)


if __name__ == '__main__':
    main()
