"""Mistakes at the gradient of one node: the numbers that each gives in place of the right sum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tests.homework.tape import RULES, Number, Problem, Use, Work
from tests.homework.wrong_values import Slips, digits_transposed, products, rounding, sign_slip


@dataclass(frozen=True)
class AtGradient:
    problem: Problem
    work: Work
    node: str
    uses: list[Use]
    right: Number

    @property
    def left(self) -> str:
        return self.problem.gradient(self.node)

    @property
    def value(self) -> Number:
        return self.work.values[self.node]

    def instead(self, part: Number, *uses: Use) -> Slips:
        """The sum with another number where these uses stood."""
        kept = self.right - sum(use.part for use in uses)
        if np.ndim(part) == 0 or np.shape(part) == np.shape(self.right):
            yield kept + part
        elif len(uses) == len(self.uses):
            yield part

    def of(self, *ops: str) -> Iterator[tuple[Use, list[Number]]]:
        """The uses in these operations, with the operation's arguments."""
        for use in self.uses:
            if use.step.op in ops:
                yield use, self.work.arguments(use.step)

    def both(self, op: str) -> Iterator[tuple[Number, ...]]:
        """Where it reaches both arguments: the upstream, the two values and their gradients."""
        for step in self.problem.steps:
            reached = [self.node in self.problem.below(arg) for arg in step.args]
            if step.op == op and all(reached) and np.ndim(self.work.values[step.name]) == 0:
                upstream = self.work.gradients[step.name]
                totals = [self.work.backward(str(arg))[self.node] for arg in step.args]
                yield upstream, *self.work.arguments(step), *totals


def slope(op: str, x: Number, n: list[Number], y: Number | None = None) -> Number:
    """The derivative of a function of one argument or a power, in the argument."""
    return RULES[op].slopes[0](x, *n, y)  # type: ignore[misc]


def upstream_left_out(at: AtGradient) -> Slips:
    for use in at.uses:
        if use.slope is not None:
            yield from at.instead(use.slope, use)


def local_left_out(at: AtGradient) -> Slips:
    for use in at.uses:
        if use.step.op != "@" or np.shape(use.upstream) == np.shape(at.right):
            yield from at.instead(use.upstream, use)


def sign_lost(at: AtGradient) -> Slips:
    for use, _ in at.of("-", "neg", "cos", "/"):
        if use.step.op not in "-/" or use.place == 1:
            yield from at.instead(-use.part, use)


def factors_swapped(at: AtGradient) -> Slips:
    for use, args in at.of("*"):
        yield from at.instead(use.upstream * args[use.place], use)


def product_of_derivatives(at: AtGradient) -> Slips:
    for upstream, a, b, da, db in at.both("*"):
        yield at.right - upstream * (a * db + b * da) + upstream * da * db


def sum_rule_on_product(at: AtGradient) -> Slips:
    for step in {use.step for use in at.uses if use.step.op == "*"}:
        uses = [use for use in at.uses if use.step == step]
        yield from at.instead(sum(use.upstream for use in uses), *uses)
    for upstream, a, b, da, db in at.both("*"):
        yield at.right - upstream * (da * b + a * db) + upstream * (da + db)


def quotient_of_derivatives(at: AtGradient) -> Slips:
    for upstream, a, b, da, db in at.both("/"):
        yield at.right - upstream * (da * b - a * db) / b**2 + upstream * da / db


def quotient_with_plus(at: AtGradient) -> Slips:
    for upstream, a, b, da, db in at.both("/"):
        yield at.right - upstream * (da * b - a * db) / b**2 + upstream * (da * b + a * db) / b**2
    for use, (a, b) in _below_the_line(at):
        yield from at.instead(use.upstream * a / b**2, use)


def quotient_not_squared(at: AtGradient) -> Slips:
    for upstream, a, b, da, db in at.both("/"):
        yield at.right - upstream * (da * b - a * db) / b**2 + upstream * (da * b - a * db) / b
    for use, (a, b) in _below_the_line(at):
        yield from at.instead(-use.upstream * a / b, use)


def _below_the_line(at: AtGradient) -> Iterator[tuple[Use, list[Number]]]:
    for use, args in at.of("/"):
        if use.place == 1 and at.node not in at.problem.below(use.step.args[0]):
            yield use, args


def exponent_unchanged(at: AtGradient) -> Slips:
    for use, (x, n) in at.of("^"):
        yield from at.instead(use.upstream * n * x**n, use)


def exponent_raised(at: AtGradient) -> Slips:
    for use, (x, n) in at.of("^"):
        yield from at.instead(use.upstream * n * x ** (n + 1), use)


def constant_factor_dropped(at: AtGradient) -> Slips:
    for use, (x, n) in at.of("^"):
        yield from at.instead(use.upstream * x ** (n - 1), use)
    for use, _ in at.of("*", "/"):
        if isinstance(use.step.args[1 - use.place], float) and (use.step.op, use.place) != ("/", 1):
            yield from at.instead(use.upstream, use)
    for use, (x,) in at.of("sqrt"):
        yield from at.instead(use.upstream / np.sqrt(x), use)


ELEMENTARY = ("exp", "log", "log10", "log2", "sqrt", "sin", "cos", "tan", "tanh", "sigmoid", "^")


def wrong_place(at: AtGradient) -> Slips:
    inside = at.problem.step(at.node)
    if inside is None:
        return
    inputs = at.problem.below(at.node).intersection(at.work.inputs())
    places = {arg for arg in inside.args if isinstance(arg, str)} | inputs
    for use, (_, *n) in at.of(*ELEMENTARY):
        for name in sorted(places):
            v = at.work.values[name]
            if np.shape(v) == np.shape(at.value):
                yield from at.instead(use.upstream * slope(use.step.op, v, n), use)


MIXED: dict[str, Callable[[Number], Number]] = {
    "tanh": lambda x: 1 - x**2,
    "sigmoid": lambda x: x * (1 - x),
    "exp": lambda x: x,
    "sqrt": lambda x: 1 / (2 * x),
}


def output_for_input(at: AtGradient) -> Slips:
    for use, (x,) in at.of(*MIXED):
        y = at.work.values[use.step.name]
        yield from at.instead(use.upstream * MIXED[use.step.op](x), use)
        yield from at.instead(use.upstream * slope(use.step.op, y, []), use)


def reciprocal_derivative(at: AtGradient) -> Slips:
    for use in at.uses:
        if use.slope is not None and use.step.op != "@":
            yield from at.instead(use.upstream / use.slope, use)


def value_for_gradient(at: AtGradient) -> Slips:
    yield at.value


def first_use_only(at: AtGradient) -> Slips:
    yield at.uses[0].part


def last_use_only(at: AtGradient) -> Slips:
    yield at.uses[-1].part


def use_counted_twice(at: AtGradient) -> Slips:
    if len(at.uses) > 1:
        yield from (at.right + use.part for use in at.uses)


def uses_multiplied(at: AtGradient) -> Slips:
    yield np.prod([use.part for use in at.uses], axis=0)


GATES = ("relu", "max", "min", "clip", "where")


def gate_ignored(at: AtGradient) -> Slips:
    for use, _ in at.of(*GATES):
        yield from at.instead(use.upstream, use)


def gate_reversed(at: AtGradient) -> Slips:
    for use, _ in at.of(*GATES):
        yield from at.instead(use.upstream * (1 - use.slope), use)  # type: ignore[operator]


def matrix_transposed(at: AtGradient) -> Slips:
    for use, (a, b) in at.of("@"):
        g = use.upstream
        wrong = [use.part.T]
        if use.place == 0 and b.ndim == 2:
            wrong += products((g, b), (g.T, b.T))
        elif use.place == 1 and a.ndim == 2:
            wrong += products((a, g), (a.T, g.T))
        for part in wrong:
            yield from at.instead(part, use)


def matrix_wrong_side(at: AtGradient) -> Slips:
    for use, (a, b) in at.of("@"):
        pairs = [(b.T, use.upstream), (use.upstream, a.T)][use.place]
        if (b, a)[use.place].ndim == 2:
            for part in products(pairs):
                yield from at.instead(part, use)


def not_spread_back(at: AtGradient) -> Slips:
    for use, _ in at.of("mean", "sum"):
        g = use.upstream
        yield from at.instead(g if use.step.op == "mean" else g / np.size(at.right), use)
        if len(at.uses) == 1:
            yield g


def last_time_step_only(at: AtGradient) -> Slips:
    turns = [use.step.turn for use in at.uses]
    if None not in turns:
        last = max(turn for turn in turns if turn is not None)
        yield sum(use.part for use in at.uses if use.step.turn == last)


def gradient_not_reset(at: AtGradient) -> Slips:
    yield 2 * at.right


def wrong_variable(at: AtGradient) -> Slips:
    for node, gradient in at.work.gradients.items():
        if node not in (at.node, at.problem.output) and np.shape(gradient) == np.shape(at.right):
            yield gradient


def other_variable(at: AtGradient) -> Slips:
    for use, parts in at.of("*", "/"):
        place = 1 - use.place if use.step.op == "*" else 1
        for name in at.problem.at:
            number = at.work.values[name]
            if name in use.step.args or np.shape(number) != np.shape(parts[place]):
                continue
            changed = [number if k == place else part for k, part in enumerate(parts)]
            slope = RULES[use.step.op].slopes[use.place](*changed, at.work.values[use.step.name])
            yield from at.instead(use.upstream * slope, use)


def degrees_for_radians(at: AtGradient) -> Slips:
    for use, (x,) in at.of("sin", "cos", "tan"):
        yield from at.instead(use.upstream * slope(use.step.op, np.radians(x), []), use)


def log_base(at: AtGradient) -> Slips:
    for use, (x,) in at.of("log"):
        yield from at.instead(use.upstream / (x * np.log(10)), use)
        yield from at.instead(use.upstream / (x * np.log(2)), use)
    for use, (x,) in at.of("log10", "log2"):
        yield from at.instead(use.upstream / x, use)


GRADIENT: dict[str, Callable[[AtGradient], Slips]] = {
    "upstream-left-out": upstream_left_out,
    "local-left-out": local_left_out,
    "sign-lost": sign_lost,
    "factors-swapped": factors_swapped,
    "product-of-derivatives": product_of_derivatives,
    "sum-rule-on-product": sum_rule_on_product,
    "quotient-of-derivatives": quotient_of_derivatives,
    "quotient-with-plus": quotient_with_plus,
    "quotient-not-squared": quotient_not_squared,
    "exponent-unchanged": exponent_unchanged,
    "exponent-raised": exponent_raised,
    "constant-factor-dropped": constant_factor_dropped,
    "wrong-place": wrong_place,
    "output-for-input": output_for_input,
    "reciprocal-derivative": reciprocal_derivative,
    "value-for-gradient": value_for_gradient,
    "first-use-only": first_use_only,
    "last-use-only": last_use_only,
    "use-counted-twice": use_counted_twice,
    "uses-multiplied": uses_multiplied,
    "gate-ignored": gate_ignored,
    "gate-reversed": gate_reversed,
    "matrix-transposed": matrix_transposed,
    "matrix-wrong-side": matrix_wrong_side,
    "not-spread-back": not_spread_back,
    "last-time-step-only": last_time_step_only,
    "gradient-not-reset": gradient_not_reset,
    "digits-transposed": digits_transposed,
    "sign-slip": sign_slip,
    "rounding": rounding,
    "wrong-variable": wrong_variable,
    "other-variable": other_variable,
    "degrees-for-radians": degrees_for_radians,
    "log-base": log_base,
}
