"""What is known when the graph is built: indices, ranges and axes, from literals and bindings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from cgcli.depth import Steps, descend
from cgcli.graph.refusals import refusal
from cgcli.language import syntax
from cgcli.language.syntax import CALL, INDEX, NAME, NUMBER, OPERATION, Expression, taken
from cgcli.numbers import real
from cgcli.operations.row import Shape
from cgcli.operations.table import OPERATIONS, WORDS

if TYPE_CHECKING:
    from cgcli.graph.graph import Graph

Lookup = Callable[[str, tuple[int, ...] | None, int, int], float | Shape]
"""From a name, or a family's name and a member's key, and its span to its value; to its shape
when it is a vector or a matrix."""

_LARGEST: Final = 2**53


def whole_number(text: str, expression: Expression, lookup: Lookup, what: str) -> int:
    """Return the whole number an expression stands for; raises `CgraphError` of kind index."""
    stack: list[Any] = []
    descend(_run(text, expression, lookup, stack))
    return _integer(text, expression, stack[0], what)


def _integer(text: str, expression: Expression, value: float | Shape, what: str) -> int:
    span = expression[-1][3:5]
    if isinstance(value, tuple) or value - value != 0:
        raise refusal(text, "no-number", span, what=what)
    if value != int(value) or abs(value) > _LARGEST:
        key = "not-whole" if value != int(value) else "too-large"
        raise refusal(text, key, span, what=what, value=value)
    return int(value)


def turns(text: str, limits: syntax.Range, lookup: Lookup) -> range:
    """Return the values a loop's variable takes, both ends included."""
    start = whole_number(text, limits.start, lookup, "the start of a range")
    stop = whole_number(text, limits.stop, lookup, "the end of a range")
    if limits.step is None:
        # start = stop + 1 is how an empty range is meant: 0..n-1 with n = 0.
        if stop < start - 1:
            raise refusal(text, "range-upwards", limits.span, start=start, stop=stop)
        return range(start, stop + 1)
    step = whole_number(text, limits.step, lookup, "the step of a range")
    if step == 0:
        raise refusal(text, "range-step", limits.span)
    return range(start, stop + (1 if step > 0 else -1), step)


def _run(text: str, expression: Expression, lookup: Lookup, stack: list[Any]) -> Steps:
    """Run a postfix expression over floats; a vector or a matrix is known by its shape alone."""
    for kind, payload, count, start, end in expression:
        if kind == NUMBER:
            stack.append(float(payload))
        elif kind == NAME:
            stack.append(lookup(payload, None, start, end))
        elif kind in (OPERATION, CALL):
            stack.append(_apply(text, kind, payload, taken(stack, count), start, end))
        elif kind == INDEX and payload.name and not payload.slices:
            for part in payload.indices:
                yield _run(text, part, lookup, stack)
                stack.append(_integer(text, part, stack.pop(), "an index"))
            key = tuple(taken(stack, len(payload.indices)))
            stack.append(lookup(payload.name, key, start, end))
        else:
            raise refusal(text, "unknown", (start, end))


def _apply(
    text: str, kind: int, name: str, arguments: list[float | Shape], start: int, end: int
) -> float:
    if kind == CALL and name == "len" and len(arguments) == 1:
        shape = arguments[0]
        if isinstance(shape, tuple) and shape:
            return float(shape[0])
        raise refusal(text, "length-of-a-scalar", (start, end))
    rows = (OPERATIONS[name],) if kind == OPERATION else WORDS.get(name, ())
    numbers = [float(a) for a in arguments if not isinstance(a, tuple)]
    for row in rows if len(numbers) == len(arguments) else ():
        if row.elementwise and row.accepts(len(numbers)):
            return float(real.run(row.value, *numbers))
    raise refusal(text, "unknown", (start, end))


def constant_value(graph: Graph, node: int, known: list[float | None]) -> float | None:
    """Return the value of a scalar node that depends on constants alone, else None.

    `known` has what is known of the first nodes, and keeps the answers between calls.
    """
    for place in range(len(known), node + 1):
        operation, arguments = graph.operations[place], graph.arguments[place]
        value = graph.constants.get(place)
        if arguments and operation.elementwise and place not in graph.shapes:
            values: list[Any] = [known[argument] for argument in arguments]
            known.append(None if None in values else real.run(operation.value, *values))
        else:
            known.append(value if isinstance(value, float) else None)
    return known[node]
