"""The derivative of a form by a name, as a form: each part once, with the table's own rules."""

from __future__ import annotations

import functools
import itertools
from fractions import Fraction
from typing import Any

from cgcli.algebra.factoring import common, expand, weight, with_squares
from cgcli.algebra.forms import Forms
from cgcli.algebra.signs import COMPARISONS
from cgcli.algebra.sums import CALL, PRODUCT, SUM, Form
from cgcli.algebra.tensor import Tensor
from cgcli.algebra.tensors import Algebra
from cgcli.numbers.namespace import Namespace
from cgcli.operations.row import Operation
from cgcli.operations.table import OPERATIONS


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
        total = forms.zero
        for term, factor in forms.parts[form][1]:
            inner = self._known[term]
            if inner != forms.zero:
                total = forms.add(total, forms.times(inner, factor))
        return total

    def _product(self, form: Form) -> Form:
        """Return Σ of each factor's derivative times the others; over one divisor, the quotient's.

        A factor that does not depend on the name is only carried along.
        """
        forms, known = self.forms, self._known
        factors: list[tuple[Form, Form]] = list(forms.parts[form])
        if forms.accurate:
            # The square of a divisor leaves the doubles long before the quotients do.
            return self._product_rule(factors)
        varying = [
            (base, exponent)
            for base, exponent in factors
            if known[base] != forms.zero or known[exponent] != forms.zero
        ]
        if len(varying) == 1 and not self._divides(varying[0][1]):
            return self._product_rule(factors)
        constant: Form = forms.one
        above: list[tuple[Form, Form]] = []
        below: list[tuple[Form, Fraction]] = []
        for base, exponent in factors:
            power = forms.value(exponent)
            if (base, exponent) not in varying:
                constant = forms.mul(constant, forms.power(base, exponent))
            elif power is not None and self._divides(exponent):
                below.append((base, -power))
            else:
                above.append((base, exponent))
        if len(below) == 1 and above:
            return forms.mul(constant, self._quotient(above, *below[0]))
        factors = above + [(base, forms.number(-power)) for base, power in below]
        derivative = self._product_rule(factors)
        number = forms.value(constant)
        if number is not None:
            return forms.times(derivative, number)
        return forms.mul(constant, common(forms, derivative))

    def _divides(self, exponent: Form) -> bool:
        power = self.forms.value(exponent)
        return power is not None and power < 0 and power.denominator == 1

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
        if base == forms.zero and not forms.asks:
            # 0^v is 0 where v is positive.
            forms.grant(exponent, ">")
            return forms.zero
        granted = dict(forms.granted)
        total, power = forms.zero, forms.power(base, exponent)
        for place, part in enumerate((base, exponent)):
            inner = self._known[part]
            if inner != forms.zero:
                slope = self._partial(OPERATIONS["pow"], place, power, (base, exponent))
                total = forms.add(total, forms.mul(slope, inner))
        # The rules tell the powers of 0 apart, and the formulas show that themselves.
        forms.granted = granted
        return total

    def _quotient(self, above: list[tuple[Form, Form]], base: Form, power: Fraction) -> Form:
        """Return (a'·b - n·a·b')/b^(n+1) for a/b^n; a is taken apart where that is shorter."""
        forms = self.forms
        top = functools.reduce(forms.mul, itertools.starmap(forms.power, above))
        slope = common(forms, self._product_rule(above))
        inner = self._known[base]
        if slope == forms.zero:
            top = forms.scale(forms.mul(top, inner), -power)
            return forms.mul(top, forms.power(base, forms.number(-power - 1)))
        left, right = forms.mul(slope, base), forms.scale(forms.mul(top, inner), power)
        numerator = forms.sub(left, right)
        expanded = forms.sub(expand(forms, left), expand(forms, right))
        expanded = with_squares(forms, expanded)
        if weight(forms, expanded) <= weight(forms, numerator):
            numerator = expanded
        return forms.mul(common(forms, numerator), forms.power(base, forms.number(-power - 1)))

    def _call(self, form: Form) -> Form:
        """Return Σ of the partials, as a course writes them, times the arguments' derivatives."""
        forms = self.forms
        name, arguments, static = forms.parts[form]
        operation, total = OPERATIONS[name], forms.zero
        if operation.chooses:
            # The branch that is not taken never reaches the derivative.
            condition, *branches = arguments
            if self.by in forms.reachable([condition]):
                note_edge(forms, self._m, condition)
            first, second = (self._known[branch] for branch in branches)
            same = first == second
            return first if same else forms.call(name, (condition, first, second), static)
        for place, argument in enumerate(arguments):
            inner = self._known[argument]
            if inner != forms.zero:
                note_corners(operation, self._m, [Tensor(forms, part) for part in arguments])
                slope = self._partial(operation, place, form, arguments)
                # The inner derivative goes in front: 2*x*cos(x^2).
                total = forms.add(total, forms.mul(inner, slope))
        return total

    def _partial(
        self, operation: Operation, place: int, form: Form, arguments: tuple[Form, ...]
    ) -> Form:
        """Return the derivative of an operation, whose form is known, by one of its arguments."""
        forms = self.forms
        values = [Tensor(forms, argument) for argument in arguments]
        rule = operation.ruled(place, len(values), accurate=forms.accurate)
        return Tensor.of(forms, rule(self._m, Tensor(forms, form), *values)).form


def note_edge(forms: Forms, m: Namespace, condition: Form) -> None:
    """Take for granted that a choice is not about to change: nothing ties in it or jumps."""
    if not forms.is_call(condition, *COMPARISONS):
        forms.grant(condition, "!=")
    for form in forms.reachable([condition]):
        if forms.kinds[form] != CALL:
            continue
        name, arguments, _ = forms.parts[form]
        if name in COMPARISONS:
            forms.grant(arguments[0], "!=", arguments[1])
        elif name in OPERATIONS and OPERATIONS[name].elementwise:
            values = [Tensor(forms, argument) for argument in arguments]
            note_corners(OPERATIONS[name], m, values, "a jump")


def note_corners(operation: Operation, m: Namespace, values: list[Any], words: str = "") -> None:
    """Take for granted that a step or a corner is not met: their rules ask for equality."""
    for kink in operation.kinks:
        if kink.turns and not kink.compared and kink.words.startswith(words):
            kink.at(m, *values)
