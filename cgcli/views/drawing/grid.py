"""Characters by row and column, and lines between their middles."""

from __future__ import annotations

from typing import Final

from cgcli.views.gate import width

__all__ = ["Grid"]

_NORTH, _EAST, _SOUTH, _WEST = 1, 2, 4, 8
_LINES: Final = dict(zip(
    (5, 10, 6, 12, 3, 9, 7, 13, 14, 11, 15, 1, 2, 4, 8), "│─┌┐└┘├┤┬┴┼│─│─", strict=False
))  # fmt: skip


class Grid:
    """Characters by row and column, each with its style; lines keep whose they are."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}
        self.lines: dict[tuple[int, int], dict[int, int]] = {}

    def text(self, row: int, column: int, text: str, style: str) -> None:
        """Write a text from a cell on."""
        for char in text:
            self.cells[row, column] = (char, style)
            column += width(char) or 1

    def line(self, row: int, column: int, directions: int, net: int) -> None:
        """Add to the line of a net in a cell."""
        nets = self.lines.setdefault((row, column), {})
        nets[net] = nets.get(net, 0) | directions

    def level(self, row: int, start: int, end: int, net: int) -> None:
        """Draw a line from the middle of one cell to the middle of another."""
        for column in range(start, end + 1):
            east = _EAST if column < end else 0
            west = _WEST if column > start else 0
            self.line(row, column, east | west, net)

    def upright(self, column: int, start: int, end: int, net: int) -> None:
        """Draw a line down or up a column."""
        start, end = min(start, end), max(start, end)
        for row in range(start, end + 1):
            south = _SOUTH if row < end else 0
            north = _NORTH if row > start else 0
            self.line(row, column, south | north, net)

    def cell(self, row: int, column: int) -> tuple[str, str]:
        """Return the character of a cell and its style; text stands over lines."""
        if (row, column) in self.cells:
            return self.cells[row, column]
        nets = self.lines.get((row, column), {})
        # Where two nets cross, the upright one is seen, and the other goes on behind it.
        directions = max(nets.values(), key=lambda d: (d & (_NORTH | _SOUTH), d), default=0)
        return _LINES.get(directions, " "), "dim"
