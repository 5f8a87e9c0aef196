"""The rule book over vectors and matrices of forms: the table's rules build formulas."""

from __future__ import annotations

import functools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from cgcli.algebra.forms import Forms
from cgcli.algebra.matrices import Matrices
from cgcli.algebra.normal import apply
from cgcli.algebra.places import MOST, filled, stacked
from cgcli.algebra.sums import CALL, Condition, without
from cgcli.algebra.tensor import Tensor, shape_of
from cgcli.numbers.parts import Parts
from cgcli.numbers.rounded import BySeries
from cgcli.operations.protocol import PRIMITIVES
from cgcli.operations.row import Index, Operation, Shape, Span, Static
from cgcli.operations.shapes import broadcast, size
from cgcli.operations.table import OPERATIONS, TABLE


class Algebra(Matrices):
    """The functions of the rules, over tensors; any other operation of the table is a call.

    >>> forms = Forms()
    >>> m = Algebra(forms)
    >>> x = Tensor(forms, forms.name("x", (3,)))
    >>> m.sum(2 * x).form == (2 * m.sum(x)).form
    True
    """

    def __init__(self, forms: Forms) -> None:
        self.forms = forms
        called = [row for row in TABLE if row.words or row.name in PRIMITIVES]
        rows = {row.name: functools.partial(self._call, row) for row in called}
        methods = [name for kind in (Matrices, Algebra) for name in vars(kind) if name[0] != "_"]
        constants = {name: Tensor(forms, forms.constant(name)) for name in ("pi", "inf", "nan")}
        super().__init__(**{**rows, **{name: getattr(self, name) for name in methods}, **constants})

    def _call(self, row: Operation, *arguments: Any) -> Tensor:
        """Return an operation of forms, in which known values are put in if it is elementwise."""
        if not row.elementwise:
            x, *static = arguments
            return self._tensor(self.forms.call(row.name, (self.form(x),), tuple(static)))
        parts = tuple(self.of(argument).form for argument in arguments)
        shape = broadcast(*map(shape_of, arguments))
        return self._tensor(apply(self.forms, row.name, parts), shape)

    # No call: a sum over a number joins other sums.
    mean = BySeries.mean
    number = Matrices.of

    def truth(self, condition: Any) -> Any:
        """Return a comparison, which counts as a number."""
        return condition

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        """Return one of two where it is known which, or where they are the same; else a choice."""
        if not isinstance(condition, Tensor):
            return a if condition else b
        same = self.of(a).form == self.of(b).form
        return a if same else self._call(OPERATIONS["where"], condition, a, b)

    def rank(self, x: Any) -> int:
        """Return how many axes there are."""
        return len(shape_of(x))

    def len(self, x: Any) -> Tensor:
        """Return the length, which is known."""
        return self.of(shape_of(x)[0])

    def reduce(self, contribution: Tensor, shape: Shape) -> Tensor:
        """Return a contribution summed over the axes along which its argument was broadcast."""
        axes = contribution.shape
        if axes == shape:
            return contribution
        if not shape or not axes:
            return self.sum(contribution) if axes else self._tensor(contribution.form, shape)
        if len(axes) > len(shape):
            contribution = self.sum(contribution, 0)
        if contribution.shape == shape:
            return contribution
        if len(shape) == 1:
            return self.stack(self.sum(contribution))
        if shape[0] == 1 and contribution.shape[0] != 1:
            contribution = self.stack(self.sum(contribution, 0))
        if shape[1] == 1 and contribution.shape[1] != 1:
            column = self.stack(self.sum(contribution, 1))
            contribution = self.transpose(column)
        return self._tensor(contribution.form, shape)

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

    def piece(self, joined: Any, place: int, parts: Parts) -> Tensor:
        """Return what one of several parts end to end takes."""
        start, extent = parts.start(place, shape_of), shape_of(parts[place])
        if not extent:
            return self.index(joined, start)
        if not self.forms.shapes[joined.form]:
            return self._tensor(joined.form, extent)
        return self.stack(*(self.index(joined, start + k) for k in range(extent[0])))

    def cumsum(self, x: Any, *, backwards: bool = False) -> Tensor:
        """Return for every element of a vector the sum up to it; backwards, from it on."""
        tensor = self.of(x)
        if backwards and tensor.shape[0] <= MOST:
            return self.of(super().cumsum(tensor, backwards=True))
        upward = self._tensor(self.forms.call("cumsum", (self.form(tensor),)))
        return self.of(self.sum(tensor) - upward + tensor) if backwards else upward

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
