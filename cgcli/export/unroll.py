"""Routine → the same over numbers alone: every element of an array is an instruction of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from cgcli.export.routine import Result, Routine, known
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.real import Careful
from cgcli.operations.row import Span, selected
from cgcli.plan.cells import Cell, elementwise
from cgcli.plan.functions import cells
from cgcli.plan.tape import Instruction, Tape


class Unroller:
    """Writes a routine's instructions anew, element by element.

    `parts` has by place an array of cells and numbers, in the shape of the place.
    """

    def __init__(self, routine: Routine) -> None:
        self.routine = routine
        self.tape = Tape()
        self.m: Namespace = cells(self.tape)
        self.parts: dict[int, Any] = {}

    def run(self) -> Routine:
        """Return the routine of numbers."""
        routine, origins = self.routine, list[int]()
        values: dict[int, int] = {}
        slopes: dict[int, int] = {}
        for place in routine.needed():
            instruction = routine.tape[place]
            self.parts[place] = self._part(instruction).reshape(instruction.shape)
            origins += [routine.origins[place]] * (len(self.tape) - len(origins))
            cell = self.parts[place].item() if not instruction.shape else None
            for old, new in ((routine.values, values), (routine.slopes, slopes)):
                if place in old and isinstance(cell, Cell):
                    new.setdefault(cell.place, old[place])
        results = [
            Result(r.name, [*map(self._place, self._elements(r))], r.shape, r.of)
            for r in routine.results
        ]
        origins += [routine.graph.output] * (len(self.tape) - len(origins))
        return routine._replace(
            tape=self.tape, results=results, values=values, slopes=slopes, origins=origins
        )

    def _elements(self, result: Result) -> list[Any]:
        return [part for place in result.places for part in self.parts[place].reshape(-1)]

    def _place(self, number: Any) -> int:
        if isinstance(number, Cell):
            return number.place
        return self.tape.array(np.array(float(number)))

    def _part(self, instruction: Instruction) -> Any:
        """Return the elements of an instruction."""
        operation, static, shape = instruction.operation, instruction.static, instruction.shape
        if operation == "column":
            return self._column(static[0], shape)
        if operation == "array":
            return _objects(self.routine.tape.arrays[static[0]])
        parts = [
            self.parts[a] if isinstance(a, int) else _objects(a) for a in instruction.arguments
        ]
        made = getattr(self, f"_{operation}", None)
        if made is not None:
            return made(parts, static, shape)
        if operation in _SHAPED:
            return _SHAPED[operation](parts, static, shape)
        if operation in _REDUCED:
            return self._reduced(operation, parts[0], static[0])
        return (
            np.frompyfunc(lambda *numbers: self._number(operation, numbers), len(parts), 1)(
                *parts, dtype=object
            )
            if shape
            else _objects(self._number(operation, [p.item() for p in parts]))
        )

    def _column(self, name: str, shape: tuple[int, ...]) -> Any:
        part = np.empty(shape, dtype=object)
        for index in np.ndindex(shape):
            place = self.tape.write("column", (), (name, *index), (), rows=True)
            part[index] = Cell(self.tape, place)
        return part

    def _number(self, operation: str, numbers: Any) -> Any:
        """Return an operation of numbers; what is known is computed."""
        if operation == "where" and not isinstance(numbers[0], Cell):
            return numbers[1] if numbers[0] else numbers[2]
        if operation in ("logical_and", "logical_or") and len({*map(type, numbers)}) > 1:
            a, b = numbers if isinstance(numbers[0], Cell) else numbers[::-1]
            return (a if b else 0.0) if operation == "logical_and" else (1.0 if b else a)
        if any(isinstance(number, Cell) for number in numbers):
            return elementwise(self.tape, operation, *numbers)
        return Careful(known(operation, numbers))

    def _reduced(self, operation: str, part: Any, axis: int | None) -> Any:
        word = _REDUCED[operation]
        fold = np.frompyfunc(lambda a, b: self._number(word, (a, b)), 2, 1)
        return _objects(fold.reduce(part.reshape(-1) if axis is None else part, axis=axis or 0))

    def _matmul(self, parts: Any, static: Any, shape: Any) -> Any:
        a, b = parts
        rows = a.reshape(-1, a.shape[-1])
        columns = np.moveaxis(b, 0, -1).reshape(-1, b.shape[0])
        dots = [[self._dot(row, column) for column in columns] for row in rows]
        return _filled([dot for line in dots for dot in line], shape)

    def _dot(self, a: Any, b: Any) -> Any:
        products = [self._number("multiply", pair) for pair in zip(a, b, strict=True)]
        total = products[0]
        for product in products[1:]:
            total = self._number("add", (total, product))
        return total

    def _outer(self, parts: Any, static: Any, shape: Any) -> Any:
        a, b = parts
        products = [self._number("multiply", (x, y)) for x in a for y in b]
        return _filled(products, shape)

    def _onehot(self, parts: Any, static: Any, shape: Any) -> Any:
        label = parts[0].item()
        m, (count,) = self.m, static
        if not isinstance(label, Cell):
            marks = [float(k == label) for k in range(count)]
            return _filled(marks if any(marks) else [math.nan] * count, shape)
        named = (label >= 0) & (label < count) & (m.floor(label) == label)
        return _filled([m.where(named, m.truth(label == k), m.nan) for k in range(count)], shape)

    def _others(self, parts: Any, static: Any, shape: Any) -> Any:
        (part,), (axis,) = parts, static
        moved = part.reshape(1, -1) if axis is None else np.moveaxis(part, axis, -1)
        lines = moved.reshape(-1, moved.shape[-1])
        others = [
            self._product([*line[:k], *line[k + 1 :]]) for line in lines for k in range(len(line))
        ]
        made = _filled(others, moved.shape)
        return made.reshape(shape) if axis is None else np.moveaxis(made, -1, axis)

    def _product(self, numbers: list[Any]) -> Any:
        if not numbers:
            return Careful(1.0)
        total = numbers[0]
        for number in numbers[1:]:
            total = self._number("multiply", (total, number))
        return total

    def _cumsum(self, parts: Any, static: Any, shape: Any) -> Any:
        (part,), (back,) = parts, static
        sums: list[Any] = []
        for number in part[::-1] if back else part:
            sums.append(self._number("add", (sums[-1], number)) if sums else number)
        return _filled(sums[::-1] if back else sums, shape)


def _objects(value: Any) -> Any:
    """Return an array of objects: cells, and floats that answer as IEEE 754 has it."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value
    if isinstance(value, np.ndarray):
        return _filled([*map(Careful, value.reshape(-1).tolist())], value.shape)
    return _filled([value if isinstance(value, Cell) else Careful(value)], ())


def _filled(numbers: list[Any], shape: tuple[int, ...]) -> Any:
    array = np.empty(len(numbers), dtype=object)
    array[:] = numbers
    return array.reshape(shape)


def _scatter(parts: Any, static: Any, shape: Any) -> Any:
    array = _objects(np.zeros(shape))
    array[selected(static)] = parts[0] if parts[0].ndim else parts[0].item()
    return array


def _diag(parts: Any, static: Any, shape: Any) -> Any:
    if len(shape) == 1:
        return np.diagonal(parts[0])
    array = _objects(np.zeros(shape))
    np.fill_diagonal(array, parts[0])
    return array


_SHAPED: Final[dict[str, Callable[..., Any]]] = {
    "transpose": lambda parts, static, shape: parts[0].T,
    "index": lambda parts, static, shape: np.asarray(parts[0][selected(static)], dtype=object),
    "piece": lambda parts, static, shape: parts[0][slice(*Span(*static))],
    "grow": lambda parts, static, shape: np.expand_dims(parts[0], static[0]),
    "spread": lambda parts, static, shape: np.broadcast_to(parts[0], shape),
    "repeat": lambda parts, static, shape: parts[0],
    "stack": lambda parts, static, shape: np.stack(np.broadcast_arrays(*parts)),
    "concat": lambda parts, static, shape: np.concatenate([np.atleast_1d(p) for p in parts]),
    "scatter": _scatter,
    "diag": _diag,
}
_REDUCED: Final = {
    "sum": "add", "prod": "multiply", "amax": "maximum", "amin": "minimum", "any": "logical_or",
}  # fmt: skip
"""By reduction the instruction that it folds."""


def unrolled(routine: Routine) -> Routine:
    """Return a routine over numbers alone, in which an argument that is an array has elements."""
    return Unroller(routine).run()
