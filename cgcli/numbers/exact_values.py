"""Values from outside → fractions and arrays of them, of rank 2 at most."""

from __future__ import annotations

import decimal
import numbers
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from cgcli.numbers.missing import NoValue
from cgcli.numbers.numerals import read_numeral
from cgcli.numbers.ratio import Room
from cgcli.numbers.values import as_array, check_names, unusable


def as_exact_inputs(bindings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bindings with each value in fractions; a float is the fraction that it holds.

    Raises `CgraphError` for what is no number, or no finite one.

    >>> as_exact_inputs({"x": 0.5, "y": Fraction(1, 3)})
    {'x': Fraction(1, 2), 'y': Fraction(1, 3)}
    """
    check_names(bindings)
    return {name: _as_value(value, name) for name, value in bindings.items()}


def _as_value(value: Any, name: str) -> Any:
    if not isinstance(value, list | tuple) and not getattr(value, "shape", None):
        return _as_fraction(value, name)
    from cgcli.numbers.objects import arranged

    array = as_array(value, name, _as_fraction)
    return arranged([_as_fraction(element, name) for element in array.flat], array.shape)


def _as_fraction(value: Any, name: str) -> Fraction:
    if type(value) is Fraction:
        return value
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, decimal.Decimal) and value.is_finite():
        read = read_numeral(str(value), Room())
        if isinstance(read, NoValue):
            raise unusable(name, "it is too long")
        value = read
    if isinstance(value, float):
        if value - value != 0:
            raise unusable(name, f"{value} is no fraction")
        return Fraction(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Rational):
        raise unusable(name, f"{type(value).__name__} is not a number")
    return Fraction(int(value.numerator), int(value.denominator))
