"""What is said beside a value or a gradient that cannot be taken at its word.

`domain`: an operation was asked for what it does not have. `overflow`, `underflow`: a value or a
gradient is beyond the largest double, or the least. `kink`: there is no derivative, and the
convention's was used.
"""

from __future__ import annotations

import functools
import math
import numbers
import operator
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from cgcli.calculus.floats import is_outside, silent
from cgcli.errors import excerpt, shorten
from cgcli.graph.graph import Graph
from cgcli.graph.text import formula
from cgcli.numbers.elements import anywhere
from cgcli.operations.row import Kink, Operation, Static
from cgcli.words import Message, joined

_SUGGESTIONS_FOR: Final = 20
"""A rewrite is looked for at this many overflows; the rest would say the same again."""


class Note(NamedTuple):
    """A note on one node: its kind, the node's name, the place of its text, and the words.

    `sides` is for kinks: by argument, the derivatives from the left and from the right.
    """

    kind: str
    node: str
    line: int
    column: int
    message: Message
    sides: dict[str, tuple[float | None, float | None]] | None = None


class Examined(NamedTuple):
    """The notes of the forward pass by node, the nodes outside their domain, and other NaN."""

    notes: dict[int, list[Note]]
    faults: dict[int, Any]
    forms: dict[int, Any]


def examine(graph: Graph, values: list[Any]) -> Examined:
    """Return the domain and overflow notes on the values, and where the domain was left.

    A fault is True, or for an array the mask of the elements that are outside. So are the forms
    that have no value of values that are there, as 0 times infinity; what each factor or term
    of one is sent is what it would be anywhere.
    """
    notes: dict[int, list[Note]] = {}
    faults: dict[int, Any] = {}
    forms: dict[int, Any] = {}
    overflowed: set[int] = set()
    suggested = 0
    for node in _not_finite(graph, values):
        with silent(graph):
            outside, undefined, overflow = _judge(graph, values, node)
        after = not overflowed.isdisjoint(graph.arguments[node])
        if overflow or after:
            overflowed.add(node)
        if outside is None and not overflow and undefined is None:
            continue
        said = notes[node] = []
        if outside is not None:
            faults[node] = outside
            message = outside_words(graph, node, _at(graph, values, node, outside))
            said.append(note_on(graph, node, "domain", message))
        elif undefined is not None:
            forms[node] = undefined
            kind = "overflow" if after else "domain"
            message = nothing_words(graph, node, _at(graph, values, node, undefined))
            said.append(note_on(graph, node, kind, message))
        if overflow and not (said and after):
            message = overflow_words(graph, node)
            if suggested < _SUGGESTIONS_FOR:
                suggested += 1
                message = with_suggestion(message, graph, node, "overflow")
            said.append(note_on(graph, node, "overflow", message))
    return Examined(notes, faults, forms)


def note_on(
    graph: Graph,
    node: int,
    kind: str,
    message: Message,
    sides: dict[str, tuple[float | None, float | None]] | None = None,
) -> Note:
    """Return a note on a node, placed at its text."""
    line, column = graph.lines.position(graph.starts[node])
    return Note(kind, graph.names[node], line, column, message, sides)


def _not_finite(graph: Graph, values: list[Any]) -> Iterable[int]:
    """Return the nodes whose values are not finite throughout."""
    if not graph.tensors:
        # A sum of floats is not finite where any of them is not: one quick look at them all.
        if math.isfinite(sum(values)):
            return ()
        return [node for node, value in enumerate(values) if value - value != 0]
    import numpy as np

    return [
        node
        for node, value in enumerate(values)
        if (value - value != 0 if isinstance(value, float) else not np.isfinite(value).all())
    ]


def _judge(graph: Graph, values: list[Any], node: int) -> tuple[Any, Any, bool]:
    """Return where a node is outside its domain, where it is undefined, and if it overflowed.

    The first two are None for nowhere. What only passes on an argument's NaN or infinity is
    none of the three.
    """
    operation, arguments, value = graph.operations[node], graph.arguments[node], values[node]
    if not arguments:
        return None, None, graph.literals.get(node, "inf") not in ("inf", "-inf")
    parts = [values[argument] for argument in arguments]
    if not operation.elementwise:
        return _judge_whole(operation, value, parts, graph.static.get(node, ()))
    # Flags of numbers and of arrays alike, of which `^ True` is the opposite.
    nan = functools.reduce(operator.or_, (part != part for part in parts))
    endless = functools.reduce(operator.or_, (part - part != 0 for part in parts))
    unusual, outside = value - value != 0, False
    if operation.domain:
        outside = is_outside(operation, value, parts)
    undefined = (value != value) & ((nan | outside) ^ True)
    overflow = anywhere(unusual & ((endless | undefined | outside) ^ True))
    if anywhere(outside):
        return outside, None, overflow
    return None, undefined if anywhere(undefined) else None, overflow


def _judge_whole(
    operation: Operation, value: Any, parts: list[Any], fixed: Static
) -> tuple[Any, Any, bool]:
    """Return the same of an operation on arrays as such."""
    import numpy as np

    from cgcli.numbers.arrays import ARRAYS

    if operation.domain:
        inside = operation.domain.inside(ARRAYS, *parts, *fixed)
        return None if inside else np.asarray(True), None, False
    known = not any(np.isnan(part).any() for part in parts)
    undefined = np.isnan(value) if known and np.isnan(value).any() else None
    # What is infinite without the infinities of the arguments has left the doubles.
    finite = [np.where(np.isfinite(part), part, 0.0) for part in parts]
    alone = operation.value(ARRAYS, *finite, *fixed)
    return None, undefined, not np.isfinite(alone).all()


def shown(graph: Graph, node: int) -> str:
    """Return a node's formula as it stands in a message."""
    return shorten(formula(graph, node), 60)


def kink_words(graph: Graph, node: int, kink: Kink) -> Message:
    """Return the words for a kink, of the arguments of a node by their names."""
    names = (excerpt(graph.names[argument]) for argument in graph.arguments[node])
    parameters = graph.operations[node].parameters
    return Message(kink.words, **dict(zip(parameters, names, strict=False)))


def sides_in_words(left: float | None, right: float | None) -> Message:
    """Return the words for one-sided derivatives, None where there is none."""
    if left != left:
        return Message("does not exist")
    if left is None and right is None:
        return Message("is not known")
    if left is None:
        return Message("is {right:g} from the right", right=right)
    if right is None:
        return Message("is {left:g} from the left", left=left)
    return Message("is {left:g} from the left, {right:g} from the right", left=left, right=right)


def elements_in_words(flags: Any) -> Message | str:
    """Return the words for the first element at which an array of flags is true, and how many are.

    Of a number, and of an array that is true nowhere, there are none.

    >>> import numpy as np
    >>> elements_in_words(np.array([False, True, True]))
    ' at element [1] and 1 more'
    """
    if not getattr(flags, "shape", ()) or not flags.any():
        return ""
    index = next(iter(zip(*flags.nonzero(), strict=True)))
    words = Message(" at element [{index}]", index=", ".join(str(int(i)) for i in index))
    count = int(flags.sum()) - 1
    return Message("{first} and {count} more", first=words, count=count) if count else words


def merged(a: dict[int, list[Note]], b: dict[int, list[Note]]) -> dict[int, list[Note]]:
    """Return two lots of notes as one."""
    if not a or not b:
        return a or b
    return {node: a.get(node, []) + b.get(node, []) for node in sorted({*a, *b})}


def overflow_words(graph: Graph, node: int) -> Message:
    """Say that a node is beyond the doubles."""
    return Message("{what} is beyond the largest double, 1.8e308", what=shown(graph, node))


def nothing_words(graph: Graph, node: int, at: Message | str) -> Message:
    """Say that a node has no value: of several infinities it is an indeterminate form."""
    operation = graph.operations[node]
    several = len(graph.arguments[node]) > 1 or not operation.elementwise
    written = shown(graph, node)
    if several and not operation.jumps:
        return Message("{formula} is an indeterminate form{at}", formula=written, at=at)
    return Message("{formula} has no value{at}", formula=written, at=at)


def _at(graph: Graph, values: list[Any], node: int, flags: Any) -> Message | str:
    """Say the values a scalar node was asked at, or the elements of an array."""
    return elements_in_words(flags) if node in graph.tensors else asked_at(graph, values, node)


def asked_at(
    graph: Graph, values: list[Any], node: int, write: Callable[[Any], str] = "{:.6g}".format
) -> Message | str:
    """Say the values a scalar node was asked at: `` at x = -1``."""
    parts = [
        f"{excerpt(graph.names[argument])} = {write(values[argument])}"
        for argument in dict.fromkeys(graph.arguments[node])
        if isinstance(values[argument], numbers.Real) and argument not in graph.literals
    ]
    return Message(" at {values}", values=", ".join(parts[:3])) if parts else ""


def outside_words(graph: Graph, node: int, at: Message | str) -> Message:
    """Say that a node is outside its domain, and why."""
    operation = graph.operations[node]
    assert operation.domain is not None
    names = [
        Message("the argument") if a in graph.literals else excerpt(graph.names[a])
        for a in graph.arguments[node]
    ]
    return Message(
        "{formula} is not defined{at}: {why}",
        formula=shown(graph, node),
        at=at,
        why=Message(operation.domain.words, **dict(zip(operation.parameters, names, strict=False))),
    )


def with_suggestion(
    message: Message, graph: Graph, node: int, kind: str, otherwise: Message | None = None
) -> Message:
    """Add the usual way to write what has a kind of note, or what is said where none is known."""
    from cgcli.graph.rewrites import rewrite

    if rewritten := rewrite(graph, node, kind):
        before, better = rewritten
        pattern = "{message}; write {better} for {before}"
        return Message(pattern, message=message, better=better, before=before)
    return message if otherwise is None else joined([message, otherwise])
