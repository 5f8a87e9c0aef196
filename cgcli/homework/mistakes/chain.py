"""Mistakes of the chain rule: what is multiplied, with which sign, and where it is taken."""

from __future__ import annotations

from typing import Any, Final

from cgcli.homework.mistakes.row import Example, GradientStep, Mistake, Numbers, ValueStep
from cgcli.homework.quantities import Quantity
from cgcli.homework.working import Use, run, shape_of
from cgcli.operations.row import Operation, Rule

__all__ = ["CHAIN"]

_SEED: Final = "p = x + y; g = p*z"
_POINT: Final[dict[str, Any]] = {"x": 1, "y": 3, "z": -3}
_INPUTS: Final = 20


def _upstream_left_out(use: Use) -> Numbers:
    if shape_of(use.upstream):
        import numpy as np

        yield use.pull(np.ones(shape_of(use.upstream)))
        if use.name == "matmul":
            # The factor itself, as it stands or as the derivative has it.
            other = np.asarray(use.parts[1 - use.place])
            yield from (other, other.T)
    else:
        yield use.pull(1.0)


def _local_left_out(use: Use) -> Numbers:
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


def _sign_lost(use: Use) -> Numbers:
    if use.sent is not None and _has_minus(use):
        yield -use.sent


def _sign_lost_in_value(step: ValueStep) -> Numbers:
    if step.name == "sub":
        yield step.parts[0] + step.parts[1]
    elif step.name == "neg":
        yield step.parts[0]
    elif step.name == "add":
        yield step.parts[0] - step.parts[1]


def _reciprocal(use: Use) -> Numbers:
    derivative = use.local
    if derivative is not None and (shape_of(derivative) or derivative != 0):
        yield use.send(run(lambda m, d: 1 / d, derivative))


def _upside_down(step: ValueStep) -> Numbers:
    if step.name == "div":
        yield run(lambda m, a, b: b / a, *step.parts)


def _inner_values(use: Use) -> list[Any]:
    """Return the values that the outer function's argument is computed from."""
    graph = use.own.graph
    found = list(graph.arguments[use.argument])
    below = graph.ancestors([use.argument])
    found += [node for node in graph.inputs.values() if below[node] and node != use.argument]
    return [use.own.values[node] for node in dict.fromkeys(found[:_INPUTS])]


def _is_outer(operation: Operation, place: int) -> bool:
    """Whether an operation is a function of one argument, or a power with a given exponent."""
    if operation.name == "pow":
        return place == 0
    one = operation.elementwise and len(operation.parameters) == 1 and bool(operation.words)
    return one and operation.name not in ("sign", "floor", "ceil", "round")


def _wrong_place(use: Use) -> Numbers:
    operation = use.operation
    if not _is_outer(operation, use.place):
        return
    rest = use.parts[1:]
    for x in _inner_values(use):
        if shape_of(x) in ((), shape_of(use.x)):
            y = run(operation.value, x, *rest)
            yield use.send(run(operation.partial(use.place), y, x, *rest))


def _output_for_input(use: Use) -> Numbers:
    operation = use.operation
    if not _is_outer(operation, use.place) or operation.name in ("pow", "abs", "relu"):
        return
    x, y = use.x, use.y
    rules: list[Rule] = [operation.partial(0)]
    if operation.textbook:
        rules.append(operation.taught(0))
    for rule in rules:
        yield use.send(run(rule, x, x))
        yield use.send(run(rule, y, y))
        yield use.send(run(rule, x, y))
    yield use.send(run(rules[0], run(operation.value, y), y))
    # The function itself in place of its derivative, which is right for exp alone.
    yield use.send(y)


def _value_for_gradient(step: GradientStep) -> Numbers:
    yield step.x


def _gradient_for_value(step: ValueStep) -> Numbers:
    exercise = step.own.exercise
    if not step.graph.shape(exercise.of) and exercise.active[step.node]:
        yield exercise.truth(Quantity(step.node, exercise.of))


CHAIN: Final = (
    Mistake(
        "upstream-left-out",
        "the upstream gradient was left out: {local} was not multiplied by {upstream}",
        Example(_SEED, _POINT, "dg/dx", "1"),
        at_use=_upstream_left_out,
    ),
    Mistake(
        "local-left-out",
        "the local derivative was left out: {upstream} was passed on without {local}",
        Example("u = 3*x; f = u^2", {"x": 2}, "df/dx", "12"),
        at_use=_local_left_out,
    ),
    Mistake(
        "sign-lost",
        "a minus sign was lost in the derivative of {use}",
        Example("n = -x; f = exp(n)", {"x": 0.5}, "df/dx", "0.6065"),
        at_use=_sign_lost,
        at_value=_sign_lost_in_value,
        value_words="plus and minus were mixed up in {use}",
    ),
    Mistake(
        "reciprocal-derivative",
        "divided by the local derivative of {use} where it multiplies",
        Example("u = x^2; f = 3*u", {"x": 5}, "df/dx", "0.3"),
        at_use=_reciprocal,
        at_value=_upside_down,
        value_words="the quotient {use} was turned upside down",
    ),
    Mistake(
        "wrong-place",
        "the derivative of {use} was taken at another value than that of its argument",
        Example("u = 3*x; f = sin(u)", {"x": 0.5}, "df/du", "0.8776"),
        at_use=_wrong_place,
    ),
    Mistake(
        "output-for-input",
        "input and output were mixed up in the derivative of {use}",
        Example("f = tanh(x)", {"x": 0.5}, "df/dx", "0.75"),
        at_use=_output_for_input,
    ),
    Mistake(
        "value-for-gradient",
        "this is the value; asked was the gradient",
        Example(_SEED, _POINT, "dg/dp", "4"),
        at_gradient=_value_for_gradient,
    ),
    Mistake(
        "gradient-for-value",
        "",
        Example(_SEED, _POINT, "p", "-3"),
        at_value=_gradient_for_value,
        value_words="this is the gradient; asked was the value",
    ),
)
