"""Elementwise operations over mpmath's numbers, as the language's contract defines them.

Each rule takes finite numbers and returns a `Local`: the value, the local derivatives (as a
thunk: many are never asked for), and what happens at the point. Derivatives are the textbook's,
with the conventions of the contract where there are none. Nothing here knows of doubles.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

from mpmath import mp, mpf

from tests.concordance.numbers import BAD, FAR, INF, NAN, TINY, UNKNOWN, Local, Number, fault
from tests.concordance.smooth import exp, gelu, silu


def _sqrt(x: mpf) -> Local:
    if x < 0:
        return fault(NAN)._replace(margins=(x,))
    if x == 0:
        return Local(x, lambda: (INF,), (x,), kink=True)
    root = mp.sqrt(x)
    return Local(root, lambda: (1 / (2 * root),), (x,))


def _cbrt(x: mpf) -> Local:
    if x == 0:
        return Local(x, lambda: (INF,), (x,), kink=True)
    root = mp.sign(x) * mp.cbrt(abs(x))
    return Local(root, lambda: (1 / (3 * root * root),), (x,))


def _logarithm(factor: Callable[[], mpf], shift: int = 0) -> Callable[[mpf], Local]:
    """log(x + shift) times a factor."""

    def rule(x: mpf) -> Local:
        inside = mp.fadd(x, shift, exact=True)
        if inside <= 0:
            return fault(-INF if inside == 0 else NAN)._replace(margins=(inside,))
        value = mp.log1p(x) if shift else mp.log(x)
        return Local(value * factor(), lambda: (factor() / inside,), (inside,))

    return rule


def _arc(value: Callable[[mpf], mpf], sign: int) -> Callable[[mpf], Local]:
    def rule(x: mpf) -> Local:
        inside = (1 - x) * (1 + x)
        if inside < 0:
            return fault(NAN)._replace(margins=(inside,))
        if inside == 0:
            return Local(value(x), lambda: (sign * INF,), (inside,), kink=True)
        return Local(value(x), lambda: (sign / mp.sqrt(inside),), (inside,))

    return rule


def _acosh(x: mpf) -> Local:
    if x < 1:
        return fault(NAN)._replace(margins=(x - 1,))
    if x == 1:
        return Local(mpf(0), lambda: (INF,), (x - 1,), kink=True)
    return Local(mp.acosh(x), lambda: (1 / (mp.sqrt(x - 1) * mp.sqrt(x + 1)),), (x - 1,))


def _atanh(x: mpf) -> Local:
    inside = (1 - x) * (1 + x)
    if inside <= 0:
        return fault(x * INF if inside == 0 else NAN)._replace(margins=(inside,))
    return Local(mp.atanh(x), lambda: (1 / inside,), (inside,))


def _pole(x: mpf) -> bool:
    return bool(x <= 0 and x == mp.floor(x))


def _beside_poles(x: mpf) -> tuple[mpf, ...]:
    return (x - mp.nint(x),) if x < 0.5 else ()


def _psi(order: int, x: mpf) -> Number:
    """Polygamma; far to the left, where mpmath goes step by step, by reflection or not at all."""
    if x > -300:
        return _known_psi(order, x, mp.prec)
    if order:
        return UNKNOWN
    return mp.psi(0, 1 - x) - mp.pi * mp.cospi(x) / mp.sinpi(x)


@functools.lru_cache(maxsize=1024)
def _known_psi(order: int, x: mpf, bits: int) -> mpf:
    """It takes a hundred products' time, and is asked for the same number many times over."""
    return mp.psi(order, x)


def _briefly(rule: Callable[..., Local]) -> Callable[..., Local]:
    """A rule in 300 bits at most: it takes minutes in the thousands."""

    def short(*args: mpf) -> Local:
        bits, x = min(mp.prec, 300), args[-1]
        if x < -0.5 and 0 < abs(x - mp.nint(x)) < mpf(2) ** -(bits // 2):
            # Of what is left beside a pole these bits have too few.
            return Local(UNKNOWN, lambda: (UNKNOWN,) * len(args), fault=None, kink=None)
        with mp.workprec(bits):
            try:
                local = rule(*args)
            except ZeroDivisionError:  # So near a pole that these bits take it for one.
                return Local(UNKNOWN, lambda: (UNKNOWN,) * len(args), fault=None, kink=None)

        def slopes() -> tuple[Number, ...]:
            with mp.workprec(bits):
                try:
                    return local.slopes()
                except ZeroDivisionError:
                    return (UNKNOWN,) * len(args)

        return local._replace(slopes=slopes)

    return short


def _at_pole(value: Number, count: int = 1) -> Local:
    """At a pole, which rounding misses where the argument is not exact."""
    return fault(value, count)._replace(margins=(mpf(0),))


def _gamma(x: mpf) -> Local:
    if _pole(x):
        return _at_pole(BAD)
    if x > FAR:
        return Local(1 / TINY, lambda: (1 / TINY,))
    if x < -2000:
        return Local(TINY, lambda: (UNKNOWN,), _beside_poles(x))
    value = mp.gamma(x)
    return Local(value, lambda: (value * _psi(0, x),), _beside_poles(x))


def _lgamma(x: mpf) -> Local:
    if _pole(x):
        return _at_pole(INF)
    value = mp.loggamma(x) if x > 0 else mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - x)
    return Local(value, lambda: (_psi(0, x),), _beside_poles(x))


def _digamma(x: mpf) -> Local:
    if _pole(x):
        return _at_pole(BAD)
    return Local(_psi(0, x), lambda: (_psi(1, x),), _beside_poles(x))


def _polygamma(n: mpf, x: mpf) -> Local:
    if _pole(x):
        return _at_pole(BAD, 2)
    order = int(n)
    value = _psi(order, x)
    if value is UNKNOWN:
        return Local(UNKNOWN, lambda: (BAD, UNKNOWN), fault=None, kink=None)
    return Local(value, lambda: (BAD, _psi(order + 1, x)), _beside_poles(x))


def _abs(x: mpf) -> Local:
    return Local(abs(x), lambda: (mpf(mp.sign(x)),), (x,), kink=x == 0)


def _relu(x: mpf) -> Local:
    return Local(max(x, mpf(0)), lambda: (mpf(x > 0),), (x,), kink=x == 0)


def _leaky(x: mpf) -> Local:
    low = mpf(1) / 100
    return Local(x if x > 0 else low * x, lambda: (mpf(1) if x > 0 else low,), (x,), kink=x == 0)


def _step(value: Callable[[mpf], mpf], margin: Callable[[mpf], mpf]) -> Callable[[mpf], Local]:
    return lambda x: Local(mpf(value(x)), lambda: (mpf(0),), (margin(x),))


def _divide(a: mpf, b: mpf) -> Local:
    if b == 0:
        return _at_pole(NAN if a == 0 else BAD, 2)
    return Local(a / b, lambda: (1 / b, -a / (b * b)), (b,))


def _power(a: mpf, b: mpf) -> Local:
    whole = b == mp.floor(b)
    if a == 0:
        return _power_of_zero(b)
    if a < 0 and not whole:
        return fault(NAN, 2)._replace(margins=(a, b - mp.nint(b)))
    if abs(b) > 10_000 or not whole:
        size = exp(b * mp.log(abs(a)))
        value = -size if a < 0 and b % 2 else size
    else:
        value = a ** int(b)
    log = mp.log(a) if a > 0 else NAN

    def slopes() -> tuple[Number, Number]:
        by_base = mpf(0) if b == 0 else b * value / a
        # A negative base has no derivative by its exponent, though it is in the domain.
        return by_base, value * log if a > 0 else NAN

    margins = (a, b - mp.nint(b)) if a < 0 or not whole else ()
    return Local(value, slopes, margins)


def _power_of_zero(b: mpf) -> Local:
    if b < 0:
        return fault(INF if b % 2 != 1 else BAD, 2)._replace(margins=(mpf(0), b))
    if b == 0:
        return Local(mpf(1), lambda: (mpf(0), UNKNOWN), (mpf(0),), kink=None)
    slope = INF if b < 1 else mpf(b == 1)
    kink = True if b < 1 else False if b == mp.floor(b) else None
    return Local(mpf(0), lambda: (slope, mpf(0)), (mpf(0), b - 1), kink=kink)


def _hypot(a: mpf, b: mpf) -> Local:
    size = mp.sqrt(a * a + b * b)
    if size == 0:
        return Local(size, lambda: (mpf(0), mpf(0)), (size,), kink=True)
    return Local(size, lambda: (a / size, b / size), (size,))


def _xlogy(a: mpf, b: mpf) -> Local:
    if b <= 0:
        if a == 0:
            return Local(mpf(0), lambda: (UNKNOWN, UNKNOWN), (a, b), fault=None, kink=None)
        return fault(-a * INF if b == 0 else NAN, 2)._replace(margins=(a, b))
    return Local(a * mp.log(b), lambda: (mp.log(b), a / b), (b,))


def _atan2(a: mpf, b: mpf) -> Local:
    square = a * a + b * b
    if square == 0:
        # There is no slope, though it is no way out of the domain: a step sends nothing there.
        return Local(UNKNOWN, lambda: (NAN, NAN), (square,), kink=True)
    jump = bool(a == 0 and b < 0)
    margins = (a, mp.sqrt(square)) if b < 0 else (mp.sqrt(square),)
    # Which side of the cut, pi or -pi, is the sign of a zero: that is left open.
    return Local(
        UNKNOWN if jump else mp.atan2(a, b),
        lambda: (b / square, -a / square),
        margins,
        kink=None if jump else False,
    )


def _mod(a: mpf, b: mpf) -> Local:
    if b == 0:
        return _at_pole(NAN, 2)
    # The remainder is a double, however many digits the quotient has.
    with mp.workprec(mp.prec + int(min(max(0, mp.mag(a) - mp.mag(b)), 5000))):
        quotient = a / b
        count = mp.floor(quotient)
        margin = (quotient - mp.nint(quotient)) * b / max(1, abs(count))
        rest = a - b * count
    return Local(rest, lambda: (mpf(1), -count), (margin, b), kink=margin == 0)


def _compare(test: Callable[[mpf, mpf], bool]) -> Callable[[mpf, mpf], Local]:
    return lambda a, b: Local(mpf(test(a, b)), lambda: (mpf(0), mpf(0)), (a - b,))


def _extreme(best: Callable[[mpf, mpf], mpf]) -> Callable[..., Local]:
    def rule(*args: mpf) -> Local:
        value = args[0]
        for arg in args[1:]:
            value = best(value, arg)
        ties = sum(arg == value for arg in args)
        slopes = tuple(mpf(arg == value) / ties for arg in args)
        others = [abs(arg - value) for arg in args]
        others.remove(mpf(0))
        return Local(value, lambda: slopes, (min(others),) if others else (), kink=ties > 1)

    return rule


RULES: Final[dict[str, Callable[..., Local]]] = {
    "add": lambda a, b: Local(mp.fadd(a, b, exact=True), lambda: (mpf(1), mpf(1))),
    "sub": lambda a, b: Local(mp.fsub(a, b, exact=True), lambda: (mpf(1), mpf(-1))),
    "mul": lambda a, b: Local(a * b, lambda: (b, a)),
    "div": _divide,
    "pow": _power,
    "sqrt": _sqrt,
    "cbrt": _cbrt,
    "log": _logarithm(lambda: mpf(1)),
    "log1p": _logarithm(lambda: mpf(1), 1),
    "log2": _logarithm(lambda: 1 / mp.log(2)),
    "log10": _logarithm(lambda: 1 / mp.log(10)),
    "hypot": _hypot,
    "xlogy": _xlogy,
    "asin": _arc(mp.asin, 1),
    "acos": _arc(mp.acos, -1),
    "atan2": _atan2,
    "acosh": _acosh,
    "atanh": _atanh,
    "abs": _abs,
    "sign": _step(mp.sign, lambda x: x),
    "floor": _step(mp.floor, lambda x: x - mp.nint(x)),
    "ceil": _step(mp.ceil, lambda x: x - mp.nint(x)),
    "round": _step(mp.nint, lambda x: x - mp.floor(x) - mpf(0.5)),
    "mod": _mod,
    "relu": _relu,
    "leaky_relu": _leaky,
    "silu": silu,
    "gelu": gelu,
    "gamma": _briefly(_gamma),
    "lgamma": _briefly(_lgamma),
    "digamma": _briefly(_digamma),
    "polygamma": _briefly(_polygamma),
    "lt": _compare(lambda a, b: a < b),
    "le": _compare(lambda a, b: a <= b),
    "gt": _compare(lambda a, b: a > b),
    "ge": _compare(lambda a, b: a >= b),
    "eq": _compare(lambda a, b: a == b),
    "ne": _compare(lambda a, b: a != b),
    "max": _extreme(max),
    "min": _extreme(min),
}

COMPARISONS: Final = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
STEPS: Final = frozenset({"sign", "floor", "ceil", "round"}) | COMPARISONS
SPECIAL: Final = frozenset({"erf", "erfc", "gamma", "lgamma", "digamma", "polygamma", "gelu"})
EXACT_IN_DOUBLES: Final = (
    frozenset(
        {"add", "sub", "mul", "div", "neg", "pos", "sqrt", "abs", "relu", "max", "min", "mod"}
    )
    | STEPS
)
"""Operations whose result is what it ought to be wherever that is a double."""
