"""`cgraph sheet`: blank answer sheets, their keys, and values to set as problems."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cgcli.commands.inputs import read_shapes
from cgcli.commands.options import Options, conflict, form, takes, to_file
from cgcli.commands.problem import Problem, outlined, solve
from cgcli.errors import file_error
from cgcli.library.choices import choice, codec, count, flag, option
from cgcli.library.files import read_bytes
from cgcli.limits import MOST_COUNT
from cgcli.program import UnboundError
from cgcli.views.catalogue import Catalogue, catalogue, spoken
from cgcli.views.formats import NUMBERS
from cgcli.views.streams import publish, publish_document, tell
from cgcli.views.table import note_lines

if TYPE_CHECKING:
    from cgcli.homework.choosing import Drawing
    from cgcli.homework.exercise import Exercise

_LIST: Final = "class.csv"
"""The class list with the values, beside the sheets."""


class SheetOptions(Options):
    """The options of `cgraph sheet`."""

    key: bool = flag("Fill the sheet in.")
    seed: int | None = count(
        "Choose values for what is not bound, the same for a seed.", -MOST_COUNT
    )
    values: str | None = choice(NUMBERS, "With --seed: {words} values.", "KIND")
    students: str | None = option(
        "With --seed: a sheet for each student of a class list, with values of their own.",
        "FILE",
        reads="the class list",
    )
    encoding: str = codec("Of a class list that is no UTF-8: latin-1, …; else Windows-1252.")
    output: str | None = to_file(
        "A .txt, .md, .html or .pdf file; with --students the folder for the sheets, and for a "
        "class list with the values."
    )
    form: str = form("With --students: {words} files.")
    moodle: str | None = option(
        "Print a question of this name for Moodle, in XML, with what mistakes give.", "NAME"
    )
    variants: int = count("With --moodle and --seed: so many questions.", 1, 1000, default=1)
    tolerance: str | None = option(
        'With --moodle: take an answer as right within 0.01, or 1%; "1%, p=0.1".', "T"
    )
    decimals: int | None = count("With --moodle: ask for so many decimals.", 0, 15)


@takes(
    SheetOptions,
    arguments="program bindings",
    what_to_differentiate="at of wrt shape",
    options="key seed values students (encoding)",
    output="output (form) moodle (variants) (tolerance) (decimals) language json (strict)",
)
def sheet_command(given: SheetOptions) -> None:
    """A blank answer sheet in the order of working, or its key.

    cgraph sheet "p = x + y; g = p*z" x=1 y=3 z=-3
    cgraph sheet "p = x + y; g = p*z" --seed 7 --key
    cgraph sheet "x*y + x" --seed 1 --students class.csv -o sheets
    """
    from cgcli.homework.choosing import written
    from cgcli.homework.exercise import Exercise
    from cgcli.library.homework import Sheet
    from cgcli.views.homework.report import discreet

    language = spoken(for_script=given.json)
    words = catalogue(language)
    problem = Problem("sheet", given)
    _refuse_conflicts(given)
    if given.moodle is not None:
        _print_questions(given, problem, words)
        return
    told_apart = None
    chosen: dict[str, str] = {}
    if given.seed is None:
        try:
            parsed, result, _ = solve(problem)
        except UnboundError as error:
            error.hint += "; or let --seed 1 choose them"
            raise
        exercise = Exercise(parsed, result)
    else:
        drawing = _drawing(problem)
        if given.students is not None:
            _write_sheets(drawing, given, given.seed, language)
            return
        drawn = drawing.choose(given.seed, given.values or "integer")
        exercise = drawn.exercise
        told_apart = (drawn.distinct, drawn.mistakes)
        chosen = written(drawn)
    tell(*_alike(exercise))
    tell(*note_lines(exercise.result if given.key else discreet(exercise.result)), said=True)
    sheet = Sheet(exercise, chosen, given.key, language, told_apart)
    if given.json:
        publish_document(sheet.to_dict())
    elif given.output is None:
        publish([str(sheet)])
    else:
        from cgcli.commands.feedback import write_page

        write_page(given.output, sheet.page)
    given.heed(exercise.result.notes)


def _alike(exercise: Exercise) -> Iterator[str]:
    """Warn of a step that is called e: students write Euler's number so as well."""
    graph = exercise.graph
    step = graph.node("e")
    if step is not None and graph.arguments[step]:
        yield (
            "note: a step is called e: on an answer sheet e^2 is that step, and with any other "
            "exponent than a whole number, as in e^(-s), Euler's number"
        )


def _refuse_conflicts(given: SheetOptions) -> None:
    """Raise `CgraphError` for options that do not go together."""
    if given.seed is None:
        for name in ("values", "students", "shape"):
            if getattr(given, name) is not None:
                raise conflict(f"--{name} goes with the values that --seed chooses", "add --seed 1")
    elif given.of is not None or given.wrt is not None:
        message = "--seed chooses values for the whole program"
        raise conflict(message, "leave --of and --wrt out, and give them later")
    if given.form != "txt" and given.students is None:
        raise conflict("--as says how the sheets of a class are written", "add --students FILE")
    if given.students is not None and given.output is None:
        raise conflict("the sheets of a class are files in a folder", "add -o FOLDER")
    if given.output is not None and (given.json or given.moodle is not None):
        raise conflict("what a script reads is printed, and -o writes a sheet")
    if given.json and (given.students is not None or given.moodle is not None):
        raise conflict("--json prints one sheet, and this is more than one")
    if given.students is not None and given.moodle is not None:
        raise conflict("--students writes sheets, and --moodle prints questions")


def _drawing(problem: Problem) -> Drawing:
    from cgcli.homework.choosing import Drawing

    parsed, bound, more = problem.read
    outlined(problem)
    return Drawing(parsed, {**more, **bound}, read_shapes(problem.asked.shape))


def _write_sheets(drawing: Drawing, given: SheetOptions, seed: int, language: str) -> None:
    """Write a sheet for each student of the list, and the list with the values."""
    from cgcli.commands.feedback import file_names, write_folder
    from cgcli.commands.submissions import Texts, read_list
    from cgcli.homework.choosing import written
    from cgcli.library.homework import Sheet
    from cgcli.views.gate import printable
    from cgcli.views.homework.columns import class_list

    assert given.students is not None
    assert given.output is not None
    list_texts = Texts(given.encoding)
    students, _ = read_list(given.students, list_texts)
    list_texts.tell_guessed()
    values, sheets = [], []
    noted = False
    for student, drawn in drawing.personal(students, seed, given.values or "integer"):
        chosen = written(drawn)
        values.append(chosen)
        head = printable(" ".join((student.name, *student.keys[:1])))
        # A page has the name in its title.
        before = f"# name: {head}\n" if given.form == "txt" else ""
        sheets.append((before.encode(), Sheet(drawn.exercise, chosen, given.key, language)))
        tell(*(f"{student.name}: {line}" for line in note_lines(drawn.exercise.result)))
        noted |= bool(drawn.exercise.result.notes)
    tell(*_alike(drawn.exercise))
    files = {
        f"{name}.{given.form}": before + sheet.page(given.form, name)
        for name, (before, sheet) in zip(file_names(students), sheets, strict=True)
    }
    files[_LIST] = class_list(students, values).encode()
    _keep_list(os.path.join(given.output, _LIST), files[_LIST])
    write_folder(given.output, files, {os.path.realpath(given.students)})
    given.heed(noted)


def _keep_list(path: str, data: bytes) -> None:
    """Raise `CgraphError` where another class list is there: it may have been edited."""
    if os.path.lexists(path) and read_bytes(path) != data:
        why = "another class list is here, and would be lost"
        raise file_error(path, why, "name another folder, or move it away")


def _print_questions(given: SheetOptions, problem: Problem, words: Catalogue) -> None:
    """Print the exercise as Moodle XML, a question for each seed."""
    from cgcli.commands.check import reach_of
    from cgcli.homework.choosing import ENOUGH, written
    from cgcli.homework.exercise import Exercise
    from cgcli.views.homework.moodle import as_xml

    assert given.moodle is not None
    variants: list[tuple[Exercise, dict[str, str]]] = []
    if given.seed is None:
        solved = solve(problem)
        variants.append((Exercise(solved.program, solved.result), {}))
    else:
        drawing = _drawing(problem)
        for seed in range(given.seed, given.seed + given.variants):
            drawn = drawing.choose(seed, given.values or "integer", enough=ENOUGH)
            variants.append((drawn.exercise, written(drawn)))
    reach = reach_of(problem, variants[0][0], given.tolerance, given.decimals)
    publish([as_xml(given.moodle, variants, reach, words)])
    given.heed(*(exercise.result.notes for exercise, _ in variants))
