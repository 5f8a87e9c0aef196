"""The plan: a tape's instructions in four stages, and the memory that they share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cgcli.plan import kernels
from cgcli.plan.bound import Bound, Call, Guard, look
from cgcli.plan.kernels import SPECIAL
from cgcli.plan.tape import ONCE, STEP, SUMS, VIEWS, Instruction, Tape


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
        self.sums = [p for p in self.instructions if tape[p].operation in SUMS]
        self.columns = [p for p in self.instructions if self.is_column(p)]
        self.guard = Guard(careful=any(tape[p].operation in SPECIAL for p in self.instructions))
        self.arrays: dict[int, Any] = {}
        """The arrays of the places without rows, as the last step left them."""
        self._step: list[Call] = []
        self._done: list[Call] = []
        self._bind_unrowed(parameters)
        self.slots, self.row_bytes = _allocate(self)

    def is_column(self, place: int) -> bool:
        """Whether the values of a place are given, a row each: a column, or known beforehand."""
        return self.tape[place].operation == "column" or place in self.known

    def _bind_unrowed(self, parameters: Mapping[str, Any]) -> None:
        """Give the instructions without rows their arrays, and run those that never change."""
        tape, arrays = self.tape, self.arrays
        for place in self.instructions:
            instruction = tape[place]
            if instruction.rows:
                continue
            if instruction.operation == "array":
                arrays[place] = tape.arrays[instruction.static[0]]
            elif instruction.operation == "parameter":
                arrays[place] = parameters[instruction.static[0]]
            elif instruction.operation == "count":
                arrays[place] = self.count
            elif instruction.operation in VIEWS:
                inner = int(instruction.arguments[0])
                arrays[place] = look(instruction, tape[inner], arrays[inner], 0)
            else:
                arrays[place] = np.zeros(
                    instruction.shape, dtype=bool if instruction.truth else np.float64
                )
                if instruction.operation in SUMS:
                    continue
                call = self.call(instruction, arrays, arrays[place])
                if instruction.stage == ONCE:
                    run([call], self.guard)
                else:
                    (self._step if instruction.stage == STEP else self._done).append(call)

    def call(
        self, instruction: Instruction, arrays: Mapping[int, Any], out: Any, count: int = 0
    ) -> Call:
        """Return the call of an instruction over its arrays, of so many rows."""
        tape, operands = self.tape, instruction.arguments
        function = kernels.FUNCTIONS.get(instruction.operation)
        if function is not None and not instruction.rows:
            return function, (*[arrays[a] if type(a) is int else a for a in operands], out)
        inner = [tape[a] if isinstance(a, int) else None for a in operands]
        return kernels.bind(
            Bound(
                instruction,
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


def _base(tape: Tape, place: int) -> int:
    """Return the place whose array a view looks at."""
    while tape[place].operation in VIEWS:
        place = int(tape[place].arguments[0])
    return place


def _allocate(plan: Plan) -> tuple[dict[int, tuple[int, int]], int]:
    """Return which slot of memory each place with rows is kept in and how large a row of it is.

    A slot is free again after the last use of what it held. Also returns the bytes a row takes
    in all slots together.
    """
    tape = plan.tape
    last: dict[int, int] = {}
    by_row = [p for p in plan.instructions if tape[p].rows or tape[p].operation in SUMS]
    for place in by_row:
        if plan.is_column(place):
            continue
        for argument in tape[place].places:
            if tape[argument].rows:
                last[_base(tape, argument)] = place
    for place in plan.by_row:
        if tape[place].rows:
            last[_base(tape, place)] = len(tape)
    slots: dict[int, tuple[int, int]] = {}
    free: dict[int, list[int]] = {}
    count = total = 0
    ends: dict[int, list[int]] = {}
    for place, end in last.items():
        ends.setdefault(end, []).append(place)
    for place in by_row:
        instruction = tape[place]
        ending = [p for p in ends.get(place, []) if p in slots]
        if instruction.rows and not plan.is_column(place) and instruction.operation not in VIEWS:
            size = math.prod(instruction.shape) * (1 if instruction.truth else 8)
            early = [p for p in ending if _may_overwrite(tape, instruction, place, p)]
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


def _may_overwrite(tape: Tape, instruction: Instruction, place: int, argument: int) -> bool:
    """Whether an operation may write over an argument: same shape, and no view in between."""
    inner = tape[argument]
    return (
        instruction.operation in kernels.IN_PLACE
        and argument in instruction.arguments
        and (inner.shape, inner.truth) == (instruction.shape, instruction.truth)
        and not any(a != argument and _base(tape, a) == argument for a in instruction.places)
    )
