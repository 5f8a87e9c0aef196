"""The signs of forms: what is positive wherever it has a value, and what a condition comes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cgcli.algebra.forms import CALL, NAME, NUMBER, PRODUCT, Condition, Form, Forms
from cgcli.operations.table import CONSTANTS

__all__ = ["COMPARISONS", "is_not_negative", "is_positive", "parts_of"]

COMPARISONS: Final = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_POSITIVE: Final = frozenset({"exp", "sigmoid", "cosh", "erfc", "softplus", "softmax"})
_NOT_NEGATIVE: Final = frozenset({"abs", "relu", "hypot", "norm"})
_KEEPING: Final = frozenset({"sum", "prod", "amax", "amin", "transpose", "index"})
_DEEP: Final = 3


def is_positive(forms: Forms, form: Form, deep: int = _DEEP) -> bool:
    """Whether a form is greater than 0 wherever it has a value, as far as a glance tells."""
    kind, parts = forms.kinds[form], forms.parts[form]
    if kind == NUMBER:
        return bool(parts > 0)
    if kind == NAME:
        return form in forms.constants and parts in CONSTANTS
    if kind == CALL and parts[0] in _KEEPING and deep:
        return is_positive(forms, parts[1][0], deep - 1)
    if kind == CALL:
        return parts[0] in _POSITIVE
    if not deep:
        return False
    if kind == PRODUCT:
        return all(is_positive(forms, base, deep - 1) for base, _ in parts)
    number, terms = parts
    return (
        number >= 0
        and all(factor > 0 and is_not_negative(forms, term, deep - 1) for term, factor in terms)
        and (number > 0 or any(is_positive(forms, term, deep - 1) for term, _ in terms))
    )


def is_not_negative(forms: Forms, form: Form, deep: int = _DEEP) -> bool:
    """Whether a form is at least 0 wherever it has a value, as far as a glance tells."""
    if is_positive(forms, form, deep):
        return True
    kind, parts = forms.kinds[form], forms.parts[form]
    if kind == NUMBER:
        return bool(parts >= 0)
    if kind == CALL:
        return parts[0] in _NOT_NEGATIVE
    if not deep or kind == NAME:
        return False
    if kind == PRODUCT:
        return all(
            _is_even(forms, power) or is_not_negative(forms, base, deep - 1)
            for base, power in parts
        )
    number, terms = parts
    return number >= 0 and all(
        factor > 0 and is_not_negative(forms, term, deep - 1) for term, factor in terms
    )


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
    if sign == ">" and is_not_negative(forms, form):
        sign = "!="
    coefficient, factors = forms.factors(form)
    kept: dict[Form, Form] = {}
    for base, power in factors.items():
        value = forms.value(power)
        if is_positive(forms, base):
            continue
        while forms.is_call(base, "abs"):
            # abs(u) is positive where u is not 0.
            base, power = forms.parts[base][1][0], forms.number(2)  # noqa: PLW2901
        if value is not None and value.denominator != 1:
            strict = value < 0 or sign != ">="
            yield from _again(forms, base, ">" if strict else ">=", guard)
        elif sign == "!=" or _is_even(forms, power):
            if sign != ">=" or (value is not None and value < 0):
                yield from _again(forms, base, "!=", guard)
        else:
            kept[base] = forms.one if value is not None else power
    if kept:
        rest = forms.product(type(coefficient)(1 if coefficient > 0 else -1), kept)
        if not _holds(forms, rest, sign):
            yield Condition(rest, sign, forms.zero, guard)
    elif coefficient <= 0 and sign != "!=":
        yield condition


def _again(
    forms: Forms,
    base: Form,
    sign: str,
    guard: tuple[tuple[Form, bool], ...],
) -> Iterator[Condition]:
    if not _holds(forms, base, sign):
        yield Condition(base, sign, forms.zero, guard)


def _holds(forms: Forms, form: Form, sign: str) -> bool:
    if sign == ">=":
        return is_not_negative(forms, form)
    value = forms.value(form)
    if sign == "!=" and value is not None:
        return value != 0
    return is_positive(forms, form)
