"""A plan as a compiled program, and the sweep that runs it, held to the plan of NumPy."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from cgcli.native.steps import LackingError
from cgcli.native.writing import Kernels
from cgcli.operations.shapes import size
from cgcli.plan.plan import Plan
from cgcli.plan.sweep import Sweep
from cgcli.plan.tape import DONE, ONCE, ROWS, STEP

_NEAR: Final = 1e-9
"""How near the first block is to be to NumPy's, beside the greatest of its numbers."""


class Program:
    """A plan as compiled code, with the addresses of the plan's arrays; `fall` is told of faults.

    `code` runs the kernels of a table, which is a library of their own.

    It is `checked` once its first block was compared with NumPy's, and `left` to NumPy where
    that `differs`, or where most rows had to be done by NumPy.
    """

    def __init__(
        self,
        plan: Plan,
        kernels: Kernels,
        block: int,
        code: ctypes.CDLL,
        table: ctypes.CDLL,
        fall: Callable[[str], None],
    ) -> None:
        self.plan, self.block, self.code, self.fall = plan, block, code, fall
        self.table = ctypes.addressof(ctypes.c_char.in_dll(table, "cg_kernels"))
        self.checked = self.left = self.differs = False
        code.cg_rows.restype = code.cg_turn.restype = ctypes.c_longlong
        self.sizes = kernels.sizes
        self._starts = kernels.starts
        memory = np.zeros(kernels.elements * block + 8)
        self._first = memory.ctypes.data + -memory.ctypes.data % 64
        self._alive: list[Any] = [memory]
        self.parts = {place: np.zeros(plan.tape[place].shape) for place in plan.sums}
        self._shared: dict[int, int] = {}
        places: dict[int, list[int]] = {}
        self.calls: dict[int, Any] = {}
        for stage in (STEP, ROWS, DONE):
            calls: list[int] = []
            for number, operands in kernels.calls[stage]:
                calls += [number, len(operands)]
                for operand in operands:
                    places.setdefault(operand.base, []).append(len(calls))
                    width = 8 * block if operand.base in self._starts else 8
                    kept = operand.base in self._starts or operand.base in self.parts
                    if not kept and plan.tape.forms[operand.base].truth:
                        width = 1
                    calls.append(self._begin(operand.base, stage) + width * operand.offset)
            self.calls[stage] = np.array(calls, dtype=np.int64)
        self.columns = {p: self._begin(p, ROWS) for p in plan.columns if p in self._starts}
        outs = kernels.outs
        self.outs = [(base, self._begin(base, ROWS)) for base in outs]
        # A column that is a result as well is brought: the result is taken from the block.
        direct = [base for base in self.columns if base not in outs]
        direct += [base for base in outs if outs.count(base) == 1 and base not in self.columns]
        self.follow = {base: places.get(base, []) for base in direct if kernels.sizes[base] == 1}
        """By base of a number by row where its address stands in the calls."""

    def _begin(self, base: int, stage: int) -> int:
        """Return the address of a base; the sums of a block are apart from those of all rows."""
        if base in self._starts:
            return self._first + 8 * self.block * self._starts[base]
        if stage == ROWS and base in self.parts:
            return int(self.parts[base].ctypes.data)
        if base not in self._shared:
            given = self.plan.arrays[base]
            array = np.asarray(given, order="C")
            if array is not given and self.plan.tape[base].stage != ONCE:
                raise LackingError(self.plan.tape[base].operation)
            self._alive.append(array)
            self._shared[base] = array.ctypes.data
        return self._shared[base]

    def forget(self) -> None:
        """Run the rows that come, whatever those before had."""
        self.left = self.differs

    def sweep(self, columns: Mapping[int, Any], count: int, by_row: Sequence[Any]) -> NativeSweep:
        """Return what runs it over columns by place, as `Sweep` takes them."""
        return NativeSweep(self, columns, count, by_row)


class Job:
    """A program with columns and results, whose sums are added to the plan's: what C takes."""

    def __init__(
        self, program: Program, columns: Mapping[int, Any], count: int, outs: Sequence[Any] = ()
    ) -> None:
        plan, given, results, moves = program.plan, list[Any](), list[Any](), list[Any]()

        def follows(base: int, home: int, array: Any) -> bool:
            direct = base in program.follow and array.dtype == np.float64
            if direct:
                moves.extend([place, home, array.ctypes.data] for place in program.follow[base])
            return direct

        for place, home in program.columns.items():
            array, width = columns[place], size(plan.tape[place].shape)
            truth, direct = array.dtype == bool, follows(place, home, array)
            given.append([array.ctypes.data, width, truth, direct, home])
        for (base, home), array in zip(program.outs, outs, strict=True):
            direct = base not in program.columns and follows(base, home, array)
            results.append([home, program.sizes[base], direct, array.ctypes.data])
        sums = [
            [part.ctypes.data, part.size, plan.arrays[place].ctypes.data]
            for place, part in program.parts.items()
        ]
        lists, calls = (given, results, sums, moves), program.calls.values()
        self._arrays = [*calls, *(np.array(rows, np.int64).reshape(-1) for rows in lists)]
        lengths = [*map(len, calls), *map(len, lists)]
        head = [program.table, program.block, *lengths, *(a.ctypes.data for a in self._arrays)]
        self._head = np.array(head, dtype=np.int64)
        self._bad = np.zeros(-(-count // program.block), dtype=np.uint8)
        job, bad = (ctypes.c_void_p(array.ctypes.data) for array in (self._head, self._bad))
        self._pointers = job, ctypes.c_longlong(count), None, bad
        self._code = program.code

    def pointers(self, order: Any) -> tuple[Any, ...]:
        """Return what C takes to run over rows in an order: the job, the order, and the flags."""
        return self._pointers[0], ctypes.c_void_p(order.ctypes.data), self._pointers[3]

    def rows(self) -> Any:
        """Run the rows alone, and return the blocks that are flagged, which are in no sum."""
        return np.flatnonzero(self._bad) if self._code.cg_rows(*self._pointers) else ()

    def turn(self) -> Any:
        """Run all of the plan, and return the blocks; None where more than rows is flagged."""
        flagged = self._code.cg_turn(*self._pointers)
        return () if not flagged else None if flagged < 0 else np.flatnonzero(self._bad)


class NativeSweep(Sweep):
    """A sweep by compiled code; what the processor flags is done again by NumPy, with care."""

    def __init__(
        self, program: Program, columns: Mapping[int, Any], count: int, by_row: Sequence[Any] = ()
    ) -> None:
        self.plan, self.count = program.plan, count
        self._program, self._given, self._by_row = program, columns, by_row
        self._adding = True
        self._numpy: Sweep | None = None
        self._columns = {place: np.ascontiguousarray(array) for place, array in columns.items()}
        self._copied = [p for p, array in columns.items() if self._columns[p] is not array]
        self._made: Job | None = None

    def job(self) -> Job | None:
        """Return the compiled job, None where NumPy has to do it."""
        program = self._program
        if program.left or self.plan.guard.careful or not self._check():
            return None
        for place in self._copied:
            np.copyto(self._columns[place], self._given[place])
        if self._made is None:
            self._made = Job(program, self._columns, self.count, self._by_row)
        return self._made

    def run(self) -> None:
        """Run both passes over all the rows; the plan has the totals then."""
        job = self.job()
        self.plan.count[()] = self.count
        bad = None if job is None else job.turn()
        if bad is None:
            self.plan.begin(self.count)
            self.plan.clear()
            self._plain()
            self.plan.finish()
        elif len(bad):
            self.plan.begin(self.count)
            self._again(bad)
            self.plan.finish()

    def add(self) -> None:
        """Run the rows alone, in the middle of a step that others have a part in."""
        job = self.job()
        if job is None:
            self._plain()
        elif len(bad := job.rows()):
            self._again(bad)

    def _plain(self) -> None:
        if self._numpy is None:
            self._numpy = Sweep(self.plan, self._given, self.count, self._by_row, adding=True)
        self._numpy.add()

    def _again(self, bad: Any) -> None:
        """Run the blocks that were flagged by NumPy, neighbours together."""
        guard, block = self.plan.guard, self._program.block
        for blocks in np.split(bad, np.flatnonzero(np.diff(bad) > 1) + 1):
            part = slice(int(blocks[0]) * block, min((int(blocks[-1]) + 1) * block, self.count))
            columns, kept = self._part(part)
            guard.careful = guard.flagged = True
            Sweep(self.plan, columns, part.stop - part.start, kept, adding=True).add()
        guard.careful = False
        if 2 * len(bad) * block > self.count > 4 * block:
            # Most of the work is done twice: NumPy does it alone from now on.
            self._program.left = True
            self._program.fall("most rows have numbers that leave the doubles")

    def _part(self, part: slice) -> tuple[dict[int, Any], list[Any]]:
        """Return a part of the columns and of the results by row."""
        columns = {place: array[part] for place, array in self._columns.items()}
        return columns, [array[part] for array in self._by_row]

    def _check(self) -> bool:
        """Compare a block with NumPy's; a program that differs is not used again."""
        program, plan, guard = self._program, self.plan, self.plan.guard
        if program.checked:
            return True
        count, before = min(self.count, program.block), float(plan.count)
        sums = {place: plan.arrays[place].copy() for place in plan.sums}
        columns, rows = self._part(slice(count))
        kept = [[np.empty_like(array) for array in rows] for _ in range(2)]
        plan.count[()] = count
        flagged = Job(program, columns, count, kept[0]).turn()
        results = [plan.arrays[place].copy() for place in plan.totals]
        state = guard.careful, guard.flagged
        plan.begin(count)
        plan.clear()
        Sweep(plan, columns, count, kept[1], adding=True).add()
        plan.finish()
        pairs = [*zip(*kept, strict=True)]
        pairs += [(a, plan.arrays[p]) for a, p in zip(results, plan.totals, strict=True)]
        # Where contributions cancel, what is left is as large as their last bits.
        scale = max(float(np.max(np.abs(b[np.isfinite(b)]), initial=0.0)) for _, b in pairs)
        near = all(_near(a, b, _NEAR * scale) for a, b in pairs)
        plan.begin(int(before))
        for place, array in sums.items():
            np.copyto(plan.arrays[place], array)
        guard.careful, guard.flagged = state
        if flagged is None or len(flagged):
            # Nothing is said of a block that NumPy does.
            return True
        program.checked, program.left, program.differs = True, not near, not near
        if program.left:
            program.fall("the native one differs in the first rows; please report that")
        return near


def _near(a: Any, b: Any, bound: float) -> bool:
    """Return whether two arrays agree within a bound, infinities and NaN among them."""
    with np.errstate(invalid="ignore"):
        return bool(((a == b) | (np.abs(a - b) <= bound) | ((a != a) & (b != b))).all())
