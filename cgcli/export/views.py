"""Views of arrays in a language that has none: the addresses of their elements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cgcli.operations.row import Shape, Static, selected
from cgcli.operations.shapes import size
from cgcli.plan.bound import look
from cgcli.plan.tape import Instruction, Operand, Tape


class View(NamedTuple):
    """An array, or a number, as it is looked at: the place of every element in its `base`.

    The base is the name of a variable, or what has memory in a plan. A number is no `array`.
    """

    base: Any
    places: Any
    array: bool = True

    @property
    def shape(self) -> Shape:
        """The lengths of the axes."""
        shape: Shape = self.places.shape
        return shape

    @property
    def flat(self) -> View:
        """The same elements in one row."""
        return self._replace(places=self.places.reshape(-1))

    @property
    def offset(self) -> int:
        """The place of the first element."""
        return int(self.places[(0,) * self.places.ndim]) if self.places.size else 0

    @property
    def strides(self) -> list[int]:
        """How far elements lie apart along every axis; 0 where there is one."""
        first, corner, strides = self.offset, [0] * len(self.shape), []
        for axis, length in enumerate(self.shape):
            corner[axis] = min(length - 1, 1)
            strides.append(int(self.places[tuple(corner)]) - first if length > 1 else 0)
            corner[axis] = 0
        return strides

    @property
    def packed(self) -> bool:
        """Whether the elements lie one behind the other."""
        if self.places is lying(self.shape):
            return True
        flat = self.places.reshape(-1)
        return bool((flat == self.offset + np.arange(flat.size)).all())

    def broadcast(self, shape: Shape) -> View:
        """Return it broadcast to a shape."""
        if self.shape == shape:
            return self
        return self._replace(places=np.broadcast_to(self.places, shape))

    def at(self, index: Sequence[str], start: int = 0) -> str:
        """Return the address of an element behind a place, the last index along the last axis.

        >>> contiguous("x", (2, 3)).at(["i", "j"])
        '3*i + j'
        """
        terms = [
            variable if stride == 1 else f"{stride}*{variable}"
            for stride, variable in zip(self.strides[::-1], index[::-1], strict=False)
            if stride and variable
        ][::-1]
        if self.offset != start or not terms:
            terms.append(str(self.offset - start))
        return " + ".join(terms)


def axes(shape: Shape) -> list[str]:
    """Return the variables of loops over the axes of a shape; none where there is one place."""
    return [name if length > 1 else "" for name, length in zip("ij", shape, strict=False)]


def loops(shape: Shape, views: Iterable[View]) -> Shape:
    """Return the axes to loop over; one is enough where all arrays lie in the same order."""
    alike = all((v.shape == shape and v.packed) or not any(v.strides) for v in views)
    return (size(shape),) if alike and shape else shape


@lru_cache(1_000)
def lying(shape: Shape) -> Any:
    """Return the places of an array's elements as they lie."""
    return np.arange(size(shape)).reshape(shape)


def contiguous(base: Any, shape: Shape, offset: int = 0) -> View:
    """Return an array as it lies, from an offset on."""
    return View(base, lying(shape) + offset if offset else lying(shape), bool(shape))


def laid(
    operation: str, static: Static, out: View, parts: Sequence[Operand], tape: Tape
) -> Iterator[tuple[View, Operand]]:
    """Yield what stack, concat, scatter or diag put into an array, each with what it fills of it.

    >>> out = contiguous("x", (2,))
    >>> [(view.at([]), part) for view, part in laid("stack", (), out, [0.5, 0.25], Tape())]
    [('0', 0.5), ('1', 0.25)]
    """
    if operation in ("scatter", "diag"):
        places = out.places
        inside = np.diagonal(places) if operation == "diag" else places[(*selected(static), ...)]
        yield out._replace(places=inside), parts[0]
        return
    start = 0
    for part in parts:
        shape = tape[part].shape if isinstance(part, int) else ()
        end = start + size(shape)
        yield out._replace(places=out.flat.places[start:end].reshape(shape)), part
        start = end


def looked(instruction: Instruction, inner: Instruction, array: Any) -> Any:
    """Return the view that an instruction of `VIEWS`, or a diagonal, is of another one's array."""
    if instruction.operation == "diag":
        return np.diagonal(array)
    seen = look(instruction, inner, array[None] if inner.rows else array, 1)
    return seen[0, ...] if instruction.rows else seen
