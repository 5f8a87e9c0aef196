"""Marking a sheet: each answer right, following from the student's own, or wrong and why."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from cgcli.homework.answers import Answer, Unreadable, read_answers
from cgcli.homework.carrying import Known, rounding_reach
from cgcli.homework.diagnosis import Diagnosis, Wrong, diagnose
from cgcli.homework.exercise import Exercise
from cgcli.homework.formulas import Equality, compare
from cgcli.homework.quantities import Quantity, completed
from cgcli.homework.sheets import Sheet
from cgcli.homework.working import Own, in_doubles, is_same, quiet
from cgcli.homework.written import Written, added, alike, exact, is_fraction, shape_of

__all__ = ["FOLLOWS", "RIGHT", "WRONG", "Judged", "Marked", "mark"]

RIGHT: Final = "right"
FOLLOWS: Final = "follows"
WRONG: Final = "wrong"

_CHOICES: Final = 12
_DIGITS: Final = 3
_WHOLE: Final = 0.5
"""A number is taken for a rounded one when it has so many digits, some behind the point."""
_MORE: Final = 2
"""So many more digits an answer may have than the rounded numbers that it may come of."""


class Judged(NamedTuple):
    """An answer and what became of it.

    `expected` is what correct working gives from the student's own earlier answers, and `truth`
    the right number; a formula has an `equality`.
    """

    answer: Answer
    verdict: str
    expected: Any
    truth: Any
    diagnoses: list[Diagnosis]
    equality: Equality | None

    @property
    def good(self) -> bool:
        """Whether the answer earns its points: right, or right from the numbers before it."""
        return self.verdict in (RIGHT, FOLLOWS)

    @property
    def mistakes(self) -> list[str]:
        """The names of the mistakes that give the answer, the likeliest first."""
        return list(dict.fromkeys(each.mistake.name for each in self.diagnoses))


class Marked(NamedTuple):
    """A sheet after marking: its answers in the order of working, and what it lacks."""

    sheet: Sheet
    judged: list[Judged]
    unreadable: list[Unreadable]
    missing: list[Quantity]

    @property
    def first_wrong(self) -> Judged | None:
        """The first step of working that is wrong; None when none is."""
        return next((each for each in self.judged if not each.good), None)


def mark(exercise: Exercise, sheet: Sheet, tolerance: Tolerance | None = None) -> Marked:
    """Return a sheet with a verdict on every answer.

    >>> import cgcli
    >>> from cgcli.homework.sheets import read_sheets
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> exercise = Exercise(program, program.evaluate(x=1, y=3, z=-3))
    >>> marked = mark(exercise, read_sheets("p = 5; g = -15; dg/dx = 3", "ann")[0])
    >>> [(each.answer.text, each.verdict) for each in marked.judged]
    [('p = 5', 'wrong'), ('g = -15', 'follows'), ('dg/dx = 3', 'wrong')]
    """
    read = read_answers(exercise, sheet)
    marking = _Marking(exercise, read.answers, tolerance or Tolerance())
    with quiet(exercise):
        marking.values()
        marking.gradients()
    answered = {answer.quantity for answer in read.answers}
    missing = [step for step in exercise.steps.asked if step not in answered]
    return Marked(sheet, marking.judged, read.unreadable, missing)


class Tolerance(NamedTuple):
    """How far an answer may be off, absolutely or as a part of the right number; None for digits.

    >>> round(Tolerance(0.01, relative=True).reach(200.0), 6)
    2.0
    """

    size: float | None = None
    relative: bool = False

    def reach(self, truth: Any) -> Any:
        """Return how far an answer to a question of this right number may be off."""
        if self.size is None:
            # Whole, so that a fraction stays one.
            return 0
        size = self.size if is_fraction(self.size) else self.size * (1 + 1e-9)
        return size * abs(truth) if self.relative else size


class _Marking:
    """One sheet under way: what was written, and what may have been meant by it.

    `own` has the numbers as they were written; `held` has, for each that was rounded, the number
    before rounding, with which the student may as well have gone on.
    """

    def __init__(self, exercise: Exercise, answers: list[Answer], tolerance: Tolerance) -> None:
        self.exercise = exercise
        self.graph = exercise.graph
        self.tolerance = tolerance
        self.own = Own(exercise)
        self.held = Own(exercise)
        self.judged: list[Judged] = []
        self.by_value: dict[int, list[Answer]] = {}
        self.by_gradient: dict[int, dict[int, list[Answer]]] = {}
        for answer in answers:
            node, of = answer.quantity
            if of < 0:
                for each in answer.nodes:
                    if each == node:
                        self.by_value.setdefault(each, []).append(answer)
            else:
                self.by_gradient.setdefault(of, {}).setdefault(node, []).append(answer)
        self.differs = False
        # How far the number that was gone on with may be from the one that is written, and the
        # digits of that.
        self.reaches: dict[Quantity, tuple[Any, float]] = {}

    # Values

    def values(self) -> None:
        """Judge the values, in the order of the program."""
        graph, own, held = self.graph, self.own, self.held
        if not self.by_value:
            return
        alike: dict[int, int] = {}
        for node in range(len(graph)):
            expected = (own.worked_out(node), held.worked_out(node))
            answers = self.by_value.get(node)
            if answers is None:
                if own.moved or held.moved:
                    source = alike.get(node)
                    if source is not None:
                        expected = (own.values[source], held.values[source])
                    own.set_value(node, expected[0])
                    held.set_value(node, expected[1])
                continue
            numbers = self.judge(answers, [expected], Quantity(node))
            if numbers is not None:
                own.set_value(node, numbers[0])
                held.set_value(node, numbers[1])
                # An expression that stands several times was worked out once.
                alike.update((each, node) for each in answers[-1].nodes if each > node)

    # Gradients

    def gradients(self) -> None:
        """Judge the gradients, those of inner nodes first."""
        output = self.exercise.of
        for of in sorted(self.by_gradient, key=lambda of: (of == output, of)):
            if self.graph.shape(of):
                self.jacobians(of)
            else:
                self.gradients_of(of)

    def jacobians(self, of: int) -> None:
        """Judge derivatives of what is no single number: against the right ones alone."""
        for node, answers in sorted(self.by_gradient[of].items()):
            self.judge(answers, [], Quantity(node, of))

    def gradients_of(self, of: int) -> None:
        """Judge the derivatives of one node by others, from that node backward."""
        exercise, own, held = self.exercise, self.own, self.held
        answered = self.by_gradient[of]
        order = completed(self.graph, of)
        reached = set(order)
        order += sorted(node for node in answered if node not in reached)
        truth = exercise.gradients(of)
        # What each node's gradient may be, from the student's numbers; the first is taken on.
        choices: dict[int, list[tuple[Any, Any]]] = {}
        changed: set[int] = set()
        for node in order:
            if not exercise.active[node]:
                continue
            found = self.choices(of, node, truth, choices, changed)
            answers = answered.get(node)
            numbers = found[0]
            if answers is not None:
                judged = self.judge(answers, found, Quantity(node, of))
                if judged is not None:
                    numbers, found = judged, [judged]
            choices[node] = found
            if not all(_is_equal(number, truth[node]) for pair in found for number in pair):
                changed.add(node)
            own.set_gradient(of, node, numbers[0])
            held.set_gradient(of, node, numbers[1])

    def choices(
        self,
        of: int,
        node: int,
        truth: list[Any],
        choices: dict[int, list[tuple[Any, Any]]],
        changed: set[int],
    ) -> list[tuple[Any, Any]]:
        """Return what correct working may give for a gradient, written and held.

        More than one where a local derivative can be taken in the argument or in the output and
        the student's own values of the two disagree.
        """
        if node == of:
            return [(self.exercise.one, self.exercise.one)]
        users = [(user, place) for user, place in self.exercise.users.of(node) if user in choices]
        own, held = self.own, self.held
        if not any(
            user in changed
            or own.is_moved(user)
            or held.is_moved(user)
            or node in self.by_gradient.get(user, ())
            for user, _ in users
        ):
            right = truth[node]
            whole = self.exercise.zeros(node) if right is None else right
            return [(whole, whole)]
        totals: list[tuple[Any, Any]] = []
        for user, place in users:
            sent = self.contributions(of, user, place, choices[user])
            if not sent:
                continue
            if totals:
                sent = [(added(a, c), added(b, d)) for a, b in totals for c, d in sent]
            totals = _distinct(sent)
        zero = self.exercise.zeros(node)
        return totals or [(zero, zero)]

    def contributions(
        self, of: int, user: int, place: int, upstream: list[tuple[Any, Any]]
    ) -> list[tuple[Any, Any]]:
        """Return what one use may send."""
        from cgcli.homework.working import Use

        found: list[tuple[Any, Any]] = []
        argument = self.graph.arguments[user][place]
        stated = None
        if user != of and argument in self.by_gradient.get(user, ()):
            stated = self.own.gradients.get(user, {}).get(argument)
        single = self.graph.arguments[user].count(argument) == 1
        for written, held in upstream:
            uses = (Use(self.own, user, place, written), Use(self.held, user, place, held))
            pairs = [list(use.contributions()) for use in uses]
            if pairs[0][0] is None:
                return []
            for k in range(max(map(len, pairs))):
                pair = (pairs[0][min(k, len(pairs[0]) - 1)], pairs[1][min(k, len(pairs[1]) - 1)])
                found.append(pair)
            if stated is not None and single and not shape_of(stated) and not shape_of(written):
                # The student's own local derivative, when the sheet states it.
                pair = (alike(written, stated), alike(held, stated))
                found.append((pair[0][0] * pair[0][1], pair[1][0] * pair[1][1]))
        return _distinct(found)

    # One answer

    def judge(
        self, answers: list[Answer], expected: list[tuple[Any, Any]], quantity: Quantity
    ) -> tuple[Any, Any] | None:
        """Judge the answers to one quantity; return the number to go on with, written and held.

        None is returned where the answer is of another shape, and cannot be gone on with.
        """
        numbers: tuple[Any, Any] | None = None
        truth = self.exercise.truth(quantity)
        slack = self.exercise.slack(quantity) + self.tolerance.reach(truth)
        for answer in answers:
            written, equality = answer.written, None
            if answer.formula is not None:
                equality = compare(self.exercise, answer)
                written = exact(self.formula_value(answer))
            assert written is not None
            element = answer.element
            right = _part(truth, element)
            # A tolerance stands in place of the digits.
            read = written if self.tolerance.size is None else exact(written.value)
            verdict, held = self.verdict(read, right, _part(slack, element), expected, element)
            if (
                verdict == WRONG
                and expected
                and read is written
                and equality is None
                and self.reaches
            ):
                verdict, held = self.unrounded(written, expected, quantity, element)
            if equality is not None:
                verdict, held = _of_formula(equality, verdict, written, right, held)
            diagnoses: list[Diagnosis] = []
            if verdict == WRONG and expected:
                diagnoses = self.diagnose(answer, written, quantity)
                if diagnoses and not element and diagnoses[0].quantity == quantity:
                    held = self.before_rounding(written, diagnoses[0])
            value = written.value
            if verdict == RIGHT and is_same(value, right, 1e-13):
                value = right
            elif verdict != RIGHT and not self.is_exact(verdict, value, held, diagnoses):
                self.round(answer, written, _reach(written))
            elif verdict == RIGHT and shape_of(value) == shape_of(held):
                self.round(answer, written, abs(value - held))
            self.differs = self.differs or not is_same(value, held, 0.0)
            first = _part(expected[0][0], element) if expected else right
            self.judged.append(Judged(answer, verdict, first, right, diagnoses, equality))
            numbers = self.overlaid(numbers, expected, quantity, element, (value, held))
        return numbers

    def verdict(
        self,
        written: Written,
        right: Any,
        slack: Any,
        expected: list[tuple[Any, Any]],
        element: tuple[int, ...],
    ) -> tuple[str, Any]:
        """Return the verdict on a number, and the number that may have been rounded to it."""
        if written.is_rounding(right, slack):
            return RIGHT, right
        # What cancels to 0 is as far off as the numbers that cancelled.
        near = slack + _rounding(right, 1e-12)
        for pair in expected:
            first, second = _part(pair[0], element), _part(pair[1], element)
            # The number before rounding first: what was written is gone on with anyway.
            for number in (second, first):
                if written.is_rounding(number, _rounding(number, 1e-9) + near):
                    return FOLLOWS, number
            if not shape_of(first) and not written.shape and is_same(first, second, 0.02):
                # Rounded here and not there: anything between the two is the same working.
                middle, reach = (first + second) / 2, abs(first - second) / 2
                if written.is_rounding(middle, reach + slack):
                    return FOLLOWS, middle
        return WRONG, written.value

    def round(self, answer: Answer, written: Written, reach: Any) -> None:
        """Keep how far the number that a student went on with may be from the one written."""
        quantity, element, digits = answer.quantity, answer.element, _digits(written)
        if element:
            import numpy as np

            nothing = self.exercise.zeros(quantity.node), 0.0
            before, most = self.reaches.get(quantity, nothing)
            whole = np.array(before)
            whole[element] = reach
            reach, digits = whole, max(digits, most)
        if reach.any() if shape_of(reach) else reach:
            self.reaches[quantity] = reach, digits

    def is_exact(self, verdict: str, value: Any, held: Any, diagnoses: list[Diagnosis]) -> bool:
        """Whether a number that is not right is known to be no rounded one.

        It is when no number before it was rounded and it is, to all digits, what follows from
        those or what a mistake gives.
        """
        if self.differs or self.reaches:
            return False
        found = [each.number for each in diagnoses if each.mistake.slip is None]
        if verdict == FOLLOWS:
            found = [held]
        return any(is_same(value, number, 1e-12) for number in found)

    def before_rounding(self, written: Written, found: Diagnosis) -> Any:
        """Return the number that a mistake gives, which was rounded to the one written."""
        if found.mistake.slip is not None:
            return written.value
        # A mistake is tried in doubles, which say no more than the fraction that was written.
        exactly = self.exercise.kind.exact and is_same(written.value, found.number, 1e-13)
        return written.value if exactly else found.number

    def known(self, of: int) -> Known:
        """Return which steps are on the sheet."""
        return Known(frozenset(self.by_value), frozenset(self.by_gradient.get(of, {})))

    def unrounded(
        self,
        written: Written,
        expected: list[tuple[Any, Any]],
        quantity: Quantity,
        element: tuple[int, ...],
    ) -> tuple[str, Any]:
        """Return the verdict on a number that may come of numbers with more digits than written."""
        if not _is_near(written.value, _part(expected[0][0], element)):
            return WRONG, written.value
        # Who writes more digits than rounded numbers have has not gone on with those.
        least = _digits(written) - _MORE
        reaches = {step: reach for step, (reach, digits) in self.reaches.items() if digits >= least}
        whole = rounding_reach(self.own, self.known(quantity.of), quantity, reaches)
        if shape_of(whole) not in ((), shape_of(expected[0][0])):
            return WRONG, written.value
        part = _part(whole, element)
        reach = part + part / 1_000_000
        for number in (each for pair in expected for each in pair):
            if written.is_rounding(_part(number, element), reach):
                return FOLLOWS, _part(number, element)
        return WRONG, written.value

    def diagnose(self, answer: Answer, written: Written, quantity: Quantity) -> list[Diagnosis]:
        """Return the mistakes that give a wrong answer, from what was written or held."""
        kind = self.exercise.kind
        wrong = Wrong(quantity, answer.element, written, self.known(quantity.of))
        if kind.exact:
            wrong = wrong._replace(written=written.in_doubles(kind))
        owns = [self.own, self.held] if self.differs else [self.own]
        return diagnose(list(map(in_doubles, owns)), wrong)

    def formula_value(self, answer: Answer) -> Any:
        """Return what a formula comes to with the student's own values."""
        formula, here = answer.formula, self.exercise.here
        assert formula is not None
        try:
            node = self.exercise.add(formula.expression, formula.text)
            return self.exercise.value_of(node, here._replace(values=self.own.values))
        finally:
            self.exercise.draft.undo()

    def overlaid(
        self,
        before: tuple[Any, Any] | None,
        expected: list[tuple[Any, Any]],
        quantity: Quantity,
        element: tuple[int, ...],
        numbers: tuple[Any, Any],
    ) -> tuple[Any, Any] | None:
        """Return a whole with the student's elements put over what was expected."""
        shape = self.graph.shape(quantity.node)
        if not expected:
            return None
        if not element:
            fits = shape_of(numbers[0]) == shape == shape_of(numbers[1])
            return numbers if fits else before
        import numpy as np

        found = []
        for whole, number in zip(before or expected[0], numbers, strict=True):
            changed = np.array(whole, dtype=object if is_fraction(whole) else np.float64)
            changed[element] = number if is_fraction(whole) else alike(number, 0.0)[0]
            found.append(changed)
        return found[0], found[1]


def _is_near(a: Any, b: Any) -> bool:
    """Whether two arrays may be the same but for rounding; of numbers that is not asked."""
    if not (shape_of(a) and shape_of(b)):
        return True
    return shape_of(a) == shape_of(b) and bool(abs(a - b).max() <= abs(b).max() / 20)


def _digits(written: Written) -> float:
    """Return the digits of a number, or the most that an element has: a 0 has none."""
    digits = written.digits
    return float(digits.max() if shape_of(digits) else digits)


def _reach(written: Written) -> Any:
    """Return half a unit of the last digit; 0 for what has few digits and may be exact."""
    half, digits = written.half, written.digits
    if not shape_of(half):
        return half if digits >= _DIGITS and half < _WHOLE else 0
    import numpy as np

    return np.where((digits >= _DIGITS) & (half < _WHOLE), half, 0)


def _part(number: Any, element: tuple[int, ...]) -> Any:
    if not element or not shape_of(number):
        return number
    return number[element] if is_fraction(number) else float(number[element])


def _rounding(number: Any, part: float) -> Any:
    """Return how far a double may be off by its own rounding; a fraction is not off at all."""
    return 0 if is_fraction(number) else abs(number) * part


def _is_equal(number: Any, truth: Any) -> bool:
    """Whether a gradient is the true one to the bit; where nothing was sent that is 0."""
    if number is truth:
        return True
    if shape_of(number):
        if truth is None:
            return not number.any()
        return bool((number == truth).all())
    return bool(number == (0 if truth is None else truth))


def _of_formula(
    equality: Equality, verdict: str, written: Written, right: Any, held: Any
) -> tuple[str, Any]:
    """Return the verdict on a formula: its number alone does not make it right."""
    if equality.same:
        return RIGHT, right
    if verdict == FOLLOWS and not is_same(written.value, right):
        return FOLLOWS, held
    return WRONG, written.value


def _distinct(pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Return the pairs that differ, the first of them first, and not too many."""
    found: list[tuple[Any, Any]] = []
    for pair in pairs:
        if not any(is_same(pair[0], a) and is_same(pair[1], b) for a, b in found):
            found.append(pair)
    return found[:_CHOICES]
