"""Every sentence that the program says in other languages is in each of their catalogues."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cgcli
from cgcli.homework.mistakes.table import MISTAKES
from cgcli.operations.table import TABLE

PACKAGE = Path(cgcli.__file__).parent
FILES = sorted((PACKAGE / "views" / "languages").glob("*.json"))
FIELD = re.compile(r"\{[^{}]*\}")


def literals() -> Iterator[str]:
    """The patterns of all messages that stand in the program."""
    for path in PACKAGE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Message":
                pattern = call.args[0]
                if isinstance(pattern, ast.Constant):
                    yield pattern.value


def of_rows() -> Iterator[str]:
    """The words of operations and mistakes that become messages."""
    for row in TABLE:
        yield from (kink.words for kink in row.kinks)
        yield from [row.domain.words] if row.domain else []
        yield from [row.convention] if row.convention else []
    for mistake in MISTAKES:
        yield from filter(None, (mistake.words, mistake.value_words))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_message_has_a_translation(path: Path) -> None:
    catalogue = json.loads(path.read_text(encoding="utf-8"))
    said = {*literals(), *of_rows()}
    assert len(said) > 150
    assert sorted(said - catalogue.keys()) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_translation_says_what_the_message_says(path: Path) -> None:
    """The same values are put into it, however they are ordered."""
    for pattern, translation in json.loads(path.read_text(encoding="utf-8")).items():
        fields = (sorted(set(FIELD.findall(text))) for text in (pattern, translation))
        assert len(set(map(tuple, fields))) == 1, pattern
