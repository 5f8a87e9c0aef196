"""The engine: a sweep over rows by compiled kernels, held to the plan of NumPy."""

from __future__ import annotations

import ctypes
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

import numpy as np

from cgcli.errors import CgraphError, excerpt
from cgcli.export.target import Target, pieces, table
from cgcli.export.targets import target
from cgcli.native.kernels import Address, Kernels, LackingError
from cgcli.native.library import CompileError, is_cached, library
from cgcli.operations.shapes import size
from cgcli.plan.plan import Plan
from cgcli.plan.sweep import Sweep

_CACHE: Final = 2**19
"""The bytes that the values of a block take, if they can: a part of a core's second cache."""
_NEAR: Final = 1e-9
"""How near the first block is to be to NumPy's, beside the greatest of its numbers."""
_COMPILES: Final = 0.4
"""The seconds a compiler takes to begin with, and for every kernel."""
_KERNEL: Final = 0.02
_INSTRUCTION: Final = 1.5e-9
"""The seconds that NumPy takes for an operation of an element."""
ENGINES: Final = ("numpy", "native", "auto")
"""What runs the rows of a plan; auto is native where that pays."""


def _beside(name: str) -> str:
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name)


def _read(name: str) -> str:
    with open(_beside(name), encoding="utf-8") as file:
        return file.read()


@cache
def _language() -> tuple[Target, frozenset[str]]:
    """Return C as exports have it, with the functions that vectorise; and what it lacks."""
    plain, ours = target("c"), table(_beside("native"))
    calls = {name: f"{word}(<*>)" for name, word in ours["calls"].items()}
    more = {name: tuple(text) for name, text in ours["templates"].items()}
    prelude = {**plain.prelude, **pieces(_beside("math.c"))}
    templates = {**plain.templates, **calls, **more}
    return replace(plain, templates=templates, prelude=prelude), frozenset(
        ours["lacking"]["words"].split()
    )


def _warn(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=2)


def _say_nothing(text: str) -> None:
    """Tell nobody."""


def engine_of(
    name: str, fall: Callable[[str], None] = _warn, tell: Callable[[str], None] = _say_nothing
) -> Engine | None:
    """Return an engine by name, None for NumPy's plans; raises `CgraphError`."""
    if name not in ENGINES:
        message = f"the engine is numpy, native or auto, not '{excerpt(name)}'"
        raise CgraphError("usage", message, 'write engine="native"')
    return None if name == "numpy" else Engine(always=name == "native", fall=fall, tell=tell)


class Engine:
    """Makes sweeps over the rows of plans: by a compiler's code, or by NumPy where it cannot.

    Unless it is `always` to be native the work has to pay for the compiler. `fall` is told, once,
    why NumPy has to do, and `tell` what was compiled and in what time.
    """

    def __init__(
        self,
        *,
        always: bool = True,
        fall: Callable[[str], None] = _warn,
        tell: Callable[[str], None] = _say_nothing,
    ) -> None:
        self.always = always
        self._fall, self._tell = fall, tell
        self.fell = False

    def fall(self, why: str) -> None:
        """Say that NumPy does it, and why."""
        if not self.fell:
            self.fell = True
            self._fall(f"the engine is numpy: {why}")

    def program(self, plan: Plan, rows: int) -> Program | None:
        """Return a plan's rows as compiled code, or None; so many rows are run in all."""
        work = sum(size(plan.tape[p].shape) for p in plan.instructions if plan.tape[p].rows)
        if not work or self.fell:
            return None
        if not self.always:
            compiling = _COMPILES + _KERNEL * len(plan.instructions)
            if work * rows * _INSTRUCTION < 2 * compiling:
                self._tell("the engine is numpy: there is less to do than to compile")
                return None
        try:
            return self._compiled(plan, rows)
        except LackingError as error:
            self.fall(f"the native one has no {error}")
        except CompileError as error:
            self.fall(str(error))
        return None

    def _compiled(self, plan: Plan, rows: int) -> Program:
        kernels = Kernels(plan, *_language())
        _, elements = kernels.memory()
        block = 256
        while block > 16 and (8 * block * elements > _CACHE or block >= 2 * rows):
            block //= 2
        source = kernels.source(block, _read("rows.c"), _read("run.c"))
        began, cached = time.perf_counter(), is_cached(source)
        code = library(source)
        seconds = time.perf_counter() - began
        how = "compiled before" if cached else f"compiled in {seconds:.2f} s"
        self._tell(f"the engine is native: {len(kernels.functions)} kernels, {how}")
        return Program(self, plan, kernels, block, code)


class Program:
    """A plan's rows as compiled code, with the addresses of the plan's arrays."""

    def __init__(
        self, engine: Engine, plan: Plan, kernels: Kernels, block: int, code: ctypes.CDLL
    ) -> None:
        self.engine, self.plan, self.block, self.code = engine, plan, block, code
        self.checked = self.left = False
        starts, elements = kernels.memory()
        memory = np.zeros(elements * block + 8)
        first = memory.ctypes.data + -memory.ctypes.data % 64
        self._alive: list[Any] = [memory, code]
        self._parts = {place: np.zeros(plan.tape[place].shape) for place in plan.sums}
        shared: dict[int, int] = {}

        def begin(base: int) -> int:
            if base in starts:
                return first + 8 * block * starts[base]
            if base not in shared:
                array = self._parts.get(base)
                array = np.ascontiguousarray(plan.arrays[base] if array is None else array)
                self._alive.append(array)
                shared[base] = array.ctypes.data
            return shared[base]

        def address(at: Address) -> int:
            if at.base in starts:
                return begin(at.base) + 8 * block * at.offset
            truth = at.base not in self._parts and plan.tape[at.base].truth
            return begin(at.base) + (1 if truth else 8) * at.offset

        calls: list[int] = []
        places: dict[int, list[int]] = {}
        for number, operands in kernels.calls:
            calls += [number, len(operands)]
            for operand in operands:
                places.setdefault(operand.base, []).append(len(calls))
                calls.append(address(operand))
        self._calls = np.array(calls, dtype=np.int64)
        self._columns = {p: begin(p) for p in plan.columns if p in starts}
        self._outs = [(base, begin(base)) for base in kernels.outs]
        outs = kernels.outs
        direct = {base for base in outs if outs.count(base) == 1 and base not in self._columns}
        self._follow = {
            base: places.get(base, [])
            for base in (*self._columns, *direct)
            if kernels.sizes[base] == 1
        }
        """By base of a number by row where its address stands in the calls."""

    def run(
        self, columns: Mapping[int, Any], count: int, outs: Sequence[Any], totals: Mapping[int, Any]
    ) -> Any:
        """Run over rows, and return the blocks that are flagged, which are not in the totals."""
        given, results, sums, moves = list[Any](), list[Any](), list[Any](), list[Any]()

        def follows(base: int, home: int, array: Any) -> bool:
            direct = base in self._follow and array.dtype == np.float64
            if direct:
                moves.extend([place, home, array.ctypes.data] for place in self._follow[base])
            return direct

        for place, home in self._columns.items():
            array, width = columns[place], size(self.plan.tape[place].shape)
            truth, direct = array.dtype == bool, follows(place, home, array)
            given.append([array.ctypes.data, width, truth, direct, home])
        for (base, home), array, place in zip(self._outs, outs, self.plan.by_row, strict=True):
            width, direct = size(self.plan.tape[place].shape), base not in self._columns
            direct = direct and follows(base, home, array)
            results.append([home, width, direct, array.ctypes.data])
        for place, part in self._parts.items():
            sums.append([part.ctypes.data, part.size, totals[place].ctypes.data])
        lists = (given, results, sums, moves)
        parts = [np.array(rows, dtype=np.int64).reshape(-1) for rows in lists]
        job = np.array(
            [len(self._calls), *map(len, lists)]
            + [array.ctypes.data for array in (self._calls, *parts)],
            dtype=np.int64,
        )
        bad = np.zeros(-(-count // self.block), dtype=np.uint8)
        pointers = [ctypes.c_void_p(job.ctypes.data), ctypes.c_longlong(count), None]
        self.code.cg_rows.restype = ctypes.c_longlong
        self.code.cg_rows(*pointers, ctypes.c_void_p(bad.ctypes.data))
        return np.flatnonzero(bad)

    def sweep(self, columns: Mapping[int, Any], count: int, by_row: Sequence[Any]) -> NativeSweep:
        """Return what runs it over columns by place, as `Sweep` takes them."""
        return NativeSweep(self, columns, count, by_row)


class NativeSweep(Sweep):
    """A sweep by compiled code; what the processor flags is done again by NumPy, with care."""

    def __init__(
        self,
        program: Program,
        columns: Mapping[int, Any],
        count: int,
        by_row: Sequence[Any] = (),
    ) -> None:
        self.plan, self.count = program.plan, count
        self._program, self._columns, self._by_row = program, columns, by_row
        self._adding = True
        self._numpy: Sweep | None = None

    def add(self) -> None:
        """Run the rows alone, in the middle of a step that others have a part in."""
        program = self._program
        if program.left or self.plan.guard.careful:
            self._plain()
            return
        columns = {place: _whole(array) for place, array in self._columns.items()}
        if not program.checked and not self._check(columns):
            self._plain()
            return
        totals = {place: self.plan.arrays[place] for place in self.plan.sums}
        bad = program.run(columns, self.count, self._by_row, totals)
        if len(bad):
            self._again(columns, bad)

    def _plain(self) -> None:
        if self._numpy is None:
            self._numpy = Sweep(self.plan, self._columns, self.count, self._by_row, adding=True)
        self._numpy.add()

    def _again(self, columns: Mapping[int, Any], bad: Any) -> None:
        """Run the blocks that were flagged by NumPy, neighbours together."""
        guard, block = self.plan.guard, self._program.block
        for run in np.split(bad, np.flatnonzero(np.diff(bad) > 1) + 1):
            start, end = int(run[0]) * block, min((int(run[-1]) + 1) * block, self.count)
            part = {place: array[start:end] for place, array in columns.items()}
            kept = [array[start:end] for array in self._by_row]
            guard.careful = guard.flagged = True
            Sweep(self.plan, part, end - start, kept, adding=True).add()
        guard.careful = False
        if 2 * len(bad) * block > self.count > 4 * block:
            # Most of the work is done twice: NumPy does it alone from now on.
            self._program.left = True
            self._program.engine.fall("most rows have numbers that leave the doubles")

    def _check(self, columns: Mapping[int, Any]) -> bool:
        """Compare a block with NumPy's; a program that differs is not used again."""
        program, plan, guard = self._program, self.plan, self.plan.guard
        count = min(self.count, program.block)
        part = {place: array[:count] for place, array in columns.items()}
        before = {place: plan.arrays[place].copy() for place in plan.sums}
        kept = [[np.empty_like(array[:count]) for array in self._by_row] for _ in range(2)]
        totals = {place: np.zeros_like(array) for place, array in before.items()}
        flagged = program.run(part, count, kept[0], totals)
        plan.clear()
        state = guard.careful, guard.flagged
        Sweep(plan, part, count, kept[1], adding=True).add()
        guard.careful, guard.flagged = state
        pairs = [*zip(*kept, strict=True)]
        pairs += [(totals[place], plan.arrays[place].copy()) for place in plan.sums]
        for place, array in before.items():
            np.copyto(plan.arrays[place], array)
        if len(flagged):
            # Nothing is said of a block that NumPy does.
            return True
        program.checked = True
        program.left = not all(_near(a, b) for a, b in pairs)
        if program.left:
            program.engine.fall("the native one differs in the first rows; please report that")
        return not program.left


def _near(a: Any, b: Any) -> bool:
    """Return whether two arrays agree, as far as sums in another order do."""
    bound = _NEAR * np.max(np.abs(b[np.isfinite(b)]), initial=0.0)
    with np.errstate(invalid="ignore"):
        return bool(((a == b) | (np.abs(a - b) <= bound) | ((a != a) & (b != b))).all())


def _whole(array: Any) -> Any:
    return np.ascontiguousarray(array)
