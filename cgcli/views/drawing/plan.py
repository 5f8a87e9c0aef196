"""Which row of a terminal each box of a picture takes, and each arrow that passes a layer."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from cgcli.views.drawing.layers import layers
from cgcli.views.drawing.layout import Placed
from cgcli.views.drawing.scene import Shape

__all__ = ["Plan", "Stop", "entry", "exit_row", "planned", "top_rows", "written"]

_PIXELS: Final = 13.0
"""So many of a picture's pixels are a row."""

_ARRIVAL: Final = 3


class Stop(NamedTuple):
    """What stands in a column: a shape, or a row where an arrow passes; -1 is no shape."""

    shape: int
    arrow: int
    y: float
    height: int


class Plan(NamedTuple):
    """The stops of each layer from the top, each arrow's stops, and each shape's arrivals."""

    placed: Placed
    columns: list[list[Stop]]
    chains: list[list[tuple[int, int]]]
    arrivals: dict[int, list[int]]


def written(shape: Shape) -> list[str]:
    """Return the words in a box."""
    return [text for text in (shape.symbol, shape.name, shape.total) if text]


def planned(placed: Placed) -> Plan:
    """Return the stops of a picture, in the order of its layout."""
    levels = layers(placed.scene)
    arrivals: dict[int, list[int]] = {}
    for number, arrow in enumerate(placed.scene.arrows):
        arrivals.setdefault(arrow.target, []).append(number)
    for numbers in arrivals.values():
        numbers.sort(key=lambda number: placed.labels[number][1])
    columns: list[list[Stop]] = [[] for _ in range(max(levels) + 1)]
    for k, shape in enumerate(placed.scene.shapes):
        height = max(_ARRIVAL * len(arrivals.get(k, ())), 2 + len(written(shape)))
        columns[levels[k]].append(Stop(k, -1, placed.shapes[k].y, height))
    middles = [[placed.shapes[s.shape].x for s in stops if s.shape >= 0] for stops in columns]
    for number, arrow in enumerate(placed.scene.arrows):
        for level in range(levels[arrow.source] + 1, levels[arrow.target]):
            x = sum(middles[level]) / len(middles[level])
            columns[level].append(Stop(-1, number, _height_at(placed.routes[number], x), 1))
    for stops in columns:
        stops.sort(key=lambda stop: stop.y)
    shapes: dict[int, tuple[int, int]] = {}
    passing: dict[int, list[tuple[int, int]]] = {}
    for level, stops in enumerate(columns):
        for k, stop in enumerate(stops):
            if stop.shape < 0:
                passing.setdefault(stop.arrow, []).append((level, k))
            else:
                shapes[stop.shape] = (level, k)
    chains = [
        [shapes[a.source], *passing.get(n, []), shapes[a.target]]
        for n, a in enumerate(placed.scene.arrows)
    ]
    return Plan(placed, columns, chains, arrivals)


def _height_at(route: list[tuple[float, float]], x: float) -> float:
    """Return how high a route is at a place across."""
    for (x0, y0), (x1, y1) in pairwise(route):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * ((x - x0) / (x1 - x0) if x1 > x0 else 0.0)
    return route[-1][1]


def top_rows(plan: Plan, moved: Mapping[tuple[int, int], int]) -> list[list[int]]:
    """Return the top row of every stop: as high as in the picture, or level with what arrives."""
    arriving: dict[tuple[int, int], list[tuple[int, tuple[int, int]]]] = {}
    for number, chain in enumerate(plan.chains):
        for source, target in pairwise(chain):
            arriving.setdefault(target, []).append((number, source))
    tops: list[list[int]] = []
    for level, stops in enumerate(plan.columns):
        rows: list[int] = []
        free = -(10**9)
        for k, stop in enumerate(stops):
            wanted = round(stop.y / _PIXELS) - stop.height // 2
            level_with = []
            for number, (from_level, from_k) in arriving.get((level, k), []):
                row = tops[from_level][from_k] + exit_row(plan.columns[from_level][from_k])
                level_with.append(row - entry(plan, stop, number))
            near = [row for row in level_with if abs(row - wanted) <= 2 and row >= free]
            wanted = min(near, key=lambda row: (abs(row - wanted), row), default=wanted)
            rows.append(max(free, wanted) + moved.get((level, k), 0))
            free = rows[-1] + stop.height + 1
        tops.append(rows)
    least = min(min(rows) for rows in tops)
    return [[row - least for row in rows] for rows in tops]


def entry(plan: Plan, stop: Stop, number: int) -> int:
    """Return the row of a stop at which an arrow arrives."""
    if stop.shape < 0:
        return 0
    return 1 + _ARRIVAL * plan.arrivals[stop.shape].index(number)


def exit_row(stop: Stop) -> int:
    """Return the row of a stop at which its arrows leave."""
    return (stop.height - 1) // 2
