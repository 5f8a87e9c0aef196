"""Sheets marked in a few words, for the tests."""

from __future__ import annotations

from typing import Any, NamedTuple

import cgcli
from cgcli.homework.exercise import Exercise
from cgcli.homework.marking import mark as mark_sheet
from cgcli.homework.sheets import read_sheets


class Marks(NamedTuple):
    verdicts: dict[str, str]
    first_wrong: str | None
    mistakes: dict[str, list[str]]
    missing: list[str]


def exercise(program: str, at: dict[str, Any], of: str | None = None) -> Exercise:
    parsed = cgcli.parse(program)
    return Exercise(parsed, parsed.evaluate(at, of=of))


def mark(program: str, at: dict[str, Any], sheet: str) -> Marks:
    return mark_many(program, at, [sheet])[0]


_EXERCISES: dict[tuple[str, str], Exercise] = {}


def mark_many(program: str, at: dict[str, Any], sheets: list[str]) -> list[Marks]:
    # As a class is marked: one exercise for all sheets.
    key = program, repr(at)
    if key not in _EXERCISES:
        _EXERCISES[key] = exercise(program, at)
    return [marks(_EXERCISES[key], sheet) for sheet in sheets]


def marks(problem: Exercise, sheet: str) -> Marks:
    marked = mark_sheet(problem, read_sheets(sheet, "sheet")[0])
    verdicts, mistakes = {}, {}
    for judged in marked.judged:
        name = left(judged.answer.text)
        verdicts[name] = judged.verdict
        if judged.verdict == "wrong":
            mistakes[name] = [each.mistake.name for each in judged.diagnoses]
    for line in marked.unreadable:
        verdicts[left(line.text)] = "unreadable"
    first = marked.first_wrong
    return Marks(
        verdicts,
        left(first.answer.text) if first else None,
        {name: list(dict.fromkeys(found)) for name, found in mistakes.items()},
        [problem.steps.text(step) for step in marked.missing],
    )


def left(text: str) -> str:
    return text.partition("=")[0].strip()
