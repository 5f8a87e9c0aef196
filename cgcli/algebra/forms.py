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

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from cgcli.algebra.sums import CALL, CROWD, NAME, PRODUCT, SUM, Factors, Form, Sums, without

_BITS: Final = 512


class Forms(Sums):
    """A store of forms, and the arithmetic of them.

    >>> forms = Forms()
    >>> x = forms.name("x")
    >>> forms.add(x, x) == forms.mul(forms.number(2), x)
    True
    >>> forms.mul(x, forms.power(x, forms.number(-1))) == forms.one
    True
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
        coefficient, factors = _tidied(self, coefficient, factors)
        kept = tuple((base, power) for base, power in factors.items() if power != self.zero)
        if not kept:
            return self.number(coefficient)
        if len(kept) == 1 and kept[0][1] == self.one:
            return self.scale(kept[0][0], coefficient)
        key = frozenset(kept)
        product = self._keep(PRODUCT, key, kept, over=itertools.chain(*kept))
        return self.scale(product, coefficient)

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
            factors[base] = power if before is None else self.add(before, power)
            if before is not None and None in (self.value(before), self.value(power)):
                # The powers of 0 have values for exponents that their joint power has not.
                self.grant(base, ">" if self.value(before) == self.value(power) else "!=")
        return self.product(first * second, factors)

    def made_of(self, form: Form, inner: Sequence[Form]) -> Form:
        """Return a form with others in the places of those that it is made of."""
        kind, parts = self.kinds[form], self.parts[form]
        if kind == SUM:
            total = self.number(parts[0])
            for (_, factor), part in zip(parts[1], inner, strict=True):
                total = self.add(total, self.scale(part, factor))
            return total
        if kind == PRODUCT:
            product = self.one
            for base, power in zip(inner[::2], inner[1::2], strict=True):
                product = self.mul(product, self.power(base, power))
            return product
        return self.call(parts[0], tuple(inner), parts[2]) if kind == CALL else form

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
        is_plain = n.denominator == 1 and (bool(value) or n > 0)
        if value is not None and is_plain and self.is_short(value, n):
            return self.number(value ** int(n))
        if n.denominator != 1 or value is not None:
            if value is not None and value > 0 and n.denominator == 2 and self.is_short(value, n):
                root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
                if root * root == value:
                    return self.number(root**n.numerator)
            # A root, or a power of a number that would be long.
            return self.product(Fraction(1), {base: exponent})
        coefficient, factors = self.factors(base)
        if not self.is_short(coefficient, n):
            return self.product(Fraction(1), {base: exponent})
        raised = {factor: self.mul(power, exponent) for factor, power in factors.items()}
        for factor, power in factors.items():
            if self.value(power) is None:
                self.grant(factor, ">")
        return self.product(coefficient ** int(n), raised)

    @staticmethod
    def is_short(value: Fraction, n: Fraction) -> bool:
        """Whether a power of a number is short enough to be written out."""
        bits = max(value.numerator.bit_length(), value.denominator.bit_length())
        return bits * abs(n) <= _BITS or value in (0, 1, -1)


def _tidied(forms: Forms, coefficient: Fraction, factors: Factors) -> tuple[Fraction, Factors]:
    """Take numbers and signs out of sums, and 1/x out of sums that x divides beside.

    2*(2*x + 4) is 4*(x + 2), 2*(x/2 + 1) is x + 2, (-a - b)*c is -(a + b)*c, and
    1/(x*(1/x + 1)) is 1/(x + 1).
    """
    if len(factors) == 1 and coefficient == 1:
        return coefficient, _without_signs(forms, factors)
    factors = _without_signs(forms, factors)
    tidy: Factors = {}
    for factor, power in factors.items():
        base, exponent = factor, forms.whole(power)
        if exponent is not None and forms.kinds[base] == SUM and base not in forms.closed:
            content = _content(forms, base)
            if content != 1 and forms.is_short(content, Fraction(exponent)):
                moved = coefficient * content**exponent
                if content.denominator == 1 or moved.denominator == 1:
                    coefficient = moved
                    base = forms.times(base, 1 / content)
            if exponent < 0:
                base = _without_fractions(forms, base, exponent, factors, tidy)
        tidy[base] = forms.add(tidy.get(base, forms.zero), power)
    return coefficient, tidy


def _without_signs(forms: Forms, factors: Factors) -> Factors:
    """Return a product without abs and sign where they are not needed.

    abs(x)^2 is x^2, abs(x)*sign(x) is x, x*sign(x) is abs(x), and relu(x) is 0 anyway where
    where(x > 0, 1, 0) is.
    """
    for base, power in list(factors.items()):
        if forms.kinds[base] != CALL or base not in factors or not forms.parts[base][1]:
            continue
        name, arguments, _ = forms.parts[base]
        inner = arguments[0]
        if name == "abs" and (forms.whole(power) or 1) % 2 == 0:
            factors = _with(forms, without(factors, base), inner, power)
        elif name == "sign" and power == forms.one:
            size = forms.call("abs", (inner,))
            beside = forms.whole(factors.get(size, forms.zero))
            if beside is not None and beside % 2:
                factors = _with(forms, without(factors, base, size), inner, forms.number(beside))
            elif factors.get(inner) == forms.one and size not in factors:
                factors = _with(forms, without(factors, base, inner), size, forms.one)
        elif name == "where" and power == forms.one and arguments[1:] == (forms.one, forms.zero):
            kind, parts = forms.kinds[inner], forms.parts[inner]
            if kind == CALL and parts[0] == "gt" and parts[1][1] == forms.zero:
                clipped = forms.value(factors.get(forms.call("relu", (parts[1][0],)), forms.zero))
                if clipped is not None and clipped > 0:
                    factors = without(factors, base)
    return factors


def _with(forms: Forms, factors: Factors, base: Form, power: Form) -> Factors:
    """Return a product times a power; a base that is a product itself goes in by its factors."""
    inner = forms.factors(base)[1] if forms.kinds[base] == PRODUCT else {base: forms.one}
    for factor, exponent in inner.items():
        raised = forms.mul(exponent, power)
        factors[factor] = forms.add(factors.get(factor, forms.zero), raised)
    return factors


def _content(forms: Forms, form: Form) -> Fraction:
    """Return the greatest number that leaves every coefficient of a sum whole, or 1.

    Where all terms are negative it is negative.
    """
    number, terms = forms.parts[form]
    above = math.gcd(number.numerator, *(factor.numerator for _, factor in terms))
    below = math.lcm(number.denominator, *(factor.denominator for _, factor in terms))
    size = Fraction(above, below)
    if forms.is_short(size, Fraction(4)):
        return -size if number <= 0 and all(factor < 0 for _, factor in terms) else size
    return Fraction(1)


def _without_fractions(
    forms: Forms, base: Form, exponent: int, factors: Factors, tidy: Factors
) -> Form:
    """Return a divisor without fractions in names that divide beside it anyway."""
    for name, power in factors.items():
        beside = forms.value(power)
        if forms.kinds[name] != NAME or beside is None or beside >= 0:
            continue
        constant, terms = forms.terms(base)
        powers = (forms.factors(term)[1].get(name, forms.zero) for term in terms)
        least = min((forms.whole(power) or 0 for power in powers), default=0)
        if least < 0:
            lifted = forms.product(Fraction(1), {name: forms.number(-least)})
            total = forms.scale(lifted, constant)
            for term, factor in terms.items():
                total = forms.add(total, forms.scale(forms.mul(term, lifted), factor))
            base = total
            moved = forms.number(least * exponent)
            tidy[name] = forms.add(tidy.get(name, forms.zero), moved)
    return base
