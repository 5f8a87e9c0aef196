"""The console that tables are printed on; the one place where a terminal is looked at."""

from __future__ import annotations

import os
import sys
from typing import IO, Any

__all__ = ["can_show", "console", "rule_style", "show"]


def console(stream: IO[str] | None = None) -> Any:
    """Return Rich's console for a stream, standard output unless another is given.

    Colours stand on a terminal only, as NO_COLOR, FORCE_COLOR and TERM say; a table that goes
    elsewhere is as wide as its text, unless COLUMNS says how wide.
    """
    from rich.console import Console

    target = stream or sys.stdout
    width = None
    if not target.isatty() and not os.environ.get("COLUMNS", "").isdigit():
        width = 10_000
    return Console(file=target, width=width, highlight=False, markup=False, emoji=False)


def show(out: Any, table: Any) -> None:
    """Print a table without the spaces that Rich leaves at the ends of its lines."""
    with out.capture() as captured:
        out.print(table)
    out.file.write("\n".join(line.rstrip() for line in captured.get().split("\n")))


def can_show(text: str, stream: IO[str] | None = None) -> bool:
    """Return whether a stream's encoding has the characters of a text."""
    encoding = getattr(stream or sys.stdout, "encoding", None)
    try:
        text.encode(encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def rule_style() -> Any:
    """Return the box of a table: a line under its head, in ASCII where there is no other."""
    from rich import box

    return box.SIMPLE_HEAD if can_show("─") else box.ASCII2
