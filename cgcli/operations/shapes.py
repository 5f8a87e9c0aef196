"""Shapes: what fits what, and the errors that name both shapes."""

from __future__ import annotations

from cgcli.operations.row import Shape

__all__ = ["ShapeMismatchError", "broadcast", "describe", "size"]


class ShapeMismatchError(Exception):
    """Shapes that an operation cannot take; `places` are the arguments it is about."""

    def __init__(self, message: str, hint: str = "", places: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.places = places


def describe(shape: Shape) -> str:
    """Return a shape in words.

    >>> describe(()), describe((3,)), describe((2, 3))
    ('a scalar', 'a vector of 3', 'a 2×3 matrix')
    """
    if not shape:
        return "a scalar"
    if len(shape) == 1:
        return f"a vector of {shape[0]}"
    return f"a {shape[0]}×{shape[1]} matrix"


def size(shape: Shape) -> int:
    """Return how many numbers a value of the shape holds."""
    count = 1
    for length in shape:
        count *= length
    return count


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
