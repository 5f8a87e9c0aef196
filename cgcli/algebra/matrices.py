"""Products and sums of vectors and matrices of forms, simplified as a person would."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from cgcli.algebra.forms import Forms
from cgcli.algebra.places import element, filled
from cgcli.algebra.sums import Form, without
from cgcli.algebra.tensor import Tensor, shape_of
from cgcli.numbers.rounded import BySeries
from cgcli.operations.row import Shape
from cgcli.operations.shapes import reduced, size

_UNITS = ("unit", "onehot")


class Matrices(BySeries):
    """Products, sums and axes of vectors and matrices of forms."""

    forms: Forms

    def _tensor(self, form: Form, shape: Shape | None = None) -> Tensor:
        return Tensor(self.forms, form, shape)

    def of(self, value: Any) -> Tensor:
        """Return a number, or a form of one, as a tensor."""
        return Tensor.of(self.forms, value)

    def form(self, value: Any) -> Form:
        """Return a tensor's form in all its shape."""
        tensor = self.of(value)
        return filled(self.forms, tensor.form, tensor.shape)

    def _apart(self, form: Form) -> tuple[Form, Form]:
        """Return a form as a scalar times a tensor: 2*s*x is 2*s and x.

        A vector times a unit vector is its element times that.
        """
        forms = self.forms
        coefficient, factors = forms.factors(form)
        scalars = {
            base: power
            for base, power in factors.items()
            if not forms.shapes[base] and not forms.shapes[power]
        }
        rest = {base: power for base, power in factors.items() if base not in scalars}
        scale = forms.product(coefficient, scalars)
        for base, power in rest.items():
            if len(rest) > 1 and power == forms.one and self.forms.is_call(base, *_UNITS):
                other = forms.product(Fraction(1), without(rest, base))
                if forms.shapes[other] == forms.shapes[base]:
                    return forms.mul(scale, self._picked(other, base)), base
        tensor = forms.product(Fraction(1), rest)
        # What is a whole number alone, as 1/1.5, leaves its denominator only now.
        more, _ = forms.factors(tensor)
        return forms.scale(scale, more), forms.scale(tensor, 1 / more)

    def _kind(self, tensor: Tensor) -> tuple[str, Form]:
        """Return how a tensor fills its shape: scalar, row, column or full, and what with."""
        forms, (form, shape) = self.forms, (tensor.form, tensor.shape)
        extent = forms.shapes[form]
        if extent == shape:
            return "full", form
        if size(extent) == 1:
            for _ in extent:
                form = element(forms, form, 0)
            return "scalar", form
        if len(extent) == 1:
            return "row", form
        if extent[0] == 1:
            return "row", element(forms, form, 0)
        return "column", element(forms, self._transposed(form), 0)

    def _scaled(self, tensor: Tensor) -> tuple[str, Form, Form]:
        """Return how a tensor fills its shape, and what with: a scalar times 1 or a tensor."""
        kind, form = self._kind(tensor)
        scale, form = self._apart(form)
        if self.forms.shapes[form]:
            return kind, scale, form
        return "scalar", self.forms.mul(scale, form), self.forms.one

    # Products

    def product(self, a: Any, b: Any) -> Tensor:
        """Return the matrix product; a scalar on either side scales."""
        first, second = self.of(a), self.of(b)
        if not first.shape or not second.shape:
            return self.of(first * second)
        forms = self.forms
        shape = (*first.shape[:-1], *second.shape[1:])
        p, outer_scale, left = self._scaled(first)
        q, inner_scale, right = self._scaled(second)
        if p == "full" and len(first.shape) > 1 and forms.is_call(left, "diag"):
            # The other factor as it broadcasts.
            inner_scale, right = self._apart(second.form)
            vector = self._diagonal(left)
            result = forms.mul(self._column(vector) if len(second.shape) > 1 else vector, right)
        elif q == "full" and len(second.shape) > 1 and forms.is_call(right, "diag"):
            outer_scale, left = self._apart(first.form)
            result = forms.mul(left, self._diagonal(right))
        elif p == "scalar":
            # Every element of the left one is 1.
            result = self.sum(self._tensor(right, second.shape), 0).form
        elif p == "row":
            result = self.product(self._tensor(left), self._tensor(right, second.shape)).form
        elif p == "column":
            down = self.sum(self._tensor(right, second.shape), 0)
            result = self.outer_or_scale(self._tensor(left), down).form
        elif q != "full":
            # A @ B is the transpose of B' @ A'.
            return self.transpose(self.product(self.transpose(second), self.transpose(first)))
        else:
            result = self._matmul(left, right)
        return self._tensor(forms.mul(forms.mul(outer_scale, inner_scale), result), shape)

    def _matmul(self, left: Form, right: Form) -> Form:
        """Return a product of two that fill their shapes."""
        forms = self.forms
        if forms.is_call(left, *_UNITS):
            return self._picked(right, left)
        if forms.is_call(right, *_UNITS):
            rows = left if len(forms.shapes[left]) == 1 else self._transposed(left)
            return self._picked(rows, right)
        if len(forms.shapes[left]) == 1 and self.forms.is_call(right, "transpose"):
            left, right = forms.parts[right][1][0], left
        return forms.call("matmul", (left, right))

    def _picked(self, form: Form, unit: Form) -> Form:
        """Return the row that a unit vector picks."""
        forms = self.forms
        if self.forms.is_call(unit, "unit"):
            return forms.row(form)
        place = forms.value(forms.parts[unit][1][0])
        if place is None:
            return forms.call("matmul", (unit, form))
        return element(forms, form, int(place))

    def outer_or_scale(self, a: Any, b: Any) -> Tensor:
        """Return the matrix of products of two vectors, or the vector times the scalar."""
        first, second = self.of(a), self.of(b)
        if not first.shape or not second.shape:
            return self.of(first * second)
        forms = self.forms
        shape = (*first.shape, *second.shape)
        outer_scale, left = self._apart(self._kind(first)[1])
        inner_scale, right = self._apart(self._kind(second)[1])
        scale = forms.mul(outer_scale, inner_scale)
        if not forms.shapes[left]:
            result = right
        elif not forms.shapes[right]:
            result = self._column(left)
        else:
            result = forms.call("outer", (left, right))
        return self._tensor(forms.mul(scale, result), shape)

    def diag(self, x: Any) -> Tensor:
        """Return the diagonal matrix of a vector, or a matrix's diagonal."""
        tensor = self.of(x)
        forms, shape = self.forms, tensor.shape
        if forms.is_call(tensor.form, "stack") and len(set(forms.inner(tensor.form))) == 1:
            # A list of one number, over and over, is that number.
            tensor = self._tensor(forms.inner(tensor.form)[0], shape)
        kind, scale, form = self._scaled(tensor)
        if len(shape) == 1:
            result = forms.call("diag", (filled(forms, form, shape),))
            return self._tensor(forms.mul(scale, result), shape * 2)
        if kind == "full" and forms.is_call(form, "diag"):
            (form,) = forms.parts[form][1]
        elif kind == "full" and forms.is_call(form, "outer"):
            form = forms.mul(*forms.parts[form][1])
        elif kind == "full":
            form = forms.call("diag", (form,))
        return self._tensor(forms.mul(scale, form), shape[:1])

    def _diagonal(self, form: Form) -> Form:
        """Return the vector that a diagonal matrix has as its diagonal, 1 for the identity's."""
        (vector,) = self.forms.parts[form][1]
        elements = self.forms.inner(vector) if self.forms.is_call(vector, "stack") else []
        return self.forms.one if set(elements) == {self.forms.one} else int(vector)

    # Axes

    def transpose(self, x: Any) -> Tensor:
        """Return rows for columns."""
        tensor = self.of(x)
        shape = tensor.shape[::-1]
        if len(shape) < 2:
            return tensor
        scale, form = self._apart(tensor.form)
        if self.forms.shapes[form]:
            form = self._transposed(form)
        return self._tensor(self.forms.mul(scale, form), shape)

    def _transposed(self, form: Form) -> Form:
        """Return a matrix, or a row that stands for one, with rows for columns."""
        forms = self.forms
        if len(forms.shapes[form]) == 1:
            return self._column(form)
        if self.forms.is_call(form, "transpose"):
            return forms.inner(form)[0]
        if self.forms.is_call(form, "diag"):
            return form
        if self.forms.is_call(form, "outer"):
            return forms.call("outer", forms.parts[form][1][::-1])
        return forms.call("transpose", (form,))

    def _column(self, form: Form) -> Form:
        """Return a vector as a matrix of one column, which broadcasts along the rows."""
        if not self.forms.shapes[form]:
            return form
        return self.forms.call("transpose", (self.forms.call("stack", (form,)),))

    def spread(self, value: Any, like: Any, *axis: int) -> Tensor:
        """Undo a reduction's loss of an axis: every element takes the value of its group."""
        tensor, shape = self.of(value), shape_of(like)
        if len(shape) == 2 and axis and axis[0] in (1, -1):
            return self._tensor(self._column(tensor.form), shape)
        return self._tensor(tensor.form, shape)

    def sum(self, x: Any, *axis: int) -> Tensor:
        """Return the sum over everything, or over an axis; a scalar stands before it."""
        tensor = self.of(x)
        forms, shape = self.forms, tensor.shape
        if not shape:
            return tensor
        left = reduced(shape, axis[0] if axis else None)
        kind, scale, form = self._scaled(tensor)
        if not left:
            count = size(shape) // size(forms.shapes[form])
            total = self._total(form) if kind != "scalar" else forms.one
            return self._tensor(forms.mul(forms.scale(scale, Fraction(count)), total), left)
        down = axis[0] in (0, -2)
        count = shape[0] if down else shape[1]
        product = self._as_product(form, shape, down) if kind == "full" else None
        if product is not None:
            return self._tensor(forms.mul(scale, product), left)
        if kind == "full" and self.forms.is_call(form, "transpose"):
            total = forms.call("sum", forms.parts[form][1], (1 if down else 0,))
        elif kind == "full":
            total = forms.call("sum", (form,), (0 if down else 1,))
        elif kind in ("scalar", "row" if down else "column"):
            total = forms.scale(form, Fraction(count))
        else:
            total = self._total(form)
        return self._tensor(forms.mul(scale, total), left)

    def _as_product(self, form: Form, shape: Shape, down: bool) -> Form | None:
        """Return the sum of a matrix times a vector over the axis of the vector as their product.

        sum(W*x, 1) is W @ x.
        """
        forms = self.forms
        factors = forms.factors(form)[1]
        for base, power in factors.items():
            extent = forms.shapes[base]
            rest = without(factors, base)
            if power != forms.one or not rest or extent != ((shape[0], 1) if down else shape[1:]):
                continue
            matrix = forms.product(Fraction(1), rest)
            if forms.shapes[matrix] != shape:
                continue
            if not down:
                return self.product(self._tensor(matrix), self._tensor(base)).form
            vector = element(forms, self._transposed(base), 0)
            return self.product(self._tensor(vector), self._tensor(matrix)).form
        return None

    def _total(self, form: Form) -> Form:
        forms = self.forms
        if forms.is_call(form, *_UNITS):
            return forms.one
        if self.forms.is_call(form, "outer"):
            a, b = forms.parts[form][1]
            return forms.mul(self._total(a), self._total(b))
        if self.forms.is_call(form, "transpose"):
            form = forms.parts[form][1][0]
        if forms.is_call(form, "diag"):
            form = forms.parts[form][1][0]
            return forms.call("sum" if len(forms.shapes[form]) == 1 else "trace", (form,))
        return forms.call("sum", (form,))

    def count(self, x: Any, *axis: int) -> int:
        """Return the number of elements, or of those along an axis."""
        shape = shape_of(x)
        return shape[axis[0]] if axis else size(shape)
