"""The notes on rows are those that `eval` has for each of them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cgcli
from tests.amounts import portion, sampled

ROWS: Final = (-1.0, 0.0, 2.0)
NAN: Final = "nan"


@pytest.mark.parametrize(
    ("program", "gradients", "kinds", "said"),
    [
        (
            "log(x) + 2*x",
            [NAN, "inf", "2.5"],
            ["domain", "domain", ""],
            "domain: 2 rows, the first is row 1: v1 (column 1): log(x) is not defined at x = -1",
        ),
        ("log(x)^2/2", [NAN, "-inf", "0.34657359027997264"], ["domain", "domain", ""], "domain"),
        ("0*log(x) + x", [NAN, NAN, "1.0"], ["domain", "domain", ""], "domain"),
        ("(1/x)*0 + 1", ["-0.0", NAN, "-0.0"], ["", "domain", ""], "domain: row 2: "),
        ("abs(x)", ["-1.0", "0.0", "1.0"], ["", "kink", ""], "kink: row 2: f (column 1): abs(x)"),
        ("where(x > 0, log(x), x)", ["1.0", "1.0", "0.5"], ["", "kink", ""], "kink: row 2: "),
        ("where(x == 2, 4, x^2)", ["-2.0", "0.0", "4.0"], ["", "", ""], ""),
        ("exp(400*x)", ["7.66067838685602e-172", 400, "inf"], ["", "", "overflow"], "overflow"),
    ],
)
def test_every_row_has_what_eval_says_of_it(
    program: str,
    gradients: list[Any],
    kinds: list[str],
    said: str,
    cgraph: Any,
    tmp_path: Path,
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x\n" + "".join(f"{x}\n" for x in ROWS))
    ran = cgraph("map", program, "-d", str(path), "--notes")
    rows = list(csv.reader(io.StringIO(ran.out)))
    assert rows[0] == ["row", "f", "df/dx", "notes"]
    expected = pytest.approx([float(gradient) for gradient in gradients], rel=1e-12, nan_ok=True)
    assert [float(row[2]) for row in rows[1:]] == expected
    assert [row[3] for row in rows[1:]] == kinds
    assert ran.err.startswith(said)
    assert bool(ran.err) is bool(said)


def test_a_document_counts_the_notes(cgraph: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x\n1\n0\n-1\n0\n")
    found = json.loads(cgraph("map", "abs(x)", "-d", str(path), "--json", "--notes").out)
    assert [row["notes"] for row in found["rows"]] == [[], ["kink"], [], ["kink"]]
    note = found["notes"]["kink"]
    assert (note["rows"], note["first"], note["node"]) == (2, 2, "f")


def test_a_column_of_notes_takes_the_name(cgraph: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x\n1\n")
    words = ("map", "notes = 2*x; notes", "-d", str(path), "--of", "notes")
    assert cgraph(*words).status == 0
    ran = cgraph(*words, "--notes")
    assert ran.status == 2
    assert "give the value another name: v = notes" in ran.err


PROGRAMS: Final = (
    "log(x)*y",
    "sqrt(x*y) + abs(y)",
    "max(x, y, 0)",
    "where(x < y, x/y, y^x)",
    "gamma(x)*erf(y)",
    "exp(300*x)*exp(-300*y)",
    "norm([x, y]) + relu(x)",
    "where(x == y, 0, 1/x) + floor(y)*x",
    "sum(softmax([x, 900*y, 1])^2)",
    "mod(x, y) + atan2(y, x)",
    "prod([x, y, x])*asin(y)",
)
_NUMBERS: Final = st.sampled_from((-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 1e200, -1e-200))


@sampled
@settings(
    max_examples=max(12, portion(60)),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    program=st.sampled_from(PROGRAMS),
    rows=st.lists(st.tuples(_NUMBERS, _NUMBERS), min_size=1, max_size=12),
)
def test_random_rows_have_the_kinds_that_eval_has(
    program: str, rows: list[tuple[float, float]], cgraph: Any, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in rows))
    found = json.loads(cgraph("map", program, "-d", str(path), "--json", "--notes").out)
    parsed = cgcli.parse(program)
    for (x, y), row in zip(rows, found["rows"], strict=True):
        expected = sorted({note.kind for note in parsed.evaluate(x=x, y=y).notes})
        assert row["notes"] == expected, (x, y)


@pytest.mark.parametrize("batch", [(), ("--batch", "2")])
def test_training_tells_the_notes_at_its_end(
    batch: tuple[str, ...], cgraph: Any, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n1,1\n0,1\n2,2\n0,2\n")
    words = ("train", "(w*abs(x) - y)^2 + 0*abs(w*x)", "-d", str(path), "w=0", "--lr", "0.1")
    ran = cgraph(*words, *batch)
    assert ran.status == 0
    # abs(x) is of the data alone; abs(w*x) varies, and has its corner at the rows of 0.
    assert "kink: 2 rows, the first is row 2: v6 (column 22)" in ran.err
    found = json.loads(cgraph(*words, *batch, "--json").out)
    assert found["notes"]["kink"]["rows"] == 2
