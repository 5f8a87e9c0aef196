"""Numbers that move: c₀ + c₁·t, by FLINT's power series over balls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flint import arb, arb_series, fmpq

from cgcli.numbers.balls import Ball, of_flint
from cgcli.numbers.operators import COMPARISONS, Operators

_NAN: Final = arb("nan")


class Jet(Operators):
    """A number that moves: its value, exact where that is known, and its slope.

    The precision is that of `flint.ctx.prec`, and `flint.ctx.cap` must be 2.

    >>> import flint
    >>> before, flint.ctx.cap = flint.ctx.cap, 2
    >>> x = Jet(arb_series([3, 1]), fmpq(3))
    >>> (x * x).slope, (1 / x).exact
    (6.00000000000000, 1/3)
    >>> flint.ctx.cap = before
    """

    __slots__ = ("exact", "kept", "series")

    def __init__(self, series: Any, exact: Any = None) -> None:
        self.series = series
        self.exact = exact
        self.kept: Ball | None = None

    @property
    def value(self) -> Any:
        """The number where the step is 0."""
        return self.series[0]

    @property
    def slope(self) -> Any:
        """How much it moves with the step."""
        return self.series[1]

    @property
    def still(self) -> bool:
        """Whether it is proved not to move."""
        return bool(self.series[1].is_zero())

    def moved(self, step: Any) -> Jet:
        """Return the same number, that moves by so much more."""
        return Jet(self.series + arb_series([0, step]), self.exact)

    def write(self, name: str, *operands: Any) -> Any:
        """Return what an operation leaves."""
        return _OPERATIONS[name](*map(constant, operands))


def constant(number: Any) -> Jet:
    """Return a number, or a ball, as one that does not move."""
    if isinstance(number, Jet):
        return number
    if isinstance(number, Ball):
        return Jet(arb_series([number.value]), number.exact)
    if isinstance(number, int):
        return Jet(arb_series([number]), fmpq(number))
    return Jet(arb_series([number]))


def nowhere() -> Jet:
    """Return what has no value, or none that is known."""
    return Jet(arb_series([_NAN, _NAN]))


def _exactly(a: Jet, b: Jet, operation: Callable[[Any, Any], Any]) -> Any:
    if a.exact is None or b.exact is None:
        return None
    exact = operation(a.exact, b.exact)
    return exact if exact.height_bits() <= 4096 else None


def _sum(a: Jet, b: Jet) -> Jet:
    return Jet(a.series + b.series, _exactly(a, b, fmpq.__add__))


def _negative(a: Jet) -> Jet:
    return Jet(-a.series, None if a.exact is None else -a.exact)


def _product(a: Jet, b: Jet) -> Jet:
    # FLINT's zero series makes 0 of what is no number, too.
    terms = (a.value, a.slope, b.value, b.slope)
    if not ((a.series.length() and b.series.length()) or all(x.is_finite() for x in terms)):
        return nowhere()
    return Jet(a.series * b.series, _exactly(a, b, fmpq.__mul__))


def _quotient(a: Jet, b: Jet) -> Jet:
    if b.exact == 0:
        return nowhere()
    try:
        series = a.series / b.series
    except (ValueError, ZeroDivisionError):
        return nowhere()
    return Jet(series, _exactly(a, b, fmpq.__truediv__))


def moving(value: Any, slope: Any) -> Jet:
    """A number of a known value, that moves as another series does."""
    kept = of_flint(value)
    return Jet(arb_series([value, slope]), kept.exact)


def value_ball(x: Jet) -> Ball:
    """The value alone: one ball for one number, which is equal to itself."""
    if x.kept is None:
        x.kept = Ball(x.value, x.exact)
    return x.kept


def _of_values(compare: Callable[[Any, Any], Any]) -> Callable[[Jet, Jet], Any]:
    """Return a comparison of the values alone, undecided where their balls overlap."""
    return lambda a, b: compare(value_ball(a), value_ball(b))


_OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    "add": _sum,
    "sub": lambda a, b: _sum(a, _negative(b)),
    "mul": _product,
    "div": _quotient,
    "neg": _negative,
    **{name: _of_values(compare) for name, compare in COMPARISONS.items()},
}
