"""One file a trace: the command, and exactly what it prints."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

FILES = sorted((Path(__file__).parent / "traces").glob("*.txt"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_trace(file: Path, cgraph: Any) -> None:
    line, _, expected = file.read_text(encoding="utf-8").partition("\n")
    ran = cgraph(*shlex.split(line.removeprefix("$ cgraph ")))
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == expected
