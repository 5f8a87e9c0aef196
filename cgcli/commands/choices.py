"""Options: flags, counts, texts, and those that take one of a few words.

The words of an option stand in one tuple: they are checked, listed in the help, and completed by
the shell.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import typer

from cgcli.errors import CgraphError, nearest, shorten
from cgcli.limits import MOST_COUNT

__all__ = [
    "choice",
    "completed",
    "count",
    "files_after_at",
    "flag",
    "format_of",
    "listed",
    "one_of",
    "option",
    "several_of",
]

Words: TypeAlias = tuple[str, ...] | Callable[[], Iterable[str]]
"""Words, or what returns them where it takes time to know them."""


def option(text: str, *names: str, metavar: str = "X", **more: Any) -> Any:
    """Return an option that takes a value, with what the help says of it."""
    return typer.Option(*names, metavar=metavar, help=text, **more)


def count(text: str, name: str, least: int = 0, most: int = MOST_COUNT) -> Any:
    """Return an option that takes a whole number."""
    return option(text, name, metavar="N", min=least, max=most)


def flag(text: str, name: str, **more: Any) -> Any:
    """Return an option that is there or is not."""
    return typer.Option(name, help=text, **more)


def choice(
    words: Words, text: str, *names: str, metavar: str = "WORD", several: bool = False
) -> Any:
    """Return an option that takes one of some words, or `several` with commas.

    `{words}` in its text is where the help lists them.
    """
    if isinstance(words, tuple):
        text = text.format(words=listed(words))
    found = completed(words, several=several)
    return option(text, *names, metavar=metavar, autocompletion=found)


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
    if word is None or word in words:
        return word
    close = nearest(word, words)
    hint = f"did you mean {close}?" if close else f"write {option} {listed(words)}"
    message = f"{option} is {listed(words)}, not '{shorten(word)}'"
    raise CgraphError("usage", message, hint)


def format_of(form: str | None, words: tuple[str, ...], *, json: bool) -> str:
    """Return the format that --format and --json ask for, text without either."""
    if json and form not in (None, "json"):
        message = f"--json and --format {shorten(form or '')} are two answers to one question"
        raise CgraphError("usage", message, "leave one of the two out")
    return one_of("--format", "json" if json else form, words) or "text"


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
