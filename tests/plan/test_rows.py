"""Rows run together: the same values and gradients as one row after the other."""

from __future__ import annotations

import itertools
import tracemalloc
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.language.free import free_names
from cgcli.operations.row import Operation
from cgcli.operations.table import TABLE
from cgcli.plan.lower import Lowered
from cgcli.plan.plan import Plan
from cgcli.plan.sweep import Sweep
from tests import amounts

ROWS = 7


def columns_of(lowered: Lowered, data: dict[str, Any]) -> dict[int, Any]:
    tape = lowered.tape
    return {
        place: data[tape[place].static[0]]
        for place in range(len(tape))
        if tape[place].operation == "column"
    }


def gradients(
    text: str, parameters: dict[str, Any], data: dict[str, Any], known: bool = False
) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The cost of all rows and its gradients, and each row's own, from one plan."""
    count = len(next(iter(data.values())))
    program = cgcli.parse(text)
    graph = program.graph({**parameters, **{name: each[0] for name, each in data.items()}})
    lowered = Lowered(graph, dict.fromkeys(data), {})
    totals = [lowered.total(graph.output), *lowered.gradient_totals()]
    rows = lowered.gradient_rows()
    arrays = {name: np.array(value, dtype=float) for name, value in parameters.items()}
    given = columns_of(lowered, data)
    each = [np.empty((count, *lowered.tape[place].shape)) for place in rows]
    constant = lowered.constant_columns() if known else []
    with np.errstate(all="ignore"):
        if constant:
            found = [
                np.empty((count, *own.shape), dtype=bool if own.truth else float)
                for own in map(lowered.tape.__getitem__, constant)
            ]
            Sweep(Plan(lowered.tape, arrays, by_row=constant), given, count, found).run()
            given.update(zip(constant, found, strict=True))
        plan = Plan(lowered.tape, arrays, totals, rows, constant)
        Sweep(plan, given, count, each).run()
    names = lowered.parameters
    return (
        plan.arrays[totals[0]],
        {name: plan.arrays[place] for name, place in zip(names, totals[1:], strict=True)},
        dict(zip(names, each, strict=True)),
    )


def check(text: str, parameters: dict[str, Any], data: dict[str, Any]) -> None:
    """Compare with one evaluation after the other."""
    program = cgcli.parse(text)
    count = len(next(iter(data.values())))
    results = [
        program.evaluate({**parameters, **{name: each[k] for name, each in data.items()}})
        for k in range(count)
    ]
    for known in (False, True):
        value, total, each = gradients(text, parameters, data, known)
        np.testing.assert_allclose(value, sum(r.value for r in results), rtol=1e-12, atol=1e-12)
        for name in parameters:
            alone = np.array([r.gradient[name] for r in results])  # type: ignore[index]
            scale = max(1.0, float(np.max(np.abs(alone))))
            np.testing.assert_allclose(each[name], alone, rtol=1e-11, atol=1e-12 * scale)
            np.testing.assert_allclose(
                total[name], alone.sum(axis=0), rtol=1e-11, atol=1e-12 * scale
            )


def inside(row: Operation, shape: tuple[int, ...], place: int, chance: Any) -> Any:
    """Values in the domain of an operation."""
    low, high = {
        "acosh": (1.2, 3.0),
        "atanh": (-0.8, 0.8),
        "asin": (-0.8, 0.8),
        "acos": (-0.8, 0.8),
        "polygamma": (0.5, 3.0),
        "gamma": (0.5, 3.0),
        "lgamma": (0.5, 3.0),
        "digamma": (0.5, 3.0),
    }.get(row.name, (-2.0, 2.0))
    if row.name in ("log", "log2", "log10", "log1p", "sqrt", "pow", "xlogy", "div", "mod"):
        low, high = 0.3, 2.5
    if row.name == "clip":
        low, high = ((-2.0, 2.0), (-1.0, -0.2), (0.2, 1.0))[place]
    return chance.uniform(low, high, shape)


ELEMENTWISE = [row for row in TABLE if row.elementwise and row.parameters]


def written(row: Operation, names: list[str]) -> str:
    if row.symbol:
        return (
            f"{row.symbol}{names[0]}" if len(names) == 1 else f"{names[0]} {row.symbol} {names[1]}"
        )
    return names[0] if row.name == "same" else f"{row.words[0]}({', '.join(names)})"


@amounts.sampled
@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
@pytest.mark.parametrize("shapes", [((), ()), ((3,), (3,)), ((), (3,)), ((3,), ()), ((2, 3), (3,))])
def test_elementwise_operations(row: Operation, shapes: Any) -> None:
    if row.name == "polygamma":
        names, fixed = ["x"], "polygamma(1, x)"
    else:
        names, fixed = list("abc")[: len(row.parameters)], ""
    if len(names) == 1 and shapes[0] != shapes[1]:
        return
    count = ROWS if amounts.whole else 3
    for kinds in itertools.product("pd", repeat=len(names)):
        if "d" not in kinds:
            continue
        chance = np.random.default_rng(sum(map(ord, row.name)))
        parameters, data = {"w": 1.5}, {}
        for place, (name, kind) in enumerate(zip(names, kinds, strict=True)):
            shape = shapes[place % 2]
            if kind == "p":
                parameters[name] = inside(row, shape, place, chance)
            else:
                data[name] = inside(row, (count, *shape), place, chance)
        body = fixed or written(row, names)
        check(f"sum(w*({body}))", parameters, data)
        # And with the parameter inside, so that every local derivative is asked for.
        moved = [
            f"({name} + 0*w)" if kind == "d" else name
            for name, kind in zip(names, kinds, strict=True)
        ]
        check(
            f"sum((w*({fixed.replace('x)', '(x + 0*w))') or written(row, moved)}))^2)",
            parameters,
            data,
        )


TENSORS = {
    "matrix by vector": ("sum((W @ x)^2)", {"W": (2, 3)}, {"x": (3,)}),
    "vector by matrix": ("sum((x @ W)^2)", {"W": (3, 2)}, {"x": (3,)}),
    "inner product": ("(w @ x - y)^2", {"w": (3,)}, {"x": (3,), "y": ()}),
    "dot": ("dot(w, x)^2", {"w": (3,)}, {"x": (3,)}),
    "matrix by matrix of the data": ("sum((W @ X)^2)", {"W": (2, 3)}, {"X": (3, 2)}),
    "matrix of the data by matrix": ("sum(tanh(X @ W))", {"W": (3, 2)}, {"X": (2, 3)}),
    "matrix of the data by vector": ("sum((X @ w)^2)", {"w": (3,)}, {"X": (2, 3)}),
    "vector by matrix of the data": ("sum((w @ X)^2)", {"w": (2,)}, {"X": (2, 3)}),
    "product of two of the data": ("w*sum((X @ x)^2)", {"w": ()}, {"X": (2, 3), "x": (3,)}),
    "products of hidden values": (
        "h = W @ x; sum(outer(h, h) @ h)",
        {"W": (2, 3)},
        {"x": (3,)},
    ),
    "rows of hidden values": (
        "h = W @ x; H = outer(h, x); sum((h @ H)^2) + sum((H @ x)^2)",
        {"W": (2, 3)},
        {"x": (3,)},
    ),
    "outer": ("sum(outer(w, x)^2)", {"w": (2,)}, {"x": (3,)}),
    "transpose": ("sum((transpose(W) @ x)^2)", {"W": (3, 2)}, {"x": (3,)}),
    "transpose of rows": ("sum(transpose(outer(w, x)) @ w)", {"w": (2,)}, {"x": (3,)}),
    "list": ("sum([a*x, b, a + b*x]^2)", {"a": (), "b": ()}, {"x": ()}),
    "list of vectors": ("sum([w*x, w, x]^2)", {"w": (3,)}, {"x": (3,)}),
    "index": ("w[0]*x[1] + w[2]^2*x[0] + w[-1]", {"w": (3,)}, {"x": (3,)}),
    "index of a matrix": ("W[0, 1]*x[1] + sum(W[1]*x)", {"W": (2, 3)}, {"x": (3,)}),
    "index of rows": ("h = w*x; h[0]*h[1] + h[2]^2", {"w": ()}, {"x": (3,)}),
    "concat": ("sum(concat(w*x, x, w)^2)", {"w": (3,)}, {"x": (3,)}),
    "concat of numbers": ("sum(concat(w*y, x)^2)", {"w": ()}, {"x": (3,), "y": ()}),
    "concat of matrices": ("sum(concat(outer(w, x), W)^2)", {"w": (2,), "W": (2, 3)}, {"x": (3,)}),
    "sum along": ("sum(sum(W*x, 0)^2) + sum(sum(W*x, 1)^2)", {"W": (2, 3)}, {"x": (3,)}),
    "mean along": ("sum(mean(W*x, 0)^2) + sum(mean(W*x, -1)^2)", {"W": (2, 3)}, {"x": (3,)}),
    "mean": ("mean(W*x)^2", {"W": (2, 3)}, {"x": (3,)}),
    "prod": (
        "prod(w*x) + sum(prod(W*x, 1)) + sum(prod(W*x, 0))",
        {"w": (3,), "W": (2, 3)},
        {"x": (3,)},
    ),
    "prod of a matrix": ("prod(W*x)", {"W": (2, 3)}, {"x": (3,)}),
    "norm": ("norm(w*x) + sum(norm(W*x, 1)) + norm(W*x)", {"w": (3,), "W": (2, 3)}, {"x": (3,)}),
    "logsumexp": ("logsumexp(w*x) + sum(logsumexp(W*x, 0))", {"w": (3,), "W": (2, 3)}, {"x": (3,)}),
    "max": ("max(w*x) + min(w + x)", {"w": (3,)}, {"x": (3,)}),
    "softmax": (
        "dot(softmax(w*x), x) + sum(softmax(W*x) @ x)",
        {"w": (3,), "W": (2, 3)},
        {"x": (3,)},
    ),
    "log_softmax": (
        "dot(log_softmax(w*x), x) + sum(log_softmax(W*x) @ x)",
        {"w": (3,), "W": (2, 3)},
        {"x": (3,)},
    ),
    "len": ("len(x)*w*len(w*x)", {"w": ()}, {"x": (3,)}),
    "broadcasting": ("sum((W + w*x + b)^2)", {"W": (2, 3), "w": (), "b": (3,)}, {"x": (3,)}),
    "one number for all elements": (
        "v = w*x; sum([v, v, v] + v) + sum(where(x, [v, x, x], v)) + mean([x, 2*x] - v)",
        {"w": ()},
        {"x": ()},
    ),
    "one number for all rows": (
        "sum(X + b) - sum(X - W) + mean(2*V + X)",
        {"b": (3,), "W": (1, 3), "V": (2, 1)},
        {"X": (2, 3)},
    ),
    "broadcasting up": ("sum((w*x + b)^2)", {"w": (3,), "b": ()}, {"x": ()}),
    "columns by rows": ("sum((W*[[y], [2*y]])^2)", {"W": (2, 3)}, {"y": ()}),
    "no data in the cost": ("w^2 + 0*x", {"w": ()}, {"x": ()}),
    "a part without data": (
        "(w*x - y)^2 + 0.1*sum(w^2) + exp(w[0])",
        {"w": (1,)},
        {"x": (1,), "y": (1,)},
    ),
    "only shared": ("s = sum(w^2); s*s*x", {"w": (3,)}, {"x": ()}),
    "recurrence": (
        "h[0] = 0*b; for t in 0..4 { h[t+1] = tanh(W @ h[t] + u*x[t] + b) }; dot(b, h[5])^2",
        {"W": (3, 3), "u": (3,), "b": (3,)},
        {"x": (5,)},
    ),
    "x^0": ("(w*x)^0 + w*x", {"w": ()}, {"x": ()}),
    "attention": (
        "A = X @ W @ transpose(X); sum(softmax(A) @ X)",
        {"W": (3, 3)},
        {"X": (2, 3)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TENSORS)
def test_tensor_operations(name: str) -> None:
    text, parameters, data = TENSORS[name]
    if name in ("a part without data", "columns by rows"):
        text = f"sum({text})" if name == "a part without data" else text
    chance = np.random.default_rng(len(name))
    check(
        text,
        {key: chance.normal(size=shape) for key, shape in parameters.items()},
        {key: chance.normal(size=(ROWS, *shape)) for key, shape in data.items()},
    )


@pytest.mark.parametrize("power", ["-3", "-2", "-1", "-0.5", "0", "0.5", "1", "2", "3", "4"])
def test_powers_that_are_written_otherwise(power: str) -> None:
    data = {"x": np.linspace(0.5, 2, ROWS)}
    check(f"(w*x)^{power}*x + x^{power}*w + w^{power}", {"w": 1.3}, data)


def test_labels() -> None:
    chance = np.random.default_rng(3)
    check(
        "z = W @ x; -dot(onehot(label, 4), log_softmax(z))",
        {"W": chance.normal(size=(4, 3))},
        {"x": chance.normal(size=(ROWS, 3)), "label": np.arange(ROWS) % 4.0},
    )


CHOSEN = (
    "(sum((onehot(u, 5) @ A)*(onehot(v, 6) @ B)) + dot(c, onehot(u, 5)) - x)^2",
    "sum(transpose(A) @ onehot(u, 5) * (onehot(v, 6) @ B)) + dot(onehot(u, 5), c)*x",
    "exp(dot(c, onehot(u, 5))*x) + sum(onehot(u, 5) @ A @ transpose(B))",
    "sum(where(x > 0, onehot(u, 5) @ A, onehot(v, 6) @ B))",
)


@pytest.mark.parametrize("text", CHOSEN)
def test_rows_that_columns_choose(text: str) -> None:
    chance = np.random.default_rng(4)
    parameters = {"A": (5, 3), "B": (6, 3), "c": 5}
    data = {"u": chance.integers(0, 5, ROWS) * 1.0, "v": chance.integers(0, 5, ROWS) * 1.0}
    data["x"] = chance.normal(size=ROWS)
    used = free_names(cgcli.parse(text).syntax)
    check(
        text,
        {name: chance.normal(size=shape) for name, shape in parameters.items() if name in used},
        {name: column for name, column in data.items() if name in used},
    )


def test_a_label_that_names_no_row_has_no_value() -> None:
    function = cgcli.parse("sum(A[u]) + c[u]").function(wrt=["A", "c"], rows=["u"], total=True)
    values = {"A": np.ones((3, 2)), "c": np.ones(3)}
    right = function(u=[0, 2, 2], **values)
    assert right.value == 9
    np.testing.assert_array_equal(right.gradient["A"], [[1, 1], [0, 0], [2, 2]])
    np.testing.assert_array_equal(right.gradient["c"], [1, 0, 2])
    for label in (-1.0, 3.0, 0.5, np.nan):
        wrong = function(u=[0, label, 2], **values)
        assert np.isnan(wrong.value)
        assert all(np.isnan(part).all() for part in wrong.gradient.values())


def test_a_table_of_many_rows_takes_its_size() -> None:
    """No row of the data has a number for every row of the table."""
    count, users = 20_000, 50_000
    labels = np.arange(count) * 7 % users
    function = cgcli.parse("(sum(A[u]) - x)^2").function(wrt=["A"], rows=["u", "x"], total=True)
    tracemalloc.start()
    try:
        called = function(A=np.ones((users, 2)), u=labels, x=np.zeros(count))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert called.gradient["A"].sum() == 2 * 2 * 2 * count
    assert peak < 30 << 20


@pytest.mark.parametrize(
    "text",
    [
        "where(x > 0, log(w*x), w*x)",
        "where(x > 0, sqrt(w*x), 0)",
        "s = sqrt(-w); where(x > 0, w*x, s*x)",
        "sum(where(v > 0, sqrt(w*v), v))",
        "where(x > 0, sum(sqrt(w*v)), w)",
        "where(x > 0, norm(log(w*v)), w)",
        "sum(where(v > 0, softmax(w*v)^2, log(-w*v)))",
        "where(w > 0, w*x, sqrt(-w)*x)",
        "relu(where(x > 0, log(w*x), 3*w))",
    ],
)
def test_branches_that_are_not_taken(text: str) -> None:
    """What they hold never reaches a gradient, in any row."""
    chance = np.random.default_rng(5)
    x = chance.normal(size=ROWS)
    v = np.where(x[:, None] > 0, 1, -1) * np.abs(chance.normal(size=(ROWS, 3))) + 0.1
    data = {"x": x, "v": v}
    graph = cgcli.parse(text).graph({"v": v[0]})
    used = {name: data[name] for name in graph.inputs if name in data}
    check(text, {"w": 1.3}, used)


@pytest.mark.parametrize(
    "text",
    [
        "s = sqrt(-w); where(x > 0, w*x, s*x)",
        "s = log(-w*[1, 2]); where(x > 0, w*x, sum(s)*x)",
        "s = [log(-w), w]; sum(where([x < 0, x > 0], s*x, w))",
        "s = sqrt(-w)*w; t = s^2; where(x < 0, t*x, where(x < 0, s, w))",
    ],
)
def test_a_branch_that_no_row_takes_reaches_nothing_that_the_rows_share(text: str) -> None:
    check(text, {"w": 1.3}, {"x": np.linspace(0.5, 2, ROWS)})


def test_blocks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum over many blocks is that over one."""
    from cgcli.plan import sweep

    monkeypatch.setattr(sweep, "block_rows", lambda plan: 3)
    chance = np.random.default_rng(7)
    check(
        "sum((tanh(W @ x + b))^2)",
        {"W": chance.normal(size=(2, 3)), "b": chance.normal(size=2)},
        {"x": chance.normal(size=(10, 3))},
    )


@pytest.mark.parametrize("text", ["sum(onehot(1, 10^6)*x)", "sum(onehot(x, 10^6))"])
def test_rows_of_large_values_take_bounded_memory(text: str) -> None:
    function = cgcli.parse(text).function(rows=["x"])
    x = np.arange(100.0)
    tracemalloc.start()
    try:
        value = function(x=x).value
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(value, x if "*" in text else np.ones(100))
    assert peak < 450 << 20


def test_what_no_row_changes_has_rows_where_its_argument_has() -> None:
    lowered = Lowered(cgcli.parse("(w*x)^0 + w").graph(), {"x": None}, {})
    assert lowered.tape[lowered.row(lowered.graph.output)].rows
