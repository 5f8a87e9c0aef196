"""One file an error: the command, and exactly what it prints."""

from __future__ import annotations

import json
import shlex
import traceback
from pathlib import Path
from typing import Any

import pytest

import cgcli
from tests.documents import validate

FILES = sorted((Path(__file__).parent / "errors").glob("*.txt"))


def arguments(line: str) -> list[str]:
    """Read a command line as bash does: $'…' holds escapes, everything else is shlex's."""
    words = []
    rest = line.removeprefix("$ cgraph ")
    while rest:
        if rest.startswith("$'"):
            inner, _, rest = rest[2:].partition("'")
            words.append(inner.encode("latin-1").decode("unicode_escape"))
            rest = rest.lstrip()
            continue
        plain, found, after = rest.partition(" $'")
        words += shlex.split(plain)
        rest = "$'" + after if found else ""
    return words


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_error(file: Path, cgraph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line, _, expected = file.read_text(encoding="utf-8").partition("\n")
    ran = cgraph(*arguments(line))
    assert ran.err == expected
    assert (ran.status, ran.out) == (2, "")


@pytest.mark.parametrize(
    "file",
    [file for file in FILES if " eval " in file.read_text(encoding="utf-8")],
    ids=lambda file: file.stem,
)
def test_the_same_error_as_json(
    file: Path, cgraph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line, _, expected = file.read_text(encoding="utf-8").partition("\n")
    words = arguments(line)
    ran = cgraph(words[0], "--json", *words[1:])
    assert (ran.status, ran.err) == (2, "")
    document = json.loads(ran.out)
    validate(document, "error")
    # What is invisible is escaped for a person and kept for a script.
    if "invisible" not in expected:
        assert expected.startswith(f"error: {document['error']['message']}\n")


def test_a_traceback_shows_the_place_and_the_hint() -> None:
    for text, expected in (
        ("x = 1;\n (x +", "   (x +\n       ^\nhint: "),
        ("foo(x)", "  foo(x)\n  ^^^\nhint: did you mean 'floor'?\n"),
    ):
        with pytest.raises(cgcli.CgraphError) as raised:
            cgcli.parse(text).evaluate(x=1)
        assert expected in "".join(traceback.format_exception_only(raised.value))
    assert not cgcli.CgraphError("usage", "no expression").__notes__
