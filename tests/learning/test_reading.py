"""Data files: the same rows from every format, and every bad cell named by row and column."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cgcli
from cgcli.errors import CgraphError
from cgcli.learning import tables
from cgcli.learning.mapping import RowProgram, map_rows
from cgcli.learning.reading import Report, open_source
from cgcli.learning.tables import ROW, Batches, Table, TableWriter, scaling, split

Run = Callable[..., Any]


def read(
    data: bytes, kind: str, names: list[str], *, skip: bool = False
) -> tuple[dict[str, Any], Report]:
    """All rows of a file, and the report."""
    source = open_source("data", io.BytesIO(data), kind)
    report = Report("data", skip=skip)
    writer = TableWriter()
    for chunk in source.chunks(names, report):
        writer.add(chunk)
    table = writer.finish()
    assert table.arrays is not None
    return table.arrays, report


numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=12))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_format_has_the_same_bits(rows: list[tuple[float, float]]) -> None:
    expected = np.array(rows)
    text = "a,b\n" + "".join(f"{a!r},{b!r}\n" for a, b in rows)
    quoted = 'a,"b"\r\n' + "".join(f'"{a!r}", {b!r}\r\n' for a, b in rows)
    lines = "".join(json.dumps({"b": b, "a": a, "c": "?"}) + "\n" for a, b in rows)
    whole = json.dumps([{"a": a, "b": b} for a, b in rows])
    for data, kind in (
        (text, "csv"),
        (text.replace(",", "\t"), "tsv"),
        ("\ufeff" + quoted, "csv"),
        (text.rstrip("\n"), "csv"),
        (lines, "jsonl"),
        (whole, "json"),
    ):
        found, report = read(data.encode(), kind, ["b", "a"])
        assert found["a"].tobytes() == np.ascontiguousarray(expected[:, 0] + 0).tobytes() or (
            np.array_equal(found["a"], expected[:, 0])
        )
        assert np.array_equal(found["b"], expected[:, 1])
        assert found[ROW].tolist() == list(range(1, len(rows) + 1))
        assert report.rows == len(rows)


def test_parquet(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = str(tmp_path / "rows.parquet")
    query = (
        "SELECT range AS a, range/4.0 AS \"b c\", [range, 2*range] AS v, 'x' AS t FROM range(40000)"
    )
    duckdb.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    with open(path, "rb") as stream:
        source = open_source(path, stream, "parquet")
    assert source.names == ["a", "b c", "v", "t"]
    report = Report(path, skip=False)
    writer = TableWriter()
    for chunk in source.chunks(["v", "b c"], report):
        writer.add(chunk)
    arrays = writer.finish().arrays
    assert arrays is not None
    assert np.array_equal(arrays["v"], np.outer(np.arange(40000), [1.0, 2.0]))
    assert np.array_equal(arrays["b c"], np.arange(40000) / 4)
    assert report.rows == 40000
    with pytest.raises(CgraphError, match="row 1, column 't': 'x' is not a number"):
        list(source.chunks(["t"], Report(path, skip=False)))


def test_the_path_of_a_parquet_file_is_no_pattern(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    for name, value in (("a[1].parquet", 1), ("a1.parquet", 2)):
        path = str(tmp_path / name)
        duckdb.execute(f"COPY (SELECT {value}.0 AS x) TO '{path}' (FORMAT parquet)")
    path = str(tmp_path / "a[1].parquet")
    with open(path, "rb") as stream:
        source = open_source(path, stream, "parquet")
    (chunk,) = source.chunks(["x"], Report(path, skip=False))
    assert chunk["x"].tolist() == [1]


def test_lists_are_vectors() -> None:
    for data, kind in (
        (b'x,y\n"[1, 2]",3\n"[4,5]",6\n', "csv"),
        (b'{"x": [1, 2], "y": 3}\n\n{"x": [4, 5], "y": 6}\n', "jsonl"),
    ):
        found, _ = read(data, kind, ["x", "y"])
        assert found["x"].tolist() == [[1, 2], [4, 5]]
    found, _ = read(b'{"X": [[1, 2], [3, 4]]}\n', "jsonl", ["X"])
    assert found["X"].shape == (1, 2, 2)


BAD = [
    (b"x,y\n1,2\n3,\n", "csv", r"row 2 \(line 3\), column 'y': it is missing"),
    (b"x,y\n1,2\n3,NaN\n", "csv", r"row 2 \(line 3\), column 'y': it is missing"),
    (b"x,y\n1,2\n3,abc\n", "csv", r"row 2 \(line 3\), column 'y': 'abc' is not a number"),
    (b"x,y\n1,2\n3,1_0\n", "csv", "'1_0' is not a number"),
    (b"x,y\n1,2\n3,inf\n", "csv", "'inf' is not a number"),
    (b"x,y\n1,2\n3,1e999\n", "csv", "'1e999' is not finite"),
    (b"x,y\n1,2\n3\n", "csv", "row 2 .*the row has 1 cell, and the file 2 columns"),
    (b"x,y\n1,2\n3,4,5\n", "csv", "the row has 3 cells, and the file 2 columns"),
    (b'x,y\n1,2\n"3\n",4\n5,z\n', "csv", r"row 3 \(line 5\), column 'y': 'z' is not a number"),
    (b'x,y\n1,"[1, 2]"\n3,4\n', "csv", "it has one number, and the rows before 2 numbers"),
    (b'x,y\n1,"[1, 2]"\n3,"[4]"\n', "csv", "it has 1 numbers, and the rows before 2 numbers"),
    (b'x,y\n1,2\n3,"[4]"\n', "csv", "it has 1 numbers, and the rows before one number"),
    (b'x,y\n1,"[1, [2]]"\n', "csv", "its lists are of several lengths"),
    (b'x,y\n1,"[]"\n', "csv", "its list is empty"),
    (b'{"x": 1, "y": 2}\n{"x": 1}\n', "jsonl", "row 2 .*column 'y': it is missing"),
    (b'{"x": 1, "y": null}\n', "jsonl", "column 'y': it is missing"),
    (b'{"x": 1, "y": {}}\n', "jsonl", "column 'y': '{}' is not a number"),
    (b'{"x": 1, "y": [[[1]]]}\n', "jsonl", "nest deeper than 2"),
    (b'{"x": 1, "y": ["1"]}\n', "jsonl", "its list holds text"),
    (b'{"x": 1, "y": 1e999}\n', "jsonl", "column 'y': it is not finite"),
    (b'{"x": 1, "y": 1' + b"0" * 400 + b"}\n", "jsonl", "it is larger than the largest double"),
]


@pytest.mark.parametrize(("data", "kind", "message"), BAD)
def test_bad_cells_are_named(data: bytes, kind: str, message: str) -> None:
    with pytest.raises(CgraphError, match=message) as caught:
        read(data, kind, ["x", "y"])
    # Where no row is good, leaving bad ones out is no way out.
    alone = "row is bad" in str(caught.value) or "rows are bad" in str(caught.value)
    assert ("--skip-bad" in caught.value.hint) != alone
    # Left out, they are counted and told.
    good = data + (b"7,8\n" if kind == "csv" else b'{"x": 7, "y": 8}\n')
    if "rows before" in message or b'"[' in data:
        return
    found, report = read(good, kind, ["x", "y"], skip=True)
    assert found["y"][-1] == 8
    assert report.bad == 1
    assert report.rows == len(found["y"]) + 1
    assert found[ROW][-1] == report.rows


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (b"", "csv", "it is empty"),
        (b"\n\n", "csv", "it is empty"),
        (b"1,2\n3,4\n", "csv", "its first line has numbers"),
        (b"x,x\n1,2\n", "csv", "two columns are called 'x'"),
        (b"x,y\n1,\xff\n", "csv", "it is not UTF-8"),
        (b'x,y\n1,"2\n', "csv", "it is not CSV"),
        (b"", "jsonl", "it is empty"),
        (b"[1]\n", "jsonl", "it is not a JSON object"),
        (b'{"x": 1\n', "jsonl", "line 1: this is not JSON"),
        (b'{"x": 1}\n{"x": NaN}\n', "jsonl", "line 2: NaN is not JSON"),
        (b'{"x": 1}', "json", "it is not a list of objects"),
        (b"[" * 100_000, "json", "nest too deeply"),
        (b'{"x": ' + b"9" * 5000 + b"}", "jsonl", "has too many digits"),
        (b"x,y\n1,\x00\n", "csv", "is not a number|NUL"),
    ],
)
def test_files_that_cannot_be_used(data: bytes, kind: str, message: str) -> None:
    with pytest.raises(CgraphError, match=message):
        read(data, kind, ["x", "y"] if b"y" in data else ["x"])


def test_many_rows_with_one_bad_cell_far_down() -> None:
    lines = [f"{k},{k}.5" for k in range(50_000)]
    lines[40_000] = "40000,oops"
    data = ("a,b\n" + "\n".join(lines) + "\n").encode()
    with pytest.raises(CgraphError, match=r"row 40001 \(line 40002\), column 'b': 'oops'"):
        read(data, "csv", ["b"])
    found, report = read(data, "csv", ["a", "b"], skip=True)
    assert len(found["a"]) == 49_999
    assert report.bad == 1
    assert found[ROW][-1] == 50_000
    # Nobody asks for the column: nobody minds.
    assert len(read(data, "csv", ["a"])[0]["a"]) == 50_000


def test_lists_first_and_numbers_far_down() -> None:
    """A file whose first rows have lists of one number has no row that is a number."""
    lines = [*(f"[{k}]\t{k}" for k in range(tables.CHUNK)), "5\t6"]
    with pytest.raises(CgraphError, match=r"row 16385 .*it has one number"):
        read(("x\ty\n" + "\n".join(lines)).encode(), "tsv", ["x", "y"])


def test_columns_that_have_no_name() -> None:
    found, _ = read(b"x,y,,\n1,2,,\n", "csv", ["x", "y"])
    assert found["y"].tolist() == [2]


# Tables and batches


def table_of(count: int, memory: int = tables.MEMORY) -> Table:
    writer = TableWriter(memory)
    chance = np.random.default_rng(0)
    for start in range(0, count, 1000):
        rows = np.arange(start, min(start + 1000, count), dtype=float)
        writer.add({"x": rows, "v": chance.normal(size=(len(rows), 3)), ROW: rows + 1})
    return writer.finish()


def test_what_is_on_disk_is_what_was_in_memory() -> None:
    here, there = table_of(5_500), table_of(5_500, 10_000)
    assert there.arrays is None
    assert here.fingerprint == there.fingerprint
    for start, stop in ((0, 1), (1_234, 4_321), (5_000, 5_500)):
        for name, array in there.read(start, stop).items():
            assert np.array_equal(array, here.read(start, stop)[name])


@pytest.mark.parametrize("memory", [tables.MEMORY, 10_000])
@pytest.mark.parametrize(("count", "size"), [(5_500, 64), (5_500, 1), (700, 700), (9_000, 5_000)])
def test_an_epoch_has_every_row_once(memory: int, count: int, size: int) -> None:
    table = table_of(count, memory)
    batches = Batches(table, size, seed=5)
    orders = []
    for epoch in (0, 1):
        seen = []
        lengths = []
        for rows in batches.epoch(epoch):
            x = batches.buffers["x"][:rows]
            assert np.array_equal(batches.rows(rows)[ROW], x + 1)
            seen += x.tolist()
            lengths.append(rows)
        assert sorted(seen) == list(range(count))
        assert lengths == [size] * (count // size) + [count % size] * bool(count % size)
        assert len(lengths) == batches.count
        orders.append(seen)
        for start in (1, batches.count // 2, batches.count - 1):
            later = []
            for rows in batches.epoch(epoch, start):
                later += batches.buffers["x"][:rows].tolist()
            assert later == seen[start * size :]
    assert count == 1 or orders[0] != orders[1]


def test_the_part_held_out() -> None:
    chunks = [{"x": np.arange(k, k + 1000.0)} for k in range(0, 10_000, 1000)]
    train, held = split(chunks, 0.25, 3)
    assert held is not None
    assert (train.count, held.count) == (7_500, 2_500)
    assert train.arrays is not None
    assert held.arrays is not None
    both = np.concatenate([train.arrays["x"], held.arrays["x"]])
    assert sorted(both) == list(range(10_000))
    again = split(chunks, 0.25, 3)[1]
    other = split(chunks, 0.25, 4)[1]
    assert again is not None
    assert other is not None
    assert again.fingerprint == held.fingerprint != other.fingerprint


def test_scaling_is_that_of_numpy() -> None:
    table = table_of(3_000, 10_000)
    whole = table_of(3_000).arrays
    assert whole is not None
    found = scaling(table, ["x", "v"])
    for name in ("x", "v"):
        np.testing.assert_allclose(found[name][0], whole[name].mean(axis=0))
        np.testing.assert_allclose(found[name][1], whole[name].std(axis=0))


def test_rows_of_many_results_come_a_few_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("x\n" + "".join(f"{k}\n" for k in range(100)))
    with path.open("rb") as stream:
        source = open_source(str(path), stream, "csv")
        program = RowProgram(cgcli.parse("onehot(1, 10^5)*x"), {})
        parts = list(map_rows(program, source, Report(str(path), skip=False)))
    assert max(len(rows) for rows, *_ in parts) * 10**5 <= 2**22
    assert np.concatenate([rows for rows, *_ in parts]).tolist() == list(range(1, 101))
    assert np.concatenate([found["f"][:, 1] for _, found, *_ in parts]).tolist() == list(range(100))


def test_a_kink_that_no_row_needs_asks_for_no_column(cgraph: Any, tmp_path: Path) -> None:
    data = tmp_path / "d.csv"
    data.write_text("z,y\n-2,-2\n1,3\n")
    ran = cgraph("map", "p = max(z, y); y <= 3", "-d", str(data), "--values")
    assert (ran.status, ran.out.split()) == (0, ["row,f", "1,1.0", "2,1.0"])
