"""An operation is one row: rows that the language lacks, planted, work in every way of asking."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from mpmath import mp

from cgcli.views.catalogue import languages
from cgcli.views.formats import CODE, TRACES

ROOT: Final = Path(__file__).parents[2]
X, W = 0.75, 2.0
SCALAR: Final = ("w*hav(x)", f"x={X}", f"w={W}")
TENSOR: Final = ("energy(w*runsum(x))", "x=[1,-2,4]", "w=3")
FILES: Final = {
    "rows.csv": f"x,y\n{X},1\n1.5,2\n-1,0.5\n",
    "vectors.csv": "x_0,x_1,y\n1,2,3\n0.5,-1,2\n",
}
DATA: Final = ("-d", "rows.csv")

LINES: Final[dict[str, tuple[str, ...]]] = {
    # The scalar row
    "eval": ("eval", *SCALAR, "--json"),
    "array": ("eval", "sum(w*hav(x))", f"x=[{X},1.5]", "w=[2,3]", "--json"),
    "exact": ("eval", "hav(x) + ledge(y)", "x=0", "y=1/16", "--exact", "--json"),
    "verify": ("eval", *SCALAR, "--verify", "--json"),
    "precision": ("eval", *SCALAR, "--precision", "40", "--json"),
    "diff": ("diff", *SCALAR, "--order", "2", "--wrt", "x,x", "--json"),
    "simplify": ("diff", "hav(x) - hav(x) + x*x", "--simplify"),
    "taught": ("diff", "ledge(x)"),
    "latex": ("diff", "ledge(x)", "--format", "latex"),
    "conditions": ("diff", "log(ledge(x)*y)"),
    **{f"code in {word}": ("diff", *SCALAR, "--format", word, "--wrt", "x") for word in CODE},
    **{
        f"trace as {form} in {language}": ("trace", *SCALAR, "--format", form, "--lang", language)
        for form in TRACES
        for language in languages()
    },
    "tree": ("trace", *SCALAR, "--tree"),
    "exact trace": ("trace", "w*ledge(x)", "x=16", "w=1/3", "--exact"),
    "draw": ("draw", *SCALAR),
    "picture": ("draw", *SCALAR, "-o", "graph.svg"),
    "kink": ("eval", "tent(x)", "x=0", "--json"),
    "kink beside": ("eval", "where(x >= 0, tent(x), 1 + x)", "x=0", "--json"),
    "domain": ("eval", "ledge(x)", "x=-1", "--json"),
    "end": ("eval", "ledge(x)", "x=0", "--json"),
    "sheet": ("sheet", *SCALAR, "--key"),
    "sheet of chosen values": ("sheet", "w*hav(x)", "--seed", "2"),
    "check": ("check", *SCALAR, "--answer", "df/dx = w*sin(x)/2", "--answer", "f=0.27"),
    "mistake": ("check", "w*tent(x)", "x=3", "w=2", "--answer", "df/dx = 2", "--json"),
    # sin(30°)^2 is a quarter.
    "degrees": ("check", "h = hav(x); w*h", "x=60", "w=2", "--answer", "h = 0.25", "--json"),
    "map": ("map", "w*hav(x)", *DATA, "w=2", "--format", "jsonl"),
    "train": ("train", "(w*hav(x) - y)^2", *DATA, "w=0", "--epochs", "1", "--lr", "0.5", "--json"),
    "fit": ("train", "w*hav(x) - y", "--residual", *DATA, "w=0", "--json"),
    "ops": ("ops", "ledge"),
    "all ops": ("ops",),
    "ops as JSON": ("ops", "--json"),
    "refused": ("eval", "hav(1, 2)"),
    # The tensor rows
    "tensor": ("eval", *TENSOR, "--json"),
    "tensor, exact": ("eval", *TENSOR, "--exact", "--json"),
    "tensor, verify": ("eval", *TENSOR, "--verify", "--json"),
    "tensor, precision": ("eval", *TENSOR, "--precision", "30", "--json"),
    "Jacobian": ("eval", "runsum(x)", "x=[1,-2,4]", "--json"),
    "tensor, diff": ("diff", *TENSOR, "--json"),
    "tensor, second order": ("diff", *TENSOR, "--order", "2", "--wrt", "w,w", "--json"),
    "tensor, latex": ("diff", *TENSOR, "--format", "latex"),
    "tensor, code in numpy": ("diff", *TENSOR, "--format", "numpy", "--wrt", "x"),
    **{
        f"tensor, trace as {form} in {language}": (
            "trace", *TENSOR, "--format", form, "--lang", language,
        )
        for form in TRACES
        for language in languages()
    },
    "tensor, draw": ("draw", "energy(runsum(x))", "x=[1,2]"),
    "tensor, sheet": ("sheet", *TENSOR, "--key"),
    "tensor, check": ("check", *TENSOR, "--answer", "df/dw = 33", "--answer", "f=49.5"),
    "tensor, map": (
        "map", "energy(w*runsum(x))", "-d", "vectors.csv", "--stack", "x=x_*", "w=3",
        "--format", "jsonl",
    ),
    "tensor, train": (
        "train", "(energy(w*runsum(x)) - y)^2", "-d", "vectors.csv", "--stack", "x=x_*", "w=1",
        "--epochs", "1", "--lr", "0.001", "--json",
    ),
    "tensor, ops": ("ops", "runsum"),
    "tensor, refused": ("eval", "runsum(1)"),
}  # fmt: skip
CALLS: Final = (
    ("w*hav(x)", {"x": X, "w": W}, "x"),
    ("energy(w*runsum(x))", {"x": [1.0, -2.0, 4.0], "w": 3.0}, "x"),
)
STATUS: Final = {"refused": 2, "tensor, refused": 2, "mistake": 1, "degrees": 1}
"""Where it is not 0."""


@pytest.fixture(scope="module")
def left() -> dict[str, dict[str, Any]]:
    """What each line left, and what the library gave, all of one process."""
    asked = {"files": FILES, "lines": [*LINES.values()], "calls": CALLS}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.operations.planting"],
        input=json.dumps(asked), capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return dict(zip((*LINES, "scalar calls", "tensor calls"), json.loads(ran.stdout), strict=True))


@pytest.mark.parametrize("line", LINES)
def test_every_way_of_asking_answers(line: str, left: dict[str, dict[str, Any]]) -> None:
    answer = left[line]
    assert answer["status"] == STATUS.get(line, 0), answer["err"] or answer["out"]
    assert not answer["err"] or answer["status"]
    assert "Traceback" not in answer["out"]


def document(left: dict[str, dict[str, Any]], line: str) -> Any:
    return json.loads(left[line]["out"])


def test_numbers_of_the_scalar_row(left: dict[str, dict[str, Any]]) -> None:
    value, slope = W * (1 - mp.cos(X)) / 2, W * mp.sin(X) / 2
    for line in ("eval", "verify"):
        found = document(left, line)
        assert math.isclose(found["value"], value, rel_tol=1e-15)
        assert math.isclose(found["gradient"]["x"], slope, rel_tol=1e-15)
    found = document(left, "array")
    assert found["value"] == pytest.approx(
        float(1 - mp.cos(X) + 1.5 * (1 - mp.cos(1.5))), rel=1e-14
    )
    assert found["gradient"]["x"] == pytest.approx([math.sin(X), 1.5 * math.sin(1.5)], rel=1e-14)
    assert document(left, "exact")["value"] == "1/2"
    assert document(left, "exact")["gradient"] == {"x": "0", "y": "2"}
    with mp.workdps(60):
        digits = document(left, "precision")
        assert digits["value"].startswith(mp.nstr(1 - mp.cos(mp.mpf(X)), 39))
        assert digits["gradient"]["x"].startswith(mp.nstr(mp.sin(mp.mpf(X)), 39))
    assert "certified" in left["verify"]["out"]
    assert "corrected" not in left["verify"]["out"]
    assert "unsettled" not in left["verify"]["out"]


def test_formulas_of_the_scalar_rows(left: dict[str, dict[str, Any]]) -> None:
    (second,) = document(left, "diff")["derivatives"]
    assert second["value"] == pytest.approx(math.cos(X), rel=1e-14)
    assert left["simplify"]["out"] == "2*x\n"
    assert left["taught"]["out"] == "1/(4*ledge(x)^3)\n"
    assert left["latex"]["out"] == "\\frac{1}{4 \\cdot \\sqrt[4]{x}^{3}}\n"
    # The formulas do not show where the fourth root and the logarithm have values.
    assert left["conditions"]["out"].splitlines()[2:] == ["# for y*ledge(x) > 0"]


def run(code: str, **values: Any) -> Any:
    scope: dict[str, Any] = {}
    exec(code, scope)
    (function,) = (made for name, made in scope.items() if name == "f")
    _, slope = function(**values)
    return slope


def test_code_of_the_scalar_row(left: dict[str, dict[str, Any]]) -> None:
    for word in CODE:
        slope = run(left[f"code in {word}"]["out"], x=X, w=W)
        assert float(slope) == pytest.approx(math.sin(X), rel=1e-14)


def test_notes_of_the_scalar_rows(left: dict[str, dict[str, Any]]) -> None:
    kinds = {line: document(left, line)["notes"] for line in ("kink", "kink beside", "domain")}
    assert [note["kind"] for note in kinds["kink"]] == ["kink"]
    assert "1 from the left, -1 from the right" in kinds["kink"][0]["message"]
    assert [note["kind"] for note in kinds["kink beside"]][-1] == "kink"
    assert [note["kind"] for note in kinds["domain"]] == ["domain"]
    assert document(left, "end")["gradient"] == {"x": "Infinity"}


def test_homework_on_the_scalar_rows(left: dict[str, dict[str, Any]]) -> None:
    assert "= 0.26831" in left["sheet"]["out"]
    assert "2 right" in left["check"]["out"]
    assert '"sign-lost"' in left["mistake"]["out"]
    assert '"degrees-for-radians"' in left["degrees"]["out"]


def test_rows_of_data_of_the_scalar_row(left: dict[str, dict[str, Any]]) -> None:
    values = [json.loads(line)["f"] for line in left["map"]["out"].splitlines()]
    assert values == pytest.approx([1 - math.cos(x) for x in (X, 1.5, -1)], rel=1e-14)
    x, y = np.array([X, 1.5, -1]), np.array([1, 2, 0.5])
    hav = np.sin(x / 2) ** 2
    step = document(left, "train")["parameters"]["w"]
    assert step == pytest.approx(0.5 * np.mean(2 * hav * y), rel=1e-12)
    fitted = document(left, "fit")["parameters"]["w"]
    assert fitted == pytest.approx(hav @ y / (hav @ hav), rel=1e-6)


def test_what_is_said_of_the_rows(left: dict[str, dict[str, Any]]) -> None:
    assert left["ops"]["out"].splitlines() == [
        "ledge(x): fourth root",
        "  derivative by x: 1 / (4 * ledge(x) * ledge(x) * ledge(x))",
        "  domain: x must not be negative",
        "  kink: a vertical tangent at 0",
    ]
    names = {row["name"] for row in document(left, "ops as JSON")["operations"]}
    assert {"hav", "ledge", "tent", "runsum", "energy"} <= names
    assert "hav(x)" in left["refused"]["err"]
    assert "runsum takes a vector, not a scalar" in left["tensor, refused"]["err"]


def test_numbers_of_the_tensor_rows(left: dict[str, dict[str, Any]]) -> None:
    x = np.array([1.0, -2.0, 4.0])
    sums = np.cumsum(x)
    gradient = 9 * np.cumsum(sums[::-1])[::-1]
    value = 4.5 * sums @ sums
    for line in ("tensor", "tensor, verify"):
        found = document(left, line)
        assert found["value"] == value
        assert found["gradient"] == {"x": gradient.tolist(), "w": 2 * value / 3}
    exact = document(left, "tensor, exact")
    assert [float(number) for number in exact["gradient"]["x"]] == gradient.tolist()
    digits = document(left, "tensor, precision")
    assert [float(number) for number in digits["gradient"]["x"]] == gradient.tolist()
    assert document(left, "Jacobian")["jacobian"]["x"] == np.tri(3).tolist()
    by_name = {row["wrt"][0]: row["value"] for row in document(left, "tensor, diff")["derivatives"]}
    assert by_name == {"x": gradient.tolist(), "w": 2 * value / 3}
    (second,) = document(left, "tensor, second order")["derivatives"]
    assert second["value"] == sums @ sums
    assert run(left["tensor, code in numpy"]["out"], x=x, w=3.0).tolist() == gradient.tolist()
    assert "2 right" in left["tensor, check"]["out"]


def test_rows_of_data_of_the_tensor_rows(left: dict[str, dict[str, Any]]) -> None:
    sums = np.cumsum([[1, 2], [0.5, -1]], axis=1)
    energies = (sums**2).sum(axis=1) / 2
    values = [json.loads(line)["f"] for line in left["tensor, map"]["out"].splitlines()]
    assert values == pytest.approx((9 * energies).tolist(), rel=1e-14)
    slope = np.mean(2 * (energies - [3, 2]) * 2 * energies)
    learned = document(left, "tensor, train")["parameters"]["w"]
    assert learned == pytest.approx(1 - 0.001 * slope, rel=1e-12)


def test_the_library_gives_the_same(left: dict[str, dict[str, Any]]) -> None:
    """At a point, of a compiled function, and of one over rows."""
    right = {
        "scalar calls": (W * (1 - math.cos(X)) / 2, W * math.sin(X) / 2),
        "tensor calls": (49.5, [27.0, 18.0, 27.0]),
    }
    for line, (value, slope) in right.items():
        *points, rows = left[line]["numbers"]
        for at in points:
            assert at[0] == pytest.approx(value, rel=1e-14)
            assert at[1] == pytest.approx(slope, rel=1e-14)
        assert rows[0] == pytest.approx([value, value], rel=1e-14)
        assert np.allclose(rows[1], [slope, slope], rtol=1e-14)
