"""What the emitter knows of a language: its table, and the helpers that the code calls.

Templates of operations are those of `cgcli.graph.templates`, by the names of the tape's
instructions. A language of arrays has one for every instruction; one of scalars has them for
operations of numbers, and the emitter writes loops over the elements of arrays.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.export.views import axes
from cgcli.graph.templates import ATOM, Pattern, Slot, Template, parsed
from cgcli.operations.row import LEVELS, Shape
from cgcli.resource import read_text

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

    @property
    def words(self) -> str:
        """What it computes, in words."""
        return f"{', '.join(name for name, _, _ in self.results)} of {self.title}"


@dataclass(frozen=True, eq=False)
class Target:
    """A language that code is written in, as its table says.

    `library` is what its functions are those of, in words. `templates` are those of operations,
    and `constants` inf, nan, and the truths. `code` has the templates of all else: variables,
    arrays, loops, the function. `prelude` has the helpers that templates call; no name of a
    user's is one of those, or of `reserved`, and no function's one of `taken` either, which its
    libraries have. `clean` returns a name as the language takes it. `numbers` says that they are
    "pointed", have a decimal point, or "exponents"; else whole operands have neither. `emitter` is
    the class that writes the language, behind its module.

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
    taken: frozenset[str]
    clean: Callable[[str], str]
    numbers: str
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

    def number(self, value: float, slot: Slot) -> Template:
        """Return how a number is written in a slot; it reads back as the same double."""
        if slot.truth:
            return Template(ATOM, (self.constants["true" if value else "false"],))
        size = abs(value)
        if not math.isfinite(value):
            text = self.constants["nan" if math.isnan(value) else "inf"]
        elif self.numbers == "exponents":
            text = repr(float(size)).removesuffix(".0")
            text += "" if "e" in text else "e0"
        elif size.is_integer() and size < 1e15:
            pointed = self.numbers == "pointed" or slot.level <= LEVELS["comparison"]
            text = f"{int(size)}.0" if pointed else str(int(size))
        else:
            text = repr(size)
        if "argument of a call" in self.code and slot.level <= LEVELS["choice"]:
            text = self.word("argument of a call", text=text)
        if math.copysign(1.0, value) < 0 and value == value:
            return Template(LEVELS["sign"], (f"-{text}",))
        return Template(ATOM, (text,))

    def turns(self, word: str, shape: Shape) -> list[str]:
        """Return the heads of loops over the axes of a shape that have more than one place."""
        turns = [(name, count) for name, count in zip(axes(shape), shape, strict=True) if name]
        return [self.word(word, name=name, count=count) for name, count in turns]

    # Functions

    def define(self, function: Function) -> str:
        """Return the code of a function, after what it needs.

        >>> from cgcli.export.targets import target
        >>> lines, results = [Line(["const value = 2*x;"])], [("value", "value", ())]
        >>> print(target("js").define(Function("f", "2 * x", [("x", ())], lines, results)), end="")
        /** value of 2 * x */
        export function f(x) {
            const value = 2*x;
            return {value};
        }
        """
        # Lines that make arguments what the body takes them for.
        word = "matrix" if "matrix" in self.code else "argument"
        opening = [
            self.word(word, name=name)
            for name, shape in function.arguments
            if word in self.code and (word == "argument" or len(shape) == 2)
        ]
        if "arguments" in self.code and len(function.arguments) > 1:
            names = ", ".join(name for name, _ in function.arguments)
            opening = [self.word("arguments", names=names)]
        returned = []
        for name, flat, shape in function.results:
            text = flat
            # Where a language has no arrays, a result lies in a row.
            for length in reversed(shape[1:]) if "rows" in self.code else ():
                text = self.word("rows", text=text, length=length)
            returned.append(name if name == text else self.word("result", name=name, text=text))
        shapes = [f"{n} {'x'.join(map(str, shape))}" for n, shape in function.arguments if shape]
        text = self.word(
            "function",
            function=function.name,
            title=function.words,
            shapes="; " * bool(shapes) + ", ".join(shapes),
            notes=[*function.notes],
            arguments=", ".join(name for name, _ in function.arguments),
            opening=opening,
            body=[*self.commented(function.lines)],
            results=", ".join(returned),
        )
        code = (line for part in function.lines for line in part.text)
        return self.joined([*self.helpers([*code, *opening, *returned]), text])

    def joined(self, blocks: Sequence[str]) -> str:
        """Return a file of blocks, after the modules whose names stand in them."""
        between: str = self.code["between"]
        code = between.join(blocks) + "\n"
        imports = self.code.get("imports", ())
        needed = [line for line in imports if f"{line.split()[-1]}." in code]
        return between.join(["\n".join(needed), code]) if needed else code

    def commented(self, lines: Iterable[Line]) -> Iterator[str]:
        """Yield the lines of code, what each stands for behind it."""
        mark = self.code["comment"]
        for line in lines:
            *before, last = line.text
            yield from before
            plain = line.comment and line.comment.replace(" ", "") not in last.replace(" ", "")
            yield f"{last}  {mark}{line.comment}" if plain else last


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


def pieces(name: str, package: str = __package__) -> dict[str, str]:
    """Return the parts of a package's text by what they define; blank lines stand between."""
    texts = re.split(r"\n\n+(?=\S)", read_text(package, name).rstrip("\n"))
    return {_DEFINED.findall(text)[0]: text for text in texts}
