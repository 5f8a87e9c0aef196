"""A compiled graph: the plan of what is asked of it, run over columns that are given by name."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np

from cgcli.operations.row import Shape
from cgcli.operations.shapes import size
from cgcli.plan.lower import Lowered
from cgcli.plan.plan import Plan
from cgcli.plan.sweep import Sweep

_RESULTS: Final = 2**22
"""How many numbers the results of the rows that are run at a time hold, 32 MB."""

_LARGE: Final = 2**18
"""From so many bytes on memory is used again. Measured: of a million rows' four results and 10 ms
the system took 5 to bring new memory."""


class Rows(Protocol):
    """A plan's rows as other code than NumPy's."""

    def sweep(self, columns: Mapping[int, Any], count: int, by_row: Sequence[Any]) -> Sweep:
        """Return what runs them, as `Sweep` takes them."""

    def forget(self) -> None:
        """Run the rows that come, whatever those before had."""


class Engine(Protocol):
    """What makes other code than NumPy's of a plan's rows, where it can and where that pays.

    Its `name` is numpy as long as it has made none.
    """

    @property
    def name(self) -> str:
        """What runs the rows."""

    def program(self, plan: Plan, rows: int) -> Rows | None:
        """Return the code for so many rows in all, or None: NumPy's do."""


class Compiled:
    """What is asked of a lowered graph: places without rows, `totals`, and places `by_row`.

    `parameters` are arrays whose content may change between runs. `known` has the values of
    places that are computed already, a row each. An `engine` may run the rows in place of NumPy.

    >>> from cgcli.program import parse
    >>> lowered = Lowered(parse("w*x").graph(), {"x": None}, {"w": 3.0})
    >>> compiled = Compiled(lowered, by_row=[lowered.row(lowered.graph.output)])
    >>> compiled.rows({"x": np.array([1.0, 2.0])}, 2)
    [array([3., 6.])]
    """

    def __init__(
        self,
        lowered: Lowered,
        parameters: Mapping[str, Any] | None = None,
        totals: Iterable[int] = (),
        by_row: Sequence[int] = (),
        known: Mapping[int, Any] | None = None,
        engine: Engine | None = None,
    ) -> None:
        self._known = known or {}
        self.engine, self._asked = engine, 0
        self.program: Rows | None = None
        self._lent: list[Any] = []
        tape = lowered.tape
        self.plan = plan = Plan(tape, parameters or {}, totals, by_row, self._known)
        self.names = {p: tape[p].static[0] for p in plan.columns if tape[p].operation == "column"}
        self._careful = plan.guard.careful
        self.shapes = [tape[place].shape for place in by_row]
        self.column_shapes = {name: tape[place].shape for place, name in self.names.items()}

    def columns(self, arrays: Mapping[str, Any]) -> dict[int, Any]:
        """Return the columns that the plan reads, and what is known of the rows, by place."""
        known = {p: array for p, array in self._known.items() if p in self.plan.columns}
        return {**{place: arrays[name] for place, name in self.names.items()}, **known}

    def sweep(
        self, columns: Mapping[int, Any], count: int, by_row: Sequence[Any] = (), *, turns: int = 1
    ) -> Sweep:
        """Return a sweep over columns by place, which is to run so many `turns`."""
        program = self.compile(count * turns)
        if program is not None:
            return program.sweep(columns, count, by_row)
        return Sweep(self.plan, columns, count, by_row)

    def compile(self, rows: int) -> Rows | None:
        """Return what runs so many rows more in place of NumPy, where there is an engine."""
        if self.engine is not None and self.program is None:
            self._asked += rows
            self.program = self.engine.program(self.plan, self._asked)
        return self.program

    @property
    def most(self) -> int:
        """How many rows are to be run at a time, so that the results by row stay in memory."""
        return max(1, _RESULTS // max(1, sum(map(size, self.shapes))))

    def flagged(self) -> bool:
        """Whether a number has left the doubles, or a domain, since that was asked last."""
        guard = self.plan.guard
        flagged, guard.flagged = guard.flagged, False
        return flagged

    def forget(self) -> None:
        """Take no more care than at first: what rows before had is none of the next ones'."""
        self.plan.guard.careful = self._careful
        if self.program is not None:
            self.program.forget()

    def rows(self, arrays: Mapping[str, Any], count: int) -> list[Any]:
        """Return what is asked by row, for columns by name."""
        if not self.names and not self.shapes and self.engine is None:
            self.plan.begin(count)
            self.plan.finish()
            return []
        results = [self._memory((count, *shape)) for shape in self.shapes]
        self.sweep(self.columns(arrays), count, results).run()
        return results

    def _memory(self, shape: Shape) -> Any:
        """Return an array to write into; a large one of an earlier call, where that is let go."""
        lent = self._lent
        for k in range(len(lent)):
            # The list alone has it, and the call that asks.
            if lent[k].shape == shape and sys.getrefcount(lent[k]) == 2:
                return lent[k]
        array = np.empty(shape)
        if _LARGE <= array.nbytes < 8 * _RESULTS:
            self._lent = [*lent, array][-2 * len(self.shapes) :]
        return array
