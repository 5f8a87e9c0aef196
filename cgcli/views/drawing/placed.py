"""A scene with its places, which is what each kind of picture is drawn from."""

from __future__ import annotations

from typing import Final, NamedTuple

from cgcli.views.drawing.layers import Layers
from cgcli.views.drawing.scene import Scene

MARGIN: Final = 16.0
"""The room around a picture."""

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

    Behind the arrows between shapes are those from the `ends`, the shapes whose value leaves the
    graph. A label's place is the middle of a level piece of its arrow; `turns` are those of loops,
    each with its band, and `lefts` are the arrows whose numbers stand left of them.
    """

    layers: Layers
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
