"""Marked sheets → tables: one with its answers, or many with a row each and what they share.

Of an answer it is said why it is wrong, or how it is known to be right.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from cgcli.calculus.result import Result
from cgcli.errors import CgraphError, shorten
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import FOLLOWS, NOT_TOLD, RIGHT, WRONG, Judged
from cgcli.homework.marking import Marked
from cgcli.homework.marks import ABSENT, Graded, Points, summary
from cgcli.homework.quantities import Quantity
from cgcli.views.catalogue import Catalogue
from cgcli.views.document import fields
from cgcli.views.formulas import as_text
from cgcli.views.gate import printable
from cgcli.views.table import shown
from cgcli.views.terminal import NUMBERS, WORDS, Column, console, print_table, say
from cgcli.words import Math, Message, joined

VERDICT: Final = "verdict"
HINT: Final = "hint"
ANSWER: Final = "answer"


_DISCREET: Final = {
    "kink": Message("there is a corner here, where a derivative is agreed upon"),
    "overflow": Message("a number is too large here"),
    "underflow": Message("a number is too small here"),
    "domain": Message("this is not defined here"),
}
_VERDICTS: Final = {
    RIGHT: (Message("right"), "green"),
    FOLLOWS: (Message("follows"), "cyan"),
    WRONG: (Message("wrong"), "red"),
    NOT_TOLD: (Message("not told"), "dim"),
    "unreadable": (Message("unreadable"), "yellow"),
}
"""What a verdict is called, and its style."""
_LONGEST: Final = 60
_TOLD: Final = 6
_LISTED: Final = 40
_PLACE: Final = 100
"""So long is a point at which formulas differ."""


class Report(NamedTuple):
    """What a report is made of besides the sheets, and how much it tells.

    `exercise` is that of the class; a sheet has its own.
    """

    exercise: Exercise
    points: Points | None
    reveal: str
    words: Catalogue

    @property
    def worth(self) -> Points:
        """What the steps are worth, whether it is told or not."""
        points = self.points or Points()
        return points._replace(asked=frozenset(self.exercise.steps.asked))

    def say(self, message: str) -> str:
        """Return a message in the language of the report, fit to be printed."""
        return printable(self.words.read(message))

    def verdict(self, verdict: str) -> tuple[str, str]:
        """Return what a verdict is called in the language, with its style."""
        words, style = _VERDICTS[verdict]
        return self.say(words), style


def print_marks(report: Report, sheets: list[Graded], out: Any = None) -> None:
    """Print the answers of one sheet, or a row for each of many."""
    out = out or console()
    if len(sheets) == 1:
        _print_sheet(report, sheets[0], out)
    else:
        _print_class(report, sheets, out)


def _print_sheet(report: Report, item: Graded, out: Any) -> None:
    """Print one sheet: each answer with its verdict, in the order of working."""
    if item.marked.sheet.trouble:
        say(out, report.say(trouble(report, item.marked)), style="yellow", said=True)
        return
    heads, *rows = answer_lines(report, item)
    cells = [[*row[:2], report.verdict(row[2]), *row[3:]] for row in rows]
    scored = [NUMBERS] if report.points else []
    options = [{**NUMBERS, "style": "dim"}, WORDS, {"no_wrap": True}, *scored, WORDS]
    if rows:
        print_table(out, list(map(Column, heads, options)), cells)
        out.print()
    say(out, *closing(report, item), said=True, soft_wrap=not out.is_terminal)


def trouble(report: Report, marked: Marked) -> Message:
    """Return why nothing of a sheet can be read."""
    name, why = Math(printable(marked.sheet.name)), Math(report.words.read(marked.sheet.trouble))
    if marked.sheet.trouble == ABSENT:
        return Message("nothing was handed in")
    return Message("{sheet} cannot be read: {why}", sheet=name, why=why)


def answer_lines(report: Report, item: Graded) -> list[list[str]]:
    """Return the heads of a sheet's table, and a row for each answer, and for what is unreadable.

    It has the line, the answer, its verdict, points where steps have any, and remarks.
    """

    def add(line: int, text: str, verdict: str, points: float, said: list[str]) -> None:
        worth = [f"{points:g}"] if report.points else []
        text = printable(shorten(" ".join(text.split()), _LONGEST))
        lines.append([str(line), text, verdict, *worth, "\n".join(said)])

    heads = [Message("line"), Message("answer"), ""]
    heads += [Message("points")] if report.points else []
    lines = [[*map(report.say, heads), ""]]
    for judged in item.marked.judged:
        answer = judged.answer
        said = [report.say(words) for words in remarks(item.exercise, judged, report.reveal)]
        if answer.read != answer.text:
            said.insert(0, report.say(Message("read as {answer}", answer=Math(answer.read))))
        if len(said) > _TOLD:
            rest = len(said) - _TOLD + 1
            more = Message("and {count} more, which --json tells", count=rest)
            said = [*said[: _TOLD - 1], report.say(more)]
        add(answer.line, answer.text, judged.verdict, report.worth.got(judged), said)
    for line in item.marked.unreadable:
        said = [report.say(line.error.message), report.say(line.error.hint)]
        add(line.line, line.text, "unreadable", 0, list(filter(None, said)))
    return lines


def closing(report: Report, item: Graded) -> Iterator[str]:
    """Yield the lines below the table: the first wrong step, what is missing, and the sum."""
    marked, score, steps = item.marked, item.score, item.exercise.steps
    if not (marked.judged or marked.unreadable):
        yield report.say(Message("nothing is answered on this sheet"))
    first = marked.first_wrong
    if first is not None:
        step, line = Math(step_text(item.exercise, first)), first.answer.line
        yield report.say(Message("first wrong step: {step}, line {line}", step=step, line=line))
    if marked.missing:
        names = ", ".join(map(steps.text, marked.missing[:_LISTED]))
        more = ", …" if len(marked.missing) > _LISTED else ""
        yield report.say(Message("not answered: {steps}", steps=Math(names + more)))
    counts = [
        Message("{count} following", count=score.follows),
        Message("{count} wrong", count=score.wrong),
        Message("{count} not told", count=score.not_told),
        Message("{count} unreadable", count=score.unreadable),
    ]
    parts = [Message("{count} right", count=score.right)]
    parts += [count for count in counts if count.values["count"]]
    if report.points is not None:
        got, of = f"{score.points:g}", f"{score.of:g}"
        parts.append(Message("{points} of {of} points", points=got, of=of))
    yield report.say(joined(parts, "{before}, {after}"))


def _print_class(report: Report, sheets: list[Graded], out: Any) -> None:
    """Print a row for each of many sheets, and below what was wrong most often."""
    (name, *counted, points, step, words), *rows = class_lines(report, sheets)
    columns = [
        Column(name, {**WORDS, "style": "cyan", "min_width": 6}),
        *(Column(head, NUMBERS) for head in counted),
        Column(points, NUMBERS, report.points is not None),
        Column(step, WORDS),
        Column(words, WORDS),
    ]
    styles = ["yellow" if item.marked.sheet.trouble else "" for item in sheets]
    cells = [[*row[:-1], (row[-1], style)] for row, style in zip(rows, styles, strict=True)]
    print_table(out, columns, cells)
    out.print()
    said, counts = common(report, sheets)
    summed = [said]
    for head, times in counts.items():
        summed += [head, *(f"{count:>5}  {name}" for name, count in times[:_TOLD])]
    say(out, *summed, said=True, soft_wrap=not out.is_terminal)


def class_lines(report: Report, sheets: list[Graded]) -> list[list[str]]:
    """Return the heads of a class's table, and a row for each sheet."""
    counted = [*(_VERDICTS[verdict][0] for verdict in (RIGHT, FOLLOWS, WRONG)), Message("missing")]
    # What was not read is told at any width, and where nothing is wrong as well.
    counted += [Message("unreadable")] * any(item.score.unreadable for item in sheets)
    heads = [Message("sheet"), *counted, Message("points"), Message("first wrong step"), ""]
    lines = [list(map(report.say, heads))]
    for item in sheets:
        score = item.score
        counts = score.right, score.follows, score.wrong, score.missing, score.unreadable
        cells = map(str, counts[: len(counted)])
        worth = f"{score.points:g}/{score.of:g}"
        lines.append([shorten(printable(item.name)), *cells, worth, *_first(report, item)])
    return lines


def _first(report: Report, item: Graded) -> tuple[str, str]:
    """Return the first wrong step of a sheet and the likeliest mistake, or what else is amiss."""
    first = item.marked.first_wrong
    said = ""
    if item.marked.sheet.trouble:
        said = report.say(trouble(report, item.marked))
    elif first is not None and report.reveal != VERDICT:
        # The mistake, where it is known, tells more than the place does.
        reasons = [*_diagnoses(item.exercise, first)] or remarks(item.exercise, first, HINT)
        said = report.say(reasons[0]) if reasons else ""
    return printable(step_text(item.exercise, first)) if first else "", said


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
    formula = _of_formula(exercise, judged, reveal)
    messages = [formula] if formula else []
    if judged.verdict == FOLLOWS:
        messages.append(Message("right from the numbers before it"))
    if judged.excused:
        messages.append(Message("this may come of a line that could not be read"))
    elif judged.verdict == NOT_TOLD and not formula:
        messages.append(Message("right from the numbers before it, and from none as well"))
    if judged.verdict == WRONG and reveal != VERDICT:
        written = judged.answer.written
        if written is not None and written.shape != getattr(judged.truth, "shape", ()):
            messages.append(Message("this has another shape"))
        if judged.part:
            messages.append(Message("it goes wrong at {part}", part=Math(printable(judged.part))))
        messages += _diagnoses(exercise, judged)
    if judged.verdict != RIGHT and reveal == ANSWER and exercise.symbolic:
        text = _right_formula(exercise, judged.answer.quantity)
        messages += [Message("right is {number}", number=Math(text))] if text else []
    elif judged.verdict != RIGHT and reveal == ANSWER:
        messages.append(Message("right is {number}", number=_number(judged.truth)))
        expected = _number(judged.expected)
        if judged.verdict == WRONG and expected != _number(judged.truth):
            more = Message("from the numbers before it follows {number}", number=expected)
            messages.append(more)
    return messages


def _right_formula(exercise: Exercise, quantity: Quantity) -> str | None:
    """Return a value or a derivative as a formula; None where there is none to be read."""
    from cgcli.algebra.formulas import Formulas
    from cgcli.algebra.wanted import Wanted

    node, of = quantity
    if of < 0:
        return exercise.steps.formula(node)
    graph = exercise.program.outline(exercise.inputs, exercise.graph.names[of])
    if graph.arguments[node]:
        graph = graph.cut(node)
    try:
        text = as_text(Formulas(graph, Wanted((graph.names[node],))), share=False)
    except CgraphError:
        return None
    return None if text.startswith("#") else text.splitlines()[0]


def _number(value: Any, digits: int = 6) -> Math:
    return Math(" ".join(shown(value, digits).split("\n")))


def _of_formula(exercise: Exercise, judged: Judged, reveal: str) -> Message | None:
    equality = judged.equality
    if equality is None or (judged.verdict != RIGHT and reveal == VERDICT):
        return None
    if equality.proof == "proved":
        return Message("proved to be the same function")
    if equality.proof == "undistinguished":
        if equality.points == 1:
            return Message("the same at the point that was tried")
        return Message("the same at {count} points that were tried", count=equality.points)
    if equality.proof == "open":
        return Message("no point was found where numbers tell whether this is the same function")
    if equality.inputs is None:
        return Message("this has another shape")
    pairs = equality.inputs.items()
    place = shorten(", ".join(f"{name} = {_number(value, 4)}" for name, value in pairs), _PLACE)
    return Message(
        "another function: at {place} it is {number}, and {step} is not",
        place=Math(place),
        number=_number(equality.value, equality.digits),
        step=Math(step_text(exercise, judged)),
    )


def _diagnoses(exercise: Exercise, judged: Judged) -> Iterator[Message]:
    """Yield the mistakes that give a wrong number, each with the step it was made at."""
    for k, diagnosis in enumerate(judged.diagnoses):
        words = diagnosis.words
        if diagnosis.quantity != judged.answer.quantity:
            step = Math(exercise.steps.text(diagnosis.quantity))
            words = Message("at {step}: {words}", step=step, words=words)
        if len(judged.diagnoses) > 1:
            words = Message("or {words}" if k else "perhaps {words}", words=words)
        yield words
