"""The functions of the rules over cells: each writes an instruction down."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from operator import mul
from typing import Final

import numpy as np

from cgcli.numbers.namespace import Namespace
from cgcli.numbers.parts import Parts
from cgcli.numbers.real import CAREFUL
from cgcli.numbers.rounded import Rounded
from cgcli.operations import shapes
from cgcli.operations.protocol import ELEMENTWISE
from cgcli.operations.row import Index
from cgcli.plan.cells import WRITES, Cell, Number, elementwise, grown, shape_of, where, written
from cgcli.plan.tape import Tape


def _function(name: str, operation: str, tape: Tape) -> Callable[..., Number]:
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


def _power(power: Callable[..., Number], a: Number, b: Number) -> Number:
    """Return the power of a cell; small whole ones are products."""
    if isinstance(a, Cell) and not isinstance(b, Cell):
        if b == 0:
            return 1.0
        if b == -1:
            return 1 / a
        if b in (1, 2, 3):
            return reduce(mul, [a] * int(b))
    return power(a, b)


def _folded(operation: Callable[[Number, Number], Number]) -> Callable[..., Number]:
    return lambda *arguments: reduce(operation, arguments)


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


def _label(chosen: Cell) -> Cell | None:
    """Return the column that chooses a place in each row, of a vector with a single one there."""
    label = chosen.tape.label(chosen.place)
    return None if label is None else Cell(chosen.tape, label)


def _product(a: Number, b: Number) -> Number:
    left, right = shape_of(a), shape_of(b)
    if not left or not right:
        return a * b
    if (label := _label(a)) is not None and not b.rows:
        return written(a.tape, "take", (label, b), right[1:])
    if (label := _label(b)) is not None and not a.rows:
        return written(a.tape, "take", (label, _transpose(a)), left[:-1])
    shape = (*left[:-1], *(right[:-2] + right[-1:] if len(right) > 1 else ()))
    return written(a.tape, "matmul", (a, b), shape)


def _outer_or_scale(a: Number, b: Number) -> Number:
    left, right = shape_of(a), shape_of(b)
    return written(a.tape, "outer", (a, b), (*left, *right)) if left and right else a * b


def _transpose(x: Number) -> Number:
    return x if len(shape_of(x)) < 2 else x.view("transpose", x.shape[::-1])


def _stack(tape: Tape, *parts: Number) -> Number:
    if not any(isinstance(part, Cell) for part in parts):
        return Cell(tape, tape.array(np.array(parts, dtype=np.float64)))
    return written(tape, "stack", parts, (len(parts), *shape_of(parts[0])))


def _concat(tape: Tape, *parts: Number) -> Number:
    length = sum(shape_of(part)[0] if shape_of(part) else 1 for part in parts)
    return written(tape, "concat", parts, (length, *shape_of(parts[0])[1:]))


def _piece(joined: Cell, place: int, parts: Parts) -> Number:
    start, shape = parts.start(place, shape_of), shape_of(parts[place])
    return joined.view("piece", shape, start, start + shape[0]) if shape else joined[start]


def _scatter(value: Number, like: Cell, *indices: Index) -> Cell:
    return written(like.tape, "scatter", (value,), like.shape, *indices)


def _onehot(tape: Tape, k: Number, n: int) -> Cell:
    return written(tape, "onehot", (k,), (int(n),), int(n))


def _reduced(operation: str, x: Number, *axis: int) -> Number:
    return x.reduced(operation, axis[0] if axis else None) if isinstance(x, Cell) else x


def _cumsum(x: Cell, *, backwards: bool = False) -> Cell:
    return written(x.tape, "cumsum", (x,), x.shape, backwards)


def _diag(x: Cell) -> Cell:
    return written(x.tape, "diag", (x,), shapes.diag(x.shape))


def _others(x: Cell, *axis: int) -> Cell:
    return written(x.tape, "others", (x,), x.shape, axis[0] % len(x.shape) if axis else None)


_FUNCTIONS: Final = {*ELEMENTWISE, "max", "min", "level"} - {"where"}
"""Functions that write an instruction each."""


def cells(tape: Tape) -> Namespace:
    """Return the namespace of the rules over cells: every function writes an instruction.

    >>> tape = Tape()
    >>> m = cells(tape)
    >>> x = Cell(tape, tape.write("column", (), ("x",), (), rows=True))
    >>> tape[m.pow(x, 2.0).place].operation
    'multiply'
    """
    functions = {name: _function(name, WRITES[name], tape) for name in _FUNCTIONS}
    reduced = {name: partial(_reduced, name) for name in ("sum", "prod", "amax", "amin")}
    folded = {name: _folded(functions[name]) for name in ("max", "min")}
    return Rounded(
        **{**functions, **reduced, **folded, "pow": partial(_power, functions["pow"])},
        where=where,
        number=CAREFUL.number,
        pi=CAREFUL.pi,
        inf=CAREFUL.inf,
        nan=CAREFUL.nan,
        stack=partial(_stack, tape),
        index=lambda x, *indices: x.at(*indices),
        scatter=_scatter,
        product=_product,
        outer_or_scale=_outer_or_scale,
        transpose=_transpose,
        concat=partial(_concat, tape),
        piece=_piece,
        products_of_others=_others,
        cumsum=_cumsum,
        diag=_diag,
        spread=_spread,
        count=_count,
        rank=lambda x: len(shape_of(x)),
        len=lambda x: float(shape_of(x)[0]),
        onehot=partial(_onehot, tape),
    )
