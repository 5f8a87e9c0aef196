"""The sentences for programs that cannot be built: each is said somewhere, and fills in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cgcli.graph
from cgcli.errors import CgraphError
from cgcli.program import parse
from cgcli.resource import read_toml

ROWS = read_toml("cgcli.graph", "refusals.toml")


def test_every_row_is_said_and_every_key_is_a_row() -> None:
    folder = Path(cgcli.graph.__file__).parent
    code = "".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.py")))
    for key in ROWS:
        assert f'"{key}"' in code, key
    said = {*re.findall(r'(?:self\.error|refusal)\((?:text, |self\.text, )?"([\w-]+)"', code)}
    assert said
    assert said <= {*ROWS}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("f(a) = a", "the program ends with a function's definition and has no value", "f(a)"),
        ("for t in 0..1 { a = t } a", "'a' is assigned again at each turn of the loop", "a[t]"),
        ("a = 1; a = 2", "'a' is assigned twice", "a name of its own"),
        ("f(a, b) = a; f(1)", "f takes 2 arguments, not 1", "write f(a, b)"),
        ("f(a) = f(a); f(1)", "the function 'f' calls itself", "h[t+1] = …"),
        ("x[0.5]", "an index must be a whole number, and this is 0.5", "round it"),
        ("sum([x for t in 3..1])", "the range 3..1 counts up and holds nothing", "3..1 by -1"),
        ("sum([x for t in 3..1 by 0])", "the step of a range cannot be 0", "by 1 or by -1"),
        ("x[n]", "'n' must be known when the graph is built", "bind it to a whole number, n=…"),
        ("y(2)", "'y' is a value, not a function", "write y*(2); to define"),
    ],
)
def test_what_is_said(text: str, message: str, hint: str) -> None:
    with pytest.raises(CgraphError) as caught:
        parse(text).graph()
    assert caught.value.message == message
    assert hint in caught.value.hint
    assert caught.value.places
