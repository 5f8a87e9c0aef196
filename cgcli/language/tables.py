"""The grammars' parse tables: made by Lark, kept as JSON beside the grammars, loaded in a moment.

Lark reads `cgraph.lark` or `sheet.lark`, checks that it is LALR(1) and computes the tables.
Importing Lark and building takes longer than the rest of a short run, so the tables are made when
the package is built and shipped with the grammar's text inside; when that text is not the
grammar's any more, or the file is missing, they are built again in memory. Nothing is ever
unpickled.
"""

from __future__ import annotations

import importlib
import json
import os
import re
from typing import Any, Final, NamedTuple

GRAMMARS: Final = ("cgraph", "sheet")
"""The grammars of the package: the language's, and that of answer sheets, which imports it."""


class Tables(NamedTuple):
    """What the reader and the parser run on.

    `terminals` are pairs of a name and its regular expression, first match first; `ignored` the
    names the reader skips; `keywords` map a word to its terminal. A state of `actions` maps a
    symbol to the next state n as n + 1, or to the reduction by rule r as -(r + 1); for a
    nonterminal it is the state to go to. A rule is its left side, its length and its alias.
    """

    terminals: list[tuple[str, str]]
    ignored: list[str]
    keywords: dict[str, str]
    rules: list[tuple[str, int, str]]
    actions: list[dict[str, int]]
    start: int
    end: int


def files(name: str = GRAMMARS[0]) -> tuple[str, str]:
    """Return the paths of one of the package's grammars and of its tables."""
    # By name, since the package is laid out from a folder of another name when it is built.
    grammar = importlib.import_module("cgcli.grammar")
    folder = os.path.dirname(os.path.abspath(str(grammar.__file__)))
    return os.path.join(folder, f"{name}.lark"), os.path.join(folder, f"{name}.tables.json")


def load(grammar: str, tables: str) -> Tables:
    """Return the tables of a grammar file, from the tables file when it is of the same text."""
    text = _text(grammar)
    try:
        with open(tables, encoding="utf-8") as file:
            kept = json.load(file)
        if kept["grammar"] == text:
            return _from_json(kept["tables"])
    except (OSError, ValueError, KeyError, TypeError):
        # A missing or stale file only costs time: the grammar is the truth.
        pass
    return build(grammar)


def _text(grammar: str) -> str:
    """Return a grammar file's text, followed by the texts of those that it imports."""
    with open(grammar, encoding="utf-8") as file:
        text = file.read()
    for name in sorted(set(re.findall(r"^%import \.(\w+)", text, re.MULTILINE))):
        text += _text(os.path.join(os.path.dirname(grammar), f"{name}.lark"))
    return text


def _from_json(kept: dict[str, Any]) -> Tables:
    kept["terminals"] = [(name, pattern) for name, pattern in kept["terminals"]]
    kept["rules"] = [(left, length, alias) for left, length, alias in kept["rules"]]
    return Tables(**kept)


def save(grammar: str, tables: str) -> None:
    """Write the tables of a grammar file, with the grammar's text, as JSON."""
    kept = {"grammar": _text(grammar), "tables": build(grammar)._asdict()}
    with open(tables, "w", encoding="utf-8") as file:
        json.dump(kept, file, ensure_ascii=False, separators=(",", ":"))


def build(grammar: str) -> Tables:
    """Return the tables that Lark makes of a grammar file; its own errors say what is wrong.

    >>> [rule for rule in build(files("sheet")[0]).rules if rule[0] == "start"]
    [('start', 1, 'first')]
    """
    from lark import Lark
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    parser = Lark.open(grammar, parser="lalr", lexer="basic", maybe_placeholders=False)
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    table = data["parser"]["parser"]
    ignored = data["parser"]["lexer_conf"]["ignore"]
    terminals = sorted(
        (parts for parts in memo.values() if parts["__type__"] == "TerminalDef"), key=_precedence
    )
    numbered = [key for key, parts in memo.items() if "origin" in parts]
    rules = [_rule(memo[key]) for key in numbered]
    states = _numbered(table, {key: n for n, key in enumerate(numbered)})
    patterns = [(part["name"], part["pattern"]) for part in terminals]
    tokens = [(name, _pattern(part)) for name, part in patterns if not _is_word(part)]
    keywords = {part["value"]: name for name, part in patterns if _is_word(part)}
    return Tables(tokens, sorted(ignored), keywords, rules, *states)


def _numbered(
    table: dict[str, Any], rules: dict[int, int]
) -> tuple[list[dict[str, int]], int, int]:
    """Return Lark's states numbered in the order they are reached, the same in every build."""
    names = {number: _bare(str(name)) for number, name in table["tokens"].items()}
    states = [table["start_states"]["start"]]
    numbers = {states[0]: 0}
    actions: list[dict[str, int]] = []
    for state in states:
        row: dict[str, int] = {}
        named = {names[symbol]: action for symbol, action in table["states"][state].items()}
        for name in sorted(named):
            reduces, target = named[name]
            if reduces:
                row[name] = -rules[target["@"]] - 1
                continue
            if target not in numbers:
                numbers[target] = len(states)
                states.append(target)
            row[name] = numbers[target] + 1
        actions.append(row)
    return actions, 0, numbers[table["end_states"]["start"]]


def _precedence(terminal: dict[str, Any]) -> tuple[int, int, int, str]:
    """Order terminals as Lark's own lexer does: by priority, then the longest first."""
    pattern = terminal["pattern"]
    width = pattern["_width"][1] if "_width" in pattern else len(pattern["value"])
    return (-terminal["priority"], -width, -len(pattern["value"]), terminal["name"])


def _is_word(pattern: dict[str, Any]) -> bool:
    return bool(pattern["__type__"] == "PatternStr" and pattern["value"].isalpha())


def _pattern(pattern: dict[str, Any]) -> str:
    value: str = pattern["value"]
    return re.escape(value) if pattern["__type__"] == "PatternStr" else value


def _rule(rule: dict[str, Any]) -> tuple[str, int, str]:
    alias = rule["alias"] or ("" if rule["options"]["expand1"] else rule["origin"]["name"])
    # Some versions of Lark keep tokens here, which are strings that print otherwise.
    return (_bare(str(rule["origin"]["name"])), len(rule["expansion"]), _bare(str(alias)))


def _bare(name: str) -> str:
    """Return the name of a rule as its own grammar has it: Lark puts the file's name before it."""
    return re.sub(r"^[a-z]+__(?=.)", "", name)
