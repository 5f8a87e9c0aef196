"""Every elementwise function and operator of the language, as mathematics defines it.

Nothing here is shared with the program under test. The definitions are written as a textbook
writes them, not rearranged to be stable, and are evaluated with as many digits as that takes;
derivatives are central differences of the definitions themselves, so no differentiation rule is
written down that could be wrong twice in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mpmath import mp

Number = Any
"""An mpmath real number."""

LARGEST_PRECISION = 1600
"""Decimal digits at which a difference that still vanishes is taken to be zero.

The smallest positive double is about 5e-324: a derivative that would round to a double other
than zero is resolved long before.
"""

VARIABLES = ("x", "y", "z")


@dataclass(frozen=True)
class Word:
    """One word of the language: how it is written, what it means, where to try it."""

    template: str
    function: Callable[..., Number]
    points: tuple[tuple[float, ...], ...]
    literals: frozenset[int] = frozenset()
    """Arguments that must be written into the text as whole numbers, never bound."""
    conditioned: frozenset[tuple[float, ...]] = frozenset()
    """Points next to a zero of the function or of its derivative, where the answer moves by
    more than the tolerance when an argument moves by one unit in its last place."""

    def text(self, args: tuple[float, ...]) -> str:
        """The expression in the language, with the variables x, y, z."""
        names = [
            str(int(args[k])) if k in self.literals else VARIABLES[k] for k in range(len(args))
        ]
        return self.template.format(*names, args=", ".join(names))

    def bindings(self, args: tuple[float, ...]) -> dict[str, float]:
        """What the variables of `text` are bound to."""
        return {VARIABLES[k]: v for k, v in enumerate(args) if k not in self.literals}

    def variables(self, args: tuple[float, ...]) -> tuple[int, ...]:
        """The positions of the arguments that can be differentiated by."""
        return tuple(k for k in range(len(args)) if k not in self.literals)


# --- definitions ---------------------------------------------------------------------------


def _cbrt(x: Number) -> Number:
    return mp.sign(x) * mp.root(abs(x), 3)


def _power(x: Number, y: Number) -> Number:
    if mp.isint(y):
        return x ** int(y)
    return mp.power(x, y)


def _xlogy(x: Number, y: Number) -> Number:
    return mp.mpf(0) if x == 0 else x * mp.log(y)


def _round_half_even(x: Number) -> Number:
    below = mp.floor(x)
    rest = x - below
    if rest == mp.mpf("0.5"):
        return below if int(below) % 2 == 0 else below + 1
    return below if rest < mp.mpf("0.5") else below + 1


def _mod(x: Number, y: Number) -> Number:
    return x - y * mp.floor(x / y)


def _sigmoid(x: Number) -> Number:
    return 1 / (1 + mp.exp(-x))


def _gelu(x: Number) -> Number:
    return x * (1 + mp.erf(x / mp.sqrt(2))) / 2


def _elu(x: Number) -> Number:
    return x if x > 0 else mp.exp(x) - 1


def _leaky_relu(x: Number) -> Number:
    return x if x > 0 else x / 100


def _truth(answer: bool) -> Number:
    return mp.mpf(1) if answer else mp.mpf(0)


def _one(*values: float) -> tuple[tuple[float, ...], ...]:
    return tuple((float(v),) for v in values)


def _points(*values: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(v) for v in value) for value in values)


_ANYWHERE = _one(0.3, -0.7, 1.9, -2.6, 5.25, -11.4)
_TINY = _one(1e-20, -1e-20, 1e-300)
_NEAR_ONE = (1 - 1e-6, 1 - 1e-10, 1 - 2.0**-52)

ELEMENTWISE: Mapping[str, Word] = {
    # Operators, under the names the program's tables use for them.
    "+": Word("{0} + {1}", lambda x, y: x + y, _points((1.5, -4.25), (1e-20, 1), (1e300, 1e300))),
    "-": Word("{0} - {1}", lambda x, y: x - y, _points((1.5, -4.25), (1, 1), (1e-20, 1))),
    "*": Word("{0}*{1}", lambda x, y: x * y, _points((1.5, -4.25), (0, 3), (1e200, 1e-250))),
    "/": Word(
        "{0}/{1}",
        lambda x, y: x / y,
        _points((1.5, -4.25), (0, 3), (1, 3), (1e200, 1e-100), (1e-200, 1e100), (7e-160, 3e-160)),
    ),
    "^": Word(
        "{0}^{1}",
        _power,
        _points(
            (2, 3), (2.5, -1.5), (0.3, 0.25), (7, 0), (9, 0.5), (3, 1), (1, 5), (1.0000001, 1e6),
            (1e-200, 1.5), (1e100, 3), (0.999, -250), (10, -300), (1e-300, 1),
        ),
    ),
    "neg": Word("-{0}", lambda x: -x, _one(0, 3.5, -1e300)),
    "<": Word("{0} < {1}", lambda x, y: _truth(x < y), _points((1, 2), (2, 1), (-3, 1e-9))),
    "<=": Word("{0} <= {1}", lambda x, y: _truth(x <= y), _points((1, 2), (2, 1))),
    ">": Word("{0} > {1}", lambda x, y: _truth(x > y), _points((1, 2), (2, 1))),
    ">=": Word("{0} >= {1}", lambda x, y: _truth(x >= y), _points((1, 2), (2, 1))),
    "==": Word("{0} == {1}", lambda x, y: _truth(x == y), _points((1, 2), (2, 1))),
    "!=": Word("{0} != {1}", lambda x, y: _truth(x != y), _points((1, 2), (2, 1))),
    # Powers and logarithms.
    "sqrt": Word("sqrt({0})", mp.sqrt, _one(16, 2, 0.01, 1e-300, 1e300)),
    "cbrt": Word("cbrt({0})", _cbrt, _one(27, -8, 0.3, -1e-300, 1e300, 5e-324)),
    "exp": Word("exp({0})", mp.exp, (*_ANYWHERE, *_one(0, 1e-20, 709, -700, -740))),
    "expm1": Word(
        "expm1({0})",
        lambda x: mp.exp(x) - 1,
        (*_ANYWHERE, *_TINY, *_one(0, 1e-8, 700, -40, -700)),
    ),
    "log": Word(
        "log({0})",
        mp.log,
        _one(0.3, 1, 2.5, 1e-300, 5e-324, 1e300, 1 + 2.0**-52, 1 - 2.0**-53),
    ),
    "ln": Word("ln({0})", mp.log, _one(0.3, 1, 2.5, 1e-300, 1e300)),
    "log1p": Word(
        "log1p({0})",
        lambda x: mp.log(1 + x),
        (*_TINY, *_one(0, 0.3, -0.7, 1e-8, 5.25, 1e300, -1 + 2.0**-50)),
    ),
    "log2": Word("log2({0})", lambda x: mp.log(x) / mp.log(2), _one(0.3, 1, 8, 1e-300, 1e300)),
    "log10": Word("log10({0})", lambda x: mp.log(x) / mp.log(10), _one(0.3, 1, 1000, 1e-300)),
    "hypot": Word(
        "hypot({0}, {1})",
        lambda x, y: mp.sqrt(x * x + y * y),
        _points(
            (3, 4), (-3, 0.1), (0, 2), (0, -2), (-5, 0), (3e200, 4e200), (3e-200, -4e-200),
            (1e-20, 1), (1e300, 1),
        ),
    ),
    "xlogy": Word(
        "xlogy({0}, {1})",
        _xlogy,
        _points((2, 3), (-0.5, 0.25), (0, 2), (1e-300, 1e-300), (3, 1), (1e200, 1e50)),
    ),
    # Trigonometry.
    "sin": Word("sin({0})", mp.sin, (*_ANYWHERE, *_TINY, *_one(0, math.pi, 1e22))),
    "cos": Word(
        "cos({0})", mp.cos, (*_ANYWHERE, *_TINY, *_one(0, math.pi / 2, 1e22))
    ),
    "tan": Word(
        "tan({0})",
        mp.tan,
        (*_ANYWHERE, *_TINY, *_one(0, math.pi, math.pi / 2, 1.5707963, 1e22)),
    ),
    "sinc": Word(
        "sinc({0})",
        lambda x: mp.sin(x) / x if x else mp.mpf(1),
        (*_ANYWHERE, *_TINY, *_one(0, math.pi, 1.5, -1.4999, 4.4, 1e22)),
    ),
    "asin": Word(
        "asin({0})", mp.asin, (*_TINY, *_one(0, 0.3, -0.7, *_NEAR_ONE, -0.9999999))
    ),
    "acos": Word(
        "acos({0})", mp.acos, (*_TINY, *_one(0, 0.3, -0.7, *_NEAR_ONE, -0.9999999))
    ),
    "atan": Word(
        "atan({0})",
        mp.atan,
        (*_ANYWHERE, *_TINY, *_one(0, 1e8, -1e140, 1e200)),
    ),
    "atan2": Word(
        "atan2({0}, {1})",
        mp.atan2,
        _points(
            (1, 2), (1, -2), (-1, -2), (-1, 2), (0, 1), (-1, 0), (1, 0), (1e-20, -1),
            (3e200, 4e200), (3e-200, -4e-200), (1e-150, 1e150),
        ),
    ),
    "sinh": Word("sinh({0})", mp.sinh, (*_ANYWHERE, *_TINY, *_one(0, 40, -700, 710))),
    "cosh": Word(
        "cosh({0})", mp.cosh, (*_ANYWHERE, *_TINY, *_one(0, 1e-8, 40, -700, 710))
    ),
    "tanh": Word(
        "tanh({0})",
        mp.tanh,
        (*_ANYWHERE, *_TINY, *_one(0, 1e-8, 20, -20, 50, 300, -350, 1000)),
    ),
    "asinh": Word(
        "asinh({0})",
        lambda x: mp.log(x + mp.sqrt(x * x + 1)),
        (*_ANYWHERE, *_TINY, *_one(0, 1e-8, -1e10, 1e150, -1e200)),
    ),
    "acosh": Word(
        "acosh({0})",
        lambda x: mp.log(x + mp.sqrt(x * x - 1)),
        _one(1.5, 3, 1e10, 1e150, 1e200, 1 + 1e-6, 1 + 1e-10, 1 + 2.0**-52),
    ),
    "atanh": Word(
        "atanh({0})",
        lambda x: mp.log((1 + x) / (1 - x)) / 2,
        (*_TINY, *_one(0, 0.3, -0.7, 1e-8, *_NEAR_ONE, -0.9999999)),
    ),
    # Piecewise.
    "abs": Word("abs({0})", abs, (*_ANYWHERE, *_TINY, *_one(1e300, 5e-324))),
    "sign": Word("sign({0})", mp.sign, (*_ANYWHERE, *_TINY)),
    "min": Word(
        "min({args})",
        lambda *a: min(a),
        _points((1, 2), (2, 1), (-1, -3), (1, 1 + 2.0**-52), (3, 1, 2), (1, 3, 2)),
    ),
    "max": Word(
        "max({args})",
        lambda *a: max(a),
        _points((1, 2), (2, 1), (-1, -3), (1, 1 + 2.0**-52), (3, 1, 2), (1, 3, 2)),
    ),
    "clip": Word(
        "clip({0}, {1}, {2})",
        lambda x, low, high: min(max(x, low), high),
        _points((0.5, -1, 2), (-3, -1, 2), (7, -1, 2), (-1 + 2.0**-52, -1, 2)),
    ),
    "floor": Word("floor({0})", mp.floor, (*_ANYWHERE, *_TINY)),
    "ceil": Word("ceil({0})", mp.ceil, (*_ANYWHERE, *_TINY)),
    "round": Word(
        "round({0})", _round_half_even, (*_ANYWHERE, *_TINY, *_one(0.5 - 2.0**-54, 3, 2.5000001))
    ),
    "where": Word(
        "where({0}, {1}, {2})",
        lambda c, a, b: a if c != 0 else b,
        _points((1, 2.5, -3), (-7, 2.5, -3), (0.25, 2.5, -3)),
    ),
    "mod": Word(
        "mod({0}, {1})",
        _mod,
        _points((5.5, 2), (-5.5, 2), (5.5, -2), (-5.5, -2), (1e17, 3), (0.3, 1e10), (-0.3, 8)),
    ),
    # Networks.
    "sigmoid": Word(
        "sigmoid({0})",
        _sigmoid,
        (*_ANYWHERE, *_one(0, 1e-20, 40, -40, 700, -700, 800, -800)),
    ),
    "relu": Word("relu({0})", lambda x: max(x, mp.mpf(0)), (*_ANYWHERE, *_TINY)),
    "leaky_relu": Word("leaky_relu({0})", _leaky_relu, (*_ANYWHERE, *_TINY)),
    "elu": Word("elu({0})", _elu, (*_ANYWHERE, *_TINY, *_one(1e-8, -1e-8, -40, -700, 800))),
    "softplus": Word(
        "softplus({0})",
        lambda x: mp.log(1 + mp.exp(x)),
        (*_ANYWHERE, *_one(0, 1e-20, 40, -40, 700, -700, 800, -800)),
    ),
    "silu": Word(
        "silu({0})",
        lambda x: x * _sigmoid(x),
        (*_ANYWHERE, *_TINY, *_one(0, 40, -40, 700, -700, 800, -800)),
    ),
    "gelu": Word(
        "gelu({0})", _gelu, (*_ANYWHERE, *_TINY, *_one(0, 6, -6, 10, -10, 38, -37.25, -45))
    ),
    # Special functions.
    "erf": Word("erf({0})", mp.erf, (*_ANYWHERE, *_TINY, *_one(0, 1e-8, 6, -10))),
    "erfc": Word("erfc({0})", mp.erfc, (*_ANYWHERE, *_TINY, *_one(0, 6, -10, 10, 26))),
    "gamma": Word(
        "gamma({0})",
        mp.gamma,
        (
            *_one(0.1, 0.5, 1, 2, 3.7, 5, 20.5, 100, 170.5, 1e-10),
            *_one(-0.5, -1.5, -2.3, -10.7, -1e-150, -2 + 2.0**-30),
        ),
    ),
    "lgamma": Word(
        "lgamma({0})",
        lambda x: mp.log(abs(mp.gamma(x))),
        (
            *_one(0.5, 3, 3.7, 1, 2, 1.00001, 1.99999, 100, 1e5, 1e10),
            *_one(-0.5, -2.3, -10.7, 1e-10, -1e-10, 1e-300, -2 + 2.0**-30),
        ),
        conditioned=frozenset(_one(1.00001, 1.99999)),
    ),
    "digamma": Word(
        "digamma({0})",
        mp.digamma,
        (
            *_one(0.5, 1, 1.4616, 1.5, 2, 3.7, 10, 100.5, 1e10),
            *_one(1e-10, -1e-10, -1e-150, -2.3, -0.5, -10.7, -100.3, -2 + 2.0**-30, -3 - 2.0**-40),
        ),
        conditioned=frozenset(_one(1.4616)),
    ),
    "polygamma": Word(
        "polygamma({0}, {1})",
        lambda n, x: mp.psi(int(n), x),
        _points(
            (0, 0.5), (0, 3.7), (0, -2.3), (0, 1e6), (1, 0.5), (1, 1), (1, 3.7), (1, -2.3),
            (1, 1e-3), (1, -1e-12), (1, -2 + 2.0**-30), (1, 1e6),
            (2, 0.5), (2, 3.7), (2, -2.3), (2, 50), (3, 0.5), (3, 3.7), (3, -0.6), (3, 200),
            (5, 1.25), (5, 12),
        ),
        literals=frozenset({0}),
    ),
}  # fmt: skip

LANGUAGE_WORDS: frozenset[str] = (
    frozenset(ELEMENTWISE) - {"+", "-", "*", "/", "^", "neg", "<", "<=", ">", ">=", "==", "!="}
    | {"softmax", "log_softmax", "logsumexp", "sum", "mean", "prod", "dot", "norm", "len"}
    | {"transpose", "outer", "concat", "onehot"}
)
"""Every function word of the language reference, elementwise or not."""


# --- values and derivatives ----------------------------------------------------------------


def value(word: str, args: tuple[float, ...], digits: int = 50) -> Number:
    """The function at `args`, taken as exact, to `digits` significant digits."""
    function = ELEMENTWISE[word].function

    def at(precision: int) -> Number:
        with mp.workdps(precision):
            return function(*(mp.mpf(a) for a in args))

    return _settled(at, digits)


def partials(word: str, args: tuple[float, ...], digits: int = 50) -> tuple[Number, ...]:
    """The derivative by each argument to `digits` digits; by a literal argument, zero."""
    entry = ELEMENTWISE[word]
    return tuple(
        mp.mpf(0) if k in entry.literals else _partial(entry.function, args, k, digits)
        for k in range(len(args))
    )


def _partial(
    function: Callable[..., Number], args: tuple[float, ...], k: int, digits: int
) -> Number:
    """The central difference by argument `k`: its relative error is about step squared."""
    scale = min(abs(args[k]), 1.0) or 1.0

    def at(precision: int) -> Number:
        with mp.workdps(precision):
            step = mp.mpf(scale) * mp.mpf(10) ** -digits
            exact = [mp.mpf(a) for a in args]
            above, below = list(exact), list(exact)
            above[k] += step
            below[k] -= step
            return (function(*above) - function(*below)) / (2 * step)

    return _settled(at, digits)


def _settled(at: Callable[[int], Number], digits: int) -> Number:
    """`at(precision)` once two precisions agree, for textbook formulas cancel at will.

    Zero is believed only at the largest precision: `1 + exp(-700) - 1` is zero until then.
    """
    precision = 3 * digits + 20
    last = at(precision)
    while True:
        precision *= 2
        answer = at(precision)
        agree = abs(answer - last) <= abs(answer) * mp.mpf(10) ** (5 - digits)
        if agree and (answer != 0 or precision >= LARGEST_PRECISION):
            return answer
        if precision > 16 * LARGEST_PRECISION:
            raise ArithmeticError("the definition does not settle here")
        last = answer


# --- points with a convention --------------------------------------------------------------


@dataclass(frozen=True)
class Edge:
    """A point where the language reference prescribes the answer."""

    text: str
    at: Mapping[str, float]
    value: float
    gradient: Mapping[str, float]
    noted: bool | None
    """Whether a `kink` note belongs there; None where the function is fine and its argument is
    on the rim of its domain, and the convention is silent."""


def _edge(
    text: str,
    at: tuple[float, ...],
    value: float,
    gradient: tuple[float, ...],
    noted: bool | None = True,
) -> Edge:
    names = [name for name in VARIABLES if name in _names(text)]
    return Edge(
        text,
        dict(zip(names, map(float, at), strict=True)),
        float(value),
        dict(zip(names, map(float, gradient), strict=True)),
        noted,
    )


def _names(text: str) -> set[str]:
    words = "".join(c if c.isalnum() or c == "_" else " " for c in text).split()
    return set(words) & set(VARIABLES)


_INF = math.inf
_NAN = math.nan
_THIRD = float(Fraction(1, 3))

KINKS: tuple[Edge, ...] = (
    # Convex corners: the subgradient of least norm.
    _edge("abs(x)", (0,), 0, (0,)),
    _edge("relu(x)", (0,), 0, (0,)),
    _edge("leaky_relu(x)", (0,), 0, (0.01,)),
    _edge("hypot(x, y)", (0, 0), 0, (0, 0)),
    _edge("norm([x, y])", (0, 0), 0, (0, 0)),
    # Ties share equally.
    _edge("max(x, y)", (2, 2), 2, (0.5, 0.5)),
    _edge("min(x, y)", (2, 2), 2, (0.5, 0.5)),
    _edge("max(x, y, z)", (2, 2, 2), 2, (_THIRD, _THIRD, _THIRD)),
    _edge("min(x, y, z)", (2, 2, 5), 2, (0.5, 0.5, 0)),
    _edge("max([x, y, z])", (1, 3, 3), 3, (0, 0.5, 0.5)),
    _edge("min([x, y, z])", (1, 1, 1), 1, (_THIRD, _THIRD, _THIRD)),
    _edge("max(x, 0)", (0,), 0, (0.5,)),
    _edge("clip(x, y, z)", (1, 1, 3), 1, (0.5, 0.5, 0)),
    _edge("clip(x, y, z)", (3, 1, 3), 3, (0.5, 0, 0.5)),
    _edge("clip(x, -1, 1)", (1,), 1, (0.5,)),
    _edge("clip(x, -1, 1)", (-1,), -1, (0.5,)),
    # Vertical tangents: by continuity.
    _edge("sqrt(x)", (0,), 0, (_INF,)),
    _edge("cbrt(x)", (0,), 0, (_INF,)),
    _edge("asin(x)", (1,), math.pi / 2, (_INF,)),
    _edge("asin(x)", (-1,), -math.pi / 2, (_INF,)),
    _edge("acos(x)", (1,), 0, (-_INF,)),
    _edge("acos(x)", (-1,), math.pi, (-_INF,)),
    _edge("acosh(x)", (1,), 0, (_INF,)),
    _edge("x^0.5", (0,), 0, (_INF,)),
    _edge("x^(1/3)", (0,), 0, (_INF,)),
    _edge("x^y", (0, 0.5), 0, (_INF, 0)),
    # Jumps between pieces whose derivatives agree: by continuity.
    _edge("sign(x)", (0,), 0, (0,)),
    _edge("floor(x)", (2,), 2, (0,)),
    _edge("floor(x)", (-2,), -2, (0,)),
    _edge("ceil(x)", (2,), 2, (0,)),
    _edge("round(x)", (2.5,), 2, (0,)),
    _edge("round(x)", (3.5,), 4, (0,)),
    _edge("round(x)", (-0.5,), 0, (0,)),
    _edge("mod(x, 2)", (4,), 0, (1,)),
    _edge("atan2(x, y)", (0, -1), math.pi, (-1, 0)),
    _edge("x < y", (1, 1), 0, (0, 0)),
    _edge("x <= y", (1, 1), 1, (0, 0)),
    _edge("x > y", (1, 1), 0, (0, 0)),
    _edge("x >= y", (1, 1), 1, (0, 0)),
    _edge("x == y", (1, 1), 1, (0, 0)),
    _edge("x != y", (1, 1), 0, (0, 0)),
    # Nothing applies: there is no derivative, no corner, and no limit.
    _edge("atan2(x, y)", (0, 0), 0, (_NAN, _NAN), None),
    # Points that look like kinks and are smooth.
    _edge("elu(x)", (0,), 0, (1,), False),
    _edge("x^0", (0,), 1, (0,), False),
    _edge("x^1", (0,), 0, (1,), False),
    _edge("x^2", (0,), 0, (0,), False),
    _edge("x^3", (0,), 0, (0,), False),
    _edge("x^2", (-3,), 9, (-6,), False),
    _edge("x^-1", (-2,), -0.5, (-0.25,), False),
    _edge("x^0", (-3,), 1, (0,), False),
    _edge("0^x", (2,), 0, (0,), False),
    _edge("prod([x, y, z])", (3, 0, 2), 0, (0, 6, 0), False),
    _edge("prod([x, y, z])", (0, 0, 2), 0, (0, 0, 0), False),
    _edge("xlogy(x, y)", (0, 2), 0, (math.log(2), 0), False),
    _edge("xlogy(x, y)", (0, 0), 0, (-_INF, 0)),
    _edge("xlogy(x, y)", (0, -1), 0, (_NAN, 0)),
    _edge("polygamma(x, y)", (1, 2), math.pi**2 / 6 - 1, (_NAN, -0.4041138063191886)),
    _edge("logsumexp([x, -inf])", (0.7,), 0.7, (1,), False),
    _edge("round(x)", (3,), 3, (0,), False),
    # The rim of the domain of a power.
    _edge("x^1.5", (0,), 0, (0,), None),
    _edge("x^y", (0, 2), 0, (0, 0), None),
    _edge("x^y", (-2, 3), -8, (12, _NAN), None),
    # The branch of where that is not taken never reaches the gradient.
    _edge("where(x > 0, log(x), 2*x)", (-1,), -2, (2,), False),
    _edge("where(x > 0, sqrt(x), 0)", (-1,), 0, (0,), False),
    # The branch about the point has no value at it.
    _edge("where(x != 0, sin(x)/x, 1)", (0,), 1, (_NAN,), None),
    _edge("where(x >= 0, x^2, -x)", (0,), 0, (0,), None),
    _edge("where(1, x, y)", (2, _INF), 2, (1, 0), False),
    _edge("where(0, x, y)", (_NAN, 2), 2, (0, 1), False),
)


@dataclass(frozen=True)
class Outside:
    """A point outside the domain: no finite value, no finite gradient."""

    text: str
    at: Mapping[str, float]


def _outside(text: str, *at: float) -> Outside:
    names = [name for name in VARIABLES if name in _names(text)]
    return Outside(text, dict(zip(names, map(float, at), strict=True)))


DOMAIN: tuple[Outside, ...] = (
    _outside("log(x)", -1),
    _outside("log(x)", 0),
    _outside("ln(x)", -1),
    _outside("log2(x)", -1),
    _outside("log2(x)", 0),
    _outside("log10(x)", -1),
    _outside("log10(x)", 0),
    _outside("log1p(x)", -2),
    _outside("log1p(x)", -1),
    _outside("sqrt(x)", -1),
    _outside("sqrt(x)", -1e-300),
    _outside("x/y", 1, 0),
    _outside("x/y", -1, 0),
    _outside("x/y", 0, 0),
    _outside("1/x", 0),
    _outside("x/x", 0),
    _outside("x^(1/3)", -8),
    _outside("x^0.5", -1),
    _outside("x^-1", 0),
    _outside("x^-2", 0),
    _outside("x^-0.5", 0),
    _outside("x^y", -8, 1 / 3),
    _outside("x^y", 0, -1),
    _outside("(-8)^x", 1 / 3),
    _outside("asin(x)", 2),
    _outside("asin(x)", -1.5),
    _outside("acos(x)", 2),
    _outside("acos(x)", -1.5),
    _outside("acosh(x)", -2),
    _outside("acosh(x)", 0.5),
    _outside("atanh(x)", 2),
    _outside("atanh(x)", -2),
    _outside("atanh(x)", 1),
    _outside("atanh(x)", -1),
    _outside("gamma(x)", 0),
    _outside("gamma(x)", -1),
    _outside("lgamma(x)", 0),
    _outside("lgamma(x)", -2),
    _outside("digamma(x)", 0),
    _outside("digamma(x)", -1),
    _outside("polygamma(0, x)", -2),
    _outside("polygamma(1, x)", 0),
    _outside("polygamma(2, x)", -1),
    _outside("mod(x, y)", 1, 0),
    _outside("xlogy(x, y)", 1, -1),
    _outside("xlogy(x, y)", 1, 0),
)

DOMAIN_BEHIND: tuple[Outside, ...] = (
    # The last operation hides the trouble behind a finite value or a zero derivative, and still
    # no finite gradient may come through.
    _outside("tanh(log(x))", 0),
    _outside("exp(log(x))", 0),
    _outside("0*log(x)", -1),
    _outside("0*log(x)", 0),
    _outside("relu(log(x))", 0),
    _outside("clip(log(x), -1, 1)", 0),
    _outside("max(log(x), -5)", 0),
    _outside("floor(log(x))", -1),
    _outside("floor(log(x))", 0),
    _outside("sign(1/x)", 0),
    _outside("log(x) > 0", -1),
    _outside("log(x)^0", -1),
    _outside("sqrt(x)^2", -1),
    _outside("atan(1/x)", 0),
    _outside("1/(1/x)", 0),
    _outside("sigmoid(1/x)", 0),
)


OVERFLOWS: tuple[Edge, ...] = (
    # The value is too large for a double, the derivative is what it is; `noted` is None because
    # the note is of another kind.
    _edge("x^2", (1e200,), _INF, (2e200,), None),
    _edge("x*x", (-1e200,), _INF, (-2e200,), None),
    _edge("x*y", (1e200, -1e200), -_INF, (-1e200, 1e200), None),
    _edge("x + y", (1.5e308, 1.5e308), _INF, (1, 1), None),
    _edge("x - y", (-1.5e308, 1.5e308), -_INF, (1, -1), None),
    _edge("x/y", (1e300, 1e-10), _INF, (1e10, -_INF), None),
    _edge("exp(x)", (1000,), _INF, (_INF,), None),
    _edge("expm1(x)", (1000,), _INF, (_INF,), None),
    _edge("sinh(x)", (-1000,), -_INF, (_INF,), None),
    _edge("cosh(x)", (-1000,), _INF, (-_INF,), None),
    _edge("2^x", (2000,), _INF, (_INF,), None),
    _edge("hypot(x, y)", (1.5e308, 1.5e308), _INF, (math.sqrt(0.5), math.sqrt(0.5)), None),
    _edge("gamma(x)", (200,), _INF, (_INF,), None),
)
