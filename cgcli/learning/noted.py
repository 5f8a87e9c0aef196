"""What `eval` says of the rows of a file: how many have a note, of which kind, and the first.

And where a run diverged the first row, and the first node, that went bad.

Rows whose numbers lie alike have the same kinds of notes: at the same nodes values and gradients
that are 0, infinite or NaN, and the same kinks. Only rows that an operation flagged are looked
at so closely, and one of every sort is evaluated for all. What a tie or a jump means for the
output hangs on the numbers themselves, and so does what vanished: as long as they are not too
many, rows are alike where their numbers are the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.notes import Note
from cgcli.graph.graph import Graph
from cgcli.learning.sources import Report
from cgcli.learning.stopping import Failure
from cgcli.learning.tables import ROW, Table, pieces
from cgcli.learning.task import Parameters, Task
from cgcli.plan.cells import Cell, elementwise
from cgcli.plan.compiled import Compiled, Engine
from cgcli.plan.kernels import SPECIAL
from cgcli.plan.lower import Lowered
from cgcli.plan.passes import has_rows

_NODES: Final = 20_000
"""How many nodes are evaluated for rows that are told apart by their numbers."""


class NotedRows:
    """What is asked `by_row` of a lowered graph, and the notes on its rows.

    Its gradients are those by `sources`. `evaluate` returns the results of one row, by its place
    in a chunk.
    """

    def __init__(
        self,
        lowered: Lowered,
        sources: Sequence[int],
        by_row: Sequence[int],
        evaluate: Callable[[Mapping[str, Any], int], Iterable[Any]],
        parameters: Mapping[str, Any] | None = None,
        engine: Engine | None = None,
    ) -> None:
        sweep, tape = lowered.sweep, lowered.tape
        gradients = sweep.sums.gradients if sources else []
        self._evaluate, self._count = evaluate, len(by_row)
        flags = _flags(lowered, sources)
        self._compiled = Compiled(lowered, parameters, by_row=[*by_row, *flags], engine=engine)
        self.compile = self._compiled.compile
        self._closely = self._most_closely = max(20, _NODES // len(sweep.values))
        numbers = [cell for cell in (*sweep.values, *gradients) if isinstance(cell, Cell)]
        places = dict.fromkeys(cell.place for cell in numbers if tape[cell.place].rows)
        self._detail = Compiled(lowered, parameters, by_row=[*places, *flags])
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
        self._compiled.forget()

    def parts(
        self, chunk: Mapping[str, Any], report: Report
    ) -> Iterator[tuple[Mapping[str, Any], list[Any], Any]]:
        """Yield the rows, some at a time, with what is asked of them, and the kinds of notes.

        These are a text for every row; the notes are reported.
        """
        for part in pieces(chunk, self._compiled.most):
            results = self._compiled.rows(part, len(part[ROW]))
            kinds = self._look(part, results[self._count :], report)
            yield part, results[: self._count], kinds

    def _look(self, chunk: Mapping[str, Any], flags: Sequence[Any], report: Report) -> Any:
        """Report the notes of some rows; return for every row the kinds that it has, as text."""
        # Whether an operation met what is no double, or no number.
        flagged, count = self._compiled.flagged(), len(chunk[ROW])
        if self._always is None and count:
            # What is said of values that all rows share is known from any of them.
            results = self._evaluate(chunk, 0)
            nodes = (node for result in results for node in result.notes_by_node)
            self._always = any(self._same[node] for node in nodes)
        asked = np.full(count, flagged or bool(self._always))
        for flag in flags:
            asked |= flag != 0
        places = np.flatnonzero(asked)
        # Where no row is looked at, they all share one text.
        kinds = np.full(count if len(places) else 1, "", dtype=object)
        while len(places):
            room = self._closely - len(self._kinds)
            closely = room > 0
            most = min(self._detail.most, room) if closely else self._detail.most
            part, places = places[:most], places[most:]
            rows = {name: array[part] for name, array in chunk.items()}
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
        return np.broadcast_to(kinds, count)

    def _of_row(self, chunk: Mapping[str, Any], place: int) -> dict[str, Note]:
        kinds: dict[str, Note] = {}
        for result in self._evaluate(chunk, place):
            for note in result.notes:
                kinds.setdefault(note.kind, note)
        return kinds


def note_rows(task: Task, table: Table, report: Report) -> None:
    """Report the notes on the rows of a table at a task's parameters."""
    lowered = task.lowered()
    views = task.parameters.views
    # Where a gradient meets what is no double, that is flagged as well.
    gradients = lowered.gradient_rows(task.inputs)

    def evaluate(chunk: Mapping[str, Any], place: int) -> Iterable[Any]:
        yield DOUBLES.evaluate(task.graph, task.values(chunk, place), wrt=list(views))

    rows = NotedRows(lowered, task.inputs, gradients, evaluate, views)
    for chunk in table.chunks():
        deque(rows.parts(chunk, report), maxlen=0)


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
            for kink in operation.kinks:
                moved = True
                if operation.elementwise and not (kink.jump or operation.step):
                    # It has to do with an argument that moves: squares have a base alone.
                    pairs = zip(arguments, kink.sides(lowered.m, *parts), strict=True)
                    moved = any(active[argument] and side is not None for argument, side in pairs)
                flag = kink.at(lowered.m, *parts, *fixed) if moved else None
                flags += [flag] if isinstance(flag, Cell) else []
    places = dict.fromkeys(flag.reduced("any", None).place for flag in flags if flag.rows)
    return [elementwise(tape, "truth", Cell(tape, place)).place for place in places]


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


def locate(task: Task, table: Table, parameters: Any) -> Failure:
    """Return the first row whose cost or gradient is not finite, and its first node that is not.

    `parameters` is the flat vector at which that happened.
    """
    task = task._replace(parameters=Parameters(task.parameters.values(parameters)))
    compiled = task.by_row()
    with np.errstate(all="ignore"):
        for chunk in table.chunks():
            count = len(chunk[ROW])
            parts = [values.reshape(count, -1) for values in compiled.rows(chunk, count)]
            bad = ~np.isfinite(np.concatenate(parts, axis=1)).all(axis=1)
            if bad.any():
                first = int(np.argmax(bad))
                return _named(task.graph, task.values(chunk, first), int(chunk[ROW][first]))
    # Every row is finite, and their sum is not.
    message = "every row is finite, and the cost grows without end"
    return Failure(None, task.graph.names[task.graph.output], message)


def _named(graph: Graph, values: dict[str, Any], number: int) -> Failure:
    """Return the first note on what is not finite in a row, or its first node that is not."""
    from cgcli.graph.text import formula

    result = DOUBLES.evaluate(graph, values)
    is_finite = np.isfinite(result.values[graph.output]).all()
    for note in result.notes:
        # A kink makes no value infinite, and a gradient where it has an infinite one itself.
        ends = [abs(end or 0.0) for pair in (note.sides or {}).values() for end in pair]
        if note.kind != "kink" or (is_finite and np.inf in ends):
            return Failure(number, note.node, str(note.message))
    # Of parameters that are no doubles no note is made.
    for node, value in enumerate(result.values):
        if not np.isfinite(value).all():
            return Failure(number, graph.names[node], f"{formula(graph, node)} is not finite")
    return Failure(number, graph.names[graph.output], "its cost is not finite")
