"""A namespace of numbers: its own primitive functions, and every row built from them."""

from __future__ import annotations

import functools
from typing import Any

from cgcli.operations.protocol import FORMULAS, NAMES, Number, Rulebook
from cgcli.operations.table import TABLE


class Namespace(Rulebook):
    """The `m` of the rules: the functions given, else formulas of them, and the rows' own rules.

    >>> Namespace(exp=lambda x: 2.0**x, abs=abs, min=min, number=float).sigmoid(1.0)
    0.6666666666666666
    """

    def __init__(self, **functions: Any) -> None:
        rules = {row.name: row.value for row in TABLE if row.words and row.name not in NAMES}
        for name, rule in {**rules, **FORMULAS}.items():
            setattr(self, name, functools.partial(rule, self))
        for name, function in functions.items():
            setattr(self, name, function)
        self.functions = functions

    def copy(self, **functions: Any) -> Namespace:
        """Return a namespace of the same functions, with some of them others."""
        return type(self)(**{**self.functions, **functions})

    def __getattr__(self, name: str) -> Any:
        """Say which function a kind of number lacks; also what lets a rule read `m.name`."""
        raise AttributeError(name)


class Boundless(Namespace):
    """The rules over numbers whose squares neither overflow nor vanish."""

    def norm(self, x: Number, *axis: int) -> Number:
        """Return the 2-norm as it is: to divide by the greatest element widens a ball."""
        return self.sqrt(self.sum(x * x, *axis))
