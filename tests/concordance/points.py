"""Points for programs: a third of them where something happens."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.concordance.syntax import Program, Shape

SPOTS = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1.5, 3.0, 0.25, -3.0, 2.5)
"""Where functions have their corners, poles and zeros, and where arguments tie."""
ENDS = (
    2.0**-1074, 2.0**-1022, 2.0**-700, 2.0**-600, -(2.0**-540), 2.0**-200, 2.0**-60, 2.0**300,
    -(2.0**500), 2.0**520, 2.0**700, 2.0**1000, -(2.0**1023), 1.75 * 2.0**1023, 40.0, -40.0, 800.0,
    -800.0, 20.0, 1024.0, -1080.0, float("inf"), -float("inf"),
)  # fmt: skip


def points(drawn: Program, seed: int, count: int) -> list[dict[str, list[float]]]:
    """Points for a program: the doubles of every input, by name."""
    chance = random.Random(f"points {seed}")
    return [_point(drawn.inputs, chance, k) for k in range(count)]


def _point(inputs: Mapping[str, Shape], chance: random.Random, k: int) -> dict[str, list[float]]:
    kind = "spots" if k % 3 == 0 else "plain"
    if kind == "spots" and chance.random() < 0.3:
        kind = "ends"
    shared = chance.choice(SPOTS)
    point = {}
    for name, shape in inputs.items():
        count = 1
        for size in shape:
            count *= size
        point[name] = [_coordinate(kind, shared, chance) for _ in range(count)]
    return point


def _coordinate(kind: str, shared: float, chance: random.Random) -> float:
    if kind == "plain":
        if chance.random() < 0.5:
            return chance.randint(-320, 320) / 64
        return chance.gauss(0, 1) * chance.choice((1, 1, 3, 10))
    if kind == "ends" and chance.random() < 0.6:
        return chance.choice(ENDS)
    return shared if chance.random() < 0.4 else chance.choice(SPOTS)


def nested(values: Sequence[float], shape: Shape) -> Any:
    """Elements as a number or nested lists."""
    if not shape:
        return values[0]
    if len(shape) == 1:
        return list(values)
    width = shape[1]
    return [list(values[k : k + width]) for k in range(0, len(values), width)]
