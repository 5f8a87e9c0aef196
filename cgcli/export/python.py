"""Python, by its module `math`: what raises there answers inf or nan, as IEEE 754 says."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Sequence
from typing import Final

from cgcli.export.target import Function, Target
from cgcli.graph.templates import Pattern
from cgcli.graph.text import COMPACT, TEXT
from cgcli.operations.table import OPERATIONS, TABLE

INFIX: Final[dict[str, Pattern]] = {
    "same": "<0>",
    "pos": "<0>",
    **{name: COMPACT.pattern(OPERATIONS[name]) for name in ("add", "sub", "mul", "neg")},
    **{
        name: ("comparison?", TEXT.pattern(OPERATIONS[name])[1])
        for name in ("lt", "le", "gt", "ge", "eq", "ne")
    },
}
_QUOTIENT: Final[Pattern] = ("product", "<0:product>/<1:sign>")
_NEVER_RAISE: Final = ("cbrt", "hypot", "atan", "atan2", "tanh", "asinh", "erf", "erfc")
_MAY_RAISE: Final = {
    **dict.fromkeys(
        ("sqrt", "exp", "expm1", "sin", "cos", "tan", "asin", "acos", "cosh", "acosh"), ""
    ),
    **dict.fromkeys(("log", "log2", "log10"), ", {0: -math.inf}"),
    "log1p": ", {-1: -math.inf}",
    "atanh": ", {-1: -math.inf, 1: math.inf}",
    "lgamma": ", otherwise=math.inf",
}
_HELPERS: Final = {
    "_ieee": '''
def _ieee(function, poles=None, otherwise=math.nan):
    """Return a function that answers inf or nan where Python's raises."""
    def careful(x):
        try:
            return function(x)
        except OverflowError:
            return math.inf
        except ValueError:
            return (poles or {}).get(x, otherwise)
    return careful
''',
    **{f"_{name}": f"\n_{name} = _ieee(math.{name}{more})\n" for name, more in _MAY_RAISE.items()},
    "_div": '''
def _div(a, b):
    """Return a/b; inf or nan where b is 0."""
    if b:
        return a/b
    return math.copysign(math.inf, a)*math.copysign(1, b) if a and a == a else math.nan
''',
    "_pow": '''
def _pow(a, b):
    """Return a to the power b; inf or nan where Python raises."""
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        if a:
            return math.nan
        return math.copysign(math.inf, a) if b % 2 == 1 else math.inf
''',
    "_mod": '''
def _mod(a, b):
    """Return the remainder, with the sign of b; nan where b is 0."""
    return a % b if b else math.nan
''',
    "_sinh": """
def _sinh(x):
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(math.inf, x)
""",
    "_gamma": """
def _gamma(x):
    try:
        return math.gamma(x)
    except OverflowError:
        return math.copysign(math.inf, x)
    except ValueError:
        return math.nan if x else math.copysign(math.inf, x)
""",
    "_digamma": '''
def _digamma(x):
    """Return the derivative of log(gamma(x)): Abramowitz & Stegun 6.3.5, 6.3.7 and 6.3.18."""
    if x <= 0:
        turn = math.remainder(x, 1) if x > -math.inf else 0
        return _digamma(1 - x) - math.pi/math.tan(math.pi*turn) if turn else math.nan
    below = 0
    if x < 12:
        steps = math.ceil(12 - x)
        below = math.fsum(1/(x + k) for k in range(steps))
        x += steps
    y = 1/x/x
    rest = y*(1/12 - y*(1/120 - y*(1/252 - y*(1/240 - y*(1/132 - y*(691/32760 - y/12))))))
    return math.log(x) - 0.5/x - rest - below
''',
    "_max": '''
def _max(*values):
    """Return the greatest; nan where any is."""
    return next((x for x in values if x != x), max(values))
''',
    "_min": '''
def _min(*values):
    """Return the least; nan where any is."""
    return next((x for x in values if x != x), min(values))
''',
    "_sign": """
def _sign(x):
    return math.copysign(1, x) if x and x == x else x
""",
    "_whole": '''
def _whole(function):
    """Return a rounding that keeps floats, inf and nan."""
    return lambda x: float(function(x)) if math.isfinite(x) else x
''',
    "_floor": "\n_floor = _whole(math.floor)\n",
    "_ceil": "\n_ceil = _whole(math.ceil)\n",
    "_round": "\n_round = _whole(round)\n",
    "_sigmoid": """
def _sigmoid(x):
    return math.exp(min(x, 0))/(1 + math.exp(-abs(x)))
""",
    "_softplus": """
def _softplus(x):
    return max(x, 0) + math.log1p(math.exp(-abs(x)))
""",
}

RESERVED: Final = frozenset(
    [*keyword.kwlist, "__debug__", *(f"_{row.name}" for row in TABLE if row.words)]
)


def clean(name: str) -> str:
    """Return a name as Python reads it, by which letters that it takes for one are one.

    >>> clean("h[2]"), clean("ϕ")
    ('h_2', 'φ')
    """
    for mark, text in ((", ", "_"), ("[", "_"), ("]", ""), ("-", "m")):
        name = name.replace(mark, text)
    name = unicodedata.normalize("NFKC", name)
    name = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in name)
    return name if name.isidentifier() else f"_{name}"


def define(function: Function, opening: Sequence[str] = ()) -> list[str]:
    """Return the lines of a function, whose body stands inside of what the `opening` opens."""
    indent = "        " if opening else "    "
    return [
        f"def {function.name}({', '.join(function.parameters)}):",
        *(f"    # {text}" for text in function.comments),
        *(f"    {text}" for text in opening),
        *(f"{indent}{name} = {text}" for name, text in function.lines),
        f"{indent}return {function.result}",
    ]


PYTHON: Final = Target(
    name="python",
    templates={
        **INFIX,
        **{name: f"math.{name}(<*>)" for name in _NEVER_RAISE},
        **{name[1:]: f"{name}(<*>)" for name in _HELPERS if name[1:] in OPERATIONS},
        "div by a number": _QUOTIENT,
        "abs": "abs(<0>)",
        "where": ("choice", "<1:comparison> if <0:comparison?> else <2>"),
        "count": "float(<0?>)",
    },
    constants={
        **{name: f"math.{name}" for name in ("pi", "e", "inf", "nan")},
        "tau": "math.tau",
    },
    prelude=_HELPERS,
    reserved=RESERVED | {"math", "abs", "float", "_div", "_ieee", "_pow", "_whole"},
    clean=clean,
    define=define,
    imports={"math.": "import math"},
    library="Python's math",
)
