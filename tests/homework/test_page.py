"""The page on marking a class keeps its word: its commands take fifty names to grades."""

from __future__ import annotations

import csv
import io
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "homework.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line
]


def handed_in(keys: Path, folder: Path) -> dict[str, float]:
    """Hand in what students make of their keys; return the points that each of them is due.

    The scheme gives a point a step, and two for dL/dw and dL/dx: fifteen.
    """
    folder.mkdir()
    due = {}
    for turn, path in enumerate(sorted(keys.glob("*.txt"))):
        text, points = path.read_text(encoding="utf-8"), 15.0
        if turn % 5 == 1:
            # A sign is lost, in a step that nothing is worked out from.
            text, count = re.subn(r"dL/dw = (-?)", lambda m: f"dL/dw = {'' if m[1] else '-'}", text)
            assert count == 1
            points = 14.0
        if turn % 5 == 2:
            text = re.sub(r"(?m)^dL/dx = .*$", "dL/dx =", text)
            points = 13.0
        if turn % 5 == 3:
            continue
        name = path.stem if turn % 2 else "_".join(reversed(path.stem.lower().split()))
        (folder / f"{name}.txt").write_text(text, encoding="utf-16" if turn % 3 else "utf-8")
        due[path.stem.split()[-1]] = points
    return due


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path in (ROOT / "examples" / "homework").iterdir():
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(line: str, cgraph: Any) -> Any:
    words = shlex.split(line.removeprefix("cgraph "))
    target = None
    if ">" in words:
        target = Path(words[-1])
        words = words[: words.index(">")]
    ran = cgraph(*words)
    if target is not None:
        target.write_text(ran.out, encoding="utf-8")
    return ran


def test_fifty_names_become_grades(folder: Path, cgraph: Any) -> None:
    assert len(COMMANDS) == 6
    for line in COMMANDS[:2]:
        assert run(line, cgraph).status == 0, line
    written = (folder / "sheets" / "class.csv").read_text(encoding="utf-8")
    listed = list(csv.DictReader(io.StringIO(written)))
    assert len(listed) == 50
    assert len({tuple(row[name] for name in "wxbt") for row in listed}) > 45
    due = handed_in(folder / "keys", folder / "handed-in")
    for line in COMMANDS[2:5]:
        ran = run(line, cgraph)
        assert ran.status == 1, ran.err
    imported = (folder / "import.csv").read_text(encoding="utf-8")
    grades = list(csv.DictReader(io.StringIO(imported)))
    assert list(grades[0]) == ["Student", "ID", "Points", "Percent", "Feedback"]
    assert {row["ID"] for row in grades} == {row["number"] for row in listed}
    for row in grades:
        assert float(row["Points"]) == due.get(row["ID"], 0.0), row
    pages = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("feedback/*")}
    assert len(pages) == 50
    for name, page in pages.items():
        others = [row for row in listed if row["number"] not in name]
        assert not any(row["number"] in page for row in others)
        assert not any(row["name"] in page for row in others if row["name"] not in name)
    summary = (folder / "summary.html").read_text(encoding="utf-8")
    assert "<svg" in summary
    assert "the number is right but for its sign" in summary


def test_questions_for_moodle_are_made(folder: Path, cgraph: Any) -> None:
    ran = run(COMMANDS[5], cgraph)
    assert ran.status == 0
    assert ran.out.count('<question type="cloze">') == 20


def test_the_scheme_is_the_one_that_is_shown() -> None:
    import tomllib

    shown = re.findall(r"```toml\n(points.*?)```", PAGE, re.DOTALL)[0]
    kept = (ROOT / "examples" / "homework" / "marks.toml").read_text(encoding="utf-8")
    given = tomllib.loads(kept)
    for table, entries in tomllib.loads(shown).items():
        assert entries == given[table] or entries.items() <= given[table].items()


def test_the_maps_of_columns_are_those_of_course_systems(folder: Path, cgraph: Any) -> None:
    worksheet = (
        "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
        "Last modified (submission),Last modified (grade),Feedback comments\n"
        "Participant 12,Ada Lovelace,ada@example.org,Submitted for grading,,13.00,Yes,-,-,\n"
        "Participant 123,Bao Li,bao@example.org,No submission,,13.00,Yes,-,-,\n"
    )
    (folder / "worksheet.csv").write_text(worksheet, encoding="utf-8")
    inbox = folder / "inbox" / "Ada Lovelace_12_assignsubmission_file_"
    inbox.mkdir(parents=True)
    (inbox / "answers.txt").write_text("p = 0.6\ns = 0.5\n", encoding="utf-8")
    words = ["check", "@neuron.cg", "--at", "neuron.json", "-a", "inbox", "--csv"]
    ran = cgraph(*words, "--students", "worksheet.csv", "--columns", "moodle.toml")
    head, ada, bao = csv.reader(io.StringIO(ran.out))
    assert ",".join(head) == worksheet.splitlines()[0]
    assert ada[:5] == ["Participant 12", "Ada Lovelace", "ada@example.org",
                       "Submitted for grading", "1"]  # fmt: skip
    assert "s = 0.5: wrong" in ada[-1]
    assert (bao[0], bao[4], bao[-1]) == ("Participant 123", "0", "nothing was handed in")
    roster = "First Name,Last Name,SID,Email\nAda,Lovelace,12,ada@example.org\n"
    (folder / "roster.csv").write_text(roster, encoding="utf-8")
    ran = cgraph(*words, "--students", "roster.csv", "--columns", "gradescope.toml")
    row = next(csv.DictReader(io.StringIO(ran.out)))
    assert (row["SID"], row["Total Score"], row["Max Points"]) == ("12", "1", "13")
