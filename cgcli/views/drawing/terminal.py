"""A placed scene → boxes and arrows in a terminal.

Layers are columns of boxes. Between two columns lies a channel: an arrow leaves its box level,
turns in a track of its own, and arrives level, its value above and its gradient below. What
passes a layer on its way further right takes a row there.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import Final, NamedTuple

from cgcli.errors import CgraphError
from cgcli.views.drawing.layout import Placed, layers
from cgcli.views.drawing.scene import Shape
from cgcli.views.gate import width
from cgcli.views.terminal import can_show, console

__all__ = ["print_picture"]

_PIXELS: Final = 13.0
"""So many of a picture's pixels are a row."""
_ARRIVAL: Final = 3
_MOST_ROWS: Final = 500
_NORTH, _EAST, _SOUTH, _WEST = 1, 2, 4, 8
_LINES: Final = dict(zip(
    (5, 10, 6, 12, 3, 9, 7, 13, 14, 11, 15, 1, 2, 4, 8), "│─┌┐└┘├┤┬┴┼│─│─", strict=False
))  # fmt: skip
_IN_ASCII: Final = str.maketrans("│─┌┐└┘├┤┬┴┼▶Σ…×·", "|-++++++++|>S.x.")


class _Stop(NamedTuple):
    """What stands in a column: a shape, or a row where an arrow passes; -1 is no shape."""

    shape: int
    arrow: int
    y: float
    height: int


class _Plan(NamedTuple):
    """The stops of each layer from the top, each arrow's stops, and each shape's arrivals."""

    placed: Placed
    columns: list[list[_Stop]]
    chains: list[list[tuple[int, int]]]
    arrivals: dict[int, list[int]]


class _Grid:
    """Characters by row and column, each with its style; lines keep whose they are."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}
        self.lines: dict[tuple[int, int], tuple[int, int]] = {}

    def text(self, row: int, column: int, text: str, style: str) -> None:
        for char in text:
            self.cells[row, column] = (char, style)
            column += width(char) or 1

    def line(self, row: int, column: int, directions: int, net: int) -> None:
        """Add to the line in a cell; where two arrows cross, the upright one is seen."""
        owner, before = self.lines.get((row, column), (net, 0))
        if owner != net:
            upright = _NORTH | _SOUTH
            found = before if before & upright else directions
            self.lines[row, column] = (owner, found & upright or found)
            return
        self.lines[row, column] = (net, before | directions)

    def level(self, row: int, start: int, end: int, net: int) -> None:
        """Draw a line from the middle of one cell to the middle of another."""
        for column in range(start, end + 1):
            east = _EAST if column < end else 0
            west = _WEST if column > start else 0
            self.line(row, column, east | west, net)

    def upright(self, column: int, start: int, end: int, net: int) -> None:
        start, end = min(start, end), max(start, end)
        for row in range(start, end + 1):
            south = _SOUTH if row < end else 0
            north = _NORTH if row > start else 0
            self.line(row, column, south | north, net)


def print_picture(placed: Placed) -> None:
    """Draw in the terminal; raises `CgraphError` where the picture does not fit."""
    out = console()
    grid, columns, rows = _draw(placed)
    if columns > out.width or rows > _MOST_ROWS:
        raise CgraphError(
            "limit",
            f"the picture takes {columns} columns and {rows} rows, and there are {out.width} "
            "columns here"
            if columns > out.width
            else f"the picture takes {rows} rows",
            "write it to a file: -o graph.svg",
        )
    plain = can_show("│─┌▶Σ")
    for row in range(rows):
        pieces = _row(grid, row, columns, plain)
        if out.is_terminal:
            from rich.text import Text

            text = Text.assemble(*pieces)
            text.rstrip()
            out.print(text)
        else:
            sys.stdout.write("".join(text for text, _ in pieces).rstrip() + "\n")


def _row(grid: _Grid, row: int, columns: int, plain: bool) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    column = 0
    while column < columns:
        char, style = grid.cells.get((row, column), ("", ""))
        if not char and (row, column) in grid.lines:
            char, style = _LINES.get(grid.lines[row, column][1], " "), "dim"
        char = char or " "
        pieces.append((char if plain else char.translate(_IN_ASCII), style))
        column += width(char) or 1
    return pieces


def _draw(placed: Placed) -> tuple[_Grid, int, int]:
    """Return the characters, and how many columns and rows they take."""
    plan = _plan(placed)
    tops = _rows(plan)
    columns = plan.columns
    grid = _Grid()
    left = 0
    bottom = 0
    for level, stops in enumerate(columns):
        wide = max(
            (_box_width(placed.scene.shapes[s.shape]) for s in stops if s.shape >= 0), default=1
        )
        for k, stop in enumerate(stops):
            top = tops[level][k]
            bottom = max(bottom, top + stop.height)
            if stop.shape >= 0:
                _box(grid, placed.scene.shapes[stop.shape], top, left, wide, stop.height)
            else:
                grid.level(top, left - 1, left + wide, _net(placed, stop))
        left += wide
        if level + 1 < len(columns):
            left = _channel(grid, plan, tops, level, left)
        else:
            left = _last(grid, placed, stops, tops[level], left)
    return grid, left, bottom


def _net(placed: Placed, stop: _Stop) -> int:
    """Arrows from one shape are one net: they may share their way."""
    return stop.shape if stop.shape >= 0 else placed.scene.arrows[stop.arrow].source


def _plan(placed: Placed) -> _Plan:
    levels = layers(placed.scene)
    arrivals: dict[int, list[int]] = {}
    for number, arrow in enumerate(placed.scene.arrows):
        arrivals.setdefault(arrow.target, []).append(number)
    for numbers in arrivals.values():
        numbers.sort(key=lambda number: placed.labels[number][1])
    columns: list[list[_Stop]] = [[] for _ in range(max(levels) + 1)]
    for k, shape in enumerate(placed.scene.shapes):
        height = max(_ARRIVAL * len(arrivals.get(k, ())), 2 + len(_words(shape)))
        columns[levels[k]].append(_Stop(k, -1, placed.shapes[k].y, height))
    middles = [[placed.shapes[s.shape].x for s in stops if s.shape >= 0] for stops in columns]
    for number, arrow in enumerate(placed.scene.arrows):
        for level in range(levels[arrow.source] + 1, levels[arrow.target]):
            x = sum(middles[level]) / len(middles[level])
            columns[level].append(_Stop(-1, number, _height_at(placed.routes[number], x), 1))
    for stops in columns:
        stops.sort(key=lambda stop: stop.y)
    where: dict[tuple[int, int], tuple[int, int]] = {}
    for level, stops in enumerate(columns):
        for k, stop in enumerate(stops):
            where[stop.shape, stop.arrow] = (level, k)
    passing: dict[int, list[tuple[int, int]]] = {}
    for level, stops in enumerate(columns):
        for k, stop in enumerate(stops):
            if stop.shape < 0:
                passing.setdefault(stop.arrow, []).append((level, k))
    chains = [
        [where[a.source, -1], *passing.get(n, []), where[a.target, -1]]
        for n, a in enumerate(placed.scene.arrows)
    ]
    return _Plan(placed, columns, chains, arrivals)


def _height_at(route: list[tuple[float, float]], x: float) -> float:
    """Return how high a route is at a place across."""
    for (x0, y0), (x1, y1) in pairwise(route):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * ((x - x0) / (x1 - x0) if x1 > x0 else 0.0)
    return route[-1][1]


def _rows(plan: _Plan) -> list[list[int]]:
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
                row = tops[from_level][from_k] + _exit(plan.columns[from_level][from_k])
                level_with.append(row - _entry(plan, stop, number))
            near = [row for row in level_with if abs(row - wanted) <= 2 and row >= free]
            wanted = min(near, key=lambda row: (abs(row - wanted), row), default=wanted)
            rows.append(max(free, wanted))
            free = rows[-1] + stop.height + 1
        tops.append(rows)
    least = min(min(rows) for rows in tops)
    return [[row - least for row in rows] for rows in tops]


def _entry(plan: _Plan, stop: _Stop, number: int) -> int:
    """Return the row of a stop at which an arrow arrives."""
    if stop.shape < 0:
        return 0
    return 1 + _ARRIVAL * plan.arrivals[stop.shape].index(number)


def _exit(stop: _Stop) -> int:
    """Return the row of a stop at which its arrows leave."""
    return (stop.height - 1) // 2


def _channel(grid: _Grid, plan: _Plan, tops: list[list[int]], level: int, left: int) -> int:
    """Draw what lies between a layer and the next, and return the column where that begins."""
    ways = _ways(plan, tops, level)
    tracks, count = _tracks(ways)
    strip = max((max(width(w.value), width(w.gradient)) for w in ways if w.arrives), default=0)
    end = left + count + strip + 3
    for way in ways:
        turn = left + 1 + tracks.get(way.net, 0)
        # Lines run on beneath the boxes' borders, so that their ends are joined to them.
        last = end if way.arrives else end + 1
        if way.leave == way.arrive:
            grid.level(way.leave, left - 1, last, way.net)
        else:
            grid.level(way.leave, left - 1, turn, way.net)
            grid.upright(turn, way.leave, way.arrive, way.net)
            grid.level(way.arrive, turn, last, way.net)
        if way.arrives:
            grid.text(way.arrive, end, "▶", "dim")
            grid.text(way.arrive - 1, end - width(way.value), way.value, "cyan")
            grid.text(way.arrive + 1, end - width(way.gradient), way.gradient, "green")
    return end + 1


class _Way(NamedTuple):
    """A piece of an arrow from one layer to the next: its rows, and its numbers if it arrives."""

    net: int
    leave: int
    arrive: int
    arrives: bool
    value: str
    gradient: str


def _ways(plan: _Plan, tops: list[list[int]], level: int) -> list[_Way]:
    ways = []
    for number, chain in enumerate(plan.chains):
        for (from_level, from_k), (to_level, to_k) in pairwise(chain):
            if from_level != level:
                continue
            arrow = plan.placed.scene.arrows[number]
            source, target = plan.columns[from_level][from_k], plan.columns[to_level][to_k]
            leave = tops[from_level][from_k] + _exit(source)
            arrive = tops[to_level][to_k] + _entry(plan, target, number)
            arrives = target.shape >= 0
            value, gradient = (arrow.value, arrow.gradient) if arrives else ("", "")
            ways.append(_Way(arrow.source, leave, arrive, arrives, value, gradient))
    return ways


def _tracks(ways: list[_Way]) -> tuple[dict[int, int], int]:
    """Return the track in which each net turns, and how many there are.

    A net that leaves on the row where another arrives must turn before it does.
    """
    spans: dict[int, tuple[int, int]] = {}
    for way in ways:
        low, high = spans.get(way.net, (way.leave, way.leave))
        spans[way.net] = min(low, way.leave, way.arrive), max(high, way.leave, way.arrive)
    turning = [net for net, (low, high) in spans.items() if low < high]
    first: dict[int, set[int]] = {net: set() for net in turning}
    for a in ways:
        for b in ways:
            if a.net != b.net and a.arrive == b.leave and a.net in first:
                if b.net not in first:
                    raise _does_not_fit()
                first[a.net].add(b.net)
    tracks: dict[int, int] = {}
    while len(tracks) < len(turning):
        ready = [n for n in turning if n not in tracks and first[n] <= tracks.keys()]
        if not ready:
            raise _does_not_fit()
        net = min(ready, key=lambda n: spans[n])
        track = max((tracks[n] + 1 for n in first[net]), default=0)
        low, high = spans[net]
        taken = {tracks[n] for n in tracks if spans[n][0] <= high + 1 and low <= spans[n][1] + 1}
        while track in taken:
            track += 1
        tracks[net] = track
    return tracks, max(tracks.values(), default=-1) + 2


def _does_not_fit() -> CgraphError:
    message = "the arrows of this picture would hide each other in a terminal"
    return CgraphError("limit", message, "write it to a file: -o graph.svg")


def _words(shape: Shape) -> list[str]:
    return [text for text in (shape.symbol, shape.name, shape.total) if text]


def _box_width(shape: Shape) -> int:
    return max(map(width, _words(shape))) + 4


def _box(grid: _Grid, shape: Shape, top: int, left: int, wide: int, height: int) -> None:
    """Draw a box; a narrower one than its column is joined to what leaves it."""
    own = wide
    grid.text(top, left, f"┌{'─' * (own - 2)}┐", "")
    for row in range(top + 1, top + height - 1):
        grid.text(row, left, "│", "")
        grid.text(row, left + own - 1, "│", "")
    grid.text(top + height - 1, left, f"└{'─' * (own - 2)}┘", "")
    words = _words(shape)
    row = top + (height - len(words)) // 2
    for text in words:
        style = "bold" if text == words[0] else "green" if text == shape.total else ""
        grid.text(row, left + (own - width(text)) // 2, text, style)
        row += 1


def _last(grid: _Grid, placed: Placed, stops: list[_Stop], tops: list[int], left: int) -> int:
    """Draw the values that leave at the right, and return where the picture ends."""
    strip = 0
    for stop, top in zip(stops, tops, strict=True):
        shape = placed.scene.shapes[stop.shape]
        if stop.shape in placed.ends:
            wide = max(width(shape.value), width(shape.gradient)) + 2
            row = top + _exit(stop)
            grid.level(row, left - 1, left + wide + 1, stop.shape)
            grid.text(row, left + wide + 1, "▶", "dim")
            grid.text(row - 1, left + 1, shape.value, "cyan")
            grid.text(row + 1, left + 1, shape.gradient, "green")
            strip = max(strip, wide + 2)
    return left + strip
