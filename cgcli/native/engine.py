"""The engine: what compiles plans where it can, or where that pays, and says why it did not."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Final

from cgcli.errors import CgraphError, excerpt
from cgcli.export.target import Target, pieces
from cgcli.export.targets import target
from cgcli.native import ENGINES
from cgcli.native.library import CompileError, library, library_path
from cgcli.native.program import Program
from cgcli.native.steps import LackingError
from cgcli.native.writing import Kernels
from cgcli.operations.shapes import size
from cgcli.plan.plan import Plan
from cgcli.plan.tape import ONCE
from cgcli.resource import read_text, read_toml

_CACHE: Final = 3 * 2**15
"""The bytes that the values of a block take, if they can. Measured: a net on the digits was 1.4
times as fast as with blocks of twice as many rows, which leave a core's first cache."""
_SECOND: Final = 2**19
"""The bytes that a block of 32 rows takes at most: a recurrent net was 1.15 times as fast with so
many rows beyond the first cache as with half of them, whose sums are added twice as often."""
_COMPILES: Final = 0.4
"""The seconds a compiler takes to begin with, and for every instruction."""
_INSTRUCTION: Final = 0.02
_NUMPY: Final = 1.5e-9
"""The seconds that NumPy takes for an operation of an element."""


@cache
def _language() -> tuple[Target, frozenset[str]]:
    """Return C as exports have it, with the functions that vectorise; and what it lacks."""
    plain, ours = target("c"), read_toml(__package__, "native.toml")
    calls = {name: f"{word}(<*>)" for name, word in ours["calls"].items()}
    more = {name: tuple(text) for name, text in ours["templates"].items()}
    prelude = {**plain.prelude, **pieces("math.c", __package__)}
    templates = {**plain.templates, **calls, **more}
    lacking = frozenset(ours["lacking"]["words"].split())
    return replace(plain, templates=templates, prelude=prelude), lacking


def _warn(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=2)


def say_nothing(text: str) -> None:
    """Tell nobody."""


def engine_of(
    name: str, fall: Callable[[str], None] = _warn, tell: Callable[[str], None] = say_nothing
) -> Engine | None:
    """Return an engine by name, None for NumPy's plans; raises `CgraphError`.

    `fall` is told, once, why NumPy has to do, and `tell` what is compiled and in what time.
    """
    if name not in ENGINES:
        message = f"the engine is numpy, native or auto, not '{excerpt(name)}'"
        raise CgraphError("usage", message, 'write engine="native"')
    return None if name == "numpy" else Engine(name == "native", fall, tell)


class Engine:
    """Makes programs of plans. Unless it is `always` native the work has to pay for compiling."""

    def __init__(
        self, always: bool, fall: Callable[[str], None], tell: Callable[[str], None]
    ) -> None:
        self.always, self._fall, self._tell = always, fall, tell
        self._fell = self._made = False

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what it is made of again in a worker, which tells nobody: its driver does."""
        return Engine, (self.always, say_nothing, say_nothing)

    @property
    def name(self) -> str:
        """What runs the rows: numpy as long as nothing is compiled."""
        return "native" if self._made and not self._fell else "numpy"

    def fall(self, why: str) -> None:
        """Say that NumPy does it, and why."""
        if not self._fell:
            self._fell = True
            self._fall(f"the engine is numpy: {why}")

    def program(self, plan: Plan, rows: int) -> Program | None:
        """Return a plan as compiled code, or None; so many rows are run in all."""
        instructions = [i for p in plan.instructions if (i := plan.tape.forms[p]).stage != ONCE]
        work = sum(size(i.shape) * (rows if i.rows else 1) for i in instructions)
        if not work or self._fell:
            return None
        if not self.always and work * _NUMPY < _COMPILES + _INSTRUCTION * len(instructions):
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
        block, row = 256, 8 * kernels.elements
        while block > 16 and (
            block * row > (_CACHE if block > 32 else _SECOND) or block >= 2 * rows
        ):
            block //= 2
        source = kernels.source(block, read_text(__package__, "rows.c"))
        began, cached = time.perf_counter(), os.path.exists(library_path(source))
        code, table = library(read_text(__package__, "run.c")), library(source)
        how = "compiled before" if cached else f"compiled in {time.perf_counter() - began:.2f} s"
        self._tell(f"the engine is native: {len(kernels.functions)} kernels, {how}")
        self._made = True
        return Program(plan, kernels, block, code, table, self.fall)
