"""Marked sheets → the document `cgraph.check/1`, or a CSV table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cgcli.homework.formulas import Equality
from cgcli.homework.judging import FOLLOWS, RIGHT, WRONG, Judged
from cgcli.homework.marking import Marked
from cgcli.homework.marks import Points, Score, summary
from cgcli.homework.quantities import Quantity
from cgcli.views.document import kind_document, note_document, number
from cgcli.views.gate import printable
from cgcli.views.homework.remarks import ANSWER, VERDICT, discreet, step_text
from cgcli.views.homework.report import Report
from cgcli.views.messages import error_document

__all__ = ["check_document", "check_table"]

_ARMED: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def check_document(report: Report, sheets: list[tuple[Marked, Score]]) -> dict[str, Any]:
    """Return marked sheets as a JSON object."""
    exercise = report.exercise
    result = exercise.result if report.reveal == ANSWER else discreet(exercise.result)
    points = report.points or Points()
    return {
        "schema": "cgraph.check/1",
        "expression": exercise.graph.text,
        **kind_document(result),
        "at": _numbers(exercise.inputs),
        "output": result.output,
        "steps": [
            {
                "step": exercise.steps.text(step),
                "kind": step.kind,
                "node": exercise.graph.names[step.node],
                "points": points.of(step),
            }
            for step in exercise.steps.asked
        ],
        "sheets": [_sheet(report, points, *each) for each in sheets],
        "summary": _summary(report, sheets),
        "notes": [note_document(note) for note in result.notes],
    }


def _sheet(report: Report, points: Points, marked: Marked, score: Score) -> dict[str, Any]:
    exercise, first = report.exercise, marked.first_wrong
    return {
        "sheet": marked.sheet.name,
        "trouble": marked.sheet.trouble or None,
        "complete": score.complete,
        "right": score.right,
        "follows": score.follows,
        "wrong": score.wrong,
        "points": score.points,
        "of": score.of,
        "first_wrong": first and {"step": step_text(exercise, first), "line": first.answer.line},
        "answers": [_answer(report, points, judged) for judged in marked.judged],
        "unreadable": [
            {"line": line.line, "text": line.text, **error_document(line.error)}
            for line in marked.unreadable
        ],
        "missing": [exercise.steps.text(step) for step in marked.missing],
    }


def _answer(report: Report, points: Points, judged: Judged) -> dict[str, Any]:
    exercise, answer = report.exercise, judged.answer
    tells = report.reveal != VERDICT
    shown = tells or judged.verdict == RIGHT
    document: dict[str, Any] = {
        "line": answer.line,
        "text": answer.text,
        "step": step_text(exercise, judged),
        "kind": answer.quantity.kind,
        "verdict": judged.verdict,
        "points": points.got(judged),
        "proof": _proof(judged.equality) if judged.equality and shown else None,
        "diagnoses": [
            {
                "mistake": each.mistake.name,
                "step": exercise.steps.text(each.quantity),
                "words": report.words.say(each.words),
            }
            for each in judged.diagnoses
            if tells
        ],
        "ambiguous": tells and len(judged.mistakes) > 1,
    }
    if report.reveal == ANSWER:
        document["truth"] = number(judged.truth)
        document["expected"] = number(judged.expected)
    return document


def _proof(equality: Equality) -> dict[str, Any]:
    return {
        "kind": equality.proof,
        "points": equality.points,
        "at": equality.inputs and _numbers(equality.inputs),
        "value": number(equality.value),
    }


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: number(value) for name, value in values.items()}


def _summary(report: Report, sheets: list[tuple[Marked, Score]]) -> dict[str, Any]:
    found = summary(sheets)
    return {
        "sheets": found.sheets,
        "complete": found.complete,
        "unreadable": found.unreadable,
        "steps": [
            {"step": report.exercise.steps.text(step), "wrong": count}
            for step, count in found.steps
        ],
        "mistakes": [
            {"mistake": each.mistake.name, "sheets": count, "words": report.words.say(each.words)}
            for each, count in found.mistakes
            if report.reveal != VERDICT
        ],
    }


def check_table(report: Report, sheets: list[tuple[Marked, Score]]) -> str:
    """Return marked sheets as CSV: a row a sheet, a column for each step.

    What a spreadsheet would take for a formula is put behind an apostrophe.
    """
    exercise = report.exercise
    steps = exercise.steps.asked
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ["sheet", "complete", "right", "follows", "wrong", "missing", "unreadable"]
    head += ["points", "of", "first_wrong", "mistakes", "trouble"]
    writer.writerow([*head, *map(_cell, map(exercise.steps.text, steps))])
    for marked, score in sheets:
        writer.writerow(map(_cell, _row(report, steps, marked, score)))
    return text.getvalue()


def _row(
    report: Report, steps: list[Quantity], marked: Marked, score: Score
) -> Iterator[str | int | float]:
    first = marked.first_wrong
    verdicts: dict[Quantity, str] = {}
    for judged in marked.judged:
        # Of a list answered element by element the worst is told.
        before = verdicts.get(judged.answer.quantity, RIGHT)
        verdicts[judged.answer.quantity] = max(before, judged.verdict, key=_BADNESS.index)
    yield marked.sheet.name
    yield "yes" if score.complete else "no"
    yield from (score.right, score.follows, score.wrong, score.missing, score.unreadable)
    yield from (f"{score.points:g}", f"{score.of:g}")
    yield step_text(report.exercise, first) if first else ""
    yield " ".join(first.mistakes) if first and report.reveal != VERDICT else ""
    yield marked.sheet.trouble
    yield from (verdicts.get(step, "missing") for step in steps)


_BADNESS: Final = (RIGHT, FOLLOWS, WRONG)


def _cell(value: str | float) -> str | float:
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.lstrip().startswith(_ARMED) else text
