"""Chinese is said beside answers too: in the help, in notes, in what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cgcli.commands.prompt import _help
from cgcli.commands.shared import COMMANDS, first, page
from cgcli.views.catalogue import Catalogue, catalogue
from cgcli.views.gate import width
from cgcli.views.manual import Page
from cgcli.words import Message

CHINESE = json.loads(
    (Path(__file__).parents[2] / "cgcli" / "views" / "languages" / "zh.json").read_text("utf-8")
)


def patterns(page: Page) -> Iterator[str]:
    """The sentences of a help, those inside of others too."""
    yield from (page.summary, page.trying, "Usage:", *page.groups)
    pending: list[Any] = [e.text for entries in page.groups.values() for e in entries]
    while pending:
        text = pending.pop()
        if isinstance(text, Message):
            yield text.pattern
            pending += text.values.values()


@pytest.mark.parametrize("name", ["", ":", *COMMANDS])
def test_every_sentence_of_the_help_is_there(name: str) -> None:
    described = _help() if name == ":" else page(name) if name else first()
    for pattern in patterns(described):
        assert pattern in CHINESE, pattern
        fields = re.findall(r"\{\w+\}", pattern)
        assert sorted(fields) == sorted(re.findall(r"\{\w+\}", CHINESE[pattern]))


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_help_fits(
    command: str, columns: int, cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for more in ("--help", "--help-all"):
        lines = cgraph(command, more, "--lang", "zh").out.splitlines()
        assert lines[0].startswith("用法： cgraph ")
        assert max(map(width, lines)) <= columns
        assert columns < 80 or more == "--help-all" or len(lines) <= 40
    assert cgraph("help", command, "--lang", "zh") == cgraph(command, "--help", "--lang", "zh")


def test_the_language_is_the_locales_or_the_one_that_is_asked_for(
    cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = cgraph("eval", "abs(x)", "x=0", "--lang", "zh").out
    assert "不可导点: f (第 1 列): abs(x) 有尖点" in asked
    assert "kink: f (column 1)" in cgraph("eval", "abs(x)", "x=0").out
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert cgraph("eval", "abs(x)", "x=0").out == asked
    assert "kink: f (column 1)" in cgraph("eval", "abs(x)", "x=0", "--lang", "en").out
    # What a script reads is the same everywhere.
    document = json.loads(cgraph("eval", "abs(x)", "x=0", "--json").out)
    assert document["notes"][0]["message"].startswith("abs(x) has a corner")
    assert cgraph("eval", "(x", "--json").out == cgraph("eval", "(x", "--json", "--lang", "en").out


def test_a_sentence_is_known_by_its_text() -> None:
    said = Catalogue(
        {
            "{0} needs {1}": "{1} braucht {0}",
            "{0} needs a value": "{0} braucht einen Wert",
            "{name} or {name}": "zweimal {name}",
            "milk": "Milch",
        }
    )
    assert said.read("--of needs a value") == "--of braucht einen Wert"
    assert said.read("tea needs milk") == "Milch braucht tea"
    assert said.read("milk or milk") == "zweimal Milch"
    assert said.read("milk or tea") == "milk or tea"
    assert said.read("a {0} in braces") == "a {0} in braces"
    assert catalogue("en").read("error") == "error"
