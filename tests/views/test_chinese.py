"""Chinese is said beside answers too: in the help, in notes, in what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cgcli.commands.prompt import _help
from cgcli.commands.shared import COMMANDS, first, page
from cgcli.operations.table import GROUPS
from cgcli.views.catalogue import Catalogue, catalogue
from cgcli.views.gate import width
from cgcli.views.manual import Page
from cgcli.views.operations import operation_document
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
    assert "不可导点：f（第 1 列）：abs(x) 有尖点" in asked
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
            "hot milk": "heiße Milch",
        }
    )
    assert said.read("--of needs a value") == "--of braucht einen Wert"
    assert said.read("tea needs hot milk") == "heiße Milch braucht tea"
    assert said.read("hot milk with hot milk") == "zweimal heiße Milch"
    assert said.read("hot milk with tea") == "hot milk with tea"
    assert said.read("a {0} in braces") == "a {0} in braces"
    assert catalogue("en").read("error") == "error"


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


@pytest.fixture(scope="module")
def source() -> Source:
    return Source(PACKAGE)


def test_every_sentence_of_the_source_is_said(source: Source) -> None:
    texts = source.texts_by_place()
    assert len(texts) > 1500
    for known in (
        "--hessian and --order do not go together",
        "no column is like 'w', for the stack 'w'",
        "to write an ONNX file the extra 'draw' is needed",
        "L-BFGS did not converge in 3 iterations",
        "the first line names the columns, and each line after it has a cell for each",
        "3 rows, and 3 held out; 1 number learned",
        "the Jacobian by w: w, within w",
    ):
        assert known in texts
    assert left(texts) == []


def test_every_message_of_the_source_is_there(source: Source) -> None:
    """A head of a table, a verdict: one word has its own place in the catalogue."""
    patterns = {
        pattern
        for call, scope in source.calls["Message"]
        for pattern in source.texts(call.args[0], scope)
    }
    assert {"node", "verdict", "parameter", "what it is", "{count} right"} <= patterns
    # A word of NumPy's, of a function that is called as one of the options is.
    others = {pattern for pattern in patterns if re.search("[A-Za-z]{2}", pattern)} - {*CHINESE}
    assert others == {"invalid"}


def test_every_operation_is_said() -> None:
    for group, rows in GROUPS.items():
        assert group in CHINESE
        for row in rows:
            assert {*row.rules} <= {*CHINESE}
            told = operation_document(row)
            words = [] if row.elementwise else told["derivatives"]
            for text in (told["summary"], told["domain"], told["convention"], *told["kinks"]):
                words += [text] if text else []
            for text in words:
                assert is_read(text), text


@pytest.mark.parametrize(
    ("line", "shown", "kept"),
    [
        ("eval|(x+y)*z|x=1|y=3|z=-3", ["节点   算式", "∂f/∂节点"], []),
        ("eval|value = x; wrong = value*right|x=1|right=2", ["∂wrong/∂节点"], ["value   x"]),
        ("eval|log(node)|node=-1", ["定义域：f（第 1 列）"], ["node = -1", "node 必须为正"]),
        ("eval|x+y|x=1|y=0.1|--verify", ["误差界", "用 128 个二进制位证明：已验证 3"], []),
        ("diff|log(cost*x)", ["# 条件：cost*x > 0"], ["f_cost"]),
        ("ops|acosh", ["反双曲余弦", "定义域：x 必须不小于 1"], []),
        ("check|x*y|x=1|y=2|--answer|f = (2", ["无法识别", "'(' 没有闭合"], []),
        (
            "train|(w*x - cost)^2|-d|d.csv|w=0|--epochs|2|--metric|value=w",
            ["参数", "1 行；学到 1 个数", "2 步后停止：已完成 2 轮"],
            ["value 0.198"],
        ),
    ],
)
def test_a_result_is_said_and_names_are_as_typed(
    line: str,
    shown: list[str],
    kept: list[str],
    cgraph: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.csv").write_text("x,cost\n1,5\n")
    out = cgraph(*line.split("|"), "--lang", "zh").out
    assert all(text in out for text in (*shown, *kept)), out


def test_a_new_sentence_is_found(tmp_path: Path) -> None:
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

def served(out, name):
    say(out, *_lines(name))
    return Message("the soup of {name}", name=name)

def _lines(name):
    yield f"{name} is on the table"
"""
    )
    assert {*left(Source(tmp_path).texts_by_place())} == {
        "eating.py:6: w eats all of the soup",
        "eating.py:6: w eats nothing",
        "eating.py:6: leave it out or cook 3 more",
        "eating.py:15: w is on the table",
        "eating.py:16: the soup of w",
    }


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


def test_a_language_that_there_is_none_of_is_refused_in_that_of_the_environment(
    cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "there is no language 'xx'" in cgraph("eval", "x", "x=1", "--lang", "xx").err
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "没有语言 'xx'" in cgraph("eval", "x", "x=1", "--lang", "xx").err
