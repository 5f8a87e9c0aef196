"""Python by NumPy, for numbers and arrays; a program of numbers takes arrays of points too."""

from __future__ import annotations

from typing import Any, Final

from cgcli.export.emit import Emitter
from cgcli.export.python import HELPERS, body, clean, module
from cgcli.export.target import Function, Target, pieces, table

_BY_ELEMENT: Final = ("erf", "erfc", "gamma", "lgamma", "digamma", "polygamma")


def _define(function: Function) -> str:
    names = ", ".join(name for name, _ in function.arguments)
    # A number, a list or an array: of doubles, since whole numbers wrap round.
    as_doubles = f"map(np.float64, ({names}))" if "," in names else f"np.float64({names})"
    opening = [f"{names} = {as_doubles}"] if names else []
    lines = body(function, [*opening, 'with np.errstate(all="ignore"):'])
    blocks = [*TARGET.helpers(function), "\n".join(lines)]
    return module(blocks, ["import functools", "import math", "import numpy as np"])


def _array(name: str, array: Any) -> str:
    text = str(array.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
    return f"{name} = np.array({text})"


TARGET: Final = Target(
    **table("numpy"),
    prelude={
        **HELPERS,
        **{
            f"_{name}_of": f"_{name}_of = np.vectorize({inner}, otypes=[float])"
            for name in _BY_ELEMENT
            for inner in [f"math.{name}" if name in ("erf", "erfc") else f"_{name}"]
        },
        **pieces("numpy.txt", r"^(?:def )?(\w+)"),
    },
    clean=clean,
    variable=lambda name, text, truth: f"{name} = {text}",
    array=_array,
    define=_define,
    emitter=Emitter,
)
