"""The ends of the range: contributions that are doubles where a local derivative is none.

`log(1/x)` at 1e-200 sends 1e-200 times -1e400: the product is a double and one factor is not.
Where a partial vanished or overflowed, its rule is run once more over wide numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from cgcli.numbers.elements import by_element
from cgcli.numbers.parts import Parts
from cgcli.operations.row import Operation, Static

LEAST: Final = 2.0**-1000
"""Partials from here on have all their digits."""
GROWS: Final = 2.0**20
"""What is 0 by rounding has lost less than the least double: unless upstream grows it by so much,
what is sent is less than 1e-317. Saturated rows by the thousand are quick for it."""
_MOST: Final = 4096
"""Larger arrays are not mended: wide numbers take a thousand times as long as doubles."""


def mended(
    operation: Operation,
    place: int,
    upstream: float,
    partial: float,
    y: float,
    parts: Sequence[Any],
) -> float:
    """Return upstream times a partial, which may have vanished, overflowed, or be NaN.

    >>> from cgcli.operations.table import OPERATIONS
    >>> mended(OPERATIONS["exp"], 0, 1e-10, math.inf, math.inf, (720.0,))
    4.920700930263816e+302
    """
    sent = upstream * partial
    if LEAST <= abs(partial) < math.inf or not operation.wide:
        return sent
    if not _matters(upstream, partial, y, parts, math.isfinite):
        return sent
    mended_product = float(wide_sent(operation, place, upstream, parts, arrives=True))
    return sent if mended_product != mended_product else mended_product


def _matters(
    upstream: Any, partial: Any, y: Any, parts: Sequence[Any], is_finite: Callable[[Any], Any]
) -> Any:
    """Return where a partial vanished, overflowed or is NaN, and what is sent may be a double.

    The numbers are floats, or arrays of them, as `is_finite` takes them.
    """
    finite, apart, grown = is_finite(upstream), True, abs(upstream) > GROWS
    for part in parts:
        finite, apart = finite & is_finite(part), apart & (part != 0)
        # A rule may multiply by another argument, or divide by a length that overflows.
        grown = grown | (len(parts) > 1) & (abs(part) > GROWS)
    vanished = (abs(partial) < LEAST) & ((partial != 0) | (apart & grown))
    # Upstream of a value that overflowed, 0 is what became of it, and says nothing.
    known = (upstream != 0) | ((partial == partial) & is_finite(y))
    return finite & (vanished | (known & (is_finite(partial) ^ True)))


def mended_arrays(
    operation: Operation, place: int, upstream: Any, partial: Any, y: Any, parts: Sequence[Any]
) -> Any:
    """Return upstream times partials, element by element; those that left the doubles mended."""
    import numpy as np

    sent = upstream * partial
    if not operation.wide:
        return sent
    sizes = np.abs(partial)
    low = np.minimum.reduce(sizes, axis=None, initial=1.0)
    if low >= LEAST and np.maximum.reduce(sizes, axis=None, initial=1.0) < math.inf:
        return sent
    matters = _matters(upstream, partial, y, parts, np.isfinite)
    shape = np.broadcast_shapes(np.shape(sent), np.shape(matters))
    matters = np.broadcast_to(matters, shape)
    if not matters.any():
        return sent
    sent = np.array(np.broadcast_to(sent, shape))
    up, *numbers = (np.broadcast_to(factor, shape)[matters] for factor in (upstream, *parts))
    products = wide_sent(operation, place, up, numbers, arrives=True).astype(float)
    sent[matters] = np.where(np.isnan(products), sent[matters], products)
    return sent


def lost(grown: Any, sent: Any, x: Any) -> Any:
    """Return which elements a reduction may have sent less than it should, or no number.

    `grown` is the greatest size of upstream, at least 1.
    """
    import numpy as np

    small = (np.abs(sent) < LEAST * grown) & ((sent != 0) | ((grown > GROWS) & (x != 0)))
    return small | ~np.isfinite(sent)


def mended_pullback(
    operation: Operation, upstream: Any, sent: Any, y: Any, x: Any, static: tuple[int, ...]
) -> Any:
    """Return what a reduction sends to its argument, those numbers mended that left the doubles."""
    import numpy as np

    # `fmax` passes over NaN: another element's fault.
    at = lost(np.fmax.reduce(np.abs(upstream), axis=None, initial=1.0), sent, x)
    if not at.any() or np.size(x) > _MOST:
        return sent
    from cgcli.numbers.arrays import ARRAYS

    # Upstream of a value that overflowed, 0 is what became of it, and says nothing.
    ended = (upstream == 0) & ~np.isfinite(y) | ~np.isfinite(upstream)
    dead = ARRAYS.spread(ended, x, *static)
    products = np.asarray(wide_sent(operation, 0, upstream, [x], static), dtype=float)
    return np.where(at & ~dead & ~np.isnan(products), products, sent)[()]


def wide_value(operation: Operation, parts: Sequence[Any], static: Static = ()) -> Any:
    """Return what an operation makes of doubles, or arrays of them, in wide numbers."""
    from cgcli.numbers.wide import room

    m, numbers = _widely(operation, parts)
    with room():
        return operation.value(m, *numbers, *static)


def wide_sent(
    operation: Operation,
    place: int,
    upstream: Any,
    parts: Sequence[Any],
    static: Static = (),
    *,
    arrives: bool = False,
) -> Any:
    """Return what an operation sends to an argument, in wide numbers.

    Where nothing comes to an element, it sends nothing on; where a gradient of 0 `arrives`, 0 times
    infinity is indeterminate.
    """
    from cgcli.numbers.wide import room

    m, (up, *numbers) = _widely(operation, [upstream, *parts])
    with room():
        y = operation.value(m, *numbers, *static)
        if operation.pullback is not None:
            arguments = Parts(range(len(numbers)), numbers.__getitem__)
            return operation.pullback(m, place, up, y, arguments, static)
        partial = operation.partial(place)(m, y, *numbers)
        return by_element(
            lambda up, factor: up * factor if up or (arrives and _is_endless(factor)) else up,
            up,
            partial,
        )


def _is_endless(number: Any) -> bool:
    return bool(abs(number) == math.inf)


def _widely(operation: Operation, numbers: Sequence[Any]) -> tuple[Any, list[Any]]:
    """Return wide numbers of doubles, or of arrays of them, and the namespace for them."""
    from cgcli.numbers.wide import WIDE, wide

    parts = [by_element(wide, number) for number in numbers]
    if operation.pullback is None and not any(getattr(x, "shape", ()) for x in numbers):
        return WIDE, parts
    from cgcli.numbers.objects import arrays_of

    return arrays_of(WIDE), parts
