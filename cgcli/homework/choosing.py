"""Values for a problem: small, away from edges, and such that mistakes give different numbers.

A seed chooses them, or a seed and a student of a list; where nothing is bound nobody sees them.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.calculus.floats import silent
from cgcli.errors import CgraphError
from cgcli.homework.diagnosis import alternatives
from cgcli.homework.exercise import Exercise
from cgcli.homework.mistakes.row import step_at
from cgcli.homework.quantities import Quantity
from cgcli.homework.students import Student, words_of
from cgcli.homework.working import Working, is_same
from cgcli.homework.written import nearest, shape_of
from cgcli.language.free import free_names
from cgcli.numbers.elements import by_element, elements, filled
from cgcli.numbers.values import is_finite
from cgcli.operations.table import CONSTANTS
from cgcli.program import Program, evaluate_program

_TRIALS: Final = 60
_REACHES: Final = (3, 5, 9)
_SIZES: Final = (1, 10, 100, 0.01)
_SMALLEST: Final = 1e-2
_GREATEST: Final = 1e4
_LARGEST: Final = 60
_APART: Final = 1e-3
_SEED: Final = 7
ENOUGH: Final = 5
"""So many good points are looked at for a problem of many."""
Made: TypeAlias = tuple[Quantity, str]
"""A mistake, by its name, that is made at a step."""


def _drawn(chance: random.Random, kind: str, reach: int) -> Fraction:
    """Return a number of a kind, not 0; of rational and of decimal ones none is whole."""
    if kind == "integer":
        return Fraction(chance.choice([-1, 1]) * chance.randint(1, reach))
    below = 10 if kind == "decimal" else chance.randint(2, 5)
    most = 10 * reach // 3 if kind == "decimal" else 2 * reach
    above = chance.choice([k for k in range(1, most) if k % below])
    return Fraction(chance.choice([-1, 1]) * above, below)


class Choice(NamedTuple):
    """Fractions that were chosen, or arrays of them, and how well they tell mistakes apart.

    Of `mistakes` that can be made, each at a step, so many are `distinct`: neither correct working
    nor any other mistake gives the same number.
    """

    values: dict[str, Any]
    exercise: Exercise
    distinct: int
    mistakes: int


def written(choice: Choice) -> dict[str, str]:
    """Return chosen values as they are bound: 3, -2/3, 0.7 where the denominator is 10, [1, 2]."""
    return {name: _text(value) for name, value in choice.values.items()}


def _text(value: Any) -> str:
    if shape_of(value):
        return f"[{', '.join(map(_text, value))}]"
    return f"{float(value):g}" if 10 % value.denominator == 0 else str(value)


def _edges(exercise: Exercise) -> float:
    """Return how many numbers of a problem are 0, saturated or huge; notes count for more."""
    count = 10.0 * len(exercise.result.notes)
    for step in exercise.steps.asked:
        sizes = [abs(part) for part in elements(exercise.truth(step))]
        count += bool(min(sizes) < _SMALLEST) + bool(max(sizes) > _GREATEST)
    return count


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
            number = None if alternative.mistake.seldom else alternative.number
            if number is not None and is_finite(number) and not is_same(number, right, _APART):
                numbers.setdefault(alternative.mistake.name, number)
        made.update((quantity, name) for name in numbers)
        for name, number in numbers.items():
            others = (other for key, other in numbers.items() if key != name)
            if not any(is_same(number, other, _APART) for other in others):
                alone.add((quantity, name))
    return alone, made


class Drawing:
    """What values are drawn for: a program, and what is bound in it.

    `shapes` are arrays of the shapes of names that have no value.
    """

    def __init__(
        self,
        program: Program,
        given: Mapping[str, Any],
        shapes: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        graph = program.graph({**given, **shapes})
        self.program, self.given = program, dict(given)
        self.names = [name for name in graph.inputs if name not in self.given]
        self.shapes = {name: graph.shape(graph.inputs[name]) for name in self.names}

    def choose(self, seed: int, kind: str, enough: int = _TRIALS) -> Choice:
        """Return the values that a seed chooses, the best of many that chance proposes.

        Good is a point where no number is 0, an edge or saturated, and where as many mistakes as
        possible give numbers of their own; `enough` such points are looked at. Raises
        `CgraphError` where no point gives numbers at all.

        >>> import cgcli
        >>> drawing = Drawing(cgcli.parse("p = x + y; g = p*z"), {})
        >>> choice = drawing.choose(1, "integer")
        >>> sorted(choice.values), choice.distinct > 12
        (['x', 'y', 'z'], True)
        """
        chance = random.Random(seed)  # noqa: S311  # the same seed chooses the same values
        best: tuple[tuple[float, ...], Choice] | None = None
        trouble: CgraphError | None = None
        possible: set[Made] = set()
        for trial in range(_TRIALS):
            reach = _REACHES[trial % len(_REACHES)]
            drawn = lambda _, reach=reach: _drawn(chance, kind, reach)
            values = {n: by_element(drawn, filled(0, shape)) for n, shape in self.shapes.items()}
            point = self.given | {name: nearest(value) for name, value in values.items()}
            try:
                exercise = Exercise(self.program, evaluate_program(self.program, {}, point))
            except CgraphError as error:
                if error.kind != "binding":
                    raise
                trouble = error
                continue
            edges = _edges(exercise)
            # How many values are those of another name, but for the sign, or 1.
            sizes = [abs(part) for value in values.values() for part in elements(value)]
            repeated = len(sizes) - len({*sizes}) + sizes.count(Fraction(1))
            if best is not None and (-edges, -repeated) < best[0][:2]:
                continue
            with silent(exercise.graph):
                alone, made = told_apart(exercise)
            possible |= made
            rank = (-edges, -repeated, len(alone), -len("".join(map(str, sizes))))
            if best is None or rank > best[0]:
                best = (rank, Choice(values, exercise, len(alone), 0))
            # Of lists some elements are alike.
            enough -= not edges and (not repeated or len(sizes) > len(values))
            if enough <= 0:
                break
        if best is None:
            assert trouble is not None
            raise trouble
        return best[1]._replace(mistakes=len(possible))

    def personal(
        self, students: list[Student], seed: int, kind: str
    ) -> Iterator[tuple[Student, Choice]]:
        """Yield each student of a list with values that hang on nobody else of it."""
        if not self.names:
            message = "every input has a value: nothing differs from student to student"
            raise CgraphError("usage", message, "leave out the values that are to vary")
        turns: Counter[str] = Counter()
        for student in students:
            called = " ".join(words_of(student.number or student.name))
            turns[called] += 1
            key = f"{seed}/{called}/{turns[called]}".encode()
            drawn = int.from_bytes(hashlib.sha256(key).digest()[:8])
            yield student, self.choose(drawn, kind, enough=ENOUGH)


def symbolic(program: Program, of: str | None = None, wrt: Sequence[str] | None = None) -> Exercise:
    """Return a program as an exercise at a point that nobody names, where numbers tell nothing.

    Raises `CgraphError` where the program has no value at any of many points.

    >>> import cgcli
    >>> exercise = symbolic(cgcli.parse("p = x + y; g = p*z"))
    >>> [exercise.steps.text(step) for step in exercise.steps.asked]
    ['dg/dp', 'dg/dz', 'dg/dx', 'dg/dy']
    """
    chance = random.Random(_SEED)  # noqa: S311  # the same points every time
    names = [name for name in free_names(program.syntax) if name not in CONSTANTS]
    noted: Exercise | None = None
    trouble: CgraphError | None = None
    for trial in range(_TRIALS):
        # Above 0 first, where logarithms and powers have values; then far off, and near 0.
        least = 0.3 if trial % 2 == 0 else -2.9
        size = _SIZES[trial * len(_SIZES) // _TRIALS]
        point = {name: size * chance.uniform(least, 2.9) for name in names}
        try:
            exercise = Exercise(program, evaluate_program(program, {}, point, of, wrt))
        except CgraphError as error:
            trouble = error
            continue
        exercise.symbolic = True
        exercise.steps.asked = [step for step in exercise.steps.asked if step.of >= 0]
        if not exercise.result.notes:
            return exercise
        noted = exercise
    if noted is not None:
        return noted
    assert trouble is not None
    raise trouble
