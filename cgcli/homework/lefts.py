"""The left sides that people write → those of a sheet: `w.grad` and `∂L/∂w_1` are dL/dw1."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Final, NamedTuple

from cgcli.homework.exercise import Exercise
from cgcli.homework.notation import PATTERNS, TABLES, compiled, multiplied
from cgcli.homework.questions import node_of
from cgcli.homework.working import is_same
from cgcli.operations.row import Shape
from cgcli.operations.table import WORDS


def _patterns(texts: Iterable[str], name: str) -> list[re.Pattern[str]]:
    """Return patterns in which what is differentiated, and by what, are names of a form."""
    return [compiled(text, {"OF": f"(?P<of>{name})", "BY": f"(?P<by>{name})"}) for text in texts]


_DERIVATIVES: Final = _patterns(TABLES["lefts"]["derivatives"], TABLES["forms"]["WORD"])
_NAMES: Final = _patterns(TABLES["lefts"]["names"], r"\w+?")
_VARIABLES: Final = ("t", "u", "v", "w", "x", "y", "z")
_SPOKEN: Final = _patterns(
    (f"(?i){text}" for words in TABLES["languages"].values() for text in words["derivative"]),
    r"[A-Za-zͰ-Ͽ][A-Za-z0-9_Ͱ-Ͽ]*(?:\[[\d, ]+\])?",
)


class Named(NamedTuple):
    """A node as it is named on a sheet, and which element of it: W[0, 1]."""

    text: str
    place: tuple[int, ...] = ()

    @property
    def written(self) -> str:
        """The node, or its element, in the language."""
        return f"{self.text}[{', '.join(map(str, self.place))}]" if self.place else self.text


class Lefts:
    """What left sides may mean in an exercise.

    >>> import cgcli
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> lefts = Lefts(Exercise(program, program.evaluate(x=1, y=3, z=-3)))
    >>> [lefts.read(text) for text in ("∂_x g", "x.grad", "d g/d p", "∇g", "?")]
    [['dg/dx'], ['dg/dx'], ['dg/dp'], ['dg/dx', 'dg/dy', 'dg/dz'], None]
    """

    def __init__(self, exercise: Exercise) -> None:
        self.exercise = exercise
        self.graph = exercise.graph
        self.output = exercise.graph.names[exercise.of]
        self.inputs = list(exercise.result.sources)
        self.bound = exercise.inputs
        self._strange: set[str] = set()
        self.based: int | None = None
        """Where places along an axis are counted from on this sheet, when it tells."""

    @cached_property
    def families(self) -> dict[str, list[str]]:
        """By name the members of every family."""
        members: dict[str, list[str]] = {}
        for name in self.graph.given.values():
            if name.endswith("]"):
                members.setdefault(name.partition("[")[0], []).append(name)
        return members

    @cached_property
    def bare(self) -> dict[str, str]:
        """By name without `_` the named nodes, where it tells them apart."""
        return self._by(lambda name: _spelled(name.replace("_", "")))

    @cached_property
    def folded(self) -> dict[str, str]:
        """By name without capitals the named nodes, where it tells them apart."""
        return self._by(str.casefold)

    def _by(self, short: Callable[[str], str]) -> dict[str, str]:
        names = {*self.graph.given.values(), *self.inputs}
        counts = Counter(map(short, names))
        return {short(name): name for name in names if counts[short(name)] == 1}

    def cased(self, word: str) -> str:
        """Return the name that a word is but for capitals, if it is none as it stands."""
        return word if self.knows(word) else self.folded.get(word.casefold(), word)

    def knows(self, word: str) -> bool:
        """Whether a word is a name of the program, or a function."""
        return self.name(word) is not None or word in WORDS or word in self.families

    def name(self, text: str) -> Named | None:
        """Return the node that a name on a sheet stands for: x₁, x_1, h3, h(3), W_{11}."""
        if node_of(self.exercise, text) is not None:
            return Named(text)
        if text in self._strange:
            return None
        asked, text = text, "".join(text.split()).replace("][", ",")
        bare = text.replace("_", "")
        for said in (text, bare, _spelled(text), _spelled(bare), self.bare.get(_spelled(bare), "")):
            if node_of(self.exercise, said) is not None:
                return Named(said)
        match = re.fullmatch(
            r"(?P<name>[^\W\d]\w*?)(?:_?(?P<digits>\d+)|[\[(](?P<index>[-\d,]+)[\])])", text
        )
        if match is None:
            self._strange.add(asked)
            return None
        name, written = match["name"].rstrip("_"), match["index"] or match["digits"]
        if name in self.families:
            member = f"{name}[{written}]"
            return Named(member) if member in self.families[name] else None
        shape = self.shape(name)
        digits = written.split(",") if "," in written else list(written)
        if match["digits"] and len(shape) == 1:
            digits = [written]
        if not shape or len(digits) != len(shape):
            return None
        index = tuple(map(int, digits))
        if match["index"]:
            return Named(name, index)
        # Subscripts tell where they count from, or the rest of the sheet does.
        if 0 in index:
            self.based = 0
        elif any(k == size for k, size in zip(index, shape, strict=True)):
            self.based = 1
        base = self.based
        return None if base is None else Named(name, tuple(k - base for k in index))

    def shape(self, name: str) -> Shape:
        """Return the shape of a node; () for what is none."""
        node = self.graph.node(name)
        return () if node is None else self.graph.shape(node)

    def is_array(self, question: str) -> bool:
        """Whether a question asks for an array, or for the gradient by one."""
        return bool(self.shape(question.rpartition("/d")[2]))

    def look(self, texts: Iterable[str]) -> None:
        """Learn from all of a sheet where its subscripts count from."""
        for word in re.findall(r"\b[^\W\d]\w*\d\b", "\n".join(texts)):
            # Behind a d it is the name that counts: dw3 of dL/dw3.
            self.read(word)

    def derivative(self, of: str | None, by: str) -> str | None:
        """Return a derivative as the sheet writes it; of the output where nothing is named.

        What is by a number is by the input of that place: ∂₁f.
        """
        above = Named(self.output) if of is None else self.name(self.cased(of))
        if of and above and by.isdecimal() and 0 < int(by) <= len(self.inputs):
            # An element of an array is named like that as well.
            by = self.inputs[int(by) - 1] if not self.shape(above.text) else by
        below = self.name(self.cased(by))
        if above is None or below is None or above.place:
            return None
        over = above.text if re.fullmatch(r"\w+(\[[\d, ]+\])?", above.text) else f"({above.text})"
        return f"d{over}/d{below.written}"

    def gradient(self, left: str) -> str:
        """Return the gradient of the output by a node that stands alone; a derivative as it is."""
        return left if "/" in left else self.derivative(None, left) or left

    def read(self, text: str) -> list[str] | None:
        """Return the questions that a left side asks, None where it asks none that is known."""
        text = text.strip().strip("*").strip()
        if not text or len(text) > 200:
            return None
        return self._derivatives(text) or self._values(text)

    def _derivatives(self, text: str) -> list[str] | None:
        if left := self._match(_DERIVATIVES, text):
            return [left]
        if (match := PATTERNS["operator"].fullmatch(text)) and self.name(match["by"]):
            return [f"d({multiplied(match['of'], self.knows)})/d{match['by']}"]
        if match := PATTERNS["stored"].fullmatch(text):
            return self._values(match["name"])
        if match := PATTERNS["prime"].fullmatch(text):
            # f'(x), where x is a node; f'(2) and f', where there is one input.
            of, at = match["of"], (match["at"] or "").strip()
            if of in self.inputs:
                # w' is w behind a step of training.
                return None
            if self.name(at) is None:
                # Of several by the one that is called as variables are, where one is.
                names = [name for name in self.inputs if name in _VARIABLES]
                names = names if len(self.inputs) > 1 else self.inputs
                at = names[0] if len(names) == 1 and self.is_here(at) else ""
            return _one(self.derivative(of, at))
        if (
            (match := PATTERNS["nabla"].fullmatch(text))
            and self.is_here(match["at"])
            and not (text[0] == "D" and len(self.inputs) > 1 and match["of"] != self.output)
        ):
            if text.startswith("grad") and match["of"] != self.output:
                return _one(self.derivative(None, match["of"]))
            slopes = [self.derivative(match["of"], name) for name in self.inputs]
            return [left for left in slopes if left] if None not in slopes else None
        if match := PATTERNS["together"].fullmatch(text):
            text = ", ".join(f"{match['above']}d{name}" for name in match["names"].split(","))
        if match := PATTERNS["listed"].fullmatch(text):
            # Several at once: (dg/dx, dg/dy), or p, s, y.
            singles = (match["inside"] or match["square"]).split(",")
            parts = [self._derivatives(part.strip()) or self._values(part) for part in singles]
            if all(parts):
                return [left for part in parts for left in part or ()]
        # It is spoken in words with blanks between them, or in other letters.
        left = self._match(_SPOKEN, text) if " " in text or not text.isascii() else None
        if left is None and self.name(text) is None:
            left = self._match(_NAMES, text) or self._joined(text)
        return _one(left)

    def _match(self, patterns: list[re.Pattern[str]], text: str) -> str | None:
        """Return the derivative that a text is by the first pattern that gives a known one."""
        for pattern in patterns:
            if match := pattern.fullmatch(text):
                groups = match.groupdict()
                left = self.derivative(groups.get("of"), groups["by"])
                if left and self.is_here(groups.get("at"), groups.get("of")):
                    return left
        return None

    def _joined(self, text: str) -> str | None:
        """Return what dgdx, dL_dw and f_x mean, wherever they are cut."""
        if text[:1] == "∂":
            cuts = [(text[k:], text[1:k]) for k in range(2, len(text))]
        elif text[:1] == "d" and "_by_d" not in text:
            cuts = [(text[1:k], text[k + 1 :]) for k in range(2, len(text)) if text[k] == "d"]
        else:
            of, _, by = text.removeprefix("d").partition("_by_d" if text[:1] == "d" else "_")
            # Behind the output's name nothing need stand between the two: fx for f_x.
            output, name, at_once = text.partition(self.output)
            # L2 may be another L, though.
            at_once = "" if output or at_once.isdecimal() else at_once
            cuts = [(of, by), (name, at_once)]
        lefts = {self.derivative(of.strip("_"), by.strip("_")) for of, by in cuts if of and by}
        lefts.discard(None)
        return lefts.pop() if len(lefts) == 1 else None

    def is_here(self, at: str | None, of: str | None = None) -> bool:
        """Whether f(2, -1) is said of the point that is asked for.

        It is of all inputs, in order, of those that f comes from, or of its arguments. So is
        f(x, y), by whatever names; of `x = 1, y = 2` those count that are inputs.
        """
        if not at or not at.strip():
            return True
        numbers = re.split(r"[,;]", at)
        points = self._points(of)
        if "=" in at:
            parts = [part.partition("=") for part in at.split(",")]
            names = [self.name(name) for name, _, _ in parts]
            if None in names:
                return False
            points = [[self.bound.get(name.text) for name in names if name]]
            numbers = [number for _, _, number in parts]
        try:
            given = [float(number) for number in numbers]
        except ValueError:
            return all(map(self.name, at.split(",")))
        return any(
            len(point) == len(given)
            and all(n is None or is_same(n, number) for n, number in zip(point, given, strict=True))
            for point in points
        )

    def _points(self, of: str | None) -> Iterable[list[Any]]:
        """Yield the points that a node may be written as a function of; None is not bound."""
        yield [self.bound.get(name) for name in self.inputs]
        node, graph, values = (
            self.graph.node(of or self.output),
            self.graph,
            self.exercise.result.values,
        )
        if node is not None:
            sources = self.exercise.result.sources.items()
            behind = [name for name, source in sources if graph.dependents([source])[node]]
            yield [self.bound.get(name) for name in behind]
            yield [values[argument] for argument in graph.arguments[node]]

    def _values(self, text: str) -> list[str] | None:
        node = self.name(text)
        match = None if node is not None else PATTERNS["at"].fullmatch(text)
        if match and match["of"] not in WORDS and self.is_here(match["at"], match["of"]):
            node = self.name(match["of"])
        return None if node is None else [node.written]


def _spelled(text: str) -> str:
    """Return a name with its Greek letters as words: θ_1 is theta_1."""
    return re.sub(
        "[Ͱ-Ͽ]", lambda m: unicodedata.name(m[0], "").rpartition(" ")[2].lower(), text
    ).replace("lamda", "lambda")


def _one(left: str | None) -> list[str] | None:
    return None if left is None else [left]
