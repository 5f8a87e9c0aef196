"""What the program prints, frozen: commands over all features, and every character they give.

A change that is to leave the program as it is leaves these files as they are. Where an output is
meant to change, `pytest tests/corpus --freeze` writes them anew, and the diff is what a review
reads.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
# The last digits of a double in full hang on the processor's vector instructions.
FULL = re.compile(r"-?\d\.?\d*(?<=\d{14})\d*(e[-+]?\d+)?|-?\d+\.\d{13,}(e[-+]?\d+)?")
SECONDS = re.compile(r"\b\d+(\.\d+)? (s|ms)\b|\"seconds\": [\d.e-]+")


def sections() -> dict[str, list[str]]:
    commands: dict[str, list[str]] = {}
    for line in (HERE / "commands.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = commands.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            section.append(line)
    return commands


def steady(text: str) -> str:
    """Leave out what differs between machines: the last digits of full doubles, and timings."""
    return SECONDS.sub("# s", FULL.sub(lambda match: f"{float(match[0]):.12g}", text))


def printed(line: str, cgraph: Any) -> str:
    words = shlex.split(line)
    stdin = b""
    if "<" in words:
        stdin = Path(words[-1]).read_bytes()
        words = words[: words.index("<")]
    ran = cgraph(*words, stdin=stdin)
    streams = {"": ran.out, "standard error:\n": ran.err}
    shown = "".join(title + text for title, text in streams.items() if text)
    status = f"exit status {ran.status}\n" if ran.status else ""
    return f"$ cgraph {line}\n{shown}{status}\n"


@pytest.mark.parametrize("section", sections())
def test_frozen(
    section: str,
    cgraph: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    shutil.copytree(HERE / "files", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    text = "".join(printed(line, cgraph) for line in sections()[section])
    frozen = HERE / "frozen" / f"{section}.txt"
    if request.config.getoption("--freeze"):
        frozen.parent.mkdir(exist_ok=True)
        frozen.write_text(text, encoding="utf-8")
    expected = frozen.read_text(encoding="utf-8")
    if steady(text) != steady(expected):
        assert text == expected
