"""A class → a CSV table: a row a sheet, in columns of its own or in those of a course system."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cgcli.errors import CgraphError, few, file_error, shorten, suggest
from cgcli.homework.judging import FOLLOWS, NOT_TOLD, RIGHT, WRONG
from cgcli.homework.marks import Graded
from cgcli.homework.quantities import Quantity
from cgcli.homework.scheme import tables_of
from cgcli.homework.students import Student
from cgcli.views.document import fields
from cgcli.views.gate import printable
from cgcli.views.homework.report import VERDICT, Report, answer_lines, closing, step_text

_ARMED: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_BADNESS: Final = (RIGHT, FOLLOWS, NOT_TOLD, WRONG)
_FIELD: Final = re.compile(r"\{([^{}]*)\}")


def check_table(report: Report, sheets: list[Graded], columns: dict[str, str] | None = None) -> str:
    """Return marked sheets as CSV: a row a sheet, a column for each step, or a map's columns."""
    steps = [report.exercise.steps.text(step) for step in report.exercise.steps.asked]
    rows: list[list[str | int]] = []
    for item in sheets:
        score, first = item.score, item.marked.first_wrong
        known: dict[str, str | int] = {
            "sheet": item.name,
            "complete": "yes" if score.complete else "no",
            **fields(score, "right", "follows", "wrong", "not_told", "missing", "unreadable"),
            "points": f"{score.points:g}",
            "of": f"{score.of:g}",
            "first_wrong": step_text(item.exercise, first) if first else "",
            "mistakes": " ".join(first.mistakes) if first and report.reveal != VERDICT else "",
            "trouble": item.marked.sheet.trouble,
        }
        verdicts = list(_verdicts(item))
        if columns is None:
            rows = rows or [[*known, *steps]]
            rows.append([*known.values(), *verdicts])
            continue
        known |= {
            **fields(item.student, "name", "number"),
            "percent": f"{100 * score.points / score.of if score.of else 0:.4g}",
            "feedback": feedback(report, item),
        }
        given = {**item.student.columns, **dict(zip(steps, verdicts, strict=True)), **known}
        rows = rows or [[*columns]]
        rows.append([_filled(text, given) for text in columns.values()])
    return _csv([map(_cell, row) for row in rows])


def _csv(rows: list[Iterable[str | int]]) -> str:
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(rows)
    return table.getvalue()


def class_list(students: list[Student], values: list[dict[str, str]]) -> str:
    """Return a class list with a column for each value, as `cgraph check --students` reads it."""
    plain = [
        student.columns or {"name": student.name, "number": student.number} for student in students
    ]
    heads = [*dict.fromkeys(head for row in plain for head in row if head not in values[0])]
    rows: list[Iterable[str | int]] = [[*map(_cell, heads), *values[0]]]
    for row, chosen in zip(plain, values, strict=True):
        rows.append([*(_cell(row.get(head, "")) for head in heads), *chosen.values()])
    return _csv(rows)


def read_columns(text: str, path: str) -> dict[str, str]:
    """Return a map of columns, each with its text; raises `CgraphError` of kind file.

    >>> read_columns('[columns]\\nGrade = "{points}"', "moodle.toml")
    {'Grade': '{points}'}
    """
    hint = 'write [columns], and below it lines such as "Grade" = "{points}"'
    columns: Any = tables_of(text, path, hint).get("columns")
    if not isinstance(columns, dict) or not columns:
        raise file_error(path, "it has no columns", hint)
    for head, value in columns.items():
        if not isinstance(value, str):
            why = f"the column '{shorten(head)}' has no text"
            raise file_error(path, why, 'write what stands in it in quotes: "{points}"')
    return columns


def _filled(text: str, fields: Mapping[str, str | int]) -> str:
    """Return a column's text with fields in place of their names; raises `CgraphError`."""

    def field(match: re.Match[str]) -> str:
        name = match[1]
        if name in fields:
            return str(fields[name])
        hint = suggest(name, fields, f"there are {few(list(fields))}", written="{{{}}}")
        message = f"a column asks for {{{shorten(name)}}}, which nothing is"
        raise CgraphError("usage", message, hint)

    return _FIELD.sub(field, text)


def feedback(report: Report, item: Graded) -> str:
    """Return what is said of a sheet on one line: what is not right, and why."""
    if item.marked.sheet.trouble:
        return item.marked.sheet.trouble
    parts = []
    for _, answer, verdict, *_, said in answer_lines(report, item)[1:]:
        if verdict != RIGHT:
            words = report.verdict(verdict)[0], said.replace("\n", "; ")
            parts.append(f"{answer}: {', '.join(filter(None, words))}")
    return ". ".join([*parts, *closing(report, item)])


def _verdicts(item: Graded) -> Iterator[str]:
    """Return the verdict on each step; of a list answered element by element the worst."""
    marked = item.marked
    verdicts: dict[Quantity, str] = dict.fromkeys(marked.unread, "unreadable")
    for judged in marked.judged:
        before = verdicts.get(judged.answer.quantity, RIGHT)
        verdicts[judged.answer.quantity] = max(before, judged.verdict, key=_BADNESS.index)
    return (verdicts.get(step, "missing") for step in item.exercise.steps.asked)


def _cell(value: str | int) -> str:
    text = printable(str(value))
    # Without a letter or a digit it is no formula: a lone dash.
    is_armed = text.lstrip().startswith(_ARMED) and re.search(r"\w", text)
    return f"'{text}" if is_armed else text
