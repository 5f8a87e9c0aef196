"""The left sides that people write → those of a sheet: `w.grad` and `∂L/∂w_1` are dL/dw1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final, NamedTuple

from cgcli.homework.exercise import Exercise
from cgcli.operations.table import WORDS

_WORD: Final = r"[^\W\d]\w*(?:\[[-\d, ]+\]|\(\d+\))?(?:_\d+)?"
_ARGUMENTS: Final = r"(?:\((?P<at>[^()=]*)\))?"
_OVER: Final = re.compile(
    rf"\(*\s*[d∂]\s*\(?\s*(?P<of>{_WORD})\s*\)*\s*/\s*\(*\s*[d∂]\s*\(?\s*(?P<by>{_WORD})\s*\)*"
)
_OPERATOR: Final = re.compile(
    rf"\(?\s*[d∂]\s*/\s*[d∂]\s*(?P<by>{_WORD})\s*\)?\s*\(?(?P<of>{_WORD})\)?"
)
_BELOW: Final = re.compile(rf"[∂∇D]_\(?(?P<by>\w+)\)?\s*(?P<of>[^\W\d_]\w*?){_ARGUMENTS}")
_PRIME: Final = re.compile(r"(?P<of>[^\W\d]\w*)'\s*(?:\((?P<at>[^()=]*)\))?")
_AT: Final = re.compile(r"(?P<of>[^\W\d]\w*)\s*\((?P<at>[-+\d., ]*)\)")
_ATTRIBUTE: Final = re.compile(
    rf"(?:print\()?\s*(?P<name>{_WORD})\s*\.\s*(?P<what>grad|data|item\(\))\s*\)?"
)
_NABLA: Final = re.compile(rf"(?:∇|grad\s)\s*(?P<of>[^\W\d_]\w*){_ARGUMENTS}")
_ADJOINT: Final = re.compile(
    r"(?:grad|delta|δ|bar|adj|adjoint)[_ ]\(?(?P<by>\w+)\)?|[dgδ](?P<short>[^\W\d]\w*)"
)
_UNDERSCORED: Final = re.compile(r"d(?P<of>\w+?)_?d(?P<by>\w+)")
_LISTED: Final = re.compile(r"\[(?P<inside>[^\[\]]*/[^\[\]]*)\]")
_WORDS: Final = re.compile(
    r"(?:the )?(?:partial )?(?:gradient|derivative|grad)(?: of (?P<of>\w+))?"
    r" (?:of|by|wrt|with respect to|for|in) (?P<by>\w+)",
    re.IGNORECASE,
)


class Named(NamedTuple):
    """A node as it is named on a sheet, and which element of it: W[0, 1]."""

    text: str
    place: tuple[int, ...] = ()


class Lefts:
    """What left sides may mean in an exercise.

    >>> import cgcli
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> lefts = Lefts(Exercise(program, program.evaluate(x=1, y=3, z=-3)))
    >>> [lefts.read(text) for text in ("∂_x g", "x.grad", "d g/d p", "∇g", "?")]
    [['dg/dx'], ['dg/dx'], ['dg/dp'], ['dg/dx', 'dg/dy', 'dg/dz'], None]
    """

    def __init__(self, exercise: Exercise) -> None:
        self.graph = exercise.graph
        self.output = exercise.graph.names[exercise.of]
        self.inputs = list(exercise.result.sources)
        self.bound = exercise.inputs
        self.based: int | None = None
        """Where places along an axis are counted from on this sheet, when it tells."""

    @cached_property
    def families(self) -> dict[str, list[str]]:
        """By name the members of every family."""
        found: dict[str, list[str]] = {}
        for name in self.graph.given.values():
            if name.endswith("]"):
                found.setdefault(name.partition("[")[0], []).append(name)
        return found

    def knows(self, word: str) -> bool:
        """Whether a word is a name of the program, or a function."""
        return self.name(word) is not None or word in WORDS or word in self.families

    def name(self, text: str) -> Named | None:
        """Return the node that a name on a sheet stands for: x₁, x_1, h3, h(3), W_{11}."""
        text = re.sub(r"\s+", "", text)
        if self.graph.node(text) is not None:
            return Named(text)
        bare = text.replace("_", "")
        if self.graph.node(bare) is not None:
            return Named(bare)
        match = re.fullmatch(
            r"(?P<name>[^\W\d]\w*?)(?:_?(?P<digits>\d+)|[\[(](?P<index>[-\d,]+)[\])])", text
        )
        if match is None:
            return None
        name, written = match["name"].rstrip("_"), match["index"] or match["digits"]
        if name in self.families:
            member = f"{name}[{written}]"
            return Named(member) if member in self.families[name] else None
        node = self.graph.node(name)
        if node is None or not self.graph.shape(node):
            return None
        shape = self.graph.shape(node)
        digits = written.split(",") if "," in written else list(written)
        if match["digits"] and len(shape) == 1:
            digits = [written]
        if len(digits) != len(shape):
            return None
        index = tuple(map(int, digits))
        base = self._base(index, shape) if match["digits"] else 0
        if base is None:
            return None
        return Named(name, tuple(k - base for k in index))

    def _base(self, index: tuple[int, ...], shape: tuple[int, ...]) -> int | None:
        """Return where subscripts count from, as they or the rest of the sheet tell."""
        if 0 in index:
            self.based = 0
        elif any(k == size for k, size in zip(index, shape, strict=True)):
            self.based = 1
        return self.based

    def look(self, texts: Iterable[str]) -> None:
        """Learn from all of a sheet where its subscripts count from."""
        for text in texts:
            for word in re.findall(r"[^\W\d]\w*_?\d+", text):
                self.name(word)

    def derivative(self, of: str | None, by: str) -> str | None:
        """Return a derivative as the sheet writes it; of the output where nothing is named."""
        above, below = Named(self.output) if of is None else self.name(of), self.name(by)
        if above is None or below is None or above.place:
            return None
        over = above.text if re.fullmatch(r"\w+(\[[\d, ]+\])?", above.text) else f"({above.text})"
        return f"d{over}/d{below.text}{_place(below)}"

    def read(self, text: str) -> list[str] | None:
        """Return the questions that a left side asks, None where it asks none that is known."""
        text = text.strip().strip("*").strip()
        if not text or len(text) > 200:
            return None
        for found in (self._derivatives(text), self._values(text)):
            if found:
                return found
        return None

    def _derivatives(self, text: str) -> list[str] | None:
        for pattern in (_OVER, _OPERATOR):
            if match := pattern.fullmatch(text):
                return _one(self.derivative(match["of"], match["by"]))
        if match := _BELOW.fullmatch(text):
            return _one(self._below(match["of"], match["by"])) if self._here(match["at"]) else None
        if match := _ATTRIBUTE.fullmatch(text):
            node = self.name(match["name"])
            if match["what"] == "grad":
                return _one(self.derivative(None, match["name"]))
            return None if node is None else [f"{node.text}{_place(node)}"]
        if match := _PRIME.fullmatch(text):
            return _one(self._prime(match["of"], match["at"] or ""))
        if (match := _NABLA.fullmatch(text)) and self._here(match["at"]):
            found = [self.derivative(match["of"], name) for name in self.inputs]
            return [each for each in found if each] if None not in found else None
        if match := _LISTED.fullmatch(text):
            parts = [self.read(part) for part in match["inside"].split(",")]
            return [each for part in parts for each in part or ()] if all(parts) else None
        if match := _WORDS.fullmatch(text):
            return _one(self.derivative(match["of"], match["by"]))
        if self.name(text) is None:
            match = _ADJOINT.fullmatch(text)
            short = match and self.derivative(None, match["by"] or match["short"])
            return _one(short or self._joined(text))
        return None

    def _joined(self, text: str) -> str | None:
        """Return what dgdx, dL_dw and f_x mean, wherever they are cut."""
        cuts: Iterator[tuple[str, str]] = iter(())
        if text[:1] == "d":
            cuts = ((text[1:k], text[k + 1 :]) for k in range(2, len(text)) if text[k] == "d")
        elif "_" in text:
            cuts = iter([tuple(text.split("_", 1))])  # type: ignore[list-item]
        found = {self.derivative(of.strip("_"), by.strip("_")) for of, by in cuts if of and by}
        found.discard(None)
        return found.pop() if len(found) == 1 else None

    def _below(self, of: str, by: str) -> str | None:
        """Return ∂_x f; ∂₁f is by the first input."""
        if by.isdigit() and 0 < int(by) <= len(self.inputs):
            by = self.inputs[int(by) - 1]
        return self.derivative(of, by)

    def _prime(self, of: str, at: str) -> str | None:
        """Return f'(x), where x is a node; f'(2) and f', where there is one input."""
        if self.name(at.strip()) is not None:
            return self.derivative(of, at.strip())
        return (
            self.derivative(of, self.inputs[0])
            if len(self.inputs) == 1 and self._here(at)
            else None
        )

    def _here(self, at: str | None) -> bool:
        """Whether f(2, -1) is said of the point that is asked for: all its inputs, in order."""
        if not at or not at.strip():
            return True
        try:
            said = [float(part) for part in re.split(r"[,;]", at)]
        except ValueError:
            return [part.strip() for part in at.split(",")] == self.inputs
        bound = [self.bound[name] for name in self.inputs]
        return len(said) == len(bound) and all(
            not getattr(there, "shape", ()) and abs(here - float(there)) <= 1e-9 * abs(here)
            for here, there in zip(said, bound, strict=True)
        )

    def _values(self, text: str) -> list[str] | None:
        node = self.name(text)
        match = None if node is not None else _AT.fullmatch(text)
        if match and match["of"] not in WORDS and self._here(match["at"]):
            node = self.name(match["of"])
        return None if node is None else [f"{node.text}{_place(node)}"]


def _place(named: Named) -> str:
    return f"[{', '.join(map(str, named.place))}]" if named.place else ""


def _one(found: str | None) -> list[str] | None:
    return None if found is None else [found]
