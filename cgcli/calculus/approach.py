"""What a gradient tends to beside a point at which it is an indeterminate form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from cgcli.calculus.notes import examine
from cgcli.calculus.passes import backward, forward
from cgcli.calculus.result import Result
from cgcli.calculus.sweep import Trail
from cgcli.errors import excerpt
from cgcli.words import Message

_STEPS: Final = tuple(2.0 ** (-16 * k) for k in (1, 2, 3))
"""How far beside the point it is looked, in parts of the input; the last is above rounding."""
_FROM_ZERO: Final = 2.0**-40
"""What stands for the input where that is 0."""
_SAME: Final = 1e-9


def limit_in_words(result: Result) -> Message | None:
    """Return the words for the limits of the first gradient by an input that has no value.

    The input is a single number, and the output too: of others, and where no limit is seen,
    there are no words.

    >>> from cgcli.program import parse
    >>> from cgcli.calculus.doubles import DOUBLES
    >>> result = DOUBLES.evaluate(parse("x*sqrt(x)").graph(), {"x": 0.0})
    >>> str(limit_in_words(result))
    'beside it, the gradient by x tends to 0 from the right'
    """
    inputs = {name: result.values[node] for name, node in result.graph.inputs.items()}
    for name, gradient in (result.gradient or {}).items():
        if isinstance(gradient, float) and math.isnan(gradient) and name in inputs:
            left, right = (_limit(result, inputs, name, sign) for sign in (-1.0, 1.0))
            return _words(excerpt(name), left, right)
    return None


def _words(name: str, left: float | None, right: float | None) -> Message | None:
    if left is None and right is None:
        return None
    if left is None:
        pattern = "beside it, the gradient by {name} tends to {right:g} from the right"
    elif right is None:
        pattern = "beside it, the gradient by {name} tends to {left:g} from the left"
    elif abs(left - right) <= _SAME * max(abs(left), abs(right)):
        pattern = "beside it, the gradient by {name} tends to {left:g}"
    else:
        pattern = (
            "beside it, the gradient by {name} tends to {left:g} from the left and to {right:g} "
            "from the right"
        )
    return Message(pattern, name=name, left=left, right=right)


def _limit(result: Result, inputs: Mapping[str, Any], name: str, sign: float) -> float | None:
    """Return the limit of a gradient from one side; None where none is seen.

    At steps that shrink by one factor, what differs from a limit as a power of the step does
    shrinks by one factor too: Aitken's delta-squared process takes it away (Press et al.,
    Numerical Recipes, 3rd ed., section 5.3).
    """
    near: list[float] = []
    for step in _STEPS:
        size = abs(inputs[name]) or _FROM_ZERO
        gradient = _gradient(result, {**inputs, name: inputs[name] + sign * step * size}, name)
        if gradient is None or not math.isfinite(gradient):
            return None
        near.append(gradient)
    first, second = near[1] - near[0], near[2] - near[1]
    scale = max(map(abs, near))
    if abs(second) <= _SAME * scale:
        return near[2]
    if abs(second) > abs(first) / 16:
        return None
    # The square of a difference may leave the doubles.
    limit = near[2] - second * (second / (second - first))
    return limit if abs(limit) > _SAME * scale else 0.0


def _gradient(result: Result, inputs: Mapping[str, Any], name: str) -> float | None:
    graph = result.graph
    values = forward(graph, inputs)
    trail = Trail(examine(graph, values).faults)
    gradient = backward(graph, values, result.of, result.active, trail)[graph.inputs[name]]
    return gradient if isinstance(gradient, float) else None
