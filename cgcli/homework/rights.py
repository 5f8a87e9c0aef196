"""What stands on the right of an answer → a number as it was written, or a formula."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from cgcli.calculus.kind import Kind
from cgcli.errors import CgraphError, Place, excerpt, shorten
from cgcli.graph.graph import Graph
from cgcli.homework.exercise import Exercise, Point
from cgcli.homework.notation import PATTERNS, plain
from cgcli.homework.questions import place_of, refuse_gradients, typed
from cgcli.homework.written import Written, exact, read_number
from cgcli.language.reader import normalise
from cgcli.language.syntax import LIST, NUMBER, Expression, taken
from cgcli.numbers.values import is_finite
from cgcli.words import Math, Message

_ROUNDED: Final = 3
"""From so many digits on a number in a calculation may be a rounded one."""
_SCIENTIFIC: Final = re.compile(
    r"\(?([-+]?[0-9.]+)\)? *\* *10 *(?:\^|\*\*) *\(?([-+]?[0-9]{1,4})\)?", re.ASCII
)


class Formula(NamedTuple):
    """An answer as a formula in the program's names, with the text that it stands in."""

    expression: Expression
    text: str


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
            error.hint = Message(
                "on the right stands a number, or a formula in the inputs and the steps"
            )
        raise
    # What has no value here is no answer, as little as 1/0 is.
    written = _constant(exercise, node, entries, text)
    if exercise.is_formula(node):
        return None, Formula(entries, text)
    if not (written.shape or exercise.kind.exact):
        # What arithmetic comes to is as far off as its rounded numbers leave it.
        half, fewest = rounding(exercise, node, exercise.here, is_short)
        if half and math.isfinite(half):
            written = Written(written.value, half, fewest)
    return written, None


def with_euler(graph: Graph, text: str) -> str:
    """Return a text in which `e^s` has Euler's number, where a step is called e as well.

    Below a whole number it is the step, and wherever the program itself raises that.
    """
    step = graph.node("e")
    if step is None or not graph.arguments[step] or not PATTERNS["euler"].search(text):
        return text
    powers = (graph.arguments[k] for k, row in enumerate(graph.operations) if row.symbol == "^")
    wholes = (float(graph.constants.get(by, 0.5)).is_integer() for of, by in powers if of == step)
    return PATTERNS["euler"].sub("exp(1)^", text) if all(wholes) else text


def is_short(number: Written) -> bool:
    """Whether a number is taken for exact where it is calculated with: few digits, or whole."""
    return bool(number.digits < _ROUNDED or number.half >= 0.5)


def rounding(
    exercise: Exercise, node: int, point: Point, is_exact: Callable[[Written], bool]
) -> tuple[Any, int]:
    """Return how far off what was added may be by its rounded numbers, and their digits.

    To first order: each number that is not exact is moved by half a unit of its last digit, one
    after another.
    """
    half: Any = 0.0
    value = exercise.value_of(node, point)
    fewest = 99
    for place in range(exercise.draft.size, node + 1):
        number = read_number(exercise.draft.graph.literals.get(place, ""))
        if number is not None and number.half and not is_exact(number):
            moved = {place: number.value + number.half}
            half += abs(exercise.value_of(node, point, moved) - value)
            fewest = min(fewest, int(number.digits))
    return half, fewest


def _constant(exercise: Exercise, node: int, entries: Expression, text: str) -> Written:
    value = exercise.value_of(node, exercise.here)
    number = exercise.kind.plain(value)
    if not is_finite(number) and not any(entry[1] == "inf" for entry in entries):
        place = place_of(entries, text)
        raise CgraphError(
            "binding", Message("this has no value"), Message("write a number"), (place,)
        )
    return exact(number)


def _plain(entries: Expression, text: str, kind: Kind) -> Written | None:
    """Return a decimal number with its sign; None for what is more than that."""
    if len(entries) <= 2:
        return read_number(typed(entries), kind)
    if entries[0][0] != NUMBER or len(entries) > 8:
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
                span = entries[first : begins[k + 1]]
                part = listed or _plain(span, text, exercise.kind)
                if part is None:
                    node = exercise.add(span, text)
                    if exercise.is_formula(node):
                        return None
                    part = _constant(exercise, node, span, text)
                parts.append(part)
            if len({part.shape for part in parts}) > 1:
                message = Message("the rows of this list differ in length")
                raise CgraphError("shape", message, "", (Place(text, start, end),))
            array = _stacked(parts, exercise.kind)
        elif any(listed for _, listed in operands):
            return None
        stack.append((begins[0], array))
    return stack[0][1]


def _stacked(parts: list[Written], kind: Kind) -> Written:
    import numpy as np

    dtype = object if kind.exact else np.float64
    return Written(
        np.array([part.value for part in parts], dtype=dtype),
        np.array([part.half for part in parts], dtype=dtype),
        np.array([part.digits for part in parts], dtype=np.float64),
    )


def twofold(text: str, first: str, second: str, *places: Place) -> CgraphError:
    """Return the error for what may be read in two ways."""
    values = {"number": shorten(text), "point": first, "plain": second}
    message = Message("{number} may be {point}, or {plain}", **values)
    return CgraphError("usage", message, Message("write it so that it has one meaning"), places)


def own_text(name: str, *places: Place, alike: bool = False) -> CgraphError:
    """Return the error for a step that is answered by itself, or by a text that is `alike`."""
    by = Message("its own text") if alike else Message("itself, or by what comes after it")
    step = Math(excerpt(name))
    message = Message("this is not worked out: {step} is answered by {what}", step=step, what=by)
    return CgraphError("syntax", message, Message("write the number"), places)


def not_answered(name: str, left: str) -> CgraphError:
    """Return the error for an answer to `left` by a derivative that has no number on the sheet."""
    if name == left:
        return own_text(name)
    message = Message("{step} is not answered on this sheet", step=Math(name))
    return CgraphError("syntax", message, Message("write the number"))


def on_a_sheet(error: CgraphError, text: str) -> CgraphError:
    """Say what is written on a sheet where a hint of the language would lead astray."""
    # Of most texts a look tells that they have no thousands, and to read signs takes a while.
    signs = plain(text) if re.search(r"\d\D\d{3}", text) else ""
    if match := PATTERNS["thousands"].search(signs):
        point, integer = (match[0].replace(",", sign) for sign in (".", ""))
        places = (Place(signs, match.start(), match.end()),)
        return twofold(match[0], point, integer, *places)
    if re.search(r"^\s*[d∂]\s+\w+\s*/|['′]\s*[(=]", text):
        error.hint = Message("write a derivative as dg/dx")
    elif re.search(r"=\s*[^\W\d]{2,}\s+[^\W\d]{2,}", text):
        error.hint = Message("write the number, and words behind #")
    elif "=" not in text:
        error.hint = Message("an answer is written name = number, or dg/dx = number")
    elif text.count("=") > 1 or "':'" in error.message:
        error.hint = Message("write one question, one = and one answer")
        if text.count("=") > 1:
            error.message = Message("there is more than one answer here")
            error.args = (error.message,)
    return error
