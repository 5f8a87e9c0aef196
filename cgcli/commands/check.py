"""`cgraph check`: answer sheets marked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import typer

from cgcli.commands.choices import conflict
from cgcli.commands.files import read_text
from cgcli.commands.options import ASKED, Options, choice, count, flag, option, takes
from cgcli.commands.problem import Problem, solve
from cgcli.errors import CgraphError, shorten
from cgcli.views.streams import publish, publish_document, tell

if TYPE_CHECKING:
    from cgcli.homework.exercise import Exercise
    from cgcli.homework.judging import Tolerance
    from cgcli.homework.marking import Marked
    from cgcli.homework.sheets import Sheet


class CheckOptions(Options):
    """The options of `cgraph check`."""

    answers: list[str] = option(
        "Answer sheets, as many as there are; - reads one from standard input.",
        "FILE...",
        list[str],
        names=("-a", "--answers"),
    )
    answer: list[str] = option('One answer, "dg/dx = -3"; repeatable.', "ANSWER", list[str])
    reveal: str = choice(
        ("verdict", "hint", "answer"),
        "{words}: right or wrong alone, which mistake it was, the right number too.",
        "WHAT",
        default="hint",
    )
    require: str = choice(
        ("answered", "all"),
        "{words}: the steps that are there alone, or missing ones count.",
        "WHAT",
        default="answered",
    )
    tolerance: str | None = option(
        'Take an answer as right within 0.01, or 1%, in place of its digits; "1%, p=0.1".', "T"
    )
    decimals: int | None = count(
        "Take an answer as right that is rounded to so many decimals: 0.03 for 0.0286.", 0, 15
    )
    points: str | None = option('Points a step, 2, or some their own: "1, dg/dx=3".', "POINTS")
    csv: bool = flag("Print a table for a spreadsheet, a row a sheet.")


_ORDER: Final = (
    f"{ASKED} answers answer reveal require tolerance decimals points csv language exact json"
)


@takes(CheckOptions, _ORDER)
def check_command(given: CheckOptions) -> None:
    """Marks answer sheets: right or wrong, where it went wrong, and which mistake it was.

    cgraph check "p = x + y; g = p*z" x=1 y=3 z=-3 -a answers.txt
    """
    from cgcli.homework.exercise import Exercise
    from cgcli.homework.judging import Tolerance
    from cgcli.homework.marks import Points, read_points, read_tolerance, score
    from cgcli.views.catalogue import catalogue, spoken
    from cgcli.views.homework.remarks import discreet
    from cgcli.views.homework.report import Report, print_class, print_sheet
    from cgcli.views.homework.sheets import check_document, check_table
    from cgcli.views.table import note_lines

    if given.json and given.csv:
        raise conflict("--json and --csv are two answers to one question")
    words = catalogue(spoken(given.language, for_script=given.json or given.csv))
    problem = Problem("check", given, *(("-a", "FILE") if given.answers else ("--answer", "…")))
    if given.tolerance is not None and given.decimals is not None:
        raise conflict("--tolerance and --decimals are two answers to one question")
    parsed, result, _ = solve(problem)
    exercise = Exercise(parsed, result)
    reach = Tolerance() if given.tolerance is None else read_tolerance(exercise, given.tolerance)
    if given.decimals is not None:
        # Half a unit of the last decimal is rounded either way.
        reach = Tolerance(problem.kind.numeral(f"5e-{given.decimals + 1}"))
    worth = None if given.points is None else read_points(exercise, given.points)
    report = Report(exercise, worth, given.reveal, words)
    if not given.json:
        tell(*note_lines(result if given.reveal == "answer" else discreet(result)))
    sheets = _marked(exercise, _sheets(given.answers, given.answer), reach)
    marks = [(marked, score(marked, worth or Points(), given.require)) for marked in sheets]
    if given.json:
        publish_document(check_document(report, marks))
    elif given.csv:
        publish([check_table(report, marks)])
    elif len(marks) == 1:
        print_sheet(report, *marks[0])
    else:
        print_class(report, marks)
    if not all(scored.complete for _, scored in marks):
        raise typer.Exit(1)


def _sheets(paths: list[str], answers: list[str]) -> list[Sheet]:
    """Return the sheets of all files, and that of the command line.

    Raises `CgraphError` where there is none, and where the only file cannot be read; among
    others it is a sheet in trouble.
    """
    from cgcli.homework.sheets import Sheet, read_sheets, split

    if not paths and not answers:
        message = "there is nothing to mark"
        raise CgraphError("usage", message, 'name a sheet, -a FILE, or an answer: --answer "p = 4"')
    names = _names(paths)
    sheets: list[Sheet] = []
    for path, name in zip(paths, names, strict=True):
        try:
            sheets += read_sheets(read_text(path), name)
        except CgraphError as error:
            if len(paths) == 1 and not answers and "UTF-8" not in error.message:
                raise
            why = error.message.removeprefix(f"{shorten(path, 80)}: ")
            sheets.append(Sheet(name, [], why))
    if answers:
        lines = [
            line._replace(number=k) for k, text in enumerate(answers, 1) for line in split(text)
        ]
        sheets.append(Sheet("command line", lines))
    return sheets


def _names(paths: list[str]) -> list[str]:
    """Return what the sheets are called: files without folder and ending, where that is enough."""
    short = [
        "standard input" if path == "-" else os.path.splitext(os.path.basename(path))[0]
        for path in paths
    ]
    return [
        name if short.count(name) == 1 and name else path
        for name, path in zip(short, paths, strict=True)
    ]


def _marked(exercise: Exercise, sheets: list[Sheet], reach: Tolerance) -> list[Marked]:
    """Return the sheets with their marks; what goes wrong with one spoils no other."""
    from cgcli.homework.marking import Marked, mark

    marks: list[Marked] = []
    for sheet in sheets:
        try:
            marks.append(mark(exercise, sheet, reach))
        except Exception as error:  # noqa: BLE001  # one sheet must not stop the others
            why = f"a fault of the program itself, {type(error).__name__}; please report it"
            marks.append(Marked(sheet._replace(trouble=why), [], [], exercise.steps.asked))
    return marks
