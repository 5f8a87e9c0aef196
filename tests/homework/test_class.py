"""A class: each at values of their own, lists and sheets in other encodings, pages for each."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cgcli.homework.students import read_students

NEURON = "p = w*x; s = p + b; y = tanh(s); L = (y - t)^2"
LAYER = "h = W @ x; L = sum(h^2)"
NAMES = "name;number\nAda Müller;1\nBao Ngô;2\nZoë Çelik;3\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "names.csv").write_text(NAMES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sheets(ran: Any) -> dict[str, Any]:
    return {sheet["sheet"]: sheet for sheet in json.loads(ran.out)["sheets"]}


def keys(cgraph: Any, program: str, *words: str) -> None:
    ran = cgraph("sheet", program, *words, "--students", "names.csv", "-o", "keys", "--key")
    assert ran.status == 0, ran.err


# Values of their own


@pytest.mark.parametrize("form", ["txt", "md", "html"])
def test_each_is_marked_at_the_values_in_the_head(cgraph: Any, folder: Path, form: str) -> None:
    keys(cgraph, NEURON, "--seed", "7", "--as", form)
    (folder / "keys" / "class.csv").rename("class.csv")
    ran = cgraph("check", NEURON, "-a", "keys", "--json")
    found = sheets(ran)
    assert [(sheet["right"], sheet["wrong"]) for sheet in found.values()] == [(13, 0)] * 3
    assert "in its own head" in ran.err
    # What a class list says of them is the same.
    listed = cgraph("check", NEURON, "-a", "keys", "--students", "class.csv", "--json")
    assert [sheet["at"] for sheet in found.values() if "at" in sheet] == [
        sheet["at"] for sheet in sheets(listed).values() if "at" in sheet
    ]


def test_a_sheet_that_says_no_values_is_not_marked_at_those_of_others(
    cgraph: Any, folder: Path
) -> None:
    keys(cgraph, NEURON, "--seed", "7")
    (folder / "keys" / "class.csv").unlink()
    path = folder / "keys" / "Bao Ngô 2.txt"
    path.write_text("p = 3\n", encoding="utf-8")
    found = sheets(cgraph("check", NEURON, "-a", "keys", "--json"))
    assert "does not say which values" in found["Bao Ngô 2"]["trouble"]
    assert found["Ada Müller 1"]["right"] == 13


def test_a_sheet_without_a_head_has_the_values_of_all_others(cgraph: Any, folder: Path) -> None:
    (folder / "a.txt").write_text("# p = x*y\n# x = 2, y = 3\n\np = 6\n")
    (folder / "b.txt").write_text("p = 6\ndp/dx = 3\n")
    ran = cgraph("check", "p = x*y", "-a", "a.txt", "b.txt", "--json")
    assert [sheet["right"] for sheet in sheets(ran).values()] == [1, 2]
    assert "without values in their heads are marked at those of the others" in ran.err


def test_what_is_bound_is_not_taken_from_a_head(cgraph: Any, folder: Path) -> None:
    (folder / "a.txt").write_text("# x = 2, y = 3\np = 6\n")
    found = sheets(cgraph("check", "p = x*y", "x=2", "-a", "a.txt", "--json"))
    assert found["a"]["right"] == 1
    found = sheets(cgraph("check", "p = x*y", "x=1", "-a", "a.txt", "--json"))
    assert "made for other values: x = 2" in found["a"]["trouble"]


def test_json_has_the_values_of_each(cgraph: Any, folder: Path) -> None:
    rows = [
        {"student": "Ada", "at": {"x": 2, "y": 3}, "answers": {"p": 6, "dp/dx": 3}},
        {"student": "Bao", "at": {"x": 5, "y": 7}, "answers": {"p": 35, "dp/dx": 5}},
    ]
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = sheets(cgraph("check", "p = x*y", "-a", "a.jsonl", "--json"))
    assert (found["Ada"]["right"], found["Bao"]["right"], found["Bao"]["wrong"]) == (2, 1, 1)


@pytest.mark.parametrize("form", ["txt", "jsonl"])
def test_a_head_that_is_no_number_spoils_no_other(cgraph: Any, folder: Path, form: str) -> None:
    for name, x in (("a", "two"), ("b", "2"), ("c", "4")):
        row = {"student": name, "at": {"x": x, "y": 3}, "answers": {"p": 6}}
        text = json.dumps(row) if form == "jsonl" else f"# x = {x}, y = 3\np = 6\n"
        (folder / f"{name}.{form}").write_text(text)
    ran = cgraph("check", "p = x*y", "-a", *(f"{name}.{form}" for name in "abc"), "--json")
    found = sheets(ran)
    assert "the head of the sheet, x" in found["a"]["trouble"]
    assert [(found[name]["right"], found[name]["wrong"]) for name in "bc"] == [(1, 0), (0, 1)]


def test_a_class_list_may_bind_what_is_a_constant_elsewhere(cgraph: Any, folder: Path) -> None:
    (folder / "e.csv").write_text("name,e,x\nAda,2,3\n")
    (folder / "Ada.txt").write_text("p = 6\n")
    ran = cgraph("check", "p = e*x", "-a", "Ada.txt", "--students", "e.csv", "--json")
    assert sheets(ran)["Ada"]["right"] == 1


# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_lists_and_sheets_are_read_in_the_encodings_of_windows(
    cgraph: Any, folder: Path, encoding: str
) -> None:
    (folder / "names.csv").write_bytes(NAMES.encode(encoding))
    (folder / "Ada Müller.txt").write_bytes("Grüße: p ist\np = 6\n".encode(encoding))
    words = ("check", "p = x*y", "x=2", "y=3", "-a", "Ada Müller.txt", "--students", "names.csv")
    ran = cgraph(*words, "--json")
    assert list(sheets(ran)) == ["Ada Müller", "Bao Ngô", "Zoë Çelik"]
    assert sheets(ran)["Ada Müller"]["right"] == 1
    told = "note: not UTF-8, and read as Windows-1252: names.csv, Ada Müller.txt; --encoding"
    assert (told in ran.err) == (encoding == "cp1252")


def test_another_encoding_is_named(cgraph: Any, folder: Path) -> None:
    (folder / "names.csv").write_bytes("姓名,学号\n王芳,1\n李雷,2\n".encode("gb18030"))
    (folder / "王芳.txt").write_bytes("解：p = 6\n".encode("gb18030"))
    words = (
        "check",
        "p = x*y",
        "x=2",
        "y=3",
        "-a",
        "王芳.txt",
        "--students",
        "names.csv",
        "--json",
    )
    ran = cgraph(*words, "--encoding", "gb18030")
    assert (list(sheets(ran)), ran.err) == (["王芳", "李雷"], ran.err)
    assert "Windows" not in ran.err
    ran = cgraph(*words[:5], "王芳.txt", "--encoding", "no-such")
    assert (ran.status, "there is no encoding 'no-such'" in ran.err) == (2, True)


def test_what_no_encoding_reads_says_how_to_name_one(cgraph: Any, folder: Path) -> None:
    (folder / "names.csv").write_bytes(b"name\nAda \x81\n")
    ran = cgraph("sheet", "x*y", "--seed", "1", "--students", "names.csv", "-o", "out")
    assert ran.status == 2
    assert "neither UTF-8 nor Windows-1252" in ran.err
    assert "--encoding" in ran.err


# Pages


def test_a_pdf_for_each_student_and_its_key(cgraph: Any, folder: Path) -> None:
    pytest.importorskip("typst")
    keys(cgraph, NEURON, "--seed", "7", "--as", "pdf")
    found = sorted(path.name for path in (folder / "keys").iterdir())
    assert found == ["Ada Müller 1.pdf", "Bao Ngô 2.pdf", "Zoë Çelik 3.pdf", "class.csv"]
    pages = [path.read_bytes() for path in (folder / "keys").glob("*.pdf")]
    assert all(page.startswith(b"%PDF-") for page in pages)
    assert len({*pages}) == 3


# Vectors and matrices


@pytest.mark.parametrize("values", ["integer", "decimal", "rational"])
def test_vectors_and_matrices_are_drawn(cgraph: Any, folder: Path, values: str) -> None:
    keys(cgraph, LAYER, "--seed", "7", "--shape", "W=2x3,x=3", "--values", values)
    table = (folder / "keys" / "class.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(io.StringIO(table)):
        cells = [row[name].strip("[]").replace("]", "").replace("[", "") for name in ("W", "x")]
        weights, x = (
            np.array([float(Fraction(part)) for part in cell.split(",")]) for cell in cells
        )
        text = (folder / "keys" / f"{row['name']} {row['number']}.txt").read_text(encoding="utf-8")
        said = dict(
            line.split(" = ") for line in text.splitlines() if not line.startswith("#") and line
        )
        h = weights.reshape(2, 3) @ x
        assert np.allclose(json.loads(said["h"]), h, rtol=1e-5)
        assert np.allclose(json.loads(said["dL/dW"]), np.outer(2 * h, x), rtol=1e-5)
        assert np.allclose(json.loads(said["dL/dx"]), weights.reshape(2, 3).T @ (2 * h), rtol=1e-5)
        assert weights.all()
        assert x.all()
    for words in (("--students", "keys/class.csv"), ()):
        if not words:
            (folder / "keys" / "class.csv").unlink()
        found = sheets(cgraph("check", LAYER, "-a", "keys", *words, "--json"))
        assert [(sheet["right"], sheet["wrong"]) for sheet in found.values()] == [(7, 0)] * 3


def test_shapes_that_are_missing_are_asked_for(cgraph: Any) -> None:
    ran = cgraph("sheet", LAYER, "--seed", "1")
    assert (ran.status, "--shape W=…,x=…" in ran.err) == (2, True)
    ran = cgraph("sheet", LAYER, "--shape", "W=2x3,x=3")
    assert "--shape goes with the values that --seed chooses" in ran.err
    ran = cgraph("sheet", "sum(x)", "x=[1,2]", "--seed", "1", "--shape", "x=2")
    assert "leave it out of --shape" in ran.err


def test_the_program_may_come_from_standard_input(cgraph: Any) -> None:
    assert "# x*y" in cgraph("sheet", "-", "--seed", "1", stdin=b"x*y").out
    ran = cgraph("check", "-", "x=2", "y=3", "--answer", "f = 6", stdin=b"x*y")
    assert (ran.status, "right" in ran.out) == (0, True)


# Class lists as people write them


@pytest.mark.parametrize(
    "text",
    [
        "Schüler\nAda Müller\nBao Ngô\n",
        "1. Ada Müller\n2. Bao Ngô\n",
        "1) Ada Müller\n2) Bao Ngô\n",
        "- Ada Müller\n- Bao Ngô\n",
        "# 7b\nAda Müller\nBao Ngô\n",
        "4711 Ada Müller\n4712 Bao Ngô\n",
        "Ada Müller (4711)\nBao Ngô (4712)\n",
        "Élève\nAda Müller\nBao Ngô\n",
    ],
)
def test_heads_and_numbers_of_a_list_are_no_names(text: str) -> None:
    students = read_students(text, "class.txt")
    assert [student.name for student in students] == ["Ada Müller", "Bao Ngô"]
    assert [student.keys for student in students] == [(), ()] or "4711" in text


def test_a_narrow_table_tells_what_was_not_read(
    cgraph: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "ada.txt").write_text("p = 1\ns is 2 or 3\n", encoding="utf-8")
    (folder / "bao.txt").write_text("p = 9\ns is 2 or 3\ny is large\n", encoding="utf-8")
    words = ("w=1", "x=1", "b=1", "t=0", "-a", "ada.txt", "bao.txt")
    monkeypatch.setenv("COLUMNS", "80")
    ran = cgraph("check", NEURON, *words)
    assert "unreadable" in ran.out
