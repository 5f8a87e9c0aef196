"""A sweep: a plan run over rows that lie in memory, a block at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from cgcli.plan.bound import Call, look
from cgcli.plan.plan import Plan, run
from cgcli.plan.tape import VIEWS, Instruction

_CACHE: Final = 8 * 2**20
"""What a block's columns and values take. Measured: smaller blocks that fit a core's own cache
were slower, for each call of NumPy has a cost of its own, and a second thread did not help, for
the calls are too short to hand Python's lock over between them."""

_FEWEST: Final = 64
SHARD: Final = 65_536
"""Sums are those of so many rows at a time, added up in order: a block has no more rows, and
begins where such a part does, so that the same bits come whoever computes which parts."""

_LARGEST: Final = 256 * 2**20
"""What the fewest rows may take, unless one alone takes more."""


def block_rows(plan: Plan) -> int:
    """Return how many rows a block has, so that what is computed of it stays in the cache.

    It is a power of 2: blocks fill a shard.
    """
    tape = plan.tape
    columns = sum(8 * math.prod(tape[p].shape) for p in plan.columns)
    row = max(plan.row_bytes + columns, 1)
    rows = _CACHE // row
    most = max(1, min(_FEWEST, _LARGEST // row), min(SHARD, rows))
    return 1 << (most.bit_length() - 1)


class Sweep:
    """The calls of a plan for given rows: `columns` has an array by place, a row along its axis 0.

    The arrays are looked at, not copied, so what is put into them later is what a later run is
    over. `by_row` are arrays that take the values of each row. With `adding` the sums are added to
    those there are. What is computed on the way may lie in the memory of a sweep `beside` this
    one, of as many rows or more, which runs at other times.
    """

    def __init__(
        self,
        plan: Plan,
        columns: Mapping[int, Any],
        count: int,
        by_row: Sequence[Any] = (),
        *,
        adding: bool = False,
        beside: Sweep | None = None,
    ) -> None:
        self.plan = plan
        self.count = count
        size = min(block_rows(plan), max(count, 1))
        if beside is None:
            slots = dict(plan.slots.values())
            self.memory = {slot: np.empty(width * size, np.uint8) for slot, width in slots.items()}
            self.parts = {place: np.zeros(plan.tape[place].shape) for place in plan.sums}
        else:
            self.memory, self.parts = beside.memory, beside.parts
        self._calls: list[tuple[list[Call], list[Call]]] = []
        self._begins = count > size and not adding
        self._adding = adding or count > size
        for start in range(0, count, size):
            end = min(start + size, count)
            part = {place: array[start:end] for place, array in columns.items()}
            kept = [array[start:end] for array in by_row]
            self._calls.append(self._bind(part, end - start, kept))

    def run(self) -> None:
        """Run both passes over all the rows; the plan has the totals then."""
        self.plan.begin(self.count)
        self.add()
        self.plan.finish()

    def add(self) -> None:
        """Run the rows alone, in the middle of a step: the plan has their sums then."""
        if self._begins:
            self.plan.clear()
        for calls, sums in self._calls:
            run(calls, self.plan.guard)
            run(sums, self.plan.guard)

    def _bind(
        self, columns: Mapping[int, Any], count: int, by_row: Sequence[Any]
    ) -> tuple[list[Call], list[Call]]:
        """Return the calls for so many rows, whose columns are given by their places.

        Where sums are added to those before them calls that come last do that, else they take
        their place. The values of each row are put into the arrays of `by_row`.
        """
        plan, tape = self.plan, self.plan.tape
        arrays, targets = dict(plan.arrays), dict(zip(plan.by_row, by_row, strict=False))
        calls: list[Call] = []
        sums: list[Call] = []
        for place in plan.instructions:
            instruction = tape.forms[place]
            if place in self.parts:
                total = plan.arrays[place]
                out = self.parts[place] if self._adding else total
                calls.append(plan.call(place, arrays, out, count))
                if self._adding:
                    sums.append((np.add, (total, out, total)))
            elif plan.is_column(place):
                arrays[place] = columns[place]
            elif instruction.rows and instruction.operation in VIEWS:
                inner = int(tape.arguments[place][0])
                arrays[place] = look(instruction, tape.forms[inner], arrays[inner], count)
            elif instruction.rows:
                target = targets.get(place)
                if target is None or instruction.truth or not target.flags.c_contiguous:
                    target = self._array(place, instruction, count)
                arrays[place] = target
                calls.append(plan.call(place, arrays, arrays[place], count))
        for place, target in zip(plan.by_row, by_row, strict=False):
            if target is not arrays[place]:
                calls.append((np.copyto, (target, arrays[place])))
        return calls, sums

    def _array(self, place: int, instruction: Instruction, count: int) -> Any:
        slot, size = self.plan.slots[place]
        memory = self.memory[slot][: size * count]
        return memory.view(bool if instruction.truth else np.float64).reshape(
            (count, *instruction.shape)
        )
