"""The table of mistakes, the likeliest first: a row's place is its order.

Where several mistakes give one number, the one that is told first is the one that people make
most: the rules of the operation itself, then the chain, then the hand that wrote it. Their words
and examples stand in `mistakes.toml`, in that order; here is which numbers come of each.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from cgcli.homework.mistakes import chain, rules, slips, tensors
from cgcli.homework.mistakes.row import Example, Mistake, partials, values
from cgcli.resource import read_toml

_MADE: Final[dict[str, Mistake]] = {
    "factors-swapped": Mistake(
        at_use=partials(
            mul=[[lambda m, y, a, b: a], [lambda m, y, a, b: b]],
            dot=[[lambda m, y, a, b: a], [lambda m, y, a, b: b]],
        )
    ),
    "sum-rule-on-product": Mistake(
        at_use=partials(mul=[[lambda m, y, a, b: 1], [lambda m, y, a, b: 1]]),
        at_gradient=rules.combined("mul", lambda a, b, da, db: da + db),
        at_value=values(mul=[lambda m, a, b: a + b]),
    ),
    "sign-lost": Mistake(
        at_use=chain.sign_lost,
        at_value=values(
            sub=[lambda m, a, b: a + b], neg=[lambda m, a: a], add=[lambda m, a, b: a - b]
        ),
    ),
    "constant-factor-dropped": Mistake(at_use=rules.constant_dropped),
    "exponent-unchanged": Mistake(at_use=partials(pow=[[lambda m, y, a, b: b * m.pow(a, b)]])),
    "local-left-out": Mistake(at_use=chain.local_left_out),
    "upstream-left-out": Mistake(at_use=chain.upstream_left_out),
    "output-for-input": Mistake(at_use=chain.output_for_input),
    "last-time-step-only": Mistake(at_gradient=rules.last_time_step_only),
    "last-use-only": Mistake(at_gradient=rules.of_uses(lambda sent, total: sent[-1:])),
    "first-use-only": Mistake(at_gradient=rules.of_uses(lambda sent, total: sent[:1])),
    "use-left-out": Mistake(
        # One of three or more, or all but one in the middle.
        at_gradient=rules.of_uses(
            lambda sent, total: [*(total - part for part in sent), *sent[1:-1]], 3
        )
    ),
    "gate-ignored": Mistake(
        at_use=rules.gate_ignored,
        at_value=values(
            relu=[lambda m, x: x],
            leaky_relu=[lambda m, x: x],
            clip=[lambda m, x, low, high: x],
            elu=[lambda m, x: x],
        ),
    ),
    "gate-reversed": Mistake(
        at_use=rules.gate_reversed,
        at_value=values(
            max=[lambda m, *a: m.min(*a)],
            min=[lambda m, *a: m.max(*a)],
            amax=[lambda m, x: m.amin(x)],
            amin=[lambda m, x: m.amax(x)],
            relu=[lambda m, x: m.min(x, m.number(0))],
            where=[lambda m, c, a, b: m.where(c != 0, b, a)],
        ),
    ),
    "product-of-derivatives": Mistake(
        at_gradient=rules.combined("mul", lambda a, b, da, db: da * db)
    ),
    "quotient-of-derivatives": Mistake(
        at_gradient=rules.combined("div", lambda a, b, da, db: rules.quotient(da, db))
    ),
    "quotient-with-plus": Mistake(
        at_use=rules.quotient_with_plus,
        at_gradient=rules.combined(
            "div", lambda a, b, da, db: rules.quotient(da * b + a * db, b * b)
        ),
    ),
    "quotient-not-squared": Mistake(
        # By the numerator f' = 1 and g' = 0: (1g - f0)/g.
        at_use=partials(div=[[lambda m, y, a, b: 1], [lambda m, y, a, b: -a / b]]),
        at_gradient=rules.combined("div", lambda a, b, da, db: rules.quotient(da * b - a * db, b)),
    ),
    "exponent-raised": Mistake(at_use=partials(pow=[[lambda m, y, a, b: b * m.pow(a, b + 1)]])),
    "power-as-product": Mistake(at_value=values(pow=[lambda m, a, b: a * b])),
    "power-left-out": Mistake(at_value=values(pow=[lambda m, a, b: a])),
    "operands-swapped": Mistake(
        at_value=values(sub=[lambda m, a, b: b - a], pow=[lambda m, a, b: m.pow(b, a)])
    ),
    "wrong-place": Mistake(at_use=chain.wrong_place),
    "not-spread-back": Mistake(at_use=tensors.not_spread_back, at_value=tensors.sum_for_mean),
    "matrix-transposed": Mistake(at_use=tensors.transposed, at_value=tensors.transposed_in_value),
    "matrix-wrong-side": Mistake(at_use=tensors.wrong_side, at_value=tensors.wrong_side_in_value),
    "degrees-for-radians": Mistake(at_use=rules.degrees, at_value=rules.degrees_in_value),
    "log-base": Mistake(
        at_use=partials(
            log=[[lambda m, y, x: 1 / (x * m.log(10)), lambda m, y, x: 1 / (x * m.log(2))]],
            log10=[[lambda m, y, x: 1 / x]],
            log2=[[lambda m, y, x: 1 / x]],
        ),
        at_value=values(
            log=[lambda m, x: m.log10(x), lambda m, x: m.log2(x)],
            log10=[lambda m, x: m.log(x), lambda m, x: m.log2(x)],
            log2=[lambda m, x: m.log(x), lambda m, x: m.log10(x)],
        ),
    ),
    "rounding": Mistake(slip=slips.cut_off),
    "sign-slip": Mistake(slip=slips.sign_slip),
    "value-for-gradient": Mistake(at_gradient=lambda step: [step.x]),
    "gradient-for-value": Mistake(at_value=chain.gradient_for_value),
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
    "reciprocal-derivative": Mistake(
        at_use=chain.reciprocal, at_value=values(div=[lambda m, a, b: b / a])
    ),
    "arithmetic": Mistake(in_chain=True),
}


MISTAKES: Final = tuple(
    replace(_MADE[row["name"]], **{**row, "example": Example(**row["example"])})
    for row in read_toml(__package__, "mistakes.toml")["mistakes"]
)
assert len(MISTAKES) == len(_MADE), "a mistake has numbers, and no words in mistakes.toml"

ARITHMETIC: Final = next(mistake for mistake in MISTAKES if mistake.in_chain)
