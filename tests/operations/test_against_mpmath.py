"""Every elementwise operation against the definitions, at scalars, in vectors and at the edges."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import cgcli
from tests.oracles.functions import (
    DOMAIN,
    DOMAIN_BEHIND,
    ELEMENTWISE,
    KINKS,
    LANGUAGE_WORDS,
    OVERFLOWS,
    Edge,
    Outside,
    Word,
    partials,
    value,
)

RELATIVE = 1e-12
# Below the normal doubles a result has fewer digits than that by its format: there the bound is
# the absolute error that RELATIVE means for the smallest normal double.
ABSOLUTE = RELATIVE * sys.float_info.min

# Identities that a program writes as nothing at all, or as a sign that changes nothing.
SILENT = {"same", "pos"}

Point = tuple[float, ...]


def _close(got: float, want: float, slack: float = 0.0) -> bool:
    if math.isnan(want):
        return math.isnan(got)
    if math.isinf(want):
        return got == want
    return abs(got - want) <= RELATIVE * abs(want) + ABSOLUTE + slack


def _slack(entry: Word, word: str, args: Point) -> float:
    """What eight units in the last place of the arguments are worth, where that must be allowed.

    Next to a zero the relative error of any algorithm that rounds its argument once is unbounded;
    the answer must still be the exact one of an argument next door.
    """
    if args not in entry.conditioned:
        return 0.0
    slopes = partials(word, args)
    return sum(8 * math.ulp(a) * abs(float(s)) for a, s in zip(args, slopes, strict=True))


def _generic() -> Iterator[tuple[str, Point]]:
    for word, entry in ELEMENTWISE.items():
        for args in entry.points:
            yield word, args


def _gradient(result: cgcli.Result) -> dict[str, Any]:
    assert result.gradient is not None
    return result.gradient


def _kinds(result: cgcli.Result) -> set[str]:
    return {note.kind for note in result.notes}


@pytest.mark.parametrize(("word", "args"), list(_generic()), ids=str)
def test_scalars(word: str, args: Point) -> None:
    entry = ELEMENTWISE[word]
    result = cgcli.parse(entry.text(args)).evaluate(entry.bindings(args))
    want = float(value(word, args))
    assert _close(float(result.value), want, _slack(entry, word, args)), (result.value, want)
    slopes = partials(word, args)
    assert set(_gradient(result)) == set(entry.bindings(args))
    for k, name in zip(entry.variables(args), entry.bindings(args), strict=True):
        assert _close(float(_gradient(result)[name]), float(slopes[k])), (
            name,
            _gradient(result)[name],
            float(slopes[k]),
        )
    assert not _kinds(result) & {"kink", "domain"}


def _batches() -> Iterator[tuple[str, list[Point]]]:
    """The points of each word that one vector expression can hold."""
    for word, entry in ELEMENTWISE.items():
        batches: dict[tuple[object, ...], list[Point]] = defaultdict(list)
        for args in entry.points:
            batches[len(args), *(args[k] for k in sorted(entry.literals))].append(args)
        for batch in batches.values():
            yield word, batch


@pytest.mark.parametrize(("word", "batch"), list(_batches()), ids=str)
def test_vectors(word: str, batch: list[Point]) -> None:
    entry = ELEMENTWISE[word]
    positions = entry.variables(batch[0])
    names = list(entry.bindings(batch[0]))
    columns = {n: [args[k] for args in batch] for k, n in zip(positions, names, strict=True)}
    result = cgcli.parse(f"v = {entry.text(batch[0])}\nsum(v)").evaluate(columns)
    values = np.asarray(result["v"].value)
    assert values.shape == (len(batch),)
    for name in names:
        assert np.asarray(_gradient(result)[name]).shape == (len(batch),)
    for row, args in enumerate(batch):
        want = float(value(word, args))
        assert _close(float(values[row]), want, _slack(entry, word, args)), (
            args,
            values[row],
            want,
        )
        slopes = partials(word, args)
        for k, name in zip(positions, names, strict=True):
            got = float(_gradient(result)[name][row])
            assert _close(got, float(slopes[k])), (args, name, got, float(slopes[k]))
    assert not _kinds(result) & {"kink", "domain"}


def _edge_id(edge: Edge | Outside) -> str:
    return f"{edge.text} at {', '.join(f'{k}={v:g}' for k, v in edge.at.items())}"


def _check_edge(edge: Edge, result: cgcli.Result) -> None:
    assert _close(float(result.value), edge.value), (result.value, edge.value)
    assert set(_gradient(result)) == set(edge.gradient)
    for name, want in edge.gradient.items():
        got = float(_gradient(result)[name])
        assert _close(got, want), (name, got, want)


@pytest.mark.parametrize("edge", KINKS, ids=_edge_id)
def test_kinks(edge: Edge) -> None:
    result = cgcli.parse(edge.text).evaluate(edge.at)
    _check_edge(edge, result)
    if edge.noted is True:
        assert "kink" in _kinds(result)
        assert "domain" not in _kinds(result)
    if edge.noted is False:
        assert not result.notes


ELEMENTWISE_KINKS = [edge for edge in KINKS if "[" not in edge.text]


@pytest.mark.parametrize("edge", ELEMENTWISE_KINKS, ids=_edge_id)
def test_kinks_in_vectors(edge: Edge) -> None:
    columns = {name: [v, v] for name, v in edge.at.items()}
    result = cgcli.parse(f"v = {edge.text}\nsum(v)").evaluate(columns)
    for row in range(2):
        assert _close(float(result["v"].value[row]), edge.value)
        for name, want in edge.gradient.items():
            got = float(_gradient(result)[name][row])
            assert _close(got, want), (name, got, want)
    if edge.noted is not None:
        assert ("kink" in _kinds(result)) == edge.noted


@pytest.mark.parametrize(
    ("text", "x", "want", "gradient", "kink"),
    [
        ("norm(x)", [0.0, 0.0], 0.0, [0.0, 0.0], True),
        ("norm(x)", [3e200, 4e200], 5e200, [0.6, 0.8], False),
        ("norm(x)", [3e-200, -4e-200], 5e-200, [0.6, -0.8], False),
        ("max(x)", [1.0, 3.0, 3.0], 3.0, [0.0, 0.5, 0.5], True),
        ("min(x)", [1.0, 3.0, 1.0, 1.0], 1.0, [1 / 3, 0.0, 1 / 3, 1 / 3], True),
        ("prod(x)", [3.0, 0.0, 2.0], 0.0, [0.0, 6.0, 0.0], False),
        ("prod(x)", [0.0, 5.0, 0.0], 0.0, [0.0, 0.0, 0.0], False),
        ("logsumexp(x)", [-1000.0, -1000.0], math.log(2) - 1000, [0.5, 0.5], False),
        ("logsumexp(x)", [1000.0, -1000.0], 1000.0, [1.0, 0.0], False),
        ("log_softmax(x)[1]", [1000.0, 0.0], -1000.0, [-1.0, 1.0], False),
        ("softmax(x)[0]", [800.0, 800.0], 0.5, [0.25, -0.25], False),
    ],
)
def test_reductions_at_their_edges(
    text: str, x: list[float], want: float, gradient: list[float], kink: bool
) -> None:
    result = cgcli.parse(text).evaluate(x=x)
    assert _close(float(result.value), want)
    for got, slope in zip(_gradient(result)["x"], gradient, strict=True):
        assert _close(float(got), slope), (_gradient(result)["x"], gradient)
    assert ("kink" in _kinds(result)) == kink


@pytest.mark.parametrize("edge", OVERFLOWS, ids=_edge_id)
def test_overflow_is_told_apart(edge: Edge) -> None:
    result = cgcli.parse(edge.text).evaluate(edge.at)
    _check_edge(edge, result)
    assert "overflow" in _kinds(result)
    assert "domain" not in _kinds(result)


@pytest.mark.parametrize("point", DOMAIN, ids=_edge_id)
def test_outside_the_domain(point: Outside) -> None:
    result = cgcli.parse(point.text).evaluate(point.at)
    assert not math.isfinite(float(result.value))
    for name in point.at:
        assert not math.isfinite(float(_gradient(result)[name])), (name, _gradient(result)[name])
    assert "domain" in _kinds(result)


@pytest.mark.parametrize("point", DOMAIN, ids=_edge_id)
def test_outside_the_domain_in_vectors(point: Outside) -> None:
    columns = {name: [v, v] for name, v in point.at.items()}
    result = cgcli.parse(f"v = {point.text}\nsum(v)").evaluate(columns)
    assert not np.isfinite(result["v"].value).any()
    for name in point.at:
        assert not np.isfinite(_gradient(result)[name]).any(), (name, _gradient(result)[name])
    assert "domain" in _kinds(result)


@pytest.mark.parametrize("point", DOMAIN_BEHIND, ids=_edge_id)
def test_no_finite_gradient_from_behind_the_domain(point: Outside) -> None:
    result = cgcli.parse(point.text).evaluate(point.at)
    for name in point.at:
        assert not math.isfinite(float(_gradient(result)[name])), (name, _gradient(result)[name])
    assert "domain" in _kinds(result)


def test_the_first_node_outside_its_domain_is_the_one_named() -> None:
    result = cgcli.parse("a = log(x); b = sqrt(a); c = b + y").evaluate(x=-1.0, y=2.0)
    domain = [note for note in result.notes if note.kind == "domain"]
    assert [str(note.node) for note in domain][:1] == ["a"]
    assert not math.isfinite(float(_gradient(result)["x"]))
    # The other branch of the sum does not go through that node.
    assert _gradient(result)["y"] == 1.0


def test_rows_of_where_do_not_touch_each_other() -> None:
    columns = {"x": [-1.0, 0.5, 0.0, 2.0], "y": [1.0, 2.0, 3.0, 4.0]}
    result = cgcli.parse("sum(where(x > 0, log(x), y*x))").evaluate(columns)
    np.testing.assert_allclose(_gradient(result)["x"], [1.0, 2.0, 3.0, 0.5], rtol=RELATIVE)
    np.testing.assert_allclose(_gradient(result)["y"], [-1.0, 0.0, 0.0, 0.0], rtol=RELATIVE)
    assert "domain" not in _kinds(result)


@pytest.mark.parametrize(
    "mixing",
    [
        "softmax(x)",
        "log_softmax(x)",
        "softmax(sin(x))*x",
        "x - mean(x)",
        "x/norm(x)",
        "W@x",
        "x@W",
        "x*prod(x)",
        "sum(outer(x, x), 0)",
        "concat([x[2]], [x[0], x[1]])",
        "[sin(x[k])*x[0] for k in 0..2]",
    ],
)
def test_where_chooses_entries_of_what_mixes_them(mixing: str) -> None:
    """Choosing entries is multiplying by 0 and 1, where everything is finite."""
    at = {
        "x": [0.5, -1.25, 2.0],
        "c": [1.0, 0.0, 0.0],
        "W": [[1.0, -2.0, 0.5], [3.0, 0.25, -1.0], [0.75, 1.5, 2.0]],
    }
    if "W" not in mixing:
        del at["W"]
    chosen = cgcli.parse(f"sum(where(c > 0, {mixing}, 0))").evaluate(at)
    masked = cgcli.parse(f"sum(c*({mixing}))").evaluate(at)
    assert _close(float(chosen.value), float(masked.value))
    for name in at.keys() - {"c"}:
        want = np.asarray(_gradient(masked)[name])
        np.testing.assert_allclose(_gradient(chosen)[name], want, rtol=RELATIVE, atol=1e-15)


def test_every_word_of_the_language_is_an_operation() -> None:
    known = {word for row in cgcli.operation_table() for word in row.words}
    assert known >= LANGUAGE_WORDS


def test_every_elementwise_operation_has_an_oracle() -> None:
    elementwise = [row for row in cgcli.operation_table() if row.partials]
    assert elementwise
    for row in elementwise:
        written = set(row.words) or {row.symbol}
        if row.name not in SILENT:
            assert written <= ELEMENTWISE.keys(), row.name


def test_every_elementwise_word_has_several_points() -> None:
    for word, entry in ELEMENTWISE.items():
        assert len(entry.points) >= 2, word
        assert len(set(entry.points)) == len(entry.points), word
