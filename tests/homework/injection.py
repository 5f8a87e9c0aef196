"""Each mistake of the marking, made at one step of a right working.

A function here takes one step and gives the wrong numbers that the mistake leads to there, none
where it cannot be made. A number that must be written with fewer digits than it has, because the
digits are the mistake, comes as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from tests.homework.tape import RULES, Number, Problem, Step, Use, Work, near, written

Slip = Any
"""A number, or its text."""
Slips = Iterator[Slip]


@dataclass(frozen=True)
class AtValue:
    problem: Problem
    work: Work
    step: Step
    args: list[Number]
    right: Number

    @property
    def left(self) -> str:
        return self.step.name


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


# --- gradients -----------------------------------------------------------------------------


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


def _products(*pairs: tuple[Number, Number]) -> Slips:
    for a, b in pairs:
        if np.ndim(a) and np.ndim(b) and a.shape[-1] == b.shape[0]:
            yield a @ b


def matrix_transposed(at: AtGradient) -> Slips:
    for use, (a, b) in at.of("@"):
        g = use.upstream
        wrong = [use.part.T]
        if use.place == 0 and b.ndim == 2:
            wrong += _products((g, b), (g.T, b.T))
        elif use.place == 1 and a.ndim == 2:
            wrong += _products((a, g), (a.T, g.T))
        for part in wrong:
            yield from at.instead(part, use)


def matrix_wrong_side(at: AtGradient) -> Slips:
    for use, (a, b) in at.of("@"):
        pairs = [(b.T, use.upstream), (use.upstream, a.T)][use.place]
        if (b, a)[use.place].ndim == 2:
            for part in _products(pairs):
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
    if at.problem.step(at.node) is None:
        yield 2 * at.right


def wrong_variable(at: AtGradient) -> Slips:
    for node, gradient in at.work.gradients.items():
        if node not in (at.node, at.problem.output) and np.shape(gradient) == np.shape(at.right):
            yield gradient


def degrees_for_radians(at: AtGradient) -> Slips:
    for use, (x,) in at.of("sin", "cos", "tan"):
        yield from at.instead(use.upstream * slope(use.step.op, np.radians(x), []), use)


def log_base(at: AtGradient) -> Slips:
    for use, (x,) in at.of("log"):
        yield from at.instead(use.upstream / (x * np.log(10)), use)
        yield from at.instead(use.upstream / (x * np.log(2)), use)
    for use, (x,) in at.of("log10", "log2"):
        yield from at.instead(use.upstream / x, use)


# --- values --------------------------------------------------------------------------------


def op_for(*swaps: tuple[str, Callable[..., Number]]) -> Callable[[AtValue], Slips]:
    def make(at: AtValue) -> Slips:
        yield from (wrong(*at.args) for op, wrong in swaps if op == at.step.op)

    return make


def gradient_for_value(at: AtValue) -> Slips:
    yield at.work.gradients[at.left]


def value_transposed(at: AtValue) -> Slips:
    if at.step.op == "@":
        a, b = at.args
        yield at.right.T
        yield from _products((a.T, b), (a, b.T))


def value_wrong_side(at: AtValue) -> Slips:
    if at.step.op == "@":
        a, b = at.args
        yield from _products((b, a))


def argument_replaced(at: AtValue) -> Slips:
    known = at.problem.steps[: at.problem.steps.index(at.step)]
    for place, arg in enumerate(at.step.args):
        for name in [*at.work.inputs(), *(step.name for step in known)]:
            other = at.work.values[name]
            if isinstance(arg, str) and name != arg and np.shape(other) == np.shape(at.args[place]):
                args = [*at.args[:place], other, *at.args[place + 1 :]]
                yield RULES[at.step.op].value(*args)


# --- both ----------------------------------------------------------------------------------


def sign_slip(at: AtValue | AtGradient) -> Slips:
    yield -at.right


def shortened(value: float, digits: int, mode: str) -> str:
    exact = Decimal(repr(float(value)))
    quantum = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    return format(exact.quantize(quantum, mode), "f") if quantum <= 1 else ""


def digits_transposed(at: AtValue | AtGradient) -> Slips:
    if np.ndim(at.right) or at.right == 0:
        return
    texts = [shortened(at.right, digits, ROUND_HALF_EVEN) for digits in (3, 4, 5, 6, 10)]
    for text in filter(None, texts):
        start = next(k for k, digit in enumerate(text) if digit in "123456789")
        places = [k for k in range(start, len(text)) if text[k] != "."][:7]
        for i, j in pairwise(places):
            if text[i] != text[j] and (i, text[j]) != (start, "0"):
                yield text[:i] + text[j] + text[i + 1 : j] + text[i] + text[j + 1 :]


def rounding(at: AtValue | AtGradient) -> Slips:
    flat = [float(value) for value in np.ravel(at.right)]
    # A zero has no digits to round; "20" for 19.7 has two digits and is right.
    if not all(1e-4 < abs(value) < 9.5 for value in flat):
        return
    for digits, mode in ((1, ROUND_HALF_EVEN), *((k, ROUND_DOWN) for k in (2, 3, 4, 5))):
        texts = [shortened(value, digits, mode) for value in flat]
        nearest = [shortened(value, digits, ROUND_HALF_EVEN) for value in flat]
        if digits == 1 or texts != nearest:
            cells = np.array(texts, dtype=object).reshape(np.shape(at.right)).tolist()
            yield json.dumps(cells).replace('"', "")


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
    "degrees-for-radians": degrees_for_radians,
    "log-base": log_base,
}

VALUE: dict[str, Callable[[AtValue], Slips]] = {
    "sign-lost": op_for(("-", lambda a, b: a + b), ("neg", lambda a: a)),
    "sum-rule-on-product": op_for(("*", lambda a, b: a + b)),
    "reciprocal-derivative": op_for(("/", lambda a, b: b / a)),
    "gradient-for-value": gradient_for_value,
    "gate-ignored": op_for(("relu", lambda x: x)),
    "gate-reversed": op_for(("max", np.minimum), ("min", np.maximum)),
    "matrix-transposed": value_transposed,
    "matrix-wrong-side": value_wrong_side,
    "not-spread-back": op_for(("sum", np.mean), ("mean", np.sum)),
    "digits-transposed": digits_transposed,
    "sign-slip": sign_slip,
    "rounding": rounding,
    "wrong-variable": argument_replaced,
    "degrees-for-radians": op_for(
        *((op, lambda x, op=op: RULES[op].value(np.radians(x))) for op in ("sin", "cos", "tan"))
    ),
    "log-base": op_for(("log", np.log10), ("log", np.log2), ("log10", np.log)),
    "power-as-product": op_for(("^", lambda x, n: n * x)),
}

MISTAKES = sorted({*GRADIENT, *VALUE})


class Injection(NamedTuple):
    left: str
    slip: Slip


def injections(problem: Problem, mistake: str, work: Work | None = None) -> list[Injection]:
    """Every place of a working at which the mistake gives a wrong number."""
    work = work or Work(problem)
    found = []
    with np.errstate(all="ignore"):
        for step in problem.steps:
            at = AtValue(problem, work, step, work.arguments(step), work.values[step.name])
            if mistake in VALUE:
                found += [Injection(step.name, slip) for slip in VALUE[mistake](at)]
        for node, right in work.gradients.items():
            if node != problem.output and mistake in GRADIENT:
                uses = list(work.uses(node, work.gradients))
                at_gradient = AtGradient(problem, work, node, uses, right)
                found += [
                    Injection(at_gradient.left, slip) for slip in GRADIENT[mistake](at_gradient)
                ]
    return [each for each in found if _differs(each, work.answers[each.left])]


def number(slip: Slip) -> Number:
    return np.asarray(json.loads(slip) if isinstance(slip, str) else slip, float)[()]


def text_of(slip: Slip) -> str:
    return slip if isinstance(slip, str) else written(slip)


def is_right(text: str, true: Number) -> bool:
    """The true number, or that number rounded to the digits that happen to be written."""
    if near(number(text), true):
        return True
    cells = [Decimal(word) for word in re.findall(r"[^][, ]+", text)]
    return np.shape(number(text)) == np.shape(true) and all(
        len(cell.as_tuple().digits) > 1
        and abs(cell - Decimal(float(value))) * 2 <= Decimal(1).scaleb(cell.as_tuple().exponent)
        for cell, value in zip(cells, np.ravel(true), strict=True)
    )


def _differs(injection: Injection, right: Number) -> bool:
    finite = bool(np.all(np.isfinite(number(injection.slip))))
    return finite and not is_right(text_of(injection.slip), right)


class Sheet(NamedTuple):
    wrong: str
    lines: Mapping[str, str]
    verdicts: Mapping[str, str]


def sheet(problem: Problem, *made: Injection, in_output: bool = False) -> Sheet | None:
    """Wrong answers in right working: before them from truth, after them from themselves."""
    true = Work(problem).answers
    slips = {left: number(slip) for left, slip in made}
    answers = Work(problem, slips=slips, in_output=in_output).answers
    if not all(np.all(np.isfinite(answer)) for answer in answers.values()):
        return None
    lines = {name: written(answer) for name, answer in answers.items()}
    lines |= {left: text_of(slip) for left, slip in made}
    verdicts = {
        name: "right" if is_right(line, true[name]) else "wrong" if name in slips else "follows"
        for name, line in lines.items()
    }
    return Sheet(next(name for name in lines if name in slips), lines, verdicts)
