"""`cgraph help` and `cgraph version`, as they are typed by who knows git."""

from __future__ import annotations

from typing import Any

import pytest

import cgcli
from cgcli.commands.shared import COMMANDS


def test_help_is_the_help_of_the_option(cgraph: Any) -> None:
    assert cgraph("help") == cgraph("--help") == cgraph()
    for name in COMMANDS:
        assert f"\n  {name} " in cgraph("help").out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command(command: str, cgraph: Any) -> None:
    ran = cgraph("help", command)
    assert (ran.status, ran.err) == (0, "")
    assert ran == cgraph(command, "--help")
    assert ran.out.startswith(f"Usage: cgraph {command} ")


def test_version(cgraph: Any) -> None:
    assert cgraph("version") == cgraph("--version") == (0, f"cgraph {cgcli.__version__}\n", "")
    assert cgraph("version", "eval").status == 2


def test_one_word_too_many_is_told_in_plain_words(cgraph: Any) -> None:
    for words in (("version", "x"), ("schema", "eval", "x"), ("predict", "m", "x", "-d", "d.csv")):
        ran = cgraph(*words)
        assert ran.status == 2
        assert ran.err.startswith("error: 'x' is one argument too many\n")
    assert cgraph("-V").err.startswith("error: there is no option -V\n")
