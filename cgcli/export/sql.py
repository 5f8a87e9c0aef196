"""SQL, as DuckDB has it: a SELECT over a table whose columns are the arguments."""

from __future__ import annotations

import re
from typing import Final

from cgcli.errors import CgraphError, excerpt
from cgcli.export.definition import described
from cgcli.export.emit import Emitter
from cgcli.export.routine import Result, Routine
from cgcli.export.target import Function, Target
from cgcli.export.unroll import unrolled
from cgcli.plan.tape import Instruction

_ROW: Final = "given"
"""What a row of the table is called: names of steps are those of the program, v1, value or d_x."""

_MOST: Final = 4_000
"""How many steps a SELECT has at most: with more DuckDB takes minutes to plan it."""


_DEEPEST: Final = 200
"""How many of them need one another: the time that DuckDB takes grows with their cube."""


class SqlEmitter(Emitter):
    """Writes a routine as steps over numbers."""

    def __init__(self, target: Target, routine: Routine) -> None:
        super().__init__(target, unrolled(routine))
        if len(self.needed) > _MOST:
            message = f"in SQL that is {len(self.needed):,} steps, and {_MOST:,} are written"
            raise CgraphError("limit", message, "take smaller arrays, or another language")
        for name, made in self.arguments.items():
            if made.lower() != name.lower():
                alike = [n for n in self.arguments if n != name and n.lower() == name.lower()]
                message = f"no column of SQL is called '{excerpt(name)}', which is a word of it"
                if alike:
                    message = f"SQL does not tell a column '{excerpt(name)}' from '{alike[0]}'"
                raise CgraphError("name", message, "give it another name in the program")

    def emit(self, name: str) -> Function:
        """Return the SELECT; the name is that of a table, or what reads one."""
        return super().emit("f")._replace(name=name)

    def write(self, place: int, instruction: Instruction) -> None:
        """Write an instruction down; an element of an array is one of a list."""
        super().write(place, instruction)
        if instruction.operation == "column":
            self.names[place] += "".join(f"[{k + 1}]" for k in instruction.static[1:])

    def fits(self, place: int, instruction: Instruction) -> bool:
        """Whether an instruction stands inside of the one that uses it."""
        return super().fits(place, instruction) and not any(
            self._repeats(self.tape[user].operation) for user in self.users[place]
        )

    def _repeats(self, operation: str) -> bool:
        """Whether a template has an argument twice, which must be a name or a number then."""
        places = re.findall(r"<(\d)", "".join(self.target.templates.get(operation, "")))
        return len(places) > len({*places})

    def digits(self, text: str, level: int) -> str:
        """Return a number's digits, of a double and no decimal number."""
        return text if "e" in text or "'" in text else f"{text.removesuffix('.0')}e0"

    def result(self, name: str, result: Result) -> str:
        """Return the text of a result: a number, or a list."""
        texts = [self.expression(place) for place in result.places]
        for length in reversed(result.shape):
            parts = (texts[k : k + length] for k in range(0, len(texts), length))
            texts = [f"[{', '.join(part)}]" for part in parts]
        return texts[0]

    def define(self, function: Function) -> str:
        """Return the code of the SELECT: steps whose columns need those of earlier ones alone."""
        names = [line.text[0].rpartition(" AS ")[2] for line in function.lines]
        known = dict.fromkeys(names, 0)
        steps: dict[int, list[str]] = {}
        for name, line in zip(names, function.lines, strict=True):
            text = line.text[0]
            words = re.findall(r"\w+", text.rpartition(" AS ")[0])
            known[name] = 1 + max((known[word] for word in words if word in known), default=0)
            steps.setdefault(known[name], []).append(text)
        if len(steps) > _DEEPEST:
            message = f"in SQL that is {len(steps):,} steps one after the other"
            hint = "let loops take fewer turns, or take another language"
            raise CgraphError("limit", f"{message}, and {_DEEPEST} are written", hint)
        doubles = [f"{n}::DOUBLE{'[]' * len(shape)} AS {n}" for n, shape in function.arguments]
        # The table's own columns go along as one, whose name no step of the program has.
        doubles = [_ROW, *doubles]
        word = self.target.word
        inner = [
            word("step", level=n + 1, before=n, columns=",\n        ".join(steps[n + 1]))
            for n in range(len(steps))
        ]
        results = [
            text if text == name else f"{text} AS {name}" for name, text, _ in function.results
        ]
        return word(
            "function",
            title=described(function),
            notes=[*function.notes],
            columns=", ".join(doubles),
            row=_ROW,
            table=function.name,
            steps="".join(inner),
            results=", ".join([f"{_ROW}.*", *results]),
            last=len(steps),
        )
