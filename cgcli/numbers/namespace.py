"""A namespace of numbers: its own primitive functions, and every row built from them."""

from __future__ import annotations

import functools
from typing import Any, Final

from cgcli.numbers.composites import COMPOSITES
from cgcli.operations.table import TABLE

__all__ = ["ELEMENTWISE", "Namespace"]

ELEMENTWISE: Final[dict[str, int]] = {
    **dict.fromkeys(
        (
            "sqrt", "cbrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan",
            "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf",
            "erfc", "gamma", "lgamma", "digamma", "floor", "ceil", "round", "abs", "sign", "truth",
        ),
        1,
    ),
    **dict.fromkeys(("hypot", "pow", "atan2", "polygamma", "mod"), 2),
    "where": 3,
}  # fmt: skip
"""The primitives that act on each element by itself, and how many arguments each takes."""


class Namespace:
    """The `m` of the rules: the functions given, and for every other row the row's own rule.

    >>> Namespace(exp=lambda x: 2.0**x, abs=abs, min=min, number=float).sigmoid(1.0)
    0.6666666666666666
    """

    def __init__(self, **functions: Any) -> None:
        for row in TABLE:
            if row.words and row.name not in functions:
                setattr(self, row.name, functools.partial(row.value, self))
        for name, composite in COMPOSITES.items():
            setattr(self, name, functools.partial(composite, self))
        for name, function in functions.items():
            setattr(self, name, function)
        self.functions = functions

    def copy(self, **functions: Any) -> Namespace:
        """Return a namespace of the same functions, with some of them others."""
        return Namespace(**{**self.functions, **functions})

    def __getattr__(self, name: str) -> Any:
        """Say which function a kind of number lacks; also what lets a rule read `m.name`."""
        raise AttributeError(name)
