"""A problem of which nothing is bound: its answers are formulas."""

from __future__ import annotations

import random
from typing import Final

from cgcli.errors import CgraphError
from cgcli.homework.exercise import Exercise
from cgcli.language.free import free_names
from cgcli.operations.table import CONSTANTS
from cgcli.program import Program

_TRIALS: Final = 60
_SEED: Final = 7


def symbolic(program: Program, of: str | None = None) -> Exercise:
    """Return a program as an exercise at a point that nobody names, where numbers tell nothing.

    Raises `CgraphError` where the program has no value at any of many points.

    >>> import cgcli
    >>> exercise = symbolic(cgcli.parse("p = x + y; g = p*z"))
    >>> [exercise.steps.text(step) for step in exercise.steps.asked]
    ['dg/dp', 'dg/dz', 'dg/dx', 'dg/dy']
    """
    chance = random.Random(_SEED)  # noqa: S311  # the same points every time
    names = [name for name in free_names(program.syntax) if name not in CONSTANTS]
    for trial in range(_TRIALS):
        # Above 0 first, where logarithms and powers have values.
        least = 0.3 if trial % 2 == 0 else -2.9
        point = {name: chance.uniform(least, 2.9) for name in names}
        try:
            result = program.evaluate(point, of=of)
            exercise = Exercise(program, result)
        except CgraphError as error:
            trouble = error
            continue
        if not result.notes:
            exercise.symbolic = True
            exercise.steps.asked = [step for step in exercise.steps.asked if step.of >= 0]
            return exercise
    raise trouble
