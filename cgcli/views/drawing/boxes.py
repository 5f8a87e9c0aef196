"""How much room the words of a shape take, and the numbers of the arrows that arrive at it."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from cgcli.views.drawing.scene import Scene, Shape
from cgcli.views.gate import width

__all__ = ["LABEL", "NAME", "ROW", "SYMBOL", "Box", "measured", "text_width"]

SYMBOL: Final = 15.0
NAME: Final = 11.0
LABEL: Final = 11.0
"""Sizes of letters, in pixels."""

ROW: Final = 36.0
"""The height of an arrow with its numbers above and below."""

_ADVANCE: Final = 0.62
"""The width of a letter in a monospaced font, in sizes; the widest common one has 0.62."""

_LEAST: Final = 44.0
_STRIP: Final = 26.0


def text_width(text: str, size: float) -> float:
    """Return how wide a text is drawn, in pixels, at most."""
    return width(text) * size * _ADVANCE


class Box(NamedTuple):
    """A shape's box: the strip at its left, the shape, and at an end the strip at its right.

    `column` has the widths that the three take in the layer: all boxes of a layer are as wide,
    so that an arrow from one does not pass below or above the next.
    """

    strip: float
    shape: float
    tall: float
    end: float
    height: float
    corner: float
    column: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def width(self) -> float:
        """How wide it is with its strips."""
        return sum(self.column)


def measured(scene: Scene, levels: list[int]) -> list[Box]:
    """Return the box of every shape, as wide as those of its layer."""
    found = _boxes(scene)
    columns: dict[int, tuple[float, float, float]] = {}
    for box, level in zip(found, levels, strict=True):
        strip, shape, end = columns.get(level, (0.0, 0.0, 0.0))
        columns[level] = max(strip, box.strip), max(shape, box.shape), max(end, box.end)
    return [box._replace(column=columns[level]) for box, level in zip(found, levels, strict=True)]


def _boxes(scene: Scene) -> list[Box]:
    arriving = [0] * len(scene.shapes)
    leaving = [0] * len(scene.shapes)
    strips = [0.0] * len(scene.shapes)
    for arrow in scene.arrows:
        arriving[arrow.target] += 1
        leaving[arrow.source] += 1
        wide = max(text_width(arrow.value, LABEL), text_width(arrow.gradient, LABEL))
        strips[arrow.target] = max(strips[arrow.target], wide + _STRIP)
    found = []
    for k, shape in enumerate(scene.shapes):
        wide, tall, corner = _extent(shape)
        end = max(text_width(shape.value, LABEL), text_width(shape.gradient, LABEL))
        end = end + _STRIP + 8 if end else 0.0
        rows = max(ROW * arriving[k], 12.0 * leaving[k])
        found.append(Box(strips[k], wide, tall, end, max(tall, rows), corner))
    return found


def _extent(shape: Shape) -> tuple[float, float, float]:
    """Return the width and height of a shape about its words, and how round its corners are."""
    lines = [(shape.symbol, SYMBOL), (shape.name, NAME), (shape.total, LABEL)]
    wide = max(text_width(text, size) for text, size in lines)
    tall = sum(size * 1.3 for text, size in lines if text)
    if shape.is_operation and math.hypot(wide, tall) <= _LEAST + 14:
        across = max(_LEAST, math.hypot(wide, tall) + 4)
        return across, across, across / 2
    return wide + 22, max(30.0, tall + 10), 9.0 if shape.is_operation else 5.0
