"""The two proofs of a gradient meet for every operation, and a rule that is wrong is caught.

The wrong rules are wrong by one part in 1e9, in one partial or one pullback at a time, and must
give balls that do not meet: nothing is compared with a tolerance.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import flint
import pytest

import cgcli
from cgcli.calculus.agreement import Agreement, DisagreementError
from cgcli.calculus.certify import verify
from cgcli.calculus.leaves import exact_leaves
from cgcli.calculus.proved import BallSweep
from cgcli.calculus.sums import Scattered
from cgcli.graph.graph import Graph
from cgcli.numbers.balls import BENT, ball
from cgcli.numbers.series import DEFINITIONS
from cgcli.operations.protocol import ELEMENTWISE as PRIMITIVES
from cgcli.operations.row import Operation
from cgcli.operations.table import OPERATIONS, TABLE
from tests.oracles.functions import ELEMENTWISE, KINKS

SLIP = 1 + ball(Fraction(1, 10**9))

MORE: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "same": (("u = x; u*x", {"x": 1.5}),),
    "pos": (("+x", {"x": 1.5}),),
    "neg": (("-x", {"x": 1.5}),),
    "where": (("where(x > 2, y, x*z)", {"x": 1.5, "y": 0.5, "z": 3}),),
    "lt": (("x < y", {"x": 1.0, "y": 2.0}),),
    "polygamma": (("polygamma(2, x)", {"x": 0.3}), ("polygamma(1, x)", {"x": -1.75})),
    "stack": (("sum([x, y*y] * [2, 3])", {"x": 1.5, "y": -0.5}),),
    "index": (
        ("v[1]*v[0]", {"v": [0.3, 0.7]}),
        ("W[1, 0]*W[0, 1]", {"W": [[1, 2], [3, 4]]}),
        ("sum(v[1:]*v[:-1]^2)", {"v": [0.3, 0.7, -2]}),
        ("sum(W[:, 1]^2 * W[0])", {"W": [[1, 2], [3, 4]]}),
    ),
    "cumsum": (("sum(cumsum(v)^2)", {"v": [0.5, -1.5, 3]}),),
    "diag": (
        ("sum(diag(W)^3)", {"W": [[1, 2], [3, -4]]}),
        ("sum((diag(v) + 1)^2)", {"v": [0.5, -1.5]}),
    ),
    "trace": (("trace(W @ W)", {"W": [[1, 2], [3, -4]]}),),
    "matmul": (
        ("sum((W @ V)^2)", {"W": [[1, 2], [3, -4]], "V": [[0.5, 1], [2, 0.25]]}),
        ("sum((W @ v)^2)", {"W": [[1, 2], [3, -4]], "v": [0.5, -1.5]}),
        ("sum((v @ W)^2)", {"W": [[1, 2], [3, -4]], "v": [0.5, -1.5]}),
        ("v @ u", {"v": [0.5, -1.5], "u": [3, 0.1]}),
    ),
    "dot": (("dot(v, u)", {"v": [0.5, -1.5], "u": [3, 0.1]}),),
    "outer": (("sum(outer(v, u)^2)", {"v": [0.5, -1.5], "u": [3, 0.1, 1]}),),
    "transpose": (("sum(transpose(W) * [[1, 2], [3, 5]])", {"W": [[1, 2], [3, -4]]}),),
    "concat": (
        ("sum(concat(v, x, v)^2)", {"v": [0.5, -1.5], "x": 3}),
        ("sum(concat(W, W)^2)", {"W": [[1, 2], [3, -4]]}),
    ),
    "sum": (
        ("sum(v^2)", {"v": [0.5, -1.5]}),
        ("sum(sum(W, 0)^2)", {"W": [[1, 2], [3, -4]]}),
        ("sum(sum(W, 1)^3)", {"W": [[1, 2], [3, -4]]}),
    ),
    "mean": (("mean(v^2)", {"v": [0.5, -1.5]}), ("sum(mean(W, 0)^2)", {"W": [[1, 2], [3, -4]]})),
    "prod": (
        ("prod(v)", {"v": [0.5, -1.5, 3]}),
        ("prod(v)", {"v": [0, -1.5, 3]}),
        ("sum(prod(W, 1)^2)", {"W": [[1, 2], [3, -4]]}),
    ),
    "norm": (("norm(v)", {"v": [0.5, -1.5]}), ("sum(norm(W, 1))", {"W": [[1, 2], [3, -4]]})),
    "logsumexp": (
        ("logsumexp(v)", {"v": [0.5, -1.5, 700]}),
        ("sum(logsumexp(W, 0)^2)", {"W": [[1, 2], [3, -4]]}),
    ),
    "amax": (("max(v)*v[0]", {"v": [0.5, -1.5, 3]}),),
    "amin": (("min(v)*v[0]", {"v": [0.5, -1.5, 3]}),),
    "softmax": (("sum(softmax(W) * [[1, 2], [3, 5]])", {"W": [[1, 2], [3, -4]]}),),
    "log_softmax": (("sum(log_softmax(W) * [[1, 2], [3, 5]])", {"W": [[1, 2], [3, -4]]}),),
    "len": (("len(v)*v[0]", {"v": [0.5, -1.5]}),),
    "onehot": (("dot(onehot(k, 3), [k, k^2, k^3])", {"k": 1}),),
}
"""Programs in which an operation stands, beside those of the oracle's own points."""


def programs(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return programs with the operation in them, and their bindings."""
    yield from MORE.get(name, ())
    for text, bindings, words in _of_the_oracle():
        if name in words:
            yield text, bindings


@functools.cache
def _of_the_oracle() -> list[tuple[str, dict[str, Any], set[str]]]:
    """Return the programs of the oracle's points, their bindings, and what stands in them."""
    return [
        (text, bindings, {row.name for row in graph_of(text, bindings).operations})
        for entry in ELEMENTWISE.values()
        for args in entry.points
        for text, bindings in [(entry.text(args), entry.bindings(args))]
    ]


def graph_of(text: str, bindings: dict[str, Any]) -> Graph:
    return cgcli.parse(text).graph(bindings)


def compare(graph: Graph, bindings: dict[str, Any], bits: int = 256) -> tuple[bool, list[Any]]:
    """Compare both ways, and return whether all could be, and the gradients by balls."""
    with flint.ctx.workprec(bits):
        leaves = exact_leaves(graph, bindings)()
        values = BallSweep(graph).forward(leaves)
        active = graph.dependents(graph.inputs.values())
        gradients = BallSweep(graph, values).backward(graph.output, active, ball(1))
        agreed = Agreement(graph, graph.output, active, []).check(leaves, values, gradients)
    return agreed, gradients


def with_slip(row: Operation, place: int) -> Operation:
    """Return the row with one derivative wrong by a part in 1e9; 0 is wrong by 1e-9 itself."""

    def slipped(m: Any, y: Any, *arguments: Any) -> Any:
        partial = row.partial(place)(m, y, *arguments)
        return _slipped(partial)

    def pulled(m: Any, k: int, up: Any, y: Any, arguments: Any, static: Any) -> Any:
        assert row.pullback is not None
        sent = row.pullback(m, k, up, y, arguments, static)
        if k != place:
            return sent
        if sent is None:
            return up.reshape(-1)[0] * (SLIP - 1) if m.rank(up) else up * (SLIP - 1)
        return (sent.dense() if isinstance(sent, Scattered) else sent) * SLIP

    if row.pullback is not None:
        return dataclasses.replace(row, pullback=pulled)
    if not isinstance(row.partials, tuple):
        every = row.partials

        def all_at_once(m: Any, y: Any, *arguments: Any) -> Any:
            partials = every(m, y, *arguments)
            partials[place] = _slipped(partials[place])
            return partials

        return dataclasses.replace(row, partials=all_at_once)
    kept = list(row.partials)
    kept[place] = slipped
    return dataclasses.replace(row, partials=tuple(kept))


def _slipped(partial: Any) -> Any:
    if hasattr(partial, "shape"):
        return partial * SLIP
    partial = ball(partial)
    return partial + (SLIP - 1) if partial.exact == 0 else partial * SLIP


def arity(row: Operation) -> int:
    return 3 if row.name in ("clip", "where") else len(row.parameters)


ROWS = [row for row in TABLE if row.parameters]
PLACES = [
    pytest.param(row, place, id=f"{row.name}-{place}")
    for row in ROWS
    for place in range(arity(row))
    # There is no derivative by the order of a polygamma function; a condition and what a step
    # is asked of are sent none.
    if not row.step and (row.name, place) not in (("polygamma", 0), ("where", 0))
]


def test_only_primitives_and_smooth_functions_are_defined_once_more() -> None:
    smooth = {"sigmoid", "softplus", "silu", "gelu", "elu", "xlogy"}
    assert set(DEFINITIONS) - smooth <= {*PRIMITIVES, "max", "min"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_both_proofs_meet(row: Operation) -> None:
    found = list(programs(row.name))
    assert found
    for text, bindings in found:
        agreed, _ = compare(graph_of(text, bindings), bindings, 4096)
        assert agreed, (text, bindings)


@pytest.mark.parametrize(("row", "place"), PLACES)
def test_a_rule_that_is_wrong_by_one_part_in_1e9_is_caught(row: Operation, place: int) -> None:
    caught = 0
    for text, bindings in programs(row.name):
        graph = graph_of(text, bindings)
        active = graph.dependents(graph.inputs.values())
        concerned = [
            node
            for node, own in enumerate(graph.operations)
            if own is row and place < len(graph.arguments[node]) and active[node]
            if active[graph.arguments[node][place]]
        ]
        if not concerned:
            continue
        _, before = compare(graph, bindings, 4096)
        for node in concerned:
            graph.operations[node] = with_slip(row, place)
        argument = before[graph.arguments[concerned[0]][place]]
        if argument is None:
            # A branch that is not taken is sent nothing.
            continue
        try:
            compare(graph, bindings, 4096)
        except DisagreementError:
            caught += 1
        else:
            # What is 0 because what follows does not depend on it stays 0; a kink is not compared.
            elements = [argument] if not hasattr(argument, "flat") else list(argument.flat)
            assert all(each.flags & BENT or each.exact == 0 for each in elements), text
    assert caught


def test_the_name_of_the_node_is_told() -> None:
    graph = graph_of("p = sin(x); q = exp(p); p*q", {"x": 0.5})
    node = graph.node("q")
    assert node is not None
    graph.operations[node] = with_slip(OPERATIONS["exp"], 0)
    with pytest.raises(DisagreementError, match=r"the gradient by p = sin\(x\) contradict"):
        compare(graph, {"x": 0.5})


def test_a_wrong_value_is_caught() -> None:
    graph = graph_of("sin(x)^2", {"x": 0.5})
    wrong = dataclasses.replace(OPERATIONS["sin"], value=lambda m, x: m.sin(x) * SLIP)
    graph.operations[1] = wrong
    with pytest.raises(DisagreementError, match=r"the value of v1 = sin\(x\) contradict"):
        compare(graph, {"x": 0.5})


@pytest.mark.parametrize("edge", KINKS, ids=lambda edge: f"{edge.text}-{list(edge.at.values())}")
def test_both_proofs_meet_where_there_is_a_convention(edge: Any) -> None:
    assert verify(cgcli.parse(edge.text).evaluate(edge.at)).agreed


def test_every_row_of_a_jacobian_is_compared() -> None:
    result = cgcli.parse("[sin(x)*y, x^y]").evaluate(x=1.5, y=2.5)
    assert verify(result).agreed
    node = next(n for n, row in enumerate(result.graph.operations) if row.name == "pow")
    result.graph.operations[node] = with_slip(OPERATIONS["pow"], 1)
    with pytest.raises(DisagreementError):
        verify(result)
