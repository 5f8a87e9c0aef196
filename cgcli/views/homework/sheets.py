"""An exercise → a blank sheet, or its key; marked sheets → `cgraph.check/1`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import RIGHT, Judged
from cgcli.homework.marks import Graded, summary
from cgcli.homework.quantities import VALUE
from cgcli.views.catalogue import Catalogue
from cgcli.views.document import fields, kind_document, note_document, number
from cgcli.views.gate import printable
from cgcli.views.homework.report import ANSWER, VERDICT, Report, discreet, step_text
from cgcli.views.messages import error_document
from cgcli.words import Math, Message


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
) -> dict[str, Any]:
    """Return a sheet as the document `cgraph.sheet/1`; unanswered questions have null."""
    mistakes = told_apart and {"distinct": told_apart[0], "of": told_apart[1]}
    return {
        "schema": "cgraph.sheet/1",
        "expression": exercise.graph.text,
        "at": number(exercise.inputs),
        "output": exercise.result.output,
        "mistakes": mistakes,
        "answers": {
            exercise.steps.text(step): number(exercise.truth(step)) if key else None
            for step in exercise.steps.asked
        },
    }


def check_document(report: Report, sheets: list[Graded]) -> dict[str, Any]:
    """Return marked sheets as a JSON object."""
    exercise, say, hard = report.exercise, report.words.say, summary(sheets)
    result = exercise.result if report.reveal == ANSWER else discreet(exercise.result)
    mistakes = hard.mistakes if report.reveal != VERDICT else []
    text = exercise.steps.text
    return {
        "schema": "cgraph.check/1",
        "expression": exercise.graph.text,
        **kind_document(result),
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
            **fields(hard, "sheets", "complete", "unreadable"),
            "steps": [{"step": text(step), "wrong": count} for step, count in hard.steps],
            "mistakes": [
                {"mistake": made.mistake.name, "sheets": count, "words": say(made.words)}
                for made, count in mistakes
            ],
        },
        "notes": list(map(note_document, result.notes)),
    }


def _sheet(report: Report, item: Graded) -> dict[str, Any]:
    exercise, marked, score = item.exercise, item.marked, item.score
    first = marked.first_wrong
    personal = {"at": number(exercise.inputs)} if exercise is not report.exercise else {}
    return {
        "sheet": item.name,
        **personal,
        "trouble": marked.sheet.trouble or None,
        **fields(score, "complete", "right", "follows", "wrong", "not_told", "points", "of"),
        "first_wrong": first and {"step": step_text(exercise, first), "line": first.answer.line},
        "answers": [_answer(report, exercise, judged) for judged in marked.judged],
        "unreadable": [
            {**fields(line, "line", "text"), **error_document(line.error)}
            for line in marked.unreadable
        ],
        "missing": list(map(exercise.steps.text, marked.missing)),
    }


def _answer(report: Report, exercise: Exercise, judged: Judged) -> dict[str, Any]:
    answer, equality = judged.answer, judged.equality
    tells = report.reveal != VERDICT
    proof = None
    if equality and equality.proof != "open" and (tells or judged.verdict == RIGHT):
        point = {"at": equality.inputs, "value": equality.value}
        proof = {"kind": equality.proof, "points": equality.points, **number(point)}
    return {
        **fields(answer, "line", "text", "read"),
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
        **(number(fields(judged, "truth", "expected")) if report.reveal == ANSWER else {}),
    }
