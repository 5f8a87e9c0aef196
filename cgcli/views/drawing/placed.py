"""A scene with its places, which is what each kind of picture is drawn from.

A picture that is read down can be folded into columns side by side, with as many turns of a loop
as fit best. What leads on leaves a column below, goes up beside it, and comes into the next from
above. The arrows keep their order on this way, so that none crosses another.
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
    each with its band, and `lefts` are the arrows whose numbers stand left of them.
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

    @property
    def scene(self) -> Scene:
        """What is drawn."""
        return self.layers.scene


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
    """Return a picture with its turns in columns, as large on the page as they can be.

    Where turns of two loops stand side by side it stays as it is.
    """
    count = sum(map(len, placed.layers.loops.sequences))
    if len(placed.turns) < count:
        return placed
    # Of what takes as many columns, the fewest turns in each make the least height.
    shortest = {-(-count // most): most for most in range(count - 1, 0, -1)}
    columns = [_Columns(placed, count, most) for most in sorted(shortest.values())]
    return max(columns, key=lambda column: scale(column.page)).placed()


class _Columns:
    """The columns of a picture, each of at most so many turns."""

    def __init__(self, placed: Placed, count: int, most: int) -> None:
        self.picture = placed
        self.firsts = placed.turns[:count:most]
        # Behind the last shape of a column, before its arrows turn.
        self.cuts = [placed.turns[k - 1].bottom + 2 for k in range(most, count, most)]
        self.is_single = most == 1
        self.left = room_beside(placed.layers.loops.sequences) if self.is_single else 0.0
        self.wide = placed.width - self.left
        crossings = self._crossings()
        # The place of each arrow among those that lead on, from the left.
        self.tracks = [{arrow: k for k, (_, arrow) in enumerate(sorted(c))} for c in crossings]
        self.room = (max(map(len, crossings)) + 1) * _TRACK
        leads = [first.top - cut for first, cut in zip(self.firsts[1:], self.cuts, strict=True)]
        self.lead = max(leads)
        self.top = max(self.firsts[0].top, self.room + self.lead) + TURN * self.is_single
        self.bottom = max(
            cut + self.top - first.top for cut, first in zip(self.cuts, self.firsts, strict=False)
        )

    def _crossings(self) -> list[list[tuple[float, int]]]:
        """Return by cut where arrows come to it, each with its number."""
        crossings: list[list[tuple[float, int]]] = [[] for _ in self.cuts]
        for number, route in enumerate(self.picture.routes[: len(self.picture.scene.arrows)]):
            for (x, y), (_, below) in pairwise(route):
                for k in range(bisect_right(self.cuts, y), bisect_right(self.cuts, below)):
                    crossings[k].append((x, number))
        return crossings

    @property
    def page(self) -> Placed:
        """The picture as wide and as high as its columns, with nothing moved yet."""
        width, last = self._at((self.picture.width, self.picture.height))
        return self.picture._replace(width=width, height=max(last, self.bottom + self.room))

    def placed(self) -> Placed:
        """Return the picture in columns."""
        before = self.page
        shapes = [s._replace(x=x, y=y) for s in before.shapes for x, y in [self._at((s.x, s.y))]]
        count = len(before.scene.arrows)
        routes = [self._route(number, route) for number, route in enumerate(before.routes[:count])]
        routes += [list(map(self._at, route)) for route in before.routes[count:]]
        labels = [self._at(point) for point in before.labels]
        bands = [self._band(band, before.height) for band in before.turns]
        return before._replace(shapes=shapes, routes=routes, labels=labels, turns=bands)

    def _at(self, point: Point, column: int | None = None) -> Point:
        if column is None:
            column = bisect_right(self.cuts, point[1])
        x = point[0] - self.left + column * (self.wide + MARGIN + self.room)
        return x, point[1] + self.top - self.firsts[column].top

    def _route(self, number: int, route: Sequence[Point]) -> list[Point]:
        column = bisect_right(self.cuts, route[0][1])
        points = [self._at(route[0], column)]
        for start, end in pairwise(route):
            while column < len(self.cuts) and start[1] < self.cuts[column] <= end[1]:
                points += self._way(start, end, number, column)
                column += 1
            points.append(self._at(end, column))
        return points

    def _way(self, start: Point, end: Point, number: int, column: int) -> list[Point]:
        """Return the way of an arrow from a column to the next, for a piece that passes a cut."""
        place = self.tracks[column][number]
        outer = (len(self.tracks[column]) - place) * _TRACK
        x0, x1 = self._at(start, column)[0], self._at(end, column + 1)[0]
        beside = self._at((self.left + self.wide, 0.0), column)[0] + MARGIN / 2 + outer
        low, high = self.bottom + outer, self.top - self.lead - (place + 1) * _TRACK
        return [(x0, low), (beside, low), (beside, high), (x1, high)]

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
