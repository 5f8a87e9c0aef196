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
from cgcli.numbers.rounded import Rounded, rounding
from cgcli.operations.protocol import ELEMENTWISE
from cgcli.operations.row import Index, Shape, selected

Array: TypeAlias = NDArray[np.float64]


FEW: Final = 1024
"""Up to so many numbers are added exactly and rounded once, which takes microseconds."""
_MANY: Final = 2**12
"""Of more terms, sums that cancel are not added up again: that would take as long as all else."""
_CANCELS: Final = 2.0**-8
"""The share that is left of terms where their sum is added up again."""


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
    return summed_to(array, shape) if shape else float(_sum(array))


def summed_to(array: Any, shape: Shape) -> Any:
    """Return an array of any numbers, summed over the axes along which a shape was broadcast."""
    if array.shape == shape:
        return array
    extra = array.ndim - len(shape)
    if extra >= 0:
        if extra:
            # NumPy returns the sum of all objects as such.
            array = np.asarray(array.sum(axis=tuple(range(extra))), dtype=array.dtype)
        axes = tuple(i for i, n in enumerate(shape) if n == 1 and array.shape[i] != 1)
        array = array.sum(axis=axes, keepdims=True) if axes else array
    return array if array.shape == shape else np.broadcast_to(array, shape)


def _elements(name: str) -> Callable[..., Any]:
    """Return a function of floats as one of arrays: the same bits, element by element."""
    fast, careful = getattr(real.FAST, name), getattr(real.CAREFUL, name)

    def apply(*arguments: Any) -> Any:
        spread = np.broadcast_arrays(*arguments)
        lists = [part.ravel().tolist() for part in spread]
        try:
            results = list(map(fast, *lists))
        except real.EDGES:
            results = list(map(careful, *lists))
        return np.array(results, dtype=np.float64).reshape(spread[0].shape)

    return apply


def numpy_name(name: str) -> str:
    """Return what NumPy calls a primitive: what is named asin here is arcsin there."""
    return f"arc{name[1:]}" if name.startswith("a") and name[1:] in ELEMENTWISE else name


def _cube_root(x: Any) -> Any:
    """The cube root: NumPy's, by the step that `real` takes from C's."""
    root = np.cbrt(x)
    return np.where((root == 0) | ~np.isfinite(root), root, real.refined_root(root, x))


def _spread(value: Any, like: Any, *axis: int) -> Any:
    """Undo a reduction's loss of an axis: every element takes the value of its group."""
    shape = np.shape(like)
    # Of a few elements NumPy's own functions of views take longer than what is done with them.
    if not axis and np.size(like) <= FEW:
        return np.full(shape, value)
    value = np.asarray(value)[..., None] if axis == (-1,) else np.expand_dims(value, axis)
    return np.broadcast_to(value, shape)


def _count(x: Any, *axis: int) -> int:
    return int(np.shape(x)[axis[0]]) if axis else int(np.size(x))


def _lines(x: Any, axis: tuple[int, ...]) -> Any:
    """Return an array with the axis of a reduction in front, or all elements in one line."""
    return np.moveaxis(x, axis[0], 0) if axis else np.reshape(x, -1)


def _along_lines(function: Callable[[Any], Any]) -> Callable[..., Any]:
    """Let a function of lines keep the shape of an array."""

    def apply(x: Any, *axis: int) -> Any:
        result = function(_lines(x, axis))
        return np.moveaxis(result, 0, axis[0]) if axis else result.reshape(np.shape(x))

    return apply


def _finite(product: Callable[[Any], Any], lines: Any, others: Callable[[Any], Any]) -> Any:
    """Return products along lines; where one leaves the doubles on the way, by levelled numbers.

    `others` has the powers of 2 of the products by those of the numbers.
    """
    products, left = flagged(lambda: product(lines))
    if not left:
        return products
    numbers, powers = _levelled(lines)
    return np.ldexp(product(numbers), others(powers))


def _of_others(lines: Any) -> Any:
    """For every element, the product of all others: from the left times from the right."""
    left = np.ones_like(lines)
    right = np.ones_like(lines)
    left[1:] = np.cumprod(lines[:-1], axis=0)
    right[:-1] = np.cumprod(lines[:0:-1], axis=0)[::-1]
    return left * right


def flagged(compute: Callable[[], Any]) -> tuple[Any, bool]:
    """Return what is computed, and whether the processor says that a number left the doubles."""
    flags: list[Any] = []
    with np.errstate(all="call", call=lambda *flag: flags.append(flag)):
        return compute(), bool(flags)


def _levelled(x: Any) -> tuple[Any, Any]:
    """Return numbers and the powers of 2 that make x of them; what is not finite stays as it is.

    Along the first axis the product of any neighbours among the numbers is near 1.
    """
    usual = np.isfinite(x) & (x != 0)
    sums = np.rint(np.cumsum(np.log2(np.abs(np.where(usual, x, 1.0))), axis=0))
    powers = np.diff(sums, axis=0, prepend=0.0).astype(int)
    return np.ldexp(x, -powers), powers


def _sum(x: Any, *axis: int) -> Any:
    """The sum of all elements, a few of them as `math.fsum` has it; or along an axis."""
    return finite_sums(_added(x, *axis), lambda scale: _added(x * scale, *axis), -40, 1)


def _added(x: Any, *axis: int) -> Any:
    if not axis and np.size(x) <= FEW:
        try:
            return math.fsum(np.ravel(x).tolist())
        except real.EDGES:
            pass

    def total(part: Any) -> Any:
        return np.add.reduce(part, axis=axis or None)

    terms = functools.partial(np.moveaxis, _lines(x, axis), 0, -1)
    return _rounded_once(total(x), lambda: total(np.abs(x)), np.size(x), terms)


def _rounded_once(sums: Any, sizes: Callable[[], Any], count: int, terms: Callable[[], Any]) -> Any:
    """Return sums, and those that cancel to little of their terms' sizes as `math.fsum` has them.

    Along the last axis `terms` has so many in all; of an infinity or NaN no sum is another one.
    """
    if count > _MANY:
        return sums
    most = sizes()
    again = np.asarray(np.abs(sums) < _CANCELS * most, dtype=bool) & np.isfinite(most)
    if not again.any():
        return sums
    sums = np.array(sums)
    sums[again] = list(map(math.fsum, terms()[again].tolist()))
    return sums[()]


def _norm_over(by: float, x: Any, *axis: int) -> Any:
    """The 2-norm: of a few elements `hypot` rounds it once, and calls NaN beside inf infinite."""
    length = math.inf if axis or np.size(x) > FEW else math.hypot(*np.ravel(x / by).tolist())
    return length if length < math.inf else Namespace.norm_over(ARRAYS, by, x, *axis)


def _or_scaled(product: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a product of arrays of which a scalar on either side scales the other."""
    return lambda a, b: (product if np.ndim(a) and np.ndim(b) else np.multiply)(a, b)


def _finite_product(a: Any, b: Any) -> Any:
    """The product of doubles, or of stacks of them; what cancels is rounded once.

    It leaves the doubles where its sums do, and not where a term does.
    """
    if not (np.ndim(a) and np.ndim(b)):
        return np.multiply(a, b)

    def terms() -> Any:
        left, right = (a[..., None, :], np.swapaxes(b, -1, -2)) if np.ndim(b) > 1 else (a, b)
        right = right[..., None, :, :] if np.ndim(b) > 1 and np.ndim(a) > 1 else right
        products = left * right
        rests = rounding(left, right, products)
        # Splitting a factor near the end of the range overflows.
        return np.concatenate([products, np.where(np.isfinite(rests), rests, 0.0)], axis=-1)

    sums = finite_sums(np.matmul(a, b), lambda scale: np.matmul(a * scale, b * scale))
    count = np.size(sums) * np.shape(a)[-1]
    return _rounded_once(sums, lambda: np.matmul(np.abs(a), np.abs(b)), count, terms)


def finite_sums(
    sums: Any, again: Callable[[float], Any], power: int = -530, factors: int = 2
) -> Any:
    """Return sums of products; those that left the doubles once more, of scaled factors.

    Each of so many `factors` is scaled by 2 to a `power`.
    """
    if np.isfinite(sums).all():
        return sums
    scaled = np.ldexp(again(2.0**power), -factors * power)
    # A factor that is infinite itself may meet a 0 that only the scale made.
    return np.where(np.isfinite(sums) | np.isnan(scaled), sums, scaled)[()]


def _scatter(value: Any, like: Any, *indices: Index) -> Any:
    result = np.zeros(np.shape(like))
    result[selected(indices)] = value
    return result


def _piece(row: Any, place: int, parts: Parts) -> Any:
    start, shape = parts.start(place, np.shape), np.shape(parts[place])
    return row[start : start + shape[0]] if shape else row[start]


def _cumsum(x: Any, *, backwards: bool = False) -> Any:
    if backwards:
        return _cumsum(x[::-1])[::-1]
    return finite_sums(_running(x), lambda scale: _running(x * scale), -40, 1)


def _running(x: Any) -> Any:
    terms, size = functools.partial(np.tile, x, (len(x), 1)), len(x) ** 2
    return _rounded_once(np.cumsum(x), lambda: np.cumsum(np.abs(x)), size, lambda: np.tril(terms()))


def _onehot(k: float, n: int) -> Any:
    result = np.zeros(n)
    if 0 <= k < n and k == math.floor(k):
        result[int(k)] = 1.0
    else:
        result[:] = np.nan
    return result


STRUCTURE: Final[dict[str, Callable[..., Any]]] = {
    "index": lambda x, *indices: x[selected(indices)],
    "product": _or_scaled(np.matmul),
    "outer_or_scale": _or_scaled(lambda a, b: a[:, None] * b[None, :]),
    "transpose": np.transpose,
    "piece": _piece,
    "products_of_others": _along_lines(_of_others),
    "spread": _spread,
    "count": _count,
    "rank": np.ndim,
}
"""What moves elements about, or takes their sums and products, whatever they are."""

_ELEMENTWISE: Final[dict[str, Callable[..., Any]]] = {
    **{name: getattr(np, numpy_name(name), None) or _elements(name) for name in ELEMENTWISE},
    "cbrt": _cube_root,
    "pow": np.float_power,
    "atan2": np.arctan2,
    "truth": lambda condition: np.asarray(condition, dtype=np.float64),
}

ARRAYS: Final = Rounded(
    **{
        **STRUCTURE,
        "product": _finite_product,
        "products_of_others": _along_lines(
            lambda lines: _finite(_of_others, lines, lambda powers: powers.sum(axis=0) - powers)
        ),
    },
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
    concat=lambda *parts: np.concatenate([np.atleast_1d(part) for part in parts]),
    sum=_sum,
    prod=lambda x, *axis: _finite(np.multiply.reduce, _lines(x, axis), np.add.reduce),
    norm_over=_norm_over,
    amax=lambda x, *axis: np.maximum.reduce(x, axis=axis or None),
    amin=lambda x, *axis: np.minimum.reduce(x, axis=axis or None),
    len=lambda x: float(np.shape(x)[0]),
    onehot=_onehot,
    cumsum=_cumsum,
    diag=np.diag,
)
"""Arrays, and floats among them: inf and NaN as IEEE 754 has them."""
