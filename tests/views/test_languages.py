"""A language for people is a file: what is there is listed, completed and spoken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cgcli.library.choices import completed
from cgcli.views import catalogue

GERMAN = {
    "Given": "Gegeben",
    "through {use}": "über {use}",
    "by argument {place}": "nach Argument {place}",
    "the sum of {count} contributions": "die Summe von {count} Beiträgen",
}


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of languages with one file in it."""
    (tmp_path / "de.json").write_text(json.dumps(GERMAN), encoding="utf-8")
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    catalogue.catalogue.cache_clear()
    catalogue.languages.cache_clear()
    yield
    catalogue.catalogue.cache_clear()
    catalogue.languages.cache_clear()


@pytest.mark.usefixtures("german")
def test_a_language_is_a_file(cgraph: Any) -> None:
    assert catalogue.languages() == ["de", "en"]
    assert completed(catalogue.languages)("d") == ["de"]
    lines = cgraph("trace", "x^x", "x=2", "--lang", "de").out.splitlines()
    assert lines[0] == "Gegeben"
    assert "       über f (#1): ∂f/∂f · ∂₁f = 1 · 4 = 4" in lines
    assert "  ∂f/∂x = 4 + 2.77259 = 6.77259  (die Summe von 2 Beiträgen)" in lines
    # What the file lacks is said in English.
    assert "Forward: the value of each operation" in lines
    ran = cgraph("trace", "x", "x=2", "--lang", "fr")
    assert (ran.status, "there are de, en" in ran.err) == (2, True)


@pytest.mark.usefixtures("german")
def test_the_locale_chooses_a_language_that_is_there() -> None:
    assert catalogue.wanted({"LANG": "de_AT.UTF-8"}) == "de"
    assert catalogue.wanted({"LANG": "fr_FR.UTF-8"}) == "en"
