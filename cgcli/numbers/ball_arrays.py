"""Vectors and matrices of balls: NumPy's arrays of objects, whose broadcasting they keep."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from cgcli.numbers.balls import INFINITY, VOID, Ball, ball
from cgcli.numbers.certified import BALLS, BallNamespace
from cgcli.numbers.parts import Parts
from cgcli.operations.row import Shape

__all__ = ["BALL_ARRAYS", "Balls", "as_ball_value", "balls_of", "each", "reduce_balls"]


# NumPy's own comparisons of objects, which want yes or no unless they are told what to return.
_equal: Final[Any] = functools.partial(np.equal, dtype=object)
_not_equal: Final[Any] = functools.partial(np.not_equal, dtype=object)


class Balls(np.ndarray):
    """An array of balls. Its comparisons are arrays of truths, where NumPy's want yes or no."""

    def __lt__(self, other: Any) -> Any:
        return np.less(self, other, dtype=object)

    def __le__(self, other: Any) -> Any:
        return np.less_equal(self, other, dtype=object)

    def __gt__(self, other: Any) -> Any:
        return np.greater(self, other, dtype=object)

    def __ge__(self, other: Any) -> Any:
        return np.greater_equal(self, other, dtype=object)

    def __eq__(self, other: object) -> Any:
        return _equal(self, other)

    def __ne__(self, other: object) -> Any:
        return _not_equal(self, other)

    __hash__ = None


def balls_of(values: Any, shape: Shape) -> Balls:
    """Return an array of balls from as many of them in a row."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape).view(Balls)


def as_ball_value(result: Any) -> Any:
    """Return a rule's result as a ball, or as an array of balls."""
    if not isinstance(result, np.ndarray):
        return ball(result)
    return result.view(Balls) if result.ndim else ball(result.item())


def each(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """Return a function of balls as one of arrays of them, element by element."""
    elementwise = np.frompyfunc(function, count, 1)

    def apply(*arguments: Any) -> Any:
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                result = elementwise(*arguments)
                return result.view(Balls) if isinstance(result, np.ndarray) else result
        return function(*arguments)

    return apply


def reduce_balls(contribution: Any, shape: Shape) -> Any:
    """Sum a contribution over the axes along which its argument was broadcast."""
    array = np.asarray(contribution, dtype=object)
    if array.shape != shape:
        extra = array.ndim - len(shape)
        if extra > 0:
            array = np.asarray(array.sum(axis=tuple(range(extra))), dtype=object)
        axes = (
            tuple(i for i, n in enumerate(shape) if n == 1 and array.shape[i] != 1)
            if (array.ndim == len(shape))
            else ()
        )
        if axes:
            array = array.sum(axis=axes, keepdims=True)
        array = np.broadcast_to(array, shape)
    return as_ball_value(array)


def _along(function: Callable[..., Any]) -> Callable[..., Any]:
    """Reduce an array, or one of its axes, by a function of two balls; a number is itself."""
    pairwise = np.frompyfunc(function, 2, 1)

    def apply(x: Any, *axis: int) -> Any:
        if not np.ndim(x):
            return ball(x)
        reduced = pairwise.reduce(x, axis=axis[0]) if axis else pairwise.reduce(x.reshape(-1))
        return as_ball_value(reduced)

    return apply


def _many(function: Callable[..., Any]) -> Callable[..., Any]:
    pairwise = each(function, 2)

    def apply(*values: Any) -> Any:
        result = values[0]
        for value in values[1:]:
            result = pairwise(result, value)
        return result

    return apply


_ZERO: Final = ball(0)
_greatest = _along(BALLS.max)
_sum = _along(lambda a, b: a + b)
_prod = _along(lambda a, b: a * b)
_exp = each(BALLS.exp, 1)
_log = each(BALLS.log, 1)


def _spread(value: Any, like: Any, *axis: int) -> Any:
    if axis:
        value = np.expand_dims(np.asarray(value, dtype=object), axis[0])
    return as_ball_value(np.broadcast_to(np.asarray(value, dtype=object), np.shape(like)))


def _count(x: Any, *axis: int) -> int:
    return int(np.shape(x)[axis[0]]) if axis else int(np.size(x))


def _products_of_others(x: Any, *axis: int) -> Any:
    """For every element, the product of all others: from the left times from the right."""
    if not np.ndim(x):
        return ball(1)
    if not axis:
        return _products_of_others(x.reshape(-1), 0).reshape(x.shape)
    moved = np.moveaxis(x, axis[0], 0)
    left, right = np.empty_like(moved), np.empty_like(moved)
    left[0] = right[-1] = ball(1)
    for k in range(1, len(moved)):
        left[k] = left[k - 1] * moved[k - 1]
        right[-1 - k] = right[-k] * moved[-k]
    return np.moveaxis(left * right, 0, axis[0])


def _norm(x: Any, *axis: int) -> Any:
    return each(BALLS.sqrt, 1)(_sum(x * x, *axis))


def _midpoint(x: Ball) -> Ball:
    """A number near the ball: by what is subtracted and added again, any number does."""
    return Ball(x.value.mid()) if x.value.is_finite() else _ZERO


def _shifted(x: Any, axis: int | None) -> tuple[Any, Any]:
    """exp(x - s) for a number s near the greatest, and s, with the axes kept."""
    every = each(_midpoint, 1)(x)
    top = _greatest(every, *(() if axis is None else (axis,)))
    top = np.asarray(top, dtype=object)
    top = top.reshape((1,) * x.ndim) if axis is None else np.expand_dims(top, axis)
    return _exp(x - top.view(Balls)), top.view(Balls)


def _logsumexp(x: Any, *axis: int) -> Any:
    if not np.ndim(x):
        return x
    grown, top = _shifted(x, axis[0] if axis else None)
    total = _log(_sum(grown, *axis))
    return total + (np.squeeze(top, axis=axis[0]) if axis else top.reshape(-1)[0])


def _softmax(x: Any) -> Any:
    grown, _ = _shifted(x, -1)
    return grown / np.expand_dims(np.asarray(_sum(grown, -1), dtype=object), -1).view(Balls)


def _log_softmax(x: Any) -> Any:
    grown, top = _shifted(x, -1)
    total = np.asarray(_log(_sum(grown, -1)), dtype=object)
    return x - top - np.expand_dims(total, -1).view(Balls)


def _outer_or_scale(a: Any, b: Any) -> Any:
    return a[:, None] * b[None, :] if np.ndim(a) and np.ndim(b) else a * b


def _product(a: Any, b: Any) -> Any:
    return as_ball_value(np.matmul(a, b)) if np.ndim(a) and np.ndim(b) else a * b


def _stack(*parts: Any) -> Any:
    if not np.ndim(parts[0]):
        return balls_of([ball(part) for part in parts], (len(parts),))
    return np.stack(parts).view(Balls)


def _index(x: Any, *indices: int) -> Any:
    return x[indices if len(indices) > 1 else indices[0]]


def _scatter(value: Any, like: Any, *indices: int) -> Any:
    shape = np.shape(like)
    result = balls_of([_ZERO] * int(np.prod(shape)), shape)
    result[indices if len(indices) > 1 else indices[0]] = value
    return result


def _concat(*parts: Any) -> Any:
    return np.concatenate(
        [part if np.ndim(part) else balls_of([part], (1,)) for part in parts]
    ).view(Balls)


def _piece(whole: Any, place: int, parts: Parts) -> Any:
    start, own = parts.start(place, np.shape), np.shape(parts[place])
    return whole[start : start + own[0]] if own else whole[start]


def _onehot(k: Any, n: int) -> Any:
    known = k.exact is not None and k.exact.q == 1 and 0 <= k.exact < n
    if not known:
        return balls_of([VOID] * n, (n,))
    return balls_of([ball(int(place == k.exact.p)) for place in range(n)], (n,))


_ARGUMENTS: Final = {
    **dict.fromkeys(("hypot", "pow", "atan2", "polygamma", "mod"), 2),
    "where": 3,
}
_ONE: Final = (
    "sqrt", "cbrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin",
    "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "gamma",
    "lgamma", "digamma", "floor", "ceil", "round", "abs", "sign", "truth",
)  # fmt: skip

BALL_ARRAYS: Final = BallNamespace(
    **{name: each(getattr(BALLS, name), 1) for name in _ONE},
    **{name: each(getattr(BALLS, name), count) for name, count in _ARGUMENTS.items()},
    max=_many(BALLS.max),
    min=_many(BALLS.min),
    number=ball,
    inf=INFINITY,
    nan=VOID,
    stack=_stack,
    index=_index,
    scatter=_scatter,
    product=_product,
    outer_or_scale=_outer_or_scale,
    transpose=np.transpose,
    concat=_concat,
    piece=_piece,
    sum=_sum,
    prod=_prod,
    products_of_others=_products_of_others,
    norm=_norm,
    logsumexp=_logsumexp,
    amax=_greatest,
    amin=_along(BALLS.min),
    softmax=_softmax,
    log_softmax=_log_softmax,
    spread=_spread,
    count=_count,
    rank=np.ndim,
    len=lambda x: ball(np.shape(x)[0]),
    onehot=_onehot,
)
"""Arrays of balls, and balls among them."""
