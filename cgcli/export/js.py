"""JavaScript, as a module that needs no other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from cgcli.export import c
from cgcli.export.emit import commented
from cgcli.export.loops import LoopEmitter
from cgcli.export.target import Function, Loops, Target, pieces, table
from cgcli.operations.row import Shape

_WORDS: Final = {
    "fabs": "Math.abs", "isnan": "Number.isNaN", "isfinite": "Number.isFinite",
    "INFINITY": "Infinity", "NAN": "NaN", "rint": "cg_rint", "isinf": "cg_isinf",
    "copysign": "cg_copysign", "fmod": "cg_fmod", "int": "let", "double": "let",
    **{name: f"Math.{name}" for name in ("exp", "log", "log1p", "pow", "tan", "floor")},
}  # fmt: skip


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


def _array(name: str, array: Any) -> str:
    texts = ", ".join(map(repr, array.reshape(-1).tolist()))
    return f"const {name} = [{texts.replace('nan', 'NaN').replace('inf', 'Infinity')}];"


def _loop(loops: Sequence[tuple[str, int]], statement: str) -> list[str]:
    return c.loop(loops, statement, "let")


def _filled(
    name: str, count: int, loops: Sequence[tuple[str, int]], index: str, text: str
) -> list[str]:
    return [f"const {name} = new Array({count});", *_loop(loops, f"{name}[{index}] = {text};")]


def _define(function: Function) -> str:
    names = ", ".join(name for name, _ in function.arguments)
    flat = [f"{n} = Array.from({n}).flat();" for n, shape in function.arguments if len(shape) == 2]
    results = [
        name if name == text else f"{name}: {text}"
        for name, text, _ in (
            (name, _nested(text, shape), shape) for name, text, shape in function.results
        )
    ]
    lines = [
        f"/** {', '.join(name for name, _, _ in function.results)} of {function.title} */",
        *(f"// {note}" for note in function.notes),
        f"export function {function.name}({names}) {{",
        *(f"    {line}" for line in flat),
        *(f"    {line}" for line in commented(function.lines, "// ")),
        f"    return {{{', '.join(results)}}};",
        "}",
    ]
    return "\n\n".join([*TARGET.helpers(function, *results), "\n".join(lines)]) + "\n"


def _nested(text: str, shape: Shape) -> str:
    for length in reversed(shape[1:]):
        text = f"cg_rows({text}, {length})"
    return text


TARGET: Final = Target(
    **table("js"),
    prelude={
        **pieces("js.txt", r"(?:function|const) (cg_\w+)"),
        **{name: translated(text) for name, text in c.tables().items()},
        **{name: translated(text) for name, text in pieces("special.txt", r"(cg_\w+)\(").items()},
    },
    clean=c.clean,
    variable=lambda name, text, truth: f"const {name} = {text};",
    array=_array,
    define=_define,
    comment="// ",
    emitter=LoopEmitter,
    loops=Loops(
        literal=lambda name, texts: f"const {name} = [{', '.join(texts)}];",
        zeros=lambda name, count: f"const {name} = new Array({count}).fill(0);",
        filled=_filled,
        loop=_loop,
        store=lambda array, index, text: f"{array}[{index}] = {text};",
        call=lambda text: f"{text};",
        slice=lambda array, offset: f"{array}, {offset}",
        prefix="cg_",
    ),
)
