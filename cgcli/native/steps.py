"""Steps: the calls of kernels to be, and where what they read and write is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from cgcli.export.target import Target
from cgcli.export.views import View, axes, contiguous
from cgcli.graph.templates import Slot, spelled
from cgcli.operations.row import Shape
from cgcli.operations.shapes import size
from cgcli.plan.plan import Plan
from cgcli.plan.tape import DONE, ROWS, STEP, Operand


class LackingError(Exception):
    """The engine has no words for an operation."""


class Address(NamedTuple):
    """Where an argument of a kernel begins: a base, and an element of it."""

    base: int
    offset: int


class Step:
    """A kernel's call to be: the places that it computes in one loop, or its text as it stands.

    The places have what they read, None for a number. `rows` says that it is run over all rows of
    a block, and `writes` has the bases that it does.
    """

    def __init__(self, target: Target, shape: Shape, *, rows: bool) -> None:
        self.target, self.shape, self.rows = target, shape, rows
        self.places: dict[int, list[View | None]] = {}
        self.text: list[str] = []
        self.operands: dict[Address, str] = {}
        self.writes: list[int] = []

    def pointer(self, base: int, offset: int = 0) -> str:
        """Return the name of what begins at an element of a base."""
        return self.operands.setdefault(Address(base, offset), f"a{len(self.operands)}")

    def loop(self, shape: Shape, *body: str) -> None:
        """Add statements in loops over the axes of a shape, and over the rows."""
        self.text += self.target.turns("loop", shape)
        if self.rows:
            self.text.append("for (int r = 0; r < CG_ROWS; r++)")
        self.text += ["{", *body, "}"]

    def function(self, number: int) -> str:
        """Return the kernel as a function of C, and one that calls it by a list of pointers."""
        given = ", ".join(f"p[{k}]" for k in range(len(self.operands)))
        pointers = ", ".join(
            f"{'' if base in self.writes else 'const '}double *restrict {name}"
            for (base, _), name in self.operands.items()
        )
        body = "\n".join(self.text)
        # That pointers are apart gcc believes of parameters alone.
        return (
            f"static CG_APART void cg_loop_{number}({pointers}, int n) {{\n{body}\n}}\n\n"
            f"static void cg_kernel_{number}(double *const *p, int n) {{\n"
            f"    cg_loop_{number}({given}, n);\n}}"
        )


class Places:
    """Where the values of a plan are, and the steps that read and write them, by stage.

    `sizes` are the elements of every base that has rows side by side, and `made` has by base the
    stage and the number of the step that writes it.
    """

    def __init__(self, plan: Plan, target: Target) -> None:
        self.plan, self.tape, self.target = plan, plan.tape, target
        self.sizes: dict[int, int] = {}
        self.steps: dict[int, list[Step]] = {STEP: [], ROWS: [], DONE: []}
        self.made: dict[int, tuple[int, int]] = {}
        self._views: dict[int, View] = {}
        self._stored: set[int] = set()
        self._copies = len(self.tape)

    def _base(self, place: int) -> View:
        """Give a place memory; what has no rows lies in the plan's own arrays."""
        form = self.tape.forms[place]
        if form.rows:
            self.sizes[place] = size(form.shape)
        self._views[place] = contiguous(place, form.shape)
        return self._views[place]

    def seen(self, place: int) -> View:
        """Return what a place looks at."""
        return self._views.get(place) or self._base(place)

    def _text(self, step: Step, seen: View, index: Sequence[str]) -> str:
        """Return an element of what is seen."""
        self._stored.add(seen.base)
        at, name = seen.at(index, seen.offset), step.pointer(seen.base, seen.offset)
        if seen.base in self.sizes:
            return f"{name}[{f'({at})*CG_ROWS + ' if at != '0' else ''}r]"
        if self.tape.forms[seen.base].truth:
            return f"((unsigned char *){name})[{at}]"
        return f"{name}[{at}]"

    def _step(self, stage: int, *writes: int) -> Step:
        """Return a new step, whose text is written at once."""
        steps = self.steps[stage]
        for base in writes:
            self.made[base] = (stage, len(steps))
        steps.append(Step(self.target, (), rows=stage == ROWS))
        steps[-1].writes += writes
        return steps[-1]

    def _new(self, place: int) -> tuple[Step, View]:
        """Return a new step that writes a place, and where."""
        return self._step(self.tape[place].stage, place), self._base(place)

    def _copy(self, elements: int) -> int:
        """Return a new base with rows that is no place."""
        self._copies += 1
        self.sizes[self._copies] = elements
        return self._copies

    def _packed(self, place: int) -> View:
        """Return a place's value with rows, its elements one behind the other; it may be a copy."""
        seen = self.seen(place)
        if seen.packed and seen.places.size == self.sizes.get(seen.base):
            self._stored.add(seen.base)
            return seen
        shape = self.tape[place].shape
        out = contiguous(self._copy(size(shape)), shape)
        self._store(ROWS, out, place)
        return out

    def _store(self, stage: int, out: View, part: Operand | View) -> None:
        """Write a step that stores a part, broadcast, at the places of a view."""
        shape, step = out.shape, self._step(stage, out.base)
        index = axes(shape)
        seen = self.seen(part) if isinstance(part, int) else part
        if isinstance(seen, View):
            text = self._text(step, seen.broadcast(shape), index)
        else:
            text = spelled(Slot(-1), partial(self.target.number, seen), ("(", ")"))
        step.loop(shape, f"{self._text(step, out, index)} = {text};")
