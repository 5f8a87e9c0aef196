"""The forms that results are written in: what is checked, completed and listed in the help."""

from __future__ import annotations

from typing import Final

TRACES: Final = ("text", "markdown", "latex", "html", "json")
CODE: Final = ("python", "numpy")
DERIVATIVES: Final = ("text", "latex", "json", *CODE)
ROWS: Final = ("csv", "jsonl")
PICTURES: Final = ("svg", "png", "pdf", "dot", "mmd")
TARGETS: Final = ("python", "numpy", "c", "js", "sql", "jax", "torch", "onnx")
