"""Python by NumPy, for numbers and arrays; its special functions are SciPy's."""

from __future__ import annotations

from typing import Final

from cgcli.export.python import INFIX, RESERVED, clean, define, helpers
from cgcli.export.target import Function, Target

_LIKE_NUMPY: Final = (
    "sqrt", "cbrt", "exp", "expm1", "log", "log1p", "log2", "log10", "hypot", "sin", "cos", "tan",
    "sinh", "cosh", "tanh", "floor", "ceil", "round", "abs", "sign", "mod", "where", "outer",
)  # fmt: skip
_ARC: Final = {f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
_SPECIAL: Final = ("erf", "erfc", "gamma", "polygamma")
_HELPERS: Final = helpers("numpy.txt")


def _define(function: Function) -> list[str]:
    if function.is_helper:
        return define(function)
    names = ", ".join(function.parameters)
    # A number, a list or an array: of doubles, since whole numbers wrap round.
    as_doubles = f"map(np.float64, ({names}))" if "," in names else f"np.float64({names})"
    opening = [f"{names} = {as_doubles}"] if names else []
    return define(function, [*opening, 'with np.errstate(all="ignore"):'])


NUMPY: Final = Target(
    name="numpy",
    templates={
        **INFIX,
        **{name: f"np.{name}(<*>)" for name in _LIKE_NUMPY},
        **{name: f"np.{word}(<0>)" for name, word in _ARC.items()},
        **{name: f"scipy.special.{name}(<*>)" for name in _SPECIAL},
        **{name: f"np.{name}(<0><axis>)" for name in ("sum", "mean", "prod")},
        **{name: f"np.{name}(<0>)" for name in ("cumsum", "diag", "trace")},
        **{name[1:]: f"{name}(<*>)" for name in _HELPERS},
        **{name: f"_{name}(<0><axis>)" for name in ("norm", "logsumexp")},
        "atan2": "np.arctan2(<0>, <1>)",
        "lgamma": "scipy.special.gammaln(<0>)",
        "div": ("product", "<0:product>/<1:sign>"),
        "pow": ("power", "<0:atom>**<1:sign>"),
        "max": "np.maximum(<0>, <1>)",
        "min": "np.minimum(<0>, <1>)",
        "where": "np.where(<0?>, <1>, <2>)",
        "count": "np.where(<0?>, 1.0, 0.0)",
        "softplus": "np.logaddexp(0.0, <0>)",
        "matmul": ("product", "<0:product> @ <1:sign>"),
        "dot": ("product", "<0:product> @ <1:sign>"),
        "transpose": "<0:atom>.T",
        "index": "<0:atom>[<static>]",
        "stack": "np.array([<*>])",
        "concat": "np.r_[<*>]",
        "len": "np.float64(len(<0>))",
        "amax": "np.max(<0>)",
        "amin": "np.min(<0>)",
    },
    constants={
        **{name: f"np.{name}" for name in ("pi", "e", "inf", "nan")},
        "tau": ("product", "2*np.pi"),
    },
    prelude=_HELPERS,
    reserved=RESERVED | {"np", "scipy", "len", "map"},
    clean=clean,
    define=_define,
    imports={"np.": "import numpy as np", "scipy.special.": "import scipy.special"},
    library="NumPy and SciPy",
    floats=True,
)
