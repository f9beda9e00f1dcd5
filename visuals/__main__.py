"""Remakes the pictures of this folder: `python -m visuals`, from the root of a checkout.

The DOT texts are the same bytes everywhere. The pictures are with the versions of `requirements.txt`: those of graphs
are laid out with matplotlib's fonts, whatever fonts a machine has.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib

from micrograd import explore
from micrograd.render.plots import save_figure
from visuals import graphs, plots

HERE = Path(__file__).parent
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <match target="pattern">
    <edit name="family" mode="assign" binding="strong"><string>DejaVu Sans</string></edit>
  </match>
</fontconfig>
"""


@contextmanager
def fonts_of_matplotlib() -> Iterator[None]:
    """In the block Graphviz sees no other fonts."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, 'fonts.conf')
        file.write_text(FONTS.format(fonts=Path(matplotlib.get_data_path(), 'fonts/ttf'), cache=folder), 'utf-8')
        before = os.environ.get('FONTCONFIG_FILE')
        os.environ['FONTCONFIG_FILE'] = str(file)
        try:
            yield
        finally:
            os.environ.pop('FONTCONFIG_FILE')
            if before is not None:
                os.environ['FONTCONFIG_FILE'] = before


def write_all(folder: Path) -> Iterator[Path]:
    """Write every picture into a folder, and give its path."""
    with fonts_of_matplotlib():
        for name, drawing in graphs.drawings().items():
            yield drawing.save(folder / f'{name}.dot')
            yield drawing.save(folder / f'{name}.svg')
        yield explore(graphs.small_network()[1], title='A small network').save(folder / 'explorer.html')
    for name, figure in plots.figures().items():
        yield save_figure(figure, folder / f'{name}.png')
    for name, animation in plots.animations().items():
        yield animation.save(folder / f'{name}.gif')


def main() -> None:
    """Write every picture, and say which."""
    for path in write_all(HERE):
        print(path, flush=True)


if __name__ == '__main__':
    main()
