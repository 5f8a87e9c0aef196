"""A marked sheet → the page that its student gets back; a class → the page of its teacher."""

from __future__ import annotations

import re
from typing import Final

from cgcli.homework.classes import Graded, is_symbolic
from cgcli.homework.marks import summary
from cgcli.views.gate import printable, printable_lines
from cgcli.views.homework.pages import Page, Table, bars
from cgcli.views.homework.remarks import VERDICT
from cgcli.views.homework.report import Report, answer_rows, class_lines, closing, trouble
from cgcli.views.homework.sheets import values_line
from cgcli.words import Message

_MOST: Final = 20
_ROOM: Final = 30


def feedback_page(report: Report, item: Graded) -> Page:
    """Return a student's marked sheet: nothing of other students is in it."""
    report = report.of(item.exercise)
    title = printable(item.name)
    if item.marked.sheet.trouble:
        # Whose values these would be is not known.
        program = printable_lines(item.exercise.graph.text.strip())
        return Page(title, program, [], [report.say(trouble(item.marked))], [])
    heads = ["line", "answer", "", "points", ""]
    rows = [
        [line, answer, verdict, points, said]
        for line, answer, (verdict, _), points, said in answer_rows(report, item.marked)
    ]
    if report.points is None:
        heads, *rows = ([*row[:3], row[4]] for row in [heads, *rows])
    heads = [report.say(Message(head)) for head in heads]
    tables = [Table(heads, rows)] if rows else []
    problem = item.exercise.graph.text.strip()
    if not is_symbolic(item.exercise):
        problem += f"\n{values_line(item.exercise, {})}"
    lines = [*closing(report, item.marked, item.score)]
    return Page(title, printable_lines(problem), tables, lines, [])


def sheet_page(title: str, text: str) -> Page:
    """Return the text of a sheet as a page, with room for what is not filled in."""
    head, _, body = text.partition("\n\n")
    lines = [line.removeprefix("# ") for line in body.split("\n") if line]
    rooms = [f"{line} {'_' * _ROOM}" if line.endswith("=") else line for line in lines]
    return Page(title, re.sub("(?m)^# ?", "", head), [], rooms, [])


def summary_page(report: Report, sheets: list[Graded], title: str) -> Page:
    """Return what a class found hard, with a row for each sheet, and bars."""
    hard = summary(sheets)
    counted = {
        Message("wrong most often:"): [
            (report.exercise.steps.text(step), count) for step, count in hard.steps[:_MOST]
        ],
        Message("mistakes:"): [
            (report.say(made.words), count)
            for made, count in hard.mistakes[:_MOST]
            if report.reveal != VERDICT
        ],
    }
    heads, *rows = class_lines(report, sheets)
    tables = [Table(heads, rows)]
    tables += [
        Table([report.say(head), ""], [[name, str(count)] for name, count in counts])
        for head, counts in counted.items()
        if counts
    ]
    counts = {"complete": hard.complete, "sheets": hard.sheets}
    said = report.say(Message("{complete} of {sheets} sheets all right", **counts))
    program = printable_lines(report.exercise.graph.text.strip())
    pictures = [bars(counts) for counts in counted.values() if counts]
    return Page(printable(title), program, tables, [said], pictures)
