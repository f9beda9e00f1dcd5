"""Executes the notebooks of this folder and writes them back with their outputs: `python -m notebooks`.

What is written depends on the cells and on the installed versions only, not on the day, the place or the machine. It
has pictures where a running notebook has pages to explore: code-hosting pages show the former, and strip the latter.
"""

import re
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

HERE = Path(__file__).parent
TIME_LIMIT = 120  # seconds for one cell
METADATA = {
    'kernelspec': {'display_name': 'Python 3', 'language': 'python', 'name': 'python3'},
    'language_info': {'name': 'python'},  # without the version, which need not be the reader's
}
PICTURE = re.compile(r'<noscript><img[^>]* src="data:image/svg\+xml;base64,([^"]+)"')


def paths() -> list[Path]:
    """The notebooks, in the order in which they are read."""
    return sorted(HERE.glob('*.ipynb'))


def read(path: Path) -> NotebookNode:
    """A notebook as it is."""
    return nbformat.read(path, as_version=4)


def execute(notebook: NotebookNode) -> None:
    """Run all the cells, in a process and a directory of their own, and keep of their outputs what lasts.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised an exception.
    """
    with tempfile.TemporaryDirectory() as folder:
        resources = {'metadata': {'path': folder}}
        client = NotebookClient(notebook, timeout=TIME_LIMIT, kernel_name='python3', resources=resources)
        client.record_timing = False
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
    return {kind: content for kind, content in data.items() if kind.split('/')[0] in ('text', 'image')}


def main() -> None:
    """Execute the notebooks that are named, or all, and say which."""
    chosen = [Path(name) for name in sys.argv[1:]] or paths()
    for path in chosen:
        notebook = read(path)
        execute(notebook)
        nbformat.validate(notebook)
        path.write_text(nbformat.writes(notebook) + '\n', encoding='utf-8')
        print(f'{path}  {path.stat().st_size / 1000:.0f} kB', flush=True)


if __name__ == '__main__':
    main()
