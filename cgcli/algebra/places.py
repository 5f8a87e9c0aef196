"""Elements and rows of forms, lists of them, and numbers written out in all their places."""

from __future__ import annotations

from typing import Final, TypeAlias

from cgcli.algebra.forms import CALL, NUMBER, PRODUCT, SUM, Form, Forms
from cgcli.errors import CgraphError
from cgcli.operations.row import Shape
from cgcli.operations.shapes import describe, size
from cgcli.operations.table import OPERATIONS

__all__ = ["MOST", "element", "listed", "stacked", "whole"]

MOST: Final = 16
"""So many numbers are written out one by one where there is another way."""

_FEW: Final = 400

At: TypeAlias = tuple[Form, int]


def element(forms: Forms, form: Form, place: int) -> Form:
    """Return the element of a vector, or the row of a matrix, at a place.

    What is elementwise is taken apart: the element of x*sin(y) at 0 is x[0]*sin(y[0]).
    """
    found: dict[At, Form] = {}
    pending: list[At] = [(form, place)]
    while pending:
        at = pending[-1]
        if at in found:
            pending.pop()
            continue
        inner = _inner(forms, at)
        missing = [each for each in inner if each not in found]
        if missing:
            pending.extend(missing)
            continue
        pending.pop()
        found[at] = _element(forms, at, [found[each] for each in inner])
    return found[form, place]


def _inner(forms: Forms, at: At) -> list[At]:
    """Return the parts, each with its own place, whose elements an element is made of."""
    form, place = at
    kind, parts, shape = forms.kinds[form], forms.parts[form], forms.shapes[form]
    inner: list[Form] = []
    if not shape or kind == NUMBER:
        return []
    if kind == SUM:
        inner = [term for term, _ in parts[1]]
    elif kind == PRODUCT:
        inner = [each for pair in parts for each in pair]
    elif kind == CALL:
        name, arguments, _ = parts
        if name == "outer":
            return [(arguments[0], place)]
        if name == "transpose":
            column = _only_row(forms, arguments[0])
            return [] if column is None else [(column, place)]
        operation = OPERATIONS.get(name)
        if operation is not None and operation.elementwise:
            inner = list(arguments)
    return [(each, place if forms.shapes[each][:1] != (1,) else 0) for each in inner]


def _only_row(forms: Forms, form: Form) -> Form | None:
    """Return the row of a list of one row."""
    if forms.kinds[form] != CALL or forms.parts[form][0] != "stack":
        return None
    rows = forms.parts[form][1]
    return rows[0] if len(rows) == 1 else None


def _element(forms: Forms, at: At, inner: list[Form]) -> Form:
    form, place = at
    kind, parts, shape = forms.kinds[form], forms.parts[form], forms.shapes[form]
    if not shape:
        return form
    if kind == SUM:
        number, terms = parts
        total = forms.number(number)
        for (term, factor), own in zip(terms, inner, strict=True):
            total = forms.add(total, forms.scale(_lower(forms, form, term, own), factor))
        return total
    if kind == PRODUCT:
        product = forms.one
        for k, (base, power) in enumerate(parts):
            own = _lower(forms, form, base, inner[2 * k])
            product = forms.mul(
                product, forms.power(own, _lower(forms, form, power, inner[2 * k + 1]))
            )
        return product
    if kind != CALL:
        return forms.call("index", (form,), (place,))
    name, arguments, static = parts
    if name == "stack":
        picked: Form = arguments[place]
        return picked
    if name == "onehot" and forms.value(arguments[0]) is not None:
        return forms.one if forms.value(arguments[0]) == place else forms.zero
    if name == "outer":
        return forms.mul(inner[0], arguments[1])
    if name == "transpose" and inner:
        return forms.call("stack", (inner[0],))
    if name == "index":
        return forms.call("index", arguments, (*static, place))
    if inner:
        own = tuple(_lower(forms, form, a, b) for a, b in zip(arguments, inner, strict=True))
        return forms.call(name, own, static)
    return forms.call("index", (form,), (place,))


def _lower(forms: Forms, whole_: Form, part: Form, own: Form) -> Form:
    """Return a part's element, or the part itself where it broadcasts along the first axis."""
    return own if len(forms.shapes[part]) == len(forms.shapes[whole_]) else part


def stacked(forms: Forms, parts: list[Form]) -> Form:
    """Return a list of forms of one shape; all the rows of a matrix, in order, are the matrix."""
    first = parts[0]
    if forms.kinds[first] == CALL and forms.parts[first][0] == "index":
        _, (source,), static = forms.parts[first]
        if len(static) == 1 and forms.shapes[source][0] == len(parts):
            places = [forms.call("index", (source,), (k,)) for k in range(len(parts))]
            if parts == places:
                return source
    return forms.call("stack", tuple(parts))


def whole(forms: Forms, form: Form, shape: Shape) -> Form:
    """Return a form in a shape that it broadcasts to, written out where it is smaller.

    Raises `CgraphError` of kind limit where that would be long.
    """
    own = forms.shapes[form]
    if own == shape:
        return form
    if size(shape) > _FEW:
        message = f"{describe(shape)} of equal parts would have to be written out"
        raise CgraphError("limit", message, "take smaller shapes")
    if len(shape) == 1:
        part = element(forms, form, 0) if own else form
        return forms.call("stack", (part,) * shape[0])
    rows = []
    for k in range(shape[0]):
        row = form if len(own) < 2 else element(forms, form, 0 if own[0] == 1 else k)
        rows.append(whole(forms, row, shape[1:]))
    return stacked(forms, rows)


def listed(forms: Forms, form: Form) -> Form:
    """Return a short vector that is made of unit vectors as a list: [y, x]."""
    shape = forms.shapes[form]
    if len(shape) != 1 or shape[0] > MOST:
        return form
    _, terms = forms.terms(form)
    for term in terms:
        bases = forms.factors(term)[1]
        if not any(
            forms.kinds[base] == CALL and forms.parts[base][0] == "onehot" for base in bases
        ):
            return form
    return forms.call("stack", tuple(element(forms, form, k) for k in range(shape[0])))
