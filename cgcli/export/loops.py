"""Arrays in a language of scalars: loops over their elements, and views as index arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cgcli.export.emit import Emitter
from cgcli.export.routine import Result, Routine
from cgcli.export.target import Line, Target
from cgcli.export.views import View, axes, contiguous, laid, looked, loops
from cgcli.graph.templates import ATOM, Template
from cgcli.operations.row import LEVELS, Shape, Static
from cgcli.operations.shapes import size
from cgcli.plan.tape import VIEWS, Instruction, Operand

_REDUCED: Final = ("sum", "prod", "amax", "amin", "any")
_ALONG: Final = ("others", "cumsum")


class LoopEmitter(Emitter):
    """Writes a routine for a language of scalars."""

    def __init__(self, target: Target, routine: Routine) -> None:
        super().__init__(target, routine)
        self.views: dict[int, View] = {}
        self._index: Sequence[str] = ()

    def write(self, place: int, instruction: Instruction) -> None:
        """Write an instruction down."""
        operation, arguments, _, shape, *_ = instruction
        index = axes(shape)
        if operation in VIEWS or (operation == "diag" and len(shape) == 1):
            self._look(place, instruction)
        elif operation in ("stack", "concat", "scatter", "diag"):
            self._join(place, instruction)
        elif operation in self.target.templates or operation in ("column", "array"):
            super().write(place, instruction)
        elif operation in _REDUCED:
            # What a function makes of the lines of an array along an axis, or of all of it.
            (axis,) = instruction.static
            view, axis = self.view(arguments[0], flat=axis is None), axis or 0
            line = self._line(view, [*index[:axis], "", *index[axis:]], axis)
            self._calculate(place, self.call(operation, *line, view.shape[axis]))
        elif operation == "matmul":
            a, b = (self.view(argument) for argument in arguments)
            rows, columns = (len(a.shape) > 1), (len(b.shape) > 1)
            left = self._line(a, [index[0] if rows else "", ""], len(a.shape) - 1)
            right = self._line(b, ["", index[-1]] if columns else [""], 0)
            self._calculate(place, self.call("dot", *left, *right, a.shape[-1]))
        elif operation == "outer":
            texts = []
            for argument, variable in zip(arguments, index, strict=True):
                self._index = [variable]
                texts.append(self.expression(argument, LEVELS["sign"]))
            self._calculate(place, "*".join(texts))
        elif operation == "onehot":
            label = self.expression(arguments[0])
            text = self.call("onehot", label, index[0] or "0", instruction.static[0])
            self._calculate(place, text)
        elif operation in _ALONG:
            self._along(place, instruction)
        else:
            raise self.lacking(place)

    def fits(self, place: int, instruction: Instruction) -> bool:
        """Whether an instruction stands inside of the one that uses it, over the same elements."""
        if not super().fits(place, instruction):
            return False
        (user,) = self.users[place]
        after = self.tape[user]
        alike = after.operation in self.target.templates and after.shape == instruction.shape
        return alike or (after.operation in ("stack", "concat") and not instruction.shape)

    def assign(self, place: int) -> None:
        """Assign an elementwise instruction to a variable, in a loop where it has elements."""
        shape = loops(self.tape[place].shape, self._leaves(place))
        self._index = axes(shape)
        text = self.expression(place, truth=self.tape[place].truth)
        self._calculate(place, text, shape)

    def _leaves(self, place: int) -> Iterator[View]:
        """Yield the views that an expression reads."""
        pending = self.tape[place].places
        while pending:
            at = pending.pop()
            if (view := self.seen(at)) is not None:
                yield view
            elif at not in self.literals:
                pending += self.tape[at].places

    def template(self, place: int) -> Template:
        """Return how a place is written: an element of its array, or its operation."""
        view = self.seen(place)
        if view is None:
            return super().template(place)
        if not view.array:
            return Template(ATOM, (view.base,))
        # One index goes over all elements, as they lie.
        flat = len(self._index) == 1 and len(view.shape) > 1 and any(view.strides)
        return Template(ATOM, (f"{view.base}[{(view.flat if flat else view).at(self._index)}]",))

    # Variables

    def _start(self, place: int) -> str:
        """Return the name of a new array."""
        self.names[place], self._comment = self.named(place)
        return self.names[place]

    def _add(self, lines: list[str]) -> None:
        self.lines.append(Line(lines, self._comment))

    def seen(self, place: int) -> View | None:
        """Return the view of what a place looks at, if that is a variable."""
        if place in self.names and place not in self.views:
            self.views[place] = contiguous(self.names[place], self.tape[place].shape)
        return self.views.get(place)

    def view(self, place: Operand, *, flat: bool = False) -> View:
        """Return what a place looks at, its elements in one row if `flat`; it may be a copy."""
        assert isinstance(place, int)
        view = self.seen(place)
        scattered = flat and view is not None and len(view.shape) > 1 and not view.packed
        if view is None or not view.array or scattered:
            view = self._copied(place, self.free())
        return view.flat if flat else view

    def _copied(self, place: int, name: str) -> View:
        shape = self.tape[place].shape
        self._index = axes(shape)
        self.lines.append(Line(self._filled(name, shape, self.expression(place))))
        return contiguous(name, shape)

    def _look(self, place: int, instruction: Instruction) -> None:
        """Keep how an instruction looks at another one's array."""
        inner = int(instruction.arguments[0])
        self.weights[place] = 0
        if inner in self.literals:
            self.literals[place] = self.literals[inner]
            return
        view, before = self.seen(inner) or self.view(inner), self.tape[inner]
        self.views[place] = view._replace(places=looked(instruction, before, view.places))

    # What puts arrays together, or adds up their elements

    def call(self, word: str, *operands: str | int) -> str:
        """Return the call of a function of arrays."""
        return f"{self.target.code['prefix']}{word}({', '.join(map(str, operands))})"

    def looped(self, shape: Shape, statement: str) -> list[str]:
        """Return loops over the axes of a shape around a statement."""
        heads = self.target.turns("loop", shape)
        return [f"{'    ' * k}{line}" for k, line in enumerate([*heads, statement])]

    def _filled(self, name: str, shape: Shape, text: str) -> list[str]:
        """Return what makes a new array that has a text at every place."""
        word = self.target.word
        if "filled" in self.target.code:
            turns = "".join(self.target.turns("turn", shape))
            return [word("filled", name=name, text=text, turns=turns)]
        index = contiguous(name, shape).at(axes(shape))
        statement = word("store", name=name, index=index, text=text)
        return [word("empty", name=name, count=size(shape)), *self.looped(shape, statement)]

    def _zeros(self, name: str, shape: Shape) -> str:
        return self.target.word("zeros", name=name, count=size(shape))

    def _line(self, view: View, index: Sequence[str], axis: int) -> tuple[str, int]:
        """Return a line of an array along an axis, as a function takes it, and its stride."""
        at = view.at([text if k != axis else "" for k, text in enumerate(index)])
        word = "first" if at == "0" else "slice"
        return self.target.word(word, name=view.base, offset=at), view.strides[axis]

    def _calculate(self, place: int, text: str, shape: Shape | None = None) -> None:
        """Assign a text to a number, or to every element of an array, in loops over a shape."""
        name, shape = self._start(place), self.tape[place].shape if shape is None else shape
        made = self._filled(name, shape, text) if shape else [self.variable(place, name, text)]
        self._add(made)

    def _along(self, place: int, instruction: Instruction) -> None:
        """Write what is computed along the lines of an array, into those of another."""
        operation, (argument,), (static,), *_ = instruction
        axis = static if operation == "others" else 0
        view, axis = self.view(argument, flat=axis is None), axis or 0
        out = contiguous(self._start(place), view.shape)
        others = tuple(n if k != axis else 1 for k, n in enumerate(out.shape))
        index = axes(others)
        operands = (*self._line(out, index, axis), *self._line(view, index, axis), out.shape[axis])
        word = f"{operation}_back" if operation == "cumsum" and static else operation
        call = self.target.word("call", text=self.call(word, *operands))
        self._add([self._zeros(out.base, out.shape), *self.looped(others, call)])

    def _laid(
        self, name: str, shape: Shape, operation: str, static: Static, parts: Sequence[Operand]
    ) -> list[str]:
        """Return what writes parts into a new array, one behind the other or among zeros."""
        lines = [self._zeros(name, shape)]
        for out, part in laid(operation, static, contiguous(name, shape), parts, self.tape):
            self._index = axes(out.shape)
            text, index = self.expression(part), out.at(self._index)
            store = self.target.word("store", name=name, index=index, text=text)
            lines += self.looped(out.shape, store)
        return lines

    def _join(self, place: int, instruction: Instruction) -> None:
        """Write numbers and arrays one behind the other, or at places among zeros."""
        operation, arguments, static, shape, *_ = instruction
        name, parts = self._start(place), [a for a in arguments if isinstance(a, int)]
        if operation in ("scatter", "diag") or any(self.tape[part].shape for part in parts):
            self._add(self._laid(name, shape, operation, static, arguments))
            return
        self._index = ()
        texts = [*map(self.expression, arguments)]
        count, text = len(texts), ", ".join(texts)
        self._add([self.target.word("literal", name=name, count=count, texts=text)])

    def result(self, name: str, result: Result) -> str:
        """Return the text of a result: the name of a packed array, or of a number."""
        places = result.places
        shape = self.tape[places[0]].shape
        if not result.shape:
            self._index = ()
            return self.expression(places[0])
        if shape == result.shape:
            return self.names.get(places[0]) or self._copied(places[0], name).base
        self.lines.append(Line(self._laid(name, result.shape, "concat", (), places)))
        return name
