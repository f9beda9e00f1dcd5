"""Pictures of graphs."""

from micrograd.render.dot import Drawing, draw, draw_dot, trace

__all__ = ['Drawing', 'draw', 'draw_dot', 'trace']
