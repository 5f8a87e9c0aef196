"""Exact rationals: fractions, in the functions whose values stay rational."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from cgcli.numbers.namespace import Namespace

__all__ = ["EXACT", "RATIONAL"]

RATIONAL: Final = frozenset({"same", "add", "sub", "mul", "div", "neg", "pos", "pow"})
"""The operations that take rationals to rationals, a power when its exponent is whole."""


def _power(a: Any, b: Any) -> Any:
    """A whole power; 0 to a negative one, which is asked for in branches not taken, is 0."""
    return a ** int(b) if b >= 0 or a else Fraction(0)


EXACT: Final = Namespace(
    where=lambda c, a, b: a if c else b,
    pow=_power,
    number=Fraction,
    truth=lambda c: Fraction(bool(c)),
)
"""The namespace of the rules over fractions; a rule that needs more raises `AttributeError`."""
