"""The README keeps its word: every example's output, and the commands CI runs."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [
    pytest.param(block, id=f"{path.name}: {block.splitlines()[0]}")
    for path in DOCUMENTS
    for block in re.findall(r"```console\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
]


@pytest.mark.parametrize("block", EXAMPLES)
def test_an_example_prints_what_it_says(block: str, cgraph: Any) -> None:
    line, _, expected = block.partition("\n")
    ran = cgraph(*shlex.split(line.removeprefix("$ cgraph ")))
    assert ran.out + ran.err == expected


def test_the_library_example() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    test = doctest.DocTestParser().get_doctest(block, {}, "README.md", None, None)
    assert doctest.DocTestRunner().run(test) == (0, 5)


def test_links_lead_somewhere() -> None:
    for path in DOCUMENTS:
        for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), link


def test_every_option_of_eval_is_told(cgraph: Any) -> None:
    told = set(re.findall(r"--[a-z-]+", README))
    options = set(re.findall(r"(--[a-z-]+)", cgraph("eval", "--help").out)) - {"--help"}
    assert options <= told | {"--at"}


def test_ci_runs_the_second_command_as_it_stands() -> None:
    commands = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)
    assert "pytest" in commands[1]
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_picture_shows_what_the_program_prints(cgraph: Any) -> None:
    from xml.etree import ElementTree as ET

    drawn = ET.parse(ROOT / "docs" / "eval.svg").getroot()
    words = " ".join(text for text in drawn.itertext() if text.strip()).replace("\xa0", " ")
    table = cgraph("eval", "(x+y)*z", "x=1", "y=3", "z=-3").out.splitlines()
    for line in table[2:]:
        assert " ".join(line.split()) in " ".join(words.split())
    assert "http://" not in words
