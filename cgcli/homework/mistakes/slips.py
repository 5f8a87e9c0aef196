"""Slips: the right method, and a number that went astray."""

from __future__ import annotations

import math
from typing import Final

from cgcli.homework.mistakes.row import GradientStep, Numbers, ValueStep
from cgcli.homework.quantities import Quantity
from cgcli.homework.working import Use, run
from cgcli.homework.written import Written
from cgcli.operations.row import LEVELS

_OTHERS: Final = 40
_LARGEST: Final = 1e17
"""Larger whole numbers have more digits than a double."""


def sign_slip(answer: Written, right: float) -> bool:
    """Whether the answer is right but for its sign."""
    return right != 0 and answer.is_rounding(-right, 1e-9 * abs(right))


def digits_transposed(answer: Written, right: float) -> bool:
    """Whether swapping two neighbouring digits of the answer makes it right."""
    unit = 2 * answer.half
    if not unit or not 0.5 < abs(answer.value) / unit < _LARGEST:
        return False
    number = round(abs(answer.value) / unit)
    # 0.17 for 1.07: the digit in front may have come there from behind a zero.
    for place in range(len(str(number))):
        low, high = (number // 10**k % 10 for k in (place, place + 1))
        swapped = number + 9 * (low - high) * 10**place
        value = math.copysign(swapped * unit, answer.value)
        near = answer._replace(value=value).is_rounding(right, 1e-13 * abs(right))
        # 0.40 for 4: the point is elsewhere, and no digit.
        if near and low != high and math.log10(swapped / number) % 1:
            return True
    return False


def cut_off(answer: Written, right: float) -> bool:
    """Whether digits were cut off in place of rounded, or only one was kept."""
    if not answer.half or right - right != 0 or abs(right) > 1e300:
        return False
    half = answer.half
    is_short = right == float(f"{right:.0e}")
    if answer.digits == 1 and not is_short and abs(answer.value - right) <= half * (1 + 1e-9):
        return True
    cut = abs(right) - abs(answer.value)
    within = bool(half * (1 - 1e-9) <= cut < 2 * half * (1 - 1e-9))
    return within and answer.digits > 0 and answer.value * right > 0


def value_for_gradient(step: GradientStep) -> Numbers:
    """Return the value of the node."""
    return [step.x]


def wrong_variable(step: GradientStep) -> Numbers:
    """The gradients by other named nodes: the student's own, and the right ones of later steps."""
    graph, known = step.graph, step.working.gradients
    shape = graph.shape(step.node)
    others = [node for node in graph.given if node not in (step.node, step.of)]
    right = step.working.exercise.gradients(step.of)
    for node in others[:_OTHERS]:
        if graph.shape(node) == shape:
            # Their own, and the right one: a number may be copied before it is rounded.
            for gradient in (known.get(Quantity(node, step.of), right[node]), right[node]):
                yield step.working.exercise.zeros(node) if gradient is None else gradient


def other_variable(use: Use) -> Numbers:
    """Yield the derivative of a product or a quotient with another named node in it."""
    working, graph = use.working, use.graph
    operation = use.operation
    if operation.level != LEVELS["product"] or not operation.elementwise:
        return
    place = 1 - use.place if operation.commutes else 1
    replaced = use.arguments[place]
    for node in list(graph.given)[:_OTHERS]:
        if node in use.arguments or node == use.node or graph.shape(node) != graph.shape(replaced):
            continue
        parts = use.parts
        parts[place] = working.values[node]
        # With the output as it stands, or worked out anew.
        partial = use.operation.partial(use.place)
        for y in (use.y, run(use.operation.value, *parts)):
            yield use.send(run(partial, y, *parts))


def wrong_variable_in_value(step: ValueStep) -> Numbers:
    """Yield the value with another named node for one of the arguments."""
    graph, working = step.graph, step.working
    named = [node for node in graph.given if node != step.node][:_OTHERS]
    for place, argument in enumerate(step.arguments):
        for node in named:
            known = node < step.node or not graph.arguments[node]
            if known and node != argument and graph.shape(node) == graph.shape(argument):
                parts = step.parts
                parts[place] = working.values[node]
                yield step.worked_out(step.operation.value, parts)
