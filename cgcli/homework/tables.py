"""A row of a table → the answers that it states, by what the table's head says of its columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cgcli.homework.lefts import Lefts
from cgcli.homework.notation import PATTERNS
from cgcli.homework.statements import answered


class Table:
    """A table as far as it has been read: what its columns hold, as its head tells."""

    def __init__(self, lefts: Lefts) -> None:
        self.lefts = lefts
        self.kinds: list[str] = []
        self.heads: list[str] = []
        """The questions of the columns, as the head has them."""
        self.slopes: list[bool] = []
        """Whether the names of a column are what gradients are by."""

    def cells(self, text: str) -> list[str] | None:
        """Return the cells of a row: with bars around or between them, or tabs."""
        bars = text.count("|")
        if (text.startswith("|") and bars > 2) or (bars > 1 and "=" not in text):
            return [cell.strip() for cell in text.removeprefix("|").removesuffix("|").split("|")]
        if "\t" in text:
            return [cell.strip() for cell in text.split("\t")]
        # Columns under a head, with blanks between them.
        apart = re.split(r"\s{2,}", text)
        kinds = [kind for kind in ("value", "gradient") if PATTERNS[kind].search(text)]
        # Above the names there may be no head.
        apart = ["", *apart] if len(apart) == len(kinds) == 2 else apart
        known = self.kinds or self.heads
        is_head = len(kinds) == 2 or all(map(self._of_family, apart[1:]))
        is_row = len(apart) == len(known) if known else is_head
        return apart if len(apart) > 2 and is_row and "=" not in text else None

    def row(self, cells: list[str]) -> Iterator[str]:
        """Yield what a row states: a question's answer, a node's two, or those of its head."""
        numbers = [bool(re.match(r"[-+]?\.?\d", cell)) for cell in cells]
        heads = [
            next((kind for kind in ("value", "gradient") if PATTERNS[kind].search(cell)), "")
            for cell in cells
        ]
        if any(heads[1:]) and not any(re.search(r"\d", cell) for cell in cells):
            self.kinds = heads
        is_word = re.search(r"[^\W\d]", cells[0]) and self.lefts.read(cells[0]) is None
        if is_word and not any(numbers):
            self.slopes = [self._says_slopes(cell) for cell in cells]
        kinds, slopes = self.kinds, self.slopes
        beside = self.lefts.read("".join(cells[1:2]))
        is_turn = re.fullmatch(r"\d{1,2}[.)]?", cells[0]) and beside is not None
        is_label = any(numbers) and beside == [self.lefts.derivative(None, cells[0])]
        if is_turn or is_label:
            # The rows are numbered, or called by the name that the question has too.
            cells, numbers, kinds, slopes = cells[1:], numbers[1:], kinds[1:], slopes[1:]
        name = cells[0].partition("=")[0].strip()
        asked = self.lefts.read(name)
        if not any(numbers):
            if any(map(self._of_family, cells[1:])) or all(map(self.lefts.read, cells[1:])):
                self.heads = cells
            return
        pairs: list[tuple[str | None, str]] = []
        if asked is None and len(cells) == len(self.heads):
            # The questions are the head's, of a family at the turn that the row begins with.
            gradients, left = PATTERNS["gradient"].search(cells[0]), ""
            numbers[0] = numbers[0] and not any(map(self._of_family, self.heads))
            for head, cell, is_number in zip(self.heads, cells, numbers, strict=True):
                asked = self.lefts.read(self._of_family(head, cells[0]) or head)
                if asked is None and left and PATTERNS["gradient"].search(head):
                    asked = [self.lefts.gradient(left)]
                left = asked[0] if asked and len(asked) == 1 else ""
                if is_number and left:
                    pairs.append((self.lefts.gradient(left) if gradients else left, cell))
        elif asked is not None and len(asked) == 1:
            named = len(kinds) == len(cells)
            kinds = kinds[1:] if named else ["value", "gradient"][: len(cells) - 1]
            for kind, cell, is_number in zip(kinds, cells[1:], numbers[1:], strict=False):
                of_node = (kind == "gradient" or slopes[:1] == [True]) and "/" not in asked[0]
                question = self.lefts.derivative(None, name) if of_node else asked[0]
                if kind and cell and (named or (is_number and len(cells) < 4)):
                    pairs.append((question, cell))
        for question, cell in pairs:
            if question:
                yield from answered(self.lefts, [question], cell)

    def _of_family(self, head: str, index: str = "0") -> str:
        """Return a head that asks for a family, as h, h_t or dL/dh[t], at an index; else ""."""
        match = PATTERNS["indexed"].fullmatch(head)
        if match is None or match["name"] not in self.lefts.families:
            return ""
        member = f"{match['name']}[{index}]{match['grad'] or ''}"
        return f"{match['of']}/d{member}" if match["of"] else member

    def _says_slopes(self, head: str) -> bool:
        """Whether a head says that the names below it are what the output's gradients are by."""
        if PATTERNS["value"].search(head) or not PATTERNS["derivatives"].search(head):
            return False
        words = PATTERNS["word"].findall(head)
        return not any(self.lefts.knows(word) and word != self.lefts.output for word in words)
