"""What is asked of `cgraph eval`, and what is answered where it was meant otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("name", "meant"),
    [("Y", "y"), ("rate", "Rate"), ("RATE", "Rate"), ("Z", "z"), ("hidde", "hidden")],
)
def test_the_name_that_was_meant(name: str, meant: str, cgraph: Any) -> None:
    program = "Rate = x*y; X = 2*Rate; hidden = X + z; hidden*X"
    ran = cgraph("eval", program, "x=1", "y=1", "z=1", "--of", name)
    assert ran.status == 2
    assert f"did you mean '{meant}'?" in ran.err


def test_pi_may_be_bound_and_asked_for_by_its_letter(cgraph: Any) -> None:
    for name in ("pi", "π"):
        ran = cgraph("eval", "π*x", "x=2", f"{name}=3", "--wrt", name, "--json")
        assert json.loads(ran.out)["gradient"] == {"pi": 2.0}, name


def test_what_completes_a_command_has_its_options(cgraph: Any) -> None:
    ran = cgraph("eval", "p = x + y; p*2", "x=1/3", "--exact", "--of", "p")
    assert (
        ran.err.splitlines()[-1]
        == 'hint: write cgraph eval "p = x + y; p*2" x=1/3 y=… --of p --exact'
    )


@pytest.mark.parametrize(
    ("program", "warned"),
    [
        ("p = x\n- y", True),
        ("p = x\n- y*p", False),
        ("x\n+ y", True),
        ("p = x; q = p\n-y", True),
        ("p = x -\n y", None),
    ],
)
def test_a_line_that_begins_with_a_sign(program: str, warned: bool | None, cgraph: Any) -> None:
    ran = cgraph("eval", program, "x=1", "y=2")
    assert ran.status == (2 if warned is None else 0)
    if warned is not None:
        assert ("begins with" in ran.err) is warned


def test_a_line_that_begins_with_a_sign_is_no_slip_where_the_one_above_is_asked_for(
    cgraph: Any,
) -> None:
    assert cgraph("eval", "p = x\n- y", "x=1", "y=2", "--of", "p").err == ""


def test_a_value_s_error_stands_below_its_place(cgraph: Any) -> None:
    error = cgraph("eval", "x*y", "x=1", "y=2*z+1").err.splitlines()
    assert error[1] == "  y=2*z+1"
    assert error[2].rstrip() == "      ^"


def test_the_element_that_cannot_be_used_is_counted_from_1(
    cgraph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A long path is cut in its middle where it is named.
    monkeypatch.chdir(tmp_path)
    path = Path("at.json")
    for value, words in (
        ([1, "a", 3], "element 2: "),
        ([[1], ["b"]], "row 2: "),
        (["a"], "element 1: "),
    ):
        path.write_text(json.dumps({"x": value}))
        error = cgraph("eval", "x", "--at", str(path)).err
        assert error.startswith(f"error: {path}: {words}")


def test_a_shape_without_an_element_is_none(cgraph: Any) -> None:
    ran = cgraph("draw", "sum(W @ x)", "--no-values", "--shape", "W=0x2,x=2")
    assert ran.status == 2
    assert "not 'W=0x2'" in ran.err


def test_lines_are_exact_when_all_are(cgraph: Any) -> None:
    lines = [{"expr": "x/3", "at": {"x": 1}}, {"expr": "x/3", "at": {"x": 1}, "exact": False}]
    stdin = "\n".join(map(json.dumps, lines)).encode()
    for words, values in (((), [1 / 3, 1 / 3]), (("--exact",), ["1/3", 1 / 3])):
        out = cgraph("eval", "--jsonl", *words, stdin=stdin).out
        assert [json.loads(line)["value"] for line in out.splitlines()] == values
