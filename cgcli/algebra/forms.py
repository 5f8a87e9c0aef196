"""Normal forms: sums of products with rational coefficients, each kept once.

A form is its place in a list, so that equal forms are the same number and whatever is shared
stays shared. There are five kinds:

=========  ======================================  ================================
kind       holds                                   stands for
=========  ======================================  ================================
number     a fraction                              ``3/2``
name       the name of an input or a constant      ``x``, ``pi``
call       an operation and its arguments          ``sin(x)``, ``x < y``
product    bases with their exponents              ``x^2*cos(x)``
sum        a fraction, and terms with coefficients ``2*x + 1``, ``3*x``
=========  ======================================  ================================

A coefficient stands in a sum, if in a sum of one term, so a product has none. Nothing is
multiplied out. What joins like terms and like powers is left alone beyond `CROWD` of them.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Final, NamedTuple, TypeAlias

__all__ = ["CALL", "CROWD", "NAME", "NUMBER", "PRODUCT", "SUM", "Condition", "Form", "Forms"]

NUMBER: Final = "number"
NAME: Final = "name"
CALL: Final = "call"
PRODUCT: Final = "product"
SUM: Final = "sum"

CROWD: Final = 100
_BITS: Final = 512

Form: TypeAlias = int
Terms: TypeAlias = dict[Form, Fraction]
Factors: TypeAlias = dict[Form, Form]


class Condition(NamedTuple):
    """Where a formula that was put for another holds: a form, a sign, and 0."""

    form: Form
    sign: str


class Forms:
    """A store of forms, and the arithmetic of them.

    `conditions` are what was taken for granted when something was cancelled.

    >>> forms = Forms()
    >>> x = forms.name("x")
    >>> forms.add(x, x) == forms.mul(forms.number(2), x)
    True
    >>> forms.mul(x, forms.power(x, forms.number(-1))) == forms.one, forms.conditions
    (True, [Condition(form=2, sign='!=')])
    """

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.parts: list[Any] = []
        self._index: dict[Any, Form] = {}
        self.conditions: list[Condition] = []
        self.zero = self.number(0)
        self.one = self.number(1)

    def _keep(self, kind: str, key: Any, parts: Any) -> Form:
        found = self._index.get((kind, key))
        if found is None:
            found = self._index[kind, key] = len(self.kinds)
            self.kinds.append(kind)
            self.parts.append(parts)
        return found

    # Leaves

    def number(self, value: int | Fraction) -> Form:
        """Return a number's form."""
        value = Fraction(value)
        return self._keep(NUMBER, value, value)

    def name(self, name: str) -> Form:
        """Return the form of an input, or of a constant that has a name."""
        return self._keep(NAME, name, name)

    def call(
        self, operation: str, arguments: tuple[Form, ...], static: tuple[int, ...] = ()
    ) -> Form:
        """Return an operation of forms, which is not looked into."""
        parts = (operation, arguments, static)
        return self._keep(CALL, parts, parts)

    def value(self, form: Form) -> Fraction | None:
        """Return what a number's form is; None for any other."""
        found: Fraction | None = self.parts[form] if self.kinds[form] == NUMBER else None
        return found

    # Sums

    def terms(self, form: Form) -> tuple[Fraction, Terms]:
        """Return a form as a sum: a number, and terms with their coefficients."""
        kind = self.kinds[form]
        if kind == NUMBER:
            return self.parts[form], {}
        if kind == SUM:
            number, terms = self.parts[form]
            return number, dict(terms)
        return Fraction(0), {form: Fraction(1)}

    def sum(self, number: Fraction, terms: Terms) -> Form:
        """Return the form of a sum; terms of coefficient 0 vanish."""
        kept = tuple((term, factor) for term, factor in terms.items() if factor)
        if not kept:
            return self.number(number)
        if not number and len(kept) == 1 and kept[0][1] == 1:
            return kept[0][0]
        return self._keep(SUM, (number, frozenset(kept)), (number, kept))

    def add(self, a: Form, b: Form) -> Form:
        """Return a + b, like terms joined."""
        if self.zero in (a, b):
            return b if a == self.zero else a
        first, terms = self.terms(a)
        second, others = self.terms(b)
        if len(terms) > CROWD:
            terms = {a: Fraction(1)}
            first = Fraction(0)
        if len(others) > CROWD:
            others = {b: Fraction(1)}
            second = Fraction(0)
        first, terms = self._spread(first, terms)
        second, others = self._spread(second, others)
        for term, factor in others.items():
            terms[term] = terms.get(term, Fraction(0)) + factor
        return self.sum(first + second, terms)

    def _spread(self, number: Fraction, terms: Terms) -> tuple[Fraction, Terms]:
        """Take the sums among the terms of another apart: 1 + 2*(x + 1) is 2*x + 3."""
        if not any(self.kinds[term] == SUM for term in terms):
            return number, terms
        found: Terms = {}
        for term, factor in terms.items():
            inner: Any = (0, ((term, Fraction(1)),))
            if self.kinds[term] == SUM and len(self.parts[term][1]) <= CROWD:
                inner = self.parts[term]
            number += factor * inner[0]
            for each, own in inner[1]:
                found[each] = found.get(each, Fraction(0)) + factor * own
        return number, found

    def scale(self, form: Form, factor: Fraction) -> Form:
        """Return a number times a form; a sum of several terms is not multiplied out."""
        if factor == 1:
            return form
        number, terms = self.terms(form)
        if not terms:
            return self.number(number * factor)
        if len(terms) == 1 and not number:
            return self.sum(Fraction(0), {term: own * factor for term, own in terms.items()})
        return self.sum(Fraction(0), {form: factor})

    def sub(self, a: Form, b: Form) -> Form:
        """Return a - b."""
        return self.add(a, self.negative(b))

    def negative(self, form: Form) -> Form:
        """Return -a; every term of a sum has its sign changed."""
        number, terms = self.terms(form)
        return self.sum(-number, {term: -factor for term, factor in terms.items()})

    # Products

    def factors(self, form: Form) -> tuple[Fraction, Factors]:
        """Return a form as a product: a coefficient, and bases with their exponents."""
        number, terms = self.terms(form)
        if not terms:
            return number, {}
        coefficient = Fraction(1)
        if not number and len(terms) == 1:
            ((form, coefficient),) = terms.items()
        if self.kinds[form] == PRODUCT:
            return coefficient, dict(self.parts[form])
        return coefficient, {form: self.one}

    def product(self, coefficient: Fraction, factors: Factors) -> Form:
        """Return the form of a product; bases of exponent 0 vanish."""
        if not coefficient:
            return self.zero
        coefficient, factors = self._tidied(coefficient, factors)
        kept = tuple((base, power) for base, power in factors.items() if power != self.zero)
        if not kept:
            return self.number(coefficient)
        if len(kept) == 1 and kept[0][1] == self.one:
            return self.scale(kept[0][0], coefficient)
        whole = self._keep(PRODUCT, frozenset(kept), kept)
        return self.scale(whole, coefficient)

    def _tidied(self, coefficient: Fraction, factors: Factors) -> tuple[Fraction, Factors]:
        """Take whole numbers out of sums, and 1/x out of sums that x divides beside.

        2*(2*x + 4) is 4*(x + 2), and 1/(x*(1/x + 1)) is 1/(x + 1).
        """
        if len(factors) == 1 and coefficient == 1:
            return coefficient, factors
        found: Factors = {}
        for each, power in factors.items():
            base, exponent = each, self.value(power)
            if self.kinds[base] != SUM or exponent is None or exponent.denominator != 1:
                found[base] = self.add(found[base], power) if base in found else power
                continue
            content = self._content(base)
            if content != 1 and self._is_short(content, exponent):
                coefficient *= content ** int(exponent)
                base = self._divided(base, content)
            if exponent < 0:
                base = self._without_fractions(base, int(exponent), factors, found)
            found[base] = self.add(found[base], power) if base in found else power
        return coefficient, found

    def _content(self, form: Form) -> Fraction:
        """Return the greatest whole number that divides every coefficient of a sum, or 1."""
        number, terms = self.parts[form]
        content = abs(number.numerator) if number.denominator == 1 else 1
        for _, factor in terms:
            if factor.denominator != 1:
                return Fraction(1)
            content = math.gcd(content, factor.numerator)
        return Fraction(content)

    def _divided(self, form: Form, number: Fraction) -> Form:
        constant, terms = self.terms(form)
        return self.sum(constant / number, {term: own / number for term, own in terms.items()})

    def _without_fractions(
        self, base: Form, exponent: int, factors: Factors, found: Factors
    ) -> Form:
        """Return a divisor without fractions in names that divide beside it anyway."""
        for name, power in factors.items():
            beside = self.value(power)
            if self.kinds[name] != NAME or beside is None or beside >= 0:
                continue
            least = min((self._exponent(term, name) for term in self._each(base)), default=0)
            if least < 0:
                lifted = self.product(Fraction(1), {name: self.number(-least)})
                constant, terms = self.terms(base)
                whole = self.scale(lifted, constant)
                for term, own in terms.items():
                    whole = self.add(whole, self.scale(self.mul(term, lifted), own))
                base = whole
                moved = self.number(least * exponent)
                found[name] = self.add(found.get(name, self.zero), moved)
        return base

    def _each(self, form: Form) -> list[Form]:
        number, terms = self.terms(form)
        return [*terms, self.one] if number else list(terms)

    def _exponent(self, term: Form, name: Form) -> int:
        """Return the whole power of a name in a term; 0 where it is none."""
        power = self.factors(term)[1].get(name)
        value = None if power is None else self.value(power)
        return int(value) if value is not None and value.denominator == 1 else 0

    def common(self, form: Form) -> Form:
        """Return a sum with what all its terms have in common taken out."""
        number, terms = self.terms(form)
        if number or len(terms) < 2:
            return form
        shared: dict[Form, Fraction] | None = None
        for term in terms:
            powers = {
                base: value
                for base, power in self.factors(term)[1].items()
                if (value := self.value(power)) is not None
            }
            if shared is None:
                shared = powers
            else:
                shared = {
                    base: min(value, powers[base])
                    for base, value in shared.items()
                    if base in powers
                }
        taken = {base: self.number(value) for base, value in (shared or {}).items() if value}
        if not taken:
            return form
        inverse = {base: self.number(-(shared or {})[base]) for base in taken}
        rest = self.zero
        for term, own in terms.items():
            factors = self.factors(term)[1]
            for base, power in inverse.items():
                factors[base] = self.add(factors[base], power)
            rest = self.add(rest, self.product(own, factors))
        return self.mul(self.product(Fraction(1), taken), rest)

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

    def _note_join(self, base: Form, before: Form, power: Form, after: Form) -> None:
        """Note where a product of two powers was defined, if their joint power is elsewhere too."""
        a, b, c = (self.value(each) for each in (before, power, after))
        if self.value(base) is not None:
            return
        if a is None or b is None or c is None:
            return
        if (a < 0 or b < 0) and c >= 0:
            self.grant(base, "!=")
        elif c.denominator == 1 and a.denominator > 1:
            self.grant(base, ">=" if a > 0 and b > 0 else ">")

    def grant(self, form: Form, sign: str) -> None:
        """Note a condition that is taken for granted from here on."""
        condition = Condition(form, sign)
        if condition not in self.conditions:
            self.conditions.append(condition)

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
        if value is not None and whole and self._is_short(value, n):
            return self.number(value ** int(n))
        if n.denominator != 1 or value is not None:
            return self._root(base, n)
        coefficient, factors = self.factors(base)
        if not self._is_short(coefficient, n):
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
        return self.product(coefficient ** int(n), raised)

    def _root(self, base: Form, n: Fraction) -> Form:
        """Return a power that is not whole, or one of a number that would be long."""
        value = self.value(base)
        if value is not None and value > 0 and n.denominator == 2:
            roots = [_whole_root(part) for part in (value.numerator, value.denominator)]
            if None not in roots and self._is_short(value, n):
                root = Fraction(int(roots[0] or 0), int(roots[1] or 1))
                return self.number(root**n.numerator)
        return self.product(Fraction(1), {base: self.number(n)})

    @staticmethod
    def _is_short(value: Fraction, n: Fraction) -> bool:
        bits = max(value.numerator.bit_length(), value.denominator.bit_length())
        return bits * abs(n) <= _BITS or value in (0, 1, -1)


def _whole_root(value: int) -> int | None:
    root = math.isqrt(value)
    return root if root * root == value else None
