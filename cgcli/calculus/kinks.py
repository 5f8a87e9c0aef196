"""The notes on kinks: where a node was differentiated that has no derivative there."""

from __future__ import annotations

from typing import Any

from cgcli.calculus.kind import Kind
from cgcli.calculus.notes import Note, note_on, shown
from cgcli.calculus.trail import Trail
from cgcli.errors import Lines, excerpt
from cgcli.graph.graph import Graph
from cgcli.numbers import real
from cgcli.operations.row import Kink
from cgcli.words import Message, joined

__all__ = ["kinks"]


def kinks(
    graph: Graph,
    values: list[Any],
    gradients: list[Any],
    active: bytearray,
    trail: Trail,
    kind: Kind,
) -> dict[int, list[Note]]:
    """Return the notes on the nodes that were differentiated where they have no derivative."""
    notes: dict[int, list[Note]] = {}
    lines: Lines | None = None
    for node, operation in enumerate(graph.operations):
        if not operation.kinks or gradients[node] is None:
            continue
        arguments = graph.arguments[node]
        if not any(active[a] for a in arguments):
            continue
        parts = [values[a] for a in arguments]
        for kink in operation.kinks:
            if node in graph.tensors:
                at = kind.holds(graph, node, kink.at, parts)
                found = _kink_in_array(graph, node, at, parts, trail.masks.get(node), kind)
            elif kind.holds(graph, node, kink.at, parts):
                found = (parts, "")
            else:
                continue
            if found is None:
                continue
            lines = lines or Lines(graph.text)
            note = _kink_note(graph, node, kink, found, active, lines, kind)
            if note is not None:
                notes.setdefault(node, []).append(note)
    return notes


def _kink_in_array(
    graph: Graph, node: int, flags: Any, parts: list[Any], mask: Any, kind: Kind
) -> tuple[list[Any], str] | None:
    """Return the arguments at the first element that is at a kink, and words for which it is."""
    import numpy as np

    at = np.asarray(flags)
    if not at.any():
        return None
    if not graph.operations[node].elementwise:
        return parts, ""
    shape = graph.shape(node)
    at = np.broadcast_to(at, shape)
    if mask is not None:
        at = at & mask
        if not at.any():
            return None
    first = tuple(int(i) for i in np.argwhere(at)[0])
    count = int(at.sum())
    where: str = ""
    if shape:
        where = Message(" at element [{index}]", index=", ".join(map(str, first)))
    if count > 1:
        where = Message("{first} and {count} more", first=where, count=count - 1)
    return [kind.plain(np.broadcast_to(np.asarray(part), shape)[first]) for part in parts], where


def _kink_note(
    graph: Graph,
    node: int,
    kink: Kink,
    found: tuple[list[Any], str],
    active: bytearray,
    lines: Lines,
    kind: Kind,
) -> Note | None:
    parts, where = found
    operation = graph.operations[node]
    if operation.elementwise:
        sides = kink.sides(real.CAREFUL, *map(real.Careful, map(kind.float, parts)))
        y = kind.run(operation.value, *parts)
    else:
        sides = kink.sides(real.CAREFUL, *parts)
    told: dict[str, tuple[float | None, float | None]] = {}
    words: list[Message] = []
    for place, argument in enumerate(graph.arguments[node]):
        pair = sides[place] if place < len(sides) else None
        if pair is None or not active[argument]:
            continue
        left, right = (None if side is None else float(side) for side in pair)
        name = graph.names[argument]
        told[name] = (left, right)
        if operation.elementwise:
            used = kind.float(kind.run(operation.partial(place), y, *parts))
            words.append(
                Message(
                    "by {name} {sides}, and {used:g} is used",
                    name=excerpt(name),
                    sides=_sides(left, right),
                    used=used,
                )
            )
        else:
            words.append(Message("by such an element {sides}", sides=_sides(left, right)))
    if not told:
        return None
    message = Message(
        "{formula} has {what}{where}: the derivative {sides}",
        formula=shown(graph, node),
        what=Message(kink.words),
        where=where,
        sides=joined(words),
    )
    return note_on(graph, node, "kink", message, lines, told)


def _sides(left: float | None, right: float | None) -> Message:
    if left != left:
        return Message("does not exist")
    if left is None:
        return Message("is {right:g} from the right", right=right)
    if right is None:
        return Message("is {left:g} from the left", left=left)
    return Message("is {left:g} from the left, {right:g} from the right", left=left, right=right)
