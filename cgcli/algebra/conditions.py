"""Where formulas have a value, and what must be said because they do not show it themselves.

A derivative holds where its program has one. log(x) asks for x > 0, and its derivative 1/x does
not: then the formula comes with the condition. What the formula asks for itself, as 1/x asks
for x != 0, is seen and not said.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from cgcli.algebra.forms import Forms
from cgcli.algebra.normal import COMPARISONS, parts_of
from cgcli.algebra.sums import CALL, PRODUCT, Condition, Form
from cgcli.algebra.tensor import Tensor
from cgcli.algebra.tensors import Algebra
from cgcli.graph.graph import Graph
from cgcli.operations.row import LEVELS
from cgcli.operations.table import OPERATIONS, TABLE

Guard: TypeAlias = tuple[tuple[Form, bool], ...]
Look: TypeAlias = tuple[Iterable[Condition], Sequence[int], bool]
"""What a form or a node asks for itself, its parts, and if the last two of them are branches."""

_TURNED: Final = {row.symbol: OPERATIONS[row.opposite].symbol for row in TABLE if row.opposite}
_GUARDS: Final = 200
_COMPARED: Final = 100


class Conditions:
    """The conditions that a program's parts ask for, and those that its derivatives show.

    >>> from cgcli.algebra.normal import read
    >>> from cgcli.program import parse
    >>> forms, graph = Forms(), parse("log(x)").graph()
    >>> conditions = Conditions(forms)
    >>> asked = conditions.asked(read(forms, graph, graph.output)[graph.output])
    >>> [(forms.parts[each.left], each.sign) for each in asked]
    [('x', '>')]
    """

    def __init__(self, forms: Forms) -> None:
        self.forms = forms
        self._m = Algebra(forms)
        self._domains: dict[tuple[str, tuple[Form, ...], tuple[int, ...]], list[Condition]] = {}

    def asked(self, root: Form, varies: Container[Form] | None = None) -> dict[Condition, None]:
        """Return what must hold for a form to have a value; with `varies`, for those parts alone.

        A branch's conditions are guarded by the branch.
        """
        forms = self.forms

        def look(form: Form) -> Look:
            kind, parts = forms.kinds[form], forms.parts[form]
            conditions: list[Condition] = self._domain(*parts) if kind == CALL else []
            for base, exponent in parts if kind == PRODUCT else ():
                if varies is None or base in varies or forms.value(exponent) is None:
                    conditions += self._of_power(base, exponent)
            return conditions, forms.inner(form), forms.is_call(form, "where")

        reaches = lambda form: varies is None or form in varies
        return self._walked(root, look, reaches, lambda form: form)

    def _walked(
        self,
        root: int,
        look: Callable[[int], Look],
        reaches: Callable[[int], bool],
        form: Callable[[int], Form],
    ) -> dict[Condition, None]:
        """Return what is asked for by all that a form or a node is made of, and is reached."""
        asked: dict[Condition, None] = {}
        pending: list[tuple[int, Guard]] = [(root, ())]
        seen = set(pending)
        guards: set[Guard] = set()
        while pending:
            place, guard = pending.pop()
            conditions, parts, is_choice = look(place)
            for condition in conditions:
                asked[condition._replace(guard=(*guard, *condition.guard))] = None
            within = [(part, guard) for part in parts[is_choice:]]
            choice = form(parts[0]) if is_choice else self.forms.zero
            value = self.forms.value(choice)
            if is_choice and value is not None:
                within = within[:1] if value else within[1:]
            elif is_choice:
                taken = [(*guard, (choice, True)), (*guard, (choice, False))]
                guards.update(taken)
                if len(guards) <= _GUARDS and not self.forms.shapes[choice]:
                    within = list(zip(parts[1:], taken, strict=True))
            fresh = [one for one in within if one not in seen and reaches(one[0])]
            seen.update(fresh)
            pending.extend(fresh)
        return asked

    def shown(self, root: Form) -> dict[Condition, None]:
        """Return what a formula asks for itself; a power has no value where its base allows none.

        Accurate formulas tell powers apart, and their branches would hide what both ask for.
        """
        forms, conditions = self.forms, self.asked(root)
        for form in forms.reachable([root]):
            if forms.kinds[form] == PRODUCT:
                for base, exponent in forms.parts[form]:
                    if forms.value(exponent) is None:
                        conditions[Condition(base, ">=", forms.zero)] = None
        return conditions

    def untold(self, asked: Iterable[Condition], shown: Iterable[Condition]) -> list[Condition]:
        """Return those of the conditions asked that do not follow from those shown."""
        known = self._known(shown)
        missing: dict[Condition, None] = {}
        for one in asked:
            for condition in parts_of(self.forms, one):
                canonical = list(self._canonical(condition))
                if not all(self._follows(part, known) for part in canonical):
                    missing[condition] = None
        return list(missing)

    def reduced(self, conditions: Iterable[Condition]) -> list[Condition]:
        """Return conditions without those that follow from others, as people write them."""
        kept = {tuple(self._canonical(condition)): condition for condition in conditions}
        if len(kept) <= _COMPARED:
            for parts, condition in list(kept.items()):
                known = self._known(other for other in kept.values() if other != condition)
                if all(self._follows(part, known) for part in parts):
                    del kept[parts]
        return [self._plain(condition) for condition in kept.values()]

    def _known(self, conditions: Iterable[Condition]) -> dict[Condition, None]:
        """Return conditions in one way of writing; with a product, no factor of it is 0."""
        known: dict[Condition, None] = {}
        for one in conditions:
            for part in self._canonical(one):
                known[part] = None
                if part.sign == ">" and self.forms.kinds[part.left] == PRODUCT:
                    for base, _ in self.forms.parts[part.left]:
                        known[Condition(base, "!=", part.right, part.guard)] = None
        return known

    def _plain(self, condition: Condition) -> Condition:
        """Return a condition as people write it: x < 1 for 1 - x > 0."""
        forms, (left, sign, right, guard) = self.forms, condition
        number, terms = forms.terms(left)
        if right != forms.zero or len(terms) != 1:
            return condition
        ((term, factor),) = terms.items()
        if abs(factor) != 1 or (not number and factor == 1):
            return condition
        turned = sign if factor > 0 else {">": "<", ">=": "<="}.get(sign, sign)
        return Condition(term, turned, forms.number(-number / factor), guard)

    def _follows(self, condition: Condition, known: dict[Condition, None]) -> bool:
        left, sign, right, guard = condition
        stronger = {">=": (">=", ">"), "!=": ("!=", ">", "<")}.get(sign, (sign,))
        ways = itertools.product(stronger, range(len(guard) + 1))
        if any(Condition(left, strong, right, guard[:length]) in known for strong, length in ways):
            return True
        for choice, taken in guard:
            within, outside = self._compared(choice, taken), self._compared(choice, not taken)
            if within is None or outside is None:
                continue
            # The branch is never taken, or only where the condition holds.
            if all(part in known for part in self._canonical(outside)) or self._follows(
                condition._replace(guard=()), self._known([within])
            ):
                return True
        return False

    def _canonical(self, condition: Condition) -> Iterator[Condition]:
        """Yield a condition as signs before 0: abs(x) < 1 is 1 - x^2 > 0."""
        forms, (left, sign, right, guard) = self.forms, condition
        if sign in ("<", "<="):
            left, right, sign = right, left, sign.replace("<", ">")
        if forms.is_call(right, "abs") and sign in (">", ">=") and left == forms.one:
            square = forms.power(forms.parts[right][1][0], forms.number(2))
            left, right = forms.one, square
        difference = forms.sub(left, right)
        if sign == "!=":
            # a != b and b != a are one.
            difference = min(difference, forms.negative(difference))
        yield from parts_of(forms, Condition(difference, sign, forms.zero, guard))

    # What one form, or one node, asks for

    def asked_in(
        self, graph: Graph, values: Mapping[int, Form], node: int, active: bytearray | None = None
    ) -> dict[Condition, None]:
        """Return what must hold for a node to have a value, or a gradient through active nodes.

        Here nothing has been cancelled yet: 0*log(x) asks for x > 0.
        """

        def reaches(part: int) -> bool:
            return bool(graph.arguments[part]) and (active is None or bool(active[part]))

        def look(part: int) -> Look:
            name, arguments = graph.operations[part].name, graph.arguments[part]
            parts = tuple(values[argument] for argument in arguments)
            conditions = self._domain(name, parts, graph.static.get(part, ()))
            return conditions, arguments, OPERATIONS[name].chooses

        return self._walked(node, look, reaches, values.__getitem__) if reaches(node) else {}

    def _of_power(self, base: Form, exponent: Form) -> Iterator[Condition]:
        power, zero = self.forms.value(exponent), self.forms.zero
        if power is None:
            # For a negative base some powers have a value, and the next ones too.
            yield Condition(exponent if base == zero else base, ">=", zero)
        elif power.denominator != 1:
            yield Condition(base, ">=" if power > 0 else ">", zero)
        elif power < 0:
            yield Condition(base, "!=", zero)

    def _domain(
        self, name: str, arguments: tuple[Form, ...], static: tuple[int, ...]
    ) -> list[Condition]:
        """Return the domain of an operation, from its row, where that is a comparison."""
        row = OPERATIONS[name]
        if row.level == LEVELS["power"]:
            return list(self._of_power(*arguments))
        key = (name, arguments, static)
        known = self._domains.get(key)
        if known is not None:
            return known
        forms = self.forms
        conditions: list[Condition] = []
        for domain in filter(None, (row.domain, row.slopes)):
            # Here equality is asked: xlogy(0, y) has a value for every y.
            moving, forms.moving = forms.moving, set()
            numbers = [Tensor(forms, argument) for argument in arguments]
            inside: Any = domain.inside(self._m, *numbers, *static)
            forms.moving = moving
            if isinstance(inside, Tensor):
                conditions += self._comparisons(inside.form)
            elif not inside:
                conditions.append(Condition(forms.zero, ">", forms.zero))
        self._domains[key] = conditions
        return conditions

    def _comparisons(self, truth: Form) -> Iterator[Condition]:
        """Yield what must hold for a truth, each in the branches in which it is asked for."""
        forms = self.forms
        pending: list[tuple[Form, Guard]] = [(truth, ())]
        while pending:
            form, guard = pending.pop()
            if form == forms.zero:
                yield Condition(form, ">", form, guard)
            elif forms.is_call(form, "where"):
                choice, first, second = forms.inner(form)
                if second == forms.zero:
                    pending += [(first, guard), (choice, guard)]
                else:
                    pending += [(second, (*guard, (choice, False)))]
                    pending += [(first, (*guard, (choice, True)))]
            elif (one := self._compared(form, True)) is not None:
                yield one._replace(guard=guard)

    def _compared(self, choice: Form, taken: bool) -> Condition | None:
        """Return what a comparison asks for, or its opposite; None for what is none."""
        forms = self.forms
        if not forms.is_call(choice, *COMPARISONS):
            return None
        name, (left, right), _ = forms.parts[choice]
        sign = COMPARISONS[name]
        return Condition(left, sign if taken else _TURNED[sign], right)
