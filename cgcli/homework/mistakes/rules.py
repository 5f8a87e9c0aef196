"""Mistakes of the rules: what is multiplied, and where it is taken, gates, and what adds up."""

from __future__ import annotations

import functools
import math
import operator
from typing import Final

from cgcli.graph.graph import Graph
from cgcli.graph.text import inline
from cgcli.homework.mistakes.row import Above, GradientStep, Numbers, ValueStep
from cgcli.homework.quantities import Quantity
from cgcli.homework.working import Use, run
from cgcli.homework.written import shape_of
from cgcli.numbers.symbolic import Symbol, apply, symbolic
from cgcli.operations.row import LEVELS, Operation

_INPUTS: Final = 20
_DEGREE: Final = 0.017453292519943295


# The chain rule


def upstream_left_out(use: Use) -> Numbers:
    """Yield what is sent for an upstream gradient of 1, and for a matrix the other factor."""
    yield use.pull(use.working.exercise.zeros(use.node) + 1.0)
    if use.operation.multiplies and not use.operation.elementwise and shape_of(use.upstream):
        # The factor itself, as it stands or as the derivative has it.
        other = use.parts[1 - use.place]
        yield from (other, other.T)


def local_left_out(use: Use) -> Numbers:
    """Yield the upstream gradient as it came, in the shape of the node."""
    if use.operation.elementwise:
        yield use.send(1.0)
    elif shape_of(use.upstream) in ((), use.shape):
        yield use.working.exercise.zeros(use.argument) + use.upstream


@functools.cache
def _is_negative(operation: Operation, place: int) -> bool:
    """Whether a course writes that derivative of an operation with a minus in front."""
    graph = Graph()
    names = [Symbol.input(graph, name) for name in operation.parameters]
    slope = operation.taught(place)(symbolic(graph), apply(graph, operation, *names), *names)
    if not isinstance(slope, Symbol):
        return bool(slope < 0)
    return inline(graph, slope.node, lambda node: False).startswith("-")


def sign_lost(use: Use) -> Numbers:
    """Yield the contribution without the minus that its local derivative is written with."""
    operation = use.operation
    if operation.level == LEVELS["power"] and use.place == 0:
        negative = not shape_of(use.parts[1]) and use.parts[1] < 0
    elif operation.turns and len(use.arguments) == 1:
        negative = not use.shape and use.local is not None and use.local < 0
    else:
        negative = operation.elementwise and _is_negative(operation, use.place)
    if negative and use.sent is not None:
        yield -use.sent


def reciprocal(use: Use) -> Numbers:
    """Yield the upstream gradient divided by the local derivative."""
    derivative = use.local
    if derivative is not None and (shape_of(derivative) or derivative != 0):
        yield use.send(run(lambda m, d: 1 / d, derivative))


def _is_outer(operation: Operation, place: int) -> bool:
    """Whether an operation is a function of one argument, or a power with a given exponent."""
    if operation.level == LEVELS["power"]:
        return place == 0
    one = operation.elementwise and len(operation.parameters) == 1 and bool(operation.words)
    return one and not operation.step


def wrong_place(use: Use) -> Numbers:
    """Yield the derivative of the outer function at the values that its argument is made of."""
    operation = use.operation
    if not _is_outer(operation, use.place):
        return
    rest, graph = use.parts[1:], use.graph
    # The values that the outer function's argument is computed from.
    nodes = list(graph.arguments[use.argument])
    below = graph.ancestors([use.argument])
    nodes += [node for node in graph.inputs.values() if below[node] and node != use.argument]
    for x in (use.working.values[node] for node in dict.fromkeys(nodes[:_INPUTS])):
        if shape_of(x) in ((), shape_of(use.x)):
            y = run(operation.value, x, *rest)
            yield use.send(run(operation.partial(use.place), y, x, *rest))


def output_for_input(use: Use) -> Numbers:
    """Yield the derivative with input and output mixed up, in either form of its rule."""
    operation = use.operation
    if not _is_outer(operation, use.place) or len(use.arguments) > 1 or operation.turns:
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


# Products, gates and sums


def _outer_place(graph: Graph, node: int, active: bytearray) -> int | None:
    """Return the place of the argument that an outer function has; of 1/x it is the second."""
    operation, arguments = graph.operations[node], graph.arguments[node]
    if operation.rules[2:] == ("quotient rule",) and not active[arguments[0]]:
        return 1
    return (
        0 if _is_outer(operation, 0) and not any(map(active.__getitem__, arguments[1:])) else None
    )


def inner_inside(above: Above) -> Numbers:
    """Yield what the inner function's derivative in the outer one gives, and in its derivative."""
    operation, parts = above.operation, above.parts
    place = _outer_place(above.graph, above.node, above.working.exercise.active)
    if place is None or above.reached != [above.arguments[place]]:
        return
    if above.step.node not in above.arguments:
        parts[place] = above.slopes[place]
        value = run(operation.value, *parts)
        for wrong in (value, run(operation.partial(place), value, *parts)):
            yield wrong - above.right


def spread_over_sum(step: ValueStep) -> Numbers:
    """Yield the sum, or the difference, of a function's values in place of that of the sum."""
    working, graph = step.working, step.graph
    place = _outer_place(graph, step.node, working.exercise.active)
    argument = step.arguments[place or 0]
    if place is None or graph.operations[argument].level != LEVELS["sum"]:
        return
    terms = [working.values[term] for term in graph.arguments[argument]]
    parts = [[*step.parts[:place], term, *step.parts[place + 1 :]] for term in terms]
    yield run(graph.operations[argument].value, *(run(step.operation.value, *p) for p in parts))


def constant_dropped(use: Use) -> Numbers:
    """Yield what is sent without the constant factor of the local derivative."""
    if use.operation.rules[use.place + 1 :][:1] == ("constant multiple rule",):
        other = use.arguments[1 - use.place]
        # A constant is whatever nothing differentiates by: 2, -1, 2*pi.
        if not use.working.exercise.active[other] or other in use.graph.constants:
            yield use.send(1.0)


def constant_kept(above: Above) -> Numbers:
    """Yield a constant that is added, or subtracted, on the way."""
    parts = {place: above.working.values[place] for place in above.arguments}
    if above.operation.level == LEVELS["sum"] and len(parts) > len(above.reached) == 1:
        parts[above.reached[0]] = 0.0
        yield run(above.operation.value, *parts.values())


def chain_added(use: Use) -> Numbers:
    """Yield the sum of the upstream gradient and the local derivative."""
    if use.local is not None and not (use.shape or shape_of(use.upstream)) and use.upstream != 1:
        yield use.upstream + use.local


def not_held_constant(step: GradientStep) -> Numbers:
    """Yield the gradient with that by another input added."""
    graph = step.graph
    if step.node in graph.inputs.values() and not graph.shape(step.node):
        for node in list(graph.inputs.values())[:_INPUTS]:
            if node != step.node and step.known(node) is not None and not graph.shape(node):
                yield step.expected + step.known(node)


def degrees(use: Use) -> Numbers:
    """Yield the derivative at an angle in degrees, by radians and by degrees."""
    operation = use.operation
    if operation.angle == "argument":
        x = use.x * _DEGREE
        derivative = run(operation.partial(0), run(operation.value, x), x)
        yield use.send(derivative)
        yield use.send(derivative * _DEGREE)


def degrees_in_value(step: ValueStep) -> Numbers:
    """Yield a function of an angle in degrees, or an angle in degrees."""
    if step.operation.angle == "argument":
        yield run(step.operation.value, step.parts[0] * _DEGREE)
    elif step.operation.angle == "value":
        yield step.expected / _DEGREE


def _is_gated(use: Use) -> bool:
    """Whether an elementwise operation lets the gradient of this argument through, or does not."""
    operation = use.operation
    return operation.gate and operation.elementwise and not (operation.chooses and use.place == 0)


def gate_ignored(use: Use) -> Numbers:
    """Yield the upstream gradient, which is passed on whether the gate is open or not."""
    if _is_gated(use):
        # At a tie a part of the gradient is let through.
        if shape_of(use.local) or len(use.arguments) < 2 or not 0 < use.local < 1:
            yield use.send(1.0)
    elif use.operation.gate and not use.operation.elementwise:
        yield use.upstream + use.working.exercise.zeros(use.argument)


def gate_reversed(use: Use) -> Numbers:
    """Yield the upstream gradient where the gate is shut, and nothing where it is open."""
    if _is_gated(use) and use.local is not None:
        yield use.send(1.0 - use.local)
    elif use.operation.gate and not use.operation.elementwise:
        yield use.upstream * run(lambda m, x, y: m.where(x == y, 0, 1), use.x, use.y)


def last_use_only(step: GradientStep) -> Numbers:
    """Yield what the last of several uses sends."""
    if len(step.contributions) > 1:
        yield step.contributions[-1]


def first_use_only(step: GradientStep) -> Numbers:
    """Yield what the first of several uses sends."""
    if len(step.contributions) > 1:
        yield step.contributions[0]


def use_left_out(step: GradientStep) -> Numbers:
    """Yield the sum without one of three uses or more, or all but one in the middle."""
    sent = step.contributions
    if len(sent) > 2:
        yield from (step.expected - part for part in sent)
        yield from sent[1:-1]


def use_counted_twice(step: GradientStep) -> Numbers:
    """Yield the sum with one of several uses twice."""
    if len(step.contributions) > 1:
        yield from (step.expected + part for part in step.contributions)


def uses_multiplied(step: GradientStep) -> Numbers:
    """Yield the product of what several uses send."""
    if len(step.contributions) > 1:
        yield math.prod(step.contributions)


def last_time_step_only(step: GradientStep) -> Numbers:
    """Yield what the last turn of a loop sends."""
    turns = step.graph.turns
    timed: dict[tuple[int, ...], list[Use]] = {}
    for use in step.uses:
        turn = turns.of(use.node)
        if use.sent is not None and turn:
            timed.setdefault(tuple(value for _, value in turn), []).append(use)
    if len(timed) > 1:
        # The turn that is made last, which is not the greatest where a loop counts down.
        last = max(timed.values(), key=lambda uses: max(use.node for use in uses))
        yield functools.reduce(operator.add, (use.sent for use in last))


def not_reset(step: GradientStep) -> Numbers:
    """Yield the gradient with that of a pass before it: the same, or the right one."""
    # What a pass before it left there is the right gradient, whatever this pass made of it.
    right = step.working.exercise.gradients(step.of)[step.node]
    yield 2 * step.expected
    if right is not None:
        yield step.expected + right
