"""Elementwise operations over mpmath's numbers, as the language's contract defines them.

Each rule takes finite numbers and returns a `Local`: the value, the local derivatives (as a
thunk: many are never asked for), and what happens at the point. Derivatives are the textbook's,
with the conventions of the contract where there are none. Nothing here knows of doubles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from mpmath import mp, mpf

Number = Any
"""An mpf, or one of the words below."""

BAD: Final = "not finite"
"""Some number that is not finite: NaN or an infinity, of which the contract does not say which."""
UNKNOWN: Final = "unknown"
"""The contract leaves it open, or the oracle does not work it out."""

INF, NAN = mp.inf, mp.nan
TINY: Final = mpf(2) ** -400_000
"""What stands for numbers that are too small to be worked out in reasonable time."""
FAR: Final = 100_000
"""Beyond this an exponential is TINY, or one over it."""


class Local(NamedTuple):
    """An operation at a point: `kink`, `fault` are True, False or None where it is left open."""

    value: Number
    slopes: Callable[[], tuple[Number, ...]]
    margins: tuple[mpf, ...] = ()
    """How far the arguments are from where the operation decides otherwise; 0 is there."""
    kink: bool | None = False
    fault: bool | None = False


def fault(value: Number, count: int = 1) -> Local:
    """Out of the domain: no gradient that goes through is a finite number."""
    return Local(value, lambda: (BAD,) * count, fault=True)


def exp(x: mpf) -> mpf:
    if abs(x) > FAR:
        return TINY if x < 0 else 1 / TINY
    return mp.exp(x)


def sigmoid(x: mpf) -> mpf:
    return 1 / (1 + exp(-x)) if x > -FAR else TINY


def _cosh(x: mpf) -> mpf:
    return (exp(x) + exp(-x)) / 2


def _sinh(x: mpf) -> mpf:
    return mp.sinh(x) if abs(x) < 1 else (exp(x) - exp(-x)) / 2


def _expm1(x: mpf) -> mpf:
    return mp.expm1(x) if abs(x) < 1 else exp(x) - 1


def _tanh(x: mpf) -> mpf:
    return mp.tanh(x) if abs(x) < FAR else mp.sign(x) * (1 - TINY)


def _bell(x: mpf) -> mpf:
    """exp(-x^2), whatever its size."""
    return exp(-x * x)


def _phi(x: mpf) -> mpf:
    return _bell(x / mp.sqrt(2)) / mp.sqrt(2 * mp.pi)


def _erfc(x: mpf) -> mpf:
    if x > 300:
        return TINY
    return mp.erfc(x) if x > -300 else mpf(2) - TINY


def _normal(x: mpf) -> mpf:
    return _erfc(-x / mp.sqrt(2)) / 2


def _erf(x: mpf) -> mpf:
    return mp.erf(x) if abs(x) < 300 else mp.sign(x) * (1 - TINY)


def _softplus(x: mpf) -> mpf:
    return x if x > FAR else mp.log1p(exp(x))


SMOOTH: Final[dict[str, tuple[Callable[[mpf], mpf], Callable[[mpf], mpf]]]] = {
    "neg": (lambda x: -x, lambda x: mpf(-1)),
    "pos": (lambda x: x, lambda x: mpf(1)),
    "exp": (exp, exp),
    "expm1": (_expm1, exp),
    "sin": (mp.sin, mp.cos),
    "cos": (mp.cos, lambda x: -mp.sin(x)),
    "tan": (mp.tan, lambda x: 1 / mp.cos(x) ** 2),
    "atan": (mp.atan, lambda x: 1 / (1 + x * x)),
    "sinh": (_sinh, _cosh),
    "cosh": (_cosh, _sinh),
    "tanh": (_tanh, lambda x: 1 / _cosh(x) ** 2),
    "asinh": (mp.asinh, lambda x: 1 / mp.sqrt(1 + x * x)),
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "softplus": (_softplus, sigmoid),
    "erf": (_erf, lambda x: 2 * _bell(x) / mp.sqrt(mp.pi)),
    "erfc": (_erfc, lambda x: -2 * _bell(x) / mp.sqrt(mp.pi)),
    "elu": (lambda x: x if x > 0 else _expm1(x), lambda x: exp(min(x, mpf(0)))),
}


def _silu(x: mpf) -> Local:
    s = sigmoid(x)
    return Local(x * s, lambda: (s * (1 + x * sigmoid(-x)),))


def _gelu(x: mpf) -> Local:
    return Local(x * _normal(x), lambda: (_normal(x) + x * _phi(x),))


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
        return mp.psi(order, x)
    if order:
        return UNKNOWN
    return mp.psi(0, 1 - x) - mp.pi * mp.cospi(x) / mp.sinpi(x)


def _briefly(rule: Callable[..., Local]) -> Callable[..., Local]:
    """A rule in 300 bits at most: it takes minutes in the thousands."""

    def short(*args: mpf) -> Local:
        bits = min(mp.prec, 300)
        with mp.workprec(bits):
            local = rule(*args)

        def slopes() -> tuple[Number, ...]:
            with mp.workprec(bits):
                return local.slopes()

        return local._replace(slopes=slopes)

    return short


def _gamma(x: mpf) -> Local:
    if _pole(x):
        return fault(BAD)
    if x > FAR:
        return Local(1 / TINY, lambda: (1 / TINY,))
    if x < -2000:
        return Local(TINY, lambda: (UNKNOWN,), _beside_poles(x))
    value = mp.gamma(x)
    return Local(value, lambda: (value * _psi(0, x),), _beside_poles(x))


def _lgamma(x: mpf) -> Local:
    if _pole(x):
        return fault(INF)
    value = mp.loggamma(x) if x > 0 else mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - x)
    return Local(value, lambda: (_psi(0, x),), _beside_poles(x))


def _digamma(x: mpf) -> Local:
    if _pole(x):
        return fault(BAD)
    return Local(_psi(0, x), lambda: (_psi(1, x),), _beside_poles(x))


def _polygamma(n: mpf, x: mpf) -> Local:
    if _pole(x):
        return fault(BAD, 2)
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
        return fault(NAN if a == 0 else BAD, 2)
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
    log = mp.log(a) if a > 0 else BAD

    def slopes() -> tuple[Number, Number]:
        by_base = mpf(0) if b == 0 else b * value / a
        return by_base, value * log if a > 0 else BAD

    margins = (a, b - mp.nint(b)) if a < 0 or not whole else ()
    return Local(value, slopes, margins)


def _power_of_zero(b: mpf) -> Local:
    if b < 0:
        return fault(INF if b % 2 != 1 else BAD, 2)._replace(margins=(b,))
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
        return Local(UNKNOWN, lambda: (BAD, BAD), (square,), kink=True)
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
        return fault(NAN, 2)
    quotient = a / b
    count = mp.floor(quotient)
    margin = (quotient - mp.nint(quotient)) * b / max(1, abs(count))
    return Local(a - b * count, lambda: (mpf(1), -count), (margin,), kink=margin == 0)


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
    "silu": _silu,
    "gelu": _gelu,
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


def smooth(name: str, x: mpf) -> Local:
    value, slope = SMOOTH[name]
    return Local(value(x), lambda: (slope(x),))


def at_infinity(name: str, args: tuple[Number, ...]) -> Local:
    """A rule where an argument is infinite or NaN: what IEEE 754 and limits say, else open."""
    if name == "mul":
        return _product_at_infinity(*args)
    if any(arg is BAD or arg is UNKNOWN for arg in args):
        if name in ("eq", "ne") and not any(arg is UNKNOWN or not _settled(arg) for arg in args):
            return Local(mpf(name == "ne"), lambda: (mpf(0), mpf(0)))
        if name in ("add", "sub"):
            sign = mpf(1 if name == "add" else -1)
            return Local(UNKNOWN, lambda: (mpf(1), sign))
        return Local(UNKNOWN, lambda: (UNKNOWN,) * len(args), fault=None, kink=None)
    if name in COMPARISONS:
        tests = {
            "lt": args[0] < args[1], "le": args[0] <= args[1], "gt": args[0] > args[1],
            "ge": args[0] >= args[1], "eq": args[0] == args[1], "ne": args[0] != args[1],
        }  # fmt: skip
        return Local(mpf(tests[name]), lambda: (mpf(0), mpf(0)))
    if name in ("add", "sub"):
        value = args[0] + args[1] if name == "add" else args[0] - args[1]
        sign = mpf(1 if name == "add" else -1)
        formless = mp.isnan(value) and not any(map(mp.isnan, args))
        return Local(value, lambda: (mpf(1), sign), fault=None if formless else False)
    if any(mp.isnan(arg) for arg in args):
        value = NAN if name in _SPREADS_NAN else UNKNOWN
        return Local(value, lambda: (UNKNOWN,) * len(args), fault=None, kink=None)
    if name in _LIMITS and len(args) == 1:
        return Local(_LIMITS[name][args[0] > 0], lambda: (UNKNOWN,), fault=None, kink=None)
    return Local(UNKNOWN, lambda: (UNKNOWN,) * len(args), fault=None, kink=None)


def _settled(number: Number) -> bool:
    """Whether a number equals no number that is not finite."""
    return number is BAD or bool(mp.isfinite(number))


def _product_at_infinity(a: Number, b: Number) -> Local:
    """A product with NaN or an infinity in it: each factor is the other's derivative still."""
    slopes = tuple(BAD if x is not BAD and x is not UNKNOWN and mp.isnan(x) else x for x in (b, a))
    if a is UNKNOWN or a is BAD or b is UNKNOWN or b is BAD:
        return Local(UNKNOWN, lambda: slopes)
    if mp.isnan(a) or mp.isnan(b):
        return Local(NAN, lambda: slopes)
    if a == 0 or b == 0:
        return Local(NAN, lambda: slopes, fault=None)
    return Local(mp.sign(a) * mp.sign(b) * INF, lambda: slopes)


_SPREADS_NAN: Final = frozenset({"add", "sub", "mul", "div", "exp", "log", "sin", "sqrt", "neg"})
_LIMITS: Final[dict[str, tuple[Number, Number]]] = {
    # What comes at -inf, and at inf.
    "neg": (INF, -INF), "pos": (-INF, INF), "abs": (INF, INF), "exp": (mpf(0), INF),
    "expm1": (mpf(-1), INF), "tanh": (mpf(-1), mpf(1)), "sigmoid": (mpf(0), mpf(1)),
    "relu": (mpf(0), INF), "softplus": (mpf(0), INF), "erf": (mpf(-1), mpf(1)),
    "erfc": (mpf(2), mpf(0)), "sinh": (-INF, INF), "cosh": (INF, INF), "asinh": (-INF, INF),
    "cbrt": (-INF, INF), "sqrt": (NAN, INF), "log": (NAN, INF), "log2": (NAN, INF),
    "log10": (NAN, INF), "log1p": (NAN, INF), "sign": (mpf(-1), mpf(1)), "elu": (mpf(-1), INF),
}  # fmt: skip
