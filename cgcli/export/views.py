"""Views of arrays in a language that has none: the addresses of their elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from cgcli.operations.row import Shape
from cgcli.plan.kernels import look
from cgcli.plan.tape import Instruction


class View(NamedTuple):
    """An array, or a number, as it is looked at: the place of every element in variable `name`.

    A number is no `array`.
    """

    name: str
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
        return int(self.places.flat[0]) if self.places.size else 0

    @property
    def strides(self) -> list[int]:
        """How far elements lie apart along every axis; 0 where there is one."""
        starts = [self.places.take([0, 1], axis, mode="clip") for axis in range(self.places.ndim)]
        return [int(np.diff(pair, axis=k).flat[0]) for k, pair in enumerate(starts)]

    @property
    def packed(self) -> bool:
        """Whether the elements lie one behind the other."""
        flat = self.places.reshape(-1)
        return self.array and bool((flat == self.offset + np.arange(flat.size)).all())

    def at(self, index: Sequence[str]) -> str:
        """Return the address of an element, the last of the indices along the last axis.

        >>> contiguous("x", (2, 3)).at(["i", "j"])
        '3*i + j'
        """
        terms = [
            variable if stride == 1 else f"{stride}*{variable}"
            for stride, variable in zip(self.strides[::-1], index[::-1], strict=False)
            if stride and variable
        ][::-1]
        if self.offset or not terms:
            terms.append(str(self.offset))
        return " + ".join(terms)


def axes(shape: Shape) -> list[str]:
    """Return the variables of loops over the axes of a shape; none where there is one place."""
    return [name if length > 1 else "" for name, length in zip("ij", shape, strict=False)]


def contiguous(name: str, shape: Shape, offset: int = 0) -> View:
    """Return an array as it lies, from an offset on."""
    return View(name, offset + np.arange(np.prod(shape, dtype=int)).reshape(shape), bool(shape))


def looked(instruction: Instruction, inner: Instruction, array: Any) -> Any:
    """Return the view that an instruction of `VIEWS`, or a diagonal, is of another one's array."""
    if instruction.operation == "diag":
        return np.diagonal(array)
    seen = look(instruction, inner, array[None] if inner.rows else array, 1)
    return seen[0, ...] if instruction.rows else seen
