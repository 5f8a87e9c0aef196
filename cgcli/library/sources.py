"""Data files: which reader for which file, and several of them one after the other."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cgcli.errors import CgraphError, excerpt, few, file_error, shorten, suggest
from cgcli.learning.manner import Manner
from cgcli.library.files import ending_of, expanded, opened
from cgcli.library.readings import KINDS

if TYPE_CHECKING:
    from cgcli.learning.cells import Columns
    from cgcli.learning.sources import Report, Source

_OTHERS: Final = {
    "ndjson": "jsonl", "pq": "parquet",
    "xlsm": "xlsx", "xls": "xlsx", "xlsb": "xlsx", "ods": "xlsx",
}  # fmt: skip
_PACKED: Final = ("gz", "bz2", "xz", "zst")
_TEXTS: Final = ("csv", "tsv")
_USES: Final = {
    "delimiter": _TEXTS, "comment": _TEXTS, "sheet": ("xlsx",),
    "decimal": (*_TEXTS, "jsonl", "json", "xlsx"), "encoding": (*_TEXTS, "jsonl", "json"),
}  # fmt: skip
"""Options, and the kinds of data that have a use for them."""


def data_kind(path: str) -> str | None:
    """Return the kind of data that a file's name says, whether packed or not.

    >>> data_kind("points.csv"), data_kind("points.ndjson.gz"), data_kind("w=0")
    ('csv', 'jsonl', None)
    """
    ending = ending_of(path)
    if ending in _PACKED:
        ending = ending_of(path[: -len(ending) - 1])
    kind = _OTHERS.get(ending, ending)
    return kind if kind in KINDS else None


@contextlib.contextmanager
def opened_source(paths: Sequence[str], manner: Manner) -> Iterator[Source]:
    """Open data by its ending, or standard input for ``-``; raises `CgraphError`.

    Several files, and those of a pattern, are one after the other; they have the same columns.
    """
    if not paths:
        raise CgraphError("usage", "there is no data")
    files = [path for pattern in paths for path in expanded(pattern)]
    if files.count("-") > 1:
        raise CgraphError(
            "usage", "standard input is named twice", "it is read once: leave one out"
        )
    # Of several files each is opened twice.
    kept = sys.stdin.buffer.read() if "-" in files and files[1:] else None
    _opened_one = partial(_open, kept=kept)
    with _opened_one(files[0], manner) as opened_first:
        first = check_columns(opened_first)
        if len(files) == 1:
            yield first
            return
        for path in files[1:]:
            with _opened_one(path, manner) as source:
                _check_alike(first, source)

        def rows(columns: Columns, report: Report) -> Iterator[dict[str, Any]]:
            shapes: dict[str, Any] = {}
            for path in files:
                with _opened_one(path, manner) as source:
                    report.begin(source.path)
                    columns.shapes = {}
                    for chunk in source.rows(columns, report):
                        for name, array in chunk.items():
                            if shapes.setdefault(name, array.shape[1:]) != array.shape[1:]:
                                why = f"the lists of '{excerpt(name)}' are not of one length"
                                raise file_error(path, f"{why} with those of the files before it")
                        yield chunk

        how = [*first.how, f"{len(files)} files"]
        yield first._replace(path=f"{files[0]} … {files[-1]}", rows=rows, how=how)


@contextlib.contextmanager
def _open(path: str, manner: Manner, kept: bytes | None) -> Iterator[Source]:
    """Open one file; of standard input, which is read once, `kept` is what it had."""
    kind = manner.kind or data_kind(path)
    if path != "-" and kind is None and manner.delimiter:
        kind = "csv"
    if path != "-" and kind is None and not os.path.isdir(path):
        why = "data is read from .csv, .tsv, .jsonl, .json, .parquet and .xlsx"
        raise file_error(path, why, "name one of those, or say what it is: --data-format csv")
    from cgcli.learning.reading import STDIN, open_source

    usual = Manner()
    for name, kinds in _USES.items():
        if kind is not None and kind not in kinds and getattr(manner, name) != getattr(usual, name):
            message = f"--{name} is not for {kind}, which {shorten(path, 80)} is"
            raise CgraphError("usage", message, "leave one of the two out")
    with opened(path) if path != "-" or kept is None else io.BytesIO(kept) as stream:
        yield open_source(STDIN if path == "-" else path, stream, kind, manner)


def check_columns(source: Source) -> Source:
    """Return a source, whose manner tells of no column that it lacks.

    Raises `CgraphError` where an option names no column, or two options one.
    """
    manner = source.manner
    if manner.kept:
        return source._replace(manner=manner.of_columns(source.names))
    options: dict[str, Iterable[str]] = {
        "category": manner.levels,
        "date": manner.dates,
        "pad": manner.pads,
    }
    seen: dict[str, str] = {}
    for option, columns in options.items():
        for name in columns:
            if name not in source.names:
                hint = suggest(name, source.names, "", written="'{}'")
                parts = name.split(",")
                if all(part in source.names for part in parts):
                    hint = "write " + " ".join(f"--{option} {excerpt(part)}" for part in parts)
                hint = hint or f"the columns are {few(source.names)}"
                message = f"--{option}: there is no column '{excerpt(name)}'"
                raise CgraphError("usage", message, hint)
            if name in seen:
                message = f"'{excerpt(name)}' is given to --{seen[name]} and to --{option}"
                raise CgraphError("usage", message, "leave one of the two out")
            seen[name] = option
    return source


def _check_alike(first: Source, other: Source) -> None:
    """Raise `CgraphError` where two files have not the same columns."""
    for one, two in ((first, other), (other, first)):
        lacking = [name for name in one.names if name and name not in two.names]
        if lacking:
            columns = f"'{excerpt(lacking[0])}'"
            why = f"it has no column {columns}, which {shorten(one.path, 80)} has"
            raise file_error(two.path, why, "files that are read together have the same columns")
