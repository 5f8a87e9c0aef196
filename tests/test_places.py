"""Lines and columns of places in a text, by counting."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from cgcli.errors import Lines, Place, shorten


@given(st.text("ab\n", max_size=12))
@example("ab\nab")
def test_positions(text: str) -> None:
    lines = text.split("\n")
    for start in range(len(text) + 1):
        before = text[:start].split("\n")
        line, column = len(before), len(before[-1]) + 1
        assert Lines(text).position(start) == (line, column)
        for end in range(start, len(text) + 1):
            # A place over several lines ends with the first of them.
            within = min(end - start, len(lines[line - 1]) - column + 1)
            assert Place(text, start, end).position() == (line, column, column + within)


@given(st.text("abc", max_size=30), st.integers(3, 20))
def test_what_is_shortened_has_both_ends(text: str, length: int) -> None:
    short = shorten(text, length)
    if len(text) <= length:
        assert short == text
    else:
        left, _, right = short.partition("…")
        assert len(left) == len(right) == (length - 1) // 2
        assert text.startswith(left)
        assert text.endswith(right)
