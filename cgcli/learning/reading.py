"""Data files → chunks of columns: CSV, JSON Lines, JSON and Parquet, a part at a time."""

from __future__ import annotations

import csv
import fnmatch
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Final, NamedTuple

import numpy as np

from cgcli.decode import decode_json
from cgcli.errors import CgraphError, excerpt, missing, shorten
from cgcli.learning.cells import Bad, CellError, Columns
from cgcli.learning.tables import CHUNK, ROW
from cgcli.words import counted

__all__ = ["Report", "Source", "open_source", "stacked"]

_LONGEST: Final = 64 * 2**20
_FEW: Final = 20


class Report:
    """What was met while rows were read: how many, and those that could not be used.

    `unbounded` counts rows with a result that is not finite, `unbounded_first` is the number of
    the first of them, and `noted` has by number what `eval` says of it and of the first row.
    """

    def __init__(self, path: str, *, skip: bool) -> None:
        self.path = path
        self.skip = skip
        self.rows = 0
        self.bad = 0
        self.first: list[Bad] = []
        self.unbounded = 0
        self.unbounded_first = 0
        self.noted: dict[int, Any] = {}

    def meet(self, line: int, problem: CellError) -> None:
        """Count a bad row; raises `CgraphError` unless bad rows are to be left out."""
        found = Bad(self.rows, line, problem.column, problem.why)
        if not self.skip:
            message = f"{shorten(self.path, 80)}, {found}"
            raise CgraphError("file", message, "--skip-bad leaves such rows out and counts them")
        self.bad += 1
        if len(self.first) < _FEW:
            self.first.append(found)


class Source(NamedTuple):
    """An open data file: the names of its columns, and its rows as mappings by line number."""

    path: str
    names: list[str]
    rows: Any

    def chunks(self, wanted: Sequence[str], report: Report) -> Iterator[dict[str, Any]]:
        """Yield the wanted columns of all rows, some rows at a time; raises `CgraphError`."""
        yield from self.rows(wanted, report)


def open_source(path: str, stream: IO[bytes] | None, kind: str) -> Source:
    """Return a data file's source; `kind` is csv, tsv, jsonl, json or parquet.

    Parquet is read by its path, everything else from the stream. Raises `CgraphError`.
    """
    if kind == "parquet":
        return _parquet(path)
    assert stream is not None
    if kind in ("csv", "tsv"):
        return _csv(path, stream, "\t" if kind == "tsv" else ",")
    return _json(path, stream, lines=kind == "jsonl")


def stacked(names: Sequence[str], patterns: Mapping[str, str]) -> dict[str, list[str]]:
    """Return for every stack the columns that its pattern matches, in the file's order.

    A pattern without a wildcard is one column, which is given another name.

    >>> stacked(["y", "p_0", "p_1"], {"x": "p_*"})
    {'x': ['p_0', 'p_1']}
    """
    found = {}
    for name, pattern in patterns.items():
        own = [each for each in names if each and fnmatch.fnmatchcase(each, pattern)]
        if not own:
            few = ", ".join(map(excerpt, names[:8])) + (" …" if len(names) > 8 else "")
            message = f"no column is like '{excerpt(pattern)}'"
            raise CgraphError("file", message, f"the columns are {few}")
        found[name] = own
    return found


def _unusable(path: str, why: str, hint: str = "") -> CgraphError:
    return CgraphError("file", f"{shorten(path, 80)}: {why}", hint)


def _check_names(path: str, names: list[str]) -> list[str]:
    if not names:
        raise _unusable(path, "it has no columns", "the first line of a CSV file names them")
    # A delimiter at the end of every line makes a column that has no name, and that nobody reads.
    counts = Counter(filter(None, names))
    twice = next((name for name, count in counts.items() if count > 1), None)
    if twice is not None:
        raise _unusable(path, f"two columns are called '{excerpt(twice)}'")
    return names


# CSV


class _Lines:
    """The lines of a text file, counted; raises `CgraphError` for what is not UTF-8."""

    def __init__(self, path: str, stream: IO[bytes]) -> None:
        self._path = path
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while True:
            try:
                line = self._text.readline(_LONGEST)
            except UnicodeDecodeError:
                why = f"near line {self.number + 1} it is not UTF-8"
                raise _unusable(self._path, why, "save the file as UTF-8") from None
            if not line:
                return
            self.number += 1
            yield line


def _csv(path: str, stream: IO[bytes], delimiter: str) -> Source:
    csv.field_size_limit(_LONGEST)
    lines = _Lines(path, stream)
    feed = iter(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    head = next(_records(path, reader), None)
    if head is None:
        raise _unusable(path, "it is empty", "the first line names the columns")
    names = _check_names(path, [name.strip() for name in head])
    for other, called in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and other in names[0] and other != delimiter:
            hint = "save it with commas" + (", or call it .tsv" if other == "\t" else "")
            raise _unusable(path, f"its columns seem to be separated by {called}", hint)
    if all(_is_number(name) for name in names):
        raise _unusable(path, "its first line has numbers", "the first line names the columns")

    def rows(wanted: Sequence[str], report: Report) -> Iterator[dict[str, Any]]:
        columns = Columns(wanted)
        places = [names.index(name) for name in wanted]
        quick = True
        while True:
            before = lines.number
            block = _block(feed)
            rest: Iterable[str] = block
            if not block:
                return
            if quick and not any('"' in line or "[" in line for line in block):
                found = _plain(block, places, len(names), delimiter)
                if found is not None:
                    report.rows += len(block)
                    columns.shapes = dict.fromkeys(wanted, ())
                    yield _chunk(wanted, found, report)
                    continue
            else:
                # A quoted cell may go on over lines, past the end of this block, and where one
                # row has a list all must.
                quick = False
                rest = itertools.chain(block, feed)
            yield from _careful_csv(path, rest, names, columns, report, delimiter, before)

    return Source(path, names, rows)


def _block(feed: Iterator[str]) -> list[str]:
    """Return the next lines, fewer where they are long."""
    block: list[str] = []
    size = 0
    for line in feed:
        block.append(line)
        size += len(line)
        if len(block) == CHUNK or size > _LONGEST:
            break
    return block


def _records(path: str, reader: Any) -> Iterator[list[str]]:
    """Yield the records that are not empty."""
    try:
        for cells in reader:
            if cells:
                yield cells
    except csv.Error as error:
        raise _unusable(path, f"it is not CSV: {error}") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _plain(block: list[str], places: list[int], width: int, delimiter: str) -> Any:
    """Return lines of numbers as an array, or None where anything else is among them."""
    if any(line.count(delimiter) != width - 1 for line in block):
        return None
    try:
        found = np.loadtxt(block, delimiter=delimiter, usecols=places, ndmin=2, comments=None)
    except ValueError:
        return None
    return found if len(found) == len(block) and np.isfinite(found).all() else None


def _careful_csv(
    path: str,
    block: Iterable[str],
    names: list[str],
    columns: Columns,
    report: Report,
    delimiter: str,
    start: int,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of lines whose cells are looked at one by one."""
    reader = csv.reader(block, delimiter=delimiter, strict=True)

    def cells() -> Iterator[tuple[int, Mapping[str, Any]]]:
        for record in _records(path, reader):
            line = start + reader.line_num
            if len(record) != len(names):
                have, want = counted(len(record), "cell"), counted(len(names), "column")
                why = f"the row has {have}, and the file {want}"
                yield line, _Short(why)
            else:
                yield line, dict(zip(names, record, strict=True))

    yield from _gather(cells(), columns, report)


class _Short(dict[str, Any]):
    """A row that has too few cells, or too many."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why

    def get(self, name: str, default: Any = None) -> Any:
        """Raise `CellError`: which cell is whose cannot be told."""
        raise CellError(name, self.why)


def _gather(
    rows: Iterable[tuple[int, Mapping[str, Any]]], columns: Columns, report: Report
) -> Iterator[dict[str, Any]]:
    """Yield the good rows among mappings of cells, some at a time."""
    kept: list[list[Any]] = []
    numbers: list[int] = []
    for line, cells in rows:
        report.rows += 1
        try:
            kept.append(columns.row(cells))
            numbers.append(report.rows)
        except CellError as problem:
            report.meet(line, problem)
        if len(kept) == CHUNK:
            yield {**columns.arrays(kept), ROW: np.array(numbers, dtype=np.float64)}
            kept, numbers = [], []
    if kept:
        yield {**columns.arrays(kept), ROW: np.array(numbers, dtype=np.float64)}


def _chunk(wanted: Sequence[str], found: Any, report: Report) -> dict[str, Any]:
    """Return rows of numbers that were read at once, all of them good."""
    numbers = np.arange(report.rows - len(found) + 1, report.rows + 1, dtype=np.float64)
    return {**{name: found[:, k] for k, name in enumerate(wanted)}, ROW: numbers}


# JSON


def _json(path: str, stream: IO[bytes], *, lines: bool) -> Source:
    rows = _json_lines(path, stream) if lines else _json_list(path, stream)
    first = next(rows, None)
    if first is None:
        raise _unusable(path, "it is empty", 'write an object a line: {"x": 1, "y": 2}')
    names = _check_names(path, list(first[1]))

    def chunks(wanted: Sequence[str], report: Report) -> Iterator[dict[str, Any]]:
        return _gather(itertools.chain([first], rows), Columns(wanted), report)

    return Source(path, names, chunks)


def _json_lines(path: str, stream: IO[bytes]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    number = 0
    while line := stream.readline(_LONGEST):
        number += 1
        if line.strip():
            called = f"{shorten(path, 80)}, line {number}"
            yield number, _object(called, decode_json(_text(called, line), called))


def _json_list(path: str, stream: IO[bytes]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    found = decode_json(_text(path, stream.read(4 * _LONGEST)), path)
    if not isinstance(found, list):
        raise _unusable(path, "it is not a list of objects", 'write [{"x": 1, "y": 2}, …]')
    for number, each in enumerate(found, 1):
        yield 0, _object(f"{shorten(path, 80)}, row {number}", each)


def _text(called: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(called, "it is not UTF-8", "save the file as UTF-8") from None


def _object(called: str, found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise _unusable(called, "it is not a JSON object", 'write {"x": 1, "y": 2}')
    return found


# Parquet


def _parquet(path: str) -> Source:
    try:
        import duckdb
    except ImportError:
        raise missing("train", "to read Parquet files") from None
    connection = duckdb.connect()
    try:
        # DuckDB takes a path for a pattern; what would be one stands in brackets.
        pattern = re.sub(r"[*?\[]", r"[\g<0>]", path)
        table = connection.from_parquet(pattern)
        names = _check_names(path, list(table.columns))
        counted = connection.execute("SELECT count(*) FROM read_parquet(?)", [pattern]).fetchone()
    except duckdb.Error as error:
        why = str(error).split("\n", maxsplit=1)[0]
        raise _unusable(path, f"it is not Parquet: {shorten(why, 100)}") from None
    total = counted[0] if counted else 0

    def chunks(wanted: Sequence[str], report: Report) -> Iterator[dict[str, Any]]:
        columns = Columns(wanted)
        quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in wanted)
        query = f"SELECT {quoted} FROM read_parquet(?)"  # noqa: S608  # names are quoted
        result = connection.execute(query, [pattern])
        while block := result.fetchmany(CHUNK):
            found = _numbers(block)
            if found is not None:
                report.rows += len(block)
                columns.shapes = dict.fromkeys(wanted, ())
                yield _chunk(wanted, found, report)
            else:
                rows = ((0, dict(zip(wanted, row, strict=True))) for row in block)
                yield from _gather(rows, columns, report)
        if report.rows != total:
            why = f"{report.rows:,} rows were read, and it has {total:,}"
            raise _unusable(path, why)

    return Source(path, names, chunks)


def _numbers(block: list[tuple[Any, ...]]) -> Any:
    """Return rows of plain finite numbers as an array, or None."""
    if not all(type(cell) in (int, float) for cell in block[0]):
        return None
    try:
        found = np.array(block, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.ndim == 2 and np.isfinite(found).all() else None
