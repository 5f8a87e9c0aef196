"""The JSON Schemas of all that is printed as JSON: versioned contracts, checked by the tests."""

from __future__ import annotations

import os

__all__ = ["names", "read"]

_SAME = {"predict": "map"}
"""What prints the document of another command."""

_FOLDER = os.path.dirname(os.path.abspath(__file__))


def names() -> list[str]:
    """Return what there are schemas of.

    >>> names()[:5]
    ['check', 'diff', 'draw', 'error', 'eval']
    """
    files = (name[:-5] for name in os.listdir(_FOLDER) if name.endswith(".json"))
    return sorted([*files, *_SAME])


def read(name: str) -> str:
    """Return the text of a schema, by one of `names`."""
    with open(os.path.join(_FOLDER, f"{_SAME.get(name, name)}.json"), encoding="utf-8") as file:
        return file.read()
