"""Which of the conditions that were taken for granted a derivative needs.

Where a program and a formula are continuous, and the formula is the derivative all around, it is
the derivative at the point as well (by the mean value theorem): x*abs(x) has one at 0, and so
has norm(x)^2. What was taken for granted is needed where one of them jumps. That is looked for
with numbers, at places where the two sides of the condition are equal.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from cgcli.algebra.forms import Forms
from cgcli.algebra.sums import Condition, Form
from cgcli.algebra.write import Writer
from cgcli.calculus.passes import forward
from cgcli.graph.graph import Graph
from cgcli.operations.row import Shape
from cgcli.operations.shapes import size

_TRIALS: Final = 24
_WORK: Final = 10_000
"""So many nodes are evaluated at a place, for all conditions, before that takes too long."""
_SPECIAL: Final = (0.0, 0.0, 1.0, -1.0, 2.0, -2.0, 3.0, 0.5, -1.5)
_GRID: Final = tuple(k / 2 for k in range(-8, 9))
_STEPS: Final = (1.0, -1.0, 0.5, -0.25)
_EDGES: Final = 5
_NEAR: Final = (1e-4, 1e-7)
_KEEPS: Final = 0.3
"""Nearer by a factor of 1,000 a cube root is a tenth of what it was, and a jump is all of it."""

Line = Callable[[float], dict[str, Any]]


def needed(
    forms: Forms, source: Graph, derivatives: list[Form], conditions: Iterable[Condition]
) -> list[Condition]:
    """Return the conditions at whose edge the program or one of its derivatives jumps.

    Those of which no edge is met are among them, those with a program on one side alone, and
    all of a program that is large.
    """
    conditions = list(conditions)
    writer = Writer(forms, list(source.inputs))
    nodes = [writer.node(form) for form in derivatives]
    if len(conditions) * (len(source) + len(writer.graph)) > _WORK:
        return conditions

    def outcome(at: dict[str, Any]) -> list[float]:
        values = forward(writer.graph, at)
        return _flat([forward(source, at)[source.output], *(values[node] for node in nodes)])

    return [one for one in conditions if one.sign != "!=" or _jumps(forms, source, one, outcome)]


def _jumps(
    forms: Forms,
    source: Graph,
    condition: Condition,
    outcome: Callable[[dict[str, Any]], list[float]],
) -> bool:
    """Whether what comes out jumps at an edge of a condition, or no edge is met."""
    writer = Writer(forms, list(source.inputs))
    sides = [writer.node(condition.left), writer.node(condition.right)]
    guard = [(writer.node(choice), taken) for choice, taken in condition.guard]
    is_met = False
    for trial, (line, is_chance) in enumerate(_lines(source)):

        def apart(t: float, line: Line = line, trial: int = trial) -> float:
            values = forward(writer.graph, line(t))
            if any(any(_flat([values[node]])) is not taken for node, taken in guard):
                return math.nan
            differences = _flat([values[sides[0]] - values[sides[1]]])
            return differences[trial % len(differences)]

        for low, high in itertools.islice(_edges(apart), _EDGES):
            if not (apart(low - _NEAR[-1]) and apart(high + _NEAR[-1])):
                if is_chance:
                    # The sides are equal all around.
                    return True
                continue
            at_edge = [outcome(line(low))] if low == high else []
            spans = [
                _spans([outcome(line(low - near)), outcome(line(high + near)), *at_edge])
                for near in _NEAR
            ]
            for far, near in zip(*spans, strict=True):
                is_met = is_met or near == near
                if near > 1e-9 and near > _KEEPS * far:
                    return True
    return not is_met


def _lines(source: Graph) -> Iterator[tuple[Line, bool]]:
    """Yield lines through points of all inputs, and whether these are any that chance has.

    The others meet zeros, ties and whole numbers, and on many of them one input moves alone.
    """
    # Drawn so that the same formulas come with the same conditions.
    chance = random.Random(1)  # noqa: S311  # no secret
    zero, special = (lambda: 0.0), (lambda: chance.choice(_SPECIAL))
    anywhere = lambda: chance.uniform(-3, 3)
    for trial in range(_TRIALS):
        is_chance = trial % 3 == 1
        draw = anywhere if is_chance else special if trial else zero
        step = anywhere if trial < 2 or is_chance else lambda: chance.choice(_STEPS)
        moving = chance.choice([*source.inputs]) if trial % 3 == 2 else None
        ends = {}
        for name, node in source.inputs.items():
            shape, moves = source.shape(node), moving in (None, name)
            ends[name] = _drawn(shape, draw), _drawn(shape, step if moves else zero)
        yield _line(ends), is_chance


def _line(ends: Mapping[str, tuple[Any, Any]]) -> Line:
    return lambda t: {name: start + t * step for name, (start, step) in ends.items()}


def _drawn(shape: Shape, draw: Callable[[], float]) -> Any:
    """Return a number, or an array of numbers, that are drawn one by one."""
    if not shape:
        return draw()
    return np.array([draw() for _ in range(size(shape))]).reshape(shape)


def _edges(apart: Callable[[float], float]) -> Iterator[tuple[float, float]]:
    """Yield where two sides are equal, as the ends of what it is known to lie between."""
    if apart(0.0) == 0:
        yield 0.0, 0.0
    for left, right in itertools.pairwise((t, apart(t)) for t in _GRID):
        if not left[1]:
            yield left[0], left[0]
        elif left[1] * right[1] < 0:
            yield _bisected(apart, left[0], right[0])


def _bisected(apart: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    before = apart(low)
    while low < (middle := (low + high) / 2) < high:
        after = apart(middle)
        if not after:
            return middle, middle
        low, high = (middle, high) if after * before > 0 else (low, middle)
    return low, high


def _spans(outcomes: list[list[float]]) -> list[float]:
    """Return how far numbers lie apart, relative to their size; NaN where one has no value."""
    numbers = np.array(outcomes)
    numbers[:, ~np.isfinite(numbers).all(axis=0)] = math.nan
    with np.errstate(over="ignore"):
        spans = np.ptp(numbers, axis=0) / (1 + abs(numbers).max(axis=0))
    return list(map(float, spans))


def _flat(values: Iterable[Any]) -> list[float]:
    """Return numbers and the elements of arrays one after the other."""
    return [float(number) for value in values for number in np.ravel(value)]
