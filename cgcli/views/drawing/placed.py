"""A scene with its places, which is what each kind of picture is drawn from.

A picture that is read down can be folded into columns side by side, with as many layers, or turns
of a loop, as fit best. What leads on leaves a column below, goes up beside it, and comes into the
next from above. The arrows keep their order on this way, so that none crosses another. One that is
read to the right is folded into rows, as a text is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from cgcli.views.drawing.layers import TURN, Layers, room_beside
from cgcli.views.drawing.scene import Scene

MARGIN: Final = 16.0
"""The room around a picture."""
PAGE: Final = 1600.0, 900.0
"""What a picture is to fit on, such as a slide, in pixels."""
_TRACK: Final = 9.0
_COLUMNS: Final = 12

Point = tuple[float, float]


class Drawn(NamedTuple):
    """Where a shape stands: its centre, its size, and how round its corners are."""

    x: float
    y: float
    width: float
    height: float
    corner: float

    @property
    def round(self) -> bool:
        """Whether it is a circle."""
        return self.corner * 2 >= self.width


class Band(NamedTuple):
    """What lies behind a turn of a loop, and where its words stand."""

    words: str
    left: float
    top: float
    right: float
    bottom: float
    at: Point


class Placed(NamedTuple):
    """A scene with its places: shapes, routes, where each arrow's numbers stand, and the size.

    `rows` are those of all stops, before the picture is turned or folded. Behind the arrows between
    shapes are those from the `ends`, the shapes whose value leaves the
    graph. A label's place is the middle of a level piece of its arrow; `turns` are those of loops,
    each with its band, and `lefts` are the arrows whose numbers stand left of them. `breaks` are
    where the layers before channels end, and those behind them begin.
    """

    layers: Layers
    rows: list[float]
    shapes: list[Drawn]
    routes: list[list[Point]]
    labels: list[Point]
    ends: list[int]
    width: float
    height: float
    turns: list[Band]
    lefts: set[int]
    breaks: list[tuple[float, float]]

    @property
    def scene(self) -> Scene:
        """What is drawn."""
        return self.layers.scene

    @property
    def sources(self) -> list[int]:
        """The shape that each route leaves."""
        return [*(arrow.source for arrow in self.scene.arrows), *self.ends]


def transposed(placed: Placed) -> Placed:
    """Return what leads to the right leading down, or the other way round."""
    return placed._replace(
        shapes=[Drawn(at.y, at.x, at.height, at.width, at.corner) for at in placed.shapes],
        routes=[[(y, x) for x, y in route] for route in placed.routes],
        labels=[(y, x) for x, y in placed.labels],
        width=placed.height,
        height=placed.width,
        turns=[
            Band(words, top, left, bottom, right, (y, x))
            for words, left, top, right, bottom, (x, y) in placed.turns
        ],
    )


def scale(placed: Placed) -> float:
    """Return how large a picture is on the page, 1 where it is not made smaller."""
    return min(PAGE[0] / (placed.width + 2 * MARGIN), PAGE[1] / (placed.height + 2 * MARGIN))


def folded(placed: Placed) -> Placed:
    """Return a picture in columns, or rows, as large on the page as they can be.

    Where turns stand side by side it stays as it is.
    """
    if not placed.scene.down:
        placed = transposed(placed)
    turns = placed.turns[: sum(map(len, placed.layers.loops.sequences))]
    breaks = placed.breaks
    if turns:
        breaks = [at for at in breaks if any(abs(at[1] - turn.top) < 1 for turn in turns[1:])]
    ways = [placed]
    if len(placed.turns) == len(turns) and len(breaks) >= len(turns) - 1:
        columns = range(2, min(_COLUMNS, len(breaks) + 1) + 1)
        most = {-(-(len(breaks) + 1) // count) for count in columns}
        ways += [_Columns(placed, breaks[k - 1 :: k], turns, k).placed() for k in sorted(most)]
    if not placed.scene.down:
        ways = list(map(transposed, ways))
    return max(ways[1:] or ways, key=scale)


class _Columns:
    """The columns of a picture that ends and begins anew at some of its breaks."""

    def __init__(
        self, placed: Placed, breaks: list[tuple[float, float]], turns: list[Band], most: int
    ) -> None:
        self.picture = placed
        self.tops = [turns[0].top if turns else 0.0, *(begin for _, begin in breaks)]
        # Behind the last shape of a column, before its arrows turn.
        self.cuts = [end + 2 for end, _ in breaks]
        self.is_single = most == 1 and bool(turns) and placed.scene.down
        self.left = room_beside(placed.layers.loops.sequences) if self.is_single else 0.0
        self.wide = placed.width - self.left
        crossings = [self._crossing(cut) for cut in self.cuts]
        # The place of each value among those that lead on, from the left.
        self.tracks = [
            {source: k for k, source in enumerate(sorted(c, key=c.__getitem__))} for c in crossings
        ]
        self.room = (max(map(len, crossings)) + 1) * _TRACK
        self.lead = max(begin - end for end, begin in breaks)
        self.top = max(self.tops[0], self.room + self.lead) + TURN * self.is_single
        self.bottom = max(
            cut + self.top - top for cut, top in zip(self.cuts, self.tops, strict=False)
        )

    def _crossing(self, cut: float) -> dict[int, float]:
        """Return where values come to a cut, by the shape that each is of."""
        return {
            source: x
            for source, route in zip(self.picture.sources, self.picture.routes, strict=True)
            for (x, y), (_, below) in pairwise(route)
            if y < cut <= below
        }

    def placed(self) -> Placed:
        """Return the picture in columns."""
        before = self.picture
        width, below = self._at((before.width, before.height))
        lowest = max(below, self.bottom + self.room)
        return before._replace(
            shapes=[s._replace(x=x, y=y) for s in before.shapes for x, y in [self._at((s.x, s.y))]],
            routes=list(map(self._route, before.sources, before.routes)),
            labels=list(map(self._at, before.labels)),
            width=width,
            height=lowest,
            turns=[self._band(band, lowest) for band in before.turns],
        )

    def _at(self, point: Point, column: int | None = None) -> Point:
        if column is None:
            column = bisect_right(self.cuts, point[1])
        x = point[0] - self.left + column * (self.wide + MARGIN + self.room)
        return x, point[1] + self.top - self.tops[column]

    def _route(self, source: int, route: Sequence[Point]) -> list[Point]:
        column = bisect_right(self.cuts, route[0][1])
        points = [self._at(route[0], column)]
        for start, end in pairwise(route):
            while column < len(self.cuts) and start[1] < self.cuts[column] <= end[1]:
                points += self._way(start, source, column)
                column += 1
            points.append(self._at(end, column))
        return points

    def _way(self, start: Point, source: int, column: int) -> list[Point]:
        """Return the way of a value from where it comes to the end of a column to the next one."""
        place = self.tracks[column][source]
        outer = (len(self.tracks[column]) - place) * _TRACK
        x0, again = self._at(start, column)[0], self._at((start[0], self.cuts[column]), column + 1)
        beside = self._at((self.left + self.wide, 0.0), column)[0] + MARGIN / 2 + outer
        low, high = self.bottom + outer, self.top - self.lead - (place + 1) * _TRACK
        return [(x0, low), (beside, low), (beside, high), (again[0], high), again]

    def _band(self, band: Band, lowest: float) -> Band:
        """Return what lies behind a turn: a column, or its part of one."""
        column = bisect_right(self.cuts, band.top)
        left, top = self._at((self.left, band.top), column)
        bottom = self._at((0, band.bottom), column)[1]
        right, at = left + self.wide + MARGIN / 2, self._at(band.at, column)
        if self.is_single:
            top, bottom = -MARGIN / 2, lowest + MARGIN / 2
            at = (left + right) / 2, TURN / 2
        return Band(band.words, left - MARGIN / 2, top, right, bottom, at)
