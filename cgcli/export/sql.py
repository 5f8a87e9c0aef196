"""SQL, as DuckDB has it: a SELECT over a table whose columns are the arguments.

It has numbers alone: every element of an array is an instruction of its own.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError, excerpt
from cgcli.export.emit import Emitter
from cgcli.export.routine import Result, Routine, known
from cgcli.export.target import Function, Target
from cgcli.export.views import looked
from cgcli.numbers.arrays import quiet
from cgcli.numbers.elements import filled
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.objects import arranged, arrays_of, lift
from cgcli.numbers.real import Careful
from cgcli.plan.cells import Cell, elementwise
from cgcli.plan.functions import cells
from cgcli.plan.tape import VIEWS, Instruction, Tape

_CALLED: Final = {
    "sum": "sum", "prod": "prod", "amax": "amax", "amin": "amin", "others": "products_of_others",
    "matmul": "product", "outer": "outer_or_scale", "stack": "stack", "concat": "concat",
    "diag": "diag", "onehot": "onehot",
}  # fmt: skip
"""The functions of the rule book for instructions of arrays."""
_ROW: Final = '"given row"'
"""What a row of the table is called: no column is likely to be."""

_MOST: Final = 4_000
"""How many steps a SELECT has at most: with more DuckDB takes minutes to plan it."""

_DEEPEST: Final = 200
"""How many of them need one another: the time that DuckDB takes grows with their cube."""


def unrolled(routine: Routine) -> Routine:
    """Return a routine over numbers alone, in which an argument that is an array has elements.

    >>> from cgcli.export.routine import routine
    >>> from cgcli.program import parse
    >>> made = unrolled(routine(parse("v @ v").graph({"v": [1, 2]}), {}, value_only=True))
    >>> [made.tape[place].operation for place in made.needed()]
    ['column', 'column', 'multiply', 'multiply', 'add']
    """
    tape, parts, origins = Tape(), dict[int, Any](), list[int]()
    m = arrays_of(cells(tape))
    values: dict[int, int] = {}
    slopes: dict[int, int] = {}
    for place in routine.needed():
        with quiet():
            made = parts[place] = _part(routine, routine.tape[place], parts, m, tape)
        origins += [routine.origins[place]] * (len(tape) - len(origins))
        for old, new in ((routine.values, values), (routine.slopes, slopes)):
            if place in old and isinstance(made, Cell):
                new.setdefault(made.place, old[place])

    def placed(number: Any) -> int:
        if isinstance(number, Cell):
            return number.place
        return tape.array(np.array(float(number)))

    results = [
        Result(r.name, [placed(n) for p in r.places for n in np.ravel(parts[p])], r.shape, r.of)
        for r in routine.results
    ]
    origins += [routine.graph.output] * (len(tape) - len(origins))
    return routine._replace(
        tape=tape, results=results, values=values, slopes=slopes, origins=origins
    )


def _part(
    routine: Routine, instruction: Instruction, parts: dict[int, Any], m: Namespace, tape: Tape
) -> Any:
    """Return what an instruction leaves: a cell, a number, or an array of them."""
    operation, static, shape = instruction.operation, instruction.static, instruction.shape
    if operation == "column":
        places = [
            tape.write("column", (), (*static, *index), (), rows=True)
            for index in np.ndindex(shape)
        ]
        return arranged([Cell(tape, place) for place in places], shape)
    if operation == "array":
        numbers = routine.tape.arrays[static[0]].reshape(-1).tolist()
        return arranged([*map(Careful, numbers)], shape)
    given = [parts[a] if isinstance(a, int) else Careful(a) for a in instruction.arguments]
    axis = tuple(place for place in static if place is not None)
    if operation in VIEWS:
        (inner,) = instruction.arguments
        made = looked(instruction, routine.tape[int(inner)], np.asarray(given[0], dtype=object))
        return arranged(made.reshape(-1), shape)
    if operation in _CALLED:
        return getattr(m, _CALLED[operation])(*given, *axis)
    if operation == "any":
        # Of truths as 1 and 0 the greatest is 1 where any of them holds.
        return m.amax(m.truth(given[0]), *axis) > 0
    if operation == "scatter":
        return m.scatter(given[0], filled(0.0, shape), *static)
    if operation == "cumsum":
        return m.cumsum(given[0], backwards=static[0])
    return lift(partial(_number, tape, operation), len(given))(*given)


def _number(tape: Tape, operation: str, *numbers: Any) -> Any:
    """Return an operation of numbers; what is known is computed."""
    cases = [number for number in numbers if isinstance(number, Cell)]
    if operation == "where" and not isinstance(numbers[0], Cell):
        return numbers[1] if numbers[0] else numbers[2]
    if operation in ("logical_and", "logical_or") and len(cases) == 1:
        other = numbers[0] if numbers[1] is cases[0] else numbers[1]
        decided = bool(other) == (operation == "logical_or")
        return Careful(other) if decided else cases[0]
    return elementwise(tape, operation, *numbers) if cases else Careful(known(operation, numbers))


class SqlEmitter(Emitter):
    """Writes a routine as steps over numbers."""

    def __init__(self, target: Target, routine: Routine) -> None:
        super().__init__(target, unrolled(routine))
        if len(self.needed) > _MOST:
            message = f"in SQL that is {len(self.needed):,} steps, and {_MOST:,} are written"
            raise CgraphError("limit", message, "take smaller arrays, or another language")
        for name, made in self.arguments.items():
            alike = [n for n in self.arguments if n != name and n.lower() == name.lower()]
            if alike and made.lower() != name.lower():
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
        # The table's own columns go along as one, whose name no step of the program has.
        doubles = [_ROW]
        for name, (made, shape) in zip(self.arguments, function.arguments, strict=True):
            # A word of SQL is a column in quotes.
            column = made if made.lower() == name.lower() else f'"{name}"'
            doubles.append(f"{column}::DOUBLE{'[]' * len(shape)} AS {made}")
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
            title=function.words,
            notes=[*function.notes],
            columns=", ".join(doubles),
            row=_ROW,
            table=function.name,
            steps="".join(inner),
            results=", ".join([f"{_ROW}.*", *results]),
            last=len(steps),
        )
