"""Python by NumPy, for numbers and arrays; a program of numbers takes arrays of points too."""

from __future__ import annotations

from typing import Any, Final

from cgcli.export.emit import Emitter
from cgcli.export.python import HELPERS, RESERVED, body, clean, module
from cgcli.export.target import INFIX, Function, Target, pieces
from cgcli.graph.templates import Pattern

_SAME: Final = (
    "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "hypot", "sin", "cos", "tan",
    "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh", "arcsinh", "arccosh",
    "arctanh", "floor", "ceil", "absolute", "sign", "maximum", "minimum", "outer", "diag",
)  # fmt: skip
"""Instructions that NumPy, and what is like it, has functions of the same names for."""


def like_numpy(np: str) -> dict[str, Pattern]:
    """Return the templates of a library that is like NumPy, by the name it is imported as."""
    return {
        **INFIX,
        **{name: f"{np}.{name}(<*>)" for name in _SAME},
        "where": f"{np}.where(<0?>, <1>, <2>)",
        "truth": f"{np}.where(<0?>, 1.0, 0.0)",
        "holds": ("comparison?", "<0:sum> != 0"),
        **{
            name: ("choice?", f"{np}.{name}({inner})")
            for name, inner in (
                ("logical_and", "<0?>, <1?>"), ("logical_or", "<0?>, <1?>"), ("logical_not", "<0?>")
            )
        },
        "power": f"{np}.power(<0>, <1>)",
        "rint": f"{np}.round(<0>)",
        "mod": f"{np}.mod(<0>, <1>)",
        "sum": f"{np}.sum(<0><axis>)",
        "amax": f"{np}.max(<0><axis>)",
        "amin": f"{np}.min(<0><axis>)",
        "any": f"{np}.any(<0?><axis>)",
        "cumsum": f"{np}.cumsum(<0>, axis=0)",
        "spread": f"{np}.broadcast_to(<0>, <shape>)",
        "repeat": "<0:atom>",
        "transpose": "<0:atom>.T",
        "index": "<0:atom>[<static>]",
        "piece": "<0:atom>[<static>]",
        "scatter": "_put(<0>, <shape>, np.s_[<static>])",
        **{
            name: f"_{name}(<*>)"
            for name in ("prod", "others", "concat", "onehot", "cbrt", "outside", "matmul")
        },
        "cumsum back": "_cumsum_back(<0>)",
    }  # fmt: skip


_BY_ELEMENT: Final = ("erf", "erfc", "gamma", "lgamma", "digamma", "polygamma")


def _define(function: Function) -> str:
    names = ", ".join(name for name, _ in function.arguments)
    # A number, a list or an array: of doubles, since whole numbers wrap round.
    as_doubles = f"map(np.float64, ({names}))" if "," in names else f"np.float64({names})"
    opening = [f"{names} = {as_doubles}"] if names else []
    lines = body(function, [*opening, 'with np.errstate(all="ignore"):'])
    blocks = [*TARGET.helpers(lines), "\n".join(lines)]
    return module(blocks, ["import functools", "import math", "import numpy as np"])


def _array(name: str, array: Any) -> str:
    text = str(array.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
    return f"{name} = np.array({text})"


TARGET: Final = Target(
    name="numpy",
    templates={
        **like_numpy("np"),
        "power": "np.float_power(<0>, <1>)",
        "rint": "np.rint(<0>)",
        "stack": "np.stack([<*>])",
        "jacobian": "np.reshape([<*>], <shape>)",
        "grow": "np.expand_dims(<0>, <static>)",
        "cumsum back": "np.cumsum(<0:atom>[::-1])[::-1]",
        **{name: f"_{name}_of(<*>)" for name in _BY_ELEMENT},
    },
    constants={"inf": "np.inf", "nan": "np.nan", "true": "True", "false": "False"},
    prelude={
        **HELPERS,
        **{
            f"_{name}_of": f"_{name}_of = np.vectorize({inner}, otypes=[float])"
            for name in _BY_ELEMENT
            for inner in [f"math.{name}" if name in ("erf", "erfc") else f"_{name}"]
        },
        **pieces("numpy.txt", r"^(?:def )?(\w+)"),
    },
    reserved=RESERVED | {"np", "map", *(f"_{name}_of" for name in _BY_ELEMENT)},
    clean=clean,
    variable=lambda name, text, truth: f"{name} = {text}",
    array=_array,
    define=_define,
    library="NumPy",
    emitter=Emitter,
)
