"""Special functions: error function, gamma function and its logarithmic derivatives."""

from __future__ import annotations

from typing import Final

from cgcli.operations.arity import Binary, Unary
from cgcli.operations.protocol import Number, Rulebook
from cgcli.operations.row import Domain, Kink


def _not_a_pole(m: Rulebook, x: Number) -> Number:
    return m.where(x > 0, True, m.floor(x) != x)


_POLES: Final = Domain(_not_a_pole, "{x} must not be 0 or a negative whole number")


def _is_order(m: Rulebook, n: Number) -> Number:
    return m.where(n >= 0, m.where(n <= 100, m.floor(n) == n, False), False)


def _order_and_pole(m: Rulebook, n: Number, x: Number) -> Number:
    return m.where(_is_order(m, n), _not_a_pole(m, x), False)


def _slope_at_pole(m: Rulebook, y: Number, n: Number, x: Number) -> Number:
    """Return polygamma(n + 1, x) at a pole x: of an even order, with the sign of -1/x."""
    slope = m.where(m.mod(n, 2) == 0, m.inf, m.where(x == 0, -1 / x, -m.inf))
    return m.where(_is_order(m, n), slope, m.nan)


def _error(name: str, steepest: int, summary: str, sign: str = "") -> Unary:
    return Unary(
        name=name,
        wide=True,
        partials=(lambda m, y, x: steepest * m.exp_product(-x, x) / m.sqrt(m.pi),),
        sign=sign,
        summary=summary,
    )


SPECIAL: Final = (
    _error("erf", 2, "error function"),
    _error("erfc", -2, "1 - erf(x), accurate for large x", sign=">"),
    Unary(
        name="gamma",
        wide=True,
        partials=(lambda m, y, x: y * m.digamma(x),),
        latex=r"\Gamma",
        domain=_POLES,
        pole=lambda m, y, x: m.where(x == 0, y * (-1 / x), m.nan),
        summary="gamma function, (x - 1)! for whole x",
    ),
    Unary(
        name="lgamma",
        wide=True,
        partials=(lambda m, y, x: m.digamma(x),),
        domain=_POLES,
        pole=lambda m, y, x: m.where(x == 0, -1 / x, m.nan),
        summary="log(abs(gamma(x)))",
    ),
    Unary(
        name="digamma",
        wide=True,
        partials=(lambda m, y, x: m.polygamma(1, x),),
        latex=r"\psi",
        domain=_POLES,
        pole=lambda m, y, x: m.inf,
        summary="derivative of lgamma",
    ),
    Binary(
        name="polygamma",
        wide=True,
        partials=(lambda m, y, n, x: m.nan, lambda m, y, n, x: m.polygamma(n + 1, x)),
        parameters=("n", "x"),
        domain=Domain(
            _order_and_pole,
            "{n} must be a whole number from 0 to 100, and {x} not 0 or a negative whole number",
        ),
        pole=_slope_at_pole,
        kinks=(
            Kink(
                _order_and_pole,
                lambda m, n, x: ((m.nan, m.nan), None),
                "no derivative by its order {n}",
            ),
        ),
        summary="derivative of order n of digamma",
        convention="there is no derivative by the order n",
    ),
)
