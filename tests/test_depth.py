"""Depth and size, with the default recursion limit: nothing recurses with the graph."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import cgcli
from cgcli.errors import CgraphError
from cgcli.graph.text import inline
from tests import amounts
from tests.graph.printed import program


@pytest.fixture(autouse=True)
def _default_recursion_limit() -> Any:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(limit)


TERMS = 100_000 if amounts.whole else 3_000
"""Three times the limit of recursion shows what recurses as well as a hundred times."""
PROGRAMS = {
    "a sum of many terms": ("+".join(["x"] * TERMS), TERMS * 0.5, float(TERMS)),
    "10,000 nested parentheses": ("(" * 10_000 + "x" + ")" * 10_000, 0.5, 1.0),
    "10,000 nested brackets": ("+x)" .join(["(" * 10_000 + "x", *[""] * 10_000]), 5000.5, 10_001.0),
    "10,000 nested sines": ("sin(" * 10_000 + "x" + ")" * 10_000, None, None),
    "a loop of many steps": (
        f"h[0] = x; for t in 0..{TERMS - 1} {{ h[t+1] = h[t] + x }} h[{TERMS}]",
        TERMS/2 + 0.5, TERMS + 1.0,
    ),
    "many signs": ("-" * TERMS + "x", 0.5, 1.0),
    "a tower of powers": ("^".join(["x"] * min(TERMS, 20_000)), None, None),
    "many statements": (
        "\n".join(["a0 = x", *(f"a{n + 1} = a{n} + x" for n in range(TERMS))]),
        TERMS/2 + 0.5, TERMS + 1.0,
    ),
    "10,000 nested calls": (
        "f(a) = a + 1; " + "f(" * 9_999 + "x" + ")" * 9_999, 9_999.5, 1.0,
    ),
    "5,000 functions, each calling the last": (
        "f0(a) = a; " + "; ".join(f"f{n + 1}(a) = f{n}(a) + a" for n in range(5000)) + "; f5000(x)",
        2500.5, 5001.0,
    ),
    "1,500 nested loops": (
        "for t in 0..0 {" * 1500 + "x*1" + "}" * 1500, 0.5, 1.0,
    ),
    "3,000 nested loops": (
        "for t in 0..0 {" * 3000 + "x*1" + "}" * 3000, 0.5, 1.0,
    ),
}  # fmt: skip
SLOW = ("3,000 nested loops",)


@amounts.sampled
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.long if name in SLOW else ()) for name in PROGRAMS],
)
def test_parsed_evaluated_differentiated_and_printed(
    name: str, cgraph: Any, tmp_path: Path
) -> None:
    text, value, slope = PROGRAMS[name]
    graph = cgcli.parse(text).graph()
    assert len(program(graph)) < 40 * len(graph) + 100
    assert inline(graph, graph.output, lambda node: node in graph.given)
    file = tmp_path / "program.cg"
    file.write_text(text)
    ran = cgraph("eval", f"@{file}", "x=0.5")
    assert ran.status == 0
    assert ran.out.count("\n") < 1010
    document = json.loads(cgraph("eval", f"@{file}", "x=0.5", "--json").out)
    assert document["gradient"]["x"] is not None
    if value is not None:
        assert document["value"] == pytest.approx(value, rel=1e-12)
        assert document["gradient"]["x"] == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("opening", ["(", "sin(", "["])
def test_one_level_more_is_the_limit(opening: str, cgraph: Any, tmp_path: Path) -> None:
    closing = "]" if opening == "[" else ")"
    file = tmp_path / "program.cg"
    file.write_text(opening * 10_001 + "x" + closing * 10_001)
    ran = cgraph("eval", f"@{file}", "x=0.5")
    assert ran.status == 2
    assert "deeper than 10,000 levels" in ran.err
    assert "--max-depth" in ran.err
    if opening != "[":
        assert cgraph("eval", f"@{file}", "x=0.5", "--max-depth", "10001").status == 0


def test_nested_lists_do_not_recurse() -> None:
    with pytest.raises(CgraphError, match="three axes"):
        cgcli.parse("[" * 9_999 + "x" + "]" * 9_999).graph()


def test_sixty_shared_doublings(cgraph: Any) -> None:
    text = "; ".join(f"a{n + 1} = a{n} + a{n}" for n in range(60))
    ran = cgraph("eval", text, "a0=1", "--json")
    document = json.loads(ran.out)
    assert document["value"] == 2.0**60
    assert document["gradient"] == {"a0": 2.0**60}
    assert len(document["nodes"]) == 61
    assert cgraph("eval", text, "a0=1").out.count("\n") == 63


@pytest.mark.long
def test_a_million_nodes_and_the_limit() -> None:
    text = "h[0] = x; for t in 0..499999 { h[t+1] = h[t] + x*0.5 } h[500000]"
    result = cgcli.parse(text).evaluate(x=1)
    assert result.gradient == {"x": 250_001.0}
    with pytest.raises(CgraphError, match="5,000,000 nodes"):
        cgcli.parse(text.replace("499999", "4999999")).evaluate(x=1)
