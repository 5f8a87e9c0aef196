"""Program, data and initial values → a task and its tables: what each name is, and its shape."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from cgcli.errors import CgraphError, Place, excerpt, few, file_error
from cgcli.language.free import free_names
from cgcli.language.syntax import Assignment, Value, statements
from cgcli.learning.cells import kept_as
from cgcli.learning.given import Given, build_graph
from cgcli.learning.sources import Report, Source, Stack, column_hint, listed, stacked
from cgcli.learning.tables import ROW, Table, folds, means, plain, scaling, split
from cgcli.learning.task import Parameters, Task, check_bounds, check_weighting
from cgcli.operations.row import Shape
from cgcli.operations.shapes import describe
from cgcli.operations.table import CONSTANTS
from cgcli.program import Program, unused_binding
from cgcli.words import counted


class Reading(NamedTuple):
    """What is done with rows: stacks by pattern, columns to scale, bad rows, the part held out.

    With `folds` so many parts are held out by turns. `scaling` has what a model's columns were
    scaled by; None to find it out.
    """

    stacks: Mapping[str, Stack] = {}
    scale: Sequence[str] = ()
    skip_bad: bool = False
    holdout: float = 0.0
    folds: int = 0
    seed: int = 0
    scaling: Mapping[str, tuple[Any, Any]] | None = None


class Prepared(NamedTuple):
    """A task, the rows to learn from and those held out, and what was met in reading them.

    `stacks` has the stacks by their columns' names, `given` is what it is all made of. `folds`
    returns the same for parts of the rows, a part held out by turns.
    """

    task: Task
    train: Table
    held: Table | None
    report: Report
    stacks: Mapping[str, Stack] = {}
    given: Given | None = None
    folds: Callable[[], Iterator[Prepared]] = partial(iter, ())


def prepare(
    given: Given, source: Source, reading: Reading, outside: Source | None = None
) -> Prepared:
    """Return the task and its tables; raises `CgraphError` for names, shapes and rows.

    The rows `outside` are held out, where there are any.
    """
    names = _names(given, source)
    source = source._replace(stacks=stacked(source.names, reading.stacks))
    columns = _columns(given, names, source)
    met = Report(source.path, skip=reading.skip_bad, manner=source.manner)
    chunks = read_columns(source, columns, met)
    train, held = split(chunks, reading.holdout, reading.seed)
    if outside is not None:
        held = _read_outside(outside, source, columns, train, met)
    _check_rows(source, train, held, met)
    gaps = {}
    if reading.folds:
        if train.count < reading.folds:
            rows = counted(train.count, "row")
            message = f"--folds: {rows} cannot be held out in {reading.folds} parts"
            raise CgraphError("usage", message, f"write --folds {max(2, train.count)}")
        gaps = {name: np.isnan(array) for name, array in train.columns.items()}
        gaps = {name: gap for name, gap in gaps.items() if gap.any()}

    def folded() -> Iterator[Prepared]:
        for parts in folds(train, reading.folds, reading.seed, gaps):
            fresh = Report(source.path, skip=reading.skip_bad, manner=source.manner)
            yield complete(*parts, fresh)

    def complete(train: Table, held: Table | None, report: Report) -> Prepared:
        """Fill what is missing, and scale, by the rows to learn from."""
        if source.manner.fills:
            # What no row lacks here a row of another file may lack.
            names = [n for n in columns if n in train.shapes and n not in source.derived]
            known = means(train, names)
            if report is met:
                source.manner.means.update({name: plain(mean) for name, mean in known.items()})
            for table in filter(None, (train, held)):
                table.fill(known)
        scaled = reading.scaling
        if scaled is None:
            scaled = scaling(train, reading.scale)
        check_scaling(scaled, train.shapes)
        within, fixed = Parameters(parameters, given.bounds), dict(given.fixed)
        task = Task(graph, within, used, fixed, scaled, nodes, known=bool(given.sigma))
        return Prepared(task, train, held, report, source.stacks, given)

    for name in reading.scale if reading.scaling is None else ():
        if name not in columns:
            message = f"--scale: '{excerpt(name)}' is no column that the program reads"
            raise CgraphError("usage", message, f"these are {few(columns)}")
    try:
        graph, nodes = build_graph(given, train.shapes)
    except CgraphError as error:
        _add_hint(error, columns, train.shapes, source.stacks)
        raise
    used = tuple(name for name in columns if name in graph.inputs)
    parameters = {name: given.initial[name] for name in graph.inputs if name in given.initial}
    prepared = complete(train, held, met)
    check_bounds(given.bounds, prepared.task)
    if given.weighted:
        check_weighting(prepared.task, train, "--sigma" if given.sigma else "--weights")
    return prepared._replace(folds=folded) if reading.folds else prepared


def _read_outside(
    outside: Source, source: Source, columns: Sequence[str], train: Table, report: Report
) -> Table:
    """Return the rows of another file to be held out, read as those to learn from are."""
    stacks = stacked(outside.names, {n: s for n, s in source.stacks.items() if n in columns})
    outside = outside._replace(stacks=stacks)
    for name in columns:
        if name not in outside.known:
            why = f"there is no column '{excerpt(name)}'"
            raise file_error(outside.path, why, listed(outside.names))
    # A category that no row to learn from has is none of those known.
    source.manner.open.clear()
    report.begin(outside.path)
    held, _ = split(read_columns(outside, columns, report), 0.0, 0)
    for name, shape in held.shapes.items():
        known = train.shapes.get(name, shape)
        if shape != known:
            why = f"in a row '{excerpt(name)}' is {describe(shape)}"
            raise file_error(outside.path, why, f"to learn from it is {describe(known)}")
    return held


def _add_hint(
    error: CgraphError,
    columns: Sequence[str],
    shapes: Mapping[str, Shape],
    stacks: Mapping[str, Stack],
) -> None:
    """Say what the data has to do with an error of an index or a shape."""
    for name in columns if error.kind == "index" else ():
        if f"'{name}'" in error.message:
            choice = f"dot(z, onehot({name}, 10)) for z[{name}], 10 the length of z"
            error.hint = f"'{name}' is another in each row; to choose by it write {choice}"
    if error.kind == "shape" and columns:
        shown = [f"{excerpt(name)} is {describe(shapes[name])}" for name in columns[:6]]
        aside = "" if any(shapes[name] for name in columns) else '; --stack "x=c?" makes vectors'
        for name, stack in stacks.items():
            if isinstance(stack, list) and len(stack) == 1:
                aside = f'; --stack "{excerpt(name)}={excerpt(stack[0])}" makes a number of it'
        error.hint = "; ".join(filter(None, [error.hint, f"in a row {', '.join(shown)}{aside}"]))


def _check_rows(source: Source, train: Table, held: Table | None, report: Report) -> None:
    count = train.count + (held.count if held else 0)
    if not count:
        why = f"all {report.rows:,} rows are bad" if report.rows else "it has no rows"
        raise CgraphError("file", f"{excerpt(source.path)}: {why}", "there is nothing to learn")
    if count + report.bad != report.rows:
        message = f"{report.rows:,} rows were read, and {count:,} arrived"
        raise CgraphError("file", f"{excerpt(source.path)}: {message}")
    if held is not None and not (held.count and train.count):
        message = f"of {counted(count, 'row')} --holdout leaves none on one of its sides"
        raise CgraphError("usage", message, "hold another part out, such as 0.2")


def _columns(given: Given, names: Mapping[str, tuple[int, int]], source: Source) -> list[str]:
    """Return the columns and stacks that the program and the metrics read; check every name."""
    for name in source.stacks:
        if name in source.names:
            message = f"'{excerpt(name)}' is a column, and a stack of others as well"
            raise CgraphError("usage", message, "give the stack another name")
    available = set(source.known)
    bound = {**given.initial, **given.fixed}
    for name in names:
        if name in bound and name in available:
            message = f"'{excerpt(name)}' is given a value, and is a column of the data as well"
            raise CgraphError("binding", message, f"leave out {excerpt(name)}=…, or rename one")
    _check_assigned(given.program, source)
    columns, missing = told_apart(names, available, bound)
    if missing:
        raise _missing(given, names, missing, source)
    required = [*bound, *source.stacks]
    for name in required:
        if name not in names:
            raise unused_binding(given.program.text, names, name, required)
    _check_uses(free_names(given.program.syntax), source)
    return columns


def _check_assigned(program: Program, source: Source) -> None:
    """Raise `CgraphError` for a column that the program gives another value: `y = a + b*x`."""
    for statement, _ in statements(program.syntax.block):
        if isinstance(statement, Assignment) and statement.name in source.names:
            name, (*_, (*_, start, end)) = excerpt(statement.name), statement.expression
            message = f"'{name}' is a column, and the program gives it another value"
            what = excerpt(program.text[start:end])
            hint = f"to fit the column, subtract it: {what} - {name}; else rename one of the two"
            place = Place(program.text, *statement.span)
            raise CgraphError("binding", message, hint, (place,))


def _check_uses(names: Iterable[str], source: Source) -> None:
    """Raise `CgraphError` for a column that a cost uses twice: a target among what predicts it."""
    uses = {name: "alone" for name in names if name in source.names}
    for name, stack in source.stacks.items():
        place = f"in the stack '{excerpt(name)}'"
        for column in [stack] if isinstance(stack, str) else stack:
            if column in uses:
                message = (
                    f"the column '{excerpt(column)}' is used twice: {uses[column]}, and {place}"
                )
                hint = "a pattern that takes in less, such as x_*, leaves it out of the stack"
                raise CgraphError("usage", message, hint)
            uses[column] = place


def told_apart(
    names: Iterable[str], columns: Container[str], bound: Container[str]
) -> tuple[list[str], list[str]]:
    """Return the names that are columns, and those that have no value; the others are bound."""
    free = [name for name in names if name not in bound]
    missing = [name for name in free if name not in columns and name not in CONSTANTS]
    return [name for name in free if name in columns], missing


def _names(given: Given, source: Source) -> dict[str, tuple[int, int]]:
    """Return the free names of the program with their spans, and those of the metrics without.

    A metric's `f` is the program's value, unless there is a column of that name.
    """
    syntax = given.program.syntax
    measured = map(Value, [*given.expressions.values(), *given.weighted])
    names = free_names(syntax)
    for name in free_names(syntax._replace(block=[*syntax.block, *measured])):
        if name not in ("f", ROW) or name in source.names:
            names.setdefault(name, (0, 0))
    return names


def _missing(
    given: Given, names: Mapping[str, tuple[int, int]], missing: list[str], source: Source
) -> CgraphError:
    shown = ", ".join(f"'{excerpt(name)}'" for name in missing[:20])
    neither = "is neither given a value nor a column"
    neither = "are neither given values nor columns" if missing[1:] else neither
    start = " ".join(f"{excerpt(name)}=0" for name in missing[:20])
    otherwise = f"start a parameter at a value: {start}; {listed(source.names)}"
    hint = column_hint(missing[0], source.names, otherwise)
    span = names[missing[0]]
    places = (Place(given.program.text, *span),) if any(span) else ()
    return CgraphError("binding", f"{shown} {neither}", hint, places)


def check_scaling(scaling: Mapping[str, tuple[Any, Any]], shapes: Mapping[str, Shape]) -> None:
    """Raise `CgraphError` for a column that is scaled by what has another shape."""
    for name, pair in scaling.items():
        for part in map(np.shape, pair):
            if name in shapes and part not in ((), shapes[name]):
                message = f"the column '{excerpt(name)}' is scaled by {describe(part)}"
                hint = f"in a row it is {describe(shapes[name])}"
                raise CgraphError("shape", message, hint)


def read_columns(
    source: Source, columns: Sequence[str], report: Report, kept: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a source, some at a time, the columns of each stack side by side.

    A missing cell that is to be filled is the mean that is known, and NaN as long as none is.
    """
    manner, stacks = source.manner, source.stacks
    wanted: dict[str, None] = {}
    for name in columns:
        part = stacks.get(name, name)
        wanted.update(dict.fromkeys([part] if isinstance(part, str) else part))
    for chunk in source.chunks(list(wanted), report, kept):
        values = {name: chunk[name] for name in (ROW, *map(kept_as, kept))}
        for name in columns:
            part = stacks.get(name, name)
            if isinstance(part, str):
                values[name] = chunk[part]
            elif any(chunk[column].ndim > 1 for column in part):
                message = f"the stack '{excerpt(name)}' is of columns that are lists"
                raise CgraphError("file", message, "stack columns of numbers")
            else:
                values[name] = np.stack([chunk[column] for column in part], axis=1)
            if manner.fills and (missing := np.isnan(values[name])).any():
                report.filled[name] += int(missing.sum())
                known = manner.means.get(name, np.nan)
                values[name] = np.where(missing, known, values[name])
        yield values
