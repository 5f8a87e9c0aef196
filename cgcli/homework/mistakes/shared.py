"""Mistakes where a node is used several times, and where gradients add up."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

from cgcli.homework.mistakes.row import GradientStep, Numbers
from cgcli.homework.working import Use


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
