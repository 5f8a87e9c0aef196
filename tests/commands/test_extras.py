"""What is said when a library is missing: a command that can be typed as it stands."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest

from cgcli import extras

SITE = Path("/env/site-packages")
LIBRARIES = '"duckdb>=1.1" "scipy>=1.13"'
REQUIRES = [
    "numpy>=1.26",
    'duckdb>=1.1; extra == "train"',
    "scipy>=1.13 ; extra == 'train'",
    'sympy>=1.13; extra == "simplify"',
]


class Installed:
    """A distribution with some of its files."""

    requires = REQUIRES

    def __init__(self, **files: str) -> None:
        self.files = files

    def read_text(self, name: str) -> str | None:
        return self.files.get(name.partition(".")[0])


@pytest.fixture
def hint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):  # noqa: ANN201  # a function
    """The hint of an installation: its files, and the folder of its environment."""

    def call(prefix: str = "/env", *, path: bool = True, folder: Path = SITE, **files: str) -> str:
        monkeypatch.setattr(extras, "__file__", str(folder / "cgcli" / "extras.py"))
        monkeypatch.setattr(importlib.metadata, "distribution", lambda _: Installed(**files))
        monkeypatch.setattr(sys, "prefix", prefix)
        monkeypatch.setattr(sys, "executable", f"{prefix}/bin/python")
        monkeypatch.setattr("shutil.which", lambda _: f"{prefix}/bin/python" if path else None)
        return extras.how_to_install("train")

    return call


def test_from_an_index_the_libraries_are_named(hint) -> None:  # noqa: ANN001
    assert hint(INSTALLER="pip\n") == f"python -m pip install {LIBRARIES}"
    assert hint(path=False) == f"/env/bin/python -m pip install {LIBRARIES}"
    assert hint("/my env", path=False) == f'"/my env/bin/python" -m pip install {LIBRARIES}'


def test_from_a_checkout(hint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN001
    folder = tmp_path / "my checkout"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    assert hint(folder=folder) == f'python -m pip install -e "{folder}[train]"'
    monkeypatch.chdir(folder)
    assert hint(folder=folder) == 'python -m pip install -e ".[train]"'


def test_by_pipx_and_uv(hint, tmp_path: Path) -> None:  # noqa: ANN001
    (tmp_path / "pyproject.toml").touch()
    for folder in (SITE, tmp_path):
        found = hint("/home/a/.local/share/pipx/venvs/cgcli", INSTALLER="pip", folder=folder)
        assert found == f"pipx inject cgcli {LIBRARIES}"
        tool = "/home/a/.local/share/uv/tools/cgcli"
        found = hint(tool, INSTALLER="uv", folder=folder)
        assert found == f"uv pip install --python {tool}/bin/python {LIBRARIES}"
    assert hint(INSTALLER="uv") == f"uv pip install --python /env/bin/python {LIBRARIES}"
    assert hint(INSTALLER="uv", folder=tmp_path) == (
        f'uv pip install --python /env/bin/python -e "{tmp_path}[train]"'
    )


def test_every_extra_brings_something() -> None:
    installed = importlib.metadata.distribution(extras.DISTRIBUTION)
    for extra in ("data", "draw", "image", "train", "simplify", "verify"):
        assert extras._libraries(installed, extra)
    assert "test" in installed.metadata.get_all("Provides-Extra", [])


def test_this_checkout_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(extras.__file__).parents[1]
    monkeypatch.chdir(root)
    assert extras.how_to_install("draw").endswith('pip install -e ".[draw]"')
