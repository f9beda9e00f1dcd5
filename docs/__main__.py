"""Writes the pages of this folder that are made from the code: `python -m docs`."""

from pathlib import Path

from micrograd.reference import page

HERE = Path(__file__).parent


def main() -> None:
    """Write docs/primitives.md from the table of operations."""
    path = HERE / 'primitives.md'
    path.write_text(page(), encoding='utf-8')
    print(path)


if __name__ == '__main__':
    main()
