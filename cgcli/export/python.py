"""Python, by its module `math`: what raises there answers inf or nan, as IEEE 754 says."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from cgcli.export.emit import commented
from cgcli.export.loops import LoopEmitter
from cgcli.export.target import Function, Loops, Target, pieces, table
from cgcli.numbers import gammas, polygamma
from cgcli.operations.row import Shape

_MAY_RAISE: Final = (
    "sqrt", "exp", "expm1", "sin", "cos", "tan", "asin", "acos", "cosh", "acosh",
    "log, {0: -math.inf}", "log2, {0: -math.inf}", "log10, {0: -math.inf}",
    "log1p, {-1: -math.inf}", "atanh, {-1: -math.inf, 1: math.inf}",
)  # fmt: skip
"""Functions of `math`, and their poles."""


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


HELPERS: Final = {
    **functions_of(polygamma, gammas),
    **pieces("python.txt", r"^(?:def )?(\w+)"),
    **{
        f"_{text.partition(',')[0]}": f"_{text.partition(',')[0]} = _ieee(math.{text})"
        for text in _MAY_RAISE
    },
}


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


def body(function: Function, opening: Sequence[str] = ()) -> list[str]:
    """Return the lines of a function, whose body stands inside of what the last of `opening` is."""
    indent = "        " if opening and opening[-1].endswith(":") else "    "
    results = ", ".join(text for _, text, _ in function.results)
    return [
        f"def {function.name}({', '.join(name for name, _ in function.arguments)}):",
        f'    """Return {returned(function)}."""',
        *(f"    # {text}" for text in function.notes),
        *(f"    {text}" for text in opening),
        *(f"{indent}{text}" for text in commented(function.lines, "# ")),
        f"{indent}return {results}",
    ]


def returned(function: Function) -> str:
    """Return what a function returns, in words."""
    names = [name for name, _, _ in function.results]
    title = f"{', '.join(names)} of {function.title}"
    shapes = [f"{n} {'x'.join(map(str, shape))}" for n, shape in function.arguments if shape]
    return title + (f"; {', '.join(shapes)}" if shapes else "")


def _define(function: Function) -> str:
    """Return the code of a function: it takes and gives nested lists, and keeps flat ones."""
    flat = [
        f"{name} = [x for row in {name} for x in row]"
        for name, shape in function.arguments
        if len(shape) == 2
    ]
    results = [(name, _nested(text, shape), shape) for name, text, shape in function.results]
    function = function._replace(results=results)
    blocks = [*TARGET.helpers(function), "\n".join(body(function, flat))]
    return module(blocks, ["import functools", "import math"])


def module(blocks: Sequence[str], imports: Sequence[str]) -> str:
    """Return the code of functions, after the modules that they need."""
    code = "\n\n\n".join(filter(None, blocks)) + "\n"
    needed = [line for line in imports if f"{line.split()[-1]}." in code]
    return "\n".join([*needed, *["", ""] * bool(needed), code])


def _nested(text: str, shape: Shape) -> str:
    """Return a flat list as nested lists."""
    for length in reversed(shape[1:]):
        text = f"_rows({text}, {length})"
    return text


def _filled(
    name: str, size: int, loops: Sequence[tuple[str, int]], index: str, text: str
) -> list[str]:
    turns = "".join(f" for {variable} in range({count})" for variable, count in loops)
    return [f"{name} = [{text}{turns}]"]


def _loop(loops: Sequence[tuple[str, int]], statement: str) -> list[str]:
    lines = [
        f"{'    ' * k}for {variable} in range({count}):"
        for k, (variable, count) in enumerate(loops)
    ]
    return [*lines, "    " * len(loops) + statement]


TARGET: Final = Target(
    **table("python"),
    prelude=HELPERS,
    clean=clean,
    variable=lambda name, text, truth: f"{name} = {text}",
    array=lambda name, array: f"{name} = {array.reshape(-1).tolist()}".replace("nan", "math.nan"),
    define=_define,
    emitter=LoopEmitter,
    loops=Loops(
        literal=lambda name, texts: f"{name} = [{', '.join(texts)}]",
        zeros=lambda name, size: f"{name} = [0.0]*{size}",
        filled=_filled,
        loop=_loop,
        store=lambda array, index, text: f"{array}[{index}] = {text}",
        call=lambda text: text,
        slice=lambda array, offset: f"{array}, {offset}",
        prefix="_",
    ),
)
