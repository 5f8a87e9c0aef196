"""docs/native.md: its examples run, and print what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from cgcli.native.library import compiler
from tests.export.test_docs import run_examples

PAGE = Path(__file__).parents[2] / "docs" / "native.md"


@pytest.mark.skipif(not compiler(), reason="there is no C compiler")
def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert run_examples(PAGE.read_text("utf-8"), tmp_path) == 4
