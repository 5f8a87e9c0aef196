"""The signs of forms: what is positive wherever it has a value, and what a condition comes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cgcli.algebra.forms import Forms
from cgcli.algebra.sums import CALL, NAME, NUMBER, PRODUCT, Condition, Form
from cgcli.operations.row import LEVELS
from cgcli.operations.table import CONSTANTS, OPERATIONS, TABLE

COMPARISONS: Final = {row.name: row.symbol for row in TABLE if row.level == LEVELS["comparison"]}
_DEEP: Final = 3


def least(forms: Forms, form: Form, deep: int = _DEEP) -> str:
    """Return the sign a form has before 0 wherever it has a value: ">", ">=", or "" for any.

    It is what a glance tells.

    >>> forms = Forms()
    >>> square = forms.power(forms.name("x"), forms.number(2))
    >>> least(forms, square), least(forms, forms.add(square, forms.one))
    ('>=', '>')
    """
    kind, parts = forms.kinds[form], forms.parts[form]
    if kind == NUMBER:
        return ">" if parts > 0 else "" if parts else ">="
    if kind == NAME:
        return ">" if form in forms.constants and parts in CONSTANTS else ""
    if kind == CALL:
        sign = OPERATIONS[parts[0]].sign if parts[0] in OPERATIONS else ""
        if sign != "kept":
            return sign
        return ">" if deep and least(forms, parts[1][0], deep - 1) == ">" else ""
    if not deep:
        return ""
    if kind == PRODUCT:
        signs = [least(forms, base, deep - 1) for base, _ in parts]
        if all(sign == ">" for sign in signs):
            return ">"
        kept = zip(signs, parts, strict=True)
        return ">=" if all(sign or _is_even(forms, power) for sign, (_, power) in kept) else ""
    number, terms = parts
    signs = [least(forms, term, deep - 1) if factor > 0 else "" for term, factor in terms]
    if number < 0 or not all(signs):
        return ""
    return ">" if number > 0 or ">" in signs else ">="


def _is_even(forms: Forms, power: Form) -> bool:
    """Whether a power of that exponent is never negative: 2, -4, and every root, 1/2, 2/3."""
    value = forms.value(power)
    return value is not None and (value.denominator != 1 or value.numerator % 2 == 0)


def parts_of(forms: Forms, condition: Condition) -> Iterator[Condition]:
    """Yield what a condition comes to: that of a product by its factors, none for what holds.

    log(x^2*y) asks for x^2*y > 0, which is x != 0 and y > 0.
    """
    form, sign, right, guard = condition
    if right != forms.zero or sign not in (">", ">=", "!="):
        yield condition
        return
    if _holds(forms, form, sign):
        return
    if forms.value(form) is not None:
        yield condition
        return
    if sign == ">" and least(forms, form):
        sign = "!="
    coefficient, factors = forms.factors(form)
    kept: dict[Form, Form] = {}
    asked: list[tuple[Form, str]] = []
    for base, power in factors.items():
        value = forms.value(power)
        if least(forms, base) == ">":
            continue
        while forms.is_call(base, "abs"):
            # abs(u) is positive where u is not 0.
            base, power = forms.parts[base][1][0], forms.number(2)  # noqa: PLW2901  # peeled
        if value is not None and value.denominator != 1:
            asked.append((base, ">" if value < 0 or sign != ">=" else ">="))
        elif sign == "!=" or _is_even(forms, power):
            if sign != ">=" or (value is not None and value < 0):
                asked.append((base, "!="))
        else:
            kept[base] = forms.one if value is not None else power
    if kept:
        rest = forms.product(type(coefficient)(1 if coefficient > 0 else -1), kept)
        asked.append((rest, sign))
    for left, before_zero in asked:
        if not _holds(forms, left, before_zero):
            yield Condition(left, before_zero, forms.zero, guard)
    if not kept and coefficient <= 0 and sign != "!=":
        yield condition


def _holds(forms: Forms, form: Form, sign: str) -> bool:
    """Whether a form has a sign before 0 wherever it has a value."""
    value = forms.value(form)
    if sign == "!=" and value is not None:
        return value != 0
    known = least(forms, form)
    return bool(known) if sign == ">=" else known == ">"
