"""Marked sheets → tables: one with its answers, or many with a row each and what they share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from cgcli.errors import shorten
from cgcli.homework.exercise import Exercise
from cgcli.homework.marking import FOLLOWS, RIGHT, WRONG, Marked
from cgcli.homework.marks import Points, Score, summary
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable, width
from cgcli.views.homework.remarks import HINT, remarks, sheet_name, step_text, verdict_word
from cgcli.views.terminal import console, ruled, show
from cgcli.words import Math, Message

__all__ = ["Report", "print_class", "print_sheet"]

_STYLES: Final = {RIGHT: "green", FOLLOWS: "cyan", WRONG: "red", "unreadable": "yellow"}
_LONGEST: Final = 60
_TOLD: Final = 6
_LISTED: Final = 40
_FOLDED: Final = 8
_WIDE: Final = 100
"""From here on a class has room for the words of each sheet's first mistake."""


class Report(NamedTuple):
    """What a report is made of besides the sheets, and how much it tells."""

    exercise: Exercise
    points: Points | None
    reveal: str
    words: Catalogue

    def say(self, message: str) -> str:
        """Return a message in the language of the report, fit to be printed."""
        return printable(self.words.say(message))


def print_sheet(report: Report, marked: Marked, score: Score, out: Any = None) -> None:
    """Print one sheet: each answer with its verdict, in the order of working."""
    from rich.text import Text

    out = out or console()
    if marked.sheet.trouble:
        text = Message("{sheet} cannot be read: {why}", sheet=_sheet(marked), why=_why(marked))
        out.print(Text(report.say(text), style="yellow"))
        return
    rows = list(_rows(report, marked))
    if rows:
        table = ruled(header_style="bold")
        table.add_column(report.say(Message("line")), justify="right", no_wrap=True, style="dim")
        table.add_column(report.say(Message("answer")), overflow="fold")
        table.add_column("", no_wrap=True)
        if report.points is not None:
            table.add_column(report.say(Message("points")), justify="right", no_wrap=True)
        table.add_column("", overflow="fold", ratio=None)
        for row in rows:
            table.add_row(*row)
        show(out, table, _least(table))
        out.print()
    for line in _closing(report, marked, score):
        out.print(Text(line), soft_wrap=not out.is_terminal)


def _least(table: Any) -> int:
    """Return the width below which a table would lose columns: what may fold needs a little."""
    cells = (
        max(width(str(cell)) for cell in [column.header, *column.cells])
        if column.no_wrap
        else _FOLDED
        for column in table.columns
    )
    return sum(cells) + 3 * len(table.columns)


def _sheet(marked: Marked) -> Math:
    return Math(sheet_name(marked))


def _why(marked: Marked) -> Math:
    return Math(marked.sheet.trouble)


def _rows(report: Report, marked: Marked) -> Iterator[list[Any]]:
    from rich.text import Text

    for judged in marked.judged:
        style = _STYLES[judged.verdict]
        said = [report.say(each) for each in remarks(report.exercise, judged, report.reveal)]
        if len(said) > _TOLD:
            rest = len(said) - _TOLD + 1
            more = Message("and {count} more, which --json tells", count=rest)
            said = [*said[: _TOLD - 1], report.say(more)]
        row: list[Any] = [
            str(judged.answer.line),
            Text(_answer(judged.answer.text)),
            Text(report.say(verdict_word(judged.verdict)), style=style),
            Text("\n".join(said)),
        ]
        if report.points is not None:
            worth = report.points.of(judged.answer.quantity)
            got = worth if judged.verdict in (RIGHT, FOLLOWS) else 0
            row.insert(3, f"{got:g}")
        yield row
    for line in marked.unreadable:
        said = [printable(line.error.message), printable(line.error.hint)]
        row = [
            str(line.line),
            Text(_answer(line.text)),
            Text(report.say(Message("unreadable")), style=_STYLES["unreadable"]),
            Text("\n".join(each for each in said if each)),
        ]
        if report.points is not None:
            row.insert(3, "0")
        yield row


def _answer(text: str) -> str:
    return printable(shorten(" ".join(text.split()), _LONGEST))


def _closing(report: Report, marked: Marked, score: Score) -> Iterator[str]:
    """Yield the lines below the table: the first wrong step, what is missing, and the sum."""
    exercise = report.exercise
    if not (marked.judged or marked.unreadable):
        yield report.say(Message("nothing is answered on this sheet"))
    first = marked.first_wrong
    if first is not None:
        yield report.say(
            Message(
                "first wrong step: {step}, line {line}",
                step=Math(step_text(exercise, first)),
                line=first.answer.line,
            )
        )
    if marked.missing:
        steps = [exercise.steps.text(step) for step in marked.missing[:_LISTED]]
        more = ", …" if len(marked.missing) > _LISTED else ""
        yield report.say(Message("not answered: {steps}", steps=Math(", ".join(steps) + more)))
    yield ", ".join(report.say(part) for part in _counts(report, score))


def _counts(report: Report, score: Score) -> list[Message]:
    found = [Message("{count} right", count=score.right)]
    if score.follows:
        found.append(Message("{count} following", count=score.follows))
    if score.wrong:
        found.append(Message("{count} wrong", count=score.wrong))
    if score.unreadable:
        found.append(Message("{count} unreadable", count=score.unreadable))
    if report.points is not None:
        got, of = f"{score.points:g}", f"{score.of:g}"
        found.append(Message("{points} of {of} points", points=got, of=of))
    return found


def print_class(report: Report, sheets: list[tuple[Marked, Score]], out: Any = None) -> None:
    """Print a row for each of many sheets, and below what was wrong most often."""
    from rich.text import Text

    out = out or console()
    table = ruled(header_style="bold")
    table.add_column(report.say(Message("sheet")), overflow="fold", style="cyan", min_width=6)
    for head in (Message("right"), Message("follows"), Message("wrong"), Message("missing")):
        table.add_column(report.say(head), justify="right", no_wrap=True)
    if report.points is not None:
        table.add_column(report.say(Message("points")), justify="right", no_wrap=True)
    table.add_column(report.say(Message("first wrong step")), overflow="fold")
    wide = out.width >= _WIDE
    if wide:
        table.add_column("", overflow="fold")
    troubles: list[Any] = []
    for marked, score in sheets:
        step, said = _first(report, marked, score)
        row: list[Any] = [
            Text(shorten(sheet_name(marked))),
            *map(str, (score.right, score.follows, score.wrong, score.missing)),
            step,
        ]
        if report.points is not None:
            row.insert(5, f"{score.points:g}/{score.of:g}")
        if wide:
            row.append(said)
        elif marked.sheet.trouble:
            troubles.append(said)
        table.add_row(*row)
    show(out, table, _least(table))
    out.print()
    for said in troubles:
        out.print(said, soft_wrap=not out.is_terminal)
    for line in _common(report, sheets):
        out.print(Text(line), soft_wrap=not out.is_terminal)


def _first(report: Report, marked: Marked, score: Score) -> Iterator[Any]:
    """Yield the first wrong step of a sheet and the likeliest mistake, or what else is amiss."""
    from rich.text import Text

    first = marked.first_wrong
    yield Text(printable(step_text(report.exercise, first)) if first else "")
    said: str = ""
    if marked.sheet.trouble:
        why = Message("{sheet} cannot be read: {why}", sheet=_sheet(marked), why=_why(marked))
        said = report.say(why)
    elif first is not None and report.reveal in (HINT, "answer"):
        told = remarks(report.exercise, first, HINT)
        said = report.say(told[0]) if told else ""
    elif score.unreadable:
        said = report.say(Message("{count} unreadable", count=score.unreadable))
    yield Text(said, style="yellow" if marked.sheet.trouble else "")


def _common(report: Report, sheets: list[tuple[Marked, Score]]) -> Iterator[str]:
    """Yield the summary of a class."""
    found = summary(sheets)
    yield report.say(
        Message(
            "{complete} of {sheets} sheets all right", complete=found.complete, sheets=found.sheets
        )
    )
    if found.steps:
        yield report.say(Message("wrong most often:"))
        for step, count in found.steps[:_TOLD]:
            yield f"{count:>5}  {printable(report.exercise.steps.text(step))}"
    if found.mistakes and report.reveal != "verdict":
        yield report.say(Message("mistakes:"))
        for diagnosis, count in found.mistakes[:_TOLD]:
            yield f"{count:>5}  {report.say(diagnosis.words)}"
