"""Data files → chunks of columns: CSV, JSON Lines, JSON and Parquet, a part at a time."""

from __future__ import annotations

import csv
import fnmatch
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Final, TypeAlias

import numpy as np

from cgcli.decode import decode_json, not_csv
from cgcli.errors import CgraphError, excerpt, file_error, shorten
from cgcli.learning.beginnings import CONVERT, check_kind, head
from cgcli.learning.cells import CellError, Columns
from cgcli.learning.parquet import parquet
from cgcli.learning.sources import Report, Source, check_names, chunk, gather, listed
from cgcli.learning.tables import CHUNK
from cgcli.words import counted

_LONGEST: Final = 64 * 2**20

Stack: TypeAlias = str | list[str]
"""The columns that make a vector: their names, or a pattern; a column's name is that column."""


def open_source(path: str, stream: IO[bytes] | None, kind: str | None) -> Source:
    """Return a data file's source; `kind` is csv, tsv, jsonl, json or parquet.

    Parquet is read by its path, everything else from the stream; what has no kind is JSON Lines
    or CSV by its first character. Raises `CgraphError`.
    """
    if stream is not None:
        if kind is None:
            start = head(stream, 4096).lstrip(b"\xef\xbb\xbf \t\r\n")
            kind = "jsonl" if start.startswith(b"{") else "csv"
        check_kind(path, head(stream), kind)
    if kind == "parquet":
        return parquet(path)
    assert stream is not None
    if kind in ("csv", "tsv"):
        return _csv(path, stream, "\t" if kind == "tsv" else ",")
    return _json(path, stream, lines=kind == "jsonl")


def stacked(names: Sequence[str], stacks: Mapping[str, Stack]) -> dict[str, Stack]:
    """Return for every stack its columns: those a pattern matches, in the file's order, or a list.

    A pattern that is a column's name is that column, which is given another name. What comes
    back, read of another file, is the same columns, wherever they stand there.

    >>> stacked(["y", "p_0", "p_1"], {"x": "p_*", "z": "y", "v": ["p_1", "p_0"]})
    {'x': ['p_0', 'p_1'], 'z': 'y', 'v': ['p_1', 'p_0']}
    """
    columns: dict[str, Stack] = {}
    for name, stack in stacks.items():
        if isinstance(stack, str):
            matches = [c for c in names if c and fnmatch.fnmatchcase(c, stack)]
            missing = [] if matches or stack in names else [stack]
            columns[name] = stack if stack in names else matches
        else:
            missing = [column for column in stack if column not in names]
            columns[name] = stack
        if missing:
            no = "no column is like" if isinstance(stack, str) else "there is no column"
            message = f"{no} '{excerpt(missing[0])}', for the stack '{excerpt(name)}'"
            raise CgraphError("file", message, listed(names))
    return columns


# CSV


class _Lines:
    """The lines of a text file, counted; raises `CgraphError` for what is not UTF-8."""

    def __init__(self, path: str, stream: IO[bytes]) -> None:
        self._path = path
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        try:
            while line := self._text.readline(_LONGEST):
                self.number += 1
                yield line
        except UnicodeDecodeError:
            why = f"near line {self.number + 1} it is not UTF-8"
            raise file_error(self._path, why, CONVERT) from None


def _csv(path: str, stream: IO[bytes], delimiter: str) -> Source:
    csv.field_size_limit(_LONGEST)
    lines = _Lines(path, stream)
    feed = iter(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    head = next(_records(path, reader), None)
    if head is None:
        raise file_error(path, "it is empty", "the first line names the columns")
    names = check_names(path, [name.strip() for name in head])
    _check_head(path, names, delimiter)

    def rows(
        wanted: Sequence[str], report: Report, kept: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        columns = Columns(wanted, kept)
        places = [names.index(name) for name in wanted]
        quick = not kept
        before = lines.number
        while block := _block(feed):
            rest: Iterable[str] = block
            start, before = before, before + len(block)
            if quick and not any('"' in line or "[" in line for line in block):
                numbers = _plain(block, places, len(names), delimiter)
                if numbers is not None:
                    yield chunk(columns, numbers, report)
                    continue
            else:
                # A quoted cell may go on over lines, past the end of this block, and where one
                # row has a list all must.
                quick = False
                rest = itertools.chain(block, feed)
            reader = csv.reader(rest, delimiter=delimiter, strict=True)
            yield from gather(_cells(path, reader, names, wanted, start), columns, report)

    return Source(path, names, rows)


_DELIMITERS: Final = ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"), (",", "commas"))


def _check_head(path: str, names: list[str], delimiter: str) -> None:
    """Raise `CgraphError` for a first line that does not name the columns."""
    if names[0].startswith("#") and len(names) == 1:
        hint = "take such lines out: the first line names the columns"
        raise file_error(path, f"its first line is a comment, '{shorten(names[0], 30)}'", hint)
    for other, called in _DELIMITERS:
        if len(names) == 1 and other in names[0] and other != delimiter:
            hint = "save it with " + ("tabs" if delimiter == "\t" else "commas")
            hint += {"\t": ", or call it .tsv", ",": ", or call it .csv"}.get(other, "")
            raise file_error(path, f"its columns seem to be separated by {called}", hint)
    if all(_is_number(name) for name in names):
        example = delimiter.join(("x", "y", "z")[: len(names)])
        hint = f"put one before it that names the columns: {example}"
        raise file_error(path, "its first line has numbers, and no names", hint)


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


def _records(path: str, reader: Any, before: int = 0) -> Iterator[list[str]]:
    """Yield the records that are not empty; `before` is how many lines the reader never saw."""
    try:
        for cells in reader:
            if cells:
                yield cells
    except csv.Error as error:
        raise not_csv(path, error, before + reader.line_num) from None


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
    if width == 1 and not any(map(str.strip, block)):
        # NumPy warns where there is nothing to read.
        return None
    try:
        numbers = np.loadtxt(block, delimiter=delimiter, usecols=places, ndmin=2, comments=None)
    except ValueError:
        return None
    return numbers if len(numbers) == len(block) and np.isfinite(numbers).all() else None


def _cells(
    path: str, reader: Any, names: list[str], wanted: Sequence[str], start: int
) -> Iterator[tuple[int, Mapping[str, Any] | CellError]]:
    """Yield the rows behind a line by the columns' names, each with its line."""
    for record in _records(path, reader, start):
        line = start + reader.line_num
        if wanted and len(record) != len(names):
            have, want = counted(len(record), "cell"), counted(len(names), "column")
            why = f"the row has {have}, and the file {want}"
            if record[0].lstrip().startswith("#"):
                why = "the line is a comment, and a CSV file has none"
            # Which cell is whose cannot be told.
            yield line, CellError(wanted[0], why)
        else:
            yield line, dict(zip(names, record, strict=False))


# JSON


def _json(path: str, stream: IO[bytes], *, lines: bool) -> Source:
    rows = _json_lines(path, stream) if lines else _json_list(path, stream)
    first = next(rows, None)
    if first is None:
        raise file_error(path, "it is empty", 'write an object a line: {"x": 1, "y": 2}')
    names = check_names(path, list(first[1]))

    def chunks(
        wanted: Sequence[str], report: Report, kept: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        return gather(itertools.chain([first], rows), Columns(wanted, kept), report)

    return Source(path, names, chunks)


def _json_lines(path: str, stream: IO[bytes]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    number = 0
    while line := stream.readline(_LONGEST):
        number += 1
        if line.strip():
            called = f"{shorten(path, 80)}, line {number}"
            yield number, _object(called, decode_json(_text(called, line), called))


def _json_list(path: str, stream: IO[bytes]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    rows = decode_json(_text(path, stream.read(4 * _LONGEST)), path)
    if not isinstance(rows, list):
        raise file_error(path, "it is not a list of objects", 'write [{"x": 1, "y": 2}, …]')
    for number, row in enumerate(rows, 1):
        yield 0, _object(f"{shorten(path, 80)}, row {number}", row)


def _text(called: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise file_error(called, "it is not UTF-8", CONVERT) from None


def _object(called: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise file_error(called, "it is not a JSON object", 'write {"x": 1, "y": 2}')
    return value
