"""The README keeps its word: every example's output, and the commands CI runs."""

from __future__ import annotations

import doctest
import json
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cgcli.commands.shared import COMMANDS
from cgcli.commands.shared import page as described

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MOVED = [ROOT / "docs" / f"{name}.md" for name in ("tour", "language", "scale", "install")]
TOLD = README + "".join(path.read_text(encoding="utf-8") for path in MOVED)
"""The README, and the pages that say at length what it says in short."""
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = [
    pytest.param(block, id=f"{path.name}: {block.splitlines()[0]}")
    for path in DOCUMENTS
    for block in re.findall(r"```console\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
]


@pytest.mark.parametrize("block", EXAMPLES)
def test_an_example_prints_what_it_says(
    block: str, cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    line, _, expected = block.partition("\n")
    ran = cgraph(*shlex.split(line.removeprefix("$ cgraph ")))
    assert agrees(ran.out + ran.err, expected)


def agrees(printed: str, expected: str) -> bool:
    """Whether the text was printed, a line of … standing for what is left out."""
    first, *others = re.split(r"^…\n", expected, flags=re.MULTILINE)
    if not others:
        return printed == expected
    *middle, last = others
    if not printed.startswith(first) or not printed.endswith(last):
        return False
    rest = printed[len(first) : len(printed) - len(last)]
    for part in middle:
        before, found, rest = rest.partition(part)
        if not before or not found:
            return False
    return bool(rest)


def test_what_is_left_out_is_all_that_may_differ() -> None:
    assert agrees("a\nb\nc\nd\n", "a\n…\nc\n…\n")
    assert not agrees("a\nb\nc\n", "a\n…\nd\n…\n")
    assert not agrees("a\nb\nc\n", "b\n…\n")
    assert not agrees("a\nb\nc\n", "a\nc\n")


HELP = {"--help", "--help-all"}


def test_the_library_example() -> None:
    blocks = "".join(re.findall(r"```python\n(.*?)```", TOLD, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(blocks, {}, "README.md", None, None)
    assert doctest.DocTestRunner().run(test) == (0, 11)


def test_the_readme_is_short() -> None:
    assert len(README.split()) <= 900
    shown = "```console\n$ cgraph ", "```python\n>>> import cgcli"
    assert sum(map(README.count, shown)) == 6


def test_the_cookbook_has_thirty_answers() -> None:
    page = (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8")
    questions = re.findall(r"^## (\d+)\. .*\?\n\n```console\n\$ cgraph ", page, re.MULTILINE)
    assert questions == [str(number) for number in range(1, 31)]


def test_the_made_pages_have_every_option() -> None:
    pages = runpy.run_path(str(ROOT / "docs" / "reference.py"))["pages"]()
    for name in COMMANDS:
        text = pages[f"commands/{name}.md"]
        for entries in described(name).groups.values():
            assert all(f"| `{entry.name}` | " in text for entry in entries)
        assert all(f"\n{line}\n" in text for line in described(name).examples)
    assert "](docs/" not in pages["index.md"]


def test_a_page_of_a_notebook_has_what_its_cells_gave() -> None:
    pages = runpy.run_path(str(ROOT / "docs" / "reference.py"))["pages"]()
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        text = pages[f"notebooks/{path.stem}.md"]
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            assert "".join(cell["source"]) in text
            for output in cell.get("outputs", ()):
                assert (
                    "image/svg+xml" in output.get("data", {})
                    or "".join(output.get("text", "")).rstrip() in text
                )
        for picture in re.findall(r"!\[[^]]+\]\(([^)]+)\)", text):
            assert ET.fromstring(pages[f"notebooks/{picture}"]).tag.endswith("svg")
        assert not re.search(r"<(span|pre)|&\w+;|\$", text.replace("$ cgraph", ""))
    assert "p      x + y         4         -3" in pages["notebooks/seed.md"]
    assert "Moving x up by a little moves g by -3 times as much." in pages["notebooks/seed.md"]


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("material", reason="the extra docs is not installed")
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path),
         "--config-file", str(ROOT / ".ci" / "mkdocs.yml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    index = json.loads((tmp_path / "search" / "search_index.json").read_text("utf-8"))
    found = {entry["location"].partition("#")[0] for entry in index["docs"]}
    written = {p.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for p in DOCUMENTS[1:]}
    written |= {f"notebooks/{name}.html" for name in ("seed", "neuron", "fit")}
    assert {*written, "index.html", *(f"commands/{name}.html" for name in COMMANDS)} <= found
    for page in tmp_path.rglob("*.html"):
        for link in re.findall(r'(?:href|src)="([^"#:?]+)[#"?]', page.read_text("utf-8")):
            assert page.name == "404.html" or (page.parent / link).exists(), (page, link)


def test_links_lead_somewhere() -> None:
    for path in DOCUMENTS:
        for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), link


@pytest.mark.parametrize("command", ["eval", "trace", "draw", "page", "diff", "check", "sheet"])
def test_every_option_is_told(command: str, cgraph: Any) -> None:
    told = set(re.findall(r"--[a-z-]+", TOLD))
    if command in ("check", "sheet"):
        page = (ROOT / "docs" / "homework.md").read_text("utf-8")
        told |= set(re.findall(r"--[a-z-]+", page))
    options = set(re.findall(r"(--[a-z-]+)", cgraph(command, "--help-all").out)) - HELP
    assert options <= told | {"--output", "--answers"}


@pytest.mark.parametrize("command", ["train", "predict", "map"])
def test_every_option_of_training_is_told(command: str, cgraph: Any) -> None:
    pages = [(ROOT / "docs" / name).read_text("utf-8") for name in ("training.md", "data.md")]
    told = set(re.findall(r"--[a-z-]+", "".join([TOLD, *pages])))
    options = set(re.findall(r"(--[a-z-]+)", cgraph(command, "--help-all").out)) - HELP
    # Other spellings of -o, -d and --optimizer.
    assert options <= told | {"--output", "--data", "--optimiser", "--learning-rate"}


def test_ci_runs_the_second_command_as_it_stands() -> None:
    commands = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)
    assert "pytest" in commands[1]
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_pictures_are_what_the_program_draws() -> None:
    path = ROOT / "docs" / "picture.py"
    made = runpy.run_path(str(path))["PICTURES"]
    for name, picture in made.items():
        drawn = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert words(drawn) == words(picture()), name
        # A name space, and who drew it, are the only addresses in it.
        assert "http" not in re.sub(r'xmlns="[^"]*"|<!--.*?-->', "", drawn)


def test_the_pages_are_what_the_program_writes() -> None:
    """Their lines, their numbers' code and their words; the picture in them is drawn above."""
    made = runpy.run_path(str(ROOT / "docs" / "picture.py"))["PAGES"]
    for name, page in made.items():
        kept, anew = (ROOT / "docs" / "pages" / name).read_text(encoding="utf-8"), page()
        for start, end in (('id="data">', "</script>"), ("const compute", "return f;")):
            texts = [text.partition(start)[2].partition(end)[0] for text in (kept, anew)]
            assert texts[0] == texts[1] != "", name


def words(picture: str) -> list[str]:
    """What is written in a picture: Rich's versions place and colour it a little differently."""
    texts = "".join(ET.fromstring(picture).itertext()).replace("\xa0", " ")
    return re.sub(r"\.[\w-]+ \{[^}]*\}|@media[^{]*|[{}]", "", texts).split()


def test_every_picture_is_shown() -> None:
    for path in (ROOT / "docs").glob("*.svg"):
        assert any(f"{path.name})" in page.read_text("utf-8") for page in DOCUMENTS), path
