"""Routine → the same over numbers alone: every element of an array is an instruction of its own."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import numpy as np

from cgcli.export.routine import Result, Routine, known
from cgcli.export.views import looked
from cgcli.numbers.elements import filled
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.objects import arranged, arrays_of, lift
from cgcli.numbers.real import Careful
from cgcli.plan.cells import Cell, elementwise
from cgcli.plan.functions import cells
from cgcli.plan.tape import VIEWS, Instruction, Tape


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


_CALLED: Final = {
    "sum": "sum", "prod": "prod", "amax": "amax", "amin": "amin", "others": "products_of_others",
    "matmul": "product", "outer": "outer_or_scale", "stack": "stack", "concat": "concat",
    "diag": "diag", "onehot": "onehot",
}  # fmt: skip
"""The functions of the rule book for instructions of arrays."""
