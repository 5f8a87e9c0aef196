"""What is said when a library is missing: a command that can be typed as it stands."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest

from cgcli import extras

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

    def call(prefix: str = "/env", *, path: bool = True, **files: str) -> str:
        monkeypatch.setattr(extras, "__file__", "/env/site-packages/cgcli/extras.py")
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


def test_from_a_wheel_or_a_repository_too(hint) -> None:  # noqa: ANN001
    wheel = '{"archive_info": {}, "url": "file:///tmp/cgcli-1-py3-none-any.whl"}'
    assert hint(direct_url=wheel) == f"python -m pip install {LIBRARIES}"
    repository = '{"vcs_info": {"vcs": "git"}, "url": "https://example.org/cgcli"}'
    assert hint(direct_url=repository) == f"python -m pip install {LIBRARIES}"
    gone = '{"dir_info": {}, "url": "file:///nowhere/at/all"}'
    assert hint(direct_url=gone) == f"python -m pip install {LIBRARIES}"


def test_from_a_folder(hint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN001
    folder = tmp_path / "my checkout"
    folder.mkdir()
    origin = f'{{"dir_info": {{}}, "url": "{folder.as_uri()}"}}'
    assert hint(direct_url=origin) == f'python -m pip install "{folder}[train]"'
    editable = origin.replace("{}", '{"editable": true}')
    assert hint(direct_url=editable) == f'python -m pip install -e "{folder}[train]"'
    monkeypatch.chdir(folder)
    assert hint(direct_url=editable) == 'python -m pip install -e ".[train]"'


def test_by_pipx_and_uv(hint, tmp_path: Path) -> None:  # noqa: ANN001
    origin = f'{{"dir_info": {{"editable": true}}, "url": "{tmp_path.as_uri()}"}}'
    for more in ({}, {"direct_url": origin}):
        found = hint("/home/a/.local/share/pipx/venvs/cgcli", INSTALLER="pip", **more)
        assert found == f"pipx inject cgcli {LIBRARIES}"
        tool = "/home/a/.local/share/uv/tools/cgcli"
        found = hint(tool, INSTALLER="uv", **more)
        assert found == f"uv pip install --python {tool}/bin/python {LIBRARIES}"
    assert hint(INSTALLER="uv") == f"uv pip install --python /env/bin/python {LIBRARIES}"
    assert hint(INSTALLER="uv", direct_url=origin) == (
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
