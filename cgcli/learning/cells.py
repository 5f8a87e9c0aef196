"""A file's cells → numbers, with the row and the column of each that is none."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from cgcli.decode import decode_json
from cgcli.errors import CgraphError, excerpt, shorten
from cgcli.operations.row import Shape

_NUMBER: Final = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*", re.ASCII)
_CALLED: Final = {
    "dict": "an object", "date": "a date", "datetime": "a date", "time": "a time of day",
    "timedelta": "a span of time", "bytes": "a run of bytes", "UUID": "an identifier",
}  # fmt: skip
_MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})


class Bad(NamedTuple):
    """A row that cannot be used: its number from 1, its line in the file, its column, and why."""

    row: int
    line: int
    column: str
    why: str

    def __str__(self) -> str:
        """Return it as a message says it."""
        line = f" (line {self.line})" if self.line else ""
        return f"row {self.row}{line}, column '{excerpt(self.column)}': {self.why}"


class CellError(Exception):
    """A cell that is no number; its column, and why."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column = column


class Columns:
    """The columns wanted of a file, and the shapes they have in its first good row.

    Those `kept` come back beside them, as they are in the file, by `kept_as` their names.

    >>> columns = Columns(["x", "v"])
    >>> columns.row({"x": "1.5", "v": [1, 2]})
    [1.5, array([1., 2.])]
    >>> columns.shapes
    {'x': (), 'v': (2,)}
    """

    def __init__(self, names: Sequence[str], kept: Sequence[str] = ()) -> None:
        self.names = list(names)
        self.kept = list(kept)
        self.shapes: dict[str, Shape] = {}

    def row(self, cells: Mapping[str, Any] | CellError) -> list[Any]:
        """Return a row's values in the order of the names; raises `CellError`, or the one given."""
        if isinstance(cells, CellError):
            raise cells
        values = [convert(cells.get(name), name) for name in self.names]
        shapes = dict(zip(self.names, map(np.shape, values), strict=True))
        for name, shape in shapes.items():
            known = self.shapes.get(name, shape)
            if shape != known:
                raise CellError(name, f"it has {_form(shape)}, and the rows before {_form(known)}")
        self.shapes.update(shapes)
        return values + [cells.get(name) for name in self.kept]

    def arrays(self, rows: list[list[Any]]) -> dict[str, Any]:
        """Return rows as an array for each column."""
        columns = list(zip(*rows, strict=True))
        count = len(self.names)
        numbers = zip(self.names, columns[:count], strict=True)
        arrays = {name: np.array(column, dtype=np.float64) for name, column in numbers}
        for name, cells in zip(self.kept, columns[count:], strict=True):
            arrays[kept_as(name)] = np.empty(len(cells), dtype=object)
            arrays[kept_as(name)][:] = cells
        return arrays


def kept_as(name: str) -> str:
    """Return what a column that is kept as it is is called among columns of numbers."""
    return f"#kept {name}"


def _form(shape: Shape) -> str:
    if not shape:
        return "one number"
    return f"{shape[0]} numbers" if len(shape) == 1 else f"{shape[0]} by {shape[1]} numbers"


def convert(cell: Any, column: str) -> Any:
    """Return a cell as a float, or as an array where it is a list; raises `CellError`."""
    if isinstance(cell, str):
        return _from_text(cell, column)
    if cell is None:
        raise CellError(column, "it is missing")
    if isinstance(cell, (list, tuple)):
        return _from_list(cell, column)
    kind = type(cell).__name__
    if isinstance(cell, (int, float, np.generic)) or kind == "Decimal":
        return _finite(cell, column)
    raise CellError(column, f"{_CALLED.get(kind, kind)} is not a number")


def _finite(cell: Any, column: str) -> float:
    try:
        value = float(cell)
    except (OverflowError, TypeError, ValueError):
        raise CellError(column, "it is larger than the largest double, 1.8e308") from None
    if value != value:
        raise CellError(column, "it is missing")
    if math.isinf(value):
        raise CellError(column, "it is not finite")
    return value


def _from_text(cell: str, column: str) -> Any:
    if _NUMBER.fullmatch(cell):
        return _finite(cell, column)
    plain = cell.strip()
    if plain.lower() in _MISSING:
        raise CellError(column, "it is missing")
    if plain.startswith("["):
        try:
            return _from_list(decode_json(plain, column), column)
        except CgraphError:
            raise CellError(column, f"'{shorten(plain, 30)}' is not a list of numbers") from None
    raise CellError(column, f"'{shorten(plain, 30)}' is not a number")


def _from_list(cell: Sequence[Any], column: str) -> Any:
    if not cell:
        raise CellError(column, "its list is empty")
    values = [convert(element, column) for element in cell if not isinstance(element, str)]
    if len(values) != len(cell):
        raise CellError(column, "its list holds text")
    shapes = {np.shape(value) for value in values}
    if len(shapes) > 1:
        raise CellError(column, "its lists are of several lengths")
    if len(shapes.pop()) > 1:
        raise CellError(column, "its lists nest deeper than 2")
    return np.array(values, dtype=np.float64)
