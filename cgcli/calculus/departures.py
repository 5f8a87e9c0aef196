"""The notes on numbers that left the doubles: values that vanished, and gradients.

What is 0, infinite or NaN in floats is worked out once more over wide numbers. They tell what
left the doubles from what is 0 or infinite itself, and from indeterminate forms. Of either pass
the first such node is told: the rest follows from it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any, Final, TypeAlias

from cgcli.calculus.ends import wide_sent, wide_value
from cgcli.calculus.kinks import Motion
from cgcli.calculus.notes import Note, merged, note_on, shown
from cgcli.calculus.passes import backward, steps_of
from cgcli.calculus.result import Result
from cgcli.calculus.sweep import Trail, seeds
from cgcli.errors import excerpt
from cgcli.graph.graph import Graph
from cgcli.numbers.elements import anywhere, elements
from cgcli.numbers.values import is_finite
from cgcli.operations.shapes import size
from cgcli.words import Message, joined

_ROWS: Final = 16
"""At so many rows of a Jacobian it is looked, of those that have a 0 or no finite number."""
_SMALL: Final = 1e-140
_LARGE: Final = 1e140
_LAST: Final = 1e-322
"""What is less may have been rounded up to a double, and be 0 where it is worked out once."""
_MOST: Final = 4096
"""Of larger arrays it is not told: wide numbers take a thousand times as long as doubles."""


def vanished_values(graph: Graph, values: list[Any]) -> dict[int, list[Note]]:
    """Return by node the notes on what is 0, or has an element that is, for want of a double."""
    notes: dict[int, list[Note]] = {}
    if not graph.tensors and 0.0 not in values:
        return notes
    for node, arguments in enumerate(graph.arguments):
        value = values[node]
        if not arguments or not _has_zero(value) or not _may_vanish(graph, values, node):
            continue
        parts = [values[argument] for argument in arguments]
        if node not in graph.tensors and 0.0 in parts:
            # It makes the result 0, whatever the others are.
            continue
        if _can_be_told(parts) and any(
            number == 0 and _is_less(truth)
            for number, truth in _pairs(
                value, wide_value(graph.operations[node], parts, graph.static.get(node, ()))
            )
        ):
            message = Message(
                "{what} is nearer to 0 than the smallest positive double, 4.9e-324, and becomes 0",
                what=shown(graph, node),
            )
            notes[node] = [note_on(graph, node, "underflow", message)]
    return notes


def gradient_departure(
    result: Result, gradients: list[Any], masks: dict[int, Any], kinds: Collection[str]
) -> dict[int, list[Note]]:
    """Return notes on the first nodes of the backward pass whose gradient left the doubles.

    Of each kind of note that is asked for there is at most one. An infinite derivative has not
    left the doubles, nor has what follows from one. What vanished is told where the gradient by
    one of the result's sources is 0.
    """
    graph, values, faults = result.graph, result.values, result.trail.faults
    if not graph.tensors and 0.0 not in gradients and math.isfinite(sum(filter(None, gradients))):
        return {}
    trail = Trail(masks=masks)
    unusual = {
        node
        for node, gradient in enumerate(gradients)
        if gradient is not None and not _is_usual(gradient)
    }
    if not unusual:
        return {}
    left = set(kinds)
    vanished = [
        source
        for source in result.sources.values()
        if source in unusual and _has_zero(gradients[source])
    ]
    if not vanished:
        left.discard("underflow")
    candidates: list[tuple[int, Note]] = []
    # Elements that do not move are asked for by nobody.
    motion = Motion(result)
    # What was sent by node that is no finite number: whether NaN is among it.
    endless: dict[int, bool] = {}
    # Gradients that overflowed, and what followed: an indeterminate form there is no news.
    beyond: set[int] = set()
    # Gradients with a 0 that comes of what vanished, and the note that is due if it is asked for.
    lost: dict[int, Note] = {}
    for node in range(len(gradients) - 1, -1, -1):
        if not left:
            break
        upstream = gradients[node]
        if upstream is None:
            continue
        if node in lost:
            for place, argument in enumerate(graph.arguments[node]):
                zero = gradients[argument] is not None and _has_zero(gradients[argument])
                if zero and _sends_on(graph, values, node, place):
                    lost.setdefault(argument, lost[node])
        if node in faults:
            endless.update(dict.fromkeys(graph.arguments[node], True))
            if node not in graph.tensors:
                continue
            # Of an array, other elements may be in their domain.
            upstream = upstream * ~faults[node]
        seen: list[_Departure] = []
        if not is_finite(gradients[node]):
            seen = list(_added_up(graph, node, endless, motion.only(node, gradients[node])))
        for place, argument in enumerate(graph.arguments[node]):
            if argument not in unusual or not result.active[argument]:
                continue
            if is_finite(gradients[argument]) and not _may_be_lost(
                graph, values, node, place, upstream
            ):
                continue
            sent = steps_of(graph, values, trail).contribution(node, place, upstream)
            if sent is None or _is_usual(sent):
                continue
            seen += _judge(graph, values, node, place, upstream, motion.only(argument, sent))
            if not is_finite(sent):
                endless[argument] = endless.get(argument, False) or anywhere(sent != sent)
                beyond.update({argument} if node in beyond else ())
        for of, note in seen:
            beyond.update({of} if note.kind == "overflow" else ())
            if note.kind not in left or (note.kind == "domain" and node in beyond):
                continue
            candidates.append((of, _with_limit(result, note) if note.kind == "domain" else note))
            if note.kind == "underflow":
                lost.setdefault(of, note)
            else:
                left.remove(note.kind)
    asked = {lost[source] for source in vanished if source in lost}
    first = next((note for _, note in candidates if note in asked), None)
    notes: dict[int, list[Note]] = {}
    for of, note in candidates:
        if note.kind != "underflow" or note is first:
            notes.setdefault(of, []).append(note)
    return notes


def jacobian_departure(
    result: Result, reached: list[Any], kinds: Collection[str]
) -> dict[int, list[Note]]:
    """Return the notes of the first of a Jacobian's rows that have any, of a few that may have.

    `reached` is the gradient of the sum of all elements. On the way to usual numbers, what is
    not finite there left the doubles.
    """
    import numpy as np

    graph, target, active = result.graph, result.of, result.active
    assert result.jacobian is not None
    rows = size(graph.shape(target))
    lines = np.concatenate([block.reshape(rows, -1) for block in result.jacobian.values()], axis=1)
    looked, left, notes = 0, set(kinds), dict[int, list[Note]]()
    steep = not all(gradient is None or is_finite(gradient) for gradient in reached)
    for place, of, seed in seeds(graph, target, active, 0.0, 1.0):
        if looked == _ROWS or not left:
            break
        if _is_usual(lines[place]) and not steep:
            continue
        looked += 1
        trail = Trail(result.trail.faults, {of: seed != 0} if np.shape(seed) else {})
        gradients = backward(graph, result.values, of, active, trail, seed)
        more = gradient_departure(result, gradients, trail.masks, left)
        left -= {note.kind for notes_there in more.values() for note in notes_there}
        notes = merged(notes, more)
    return notes


def _with_limit(result: Result, note: Note) -> Note:
    """Return the note on an indeterminate form, with what the gradient tends to beside it."""
    from cgcli.calculus.approach import limit_in_words

    words = limit_in_words(result)
    return note if words is None else note._replace(message=joined([note.message, words]))


_Departure: TypeAlias = tuple[int, Note]
"""A node, and the note on what became of its gradient."""


def _added_up(
    graph: Graph, node: int, endless: dict[int, bool], gradient: Any
) -> Iterator[_Departure]:
    """Yield what became of a gradient as contributions were added up to it."""
    if node not in endless and anywhere(abs(gradient) == math.inf):
        yield _overflow(graph, node)
    elif not endless.get(node, True) and anywhere(gradient != gradient):
        message = Message(
            "the gradient by {name} is an indeterminate form, infinity minus infinity",
            name=excerpt(graph.names[node]),
        )
        yield node, note_on(graph, node, "domain", message)


def _overflow(graph: Graph, node: int) -> _Departure:
    name = excerpt(graph.names[node])
    message = Message("the gradient by {name} is beyond the largest double, 1.8e308", name=name)
    return node, note_on(graph, node, "overflow", message)


def _judge(
    graph: Graph, values: list[Any], node: int, place: int, upstream: Any, sent: Any
) -> Iterator[_Departure]:
    """Yield what became of what a node sends to an argument, where that is of note."""
    argument = graph.arguments[node][place]
    parts = [values[number] for number in graph.arguments[node]]
    name = excerpt(graph.names[argument])
    if anywhere(sent != sent):
        known = not any(anywhere(number != number) for number in (upstream, values[node], *parts))
        # A rule that says that there is no derivative has a convention, or a note of its own.
        partial = steps_of(graph, values).local(node, place)
        absent = partial is not None and anywhere(partial != partial)
        if known and not (absent and all(map(is_finite, parts))):
            message = Message(
                "the gradient by {name} is an indeterminate form, such as 0 times infinity, at "
                "{formula}",
                name=name,
                formula=shown(graph, node),
            )
            yield argument, note_on(graph, argument, "domain", message)
    if not _can_be_told([upstream, *parts]):
        return
    truths = wide_sent(graph.operations[node], place, upstream, parts, graph.static.get(node, ()))
    if node in graph.tensors:
        from cgcli.numbers.objects import reduce_objects
        from cgcli.numbers.wide import room

        with room():
            truths = reduce_objects(truths, graph.shape(argument))
    pairs = list(_pairs(sent, truths))
    if any(math.isinf(number) and truth.is_finite() for number, truth in pairs):
        yield _overflow(graph, argument)
    if any(number == 0 and _is_less(truth) for number, truth in pairs):
        message = Message(
            "the gradient by {name} is nearer to 0 than the smallest positive double, 4.9e-324, "
            "and becomes 0",
            name=name,
        )
        yield argument, note_on(graph, argument, "underflow", message)


def _may_vanish(graph: Graph, values: list[Any], node: int, *more: Any) -> bool:
    """Whether what an operation makes of numbers may be 0 for being less than any double.

    Products and quotients of moderate numbers are moderate, and sums are exact where they are
    small.
    """
    operation = graph.operations[node]
    if operation.wide or operation.mixes:
        return True
    parts = (values[argument] for argument in graph.arguments[node])
    return any(anywhere(_is_extreme(part)) for part in (*more, *parts))


def _sends_on(graph: Graph, values: list[Any], node: int, place: int) -> bool:
    """Whether what comes to a node would go on to an argument: its local derivative is not 0."""
    if not graph.operations[node].elementwise:
        return True
    partial = steps_of(graph, values).local(node, place)
    return partial is not None and anywhere(partial != 0)


def _may_be_lost(graph: Graph, values: list[Any], node: int, place: int, upstream: Any) -> bool:
    """Whether what an operation sends may be 0 for being less than any double.

    A partial of 0 is one that vanished where no argument is 0.
    """
    operation, arguments = graph.operations[node], graph.arguments[node]
    # What takes any number of arguments sends its upstream on, or shares of it.
    if operation.variadic or not _may_vanish(graph, values, node, upstream):
        return False
    if not operation.elementwise:
        return operation.mixes or operation.wide or not (graph.static.get(node) or operation.kinks)
    partial = steps_of(graph, values).local(node, place)
    apart: Any = operation.wide
    for argument in arguments:
        apart = apart & (values[argument] != 0)
    return anywhere((upstream != 0) & (abs(upstream * partial) < _LAST) & ((partial != 0) | apart))


def _is_extreme(value: Any) -> Any:
    size = abs(value)
    return (value != 0) & ((size <= _SMALL) | (size >= _LARGE) | (size != size))


def _has_zero(value: Any) -> bool:
    return anywhere(value == 0)


def _is_usual(value: Any) -> bool:
    """Whether a number, or every element of an array, is finite and not 0."""
    return not _has_zero(value) and is_finite(value)


def _is_less(truth: Any) -> bool:
    from cgcli.numbers import wide

    # abs() would round to the default context, in which a number may vanish.
    return bool(truth.is_finite() and 0 < truth.copy_abs() < wide.LEAST_DOUBLE)


def _pairs(value: Any, truth: Any) -> Iterator[tuple[float, Decimal]]:
    """Return the elements of an array beside those of another, or two numbers."""
    return zip(elements(value), map(Decimal, elements(truth)), strict=True)


def _can_be_told(parts: list[Any]) -> bool:
    """Whether wide numbers tell in reasonable time: arrays are not too large for them."""
    return sum(getattr(part, "size", 1) for part in parts) <= _MOST
