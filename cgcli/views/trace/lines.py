"""Steps → lines of equalities and words, which each format prints its own way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from cgcli.calculus.explain import Contribution, Differentiated, Explanation, Gradient
from cgcli.calculus.local import Formula
from cgcli.calculus.notes import Note
from cgcli.graph.text import write
from cgcli.operations.row import LEVELS
from cgcli.operations.shapes import describe, size
from cgcli.operations.table import OPERATIONS
from cgcli.views.trace.signs import Signs
from cgcli.words import Math, Message

__all__ = ["Line", "Lines", "Shown"]

_ATOM: Final = LEVELS["atom"]
# A negative number is put in brackets wherever it is not the first thing written.
_NEGATIVE: Final = LEVELS["sum"]
_LONGEST: Final = 48
_TERMS: Final = 6
_ELEMENTS: Final = 16


class Shown(NamedTuple):
    """What is shown: which passes, with which numbers left blank, to how many digits."""

    forward: bool = True
    backward: bool = True
    values: bool = True
    gradients: bool = True
    digits: int = 6


class Line(NamedTuple):
    """A line: what its sides are equal to, a label in words before, conditions and words after.

    `kind` is one of heading, given, forward, start, backward, sum, local, pullback, chain,
    part, nothing, gradient, entry, note, words. A line of a new step has its number.
    """

    kind: str
    label: Message | str = ""
    sides: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    aside: Message | str = ""
    number: int = 0


class Lines:
    """The lines of an explanation, in one way of writing."""

    def __init__(self, explanation: Explanation, signs: Signs, shown: Shown) -> None:
        self.explanation = explanation
        self.result = explanation.result
        self.graph = explanation.graph
        self.signs = signs
        self.shown = shown
        self.number = 0

    def __iter__(self) -> Iterator[Line]:
        """Return the lines, each made when it is asked for."""
        yield from self._given()
        if self.shown.forward:
            yield from self._forward()
        if self.shown.backward:
            yield from self._backward()

    # What is given, and the forward pass

    def _given(self) -> Iterator[Line]:
        heading = Line("heading", Message("Given"))
        for node in self.explanation.inputs():
            if heading:
                yield heading
                heading = None  # type: ignore[assignment]  # it is said once
            shape = self.graph.shape(node)
            aside = describe(shape) if shape else ""
            sides = self._name(node), self._value(self.result.values[node], known=True)
            yield Line("given", sides=sides, aside=aside)

    def _forward(self) -> Iterator[Line]:
        yield Line("heading", Message("Forward: the value of each operation"))
        nothing = True
        for node in self.explanation.forward():
            nothing = False
            self.number += 1
            value = self._value(self.result.values[node])
            sides = [self._name(node), self._formula(node)]
            if self.shown.values:
                sides += self._substituted(node)
            shape = self.graph.shape(node)
            yield Line(
                "forward",
                sides=_distinct([*sides, value]),
                conditions=self._turn(node),
                aside=describe(shape) if shape else "",
                number=self.number,
            )
            yield from self._notes(node, forward=True)
        if nothing:
            yield Line("words", Message("no value is needed for it"))

    # The backward pass

    def _backward(self) -> Iterator[Line]:
        result, output = self.result, self.result.of
        if result.gradients is None:
            yield from self._jacobian()
            return
        if not result.sources and self.explanation.only is None:
            yield Line("heading", Message("Backward"))
            yield Line("words", Message("there are no inputs to differentiate by"))
            return
        yield Line("heading", Message("Backward: local derivatives, and the chain rule"))
        yield Line("start", sides=(self._gradient(output), self._number(1.0, True)))
        for step in self.explanation.backward():
            yield from self._differentiated(step)
        yield Line("heading", Message("The gradient of {f}", f=Math(self._name(output))))
        gradients = []
        for gradient in self.explanation.gradients():
            gradients.append((gradient.node, gradient.value))
            yield from self._collected(gradient)
        if self.shown.gradients:
            meaning = self._meaning(gradients)
            if meaning:
                yield Line("words", meaning)

    def _differentiated(self, step: Differentiated) -> Iterator[Line]:
        node = step.node
        self.number += 1
        yield Line(
            "backward",
            sides=_distinct([self._name(node), self._formula(node)]),
            conditions=self._turn(node),
            aside=self._shapes(node),
            number=self.number,
        )
        if len(step.received) > 1:
            yield self._sum(node, step.received, step.upstream)
        yield from self._notes(node, forward=False)
        for contribution in step.contributions:
            yield from self._contribution(contribution)

    def _sum(self, node: int, received: list[Contribution], total: Any) -> Line:
        """Say what a node's gradient is the sum of, each part named by its use."""
        terms = ""
        sides = [self._gradient(node)]
        if len(received) <= _TERMS:
            terms = ", ".join(self._use(each) for each in received)
            if self.shown.gradients and self._is_short(*(each.sent for each in received)):
                first, *rest = (self._leaf(each.sent, gradient=True) for each in received)
                plus = (self._in_brackets(text, level, _NEGATIVE + 1) for text, level in rest)
                sides.append(" + ".join([first[0], *plus]))
        sides.append(self._grad(total))
        aside: Message | str = Message("from its {count} uses", count=len(received))
        if terms:
            aside = Message("from {uses}", uses=Math(terms))
        return Line("sum", Message("sum"), _distinct(sides), aside=aside)

    def _contribution(self, one: Contribution) -> Iterator[Line]:
        target = self._gradient(one.argument)
        if one.sent is None:
            why = Message("nothing goes to {gradient}", gradient=Math(target))
            if one.formula is not None:
                why = Message("{what}: this branch is not taken", what=why)
            yield Line("nothing", why)
            return
        upstream = self._gradient(one.node)
        sides: list[str] = []
        if one.formula is None:
            words = self._pullback(one)
            yield Line("pullback", Message("pullback"), aside=words)
        else:
            local = self._formula_of(one.formula)
            ratio = self.signs.ratio(self._name(one.node), self._name(one.argument))
            sides = [ratio, local]
            # A derivative that is a number needs no second one, and no blank either.
            if self._number(one.partial, True) != local:
                sides.append(self._number(one.partial, self.shown.values and self.shown.gradients))
            yield Line(
                "local",
                Message("local"),
                tuple(sides),
                conditions=self._reasons(one.formula),
            )
            sides = []
            factor = local if len(local) <= _LONGEST else ratio
            level = self._level(one.formula) if factor is local else _ATOM
            factor = self._in_brackets(factor, level, LEVELS["product"] + 1)
            sides.append(self._spread(one, f"{upstream}{self.signs.times}{factor}"))
            sides += self._product(one)
        kind, label = "chain", Message("chain")
        if one.shared:
            kind, label = "part", Message("part of {gradient}", gradient=Math(target))
        else:
            sides.insert(0, target)
        shape = self.graph.shape(one.argument)
        yield Line(
            kind,
            label,
            _distinct([*sides, self._grad(one.sent)]),
            aside=describe(shape) if shape and one.formula is None else "",
        )

    def _product(self, one: Contribution) -> list[str]:
        """Return upstream times local in numbers, where they are few and nothing was cut off."""
        upstream = self.result.grad(one.node)
        special = one.node in self.result.faults or one.node in self.result.masks
        if not self.shown.gradients or special or not self._is_short(upstream, one.partial):
            return []
        left = self._leaf(upstream, gradient=True)
        right = self._leaf(one.partial)
        product = LEVELS["product"]
        text = self.signs.times.join(
            [self._in_brackets(*left, product), self._in_brackets(*right, product + 1)]
        )
        return [self._spread(one, text)]

    def _spread(self, one: Contribution, product: str) -> str:
        """Return a product summed, where the argument was spread over more elements than it has."""
        graph = self.graph
        shape, own = graph.shape(one.node), graph.shape(one.argument)
        if shape == own:
            return product
        rows: tuple[int, ...] = ()
        if len(own) == 1 and len(shape) == 2:
            rows = (0,)
        elif len(own) == 2 and own != shape:
            rows = (0,) if own[0] == 1 != shape[0] else (1,)
        return "".join(
            piece if isinstance(piece, str) else product
            for piece in self.signs.notation.pieces(OPERATIONS["sum"], 1, rows)
        )

    def _pullback(self, one: Contribution) -> Message:
        operation = self.graph.operations[one.node]
        names = dict(zip(operation.parameters, self.graph.arguments[one.node], strict=False))
        values = {name: Math(self._name(node)) for name, node in names.items()}
        return Message(
            one.words,
            **values,
            y=Math(self._name(one.node)),
            upstream=Math(self._gradient(one.node)),
        )

    def _collected(self, gradient: Gradient) -> Iterator[Line]:
        node = gradient.node
        aside: Message | str = ""
        several = len(gradient.received) > 1
        if several:
            aside = Message("the sum of {count} contributions", count=len(gradient.received))
        elif self.result.gradients is not None and self.result.gradients[node] is None:
            aside = Message("{f} does not depend on it", f=Math(self._name(self.result.of)))
        sides = self._gradient(node), self._grad(gradient.value)
        yield Line("gradient", sides=sides, aside=aside)
        if several:
            for each in gradient.received:
                yield Line("entry", Math(self._use(each)), sides=(self._grad(each.sent),))
        if not self.graph.arguments[node]:
            yield from self._notes(node, forward=False)

    def _jacobian(self) -> Iterator[Line]:
        result = self.result
        yield Line("heading", Message("The Jacobian of {f}", f=Math(self._name(result.of))))
        yield Line(
            "words",
            Message(
                "{f} is {shape}, with a backward pass for each element; to follow one, end the "
                "program with a number, such as one element or a sum",
                f=Math(self._name(result.of)),
                shape=describe(self.graph.shape(result.of)),
            ),
        )
        for name, jacobian in (result.jacobian or {}).items():
            ratio = self.signs.ratio(self._name(result.of), self.signs.name(name))
            value: Any = jacobian if self.shown.gradients else None
            if value is not None and value.ndim > 2:
                aside = Message("of shape {shape}", shape=" × ".join(map(str, value.shape)))
                yield Line("gradient", sides=(ratio,), aside=aside)
            else:
                yield Line("gradient", sides=(ratio, self._grad(value)))

    def _meaning(self, gradients: list[tuple[int, Any]]) -> Message | None:
        """Say what the first gradient that is a number and not 0 means."""
        by_convention = any(note.kind == "kink" for note in self.result.notes)
        for node, value in gradients:
            element, slope = _first(value)
            if slope is None:
                continue
            name = self.signs.name(f"{self.graph.names[node]}{element}")
            message = Message(
                "Moving {x} up by a little moves {f} by {slope} times as much.",
                x=Math(name),
                f=Math(self._name(self.result.of)),
                slope=Math(self.signs.value(slope, self.shown.digits)),
            )
            if by_convention:
                message = Message(
                    "{what} At a kink that is the convention's word: see the note.", what=message
                )
            return message
        return None

    # Parts of lines

    def _name(self, node: int) -> str:
        literal = self.graph.literals.get(node)
        if literal is not None and node not in self.graph.given:
            return self.signs.number(literal)
        return self.signs.name(self.graph.names[node])

    def _gradient(self, node: int) -> str:
        return self.signs.ratio(self._name(self.result.of), self._name(node))

    def _formula(self, node: int) -> str:
        def leaf(place: int) -> tuple[str, int]:
            name = self._name(place)
            return name, _NEGATIVE if name.startswith("-") else _ATOM

        return write(self.graph, node, leaf, self.signs.notation)

    def _substituted(self, node: int) -> list[str]:
        """Return the formula with values for names, where they are few."""
        values = self.result.values
        if not self._is_short(*(values[a] for a in self.graph.arguments[node])):
            return []
        return [
            write(self.graph, node, lambda place: self._leaf(values[place]), self.signs.notation)
        ]

    def _formula_of(self, formula: Formula, node: int | None = None) -> str:
        small = formula.graph

        def leaf(place: int) -> tuple[str, int] | None:
            if place in formula.names:
                name = self._name(formula.names[place])
                return name, _NEGATIVE if name.startswith("-") else _ATOM
            if small.arguments[place]:
                return None
            return self.signs.number(small.literals[place]), _ATOM

        root = formula.node if node is None else node
        return write(small, root, leaf, self.signs.notation)

    def _level(self, formula: Formula) -> int:
        small = formula.graph
        if not small.arguments[formula.node]:
            return _ATOM
        level = self.signs.notation.level(small.operations[formula.node])
        return _NEGATIVE if level == LEVELS["sign"] else level

    def _reasons(self, formula: Formula) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._formula_of(formula, each) for each in formula.reasons))

    def _turn(self, node: int) -> tuple[str, ...]:
        return tuple(
            f"{self.signs.name(variable)} = {value}"
            for variable, value in self.graph.turns.of(node)
        )

    def _use(self, one: Contribution) -> str:
        """Name a use: by its node, its turn, and its place where a node is used twice in one."""
        name = self._name(one.node)
        where = list(self._turn(one.node))
        arguments = self.graph.arguments[one.node]
        if arguments.count(one.argument) > 1:
            where.append(
                f"#{one.place + 1}" if self.signs.blank[0] == "_" else rf"\#{one.place + 1}"
            )
        return f"{name} ({', '.join(where)})" if where else name

    def _shapes(self, node: int) -> Message | str:
        graph = self.graph
        if node not in graph.tensors:
            return ""
        shapes = [_short(graph.shape(argument)) for argument in graph.arguments[node]]
        inner = ", ".join(shapes) if len(shapes) <= 3 else f"{shapes[0]}, …, {shapes[-1]}"
        return Message(
            "shapes {arguments} to {result}", arguments=inner, result=_short(graph.shape(node))
        )

    def _notes(self, node: int, forward: bool) -> Iterator[Line]:
        for note in self.result.notes_by_node.get(node, []):
            if self._is_forward(node, note) == forward:
                yield Line("note", Message(note.kind), aside=note.message)
                convention = self.graph.operations[node].convention
                if note.kind == "kink" and convention:
                    yield Line("note", Message("convention"), aside=Message(convention))

    def _is_forward(self, node: int, note: Note) -> bool:
        if note.kind != "overflow":
            return note.kind == "domain"
        value = self.result.values[node]
        finite = value - value == 0
        return not (finite if isinstance(finite, bool) else bool(finite.all()))

    # Numbers

    def _number(self, value: Any, visible: bool) -> str:
        return self.signs.value(value if visible else None, self.shown.digits)

    def _value(self, value: Any, known: bool = False) -> str:
        return self._number(value, known or self.shown.values)

    def _grad(self, value: Any) -> str:
        return self._number(value, self.shown.gradients)

    def _leaf(self, value: Any, gradient: bool = False) -> tuple[str, int]:
        text = self._grad(value) if gradient else self._value(value)
        return text, _NEGATIVE if text.startswith("-") else _ATOM

    def _in_brackets(self, text: str, level: int, wanted: int) -> str:
        return text if level >= wanted else self.signs.brackets(text)

    def _is_short(self, *values: Any) -> bool:
        return all(size(getattr(value, "shape", ())) <= _ELEMENTS for value in values)


def _distinct(sides: list[str]) -> tuple[str, ...]:
    """Return the sides of an equality without the same one twice in a row."""
    return tuple(side for k, side in enumerate(sides) if not k or side != sides[k - 1])


def _short(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "1"


def _first(value: Any) -> tuple[str, float | None]:
    """Return which element of a gradient speaks for it, and the element: the greatest."""
    if value is None:
        return "", None
    if not getattr(value, "shape", ()):
        number = float(value)
        return "", number if number - number == 0 and number else None
    import numpy as np

    if not np.isfinite(value).all() or not value.any():
        return "", None
    place = np.unravel_index(int(np.abs(value).argmax()), value.shape)
    return f"[{', '.join(str(int(i)) for i in place)}]", float(value[place])
