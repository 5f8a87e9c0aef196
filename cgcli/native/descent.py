"""Descent in C: the steps of an epoch's batches, the optimiser among them, in one call."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from cgcli.native.library import CompileError, library
from cgcli.native.program import Job, Program
from cgcli.resource import read_text, read_toml


@cache
def _code(optimiser: str) -> ctypes.CDLL | None:
    """Return the loop of an optimiser, None for one that is not written in C."""
    moves = read_toml(__package__, "optimisers.toml")
    if optimiser not in moves:
        return None
    try:
        loop = read_text(__package__, "descent.c")
        code = library(f"{loop}\nMOVE {{\n{moves[optimiser]}\n}}\n\nDESCENT\n")
    except CompileError:
        return None
    code.cg_descend.restype = ctypes.c_longlong
    return code


class Leaps:
    """Steps of an optimiser on batches of columns in memory, many in a call.

    `program` is the plan's; `columns` are those of all rows by place. `parts` are the gradient's
    views by the places that they are copied from, and `cost` is the place of the cost. A step
    that is not usual, for a number left the doubles, is left to others.
    """

    def __init__(
        self,
        program: Program,
        columns: Mapping[Any, Any],
        batch: int,
        gradient: Any,
        cost: int,
        parts: Sequence[tuple[int, Any]],
        *,
        mean: bool,
    ) -> None:
        self._columns = {p: np.ascontiguousarray(array) for p, array in columns.items()}
        self._program, self._batch, self._mean = program, batch, mean
        self._gradient, self._plan = gradient, program.plan
        self._job = Job(program, self._columns, batch)
        arrays = program.plan.arrays
        self._cost, self._packed = arrays[cost], all(arrays[p].flags.c_contiguous for p, _ in parts)
        rows = [[arrays[p].ctypes.data, view.size, view.ctypes.data] for p, view in parts]
        self._parts = np.array(rows, dtype=np.int64)
        self._turn = ctypes.cast(program.code.cg_turn, ctypes.c_void_p)

    def usable(self, optimiser: str) -> bool:
        """Return whether the steps are written in C, and the program is held to NumPy's."""
        program, guard = self._program, self._plan.guard
        ready = program.checked and not program.left and not guard.careful
        return ready and self._packed and _code(optimiser) is not None

    def take(
        self,
        optimiser: str,
        theta: Any,
        rates: Any,
        setting: Mapping[str, float],
        memory: Mapping[str, Any],
        order: Any,
        *,
        taken: int,
        limit: float,
        decoupled: bool,
    ) -> tuple[Any, Any]:
        """Take steps over the rows in an order, and return their costs and gradients' norms.

        They are as many as there are rates, unless one is not usual: the parameters are those
        before it. `taken` steps are done already, and a cost beyond the limit is not usual.
        """
        code = _code(optimiser)
        assert code is not None
        costs, norms = np.empty(len(rates)), np.empty(len(rates))
        numbers = np.array([*setting.values()], dtype=np.float64)
        pointers = np.array([*(m.ctypes.data for m in memory.values()), 0, 0], dtype=np.int64)
        arrays = (
            *(theta, self._gradient, rates, numbers, pointers, self._parts),
            *(self._cost, self._plan.count, costs, norms),
        )
        counts = [theta.size, self._batch, len(order), taken, self._mean, decoupled]
        counts += [len(self._parts), *(array.ctypes.data for array in arrays)]
        head = np.array(counts, dtype=np.int64)
        done = code.cg_descend(
            ctypes.c_void_p(head.ctypes.data),
            self._turn,
            *self._job.pointers(order),
            ctypes.c_longlong(len(rates)),
            ctypes.c_double(limit),
            ctypes.c_double(setting["weight_decay"]),
        )
        return costs[:done], norms[:done]
