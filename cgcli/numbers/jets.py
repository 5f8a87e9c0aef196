"""Numbers that move: c₀ + c₁·t, by FLINT's power series over balls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flint import arb, arb_series, fmpq

from cgcli.numbers.balls import Ball, found

__all__ = ["Jet", "constant", "moving", "nowhere", "value_ball"]

_NAN: Final = arb("nan")


class Jet:
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

    def __add__(self, other: Any) -> Jet:
        other = constant(other)
        return Jet(self.series + other.series, _exactly(self, other, fmpq.__add__))

    __radd__ = __add__

    def __neg__(self) -> Jet:
        return Jet(-self.series, None if self.exact is None else -self.exact)

    def __sub__(self, other: Any) -> Jet:
        return self + -constant(other)

    def __rsub__(self, other: Any) -> Jet:
        return constant(other) + -self

    def __mul__(self, other: Any) -> Jet:
        other = constant(other)
        # FLINT's zero series makes 0 of what is no number, too.
        if not ((self.series.length() and other.series.length()) or _finite(self, other)):
            return nowhere()
        return Jet(self.series * other.series, _exactly(self, other, fmpq.__mul__))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Jet:
        other = constant(other)
        if other.exact == 0:
            return nowhere()
        try:
            series = self.series / other.series
        except (ValueError, ZeroDivisionError):
            return nowhere()
        return Jet(series, _exactly(self, other, fmpq.__truediv__))

    def __rtruediv__(self, other: Any) -> Jet:
        return constant(other) / self

    # Comparisons are of the values alone, and undecided where their balls overlap.

    def __lt__(self, other: Any) -> Any:
        return value_ball(self) < value_ball(constant(other))

    def __le__(self, other: Any) -> Any:
        return value_ball(self) <= value_ball(constant(other))

    def __gt__(self, other: Any) -> Any:
        return value_ball(self) > value_ball(constant(other))

    def __ge__(self, other: Any) -> Any:
        return value_ball(self) >= value_ball(constant(other))

    def __eq__(self, other: object) -> Any:
        return value_ball(self) == value_ball(constant(other))

    def __ne__(self, other: object) -> Any:
        return value_ball(self) != value_ball(constant(other))

    __hash__ = None  # type: ignore[assignment]


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


def _finite(*numbers: Jet) -> bool:
    return all(x.value.is_finite() and x.slope.is_finite() for x in numbers)


def _exactly(a: Jet, b: Jet, operation: Callable[[Any, Any], Any]) -> Any:
    if a.exact is None or b.exact is None:
        return None
    exact = operation(a.exact, b.exact)
    return exact if exact.height_bits() <= 4096 else None


def moving(value: Any, slope: Any) -> Jet:
    """A number of a known value, that moves as another series does."""
    kept = found(value)
    return Jet(arb_series([value, slope]), kept.exact)


def value_ball(x: Jet) -> Ball:
    """The value alone: one ball for one number, which is equal to itself."""
    if x.kept is None:
        x.kept = Ball(x.value, x.exact)
    return x.kept
