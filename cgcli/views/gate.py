"""The gate that a user's text passes on its way to a terminal."""

from __future__ import annotations

from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str) -> str:
    """Return the text with control, bidirectional and separator characters shown escaped.

    >>> printable("a\\x1b[31mb\\u202ec")
    'a\\\\x1b[31mb\\\\u202ec'
    """
    if text.isprintable():
        return text
    import unicodedata

    hidden = {char for char in text if unicodedata.category(char) in _HIDDEN}
    return "".join(_escape(char) if char in hidden else char for char in text)


def printable_lines(text: str) -> str:
    """Return a text of lines in the same way; the ends of lines stay, and tabs.

    >>> printable_lines("a\\tb\\n\\x07")
    'a\\tb\\n\\\\x07'
    """
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(char if char in "\n\t" else printable(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")


def width(text: str) -> int:
    """Return how many columns of a terminal a printable text takes.

    >>> width("（x）")
    5
    """
    if text.isascii():
        return len(text)
    import unicodedata

    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    narrow = sum(unicodedata.combining(char) != 0 for char in text)
    return len(text) + wide - narrow
