"""The oracles and the reducer, on faults that are planted."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cgcli.commands import app
from tests.fuzz import oracle
from tests.fuzz.case import Case
from tests.fuzz.hunt import reduced

EVAL = Case(("eval", "x*y", "x=1", "y=2"), {"x.csv": b"1\n"})


def _crash(arguments: list[str]) -> int:
    raise KeyError("x")


def _warn(arguments: list[str]) -> int:
    warnings.warn("divide by zero", RuntimeWarning, stacklevel=1)
    return 0


def _print(text: str, status: int = 0, *, error: bool = False) -> Callable[[list[str]], int]:
    def run(arguments: list[str]) -> int:
        os.write(2 if error else 1, text.encode("utf-8", "surrogatepass"))
        return status

    return run


def _write(name: str) -> Callable[[list[str]], int]:
    def run(arguments: list[str]) -> int:
        Path(name).write_text("changed")
        return 0

    return run


@pytest.mark.parametrize(
    ("fault", "argv", "name"),
    [
        (_crash, EVAL.argv, "escaped"),
        (_warn, EVAL.argv, "warning"),
        (_print("fault", 70, error=True), EVAL.argv, "status"),
        (_print("", 3), EVAL.argv, "status"),
        (_print("", 1), ("map", "x"), "status"),
        (_print("\x1b[31mred"), EVAL.argv, "raw"),
        (_print("\u202e", error=True), EVAL.argv, "raw"),
        (_print("\u2028"), EVAL.argv, "raw"),
        (_print("\ud800"), EVAL.argv, "encoding"),
        (_print("error: a\nerror: b\n", 2, error=True), EVAL.argv, "error"),
        (_print("error: \n", 2, error=True), EVAL.argv, "error"),
        (_print("", 2), EVAL.argv, "error"),
        (_print("error: dtype=object\n", 2, error=True), EVAL.argv, "words"),
        (_print("{", 2), (*EVAL.argv, "--json"), "error"),
        (_print('{"error": {"message": ""}}', 2), (*EVAL.argv, "--json"), "schema"),
        (_print("NaN"), (*EVAL.argv, "--json"), "json"),
        (_print('{"a": 1, "a": 1}'), (*EVAL.argv, "--json"), "json"),
        (_print("{}"), (*EVAL.argv, "--json"), "schema"),
        (_print("1 +"), ("diff", "x", "--format", "python"), "code"),
        (_print("f_x = 2*\n"), ("diff", "x"), "formula"),
        (_print("a,b\n1\n"), ("map", "x"), "rows"),
        (_write("x.csv"), EVAL.argv, "file"),
        (_write("x.csv"), ("draw", "x", "-o", "x.csv"), "file"),
        (_write("new"), EVAL.argv, "file"),
        (_write("g.svg"), ("draw", "x", "-o", "g.svg"), "markup"),
        (_write("m.json"), ("train", "x", "-o", "m.json"), "json"),
    ],
)
def test_a_fault_is_found(
    fault: Any, argv: tuple[str, ...], name: str, monkeypatch: Any, tmp_path: Path
) -> None:
    case = Case(argv, EVAL.files)
    assert oracle.judge(case, oracle.run(case, str(tmp_path / "1"))) == [] or argv[0] != "eval"
    monkeypatch.setattr(app, "run", fault)
    finds = oracle.judge(case, oracle.run(case, str(tmp_path / "2")))
    assert name in {find.oracle for find in finds}


def test_different_bytes_are_found(monkeypatch: Any, tmp_path: Path) -> None:
    def clock(arguments: list[str]) -> int:
        return _print(f"{time.perf_counter_ns()}")(arguments)

    monkeypatch.setattr(app, "run", clock)
    first, second = (oracle.run(EVAL, str(tmp_path / name)) for name in "12")
    assert [find.oracle for find in oracle.same(first, second, EVAL)] == ["twice"]
    assert oracle.same(first, first, EVAL) == []


def test_the_streams_come_back(tmp_path: Path) -> None:
    held = sys.stdin, sys.stdout, sys.stderr
    came = oracle.run(Case(("eval", "-", "x=1"), {}, b"2*x"), str(tmp_path / "1"))
    assert (came.status, came.err) == (0, b"")
    assert b"2 * x" in came.out
    assert (sys.stdin, sys.stdout, sys.stderr) == held


def test_a_case_is_reduced_to_what_shows_the_fault() -> None:
    case = Case(("eval", "sin(x) + 1/0", "x=1", "--json"), {"a": b"1\n2\n", "b": b""}, b"in")

    def shows(smaller: Case) -> bool:
        return "1/0" in smaller.argv[1] if len(smaller.argv) > 1 else False

    assert reduced(case, shows) == Case(("eval", "1/0"), {}, b"")
