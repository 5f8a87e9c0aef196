"""A class of sheets → marks: each against the values of the student that it is from."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, NamedTuple

from cgcli.errors import CgraphError, shorten
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import Tolerance
from cgcli.homework.marking import Marked, mark
from cgcli.homework.marks import Points, Score, score
from cgcli.homework.sheets import Sheet
from cgcli.homework.students import Roster, Student, not_one
from cgcli.homework.written import shape_of

_isclose: Final = partial(math.isclose, rel_tol=1e-9)
ABSENT: Final = "nothing was handed in"


class Graded(NamedTuple):
    """A sheet with its marks: the exercise it was marked against, and whose it is, if known."""

    marked: Marked
    score: Score
    exercise: Exercise
    student: Student

    @property
    def name(self) -> str:
        """What the sheet is called: the student's name, or the sheet's own."""
        return self.student.name


class Course(NamedTuple):
    """How a class is marked. `problem` returns a student's exercise, or raises `CgraphError`.

    `personal` says whether students have values of their own.
    """

    exercise: Exercise
    problem: Callable[[Student], Exercise]
    personal: bool
    roster: Roster | None
    reach: Tolerance
    points: Points
    require: str


def graded(course: Course, sheets: Iterable[Sheet]) -> Iterator[Graded]:
    """Yield the sheets with their marks, and those of the list from whom there is none.

    What goes wrong with one spoils no other.
    """
    seen: set[int] = set()
    for sheet in sheets:
        students = course.roster.find(f"{sheet.name} {sheet.key}") if course.roster else []
        if len(students) > 1 and course.personal and sheet.at:
            # Of two of one name the values that it was made for tell which.
            students = [one for one in students if _is_made_for(course, one, sheet)]
        exercise, student = course.exercise, Student(sheet.name)
        if len(students) == 1:
            student = students[0]
            seen.add(id(student))
        try:
            if course.roster and len(students) != 1 and (course.personal or students):
                raise not_one(sheet.name, students)
            if not sheet.trouble:
                exercise = course.problem(student)
                exercise.mistakes = course.exercise.mistakes
                refuse_other_values(exercise, sheet)
            tried = sheet
        except CgraphError as error:
            tried = sheet._replace(lines=[], trouble=_said(error))
        yield _graded(course, exercise, tried, student)
    for student in course.roster.students if course.roster else ():
        if id(student) not in seen:
            yield _graded(course, course.exercise, Sheet(student.name, [], ABSENT), student)


def _said(error: CgraphError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _graded(course: Course, exercise: Exercise, sheet: Sheet, student: Student) -> Graded:
    marked = Marked(sheet, [], [], exercise.steps.asked)
    if not sheet.trouble:
        try:
            marked = _without_unreadable(mark(exercise, sheet, course.reach))
        except Exception as error:  # noqa: BLE001  # one sheet must not stop the others
            why = f"a fault of the program itself, {type(error).__name__}; please report it"
            marked = Marked(sheet._replace(trouble=why), [], [], exercise.steps.asked)
    return Graded(marked, score(marked, course.points, course.require), exercise, student)


def _is_made_for(course: Course, student: Student, sheet: Sheet) -> bool:
    try:
        refuse_other_values(course.problem(student), sheet)
    except CgraphError:
        return False
    return True


def refuse_other_values(exercise: Exercise, sheet: Sheet) -> None:
    """Raise `CgraphError` where a sheet says that it was made for other values."""
    if exercise.symbolic:
        return
    for name, text in sheet.at.items():
        if name not in exercise.inputs:
            continue
        value = exercise.kind.doubles(exercise.inputs[name])
        here = [float(item) for item in (value.flat if shape_of(value) else [value])]
        there = _numbers(text)
        if there is None or (len(there) == len(here) and all(map(_isclose, here, there))):
            continue
        known = f"{here[0]:.6g}" if not shape_of(value) else "another list"
        message = f"it was made for other values: {name} = {shorten(text)}, where {name} is {known}"
        raise CgraphError("binding", message, "give it to a class list that has its values")


def _numbers(text: str) -> list[float] | None:
    """Return the numbers of a value as a sheet's head has it; None where it is something else."""
    if not re.fullmatch(r"[-+\d.eE/\[\], ]{1,100000}", text):
        return None
    try:
        parts = (part.partition("/") for part in re.findall(r"[^\[\], ]+", text))
        return [float(above) / float(below or 1) for above, _, below in parts]
    except (ValueError, ZeroDivisionError):
        return None


def _without_unreadable(marked: Marked) -> Marked:
    """Return a sheet on which what cannot be read is not missing."""
    stated = [line.steps for line in marked.unreadable if len(line.steps) == 1]
    unread = frozenset(step for steps in stated for step in steps).intersection(marked.missing)
    missing = [step for step in marked.missing if step not in unread]
    return marked._replace(missing=missing, unread=unread)
