"""Every document that a command prints with --json has its schema, and holds to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cgcli.commands.shared import COMMANDS
from cgcli.views.schemas import names
from tests.documents import validator

POINT = ("x=1", "y=3", "z=-3")
PROGRAM = ("(x+y)*z", *POINT)
TENSORS = ("tanh(W @ x)", "W=[[1,2],[3,4]]", "x=[0.1,-0.1]")
KINK = ("abs(x) + log(y)", "x=0", "y=-1")
FIT = ("(w*x - y)^2", "-d", "points.csv", "w=0")

PRINTED = [
    ("eval", *PROGRAM),
    ("eval", *PROGRAM, "--wrt", "x"),
    ("eval", *PROGRAM, "--exact"),
    ("eval", *PROGRAM, "--verify"),
    ("eval", *PROGRAM, "--precision", "20"),
    ("eval", *TENSORS),
    ("eval", *TENSORS, "--verify"),
    ("eval", *KINK),
    ("trace", *PROGRAM),
    ("trace", *PROGRAM, "--wrt", "v1", "--hide", "values,gradients"),
    ("trace", *TENSORS),
    ("trace", *KINK),
    ("check", *PROGRAM, "--answer", "df/dx = 3", "--reveal", "answer"),
    ("check", *PROGRAM, "--answer", "oops", "--exact"),
    ("sheet", *PROGRAM),
    ("sheet", *PROGRAM, "--key"),
    ("sheet", "x*y", "--seed", "1"),
    ("diff", "log(x*y) + abs(x)"),
    ("diff", "x^2*y", "--hessian", "x=2", "y=0"),
    ("diff", "sum(W @ x)", "--shape", "W=3x2,x=2"),
    ("train", *FIT, "--steps", "3"),
    ("train", *FIT, "--lr", "1e300", "--steps", "50"),
    ("train", "w*x - y", *FIT[1:], "--residual"),
    ("map", "w*x", "-d", "points.csv", "w=2"),
    ("predict", "model.json", "-d", "points.csv"),
    ("draw", *PROGRAM),
    ("draw", "x*y", "--no-values"),
    ("ops",),
    ("ops", "softplus"),
]


@pytest.fixture
def folder(cgraph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a data file and a model, where the commands run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "points.csv").write_text("x,y\n1,2\n2,4\n3,6\n")
    cgraph("train", *FIT, "--steps", "2", "-o", "model.json")
    return tmp_path


@pytest.mark.parametrize("words", PRINTED, ids=" ".join)
def test_what_a_command_prints_holds_to_its_schema(
    words: tuple[str, ...], cgraph: Any, folder: Path
) -> None:
    ran = cgraph(*words, "--json")
    assert ran.status in (0, 1), ran.err
    document = json.loads(ran.out, parse_constant=pytest.fail)
    schema = cgraph("schema", words[0]).out
    validator(schema).validate(document)
    assert document["schema"] == json.loads(schema)["$id"]


def test_every_command_with_json_is_tried_and_has_a_schema(cgraph: Any) -> None:
    printing = {name for name in COMMANDS if " --json " in cgraph(name, "--help").out}
    assert printing == {words[0] for words in PRINTED}
    assert printing <= set(names())


@pytest.mark.parametrize("command", [*COMMANDS, "nonsense"])
def test_an_error_of_any_command_holds_to_its_schema(command: str, cgraph: Any) -> None:
    ran = cgraph(command, "--json", "--nonsense")
    assert (ran.status, ran.err) == (2, "")
    validator(cgraph("schema", "error").out).validate(json.loads(ran.out))


def test_a_model_and_lines_hold_to_theirs(cgraph: Any, folder: Path) -> None:
    model = json.loads((folder / "model.json").read_text())
    validator(cgraph("schema", "model").out).validate(model)
    ran = cgraph("eval", "--jsonl", stdin=b'{"id": 1, "expr": "x", "at": {"x": 2}}\n{}\n')
    for line in ran.out.splitlines():
        validator(cgraph("schema", "jsonl").out).validate(json.loads(line))


def test_all_schemas_are_one_document(cgraph: Any) -> None:
    ran = cgraph("schema")
    every = json.loads(ran.out)
    assert (ran.status, list(every)) == (0, names())
    for name, schema in every.items():
        assert schema == json.loads(cgraph("schema", name).out)
