"""Answer sheets as they come: text, JSON or JSON Lines → the lines of each student.

Nothing is understood here yet: a line is an answer's text with its number. What cannot be read
at all is a sheet with a reason and no lines.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from cgcli.decode import Literal, decode_json
from cgcli.errors import CgraphError, shorten
from cgcli.homework.notation import PATTERNS
from cgcli.language.reader import normalise

_LONGEST: Final = 10_000
_MOST: Final = 10_000
_NAMES: Final = ("student", "name", "id")
_DEEPEST: Final = 4
_HEADING: Final = 100


class Part(NamedTuple):
    """A part of a chain of equalities, as it stands and as the language has it.

    In `read` a sign of its own stands for each of the `derivatives`. A part that is not `sure`
    may be read in another way too.
    """

    text: str
    read: str
    derivatives: tuple[str, ...]
    sure: bool


class Line(NamedTuple):
    """An answer's text, the line that it stands in, and why it cannot be read, if so."""

    number: int
    text: str
    trouble: str = ""
    read: str = ""
    """What the text is read as, where it is not written as the language has it."""
    parts: tuple[Part, ...] = ()
    """What stands between a question and its answer, in a chain of equalities."""
    measure: str = ""
    """Of a number and names that may be its unit the number: 5 of 5 m/s."""
    goes_on: bool = False
    """Whether its number goes on behind the digits that are written: 0.3333…"""
    heading: str = ""
    """The heading that it stands below, or that it begins with itself."""
    lacks: CgraphError | None = None
    """What is amiss where its answer uses a derivative that the sheet has no number for."""


class Sheet(NamedTuple):
    """What one student handed in; with a `trouble`, why nothing of it can be read.

    `at` are the values that it says it was made for, by input, as they are written; `key` is what
    tells the student from others of one name.
    """

    name: str
    lines: list[Line]
    trouble: str = ""
    at: Mapping[str, str] = MappingProxyType({})
    key: str = ""
    prose: bool = True
    """Whether lines that answer nothing may stand in it."""


def read_sheets(text: str, name: str) -> list[Sheet]:
    """Return the sheets that a file holds: one, or one for each student of a JSON file.

    >>> (sheet,) = read_sheets("p = 4; g = -12  # done", "ann")
    >>> sheet.name, [line.text for line in sheet.lines]
    ('ann', ['p = 4', 'g = -12'])
    >>> (sheet,) = read_sheets('{"student": "bo", "answers": {"p": 4.50}}', "class.json")
    >>> sheet.name, sheet.lines[0].text
    ('bo', 'p = 4.50')
    """
    if "\0" in text:
        return [Sheet(name, [], "this is not text")]
    if PATTERNS["json"].match(text):
        return list(_from_json(text, name))
    text = PATTERNS["stacked"].sub(r"\1/\4 \3\5\n\n", PATTERNS["placed"].sub(r"\1", text))
    lines = list(itertools.islice(split(text), _MOST + 1))
    return [_too_many(name) if len(lines) > _MOST else Sheet(name, lines)]


def _too_many(name: str) -> Sheet:
    return Sheet(name, [], f"it has more than {_MOST:,} answers")


def split(text: str) -> Iterator[Line]:
    """Yield the answers of a sheet: a line each, or several with `;`; comments are left out.

    A list may go on over several lines: one that has no `=` belongs to an open bracket above.
    """
    waiting, first, heading, prompt = "", 0, "", False
    is_number = PATTERNS["a_number"].fullmatch
    text = PATTERNS["entity"].sub(lambda match: html.unescape(match[0]), text)
    for number, pasted in enumerate(text.splitlines(), 1):
        headings = (PATTERNS[kind].match(pasted) for kind in ("titled", "of_updates"))
        heading = pasted if len(pasted) < _HEADING and any(headings) else heading
        # As pasted, for what is said of it; where it is cut, what it stands for decides.
        plain, _, remark = normalise(PATTERNS["comment"].sub("#", pasted)).partition("#")
        line = pasted[: len(plain)]
        if "=" not in plain and PATTERNS["cells"].match(plain):
            line = line.replace(";", "\t")
        printed = PATTERNS["printed"].fullmatch(remark.strip())
        says = printed or re.search(r"\d\s*$", remark)
        if "=" not in plain and plain.strip() and says:
            # What a line of code prints is its answer: print(x.grad)  # 12.
            shown = printed["value"] if printed else remark.strip()
            line = f"{line} = {shown}" if printed or "=" not in remark else remark
        elif prompt and printed:
            # Or what stands alone below it.
            line = remark
        elif is_number(remark.lstrip(" =")) and not is_number(plain.rpartition("=")[2]):
            # So is what stands behind a formula: dw = dz * x  # -6, or # = -6.
            line = f"{line} = {remark.strip(' =')}"
        prompt = PATTERNS["prompt"].fullmatch(pasted.strip()) is not None
        is_long = len(line) > _LONGEST
        begins = "=" in PATTERNS["keyword"].sub("", normalise(line)).partition(";")[0]
        done: list[Line] = []
        if waiting and (begins or is_long):
            done, waiting = [Line(first, waiting)], ""
        if is_long:
            why = f"the line is longer than {_LONGEST:,} characters"
            done.append(Line(number, shorten(line.strip(), 40), why))
        else:
            first = first if waiting else number
            *pieces, waiting = _pieces(f"{waiting} {line}" if waiting else line)
            begun, ended = (PATTERNS[kind].findall(waiting) for kind in ("opening", "closing"))
            is_open = len(begun) > len(ended)
            if not is_open or len(waiting) > _LONGEST:
                pieces, waiting = [*pieces, waiting], ""
            for piece in pieces:
                done.append(Line(first, piece))
                first = number
        for one in done:
            if one.text.strip():
                yield one._replace(text=one.text.strip(), heading=heading)
    if waiting.strip():
        yield Line(first, waiting.strip(), heading=heading)


def numbered(texts: Iterable[str]) -> list[Line]:
    """Return single answers, each with its number among them.

    >>> [(line.number, line.text) for line in numbered(["p = 4", "g = 5; z = 6"])]
    [(1, 'p = 4'), (2, 'g = 5'), (2, 'z = 6')]
    """
    pairs = enumerate(texts, 1)
    return [line._replace(number=k) for k, text in pairs for line in split(text)]


def _pieces(line: str) -> list[str]:
    """Return a line in parts, at the semicolons that stand in no bracket.

    Where an answer begins behind one it is cut even so: a bracket was not closed before.
    """
    # In LaTeX a backslash makes a blank of one.
    plain = normalise(line).replace(r"\;", r"\,")
    if ";" not in plain:
        return [line]
    pieces: list[str] = []
    depth = begin = start = 0
    for part in plain.split(";"):
        if begin and (depth <= 0 or re.match(r"[^()\[\]]*=", part)):
            pieces.append(line[start : begin - 1])
            start, depth = begin, 0
        for char in part:
            depth = max(depth, 0) + (char in "([") - (char in ")]")
        begin += len(part) + 1
    return [*pieces, line[start:]]


def _from_json(text: str, name: str) -> Iterator[Sheet]:
    """Yield the sheets of one JSON document, or of one a line."""
    rows = [(k, row) for k, row in enumerate(text.splitlines(), 1) if row.strip()]
    if len(rows) > 1 and re.fullmatch(r"\s*\{.*\}\s*", rows[0][1]):
        documents = [(f"{name}, line {number}", number, row) for number, row in rows]
    else:
        documents = [(name, 1, text)]
    for called, first, document in documents:
        try:
            content = decode_json(document, called, as_written=True)
        except CgraphError as error:
            student = PATTERNS["student"].search(document)
            line = None if error.line is None else first + error.line - 1
            where = f"line {line}, column {error.column}: " if line else ""
            why = error.message.removeprefix(f"{shorten(called, 80)}: ")
            yield Sheet(shorten(student[1], 80) if student else called, [], where + why)
            continue
        if isinstance(content, list) and called == name:
            yield from (sheet_of(student, f"{name}, {k}") for k, student in enumerate(content, 1))
        else:
            yield sheet_of(content, called)


def sheet_of(student: Any, called: str, number: int = 0) -> Sheet:
    """Return the sheet of one student: `{"student": …, "answers": {…}}`, or the answers alone.

    They are numbered from 1, or all have the `number` of a line.
    """
    if not isinstance(student, dict):
        return Sheet(called, [], "a sheet in JSON is an object of questions and answers")
    answers = student.get("answers")
    keys: tuple[str, ...] = _NAMES
    if "answers" not in student:
        # Beside the answers themselves only one key is no question.
        keys = _NAMES[:1]
        answers = {key: value for key, value in student.items() if key not in keys}
    if not isinstance(answers, dict):
        return Sheet(called, [], '"answers" must be an object of questions and answers')
    names = [student[key].strip() for key in keys if isinstance(student.get(key), str)]
    if any(names):
        called = shorten(next(filter(None, names)), 80)
    if len(answers) > _MOST:
        return _too_many(called)
    lines = [_line(number or k, *answer) for k, answer in enumerate(answers.items(), 1)]
    stated = student.get("at") if "answers" in student else None
    pairs = stated.items() if isinstance(stated, dict) else ()
    at = {name: _text(value) or "" for name, value in pairs}
    return Sheet(called, lines, at=at, key=_text(student.get("id")) or "")


def _line(number: int, question: str, value: Any) -> Line:
    """Return an answer of a JSON sheet as a line of text."""
    question = shorten(" ".join(question.split()), _LONGEST)
    if value is None:
        return Line(number, f"{question} =")
    text = _text(value)
    if text is None:
        return Line(number, question, "an answer is a number, a list of numbers, or a string")
    if len(text) > _LONGEST:
        return Line(number, question, f"the answer is longer than {_LONGEST:,} characters")
    return Line(number, f"{question} = {text}")


def _text(value: Any, depth: int = 0) -> str | None:
    """Return a JSON value as it is written on a sheet; None for what no answer is.

    Lists nest a few levels at most, so the calls do.
    """
    if isinstance(value, Literal | str):
        special = {"Infinity": "inf", "-Infinity": "-inf"}
        return special.get(value, " ".join(value.split()))
    if not isinstance(value, list) or depth == _DEEPEST:
        return None
    parts = [_text(part, depth + 1) for part in value]
    return None if None in parts else f"[{', '.join(map(str, parts))}]"
