"""The tape: the list of array operations that a plan is made of, each written down once.

An instruction works on one row's shape. What depends on the data has a value for every row, in
an array with the rows along its first axis; everything else has one value for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable
from itertools import compress
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.operations.row import Shape

Operand: TypeAlias = int | float
"""The place of an instruction, or a number."""
Written: TypeAlias = tuple["Form", tuple[Operand, ...], int]
"""An instruction's form, its arguments, and its place."""

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


class Form(Instruction):
    """What instructions have alike that differ in their arguments alone; it has none itself.

    Its `numbers` are the places of arguments that are numbers, each with a sign; `known` has by
    the arguments where on the tape they stand. The `sort` is a number for all that a rule sees of
    a value: the operation, the shape and so on, and not what is static.
    """

    numbers: tuple[float, ...]
    sort: int
    known: dict[tuple[Operand, ...], int]


class Tape:
    """The instructions in order; what is written twice alike is one instruction.

    Where it `gathers`, the rows that columns choose of an array are taken, and not multiplied by
    vectors of zeros and a one. By place `forms` and `arguments` are what the instructions are
    made of. What is written goes into a `log` as well, while there is one.

    >>> tape = Tape()
    >>> x = tape.write("column", (), ("x",), (), rows=True)
    >>> tape.write("exp", (x,), (), ()), tape.write("exp", (x,), (), ())
    (1, 1)
    """

    def __init__(self, *, gathers: bool = True) -> None:
        self.gathers = gathers
        self.forms: list[Form] = []
        self.arguments: list[tuple[Operand, ...]] = []
        self.arrays: list[Any] = []
        self.elementwise: dict[tuple[Any, ...], Form] = {}
        """The forms of elementwise operations, by those and the sorts of their arguments."""
        self.log: list[Written] | None = None
        self._forms: dict[tuple[Any, ...], Form] = {}
        self._sorts: dict[tuple[Any, ...], int] = {}

    def __getitem__(self, place: int) -> Instruction:
        """Return the instruction at a place."""
        operation, _, *rest = self.forms[place]
        return Instruction._make((operation, self.arguments[place], *rest))

    def __len__(self) -> int:
        """Return the number of instructions."""
        return len(self.forms)

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
        varies = operation == "parameter"
        by_row, stage = False, STEP if operation in _LEAVES_OF_A_STEP else ONCE
        numbers: tuple[Any, ...] = ()
        for at, argument in enumerate(arguments):
            if type(argument) is int:
                inner = self.forms[argument]
                varies = varies or inner.varies
                by_row = by_row or inner.rows
                # A sum over all the rows is known when they are done.
                stage = max(stage, DONE if inner.stage == ROWS else inner.stage)
            else:
                # 1.0 is not the place 1, and 0.0 and -0.0 are equal, and not the same.
                numbers = (*numbers, at, math.copysign(1.0, argument))
        if rows is None:
            rows = by_row
        stage = ROWS if rows else stage
        key = (operation, static, shape, rows, truth, stage, varies, numbers)
        form = self._forms.get(key)
        if form is None:
            form = Form(operation, (), static, shape, rows, truth, stage, varies)
            seen = (operation, shape, rows, truth, stage, varies)
            form.sort = self._sorts.setdefault(seen, len(self._sorts))
            form.numbers, form.known = numbers, {}
            self._forms[key] = form
        return self.put(form, arguments)

    def put(self, form: Form, arguments: tuple[Operand, ...]) -> int:
        """Return the place of an instruction of a form, an earlier one if it is the same."""
        place = form.known.setdefault(arguments, len(self.forms))
        if place == len(self.forms):
            self.forms.append(form)
            self.arguments.append(arguments)
        if self.log is not None:
            self.log.append((form, arguments, place))
        return place

    def ancestors(self, places: Iterable[int], known: Container[int] = ()) -> list[int]:
        """Return places, and those that they are computed from, in order; of `known` ones none."""
        flags, arguments = bytearray(len(self)), self.arguments
        for place in places:
            flags[place] = 1
        for place in range(len(self) - 1, -1, -1):
            if flags[place] and place not in known:
                for argument in arguments[place]:
                    if type(argument) is int:
                        flags[argument] = 1
        return list(compress(range(len(self)), flags))

    def label(self, place: int) -> int | None:
        """Return the place of the column that a vector with a single one is made of, if it is."""
        label = self.arguments[place][0] if self.forms[place].operation == "onehot" else None
        if not self.gathers or not isinstance(label, int) or not self.forms[label].rows:
            return None
        return label

    def array(self, value: Any) -> int:
        """Return the place of a constant array."""
        self.arrays.append(value)
        return self.write("array", (), (len(self.arrays) - 1,), value.shape, rows=False)
