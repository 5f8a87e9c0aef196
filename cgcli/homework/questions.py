"""The left side of an answer → what it asks for: a quantity, or an element of it."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from cgcli.calculus.result import unknown_node
from cgcli.errors import CgraphError, Place, excerpt, nearest, shorten
from cgcli.graph.graph import CONSTANT
from cgcli.homework.exercise import Exercise
from cgcli.homework.quantities import Quantity
from cgcli.homework.written import read_number, shape_of
from cgcli.language import syntax
from cgcli.language.answer import parse_answer
from cgcli.language.syntax import Entry, Expression
from cgcli.limits import Limits
from cgcli.operations.row import Shape
from cgcli.words import Math, Message

LIMITS: Final = Limits(depth=200)
_STEPS: Final = 2_000

Named: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""The nodes that may be meant, several of what stands several times, and which element of them."""
Asked: TypeAlias = tuple[Quantity, tuple[int, ...]]
"""A quantity, and which element of it."""


class Question:
    """The left side of an answer, and what it asks for."""

    def __init__(self, exercise: Exercise, text: str) -> None:
        self.exercise = exercise
        self.graph = exercise.graph
        self.text = text

    def asked(self, left: Expression) -> Asked:
        """Return what a left side asks for."""
        kind, payload, count, *_ = last = left[-1]
        if kind == syntax.INDEX and count == 1:
            quantity, outer = self.asked(left[:-1])
            if outer:
                hint = Message("write one index")
                raise self._error(Message("this is one number already"), hint, [last])
            shape = shape_of(self.exercise.truth(quantity))
            index = self._index(last)
            name = self.exercise.steps.text(quantity)
            return quantity, self._element(name, shape, index, last)
        if kind == syntax.ATTRIBUTE:
            if payload != "grad":
                message = Message("there is no '.{name}' on a sheet", name=Math(excerpt(payload)))
                raise self._error(message, Message("write x.grad, or dg/dx"), [last])
            return self._derivative(self.exercise.of, self._nodes(left[:-1]), None)
        if kind == syntax.OPERATION and payload == "div":
            over, under = _operands(left)
            of, by = _differential(over), _differential(under)
            if of and by and not self._is_program_text(over, under):
                above, element = self._nodes(of)
                if element:
                    raise self._error(Message("one element is differentiated at a time"), "", of)
                below = self._nodes(by)
                if len(above) > 1:
                    raise self._ambiguous(above, of)
                return self._derivative(above[0], below, by)
        nodes, element = self._nodes(left)
        meant = self.exercise.steps.meant.get(nodes[0], nodes[0]) if nodes[1:] else nodes[0]
        return Quantity(meant), element

    def _derivative(self, of: int, below: Named, by: Expression | None) -> Asked:
        """Return the derivative of one node by another."""
        nodes, element = below
        if len(nodes) > 1:
            raise self._ambiguous(nodes, by)
        node, graph = nodes[0], self.graph
        if not self.exercise.active[node]:
            name = excerpt(graph.names[node])
            message = Message(
                "'{name}' is a constant, and nothing differentiates by a constant", name=Math(name)
            )
            raise CgraphError("name", message, f"name it in a statement: c = {name}")
        quantity = Quantity(node, of)
        if not graph.shape(of):
            return quantity, element
        if node not in self.exercise.result.sources.values():
            message = Message("{name} is no single number", name=Math(excerpt(graph.names[of])))
            raise CgraphError("shape", message, Message("its derivatives are by the inputs only"))
        if element:
            shape = " × ".join(map(str, shape_of(self.exercise.truth(quantity))))
            message = Message("this derivative is a matrix of {shape} numbers", shape=Math(shape))
            raise self._error(message, Message("answer it as a list of rows"), None)
        return quantity, element

    def _is_program_text(self, over: Expression, under: Expression) -> bool:
        """Whether dg and dx are names of the program themselves."""
        single = len(over) == len(under) == 1 and over[0][0] == under[0][0] == syntax.NAME
        return single and all(self.graph.node(side[0][1]) is not None for side in (over, under))

    def _nodes(self, entries: Expression) -> Named:
        """Return the nodes that an expression stands for, and which element is meant."""
        if len(entries) == 1:
            kind, payload, *_ = entries[0]
            if kind == syntax.NAME:
                return (self._node(payload, payload, entries),), ()
            if kind == syntax.INDEX and payload.name:
                return self._indexed(entries[0])
        refuse_gradients(entries, self.text)
        node = self.exercise.add(entries, self.text)
        nodes = self.exercise.steps.classes.find(self.exercise.draft.graph, node)
        if self.exercise.draft.graph.operations[node] is CONSTANT:
            message = Message("a number is not a question")
            raise self._error(message, Message("the question stands first: p = 4"), entries)
        if not nodes:
            place = place_of(entries, self.text)
            written = self.text[place.start : place.end]
            steps = self.exercise.steps
            near = nearest(written, [steps.text(step) for step in steps.asked[:_STEPS]], 0.6)
            hint = Message("write a step as the program has it")
            hint = Message("did you mean '{name}'?", name=Math(near)) if near else hint
            message = Message("'{text}' is no step of the program", text=Math(shorten(written)))
            raise self._error(message, hint, entries)
        return tuple(nodes), ()

    def _indexed(self, entry: Entry) -> Named:
        """Return a member of a family, or an element of a vector or a matrix."""
        payload = entry[1]
        index = self._index(entry)
        name = f"{payload.name}[{', '.join(map(str, index))}]"
        node = self.graph.node(name)
        if node is not None:
            return (node,), ()
        node = self._node(payload.name, name, [entry])
        return (node,), self._element(payload.name, self.graph.shape(node), index, entry)

    def _node(self, name: str, written: str, entries: Expression) -> int:
        """Return a node by its name; raises `CgraphError` about what was written."""
        node = node_of(self.exercise, name)
        if node is None:
            error = unknown_node(self.graph, written)
            if re.fullmatch(r"[d∂]\w+", written) and "did you mean" not in error.hint:
                error.hint = Message("a derivative is written dg/dx")
            elif self.graph.node(name) is not None:
                error.hint = Message("an element is counted from 0")
            error.places = (place_of(entries, self.text),)
            raise error
        return node

    def _element(
        self, name: str, shape: Shape, index: tuple[int, ...], entry: Entry
    ) -> tuple[int, ...]:
        """Return an index counted from the front; raises `CgraphError` where nothing stands."""
        if len(index) == len(shape) and all(-n <= k < n for k, n in zip(index, shape, strict=True)):
            return tuple(k % n for k, n in zip(index, shape, strict=True))
        of = f"has the shape {' × '.join(map(str, shape))}" if shape else "is one number"
        element = f"{shorten(name)}[{', '.join(map(str, index))}]"
        message = f"there is no {element}: {shorten(name)} {of}"
        raise self._error(message, Message("an element is counted from 0"), [entry])

    def _index(self, entry: Entry) -> tuple[int, ...]:
        index = []
        for part in entry[1].indices:
            number = None if isinstance(part, syntax.Slice) else read_number(typed(part))
            if number is None or number.value % 1:
                raise self._error(Message("an index is a whole number"), "write h[2]", [entry])
            index.append(int(number.value))
        return tuple(index)

    def _ambiguous(self, nodes: tuple[int, ...], entries: Expression | None) -> CgraphError:
        names = " or ".join(excerpt(self.graph.names[node]) for node in nodes[:4])
        message = Message("this stands {count} times in the program", count=len(nodes))
        hint = Message("say which one is meant: {names}", names=Math(names))
        return self._error(message, hint, entries)

    def _error(self, message: str, hint: str, entries: Expression | None) -> CgraphError:
        """Return an error at some entries, or at all of the text."""
        place = place_of(entries, self.text) if entries else Place(self.text, 0, len(self.text))
        return CgraphError("name", message, hint, (place,))


def node_of(exercise: Exercise, name: str) -> int | None:
    """Return the node of a name.

    Of a vector v, v1 is an element and no operation, but where a step is called so on the sheet.
    """
    graph, stem = exercise.graph, name.rstrip("0123456789")
    node = graph.node(name)
    if node is None or name not in exercise.unnamed or exercise.steps.is_named(node):
        return node
    of = graph.node(stem) if stem != name else None
    return None if of is not None and graph.shape(of) else node


def asked(exercise: Exercise, left: str) -> tuple[Asked | None, CgraphError | None]:
    """Return what a left side asks for, else what is amiss with it, where that can be told."""
    try:
        answer = parse_answer(f"{left} =", LIMITS)
    except CgraphError:
        return None, None
    try:
        return answer and Question(exercise, left).asked(answer.left), None
    except CgraphError as error:
        return None, error
    finally:
        exercise.draft.undo()


def refuse_gradients(entries: Expression, text: str) -> None:
    """Raise `CgraphError` where a derivative stands in an expression that is to be computed."""
    for entry in entries:
        if entry[0] in (syntax.PARTIAL, syntax.ATTRIBUTE):
            message = Message("a derivative cannot stand in a formula")
            hint = Message("write a number, or a formula in the inputs and the steps: dg/dx = y*z")
            raise CgraphError("syntax", message, hint, (place_of([entry], text),))


def _operands(entries: Expression) -> tuple[Expression, Expression]:
    """Return the two operands of the operation that an expression ends with."""
    wanted, place = 1, len(entries) - 1
    while wanted:
        place -= 1
        wanted += entries[place][2] - 1
    return entries[:place], entries[place:-1]


def _differential(entries: Expression) -> Expression | None:
    """Return what stands behind the d of dx, d(x + y), dh[2] or ∂x; None for anything else."""
    kind, payload, count, start, end = entries[-1]
    if kind == syntax.PARTIAL or (kind == syntax.CALL and payload == "d" and count == 1):
        return entries[:-1]
    if kind == syntax.NAME and len(entries) == 1 and payload[0] == "d" and len(payload) > 1:
        return [(syntax.NAME, payload[1:], 0, start + 1, end)]
    if kind == syntax.INDEX and payload.name[:1] == "d" and len(payload.name) > 1:
        return [(syntax.INDEX, payload._replace(name=payload.name[1:]), 0, start + 1, end)]
    return None


def place_of(entries: Expression, text: str) -> Place:
    """Return where entries stand in a text."""
    return Place(text, min(entry[3] for entry in entries), max(entry[4] for entry in entries))


def typed(entries: Expression) -> str:
    """Return a number as it was typed, with its sign; nothing for what is more than that."""
    if entries[0][0] != syntax.NUMBER or len(entries) > 2:
        return ""
    sign = {"neg": "-", "pos": "+"}.get(str(entries[-1][1]), "")
    return f"{sign}{entries[0][1]}" if sign or len(entries) == 1 else ""
