"""Data files on the command line: which reader for which file, and what was left out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from cgcli.commands.options import conflict
from cgcli.errors import CgraphError, excerpt, shorten
from cgcli.views.streams import tell
from cgcli.views.table import note_line
from cgcli.words import Message, counted, headed

if TYPE_CHECKING:
    from cgcli.commands.data_options import DataOptions
    from cgcli.learning.sources import Report, Source
    from cgcli.learning.workers import Workers
    from cgcli.plan.compiled import Engine


_FEW: Final = 3
"""So many rows that were left out are listed one by one; more are counted by their causes."""
_MOST: Final = 10
"""So many causes are told."""


def paths_of(paths: list[str], command: str) -> list[str]:
    """Return the paths of the data that a command names; raises `CgraphError` for none."""
    if not paths:
        message = "there is no data"
        raise CgraphError("usage", message, f"name a file: cgraph {command} … -d points.csv")
    return paths


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


def opened_workers(given: DataOptions) -> contextlib.AbstractContextManager[Workers | None]:
    """Return the context of the workers that --jobs and --on ask for, if they do."""
    jobs = given.jobs or 1
    if given.on is None and jobs == 1:
        return contextlib.nullcontext()
    from cgcli.learning.workers import RayWorkers, Workers

    return Workers(jobs) if given.on is None else RayWorkers(given.jobs, given.on)


def engine_of(given: DataOptions, name: str | None) -> Engine | None:
    """Return the engine of a name, which says on standard error why it falls back to NumPy.

    With --verbose it says what it does.
    """
    if name is None or name == "numpy":
        return None
    if given.on is not None or (name == "auto" and (given.jobs or 1) > 1):
        message = f"--engine {name} is for one process, and --on and --jobs have several"
        raise conflict(message, "leave it out, or write --jobs and --engine native")
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


def tell_read(text: str, report: Report) -> None:
    """Say on standard error how data was read, and which rows were left out, the first of them."""
    if text:
        tell(f"read: {text}")
    if not report.bad:
        return
    lines = [f"{report.bad:,} of {report.rows:,} rows were left out:"]
    several = any(bad.path != report.first[0].path for bad in report.first)
    causes = [*report.causes.values()]
    for bad, count in [(bad, 1) for bad in report.first] if report.bad <= _FEW else causes[:_MOST]:
        such = f"{count:,} such as " if count > 1 else ""
        lines.append(f"  {such}{bad.path}, {bad}" if several else f"  {such}{bad}")
    if len(causes) > _MOST:
        lines.append(f"  and {sum(count for _, count in causes[_MOST:]):,} more")
    tell(*lines)


_GRAVITY: Final = ("domain", "overflow", "underflow", "inexact", "kink")


def tell_notes(report: Report) -> None:
    """Say on standard error how many rows have which kind of note, and that of the first."""
    for kind in [kind for kind in _GRAVITY if kind in report.notes]:
        count, row, note = report.notes[kind]
        several = "row {row:,}" if count == 1 else "{count:,} rows, the first is row {row:,}"
        rows = Message(several, count=count, row=row)
        tell(headed(headed(kind, rows), note_line(note)))
