"""`cgraph eval --jsonl`: one result or error a line, whatever comes."""

from __future__ import annotations

import json
import random
import re
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgcli.commands.alike import parser
from cgcli.commands.inputs import read_values
from cgcli.commands.lines import evaluate_line
from cgcli.limits import Limits
from cgcli.program import evaluate_program, parse
from cgcli.views.document import compact, evaluation, excerpt, written
from cgcli.views.formats import FIELDS
from tests.amounts import portion, sampled
from tests.documents import validate
from tests.properties.graphs import random_program


def lines(out: str) -> list[dict[str, Any]]:
    documents = [json.loads(line, parse_constant=pytest.fail) for line in out.splitlines()]
    for document in documents:
        validate(document, "jsonl")
    return documents


def test_results_come_in_order_with_their_ids(cgraph: Any) -> None:
    given_lines = [
        {"id": n, "expr": "(x+y)*z", "at": {"x": n, "y": 3, "z": "-3", "more": 1}}
        for n in range(50)
    ]
    ran = cgraph("eval", "--jsonl", stdin="\n".join(map(json.dumps, given_lines)).encode())
    assert (ran.status, ran.err) == (0, "")
    found = lines(ran.out)
    assert [document["id"] for document in found] == list(range(50))
    assert [document["value"] for document in found] == [(n + 3) * -3.0 for n in range(50)]
    assert next(iter(found[0])) == "id"


def test_a_line_is_answered_before_the_next_one_comes() -> None:
    command = [sys.executable, "-m", "cgcli", "eval", "--jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for pieces in ([b'{"expr": "2*x", "at": {"x": 3}}\n'], [b'{"expr": ', b'"6"}\n']):
            for piece in pieces:
                process.stdin.write(piece)
                process.stdin.flush()
            assert select.select([process.stdout], [], [], 60)[0]
            assert json.loads(process.stdout.readline())["value"] == 6.0


BAD = [
    (b"not JSON", "file"),
    (b"[1]", "usage"),
    (b'"x"', "usage"),
    (b"{}", "usage"),
    (b'{"expr": 3}', "usage"),
    (b'{"expr": "x", "at": [1]}', "usage"),
    (b'{"expr": "x", "of": 1}', "usage"),
    (b'{"expr": "x", "wrt": "x"}', "usage"),
    (b'{"expr": "x", "wrt": [1]}', "usage"),
    (b'{"expr": "x", "exact": 1}', "usage"),
    (b'{"expr": "x", "wtr": ["x"]}', "usage"),
    (b'{"expr": "x", "at": {"x": NaN}}', "file"),
    (b'{"expr": "x", "at": {"x": null}}', "binding"),
    (b'{"expr": "x", "at": {"x": true}}', "binding"),
    (b'{"expr": "x", "at": {"x": [[[1]]]}}', "binding"),
    (b'{"expr": "x", "at": {"x": [1, [2]]}}', "binding"),
    (b'{"expr": "x", "at": {"x": []}}', "binding"),
    (b'{"expr": "x", "at": {"x": "@/etc/passwd"}}', "syntax"),
    (b'{"expr": "x", "at": {"x": "y"}}', "binding"),
    (b'{"expr": "x", "at": {"x": 1, "x": 2}}', "file"),
    (b'{"expr": "@/etc/passwd"}', "syntax"),
    (b'{"expr": "-"}', "syntax"),
    (b'{"expr": "x +"}', "syntax"),
    (b'{"expr": "y"}', "binding"),
    (b'{"expr": "\\ud800"}', "syntax"),
    (b"\xff\xfe", "file"),
    (b'{"expr": "x", "at": ' + b"[" * 100_000, "file"),
    (b'{"expr": "x", "at": {"x": ' + b"9" * 10_000 + b"}}", "file"),
]


@pytest.mark.parametrize(("line", "kind"), BAD)
def test_a_bad_line_is_an_error_object_and_does_not_stop_the_others(
    line: bytes, kind: str, cgraph: Any
) -> None:
    good = b'{"id": "g", "expr": "2*x", "at": {"x": "1/2"}}'
    ran = cgraph("eval", "--jsonl", stdin=b"\n".join([good, b"", line, good, b""]))
    assert (ran.status, ran.err) == (1, "")
    first, bad, last = lines(ran.out)
    assert first == last
    assert first["value"] == 1.0
    assert (bad["id"], bad["error"]["kind"]) == (None, kind)


@sampled
@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
@settings(max_examples=portion(500), deadline=None)
def test_no_line_of_any_kind_is_a_fault(line: bytes) -> None:
    validate(json.loads(evaluate_line(line, Limits())[0]), "jsonl")


@sampled
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["expr", "at", "id", "x"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
@settings(max_examples=portion(500), deadline=None)
def test_no_json_of_any_kind_is_a_fault(value: Any) -> None:
    line = json.dumps({"expr": "x*2", "at": {"x": value}}).encode()
    validate(json.loads(evaluate_line(line, Limits())[0]), "jsonl")
    validate(json.loads(evaluate_line(json.dumps(value).encode(), Limits())[0]), "jsonl")


def test_lines_from_a_file(cgraph: Any, tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text('{"id": 1, "expr": "x", "at": {"x": 2}}\n')
    assert lines(cgraph("eval", f"@{file}", "--jsonl").out)[0]["value"] == 2.0
    assert cgraph("eval", f"@{file}x", "--jsonl").status == 2
    assert cgraph("eval", "x*y", "--jsonl").status == 2
    assert cgraph("eval", "--jsonl", "--wrt", "x").status == 2


@pytest.mark.parametrize("name", ["1e999", "-1e999", "[1e999]"])
def test_an_id_that_json_has_no_number_for(name: str, cgraph: Any) -> None:
    line = f'{{"id": {name}, "expr": "x", "at": {{"x": 2}}}}'.encode()
    good = b'{"id": 2, "expr": "x", "at": {"x": 3}}'
    first, second = lines(cgraph("eval", "--jsonl", stdin=line + b"\n" + good).out)
    assert (first["id"], first["value"], second["id"]) == (None, 2.0, 2)


def test_a_fault_in_one_line_does_not_stop_the_others(
    cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cgcli.commands import lines as module

    written = module.written

    def broken(result: Any, text: str, fields: Any) -> Any:
        if text == "x+1":
            raise ZeroDivisionError
        return written(result, text, fields)

    monkeypatch.setattr(module, "written", broken)
    given_lines = b'{"expr": "x+1", "at": {"x": 1}}\n{"expr": "x", "at": {"x": 3}}'
    ran = cgraph("eval", "--jsonl", stdin=given_lines)
    first, second = lines(ran.out)
    assert ran.status == 1
    assert first["error"]["kind"] == "fault"
    assert second["value"] == 3.0


def test_of_and_wrt_stand_in_the_line(cgraph: Any) -> None:
    at = '"at": {"x": 2, "y": 3}'
    given_lines = [
        f'{{"expr": "p = x*y; p^2", {at}, "of": "p", "wrt": ["x"]}}',
        f'{{"expr": "p = x*y; p^2", {at}, "wrt": ["p"]}}',
        f'{{"expr": "p = x*y; p^2", {at}, "of": "q"}}',
        f'{{"expr": "p = x*y; p^2", {at}, "wrt": "p"}}',
    ]
    found = lines(cgraph("eval", "--jsonl", stdin="\n".join(given_lines).encode()).out)
    assert (found[0]["output"], found[0]["gradient"]) == ("p", {"x": 3.0})
    assert found[1]["gradient"] == {"p": 12.0}
    assert [document["error"]["kind"] for document in found[2:]] == ["name", "usage"]


def test_what_is_not_json_is_told_by_its_line(cgraph: Any) -> None:
    (found,) = lines(cgraph("eval", "--jsonl", stdin=b"\n\n{oops\n").out)
    assert found["error"]["message"].startswith("line 3: this is not JSON")


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("wtr", "did you mean 'wrt'?"),
        ("WRT", "did you mean 'wrt'?"),
        ("expression", "did you mean 'expr'?"),
        ("Id", "did you mean 'id'?"),
        ("exat", "did you mean 'exact'?"),
        ("bindings", "the keys are id, expr, at, of, wrt, exact"),
        ("", "the keys are id, expr, at, of, wrt, exact"),
    ],
)
def test_a_key_that_means_nothing(key: str, hint: str, cgraph: Any) -> None:
    line = {"id": 1, "expr": "w*x", "at": {"w": 2, "x": 3}, key: ["w"]}
    ran = cgraph("eval", "--jsonl", stdin=json.dumps(line).encode())
    (found,) = lines(ran.out)
    assert (ran.status, found["id"], found["error"]["kind"]) == (1, 1, "usage")
    assert found["error"]["message"] == f"there is no key '{key}'"
    assert found["error"]["hint"] == hint


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"expr": 1}, 'a line needs an "expr", a string'),
        ({"at": [1]}, '"at" must be an object of names and values'),
        ({"of": ["p"]}, '"of" must be a name, a string'),
        ({"wrt": "x"}, '"wrt" must be a list of names'),
        ({"wrt": ["x", None]}, '"wrt" must be a list of names'),
        ({"exact": "yes"}, '"exact" must be true or false'),
    ],
)
def test_a_key_of_the_wrong_type(more: dict[str, Any], message: str, cgraph: Any) -> None:
    line = {"id": [7], "expr": "x", "at": {"x": 1}, **more}
    (found,) = lines(cgraph("eval", "--jsonl", stdin=json.dumps(line).encode()).out)
    assert (found["id"], found["error"]["message"]) == ([7], message)


def test_the_line_of_an_error_is_the_streams(cgraph: Any) -> None:
    given_lines = [
        b'{"expr": "x", "at": {"x": 1}}',
        b"",
        b'{"expr": "2*y +"}',
        b'{"expr": "a = 1\\nb = a +* 2"}',
        b'{"expr": "x", "at": {"x": "1/"}}',
        b'{"expr": "x", "wtr": 1}',
        b"{oops",
        b"[",
    ]
    found = lines(cgraph("eval", "--jsonl", stdin=b"\n".join(given_lines)).out)
    places = [(each["error"]["line"], each["error"]["column"]) for each in found[1:]]
    assert places == [(3, 6), (4, 8), (5, 3), (6, None), (7, 2), (8, 2)]
    assert found[2]["error"]["message"].endswith("(in line 2 of its text)")
    assert "of its text" not in found[1]["error"]["message"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b'{"id": 7, "expr": "x", "at": {"x": NaN}}', 7),
        (b'{"expr": "x", "at": {"x": NaN}, "id": "a"}', "a"),
        (b'{"id": {"a": [1]}, "expr": "x"', {"a": [1]}),
        (b'{"id": 7, "expr": "caf\xe9"}', 7),
        (b'{"id": 7, "expr": "x", "at": ' + b"[" * 100_000, 7),
        (b'\xef\xbb\xbf{"id": 7, oops', 7),
        (b'{"id": "caf\xe9", "expr": "x"}', None),
        (b'{"id": 12', None),
        (b'{"id": "a', None),
        (b'{"id": ' + b"[" * 100_000, None),
        (b"oops", None),
    ],
)
def test_the_id_of_a_line_that_cannot_be_used(line: bytes, name: Any, cgraph: Any) -> None:
    (found,) = lines(cgraph("eval", "--jsonl", stdin=line).out)
    assert (found["id"], "error" in found) == (name, True)


def test_a_line_that_is_too_long_is_one_line(cgraph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cgcli.commands.lines._LONGEST", 64)
    good = b'{"id": 2, "expr": "x", "at": {"x": 3}}'
    long = b'{"id": 1, "expr": "' + b"x + " * 100 + b'x"}'
    first, second, last = lines(
        cgraph("eval", "--jsonl", stdin=b"\n".join([long, good, b"oops"])).out
    )
    assert (first["id"], first["error"]["kind"], first["error"]["line"]) == (1, "limit", 1)
    assert (second["id"], second["value"], last["error"]["line"]) == (2, 3.0, 3)


SPELLED = ("2", "10", "0", "3.", ".5", "0.25", "1e3", "1E-2", "2.5e+1", "1e999", "1e0", "0007")


def of_a_stream(texts: list[str], at: dict[str, Any]) -> None:
    """Hold what a stream says of each text to what is said of it alone."""
    parse_once = parser(Limits())
    for text in texts:
        line = json.dumps({"expr": text, "at": at}).encode()
        assert evaluate_line(line, Limits(), parse_once) == evaluate_line(line, Limits()), text


@pytest.mark.parametrize("seed", range(20))
def test_a_program_with_other_numbers_is_as_if_it_stood_alone(seed: int) -> None:
    chance = random.Random(seed)
    text, bindings = random_program(chance)
    # A function and a comment have numbers as well, and a name ends with one.
    text = (
        f"h(u) = 3*u + 1\n# 2 of 3\nx2 = h(h({text.splitlines()[0].partition('=')[2]}))*2\n{text}"
    )
    pieces = re.split(r"(?<![\w.])\d+(?:\.\d+)?", text)

    def numbered() -> str:
        numbers = [chance.choice(SPELLED) for _ in pieces[1:]]
        return "".join(map("".join, zip(pieces, [*numbers, ""], strict=True)))

    of_a_stream([text, *(numbered() for _ in range(4)), text], bindings)


NAMED = ("f", "v1", "v2", "out", "e", "by", "in", "x0", "x1", "_", "X", "longer_name", "E2")


@pytest.mark.parametrize("seed", range(20))
def test_a_program_with_other_names_is_as_if_it_stood_alone(seed: int) -> None:
    chance = random.Random(seed)
    text, bindings = random_program(chance)
    given_names = [*bindings, *re.findall(r"^(\w+) =", text, re.MULTILINE)]
    for _ in range(4):
        new_names = chance.sample([*NAMED, *given_names], len(given_names))
        new = dict(zip(given_names, new_names, strict=True))
        named = re.sub(r"\b[A-Za-z_]\w*", lambda match, new=new: new.get(match[0], match[0]), text)
        of_a_stream([text, named], bindings)
        of_a_stream([text, named], {new[name]: value for name, value in bindings.items()})


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_with_gaps_is_the_document(seed: int) -> None:
    text, bindings = random_program(random.Random(seed))
    scalars = {"x": 10.0 ** (17 * seed - 20), "y": float(seed - 3), "100%": 1.0}
    for program, at in ((text, bindings), ("c = x*y; c^2 - sin(y) + 0.50*c + max(x, y)", scalars)):
        result = evaluate_program(parse(program), {}, read_values(at, Limits()))
        assert written(result, program) == compact(evaluation(result, program))
        assert written(result, program, FIELDS) == compact(excerpt(result, program, FIELDS))


@sampled
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                ["x", "y2", "f(", "(", ")", "*", "+", "-", "^", "e", "E", ".", "..", ","]
            )
            | st.sampled_from(
                ["1", "5", "1e", "1e0", ".5", "#", "\n", " ", "=", "pi", "５", "[", "]"]
            ),
            max_size=9,
        ).map("".join),
        min_size=2,
        max_size=6,
    )
)
@settings(max_examples=portion(150), deadline=None)
def test_texts_of_any_kind_are_as_if_each_stood_alone(texts: list[str]) -> None:
    of_a_stream(texts, {"x": 2, "y2": 3, "e": 0.5})


@pytest.mark.parametrize(
    "texts",
    [
        ["x + 1.5", "x + 5.3.2", "x + 1e3e5", "x + 2..5", "x + 2.e5", "x + 7x", "x + 22"],
        ["sum([x, 2], 0)", "sum([x, 2], 1)", "[x, 4][1]", "[x, 5][0]", "[x, 5][7]"],
        ["sum(onehot(1, 4))*x", "sum(onehot(2, 3))*x", "sum(onehot(3, 3))*x"],
        ["h[1] = 2*x; h[1]", "h[2] = 2*x; h[2]", "h[2] = 2*x; h[3]", "h[1.5] = 2*x; h[1.5]"],
        ["for t in 1..1 { q[t] = t*x }; q[1]", "for t in 1..3 { q[t] = t*x }; q[2]"],
        ["2*pi*x", "2.5*pi*x", "pi = 3; pi*x", "pi = 33; pi*x", "e*x*2", "e*x*22"],
        ["c = 2; c*x", "c = 25; c*x", "c = 2; d = c; d*x", "c = 12; d = c; d*x"],
        ["x^2", "x^0.5", "x^10", "2^x", "polygamma(1, x)", "polygamma(2, x)", "polygamma(0.5, x)"],
        ["x + y*2", "x + y*31", "x*", "2*", "31*", "2*x + 0*x", "31*x + 0*x"],
        ["x*y + p", "y*x + p", "f = x*2; f", "y = x*2; y", "v1 = x + 1; v1*2", "g = x + 1; g*2"],
        ["sin(x)", "cos(x)", "g(u) = u*2; g(x)", "h(t) = t*2; h(x)", "sin(u) = u; sin(x)", "ln(x)"],
        ["1e17*x - 1e17*x + x", "2.5e16*x - 2.5e16*x + x", "sqrt(x - 2)", "sqrt(x - 3.25)"],
    ],
)
def test_where_a_number_decides(texts: list[str]) -> None:
    for at in (
        {"x": 2},
        {"x": [2, 3]},
        {"x": 2, "pi": 3, "c": 4},
        {"x": 2, "e": 3},
        {"x": 2, "y": "1/3"},
        {"x": "oops"},
    ):
        of_a_stream(texts, at)
