"""The table of mistakes, the likeliest first: a row's place is its order.

Where several mistakes give one number, the one that is told first is the one that people make
most: the rules of the operation itself, then the chain, then the hand that wrote it. Their words,
examples and formulas stand in `mistakes.toml`, in that order; here is what is no formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, Final

from cgcli.homework.mistakes import rules, slips, tensors
from cgcli.homework.mistakes.row import Example, Mistake, Numbers, combined, partials, values
from cgcli.resource import read_toml

_MADE: Final[dict[str, Mistake]] = {
    "constant-factor-dropped": Mistake(at_use=rules.constant_dropped),
    "local-left-out": Mistake(at_use=rules.local_left_out),
    "upstream-left-out": Mistake(at_use=rules.upstream_left_out),
    "output-for-input": Mistake(at_use=rules.output_for_input),
    "last-time-step-only": Mistake(at_gradient=rules.last_time_step_only),
    "last-use-only": Mistake(at_gradient=rules.of_uses(lambda sent, total: sent[-1:])),
    "first-use-only": Mistake(at_gradient=rules.of_uses(lambda sent, total: sent[:1])),
    "use-left-out": Mistake(
        # One of three or more, or all but one in the middle.
        at_gradient=rules.of_uses(
            lambda sent, total: [*(total - part for part in sent), *sent[1:-1]], 3
        )
    ),
    "gate-ignored": Mistake(at_use=rules.gate_ignored),
    "gate-reversed": Mistake(at_use=rules.gate_reversed),
    "spread-over-sum": Mistake(at_value=rules.spread_over_sum),
    "constant-kept": Mistake(at_above=rules.constant_kept),
    "wrong-place": Mistake(at_use=rules.wrong_place),
    "inner-derivative-inside": Mistake(at_above=rules.inner_inside),
    "chain-added": Mistake(at_use=rules.chain_added),
    "not-held-constant": Mistake(at_gradient=rules.not_held_constant),
    "not-spread-back": Mistake(at_use=tensors.not_spread_back),
    "matrix-transposed": Mistake(at_use=tensors.transposed, at_value=tensors.transposed_in_value),
    "matrix-wrong-side": Mistake(at_use=tensors.wrong_side, at_value=tensors.wrong_side_in_value),
    "rounding": Mistake(slip=slips.cut_off),
    "sign-slip": Mistake(slip=slips.sign_slip),
    "value-for-gradient": Mistake(at_gradient=lambda step: [step.x]),
    "gradient-for-value": Mistake(at_value=rules.gradient_for_value),
    "digits-transposed": Mistake(slip=slips.digits_transposed),
    "gradient-not-reset": Mistake(at_gradient=rules.not_reset),
    "use-counted-twice": Mistake(
        at_gradient=rules.of_uses(lambda sent, total: [total + part for part in sent])
    ),
    "uses-multiplied": Mistake(at_gradient=rules.of_uses(lambda sent, total: [math.prod(sent)])),
    "wrong-variable": Mistake(
        at_gradient=slips.wrong_variable, at_value=slips.wrong_variable_in_value
    ),
    "other-variable": Mistake(at_use=slips.other_variable),
    "reciprocal-derivative": Mistake(at_use=rules.reciprocal),
    "arithmetic": Mistake(in_chain=True),
}
_FORMULAS: Final = {
    "partials": ("at_use", partials),
    "combined": ("at_above", combined),
    "values": ("at_value", values),
}


def _mistake(row: dict[str, Any]) -> Mistake:
    """Return a row of the table: what stands in TOML, and the numbers that a function makes."""
    made = _MADE.get(row["name"], Mistake())
    fields = {**row, "example": Example(**row["example"])}
    for kind, (field, made_of) in _FORMULAS.items():
        if kind in row:
            ways = [made_of(fields.pop(kind)), getattr(made, field)]
            fields[field] = partial(_by_all, [*filter(None, ways)])
    return replace(made, **fields)


def _by_all(ways: list[Callable[[Any], Numbers]], step: Any) -> Numbers:
    return chain.from_iterable(way(step) for way in ways)


MISTAKES: Final = tuple(map(_mistake, read_toml(__package__, "mistakes.toml")["mistakes"]))
assert {*_MADE} <= {mistake.name for mistake in MISTAKES}, "a mistake has no words"

ARITHMETIC: Final = next(mistake for mistake in MISTAKES if mistake.in_chain)
