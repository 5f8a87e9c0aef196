"""The floats are as accurate as docs/accuracy.md says, on the sample that it is made from."""

from __future__ import annotations

from pathlib import Path

from benchmarks import accuracy

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"


def test_the_published_sample_is_within_its_bound() -> None:
    found = list(accuracy.sample())
    assert len(found) > 400
    assert len({each.program for each in found}) > 140
    assert not [each for each in found if each.ulps > each.allowed]


def test_every_function_is_within_its_bound() -> None:
    assert not [each for each in accuracy.functions() if each.ulps > each.allowed]


def test_an_error_is_seen() -> None:
    """A float that is 10 ulps off where the ball of 53 bits knows better is beyond the bound."""
    (value, *_) = accuracy.measure("", "", "x/3", {"x": 1.0})
    assert value.ulps <= 0.5
    number = 1 / 3 + 10 * 2.0**-54
    third = accuracy.ball(1) / 3
    wrong = accuracy.compare("", "", "", number, third, third)
    assert wrong.ulps > 8
    assert wrong.ulps > wrong.allowed


def test_the_page_has_a_row_for_each_group() -> None:
    page = PAGE.read_text(encoding="utf-8")
    groups = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    words = {each.group for each in (*accuracy.sample(), *accuracy.functions())}
    assert words <= set(groups)
