"""`--wrt`: gradients by what it names, and by what lies between that and the output, alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cgcli

POINT = ("x=1", "y=3", "z=-3")
ONLY_X = ("(x+y)*z", *POINT, "--wrt", "x")


def rows(table: str) -> dict[str, list[str]]:
    """The words of each row of a table by the name that it begins with, up to the first blank."""
    lines = table.partition("\n\n")[0].splitlines()[2:]
    return {line.split()[0]: line.split()[1:] for line in lines if line.strip()}


def reached(text: str, wrt: list[str]) -> set[str]:
    """The names of the nodes on a path from one of some names to the output, by walking back."""
    graph = cgcli.parse(text).graph()
    sources = {graph.names.index(name) for name in wrt}
    paths, found = [[graph.output]], set(sources)
    while paths:
        path = paths.pop()
        if path[-1] in sources:
            found.update(path)
        paths += [[*path, argument] for argument in graph.arguments[path[-1]]]
    return {graph.names[node] for node in found}


def test_the_table_shows_the_gradients_that_were_asked_for(cgraph: Any) -> None:
    assert rows(cgraph("eval", *ONLY_X).out) == {
        "x": ["1", "-3"],
        "y": ["3"],
        "v1": ["x", "+", "y", "4", "-3"],
        "z": ["-3"],
        "f": ["v1", "*", "z", "-12", "1"],
    }


@pytest.mark.parametrize("more", [(), ("--exact",), ("--verify",), ("--precision", "20")])
@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        ("(x+y)*z", ["x"]),
        ("(x+y)*z", ["v1"]),
        ("p = x*y; q = p^2 + x; r = p*z; r*2 + y", ["x"]),
        ("p = x*y; q = p^2 + x; r = p*z; r*2 + y", ["p", "q"]),
        ("p = x*y; z^2", ["x"]),
        ("where(x > 0, y*z, x)", ["x", "y"]),
        ("c = 2; (x + c)*y*z", ["c"]),
    ],
)
def test_the_nodes_of_every_document(
    text: str, wrt: list[str], more: tuple[str, ...], cgraph: Any
) -> None:
    arguments = ("eval", text, *POINT, "--json", *more)
    every = json.loads(cgraph(*arguments).out)
    some = json.loads(cgraph(*arguments, "--wrt", ",".join(wrt)).out)
    shown = {node["name"] for node in some["nodes"] if node["grad"] is not None}
    assert shown == reached(text, wrt)
    for before, after in zip(every["nodes"], some["nodes"], strict=True):
        if after["name"] in shown and before["grad"] is not None:
            assert after["grad"] == before["grad"]
        if before["partials"] != after["partials"]:
            # By a constant that is asked for by name there is a local derivative as well.
            assert wrt == ["c"]


def test_a_kink_of_what_was_not_asked_for_is_no_note(cgraph: Any) -> None:
    found = json.loads(cgraph("eval", "abs(x) + abs(y)", "x=0", "y=0", "--wrt", "x", "--json").out)
    assert [note["node"] for note in found["notes"]] == ["v1"]
    tie = json.loads(cgraph("eval", "max(x, y)", "x=0", "y=0", "--wrt", "y", "--json").out)
    assert list(tie["notes"][0]["sides"]) == ["y"]


def test_what_was_not_asked_for_needs_no_exact_number(cgraph: Any) -> None:
    found = json.loads(cgraph("eval", "2^x*y", "x=3", "y=5", "--wrt", "y", "--exact", "--json").out)
    assert (found["gradient"], found["notes"]) == ({"y": "8"}, [])


PLAIN = ("∂f/∂x = ", "∂f/∂yy = ")
BY_FORMAT = {
    "text": PLAIN,
    "markdown": PLAIN,
    "latex": (r"\partial x}", r"\partial \mathit{yy}}"),
    "html": (r"\\partial x}", r"\\partial \\mathit{yy}}"),
    "json": ('"to": "x"', '"to": "yy"'),
}


@pytest.mark.parametrize("form", BY_FORMAT)
def test_a_trace_takes_no_step_that_was_not_asked_for(form: str, cgraph: Any) -> None:
    program = ("uu = x + yy; uu*zz", "x=1", "yy=3", "zz=-3", "--format", form)
    every, some = cgraph("trace", *program).out, cgraph("trace", *program, "--wrt", "x").out
    wanted, other = BY_FORMAT[form]
    assert (wanted in every, other in every) == (True, True)
    assert (wanted in some, other in some) == (True, False)


def test_a_tree_has_the_gradients_that_were_asked_for(cgraph: Any) -> None:
    assert cgraph("trace", *ONLY_X, "--tree").out.splitlines() == [
        "f = v1 * z = -12   ∂f/∂f = 1",
        "├─ v1 = x + y = 4   ∂f/∂v1 = -3",
        "│  ├─ x = 1   ∂f/∂x = -3",
        "│  └─ y = 3",
        "└─ z = -3",
    ]


def test_a_trace_of_one_gradient_that_was_not_asked_for(cgraph: Any) -> None:
    ran = cgraph("trace", *ONLY_X, "--only", "y")
    assert (ran.status, ran.out) == (2, "")
    assert "there is no gradient by 'y'" in ran.err
    assert "--wrt y" in ran.err


def test_a_sheet_asks_for_every_value_and_some_gradients(cgraph: Any) -> None:
    found = json.loads(cgraph("sheet", *ONLY_X, "--json").out)
    assert list(found["answers"]) == ["x + y", "f", "df/d(x + y)", "df/dx"]


def test_lines_of_a_stream(cgraph: Any) -> None:
    line = {"expr": "(x+y)*z", "at": {"x": 1, "y": 3, "z": -3}, "wrt": ["x"]}
    found = json.loads(cgraph("eval", "--jsonl", stdin=json.dumps(line).encode()).out)
    assert [node["grad"] for node in found["nodes"]] == [-3.0, None, -3.0, None, 1.0]
