"""Rows of a Jacobian put together, or one of them singled out.

A row is a form in which "row" and "unit" calls stand for any row of a matrix, and for the
vector that has 1 at its place.
"""

from __future__ import annotations

import functools

from cgcli.algebra.forms import Forms
from cgcli.algebra.places import element, filled
from cgcli.algebra.sums import CALL, Form
from cgcli.algebra.tensor import Tensor
from cgcli.algebra.tensors import Algebra
from cgcli.operations.table import OPERATIONS


def placed(forms: Forms, form: Form, place: int) -> Form:
    """Return a form in which the rows that stand for any of them are those at a place."""
    known: dict[Form, Form] = {}
    for inside in forms.reachable([form]):
        inner = [known[part] for part in forms.inner(inside)]
        name, _, static = forms.parts[inside] if forms.kinds[inside] == CALL else ("", (), ())
        if name == "row":
            known[inside] = element(forms, inner[0], place)
        elif name == "unit":
            known[inside] = forms.call("onehot", (forms.number(place),), static)
        elif name == "index":
            known[inside] = functools.reduce(functools.partial(element, forms), static, inner[0])
        elif inner == (before := forms.inner(inside)):
            known[inside] = inside
        else:
            if name and not OPERATIONS[name].elementwise:
                # What comes to 0 is a number, and an operation of vectors takes none.
                pairs = zip(inner, before, strict=True)
                inner = [filled(forms, part, forms.shapes[old]) for part, old in pairs]
            known[inside] = forms.made_of(inside, inner)
    return known[form]


class Rows:
    """Rows put together: from the form that stands for any row, the matrix of all of them."""

    def __init__(self, algebra: Algebra) -> None:
        self.algebra = algebra
        self.forms = algebra.forms
        self._depends: dict[Form, bool] = {}
        self._rows: dict[Form, Form | None] = {}

    def matrix(self, row: Form, rank: int) -> Form | None:
        """Return the matrix of all rows, or the vector of all elements; None where none is known.

        Rows that are all alike are one row, which broadcasts; where a row has a rank and is one
        number over and over, the matrix is one column.
        """
        for form in self.forms.reachable([row]):
            depends = any(self._depends[part] for part in self.forms.inner(form))
            kind, parts = self.forms.kinds[form], self.forms.parts[form]
            self._depends[form] = depends or (kind == CALL and parts[0] in ("row", "unit"))
            self._rows[form] = self._put(form) if self._depends[form] else form
        return self._lined(row, rank)

    def _put(self, form: Form) -> Form | None:
        """Return all rows of a form that depends on which row it is."""
        forms = self.forms
        kind, parts = forms.kinds[form], forms.parts[form]
        rank = len(forms.shapes[form])
        if kind == CALL and parts[0] == "row":
            return forms.inner(form)[0]
        inner = [self._lined(part, rank) for part in forms.inner(form)]
        lined = [rows for rows in inner if rows is not None]
        if len(lined) < len(inner):
            return None
        operation = OPERATIONS.get(parts[0])
        if kind != CALL or (operation is not None and operation.elementwise):
            return forms.made_of(form, lined)
        return self._product(parts[1]) if parts[0] == "matmul" else None

    def _lined(self, part: Form, rank: int) -> Form | None:
        """Return a part's rows as they broadcast beside those of the whole."""
        rows = self._rows[part]
        if rows is None or not self._depends[part]:
            return rows
        if rank and not self.forms.shapes[part]:
            like = Tensor(self.forms, self.forms.zero, (1, 1))
            return self.algebra.spread(Tensor(self.forms, rows), like, 1).form
        return rows

    def _product(self, arguments: tuple[Form, Form]) -> Form | None:
        """Return the rows of a product with one factor that changes from row to row."""
        forms, algebra = self.forms, self.algebra
        (a, b), (left, right) = arguments, (self._rows[factor] for factor in arguments)
        changing, rows = (b, right) if self._depends[b] else (a, left)
        if left is None or right is None or rows is None or (self._depends[a] and changing == b):
            return None
        if len(forms.shapes[changing]) != 1 or len(forms.shapes[rows]) != 2:
            return None
        if changing == b:
            over = Tensor(forms, left)
            other = over if len(over.shape) == 1 else algebra.transpose(over)
            return algebra.product(Tensor(forms, right), other).form
        return algebra.product(Tensor(forms, left), Tensor(forms, right)).form
