"""Graph and inputs → result: forward, backward, and the notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cgcli.calculus import notes
from cgcli.calculus.choices import Choices, taken_by, takes
from cgcli.calculus.departures import gradient_departure, jacobian_departure, vanished_values
from cgcli.calculus.floats import silent
from cgcli.calculus.kind import Kind
from cgcli.calculus.kinks import kinks
from cgcli.calculus.notes import Note
from cgcli.calculus.passes import backward, forward
from cgcli.calculus.result import Result, find
from cgcli.calculus.sweep import Trail, jacobian
from cgcli.errors import CgraphError, few
from cgcli.graph.graph import Graph
from cgcli.limits import Limits
from cgcli.numbers.values import is_finite
from cgcli.operations.shapes import describe, size


def prepared(
    graph: Graph, of: str | None, wrt: Sequence[str] | None, limits: Limits, kind: Kind
) -> Result:
    """Return a result that knows what is asked for, and no values yet.

    `of` names the node that is differentiated, the output unless it is given, and `wrt` what by,
    every input unless it is given; then only the nodes between those and the output have a
    gradient. Raises `CgraphError` for a name that no node has, and for a Jacobian of more numbers
    than `limits` allow.
    """
    target = graph.output if of is None else find(graph, of)
    # Inputs are known by name; to look any other node up, every node must be named first.
    sources = dict(graph.inputs if wrt is None else {name: find(graph, name) for name in wrt})
    nodes = tuple(sources.values())
    varying = graph.once(Graph.dependents, (*graph.inputs.values(), *nodes))
    active = varying if wrt is None else graph.once(Graph.between, nodes, target)
    if graph.shape(target):
        _check_size(graph, target, sources, limits)
    return Result(graph, [], target, active, sources, kind, varying)


def evaluate(result: Result, inputs: Mapping[str, Any]) -> Result:
    """Return a result that was prepared, with values and gradients in doubles, and the notes.

    `inputs` has a float or an array for every input.
    """
    graph = result.graph
    target, active = result.of, result.active
    values = result.values = forward(graph, inputs)
    by_node, faults, forms = notes.examine(graph, values)
    result.trail.faults = faults
    if graph.shape(target):
        result.jacobian, reached = _jacobian(result)
    else:
        reached = result.gradients = backward(graph, values, target, active, result.trail)
        result.gradient = {name: result.grad(node) for name, node in result.sources.items()}
    bent = kinks(result, reached)
    if (bent or forms) and result.trail.scattered:
        # An element that is not picked is at no kink, and no indeterminate form.
        result.trail = Trail(faults, marks=True)
        reached = backward(graph, values, target, active, result.trail, _ones(result))
        bent = kinks(result, reached)
    for node, form in forms.items():
        reach = result.trail.masks.get(node, True) & form
        if reached[node] is not None and (reach is True or reach.any()):
            result.trail.crossed.add(node)
    vanished = vanished_values(graph, values)
    if vanished:
        # What is 0 for want of a smaller double is at no kink.
        after = graph.dependents(vanished)
        bent = {node: notes_there for node, notes_there in bent.items() if not after[node]}
        by_node = notes.merged(by_node, vanished)
    by_node = notes.merged(by_node, bent)
    if by_node:
        result.notes = _bearing(result, by_node, reached)
    said = {note.kind for note in result.notes} - {"kink"}
    # Past a value that left the doubles, or its domain, indeterminate forms follow from that.
    kinds = {"overflow", "underflow"} - said if said else {"overflow", "underflow", "domain"}
    if kinds:
        with silent(graph):
            if result.jacobian:
                left = jacobian_departure(result, reached, kinds)
            else:
                left = gradient_departure(result, reached, result.trail.masks, kinds)
        by_node = notes.merged(by_node, left)
        result.notes += (note for notes_there in left.values() for note in notes_there)
    result.notes_by_node = by_node
    return result


def _bearing(result: Result, by_node: dict[int, list[Note]], gradients: list[Any]) -> list[Note]:
    """Return the notes that bear on the output, in order; of domain and underflow the first.

    A note bears on it when a gradient came through its node, or when no gradient did but the
    output's value needs the node. What an element is that `where` did not take bears on nothing.
    """
    needed = _needed(result, gradients)
    bearing: list[Note] = []
    outside = vanished = False
    for node in sorted(by_node):
        differentiated = gradients[node] is not None
        for note in by_node[node]:
            # Of kinks that no gradient came through, those alone were found that the output shows.
            if not (differentiated or needed[node] or note.kind in ("kink", "domain")):
                continue
            if note.kind == "underflow":
                if vanished:
                    continue
                vanished = True
            if note.kind == "domain":
                bears = node in result.trail.crossed if differentiated else needed[node]
                if outside or not (bears or _decides(result, node, gradients)):
                    continue
                outside = True
            bearing.append(note)
    return bearing


def _decides(result: Result, node: int, gradients: list[Any]) -> bool:
    """Whether what lacks a value outside its domain decides a choice for an element."""
    import numpy as np

    graph, values, after = result.graph, result.values, result.graph.dependents([node])
    for choice in graph.tensors:
        if graph.operations[choice].reaches is None or gradients[choice] is None:
            continue
        condition, shape = graph.arguments[choice][0], graph.shape(choice)
        reached = np.broadcast_to(result.trail.masks.get(choice, True), shape)
        step = graph.operations[condition].step
        deciding = graph.arguments[condition] if step else [condition]
        if after[condition] and any((reached & np.isnan(values[n])).any() for n in deciding):
            return True
    return False


def _needed(result: Result, gradients: list[Any]) -> bytearray:
    """Return a flag a node: 1 where the target's value needs it, by branches that are taken.

    Where a gradient passed a node but was cut off from an argument, no element of the argument
    is taken, unless it went to the other branch.
    """
    graph, values, masks = result.graph, result.values, result.trail.masks

    def is_taken(node: int, place: int) -> bool:
        row, argument = graph.operations[node], graph.arguments[node][place]
        reached, branch = gradients[argument] is not None, bool(row.reaches and place)
        if row.reads_shape or not ((branch and reached) or takes(graph, values, node, place)):
            return False
        cut = gradients[node] is not None and not reached and result.active[argument]
        turns = row.reaches is not None and result.choices.sides(node) is not None
        return not cut or turns or not (branch or node in masks)

    return taken_by(graph, result.of, is_taken)


def _check_size(graph: Graph, target: int, sources: Mapping[str, int], limits: Limits) -> None:
    """Refuse a Jacobian that would not fit, before any of it is computed."""
    rows, columns = size(graph.shape(target)), _count(graph, sources.values())
    if rows * columns > limits.numbers:
        raise CgraphError(
            "limit",
            f"the output is {describe(graph.shape(target))}, and its Jacobian by "
            f"{few(list(sources))} would hold {rows * columns:,} numbers",
            "differentiate one number, such as sum(…), or by less, with --wrt",
        )


def _jacobian(result: Result) -> tuple[dict[str, Any], list[Any]]:
    """Return by source the array of shape output × input, and which nodes a gradient reached."""
    import numpy as np

    graph, target, sources = result.graph, result.of, result.sources
    values, trail = result.values, result.trail
    active = graph.dependents(sources.values())
    reached: list[Any] = [None] * len(graph)

    def apart(of: int, active: bytearray, seed: Any) -> list[Any]:
        gradients: list[Any] = []
        inner = bool(np.shape(seed))
        if not (trail.faults and inner):
            gradients = backward(graph, values, of, active, Trail(trail.faults), seed)
        arrived = [gradients[node] for node in sources.values()] if gradients else []
        if inner and not (gradients and all(a is None or is_finite(a) for a in arrived)):
            # What the element does not depend on is not multiplied by 0: a fault stays in its own.
            masked = Trail(trail.faults, {of: seed != 0})
            gradients = backward(graph, values, of, active, masked, seed)
        return gradients

    if active[target]:
        # What a gradient meets on its way is the same for every element of the output.
        reached = backward(graph, values, target, active, trail, _ones(result))
        if _is_narrow(graph, target, active, sources.values()):
            blocks = _by_columns(result, active)
            if blocks is not None:
                return blocks, reached
            # What leaves the doubles on the way forward may be one on the way back.
    return jacobian(graph, target, sources, active, 0.0, 1.0, apart), reached


def _count(graph: Graph, nodes: Iterable[int]) -> int:
    return sum(size(graph.shape(node)) for node in nodes)


_DIRECTIONS: Final = 2**24
"""How many numbers the tangents of one forward sweep hold, 128 MB."""
_VISIT: Final = 2000
"""What a visit to a node takes, in the numbers that NumPy works on in that time."""


def _ones(result: Result) -> Any:
    """Return the gradient of the sum of the output's elements by the output."""
    return result.kind.zero(result.graph.shape(result.of)) + 1.0


def _is_narrow(graph: Graph, target: int, active: bytearray, sources: Iterable[int]) -> bool:
    """Whether sweeps forward, a direction an input, are less work than one back an output."""
    rows, columns = size(graph.shape(target)), _count(graph, sources)
    nodes, numbers = _held(graph, target, active)
    sweeps = -(-columns * numbers // _DIRECTIONS)
    return columns * numbers + sweeps * nodes * _VISIT <= rows * (numbers + nodes * _VISIT)


def _held(graph: Graph, target: int, active: bytearray) -> tuple[int, int]:
    """Return how many nodes lead to a target, and how many numbers they hold."""
    nodes = sum(active[: target + 1])
    shapes = graph.shapes.items()
    return nodes, nodes + sum(size(shape) - 1 for node, shape in shapes if active[node])


def _by_columns(result: Result, active: bytearray) -> dict[str, Any] | None:
    """Return by source the array of shape output × input, by forward sweeps of many inputs.

    None where one of them lost what the way back may keep.
    """
    import numpy as np

    from cgcli.calculus.tangents import Tangents, by_source, seeded

    graph, target, sources = result.graph, result.of, list(result.sources.values())
    needed = graph.ancestors([target])
    for node, is_active in enumerate(active):
        needed[node] &= is_active
    choices, faults = Choices(graph, active), result.trail.faults
    sweep = Tangents(graph, result.values, needed, choices, faults)
    shape, columns = graph.shape(target), _count(graph, sources)
    matrix = np.zeros((size(shape), columns))
    step = max(1, _DIRECTIONS // _held(graph, target, needed)[1])
    for start in range(0, columns, step):
        seeds = seeded(graph, sources, start, min(columns, start + step))
        tangent = sweep.of(target, seeds)
        if tangent is None:
            return None
        matrix[:, start : start + step] = tangent.reshape(len(tangent), -1).T
    blocks = by_source(graph, sources, matrix, shape)
    return {name: blocks[source] for name, source in result.sources.items()}
