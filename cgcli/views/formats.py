"""The forms that results are written in: what is checked, completed and listed in the help."""

from __future__ import annotations

from typing import Final

TRACES: Final = {
    "text": "",
    "markdown": "cgcli.views.trace.pages.as_markdown",
    "latex": "cgcli.views.trace.pages.as_latex",
    "html": "cgcli.views.page.page.as_page",
    "json": "cgcli.views.trace.document.as_json",
}
"""By form what writes a trace in it, imported when asked for; text is printed step by step."""
CODE: Final = ("python", "numpy")
DERIVATIVES: Final = ("text", "latex", "json", *CODE)
ROWS: Final = ("csv", "jsonl", "parquet")
PICTURES: Final = ("svg", "png", "pdf", "dot", "mmd")
DIRECTIONS: Final = ("auto", "right", "down")
THEMES: Final = ("auto", "light", "dark", "print", "transparent")
BLANKS: Final = ("gradients", "values")
"""What a trace leaves blank."""
LEFT_OUT: Final = (*BLANKS, "formulas")
"""What a picture leaves out."""
PRACTICE: Final = ("values", "gradients")
NUMBERS: Final = ("integer", "rational", "decimal")
REVEALED: Final = ("verdict", "hint", "answer")
REQUIRED: Final = ("answered", "all", "number")
TARGETS: Final = {
    "python": ("py",), "numpy": ("py",), "c": ("c", "h"), "js": ("js", "mjs"), "sql": ("sql",),
    "jax": ("py",), "torch": ("py",), "onnx": ("onnx",),
}  # fmt: skip
"""The languages of exported code, with the endings of their files."""

FIELDS: Final = ("expression", "output", "value", "gradient", "jacobian", "nodes", "notes")
"""The parts of an evaluation's document that --fields may ask for."""
