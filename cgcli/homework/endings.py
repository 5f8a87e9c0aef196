"""What stands behind an answer and counts as well: a bracket that goes on, a gradient unnamed."""

from __future__ import annotations

import re
from typing import Any, Final

from cgcli.errors import CgraphError
from cgcli.homework.lefts import Lefts
from cgcli.homework.notation import PATTERNS, multiplied, result
from cgcli.homework.questions import asked
from cgcli.homework.written import is_near, part_of, read_number, shape_of

_NEAR: Final = 1e-12
"""Numbers that are worked out in doubles may be off by such a part."""


def bracketed(lefts: Lefts, question: str, before: str, inside: str) -> list[str]:
    """Return the parts of a chain that a bracket behind an answer has: `z (= -3)`.

    There are none in a remark: what rounds the number before it or the right one, words, and a
    number where the exercise has none.
    """
    parts = [result(part, lefts.knows) for part in PATTERNS["equality"].split(inside)]
    words = PATTERNS["word"].findall(" ".join(parts))
    known = all(lefts.knows(word) or multiplied(word, lefts.knows) != word for word in words)
    if not (known and all(parts)) or any("," in part and part[0] != "[" for part in parts):
        return []
    if lefts.exercise.symbolic and not PATTERNS["word"].search(parts[-1]):
        return []
    number, last = read_number(parts[-1]), read_number(before)
    if number is None:
        return parts
    near = [right(lefts, question), last and last.value]
    singles = (other for other in near if other is not None and not shape_of(other))
    reach = number.half * (1 + 1e-9)
    return [] if any(is_near(number.value, other, reach) for other in singles) else parts


def right(lefts: Lefts, question: str) -> Any:
    """Return the right number of a question; None where it cannot be read."""
    step, _ = asked(lefts.exercise, question)
    try:
        return step and part_of(lefts.exercise.truth(step[0]), step[1])
    except CgraphError:
        return None


def is_apart(lefts: Lefts, question: str, number: str, by: str, rest: str) -> bool:
    """Whether two answers stand together, g=-12p=4: the first is right, and no chain g = -12*p.

    Between them may be the word for "and" of a language that is a name as well, as y of Spanish.
    """
    written, value = read_number(number.strip()), right(lefts, question)
    if written is None or value is None or by in lefts.bound or shape_of(right(lefts, by)):
        return False
    last = (rest.split() or [""])[0]
    return written.is_rounding(value, abs(value) * _NEAR) and not comes_to(lefts, number, by, last)


def comes_to(lefts: Lefts, number: str, by: str, last: str) -> bool:
    """Whether a number, times the right one of what stands behind it, is what comes next."""
    written, product, factor = read_number(number.strip()), read_number(last), right(lefts, by)
    if not (written and product) or factor is None or shape_of(factor):
        return False
    return product.is_rounding(written.value * factor, abs(written.value * factor) * _NEAR)


def unnamed(lefts: Lefts, question: list[str] | None, word: str, number: str) -> str | None:
    """Return the gradient that a word such as `grad` asks for behind a question of its node.

    It is None for another word, and "" where it may be the derivative of the output by another.
    """
    word = word.strip()
    if PATTERNS["slope"].fullmatch(word) is None or lefts.read(word) is not None:
        return None
    if question is None or len(question) != 1 or "/" in question[0]:
        return None
    if question[0] == lefts.output and not re.match(r"\s*1(?:\.0*)?(?![\w.])", number):
        return ""
    return lefts.derivative(None, question[0])
