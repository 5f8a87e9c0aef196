"""Questions, replies, and the command line in this process."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

import cgcli
from cgcli.commands.app import run
from tests.concordance.points import nested
from tests.concordance.syntax import Program

Point = Mapping[str, Sequence[float]]
NOTES = frozenset({"kink", "domain", "overflow", "underflow"})


@dataclass
class Reply:
    """What a way says: elements in order; None for what it does not speak of."""

    value: list[Any] | None = None
    gradient: dict[str, list[list[Any]]] = field(default_factory=dict)
    notes: frozenset[str] | None = None
    verdicts: frozenset[str] = frozenset()
    error: str | None = None
    """A refusal: the kind of the error, and its message."""
    answers: dict[str, str] = field(default_factory=dict)
    """The verdicts on answers, of marking."""
    wrong: frozenset[str] = frozenset()
    """Those of them that were handed in wrong on purpose."""
    shape: str = ""
    """What is said of a result that does not have the shape that it ought to have."""
    loss: float = 0.0
    """What a difference of two parameters has lost, absolutely."""


@dataclass
class Question:
    """A program and its points; `right` are the oracle's numbers, for marking alone."""

    program: Program
    points: list[Point]
    right: Callable[[int], list[tuple[str, list[Any], int]]] | None = None

    @cached_property
    def parsed(self) -> cgcli.Program:
        return cgcli.parse(self.program.text)

    def bindings(self, point: Point) -> dict[str, Any]:
        return {name: nested(point[name], shape) for name, shape in self.program.inputs.items()}

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return self.program.inputs

    @cached_property
    def output(self) -> str:
        graph = self.parsed.graph(self.bindings(self.points[0]))
        return str(graph.names[graph.output])

    @cached_property
    def elements(self) -> int:
        """How many elements the output has."""
        shape = self.parsed.evaluate(self.bindings(self.points[0])).value
        return int(np.size(shape))


def written(value: float) -> str:
    """A double as the language reads it back."""
    if value in (float("inf"), -float("inf")):
        return "inf" if value > 0 else "-inf"
    return repr(float(value))


def argument(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(argument, value))}]"
    return written(value)


def arguments(question: Question, point: Point) -> list[str]:
    pairs = question.bindings(point).items()
    return [question.program.text, *(f"{name}={argument(value)}" for name, value in pairs)]


class Ran(NamedTuple):
    status: int
    out: str
    err: str


def command(*words: str) -> Ran:
    """The command line, in this process."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2)]
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = streams
    try:
        status = run(list(words))
    finally:
        sys.stdout, sys.stderr = before
    texts = []
    for stream in streams:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
    return Ran(status, *texts)


def flat(value: Any) -> list[Any]:
    """The elements of a number, nested lists or an array, in order."""
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.reshape(-1).tolist()]
    if isinstance(value, list):
        return [item for part in value for item in flat(part)]
    return [plain(value)]


def plain(value: Any) -> Any:
    words = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": -float("inf")}
    return words.get(value, value) if isinstance(value, str) else value


def by_rows(values: list[Any], count: int) -> list[list[Any]]:
    """The elements of a gradient or Jacobian, a row for every element of the output."""
    width = len(values) // count
    return [values[k * width : (k + 1) * width] for k in range(count)]


def replied(result: Mapping[str, Any], *, notes: bool = True) -> Reply:
    """The reply in a document of `eval` or `trace`."""
    if "error" in result:
        return Reply(error=f"{result['error']['kind']}: {result['error']['message']}")
    value = flat(result["value"])
    slopes = result["gradient"] or result.get("jacobian") or {}
    gradient = {name: by_rows(flat(slope), len(value)) for name, slope in slopes.items()}
    kinds = frozenset(note["kind"] for note in result.get("notes", ())) & NOTES
    return Reply(value, gradient, kinds if notes else None)


def document(ran: Ran) -> dict[str, Any]:
    try:
        return dict(json.loads(ran.out))
    except json.JSONDecodeError:
        return {"error": {"kind": f"status {ran.status}", "message": (ran.out + ran.err)[:300]}}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def each(question: Question, ask: Callable[[Point], Reply | None]) -> list[Reply | None]:
    """A reply for every point; what is raised is one too, whatever it is."""
    replies = []
    for point in question.points:
        try:
            with quiet():
                replies.append(ask(point))
        except cgcli.CgraphError as error:
            replies.append(Reply(error=f"{error.kind}: {error}"))
        except Exception as error:  # noqa: BLE001 - a fault of the program is what is looked for
            replies.append(Reply(error=f"raised: {type(error).__name__}: {error}"))
    return replies


def bounded(point: Point) -> bool:
    return all(abs(x) < float("inf") for xs in point.values() for x in xs)


def literal(point: Point) -> bool:
    """Whether the digits of a point are its doubles exactly, and not too many."""
    every = [x for xs in point.values() for x in xs]
    return bounded(point) and all(
        Fraction(repr(float(x))) == Fraction(x) and len(repr(float(x))) < 12 for x in every
    )
