"""Data files that are not what they say: one error that names the file, and what to do."""

from __future__ import annotations

import gzip
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cgcli.errors import CgraphError
from cgcli.learning.reading import Report, open_source

Run = Callable[..., Any]


def packed(data: bytes) -> bytes:
    """Data as gzip has it, without the time of day that makes every run's another."""
    return gzip.compress(data, mtime=0)


TEXTS: list[tuple[str, bytes, str, str]] = [
    ("a.csv", b"x;y\n1;2\n", "separated by semicolons", "add --delimiter semicolon, and --dec"),
    ("a.csv", b"x\ty\n1\t2\n", "separated by tabs", "add --delimiter tab"),
    ("a.csv", b"x|y\n1|2\n", "separated by bars", "add --delimiter bar"),
    ("a.tsv", b"x,y\n1,2\n", "separated by commas", "add --delimiter comma"),
    ("a.csv", b"# mine\nx,y\n1,2\n", "its first line is a comment, '# mine'", "add --comment #"),
    ("a.csv", b"# x,y\n1,2\n", "no column", "begins with # as a comment does"),
    ("a.csv", b"x y\n1 2\n", "no column", "commas, or tabs in a .tsv file, part columns"),
    ("a.csv", b"x,y\n1,2\n# c\n", "the line is a comment", "--skip-bad"),
    ("a.csv", b"1,2\n3,4\n", "its first line has numbers, and no names", "the columns: x,y"),
    ("a.csv", "x,y\n1,2\n".encode("utf-16"), "it is UTF-16", "save it as UTF-8"),
    ("a.csv", "x,y\n1,2\n".encode("utf-16-le"), "it is UTF-16", "save it as UTF-8"),
    ("a.csv", "x,y,größe\n1,2,3\n".encode("latin-1"), "it is not UTF-8", "save it as UTF-8"),
    ("a.csv", packed(b"x,y\n1,2\n")[:-9], "or damaged: gzip cannot unpack it", "fetch"),
    ("a.csv", b"BZh91AY", "cut short or damaged: bzip2 cannot unpack it", "fetch it again"),
    ("a.csv", b"\xfd7zXZ\0", "cut short or damaged: xz cannot unpack it", "fetch it again"),
    ("a.csv", b"\x28\xb5\x2f\xfd\0", "cut short or damaged: zstd cannot unpack it", "fetch it"),
    ("a.csv", b"PK\x03\x04\x14", "it is a zip archive, as a spreadsheet's file", "called .xlsx"),
    ("a.xlsx", b"x,y\n1,2\n", "it is no workbook", "--data-format csv"),
    ("a.xlsx", b"PK\x03\x04\x14", "it is a workbook that cannot be read", "save it again"),
    ("a.csv", b"PAR1", "it is Parquet", "a file whose name ends in .parquet"),
    ("a.csv", b"\x93NUMPY\x01\0", "it is an array of NumPy", "savetxt"),
    ("a.csv", b"<!DOCTYPE html>\n", "it is a page of HTML", "download the data"),
    ("a.csv", b'{"x": 1, "y": 2}\n', "it is JSON", "ends in .json, or .jsonl"),
    ("a.csv", b'[{"x": 1}]', "it is JSON", "ends in .json, or .jsonl"),
    ("a.csv", b"", "it is empty", "the first line names the columns"),
    ("a.csv", b'x,y\n"1,2\n', "it is not CSV: a quote is opened and never closed", "twice"),
    ("a.csv", b'x,y\n"1"2,3\n', "it is not CSV: line 2 has text after a closing quote", "twice"),
    ("a.csv", b'x,y\n1,2\n3,4\n5,"6"7\n', "it is not CSV: line 4 has text after", "twice"),
    ("a.csv", b'"x"2,y\n1,2\n', "it is not CSV: line 1 has text after", "twice"),
    ("a.csv", b"x,x\n1,2\n", "two columns are called 'x'", ""),
    ("a.csv", b"x,y\n", "", ""),
    ("a.csv", b"a,b\n", "needs 'x', 'y', which have no value and are no column", "a, b"),
    ("a.csv", b"x,y\na,2\nb,3\n", "all 2 rows are bad", "holds 'a', 'b': --category x"),
    ("a.csv", b"x,y\n1-2-3,2\n", "its one row is bad", "the column 'x' holds '1-2-3'"),
    ("a.csv", b"x,y\n1,2,3\n4,5,6\n", "all 2 rows are bad", "the first line names the columns"),
    ("a.csv", b"x,y\nNA,2\n,3\n", "all 2 rows are bad", "has no number that can be used"),
    ("a.csv", b"x,y\na,2\n3,4\n", "row 1 (line 2), column 'x': 'a' is not", "--skip-bad leaves"),
    ("a.csv", b"x,y\n3,4\na,2\n", "row 2 (line 3), column 'x': 'a' is not", "--skip-bad leaves"),
    ("a.csv", b"x,y\n1,\0\n", "'\\x00' is not a number", ""),
    ("a.csv", b"x,y\n" + b"9" * 5000 + b",1\n", "99' is not finite", ""),
    ("a.json", b"x,y\n1,2\n", "this is not JSON", ""),
    ("a.json", b'{"x": [1], "y": [2]}', "it is not a list of objects", 'write [{"x": 1, "y": 2}'),
    (
        "a.json",
        b'{"x": 1, "y": 2}\n{"x": 2, "y": 3}\n',
        "an object a line",
        "add --data-format jsonl",
    ),
    ("a.json", b"[1, 2]", "row 1: it is not a JSON object", ""),
    ("a.json", b"\xff\xfe[\0", "it is UTF-16", ""),
    ("a.json", packed(b"[]"), "it is empty", ""),
    ("a.jsonl", b'{"x": "a", "y": 1}\n', "its one row is bad", "holds 'a'"),
    (
        "a.jsonl",
        b'{"x": {"a": 1}, "y": 1}\n',
        "'{'a': 1}' is not a number",
        "holds '{'a': 1}'",
    ),
    ("a.jsonl", b'{"x": 1e400, "y": 1}\n', "it is not finite", ""),
    ("a.jsonl", b'{"x": ' + b"9" * 400 + b', "y": 1}\n', "larger than the largest double", ""),
    ("a.jsonl", b'{"x": ' + b"9" * 5000 + b', "y": 1}\n', "has too many digits", ""),
    ("a.jsonl", b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b', "y": 1}\n', "nest too deeply", ""),
    ("a.jsonl", b'{"x": "' + b"[" * 5000 + b'", "y": 1}\n', "is not a list of numbers", ""),
    ("a.jsonl", b'{"x": "\\ud800", "y": 1}\n', "'\\ud800' is not a number", ""),
    (
        "a.jsonl",
        b'{"\\ud800": 1}\n',
        "needs 'x', 'y', which have no value and are no column",
        "the columns are \\ud800",
    ),
    ("a.jsonl", b'{"x": "\\u0000", "y": 1}\n', "'\\x00' is not a number", ""),
    ("a.jsonl", b'{"x": "NaN", "y": 1}\n', "it is missing", ""),
    ("a.jsonl", b'{"x": NaN, "y": 1}\n', "NaN is not JSON", ""),
    ("a.jsonl", b'{"x": [[1], [2, 3]], "y": 1}\n', "of several lengths", ""),
    ("a.jsonl", b"null\n", "it is not a JSON object", ""),
    ("a.jsonl", "{}".encode("utf-16"), "it is UTF-16", ""),
    ("a.parquet", b"", "it is empty", ""),
    ("a.parquet", b"x,y\n1,2\n", "it is not Parquet, which begins with PAR1", "ends in .csv"),
    ("a.parquet", b"PAR1PAR1", "it is Parquet that cannot be read", "it is cut short"),
    ("a.parquet", b"PAR1\0\0\0\0", "it is Parquet that cannot be read", "it is cut short"),
    (
        "a.parquet",
        b"PAR1\xff\xff\xff\xffPAR1",
        "it is Parquet that cannot be read",
        "it is cut short",
    ),
    ("a.parquet", packed(b"PAR1"), "it is Parquet that cannot be read", "it is cut short"),
]


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: f"{case[0]} {case[2]}")
def test_what_is_wrong_with_a_file_is_said(
    case: tuple[str, bytes, str, str], tmp_path: Path, cgraph: Run
) -> None:
    name, data, message, hint = case
    if name.endswith("parquet"):
        pytest.importorskip("duckdb")
    path = tmp_path / name
    path.write_bytes(data)
    for words in (["map", "x*y"], ["train", "(w*x - y)^2", "w=1"]):
        ran = cgraph(*words, "-d", str(path))
        if "no column" in message and words[0] == "train":
            assert "neither given" in ran.err
            assert hint in ran.err
            continue
        if not message:
            head = "row,f,df/dx,df/dy\n"
            assert (ran.status, ran.out) == ((0, head) if words[0] == "map" else (2, ""))
            continue
        assert ran.status == 2
        assert ran.err.startswith("error: ")
        assert message in ran.err
        assert hint in ran.err
        assert ("--skip-bad" in ran.err) == ("--skip-bad" in hint)


def test_skipping_all_rows_is_no_way_out(tmp_path: Path, cgraph: Run) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\na,1\nb,2\n")
    for words in (["map", "x"], ["train", "(w*x - y)^2", "w=1"]):
        ran = cgraph(*words, "-d", str(path), "--skip-bad")
        assert ran.status == 2
        assert "all 2 rows are bad" in ran.err
        assert "the column 'x' holds 'a', 'b'" in ran.err


def test_nothing_is_written_before_it_is_known_that_a_row_is_bad(
    tmp_path: Path, cgraph: Run
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x\na\n" + "1\n" * 40_000)
    ran = cgraph("map", "x", "-d", str(path))
    assert ran.status == 2
    assert ran.out == ""


KINDS = {
    "struct": "SELECT {'a': 1} AS x, 2 AS y",
    "map": "SELECT map {'a': 1} AS x, 2 AS y",
    "date": "SELECT date '2020-01-01' AS x, 2 AS y",
    "far date": "SELECT date '20000-01-01' AS x, 2 AS y",
    "time": "SELECT time '10:00' AS x, 2 AS y",
    "interval": "SELECT timestamp '2020-01-01' AS x, 2 AS y",
    "text": "SELECT 'ab' AS x, 2 AS y",
    "bytes": "SELECT 'ab'::blob AS x, 2 AS y",
    "uuid": "SELECT uuid() AS x, 2 AS y",
    "deep": "SELECT [[[1]]] AS x, 2 AS y",
    "null": "SELECT NULL::int AS x, 2 AS y",
    "nan": "SELECT 'nan'::double AS x, 2 AS y",
}
"""Queries whose column x no program can use."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path_factory.mktemp("parquet") / "p.parquet"
    query = "SELECT range::int AS x, 2*range::int AS y FROM range(9)"
    duckdb.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_columns_in_parquet(kind: str, tmp_path: Path, cgraph: Run) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "k.parquet"
    duckdb.execute(f"COPY ({KINDS[kind]}) TO '{path}' (FORMAT parquet)")
    ran = cgraph("map", "x*y", "-d", str(path))
    assert ran.status == 2
    assert "k.parquet" in ran.err
    assert "--skip-bad" not in ran.err
    assert cgraph("map", "2*y", "-d", str(path)).status == 0


def test_numbers_of_every_kind_in_parquet(tmp_path: Path, cgraph: Run) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "k.parquet"
    query = "SELECT 1.5::decimal(10,2) AS a, true AS b, 7::hugeint AS c, 2::utinyint AS d"
    duckdb.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    ran = cgraph("map", "a + b + c + d", "-d", str(path), "--values")
    assert ran.out == "row,f\n1,11.5\n"


def test_columns_that_differ_in_case_alone(plain: bytes, tmp_path: Path, cgraph: Run) -> None:
    path = tmp_path / "c.parquet"
    # Once in the schema, once in the path of its chunk.
    assert plain.count(b"\x01y") == 2
    path.write_bytes(plain.replace(b"\x01y", b"\x01X"))
    ran = cgraph("map", "x + 10*X", "-d", str(path), "--values")
    assert ran.status == 0, ran.err
    assert ran.out.splitlines()[1:] == [f"{k + 1},{21.0 * k}" for k in range(9)]
    ran = cgraph("map", "x + y", "-d", str(path))
    assert "the columns are x, X" in ran.err


FOREIGN = re.compile(r"(?i:duckdb|exception|error|invalid|parser|thrift)|[a-z][A-Z]")
"""Words that DuckDB says, and no error of ours."""


def test_a_program_that_needs_no_column_has_every_row(
    plain: bytes, tmp_path: Path, cgraph: Run
) -> None:
    (tmp_path / "p.parquet").write_bytes(plain)
    (tmp_path / "p.csv").write_text("x,y\n" + "1,2\n" * 9)
    for words in (["map", "c^2", "c=3"], ["train", "(w - 1)^2", "w=0", "--epochs", "2"]):
        (first, second) = (
            cgraph(*words, "-d", str(tmp_path / f"p.{k}")) for k in ("csv", "parquet")
        )
        assert (first.status, second.status) == (0, 0), second.err
        assert re.sub(r"in \S+ s", "", first.out) == re.sub(r"in \S+ s", "", second.out)


def test_lines_of_a_table_may_all_be_blank(tmp_path: Path, cgraph: Run) -> None:
    for name, text in (("t.tsv", "x\n\n\n"), ("t.csv", "x\n\n"), ("t.tsv", "x\n\n1\n\n2\n")):
        (tmp_path / name).write_text(text)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ran = cgraph("map", "2*x", "-d", str(tmp_path / name))
        assert (ran.status, ran.err) == (0, "")
        assert ran.out == "row,f,df/dx\n" + ("1,2.0,2.0\n2,4.0,2.0\n" if "2" in text else "")


@given(drawn=st.data())
@settings(
    max_examples=80,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_damaged_parquet_is_told(drawn: st.DataObject, plain: bytes, tmp_path: Path) -> None:
    data = bytearray(plain)
    for _ in range(drawn.draw(st.integers(1, 12))):
        data[drawn.draw(st.integers(4, len(data) - 5))] = drawn.draw(st.integers(0, 255))
    if drawn.draw(st.booleans()):
        del data[drawn.draw(st.integers(4, len(data))) :]
    path = tmp_path / "d.parquet"
    path.write_bytes(bytes(data))
    try:
        with path.open("rb") as stream:
            source = open_source(str(path), stream, "parquet")
        for _ in source.chunks(
            [n for n in ("x", "y") if n in source.names], Report("d", skip=True)
        ):
            pass
    except CgraphError as error:
        assert error.kind == "file"
        assert not FOREIGN.search(error.message.removeprefix(str(path)))


@given(st.binary(max_size=80), st.sampled_from(["csv", "tsv", "json", "jsonl"]))
@settings(max_examples=150, deadline=None, database=None)
def test_any_bytes_are_rows_or_one_error(data: bytes, kind: str) -> None:
    import io

    for start in (b"", b"x,y\n", b'{"x": 1, "y": 2}\n{"x": ', b'[{"x": '):
        try:
            source = open_source("d", io.BytesIO(start + data), kind)
            for _ in source.chunks(source.names[:2], Report("d", skip=False)):
                pass
        except CgraphError as error:
            assert error.kind == "file"
