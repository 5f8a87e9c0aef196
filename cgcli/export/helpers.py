"""The helpers that code calls, by name: from files of text, and from modules of this package."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any, Final

from cgcli.export.target import pieces
from cgcli.numbers import gammas, polygamma

_WORDS: Final = {
    "fabs": "Math.abs", "isnan": "Number.isNaN", "isfinite": "Number.isFinite",
    "INFINITY": "Infinity", "NAN": "NaN", "rint": "cg_rint", "isinf": "cg_isinf",
    "copysign": "cg_copysign", "fmod": "cg_fmod", "int": "let", "double": "let",
    **{name: f"Math.{name}" for name in ("exp", "log", "log1p", "pow", "tan", "floor")},
}  # fmt: skip


def helpers(names: Sequence[str]) -> dict[str, str]:
    """Return helpers by name, in the order of where they are from.

    A name is that of a file beside this one, or "gammas": the functions of Python's gammas,
    "gammas of C" and "gammas of js".
    """
    made: dict[str, str] = {}
    for name in names:
        if name == "gammas":
            made.update(functions_of(polygamma, gammas))
        elif name == "gammas of C":
            made.update({**tables(), **pieces("special.txt")})
        elif name == "gammas of js":
            texts = {**tables(), **pieces("special.txt")}
            made.update({name: translated(text) for name, text in texts.items()})
        else:
            made.update(pieces(name))
    return made


def functions_of(*modules: Any) -> dict[str, str]:
    """Return what modules of this package define, as text by name, for code that stands alone.

    A name is that of its module, with an underscore before, and then its own.
    """
    made: dict[str, str] = {}
    names: dict[str, str] = {}
    for module in modules:
        short = module.__name__.rpartition(".")[2]
        with open(module.__file__, encoding="utf-8") as file:
            source = file.read()
        renamed = {part: f"_{short}_{part.strip('_')}" for part in _parts(source)}
        names = {**names, **renamed}
        for name, text in _parts(source).items():
            made[renamed[name]] = _renamed(text, names)
    return made


def _parts(source: str) -> dict[str, str]:
    """Return the functions and constants of a module, without their doctests."""
    lines, parts = source.split("\n"), {}
    for part in ast.parse(source).body:
        if isinstance(part, ast.FunctionDef | ast.AnnAssign):
            name = part.name if isinstance(part, ast.FunctionDef) else ast.unparse(part.target)
            start = min([part.lineno, *(d.lineno for d in getattr(part, "decorator_list", ()))])
            text = "\n".join(lines[start - 1 : part.end_lineno])
            bare = re.sub(r"\n\n    >>> .*?(?=\n    \"\"\")", "", text, flags=re.DOTALL)
            parts[name] = bare.replace(": Final = ", " = ")
    return parts


def _renamed(text: str, names: dict[str, str]) -> str:
    word = rf"(?<![\w.])({'|'.join(names)})\b"
    return re.sub(word, lambda match: names[match[0]], text)


def tables() -> dict[str, str]:
    """Return the numbers that the gamma functions are computed with, as C has them, by name."""
    zeros = [*polygamma._ZEROS, *gammas._ZEROS]  # noqa: SLF001  # one table for all languages
    orders = [1] * len(polygamma._ZEROS) + [0] * len(gammas._ZEROS)  # noqa: SLF001
    rows = [*zip(zeros, orders, strict=True), (zeros[0], 0)]
    series = [
        number
        for (zero, rest), order in rows
        for number in polygamma._coefficients(zero, rest, order)  # noqa: SLF001
    ]
    made = {
        "cg_bernoulli": polygamma._BERNOULLI,  # noqa: SLF001
        "cg_beside": gammas._TAYLOR,  # noqa: SLF001
        "cg_zeros": [part for zero in zeros for part in zero],
        "cg_series": series,
    }
    return {
        name: f"static const double {name}[{len(numbers)}] = {{\n{_rows(numbers)}\n}};"
        for name, numbers in made.items()
    }


def _rows(numbers: Sequence[float]) -> str:
    texts = [*map(repr, numbers)]
    return ",\n".join("    " + ", ".join(texts[k : k + 4]) for k in range(0, len(texts), 4))


def translated(text: str) -> str:
    r"""Return a function or a table of `special.txt`, which is written in C, as JavaScript.

    >>> translated("static double half(double x, int k) { double y = x; }")
    'function half(x, k) { let y = x; }'
    """
    head, brace, rest = text.partition("{")
    if head.endswith("= "):
        head = re.sub(r"static const double (\w+)\[\d+\]", r"const \1", head)
        return (head + brace + rest).replace("{", "[").replace("}", "]")
    head = re.sub(r"static \w+ (?=\w+\()", "function ", head)
    head = re.sub(r"(?<=[(, ])(double|int) (?=\w+[,)])", "", head)
    text = re.sub(r"double (\w+)\[(\d+)\];", r"let \1 = new Array(\2);", head + brace + rest)
    text = re.sub(r"0x1p(-?\d+)", r"2**\1", text)
    return re.sub(rf"\b({'|'.join(_WORDS)})\b", lambda match: _WORDS[match[0]], text)
