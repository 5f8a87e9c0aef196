"""The plan: a tape's instructions in four stages, and the memory that they share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np

from cgcli.plan import kernels
from cgcli.plan.bound import Bound, Call, Guard, look
from cgcli.plan.kernels import SPECIAL
from cgcli.plan.tape import DONE, ONCE, STEP, SUMS, VIEWS, Operand, Tape
from cgcli.plan.turns import Arrays, Turns, function_of, stretches

_ARITHMETIC: Final = ("add", "subtract", "multiply", "divide")
"""What a constant that is NaN or infinite goes through without a flag."""


def run(calls: Sequence[Call], guard: Guard) -> None:
    """Run calls one after the other, and once more with care where numbers left the doubles.

    What is not finite comes in silence.
    """
    for _ in range(2):
        careful = guard.careful
        with np.errstate(all="call", call=guard.flag):
            for function, arguments in calls:
                function(*arguments)
        if careful or not guard.careful:
            return


class Plan:
    """What is computed of a tape: `totals` without rows, and values for each row.

    `parameters` are arrays whose content may change between steps. Instructions that do not
    depend on the rows run once, or once a step; those that do run for a block of rows at a
    time, and what they sum over the rows is added up; what the sums lead to is computed when
    all rows are done. `known` are places whose values are given with the columns.
    """

    def __init__(
        self,
        tape: Tape,
        parameters: Mapping[str, Any],
        totals: Iterable[int] = (),
        by_row: Iterable[int] = (),
        known: Iterable[int] = (),
    ) -> None:
        self.tape = tape
        self.totals = list(totals)
        self.by_row = list(by_row)
        self.known = frozenset(known)
        self.count = np.zeros(())
        self.instructions = tape.ancestors((*self.totals, *self.by_row), self.known)
        forms = [tape.forms[place] for place in self.instructions]
        kinds = dict(zip(map(id, forms), forms, strict=True)).values()
        operations = {form.operation for form in kinds}
        has_rows = any(form.rows for form in kinds)
        pairs = [*zip(self.instructions, forms, strict=True)] if has_rows else []
        self.sums = [place for place, form in pairs if form.operation in SUMS]
        self.columns = [place for place, form in pairs if form.rows and self.is_column(place)]
        # Nothing is flagged where a constant is no double: it was computed before.
        constants = (
            argument
            for place, form in zip(self.instructions, forms, strict=True)
            if form.numbers and form.operation in _ARITHMETIC
            for argument in tape.arguments[place]
            if not isinstance(argument, int)
        )
        is_special = not SPECIAL.isdisjoint(operations)
        self.guard = Guard(careful=is_special or not all(map(math.isfinite, constants)))
        self.arrays = Arrays(len(tape))
        """The arrays of the places without rows, as the last step left them."""
        self._step: list[Call] = []
        self._done: list[Call] = []
        self._bind_unrowed(parameters, has_rows=has_rows)
        self.slots, self.row_bytes = _allocate(self) if has_rows else ({}, 0)

    def is_column(self, place: int) -> bool:
        """Whether the values of a place are given, a row each: a column, or known beforehand."""
        return self.tape.forms[place].operation == "column" or place in self.known

    def _bind_unrowed(self, parameters: Mapping[str, Any], *, has_rows: bool) -> None:
        """Give the instructions without rows their arrays, and run those that never change."""
        tape, arrays, guard = self.tape, self.arrays, self.guard
        places, start = self.instructions, 0
        if has_rows:
            # What has rows looks for its arrays in other dictionaries.
            self._bind([p for p in places if not tape.forms[p].rows], parameters)
            return
        for first, last, period in stretches(tape, places):
            self._bind(places[start:first], parameters)
            turns = Turns(tape, places[first:last], period, arrays)
            self._bind(turns.head, parameters)
            for stage, calls in turns.calls(lambda p: self.call(p, arrays, arrays[p]), guard):
                if stage == ONCE:
                    run(calls, guard)
                else:
                    self._step += calls
            self._bind(turns.tail, parameters)
            start = last
        self._bind(places[start:], parameters)

    def _bind(self, places: Iterable[int], parameters: Mapping[str, Any]) -> None:
        """Give instructions without rows their arrays, one by one."""
        tape, arrays, guard = self.tape, self.arrays, self.guard

        def operand(a: Operand) -> Any:
            return arrays[a] if type(a) is int else _number(a, math.copysign(1.0, a))

        stages: dict[int, Callable[[Call], None]] = {
            ONCE: lambda call: run([call], guard), STEP: self._step.append, DONE: self._done.append,
        }  # fmt: skip
        leaves: dict[str, Callable[..., Any]] = {
            "array": tape.arrays.__getitem__, "parameter": parameters.__getitem__,
            "count": lambda: self.count,
        }  # fmt: skip
        for place in places:
            form, operands = tape.forms[place], tape.arguments[place]
            if form.operation in leaves:
                arrays[place] = leaves[form.operation](*form.static)
                continue
            if form.operation in VIEWS:
                inner = int(operands[0])
                arrays[place] = look(form, tape.forms[inner], arrays[inner], 0)
                continue
            arrays[place] = out = arrays.out(place, form.shape, bool if form.truth else float)
            function = function_of(form, guard)
            if function is not None:
                stages[form.stage]((function, (*map(operand, operands), out)))
            elif form.operation not in SUMS:
                stages[form.stage](self.call(place, arrays, out))

    def call(self, place: int, arrays: Mapping[int, Any], out: Any, count: int = 0) -> Call:
        """Return the call of an instruction over its arrays, of so many rows."""
        forms, operands = self.tape.forms, self.tape.arguments[place]
        inner = [forms[a] if isinstance(a, int) else None for a in operands]
        return kernels.bind(
            Bound(
                forms[place],
                [arrays[a] if isinstance(a, int) else np.float64(a) for a in operands],
                [len(argument.shape) if argument else 0 for argument in inner],
                [bool(argument and argument.rows) for argument in inner],
                out,
                count,
                self.guard,
            )
        )

    def begin(self, count: int) -> None:
        """Start a step over so many rows in all: run what does not depend on the rows."""
        self.count[()] = count
        run(self._step, self.guard)

    def clear(self) -> None:
        """Begin the sums over the rows anew."""
        for place in self.sums:
            self.arrays[place].fill(0.0)

    def finish(self) -> None:
        """Run what depends on the sums over all rows."""
        run(self._done, self.guard)


@lru_cache(1024)
def _number(number: float, sign: float) -> Any:
    """Return a number of that sign as an array, which NumPy takes twice as quickly."""
    array = np.array(number)
    array.flags.writeable = False
    return array


def _base(tape: Tape, place: int) -> int:
    """Return the place whose array a view looks at."""
    while tape.forms[place].operation in VIEWS:
        place = int(tape.arguments[place][0])
    return place


def _allocate(plan: Plan) -> tuple[dict[int, tuple[int, int]], int]:
    """Return which slot of memory each place with rows is kept in and how large a row of it is.

    A slot is free again after the last use of what it held. Also returns the bytes a row takes
    in all slots together.
    """
    tape, forms = plan.tape, plan.tape.forms
    last: dict[int, int] = {}
    by_row = [p for p in plan.instructions if forms[p].rows or forms[p].operation in SUMS]
    for place in by_row:
        if plan.is_column(place):
            continue
        for argument in tape.arguments[place]:
            if type(argument) is int and forms[argument].rows:
                last[_base(tape, argument)] = place
    for place in plan.by_row:
        if forms[place].rows:
            last[_base(tape, place)] = len(tape)
    slots: dict[int, tuple[int, int]] = {}
    free: dict[int, list[int]] = {}
    count = total = 0
    ends: dict[int, list[int]] = {}
    for place, end in last.items():
        ends.setdefault(end, []).append(place)
    for place in by_row:
        form = forms[place]
        ending = [p for p in ends.get(place, []) if p in slots]
        if form.rows and not plan.is_column(place) and form.operation not in VIEWS:
            size = math.prod(form.shape) * (1 if form.truth else 8)
            early = [p for p in ending if _may_overwrite(tape, place, p)]
            for p in early:
                free.setdefault(slots[p][1], []).append(slots[p][0])
                ending.remove(p)
            waiting = free.get(size)
            if waiting:
                slot = waiting.pop()
            else:
                slot, count, total = count, count + 1, total + size
            slots[place] = (slot, size)
        for p in ending:
            free.setdefault(slots[p][1], []).append(slots[p][0])
    return slots, total


def _may_overwrite(tape: Tape, place: int, argument: int) -> bool:
    """Whether an operation may write over an argument: same shape, and no view in between."""
    form, inner, operands = tape.forms[place], tape.forms[argument], tape.arguments[place]
    return (
        form.operation in kernels.IN_PLACE
        and argument in operands
        and (inner.shape, inner.truth) == (form.shape, form.truth)
        and not any(
            type(a) is int and a != argument and _base(tape, a) == argument for a in operands
        )
    )
