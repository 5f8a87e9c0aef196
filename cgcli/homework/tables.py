"""Tables, columns and dictionaries of a sheet → the answers that they state."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cgcli.homework.lefts import Lefts
from cgcli.homework.notation import PATTERNS, is_blank, result


class Table:
    """A table as far as it has been read: what its columns hold, as its head tells."""

    def __init__(self, lefts: Lefts) -> None:
        self.lefts = lefts
        self.kinds: list[str] = []
        self.asked: list[list[str] | None] = []

    def cells(self, text: str) -> list[str] | None:
        """Return the cells of a row: with bars around or between them, or tabs."""
        if (text.startswith("|") and text.count("|") > 2) or (
            text.count("|") > 1 and "=" not in text
        ):
            return [cell.strip() for cell in text.removeprefix("|").removesuffix("|").split("|")]
        if "\t" in text:
            return [cell.strip() for cell in text.split("\t")]
        return None

    def row(self, cells: list[str]) -> Iterator[str]:
        """Yield what a row states: a question's answer, a node's two, or those of its head."""
        numbers = [bool(re.match(r"[-+]?\.?\d", cell)) for cell in cells]
        if not any(re.search(r"\d", cell) for cell in cells):
            kinds = [
                next((kind for kind in ("value", "gradient") if PATTERNS[kind].search(cell)), "")
                for cell in cells
            ]
            if any(kinds[1:]):
                self.kinds = kinds
        kinds = self.kinds
        if re.fullmatch(r"\d{1,2}[.)]?", cells[0]) and self.lefts.read(cells[1]) is not None:
            # The rows are numbered.
            cells, numbers, kinds = cells[1:], numbers[1:], kinds[1:]
        asked = self.lefts.read(cells[0].partition("=")[0])
        if not any(numbers):
            questions = [self.lefts.read(cell) for cell in cells]
            if all(questions[1:]):
                self.asked = questions
            return
        if asked is None and len(cells) == len(self.asked):
            yield from self._below(cells, numbers)
        if asked is None or len(asked) > 1:
            return
        named = len(kinds) == len(cells)
        if not named and len(cells) > 3:
            return
        kinds = kinds[1:] if named else ["value", "gradient"][: len(cells) - 1]
        for kind, cell in zip(kinds, cells[1:], strict=False):
            left: str | None = asked[0]
            if kind == "gradient" and "/" not in asked[0]:
                left = self.lefts.derivative(None, cells[0])
            if left and cell and kind:
                yield from answered(self.lefts, [left], cell)

    def _below(self, cells: list[str], numbers: list[bool]) -> Iterator[str]:
        """Yield the answers of a row whose questions are the head's."""
        gradients = bool(PATTERNS["gradient"].search(cells[0]))
        for asked, cell, is_number in zip(self.asked, cells, numbers, strict=True):
            if is_number and asked is not None and len(asked) == 1:
                left = self.lefts.gradient(asked[0]) if gradients else asked[0]
                yield from answered(self.lefts, [left], cell)


def answered(lefts: Lefts, asked: list[str], written: str, *, alike: bool = False) -> Iterator[str]:
    """Yield a question and its answer, or several with a list of theirs.

    Where they are `alike` one number is the answer of all.
    """
    if is_blank(written, lefts.knows):
        yield from (f"{left} =" for left in asked)
        return
    number = result(written, lefts.knows)
    if len(asked) == 1:
        yield f"{asked[0]} = {number}"
        return
    inside = number[1:-1].split(",") if number.startswith("[") else []
    if not inside and (parts := PATTERNS["coordinate"].findall(written)):
        inside = [f"{sign}{size or 1}" for sign, size, _ in parts]
    if len(inside) == len(asked):
        yield from (f"{left} = {part.strip()}" for left, part in zip(asked, inside, strict=True))
    elif alike and not inside:
        yield from (f"{left} = {number}" for left in asked)


def _both(match: re.Match[str]) -> str:
    """Return a value as micrograd prints it as an answer, or two."""
    value = f"{match['left']} = {match['data']}"
    return f"{value}, {match['left']}.grad = {match['grad']}" if match["grad"] else value


def columns(lefts: Lefts, text: str) -> str:
    """Return a question and a number that stand beside each other with a sign of equality."""
    text = PATTERNS["micrograd"].sub(_both, text)
    if "=" in text or ":" in text:
        return text
    match = PATTERNS["beside"].fullmatch(text)
    asked = match and lefts.read(match["asked"])
    if match and asked and len(asked) == 1:
        # A name and a number that a blank parts may be a product.
        apart = match["array"] or "/" in asked[0] or not match["gap"].isspace() or match["gap"][1:]
        return f"{asked[0]} = {match['array'] or match['number']}" if apart else text
    return text


def dictionary(text: str) -> str | None:
    """Return `{"dw1": 14, "db1": 2}` as answers with signs of equality, its name marked off."""
    match = re.fullmatch(r"(?:(\w+)\s*=\s*)?dict\((\s*\w+=.*)\)", text)
    match = match or re.fullmatch(r"(?:(\w+)\s*=\s*)?[{(](\s*[\"'].*)[})]", text)
    if match is None:
        return None
    answers = re.sub(r"[\"']([^\"']+)[\"']\s*:", r"\1 =", match[2])
    return f"{match[1]}\0{answers}" if match[1] else answers
