"""Elements and rows of forms, lists of them, and numbers written out in all their places."""

from __future__ import annotations

import itertools
from typing import Final, TypeAlias

from cgcli.algebra.forms import Forms
from cgcli.algebra.normal import COMPARISONS
from cgcli.algebra.sums import CALL, NAME, NUMBER, Form
from cgcli.depth import Steps, descend
from cgcli.errors import CgraphError
from cgcli.operations.row import Shape, Static
from cgcli.operations.shapes import describe, size
from cgcli.operations.table import OPERATIONS

MOST: Final = 16
"""So many numbers are written out one by one where there is another way."""

_FEW: Final = 400

Elements: TypeAlias = dict[tuple[Form, int], Form]
"""The elements of forms that are known, by form and place."""


def element(forms: Forms, form: Form, place: int) -> Form:
    """Return the element of a vector, or the row of a matrix, at a place.

    What is elementwise is taken apart: the element of x*sin(y) at 0 is x[0]*sin(y[0]). What is
    compared with its greatest is not: that finds it again only as long as both round alike.
    """
    known: Elements = {}
    descend(_element(forms, known, form, place))
    return known[form, place]


def _element(forms: Forms, known: Elements, form: Form, place: int) -> Steps:
    """Put an element among those that are known, after those of the parts that it is made of."""
    kind, parts, shape = forms.kinds[form], forms.parts[form], forms.shapes[form]
    call: tuple[str, tuple[Form, ...], Static] = parts if kind == CALL else ("", (), ())
    name, arguments, static = call
    operation = OPERATIONS.get(name)
    looked_into = kind != CALL or (operation is not None and operation.elementwise)
    if not shape or (form, place) in known:
        made = known.get((form, place), form)
    elif name == "stack":
        made = arguments[place]
    elif name == "onehot" and forms.value(arguments[0]) is not None:
        made = forms.one if forms.value(arguments[0]) == place else forms.zero
    elif name == "outer":
        yield _element(forms, known, arguments[0], place)
        made = forms.mul(known[arguments[0], place], arguments[1])
    elif name == "concat":
        lengths = [(forms.shapes[part] or (1,))[0] for part in arguments]
        k = next(k for k, end in enumerate(itertools.accumulate(lengths)) if place < end)
        at = arguments[k], place - sum(lengths[:k])
        yield _element(forms, known, *at)
        made = known[at]
    elif name == "transpose" and forms.is_call(arguments[0], "stack") and shape[1:] == (1,):
        (row,) = forms.inner(arguments[0])
        yield _element(forms, known, row, place)
        made = forms.call("stack", (known[row, place],))
    elif name == "index":
        made = forms.call("index", arguments, (*static, place))
    elif kind == NAME or not looked_into or _seeks(forms, form):
        made = forms.call("index", (form,), (place,))
    else:
        lower = forms.inner(form)
        for k, part in enumerate(lower):
            axes = forms.shapes[part]
            # What broadcasts along the first axis stands for its own element.
            if len(axes) == len(shape):
                at = part, place if axes[0] != 1 else 0
                yield _element(forms, known, *at)
                lower[k] = known[at]
        made = forms.made_of(form, lower)
    known[form, place] = made


def _seeks(forms: Forms, form: Form) -> bool:
    """Whether a form is a comparison that may look for the extreme of a vector's elements."""
    return forms.is_call(form, *COMPARISONS) and any(
        forms.is_call(part, "amax", "amin") for part in forms.reachable([form])
    )


def stacked(forms: Forms, parts: list[Form]) -> Form:
    """Return a list of forms of one shape; all the rows of a matrix, in order, are the matrix."""
    coefficient = forms.factors(parts[0])[0]
    alike = all(forms.factors(part)[0] == coefficient for part in parts)
    if alike and coefficient not in (0, 1) and forms.kinds[parts[0]] != NUMBER:
        bare = stacked(forms, [forms.scale(part, 1 / coefficient) for part in parts])
        if not forms.is_call(bare, "stack"):
            return forms.scale(bare, coefficient)
    first = parts[0]
    if forms.is_call(first, "index"):
        source: Form = forms.parts[first][1][0]
        static = forms.parts[first][2]
        if len(static) == 1 and forms.shapes[source][0] == len(parts):
            places = [forms.call("index", (source,), (k,)) for k in range(len(parts))]
            if parts == places:
                return source
    return forms.call("stack", tuple(parts))


def filled(forms: Forms, form: Form, shape: Shape, like: Form | None = None) -> Form:
    """Return a form in a shape that it broadcasts to, written out where it is smaller.

    Where that would be long, `like` is a form of that shape, whose power 0 is 1 everywhere.
    Raises `CgraphError` of kind limit where there is none.
    """
    axes = forms.shapes[form]
    if axes == shape:
        return form
    if max(shape) > MOST or size(shape) > _FEW:
        if like is None:
            message = f"{describe(shape)} of equal parts would have to be written out"
            raise CgraphError("limit", message, "take smaller shapes")
        ones = forms.call("pow", (like, forms.zero))
        return forms.call("mul", (form, ones)) if form != forms.one else ones
    if len(shape) == 1:
        part = element(forms, form, 0) if axes else form
        return forms.call("stack", (part,) * shape[0])
    if len(axes) == 2 and axes[1] == 1 and axes[0] == shape[0]:
        ones = filled(forms, forms.one, shape[1:])
        if forms.kinds[form] == NAME:
            return forms.call("matmul", (form, forms.call("stack", (ones,))))
        column = stacked(
            forms, [element(forms, element(forms, form, k), 0) for k in range(axes[0])]
        )
        return _outer(forms, column, ones)
    row = element(forms, form, 0) if len(axes) == 2 else form
    row = filled(forms, row, shape[1:])
    if forms.kinds[row] == NAME or not axes:
        return forms.call("stack", (row,) * shape[0])
    return _outer(forms, filled(forms, forms.one, shape[:1]), row)


def _outer(forms: Forms, a: Form, b: Form) -> Form:
    """Return an outer product, numbers before it."""
    (first, _), (second, _) = forms.factors(a), forms.factors(b)
    bare = forms.scale(a, 1 / first), forms.scale(b, 1 / second)
    return forms.scale(forms.call("outer", bare), first * second)


def listed(forms: Forms, form: Form) -> Form:
    """Return a short vector or matrix that is made of unit vectors as a list: [y, x]."""
    shape = forms.shapes[form]
    if not shape or size(shape) > MOST:
        return form
    for term in forms.terms(form)[1]:
        bases = forms.factors(term)[1]
        firsts = [forms.inner(b)[0] if forms.is_call(b, "outer") else b for b in bases]
        if not any(forms.is_call(first, "onehot") for first in firsts):
            return form
    rows = [filled(forms, element(forms, form, k), shape[1:]) for k in range(shape[0])]
    rows = [listed(forms, row) if forms.shapes[row] else row for row in rows]
    return forms.call("stack", tuple(rows))
