"""Mistakes where a node is used several times, and where gradients add up."""

from __future__ import annotations

from typing import Any, Final

from cgcli.homework.mistakes.row import Example, GradientStep, Mistake, Numbers
from cgcli.homework.working import Use

__all__ = ["SHARED"]

_SQUARE: Final = "a = 3*x; b = x^2; f = a*b"
_LOOP: Final = "h[0] = 1; for t in 0..2 { h[t+1] = w*h[t] }; h[3]"


def _first_use_only(step: GradientStep) -> Numbers:
    if len(step.contributions) > 1:
        yield step.contributions[0]


def _last_use_only(step: GradientStep) -> Numbers:
    if len(step.contributions) > 1:
        yield step.contributions[-1]


def _use_left_out(step: GradientStep) -> Numbers:
    """Leave one of three uses or more out, or keep only one in the middle."""
    if len(step.contributions) > 2:
        for each in step.contributions:
            yield step.expected - each
        yield from step.contributions[1:-1]


def _use_counted_twice(step: GradientStep) -> Numbers:
    if len(step.contributions) > 1:
        for each in step.contributions:
            yield step.expected + each


def _uses_multiplied(step: GradientStep) -> Numbers:
    if len(step.contributions) > 1:
        product: Any = 1.0
        for each in step.contributions:
            product = product * each
        yield product


def _last_time_step_only(step: GradientStep) -> Numbers:
    turns = step.graph.turns
    timed: dict[tuple[int, ...], list[Use]] = {}
    for use in step.uses:
        turn = turns.of(use.user)
        if use.sent is not None and turn:
            timed.setdefault(tuple(value for _, value in turn), []).append(use)
    if len(timed) > 1:
        # The turn that is made last, which is not the greatest where a loop counts down.
        last = max(timed.values(), key=lambda uses: max(use.user for use in uses))
        total: Any = last[0].sent
        for use in last[1:]:
            total = total + use.sent
        yield total


def _not_reset(step: GradientStep) -> Numbers:
    # What a pass before it left there is the right gradient, whatever this pass made of it.
    right = step.own.exercise.gradients(step.of)[step.node]
    yield 2 * step.expected
    if right is not None:
        yield step.expected + right


SHARED: Final = (
    Mistake(
        "last-time-step-only",
        "only the last turn of the loop was counted; the gradients of all turns add up",
        Example(_LOOP, {"w": 0.5}, "dh[3]/dw", "0.25"),
        at_gradient=_last_time_step_only,
    ),
    Mistake(
        "last-use-only",
        "of several uses only the last was counted; their contributions add up",
        Example(_SQUARE, {"x": 2}, "df/dx", "24"),
        at_gradient=_last_use_only,
    ),
    Mistake(
        "first-use-only",
        "of several uses only the first was counted; their contributions add up",
        Example(_SQUARE, {"x": 2}, "df/dx", "12"),
        at_gradient=_first_use_only,
    ),
    Mistake(
        "use-left-out",
        "of several uses one was left out; their contributions add up",
        Example("a = x*y; b = x*z; c = x^2; f = a + b + c", {"x": 2, "y": 3, "z": 5}, "df/dx", "7"),
        at_gradient=_use_left_out,
    ),
    Mistake(
        "use-counted-twice",
        "one of several uses was counted twice",
        Example(_SQUARE, {"x": 2}, "df/dx", "48"),
        at_gradient=_use_counted_twice,
    ),
    Mistake(
        "uses-multiplied",
        "the contributions of several uses were multiplied; they add up",
        Example(_SQUARE, {"x": 2}, "df/dx", "288"),
        at_gradient=_uses_multiplied,
    ),
    Mistake(
        "gradient-not-reset",
        "the gradient is twice what it is: was it added to that of a pass before?",
        Example("p = x + y; g = p*z", {"x": 1, "y": 3, "z": -3}, "dg/dz", "8"),
        at_gradient=_not_reset,
    ),
)
