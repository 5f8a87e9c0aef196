"""Marked sheets → tables: one with its answers, or many with a row each and what they share.

Of an answer it is said why it is wrong, or how it is known to be right.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.calculus.result import Result
from cgcli.errors import shorten
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import FOLLOWS, NOT_TOLD, RIGHT, WRONG, Judged
from cgcli.homework.marking import Marked
from cgcli.homework.marks import ABSENT, Graded, Points, Score, summary
from cgcli.views.catalogue import Catalogue
from cgcli.views.document import fields
from cgcli.views.gate import printable
from cgcli.views.table import shown
from cgcli.views.terminal import NUMBERS, WORDS, Cell, Column, console, print_table, say
from cgcli.words import Math, Message

VERDICT: Final = "verdict"
HINT: Final = "hint"
ANSWER: Final = "answer"


_DISCREET: Final = {
    "kink": Message("there is a corner here, where a derivative is agreed upon"),
    "overflow": Message("a number is too large here"),
    "underflow": Message("a number is too small here"),
    "domain": Message("this is not defined here"),
}
VERDICT_WORDS: Final = {
    RIGHT: Message("right"),
    FOLLOWS: Message("follows"),
    WRONG: Message("wrong"),
    NOT_TOLD: Message("not told"),
    "unreadable": Message("unreadable"),
}
_STYLES: Final = {
    RIGHT: "green", FOLLOWS: "cyan", WRONG: "red", NOT_TOLD: "dim", "unreadable": "yellow",
}  # fmt: skip
_LONGEST: Final = 60
_TOLD: Final = 6
_LISTED: Final = 40
_WIDE: Final = 100
"""From here on a class has room for the words of each sheet's first mistake."""

Answered: TypeAlias = tuple[str, str, tuple[str, str], str, str]
"""An answer as it is shown: its line, its text, the verdict with a style, points, remarks."""


class Report(NamedTuple):
    """What a report is made of besides the sheets, and how much it tells."""

    exercise: Exercise
    points: Points | None
    reveal: str
    words: Catalogue

    def of(self, exercise: Exercise) -> Report:
        """Return the same report on another exercise: a student's own."""
        return self._replace(exercise=exercise)

    def say(self, message: str) -> str:
        """Return a message in the language of the report, fit to be printed."""
        return printable(self.words.say(message))


def print_sheet(report: Report, marked: Marked, score: Score, out: Any = None) -> None:
    """Print one sheet: each answer with its verdict, in the order of working."""
    out = out or console()
    if marked.sheet.trouble:
        say(out, report.say(trouble(marked)), style="yellow")
        return
    columns = [
        Column(report.say(Message("line")), {**NUMBERS, "style": "dim"}),
        Column(report.say(Message("answer")), WORDS),
        Column("", {"no_wrap": True}),
        Column(report.say(Message("points")), NUMBERS, report.points is not None),
        Column("", WORDS),
    ]
    rows: list[list[Cell]] = [[*row] for row in answer_rows(report, marked)]
    if rows:
        print_table(out, columns, rows)
        out.print()
    say(out, *closing(report, marked, score), soft_wrap=not out.is_terminal)


def trouble(marked: Marked) -> Message:
    """Return why nothing of a sheet can be read."""
    name, why = Math(printable(marked.sheet.name)), Math(marked.sheet.trouble)
    if why == ABSENT:
        return Message("nothing was handed in")
    return Message("{sheet} cannot be read: {why}", sheet=name, why=why)


def answer_rows(report: Report, marked: Marked) -> Iterator[Answered]:
    """Yield the rows of a sheet: its answers, and then what could not be read."""

    def row(line: int, text: str, verdict: str, points: float, said: list[str]) -> Answered:
        text = printable(shorten(" ".join(text.split()), _LONGEST))
        words = report.say(VERDICT_WORDS[verdict]), _STYLES[verdict]
        return str(line), text, words, f"{points:g}", "\n".join(said)

    points = report.points or Points()
    for judged in marked.judged:
        answer = judged.answer
        said = [report.say(words) for words in remarks(report.exercise, judged, report.reveal)]
        if answer.read != answer.text:
            said.insert(0, report.say(Message("read as {answer}", answer=Math(answer.read))))
        if len(said) > _TOLD:
            rest = len(said) - _TOLD + 1
            more = Message("and {count} more, which --json tells", count=rest)
            said = [*said[: _TOLD - 1], report.say(more)]
        yield row(answer.line, answer.text, judged.verdict, points.got(judged), said)
    for line in marked.unreadable:
        said = [report.say(line.error.message), report.say(line.error.hint)]
        yield row(line.line, line.text, "unreadable", 0, list(filter(None, said)))


def closing(report: Report, marked: Marked, score: Score) -> Iterator[str]:
    """Yield the lines below the table: the first wrong step, what is missing, and the sum."""
    exercise = report.exercise
    if not (marked.judged or marked.unreadable):
        yield report.say(Message("nothing is answered on this sheet"))
    first = marked.first_wrong
    if first is not None:
        step, line = Math(step_text(exercise, first)), first.answer.line
        yield report.say(Message("first wrong step: {step}, line {line}", step=step, line=line))
    if marked.missing:
        steps = [exercise.steps.text(step) for step in marked.missing[:_LISTED]]
        more = ", …" if len(marked.missing) > _LISTED else ""
        yield report.say(Message("not answered: {steps}", steps=Math(", ".join(steps) + more)))
    yield ", ".join(report.say(part) for part in _counts(report, score))


def _counts(report: Report, score: Score) -> Iterator[Message]:
    yield Message("{count} right", count=score.right)
    if score.follows:
        yield Message("{count} following", count=score.follows)
    if score.wrong:
        yield Message("{count} wrong", count=score.wrong)
    if score.not_told:
        yield Message("{count} not told", count=score.not_told)
    if score.unreadable:
        yield Message("{count} unreadable", count=score.unreadable)
    if report.points is not None:
        got, of = f"{score.points:g}", f"{score.of:g}"
        yield Message("{points} of {of} points", points=got, of=of)


def print_class(report: Report, sheets: list[Graded], out: Any = None) -> None:
    """Print a row for each of many sheets, and below what was wrong most often."""
    out = out or console()
    wide = out.width >= _WIDE
    (name, *counted, points, step, words), *rows = class_lines(report, sheets)
    columns = [
        Column(name, {**WORDS, "style": "cyan", "min_width": 6}),
        *(Column(head, NUMBERS) for head in counted),
        Column(points, NUMBERS, report.points is not None),
        Column(step, WORDS),
        Column(words, WORDS, wide),
    ]
    styles = ["yellow" if item.marked.sheet.trouble else "" for item in sheets]
    cells = [[*row[:-1], (row[-1], style)] for row, style in zip(rows, styles, strict=True)]
    print_table(out, columns, cells)
    out.print()
    troubles = [report.say(trouble(item.marked)) for item in sheets if item.marked.sheet.trouble]
    if not wide:
        say(out, *troubles, style="yellow", soft_wrap=not out.is_terminal)
    say(out, *_common(report, sheets), soft_wrap=not out.is_terminal)


def class_lines(report: Report, sheets: list[Graded]) -> list[list[str]]:
    """Return the heads of a class's table, and a row for each sheet."""
    counted = [*(VERDICT_WORDS[verdict] for verdict in (RIGHT, FOLLOWS, WRONG)), Message("missing")]
    heads = [Message("sheet"), *counted, Message("points"), Message("first wrong step"), ""]
    rows = [
        [
            shorten(printable(item.name)),
            *map(str, (item.score.right, item.score.follows, item.score.wrong, item.score.missing)),
            f"{item.score.points:g}/{item.score.of:g}",
            *_first(report.of(item.exercise), item.marked, item.score),
        ]
        for item in sheets
    ]
    return [[report.say(head) for head in heads], *rows]


def _first(report: Report, marked: Marked, score: Score) -> tuple[str, str]:
    """Return the first wrong step of a sheet and the likeliest mistake, or what else is amiss."""
    first = marked.first_wrong
    said = ""
    if marked.sheet.trouble:
        said = report.say(trouble(marked))
    elif first is not None and report.reveal != VERDICT:
        reasons = remarks(report.exercise, first, HINT)
        said = report.say(reasons[0]) if reasons else ""
    elif score.unreadable:
        said = report.say(Message("{count} unreadable", count=score.unreadable))
    return printable(step_text(report.exercise, first)) if first else "", said


def _common(report: Report, sheets: list[Graded]) -> Iterator[str]:
    """Yield the summary of a class."""
    said, counted = common(report, sheets)
    yield said
    for head, counts in counted.items():
        yield head
        yield from (f"{count:>5}  {name}" for name, count in counts[:_TOLD])


def common(report: Report, sheets: list[Graded]) -> tuple[str, dict[str, list[tuple[str, int]]]]:
    """Return how many sheets are all right, and under their heads what was wrong how often."""
    hard = summary(sheets)
    said = Message("{complete} of {sheets} sheets all right", **fields(hard, "complete", "sheets"))
    steps = [(report.exercise.steps.text(step), count) for step, count in hard.steps]
    mistakes = [(report.words.say(made.words), count) for made, count in hard.mistakes]
    counted = {
        Message("wrong most often:"): steps,
        Message("mistakes:"): mistakes if report.reveal != VERDICT else [],
    }
    return report.say(said), {
        report.say(head): [(printable(name), count) for name, count in counts]
        for head, counts in counted.items()
        if counts
    }


def discreet(result: Result) -> Result:
    """Return a result whose notes tell no number that may be asked for.

    >>> import cgcli
    >>> note = discreet(cgcli.parse("r = relu(x); 5*r").evaluate(x=0)).notes[0]
    >>> str(note.message), note.sides
    ('there is a corner here, where a derivative is agreed upon', None)
    """
    quiet = copy.copy(result)
    quiet.notes = [
        note._replace(message=_DISCREET.get(note.kind, note.message), sides=None)
        for note in result.notes
    ]
    return quiet


def step_text(exercise: Exercise, judged: Judged) -> str:
    """Return what was asked, as the sheet of the exercise writes it."""
    return exercise.steps.text(judged.answer.quantity, judged.answer.element)


def remarks(exercise: Exercise, judged: Judged, reveal: str) -> list[Message]:
    """Return what is said of an answer; the right number is among it only when it is revealed."""
    messages = list(_of_formula(exercise, judged, reveal))
    if judged.verdict == FOLLOWS:
        messages.append(Message("right from the numbers before it"))
    if judged.excused:
        messages.append(Message("this may come of a line that could not be read"))
    elif judged.verdict == NOT_TOLD:
        messages.append(Message("right from the numbers before it, and from none as well"))
    if judged.verdict == WRONG and reveal != VERDICT:
        written = judged.answer.written
        if written is not None and written.shape != getattr(judged.truth, "shape", ()):
            messages.append(Message("this has another shape"))
        if judged.part:
            messages.append(Message("it goes wrong at {part}", part=Math(printable(judged.part))))
        messages += _diagnoses(exercise, judged)
    if judged.verdict != RIGHT and reveal == ANSWER and not exercise.symbolic:
        messages.append(Message("right is {number}", number=_number(judged.truth)))
        expected = _number(judged.expected)
        if judged.verdict == WRONG and expected != _number(judged.truth):
            more = Message("from the numbers before it follows {number}", number=expected)
            messages.append(more)
    return messages


def _number(value: Any, digits: int = 6) -> Math:
    return Math(" ".join(shown(value, digits).split("\n")))


def _of_formula(exercise: Exercise, judged: Judged, reveal: str) -> list[Message]:
    equality = judged.equality
    if equality is None or (judged.verdict != RIGHT and reveal == VERDICT):
        return []
    if equality.proof == "proved":
        return [Message("proved to be the same function")]
    if equality.proof == "undistinguished":
        return [Message("not distinguished at {count} points", count=equality.points)]
    if equality.inputs is None:
        return [Message("this has another shape")]
    place = ", ".join(f"{name} = {shown(value, 4)}" for name, value in equality.inputs.items())
    return [
        Message(
            "another function: at {place} it is {number}, and {step} is not",
            place=Math(place),
            number=_number(equality.value, equality.digits),
            step=Math(step_text(exercise, judged)),
        )
    ]


def _diagnoses(exercise: Exercise, judged: Judged) -> list[Message]:
    """Return the mistakes that give a wrong number, each with the step it was made at."""
    messages = []
    for diagnosis in judged.diagnoses:
        words = diagnosis.words
        if diagnosis.quantity != judged.answer.quantity:
            step = Math(exercise.steps.text(diagnosis.quantity))
            words = Message("at {step}: {words}", step=step, words=words)
        messages.append(words)
    if len(messages) < 2:
        return messages
    first, *others = messages
    alternatives = [Message("or {words}", words=words) for words in others]
    return [Message("perhaps {words}", words=first), *alternatives]
