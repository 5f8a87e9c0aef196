"""What is said where there is no exact number: which node, at which values, and what instead."""

from __future__ import annotations

from typing import Any, Final

from cgcli.calculus.notes import Note, asked_at, note_on, shown
from cgcli.errors import CgraphError, Place, excerpt
from cgcli.graph.graph import Graph
from cgcli.limits import MOST_BITS, Limits
from cgcli.numbers.elements import elements
from cgcli.numbers.missing import LONG, UNDEFINED, NoValue
from cgcli.numbers.numerals import rational_text
from cgcli.operations.table import CONSTANTS
from cgcli.words import Message

_LONGEST: Final = 20
_DIGITS: Final = "leave --exact out, or ask for digits: cgraph eval --precision 50"
_NOTES: Final = 1_000


def require(graph: Graph, value: Any, values: list[Any], limits: Limits) -> None:
    """Raise `CgraphError` where a number that is needed, or an element of it, has no value."""
    value = _lack(value)
    if value is None:
        return
    node = value.node if value.node >= 0 else graph.output
    place = (Place(graph.text, graph.starts[node], graph.ends[node]),)
    message = _message(graph, node, value, values, limits)
    if value.reason == LONG:
        raise CgraphError("limit", message, _more(limits), place)
    if value.backward and graph.arguments[node]:
        hint = f"{_DIGITS}, or name with --wrt what it is to be differentiated by"
        raise CgraphError("exact", message, hint, place)
    raise CgraphError("exact", message, _DIGITS, place)


def _lack(value: Any) -> NoValue | None:
    """Return what stands where a number, or an element of it, has no fraction; None for none."""
    return next((element for element in elements(value) if isinstance(element, NoValue)), None)


def _message(graph: Graph, node: int, value: NoValue, values: list[Any], limits: Limits) -> Message:
    """Say why there is no fraction at a node."""
    literal = graph.literals.get(node)
    if literal in CONSTANTS:
        why = Message("is no number") if literal == "inf" else Message("is irrational")
        return Message("{name} {why}: there is no fraction for it", name=literal, why=why)
    at = asked_at(graph, values, node, lambda value: rational_text(value, _LONGEST))
    formula = excerpt(literal) if literal else shown(graph, node)
    if value.backward:
        what = {
            LONG: Message("is longer than {bits:,} bits", bits=limits.bits),
            UNDEFINED: Message("is no finite number"),
        }.get(value.reason, Message("is no fraction, or none that is known"))
        return Message("a derivative of {formula}{at} {what}", formula=formula, at=at, what=what)
    if value.reason == LONG:
        return Message(
            "{formula}{at} is longer than {bits:,} bits, about {digits:,} digits",
            formula=formula,
            at=at,
            bits=limits.bits,
            digits=limits.bits * 3 // 10,
        )
    if value.reason == UNDEFINED:
        domain = graph.operations[node].domain
        if domain is None or "{" in domain.words:
            return Message("{formula} has no value{at}", formula=formula, at=at)
        why = Message(domain.words)
        return Message("{formula} has no value{at}: {why}", formula=formula, at=at, why=why)
    return Message("{formula} has no exact fraction{at}", formula=formula, at=at)


def _more(limits: Limits) -> str:
    if 2 * limits.bits > MOST_BITS:
        return _DIGITS
    return f"{_DIGITS}; --max-bits {2 * limits.bits} allows more"


def too_long(limits: Limits) -> CgraphError:
    """Return the error for a numeral that is too long to be a fraction."""
    digits = limits.bits * 3 // 10
    message = f"it is longer than {limits.bits:,} bits, about {digits:,} digits"
    return CgraphError("limit", message, _more(limits))


def too_much(graph: Graph, node: int, limits: Limits) -> CgraphError:
    """Return the error for numbers that are each short enough, and too long all together."""
    formula = graph.literals.get(node) or shown(graph, node)
    message = f"at {excerpt(formula)} the exact numbers are too long, all together, to compute with"
    place = Place(graph.text, graph.starts[node], graph.ends[node])
    return CgraphError("limit", message, _more(limits), (place,))


def notes(
    graph: Graph, values: list[Any], notes_so_far: dict[int, list[Note]], limits: Limits
) -> dict[int, list[Note]]:
    """Return the notes by node, with one on each node that has no exact number of its own."""
    by_node = dict(notes_so_far)
    count = 0
    for node, number in enumerate(values):
        value = _lack(number)
        if value is None or value.node != node or count == _NOTES:
            continue
        count += 1
        kind = "domain" if value.reason == UNDEFINED else "inexact"
        why = _message(graph, node, value, values, limits)
        message = Message("{why}; nothing that was asked for needs it", why=why)
        by_node[node] = [*by_node.get(node, []), note_on(graph, node, kind, message)]
    return dict(sorted(by_node.items()))
