"""The page for contributors keeps its word: what it adds is added to a copy, and run."""

from __future__ import annotations

import ast
import doctest
import json
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NEW = re.compile(r"In a new file `([\w/.]+)`:$")
END = re.compile(r"[Ii]n `([\w/.]+)`, at the end(?: of `(\w+)`)?:$")
ABOVE = re.compile(r"[Ii]n `([\w/.]+)`, above `(\w+)`:$")


class Block(NamedTuple):
    """A block of the page: its language, its text, and the sentence before it."""

    language: str
    text: str
    before: str


def blocks(page: str) -> list[Block]:
    return [
        Block(match[1], match[2], page[: match.start()].rstrip().rpartition("\n")[2])
        for match in BLOCK.finditer(page)
    ]


def assignment(text: str, name: str) -> ast.AnnAssign | ast.Assign:
    for statement in ast.parse(text).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            assert isinstance(statement, ast.AnnAssign | ast.Assign)
            return statement
    raise AssertionError(name)


def with_row(text: str, name: str, row: str) -> str:
    """The text of a module with a row more at the end of a table, of whatever kind that is."""
    value = assignment(text, name).value
    table = value.generators[0].iter if isinstance(value, ast.DictComp) else value
    assert isinstance(table, ast.Tuple | ast.Dict)
    assert table.end_lineno is not None
    lines = text.splitlines(keepends=True)
    *before, last = lines[: table.end_lineno]
    inside = " " * (len(last) - len(last.lstrip()) + 4)
    row = textwrap.indent(row.rstrip(), inside)
    return "".join([*before, f"{row},\n", last, *lines[table.end_lineno :]])


def place(block: Block, package: Path) -> bool:
    """Put a block where the sentence before it says; False where it says nothing of that."""
    if made := NEW.search(block.before):
        file = package / made[1]
        assert not file.exists()
        file.write_text(block.text, encoding="utf-8")
        return True
    ending, above = END.search(block.before), ABOVE.search(block.before)
    found = ending or above
    if found is None:
        return False
    file = package / found[1]
    text = file.read_text(encoding="utf-8")
    if above:
        lines = text.splitlines(keepends=True)
        line = assignment(text, above[2]).lineno - 1
        text = "".join([*lines[:line], block.text, "\n\n", *lines[line:]])
    elif found[2]:
        text = with_row(text, found[2], block.text)
    else:
        text += block.text
    file.write_text(text, encoding="utf-8")
    return True


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package in which everything on the page has been added."""
    folder = tmp_path_factory.mktemp("contributed")
    away = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "cgcli", folder / "cgcli", ignore=away)
    shutil.copytree(ROOT / "grammar", folder / "cgcli" / "grammar", ignore=away)
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=away)
    placed = sum(place(block, folder) for block in blocks(PAGE))
    assert placed == 11
    return folder


def ran(
    package: Path, environment: dict[str, str], *words: str, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """What a process of the copy's Python leaves."""
    return subprocess.run(
        [sys.executable, *words], input=given, capture_output=True, text=True,
        cwd=package, env=environment, check=False,
    )  # fmt: skip


RUNNER = """
import contextlib, io, json, sys
from cgcli.commands.app import run
answers = []
for line in json.load(sys.stdin):
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        run(line)
        out.flush()
    answers.append(out.buffer.getvalue().decode())
json.dump(answers, sys.stdout)
"""


def test_what_the_page_runs_prints_what_it_says(package: Path, environment: dict[str, str]) -> None:
    shown = "".join(block.text for block in blocks(PAGE) if block.language == "sh")
    runs = re.findall(r"^\$ cgraph (.*)\n((?:(?!\$ ).*\n)*)", shown, re.MULTILINE)
    assert len(runs) == 12
    lines = [shlex.split(line) for line, _ in runs]
    left = ran(package, environment, "-c", RUNNER, given=json.dumps(lines))
    assert left.returncode == 0, left.stderr
    for (line, expected), printed in zip(runs, json.loads(left.stdout), strict=True):
        assert printed == expected, line


def test_the_number_kind_of_the_page(package: Path, environment: dict[str, str]) -> None:
    (session,) = (block.text for block in blocks(PAGE) if block.text.startswith(">>>"))
    (package / "session.txt").write_text(session, encoding="utf-8")
    left = ran(package, environment, "-m", "doctest", "session.txt")
    assert left.returncode == 0, left.stdout + left.stderr
    assert len(doctest.DocTestParser().get_examples(session)) == 11


def test_a_mistake_without_a_function_is_an_error(
    package: Path, environment: dict[str, str]
) -> None:
    words = package / "cgcli" / "homework" / "mistakes" / "mistakes.toml"
    text = words.read_text(encoding="utf-8")
    nameless = text.replace('at_use = "chain_added"', 'at_use = "chain_multiplied"')
    assert nameless != text
    words.write_text(nameless, encoding="utf-8")
    left = ran(package, environment, "-c", "import cgcli.homework.mistakes.table")
    words.write_text(text, encoding="utf-8")
    assert "there is no function chain_multiplied for a mistake" in left.stderr


def test_a_block_goes_where_the_page_says() -> None:
    table = "A = 1\nROWS: Final = (\n    1,\n)\nB = 2\n"
    assert with_row(table, "ROWS", "2\n") == "A = 1\nROWS: Final = (\n    1,\n    2,\n)\nB = 2\n"
