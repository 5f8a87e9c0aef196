"""Names of a program as other languages take them."""

from __future__ import annotations

import unicodedata
from typing import Final


def clean(name: str) -> str:
    """Return a name as Python reads it, by which letters that it takes for one are one.

    >>> clean("h[2]"), clean("ϕ")
    ('h_2', 'φ')
    """
    for mark, text in ((", ", "_"), ("[", "_"), ("]", ""), ("-", "m")):
        name = name.replace(mark, text)
    name = unicodedata.normalize("NFKC", name)
    name = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in name)
    return name if name.isidentifier() else f"_{name}"


def ascii_letters(name: str) -> str:
    """Return a name of ASCII letters, as C reads it.

    >>> ascii_letters("φ[2]")
    'u3c6_2'
    """
    plain = "".join(c if c.isascii() else f"u{ord(c):x}" for c in clean(name))
    return f"v{plain}" if plain[0] == "_" else plain


def small_letters(name: str) -> str:
    """Return a name as SQL reads it, which does not tell capital letters from small ones."""
    return clean(name).lower()


CLEAN: Final = {"all": clean, "ascii": ascii_letters, "small": small_letters}
"""By the word in a language's table, how it takes a name."""
