"""The page on the library is true: its examples run, one after the other."""

from __future__ import annotations

import doctest
from pathlib import Path


def test_the_examples_run() -> None:
    page = Path(__file__).parents[2] / "docs" / "library.md"
    options = doctest.NORMALIZE_WHITESPACE | doctest.REPORT_UDIFF
    failed, count = doctest.testfile(str(page), module_relative=False, optionflags=options)
    assert (failed, count > 20) == (0, True)
