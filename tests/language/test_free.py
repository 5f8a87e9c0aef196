"""The free names of a program, and where each is first used."""

from __future__ import annotations

import re

import pytest

from cgcli.language.free import free_names, given_names
from cgcli.language.parse import parse


@pytest.mark.parametrize(
    "marked",
    [
        "§y + §x*y + x",
        "a = §b*§a0 + b; c = a + b^§c0",
        "for t in 0..§n { h[t] = t*§w } h[n] + §t",
        "for t in 0..2 { for u in t..§m { h[t, u] = t + u } } h[0, 1]",
        "sum([§x*k for k in 0..§k])",
        "f(a) = a*§b; f(§a)",
        "f(a) = a*b; §x",
        "§x[§i] + x[0]",
    ],
)
def test_first_uses(marked: str) -> None:
    text = marked.replace("§", "")
    names = {
        match[1]: match.start() - marked[: match.start()].count("§")
        for match in re.finditer(r"§(\w+)", marked)
    }
    found = free_names(parse(text))
    # In the order of their first uses.
    assert [(name, start) for name, (start, _) in found.items()] == list(names.items())
    assert [text[start:end] for start, end in found.values()] == list(names)


def test_what_a_program_gives() -> None:
    text = "f(a) = a; b = x; for t in 0..1 { for u in 0..1 { h[t, u] = f(b); c[t, u] = 1 } } b"
    assert given_names(parse(text)) == {"f", "b", "h", "c"}
