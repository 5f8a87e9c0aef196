"""The layers of a scene, what is drawn again to keep arrows short, and the room of each shape."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import Final, NamedTuple

from cgcli.views.drawing.scene import Scene, Shape
from cgcli.views.drawing.turns import recurrences
from cgcli.views.gate import width

_CROWDED: Final = 400
_FAR: Final = 8

SYMBOL: Final = 15.0
NAME: Final = 11.0
LABEL: Final = 11.0
"""Sizes of letters, in pixels."""

ROW: Final = 36.0
"""The height of an arrow with its numbers above and below."""
LINE: Final = 13.0
"""The height of a line of a number that has several."""

TURN: Final = 24.0
"""The height of what stands above the turns of a loop."""

_ADVANCE: Final = 0.62
"""The width of a letter in a monospaced font, in sizes; the widest common one has 0.62."""

_LEAST: Final = 44.0
_STRIP: Final = 26.0


def layers(scene: Scene) -> list[int]:
    """Return the layer of each shape: as far right as what uses it allows.

    The output is rightmost, and an input stands just before its first use. The turns of a
    recurrence have layers of their own.
    """
    count = len(scene.shapes)
    before: list[list[int]] = [[] for _ in scene.shapes]
    for arrow in scene.arrows:
        before[arrow.target].append(arrow.source)
    late = [count] * count
    for turns in recurrences(scene):
        for earlier, turn in pairwise(turns):
            for shape in turn.shapes:
                before[shape] += earlier.shapes
    early = _longest(before)
    for turns in recurrences(scene):
        for turn in turns:
            last = max(early[shape] for shape in turn.shapes)
            for shape in turn.shapes:
                late[shape] = last
    used = bytearray(count)
    for shape in range(count - 1, -1, -1):
        if not used[shape]:
            late[shape] = early[shape]
        for source in before[shape]:
            used[source] = 1
            late[source] = min(late[source], late[shape] - 1)
    return late


def _longest(before: list[list[int]]) -> list[int]:
    """Return the length of the longest way to each shape; all that it takes stands before it."""
    lengths: list[int] = []
    for sources in before:
        lengths.append(1 + max((lengths[source] for source in sources), default=-1))
    return lengths


def bends(scene: Scene, levels: list[int]) -> int:
    """Return how many layers the arrows pass."""
    return sum(levels[a.target] - levels[a.source] - 1 for a in scene.arrows)


def repeated(scene: Scene) -> Scene:
    """Return a scene in which inputs are drawn again where their arrows would pass too much.

    A weight that every turn of a long loop uses stands beside each turn, as in a textbook. Where
    the scene asks for it, every input stands once in each layer that it is used in.
    """
    levels = layers(scene)
    if not scene.repeats and bends(scene, levels) <= _CROWDED:
        return scene
    least, apart = (1, 1) if scene.repeats else (_FAR, _FAR)
    shapes = list(scene.shapes)
    copies: dict[tuple[int, int], int] = {}
    arrows = []
    for arrow in scene.arrows:
        shape = scene.shapes[arrow.source]
        far = levels[arrow.target] - levels[arrow.source] > least
        if far and not shape.is_operation:
            key = (arrow.source, levels[arrow.target] // apart)
            if key not in copies:
                copies[key] = len(shapes)
                shapes.append(shape._replace(total="", is_again=True))
            arrows.append(arrow._replace(source=copies[key]))
        else:
            arrows.append(arrow)
    # Every shape stands before what uses it: copies go to the front, in their order.
    first = len(scene.shapes)
    count = len(shapes)
    arrows = [
        arrow._replace(source=(arrow.source - first) % count, target=(arrow.target - first) % count)
        for arrow in arrows
    ]
    return scene._replace(shapes=[*shapes[first:], *scene.shapes], arrows=arrows)


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
    end: float
    tall: float
    height: float
    corner: float
    column: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def width(self) -> float:
        """How wide it is with its strips."""
        return sum(self.column)


def measured(scene: Scene, levels: list[int]) -> list[Box]:
    """Return the box of every shape, as wide as those of its layer.

    The layers of one turn of a recurrence are as wide as those of the next.
    """
    boxes = _boxes(scene)
    alike = {level: level for level in levels}
    for turns in recurrences(scene):
        firsts = [min(levels[shape] for shape in turn.shapes) for turn in turns]
        last = max(levels[shape] for shape in turns[-1].shapes)
        for first, following in pairwise([*firsts, last + 1]):
            for level in range(first, following):
                alike[level] = firsts[0] + level - first
    columns = dict.fromkeys(alike.values(), (0.0, 0.0, 0.0))
    for box, level in zip(boxes, levels, strict=True):
        strip, shape, end = map(max, columns[alike[level]], box[:3])
        columns[alike[level]] = strip, shape, end
    return [
        box._replace(column=columns[alike[level]]) for box, level in zip(boxes, levels, strict=True)
    ]


def _boxes(scene: Scene) -> list[Box]:
    heights = [0.0] * len(scene.shapes)
    leaving = Counter(arrow.source for arrow in scene.arrows)
    strips = [0.0] * len(scene.shapes)
    for arrow in scene.arrows:
        strips[arrow.target] = max(
            strips[arrow.target], _label_width(arrow.value, arrow.contribution) + _STRIP
        )
        heights[arrow.target] += sum(reach(arrow.value, arrow.contribution))
    boxes = []
    for k, shape in enumerate(scene.shapes):
        wide, tall, corner = _extent(shape)
        end = _label_width(shape.value, shape.gradient)
        end = end + _STRIP + 8 if end else 0.0
        beside = 2 * max(reach(shape.value, shape.gradient)) if end else 0.0
        rows = max(heights[k], 12.0 * leaving[k], beside)
        boxes.append(Box(strips[k], wide, end, tall, max(tall, rows), corner))
    return boxes


def reach(value: str, gradient: str) -> tuple[float, float]:
    """Return how high the numbers of an arrow stand above it, and how deep below."""
    above, below = (ROW / 2 + LINE * text.count("\n") for text in (value, gradient))
    return above, below


def _label_width(*texts: str) -> float:
    return max(text_width(line, LABEL) for text in texts for line in text.split("\n"))


def _extent(shape: Shape) -> tuple[float, float, float]:
    """Return the width and height of a shape about its words, and how round its corners are."""
    lines = [(shape.symbol, SYMBOL), (shape.name, NAME), (shape.total, LABEL)]
    wide = max(text_width(text, size) for text, size in lines)
    tall = sum(size * 1.3 for text, size in lines if text)
    if shape.is_operation and math.hypot(wide, tall) <= _LEAST + 14:
        across = max(_LEAST, math.hypot(wide, tall) + 4)
        return across, across, across / 2
    return wide + 22, max(30.0, tall + 10), 9.0 if shape.is_operation else 5.0
