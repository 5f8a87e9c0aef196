"""Judging an answer: right, right from the student's numbers before it, or wrong and why."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from cgcli.homework.answers import Answer
from cgcli.homework.carrying import rounding_reach
from cgcli.homework.chains import Reader
from cgcli.homework.diagnosis import Diagnosis, Wrong, diagnose
from cgcli.homework.exercise import Exercise
from cgcli.homework.formulas import Equality, compare
from cgcli.homework.mistakes.table import ARITHMETIC
from cgcli.homework.quantities import Quantity
from cgcli.homework.working import Working, is_same
from cgcli.homework.written import Written, alike, exact, is_fraction, part_of, shape_of
from cgcli.numbers.elements import anywhere
from cgcli.words import Message

Verdict: TypeAlias = Literal["right", "follows", "wrong", "not told"]

RIGHT: Final = "right"
FOLLOWS: Final = "follows"
WRONG: Final = "wrong"
NOT_TOLD: Final = "not told"
"""Correct working from the student's own numbers cannot be told from no working at all."""

_DIGITS: Final = 3
_WHOLE: Final = 0.5
"""A number is taken for a rounded one when it has so many digits, some behind the point."""
_MORE: Final = 2
"""So many more digits an answer may have than the rounded numbers that it may come of."""

Pair: TypeAlias = tuple[Any, Any]
"""A number as it was written, and before it was rounded."""

Ruling: TypeAlias = tuple[Verdict, Any]
"""A verdict on a number, and the number that may have been rounded to it."""


class Judged(NamedTuple):
    """An answer, the number that it comes to, and what became of it.

    `expected` is what correct working gives from the student's own earlier answers, and `truth`
    the right number; a formula has an `equality`.
    """

    answer: Answer
    number: Any
    verdict: Verdict
    expected: Any
    truth: Any
    diagnoses: list[Diagnosis]
    equality: Equality | None
    part: str = ""
    """Of a chain of equalities the first part that is wrong."""
    excused: bool = False
    """Whether nothing is told since it may come of a line that cannot be read."""
    rounded: bool = False
    """Whether it follows where nothing that it is worked out from is wrong, but for rounding."""

    @property
    def good(self) -> bool:
        """Whether the answer earns its points: right, or right from the numbers before it."""
        return self.verdict in (RIGHT, FOLLOWS)

    def not_told(self) -> Judged:
        """Return the answer as one of which nothing is told."""
        return self._replace(verdict=NOT_TOLD, diagnoses=[], part="")

    @property
    def mistakes(self) -> list[str]:
        """The names of the mistakes that give the answer, the likeliest first."""
        return list(dict.fromkeys(diagnosis.mistake.name for diagnosis in self.diagnoses))


class Tolerance(NamedTuple):
    """How far an answer may be off, absolutely or as a part of the right number; None for digits.

    >>> round(Tolerance(0.01, relative=True).reach(200.0), 6)
    2.0
    """

    size: float | None = None
    relative: bool = False
    steps: Mapping[Quantity, Tolerance] = MappingProxyType({})
    """Those of single steps."""

    def of(self, quantity: Quantity) -> Tolerance:
        """Return the tolerance of a step."""
        return self.steps.get(quantity, self)

    def reach(self, truth: Any) -> Any:
        """Return how far an answer to a question of this right number may be off."""
        if self.size is None:
            # Whole, so that a fraction stays one.
            return 0
        size = self.size if is_fraction(self.size) else self.size * (1 + 1e-9)
        return size * abs(truth) if self.relative else size


class Judge:
    """The judge of one sheet, who knows what was written before and what may have been meant.

    `working` has the numbers as they were written; `held` has, for each that was rounded, the
    number before rounding, with which the student may as well have gone on. `answers` are the
    sheet's, by quantity.
    """

    def __init__(self, exercise: Exercise, answers: list[Answer], tolerance: Tolerance) -> None:
        self.exercise = exercise
        self.tolerance = tolerance
        self.answers: dict[Quantity, list[Answer]] = {}
        for answer in answers:
            self.answers.setdefault(answer.quantity, []).append(answer)
        self.working, self.held = (Working(exercise, self.answers.keys()) for _ in range(2))
        self.workings = self.working, self.held
        self.reader = Reader(self.working)
        self.judged: list[Judged] = []
        self.differs = False
        # How far the number used later may be from the one that is written, and its digits.
        self.reaches: dict[Quantity, tuple[Any, float]] = {}

    def judge(self, answers: list[Answer], expected: list[Pair], quantity: Quantity) -> Pair | None:
        """Judge the answers to one quantity; return the number for later steps, written and held.

        None is returned where the answer is of another shape, and no later step can use it.
        """
        numbers: Pair | None = None
        truth = self.exercise.truth(quantity)
        slack = self.exercise.slack(quantity)
        tolerance = self.tolerance.of(quantity)
        for stated in answers:
            answer, equality = self._meant(stated)
            written, element = answer.written, answer.element
            if answer.formula is not None:
                with self.exercise.added(*answer.formula) as node:
                    written = exact(self.exercise.value_of(node, self.working.point))
            assert written is not None
            right = part_of(truth, element)
            pairs = [(part_of(a, element), part_of(b, element)) for a, b in expected]
            # A tolerance stands in place of the digits.
            read = written if tolerance.size is None else exact(written.value)
            verdict, held = _verdict(read, right, slack, pairs, tolerance)
            by_digits = read is written and equality is None
            if verdict == WRONG and pairs and by_digits and self.reaches:
                verdict, held = self._unrounded(answer, written, pairs)
            if equality is not None:
                verdict, held = _of_formula(equality, verdict, written, right, held)
            diagnoses: list[Diagnosis] = []
            if verdict == WRONG and expected:
                diagnoses = self._diagnose(answer, written)
                first = diagnoses[0] if diagnoses and not element else None
                if first and first.quantity == quantity and first.mistake.slip is None:
                    # A mistake is tried in doubles, which say no more than a fraction does.
                    near = is_same(written.value, first.number, 1e-13)
                    held = held if near and self.exercise.kind.exact else first.number
            value = written.value
            if verdict == RIGHT and is_same(value, right, 1e-13):
                value = right
            elif verdict == RIGHT and shape_of(value) == shape_of(held):
                self._round(answer, written, abs(value - held))
            elif verdict != RIGHT:
                # A number is known to be no rounded one when none before it was rounded and it is,
                # to all digits, what follows from those or what a mistake gives.
                made = [cause.number for cause in diagnoses if cause.mistake.slip is None]
                known = [held] if verdict == FOLLOWS else made
                exactly = any(is_same(value, number, 1e-12) for number in known)
                if self.differs or self.reaches or not exactly:
                    self._round(answer, written, _reach(written))
            self.differs = self.differs or not is_same(value, held, 0.0)
            follows = pairs[0][0] if pairs else right
            judged = Judged(answer, written.value, verdict, follows, right, diagnoses, equality)
            self.judged.append(self._by_parts(judged, written, pairs) if answer.parts else judged)
            if expected:
                numbers = self._overlaid(numbers, expected[0], answer, (value, held))
        return numbers

    def _meant(self, answer: Answer) -> tuple[Answer, Equality | None]:
        """Return an answer as it is meant, with what its formula is beside the right one.

        Of 5 m/s, where m and s are names, the number is meant if it is right and the product is
        not; of a value it is meant in doubt.
        """
        if answer.formula is None:
            return answer, None
        equality = compare(self.exercise, answer)
        if equality.same or answer.measure is None or self.exercise.symbolic:
            return answer, equality
        quantity = answer.quantity
        right = part_of(self.exercise.truth(quantity), answer.element)
        reach = self.exercise.slack(quantity) + self.tolerance.of(quantity).reach(right)
        is_number = quantity.of < 0 or answer.measure.is_rounding(right, reach)
        is_number = is_number and not shape_of(right)
        return (answer.measured(), None) if is_number else (answer, equality)

    def _by_parts(self, judged: Judged, written: Written, pairs: list[Pair]) -> Judged:
        """Return the verdict on a chain of equalities: that on the first part that is wrong."""
        answer = judged.answer
        numbers = [number for pair in pairs for number in pair]
        numbers += [judged.truth, *([written.value] if judged.good else [])]
        tolerance, doubles_of = self.tolerance.of(answer.quantity), self.exercise.kind.doubles
        targets = [(doubles_of(number), doubles_of(tolerance.reach(number))) for number in numbers]
        doubles = written.in_doubles(self.exercise.kind)
        broken = self.reader.first_wrong(answer.parts, targets, doubles, judged.good)
        if broken is None:
            return judged if judged.good else judged._replace(verdict=FOLLOWS, diagnoses=[])
        diagnoses = self._diagnose(answer, broken.number) if pairs else []
        if broken.slipped:
            slip = Diagnosis(ARITHMETIC, answer.quantity, Message(ARITHMETIC.words), None)
            diagnoses = [slip, *(cause for cause in diagnoses if cause.mistake.slip)]
        part = broken.part or answer.read.partition("=")[2].strip()
        return judged._replace(verdict=WRONG, diagnoses=diagnoses, part=part)

    def take(self, quantity: Quantity, numbers: Pair) -> None:
        """Go on with numbers for a value or a gradient."""
        for working, number in zip(self.workings, numbers, strict=True):
            working.take(quantity, number)

    def _unrounded(self, answer: Answer, written: Written, pairs: list[Pair]) -> Ruling:
        """Return the verdict on a number that may come of numbers with more digits than written."""
        value, right = written.value, pairs[0][0]
        if shape_of(value) and shape_of(right):
            # Arrays must be the same but for rounding; that takes a while.
            fits = shape_of(value) == shape_of(right)
            if not fits or abs(value - right).max() > abs(right).max() / 20:
                return WRONG, written.value
        # Who writes more digits than rounded numbers have has not used those.
        least = written.most_digits - _MORE
        reaches = {step: reach for step, (reach, digits) in self.reaches.items() if digits >= least}
        reach = rounding_reach(self.working, answer.quantity, reaches)
        reach = part_of(reach, answer.element) if shape_of(reach) else reach
        if reach is not None and shape_of(reach) in ((), shape_of(right)):
            reach = reach + reach / 1_000_000
            for number in (number for pair in pairs for number in pair):
                if written.is_rounding(number, reach):
                    return FOLLOWS, number
        return WRONG, written.value

    def _round(self, answer: Answer, written: Written, reach: Any) -> None:
        """Keep how far the number that a student went on with may be from the one written."""
        quantity, element, digits = answer.quantity, answer.element, written.most_digits
        if element and shape_of(reach):
            return
        if element:
            nothing = self.exercise.zeros(quantity.node), 0.0
            before, most = self.reaches.get(quantity, nothing)
            reach, digits = _changed(before, element, reach), max(digits, most)
        if anywhere(reach):
            self.reaches[quantity] = reach, digits

    def _diagnose(self, answer: Answer, written: Written) -> list[Diagnosis]:
        """Return the mistakes that give a wrong answer, from what was written or held."""
        kind, quantity = self.exercise.kind, answer.quantity
        if kind.exact and is_fraction(written.value):
            written = written.in_doubles(kind)
        wrong = Wrong(quantity, answer.element, written)
        workings = self.workings if self.differs else self.workings[:1]
        return diagnose([working.in_doubles() for working in workings], wrong)

    def _overlaid(
        self, before: Pair | None, expected: Pair, answer: Answer, numbers: Pair
    ) -> Pair | None:
        """Return a whole with the student's elements put over what was expected."""
        if not answer.element:
            shape = self.exercise.graph.shape(answer.quantity.node)
            fits = shape_of(numbers[0]) == shape == shape_of(numbers[1])
            return numbers if fits else before
        if shape_of(numbers[0]) or shape_of(numbers[1]):
            return before
        (written, held), (first, second) = before or expected, numbers
        return _changed(written, answer.element, first), _changed(held, answer.element, second)


def _changed(array: Any, element: tuple[int, ...], number: Any) -> Any:
    """Return an array with another number at one place."""
    import numpy as np

    changed = np.array(array, dtype=object if is_fraction(array) else np.float64)
    changed[element] = number if is_fraction(array) else alike(number, 0.0)[0]
    return changed


def _verdict(
    written: Written, right: Any, slack: Any, pairs: list[Pair], tolerance: Tolerance
) -> Ruling:
    """Return the verdict on a number, and the number that may have been rounded to it."""
    if written.is_rounding(right, slack + tolerance.reach(right)):
        return RIGHT, right
    # What cancels to 0 is as far off as the numbers that cancelled.
    near = slack + _rounding(right, 1e-12)
    for first, second in pairs:
        # The number before rounding first: later steps use the written one anyway.
        for number in (second, first):
            reach = tolerance.reach(number)
            if is_same(number, right, 1e-13):
                # Nothing before it is otherwise, and as the right number it was refused.
                continue
            if written.is_rounding(number, _rounding(number, 1e-9) + near + reach):
                return FOLLOWS, number
        if not shape_of(first) and not written.shape and is_same(first, second, 0.02):
            # Rounded here and not there: anything between the two is the same working.
            middle, reach = (first + second) / 2, abs(first - second) / 2
            if written.is_rounding(middle, reach + slack + tolerance.reach(middle)):
                return FOLLOWS, middle
    return WRONG, written.value


def _reach(written: Written) -> Any:
    """Return half a unit of the last digit; 0 for what has few digits and may be exact."""
    return written.half * ((written.digits >= _DIGITS) & (written.half < _WHOLE))


def _rounding(number: Any, part: float) -> Any:
    """Return how far a double may be off by its own rounding; a fraction is not off at all."""
    return 0 if is_fraction(number) else abs(number) * part


def _of_formula(
    equality: Equality, verdict: Verdict, written: Written, right: Any, held: Any
) -> Ruling:
    """Return the verdict on a formula: its number alone does not make it right."""
    if equality.same:
        return RIGHT, right
    if equality.proof == "open":
        return NOT_TOLD, right
    if verdict == FOLLOWS and not is_same(written.value, right):
        return FOLLOWS, held
    return WRONG, written.value
