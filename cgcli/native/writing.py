"""Instructions → steps: what a plan computes, as loops over elements and rows.

A block has its rows side by side: element k of row r is at `k*CG_ROWS + r`. Operations of
elements that follow from each other are one loop, which the compiler runs for several rows at
once. A kernel is told addresses alone, so that layers and turns of one form share it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from cgcli.export.target import Target
from cgcli.export.views import View, axes, contiguous, laid, looked, loops
from cgcli.graph.templates import ATOM, Slot, Template, parsed, spelled
from cgcli.native.steps import Address, LackingError, Places, Step
from cgcli.operations.row import LEVELS, Shape
from cgcli.plan.plan import Plan
from cgcli.plan.tape import ONCE, ROWS, VIEWS, Instruction

_TOGETHER: Final = 64
"""How many operations one loop has at most."""
_CHOICES: Final = ("truth", "sign", "where", "maximum", "minimum")
_FAULTY: Final = ("divide", "log", "log1p", "sqrt", "exp", "expm1")
"""What may leave the doubles or have no value: of a constant that was chosen, as 0 by 1/(x > 0),
a compiler works it out, and no flag is raised."""
_FOLDS: Final = {
    "sum": ("0.0", "{o} + {x}"), "prod": ("1.0", "{o}*{x}"),
    "amax": ("-INFINITY", "cg_max({o}, {x})"), "amin": ("INFINITY", "cg_min({o}, {x})"),
    "any": ("0", "{x} != 0 ? 1 : {o}"),
}  # fmt: skip
"""By reduction where it starts, and a step of it."""
_LEAVES: Final = ("parameter", "count")


class Kernels(Places):
    """The steps of a plan by stage, written as functions of C; those that are alike are one.

    `functions` are their texts, and `calls` has them by stage. `outs` are the bases of the results
    by row, `starts` is where each base with rows begins, and `elements` how many there are in all.
    Raises `LackingError`.
    """

    def __init__(self, plan: Plan, target: Target, lacking: frozenset[str]) -> None:
        super().__init__(plan, target)
        self._lacking = lacking
        self._looped: dict[tuple[int, Shape], int] = {}
        self._expressions: dict[tuple[Any, ...], str] = {}
        self._chosen: set[int] = set()
        """What is computed of choices, and so may be a constant."""
        for place in plan.instructions:
            instruction = self.tape[place]
            if plan.is_column(place):
                self._base(place)
            elif instruction.operation in VIEWS:
                inner = int(instruction.arguments[0])
                view = self.seen(inner)
                places = looked(instruction, self.tape[inner], view.places)
                self._views[place] = view._replace(places=places)
            elif place in plan.sums:
                self._sum(place, instruction)
            elif instruction.stage != ONCE and instruction.operation not in _LEAVES:
                self._write(place, instruction)
        self.outs = [self._packed(place).base for place in plan.by_row]
        self._stored |= {self.seen(place).base for place in plan.totals}
        self.functions: list[str] = []
        self.calls: dict[int, list[tuple[int, list[Address]]]] = {}
        numbers: dict[str, int] = {}
        for stage, steps in self.steps.items():
            self.calls[stage] = []
            for step in steps:
                if step.places:
                    self._finish(step)
                at = numbers.setdefault("\n".join(step.text), len(numbers))
                if at == len(self.functions):
                    self.functions.append(step.function(at))
                self.calls[stage].append((at, [*step.operands]))
        self.starts, self.elements = self._memory()

    def _write(self, place: int, instruction: Instruction) -> None:
        operation = instruction.operation
        if operation == "mend" or (operation == "diag" and len(instruction.shape) == 1):
            view = self.seen(int(instruction.arguments[0]))
            if operation == "diag":
                view = view._replace(places=np.diagonal(view.places))
            if instruction.rows:
                self._views[place] = view
            else:
                # The plan has an array of its own for that.
                self._store(instruction.stage, self._base(place), view)
        elif operation in self._lacking:
            raise LackingError(operation)
        elif operation in self.target.templates or operation == "onehot":
            self._add(place, instruction)
        elif operation in _FOLDS:
            self._fold(place, instruction)
        elif operation == "matmul":
            self._product(place, instruction)
        elif operation == "take":
            self._take(place, instruction)
        elif operation in ("cumsum", "others"):
            self._along(place, instruction)
        elif operation in ("stack", "concat", "scatter", "diag"):
            out, stage = self._base(place), instruction.stage
            if operation in ("scatter", "diag"):
                self._store(stage, out, 0.0)
            parts = instruction.arguments
            for view, part in laid(operation, instruction.static, out, parts, self.tape):
                self._store(stage, view, part)
        else:
            raise LackingError(operation)

    def _add(self, place: int, instruction: Instruction) -> None:
        """Put an operation of elements into the last loop of its shape, if that has its arguments.

        So turns that are alike have loops that are alike.
        """
        shape, stage, least = instruction.shape, instruction.stage, 0
        reads = [self._operand(instruction, k) for k in range(len(instruction.arguments))]
        for seen in reads:
            made = self.made.get(seen.base) if seen is not None else None
            if seen is None or made is None or made[0] != stage:
                continue
            step = self.steps[stage][made[1]]
            alike = bool(step.places) and step.shape == shape and seen.packed
            least = max(least, made[1] if alike else made[1] + 1)
        numbers = self._looped
        last = numbers.get((stage, shape), -1)
        if last < least or len(self.steps[stage][last].places) >= _TOGETHER:
            last = numbers[stage, shape] = len(self.steps[stage])
            self._step(stage).shape = shape
        if instruction.operation in _CHOICES or any(s and s.base in self._chosen for s in reads):
            self._chosen.add(place)
        self.steps[stage][last].places[place] = reads
        self._base(place)
        self.made[place] = made = (stage, last)
        self._stored |= {s.base for s in reads if s is not None and self.made.get(s.base) != made}

    def _operand(self, instruction: Instruction, at: int) -> View | None:
        """Return what an operation of elements takes, in its shape; None for a number."""
        argument = instruction.arguments[at]
        if not isinstance(argument, int):
            return None
        seen = self.seen(argument)
        if instruction.operation == "outer":
            turned = seen.places[:, None] if at == 0 else seen.places[None, :]
            seen = seen._replace(places=turned)
        return seen.broadcast(instruction.shape)

    def _finish(self, step: Step) -> None:
        """Write the loop of a step."""
        inside = step.places.keys()
        outside = [s for reads in step.places.values() for s in reads if s and s.base not in inside]
        shape = loops(step.shape, outside)
        index, names, body = axes(shape), dict[int, tuple[str, bool]](), list[str]()
        faults = False
        for place, reads in step.places.items():
            instruction = self.tape[place]
            text = self._expression(step, instruction, reads, names, index)
            name, truth = names[place] = f"v{len(names)}", instruction.truth
            body.append(f"const {'_Bool' if truth else 'double'} {name} = {text};")
            if place in self._stored:
                step.writes.append(place)
                out = self._text(step, contiguous(place, shape), index)
                # A truth value that is not chosen by keeps loops from being vectorised.
                body.append(f"{out} = {name}{' ? 1.0 : 0.0' if truth else ''};")
            if instruction.operation in _FAULTY and place in self._chosen:
                body.append(f"bad = fabs({name}) < INFINITY ? bad : 1.0;")
                faults = True
        step.text += ["double bad = 0.0;"] * faults
        step.loop(shape, *body)
        step.text += ["if (bad != 0.0) cg_fault();"] * faults

    def _expression(
        self,
        step: Step,
        instruction: Instruction,
        reads: Sequence[View | None],
        names: Mapping[int, tuple[str, bool]],
        index: Sequence[str],
    ) -> str:
        """Return the expression of an elementwise operation in the names of its loop."""
        operands = list[tuple[str, bool] | float]()
        for argument, seen in zip(instruction.arguments, reads, strict=True):
            if seen is None:
                operands.append(argument)
            elif seen.base in names:
                operands.append(names[seen.base])
            else:
                view = seen.flat if len(index) == 1 else seen
                operands.append((self._text(step, view, index), False))
        # The turns of an unrolled loop have the same expressions.
        form = (instruction.operation, instruction.truth, instruction.static)
        key = (form, index[0] if index else "", repr(operands))
        if key not in self._expressions:
            self._expressions[key] = self._spelled(instruction, operands, index)
        return self._expressions[key]

    def _spelled(
        self,
        instruction: Instruction,
        operands: Sequence[tuple[str, bool] | float],
        index: Sequence[str],
    ) -> str:
        """Return the template of an operation with operands, texts or numbers, in its slots."""
        operation = instruction.operation
        if operation == "onehot":
            text = f"cg_onehot(<0>, {index[0] or '0'}, {instruction.static[0]})"
            template = parsed(text, 1)
        else:
            count = 2 if operation == "send" else len(operands)
            template = parsed(self.target.templates[operation], count)

        def written(slot: Slot) -> Template:
            if slot.place < 0:
                return template
            operand = operands[slot.place]
            if not isinstance(operand, tuple):
                return self.target.number(operand, slot)
            text, truth = operand
            if truth == slot.truth:
                return Template(ATOM, (text,))
            return Template(ATOM, (f"({text} ? 1.0 : 0.0)" if truth else f"({text} != 0)",))

        root = Slot(-1, LEVELS["choice"], truth=instruction.truth)
        return spelled(root, written, ("(", ")"))

    def _fold(self, place: int, instruction: Instruction) -> None:
        """Write a reduction along an axis, or of all elements."""
        (first, turn), (axis,) = _FOLDS[instruction.operation], instruction.static
        seen = self.seen(int(instruction.arguments[0]))
        step, out = self._new(place)
        if instruction.operation == "sum" and seen.packed and axis is None and not step.rows:
            target, begin = self._text(step, out, ()), seen.offset
            self._stored.add(seen.base)
            total = f"cg_total({step.pointer(seen.base, begin)}, {seen.places.size})"
            step.text.append(f"{target} = {total};")
            return
        shape = seen.shape
        names, inner = axes(shape), [k for k in range(len(shape)) if axis in (None, k)]
        target = self._text(step, out, [n for k, n in enumerate(names) if k not in inner])
        read = self._text(step, seen, names)
        step.loop(
            tuple(1 if k in inner else n for k, n in enumerate(shape)), f"{target} = {first};"
        )
        step.loop(shape, f"{target} = {turn.format(o=target, x=read)};")

    def _product(self, place: int, instruction: Instruction) -> None:
        """Write a product of matrices and vectors: a row's own, or with one that all share."""
        a, b = (self.seen(int(argument)) for argument in instruction.arguments)
        a = a._replace(places=a.places if a.places.ndim == 2 else a.places[None, :])
        b = b._replace(places=b.places if b.places.ndim == 2 else b.places[:, None])
        step, out = self._new(place)
        made = out.places.reshape(len(a.places), b.shape[1])
        (i, k), (_, j) = axes(a.shape), axes((1, made.shape[1]))
        if a.base in self.sizes and b.base in self.sizes:
            at = self._text(step, out._replace(places=made), (i, j))
            left = self._text(step, a, (i, "k" if k else ""))
            right = self._text(step, b, ("k" if k else "", j))
            step.loop(made.shape, f"{at} = 0.0;")
            step.text.append(f"for (int k = 0; k < {a.shape[1]}; k++)")
            step.loop(made.shape, f"{at} = __builtin_fma({left}, {right}, {at});")
            return
        turned = a.base in self.sizes
        w, x = (b._replace(places=b.places.T), a) if turned else (a, b._replace(places=b.places.T))
        name = step.pointer(place)
        o = out._replace(places=made if turned else made.T).strides
        v, u = w.strides, x.strides
        shared, rows = (step.pointer(s.base, s.offset) for s in (w, x))
        self._stored |= {w.base, x.base}
        count, length = w.places.shape
        if len(x.places) > 1 and not step.rows:
            step.text.append(
                f"cg_matrix({name}, {o[1]}, {o[0]}, {shared}, {v[0]}, {v[1]},"
                f" {rows}, {u[1]}, {u[0]}, {count}, {length}, {len(x.places)});"
            )
            return
        if len(x.places) > 1:
            step.text += [f"for (int q = 0; q < {len(x.places)}; q++)"]
            name, rows = f"{name} + q*{o[0]}*CG_ROWS", f"{rows} + q*{u[0]}*CG_ROWS"
        step.text.append(
            f"{'cg_product' if step.rows else 'cg_multiply'}({name}, {o[1] or 1}, {shared}, {v[0]},"
            f" {v[1]}, {rows}, {u[1]}, {count}, {length});"
        )

    def _take(self, place: int, instruction: Instruction) -> None:
        """Write the rows of a table that labels name; NaN for a label that names none."""
        label, table = (self.seen(int(argument)) for argument in instruction.arguments)
        step, out = self._new(place)
        at, count = self._text(step, label, ()), len(table.places)
        index = axes(out.shape)
        read = self._text(step, table, (f"(int){at}", *index))
        named = f"{at} >= 0 && {at} < {count} && {at} == floor({at})"
        step.loop(out.shape, f"{self._text(step, out, index)} = {named} ? {read} : NAN;")

    def _along(self, place: int, instruction: Instruction) -> None:
        """Write running sums, or the products of all other elements, along lines of an array."""
        (static,), seen = instruction.static, self.seen(int(instruction.arguments[0]))
        step, out = self._new(place)
        axis = static if instruction.operation == "others" else 0
        shape = seen.shape
        # Where the line is of all elements, what is seen may lie in any order.
        lines, others = (
            tuple(n if (axis in (None, k)) is along else 1 for k, n in enumerate(shape))
            for along in (True, False)
        )
        names = axes(shape)
        made = out._replace(places=out.places.reshape(shape))
        at, read = self._text(step, made, names), self._text(step, seen, names)
        up = self.target.turns("loop", lines)
        counts = zip(names, lines, strict=True)
        down = [f"for (int {i} = {n - 1}; {i} >= 0; {i}--)" for i, n in counts if n > 1]
        first, after = "1.0", f"total *= {read};"
        turns = [(up, f"{at} = total; {after}"), (down, f"{at} *= total; {after}")]
        if instruction.operation == "cumsum":
            turns, first = [(down if static else up, f"total += {read}; {at} = total;")], "0.0"
        for heads, statement in turns:
            step.loop(others, f"double total = {first};", *heads, f"{{ {statement} }}")

    def _sum(self, place: int, instruction: Instruction) -> None:
        """Write a sum over the rows, into an array without them."""
        operation, arguments = instruction.operation, instruction.arguments
        parts = [self._packed(int(argument)) for argument in arguments]
        step = self._step(ROWS, place)
        out = step.pointer(place)
        names = [step.pointer(part.base) for part in parts]
        if operation == "gram":
            a, b = (len(part.places) for part in parts)
            copy = self._copy(-(-b // 8) * 8)
            step.writes.append(copy)
            room = step.pointer(copy)
            step.text = [f"cg_gram({out}, {names[0]}, {a}, {names[1]}, {b}, {room}, n);"]
            return
        shape = (parts[-1].places.size,)
        index = axes(shape)[0] or "0"
        to, sent = f"{out} + {index}", f"{names[-1]} + {index}*CG_ROWS"
        if operation == "tally":
            call = f"cg_tally({to}, {shape[0]}, {instruction.shape[0]}, {names[0]}, {sent}, n);"
        else:
            call = "cg_total(" if operation == "total" else f"cg_weighed({names[0]}, "
            call = f"*({to}) = {call}{sent}, n);"
        step.text = [*self.target.turns("loop", shape), call]

    # Functions

    def source(self, rows: int, head: str) -> str:
        """Return the kernels as a file of C, for blocks of so many rows."""
        names = ", ".join(f"cg_kernel_{k}" for k in range(len(self.functions)))
        table = f"const cg_kernel cg_kernels[] = {{{names or '0'}}};"
        helpers = self.target.helpers([head, *self.functions])
        return "\n\n".join([f"#define CG_ROWS {rows}", head, *helpers, *self.functions, table])

    def _memory(self) -> tuple[dict[int, int], int]:
        """Return where each base with rows begins, and how many elements there are in all.

        What a base held is free again after the last call that names it.
        """
        uses = [[a.base for a in operands] for _, operands in self.calls[ROWS]]
        last = {base: k for k, bases in enumerate(uses) for base in bases if base in self.sizes}
        last.update(dict.fromkeys(self.outs, len(uses)))
        columns = [base for base in last if base not in self.made and base <= len(self.tape)]
        starts: dict[int, int] = {}
        free: dict[int, list[int]] = {}
        total = 0
        for number_of, bases in enumerate([columns, *uses, self.outs], -1):
            for base in dict.fromkeys(bases):
                elements = self.sizes.get(base)
                if elements is not None and base not in starts:
                    if free.get(elements):
                        starts[base] = free[elements].pop()
                    else:
                        starts[base], total = total, total + elements
            for base in dict.fromkeys(bases):
                if last.get(base) == number_of:
                    free.setdefault(self.sizes[base], []).append(starts[base])
        return starts, total
