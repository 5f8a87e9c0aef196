"""The forms that results are written in: what is checked, completed and listed in the help."""

from __future__ import annotations

from typing import Final

__all__ = ["DERIVATIVES", "PICTURES", "ROWS", "TRACES"]

TRACES: Final = ("text", "markdown", "latex", "html", "json")
DERIVATIVES: Final = ("text", "latex", "json", "python", "numpy")
ROWS: Final = ("csv", "jsonl")
PICTURES: Final = ("svg", "png", "pdf", "dot", "mmd")
