"""What scripts ask for: parts of a document, and a status that takes notes for a no."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cgcli.views.formats import FIELDS

SEED = ("(x+y)*z", "x=1", "y=3", "z=-3")
KINK = ("abs(x)", "x=0")


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_is_that_part_of_the_document(field: str, cgraph: Any) -> None:
    for program in (SEED, ("tanh(W @ x)", "W=[[1,2],[3,4]]", "x=[1,-1]"), KINK):
        for kind in ((), ("--exact",) if program[0] != "tanh(W @ x)" else ()):
            full = json.loads(cgraph("eval", *program, *kind, "--json").out)
            short = json.loads(cgraph("eval", *program, *kind, "--fields", field).out)
            assert short == {field: full.get(field)}


def test_fields_have_the_order_of_the_document(cgraph: Any) -> None:
    given = cgraph("eval", *SEED, "--fields", "gradient, value").out
    assert given == '{\n  "value": -12.0,\n  "gradient": {"x": -3.0, "y": -3.0, "z": 4.0}\n}\n'
    assert cgraph("eval", *SEED, "--json", "--fields", "value,gradient").out == given


def test_fields_of_lines(cgraph: Any) -> None:
    lines = [{"id": i, "expr": f"(x+{i}*y)*z+1", "at": {"x": 1, "y": 3, "z": -3}} for i in range(5)]
    given = "\n".join(map(json.dumps, [*lines, {"id": "bad", "expr": "x +"}])).encode()
    ran = cgraph("eval", "--jsonl", "--fields", "value,gradient", stdin=given)
    *rows, bad = map(json.loads, ran.out.splitlines())
    assert ran.status == 1
    assert rows == [
        {
            "id": i,
            "value": -3.0 * (1 + 3 * i) + 1,
            "gradient": {"x": -3.0, "y": -3.0 * i, "z": 1.0 + 3 * i},
        }
        for i in range(5)
    ]
    assert bad["id"] == "bad"
    assert bad["error"]["kind"] == "syntax"


def test_a_field_that_is_none(cgraph: Any) -> None:
    ran = cgraph("eval", *SEED, "--fields", "value,grad")
    assert ran.status == 2
    error = json.loads(ran.out)["error"]
    assert error["message"].startswith("--fields is expression, output, value,")
    assert error["hint"] == "did you mean gradient?"
    assert cgraph("eval", *SEED, "--fields", "value", "--verify").status == 2


NOTED = [
    ("eval", *KINK),
    ("eval", *KINK, "--json"),
    ("eval", *KINK, "--fields", "value"),
    ("trace", *KINK),
    ("trace", *KINK, "--json"),
    ("trace", *KINK, "--tree"),
    ("draw", *KINK, "--format", "dot"),
    ("draw", *KINK, "--json"),
    ("sheet", *KINK),
    ("sheet", *KINK, "--json"),
    ("sheet", *KINK, "--moodle", "q"),
    ("check", *KINK, "--answer", "f = 0"),
    ("map", "abs(x)", "-d", "zero.csv"),
    ("predict", "model.json", "-d", "zero.csv"),
    ("train", "(w*x - y)^2", "-d", "zero.csv", "w=0", "--lr", "0.01", "--epochs", "20"),
]


@pytest.mark.parametrize("command", NOTED, ids=" ".join)
def test_a_note_is_a_no_when_strict(
    command: tuple[str, ...], cgraph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zero.csv").write_text("x,y\n0,1\n1,2\n2,1\n")
    (tmp_path / "good.csv").write_text("x\n1\n2\n")
    cgraph("train", "log(x)*w", "-d", "good.csv", "w=1", "--epochs", "0", "-o", "model.json")
    plain, strict = cgraph(*command), cgraph(*command, "--strict")
    assert plain.status == 0
    assert strict == (1, plain.out, plain.err)


@pytest.mark.parametrize("command", ["eval", "trace", "sheet"])
def test_where_nothing_is_noted_strict_changes_nothing(command: str, cgraph: Any) -> None:
    assert cgraph(command, *SEED, "--strict") == cgraph(command, *SEED)
    assert cgraph(command, *SEED, "--strict").status == 0


def test_a_noted_line_is_a_no_when_strict(cgraph: Any) -> None:
    line = b'{"expr": "abs(x)", "at": {"x": 0}}\n'
    for more in ((), ("--fields", "value")):
        assert cgraph("eval", "--jsonl", *more, stdin=line).status == 0
        assert cgraph("eval", "--jsonl", "--strict", *more, stdin=line).status == 1
        good = b'{"expr": "x", "at": {"x": 0}}'
        assert cgraph("eval", "--jsonl", "--strict", *more, stdin=good).status == 0
