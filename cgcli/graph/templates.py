"""How operations are written, in any notation: templates, and what follows from them alone.

A template is the text of an operation with its arguments in angle brackets by their places. It
says how tightly it binds itself, and how tightly what stands at a place must bind: from that
alone follows where brackets stand. ``<0:sum>`` wants a sum or what binds tighter, and ``<0>``
takes anything, as the arguments of a call do. ``<0?>`` wants a condition and no number. ``<*>``
are all arguments and the whole numbers that are written among them, ``<static>`` is an index or
a length, ``<axis>`` the axis of a reduction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from cgcli.operations.row import LEVELS

ANY: Final = LEVELS["choice"]
ATOM: Final = LEVELS["atom"]
_PLACE: Final = re.compile(r"<(\d+)(?::(\w+))?(\?)?>")

Pattern: TypeAlias = str | tuple[str, str]
"""A text that binds as an atom does, a call; or its level and the text, ``?`` for a condition."""


class Slot(NamedTuple):
    """A place for an argument: how tightly it must bind there, and whether it is a condition."""

    place: int
    level: int = ANY
    truth: bool = False


class Template(NamedTuple):
    """A pattern taken apart: how tightly it binds, its texts and slots, if it is a condition."""

    level: int
    pieces: Sequence[str | Slot]
    truth: bool = False


@lru_cache(1_000)
def parsed(pattern: Pattern, count: int, static: tuple[int, ...] = ()) -> Template:
    """Return a pattern taken apart, for so many arguments.

    >>> parsed(("sum", "<0:sum> - <1:product>"), 2).pieces
    [Slot(place=0, level=1, truth=False), ' - ', Slot(place=1, level=2, truth=False)]
    """
    level, text = ("atom", pattern) if isinstance(pattern, str) else pattern
    listed = [*(f"<{place}>" for place in range(count)), *map(str, static)]
    text = text.replace("<static>", ", ".join(map(str, static)))
    text = text.replace("<axis>", f", axis={static[0]}" if static else "")
    inner = text
    if "<*>" in text:
        text = text.replace("<*>", ", ".join(listed))
    else:
        for place in range(2, count):
            # What takes two is nested for more: max(max(a, b), c).
            if f"<{place}" not in text:
                text = inner.replace("<1>", f"<{place}>").replace("<0>", text)
    pieces: list[str | Slot] = []
    end = 0
    for match in _PLACE.finditer(text):
        pieces += [text[end : match.start()]] if match.start() > end else []
        pieces.append(Slot(int(match[1]), LEVELS[match[2] or "choice"], match[3] is not None))
        end = match.end()
    pieces += [text[end:]] if end < len(text) else []
    return Template(LEVELS[level.removesuffix("?")], pieces, level.endswith("?"))


def filled(template: Template, arguments: Sequence[int]) -> Template:
    """Return a template with nodes for places."""
    pieces = [
        piece if isinstance(piece, str) else Slot(arguments[piece[0]], piece[1], piece[2])
        for piece in template.pieces
    ]
    return Template(template.level, pieces, template.truth)


def spelled(root: Slot, written: Callable[[Slot], Template], brackets: tuple[str, str]) -> str:
    """Return what stands in a slot as a text; `written` says how each node is.

    The texts are joined once, at the end, so that a text of any length takes time in proportion.
    """
    texts: list[str] = []
    pending: list[str | Slot] = [root]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            texts.append(item)
            continue
        template = written(item)
        if template.level < item.level:
            texts.append(brackets[0])
            pending.append(brackets[1])
        pending.extend(reversed(template.pieces))
    return "".join(texts)
