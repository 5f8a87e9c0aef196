"""What a class hands in, and how it is counted: whole sheets through the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cgcli.homework.students import read_students, role

NEURON = ("p = w*x; s = p + b; y = tanh(s); e = y - t; L = e^2", "w=0.5", "x=1.2", "b=-0.2", "t=1")
STEPS = ["p", "s", "y", "e", "L", *(f"dL/d{node}" for node in "eytspbwx")]
TRUE = [0.6, 0.4, 0.379949, -0.620051, 0.384463, -1.240102, -1.240102, 1.240102, -1.061079,
        -1.061079, -1.061079, -1.273295, -0.530540]  # fmt: skip


def sheet_of(numbers: list[Any]) -> str:
    return "\n".join(f"{step} = {number}" for step, number in zip(STEPS, numbers, strict=False))


def marked(cgraph: Any, path: Path, *words: str) -> dict[str, Any]:
    ran = cgraph("check", *NEURON, "-a", str(path), "--json", *words)
    sheet: dict[str, Any] = json.loads(ran.out)["sheets"][0]
    return sheet


def test_what_was_rounded_has_full_marks_and_what_comes_of_a_mistake_its_part(
    cgraph: Any, tmp_path: Path
) -> None:
    scheme, path = tmp_path / "half.toml", tmp_path / "ada.txt"
    scheme.write_text("follows = 0.5\n")
    rounded = [0.6, 0.4, 0.38, -0.62, 0.384, -1.24, -1.24, 1.24, -1.0609, -1.0609, -1.0609, -1.273,
               -0.5305]  # fmt: skip
    path.write_text(sheet_of(rounded))
    sheet = marked(cgraph, path, "--scheme", str(scheme))
    assert (sheet["follows"], sheet["points"], sheet["of"]) == (3, 13, 13)
    # With a wrong sign at dL/ds three steps follow from it.
    wrong = [*rounded[:8], 1.0609, 1.0609, 1.0609, 1.273, 0.5305]
    path.write_text(sheet_of(wrong))
    sheet = marked(cgraph, path, "--scheme", str(scheme))
    assert (sheet["wrong"], sheet["follows"], sheet["points"], sheet["of"]) == (1, 4, 10, 13)


@pytest.mark.parametrize("stock", ["0", "1e999"])
def test_zeros_and_infinities_to_the_end_are_worth_an_honest_stop(
    cgraph: Any, tmp_path: Path, stock: str
) -> None:
    path = tmp_path / "ada.txt"
    for rest in ([], [stock] * 10):
        path.write_text(sheet_of([0.6, 0.4, 0.379949, *rest]))
        sheet = marked(cgraph, path)
        assert (sheet["follows"], sheet["points"], sheet["of"]) == (0, 3, 13)


@pytest.mark.parametrize("ending", ["md", "html", "txt"])
def test_the_sheets_of_the_tool_are_read_in_every_form(
    cgraph: Any, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"sheet.{ending}"
    for more, right in ((("--key",), 13), ((), 0)):
        cgraph("sheet", *NEURON, "-o", str(path), *more)
        sheet = marked(cgraph, path)
        assert (sheet["right"], sheet["unreadable"], sheet["points"]) == (right, [], right)
        other = cgraph("check", NEURON[0], "w=9", *NEURON[2:], "-a", str(path))
        assert "made for other values: w = 0.5" in other.out.replace("\n", " ")


def test_markdown_keeps_its_formulas(cgraph: Any, tmp_path: Path) -> None:
    path = tmp_path / "ada.md"
    path.write_text("dL/d\\(w\\*x\\) = \\-1\\.061\n\n\\[ \\frac{dL}{dw} = -1.273 \\]\n")
    assert marked(cgraph, path)["right"] == 2


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("L = (0.379949-1)**2 = (-0.620051)**2 = 0.384463", True),
        ("L = e**2 = (-0.620051)**2 = 0.384463", True),
        ("**L** = 0.384463", True),
        ("**L = 0.384463**", True),
        ("L = **0.384463**", True),
        ("L = (0.379949-1)**2 = (-0.620051)**2 = 0.5", False),
    ],
)
def test_two_stars_between_operands_are_a_power(cgraph: Any, line: str, right: bool) -> None:
    ran = cgraph("check", *NEURON, "--answer", line, "--json")
    assert json.loads(ran.out)["sheets"][0]["right"] == right


# Class lists, and files that are no sheets


@pytest.mark.parametrize(
    ("head", "row", "student"),
    [
        ("Familienname,Rufname,Matrikel", "Li,Bao,77", ("Bao Li", "77")),
        ("编号,学生姓名,班级", "77,王芳,3", ("王芳", "77")),
        ("Nachname Vorname,Matrikelnummer", "Li Bao,77", ("Li Bao", "77")),
        ("Name,Matrikelnr", "Bao Li,77", ("Bao Li", "77")),
        ("Name,Student No", "Bao Li,77", ("Bao Li", "77")),
        ("Name,Vorname,Matrikel-Nr.", "Li,Bao,77", ("Bao Li", "77")),
        ("Your full name,E-mail", "Bao Li,b@x.org", ("Bao Li", "b@x.org")),
        ("Vor- und Nachname,Group name", "Bao Li,red", ("Bao Li", "")),
        ("你的姓名,学号", "王芳,77", ("王芳", "77")),
        ("Apellidos,Nombre,Matrícula", "Gil,Ana,77", ("Ana Gil", "77")),
        ("Nom,Prénom", "Curie,Marie", ("Marie Curie", "")),
    ],
)
def test_heads_of_class_lists(head: str, row: str, student: tuple[str, str]) -> None:
    (found,) = read_students(f"{head}\n{row}\n", "class.csv")
    assert (found.name, found.number) == student


@pytest.mark.parametrize("head", ["e", "s", "y", "p", "d", "dL/dw", "Question number 3", "Group"])
def test_heads_of_steps_tell_nothing_of_a_student(head: str) -> None:
    assert role(head) == ""


def test_a_class_list_says_what_it_is_read_as(cgraph: Any, tmp_path: Path) -> None:
    names, inbox = tmp_path / "names.csv", tmp_path / "in"
    inbox.mkdir()
    names.write_text("编号,学生姓名\n2024003,王芳\n2024004,李雷\n2024004,李梅\n")
    (inbox / "2024003王芳.txt").write_text(sheet_of(TRUE))
    (inbox / "Ghost Student.txt").write_text(sheet_of(TRUE[:3]))
    ran = cgraph("check", *NEURON, "-a", str(inbox), "--students", str(names), "--json")
    right = {sheet["sheet"]: sheet["right"] for sheet in json.loads(ran.out)["sheets"]}
    assert right == {"王芳": 13, "Ghost Student": 3, "李雷": 0, "李梅": 0}
    assert "names are in 学生姓名, numbers in 编号" in ran.err
    assert "several students have the number 2024004" in ran.err
    assert "not on the class list, and marked all the same: Ghost Student" in ran.err


def test_values_of_a_class_list_may_have_decimal_commas(cgraph: Any, tmp_path: Path) -> None:
    names, path = tmp_path / "names.csv", tmp_path / "Bao Li.txt"
    path.write_text(sheet_of(TRUE))
    words = (NEURON[0], *NEURON[3:], "-a", str(path), "--students", str(names), "--json")
    names.write_text("Name;w;x\nBao Li;0,5;1,2\n")
    assert json.loads(cgraph("check", *words).out)["sheets"][0]["right"] == 13
    names.write_text("Name;w;x\nBao Li;0,5;1,200\n")
    ran = cgraph("check", *words)
    assert "x of Bao Li" in ran.out + ran.err
    assert "with a point" in ran.out + ran.err


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n\xbd", "a PDF"),
        (b"PK\3\4\x14\0xl/workbook.xml\xbd", "an Excel workbook"),
        (b"PK\3\4\x14\0word/document.xml\xbd", "a Word document"),
        (b"PK\3\4\x14\0a.txt\xbd", "a zip archive"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture"),
        (b"\0\0\0\x18ftypheic", "a picture"),
    ],
)
def test_what_is_no_text_is_named(cgraph: Any, tmp_path: Path, data: bytes, kind: str) -> None:
    (tmp_path / "ada").write_bytes(data)
    (tmp_path / "bao.txt").write_text("p = 0.6")
    sheets = json.loads(cgraph("check", *NEURON, "-a", str(tmp_path), "--json").out)["sheets"]
    assert sheets[0]["trouble"].startswith(f"it is {kind}, and no text; ")
    assert sheets[1]["right"] == 1


def test_a_lone_dash_is_no_formula_of_a_spreadsheet(cgraph: Any, tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("name,changed,note\nBao Li,-,-1+A1\n")
    (tmp_path / "map.toml").write_text('[columns]\nchanged = "{changed}"\nnote = "{note}"\n')
    path = tmp_path / "Bao Li.txt"
    path.write_text("p = 0.6")
    words = ("--students", str(tmp_path / "names.csv"), "--columns", str(tmp_path / "map.toml"))
    ran = cgraph("check", *NEURON, "-a", str(path), "--csv", *words)
    assert ran.out.splitlines()[1] == "-,'-1+A1"


def test_a_class_is_listed_in_the_order_of_its_list(
    cgraph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "names.csv").write_text("name\nZoe Ay\nMia Bo\nAda Cy\nEva Du\n")
    inbox = tmp_path / "in"
    inbox.mkdir()
    for name in ("Ada Cy", "Zoe Ay"):
        (inbox / f"{name}.txt").write_text(sheet_of(TRUE))
    ran = cgraph("check", *NEURON, "-a", str(inbox), "--students", str(tmp_path / "names.csv"))
    rows = [line for line in ran.out.splitlines()[2:] if re.match("Zoe|Mia|Ada|Eva", line)]
    assert [line[:3] for line in rows] == ["Zoe", "Mia", "Ada", "Eva"]
    assert ["nothing" in line for line in rows] == [False, True, False, True]


def test_a_row_tells_the_mistake_where_it_is_known(cgraph: Any, tmp_path: Path) -> None:
    # A sum for a difference, at the second part of a chain.
    for name in ("ada", "bao"):
        (tmp_path / f"{name}.txt").write_text("p = 0.6\ns = p + b = p - b = 0.6 + 0.2 = 0.8\n")
    ran = cgraph("check", *NEURON, "-a", str(tmp_path))
    assert "plus and minus were mixed up" in ran.out.splitlines()[2]


# Lines that are read


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        ("dL/ds = -1.0611\ndL/dp = dL/ds", 2),
        ("dL/ds = -1.0611\ndL/dp = dL/ds\ndL/dw = dL/dp * x\ndL/db = dL/dp", 4),
        ("dL/de = -1.2401\ndLdy = dLde*1", 2),
        ("y = 0.379949\ndL/dy = -1.2401\ndL/ds = dL/dy*(1 - y^2)", 3),
        ("dL/ds = -1.0611\ndL/dx = dL/ds*x", 1),
        ("dL/dp = dL/ds", 0),
        ("By the chain rule dL/dw = -1.2733", 1),
        ("Nach der Kettenregel dL/dw = -1.2733", 1),
        ("s = 0.6-0.2 = 0.4 （s）", 1),
        ("s = 0.4 (s)", 1),
        (">>> p, s, y\n(0.6, 0.4, 0.379949)", 3),
    ],
)
def test_what_is_worked_out_from_the_sheet_is_read(
    cgraph: Any, tmp_path: Path, lines: str, right: int
) -> None:
    path = tmp_path / "ada.txt"
    path.write_text(lines)
    assert marked(cgraph, path)["right"] == right


def test_words_are_no_product(cgraph: Any, tmp_path: Path) -> None:
    sheet = tmp_path / "ann.txt"
    sheet.write_text("p = 0.6\ndL/de = no idea :(\n")
    ran = cgraph("check", *NEURON, "-a", str(sheet), "--json")
    assert not json.loads(ran.out)["sheets"][0]["unreadable"]
    ran = cgraph("check", *NEURON, "--answer", "dL/de = no clue what 3")
    assert "no*clue" not in ran.out
    assert "write the number" in ran.out
