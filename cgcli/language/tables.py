"""The grammar's parse tables: made by Lark, kept as JSON beside the grammar, loaded in a moment.

Lark reads `cgraph.lark`, checks that it is LALR(1) and computes the tables. Importing Lark and
building takes longer than the rest of a short run, so the tables are made when the package is
built and shipped with the grammar's text inside; when that text is not the grammar's any more,
or the file is missing, they are built again in memory. Nothing is ever unpickled.
"""

from __future__ import annotations

import importlib
import os
from typing import Any, NamedTuple

__all__ = ["Tables", "build", "files", "load", "save"]


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


def files() -> tuple[str, str]:
    """Return the paths of the package's grammar and of its tables."""
    # By name, since the package is laid out from a folder of another name when it is built.
    grammar = importlib.import_module("cgcli.grammar")
    folder = os.path.dirname(os.path.abspath(str(grammar.__file__)))
    return os.path.join(folder, "cgraph.lark"), os.path.join(folder, "cgraph.tables.json")


def load(grammar: str, tables: str) -> Tables:
    """Return the tables of a grammar file, from the tables file when it is of the same text."""
    import json

    with open(grammar, encoding="utf-8") as file:
        text = file.read()
    try:
        with open(tables, encoding="utf-8") as file:
            kept = json.load(file)
        if kept["grammar"] == text:
            return _from_json(kept["tables"])
    except (OSError, ValueError, KeyError, TypeError):
        # A missing or stale file only costs time: the grammar is the truth.
        pass
    return build(text)


def _from_json(kept: dict[str, Any]) -> Tables:
    kept["terminals"] = [(name, pattern) for name, pattern in kept["terminals"]]
    kept["rules"] = [(left, length, alias) for left, length, alias in kept["rules"]]
    return Tables(**kept)


def save(grammar: str, tables: str) -> None:
    """Write the tables of a grammar file, with the grammar's text, as JSON."""
    import json

    with open(grammar, encoding="utf-8") as file:
        text = file.read()
    kept = {"grammar": text, "tables": build(text)._asdict()}
    with open(tables, "w", encoding="utf-8") as file:
        json.dump(kept, file, ensure_ascii=False, separators=(",", ":"))


def build(grammar: str) -> Tables:
    """Return the tables that Lark makes of a grammar; lark's own errors say what is wrong with it.

    >>> build('start: "x" -> letter').rules
    [('start', 1, 'letter')]
    """
    from lark import Lark
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    parser = Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=False)
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    table = data["parser"]["parser"]
    ignored = data["parser"]["lexer_conf"]["ignore"]
    terminals = sorted(
        (parts for parts in memo.values() if parts["__type__"] == "TerminalDef"), key=_precedence
    )
    numbered = [key for key, parts in memo.items() if "origin" in parts]
    rules = [_rule(memo[key]) for key in numbered]
    states, start, end = _numbered(table, {key: n for n, key in enumerate(numbered)})
    return Tables(
        terminals=[
            (part["name"], _pattern(part["pattern"]))
            for part in terminals
            if not _is_word(part["pattern"])
        ],
        ignored=sorted(ignored),
        keywords={
            part["pattern"]["value"]: part["name"]
            for part in terminals
            if _is_word(part["pattern"])
        },
        rules=rules,
        actions=states,
        start=start,
        end=end,
    )


def _numbered(
    table: dict[str, Any], rules: dict[int, int]
) -> tuple[list[dict[str, int]], int, int]:
    """Return Lark's states numbered in the order they are reached, the same in every build."""
    names = table["tokens"]
    found = [table["start_states"]["start"]]
    numbers = {found[0]: 0}
    actions: list[dict[str, int]] = []
    for state in found:
        row: dict[str, int] = {}
        named = {names[symbol]: action for symbol, action in table["states"][state].items()}
        for name in sorted(named):
            reduces, target = named[name]
            if reduces:
                row[name] = -rules[target["@"]] - 1
                continue
            if target not in numbers:
                numbers[target] = len(found)
                found.append(target)
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
    import re

    value: str = pattern["value"]
    return re.escape(value) if pattern["__type__"] == "PatternStr" else value


def _rule(rule: dict[str, Any]) -> tuple[str, int, str]:
    alias = rule["alias"] or ("" if rule["options"]["expand1"] else rule["origin"]["name"])
    # Some versions of Lark keep tokens here, which are strings that print otherwise.
    return (str(rule["origin"]["name"]), len(rule["expansion"]), str(alias))
