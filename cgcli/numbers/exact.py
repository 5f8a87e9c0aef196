"""Exact rationals: every function, where its value happens to be a fraction.

sqrt(9/4) is 3/2 and cos(0) is 1; of all that has no fraction, or none that is known, a
`NoValue` says why. Which values are rational at all: Niven, Irrational Numbers, theorem 9.11.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from cgcli.numbers.missing import IRRATIONAL, LONG, NOTHING, UNDEFINED, NoValue, NoValueError
from cgcli.numbers.namespace import Boundless, Namespace
from cgcli.numbers.ratio import Ratio, Room, as_ratio
from cgcli.operations.row import Rule
from cgcli.operations.table import OPERATIONS

_UNDEFINED: Final = NoValue(UNDEFINED)
_IRRATIONAL: Final = NoValue(IRRATIONAL, sure=True)
_UNKNOWN: Final = NoValue(IRRATIONAL)
_LONG: Final = NoValue(LONG)


def run(rule: Rule, m: Namespace, *arguments: Any) -> Any:
    """Return a rule's result over ratios, `NoValue` where a decision in it hangs on one.

    >>> run(lambda m, x: m.sqrt(x) / 3, EXACT, Ratio(1, 4))
    Ratio(1, 6)
    """
    try:
        result = rule(m, *arguments)
        if isinstance(result, list):
            return [as_ratio(element, m.room) for element in result]
        return as_ratio(result, m.room)
    except NoValueError as error:
        return error.cause


# Roots and powers


def root(x: Ratio, degree: int) -> Any:
    """Return the root of a rational where it is one; that of a negative number is an odd one."""
    if x.numerator < 0:
        return -root(-x, degree)
    top = _whole_root(x.numerator, degree, x.room)
    bottom = _whole_root(x.denominator, degree, x.room) if top >= 0 else -1
    return _IRRATIONAL if bottom < 0 else Ratio(top, bottom, x.room)


def _whole_root(number: int, degree: int, room: Room) -> int:
    """Return a whole number's whole root, by Newton's iteration from above; -1 for none."""
    if number < 2:
        return number
    length = number.bit_length()
    if degree >= length:
        return -1
    room.spend(length * length >> 12)
    if degree == 2:
        root = math.isqrt(number)
        return root if root * root == number else -1
    root = 1 << -(-length // degree)
    while True:
        smaller = ((degree - 1) * root + number // root ** (degree - 1)) // degree
        if smaller >= root:
            return root if root**degree == number else -1
        root = smaller


def _power(a: Ratio, b: Ratio) -> Any:
    if not a or a == 1:
        return _UNDEFINED if b < 0 and not a else Ratio(1 if not b else a.numerator, 1, a.room)
    if b.denominator > 1 and a < 0:
        return _UNDEFINED
    if b.denominator > 1:
        # No number but 0 and 1 has a root of a higher degree than it has bits.
        base = root(a, b.denominator) if b.denominator <= a.bits else _IRRATIONAL
        if isinstance(base, NoValue):
            return base
        a = base
    times = abs(b.numerator)
    top, bottom, room = abs(a.numerator), a.denominator, a.room
    if top == bottom == 1:
        return Ratio(-1 if times % 2 and a.numerator < 0 else 1, 1, room)
    if times > room.bits:
        # 2 is the least that is left; and so large a number may be no float.
        return _LONG
    longest = times * math.log2(max(top, bottom))
    if longest > room.bits:
        return _LONG
    room.spend(int(longest) ** 2 >> 18)
    top, bottom = top**times, bottom**times
    if b.numerator < 0:
        top, bottom = bottom, top
    return Ratio(-top if times % 2 and a.numerator < 0 else top, bottom, room)


# Functions that are rational at few points


def _at(point: int, value: int) -> Callable[[Ratio], Any]:
    """Return a function that is rational at one whole number alone."""

    def function(x: Ratio) -> Any:
        at = x.denominator == 1 and x.numerator == point
        return Ratio(value, 1, x.room) if at else _IRRATIONAL

    return function


def _logarithm(base: int) -> Any:
    """Return the logarithm that is rational at the whole powers of a base."""

    def function(x: Ratio) -> Any:
        size = x.numerator if x.denominator == 1 else x.denominator
        if x.numerator > 1 and x.denominator > 1:
            return _IRRATIONAL
        power = round(math.log2(size) / math.log2(base))
        x.room.spend(power * power >> 12)
        if base**power != size:
            return _IRRATIONAL
        return Ratio(power if x.denominator == 1 else -power, 1, x.room)

    return function


def _gamma(x: Ratio) -> Any:
    if x.denominator > 1:
        return _UNKNOWN
    if x.numerator.bit_length() > 60 or math.lgamma(x.numerator) / math.log(2) > x.room.bits:
        return _LONG
    x.room.spend(int(math.lgamma(x.numerator)) ** 2 >> 15)
    return Ratio(math.factorial(x.numerator - 1), 1, x.room)


def _lgamma(x: Ratio) -> Any:
    return Ratio(0, 1, x.room) if x.denominator == 1 and x.numerator <= 2 else _UNKNOWN


def _polygamma(_: Ratio, x: Ratio) -> Any:
    return _UNDEFINED if x.denominator == 1 and x.numerator <= 0 else _UNKNOWN


# Steps


def _round(x: Ratio) -> Ratio:
    doubled = 2 * x.numerator + x.denominator
    integer, rest = divmod(doubled, 2 * x.denominator)
    return Ratio(integer - (rest == 0 and integer % 2), 1, x.room)


_ZERO_AT_ZERO: Final = (
    "expm1", "log1p", "sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf",
)  # fmt: skip
_PRIMITIVE: Final[dict[str, Callable[..., Any]]] = {
    **dict.fromkeys(_ZERO_AT_ZERO, _at(0, 0)),
    **dict.fromkeys(("exp", "cos", "cosh", "erfc"), _at(0, 1)),
    **dict.fromkeys(("log", "acos", "acosh"), _at(1, 0)),
    "sqrt": lambda x: root(x, 2),
    "cbrt": lambda x: root(x, 3),
    "log2": _logarithm(2),
    "log10": _logarithm(10),
    "pow": _power,
    "atan2": lambda a, b: Ratio(0, 1, a.room) if not a and b >= 0 else _IRRATIONAL,
    "gamma": _gamma,
    "lgamma": _lgamma,
    "digamma": lambda x: _UNKNOWN,
    "polygamma": _polygamma,
    "floor": lambda x: Ratio(math.floor(x), 1, x.room),
    "round": _round,
    "abs": abs,
    "max": lambda *values: max(values),
    "min": lambda *values: min(values),
}


_DOMAINS: Final = {
    name: OPERATIONS[name].domain for name in _PRIMITIVE if name not in ("pow", "polygamma")
}
"""Where functions are defined. Two ask for themselves: one takes orders beyond its row's."""


def _guarded(name: str, function: Callable[..., Any], room: Room) -> Callable[..., Any]:
    """Return a function of ratios for arguments of any kind: what has no value goes through it."""
    domain = _DOMAINS.get(name)

    def call(*arguments: Any) -> Any:
        ratios: list[Any] = [
            number if type(number) is Ratio else as_ratio(number, room) for number in arguments
        ]
        for number in ratios:
            if isinstance(number, NoValue):
                # Whether a function of an irrational number is one is not known.
                return NoValue(number.reason, False, number.node)
        if domain is not None and not domain.inside(EXACT, *ratios):
            return _UNDEFINED
        return function(*ratios)

    return call


def _where(condition: Any, a: Any, b: Any) -> Any:
    if isinstance(condition, NoValue):
        return condition
    return a if condition else b


def exact_namespace(room: Room) -> Namespace:
    """Return the namespace of the rules over ratios in a room."""
    return Boundless(
        **{name: _guarded(name, function, room) for name, function in _PRIMITIVE.items()},
        where=_where,
        number=lambda value: as_ratio(value, room),
        pi=_IRRATIONAL,
        inf=math.inf,
        nan=_UNDEFINED,
        nothing=NOTHING,
        room=room,
    )


EXACT: Final = exact_namespace(Room())
"""The namespace of the rules over ratios of no more than the usual length."""
