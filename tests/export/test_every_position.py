"""Every operation in every operand position of every other: code binds as the formula does."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest

import cgcli
from cgcli.algebra.formulas import Formulas
from cgcli.algebra.wanted import Wanted
from cgcli.calculus.passes import forward
from cgcli.export.routine import routine
from cgcli.export.targets import source
from cgcli.operations.row import Operation
from cgcli.operations.table import TABLE
from cgcli.views.formulas import as_text
from tests.amounts import portion, sampled

POINTS = (
    {"x": 0.375, "y": 0.59375, "z": 1.3125},
    {"x": -1.4375, "y": 1.75, "z": 0.40625},
    {"x": 2.8125, "y": -0.71875, "z": -1.21875},
)
FORMS = ("python", "numpy")
ELEMENTWISE = [
    row for row in TABLE if row.elementwise and row.name not in ("input", "constant", "same")
]
ARGUMENTS = ("x", "y", "z")


def written(row: Operation, *arguments: str) -> str:
    """The operation of arguments, each in parentheses, as a program."""
    inner = [f"({each})" for each in arguments]
    if not row.symbol:
        return f"{row.words[0]}({', '.join(inner)})"
    return row.symbol + inner[0] if len(inner) == 1 else f"{inner[0]} {row.symbol} {inner[1]}"


def plain(row: Operation) -> str:
    return written(row, *ARGUMENTS[: len(row.parameters)])


def placed(row: Operation, place: int, inner: str) -> str:
    """The operation with `inner` at one place."""
    arguments = ["z", "y", "x"][: len(row.parameters)]
    arguments[place] = inner
    return written(row, *arguments)


WITH_NUMBERS = (
    "{e}^3",
    "{e}^-1.5",
    "2^{e}",
    "{e}/(2*pi)",
    "{e}^(1/2)",
    "4/{e}",
    "{e}*3",
    "3*{e}",
    "1 - {e}",
    "{e} - 1",
)
INNER = [*map(plain, ELEMENTWISE), *(each.replace("{e}", "x") for each in WITH_NUMBERS)]
NESTED = [
    placed(outer, place, inner)
    for outer in ELEMENTWISE
    for place in range(len(outer.parameters))
    for inner in INNER
] + [outer.replace("{e}", f"({inner})") for outer in WITH_NUMBERS for inner in INNER]


def run(code: str, name: str) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(code, names)
    found: Callable[..., Any] = names[name]
    return found


def same(a: Any, b: float, scale: float = 1.0) -> bool:
    value = float(a)
    if math.isnan(value) or math.isnan(b):
        return math.isnan(value) and math.isnan(b)
    return value == b or abs(value - b) <= 1e-12 * max(abs(b), scale)


@sampled
def test_values() -> None:
    """NaN and infinities are those of eval, and nothing is raised or warned of."""
    texts = NESTED[:: len(NESTED) // portion(len(NESTED))]
    graphs = [cgcli.parse(text).graph() for text in texts]
    functions: dict[str, dict[str, Any]] = {}
    for form in FORMS:
        blocks: dict[str, None] = {}
        for k, graph in enumerate(graphs):
            code = source(routine(graph, {}, value_only=True), form, f"f{k}")
            # Imports and helpers stand once.
            blocks.update(dict.fromkeys(code.split("\n\n\n")))
        functions[form] = {}
        exec("\n\n\n".join(blocks), functions[form])
    compared = 0
    for k, graph in enumerate(graphs):
        for point in POINTS:
            at = {name: point[name] for name in graph.inputs}
            value = forward(graph, at)[graph.output]
            for form in FORMS:
                function = functions[form][f"f{k}"]
                assert same(function(**at), value), (graph.text, form, at, value)
                compared += math.isfinite(value)
    assert compared > portion(15_000)


CONTEXTS = (
    "({e}) + y", "y + ({e})", "({e}) - y", "y - ({e})", "({e})*y", "y*({e})", "({e})/y", "y/({e})",
    "(({e})^2 + 1)^y", "z^({e})", "({e})^3", "2^({e})", "-({e})", "-(({e})*y)", "tanh({e})",
    "z*mod({e}, y)", "where({e}, x*z, y)", "where(x < y, {e}, y)", "where(x < y, y, z*({e}))",
    "z*(({e}) < y)", "z*(y <= ({e}))", "max({e}, y)", "min(y, {e})", "hypot(y, {e})",
)  # fmt: skip


@sampled
@pytest.mark.parametrize("block", range(portion(10)))
def test_derivatives(block: int) -> None:
    """The code and the text of every derivative have the value of the gradient."""
    compared = 0
    for inner, context in itertools.product(INNER[block::10], CONTEXTS):
        text = context.replace("{e}", inner)
        parsed = cgcli.parse(text)
        graph = parsed.graph()
        codes = {}
        formulas = Formulas(graph, Wanted())
        for form in FORMS:
            code = source(routine(graph, {}), form)
            codes[form] = code, run(code, "f")
        printed = as_text(formulas, share=False)
        again = cgcli.parse(printed)
        for point in POINTS[:2]:
            at = {name: point[name] for name in graph.inputs}
            result = parsed.evaluate(at)
            if result.notes or result.gradient is None:
                continue
            sizes = [abs(each) for each in (*result.values, *filter(None, result.gradients or ()))]
            scale = max(each for each in sizes if math.isfinite(each))
            expected = list(result.gradient.values())
            for code, function in codes.values():
                for a, b in zip(function(**at)[1:], expected, strict=True):
                    assert same(a, b, scale), (text, code, at, a, b)
                    compared += 1
            values = again.evaluate({name: at[name] for name in again.graph().inputs})
            for row, b in zip(formulas.rows, expected, strict=True):
                value = values[row.name].value if len(expected) > 1 else values.value
                assert math.isclose(value, b, rel_tol=1e-7, abs_tol=1e-9 * scale), (text, printed)
        for line in printed.splitlines():
            if line.startswith("# for "):
                for part in (
                    line.removeprefix("# for ").replace(" unless ", " where ").split(" where ")
                ):
                    cgcli.parse(part).graph()
    assert compared > 400
