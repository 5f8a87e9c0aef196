"""Floats: IEEE doubles over the standard library's `math`.

Python's floats and `math` raise where IEEE 754 says inf or NaN. That is kept for speed: a rule
runs over plain floats, and only where it raises is the same rule run again over `Careful`
floats and functions, which answer as the standard does.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Final

from cgcli.numbers import gammas, polygamma
from cgcli.numbers.rounded import Rounded
from cgcli.operations.protocol import ELEMENTWISE
from cgcli.operations.row import Rule

EDGES: Final = (ValueError, OverflowError, ZeroDivisionError)
"""What Python raises at the edges of a function's domain and of the floats."""


def _where(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


def _maximum(*values: float) -> float:
    """The greatest; NaN where any is, which the built-in `max` would lose.

    Of a zero and a negative zero it is the later, as NumPy has it.
    """
    greatest = values[0]
    for value in values:
        if value >= greatest or value != value:
            greatest = value
    return greatest


def _minimum(*values: float) -> float:
    least = values[0]
    for value in values:
        if value <= least or value != value:
            least = value
    return least


def _sign(x: float) -> float:
    """The sign; that of a negative zero is 0, as NumPy has it."""
    return abs(x) if x == 0 or x != x else math.copysign(1.0, x)


def _rounding(function: Callable[[float], int]) -> Callable[[float], float]:
    """Keep the result a float, which has a zero's sign: an integer could grow without bound."""

    def rounded(x: float) -> float:
        return math.copysign(function(x), x)

    return rounded


def _cube_root(x: float) -> float:
    root = math.cbrt(x)
    return root if root == 0 or root - root != 0 else refined_root(root, x)


def refined_root(root: Any, x: Any) -> Any:
    """Return the cube root by one step of Newton from 24 digits of C's (FreeBSD's s_cbrt.c)."""
    shifted = 536870913.0 * root
    short = shifted - (shifted - root)
    quotient = x / (short * short)
    return short + short * ((quotient - short) / (2 * short + quotient))


_FUNCTIONS: Final[dict[str, Callable[..., float]]] = {
    **{name: getattr(math, name) for name in ELEMENTWISE if hasattr(math, name)},
    "cbrt": _cube_root,
    "gamma": gammas.gamma,
    "lgamma": gammas.lgamma,
    "digamma": polygamma.digamma,
    "polygamma": polygamma.polygamma,
    "floor": _rounding(math.floor),
    "ceil": _rounding(math.ceil),
    "round": _rounding(round),
    "mod": operator.mod,
}

# These never raise.
_SAFE: Final[dict[str, Any]] = {
    "abs": abs,
    "sign": _sign,
    "max": _maximum,
    "min": _minimum,
    "where": _where,
}

_CONSTANTS: Final[dict[str, Any]] = {
    "pi": math.pi,
    "inf": math.inf,
    "nan": math.nan,
    "number": float,
    "truth": float,
}

FAST: Final = Rounded(**_FUNCTIONS, **_SAFE, **_CONSTANTS)
"""Floats as Python has them: raises one of `EDGES` where IEEE 754 would not."""


def _kept(name: str) -> Callable[..., Any]:
    """Return an operator of floats whose result is careful."""
    plain = getattr(float, name)

    def operate(self: Careful, *other: float) -> Any:
        result = plain(self, *other)
        return result if result is NotImplemented else Careful(result)

    return operate


class Careful(float):
    """A float whose quotients by 0 are IEEE's, and whose results are careful too.

    Beside a number of another kind it leaves the operation to that.
    """

    __slots__ = ()

    __add__, __radd__ = _kept("__add__"), _kept("__radd__")
    __sub__, __rsub__ = _kept("__sub__"), _kept("__rsub__")
    __mul__, __rmul__ = _kept("__mul__"), _kept("__rmul__")
    __neg__ = _kept("__neg__")

    def __truediv__(self, other: float) -> Careful:
        if not isinstance(other, int | float):
            return NotImplemented
        return Careful(_quotient(float(self), float(other)))

    def __rtruediv__(self, other: float) -> Careful:
        return Careful(_quotient(float(other), float(self)))


def _quotient(a: float, b: float) -> float:
    if b != 0 or b != b:
        return a / b
    if a == 0 or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


# What IEEE 754 and C's annex F say where Python raises: `OverflowError` is answered by an
# infinity of the sign given here, `ValueError` by NaN but for the poles below.
def _overflow(name: str, arguments: tuple[float, ...]) -> float:
    if name == "pow":
        base, exponent = arguments
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    odd = name in ("sinh", "gamma", "round", "floor", "ceil", "tan")
    return _sign(arguments[0]) * math.inf if odd else math.inf


def _pole(name: str, arguments: tuple[float, ...]) -> float:
    x = arguments[0]
    if name == "lgamma" and x <= 0:
        return math.inf
    if x == 0 and (name == "gamma" or (name == "pow" and arguments[1] % 2 == 1)):
        return math.copysign(math.inf, x)
    return _POLES.get((name, x), math.nan)


_POLES: Final = {
    ("log", 0.0): -math.inf, ("log2", 0.0): -math.inf, ("log10", 0.0): -math.inf,
    ("log1p", -1.0): -math.inf, ("atanh", -1.0): -math.inf, ("atanh", 1.0): math.inf,
    ("pow", 0.0): math.inf,
}  # fmt: skip


def _carefully(name: str, function: Callable[..., float]) -> Callable[..., Careful]:
    def call(*arguments: float) -> Careful:
        plain = tuple(map(float, arguments))
        try:
            return Careful(function(*plain))
        except OverflowError:
            return Careful(_overflow(name, plain))
        except (ValueError, ZeroDivisionError):
            return Careful(_pole(name, plain))

    return call


def _wrapped(function: Callable[..., Any]) -> Callable[..., Careful]:
    return lambda *arguments: Careful(function(*arguments))


CAREFUL: Final = Rounded(
    **{name: _carefully(name, function) for name, function in _FUNCTIONS.items()},
    **{name: _wrapped(function) for name, function in _SAFE.items() if name != "where"},
    **{k: Careful(v) if isinstance(v, float) else _wrapped(v) for k, v in _CONSTANTS.items()},
    where=_where,
)
"""Floats as IEEE 754 has them: never raises."""


def careful(rule: Rule, *arguments: float) -> Any:
    """Return a rule's result over careful floats: inf or NaN where plain floats would raise.

    >>> careful(lambda m, x: 1 / m.sqrt(x), 0.0)
    inf
    """
    return _plain(rule(CAREFUL, *map(Careful, arguments)))


def run(rule: Rule, *arguments: float) -> Any:
    """Return a rule's result over floats, or a list of them: carefully where that raises."""
    try:
        result = rule(FAST, *arguments)
    except EDGES:
        return careful(rule, *arguments)
    return result if type(result) is float else _plain(result)


def _plain(result: Any) -> Any:
    return list(map(float, result)) if isinstance(result, list) else float(result)
