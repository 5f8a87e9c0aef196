"""Syntax errors: what the parser could not use, told by the tables of what people write.

`explain` is called where the parser met a token it has no use for. It reads the text again up
to there; a character that the language does not have is answered by `characters`, everything
else by the first of the rows in `situations.toml` that fits.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from cgcli.errors import CgraphError, Place, shorten
from cgcli.language.characters import describe
from cgcli.language.context import Context
from cgcli.language.derivatives import DERIVATIVE
from cgcli.language.reader import CLOSING, END, UNKNOWN, Machine, Token, tokens
from cgcli.language.syntax import NAME, NUMBER, OPERATION, Expression
from cgcli.resource import read_toml

_NAME: Final = re.compile(r"\{(\w+)\}")
_CLOSERS: Final = frozenset(CLOSING.values())


class Situation(NamedTuple):
    """Where the parser stopped, what is said, what to write instead, and texts it answers."""

    asks: dict[str, bool | str | list[str]]
    texts: tuple[str, str]
    examples: list[str]

    def fits(self, context: Context) -> bool:
        """Return whether a context is as the row asks."""
        return all(_is(getattr(context, name), wanted) for name, wanted in self.asks.items())

    def said(self, context: Context) -> list[str]:
        """Return what is wrong, and what to write instead."""
        fill = lambda name: str(getattr(context, name[1]))
        return [_NAME.sub(fill, text) for text in self.texts]


def _is(value: Any, wanted: bool | str | list[str]) -> bool:
    if isinstance(wanted, bool):
        return bool(value) is wanted
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)


SITUATIONS: Final = tuple(
    Situation(row["fits"], (row["message"], row["hint"]), row["examples"])
    for row in read_toml(__package__, "situations.toml")["situations"]
)


def explain(
    source: str, plain: str, position: int, expected: list[str], depth: int, reader: Machine
) -> CgraphError:
    """Return the error for the token at `position`, where one of `expected` was wanted."""
    context = _context(source, plain, position, expected, depth, reader)
    kind, char, start, end = context.token
    if kind == UNKNOWN or (kind == "COLON" and not context.open):
        message, hint = describe(char, context.last, context.last_kind, plain[end : end + 80])
        if context.derivative:
            message, hint = DERIVATIVE, context.derivative
    else:
        row = next(row for row in SITUATIONS if row.fits(context))
        message, hint = row.said(context)
    return CgraphError("syntax", message, hint, (Place(source, start, end),))


def bad_target(source: str, target: Expression, expression: Expression, start: int) -> CgraphError:
    """Return the error for a left side of '=' that is no name."""
    kind, _, _, _, last = target[-1]
    if kind == NUMBER:
        hint = "write name = value, or == to compare"
    elif kind == OPERATION and len(expression) == 1 and expression[0][0] == NAME:
        right = shorten(source[expression[0][3] : expression[0][4]])
        hint = f"write {right} = … the other way round, or == to compare"
    else:
        hint = "write name = expr, name[k] = expr or name(a, b) = expr; to compare write =="
    place = Place(source, start, last)
    return CgraphError("syntax", "the left side of '=' must be a name", hint, (place,))


def _context(
    source: str, plain: str, position: int, expected: list[str], depth: int, reader: Machine
) -> Context:
    """Read the text again up to the token, keeping the brackets that are open there."""
    before: Token | None = None
    earlier: Token | None = None
    opened: list[Token] = []
    token: Token = (END, "", len(plain), len(plain))
    for token in tokens(plain, source, depth, reader):
        if token[2] >= position and (token[0] != END or position >= len(plain)):
            break
        if token[0] in CLOSING:
            opened.append(token)
        elif token[0] in _CLOSERS and opened:
            opened.pop()
        before, earlier = token, before
    return Context(source, token, before, earlier, opened, "NUMBER" in expected)
