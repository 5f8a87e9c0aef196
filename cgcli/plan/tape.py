"""The tape: the list of array operations that a plan is made of, each written down once.

An instruction works on one row's shape. What depends on the data has a value for every row, in
an array with the rows along its first axis; everything else has one value for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.operations.row import Shape

Operand: TypeAlias = int | float
"""The place of an instruction, or a number."""

ONCE, STEP, ROWS, DONE = range(4)
"""When an instruction runs, in the order in which that is."""

_LEAVES_OF_A_STEP: Final = ("parameter", "count")

VIEWS: Final = frozenset({"transpose", "index", "spread", "piece", "grow", "repeat"})
"""Instructions that look at an array in another way, and compute nothing."""


SUMS: Final = frozenset({"total", "weigh", "gram", "tally"})
"""Instructions that sum over the rows."""


class Instruction(NamedTuple):
    """An operation of arrays, its arguments' places, and what it leaves.

    `shape` is that of one row's value, `rows` says that there is one for every row, `truth`
    that it holds truth values. `stage` tells when it runs: ONCE, at every STEP, for all the
    ROWS, or when those are DONE. `varies` says that it depends on a parameter.
    """

    operation: str
    arguments: tuple[Operand, ...]
    static: tuple[Any, ...]
    shape: Shape
    rows: bool
    truth: bool
    stage: int
    varies: bool

    @property
    def places(self) -> list[int]:
        """The places of its arguments, without those that are numbers."""
        return [argument for argument in self.arguments if isinstance(argument, int)]


class Tape:
    """The instructions in order; what is written twice alike is one instruction.

    Where it `gathers`, the rows that columns choose of an array are taken, and not multiplied by
    vectors of zeros and a one.

    >>> tape = Tape()
    >>> x = tape.write("column", (), ("x",), (), rows=True)
    >>> tape.write("exp", (x,), (), ()), tape.write("exp", (x,), (), ())
    (1, 1)
    """

    def __init__(self, *, gathers: bool = True) -> None:
        self.gathers = gathers
        self.instructions: list[Instruction] = []
        self.arrays: list[Any] = []
        self._places: dict[Any, int] = {}

    def __getitem__(self, place: int) -> Instruction:
        """Return the instruction at a place."""
        return self.instructions[place]

    def __len__(self) -> int:
        """Return the number of instructions."""
        return len(self.instructions)

    def write(
        self,
        operation: str,
        arguments: tuple[Operand, ...],
        static: tuple[Any, ...],
        shape: Shape,
        *,
        rows: bool | None = None,
        truth: bool = False,
    ) -> int:
        """Return the place of an instruction, an earlier one if it is the same.

        Unless `rows` says so, there is a value for every row where an argument has one.
        """
        instructions = self.instructions
        varies = operation == "parameter"
        by_row, stage = False, STEP if operation in _LEAVES_OF_A_STEP else ONCE
        numbers: tuple[Any, ...] = ()
        for at, argument in enumerate(arguments):
            if type(argument) is int:
                _, _, _, _, its_rows, _, its_stage, its_varies = instructions[argument]
                varies = varies or its_varies
                by_row = by_row or its_rows
                # A sum over all the rows is known when they are done.
                if its_stage == ROWS:
                    its_stage = DONE
                stage = max(stage, its_stage)
            else:
                # 1.0 is not the place 1, and 0.0 and -0.0 are equal, and not the same.
                numbers = (*numbers, at, math.copysign(1.0, argument))
        if rows is None:
            rows = by_row
        key = (operation, arguments, numbers, static, shape, rows)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(instructions)
            stage = ROWS if rows else stage
            instructions.append(
                Instruction(operation, arguments, static, shape, rows, truth, stage, varies)
            )
        return place

    def ancestors(self, places: Iterable[int], known: Container[int] = ()) -> list[int]:
        """Return places, and those that they are computed from, in order; of `known` ones none."""
        flags = bytearray(len(self))
        for place in places:
            flags[place] = 1
        for place in range(len(self) - 1, -1, -1):
            if flags[place] and place not in known:
                for argument in self.instructions[place].places:
                    flags[argument] = 1
        return [place for place in range(len(self)) if flags[place]]

    def label(self, place: int) -> int | None:
        """Return the place of the column that a vector with a single one is made of, if it is."""
        operation, arguments, *_ = self.instructions[place]
        label = arguments[0] if operation == "onehot" else None
        if not self.gathers or not isinstance(label, int) or not self.instructions[label].rows:
            return None
        return label

    def array(self, value: Any) -> int:
        """Return the place of a constant array."""
        self.arrays.append(value)
        return self.write("array", (), (len(self.arrays) - 1,), value.shape, rows=False)
