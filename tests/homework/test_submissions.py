"""What is handed in: several students in a file, tables, notebooks, and text of strangers."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cgcli.errors import CgraphError
from cgcli.homework.marking import mark
from cgcli.homework.students import Roster, Student, read_rows, read_students
from cgcli.homework.submissions import question, read_handed_in, stated
from tests.amounts import portion, sampled
from tests.homework.adapter import exercise

SEED = exercise("p = x + y; g = p*z", {"x": 1, "y": 3, "z": -3})
NEURON = exercise("s = w*x + b; h[0] = s; h[1] = tanh(h[0])", {"w": 0.5, "x": 2, "b": -0.3})


def sheets(text: str, ending: str = "txt", roster: Roster | None = None) -> dict[str, list[str]]:
    found, _ = read_handed_in(text, "file", ending, SEED, roster)
    return {sheet.name: [line.text for line in sheet.lines] for sheet in found}


def class_of(*names: str) -> Roster:
    return Roster(read_students("\n".join(names), "class.txt"))


# Headings


@pytest.mark.parametrize(
    "text",
    [
        "# Ada Lovelace\np = 4\n\n# Bao Li\np = 5\n",
        "## Ada Lovelace ##\np = 4\n## Bao Li\np = 5",
        "=== Ada Lovelace ===\np = 4\n=== Bao Li ===\np = 5",
        "Name: Ada Lovelace\np = 4\nName: Bao Li\np = 5",
        "**Student:** Ada Lovelace\np = 4\n**Student:** Bao Li\np = 5",
        "# name: Ada Lovelace\np = 4\n# name: Bao Li\np = 5",
        "\\section*{Ada Lovelace}\np = 4\n\\section*{Bao Li}\np = 5",
    ],
)
def test_a_file_has_a_sheet_under_each_heading(text: str) -> None:
    expected = {"Ada Lovelace": ["p = 4"], "Bao Li": ["p = 5"]}
    assert sheets(text) == expected
    assert sheets(text, roster=class_of("Bao Li, 7", "Lovelace, Ada", "Chidi")) == expected


@pytest.mark.parametrize(
    "text",
    [
        "# Forward pass\np = 4\n# Backward pass\ndg/dp = -3\n",
        "# Formulas\ndg/dp = z\n# Numbers\ndg/dp = -3\n",
        "# Draft\np = 5\n# Final\np = 4\n",
        "# p = x + y; g = p*z\n# x = 1, y = 3, z = -3\n\n# forward: the values\np = 4\n",
        "Name: Ada Lovelace\np = 4\n",
        "# Ada\np = 4\n# Bao\n",
    ],
)
def test_headings_of_one_student_make_one_sheet(text: str) -> None:
    assert list(sheets(text)) == ["file"]


def test_with_a_class_list_the_headings_are_its_students() -> None:
    text = "# Part 1\np = 4\n# Ada\np = 4\n# Notes\ng = -12\n# 1816\np = 5\n"
    roster = class_of("Ada Lovelace, 1815", "Bao, 1816", "Ada, 1817")
    found = sheets(text, roster=roster)
    assert found == {"file": ["p = 4"], "Ada": ["p = 4", "g = -12"], "1816": ["p = 5"]}


def test_lines_are_counted_in_the_file() -> None:
    found, _ = read_handed_in("# Ada Li\np = 4\n# Bao Li\n\np = 5", "file", "txt", SEED)
    assert [(line.number, line.text) for line in found[1].lines] == [(5, "p = 5")]


# Tables


def test_a_table_has_a_student_a_row() -> None:
    text = (
        'Timestamp;Full name;ID;What is p?;"dg/d(x+y) (2 marks)";Q4;g;Comment\n'
        "2024-01-01;Ada;1815;4;-3;4;-12;none\n"
        "2024-01-01;Bao;1816;4,0;;;;\n"
    )
    found, spare = read_handed_in(text, "form.csv", "csv", SEED)
    ada, bao = found
    assert [line.text for line in ada.lines] == ["p = 4", "dg/dp = -3", "dg/dz = 4", "g = -12"]
    assert [line.text for line in bao.lines] == ["p = 4,0"]
    assert {line.number for line in bao.lines} == {3}
    assert (ada.name, ada.key) == ("Ada", "1815")
    assert spare == ["Timestamp", "Comment"]


def test_a_bad_row_spoils_no_other() -> None:
    rows = ["name,p,g", "Ada,4,-12", '"Bao,4,-12', "Chidi,4,0,-12", 'Dana,"4"x,-12', "Emil,4,-12"]
    found, _ = read_handed_in("\n".join(rows), "form.csv", "csv", SEED)
    assert [bool(sheet.trouble) for sheet in found] == [False, True, True, True, False]
    assert [sheet.name for sheet in found] == [
        "Ada",
        "form.csv, line 3",
        "Chidi",
        "form.csv, line 5",
        "Emil",
    ]
    assert "3 cells" in found[2].trouble or "the head has 3" in found[2].trouble
    assert [line.text for line in found[-1].lines] == ["p = 4", "g = -12"]


def test_a_table_without_steps_says_what_they_are() -> None:
    with pytest.raises(CgraphError) as raised:
        read_handed_in("name,score\nAda,4", "form.csv", "csv", SEED)
    assert "dg/dp" in raised.value.hint
    for text in (
        "", "name,p\n", '"name,p\nAda,4', "name,dg/dx,x.grad\nAda,1,2", "name,p,g,p\nAda,4,-12,5",
        "name,x,x,p\nAda,1,2,4",
    ):  # fmt: skip
        with pytest.raises(CgraphError):
            read_handed_in(text, "form.csv", "csv", SEED)


def test_columns_of_inputs_say_which_values_a_row_was_made_for() -> None:
    found, _ = read_handed_in("name,x,p\nAda,2,4", "form.csv", "csv", SEED)
    assert (found[0].at, [line.text for line in found[0].lines]) == ({"x": "2"}, ["p = 4"])


@pytest.mark.parametrize(
    ("head", "step"),
    [("dg/dx", "dg/dx"), ("∂g/∂x", "dg/dx"), ("x.grad", "dg/dx"), ("Compute dg/dx:", "dg/dx"),
     ("g [1 pt]", "g"), ("Question 1", "p"), ("6", "dg/dy"), ("7", ""), ("0", ""),
     ("x", "x"), ("name", ""), ("score", ""), ("", ""), ("=1+1", "")],
)  # fmt: skip
def test_heads_of_columns(head: str, step: str) -> None:
    assert question(SEED, head) == step


def test_a_member_of_a_family_is_a_column() -> None:
    assert question(NEURON, "h[1]") == "h[1]"


@sampled
@settings(max_examples=max(20, portion(100)))
@given(st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=2), min_size=1))
def test_rows_that_csv_writes_are_read_as_they_are(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    plain = [[" ".join(cell.split()) for cell in row] for row in rows]
    kept = [row for row in plain if any(row)]
    cells = [cell for row in rows for cell in row]
    # Semicolons and tabs may be taken for what is between cells, and long cells for open quotes.
    assume(not any(re.search(r"[;\t\r]", cell) or cell.count("\n") > 9 for cell in cells))
    found = list(read_rows(text.getvalue(), "x.csv"))
    assert [row.cells for row in found] == kept


# Notebooks


def notebook(*cells: dict[str, Any]) -> str:
    return json.dumps({"cells": list(cells), "nbformat": 4, "metadata": {}})


def test_a_notebook_is_read_with_what_it_prints() -> None:
    text = notebook(
        {"cell_type": "markdown", "source": ["# Homework\n", "p = 4\n"]},
        {
            "cell_type": "code",
            "source": "p = x + y\ng = p*z\ng.backward()\nprint(x.grad)",
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["tensor(-3.)\n"]}],
        },
        {
            "cell_type": "code",
            "source": ["z.grad"],
            "outputs": [
                {"output_type": "execute_result", "data": {"text/plain": ["tensor(4.)"]}},
                {"output_type": "display_data", "data": {"image/png": "AAAA"}},
            ],
        },
    )
    found = sheets(text, "ipynb")["file"]
    assert found == ["p = 4", "g.backward()", "print(x.grad)", "tensor(-3.)", "z.grad = tensor(4.)"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"cells": 3}', "{", "[" * 100_000, '{"cells":' * 50_000,
     '{"cells": [' + "[" * 5000 + "]" * 5000 + "]}"],
)  # fmt: skip
def test_what_is_no_notebook_says_so(text: str) -> None:
    (sheet,), _ = read_handed_in(text, "file", "ipynb", SEED)
    assert sheet.trouble


def test_a_page_on_one_line_has_the_lines_that_it_shows() -> None:
    """As an editor in the browser writes it; a table has a row a line."""
    page = "<div><p>p = <b>4</b></p><p>dg/dx = -3</p>g = -12<br>z = -3</div>"
    assert sheets(page, "html")["file"] == ["p = 4", "dg/dx = -3", "g = -12", "z = -3"]
    rows = "<table><tr><th>node</th><th>value</th></tr><tr><td>p</td><td>4</td></tr></table>"
    assert sheets(rows, "html")["file"] == ["node\tvalue", "p\t4"]


@sampled
@settings(max_examples=max(20, portion(100)))
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["cells", "source", "outputs", "cell_type", "data", "text"]), inner),
))  # fmt: skip
def test_no_notebook_is_a_fault(cells: Any) -> None:
    text = json.dumps({"cells": [cells, {"source": cells, "cell_type": "code", "outputs": cells}]})
    (sheet,), _ = read_handed_in(text, "file", "ipynb", SEED)
    assert sheet.name == "file"


# The class list


def test_a_class_list_is_text_or_csv() -> None:
    assert read_students("Ada Lovelace\n\nBao Li; 7\n", "x") == [
        Student("Ada Lovelace"),
        Student("Bao Li", ("7",)),
    ]
    (ada,) = read_students("Last name,First name,ID number,w\nLovelace,Ada,1815,0.5\n", "x")
    assert (ada.name, ada.number, ada.columns["w"]) == ("Ada Lovelace", "1815", "0.5")


@pytest.mark.parametrize(
    ("called", "found"),
    [("Ada Lovelace", "1815"), ("lovelace_ada", "1815"), ("LOVELACE, Áda", "1815"),
     ("hw3-1816", "1816"), ("1816", "1816"), ("Bao", "1816"),
     ("Ada Lovelace_1815_assignsubmission_file_", "1815"), ("Li Ana 9", "9"), ("Ana Li 10", "10"),
     ("Ana Li", ""), ("Zoe", ""), ("ada", "1815"), ("", ""), ("9", "9"), ("task 9", "")],
)  # fmt: skip
def test_who_is_meant(called: str, found: str) -> None:
    roster = class_of("Ada Lovelace, 1815", "Bao Wu, 1816", "Ana Li, 9", "Ana Li, 10")
    students = roster.find(called)
    assert [student.number for student in students] == [found] if found else len(students) != 1


def test_two_keys_of_one_student_are_one_student() -> None:
    roster = Roster(read_students("name,id,email\nAda Lovelace,1815,ada@example.org\n", "x"))
    assert len(roster.find("hw 1815 ada@example.org")) == 1
    assert len(roster.find("ADA@example.org")) == 1


@pytest.mark.parametrize("text", ["", "\n \n", "name,number\n,\n", 'name\n"Ada', "a\0b"])
def test_a_class_list_that_names_nobody_says_so(text: str) -> None:
    with pytest.raises(CgraphError):
        read_students(text, "class.csv")


def test_a_cell_of_signs_alone_is_no_fault() -> None:
    for cell in (";", ",", ".", "(", "[", "()", "[]", "=", "$"):
        found, _ = read_handed_in(f"name\tg\nAda\t{cell}\n", "f.tsv", "tsv", SEED)
        mark(SEED, found[0])


def test_what_a_sheet_was_made_for() -> None:
    text = "# f = x\n# x = 1, W = [[1, 2], [3, 4]]\np = 4\n# x = 2, W = 3"
    assert stated(text, {"x", "W"}) == {"x": "1", "W": "[[1, 2], [3, 4]]"}
    assert stated(text, {"x"}) == {}
    assert stated("p = 4\n# x = 1", {"x"}) == {}


def test_long_files_take_no_time() -> None:
    start = time.perf_counter()
    list(read_rows('"a,b\n' * 20_000, "x.csv"))
    sheets("# Ada Li\np = 4\n" * 5_000)
    sheets("#" * 2_000_000)
    stated("# " + "x = 1, " * 100_000, {"x"})
    assert time.perf_counter() - start < 10


def test_a_folder_is_read_and_links_are_not(cgraph: Any, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "Bao_7_file_").mkdir(parents=True)
    secret = tmp_path / "secret.txt"
    secret.write_text("p = 99\n")
    (inbox / "ada.txt").write_bytes("p = 4\n".encode("utf-16"))
    (inbox / "ben.txt").write_bytes("p = 4\n".encode("utf-16-le"))
    (inbox / "cy.txt").write_bytes("p = 4\n".encode("utf-16-be"))
    (inbox / "Bao_7_file_" / "answers.txt").write_text("p = 5\n")
    (inbox / ".hidden").write_text("p = 6\n")
    (inbox / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\0")
    (inbox / "link.txt").symlink_to(secret)
    (inbox / "loop").symlink_to(inbox)
    ran = cgraph("check", "p = x + y", "x=1", "y=3", "-a", str(inbox), "--json")
    found = {sheet["sheet"]: sheet for sheet in json.loads(ran.out)["sheets"]}
    assert set(found) == {"Bao_7_file_/answers", "ada", "ben", "cy", "photo"}
    assert all(found[name]["right"] == 1 for name in ("ada", "ben", "cy"))
    assert found["photo"]["trouble"]
    assert "links" in ran.err


def test_a_name_without_letters_takes_no_sheet(tmp_path: Path) -> None:
    students = read_students("name,number\nAda Lovelace,1815\n—,1036\n", "class.csv")
    roster = Roster(students)
    assert roster.find("Zoe") == []
    assert [student.name for student in roster.find("1036")] == ["—"]
    assert [student.name for student in roster.find("Ada Lovelace")] == ["Ada Lovelace"]


# What is commented out


@pytest.mark.parametrize(
    ("text", "ending", "lines"),
    [
        ("$p = 4$ % not 5", "tex", [(1, "$p = 4$")]),
        ("% p = 5\np = 4", "tex", [(2, "p = 4")]),
        ("p = 4 \\\\% p = 5\ng = -12", "tex", [(1, "p = 4 \\\\"), (2, "g = -12")]),
        ("p = 4 \\% sure", "tex", [(1, "p = 4 \\% sure")]),
        ("\\begin{comment}\np = 5\n\\end{comment}\np = 4", "tex", [(4, "p = 4")]),
        ("% \\begin{comment}\np = 4", "tex", [(2, "p = 4")]),
        ("\\iffalse\np = 5 \\fi p = 4", "tex", [(2, "p = 4")]),
        ("\\iffalse p = 5 \\else p = 4 \\fi", "tex", [(1, "p = 4")]),
        ("p = 4\n\\iffalse p = 5", "tex", [(1, "p = 4")]),
        ("<!-- p = 5 -->\np = 4 <!--\ng = 3 -->", "txt", [(2, "p = 4")]),
        ("<!-- p = 5 -->\np = 4 <!--\ng = 3 -->", "md", [(2, "p = 4")]),
        ("p = 4 % of all", "txt", [(1, "p = 4 % of all")]),
        ("<!-- p = 5 --> p = 4 <!-- g = 3", "txt", [(1, "p = 4 <!-- g = 3")]),
    ],
)
def test_what_is_commented_out_is_not_there(
    text: str, ending: str, lines: list[tuple[int, str]]
) -> None:
    ((sheet,), _) = read_handed_in(text, "file", ending, SEED)
    assert [(line.number, line.text) for line in sheet.lines] == lines


@pytest.mark.parametrize(("sign", "ending"), [("<!--", "md"), ("\\iffalse ", "tex")])
def test_remarks_without_an_end_are_read_in_a_moment(sign: str, ending: str) -> None:
    begun = time.process_time()
    read_handed_in("-->" + sign * 50_000, "file", ending, SEED)
    assert time.process_time() - begun < 2
