"""Graph and inputs → result: forward, backward, and the notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from cgcli.calculus import notes
from cgcli.calculus.backward import backward
from cgcli.calculus.departures import (
    gradient_departure,
    jacobian_departure,
    silent,
    underflow,
    vanished_values,
)
from cgcli.calculus.forward import forward
from cgcli.calculus.kind import Kind
from cgcli.calculus.kinks import kinks
from cgcli.calculus.notes import Note
from cgcli.calculus.result import Result, find
from cgcli.calculus.sweep import by_rows
from cgcli.calculus.trail import Trail
from cgcli.errors import CgraphError, few
from cgcli.graph.graph import Graph
from cgcli.limits import Limits
from cgcli.numbers.elements import anywhere
from cgcli.operations.shapes import describe, size
from cgcli.words import joined


def evaluate(
    graph: Graph,
    inputs: Mapping[str, Any],
    of: str | None = None,
    wrt: Sequence[str] | None = None,
    limits: Limits = Limits(),
    *,
    kind: Kind,
) -> Result:
    """Return the values of a graph and the gradients of one node, the output unless `of` says.

    `inputs` has a float or an array for every input. `wrt` names what to differentiate by,
    every input unless it is given; then only the nodes between those and the output have a
    gradient. Raises `CgraphError` for a name that no node has, and for a Jacobian of more numbers
    than `limits` allow.
    """
    target = graph.output if of is None else find(graph, of)
    # Inputs are known by name; to look any other node up, every node must be named first.
    wanted = graph.inputs if wrt is None else {name: find(graph, name) for name in wrt}
    wanted = dict(wanted)
    names, sources = list(wanted), list(wanted.values())
    varying = graph.dependents([*graph.inputs.values(), *sources])
    active = varying if wrt is None else graph.between(sources, target)
    if graph.shape(target):
        check_size(graph, target, names, sources, limits)
    values = forward(graph, inputs)
    by_node, faults, forms = notes.examine(graph, values)
    trail = Trail()
    result = Result(graph, values, target, active, wanted, kind, varying)
    result.faults, result.masks = faults, trail.masks
    if graph.shape(target):
        jacobian, reached = _jacobian(result, trail)
        result.jacobian = dict(zip(names, jacobian, strict=True))
    else:
        reached = result.gradients = backward(graph, values, target, active, faults, 1.0, trail)
        result.gradient = {n: result.grad(s) for n, s in zip(names, sources, strict=True)}
    bent = kinks(result, reached, trail, lambda: values)
    if (bent or forms) and trail.scattered:
        # An element that is not picked is at no kink, and no indeterminate form.
        trail = Trail(marks=True)
        reached = backward(graph, values, target, active, faults, _ones(graph, target), trail)
        result.masks = trail.masks
        bent = kinks(result, reached, trail, lambda: values)
    for node, form in forms.items():
        reach = trail.masks.get(node, True) & form
        if reached[node] is not None and (reach is True or reach.any()):
            trail.crossed.add(node)
    vanished = list(vanished_values(graph, values))
    if vanished:
        # What is 0 for want of a smaller double is at no kink.
        after = graph.dependents(vanished)
        bent = {node: notes_there for node, notes_there in bent.items() if not after[node]}
        by_node = notes.merged(by_node, {node: [underflow(graph, node)] for node in vanished})
    by_node = notes.merged(by_node, bent)
    if by_node:
        result.notes = _told(result, by_node, reached, trail)
    kinds = {"overflow", "underflow", "domain"}
    for note in result.notes:
        # Past a value that left the doubles, or its domain, indeterminate forms follow from that.
        kinds -= {note.kind, "domain"} if note.kind != "kink" else set()
    if kinds:
        with silent(graph):
            if result.jacobian:
                left = jacobian_departure(result, kinds)
            else:
                left = gradient_departure(result, reached, trail.masks, kinds)
                left = _with_limits(result, inputs, left)
        by_node = notes.merged(by_node, left)
        result.notes += (note for notes_there in left.values() for note in notes_there)
    result.notes_by_node = by_node
    return result


def _with_limits(
    result: Result, inputs: Mapping[str, Any], by_node: dict[int, list[Note]]
) -> dict[int, list[Note]]:
    """Return notes with what a gradient tends to, where it is an indeterminate form."""
    if not any(note.kind == "domain" for notes_there in by_node.values() for note in notes_there):
        return by_node
    from cgcli.calculus.approach import limit_in_words

    words = limit_in_words(result, inputs)
    if words is None:
        return by_node
    return {
        node: [
            note._replace(message=joined([note.message, words])) if note.kind == "domain" else note
            for note in notes_there
        ]
        for node, notes_there in by_node.items()
    }


def _told(
    result: Result, by_node: dict[int, list[Note]], gradients: list[Any], trail: Trail
) -> list[Note]:
    """Return the notes that bear on the output, in order; of domain and underflow the first.

    A note bears on it when a gradient came through its node, or when no gradient did but the
    output's value needs the node. What an element is that `where` did not take bears on nothing.
    """
    needed = _needed(result, gradients, trail)
    bearing: list[Note] = []
    outside = vanished = False
    for node in sorted(by_node):
        differentiated = gradients[node] is not None
        for note in by_node[node]:
            # Of kinks that no gradient came through, those alone were found that the output shows.
            if not (differentiated or needed[node] or note.kind == "kink"):
                continue
            if note.kind == "underflow":
                if vanished:
                    continue
                vanished = True
            if note.kind == "domain":
                if outside or (differentiated and node not in trail.crossed):
                    continue
                outside = True
            bearing.append(note)
    return bearing


def _needed(result: Result, gradients: list[Any], trail: Trail) -> bytearray:
    """Return a flag a node: 1 where the target's value needs it, by branches that are taken.

    Where a gradient passed a node but was cut off from an argument, no element of the argument
    is taken, unless it went to the other branch.
    """
    graph, values, active = result.graph, result.values, result.active
    flags = bytearray(len(graph))
    flags[result.of] = 1
    for node in range(result.of, -1, -1):
        if not flags[node] or graph.operations[node].reads_shape:
            continue
        chooses = graph.operations[node].reaches is not None
        for place, argument in enumerate(graph.arguments[node]):
            turned = chooses and place and gradients[argument] is not None
            if chooses and place and not (turned or _is_taken(graph, values, node, place)):
                continue
            cut = gradients[node] is not None and gradients[argument] is None and active[argument]
            turns = chooses and result.choices.sides(node) is not None
            if cut and not turns and (node in trail.masks or (chooses and place)):
                continue
            flags[argument] = 1
    return flags


def _is_taken(graph: Graph, values: list[Any], node: int, place: int) -> bool:
    reaches = graph.operations[node].reaches
    assert reaches is not None
    return anywhere(reaches(None, place, *(values[a] for a in graph.arguments[node])))


def check_size(
    graph: Graph, target: int, names: list[str], sources: list[int], limits: Limits
) -> None:
    """Refuse a Jacobian that would not fit, before any of it is computed."""
    rows = size(graph.shape(target))
    columns = sum(size(graph.shape(source)) for source in sources)
    if rows * columns > limits.numbers:
        raise CgraphError(
            "limit",
            f"the output is {describe(graph.shape(target))}, and its Jacobian by {few(names)} "
            f"would hold {rows * columns:,} numbers",
            "differentiate one number, such as sum(…), or by less, with --wrt",
        )


def _jacobian(result: Result, trail: Trail) -> tuple[list[Any], list[Any]]:
    """Return by source the array of shape output × input, and which nodes a gradient reached."""
    import numpy as np

    graph, target, sources = result.graph, result.of, list(result.sources.values())
    shape = graph.shape(target)
    active = graph.dependents(sources)
    reached: list[Any] = [None] * len(graph)
    rows, columns = size(shape), sum(size(graph.shape(source)) for source in sources)
    matrix = np.zeros((rows, columns))
    if active[target]:
        # What a gradient meets on its way is the same for every element of the output.
        ones, faults = _ones(graph, target), result.faults
        reached = backward(graph, result.values, target, active, faults, ones, trail)
        narrow = _is_narrow(graph, target, active, rows, columns)
        if narrow:
            _by_columns(result, active, matrix)
        if not narrow or not np.isfinite(matrix).all():
            # What overflows on the way forward may be a double on the way back.
            _by_rows(result, active, matrix)
    shapes = [graph.shape(source) for source in sources]
    ends = accumulate(map(size, shapes))
    return [
        matrix[:, end - size(inner) : end].reshape(shape + inner)
        for end, inner in zip(ends, shapes, strict=True)
    ], reached


_DIRECTIONS: Final = 2**24
"""How many numbers the tangents of one forward sweep hold, 128 MB."""
_VISIT: Final = 2000
"""What a visit to a node takes, in the numbers that NumPy works on in that time."""


def _ones(graph: Graph, target: int) -> Any:
    """Return the gradient of the sum of a node's elements by the node."""
    if not graph.shape(target):
        return 1.0
    import numpy as np

    return np.ones(graph.shape(target))


def _is_narrow(graph: Graph, target: int, active: bytearray, rows: int, columns: int) -> bool:
    """Whether sweeps forward, a direction an input, are less work than one back an output."""
    nodes, numbers = _held(graph, target, active)
    sweeps = -(-columns * numbers // _DIRECTIONS)
    return columns * numbers + sweeps * nodes * _VISIT <= rows * (numbers + nodes * _VISIT)


def _held(graph: Graph, target: int, active: bytearray) -> tuple[int, int]:
    """Return how many nodes lead to a target, and how many numbers they hold."""
    nodes = sum(active[: target + 1])
    shapes = graph.shapes.items()
    return nodes, nodes + sum(size(shape) - 1 for node, shape in shapes if active[node])


def _by_columns(result: Result, active: bytearray, matrix: Any) -> None:
    """Fill in the derivatives by many inputs at once, in forward sweeps."""
    from cgcli.calculus.tangents import Tangents, seeded

    graph, target, sources = result.graph, result.of, list(result.sources.values())
    needed = graph.ancestors([target])
    for node, is_active in enumerate(active):
        needed[node] &= is_active
    sweep = Tangents(graph, result.values, needed, result.faults, active)
    columns = matrix.shape[1]
    step = max(1, _DIRECTIONS // _held(graph, target, needed)[1])
    for start in range(0, columns, step):
        seeds = seeded(graph, sources, start, min(columns, start + step))
        tangent = sweep.of(target, seeds)
        matrix[:, start : start + step] = tangent.reshape(len(tangent), -1).T


def _by_rows(result: Result, active: bytearray, matrix: Any) -> None:
    """Fill in the gradients of an element of the output each, in a pass back each."""
    import numpy as np

    graph, faults = result.graph, result.faults

    def _row(of: int, seed: Any, trail: Trail) -> Any:
        gradients = backward(graph, result.values, of, active, faults, seed, trail)
        parts = [
            np.zeros(graph.shape(source)) if gradients[source] is None else gradients[source]
            for source in result.sources.values()
        ]
        return np.concatenate([np.reshape(part, -1) for part in parts])

    def _apart(of: int, seed: Any) -> Any:
        inner = bool(np.shape(seed))
        row = None if faults and inner else _row(of, seed, Trail())
        if row is None or (inner and not np.isfinite(row).all()):
            # What the element does not depend on is not multiplied by 0: a fault stays in its own.
            trail = Trail()
            trail.masks[of] = seed != 0
            row = _row(of, seed, trail)
        return row

    for place, row in by_rows(graph, result.of, active, 0.0, 1.0, _apart):
        matrix[place] = row
