"""A line of a sheet → an answer: which quantity is meant, and what was written for it."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from cgcli.calculus.kind import Kind
from cgcli.errors import CgraphError, Place, excerpt, shorten
from cgcli.graph.graph import CONSTANT
from cgcli.homework.exercise import Exercise
from cgcli.homework.quantities import Quantity
from cgcli.homework.sheets import Line, Sheet
from cgcli.homework.written import Written, exact, read_number, shape_of
from cgcli.language.answer import parse_answer
from cgcli.language.reader import normalise
from cgcli.language.syntax import (
    ATTRIBUTE,
    CALL,
    INDEX,
    LIST,
    NAME,
    NUMBER,
    OPERATION,
    PARTIAL,
    Entry,
    Expression,
)
from cgcli.limits import Limits
from cgcli.numbers.values import is_finite
from cgcli.operations.row import Shape

__all__ = ["Answer", "Answers", "Formula", "Unreadable", "read_answers"]

_LIMITS: Final = Limits(depth=200)
_SCIENTIFIC: Final = re.compile(
    r"\(?([-+]?[0-9.]+)\)? *\* *10 *(?:\^|\*\*) *\(?([-+]?[0-9]{1,4})\)?", re.ASCII
)


class Formula(NamedTuple):
    """An answer as a formula in the program's names, with the text that it stands in."""

    expression: Expression
    text: str


class Answer(NamedTuple):
    """An answer that was understood: to a quantity, or to one element of it.

    `nodes` are all that the left side may mean: an expression may stand several times.
    """

    line: int
    text: str
    quantity: Quantity
    element: tuple[int, ...]
    nodes: tuple[int, ...]
    written: Written | None
    formula: Formula | None


class Unreadable(NamedTuple):
    """A line that was not understood, and why."""

    line: int
    text: str
    error: CgraphError


class Answers(NamedTuple):
    """What a sheet holds: its answers in the order of working, and what could not be read."""

    answers: list[Answer]
    unreadable: list[Unreadable]


def read_answers(exercise: Exercise, sheet: Sheet) -> Answers:
    """Return what is understood of a sheet; a line that is not spoils no other."""
    found: dict[Any, list[Answer]] = {}
    unreadable: list[Unreadable] = []
    for line in sheet.lines:
        try:
            answer = read_answer(exercise, line)
        except CgraphError as error:
            unreadable.append(Unreadable(line.number, line.text, error))
            continue
        if answer is not None:
            key = (answer.quantity, answer.element, answer.formula is None)
            found.setdefault(key, []).append(answer)
    answers: list[Answer] = []
    for several in found.values():
        if len(several) > 1 and not _agree(several):
            name = exercise.steps.text(several[0].quantity, several[0].element)
            repeated = CgraphError(
                "usage",
                f"{shorten(name)} is answered {len(several)} times, and not alike",
                "leave one answer and cross the others out with #",
            )
            unreadable += [Unreadable(each.line, each.text, repeated) for each in several]
            continue
        # Of the same number written twice the one with more digits is taken.
        answers.append(max(several, key=_digits))
    place = exercise.steps.place
    answers.sort(key=lambda answer: (place(answer.quantity), answer.element, not answer.formula))
    unreadable.sort(key=lambda each: (each.line, each.text))
    return Answers(answers, unreadable)


def _digits(answer: Answer) -> tuple[float, str]:
    if answer.written is None:
        return 0.0, answer.text
    digits = answer.written.digits
    return float(digits.sum() if answer.written.shape else digits), answer.text


def _agree(answers: list[Answer]) -> bool:
    """Whether answers to one question are the same number, or the same formula."""
    best = max(answers, key=_digits)
    if best.written is None:
        return len({each.text.partition("=")[2].strip() for each in answers}) == 1
    value = best.written.value
    return all(each.written is not None and each.written.is_rounding(value) for each in answers)


def read_answer(exercise: Exercise, line: Line) -> Answer | None:
    """Return the answer of a line, None for a question left blank; raises `CgraphError`.

    >>> import cgcli
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> exercise = Exercise(program, program.evaluate(x=1, y=3, z=-3))
    >>> read_answer(exercise, Line(1, "dg/d(x+y) = -3.0")).quantity
    Quantity(node=2, of=4)
    """
    if line.trouble:
        raise CgraphError("limit", line.trouble, "write shorter answers, one a line")
    text = line.text
    try:
        syntax = parse_answer(text, _LIMITS)
    except CgraphError as error:
        raise _on_a_sheet(error, text) from None
    if syntax is None:
        return None
    if not syntax.equals:
        names = len(syntax.left) == 3 and syntax.left[-1][1] == "eq"
        hint = "write one =" if names else f"write {shorten(text.strip())} = and the answer"
        place = Place(text, len(text.rstrip()), len(text.rstrip()))
        raise CgraphError("syntax", "there is no answer here: no '='", hint, (place,))
    try:
        target = _Target(exercise, text)
        quantity, element, nodes = target.quantity(syntax.left)
        if syntax.right is None:
            return None
        written, formula = read_right(exercise, syntax.right, text)
    finally:
        exercise.draft.undo()
    return Answer(line.number, text, quantity, element, nodes, written, formula)


def _on_a_sheet(error: CgraphError, text: str) -> CgraphError:
    """Say what is written on a sheet where a hint of the language would lead astray."""
    if re.match(r"\s*[d∂]\s+\w+\s*/", text):
        error.hint = "write a derivative without blanks: dg/dx"
    elif re.search(r"['′]\s*(\(|=)", text):
        error.hint = "write a derivative as dg/dx"
    elif "':'" in error.message:
        error.hint = "write = between the question and the answer"
    elif "=" not in text:
        error.hint = "an answer is written name = number, or dg/dx = number"
    elif error.message.startswith("a second '='"):
        error.hint = "write the result alone: one question, one '=', one answer"
    return error


class _Target:
    """The left side of an answer, and what it asks for."""

    def __init__(self, exercise: Exercise, text: str) -> None:
        self.exercise = exercise
        self.graph = exercise.graph
        self.text = text

    def quantity(self, left: Expression) -> tuple[Quantity, tuple[int, ...], tuple[int, ...]]:
        """Return the quantity, which element of it, and the nodes it may be about."""
        kind, payload, count, start, end = left[-1]
        if kind == INDEX and count == 1:
            found, outer, nodes = self.quantity(left[:-1])
            if outer:
                raise self._error("this is one number already", "write one index", start, end)
            shape = shape_of(self.exercise.truth(found))
            index = self._index(payload.indices, start, end)
            name = self.exercise.steps.text(found)
            return found, self._element(name, shape, index, start, end), nodes
        if kind == ATTRIBUTE:
            if payload != "grad":
                message = f"there is no '.{excerpt(payload)}' on a sheet"
                raise self._error(message, "write x.grad, or dg/dx", start, end)
            nodes, element = self._nodes(left[:-1])
            return self._whole((self._derivative(self.exercise.of, nodes), element, nodes))
        if kind == OPERATION and payload == "div":
            over, under = _operands(left)
            of, by = _differential(over), _differential(under)
            if of and by and not self._is_program_text(over, under):
                return self._quotient(of, by)
        nodes, element = self._nodes(left)
        return Quantity(nodes[0]), element, nodes

    def _whole(
        self, found: tuple[Quantity, tuple[int, ...], tuple[int, ...]]
    ) -> tuple[Quantity, tuple[int, ...], tuple[int, ...]]:
        """Return a quantity and its element, which may not be a part of a Jacobian."""
        quantity, element, _ = found
        if element and quantity.of >= 0 and self.graph.shape(quantity.of):
            shape = " × ".join(map(str, shape_of(self.exercise.truth(quantity))))
            message = f"this derivative is a matrix of {shape} numbers"
            raise self._error(message, "answer it as a list of rows", 0, len(self.text))
        return found

    def _quotient(
        self, of: Expression, by: Expression
    ) -> tuple[Quantity, tuple[int, ...], tuple[int, ...]]:
        above, element = self._nodes(of)
        if element:
            start, end = _span(of)
            raise self._error("one element is differentiated at a time", "", start, end)
        nodes, element = self._nodes(by)
        if len(above) > 1:
            raise self._ambiguous(above, of)
        return self._whole((self._derivative(above[0], nodes, by), element, nodes))

    def _derivative(
        self, of: int, nodes: tuple[int, ...], by: Expression | None = None
    ) -> Quantity:
        if len(nodes) > 1:
            raise self._ambiguous(nodes, by)
        node = nodes[0]
        graph = self.graph
        if not self.exercise.active[node]:
            name = excerpt(graph.names[node])
            message = f"'{name}' is a constant, and nothing differentiates by a constant"
            raise CgraphError("name", message, f"name it in a statement: c = {name}")
        if graph.shape(of) and node not in self.exercise.result.sources.values():
            message = f"{excerpt(graph.names[of])} is no single number"
            raise CgraphError("shape", message, "its derivatives are by the inputs only")
        return Quantity(node, of)

    def _is_program_text(self, over: Expression, under: Expression) -> bool:
        """Whether dg and dx are names of the program themselves."""
        single = len(over) == len(under) == 1 and over[0][0] == under[0][0] == NAME
        return single and all(self.graph.node(each[0][1]) is not None for each in (over, under))

    def _nodes(self, entries: Expression) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the nodes that an expression stands for, and which element is meant."""
        graph = self.graph
        if len(entries) == 1:
            kind, payload, _, start, end = entries[0]
            if kind == NAME:
                node = graph.node(payload)
                if node is None:
                    raise self._unknown(payload, start, end)
                return (node,), ()
            if kind == INDEX and payload.name:
                return self._indexed(entries[0])
        _refuse_gradients(entries, self.text)
        node = self.exercise.add(entries, self.text)
        found = self.exercise.steps.classes.find(self.exercise.draft.graph, node)
        start, end = _span(entries)
        if self.exercise.draft.graph.operations[node] is CONSTANT:
            message = "a number is not a question"
            raise self._error(message, "the question stands first: p = 4", start, end)
        if not found:
            written = self.text[start:end]
            near = self.exercise.nearest(written)
            hint = f"did you mean '{near}'?" if near else "write a step as the program has it"
            message = f"'{shorten(written)}' is no step of the program"
            raise self._error(message, hint, start, end)
        return tuple(found), ()

    def _indexed(self, entry: Entry) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return a member of a family, or an element of a vector or a matrix."""
        _, payload, _, start, end = entry
        index = self._index(payload.indices, start, end)
        name = f"{payload.name}[{', '.join(map(str, index))}]"
        node = self.graph.node(name)
        if node is not None:
            return (node,), ()
        node = self.graph.node(payload.name)
        if node is None:
            raise self._unknown(name, start, end)
        return (node,), self._element(payload.name, self.graph.shape(node), index, start, end)

    def _element(
        self, name: str, shape: Shape, index: tuple[int, ...], start: int, end: int
    ) -> tuple[int, ...]:
        """Return an index counted from the front; raises `CgraphError` where nothing stands."""
        if len(index) == len(shape) and all(-n <= k < n for k, n in zip(index, shape, strict=True)):
            return tuple(k % n for k, n in zip(index, shape, strict=True))
        of = f"has the shape {' × '.join(map(str, shape))}" if shape else "is one number"
        element = f"{shorten(name)}[{', '.join(map(str, index))}]"
        message = f"there is no {element}: {shorten(name)} {of}"
        raise self._error(message, "an element is counted from 0", start, end)

    def _index(self, indices: tuple[Expression, ...], start: int, end: int) -> tuple[int, ...]:
        found = []
        for part in indices:
            number = read_number(_sign(part) + str(part[0][1])) if part[0][0] == NUMBER else None
            if number is None or len(part) > 2 or number.value != int(number.value):
                raise self._error("an index is a whole number", "write h[2]", start, end)
            found.append(int(number.value))
        return tuple(found)

    def _unknown(self, name: str, start: int, end: int) -> CgraphError:
        error = self.exercise.unknown(name)
        if re.fullmatch(r"[d∂]\w+", name) and "did you mean" not in error.hint:
            error.hint = "a derivative is written dg/dx"
        error.places = (Place(self.text, start, end),)
        return error

    def _ambiguous(self, nodes: tuple[int, ...], entries: Expression | None) -> CgraphError:
        start, end = _span(entries) if entries else (0, len(self.text))
        names = " or ".join(excerpt(self.graph.names[node]) for node in nodes[:4])
        message = f"this stands {len(nodes)} times in the program"
        return self._error(message, f"say which one is meant: {names}", start, end)

    def _error(self, message: str, hint: str, start: int, end: int) -> CgraphError:
        return CgraphError("name", message, hint, (Place(self.text, start, end),))


def _refuse_gradients(entries: Expression, text: str) -> None:
    """Raise `CgraphError` where a derivative stands in an expression that is to be computed."""
    for kind, _, _, start, end in entries:
        if kind in (PARTIAL, ATTRIBUTE):
            message = "a derivative cannot stand in a formula"
            hint = "write a number, or a formula in the inputs and the steps: dg/dx = y*z"
            raise CgraphError("syntax", message, hint, (Place(text, start, end),))


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
    if kind == PARTIAL:
        return entries[:-1]
    if kind == CALL and payload == "d" and count == 1:
        return entries[:-1]
    if kind == NAME and len(entries) == 1 and payload[0] == "d" and len(payload) > 1:
        return [(NAME, payload[1:], 0, start + 1, end)]
    if kind == INDEX and payload.name[:1] == "d" and len(payload.name) > 1:
        return [(INDEX, payload._replace(name=payload.name[1:]), 0, start + 1, end)]
    return None


def _span(entries: Expression) -> tuple[int, int]:
    return min(entry[3] for entry in entries), max(entry[4] for entry in entries)


def read_right(
    exercise: Exercise, entries: Expression, text: str
) -> tuple[Written | None, Formula | None]:
    """Return the number or list of numbers that was written, or the formula."""
    plain = _plain(entries, text, exercise.kind)
    if plain is not None:
        return plain, None
    listed = _list(entries, exercise, text)
    if listed is not None:
        return listed, None
    _refuse_gradients(entries, text)
    try:
        node = exercise.add(entries, text)
    except CgraphError as error:
        if error.kind == "name" and re.search(r"'[d∂]\w+'", error.message):
            error.hint = "on the right stands a number, or a formula in the inputs and the steps"
        raise
    if exercise.is_formula(node):
        # What has no value here is no answer, as little as 1/0 is.
        _constant(exercise, node, entries, text)
        return None, Formula(entries, text)
    return _constant(exercise, node, entries, text), None


def _constant(exercise: Exercise, node: int, entries: Expression, text: str) -> Written:
    value = exercise.value_of(node, exercise.here)
    whole = exercise.kind.plain(value)
    if not is_finite(whole) and not any(entry[1] == "inf" for entry in entries):
        place = Place(text, *_span(entries))
        raise CgraphError("binding", "this has no value", "write a number", (place,))
    return exact(whole)


def _plain(entries: Expression, text: str, kind: Kind) -> Written | None:
    """Return a decimal number with its sign; None for what is more than that."""
    if entries[0][0] != NUMBER:
        return None
    if len(entries) <= 2:
        sign = _sign(entries)
        return read_number(sign + entries[0][1], kind) if sign or len(entries) == 1 else None
    if len(entries) > 8:
        return None
    start, end = _span(entries)
    match = _SCIENTIFIC.fullmatch(normalise(text[start:end]).strip())
    return read_number(f"{match[1]}e{match[2]}", kind) if match else None


def _sign(entries: Expression) -> str:
    """Return the sign of a number that has one, else nothing."""
    if len(entries) != 2 or entries[1][0] != OPERATION:
        return ""
    return {"neg": "-", "pos": "+"}.get(entries[1][1], "")


def _list(entries: Expression, exercise: Exercise, text: str) -> Written | None:
    """Return a list of numbers and lists as an array; None where a part is a formula."""
    if entries[-1][0] != LIST:
        return None
    # Where each operand begins, and its array when it is a list.
    stack: list[tuple[int, Written | None]] = []
    for place, (kind, _, count, start, end) in enumerate(entries):
        if not count:
            stack.append((place, None))
            continue
        operands = stack[-count:]
        del stack[-count:]
        if kind != LIST:
            if any(listed for _, listed in operands):
                return None
            stack.append((operands[0][0], None))
            continue
        ends = [first for first, _ in operands[1:]] + [place]
        parts = []
        for (first, listed), last in zip(operands, ends, strict=True):
            part = listed or _element(entries[first:last], exercise, text)
            if part is None:
                return None
            parts.append(part)
        stack.append((operands[0][0], _stacked(parts, exercise.kind, text, start, end)))
    return stack[0][1]


def _element(entries: Expression, exercise: Exercise, text: str) -> Written | None:
    """Return one number of a list; None where it is a formula."""
    written = _plain(entries, text, exercise.kind)
    if written is not None:
        return written
    node = exercise.add(entries, text)
    return None if exercise.is_formula(node) else _constant(exercise, node, entries, text)


def _stacked(parts: list[Written], kind: Kind, text: str, start: int, end: int) -> Written:
    import numpy as np

    if len({part.shape for part in parts}) > 1:
        place = (Place(text, start, end),)
        raise CgraphError("shape", "the rows of this list differ in length", "", place)
    dtype = object if kind.exact else np.float64
    return Written(
        np.array([part.value for part in parts], dtype=dtype),
        np.array([part.half for part in parts], dtype=dtype),
        np.array([part.digits for part in parts], dtype=np.float64),
    )
