"""NumPy arrays of doubles: vectors, matrices, and scalars among them.

Broadcasting is NumPy's. Functions that NumPy lacks are those of `real`, element by element.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cgcli.numbers import real
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.parts import Parts
from cgcli.numbers.rounded import Rounded
from cgcli.operations.protocol import ELEMENTWISE
from cgcli.operations.row import Shape

__all__ = ["ARRAYS", "Array", "as_value", "product_within", "quiet", "reduce_to"]

Array: TypeAlias = NDArray[np.float64]


def quiet() -> Any:
    """Return a context in which NumPy answers inf and NaN in silence; notes speak of them."""
    return np.errstate(all="ignore")


def as_value(result: Any) -> Any:
    """Return a result as the graph keeps it: a float for a scalar, else an array of doubles."""
    if isinstance(result, float):
        return float(result)
    array = np.asarray(result, dtype=np.float64)
    return array if array.ndim else float(array)


def reduce_to(contribution: Any, shape: Shape) -> Any:
    """Sum a contribution over the axes along which its argument was broadcast."""
    if not shape and isinstance(contribution, float):
        return float(contribution)
    array = np.asarray(contribution, dtype=np.float64)
    if array.shape == shape:
        return array if shape else float(array)
    extra = array.ndim - len(shape)
    if extra < 0:
        return np.broadcast_to(array, shape)
    array = array.sum(axis=tuple(range(extra)))
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and array.shape[i] != 1)
    if axes:
        array = array.sum(axis=axes, keepdims=True)
    if array.shape != shape:
        array = np.broadcast_to(array, shape)
    return array if shape else float(array)


def _elements(name: str) -> Callable[..., Any]:
    """Return a function of floats as one of arrays: the same bits, element by element."""
    fast, careful = getattr(real.FAST, name), getattr(real.CAREFUL, name)

    def apply(*arguments: Any) -> Any:
        spread = np.broadcast_arrays(*arguments)
        lists = [part.ravel().tolist() for part in spread]
        try:
            found = list(map(fast, *lists))
        except real.EDGES:
            found = list(map(careful, *lists))
        return np.array(found, dtype=np.float64).reshape(spread[0].shape)

    return apply


def _function(name: str) -> Callable[..., Any]:
    """Return NumPy's function; what is named asin here is arcsin there."""
    inverse = name.startswith("a") and name[1:] in ELEMENTWISE
    return getattr(np, f"arc{name[1:]}" if inverse else name, None) or _elements(name)


def _cube_root(x: Any) -> Any:
    """The cube root: NumPy's, by the step that `real` takes from C's."""
    root = np.cbrt(x)
    shifted = 536870913.0 * root
    short = shifted - (shifted - root)
    quotient = x / (short * short)
    refined = short + short * ((quotient - short) / (2 * short + quotient))
    return np.where((root == 0) | ~np.isfinite(root), root, refined)


def _axis(axis: tuple[int, ...]) -> int | None:
    return axis[0] if axis else None


def _spread(value: Any, like: Any, *axis: int) -> Any:
    """Undo a reduction's loss of an axis: every element takes the value of its group."""
    shape = np.shape(like)
    if axis:
        value = np.expand_dims(value, axis[0])
    return np.broadcast_to(value, shape)


def _count(x: Any, *axis: int) -> int:
    return int(np.shape(x)[axis[0]]) if axis else int(np.size(x))


def _running(x: Any) -> tuple[Any, Any]:
    """Running products along the first axis, as mantissas and exponents, which have no ends."""
    mantissas, exponents = np.frexp(x)
    step = 1
    while step < len(x):
        products, more = np.frexp(mantissas[step:] * mantissas[:-step])
        sums = exponents[step:] + exponents[:-step] + more
        mantissas = np.concatenate([mantissas[:step], products])
        exponents = np.concatenate([exponents[:step], sums])
        step *= 2
    return mantissas, exponents


def _first(x: Any, axis: tuple[int, ...]) -> Any:
    """Return an array with an axis in front, or without one all elements in a row."""
    return np.moveaxis(np.asanyarray(x), axis[0], 0) if axis else np.reshape(x, -1)


def _prod(x: Any, *axis: int) -> Any:
    """The product, in whose midst nothing leaves the doubles."""
    try:
        with np.errstate(over="raise", under="raise"):
            return np.prod(x, axis=_axis(axis))
    except FloatingPointError:
        mantissas, exponents = _running(_first(x, axis))
        return np.ldexp(mantissas[-1], exponents[-1])


def _products_of_others(x: Any, *axis: int) -> Any:
    """For every element, the product of all others: from the left times from the right."""
    moved = _first(x, axis)
    left, right = np.ones_like(moved), np.ones_like(moved)
    try:
        with np.errstate(over="raise", under="raise"):
            left[1:] = np.cumprod(moved[:-1], axis=0)
            right[:-1] = np.cumprod(moved[:0:-1], axis=0)[::-1]
            others = left * right
    except FloatingPointError:
        left[1:], right[:-1] = moved[:-1], moved[1:]
        (left, scale), (right, more) = _running(left), _running(right[::-1])
        others = np.ldexp(left * right[::-1], scale + more[::-1])
    return np.moveaxis(others, 0, axis[0]) if axis else others.reshape(np.shape(x))


_FEW: Final = 1024
"""Up to so many numbers are added exactly and rounded once, which takes microseconds."""


def _sum(x: Any, *axis: int) -> Any:
    """The sum of all elements, a few of them as `math.fsum` has it; or along an axis."""
    if not axis and np.size(x) <= _FEW:
        try:
            return math.fsum(np.ravel(x).tolist())
        except real.EDGES:
            pass
    return np.sum(x, axis=_axis(axis))


def _norm_over(by: float, x: Any, *axis: int) -> Any:
    """The 2-norm of all elements, which `hypot` rounds once; along an axis the composite."""
    if axis:
        return Namespace.norm_over(ARRAYS, by, x, *axis)
    found = math.hypot(*np.ravel(x / by).tolist())
    # C's hypot of NaN and an infinity is infinite.
    return math.nan if found == math.inf and np.isnan(x).any() else found


def _outer_or_scale(a: Any, b: Any) -> Any:
    """The matrix of products of two vectors, or the vector times the scalar."""
    return a[:, None] * b[None, :] if np.ndim(a) and np.ndim(b) else np.multiply(a, b)


def _product(a: Any, b: Any) -> Any:
    """The matrix product; a scalar on either side, the gradient of an inner product, scales."""
    return np.matmul(a, b) if np.ndim(a) and np.ndim(b) else np.multiply(a, b)


_DOWN: Final = 2.0**-540
"""What brings two factors so near to 1 that no sum of their products overflows."""


def product_within(a: Any, b: Any, found: Any) -> Any:
    """Return a matrix product in which no term leaves the doubles on the way to the sum."""
    if np.isfinite(found).all():
        return found
    scaled = _product(a * _DOWN, b * _DOWN) / _DOWN / _DOWN
    return np.where(np.isfinite(found) | np.isnan(scaled), found, scaled)


def _index(x: Any, *indices: int) -> Any:
    return x[indices if len(indices) > 1 else indices[0]]


def _scatter(value: Any, like: Any, *indices: int) -> Any:
    result = np.zeros(np.shape(like))
    result[indices if len(indices) > 1 else indices[0]] = value
    return result


def _concat(*parts: Any) -> Any:
    return np.concatenate([np.atleast_1d(part) for part in parts])


def _piece(whole: Any, place: int, parts: Parts) -> Any:
    start, own = parts.start(place, np.shape), np.shape(parts[place])
    return whole[start : start + own[0]] if own else whole[start]


def _onehot(k: float, n: int) -> Any:
    result = np.zeros(n)
    if 0 <= k < n and k == math.floor(k):
        result[int(k)] = 1.0
    else:
        result[:] = np.nan
    return result


def _truth(condition: Any) -> Any:
    return np.asarray(condition, dtype=np.float64)


STRUCTURE: Final[dict[str, Callable[..., Any]]] = {
    "index": _index,
    "product": _product,
    "outer_or_scale": _outer_or_scale,
    "transpose": np.transpose,
    "piece": _piece,
    "products_of_others": _products_of_others,
    "spread": _spread,
    "count": _count,
    "rank": np.ndim,
}
"""What moves elements about, or takes their sums and products, whatever they are."""

_ELEMENTWISE: Final[dict[str, Callable[..., Any]]] = {
    **{name: _function(name) for name in ELEMENTWISE},
    "cbrt": _cube_root,
    "pow": np.float_power,
    "atan2": np.arctan2,
    "truth": _truth,
}

ARRAYS: Final = Rounded(
    **{**STRUCTURE, "product": lambda a, b: product_within(a, b, _product(a, b))},
    **_ELEMENTWISE,
    max=lambda *values: functools.reduce(np.maximum, values),
    min=lambda *values: functools.reduce(np.minimum, values),
    number=float,
    pi=math.pi,
    inf=math.inf,
    nan=math.nan,
    # Vectors and matrices
    # Of n numbers: `np.stack` makes an array of each of them first.
    stack=lambda *parts: np.array(parts),
    scatter=_scatter,
    concat=_concat,
    sum=_sum,
    prod=_prod,
    norm_over=_norm_over,
    amax=np.max,
    amin=np.min,
    len=lambda x: float(np.shape(x)[0]),
    onehot=_onehot,
)
"""Arrays, and floats among them: inf and NaN as IEEE 754 has them."""
