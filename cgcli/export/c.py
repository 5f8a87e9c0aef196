"""C99, by its library of mathematics alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from cgcli.export.loops import LoopEmitter
from cgcli.export.target import Function
from cgcli.operations.shapes import size

_LONG: Final = 2_000
"""From so many instructions on a function comes in pieces: compilers take a long time for one."""
_PIECE: Final = 200
_DECLARED: Final = re.compile(
    r"(static )?(?:const )?(?:double|int) (\w+)(\[\d+\])?(?: = (.*))?;",
)
"""What declares a variable: if it is static, its name, its length and its value."""


class CEmitter(LoopEmitter):
    """Writes a routine for C: one of many instructions keeps its variables in a structure."""

    def define(self, function: Function) -> str:
        """Return the code of a function, after what it needs."""
        lines = [*self.target.commented(function.lines)]
        arguments = [
            f"const double {n}[{size(s)}]" if s else f"double {n}" for n, s in function.arguments
        ]
        (value, text, shape), *_ = function.results
        outs, ends = self._outs(function, lines)
        parts, includes, opening = list[str](), ["#include <math.h>"], list[str]()
        if len(self.needed) > _LONG:
            includes += ["#include <stdlib.h>", "#include <string.h>"]
            failing = "return;" if shape else "return NAN;"
            opening = [f"struct {function.name}_variables *v = malloc(sizeof *v);"]
            opening += [f"if (v == NULL) {failing}"]
            parts, lines, (*ends, text) = _cut(function, arguments, [*ends, text])
            # The structure is gone before the function returns.
            kept = [] if shape else [f"const double {value} = {text};"]
            ends, text = [*ends, *kept, "free(v);"], value
        lines += ends if shape else [*ends, f"return {text};"]
        kind = "void" if shape else "double"
        made = self.target.word(
            "function",
            title=function.words,
            notes=[*function.notes],
            kind=f"static inline {kind}" if function.header else kind,
            function=function.name,
            arguments=", ".join([*arguments, *outs]) or "void",
            opening=[*opening, *_unused(function, lines)],
            body=lines,
        )
        helpers = self.target.helpers(line for part in function.lines for line in part.text)
        if function.header:
            # Another header may bring the same.
            names = {text: name for name, text in self.target.prelude.items()}
            helpers = [_guarded(f"has_{names[text]}", text) for text in helpers]
        code = self.target.joined(["\n".join(includes), *helpers, *parts, made])
        if not function.header:
            return code
        return _guarded(f"{function.name}_H", f"\n{code}") + "\n"

    def _outs(self, function: Function, lines: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the pointers that results go through, and the statements that send them."""
        taken = set(re.findall(r"\w+", " ".join(lines)))
        outs, ends = [], list[str]()
        for k, (name, text, shape) in enumerate(function.results):
            if not k and not shape:
                continue
            out = f"{name}_out"
            while out in taken:
                out += "_"
            if shape:
                outs.append(f"double {out}[{size(shape)}]")
                ends += self.looped((size(shape),), f"{out}[i] = {text}[i];")
            else:
                outs.append(f"double *{out}")
                ends.append(f"*{out} = {text};")
        return outs, ends


def _guarded(name: str, code: str) -> str:
    """Return code that is read once, however often its file is included."""
    guard = name.upper()
    return f"#ifndef {guard}\n#define {guard}\n{code}\n#endif"


def _unused(function: Function, lines: Sequence[str]) -> list[str]:
    """Return statements for arguments that nothing reads, of which compilers would warn."""
    words = set(re.findall(r"\w+", re.sub(r"//.*", "", "\n".join(lines))))
    return [f"(void){name};" for name, _ in function.arguments if name not in words]


def _cut(
    function: Function, arguments: Sequence[str], ends: Sequence[str]
) -> tuple[list[str], list[str], list[str]]:
    """Return the pieces of a long function, the lines that call them, and those at its end.

    What was a variable is a member of the structure that all pieces share.
    """
    members: dict[str, str] = {}
    statements: list[list[str]] = []
    for line in (line for part in function.lines for line in part.text):
        if line.startswith(" "):
            statements[-1].append(line)
        elif (match := _DECLARED.fullmatch(line)) is None:
            statements.append([line])
        else:
            fixed, name, count, text = match.groups("")
            members[name] = f"    double {name}{count};"
            if count and text:
                made = f"{fixed}const double k{count} = {text};"
                statements.append([f"{{ {made} memcpy({name}, k, sizeof k); }}"])
            elif text:
                statements.append([f"{name} = {text};"])

    def within(line: str) -> str:
        return re.sub(r"\b[A-Za-z]\w*", lambda m: f"v->{m[0]}" if m[0] in members else m[0], line)

    kind = f"struct {function.name}_variables"
    parts = ["\n".join([f"{kind} {{", *members.values(), "};"])]
    names = ", ".join(["v", *(name for name, _ in function.arguments)])
    calls = list[str]()
    for start in range(0, len(statements), _PIECE):
        lines = [within(line) for part in statements[start : start + _PIECE] for line in part]
        name = f"{function.name}_piece_{len(calls)}"
        head = f"static void {name}({', '.join([f'{kind} *v', *arguments])}) {{"
        body = [f"    {line}" for line in [*_unused(function, lines), *lines]]
        parts.append("\n".join([head, *body, "}"]))
        calls.append(f"{name}({names});")
    return parts, calls, [*map(within, ends)]
