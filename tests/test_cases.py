"""The cases with known answers: values, gradients, every node, and bad input."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cgcli

FOLDER = Path(__file__).parent / "cases"
# The answer itself is known to fewer digits here: the problem is badly scaled by design.
LOOSER = {"mgh04-brown-badly-scaled": 2.7e-11}


def rows(name: str) -> list[Any]:
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [pytest.param(case, id=case["id"]) for case in map(json.loads, lines)]


def number(value: Any) -> Any:
    if isinstance(value, list):
        return [number(each) for each in value]
    return float(value) if isinstance(value, str) else value


def agrees(found: Any, expected: Any, relative: float, absolute: float) -> bool:
    found, expected = np.asarray(found, float), np.asarray(number(expected), float)
    return found.shape == expected.shape and bool(
        np.allclose(found, expected, rtol=relative, atol=absolute, equal_nan=True)
    )


@pytest.mark.parametrize("case", [*rows("textbook"), *rows("backprop"), *rows("functions")])
def test_values_and_gradients(case: dict[str, Any]) -> None:
    result = cgcli.parse(case["expr"]).evaluate(case["at"])
    relative = LOOSER.get(case["id"], 1e-12)
    assert agrees(result.value, case["value"], relative, 1e-12)
    assert result.gradient is not None
    assert set(result.gradient) == set(case["grad"])
    for name, expected in case["grad"].items():
        assert agrees(result.gradient[name], expected, relative, 1e-12), name
    for name, expected in case.get("nodes", {}).items():
        assert agrees(result[name].value, expected, 1e-12, 1e-12), name
    for name, expected in case.get("node_grads", {}).items():
        assert agrees(result[name].grad, expected, 1e-12, 1e-12), name


@pytest.mark.parametrize("case", rows("edge"))
def test_edges(case: dict[str, Any]) -> None:
    """Nothing absolute here: a tail of 1e-300 must be right too."""
    at = {name: number(value) for name, value in case["at"].items()}
    result = cgcli.parse(case["expr"]).evaluate(at)
    values = [case["value"], *case.get("accept_value", [])]
    assert any(agrees(result.value, value, 1e-12, 0.0) for value in values)
    assert result.gradient is not None
    gradient = result.gradient
    assert any(
        all(agrees(gradient[name], expected, 1e-12, 0.0) for name, expected in accepted.items())
        for accepted in case["accept"]
    ), gradient


@pytest.mark.parametrize("case", rows("errors"))
def test_bad_input(case: dict[str, Any], cgraph: Any, tmp_path: Path) -> None:
    argv = list(case["argv"])
    if "python_gen" in case:
        # The cases are this project's own files: what they generate is long text, no more.
        argv = [eval(case["python_gen"]) if word == "@GEN" else word for word in argv]
    if "via" in case:
        file = tmp_path / "program.cg"
        if "bytes_hex" in case:
            file.write_bytes(bytes.fromhex(case["bytes_hex"]))
        else:
            file.write_text(argv[0], encoding="utf-8")
        argv[0] = f"@{file}"
    ran = cgraph("eval", *argv)
    if case["expect"] == "ok":
        assert ran.status == 0
        answered = cgraph("eval", *argv, "--json")
        assert math.isclose(json.loads(answered.out)["value"], case["value"], rel_tol=1e-15)
        return
    assert ran.status == 2 or (case.get("either") and ran.status == 0)
    if ran.status == 2:
        assert ran.out == ""
        assert ran.err.startswith("error: ")
        assert ran.err.count("\n") <= 8
        assert len(ran.err) < 2000
    assert "\x1b" not in ran.err
    assert "\x1b" not in ran.out
    assert "Traceback" not in ran.err
