"""A vector or a matrix as a number: a form with the shape that it stands for.

The shape may be larger than the form's own: a number that every element of a vector is stays a
number until it is written, and a matrix whose rows are all one vector is that vector, as
broadcasting has it.
"""

from __future__ import annotations

from typing import Any

from cgcli.algebra.forms import CALL, Form, Forms
from cgcli.algebra.normal import Normal
from cgcli.algebra.places import element
from cgcli.operations.row import Shape
from cgcli.operations.shapes import broadcast

__all__ = ["Tensor", "shape_of"]


class Tensor(Normal):
    """A form with the shape that it stands for, and the operators of a number.

    >>> forms = Forms()
    >>> x = Tensor(forms, forms.name("x", (3,)))
    >>> (x - x).shape, (x - x).form == forms.zero
    ((3,), True)
    """

    __slots__ = ("shape",)
    __hash__ = None

    def __init__(self, forms: Forms, form: Form, shape: Shape | None = None) -> None:
        super().__init__(forms, form)
        self.shape = forms.shapes[form] if shape is None else shape

    def _make(self, form: Form, *others: Any) -> Tensor:
        return Tensor(self.forms, form, broadcast(self.shape, *(shape_of(o) for o in others)))

    def __getitem__(self, place: int) -> Tensor:
        """Return an element or a row."""
        form = self.form
        if len(self.forms.shapes[form]) == len(self.shape):
            form = element(self.forms, form, place if self.forms.shapes[form][0] != 1 else 0)
        return Tensor(self.forms, form, self.shape[1:])

    def __eq__(self, other: object) -> Any:
        """Whether both are equal."""
        right = self._other(other)
        forms = self.forms
        if self.form != right and forms.shapes[self.form] and forms.kinds[right] == CALL:
            # Elements that a form singles out are asked for in the formula.
            return self._make(forms.call("eq", (self.form, right)), other)
        return super().__eq__(other)


def shape_of(value: Any) -> Shape:
    """Return the shape that a value stands for: () for a plain number."""
    return value.shape if isinstance(value, Tensor) else ()
