"""Files a user names: programs as text, values from JSON, CSV and NumPy's .npy, never a pickle."""

from __future__ import annotations

import contextlib
import io
import math
import re
from collections.abc import Iterator
from typing import IO, Any, Final

from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.kind import Kind
from cgcli.decode import decode_json, not_csv
from cgcli.errors import CgraphError, excerpt, file_error, shorten
from cgcli.library.files import ending_of, read_bytes, read_text

_NUMBER: Final = re.compile(
    r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*|\s*[+-]?inf\s*", re.ASCII
)


def read_array(path: str, kind: Kind = DOUBLES) -> Any:
    """Return the number, list or array that a .json, .csv or .npy file holds.

    The numbers of a .csv file are of the kind, those of .json are as they are to be read in it.
    """
    ending = ending_of(path)
    if ending == "json":
        return decode_json(read_text(path), path, kind.as_written)
    if ending == "csv":
        return _read_csv(path, kind)
    if ending == "npy":
        return _read_npy(path)
    raise file_error(path, "values are read from .json, .csv and .npy files", "name one of those")


def _read_csv(path: str, kind: Kind) -> Any:
    """Return the rows of a CSV file of numbers, a single row or column as a vector."""
    import csv

    rows: list[list[Any]] = []
    text = read_text(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            if not cells:
                continue
            row = [_cell(path, number, place, cell, kind) for place, cell in enumerate(cells, 1)]
            if rows and len(row) != len(rows[0]):
                why = f"row {number} has {len(row)} cells, and the first has {len(rows[0])}"
                raise file_error(path, why)
            rows.append(row)
    except csv.Error as error:
        raise not_csv(path, error, reader.line_num) from None
    if not rows:
        raise file_error(path, "it is empty")
    if len(rows) == 1:
        return rows[0]
    return [row[0] for row in rows] if len(rows[0]) == 1 else rows


def _cell(path: str, row: int, place: int, cell: str, kind: Kind) -> Any:
    """Return a cell's number in a kind; infinity is a float in each."""
    where = f"row {row}, column {place}"
    if not _NUMBER.fullmatch(cell):
        why = f"{where}: '{excerpt(cell)}' is not a number"
        raise file_error(path, why, "a file of values has no head line")
    if "inf" in cell:
        return float(cell)
    try:
        value = kind.numeral(cell)
    except CgraphError as error:
        raise file_error(path, f"row {row}: {error.message}", error.hint) from None
    if type(value) is float and value - value != 0:
        raise file_error(path, f"{where}: {excerpt(cell)} is too large for a double")
    return value


def _read_npy(path: str) -> Any:
    """Return a NumPy file's array, once its head has said that it is one of numbers and whole."""
    import numpy as np

    data = read_bytes(path)
    file = io.BytesIO(data)
    with _numpy_errors(path):
        shape, dtype = _npy_head(file)
    if dtype.hasobject or dtype.kind not in "fiu":
        why = f"it holds {shorten(str(dtype), 60)}, not real numbers"
        raise file_error(path, why, "save it as float64")
    if len(shape) > 2:
        raise file_error(path, f"it has {len(shape)} axes, and values have 2 at most")
    if min(shape, default=1) < 1:
        raise file_error(path, "it is empty")
    if math.prod(shape) * dtype.itemsize != len(data) - file.tell():
        raise file_error(path, "it does not hold as many numbers as its head promises")
    file.seek(0)
    with _numpy_errors(path), np.errstate(all="ignore"):
        array = np.load(file, allow_pickle=False)
        doubles = array if dtype.itemsize <= 8 else array.astype(np.float64)
    if (np.isinf(doubles) & np.isfinite(array)).any():
        raise file_error(path, "it holds a number that is too large for a double")
    return doubles


@contextlib.contextmanager
def _numpy_errors(path: str) -> Iterator[None]:
    """Raise whatever NumPy says against a file as `CgraphError`; its warnings are passed over."""
    import warnings

    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except Exception:  # noqa: BLE001  # the head is Python's to parse, and fails in all its ways
        raise file_error(path, "this is not a .npy file of NumPy") from None


def _npy_head(file: IO[bytes]) -> tuple[tuple[int, ...], Any]:
    """Return the shape and the type of a NumPy file's array, and stand behind its head."""
    import numpy as np

    # The last two differ in the letters that the names of fields may have.
    first, later = np.lib.format.read_array_header_1_0, np.lib.format.read_array_header_2_0
    readers = {(1, 0): first, (2, 0): later, (3, 0): later}
    shape, _, dtype = readers[np.lib.format.read_magic(file)](file)
    return shape, dtype
