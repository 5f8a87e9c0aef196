"""Mistakes of the rules: product, quotient, constants, angles and gates, and what adds up."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from cgcli.homework.mistakes.row import GradientStep, Numbers, ValueStep, partials, rule_of
from cgcli.homework.working import Use, run
from cgcli.homework.written import shape_of

_NODES: Final = 20
_DEGREE: Final = 0.017453292519943295
_RIGHT: Final = {"mul": "da*b + a*db", "div": "(da*b - a*db)/(b*b)"}


def combined(formulas: Mapping[str, str]) -> Callable[[GradientStep], Numbers]:
    """Return what puts a wrong rule for the right one where both operands depend on the node.

    A formula, of products or of quotients, is in the operands and their derivatives by the node.
    """
    (name, text), *_ = formulas.items()
    wrong, right = (rule_of(rule, "a", "b", "da", "db") for rule in (text, _RIGHT[name]))

    def at_gradient(step: GradientStep) -> Numbers:
        working, graph = step.working, step.graph
        if shape_of(step.x):
            return
        known = working.gradients.get(step.of, {})
        reached = graph.dependents([step.node])
        uses = [
            node
            for node in range(step.node + 1, len(graph))
            if graph.operations[node].name == name
            and known.get(node) is not None
            and all(reached[argument] for argument in graph.arguments[node])
            and not graph.shape(node)
        ]
        for node in uses[:_NODES]:
            a, b = graph.arguments[node]
            if graph.shape(a) or graph.shape(b):
                continue
            operands = working.values[a], working.values[b], _slope(step, a), _slope(step, b)
            yield step.expected + known[node] * (run(wrong, *operands) - run(right, *operands))

    return at_gradient


def _slope(step: GradientStep, of: int) -> float:
    """Return the derivative of one node by the step's, from the student's own values."""
    from cgcli.calculus.passes import backward

    if of == step.node:
        return 1.0
    working = step.working
    slope = backward(step.graph, working.values, of, working.exercise.active)[step.node]
    return 0.0 if slope is None else float(slope)


def quotient_with_plus(use: Use) -> Numbers:
    """Yield what is sent to a divisor without its minus."""
    if use.name == "div" and use.place == 1 and use.sent is not None:
        yield -use.sent


_dropped: Final = partials(
    {"pow": [["a^(b - 1)"]], "sqrt": [["1/sqrt(x)", "1/y"]], "cbrt": [["1/(y*y)"]]}
)


def constant_dropped(use: Use) -> Numbers:
    """Yield what is sent without the constant factor of the local derivative."""
    yield from _dropped(use)
    if use.name == "mul" or (use.name == "div" and use.place == 0):
        other = use.arguments[1 - use.place]
        # A constant is whatever nothing differentiates by: 2, -1, 2*pi.
        if not use.working.exercise.active[other] or other in use.graph.constants:
            yield use.send(1.0)


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
        yield use.send(1.0)
    elif use.operation.gate and not use.operation.elementwise:
        import numpy as np

        yield use.upstream * np.ones(use.shape)


def gate_reversed(use: Use) -> Numbers:
    """Yield the upstream gradient where the gate is shut, and nothing where it is open."""
    if _is_gated(use) and use.local is not None:
        yield use.send(1.0 - use.local)
    elif use.operation.gate and not use.operation.elementwise:
        yield use.upstream * run(lambda m, x, y: m.where(x == y, 0, 1), use.x, use.y)


def of_uses(
    wrong: Callable[[list[Any], Any], Numbers], least: int = 2
) -> Callable[[GradientStep], Numbers]:
    """Return what a mistake makes of what so many uses or more send, and of their sum."""

    def at_gradient(step: GradientStep) -> Numbers:
        sent = step.contributions
        return wrong(sent, step.expected) if len(sent) >= least else ()

    return at_gradient


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
