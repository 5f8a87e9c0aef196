"""What is taken out of sums: numbers, signs, and what all terms have in common."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from cgcli.algebra.sums import CALL, NAME, PRODUCT, SUM, Factors, Form, Products

__all__ = ["common", "tidied", "with_squares"]


def tidied(forms: Products, coefficient: Fraction, factors: Factors) -> tuple[Fraction, Factors]:
    """Take numbers and signs out of sums, and 1/x out of sums that x divides beside.

    2*(2*x + 4) is 4*(x + 2), 2*(x/2 + 1) is x + 2, (-a - b)*c is -(a + b)*c, and
    1/(x*(1/x + 1)) is 1/(x + 1).
    """
    if len(factors) == 1 and coefficient == 1:
        return coefficient, _without_signs(forms, factors)
    factors = _without_signs(forms, factors)
    found: Factors = {}
    for each, power in factors.items():
        base, exponent = each, forms.value(power)
        if (
            forms.kinds[base] != SUM
            or base in forms.closed
            or exponent is None
            or exponent.denominator != 1
        ):
            found[base] = forms.add(found[base], power) if base in found else power
            continue
        content = _content(forms, base)
        if content != 1 and forms.is_short(content, exponent):
            moved = coefficient * content ** int(exponent)
            if content.denominator == 1 or moved.denominator == 1:
                coefficient = moved
                base = _divided(forms, base, content)
        if exponent < 0:
            base = _without_fractions(forms, base, int(exponent), factors, found)
        found[base] = forms.add(found[base], power) if base in found else power
    return coefficient, found


def _without_signs(forms: Products, factors: Factors) -> Factors:
    """Return a product without abs and sign where they are not needed.

    abs(x)^2 is x^2, abs(x)*sign(x) is x, x*sign(x) is abs(x), and relu(x) is 0 anyway where
    where(x > 0, 1, 0) is.
    """
    for base, power in list(factors.items()):
        if forms.kinds[base] != CALL or base not in factors or not forms.parts[base][1]:
            continue
        name, arguments, _ = forms.parts[base]
        inner = arguments[0]
        value = forms.value(power)
        if name == "abs" and value is not None and value.denominator == 1 and value % 2 == 0:
            factors = {each: own for each, own in factors.items() if each != base}
            factors = _with(forms, factors, inner, power)
        elif name == "sign" and power == forms.one:
            size = forms.call("abs", (inner,))
            beside = forms.value(factors.get(size, forms.zero))
            if beside is not None and beside.denominator == 1 and beside % 2:
                rest = {each: own for each, own in factors.items() if each not in (base, size)}
                factors = _with(forms, rest, inner, forms.number(beside))
            elif factors.get(inner) == forms.one and size not in factors:
                rest = {each: own for each, own in factors.items() if each not in (base, inner)}
                factors = _with(forms, rest, size, forms.one)
        elif name == "where" and power == forms.one and arguments[1:] == (forms.one, forms.zero):
            kind, parts = forms.kinds[inner], forms.parts[inner]
            if kind == CALL and parts[0] == "gt" and parts[1][1] == forms.zero:
                clipped = forms.value(factors.get(forms.call("relu", (parts[1][0],)), forms.zero))
                if clipped is not None and clipped > 0:
                    factors = {each: own for each, own in factors.items() if each != base}
    return factors


def _with(forms: Products, factors: Factors, base: Form, power: Form) -> Factors:
    """Return a product times a power; a base that is a product itself goes in by its factors."""
    _, inner = forms.factors(base)
    whole = forms.value(power)
    if forms.kinds[base] != PRODUCT or whole is None:
        inner = {base: forms.one}
    for each, own in inner.items():
        raised = forms.mul(own, power)
        factors[each] = forms.add(factors[each], raised) if each in factors else raised
    return factors


def _content(forms: Products, form: Form) -> Fraction:
    """Return the greatest number that leaves every coefficient of a sum whole, or 1.

    Where all terms are negative it is negative.
    """
    number, terms = forms.parts[form]
    above, below = abs(number.numerator), number.denominator
    for _, factor in terms:
        above = math.gcd(above, factor.numerator)
        below = math.lcm(below, factor.denominator)
    size = Fraction(above, below)
    if forms.is_short(size, Fraction(4)):
        return -size if number <= 0 and all(factor < 0 for _, factor in terms) else size
    return Fraction(1)


def _divided(forms: Products, form: Form, number: Fraction) -> Form:
    constant, terms = forms.terms(form)
    return forms.sum(constant / number, {term: own / number for term, own in terms.items()})


def _without_fractions(
    forms: Products, base: Form, exponent: int, factors: Factors, found: Factors
) -> Form:
    """Return a divisor without fractions in names that divide beside it anyway."""
    for name, power in factors.items():
        beside = forms.value(power)
        if forms.kinds[name] != NAME or beside is None or beside >= 0:
            continue
        least = min((_exponent(forms, term, name) for term in _each(forms, base)), default=0)
        if least < 0:
            lifted = forms.product(Fraction(1), {name: forms.number(-least)})
            constant, terms = forms.terms(base)
            whole = forms.scale(lifted, constant)
            for term, own in terms.items():
                whole = forms.add(whole, forms.scale(forms.mul(term, lifted), own))
            base = whole
            moved = forms.number(least * exponent)
            found[name] = forms.add(found.get(name, forms.zero), moved)
    return base


def _each(forms: Products, form: Form) -> list[Form]:
    number, terms = forms.terms(form)
    return [*terms, forms.one] if number else list(terms)


def _exponent(forms: Products, term: Form, name: Form) -> int:
    """Return the whole power of a name in a term; 0 where it is none."""
    power = forms.factors(term)[1].get(name)
    value = None if power is None else forms.value(power)
    return int(value) if value is not None and value.denominator == 1 else 0


def common(forms: Products, form: Form) -> Form:
    """Return a sum with what all its terms have in common taken out."""
    number, terms = forms.terms(form)
    if number or len(terms) < 2:
        return form
    shared: dict[Form, Form] | None = None
    for term in terms:
        powers = forms.factors(term)[1]
        if shared is None:
            shared = powers
        else:
            shared = {
                base: _lesser(forms, power, powers[base])
                for base, power in shared.items()
                if base in powers
            }
    taken = {base: power for base, power in (shared or {}).items() if power != forms.zero}
    if not taken:
        return form
    rest = forms.zero
    for term, own in terms.items():
        factors = forms.factors(term)[1]
        for base, power in taken.items():
            factors[base] = forms.sub(factors[base], power)
        rest = forms.add(rest, forms.product(own, factors))
    return forms.mul(forms.product(Fraction(1), taken), rest)


_SQUARES: Final = {"cos": ("sin", 1), "cosh": ("sinh", -1)}


def with_squares(forms: Products, form: Form) -> Form:
    """Return a sum in which cos(x)^2 + sin(x)^2 is 1, and cosh(x)^2 - sinh(x)^2 too."""
    number, terms = forms.terms(form)
    two = forms.number(2)
    for term, factor in list(terms.items()):
        factors = forms.factors(term)[1]
        for base, power in factors.items():
            if power != two or forms.kinds[base] != CALL or forms.parts[base][0] not in _SQUARES:
                continue
            word, sign = _SQUARES[forms.parts[base][0]]
            rest = {each: own for each, own in factors.items() if each != base}
            other = forms.call(word, forms.parts[base][1])
            if other in rest:
                continue
            twin = forms.product(Fraction(1), {**rest, other: two})
            if term in terms and terms.get(twin) == sign * factor:
                del terms[term], terms[twin]
                left = forms.sum(number, terms)
                return with_squares(forms, forms.add(left, forms.product(factor, rest)))
    return form


def _lesser(forms: Products, a: Form, b: Form) -> Form:
    """Return the lesser of two exponents, or 0 where they cannot be compared."""
    first, second = forms.value(a), forms.value(b)
    if first is None or second is None:
        return a if a == b else forms.zero
    return a if first <= second else b
