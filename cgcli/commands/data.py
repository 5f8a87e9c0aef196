"""Data files on the command line: which reader for which file, and what was left out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from cgcli.commands.files import ending_of, opened
from cgcli.errors import CgraphError, excerpt, file_error
from cgcli.views.streams import tell
from cgcli.views.table import note_line

if TYPE_CHECKING:
    from cgcli.commands.options import Options
    from cgcli.learning.sources import Report, Source
    from cgcli.learning.workers import Workers

_KINDS: Final = ("csv", "tsv", "jsonl", "json", "parquet")
_OTHERS: Final = {"ndjson": "jsonl", "pq": "parquet"}


def _kind(path: str) -> str | None:
    ending = ending_of(path)
    kind = _OTHERS.get(ending, ending)
    return kind if kind in _KINDS else None


@contextlib.contextmanager
def opened_source(path: str | None, command: str) -> Iterator[Source]:
    """Open a data file by its ending, or standard input for ``-``; raises `CgraphError`."""
    if not path:
        message = "there is no data"
        raise CgraphError("usage", message, f"name a file: cgraph {command} … -d points.csv")
    kind = _kind(path)
    if path != "-" and kind is None:
        why = "data is read from .csv, .tsv, .jsonl, .json and .parquet"
        raise file_error(path, why, "name one of those, or - for standard input")
    from cgcli.learning.reading import open_source

    with opened(path) as stream:
        yield open_source("standard input" if path == "-" else path, stream, kind)


def opened_workers(given: Options) -> contextlib.AbstractContextManager[Workers | None]:
    """Return the context of the workers that --jobs and --on ask for, if they do."""
    if given.on is not None:
        from cgcli.learning.remote import RayWorkers

        return RayWorkers(given.jobs, given.on)
    if given.jobs is None or given.jobs == 1:
        return contextlib.nullcontext()
    from cgcli.learning.workers import Workers

    return Workers(given.jobs)


def left_to_columns(
    values: Mapping[str, Any], source: Source, stacks: Iterable[str]
) -> dict[str, Any]:
    """Return the values of an --at file for those names that no column and no stack has.

    The others are told on standard error.
    """
    columns = {*source.names, *stacks}
    names = [name for name in values if name in columns]
    if names:
        are = "is a column" if len(names) == 1 else "are columns"
        listed = ", ".join(f"'{excerpt(name)}'" for name in names[:8])
        more = " …" if len(names) > 8 else ""
        tell(f"note: {listed}{more} {are} of the data, and what --at gives is not used")
    return {name: value for name, value in values.items() if name not in columns}


def is_data(path: str) -> bool:
    """Whether a word looks like a data file's path.

    >>> is_data("points.csv"), is_data("w=0")
    (True, False)
    """
    return _kind(path) is not None


def tell_skipped(report: Report) -> None:
    """Say on standard error how many rows were left out, and the first of them."""
    if not report.bad:
        return
    lines = [f"{report.bad:,} of {report.rows:,} rows were left out:"]
    lines += [f"  {bad}" for bad in report.first]
    if report.bad > len(report.first):
        lines.append(f"  and {report.bad - len(report.first):,} more")
    tell(*lines)


_GRAVITY: Final = ("domain", "overflow", "underflow", "inexact", "kink")


def tell_notes(report: Report) -> None:
    """Say on standard error how many rows have which kind of note, and that of the first."""
    for kind in [kind for kind in _GRAVITY if kind in report.notes]:
        count, row, note = report.notes[kind]
        rows = f"row {row:,}" if count == 1 else f"{count:,} rows, the first is row {row:,}"
        tell(f"{kind}: {rows}: {note_line(note)}")
