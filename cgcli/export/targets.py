"""The languages that a program is exported to, by name, and the helpers that their code calls."""

from __future__ import annotations

import ast
import importlib
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from cgcli.errors import required
from cgcli.export.routine import Routine
from cgcli.export.target import Target, pieces
from cgcli.graph.templates import Pattern
from cgcli.numbers import gammas, polygamma
from cgcli.resource import read_toml

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
        names.update(renamed)
        for name, text in _parts(source).items():
            word = rf"(?<![\w.])({'|'.join(names)})\b"
            made[renamed[name]] = re.sub(word, lambda match: names[match[0]], text)
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


def ascii_letters(name: str) -> str:
    """Return a name of ASCII letters, as C reads it.

    >>> ascii_letters("φ[2]")
    'u3c6_2'
    """
    plain = "".join(c if c.isascii() else f"u{ord(c):x}" for c in clean(name))
    return f"v{plain}" if plain[0] == "_" else plain


def small_letters(name: str) -> str:
    """Return a name as SQL reads it, which does not tell capital letters from small ones."""
    return clean(name).lower()


_CLEAN: Final = {"all": clean, "ascii": ascii_letters, "small": small_letters}
"""By the word in a language's table, how it takes a name."""


@lru_cache
def target(name: str) -> Target:
    """Return a language, as its table says."""
    read = read_toml(__package__, f"{name}.toml")
    templates: dict[str, Pattern] = {key: f"{word}(<*>)" for key, word in read["calls"].items()}
    for key, text in read["templates"].items():
        templates[key] = text if isinstance(text, str) else tuple(text)
    return Target(
        library=read["library"],
        templates=templates,
        constants=read["constants"],
        code=read["code"],
        prelude=helpers(read["helpers"]),
        reserved=frozenset(read["words"].split()),
        taken=frozenset(read.get("taken", "").split()),
        clean=_CLEAN[read["letters"]],
        numbers=read.get("numbers", ""),
        emitter=read["emitter"],
    )


def source(
    routine: Routine, to: str, name: str = "f", *, notes: Sequence[str] = (), header: bool = False
) -> str:
    """Return a routine as code; raises `CgraphError` for what the language lacks.

    `notes` stand in a comment. With `header` it is one that other files of C include.

    >>> from cgcli.export.routine import routine
    >>> from cgcli.program import parse
    >>> print(source(routine(parse("(x+y)*z").graph(), {}), "python"), end="")
    def f(x, y, z):
        \"\"\"Return value, d_x, d_y, d_z of (x + y) * z.\"\"\"
        v1 = x + y
        value = v1*z
        return value, z, z, v1
    """
    language = target(to)
    module, _, kind = language.emitter.partition(".")
    emitter = getattr(importlib.import_module(f"cgcli.export.{module}"), kind)(language, routine)
    function = emitter.emit(name)
    code: str = emitter.define(function._replace(notes=notes, header=header))
    return code


def binary(code: str) -> bytes:
    """Return the file of an ONNX model's text, checked; raises `CgraphError` where onnx is not."""
    onnx = required("onnx", "onnx", "to write an ONNX file")
    required("onnx.parser", "onnx", "to write an ONNX file")
    model = onnx.parser.parse_model(code)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())
