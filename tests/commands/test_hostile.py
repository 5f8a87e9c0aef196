"""What strangers send: code, markup, escapes, absurd files. One clear error, always."""

from __future__ import annotations

import io
import json
import os
import pickle  # noqa: TID251  # to make what must never be read
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cgcli import parse
from cgcli.commands.inputs import read_bindings
from cgcli.errors import CgraphError
from cgcli.limits import Limits
from cgcli.views.gate import printable
from cgcli.views.messages import error_lines
from tests.amounts import portion, sampled

TEXTS = [
    "().__class__.__bases__[0].__subclasses__()",
    "__import__('os').system('true')",
    "x.__class__",
    "__builtins__",
    "{0.__class__}",
    "%s%n%x",
    "${IFS}",
    "$(touch /tmp/x)",
    "`id`",
    "[bold red]x[/bold red]",
    "[link=http://x]y[/link]",
    "\x1b]0;title\x07x",
    "\x9b31mx",
    "x\x00y",
    "x\u202ey\u2066",
    "x\u2028y",
    "lambda: 0",
    "x if y else z",
    "9^9^9^9",
    "10**10**10",
    "[" * 9000 + "]" * 9000,
    "f(a) = a; " * 3,
    "f(a)=f(f(a)); f(1)",
    "for t in 0..1e9 { x }",
    "for t in 0..inf { x }",
    "x[1e300]",
    "x[0.5]",
    "onehot(1, 1e12)",
    "onehot(1, 100000000)",
    "[0 for t in 0..10^15]",
    "sum([[0 for i in 0..9] for j in 0..9], 10^30)",
    "1e999999999999",
    "0." + "0" * 100_000 + "1",
    "9" * 100_000,
    "x" * 1_000_000,
    "-" * 100_000 + "1",
    "polygamma(10^9, 2)",
    "gamma(-1e308)",
    "mod(1e308, 1e-308)",
    "round(1e308) + floor(inf) + ceil(-inf)",
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:24]))
def test_text(text: str, cgraph: Any) -> None:
    for words in ([text], [text, "x=1"], ["x", f"x={text}"], ["x*1", f"{text}=1"]):
        ran = cgraph("eval", *words, "--max-nodes", "100000")
        assert ran.status in (0, 2)
        assert len(ran.out) + len(ran.err) < 100_000
        for char in "\x1b\x07\x00\x9b\u202e\u2028\u2066":
            assert char not in ran.out + ran.err
        assert "Traceback" not in ran.err
        if ran.status == 2:
            assert ran.out == ""
            assert ran.err.startswith("error: ")


@sampled
@given(
    st.text(max_size=40) | st.text(alphabet="xy()[]{}+-*/^@=<>!;,.\n 0123eforinby:t_#", max_size=40)
)
@settings(max_examples=portion(1500), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example("x\ud800")
@example("π=π")
def test_any_text_at_all_is_a_value_or_an_error(text: str) -> None:
    try:
        program = parse(text, Limits(nodes=2000, numbers=100_000))
        graph = program.graph()
        program.evaluate(dict.fromkeys(graph.inputs, 0.5))
    except CgraphError as error:
        assert error.message
        assert all(printable(line) == line for line in error_lines(error))
        if error.places:
            assert error.line is not None
            assert error.column is not None


@sampled
@given(st.text(max_size=30))
@settings(max_examples=portion(500), deadline=None)
def test_any_binding_at_all_is_a_value_or_an_error(text: str) -> None:
    for argument in (text, f"x={text}"):
        if "=@" in argument.replace("＝", "=").replace("＠", "@"):
            continue
        try:
            read_bindings([argument], None, Limits(nodes=2000))
        except CgraphError as error:
            assert error_lines(error)


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, ("echo exploded > exploded",))


def head(shape: str, dtype: str = "<f8", version: int = 1) -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text


def npy_files() -> dict[str, bytes]:
    objects = io.BytesIO()
    np.save(objects, np.array([Bomb()], dtype=object), allow_pickle=True)
    return {
        "pickle": pickle.dumps(Bomb()),
        "objects": objects.getvalue(),
        "absurd": head("(1000000000000, 1000000000000)") + b"\0" * 64,
        "huge": head("(99999999999999999999999,)") + b"\0" * 64,
        "negative": head("(-1,)") + b"\0" * 64,
        "negative twice": head("(-1, -8)") + b"\0" * 64,
        "nothing times much": head("(0, 1" + "0" * 30 + ")"),
        "deep": head("(1, 1, 1)") + b"\0" * 8,
        "truncated": head("(4,)") + b"\0" * 8,
        "trailing": head("(1,)") + b"\0" * 16,
        "complex": head("(1,)", "<c16") + b"\0" * 16,
        "text": head("(1,)", "<U4") + b"\0" * 16,
        "record": head("(1,)", "V8") + b"\0" * 8,
        "empty": b"",
        "magic": b"\x93NUMPY",
        "version": head("(1,)", version=9),
        "code": head("__import__('os').system('true')"),
        "nested": head("(" * 5000 + ")" * 5000),
        "zero": head("(0,)"),
        "random": bytes(range(256)),
    }


@pytest.mark.parametrize("name", npy_files())
def test_npy_files(name: str, cgraph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.npy").write_bytes(npy_files()[name])
    ran = cgraph("eval", "sum(w)", "w=@w.npy")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("w.csv", "", "empty"),
        ("w.csv", '1,"2\n', "it is not CSV: a quote is opened and never closed"),
        ("w.csv", '1,2\n1,"2"3\n', "it is not CSV: line 2 has text after"),
        ("w.csv", "1,2\n3\n", "row 2 has 1 cells"),
        ("w.csv", "a,b\n1,2\n", "row 1, column 1: 'a'"),
        ("w.csv", "1,\n", "row 1, column 2: ''"),
        ("w.csv", "1_000\n", "'1_000'"),
        ("w.csv", "nan\n", "'nan'"),
        ("w.csv", "=cmd()\n", "is not a number"),
        ("w.csv", "٣\n", "is not a number"),
        ("w.csv", '"1\n', "not CSV"),
        ("w.json", "[1, ", "not JSON"),
        ("w.json", "NaN", "NaN"),
        ("w.json", "[" * 100_000, "nest too deeply"),
        ("w.json", '{"a": 1, "a": 2}', "twice"),
        ("w.json", "[[1], [1, 2]]", "one length"),
        ("w.json", "null", "not a number"),
        ("w.json", '{"a": 1}', "not a number"),
        ("w.json", "[[[1]]]", "deeper"),
        ("w.pkl", "1", ".json, .csv and .npy"),
    ],
)
def test_value_files(name: str, text: str, part: str, cgraph: Any, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    ran = cgraph("eval", "sum(w)", f"w=@{tmp_path / name}")
    assert (ran.status, ran.out) == (2, "")
    assert part in ran.err


@pytest.mark.parametrize(
    "text", ["[1]", "1", "{", '{"x": {}}', '{"x": "y"}', '{"x": 1, "x": 2}', ""]
)
def test_at_files(text: str, cgraph: Any, tmp_path: Path) -> None:
    (tmp_path / "at.json").write_text(text)
    ran = cgraph("eval", "x", "--at", str(tmp_path / "at.json"), "--json")
    assert ran.status == 2
    assert json.loads(ran.out)["error"]["message"]


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/", "", "\0", "x" * 5000])
def test_paths(path: str, cgraph: Any) -> None:
    for words in ([f"@{path}"], ["x", f"x=@{path}"], ["x", "--at", path], [f"@{path}", "--jsonl"]):
        ran = cgraph("eval", *words)
        assert ran.status in (1, 2)
        assert "Traceback" not in ran.err


def test_nothing_ever_reads_a_file_but_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "p.cg").write_text("1")
    with pytest.raises(CgraphError):
        parse(f"@{tmp_path}/p.cg")
