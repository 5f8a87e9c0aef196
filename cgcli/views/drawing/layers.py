"""The layers of a scene, what is drawn again to keep arrows short, and the room of each shape."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

from cgcli.views.drawing.scene import Heat, Scene, Shape
from cgcli.views.drawing.turns import loops
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

ASIDE: Final = 7.0
"""The room between a number and an arrow that leads down at its left."""

CELL: Final = 8.0
"""The side of a cell of a heat map."""

TURN: Final = 24.0
"""The height of what stands above the turns of a loop."""

_ADVANCE: Final = 0.62
"""The width of a letter in a monospaced font, in sizes; the widest common one has 0.62."""

_LEAST: Final = 44.0
_STRIP: Final = 26.0, 15.0
"""What an arrow takes beside its numbers, to the right and down."""


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
    sequences = loops(scene).sequences
    for turns in sequences:
        for earlier, turn in pairwise(turns):
            for shape in turn.shapes:
                before[shape] += earlier.shapes
    early = _longest(before)
    for turns in sequences:
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
    outermost = loops(scene)
    turn_of = {
        shape: turn[:2]
        for turns in (*outermost.sequences, *outermost.lists)
        for turn in turns
        for shape in turn.shapes
    }
    shapes = list(scene.shapes)
    copies: dict[int, dict[Any, int]] = {}
    arrows = []
    for arrow in scene.arrows:
        source, level = arrow.source, levels[arrow.target]
        if not shapes[source].is_operation:
            is_far = level - levels[source] > _FAR
            key: Any = level // _FAR if is_far else None
            if scene.repeats:
                key = level, turn_of.get(arrow.target)
            # Of those that are repeated the input itself is the first.
            known = copies.setdefault(source, {} if scene.repeats else {None: source})
            if known and key not in known:
                known[key] = len(shapes)
                shapes.append(shapes[source]._replace(total="", is_again=True))
            source = known.setdefault(key, source)
        arrows.append(arrow._replace(source=source))
    # Every shape stands before what uses it, and an input just before.
    sources: list[list[int]] = [[] for _ in shapes]
    for arrow in arrows:
        sources[arrow.target].append(arrow.source)
    operations = (number for number, shape in enumerate(shapes) if shape.is_operation)
    ends = chain.from_iterable([*sources[number], number] for number in operations)
    placed: dict[int, int] = {}
    for number in chain(ends, range(len(shapes))):
        placed.setdefault(number, len(placed))
    arrows = [a._replace(source=placed[a.source], target=placed[a.target]) for a in arrows]
    return scene._replace(shapes=[shapes[number] for number in placed], arrows=arrows)


def text_width(text: str, size: float) -> float:
    """Return how wide a text is drawn, in pixels, at most."""
    return width(text) * size * _ADVANCE


class Box(NamedTuple):
    """A shape's box: the strip at its left, the shape, and at an end the strip at its right.

    In a picture that is read down, left is above, and what is called width here is height.

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
    for turns in loops(scene).sequences:
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
    pad = _STRIP[scene.down]
    leaving = Counter(arrow.source for arrow in scene.arrows)
    strips = [0.0] * len(scene.shapes)
    for arrow in scene.arrows:
        along = extent(arrow.value, arrow.contribution)[1 if scene.down else 0]
        strips[arrow.target] = max(strips[arrow.target], along + pad)
    for target, group in arrivals(scene).items():
        heights[target] = _room(scene, group)
    boxes = []
    for k, shape in enumerate(scene.shapes):
        wide, tall, corner = _extent(shape)
        if scene.down:
            wide, tall = tall, wide
        end = extent(shape.value, shape.gradient)[0]
        if scene.down:
            end = 2 * max(extent(text)[1] for text in (shape.value, shape.gradient))
        end = end + pad + 8 if end else 0.0
        beside = 2 * max(_reach(shape.value, shape.gradient, scene.down)) if end else 0.0
        rows = max(heights[k], 12.0 * leaving[k], beside)
        boxes.append(Box(strips[k], wide, end, tall, max(tall, rows), corner))
    return boxes


def extent(*numbers: str) -> tuple[float, float]:
    """Return how wide and how high numbers are that stand below one another."""
    wide = tall = 0.0
    for text in filter(None, numbers):
        lines = text.split("\n")
        wide = max(wide, *(text_width(line, LABEL) for line in lines))
        tall += LINE * len(lines)
        if isinstance(text, Heat):
            wide = max(wide, CELL * len(text.shades[0]))
            tall += CELL * len(text.shades) + 3
    return wide, tall


def arrivals(scene: Scene) -> dict[int, list[int]]:
    """Return by shape the arrows that lead there, in the order of the arguments."""
    arriving: dict[int, list[int]] = defaultdict(list)
    for number, arrow in enumerate(scene.arrows):
        arriving[arrow.target].append(number)
    return arriving


def reaches(scene: Scene, numbers: list[int]) -> list[tuple[float, float]]:
    """Return how far the numbers of arrows, which arrive in this order, reach to both sides.

    They stand above and below an arrow to the right. Of one that leads down they are right,
    but of the first of several left, so that all arrive near the middle.
    """
    arrows = [scene.arrows[number] for number in numbers]
    sides = [_reach(arrow.value, arrow.contribution, scene.down) for arrow in arrows]
    if scene.down and len(sides) > 1:
        sides[0] = sides[0][::-1]
    return sides


def _reach(value: str, gradient: str, down: bool) -> tuple[float, float]:
    if down:
        return ASIDE, 2 * ASIDE + extent(value, gradient)[0]
    above, below = (ROW / 2 + max(0.0, extent(text)[1] - LINE) for text in (value, gradient))
    return above, below


def _room(scene: Scene, numbers: list[int]) -> float:
    """Return how much room arrows that arrive together need, in whatever order."""
    sums = [sum(pair) for pair in reaches(scene, numbers)]
    if not scene.down:
        return sum(sums)
    # The middle one of the arrows, or the middle between two, is that of the shape.
    return sum(sums) + max(sums) - (min(sums) if len(sums) > 1 else 2 * ASIDE)


def _extent(shape: Shape) -> tuple[float, float, float]:
    """Return the width and height of a shape about its words, and how round its corners are."""
    lines = [(shape.symbol, SYMBOL), (shape.name, NAME), (shape.total, LABEL)]
    wide = max(text_width(text, size) for text, size in lines)
    tall = sum(size * 1.3 for text, size in lines if text)
    if shape.is_operation and math.hypot(wide, tall) <= _LEAST + 14:
        across = max(_LEAST, math.hypot(wide, tall) + 4)
        return across, across, across / 2
    return wide + 22, max(30.0, tall + 10), 9.0 if shape.is_operation else 5.0
