"""The layers of a scene, what is drawn again to keep arrows short, and the room of each shape."""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

from cgcli.views.drawing.scene import Arrow, Heat, Scene, Shape
from cgcli.views.drawing.turns import Turn, loops
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

LEAD: Final = 8.0
"""How far an arrow leads forward before it turns, and words are from what they are beside."""

TURN: Final = 24.0
"""The height of what stands above the turns of a loop."""

_ADVANCE: Final = 0.62
"""The width of a letter in a monospaced font, in sizes; the widest common one has 0.62."""

_GAPS: Final = (22.0, 46.0), (16.0, 26.0)
"""Between shapes of a layer, and between layers, where arrows lead right, and where down."""

_LEAST: Final = 44.0
_STRIP: Final = 26.0, 15.0
"""What an arrow takes beside its numbers, to the right and down."""


class Layers:
    """A scene in layers, in which every shape stands before what uses it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.arriving: list[list[int]] = [[] for _ in scene.shapes]
        """The arrows that lead to each shape, in the order of the arguments."""
        self.users: list[list[int]] = [[] for _ in scene.shapes]
        """The shapes that each leads to, once for each arrow."""
        for number, arrow in enumerate(scene.arrows):
            self.arriving[arrow.target].append(number)
            self.users[arrow.source].append(arrow.target)
        self.sources = [[scene.arrows[k].source for k in numbers] for numbers in self.arriving]
        """The shapes that lead to each."""
        self.loops = loops(scene, self.sources, self.users)
        self.levels = self._levels()
        """The layer of each shape, as far right as what uses it allows."""
        self.gap, self.layer_gap = _GAPS[scene.down]

    def _levels(self) -> list[int]:
        """The output is rightmost, and an input stands just before its first use.

        The turns of a recurrence have layers of their own.
        """
        before = list(map(list, self.sources))
        for turns in self.loops.sequences:
            for earlier, turn in pairwise(turns):
                for shape in turn.shapes:
                    before[shape] += earlier.shapes
        early: list[int] = []
        for sources in before:
            early.append(1 + max((early[source] for source in sources), default=-1))
        late = [len(before)] * len(before)
        for turn in chain(*self.loops.sequences):
            last = max(early[shape] for shape in turn.shapes)
            for shape in turn.shapes:
                late[shape] = last
        used = set(chain(*before))
        for shape in range(len(before) - 1, -1, -1):
            if shape not in used:
                late[shape] = early[shape]
            for source in before[shape]:
                late[source] = min(late[source], late[shape] - 1)
        return late

    @functools.cached_property
    def bends(self) -> int:
        """How many layers the arrows pass."""
        levels = self.levels
        return sum(levels[a.target] - levels[a.source] - 1 for a in self.scene.arrows)

    @functools.cached_property
    def stops(self) -> list[Stop]:
        """The shapes, and behind them the stops where values pass a layer, as few as there can be.

        All arrows from a shape that pass a layer pass it together.
        """
        stops = list(map(Stop, range(len(self.levels)), self.levels))
        passed = (
            Stop(arrow.source, level)
            for arrow in self.scene.arrows
            for level in range(self.levels[arrow.source] + 1, self.levels[arrow.target])
        )
        return [*stops, *dict.fromkeys(passed)]

    @functools.cached_property
    def ways(self) -> list[list[int]]:
        """The stops of each arrow, from its source to its target."""
        numbers = {tuple(stop): number for number, stop in enumerate(self.stops)}
        levels = self.levels
        return [
            [*(numbers[a.source, k] for k in range(levels[a.source], levels[a.target])), a.target]
            for a in self.scene.arrows
        ]

    @functools.cached_property
    def onward(self) -> list[set[int]]:
        """The stops that follow each."""
        onward: list[set[int]] = [set() for _ in self.stops]
        for before, after in chain.from_iterable(map(pairwise, self.ways)):
            onward[before].add(after)
        return onward

    @functools.cached_property
    def columns(self) -> dict[int, list[int]]:
        """The stops of each layer."""
        columns: dict[int, list[int]] = defaultdict(list)
        for number, (_, level) in enumerate(self.stops):
            columns[level].append(number)
        return columns

    @functools.cached_property
    def lanes(self) -> dict[int, int]:
        """The lane of each stop in a turn that needs nothing of other turns, counted from 1."""
        lists = enumerate(chain(*self.loops.lists), 1)
        lanes = {shape: lane for lane, turn in lists for shape in turn.shapes}
        for number, (shape, _) in enumerate(self.stops):
            targets = {lanes.get(target, 0) for target in self.users[shape]}
            lane = lanes.get(shape, 0) or (targets.pop() if len(targets) == 1 else 0)
            if number >= len(self.levels) and lane:
                lanes[number] = lane
        return lanes

    @functools.cached_property
    def boxes(self) -> list[Box]:
        """The box of every stop."""
        passing = Box(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        passed = len(self.stops) - len(self.levels)
        return [*map(self._box, range(len(self.levels))), *[passing] * passed]

    @functools.cached_property
    def alike(self) -> dict[int, int]:
        """The first of the layers that are as wide as a layer: those at its place in a turn."""
        levels = self.levels
        alike = {level: level for level in levels}
        for turns in self.loops.sequences:
            firsts = [min(levels[shape] for shape in turn.shapes) for turn in turns]
            last = max(levels[shape] for shape in turns[-1].shapes)
            for first, following in pairwise([*firsts, last + 1]):
                for level in range(first, following):
                    alike[level] = firsts[0] + level - first
        return alike

    @functools.cached_property
    def widths(self) -> dict[int, tuple[float, float, float]]:
        """How wide the strips, the shapes and the ends of each layer are.

        All boxes of a layer are as wide, so that an arrow from one does not pass below or above the
        next, and the layers of one turn of a recurrence are as wide as those of the next.
        """
        widths = dict.fromkeys(self.alike.values(), (0.0, 0.0, 0.0))
        for box, level in zip(self.boxes, self.levels, strict=False):
            strip, shape, end = map(max, widths[self.alike[level]], box[:3])
            widths[self.alike[level]] = strip, shape, end
        return {level: widths[first] for level, first in self.alike.items()}

    def _box(self, k: int) -> Box:
        """Return the box of a shape, as wide as it needs."""
        shape, down = self.scene.shapes[k], self.scene.down
        arrows = [self.scene.arrows[number] for number in self.arriving[k]]
        pad = _STRIP[down]
        along = (extent(a.value, a.contribution)[1 if down else 0] for a in arrows)
        strip = max((wide + pad for wide in along), default=0.0)
        wide, tall, corner = _extent(shape)
        if down:
            wide, tall = tall, wide
        end = extent(shape.value, shape.gradient)[0]
        if down:
            end = 2 * max(extent(text)[1] for text in (shape.value, shape.gradient))
        end = end + pad + 8 if end else 0.0
        beside = 2 * max(_reach(shape.value, shape.gradient, down)) if end else 0.0
        room = self._room(self.arriving[k]) if arrows else 0.0
        rows = max(room, beside)
        return Box(strip, wide, end, tall, max(tall, rows), corner)

    def reaches(self, numbers: list[int]) -> list[tuple[float, float]]:
        """Return how far the numbers of arrows, which arrive in this order, reach to both sides.

        They stand above and below an arrow to the right. Of one that leads down they are right,
        but of the first of several left, so that all arrive near the middle.
        """
        arrows = [self.scene.arrows[number] for number in numbers]
        sides = [_reach(arrow.value, arrow.contribution, self.scene.down) for arrow in arrows]
        if self.scene.down and len(sides) > 1:
            sides[0] = sides[0][::-1]
        return sides

    def _room(self, numbers: list[int]) -> float:
        """Return how much room arrows that arrive together need, in whatever order."""
        sums = [sum(pair) for pair in self.reaches(numbers)]
        if not self.scene.down:
            return sum(sums)
        # The middle one of the arrows, or the middle between two, is that of the shape.
        return sum(sums) + max(sums) - (min(sums) if len(sums) > 1 else 2 * ASIDE)

    def apart(self, one: int, other: int) -> float:
        """Return how far the middles of two shapes of a layer are from one another at least."""
        return (self.boxes[one].height + self.boxes[other].height) / 2 + self.gap

    def span(self, shapes: Sequence[int], rows: Sequence[float]) -> tuple[float, float]:
        """Return where the boxes of some shapes begin and end across, in these rows."""
        halves = {k: self.boxes[k].height / 2 for k in shapes}
        return min(rows[k] - halves[k] for k in shapes), max(rows[k] + halves[k] for k in shapes)


def repeated(scene: Scene) -> Scene:
    """Return a scene in which inputs are drawn again where their arrows would pass too much.

    A weight that every turn of a long loop uses stands beside each turn, as in a textbook. Where
    the scene asks for it, every input stands once in each layer that it is used in.
    """
    before = Layers(scene)
    if not scene.repeats and before.bends <= _CROWDED:
        return scene
    turn_of = {
        shape: turn[:2]
        for turn in chain(*before.loops.sequences, *before.loops.lists)
        for shape in turn.shapes
    }
    shapes: list[Shape] = []
    arrows: list[Arrow] = []
    places: dict[tuple[int, Any], int] = {}
    firsts: dict[int, Any] = {}

    def copy_for(source: int, target: int) -> Any:
        """Return which copy of a shape a use takes; None for the shape itself."""
        if scene.shapes[source].is_operation:
            return None
        level = before.levels[target]
        if not scene.repeats:
            return level // _FAR if level - before.levels[source] > _FAR else None
        key = level, turn_of.get(target)
        return None if firsts.setdefault(source, key) == key else key

    def place(shape: int, copy: Any = None) -> int:
        if (shape, copy) not in places:
            places[shape, copy] = len(shapes)
            drawn = scene.shapes[shape]
            shapes.append(drawn if copy is None else drawn._replace(total="", is_again=True))
        return places[shape, copy]

    # Every shape stands before what uses it, and an input just before.
    for target, numbers in enumerate(before.arriving):
        ends = [place(source, copy_for(source, target)) for source in before.sources[target]]
        if scene.shapes[target].is_operation:
            at = place(target)
            for number, source in zip(numbers, ends, strict=True):
                arrows.append(scene.arrows[number]._replace(source=source, target=at))
    for shape in range(len(scene.shapes)):
        place(shape)
    return scene._replace(shapes=shapes, arrows=arrows)


def text_width(text: str, size: float) -> float:
    """Return how wide a text is drawn, in pixels, at most."""
    return width(text) * size * _ADVANCE


def room_beside(outermost: list[list[Turn]]) -> float:
    """Return the room that is taken by what is written beside turns."""
    words = (text_width(turn.words, NAME) + LEAD for turn in chain(*outermost))
    return max(words, default=0.0)


class Stop(NamedTuple):
    """Where a shape stands, or what it is passes a layer on its way."""

    shape: int
    level: int


class Box(NamedTuple):
    """A shape's box: the strip at its left, the shape, and at an end the strip at its right.

    In a picture that is read down, left is above, and what is called width here is height.
    """

    strip: float
    shape: float
    end: float
    tall: float
    height: float
    corner: float


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


def _reach(value: str, gradient: str, down: bool) -> tuple[float, float]:
    if down:
        return ASIDE, 2 * ASIDE + extent(value, gradient)[0]
    above, below = (ROW / 2 + max(0.0, extent(text)[1] - LINE) for text in (value, gradient))
    return above, below


def _extent(shape: Shape) -> tuple[float, float, float]:
    """Return the width and height of a shape about its words, and how round its corners are."""
    lines = [(shape.symbol, SYMBOL), (shape.name, NAME), (shape.total, LABEL)]
    wide = max(text_width(text, size) for text, size in lines)
    tall = sum(size * 1.3 for text, size in lines if text)
    if shape.is_operation and math.hypot(wide, tall) <= _LEAST + 14:
        across = max(_LEAST, math.hypot(wide, tall) + 4)
        return across, across, across / 2
    return wide + 22, max(30.0, tall + 10), 9.0 if shape.is_operation else 5.0
