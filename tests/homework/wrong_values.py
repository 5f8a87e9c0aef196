"""Mistakes at the value of one step, and slips of the pen that can be made anywhere.

A function here takes one step and gives the wrong numbers that the mistake leads to there, none
where it cannot be made. A number that must be written with fewer digits than it has, because the
digits are the mistake, comes as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from tests.homework.tape import RULES, Number, Problem, Step, Work

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


def products(*pairs: tuple[Number, Number]) -> Slips:
    for a, b in pairs:
        if np.ndim(a) and np.ndim(b) and a.shape[-1] == b.shape[0]:
            yield a @ b


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
        yield from products((a.T, b), (a, b.T))


def value_wrong_side(at: AtValue) -> Slips:
    if at.step.op == "@":
        a, b = at.args
        yield from products((b, a))


def argument_replaced(at: AtValue) -> Slips:
    known = at.problem.steps[: at.problem.steps.index(at.step)]
    for place, arg in enumerate(at.step.args):
        for name in [*at.work.inputs(), *(step.name for step in known)]:
            other = at.work.values[name]
            if isinstance(arg, str) and name != arg and np.shape(other) == np.shape(at.args[place]):
                args = [*at.args[:place], other, *at.args[place + 1 :]]
                yield RULES[at.step.op].value(*args)


class Answer(Protocol):
    @property
    def right(self) -> Number: ...


def sign_slip(at: Answer) -> Slips:
    yield -at.right


def shortened(value: float, digits: int, mode: str) -> str:
    exact = Decimal(repr(float(value)))
    quantum = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    return format(exact.quantize(quantum, mode), "f") if quantum <= 1 else ""


def digits_transposed(at: Answer) -> Slips:
    if np.ndim(at.right) or at.right == 0:
        return
    texts = [shortened(at.right, digits, ROUND_HALF_EVEN) for digits in (3, 4, 5, 6, 10)]
    for text in filter(None, texts):
        start = next(k for k, digit in enumerate(text) if digit in "123456789")
        places = [k for k in range(start, len(text)) if text[k] != "."][:7]
        for i, j in pairwise(places):
            # 0.17 for 1.07 is written, and 017 for 107 is not.
            if text[i] != text[j] and ((i, text[j]) != (start, "0") or text[i + 1] == "."):
                yield text[:i] + text[j] + text[i + 1 : j] + text[i] + text[j + 1 :]


def rounding(at: Answer) -> Slips:
    # A person cuts decimals: 0.6, and not the double 0.59999999999999998 beside it.
    flat = [float(f"{value:.12g}") for value in np.ravel(at.right)]
    # A zero has no digits to round; "20" for 19.7 has two digits and is right.
    if not all(1e-4 < abs(value) < 9.5 for value in flat):
        return
    for digits, mode in ((1, ROUND_HALF_EVEN), *((k, ROUND_DOWN) for k in (2, 3, 4, 5))):
        texts = [shortened(value, digits, mode) for value in flat]
        nearest = [shortened(value, digits, ROUND_HALF_EVEN) for value in flat]
        if digits == 1 or texts != nearest:
            cells = np.array(texts, dtype=object).reshape(np.shape(at.right)).tolist()
            yield json.dumps(cells).replace('"', "")


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
