"""Arithmetic: leaves, signs, sums, products, quotients and powers."""

from __future__ import annotations

from typing import Final

from cgcli.operations.arity import Binary, Unary
from cgcli.operations.protocol import Number, Rulebook
from cgcli.operations.row import LEVELS, Domain, Kink, Operation


def _power_by_exponent(m: Rulebook, y: Number, a: Number, b: Number) -> Number:
    """a^b·log(a); 0^b is constantly 0 for b > 0, where log(0) must not be asked for."""
    return m.where(a == 0, m.where(b > 0, 0, y * m.log(a)), y * m.log(a))


def _power_is_defined(m: Rulebook, a: Number, b: Number) -> Number:
    """A negative base wants a whole exponent, and 0 one that is not negative."""
    return m.where(a > 0, True, m.where(a == 0, b >= 0, m.floor(b) == b))


ARITHMETIC: Final = (
    Operation(
        name="input",
        words=(),
        value=lambda m: None,
        parameters=(),
        summary="a name that is bound, or is to be",
    ),
    Operation(
        name="constant",
        words=(),
        value=lambda m: None,
        parameters=(),
        summary="a number as it was written, or a constant of the language",
    ),
    Unary(
        name="same",
        identity=True,
        written="<0>",
        usage="name = a",
        value=lambda m, a: a,
        partials=(lambda m, y, a: 1,),
        parameters=("a",),
        summary="another name for a value",
    ),
    Binary(
        name="add",
        value=lambda m, a, b: a + b,
        partials=(lambda m, y, a, b: 1, lambda m, y, a, b: 1),
        symbol="+",
        level=LEVELS["sum"],
        commutes=True,
        rules=("sum rule",),
        summary="sum",
    ),
    Binary(
        name="sub",
        value=lambda m, a, b: a - b,
        partials=(lambda m, y, a, b: 1, lambda m, y, a, b: -1),
        symbol="-",
        level=LEVELS["sum"],
        rules=("difference rule",),
        summary="difference",
    ),
    Binary(
        name="mul",
        multiplies=True,
        value=lambda m, a, b: a * b,
        partials=(lambda m, y, a, b: b, lambda m, y, a, b: a),
        symbol="*",
        latex=r"\cdot",
        level=LEVELS["product"],
        commutes=True,
        rules=("product rule", "constant multiple rule", "constant multiple rule"),
        summary="product",
    ),
    Binary(
        name="div",
        wide=True,
        value=lambda m, a, b: a / b,
        # -y/b and not -a/b², which overflows long before the derivative does.
        partials=(lambda m, y, a, b: 1 / b, lambda m, y, a, b: -y / b),
        textbook=(None, lambda m, y, a, b: -a / m.pow(b, 2)),
        symbol="/",
        latex=r"\frac{<a>}{<b>}",
        level=LEVELS["product"],
        domain=Domain(lambda m, a, b: b != 0, "the divisor must not be 0"),
        rules=("quotient rule", "constant multiple rule", "quotient rule"),
        summary="quotient",
    ),
    Unary(
        name="neg",
        value=lambda m, a: -a,
        partials=(lambda m, y, a: -1,),
        symbol="-",
        level=LEVELS["sign"],
        parameters=("a",),
        rules=("constant multiple rule",),
        summary="negative",
    ),
    Unary(
        name="pos",
        identity=True,
        value=lambda m, a: a,
        partials=(lambda m, y, a: 1,),
        symbol="+",
        level=LEVELS["sign"],
        parameters=("a",),
        summary="a value with a plus sign",
    ),
    Binary(
        name="pow",
        wide=True,
        partials=(lambda m, y, a, b: m.power_slope(a, b), _power_by_exponent),
        symbol="^",
        latex="<a>^{<b>}",
        level=LEVELS["power"],
        domain=Domain(
            _power_is_defined,
            "a negative base needs a whole exponent, and 0 has no negative power",
        ),
        kinks=(
            Kink(
                lambda m, a, b: m.where(a == 0, m.where(b > 0, b < 1, False), False),
                lambda m, a, b: ((None, m.inf), None),
                "a vertical tangent at 0",
            ),
            Kink(
                lambda m, a, b: m.where(a == 0, b == 0, False),
                lambda m, a, b: (None, (None, -m.inf)),
                "a jump where both are 0, from 0 to 1",
                compared=True,
                of=1,
            ),
            Kink(
                lambda m, a, b: a < 0,
                lambda m, a, b: (None, (m.nan, m.nan)),
                "a value for whole exponents only, since the base is negative",
                of=1,
            ),
        ),
        rules=("power and exponential rule", "power rule", "exponential rule"),
        summary="power",
        convention="x^0 is 1 with derivative 0, at x = 0 too",
    ),
)
