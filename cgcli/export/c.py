"""C99, by its library of mathematics alone."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any, Final

from cgcli.export.emit import commented
from cgcli.export.loops import LoopEmitter
from cgcli.export.python import clean as clean_in_python
from cgcli.export.routine import Routine
from cgcli.export.target import Function, Loops, Target, pieces, table
from cgcli.numbers import gammas, polygamma
from cgcli.operations.row import Shape
from cgcli.operations.shapes import size

_LONG: Final = 2_000
"""From so many instructions on a function comes in pieces: compilers take a long time for one."""
_PIECE: Final = 200


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


def clean(name: str) -> str:
    """Return a name as C reads it: of ASCII letters.

    >>> clean("φ[2]")
    'u3c6_2'
    """
    plain = "".join(c if c.isascii() else f"u{ord(c):x}" for c in clean_in_python(name))
    return f"v{plain}" if plain[0] == "_" else plain


class CEmitter(LoopEmitter):
    """Writes a routine for C: one of many instructions keeps its variables in an array."""

    def __init__(self, target: Target, routine: Routine) -> None:
        super().__init__(target, routine)
        self.long = len(self.needed) > _LONG
        self.count = 0

    def named(self, place: int) -> tuple[str, str]:
        """Return the name of a variable."""
        name, comment = super().named(place)
        return self.reserve(name, self.tape[place].shape), comment

    def free(self, shape: Shape = ()) -> str:
        """Return a name that nothing has."""
        return self.reserve(super().free(shape), shape)

    def reserve(self, name: str, shape: Shape) -> str:
        """Return how a variable is called: by its place among all, where they are many."""
        if not self.long or _kept(name):
            return name
        at = self.count
        self.count += size(shape)
        return f"(v + {at})" if shape else f"v[{at}]"

    def emit(self, name: str) -> Function:
        """Return the function."""
        return super().emit(name)._replace(room=self.count)


def _kept(name: str) -> bool:
    return name.startswith(("v[", "(v"))


def _variable(name: str, text: str, truth: bool) -> str:
    kind = "" if _kept(name) else "const int " if truth else "const double "
    return f"{kind}{name} = {text};"


def _literal(name: str, texts: Sequence[str]) -> str:
    if _kept(name):
        return " ".join(f"{name}[{k}] = {text};" for k, text in enumerate(texts))
    return f"const double {name}[{len(texts)}] = {{{', '.join(texts)}}};"


def _array(name: str, array: Any) -> str:
    texts = [*map(repr, array.reshape(-1).tolist())]
    text = ", ".join(texts).replace("nan", "NAN").replace("inf", "INFINITY")
    if not _kept(name):
        return f"static const double {name}[{len(texts)}] = {{{text}}};"
    loop = f"for (int i = 0; i < {len(texts)}; i++) {name}[i] = k[i];"
    return f"{{ static const double k[{len(texts)}] = {{{text}}}; {loop} }}"


def _zeros(name: str, count: int) -> str:
    if _kept(name):
        return f"for (int i = 0; i < {count}; i++) {name}[i] = 0;"
    return f"double {name}[{count}] = {{0}};"


def loop(loops: Sequence[tuple[str, int]], statement: str, kind: str = "int") -> list[str]:
    """Return loops over variables, each with its count, around a statement."""
    lines = [
        f"{'    ' * k}for ({kind} {variable} = 0; {variable} < {count}; {variable}++)"
        for k, (variable, count) in enumerate(loops)
    ]
    return [*lines, "    " * len(loops) + statement]


def _filled(
    name: str, count: int, loops: Sequence[tuple[str, int]], index: str, text: str
) -> list[str]:
    declared = [] if _kept(name) else [f"double {name}[{count}];"]
    return [*declared, *loop(loops, f"{name}[{index}] = {text};")]


def _define(function: Function) -> str:
    body = [*commented(function.lines, "// ")]
    arguments = [
        f"const double {n}[{size(s)}]" if s else f"double {n}" for n, s in function.arguments
    ]
    value, *_ = function.results
    taken = set(re.findall(r"\w+", " ".join(body)))
    outs, ends = [], []
    for name, text, shape in function.results:
        if name == value[0] and not shape:
            continue
        out = f"{name}_out"
        while out in taken:
            out += "_"
        outs.append(f"double {out}[{size(shape)}]" if shape else f"double *{out}")
        if shape:
            ends += loop([("i", size(shape))], f"{out}[i] = {text}[i];")
        else:
            ends.append(f"*{out} = {text};")
    kind = "void" if value[2] else "double"
    words = ("static inline " if function.header else "") + kind
    parts, calls = _cut(function, body, arguments)
    opening = [f"double *v = malloc({function.room}*sizeof *v);"] if function.room else []
    failing = "return;" if value[2] else "return NAN;"
    opening += [f"if (v == NULL) {failing}"] if function.room else []
    ends += ["free(v);"] if function.room else []
    if not value[2]:
        if function.room:
            # The array is gone before the function returns.
            ends.insert(0, f"const double {value[0]} = {value[1]};")
        ends.append(f"return {value[0] if function.room else value[1]};")
    lines = [
        f"/* {', '.join(name for name, _, _ in function.results)} of {function.title} */",
        *(f"// {note}" for note in function.notes),
        f"{words} {function.name}({', '.join([*arguments, *outs]) or 'void'}) {{",
        *(f"    {line}" for line in [*opening, *_unused(function, [*calls, *ends]), *calls, *ends]),
        "}",
    ]
    helpers = TARGET.helpers(function)
    includes = ["#include <math.h>"] + ["#include <stdlib.h>"] * bool(function.room)
    blocks = ["\n".join(includes), *helpers, *parts, "\n".join(lines)]
    code = "\n\n".join(blocks) + "\n"
    if function.header:
        guard = f"{function.name.upper()}_H"
        code = f"#ifndef {guard}\n#define {guard}\n\n{code}\n#endif\n"
    return code


def _unused(function: Function, lines: Sequence[str]) -> list[str]:
    """Return statements for arguments that nothing reads, of which compilers would warn."""
    words = set(re.findall(r"\w+", re.sub(r"//.*", "", "\n".join(lines))))
    return [f"(void){name};" for name, _ in function.arguments if name not in words]


def _cut(
    function: Function, body: list[str], arguments: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return the pieces that a long function comes in, and the lines that call them."""
    if not function.room:
        return [], body
    names = ", ".join(["v", *(name for name, _ in function.arguments)])
    parts, calls = [], []
    lines = [*commented([line._replace(comment="") for line in function.lines], "")]
    starts = [k for k, line in enumerate(lines) if not line.startswith(" ")]
    starts = [k for k in starts if not (k and lines[k - 1].lstrip().startswith("for ("))]
    starts = [*starts[::_PIECE], len(lines)]
    for number, (start, end) in enumerate(itertools.pairwise(starts)):
        piece = lines[start:end]
        name = f"{function.name}_piece_{number}"
        head = f"static void {name}({', '.join(['double *v', *arguments])}) {{"
        unused = _unused(function, piece)
        parts.append("\n".join([head, *(f"    {line}" for line in [*unused, *piece]), "}"]))
        calls.append(f"{name}({names});")
    return parts, calls


TARGET: Final = Target(
    **table("c"),
    prelude={
        **pieces("c.txt", r"(cg_\w+)\("),
        **tables(),
        **pieces("special.txt", r"(cg_\w+)\("),
    },
    clean=clean,
    variable=_variable,
    array=_array,
    define=_define,
    comment="// ",
    emitter=CEmitter,
    loops=Loops(
        literal=_literal,
        zeros=_zeros,
        filled=_filled,
        loop=loop,
        store=lambda array, index, text: f"{array}[{index}] = {text};",
        call=lambda text: f"{text};",
        slice=lambda array, offset: array if offset == "0" else f"{array} + {offset}",
        prefix="cg_",
    ),
)
