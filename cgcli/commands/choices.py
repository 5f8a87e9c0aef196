"""What an option's text says: one of a few words, a list of them, pairs; what completes it."""

from __future__ import annotations

import os

from cgcli.errors import CgraphError


def conflict(message: str, hint: str = "leave one of the two out") -> CgraphError:
    """Return the error for options that do not go together."""
    return CgraphError("usage", message, hint)


def format_of(form: str | None, *, json: bool) -> str:
    """Return the format that --format and --json ask for, text without either."""
    if json and form not in (None, "json"):
        raise conflict(f"--json and --format {form} do not go together")
    return "json" if json else form or "text"


def after_at(incomplete: str) -> list[str]:
    """Return the paths that complete ``@net.cg`` or ``W=@weights.csv``; the shell does the others.

    >>> after_at("x=1")
    []
    """
    before, at, path = incomplete.partition("@")
    if not at or (before and not before.endswith("=")):
        return []
    folder, start = os.path.split(path)
    try:
        names = sorted(os.listdir(folder or "."))
    except (OSError, ValueError):
        return []
    completions = []
    for name in names:
        if name.startswith(start) and (start or not name.startswith(".")):
            full = os.path.join(folder, name)
            completions.append(f"{before}@{full}" + ("/" if os.path.isdir(full) else ""))
    return completions
