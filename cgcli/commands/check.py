"""`cgraph check`: answer sheets marked."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cgcli.calculus.kind import Kind
from cgcli.commands import shared
from cgcli.commands.choices import choice, flag, one_of, option
from cgcli.commands.files import read_text
from cgcli.commands.problem import Problem, kind_of, solve_with_program
from cgcli.commands.shared import ProgramCommand
from cgcli.errors import CgraphError, shorten
from cgcli.views.streams import publish, publish_document, tell

if TYPE_CHECKING:
    from cgcli.homework.exercise import Exercise
    from cgcli.homework.judging import Tolerance
    from cgcli.homework.marking import Marked
    from cgcli.homework.sheets import Sheet

__all__ = ["SheetsCommand", "check_command"]

_SHEETS = ("-a", "--answers")
_REVEALED: Final = ("verdict", "hint", "answer")
_REQUIRED: Final = ("answered", "all")


class SheetsCommand(ProgramCommand):
    """A command that takes any number of files after one option: ``-a ann.txt bo.txt``."""

    def goes_on(self, name: str, argument: str, arguments: list[str]) -> bool:
        """Whether a word is one more sheet: a file, or what can be no binding."""
        if name not in _SHEETS or argument.startswith("--"):
            return False
        binding = re.match(r"\s*[^\W\d]\w*\s*=", argument) is not None
        return os.path.exists(argument) or (bool(arguments) and not binding)


def check_command(
    program: shared.Program = None,
    bindings: shared.Bindings = None,
    at: shared.At = None,
    of: shared.Of = None,
    wrt: shared.Wrt = None,
    answers: Annotated[
        list[str] | None,
        option(
            "Answer sheets, as many as there are; - reads one from standard input.",
            "-a",
            "--answers",
            metavar="FILE...",
        ),
    ] = None,
    answer: Annotated[
        list[str] | None,
        option('One answer, "dg/dx = -3"; repeatable.', "--answer", metavar="ANSWER"),
    ] = None,
    reveal: Annotated[
        str,
        choice(
            _REVEALED,
            "{words}: right or wrong alone, which mistake it was, the right number too.",
            "--reveal",
            metavar="WHAT",
        ),
    ] = "hint",
    require: Annotated[
        str,
        choice(
            _REQUIRED,
            "{words}: the steps that are there alone, or missing ones count.",
            "--require",
            metavar="WHAT",
        ),
    ] = "answered",
    tolerance: Annotated[
        str | None,
        option(
            "Take an answer as right within 0.01, or 1%, in place of its digits.",
            "--tolerance",
            metavar="T",
        ),
    ] = None,
    points: Annotated[
        str | None,
        option('Points a step, 2, or some their own: "1, dg/dx=3".', "--points", metavar="POINTS"),
    ] = None,
    csv: Annotated[bool, flag("Print a table for a spreadsheet, a row a sheet.", "--csv")] = False,
    language: shared.Language = None,
    exact: shared.Exact = False,
    json: shared.Json = False,
    max_depth: shared.Depth = shared.LIMITS.depth,
    max_nodes: shared.Nodes = shared.LIMITS.nodes,
    max_bits: shared.Bits = shared.LIMITS.bits,
    debug: shared.Debug = False,
) -> None:
    """Marks answer sheets: right or wrong, where it went wrong, and which mistake it was.

    cgraph check "p = x + y; g = p*z" x=1 y=3 z=-3 -a answers.txt
    """
    from cgcli.homework.exercise import Exercise
    from cgcli.homework.marks import Points, read_points, score
    from cgcli.views.catalogue import catalogue, spoken
    from cgcli.views.homework.document import check_document, check_table
    from cgcli.views.homework.remarks import discreet
    from cgcli.views.homework.report import Report, print_class, print_sheet
    from cgcli.views.table import note_lines

    reveal = str(one_of("--reveal", reveal, _REVEALED))
    require = str(one_of("--require", require, _REQUIRED))
    if json and csv:
        message = "--json and --csv are two answers to one question"
        raise CgraphError("usage", message, "leave one of the two out")
    words = catalogue(spoken(language, for_script=json or csv))
    limits = shared.LIMITS._replace(depth=max_depth, nodes=max_nodes, bits=max_bits)
    kind = kind_of(exact, limits)
    reach = _tolerance(tolerance, kind)
    shown = ("-a", "FILE") if answers else ("--answer", "…")
    problem = Problem("check", program, bindings or [], at, of, wrt, limits, shown, kind)
    parsed, result = solve_with_program(problem)
    exercise = Exercise(parsed, result)
    worth = None if points is None else read_points(exercise, points)
    report = Report(exercise, worth, reveal, words)
    if not json:
        tell(*note_lines(result if reveal == "answer" else discreet(result)))
    found = _marked(exercise, _sheets(answers or [], answer or []), reach)
    sheets = [(marked, score(marked, worth or Points(), require)) for marked in found]
    if json:
        publish_document(check_document(report, sheets))
    elif csv:
        publish([check_table(report, sheets)])
    elif len(sheets) == 1:
        print_sheet(report, *sheets[0])
    else:
        print_class(report, sheets)
    if not all(scored.complete for _, scored in sheets):
        raise typer.Exit(1)


def _tolerance(text: str | None, kind: Kind) -> Tolerance:
    from cgcli.homework.judging import Tolerance
    from cgcli.homework.written import read_number
    from cgcli.language.reader import normalise

    if text is None:
        return Tolerance()
    plain = normalise(text).strip()
    number = read_number(plain.removesuffix("%").strip(), kind)
    if number is None or not 0 <= number.value < 1e300:
        message = f"'{shorten(text)}' is no tolerance"
        raise CgraphError("usage", message, "write --tolerance 0.01, or --tolerance 1%")
    relative = plain.endswith("%")
    return Tolerance(number.value / 100 if relative else number.value, relative)


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

    found: list[Marked] = []
    for sheet in sheets:
        try:
            found.append(mark(exercise, sheet, reach))
        except Exception as error:  # noqa: BLE001  # one sheet must not stop the others
            why = f"a fault of the program itself, {type(error).__name__}; please report it"
            found.append(Marked(sheet._replace(trouble=why), [], [], exercise.steps.asked))
    return found
