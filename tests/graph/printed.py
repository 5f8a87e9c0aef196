"""A graph as a program again: the formulas of its nodes put together, to be read once more."""

from __future__ import annotations

from cgcli.graph.graph import Graph
from cgcli.graph.text import inline


def program(graph: Graph) -> str:
    """Return a program that builds the same graph: a statement for each named or shared node.

    What was written once and used once stands inline; what is used more often is a statement
    of its own and then a name, so the text is as long as the graph, whatever it shares.
    """
    uses, names = graph.uses, graph.names

    def is_statement(node: int) -> bool:
        return bool(graph.arguments[node]) and (node in graph.given or uses[node] > 1)

    lines: list[str] = []
    for node in range(len(graph)):
        if node == graph.output or (not is_statement(node) and not _is_value(graph, node)):
            continue
        lines.append(f"{names[node]} = {inline(graph, node, is_statement)}")
    last = inline(graph, graph.output, is_statement)
    if graph.output in graph.given and graph.operations[graph.output].name != "input":
        last = f"{names[graph.output]} = {last}"
    elif graph.uses[graph.output]:
        lines.append(f"{names[graph.output]} = {last}")
        last = names[graph.output]
    return "\n".join([*lines, last])


def _is_value(graph: Graph, node: int) -> bool:
    """Whether a node is a named literal, or a statement nobody uses."""
    if graph.operations[node].name == "input":
        return False
    return node in graph.given or graph.uses[node] == 0
