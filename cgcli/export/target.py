"""What the emitter knows of a language: how it writes operations, numbers, names, functions.

A template is the text of an operation with its arguments in angle brackets by their places. It
says how tightly it binds itself, and how tightly what stands at a place must bind: from that
alone follows where parentheses stand. ``<0:sum>`` wants a sum or what binds tighter, and ``<0>``
takes anything, as the arguments of a call do. ``<0?>`` wants a condition and no number. ``<*>``
are all arguments, ``<static>`` is an index or a length, ``<axis>`` the axis of a reduction. An
argument stands in a template once, so that code is as long as its graph.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

__all__ = ["Function", "Pattern", "Slot", "Target", "Template"]

_PLACE: Final = re.compile(r"<(\d+)(?::(\w+))?(\?)?>")

Pattern: TypeAlias = str | tuple[str, str]
"""A text that binds as an atom does, a call; or its level and the text, ``?`` for a condition."""


class Slot(NamedTuple):
    """A place for an argument: how tightly it must bind there, and whether it is a condition."""

    place: int
    level: int
    truth: bool


class Template(NamedTuple):
    """A pattern taken apart: how tightly it binds, its texts and slots, the helpers it calls."""

    level: int
    pieces: tuple[str | Slot, ...]
    truth: bool
    helpers: tuple[str, ...]


class Function(NamedTuple):
    """A function to be defined: what its body assigns, one name after the other, and returns."""

    name: str
    parameters: tuple[str, ...]
    comments: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    result: str
    is_helper: bool = False
    """Whether it is a part of the prelude, which the other functions call."""


@dataclass(frozen=True, eq=False)
class Target:
    """A language that code is written in.

    `levels` are how tightly its expressions bind, loosest first; the last are atoms. `templates`
    run over the operations' names; ``NAME by a number`` is for a last argument that is a
    constant and not 0, and ``count`` writes a condition as 1 or 0. An operation without one is
    made of others by its row. `constants` are pi, e, tau, inf and nan. `prelude` has the
    helpers that templates call. No name of a user's is one of `reserved`, and `clean` returns
    a name as the language takes it. With `floats` a constant that a call takes is written with
    a decimal point. `define` returns the lines of a function, and `imports` those that what
    was written needs. `library` is what its functions are those of, in words.

    >>> from cgcli.export.python import PYTHON
    >>> PYTHON.template("sub", 2).pieces
    (Slot(place=0, level=2, truth=False), ' - ', Slot(place=1, level=3, truth=False))
    """

    name: str
    levels: tuple[str, ...]
    templates: Mapping[str, Pattern]
    constants: Mapping[str, Pattern]
    prelude: Mapping[str, str]
    reserved: frozenset[str]
    clean: Callable[[str], str]
    define: Callable[[Function], list[str]]
    imports: Callable[[str], list[str]]
    library: str
    floats: bool = False

    @property
    def atom(self) -> int:
        """The level of what needs no parentheses anywhere."""
        return len(self.levels) - 1

    def template(
        self, name: str, count: int, static: tuple[int, ...] = (), *, by_number: bool = False
    ) -> Template | None:
        """Return how an operation of so many arguments is written, or None."""
        pattern = self.templates.get(f"{name} by a number") if by_number else None
        pattern = self.templates.get(name) if pattern is None else pattern
        return None if pattern is None else self.parsed(pattern, count, static)

    def parsed(self, pattern: Pattern, count: int, static: tuple[int, ...] = ()) -> Template:
        """Return a pattern taken apart, for so many arguments."""
        level, text = ("", pattern) if isinstance(pattern, str) else pattern
        text = text.replace("<*>", ", ".join(f"<{place}>" for place in range(count)))
        text = text.replace("<static>", ", ".join(map(str, static)))
        text = text.replace("<axis>", f", axis={static[0]}" if static else "")
        inner = text
        for place in range(2, count):
            # What takes two is nested for more: max(max(a, b), c).
            if f"<{place}" not in text:
                text = inner.replace("<1>", f"<{place}>").replace("<0>", text)
        pieces: list[str | Slot] = []
        end = 0
        for match in _PLACE.finditer(text):
            pieces.append(text[end : match.start()])
            bound = self.levels.index(match[2]) if match[2] else 0
            pieces.append(Slot(int(match[1]), bound, match[3] is not None))
            end = match.end()
        pieces.append(text[end:])
        own = self.levels.index(level.removesuffix("?")) if level else self.atom
        helpers = tuple(re.findall(r"\b_\w+", text))
        return Template(own, tuple(filter(None, pieces)), level.endswith("?"), helpers)
