"""Parquet and plain CSV → chunks of columns, read by DuckDB, which downloads nothing."""

from __future__ import annotations

import base64
import codecs
import contextlib
import functools
import importlib.util
import io
import os
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import islice, repeat
from typing import Any, Final, NamedTuple

import numpy as np

from cgcli.errors import file_error, required
from cgcli.learning.beginnings import unpacked
from cgcli.learning.cells import CellError, Columns
from cgcli.learning.manner import Manner
from cgcli.learning.sources import Block, Report, Source, check_names, gather, gather_blocks
from cgcli.learning.tables import CHUNK, COLUMNAR

_NUMBERS: Final = frozenset({
    "DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER",
    "USMALLINT", "UTINYINT", "BOOLEAN",
})  # fmt: skip
"""Types that DuckDB makes the same doubles of as Python."""

_CASTS: Final = {"TIMESTAMP_NS": "::VARCHAR"}
"""What DuckDB is to make of types of which Python has less: its dates have no nanoseconds."""

_BLOCK: Final = 2**20
_QUOTED: Final = """CASE WHEN regexp_matches({0}, '[",\\n]')
    THEN '"' || replace({0}, '"', '""') || '"' ELSE {0}::VARCHAR END"""
_MANY: Final = 4096
"""So many rows are written sooner by DuckDB."""
_LARGE: Final = 2 * 2**20
"""A CSV file of so many bytes is read sooner by DuckDB, whose import takes as long."""

_CONFIG: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_file_cache": "false",
}
"""Nothing is downloaded, and nothing of a file stays in memory when it was read."""


def connection() -> Any:
    """Return the process's connection; raises `CgraphError` where DuckDB is not installed."""
    return _connected(required("duckdb", "data", "to read and write Parquet files"))


@functools.cache
def _connected(module: Any) -> Any:
    database = module.connect(config=_CONFIG)
    database.execute("SET enable_progress_bar = false")
    if hasattr(os, "sched_getaffinity"):
        # It counts the machine's processors, and this process may be kept to some of them.
        database.execute(f"SET threads = {len(os.sched_getaffinity(0))}")
    return database


def is_installed() -> bool:
    """Whether DuckDB is there, and what its columns are read by."""
    return all(importlib.util.find_spec(name) is not None for name in ("duckdb", "nanoarrow"))


def quoted(text: str) -> str:
    """Return a text as SQL writes it.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


class _Table(NamedTuple):
    """What DuckDB reads a file as: the text of a table, and its columns as SQL, by name.

    What reads it raises `RuntimeError` and DuckDB's errors.
    """

    text: str
    columns: Mapping[str, str]

    def blocks(self, names: Sequence[str], kept: Sequence[str]) -> Iterator[Block]:
        """Yield columns as doubles, NaN for nulls, and beside them those kept as objects."""
        objects = self.objects(kept) if kept else iter(())
        for arrays in self._numbers(names):
            numbers, count = dict(zip(names, arrays, strict=True)), len(arrays[0])
            beside = zip(*islice(objects, count), strict=True)
            yield Block(count, numbers, dict(zip(kept, beside, strict=True)))

    def _numbers(self, names: Sequence[str]) -> Iterator[list[Any]]:
        """Yield columns as doubles, COLUMNAR rows at a time, which are not to be written to."""
        doubles = [f"coalesce({self.columns[name]}::DOUBLE, 'nan'::DOUBLE)" for name in names]
        query = f"SELECT {', '.join(doubles)} FROM {self.text}"  # noqa: S608  # our own
        cursor = connection().cursor()
        rest: list[Any] = []
        # Arrow's batches are DuckDB's own memory: little is copied, and little is held at once.
        arrow = required("nanoarrow", "data", "to read numbers")
        for batch in arrow.ArrayStream(cursor.sql(query)):
            columns = [batch.child(k) for k in range(len(names))]
            arrays = [np.asarray(column.buffer(1))[column.offset :] for column in columns]
            if rest:
                arrays = [np.concatenate(pair) for pair in zip(rest, arrays, strict=True)]
            end = len(arrays[0]) // COLUMNAR * COLUMNAR
            for start in range(0, end, COLUMNAR):
                yield [array[start : start + COLUMNAR] for array in arrays]
            rest = [array[end:] for array in arrays] if end < len(arrays[0]) else []
        if rest:
            yield rest

    def objects(self, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of columns as Python's objects."""
        asked = ", ".join(self.columns[name] for name in names)
        result = connection().cursor().execute(f"SELECT {asked} FROM {self.text}")  # noqa: S608
        while rows := result.fetchmany(CHUNK):
            yield from rows


def parquet(path: str, file: str, manner: Manner) -> Source:
    """Return the source of a Parquet file, which is called `path`; raises `CgraphError`."""
    database = connection()
    name = quoted(_pattern(file))
    # Nothing is read of what the names of its folders say.
    rows = f"read_parquet({name}, hive_partitioning=false)"

    def answer(query: str) -> Any:
        with _readable(path):
            return database.execute(query).fetchall()

    parts = answer(f"SELECT name, num_children FROM parquet_schema({name})")  # noqa: S608
    names = check_names(path, _outermost(parts))
    metadata = f"FROM parquet_kv_metadata({name}) WHERE key = 'ARROW:schema'::BLOB"
    stated = answer(f"SELECT value {metadata}")
    durations = {names[place] for (schema,) in stated for place in _durations(schema)}
    ((total,),) = answer(f"SELECT num_rows FROM parquet_file_metadata({name})")  # noqa: S608
    kinds = dict(zip(names, [row[1] for row in answer(f"DESCRIBE FROM {rows}")], strict=True))
    # By their places: DuckDB makes others of names that differ in their letters' case alone.
    casts = {name: _CASTS.get(kind, "") for name, kind in kinds.items()}
    table = _Table(rows, {name: f"#{k}{casts[name]}" for k, name in enumerate(names, 1)})

    def cells(columns: Columns) -> Iterator[tuple[int, dict[str, Any]]]:
        names = list(dict.fromkeys([*columns.names, *columns.kept]))
        for row in table.objects(names) if names else repeat((), total):
            yield 0, dict(zip(names, row, strict=True))

    def chunks(columns: Columns, report: Report) -> Iterator[dict[str, Any]]:
        for name in durations.intersection(columns.names):
            # Parquet has a whole number for it, and of which unit is not for us to guess.
            bad = CellError(name, "a span of time is not a number")
            hint = "write it as a number of seconds, in a column whose name says so"
            raise file_error(path, str(bad), hint)
        are_numbers = columns.are_plain and _NUMBERS.issuperset(kinds[n] for n in columns.names)
        with _readable(path):
            if columns.names and are_numbers:
                blocks = table.blocks(columns.names, columns.kept)
                yield from gather_blocks(blocks, columns, report)
            else:
                yield from gather(cells(columns), columns, report)
        if report.of_file != total:
            raise file_error(path, f"{report.of_file:,} rows were read, and it has {total:,}")

    return Source(path, names, chunks, manner, kinds=kinds)


def quick_csv(
    path: str, delimiter: str, names: Sequence[str], columns: Columns, report: Report
) -> Generator[dict[str, Any], None, bool]:
    """Yield rows of a large CSV file as long as their cells are numbers; return if that was all.

    It ends before rows that are anything else, or at once where DuckDB may read what Python would
    not, or is not there: what is left is for Python to read, and to say what is wrong.
    """
    packing = _packing(path) if is_installed() else None
    if packing is None:
        return False
    import duckdb

    numbers = set(columns.names).difference(columns.kept)
    columns_text = ", ".join(
        f"c{k}: '{'DOUBLE' if name in numbers else 'VARCHAR'}'" for k, name in enumerate(names)
    )
    text = (
        f"read_csv({quoted(_pattern(path))}, auto_detect=false, header=true, nullstr='\\x01', "
        f"delim={quoted(delimiter)}, quote='\"', escape='\"', columns={{{columns_text}}}, "
        f"strict_mode=true, null_padding=false, compression='{packing}')"
    )
    table = _Table(text, {name: f"c{k}" for k, name in enumerate(names)})
    try:
        for block in table.blocks(columns.names, columns.kept):
            if not all(np.isfinite(array).all() for array in block.numbers.values()):
                return False
            yield from gather_blocks([block], columns, report)
    except (duckdb.Error, RuntimeError):
        return False
    return True


def _packing(path: str) -> str | None:
    """Return how DuckDB unpacks a file that it reads as Python would, none where it need not.

    None comes back for one that is small, or not UTF-8, or has what DuckDB alone takes for a part
    of a number: 1_000 and +-1, and what stands for a null here.
    """
    if not os.path.isfile(path) or os.path.getsize(path) < _LARGE:
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open(path, "rb") as file:
        stream, name = unpacked(path, file)
        stream.readline(2 * _BLOCK)
        while block := stream.read(_BLOCK):
            if b"_" in block or b"+-" in block or b"\x01" in block or block.endswith(b"+"):
                return None
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return None
    return {"": "none", "gzip": "gzip", "zstd": "zstd"}.get(name)


def _pattern(path: str) -> str:
    """Return a path as DuckDB takes one, for a pattern: what would be one stands in brackets."""
    return re.sub(r"[*?\[]", r"[\g<0>]", path)


@contextlib.contextmanager
def _readable(path: str) -> Iterator[None]:
    """Raise `CgraphError` for whatever DuckDB cannot read."""
    import duckdb

    try:
        yield
    except (duckdb.Error, ValueError, OverflowError, RuntimeError, MemoryError) as error:
        if "Query interrupted" in str(error):
            # So it tells Ctrl-C.
            raise KeyboardInterrupt from None
        # What DuckDB says is of its own parts, and seldom of the file.
        hint = "fetch it again, or write it as CSV: it is cut short, damaged, or of a rare kind"
        raise file_error(path, "it is Parquet that cannot be read", hint) from None


def _durations(stated: bytes) -> set[int]:
    """Return which columns Arrow's schema calls durations; Parquet itself has no such type."""
    arrow = required("nanoarrow", "data", "to read Parquet files")
    try:
        schema = arrow.ArrayStream.from_readable(io.BytesIO(base64.b64decode(stated))).schema
    except (ValueError, RuntimeError):
        return set()
    return {k for k, part in enumerate(schema.fields) if part.type == arrow.Type.DURATION}


def _outermost(parts: list[tuple[str, int | None]]) -> list[str]:
    """Return the names of the columns among a Parquet schema's parts, which stand as a tree."""
    names: list[str] = []
    inside = 0
    for name, children in parts[1:]:
        if not inside:
            names.append(name)
        inside += (children or 0) - (1 if inside else 0)
    return names


def csv_lines(columns: Sequence[Any]) -> str:
    """Return rows of CSV, of columns of numbers and of text; nothing without DuckDB, or for a few.

    It writes them as Python does, in a fourth of the time.
    """
    if len(columns[0]) < _MANY or not is_installed():
        return ""
    arrays = {f"c{k}": np.ascontiguousarray(column) for k, column in enumerate(columns)}
    cursor = connection().cursor()
    cursor.register("part", arrays)
    # What is not a number is null to it.
    texts = ", ".join(
        _QUOTED.format(name) if array.dtype == object else f"coalesce({name}::VARCHAR, 'nan')"
        for name, array in arrays.items()
    )
    query = f"SELECT concat_ws(',', {texts}) || chr(10) AS line FROM part"  # noqa: S608  # our own
    return "".join(cursor.execute(query).fetchnumpy()["line"].tolist())
