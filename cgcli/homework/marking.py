"""Marking a sheet in the order of working, from the student's own numbers."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from cgcli.calculus.floats import silent
from cgcli.homework.answers import Answer, Unreadable, read_answers
from cgcli.homework.carrying import before, hangs_on
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import FOLLOWS, WRONG, Judge, Judged, Pair, Tolerance
from cgcli.homework.quantities import Quantity, completed
from cgcli.homework.sheets import Sheet
from cgcli.homework.working import Use, is_same
from cgcli.homework.written import added, alike, shape_of
from cgcli.numbers.elements import anywhere
from cgcli.numbers.values import is_finite

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
    judged = marking.judged
    if any(step.verdict == FOLLOWS for step in judged):
        judged = _rounded(marking, _earned(judged))
    if unread:
        with silent(exercise.graph):
            judged = _excused(marking, judged, unread)
    return Marked(sheet, judged, unreadable, missing)


def _excused(marking: _Marking, judged: list[Judged], unread: frozenset[Quantity]) -> list[Judged]:
    """Return the verdicts, none of them wrong where it may come of what could not be read."""
    working = marking.working.copy()
    working.known = {step.answer.quantity for step in judged} | unread
    excused = []
    for step in judged:
        target = step.answer.quantity
        is_excused = (
            step.verdict == WRONG
            and (target.of < 0 or not working.graph.shape(target.of))
            and any(
                hangs_on(working, target, other)
                for other in unread.intersection(before(working, target))
            )
        )
        excused.append(step.not_told()._replace(excused=True) if is_excused else step)
    return excused


def _earned(judged: list[Judged]) -> list[Judged]:
    """Return the verdicts, with what follows taken back where working cannot be told from none.

    Behind a wrong 0 every product is 0, and behind an infinity most are infinite; and a number
    that is given for several questions, and is wrong for three of them, may have been written down
    everywhere.
    """
    wrong = [step.number for step in judged if step.verdict == WRONG]
    earned = []
    for step in judged:
        number = step.number
        is_told = step.verdict != FOLLOWS or (
            anywhere(number)
            and is_finite(number)
            and sum(is_same(number, other) for other in wrong) < _SEVERAL
        )
        earned.append(step if is_told else step.not_told())
    return earned


def _rounded(marking: _Marking, judged: list[Judged]) -> list[Judged]:
    """Return the verdicts, with those marked that follow, and from nothing that is wrong."""
    working = marking.working.copy()
    working.known = {step.answer.quantity for step in judged}
    blamed = {step.answer.quantity for step in judged if step.verdict == WRONG}
    marked = []
    for step in judged:
        target = step.answer.quantity
        if step.verdict == FOLLOWS and target not in blamed:
            rounded = blamed.isdisjoint(before(working, target)) if blamed else True
            blamed |= set() if rounded else {target}
            step = step._replace(rounded=rounded)  # noqa: PLW2901
        marked.append(step)
    return marked


class _Marking(Judge):
    """One sheet under way: the order in which it is judged, and what is expected of each step."""

    def values(self) -> None:
        """Judge the values, in the order of the program."""
        working, held = self.workings
        if all(step.of >= 0 for step in self.answers):
            return
        alike: dict[int, int] = {}
        for node in range(len(working.graph)):
            expected = (working.worked_out(node), held.worked_out(node))
            answers = self.answers.get(Quantity(node))
            numbers: Pair | None = expected
            if answers is not None:
                numbers = self.judge(answers, [expected], Quantity(node))
                if numbers is not None:
                    # An expression that stands several times was worked out once; what has names
                    # of its own may have been worked out again.
                    written = self.exercise.steps.classes.nodes(node)
                    names = working.graph.given
                    again = (other for other in written if not {node, other} <= names.keys())
                    alike.update((other, node) for other in again if other > node)
            elif not (working.moved or held.moved):
                continue
            elif node in alike:
                numbers = (working.values[alike[node]], held.values[alike[node]])
            if numbers is not None:
                self.take(Quantity(node), numbers)

    def gradients(self) -> None:
        """Judge the gradients, those of inner nodes first."""
        output = self.exercise.of
        targets = {step.of for step in self.answers if step.of >= 0}
        for of in sorted(targets, key=lambda of: (of == output, of)):
            answered = {step.node: self.answers[step] for step in self.answers if step.of == of}
            if not self.exercise.graph.shape(of):
                self.gradients_of(of, answered)
                continue
            # Derivatives of what is no single number are judged against the right ones alone.
            for node, answers in sorted(answered.items()):
                self.judge(answers, [], Quantity(node, of))

    def gradients_of(self, of: int, answered: dict[int, list[Answer]]) -> None:
        """Judge the derivatives of one node by others, from that node backward."""
        exercise = self.exercise
        order = completed(exercise.graph, of)
        order += sorted(set(answered).difference(order))
        # What each node's gradient may be, from the student's numbers; the first is taken on.
        choices: dict[int, list[Pair]] = {}
        for node in order:
            if not exercise.active[node]:
                continue
            pairs = self.choices(of, node, choices)
            numbers = pairs[0]
            if node in answered:
                judged = self.judge(answered[node], pairs, Quantity(node, of))
                if judged is not None:
                    numbers, pairs = judged, [judged]
            choices[node] = pairs
            self.take(Quantity(node, of), numbers)

    def choices(self, of: int, node: int, choices: dict[int, list[Pair]]) -> list[Pair]:
        """Return what correct working may give for a gradient, written and held.

        More than one where a local derivative can be taken in the argument or in the output and
        the student's own values of the two disagree.
        """
        exercise = self.exercise
        if node == of:
            return [(exercise.one, exercise.one)]
        totals: list[Pair] = []
        for user, place in exercise.users[node]:
            sent = self.contributions(of, user, place, choices[user]) if user in choices else []
            if not sent:
                continue
            if totals:
                sent = [(added(a, c), added(b, d)) for a, b in totals for c, d in sent]
            totals = _distinct(sent)
        zero = exercise.zeros(node)
        return totals or [(zero, zero)]

    def contributions(self, of: int, user: int, place: int, upstream: list[Pair]) -> list[Pair]:
        """Return what one use may send."""
        pairs: list[Pair] = []
        graph = self.exercise.graph
        argument = graph.arguments[user][place]
        stated = None
        if user != of and Quantity(argument, user) in self.answers:
            stated = self.working.number(Quantity(argument, user))
        single = graph.arguments[user].count(argument) == 1
        for written, held in upstream:
            first = list(Use(self.working, user, place, written).contributions())
            if first[0] is None:
                return []
            second = first
            if self.differs:
                second = list(Use(self.held, user, place, held).contributions())
            # Where only one of the two has further forms, the other stays at its last.
            first += first[-1:] * (len(second) - len(first))
            second += second[-1:] * (len(first) - len(second))
            pairs += zip(first, second, strict=True)
            if stated is not None and single and not shape_of(stated) and not shape_of(written):
                # The student's own local derivative, when the sheet states it.
                pairs.append((math.prod(alike(written, stated)), math.prod(alike(held, stated))))
        return _distinct(pairs)


def _distinct(pairs: list[Pair]) -> list[Pair]:
    """Return the pairs that differ, the first of them first, and not too many."""
    distinct: list[Pair] = []
    for pair in pairs:
        if not any(is_same(pair[0], a) and is_same(pair[1], b) for a, b in distinct):
            distinct.append(pair)
    return distinct[:_CHOICES]
