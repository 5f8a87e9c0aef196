"""The table of mistakes, the likeliest first."""

from __future__ import annotations

from typing import Final

from cgcli.homework.mistakes.chain import CHAIN
from cgcli.homework.mistakes.row import Mistake
from cgcli.homework.mistakes.rules import RULES
from cgcli.homework.mistakes.shared import SHARED
from cgcli.homework.mistakes.slips import SLIPS
from cgcli.homework.mistakes.tensors import TENSORS

__all__ = ["MISTAKES"]

_ROWS: Final = {row.name: row for row in (*CHAIN, *RULES, *SHARED, *TENSORS, *SLIPS)}

# Where several mistakes give one number, the one that is told first is the one that people
# make most: the rules of the operation itself, then the chain, then the hand that wrote it.
_ORDER: Final = (
    "factors-swapped",
    "sum-rule-on-product",
    "sign-lost",
    "constant-factor-dropped",
    "exponent-unchanged",
    "local-left-out",
    "upstream-left-out",
    "output-for-input",
    "last-time-step-only",
    "last-use-only",
    "first-use-only",
    "use-left-out",
    "gate-ignored",
    "gate-reversed",
    "product-of-derivatives",
    "quotient-of-derivatives",
    "quotient-with-plus",
    "quotient-not-squared",
    "exponent-raised",
    "power-as-product",
    "wrong-place",
    "not-spread-back",
    "matrix-transposed",
    "matrix-wrong-side",
    "degrees-for-radians",
    "log-base",
    "rounding",
    "sign-slip",
    "value-for-gradient",
    "gradient-for-value",
    "digits-transposed",
    "gradient-not-reset",
    "use-counted-twice",
    "uses-multiplied",
    "wrong-variable",
    "other-variable",
    "reciprocal-derivative",
)

MISTAKES: Final[tuple[Mistake, ...]] = tuple(_ROWS[name] for name in _ORDER)
