"""Python, by its module `math`: what raises there answers inf or nan, as IEEE 754 says."""

from __future__ import annotations

import keyword
import os
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from cgcli.export.target import Function, Target
from cgcli.graph.templates import Pattern
from cgcli.graph.text import COMPACT, TEXT
from cgcli.operations.table import OPERATIONS, TABLE


def helpers(name: str) -> dict[str, str]:
    """Return the functions of a file beside this one by their names, as code defines them."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    with open(path, encoding="utf-8") as file:
        texts = file.read().rstrip("\n").split("\n\n\n")
    return {re.findall(r"\b_\w+", text)[0]: text for text in texts}


INFIX: Final[dict[str, Pattern]] = {
    "same": "<0>",
    "pos": "<0>",
    **{name: COMPACT.pattern(OPERATIONS[name]) for name in ("add", "sub", "mul", "neg")},
    **{
        name: ("comparison?", TEXT.pattern(OPERATIONS[name])[1])
        for name in ("lt", "le", "gt", "ge", "eq", "ne")
    },
}
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
    **helpers("python.txt"),
    **{f"_{name}": f"_{name} = _ieee(math.{name}{more})" for name, more in _MAY_RAISE.items()},
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
        "div by a number": ("product", "<0:product>/<1:sign>"),
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
