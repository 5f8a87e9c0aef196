"""Arrays of numbers that NumPy has no type of its own for: fractions, balls and jets.

One layer serves them all. What acts on each element is the scalar kind's own function, lifted;
what moves elements about, and sums and products of them, is NumPy's over objects.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from cgcli.numbers.arrays import STRUCTURE, summed_to
from cgcli.numbers.namespace import Namespace
from cgcli.operations.protocol import ELEMENTWISE
from cgcli.operations.row import Index, Shape, selected


def _answers(compare: Any) -> Any:
    """NumPy's own comparisons of objects want yes or no unless they are told what to return."""
    return lambda self, other: compare(self, other, dtype=object)


class Objects(np.ndarray):
    """An array of objects. Its comparisons are arrays of answers, where NumPy's want yes or no."""

    __lt__, __le__ = _answers(np.less), _answers(np.less_equal)
    __gt__, __ge__ = _answers(np.greater), _answers(np.greater_equal)
    __eq__, __ne__ = _answers(np.equal), _answers(np.not_equal)
    __hash__ = None


def arranged(values: Sequence[Any], shape: Shape) -> Any:
    """Return numbers in a row as an array of a shape, or the one number of shape ().

    >>> arranged([1, 2, 3, 4], (2, 2)).shape, arranged([7], ())
    ((2, 2), 7)
    """
    if not shape:
        return values[0]
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape).view(Objects)


def lift(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """Return a function of `count` numbers as one of arrays of them, element by element."""
    elementwise = np.frompyfunc(function, count, 1)

    def apply(*arguments: Any) -> Any:
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                # NumPy hears of what the doubles inside a function do, and would warn.
                with np.errstate(all="ignore"):
                    return _plain(elementwise(*arguments))
        return function(*arguments)

    return apply


def reduce_objects(contribution: Any, shape: Shape) -> Any:
    """Sum a contribution over the axes along which its argument was broadcast."""
    return _plain(np.asarray(summed_to(_boxed(contribution), shape), dtype=object))


def _plain(result: Any) -> Any:
    """Return an array as one of ours, and one without axes as its number."""
    if not isinstance(result, np.ndarray):
        return result
    return result.view(Objects) if result.ndim else result[()]


def _boxed(value: Any) -> Any:
    return np.asarray(value, dtype=object)


def _reduction(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Reduce an array, or one of its axes, by a function of two numbers; a number is itself."""
    pairwise = np.frompyfunc(function, 2, 1)

    def reduce(x: Any, *axis: int) -> Any:
        if not np.ndim(x):
            return x
        return _plain(pairwise.reduce(x, axis=axis[0]) if axis else pairwise.reduce(x.reshape(-1)))

    return reduce


def _of_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: _plain(function(*arguments))


_spread: Final = _of_numbers(STRUCTURE["spread"])


def _many(function: Callable[..., Any]) -> Callable[..., Any]:
    pairwise = lift(function, 2)
    return lambda *values: functools.reduce(pairwise, values)


@functools.lru_cache(16)
def arrays_of(scalar: Namespace) -> Namespace:
    """Return the namespace of the rules over arrays of a scalar kind's numbers.

    Where nothing is sent stands its `nothing`, or 0.
    """
    nothing = scalar.functions.get("nothing", scalar.number(0))

    def scatter(value: Any, like: Any, *indices: Index) -> Any:
        result = arranged([nothing] * np.size(like), np.shape(like))
        result[selected(indices)] = value
        return result

    def onehot(k: Any, n: int) -> Any:
        inside = scalar.where(k >= 0, scalar.where(k < n, scalar.floor(k) == k, False), False)
        places = [scalar.where(inside, scalar.truth(k == place), scalar.nan) for place in range(n)]
        return arranged(places, (n,))

    more: dict[str, Any] = {
        "max": _many(scalar.max),
        "min": _many(scalar.min),
        "stack": lambda *parts: _plain(np.stack([_boxed(part) for part in parts])),
        "concat": lambda *parts: _plain(
            np.concatenate([np.atleast_1d(_boxed(part)) for part in parts])
        ),
        "spread": lambda value, like, *axis: _spread(_boxed(value), like, *axis),
        "scatter": scatter,
        "sum": _reduction(lambda a, b: a + b),
        "prod": _reduction(lambda a, b: a * b),
        "amax": _reduction(scalar.max),
        "amin": _reduction(scalar.min),
        "len": lambda x: scalar.number(int(np.shape(x)[0])),
        "onehot": onehot,
    }
    moved = {name: _of_numbers(function) for name, function in STRUCTURE.items()}
    lifted = {name: lift(getattr(scalar, name), count) for name, count in ELEMENTWISE.items()}
    kept = {name: scalar.functions[name] for name in _CONSTANTS if name in scalar.functions}
    primitives: dict[str, Any] = {**moved, **lifted, **kept, **more}
    return type(scalar)(**primitives)


_CONSTANTS: Final[tuple[str, ...]] = ("number", "pi", "inf", "nan", "room", "nothing")
