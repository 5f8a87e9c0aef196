"""Instructions with their arrays: what is called, over which views, and with how much care."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from cgcli.operations.row import selected
from cgcli.plan.tape import Instruction

Call: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function and its arguments, the array that it writes into among them."""


class Guard:
    """Whether contributions are looked at one by one: a number has left the doubles, or a domain.

    The processor flags that at no cost; `flagged` tells that it did, until it is set back. What
    it does not see needs a guard that is careful from the start: functions that are no NumPy's,
    and partials that are known beforehand.
    """

    __slots__ = ("careful", "flagged")

    def __init__(self, *, careful: bool = False) -> None:
        self.careful = careful
        self.flagged = False

    def flag(self, kind: str, flags: int) -> None:
        """Take note of what NumPy calls for: an overflow, an underflow, or no number."""
        self.careful = self.flagged = True


class Bound(NamedTuple):
    """An instruction with its arrays: those of its arguments, and the one it writes into.

    `with_rows` tells which arguments have the rows along their first axis, and `ranks` how many
    axes a row's value has. `rows` is their number.
    """

    instruction: Instruction
    arguments: list[Any]
    ranks: list[int]
    with_rows: list[bool]
    out: Any
    rows: int
    guard: Guard

    def aligned(self, rank: int) -> list[Any]:
        """Return the arguments with their axes where broadcasting takes those of a row's value."""
        parts = zip(self.arguments, self.ranks, self.with_rows, strict=True)
        return [_widened(array, axes, rank) if rows else array for array, axes, rows in parts]


def _widened(array: Any, rank: int, wanted: int) -> Any:
    return array[(slice(None), *(None,) * (wanted - rank), ...)] if rank < wanted else array


def part_at(array: Any, rows: bool, *indices: Any) -> Any:
    """Return the part of an array where each row's value has indices."""
    # With the ellipsis an element is a view too, and no number.
    return array[(slice(None),) * rows + (*indices, ...)]


def look(instruction: Instruction, inner: Instruction, array: Any, count: int) -> Any:
    """Return the view that an instruction of `VIEWS` is of the array that another one left."""
    operation, static, first = instruction.operation, instruction.static, int(inner.rows)
    if operation == "transpose":
        return np.swapaxes(array, first, first + 1)
    if operation == "index":
        return part_at(array, inner.rows, *selected(static))
    if operation == "piece":
        return part_at(array, inner.rows, slice(*static))
    if operation == "grow":
        return array[(slice(None),) * (static[0] + first) + (None,)]
    if inner.rows:
        array = _widened(array, len(inner.shape), len(instruction.shape))
    return np.broadcast_to(
        array, (count, *instruction.shape) if instruction.rows else instruction.shape
    )
