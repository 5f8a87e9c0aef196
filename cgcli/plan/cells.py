"""Cells: numbers that write down what is done with them, so that the table's rules build a plan."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from cgcli.numbers.namespace import Namespace
from cgcli.operations.row import Shape
from cgcli.plan.tape import Tape

__all__ = ["Cell", "Number", "cells", "filled", "fit", "shape_of", "where"]

Number = Any
"""A cell, or a float that is the same for all rows and elements."""


class Cell:
    """What an instruction of the tape leaves, with the operators of a number.

    >>> tape = Tape()
    >>> x = Cell(tape, tape.write("column", (), ("x",), (3,), rows=True))
    >>> (2 * x + 1).shape, tape[(x > 0).place].truth
    ((3,), True)
    """

    __slots__ = ("place", "tape")
    __hash__ = None  # type: ignore[assignment]  # == writes a comparison down

    def __init__(self, tape: Tape, place: int) -> None:
        self.tape = tape
        self.place = place

    @property
    def shape(self) -> Shape:
        """The shape of one row's value."""
        return self.tape[self.place].shape

    @property
    def rows(self) -> bool:
        """Whether there is a value for every row."""
        return self.tape[self.place].rows

    def _apply(self, operation: str, *arguments: Number) -> Cell:
        return elementwise(self.tape, operation, *arguments)

    def __add__(self, other: Number) -> Cell:
        """Return the sum."""
        return self if _is(other, 0) else self._apply("add", self, other)

    def __radd__(self, other: Number) -> Cell:
        """Return the sum."""
        return self if _is(other, 0) else self._apply("add", other, self)

    def __sub__(self, other: Number) -> Cell:
        """Return the difference."""
        return self if _is(other, 0) else self._apply("subtract", self, other)

    def __rsub__(self, other: Number) -> Cell:
        """Return the difference."""
        return self._apply("subtract", other, self)

    def __mul__(self, other: Number) -> Cell:
        """Return the product."""
        if _is(other, 1):
            return self
        return -self if _is(other, -1) else self._apply("multiply", self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> Cell:
        """Return the quotient."""
        return self if _is(other, 1) else self._apply("divide", self, other)

    def __rtruediv__(self, other: Number) -> Cell:
        """Return the quotient."""
        return self._apply("divide", other, self)

    def __neg__(self) -> Cell:
        """Return the negative."""
        return self._apply("negative", self)

    def __lt__(self, other: Number) -> Cell:
        """Return the comparison."""
        return self._apply("less", self, other)

    def __le__(self, other: Number) -> Cell:
        """Return the comparison."""
        return self._apply("less_equal", self, other)

    def __gt__(self, other: Number) -> Cell:
        """Return the comparison."""
        return self._apply("greater", self, other)

    def __ge__(self, other: Number) -> Cell:
        """Return the comparison."""
        return self._apply("greater_equal", self, other)

    def __eq__(self, other: object) -> Any:
        """Return the comparison."""
        return self._apply("equal", self, other)

    def __ne__(self, other: object) -> Any:
        """Return the comparison; that a truth value is not 0 is itself."""
        own = self.tape[self.place]
        if _is(other, 0) and own.operation == "truth":
            return Cell(self.tape, int(own.arguments[0]))
        return self._apply("not_equal", self, other)

    def __and__(self, other: Cell) -> Cell:
        """Return where both truth values hold."""
        return self._apply("logical_and", self, other)

    def __or__(self, other: Cell) -> Cell:
        """Return where either truth value holds."""
        return self._apply("logical_or", self, other)

    def __getitem__(self, place: int) -> Cell:
        """Return an element of a vector, or a row of a matrix."""
        return _index(self, place)

    def view(self, operation: str, shape: Shape, *static: Any) -> Cell:
        """Return the same array looked at in another way."""
        truth = self.tape[self.place].truth
        return Cell(
            self.tape, self.tape.write(operation, (self.place,), static, shape, truth=truth)
        )

    def reduced(self, operation: str, axis: int | None) -> Cell:
        """Return a reduction over one axis of a row's value, or over all of it."""
        shape = self.shape
        if not shape:
            return self
        if axis is None:
            left: Shape = ()
        else:
            axis %= len(shape)
            left = shape[:axis] + shape[axis + 1 :]
        truth = operation == "any"
        place = self.tape.write(operation, (self.place,), (axis,), left, truth=truth)
        return Cell(self.tape, place)


_TRUTHS: Final = frozenset({
    "less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_and",
    "logical_or", "isfinite",
})  # fmt: skip


def _is(value: Any, number: int) -> bool:
    return not isinstance(value, Cell) and value == number


def _operand(value: Number) -> int | float:
    return value.place if isinstance(value, Cell) else float(value)


def shape_of(value: Number) -> Shape:
    """Return the shape of a row's value: () for a number."""
    return value.shape if isinstance(value, Cell) else ()


def elementwise(tape: Tape, operation: str, *arguments: Number) -> Cell:
    """Write down an operation of elements, its arguments broadcast as NumPy has it."""
    shape = np.broadcast_shapes(*map(shape_of, arguments))
    operands = tuple(map(_operand, arguments))
    place = tape.write(operation, operands, (), shape, truth=operation in _TRUTHS)
    return Cell(tape, place)


def filled(tape: Tape, value: Number, shape: Shape) -> Cell:
    """Return a number as a cell of a shape, every element the same."""
    found = fit(value, shape)
    if isinstance(found, Cell):
        return found
    return Cell(tape, tape.array(np.full(shape, float(found))))


def fit(value: Number, shape: Shape) -> Number:
    """Sum a contribution over the axes along which its argument was broadcast, or spread it."""
    if not isinstance(value, Cell) or value.shape == shape:
        return value
    operation = "any" if value.tape[value.place].truth else "sum"
    while len(value.shape) > len(shape):
        value = value.reduced(operation, 0)
    for axis, (have, want) in enumerate(zip(value.shape[::-1], shape[::-1], strict=False), 1):
        if want == 1 and have != 1:
            kept = value.shape
            value = value.reduced(operation, len(kept) - axis)
            value = _grown(value, kept, len(kept) - axis)
    return value if value.shape == shape else value.view("spread", shape)


def _grown(value: Cell, shape: Shape, axis: int) -> Cell:
    """Return what a reduction left of a shape, with an axis of length 1 for the one it lost."""
    return value.view("grow", (*shape[:axis], 1, *shape[axis + 1 :]), axis)


def where(condition: Any, a: Number, b: Number) -> Number:
    """Return a choice between two numbers; a condition that is known is one already."""
    if not isinstance(condition, Cell):
        return a if condition else b
    if _is(a, 1) and _is(b, 0):
        return elementwise(condition.tape, "truth", condition)
    return elementwise(condition.tape, "where", condition, a, b)


# The functions of the rules


def _function(tape: Tape, operation: str, plain: Callable[..., float]) -> Callable[..., Number]:
    def call(*arguments: Number) -> Number:
        if any(isinstance(argument, Cell) for argument in arguments):
            return elementwise(tape, operation, *arguments)
        return float(plain(*map(float, arguments)))

    return call


def _power(tape: Tape) -> Callable[[Number, Number], Number]:
    """Return the power; small whole ones are products."""

    def power(a: Number, b: Number) -> Number:
        if not isinstance(a, Cell) and not isinstance(b, Cell):
            with np.errstate(all="ignore"):
                return float(np.float_power(float(a), float(b)))
        if not isinstance(b, Cell):
            if b == 0:
                return 1.0
            if b == 1:
                return a
            if b == 2:
                return a * a
            if b == 3:
                return a * a * a
            if b == -1:
                return 1 / a
        return elementwise(tape, "power", a, b)

    return power


def _folded(operation: Callable[[Number, Number], Number]) -> Callable[..., Number]:
    return lambda *arguments: functools.reduce(operation, arguments)


def _index(x: Cell, *indices: Any) -> Cell:
    shape = x.shape[len(indices) :]
    return x.view("index", shape, *indices)


def _spread(value: Number, like: Number, *axis: int) -> Number:
    shape = shape_of(like)
    if not isinstance(value, Cell) or value.shape == shape:
        return value
    if axis:
        value = _grown(value, shape, axis[0] % len(shape))
    return value if value.shape == shape else value.view("spread", shape)


def _count(x: Number, *axis: int) -> float:
    shape = shape_of(x)
    return float(shape[axis[0]]) if axis else float(np.prod(shape, dtype=float))


def _product(tape: Tape) -> Callable[[Number, Number], Number]:
    def product(a: Number, b: Number) -> Number:
        left, right = shape_of(a), shape_of(b)
        if not left or not right:
            return a * b
        shape = (*left[:-1], *(right[:-2] + right[-1:] if len(right) > 1 else ()))
        return Cell(tape, tape.write("matmul", (a.place, b.place), (), shape))

    return product


def _outer_or_scale(tape: Tape) -> Callable[[Number, Number], Number]:
    def outer(a: Number, b: Number) -> Number:
        left, right = shape_of(a), shape_of(b)
        if not left or not right:
            return a * b
        return Cell(tape, tape.write("outer", (a.place, b.place), (), (*left, *right)))

    return outer


def _transpose(x: Number) -> Number:
    return x if len(shape_of(x)) < 2 else x.view("transpose", x.shape[::-1])


def _stack(tape: Tape) -> Callable[..., Number]:
    def stack(*parts: Number) -> Number:
        shape = (len(parts), *shape_of(parts[0]))
        if not any(isinstance(part, Cell) for part in parts):
            return Cell(tape, tape.array(np.array(parts, dtype=np.float64)))
        return Cell(tape, tape.write("stack", tuple(map(_operand, parts)), (), shape))

    return stack


def _concat(tape: Tape) -> Callable[..., Number]:
    def concat(*parts: Number) -> Number:
        length = sum(shape_of(part)[0] if shape_of(part) else 1 for part in parts)
        shape = (length, *shape_of(parts[0])[1:])
        return Cell(tape, tape.write("concat", tuple(map(_operand, parts)), (), shape))

    return concat


def _piece(whole: Cell, place: int, *parts: Number) -> Number:
    lengths = [shape_of(part)[0] if shape_of(part) else 1 for part in parts]
    start = sum(lengths[:place])
    if not shape_of(parts[place]):
        return _index(whole, start)
    return whole.view("piece", shape_of(parts[place]), start, start + lengths[place])


def _scatter(tape: Tape) -> Callable[..., Cell]:
    def scatter(value: Number, like: Number, *indices: int) -> Cell:
        place = tape.write("scatter", (_operand(value),), indices, shape_of(like))
        return Cell(tape, place)

    return scatter


def _onehot(tape: Tape) -> Callable[[Number, int], Cell]:
    def onehot(k: Number, n: int) -> Cell:
        return Cell(tape, tape.write("onehot", (_operand(k),), (int(n),), (int(n),)))

    return onehot


def _reduction(operation: str) -> Callable[..., Number]:
    def reduction(x: Number, *axis: int) -> Number:
        return x.reduced(operation, axis[0] if axis else None) if isinstance(x, Cell) else x

    return reduction


def _others(tape: Tape) -> Callable[..., Cell]:
    def others(x: Cell, *axis: int) -> Cell:
        static = (axis[0] % len(x.shape),) if axis else (None,)
        return Cell(tape, tape.write("others", (x.place,), static, x.shape))

    return others


def _norm(m: Namespace) -> Callable[..., Number]:
    """Return the 2-norm, scaled by the greatest element so that no square overflows."""

    def norm(x: Cell, *axis: int) -> Number:
        along = axis[0] if axis else None
        greatest = m.abs(x).reduced("amax", along)
        scale = where(greatest == 0, 1, where(greatest == np.inf, 1, greatest))
        scaled = x / _spread(scale, x, *axis)
        return scale * m.sqrt((scaled * scaled).reduced("sum", along))

    return norm


def _logsumexp(m: Namespace) -> Callable[..., Number]:
    def logsumexp(x: Cell, *axis: int) -> Number:
        along = axis[0] if axis else None
        greatest = x.reduced("amax", along)
        shift = where(m.abs(greatest) < np.inf, greatest, 0)
        grown = m.exp(x - _spread(shift, x, *axis))
        return m.log(grown.reduced("sum", along)) + shift

    return logsumexp


def _shifted(x: Cell) -> Cell:
    shifted: Cell = x - _spread(x.reduced("amax", -1), x, -1)
    return shifted


def _softmax(m: Namespace) -> Callable[[Cell], Cell]:
    def softmax(x: Cell) -> Cell:
        grown = m.exp(_shifted(x))
        quotient: Cell = grown / _spread(grown.reduced("sum", -1), x, -1)
        return quotient

    return softmax


def _log_softmax(m: Namespace) -> Callable[[Cell], Cell]:
    def log_softmax(x: Cell) -> Cell:
        shifted = _shifted(x)
        total = m.exp(shifted).reduced("sum", -1)
        difference: Cell = shifted - _spread(m.log(total), x, -1)
        return difference

    return log_softmax


_LIKE_NUMPY: Final = {
    "sqrt": "sqrt", "cbrt": "cbrt", "exp": "exp", "expm1": "expm1", "log": "log",
    "log1p": "log1p", "log2": "log2", "log10": "log10", "hypot": "hypot", "sin": "sin",
    "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
    "atan2": "arctan2", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "floor": "floor", "ceil": "ceil", "round": "rint",
    "mod": "mod", "abs": "absolute", "sign": "sign",
}  # fmt: skip
_SPECIAL: Final = ("erf", "erfc", "gamma", "lgamma", "digamma", "polygamma")


def cells(tape: Tape) -> Namespace:
    """Return the namespace of the rules over cells: every function writes an instruction.

    >>> tape = Tape()
    >>> m = cells(tape)
    >>> x = Cell(tape, tape.write("column", (), ("x",), (), rows=True))
    >>> tape[m.pow(x, 2.0).place].operation
    'multiply'
    """
    from cgcli.numbers import real

    functions: dict[str, Any] = {
        own: _function(tape, name, getattr(np, name)) for own, name in _LIKE_NUMPY.items()
    }
    for name in _SPECIAL:
        functions[name] = _function(tape, name, getattr(real.CAREFUL, name))
    maximum = _function(tape, "maximum", np.maximum)
    minimum = _function(tape, "minimum", np.minimum)
    m = Namespace(
        **functions,
        pow=_power(tape),
        max=_folded(maximum),
        min=_folded(minimum),
        where=where,
        truth=lambda condition: (
            elementwise(tape, "truth", condition)
            if isinstance(condition, Cell)
            else float(condition)
        ),
        number=float,
        pi=float(np.pi),
        inf=float(np.inf),
        nan=float(np.nan),
        stack=_stack(tape),
        index=_index,
        scatter=_scatter(tape),
        product=_product(tape),
        outer_or_scale=_outer_or_scale(tape),
        transpose=_transpose,
        concat=_concat(tape),
        piece=_piece,
        sum=_reduction("sum"),
        prod=_reduction("prod"),
        amax=_reduction("amax"),
        amin=_reduction("amin"),
        products_of_others=_others(tape),
        spread=_spread,
        count=_count,
        rank=lambda x: len(shape_of(x)),
        len=lambda x: float(shape_of(x)[0]),
        onehot=_onehot(tape),
    )
    return m.copy(
        norm=_norm(m),
        logsumexp=_logsumexp(m),
        softmax=_softmax(m),
        log_softmax=_log_softmax(m),
    )
