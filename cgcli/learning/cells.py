"""A file's cells → numbers, with the row and the column of each that is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from cgcli.decode import decode_json
from cgcli.errors import CgraphError, excerpt, shorten
from cgcli.learning.manner import PLAIN, Manner
from cgcli.operations.row import Shape

_MISSING: Final = frozenset({
    "", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "nat", "null", "none", "\\n", "?", ".",
})  # fmt: skip


class CellError(Exception):
    """A cell that is no number: its column, and why; one `missing` may be filled.

    Whoever knows that says where it is: in which row from 1, and which line of a file.
    """

    row = 1
    line = 0
    path = ""

    def __init__(self, column: str, why: str, *, missing: bool = False) -> None:
        super().__init__(why)
        self.column, self.why, self.missing = column, why, missing

    def __str__(self) -> str:
        """Return it as a message says it."""
        line = f" (line {self.line})" if self.line else ""
        return f"row {self.row}{line}, column '{excerpt(self.column)}': {self.why}"


class Fault(str):
    """What a workbook has in a cell that could not be worked out, such as #DIV/0!."""

    __slots__ = ()


def is_missing(cell: Any) -> bool:
    """Whether nothing stands in a cell, or a word for nothing."""
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in _MISSING)


def _missing(column: str) -> CellError:
    return CellError(column, "it is missing", missing=True)


class Columns:
    """The columns wanted of a file, and the shapes they have in its first good row.

    Those `kept` come back beside them, as they are in the file, by `kept_as` their names. Columns
    that `are_plain` have numbers, or lists of them.

    >>> columns = Columns(["x", "v"])
    >>> columns.row({"x": "1.5", "v": [1, 2]})
    [1.5, array([1., 2.])]
    >>> columns.shapes
    {'x': (), 'v': (2,)}
    """

    def __init__(
        self, names: Sequence[str], kept: Sequence[str] = (), manner: Manner = PLAIN
    ) -> None:
        self.names = list(names)
        self.kept = list(kept)
        self.manner = manner
        readers = ((manner.levels, _level), (manner.dates, _date), (manner.pads, _padded))
        self._readers = {n: read for part, read in readers for n in self.names if n in part}
        self.are_plain = not self._readers
        self.shapes: dict[str, Shape] = {}

    def row(self, cells: Mapping[str, Any] | CellError) -> list[Any]:
        """Return a row's values in the order of the names; raises `CellError`, or the one given."""
        if isinstance(cells, CellError):
            raise cells
        values = [self._value(cells.get(name), name) for name in self.names]
        shapes = {
            name: () if type(value) is float else np.shape(value)
            for name, value in zip(self.names, values, strict=True)
        }
        if shapes != self.shapes:
            for name, shape in shapes.items():
                known = self.shapes.get(name, shape)
                if shape != known:
                    why = f"it has {_form(shape)}, and the rows before {_form(known)}"
                    raise CellError(name, why)
            self.shapes.update(shapes)
        return values + [cells.get(name) for name in self.kept]

    def _value(self, cell: Any, name: str) -> Any:
        """Return a cell as a number or an array; NaN where it is missing and will be filled."""
        manner = self.manner
        reader = self._readers.get(name, convert)
        if isinstance(cell, Fault):
            raise CellError(name, f"it holds the error {cell}")
        try:
            # What is stated to be a category is no word for nothing.
            stated = name in manner.levels and cell in manner.levels[name]
            if reader is not convert and is_missing(cell) and not stated:
                raise _missing(name)
            return reader(cell, name, manner)
        except CellError as problem:
            # What is no number before it is read has no mean.
            of_numbers = reader is convert or name in manner.dates
            if not (problem.missing and manner.fills and of_numbers):
                raise
            return np.full(self.shapes.get(name, ()), math.nan)[()]

    def arrays(self, rows: list[list[Any]]) -> dict[str, Any]:
        """Return rows as an array for each column."""
        columns = list(zip(*rows, strict=True))
        count = len(self.names)
        numbers = zip(self.names, columns[:count], strict=True)
        arrays = {name: np.array(column, dtype=np.float64) for name, column in numbers}
        return arrays | kept_arrays(dict(zip(self.kept, columns[count:], strict=True)))

    def at_once(self, block: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return columns of numbers as arrays; None where any has to be looked at cell by cell."""
        if not self.are_plain:
            return None
        try:
            arrays = {name: np.asarray(block[name], dtype=np.float64) for name in self.names}
        except (TypeError, ValueError):
            return None
        shapes = {name: array.shape[1:] for name, array in arrays.items()}
        fills = self.manner.fills
        usable = (np.isfinite(part) | (fills & np.isnan(part)) for part in arrays.values())
        if self.shapes not in ({}, shapes) or not all(part.all() for part in usable):
            return None
        self.shapes = shapes
        return arrays


def kept_arrays(columns: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return columns that are kept as they are as arrays."""
    return {
        kept_as(name): np.fromiter(cells, dtype=object, count=len(cells))
        for name, cells in columns.items()
    }


def integral(cell: Any) -> Any:
    """Return a cell, a double that is a whole number as one: 2, where a file has no others.

    >>> integral(2.0), integral(2.5), integral("2.0")
    (2, 2.5, '2.0')
    """
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def kept_as(name: str) -> str:
    """Return what a column that is kept as it is is called among columns of numbers."""
    return f"#kept {name}"


def _form(shape: Shape) -> str:
    if not shape:
        return "one number"
    return f"{shape[0]} numbers" if len(shape) == 1 else f"{shape[0]} by {shape[1]} numbers"


def convert(cell: Any, column: str, manner: Manner = PLAIN) -> Any:
    """Return a cell as a float, or as an array where it is a list; raises `CellError`."""
    if isinstance(cell, str):
        return _from_text(cell, column, manner)
    if cell is None:
        raise _missing(column)
    if isinstance(cell, (list, tuple)):
        return _from_list(cell, column)
    kind = type(cell).__name__
    if isinstance(cell, (int, float, np.generic)) or kind == "Decimal":
        return _finite(cell, column)
    raise CellError(column, f"'{shorten(str(cell), 30)}' is not a number")


def _finite(cell: Any, column: str) -> float:
    try:
        value = float(cell)
    except (OverflowError, TypeError, ValueError):
        raise CellError(column, "it is larger than the largest double, 1.8e308") from None
    if value != value:
        raise _missing(column)
    if math.isinf(value):
        raise CellError(column, "it is not finite")
    return value


def _from_text(cell: str, column: str, manner: Manner) -> Any:
    number, plain = manner.number(cell), cell.strip()
    if number is not None:
        if math.isinf(number):
            raise CellError(column, f"'{shorten(plain, 30)}' is not finite")
        return number
    if is_missing(cell):
        raise _missing(column)
    if plain.startswith("["):
        return _from_list(_read_list(plain, column), column)
    raise CellError(column, f"'{shorten(plain, 30)}' is not a number")


def _read_list(text: str, column: str) -> Any:
    try:
        return decode_json(text, column)
    except CgraphError:
        raise CellError(column, f"'{shorten(text, 30)}' is not a list of numbers") from None


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


def _level(cell: Any, column: str, manner: Manner) -> float:
    """Return the number of a category; one that is new gets the next where the column is open."""
    if isinstance(cell, (list, tuple, dict)):
        raise CellError(column, "it is no category")
    level = str(cell).lower() if isinstance(cell, bool) else str(integral(cell)).strip()
    levels = manner.levels[column]
    if level not in levels:
        if column in manner.open:
            levels[level] = len(levels)
        elif manner.unseen == "other":
            return float(len(levels))
        else:
            raise CellError(column, f"'{shorten(level, 30)}' is none of its categories")
    return float(levels[level])


def _date(cell: Any, column: str, manner: Manner) -> float:
    try:
        return manner.calendars[column].number(cell)
    except (ValueError, OverflowError):
        raise CellError(column, f"'{shorten(str(cell), 30)}' is not a date") from None


def _padded(cell: Any, column: str, manner: Manner) -> Any:
    """Return a list of numbers with NaN behind them, to the length that all lists get."""
    values = _read_list(cell, column) if isinstance(cell, str) else cell
    if not isinstance(values, (list, tuple)):
        raise CellError(column, "it is not a list")
    array, length = np.full(manner.pads[column], math.nan), len(values)
    if length > len(array):
        raise CellError(column, f"its list has {length} numbers, and --pad says {len(array)}")
    if values:
        numbers = _from_list(values, column)
        if numbers.ndim > 1:
            raise CellError(column, "its lists nest, and --pad takes lists of numbers")
        array[:length] = numbers
    return array
