"""Functions as they are written elsewhere, and what the language does not have: for errors."""

from __future__ import annotations

from typing import Final

from cgcli.resource import read_toml

_TABLES: Final = read_toml(__package__, "spellings.toml")

OTHER_SPELLINGS: Final[dict[str, str]] = {
    word: here for here, words in _TABLES["spellings"].items() for word in words.split()
}
"""What is written for a function elsewhere, and what is written here."""

ABSENT: Final[dict[str, str]] = _TABLES["absent"]
"""What the language does not have, and what may be done without it."""
