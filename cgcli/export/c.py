"""C99, by its library of mathematics alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from cgcli.export.loops import LoopEmitter
from cgcli.export.target import Function
from cgcli.operations.shapes import size
from cgcli.plan.tape import Instruction

_LONG: Final = 2_000
"""From so many instructions on a function is a table: compilers take a long time for statements.
Measured: 100,000 nodes took minutes and 800 MB as statements in pieces."""
_DECLARED: Final = re.compile(
    r"(static )?(?:const )?(?:double|int) (\w+)(?:\[(\d+)\])?(?: = (.*))?;",
)
"""What declares a variable: if it is static, its name, its length and its value."""
_OPERAND: Final = re.compile(
    r"(?<![\w.])(?:\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+"
    r"|([A-Za-z]\w*)(?:\[(\d+)\]| \+ (\d+)(?![\w.*]))?)"
)
"""A number, or a name with the element that is meant."""


class CEmitter(LoopEmitter):
    """Writes a routine for C: one of many instructions as a table of steps, one operation each."""

    @property
    def _long(self) -> bool:
        return len(self.needed) > _LONG

    def fits(self, place: int, instruction: Instruction) -> bool:
        """Whether an instruction stands inside of the one that uses it."""
        return not self._long and super().fits(place, instruction)

    def formula(self, node: int) -> str:
        """Return a node's formula, which stands beside a line; a table has no lines."""
        return "" if self._long else super().formula(node)

    def define(self, function: Function) -> str:
        """Return the code of a function, after what it needs."""
        lines = [*self.target.commented(function.lines)]
        arguments = [
            f"const double {n}[{size(s)}]" if s else f"double {n}" for n, s in function.arguments
        ]
        (value, text, shape), *_ = function.results
        outs, ends = self._outs(function, lines)
        parts, includes, opening = list[str](), ["#include <math.h>"], list[str]()
        if self._long:
            includes += ["#include <stdlib.h>"]
            failing = "return;" if shape else "return NAN;"
            steps = Steps(function)
            opening = [f"double *v = malloc({steps.length}*sizeof *v);"]
            opening += [f"if (v == NULL) {failing}"]
            name = f"{function.name}_steps"
            while name in self.arguments.values():
                name += "_"
            parts, lines = steps.define(name), [*steps.opening, f"{name}(v);"]
            *ends, text = map(steps.known, [*ends, text])
            # The memory is gone before the function returns.
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


class Steps:
    """The lines of a long function as rows of a table: which statement, and its operands.

    All that it takes and computes lies in one array, `v`. Statements that differ in numbers and
    in names alone are one case of a switch. `opening` puts the arguments where they lie.
    """

    def __init__(self, function: Function) -> None:
        self._table, self.length = f"{function.name}_table", 0
        self._starts: dict[str, tuple[str, int, bool]] = {}
        self._constants, self._numbers = f"{function.name}_numbers", list[str]()
        self._cases: dict[str, tuple[int, int]] = {}
        self._rows: list[list[int]] = []
        self.opening = []
        for name, shape in function.arguments:
            start = self._start(name, size(shape) if shape else 0)
            line = f"for (int i = 0; i < {size(shape)}; i++) v[{start} + i] = {name}[i];"
            self.opening.append(line if shape else f"v[{start}] = {name};")
        statements: list[list[str]] = []
        for line in (line for part in function.lines for line in part.text):
            if line.startswith(" "):
                statements[-1].append(line)
            elif (match := _DECLARED.fullmatch(line)) is None:
                statements.append([line])
            elif text := self._declare(*match.groups("")):
                statements.append([text])
        for lines in statements:
            self._row("\n".join(lines))

    def _start(self, name: str, count: int) -> int:
        """Give a variable of so many elements memory; 0 for a number."""
        self._starts[name] = ("v", self.length, count > 0)
        self.length += count or 1
        return self._starts[name][1]

    def _declare(self, fixed: str, name: str, count: str, text: str) -> str:
        """Give a variable memory, and return the statement of its value."""
        if fixed:
            self._starts[name] = (self._constants, len(self._numbers), True)
            self._numbers += text[1:-1].split(", ")
            return ""
        self._start(name, int(count or 0))
        if not count:
            return f"{name} = {text};"
        loop = f"for (int i = 0; i < {count}; i++) {name}[i] ="
        if text in ("", "{0}"):
            return text and f"{loop} 0.0;"
        return f"{{ const double t[{count}] = {text}; {loop} t[i]; }}"

    def _written(self, text: str, at: Callable[[int], str]) -> str:
        """Return a text with the addresses of what it names."""

        def put(match: re.Match[str]) -> str:
            name, element, offset = match.groups()
            word = name or match[0]
            if not name and word not in self._starts:
                self._starts[word] = (self._constants, len(self._numbers), False)
                self._numbers.append(word)
            if word not in self._starts:
                return match[0]
            base, start, many = self._starts[word]
            if not many or element:
                rest = "" if many or offset is None else f" + {offset}"
                return f"{base}[{at(start + int(element or 0))}]{rest}"
            return f"({base} + {at(start + int(offset or 0))})"

        return _OPERAND.sub(put, text)

    def known(self, text: str) -> str:
        """Return a text that stands outside of the table."""
        return self._written(text, str)

    def _row(self, text: str) -> None:
        operands: list[int] = []

        def at(address: int) -> str:
            operands.append(address)
            return f"{self._table}[p + {len(operands)}]"

        case = self._written(text, at)
        number, _ = self._cases.setdefault(case, (len(self._cases), len(operands)))
        self._rows.append([number, *operands])

    def define(self, name: str) -> list[str]:
        """Return the tables, and the function of this name that goes through them."""
        table = [str(number) for row in self._rows for number in row]
        parts = [
            f"static const double {self._constants}{_listed(self._numbers or ['0'])}",
            f"static const int {self._table}{_listed(table)}",
        ]
        lines = [
            "/* Every row of the table is a case and its operands: where they lie in v. */",
            f"static void {name}(double *v) {{",
            # By a pointer gcc 12 takes 800 MB for a table of a million numbers.
            "    int p = 0;",
            f"    for (int row = 0; row < {len(self._rows)}; row++)",
            f"        switch ({self._table}[p]) {{",
        ]
        for text, (number, count) in self._cases.items():
            body = [*text.split("\n"), f"p += {count + 1};", "break;"]
            lines += [f"        case {number}:", *(f"            {line}" for line in body)]
        return [*parts, "\n".join([*lines, "        }", "}"])]


def _listed(texts: Sequence[str]) -> str:
    """Return the length and the elements of an array, some a line."""
    lines = [", ".join(texts[k : k + 16]) for k in range(0, len(texts), 16)]
    return "\n".join([f"[{len(texts)}] = {{", *(f"{line}," for line in lines), "};"])
