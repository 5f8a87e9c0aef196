"""Quotients of polynomials in several variables, with exact coefficients.

What is added or multiplied is multiplied out, so that a quotient is 0 when its top has no terms.
The bottom is kept as factors with their exponents, since a derivative brings the same ones again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

from cgcli.numbers.operators import Operators

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
class Quotient(Operators):
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

    def over(self, bottom: Counter[Factor]) -> Polynomial:
        """Return the top over a bottom that has all factors of this one."""
        top = self.top
        for factor, times in (bottom - self.bottom).items():
            for _ in range(times):
                top = self.work.times(top, dict(factor))
        return top

    def write(self, name: str, *operands: Any) -> Quotient:
        """Return a sum, a difference, a product or a quotient; numbers are quotients too."""
        quotients = [
            operand if isinstance(operand, Quotient) else self.number(operand)
            for operand in operands
        ]
        return _OPERATIONS[name](*quotients)

    def number(self, value: Any) -> Quotient:
        """Return a number, of the same variables."""
        return Quotient.constant(Fraction(value), self.variables, self.work)

    def inverse(self) -> Quotient:
        """Return 1 over this; raises `ZeroDivisionError` for 0."""
        if not self.top:
            raise ZeroDivisionError
        bottom = Counter([frozenset(self.top.items())])
        return Quotient(self.number(1).over(self.bottom), bottom, self.variables, self.work)

    def power(self, exponent: int) -> Quotient:
        """Return this times itself so often."""
        power = self.number(1)
        for _ in range(abs(exponent)):
            power = _product(power, self)
        return power.inverse() if exponent < 0 else power


def _sum(a: Quotient, b: Quotient, sign: int = 1) -> Quotient:
    bottom = a.bottom | b.bottom
    top = dict(a.over(bottom))
    for powers, value in b.over(bottom).items():
        top[powers] = top.get(powers, Fraction(0)) + sign * value
        if not top[powers]:
            del top[powers]
    return Quotient(top, bottom, a.variables, a.work)


def _product(a: Quotient, b: Quotient) -> Quotient:
    return Quotient(a.work.times(a.top, b.top), a.bottom + b.bottom, a.variables, a.work)


_OPERATIONS: Final[dict[str, Callable[..., Quotient]]] = {
    "add": _sum,
    "sub": lambda a, b: _sum(a, b, -1),
    "neg": lambda a: _sum(a.number(0), a, -1),
    "mul": _product,
    "div": lambda a, b: _product(a, b.inverse()),
}
