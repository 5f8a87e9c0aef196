"""The table of mistakes, the likeliest first: a row's place is its order.

Where several mistakes give one number, the one that is told first is the one that people make
most: the rules of the operation itself, then the chain, then the hand that wrote it.
"""

from __future__ import annotations

import math
from typing import Any, Final

from cgcli.homework.mistakes import chain, rules, shared, slips, tensors
from cgcli.homework.mistakes.row import Example, Mistake, partials, values

__all__ = ["MISTAKES"]

_SEED: Final = "p = x + y; g = p*z"
_POINT: Final[dict[str, Any]] = {"x": 1, "y": 3, "z": -3}
_SQUARE: Final = "a = 3*x; b = x^2; f = a*b"
_LOOP: Final = "h[0] = 1; for t in 0..2 { h[t+1] = w*h[t] }; h[3]"
_LAYER: Final = "s = W @ x; L = sum(s^2)"

MISTAKES: Final[tuple[Mistake, ...]] = (
    Mistake(
        "factors-swapped",
        "the factors of {use} were swapped: the derivative by one is the other",
        Example(_SEED, _POINT, "dg/dp", "4"),
        at_use=partials(
            mul=[[lambda m, y, a, b: a], [lambda m, y, a, b: b]],
            dot=[[lambda m, y, a, b: a], [lambda m, y, a, b: b]],
        ),
    ),
    Mistake(
        "sum-rule-on-product",
        "the sum rule was used on the product {use}",
        Example(_SEED, _POINT, "dg/dz", "1"),
        at_use=partials(mul=[[lambda m, y, a, b: 1], [lambda m, y, a, b: 1]]),
        at_gradient=rules.combined("mul", lambda a, b, da, db: da + db),
        at_value=values(mul=[lambda m, a, b: a + b]),
        value_words="added where {use} multiplies",
    ),
    Mistake(
        "sign-lost",
        "a minus sign was lost in the derivative of {use}",
        Example("n = -x; f = exp(n)", {"x": 0.5}, "df/dx", "0.6065"),
        at_use=chain.sign_lost,
        at_value=values(
            sub=[lambda m, a, b: a + b],
            neg=[lambda m, a: a],
            add=[lambda m, a, b: a - b],
        ),
        value_words="plus and minus were mixed up in {use}",
    ),
    Mistake(
        "constant-factor-dropped",
        "a constant factor was dropped in the derivative of {use}",
        Example("f = x^3", {"x": 2}, "df/dx", "4"),
        at_use=rules.constant_dropped,
    ),
    Mistake(
        "exponent-unchanged",
        "the exponent of {use} was not lowered by 1",
        Example("f = x^3", {"x": 2}, "df/dx", "24"),
        at_use=partials(pow=[[lambda m, y, a, b: b * m.pow(a, b)]]),
    ),
    Mistake(
        "local-left-out",
        "the local derivative was left out: {upstream} was passed on without {local}",
        Example("u = 3*x; f = u^2", {"x": 2}, "df/dx", "12"),
        at_use=chain.local_left_out,
    ),
    Mistake(
        "upstream-left-out",
        "the upstream gradient was left out: {local} was not multiplied by {upstream}",
        Example(_SEED, _POINT, "dg/dx", "1"),
        at_use=chain.upstream_left_out,
    ),
    Mistake(
        "output-for-input",
        "input and output were mixed up in the derivative of {use}",
        Example("f = tanh(x)", {"x": 0.5}, "df/dx", "0.75"),
        at_use=chain.output_for_input,
    ),
    Mistake(
        "last-time-step-only",
        "only the last turn of the loop was counted; the gradients of all turns add up",
        Example(_LOOP, {"w": 0.5}, "dh[3]/dw", "0.25"),
        at_gradient=shared.last_time_step_only,
    ),
    Mistake(
        "last-use-only",
        "of several uses only the last was counted; their contributions add up",
        Example(_SQUARE, {"x": 2}, "df/dx", "24"),
        at_gradient=shared.of_uses(lambda sent, total: sent[-1:]),
    ),
    Mistake(
        "first-use-only",
        "of several uses only the first was counted; their contributions add up",
        Example(_SQUARE, {"x": 2}, "df/dx", "12"),
        at_gradient=shared.of_uses(lambda sent, total: sent[:1]),
    ),
    Mistake(
        "use-left-out",
        "of several uses one was left out; their contributions add up",
        Example("a = x*y; b = x*z; c = x^2; f = a + b + c", {"x": 2, "y": 3, "z": 5}, "df/dx", "7"),
        # One of three or more, or all but one in the middle.
        at_gradient=shared.of_uses(
            lambda sent, total: [*(total - each for each in sent), *sent[1:-1]], 3
        ),
    ),
    Mistake(
        "gate-ignored",
        "{use} lets nothing through to this argument here, and the gradient was passed on",
        Example("r = relu(x); f = 5*r", {"x": -2}, "df/dx", "5"),
        at_use=rules.gate_ignored,
        at_value=values(
            relu=[lambda m, x: x],
            leaky_relu=[lambda m, x: x],
            clip=[lambda m, x, low, high: x],
            elu=[lambda m, x: x],
        ),
        value_words="the argument of {use} was passed on as it is",
    ),
    Mistake(
        "gate-reversed",
        "the gradient of {use} was sent to the wrong side",
        Example("m = max(x, y); f = 5*m", {"x": 3, "y": 2}, "df/dx", "0"),
        at_use=rules.gate_reversed,
        at_value=values(
            max=[lambda m, *a: m.min(*a)],
            min=[lambda m, *a: m.max(*a)],
            amax=[lambda m, x: m.amin(x)],
            amin=[lambda m, x: m.amax(x)],
            relu=[lambda m, x: m.min(x, m.number(0))],
            where=[lambda m, c, a, b: m.where(c != 0, b, a)],
        ),
        value_words="the wrong one was taken in {use}",
    ),
    Mistake(
        "product-of-derivatives",
        "the product rule is f'g + fg', not f'g'",
        Example("a = x^2; b = sin(x); f = a*b", {"x": 2}, "df/dx", "-1.665"),
        at_gradient=rules.combined("mul", lambda a, b, da, db: da * db),
    ),
    Mistake(
        "quotient-of-derivatives",
        "the quotient rule is (f'g - fg')/g^2, not f'/g'",
        Example("a = x^2; b = x + 1; f = a/b", {"x": 3}, "df/dx", "6"),
        at_gradient=rules.combined("div", lambda a, b, da, db: rules.quotient(da, db)),
    ),
    Mistake(
        "quotient-with-plus",
        "the quotient rule has a minus: (f'g - fg')/g^2",
        Example("f = a/b", {"a": 3, "b": 4}, "df/db", "3/16"),
        at_use=rules.quotient_with_plus,
        at_gradient=rules.combined(
            "div", lambda a, b, da, db: rules.quotient(da * b + a * db, b * b)
        ),
    ),
    Mistake(
        "quotient-not-squared",
        "the denominator of the quotient rule is squared: (f'g - fg')/g^2",
        Example("f = a/b", {"a": 3, "b": 4}, "df/db", "-3/4"),
        # By the numerator f' = 1 and g' = 0: (1g - f0)/g.
        at_use=partials(div=[[lambda m, y, a, b: 1], [lambda m, y, a, b: -a / b]]),
        at_gradient=rules.combined("div", lambda a, b, da, db: rules.quotient(da * b - a * db, b)),
    ),
    Mistake(
        "exponent-raised",
        "the exponent of {use} was raised by 1 where it is lowered",
        Example("f = x^3", {"x": 2}, "df/dx", "48"),
        at_use=partials(pow=[[lambda m, y, a, b: b * m.pow(a, b + 1)]]),
    ),
    Mistake(
        "power-as-product",
        "",
        Example("f = x^3", {"x": 2}, "f", "6"),
        at_value=values(pow=[lambda m, a, b: a * b]),
        value_words="the power {use} was worked out as a product",
    ),
    Mistake(
        "wrong-place",
        "the derivative of {use} was taken at another value than that of its argument",
        Example("u = 3*x; f = sin(u)", {"x": 0.5}, "df/du", "0.8776"),
        at_use=chain.wrong_place,
    ),
    Mistake(
        "not-spread-back",
        "the gradient of {use} was not spread back over the elements as it should be",
        Example("m = mean(x); L = 6*m", {"x": [1, 2, 3]}, "dL/dx", "[6, 6, 6]"),
        at_use=tensors.not_spread_back,
        at_value=tensors.sum_for_mean,
        value_words="sum and mean were mixed up in {use}",
    ),
    Mistake(
        "matrix-transposed",
        "a factor of the matrix product {use}, or the result, is transposed the wrong way",
        Example(_LAYER, {"W": [[1, 2], [3, 4]], "x": [0.5, -1]}, "dL/dx", "[-13, -29]"),
        at_use=tensors.transposed,
        at_value=tensors.transposed_in_value,
        value_words="a factor of the matrix product {use}, or the result, is transposed",
    ),
    Mistake(
        "matrix-wrong-side",
        "the factor in {use} was multiplied on the wrong side",
        Example(
            "C = A @ B; L = sum(C*C)",
            {"A": [[1, 2], [3, 4]], "B": [[1, -1], [2, 0.5]]},
            "dL/dA",
            "[[54, -4], [1, -1]]",
        ),
        at_use=tensors.wrong_side,
        at_value=tensors.wrong_side_in_value,
        value_words="the factors of the matrix product {use} stand the wrong way round",
    ),
    Mistake(
        "degrees-for-radians",
        "the angle in {use} was taken in degrees; it is in radians",
        Example("f = sin(x)", {"x": 1.2}, "df/dx", "0.99978"),
        at_use=rules.degrees,
        at_value=rules.degrees_in_value,
        value_words="the angle in {use} was taken in degrees; it is in radians",
    ),
    Mistake(
        "log-base",
        "the logarithm in {use} was taken to another base",
        Example("f = log(x)", {"x": 5}, "f", "0.69897"),
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
        value_words="the logarithm in {use} was taken to another base",
    ),
    Mistake(
        "rounding",
        "digits were cut off in place of rounded, or fewer than two were kept",
        Example("f = x/3", {"x": 2}, "f", "0.666"),
        slip=slips.cut_off,
        value_words="digits were cut off in place of rounded, or fewer than two were kept",
    ),
    Mistake(
        "sign-slip",
        "the number is right but for its sign",
        Example(_SEED, _POINT, "dg/dx", "3"),
        slip=slips.sign_slip,
        value_words="the number is right but for its sign",
    ),
    Mistake(
        "value-for-gradient",
        "this is the value; asked was the gradient",
        Example(_SEED, _POINT, "dg/dp", "4"),
        at_gradient=lambda step: [step.x],
    ),
    Mistake(
        "gradient-for-value",
        "",
        Example(_SEED, _POINT, "p", "-3"),
        at_value=chain.gradient_for_value,
        value_words="this is the gradient; asked was the value",
    ),
    Mistake(
        "digits-transposed",
        "the number is right but for two digits that changed places",
        Example("f = 12*x", {"x": 1.2}, "df/dx", "21"),
        slip=slips.digits_transposed,
        value_words="the number is right but for two digits that changed places",
    ),
    Mistake(
        "gradient-not-reset",
        "the gradient is twice what it is: was it added to that of a pass before?",
        Example("p = x + y; g = p*z", {"x": 1, "y": 3, "z": -3}, "dg/dz", "8"),
        at_gradient=shared.not_reset,
    ),
    Mistake(
        "use-counted-twice",
        "one of several uses was counted twice",
        Example(_SQUARE, {"x": 2}, "df/dx", "48"),
        at_gradient=shared.of_uses(lambda sent, total: [total + each for each in sent]),
    ),
    Mistake(
        "uses-multiplied",
        "the contributions of several uses were multiplied; they add up",
        Example(_SQUARE, {"x": 2}, "df/dx", "288"),
        at_gradient=shared.of_uses(lambda sent, total: [math.prod(sent)]),
    ),
    Mistake(
        "wrong-variable",
        "this is the gradient by another node",
        Example(_SEED, _POINT, "dg/dp", "4"),
        at_gradient=slips.wrong_variable,
        at_value=slips.wrong_variable_in_value,
        value_words="another variable was put into {use}",
    ),
    Mistake(
        "other-variable",
        "another variable was put into the derivative of {use}",
        Example("p = x + y; g = p*z", {"x": 2, "y": 5, "z": -3}, "dg/dz", "5"),
        at_use=slips.other_variable,
    ),
    Mistake(
        "reciprocal-derivative",
        "divided by the local derivative of {use} where it multiplies",
        Example("u = x^2; f = 3*u", {"x": 5}, "df/dx", "0.3"),
        at_use=chain.reciprocal,
        at_value=values(div=[lambda m, a, b: b / a]),
        value_words="the quotient {use} was turned upside down",
    ),
)
