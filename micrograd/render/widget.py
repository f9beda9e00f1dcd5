"""The live widget of `micrograd.play`: sliders and the explorer in the notebook, the numbers from the kernel."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from micrograd.render.play import Player, Source, problem


def _file(name: str) -> str:
    return (files('micrograd.render') / 'page' / name).read_text(encoding='utf-8')


class Play(anywidget.AnyWidget):
    """Sliders, and the explorer of what they give.

    The notebook asks for one thing at a time and waits for the answer. While the kernel computes, a slider moves on,
    and only where it is by then is asked for next: dragging stays smooth, however slow the function is.

    Args:
        source: what is played with.

    Attributes:
        sliders: for the notebook: the sliders, as they were at the start.
        page: for the notebook: see Player.
        asked: from the notebook: `turn`, which counts what was asked, and `numbers` by the keys of sliders.
        answer: for the notebook: the turn that it answers, the `problem` that there was if any, and Player.answer.
    """

    _esm = _file('widget.js')
    _css = _file('widget.css')
    sliders: Any = traitlets.List().tag(sync=True)
    page = traitlets.Dict().tag(sync=True)
    asked = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(self, source: Source):
        self._player = Player(source)
        self._player.move({})
        sliders = [asdict(slider) for slider in source.sliders]
        super().__init__(sliders=sliders, page=self._player.page, answer=self._player.answer)
        self.observe(self._on_asked, 'asked')

    @property
    def result(self) -> Any:
        """What the function returned last; of a graph, the Value that was given."""
        return self._player.result

    @property
    def numbers(self) -> dict[str, float]:
        """Where the sliders are, by name."""
        return {slider.name: self._player.numbers[slider.key] for slider in self._player.source.sliders}

    def __repr__(self) -> str:
        return f'Play({", ".join(f"{name}={x:g}" for name, x in self.numbers.items())})'

    def _on_asked(self, change: Mapping[str, Any]) -> None:
        said = 'interrupted'
        try:
            self._player.move(change['new']['numbers'])
            said = ''
        except Exception as error:  # noqa: BLE001 - whatever the function raised is shown, above the last good picture
            said = problem(error)
        finally:  # the notebook waits for an answer
            self.page = self._player.page
            self.answer = {'turn': change['new']['turn'], 'problem': said, **self._player.answer}
