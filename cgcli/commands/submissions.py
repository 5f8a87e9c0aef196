"""Class lists, and what is handed in: files and folders → sheets, and each student's problem."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from cgcli.commands.inputs import constant, read_name, split_names
from cgcli.commands.problem import Problem, posed
from cgcli.errors import CgraphError, few, file_error, shorten
from cgcli.homework.students import Roster, Student, read_students, role
from cgcli.library.files import MARK, ending_of, read_bytes, utf8
from cgcli.views.streams import tell

if TYPE_CHECKING:
    from cgcli.homework.exercise import Exercise
    from cgcli.homework.sheets import Sheet

At: TypeAlias = Mapping[str, str]
"""Values by name, as they are written."""

_MOST: Final = 10_000
_NOWHERE: Final[At] = MappingProxyType({})
_DEEPEST: Final = 4
_NO_TEXT: Final = (
    (b"PK\3\4", b"xl/", "an Excel workbook", "save it as CSV, in UTF-8"),
    (b"PK\3\4", b"word/", "a Word document", "save it as plain text"),
    (b"PK\3\4", b"", "a zip archive", "unpack it, and name the folder"),
    (b"%PDF", b"", "a PDF", "hand it in as text: its numbers cannot be read for certain"),
    (b"\xd0\xcf\x11\xe0", b"", "an old Office file", "save it as plain text, or as CSV"),
    (b"\x89PNG", b"", "a picture", "type in what it shows"),
    (b"\xff\xd8\xff", b"", "a picture", "type in what it shows"),
    (b"GIF8", b"", "a picture", "type in what it shows"),
    (b"", b"ftyphei", "a picture", "type in what it shows"),
)
"""How files begin that are no text, what stands in them, what they are, and what to do."""
_CONTROL: Final = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
_WINDOWS: Final = "windows-1252"
_NAME_IT: Final = "save it as UTF-8, or name its encoding: --encoding gb18030"


class Texts:
    """What files have as text: UTF-8, or UTF-16 where it begins so, else another `encoding`.

    Where none is asked for that is what Windows writes in western Europe, and `guessed` are the
    files that were read so.
    """

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self.guessed: dict[str, None] = {}

    def decoded(self, data: bytes, path: str) -> str:
        """Return a file's text; raises `CgraphError`."""
        for begin, within, what, hint in _NO_TEXT:
            if data.startswith(begin) and within in (data if begin else data[:16]):
                raise file_error(path, f"it is {what}, and no text", hint)
        # Of UTF-16 without a mark at its beginning every other byte of a first letter is 0.
        codec = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}.get(data[:2], "")
        if not codec and data[:4].count(0) == 2 and data[0] != data[1]:
            codec = "utf-16-le" if data[1] == 0 else "utf-16-be"
        try:
            return data.decode(codec or "utf-8").removeprefix(MARK)
        except UnicodeDecodeError:
            if codec:
                raise file_error(path, f"it is no {codec.upper()}", _NAME_IT) from None
        if _CONTROL.search(data):
            return utf8(data, path)
        is_guess = self.encoding == "utf-8"
        encoding = _WINDOWS if is_guess else self.encoding
        try:
            text = data.decode(encoding).removeprefix(MARK)
        except UnicodeDecodeError:
            why = f"it is neither UTF-8 nor {encoding.capitalize()}"
            raise file_error(path, why, _NAME_IT) from None
        if is_guess:
            self.guessed[path] = None
        return text

    def tell_guessed(self) -> None:
        """Say which files were read in an encoding that nobody asked for."""
        if self.guessed:
            files = few([*self.guessed])
            tell(f"note: not UTF-8, and read as Windows-1252: {files}; --encoding names another")


def read_list(path: str, texts: Texts) -> tuple[list[Student], bytes]:
    """Return the students of a class list, and the file as it is; raises `CgraphError`."""
    data = read_bytes(path)
    students = read_students(texts.decoded(data, path), path)
    heads = {head: role(head) for head in students[0].columns}
    names, numbers = ([head for head in heads if heads[head] in kinds]
                      for kinds in (("name", "first", "last"), ("number",)))  # fmt: skip
    if {*map(str.lower, [*names, *numbers])} - {"name", "number"}:
        said = f"names are in {few(names) or 'no column'}, numbers in {few(numbers) or 'no column'}"
        tell(f"note: {shorten(path, 80)}: {said}")
    counts = Counter(student.number for student in students if student.number)
    if twice := [number for number, times in counts.items() if times > 1]:
        tell(f"note: {shorten(path, 80)}: several students have the number {few(twice)}")
    return students, data


class Posed(NamedTuple):
    """The problem that is marked, and that of each student, by the values that a sheet states.

    `personal` says whether the class list has those, and `open` whether some have none elsewhere.
    """

    exercise: Exercise
    of: Callable[[Student, At], Exercise]
    personal: bool
    open: bool


def problems(
    problem: Problem, students: list[Student], heads: Callable[[set[str]], Iterator[At]]
) -> Posed:
    """Return the problem that is marked, and that of each student.

    Where the class list has a column for an input, it has the student's value; of what has no
    value at all that counts which the head of the sheet says. `heads` looks for those of such
    names. Raises `CgraphError` where nothing can be marked; what is wrong with one student's
    values is raised when that student's problem is asked for.
    """
    from cgcli.homework.exercise import Exercise
    from cgcli.homework.notation import PATTERNS
    from cgcli.language.free import free_names
    from cgcli.operations.table import CONSTANTS
    from cgcli.program import evaluate_program

    listed = {head for student in students for head in student.columns}
    parsed, bound, more = problem.read
    free = [name for name in free_names(parsed.syntax) if name in listed or name not in CONSTANTS]
    names = [name for name in free if name in listed or name not in {**more, **bound}]
    of, wrt = read_name(problem.asked.of), split_names(problem.asked.wrt)
    known: dict[tuple[str, ...], Exercise] = {}
    personal = not listed.isdisjoint(free)

    def exercise_of(student: Student, at: At) -> Exercise:
        texts = tuple(student.columns.get(name) or at.get(name, "") for name in names)
        if texts not in known and not (personal or any(texts)):
            known[texts] = posed(problem)
        if texts not in known:
            values = {}
            for name, text in zip(names, texts, strict=True):
                # A German Excel writes 1,4; 1,400 may be a number of thousands.
                is_decimal = PATTERNS["with_comma"].fullmatch(text) and text.count(",") == 1
                plain = text.replace(",", ".") if is_decimal else text
                try:
                    if text:
                        values[name] = constant(plain, name, problem.limits, kind=problem.kind)
                except CgraphError as error:
                    where = f"the head of the sheet, {name}"
                    if name in student.columns:
                        where = f"the class list, {name} of {shorten(student.name)}"
                    hint = "write it with a point" if "," in text else error.hint
                    raise CgraphError(error.kind, f"{where}: {error.message}", hint) from None
            point = {**more, **bound, **values}
            exercise = Exercise(parsed, evaluate_program(parsed, {}, point, of, wrt, problem.kind))
            first = next(iter(known.values()), exercise)
            if exercise.graph.names != first.graph.names:
                raise CgraphError("binding", "these values make a program of other steps")
            known[texts] = exercise
        return known[texts]

    tried = [(student, _NOWHERE) for student in students] if personal else []
    is_open = not listed.issuperset(names)
    if is_open:
        tried += ((Student(""), at) for at in heads({*free}))
    trouble: CgraphError | None = None
    for student, at in tried:
        try:
            return Posed(exercise_of(student, at), exercise_of, personal, is_open)
        except CgraphError as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble
    return Posed(exercise_of(Student(""), _NOWHERE), exercise_of, False, is_open)


def as_stated(posed: Posed, sheets: list[Sheet]) -> tuple[Exercise, list[Sheet]]:
    """Return the problem and the sheets, of which some values stand in their heads alone.

    A sheet that says none has those of all others; where these differ that is its trouble.
    """
    stated = {tuple(sheet.at.items()): sheet.at for sheet in sheets if sheet.at}
    at = next(iter(stated.values()), _NOWHERE)
    if len(stated) < 2:
        if at and not all(sheet.at or sheet.trouble for sheet in sheets):
            tell("note: sheets without values in their heads are marked at those of the others")
        return posed.of(Student(""), at), [sheet._replace(at=at) for sheet in sheets]
    exercise = posed.exercise
    for at in stated.values() if exercise.symbolic else ():
        with suppress(CgraphError):
            exercise = posed.of(Student(""), at)
            break
    tell("note: each sheet is marked at the values in its own head: nothing else says them")
    why = "its head does not say which values it was made for; put them there: # w = 0.5, x = 2"
    return exercise, [
        sheet if sheet.at or sheet.trouble else sheet._replace(lines=[], trouble=why)
        for sheet in sheets
    ]


def heads_of(paths: list[str], texts: Texts, names: set[str]) -> Iterator[At]:
    """Yield the values that the heads of files say for names."""
    from cgcli.homework.submissions import stated

    named = (file for path in paths if path != "-" for file, _ in _files(path))
    for file in named:
        try:
            at = stated(texts.decoded(read_bytes(file), file), names)
        except CgraphError:
            continue
        if at:
            yield at


def collect(
    paths: list[str],
    exercise: Exercise,
    roster: Roster | None,
    apart: set[bytes],
    texts: Texts,
    *,
    alone: bool = True,
) -> tuple[list[Sheet], set[str]]:
    """Return the sheets of all files and folders, and the files that were read.

    `apart` is what files have that are no sheets, should they lie in a folder. Raises
    `CgraphError` where the only file cannot be read and stands `alone`; among others it is a
    sheet in trouble.
    """
    from cgcli.homework.sheets import Sheet
    from cgcli.homework.submissions import read_handed_in

    files = [file for path in paths for file in _files(path)]
    if len(files) > _MOST:
        raise CgraphError("limit", f"there are more than {_MOST:,} files to mark")
    counts = Counter(name for _, name in files)
    sheets: list[Sheet] = []
    for path, short in files:
        name = short if counts[short] == 1 and short else path
        if roster and not roster.find(name) and roster.find(path):
            # The folder that it lies in says whose it is.
            name = path
        ending = ending_of(path)
        try:
            data = read_bytes(path)
            if data in apart and path not in paths:
                continue
            text = texts.decoded(data, "standard input" if path == "-" else path)
            called = path if ending in ("csv", "tsv") else name
            read, spare = read_handed_in(text, called, ending, exercise, roster)
        except CgraphError as error:
            if alone and paths == [path] and "UTF-8" not in error.message:
                raise
            why = error.message.removeprefix(f"{shorten(path, 80)}: ")
            why = "; ".join(filter(None, (why, error.hint)))
            sheets.append(Sheet(name, [], why))
            continue
        sheets += read
        if spare:
            tell(f"note: {shorten(path, 80)}: no step is called {few(spare)}; left out")
    return sheets, {os.path.realpath(path) for path, _ in files}


def _files(path: str) -> Iterator[tuple[str, str]]:
    """Yield a file, or those of a folder and the folders in it, with what a sheet in it is called.

    That is the file's name without ending, behind the folders that it is in below the one that
    was named, as a course system makes one for each student. What begins with a point is passed
    over, and links are not followed: students pack these folders.
    """
    if path == "-" or not os.path.isdir(path):
        name = os.path.splitext(os.path.basename(path))[0]
        yield path, "standard input" if path == "-" else name
        return
    names: list[str] = []
    for folder, folders, files in os.walk(path):
        depth = os.path.relpath(folder, path).count(os.sep) + (folder != path)
        folders[:] = [name for name in folders if not name.startswith(".") and depth < _DEEPEST]
        names += [os.path.join(folder, name) for name in files if not name.startswith(".")]
        if len(names) > _MOST:
            break
    sheets = [name for name in names if os.path.isfile(name) and not os.path.islink(name)]
    if len(sheets) < len(names):
        tell(f"note: {shorten(path, 80)}: links in it are passed over")
    if not sheets:
        raise file_error(path, "this folder has no sheet in it", "put a file a student in it")
    for name in sorted(sheets):
        yield name, os.path.splitext(os.path.relpath(name, path))[0]
