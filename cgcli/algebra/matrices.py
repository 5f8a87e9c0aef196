"""The operations of vectors and matrices over forms, simplified as a person would."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from cgcli.algebra.forms import Forms
from cgcli.algebra.normal import apply
from cgcli.algebra.places import MOST, element, filled, stacked
from cgcli.algebra.sums import CALL, Condition, Form, without
from cgcli.algebra.tensor import Tensor, shape_of
from cgcli.numbers.parts import Parts
from cgcli.operations.row import Index, Shape, Span, Static
from cgcli.operations.shapes import reduced, size

_UNITS = ("unit", "onehot")


class Algebra:
    """The operations of vectors and matrices over tensors, by their names in the rules."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms

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
        return scale, forms.product(Fraction(1), rest)

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
        (p, left), (q, right) = self._kind(first), self._kind(second)
        outer_scale, left = self._apart(left)
        inner_scale, right = self._apart(right)
        scale = forms.mul(outer_scale, inner_scale)
        if p == "full" and forms.is_call(left, "diag"):
            vector = self._diagonal(left)
            result = forms.mul(self._column(vector) if len(second.shape) > 1 else vector, right)
        elif q == "full" and len(second.shape) > 1 and forms.is_call(right, "diag"):
            result = forms.mul(left, self._diagonal(right))
        elif p == "scalar" or (p == "full" and not forms.shapes[left]):
            # Every element of the left one is 1.
            result = self.sum(self._tensor(right, second.shape), 0).form
        elif q == "scalar" or (q == "full" and not forms.shapes[right]):
            result = self.sum(self._tensor(left, first.shape), -1).form
            if len(second.shape) > 1 and len(first.shape) > 1:
                result = self._column(result)
        elif p == "row":
            result = self.product(self._tensor(left), self._tensor(right, second.shape)).form
        elif p == "column":
            down = self.sum(self._tensor(right, second.shape), 0)
            result = self.outer_or_scale(self._tensor(left), down).form
        elif q == "row":
            along = self.sum(self._tensor(left, first.shape), -1)
            result = self.outer_or_scale(along, self._tensor(right)).form
        elif q == "column":
            result = self.product(self._tensor(left), self._tensor(right)).form
            result = self._column(result) if len(first.shape) > 1 else result
        else:
            result = self._matmul(left, right)
        return self._tensor(forms.mul(scale, result), shape)

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

    def cumsum(self, x: Any, *, backwards: bool = False) -> Tensor:
        """Return for every element of a vector the sum up to it; backwards, from it on."""
        tensor = self.of(x)
        if backwards and tensor.shape[0] <= MOST:
            elements = [self.index(tensor, place) for place in range(tensor.shape[0])]
            sums = [*itertools.accumulate(elements[::-1])]
            return self.stack(*sums[::-1])
        upward = self._tensor(self.forms.call("cumsum", (self.form(tensor),)))
        return self.of(self.sum(tensor) - upward + tensor) if backwards else upward

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

    # Places

    def stack(self, *parts: Any) -> Tensor:
        """Return a list."""
        tensors_ = [self.of(part) for part in parts]
        forms = [filled(self.forms, tensor.form, tensor.shape) for tensor in tensors_]
        return self._tensor(stacked(self.forms, forms), (len(parts), *tensors_[0].shape))

    def index(self, x: Any, *places: Index) -> Tensor:
        """Return an element, a row or a part."""
        tensor = self.of(x)
        for k, place in enumerate(places):
            if isinstance(place, Span):
                rest, part = places[k + 1 :], place.places(tensor.shape[0])
                return self.stack(*(self.index(tensor[at], *rest) for at in part))
            assert isinstance(place, int)
            tensor = tensor[place % tensor.shape[0]]
        return tensor

    def scatter(self, value: Any, like: Any, *places: Index) -> Tensor:
        """Return zeros, but for a value at some places."""
        shape = shape_of(like)
        forms = self.forms
        if any(isinstance(place, Span) for place in places):
            return self._spread_out(self.of(value), shape, places)
        if any(isinstance(place, tuple) for place in places):
            return self.diag(self._tensor(self.form(value), shape[:1]))
        units = [
            self._tensor(forms.call("onehot", (forms.number(place % length),), (length,)))
            for place, length in zip(places, shape, strict=False)
            if isinstance(place, int)
        ]
        if len(shape) == len(units):
            unit = units[0] if len(units) == 1 else self.outer_or_scale(*units)
            return self.of(value * unit)
        return self.outer_or_scale(units[0], value)

    def _spread_out(self, value: Tensor, shape: Shape, places: Static) -> Tensor:
        """Return a list of zeros but for the elements, or rows, of a value at some places."""
        first, *rest = places or (Span(None, None),)
        many = isinstance(first, Span)
        at = [*first.places(shape[0])] if isinstance(first, Span) else [first % shape[0]]
        zero = self._tensor(self.forms.zero, shape[1:])
        rows = [zero] * shape[0]
        for k, place in enumerate(at):
            row = value[k] if many else value
            rows[place] = self._spread_out(row, shape[1:], tuple(rest)) if shape[1:] else row
        return self.stack(*rows)

    def concat(self, *parts: Any) -> Tensor:
        """Return parts end to end."""
        return self._tensor(self.forms.call("concat", tuple(self.form(part) for part in parts)))

    def piece(self, up: Any, place: int, parts: Parts) -> Tensor:
        """Return what one of several parts end to end takes."""
        start, extent = parts.start(place, shape_of), shape_of(parts[place])
        if not extent:
            return self.index(up, start)
        if not self.forms.shapes[up.form]:
            return self._tensor(up.form, extent)
        return self.stack(*(self.index(up, start + k) for k in range(extent[0])))

    def products_of_others(self, x: Any, *axis: int) -> Tensor:
        """Return for every element the product of all others: a list, or all of them over it."""
        tensor = self.of(x)
        forms, shape = self.forms, tensor.shape
        if 0 < len(shape) < 3 and size(shape) <= MOST // 2:
            along = axis[0] % len(shape) if axis else 0
            # The factors of one product differ in the place along its axis alone.
            line: Callable[[Shape], Shape]
            line = lambda place: place[:along] + place[along + 1 :] if axis else ()
            elements = {place: self.index(tensor, *place).form for place in np.ndindex(*shape)}
            products = []
            for place in elements:
                others = [at for at in elements if at != place and line(at) == line(place)]
                product = functools.reduce(forms.mul, map(elements.__getitem__, others), forms.one)
                products.append(self._tensor(product))
            if len(shape) == 1:
                return self.stack(*products)
            rows = range(0, len(products), shape[1])
            return self.stack(*(self.stack(*products[k : k + shape[1]]) for k in rows))
        form = self.form(tensor)
        total = self.spread(self._tensor(forms.call("prod", (form,), axis)), tensor, *axis)
        # The quotient has no value where an element is 0, and the derivative has one.
        forms.lost[Condition(tensor.form, "!=", forms.zero)] = None
        return self.of(total / tensor)

    def onehot(self, k: Any, n: int) -> Tensor:
        """Return a vector with 1 at a place."""
        return self._tensor(self.forms.call("onehot", (self.of(k).form,), (n,)))

    def exp(self, x: Any) -> Tensor:
        """Return the exponential; that of x - logsumexp(x) is softmax(x)."""
        tensor = self.of(x)
        forms = self.forms
        number, terms = forms.terms(tensor.form)
        for term, factor in terms.items():
            if forms.kinds[term] != CALL or number:
                continue
            name, arguments, static = forms.parts[term]
            if name == "log_softmax" and len(terms) == 1 and factor == 1:
                return self._tensor(forms.call("softmax", arguments), tensor.shape)
            rest = forms.sum(Fraction(0), without(terms, term))
            is_vector = len(forms.shapes[rest]) == 1 and not static
            if name == "logsumexp" and factor == -1 and arguments[0] == rest and is_vector:
                return self._tensor(forms.call("softmax", arguments), tensor.shape)
        return self._tensor(apply(forms, "exp", (tensor.form,)), tensor.shape)
