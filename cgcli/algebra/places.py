"""Elements and rows of forms, lists of them, and numbers written out in all their places."""

from __future__ import annotations

from typing import Final, TypeAlias

from cgcli.algebra.forms import Forms
from cgcli.algebra.signs import COMPARISONS
from cgcli.algebra.sums import CALL, NAME, NUMBER, Form
from cgcli.algebra.walk import worked_out
from cgcli.errors import CgraphError
from cgcli.operations.row import Shape
from cgcli.operations.shapes import describe, size
from cgcli.operations.table import OPERATIONS

MOST: Final = 16
"""So many numbers are written out one by one where there is another way."""

_FEW: Final = 400

At: TypeAlias = tuple[Form, int]


def element(forms: Forms, form: Form, place: int) -> Form:
    """Return the element of a vector, or the row of a matrix, at a place.

    What is elementwise is taken apart: the element of x*sin(y) at 0 is x[0]*sin(y[0]). What is
    compared with its greatest is not: that finds it again only as long as both round alike.
    """
    known: dict[At, Form] = {}

    def made(at: At) -> Form:
        return _element(forms, at, [known[part] for part in _inner(forms, at)])

    return worked_out((form, place), lambda at: _inner(forms, at), made, known)


def _inner(forms: Forms, at: At) -> list[At]:
    """Return the parts, each with its own place, whose elements an element is made of."""
    form, place = at
    kind, parts, shape = forms.kinds[form], forms.parts[form], forms.shapes[form]
    if not shape:
        return []
    inner = forms.inner(form)
    if kind == CALL:
        name, arguments, _ = parts
        if name == "outer":
            return [(arguments[0], place)]
        if name == "transpose":
            rows = forms.inner(arguments[0])
            is_column = forms.is_call(arguments[0], "stack") and len(rows) == 1
            return [(rows[0], place)] if is_column else []
        operation = OPERATIONS.get(name)
        if operation is None or not operation.elementwise or _seeks(forms, form):
            return []
    # Of a part that broadcasts there is one element, or the part itself is asked for.
    rank = len(shape)
    return [
        (part, place if len(forms.shapes[part]) == rank and forms.shapes[part][0] != 1 else 0)
        for part in inner
    ]


def _seeks(forms: Forms, form: Form) -> bool:
    """Whether a form is a comparison that may look for the extreme of a vector's elements."""
    return forms.parts[form][0] in COMPARISONS and any(
        forms.is_call(part, "amax", "amin") for part in forms.reachable([form])
    )


def _element(forms: Forms, at: At, inner: list[Form]) -> Form:
    form, place = at
    kind, parts, shape = forms.kinds[form], forms.parts[form], forms.shapes[form]
    if not shape:
        return form
    if kind == NAME:
        return forms.call("index", (form,), (place,))
    rank = len(shape)
    # What broadcasts along the first axis stands for its own element.
    lower = [
        lowered if len(forms.shapes[part]) == rank else part
        for part, lowered in zip(forms.inner(form) if inner else (), inner, strict=False)
    ]
    if kind != CALL:
        return forms.made_of(form, lower)
    name, arguments, static = parts
    if name == "stack":
        return forms.inner(form)[place]
    if name == "onehot" and forms.value(arguments[0]) is not None:
        return forms.one if forms.value(arguments[0]) == place else forms.zero
    if name == "outer":
        return forms.mul(inner[0], arguments[1])
    if name == "concat":
        for part in arguments:
            length = forms.shapes[part][0] if forms.shapes[part] else 1
            if place < length:
                return element(forms, part, place) if forms.shapes[part] else part
            place -= length
    if name == "transpose" and inner:
        return forms.call("stack", (inner[0],))
    if name == "index":
        return forms.call("index", arguments, (*static, place))
    return forms.made_of(form, lower) if inner else forms.call("index", (form,), (place,))


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
        if not any(_is_unit(forms, base) for base in forms.factors(term)[1]):
            return form
    rows = [filled(forms, element(forms, form, k), shape[1:]) for k in range(shape[0])]
    rows = [listed(forms, row) if forms.shapes[row] else row for row in rows]
    return forms.call("stack", tuple(rows))


def _is_unit(forms: Forms, form: Form) -> bool:
    """Whether a form is 0 but for one element, or one row."""
    if forms.is_call(form, "outer"):
        form = forms.inner(form)[0]
    return forms.is_call(form, "onehot")
