"""A namespace of numbers: its own primitive functions, and every row built from them."""

from __future__ import annotations

import functools
from typing import Any

from cgcli.operations.protocol import COMPOSITES, Rulebook
from cgcli.operations.table import TABLE

__all__ = ["Namespace"]


class Namespace(Rulebook):
    """The `m` of the rules: the functions given, and for every other row the row's own rule.

    >>> Namespace(exp=lambda x: 2.0**x, abs=abs, min=min, number=float).sigmoid(1.0)
    0.6666666666666666
    """

    def __init__(self, **functions: Any) -> None:
        for row in TABLE:
            if row.words and row.name not in functions and row.name not in COMPOSITES:
                setattr(self, row.name, functools.partial(row.value, self))
        for name, function in functions.items():
            setattr(self, name, function)
        self.functions = functions

    def copy(self, **functions: Any) -> Namespace:
        """Return a namespace of the same functions, with some of them others."""
        return type(self)(**{**self.functions, **functions})

    def __getattr__(self, name: str) -> Any:
        """Say which function a kind of number lacks; also what lets a rule read `m.name`."""
        raise AttributeError(name)
