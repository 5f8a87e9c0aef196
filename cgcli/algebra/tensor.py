"""Forms as numbers: the rules of the table run over them.

The shape of a number may be larger than that of its form: a number that every element of a
vector is stays a number until it is written, and a matrix whose rows are all one vector is that
vector, as broadcasting has it.
"""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any, Final

from cgcli.algebra.forms import Forms
from cgcli.algebra.normal import ARITHMETIC, COMPARISONS
from cgcli.algebra.places import element
from cgcli.algebra.sums import CALL, NUMBER, Form
from cgcli.numbers.operators import Operators
from cgcli.operations.row import Shape
from cgcli.operations.shapes import broadcast

_TURNED: Final = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


class Tensor(Operators):
    """A form with the shape that it stands for, and the operators of a number.

    A comparison of two numbers is answered; one with a name in it is a form. That two of them
    are equal is taken not to hold, unless forms ask: it is the exception that a condition tells.

    >>> forms = Forms()
    >>> x = Tensor(forms, forms.name("x", (3,)))
    >>> (x - x).shape, (x - x).form == forms.zero
    ((3,), True)
    """

    __slots__ = ("form", "forms", "shape")
    __hash__ = None  # == answers for the forms' values

    def __init__(self, forms: Forms, form: Form, shape: Shape | None = None) -> None:
        self.forms = forms
        self.form = form
        self.shape = forms.shapes[form] if shape is None else shape

    @classmethod
    def of(cls, forms: Forms, value: Any) -> Tensor:
        """Return a plain number as a form; one that is a form already is itself."""
        if isinstance(value, Tensor):
            return value
        return cls(forms, forms.number(Fraction(value)))

    def _make(self, form: Form, *others: Any) -> Tensor:
        """Return a form made of this one and others."""
        return Tensor(self.forms, form, broadcast(self.shape, *(shape_of(o) for o in others)))

    def write(self, name: str, *operands: Any) -> Any:
        """Return what an operation makes of forms; a comparison of two numbers is answered."""
        forms = self.forms
        sides = tuple(Tensor.of(forms, operand).form for operand in operands)
        if name not in COMPARISONS:
            return self._make(ARITHMETIC[name](forms, *sides), *operands)
        values = [forms.value(side) for side in sides]
        if None not in values:
            return getattr(operator, name)(*values)
        if values[0] is not None and name in _TURNED:
            # People write x < 2 and not 2 > x.
            name, sides = _TURNED[name], sides[::-1]
        return self._make(forms.call(name, sides), *operands)

    def __getitem__(self, place: int) -> Tensor:
        """Return an element or a row."""
        form = self.form
        if len(self.forms.shapes[form]) == len(self.shape):
            form = element(self.forms, form, place if self.forms.shapes[form][0] != 1 else 0)
        return Tensor(self.forms, form, self.shape[1:])

    def __eq__(self, other: object) -> Any:
        """Whether both are the same form; what might be equal somewhere is a condition."""
        forms, right = self.forms, Tensor.of(self.forms, other).form
        if self.form == right:
            return True
        if forms.is_constant(right, "inf"):
            # That a number is finite is no condition to be told.
            return False
        sides = self.form, right
        if all(forms.kinds[side] == NUMBER or side in forms.constants for side in sides):
            return False
        # Elements that a form singles out are asked for in the formula.
        if forms.has_case(*sides) or (forms.shapes[self.form] and forms.kinds[right] == CALL):
            return self._make(forms.call("eq", (self.form, right)), other)
        forms.grant(self.form, "!=", right)
        return False

    def __ne__(self, other: object) -> Any:
        """Return whether they differ, as a form; a condition that is asked for is itself."""
        forms, right = self.forms, Tensor.of(self.forms, other).form
        if forms.is_call(self.form, *COMPARISONS) and forms.value(right) == 0:
            return self
        return self.write("ne", self, other)


def shape_of(value: Any) -> Shape:
    """Return the shape that a value stands for: () for a plain number."""
    return value.shape if isinstance(value, Tensor) else ()
