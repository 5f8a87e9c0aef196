"""What a keyword or an option may be: one of a few words, some of them, a number, a type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cgcli.errors import CgraphError, shorten, suggest
from cgcli.words import Message


def listed(words: Sequence[str]) -> Message:
    """Return words as a sentence lists them.

    >>> listed(("text", "html", "json"))
    'text, html or json'
    """
    return Message("{words} or {last}", words=", ".join(words[:-1]), last=words[-1])


def one_of(option: str, word: str | None, words: tuple[str, ...]) -> str | None:
    """Return an option's word when it is one of those there are; raises `CgraphError`.

    >>> one_of("--pass", "forward", ("forward", "backward"))
    'forward'
    """
    if word is None or word in words:
        return word
    hint = suggest(word, words, f"write {option} {listed(words)}")
    message = f"{option} is {listed(words)}, not '{shorten(word)}'"
    raise CgraphError("usage", message, hint)


def check_words(name: str, given: str | Iterable[str], words: tuple[str, ...]) -> None:
    """Raise `CgraphError` for a keyword's word, or one of several, that is none there is."""
    for word in [given] if isinstance(given, str) else given:
        one_of(name, str(word), words)


def check_count(name: str, number: object, least: int, most: int, example: int = 1) -> None:
    """Raise `CgraphError` for a keyword that is given, and no whole number of those allowed."""
    if number is not None and (type(number) is not int or not least <= number <= most):
        shown = shorten(repr(number))
        message = f"{name} is a whole number from {least} to {most:,}, not {shown}"
        raise CgraphError("usage", message, f"write {name}={example}")


def check_form(name: str, given: Any, form: Any, example: str) -> None:
    """Raise `CgraphError` for a keyword of another type."""
    if not isinstance(given, form):
        message = f"{name} cannot be of the type {type(given).__name__}"
        raise CgraphError("usage", message, f"write {name.partition(' ')[0]}={example}")
