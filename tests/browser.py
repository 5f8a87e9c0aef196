"""Chromium, as Playwright drives it, and what axe finds in a page that is open there."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
HAS_DRIVER = importlib.util.find_spec("playwright") is not None
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(not BROWSER, reason="no Chromium is here"),
    pytest.mark.skipif(not HAS_DRIVER, reason="playwright is not here"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield chromium
        chromium.close()


def barriers(page: Any) -> list[tuple[str, list[str]]]:
    """Return what axe calls serious or critical in a page: the rules, and elements in its way."""
    package = pytest.importorskip("axe_playwright_python")
    page.evaluate((Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    return [
        (rule["id"], [node["html"][:160] for node in rule["nodes"][:3]])
        for rule in page.evaluate("() => axe.run()")["violations"]
        if rule["impact"] in ("serious", "critical")
    ]
