"""Normal forms: sums of products with rational coefficients, each kept once.

A form is its place in a list, so that equal forms are the same number and whatever is shared
stays shared. There are five kinds:

=========  ======================================  ================================
kind       holds                                   stands for
=========  ======================================  ================================
number     a fraction                              ``3/2``
name       the name of an input or a constant      ``x``, ``pi``
call       an operation and its arguments          ``sin(x)``, ``x < y``, ``W @ x``
product    bases with their exponents              ``x^2*cos(x)``
sum        a fraction, and terms with coefficients ``2*x + 1``, ``3*x``
=========  ======================================  ================================

A coefficient stands in a sum, if in a sum of one term, so a product has none. Nothing is
multiplied out. What joins like terms and like powers is left alone beyond `CROWD` of them.
Sums and products of vectors and matrices are elementwise, and broadcast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from cgcli.algebra.factoring import tidied
from cgcli.algebra.sums import (
    CALL,
    CROWD,
    NAME,
    NUMBER,
    PRODUCT,
    SUM,
    Condition,
    Factors,
    Form,
    Products,
)

__all__ = ["CALL", "CROWD", "NAME", "NUMBER", "PRODUCT", "SUM", "Condition", "Form", "Forms"]

_BITS: Final = 512


class Forms(Products):
    """A store of forms, and the arithmetic of them.

    >>> forms = Forms()
    >>> x = forms.name("x")
    >>> forms.add(x, x) == forms.mul(forms.number(2), x)
    True
    >>> forms.mul(x, forms.power(x, forms.number(-1))) == forms.one, list(forms.granted)
    (True, [Condition(left=2, sign='!=', right=0, guard=())])
    """

    def factors(self, form: Form) -> tuple[Fraction, Factors]:
        """Return a form as a product: a coefficient, and bases with their exponents."""
        number, terms = self.terms(form)
        if not terms:
            return number, {}
        coefficient = Fraction(1)
        if not number and len(terms) == 1:
            ((form, coefficient),) = terms.items()
        if self.kinds[form] == PRODUCT and form not in self.closed:
            return coefficient, dict(self.parts[form])
        return coefficient, {form: self.one}

    def product(self, coefficient: Fraction, factors: Factors) -> Form:
        """Return the form of a product; bases of exponent 0 vanish."""
        if not coefficient:
            return self.zero
        coefficient, factors = tidied(self, coefficient, factors)
        kept = tuple((base, power) for base, power in factors.items() if power != self.zero)
        if not kept:
            return self.number(coefficient)
        if len(kept) == 1 and kept[0][1] == self.one:
            return self.scale(kept[0][0], coefficient)
        key = frozenset(kept)
        whole = self._index.get((PRODUCT, key))
        if whole is None:
            shape = self._broadcast([self.shapes[each] for pair in kept for each in pair])
            whole = self._keep(PRODUCT, key, kept, shape)
        return self.scale(whole, coefficient)

    def mul(self, a: Form, b: Form) -> Form:
        """Return a*b, powers of one base joined."""
        first, factors = self.factors(a)
        second, others = self.factors(b)
        if len(factors) > CROWD:
            first, factors = Fraction(1), {a: self.one}
        if len(others) > CROWD:
            second, others = Fraction(1), {b: self.one}
        for base, power in others.items():
            before = factors.get(base)
            if before is None:
                factors[base] = power
                continue
            factors[base] = self.add(before, power)
            self._note_join(base, before, power, factors[base])
        return self.product(first * second, factors)

    def made_of(self, form: Form, inner: Sequence[Form]) -> Form:
        """Return a form with others in the places of those that it is made of."""
        kind, parts = self.kinds[form], self.parts[form]
        if kind == SUM:
            total = self.number(parts[0])
            for (_, factor), each in zip(parts[1], inner, strict=True):
                total = self.add(total, self.scale(each, factor))
            return total
        if kind == PRODUCT:
            product = self.one
            for base, power in zip(inner[::2], inner[1::2], strict=True):
                product = self.mul(product, self.power(base, power))
            return product
        return self.call(parts[0], tuple(inner), parts[2]) if kind == CALL else form

    def _note_join(self, base: Form, before: Form, power: Form, after: Form) -> None:
        """Note where a product of two powers was defined, if their joint power is elsewhere too."""
        a, b, c = (self.value(each) for each in (before, power, after))
        if self.value(base) is not None:
            return
        if a is None or b is None or c is None:
            self.grant(base, ">" if a is None and b is None else "!=")
            return
        if (a < 0 or b < 0) and c >= 0:
            self.grant(base, "!=")
        elif c.denominator == 1 and a.denominator > 1:
            self.grant(base, ">=" if a > 0 and b > 0 else ">")

    def div(self, a: Form, b: Form) -> Form:
        """Return a/b."""
        return self.mul(a, self.power(b, self.number(-1)))

    def power(self, base: Form, exponent: Form) -> Form:
        """Return base^exponent; a whole power goes to each factor."""
        n = self.value(exponent)
        value = self.value(base)
        if n is None:
            return self.product(Fraction(1), {base: exponent})
        if n == 1:
            return base
        if n == 0:
            return self.one
        whole = n.denominator == 1 and (bool(value) or n > 0)
        if value is not None and whole and self.is_short(value, n):
            return self.number(value ** int(n))
        if n.denominator != 1 or value is not None:
            return self._root(base, n)
        coefficient, factors = self.factors(base)
        if not self.is_short(coefficient, n):
            return self.product(Fraction(1), {base: exponent})
        raised = {each: self.mul(own, exponent) for each, own in factors.items()}
        for each, own in factors.items():
            own_value = self.value(own)
            if (
                own_value is not None
                and own_value.denominator > 1
                and n % own_value.denominator == 0
            ):
                self.grant(each, ">=" if own_value > 0 and n > 0 else ">")
            if own_value is None:
                self.grant(each, ">")
            elif n < 0 and own_value < 0:
                self.grant(each, "!=")
        return self.product(coefficient ** int(n), raised)

    def _root(self, base: Form, n: Fraction) -> Form:
        """Return a power that is not whole, or one of a number that would be long."""
        value = self.value(base)
        if value is not None and value > 0 and n.denominator == 2:
            roots = [_whole_root(part) for part in (value.numerator, value.denominator)]
            if None not in roots and self.is_short(value, n):
                root = Fraction(int(roots[0] or 0), int(roots[1] or 1))
                return self.number(root**n.numerator)
        return self.product(Fraction(1), {base: self.number(n)})

    @staticmethod
    def is_short(value: Fraction, n: Fraction) -> bool:
        """Whether a power of a number is short enough to be written out."""
        bits = max(value.numerator.bit_length(), value.denominator.bit_length())
        return bits * abs(n) <= _BITS or value in (0, 1, -1)


def _whole_root(value: int) -> int | None:
    root = math.isqrt(value)
    return root if root * root == value else None
