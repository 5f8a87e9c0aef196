"""The sentences of a page, and which tests hold them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ("conventions", "certified")

NO_CLAIM: Final = "-"
"""Stands for tests where a sentence claims nothing of what the program does."""

_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_END = re.compile(r"(?<=[.:?])\s+(?=[A-Z`*\d])")


def sentences(page: str) -> list[str]:
    """Return the sentences of a page without its headings and examples; of a table, its rows."""
    text = _BLOCK.sub("", (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8"))
    found: list[str] = []
    for line in text.splitlines():
        if not line or line.startswith(("#", "| ---", "|---")):
            continue
        if line.startswith("|"):
            found.append(line)
            continue
        found += _END.split(re.sub(r"^(?:- |\d+\. )", "", line))
    return found


def claims(page: str) -> dict[str, list[str]]:
    """Return the tests by sentence, from the table of a page: sentences, and tests indented."""
    found: dict[str, list[str]] = {}
    sentence = ""
    table = Path(__file__).parent / f"{page}.txt"
    for line in table.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            found[sentence].append(line.strip())
        elif line:
            sentence = line
            found[sentence] = []
    return found
