"""A class on the command line: own values, points, feedback, columns; nobody's file is lost."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cgcli.commands.feedback import file_names
from cgcli.homework.students import Student
from tests.documents import validate

SEED = ("p = x + y; g = p*z", "x=1", "y=3", "z=-3")
RIGHT = "p = 4\ng = -12\ndg/dp = -3\ndg/dz = 4\ndg/dx = -3\ndg/dy = -3\n"

Run = Callable[..., Any]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str | bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def rows(ran: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(ran.out)))


# What is required


@pytest.mark.parametrize(
    ("require", "sheet", "complete", "of", "missing"),
    [
        (None, "p = 4\n", "no", "6", "5"),
        (None, RIGHT, "yes", "6", "0"),
        (None, RIGHT.replace("dg/dz = 4", "dg/dz = p"), "yes", "6", "0"),
        ("answered", "p = 4\n", "yes", "1", "5"),
        ("answered", "p = 5\n", "no", "1", "5"),
        ("number", RIGHT, "yes", "6", "0"),
        ("number", RIGHT.replace("dg/dz = 4", "dg/dz = p"), "no", "6", "1"),
        ("number", RIGHT.replace("dg/dz = 4", "dg/dz = p; dg/dz = 4"), "yes", "6", "0"),
        ("all", RIGHT.replace("dg/dz = 4", "dg/dz = 4 4 4 ?x"), "no", "6", "0"),
        ("all", "", "no", "6", "6"),
    ],
)
def test_what_is_required(
    require: str | None, sheet: str, complete: str, of: str, missing: str, here: Path, cgraph: Run
) -> None:
    path = write(here / "ann.txt", sheet)
    words = ("--require", require) if require else ()
    ran = cgraph("check", *SEED, "-a", path, "--csv", *words)
    (row,) = rows(ran)
    assert (row["complete"], row["of"], row["missing"]) == (complete, of, missing)
    assert ran.status == (complete == "no")


def test_one_answer_is_asked_for_by_itself(cgraph: Run) -> None:
    assert cgraph("check", *SEED, "--answer", "p = 4").status == 0
    assert cgraph("check", *SEED, "--answer", "p = 4", "--require", "all").status == 1


def test_what_cannot_be_read_is_not_missing(here: Path, cgraph: Run) -> None:
    path = write(here / "ann.txt", RIGHT.replace("dg/dz = 4", "dg/dz = 4 4 ?x"))
    (row,) = rows(cgraph("check", *SEED, "-a", path, "--csv"))
    assert (row["dg/dz"], row["missing"], row["unreadable"]) == ("unreadable", "0", "1")
    assert (row["points"], row["of"]) == ("5", "6")
    found = json.loads(cgraph("check", *SEED, "-a", path, "--json").out)
    validate(found, "check")
    assert found["sheets"][0]["missing"] == []


def test_a_formula_earns_nothing_where_numbers_are_required(here: Path, cgraph: Run) -> None:
    path = write(here / "ann.txt", RIGHT.replace("dg/dz = 4", "dg/dz = p"))
    (row,) = rows(cgraph("check", *SEED, "-a", path, "--csv", "--require", "number"))
    assert (row["points"], row["of"]) == ("5", "6")


# Values of their own


def test_each_is_marked_against_their_own(here: Path, cgraph: Run) -> None:
    names = write(here / "names.csv", "name,number\nAda,1815\nBao,1816\nAna Li,\nAna Li,\n")
    program = "p = x + y; g = p*z"
    words = ("--seed", "3", "--students", names)
    assert cgraph("sheet", program, *words, "-o", "blank").status == 0
    assert cgraph("sheet", program, *words, "-o", "keys", "--key").status == 0
    listed = list(csv.DictReader(io.StringIO(Path("blank/class.csv").read_text("utf-8"))))
    assert len({(row["x"], row["y"], row["z"]) for row in listed}) > 1
    ran = cgraph("check", program, "-a", "keys", "--students", "blank/class.csv", "--json")
    assert ran.status == 0, ran.out
    document = json.loads(ran.out)
    validate(document, "check")
    assert [sheet["sheet"] for sheet in document["sheets"]].count("Ana Li") == 2
    assert {json.dumps(sheet.get("at")) for sheet in document["sheets"]} != {"null"}
    # A friend's sheet under one's own name is refused, and so is one from nowhere.
    write(here / "in" / "bao.txt", Path("keys/Ada 1815.txt").read_bytes())
    write(here / "in" / "zoe.txt", RIGHT)
    write(here / "in" / "Ana Li.txt", RIGHT)
    ran = cgraph("check", program, "-a", "in", "--students", "blank/class.csv", "--csv")
    found = rows(ran)
    by_name = {row["sheet"]: row for row in found}
    assert "made for other values" in by_name["Bao"]["trouble"]
    assert "not on the class list" in by_name["zoe"]["trouble"]
    assert "nothing was handed in" in by_name["Ada"]["trouble"]
    assert [row["trouble"] for row in found if row["sheet"] == "Ana Li"] == [
        "'Ana Li' may be 2 students of the class list; put the number into the name of the sheet",
        "nothing was handed in",
        "nothing was handed in",
    ]
    # What is not matched tells nothing of those that are.
    words = ("-a", "in", "--students", "blank/class.csv", "--feedback", "out")
    assert cgraph("check", program, *words).status == 1
    pages = {path.stem: path.read_text(encoding="utf-8") for path in Path("out").iterdir()}
    assert not any(row["number"] and row["number"] in page for row in listed
                   for page in pages.values())  # fmt: skip
    assert "x = " in pages["Bao 1816"]
    assert not any("x = " in page for name, page in pages.items() if name != "Bao 1816")


def test_no_name_of_a_list_is_a_formula(here: Path, cgraph: Run) -> None:
    names = write(here / "names.csv", 'name,number\n"=cmd()",-1\n\x1b[31mBao,2\n')
    words = ("sheet", "f = w*x", "--seed", "1", "--students", names, "-o", "out")
    assert cgraph(*words).status == 0
    text = Path("out/class.csv").read_text(encoding="utf-8")
    assert "\n'=cmd(),'-1," in text
    assert "\x1b" not in text
    assert not any("\x1b" in path.read_text("utf-8") for path in Path("out").iterdir())
    keys = (*words[:-1], "keys", "--key")
    assert cgraph(*keys).status == 0
    assert cgraph("check", "f = w*x", "-a", "keys", "--students", "out/class.csv").status == 0


def test_a_later_student_changes_no_sheet(here: Path, cgraph: Run) -> None:
    words = ("sheet", "f = w*x + b", "--seed", "1", "--values", "decimal")
    cgraph(*words, "--students", write(here / "a.txt", "Ada\nBao\n"), "-o", "a")
    cgraph(*words, "--students", write(here / "b.txt", "Zoe\nBao\nAda\n"), "-o", "b")
    for name in ("Ada.txt", "Bao.txt"):
        assert (here / "a" / name).read_text() == (here / "b" / name).read_text()


def test_a_sheet_for_other_values_is_refused(here: Path, cgraph: Run) -> None:
    sheet = "# p = x + y\n# x = 1, y = 4, z = -3\n" + RIGHT
    ran = cgraph("check", *SEED, "-a", write(here / "ann.txt", sheet))
    assert ran.status == 1
    assert "made for other values: y = 4, where y is 3" in ran.out
    hostile = "# x = 1e999999999, y = 1/0, z = 9999/1e400\n" + RIGHT
    assert cgraph("check", *SEED, "-a", write(here / "ann.txt", hostile)).status == 1
    large = ("f = x^2", "x=10^400", "--exact")
    made = cgraph("sheet", *large, "--key")
    assert "cannot be read" not in cgraph("check", *large, "-a", "-", stdin=made.out.encode()).out
    made = cgraph("sheet", "f = w*x", "w=1/3", "x=[1,2]", "--key")
    again = ("check", "f = w*x", "w=1/3", "x=[1,2]", "-a", "-")
    assert cgraph(*again, stdin=made.out.encode()).status == 0
    text = json.dumps({"student": "ann", "at": {"x": 2, "y": 3, "z": -3}, "answers": {"p": 5}})
    assert (
        "made for other values: x = 2" in cgraph("check", *SEED, "-a", "-", stdin=text.encode()).out
    )


def test_one_bad_row_of_values_spoils_no_other(here: Path, cgraph: Run) -> None:
    listed = write(here / "class.csv", "name,x\nAda,2\nBao,two\nChidi,\n")
    for name in ("ada", "bao", "chidi"):
        write(here / "in" / f"{name}.txt", "f = 4\ndf/dx = 4\n")
    ran = cgraph("check", "f = x^2", "-a", "in", "--students", listed, "--csv")
    found = {row["sheet"]: row for row in rows(ran)}
    assert found["Ada"]["complete"] == "yes"
    assert found["Bao"]["trouble"]
    assert found["Chidi"]["trouble"]


def test_sheet_says_what_does_not_go_together(here: Path, cgraph: Run) -> None:
    names = write(here / "names.txt", "Ada\n")
    for words in (
        ("--students", names, "-o", "out"),
        ("--seed", "1", "--students", names),
        ("-o", "sheet.doc"),
        ("-o", "sheet.txt", "--json"),
        ("--seed", "1", "--students", names, "-o", "out", "--json"),
        ("--seed", "1", "--students", "nowhere.csv", "-o", "out"),
        ("--moodle", "A", "--tolerance", "1%", "--decimals", "2"),
    ):
        ran = cgraph("sheet", *SEED, *words)
        assert ran.status == 2, words
        assert not Path("out").exists()
    assert cgraph("sheet", *SEED, "--seed", "1", "--students", names, "-o", "out").status == 2


# Files


@pytest.mark.parametrize("ending", ["txt", "md", "html", "pdf"])
def test_a_worksheet_and_its_key_are_files(ending: str, here: Path, cgraph: Run) -> None:
    if ending == "pdf":
        pytest.importorskip("typst")
    for words in ((), ("--key",)):
        ran = cgraph("sheet", *SEED, "-o", f"sheet.{ending}", *words)
        assert (ran.status, ran.out) == (0, "")
        data = Path(f"sheet.{ending}").read_bytes()
        if ending == "pdf":
            assert data.startswith(b"%PDF")
            continue
        text = data.decode().replace("\\", "")
        assert "x = 1, y = 3, z = -3" in text
        assert ("dg/dz = 4" in text) == bool(words)
        assert ("dg/dz = ____" in text) == (not words and ending != "txt")
    if ending == "txt":
        assert cgraph("check", *SEED, "-a", "sheet.txt").status == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [("../../etc/passwd", "etc passwd"), ("/root", "root"), ("a/b\\c:d*e?", "a b c d e"),
     ("..", "student"), ("", "student"), ("CON", "CON_"), ("nul.txt", "nul.txt_"),
     (".hidden", "hidden"), ("-rf", "rf"), ("\x00\x1b[31m\u202e", "31m"), ("Zoë", "Zoë"),
     ("李雷", "李雷"), ("x" * 300, "x" * 80)],
)  # fmt: skip
def test_no_name_leads_out_of_its_folder(name: str, expected: str) -> None:
    assert file_names([Student(name)]) == [expected]


def test_no_two_students_have_one_file() -> None:
    names = ["Ada", "ada", "ADA", "ada (2)", "Ada/", "李", "A" * 90, "A" * 91]
    found = file_names([Student(name) for name in names])
    assert len({name.casefold() for name in found}) == len(names)


@pytest.mark.parametrize("form", ["txt", "md", "html", "pdf"])
def test_feedback_holds_one_student_alone(form: str, here: Path, cgraph: Run) -> None:
    if form == "pdf":
        pytest.importorskip("typst")
    slip = RIGHT.replace("dg/dx = -3", "dg/dx = 3  # <b>|*_`[x](y)")
    evil = '</title><script>alert(1)</script>#read("/etc/passwd")'
    lines = [{"student": "Ada", "answers": {"p": 4}}, {"student": evil, "answers": {"p": 7}}]
    write(here / "in" / "bo.txt", slip)
    write(here / "class.jsonl", "\n".join(map(json.dumps, lines)))
    ran = cgraph("check", *SEED, "-a", "class.jsonl", "in", "--feedback", "out", "--as", form)
    assert ran.status == 1
    files = {path.stem: path.read_bytes() for path in Path("out").iterdir()}
    assert len(files) == 3
    assert not any(path.name.endswith(".part") for path in Path("out").iterdir())
    if form == "pdf":
        assert all(data.startswith(b"%PDF") for data in files.values())
        return
    bo = files["bo"].decode()
    assert "Ada" not in bo
    assert "alert" not in bo
    assert "right but for its sign" in bo
    assert "x = 1, y = 3, z = -3" in bo
    if form == "html":
        for data in files.values():
            tags = Tags()
            tags.feed(data.decode())
            known = "html head meta title style body h1 pre table tr th td p br"
            assert tags.seen <= {*known.split()}
    if form == "md":
        assert "<b>" not in bo
        assert "](y)" not in bo


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)


def test_feedback_is_written_over_nothing_that_was_read(here: Path, cgraph: Run) -> None:
    write(here / "in" / "ann.txt", RIGHT)
    for words in (
        ("-a", "in", "--feedback", "in"),
        ("-a", "in/ann.txt", "--feedback", "in"),
        ("-a", "in", "--summary", "in/ann.txt"),
        ("-a", "in", "--summary", "class.doc"),
        ("-a", "in", "--feedback", "in/ann.txt"),
    ):
        ran = cgraph("check", *SEED, *words)
        assert ran.status == 2, words
        assert (here / "in" / "ann.txt").read_text() == RIGHT
    secret = here / "secret.txt"
    secret.write_text("kept")
    (here / "out").mkdir()
    (here / "out" / "ann.txt").symlink_to(secret)
    assert cgraph("check", *SEED, "-a", "in", "--feedback", "out").status == 2
    assert secret.read_text() == "kept"


def test_a_summary_has_steps_and_mistakes(here: Path, cgraph: Run) -> None:
    lines = [{"student": f"s{k}", "answers": {"p": 4, "dg/dx": 3}} for k in range(4)]
    write(here / "class.jsonl", "\n".join(map(json.dumps, lines)))
    for ending in ("txt", "md", "html"):
        ran = cgraph("check", *SEED, "-a", "class.jsonl", "--summary", f"s.{ending}")
        assert ran.status == 1
        text = Path(f"s.{ending}").read_text(encoding="utf-8")
        assert text.count("s3") == 1
        assert "sign" in text
        assert "4" in text
    html = Path("s.html").read_text(encoding="utf-8")
    assert html.count("<svg") == html.count("<rect") == 2
    quiet = cgraph("check", *SEED, "-a", "class.jsonl", "--summary", "q.txt", "--reveal", "verdict")
    assert quiet.status == 1
    assert "sign" not in Path("q.txt").read_text(encoding="utf-8")


# Points and columns


def scored(here: Path, cgraph: Run, scheme: str, *answers: str) -> Any:
    path = write(here / "marks.toml", scheme)
    words = [word for answer in answers for word in ("--answer", answer)]
    return cgraph("check", *SEED, *words, "--scheme", path, "--csv")


def test_a_scheme_says_what_answers_earn(here: Path, cgraph: Run) -> None:
    scheme = (
        'points = 2\nfollows = 0.5\n[steps]\n"dg/dx" = 4\n[mistakes]\nsign-slip = 0.25\n'
        '"twice {use.node}" = 0.5\n[own]\n"twice {use.node}" = "g = 2*p*z"\n"any" = "x + y + z^2"'
    )
    (row,) = rows(scored(here, cgraph, scheme, "dg/dx = 3"))
    assert (row["points"], row["of"]) == ("1", "4")
    (row,) = rows(scored(here, cgraph, scheme, "p = 5", "g = -15"))
    assert (row["points"], row["of"]) == ("1", "4")
    # From the student's own number: twice -15.
    (row,) = rows(scored(here, cgraph, scheme, "p = 5", "g = -30"))
    assert (row["points"], row["of"]) == ("1", "4")
    (row,) = rows(scored(here, cgraph, scheme, "g = -24"))
    assert (row["points"], row["mistakes"].startswith("twice {use.node}")) == ("1", True)
    (row,) = rows(scored(here, cgraph, scheme, "dg/dz = 13"))
    assert (row["mistakes"], row["points"]) == ("any", "0")


@pytest.mark.parametrize(
    ("scheme", "line", "words"),
    [
        ("points = -1", 1, "a number of points"),
        ("points = true", 1, "a number of points"),
        ("points = nan", 1, "a number of points"),
        ("point = 1", 1, "did you mean points"),
        ("follows = 2", 1, "from 0 to 1"),
        ("steps = 3", 1, "this is a table"),
        ('[steps]\n"dg/dq" = 1', 2, "dq"),
        ('[steps]\n\n"x" = 1', 3, "no step of the sheet"),
        ("[mistakes]\nsignslip = 1", 2, "did you mean sign-slip"),
        ('[mistakes]\n"sign-slip" = "half"', 2, "from 0 to 1"),
        ('[own]\na = "g = 2*q"', 2, "q"),
        ('[own]\na = "g ="', 2, "no formula"),
        ('[own]\na = "g = (("', 2, ""),
        ("[own]\na = 3", 2, "a formula in quotes"),
        ("points = ", None, "not TOML"),
        ("a = " + "[" * 20_000, None, ""),
        ("#" * 200_000, None, "longer"),
    ],
)
def test_a_scheme_says_where_it_is_wrong(
    scheme: str, line: int | None, words: str, here: Path, cgraph: Run
) -> None:
    path = write(here / "marks.toml", scheme)
    ran = cgraph("check", *SEED, "--answer", "p = 4", "--scheme", path, "--json")
    assert ran.status == 2
    error = json.loads(ran.out)["error"]
    assert words in error["message"] + error["hint"]
    assert error["line"] == line
    assert error["hint"] or line is None


def test_a_step_may_be_called_as_a_column_is(here: Path, cgraph: Run) -> None:
    path = write(here / "ann.txt", "points = 4\nof = 5\n")
    words = ("check", "points = x + y; of = points*x", "x=1", "y=3", "-a", path, "--csv")
    head, row = csv.reader(io.StringIO(cgraph(*words).out))
    assert head.count("points") == head.count("of") == 2
    assert row[head.index("points")] == "1"
    assert row[head.index("trouble") + 1 :][:2] == ["right", "wrong"]
    assert cgraph(*words[:-3], "-a", "-", "--csv", stdin=b"[]").status == 2
    columns = write(here / "map.toml", '[columns]\nGrade = "{points}"\n')
    assert cgraph(*words, "--columns", columns).out == "Grade\n1\n"


def test_columns_are_texts_with_fields(here: Path, cgraph: Run) -> None:
    columns = write(
        here / "map.toml",
        '[columns]\n"Who" = "{name} <{Mail}>"\nGrade = "{points}/{of}"\n"p" = "{p}"\nNote = "-1"\n',
    )
    listed = write(here / "class.csv", "name,number,Mail\n=Ada,1815,a@b.c\n")
    words = ("check", *SEED, "-a", write(here / "1815.txt", "p = 4"), "--csv")
    ran = cgraph(*words, "--students", listed, "--columns", columns)
    assert ran.out.splitlines() == ["Who,Grade,p,Note", "'=Ada <a@b.c>,1/6,right,'-1"]
    for text in (
        "", "[columns]", "[columns]\na = 1", "columns = 3", '[columns]\na = "{pionts}"',
        '[columns]\na = "{points.__class__}"', "[" * 90_000, "x",
    ):  # fmt: skip
        ran = cgraph(*words, "--columns", write(here / "map.toml", text))
        assert (ran.status, ran.out) == (2, ""), text
    assert cgraph(*words[:-1], "--columns", columns).status == 2


def test_any_text_may_begin_with_a_mark(here: Path, cgraph: Run) -> None:
    """As Windows writes UTF-8: programs, schemes, columns, class lists, sheets, values."""
    texts = {
        "p.cg": "p = x + y; g = p*z",
        "at.json": '{"x": 1, "y": 3, "z": -3}',
        "marks.toml": "points = 2",
        "map.toml": '[columns]\nWho = "{number}"\nGrade = "{points}"',
        "class.csv": "number,name\n1815,Ada",
        "1815.txt": "p = 4",
    }
    for name, text in texts.items():
        write(here / name, text.encode("utf-8-sig"))
    words = ("check", "@p.cg", "--at", "at.json", "-a", "1815.txt", "--students", "class.csv")
    ran = cgraph(*words, "--scheme", "marks.toml", "--csv", "--columns", "map.toml")
    assert (ran.out, ran.err) == ("Who,Grade\n1815,2\n", "")
    assert cgraph("sheet", "@p.cg", "--at", "at.json").out.startswith("# p = x + y; g = p*z\n")


def test_two_of_one_name_are_told_apart(cgraph: Any, tmp_path: Path) -> None:
    (tmp_path / "class.csv").write_text("name,number\nJohn Smith,11\nJohn Smith,12\nAda,13\n")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "John Smith 11.txt").write_text("p = 4")
    (folder / "12 John Smith.txt").write_text("p = 5")
    words = ("check", "p = x + y", "x=1", "y=3", "-a", str(folder), "--students")
    out = cgraph(*words, str(tmp_path / "class.csv"), "--csv").out
    rows = [line.split(",")[:3] for line in out.splitlines()[1:]]
    assert sorted(rows) == [
        ["Ada", "no", "0"], ["John Smith 11", "no", "1"], ["John Smith 12", "no", "0"]
    ]  # fmt: skip


def test_a_class_list_that_was_edited_is_kept(cgraph: Any, tmp_path: Path) -> None:
    students = tmp_path / "names.txt"
    students.write_text("Ada\nBao\n")
    words = ("sheet", "p = x + y", "--seed", "1", "--students", str(students), "-o")
    for _ in range(2):
        assert cgraph(*words, str(tmp_path / "sheets")).status == 0
    kept = tmp_path / "sheets" / "class.csv"
    kept.write_text(kept.read_text() + "Chidi,,1,2\n")
    ran = cgraph(*words, str(tmp_path / "sheets"))
    assert ran.status == 2
    assert "another class list is here" in ran.err
    assert "Chidi" in kept.read_text()
