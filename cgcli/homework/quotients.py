"""Quotients of polynomials in several variables, with exact coefficients.

What is added or multiplied is multiplied out, so that a quotient is 0 when its top has no terms.
The bottom is kept as factors with their exponents, since a derivative brings the same ones again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

_MOST: Final = 120_000
_BITS: Final = 20_000

Monomial: TypeAlias = tuple[int, ...]
Polynomial: TypeAlias = dict[Monomial, Fraction]
Factor: TypeAlias = frozenset[tuple[Monomial, Fraction]]


class Work:
    """How many products of terms may still be made; `OverflowError` is raised when none may."""

    def __init__(self, left: int = _MOST) -> None:
        self.left = left

    def times(self, a: Polynomial, b: Polynomial) -> Polynomial:
        """Return the product of two polynomials."""
        self.left -= len(a) * len(b)
        if self.left < 0:
            raise OverflowError
        product: Polynomial = {}
        for powers, coefficient in a.items():
            for others, other in b.items():
                both = tuple(map(int.__add__, powers, others))
                product[both] = product.get(both, 0) + coefficient * other
        for value in product.values():
            if value.numerator.bit_length() + value.denominator.bit_length() > _BITS:
                raise OverflowError
        return {powers: value for powers, value in product.items() if value}


@dataclass(slots=True, eq=False)
class Quotient:
    """A polynomial over a product of polynomials.

    >>> x, work = Quotient.variable(0, 1, Work()), Work()
    >>> ((x * x - 1) / (x - 1) - (x + 1)).is_zero(), (x - 1).is_zero()
    (True, False)
    """

    top: Polynomial
    bottom: Counter[Factor]
    variables: int
    work: Work

    @classmethod
    def constant(cls, value: Fraction, variables: int, work: Work) -> Quotient:
        """Return a number."""
        return cls({(0,) * variables: value} if value else {}, Counter(), variables, work)

    @classmethod
    def variable(cls, place: int, variables: int, work: Work) -> Quotient:
        """Return one of so many variables."""
        powers = tuple(int(k == place) for k in range(variables))
        return cls({powers: Fraction(1)}, Counter(), variables, work)

    def is_zero(self) -> bool:
        """Whether this is 0 wherever it has a value."""
        return not self.top

    def _of(self, other: Any) -> Quotient:
        if isinstance(other, Quotient):
            return other
        return Quotient.constant(Fraction(other), self.variables, self.work)

    def over(self, bottom: Counter[Factor]) -> Polynomial:
        """Return the top over a bottom that has all factors of this one."""
        top = self.top
        for factor, times in (bottom - self.bottom).items():
            for _ in range(times):
                top = self.work.times(top, dict(factor))
        return top

    def __add__(self, other: Any) -> Quotient:
        b = self._of(other)
        bottom = self.bottom | b.bottom
        top = dict(self.over(bottom))
        for powers, value in b.over(bottom).items():
            total = top.get(powers, 0) + value
            if total:
                top[powers] = Fraction(total)
            else:
                top.pop(powers, None)
        return Quotient(top, bottom, self.variables, self.work)

    def __neg__(self) -> Quotient:
        top = {powers: -value for powers, value in self.top.items()}
        return Quotient(top, self.bottom, self.variables, self.work)

    def __sub__(self, other: Any) -> Quotient:
        return self + -self._of(other)

    def __rsub__(self, other: Any) -> Quotient:
        return self._of(other) - self

    def __mul__(self, other: Any) -> Quotient:
        b = self._of(other)
        top = self.work.times(self.top, b.top)
        return Quotient(top, self.bottom + b.bottom, self.variables, self.work)

    def inverse(self) -> Quotient:
        """Return 1 over this; raises `ZeroDivisionError` for 0."""
        if not self.top:
            raise ZeroDivisionError
        one = Quotient.constant(Fraction(1), self.variables, self.work)
        bottom = Counter([frozenset(self.top.items())])
        return Quotient(one.over(self.bottom), bottom, self.variables, self.work)

    def __truediv__(self, other: Any) -> Quotient:
        return self * self._of(other).inverse()

    def __rtruediv__(self, other: Any) -> Quotient:
        return self._of(other) * self.inverse()

    def power(self, exponent: int) -> Quotient:
        """Return this times itself so often."""
        power = Quotient.constant(Fraction(1), self.variables, self.work)
        for _ in range(abs(exponent)):
            power = power * self
        return power.inverse() if exponent < 0 else power

    __radd__ = __add__
    __rmul__ = __mul__
