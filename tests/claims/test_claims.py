"""Each sentence of the pages has a test that fails when it is false, or claims nothing."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

from tests.claims.pages import NO_CLAIM, PAGES, ROOT, claims, sentences


@functools.cache
def defined(path: Path) -> frozenset[str]:
    """The tests that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("page", PAGES)
def test_every_sentence_is_claimed_and_every_claim_is_a_sentence(page: str) -> None:
    written, claimed = sentences(page), list(claims(page))
    assert [each for each in written if each not in claimed] == []
    assert [each for each in claimed if each not in written] == []
    assert len(set(written)) == len(written)


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_exists(page: str) -> None:
    for sentence, tests in claims(page).items():
        assert tests, sentence
        for test in tests:
            if test == NO_CLAIM:
                assert len(tests) == 1, sentence
                continue
            name, _, function = test.partition("::")
            assert function.startswith("test_"), test
            assert function in defined(ROOT / "tests" / name), test


@pytest.mark.parametrize("page", PAGES)
def test_most_sentences_are_held(page: str) -> None:
    table = claims(page)
    free = [sentence for sentence, tests in table.items() if tests == [NO_CLAIM]]
    assert len(free) < len(table) / 4


def test_a_page_is_read_into_its_sentences() -> None:
    found = sentences("conventions")
    assert "else NaN." in found
    assert not [each for each in found if each.startswith(("#", "```", "$ cgraph"))]
    assert any(each.startswith("| `certified` |") for each in sentences("certified"))
