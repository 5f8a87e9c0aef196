"""Data as people have it: every kind of file is read as pandas, DuckDB or its writer says."""

from __future__ import annotations

import bz2
import csv
import datetime as dt
import gzip
import io
import json
import lzma
import random
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cgcli.learning import duck, tables
from cgcli.learning.manner import Calendar, Manner
from cgcli.learning.reading import open_source
from cgcli.learning.sources import Report
from tests.conftest import Ran

Command = Callable[..., Ran]

TABLE = b"x,y\n1.5,2\n2.5,4\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(ran: Ran, *told: str) -> bool:
    """Whether a command said what it cannot use, in a document with --json."""
    assert ran.status == 2, ran.err
    return all(part in ran.out + ran.err for part in told)


def values(ran: Ran, name: str = "f") -> list[Any]:
    assert ran.status == 0, ran.err
    return [row[name] for row in json.loads(ran.out)["rows"]]


WRITTEN: list[tuple[str, str | bytes, list[str], list[float], str]] = [
    (
        "a.csv",
        "x;y\n1,5;2\n2,25;4\n",
        ["--delimiter", ";", "--decimal", ","],
        [2001.5, 4002.25],
        "';'",
    ),
    ("a.csv", "x;y\n1,5;2\n", ["--delimiter", "semicolon", "--decimal", "comma"], [2001.5], "','"),
    ("a.csv", "x\ty\n1.5\t2\n", ["--delimiter", "tab"], [2001.5], r"'\t'"),
    ("a.csv", "x|y\n1.5|2\n", ["--delimiter", "bar"], [2001.5], "'|'"),
    (
        "a.txt",
        "  x      y\n 1.5    2.0\n 2.5    4.0\n",
        ["--delimiter", "space"],
        [2001.5, 4002.5],
        "' '",
    ),
    ("a.dat", "x,y\n1.5,2\n", ["--data-format", "csv"], [2001.5], ""),
    ("a.csv", 'x,y\n"1,5",2\n', ["--decimal", "comma"], [2001.5], "decimal"),
    ("a.csv", "x,y\n1 234,1\n0.5,2\n", ["--thousands", "space"], [2234, 2000.5], "thousands"),
    ("a.csv", "x,y\n1\u202f234,1\n", ["--thousands", "space"], [2234], "thousands"),
    ("a.csv", "x,y\n1'234.5,1\n", ["--thousands", "apostrophe"], [2234.5], "thousands"),
    ("a.csv", "x,y\n1_234_567,0\n", ["--thousands", "underscore"], [1234567], "thousands"),
    (
        "a.csv",
        "x;y\n-1.234.567,89;0\n2,5;0\n",
        ["--delimiter", ";", "--decimal", ",", "--thousands", "."],
        [-1234567.89, 2.5],
        "thousands",
    ),
    (
        "a.csv",
        "x,y\n12.3%,0\n7 %,0\n1e1%,0\n5,0\n",
        ["--percent"],
        [0.123, 0.07, 0.1, 5],
        "percent",
    ),
    ("a.csv", '# by\nx,y\n1,2\n# "mid\n3,4\n', ["--comment", "#"], [2001, 4003], "comment '#'"),
    ("a.csv", 'k,x,y\n"a\n# b",1,2\n#c,3,4\n', ["--comment", "#"], [2001], "comment '#'"),
    ("a.csv", "x,y,é\n1.5,2,ü\n".encode("latin-1"), ["--encoding", "latin-1"], [2001.5], "latin-1"),
    ("a.csv", "x,y\n1.5,2\n".encode("utf-16"), ["--encoding", "utf-16"], [2001.5], "utf-16"),
    ("a.jsonl", '{"x":1,"y":2}\n'.encode("utf-16"), ["--encoding", "utf-16"], [2001], "utf-16"),
    ("a.csv.gz", gzip.compress(TABLE, mtime=0), [], [2001.5, 4002.5], "gzip"),
    ("a.csv.bz2", bz2.compress(TABLE), [], [2001.5, 4002.5], "bzip2"),
    ("a.csv.xz", lzma.compress(TABLE), [], [2001.5, 4002.5], "xz"),
    ("a.csv", gzip.compress(TABLE, mtime=0), [], [2001.5, 4002.5], "gzip"),
    ("a.json.gz", gzip.compress(b'[{"x":1,"y":2}]', mtime=0), [], [2001], "gzip"),
]


@pytest.mark.parametrize(
    ("name", "text", "options", "right", "said"), WRITTEN, ids=lambda part: str(part)[:30]
)
def test_text_is_read_as_it_is_said_to_be_written(
    name: str, text: str | bytes, options: list[str], right: list[float], said: str,
    cgraph: Command, folder: Path,
) -> None:  # fmt: skip
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    words = ("map", "x + 1000*y", "-d", name, "--values", "--json", *options)
    ran = cgraph(*words)
    assert values(ran) == right
    assert said in ran.err
    document = json.loads(ran.out)
    assert (f"read: {document['read']}\n" if said else "") == ran.err


REFUSED: list[tuple[str, list[str], str]] = [
    ("x\n1.5\n", ["--decimal", "comma"], "row 1 (line 2), column 'x': '1.5' is not a number"),
    ("x\n1.2.3\n", ["--decimal", "comma", "--thousands", "point"], "'1.2.3' is not a number"),
    ("x\n12'34\n", ["--thousands", "apostrophe"], "'12'34' is not a number"),
    ("x\n1'2345\n", ["--thousands", "apostrophe"], "'1'2345' is not a number"),
    ("x\n12%\n", [], "'12%' is not a number"),
    ("x\n1\n", ["--thousands", "point"], "cannot both group digits and begin the decimals"),
    ("x\n1\n", ["--delimiter", "ab"], "--delimiter is one sign, not 'ab'"),
    ("x\n1\n", ["--encoding", "utf-42"], "there is no encoding 'utf-42'"),
    ("x\n1\n", ["--encoding", "base64"], "there is no encoding 'base64'"),
    ("x\n1\n", ["--sheet", "A"], "--sheet is not for csv"),
    ("x\n1\n", ["--category", "k"], "--category: there is no column 'k'"),
    ("x\n1\n", ["--date", "x=years"], "--date x is in seconds, minutes, hours, days, weeks"),
    ("x\n1\n", ["--date", "x=days since noon"], "'noon' is no date"),
    ("x\n1\n", ["--date", "x=days"], "'1' is not a date"),
    ("x\n1\n", ["--pad", "x=0"], "--pad x is a length, not '0'"),
    ("x\n1\n", ["--pad", "x=2"], "it is not a list"),
    ("x\n1\n", ["--pad", "x=2", "--category", "x"], "'x' is given to --category and to --pad"),
    ("x\n1\n", ["--missing", "mean"], "a mean is known when all rows are read"),
    ("x\n1\nNA\n", ["--missing", "error"], "row 2 (line 3), column 'x': it is missing"),
    ("x\nbad\n1\n", ["--missing", "skip"], "row 1 (line 2), column 'x': 'bad' is not a number"),
]


@pytest.mark.parametrize(("text", "options", "told"), REFUSED, ids=lambda part: str(part)[:40])
def test_nothing_is_guessed(
    text: str, options: list[str], told: str, cgraph: Command, folder: Path
) -> None:
    (folder / "a.csv").write_text(text)
    ran = cgraph("map", "sum(x)", "-d", "a.csv", *options)
    assert refused(ran, told)


def test_zstd(cgraph: Command, folder: Path) -> None:
    zstd = pytest.importorskip("backports.zstd")
    (folder / "a.csv.zst").write_bytes(zstd.compress(TABLE))
    ran = cgraph("map", "x + 1000*y", "-d", "a.csv.zst", "--values", "--json")
    assert values(ran) == [2001.5, 4002.5]


def workbook(path: Path, sheets: dict[str, list[list[str]]]) -> None:
    """Write a workbook by the rules of ECMA-376, its cells as their XML."""
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    relations = "http://schemas.openxmlformats.org"
    office = f"{relations}/officeDocument/2006/relationships"
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{relations}/package/2006/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{relations}/package/2006/relationships">'
        f'<Relationship Id="r" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
    }
    names, links = "", ""
    for k, (name, rows) in enumerate(sheets.items(), 1):
        names += f'<sheet name="{name}" sheetId="{k}" r:id="r{k}"/>'
        links += f'<Relationship Id="r{k}" Type="{office}/worksheet" Target="s{k}.xml"/>'
        body = "".join(
            f'<row r="{i}">'
            + "".join(cell.format(f"{'ABCDEFGH'[j]}{i}") for j, cell in enumerate(row))
            + "</row>"
            for i, row in enumerate(rows, 1)
        )
        parts[f"xl/s{k}.xml"] = f"<worksheet {main}><sheetData>{body}</sheetData></worksheet>"
    parts["xl/workbook.xml"] = (
        f'<workbook {main} xmlns:r="{office}"><sheets>{names}</sheets></workbook>'
    )
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{relations}/package/2006/relationships">{links}</Relationships>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)


def text_cell(text: str) -> str:
    return f'<c r="{{}}" t="inlineStr"><is><t>{text}</t></is></c>'


def number_cell(number: float) -> str:
    return f'<c r="{{}}"><v>{number}</v></c>'


def test_a_workbook(cgraph: Command, folder: Path) -> None:
    pytest.importorskip("python_calamine")
    head = [text_cell("x"), text_cell("k")]
    rows = [head, [number_cell(1.5), text_cell("a")], [], [number_cell(2.5), text_cell("b")]]
    workbook(folder / "one.xlsx", {"Data": rows, "Empty": []})
    words = ("--values", "--json")
    assert values(cgraph("map", "2*x", "-d", "one.xlsx", *words)) == [3, 5]
    ran = cgraph("map", "2*x + k", "-d", "one.xlsx", "--category", "k", *words)
    assert values(ran) == [3, 6] and "k is 0 a, 1 b" in ran.err
    ran = cgraph("map", "k", "-d", "one.xlsx", *words)
    assert refused(ran, "row 1 (line 2), column 'k': 'a' is not a number")
    workbook(folder / "two.xlsx", {"Data": rows, "More": [[text_cell("x")], [number_cell(7)]]})
    ran = cgraph("map", "2*x", "-d", "two.xlsx", *words)
    assert refused(ran, "it has several sheets: Data, More")
    assert values(cgraph("map", "2*x", "-d", "two.xlsx", "--sheet", "More", *words)) == [14]
    ran = cgraph("map", "2*x", "-d", "two.xlsx", "--sheet", "Mor", *words)
    assert refused(ran, "there is no sheet 'Mor'", "did you mean More?")


def error_cell(error: str, formula: str = "") -> str:
    return f'<c r="{{}}" t="e">{formula and f"<f>{formula}</f>"}<v>{error}</v></c>'


def test_an_error_in_a_workbook_is_no_empty_cell(cgraph: Command, folder: Path) -> None:
    pytest.importorskip("python_calamine")
    head = [text_cell("x"), text_cell("k"), text_cell("y")]
    fine, empty = [number_cell(1), text_cell("a"), number_cell(2)], [number_cell(3), text_cell("b")]
    bad = [number_cell(5), error_cell("#N/A"), error_cell("#DIV/0!", "1/0")]
    workbook(folder / "a.xlsx", {"Some": [head], "Data": [head, fine, [], empty, bad]})
    words = ("-d", "a.xlsx", "--sheet", "Data", "--values", "--json")
    ran = cgraph("map", "y", *words, "--missing", "skip")
    assert refused(ran, "row 3 (line 5), column 'y': it holds the error #DIV/0!", "--skip-bad")
    ran = cgraph("map", "y", *words, "--skip-bad")
    assert values(ran, "y") == [2]
    ran = cgraph("map", "x + k", *words, "--category", "k")
    assert refused(ran, "row 3 (line 5), column 'k': it holds the error #N/A")
    assert values(cgraph("map", "x", *words), "x") == [1, 3, 5]
    ran = cgraph("map", "x", *words, "--keep", "y")
    assert [row["y"] for row in json.loads(ran.out)["rows"]] == [2, "", "#DIV/0!"]


def test_several_files_are_one(cgraph: Command, folder: Path) -> None:
    (folder / "p1.csv").write_text("x,y\n1,2\n")
    (folder / "p2.csv").write_text("y,x\n20,10\nz,30\n")
    (folder / "p3.jsonl").write_text('{"x": 5, "y": 6}\n')
    words = ("map", "x", "--values", "--json")
    for data in (["-d", "p*.csv"], ["-d", "p1.csv", "-d", "p2.csv"]):
        ran = cgraph(*words, *data)
        assert values(ran, "x") == [1, 10, 30] and "2 files" in ran.err
    assert values(cgraph(*words, "-d", "p1.csv", "-d", "p3.jsonl"), "x") == [1, 5]
    ran = cgraph("map", "y", "-d", "p*.csv")
    assert refused(ran, "p2.csv, row 2 (line 3), column 'y': 'z' is not")
    ran = cgraph("map", "y", "-d", "p*.csv", "--values", "--json", "--skip-bad")
    assert [row["row"] for row in json.loads(ran.out)["rows"]] == [1, 2]
    (folder / "p4.csv").write_text("x,z\n1,2\n")
    ran = cgraph(*words, "-d", "p1.csv", "-d", "p4.csv")
    assert refused(ran, "p4.csv: it has no column 'y', which p1.csv has")
    ran = cgraph(*words[:3], "-d", "p*.csv", "-o", "p2.csv")
    assert refused(ran, "p2.csv is the data")
    for k, length in ((5, 2), (6, 3)):
        (folder / f"p{k}.jsonl").write_text(json.dumps({"x": [1] * length}))
    ran = cgraph("map", "sum(x)", "-d", "p5.jsonl", "-d", "p6.jsonl", "-o", "out.csv")
    assert refused(ran, "the lists of 'x' are not of one length")


def test_standard_input_is_any_of_these(cgraph: Command, folder: Path) -> None:
    database = pytest.importorskip("duckdb").connect()
    database.execute("COPY (SELECT 1.5 AS x, 2 AS y) TO 'a.parquet' (FORMAT parquet)")
    inputs = [
        b"x,y\n1.5,2\n",
        b'{"x": 1.5, "y": 2}\n',
        b'[{"x": 1.5, "y": 2}]',
        gzip.compress(b"x,y\n1.5,2\n", mtime=0),
        (folder / "a.parquet").read_bytes(),
    ]
    for data in inputs:
        ran = cgraph("map", "x + 1000*y", "-d", "-", "--values", "--json", stdin=data)
        assert values(ran) == [2001.5]
    words = ("map", "x", "-d", "-", "--data-format", "tsv", "--values", "--json")
    assert values(cgraph(*words, stdin=b"x\ty\n1.5\t2\n"), "x") == [1.5]


# What cells stand for

TREES = """kind,old,day,y
oak,true,2024-01-02,3
elm,false,2024-01-01,1
oak,false,2024-01-11,2
elm,true,2024-01-01,2
"""


def test_categories_are_remembered(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text(TREES)
    program = "p = dot(m, onehot(kind, 3)) + c*old; p - y"
    reading = ("--category", "kind", "--category", "old=false,true", "--unseen", "other")
    start = ("m=zeros(3)", "c=0", "--residual", "-o", "m.json")
    ran = cgraph("train", program, "-d", "a.csv", *start, *reading)
    assert "kind is 0 oak, 1 elm, 2 other; old is 0 false, 1 true" in ran.err
    read = json.loads((folder / "m.json").read_text())["data"]["read"]
    assert read["levels"] == {"kind": {"oak": 0, "elm": 1}, "old": {"false": 0, "true": 1}}
    (folder / "n.csv").write_text("kind,old\nelm,true\noak,false\nash,true\n")
    ran = cgraph("predict", "m.json", "-d", "n.csv", "--of", "p,kind", "--json")
    assert values(ran, "kind") == [1, 0, 2]
    # oak: 2, elm: 1 and old: 1 more are what the three rows determine.
    assert values(ran, "p")[:2] == pytest.approx([2, 2])
    ran = cgraph("predict", "m.json", "-d", "n.csv", "--category", "kind")
    assert refused(ran, "--category is the model's to say")


def test_a_category_that_is_not_known_is_an_error(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text(TREES)
    words = ("map", "kind", "-d", "a.csv", "--values", "--json")
    ran = cgraph(*words, "--category", "kind=elm")
    assert refused(ran, "row 1 (line 2), column 'kind': 'oak' is none of")
    assert values(cgraph(*words, "--category", "kind=elm,oak"), "kind") == [1, 0, 1, 0]
    ran = cgraph(*words, "--category", "kind=elm", "--unseen", "other")
    assert values(ran, "kind") == [1, 0, 1, 0]


def test_dates_are_numbers_of_a_stated_unit(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text(TREES)
    words = ("map", "day", "-d", "a.csv", "--values", "--json")
    ran = cgraph(*words, "--date", "day=days since 2024-01-01")
    assert values(ran, "day") == [1, 0, 10, 0] and "day in days since 2024-01-01" in ran.err
    # Hours since 1970: 19723 days were gone in 2024, as `date -d 2024-01-01 +%s` says.
    assert values(cgraph(*words, "--date", "day=hours"), "day")[1] == 1_704_067_200 / 3600
    ran = cgraph(*words)
    assert refused(ran, "'2024-01-02'", "--date")
    (folder / "b.csv").write_text("day\n31/01/2024 06:00\n")
    asked = "day=days since 2024-01-01 as %d/%m/%Y %H:%M"
    ran = cgraph("map", "day", "-d", "b.csv", "--values", "--json", "--date", asked)
    assert values(ran, "day") == [30.25]


@given(st.datetimes(), st.datetimes())
@settings(max_examples=60, deadline=None)
def test_a_date_is_the_same_as_numpys(moment: Any, since: Any) -> None:
    calendar = Calendar.read("t", f"seconds since {since.isoformat()}")
    difference = np.datetime64(moment, "us") - np.datetime64(since, "us")
    exact = Fraction(int(difference.astype(int)), 10**6)
    assert calendar.number(moment.isoformat()) == float(exact)


GAPS = "x,y\nNA,2\n3,4\n5,\n7,8\n"


def test_missing_cells_have_the_mean_of_the_rows_learned_from(
    cgraph: Command, folder: Path
) -> None:
    (folder / "a.csv").write_text(GAPS)
    fit = ("w=0", "b=0", "--residual", "--json")
    ran = cgraph("train", "w*x + b - y", "-d", "a.csv", "--missing", "mean", "-o", "m.json", *fit)
    x, y = [5, 3, 5, 7], [2, 4, 14 / 3, 8]
    slope, constant = np.polyfit(x, y, 1)
    found = json.loads(ran.out)
    assert found["parameters"] == pytest.approx({"w": slope, "b": constant})
    assert "missing cells have the column's mean: x 1, y 1" in found["read"]
    (folder / "n.csv").write_text("x\nNA\n3\n")
    ran = cgraph("predict", "m.json", "-d", "n.csv", "--of", "w*x", "--json")
    assert values(ran, "w*x") == pytest.approx([5 * slope, 3 * slope])
    ran = cgraph("predict", "m.json", "-d", "n.csv", "--of", "x", "--missing", "skip", "--json")
    assert values(ran, "x") == [3] and "1 of 2 rows were left out" in ran.err


def test_a_missing_cell_is_told_by_an_indicator(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text("x,y\nNA,2\n3,3\n5,5\n7,7\n")
    fit = ("w=0", "c=0", "--residual", "--json", "--missing", "indicator", "-o", "m.json")
    ran = cgraph("train", "w*x + c*x_missing - y", "-d", "a.csv", *fit)
    assert json.loads(ran.out)["parameters"] == pytest.approx({"w": 1, "c": 2 - 5})
    (folder / "n.csv").write_text("x\n\n4\n")
    ran = cgraph("predict", "m.json", "-d", "n.csv", "--of", "w*x + c*x_missing", "--json")
    assert ran.status == 0, ran.err


def test_missing_cells_are_filled_on_disk_too(folder: Path) -> None:
    from cgcli.learning.tables import TableWriter, means

    kept = []
    for memory in (10**9, 0):
        writer = TableWriter(memory)
        for start in range(0, 40_000, 10_000):
            rows = np.arange(start, start + 10_000, dtype=float)
            writer.add({"x": np.where(rows % 7 == 3, np.nan, rows), "v": np.stack([rows, rows], 1)})
        table = writer.finish()
        table.fill(means(table, ["x", "v"]))
        kept.append(table.read(0, 40_000))
    rows = np.arange(40_000.0)
    right = np.where(rows % 7 == 3, rows[rows % 7 != 3].mean(), rows)
    assert kept[0]["x"] == pytest.approx(right)
    assert all(np.array_equal(kept[0][name], kept[1][name]) for name in ("x", "v"))


def test_a_run_goes_on_with_data_read_as_before(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text("x;k;y\n1,5;a;2\n;b;4\n2,5;a;6\n")
    reading = ["--delimiter", ";", "--decimal", ",", "--category", "k", "--missing", "mean"]
    program = "(w*x + dot(u, onehot(k, 2)) - y)^2"
    words = ["train", program, "-d", "a.csv", "w=0", "u=zeros(2)", "--lr", "0.01", "--json"]
    once = cgraph(*words, *reading, "--epochs", "9")
    assert cgraph(*words, *reading, "--epochs", "4", "-o", "m.json").status == 0
    ran = cgraph("train", "--resume", "m.json", "--epochs", "9", "--json")
    assert json.loads(ran.out)["parameters"] == json.loads(once.out)["parameters"]
    ran = cgraph("train", "--resume", "m.json", "--epochs", "9", "--decimal", "point")
    assert ran.status == 0
    ran = cgraph("train", "--resume", "m.json", "--epochs", "19", "--percent")
    assert refused(ran, "the data is read otherwise than before")


def test_lists_of_several_lengths_are_padded(cgraph: Command, folder: Path) -> None:
    (folder / "a.jsonl").write_text('{"x": [1, 2, 3]}\n{"x": []}\n{"x": [4]}\n')
    words = ("map", "sum(x)/max(sum(x_mask), 1)", "-d", "a.jsonl", "--values", "--json")
    assert values(cgraph(*words, "--pad", "x=3")) == [2, 0, 4]
    ran = cgraph(*words, "--pad", "x=2")
    assert refused(ran, "row 1 (line 1), column 'x': its list has 3 numbers")
    (folder / "b.csv").write_text('x\n"[1, 2]"\n[7]\n')
    ran = cgraph("map", "x", "-d", "b.csv", "--values", "--json", "--pad", "x=3")
    assert values(ran, "x") == [[1, 2, 0], [7, 0, 0]]


@pytest.mark.parametrize(
    ("stack", "columns"),
    [
        ("a..c", "abc"), ("*,!y", "abcdxy"[:5]), ("d,a", "da"), ("a..d,!b,!c", "ad"),
        ("[ab],x", "abx"), ("*, !a..c", "dxy"),
    ],
)  # fmt: skip
def test_stacks_have_lists_ranges_and_exclusions(
    stack: str, columns: str, cgraph: Command, folder: Path
) -> None:
    (folder / "a.csv").write_text("a,b,c,d,x,y\n1,2,3,4,5,6\n")
    ran = cgraph("map", "v", "-d", "a.csv", "--values", "--json", "--stack", f"v={stack}")
    assert values(ran, "v") == [[" abcdxy".index(column) for column in columns]]


@pytest.mark.parametrize("stack", ["zz,a", "!y", "d..a", "a..e"])
def test_a_stack_that_is_none_is_an_error(stack: str, cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text("a,b,c,d,y\n1,2,3,4,5\n")
    ran = cgraph("map", "v", "-d", "a.csv", "--values", "--stack", f"v={stack}")
    assert refused(ran, "the stack 'v'")


def test_the_examples_of_the_page_run(folder: Path) -> None:
    pytest.importorskip("duckdb")
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8")
    ran = 0
    for kind, content in re.findall(r"```(.+)\n((?:(?!```).*\n)*)```", page):
        if kind != "shellsession":
            (folder / kind.split()[1]).write_text(content)
            continue
        for step in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
            command, _, expected = step.partition("\n")
            command = command.replace("cgraph ", f"{sys.executable} -m cgcli ", 1)
            done = subprocess.run(
                ["bash", "-c", command], check=False, capture_output=True, text=True
            )
            assert sorted((done.stderr + done.stdout).split("\n")) == sorted(expected.split("\n"))
            ran += 1
    assert ran == 4


# Large files, which DuckDB reads and writes

CELLS = st.sampled_from(
    [
        "1",
        "2.5",
        "-3e4",
        " 7 ",
        "1_000",
        "+-1",
        "",
        "NA",
        "nan",
        "inf",
        "0x10",
        "1,2",
        '"8"',
        "é",
        "[1]",
    ]
    + ["1"] * 30
)


@given(
    rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=40),
    skip=st.booleans(),
)
@example(rows=[["1", "1_000"], ["2", "3"]], skip=True)
@example(rows=[["1", "+-1"], ["2", "3"]], skip=True)
@example(rows=[["1", "inf"], ["2", "3"]], skip=True)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_duckdb_reads_what_python_reads(
    rows: list[list[str]], skip: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb")
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "".join(f"{','.join(row)}\n" for row in rows))
    results = []
    for large in (0, 2**40):
        monkeypatch.setattr(duck, "_LARGE", large)
        report = Report(str(path), skip=skip)
        with open(path, "rb") as stream:
            try:
                source = open_source(str(path), stream, "csv")
                chunks = list(source.chunks(["y", "x"], report, ["x"]))
            except Exception as error:  # noqa: BLE001
                results.append(str(error))
                continue
        columns = {name: np.concatenate([c[name] for c in chunks]).tolist() for name in chunks[0]}
        results.append((columns, report.bad, report.rows, list(map(str, report.first))))
    assert results[0] == results[1]


def test_a_large_file_is_read_by_duckdb_up_to_its_first_odd_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb")
    path = tmp_path / "a.csv"
    count = 3 * 16_384 + 5
    path.write_text("x,k\n" + "".join(f"{k},t{k}\n" for k in range(count)) + "bad,t\n7,u\n")
    read = duck.quick_csv
    seen: list[Any] = []
    monkeypatch.setattr(duck, "_LARGE", 0)
    monkeypatch.setattr(
        "cgcli.learning.reading.quick_csv",
        lambda *given: (yield from (seen.append(c) or c for c in read(*given))),
    )
    report = Report(str(path), skip=True)
    with open(path, "rb") as stream:
        source = open_source(str(path), stream, "csv")
        chunks = list(source.chunks(["x"], report, ["k"]))
    assert np.concatenate([c["x"] for c in chunks]).tolist() == [*range(count), 7]
    assert np.concatenate([c["#row"] for c in chunks]).tolist()[-1] == count + 2
    assert str(report.first[0]).startswith(f"row {count + 1} (line {count + 2}), column 'x'")


def test_csv_is_the_same_bytes_with_duckdb_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("duckdb")
    from cgcli.views.learning.rows import rows_text

    bits = np.random.default_rng(0).integers(0, 2**64, 6000, dtype=np.uint64).view(np.float64)
    edges = [0.0, -0.0, 1e16, 1e15, 1e-5, 1e-4, 5e-324, 1e22, 123456789012345680.0, np.nan, np.inf]
    numbers = np.concatenate([bits, edges, -np.array(edges)])
    alphabet = ["a", '"', ",", "\n", "é", " ", "7", "'", ""]
    draw = random.Random(0)
    words = np.empty(len(numbers), dtype=object)
    words[:] = ["".join(draw.choices(alphabet, k=3)) for _ in numbers]
    odd = np.empty(len(numbers), dtype=object)
    odd[:] = [draw.choice([None, True, [1, 2], 7, 2.5, "x"]) for _ in numbers]
    notes = np.array(["", "kink overflow"] * (len(numbers) // 2), dtype=object)
    part = (np.arange(len(numbers)), {"f": numbers, "v": np.stack([numbers, numbers], 1)}, notes)
    texts = []
    for many in (0, 10**9):
        monkeypatch.setattr(duck, "_MANY", many)
        texts.append(rows_text("csv", True, True, *part, {"w": words, "o": odd}))
    assert texts[0] == texts[1]
    rows = list(csv.reader(io.StringIO(texts[0], newline="")))
    assert [row[1] for row in rows[1:]] == words.tolist()


def test_rows_are_written_as_parquet(cgraph: Command, folder: Path) -> None:
    database = pytest.importorskip("duckdb").connect()
    query = "SELECT x::DOUBLE AS x, 'n' || x AS id, DATE '2024-01-31' AS day FROM range(40000) t(x)"
    database.execute(f"COPY ({query}) TO 'a.parquet' (FORMAT parquet)")
    words = ("map", "v = [x, 2*x]; sqrt(x)", "-d", "a.parquet", "--values", "--of", "v,f")
    ran = cgraph(*words, "--keep", "id,day", "--notes", "-o", "o.parquet")
    assert (ran.status, ran.out) == (0, "")
    asked = database.execute("SELECT * FROM 'o.parquet'").fetchnumpy()
    assert list(asked) == ["row", "id", "day", "v", "f", "notes"]
    assert asked["row"].tolist() == list(range(1, 40_001))
    assert asked["f"].tolist() == np.sqrt(np.arange(40_000)).tolist()
    assert asked["id"][39_999] == "n39999" and str(asked["day"][0])[:10] == "2024-01-31"
    assert list(asked["v"][3]) == [3, 6]
    assert list(folder.glob("*.part")) == []


def test_parquet_is_whole_or_not_there(cgraph: Command, folder: Path) -> None:
    pytest.importorskip("duckdb")
    (folder / "a.csv").write_text("x,X\n" + "1,2\n" * 40_000 + "bad,2\n")
    ran = cgraph("map", "2*x", "-d", "a.csv", "-o", "o.parquet")
    assert ran.status == 2 and not (folder / "o.parquet").exists()
    (folder / "a.csv").write_text("x,X\n1,2\n")
    ran = cgraph("map", "2*x", "-d", "a.csv", "--keep", "x,X", "-o", "o.parquet")
    assert refused(ran, "but for the case of letters")
    ran = cgraph("map", "2*x", "-d", "a.csv", "--format", "parquet")
    assert refused(ran, "Parquet is written to a file")


def test_parquet_is_the_same_in_a_file_and_in_pieces(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    from cgcli.views.learning.parquet import as_parquet

    numbers = np.random.default_rng(0).normal(size=(5000, 3))
    parts = [(np.arange(1, 5001), {"f": numbers[:, 0], "v": numbers}, None, {})]
    path = tmp_path / "o.parquet"
    assert list(as_parquet(parts, {}, str(path))) == []
    assert b"".join(as_parquet(parts, {})) == path.read_bytes()


def test_a_part_is_held_out_of_each_chunk_however_many_are_read_at_once() -> None:
    many = 3 * tables.CHUNK + 5
    columns = {"x": np.arange(float(many))}
    parts = [{"x": columns["x"][k : k + tables.CHUNK]} for k in range(0, many, tables.CHUNK)]
    (train, held), (same, also) = (tables.split(chunks, 0.2, 7) for chunks in ([columns], parts))
    assert held is not None and also is not None
    assert train.columns["x"].tolist() == same.columns["x"].tolist()
    assert held.columns["x"].tolist() == also.columns["x"].tolist()


@pytest.mark.parametrize("kept", [(), ("--keep", "id,day,many", "--notes")], ids=["plain", "kept"])
def test_tables_that_follow_one_another_are_one(
    kept: tuple[str, ...], cgraph: Command, folder: Path
) -> None:
    database = pytest.importorskip("duckdb").connect()
    query = "SELECT x::DOUBLE AS x, if(x % 7 = 0, NULL, 'n' || x) AS id, DATE '2024-01-31' AS day, "
    query += "[x, -x] AS many FROM range(300001) t(x)"
    database.execute(f"COPY ({query}) TO 'a.parquet' (FORMAT parquet, ROW_GROUP_SIZE 5000)")
    words = ("map", "v = [x, 2*x]; sqrt(x)", "-d", "a.parquet", "--values", "--of", "v,f")
    ran = cgraph(*words, *kept, "-o", "o.parquet")
    assert (ran.status, ran.out) == (0, "")
    same = "f = sqrt(x) AND v = [x, 2*x] AND row = x + 1"
    if kept:
        same += " AND o.id IS NOT DISTINCT FROM a.id AND o.day = a.day AND o.many = a.many"
    joined = "'o.parquet' o POSITIONAL JOIN 'a.parquet' a"
    assert database.execute(f"SELECT count(*) FROM {joined} WHERE {same}").fetchone() == (300_001,)


def test_a_model_keeps_what_differs_from_plain() -> None:
    assert Manner().document() == {}
    manner = Manner(decimal=",", levels={"k": {"a": 0}}, open={"k"})
    assert Manner(**manner.document()) == Manner(decimal=",", levels={"k": {"a": 0}})


# A column as an index


def test_a_column_chooses_an_element_or_a_row(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text("k,x\n2,1\n0,10\n1,100\n")
    words = ("map", "-d", "a.csv", "--values", "--json")
    assert values(cgraph(*words, "x*U[k]", "U=[5,6,7]")) == [7, 50, 600]
    assert values(cgraph(*words, "x*W[k]", "W=[[1,2],[3,4],[5,6]]")) == [
        [5, 6],
        [10, 20],
        [300, 400],
    ]
    ran = cgraph(*words[:3], "U[k]", "U=[5,6,7]", "--wrt", "U", "--json")
    assert values(ran, "df/dU") == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    ran = cgraph(*words, "U[k]", "U=[5,6]")
    assert values(ran) == ["NaN", 5, 6]
    assert "row 1: v1 (column 1): onehot(k, 2) is not defined" in ran.err
    ran = cgraph("train", "(z[k] - x)^2", "-d", "a.csv", "z=[1,2]")
    assert ran.status == 1 and "row 1" in ran.err


def test_offsets_of_groups_are_their_means(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text("k,y\n0,1\n1,5\n0,3\n1,6\n1,7\n")
    ran = cgraph("train", "U[k] - y", "-d", "a.csv", "U=zeros(2)", "--residual", "--json")
    assert json.loads(ran.out)["parameters"]["U"] == pytest.approx([2, 6])


def test_new_data_needs_what_a_prediction_reads_alone(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text("sex,age,sick\nf,1,no\nm,2,no\nf,3,yes\nm,4,yes\nf,5,no\n")
    program = "z = a + b*age + c*sex; softplus(z) - sick*z"
    reading = ("--category", "sex=f,m", "--category", "sick=no,yes", "-o", "m.json")
    cgraph("train", program, "-d", "a.csv", "a=0", "b=0", "c=0", *reading)
    (folder / "n.csv").write_text("sex,age\nm,2\n")
    ran = cgraph("predict", "m.json", "-d", "n.csv", "--of", "z", "--json")
    given = json.loads((folder / "m.json").read_text())["parameters"]
    assert values(ran, "z") == [given["a"] + given["b"] * 2 + given["c"]]
    assert "sick" not in ran.err
    ran = cgraph("predict", "m.json", "-d", "n.csv")
    assert refused(ran, "needs 'sick', which has no value and is no column")


def test_new_dates_may_be_written_otherwise(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text("day,y\n01.03.2024,1\n03.03.2024,3\n04.03.2024,4\n")
    asked = "day=days since 2024-03-01 as %d.%m.%Y"
    words = ("w=0", "b=0", "--residual", "--date", asked, "-o", "m.json")
    cgraph("train", "p = w*day + b; p - y", "-d", "a.csv", *words)
    (folder / "n.csv").write_text("day\n2024-03-11\n")
    words = ("predict", "m.json", "-d", "n.csv", "--of", "p", "--json")
    for since in ("", " since 2024-03-01"):
        ran = cgraph(*words, "--date", f"day=days{since} as %Y-%m-%d")
        assert values(ran, "p") == pytest.approx([11])
    for text in ("day=weeks as %Y-%m-%d", "day=days since 2020-01-01 as %Y-%m-%d", "x=days as %d"):
        assert refused(cgraph(*words, "--date", text), "is the model's to say")
    assert refused(cgraph(*words), "as %Y-%m-%d")


@pytest.mark.parametrize(
    ("rows", "words", "hint"),
    [
        ('x,y\n"1.204,5",2\n"2,5",3\n', (), "--decimal comma --thousands point"),
        ("x\n3,5\n4,5\n", (), "--delimiter semicolon --decimal comma"),
        ("x,y\n\u22122,2\n1,3\n", (), "the sign of a number is -"),
        ("x,y\n1,2\n2 mg,3\n", (), "without its unit"),
        ("x,y\n1,2\n<0.1,3\n", (), "a limit is no number"),
        ("x,y\n01.03.2024,2\n", ("--date", "x=days"), '--date "x=days as %d.%m.%Y"'),
        ("x,y\n01/03/2024,2\n", (), '--date "x=days as %d/%m/%Y"'),
    ],
)
def test_what_a_cell_may_mean_is_told(
    rows: str, words: tuple[str, ...], hint: str, cgraph: Command, folder: Path
) -> None:
    (folder / "a.csv").write_text(rows, encoding="utf-8")
    assert refused(cgraph("map", "2*x", "-d", "a.csv", *words), hint)


def test_rows_that_are_left_out_are_counted_by_cause(cgraph: Command, folder: Path) -> None:
    rows = [f"{k},{'' if k % 2 else 'a b'}" for k in range(8)]
    (folder / "a.csv").write_text("x,y\n" + "\n".join(rows) + "\n9,9\n")
    err = cgraph("map", "x*y", "-d", "a.csv", "--skip-bad").err.splitlines()
    assert err[0] == "8 of 9 rows were left out:"
    assert [line.split()[0] for line in err[1:]] == ["4", "4"]


def test_columns_with_other_names_are_offered(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text("Substrat (mM),v,g\n1,2,yes\n2,3,Yes\n")
    words = ("-d", "a.csv", "V=1", "--residual")
    ran = cgraph("train", "V*S - v", *words)
    assert refused(ran, '--stack "S=Substrat (mM)"')
    ran = cgraph("train", "V*S - v", *words, "--stack", "S=Sub*")
    assert refused(ran, '--stack "S=Substrat (mM)" makes a number of it')
    ran = cgraph("train", "V*v - g", *words, "--category", "g,v")
    assert refused(ran, "write --category g --category v")
    ran = cgraph("train", "V*v - g", *words, "--category", "g")
    assert "some differ in case or blanks alone" in ran.err


def test_a_model_and_its_data_are_told_apart(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text("x,y\n1,2\n2,4\n3,6\n")
    cgraph("train", "w*x - y", "-d", "a.csv", "w=1", "--residual", "-o", "m.json")
    assert refused(cgraph("predict", "a.csv", "-d", "m.json"), "the model stands first")
    ran = cgraph("predict", "m.json", "-d", "a.csv", "--of", "p=w*x")
    assert refused(ran, '--of "w*x"')


def test_whole_numbers_of_workbooks_and_doubles_are_categories_as_text_has_them(
    cgraph: Command, folder: Path
) -> None:
    pytest.importorskip("python_calamine")
    duckdb = pytest.importorskip("duckdb")
    rows = [[number_cell(2020), text_cell("k")], [number_cell(1.5), number_cell(20)]]
    workbook(folder / "a.xlsx", {"Data": [*rows, [number_cell(2), number_cell(10)]]})
    words = ("--category", "k=10,20", "--stack", "x=2020", "--values", "--keep", "k,2020")
    ran = cgraph("map", "x + k", "-d", "a.xlsx", *words)
    assert ran.out.splitlines() == ["row,k,2020,f", "1,20,1.5,2.5", "2,10,2,2.0"]
    duckdb.sql("SELECT unnest([20.0, 10.0])::DOUBLE k").write_parquet(str(folder / "a.parquet"))
    ran = cgraph("map", "k", "-d", "a.parquet", "--category", "k=10,20", "--values", "--json")
    assert [row["k"] for row in json.loads(ran.out)["rows"]] == [1, 0]


def test_a_time_of_day_is_so_much_time() -> None:
    time = dt.time(12, 30, 0, 250_000)
    assert Manner(dates={"t": "hours"}).calendars["t"].number(time) == 12.5 + 0.25 / 3600


def test_blanks_that_part_cells_are_tabs_too(cgraph: Command, folder: Path) -> None:
    (folder / "a.dat").write_text("# made\n  x   y\n 1.5   2\n# middle\n  2.5\t4 \n")
    words = ("--delimiter", "space", "--comment", "#", "--values", "--json")
    assert values(cgraph("map", "x + 1000*y", "-d", "a.dat", *words)) == [2001.5, 4002.5]


def test_standard_input_is_one_of_several_files(folder: Path) -> None:
    (folder / "a.csv").write_text("x\n1\n2\n")
    words = [sys.executable, "-m", "cgcli", "map", "2*x", "--values", "-d", "a.csv", "-d", "-"]
    ran = subprocess.run(words, input=b"x\n3\n", capture_output=True, check=True)
    assert ran.stdout.splitlines() == [b"row,f", b"1,2.0", b"2,4.0", b"3,6.0"]
    ran = subprocess.run([*words, "-d", "-"], input=b"x\n3\n", capture_output=True, check=False)
    assert ran.returncode == 2 and b"standard input" in ran.stderr


def test_a_date_that_is_missing_has_the_mean(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text("t,k,y\n2024-01-02,a,2\n2024-01-04,a,6\n,a,4\n")
    words = ("--date", "t=days since 2024-01-01", "--missing", "mean", "--residual", "--json")
    ran = cgraph("train", "w*t - y", "-d", "a.csv", "w=0", *words)
    assert json.loads(ran.out)["parameters"]["w"] == pytest.approx(2)
    (folder / "a.csv").write_text("k,y\na,2\n,6\n")
    ran = cgraph("train", "U[k] - y", "-d", "a.csv", "U=[0]", "--category", "k", *words[2:])
    assert "row 2 (line 3), column 'k': it is missing" in ran.out


@pytest.mark.parametrize("line", ["sep=;\n", '\ufeff"sep=;"\r\n', "SEP=; \r\n"])
def test_a_first_line_that_names_the_delimiter(line: str, cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text(f"{line}x;y\r\n1;2\r\n3,5;z\r\n", newline="")
    words = ("map", "x", "-d", "a.csv", "--values", "--json", "--decimal", "comma")
    ran = cgraph(*words)
    assert values(ran, "x") == [1, 3.5]
    assert "read: a.csv: 2 rows, 2 columns; delimiter ';'" in ran.err
    assert refused(cgraph("map", "y", *words[2:]), "row 2 (line 4), column 'y'")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "e\u0301,y\n1,2\n"),
        ("a.jsonl", '{"e\u0301": 1, "y": 2}\n{"\u00e9": 3, "y": 4}\n'),
        ("a.json", '[{"e\\u0301": 1, "y": 2}]'),
    ],
)
def test_a_name_is_the_same_however_its_accent_is_written(
    name: str, text: str, cgraph: Command, folder: Path
) -> None:
    (folder / name).write_text(text, "utf-8")
    ran = cgraph("map", "\u00e9 + y", "-d", name, "--values", "--json")
    assert values(ran)[0] == 3
    (folder / "b.csv").write_text("\u00e9,e\u0301\n1,2\n", "utf-8")
    assert refused(cgraph("map", "\u00e9", "-d", "b.csv"), "two columns are called")
    (folder / "b.jsonl").write_text('{"\u00e9": 1, "e\u0301": 2}\n', "utf-8")
    assert refused(cgraph("map", "\u00e9", "-d", "b.jsonl"), "line 1: two of its names are the")


def test_names_of_parquet_are_composed_too(cgraph: Command, folder: Path) -> None:
    database = pytest.importorskip("duckdb").connect()
    database.execute("COPY (SELECT 1.5 AS \"e\u0301\") TO 'a.parquet' (FORMAT parquet)")
    ran = cgraph("map", "\u00e9", "-d", "a.parquet", "--values", "--json")
    assert values(ran, "\u00e9") == [1.5]


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("2026-01-02T12:00:00.123456789", "since 2026-01-02", 43200.123456789),
        ("2026-01-02 12:00:00.12345678+00:00", "since 2026-01-02", 43200.12345678),
        ("1969-12-31 23:59:59.1234567891", "", -0.8765432109),
        ("02/01/2026 00:00:01.123456789", "since 2026-01-02 as %d/%m/%Y %H:%M:%S.%f", 1.123456789),
        ("10:30 PM", "as %I:%M %p", 81_000),
        ("22:30", "since 2024-01-01 as %H:%M", 81_000),
    ],
)
def test_a_moment_is_read_to_its_last_digit(
    text: str, asked: str, expected: float, cgraph: Command, folder: Path
) -> None:
    (folder / "a.csv").write_text(f"t,y\n{text},1\n")
    words = ("map", "t", "-d", "a.csv", "--values", "--json", "--date")
    assert values(cgraph(*words, f"t=seconds {asked}".strip()), "t") == [expected]


def test_nanoseconds_of_parquet_are_not_cut(cgraph: Command, folder: Path) -> None:
    database = pytest.importorskip("duckdb").connect()
    moment = "2026-01-02 12:00:00.123456789"
    query = f"SELECT TIMESTAMP_NS '{moment}' AS t, 1.5 AS x"
    database.execute(f"COPY ({query}) TO 'a.parquet' (FORMAT parquet)")
    words = ("map", "t + x", "-d", "a.parquet", "--values", "--keep", "t")
    asked = ("--date", "t=seconds since 2026-01-02")
    assert values(cgraph(*words, *asked, "--json")) == [43201.623456789]
    assert f"1,{moment}," in cgraph(*words, *asked).out
    assert cgraph(*words, *asked, "-o", "b.parquet").status == 0
    (row,) = database.execute("SELECT t::VARCHAR FROM 'b.parquet'").fetchall()
    assert row == (moment,)
    assert refused(cgraph("map", "t", "-d", "a.parquet"), '--date "t=days" reads 2026-12-31')


@pytest.mark.parametrize(
    "form", ["%d/%m/%Y %H:%M %p", "%d/%m/%Y %I:%M", "%m/%d", "%A", "%Q", "%s", "%G-%m"]
)
def test_a_form_that_leaves_a_date_open_is_refused(
    form: str, cgraph: Command, folder: Path
) -> None:
    (folder / "a.csv").write_text("t,y\n02/01/2026 01:00 PM,1\n")
    ran = cgraph("map", "t", "-d", "a.csv", "--values", "--date", f"t=hours as {form}")
    assert refused(ran, f"--date t: '{form}' is no form of dates")


def test_how_numbers_and_lines_are_written_by_hand(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text("x,y\n5\u00a0,1\n\u00a012\u202f%,2\n   \n7,3\n \t\n", "utf-8")
    words = ("map", "x + y", "-d", "a.csv", "--values", "--json", "--percent")
    assert values(cgraph(*words)) == [6, 2.12, 10]
    (folder / "b.csv").write_text("x,y\n1,2\n<NA>,3\n-nan,4\nNaT,5\n7,8\n")
    words = ("map", "x + y", "-d", "b.csv", "--values", "--json")
    assert values(cgraph(*words, "--missing", "skip")) == [3, 15]
    (folder / "c.csv").write_bytes("\ufeffx,y\n1\x1f,2\n".encode("utf-16-le"))
    words = ("map", "x + y", "-d", "c.csv", "--values", "--json")
    assert values(cgraph(*words, "--encoding", "utf-16-le")) == [3]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.jsonl", '[{"x": 1}]\n', "it is JSON"),
        (
            "a.csv",
            "x,y\n2026-01-02,1\n2026-01-03,1\n",
            '--date "x=days as %Y-%m-%d" reads 2026-12-31',
        ),
        ("a.csv", 'x,y\n"1,234",1\n3,1\n', "--thousands comma reads 1,234 as 1234"),
        ("a.csv", "x,y\n0\u00a01,1\n1\u202f234,1\n", "as 1"),
        ("a.csv", 'x,y\n"0,125",1\n', "hint: --decimal comma reads 0,125 as 0.125\n"),
        ("a.csv", "x,y\n31jan2024,1\n", '--date "x=days as %d%b%Y" reads 31Dec2026'),
        ("a.csv", "x,y\n01/31/2024,1\n", '--date "x=days as %m/%d/%Y" reads 12/31/2026'),
        ("a.csv", "x,y\n1:30:00,1\n", '--date "x=seconds as %H:%M:%S" reads 17:30:00'),
        ("a.csv", 'x,y\n "2",1\n', "a cell in quotes has no blank before them"),
        ("a.csv", '"x";"y"\n1;2\n', "add --delimiter semicolon"),
        ("a.csv", '"x" "y"\n1 2\n', "add --delimiter space"),
        ("a.csv", "x,y\n1e400,2\n", "'1e400' is not finite"),
        ("a.csv", " \n\n", "it is empty"),
        ("a.jsonl", '{"x": [1, 2]}\n{"x": [1]}\n', "--pad x=N fills up lists shorter than N"),
        (".", "", "this is a folder"),
    ],
)
def test_what_a_file_is_instead_is_told(
    name: str, text: str, told: str, cgraph: Command, folder: Path
) -> None:
    if text:
        (folder / name).write_text(text, "utf-8")
    assert refused(cgraph("map", "x", "-d", name, "--values"), told)


@pytest.mark.parametrize(
    ("text", "option", "not_told"),
    [
        ("x\n$5\n€7\n", (), ("--category", "--date")),
        ("x\n0x10\n", (), ("--category", "--date")),
        ("x\nred\n", (), ("--date",)),
        ("x\n3\n2026-01-02\n", (), ("--category", "--date")),
        ("x\ns\n%\n3\n", (), ("--percent", "--category")),
        ('x\n"1,5"\n3\n', (), ("--skip-bad",)),
        ('x\n1.5\n"1,5"\n', (), ("--decimal",)),
        ("x\n1\nB7\n?\n", ("--category", "x=1,B7"), ("--missing mean",)),
    ],
)
def test_nothing_is_offered_that_does_not_help(
    text: str, option: tuple[str, ...], not_told: tuple[str, ...], cgraph: Command, folder: Path
) -> None:
    (folder / "a.csv").write_text(text, "utf-8")
    ran = cgraph("map", "x", "-d", "a.csv", *option)
    assert refused(ran, "row ") and not any(part in ran.err for part in not_told)


def test_what_is_stated_is_a_category_and_no_word_for_nothing(
    cgraph: Command, folder: Path
) -> None:
    (folder / "a.csv").write_text("k,x\nNA,1\nEU,.\n,3\n#N/A,4\n")
    words = ("map", "k", "-d", "a.csv", "--values", "--json", "--category", "k=NA,EU")
    assert values(cgraph(*words, "--missing", "skip"), "k") == [0, 1]
    words = ("map", "x", "-d", "a.csv", "--values", "--json", "--missing", "skip")
    assert values(cgraph(*words), "x") == [1, 3, 4]


def test_thousands_do_not_begin_with_0(cgraph: Command, folder: Path) -> None:
    (folder / "a.csv").write_text('x\n"1,250"\n"0,125"\n')
    ran = cgraph("map", "x", "-d", "a.csv", "--thousands", "comma")
    assert refused(ran, "row 2 (line 3), column 'x': '0,125' is not a number")


def test_a_sheet_of_numbers_alone_has_no_names(cgraph: Command, folder: Path) -> None:
    pytest.importorskip("python_calamine")
    workbook(folder / "a.xlsx", {"Data": [[number_cell(2020), number_cell(1)]] * 2})
    ran = cgraph("map", "sum(v)", "-d", "a.xlsx", "--stack", "v=*")
    assert refused(ran, "its first line has numbers, and no names")


@pytest.mark.parametrize(
    ("option", "head"),
    [
        ((), "row,f,df/dx,df/dy\n"),
        (("--values", "--keep", "k,x", "--notes"), "row,k,x,f,notes\n"),
        (("--jobs", "2"), "row,f,df/dx,df/dy\n"),
        (("--format", "jsonl"), ""),
    ],
)
def test_what_is_written_of_no_rows_has_its_columns(
    option: tuple[str, ...], head: str, cgraph: Command, folder: Path
) -> None:
    (folder / "a.csv").write_text("k,x,y\n", "utf-8")
    ran = cgraph("map", "x*y", "-d", "a.csv", *option)
    assert (ran.out, ran.status) == (head, 0)
    document = json.loads(cgraph("map", "x*y", "-d", "a.csv", "--json").out)
    assert document == {"schema": "cgraph.map/1", "rows": [], "notes": {}}


def test_a_parquet_file_without_rows_has_its_columns(cgraph: Command, folder: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    (folder / "a.csv").write_text("k,x,y\n", "utf-8")
    words = ("map", "[x, y]", "-d", "a.csv", "--values", "--keep", "k", "-o", "b.parquet")
    assert cgraph(*words).status == 0
    described = duckdb.sql(f"DESCRIBE FROM '{folder / 'b.parquet'}'").fetchall()
    types = {"row": "BIGINT", "k": "VARCHAR", "f": "DOUBLE[]"}
    assert {name: kind for name, kind, *_ in described} == types
    assert not duckdb.sql(f"FROM '{folder / 'b.parquet'}'").fetchall()
