"""Mistakes of the chain rule: what is multiplied, with which sign, and where it is taken."""

from __future__ import annotations

from typing import Any, Final

from cgcli.homework.mistakes.row import Numbers, ValueStep
from cgcli.homework.quantities import Quantity
from cgcli.homework.working import Use, run
from cgcli.homework.written import shape_of
from cgcli.operations.row import Operation

_INPUTS: Final = 20


def upstream_left_out(use: Use) -> Numbers:
    """Yield what is sent for an upstream gradient of 1, and for a matrix the other factor."""
    if not shape_of(use.upstream):
        yield use.pull(1.0)
        return
    import numpy as np

    yield use.pull(np.ones(shape_of(use.upstream)))
    if use.name == "matmul":
        # The factor itself, as it stands or as the derivative has it.
        other = np.asarray(use.parts[1 - use.place])
        yield from (other, other.T)


def local_left_out(use: Use) -> Numbers:
    """Yield the upstream gradient as it came, in the shape of the node."""
    if use.operation.elementwise:
        yield use.send(1.0)
    elif shape_of(use.upstream) == use.shape:
        yield use.upstream
    elif not shape_of(use.upstream):
        import numpy as np

        yield np.full(use.shape, use.upstream)


def _has_minus(use: Use) -> bool:
    """Whether the local derivative is written with a minus in front."""
    name, place = use.name, use.place
    if name in ("neg", "cos", "acos", "erfc"):
        return True
    if place == 1:
        return name in ("sub", "div", "atan2")
    if name == "pow":
        return not shape_of(use.parts[1]) and bool(use.parts[1] < 0)
    return name == "abs" and not use.shape and bool(use.x < 0)


def sign_lost(use: Use) -> Numbers:
    """Yield the contribution without the minus of its local derivative."""
    if use.sent is not None and _has_minus(use):
        yield -use.sent


def reciprocal(use: Use) -> Numbers:
    """Yield the upstream gradient divided by the local derivative."""
    derivative = use.local
    if derivative is not None and (shape_of(derivative) or derivative != 0):
        yield use.send(run(lambda m, d: 1 / d, derivative))


def _inner_values(use: Use) -> list[Any]:
    """Return the values that the outer function's argument is computed from."""
    graph = use.graph
    nodes = list(graph.arguments[use.argument])
    below = graph.ancestors([use.argument])
    nodes += [node for node in graph.inputs.values() if below[node] and node != use.argument]
    return [use.working.values[node] for node in dict.fromkeys(nodes[:_INPUTS])]


def _is_outer(operation: Operation, place: int) -> bool:
    """Whether an operation is a function of one argument, or a power with a given exponent."""
    if operation.name == "pow":
        return place == 0
    one = operation.elementwise and len(operation.parameters) == 1 and bool(operation.words)
    return one and operation.name not in ("sign", "floor", "ceil", "round")


def wrong_place(use: Use) -> Numbers:
    """Yield the derivative of the outer function at the values that its argument is made of."""
    operation = use.operation
    if not _is_outer(operation, use.place):
        return
    rest = use.parts[1:]
    for x in _inner_values(use):
        if shape_of(x) in ((), shape_of(use.x)):
            y = run(operation.value, x, *rest)
            yield use.send(run(operation.partial(use.place), y, x, *rest))


def output_for_input(use: Use) -> Numbers:
    """Yield the derivative with input and output mixed up, in either form of its rule."""
    operation = use.operation
    if not _is_outer(operation, use.place) or operation.name in ("pow", "abs", "relu"):
        return
    x, y, accurate = use.x, use.y, operation.partial(0)
    for rule in (accurate, operation.taught(0)) if operation.textbook else (accurate,):
        for output, argument in ((x, x), (y, y), (x, y)):
            yield use.send(run(rule, output, argument))
    yield use.send(run(accurate, run(operation.value, y), y))
    # The function itself in place of its derivative, which is right for exp alone.
    yield use.send(y)


def gradient_for_value(step: ValueStep) -> Numbers:
    """Yield the right gradient of the node."""
    exercise = step.working.exercise
    if not step.graph.shape(exercise.of) and exercise.active[step.node]:
        yield exercise.truth(Quantity(step.node, exercise.of))
