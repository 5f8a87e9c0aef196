"""Points for a marked sheet, the marks of a class, and what it found hard.

Each sheet of a class is marked against the values of the student that it is from.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from cgcli.errors import CgraphError, Place, shorten
from cgcli.homework.answers import step_of
from cgcli.homework.diagnosis import Diagnosis
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import FOLLOWS, NOT_TOLD, RIGHT, WRONG, Judged, Tolerance
from cgcli.homework.marking import Marked, mark
from cgcli.homework.quantities import Quantity
from cgcli.homework.sheets import Sheet
from cgcli.homework.students import Roster, Student, not_one
from cgcli.homework.written import read_number, shape_of
from cgcli.language.reader import normalise
from cgcli.numbers.elements import elements

ANSWERED: Final = "answered"
ALL: Final = "all"
NUMBER: Final = "number"
ABSENT: Final = "nothing was handed in"


class Points(NamedTuple):
    """How much each step is worth: so much, unless it has a number of its own.

    Of that an answer earns a part: all when it is right, or follows from numbers that were rounded,
    `follows` when it follows from a wrong one, and nothing when it is wrong, unless one of
    `mistakes` gives it; with `numbers` a formula earns nothing.
    What is not among the steps that are `asked` is worth nothing.

    >>> Points(1.0, {}).of(Quantity(2))
    1.0
    """

    usual: float = 1.0
    special: Mapping[Quantity, float] = {}
    follows: float = 1.0
    mistakes: Mapping[str, float] = {}
    numbers: bool = False
    asked: frozenset[Quantity] | None = None

    def of(self, quantity: Quantity) -> float:
        """Return what a step is worth."""
        if self.asked is not None and quantity not in self.asked:
            return 0.0
        return self.special.get(quantity, self.usual)

    def part(self, judged: Judged) -> float:
        """Return which part of its points an answer earns; of several mistakes the best counts."""
        if self.numbers and judged.answer.formula is not None:
            return 0.0
        if judged.verdict == WRONG:
            return max((self.mistakes.get(name, 0.0) for name in judged.mistakes), default=0.0)
        follows = 1.0 if judged.rounded else self.follows
        return {RIGHT: 1.0, FOLLOWS: follows}.get(judged.verdict, 0.0)

    def got(self, judged: Judged) -> float:
        """Return what an answer earns."""
        return self.of(judged.answer.quantity) * self.part(judged)


class Score(NamedTuple):
    """What a sheet came to: how many answers of each kind, and points of how many.

    `complete` says whether all that was asked is right.
    """

    right: int
    follows: int
    wrong: int
    not_told: int
    missing: int
    unreadable: int
    points: float
    of: float
    complete: bool


def by_step(
    exercise: Exercise, text: str, option: str, read: Callable[[str, Place], Any]
) -> dict[Any, Any]:
    """Return what an option says of each step: `1, dg/dx=3` says 1 of all, and 3 of one.

    `read` reads a text in its place; what is said of all steps stands under None. Raises
    `CgraphError` for what is no step of the sheet.
    """
    special: dict[Any, Any] = {}
    start = 0
    for piece in re.split(r"[,;](?![^\[(]*[\])])", text):
        place = Place(text, start, start + len(piece))
        start += len(piece) + 1
        if not piece.strip():
            continue
        left, equals, right = piece.rpartition("=")
        try:
            step = step_of(exercise, left) if equals else None
        except CgraphError as error:
            message = f"{option}: {error.message}"
            raise CgraphError(error.kind, message, error.hint, (place,)) from None
        special[step] = read(right.strip(), place)
    return special


def read_points(exercise: Exercise, text: str) -> Points:
    """Return the points of a text such as `2` or `1, dg/dx=3, p=0.5`; raises `CgraphError`.

    >>> import cgcli
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> exercise = Exercise(program, program.evaluate(x=1, y=3, z=-3))
    >>> read_points(exercise, "1, dg/dx=3").special
    {Quantity(node=0, of=4): 3.0}
    """

    def read(worth: str, place: Place) -> float:
        number = read_number(worth)
        if number is None or not 0 <= number.value <= 1e9:
            message = f"'{shorten(worth)}' is no number of points"
            raise CgraphError("usage", message, "write --points 2, or --points dg/dx=3", (place,))
        return float(number.value)

    special = by_step(exercise, text, "--points", read)
    return Points(special.pop(None, 1.0), special)


def read_tolerance(exercise: Exercise, text: str | None) -> Tolerance:
    """Return the tolerance of a text such as `0.01`, `1%` or `1%, p=0.1`; raises `CgraphError`.

    Without a text digits say how far an answer may be off.

    >>> import cgcli
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> exercise = Exercise(program, program.evaluate(x=1, y=3, z=-3))
    >>> [special.size for special in read_tolerance(exercise, "1%, p=0.1").steps.values()]
    [0.1]
    """

    def read(reach: str, place: Place) -> Tolerance:
        number = read_number(reach.removesuffix("%").strip(), exercise.kind)
        if number is None or not 0 <= number.value < 1e300:
            message = f"'{shorten(reach)}' is no tolerance"
            hint = "write --tolerance 0.01, --tolerance 1%, or --tolerance p=0.1"
            raise CgraphError("usage", message, hint, (place,))
        relative = reach.endswith("%")
        return Tolerance(number.value / 100 if relative else number.value, relative)

    special = by_step(exercise, normalise(text or ""), "--tolerance", read)
    usual: Tolerance = special.pop(None, Tolerance())
    return usual._replace(steps=special)


def score(marked: Marked, points: Points, require: str = ANSWERED) -> Score:
    """Return what a marked sheet comes to.

    A step counts as often as it was answered well: of a list answered element by element each
    element is a part. What is missing, or not told, costs points unless what is answered is all
    that is required; a formula counts as missing where numbers are. Of the steps of a sheet that is
    all right none is wrong: what follows there, follows from numbers that were rounded.
    """
    verdicts = Counter(judged.verdict for judged in marked.judged)
    points = points._replace(numbers=require == NUMBER)
    parts: dict[Quantity, list[float]] = {}
    for judged in marked.judged:
        if judged.verdict != NOT_TOLD:
            parts.setdefault(judged.answer.quantity, []).append(points.part(judged))
    got = sum(points.of(step) * sum(earned) / len(earned) for step, earned in parts.items())
    most = sum(points.of(step) for step in parts)
    missing = {*marked.missing}
    answered = {item.answer.quantity for item in marked.judged}
    if require == NUMBER:
        numbers = {item.answer.quantity for item in marked.judged if item.answer.written}
        missing |= answered - numbers
    if require != ANSWERED:
        rest = {*marked.missing, *marked.unread, *answered} - {*parts}
        most += sum(points.of(step) for step in rest)
    lacks = marked.sheet.trouble or marked.unreadable or (require != ANSWERED and missing)
    complete = bool(marked.judged) and all(judged.good for judged in marked.judged) and not lacks
    right, follows, wrong = (verdicts[verdict] for verdict in (RIGHT, FOLLOWS, WRONG))
    lacking = verdicts[NOT_TOLD], len(missing), len(marked.unreadable)
    return Score(right, follows, wrong, *lacking, got, most, complete)


class Summary(NamedTuple):
    """What a class found hard: on how many sheets each step was wrong, and each mistake made.

    Of several mistakes that give the same number the likeliest is counted.
    """

    sheets: int
    complete: int
    unreadable: int
    steps: list[tuple[Quantity, int]]
    mistakes: list[tuple[Diagnosis, int]]


def summary(sheets: Iterable[tuple[Marked, Score, *tuple[Any, ...]]]) -> Summary:
    """Return what many marked sheets have in common, the commonest first."""
    count = complete = unreadable = 0
    steps: Counter[Quantity] = Counter()
    mistakes: Counter[str] = Counter()
    examples: dict[str, Diagnosis] = {}
    for marked, scored, *_ in sheets:
        count += 1
        complete += scored.complete
        unreadable += bool(marked.sheet.trouble)
        steps.update({item.answer.quantity for item in marked.judged if item.verdict == WRONG})
        likeliest = [judged.diagnoses[0] for judged in marked.judged if judged.diagnoses]
        made = {str(item.words): item for item in likeliest}
        mistakes.update(made.keys())
        examples |= made
    by_count = sorted(steps.items(), key=lambda item: (-item[1], item[0]))
    common = sorted(mistakes.items(), key=lambda item: (-item[1], item[0]))
    counted = [(examples[words], times) for words, times in common]
    return Summary(count, complete, unreadable, by_count, counted)


class Graded(NamedTuple):
    """A sheet with its marks: the exercise it was marked against, and whose it is, if known.

    `name` is what it is called: the student's name, or the sheet's own.
    """

    marked: Marked
    score: Score
    exercise: Exercise
    student: Student
    name: str


class Course(NamedTuple):
    """How a class is marked. `problem` returns a student's exercise, or raises `CgraphError`.

    It takes the values that the sheet says it was made for. `personal` says whether the class list
    has those of each student.
    """

    exercise: Exercise
    problem: Callable[[Student, Mapping[str, str]], Exercise]
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
            if not sheet.trouble:
                if course.roster and len(students) != 1 and (course.personal or students):
                    raise not_one(sheet.name, students)
                exercise = course.problem(student, sheet.at)
                exercise.mistakes = course.exercise.mistakes
                refuse_other_values(exercise, sheet)
            tried = sheet
        except CgraphError as error:
            trouble = "; ".join(filter(None, (error.message, error.hint)))
            tried = sheet._replace(lines=[], trouble=trouble)
        yield _graded(course, exercise, tried, student)
    for student in course.roster.students if course.roster else ():
        if id(student) not in seen:
            yield _graded(course, course.exercise, Sheet(student.name, [], ABSENT), student)


def _graded(course: Course, exercise: Exercise, sheet: Sheet, student: Student) -> Graded:
    marked = Marked(sheet, [], [], exercise.steps.asked)
    if not sheet.trouble:
        try:
            marked = mark(exercise, sheet, course.reach)
            # What cannot be read is not missing.
            stated = [line.steps for line in marked.unreadable if len(line.steps) == 1]
            unread = frozenset().union(*stated).intersection(marked.missing)
            missing = [step for step in marked.missing if step not in unread]
            marked = marked._replace(missing=missing, unread=unread)
        except Exception as error:  # noqa: BLE001  # one sheet must not stop the others
            why = f"a fault of the program itself, {type(error).__name__}; please report it"
            marked = Marked(sheet._replace(trouble=why), [], [], exercise.steps.asked)
    name = course.roster.called(student) if course.roster else student.name
    return Graded(marked, score(marked, course.points, course.require), exercise, student, name)


def _is_made_for(course: Course, student: Student, sheet: Sheet) -> bool:
    try:
        refuse_other_values(course.problem(student, sheet.at), sheet)
    except CgraphError:
        return False
    return True


def refuse_other_values(exercise: Exercise, sheet: Sheet) -> None:
    """Raise `CgraphError` where a sheet says that it was made for other values."""
    is_close = partial(math.isclose, rel_tol=1e-9)
    for name, text in sheet.at.items():
        if name not in exercise.inputs:
            continue
        value = exercise.kind.doubles(exercise.inputs[name])
        here = list(map(float, elements(value)))
        there = _numbers(text)
        if there is None or (len(there) == len(here) and all(map(is_close, here, there))):
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
