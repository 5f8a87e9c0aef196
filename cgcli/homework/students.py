"""A class list → its students, and which of them a sheet is from, by name or by number."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from cgcli.decode import not_csv
from cgcli.errors import CgraphError, file_error, shorten
from cgcli.resource import read_toml

_MOST: Final = 10_000
_WIDEST: Final = 1_000
_LINES: Final = 50
"""A cell in quotes goes on over so many lines at the most; more are a quote that never closes."""
_LONGEST: Final = 200
_SHORTEST: Final = 3
"""A number of so many characters tells a student among other words."""
_SCRIPTS: Final = "\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_LISTED: Final = re.compile(r"(?:[-*•]|\(?\d{1,4}[.):、]{1,2})\s*(?=[^\W\d])")
"""What stands before a name in a list."""
_KEYED: Final = re.compile(
    r"(?:(\w*\d\w*)\s+(?=[^\W\d]))?([^,]*[^\W\d])(?:\s+(?:(\d{4,})|\((\d+)\)))?"
)
"""A name with a number before or behind it."""
_TABLES: Final = read_toml(__package__, "students.toml")
_KINDS: Final = {word: kind for kind, words in _TABLES["words"].items() for word in words}
HEADINGS: Final = frozenset(_TABLES["headings"])
"""Words of headings, which no name has."""


class Row(NamedTuple):
    """A row of a CSV file: the line that it begins in, its cells, and why it is none, if so."""

    line: int
    cells: list[str]
    trouble: str = ""


class Student(NamedTuple):
    """A student: the name, what else tells one apart, and the row of the list, by column.

    `keys` are numbers, identifiers and addresses, the first that is given first.
    """

    name: str
    keys: tuple[str, ...] = ()
    columns: Mapping[str, str] = MappingProxyType({})

    @property
    def number(self) -> str:
        """The first of the keys, nothing where there is none."""
        return self.keys[0] if self.keys else ""


def read_rows(text: str, name: str) -> Iterator[Row]:
    """Yield the rows of a CSV text, blank ones left out; commas, semicolons or tabs are between.

    A row that is not CSV spoils no other: it comes with its reason, and reading goes on with the
    line below it.

    >>> [row.cells or row.trouble for row in read_rows('a;b\\n1;"2\\n3;4', "x.csv")]
    [['a', 'b'], 'a quote is opened and never closed', ['3', '4']]
    """
    lines = list(io.StringIO(text, newline=None))
    head = next((line for line in lines if line.strip()), "")
    plain = re.sub(r'"[^"]*"', "", head)
    delimiter = max(",;\t", key=plain.count)
    place = 0
    while place < len(lines):
        record, end = lines[place], place + 1
        while record.count('"') % 2 and end < min(len(lines), place + _LINES):
            record += lines[end]
            end += 1
        source = io.StringIO(record, newline="")
        try:
            cells = next(csv.reader(source, delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            why = not_csv(name, error, place + 1).message.rpartition("it is not CSV: ")[2]
            yield Row(place + 1, [], why)
            place += 1
            continue
        if any(cell.strip() for cell in cells):
            yield Row(place + 1, [" ".join(cell.split()) for cell in cells[:_WIDEST]])
        place = end


def role(head: str) -> str:
    """Return what a column tells of a student, by its head; nothing of most.

    All its words are words of such heads; a column of first and last names has the name.

    >>> role("Your full name"), role("ID number"), role("Vor- und Nachname"), role("p")
    ('name', 'number', 'name', '')
    """
    words = re.findall(r"\w+", head.lower())
    # In Chinese what is said before a word stands in it.
    stripped = (re.sub(rf"^(?:{'|'.join(_TABLES['before'])})+(?=.)", "", word) for word in words)
    kinds = [_KINDS.get(word, "") for word in stripped]
    roles = {*kinds} - {"said"}
    if roles == {"student"} or {"first", "last"} <= roles:
        return "name"
    return next((kind for kind in _TABLES["words"] if kind in roles and "" not in roles), "")


def student_of(heads: list[str], cells: list[str]) -> Student:
    """Return the student of a row, under such heads."""
    pairs = [
        (role(head), shorten(cell, _LONGEST)) for head, cell in zip(heads, cells, strict=False)
    ]
    keys = tuple(cell for name, cell in pairs if name == "number" and cell)
    names = [cell for name, cell in pairs if name == "name"]
    firsts, lasts = ([cell for name, cell in pairs if name == part] for part in ("first", "last"))
    # Beside first names alone a name is a last name.
    parts = names[:1] if lasts or not firsts else [*firsts, *names[:1]]
    parts = parts or [*firsts, *lasts]
    name = " ".join(filter(None, parts)) or next(iter(keys), "")
    return Student(name, keys, dict(zip(heads, cells, strict=False)))


def read_students(text: str, name: str) -> list[Student]:
    """Return the students of a class list: a CSV file with a head, or a name a line.

    A line may have a number before the name, or behind it and a comma, a semicolon or a tab; what
    numbers the lines, as in `1. Ada`, is no part of a name, and `#` begins a comment. Raises
    `CgraphError` of kind file that names the line.

    >>> [student.name for student in read_students("Ada Lovelace, 1815\\nBao", "class.txt")]
    ['Ada Lovelace', 'Bao']
    """
    rows = [row for row in read_rows(text, name) if not "".join(row.cells[:1]).startswith("#")]
    heads = rows[0].cells if rows and any(map(role, rows[0].cells)) else []
    students: list[Student] = []
    for row in rows[bool(heads) :]:
        student = student_of(heads, row.cells) if heads else _from_line(row.cells)
        if row.trouble or not student.name:
            why = f"line {row.line}: {row.trouble or 'it names no student'}"
            raise file_error(name, why, "write a name, and quotes in pairs")
        students.append(student)
    if "\0" in text or not 0 < len(students) <= _MOST:
        raise file_error(name, f"this is no list of 1 to {_MOST:,} students", "write a name a line")
    return students


def _from_line(cells: list[str]) -> Student:
    """Return the student of a line: Lovelace, Ada is one name, and Ada, 1815 has a number."""
    text = _LISTED.sub("", ",".join(cells), count=1)
    if match := _KEYED.fullmatch(text):
        text = ",".join(filter(None, match.groups()))
    words = [word.strip() for word in re.split("[,;\t]", text) if word.strip()]
    keys = tuple(word for word in words if re.search(r"\d|@", word))
    names = [word for word in words if word not in keys]
    name = " ".join(names[::-1] if len(names) == 2 else names) or next(iter(keys), "")
    return Student(shorten(name, _LONGEST), keys)


def words_of(text: str) -> list[str]:
    """Return the words of a name, without case, accents and what stands between them.

    A name in Chinese, Japanese or Korean stands beside a number without a blank.

    >>> words_of("Lovelace,  ADÁ_42"), words_of("2024003王芳")
    (['lovelace', 'ada', '42'], ['2024003', '王芳'])
    """
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return re.findall(f"[{_SCRIPTS}]+|[^\\W_{_SCRIPTS}]+", letters)


class Roster:
    """The students of a class, found by what a sheet, a heading or a row calls one.

    >>> roster = Roster(read_students("Ada Lovelace, 1815\\nBao Li, 1816", "class.txt"))
    >>> [student.name for student in roster.find("lovelace_ada_1815_file")]
    ['Ada Lovelace']
    """

    def __init__(self, students: list[Student]) -> None:
        self.students = students
        self._exact: dict[str, list[Student]] = {}
        self._names: dict[tuple[str, ...], list[Student]] = {}
        for student in students:
            keys = [words_of(key) for key in student.keys]
            # "Participant 12" is 12 as well.
            numbers = [[key[1]] for key in keys if len(key) == 2 and key[1].isdigit()]
            for key in {" ".join(key) for key in keys + numbers}:
                self._exact.setdefault(key, []).append(student)
            # A name without letters is in every text.
            if words := tuple(sorted(words_of(student.name))):
                self._names.setdefault(words, []).append(student)

    def named(self, called: str) -> list[Student]:
        """Return the students who have this name, in any order of its words, or this key."""
        words = words_of(called)
        return self._exact.get(" ".join(words), []) or self._names.get(tuple(sorted(words)), [])

    def called(self, student: Student) -> str:
        """Return a student's name, with the number where the list has the name twice."""
        several = len(self.named(student.name)) > 1 and student.number
        return f"{student.name} {student.number}" if several else student.name

    def find(self, called: str) -> list[Student]:
        """Return the students who may be meant: by the name alone, else by what stands in it."""
        exact = self.named(called)
        if exact:
            return exact
        words = {*words_of(called)}
        names = (several for name, several in self._names.items() if words.issuperset(name))
        inside = [student for several in names for student in several]
        by_key = [student for word in words for student in self._exact.get(word, [])]
        # A short number may as well be that of a question, or of a try.
        long = [self._exact.get(word, []) for word in words if len(word) >= _SHORTEST]
        parts = [several for name, several in self._names.items() if words and words < {*name}]
        beside = {id(one): one for several in (long if any(long) else parts) for one in several}
        return [one for one in inside if one in by_key] or inside or list(beside.values())


def not_one(called: str, students: list[Student]) -> CgraphError:
    """Return the error for a sheet that is no student's of the list, or of several."""
    if not students:
        message = f"'{shorten(called)}' is not on the class list"
        return CgraphError("name", message, "add a line for it, or rename the sheet")
    message = f"'{shorten(called)}' may be {len(students)} students of the class list"
    return CgraphError("name", message, "put the number into the name of the sheet")
