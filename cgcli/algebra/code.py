"""Graphs as source code: how Python, and NumPy's Python, write each operation."""

from __future__ import annotations

from typing import Final

from cgcli.errors import CgraphError
from cgcli.graph.text import Notation
from cgcli.operations.row import LEVELS, Operation

__all__ = ["NUMPY", "PYTHON", "Dialect"]

_ATOM: Final = LEVELS["atom"]

# What is written for an operation; the arguments in angle brackets by their places.
_COMMON: Final = {
    "same": "<0>",
    "add": "<0> + <1>",
    "sub": "<0> - <1>",
    "mul": "<0>*<1>",
    "div": "<0>/<1>",
    "neg": "-<0>",
    "pos": "<0>",
    "pow": "<0>**<1>",
    "lt": "<0> < <1>",
    "le": "<0> <= <1>",
    "gt": "<0> > <1>",
    "ge": "<0> >= <1>",
    "eq": "<0> == <1>",
    "ne": "<0> != <1>",
}
_LIKE_MATH: Final = (
    "sqrt", "cbrt", "exp", "expm1", "log", "log1p", "log2", "log10", "hypot", "sin", "cos", "tan",
    "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "floor", "ceil",
)  # fmt: skip
_MATH: Final = {
    **{name: f"math.{name}(<*>)" for name in _LIKE_MATH},
    **{name: f"math.{name}(<*>)" for name in ("erf", "erfc", "gamma", "lgamma")},
    "abs": "abs(<0>)",
    "max": "max(<*>)",
    "min": "min(<*>)",
    "round": "round(<0>)",
    "mod": "<0> % <1>",
    "sign": "math.copysign(<0> != 0, <0>)",
    "where": "(<1> if <0> else <2>)",
    "relu": "max(<0>, 0)",
    "leaky_relu": "max(<0>, <0>/100)",
    "elu": "(<0> if <0> > 0 else math.expm1(<0>))",
    "sigmoid": "(1/(1 + math.exp(-(<0>))))",
    "softplus": "(max(<0>, 0) + math.log1p(math.exp(-abs(<0>))))",
    "silu": "(<0>)/(1 + math.exp(-(<0>)))",
    "gelu": "((<0>)*math.erfc(-(<0>)/math.sqrt(2))/2)",
    "xlogy": "((<0>)*math.log(<1>) if <0> else 0.0)",
    "clip": "min(max(<0>, <1>), <2>)",
}
_ARC: Final = {f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
_NUMPY: Final = {
    **{name: f"np.{_ARC.get(name, name)}(<*>)" for name in _LIKE_MATH},
    "atan2": "np.arctan2(<*>)",
    "abs": "np.abs(<0>)",
    "max": "np.maximum(<*>)",
    "min": "np.minimum(<*>)",
    "round": "np.round(<0>)",
    "mod": "np.mod(<0>, <1>)",
    "sign": "np.sign(<0>)",
    "where": "np.where(<0>, <1>, <2>)",
    "relu": "np.maximum(<0>, 0)",
    "leaky_relu": "np.maximum(<0>, (<0>)/100)",
    "elu": "np.where(<0> > 0, <0>, np.expm1(<0>))",
    "sigmoid": "(1/(1 + np.exp(-(<0>))))",
    "softplus": "np.logaddexp(0, <0>)",
    "silu": "(<0>)/(1 + np.exp(-(<0>)))",
    "clip": "np.minimum(np.maximum(<0>, <1>), <2>)",
    **{name: f"scipy.special.{name}(<*>)" for name in ("erf", "erfc", "gamma", "xlogy")},
    "lgamma": "scipy.special.gammaln(<0>)",
    "digamma": "scipy.special.digamma(<0>)",
    "polygamma": "scipy.special.polygamma(<*>)",
    "gelu": "((<0>)*scipy.special.erfc(-(<0>)/np.sqrt(2))/2)",
    # Vectors and matrices
    "matmul": "<0> @ <1>",
    "dot": "<0> @ <1>",
    "transpose": "<0>.T",
    "index": "<0>[<static>]",
    "stack": "np.array([<*>])",
    "outer": "np.outer(<*>)",
    "concat": "np.concatenate([<each>])",
    "onehot": "((np.arange(<static>) == <0>)*1.0)",
    "len": "len(<0>)",
    **{name: f"np.{name}(<0><axis>)" for name in ("sum", "mean", "prod")},
    "amax": "np.max(<0>)",
    "amin": "np.min(<0>)",
    "norm": "np.linalg.norm(<0><axis>)",
    "logsumexp": "scipy.special.logsumexp(<0><axis>)",
    "softmax": "scipy.special.softmax(<0>, axis=-1)",
    "log_softmax": "scipy.special.log_softmax(<0>, axis=-1)",
}
_OPERATORS: Final = frozenset({*_COMMON, "matmul", "dot"})
_POSTFIX: Final = frozenset({"transpose", "index"})


class Dialect:
    """A language that formulas are written in: its notation, its constants and its imports."""

    def __init__(self, table: dict[str, str], module: str) -> None:
        self._table = {**_COMMON, **table}
        self.module = module
        self.notation = Notation(self._pieces, self._level, ("(", ")"))

    def constant(self, name: str) -> str:
        """Return a constant of the language of cgraph."""
        known = {"pi": "pi", "e": "e", "inf": "inf", "nan": "nan"}
        if name == "tau":
            return f"(2*{self.module}.pi)"
        return f"{self.module}.{known[name]}" if name in known else name

    def imports(self, body: str) -> list[str]:
        """Return the import lines that a function's body needs."""
        lines = []
        if f"{self.module}." in body:
            lines.append("import numpy as np" if self.module == "np" else f"import {self.module}")
        if "scipy.special." in body:
            lines.append("import scipy.special")
        return lines

    def _level(self, operation: Operation) -> int:
        return _level_of(operation) if operation.name in _OPERATORS else _ATOM

    def _pieces(
        self, operation: Operation, count: int, static: tuple[int, ...]
    ) -> list[str | tuple[int, int]]:
        import re

        pattern = self._table.get(operation.name)
        if pattern is None:
            word = (operation.words or (operation.symbol or operation.name,))[0]
            message = f"there is no {word} in Python's {self.module}"
            tensor = operation.shape is not None and self.module == "math"
            hint = "for vectors and matrices write --format numpy" if tensor else ""
            raise CgraphError("usage", message, hint or "write --format text, or json")
        places = [f"<{k}>" for k in range(count)]
        if operation.name in ("max", "min") and self.module == "np" and count > 2:
            word = pattern.partition("(")[0]
            pattern = f"{word}.reduce([{', '.join(places)}])"
        pattern = pattern.replace("<*>", ", ".join(places))
        pattern = pattern.replace("<each>", ", ".join(f"np.atleast_1d({p})" for p in places))
        pattern = pattern.replace("<static>", ", ".join(map(str, static)))
        pattern = pattern.replace("<axis>", f", axis={static[0]}" if static else "")
        parts: list[str | tuple[int, int]] = []
        for k, piece in enumerate(re.split(r"<(\d+)>", pattern)):
            if k % 2:
                parts.append((int(piece), self._inner(operation, int(piece))))
            elif piece:
                parts.append(piece)
        return parts

    @staticmethod
    def _inner(operation: Operation, place: int) -> int:
        """How tightly an argument must bind: in a call anything will."""
        name = operation.name
        if name in _POSTFIX:
            return _ATOM
        if name not in _OPERATORS:
            return LEVELS["sum"] if name in ("where", "elu", "leaky_relu", "onehot") else 0
        if name == "pow":
            return (_ATOM, LEVELS["sign"])[place]
        if name in ("neg", "pos", "same"):
            return LEVELS["sign"]
        level = _level_of(operation)
        return level + (1 if place or level == LEVELS["comparison"] else 0)


def _level_of(operation: Operation) -> int:
    return LEVELS["product"] if operation.name == "dot" else operation.level


PYTHON: Final = Dialect(_MATH, "math")
NUMPY: Final = Dialect(_NUMPY, "np")
