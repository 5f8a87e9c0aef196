"""What the emitter knows of a language: how it writes operations, numbers, names, functions.

Templates are those of `cgcli.graph.templates`. An argument stands in one once, so that code is as
long as its graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cgcli.graph.templates import Pattern, Template, parsed


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

    `templates` run over the operations' names; ``NAME by a number`` is for a last argument that
    is a constant and not 0, and ``count`` writes a condition as 1 or 0. An operation without one is
    made of others by its row. `constants` are pi, e, tau, inf and nan. `prelude` has the
    helpers that templates call. No name of a user's is one of `reserved`, and `clean` returns
    a name as the language takes it. With `floats` a constant that a call takes is written with
    a decimal point. `define` returns the lines of a function, and `imports` has the line that is
    needed for what begins so. `library` is what its functions are those of, in words.

    >>> from cgcli.export.python import PYTHON
    >>> PYTHON.template("sub", 2).pieces
    [Slot(place=0, level=1, truth=False), ' - ', Slot(place=1, level=2, truth=False)]
    """

    name: str
    templates: Mapping[str, Pattern]
    constants: Mapping[str, Pattern]
    prelude: Mapping[str, str]
    reserved: frozenset[str]
    clean: Callable[[str], str]
    define: Callable[[Function], list[str]]
    imports: Mapping[str, str]
    library: str
    floats: bool = False

    def template(
        self, name: str, count: int, static: tuple[int, ...] = (), *, by_number: bool = False
    ) -> Template | None:
        """Return how an operation of so many arguments is written, or None."""
        pattern = self.templates.get(f"{name} by a number") if by_number else None
        pattern = self.templates.get(name) if pattern is None else pattern
        return None if pattern is None else parsed(pattern, count, static)
