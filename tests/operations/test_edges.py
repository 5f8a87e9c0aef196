"""The edges of domains and shapes: the last point that is inside, and the first that is not."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.errors import CgraphError
from cgcli.operations import shapes
from cgcli.operations.table import OPERATIONS, TABLE

TINY = math.ulp(1.0)
INSIDE: list[tuple[str, dict[str, float]]] = [
    ("sqrt(x)", {"x": 0}),
    ("log1p(x)", {"x": -1 + TINY}),
    *((f"{name}(x)", {"x": x}) for name in ("asin", "acos") for x in (-1, 1)),
    ("acosh(x)", {"x": 1}),
    *(("atanh(x)", {"x": x}) for x in (-1 + TINY, 1 - TINY)),
    *(("x^y", {"x": 0, "y": y}) for y in (0, 0.5, 2)),
    *(("x^y", {"x": -2, "y": y}) for y in (-3, 0, 2)),
    *(("xlogy(x, y)", {"x": 0, "y": y}) for y in (-1, 0, 2)),
    *((f"{name}(x)", {"x": -0.5}) for name in ("gamma", "lgamma", "digamma")),
    *(("polygamma(n, x)", {"n": n, "x": 2.5}) for n in (0, 1, 100)),
    ("polygamma(n, x)", {"n": 1, "x": -0.5}),
]
OUTSIDE: list[tuple[str, dict[str, float]]] = [
    ("sqrt(x)", {"x": -TINY}),
    *((f"{name}(x)", {"x": 0}) for name in ("log", "log2", "log10")),
    ("log1p(x)", {"x": -1}),
    *((f"{name}(x)", {"x": x}) for name in ("asin", "acos") for x in (-1 - TINY, 1 + TINY)),
    ("acosh(x)", {"x": 1 - TINY}),
    *(("atanh(x)", {"x": x}) for x in (-1, 1)),
    *(("x^y", {"x": 0, "y": y}) for y in (-1, -0.5)),
    *(("x^y", {"x": -2, "y": y}) for y in (0.5, -1.5)),
    *((f"{text}", {"x": 3, "y": 0}) for text in ("x/y", "mod(x, y)", "xlogy(x, y)")),
    *((f"{n}(x)", {"x": x}) for n in ("gamma", "lgamma", "digamma") for x in (0, -1, -7)),
    *(("polygamma(n, x)", {"n": n, "x": 2.5}) for n in (-1, 0.5)),
    ("polygamma(n, x)", {"n": 1, "x": -2}),
]


def domains(text: str, at: dict[str, float]) -> list[str]:
    return [note.kind for note in cgcli.parse(text).evaluate(at).notes if note.kind == "domain"]


@pytest.mark.parametrize(("text", "at"), INSIDE, ids=str)
def test_inside(text: str, at: dict[str, float]) -> None:
    assert domains(text, at) == []


@pytest.mark.parametrize(("text", "at"), OUTSIDE, ids=str)
def test_outside(text: str, at: dict[str, float]) -> None:
    assert domains(text, at) == ["domain"]


def test_every_domain_has_its_edge_here() -> None:
    named = " ".join(text for text, _ in OUTSIDE)
    rows = [row for row in TABLE if row.domain and row.elementwise]
    assert [r.name for r in rows if (r.symbol or f"{r.words[0]}(") not in named] == []


# Shapes, as NumPy has them


SHAPES = [(3,), (2, 3), (1, 4)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("axis", range(-4, 4))
def test_an_axis_is_numpy_s(shape: tuple[int, ...], axis: int) -> None:
    try:
        expected = np.zeros(shape).sum(axis=axis).shape
    except np.exceptions.AxisError:
        with pytest.raises(shapes.ShapeMismatchError, match=f"has no axis {axis}"):
            shapes.reduced(shape, axis)
    else:
        assert shapes.reduced(shape, axis) == expected


@pytest.mark.parametrize("shape", SHAPES)
def test_an_index_is_numpy_s(shape: tuple[int, ...]) -> None:
    for count in range(1, len(shape) + 1):
        for indices in itertools.product(range(-5, 5), repeat=count):
            try:
                expected = np.zeros(shape)[indices].shape
            except IndexError:
                with pytest.raises(shapes.ShapeMismatchError):
                    shapes.index(shape, *indices)
            else:
                assert shapes.index(shape, *indices) == expected


@pytest.mark.parametrize("index", [3, 17, -4])
def test_the_hint_names_the_last_index(index: int) -> None:
    program, at = cgcli.parse(f"x[{index}]"), {"x": [5.0, 6.0, 7.0]}
    with pytest.raises(CgraphError) as error:
        program.evaluate(at)
    found = re.search(r"from (\d+) to (\d+), and -1", error.value.hint)
    assert found
    first, last = (cgcli.parse(f"x[{k}]").evaluate(at).value for k in found.groups())
    assert (first, last) == (5.0, 7.0)


@pytest.mark.parametrize(
    "parts", [[3.0, [1.0, 2.0]], [[1.0, 2.0], 3.0, 4.0], [[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]]]
)
def test_parts_are_joined_as_numpy_joins_them(parts: list[Any]) -> None:
    names = "abc"[: len(parts)]
    result = cgcli.parse(f"concat({', '.join(names)})").evaluate(
        dict(zip(names, parts, strict=True))
    )
    expected = np.concatenate([np.atleast_1d(part) for part in parts])
    assert np.array_equal(result.value, expected)


@pytest.mark.parametrize("name", [row.name for row in TABLE if row.elementwise and row.words])
def test_nothing_finite_is_sent_through_what_has_no_value(name: str) -> None:
    row = OPERATIONS[name]
    names = "abc"[: len(row.parameters)]
    text = f"{row.words[0]}({', '.join(names)})"
    scalar, vector = cgcli.parse(text), cgcli.parse(f"sum({text})")
    compiled = scalar.function()
    for numbers in itertools.product((math.inf, -math.inf, 2.0, 0.0), repeat=len(names)):
        at = dict(zip(names, numbers, strict=True))
        result = scalar.evaluate(at)
        if not math.isnan(result.value):
            continue
        many = vector.evaluate({key: [value] for key, value in at.items()})
        assert result.gradient is not None and many.gradient is not None
        for key in names:
            assert not math.isfinite(result.gradient[key])
            assert not math.isfinite(many.gradient[key][0])
            assert not math.isfinite(compiled(at).gradient[key])
