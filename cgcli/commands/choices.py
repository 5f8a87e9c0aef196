"""What an option's text says: one of a few words, a list of them, pairs; what completes it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TypeAlias

from cgcli.errors import CgraphError, shorten
from cgcli.library.choices import one_of

Words: TypeAlias = tuple[str, ...] | Callable[[], Iterable[str]]
"""Words, or what returns them where it takes time to know them."""


def conflict(message: str, hint: str = "leave one of the two out") -> CgraphError:
    """Return the error for options that do not go together."""
    return CgraphError("usage", message, hint)


def format_of(form: str | None, *, json: bool) -> str:
    """Return the format that --format and --json ask for, text without either."""
    if json and form not in (None, "json"):
        raise conflict(f"--json and --format {form} do not go together")
    return "json" if json else form or "text"


def all_of(option: str, text: str | None, words: tuple[str, ...]) -> set[str]:
    """Return the words of a list with commas, each one of those there are.

    >>> sorted(all_of("--hide", "values, gradients", ("gradients", "values")))
    ['gradients', 'values']
    """
    given = [word.strip() for word in (text or "").split(",")]
    return {word for word in given if word and one_of(option, word, words)}


def pairs(
    option: str,
    given: list[str] | None,
    example: str,
    *,
    alone: bool = False,
    columns: bool = False,
) -> dict[str, str]:
    """Return an option's ``name=text`` pairs, each name once; raises `CgraphError`.

    With `alone` a name without a text stands for itself. The names of `columns` may be any text.

    >>> pairs("--stack", ["x=pixel_*"], "x=pixel_*")
    {'x': 'pixel_*'}
    """
    texts: dict[str, str] = {}
    for pair in given or []:
        name, equals, text = pair.partition("=")
        name, text = name.strip(), text.strip()
        if alone and not equals:
            equals, text = "=", name
        if not equals or not (name if columns else name.isidentifier()) or not text:
            message = f"{option} needs a name and what it is, not '{shorten(pair)}'"
            raise CgraphError("usage", message, f'write {option} "{example}"')
        if name in texts:
            raise CgraphError("usage", f"{option} gives '{shorten(name)}' twice", "give it once")
        texts[name] = text
    return texts


def completed(words: Words, several: bool = False) -> Callable[[str], list[str]]:
    """Return what completes a word for the shell; with `several`, the last of a list.

    >>> completed(("gradients", "values"), several=True)("gradients,v")
    ['gradients,values']
    """

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",") if several else ("", "", incomplete)
        given = before.split(",")
        known = words if isinstance(words, tuple) else words()
        return [
            f"{before}{comma}{word}"
            for word in known
            if word.startswith(last) and word not in given
        ]

    return complete


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
