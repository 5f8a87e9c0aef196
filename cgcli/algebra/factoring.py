"""Sums rewritten: what all terms have in common taken out, multiplied out, squares joined."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from cgcli.algebra.forms import Forms
from cgcli.algebra.sums import CALL, SUM, Form, without

_EXPANDED: Final = 40


def common(forms: Forms, form: Form) -> Form:
    """Return a sum with what all its terms have in common taken out."""
    number, terms = forms.terms(form)
    if number or len(terms) < 2:
        return form
    shared, *others = (forms.factors(term)[1] for term in terms)
    for powers in others:
        shared = {
            base: _lesser(forms, power, powers[base])
            for base, power in shared.items()
            if base in powers
        }
    taken = {base: power for base, power in shared.items() if power != forms.zero}
    if not taken:
        return form
    rest = forms.zero
    for term, factor in terms.items():
        factors = forms.factors(term)[1]
        for base, power in taken.items():
            factors[base] = forms.sub(factors[base], power)
        rest = forms.add(rest, forms.product(factor, factors))
    return forms.mul(forms.product(Fraction(1), taken), rest)


_SQUARES: Final = {"cos": ("sin", 1), "cosh": ("sinh", -1)}


def with_squares(forms: Forms, form: Form) -> Form:
    """Return a sum in which cos(x)^2 + sin(x)^2 is 1, and cosh(x)^2 - sinh(x)^2 too."""
    number, terms = forms.terms(form)
    two = forms.number(2)
    for term, factor in list(terms.items()):
        factors = forms.factors(term)[1]
        for base, power in factors.items():
            if power != two or forms.kinds[base] != CALL or forms.parts[base][0] not in _SQUARES:
                continue
            word, sign = _SQUARES[forms.parts[base][0]]
            rest = without(factors, base)
            other = forms.call(word, forms.parts[base][1])
            if other in rest:
                continue
            twin = forms.product(Fraction(1), {**rest, other: two})
            if term in terms and terms.get(twin) == sign * factor:
                del terms[term], terms[twin]
                left = forms.sum(number, terms)
                return with_squares(forms, forms.add(left, forms.product(factor, rest)))
    return form


def _lesser(forms: Forms, a: Form, b: Form) -> Form:
    """Return the lesser of two exponents, or 0 where they cannot be compared."""
    first, second = forms.value(a), forms.value(b)
    if first is None or second is None:
        return a if a == b else forms.zero
    return a if first <= second else b


def expand(forms: Forms, form: Form) -> Form:
    """Return a product of sums multiplied out once, when that is short; else the form itself."""
    coefficient, factors = forms.factors(form)
    total = forms.number(coefficient)
    for base, exponent in factors.items():
        power = forms.value(exponent)
        number, terms = forms.terms(base)
        several = len(terms) + bool(number) > 1
        if several and power is not None and power.denominator == 1 and 1 <= power <= 3:
            for _ in range(int(power)):
                total = _distributed(forms, total, base)
                if len(forms.terms(total)[1]) > _EXPANDED:
                    return form
        else:
            total = _distributed(forms, total, forms.power(base, exponent))
    return total


def _distributed(forms: Forms, a: Form, b: Form) -> Form:
    """Return a*b, each term of one times each of the other."""
    total = forms.zero
    for first in _single_terms(forms, a):
        for second in _single_terms(forms, b):
            total = forms.add(total, forms.mul(first, second))
    return total


def _single_terms(forms: Forms, form: Form) -> list[Form]:
    number, terms = forms.terms(form)
    pieces = [forms.scale(term, factor) for term, factor in terms.items()]
    return [*pieces, forms.number(number)] if number or not pieces else pieces


def weight(forms: Forms, form: Form) -> int:
    """Return how long a form is about, when it is written: its terms and their factors."""
    number, terms = forms.terms(form)
    total = len(terms) + bool(number)
    for term in terms:
        for base in forms.factors(term)[1]:
            total += 1 + (len(forms.parts[base][1]) if forms.kinds[base] == SUM else 0)
    return total
