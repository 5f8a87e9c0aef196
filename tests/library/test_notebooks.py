"""The notebooks run, and show what they are saved with."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("*.ipynb"))
SHOWN = {
    "text/html": "_repr_html_",
    "image/svg+xml": "_repr_svg_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
    "text/plain": "__repr__",
}


def run(cell: str, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a cell as a notebook does; return the value of what it ends with, if it is one."""
    values: list[Any] = []
    monkeypatch.setattr(sys, "displayhook", values.append)
    for statement in ast.parse(cell).body:
        values.clear()
        exec(compile(ast.Interactive([statement]), "cell", "single"), names)
    return values[0] if values else None


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["fit", "neuron", "seed"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_it_is_saved_with(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        value = run("".join(cell["source"]), names, monkeypatch)
        printed = [output for output in cell["outputs"] if output["output_type"] == "stream"]
        assert capsys.readouterr().out == "".join("".join(output["text"]) for output in printed)
        (results,) = [o["data"] for o in cell["outputs"] if o not in printed] or [{}]
        assert (value is None) == (not results)
        for kind, text in results.items():
            assert getattr(value, SHOWN[kind])() == "".join(text)
