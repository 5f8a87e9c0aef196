"""Which row of a terminal each box of a picture takes, and each arrow that passes a layer.

In a picture that is read down rows are columns: what is said of them here is turned round.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Final

from cgcli.views.drawing.placed import Placed, Point, transposed
from cgcli.views.drawing.scene import Arrow, Shape
from cgcli.views.gate import width

_PIXELS: Final = 13.0, 12.0
"""So many of a picture's pixels are a row, and a column."""

_ARRIVAL: Final = 3


@dataclass(eq=False)
class Stop:
    """What stands in a column: a shape by its place, or a row where an arrow passes, with none.

    Arrows from one shape are one net, `net`: they may share their way. `sources` are the stops
    before, each with the arrow that comes from there; `arrivals` are the arrows that end here,
    from the top, with how far below the top they do. `top` is the row of its upper edge, `moved`
    how far that was moved down, and `over` how far numbers reach below it.
    """

    shape: int | None
    net: int
    y: float
    height: int
    arrivals: dict[int, int] = field(default_factory=dict)
    sources: list[tuple[int, Stop]] = field(default_factory=list)
    top: int = 0
    moved: int = 0
    over: int = 0

    def entry(self, arrow: int) -> int:
        """Return how far below the top an arrow arrives."""
        return self.arrivals.get(arrow, 0)

    @property
    def exit(self) -> int:
        """The row at which its arrows leave."""
        return self.top + (self.height - 1) // 2


def written(shape: Shape) -> list[str]:
    """Return the words in a box."""
    return [text for text in (shape.symbol, shape.name, shape.total) if text]


def beside(arrow: Arrow) -> int:
    """Return how many columns the numbers of an arrow that leads down take beside it."""
    return max(width(arrow.value), width(arrow.contribution))


def planned(placed: Placed, squeeze: float = 1.0) -> list[list[Stop]]:
    """Return the stops of each layer from the top, in the order of the picture's layout."""
    down = placed.scene.down
    if down:
        placed = transposed(placed)
    pixels = _PIXELS[down] * squeeze
    shapes, arrows = placed.scene.shapes, placed.scene.arrows
    levels = placed.layers.levels
    columns: list[list[Stop]] = [[] for _ in range(max(levels) + 1)]
    arrivals: list[list[int]] = [[] for _ in shapes]
    for number in sorted(range(len(arrows)), key=lambda number: placed.labels[number][1]):
        arrivals[arrows[number].target].append(number)
    boxes = []
    for k, (shape, at) in enumerate(zip(shapes, placed.shapes, strict=True)):
        needed = max(map(width, written(shape)), default=0) + 4 if down else 2 + len(written(shape))
        places, free = {}, 1
        for number in arrivals[k]:
            places[number] = free
            free += 2 + beside(arrows[number]) if down else _ARRIVAL
        height = max(needed, free if down else free - 1)
        stop = Stop(k, k, at.y / pixels, height, places)
        if down and len(places) == 1:
            # A lone arrow comes in where others leave, and its numbers reach over the box.
            stop.height = needed
            stop.arrivals = dict.fromkeys(places, stop.exit)
            stop.over = max(0, stop.exit + free - 1 - needed)
        boxes.append(stop)
        columns[levels[k]].append(boxes[k])
    across = [[placed.shapes[stop.net].x for stop in stops] for stops in columns]
    for number, arrow in enumerate(arrows):
        before = boxes[arrow.source]
        for level in range(levels[arrow.source] + 1, levels[arrow.target]):
            x = sum(across[level]) / len(across[level])
            height_there = _height_at(placed.routes[number], x) / pixels
            passing = Stop(None, arrow.source, height_there, 1)
            passing.sources.append((number, before))
            columns[level].append(passing)
            before = passing
        boxes[arrow.target].sources.append((number, before))
    for stops in columns:
        stops.sort(key=lambda stop: stop.y)
    return columns


def _height_at(route: list[Point], x: float) -> float:
    """Return how high a route is at a place across."""
    for (x0, y0), (x1, y1) in pairwise(route):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * ((x - x0) / (x1 - x0) if x1 > x0 else 0.0)
    return route[-1][1]


def give_rows(columns: list[list[Stop]]) -> None:
    """Give every stop its row: as high as in the picture, or level with what arrives."""
    for stops in columns:
        free = -(10**9)
        for stop in stops:
            wanted = round(stop.y) - stop.height // 2
            level_with = [source.exit - stop.entry(arrow) for arrow, source in stop.sources]
            near = [row for row in level_with if abs(row - wanted) <= 2 and row >= free]
            wanted = min(near, key=lambda row: (abs(row - wanted), row), default=wanted)
            stop.top = max(free, wanted) + stop.moved
            free = stop.top + stop.height + stop.over + 1
    least = min(stop.top for stop in chain(*columns))
    for stop in chain(*columns):
        stop.top -= least
