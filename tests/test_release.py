"""What a release is made of: its addresses, its workflow, and the forms beside it."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import setuptools

import cgcli

ROOT = Path(__file__).parent.parent
GITHUB = ROOT / ".github"


@pytest.mark.parametrize("server", ["", "https://github.com"])
def test_the_addresses_are_those_of_where_it_is_built(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(setuptools, "setup", lambda **options: given.update(options))
    monkeypatch.setenv("GITHUB_SERVER_URL", server)
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/something")
    runpy.run_path(str(ROOT / "setup.py"))
    urls = given["project_urls"]
    assert bool(urls) == bool(server)
    for url in urls.values():
        assert url.startswith("https://github.com/someone/something")
        path = url.partition("/blob/main/")[2]
        assert not path or (ROOT / path).exists()


def test_a_release_is_checked_attested_and_published_without_a_password() -> None:
    text = (GITHUB / "workflows" / "release.yml").read_text(encoding="utf-8")
    jobs = re.findall(r"^  (\w+):\n    (?:needs|runs-on)", text, re.MULTILINE)
    assert jobs == ["build", "attest", "publish"]
    steps = (".ci/run", "twine check", "attest-build-provenance", "gh-action-pypi-publish")
    assert [text.index(step) for step in steps] == sorted(text.index(step) for step in steps)
    assert "secrets." not in text
    # As the workflow reads it.
    init = (ROOT / "cgcli" / "__init__.py").read_text(encoding="utf-8")
    pattern = re.search(r"re\.search\(r\"(.*?)\", open", text)
    assert pattern is not None
    found = re.search(pattern[1].replace('\\"', '"'), init)
    assert found is not None
    assert found[1] == cgcli.__version__


def test_what_workflows_and_hooks_run_is_there() -> None:
    texts = [path.read_text("utf-8") for path in (GITHUB / "workflows").glob("*.yml")]
    texts.append((ROOT / ".ci" / "pre-commit.yaml").read_text("utf-8"))
    named = re.findall(r"(?:bash |pytest |-f )((?:\.ci|tests|docs)/[\w./-]+)", "\n".join(texts))
    assert {".ci/run", "tests/test_readme.py"} <= set(named)
    assert all((ROOT / name).exists() for name in named)
    extras = re.findall(r"\.\[([\w,]+)\]", "\n".join(texts))
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for extra in ",".join(extras).split(","):
        assert f"\n{extra} = [" in project
