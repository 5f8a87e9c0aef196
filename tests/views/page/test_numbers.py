"""The arithmetic of a page, alone in an embedded V8: its lines are the trace's, at any numbers."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.calculus.explain import Explanation
from cgcli.calculus.result import Result
from cgcli.export.nodes import Numbers
from cgcli.views.catalogue import catalogue
from cgcli.views.page.document import Document
from cgcli.views.signs import PRINTED
from cgcli.views.trace.chain import Line
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.writing import Shown, Wanted
from tests.concordance.exported import by_js, lacking
from tests.views.page.reading import filled

pytestmark = [
    pytest.mark.export,
    pytest.mark.skipif(bool(lacking("js")), reason=f"{lacking('js')} is not here"),
]

LOOP = "h[0] = 0\nfor t in 0..2 { h[t+1] = tanh(w*h[t] + u*x[t] + b) }\nsum([h[1], h[2], h[3]])^2"
PROGRAMS: list[tuple[str, dict[str, Any]]] = [
    ("p = x + y; g = p*z", {"x": 1, "y": 3, "z": -3}),
    ("1/(1+exp(-(w*x+b)))", {"w": 0.7, "x": -1.3, "b": 0.25}),
    ("h = tanh(w*x); (w*h - y)^2", {"w": 0.6, "x": 1.7, "y": -0.4}),
    (LOOP, {"w": 0.5, "u": -0.8, "x": [1, 2, -1], "b": 0.1}),
    ("max(x, y, 0.5)*relu(y) + abs(x) + min(x, 2*y)", {"x": -1.1, "y": 2.3}),
    ("where(x > y, x*y, exp(x)) + where(x < 0, 2*x, x)", {"x": 1.25, "y": -0.75}),
    ("x^3 + x^-1.5 + x^y + 2^x + y^-2", {"x": 1.7, "y": -0.45}),
    ("W @ x + b; sum(softmax(W @ x + b)*b) + norm(W)",
     {"W": [[1, -2], [0.5, 0.25]], "x": [0.3, -0.7], "b": [0.1, 0.2]}),
    ("k = 2; k*x + sin(k)*x + pi*x", {"x": 0.3}),
    ("mean(W*x + c) - sum(W, 0)[1]", {"W": [[1, 2], [3, 4]], "x": [5, 6], "c": [[2], [-1]]}),
]  # fmt: skip


def evaluated(text: str, at: dict[str, Any]) -> Result:
    return cgcli.parse(text).evaluate(at)


def document_of(result: Result) -> Document:
    return Document(Explanation(result), Wanted("page"), catalogue("en"))


def numbers_of(document: Document, result: Result) -> dict[str, Any]:
    """What the page's function returns at a result's inputs, by key."""
    assert document.numbers
    code = document.code.partition("=> {\n")[2].partition("\nreturn f;")[0]
    values = [result.values[result.graph.inputs[n]] for n in document.numbers.arguments]
    got = by_js(code)(*(v.tolist() if hasattr(v, "shape") else v for v in values))
    return {
        key: np.array(value) if isinstance(value, list) else value
        for key, value in zip(document.numbers.keys, got, strict=True)
    }


def shown(row: dict[str, Any], numbers: dict[str, Any]) -> bool:
    return all(numbers[key] == holds for key, holds in row.get("when", []))


def plain(line: Line) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return line.kind, line.sides, line.conditions


@pytest.mark.parametrize(("text", "at"), PROGRAMS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_lines_are_those_of_the_trace_wherever_the_inputs_are(
    text: str, at: dict[str, Any], seed: int
) -> None:
    document = document_of(evaluated(text, at))
    chance = random.Random(f"{text}{seed}")
    moved = {
        name: (np.array(value, float) + (chance.uniform(-1, 1) if seed else 0)).tolist()
        for name, value in at.items()
    }
    result = evaluated(text, moved)
    numbers = numbers_of(document, result)
    page = [
        (
            row["kind"],
            distinct(tuple(filled(side, numbers) for side in row.get("sides", ()))),
            tuple(filled(c, numbers) for c in row.get("conditions", ())),
        )
        for row in document.rows
        if shown(row, numbers) and row["kind"] not in ("note", "words")
    ]
    trace = [
        plain(line)
        for line in Lines(Explanation(result), PRINTED, Shown())
        if line.kind not in ("note", "words")
    ]
    if any(line.kind == "nothing" for line in Lines(Explanation(result), PRINTED, Shown())):
        # What lies behind a branch that is not taken has no lines in a trace, and zeros here.
        assert {line for line in trace if line[0] == "forward"} <= {*page}
        ends = [[s[-1] for kind, s, _ in lines if kind == "gradient"] for lines in (page, trace)]
        assert ends[0] == ends[1]
        return
    assert page == trace


def distinct(sides: tuple[str, ...]) -> tuple[str, ...]:
    """A number that is equal to the side before it is written once."""
    return tuple(side for k, side in enumerate(sides) if not k or side != sides[k - 1])


NOTED = [
    (
        "relu(x) + y", "x", 0.0,
        ("kink: relu(x) has a corner at 0: the derivative by x is 0 from the left, 1 from the "
        "right, and 0 is used"),
    ),
    ("log(x) + y", "x", -1.0, "domain: log(x) is not defined at x = -1: x must be positive"),
    ("exp(x) + y", "x", 1000.0, "overflow: exp(x) is beyond the largest double, 1.8e308"),
    (
        "sqrt(x) + y", "x", 0.0,
        ("kink: sqrt(x) has a vertical tangent at 0: the derivative by x is inf from the right, "
        "and inf is used"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "value", "said"), NOTED)
def test_the_conditions_of_notes_hold_where_there_are_notes(
    text: str, name: str, value: float, said: str
) -> None:
    """A rule's key is 1 where `cgraph eval` has its note, and its words are those of the note."""
    document = document_of(evaluated(text, {"x": 0.5, "y": 1}))
    for at in (0.5, value):
        result = evaluated(text, {"x": 0.5, "y": 1, name: at})
        numbers = numbers_of(document, result)
        keyed = [
            rule for rule in document.notes if rule["key"] and numbers[rule["key"]] == rule["holds"]
        ]
        notes = [f"{note.kind}: {note.message}" for note in result.notes]
        wanted = [note for note in notes if not note.startswith("overflow")]
        texts = {filled(rule["text"], numbers) for rule in keyed}
        assert {text.replace(r"\infty", "inf") for text in texts} == {
            note for note in wanted if note == said
        }
    assert said in notes


def test_what_follows_from_answers_is_computed_from_them() -> None:
    graph = cgcli.parse("p = x*y; q = p + x; q^2").graph()
    numbers = Numbers(graph, {}, answered=True)
    numbers.values()
    numbers.backward(graph.output, graph.dependents(graph.inputs.values()))
    given = {"x": 2.0, "y": 3.0, "#v2": 7.0, "#v3": 5.0, "#v5": 9.0}
    gradients = {name: 10.0 + k for k, name in enumerate(n for n in numbers.arguments if "g" in n)}
    got = by_js(numbers.code("f"))(*({**given, **gradients}[n] for n in numbers.arguments))
    follows = dict(zip(numbers.keys, got, strict=True))
    # p = 2*3, q = 7 + 2 from the wrong p, and 5^2 from the wrong q.
    assert [follows[f"v{node}"] for node in (2, 3, 5)] == [6.0, 9.0, 25.0]
    upstream = gradients["#g5"]
    assert follows["s5_0"] == pytest.approx(upstream * 2 * 5.0)
    assert follows["s2_0"] == pytest.approx(gradients["#g2"] * 3.0)


def test_numbers_that_json_lacks_are_handed_over() -> None:
    result = evaluated("x*y", {"x": math.inf, "y": 2})
    data = document_of(result).data()
    assert [entry["value"] for entry in data["inputs"]] == ["Infinity", 2.0]
    assert json.loads(json.dumps(data))
