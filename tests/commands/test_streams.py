"""What reaches a terminal, and another program: escaped, in the right encoding, rightly blamed."""

from __future__ import annotations

import ast
import contextlib
import html.parser
import json
import os
import pty
import re
import select
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.commands.shared import COMMANDS

RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
EVIL = "\x1b[31mred\x1b]0;pwn\x07\x9b2J\u202ex\x7f"
"""Colours, a title, a bell, C1's own CSI, text from right to left, and a delete."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with something hostile in every place that a command looks at."""
    texts = {
        "cell.csv": f"x,y\n1,{EVIL}\n2,3\n",
        "lines.csv": 'x,y\n1,"a\nerror: forged\r\x1b[2K"\n2,3\n',
        "head.csv": f"x,{EVIL}\n1,2\n",
        "d.csv": "x,y\n1,2\n2,4\n",
        "cell.jsonl": json.dumps({"x": EVIL, "y": 1}) + '\n{"x": 1, "y": 2}\n',
        "raw.json": f'[{{"x": "{EVIL}", "y": 1}}]',
        "w.csv": f"1,{EVIL}\n",
        "w.json": json.dumps([1, EVIL]),
        "at.json": json.dumps({"x": EVIL}),
        "name.json": json.dumps({EVIL: 1, "x": 1}),
        "sheet.txt": f"p = {EVIL}\n{EVIL}\nf = {EVIL} 2\n",
        f"{EVIL}.txt": "f = 2\n",
        f"{EVIL}.csv": "x,y\n1,z\n",
        "evil.cg": f"x*y # {EVIL}\n",
        "wrong.cg": f"x*{EVIL}\n",
        "m.json": json.dumps({"schema": "cgraph.model/1", "program": EVIL, EVIL: EVIL}),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, newline="")
    (tmp_path / "w.npy").write_bytes(_npy(f"[('{EVIL}', '<f8')]"))
    (tmp_path / "s.npy").write_bytes(_npy(f"'{EVIL}'"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _npy(kind: str) -> bytes:
    import struct

    head = f"{{'descr': {kind}, 'fortran_order': False, 'shape': (1,)}}".encode()
    return b"\x93NUMPY\x03\x00" + struct.pack("<I", len(head)) + head + bytes(8)


HOSTILE = [
    "export EVIL --to python",
    "export x*y --to c --name EVIL",
    "export x*y --to EVIL",
    "map x+y -d cell.csv --skip-bad",
    "map x+y -d cell.csv",
    "map x+y -d lines.csv --skip-bad",
    "map x+y -d cell.jsonl --skip-bad",
    "map x+y -d cell.jsonl --skip-bad --format jsonl",
    "map x+y -d cell.jsonl --skip-bad --json",
    "map x+y -d raw.json --skip-bad",
    "map x+z -d head.csv",
    "map x+y -d EVIL.csv --skip-bad",
    "map x+y -d EVIL.nothing",
    "map x+y -d d.csv -o EVIL.parquet",
    "map x+y -d d.csv -o none/EVIL.csv",
    "train (w*x-y)^2 -d cell.csv w=0 --skip-bad --epochs 2",
    "train (w*x-y)^2 -d head.csv w=0",
    "train (w*x-y)^2 -d d.csv w=0 --stack x=EVIL",
    "train (w*x-y)^2 -d d.csv w=0 --optimizer EVIL",
    "train (w*x-y)^2 -d d.csv w=0 -o EVIL.onnx",
    "train --resume m.json",
    "predict m.json -d d.csv",
    "predict EVIL -d d.csv",
    "eval x+sum(w) x=1 w=@w.npy",
    "eval x+sum(w) x=1 w=@s.npy",
    "eval x+sum(w) x=1 w=@w.csv",
    "eval x+sum(w) x=1 w=@w.json",
    "eval x+sum(w) x=1 w=@EVIL",
    "eval x --at at.json",
    "eval x --at name.json",
    "eval x --at m.json",
    "eval @evil.cg x=1 y=2",
    "eval @evil.cg x=1 y=2 --json",
    "eval @wrong.cg x=1 y=2",
    "eval @EVIL",
    "eval EVIL",
    "eval x x=EVIL",
    "eval x EVIL=1",
    "eval x x=1 --of EVIL",
    "eval x x=1 --wrt EVIL",
    "eval x x=1 --EVIL",
    "eval x x=1 --digits EVIL",
    "trace @evil.cg x=1 y=2",
    "trace @evil.cg x=1 y=2 --format markdown",
    "trace @evil.cg x=1 y=2 --format latex --standalone",
    "trace @evil.cg x=1 y=2 --format html",
    "trace @evil.cg x=1 y=2 --format json",
    "trace @evil.cg x=1 y=2 --tree",
    "trace @evil.cg x=1 y=2 --format EVIL",
    "page @evil.cg x=1 y=2",
    "page @evil.cg x=1 y=2 --title EVIL --practice values",
    "draw @evil.cg x=1 y=2",
    "draw @evil.cg x=1 y=2 --json",
    "draw @evil.cg x=1 y=2 -o EVIL",
    "diff @evil.cg",
    "diff @evil.cg --format python",
    "sheet @evil.cg x=1 y=2",
    "check @evil.cg x=1 y=2 -a sheet.txt",
    "check @evil.cg x=1 y=2 -a sheet.txt EVIL.txt",
    "check @evil.cg x=1 y=2 -a sheet.txt EVIL.txt --csv",
    "check @evil.cg x=1 y=2 -a sheet.txt EVIL.txt --json",
    "check @evil.cg x=1 y=2 --answer EVIL",
    "ops EVIL",
    "schema EVIL",
    "help EVIL",
    "version EVIL",
    "predict m.json EVIL -d d.csv",
    "EVIL",
    "--EVIL",
]


@pytest.mark.parametrize("line", HOSTILE)
def test_nothing_hostile_reaches_a_stream(line: str, folder: Path, cgraph: Any) -> None:
    ran = cgraph(*(word.replace("EVIL", EVIL) for word in shlex.split(line)))
    assert ran.status in (0, 1, 2), ran.err
    assert RAW.search(ran.out + ran.err) is None
    assert "\nerror: forged" not in ran.err


def test_every_command_is_tried_with_hostile_text() -> None:
    assert set(COMMANDS) <= {line.split()[0] for line in HOSTILE}


def on_terminal(words: list[str], environment: dict[str, str]) -> str:
    """Return all that a command writes on a terminal, both streams."""
    main, other = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cgcli", *words],
        stdin=subprocess.DEVNULL,
        stdout=other,
        stderr=other,
        env={**environment, "TERM": "xterm-256color", "COLUMNS": "100"},
    )
    os.close(other)
    found = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and select.select([main], [], [], 60)[0]:
        try:
            piece = os.read(main, 65536)
        except OSError:
            break
        if not piece:
            break
        found += piece
    process.wait(60)
    os.close(main)
    return found.decode()


@pytest.mark.skipif(os.name != "posix", reason="terminals as Unix has them")
@pytest.mark.parametrize(
    "line",
    [
        "map x+y -d cell.csv --skip-bad",
        "eval @evil.cg x=1 y=2",
        "eval x x=EVIL",
        "trace @evil.cg x=1 y=2",
        "trace @evil.cg x=1 y=2 --format html",
        "check @evil.cg x=1 y=2 -a sheet.txt EVIL.txt",
    ],
)
def test_a_terminal_gets_colours_of_ours_alone(
    line: str, folder: Path, environment: dict[str, str]
) -> None:
    found = on_terminal([word.replace("EVIL", EVIL) for word in line.split()], environment)
    assert found
    assert RAW.search(re.sub(r"\x1b\[[0-9;]*m", "", found.replace("\r\n", "\n"))) is None
    assert "\x1b[31mred" not in found


def test_text_is_gated_by_rich_as_well() -> None:
    """A view that forgets to escape what it prints is no way through."""
    import io

    from rich.text import Text

    from cgcli.views.streams import Outlet
    from cgcli.views.terminal import Column, console, print_table

    stream = io.StringIO()
    out = console(Outlet(stream, "standard output", quiet=False))  # type: ignore[arg-type]
    out.print(Text(EVIL))
    print_table(out, [Column(EVIL, {})], [[EVIL]])
    assert "\\x1b[31mred" in stream.getvalue()
    assert RAW.search(stream.getvalue()) is None


def test_what_is_written_as_it_came_is_escaped_on_its_way_out() -> None:
    import io

    from cgcli.views.streams import Outlet

    stream = io.StringIO()
    Outlet(stream, "standard output", quiet=False).write(f"a\tλ\n{EVIL}\n")
    assert stream.getvalue().startswith("a\tλ\n\\x1b[31mred")
    assert stream.getvalue().endswith("\n")
    assert RAW.search(stream.getvalue()) is None


def test_messages_are_told_in_one_way() -> None:
    """A line that stands in the code as a plain write to standard error would be forgotten."""
    root = Path(cgcli.__file__).parent
    for path in root.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name == "streams.py" or not re.search(r"stderr|echo|\bprint\b", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call):
                continue
            last = getattr(node.func, "attr", getattr(node.func, "id", ""))
            called = ast.unparse(node.func) if last in ("write", "print", "echo") else ""
            assert called not in ("sys.stderr.write", "print", "typer.echo"), path


# Encodings

DOCUMENTS = [
    "trace θ*x^2 θ=2 x=1 --format html",
    "trace θ*x^2 θ=2 x=1 --format latex",
    "trace θ*x^2 θ=2 x=1 --format markdown",
    "trace θ*x^2 θ=2 x=1 --format json --lang zh",
    "trace θ*x^2 θ=2 x=1 --format html --lang zh",
    "diff θ*x^2",
    "diff θ*x^2 --format python",
    "diff θ*x^2 --format latex",
    "diff θ*x^2 --json",
    "sheet θ*x^2 θ=2 x=1",
    "sheet θ*x^2 θ=2 x=1 --json",
    "eval θ*x^2 θ=2 x=1 --json",
    "eval --jsonl @lines.jsonl",
    "draw θ*x^2 θ=2 x=1 --json",
    "check θ*x^2 θ=2 x=1 --answer θ=3 --csv",
    "check θ*x^2 θ=2 x=1 --answer θ=3 --json",
    "map θ*x -d d.csv --of θ,f --values θ=2",
    "map θ=x*2;θ^2 -d d.csv --of θ --values",
    "map θ=x*2;θ^2 -d d.csv --of θ --values --format jsonl",
    "map θ=x*2;θ^2 -d d.csv --of θ --values --json",
    "ops sin --json",
    "schema eval",
    "eval θ* --json",
]


def written_as(encoding: str, line: str, cgraph: Any, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Return what a command writes to a standard output of an encoding, no terminal."""
    import io

    from cgcli.commands.app import run

    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", io.StringIO())
        assert run(line.split()) in (0, 1, 2)
    out.flush()
    return out.buffer.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("line", DOCUMENTS)
def test_documents_are_utf_8(
    line: str, folder: Path, cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "lines.jsonl").write_text('{"expr": "θ*2", "at": {"θ": 1}}\n', encoding="utf-8")
    wanted = written_as("utf-8", line, cgraph, monkeypatch)
    assert wanted.decode("utf-8")
    for encoding in ("cp1252", "ascii", "utf-16", "cp037"):
        assert written_as(encoding, line, cgraph, monkeypatch) == wanted, encoding


class _Charset(html.parser.HTMLParser):
    charset = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.charset = dict(attrs).get("charset", self.charset)


def test_a_page_is_in_the_encoding_that_it_declares(environment: dict[str, str]) -> None:
    words = [sys.executable, "-m", "cgcli", "trace", "θ*x", "θ=2", "x=1", "--format", "html"]
    pages = []
    for encoding in ("cp1252", "utf-8", "ascii"):
        ran = subprocess.run(
            words,
            capture_output=True,
            check=True,
            env={**environment, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        )
        parser = _Charset()
        parser.feed(ran.stdout.decode("ascii", "replace"))
        pages.append(ran.stdout.decode(parser.charset))
    assert "θ*x" in pages[0]
    assert pages[0] == pages[1] == pages[2]


def test_text_for_people_is_in_the_encoding_of_their_terminal(
    cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = written_as("ascii", "eval θ*x θ=2 x=1", cgraph, monkeypatch).decode("ascii")
    assert "\\u03b8" in found
    assert "df/dnode" in found


def test_files_are_utf_8_whatever_the_locale(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "d.csv").write_text("x,y\n1,2\n2,4\n")
    script = (
        'cd "$0"; c() { "$PY" -m cgcli "$@" >/dev/null || exit 9; }; '
        "c draw θ*x θ=1 x=2 -o a.svg; c draw θ*x θ=1 x=2 -o a.dot; c draw θ*x θ=1 x=2 -o a.mmd; "
        "c train '(θ*x-y)^2' -d d.csv θ=0 --epochs 3 -o m.json --log l.jsonl --metric θ=θ; "
        "c map 'θ=2*x; θ' -d d.csv --values --of θ -o o.csv"
    )
    env = {
        **environment,
        "PY": sys.executable,
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "cp1252",
        "PYTHONPATH": str(Path(cgcli.__file__).parents[1]),
    }
    ran = subprocess.run(
        ["bash", "-c", script, str(tmp_path)], env=env, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    for name in ("a.svg", "a.dot", "a.mmd", "o.csv"):
        assert "θ" in (tmp_path / name).read_text(encoding="utf-8"), name
    assert "θ" in json.loads((tmp_path / "m.json").read_text(encoding="ascii"))["parameters"]
    assert len((tmp_path / "l.jsonl").read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.skipif(os.name != "posix", reason="a name that is no text, as Unix has them")
def test_a_data_file_whose_name_is_no_text(folder: Path, cgraph: Any) -> None:
    name = os.fsdecode(b"d\xff.csv")
    (folder / name).write_text("x,y\n1,2\n2,4\n")
    words = ["-d", name, "w=0", "--epochs", "2", "-o", "model.json"]
    assert cgraph("train", "(w*x - y)^2", *words).status == 0
    assert cgraph("train", "--resume", "model.json", "--epochs", "3").status == 0


# Streams that cannot be written


FULL = [
    "eval x*y x=1 y=2",
    "eval x*y x=1 y=2 --json",
    "eval --jsonl - --max-depth 100",
    "trace x*y x=1 y=2",
    "trace x*y x=1 y=2 --tree",
    "trace x*y x=1 y=2 --format html",
    "draw x*y x=1 y=2",
    "diff x*y",
    "sheet x*y x=1 y=2",
    "check x*y x=1 y=2 --answer f=2",
    "check x*y x=1 y=2 --answer f=2 --csv",
    "map x*y -d d.csv",
    "map x*y -d d.csv --json",
    "train (w*x-y)^2 -d d.csv w=0 --epochs 2",
    "train (w*x-y)^2 -d d.csv w=0 --epochs 2 --trace 1",
    "train (w*x-y)^2 -d d.csv w=0 --epochs 2 --json",
    "ops",
    "ops sin",
    "schema",
    "schema eval",
    "--help",
    "--version",
    "eval x --json",
]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("line", FULL)
def test_a_full_standard_output(
    line: str, colour: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    from cgcli.commands.app import run

    if colour:
        monkeypatch.setenv("FORCE_COLOR", "1")
    err = io.StringIO()
    lines = io.TextIOWrapper(io.BytesIO(b'{"expr": "1"}\n'))
    out = open("/dev/full", "w")  # noqa: SIM115  # it cannot be closed without an error
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        patch.setattr(sys, "stdin", lines)
        assert run(line.split()) == 2
    assert err.getvalue().endswith("error: standard output: no space left on device\n")
    with contextlib.suppress(OSError):
        out.close()


@pytest.mark.skipif(os.name != "posix", reason="descriptors as Unix has them")
@pytest.mark.parametrize(
    ("line", "status", "told"),
    [
        ("eval x x=1 >&-", 2, "error: standard output: it is closed\n"),
        ("eval x x=1 --json >&-", 2, "error: standard output: it is closed\n"),
        ("eval x --json >&-", 2, "error: standard output: it is closed\n"),
        ("map x -d d.csv <&- >&-", 2, "error: standard output: it is closed\n"),
        ("map x+y -d d.csv -o o.csv <&- >&-", 0, ""),
        ("map x+y -d d.csv -o o.csv <&- >&- 2>&-", 0, ""),
        ("map x -d cell.csv --skip-bad 2>&-", 0, ""),
        ("map x -d cell.csv --skip-bad 2>/dev/full", 0, ""),
        ("map x+y -d cell.csv --skip-bad 2> >(true)", 0, ""),
        ("eval - <&-", 2, None),
    ],
)
def test_streams_that_are_closed(
    line: str, status: int, told: str | None, folder: Path, environment: dict[str, str]
) -> None:
    ran = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -m cgcli {line}'],
        capture_output=True,
        env=environment,
        check=False,
        text=True,
    )
    assert ran.returncode == status, ran.stderr
    if told is not None:
        assert ran.stderr == told
    if " -o " in line:
        assert (folder / "o.csv").read_text() == "row,f,df/dx,df/dy\n1,3.0,1.0,1.0\n2,6.0,1.0,1.0\n"


# Files of values


def npy(array: Any) -> bytes:
    import io

    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def head(text: str, data: bytes = b"", version: int = 1) -> bytes:
    size = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + text.encode("latin-1") + data


def standard(kind: str = "'<f8'", shape: str = "(2,)", order: str = "False") -> str:
    return f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}"


TWO = np.array([1.0, 2.0])
GOOD = {
    "big-endian": npy(TWO.astype(">f8")),
    "single": npy(TWO.astype("f4")),
    "half": npy(TWO.astype("f2")),
    "long": npy(TWO.astype(np.longdouble)),
    "bytes": npy(TWO.astype("i1")),
    "unsigned": npy(TWO.astype(">u8")),
    "column": npy(TWO[:, None]),
    "fortran": npy(np.asfortranarray(np.array([[1.0], [2.0]]))),
    "version 2": head(standard(), TWO.tobytes(), 2),
    "version 3": head(standard(), TWO.tobytes(), 3),
    "python 2": head(standard(shape="(2L,)"), TWO.tobytes()),
}
BAD = {
    "open": head("("),
    "long shape": head(standard(shape=f"({'9' * 4000}, {'9' * 4000})"), TWO.tobytes()),
    "warning": head(standard(shape="(1is 1,)"), TWO.tobytes()),
    "escape": head(standard(kind=r"'\d'"), TWO.tobytes()),
    "quotes": head("'''"),
    "list as key": head("{[]: 1}"),
    "sum": head("{'descr': 1 + 1}"),
    "no words": head("1e"),
    "too long": head("0" * 20000),
    "product": head(standard(kind="'x' * 10**9")),
    "nothing": head(standard(kind="None")),
    "float shape": head(standard(shape="(2.0,)"), TWO.tobytes()),
    "list shape": head(standard(shape="[2]"), TWO.tobytes()),
    "pairs": head(standard(kind="'(2,)<f8'", shape="(1,)"), TWO.tobytes()),
    "dates": npy(TWO.astype("M8[s]")),
    "complex": npy(TWO.astype(complex)),
    "text": npy(np.array(["a"])),
    "truth": npy(np.array([True])),
    "record": npy(np.array([(1.0,)], dtype=[("a", "f8")])),
    "three axes": npy(np.zeros((1, 1, 1))),
    "too large": npy(TWO.astype(np.longdouble) * np.longdouble("1e4000")),
}


@pytest.mark.parametrize("name", GOOD)
def test_arrays_of_every_real_kind(name: str, tmp_path: Path, cgraph: Any) -> None:
    (tmp_path / "w.npy").write_bytes(GOOD[name])
    ran = cgraph("eval", "sum(w)", f"w=@{tmp_path / 'w.npy'}", "--json")
    assert (ran.status, json.loads(ran.out)["value"]) == (0, 3.0)
    assert ran.err == ""


@pytest.mark.parametrize("name", BAD)
def test_arrays_that_are_none(name: str, tmp_path: Path, cgraph: Any) -> None:
    (tmp_path / "w.npy").write_bytes(BAD[name])
    ran = cgraph("eval", "sum(w)", f"w=@{tmp_path / 'w.npy'}")
    assert (ran.status, ran.out) == (2, "")
    assert re.fullmatch(r"error: \S+w\.npy: [^\n]+\n(hint: [^\n]+\n)?", ran.err), ran.err
    assert len(ran.err) < 300


def test_a_head_with_any_byte_wrong(tmp_path: Path) -> None:
    """Whatever is wrong with it, the head is one error or an array."""
    from cgcli.commands.files import read_array
    from cgcli.errors import CgraphError

    good = head(standard(), TWO.tobytes())
    path = tmp_path / "w.npy"
    rng = np.random.default_rng(0)
    read = 0
    for _ in range(1500):
        data = bytearray(good)
        for place in rng.integers(0, len(good), rng.integers(1, 4)):
            data[place] = rng.choice(
                np.frombuffer(b"()[]{}'\",:\\ #0123456789ejLx<>\x00\xff", "u1")
            )
        path.write_bytes(data)
        try:
            read += read_array(str(path)).ndim <= 2
        except CgraphError as error:
            assert error.message.startswith(str(path)[:20])
    assert read


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("w.json", "[[1], [1, 2]]", "its rows must be of one length"),
        ("w.json", "[[1], 2]", "its rows must be of one length"),
        ("w.json", "[]", "it is empty"),
        ("w.json", "[[]]", "it is empty"),
        ("w.json", '[1, "q"]', "element 2: the value of 'w' is not a number"),
        ("w.json", '[[1, 2], [3, "1/0"]]', "row 2: the value of 'w' cannot be used"),
        ("w.json", "[1, 1e999]", "element 2: the value of 'w' is larger"),
        ("w.json", "[1, [[2]]]", "row 2: "),
        ("w.json", "null", "null is not a number"),
        ("w.json", '{"a": 1}', "an object is not a number"),
        ("w.json", "", "this is not JSON"),
        ("w.csv", "1,2\n3,1e999\n", "row 2, column 2: 1e999 is too large"),
        ("w.csv", "1\n2,3\n", "row 2 has 2 cells"),
    ],
)
def test_values_name_their_file(name: str, text: str, why: str, folder: Path, cgraph: Any) -> None:
    (folder / name).write_text(text)
    ran = cgraph("eval", "sum(w)", f"w=@{name}")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {name}: ")
    assert why in ran.err
