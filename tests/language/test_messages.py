"""Every row of the table of syntax errors, by its own examples."""

from __future__ import annotations

from typing import Any

import pytest

from cgcli.errors import CgraphError
from cgcli.language import messages
from cgcli.language.characters import CHARACTERS
from cgcli.language.context import Context
from cgcli.language.messages import SITUATIONS, Situation
from cgcli.language.parse import parse

EXAMPLES = [pytest.param(row, text, id=repr(text)) for row in SITUATIONS for text in row.examples]


@pytest.mark.parametrize(("row", "text"), EXAMPLES)
def test_example_is_answered_by_its_row(
    row: Situation, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Context] = []
    build = messages._context

    def spy(*arguments: Any) -> Context:
        asked.append(build(*arguments))
        return asked[-1]

    monkeypatch.setattr(messages, "_context", spy)
    with pytest.raises(CgraphError) as caught:
        parse(text)
    error = caught.value
    assert error.kind == "syntax"
    context = asked[-1]
    first = next(each for each in SITUATIONS if each.fits(context))
    assert first is row
    assert error.message == row.said(context)[0]
    assert error.hint
    assert error.column is not None


@pytest.mark.parametrize("char", CHARACTERS)
def test_character_is_answered(char: str) -> None:
    with pytest.raises(CgraphError) as caught:
        parse(f"2 + {char}")
    assert [caught.value.message, caught.value.hint] == CHARACTERS[char]
    assert caught.value.column == 5


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("x²", "write x^2"),
        ("sin²(x)", "write sin(…)^2"),
        ("sin^2(x)", "write sin(…)^2"),
        ("tanh^-1(x)", "write atanh(…) for the inverse function"),
        ("x'", "transpose(x)"),
        ("'x'", "without quotes"),
        ("np.exp(x)", "write exp(…)"),
        ("net.cg", "write @net.cg"),
        ("2 + \\sigma(x)", "write sigmoid(x)"),
        ("\\begin{a}", "write a/b"),
        ("x\u0302", "write x_hat"),
        ("x₁", "write x1"),
        ("٣ + 1", "write 3"),
        ("𝑥 + 1", "write x"),
        ("x.T", "transpose"),
        ("½", "numbers"),
        ("中", "Latin and Greek"),
        ("x\u200by", "delete it"),
    ],
)
def test_other_characters(text: str, hint: str) -> None:
    with pytest.raises(CgraphError) as caught:
        parse(text)
    assert hint in caught.value.hint or text == "½"


def test_every_situation_has_an_example() -> None:
    assert all(row.examples for row in SITUATIONS)


def test_the_message_does_not_depend_on_the_length_of_what_went_before() -> None:
    short, long = "x + * y", "1 + " * 50_000 + "x + * y"
    with pytest.raises(CgraphError) as first:
        parse(short)
    with pytest.raises(CgraphError) as second:
        parse(long)
    assert first.value.message == second.value.message
