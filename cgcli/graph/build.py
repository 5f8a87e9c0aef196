"""Syntax and bindings → graph: the statements in order, loops unrolled.

Below are three floors: `expressions` appends what a statement says, `names` knows what each name
stands for, and `nodes` appends one node with its shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cgcli.depth import Steps, descend
from cgcli.errors import CgraphError
from cgcli.graph.expressions import Expressions
from cgcli.graph.graph import INPUT, SAME, Graph
from cgcli.graph.names import Scope
from cgcli.language.syntax import Assignment, Block, Expression, Function, Loop, Syntax, Value
from cgcli.limits import Limits
from cgcli.operations.table import CONSTANTS


def build(
    syntax: Syntax, bindings: Mapping[str, Any] | None = None, limits: Limits = Limits()
) -> Graph:
    """Return the graph of a program for the names, shapes and whole numbers of its bindings.

    A free name that is not bound is a scalar input. Raises `CgraphError`.
    """
    statements = _Statements(syntax, bindings or {}, limits)
    statements.graph.output = statements.run(syntax.block)
    return statements.graph


class _Statements(Expressions):
    """The statements of a program, run once each, or once a turn."""

    def run(self, block: Block) -> int:
        """Run the statements, unrolling loops, and return the node of the last value."""
        self.output = -1
        descend(self.statements(block, {}, None))
        # It knows of the statements, and would keep them until the collector comes.
        self.__dict__.pop("count", None)
        self.check_end(block, self.output)
        return self.output

    def statements(self, block: Block, scope: Scope, loop: Loop | None) -> Steps:
        """Run the statements of a program, or of a loop once."""
        for statement in block:
            if isinstance(statement, Loop):
                for _ in self.turns(statement, scope, statement.span):
                    yield self.statements(statement.block, scope, statement)
            elif isinstance(statement, Value):
                self.output = self.expression(statement.expression, scope)
            elif isinstance(statement, Assignment):
                self.output = self.assign(statement, scope, loop)

    def check_end(self, block: Block, output: int) -> None:
        last = block[-1]
        if isinstance(last, Function):
            parameters = ", ".join(last.parameters)
            key, span = "ends-with-a-function", last.span
            raise self.error(key, span, function=last.name, parameters=parameters)
        if output < 0:
            span = last.span if isinstance(last, Loop) else (0, len(self.text))
            raise self.error("no-value", span)

    def assign(self, statement: Assignment, scope: Scope, loop: Loop | None) -> int:
        name, span = statement.name, statement.span
        key = self.indices(statement.key, scope)
        written = f"{name}[{', '.join(map(str, key))}]" if key else name
        before = self.members.get((name, key)) if key else self.nodes.get(name)
        if before is not None:
            raise self.assigned_twice(written, statement, loop, before)
        if name in scope:
            raise self.error("variable-of-a-loop", span, name=name)
        size_before = len(self.graph)
        node = self.expression(statement.expression, scope)
        graph = self.graph
        named = node < size_before or node in graph.given
        if named or graph.literals.get(node) in CONSTANTS:
            start, end = statement.expression[-1][3:5]
            node = self.operation(SAME, (node,), start, end)
        graph.given[node] = written
        if key:
            self.members[name, key] = node
            self.spans[written] = span
        else:
            self.nodes[name] = node
        return node

    def assigned_twice(
        self, written: str, statement: Assignment, loop: Loop | None, before: int
    ) -> CgraphError:
        if loop is not None and not statement.key:
            key, variable = "assigned-at-each-turn", loop.variable
            return self.error(key, statement.span, loop.span, name=written, variable=variable)
        first = self.spans.get(written, self.assigned.get(statement.name, statement.span))
        if self.graph.operations[before] is INPUT:
            first = (self.graph.starts[before], self.graph.ends[before])
        return self.error("assigned-twice", statement.span, first, name=written)


class Draft(_Statements):
    """A program's graph that takes further expressions over its names, and gives them up again.

    `output` is the program's last value. `add` appends an expression's nodes and returns the last
    of them; `undo` takes off whatever was added. Names that the program has not become inputs:
    `unknown` tells which. What is added may have `room` nodes.

    >>> from cgcli.language.parse import parse
    >>> draft = Draft(parse("p = x + y; p*z"), {})
    >>> added = draft.add(parse("x + q").block[0].expression, "x + q")
    >>> added, draft.unknown(), draft.undo(), len(draft.graph)
    (6, ['q'], None, 5)
    """

    def __init__(
        self,
        syntax: Syntax,
        bindings: Mapping[str, Any],
        limits: Limits = Limits(),
        room: int = 10_000,
    ) -> None:
        super().__init__(syntax, bindings, limits)
        self.run(syntax.block)
        self.size, self._numbers = len(self.graph), self.numbers
        self.limits = limits._replace(nodes=self.size + room)

    def add(self, expression: Expression, text: str, names: Mapping[str, int] | None = None) -> int:
        """Append an expression, `names` standing for nodes; raises `CgraphError`."""
        self.text = text
        self.turned, self.counted = 0, False
        self.__dict__.pop("count", None)
        self.graph.facts.clear()
        return self.expression(expression, dict(names or {}))

    def unknown(self) -> list[str]:
        """Return the names that were added and are the program's inputs not."""
        return [name for name, node in self.graph.inputs.items() if node >= self.size]

    def undo(self) -> None:
        """Take every node off again that was added."""
        graph, size = self.graph, self.size
        self.numbers = self._numbers
        self.active.clear()
        graph.facts.clear()
        while len(graph) > size:
            graph.given.pop(len(graph) - 1, None)
            graph.pop()
        del self.known[size:]
        for kept in (graph.inputs, self.nodes):
            for name in [name for name, node in kept.items() if node >= size]:
                del kept[name]
