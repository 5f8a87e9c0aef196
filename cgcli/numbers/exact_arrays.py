"""Arrays of exact rationals: NumPy's arrays of objects, for what acts on whole arrays.

What acts on each element by itself needs nothing of this: the rule of one number is run on each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cgcli.numbers.arrays import ARRAYS
from cgcli.numbers.exact import exact_namespace
from cgcli.numbers.missing import NOTHING, UNDEFINED, NoValue
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.ratio import Ratio, Room, as_ratio
from cgcli.operations.row import Shape

__all__ = [
    "as_objects",
    "each",
    "exact_array_namespace",
    "filled",
    "reduce_exactly",
    "unreached",
]


def as_objects(values: list[Any], shape: Shape) -> Any:
    """Return a list of numbers as an array of objects of a shape, or its one number as such."""
    if not shape:
        return values[0]
    found = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        found[place] = value
    return found.reshape(shape)


def filled(value: Any, shape: Shape) -> Any:
    """Return an array that holds one number at every place."""
    if not shape:
        return value
    found = np.empty(shape, dtype=object)
    found.fill(value)
    return found


def each(function: Callable[..., Any], shape: Shape, *parts: Any) -> Any:
    """Return what a function of numbers gives at every element of parts, broadcast to a shape."""
    if not shape:
        return function(*parts)
    whole = [np.broadcast_to(np.asarray(part, dtype=object), shape).flat for part in parts]
    return as_objects([function(*elements) for elements in zip(*whole, strict=True)], shape)


def reduce_exactly(contribution: Any, shape: Shape) -> Any:
    """Sum a contribution over the axes along which its argument was broadcast."""
    array = np.asarray(contribution, dtype=object)
    if array.shape != shape:
        extra = array.ndim - len(shape)
        if extra > 0:
            array = np.asarray(array.sum(axis=tuple(range(extra))), dtype=object)
        axes = tuple(i for i, n in enumerate(shape) if n == 1 and array.shape[i : i + 1] != (1,))
        if axes and extra >= 0:
            array = np.asarray(array.sum(axis=axes, keepdims=True), dtype=object)
        array = np.broadcast_to(array, shape)
    return array if shape else array[()]


def exact_array_namespace(room: Room) -> Namespace:
    """Return the namespace of the rules over arrays of ratios in a room."""
    scalar = exact_namespace(room)
    zero, one = Ratio(0, 1, room), Ratio(1, 1, room)

    def over(name: str) -> Callable[..., Any]:
        function = getattr(scalar, name)
        return lambda x: each(function, np.shape(x), x)

    def where(condition: Any, a: Any, b: Any) -> Any:
        chosen = (as_ratio(part, room) if not np.shape(part) else part for part in (a, b))
        found = np.where(np.asarray(condition, dtype=bool), *(_boxed(part) for part in chosen))
        return found if found.shape else found[()]

    def scatter(value: Any, like: Any, *indices: int) -> Any:
        found = filled(zero, np.shape(like))
        found[indices if len(indices) > 1 else indices[0]] = value
        return found

    def product_of_others(x: Any, *axis: int) -> Any:
        if not np.shape(x):
            return one
        array = np.moveaxis(x, axis[0], 0) if axis else x.reshape(-1)
        before, after = filled(one, array.shape), filled(one, array.shape)
        for place in range(1, len(array)):
            before[place] = before[place - 1] * array[place - 1]
            after[-1 - place] = after[-place] * array[-place]
        others = before * after
        return np.moveaxis(others, 0, axis[0]) if axis else others.reshape(x.shape)

    def norm(x: Any, *axis: int) -> Any:
        return over("sqrt")(np.sum(x * x, axis=axis[0] if axis else None))

    def logsumexp(x: Any, *axis: int) -> Any:
        along = axis[0] if axis else None
        greatest = np.max(x, axis=along)
        shifted = x - ARRAYS.spread(_boxed(greatest), x, *axis)
        return greatest + over("log")(np.sum(over("exp")(shifted), axis=along))

    def shifted(x: Any) -> Any:
        return x - np.max(x, axis=-1, keepdims=True)

    def softmax(x: Any) -> Any:
        grown = over("exp")(shifted(x))
        return grown / np.sum(grown, axis=-1, keepdims=True)

    def log_softmax(x: Any) -> Any:
        moved = shifted(x)
        return moved - over("log")(np.sum(over("exp")(moved), axis=-1, keepdims=True))

    def onehot(k: Any, n: int) -> Any:
        if isinstance(k, NoValue) or k.denominator > 1 or not 0 <= k < n:
            return filled(k if isinstance(k, NoValue) else NoValue(UNDEFINED), (n,))
        return scatter(one, np.empty(n), int(k))

    return ARRAYS.copy(
        exp=over("exp"),
        log=over("log"),
        where=where,
        number=scalar.number,
        stack=lambda *parts: np.stack([_boxed(part) for part in parts]),
        concat=lambda *parts: np.concatenate([np.atleast_1d(_boxed(part)) for part in parts]),
        spread=lambda value, like, *axis: ARRAYS.spread(_boxed(value), like, *axis),
        scatter=scatter,
        products_of_others=product_of_others,
        norm=norm,
        logsumexp=logsumexp,
        softmax=softmax,
        log_softmax=log_softmax,
        len=lambda x: Ratio(len(x), 1, room),
        onehot=onehot,
        pi=scalar.pi,
        nan=scalar.nan,
        room=room,
    )


def _boxed(value: Any) -> Any:
    """Return a number as an array of no axes, and an array as it is."""
    return np.asarray(value, dtype=object)


def unreached(value: Any) -> Any:
    """Return where a gradient was not sent, for the elements of an array."""
    return np.frompyfunc(lambda element: element is NOTHING, 1, 1)(value).astype(bool)
