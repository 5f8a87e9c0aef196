"""What `eval` says of the rows of a file: how many have a note, of which kind, and the first.

Rows whose numbers lie alike have the same kinds of notes: at the same nodes values and gradients
that are 0, infinite or NaN, and the same kinks. Only rows that an operation flagged are looked
at so closely, and one of every sort is evaluated for all. What a tie or a jump means for the
output hangs on the numbers themselves, and so does what vanished: as long as they are not too
many, rows are alike where their numbers are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.notes import Note
from cgcli.learning.sources import Report
from cgcli.learning.tables import ROW, Table, pieces, row_values
from cgcli.learning.task import Task
from cgcli.operations.row import Kink, Operation
from cgcli.plan.cells import Cell, elementwise
from cgcli.plan.compiled import Compiled
from cgcli.plan.kernels import SPECIAL
from cgcli.plan.lower import Lowered
from cgcli.plan.passes import has_rows

_NODES: Final = 20_000
"""How many nodes are evaluated for rows that are told apart by their numbers."""


class RowNotes:
    """The notes on the rows of a lowered graph, whose gradients are those by `sources`.

    `evaluate` returns the results of one row, by its place in a chunk.
    """

    def __init__(
        self,
        lowered: Lowered,
        sources: Sequence[int],
        evaluate: Callable[[Mapping[str, Any], int], Iterable[Any]],
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        sweep, tape = lowered.sweep, lowered.tape
        gradients = sweep.sums.gradients if sources else []
        self._evaluate = evaluate
        self.flags = _flags(lowered, sources)
        self._closely = self._most_closely = max(20, _NODES // len(sweep.values))
        numbers = [cell for cell in (*sweep.values, *gradients) if isinstance(cell, Cell)]
        places = dict.fromkeys(cell.place for cell in numbers if tape[cell.place].rows)
        self._detail = Compiled(lowered, parameters, by_row=[*places, *self.flags])
        self._kinds: dict[bytes, Mapping[str, Note]] = {}
        self._same = [not has_rows(value) for value in sweep.values]
        self._always: bool | None = None

    def begin(self, number: int) -> None:
        """Begin a block of rows: what is said of them is to depend on these and its number alone.

        Of later blocks fewer rows are told apart by their numbers.
        """
        self._kinds.clear()
        self._closely = self._most_closely // (number + 1) ** 2
        self._detail.forget()

    def look(
        self, chunk: Mapping[str, Any], flags: Sequence[Any], report: Report, *, flagged: bool
    ) -> Any:
        """Report the notes of some rows; return for every row the kinds that it has, as text.

        `flags` are what `self.flags` asks of every row, and `flagged` tells that an operation
        met what is no double, or no number.
        """
        count = len(chunk[ROW])
        if self._always is None and count:
            # What is said of values that all rows share is known from any of them.
            results = self._evaluate(chunk, 0)
            nodes = (node for result in results for node in result.notes_by_node)
            self._always = any(self._same[node] for node in nodes)
        asked = np.full(count, flagged or bool(self._always))
        for flag in flags:
            asked |= flag != 0
        places = np.flatnonzero(asked)
        kinds = np.full(count, "", dtype=object)
        most = self._detail.most
        for start in range(0, len(places), most):
            part = places[start : start + most]
            rows = {name: array[part] for name, array in chunk.items()}
            closely = len(self._kinds) < self._closely
            sorts = _sorts(self._detail.rows(rows, len(part)), len(part), closely=closely)
            distinct, firsts, inverse, counts = np.unique(
                sorts, return_index=True, return_inverse=True, return_counts=True
            )
            words = np.full(len(distinct), "", dtype=object)
            for k, (sort, first) in enumerate(zip(distinct.tolist(), firsts, strict=True)):
                if sort not in self._kinds:
                    self._kinds[sort] = self._of_row(chunk, int(part[first]))
                report.note(self._kinds[sort], int(rows[ROW][first]), int(counts[k]))
                words[k] = " ".join(sorted(self._kinds[sort]))
            kinds[part] = words[inverse.reshape(-1)]
        return kinds

    def _of_row(self, chunk: Mapping[str, Any], place: int) -> dict[str, Note]:
        kinds: dict[str, Note] = {}
        for result in self._evaluate(chunk, place):
            for note in result.notes:
                kinds.setdefault(note.kind, note)
        return kinds


def note_rows(task: Task, table: Table, report: Report) -> None:
    """Report the notes on the rows of a table at a task's parameters."""
    lowered = task.lowered()
    names = list(task.parameters.views)
    # Where a gradient meets what is no double, that is flagged as well.
    gradients = lowered.gradient_rows()
    known = {**task.constants, **task.parameters.values()}
    scaled = task.scaled

    def evaluate(chunk: Mapping[str, Any], place: int) -> Iterable[Any]:
        yield DOUBLES.evaluate(task.graph, {**known, **row_values(chunk, place, scaled)}, wrt=names)

    sources = [task.graph.inputs[name] for name in names]
    notes = RowNotes(lowered, sources, evaluate, task.parameters.views)
    compiled = Compiled(lowered, task.parameters.views, by_row=[*notes.flags, *gradients])
    for chunk in table.chunks():
        for part in pieces(chunk, compiled.most):
            flags = compiled.rows(part, len(part[ROW]))[: len(notes.flags)]
            notes.look(part, flags, report, flagged=compiled.flagged())


def _flags(lowered: Lowered, sources: Sequence[int]) -> list[int]:
    """Return places that are true of rows to look at: at a kink, or where no flag is raised."""
    graph, sweep, tape = lowered.graph, lowered.sweep, lowered.tape
    active = graph.dependents(sources)
    flags: list[Cell] = []
    for place in range(len(tape)):
        if tape[place].operation in SPECIAL and tape[place].rows:
            value = Cell(tape, place)
            flags.append((value - value != 0) | (value == 0))
    for node, operation in enumerate(graph.operations):
        arguments = graph.arguments[node]
        if sweep.values[node] is None:
            # It needs a column that nothing asks for, and is computed in no row.
            continue
        if operation.kinks and any(active[argument] for argument in arguments):
            parts = [sweep.part(argument) for argument in arguments]
            fixed = () if operation.elementwise else graph.static.get(node, ())
            moving = [bool(active[argument]) for argument in arguments]
            kinks = (k for k in operation.kinks if _concerns(lowered, operation, k, parts, moving))
            at = (kink.at(lowered.m, *parts, *fixed) for kink in kinks)
            flags += [flag for flag in at if isinstance(flag, Cell)]
    places = dict.fromkeys(flag.reduced("any", None).place for flag in flags if flag.rows)
    return [elementwise(tape, "truth", Cell(tape, place)).place for place in places]


def _concerns(
    lowered: Lowered, operation: Operation, kink: Kink, parts: Any, moving: Sequence[bool]
) -> bool:
    """Whether a kink has to do with an argument that moves: squares have a base alone."""
    if kink.jump or operation.step or not operation.elementwise:
        return True
    sides = kink.sides(lowered.m, *parts)
    return any(move and side is not None for move, side in zip(moving, sides, strict=True))


def _sorts(arrays: Sequence[Any], count: int, *, closely: bool) -> Any:
    """Return bytes for every row that rows whose numbers lie alike have in common.

    `closely` those alone have them whose numbers are the same.
    """
    parts = [np.full((count, 1), closely)]
    for array in arrays:
        flat = array.reshape(count, -1)
        nothing = flat == 0
        flags = np.isnan(flat).any(axis=1), np.isinf(flat).any(axis=1), nothing.any(axis=1)
        parts.append(flat if closely else np.stack([*flags, nothing.all(axis=1)], axis=1))
    numbers = np.concatenate(parts, axis=1, dtype=float)
    return numbers.view(f"V{8 * numbers.shape[1]}").reshape(-1)
