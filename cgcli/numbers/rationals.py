"""Rationals whose roots and logarithms are rationals too."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flint import fmpq

__all__ = ["logarithm_to", "root"]


def _whole_root(number: int, degree: int) -> int | None:
    """The root of a whole number that is not negative, where it is whole."""
    if degree == 2:
        root = math.isqrt(number)
    else:
        # The nearest whole number to the floating root, made exact by Newton's steps.
        root = 1 << -(-number.bit_length() // degree)
        while True:
            better = ((degree - 1) * root + number // root ** (degree - 1)) // degree
            if better >= root:
                break
            root = better
    return root if root**degree == number else None


def root(exact: Any, degree: int) -> Any:
    """The root of a rational, where it is one; an odd one of a negative number too."""
    if exact == 0:
        return exact
    sign = -1 if exact < 0 else 1
    if sign < 0 and degree % 2 == 0:
        return None
    top = _whole_root(abs(int(exact.p)), degree)
    bottom = None if top is None else _whole_root(int(exact.q), degree)
    return None if bottom is None else fmpq(sign * top, bottom)  # type: ignore[operator]


def logarithm_to(base: int) -> Callable[[Any], Any]:
    """The logarithm of a power of the base, which is whole."""

    def exactly(exact: Any) -> Any:
        top, bottom = int(exact.p), int(exact.q)
        if top != 1 and bottom != 1:
            return None
        power, number = 0, top if bottom == 1 else bottom
        guess = round(math.log(number, base)) if number > 1 else 0
        power = guess if base**guess == number else -1
        if power < 0:
            return None
        return fmpq(power if bottom == 1 else -power)

    return exactly
