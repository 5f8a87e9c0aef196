"""The files that are written for a class: a student's each, and a summary for the teacher."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from cgcli.errors import CgraphError, file_error, shorten
from cgcli.homework.marks import Graded
from cgcli.homework.students import Student
from cgcli.library.files import ending_of, make_folder, write_file
from cgcli.views.homework.pages import FORMS, feedback_page, summary_page
from cgcli.views.homework.report import Report
from cgcli.views.streams import tell

_LONGEST: Final = 80
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def write_feedback(
    folder: str, form: str, report: Report, marks: list[Graded], read: set[str]
) -> None:
    """Write a page for each student; files that were `read` are not written over."""
    names = file_names(item.student for item in marks)
    pages = {
        f"{name}.{form}": FORMS[form](feedback_page(report, item))
        for name, item in zip(names, marks, strict=True)
    }
    write_folder(folder, pages, read)


def write_summary(path: str, report: Report, marks: list[Graded], read: set[str]) -> None:
    """Write the page for the teacher."""
    if os.path.realpath(path) in read:
        raise file_error(path, "this was read, and would be written over", "name another file")
    write_page(path, lambda form, title: FORMS[form](summary_page(report, marks, title)))


def write_page(path: str, made: Callable[[str, str], bytes]) -> None:
    """Write what is made in the form of a file's ending, with the file's name for its title."""
    ending = ending_of(path)
    if ending not in FORMS:
        hint = f"give it one of the endings .{', .'.join(FORMS)}"
        raise CgraphError("file", f"{shorten(path, 80)}: no page is written so", hint)
    title = os.path.splitext(os.path.basename(path))[0]
    write_file(path, made(ending, title))


def write_folder(folder: str, files: Mapping[str, bytes], read: set[str]) -> None:
    """Write files into a folder, which is made where there is none.

    Raises `CgraphError` before anything is written where a file that was read would be lost, or a
    link led out of the folder.
    """
    make_folder(folder)
    paths = {name: os.path.join(folder, name) for name in files}
    for path in paths.values():
        if os.path.islink(path):
            raise file_error(path, "this is a link", "name a folder of its own for what is written")
        if os.path.realpath(path) in read:
            why = "this was read, and would be written over"
            raise file_error(path, why, "name another folder")
    for name, data in files.items():
        write_file(paths[name], data)
    tell(f"{len(files)} {'file' if len(files) == 1 else 'files'} in {shorten(folder, 80)}")


def file_names(students: Iterable[Student]) -> list[str]:
    """Return a name for each student's file: letters, digits and blanks, no two alike.

    >>> from cgcli.homework.students import Student
    >>> file_names([Student("../Ada"), Student("Bao", ("7",)), Student("bao", ("7",))])
    ['Ada', 'Bao 7', 'bao 7 (2)']
    """
    turns: Counter[str] = Counter()
    names = []
    for student in students:
        text = unicodedata.normalize("NFC", f"{student.name} {student.number}")
        plain = " ".join(re.sub(r"[^\w.@ -]+", " ", text).split()).strip(" .-")
        name = plain.encode()[:_LONGEST].decode("utf-8", "ignore").strip(" .") or "student"
        name = f"{name}_" if _RESERVED.fullmatch(name) else name
        unique = name
        while unique.casefold() in turns:
            turns[name.casefold()] += 1
            unique = f"{name} ({turns[name.casefold()]})"
        turns[unique.casefold()] = 1
        names.append(unique)
    return names
