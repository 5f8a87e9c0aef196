"""The operations on vectors and matrices over power series, from their definitions.

Arrays are NumPy's, of objects, and used to lay numbers out; what is computed is written here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from flint import arb

from cgcli.numbers.jets import Jet, constant
from cgcli.numbers.series import DEFINITIONS, EXP, LOG1P, SQRT

_INFINITY: Final = arb("inf")

__all__ = ["DEFINITIONS_OF_ARRAYS", "elementwise", "jets"]


def jets(values: list[Jet], shape: tuple[int, ...]) -> Any:
    """Return an array of numbers in a row."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def elementwise(name: str, *arguments: Any) -> Any:
    """Return an elementwise operation on every element, its arguments broadcast."""
    definition = DEFINITIONS[name]
    laid = np.broadcast_arrays(*(_laid(argument) for argument in arguments))
    results = [definition(*elements) for elements in zip(*(a.flat for a in laid), strict=True)]
    return jets(results, laid[0].shape)


def _laid(value: Any) -> Any:
    if isinstance(value, Jet):
        array = np.empty((), dtype=object)
        array[()] = value
        return array
    return value


def _total(values: Any) -> Jet:
    total = constant(0)
    for value in values:
        total = total + value
    return total


def _multiplied(values: Any) -> Jet:
    product = constant(1)
    for value in values:
        product = product * value
    return product


def _lines(x: Any, axis: int) -> list[list[Jet]]:
    """The elements along an axis, a list for each place on the other."""
    if x.ndim == 1:
        return [list(x)]
    return [list(line) for line in (x.T if axis in (0, -2) else x)]


def _reduction(of_line: Callable[[list[Jet]], Jet]) -> Callable[..., Any]:
    def apply(x: Any, *axis: int) -> Any:
        if isinstance(x, Jet):
            return of_line([x])
        if not axis:
            return of_line(list(x.flat))
        results = [of_line(line) for line in _lines(x, axis[0])]
        return results[0] if x.ndim == 1 else jets(results, (len(results),))

    return apply


def _norm(line: list[Jet]) -> Jet:
    return SQRT(_total(value * value for value in line))


def _largest(line: list[Jet]) -> int:
    """The place of a number that is not much less than any: by it the others are divided."""
    middles = [value.value.mid() for value in line]
    return max(range(len(line)), key=lambda k: _Order(middles[k]))


class _Order:
    """Midpoints in order; what is no number is less than any."""

    def __init__(self, middle: Any) -> None:
        self.middle = middle

    def __lt__(self, other: _Order) -> bool:
        return bool(self.middle < other.middle) or (
            self.middle.is_nan() and not other.middle.is_nan()
        )


def _logsumexp(line: list[Jet]) -> Jet:
    """x_k + log(1 + Σ exp(x_j - x_k)), over all j but k."""
    k = _largest(line)
    return line[k] + LOG1P(_total(EXP(value - line[k]) for j, value in enumerate(line) if j != k))


def _by_row(of_line: Callable[[list[Jet]], list[Jet]]) -> Callable[[Any], Any]:
    def apply(x: Any) -> Any:
        lines = [of_line(line) for line in _lines(x, -1)]
        return jets(list(itertools.chain.from_iterable(lines)), x.shape)

    return apply


def _softmax(line: list[Jet]) -> list[Jet]:
    """1/Σ exp(x_j - x_k) for every k, and 0 where x_k is -inf."""
    return [
        EXP(one) if one.value == -_INFINITY else 1 / _total(EXP(value - one) for value in line)
        for one in line
    ]


def _log_softmax(line: list[Jet]) -> list[Jet]:
    whole = _logsumexp(line)
    return [value - whole for value in line]


def _matmul(a: Any, b: Any) -> Any:
    rows = [list(a)] if a.ndim == 1 else [list(row) for row in a]
    columns = [list(b)] if b.ndim == 1 else [list(column) for column in b.T]
    products = [
        _total(x * y for x, y in zip(row, column, strict=True))
        for row in rows
        for column in columns
    ]
    shape = a.shape[:-1] + b.shape[1:]
    return jets(products, shape) if shape else products[0]


def _outer(a: Any, b: Any) -> Any:
    return jets([x * y for x in a for y in b], (len(a), len(b)))


def _stack(*parts: Any) -> Any:
    return jets(list(parts), (len(parts),)) if isinstance(parts[0], Jet) else np.stack(parts)


def _concat(*parts: Any) -> Any:
    return np.concatenate([jets([p], (1,)) if isinstance(p, Jet) else p for p in parts])


def _onehot(k: Jet, n: int) -> Any:
    return jets([DEFINITIONS["eq"](k, constant(place)) for place in range(n)], (n,))


def _mean(line: list[Jet]) -> Jet:
    return _total(line) / len(line)


DEFINITIONS_OF_ARRAYS: Final[dict[str, Callable[..., Any]]] = {
    "stack": _stack,
    "index": lambda x, *i: x[i if len(i) > 1 else i[0]],
    "matmul": _matmul,
    "dot": _matmul,
    "outer": _outer,
    "transpose": lambda x: x.T if not isinstance(x, Jet) else x,
    "concat": _concat,
    "sum": _reduction(_total),
    "mean": _reduction(_mean),
    "prod": _reduction(_multiplied),
    "norm": _reduction(_norm),
    "logsumexp": _reduction(_logsumexp),
    "amax": _reduction(lambda line: DEFINITIONS["max"](*line)),
    "amin": _reduction(lambda line: DEFINITIONS["min"](*line)),
    "softmax": _by_row(_softmax),
    "log_softmax": _by_row(_log_softmax),
    "len": lambda x: constant(len(x)),
    "onehot": _onehot,
}
"""The operations that are not elementwise, by the names of their rows."""
