"""The functions of the rules over cells: each writes an instruction down."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

import numpy as np

from cgcli.numbers.namespace import Namespace
from cgcli.numbers.parts import Parts
from cgcli.numbers.real import CAREFUL
from cgcli.numbers.rounded import Rounded
from cgcli.plan.cells import Cell, Number, elementwise, grown, operand, shape_of, where
from cgcli.plan.tape import Tape

__all__ = ["cells"]


def _function(tape: Tape, operation: str, name: str) -> Callable[..., Number]:
    """Return a function that writes its operation down, or is its value where all is known.

    What is known is computed by the numbers that evaluate a program at one point.
    """
    plain = getattr(CAREFUL, name)

    def call(*arguments: Number) -> Number:
        for argument in arguments:
            if type(argument) is Cell:
                return elementwise(tape, operation, *arguments)
        return plain(*arguments)

    return call


def _power(tape: Tape) -> Callable[[Number, Number], Number]:
    """Return the power; small whole ones are products."""

    def power(a: Number, b: Number) -> Number:
        if not isinstance(a, Cell) and not isinstance(b, Cell):
            return CAREFUL.pow(a, b)
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


def _spread(value: Number, like: Number, *axis: int) -> Number:
    shape = shape_of(like)
    if not isinstance(value, Cell) or value.shape == shape:
        return value
    if axis:
        value = grown(value, shape, axis[0] % len(shape))
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
        return Cell(tape, tape.write("stack", tuple(map(operand, parts)), (), shape))

    return stack


def _concat(tape: Tape) -> Callable[..., Number]:
    def concat(*parts: Number) -> Number:
        length = sum(shape_of(part)[0] if shape_of(part) else 1 for part in parts)
        shape = (length, *shape_of(parts[0])[1:])
        return Cell(tape, tape.write("concat", tuple(map(operand, parts)), (), shape))

    return concat


def _piece(whole: Cell, place: int, parts: Parts) -> Number:
    start, own = parts.start(place, shape_of), shape_of(parts[place])
    return whole.view("piece", own, start, start + own[0]) if own else whole[start]


def _scatter(tape: Tape) -> Callable[..., Cell]:
    def scatter(value: Number, like: Number, *indices: int) -> Cell:
        place = tape.write("scatter", (operand(value),), indices, shape_of(like))
        return Cell(tape, place)

    return scatter


def _onehot(tape: Tape) -> Callable[[Number, int], Cell]:
    def onehot(k: Number, n: int) -> Cell:
        return Cell(tape, tape.write("onehot", (operand(k),), (int(n),), (int(n),)))

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


_LIKE_NUMPY: Final = {
    "sqrt": "sqrt", "cbrt": "cbrt", "exp": "exp", "expm1": "expm1", "log": "log",
    "log1p": "log1p", "log2": "log2", "log10": "log10", "hypot": "hypot", "sin": "sin",
    "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
    "atan2": "arctan2", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "floor": "floor", "ceil": "ceil", "round": "rint",
    "mod": "mod", "abs": "absolute", "sign": "sign",
}  # fmt: skip
_FUSED: Final = (
    "erf", "erfc", "gamma", "lgamma", "digamma", "polygamma", "sigmoid", "sigmoid_slope",
    "tanh_slope", "silu", "silu_slope", "gelu", "gelu_slope", "atan_slope", "cbrt_slope",
)  # fmt: skip
"""Functions that are one instruction and several calls of NumPy."""


def cells(tape: Tape) -> Namespace:
    """Return the namespace of the rules over cells: every function writes an instruction.

    >>> tape = Tape()
    >>> m = cells(tape)
    >>> x = Cell(tape, tape.write("column", (), ("x",), (), rows=True))
    >>> tape[m.pow(x, 2.0).place].operation
    'multiply'
    """
    functions = {own: _function(tape, name, own) for own, name in _LIKE_NUMPY.items()}
    functions |= {name: _function(tape, name, name) for name in _FUSED}
    maximum = _function(tape, "maximum", "max")
    minimum = _function(tape, "minimum", "min")
    return Rounded(
        **functions,
        pow=_power(tape),
        max=_folded(maximum),
        min=_folded(minimum),
        where=where,
        truth=lambda condition: (
            elementwise(tape, "truth", condition)
            if isinstance(condition, Cell)
            else CAREFUL.truth(condition)
        ),
        number=CAREFUL.number,
        pi=CAREFUL.pi,
        inf=CAREFUL.inf,
        nan=CAREFUL.nan,
        stack=_stack(tape),
        index=lambda x, *indices: x.at(*indices),
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
