"""A line of a sheet → an answer: which quantity is meant, and what was written for it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from cgcli.calculus.kind import Kind
from cgcli.errors import CgraphError, Place, excerpt, shorten
from cgcli.homework.exercise import Exercise, Point
from cgcli.homework.quantities import Quantity
from cgcli.homework.questions import Asked, Question, place_of, refuse_gradients, sign_of
from cgcli.homework.sheets import Line, Part, Sheet
from cgcli.homework.written import Written, exact, read_number
from cgcli.language.answer import parse_answer
from cgcli.language.reader import normalise
from cgcli.language.syntax import LIST, NUMBER, Expression, taken
from cgcli.limits import Limits
from cgcli.numbers.values import is_finite

_ROUNDED: Final = 3
"""From so many digits on a number in a calculation may be a rounded one."""
LIMITS: Final = Limits(depth=200)
_SCIENTIFIC: Final = re.compile(
    r"\(?([-+]?[0-9.]+)\)? *\* *10 *(?:\^|\*\*) *\(?([-+]?[0-9]{1,4})\)?", re.ASCII
)


class Formula(NamedTuple):
    """An answer as a formula in the program's names, with the text that it stands in."""

    expression: Expression
    text: str


class Answer(NamedTuple):
    """An answer that was understood: to a quantity, or to one element of it.

    `nodes` are all that the left side may mean: an expression may stand several times. `read` is
    the answer as it was understood; `parts` are what stands before it in a chain of equalities.
    """

    line: int
    text: str
    quantity: Quantity
    element: tuple[int, ...]
    nodes: tuple[int, ...]
    written: Written | None
    formula: Formula | None
    read: str
    parts: tuple[Part, ...] = ()


class Unreadable(NamedTuple):
    """A line that was not understood, why, and which steps it may state."""

    line: int
    text: str
    error: CgraphError
    steps: frozenset[Quantity] = frozenset()


def read_answers(exercise: Exercise, sheet: Sheet) -> tuple[list[Answer], list[Unreadable]]:
    """Return a sheet's answers in the order of working, and what could not be read.

    A line that is not understood spoils no other.
    """
    by_question: dict[Any, list[Answer]] = {}
    unreadable: list[Unreadable] = []
    for answer in _read(exercise, sheet.lines, unreadable):
        key = (answer.quantity, answer.element, answer.formula is None)
        by_question.setdefault(key, []).append(answer)
    answers: list[Answer] = []
    for several in by_question.values():
        if len(several) > 1 and not _agree(several):
            name = exercise.steps.text(several[0].quantity, several[0].element)
            repeated = CgraphError(
                "usage",
                f"{shorten(name)} is answered {len(several)} times, and not alike",
                "leave one answer and cross the others out with #",
            )
            steps = frozenset([several[0].quantity])
            unreadable += [Unreadable(one.line, one.text, repeated, steps) for one in several]
            continue
        # Of the same number written twice the one with more digits is taken.
        answers.append(max(several, key=_digits))
    place = exercise.steps.place
    answers.sort(key=lambda answer: (place(answer.quantity), answer.element, not answer.formula))
    unreadable.sort(key=lambda answer: (answer.line, answer.text))
    return answers, unreadable


def _read(exercise: Exercise, lines: list[Line], unreadable: list[Unreadable]) -> Iterator[Answer]:
    """Yield the answers of lines; what is not understood as it stands is read in other ways."""
    odd: dict[int, CgraphError] = {}
    for place, line in enumerate(lines):
        try:
            answer = read_answer(exercise, line)
        except CgraphError as error:
            odd[place] = error
            continue
        if answer is not None:
            yield answer
    if not odd:
        return
    from cgcli.homework.lefts import Lefts
    from cgcli.homework.readings import mentioned, readings

    lefts = Lefts(exercise)
    errors = {(lines[place].number, lines[place].text): error for place, error in odd.items()}
    for line in readings(lefts, lines):
        if (line.number, line.text) not in errors:
            continue
        why = errors[line.number, line.text]
        try:
            answer = read_answer(exercise, line)
        except CgraphError:
            questions = [asked(exercise, left) for left in mentioned(lefts, line.text)]
            stated = frozenset(step[0] for step in questions if step)
            if stated.isdisjoint(exercise.steps.asked) and stated:
                # Inputs alone are named, in an expression perhaps: it may be any step.
                stated = frozenset(exercise.steps.asked)
            unreadable.append(Unreadable(line.number, line.text, why, stated))
            continue
        if answer is not None:
            yield answer


def _digits(answer: Answer) -> tuple[float, str]:
    if answer.written is None:
        return 0.0, answer.text
    digits = answer.written.digits
    return float(digits.sum() if answer.written.shape else digits), answer.text


def _agree(answers: list[Answer]) -> bool:
    """Whether answers to one question are the same number, or the same formula."""
    best = max(answers, key=_digits)
    if best.written is None:
        return len({answer.text.partition("=")[2].strip() for answer in answers}) == 1
    value = best.written.value
    return all(
        answer.written is not None and answer.written.is_rounding(value) for answer in answers
    )


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
    text = line.read or line.text
    try:
        syntax = parse_answer(text, LIMITS)
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
        quantity, element, nodes = Question(exercise, text).asked(syntax.left)
        if syntax.right is None:
            return None
        written, formula = read_right(exercise, syntax.right, text)
        if formula is None and exercise.symbolic:
            formula = Formula(syntax.right, text)
        elif formula is not None and quantity.of < 0 and not exercise.symbolic:
            _refuse_own_text(exercise, quantity.node, formula)
    finally:
        exercise.draft.undo()
    read = line.read or text
    return Answer(
        line.number, line.text, quantity, element, nodes, written, formula, read, line.parts
    )


def asked(exercise: Exercise, left: str) -> Asked | None:
    """Return what a left side asks for; None where it asks for nothing."""
    try:
        syntax = parse_answer(f"{left} =", LIMITS)
        return syntax and Question(exercise, left).asked(syntax.left)
    except CgraphError:
        return None
    finally:
        exercise.draft.undo()


def _refuse_own_text(exercise: Exercise, node: int, formula: Formula) -> None:
    """Raise `CgraphError` where a value is answered by its own text, or by what comes of it."""
    exercise.draft.undo()
    with exercise.added(*formula) as made:
        graph = exercise.draft.graph
        same = node in exercise.steps.classes.find(graph, made)
        needed = graph.ancestors([made])
        after = exercise.graph.dependents([node])
        later = any(needed[place] and after[place] for place in range(len(exercise.graph)))
    if same or later:
        name = excerpt(exercise.graph.names[node])
        message = f"this is not worked out: {name} is answered by "
        message += "its own text" if same and not later else "itself, or by what comes after it"
        place = place_of(formula.expression, formula.text)
        raise CgraphError("syntax", message, "write the number", (place,))


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
    refuse_gradients(entries, text)
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
    return _rounded(exercise, _constant(exercise, node, entries, text), entries, text), None


def _rounded(exercise: Exercise, written: Written, entries: Expression, text: str) -> Written:
    """Return what arithmetic comes to with the reach that its rounded numbers leave it."""
    if written.shape or exercise.kind.exact:
        return written
    exercise.draft.undo()
    half, fewest = rounding(exercise, entries, text, exercise.here, is_short)
    return Written(written.value, half, fewest) if half and math.isfinite(half) else written


def is_short(number: Written) -> bool:
    """Whether a number is taken for exact where it is calculated with: few digits, or whole."""
    return bool(number.digits < _ROUNDED or number.half >= 0.5)


def rounding(
    exercise: Exercise,
    entries: Expression,
    text: str,
    point: Point,
    is_exact: Callable[[Written], bool],
) -> tuple[float, int]:
    """Return how far off an expression may be at a point by its rounded numbers, and their digits.

    To first order: each number that is not exact is moved by half a unit of its last digit, one
    after another.
    """
    half, fewest = 0.0, 99
    value: float | None = None

    def value_of(entries: Expression) -> float:
        with exercise.added(entries, text) as node:
            return float(exercise.value_of(node, point))

    for place, (kind, payload, count, start, end) in enumerate(entries):
        number = read_number(payload) if kind == NUMBER else None
        if number is None or not number.half or is_exact(number):
            continue
        moved = [*entries]
        moved[place] = (kind, repr(number.value + number.half), count, start, end)
        value = value_of(entries) if value is None else value
        half += abs(value_of(moved) - value)
        fewest = min(fewest, int(number.digits))
    return half, fewest


def _constant(exercise: Exercise, node: int, entries: Expression, text: str) -> Written:
    value = exercise.value_of(node, exercise.here)
    number = exercise.kind.plain(value)
    if not is_finite(number) and not any(entry[1] == "inf" for entry in entries):
        place = place_of(entries, text)
        raise CgraphError("binding", "this has no value", "write a number", (place,))
    return exact(number)


def _plain(entries: Expression, text: str, kind: Kind) -> Written | None:
    """Return a decimal number with its sign; None for what is more than that."""
    if entries[0][0] != NUMBER:
        return None
    if len(entries) <= 2:
        sign = sign_of(entries)
        return read_number(sign + entries[0][1], kind) if sign or len(entries) == 1 else None
    if len(entries) > 8:
        return None
    place = place_of(entries, text)
    match = _SCIENTIFIC.fullmatch(normalise(text[place.start : place.end]).strip())
    return read_number(f"{match[1]}e{match[2]}", kind) if match else None


def _list(entries: Expression, exercise: Exercise, text: str) -> Written | None:
    """Return a list of numbers and lists as an array; None where a part is a formula."""
    if entries[-1][0] != LIST:
        return None
    # Where each operand begins, and its array when it is a list.
    stack: list[tuple[int, Written | None]] = []
    for place, (kind, _, count, start, end) in enumerate(entries):
        operands = taken(stack, count)
        begins = [first for first, _ in operands] + [place]
        array = None
        if kind == LIST:
            parts = []
            for k, (first, listed) in enumerate(operands):
                part = listed or _element(entries[first : begins[k + 1]], exercise, text)
                if part is None:
                    return None
                parts.append(part)
            array = _stacked(parts, exercise.kind, text, start, end)
        elif any(listed for _, listed in operands):
            return None
        stack.append((begins[0], array))
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
