"""Routine → the same over numbers alone: every element of an array is an instruction of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from cgcli.export.routine import Result, Routine, known
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.objects import arranged, arrays_of, filled
from cgcli.numbers.real import Careful
from cgcli.operations.row import Shape, Span
from cgcli.plan.cells import Cell, elementwise
from cgcli.plan.functions import cells
from cgcli.plan.tape import Instruction, Tape


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
    if operation in _SHAPED:
        return _SHAPED[operation](m, given, static, shape)
    return mapped(lambda *numbers: _number(tape, operation, numbers), shape, *given)


def mapped(function: Callable[..., Any], shape: Shape, *parts: Any) -> Any:
    """Return what a function of numbers gives at every element of parts, broadcast to a shape."""
    if not shape:
        return function(*parts)
    spread = [np.broadcast_to(np.asarray(part, dtype=object), shape).flat for part in parts]
    return arranged([function(*numbers) for numbers in zip(*spread, strict=True)], shape)


def _number(tape: Tape, operation: str, numbers: Sequence[Any]) -> Any:
    """Return an operation of numbers; what is known is computed."""
    cases = [number for number in numbers if isinstance(number, Cell)]
    if operation == "where" and not isinstance(numbers[0], Cell):
        return numbers[1] if numbers[0] else numbers[2]
    if operation in ("logical_and", "logical_or") and len(cases) == 1:
        other = numbers[0] if numbers[1] is cases[0] else numbers[1]
        decided = bool(other) == (operation == "logical_or")
        return Careful(other) if decided else cases[0]
    return elementwise(tape, operation, *numbers) if cases else Careful(known(operation, numbers))


def _any(m: Namespace, given: Any, static: Any, shape: Any) -> Any:
    """Return whether any of truths holds, along an axis or at all, as 1 or 0 are the greater."""
    marks = mapped(m.truth, np.shape(given[0]), given[0])
    return mapped(lambda mark: mark > 0, shape, _reduced("amax")(m, [marks], static, shape))


_Make = Callable[[Namespace, Any, Any, Any], Any]


def _reduced(name: str) -> _Make:
    return lambda m, given, static, shape: getattr(m, name)(
        given[0], *[axis for axis in static if axis is not None]
    )


_SHAPED: Final[dict[str, _Make]] = {
    **{name: _reduced(name) for name in ("sum", "prod", "amax", "amin")},
    "others": _reduced("products_of_others"),
    "any": _any,
    "matmul": lambda m, given, static, shape: m.product(*given),
    "outer": lambda m, given, static, shape: m.outer_or_scale(*given),
    "transpose": lambda m, given, static, shape: m.transpose(*given),
    "index": lambda m, given, static, shape: m.index(given[0], *static),
    "piece": lambda m, given, static, shape: m.index(given[0], Span(*static)),
    "grow": lambda m, given, static, shape: np.expand_dims(given[0], static[0]),
    "spread": lambda m, given, static, shape: np.broadcast_to(
        np.asarray(given[0], dtype=object), shape
    ),
    "repeat": lambda m, given, static, shape: given[0],
    "stack": lambda m, given, static, shape: m.stack(*given),
    "concat": lambda m, given, static, shape: m.concat(*given),
    "scatter": lambda m, given, static, shape: m.scatter(given[0], filled(0.0, shape), *static),
    "diag": lambda m, given, static, shape: m.diag(*given),
    "cumsum": lambda m, given, static, shape: m.cumsum(given[0], backwards=static[0]),
    "onehot": lambda m, given, static, shape: m.onehot(given[0], *static),
}
