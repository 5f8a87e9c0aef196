"""One number, or an array of them, alike; NumPy is imported only where there is an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cgcli.operations.row import Shape
from cgcli.operations.shapes import size


def anywhere(flags: Any) -> bool:
    """Return whether a flag, or any of an array of them, is true."""
    return bool(flags.any() if hasattr(flags, "any") else flags)


def elements(value: Any) -> list[Any]:
    """Return the elements of an array in a row, or the one number.

    >>> elements(7)
    [7]
    """
    return list(value.flat) if hasattr(value, "flat") else [value]


def filled(value: Any, shape: Shape) -> Any:
    """Return an array that holds one number at every place; the number itself of shape ()."""
    if not shape:
        return value
    from cgcli.numbers.objects import arranged

    return arranged([value] * size(shape), shape)


def by_element(function: Callable[..., Any], *parts: Any) -> Any:
    """Return what a function of numbers gives, element by element where a part is an array.

    >>> by_element(max, 1, 2)
    2
    """
    for part in parts:
        if hasattr(part, "shape"):
            from cgcli.numbers.objects import lift

            return lift(function, len(parts))(*parts)
    return function(*parts)


def by_double(function: Callable[..., float], *parts: Any) -> Any:
    """Return what a function of floats gives, element by element where a part is an array."""
    result = by_element(function, *parts)
    return result.astype(float, subok=False) if getattr(result, "shape", ()) else result
