"""Instructions → calls of NumPy that write into an array given to them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import numpy as np

from cgcli.calculus.ends import LEAST, lost, mended_arrays, mended_pullback
from cgcli.calculus.floats import is_outside
from cgcli.numbers import arrays
from cgcli.operations.row import selected
from cgcli.operations.table import OPERATIONS
from cgcli.plan.bound import Bound, Call, Guard, part_at
from cgcli.plan.cells import WRITES

# Elementwise


def _fused(name: str) -> Callable[..., Any]:
    """Return a function that NumPy lacks: that of arrays."""
    function = getattr(arrays.ARRAYS, name)

    def call(*arguments: Any) -> None:
        *given, out = arguments
        np.copyto(out, function(*given))

    return call


def _select(condition: Any, a: Any, b: Any, out: Any) -> None:
    np.copyto(out, b)
    np.copyto(out, a, where=condition)


_UFUNCS: Final = frozenset(
    name
    for name in (*WRITES.values(), "logical_and", "logical_or", "isfinite")
    if isinstance(getattr(np, name, None), np.ufunc)
)
SPECIAL: Final = frozenset({"erf", "erfc", "gamma", "lgamma", "digamma", "polygamma"})
"""Functions that raise no flags of the processor."""
IN_PLACE: Final = _UFUNCS - {"cbrt", "power"}
"""Operations that may write over an argument of the same shape."""
FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    **{name: getattr(np, name) for name in _UFUNCS},
    **{name: _fused(name) for name in (*SPECIAL, "cbrt", "level")},
    "power": np.float_power,
    "truth": lambda a, out: np.copyto(out, a),
    "where": _select,
    # NumPy wants these told by name where they write.
    "maximum": lambda a, b, out: np.maximum(a, b, out=out),
    "minimum": lambda a, b, out: np.minimum(a, b, out=out),
}
"""Elementwise operations as functions of their arguments and the array they write into."""


@lru_cache(1024)
def sender(name: str, place: int, guard: Guard) -> Callable[..., None]:
    """Return what puts contributions into an array, with what the ends of the range ask for."""
    operation = OPERATIONS[name]

    def call(upstream: Any, partial: Any, y: Any, *rest: Any) -> None:
        *parts, out = rest
        if not guard.careful:
            np.multiply(upstream, partial, out)
            return
        low, high = partial.min(initial=1.0), partial.max(initial=1.0)
        usual = -math.inf < low and high < math.inf
        if usual and low < LEAST:
            np.absolute(partial, out=out)
            usual = out.min(initial=1.0) >= LEAST
        if usual and (operation.domain is None or np.isfinite(y).all()):
            np.multiply(upstream, partial, out=out)
            return
        sent = mended_arrays(operation, place, upstream, partial, y, parts)
        if operation.domain is not None:
            outside = is_outside(operation, y, parts) & np.isfinite(sent)
            sent = np.where(outside, math.nan, sent)
        np.copyto(out, sent)

    return call


def _elementwise(bound: Bound) -> Call:
    operation = bound.instruction.operation
    parts = bound.aligned(len(bound.instruction.shape))
    if operation == "send":
        name, place = bound.instruction.static
        if not isinstance(parts[1], np.ndarray):
            bound.guard.careful |= not LEAST <= abs(parts[1]) < math.inf
        return sender(name, place, bound.guard), (*parts, bound.out)
    return FUNCTIONS[operation], (*parts, bound.out)


# Products


def _summed(guard: Guard, multiply: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Run a product of matrices, with care where numbers left the doubles; `einsum` flags none."""
    multiply(*arguments)
    a, b, out = arguments
    if not (guard.careful or multiply is _dots) or np.isfinite(out).all():
        return
    guard.flag("overflow", 0)

    def scaled(scale: float) -> Any:
        again = np.empty_like(out)
        multiply(a * scale, b * scale, again)
        return again

    np.copyto(out, arrays.finite_sums(out, scaled))


def _products(bound: Bound) -> Call:
    a, b = bound.arguments
    left, right = bound.ranks
    on_left, on_right = bound.with_rows
    out = bound.out
    if on_left and on_right and left == right == 1:
        return _dots, (a, b, out)
    if on_left and on_right and right == 1:
        return np.matmul, (a, b[:, :, None], out[:, :, None])
    if on_left and on_right and left == 1:
        return np.matmul, (a[:, None, :], b, out[:, None, :])
    if on_right and not on_left and right == 1:
        # One matrix for all rows: the rows stand on the left of its transpose.
        return np.matmul, (b, a.T, out)
    return np.matmul, (a, b, out)


def _dots(a: Any, b: Any, out: Any) -> None:
    np.einsum("bi,bi->b", a, b, out=out)


def _outer(bound: Bound) -> Call:
    a, b = bound.arguments
    return np.multiply, (a[..., :, None], b[..., None, :], bound.out)


# Reductions of a row's value, and over the rows

REDUCTIONS: Final[dict[str, Any]] = {
    "sum": np.add,
    "prod": np.multiply,
    "amax": np.maximum,
    "amin": np.minimum,
    "any": np.logical_or,
}

_SHORT: Final = 4096
"""Up to so many numbers a product with ones is quicker than a sum along a row."""


@lru_cache(64)
def _ones(length: int) -> Any:
    """Return ones that all calls share, since there are calls for every block of rows."""
    ones = np.ones(length)
    ones.flags.writeable = False
    return ones


def _reduction(bound: Bound) -> Call:
    (array,) = bound.arguments
    (axis,) = bound.instruction.static
    first = int(bound.with_rows[0])
    last = axis is None or axis == bound.ranks[0] - 1
    if bound.instruction.operation == "sum" and first and last and array.flags.c_contiguous:
        lead = bound.out.shape
        flat = array.reshape((*lead, -1))
        if flat.shape[-1] <= _SHORT:
            return np.matmul, (flat, _ones(flat.shape[-1]), bound.out)
    axes = tuple(range(first, array.ndim)) if axis is None else axis + first
    return REDUCTIONS[bound.instruction.operation].reduce, (array, axes, None, bound.out)


def _total(bound: Bound) -> Call:
    (array,) = bound.arguments
    if array.flags.c_contiguous and bound.out.flags.c_contiguous:
        rank = bound.ranks[0]
        flat = array.reshape(bound.rows, -1) if rank else array
        return np.matmul, (_ones(bound.rows), flat, bound.out.reshape(-1) if rank else bound.out)
    return np.add.reduce, (array, 0, None, bound.out)


# The rest


def _stack(bound: Bound) -> Call:
    parts = bound.aligned(len(bound.instruction.shape) - 1)
    targets = [part_at(bound.out, bound.instruction.rows, place) for place in range(len(parts))]
    return _copy_all, (targets, parts)


def _concat(bound: Bound) -> Call:
    targets, parts, start = [], [], 0
    for part, rank, rows in zip(bound.arguments, bound.ranks, bound.with_rows, strict=True):
        length = np.shape(part)[int(rows)] if rank else 1
        targets.append(part_at(bound.out, bound.instruction.rows, slice(start, start + length)))
        parts.append(part[..., None] if not rank and rows else part)
        start += length
    return _copy_all, (targets, parts)


def _copy_all(targets: list[Any], parts: list[Any]) -> None:
    for target, part in zip(targets, parts, strict=True):
        np.copyto(target, part)


def _scatter(bound: Bound) -> Call:
    places = (slice(None),) * bound.instruction.rows + (*selected(bound.instruction.static), ...)
    return _put, (bound.out, places, bound.arguments[0])


def _put(out: Any, places: Any, value: Any) -> None:
    out.fill(0.0)
    out[places] = value


def _mark(guard: Guard, label: Any, out: Any) -> None:
    """Put 1 at the place that a label names; NaN everywhere for a label that names none."""
    places, unnamed = _named(guard, label, out.shape[-1])
    out.fill(0.0)
    flat = out.reshape(-1, out.shape[-1])
    flat[np.arange(len(flat)), places.ravel()] = 1.0
    if unnamed is not None:
        out[unnamed] = math.nan


def _pick(guard: Guard, label: Any, table: Any, out: Any) -> None:
    """Put what labels name of a table; NaN for a label that names nothing."""
    places, unnamed = _named(guard, label, len(table))
    np.take(table, places, axis=0, out=out)
    if unnamed is not None:
        out[unnamed] = math.nan


def _deal(guard: Guard, label: Any, sent: Any, out: Any) -> None:
    """Put the sums of what is sent by the rows of every label; NaN where one names nothing."""
    places, unnamed = _named(guard, label, len(out))
    if unnamed is not None:
        out.fill(math.nan)
        return
    columns = sent.reshape(len(places), -1)
    for column, target in zip(columns.T, out.reshape(len(out), -1).T, strict=True):
        np.copyto(target, np.bincount(places, column, len(out)))


def _named(guard: Guard, label: Any, count: int) -> tuple[Any, Any]:
    """Return labels as places, 0 for those that name none of so many; and these, or None."""
    named = (label >= 0) & (label < count) & (np.floor(label) == label)
    if named.all():
        return label.astype(np.intp), None
    # Nothing is computed here that the processor would flag.
    guard.flag("invalid", 0)
    return np.where(named, label, 0).astype(np.intp), ~named


def _cumsum(bound: Bound) -> Call:
    (array,) = bound.arguments
    step = -1 if bound.instruction.static[0] else 1
    return _accumulate, (bound.guard, array[..., ::step], bound.out[..., ::step])


def _accumulate(guard: Guard, array: Any, out: Any) -> None:
    """Run a cumulative sum, with care where numbers left the doubles."""
    np.cumsum(array, -1, None, out)
    if guard.careful:
        sums = arrays.finite_sums(out, lambda scale: np.cumsum(array * scale, -1), -40, 1)
        np.copyto(out, sums)


def _diag(bound: Bound) -> Call:
    (array,) = bound.arguments
    if bound.ranks[0] == 2:
        return np.copyto, (bound.out, np.diagonal(array, axis1=-2, axis2=-1))
    places = np.arange(array.shape[-1])
    return _put, (bound.out, (..., places, places), array)


def _guarded(guard: Guard, reduce: Any, arguments: Any, bound: Bound) -> None:
    """Run a product or a sum, or where numbers left the doubles one that keeps to them."""
    if guard.careful:
        _multiply(getattr(arrays.ARRAYS, bound.instruction.operation), bound)
    else:
        reduce(*arguments)


def _multiply(function: Callable[..., Any], bound: Bound) -> None:
    """Run a function of an array and an axis, or of all the elements of each row."""
    (array,), (axis,) = bound.arguments, bound.instruction.static
    first = int(bound.instruction.rows)
    if axis is None:
        array, axis = array.reshape((*array.shape[:first], -1)), 0
    np.copyto(bound.out, np.reshape(function(array, axis + first), bound.out.shape))


def _mend(bound: Bound) -> None:
    """Copy what a pullback sends, mended row by row where numbers left the doubles."""
    np.copyto(bound.out, bound.arguments[0])
    if not bound.guard.careful:
        return
    name, *static = bound.instruction.static
    operation, count = OPERATIONS[name], bound.rows if bound.instruction.rows else 1
    parts = [
        np.broadcast_to(part, (count, *np.shape(part)[int(its) :]))
        for part, its in zip(bound.arguments, bound.with_rows, strict=True)
    ]
    sent, up, y, x = parts
    grown = np.fmax.reduce(np.abs(up), axis=tuple(range(1, up.ndim)), initial=1.0)
    at = lost(grown.reshape(-1, *[1] * (sent.ndim - 1)), sent, x)
    out = bound.out.reshape(sent.shape)
    for row in np.flatnonzero(at.any(axis=tuple(range(1, at.ndim)))):
        out[row] = mended_pullback(operation, up[row], sent[row], y[row], x[row], tuple(static))


def _given(run: Callable[..., None]) -> Callable[[Bound], Call]:
    """Return the binder of what runs over its arguments as they are, beside the guard."""
    return lambda bound: (run, (bound.guard, *bound.arguments, bound.out))


_BINDERS: Final[dict[str, Callable[[Bound], Call]]] = {
    "matmul": lambda bound: (_summed, (bound.guard, *_products(bound))),
    "outer": _outer,
    "gram": lambda bound: (np.matmul, (bound.arguments[0].T, bound.arguments[1], bound.out)),
    "weigh": lambda bound: (np.matmul, (*bound.arguments, bound.out)),
    "total": _total,
    "stack": _stack,
    "concat": _concat,
    "scatter": _scatter,
    "onehot": _given(_mark),
    "take": _given(_pick),
    "tally": _given(_deal),
    "others": lambda bound: (_multiply, (arrays.ARRAYS.products_of_others, bound)),
    "cumsum": _cumsum,
    "diag": _diag,
    **dict.fromkeys(REDUCTIONS, _reduction),
    **dict.fromkeys(
        ("prod", "sum"), lambda bound: (_guarded, (bound.guard, *_reduction(bound), bound))
    ),
    "mend": lambda bound: (_mend, (bound,)),
}


def bind(bound: Bound) -> Call:
    """Return the call that runs an instruction over its arrays."""
    return _BINDERS.get(bound.instruction.operation, _elementwise)(bound)
