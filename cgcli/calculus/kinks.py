"""The notes on kinks: where a node was differentiated that has no derivative there."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cgcli.calculus.kind import Kind
from cgcli.calculus.notes import (
    Note,
    elements_in_words,
    kink_words,
    merged,
    note_on,
    shown,
    sides_in_words,
)
from cgcli.calculus.result import Result
from cgcli.calculus.trail import Trail
from cgcli.errors import Lines, excerpt
from cgcli.graph.graph import Graph
from cgcli.numbers import real
from cgcli.operations.row import Kink
from cgcli.words import Message, joined

__all__ = ["kinks"]


def kinks(
    result: Result, reached: list[Any], trail: Trail, values: Callable[[], list[Any]]
) -> dict[int, list[Note]]:
    """Return the notes on what was differentiated where it has no derivative.

    `reached` has what a gradient came through, and `values` returns the nodes' in doubles.
    """
    graph, kind, active = result.graph, result.kind, result.active
    notes: dict[int, list[Note]] = {}
    ties: dict[int, Any] = {}
    # What moves is known by node where all elements do, and no branch is left out.
    parted = graph.tensors or any(row.reaches is not None for row in graph.operations)
    varying: Any = _varying(result, values) if parted else None
    lines: Lines | None = None
    at_point, floats = result.values, not kind.exact
    for node, operation in enumerate(graph.operations):
        if not operation.kinks or not (reached[node] is not None or operation.jumps):
            continue
        sent = reached[node] is not None and not operation.step
        arguments = graph.arguments[node]
        if operation.step and len(arguments) == 2 and floats and node not in graph.tensors:
            # The sides of most comparisons differ, and that is soon seen.
            left, right = arguments
            if at_point[left] != at_point[right]:
                continue
        if not any(active[a] for a in arguments):
            continue
        moving = result.choices.moving
        if not any(moving[a] for a in arguments):
            # What moves by steps alone is constant beside the point, but for their jumps.
            continue
        parts = [at_point[a] for a in arguments]
        for kink in operation.kinks:
            if not (sent or kink.jump or operation.step):
                continue
            at = kind.holds(graph, node, kink.at, parts)
            if at is False or (varying and not (at := varying(node, at)).any()):
                continue
            if not sent:
                ties[node] = at
                continue
            places: Iterable[tuple[list[Any], Any]] = [(parts, None)]
            if node in graph.tensors:
                places = _kinks_in_array(graph, node, at, parts, trail.masks.get(node), kind)
            for place in places:
                lines = lines or Lines(graph.text)
                note = _kink_note(graph, node, kink, place, moving, lines, kind)
                if note is not None:
                    notes.setdefault(node, []).append(note)
                    break
    if not ties:
        return notes
    from cgcli.calculus.boundary import boundary

    return merged(notes, boundary(result, ties, reached, values()))


def _varying(result: Result, values: Callable[[], list[Any]]) -> Callable[[int, Any], Any]:
    """Return what tells where a place is at an element that moves."""
    graph = result.graph

    @functools.cache
    def reached() -> dict[int, Any]:
        import numpy as np

        from cgcli.calculus.tangents import Tangents

        seeds = {source: np.ones((1, *graph.shape(source))) for source in result.sources.values()}
        sweep = Tangents(graph, values(), result.choices.moving, {}, result.active)
        return sweep.reached(result.of, seeds) if seeds else {}

    def varying(node: int, at: Any) -> Any:
        import numpy as np

        operation, shape, at = graph.operations[node], graph.shape(node), np.asarray(at)
        if not operation.elementwise or not at.any():
            return at
        flags, varies = reached(), np.zeros(shape, dtype=bool)
        for argument in graph.arguments[node]:
            if argument in flags:
                varies = varies | np.broadcast_to(flags[argument][0], shape)
        return np.broadcast_to(at, shape) & varies

    return varying


def _kinks_in_array(
    graph: Graph, node: int, flags: Any, parts: list[Any], mask: Any, kind: Kind
) -> Iterator[tuple[list[Any], Any]]:
    """Yield the arguments at elements that are at a kink, and flags for those from there on.

    What does not move may have no part in the kink at the first: mod(0, x) is 0 for every x.
    """
    import numpy as np

    at = np.array(flags)
    if not graph.operations[node].elementwise:
        if at.any():
            yield parts, None
        return
    shape = graph.shape(node)
    at = np.array(np.broadcast_to(at, shape))
    if mask is not None:
        at &= mask
    columns = [np.broadcast_to(np.asarray(part), shape)[at] for part in parts]
    tried = set[tuple[Any, ...]]()
    for place, *numbers in zip(map(tuple, np.argwhere(at)), *columns, strict=True):
        plain = tuple(map(kind.plain, numbers))
        if plain not in tried:
            yield list(plain), at
            tried.add(plain)
        at[place] = False


def _kink_note(
    graph: Graph,
    node: int,
    kink: Kink,
    found: tuple[list[Any], Any],
    moving: bytearray,
    lines: Lines,
    kind: Kind,
) -> Note | None:
    parts, flags = found
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
        if pair is None or not moving[argument]:
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
                    sides=sides_in_words(left, right),
                    used=used,
                )
            )
        else:
            words.append(Message("by such an element {sides}", sides=sides_in_words(left, right)))
    if not told:
        return None
    message = Message(
        "{formula} has {what}{where}: the derivative {sides}",
        formula=shown(graph, node),
        what=kink_words(graph, node, kink),
        where=elements_in_words(flags),
        sides=joined(words),
    )
    return note_on(graph, node, "kink", message, lines, told)
