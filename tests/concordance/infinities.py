"""Operations where an argument is infinite or NaN: what IEEE 754 and limits say, else open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mpmath import mp, mpf

from tests.concordance.numbers import BAD, INF, NAN, UNKNOWN, WILD, Local, Number, finite
from tests.concordance.rules import COMPARISONS


def at_infinity(name: str, args: tuple[Number, ...]) -> Local:
    """A rule where an argument is infinite or NaN: what IEEE 754 and limits say, else open."""
    if name == "mul":
        return _product_at_infinity(*args)
    if any(arg is BAD or arg is UNKNOWN for arg in args):
        unsettled = any(arg is UNKNOWN or not _settled(arg) for arg in args)
        # What is not finite may equal another such number, if it is no NaN.
        if name in ("eq", "ne") and not unsettled and any(arg is not BAD for arg in args):
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
        margins = (mpf(0),) if args[0] == args[1] else ()
        return Local(mpf(tests[name]), lambda: (mpf(0), mpf(0)), margins)
    if name in ("add", "sub"):
        # An indeterminate form is NaN, and its terms have the slopes that they have anywhere.
        value = args[0] + args[1] if name == "add" else args[0] - args[1]
        return Local(value, lambda: (mpf(1), mpf(1 if name == "add" else -1)))
    if any(mp.isnan(arg) for arg in args):
        value = NAN if name in _SPREADS_NAN else UNKNOWN
        return Local(value, lambda: (UNKNOWN,) * len(args), fault=None, kink=None)
    if name in ("max", "min"):
        value = max(args) if name == "max" else min(args)
        ties = sum(arg == value for arg in args)
        if ties == 1 or finite(value):
            slopes = tuple(mpf(arg == value) / ties for arg in args)
            apart = tuple(abs(arg - value) for arg in args if finite(arg) and arg != value)
            return Local(value, lambda: slopes, apart, kink=ties > 1)
        return Local(value, lambda: (UNKNOWN,) * len(args), fault=None, kink=None)
    if name in _LIMITS and len(args) == 1:
        return Local(_LIMITS[name][args[0] > 0], lambda: (UNKNOWN,), fault=None, kink=None)
    return Local(UNKNOWN, lambda: (UNKNOWN,) * len(args), fault=None, kink=None)


def _settled(number: Number) -> bool:
    """Whether a number equals no number that is not finite."""
    return number is BAD or bool(mp.isfinite(number))


def _product_at_infinity(a: Number, b: Number) -> Local:
    """A product with NaN or an infinity in it: each factor is the other's derivative still."""
    slopes = _factors(b, a)
    if a is UNKNOWN or a is BAD or b is UNKNOWN or b is BAD:
        return Local(UNKNOWN, lambda: slopes)
    if mp.isnan(a) or mp.isnan(b) or a == 0 or b == 0:
        return Local(NAN, lambda: slopes)
    return Local(mp.sign(a) * mp.sign(b) * INF, lambda: slopes)


def _factors(*numbers: Number) -> tuple[Number, ...]:
    return tuple(WILD if number is BAD else number for number in numbers)


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


def total_of(values: Sequence[Number]) -> Number:
    """What IEEE 754 has for a sum with infinities in it."""
    if any(value is UNKNOWN or value is BAD for value in values):
        return UNKNOWN
    infinities = {value > 0 for value in values if not finite(value)}
    if len(infinities) > 1 or any(mp.isnan(value) for value in values):
        return NAN
    return INF if True in infinities else -INF


def dot_at_infinity(a: Sequence[Number], b: Sequence[Number]) -> Local:
    """An inner product with NaN or an infinity in it: each factor is the other's derivative."""
    products = [
        x * y if finite(x) and finite(y) else _product_at_infinity(x, y).value
        for x, y in zip(a, b, strict=True)
    ]
    return Local(total_of(products), lambda: _factors(*b, *a))
