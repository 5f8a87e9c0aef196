"""A graph cut at a node, which is an input then: what depends on the node is a function of it."""

from __future__ import annotations

from cgcli.graph.graph import INPUT, Graph

__all__ = ["cut"]


def cut(graph: Graph, node: int) -> Graph:
    """Return the graph with a node as an input of its own name; the nodes keep their places.

    Inputs that the output needs no more are left out.

    >>> from cgcli.program import parse
    >>> graph = parse("p = x + y; p*z").graph()
    >>> list(cut(graph, graph.node("p")).inputs)
    ['p', 'z']
    """
    name = graph.names[node]
    found = Graph(graph.text, graph.reserved)
    found.operations = [*graph.operations]
    found.arguments = [*graph.arguments]
    found.operations[node], found.arguments[node] = INPUT, ()
    found.starts, found.ends = graph.starts, graph.ends
    found.given = {**graph.given, node: name}
    found.shapes = dict(graph.shapes)
    found.static = {each: fixed for each, fixed in graph.static.items() if each != node}
    found.constants, found.literals = dict(graph.constants), dict(graph.literals)
    found.tensors = graph.tensors - {node}
    found.turns, found.output = graph.turns, graph.output
    # Names that were given by counting stay what they were.
    found._names = graph.names  # noqa: SLF001  # a graph's own part
    needed = found.ancestors([found.output])
    inputs = {**graph.inputs, name: node}
    found.inputs = {
        own: place
        for own, place in sorted(inputs.items(), key=lambda each: each[1])
        if needed[place] or place == node
    }
    return found
