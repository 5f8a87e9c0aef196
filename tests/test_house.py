"""The house: imports make no circles, those inside functions and for types alone included."""

from __future__ import annotations

import grimp


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
