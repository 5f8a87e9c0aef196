"""The parts of a run, each by itself: schedules, bounds, batches, tables, rows and steps."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cgcli.learning import tables
from cgcli.learning.models import as_json
from cgcli.learning.optimisers import Schedule
from cgcli.learning.stopping import Criteria, End
from cgcli.learning.tables import ROW, Table, TableWriter, scaling, split
from cgcli.views.learning.rows import rows_text

Run = Callable[..., Any]


def test_cosine_falls_from_the_rate_to_nothing_behind_the_warm_up() -> None:
    schedule = Schedule("cosine", 0.5, warmup=10, total=30)
    assert [schedule.at(step, 0) for step in (0, 9)] == pytest.approx([0.05, 0.5])
    found = [schedule.at(step, 0) for step in (10, 15, 20, 25, 30, 99)]
    expected = [0.25 * (1 + math.cos(math.pi * done)) for done in (0, 0.25, 0.5, 0.75, 1, 1)]
    assert found == pytest.approx(expected, abs=1e-15)


def test_step_falls_after_so_many_epochs() -> None:
    schedule = Schedule("step", 0.8, every=3, factor=0.5)
    found = [schedule.at(0, epoch) for epoch in range(7)]
    assert found == pytest.approx([0.8] * 3 + [0.4] * 3 + [0.2])


@pytest.mark.parametrize(
    ("criteria", "words"),
    [
        (Criteria(steps=1), "1 step is done (--steps)"),
        (Criteria(steps=7), ""),
        (Criteria(epochs=2), "2 epochs are done (--epochs)"),
        (Criteria(steps=6, epochs=2), "6 steps are done (--steps)"),
        (Criteria(seconds=9), "9 s are over (--time)"),
        (Criteria(seconds=9.5), ""),
    ],
)
def test_bounds(criteria: Criteria, words: str) -> None:
    step = 1 if criteria.steps == 1 else 6
    end = criteria.exhausted(step, 2, 9.0)
    assert end == (End("stopped", words) if words else None)


def test_what_is_reached_is_reached_at_the_bound_itself() -> None:
    for criteria, values in (
        (Criteria(until_cost=0.5), (0.5, None, None)),
        (Criteria(until_change=0.5), (9, 0.5, None)),
        (Criteria(until_gradient=0.5), (9, None, 0.5)),
    ):
        end = criteria.reached(*values)
        assert end is not None
        assert end.kind == "converged"
        assert "at most 0.5" in end.message
    above = math.nextafter(0.5, 1)
    assert (
        Criteria(until_cost=0.5, until_change=0.5, until_gradient=0.5).reached(above, above, above)
        is None
    )


def table(count: int, memory: int) -> Table:
    writer = TableWriter(memory)
    for first in range(1, count + 1, 10):
        rows = np.arange(first, min(first + 10, count + 1), dtype=float)
        writer.add({"x": rows, "v": np.stack([rows, -rows], axis=1), ROW: rows})
    return writer.finish()


@pytest.mark.parametrize("count", [48, 50, 53])
@pytest.mark.parametrize("memory", [1, 10**6])
def test_an_epoch_has_every_row_once_and_goes_on_where_it_stopped(
    count: int, memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table(count, memory)
    assert (rows.arrays is None) is (memory == 1)
    monkeypatch.setattr(tables, "_BLOCK", 6)
    monkeypatch.setattr(tables, "_WINDOW", 13 * rows.row_bytes)
    found = tables.Batches(rows, 4, seed=3)

    def epoch(number: int, start: int = 0) -> list[list[float]]:
        batch = []
        for size in found.epoch(number, start):
            x, v = found.buffers["x"][:size], found.buffers["v"][:size]
            assert (v == np.stack([x, -x], axis=1)).all()
            assert found.rows(size)[ROW].tolist() == x.tolist() == found.rows(size)["x"].tolist()
            batch.append(x.tolist())
        return batch

    first = epoch(0)
    assert sorted(itertools.chain(*first)) == list(range(1, count + 1))
    assert [len(batch) for batch in first[:-1]] == [4] * (found.count - 1)
    assert [epoch(0, start) for start in range(found.count + 1)] == [
        first[start:] for start in range(found.count + 1)
    ]
    assert epoch(1) != first


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.3, 0.5])
def test_a_part_of_the_whole_is_held_out(fraction: float) -> None:
    chunks = [{"x": np.arange(k * 7.0, k * 7 + 7)} for k in range(13)]
    train, held = split(chunks, fraction, seed=4)
    assert held is not None
    assert held.count == round(fraction * 91)
    assert train.arrays is not None
    assert held.arrays is not None
    both = [*train.arrays["x"], *held.arrays["x"]]
    assert sorted(both) == list(range(91))


def test_scaling_is_by_the_deviation_of_all_rows() -> None:
    writer = TableWriter()
    values = np.array([[1.0, 5.0], [2.0, 5.0], [6.0, 5.0]])
    writer.add({"x": values})
    mean, deviation = scaling(writer.finish(), ["x"])["x"]
    assert mean == pytest.approx(values.mean(axis=0))
    assert deviation == pytest.approx([values[:, 0].std(), 1.0])


def test_the_elements_of_a_matrix_stand_below_their_names() -> None:
    values = np.arange(12.0).reshape(2, 2, 3)
    named = {"W": values, "c": np.array([0.5, 1.5])}
    lines = rows_text("csv", False, True, [1, 2], named).splitlines()
    heads = re.findall(r'"([^"]*)"|([^,]+)', lines[0])
    for line, matrix, number in zip(lines[1:], values, (0.5, 1.5), strict=True):
        cells = dict(zip((a or b for a, b in heads), line.split(","), strict=True))
        assert float(cells["W[1, 0]"]) == matrix[1, 0]
        assert float(cells["W[0, 2]"]) == matrix[0, 2]
        assert float(cells["c"]) == number


# By the command line


@pytest.fixture
def points(tmp_path: Path) -> str:
    path = tmp_path / "points.csv"
    path.write_text("x,y\n1,2\n2,4\n3,6\n4,8\n5,9\n")
    return str(path)


def test_a_line_is_fitted_with_the_errors_of_a_textbook(points: str, cgraph: Run) -> None:
    ran = cgraph("train", "a + b*x - y", "-d", points, "a=0", "b=0", "--residual", "--json")
    found = json.loads(ran.out)
    x, y = np.arange(1.0, 6), np.array([2.0, 4, 6, 8, 9])
    spread = ((x - x.mean()) ** 2).sum()
    b = ((x - x.mean()) * (y - y.mean())).sum() / spread
    a = y.mean() - b * x.mean()
    squares = ((a + b * x - y) ** 2).sum()
    deviation = math.sqrt(squares / 3)
    assert found["parameters"] == pytest.approx({"a": a, "b": b})
    assert found["sum_of_squares"] == pytest.approx(squares)
    assert found["residual_deviation"] == pytest.approx(deviation)
    errors = {"a": deviation * math.sqrt(1 / 5 + 9 / spread), "b": deviation / math.sqrt(spread)}
    assert found["standard_errors"] == pytest.approx(errors)


def test_a_model_keeps_what_json_has_no_number_for() -> None:
    value = {"a": [1.5, math.inf, -math.inf, math.nan], "b": 2, "c": {"d": -math.inf}}
    found = json.loads(as_json(value))
    assert found == {"a": [1.5, "Infinity", "-Infinity", "NaN"], "b": 2, "c": {"d": "-Infinity"}}


def test_the_steps_that_are_traced_are_those_that_are_taken(points: str, cgraph: Run) -> None:
    words = ("train", "(w*x - y)^2", "-d", points, "w=0", "--lr", "0.1")
    words += ("--schedule", "warmup", "--warmup", "4")
    out = cgraph(*words, "--steps", "3", "--trace", "3", "--digits", "12").out
    w, rate = 0.0, 0.0
    rows = [(1, 2), (2, 4), (3, 6), (4, 8), (5, 9)]
    for step in out.split("Step ")[1:]:
        rate += 0.025
        assert "and 2 more rows in the same way" in step
        slope = sum(2 * x * (w * x - y) for x, y in rows) / 5
        match = re.search(r"rate (\S+)\n  w = (\S+) - (\S+) \* \(?([^\s)]+)\)? = (\S+)", step)
        assert match
        w -= rate * slope
        numbers = [float(match[k]) for k in (1, 3, 4, 5)]
        assert numbers == pytest.approx([rate, rate, slope, w], rel=1e-9)
    whole = json.loads(cgraph(*words, "--steps", "3", "--json").out)
    assert whole["parameters"]["w"] == pytest.approx(w, rel=1e-12)


def test_a_step_that_was_shortened_is_no_plain_one(points: str, cgraph: Run) -> None:
    words = ("train", "(w*x - y)^2", "-d", points, "w=0", "--lr", "0.1", "--steps", "1")
    out = cgraph(*words, "--clip", "1", "--trace", "1").out
    assert "  w: 0 → 0.1\n" in out
    assert "* (-42)" not in out
    assert "* (-42)" in cgraph(*words, "--clip", "50", "--trace", "1").out


@pytest.mark.parametrize(("bad", "wide"), [(3, 1), (25, 1), (12, 12), (40, 14)])
def test_rows_left_out_are_counted(bad: int, wide: int, cgraph: Run, tmp_path: Path) -> None:
    """Each, where they are few; by column and cause, where they are many."""
    path, names = tmp_path / "rows.csv", ["x", *(f"x{k}" for k in range(1, wide))]
    cells = [["n/a" if k == row % wide else "1" for k in range(wide)] for row in range(bad)]
    rows = [",".join(row) for row in [names, *5 * [["1"] * wide], *cells]]
    path.write_text("\n".join(rows) + "\n")
    ran = cgraph("map", "+".join(names), "-d", str(path), "--skip-bad")
    lines = ran.err.splitlines()
    assert lines[0] == f"{bad} of {bad + 5} rows were left out:"
    assert lines[1].endswith("row 6 (line 7), column 'x': it is missing")
    counts = [re.match(r"  (?:(\d+) such as )?row ", line) for line in lines]
    listed = sum(int(count[1] or 1) for count in counts if count)
    more = re.fullmatch(r"  and (\d+) more", lines[-1])
    assert listed + (int(more[1]) if more else 0) == bad


@pytest.mark.parametrize("zeros", [1, 3])
def test_rows_that_are_not_finite_are_counted(zeros: int, cgraph: Run, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x\n1\n2\n" + "0\n" * zeros)
    err = cgraph("map", "1/x", "-d", str(path)).err
    where = "row 3" if zeros == 1 else f"{zeros} rows, the first is row 3"
    assert err.startswith(f"domain: {where}: f (column 1): 1 / x is not defined at x = 0")


@pytest.mark.parametrize("text", ["", "NA", "n/a", "NaN", "null", "None", "?", " "])
def test_a_missing_cell_is_missing(text: str, cgraph: Run, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"x,y\n1,2\n{text},3\n")
    assert "row 2 (line 3), column 'x': it is missing" in cgraph("map", "x*y", "-d", str(path)).err


def test_columns_are_stacked_in_their_order(cgraph: Run, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("p1,p2,p3\n1,2,3\n4,5,6\n")
    out = cgraph("map", "x @ [1, 10, 100]", "-d", str(path), "--stack", "x=p*", "--values").out
    assert out.splitlines()[1:] == ["1,321.0", "2,654.0"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--reduce", "sum"), "--reduce sum is not the model's, mean"),
        (("--seed", "7"), "--seed 7 is not the model's, 0"),
        (("--holdout", "0.5"), "--holdout 0.5 is not the model's, 0.0"),
        (("--batch", "2"), "--batch 2 is not the model's, all"),
    ],
)
def test_a_run_that_goes_on_stays_the_same_run(
    words: tuple[str, ...], message: str, points: str, cgraph: Run, tmp_path: Path
) -> None:
    model = str(tmp_path / "model.json")
    begin = ("train", "(w*x - y)^2", "-d", points)
    assert cgraph(*begin, "w=0", "--lr", "0.01", "--steps", "2", "-o", model).status == 0
    ran = cgraph(*begin, "--resume", model, "--steps", "4", *words)
    assert ran.status == 2
    assert message in ran.err


def test_a_bound_of_before_is_over_where_another_is_given(
    points: str, cgraph: Run, tmp_path: Path
) -> None:
    model = str(tmp_path / "model.json")
    begin = ("train", "(w*x - y)^2", "-d", points)
    ran = cgraph(*begin, "w=0", "--lr", "1e-5", "--time", "0", "-o", model, "--json")
    assert "0 s are over" in json.loads(ran.out)["stopped"]
    ran = cgraph(*begin, "--resume", model, "--steps", "4", "--json")
    assert json.loads(ran.out)["stopped"] == "4 steps are done (--steps)"


@pytest.mark.parametrize("words", [("--steps", "2"), ("--epochs", "2")])
def test_no_step_is_traced_after_the_last(words: tuple[str, str], points: str, cgraph: Run) -> None:
    train = ("train", "(w*x - y)^2", "-d", points, "w=0", *words)
    out = cgraph(*train, "--trace", "1000000000").out
    assert out.count("Step ") == 2
