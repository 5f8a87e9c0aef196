"""Cells: numbers that write down what is done with them, so that rules build a plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from cgcli.numbers.arrays import numpy_name
from cgcli.numbers.operators import Operators
from cgcli.operations import shapes
from cgcli.operations.protocol import ELEMENTWISE
from cgcli.operations.row import Index, Shape
from cgcli.plan.tape import Tape

_FEW: Final = 1_000
"""On a tape of fewer instructions hardly any are alike."""
Number = Any
"""A cell, or a careful float that is the same for all rows and elements."""


WRITES: Final = {
    **{name: numpy_name(name) for name in ELEMENTWISE},
    "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative",
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal",
    "ne": "not_equal", "round": "rint", "abs": "absolute", "pow": "power", "max": "maximum",
    "min": "minimum", "atan2": "arctan2", "level": "level",
}  # fmt: skip
"""What primitives and operators write, elementwise: by the name of NumPy's function, if any."""


class Cell(Operators):
    """What an instruction of the tape leaves, with the operators of a number.

    >>> tape = Tape()
    >>> x = Cell(tape, tape.write("column", (), ("x",), (3,), rows=True))
    >>> (2 * x + 1).shape, tape[(x > 0).place].truth
    ((3,), True)
    """

    __slots__ = ("place", "rows", "shape", "sort", "tape")

    def __init__(self, tape: Tape, place: int) -> None:
        self.tape = tape
        self.place = place
        form = tape.forms[place]
        # The shape of one row's value, whether there is a value for every row, and what else.
        self.shape, self.rows, self.sort = form.shape, form.rows, form.sort

    def write(self, name: str, *operands: Number) -> Cell:
        """Return what an operation's instruction leaves."""
        return elementwise(self.tape, WRITES[name], *operands)

    def __mul__(self, other: Number) -> Cell:
        """Return the product; a factor of 1 or -1 needs none."""
        if _is(other, 1):
            return self
        return -self if _is(other, -1) else self.write("mul", self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> Cell:
        """Return the quotient; by 1 it is this."""
        return self if _is(other, 1) else self.write("div", self, other)

    def __ne__(self, other: object) -> Any:
        """Return the comparison; that a truth value is not 0 is itself."""
        if _is(other, 0) and self.tape.forms[self.place].operation == "truth":
            return Cell(self.tape, int(self.tape.arguments[self.place][0]))
        return self.write("ne", self, other)

    def __and__(self, other: Cell | bool) -> Cell | bool:
        """Return where both truth values hold."""
        if isinstance(other, Cell):
            return elementwise(self.tape, "logical_and", self, other)
        return self if other else False

    __rand__ = __and__

    def __or__(self, other: Cell | bool) -> Cell | bool:
        """Return where either truth value holds."""
        if isinstance(other, Cell):
            return elementwise(self.tape, "logical_or", self, other)
        return True if other else self

    __ror__ = __or__

    def __getitem__(self, place: int) -> Cell:
        """Return an element of a vector, or a row of a matrix."""
        return self.at(place)

    def at(self, *indices: Index) -> Cell:
        """Return what indices point to: an element, a row, or a part."""
        return self.view("index", shapes.index(self.shape, *indices), *indices)

    def view(self, operation: str, shape: Shape, *static: Any) -> Cell:
        """Return the same array looked at in another way."""
        truth = self.tape.forms[self.place].truth
        return written(self.tape, operation, (self,), shape, *static, truth=truth)

    def reduced(self, operation: str, axis: int | None) -> Cell:
        """Return a reduction over one axis of a row's value, or over all of it."""
        shape = self.shape
        if not shape:
            return self
        left, axis = shapes.reduced(shape, axis), None if axis is None else axis % len(shape)
        return written(self.tape, operation, (self,), left, axis, truth=operation == "any")


_TRUTHS: Final = frozenset({
    "less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_and",
    "logical_or", "logical_not", "isfinite",
})  # fmt: skip


def _is(value: Any, number: int) -> bool:
    return not isinstance(value, Cell) and value == number


def written(
    tape: Tape, operation: str, arguments: Sequence[Number], shape: Shape, *static: Any, **more: Any
) -> Cell:
    """Return what an instruction leaves that is written down with these arguments."""
    operands = tuple(a.place if isinstance(a, Cell) else float(a) for a in arguments)
    return Cell(tape, tape.write(operation, operands, static, shape, **more))


def shape_of(value: Number) -> Shape:
    """Return the shape of a row's value: () for a number."""
    return value.shape if isinstance(value, Cell) else ()


def elementwise(
    tape: Tape, operation: str, *arguments: Number, static: tuple[Any, ...] = ()
) -> Cell:
    """Write down an operation of elements, its arguments broadcast as NumPy has it."""
    places = tuple([a.place if type(a) is Cell else float(a) for a in arguments])
    key: tuple[Any, ...] = ()
    if len(tape.forms) > _FEW:
        sorts = [a.sort if type(a) is Cell else (math.copysign(1.0, a),) for a in arguments]
        key = (operation, static, *sorts)
        if (form := tape.elementwise.get(key)) is not None:
            return Cell(tape, tape.put(form, places))
    shape: Shape = ()
    for argument in arguments:
        if type(argument) is Cell and argument.shape != shape and argument.shape:
            shape = shapes.broadcast(shape, argument.shape)
    place = tape.write(operation, places, static, shape, truth=operation in _TRUTHS)
    if key:
        tape.elementwise[key] = tape.forms[place]
    return Cell(tape, place)


def filled(tape: Tape, value: Number, shape: Shape) -> Cell:
    """Return a number as a cell of a shape, every element the same."""
    fitted = fit(value, shape)
    if isinstance(fitted, Cell):
        return fitted
    return Cell(tape, tape.array(np.full(shape, float(fitted))))


def fit(value: Number, shape: Shape) -> Number:
    """Sum a contribution over the axes along which its argument was broadcast, or spread it."""
    if not isinstance(value, Cell) or value.shape == shape:
        return value
    operation = "any" if value.tape.forms[value.place].truth else "sum"
    while len(value.shape) > len(shape):
        value = value.reduced(operation, 0)
    for axis, (have, want) in enumerate(zip(value.shape[::-1], shape[::-1], strict=False), 1):
        if want == 1 and have != 1:
            kept = value.shape
            value = value.reduced(operation, len(kept) - axis)
            value = grown(value, kept, len(kept) - axis)
    return value if value.shape == shape else value.view("spread", shape)


def grown(value: Cell, shape: Shape, axis: int) -> Cell:
    """Return what a reduction left of a shape, with an axis of length 1 for the one it lost."""
    return value.view("grow", (*shape[:axis], 1, *shape[axis + 1 :]), axis)


def where(condition: Any, a: Number, b: Number) -> Number:
    """Return a choice between two numbers; a condition that is known is one already."""
    if not isinstance(condition, Cell):
        return a if condition else b
    if not isinstance(a, Cell) and _is(b, 0) and a == 0:
        return a
    if _is(a, 1) and _is(b, 0):
        return elementwise(condition.tape, "truth", condition)
    return elementwise(condition.tape, "where", condition, a, b)
