"""docs/export.md: its examples run, a section for each language, and print what stands there."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "export.md").read_text("utf-8")
SECTIONS = {
    title: body
    for title, body in re.findall(r"^## (.*)\n((?:(?!^## ).*\n)*)", TEXT, re.MULTILINE)
    if "```shellsession" in body
}
NEEDS = {
    "C": "cc", "SQL": "duckdb", "JavaScript": "node", "JAX": "jax", "PyTorch": "torch",
    "ONNX": "onnxruntime",
}  # fmt: skip
MARKED = {"JAX", "PyTorch", "ONNX"}


def sections() -> list[object]:
    return [pytest.param(s, marks=[pytest.mark.export] * (s in MARKED)) for s in SECTIONS]


def test_every_language_has_a_section() -> None:
    assert [*SECTIONS] == ["C", "SQL", "JavaScript", "Python", "NumPy", "JAX", "PyTorch", "ONNX"]


@pytest.mark.parametrize("section", sections())
def test_the_example_runs(section: str, tmp_path: Path) -> None:
    need = NEEDS.get(section, "math")
    if shutil.which(need) is None and importlib.util.find_spec(need) is None:
        pytest.skip(f"{need} is not here")
    assert run_examples(SECTIONS[section], tmp_path) >= 2


def run_examples(text: str, tmp_path: Path) -> int:
    """Write the files of a page and run its commands, and return how many these are."""
    folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    ran = 0
    for kind, content in re.findall(r"```(.*)\n((?:(?!```).*\n)*)```", text):
        if kind != "shellsession":
            (tmp_path / kind.split()[1]).write_text(content)
            continue
        for step in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
            command, _, expected = step.partition("\n")
            command = command.replace("cgraph ", f"{sys.executable} -m cgcli ", 1)
            done = subprocess.run(
                ["bash", "-c", command],
                check=False,
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
            )
            assert (done.returncode, done.stderr) == (0, ""), command
            assert done.stdout == expected
            ran += 1
    return ran
