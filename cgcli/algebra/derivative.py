"""The derivative of a form by a name, as a form: each part once, with the table's own rules.

Sums are rewritten for it: what all terms have in common taken out, multiplied out, squares joined.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from cgcli.algebra.forms import Forms
from cgcli.algebra.normal import COMPARISONS
from cgcli.algebra.sums import CALL, NAME, PRODUCT, SUM, Form, without
from cgcli.algebra.tensor import Tensor
from cgcli.algebra.tensors import Algebra
from cgcli.numbers.namespace import Namespace
from cgcli.operations.row import Operation
from cgcli.operations.table import OPERATIONS

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
        power = forms.integer(exponent)
        number, terms = forms.terms(base)
        if len(terms) + bool(number) > 1 and power is not None and 1 <= power <= 3:
            for _ in range(power):
                total = _distributed(forms, total, base)
                if len(forms.terms(total)[1]) > _EXPANDED:
                    return form
        else:
            total = _distributed(forms, total, forms.power(base, exponent))
    return total


def _distributed(forms: Forms, a: Form, b: Form) -> Form:
    """Return a*b, each term of one times each of the other."""
    pairs = itertools.product(_single_terms(forms, a), _single_terms(forms, b))
    return functools.reduce(forms.add, itertools.starmap(forms.mul, pairs), forms.zero)


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


class Derivatives:
    """The derivatives by one name; those of shared parts are worked out once.

    >>> from cgcli.algebra.normal import read
    >>> from cgcli.program import parse
    >>> forms = Forms()
    >>> graph = parse("x^3").graph()
    >>> found = Derivatives(forms, "x").of(read(forms, graph, graph.output)[graph.output])
    >>> found == forms.mul(forms.number(3), forms.power(forms.name("x"), forms.number(2)))
    True
    """

    def __init__(self, forms: Forms, name: str) -> None:
        self.forms = forms
        self.by = forms.name(name)
        self._m = Algebra(forms)
        self._known: dict[Form, Form] = {}
        self._rules = {SUM: self._sum, PRODUCT: self._product, CALL: self._call}

    def of(self, form: Form) -> Form:
        """Return the derivative of a form."""
        known, forms = self._known, self.forms
        for part in forms.reachable([form]):
            if part in known:
                continue
            rule = self._rules.get(forms.kinds[part])
            known[part] = rule(part) if rule is not None else forms.number(part == self.by)
            if part in forms.closed:
                # What its derivative is made of is as shared.
                forms.close(known[part])
        return known[form]

    def _sum(self, form: Form) -> Form:
        forms = self.forms
        terms = (forms.times(self._known[term], factor) for term, factor in forms.parts[form][1])
        return functools.reduce(forms.add, terms, forms.zero)

    def _product(self, form: Form) -> Form:
        """Return Σ of each factor's derivative times the others; over one divisor, the quotient's.

        A factor that does not depend on the name is only carried along.
        """
        forms, known = self.forms, self._known
        factors: list[tuple[Form, Form]] = list(forms.parts[form])
        if forms.accurate:
            # The square of a divisor leaves the doubles long before the quotients do.
            return self._product_rule(factors)
        varying = [pair for pair in factors if any(known[part] != forms.zero for part in pair)]
        below = [factor for factor in varying if (forms.integer(factor[1]) or 0) < 0]
        above = [factor for factor in varying if factor not in below]
        if len(varying) == 1 and above:
            return self._product_rule(factors)
        fixed = [forms.power(*factor) for factor in factors if factor not in varying]
        constant = functools.reduce(forms.mul, fixed, forms.one)
        if len(below) == 1 and above:
            return forms.mul(constant, self._quotient(above, *below[0]))
        derivative, number = self._product_rule(above + below), forms.value(constant)
        if number is not None:
            return forms.times(derivative, number)
        return forms.mul(constant, common(forms, derivative))

    def _product_rule(self, factors: list[tuple[Form, Form]]) -> Form:
        forms = self.forms
        powers = [forms.power(base, exponent) for base, exponent in factors]
        # Products of all before and of all after, so that none is worked out twice.
        after = [forms.one]
        for power in reversed(powers[1:]):
            after.append(forms.mul(power, after[-1]))
        after.reverse()
        before, total = forms.one, forms.zero
        for place, (base, exponent) in enumerate(factors):
            slope = self._power(base, exponent)
            if slope != forms.zero:
                # The derivative stands where its factor stood: f'g + fg'.
                total = forms.add(total, forms.mul(forms.mul(before, slope), after[place]))
            before = forms.mul(before, powers[place])
        return total

    def _power(self, base: Form, exponent: Form) -> Form:
        """Return the derivative of one power: n·u^(n-1)·u', and u^v·log(u)·v' where v varies."""
        forms = self.forms
        if base == forms.zero and not forms.has_case(base):
            # 0^v is 0 where v is positive.
            forms.grant(exponent, ">")
            return forms.zero
        power, granted = forms.power(base, exponent), dict(forms.granted)
        slopes = self._slopes(OPERATIONS["pow"], power, (base, exponent))
        total = functools.reduce(forms.add, itertools.starmap(forms.mul, slopes), forms.zero)
        # The rules tell the powers of 0 apart, and the formulas show that themselves.
        forms.granted = granted
        return total

    def _quotient(self, above: list[tuple[Form, Form]], base: Form, exponent: Form) -> Form:
        """Return (a'·b - n·a·b')/b^(n+1) for a/b^n; a is taken apart where that is shorter."""
        forms, power = self.forms, -(self.forms.integer(exponent) or 0)
        top = functools.reduce(forms.mul, itertools.starmap(forms.power, above))
        slope = common(forms, self._product_rule(above))
        inner = self._known[base]
        left, right = forms.mul(slope, base), forms.scale(forms.mul(top, inner), Fraction(power))
        numerator = forms.sub(left, right)
        expanded = forms.sub(expand(forms, left), expand(forms, right))
        expanded = with_squares(forms, expanded)
        if weight(forms, expanded) <= weight(forms, numerator):
            numerator = expanded
        return forms.mul(common(forms, numerator), forms.power(base, forms.number(-power - 1)))

    def _call(self, form: Form) -> Form:
        """Return the derivative of an operation; that of a choice is one between branches."""
        forms = self.forms
        name, arguments, static = forms.parts[form]
        operation = OPERATIONS[name]
        if operation.chooses:
            # The branch that is not taken never reaches the derivative.
            condition, *branches = arguments
            if self.by in forms.reachable([condition]):
                note_edge(forms, self._m, condition)
            first, second = (self._known[branch] for branch in branches)
            same = first == second
            return first if same else forms.call(name, (condition, first, second), static)
        # The inner derivative goes in front: 2*x*cos(x^2).
        sent = (
            forms.mul(inner, slope) for slope, inner in self._slopes(operation, form, arguments)
        )
        return functools.reduce(forms.add, sent, forms.zero)

    def _slopes(
        self, operation: Operation, form: Form, arguments: tuple[Form, ...]
    ) -> Iterator[tuple[Form, Form]]:
        """Yield the partials, as a course writes them, each with its argument's derivative."""
        forms = self.forms
        values = [Tensor(forms, argument) for argument in arguments]
        for place, argument in enumerate(arguments):
            inner = self._known[argument]
            if inner != forms.zero:
                note_corners(operation, self._m, values)
                rule = operation.ruled(place, len(values), accurate=forms.accurate)
                yield Tensor.of(forms, rule(self._m, Tensor(forms, form), *values)).form, inner


def note_edge(forms: Forms, m: Namespace, condition: Form) -> None:
    """Take for granted that a choice is not about to change: nothing ties in it or jumps.

    What varies through steps alone changes where these jump, and a vector that is compared with
    its own largest element has always one that is equal.
    """
    reached = forms.reachable([condition])
    moving = {form for form in reached if forms.kinds[form] == NAME}
    for form in reached:
        name = forms.parts[form][0] if forms.kinds[form] == CALL else ""
        if name not in OPERATIONS or not OPERATIONS[name].step:
            moving.update([form] * (not moving.isdisjoint(forms.inner(form))))
    if condition in moving:
        forms.grant(condition, "!=")
    for form in reached:
        if forms.kinds[form] != CALL:
            continue
        name, arguments, _ = forms.parts[form]
        if name in COMPARISONS:
            first, second = arguments
            is_own = OPERATIONS[name].equates and _is_made_of(forms, first, second)
            if not is_own and not moving.isdisjoint(arguments):
                forms.grant(first, "!=", second)
        elif name in OPERATIONS and OPERATIONS[name].elementwise:
            values = [Tensor(forms, argument) for argument in arguments]
            note_corners(OPERATIONS[name], m, values, "a jump")


def _is_made_of(forms: Forms, *sides: Form) -> bool:
    """Whether one of two sides is an operation on vectors, and the other is what it takes."""
    return any(
        other in forms.inner(side) and forms.kinds[side] == CALL and forms.shapes[other]
        for side, other in (sides, sides[::-1])
    )


def note_corners(operation: Operation, m: Namespace, values: list[Any], words: str = "") -> None:
    """Take for granted that a step or a corner is not met: their rules ask for equality."""
    for kink in operation.kinks:
        if kink.turns and not kink.compared and kink.words.startswith(words):
            kink.at(m, *values)
