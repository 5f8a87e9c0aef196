"""A seed's program at its points, in every way that is chosen, against the oracle."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mpmath import mp, mpf

import cgcli
from tests.concordance import generate
from tests.concordance.agreement import Comparison, Difference
from tests.concordance.answers import Answer, answer
from tests.concordance.asking import Point, Question, Reply
from tests.concordance.numbers import Number, finite
from tests.concordance.points import points as points_at
from tests.concordance.syntax import Program
from tests.concordance.ways import WAYS, Way

LATER = {"slice": "x[0:1]", "cumsum": "cumsum(x)", "trace": "trace([x])", "diag": "diag(x)"}
"""Words of the language that not every build has, and programs that have them."""


def extra() -> frozenset[str]:
    """Those of them that this build has."""
    there = []
    for word, text in LATER.items():
        try:
            cgcli.parse(text).graph({"x": [1.0]})
        except cgcli.CgraphError:
            continue
        there.append(word)
    return frozenset(there)


EXTRA = extra()


class Asked(NamedTuple):
    """The program of a seed at its points, what is right there, and what `eval` says."""

    question: Question
    answers: list[Answer]
    first: list[Reply | None]


@functools.lru_cache(maxsize=4096)
def right(seed: int, points: int) -> tuple[Question, list[Answer]]:
    """The program of a seed, and what is right: kept, as many ways ask for it."""
    program = generate.program(seed, EXTRA)
    where = points_at(program, seed, points)
    answers = [answer(program, point) for point in where]
    return question_of(program, where, answers), answers


@functools.lru_cache(maxsize=4096)
def asked(seed: int, points: int) -> Asked:
    """The same, with what `eval` says."""
    question, answers = right(seed, points)
    return Asked(question, answers, WAYS[0].ask(question))


DIGITS = mpf(10) ** -12


def question_of(program: Program, where: Sequence[Point], answers: Sequence[Answer]) -> Question:
    return Question(program, list(where), lambda k: right_answers(answers[k]))


def compare(
    seed: int, points: int, ways: Sequence[Way], counts: Counter[str]
) -> Iterator[Difference]:
    """The differences at a seed, and how much was compared."""
    question, answers, first = asked(seed, points)
    counts["programs"] += 1
    counts["points"] += len(answers)
    counts["in doubt"] += sum(bool(a.doubt) for a in answers)
    for way in ways:
        replies = first if way is WAYS[0] else way.ask(question)
        for reply, right, plain in zip(replies, answers, first, strict=True):
            if reply is not None:
                counts[way.name] += 1
                base = None if way is WAYS[0] else plain
                yield from Comparison(seed, right, way, reply, base, counts).differences()


def right_answers(right: Answer) -> list[tuple[str, list[str], int]]:
    """What a student would hand in, rounded to 12 digits, who had the oracle's numbers."""
    numbers = right.numbers
    if right.doubt or not all(map(finite, numbers.flat())) or len(numbers.value) > 1:
        return []
    if any(gap > abs(x) * DIGITS for x, gap in zip(numbers.flat(), right.spread, strict=True)):
        # Doubles do not have so many digits of it.
        return []
    answers = [("", [_text(numbers.value[0])], 0)]
    for name, rows in numbers.gradient.items():
        if len(right.program.inputs[name]) < 2:
            texts = [_text(number) for number in rows[0]]
            answers.append((name, texts, len(right.program.inputs[name])))
    return answers


def _text(number: Number) -> str:
    """A number to 12 digits; a whole one of so many has no point behind it, and a digit more."""
    text = mp.nstr(number, 12)
    return text.removesuffix(".0") if abs(number) >= mpf(10) ** 11 else text
