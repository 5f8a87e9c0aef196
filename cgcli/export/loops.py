"""Arrays in a language of scalars: loops over their elements, and views as index arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from cgcli.export.emit import Emitter
from cgcli.export.routine import Result, Routine
from cgcli.export.strides import View, pointed, strides
from cgcli.export.target import Line, Loops, Target
from cgcli.graph.templates import ATOM, Template
from cgcli.operations.row import LEVELS, Shape, Span
from cgcli.operations.shapes import size
from cgcli.plan.tape import VIEWS, Instruction, Operand

_REDUCED: Final = ("sum", "prod", "amax", "amin", "any")
_ALONG: Final = ("others", "cumsum")


class LoopEmitter(Emitter):
    """Writes a routine for a language of scalars."""

    def __init__(self, target: Target, routine: Routine) -> None:
        super().__init__(target, routine)
        assert target.loops is not None
        self.loops: Loops = target.loops
        self.views: dict[int, View] = {}
        self._index: Sequence[str] = ()

    def write(self, place: int, instruction: Instruction) -> None:
        """Write an instruction down."""
        operation, shape = instruction.operation, instruction.shape
        if operation in VIEWS or (operation == "diag" and len(shape) == 1):
            self._look(place, instruction)
        elif operation in ("stack", "concat"):
            self._join(place, instruction)
        elif operation == "column":
            super().write(place, instruction)
            self._keep(place)
        elif operation in self.target.templates or operation == "array":
            super().write(place, instruction)
        else:
            self._compute(place, instruction)

    def constant(self, place: int, array: Any) -> None:
        """Assign a constant array to a variable."""
        super().constant(place, array)
        self._keep(place)

    def _text(self, number: Operand) -> str:
        return self.expression(number, LEVELS["choice"])

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
        shape = self.tape[place].shape
        if not shape:
            super().assign(place)
            self._keep(place)
            return
        loops, index = self._loops(shape, place)
        self._fill(place, loops, index)

    def _fill(self, place: int, loops: Sequence[tuple[str, int]], index: Sequence[str]) -> None:
        """Assign what a place is in loops."""
        self._index = index
        text = self.expression(place, truth=self.tape[place].truth)
        name = self._start(place)
        view = View(name, 0, strides(self.tape[place].shape), self.tape[place].shape, array=True)
        at = index[0] if len(index) == 1 else view.at(index)
        self._add(place, self.loops.filled(name, size(view.shape), loops, at or "0", text))

    def _loops(
        self, shape: Shape, place: int | None = None
    ) -> tuple[list[tuple[str, int]], list[str]]:
        """Return loops over the elements of a shape, and the variables of the axes.

        One loop is enough where all arrays lie in the same order.
        """
        if place is not None and all(self._flat(view, shape) for view in self._leaves(place)):
            return [("i", size(shape))], ["i"]
        index = ["i", "j"][: len(shape)]
        used = [variable if n > 1 else "" for variable, n in zip(index, shape, strict=True)]
        return [(v, n) for v, n in zip(index, shape, strict=True) if n > 1], used

    @staticmethod
    def _flat(view: View, shape: Shape) -> bool:
        return (view.shape == shape and view.packed and not view.offset) or not any(view.strides)

    def _leaves(self, place: int) -> Iterator[View]:
        """Yield the views that an expression reads."""
        pending = [a for a in self.tape[place].arguments if isinstance(a, int)]
        while pending:
            at = pending.pop()
            if at in self.views:
                yield self.views[at]
            elif at not in self.literals:
                pending += [a for a in self.tape[at].arguments if isinstance(a, int)]

    def template(self, place: int) -> Template:
        """Return how a place is written: an element of its array, or its operation."""
        view = self.views.get(place)
        if view is None:
            return self.operated(place)
        if not view.array:
            return Template(ATOM, (view.name,))
        flat = len(self._index) == 1 and len(view.shape) > 1 and any(view.strides)
        at = view._replace(strides=(1,), shape=(size(view.shape),)) if flat else view
        return Template(ATOM, (f"{view.name}[{at.at(self._index)}]",))

    # Variables

    def _start(self, place: int) -> str:
        """Return the name of a new array."""
        self.names[place], self._comment = self.named(place)
        return self.names[place]

    def _add(self, place: int, lines: list[str]) -> None:
        self.lines.append(Line(lines, self._comment))
        self._keep(place)

    def _keep(self, place: int) -> None:
        shape = self.tape[place].shape
        self.views[place] = View(self.names[place], 0, strides(shape), shape, bool(shape))

    def view(self, place: Operand, packed: bool = False) -> View:
        """Return what a place looks at; a copy where that is no array, or not packed."""
        assert isinstance(place, int)
        view = self.views.get(place)
        if view is None or not view.array or (packed and not view.packed):
            return self._copied(place, self.free(self.tape[place].shape))
        return view

    def _copied(self, place: int, name: str) -> View:
        shape = self.tape[place].shape
        loops, self._index = self._loops(shape)
        view = View(name, 0, strides(shape), shape, array=True)
        text = self.expression(place)
        lines = self.loops.filled(name, size(shape), loops, view.at(self._index), text)
        self.lines.append(Line(lines))
        return view

    def _look(self, place: int, instruction: Instruction) -> None:
        """Keep how an instruction looks at another one's array."""
        operation, static, shape = instruction.operation, instruction.static, instruction.shape
        inner = int(instruction.arguments[0])
        self.weights[place] = 0
        if inner in self.literals:
            self.literals[place] = self.literals[inner]
            return
        view = self.views[inner] if inner in self.views else self.view(inner)
        if operation == "transpose":
            view = view._replace(strides=view.strides[::-1])
        elif operation == "index":
            view = pointed(view, static)
        elif operation == "piece":
            view = pointed(view, [Span(*static)])
        elif operation == "diag":
            view = view._replace(strides=(sum(view.strides),))
        elif operation == "grow":
            axis = static[0]
            view = view._replace(strides=(*view.strides[:axis], 0, *view.strides[axis:]))
        elif operation == "spread":
            lengths = (1,) * (len(shape) - len(view.shape)) + view.shape
            steps = (0,) * (len(shape) - len(view.shape)) + view.strides
            pairs = zip(steps, lengths, strict=True)
            view = view._replace(strides=tuple(s if n != 1 else 0 for s, n in pairs))
        self.views[place] = view._replace(shape=shape)

    # What puts arrays together, or adds up their elements

    def call(self, word: str, *operands: str | int) -> str:
        """Return the call of a function of arrays."""
        return f"{self.loops.prefix}{word}({', '.join(map(str, operands))})"

    def _line(self, view: View, index: Sequence[str], axis: int) -> tuple[str, int]:
        """Return a line of an array along an axis, as a function takes it, and its stride."""
        at = view.at([text if k != axis else "" for k, text in enumerate(index)])
        return self.loops.slice(view.name, at), view.strides[axis]

    def _compute(self, place: int, instruction: Instruction) -> None:
        operation, shape, arguments = (
            instruction.operation,
            instruction.shape,
            instruction.arguments,
        )
        if operation in _REDUCED:
            self._reduce(place, instruction)
        elif operation == "matmul":
            a, b = (self.view(argument) for argument in arguments)
            loops, index = self._loops(shape)
            rows, columns = (len(a.shape) > 1), (len(b.shape) > 1)
            left = self._line(a, [index[0] if rows else "", ""], len(a.shape) - 1)
            right = self._line(b, ["", index[-1]] if columns else [""], 0)
            self._calculate(place, loops, index, self.call("dot", *left, *right, a.shape[-1]))
        elif operation == "outer":
            loops, index = self._loops(shape)
            texts = []
            for argument, variable in zip(arguments, index, strict=True):
                self._index = [variable]
                texts.append(self.expression(argument, LEVELS["sign"]))
            self._calculate(place, loops, index, "*".join(texts))
        elif operation == "onehot":
            label = self.expression(arguments[0])
            loops, index = self._loops(shape)
            text = self.call("onehot", label, index[0] or "0", instruction.static[0])
            self._calculate(place, loops, index, text)
        elif operation in _ALONG:
            self._along(place, instruction)
        elif operation in ("scatter", "diag"):
            self._scatter(place, instruction)
        else:
            raise self.lacking(place)

    def _calculate(
        self, place: int, loops: Sequence[tuple[str, int]], index: Sequence[str], text: str
    ) -> None:
        """Assign a text to a number, or to every element of an array."""
        name, shape = self._start(place), self.tape[place].shape
        if not shape:
            self._add(place, [self.target.variable(name, text, self.tape[place].truth)])
            return
        at = View(name, 0, strides(shape), shape, array=True).at(index)
        self._add(place, self.loops.filled(name, size(shape), loops, at, text))

    def _reduce(self, place: int, instruction: Instruction) -> None:
        (axis,) = instruction.static
        argument = instruction.arguments[0]
        every = axis is None and len(self.tape[int(argument)].shape) > 1
        view = self.view(argument, packed=every)
        if axis is None:
            step = 1 if every else view.strides[0]
            line = self.loops.slice(view.name, str(view.offset)), step, size(view.shape)
            self._calculate(place, [], [], self.call(instruction.operation, *line))
            return
        loops, index = self._loops(instruction.shape)
        full = [*index[:axis], "", *index[axis:]]
        line = *self._line(view, full, axis), view.shape[axis]
        self._calculate(place, loops, index, self.call(instruction.operation, *line))

    def _along(self, place: int, instruction: Instruction) -> None:
        """Write what is computed along the lines of an array, into those of another."""
        operation, (static,), shape = instruction.operation, instruction.static, instruction.shape
        every = operation == "others" and static is None
        view = self.view(instruction.arguments[0], packed=every)
        name = self._start(place)
        out = View(name, 0, strides(shape), shape, array=True)
        axis = static if operation == "others" else 0
        if every:
            view, out = (v._replace(strides=(1,), shape=(size(shape),)) for v in (view, out))
            axis = 0
        others = [n if k != axis else 1 for k, n in enumerate(out.shape)]
        loops, index = self._loops(tuple(others))
        operands = (*self._line(out, index, axis), *self._line(view, index, axis), out.shape[axis])
        word = f"{operation}_back" if operation == "cumsum" and static else operation
        lines = self.loops.loop(loops, self.loops.call(self.call(word, *operands)))
        self._add(place, [self.loops.zeros(name, size(shape)), *lines])

    def _scatter(self, place: int, instruction: Instruction) -> None:
        """Write an array of zeros that has a value at some places."""
        (argument,) = instruction.arguments
        shape, name = instruction.shape, self._start(place)
        out = View(name, 0, strides(shape), shape, array=True)
        if instruction.operation == "scatter":
            out = pointed(out, instruction.static)
        else:
            out = View(name, 0, (shape[0] + 1,), shape[:1], array=True)
        self._add(place, [self.loops.zeros(name, size(shape)), *self._stored(out, argument)])

    def _stored(self, out: View, argument: Operand) -> list[str]:
        """Return what stores a value at the places of a view."""
        loops, index = self._loops(out.shape)
        self._index = index
        text = self.expression(argument)
        return self.loops.loop(loops, self.loops.store(out.name, out.at(index), text))

    def _join(self, place: int, instruction: Instruction) -> None:
        """Write numbers and arrays one behind the other."""
        arguments, name = instruction.arguments, self._start(place)
        shapes = [self.tape[a].shape if isinstance(a, int) else () for a in arguments]
        if not any(shapes):
            self._index = ()
            self._add(place, [self.loops.literal(name, [*map(self._text, arguments)])])
            return
        lines = [self.loops.zeros(name, size(instruction.shape))]
        offset = 0
        for argument, shape in zip(arguments, shapes, strict=True):
            lines += self._stored(View(name, offset, strides(shape), shape, array=True), argument)
            offset += size(shape)
        self._add(place, lines)

    def reserve(self, name: str, shape: Shape) -> str:
        """Return how a variable of a shape is called."""
        return name

    def result(self, name: str, result: Result) -> str:
        """Return the text of a result: the name of a packed array, or of a number."""
        places = result.places
        shape = self.tape[places[0]].shape
        if not result.shape:
            self._index = ()
            return self.expression(places[0])
        if shape == result.shape:
            name = self.reserve(name, shape)
            return self.names.get(places[0]) or self._copied(places[0], name).name
        name = self.reserve(name, (len(places), *shape))
        lines = [self.loops.zeros(name, size(shape) * len(places))]
        for k, place in enumerate(places):
            out = View(name, k * size(shape), strides(shape), shape, array=True)
            lines += self._stored(out, place)
        self.lines.append(Line(lines))
        return name
