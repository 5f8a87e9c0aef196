"""Files a user names: programs as text, values from JSON, CSV and NumPy's .npy, never a pickle."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, Final

from cgcli.calculus.kind import DOUBLES, Kind
from cgcli.decode import decode_json
from cgcli.errors import CgraphError, excerpt, shorten

__all__ = [
    "check_apart",
    "check_writable",
    "opened",
    "read_array",
    "read_text",
    "utf8",
    "write_file",
    "write_pieces",
]

_LARGEST: Final = 256 * 2**20
_NUMBER: Final = re.compile(
    r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*|\s*[+-]?inf\s*", re.ASCII
)


def _file_error(path: str, why: str, hint: str = "") -> CgraphError:
    return CgraphError("file", f"{shorten(path, 80)}: {why}", hint)


@contextlib.contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """Open a file for reading, or standard input for ``-``; raises `CgraphError` of kind file."""
    try:
        if path == "-":
            yield sys.stdin.buffer
            return
        try:
            mode = os.stat(path).st_mode
        except ValueError:
            # No path has a character that is 0.
            raise _file_error(path, "it cannot be opened") from None
        if stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
            raise _file_error(path, "this is a device, not a file")
        with open(path, "rb") as file:
            yield file
    except BrokenPipeError:
        raise
    except FileNotFoundError:
        raise _file_error(path, "there is no such file", "check the path") from None
    except IsADirectoryError:
        raise _file_error(path, "this is a folder", "name a file in it") from None
    except OSError as error:
        why = error.strerror or "it cannot be opened"
        raise _file_error(path, why[0].lower() + why[1:]) from None


def check_apart(named: Mapping[str, str | None]) -> None:
    """Refuse two paths, by what they are for, that are the same file: one would be lost."""
    before: dict[str, str] = {}
    for what, path in named.items():
        if path is None or path == "-" or (os.path.exists(path) and not os.path.isfile(path)):
            continue
        real = os.path.normcase(os.path.realpath(path))
        if real in before:
            message = f"{shorten(path, 80)} is {before[real]}, and {what} would be written over it"
            raise CgraphError("usage", message, "give each a file of its own")
        before[real] = what


def write_file(path: str, data: bytes) -> None:
    """Write a file whole or not at all; what was there before is replaced at the end."""
    write_pieces(path, [data])


def check_writable(path: str) -> None:
    """Raise `CgraphError` where a file could not be written; what is there stays as it is."""
    beside = _beside(path)
    try:
        with open(beside, "wb"):
            pass
    except OSError as error:
        raise _file_error(path, (error.strerror or "it cannot be written").lower()) from None
    finally:
        with contextlib.suppress(OSError):
            os.remove(beside)


def _beside(path: str) -> str:
    folder = os.path.dirname(path) or "."
    return os.path.join(folder, f".{os.path.basename(path)}.{os.getpid()}.part")


def write_pieces(path: str, pieces: Iterable[bytes]) -> None:
    """Do the same with a file that comes in pieces; an error in making one leaves it as it was."""
    beside = _beside(path)
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            # A folder is refused by the system; a device takes what it is given.
            with open(path, "wb") as file:
                file.writelines(pieces)
            return
        with open(beside, "wb") as file:
            file.writelines(pieces)
            # The name must not be there before the content is.
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise _file_error(path, (error.strerror or "it cannot be written").lower()) from None
    finally:
        with contextlib.suppress(OSError):
            os.remove(beside)


def read_bytes(path: str) -> bytes:
    """Return a file's content, or standard input's for ``-``; raises `CgraphError` of kind file."""
    with opened(path) as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise _file_error(path, f"it is larger than {_LARGEST // 2**20} MB")
    return data


def utf8(data: bytes, what: str) -> str:
    """Return bytes as text; raises `CgraphError` that names the first byte that is not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        byte = data[error.start]
        why = f"the byte 0x{byte:02x} in line {row}, column {column} is not UTF-8"
        raise _file_error(what, why, "save the file as UTF-8") from None


def read_text(path: str) -> str:
    """Return a file's text."""
    return utf8(read_bytes(path), "standard input" if path == "-" else path)


def read_array(path: str, kind: Kind = DOUBLES) -> Any:
    """Return the number, list or array that a .json, .csv or .npy file holds.

    The numbers of a .csv file are of the kind, those of .json are as they are to be read in it.
    """
    ending = os.path.splitext(path)[1].lower()
    if ending == ".json":
        return decode_json(read_text(path), path, kind.as_written)
    if ending == ".csv":
        return _read_csv(path, kind)
    if ending == ".npy":
        return _read_npy(path)
    raise _file_error(path, "values are read from .json, .csv and .npy files", "name one of those")


def _read_csv(path: str, kind: Kind) -> Any:
    """Return the rows of a CSV file of numbers, a single row or column as a vector."""
    import csv
    import io

    rows: list[list[Any]] = []
    text = read_text(path).lstrip("\ufeff")
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), 1):
            if not cells:
                continue
            for place, cell in enumerate(cells, 1):
                if not _NUMBER.fullmatch(cell):
                    why = f"row {number}, column {place}: '{excerpt(cell)}' is not a number"
                    raise _file_error(path, why, "a file of values has no head line")
            if rows and len(cells) != len(rows[0]):
                why = f"row {number} has {len(cells)} cells, and the first has {len(rows[0])}"
                raise _file_error(path, why)
            rows.append([_cell(path, number, cell, kind) for cell in cells])
            for place, (cell, value) in enumerate(zip(cells, rows[-1], strict=True), 1):
                if type(value) is float and value - value != 0 and "inf" not in cell:
                    why = f"row {number}, column {place}: {excerpt(cell)} is too large for a double"
                    raise _file_error(path, why)
    except csv.Error as error:
        raise _file_error(path, f"it is not CSV: {error}") from None
    if not rows:
        raise _file_error(path, "it is empty")
    if len(rows) == 1:
        return rows[0]
    return [row[0] for row in rows] if len(rows[0]) == 1 else rows


def _cell(path: str, row: int, cell: str, kind: Kind) -> Any:
    """Return a cell's number in a kind; infinity is a float in each."""
    if "inf" in cell:
        return float(cell)
    try:
        return kind.numeral(cell)
    except CgraphError as error:
        raise _file_error(path, f"row {row}: {error.message}", error.hint) from None


def _read_npy(path: str) -> Any:
    """Return a NumPy file's array, once its head has said that it is one of numbers and whole."""
    import io

    import numpy as np

    data = read_bytes(path)
    file = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read(file)
    except (KeyError, ValueError, EOFError, OSError, MemoryError, RecursionError, SyntaxError):
        raise _file_error(path, "this is not a .npy file of NumPy") from None
    if dtype.hasobject or dtype.kind not in "fiu":
        raise _file_error(path, f"it holds {dtype}, not real numbers", "save it as float64")
    if len(shape) > 2:
        raise _file_error(path, f"it has {len(shape)} axes, and values have 2 at most")
    count = 1
    for length in shape:
        count *= length
    if count < 1 or min(shape, default=1) < 1:
        raise _file_error(path, "it is empty")
    if count * dtype.itemsize != len(data) - file.tell():
        raise _file_error(path, f"its head promises {count:,} numbers, which are not there")
    file.seek(0)
    try:
        loaded = np.load(file, allow_pickle=False)
    except (ValueError, EOFError, OSError, MemoryError):
        raise _file_error(path, "this is not a .npy file of NumPy") from None
    return loaded
