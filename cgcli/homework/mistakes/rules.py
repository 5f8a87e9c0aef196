"""Mistakes of the rules of differentiation: product, quotient, power, functions and gates."""

from __future__ import annotations

from typing import Any, Final

from cgcli.homework.mistakes.row import Example, GradientStep, Mistake, Numbers, ValueStep
from cgcli.homework.working import Use, run, shape_of

__all__ = ["RULES"]

_NODES: Final = 20
_SEED: Final = "p = x + y; g = p*z"
_POINT: Final[dict[str, Any]] = {"x": 1, "y": 3, "z": -3}
_GATES: Final = ("relu", "leaky_relu", "max", "min", "clip", "where", "elu")


def _factors_swapped(use: Use) -> Numbers:
    if use.name == "mul":
        yield use.send(use.x)
    elif use.name == "dot":
        yield use.upstream * use.x


def _sum_rule(use: Use) -> Numbers:
    if use.name == "mul":
        yield use.send(1.0)


def _sum_rule_as_a_whole(step: GradientStep) -> Numbers:
    return _combined(step, "mul", lambda a, b, da, db: (da * b + a * db, da + db))


def _sum_for_product(step: ValueStep) -> Numbers:
    if step.name == "mul":
        yield step.parts[0] + step.parts[1]


def _combined(step: GradientStep, name: str, rule: Any) -> Numbers:
    """Put a wrong rule for the right one where both operands depend on the node.

    `rule` takes the operands and their derivatives by the node and returns the right derivative
    and the wrong one.
    """
    own, graph = step.own, step.graph
    if shape_of(step.x):
        return
    known = own.gradients.get(step.of, {})
    reached = graph.dependents([step.node])
    found = [
        node
        for node in range(step.node + 1, len(graph))
        if graph.operations[node].name == name
        and known.get(node) is not None
        and all(reached[argument] for argument in graph.arguments[node])
        and not graph.shape(node)
    ]
    for node in found[:_NODES]:
        a, b = graph.arguments[node]
        if graph.shape(a) or graph.shape(b):
            continue
        slopes = (_slope(step, a), _slope(step, b))
        right, wrong = rule(own.values[a], own.values[b], *slopes)
        yield step.expected + known[node] * (wrong - right)


def _slope(step: GradientStep, of: int) -> float:
    """Return the derivative of one node by the step's, from the student's own values."""
    from cgcli.calculus.backward import backward

    if of == step.node:
        return 1.0
    own = step.own
    found = backward(step.graph, own.values, of, own.exercise.active, {})[step.node]
    return 0.0 if found is None else float(found)


def _quotient(top: float, bottom: float) -> float:
    return top / bottom if bottom else float("nan")


def _product_of_derivatives(step: GradientStep) -> Numbers:
    return _combined(step, "mul", lambda a, b, da, db: (da * b + a * db, da * db))


def _quotient_of_derivatives(step: GradientStep) -> Numbers:
    return _combined(
        step,
        "div",
        lambda a, b, da, db: (_quotient(da * b - a * db, b * b), _quotient(da, db)),
    )


def _quotient_with_plus(step: GradientStep) -> Numbers:
    return _combined(
        step,
        "div",
        lambda a, b, da, db: (
            _quotient(da * b - a * db, b * b),
            _quotient(da * b + a * db, b * b),
        ),
    )


def _quotient_with_plus_at_use(use: Use) -> Numbers:
    if use.name == "div" and use.place == 1 and use.sent is not None:
        yield -use.sent


def _quotient_not_squared(step: GradientStep) -> Numbers:
    return _combined(
        step,
        "div",
        lambda a, b, da, db: (_quotient(da * b - a * db, b * b), _quotient(da * b - a * db, b)),
    )


def _quotient_not_squared_at_use(use: Use) -> Numbers:
    if use.name == "div" and use.place == 1:
        yield use.send(run(lambda m, a, b: -a / b, *use.parts))
    elif use.name == "div":
        # f' = 1 and g' = 0: (1g - f0)/g.
        yield use.send(1.0)


def _exponent_unchanged(use: Use) -> Numbers:
    if use.name == "pow" and use.place == 0:
        yield use.send(run(lambda m, a, b: b * m.pow(a, b), *use.parts))


def _exponent_raised(use: Use) -> Numbers:
    if use.name == "pow" and use.place == 0:
        yield use.send(run(lambda m, a, b: b * m.pow(a, b + 1), *use.parts))


def _factor_dropped(use: Use) -> Numbers:
    graph, name, place = use.own.graph, use.name, use.place
    if name == "pow" and place == 0:
        yield use.send(run(lambda m, a, b: m.pow(a, b - 1), *use.parts))
    elif name == "sqrt":
        yield use.send(run(lambda m, x: 1 / m.sqrt(x), use.x))
        yield use.send(run(lambda m, y: 1 / y, use.y))
    elif name == "cbrt":
        yield use.send(run(lambda m, y: 1 / (y * y), use.y))
    elif name == "mul" or (name == "div" and place == 0):
        other = use.arguments[1 - place]
        # A constant is whatever nothing differentiates by: 2, -1, 2*pi.
        if not use.own.exercise.active[other] or other in graph.constants:
            yield use.send(1.0)


def _power_as_product(step: ValueStep) -> Numbers:
    if step.name == "pow":
        yield step.parts[0] * step.parts[1]


_DEGREE: Final = 0.017453292519943295


def _degrees(use: Use) -> Numbers:
    if use.name in ("sin", "cos", "tan"):
        operation = use.operation
        x = use.x * _DEGREE
        derivative = run(operation.partial(0), run(operation.value, x), x)
        yield use.send(derivative)
        yield use.send(derivative * _DEGREE)


def _degrees_in_value(step: ValueStep) -> Numbers:
    if step.name in ("sin", "cos", "tan"):
        yield run(step.operation.value, step.parts[0] * _DEGREE)
    elif step.name in ("asin", "acos", "atan", "atan2"):
        yield step.expected / _DEGREE


def _log_base(use: Use) -> Numbers:
    if use.name == "log":
        for base in (10, 2):
            yield use.send(run(lambda m, x, b=base: 1 / (x * m.log(b)), use.x))
    elif use.name in ("log10", "log2"):
        yield use.send(run(lambda m, x: 1 / x, use.x))


def _log_base_in_value(step: ValueStep) -> Numbers:
    rules: dict[str, Any] = {
        "log": lambda m, x: m.log(x),
        "log10": lambda m, x: m.log10(x),
        "log2": lambda m, x: m.log2(x),
    }
    if step.name in rules:
        for name, rule in rules.items():
            if name != step.name:
                yield run(rule, step.parts[0])


def _gate_ignored(use: Use) -> Numbers:
    if use.name in _GATES and not (use.name == "where" and use.place == 0):
        yield use.send(1.0)
    elif use.name in ("amax", "amin"):
        import numpy as np

        yield use.upstream * np.ones(use.shape)


def _gate_reversed(use: Use) -> Numbers:
    derivative = use.local
    if (
        use.name in _GATES
        and derivative is not None
        and not (use.name == "where" and use.place == 0)
    ):
        yield use.send(1.0 - derivative)
    elif use.name in ("amax", "amin"):
        yield use.upstream * run(lambda m, x, y: m.where(x == y, 0, 1), use.x, use.y)


def _gate_ignored_in_value(step: ValueStep) -> Numbers:
    if step.name in ("relu", "leaky_relu", "clip", "elu"):
        yield step.parts[0]


def _gate_reversed_in_value(step: ValueStep) -> Numbers:
    parts = step.parts
    if step.name in ("max", "amax"):
        yield run(lambda m, *a: m.min(*a) if len(a) > 1 else m.amin(*a), *parts)
    elif step.name in ("min", "amin"):
        yield run(lambda m, *a: m.max(*a) if len(a) > 1 else m.amax(*a), *parts)
    elif step.name == "relu":
        yield run(lambda m, x: m.min(x, m.number(0)), *parts)
    elif step.name == "where":
        yield run(lambda m, c, a, b: m.where(c != 0, b, a), *parts)


RULES: Final = (
    Mistake(
        "factors-swapped",
        "the factors of {use} were swapped: the derivative by one is the other",
        Example(_SEED, _POINT, "dg/dp", "4"),
        at_use=_factors_swapped,
    ),
    Mistake(
        "product-of-derivatives",
        "the product rule is f'g + fg', not f'g'",
        Example("a = x^2; b = sin(x); f = a*b", {"x": 2}, "df/dx", "-1.665"),
        at_gradient=_product_of_derivatives,
    ),
    Mistake(
        "sum-rule-on-product",
        "the sum rule was used on the product {use}",
        Example(_SEED, _POINT, "dg/dz", "1"),
        at_use=_sum_rule,
        at_gradient=_sum_rule_as_a_whole,
        at_value=_sum_for_product,
        value_words="added where {use} multiplies",
    ),
    Mistake(
        "quotient-of-derivatives",
        "the quotient rule is (f'g - fg')/g^2, not f'/g'",
        Example("a = x^2; b = x + 1; f = a/b", {"x": 3}, "df/dx", "6"),
        at_gradient=_quotient_of_derivatives,
    ),
    Mistake(
        "quotient-with-plus",
        "the quotient rule has a minus: (f'g - fg')/g^2",
        Example("f = a/b", {"a": 3, "b": 4}, "df/db", "3/16"),
        at_use=_quotient_with_plus_at_use,
        at_gradient=_quotient_with_plus,
    ),
    Mistake(
        "quotient-not-squared",
        "the denominator of the quotient rule is squared: (f'g - fg')/g^2",
        Example("f = a/b", {"a": 3, "b": 4}, "df/db", "-3/4"),
        at_use=_quotient_not_squared_at_use,
        at_gradient=_quotient_not_squared,
    ),
    Mistake(
        "exponent-unchanged",
        "the exponent of {use} was not lowered by 1",
        Example("f = x^3", {"x": 2}, "df/dx", "24"),
        at_use=_exponent_unchanged,
    ),
    Mistake(
        "exponent-raised",
        "the exponent of {use} was raised by 1 where it is lowered",
        Example("f = x^3", {"x": 2}, "df/dx", "48"),
        at_use=_exponent_raised,
    ),
    Mistake(
        "constant-factor-dropped",
        "a constant factor was dropped in the derivative of {use}",
        Example("f = x^3", {"x": 2}, "df/dx", "4"),
        at_use=_factor_dropped,
    ),
    Mistake(
        "power-as-product",
        "",
        Example("f = x^3", {"x": 2}, "f", "6"),
        at_value=_power_as_product,
        value_words="the power {use} was worked out as a product",
    ),
    Mistake(
        "gate-ignored",
        "{use} lets nothing through to this argument here, and the gradient was passed on",
        Example("r = relu(x); f = 5*r", {"x": -2}, "df/dx", "5"),
        at_use=_gate_ignored,
        at_value=_gate_ignored_in_value,
        value_words="the argument of {use} was passed on as it is",
    ),
    Mistake(
        "gate-reversed",
        "the gradient of {use} was sent to the wrong side",
        Example("m = max(x, y); f = 5*m", {"x": 3, "y": 2}, "df/dx", "0"),
        at_use=_gate_reversed,
        at_value=_gate_reversed_in_value,
        value_words="the wrong one was taken in {use}",
    ),
    Mistake(
        "degrees-for-radians",
        "the angle in {use} was taken in degrees; it is in radians",
        Example("f = sin(x)", {"x": 1.2}, "df/dx", "0.99978"),
        at_use=_degrees,
        at_value=_degrees_in_value,
        value_words="the angle in {use} was taken in degrees; it is in radians",
    ),
    Mistake(
        "log-base",
        "the logarithm in {use} was taken to another base",
        Example("f = log(x)", {"x": 5}, "f", "0.69897"),
        at_use=_log_base,
        at_value=_log_base_in_value,
        value_words="the logarithm in {use} was taken to another base",
    ),
)
