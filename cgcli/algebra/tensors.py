"""The namespace of the rules over vectors and matrices: the table's pullbacks build formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cgcli.algebra.forms import Forms
from cgcli.algebra.matrices import Algebra
from cgcli.algebra.normal import apply
from cgcli.algebra.tensor import Tensor, shape_of
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.rounded import BySeries
from cgcli.operations.row import Shape
from cgcli.operations.shapes import broadcast
from cgcli.operations.table import TABLE


def reduce_to(algebra: Algebra, contribution: Tensor, shape: Shape) -> Tensor:
    """Return a contribution summed over the axes along which its argument was broadcast."""
    axes = contribution.shape
    if axes == shape:
        return contribution
    if not shape or not axes:
        return (
            algebra.sum(contribution) if axes else Tensor(algebra.forms, contribution.form, shape)
        )
    if len(axes) > len(shape):
        contribution = algebra.sum(contribution, 0)
    if contribution.shape == shape:
        return contribution
    if len(shape) == 1:
        return algebra.stack(algebra.sum(contribution))
    if shape[0] == 1 and contribution.shape[0] != 1:
        contribution = algebra.stack(algebra.sum(contribution, 0))
    if shape[1] == 1 and contribution.shape[1] != 1:
        column = algebra.stack(algebra.sum(contribution, 1))
        contribution = algebra.transpose(column)
    return Tensor(algebra.forms, contribution.form, shape)


def tensors(forms: Forms) -> Namespace:
    """Return the namespace of the rules over vectors and matrices."""
    algebra = Algebra(forms)

    def elementwise(name: str) -> Callable[..., Tensor]:
        def function(*arguments: Any) -> Tensor:
            forms_of = tuple(algebra.of(argument).form for argument in arguments)
            return Tensor(forms, apply(forms, name, forms_of), broadcast(*map(shape_of, arguments)))

        return function

    def keeping(name: str) -> Callable[..., Tensor]:
        def function(x: Any, *static: int) -> Tensor:
            return Tensor(forms, forms.call(name, (algebra.form(x),), static))

        return function

    def where(condition: Any, a: Any, b: Any) -> Any:
        if not isinstance(condition, Tensor):
            return a if condition else b
        same = algebra.of(a).form == algebra.of(b).form
        return a if same else elementwise("where")(condition, a, b)

    makers = {row.name: elementwise if row.elementwise else keeping for row in TABLE if row.words}
    defined = [name for name in vars(Algebra) if name[0] != "_" and name not in ("of", "form")]
    return (BySeries if forms.accurate else Namespace)(
        **{
            **{name: make(name) for name, make in makers.items()},
            **{name: getattr(algebra, name) for name in defined},
            "where": where,
            "pow": elementwise("pow"),
            "rank": lambda x: len(shape_of(x)),
            "mean": lambda x, *axis: algebra.sum(x, *axis) / algebra.count(x, *axis),
            "len": lambda x: Tensor(forms, forms.number(shape_of(x)[0])),
            "number": algebra.of,
            "truth": lambda condition: condition,
            **{name: Tensor(forms, forms.constant(name)) for name in ("pi", "inf", "nan")},
        }
    )
