"""Steps → lines of equalities and words, which each format prints its own way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cgcli.calculus.explain import Explanation, Gradient
from cgcli.calculus.kind import Kind
from cgcli.calculus.notes import Note
from cgcli.numbers.elements import elements
from cgcli.numbers.values import is_finite
from cgcli.operations.shapes import describe
from cgcli.views.signs import Signs
from cgcli.views.trace.chain import Chain, Line, distinct
from cgcli.views.trace.writing import Shown
from cgcli.words import Math, Message, joined


class Lines(Chain):
    """The lines of an explanation, in one way of writing."""

    def __init__(self, explanation: Explanation, signs: Signs, shown: Shown) -> None:
        super().__init__(explanation.result, signs, shown)
        self.explanation = explanation
        self._count = 0

    def __iter__(self) -> Iterator[Line]:
        """Return the lines, each made when it is asked for."""
        yield from self._given()
        if self.shown.forward:
            yield from self._forward()
        if self.shown.backward:
            yield from self._backward()

    @property
    def _output(self) -> Math:
        return Math(self.name(self.result.of))

    # What is given, and the forward pass

    def _given(self) -> Iterator[Line]:
        for k, node in enumerate(self.explanation.inputs()):
            if not k:
                yield Line("heading", Message("Given"))
            sides = self.name(node), self.value(self.result.values[node], known=True)
            yield Line("given", sides=sides, aside=self.shape(node), node=node)

    def _forward(self) -> Iterator[Line]:
        yield Line("heading", Message("Forward: the value of each operation"))
        for node in self.explanation.forward():
            substituted = self.substituted(node) if self.shown.values else []
            sides = [*substituted, self.value(self.result.values[node])]
            yield self._step("forward", node, sides, self.shape(node))
            yield from self._notes(node, forward=True)
        if not self._count:
            yield Line("words", Message("no value is needed for it"))

    def _step(self, kind: str, node: int, sides: list[str], aside: Message | str) -> Line:
        """Return the line that a step begins with: a node is what it is computed as."""
        self._count += 1
        equality = distinct([self.name(node), self.formula(node), *sides])
        return Line(kind, "", equality, self.turn(node), aside, self._count, node)

    # The backward pass

    def _backward(self) -> Iterator[Line]:
        if self.result.gradients is None:
            yield from self._jacobian()
            return
        if not self.result.sources and self.explanation.only is None:
            yield Line("heading", Message("Backward"))
            yield Line("words", Message("there are no inputs to differentiate by"))
            return
        yield Line("heading", Message("Backward: local derivatives, and the chain rule"))
        yield Line("start", sides=(self.gradient(self.result.of), self.number(1.0, True)))
        for step in self.explanation.backward():
            yield self._step("backward", step.node, [], self._rule(step.node))
            if len(step.received) > 1:
                yield self.total(step.node, step.received, step.upstream)
            yield from self._notes(step.node, forward=False)
            for contribution in step.contributions:
                yield from self.contribution(contribution)
        yield Line("heading", Message("The gradient of {f}", f=self._output))
        gradients = list(self.explanation.gradients())
        for gradient in gradients:
            yield from self._collected(gradient)
        if self.shown.gradients and (meaning := self._meaning(gradients)):
            yield Line("words", meaning)

    def _collected(self, gradient: Gradient) -> Iterator[Line]:
        node = gradient.node
        aside: Message | str = ""
        several = len(gradient.received) > 1
        if several:
            aside = Message("the sum of {count} contributions", count=len(gradient.received))
        elif self.result.gradients is not None and self.result.gradients[node] is None:
            aside = Message("{f} does not depend on it", f=self._output)
        value = gradient.value if self.shown.gradients else None
        number = self.signs.with_decimal(value, self.shown.digits)
        sides = [self.gradient(node), *self.terms(gradient.received), number]
        yield Line("gradient", sides=distinct(sides), aside=aside, node=node)
        if several:
            for part in gradient.received:
                yield Line("entry", self.through(part), (self.product(part), self.grad(part.sent)))
        if not self.graph.arguments[node]:
            yield from self._notes(node, forward=False)

    def _jacobian(self) -> Iterator[Line]:
        yield Line("heading", Message("The Jacobian of {f}", f=self._output))
        why = Message(
            "{f} is {shape}, with a backward pass for each element; to follow one, end the "
            "program with a number, such as one element or a sum",
            f=self._output,
            shape=describe(self.graph.shape(self.result.of)),
        )
        yield Line("words", why)
        for name, jacobian in self.explanation.jacobian().items():
            ratio = self.signs.ratio(self._output, self.named(name))
            if self.shown.gradients and jacobian.ndim > 2:
                aside = Message("of shape {shape}", shape=" × ".join(map(str, jacobian.shape)))
                yield Line("gradient", sides=(ratio,), aside=aside)
            else:
                yield Line("gradient", sides=(ratio, self.grad(jacobian)))

    def _meaning(self, gradients: list[Gradient]) -> Message | None:
        """Say what the first gradient that is a number and not 0 means."""
        if any(note.kind == "kink" for note in self.result.notes):
            # What the convention gives is no slope: both sides are told in the note.
            return None
        for gradient in gradients:
            element, slope = _first(gradient.value, self.result.kind)
            if slope is not None:
                return Message(
                    "Moving {x} up by a little moves {f} by {slope} times as much.",
                    x=Math(f"{self.name(gradient.node)}{self.signs.element(element)}"),
                    f=self._output,
                    slope=Math(self.grad(slope)),
                )
        return None

    def _rule(self, node: int) -> Message | str:
        """Return what the rule is called that a node is differentiated by, and arrays' shapes."""
        operation, arguments = self.graph.operations[node], self.graph.arguments[node]
        varying = [k for k, argument in enumerate(arguments) if self.result.active[argument]]
        said = [self._shapes(node)] if node in self.graph.tensors else []
        if operation.rules and varying:
            alone = varying[0] + 1 if len(varying) == 1 < len(operation.rules) else 0
            said.insert(0, Message(operation.rules[alone], name=operation.name))
        return joined(said) if said else ""

    def _shapes(self, node: int) -> Message:
        *shapes, result = (
            "×".join(map(str, self.graph.shape(place))) or "1"
            for place in (*self.graph.arguments[node], node)
        )
        inner = ", ".join(shapes) if len(shapes) <= 3 else f"{shapes[0]}, …, {shapes[-1]}"
        return Message("shapes {arguments} to {result}", arguments=inner, result=result)

    def _notes(self, node: int, forward: bool) -> Iterator[Line]:
        if not forward and node in self.result.trail.faults:
            why = Message("outside its domain, what goes through it is never finite")
            yield Line("note", Message("domain"), aside=why)
        for note in self.result.notes_by_node.get(node, []):
            if self._is_forward(node, note) == forward or not self.shown.forward:
                yield Line("note", Message(note.kind), aside=self.note(note))
                convention = self.graph.operations[node].convention
                if note.kind == "kink" and convention and self._is_conventional(node):
                    yield Line("note", Message("convention"), aside=Message(convention))

    def _is_conventional(self, node: int) -> bool:
        """Whether a convention may have decided a derivative: an infinite one it never does."""
        active, arguments = self.result.active, self.graph.arguments[node]
        places = [place for place, argument in enumerate(arguments) if active[argument]]
        if not places or not self.graph.operations[node].elementwise:
            return True
        return any(is_finite(self.explanation.partial(node, place)) for place in places)

    def _is_forward(self, node: int, note: Note) -> bool:
        gradients = self.result.gradients
        if note.kind == "kink" and (gradients is None or gradients[node] is None):
            # A condition has no step backward.
            return True
        if note.kind == "overflow":
            return not is_finite(self.result.values[node])
        return note.kind in ("domain", "inexact", "underflow")


def _first(value: Any, kind: Kind) -> tuple[str, Any]:
    """Return which element of a gradient speaks for it, and the element: the greatest."""
    parts = elements(value)
    sizes = [abs(kind.doubles(part)) for part in parts if part is not None]
    if not any(sizes) or not all(map(is_finite, sizes)):
        return "", None
    place = sizes.index(max(sizes))
    if not getattr(value, "shape", ()):
        return "", value
    import numpy as np

    index = np.unravel_index(place, value.shape)
    return f"[{', '.join(map(str, map(int, index)))}]", kind.plain(parts[place])
