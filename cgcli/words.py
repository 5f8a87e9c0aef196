"""Sentences that can be said in another language: the pattern is kept beside what fills it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Self

ASKED: Final[list[str]] = []
"""The language that the command line asks for, as its last word, for what stands beside answers."""


def ask(arguments: Sequence[str]) -> None:
    """Remember the language of a command line's --lang.

    >>> ask(["eval", "x", "--lang", "zh"]); ASKED
    ['zh']
    >>> ask([]); ASKED
    []
    """
    ASKED.clear()
    for word, following in zip(arguments, [*arguments[1:], ""], strict=False):
        name, equals, value = word.partition("=")
        if name == "--lang":
            ASKED.append(value if equals else following)


class Message(str):
    """A sentence in English that still knows its pattern and the values put into it.

    Patterns are literals of the program; what comes from a user is only ever a value, which is
    not read as a pattern again. A value may be a message itself.

    >>> message = Message("{name} must be {what}", name="x", what=Message("positive"))
    >>> message, message.pattern
    ('x must be positive', '{name} must be {what}')
    """

    __slots__ = ("pattern", "values")

    pattern: str
    values: dict[str, Any]

    def __new__(cls, pattern: str, /, **values: Any) -> Self:
        """Return the sentence with its values filled in."""
        message = super().__new__(cls, pattern.format_map(values) if values else pattern)
        message.pattern = pattern
        message.values = values
        return message


class Math(str):
    """A value among words that is mathematics: what prints it may set it apart."""

    __slots__ = ()


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def headed(kind: str, what: str) -> Message:
    """Return a sentence behind what it is.

    >>> headed("note", "it is empty")
    'note: it is empty'
    """
    head = kind if isinstance(kind, Message) else Message(kind)
    return Message("{kind}: {what}", kind=head, what=what)


def joined(messages: list[Message], pattern: str = "{before}; {after}") -> Message:
    """Return one message of several, with semicolons between them unless the pattern is another.

    >>> joined([Message("one"), Message("two")])
    'one; two'
    """
    sentence = messages[0]
    for message in messages[1:]:
        sentence = Message(pattern, before=sentence, after=message)
    return sentence
