"""Files that are handed in → sheets: a student's each, or those of a class.

Text, Markdown and LaTeX are a sheet, or one under each student's heading; a CSV file has a row a
student and a column a step; of a notebook the cells are read, and what they print.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from typing import Any, Final

from cgcli.decode import decode_json
from cgcli.errors import CgraphError, few, file_error, shorten
from cgcli.homework.answers import read_answers
from cgcli.homework.exercise import Exercise
from cgcli.homework.notation import PATTERNS
from cgcli.homework.sheets import Line, Sheet, read_sheets, sheet_of, split
from cgcli.homework.students import HEADINGS, Roster, Row, read_rows, role, student_of, words_of

_MOST: Final = 10_000
_LONGEST: Final = 10_000


def read_handed_in(
    text: str, name: str, ending: str, exercise: Exercise, roster: Roster | None = None
) -> tuple[list[Sheet], list[str]]:
    """Return the sheets that a file holds, and the columns of it that are no steps.

    HTML, Markdown and LaTeX are read as the text that they show.
    What is amiss with one sheet is said in its `trouble`. Raises `CgraphError` of kind file where
    nothing at all can be read.
    """
    if "\0" not in text:
        if ending == "ipynb":
            return [_notebook(text, name)], []
        if ending in ("csv", "tsv"):
            return _table(text, name, exercise)
    text = _without_remarks(text, ending)
    if ending in ("md", "html", "htm"):
        text = _shown(text, exercise, ending)
    return _under_headings(text, name, {*exercise.inputs}, roster), []


def _without_remarks(text: str, ending: str) -> str:
    """Return a text without what is commented out of it, in as many lines as before.

    >>> _without_remarks("p = 4 % not 5", "tex"), _without_remarks("<!-- p = 5 -->p = 4", "md")
    ('p = 4 ', 'p = 4')
    """
    lines = lambda match: "\n" * match[0].count("\n")
    if ending == "tex" or PATTERNS["document"].search(text):
        return PATTERNS["hidden"].sub(lines, text)
    if ending in ("html", "htm"):
        return PATTERNS["unseen"].sub(lines, text)
    # A remark that does not end is none.
    before, end, after = text.rpartition("-->")
    return PATTERNS["remarked"].sub(lines, before + end) + after


def _shown(text: str, exercise: Exercise, ending: str) -> str:
    """Return what Markdown or HTML shows, line by line; headings and the problem are comments.

    A sheet of `cgraph sheet` has the program and its values in a block of its own.
    """
    text = text.replace("\r\n", "\n")
    if ending == "md":
        text = PATTERNS["escaped"].sub(lambda match: match[1] or match[0], text)
    else:
        text = re.sub(r"(?i)</t[dh]>\s*<t[dh]\b[^<>]*>", "\t", text)
        text = PATTERNS["block"].sub(r"\g<0>\n", text)
        text = PATTERNS["tag"].sub(lambda match: "# " if match["head"] else "", text)
        text = html.unescape(text)

    def as_comment(match: re.Match[str]) -> str:
        comment = re.sub("(?m)^ *", "# ", match[0])
        return comment if stated(comment, {*exercise.inputs}) else match[0]

    program = exercise.graph.text.strip().split("\n")
    block = r"\n".join(f" *{re.escape(line)} *" for line in program)
    return re.sub(rf"(?m)^{block}\n.+$", as_comment, text, count=1)


def stated(text: str, inputs: set[str]) -> dict[str, str]:
    """Return the values that the head of a sheet says it was made for, as they are written.

    It is a comment above all answers that has all the inputs, as `cgraph sheet` writes it.

    >>> stated("# p = w*x\\n# w = 0.5, x = [1, 2]\\n\\np = 3", {"w", "x"})
    {'w': '0.5', 'x': '[1, 2]'}
    """
    for line in text.splitlines():
        comment = line.strip()
        if "=" in comment and not comment.startswith("#"):
            break
        pairs = (part.partition("=") for part in PATTERNS["given"].split(comment.lstrip("# ")))
        values = {name.strip(): value.strip() for name, _, value in pairs}
        if values.keys() == inputs:
            return values
    return {}


# Several students in one file


def _under_headings(text: str, name: str, inputs: set[str], roster: Roster | None) -> list[Sheet]:
    """Return the sheet of a text, or one for each student whose heading stands in it."""
    lines = text.splitlines(keepends=True)
    places = _headings(lines, name, roster)
    if not places:
        at = stated(text, inputs)
        return [sheet._replace(at=sheet.at or at) for sheet in read_sheets(text, name)]
    before = "".join(lines[: places[0][0]])
    answered = any(line.text.partition("=")[2].strip() for line in split(before))
    sheets = read_sheets(before, name) if answered else []
    for place, called, part in _sections(lines, places):
        at = stated(part, inputs) or stated(before, inputs)
        for sheet in read_sheets(part, called):
            rows = [line._replace(number=line.number + place + 1) for line in sheet.lines]
            sheets.append(sheet._replace(lines=rows, at=at))
    return sheets


def _sections(lines: list[str], places: list[tuple[int, str]]) -> Iterator[tuple[int, str, str]]:
    """Yield where each heading stands, what it says, and the text below it."""
    ends = [place for place, _ in places[1:]] + [len(lines)]
    for (place, called), end in zip(places, ends, strict=True):
        yield place, called, "".join(lines[place + 1 : end])


def _headings(lines: list[str], name: str, roster: Roster | None) -> list[tuple[int, str]]:
    """Return where the headings of students stand, and their names; none where it is one sheet.

    With a class list they are those of its students. Without one they are labels, `Name: Ada`,
    or headings of one kind that look like names, where the same is answered under several.
    """
    kinds: dict[str, list[tuple[int, str]]] = {}
    for place, line in enumerate(lines):
        if len(line) > _LONGEST:
            continue
        match = PATTERNS["heading"].fullmatch(line.rstrip("\r\n"))
        if match is None:
            continue
        title = match["title"] or match["ruled"] or match["braced"] or match["named"]
        kind = "label" if match["label"] else match["level"] or match["section"] or match["rule"]
        kinds.setdefault(kind, []).append((place, title.strip().strip("*")))
    if roster is not None:
        labels = kinds.pop("label", [])
        known = [at for several in kinds.values() for at in several if roster.named(at[1])]
        known += [at for at in labels if roster.find(at[1])]
        # The name of a file counts for more than the only heading in it.
        return [] if len(known) == 1 and roster.find(name) else sorted(known)
    for kind, several in kinds.items():
        names = {title for _, title in several}
        are_people = kind == "label" or all(
            PATTERNS["person"].fullmatch(name) and HEADINGS.isdisjoint(words_of(name))
            for name in names
        )
        if len(names) > 1 and are_people and (kind == "label" or _repeats(lines, several)):
            return several
    return []


def _repeats(lines: list[str], places: list[tuple[int, str]]) -> bool:
    """Whether a question is answered under several headings."""
    seen: set[str] = set()
    for *_, part in _sections(lines, places):
        pairs = (line.text.partition("=") for line in split(part))
        asked = {"".join(left.split()) for left, _, right in pairs if right.strip()}
        if not seen.isdisjoint(asked):
            return True
        seen |= asked
    return False


# Tables of students and steps


def _table(text: str, name: str, exercise: Exercise) -> tuple[list[Sheet], list[str]]:
    """Return the sheets of a table, and the columns that tell nothing."""
    rows = list(itertools.islice(read_rows(text, name), _MOST + 2))
    if rows and rows[0].trouble:
        raise file_error(name, f"line {rows[0].line}: {rows[0].trouble}", "put quotes in pairs")
    if not 2 <= len(rows) <= _MOST + 1:
        why = f"it has not one to {_MOST:,} rows below its head"
        raise file_error(name, why, "a row is a student's answers")
    heads = rows[0].cells
    asked = {head: question(exercise, head) for head in heads if head and not role(head)}
    if {*asked.values()} <= {"", *exercise.inputs}:
        steps = few([exercise.steps.text(step) for step in exercise.steps.asked])
        hint = f"name the steps in the first line: {steps}; a class list goes with --students"
        raise file_error(name, "no column of it is a step of the sheet", hint)
    steps_of = [asked[head] for head in heads if asked.get(head)]
    twice = [step for step in steps_of if steps_of.count(step) > 1]
    if twice:
        why = f"two columns of it are {shorten(twice[0])}"
        raise file_error(name, why, "leave one of them out")
    sheets = [_of_row(row, heads, asked, exercise, name) for row in rows[1:]]
    return sheets, [head for head, step in asked.items() if not step]


def _of_row(
    row: Row, heads: list[str], asked: dict[str, str], exercise: Exercise, name: str
) -> Sheet:
    """Return the sheet of a row."""
    where = f"{name}, line {row.line}"
    if row.trouble:
        return Sheet(where, [], row.trouble)
    student = student_of(heads, row.cells)
    if any(row.cells[len(heads) :]):
        why = f"{where} has {len(row.cells)} cells, and the head has {len(heads)}; "
        return Sheet(student.name or where, [], why + "a decimal comma wants the cell in quotes")
    cells = {asked.get(head): cell for head, cell in student.columns.items() if cell}
    at = {step: cell for step, cell in cells.items() if step in exercise.inputs}
    answers = {step: cell for step, cell in cells.items() if step and step not in at}
    known = {"student": student.name, "id": student.number, "at": at, "answers": answers}
    return sheet_of(known, where, row.line)


def question(exercise: Exercise, head: str) -> str:
    """Return the step, or the input, that the head of a column names; nothing where it is none.

    A step may be named by its number: "Question 3", "Q3" or "3".
    """
    text = PATTERNS["question"].sub("", head).strip(" ?:")
    asked = exercise.steps.asked
    turn = re.fullmatch(r"(?:q|question|step|no\.?|#)?\s*(\d{1,4})\.?", text, re.IGNORECASE)
    if turn:
        steps = asked[int(turn[1]) - 1 :][:1] if int(turn[1]) else []
        return exercise.steps.text(steps[0]) if steps else ""
    if text in exercise.inputs:
        return text
    answers, _ = read_answers(exercise, Sheet("", [Line(1, f"{text} = 0")]))
    if len(answers) != 1 or not (exercise.symbolic or answers[0].quantity in asked):
        return ""
    return exercise.steps.text(answers[0].quantity, answers[0].element)


# Notebooks


def _notebook(text: str, name: str) -> Sheet:
    """Return the sheet that the cells of a notebook are, with the lines counted through them.

    The format is nbformat's, version 4: cells with a source, and outputs with text.
    """
    try:
        notebook = decode_json(text, name)
    except CgraphError as error:
        return Sheet(name, [], error.message.removeprefix(f"{shorten(name, 80)}: "))
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        return Sheet(name, [], "this is no notebook: it has no list of cells")
    lines: list[Line] = []
    before = 0
    for cell in cells:
        source = _text(cell.get("source")) if isinstance(cell, dict) else ""
        code = bool(source) and cell.get("cell_type") == "code"
        answers = [
            line._replace(number=line.number + before)
            for line in split(source)
            if not (code and PATTERNS["assigned"].search(line.text))
        ]
        before += source.count("\n") + 1
        outputs = cell.get("outputs") if code else None
        for output in outputs if isinstance(outputs, list) else ():
            printed, value = "", ""
            if isinstance(output, dict):
                data = output.get("data")
                printed = _text(output.get("text"))
                value = _text(data.get("text/plain")) if isinstance(data, dict) else ""
                value = " ".join(value.split())
            if value and answers and "=" not in answers[-1].text:
                # The value of the last line stands below the cell.
                answers[-1] = answers[-1]._replace(text=f"{answers[-1].text} = {value}")
            answers += [line._replace(number=before - 1) for line in split(printed)]
        lines += answers
        if len(lines) > _MOST:
            return Sheet(name, [], f"it has more than {_MOST:,} answers")
    return Sheet(name, lines)


def _text(source: Any) -> str:
    """Return a text that a notebook has as one string or as a list of them."""
    parts = source if isinstance(source, list) else [source]
    return "".join(part for part in parts if isinstance(part, str)).replace("\0", "")
