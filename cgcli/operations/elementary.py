"""Elementary functions: powers and roots, logarithms, trigonometry, hyperbolic functions."""

from __future__ import annotations

from typing import Final

from cgcli.operations.arity import Binary, Unary
from cgcli.operations.protocol import Number, Rulebook
from cgcli.operations.row import Domain, Kink


def _vertical(at: Number, left: bool, right: bool, sign: int, words: str) -> Kink:
    """A place at the domain's edge where the derivative is infinite, by continuity."""
    return Kink(
        lambda m, x: x == at,
        lambda m, x: ((sign * m.inf if left else None, sign * m.inf if right else None),),
        words,
    )


def _hypot_share(m: Rulebook, part: Number, other: Number, y: Number) -> Number:
    """part/y; at the origin, where hypot has a corner, the subgradient of least norm is 0.

    Where y overflows, or has lost digits to underflow, the direction is that of the point
    brought nearer to 1.
    """
    large = m.number(2**512)
    scale = m.where(y == m.inf, 1 / large, large)
    near = part * scale
    far = near / m.hypot(near, other * scale)
    direction = m.where(y < 1 / m.number(2**900), far, part / y)
    return m.where(y == 0, 0, m.where(y == m.inf, far, direction))


_POSITIVE: Final = Domain(lambda m, x: x > 0, "{x} must be positive")


def _logarithm(base: int) -> Unary:
    return Unary(
        name=f"log{base}",
        wide=True,
        partials=(lambda m, y, x: 1 / x / m.log(base),),
        latex=rf"\log_{{{base}}}",
        domain=_POSITIVE,
        summary=f"logarithm to base {base}",
    )


def _arc(name: str, sign: int, latex: str, summary: str) -> Unary:
    """A row of an angle by its sine or cosine, whose derivative has that sign."""
    return Unary(
        name=name,
        # (1 - x)(1 + x) and not 1 - x², which loses digits near ±1.
        partials=(lambda m, y, x: sign / m.sqrt((1 - x) * (1 + x)),),
        textbook=(lambda m, y, x: sign / m.sqrt(1 - m.pow(x, 2)),),
        latex=latex,
        domain=Domain(lambda m, x: m.abs(x) <= 1, "{x} must lie in [-1, 1]"),
        kinks=(
            _vertical(1, True, False, sign, "a vertical tangent at 1"),
            _vertical(-1, False, True, sign, "a vertical tangent at -1"),
        ),
        angle="value",
        summary=summary,
    )


ELEMENTARY: Final = (
    Unary(
        name="sqrt",
        # The root of -0 is 0 here: its tangent rises as that of 0 does.
        value=lambda m, x: m.sqrt(x) + 0,
        partials=(lambda m, y, x: 1 / (2 * y),),
        latex=r"\sqrt{<x>}",
        domain=Domain(lambda m, x: x >= 0, "{x} must not be negative"),
        kinks=(_vertical(0, False, True, 1, "a vertical tangent at 0"),),
        summary="square root",
    ),
    Unary(
        name="cbrt",
        partials=(lambda m, y, x: m.cbrt_slope(y, x),),
        textbook=(lambda m, y, x: 1 / (3 * m.pow(y, 2)),),
        latex=r"\sqrt[3]{<x>}",
        kinks=(_vertical(0, True, True, 1, "a vertical tangent at 0"),),
        summary="cube root, of negative numbers too",
    ),
    Unary(
        name="exp",
        wide=True,
        partials=(lambda m, y, x: y,),
        latex=r"\exp",
        sign=">",
        summary="e to the power x",
    ),
    Unary(
        name="expm1",
        wide=True,
        partials=(lambda m, y, x: m.exp(x),),
        summary="exp(x) - 1, accurate for small x",
    ),
    Unary(
        name="log",
        wide=True,
        partials=(lambda m, y, x: 1 / x,),
        words=("log", "ln"),
        latex=r"\ln",
        domain=_POSITIVE,
        summary="natural logarithm",
    ),
    Unary(
        name="log1p",
        wide=True,
        partials=(lambda m, y, x: 1 / (1 + x),),
        domain=Domain(lambda m, x: x > -1, "{x} must be greater than -1"),
        summary="log(1 + x), accurate for small x",
    ),
    _logarithm(2),
    _logarithm(10),
    Binary(
        name="hypot",
        wide=True,
        partials=(
            lambda m, y, a, b: _hypot_share(m, a, b, y),
            lambda m, y, a, b: _hypot_share(m, b, a, y),
        ),
        textbook=(
            lambda m, y, a, b: m.where(y == 0, 0, a / y),
            lambda m, y, a, b: m.where(y == 0, 0, b / y),
        ),
        commutes=True,
        kinks=(
            Kink(
                lambda m, a, b: m.where(a == 0, b == 0, False),
                lambda m, a, b: ((-1, 1), (-1, 1)),
                "a corner where both are 0",
                compared=True,
            ),
        ),
        sign=">=",
        summary="sqrt(a^2 + b^2), without overflow",
    ),
    Binary(
        name="xlogy",
        wide=True,
        value=lambda m, a, b: m.where(a == 0, 0 * a, a * m.log(b)),
        partials=(lambda m, y, a, b: m.log(b), lambda m, y, a, b: m.where(a == 0, 0, a / b)),
        domain=Domain(lambda m, a, b: m.where(a == 0, True, b > 0), "{b} must be positive"),
        kinks=(
            Kink(
                lambda m, a, b: m.where(a == 0, b <= 0, False),
                lambda m, a, b: ((slope := m.where(b < 0, m.nan, -m.inf), slope), None),
                "no finite derivative by {a} where {a} is 0 and {b} is not positive",
            ),
        ),
        summary="a*log(b), and 0 where a is 0",
    ),
    Unary(
        name="sin",
        partials=(lambda m, y, x: m.cos(x),),
        latex=r"\sin",
        angle="argument",
        summary="sine, of radians",
    ),
    Unary(
        name="cos",
        partials=(lambda m, y, x: -m.sin(x),),
        latex=r"\cos",
        angle="argument",
        summary="cosine, of radians",
    ),
    Unary(
        name="tan",
        partials=(lambda m, y, x: 1 + y * y,),
        textbook=(lambda m, y, x: 1 / m.pow(m.cos(x), 2),),
        latex=r"\tan",
        angle="argument",
        summary="tangent, of radians",
    ),
    Unary(
        # Not NumPy's, which has pi*x for x: the sinc of analysis, and of SymPy.
        name="sinc",
        wide=True,
        value=lambda m, x: m.where(x == 0, 1, m.sin(x) / x),
        partials=(lambda m, y, x: m.sinc_slope(y, x),),
        textbook=(lambda m, y, x: m.where(x == 0, 0, (m.cos(x) - y) / x),),
        angle="argument",
        summary="sin(x)/x, and 1 where x is 0",
    ),
    _arc("asin", 1, r"\arcsin", "inverse sine"),
    _arc("acos", -1, r"\arccos", "inverse cosine"),
    Unary(
        name="atan",
        wide=True,
        partials=(lambda m, y, x: m.atan_slope(x),),
        textbook=(lambda m, y, x: 1 / (1 + m.pow(x, 2)),),
        latex=r"\arctan",
        angle="value",
        summary="inverse tangent",
    ),
    Binary(
        name="atan2",
        wide=True,
        # Divided by the length twice: its square overflows and underflows too soon.
        partials=(
            lambda m, y, a, b: b / m.hypot(a, b) / m.hypot(a, b),
            lambda m, y, a, b: -a / m.hypot(a, b) / m.hypot(a, b),
        ),
        textbook=(
            lambda m, y, a, b: b / (m.pow(a, 2) + m.pow(b, 2)),
            lambda m, y, a, b: -a / (m.pow(a, 2) + m.pow(b, 2)),
        ),
        slopes=Domain(lambda m, a, b: m.pow(a, 2) + m.pow(b, 2) != 0, "the point must not be 0"),
        kinks=(
            Kink(
                lambda m, a, b: m.where(a == 0, b < 0, False),
                lambda m, a, b: ((m.inf, m.where(b < 0, 1 / b, 0)), None),
                "a jump of 2*pi where {a} passes 0 and {b} is negative",
                jump=True,
                compared=True,
            ),
            Kink(
                lambda m, a, b: m.where(a == 0, b == 0, False),
                lambda m, a, b: ((m.inf, m.inf), (-m.inf, 0)),
                "no direction where both are 0",
            ),
        ),
        angle="value",
        summary="angle of the point (b, a), in radians",
    ),
    Unary(
        name="sinh",
        wide=True,
        partials=(lambda m, y, x: m.cosh(x),),
        latex=r"\sinh",
        summary="hyperbolic sine",
    ),
    Unary(
        name="cosh",
        wide=True,
        partials=(lambda m, y, x: m.sinh(x),),
        latex=r"\cosh",
        sign=">",
        summary="hyperbolic cosine",
    ),
    Unary(
        name="tanh",
        wide=True,
        partials=(lambda m, y, x: m.tanh_slope(x),),
        textbook=(lambda m, y, x: 1 - m.pow(y, 2),),
        latex=r"\tanh",
        summary="hyperbolic tangent",
    ),
    Unary(
        name="asinh",
        wide=True,
        partials=(lambda m, y, x: 1 / m.hypot(1, x),),
        textbook=(lambda m, y, x: 1 / m.sqrt(m.pow(x, 2) + 1),),
        summary="inverse hyperbolic sine",
    ),
    Unary(
        name="acosh",
        wide=True,
        partials=(lambda m, y, x: 1 / (m.sqrt(x - 1) * m.sqrt(x + 1)),),
        textbook=(lambda m, y, x: 1 / m.sqrt(m.pow(x, 2) - 1),),
        domain=Domain(lambda m, x: x >= 1, "{x} must be at least 1"),
        kinks=(_vertical(1, False, True, 1, "a vertical tangent at 1"),),
        summary="inverse hyperbolic cosine",
    ),
    Unary(
        name="atanh",
        partials=(lambda m, y, x: 1 / ((1 - x) * (1 + x)),),
        textbook=(lambda m, y, x: 1 / (1 - m.pow(x, 2)),),
        domain=Domain(lambda m, x: m.abs(x) < 1, "{x} must lie between -1 and 1"),
        summary="inverse hyperbolic tangent",
    ),
)
