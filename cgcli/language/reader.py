"""Text → tokens: what people paste is read, newlines in brackets are dropped, depth is bounded."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.errors import CgraphError, Place
from cgcli.language.tables import GRAMMARS, Tables, files, load

Token: TypeAlias = tuple[str, str, int, int]
"""A terminal's name, its text, and the half-open span of it."""

END: Final = "$END"
UNKNOWN: Final = "UNKNOWN"
CLOSING: Final = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}

_BRACKETS: Final = frozenset(CLOSING) | frozenset(CLOSING.values()) | {"NEWLINE"}

# One character for one, so that every column stays that of the text as it was pasted.
_WIDE: Final = "".join(map(chr, range(0xFF01, 0xFF5F)))
_PASTED: Final = str.maketrans(
    "−×·⋅∗÷\u00a0\u2007\u202f\u3000" + _WIDE, "-****/    " + "".join(map(chr, range(0x21, 0x7F)))
)


class Machine(NamedTuple):
    """The tables made ready to run, with one expression for all tokens, and one for each."""

    terminals: dict[str, str]
    pattern: re.Pattern[str]
    ignored: frozenset[str]
    tables: Tables
    jump: dict[tuple[int, str, str], int]
    """Where to go after a reduction: kept between parses, filled as states are met."""
    builders: dict[str, Callable[..., Any]]
    """What builds each alias: kept between parses as well, for a grammar has one class of them."""


@functools.cache
def machine(grammar: str = GRAMMARS[0]) -> Machine:
    """Return the machine of one of the package's grammars, made once."""
    tables = load(*files(grammar))
    # A terminal's groups are anonymous: a token is known by the one group that matched.
    plain = {name: re.sub(r"(?<!\\)\((?!\?)", "(?:", text) for name, text in tables.terminals}
    parts = [f"(?P<{name}>{text})" for name, text in plain.items()]
    pattern = re.compile("|".join([*parts, f"(?P<{UNKNOWN}>.)"]), re.DOTALL)
    return Machine(plain, pattern, frozenset(tables.ignored), tables, jump={}, builders={})


def normalise(text: str) -> str:
    """Return the text with the pasted forms of the language's own characters made plain.

    >>> normalise("（x＋y）×z")
    '(x+y)*z'
    """
    if text.isascii():
        return text
    if text.startswith("\ufeff"):
        text = " " + text[1:]
    return text.translate(_PASTED)


def tokens(text: str, source: str, depth: int, reader: Machine) -> Iterator[Token]:
    """Yield the tokens of a normalised text; `source` is the text as it was, for messages.

    Raises `CgraphError` of kind limit where brackets nest deeper than `depth`.
    """
    ignored, keywords = reader.ignored, reader.tables.keywords
    stack: list[str] = []
    for match in reader.pattern.finditer(text):
        kind = match.lastgroup or UNKNOWN
        if kind in ignored:
            continue
        start, end = match.span()
        word = text[start:end]
        if kind in _BRACKETS:
            if kind in CLOSING:
                stack.append(kind)
                if len(stack) > depth:
                    raise _too_deep(source, start, depth)
            elif kind == "NEWLINE":
                if stack and stack[-1] != "LBRACE":
                    continue
            elif stack:
                stack.pop()
        if kind == "NAME":
            kind = keywords.get(word, kind)
            if word == "π":
                word = "pi"
        yield kind, word, start, end
    yield END, "", len(text), len(text)


def _too_deep(source: str, start: int, depth: int) -> CgraphError:
    message = f"brackets nest deeper than {depth:,} levels"
    hint = "give parts names of their own, one statement each, or raise the limit with --max-depth"
    return CgraphError("limit", message, hint, (Place(source, start, start + 1),))
