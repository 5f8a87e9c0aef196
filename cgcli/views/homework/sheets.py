"""An exercise → a blank sheet, or its key; marked sheets → `cgraph.check/1`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import RIGHT, Judged
from cgcli.homework.marks import Graded, summary
from cgcli.homework.quantities import VALUE
from cgcli.views.catalogue import Catalogue
from cgcli.views.document import ABSENT, note_document, number, present
from cgcli.views.gate import printable
from cgcli.views.homework.report import ANSWER, VERDICT, Report, discreet, step_text
from cgcli.views.messages import error_document
from cgcli.words import Math, Message

if TYPE_CHECKING:
    from cgcli.views.schemas import homework


def sheet_text(
    exercise: Exercise,
    given: dict[str, str],
    words: Catalogue,
    key: bool = False,
    told_apart: tuple[int, int] | None = None,
) -> str:
    """Return a sheet with a line for each step in the order of working, filled in when a key.

    `given` are the values of the inputs as they are to be read. What is said besides stands in
    comments, so that the sheet can be marked as it is.
    """
    lines = [f"# {printable(line)}" for line in exercise.graph.text.strip().split("\n")]
    if exercise.inputs:
        lines.append(f"# {printable(values_line(exercise, given))}")
    if told_apart is not None:
        message = Message(
            "{distinct} of {mistakes} likely mistakes give a number of their own here",
            distinct=told_apart[0],
            mistakes=told_apart[1],
        )
        lines.append(f"# {words.say(message)}")
    output = Math(exercise.result.output)
    backward = Message("backward: the gradients of {output}", output=output)
    for kind, steps in groupby(exercise.steps.asked, lambda step: step.kind):
        head = Message("forward: the values") if kind == VALUE else backward
        lines += ["", f"# {printable(words.say(head))}"]
        for step in steps:
            answer = f" {written(exercise.truth(step))}" if key else ""
            lines.append(f"{printable(exercise.steps.text(step))} ={answer}")
    return "\n".join(lines) + "\n"


def values_line(exercise: Exercise, given: Mapping[str, str]) -> str:
    """Return the values of a problem on one line; those that are `given` as they are given."""
    return ", ".join(
        f"{name} = {given.get(name) or written(value, 17)}"
        for name, value in exercise.inputs.items()
    )


def written(value: Any, digits: int = 6) -> str:
    """Return a number or a list as it is written on a sheet, with so many significant digits.

    >>> written(-12.0), written(2 / 3)
    ('-12', '0.666667')
    """
    if not getattr(value, "shape", ()):
        number = float(value) + 0.0
        # The shortest that is the same number, where all digits are wanted.
        return f"{number:.{digits}g}" if digits < 17 else repr(number).removesuffix(".0")
    return f"[{', '.join(written(element, digits) for element in value)}]"


def sheet_document(
    exercise: Exercise, key: bool, told_apart: tuple[int, int] | None
) -> homework.Sheet:
    """Return a sheet as the document `cgraph.sheet/1`; unanswered questions have null."""
    return {
        "schema": "cgraph.sheet/1",
        "expression": exercise.graph.text,
        "at": number(exercise.inputs),
        "output": exercise.result.output,
        "mistakes": told_apart and {"distinct": told_apart[0], "of": told_apart[1]},
        "answers": {
            exercise.steps.text(step): number(exercise.truth(step)) if key else None
            for step in exercise.steps.asked
        },
    }


def check_document(report: Report, sheets: list[Graded]) -> homework.Marking:
    """Return marked sheets as a JSON object."""
    exercise, say, hard = report.exercise, report.words.say, summary(sheets)
    result = exercise.result if report.reveal == ANSWER else discreet(exercise.result)
    mistakes = hard.mistakes if report.reveal != VERDICT else []
    text = exercise.steps.text
    document: homework.Marking = {
        "schema": "cgraph.check/1",
        "expression": exercise.graph.text,
        "exact": result.kind.exact or ABSENT,
        "at": number(exercise.inputs),
        "output": result.output,
        "steps": [
            {
                "step": text(step),
                "kind": step.kind,
                "node": exercise.graph.names[step.node],
                "points": report.worth.of(step),
            }
            for step in exercise.steps.asked
        ],
        "sheets": [_sheet(report, item) for item in sheets],
        "summary": {
            "sheets": hard.sheets,
            "complete": hard.complete,
            "unreadable": hard.unreadable,
            "steps": [{"step": text(step), "wrong": count} for step, count in hard.steps],
            "mistakes": [
                {"mistake": made.mistake.name, "sheets": count, "words": say(made.words)}
                for made, count in mistakes
            ],
        },
        "notes": list(map(note_document, result.notes)),
    }
    return present(document)


def _sheet(report: Report, item: Graded) -> homework.MarkedSheet:
    exercise, marked, score = item.exercise, item.marked, item.score
    first = marked.first_wrong
    document: homework.MarkedSheet = {
        "sheet": item.name,
        "at": number(exercise.inputs) if exercise is not report.exercise else ABSENT,
        "trouble": marked.sheet.trouble or None,
        "complete": score.complete,
        "right": score.right,
        "follows": score.follows,
        "wrong": score.wrong,
        "not_told": score.not_told,
        "points": score.points,
        "of": score.of,
        "first_wrong": {"step": step_text(exercise, first), "line": first.answer.line}
        if first
        else None,
        "answers": [_answer(report, exercise, judged) for judged in marked.judged],
        "unreadable": [
            {"line": line.line, "text": line.text, **error_document(line.error)}
            for line in marked.unreadable
        ],
        "missing": list(map(exercise.steps.text, marked.missing)),
    }
    return present(document)


def _answer(report: Report, exercise: Exercise, judged: Judged) -> homework.Answer:
    answer, equality = judged.answer, judged.equality
    tells = report.reveal != VERDICT
    proof: homework.AnswerProof | None = None
    if equality and equality.proof != "open" and (tells or judged.verdict == RIGHT):
        at, value = number(equality.inputs), number(equality.value)
        proof = {"kind": equality.proof, "points": equality.points, "at": at, "value": value}
    document: homework.Answer = {
        "line": answer.line,
        "text": answer.text,
        "read": answer.read,
        "part": judged.part if tells else "",
        "step": step_text(exercise, judged),
        "kind": answer.quantity.kind,
        "verdict": judged.verdict,
        "points": report.worth.got(judged),
        "proof": proof,
        "diagnoses": [
            {
                "mistake": diagnosis.mistake.name,
                "step": exercise.steps.text(diagnosis.quantity),
                "words": report.words.say(diagnosis.words),
            }
            for diagnosis in judged.diagnoses
            if tells
        ],
        "ambiguous": tells and len(judged.mistakes) > 1,
    }
    if report.reveal == ANSWER:
        document["truth"], document["expected"] = number(judged.truth), number(judged.expected)
    return document
