"""The house: imports make no circles, those inside functions and for types alone included."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import grimp

from cgcli.operations.table import OPERATIONS

ROOT = Path(__file__).parent.parent


def circles(edges: dict[str, set[str]]) -> list[set[str]]:
    """Return the groups of modules that import each other, by Kosaraju's two walks."""
    order: list[str] = []
    seen: set[str] = set()
    for start, first in edges.items():
        stack = [(start, iter(first))] if start not in seen else []
        seen.add(start)
        while stack:
            node, rest = stack[-1]
            following = next((other for other in rest if other not in seen), None)
            if following is None:
                order.append(stack.pop()[0])
            else:
                seen.add(following)
                stack.append((following, iter(edges[following])))
    backward: dict[str, set[str]] = {node: set() for node in edges}
    for node, others in edges.items():
        for other in others:
            backward[other].add(node)
    found, placed = [], set()
    for start in reversed(order):
        if start in placed:
            continue
        group, pending = {start}, [start]
        placed.add(start)
        while pending:
            for other in backward[pending.pop()] - placed:
                placed.add(other)
                group.add(other)
                pending.append(other)
        if len(group) > 1:
            found.append(group)
    return found


def test_a_circle_is_seen() -> None:
    edges = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}
    assert circles(edges) == [{"a", "b", "c"}]


def test_imports_make_no_circles() -> None:
    graph = grimp.build_graph("cgcli")
    edges = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    assert len(edges) > 200
    assert circles(edges) == []


def test_what_the_picture_of_the_house_names_is_there() -> None:
    """The files and folders of docs/architecture.md, and every room of the package in it."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/.]+(?:\.py|\.toml|/))`", page))
    assert len(named) > 30
    files = {path.relative_to(ROOT / "cgcli").as_posix() for path in (ROOT / "cgcli").rglob("*.*")}
    for name in named:
        if name.endswith("/"):
            assert (ROOT / "cgcli" / name).is_dir() or (ROOT / name).is_dir(), name
        else:
            assert any(file == name or file.endswith(f"/{name}") for file in files), name
    rooms = {path.parent.name for path in (ROOT / "cgcli").glob("*/__init__.py")}
    assert {f"{room}/" for room in rooms} <= named


BY_NAME = {
    # What is typed, and what it is lowered to.
    "graph/expressions.py": {"stack", "index", "onehot", "dot", "matmul"},
    "graph/graph.py": {"input", "constant", "same"},
    "homework/questions.py": {"neg", "pos"},
    # The primitives of a kind of number.
    "homework/formulas.py": {"add", "sub", "neg", "mul"},
    # Mistakes that are one operation's.
    "homework/mistakes/tensors.py": {"mean", "sum", "transpose"},
    # How a sum is written, and words of options that are no operations.
    "views/trace/chain.py": {"sum"},
    "learning/documents.py": {"mean", "sum"},
    "library/settings.py": {"mean", "sum"},
}
"""The modules outside of `NAMING` that call operations by name, and which."""
NAMING = {"operations", "numbers", "plan", "export", "native", "algebra"}
"""The rooms of rules, primitives, instructions, templates and identities."""


def operations_named(tree: ast.AST) -> set[str]:
    """Return the operations that code looks up, compares names with, or lists by name."""
    named: set[str] = set()
    for node in ast.walk(tree):
        texts: list[ast.expr | None] = []
        match node:
            case ast.Subscript(value=ast.Name(id="OPERATIONS"), slice=text):
                texts = [text]
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
                if any(isinstance(side, ast.Attribute) and side.attr == "name" for side in sides):
                    texts = [part for side in sides for part in ast.walk(side) if is_text(part)]
            case ast.Set(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(keys=parts):
                if len(parts) > 1 and all(is_text(part) for part in parts):
                    texts = [*parts]
        words = {text.value for text in texts if isinstance(text, ast.Constant)}
        if words <= OPERATIONS.keys() or isinstance(node, ast.Compare):
            named |= words & OPERATIONS.keys()
    return named


def is_text(node: ast.AST | None) -> bool:
    """Whether a part of code is a text as it stands."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_a_name_of_an_operation_is_seen_wherever_it_stands() -> None:
    code = 'row is OPERATIONS["neg"] or row.name in ("mul", "x") or row.name == "add"\n'
    code += 'A = frozenset({"max", "min"}); B = {"sin": 1, "cos": 2}; C = ("exp", "y")\n'
    named = {"neg", "mul", "add", "max", "min", "sin", "cos"}
    assert operations_named(ast.parse(code)) == named


def test_no_logic_asks_for_the_name_of_an_operation() -> None:
    """What a feature needs to know of an operation is a field of its row."""
    seen = {}
    for path in (ROOT / "cgcli").rglob("*.py"):
        module = path.relative_to(ROOT / "cgcli")
        if module.parts[0] in NAMING:
            continue
        named = operations_named(ast.parse(path.read_text(encoding="utf-8")))
        if named:
            seen[module.as_posix()] = named
    assert seen == BY_NAME


BANNED = {"each", "found", "own", "told", "whole"}
"""Pronouns and participles: as a name they say nothing of what a thing is."""


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every name that code binds, takes, passes or looks up, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.keyword(arg=str(name)):
                yield node.value.lineno, name


def test_a_pronoun_is_seen_wherever_it_stands() -> None:
    code = "def each(own, *, told=1):\n    found.whole = f(whole=[each for each in own])"
    assert {name for _, name in names(ast.parse(code))} >= BANNED


def test_no_name_is_a_pronoun_or_a_participle() -> None:
    for path in sorted((ROOT / "cgcli").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        banned = [f"{line}: {name}" for line, name in names(tree) if name.strip("_") in BANNED]
        assert banned == [], path
