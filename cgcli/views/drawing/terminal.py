"""A placed scene → boxes and arrows in a terminal.

Layers are columns of boxes. Between two columns lies a channel: an arrow leaves its box level,
turns in a track of its own, and arrives level, its value above and its gradient below. What
passes a layer on its way further right takes a row there. Of a picture that is read down all
this is turned round, but for the words: rows here are columns there, and numbers stand beside.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

from cgcli.errors import CgraphError
from cgcli.views.drawing.channel import Net, TangledError, tracks
from cgcli.views.drawing.layers import Layers, repeated
from cgcli.views.drawing.layout import check_count
from cgcli.views.drawing.placed import Placed
from cgcli.views.drawing.plan import Column, Stop, Way, beside, give_rows, heights, planned
from cgcli.views.drawing.scene import Scene
from cgcli.views.gate import width
from cgcli.views.terminal import can_show, console, paint

_MOST_ROWS: Final = 500
_TRIES: Final = 60
_NARROWEST: Final = 8
_ELSEWHERE: Final = (
    "write it to a file with -o graph.svg, or see the graph with cgraph trace --tree"
)
_NORTH, _EAST, _SOUTH, _WEST = 1, 2, 4, 8
_TURNED: Final = {_NORTH: _WEST, _WEST: _NORTH, _SOUTH: _EAST, _EAST: _SOUTH}
_LINES: Final = dict(zip(
    (5, 10, 6, 12, 3, 9, 7, 13, 14, 11, 15, 1, 2, 4, 8), "│─┌┐└┘├┤┬┴┼│─│─", strict=False
))  # fmt: skip
_IN_ASCII: Final = str.maketrans("│─┌┐└┘├┤┬┴┼▶▼Σ…×·", "|-++++++++|>vS.x.")


class UnfitError(CgraphError):
    """A picture that a terminal does not hold, and a file does."""

    def __init__(self, message: str) -> None:
        super().__init__("limit", message, _ELSEWHERE)


def check_size(scene: Scene) -> None:
    """Raise `UnfitError` where a picture is too large by its layers alone, before it is laid out.

    Raises `CgraphError` where there is too much to lay out at all.
    """
    layers, most = Layers(repeated(scene)), console().width
    least = 0 if scene.down else _NARROWEST * len(layers.columns)
    if least <= most:
        check_count(layers)
        tall = heights(layers)
        rows = max(sum(tall[k] + 1 for k in stops) - 1 for stops in layers.columns.values())
        if rows > _MOST_ROWS and not scene.down:
            raise UnfitError(f"the picture takes {rows} rows at least")
        least = rows if scene.down else least
    if least > most:
        raise UnfitError(f"the picture takes {least} columns at least, and there are {most} here")


def print_picture(placed: Placed) -> None:
    """Draw in the terminal; raises `UnfitError` where the picture does not fit."""
    out = console()
    if not all(can_show(shape.symbol + shape.name) for shape in placed.scene.shapes):
        # What the terminal lacks is escaped before it is measured.
        placed = placed._replace(layers=Layers(_escaped(placed.scene)))
    for squeeze in (1.0, 2.0, 8.0) if placed.scene.down else (1.0,):
        grid, columns, rows = _untangled(placed, squeeze)
        if columns <= out.width:
            break
    if columns > out.width or rows > _MOST_ROWS:
        size = f"{rows} rows"
        if columns > out.width:
            size = f"{columns} columns and {rows} rows, and there are {out.width} columns here"
        raise UnfitError(f"the picture takes {size}")
    plain, is_terminal = can_show("│─┌▶Σ"), out.is_terminal
    for row in range(rows):
        pieces, column = [], 0
        while column < columns:
            pieces.append(grid.cell(row, column))
            column += width(pieces[-1][0]) or 1
        if not plain:
            pieces = [(text.translate(_IN_ASCII), style) for text, style in pieces]
        paint(out, pieces, is_terminal)


def _escaped(scene: Scene) -> Scene:
    shapes = [
        shape._replace(symbol=_in_ascii(shape.symbol), name=_in_ascii(shape.name))
        for shape in scene.shapes
    ]
    return scene._replace(shapes=shapes)


def _in_ascii(text: str) -> str:
    return text.translate(_IN_ASCII).encode("ascii", "backslashreplace").decode()


class _Grid:
    """Characters by row and column, each with its style; lines keep whose they are.

    Where it is turned round, lines are given by what are columns and rows on the screen.
    """

    def __init__(self, down: bool) -> None:
        self.down = down
        self.head = "▼" if down else "▶"
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}
        self.lines: dict[tuple[int, int], dict[int, int]] = {}

    def text(self, row: int, column: int, text: str, style: str) -> None:
        """Write a text from a cell of the screen on."""
        for char in text:
            self.cells[row, column] = (char, style)
            column += width(char) or 1

    def box(self, stop: Stop, left: int, wide: int) -> None:
        """Draw a box from a column on, so wide, its words in its middle; a note marks it."""
        assert stop.shape is not None
        top, height = stop.top, stop.height
        if self.down:
            top, left, height, wide = left, top, wide, height
        border = "yellow" if stop.shape.note else ""
        self.text(top, left, f"┌{'─' * (wide - 2)}┐", border)
        for row in range(top + 1, top + height - 1):
            self.text(row, left, "│", border)
            self.text(row, left + wide - 1, "│", border)
        self.text(top + height - 1, left, f"└{'─' * (wide - 2)}┘", border)
        words = stop.shape.words
        for row, text in enumerate(words, top + (height - len(words)) // 2):
            style = "bold" if text == words[0] else "green" if text == stop.shape.total else ""
            self.text(row, left + (wide - width(text)) // 2, text, style)

    def arrive(self, row: int, column: int, value: str, gradient: str) -> None:
        """Draw the head of an arrow, with its value above and its gradient below, or beside it."""
        if self.down:
            self.text(column, row, self.head, "dim")
            self.text(column - 1, row + 1, value, "cyan")
            self.text(column, row + 1, gradient, "green")
        else:
            self.text(row, column, self.head, "dim")
            self.text(row - 1, column - width(value), value, "cyan")
            self.text(row + 1, column - width(gradient), gradient, "green")

    def level(self, row: int, start: int, end: int, net: int) -> None:
        """Draw a line from the middle of one cell to the middle of another."""
        self._line([(row, column) for column in range(start, end + 1)], _WEST, _EAST, net)

    def upright(self, column: int, start: int, end: int, net: int) -> None:
        """Draw a line down or up a column."""
        rows = range(min(start, end), max(start, end) + 1)
        self._line([(row, column) for row in rows], _NORTH, _SOUTH, net)

    def _line(self, cells: list[tuple[int, int]], back: int, on: int, net: int) -> None:
        """Add to the lines of a net; in the first cell none goes back, in the last none on."""
        if self.down:
            cells = [(column, row) for row, column in cells]
            back, on = _TURNED[back], _TURNED[on]
        for place in cells:
            directions = (place != cells[0] and back) | (place != cells[-1] and on)
            nets = self.lines.setdefault(place, {})
            nets[net] = nets.get(net, 0) | directions

    def cell(self, row: int, column: int) -> tuple[str, str]:
        """Return the character of a cell and its style; text stands over lines."""
        if (row, column) in self.cells:
            return self.cells[row, column]
        nets = self.lines.get((row, column), {})
        # Where two nets cross, the upright one is seen, and the other goes on behind it.
        directions = max(nets.values(), key=lambda d: (d & (_NORTH | _SOUTH), d), default=0)
        return _LINES.get(directions, " "), "dim"


def _untangled(placed: Placed, squeeze: float) -> tuple[_Grid, int, int]:
    """Draw, so many times narrower at most, moving down what is in the way.

    Raises `UnfitError` where nothing helps.
    """
    columns = planned(placed, squeeze)
    for _ in range(_TRIES):
        give_rows(columns)
        try:
            return _draw(columns, placed.scene.down)
        except TangledError:
            continue
    raise UnfitError("the arrows of this picture would hide each other in a terminal")


def _draw(columns: list[Column], down: bool) -> tuple[_Grid, int, int]:
    """Return the characters, and how many columns and rows they take."""
    grid = _Grid(down)
    left = 0
    for k, (stops, ways) in enumerate(columns):
        if k:
            left = _channel(grid, ways, left)
        words = [stop.shape.words for stop in stops if stop.shape]
        wide = max(map(len, words)) + 2 if down else max(map(width, chain(*words))) + 4
        for stop in stops:
            if stop.shape:
                grid.box(stop, left, wide)
            else:
                grid.level(stop.top, left - 1, left + wide, stop.net)
        left += wide
    left = _last(grid, columns[-1].stops, left)
    rows = max(stop.top + stop.height for stops, _ in columns for stop in stops)
    if down:
        return grid, max(rows, *(column + 1 for _, column in grid.cells)), left
    return grid, left, rows


def _channel(grid: _Grid, ways: list[Way], left: int) -> int:
    """Draw what lies between a layer and the next, and return the column where that begins."""
    turns, count = _tracks(ways)
    strip = max((beside(way.arrow) for way in ways if way.stop.shape), default=0)
    # Beneath a box an arrow turns at once; its value has a row, and the gradient is by the head.
    first = left if grid.down else left + 1
    end = first + count + (strip > 0 if grid.down else strip + 3)
    for way in ways:
        turn = first + turns.get(way.net, 0)
        grid.level(way.source.exit, left - 1, turn, way.net)
        grid.upright(turn, way.source.exit, way.arrive, way.net)
        # Lines run on beneath the boxes' borders, so that their ends are joined to them.
        grid.level(way.arrive, turn, end if way.stop.shape else end + 1, way.net)
        if way.stop.shape:
            grid.arrive(way.arrive, end, way.arrow.value, way.arrow.contribution)
    return end + 1


def _tracks(ways: list[Way]) -> tuple[dict[int, int], int]:
    """Return the track in which each net turns, and how many there are.

    Where nets are in the way of one another one of their stops is to be moved down, and
    `TangledError` is raised.
    """
    nets: dict[int, Net] = {}
    for way in ways:
        nets.setdefault(way.net, Net(way.source.exit, [])).arrivals.append(way.arrive)
    turning = {net: at for net, at in nets.items() if at.span[0] < at.span[1]}
    try:
        placed = tracks(turning, 1)
    except TangledError as error:
        row = turning[error.net].leave
        stop = next(way.stop for way in ways if way.net == error.other and way.arrive == row)
        stop.moved += 1
        raise
    return placed, max(placed.values(), default=-1) + 1


def _last(grid: _Grid, stops: list[Stop], left: int) -> int:
    """Draw the values that leave at the right, and return where the picture ends."""
    end = left
    for stop in stops:
        numbers = (stop.shape.value, stop.shape.gradient) if stop.shape else ("", "")
        if any(numbers):
            wide = max(map(width, numbers))
            right = left + (1 if grid.down else wide + 3)
            grid.level(stop.exit, left - 1, right, stop.net)
            # In columns of one width they begin below one another.
            value, gradient = (text.ljust(wide + 2) for text in numbers)
            grid.arrive(stop.exit, right, value, gradient)
            end = max(end, right + 1)
    return end
