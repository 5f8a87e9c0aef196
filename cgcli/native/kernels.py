"""Plan → kernels: the instructions over rows as functions of C, and the calls of them in order.

A block has its rows side by side: element k of row r is at `k*CG_ROWS + r`. Operations of
elements that follow from each other are one loop, which the compiler runs for several rows at
once. A kernel is told addresses alone, so that layers and turns of one form share it.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, cast

import numpy as np

from cgcli.export.target import Target
from cgcli.export.views import View, axes, contiguous, looked
from cgcli.graph.templates import ATOM, Slot, Template, parsed, spelled
from cgcli.operations.row import LEVELS, Shape, selected
from cgcli.operations.shapes import size
from cgcli.plan.plan import Plan
from cgcli.plan.tape import VIEWS, Instruction, Operand

_TOGETHER: Final = 64
"""How many operations one loop has at most."""
_FOLDS: Final = {
    "sum": ("0.0", "{o} + {x}"), "prod": ("1.0", "{o}*{x}"),
    "amax": ("-INFINITY", "cg_max({o}, {x})"), "amin": ("INFINITY", "cg_min({o}, {x})"),
    "any": ("0.0", "{x} != 0 ? 1.0 : {o}"),
}  # fmt: skip
"""By reduction where it starts, and a step of it."""


class LackingError(Exception):
    """The engine has no words for an operation."""


class Seen(NamedTuple):
    """What a place looks at: the place or the copy that has memory, and where its elements are."""

    base: int
    places: Any

    def at(self, shape: Shape) -> Seen:
        """Return it broadcast to a shape."""
        return self._replace(places=np.broadcast_to(self.places, shape))


class Address(NamedTuple):
    """Where an argument of a kernel begins: a base, and an element of it."""

    base: int
    offset: int


class Step:
    """A kernel's call to be: the places that it computes in one loop, or its text as it stands."""

    def __init__(self, shape: Shape = ()) -> None:
        self.shape = shape
        self.places: list[int] = []
        self.text: list[str] = []
        self.operands: dict[Address, str] = {}
        self.writes: list[int] = []

    def pointer(self, base: int, offset: int = 0) -> str:
        """Return the name of what begins at an element of a base."""
        return self.operands.setdefault(Address(base, offset), f"a{len(self.operands)}")


class Kernels:
    """The kernels of a plan's rows; `functions` are their texts and `calls` use them by number.

    `sizes` are the elements of every base that has rows side by side, `outs` the bases of the
    plan's results by row. Raises `LackingError`.
    """

    def __init__(self, plan: Plan, target: Target, lacking: frozenset[str]) -> None:
        self.plan, self.tape, self.target, self._lacking = plan, plan.tape, target, lacking
        self.sizes: dict[int, int] = {}
        self.steps: list[Step] = []
        self._views: dict[int, Seen] = {}
        self._made: dict[int, int] = {}
        self._step: dict[int, int] = {}
        self._loops: dict[Shape, list[int]] = {}
        self._stored: set[int] = set()
        self._copies = len(self.tape)
        for place in plan.instructions:
            if plan.is_column(place):
                self._base(place, -1)
            elif place in plan.sums:
                self._sum(place, self.tape[place])
            elif self.tape[place].rows:
                self._write(place, self.tape[place])
        self.outs = [self._packed(place).base for place in plan.by_row]
        self.functions: list[str] = []
        self.calls: list[tuple[int, list[Address]]] = []
        numbers: dict[str, int] = {}
        for step in self.steps:
            text = "\n".join(self._looped(step) if step.places else step.text)
            number = numbers.setdefault(text, len(numbers))
            if number == len(self.functions):
                self.functions.append(text)
            self.calls.append((number, [*step.operands]))

    # Where values are

    def _base(self, place: int, step: int) -> None:
        """Give a place memory, which a step writes."""
        shape = self.tape[place].shape
        self.sizes[place] = size(shape)
        self._made[place] = step
        self._views[place] = Seen(place, contiguous("", shape).places)

    def seen(self, place: int) -> Seen:
        """Return what a place looks at; what has no rows lies in the plan's own arrays."""
        chain: list[int] = []
        at = place
        while at not in self._views and self.tape[at].operation in VIEWS:
            chain.append(at)
            at = int(self.tape[at].arguments[0])
        if at not in self._views:
            self._views[at] = Seen(at, contiguous("", self.tape[at].shape).places)
        for view in reversed(chain):
            inner = self.tape[int(self.tape[view].arguments[0])]
            base, places = self._views[at]
            self._views[view] = Seen(base, looked(self.tape[view], inner, places))
            at = view
        return self._views[place]

    def _text(self, step: Step, seen: Seen, index: Sequence[str]) -> str:
        """Return an element of what is seen."""
        self._stored.add(seen.base)
        # What is written is reached by one pointer: no two may overlap.
        inside = seen.base in step.writes or not seen.places.size
        offset = 0 if inside else int(seen.places.flat[0])
        at = View("", seen.places - offset).at(index)
        name = step.pointer(seen.base, offset)
        if seen.base in self.sizes:
            return f"{name}[{f'({at})*CG_ROWS + ' if at != '0' else ''}r]"
        if self.tape[seen.base].truth:
            return f"((const unsigned char *){name})[{at}]"
        return f"{name}[{at}]"

    def _fixed(self) -> Step:
        """Return a new step whose text is written at once."""
        self.steps.append(Step())
        return self.steps[-1]

    def _new(self, place: int) -> tuple[Step, Seen]:
        """Return a new step that writes a place, and where."""
        step = self._fixed()
        self._base(place, len(self.steps) - 1)
        step.writes.append(place)
        return step, self._views[place]

    def _packed(self, place: int) -> Seen:
        """Return a place's value with rows, its elements one behind the other; it may be a copy."""
        seen, shape = self.seen(place), self.tape[place].shape
        flat = seen.places.reshape(-1)
        whole = seen.base in self.sizes and flat.size == self.sizes[seen.base]
        if whole and (flat == np.arange(flat.size)).all():
            self._stored.add(seen.base)
            return seen
        copy, self._copies = self._copies, self._copies + 1
        self.sizes[copy] = size(shape)
        out = Seen(copy, contiguous("", shape).places)
        step = self._fixed()
        self._made[copy] = len(self.steps) - 1
        step.writes.append(copy)
        self._store(step, out, place)
        return out

    # What is written

    def _write(self, place: int, instruction: Instruction) -> None:
        operation, arguments, static, shape, *_ = instruction
        if operation in VIEWS:
            self.seen(place)
        elif operation == "mend":
            self._views[place] = self.seen(int(arguments[0]))
        elif operation == "diag" and len(shape) == 1:
            base, places = self.seen(int(arguments[0]))
            self._views[place] = Seen(base, np.diagonal(places))
        elif operation in self._lacking:
            raise LackingError(operation)
        elif operation in self.target.templates or operation in ("outer", "onehot"):
            self._add(place, instruction)
        elif operation in _FOLDS:
            self._fold(place, instruction)
        elif operation == "matmul":
            self._product(place, instruction)
        elif operation in ("stack", "concat"):
            step, out = self._new(place)
            start = 0
            for part in arguments:
                inner = self.tape[part].shape if isinstance(part, int) else ()
                count = len(shape) > len(inner) or inner[0]
                places = out.places[start : start + count]
                self._store(step, Seen(place, places[0] if count is True else places), part)
                start += int(count)
        elif operation in ("scatter", "diag"):
            step, out = self._new(place)
            self._store(step, out, 0.0)
            diagonal = operation == "diag"
            places = np.diagonal(out.places) if diagonal else out.places[(*selected(static), ...)]
            self._store(step, Seen(place, places), arguments[0])
        elif operation in ("cumsum", "others"):
            self._along(place, instruction)
        else:
            raise LackingError(operation)

    def _add(self, place: int, instruction: Instruction) -> None:
        """Put an operation of elements into the first loop of its shape that has its arguments."""
        shape, least = instruction.shape, 0
        for argument in instruction.arguments:
            if isinstance(argument, int):
                base, places = self.seen(argument)
                made = self._made.get(base, -1)
                same = places.shape == shape and self._step.get(base) is not None
                same = same and instruction.operation not in ("outer", "onehot")
                whole = same and bool((places.reshape(-1) == np.arange(places.size)).all())
                least = max(least, made if whole else made + 1)
        loops = self._loops.setdefault(shape, [])
        at = bisect_left(loops, least)
        while at < len(loops) and len(self.steps[loops[at]].places) >= _TOGETHER:
            at += 1
        if at == len(loops):
            loops.append(len(self.steps))
            self.steps.append(Step(shape))
        self.steps[loops[at]].places.append(place)
        self._base(place, loops[at])
        self._step[place] = loops[at]
        for argument in instruction.arguments:
            if isinstance(argument, int):
                base = self.seen(argument).base
                if self._step.get(base) != loops[at]:
                    self._stored.add(base)

    def _looped(self, step: Step) -> list[str]:
        """Return the loop of a step, after what it reads and writes."""
        number = self.steps.index(step)
        shape, names = step.shape, dict[int, str]()
        seen = [s for place in step.places for s in self._reads(place, number)]
        flat = all(
            (s.places.reshape(-1) == s.places.flat[0] + np.arange(s.places.size)).all()
            or not s.places.size
            or not np.ptp(s.places)
            for s in seen
        )
        index = axes((size(shape),) if flat else shape)
        body = []
        for place in step.places:
            body.append(self._statement(step, place, names, index, flat=flat))
            if place in self._stored:
                name = step.pointer(place)
                at = contiguous("", (size(shape),) if flat else shape).at(index)
                text = names[place]
                text = f"{text} ? 1.0 : 0.0" if self.tape[place].truth else text
                body.append(f"{name}[({at})*CG_ROWS + r] = {text};")
                step.writes.append(place)
        return self._around((size(shape),) if flat else shape, body)

    def _reads(self, place: int, number: int) -> Iterable[Seen]:
        """Yield what an operation of elements reads from memory, in its shape."""
        instruction = self.tape[place]
        for at, argument in enumerate(instruction.arguments):
            if isinstance(argument, int) and not self._local(argument, number, instruction):
                yield self._operand(instruction, at)

    def _local(self, argument: int, number: int, instruction: Instruction) -> bool:
        base = self.seen(argument).base
        return self._step.get(base) == number and self._made[base] == number

    def _operand(self, instruction: Instruction, at: int) -> Seen:
        seen = self.seen(cast("int", instruction.arguments[at]))
        if instruction.operation == "outer":
            turned = seen.places[:, None] if at == 0 else seen.places[None, :]
            return Seen(seen.base, np.broadcast_to(turned, instruction.shape))
        return seen.at(instruction.shape)

    def _statement(
        self, step: Step, place: int, names: dict[int, str], index: Sequence[str], *, flat: bool
    ) -> str:
        """Return what computes an operation of elements, as a variable of the loop."""
        instruction = self.tape[place]
        operation, arguments = instruction.operation, instruction.arguments
        if operation == "send":
            arguments = arguments[:2]

        def written(slot: Slot) -> Template:
            if slot.place < 0:
                return template
            operand = arguments[slot.place]
            if not isinstance(operand, int):
                return Template(ATOM, (_number(operand, truth=slot.truth),))
            seen = self._operand(instruction, slot.place)
            if seen.base in names:
                text, truth = names[seen.base], self.tape[operand].truth
            else:
                if flat:
                    seen = seen._replace(places=seen.places.reshape(-1))
                text, truth = self._text(step, seen, index), False
            if truth == slot.truth:
                return Template(ATOM, (text,))
            return Template(ATOM, (f"({text} ? 1.0 : 0.0)" if truth else f"({text} != 0)",))

        if operation == "outer":
            template = parsed(("product", "<0:product>*<1:sign>"), 2)
        elif operation == "onehot":
            text = f"cg_onehot(<0>, {index[0] or '0'}, {instruction.static[0]})"
            template = parsed(text, 1)
        else:
            template = parsed(self.target.templates[operation], len(arguments))
        names[place] = f"v{len(names)}"
        kind = "_Bool" if instruction.truth else "double"
        text = spelled(Slot(-1, LEVELS["choice"], truth=instruction.truth), written, ("(", ")"))
        return f"const {kind} {names[place]} = {text};"

    def _around(self, shape: Shape, body: Sequence[str]) -> list[str]:
        """Return statements in loops over the axes of a shape, and over the rows."""
        heads = [
            f"for (int {name} = 0; {name} < {count}; {name}++)"
            for name, count in zip(axes(shape), shape, strict=True)
            if name
        ]
        return [*heads, "for (int r = 0; r < CG_ROWS; r++) {", *body, "}"]

    def _store(self, step: Step, out: Seen, part: Operand) -> None:
        """Add what stores a part, broadcast, at the places of a view."""
        shape = out.places.shape
        index = axes(shape)
        if isinstance(part, int):
            text = self._text(step, self.seen(part).at(shape), index)
        else:
            text = _number(part)
        step.text += self._around(shape, [f"{self._text(step, out, index)} = {text};"])

    def _fold(self, place: int, instruction: Instruction) -> None:
        """Write a reduction along an axis, or of all elements."""
        start, turn = _FOLDS[instruction.operation]
        seen = self.seen(int(instruction.arguments[0]))
        (axis,), names = instruction.static, axes(seen.places.shape)
        step, out = self._new(place)
        inner = range(len(names)) if axis is None else [axis]
        kept = [name for k, name in enumerate(names) if k not in inner]
        target = self._text(step, out, kept)
        read = self._text(step, seen, names)
        turns = [f"{target} = {turn.format(o=target, x=read)};"]
        for group, body in ((None, [f"{target} = {start};"]), (inner, turns)):
            shape = tuple(
                n if group is not None or k not in inner else 1
                for k, n in enumerate(seen.places.shape)
            )
            step.text += self._around(shape, body)

    def _product(self, place: int, instruction: Instruction) -> None:
        """Write a product of matrices and vectors: a row's own, or with one that all share."""
        a, b = (self.seen(int(argument)) for argument in instruction.arguments)
        columns = b.places if b.places.ndim == 2 else b.places[:, None]
        rows = a.places if a.places.ndim == 2 else a.places[None, :]
        step, out = self._new(place)
        made = out.places.reshape(len(rows), columns.shape[1])
        (i, k), (_, j) = axes(rows.shape), axes(columns.shape)
        j = "j" if j else ""
        if a.base in self.sizes and b.base in self.sizes:
            at = self._text(step, Seen(place, made), (i, j))
            left = self._text(step, Seen(a.base, rows), (i, "k" if k else ""))
            right = self._text(step, Seen(b.base, columns), ("k" if k else "", j))
            step.text += self._around(made.shape, [f"{at} = 0.0;"])
            step.text.append(f"for (int k = 0; k < {rows.shape[1]}; k++)")
            step.text += self._around(made.shape, [f"{at} = __builtin_fma({left}, {right}, {at});"])
            return
        w, w_base, x, x_base = rows, a.base, columns.T, b.base
        if a.base in self.sizes:
            w, w_base, x, x_base = columns.T, b.base, rows, a.base
        lines = made if a.base in self.sizes else made.T
        out_at, w_at, x_at = View("", lines), View("", w - w.flat[0]), View("", x - x.flat[0])
        names = [step.pointer(place), step.pointer(w_base, int(w.flat[0]))]
        names.append(step.pointer(x_base, int(x.flat[0])))
        self._stored |= {w_base, x_base}
        if len(x) > 1:
            step.text.append(f"for (int q = 0; q < {len(x)}; q++)")
        first = out_at.strides[0], x_at.strides[0]
        turned = [f" + q*{stride}*CG_ROWS" if len(x) > 1 else "" for stride in first]
        step.text.append(
            f"cg_product({names[0]}{turned[0]}, {out_at.strides[1] or 1}, "
            f"{names[1]}, {w_at.strides[0]}, {w_at.strides[1]}, "
            f"{names[2]}{turned[1]}, {x_at.strides[1]}, {len(w)}, {w.shape[1]});"
        )

    def _along(self, place: int, instruction: Instruction) -> None:
        """Write running sums, or the products of all other elements, along lines of an array."""
        (static,), seen = instruction.static, self.seen(int(instruction.arguments[0]))
        step, out = self._new(place)
        axis = static if instruction.operation == "others" else 0
        if axis is None:
            axis = 0
            seen, out = (s._replace(places=s.places.reshape(-1)) for s in (seen, out))
        shape = seen.places.shape
        count, others = shape[axis], tuple(1 if k == axis else n for k, n in enumerate(shape))
        names = [name if k != axis else "k" for k, name in enumerate(axes(shape))]
        names = [n if shape[k] > 1 else "" for k, n in enumerate(names)]
        at, read = self._text(step, out, names), self._text(step, seen, names)
        up = f"for (int k = 0; k < {count}; k++)"
        down = f"for (int k = {count - 1}; k >= 0; k--)"
        after = f"total *= {read};"
        turns = [(up, f"{at} = total; {after}"), (down, f"{at} *= total; {after}")]
        start = "1.0"
        if instruction.operation == "cumsum":
            turns, start = [(down if static else up, f"total += {read}; {at} = total;")], "0.0"
        for head, statement in turns:
            body = [f"double total = {start};", head, f"{{ {statement} }}"]
            step.text += self._around(others, body)

    def _sum(self, place: int, instruction: Instruction) -> None:
        """Write a sum over the rows, into an array without them."""
        operation, arguments = instruction.operation, instruction.arguments
        parts = [self._packed(int(argument)) for argument in arguments]
        step = self._fixed()
        out = step.pointer(place)
        names = [step.pointer(part.base) for part in parts]
        if operation == "gram":
            a, b = (len(part.places) for part in parts)
            copy, self._copies = self._copies, self._copies + 1
            self.sizes[copy] = -(-b // 8) * 8
            step.writes.append(copy)
            room = step.pointer(copy)
            step.text.append(f"cg_gram({out}, {names[0]}, 1, {a}, {names[1]}, 1, {b}, {room}, n);")
            return
        call = "cg_total({}, n)" if operation == "total" else f"cg_weighed({names[0]}, {{}}, n)"
        step.text += [
            f"for (int k = 0; k < {parts[-1].places.size}; k++)",
            f"    {out}[k] = {call.format(f'{names[-1]} + k*CG_ROWS')};",
        ]

    def source(self, rows: int, head: str, end: str) -> str:
        """Return the kernels as a file of C, for blocks of so many rows."""
        texts = []
        for number, (text, step) in enumerate(zip(self.functions, self._firsts(), strict=True)):
            names = ", ".join(f"p[{k}]" for k in range(len(step.operands)))
            pointers = ", ".join(
                f"{'' if self._writes(step, address) else 'const '}double *restrict {name}"
                for address, name in step.operands.items()
            )
            # That pointers are apart gcc believes of parameters alone.
            texts.append(
                f"static CG_APART void cg_loop_{number}({pointers}, int n) {{\n{text}\n}}\n\n"
                f"static void cg_kernel_{number}(double *const *p, int n) {{\n"
                f"    cg_loop_{number}({names}, n);\n}}"
            )
        names = ", ".join(f"cg_kernel_{number}" for number in range(len(texts)))
        table = f"static const cg_kernel cg_kernels[] = {{{names or '0'}}};"
        helpers = self.target.helpers([head, *self.functions])
        defined = f"#define CG_ROWS {rows}"
        return "\n\n".join([defined, head, *helpers, *texts, table, end])

    def _writes(self, step: Step, address: Address) -> bool:
        return address.base in step.writes or (
            address.base in self.plan.sums and address.base not in self.sizes
        )

    def _firsts(self) -> list[Step]:
        """Return for every kernel the first step that is it."""
        firsts: dict[int, Step] = {}
        for step, (number, _) in zip(self.steps, self.calls, strict=True):
            firsts.setdefault(number, step)
        return [firsts[number] for number in range(len(self.functions))]

    def memory(self) -> tuple[dict[int, int], int]:
        """Return where each base with rows begins, and how many elements there are in all.

        What a base held is free again after the last call that names it.
        """
        last: dict[int, int] = {}
        for number, (_, operands) in enumerate(self.calls):
            last.update({a.base: number for a in operands if a.base in self.sizes})
        last.update(dict.fromkeys(self.outs, len(self.calls)))
        columns = [base for base in last if self._made.get(base, 0) < 0]
        starts: dict[int, int] = {}
        free: dict[int, list[int]] = {}
        total = 0
        uses = [(-1, [*columns]), *((k, [a.base for a in c[1]]) for k, c in enumerate(self.calls))]
        uses.append((len(self.calls), self.outs))
        for number, bases in uses:
            for base in dict.fromkeys(bases):
                if base in self.sizes and base not in starts:
                    waiting = free.get(self.sizes[base])
                    if waiting:
                        starts[base] = waiting.pop()
                    else:
                        starts[base], total = total, total + self.sizes[base]
            for base in dict.fromkeys(bases):
                if base in self.sizes and last.get(base) == number:
                    free.setdefault(self.sizes[base], []).append(starts[base])
        return starts, total


def _number(value: float, *, truth: bool = False) -> str:
    """Return a number as C has it."""
    if truth:
        return "1" if value else "0"
    if math.isfinite(value):
        return f"({value!r})" if math.copysign(1.0, value) < 0 else repr(float(value))
    return "NAN" if value != value else "INFINITY" if value > 0 else "(-INFINITY)"
