"""The Digraph of the graphviz package, which here needs no `dot` on PATH: the one that pygraphviz brings will do."""

import os
from pathlib import Path
from typing import Any

import graphviz

from micrograd.errors import RenderError
from micrograd.render.layout import layout, system_dot


class Digraph(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """A graphviz.Digraph whose `pipe`, `render`, `view` and display work without Graphviz on PATH."""

    def pipe(self, format: str | None = None, *, encoding: str | None = None, **options: Any) -> Any:  # noqa: A002
        """The picture as bytes, or as text in the encoding: see graphviz.Digraph.pipe."""
        if system_dot():
            return super().pipe(format, encoding=encoding, **options)
        picture = self._laid_out(format or self.format, options)
        return picture.decode(encoding) if encoding else picture

    def render(
        self,
        filename: str | os.PathLike[str] | None = None,
        directory: str | os.PathLike[str] | None = None,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,  # noqa: A002 - the name that graphviz gave it
        **options: Any,
    ) -> str:
        """Save the DOT text, and a picture beside it: see graphviz.Digraph.render."""
        if system_dot():
            return str(
                super().render(filename, directory=directory, view=view, cleanup=cleanup, format=format, **options)
            )
        form = format or self.format
        content = self._laid_out(form, options)
        source = Path(self.save(filename, directory=directory))
        picture = source.with_name(f'{source.name}.{form}')
        picture.write_bytes(content)
        if cleanup:
            source.unlink()
        if view:
            graphviz.view(picture)
        return str(picture)

    def _laid_out(self, form: str, options: dict[str, Any]) -> bytes:
        if self.engine != 'dot':
            options = {**options, 'engine': self.engine}
        asked = [name for name, value in options.items() if value and not name.startswith('quiet')]
        if asked:
            raise RenderError(
                f'there is no dot on PATH, and the Graphviz that pygraphviz brings knows no {asked[0]!r} here'
            )
        return layout(self.source, form)
