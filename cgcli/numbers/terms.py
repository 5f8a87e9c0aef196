"""Arithmetic of the first terms of Taylor series, a row a term and a column a direction.

A term that is not known, or does not exist, is NaN, and one that grows faster than its power of
the step is infinite.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from cgcli.numbers.arrays import Array

_EQUAL: Final = 1e-12
"""Terms after the first that differ by this part of them are equal, but for rounding."""


def order(a: Array, b: Array) -> Array:
    """Return the sign of the first terms' difference that is not 0; NaN where a value is none."""
    with np.errstate(all="ignore"):
        order = np.where(a[0] == b[0], 0.0, np.sign(a[0] - b[0]))
        for x, y in zip(a[1:], b[1:], strict=True):
            apart = np.abs(x - y) > _EQUAL * np.maximum(np.abs(x), np.abs(y))
            apart |= np.isinf(x) ^ np.isinf(y)
            # What is not known does not decide.
            sign = np.where(apart, np.sign(np.where(np.isnan(x - y), 0.0, x - y)), 0.0)
            order = np.where(order == 0, sign, order)
    return order


def total(products: Sequence[Array]) -> Array:
    """Return a sum, and 0 where its terms leave of one another what rounding does."""
    result = functools.reduce(np.add, products)
    sizes = functools.reduce(np.add, map(np.abs, products))
    return np.where(np.abs(result) < _EQUAL * sizes, 0.0, result)


def _times(x: Array, i: int, y: Array, j: int) -> Array:
    """Return the product of a term of one series with a term of another.

    Beyond the values, 0 times what is infinite or not known is 0: t·√t has no term in t.
    """
    nothing = ((y == 0) & (i > 0)) | ((x == 0) & (j > 0))
    return np.where(nothing, 0.0, x * y)


def _plain(x: Array, i: int, y: Array, j: int) -> Array:
    return x * y


def _multiplying(a: Array, b: Array) -> Callable[[Array, int, Array, int], Array]:
    """Return how terms of two series are multiplied."""
    return _plain if np.isfinite(a).all() and np.isfinite(b).all() else _times


def product(a: Array, b: Array) -> Array:
    """Return the product of two series, by Cauchy's rule."""
    times = _multiplying(a, b)
    with np.errstate(all="ignore"):
        terms = np.array([
            total([times(a[i], i, b[k - i], k - i) for i in range(k + 1)])
            for k in range(len(a))
        ])  # fmt: skip
    if times is _times:
        for k in range(1, len(terms)):
            # Two that grow faster than their powers may meet in the one before: √t·√t is t.
            pairs = (np.isinf(a[i]) & np.isinf(b[k + 1 - i]) for i in range(1, k + 1))
            terms[k] = np.where(functools.reduce(np.logical_or, pairs), np.nan, terms[k])
    return terms


def shifted(a: Array, places: int) -> Array:
    """Return a series over t^places, for a negative number times t^-places."""
    empty = np.full((abs(places), a.shape[1]), np.nan if places > 0 else 0.0)
    return np.concatenate([a[places:], empty] if places > 0 else [empty, a[: len(a) + places]])


def leading_places(a: Array) -> Array:
    """Return by direction the place of the first term that is not 0, `len(a)` for none."""
    return np.where((a != 0).any(axis=0), (a != 0).argmax(axis=0), len(a))


def quotient(a: Array, b: Array) -> Array:
    """Divide term by term; a common power of t goes first, and what is left of one is infinite."""
    a, b = np.broadcast_arrays(a, b)
    result = _divided(a, b)
    leading, above = leading_places(b), leading_places(a)
    for places in range(1, len(a)):
        at = (leading == places) & np.isfinite(b[places])
        if not at.any():
            continue
        infinite = np.full(a.shape, np.nan)
        first = np.take_along_axis(a, np.minimum(above, len(a) - 1)[None], 0)[0]
        infinite[0] = np.sign(first) * np.sign(b[places]) * np.inf
        rest = _divided(shifted(a, places), shifted(b, places))
        result = np.where(at, np.where(above < places, infinite, rest), result)
    return result


def _divided(a: Array, b: Array) -> Array:
    with np.errstate(all="ignore"):
        terms: list[Array] = []
        for k in range(len(a)):
            known = [_times(-terms[i], i, b[k - i], k - i) for i in range(k)]
            terms.append(total([a[k], *known]) / b[0])
        return np.array(terms)


def next_term(slope: Array, steps: Array) -> Array:
    """Return what f'(x(t))·x'(t) says of f's next term."""
    k = len(steps)
    times = _multiplying(steps, slope)
    products = [i * times(steps[i - 1], i, slope[k - i], k - i) for i in range(1, k + 1)]
    if k == 1:
        # Of a slope that is 0 so much is not known: that of u² at u = √t makes 1 of it.
        products = [np.where((slope[0] == 0) & np.isinf(steps[0]), np.nan, products[0])]
    return total(products) / k
