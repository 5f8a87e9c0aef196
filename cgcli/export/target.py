"""What the emitter knows of a language: its table, and the helpers that the code calls.

Templates of operations are those of `cgcli.graph.templates`, by the names of the tape's
instructions. A language of arrays has one for every instruction; one of scalars has them for
operations of numbers, and the emitter writes loops over the elements of arrays.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.graph.templates import Pattern, Template, parsed
from cgcli.operations.row import Shape

_DEFINED: Final = re.compile(
    r"^(?:(?:static|inline|const|double|int|long|void|struct|function|def|class) )*(\w+)",
    re.MULTILINE,
)
_WORD: Final = re.compile(r"\w+")
_SLOT: Final = re.compile(r"<(\w+)>")

Text: TypeAlias = str | int | list[str]


class Line(NamedTuple):
    """A part of the body: lines of code, and what they stand for."""

    text: Sequence[str]
    comment: str = ""


class Function(NamedTuple):
    """A function to be defined.

    `arguments` and `results` are the names that it takes and gives, with their shapes; a result
    has its text. `title` says in one line what it computes, and `notes` where that holds. With
    `header` other files of C include the code.
    """

    name: str
    title: str
    arguments: Sequence[tuple[str, Shape]]
    lines: Sequence[Line]
    results: Sequence[tuple[str, str, Shape]]
    notes: Sequence[str] = ()
    header: bool = False


@dataclass(frozen=True, eq=False)
class Target:
    """A language that code is written in, as its table says.

    `library` is what its functions are those of, in words. `templates` are those of operations,
    and `constants` inf, nan, and the truths. `code` has the templates of all else: variables,
    arrays, loops, the function. `prelude` has the helpers that templates call; no name of a
    user's is one of those, or of `reserved`, and `clean` returns a name as the language takes
    it. With `pointed` every number has a decimal point, else whole operands have none. `emitter`
    is the class that writes the language, behind its module.

    >>> from cgcli.export.targets import target
    >>> target("python").template("subtract", 2).pieces
    [Slot(place=0, level=1, truth=False), ' - ', Slot(place=1, level=2, truth=False)]
    >>> target("js").word("variable", name="y", text="2*x")
    'const y = 2*x;'
    """

    library: str
    templates: Mapping[str, Pattern]
    constants: Mapping[str, str]
    code: Mapping[str, Any]
    prelude: Mapping[str, str]
    reserved: frozenset[str]
    clean: Callable[[str], str]
    pointed: bool
    emitter: str

    def template(
        self, name: str, count: int, static: tuple[Any, ...] = (), shape: Shape = ()
    ) -> Template | None:
        """Return how an instruction of so many arguments is written, or None."""
        pattern = self.templates.get(name)
        if isinstance(pattern, str):
            pattern = pattern.replace("<shape>", str(shape))
        return None if pattern is None else parsed(pattern, count, static)

    def word(self, name: str, /, **texts: Text) -> str:
        """Return a template of `code` with texts for the names in its angle brackets."""
        return written(self.code[name], texts)

    def helpers(self, texts: Iterable[str]) -> list[str]:
        """Return the helpers that lines of code call, and those that these call, in order."""
        needed: set[str] = set()
        pending = [*texts]
        while pending:
            words = {*_WORD.findall(pending.pop())} & self.prelude.keys()
            pending += [self.prelude[word] for word in words - needed]
            needed |= words
        return [text for name, text in self.prelude.items() if name in needed]


def written(template: str, texts: Mapping[str, Text]) -> str:
    """Return a template with texts in its slots; a line with a list is one for every text of it.

    >>> written("f():\\n  <body>", {"body": ["x = 1", "y = 2"]})
    'f():\\n  x = 1\\n  y = 2'
    """
    lines = []
    for line in template.split("\n"):
        lists = [text for slot in _SLOT.findall(line) if isinstance(text := texts.get(slot), list)]
        for inner in lists[0] if lists else [""]:

            def put(slot: re.Match[str], inner: str = inner) -> str:
                text = texts.get(slot[1], slot[0])
                return inner if isinstance(text, list) else str(text)

            lines.append(_SLOT.sub(put, line))
    return "\n".join(lines)


def pieces(name: str) -> dict[str, str]:
    """Return the parts of a file beside this one by what they define; blank lines stand between."""
    with open(_beside(name), encoding="utf-8") as file:
        texts = re.split(r"\n\n+(?=\S)", file.read().rstrip("\n"))
    return {_DEFINED.findall(text)[0]: text for text in texts}


def table(name: str) -> dict[str, Any]:
    """Return what a language's table beside this file says.

    >>> table("python")["constants"]["inf"]
    'math.inf'
    """
    import tomllib

    with open(_beside(f"{name}.toml"), "rb") as file:
        return tomllib.load(file)


def _beside(name: str) -> str:
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
