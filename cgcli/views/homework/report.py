"""Marked sheets → tables: one with its answers, or many with a row each and what they share."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.errors import shorten
from cgcli.homework.exercise import Exercise
from cgcli.homework.judging import FOLLOWS, RIGHT, WRONG
from cgcli.homework.marking import Marked
from cgcli.homework.marks import Points, Score, summary
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable, width
from cgcli.views.homework.remarks import HINT, VERDICT, VERDICT_WORDS, remarks, step_text
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


_Column: TypeAlias = tuple[str, dict[str, Any], bool]
"""The head of a column, how it is set, and whether it is shown."""

_NUMBER: Final[dict[str, Any]] = {"justify": "right", "no_wrap": True}
_WORDS: Final[dict[str, Any]] = {"overflow": "fold"}


def print_sheet(report: Report, marked: Marked, score: Score, out: Any = None) -> None:
    """Print one sheet: each answer with its verdict, in the order of working."""
    from rich.text import Text

    out = out or console()
    if marked.sheet.trouble:
        out.print(Text(report.say(_trouble(marked)), style="yellow"))
        return
    columns: list[_Column] = [
        (Message("line"), {**_NUMBER, "style": "dim"}, True),
        (Message("answer"), _WORDS, True),
        ("", {"no_wrap": True}, True),
        (Message("points"), _NUMBER, report.points is not None),
        ("", _WORDS, True),
    ]
    rows = list(_rows(report, marked))
    if rows:
        _print_table(report, out, columns, rows)
    for line in _closing(report, marked, score):
        out.print(Text(line), soft_wrap=not out.is_terminal)


def _print_table(
    report: Report, out: Any, columns: list[_Column], rows: Iterable[list[Any]]
) -> None:
    """Print a table of the columns that are shown, and a blank line."""
    table = ruled(header_style="bold")
    for head, options, shown in columns:
        if shown:
            table.add_column(report.say(head) if head else "", **options)
    for row in rows:
        table.add_row(*itertools.compress(row, (shown for *_, shown in columns)))
    show(out, table, _least(table))
    out.print()


def _least(table: Any) -> int:
    """Return the width below which a table would lose columns: what may fold needs a little."""
    cells = (
        max(width(str(cell)) for cell in [column.header, *column.cells])
        if column.no_wrap
        else _FOLDED
        for column in table.columns
    )
    return sum(cells) + 3 * len(table.columns)


def _trouble(marked: Marked) -> Message:
    name, why = Math(printable(marked.sheet.name)), Math(marked.sheet.trouble)
    return Message("{sheet} cannot be read: {why}", sheet=name, why=why)


def _rows(report: Report, marked: Marked) -> Iterator[list[Any]]:
    """Yield the rows of a sheet: its answers, and then what could not be read."""
    from rich.text import Text

    def row(line: int, text: str, verdict: str, points: float, said: list[str]) -> list[Any]:
        return [
            str(line),
            Text(printable(shorten(" ".join(text.split()), _LONGEST))),
            Text(report.say(VERDICT_WORDS[verdict]), style=_STYLES[verdict]),
            f"{points:g}",
            Text("\n".join(said)),
        ]

    points = report.points or Points()
    for judged in marked.judged:
        answer = judged.answer
        said = [report.say(each) for each in remarks(report.exercise, judged, report.reveal)]
        if len(said) > _TOLD:
            rest = len(said) - _TOLD + 1
            more = Message("and {count} more, which --json tells", count=rest)
            said = [*said[: _TOLD - 1], report.say(more)]
        yield row(answer.line, answer.text, judged.verdict, points.got(judged), said)
    for line in marked.unreadable:
        said = [printable(line.error.message), printable(line.error.hint)]
        yield row(line.line, line.text, "unreadable", 0, [each for each in said if each])


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


def _counts(report: Report, score: Score) -> Iterator[Message]:
    yield Message("{count} right", count=score.right)
    if score.follows:
        yield Message("{count} following", count=score.follows)
    if score.wrong:
        yield Message("{count} wrong", count=score.wrong)
    if score.unreadable:
        yield Message("{count} unreadable", count=score.unreadable)
    if report.points is not None:
        got, of = f"{score.points:g}", f"{score.of:g}"
        yield Message("{points} of {of} points", points=got, of=of)


def print_class(report: Report, sheets: list[tuple[Marked, Score]], out: Any = None) -> None:
    """Print a row for each of many sheets, and below what was wrong most often."""
    from rich.text import Text

    out = out or console()
    wide = out.width >= _WIDE
    columns: list[_Column] = [
        (Message("sheet"), {**_WORDS, "style": "cyan", "min_width": 6}, True),
        (Message("right"), _NUMBER, True),
        (Message("follows"), _NUMBER, True),
        (Message("wrong"), _NUMBER, True),
        (Message("missing"), _NUMBER, True),
        (Message("points"), _NUMBER, report.points is not None),
        (Message("first wrong step"), _WORDS, True),
        ("", _WORDS, wide),
    ]
    rows = [
        [
            Text(shorten(printable(marked.sheet.name))),
            *map(str, (score.right, score.follows, score.wrong, score.missing)),
            f"{score.points:g}/{score.of:g}",
            *_first(report, marked, score),
        ]
        for marked, score in sheets
    ]
    _print_table(report, out, columns, rows)
    for (marked, _), (*_, said) in zip(sheets, rows, strict=True):
        if marked.sheet.trouble and not wide:
            out.print(said, soft_wrap=not out.is_terminal)
    for line in _common(report, sheets):
        out.print(Text(line), soft_wrap=not out.is_terminal)


def _first(report: Report, marked: Marked, score: Score) -> Iterator[Any]:
    """Yield the first wrong step of a sheet and the likeliest mistake, or what else is amiss."""
    from rich.text import Text

    first = marked.first_wrong
    yield Text(printable(step_text(report.exercise, first)) if first else "")
    said = ""
    if marked.sheet.trouble:
        said = report.say(_trouble(marked))
    elif first is not None and report.reveal != VERDICT:
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
    if found.mistakes and report.reveal != VERDICT:
        yield report.say(Message("mistakes:"))
        for diagnosis, count in found.mistakes[:_TOLD]:
            yield f"{count:>5}  {report.say(diagnosis.words)}"
