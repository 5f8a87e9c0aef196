"""Every way to ask for a value and a gradient, as rows, and what each replies.

Bindings are the doubles of a point. A way that goes by the command line is called in this
process; values are written with as many digits as bring the same doubles back.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp, mpf

import cgcli
from cgcli.commands.app import run
from tests.concordance.generate import UNARY, Program, nested, uses
from tests.concordance.rules import SPECIAL

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


class Way(NamedTuple):
    """A way to ask: `numbers` are doubles, fractions, proved, digits or labels."""

    name: str
    ask: Callable[[Question], list[Reply | None]]
    numbers: str = "doubles"
    cost: int = 1
    """About what a program costs, in milliseconds, to choose how often it is asked."""


# --- arguments and answers -------------------------------------------------------------------


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


# --- the library -----------------------------------------------------------------------------


def _result(result: Any) -> Reply:
    value = flat(result.value)
    slopes = result.gradient if result.gradient is not None else result.jacobian
    gradient = {name: by_rows(flat(slope), len(value)) for name, slope in slopes.items()}
    return Reply(value, gradient, frozenset(note.kind for note in result.notes) & NOTES)


def evaluate(question: Question) -> list[Reply | None]:
    return each(question, lambda p: _result(question.parsed.evaluate(question.bindings(p))))


def as_vectors(question: Question) -> list[Reply | None]:
    """Scalars as vectors of one element: the other path through evaluation."""
    program = question.program
    if any(program.inputs.values()) or program.words & _NOT_ELEMENTWISE:
        return [None] * len(question.points)

    def ask(point: Point) -> Reply:
        return _result(question.parsed.evaluate({name: list(xs) for name, xs in point.items()}))

    return each(question, ask)


_NOT_ELEMENTWISE = frozenset(
    {"list", "at", "@", "comprehension", "sum", "mean", "prod", "norm", "logsumexp", "dot", "len",
     "outer", "softmax", "log_softmax", "trace", "diag", "cumsum", "concat", "polygamma"}
)  # fmt: skip


def function(question: Question) -> list[Reply | None]:
    compiled = question.parsed.function(jacobian=question.elements > 1)
    return each(question, lambda p: _called(question, compiled(question.bindings(p))))


def _called(question: Question, called: Any) -> Reply:
    count, gradient, wrong = question.elements, {}, ""
    for name, slope in called.gradient.items():
        shape = (*np.shape(called.value), *question.program.inputs[name])
        if np.shape(slope) != shape:
            wrong = f"the gradient by {name} has the shape {np.shape(slope)}, not {shape}"
        gradient[name] = by_rows(flat(np.array(np.broadcast_to(slope, shape))), count)
    return Reply(flat(called.value), gradient, shape=wrong)


def function_of_rows(question: Question) -> list[Reply | None]:
    """All points at once, a row each."""
    names = list(question.program.inputs)
    count = len(question.points)
    if question.elements > 1:
        return [None] * count
    try:
        with quiet():
            compiled = question.parsed.function(rows=names)
            bound = [question.bindings(point) for point in question.points]
            called = compiled({name: np.array([each[name] for each in bound]) for name in names})
    except Exception as error:  # noqa: BLE001 - a fault of the program is what is looked for
        return [Reply(error=f"raised: {type(error).__name__}: {error}")] * count
    wrong, values = "", np.reshape(np.broadcast_to(called.value, (count,)), (count, 1))
    slopes = {}
    for name, slope in called.gradient.items():
        shape = (count, *question.program.inputs[name])
        if np.shape(slope) != shape:
            wrong = f"the gradient by {name} has the shape {np.shape(slope)}, not {shape}"
        slopes[name] = np.reshape(np.broadcast_to(slope, shape), (count, -1))
    return [
        Reply(flat(values[k]), {n: [flat(slope[k])] for n, slope in slopes.items()}, shape=wrong)
        for k in range(count)
    ]


def exactly(question: Question) -> list[Reply | None]:
    def ask(point: Point) -> Reply | None:
        if not question.program.dyadic or not bounded(point):
            return None
        return _result(question.parsed.evaluate_exactly(question.bindings(point)))

    return each(question, ask)


def bounded(point: Point) -> bool:
    return all(abs(x) < float("inf") for xs in point.values() for x in xs)


def literal(point: Point) -> bool:
    """Whether the digits of a point are its doubles exactly, and not too many."""
    every = [x for xs in point.values() for x in xs]
    return bounded(point) and all(
        Fraction(repr(float(x))) == Fraction(x) and len(repr(float(x))) < 12 for x in every
    )


# --- the command line ------------------------------------------------------------------------


def command_line(question: Question) -> list[Reply | None]:
    return each(
        question, lambda p: replied(document(command("eval", *arguments(question, p), "--json")))
    )


def trace(question: Question) -> list[Reply | None]:
    def ask(point: Point) -> Reply:
        return replied(document(command("trace", *arguments(question, point), "--json")))

    return each(question, ask)


def exact_command(question: Question) -> list[Reply | None]:
    def ask(point: Point) -> Reply | None:
        if not question.program.dyadic or not literal(point):
            return None
        reply = replied(document(command("eval", *arguments(question, point), "--exact", "--json")))
        _read(reply, Fraction)
        return reply

    return each(question, ask)


def _read(reply: Reply, kind: Callable[[str], Any]) -> None:
    """Read numbers that stand as text."""

    def read(item: Any) -> Any:
        return kind(item) if isinstance(item, str) else item

    if reply.value is not None:
        reply.value = [read(item) for item in reply.value]
    reply.gradient = {
        name: [[read(item) for item in row] for row in rows]
        for name, rows in reply.gradient.items()
    }


def verify(question: Question) -> list[Reply | None]:
    return each(question, lambda p: _proved(question, p, ("--verify",)))


def precision(question: Question) -> list[Reply | None]:
    def ask(point: Point) -> Reply | None:
        if not question.program.dyadic or not literal(point):
            return None
        return _proved(question, point, ("--precision", "25"))

    return each(question, ask)


def _digits(text: str) -> mpf:
    with mp.workprec(400):
        return mpf(text)


def _proved(question: Question, point: Point, options: Sequence[str]) -> Reply:
    result = document(command("eval", *arguments(question, point), *options, "--json"))
    reply = replied(result)
    if reply.error is None:
        names = {*question.program.inputs, result["output"]}
        reply.verdicts = frozenset(
            node["verdict"] for node in result["nodes"] if node["name"] in names
        )
        _read(reply, _digits)
    return reply


def check(question: Question) -> list[Reply | None]:
    """The oracle's answers are right, and others are wrong."""
    replies: list[Reply | None] = []
    for k, point in enumerate(question.points):
        assert question.right is not None
        answers = question.right(k)
        if not answers or len({name for name, _, _ in answers}) < len(answers):
            replies.append(None)
            continue
        words = []
        for name, numbers, rank in answers:
            step = question.output if name == "" else f"d{question.output}/d{name}"
            text = ",".join(numbers)
            words += ["--answer", f"{step} = [{text}]" if rank else f"{step} = {text}"]
        result = document(command("check", *arguments(question, point), *words, "--json"))
        if "error" in result:
            replies.append(Reply(error=f"{result['error']['kind']}: {result['error']['message']}"))
            continue
        marked = result["sheets"][0]["answers"]
        replies.append(Reply(answers={answer["text"]: answer["verdict"] for answer in marked}))
    return replies


def formulas(question: Question) -> list[Reply | None]:
    """The values beside the formulas of the derivatives."""
    if question.elements > 1:
        return [None] * len(question.points)

    def ask(point: Point) -> Reply:
        result = document(command("diff", *arguments(question, point), "--json"))
        if "error" in result:
            return Reply(error=f"{result['error']['kind']}: {result['error']['message']}")
        slopes = {"".join(d["wrt"]): [flat(d["value"])] for d in result["derivatives"]}
        return Reply(gradient=slopes)

    return each(question, ask)


def code(language: str) -> Callable[[Question], list[Reply | None]]:
    """The formulas as code, run wherever their conditions hold."""

    def ask_all(question: Question) -> list[Reply | None]:
        nothing: list[Reply | None] = [None] * len(question.points)
        tensors = any(question.program.inputs.values())
        if question.elements > 1 or (tensors and language == "python"):
            return nothing
        shapes = [f"{n}={'x'.join(map(str, s))}" for n, s in question.program.inputs.items() if s]
        options = ["--shape", ",".join(shapes)] if shapes else []
        text = question.program.text
        ran = command("diff", text, *options, "--format", language)
        if re.search(r"there is no \w+ in Python's math|has no vectors", ran.err):
            return nothing
        if ran.status:
            return [Reply(error=f"status {ran.status}: {(ran.out + ran.err)[:300]}")] * len(nothing)
        written_out = document(command("diff", text, *options, "--json"))
        shared = [f"{part['name']} = {part['formula']}" for part in written_out["shared"]]
        conditions = ["; ".join([*shared, test]) for test in written_out["conditions"]]
        space: dict[str, Any] = {}
        exec(compile(ran.out, "derivatives", "exec"), space)
        derive = space[re.findall(r"^def ([^_]\w*|[^(]+?)\(", ran.out, re.MULTILINE)[-1]]
        names = derive.__code__.co_varnames[: derive.__code__.co_argcount]
        wrt = list(question.program.inputs)

        def ask(point: Point) -> Reply | None:
            bindings = question.bindings(point)
            if not all(_holds(condition, bindings) for condition in conditions):
                return None
            try:
                slopes = derive(*(bindings[name] for name in names))
            except (ArithmeticError, ValueError) as error:
                return Reply(error=f"python: {error}")
            slopes = slopes if isinstance(slopes, tuple) else (slopes,)
            order = [name for name in names if name in wrt]
            return Reply(
                gradient={
                    n: [flat(np.asarray(slope, dtype=float))]
                    for n, slope in zip(order, slopes, strict=True)
                }
            )

        return each(question, ask)

    return ask_all


def _holds(condition: str, bindings: Mapping[str, Any]) -> bool:
    """Whether a condition of a formula holds, or what is to hold in its place does."""
    tests = condition.split(" unless ")
    before, _, _ = tests[0].rpartition("; ")
    texts = [tests[0], *(f"{before}; {test}" if before else test for test in tests[1:])]
    values = [cgcli.parse(text).evaluate(bindings).value for text in texts]
    return any(bool(np.all(np.equal(value, 1))) for value in values)


def draw(question: Question) -> list[Reply | None]:
    """The labels of the picture, to their digits."""

    def ask(point: Point) -> Reply | None:
        if any(question.program.inputs.values()) or question.elements > 1:
            return None
        words = arguments(question, point)
        result = document(command("draw", *words, "--json", "--digits", "6"))
        if "error" in result:
            return Reply(error=f"{result['error']['kind']}: {result['error']['message']}")
        ids = {node["id"]: node["name"] for node in result["nodes"]}
        arrows = [(ids.get(arrow["from"]), arrow["gradient"]) for arrow in result["arrows"]]
        gradient = {}
        for name in question.program.inputs:
            labels = [label for source, label in arrows if source == name]
            if len(labels) == 1 and labels[0]:
                gradient[name] = [[_label(labels[0])]]
        value = [n["value"] for n in result["nodes"] if n["name"] == result["output"]]
        return Reply([_label(value[0])] if value and value[0] else None, gradient)

    return each(question, ask)


def _label(text: str) -> float:
    return float(text.replace("−", "-").replace("∞", "inf"))


# --- files -----------------------------------------------------------------------------------


def mapped(kind: str) -> Callable[[Question], list[Reply | None]]:
    """Rows of a data file: every point that has no infinity in it, which no file may hold."""

    def ask(question: Question) -> list[Reply | None]:
        names, inputs = list(question.program.inputs), question.program.inputs
        kept = [k for k, point in enumerate(question.points) if bounded(point)]
        replies: list[Reply | None] = [None] * len(question.points)
        if not kept or (kind == "csv" and any(inputs.values())):
            return replies
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, f"rows.{kind}")
            rows = [question.bindings(question.points[k]) for k in kept]
            _write(path, kind, names, rows)
            words = ["map", question.program.text, "-d", path, "--json"]
            options = ["--values"] if question.elements > 1 else []
            result = document(command(*words, *options))
        if "error" in result:
            error = f"{result['error']['kind']}: {result['error']['message']}"
            for k in kept:
                replies[k] = Reply(error=error)
            return replies
        for k, row in zip(kept, result["rows"], strict=True):
            replies[k] = _row(question, row)
        return replies

    return ask


def _row(question: Question, row: Mapping[str, Any]) -> Reply:
    """A row of `map` or `predict`, whose columns are named after elements or hold lists."""
    output, count = question.output, question.elements
    value, slopes = [], {}
    for key, item in row.items():
        if key == output or key.startswith(f"{output}["):
            value += flat(item)
        elif key.startswith("d"):
            name = key.partition("/d")[2].partition("[")[0]
            slopes.setdefault(name, []).extend(flat(item))
    gradient = {name: by_rows(numbers, count) for name, numbers in slopes.items()}
    return Reply(value, gradient if count == 1 else {})


def _write(path: str, kind: str, names: list[str], rows: list[dict[str, Any]]) -> None:
    if kind == "parquet":
        import duckdb

        lines = os.path.join(os.path.dirname(path), "rows.jsonl")
        _write(lines, "jsonl", names, rows)
        query = f"COPY (SELECT * FROM read_json('{lines}')) TO '{path}' (FORMAT parquet)"
        with duckdb.connect() as connection:
            connection.execute(query)
        return
    with open(path, "w", encoding="utf-8", newline="") as file:
        if kind == "csv":
            table = csv.writer(file)
            table.writerow(names)
            table.writerows([[written(row[name]) for name in names] for row in rows])
        else:
            file.writelines(json.dumps({n: _floats(row[n]) for n in names}) + "\n" for row in rows)


def _floats(value: Any) -> Any:
    return list(map(_floats, value)) if isinstance(value, list) else float(value)


def train(question: Question) -> list[Reply | None]:
    """One step of gradient descent from one row: the cost, and W0 - W1 with a rate of 1."""
    names = list(question.program.inputs)
    if len(names) < 2 or question.elements > 1:
        return [None] * len(question.points)

    def ask(point: Point) -> Reply | None:
        if not bounded(point):
            return None
        bindings = question.bindings(point)
        column, parameters = names[0], names[1:]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rows.jsonl")
            _write(path, "jsonl", [column], [bindings])
            words = [f"{name}={argument(bindings[name])}" for name in parameters]
            options = ["--lr", "1", "--steps", "1", "--reduce", "sum", "--json"]
            result = document(command("train", question.program.text, "-d", path, *words, *options))
        if "error" in result:
            if "does not depend on" in result["error"]["message"]:
                return None
            return Reply(error=f"{result['error']['kind']}: {result['error']['message']}")
        if result["diverged"] is not None:
            return Reply(value=[plain(result["start_cost"])])
        gradient, loss = {}, 0.0
        for name in parameters:
            before, after = flat(bindings[name]), flat(result["parameters"][name])
            gradient[name] = [[a - b for a, b in zip(before, after, strict=True)]]
            loss = max(loss, *(np.spacing(abs(x)) for x in (*before, *after)))
        return Reply([plain(result["start_cost"])], gradient, loss=float(loss))

    return each(question, ask)


def predict(question: Question) -> list[Reply | None]:
    """A model that was never trained, by the rows that share the value of its parameter."""
    names = list(question.program.inputs)
    replies: list[Reply | None] = [None] * len(question.points)
    if len(names) < 2 or question.elements > 1 or not all(map(bounded, question.points)):
        return replies
    parameter = names[-1]
    with tempfile.TemporaryDirectory() as folder:
        path, model = os.path.join(folder, "rows.jsonl"), os.path.join(folder, "model.json")
        for k, point in enumerate(question.points[:2]):
            bindings = question.bindings(point)
            _write(path, "jsonl", names[:-1], [bindings, bindings])
            word = f"{parameter}={argument(bindings[parameter])}"
            made = command(
                "train", question.program.text, "-d", path, word, "--steps", "0", "-o", model
            )
            if made.status not in (0, 1):
                if "does not depend on" not in made.err:
                    replies[k] = Reply(error=f"status {made.status}: {made.err[:200]}")
                continue
            if not os.path.exists(model):
                continue
            words = ["predict", model, "-d", path, "--of", question.output, "--json"]
            result = document(command(*words))
            if "error" in result:
                error = f"{result['error']['kind']}: {result['error']['message']}"
                replies[k] = Reply(error=error)
                continue
            replies[k] = _row(question, result["rows"][1])
            os.remove(model)
    return replies


WAYS: tuple[Way, ...] = (
    Way("eval", evaluate),
    Way("vectors", as_vectors),
    Way("function", function, cost=2),
    Way("rows", function_of_rows, cost=2),
    Way("exact", exactly, "fractions"),
    Way("command", command_line, cost=40),
    Way("exact command", exact_command, "fractions", cost=40),
    Way("verify", verify, "proved", cost=100),
    Way("precision", precision, "digits", cost=100),
    Way("trace", trace, cost=60),
    Way("check", check, "marks", cost=60),
    Way("formulas", formulas, "doubles", cost=80),
    Way("python", code("python"), cost=30),
    Way("numpy", code("numpy"), cost=30),
    Way("draw", draw, "labels", cost=150),
    Way("map csv", mapped("csv"), cost=20),
    Way("map jsonl", mapped("jsonl"), cost=20),
    Way("map parquet", mapped("parquet"), cost=60),
    Way("train", train, cost=80),
    Way("predict", predict, cost=60),
)
__all__ = ["SPECIAL", "UNARY", "WAYS", "Question", "Reply", "Way", "uses"]
