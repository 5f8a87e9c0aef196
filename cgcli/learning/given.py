"""What is given to learn, a program with values and metrics → the graph of one row.

And initial values of parameters: constant expressions that may call for zeros or random numbers.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from cgcli.errors import CgraphError, Place, excerpt, nearest
from cgcli.graph.build import Draft
from cgcli.graph.graph import Graph
from cgcli.language.free import given_names
from cgcli.language.parse import parse as parse_syntax
from cgcli.language.syntax import NAME, OPERATION, Expression, Value
from cgcli.learning.tables import ROW
from cgcli.numbers.arrays import as_value
from cgcli.operations.row import Shape
from cgcli.operations.shapes import describe
from cgcli.plan.function import Shaped
from cgcli.program import Program


class Given(NamedTuple):
    """What a command line gives: the program, values by name, what to measure, and bounds.

    The program's value may be a residual whose deviation is known, `sigma`, or that has `weights`:
    expressions over the columns.
    """

    program: Program
    initial: Mapping[str, Any]
    fixed: Mapping[str, Any]
    metrics: Mapping[str, str] = {}
    bounds: Mapping[str, Any] = {}
    sigma: str | None = None
    weights: str | None = None

    @property
    def weighted(self) -> list[Expression]:
        """The syntax of the residual with its weight, if it has one; `ROW` stands for itself."""
        if not (text := self.sigma or self.weights):
            return []
        part = expression_of(text, "--sigma" if self.sigma else "--weights")
        root = [] if self.sigma else [(OPERATION, "sqrt", 1, 0, 0)]
        joint = (OPERATION, "div" if self.sigma else "mul", 2, 0, 0)
        return [[(NAME, ROW, 0, 0, 0), *part, *root, joint]]

    @property
    def expressions(self) -> dict[str, Expression]:
        """The metrics' syntax by name; raises `CgraphError` for what is not one expression."""
        hint = '--metric "error=abs(y - p)"'
        return {
            name: expression_of(text, f"the metric '{excerpt(name)}'", hint)
            for name, text in self.metrics.items()
        }


def expression_of(text: str, called: str, hint: str = "") -> Expression:
    """Return the syntax of what is called so; raises `CgraphError` unless it is one expression."""
    statement, *others = parse_syntax(text).block
    if others or not isinstance(statement, Value):
        raise CgraphError("usage", f"{called} is not one expression", hint)
    return statement.expression


def build_graph(given: Given, shapes: Mapping[str, Shape]) -> tuple[Graph, dict[str, int]]:
    """Return the graph of one row, and the metrics' nodes in it; raises `CgraphError`."""
    bound: dict[str, Any] = {name: Shaped(shape) for name, shape in shapes.items()}
    bound.update((name, Shaped(np.shape(value))) for name, value in given.initial.items())
    for name, value in given.fixed.items():
        bound[name] = value if isinstance(value, float) else Shaped(np.shape(value))
    draft = Draft(given.program.syntax, bound, given.program.limits)
    graph = draft.graph
    nodes: dict[str, int] = {}
    output, known = draft.output, {*given_names(given.program.syntax), *bound}
    for name, expression in given.expressions.items():
        node = draft.add(expression, given.metrics[name], {} if "f" in known else {"f": output})
        if graph.shape(node):
            message = f"the metric '{excerpt(name)}' is {describe(graph.shape(node))}, not a number"
            raise CgraphError("shape", message, "take its sum(…) or mean(…)")
        nodes[name] = node
    for weighted in given.weighted:
        output = draft.add(weighted, given.sigma or given.weights or "", {ROW: output})
    graph.output = output
    if graph.shape(output):
        form = describe(graph.shape(output))
        message = f"the program's value is {form}, and a cost is one number"
        place = Place(graph.text, graph.starts[output], graph.ends[output])
        raise CgraphError("shape", message, "take its sum(…), or the sum of its squares", (place,))
    return graph, nodes


Evaluate = Callable[[str, dict[str, Any]], Any]
"""Returns the value of a constant expression in which some names are known."""


def _glorot(chance: Any, shape: Shape) -> Any:
    """Glorot and Bengio (2010): uniform up to ±sqrt(6/(fan in + fan out))."""
    fans = sum(shape) if len(shape) > 1 else (shape[0] + 1 if shape else 2)
    most = np.sqrt(6 / fans)
    return chance.uniform(-most, most, shape)


def _he(chance: Any, shape: Shape) -> Any:
    """He et al. (2015): normal, of standard deviation sqrt(2/fan in)."""
    return chance.normal(0.0, np.sqrt(2 / (shape[-1] if shape else 1)), shape)


_BY_SHAPE: Final[dict[str, Callable[[Any, Shape], Any]]] = {
    "zeros": lambda chance, shape: np.zeros(shape),
    "ones": lambda chance, shape: np.ones(shape),
    "glorot": _glorot,
    "he": _he,
}
_WITH_NUMBERS: Final = {
    "uniform": "write uniform(low, high, 3)",
    "normal": "write normal(mean, deviation, 3)",
}
"""The words that two numbers may stand before a shape of, and how that is written."""

INITIALS: Final = (*_BY_SHAPE, "full", *_WITH_NUMBERS)
"""The words for initial values, each followed by a shape: ``zeros(3)``, ``glorot(2, 3)``."""

_CALL: Final = re.compile(rf"\b({'|'.join(INITIALS)})\s*\(([^()]*)\)")

_NAMES: Final = re.compile(r"\b(_[0-9]+)\b *")


def initial(text: str, name: str, seed: int, evaluate: Evaluate, most: int) -> Any:
    """Return a parameter's initial value: a float or an array; raises `CgraphError`.

    Random numbers depend on the seed and the parameter's name alone. `evaluate` reads constant
    expressions, and `most` is how many numbers there may be in all.

    >>> initial("2*ones(2)", "w", 0, lambda text, known: 2 * known["_1"] if known else 2.0, 9)
    array([2., 2.])
    """
    chance = np.random.default_rng([seed, zlib.crc32(name.encode())])
    known: dict[str, Any] = {}
    written: dict[str, str] = {}

    def put(match: re.Match[str]) -> str:
        room = most - sum(map(np.size, known.values()))
        stand_in = f"_{len(known) + 1}"
        known[stand_in] = _made(match, chance, evaluate, room)
        written[stand_in] = match.group()
        # The columns of later messages stay those of the text.
        return stand_in.ljust(match.end() - match.start())

    def restored(name: re.Match[str]) -> str:
        return written.get(name[1], name[0])

    rest = _CALL.sub(put, text)
    if not known:
        return evaluate(text, {})
    if len(known) == 1 and rest.strip() == "_1":
        return known["_1"]
    try:
        return evaluate(rest, known)
    except CgraphError as error:
        for word in ("message", "hint"):
            setattr(error, word, _NAMES.sub(restored, getattr(error, word)))
        raise


def meant(text: str) -> str:
    """Return the word for initial values that a text comes near to, or nothing.

    >>> meant("glort(2, 3)"), meant("sin(2)")
    ('glorot', '')
    """
    for word in re.findall(r"([a-z_]\w*)\s*\(", text[:200].lower()):
        close = nearest(word, INITIALS, 0.7)
        if close not in ("", word):
            return close
    return ""


def _made(match: re.Match[str], chance: Any, evaluate: Evaluate, room: int) -> Any:
    """Return what a call gives; raises `CgraphError` where it would have more numbers than room."""
    word = match.group(1)
    place = Place(match.string, match.start(), match.end())
    numbers = _numbers(match, evaluate, place)
    if word in _BY_SHAPE:
        return as_value(_BY_SHAPE[word](chance, _shape(word, numbers, place, room)))
    if word == "full":
        if not numbers:
            raise _wrong(word, place, "write the shape and the number: full(3, 0.5)")
        # The number stands last, as in NumPy; where only the first can be none of a shape, first.
        first = not _is_length(numbers[0]) and all(map(_is_length, numbers[1:]))
        value, lengths = (numbers[0], numbers[1:]) if first else (numbers[-1], numbers[:-1])
        return as_value(np.full(_shape(word, lengths, place, room), value))
    bounds = len(numbers) > 2 or (len(numbers) == 2 and not all(map(_is_length, numbers)))
    low, high = (0.0, 1.0) if not bounds else (numbers[0], numbers[1])
    shape = _shape(word, numbers[2:] if bounds else numbers, place, room)
    out_of_order = low > high if word == "uniform" else high < 0
    if out_of_order or not math.isfinite(high - low):
        raise _wrong(word, place, _WITH_NUMBERS[word])
    return as_value(getattr(chance, word)(low, high, shape))


def _numbers(match: re.Match[str], evaluate: Evaluate, place: Place) -> list[float]:
    """Return the values of a call's arguments, each of which is one number."""
    word, inner = match.groups()
    numbers: list[float] = []
    start = match.start(2)
    for part in inner.split(",") if inner.strip() else ():
        # Blanks keep the columns of messages those of the text.
        value = evaluate(" " * start + part, {}) if part.strip() else None
        if value is None or np.shape(value):
            raise _wrong(word, place, _LENGTHS.format(word=word))
        numbers.append(float(value))
        start += len(part) + 1
    return numbers


def _is_length(number: float) -> bool:
    return number >= 1 and number.is_integer()


_LENGTHS: Final = "write the lengths of at most two axes: {word}(3), {word}(2, 3)"


def _shape(word: str, lengths: list[float], place: Place, room: int) -> Shape:
    if not all(map(_is_length, lengths)) or len(lengths) > 2:
        raise _wrong(word, place, _LENGTHS.format(word=word))
    if math.prod(lengths) > room:
        message = f"'{word}' would make more numbers than there may be"
        raise CgraphError("limit", message, "", (place,))
    return tuple(int(length) for length in lengths)


def _wrong(word: str, place: Place, hint: str) -> CgraphError:
    return CgraphError("binding", f"'{word}' does not take these numbers", hint, (place,))
