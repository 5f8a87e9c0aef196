"""The prompt: what a session of lines prints, and a session at a terminal of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cgcli.commands import app
from cgcli.commands.prompt import Prompt

pty = pytest.importorskip("pty", reason="there are no terminals of this kind here")

Session = Callable[..., str]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def session(capsys: pytest.CaptureFixture[str]) -> Session:
    """What the prompt prints for some lines."""

    def typed_in(*lines: str, language: str = "") -> str:
        rest = iter(lines)

        def read(prompt: str) -> str:
            try:
                return next(rest)
            except StopIteration:
                raise EOFError from None

        Prompt(app._run, lambda error: app._report(error, as_json=False), language).loop(read)
        out, err = capsys.readouterr()
        return out + err

    return typed_in


def test_a_program_is_shown_once_its_names_have_values(session: Session) -> None:
    out = session("(x+y)*z", "x=1 y=3", "z = -3")
    first, second, table = out.split("\n", 2)
    assert first == "'x', 'y', 'z' have no value; type x=… y=… z=…"
    assert second == "'z' has no value; type z=…"
    assert "f      v1 * z      -12          1\n" in table


def test_blanks_may_stand_around_the_signs_of_several_values(session: Session) -> None:
    tight = session("(x+y)*z", "x=1 y=3 z=-3")
    assert session("(x+y)*z", "x = 1 y =3 z= -3") == tight
    assert "no operator between" in session("q = x y = 3")


def test_a_changed_value_shows_what_changed(session: Session) -> None:
    before = session("(x+y)*z", "x=1; y=3; z=-3")
    out = session("(x+y)*z", "x=1; y=3; z=-3", "x = 2").removeprefix(before[:-1])
    rows = [line.split() for line in out.splitlines() if line]
    assert ["x", "1", "→", "2", "-3"] in rows
    assert ["z", "-3", "4", "→", "5"] in rows
    assert ["f", "v1", "*", "z", "-12", "→", "-15", "1"] in rows
    assert not any(row[0] == "y" for row in rows)
    assert "nothing changes\n" in session("(x+y)*z", "x=1; y=3; z=-3", "x = 1")


def test_values_may_come_first_and_stay(session: Session) -> None:
    out = session("x = pi/2", "u = 3", "sin(x)", "cos(x)", ":names")
    assert re.search(r"^f +sin\(x\) +1 +1$", out, re.MULTILINE)
    assert "cos(x)" in out
    assert out.endswith("cos(x)\nx = pi/2\nu = 3\n\n")


def test_an_assignment_from_names_is_a_program(session: Session) -> None:
    out = session("x = 2", "p = x^2; q = 3*p", "x = 3")
    assert "12 → 27" in out
    assert "∂q/∂node" in out


def test_lines_go_on_while_a_bracket_is_open(session: Session) -> None:
    lines = ("h[0] = 1", "for t in 0..2 {", "  h[t+1] = w*h[t]", "}", "w = 2")
    out = session("h[0] = 1; for t in 0..2 {", *lines[2:])
    assert re.search(r"^h\[3\] +w \* h\[2\] +8 +1$", out, re.MULTILINE)
    # An empty line gives up, and what is wrong already is told at once.
    assert "error: expected" in session("(x +", "")
    assert "error: expected" in session("(x +* y")


def test_commands_work_on_the_program(session: Session, tmp_path: Path) -> None:
    seed = ("(x+y)*z", "x=1 y=3 z=-3")
    assert "1. v1 = x + y = 1 + 3 = 4" in session(*seed, ":trace --pass forward")
    assert "f_z = x + y  # 4" in session(*seed, ":diff")
    path = tmp_path / "a graph.dot"
    session(*seed, f':draw -o "{path}"')
    assert "digraph" in path.read_text()
    out = session(*seed, ":eval --json", ":quit", "x = 7")
    assert json.loads(out[out.index("{") :])["value"] == -12.0
    assert "softplus(x): log(1 + exp(x))" in session(":ops softplus")
    assert "Usage: cgraph trace" in session(":help trace")
    assert "  x = 1 " in session(":help")


def test_errors_are_as_everywhere_and_end_nothing(session: Session) -> None:
    out = session("(x + y) */ 2", ":trace", ":trcae", ':draw -o "x', "x*y", "x = 1 +", "x=2 y=3")
    assert "error: expected" in out
    assert "error: there is no program yet\nhint: type one: (x+y)*z\n" in out
    assert "error: there is no command :trcae\nhint: did you mean :trace?\n" in out
    assert "error: a quote is opened and never closed\n" in out
    assert re.search(r"^f +x \* y +6 +1$", out, re.MULTILINE)
    out = session("x*y", "x=2 y=3", ":eval --nonsense", "x = u", "y = 5")
    assert "error: there is no option --nonsense" in out
    assert "error: the value of 'x' is not a number: 'u' has no value itself" in out
    assert "6 → 10" in out


def test_a_program_is_typed_line_by_line(session: Session) -> None:
    lines = ("x=1 y=3 z=-3", "p = x + y", "sq(a) = a^2", "g = sq(p)*z")
    assert re.search(r"^g +v1 \* z +-48 +1$", session(*lines), re.MULTILINE)
    # A step takes the place of the one of its name, and an expression that of one before.
    out = session(*lines, "p = x - y", "p*z", "p/z", ":names")
    assert re.search(r"^g +v1 \* z +-12 +1$", out, re.MULTILINE)
    assert out.endswith("p = x - y\nsq(a) = a^2\ng = sq(p)*z\np/z\nx = 1\ny = 3\nz = -3\n\n")
    # A comparison is no step, and a line of two steps is not lost for one of them.
    assert "\ng = sq(p)*z\np == 4\n" in session(*lines, "p == 4", ":names")
    assert "is assigned twice" in (out := session("p = x; q = 3*p", "p = 2*x", ":names"))
    assert "\np = x; q = 3*p\n" in out
    assert re.search(r"^r +2\^2 +4$", session("sq(a) = a^2", "r = sq(2)"), re.MULTILINE)
    assert session(*lines, "x*z", ":names").endswith("x*z\nx = 1\ny = 3\nz = -3\n\n")


@pytest.mark.parametrize(
    ("stray", "says"),
    [
        ("help", "Commands work on the program"),
        ("?", "Commands work on the program"),
        ("trace", "g = p * z"),
        ("diff", "g_z = x + y"),
        ("trace --pass forward", "p = x + y"),
        ("abc", "the program has no 'abc'"),
        ("dg/dx", "write :diff --wrt x"),
        ("w = 1e400", "is beyond the largest double"),
        ("z = 1e400", "is beyond the largest double"),
        ("z = u", "'u' has no value itself"),
        ("p = 7", "'p' is computed by the program"),
        ("p*sni(z)", "did you mean 'sin'"),
        ("@nothing.cg", "there is no such file"),
    ],
)
def test_a_stray_line_leaves_the_program(
    session: Session, tmp_path: Path, stray: str, says: str
) -> None:
    path = tmp_path / "q.cg"
    path.write_text("p = x + y; g = p*z\n")
    for program in ("p = x + y; g = p*z", f"@{path}"):
        out = session(program, "x=1 y=3 z=-3", stray, ":names")
        assert says in out
        assert f"\n{program}\nx = 1\ny = 3\nz = -3\n" in out


@pytest.mark.parametrize(
    "line", ["x=1 y=3", "x=1,y=3", "x = 1, y = 3", "x=1; y=3", "x = 1;y=3;", "x=1, y=3"]
)
def test_values_are_told_apart_as_people_write_them(session: Session, line: str) -> None:
    assert session("x*y", line, ":names").endswith("x*y\nx = 1\ny = 3\n\n")
    assert session("x*y", f"{line.rstrip(';')}, z = [1, 2]", ":names").endswith("z = [1, 2]\n\n")


@pytest.mark.parametrize("word", ["exit", "quit", "exit()", "quit()"])
def test_a_word_leaves(session: Session, word: str) -> None:
    assert "nonsense" not in session("x*y", word, "nonsense")


def test_the_prompt_speaks_of_itself(session: Session) -> None:
    assert "hint: type y=…\n" in session("x*y", "x=1", ":trace")
    lines = ("x*y", "x=1", "y=2", ":trace", ":trace --lang en", "y=2")
    out = session(*lines, language="zh-Hans")
    assert "'x', 'y' 没有值；请输入 x=… y=…\n" in out
    assert "已知" in out and "Given" in out
    assert out.endswith("没有变化\n\n")


def test_clear_forgets(session: Session) -> None:
    assert session("x*y", "x=2 y=3", ":clear", ":names").endswith("1\n\n")


def test_what_completes_a_word() -> None:
    prompt = Prompt(app._run, lambda error: 2)
    prompt.lines = ["widths*sin(height)"]
    words = prompt.words()
    assert {":trace", ":quit", "widths", "height", "softplus", "pi"} <= set(words)


def _take_terminal() -> None:
    """Make standard input the terminal that sends Ctrl-C."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """`cgraph` at a terminal; what is typed is answered before more is."""

    def __init__(self, home: Path, *, toolkit: bool) -> None:
        hidden = "" if toolkit else "sys.modules['prompt_toolkit'] = None; "
        code = (
            f"import sys; {hidden}sys.argv = ['cgraph']; import cgcli.commands.main as m; m.main()"
        )
        self.toolkit = toolkit
        self.file, inner = pty.openpty()
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=inner, stdout=inner, stderr=inner, cwd=ROOT,
            env={
                **environment, "TERM": "xterm", "XDG_STATE_HOME": str(home), "LC_ALL": "C.UTF-8",
                "PROMPT_TOOLKIT_NO_CPR": "1",
            },
            start_new_session=True, preexec_fn=_take_terminal,  # noqa: PLW1509  # no threads here
        )  # fmt: skip
        os.close(inner)
        self.read = b""

    def type(self, keys: str, answer: str, within: float = 60) -> None:
        """Type, and wait for a pattern: what is typed before the prompt is there may be lost."""
        start = len(self.read)
        os.write(self.file, keys.encode())
        end = time.monotonic() + within
        plain = lambda: re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.read[start:].decode())
        while not re.search(answer, plain(), re.DOTALL):
            ready, _, _ = select.select([self.file], [], [], max(0, end - time.monotonic()))
            assert ready, self.read.decode()
            try:
                self.read += os.read(self.file, 4096)
            except OSError:
                assert answer == "$^", self.read.decode()
                return

    def interrupt(self) -> None:
        """Type Ctrl-C until it is seen: readline misses one between a key and its next wait."""
        for _ in range(20):
            with contextlib.suppress(AssertionError):
                self.type("\x03", r"\n.*>", within=3)
                return
        raise AssertionError(self.read.decode())


@pytest.fixture(params=[False, True], ids=["plain", "prompt_toolkit"])
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    if request.param:
        pytest.importorskip("prompt_toolkit")
    made = Terminal(tmp_path, toolkit=request.param)
    yield made
    made.process.kill()
    made.process.wait()
    os.close(made.file)


def test_a_session_at_a_terminal(terminal: Terminal, tmp_path: Path) -> None:
    terminal.type("", ">")
    terminal.type("(x+y)*z\r", "have no value.*>")
    terminal.type("x=1 y=3 z=-3\r", "-12.*>")
    terminal.type("x = 2\r", "-12 → -15.*>")
    terminal.type(":di\t" if terminal.toolkit else ":diff", "f")
    terminal.type("\r", r"f_z = x \+ y.*>")
    terminal.type("x +\r", "error.*hint.*>")
    # What is no text for people stays out of a terminal.
    terminal.type(":page\r", "error: a page is for a browser.*-o page.html.*>")
    # Ctrl-C leaves a line, and Ctrl-D the program.
    terminal.type("nonsense", "nonsense")
    terminal.interrupt()
    terminal.type(":trace --pass forward\r", r"v1 = x \+ y = 2 \+ 3 = 5.*>")
    terminal.type("\x04", "$^")
    assert terminal.process.wait(30) == 0
    if terminal.toolkit:
        kept = (tmp_path / "cgraph" / "history").read_text()
        assert "(x+y)*z" in kept
        assert "x = 2" in kept


def test_elsewhere_the_help_is_printed(cgraph: Any) -> None:
    assert cgraph().out.startswith("Usage: cgraph COMMAND")
    assert "'xx'" in cgraph("--lang", "xx").err
