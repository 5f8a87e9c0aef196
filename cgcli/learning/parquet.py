"""Parquet files → chunks of columns, read by DuckDB."""

from __future__ import annotations

import base64
import os
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from cgcli.errors import file_error, required
from cgcli.learning.cells import Bad, Columns
from cgcli.learning.sources import Report, Source, check_names, chunk, gather
from cgcli.learning.tables import CHUNK

_LEAST: Final = 12
"""How many bytes a Parquet file has at least: two marks, and a length."""

_ROWS: Final = "read_parquet(?, hive_partitioning=false)"
"""What is read: the file alone, and nothing that the names of its folders say."""

_DURATION: Final = 18
"""What Arrow's format calls a span of time, in the union `Type` of its Schema.fbs."""


def parquet(path: str) -> Source:
    """Return a Parquet file's source; raises `CgraphError` for one that cannot be read."""
    connection = required("duckdb", "train", "to read Parquet files").connect()
    # DuckDB takes a path for a pattern; what would be one stands in brackets.
    pattern = re.sub(r"[*?\[]", r"[\g<0>]", path)

    def answer(query: str) -> Any:
        return _asked(path, lambda: connection.execute(query, [pattern]).fetchall())

    parts = answer("SELECT name, num_children FROM parquet_schema(?)")
    names = check_names(path, _outermost(parts))
    metadata = "SELECT value FROM parquet_kv_metadata(?) WHERE key = 'ARROW:schema'::BLOB"
    durations = set[str]().union(*(_durations(stated) for (stated,) in answer(metadata)))
    ((total,),) = answer(f"SELECT count(*) FROM {_ROWS}")  # noqa: S608  # a constant

    def chunks(
        wanted: Sequence[str], report: Report, kept: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        if not wanted and not kept:
            yield from _numbered(total, report)
            return
        for name in durations.intersection(wanted):
            # Parquet has a whole number for it, and of which unit is not for us to guess.
            bad = Bad(1, 0, name, "a span of time is not a number")
            hint = "write it as a number of seconds, in a column whose name says so"
            raise file_error(path, str(bad), hint)
        columns, asked = Columns(wanted, kept), list(dict.fromkeys([*wanted, *kept]))
        # By their places: DuckDB makes others of names that differ in their letters' case alone.
        places = ", ".join(f"#{names.index(name) + 1}" for name in asked)
        query = f"SELECT {places} FROM {_ROWS}"  # noqa: S608  # numbers
        result = _asked(path, lambda: connection.execute(query, [pattern]))
        while block := _asked(path, lambda: result.fetchmany(CHUNK)):
            numbers = None if kept else _numbers(block)
            if numbers is not None:
                yield chunk(columns, numbers, report)
            else:
                rows = ((0, dict(zip(asked, row, strict=True))) for row in block)
                yield from gather(rows, columns, report)
        if report.rows != total:
            raise file_error(path, f"{report.rows:,} rows were read, and it has {total:,}")

    return Source(path, names, chunks)


def _asked(path: str, question: Callable[[], Any]) -> Any:
    """Return DuckDB's answer; raises `CgraphError` for whatever it cannot read."""
    import duckdb

    try:
        return question()
    except (duckdb.Error, ValueError, OverflowError, RuntimeError, MemoryError):
        # What DuckDB says is of its own parts, and seldom of the file.
        if not _is_whole(path):
            hint = "fetch or write it again: a whole file ends with PAR1, as it begins"
            raise file_error(path, "it is Parquet that is cut short", hint) from None
        hint = "write it again, or as CSV: it is damaged, or of a rare kind of Parquet"
        raise file_error(path, "it is Parquet that cannot be read", hint) from None


def _durations(stated: bytes) -> set[str]:
    """Return the columns that Arrow's schema calls durations; Parquet itself has no such type.

    The schema is a FlatBuffer: Message.header, Schema.fields, and of each Field its name and type.
    """
    try:
        data = base64.b64decode(stated)
        fields = _inner(data, _inner(data, _follow(data, 8), 2), 1)
        (count,) = struct.unpack_from("<I", data, fields)
        places = [_follow(data, fields + 4 + 4 * k) for k in range(count)]
        spans = [place for place in places if data[_slot(data, place, 2)] == _DURATION]
        names = [_inner(data, place, 0) for place in spans]
        lengths = [struct.unpack_from("<I", data, place)[0] for place in names]
        return {data[p + 4 : p + 4 + n].decode() for p, n in zip(names, lengths, strict=True)}
    except (ValueError, struct.error, IndexError):
        return set()


def _slot(data: bytes, table: int, number: int) -> int:
    """Return where a FlatBuffer's table has a field; raises `ValueError` where it has none."""
    layout = table - struct.unpack_from("<i", data, table)[0]
    (size,) = struct.unpack_from("<H", data, layout)
    offset = 0
    if 4 + 2 * number < size:
        (offset,) = struct.unpack_from("<H", data, layout + 4 + 2 * number)
    if not offset:
        raise ValueError
    return int(table + offset)


def _inner(data: bytes, table: int, number: int) -> int:
    """Return where that is which a table's field points to."""
    return _follow(data, _slot(data, table, number))


def _follow(data: bytes, place: int) -> int:
    return int(place + struct.unpack_from("<I", data, place)[0])


def _is_whole(path: str) -> bool:
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 4))
        return size >= _LEAST and file.read() == b"PAR1"


def _numbered(total: int, report: Report) -> Iterator[dict[str, Any]]:
    """Yield as many rows of no columns as the file has."""
    for start in range(0, total, CHUNK):
        yield chunk(Columns(()), np.empty((min(CHUNK, total - start), 0)), report)


def _outermost(parts: list[tuple[str, int | None]]) -> list[str]:
    """Return the names of the columns among a Parquet schema's parts, which stand as a tree."""
    names: list[str] = []
    inside = 0
    for name, children in parts[1:]:
        if not inside:
            names.append(name)
        inside += (children or 0) - (1 if inside else 0)
    return names


def _numbers(block: list[tuple[Any, ...]]) -> Any:
    """Return rows of plain finite numbers as an array, or None."""
    if not all(type(cell) in (int, float) for cell in block[0]):
        return None
    try:
        numbers = np.array(block, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    return numbers if numbers.ndim == 2 and np.isfinite(numbers).all() else None
