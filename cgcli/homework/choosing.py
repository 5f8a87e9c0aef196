"""Values for a problem: small, away from edges, and such that mistakes give different numbers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.calculus.departures import silent
from cgcli.errors import CgraphError
from cgcli.homework.diagnosis import alternatives
from cgcli.homework.exercise import Exercise
from cgcli.homework.mistakes.row import step_at
from cgcli.homework.quantities import Quantity
from cgcli.homework.working import Working, is_same
from cgcli.homework.written import shape_of
from cgcli.numbers.values import is_finite
from cgcli.program import Program

_TRIALS: Final = 60
_REACHES: Final = (3, 5, 9)
_SMALLEST: Final = 1e-2
_GREATEST: Final = 1e4
_LARGEST: Final = 60
_DRAWS: Final = 20
_APART: Final = 1e-3

Made: TypeAlias = tuple[Quantity, str]
"""A mistake, by its name, that is made at a step."""


def _integer(chance: random.Random, reach: int) -> Fraction:
    return Fraction(chance.choice([-1, 1]) * chance.randint(1, reach))


def _rational(chance: random.Random, reach: int) -> Fraction:
    below = chance.randint(2, 5)
    above = chance.choice([k for k in range(1, 2 * reach) if k % below])
    return Fraction(chance.choice([-1, 1]) * above, below)


def _decimal(chance: random.Random, reach: int) -> Fraction:
    tenths = chance.choice([k for k in range(1, 10 * reach // 3) if k % 10])
    return Fraction(chance.choice([-1, 1]) * tenths, 10)


KINDS: Final[dict[str, Callable[[random.Random, int], Fraction]]] = {
    "integer": _integer,
    "rational": _rational,
    "decimal": _decimal,
}


def within(chance: random.Random, kind: str, low: Fraction, high: Fraction) -> Fraction:
    """Return a number of a kind between two, not 0, and a whole one where those are asked for.

    >>> within(random.Random(1), "decimal", Fraction(1, 4), Fraction(1, 2))
    Fraction(3, 10)
    """
    below = {"integer": 1, "decimal": 10}.get(kind) or chance.randint(2, 5)
    least, most = math.ceil(low * below), math.floor(high * below)
    if least > most or least == most == 0:
        message = f"there is no {kind} number between {low} and {high}, 0 apart"
        raise CgraphError("usage", message, "write a wider range: --vary x=1..9")
    proposed = [chance.randint(least, most) for _ in range(_DRAWS)]
    fit = [above for above in proposed if above and (below == 1 or above % below)]
    return Fraction(next(iter(fit), least or most), below)


class Choice(NamedTuple):
    """Values that were chosen, as they are written, and how well they tell mistakes apart.

    Of `mistakes` that can be made, each at a step, so many are `distinct`: neither correct working
    nor any other mistake gives the same number.
    """

    values: dict[str, Fraction]
    exercise: Exercise
    distinct: int
    mistakes: int


def choose(
    program: Program,
    given: Mapping[str, Any],
    names: list[str],
    seed: int,
    kind: str = "integer",
    ranges: Mapping[str, tuple[Fraction, Fraction]] = {},
    enough: int = _TRIALS,
) -> Choice:
    """Return values for the names, the best of many that chance proposes; others are given.

    Good is a point where no number is 0, an edge or saturated, and where as many mistakes as
    possible give numbers of their own; `enough` such points are looked at. Names with a range
    have values in it. Raises `CgraphError` where no point gives numbers at all.

    >>> import cgcli
    >>> choice = choose(cgcli.parse("p = x + y; g = p*z"), {}, ["x", "y", "z"], 1)
    >>> sorted(choice.values), choice.distinct > 12
    (['x', 'y', 'z'], True)
    """
    chance = random.Random(seed)  # noqa: S311  # the same seed chooses the same values
    best: tuple[tuple[float, ...], Choice] | None = None
    trouble: CgraphError | None = None
    possible: set[Made] = set()
    for trial in range(_TRIALS):
        reach = _REACHES[trial % len(_REACHES)]
        values = {
            name: within(chance, kind, *ranges[name])
            if name in ranges
            else KINDS[kind](chance, reach)
            for name in names
        }
        point = {**given, **{name: float(value) for name, value in values.items()}}
        try:
            exercise = Exercise(program, program.evaluate(point))
        except CgraphError as error:
            if error.kind != "binding":
                raise
            trouble = error
            continue
        edges, repeated = _edges(exercise), _repeated(values)
        if best is not None and (-edges, -repeated) < best[0][:2]:
            continue
        with silent(exercise.graph):
            alone, made = told_apart(exercise)
        possible |= made
        rank = (-edges, -repeated, len(alone), -_ugliness(values))
        if best is None or rank > best[0]:
            best = (rank, Choice(values, exercise, len(alone), 0))
        enough -= not edges and not repeated
        if enough <= 0:
            break
    if best is None:
        assert trouble is not None
        raise trouble
    return best[1]._replace(mistakes=len(possible))


def _edges(exercise: Exercise) -> float:
    """Return how many numbers of a problem are 0, saturated or huge; notes count for more."""
    count = 10.0 * len(exercise.result.notes)
    for step in exercise.steps.asked:
        truth = abs(exercise.truth(step))
        least, most = (truth.min(), truth.max()) if shape_of(truth) else (truth, truth)
        count += bool(least < _SMALLEST) + bool(most > _GREATEST)
    return count


def _repeated(values: Mapping[str, Fraction]) -> int:
    """Return how many values are those of another name, but for the sign, or 1."""
    sizes = [abs(value) for value in values.values()]
    return len(sizes) - len(set(sizes)) + sizes.count(Fraction(1))


def _ugliness(values: Mapping[str, Fraction]) -> int:
    return sum(len(str(abs(value))) for value in values.values())


def true_working(exercise: Exercise) -> Working:
    """Return the right numbers, the gradients of a scalar output among them."""
    working, output = Working(exercise), exercise.of
    if not exercise.graph.shape(output):
        for node, gradient in enumerate(exercise.gradients(output)):
            if gradient is not None:
                working.take(Quantity(node, output), gradient)
    return working


def told_apart(exercise: Exercise) -> tuple[set[Made], set[Made]]:
    """Return the mistakes that give a number of their own, and those that change a number at all.

    Each is a mistake at a step. Of a large problem the first steps are looked at.
    """
    working, output = true_working(exercise), exercise.of
    alone: set[Made] = set()
    made: set[Made] = set()
    for quantity in exercise.steps.asked[:_LARGEST]:
        if quantity.of >= 0 and exercise.graph.shape(output):
            continue
        step = step_at(working, quantity)
        numbers: dict[str, Any] = {}
        right = step.expected
        for alternative in alternatives(step):
            number = alternative.number
            if number is not None and is_finite(number) and not is_same(number, right, _APART):
                numbers.setdefault(alternative.mistake.name, number)
        made.update((quantity, name) for name in numbers)
        for name, number in numbers.items():
            others = (other for key, other in numbers.items() if key != name)
            if not any(is_same(number, other, _APART) for other in others):
                alone.add((quantity, name))
    return alone, made
