"""Shapes: what fits what, the rule of each operation, and errors that name both shapes."""

from __future__ import annotations

import math
from typing import Final

from cgcli.operations.row import Index, Shape, Span
from cgcli.words import Message

NAME: Final = "{name}"


class ShapeMismatchError(Exception):
    """Shapes that an operation cannot take; `places` are the arguments it is about.

    In the message and in the hint `NAME` stands for the operation.
    """

    def __init__(self, message: str, hint: str = "", places: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.places = places


def describe(shape: Shape) -> Message:
    """Return a shape in words.

    >>> describe(()), describe((3,)), describe((2, 3))
    ('a scalar', 'a vector of 3', 'a 2×3 matrix')
    """
    if not shape:
        return Message("a scalar")
    if len(shape) == 1:
        return Message("a vector of {length}", length=shape[0])
    return Message("a {rows}×{columns} matrix", rows=shape[0], columns=shape[1])


def size(shape: Shape) -> int:
    """Return how many numbers a value of the shape holds."""
    return math.prod(shape)


def broadcast(*shapes: Shape) -> Shape:
    """Return the shape that all broadcast to, as in NumPy; raises `ShapeMismatchError`.

    >>> broadcast((2, 3), (3,), ())
    (2, 3)
    """
    result: Shape = ()
    first = 0
    for place, shape in enumerate(shapes):
        if shape == result or not shape:
            continue
        if not result:
            result, first = shape, place
            continue
        rank = max(len(result), len(shape))
        left = (1,) * (rank - len(result)) + result
        right = (1,) * (rank - len(shape)) + shape
        if any(a not in (b, 1) and b != 1 for a, b in zip(left, right, strict=True)):
            message = f"{describe(result)} and {describe(shape)} do not fit together"
            raise ShapeMismatchError(
                message,
                "elementwise, lengths must be equal, or 1, counted from the last",
                (first, place),
            )
        result = tuple(max(a, b) for a, b in zip(left, right, strict=True))
    return result


# The rules of the operations that are not elementwise


def _vectors(*shapes: Shape) -> None:
    for place, shape in enumerate(shapes):
        if len(shape) != 1:
            message = f"{NAME} takes {'a vector' if len(shapes) == 1 else 'vectors'}, "
            message += f"not {describe(shape)}"
            hint = "for a product of matrices write A @ B" if shape else "for a product write a*b"
            hint = hint if len(shapes) > 1 else ""
            raise ShapeMismatchError(message, hint, (place,))


def dot(a: Shape, b: Shape) -> Shape:
    """Return the inner product's shape: a scalar, of two vectors of one length."""
    _vectors(a, b)
    if a != b:
        message = f"{NAME} takes vectors of one length, not {describe(a)} and {describe(b)}"
        raise ShapeMismatchError(message, "", (0, 1))
    return ()


def outer(a: Shape, b: Shape) -> Shape:
    """Return the outer product's shape."""
    _vectors(a, b)
    return (a[0], b[0])


def matmul(a: Shape, b: Shape) -> Shape:
    """Return the matrix product's shape, for every pair of vectors and matrices."""
    for place, shape in enumerate((a, b)):
        if not shape:
            raise ShapeMismatchError(
                "@ multiplies vectors and matrices, not a scalar", "write *", (place,)
            )
    if a[-1] != b[0]:
        message = (
            f"{describe(a)} @ {describe(b)} does not fit: "
            f"{a[-1]} {'columns' if len(a) == 2 else 'elements'} on the left, "
            f"{b[0]} {'rows' if len(b) == 2 else 'elements'} on the right"
        )
        hint = "the two must be equal; transpose(…) swaps rows and columns"
        raise ShapeMismatchError(message, hint, (0, 1))
    return a[:-1] + b[1:]


def stack(*shapes: Shape) -> Shape:
    """Return a list's shape: its elements are of one shape, and not matrices."""
    first = shapes[0]
    for place, shape in enumerate(shapes):
        if shape != first:
            shapes_told = f"{describe(first)} and {describe(shape)}"
            message = f"a list's elements must be of one shape, not {shapes_told}"
            raise ShapeMismatchError(message, "to join vectors write concat(a, b)", (0, place))
    if len(first) > 1:
        raise ShapeMismatchError(
            "a list of matrices would have three axes",
            "values are scalars, vectors and matrices",
            (0,),
        )
    return (len(shapes), *first)


def index(x: Shape, *indices: Index) -> Shape:
    """Return the shape of an element, a row or a part; the indices must lie inside.

    >>> index((4, 3), Span(1, None), 0), index((4, 3), -1), index((4,), Span(None, -1))
    ((3,), (3,), (3,))
    """
    if not x:
        raise ShapeMismatchError(
            "a scalar has no elements to index", "bind a list, such as x=[1,2,3]", (0,)
        )
    if len(indices) > len(x):
        raise ShapeMismatchError(f"{describe(x)} takes one index", "write x[i]", (0,))
    left: list[int] = []
    for index, length in zip(indices, x, strict=False):
        if isinstance(index, tuple):
            assert isinstance(index, Span)
            left.append(len(index.places(length)))
            if not left[-1]:
                message = f"the slice {index} of {describe(x)} holds nothing"
                hint = "it goes from its start up to the place before its end"
                raise ShapeMismatchError(message, hint, (0,))
        elif not -length <= index < length:
            message = f"index {index} is outside {describe(x)}"
            hint = f"indices run from 0 to {length - 1}, and -1 is the last"
            raise ShapeMismatchError(message, hint, (0,))
    return (*left, *x[len(indices) :])


def concat(*shapes: Shape) -> Shape:
    """Return the shape of parts end to end; scalars count as one element."""
    if not any(len(shape) == 2 for shape in shapes):
        return (sum(shape[0] if shape else 1 for shape in shapes),)
    for place, shape in enumerate(shapes):
        if len(shape) != 2 or shape[1] != shapes[0][1]:
            message = f"{describe(shapes[0])} and {describe(shape)} cannot be joined"
            raise ShapeMismatchError(
                message, "matrices are joined by rows of one length", (0, place)
            )
    return (sum(shape[0] for shape in shapes), shapes[0][1])


def reduced(x: Shape, axis: int | None = None) -> Shape:
    """Return what is left of a shape when an axis, or all of them, is reduced."""
    if axis is None:
        return ()
    if not -len(x) <= axis < len(x):
        message = f"{describe(x)} has no axis {axis}"
        hint = "axis 0 runs down the rows, 1 along the columns" if x else "leave the axis out"
        raise ShapeMismatchError(message, hint, (0,))
    axis %= len(x)
    return x[:axis] + x[axis + 1 :]


def running(x: Shape) -> Shape:
    """Return the shape of running sums: that of their vector."""
    _vectors(x)
    return x


def diag(x: Shape) -> Shape:
    """Return the shape of a square matrix's diagonal, or of a diagonal matrix."""
    return (x[0], x[0]) if len(x) == 1 else _square(x)[:1]


def trace(x: Shape) -> Shape:
    """Return the shape of a square matrix's trace: a scalar."""
    return _square(x)[2:]


def _square(x: Shape) -> Shape:
    if len(x) != 2 or x[0] != x[1]:
        message = f"{NAME} takes a square matrix, not {describe(x)}"
        raise ShapeMismatchError(message, "bind one, such as A=[[1,2],[3,4]]", (0,))
    return x


def extreme(x: Shape) -> Shape:
    """Return the shape of max and min of one argument, which must not be a scalar."""
    if not x:
        message = f"{NAME} of one scalar: {NAME} takes two or more arguments, or one vector"
        raise ShapeMismatchError(message, f"write {NAME}(a, b) or {NAME}([a, b])", (0,))
    return ()


def same(x: Shape) -> Shape:
    """Return the shape of what keeps that of a vector or a matrix."""
    if not x:
        raise ShapeMismatchError(f"{NAME} takes a vector or a matrix, not a scalar", "", (0,))
    return x


def length(x: Shape) -> Shape:
    """Return the shape of len: a scalar."""
    if not x:
        hint = f"{NAME} takes a vector or a matrix"
        raise ShapeMismatchError("a scalar has no length", hint, (0,))
    return ()


def onehot(k: Shape, n: int) -> Shape:
    """Return the shape of onehot: a vector of n."""
    if k:
        raise ShapeMismatchError(f"{NAME} takes one whole number, not {describe(k)}", "", (0,))
    if n < 1:
        raise ShapeMismatchError(f"{NAME} of length {n}: the length must be at least 1", "", ())
    return (n,)
