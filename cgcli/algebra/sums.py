"""The store of forms, each kept once with its shape, and the sums of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from cgcli.errors import CgraphError
from cgcli.operations.row import Shape
from cgcli.operations.shapes import broadcast
from cgcli.operations.table import OPERATIONS

NUMBER: Final = "number"
NAME: Final = "name"
CALL: Final = "call"
PRODUCT: Final = "product"
SUM: Final = "sum"

CROWD: Final = 60
_ROOM: Final = 100_000
_MUCH: Final = 5_000
"""So many forms an order adds, half a second's, before those that follow are judged by it."""
_FAR: Final = 3
"""So many times the room a forecast has to be: growth may slow down."""
_OPEN: Final = {SUM: 6, PRODUCT: 3}
_ANY: Final = {"row": lambda shape: shape[1:], "unit": lambda length: (length,)}
"""The shapes of what is no operation, and stands for any row of a matrix."""

Form: TypeAlias = int
Terms: TypeAlias = dict[Form, Fraction]
Factors: TypeAlias = dict[Form, Form]
Factor = TypeVar("Factor", Form, Fraction)


def without(factors: Mapping[Form, Factor], *bases: Form) -> dict[Form, Factor]:
    """Return the factors of a product, or the terms of a sum, but for some of them."""
    return {base: factor for base, factor in factors.items() if base not in bases}


class Condition(NamedTuple):
    """Where a formula that was put for another holds: a sign between two forms.

    `guard` holds the branches that the condition is about: comparisons, and whether they hold.
    """

    left: Form
    sign: str
    right: Form
    guard: tuple[tuple[Form, bool], ...] = ()


class Sums:
    """A store of forms: leaves, calls and sums.

    `kinds`, `parts` and `shapes` run over the forms. `granted` are the conditions that were
    taken for granted when something was cancelled, `lost` those without which a derivative has
    a value and its formula none. What is `closed` is a part of others as it is. `constants` are
    the names, and the literals too long to compute with, that stand for no input.
    Forms that are `accurate` are computed with rather than read: rules are the table's accurate
    ones, not those of a textbook. Unless `moving` is None, a formula has a case for numbers
    that are equal, where these names do not move them: what is 0 at one point, by a case of its
    own, has not the slope of what is around it.
    There is `room` for so many forms; one more raises `CgraphError` of kind limit.
    """

    def __init__(self, *, accurate: bool = False) -> None:
        self.accurate = accurate
        self.moving: set[str] | None = None
        self.kinds: list[str] = []
        self.parts: list[Any] = []
        self.shapes: list[Shape] = []
        self._index: dict[Any, Form] = {}
        self._sizes: list[int] = []
        self.granted: dict[Condition, None] = {}
        self.lost: dict[Condition, None] = {}
        self.closed: set[Form] = set()
        self.constants: set[Form] = set()
        self.room = _ROOM
        self.zero = self.number(0)
        self.one = self.number(1)

    def close(self, form: Form) -> Form:
        """Keep a long sum or product that is used several times in one piece, and return it."""
        inner = form
        if self.kinds[form] == SUM and len(self.parts[form][1]) == 1 and not self.parts[form][0]:
            ((inner, _),) = self.parts[form][1]
        parts = self.parts[inner][1] if self.kinds[inner] == SUM else self.parts[inner]
        if self.kinds[inner] in _OPEN and len(parts) > _OPEN[self.kinds[inner]]:
            # A coefficient is kept with it: powers of 3.7 would grow.
            self.closed |= {inner, form}
        return form

    def _keep(
        self, kind: str, key: Any, parts: Any, shape: Shape = (), over: Iterable[Form] = ()
    ) -> Form:
        """Return the form of that key; a new one has the shape, or that of `over` broadcast."""
        form = self._index.get((kind, key))
        if form is None:
            if len(self.kinds) >= self.room:
                raise self.full()
            form = self._index[kind, key] = len(self.kinds)
            self.kinds.append(kind)
            self.parts.append(parts)
            shapes = [self.shapes[part] for part in over]
            self.shapes.append(broadcast(*shapes) if any(shapes) else shape)
        return form

    def full(self) -> CgraphError:
        """Return the error for more forms than there is room for."""
        message = f"the formulas grow past {self.room:,} parts"
        return CgraphError("limit", message, "ask for a lower order, or for less with --wrt")

    def check_growth(self, orders: int) -> None:
        """Raise `CgraphError` where so many orders more would take far more than there is room for.

        It is asked before each. One adds some times as many forms as the order before it: that is
        the least of the last two.
        """
        self._sizes.append(len(self.kinds))
        added = [after - before for before, after in pairwise(self._sizes[-4:])]
        if len(added) < 3 or added[-1] < _MUCH:
            return
        growth = min(after / max(before, 1) for before, after in pairwise(added))
        if added[-1] * growth**orders > _FAR * self.room:
            raise self.full()

    def grant(self, form: Form, sign: str, right: Form | None = None) -> None:
        """Note a condition that is taken for granted from here on: a sign, before 0 or `right`."""
        other = self.zero if right is None else right
        if sign == "!=" and other < form and self.kinds[other] != NUMBER:
            form, other = other, form
        if sign == "!=" and self.kinds[form] == NUMBER:
            form, other = other, form
        self.granted[Condition(form, sign, other)] = None

    # Leaves

    def number(self, value: int | Fraction) -> Form:
        """Return a number's form."""
        value = Fraction(value)
        return self._keep(NUMBER, value, value)

    def name(self, name: str, shape: Shape = ()) -> Form:
        """Return the form of an input."""
        return self._keep(NAME, name, name, shape)

    def constant(self, literal: str) -> Form:
        """Return the form of a constant by its text; an input of the same name is another form."""
        form = self._keep(NAME, (literal,), literal)
        self.constants.add(form)
        return form

    def is_constant(self, form: Form, literal: str) -> bool:
        """Whether a form is the constant of that text."""
        return form in self.constants and self.parts[form] == literal

    def call(
        self, operation: str, arguments: tuple[Form, ...], static: tuple[int, ...] = ()
    ) -> Form:
        """Return an operation of forms, which is not looked into.

        A "row" of a matrix, or an element of a vector, stands for any of them, and a "unit" is
        the vector that has 1 at the place of those.
        """
        parts = (operation, arguments, static)
        rule = _ANY[operation] if operation in _ANY else OPERATIONS[operation].shape
        if rule is None:
            return self._keep(CALL, parts, parts, over=arguments)
        shape = rule(*(self.shapes[argument] for argument in arguments), *static)
        return self._keep(CALL, parts, parts, shape)

    def inner(self, form: Form) -> list[Form]:
        """Return the forms that a form is made of."""
        kind, parts = self.kinds[form], self.parts[form]
        if kind == SUM:
            return [term for term, _ in parts[1]]
        if kind == PRODUCT:
            return [part for pair in parts for part in pair]
        return list(parts[1]) if kind == CALL else []

    def has_case(self, *sides: Form) -> bool:
        """Whether a formula has a case of its own for sides that are equal."""
        reached = self.reachable(sides) if self.moving else ()
        return self.moving is not None and self.moving.isdisjoint(self.parts[k] for k in reached)

    def reachable(self, roots: Iterable[Form]) -> list[Form]:
        """Return all that some forms are made of, and themselves, the innermost first."""
        pending = list(roots)
        seen = set(pending)
        while pending:
            for part in self.inner(pending.pop()):
                if part not in seen:
                    seen.add(part)
                    pending.append(part)
        # What a form is made of was there before it.
        return sorted(seen)

    def dependents(self, roots: Iterable[Form], sources: Iterable[Form]) -> set[Form]:
        """Return the sources, and what depends on one of them among all that roots are made of."""
        varying = set(sources)
        for form in self.reachable(roots):
            if not varying.isdisjoint(self.inner(form)):
                varying.add(form)
        return varying

    def is_call(self, form: Form, *names: str) -> bool:
        """Whether a form is a call of one of these operations."""
        return self.kinds[form] == CALL and self.parts[form][0] in names

    def value(self, form: Form) -> Fraction | None:
        """Return what a number's form is; None for any other."""
        number: Fraction | None = self.parts[form] if self.kinds[form] == NUMBER else None
        return number

    def integer(self, form: Form) -> int | None:
        """Return the whole number that a form is; None for any other."""
        value = self.value(form)
        return int(value) if value is not None and value.denominator == 1 else None

    # Sums

    def terms(self, form: Form) -> tuple[Fraction, Terms]:
        """Return a form as a sum: a number, and terms with their coefficients."""
        kind = self.kinds[form]
        if kind == NUMBER:
            return self.parts[form], {}
        if kind == SUM and form not in self.closed:
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
        key = (number, frozenset(kept))
        return self._keep(SUM, key, (number, kept), over=(term for term, _ in kept))

    def add(self, a: Form, b: Form) -> Form:
        """Return a + b, like terms joined."""
        if self.zero in (a, b):
            return b if a == self.zero else a
        first, terms = self._opened(a)
        second, others = self._opened(b)
        for term, factor in others.items():
            terms[term] = terms.get(term, 0) + factor
        return self.sum(first + second, terms)

    def _opened(self, form: Form) -> tuple[Fraction, Terms]:
        """Return a sum's terms, the sums among them taken apart: 1 + 2*(x + 1) is 2*x + 3."""
        number, terms = self.terms(form)
        if len(terms) > CROWD:
            return Fraction(0), {form: Fraction(1)}
        for term, factor in list(terms.items()):
            if self.kinds[term] != SUM or term in self.closed or len(self.parts[term][1]) > CROWD:
                continue
            joined = terms.pop(term) - factor
            inner = self.parts[term]
            number += factor * inner[0]
            if joined:
                terms[term] = joined
            for part, share in inner[1]:
                terms[part] = terms.get(part, 0) + factor * share
        return number, terms

    def scale(self, form: Form, factor: Fraction) -> Form:
        """Return a number times a form; a sum of several terms changes its signs at most."""
        if factor == 1:
            return form
        number, terms = self.terms(form)
        if not terms:
            return self.number(number * factor)
        if factor == -1 or (len(terms) == 1 and not number):
            return self.times(form, factor)
        return self.sum(Fraction(0), {form: factor})

    def times(self, form: Form, factor: Fraction) -> Form:
        """Return a number times a form, every term of a sum multiplied."""
        number, terms = self.terms(form)
        return self.sum(number * factor, {term: share * factor for term, share in terms.items()})

    def sub(self, a: Form, b: Form) -> Form:
        """Return a - b."""
        return self.add(a, self.negative(b))

    def negative(self, form: Form) -> Form:
        """Return -a; every term of a sum has its sign changed."""
        return self.times(form, Fraction(-1))
