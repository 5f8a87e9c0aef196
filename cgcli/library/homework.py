"""Homework from the library: a sheet to fill in, and answers that are marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cgcli.homework.exercise import Exercise
from cgcli.homework.marks import Course, Graded, Points, graded, read_points, read_tolerance
from cgcli.homework.sheets import Sheet as Handed
from cgcli.homework.sheets import numbered, read_sheets, sheet_of
from cgcli.library.answers import Answer, Table
from cgcli.library.choices import check_form, one_of
from cgcli.library.keywords import by_keywords
from cgcli.views.catalogue import catalogue
from cgcli.views.formats import REQUIRED, REVEALED
from cgcli.views.homework.columns import check_table
from cgcli.views.homework.pages import FORMS, sheet_page
from cgcli.views.homework.report import Report, print_marks
from cgcli.views.homework.sheets import check_document, sheet_document, sheet_text

if TYPE_CHECKING:
    from cgcli.views.schemas import homework


@dataclass(eq=False, repr=False)
class Sheet(Answer):
    """A blank answer sheet in the order of working, or its key; `str` is its text.

    `values` are what a seed chose, by name, as they are written on the sheet; `told_apart` says how
    many of how many mistakes give numbers of their own there.

    >>> import cgcli
    >>> sheet = cgcli.parse("p = x + y; g = p*z").sheet(seed=1)
    >>> sorted(sheet.values), str(sheet).splitlines()[0]
    (['x', 'y', 'z'], '# p = x + y; g = p*z')
    """

    exercise: Exercise
    values: dict[str, str]
    key: bool
    language: str
    told_apart: tuple[int, int] | None = None

    endings = ("json", "txt", "md", "html", "pdf")

    def page(self, form: str, title: str) -> bytes:
        """Return the sheet in a form: txt as it can be marked, or md, html or pdf with a title."""
        text = str(self)
        return text.encode() if form == "txt" else FORMS[form](sheet_page(title, text))

    def _text(self, ending: str) -> str | bytes:
        return super()._text(ending) if ending == "json" else self.page(ending, "sheet")

    def to_dict(self) -> homework.Sheet:
        """Return the sheet as the document `cgraph.sheet/1`."""
        return sheet_document(self.exercise, self.key, self.told_apart)

    def __str__(self) -> str:
        """Return the sheet as text that can be filled in and marked."""
        words = catalogue(self.language)
        return sheet_text(self.exercise, self.values, words, self.key, self.told_apart)

    @by_keywords
    def check(self, answers: str | Iterable[str] | Mapping[str, Any], **options: Any) -> Marking:
        """Return the answers to this sheet marked, as `Program.check` does."""
        return mark(self.exercise, answers, language=self.language, **options)

    def _repr_markdown_(self) -> str:
        return f"```\n{self}```"


class Marking(Table):
    """Marked answers: of each whether it is right, and which mistake gives it; `str` is a table.

    `sheets` are those that were in what was marked, `complete` says whether all that was asked
    is right.

    >>> import cgcli
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> marking = program.check(["p = 4", "dg/dx = 3"], {"x": 1, "y": 3, "z": -3})
    >>> [answer["verdict"] for answer in marking.answers]
    ['right', 'wrong']
    """

    def __init__(self, report: Report, sheets: list[Graded]) -> None:
        self._report = report
        self.sheets = sheets
        self.complete = all(sheet.score.complete for sheet in sheets)

    @property
    def answers(self) -> list[homework.Answer]:
        """The answers of all sheets as the document has them: `verdict`, `diagnoses` and more."""
        return [answer for sheet in self.to_dict()["sheets"] for answer in sheet["answers"]]

    endings = ("json", "csv", "txt")

    def _text(self, ending: str) -> str | bytes:
        return check_table(self._report, self.sheets) if ending == "csv" else super()._text(ending)

    def to_dict(self) -> homework.Marking:
        """Return the marks as the document `cgraph.check/1`."""
        return check_document(self._report, self.sheets)

    def print_on(self, out: Any = None) -> None:
        """Print of one sheet its answers, of several a row each, on a console of Rich's."""
        print_marks(self._report, self.sheets, out)


def mark(
    exercise: Exercise,
    answers: str | Iterable[str] | Mapping[str, Any],
    *,
    require: str = "answered",
    tolerance: str | float | None = None,
    points: str | float | None = None,
    reveal: str = "hint",
    language: str = "en",
) -> Marking:
    """Return answers marked: the text of a sheet, single answers, or numbers by question."""
    one_of("require", require, REQUIRED)
    one_of("reveal", reveal, REVEALED)
    check_form("answers", answers, Iterable, '["p = 4", "dg/dx = -3"]')
    if isinstance(answers, str):
        sheets = read_sheets(answers, "answers")
    elif isinstance(answers, Mapping):
        # Arrays as lists, and numbers as they are written.
        plain = {
            key: getattr(value, "tolist", lambda v=value: v)() for key, value in answers.items()
        }
        texts = {key: None if value is None else str(value) for key, value in plain.items()}
        sheets = [sheet_of({"answers": texts}, "answers")._replace(prose=False)]
    else:
        sheets = [Handed("answers", numbered(answers), prose=False)]
    worth = Points() if points is None else read_points(exercise, str(points))
    reach = read_tolerance(exercise, None if tolerance is None else str(tolerance))
    report = Report(exercise, None if points is None else worth, reveal, catalogue(language))
    course = Course(
        exercise, lambda student, at: exercise, False, None, reach, report.worth, require
    )
    return Marking(report, list(graded(course, sheets)))
