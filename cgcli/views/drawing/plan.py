"""Which row of a terminal each box of a picture takes, and each arrow that passes a layer.

In a picture that is read down rows are columns: what is said of them here is turned round.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Final, NamedTuple

from cgcli.views.drawing.layers import Layers
from cgcli.views.drawing.placed import Placed
from cgcli.views.drawing.scene import Arrow, Shape
from cgcli.views.gate import width

_PIXELS: Final = 13.0, 12.0
"""So many of a picture's pixels are a row, and a column."""

_ARRIVAL: Final = 3


@dataclass(eq=False)
class Stop:
    """What stands in a column: a box of a shape, or a row where an arrow passes, with none.

    Arrows from one shape are one net, `net`: they may share their way. `top` is the row of its
    upper edge, `moved` how far that was moved down, and `over` how far numbers reach below it.
    """

    net: int
    y: float
    height: int
    shape: Shape | None = None
    sources: list[Way] = field(default_factory=list)
    top: int = 0
    moved: int = 0
    over: int = 0

    @property
    def exit(self) -> int:
        """The row at which its arrows leave."""
        return self.top + (self.height - 1) // 2


@dataclass(eq=False)
class Way:
    """A piece of an arrow from a stop to one of the next layer, so far below its top."""

    arrow: Arrow
    source: Stop
    stop: Stop
    entry: int = 0

    @property
    def net(self) -> int:
        """Whose way it is."""
        return self.arrow.source

    @property
    def arrive(self) -> int:
        """The row at which it arrives."""
        return self.stop.top + self.entry


class Column(NamedTuple):
    """A layer: its stops from the top, and the ways that lead there, in the arrows' order."""

    stops: list[Stop]
    ways: list[Way]


def beside(arrow: Arrow) -> int:
    """Return how many columns the numbers of an arrow take."""
    return max(width(arrow.value), width(arrow.contribution))


def heights(layers: Layers) -> list[int]:
    """Return how many rows each stop takes, in whatever order its arrows arrive."""
    scene, tall = layers.scene, [1] * len(layers.stops)
    for k, (shape, numbers) in enumerate(zip(scene.shapes, layers.arriving, strict=True)):
        arrows = [scene.arrows[number] for number in numbers]
        if scene.down:
            # A lone arrow comes in where others leave, and its numbers reach over the box.
            arriving = sum(2 + beside(arrow) for arrow in arrows) + 1 if len(arrows) > 1 else 1
            tall[k] = max(max(map(width, shape.words)) + 4, arriving)
        else:
            tall[k] = max(2 + len(shape.words), _ARRIVAL * len(arrows))
    return tall


def planned(placed: Placed, squeeze: float = 1.0) -> list[Column]:
    """Return the layers, their stops in the order of the picture's layout."""
    down, layers, arrows = placed.scene.down, placed.layers, placed.scene.arrows
    pixels = _PIXELS[down] * squeeze
    columns = [Column([], []) for _ in layers.columns]
    tall = zip(layers.stops, placed.rows, heights(layers), strict=True)
    stops = [Stop(k, y / pixels, height) for (k, _), y, height in tall]
    entries: dict[int, int] = {}
    for stop, shape, numbers in zip(stops, placed.scene.shapes, layers.arriving, strict=False):
        stop.shape, free = shape, 1
        for number in sorted(numbers, key=lambda number: placed.labels[number][not down]):
            entries[number] = free
            free += 2 + beside(arrows[number]) if down else _ARRIVAL
        if down and len(numbers) == 1:
            entries[numbers[0]] = stop.exit
            stop.over = max(0, stop.exit + free - 1 - stop.height)
    for stop, (_, level) in sorted(zip(stops, layers.stops, strict=True), key=lambda at: at[0].y):
        columns[level].stops.append(stop)
    joined = set()
    for number, (arrow, way) in enumerate(zip(arrows, layers.ways, strict=True)):
        for before, after in pairwise(way):
            stop = stops[after]
            if stop.shape or after not in joined:
                entry = entries[number] if stop.shape else 0
                stop.sources.append(Way(arrow, stops[before], stop, entry))
                columns[layers.stops[after].level].ways.append(stop.sources[-1])
            joined.add(after)
    return columns


def give_rows(columns: list[Column]) -> None:
    """Give every stop its row: as high as in the picture, or level with what arrives."""
    for stops, _ in columns:
        free = -(10**9)
        for stop in stops:
            wanted = round(stop.y) - stop.height // 2
            level_with = [way.source.exit - way.entry for way in stop.sources]
            near = [row for row in level_with if abs(row - wanted) <= 2 and row >= free]
            wanted = min(near, key=lambda row: (abs(row - wanted), row), default=wanted)
            stop.top = max(free, wanted) + stop.moved
            free = stop.top + stop.height + stop.over + 1
    every = list(chain.from_iterable(stops for stops, _ in columns))
    least = min(stop.top for stop in every)
    for stop in every:
        stop.top -= least
