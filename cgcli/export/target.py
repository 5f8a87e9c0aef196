"""What the emitter knows of a language: how it writes operations, numbers, names, functions.

Templates are those of `cgcli.graph.templates`, by the names of the tape's instructions. A target
of `Arrays` has one for every instruction, over arrays. One of scalars has them for operations of
numbers; loops over the elements of arrays are written by the emitter, in the words of `Loops`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cgcli.graph.templates import Pattern, Template, parsed
from cgcli.operations.row import Shape


class Line(NamedTuple):
    """A part of the body: lines of code, and what they stand for."""

    text: Sequence[str]
    comment: str = ""


class Function(NamedTuple):
    """A function to be defined.

    `arguments` and `results` are the names that it takes and gives, with their shapes; a result
    has its text. `title` says in one line what it computes, and `notes` where that holds. With
    `header` other files of C include the code, and `room` is how many numbers its array holds.
    """

    name: str
    title: str
    arguments: Sequence[tuple[str, Shape]]
    lines: Sequence[Line]
    results: Sequence[tuple[str, str, Shape]]
    notes: Sequence[str] = ()
    header: bool = False
    room: int = 0


class Loops(NamedTuple):
    """How a language of scalars writes arrays, whose elements lie in one row, by the last axis.

    `literal(name, texts)` is an array of elements, and `zeros(name, size)` one to be filled. In
    loops over variables, each with its count, `filled(name, size, loops, index, text)` has a text
    at every place of a new one, and `loop(loops, statement)` does something. `store(array,
    index, text)` and `call(text)` are statements. A function takes an array from an offset on as
    `slice(array, offset)`, and its name is a word behind a `prefix`.
    """

    literal: Callable[[str, Sequence[str]], str]
    zeros: Callable[[str, int], str]
    filled: Callable[[str, int, Sequence[tuple[str, int]], str, str], list[str]]
    loop: Callable[[Sequence[tuple[str, int]], str], list[str]]
    store: Callable[[str, str, str], str]
    call: Callable[[str], str]
    slice: Callable[[str, str], str]
    prefix: str


@dataclass(frozen=True, eq=False)
class Target:
    """A language that code is written in.

    `variable(name, text, truth)` assigns one, and `array(name, array)` a constant array.
    `constants` are inf, nan, and the truths. `prelude` has the helpers that templates call. No
    name of a user's is one of those, or of `reserved`, and `clean` returns a name as the language
    takes it. With `pointed` every number has a decimal point, else whole operands have none;
    `number` returns how digits are written at a level.
    `define` returns a function as a text, with its helpers before it. `library` is
    what its functions are those of, in words.

    >>> from cgcli.export.python import TARGET
    >>> TARGET.template("subtract", 2).pieces
    [Slot(place=0, level=1, truth=False), ' - ', Slot(place=1, level=2, truth=False)]
    """

    name: str
    templates: Mapping[str, Pattern]
    constants: Mapping[str, str]
    prelude: Mapping[str, str]
    reserved: frozenset[str]
    clean: Callable[[str], str]
    variable: Callable[[str, str, bool], str]
    array: Callable[[str, Any], str]
    define: Callable[[Function], str]
    library: str
    emitter: Any
    comment: str = "# "
    loops: Loops | None = None
    pointed: bool = False
    number: Callable[[str, int], str] | None = None

    def template(
        self, name: str, count: int, static: tuple[Any, ...] = (), shape: Shape = ()
    ) -> Template | None:
        """Return how an instruction of so many arguments is written, or None."""
        pattern = self.templates.get(name)
        if isinstance(pattern, str):
            pattern = pattern.replace("<shape>", str(shape))
        return None if pattern is None else parsed(pattern, count, static)

    def helpers(self, function: Function, *more: str) -> list[str]:
        """Return the helpers that a function calls, and those that these call, in order."""
        texts = [text for line in function.lines for text in line.text]
        texts += [*more, *(text for _, text, _ in function.results)]
        words = re.compile(r"\w+")
        needed: dict[str, None] = {}
        pending = [word for text in texts for word in words.findall(text) if word in self.prelude]
        seen = set(pending)
        while pending:
            name = pending.pop()
            needed[name] = None
            called = [w for w in words.findall(self.prelude[name]) if w in self.prelude]
            pending += [word for word in called if word not in seen]
            seen.update(called)
        return [text for name, text in self.prelude.items() if name in needed]


def pieces(name: str, pattern: str) -> dict[str, str]:
    """Return the parts of a file beside this one by what they define; blank lines stand between."""
    with open(_beside(name), encoding="utf-8") as file:
        texts = re.split(r"\n\n+(?=\S)", file.read().rstrip("\n"))
    return {re.findall(pattern, text)[0]: text for text in texts}


def table(name: str) -> dict[str, Any]:
    """Return what a language's table beside this file says: its templates, numbers and words.

    >>> table("python")["constants"]["inf"]
    'math.inf'
    """
    import tomllib

    with open(_beside(f"{name}.toml"), "rb") as file:
        read = tomllib.load(file)
    patterns: dict[str, Pattern] = {key: f"{word}(<*>)" for key, word in read["calls"].items()}
    for key, text in read["templates"].items():
        patterns[key] = text if isinstance(text, str) else tuple(text)
    return {
        "name": name,
        "library": read["library"],
        "pointed": read.get("pointed", False),
        "templates": patterns,
        "constants": read.get("constants", {}),
        "reserved": frozenset(read.get("words", "").split()),
    }


def _beside(name: str) -> str:
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
