"""Mistakes of vectors and matrices: products the wrong way round, sums not spread back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final

from cgcli.homework.mistakes.row import Example, Mistake, Numbers, ValueStep
from cgcli.homework.working import Use, is_same, shape_of
from cgcli.operations.table import OPERATIONS

__all__ = ["TENSORS"]

_LAYER: Final = "s = W @ x; L = sum(s^2)"
_AT: Final[dict[str, Any]] = {"W": [[1, 2], [3, 4]], "x": [0.5, -1]}


def _variants(first: Any, second: Any) -> Iterator[tuple[bool, Any]]:
    """Yield every product of two factors, each transposed or not, and which side they are on.

    Two vectors have an outer product; what does not fit is left out.
    """
    import numpy as np

    for swapped in (False, True):
        left, right = (second, first) if swapped else (first, second)
        for a, b in itertools.product(_turned(left), _turned(right)):
            if a.ndim == b.ndim == 1:
                yield swapped, np.outer(a, b)
                if a.shape == b.shape:
                    yield swapped, a @ b
            elif a.shape[-1] == b.shape[0]:
                yield swapped, a @ b


def _turned(factor: Any) -> list[Any]:
    import numpy as np

    factor = np.asarray(factor, dtype=np.float64)
    return [factor, factor.T] if factor.ndim == 2 else [factor]


def _products(use: Use) -> Iterator[tuple[bool, Any]]:
    """Yield what may be sent to a factor of a matrix product when it is taken the wrong way."""
    if use.name != "matmul" or use.sent is None:
        return
    other = use.parts[1 - use.place]
    if not shape_of(use.upstream):
        return
    # The right product has the upstream gradient on the left for the first factor.
    pair = (use.upstream, other) if use.place == 0 else (other, use.upstream)
    for swapped, product in _variants(*pair):
        for each in _turned(product) if shape_of(product) else [product]:
            if shape_of(each) in (use.shape, use.shape[::-1]) and not is_same(each, use.sent):
                yield swapped, each


def _transposed(use: Use) -> Numbers:
    for swapped, product in _products(use):
        if not swapped:
            yield product
    if use.name == "transpose":
        yield use.upstream


def _wrong_side(use: Use) -> Numbers:
    for swapped, product in _products(use):
        if swapped:
            yield product


def _transposed_in_value(step: ValueStep) -> Numbers:
    if step.name == "matmul" and any(map(shape_of, step.parts)):
        for swapped, product in _variants(*step.parts):
            if not swapped:
                yield from _turned(product) if shape_of(product) else [product]


def _wrong_side_in_value(step: ValueStep) -> Numbers:
    if step.name == "matmul":
        for swapped, product in _variants(*step.parts):
            if swapped:
                yield product


def _not_spread_back(use: Use) -> Numbers:
    other = {"mean": "sum", "sum": "mean"}.get(use.name)
    if other is not None:
        from cgcli.numbers.arrays import ARRAYS

        pullback = OPERATIONS[other].pullback
        assert pullback is not None
        yield pullback(ARRAYS, 0, use.upstream, use.y, use.parts, use.static)
        if not shape_of(use.upstream):
            # One number where a list is asked.
            yield use.upstream
            yield use.upstream / use.x.size
    elif use.operation.elementwise and shape_of(use.upstream) != use.shape:
        derivative = use.local
        if derivative is not None:
            # What was broadcast forward is summed backward; here each part is left as it is.
            yield use.upstream * derivative


def _not_spread_in_value(step: ValueStep) -> Numbers:
    other = {"mean": "sum", "sum": "mean"}.get(step.name)
    if other is not None:
        from cgcli.numbers.arrays import ARRAYS, as_value

        static = step.graph.static.get(step.node, ())
        yield as_value(OPERATIONS[other].value(ARRAYS, *step.parts, *static))


TENSORS: Final = (
    Mistake(
        "matrix-transposed",
        "a factor of the matrix product {use}, or the result, is transposed the wrong way",
        Example(_LAYER, _AT, "dL/dx", "[-13, -29]"),
        at_use=_transposed,
        at_value=_transposed_in_value,
        value_words="a factor of the matrix product {use}, or the result, is transposed",
    ),
    Mistake(
        "matrix-wrong-side",
        "the factor in {use} was multiplied on the wrong side",
        Example(
            "C = A @ B; L = sum(C*C)",
            {"A": [[1, 2], [3, 4]], "B": [[1, -1], [2, 0.5]]},
            "dL/dA",
            "[[54, -4], [1, -1]]",
        ),
        at_use=_wrong_side,
        at_value=_wrong_side_in_value,
        value_words="the factors of the matrix product {use} stand the wrong way round",
    ),
    Mistake(
        "not-spread-back",
        "the gradient of {use} was not spread back over the elements as it should be",
        Example("m = mean(x); L = 6*m", {"x": [1, 2, 3]}, "dL/dx", "[6, 6, 6]"),
        at_use=_not_spread_back,
        at_value=_not_spread_in_value,
        value_words="sum and mean were mixed up in {use}",
    ),
)
