"""Data files on the command line: which reader for which file, and what was left out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cgcli.commands.choices import conflict
from cgcli.commands.data_options import KINDS
from cgcli.commands.paths import expanded
from cgcli.errors import CgraphError, excerpt, few, file_error, nearest, shorten
from cgcli.learning.manner import Manner
from cgcli.library.files import ending_of, opened
from cgcli.views.streams import tell
from cgcli.views.table import note_line
from cgcli.words import counted

if TYPE_CHECKING:
    from cgcli.commands.options import Options
    from cgcli.learning.sources import Report, Source
    from cgcli.learning.workers import Workers
    from cgcli.plan.compiled import Engine

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


def _kind(path: str) -> str | None:
    """Return the kind of data that a file's name says, whether packed or not."""
    ending = ending_of(path)
    if ending in _PACKED:
        ending = ending_of(path[: -len(ending) - 1])
    kind = _OTHERS.get(ending, ending)
    return kind if kind in KINDS else None


@contextlib.contextmanager
def opened_source(
    paths: Sequence[str], command: str, manner: Manner | None = None
) -> Iterator[Source]:
    """Open data by its ending, or standard input for ``-``; raises `CgraphError`.

    Several files, and those of a pattern, are one after the other; they have the same columns.
    """
    manner = manner or Manner()
    files = [path for pattern in paths for path in expanded(pattern)]
    if not files:
        message = "there is no data"
        raise CgraphError("usage", message, f"name a file: cgraph {command} … -d points.csv")
    with _opened_one(files[0], manner) as first:
        check_columns(first)
        if len(files) == 1:
            yield first
            return
        for path in files[1:]:
            with _opened_one(path, manner) as source:
                _check_alike(first, source)

        def rows(wanted: Any, report: Report, kept: Any) -> Iterator[dict[str, Any]]:
            shapes: dict[str, Any] = {}
            for path in files:
                with _opened_one(path, manner) as source:
                    report.begin(source.path)
                    for chunk in source.rows(wanted, report, kept):
                        for name, array in chunk.items():
                            if shapes.setdefault(name, array.shape[1:]) != array.shape[1:]:
                                why = f"the lists of '{excerpt(name)}' are not of one length"
                                raise file_error(path, f"{why} with those of the files before it")
                        yield chunk

        how = [*first.how, f"{len(files)} files"]
        yield first._replace(path=f"{files[0]} … {files[-1]}", rows=rows, how=how)


@contextlib.contextmanager
def _opened_one(path: str, manner: Manner) -> Iterator[Source]:
    kind = manner.kind or _kind(path)
    if path != "-" and kind is None and manner.delimiter:
        kind = "csv"
    if path != "-" and kind is None:
        why = "data is read from .csv, .tsv, .jsonl, .json, .parquet and .xlsx"
        raise file_error(path, why, "name one of those, or say what it is: --data-format csv")
    from cgcli.learning.reading import STDIN, open_source

    usual = Manner()
    for name, kinds in _USES.items():
        if kind is not None and kind not in kinds and getattr(manner, name) != getattr(usual, name):
            raise conflict(f"--{name} is not for {kind}, which {shorten(path, 80)} is")
    with opened(path) as stream:
        yield open_source(STDIN if path == "-" else path, stream, kind, manner)


def check_columns(source: Source) -> None:
    """Raise `CgraphError` where an option names no column, or two options one."""
    manner = source.manner
    options: dict[str, Iterable[str]] = {
        "category": manner.levels,
        "date": manner.dates,
        "pad": manner.pads,
    }
    seen: dict[str, str] = {}
    for option, columns in options.items():
        for name in columns:
            if name not in source.names:
                close = nearest(name, source.names)
                hint = f"did you mean '{excerpt(close)}'?" if close else ""
                hint = hint or f"the columns are {few(source.names)}"
                message = f"--{option}: there is no column '{excerpt(name)}'"
                raise CgraphError("usage", message, hint)
            if name in seen:
                raise conflict(f"'{excerpt(name)}' is given to --{seen[name]} and to --{option}")
            seen[name] = option


def _check_alike(first: Source, other: Source) -> None:
    """Raise `CgraphError` where two files have not the same columns."""
    for one, two in ((first, other), (other, first)):
        lacking = [name for name in one.names if name and name not in two.names]
        if lacking:
            columns = f"'{excerpt(lacking[0])}'"
            why = f"it has no column {columns}, which {shorten(one.path, 80)} has"
            raise file_error(two.path, why, "files that are read together have the same columns")


def how_read(source: Source, report: Report) -> str:
    """Return what was read and how, where that is more than the file's name says; else nothing."""
    how = [*source.how, *source.manner.said()]
    filled = ", ".join(f"{excerpt(name)} {count:,}" for name, count in report.filled.items())
    if filled:
        how.append(f"missing cells have the column's mean: {filled}")
    if not how:
        return ""
    names, rows = counted(len(source.names), "column"), counted(report.rows, "row")
    return f"{shorten(source.path, 80)}: {rows}, {names}; {'; '.join(how)}"


def tell_read(text: str) -> None:
    """Say on standard error how data was read."""
    if text:
        tell(f"read: {text}")


def opened_workers(given: Options) -> contextlib.AbstractContextManager[Workers | None]:
    """Return the context of the workers that --jobs and --on ask for, if they do."""
    if given.on is not None:
        from cgcli.learning.remote import RayWorkers

        return RayWorkers(given.jobs, given.on)
    if given.jobs is None or given.jobs == 1:
        return contextlib.nullcontext()
    from cgcli.learning.workers import Workers

    return Workers(given.jobs)


def engine_of(given: Options, name: str | None) -> Engine | None:
    """Return the engine of a name, which says on standard error why it falls back to NumPy.

    With --verbose it says what it does.
    """
    if name is None or name == "numpy":
        return None
    if given.on is not None or (given.jobs or 1) > 1:
        message = f"--engine {name} compiles for one process, and --jobs are several"
        raise conflict(message, "leave one of them out")
    from cgcli.native import engine

    def note(text: str) -> None:
        tell(f"note: {text}")

    return engine.engine_of(name, note, note if given.verbose else engine.say_nothing)


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
    several = any(bad.path != report.first[0].path for bad in report.first)
    lines += [f"  {bad.path}, {bad}" if several else f"  {bad}" for bad in report.first]
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
