"""ONNX, as its own text; the value alone, over doubles, in operations that onnxruntime has."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from cgcli.export.emit import Emitter
from cgcli.export.routine import Result, Routine
from cgcli.export.target import Function, Line, Target
from cgcli.graph.templates import ATOM, Slot, Template, parsed
from cgcli.operations.row import LEVELS, Shape, Span
from cgcli.plan.tape import Instruction

_NODE: Final = re.compile(r"[A-Z]\w*(?:<[^()]*>)?\([^()]*\)")
"""A node whose arguments are names."""


class OnnxEmitter(Emitter):
    """Writes a routine as nodes, each of which has a name; what stands twice is one node."""

    def __init__(self, target: Target, routine: Routine) -> None:
        super().__init__(target, routine)
        self._nodes: dict[str, str] = {}
        self._products = any(self.tape[place].operation == "matmul" for place in self.needed)

    def fits(self, place: int, instruction: Instruction) -> bool:
        """Whether an instruction stands inside of another: none does."""
        return False

    def number(self, value: float, slot: Slot) -> Template:
        """Return how a number is written: as the node of a constant."""
        constants = self.target.constants
        if slot.truth:
            return Template(ATOM, (constants["true" if value else "false"],))
        text = re.sub("nan|inf", lambda word: constants[word[0]], repr(float(value)))
        return Template(ATOM, (f"#{text}",))

    def expression(self, place: Any, level: int = LEVELS["choice"], *, truth: bool = False) -> str:
        """Return the operation of a place, of names, or the name that it has."""
        *before, last = super().expression(place, level, truth=truth).split("; ")
        names: dict[str, str] = {}
        for statement in before:
            name, _, text = statement.partition(" = ")
            names[name] = self.node(self._flat(text, names))
        return self._flat(last, names)

    def _flat(self, text: str, names: dict[str, str]) -> str:
        """Return a node whose arguments are names; those inside of it become nodes before it."""
        text = re.sub(r"\$\d+", lambda mark: names[mark[0]], text)
        text = re.sub(r"#([^,()]+)", r"Constant<value = double {\1}>()", text)
        text = re.sub(r"axis=(\d+)|@\[(.*?)\]|@\((.*?),?\)", _list, text)
        text = re.sub(r"@(\d+)", r"Constant<value = int64 {\1}>()", text)
        while (inner := _NODE.search(text)) is not None and inner[0] != text:
            text = text[: inner.start()] + self.node(inner[0]) + text[inner.end() :]
        return text

    def node(self, text: str) -> str:
        """Return the name of a node, which may be there already."""
        if text not in self._nodes:
            name = self._nodes[text] = self.free()
            self.lines.append(Line([f"{name} = {text}"]))
        return self._nodes[text]

    def pattern(self, place: int, instruction: Instruction) -> Template:
        """Return the template of an operation; some depend on the shapes of arguments."""
        operation, arguments, static, *_ = instruction
        shapes = [self.tape[a].shape if type(a) is int else () for a in arguments]
        turned = operation == "matmul" and self.tape[int(arguments[0])].operation == "transpose"
        if operation in ("stack", "concat"):
            parts = [
                f"<{k}>" if shape and operation == "concat" else f"Unsqueeze(<{k}>, @[0])"
                for k, shape in enumerate(shapes)
            ]
            return parsed(f"Concat<axis = 0>({', '.join(parts)})", len(parts))
        if operation in ("index", "piece"):
            indices = static if operation == "index" else (Span(*static),)
            return parsed(_part(shapes[0], indices), 1)
        if operation == "diag" and len(shapes[0]) == 2:
            return parsed('Einsum<equation = "ii->i">(<0>)', 1)
        if self._products and self._is_infinite(instruction):
            return parsed(self.target.templates[f"infinite {operation}"], 2)
        if turned and len(shapes[1]) == 1:
            return parsed(self.target.templates["turned matmul"], 2)
        return super().pattern(place, instruction)

    def _is_infinite(self, instruction: Instruction) -> bool:
        """Whether an instruction multiplies by an infinity, or divides by 0."""
        arguments = instruction.arguments
        numbers = [self.literals.get(a) if isinstance(a, int) else a for a in arguments]
        if instruction.operation == "multiply":
            return any(number is not None and not math.isfinite(number) for number in numbers)
        return instruction.operation == "divide" and numbers[1] == 0

    def result(self, name: str, result: Result) -> str:
        """Return the name of a result."""
        text = super().result(name, result)
        return self.node(text) if _NODE.fullmatch(text) else text

    def define(self, function: Function) -> str:
        """Return the code of the model."""
        (name, text, shape), *_ = function.results
        lines = [line for part in function.lines for line in part.text]
        return self.target.word(
            "function",
            function=function.name,
            arguments=", ".join(f"double{_lengths(s)} {n}" for n, s in function.arguments),
            result=f"double{_lengths(shape)} {name}",
            body=lines if text == name else [*lines, f"{name} = Identity({text})"],
        )


def _list(match: re.Match[str]) -> str:
    """Return the node of a list of whole numbers."""
    inner = next(text for text in match.groups() if text is not None)
    return f"Constant<value = int64[{inner.count(',') + 1}] {{{inner}}}>()"


def _part(shape: Shape, indices: tuple[Any, ...]) -> str:
    """Return the node of what indices point to."""
    text, axis = "<0>", 0
    for length, index in zip(shape, indices, strict=False):
        if isinstance(index, Span):
            places = index.places(length)
            text = f"Slice({text}, @[{places.start}], @[{places.stop}], @[{axis}])"
            axis += 1
        else:
            text = f"Gather<axis = {axis}>({text}, @{index % length})"
    return text


def _lengths(shape: Shape) -> str:
    return f"[{','.join(map(str, shape))}]" if shape else ""
