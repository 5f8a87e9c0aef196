"""Marking a sheet in the order of working, from the student's own numbers."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from cgcli.calculus.floats import silent
from cgcli.homework.answers import Unreadable, read_answers
from cgcli.homework.carrying import Known, before, hangs_on
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import FOLLOWS, WRONG, Judge, Judged, Pair, Tolerance
from cgcli.homework.quantities import Quantity, completed
from cgcli.homework.sheets import Sheet
from cgcli.homework.working import Use, is_same
from cgcli.homework.written import added, alike, shape_of

_CHOICES: Final = 12
_SEVERAL: Final = 3


class Marked(NamedTuple):
    """A sheet after marking: its answers in the order of working, and what it lacks.

    `unread` are the steps that are answered by nothing but lines that cannot be read.
    """

    sheet: Sheet
    judged: list[Judged]
    unreadable: list[Unreadable]
    missing: list[Quantity]
    unread: frozenset[Quantity] = frozenset()

    @property
    def first_wrong(self) -> Judged | None:
        """The first step of working that is wrong; None when none is."""
        return next((judged for judged in self.judged if judged.verdict == WRONG), None)


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
    answers, unreadable = read_answers(exercise, sheet)
    marking = _Marking(exercise, answers, tolerance or Tolerance())
    with silent(exercise.graph):
        marking.values()
        marking.gradients()
    answered = {answer.quantity for answer in answers}
    missing = [step for step in exercise.steps.asked if step not in answered]
    unread = frozenset(step for line in unreadable for step in line.steps) - answered
    judged = _earned(marking.judged)
    if unread:
        with silent(exercise.graph):
            judged = _excused(marking, judged, unread)
    return Marked(sheet, judged, unreadable, missing)


def _excused(marking: _Marking, judged: list[Judged], unread: frozenset[Quantity]) -> list[Judged]:
    """Return the verdicts, none of them wrong where it may come of what could not be read."""
    steps = {step.answer.quantity for step in judged} | unread
    values = frozenset(step.node for step in steps if step.of < 0)

    def is_excused(step: Judged) -> bool:
        target = step.answer.quantity
        if step.verdict != WRONG or (target.of >= 0 and marking.exercise.graph.shape(target.of)):
            return False
        known = Known(values, frozenset(other.node for other in steps if other.of == target.of))
        earlier = unread.intersection(before(marking.exercise, known, target))
        return any(hangs_on(marking.working, known, target, other) for other in earlier)

    return [step.not_told()._replace(excused=True) if is_excused(step) else step for step in judged]


def _earned(judged: list[Judged]) -> list[Judged]:
    """Return the verdicts, with what follows taken back where working cannot be told from none.

    Behind a wrong 0 every product is 0; and a number that is given for several questions, and is
    wrong for three of them, may have been written down everywhere.
    """
    wrong = [step.number for step in judged if step.verdict == WRONG]

    def is_told(step: Judged) -> bool:
        number = step.number
        if step.verdict != FOLLOWS:
            return True
        if not number.any() if shape_of(number) else not number:
            return False
        return sum(is_same(number, other) for other in wrong) < _SEVERAL

    return [step if is_told(step) else step.not_told() for step in judged]


class _Marking(Judge):
    """One sheet under way: the order in which it is judged, and what is expected of each step."""

    def values(self) -> None:
        """Judge the values, in the order of the program."""
        working, held = self.workings
        by_value = self.answers.get(-1, {})
        if not by_value:
            return
        alike: dict[int, int] = {}
        for node in range(len(working.graph)):
            expected = (working.worked_out(node), held.worked_out(node))
            answers = by_value.get(node)
            numbers: Pair | None = expected
            if answers is not None:
                numbers = self.judge(answers, [expected], Quantity(node))
                if numbers is not None:
                    # An expression that stands several times was worked out once.
                    alike.update((other, node) for other in answers[-1].nodes if other > node)
            elif not (working.moved or held.moved):
                continue
            elif node in alike:
                numbers = (working.values[alike[node]], held.values[alike[node]])
            if numbers is not None:
                self.take(Quantity(node), numbers)

    def gradients(self) -> None:
        """Judge the gradients, those of inner nodes first."""
        output = self.exercise.of
        for of in sorted(self.answers, key=lambda of: (of == output, of)):
            if of < 0:
                continue
            if not self.exercise.graph.shape(of):
                self.gradients_of(of)
                continue
            # Derivatives of what is no single number are judged against the right ones alone.
            for node, answers in sorted(self.answers[of].items()):
                self.judge(answers, [], Quantity(node, of))

    def gradients_of(self, of: int) -> None:
        """Judge the derivatives of one node by others, from that node backward."""
        exercise = self.exercise
        answered = self.answers[of]
        order = completed(exercise.graph, of)
        order += sorted(set(answered).difference(order))
        truth = exercise.gradients(of)
        # What each node's gradient may be, from the student's numbers; the first is taken on.
        choices: dict[int, list[Pair]] = {}
        changed: set[int] = set()
        for node in order:
            if not exercise.active[node]:
                continue
            pairs = self.choices(of, node, choices, changed)
            numbers = pairs[0]
            if node in answered:
                judged = self.judge(answered[node], pairs, Quantity(node, of))
                if judged is not None:
                    numbers, pairs = judged, [judged]
            choices[node] = pairs
            if not all(_is_equal(number, truth[node]) for pair in pairs for number in pair):
                changed.add(node)
            self.take(Quantity(node, of), numbers)

    def choices(
        self, of: int, node: int, choices: dict[int, list[Pair]], changed: set[int]
    ) -> list[Pair]:
        """Return what correct working may give for a gradient, written and held.

        More than one where a local derivative can be taken in the argument or in the output and
        the student's own values of the two disagree.
        """
        exercise = self.exercise
        if node == of:
            return [(exercise.one, exercise.one)]
        zero = exercise.zeros(node)
        users = [(user, place) for user, place in exercise.users.of(node) if user in choices]
        if not any(
            user in changed
            or any(working.is_moved(user) for working in self.workings)
            or node in self.answers.get(user, ())
            for user, _ in users
        ):
            right = exercise.gradients(of)[node]
            gradient = zero if right is None else right
            return [(gradient, gradient)]
        totals: list[Pair] = []
        for user, place in users:
            sent = self.contributions(of, user, place, choices[user])
            if not sent:
                continue
            if totals:
                sent = [(added(a, c), added(b, d)) for a, b in totals for c, d in sent]
            totals = _distinct(sent)
        return totals or [(zero, zero)]

    def contributions(self, of: int, user: int, place: int, upstream: list[Pair]) -> list[Pair]:
        """Return what one use may send."""
        pairs: list[Pair] = []
        graph = self.exercise.graph
        argument = graph.arguments[user][place]
        stated = None
        if user != of and argument in self.answers.get(user, ()):
            stated = self.working.gradients.get(user, {}).get(argument)
        single = graph.arguments[user].count(argument) == 1
        for written, held in upstream:
            first = list(Use(self.working, user, place, written).contributions())
            second = list(Use(self.held, user, place, held).contributions())
            if first[0] is None:
                return []
            # Where only one of the two has further forms, the other stays at its last.
            first += first[-1:] * (len(second) - len(first))
            second += second[-1:] * (len(first) - len(second))
            pairs += zip(first, second, strict=True)
            if stated is not None and single and not shape_of(stated) and not shape_of(written):
                # The student's own local derivative, when the sheet states it.
                pairs.append((_product(written, stated), _product(held, stated)))
        return _distinct(pairs)


def _product(a: Any, b: Any) -> Any:
    a, b = alike(a, b)
    return a * b


def _is_equal(number: Any, truth: Any) -> bool:
    """Whether a gradient is the true one to the bit; where nothing was sent that is 0."""
    if number is truth:
        return True
    same = number == (0 if truth is None else truth)
    return bool(same.all() if shape_of(same) else same)


def _distinct(pairs: list[Pair]) -> list[Pair]:
    """Return the pairs that differ, the first of them first, and not too many."""
    distinct: list[Pair] = []
    for pair in pairs:
        if not any(is_same(pair[0], a) and is_same(pair[1], b) for a, b in distinct):
            distinct.append(pair)
    return distinct[:_CHOICES]
