"""What completes a word in bash, zsh, fish and PowerShell, and that nothing else is printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from cgcli.commands.shared import COMMANDS, Group
from cgcli.learning.optimisers import OPTIMISERS
from cgcli.operations.table import WORDS
from cgcli.views.schemas import names

Complete = Callable[..., list[str]]

CHOSEN = {
    ("trace", "--format"): ["text", "markdown", "latex", "html", "json"],
    ("trace", "--pass"): ["forward", "backward"],
    ("trace", "--hide"): ["gradients", "values"],
    ("trace", "--lang"): ["en", "zh"],
    ("diff", "--format"): ["text", "latex", "json", "python", "numpy"],
    ("map", "--format"): ["csv", "jsonl", "parquet"],
    ("predict", "--format"): ["csv", "jsonl", "parquet"],
    ("draw", "--hide"): ["gradients", "values", "formulas"],
    ("check", "--reveal"): ["verdict", "hint", "answer"],
    ("check", "--require"): ["answered", "all", "number"],
    ("check", "--as"): ["txt", "md", "html", "pdf"],
    ("check", "--lang"): ["en", "zh"],
    ("sheet", "--values"): ["integer", "rational", "decimal"],
    ("sheet", "--lang"): ["en", "zh"],
    ("train", "--optimizer"): [*OPTIMISERS, "lbfgs", "lm"],
    ("train", "--optimiser"): [*OPTIMISERS, "lbfgs", "lm"],
    ("train", "--schedule"): ["constant", "step", "cosine", "warmup"],
    ("train", "--reduce"): ["mean", "sum"],
}


@pytest.fixture
def complete(cgraph: Any, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """The words that complete the last of some words; nothing may be printed but those."""

    def call(*words: str, shell: str = "bash", status: int = 0) -> list[str]:
        line = ["cgraph", *words]
        monkeypatch.setenv("_CGRAPH_COMPLETE", f"complete_{shell}")
        monkeypatch.setenv("COMP_WORDS", "\n".join(line))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", " ".join(line))
        monkeypatch.setenv("_TYPER_COMPLETE_WORD_TO_COMPLETE", words[-1])
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
        if shell != "bash":
            monkeypatch.delenv("COMP_WORDS")
        ran = cgraph()
        assert (ran.err, ran.status) == ("", status)
        assert "error:" not in ran.out
        return [line for line in ran.out.splitlines() if line]

    return call


def options_of(command: str) -> list[str]:
    found = Group(name="cgraph").get_command(typer.Context(Group(name="cgraph")), command)
    return [name for parameter in found.params for name in parameter.opts if name.startswith("-")]


@pytest.mark.parametrize(("command", "option"), CHOSEN)
def test_the_words_of_an_option(command: str, option: str, complete: Complete) -> None:
    words = CHOSEN[command, option]
    assert complete(command, option, "") == words
    assert complete(command, "x*y", "x=1", option, "") == words
    for word in words:
        beginning = [each for each in words if each.startswith(word[:2])]
        assert complete(command, option, word[:2]) == beginning
    assert complete(command, option, "nonsense") == []


@pytest.mark.parametrize(("command", "option"), [key for key in CHOSEN if key[1] != "--lang"])
def test_the_same_words_are_checked_and_in_the_help(command: str, option: str, cgraph: Any) -> None:
    words = CHOSEN[command, option]
    listed = f"{', '.join(words[:-1])} or {words[-1]}"
    data = ("-d", "-") if command in ("train", "map", "predict") else ()
    program = () if command == "predict" else ("x*y",)
    if command == "sheet":
        program += ("x=1", "y=2")
    if command != "predict":
        said = cgraph(command, *program, *data, option, "zzz").err
        assert f"{option} is {listed}, not 'zzz'".replace("--optimiser", "--optimizer") in said
    assert listed in re.sub(r"\s+", " ", cgraph(command, "--help-all").out)


def test_a_list_with_commas(complete: Complete) -> None:
    assert complete("draw", "--hide", "values,") == ["values,gradients", "values,formulas"]
    assert complete("draw", "--hide", "values,f") == ["values,formulas"]
    assert complete("trace", "--hide", "gradients,v") == ["gradients,values"]
    assert complete("trace", "--format", "text,h") == []


def test_names_of_commands_operations_and_schemas(complete: Complete) -> None:
    assert complete("") == list(COMMANDS)
    assert complete("tr") == ["trace", "train"]
    assert complete("help", "tr") == ["trace", "train"]
    assert complete("schema", "") == names()
    assert complete("ops", "softp") == ["softplus"]
    assert set(WORDS) <= set(complete("ops", ""))


def test_names_of_options(complete: Complete) -> None:
    for command in COMMANDS:
        assert set(complete(command, "--")) <= {*options_of(command), "--help"}
    assert complete("eval", "--pr") == ["--precision"]


def test_files_where_files_are_meant(
    complete: Complete, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    for name in ("net.cg", ".hidden.cg", "nets/two.cg"):
        (tmp_path / name).write_text("x*y")
    # Where nothing is offered, the shell offers files itself.
    for command, option in (("eval", "--at"), ("train", "-d"), ("draw", "-o"), ("check", "-a")):
        assert complete(command, option, "") == []
        assert complete(command, option, "ne", shell="zsh") == ["_files"]
    assert complete("predict", "ne") == []
    # In zsh and fish a word may begin with '@' or have it inside.
    assert complete("eval", "@ne", shell="fish") == ["@net.cg", "@nets/"]
    assert complete("eval", "@nets/t", shell="fish") == ["@nets/two.cg"]
    assert complete("eval", "W@x", "W=@ne", shell="fish") == ["W=@net.cg", "W=@nets/"]
    assert complete("train", "x", "W=@ne", shell="fish") == ["W=@net.cg", "W=@nets/"]
    assert complete("train", "x", "--fix", "W=@ne", shell="fish") == ["W=@net.cg", "W=@nets/"]
    assert complete("eval", "@.", shell="fish") == ["@.hidden.cg"]
    assert complete("eval", "@nowhere/x", shell="fish") == []


def test_fish_is_told_by_the_status_whether_there_are_words(
    cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_CGRAPH_COMPLETE", "complete_fish")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "is-args")
    for line, status in (("cgraph trace --format ", 0), ("cgraph eval --at ", 1)):
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        assert cgraph() == (status, "", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_prints_an_error_into_the_prompt(command: str, complete: Complete) -> None:
    for option in options_of(command):
        complete(command, "x", option, "'")
        complete(command, option, option, "a", option, "b", "--unknown", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_no_word_prints_an_error_into_the_prompt(shell: str, complete: Complete) -> None:
    for words in [
        ("",),
        ("nonsense", ""),
        ("nonsense", "--format", ""),
        ("--version", ""),
        ("--nope", ""),
        ("trace", "--nope=1", "--nope", ""),
        ("trace", "--format=te"),
        ("trace", "--format", "="),
        ("trace", "--tree=1", "--step", "--format", ""),
        ("trace", "x +", "--digits", "many", "--format", "t"),
        ("trace", "--", "--format", ""),
        ("eval", "(x", "x=", "=", ""),
        ("eval", '"x', ""),
        ("eval", "-", "--at", "-", ""),
        ("check", "-a", "-a", ""),
    ]:
        complete(*words, shell=shell)


def test_a_shell_that_says_nothing_is_answered_with_nothing(
    cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("COMP_WORDS", "COMP_CWORD"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("_CGRAPH_COMPLETE", "complete_bash")
    ran = cgraph()
    assert (ran.out, ran.err) == ("", "")


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash_itself(tmp_path: Path) -> None:
    script = tmp_path / "cgraph"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m cgcli "$@"\n')
    script.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    shown = subprocess.run(
        [script, "--show-completion", "bash"],
        env={**environment, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    ask = (
        "COMP_WORDS=(cgraph trace 'x*y' --format '');COMP_CWORD=4;"
        "_cgraph_completion cgraph; echo ${COMPREPLY[*]}"
    )
    ran = subprocess.run(
        ["bash", "--norc", "-c", shown + ask],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ran.stdout.split(), ran.stderr) == (CHOSEN["trace", "--format"], "")
