"""The site of docs/ in Chromium: nothing in it is in the way of anybody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.browser import MARKS, barriers, browser

__all__ = ["browser"]

ROOT = Path(__file__).parents[1]
pytestmark = MARKS


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("material", reason="the extra docs is not installed")
    folder = tmp_path_factory.mktemp("site")
    words = ["build", "--quiet", "--config-file", str(ROOT / ".ci" / "mkdocs.yml")]
    command = [sys.executable, "-m", "mkdocs", *words, "--site-dir", str(folder)]
    subprocess.run(command, check=True)
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_on_the_site_is_in_the_way_of_anybody(
    scheme: str, site: Path, browser: Any
) -> None:
    # Pages of `cgraph page` have a test of their own, and that of a wrong address needs a server.
    pages = [
        path
        for path in site.rglob("*.html")
        if path.parent.name != "pages" and path.name != "404.html"
    ]
    assert len(pages) > 30
    for path in pages:
        page = browser.new_page(color_scheme=scheme)
        page.goto(path.as_uri())
        assert not barriers(page), path.name
        page.close()
