"""The tape: the list of array operations that a plan is made of, each written down once.

An instruction works on one row's shape. What depends on the data has a value for every row, in
an array with the rows along its first axis; everything else has one value for all of them.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.operations.row import Shape

__all__ = ["DONE", "ONCE", "ROWS", "STEP", "VIEWS", "Instruction", "Operand", "Tape"]

Operand: TypeAlias = int | float
"""The place of an instruction, or a number."""

ONCE: Final = 0
STEP: Final = 1
ROWS: Final = 2
DONE: Final = 3

VIEWS: Final = frozenset({"transpose", "index", "spread", "piece", "grow", "repeat"})
"""Instructions that look at an array in another way, and compute nothing."""


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


class Tape:
    """The instructions in order; what is written twice alike is one instruction.

    >>> tape = Tape()
    >>> x = tape.write("column", (), ("x",), (), rows=True)
    >>> tape.write("exp", (x,), (), ()), tape.write("exp", (x,), (), ())
    (1, 1)
    """

    def __init__(self) -> None:
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
        places = [a for a in arguments if isinstance(a, int)]
        own = any(self.instructions[a].rows for a in places) if rows is None else rows
        # 0.0 and -0.0 are equal, and are not the same.
        key = (operation, arguments, tuple(map(str, arguments)), static, shape, own)
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = len(self.instructions)
            varies = operation == "parameter" or any(self.instructions[a].varies for a in places)
            stage = self._stage(operation, places, own)
            self.instructions.append(
                Instruction(operation, arguments, static, shape, own, truth, stage, varies)
            )
        return found

    def _stage(self, operation: str, places: list[int], rows: bool) -> int:
        if rows:
            return ROWS
        if operation in ("parameter", "count"):
            return STEP
        stages = [self.instructions[a].stage for a in places]
        if ROWS in stages:
            # A sum over all the rows is known when they are done.
            return DONE
        return max(stages, default=ONCE)

    def array(self, value: Any) -> int:
        """Return the place of a constant array."""
        self.arrays.append(value)
        return self.write("array", (), (len(self.arrays) - 1,), value.shape, rows=False)
