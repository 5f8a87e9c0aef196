"""`cgraph help` and `cgraph version`, as they are typed by who knows git."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import cgcli
from cgcli.commands.shared import COMMANDS, first, page
from cgcli.views.gate import width

ROOT = Path(__file__).parents[2]
ROWS = "x,y\n1,2\n2,4\n3,6\n"
FILES = {
    "points.csv": ROWS,
    "answers.txt": "p = 4\ng = -12\ndg/dp = -3\ndg/dz = 4\ndg/dx = -3\ndg/dy = -3\n",
    "ann.txt": "f = 6\n",
    "bo.txt": "f = 5\n",
    "class.csv": "name\nAnn\nBo\n",
}
"""What the examples of the help read."""
EXAMPLES = [
    *(line for name in COMMANDS for line in page(name).examples),
    *(line.split("  ")[0] for line in first().examples),
]


def test_help_is_the_help_of_the_option(cgraph: Any) -> None:
    assert cgraph("help") == cgraph("--help") == cgraph()
    for name in COMMANDS:
        assert f"\n  {name} " in cgraph("help").out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command(command: str, cgraph: Any) -> None:
    ran = cgraph("help", command)
    assert (ran.status, ran.err) == (0, "")
    assert ran == cgraph(command, "--help")
    assert ran.out.startswith(f"Usage: cgraph {command} ")


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_a_help_fits(
    command: tuple[str, ...], columns: int, cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for words in ((*command, "--help"), (*command, "--help-all")):
        lines = cgraph(*words).out.splitlines()
        assert max(map(width, lines)) <= columns
        assert not any(re.search(r"\w…$", line) for line in lines)
        assert columns < 80 or words[-1] == "--help-all" or len(lines) <= 40


@pytest.mark.parametrize("command", COMMANDS)
def test_a_help_has_examples_and_its_options_under_headings(command: str, cgraph: Any) -> None:
    described = page(command)
    shown, full = cgraph(command, "--help").out, cgraph(command, "--help-all").out
    assert command == "version" or 2 <= len(described.examples) <= 3
    for example in described.examples:
        assert f"\n  {example}\n" in full
    for heading, entries in described.groups.items():
        assert f"\n{heading}:\n" in full
        for entry in entries:
            line = f"\n  {entry.name}"
            assert line in full
            assert (line in shown) != entry.rare
    rare = sum(entry.rare for entries in described.groups.values() for entry in entries)
    assert f"\n{rare} more options: --help-all\n" in shown
    assert "more options" not in full


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_of_the_help_runs(
    line: str, cgraph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "sheets").mkdir()
    trained = cgraph("train", "(w*x - y)^2", "-d", "points.csv", "w=0", "-o", "model.json")
    assert trained.status == 0
    ran = cgraph(*shlex.split(line)[1:])
    # 1 is an answer too: Bo's sheet has a wrong one.
    assert ran.status == ("bo.txt" in line), ran.err
    assert ran.out or line.endswith(("sheets", ".svg", ".csv", ".h", ".html"))


def test_every_command_is_on_the_first_screen_and_it_says_what_to_try(cgraph: Any) -> None:
    out = cgraph().out
    listed = [entry.name for entries in first().groups.values() for entry in entries]
    assert set(COMMANDS) <= set(listed)
    assert len(listed) == len(set(listed))
    assert out.count("\n  cgraph ") == 3


def test_the_man_page_is_the_one_that_is_installed(cgraph: Any, request: Any) -> None:
    path = ROOT / "docs" / "cgraph.1"
    shown = cgraph("help", "--man")
    assert (shown.status, shown.err) == (0, "")
    if request.config.getoption("--freeze"):
        path.write_text(shown.out, encoding="utf-8")
    assert shown.out == path.read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f'.SH "CGRAPH {name.upper()}"\n' in shown.out
    assert cgraph("help", "eval", "--man").status == 2


@pytest.mark.skipif(not shutil.which("groff"), reason="no groff")
def test_the_man_page_can_be_read() -> None:
    ran = subprocess.run(
        ["groff", "-k", "-man", "-ww", "-Tutf8", "-P-cbou", ROOT / "docs" / "cgraph.1"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stderr == ""
    for example in ('cgraph eval "(x+y)*z" x=1 y=3 z=-3', 'cgraph diff "sin(x^2)"'):
        assert example in ran.stdout


def test_version(cgraph: Any) -> None:
    assert cgraph("version") == cgraph("--version") == (0, f"cgraph {cgcli.__version__}\n", "")
    assert cgraph("version", "eval").status == 2


def test_one_word_too_many_is_told_in_plain_words(cgraph: Any) -> None:
    for words in (("version", "x"), ("schema", "eval", "x"), ("predict", "m", "x", "-d", "d.csv")):
        ran = cgraph(*words)
        assert ran.status == 2
        assert ran.err.startswith("error: 'x' is one argument too many\n")
    assert cgraph("-V").err.startswith("error: there is no option -V\n")
