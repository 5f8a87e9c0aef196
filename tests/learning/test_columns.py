"""Which columns of a file are read, and as what: never one for another, never more than needed."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path

import pytest

from cgcli.learning.manner import Calendar
from tests.conftest import Ran

Command = Callable[..., Ran]

LINE = "x,y\n1,2.1\n2,3.9\n3,6.2\n4,7.8\n"

DURATIONS = """
H4sIAAAAAAACA5VWQW8TRxR+s944jrGQibKrXckHH8gotCRbhzqtUBCddWInYLeOgQaOxrY2CEpS2yQUceDQY05VDj1EPfXQ
A0gI9VRxyIkTRw4cWqmH/oAeOXDovLczjuluErxKZt689+b7vvdmRkldNAqWaeWts1U5wSRAdhGyV35ZzCYBDorPynK2wJq0
7PMynrWSVjLnpHREWirXhpkY75kzADCRN+RoMpYwCGJKM6Vy52oAn8jfCIOJXsfEuEQeWsUgfqj9xR9/AX6piZ8wKUa7ikhL
5ZL2iPckpoNXs0QEE5doimFSESelc4kp4o1hyll5zXT684QMFOaKODVvt/7PswAzCel2EjLlJM0I0e20x+QUdDud+3FYMu6M
UfQkNBbWD4aaox3QESelc7EDUe8wkxEyTVmOZkqfxbwCDvMxitm8wwon3gv63l0OZ/OrmNNSEW29u0ynFfFGmdyXRXCSvdZG
57umNQmWOW04Rr83PVXdncydD1tjSB9rT2eq93CFGax/7/EgjI5E+0EXrAyGetNQzaGfVi21KkrYXt8y1P5mGDZu/wBWGh0P
wTbdnLvPISdFFSGZdVGHZdim/ZrZbxhf4anRXq+LHQKkBNkoAxbPJV0OphSDJIYiYW3i2Gf2r4zvGvxPdvwLPh5VS2f9IeUH
Cf4kMdrr/TgW7PoQz94Yf2OO9naP58noasJz2GX2HuP/JPlvkZcbwbEzbixSi5D2mGw4fz/OX45H320UK+vGVD8j7xNrDpX/
8wR/mxrt4caVvwAR1fKaEs9j+0fG/07zp+nhtxvVa36gN61rfzgk9t9T/Pmp0V7u0Wdl/56xTZ6y32fAzTkZ0Wh8s34xfNPO
k6SH36OgJIRYE+F3VYgd4QeiLEQgSgH5fF+IZTS8+heet0OpV3C4gO6rQob9TUSo49rH9RJtXMchNGn/Ou1HthqBlCmkqZW5
gqR+xdv2PGmUxOrSp573JUIsE4i/NsALv1V03ulId7Uu61m4rvO/Jnw/OMzHrT5ZWLNoXZCO8nXsQk3x+WKD4jfEIFUMzFu4
v7rkhfhKiYxUSMQt4e+IGq7Lh0X5foNM2rASV2+lporQOmmuKZE1XEvc1cGea9TUFor+Fuulft4g0EpsP2sKdy0sYuWR0r98
Lb6fmO/fbd9cFc1thR+U7iIfBkoNSmrF9adNZoBHXqH7o6NBmDk/0Bscff4VHJYqik+ofh72VxejeEsbsXqIuh3Wjlcg3B9o
PeEETn6r2f3+Qac/29ramm12u5s7+e1Ot3dn835+fmHus7mCuy//Rh31A3wcoC7/1/wP7l5L/nAKAAA=
"""
"""Two rows that pyarrow wrote, among whose columns dur is a duration[us]."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")


def test_a_stack_is_remembered_by_its_columns_names(cgraph: Command, folder: Path) -> None:
    write(folder, p="p_1,p_2,y\n1,0,2\n0,1,3\n1,1,5\n2,1,7\n", n="p_2,p_3,p_1\n10,7,1\n")
    stack = ("w=zeros(2)", "--stack", "v=p_*", "--residual", "-o", "m.json")
    assert cgraph("train", "p = dot(w, v); p - y", "-d", "p.csv", *stack).status == 0
    assert json.loads((folder / "m.json").read_text())["data"]["stack"] == {"v": ["p_1", "p_2"]}
    ran = cgraph("predict", "m.json", "-d", "n.csv", "--of", "p", "--json")
    assert json.loads(ran.out)["rows"][0]["p"] == pytest.approx(2 * 1 + 3 * 10)
    write(folder, n="p_1,p_3\n1,10\n")
    ran = cgraph("predict", "m.json", "-d", "n.csv", "--of", "p")
    assert ran.status == 2 and "there is no column 'p_2', for the stack 'v'" in ran.err


@pytest.mark.parametrize(
    ("text", "stacks", "told"),
    [
        ("(dot(w, v) - y)^2", ["v=*"], "'y' is used twice: alone, and in the stack 'v'"),
        ("(dot(w, v) + x - y)^2", ["v=[xz]"], "'x' is used twice: alone, and in the stack 'v'"),
        (
            "(dot(w, v) + sum(u) - y)^2",
            ["v=[xz]", "u=z"],
            "'z' is used twice: in the stack 'v', and in the stack 'u'",
        ),
    ],
)
def test_a_column_used_twice_is_refused(
    text: str, stacks: list[str], told: str, cgraph: Command, folder: Path
) -> None:
    write(folder, a="x,z,y\n1,2,3\n2,3,5\n3,5,8.5\n")
    options = [word for stack in stacks for word in ("--stack", stack)]
    ran = cgraph("train", text, "-d", "a.csv", "w=zeros(2)", *options)
    assert ran.status == 2 and told in ran.err


def test_a_name_with_brackets_means_itself(cgraph: Command, folder: Path) -> None:
    write(folder, a="x[0],x0\n1,2\n")
    ran = cgraph("map", "2*v", "-d", "a.csv", "--stack", "v=x[0]", "--values")
    assert ran.out == "row,f\n1,2.0\n"


def test_what_is_not_asked_for_is_not_read(cgraph: Command, folder: Path) -> None:
    write(folder, p=LINE, n="x,y,z\n5,?,-\n6,,-\n")
    program = ("train", "p = w*x + b; p - y", "-d", "p.csv", "w=0", "b=0", "--residual")
    assert cgraph(*program, "-o", "m.json").status == 0
    ran = cgraph("predict", "m.json", "-d", "n.csv", "--of", "p", "--json")
    assert [row["p"] for row in json.loads(ran.out)["rows"]] == pytest.approx([9.85, 11.79])
    more = ("-d", "n.csv", "w=2", "--values")
    assert cgraph("map", "p = w*x; q = p*y; p", *more).out == "row,p\n1,10.0\n2,12.0\n"
    ran = cgraph("map", "p = w*x; q = p*y; p", *more, "--of", "q")
    assert ran.status == 2 and "column 'y'" in ran.err


def test_expressions_are_asked_for_like_nodes(cgraph: Command, folder: Path) -> None:
    write(folder, n="x,y,z\n1,2,3\n4,5,6\n")
    ran = cgraph("map", "p = w*x; p - y", "-d", "n.csv", "w=2", "--of", "p,max(p,z)/2", "--values")
    assert ran.out == 'row,p,"max(p, z)/2"\n1,2.0,1.5\n2,8.0,4.0\n'
    ran = cgraph("map", "p = w*x; p - y", "-d", "n.csv", "w=2", "--of", "p^2", "--wrt", "w")
    # The derivative of (w*x)^2 by w is 2*w*x^2.
    assert ran.out == "row,p^2,dp^2/dw\n1,4.0,4.0\n2,64.0,64.0\n"
    ran = cgraph("map", "p = w*x; p - y", "-d", "n.csv", "w=2", "--of", "p + q", "--values")
    assert ran.status == 2 and "'p + q' needs 'q', which has no value and is no column" in ran.err
    ran = cgraph("map", "p = w*x; p - y", "-d", "n.csv", "w=2", "--of", "pp", "--values")
    assert ran.status == 2 and "there is no node 'pp'" in ran.err


def test_a_duration_is_no_number(cgraph: Command, folder: Path) -> None:
    pytest.importorskip("duckdb")
    path = folder / "a.parquet"
    path.write_bytes(gzip.decompress(base64.b64decode(DURATIONS)))
    ran = cgraph("map", "2*dur", "-d", "a.parquet", "--values")
    assert ran.status == 2
    assert "row 1, column 'dur': a span of time is not a number" in ran.err
    assert cgraph("map", "2*x", "-d", "a.parquet", "--values").status == 0


def test_a_folders_name_is_no_column(cgraph: Command, folder: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    (folder / "x=7").mkdir()
    query = "COPY (SELECT 1.5::DOUBLE AS x, 2::DOUBLE AS y) TO 'x=7/a.parquet' (FORMAT parquet)"
    duckdb.connect().execute(query)
    assert cgraph("map", "x + y", "-d", "x=7/a.parquet", "--values").out == "row,f\n1,3.5\n"
    ran = cgraph("map", "x + z", "-d", "x=7/a.parquet", "--values")
    assert ran.status == 2 and "the columns are x, y" in ran.err


def test_columns_are_kept_beside_the_values(cgraph: Command, folder: Path) -> None:
    write(folder, n='id,date,x\n007,2024-01-31,1\n"a,b",,2\nc,n/a,bad\n')
    words = ("map", "2*x", "-d", "n.csv", "--values", "--keep", "id,date", "--skip-bad")
    assert cgraph(*words).out == 'row,id,date,f\n1,007,2024-01-31,2.0\n2,"a,b",,4.0\n'
    rows = json.loads(cgraph(*words, "--json").out)["rows"]
    assert rows[1] == {"row": 2, "id": "a,b", "date": "", "f": 4.0}
    ran = cgraph("map", "2*x", "-d", "n.csv", "--keep", "ids")
    assert ran.status == 2 and "there is no column 'ids'" in ran.err
    write(folder, f="f,x\n1,2\n")
    ran = cgraph("map", "2*x", "-d", "f.csv", "--keep", "f", "--values")
    assert ran.status == 2 and "'f' is the name of a result as well" in ran.err
    (folder / "n.jsonl").write_text('{"id": [1, "a"], "ok": true, "x": 3}\n{"x": 4, "ok": null}\n')
    ran = cgraph("map", "2*x", "-d", "n.jsonl", "--values", "--keep", "id,ok", "--format", "jsonl")
    assert [json.loads(line) for line in ran.out.splitlines()] == [
        {"row": 1, "id": [1, "a"], "ok": True, "f": 6.0},
        {"row": 2, "id": None, "ok": None, "f": 8.0},
    ]


def test_columns_of_parquet_are_kept(cgraph: Command, folder: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    query = "SELECT 'n' || x AS id, DATE '2024-01-31' AS day, x::DOUBLE AS x FROM range(2) t(x)"
    duckdb.connect().execute(f"COPY ({query}) TO 'a.parquet' (FORMAT parquet)")
    ran = cgraph("map", "2*x", "-d", "a.parquet", "--values", "--keep", "id,day,x")
    assert ran.out == "row,id,day,x,f\n1,n0,2024-01-31,0.0,0.0\n2,n1,2024-01-31,1.0,2.0\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", '{"p_1": 1}\n{"p_1": 2, "p_2": 3}\n'),
        ("a.json", '[{"p_1": 1}, {"p_1": 2, "p_2": 3}]'),
    ],
)
def test_a_name_that_the_first_object_lacks_is_a_column(
    name: str, text: str, cgraph: Command, folder: Path
) -> None:
    (folder / name).write_text(text, "utf-8")
    words = ("-d", name, "--values", "--stack", "v=p_*")
    ran = cgraph("map", "sum(v)", *words)
    assert ran.status == 2 and "row 1" in ran.err and "column 'p_2': it is missing" in ran.err
    ran = cgraph("map", "sum(v)", *words, "--missing", "skip")
    assert ran.out.splitlines() == ["row,f", "2,5.0"]


def test_a_column_without_a_name_is_not_suggested(cgraph: Command, folder: Path) -> None:
    write(folder, a="Report 2024,\nx,y\n1,2\n")
    ran = cgraph("map", "x", "-d", "a.csv", "--values")
    assert ran.status == 2 and "the columns are Report 2024" in ran.err


def test_a_number_that_several_options_read_alike_is_told_once(
    cgraph: Command, folder: Path
) -> None:
    write(folder, a='x,y\n"12,34",1\n')
    ran = cgraph("map", "x", "-d", "a.csv", "--values", "--thousands", "comma")
    assert ran.status == 2 and ran.err.count("reads 12,34 as 12.34") == 1


def test_so_much_time_is_no_moment() -> None:
    """As a workbook has 12:00 in a column of dates."""
    for cell, hours in ((time(12), 12.0), (timedelta(days=1), 24.0)):
        assert Calendar.read("t", "hours").number(cell) == hours
        with pytest.raises(ValueError):
            Calendar.read("t", "hours since 2024-01-01").number(cell)
