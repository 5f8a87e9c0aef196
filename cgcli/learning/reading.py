"""Data files → chunks of columns: CSV, JSON Lines, JSON, Parquet, workbooks, a part at a time."""

from __future__ import annotations

import contextlib
import csv
import functools
import io
import itertools
import posixpath
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Final

from cgcli.decode import decode_json, not_csv
from cgcli.errors import excerpt, few, file_error, required, shorten, suggest
from cgcli.learning.beginnings import CONVERT, check_kind, head, kind_of, unpacked
from cgcli.learning.cells import CellError, Columns, Fault, integral
from cgcli.learning.duck import parquet, quick_csv
from cgcli.learning.manner import PLAIN, Manner
from cgcli.learning.sources import Report, Source, check_names, gather
from cgcli.learning.tables import CHUNK
from cgcli.words import counted

_LONGEST: Final = 64 * 2**20

STDIN: Final = "standard input"
"""What standard input is called, as the path of data."""


def open_source(path: str, stream: IO[bytes], kind: str | None, manner: Manner = PLAIN) -> Source:
    """Return a data file's source; `kind` is csv, tsv, jsonl, json, parquet or xlsx.

    What is compressed is unpacked; what has no kind is told by its first characters: Parquet, a
    workbook, JSON Lines or CSV. Raises `CgraphError`.
    """
    stream, packing = unpacked(path, stream)
    how = [packing] if packing else []
    if kind is None:
        kind = kind_of(head(stream, 4096), manner)
        how += [kind] if kind not in ("csv", "jsonl") else []
    check_kind(path, head(stream), kind, manner)
    if kind == "parquet":
        source = parquet(path, _on_disk(stream), manner)
    elif kind == "xlsx":
        source = workbook(path, stream, manner)
    elif kind in ("csv", "tsv"):
        source = _csv(path, stream, "\t" if kind == "tsv" else ",", manner)
    else:
        source = _json(path, stream, manner, lines=kind == "jsonl")
    return source._replace(how=[*how, *source.how])


def _on_disk(stream: IO[bytes]) -> str:
    """Return the path of what a stream has, which is copied where it comes from no file."""
    raw = getattr(stream, "raw", None)
    if isinstance(raw, io.FileIO) and isinstance(raw.name, str) and raw.seekable():
        return raw.name
    copy = tempfile.NamedTemporaryFile(prefix="cgraph-", suffix=".parquet")  # noqa: SIM115  # kept
    shutil.copyfileobj(stream, copy)
    copy.flush()
    _COPIES.append(copy)
    return copy.name


_COPIES: Final[list[Any]] = []
"""Copies on disk of what came by standard input, which go with the process."""


# CSV


class _Lines:
    """The lines of a text file, counted; raises `CgraphError` for what is not in its encoding.

    A comment is an empty line, unless a quote is open before it.
    """

    def __init__(self, path: str, stream: IO[bytes], manner: Manner) -> None:
        self._path = path
        self._text = io.TextIOWrapper(stream, encoding=manner.encoding, newline="")
        self._manner = manner
        self._blanks = manner.delimiter == " "
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        comment, quotes = self._manner.comment, 0
        try:
            while line := self._text.readline(_LONGEST):
                self.number += 1
                if self.number == 1:
                    line = line.lstrip("\ufeff")
                if comment:
                    if not quotes % 2 and line.lstrip().startswith(comment):
                        line = "\n"
                    quotes += line.count('"')
                yield line.replace("\t", " ").strip() + "\n" if self._blanks else line
        except UnicodeError:
            why = f"near line {self.number + 1} it is not {self._manner.encoding.upper()}"
            raise file_error(self._path, why, CONVERT) from None
        finally:
            # The stream is closed by whoever opened it.
            if not self._text.closed:
                self._text.detach()


def _csv(path: str, stream: IO[bytes], usual: str, manner: Manner) -> Source:
    csv.field_size_limit(_LONGEST)
    lines = _Lines(path, stream, manner)
    feed = iter(lines)
    full = filter(str.strip, feed)
    line = next(full, "")
    # A line that spreadsheets write, and that none of them shows.
    stated = re.fullmatch(r'"?sep=(.)"?\s*', line, re.IGNORECASE)
    line = next(full, "") if stated else line
    delimiter = manner.delimiter or (stated[1] if stated else usual)
    _check_head(path, line, delimiter)
    before, feed = lines.number - 1, itertools.chain([line], feed)
    blanks = delimiter == " "
    dialect: Any = {"delimiter": delimiter, "strict": True, "skipinitialspace": blanks}
    reader = csv.reader(feed, **dialect)
    first = next(_records(path, reader, before), None)
    if first is None:
        raise file_error(path, "it is empty", "the first line names the columns")
    names = _header(path, [name.strip() for name in first], delimiter)
    plain = manner.is_plain and delimiter != " " and manner.encoding == "utf-8"
    # Standard input has no path that it can be read by again.
    large = plain and lines.number == 1 and path != STDIN

    def rows(columns: Columns, report: Report) -> Iterator[dict[str, Any]]:
        wanted, quick = columns.names, large and columns.are_plain
        if wanted and quick and (yield from quick_csv(path, delimiter, names, columns, report)):
            return
        # What is left is read by Python, which says what is wrong.
        left = _cells(path, csv.reader(feed, **dialect), names, wanted, lines.number)
        yield from gather(itertools.islice(left, report.of_file, None), columns, report)

    how = [f"delimiter {stated[1]!r}"] if stated and not manner.delimiter else []
    return Source(path, names, rows, manner, how, dict.fromkeys(names, "VARCHAR"))


_DELIMITERS: Final = {";": "semicolon", "\t": "tab", "|": "bar", ",": "comma", " ": "space"}


def _header(path: str, names: list[str], delimiter: str) -> list[str]:
    """Return the names of the columns; raises `CgraphError` where the first row has none."""
    if all(PLAIN.number(name) is not None for name in names):
        example = delimiter.join(("x", "y", "z")[: len(names)])
        hint = f"put one before it that names the columns: {example}"
        raise file_error(path, "its first line has numbers, and no names", hint)
    return check_names(path, names)


def _check_head(path: str, line: str, delimiter: str) -> None:
    """Raise `CgraphError` for a first line that has no delimiter, and does not name the columns."""
    if delimiter in line:
        return
    if line.lstrip().startswith("#"):
        hint = "add --comment #, or take such lines out: the first line names the columns"
        raise file_error(path, f"its first line is a comment, '{shorten(line.strip(), 30)}'", hint)
    for other, option in _DELIMITERS.items():
        # A name may have blanks in it, but for those between two in quotes.
        if (other if other != " " else '" "') in line:
            hint = f"add --delimiter {option}"
            hint += ", and --decimal comma where numbers have one" if other == ";" else ""
            called = "blanks" if other == " " else f"{option}s"
            raise file_error(path, f"its columns seem to be separated by {called}", hint)


def _records(path: str, reader: Any, before: int = 0) -> Iterator[list[str]]:
    """Yield the records that are not empty; `before` is how many lines the reader never saw."""
    try:
        for cells in reader:
            if cells:
                yield cells
    except csv.Error as error:
        raise not_csv(path, error, before + reader.line_num) from None


def _cells(
    path: str, reader: Any, names: list[str], wanted: Sequence[str], start: int
) -> Iterator[tuple[int, Mapping[str, Any] | CellError]]:
    """Yield the rows behind a line by the columns' names, each with its line."""
    for record in _records(path, reader, start):
        line = start + reader.line_num
        if len(record) == 1 < len(names) and not record[0].strip():
            # It looks empty, and no spreadsheet has a row there.
            continue
        if wanted and len(record) != len(names):
            have, want = counted(len(record), "cell"), counted(len(names), "column")
            why = f"the row has {have}, and the file {want}"
            if record[0].lstrip().startswith("#"):
                why = "the line is a comment: add --comment #"
            # Which cell is whose cannot be told.
            yield line, CellError(wanted[0], why)
        else:
            yield line, dict(zip(names, record, strict=False))


# JSON


def _json(path: str, stream: IO[bytes], manner: Manner, *, lines: bool) -> Source:
    feed = _Lines(path, stream, manner)
    rows = _json_lines(path, feed) if lines else _json_list(path, feed)
    first = list(itertools.islice(rows, CHUNK if lines else None))
    if not first:
        raise file_error(path, "it is empty", 'write an object a line: {"x": 1, "y": 2}')
    # An object may lack what is missing in it, the first one too.
    names = check_names(path, list(dict.fromkeys(name for _, row in first for name in row)))
    return Source(path, names, functools.partial(gather, itertools.chain(first, rows)), manner)


def _json_lines(path: str, feed: _Lines) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line in feed:
        if line.strip():
            called = f"{shorten(path, 80)}, line {feed.number}"
            yield feed.number, _object(called, decode_json(line, called))


def _json_list(path: str, feed: _Lines) -> Iterator[tuple[int, Mapping[str, Any]]]:
    text = "".join(feed)
    if re.match(r"\s*\{.*\}\s*\n\s*\{", text):
        why, hint = "it has an object a line", "call it .jsonl, or add --data-format jsonl"
        raise file_error(path, f"{why}, as JSON Lines have, and is no list", hint)
    rows = decode_json(text, path)
    if not isinstance(rows, list):
        raise file_error(path, "it is not a list of objects", 'write [{"x": 1, "y": 2}, …]')
    for number, row in enumerate(rows, 1):
        yield 0, _object(f"{shorten(path, 80)}, row {number}", row)


def _object(called: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise file_error(called, "it is not a JSON object", 'write {"x": 1, "y": 2}')
    row = {unicodedata.normalize("NFC", name): cell for name, cell in value.items()}
    if len(row) < len(value):
        raise file_error(called, "two of its names are the same but for how accents are written")
    return row


def workbook(path: str, stream: IO[bytes], manner: Manner) -> Source:
    """Return the source of a workbook's sheet, whose first row names the columns.

    Raises `CgraphError`, too where several sheets have cells and none is named.
    """
    calamine = required("python_calamine", "data", "to read workbooks")
    try:
        content = stream.read()
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = _sheet(path, book, manner)
        rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except calamine.CalamineError:
        hint = "save it again, or as CSV: it is damaged, or locked with a password"
        raise file_error(path, "it is a workbook that cannot be read", hint) from None
    for row, column, text in _faults(content, sheet):
        rows[row][column] = Fault(text)
    cells = ([integral(cell) for cell in row] for row in rows)
    lines = [(line, row) for line, row in enumerate(cells, 1) if any(cell != "" for cell in row)]
    if not lines:
        raise file_error(path, "its sheet is empty", "the first row names the columns")
    names = _header(path, [str(cell).strip() for cell in lines[0][1]], ", ")

    records = [(line, dict(zip(names, row, strict=True))) for line, row in lines[1:]]
    # One that was named is told as that.
    how = [f"sheet {sheet}"] if manner.sheet is None else []
    return Source(path, names, functools.partial(gather, records), manner, how)


def _faults(content: bytes, sheet: str) -> Iterator[tuple[int, int, str]]:
    """Yield the row and the column, from 0, of cells with errors, and these: its reader has none.

    They are those of ECMA-376, part 1, 18.3.1.4; other workbooks are not looked into.
    """
    import zipfile
    from xml.etree import ElementTree as ET

    others = contextlib.suppress(zipfile.BadZipFile, KeyError, ET.ParseError)
    with others, zipfile.ZipFile(io.BytesIO(content)) as parts:
        links = ET.fromstring(parts.read("xl/_rels/workbook.xml.rels"))  # noqa: S314  # expat's own
        names = ET.fromstring(parts.read("xl/workbook.xml")).iterfind(".//{*}sheet")  # noqa: S314
        # Of which attribute it is the value depends on how strict the workbook is.
        known = next((name.attrib.values() for name in names if name.get("name") == sheet), ())
        target = next((link.get("Target", "") for link in links if link.get("Id") in known), "")
        text = parts.read(posixpath.join("xl", target).lstrip("/"))
        # Few sheets have any, and a search takes no time.
        cells = ET.fromstring(text).iterfind(".//{*}c") if b't="e"' in text else ()  # noqa: S314
        for cell in cells:
            place = re.fullmatch("([A-Z]+)([0-9]+)", cell.get("r", ""))
            if cell.get("t") == "e" and place:
                column = functools.reduce(lambda n, letter: 26 * n + ord(letter) - 64, place[1], 0)
                yield int(place[2]) - 1, column - 1, cell.findtext("{*}v", "")


def _sheet(path: str, book: Any, manner: Manner) -> str:
    """Return the name of the sheet to read: the one that is named, or the only one with cells."""
    names: list[str] = book.sheet_names
    if manner.sheet is not None:
        if manner.sheet not in names:
            hint = suggest(manner.sheet, names, f"the sheets are {few(names)}")
            raise file_error(path, f"there is no sheet '{excerpt(manner.sheet)}'", hint)
        return manner.sheet
    full = [name for name in names if book.get_sheet_by_name(name).height]
    if len(full) > 1:
        why = f"it has several sheets: {few(full)}"
        raise file_error(path, why, f'name one: --sheet "{excerpt(full[0])}"')
    return full[0] if full else names[0]
