"""Mistakes of vectors and matrices: products the wrong way round, sums not spread back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final

from cgcli.homework.mistakes.row import Numbers, ValueStep
from cgcli.homework.working import Use, is_same
from cgcli.homework.written import shape_of
from cgcli.operations.row import Operation
from cgcli.operations.shapes import size
from cgcli.operations.table import OPERATIONS

_MIXED_UP: Final = {"mean": OPERATIONS["sum"], "sum": OPERATIONS["mean"]}


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


def _multiplies(operation: Operation) -> bool:
    """Whether an operation is a product of vectors or matrices."""
    return operation.multiplies and not operation.elementwise


def _turned(factor: Any) -> list[Any]:
    return [factor, factor.T] if len(shape_of(factor)) == 2 else [factor]


def _products(use: Use) -> Iterator[tuple[bool, Any]]:
    """Yield what may be sent to a factor of a matrix product when it is taken the wrong way."""
    if not _multiplies(use.operation) or use.sent is None or not shape_of(use.upstream):
        return
    other = use.parts[1 - use.place]
    # The right product has the upstream gradient on the left for the first factor.
    pair = (use.upstream, other) if use.place == 0 else (other, use.upstream)
    for swapped, product in _variants(*pair):
        for factor in _turned(product):
            if shape_of(factor) in (use.shape, use.shape[::-1]) and not is_same(factor, use.sent):
                yield swapped, factor


def transposed(use: Use) -> Numbers:
    """Yield what is sent when a factor, or the result, is transposed the wrong way."""
    yield from (product for swapped, product in _products(use) if not swapped)
    if use.name == "transpose":
        yield use.upstream


def wrong_side(use: Use) -> Numbers:
    """Return what is sent when the factors change sides."""
    return (product for swapped, product in _products(use) if swapped)


def transposed_in_value(step: ValueStep) -> Numbers:
    """Yield a matrix product with factors, or the result, transposed."""
    for swapped, product in _variants(*step.parts) if _multiplies(step.operation) else ():
        if not swapped:
            yield from _turned(product)


def wrong_side_in_value(step: ValueStep) -> Numbers:
    """Return a matrix product with its factors the wrong way round."""
    variants = _variants(*step.parts) if _multiplies(step.operation) else ()
    return (product for swapped, product in variants if swapped)


def not_spread_back(use: Use) -> Numbers:
    """Yield what is sent when sum and mean are mixed up, or a broadcast is not summed."""
    if use.name in _MIXED_UP:
        from cgcli.numbers.arrays import ARRAYS

        pullback = _MIXED_UP[use.name].pullback
        assert pullback is not None
        yield pullback(ARRAYS, 0, use.upstream, use.y, use.parts, use.static)
        if not shape_of(use.upstream):
            # One number where a list is asked.
            yield use.upstream
            yield use.upstream / size(use.shape)
    elif shape_of(use.upstream) != use.shape and use.local is not None:
        # What was broadcast forward is summed backward; here each part is left as it is.
        yield use.upstream * use.local
