"""`cgraph eval --jsonl`: one result or error a line, whatever comes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgcli.commands.lines import evaluate_line
from cgcli.limits import Limits
from cgcli.views.schemas import read

SCHEMA = jsonschema.Draft202012Validator(json.loads(read("jsonl")))


def lines(out: str) -> list[dict[str, Any]]:
    documents = [json.loads(line, parse_constant=pytest.fail) for line in out.splitlines()]
    for document in documents:
        SCHEMA.validate(document)
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


BAD = [
    (b"not JSON", "file"),
    (b"[1]", "usage"),
    (b'"x"', "usage"),
    (b"{}", "usage"),
    (b'{"expr": 3}', "usage"),
    (b'{"expr": "x", "at": [1]}', "usage"),
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


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
@settings(max_examples=500, deadline=None)
def test_no_line_of_any_kind_is_a_fault(line: bytes) -> None:
    SCHEMA.validate(json.loads(json.dumps(evaluate_line(line, Limits()))))


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
@settings(max_examples=500, deadline=None)
def test_no_json_of_any_kind_is_a_fault(value: Any) -> None:
    line = json.dumps({"expr": "x*2", "at": {"x": value}}).encode()
    SCHEMA.validate(json.loads(json.dumps(evaluate_line(line, Limits()))))
    SCHEMA.validate(json.loads(json.dumps(evaluate_line(json.dumps(value).encode(), Limits()))))


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

    evaluation = module.evaluation

    def broken(result: Any, text: str) -> Any:
        if text == "x+1":
            raise ZeroDivisionError
        return evaluation(result, text)

    monkeypatch.setattr(module, "evaluation", broken)
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
