"""The parser: what it builds, and that it accepts what Lark's own parser accepts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark
from lark.exceptions import LarkError

from cgcli.errors import CgraphError
from cgcli.language import tables
from cgcli.language.messages import SITUATIONS
from cgcli.language.parse import parse
from cgcli.language.reader import machine, normalise, tokens
from cgcli.language.syntax import Assignment, Function, Loop, Value
from cgcli.limits import Limits
from tests.amounts import portion, sampled

GRAMMAR = tables.files()[0]
with open(GRAMMAR, encoding="utf-8") as _file:
    LARK = Lark(_file.read(), parser="lalr", lexer="contextual")


def postfix(text: str) -> str:
    """The entries of a program's last expression, in words."""
    statement = parse(text).block[-1]
    assert not isinstance(statement, Loop)
    return " ".join(str(entry[1]) for entry in statement.expression)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + y*z", "x y z mul add"),
        ("x - y - z", "x y sub z sub"),
        ("x/y*z", "x y div z mul"),
        ("-x^2", "x 2 pow neg"),
        ("2^-1", "2 1 neg pow"),
        ("2^3^2", "2 3 2 pow pow"),
        ("2**3**2", "2 3 2 pow pow"),
        ("2^-x^2", "2 x 2 pow neg pow"),
        ("-x*y", "x neg y mul"),
        ("x*-y", "x y neg mul"),
        ("--x", "x neg neg"),
        ("+x", "x pos"),
        ("a@b*c", "a b matmul c mul"),
        ("a < b + c", "a b c add lt"),
        ("(a < b) < c", "a b lt c lt"),
        ("sin(x)^2", "x sin 2 pow"),
        ("max(a, b, c)", "a b c max"),
        ("[1, [2, 3]]", "1 2 3 None None"),
        ("1.", "1."),
        (".5e-3", ".5e-3"),
        ("π*2", "pi 2 mul"),
        ("by*in", "by in mul"),
        ("（x＋y）＊z", "x y add z mul"),
        ("x − y × z ÷ w · v", "x y z mul w div v mul sub"),
        ("\ufeffx\u00a0+ y", "x y add"),
        ("(x +\n y)", "x y add"),
        ("[x,\n\n y]", "x y None"),
    ],
)
def test_expression(text: str, expected: str) -> None:
    assert postfix(text) == expected


def test_statements() -> None:
    text = "f(a, b) = a*b  # a product\n\nh[0] = 1; for t in 0..9 by 2 {\n h[t+1] = h[t] } x = 3;"
    kinds = [type(statement) for statement in parse(text).block]
    assert kinds == [Function, Assignment, Loop, Assignment]
    loop = parse(text).block[2]
    assert isinstance(loop, Loop)
    assert loop.range.step is not None


def test_a_loop_needs_no_separator_and_its_brace_may_stand_below() -> None:
    block = parse("for t in 0..1\n{ x } for t in 0..1 { y } z").block
    assert [type(statement) for statement in block] == [Loop, Loop, Value]


def test_spans_are_those_of_the_pasted_text() -> None:
    statement = parse("（x＋ y）×z").block[0]
    assert isinstance(statement, Value)
    assert [entry[3:] for entry in statement.expression] == [(1, 2), (4, 5), (1, 5), (7, 8), (0, 8)]


@pytest.mark.parametrize(
    "text", ["f(a) = b = c", "1 = x", "x + y = 3", "f(1) = 2", "f(g(x)) = 2", "[a] = 1", "-x = 1"]
)
def test_bad_targets(text: str) -> None:
    with pytest.raises(CgraphError) as caught:
        parse(text)
    assert caught.value.kind == "syntax"


@pytest.mark.parametrize(("opening", "closing"), ["()", "[]", ("sin(", ")"), ("{", "}")])
def test_depth_is_bounded(opening: str, closing: str) -> None:
    limits = Limits(depth=30)
    program = opening * 30 + "x" + closing * 30
    if opening == "{":
        program = "for t in 0..0 {" * 30 + "x" + "}" * 30
    parse(program, limits)
    with pytest.raises(CgraphError) as caught:
        parse(f"for t in 0..0 {{{program}}}" if opening == "{" else f"({program})", limits)
    assert caught.value.kind == "limit"


WORDS = [
    "x", "f", "2", ".5", "+", "-", "*", "/", "^", "**", "@", "(", ")", "[", "]", ",", "=", "==",
    "<", "..", "for", "in", "by", "{", "}", ";", "\n", "t", "f(", "x[", "for t in 0..2 {",
]  # fmt: skip


@sampled
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
@settings(max_examples=portion(2000), deadline=None)
def test_accepts_what_lark_accepts(text: str) -> None:
    """Lark's own parser, fed with the reader's tokens, is the judge of the short loop here."""
    interactive = LARK.parse_interactive("")
    accepted = True
    try:
        feed(interactive, text)
    except LarkError:
        accepted = False
    try:
        parse(text)
    except CgraphError as error:
        meant = ("the left side of '='", "there is no expression", "two parameters")
        assert not accepted or error.message.startswith(meant), error.message
    else:
        assert accepted


def feed(interactive: Any, text: str) -> None:
    from lark import Token

    for kind, word, _, _ in tokens(normalise(text), text, 100, machine()):
        if kind == "$END":
            break
        soft = kind in ("IN", "BY") and kind not in interactive.accepts()
        interactive.feed_token(Token("NAME" if soft else kind, word))
    interactive.feed_eof()


def test_tables_are_built_when_the_file_is_stale(tmp_path: Any) -> None:
    grammar, kept = tmp_path / "g.lark", tmp_path / "g.json"
    grammar.write_text('start: "x" -> first\n')
    tables.save(str(grammar), str(kept))
    assert tables.load(str(grammar), str(kept)).rules == [("start", 1, "first")]
    grammar.write_text('start: "x" -> second\n')
    assert tables.load(str(grammar), str(kept)).rules == [("start", 1, "second")]
    kept.write_text("not JSON")
    assert tables.load(str(grammar), str(kept)).rules == [("start", 1, "second")]


def test_tables_are_built_when_an_imported_grammar_is_another(tmp_path: Any) -> None:
    grammar, imported, kept = tmp_path / "g.lark", tmp_path / "words.lark", tmp_path / "g.json"
    grammar.write_text("%import .words (word)\nstart: word\n")
    imported.write_text('word: "x" -> first\n')
    tables.save(str(grammar), str(kept))
    imported.write_text('word: "x" -> second\n')
    aliases = [alias for _, _, alias in tables.load(str(grammar), str(kept)).rules]
    assert sorted(aliases) == ["second", "start"]


@pytest.mark.parametrize("name", tables.GRAMMARS)
def test_tables_do_not_change_from_build_to_build(name: str) -> None:
    path = tables.files(name)[0]
    assert tables.build(path) == tables.build(path)


def test_no_message_is_left_without_a_situation() -> None:
    assert SITUATIONS[-1].fits(None)  # type: ignore[arg-type]
