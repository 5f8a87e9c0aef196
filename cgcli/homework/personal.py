"""Problems of their own for the students of a list, the same for a seed and a student."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final, TypeAlias

from cgcli.errors import CgraphError, Place, few, shorten
from cgcli.homework.choosing import Choice, choose
from cgcli.homework.students import Student, words_of
from cgcli.homework.written import shape_of
from cgcli.program import Program

ENOUGH: Final = 5
"""So many good points are looked at for a problem of many."""
_NUMBER: Final = r"([-+]?\d{1,6}(?:\.\d{1,6})?(?:/[1-9]\d{0,5})?)"
_RANGE: Final = re.compile(rf"\s*([^\W\d]\w*)\s*(?:=\s*{_NUMBER}\s*\.\.\s*{_NUMBER}\s*)?")

Ranges: TypeAlias = Mapping[str, tuple[Fraction, Fraction]]


def read_vary(text: str) -> tuple[list[str], Ranges]:
    """Return the names that vary, and the ranges of some, of a text such as `w, x=1..9`.

    >>> read_vary("w, x=1..9")
    (['w', 'x'], {'x': (Fraction(1, 1), Fraction(9, 1))})
    """
    names, ranges, start = [], {}, 0
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        place = Place(text, start, start + len(part))
        start += len(part) + 1
        if match is None or (match[2] and Fraction(match[2]) > Fraction(match[3])):
            message = f"'{shorten(part.strip())}' is no name with a range"
            raise CgraphError("usage", message, "write --vary w, or --vary x=1..9", (place,))
        names.append(match[1])
        if match[2]:
            ranges[match[1]] = Fraction(match[2]), Fraction(match[3])
    return names, ranges


class Drawing:
    """What values are drawn for: a program, what is bound in it, and the names that vary."""

    def __init__(self, program: Program, known: Mapping[str, Any], vary: str | None) -> None:
        inputs = program.graph(known).inputs
        names, self.ranges = ([], {}) if vary is None else read_vary(vary)
        for name in names:
            if name not in inputs or shape_of(known.get(name, 0.0)):
                hint = f"name some of {few(list(inputs))}"
                message = f"'{shorten(name)}' is no input that is a single number"
                raise CgraphError("name", message, hint)
        self.program = program
        self.given = {name: value for name, value in known.items() if name not in names}
        self.names = [name for name in inputs if name not in self.given]

    def choose(self, seed: int, kind: str, **more: Any) -> Choice:
        """Return the values that a seed chooses."""
        return choose(self.program, self.given, self.names, seed, kind, self.ranges, **more)

    def personal(
        self, students: list[Student], seed: int, kind: str
    ) -> Iterator[tuple[Student, Choice]]:
        """Yield each student of a list with values that hang on nobody else of it."""
        if not self.names:
            message = "every input has a value: nothing differs from student to student"
            raise CgraphError("usage", message, 'say what varies: --vary "x, y=1..9"')
        turns: Counter[str] = Counter()
        for student in students:
            called = " ".join(words_of(student.number or student.name))
            turns[called] += 1
            key = f"{seed}/{called}/{turns[called]}".encode()
            drawn = int.from_bytes(hashlib.sha256(key).digest()[:8])
            yield student, self.choose(drawn, kind, enough=ENOUGH)
