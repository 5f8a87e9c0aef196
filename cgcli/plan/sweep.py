"""A sweep: a plan run over rows that lie in memory, a block at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cgcli.plan.kernels import Call
from cgcli.plan.plan import Block, Plan, run

__all__ = ["Sweep", "block_rows"]

_CACHE: Final = 8 * 2**20
"""What a block's columns and values take. Measured: smaller blocks that fit a core's own cache
were slower, for each call of NumPy has a cost of its own, and a second thread did not help, for
the calls are too short to hand Python's lock over between them."""

_FEWEST: Final = 64
_MOST: Final = 65_536
_LARGEST: Final = 256 * 2**20
"""What the fewest rows may take, unless one alone takes more."""


def block_rows(plan: Plan) -> int:
    """Return how many rows a block has, so that what is computed of it stays in the cache."""
    tape = plan.tape
    columns = sum(8 * math.prod(tape[p].shape) for p in plan.columns)
    row = max(plan.row_bytes + columns, 1)
    rows = _CACHE // row
    return max(1, min(_FEWEST, _LARGEST // row), min(_MOST, rows - rows % 8))


class Sweep:
    """The calls of a plan for given rows: `columns` has an array by place, a row along its axis 0.

    The arrays are looked at, not copied, so what is put into them later is what a later run is
    over. `each` are arrays that take the values of each row. With `adding` the sums are added to
    those there are.
    """

    def __init__(
        self,
        plan: Plan,
        columns: Mapping[int, Any],
        count: int,
        each: Sequence[Any] = (),
        *,
        adding: bool = False,
    ) -> None:
        self.plan = plan
        self.count = count
        size = min(block_rows(plan), max(count, 1))
        block = Block(plan, size)
        self._calls: list[tuple[list[Call], list[Call]]] = []
        self._adding = adding or count > size
        for start in range(0, count, size):
            end = min(start + size, count)
            part = {place: array[start:end] for place, array in columns.items()}
            kept = [array[start:end] for array in each]
            self._calls.append(block.bind(part, end - start, adding=self._adding, each=kept))

    def run(self) -> None:
        """Run both passes over all the rows; the plan has the totals then."""
        self.plan.begin(self.count)
        if self._adding:
            self.plan.clear()
        self.add()
        self.plan.finish()

    def add(self) -> None:
        """Run the rows alone, in the middle of a step that others have a part in."""
        for calls, sums in self._calls:
            run(calls, self.plan.guard)
            run(sums, self.plan.guard)
