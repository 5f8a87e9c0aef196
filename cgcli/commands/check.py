"""`cgraph check`: answer sheets marked, one or a class of them."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import typer

from cgcli.commands.options import Options, conflict, form, takes
from cgcli.commands.problem import Problem
from cgcli.commands.submissions import Texts, as_stated, collect, heads_of, problems, read_list
from cgcli.errors import CgraphError, few, shorten
from cgcli.library.choices import choice, codec, count, flag, option
from cgcli.library.files import read_text
from cgcli.views.formats import REQUIRED, REVEALED
from cgcli.views.streams import publish, publish_document, tell

if TYPE_CHECKING:
    from cgcli.homework.exercise import Exercise
    from cgcli.homework.judging import Tolerance
    from cgcli.homework.marks import Points
    from cgcli.homework.sheets import Sheet
    from cgcli.homework.students import Roster


class CheckOptions(Options):
    """The options of `cgraph check`."""

    answers: list[str] = option(
        "Answer sheets, files or folders; - is standard input.",
        "FILE...",
        list[str],
        names=("-a", "--answers"),
        reads="an answer sheet",
    )
    answer: list[str] = option('One answer, "dg/dx = -3"; repeatable.', "ANSWER", list[str])
    students: str | None = option(
        "A class list: a name a line, or CSV, with columns of values where they differ.",
        "FILE",
        reads="the class list",
    )
    encoding: str = codec("Of files that are no UTF-8: latin-1, gb18030, …; else Windows-1252.")
    reveal: str = choice(
        REVEALED,
        "{words}: right or wrong alone, which mistake it was, the right number too.",
        "WHAT",
        default="hint",
    )
    require: str | None = choice(
        REQUIRED,
        "{words}: the steps that are there alone, every step, every step as a number.",
        "WHAT",
    )
    tolerance: str | None = option(
        'Take an answer as right within 0.01, or 1%, in place of its digits; "1%, p=0.1".', "T"
    )
    decimals: int | None = count(
        "Take an answer as right that is rounded to so many decimals: 0.03 for 0.0286.", 0, 15
    )
    points: str | None = option('Points a step, 2, or some their own: "1, dg/dx=3".', "POINTS")
    scheme: str | None = option(
        "A marking scheme in TOML: points, what mistakes earn, further mistakes.",
        "FILE",
        reads="the marking scheme",
    )
    feedback: str | None = option(
        "Write a file a student to this folder.", "DIR", writes="the feedback"
    )
    form: str = form("With --feedback: {words} files.")
    summary: str | None = option(
        "Write what was hard for the class, with charts: .txt, .md, .html or .pdf.",
        "FILE",
        writes="the summary",
    )
    csv: bool = flag("Print a table for a spreadsheet, a row a sheet.")
    columns: str | None = option(
        "With --csv: the columns of a course system, from a map in TOML.",
        "FILE",
        reads="the map of columns",
    )


@takes(
    CheckOptions,
    arguments="program bindings",
    what_to_differentiate="at of wrt",
    answers="answers answer students (encoding)",
    marking="reveal (require) (tolerance) (decimals) (points) (scheme)",
    output="feedback (form) (summary) csv (columns) language json (strict)",
    numbers="exact",
)
def check_command(given: CheckOptions) -> None:
    """Marks answer sheets: where it went wrong, and by which mistake.

    cgraph check "p = x + y; g = p*z" x=1 y=3 z=-3 -a answers.txt
    cgraph check "x^2" x=3 --answer "df/dx = 6"
    cgraph check "x*y" x=2 y=3 -a ann.txt bo.txt --points 2 --csv
    """
    from cgcli.homework.marks import ALL, ANSWERED, NUMBER, Course, graded
    from cgcli.homework.students import Roster
    from cgcli.library.homework import Marking
    from cgcli.views.catalogue import catalogue, spoken
    from cgcli.views.homework.columns import check_table, read_columns
    from cgcli.views.homework.report import Report, discreet
    from cgcli.views.table import note_lines

    _refuse_conflicts(given)
    words = catalogue(spoken(for_script=given.json or given.csv))
    problem = Problem("check", given, *(("-a", "FILE") if given.answers else ("--answer", "…")))
    texts = Texts(given.encoding)
    students, listed = ([], b"") if given.students is None else read_list(given.students, texts)
    roster = Roster(students) if students else None
    heads = partial(heads_of, given.answers, texts)
    posed = problems(problem, students, heads)
    exercise = posed.exercise
    sheets, read = _sheets(given, exercise, roster, {listed} - {b""}, texts)
    texts.tell_guessed()
    if posed.open:
        exercise, sheets = as_stated(posed, sheets)
    reach = reach_of(problem, exercise, given.tolerance, given.decimals)
    worth = _worth(exercise, given)
    require = given.require or (ALL if given.answers else ANSWERED)
    columns = None
    if given.columns is not None:
        columns = read_columns(read_text(given.columns), given.columns)
    worth = worth and worth._replace(numbers=require == NUMBER)
    report = Report(exercise, worth, given.reveal, words)
    if not given.json:
        result = exercise.result
        tell(*note_lines(result if given.reveal == "answer" else discreet(result)), said=True)
    if not sheets and roster is None:
        raise CgraphError("usage", "there is no sheet in what was named", "name one, -a FILE")
    course = Course(exercise, posed.of, posed.personal, roster, reach, report.worth, require)
    marks = list(graded(course, sheets))
    places = {id(student): place for place, student in enumerate(students)}
    # As the class list has them, and before them who is not on it.
    marks.sort(key=lambda item: places.get(id(item.student), -1))
    readable = (item for item in marks if not item.marked.sheet.trouble)
    strangers = [item.name for item in readable if id(item.student) not in places]
    if roster and strangers and not given.answer:
        tell(f"note: not on the class list, and marked all the same: {few(strangers)}")
    if given.feedback is not None or given.summary is not None:
        from cgcli.commands.feedback import write_feedback, write_summary

        if given.summary is not None:
            write_summary(given.summary, report, marks, read)
        if given.feedback is not None:
            write_feedback(given.feedback, given.form, report, marks, read)
    marking = Marking(report, marks)
    if given.json:
        publish_document(marking.to_dict())
    elif given.csv:
        publish([check_table(report, marks, columns)])
    else:
        marking.print_on()
    if not marking.complete:
        raise typer.Exit(1)
    given.heed(exercise.result.notes)


def _refuse_conflicts(given: CheckOptions) -> None:
    """Raise `CgraphError` for options that do not go together."""
    if given.json and given.csv:
        raise conflict("--json and --csv are two forms of the output")
    if given.points is not None and given.scheme is not None:
        message = "--points and --scheme both say what steps are worth"
        raise conflict(message, "write the points into the scheme")
    if given.form != "txt" and given.feedback is None:
        raise conflict("--as says how the files of --feedback are written", "add --feedback DIR")
    if given.columns is not None and not given.csv:
        raise conflict("--columns says which columns --csv prints", "add --csv")
    if not given.answers and not given.answer:
        message = "there is nothing to mark"
        sheet = shorten(next((word for word in given.bindings if "=" not in word), "FILE"))
        hint = f'name a sheet, -a {sheet}, or an answer: --answer "p = 4"'
        raise CgraphError("usage", message, hint)


def reach_of(
    problem: Problem, exercise: Exercise, tolerance: str | None, decimals: int | None
) -> Tolerance:
    """Return how far an answer may be off, by what --tolerance or --decimals says."""
    from cgcli.homework.judging import Tolerance
    from cgcli.homework.marks import read_tolerance

    if tolerance is not None and decimals is not None:
        raise conflict("--tolerance and --decimals both say how near an answer has to be")
    if decimals is not None:
        # Half a unit of the last decimal is rounded either way.
        return Tolerance(problem.kind.numeral(f"5e-{decimals + 1}"))
    return read_tolerance(exercise, tolerance)


def _worth(exercise: Exercise, given: CheckOptions) -> Points | None:
    """Return the points of --points or --scheme; None without either."""
    if given.scheme is not None:
        from cgcli.homework.scheme import read_scheme

        return read_scheme(exercise, read_text(given.scheme), given.scheme)
    if given.points is not None:
        from cgcli.homework.marks import read_points

        return read_points(exercise, given.points)
    return None


def _sheets(
    given: CheckOptions,
    exercise: Exercise,
    roster: Roster | None,
    apart: set[bytes],
    texts: Texts,
) -> tuple[list[Sheet], set[str]]:
    """Return the sheets of all files, and that of the command line; and the files."""
    from cgcli.homework.sheets import Sheet, numbered

    sheets, read = collect(given.answers, exercise, roster, apart, texts, alone=not given.answer)
    if given.answer:
        sheets.append(Sheet("command line", numbered(given.answer), prose=False))
    others = (given.students, given.scheme, given.columns, given.at)
    return sheets, read | {os.path.realpath(path) for path in others if path}
