"""SQL, as DuckDB has it: a SELECT over a table whose columns are the arguments."""

from __future__ import annotations

import re
from typing import Final

from cgcli.errors import CgraphError, excerpt
from cgcli.export.emit import Emitter
from cgcli.export.python import clean as clean_in_python
from cgcli.export.routine import Result, Routine
from cgcli.export.target import Function, Target, table
from cgcli.export.unroll import unrolled
from cgcli.plan.tape import Instruction

_MOST: Final = 4_000
"""How many steps a SELECT has at most: with more DuckDB takes minutes to plan it."""

_TABLE: Final = table("sql")


def _repeats(operation: str) -> bool:
    """Whether a template has an argument twice, which must be a name or a number then."""
    pattern = _TABLE["templates"].get(operation, "")
    text = pattern if isinstance(pattern, str) else pattern[1]
    places = re.findall(r"<(\d)", text)
    return len(places) > len({*places})


def clean(name: str) -> str:
    """Return a name as SQL reads it, which does not tell capital letters from small ones."""
    return clean_in_python(name).lower()


class SqlEmitter(Emitter):
    """Writes a routine as steps over numbers."""

    def __init__(self, target: Target, routine: Routine) -> None:
        super().__init__(target, unrolled(routine))
        if len(self.needed) > _MOST:
            message = f"in SQL that is {len(self.needed):,} steps, and {_MOST:,} are written"
            raise CgraphError("limit", message, "take smaller arrays, or another language")
        for name, made in self.arguments.items():
            if made.lower() != name.lower():
                message = f"no column of SQL can be called '{excerpt(name)}'"
                raise CgraphError("name", f"{message} beside the others", "give it another name")

    def emit(self, name: str) -> Function:
        """Return the SELECT; the name is that of a table, or what reads one."""
        return super().emit(name)._replace(name=name)

    def write(self, place: int, instruction: Instruction) -> None:
        """Write an instruction down; an element of an array is one of a list."""
        super().write(place, instruction)
        if instruction.operation == "column":
            self.names[place] += "".join(f"[{k + 1}]" for k in instruction.static[1:])

    def fits(self, place: int, instruction: Instruction) -> bool:
        """Whether an instruction stands inside of the one that uses it."""
        return super().fits(place, instruction) and not any(
            _repeats(self.tape[user].operation) for user in self.users[place]
        )

    def result(self, name: str, result: Result) -> str:
        """Return the text of a result: a number, or a list."""
        texts = [self.expression(place) for place in result.places]
        for length in reversed(result.shape):
            parts = (texts[k : k + length] for k in range(0, len(texts), length))
            texts = [f"[{', '.join(part)}]" for part in parts]
        return texts[0]


def _define(function: Function) -> str:
    names = [line.text[0].rpartition(" AS ")[2] for line in function.lines]
    known = dict.fromkeys(names, 0)
    steps: dict[int, list[str]] = {}
    for name, line in zip(names, function.lines, strict=True):
        text = line.text[0]
        words = re.findall(r"\w+", text.rpartition(" AS ")[0])
        known[name] = 1 + max((known[word] for word in words if word in known), default=0)
        steps.setdefault(known[name], []).append(text)
    doubles = [f"{n}::DOUBLE{'[]' * len(shape)} AS {n}" for n, shape in function.arguments]
    replaced = f"SELECT * REPLACE ({', '.join(doubles)})" if doubles else "SELECT *"
    parts = [f"step0 AS ({replaced} FROM {function.name})"]
    for level, texts in sorted(steps.items()):
        inner = ",\n        ".join(texts)
        lines = [f"step{level} AS (", "    SELECT *,", f"        {inner}"]
        parts.append("\n".join([*lines, f"    FROM step{level - 1}", ")"]))
    results = [text if text == name else f"{text} AS {name}" for name, text, _ in function.results]
    every = f"* EXCLUDE ({', '.join(names)})" if names else "*"
    titled = f"-- {', '.join(name for name, _, _ in function.results)} of {function.title}"
    return "\n".join(
        [
            titled,
            *(f"-- {note}" for note in function.notes),
            "WITH " + ",\n".join(parts),
            f"SELECT {', '.join([every, *results])}",
            f"FROM step{max(steps, default=0)};",
            "",
        ]
    )


def _number(text: str, level: int) -> str:
    return text if "e" in text else f"{text.removesuffix('.0')}e0"


TARGET: Final = Target(
    **_TABLE,
    prelude={},
    clean=clean,
    variable=lambda name, text, truth: f"{text} AS {name}",
    array=lambda name, array: "",
    define=_define,
    emitter=SqlEmitter,
    number=_number,
)
