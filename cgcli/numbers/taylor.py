"""Numbers that move a little: the first terms of their Taylor series, in several directions.

A `Series` is c₀ + c₁·t + c₂·t² + c₃·t³ for a step t > 0 that is as small as you like, once for
each of a row of directions. A comparison is decided by the first terms that differ, and so are
the jumps of steps. A smooth function's terms come from its row's partials: the derivative of
f(x(t)) is f'(x(t))·x'(t), whose first terms give one more of f (Griewank & Walther, Evaluating
Derivatives, 2nd ed., chapter 13.2). A term that is not known, or does not exist, is NaN, and one
that grows faster than its power of t is infinite: √t is 0 + inf·t.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from cgcli.numbers.arrays import ARRAYS, Array
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.operators import COMPARISONS, Operators
from cgcli.numbers.real import CAREFUL, Careful
from cgcli.numbers.terms import leading_places, next_term, order, product, quotient, shifted
from cgcli.operations.protocol import ELEMENTWISE, FORMULAS
from cgcli.operations.table import OPERATIONS

TERMS: Final = 4


class Truth:
    """Whether something holds, by direction."""

    __slots__ = ("holds",)

    def __init__(self, holds: Any) -> None:
        self.holds = holds


class Series(Operators):
    """The first terms of a number that moves: `terms` has a row a term, a column a direction.

    >>> x = Series(np.array([[0.0, 0.0], [1.0, -1.0], [0.0, 0.0], [0.0, 0.0]]))
    >>> TAYLOR.sqrt(x * x).terms[1].tolist(), TAYLOR.floor(x).terms[0].tolist()
    ([1.0, 1.0], [0.0, -1.0])
    """

    __slots__ = ("terms",)

    def __init__(self, terms: Array) -> None:
        self.terms = terms

    def write(self, name: str, *operands: Any) -> Any:
        """Return what an operation leaves; an array does it by element."""
        if any(isinstance(operand, np.ndarray) for operand in operands):
            return NotImplemented
        parts = [_series(operand).terms for operand in operands]
        count = min(map(len, parts))
        return _OPERATIONS[name](*(terms[:count] for terms in parts))


def _series(number: Any) -> Series:
    """Return a number as a series that does not move."""
    if isinstance(number, Series):
        return number
    return Series(np.array([[float(number)], *[[0.0]] * (TERMS - 1)]))


def _of_orders(compare: Callable[[Any, Any], Any]) -> Callable[[Array, Array], Truth]:
    return lambda a, b: Truth(compare(order(a, b), 0))


_OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    "add": lambda a, b: Series(a + b),
    "sub": lambda a, b: Series(a - b),
    "mul": lambda a, b: Series(product(a, b)),
    "div": lambda a, b: Series(quotient(a, b)),
    "neg": lambda a: Series(-a),
    **{name: _of_orders(compare) for name, compare in COMPARISONS.items()},
}


# Choices


def _choose(condition: Any, a: Any, b: Any) -> Any:
    if not isinstance(condition, Truth):
        return a if condition else b
    if isinstance(a, (Truth, bool)):
        first, second = (x.holds if isinstance(x, Truth) else x for x in (a, b))
        return Truth(np.where(condition.holds, first, second))
    first, second = _series(a).terms, _series(b).terms
    terms = min(len(first), len(second))
    return Series(np.where(condition.holds, first[:terms], second[:terms]))


def _still(value: Array, like: Series) -> Series:
    """Return values that do not move, NaN where a series has no value."""
    terms = np.zeros(like.terms.shape)
    terms[0] = np.where(np.isnan(like.terms[0]), np.nan, value)
    return Series(terms)


def _abs(x: Series) -> Any:
    return _choose(x < 0, -x, x)


def _sign(x: Series) -> Series:
    return _still(order(x.terms, np.zeros(x.terms.shape)), x)


def _drift(x: Series) -> Array:
    """Return the sign by which a series leaves its value."""
    return order(x.terms, _still(x.terms[0], x).terms)


def _floor(x: Series) -> Series:
    below = np.floor(x.terms[0])
    return _still(below - ((below == x.terms[0]) & (_drift(x) < 0)), x)


def _round(x: Series) -> Series:
    value = x.terms[0]
    tie = np.abs(value - np.floor(value)) == 0.5
    near = np.where(tie, value + _drift(x) / 2, value)
    return _still(np.round(near), x)


def _extreme(first: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def of_two(a: Any, b: Any) -> Any:
        chosen = _choose(first(a, b), a, b)
        return _choose(a == a, _choose(b == b, chosen, b), a)

    return lambda *values: functools.reduce(of_two, values)


# Functions


def _smooth(name: str) -> Callable[..., Series]:
    """Return a function that is smooth where its partials are finite, by those of its row."""
    operation, value = OPERATIONS[name], getattr(ARRAYS, name)

    def apply(*parts: Any) -> Series:
        series = [_series(part) for part in parts]
        terms = min(len(number.terms) for number in series)
        if terms == 1:
            with np.errstate(all="ignore"):
                return Series(np.atleast_2d(value(*(number.terms[0] for number in series))))
        lower = [
            Series(number.terms[: terms - 1]) if isinstance(part, Series) else part
            for number, part in zip(series, parts, strict=True)
        ]
        y = apply(*lower)
        last: Any = np.zeros(1)
        for place, number in enumerate(series):
            steps = number.terms[1:terms]
            moves = (steps != 0).any(axis=0)
            if not moves.any():
                continue
            slope = _series(operation.partial(place)(TAYLOR, y, *lower)).terms
            with np.errstate(all="ignore"):
                last = last + np.where(moves, next_term(slope, steps), 0.0)
        rows = np.broadcast_shapes(y.terms.shape[1:], last.shape)
        known = np.broadcast_to(y.terms, (terms - 1, *rows))
        return Series(np.concatenate([known, np.broadcast_to(last, rows)[None]]))

    return apply


def _rooted(
    function: Callable[[Series], Series], exponent: float, *, odd: bool
) -> Callable[[Series], Series]:
    """Return a power of a series, whose values may be 0: √(t²·u) is t·√u.

    An `odd` root takes what is negative.
    """

    def apply(x: Series) -> Series:
        result = function(x).terms
        leading, count = leading_places(x.terms), len(x.terms)
        for places in range(1, count):
            at = leading == places
            if not at.any():
                continue
            power, first = places * exponent, x.terms[places]
            if power == math.floor(power) and 0 <= power < count:
                root = function(Series(shifted(x.terms, places)))
                terms = shifted(root.terms, -int(power))
            else:
                terms = np.zeros(result.shape)
                after = max(math.floor(power) + 1, 0)
                terms[after : after + 1] = np.sign(first) * np.inf
                terms[after + 1 :] = np.nan
            if not odd:
                terms = np.where(first < 0, np.nan, terms)
            result = np.where(at, terms, result)
        return Series(result)

    return apply


def _power(a: Any, b: Any) -> Any:
    if not isinstance(a, Series) or isinstance(b, Series) or (b >= 0 and b == math.floor(b)):
        return _POWER(a, b)
    return _rooted(lambda x: _POWER(x, b), float(b), odd=b == math.floor(b))(a)


def _hypot(a: Any, b: Any) -> Any:
    """The length, by the root of squares that are brought near to 1 unless it is tiny."""
    parts = [_series(part).terms for part in (a, b)]
    length = np.maximum(*(np.abs(terms[0]) for terms in parts))
    scale = np.ldexp(1.0, np.frexp(np.where(np.isfinite(length), length, 1.0))[1] - 1)
    if scale.min() < 2.0**-400:
        return _HYPOT(a, b)
    x, y = (Series(terms / scale) for terms in parts)
    return Series(TAYLOR.sqrt(x * x + y * y).terms * scale)


def _atan2(a: Any, b: Any) -> Any:
    """The angle, on the side of its cut that the point moves to."""
    angle, height = _ANGLE(a, b), _series(a)
    side = order(height.terms, np.zeros(height.terms.shape))
    turned = (np.abs(angle.terms[0]) == math.pi) & (side != 0)
    return _choose(
        Truth(turned & (side * angle.terms[0] < 0)), angle - 2 * angle.terms[0][0], angle
    )


_POWER: Final = _smooth("pow")
_HYPOT: Final = _smooth("hypot")
_ANGLE: Final = _smooth("atan2")


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is a float's own of floats, and NaN where it leaves its domain."""
    domain, plain = OPERATIONS[name].domain, getattr(CAREFUL, name)

    def apply(*parts: Any) -> Any:
        if not any(isinstance(part, Series) for part in parts):
            return plain(*parts)
        result = function(*parts)
        return (
            result if domain is None else _choose(domain.inside(TAYLOR, *parts), result, math.nan)
        )

    return apply


_SPECIAL: Final[dict[str, Callable[..., Any]]] = {
    "sqrt": _rooted(_smooth("sqrt"), 1 / 2, odd=False),
    "cbrt": _rooted(_smooth("cbrt"), 1 / 3, odd=True),
    "pow": _power,
    "hypot": _hypot,
    "atan2": _atan2,
    "abs": _abs,
    "sign": _sign,
    "floor": _floor,
    "ceil": lambda x: FORMULAS["ceil"](TAYLOR, x),
    "mod": lambda a, b: FORMULAS["mod"](TAYLOR, a, b),
    "round": _round,
}

_SMOOTH: Final = {*ELEMENTWISE} & {*OPERATIONS} - {*_SPECIAL, "where"}

TAYLOR: Final[Namespace] = Namespace(
    **{name: _guarded(name, function) for name, function in _SPECIAL.items()},
    **{name: _guarded(name, _smooth(name)) for name in _SMOOTH},
    max=_extreme(lambda a, b: a >= b),
    min=_extreme(lambda a, b: a <= b),
    where=_choose,
    number=Careful,
    pi=Careful(math.pi),
    inf=Careful(math.inf),
    nan=Careful(math.nan),
)
"""Series, and careful floats among them for what does not move."""
