"""The forms that results are written in: what is checked, completed and listed in the help."""

from __future__ import annotations

from typing import Final

TRACES: Final = {
    "text": "text:print_on",
    "markdown": "pages:as_markdown",
    "latex": "pages:as_latex",
    "html": "pages:as_html",
    "json": "document:as_json",
}
"""By form of a trace its module in `trace`, and the function that writes it."""

CODE: Final = ("python", "numpy")
DERIVATIVES: Final = ("text", "latex", "json", *CODE)
ROWS: Final = ("csv", "jsonl")
PICTURES: Final = ("svg", "png", "pdf", "dot", "mmd")
