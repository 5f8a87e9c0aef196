"""ONNX, as its own text; the value alone, over doubles, in operations that onnxruntime has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from cgcli.errors import required
from cgcli.export.c import clean
from cgcli.export.emit import Emitter
from cgcli.export.target import Function, Line, Target, table
from cgcli.graph.templates import ATOM, Slot, Template
from cgcli.operations.row import LEVELS, Shape, Span
from cgcli.plan.tape import Instruction

_HEAD: Final = '<ir_version: 9, opset_import: ["" : 18]>'


class OnnxEmitter(Emitter):
    """Writes a routine as nodes, each of which has a name."""

    def fits(self, place: int, instruction: Instruction) -> bool:
        """Whether an instruction stands inside of another: none does."""
        return False

    def number(self, value: float, slot: Slot) -> Template:
        """Return the name of a number, which is a node."""
        return Template(ATOM, (self.node(f"Constant<value = double {{{_digits(value)}}}>()"),))

    def wrapped(self, name: str, template: Template) -> Template:
        """Return the name of a truth as a number, or of a number as a truth."""
        inner = "".join(piece for piece in template.pieces if isinstance(piece, str))
        kind = 11 if name == "truth" else 9
        return Template(ATOM, (self.node(f"Cast<to = {kind}>({inner})"),))

    def node(self, text: str) -> str:
        """Return the name of a new node."""
        name = self.free()
        self.lines.append(Line([f"{name} = {text}"]))
        return name

    def whole(self, *numbers: int) -> str:
        """Return the name of a list of whole numbers."""
        inner = ", ".join(map(str, numbers))
        return self.node(f"Constant<value = int64[{len(numbers)}] {{{inner}}}>()")

    def place(self, number: int) -> str:
        """Return the name of a whole number."""
        return self.node(f"Constant<value = int64 {{{number}}}>()")

    def expression(self, place: Any, level: int = LEVELS["choice"], *, truth: bool = False) -> str:
        """Return the operation of a place, or the name that it has."""
        known = place in self.names or place in self.literals or isinstance(place, float)
        operation = "" if known else self.tape[place].operation
        write = getattr(self, f"_{operation}", None) if operation else None
        if write is not None:
            instruction = self.tape[place]
            names = [super(OnnxEmitter, self).expression(a) for a in instruction.arguments]
            return str(write(names, instruction))
        text = super().expression(place, level, truth=truth)
        *before, last = text.split("; ")
        made: dict[str, str] = {}
        for statement in before:
            name, _, inner = statement.partition(" = ")
            made[name] = self.node(self._filled(inner, made))
        return self._filled(last, made)

    def _filled(self, text: str, names: dict[str, str]) -> str:
        for name in sorted(names, key=len, reverse=True):
            text = text.replace(name, names[name])
        while "#" in text:
            start = text.index("#")
            end = min(at for mark in ",)" if (at := text.find(mark, start)) > 0)
            constant = self.node(f"Constant<value = double {{{text[start + 1 : end]}}}>()")
            text = text[:start] + constant + text[end:]
        return text

    def _sum(self, names: Sequence[str], instruction: Instruction) -> str:
        return self._reduced("ReduceSum", names[0], instruction.static[0])

    def _prod(self, names: Sequence[str], instruction: Instruction) -> str:
        return self._reduced("ReduceProd", names[0], instruction.static[0])

    def _amax(self, names: Sequence[str], instruction: Instruction) -> str:
        return self._reduced("ReduceMax", names[0], instruction.static[0])

    def _amin(self, names: Sequence[str], instruction: Instruction) -> str:
        return self._reduced("ReduceMin", names[0], instruction.static[0])

    def _reduced(self, word: str, name: str, axis: int | None) -> str:
        along = "" if axis is None else f", {self.whole(axis)}"
        return f"{word}<keepdims = 0>({name}{along})"

    def _outer(self, names: Sequence[str], instruction: Instruction) -> str:
        left, right = (
            self.node(f"Unsqueeze({n}, {self.whole(k)})")
            for n, k in zip(names, (1, 0), strict=True)
        )
        return f"Mul({left}, {right})"

    def _spread(self, names: Sequence[str], instruction: Instruction) -> str:
        return f"Expand({names[0]}, {self.whole(*instruction.shape)})"

    def _grow(self, names: Sequence[str], instruction: Instruction) -> str:
        return f"Unsqueeze({names[0]}, {self.whole(instruction.static[0])})"

    def _piece(self, names: Sequence[str], instruction: Instruction) -> str:
        start, stop = instruction.static
        return f"Slice({names[0]}, {self.whole(start)}, {self.whole(stop)}, {self.whole(0)})"

    def _index(self, names: Sequence[str], instruction: Instruction) -> str:
        text, axis = f"Identity({names[0]})", 0
        shape = self.tape[int(instruction.arguments[0])].shape
        for length, index in zip(shape, instruction.static, strict=False):
            if isinstance(index, Span):
                places = index.places(length)
                ends = self.whole(places.start), self.whole(places.stop), self.whole(axis)
                text, axis = f"Slice({self.node(text)}, {', '.join(ends)})", axis + 1
            else:
                text = f"Gather<axis = {axis}>({self.node(text)}, {self.place(index % length)})"
        return text

    def _stack(self, names: Sequence[str], instruction: Instruction) -> str:
        parts = [self.node(f"Unsqueeze({name}, {self.whole(0)})") for name in names]
        return f"Concat<axis = 0>({', '.join(parts)})"

    def _concat(self, names: Sequence[str], instruction: Instruction) -> str:
        shapes = [self.tape[a].shape if isinstance(a, int) else () for a in instruction.arguments]
        parts = [
            name if shape else self.node(f"Unsqueeze({name}, {self.whole(0)})")
            for name, shape in zip(names, shapes, strict=True)
        ]
        return f"Concat<axis = 0>({', '.join(parts)})"

    def _cumsum(self, names: Sequence[str], instruction: Instruction) -> str:
        return f"CumSum<reverse = {int(instruction.static[0])}>({names[0]}, {self.place(0)})"

    def _diag(self, names: Sequence[str], instruction: Instruction) -> str:
        length = instruction.shape[0]
        if len(instruction.shape) == 1:
            flat = self.node(f"Reshape({names[0]}, {self.whole(-1)})")
            return f"Gather<axis = 0>({flat}, {self.whole(*range(0, length**2, length + 1))})"
        eye = ", ".join(str(int(k % (length + 1) == 0)) for k in range(length**2))
        mask = self.node(f"Constant<value = int64[{length},{length}] {{{eye}}}>()")
        truth, zero = self.node(f"Cast<to = 9>({mask})"), self._filled("#0.0)", {})[:-1]
        return f"Where({truth}, {names[0]}, {zero})"

    def _onehot(self, names: Sequence[str], instruction: Instruction) -> str:
        (count,) = instruction.static
        places = ", ".join(f"{k}.0" for k in range(count))
        every = self.node(f"Constant<value = double[{count}] {{{places}}}>()")
        marks = self.node(f"Cast<to = 11>({self.node(f'Equal({names[0]}, {every})')})")
        named = self.node(f"Cast<to = 9>({self.node(self._reduced('ReduceMax', marks, None))})")
        return f"Where({named}, {marks}, {self.expression(math.nan)})"


def _digits(value: float) -> str:
    return "NaN" if value != value else repr(value).replace("inf", "Infinity")


def _array(name: str, array: Any) -> str:
    inner = ", ".join(map(_digits, array.reshape(-1).tolist()))
    return f"{name} = Constant<value = double{_shape(array.shape)} {{{inner}}}>()"


def _shape(shape: Shape) -> str:
    return f"[{','.join(map(str, shape))}]" if shape else ""


def _define(function: Function) -> str:
    (name, text, shape), *_ = function.results
    lines = [line for part in function.lines for line in part.text]
    if text != name:
        lines.append(f"{name} = Identity({text})")
    arguments = ", ".join(f"double{_shape(s)} {n}" for n, s in function.arguments)
    head = f"{function.name} ({arguments}) => (double{_shape(shape)} {name})"
    return "\n".join([_HEAD, f"{head} {{", *(f"    {line}" for line in lines), "}", ""])


def as_bytes(code: str) -> bytes:
    """Return the model of a text, checked; raises `CgraphError` without the package."""
    onnx = required("onnx", "onnx", "to write an ONNX file")
    required("onnx.parser", "onnx", "to write an ONNX file")
    model = onnx.parser.parse_model(code)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


TARGET: Final = Target(
    **table("onnx"),
    prelude={},
    clean=clean,
    variable=lambda name, text, truth: f"{name} = {text}",
    array=_array,
    define=_define,
    emitter=OnnxEmitter,
)
