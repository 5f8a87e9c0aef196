"""The table: all rows, by name and by the words a program calls them with."""

from __future__ import annotations

from typing import Final

from cgcli.operations.arithmetic import ARITHMETIC
from cgcli.operations.elementary import ELEMENTARY
from cgcli.operations.networks import NETWORKS
from cgcli.operations.piecewise import PIECEWISE
from cgcli.operations.row import Operation
from cgcli.operations.special import SPECIAL
from cgcli.operations.tensors import TENSORS

GROUPS: Final[dict[str, tuple[Operation, ...]]] = {
    "arithmetic": ARITHMETIC,
    "elementary": ELEMENTARY,
    "piecewise": PIECEWISE,
    "networks": NETWORKS,
    "special": SPECIAL,
    "tensors": TENSORS,
}

TABLE: Final[tuple[Operation, ...]] = tuple(row for rows in GROUPS.values() for row in rows)

OPERATIONS: Final[dict[str, Operation]] = {row.name: row for row in TABLE}


def _words() -> dict[str, tuple[Operation, ...]]:
    words: dict[str, tuple[Operation, ...]] = {}
    for row in TABLE:
        for word in row.words:
            words[word] = (*words.get(word, ()), row)
    return words


WORDS: Final[dict[str, tuple[Operation, ...]]] = _words()
"""The rows that a word may mean; the number of arguments decides between them."""

CONSTANTS: Final[dict[str, float]] = {
    "pi": 3.141592653589793,
    "e": 2.718281828459045,
    "tau": 6.283185307179586,
    "inf": float("inf"),
}

OTHER_SPELLINGS: Final[dict[str, str]] = {
    **{f"arc{name}": f"a{name}(x)" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"ar{name}": f"a{name}(x)" for name in ("sinh", "cosh", "tanh")},
    "arctan2": "atan2(y, x)",
    "tg": "tan(x)",
    "tgh": "tanh(x)",
    "arctg": "atan(x)",
    "sen": "sin(x)",
    "senh": "sinh(x)",
    "sh": "sinh(x)",
    "ch": "cosh(x)",
    "th": "tanh(x)",
    "lg": "log10(x)",
    "lb": "log2(x)",
    "ld": "log2(x)",
    "pow": "x^y",
    "power": "x^y",
    "sqr": "x^2",
    "square": "x^2",
    "root": "sqrt(x), or x^(1/n)",
    "cot": "1/tan(x)",
    "ctg": "1/tan(x)",
    "cotg": "1/tan(x)",
    "sec": "1/cos(x)",
    "csc": "1/sin(x)",
    "cosec": "1/sin(x)",
    "coth": "1/tanh(x)",
    "sech": "1/cosh(x)",
    "csch": "1/sinh(x)",
    "fabs": "abs(x)",
    "absolute": "abs(x)",
    "sgn": "sign(x)",
    "ceiling": "ceil(x)",
    "trunc": "floor(x)",
    "int": "floor(x)",
    "maximum": "max(a, b)",
    "minimum": "min(a, b)",
    "fmod": "mod(a, b)",
    "average": "mean(x)",
    "avg": "mean(x)",
    "product": "prod(x)",
    "total": "sum(x)",
    "length": "len(x)",
    "size": "len(x)",
    "logistic": "sigmoid(x)",
    "sig": "sigmoid(x)",
    "sigm": "sigmoid(x)",
    "σ": "sigmoid(x)",
    "Σ": "sum(x)",
    "Π": "prod(x)",
    "expit": "sigmoid(x)",
    "sigma": "sigmoid(x)",
    "log_2": "log2(x)",
    "log_10": "log10(x)",
    "log_e": "log(x)",
    "std": "sqrt(mean((x - mean(x))^2))",
    "var": "mean((x - mean(x))^2)",
    "mse": "mean((x - y)^2)",
    "heaviside": "x > 0",
    "logit": "log(x/(1 - x))",
    "swish": "silu(x)",
    "factorial": "gamma(n + 1)",
    "gammaln": "lgamma(x)",
    "loggamma": "lgamma(x)",
    "lngamma": "lgamma(x)",
    "psi": "digamma(x)",
    "logb": "log(x)/log(b)",
    "loge": "log(x)",
    "if": "where(condition, a, b)",
    "ifelse": "where(condition, a, b)",
    "iif": "where(condition, a, b)",
    "select": "where(condition, a, b)",
    "clamp": "clip(x, low, high)",
    "matmul": "A @ B",
    "T": "transpose(A)",
    "concatenate": "concat(a, b)",
    "append": "concat(a, b)",
    "one_hot": "onehot(k, n)",
    "lse": "logsumexp(x)",
    "LeakyReLU": "leaky_relu(x)",
    "lrelu": "leaky_relu(x)",
}
"""What is written for a function elsewhere, and what is written here."""

ABSENT: Final[dict[str, str]] = {
    "lim": "limits are not computed; give the name a value near the place",
    "limit": "limits are not computed; give the name a value near the place",
    "integrate": "integrals are not computed",
    "integral": "integrals are not computed",
    "inv": "matrices are not inverted; for a number write 1/x",
    "inverse": "matrices are not inverted; for a number write 1/x",
    "det": "for a matrix of 2 rows write A[0, 0]*A[1, 1] - A[0, 1]*A[1, 0]",
    "solve": "equations are not solved; evaluate both sides",
    "argmax": "which element is the greatest is not computed; the greatest is max(x)",
    "argmin": "which element is the least is not computed; the least is min(x)",
    "cross": "write the elements: [a[1]*b[2] - a[2]*b[1], …]",
    "print": "write the expression alone: every value is printed",
    "not": "a condition is 0 or 1: for its opposite write 1 - (a > 0)",
}
"""What the language does not have, and what may be done without it."""
