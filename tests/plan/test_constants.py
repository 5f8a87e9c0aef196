"""Values that are known when a plan is lowered: folded by the numbers that evaluate a program."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import cgcli
from cgcli.operations.row import Operation
from cgcli.operations.table import TABLE
from cgcli.plan.lower import Lowered
from cgcli.plan.plan import Plan
from cgcli.plan.sweep import Sweep
from tests import amounts
from tests.amounts import portion, sampled
from tests.documents import validate
from tests.plan.test_rows import columns_of, written
from tests.properties.programs import Program, programs

EDGES = [
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.0, 3.0, math.inf, -math.inf, 1e308, -1e308, 5e-324,
    1.7976931348623157e308, 1000.0, -1000.0, 1e-200, 1e200,
]  # fmt: skip
ELEMENTWISE = [row for row in TABLE if row.elementwise and row.parameters]


def mapped(text: str, constants: dict[str, Any], data: dict[str, Any]) -> tuple[Any, ...]:
    """The value and the gradients, by every input, of each row of data; no warning comes."""
    count = len(next(iter(data.values())))
    graph = cgcli.parse(text).graph({**constants, **{name: each[0] for name, each in data.items()}})
    lowered = Lowered(graph, dict.fromkeys(data), constants)
    names = list(graph.inputs)
    places = [
        lowered.row(graph.output),
        *lowered.gradient_rows([graph.inputs[name] for name in names]),
    ]
    each = [np.empty((count, *lowered.tape[place].shape)) for place in places]
    plan = Plan(lowered.tape, {}, by_row=places)
    Sweep(plan, columns_of(lowered, data), count, each).run()
    return each[0], dict(zip(names, each[1:], strict=True))


def check(text: str, constants: dict[str, Any], data: dict[str, Any], exact: bool) -> None:
    """Each row's value is eval's, and so is its gradient where no note is on the domain."""
    program = cgcli.parse(text)
    value, gradients = mapped(text, constants, data)
    for k in range(len(value)):
        result = program.evaluate({**constants, **{name: each[k] for name, each in data.items()}})
        if rounding_decides(result):
            continue
        same(value[k], result.value, result, exact)
        if any(note.kind == "domain" for notes in result.notes_by_node.values() for note in notes):
            continue
        for name, gradient in gradients.items():
            assert result.gradient is not None
            same(gradient[k], result.gradient[name], result, exact)


def rounding_decides(result: Any) -> bool:
    """Whether terms of a product leave the doubles: what is left of them hangs on a lost bit."""
    graph = result.graph
    for node, arguments in enumerate(graph.arguments):
        if graph.operations[node].name in ("matmul", "dot"):
            a, b = (np.abs(result.values[argument]) for argument in arguments)
            with np.errstate(all="ignore"):
                terms = a @ b
            if np.isfinite(a).all() and np.isfinite(b).all() and not np.isfinite(terms).all():
                return True
    return False


def same(found: Any, expected: Any, result: Any, exact: bool) -> None:
    if exact:
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=0)
        return
    values = [v for v in result.values if np.isfinite(v).all()]
    scale = max(1.0, *(float(np.max(np.abs(v))) for v in values))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * min(scale, 1e300))


@sampled
@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_every_operation_of_constants(row: Operation) -> None:
    """All pairs of edges, the operation alone and between others, beside a column."""
    names = list("abc")[: len(row.parameters)]
    if row.name == "polygamma":
        return
    call = written(row, names)
    columns = {"x": np.array([2.0, -0.5])}
    texts = [f"x + ({call})", f"x*({call})", f"x/(({call}) - ({call}))", f"({call})/0 + x"]
    pairs = [(a, b) for a in EDGES for b in EDGES][:: 5 if amounts.whole else 11]
    if len(names) == 1:
        pairs = [(a, 0.0) for a in EDGES]
    for number, (a, b) in enumerate(pairs):
        constants = dict(zip(names, (a, b, EDGES[number % len(EDGES)]), strict=False))
        check(texts[number % len(texts)], constants, columns, exact=True)


@sampled
@given(
    programs(),
    st.lists(st.sampled_from(EDGES), min_size=8, max_size=8),
    st.randoms(use_true_random=False),
)
@settings(
    max_examples=portion(80),
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
def test_random_programs_with_edges_bound(drawn: Program, edges: list[float], chance: Any) -> None:
    names = list(cgcli.parse(drawn.text).graph(drawn.bindings).inputs)
    assume(len(names) > 1)
    columns = [name for name in names if chance.random() < 0.4] or names[:1]
    data = {name: np.stack([np.asarray(drawn.bindings[name], dtype=float)] * 2) for name in columns}
    constants: dict[str, Any] = {}
    for name, edge in zip([n for n in names if n not in data], edges * 3, strict=False):
        array = np.array(drawn.bindings[name], dtype=float)
        if not array.shape:
            constants[name] = edge
            continue
        array.flat[chance.randrange(array.size)] = edge
        constants[name] = array
    check(drawn.text, constants, data, exact=False)


ROWS = "x,y\n1,2\n2,4\n3,6\n"
ALL = "3 rows, the first is row 1"


@pytest.mark.parametrize(
    ("words", "column", "notes"),
    [
        (["x/0"], "inf", [f"domain: {ALL}: f (column 1)"]),
        (
            ["x + 1/z", "z=0"],
            "inf",
            [f"domain: {ALL}: v1 (column 5): 1 / z is not defined at z = 0"],
        ),
        (
            ["x+exp(z)", "z=1000"],
            "inf",
            [f"overflow: {ALL}: v1 (column 3): exp(z) is beyond the largest"],
        ),
        (["x + exp(-exp(z))", "z=1000"], None, [f"overflow: {ALL}: v1 (column 10): exp(z) is"]),
        (["x + mod(2,z)", "z=0"], "nan", [f"domain: {ALL}: v1"]),
        (["x + atanh(1)"], "inf", [f"domain: {ALL}: v1"]),
        (["[x, log(z)]", "z=-1", "--values"], None, [f"domain: {ALL}: v1"]),
        (["1/(x - 2)"], None, ["domain: row 2: f (column 1)"]),
        (["where(x > 1, x, 1/z)", "z=0"], None, ["domain: row 1: v2", "kink: row 1: v1"]),
        (["where(x > 0, x, 1/z)", "z=0"], None, []),
        (["abs(x - 1)"], None, ["kink: row 1: f (column 1)"]),
    ],
)
def test_map_says_what_eval_says_of_constants(
    words: list[str], column: str | None, notes: list[str], cgraph: Any, tmp_path: Any
) -> None:
    (tmp_path / "d.csv").write_text(ROWS)
    ran = cgraph("map", *words, "-d", str(tmp_path / "d.csv"))
    assert ran.status == 0
    lines = ran.err.splitlines()
    assert len(lines) == len(notes)
    for line, note in zip(lines, notes, strict=True):
        assert line.startswith(note)
    if column is not None:
        assert [line.split(",")[1] for line in ran.out.splitlines()[1:]] == [column] * 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["(w*x/c - y)^2"], "row 1, node v2: v1 / c is not defined at v1 = 1, c = 0"),
        (["(w*x/c - y)^2", "--optimizer", "adam", "--batch", "2"], ": v1 / c is not defined"),
        (["(w*x - y)^2/c", "--optimizer", "lbfgs"], "row 1, node f: v3 / c is not defined"),
        (["(w*x - y)/c", "--residual"], "row 1, node f: v2 / c is not defined at v2 = -1, c = 0"),
        (["(w*x - y)^2 + log(c)"], "row 1, node v4: log(c) is not defined at c = 0"),
        (["(w*x - y)^2 + mod(2, c)"], "row 1, node v4: mod(2, c) is not defined at c = 0"),
    ],
)
def test_a_run_whose_cost_is_not_finite_names_the_node_and_the_row(
    words: list[str], message: str, cgraph: Any, tmp_path: Any
) -> None:
    (tmp_path / "d.csv").write_text(ROWS)
    words = ["train", *words, "-d", str(tmp_path / "d.csv"), "w=1", "--fix", "c=0", "--json"]
    ran = cgraph(*words)
    assert ran.status == 1
    assert message in ran.err
    document = json.loads(ran.out)
    validate(document, "train")
    assert document["stopped"].startswith("it diverged: the ")
