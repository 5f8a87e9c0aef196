"""Options that take one of a few words: checked, listed in the help, completed by the shell.

The words of an option stand in one tuple, which all three read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import typer

from cgcli.errors import CgraphError, shorten

__all__ = ["choice", "completed", "files_after_at", "listed", "one_of", "several_of"]

Words: TypeAlias = tuple[str, ...] | Callable[[], Iterable[str]]
"""Words, or what returns them where it takes time to know them."""


def choice(
    words: Words, text: str, *names: str, metavar: str = "WORD", several: bool = False
) -> Any:
    """Return an option that takes one of some words, or `several` with commas.

    `{words}` in its text is where the help lists them.
    """
    if isinstance(words, tuple):
        text = text.format(words=listed(words))
    return typer.Option(
        *names, metavar=metavar, help=text, autocompletion=completed(words, several=several)
    )


def listed(words: Sequence[str]) -> str:
    """Return words as a sentence lists them.

    >>> listed(("text", "html", "json"))
    'text, html or json'
    """
    return f"{', '.join(words[:-1])} or {words[-1]}"


def one_of(option: str, word: str | None, words: tuple[str, ...]) -> str | None:
    """Return an option's word when it is one of those there are; raises `CgraphError`.

    >>> one_of("--pass", "forward", ("forward", "backward"))
    'forward'
    """
    import difflib

    if word is None or word in words:
        return word
    close = difflib.get_close_matches(word[:40].lower(), words, 1, 0.5)
    hint = f"did you mean {close[0]}?" if close else f"write {option} {listed(words)}"
    message = f"{option} is {listed(words)}, not '{shorten(word)}'"
    raise CgraphError("usage", message, hint)


def several_of(option: str, text: str | None, words: tuple[str, ...]) -> set[str]:
    """Return the words of a list with commas, each one of those there are.

    >>> sorted(several_of("--hide", "values, gradients", ("gradients", "values")))
    ['gradients', 'values']
    """
    found = [word.strip() for word in (text or "").split(",")]
    return {word for word in found if word and one_of(option, word, words)}


def completed(words: Words, *, several: bool = False) -> Callable[[str], list[str]]:
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


def files_after_at(incomplete: str) -> list[str]:
    """Return the paths that complete ``@net.cg`` or ``W=@weights.csv``; the shell does the others.

    >>> files_after_at("x=1")
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
    found = []
    for name in names:
        if name.startswith(start) and (start or not name.startswith(".")):
            whole = os.path.join(folder, name)
            found.append(f"{before}@{whole}" + ("/" if os.path.isdir(whole) else ""))
    return found
