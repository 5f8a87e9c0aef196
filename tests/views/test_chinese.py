"""Chinese is said beside answers too: in the help, in notes, in what is wrong."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cgcli.commands.prompt import _help
from cgcli.commands.shared import COMMANDS, first, page
from cgcli.views.catalogue import Catalogue, catalogue
from cgcli.views.gate import width
from cgcli.views.manual import Page
from cgcli.words import Message
from tests.views.sentences import Source, english

PACKAGE = Path(__file__).parents[2] / "cgcli"
CHINESE = json.loads(
    (Path(__file__).parents[2] / "cgcli" / "views" / "languages" / "zh.json").read_text("utf-8")
)


def patterns(page: Page) -> Iterator[str]:
    """The sentences of a help, those inside of others too."""
    yield from (page.summary, page.trying, "Usage", *page.groups)
    pending: list[Any] = [e.text for entries in page.groups.values() for e in entries]
    while pending:
        text = pending.pop()
        if isinstance(text, Message):
            yield text.pattern
            pending += text.values.values()


@pytest.mark.parametrize("name", ["", ":", *COMMANDS])
def test_every_sentence_of_the_help_is_there(name: str) -> None:
    described = _help() if name == ":" else page(name) if name else first()
    for pattern in patterns(described):
        assert pattern in CHINESE, pattern
        fields = re.findall(r"\{\w+\}", pattern)
        assert sorted(fields) == sorted(re.findall(r"\{\w+\}", CHINESE[pattern]))


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_help_fits(
    command: str, columns: int, cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for more in ("--help", "--help-all"):
        lines = cgraph(command, more, "--lang", "zh").out.splitlines()
        assert lines[0].startswith("用法：cgraph ")
        assert max(map(width, lines)) <= columns
        assert columns < 80 or more == "--help-all" or len(lines) <= 40
    assert cgraph("help", command, "--lang", "zh") == cgraph(command, "--help", "--lang", "zh")


def test_the_language_is_the_locales_or_the_one_that_is_asked_for(
    cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = cgraph("eval", "abs(x)", "x=0", "--lang", "zh").out
    assert "不可导点: f (第 1 列): abs(x) 有尖点" in asked
    assert "kink: f (column 1)" in cgraph("eval", "abs(x)", "x=0").out
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert cgraph("eval", "abs(x)", "x=0").out == asked
    assert "kink: f (column 1)" in cgraph("eval", "abs(x)", "x=0", "--lang", "en").out
    # What a script reads is the same everywhere.
    document = json.loads(cgraph("eval", "abs(x)", "x=0", "--json").out)
    assert document["notes"][0]["message"].startswith("abs(x) has a corner")
    assert cgraph("eval", "(x", "--json").out == cgraph("eval", "(x", "--json", "--lang", "en").out


def test_a_sentence_is_known_by_its_text() -> None:
    said = Catalogue(
        {
            "{0} needs {1}": "{1} braucht {0}",
            "{0} needs a value": "{0} braucht einen Wert",
            "{name} with {name}": "zweimal {name}",
            "milk": "Milch",
        }
    )
    assert said.read("--of needs a value") == "--of braucht einen Wert"
    assert said.read("tea needs milk") == "Milch braucht tea"
    assert said.read("milk with milk") == "zweimal Milch"
    assert said.read("milk with tea") == "milk with tea"
    assert said.read("a {0} in braces") == "a {0} in braces"
    assert catalogue("en").read("error") == "error"


ROOMS = ("language", "graph", "program.py", "errors.py", "decode.py", "calculus", "operations",
         "numbers", "plan")  # fmt: skip
"""Rooms whose errors are all said: what a text that is no program, or cannot be built, is told."""
SAID = {"CgraphError": (1, 2), "file_error": (1, 2), "missing": (1,), "ShapeMismatchError": (0, 1)}
NAMES = {"message", "hint", "why"}


def templates(node: ast.expr) -> Iterator[str]:
    """The sentences that an expression may be, with a number in braces for each value."""
    if isinstance(node, ast.IfExp):
        yield from (*templates(node.body), *templates(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from templates(value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        count = itertools.count()
        parts = (
            p.value if isinstance(p, ast.Constant) else f"{{{next(count)}}}" for p in node.values
        )
        yield "".join(map(str, parts))


def written(room: str) -> Iterator[str]:
    """The sentences of errors in a room's code and tables."""
    home = PACKAGE / room
    for path in [home] if home.is_file() else sorted(home.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                for place in SAID.get(name, ()):
                    if place < len(node.args):
                        yield from templates(node.args[place])
            elif isinstance(node, ast.Assign) and NAMES & {
                getattr(target, "id", getattr(target, "attr", "")) for target in node.targets
            }:
                yield from templates(node.value)
    for path in sorted(home.glob("*.toml")) if home.is_dir() else ():
        if path.stem in ("refusals", "situations"):
            for match in re.finditer(
                r'^(?:message|hint) = "(.*)"$', path.read_text("utf-8"), re.MULTILINE
            ):
                yield re.sub(r"\{(\w+):[^}]*\}", r"{\1}", match[1].replace('\\"', '"'))


@pytest.mark.parametrize("room", ROOMS)
def test_every_error_of_a_room_is_there(room: str) -> None:
    met = [text for text in written(room) if re.search("[A-Za-z]{2}.* ", text)]
    assert len(met) > 1
    # A text that is only values, or what a person typed, says nothing of its own.
    missing = [text for text in met if text not in CHINESE and not text.startswith("{")]
    assert missing == []


PARTS = {
    "a vector of 3": "3 维向量",
    "3 iterations": "3 次迭代",
    "3 evaluations": "3 次求值",
    "3 epochs": "3 轮",
    "3 cells": "3 个单元格",
}
"""What stands in sentences as it is."""


def is_read(text: str) -> bool:
    """Whether a sentence is read in Chinese, all of it, and its parts and its code are whole."""
    read = catalogue("zh").read(text)
    parts = all(said in read for part, said in PARTS.items() if part in text)
    return parts and not any(english(read)) and '"：' not in read


def left(texts: dict[str, str]) -> list[str]:
    """The sentences that are not read in Chinese, with the place of each."""
    return [f"{where}: {text}" for text, where in texts.items() if not is_read(text)]


def test_every_error_of_the_source_is_said() -> None:
    texts = Source(PACKAGE).texts_by_place()
    assert len(texts) > 1000
    for known in (
        "--hessian and --order do not go together",
        "no column is like 'w', for the stack 'w'",
        "to write an ONNX file the extra 'draw' is needed",
        "L-BFGS did not converge in 3 iterations",
        "the first line names the columns, and each line after it has a cell for each",
    ):
        assert known in texts
    assert left(texts) == []


def test_a_new_error_is_found(tmp_path: Path) -> None:
    (tmp_path / "eating.py").write_text(
        """
def eaten(name, much):
    hint = "leave it out"
    if much:
        hint += f" {_more(2)}"
    raise CgraphError("usage", f"{name} eats {_what(much)}", hint)

def _what(much):
    return "all of the soup" if much else "nothing"

def _more(count):
    return f"or cook {count:,} more"
"""
    )
    assert left(Source(tmp_path).texts_by_place()) == [
        "eating.py:6: w eats all of the soup",
        "eating.py:6: w eats nothing",
        "eating.py:6: leave it out or cook 3 more",
    ]


@pytest.mark.parametrize(
    ("line", "said", "hint"),
    [
        ("eval|(x + y) *", "'*' 之后应有一个值", "表达式到此结束；是否漏了一个运算数？"),
        ("eval|(x+y)*z|z=-3", "没有值", '请写 cgraph eval "(x+y)*z" z=-3 x=… y=…'),
        ("evl|x", "没有命令 'evl'", "你是不是指 cgraph eval？"),
        ("eval|x|--wrtt|x", "没有选项 --wrtt", "你是不是指 --wrt？"),
        ("eval|2x|x=1", "'2' 和 'x' 之间没有运算符", "乘号不能省：请写 2*x"),
        ("eval|[1,2] + [1,2,3]", "2 维向量与3 维向量不匹配（在 '+' 中）", "逐元素运算时"),
        ("eval|x|--at|no.json", "no.json：没有这个文件", "请检查路径"),
        ("eval|x|x=u", "'x' 的值不是数：'u' 自己没有值", "值是一个数或常数表达式"),
    ],
)
def test_an_error_is_said(line: str, said: str, hint: str, cgraph: Any) -> None:
    first, *others = cgraph(*line.split("|"), "--lang", "zh").err.splitlines()
    assert first.startswith("错误：")
    assert said in first
    assert others[-1].startswith(f"提示：{hint}")
