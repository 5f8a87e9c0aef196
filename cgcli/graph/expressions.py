"""Expressions → nodes: functions expanded where they are called, lists written out turn by turn.

Bodies that are under way are generators, one for each, so nothing recurses however deep functions
call each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from cgcli.depth import Steps, descend
from cgcli.errors import CgraphError
from cgcli.graph.names import Names, Scope, Turn
from cgcli.language import syntax
from cgcli.limits import Limits
from cgcli.operations.row import Operation
from cgcli.operations.table import OPERATIONS, WORDS
from cgcli.words import counted

Span: TypeAlias = tuple[int, int]
_STACK: Final = OPERATIONS["stack"]
_INDEX: Final = OPERATIONS["index"]
_ONEHOT, _DOT, _MATMUL = OPERATIONS["onehot"], OPERATIONS["dot"], OPERATIONS["matmul"]


class Expressions(Names):
    """The expressions of a program, each appended as it is written."""

    def __init__(self, program: syntax.Syntax, bindings: Mapping[str, Any], limits: Limits) -> None:
        super().__init__(program, bindings, limits)
        self.active: set[str] = set()
        # Whether what is built now was counted before, by the loop around it.
        self.counted = False

    def expression(self, body: syntax.Expression, scope: Scope) -> int:
        """Append the nodes of an expression and return the last of them."""
        stack: list[int] = []
        descend(self.entries(body, scope, stack))
        return stack[0]

    def entries(self, body: syntax.Expression, scope: Scope, stack: list[int]) -> Steps:
        """Append the nodes of an expression; what it comes to is left on the stack."""
        append, operations = stack.append, OPERATIONS
        for kind, payload, count, start, end in body:
            if kind == syntax.OPERATION:
                if count == 2:
                    right = stack.pop()
                    stack[-1] = self.operation(operations[payload], (stack[-1], right), start, end)
                else:
                    stack[-1] = self.operation(operations[payload], (stack[-1],), start, end)
            elif kind == syntax.NAME:
                node = self.nodes.get(payload) if not scope else None
                append(self.value_of(payload, scope, start, end) if node is None else node)
            elif kind == syntax.NUMBER:
                append(self.constant(float(payload), payload, start, end))
            elif kind == syntax.CALL:
                arguments, function = syntax.taken(stack, count), self.functions.get(payload)
                if function is not None:
                    yield self.expanded(function, arguments, stack, (start, end))
                else:
                    append(self.call(payload, arguments, scope, start, end))
            elif kind == syntax.LIST:
                append(self.operation(_STACK, tuple(syntax.taken(stack, count)), start, end))
            elif kind == syntax.INDEX:
                append(self.indexed(payload, stack, scope, start, end))
            elif kind == syntax.COMPREHENSION:
                yield self.listed(payload, scope, stack, (start, end))

    def call(self, name: str, arguments: list[int], scope: Scope, start: int, end: int) -> int:
        """Append the node of a call of one of the language's functions."""
        rows, count = WORDS.get(name), len(arguments)
        if rows is None:
            raise self.not_a_function(name, count, scope, start, end)
        row = next((row for row in rows if row.accepts(count)), None)
        if row is None:
            raise self.wrong_arity(name, rows, count, start, end)
        fixed: tuple[int, ...] = ()
        if row.static and count > len(row.parameters):
            arguments, axes = arguments[: len(row.parameters)], arguments[len(row.parameters) :]
            pairs = zip(axes, row.static, strict=False)
            fixed = tuple(self.static_argument(*pair, name, start, end) for pair in pairs)
            self.drop(axes, start, end)
        return self.operation(row, tuple(arguments), start, end, fixed)

    def drop(self, nodes: list[int], start: int, end: int) -> None:
        """Take the nodes of static arguments off the graph again: they are no part of the sum.

        Only those written in the call itself, between `start` and `end`: a function's parameter
        may be used elsewhere too.
        """
        graph = self.graph
        part = set(nodes)
        last = len(graph) - 1
        while last in part and last not in graph.given and self.within(last, start, end):
            part.update(graph.arguments[last])
            graph.pop()
            del self.known[last:]
            last -= 1

    def wrong_arity(
        self, name: str, rows: tuple[Operation, ...], count: int, start: int, end: int
    ) -> CgraphError:
        """Return the error for a call with too few or too many arguments."""
        written = " or ".join(row.signature() for row in rows)
        given = counted(count, "argument")
        hint = f"write {written}"
        if name in ("log", "ln") and count == 2:
            hint = "write log2(x), log10(x), or log(x)/log(b) for any other base b"
        return self.error("arity", (start, end), function=name, given=given, hint=hint)

    def expanded(
        self, function: syntax.Function, arguments: list[int], stack: list[int], span: Span
    ) -> Steps:
        """Append the body of a function of the program, its parameters standing for arguments."""
        name, parameters, count = function.name, function.parameters, len(arguments)
        if count != len(parameters):
            takes = counted(len(parameters), "argument")
            values = {"count": takes, "given": count, "parameters": ", ".join(parameters)}
            raise self.error("arity-of-a-function", span, function.span, name=name, **values)
        if name in self.active:
            raise self.error("recursion", span, function.span, name=name)
        self.active.add(name)
        if not self.counted:
            self.check_work(name, {}, span)
        self.count_turn(*span)
        scope: Scope = dict(zip(parameters, arguments, strict=True))
        yield self.entries(function.expression, scope, stack)
        self.active.discard(name)

    def indexed(
        self, indexed: syntax.Indexed, stack: list[int], scope: Scope, start: int, end: int
    ) -> int:
        """Return the member of a family, or the part of a vector or a matrix, that indices name.

        An element or a row that a column names is chosen in each row.
        """
        name = indexed.name
        if not name:
            base = stack.pop()
        elif name in self.families and name not in scope:
            if indexed.slices:
                raise self.error("family-sliced", (start, end), name=name)
            return self.member_of(name, self.indices(indexed.indices, scope), start, end)
        else:
            base = self.value_of(name, scope, start, start + len(name))
        parts = indexed.indices
        part = parts[0]
        names = [] if len(parts) > 1 or isinstance(part, syntax.Slice) else part
        shape = self.graph.shape(base)
        if shape and [entry[0] for entry in names] == [syntax.NAME]:
            name = names[0][1]
            if name not in scope and getattr(self.bindings.get(name), "shape", None) == ():
                label = self.value_of(name, scope, *names[0][3:5])
                chosen = self.operation(_ONEHOT, (label,), start, end, (shape[0],))
                pair = (base, chosen) if len(shape) == 1 else (chosen, base)
                return self.operation(_DOT if len(shape) == 1 else _MATMUL, pair, start, end)
        return self.operation(_INDEX, (base,), start, end, self.indices(parts, scope))

    def listed(
        self, comprehension: syntax.Comprehension, scope: Scope, stack: list[int], span: Span
    ) -> Steps:
        """Append the bodies of all the turns of a list, and the list of them."""
        first = len(stack)
        for _ in self.turns(comprehension, scope, span):
            yield self.entries(comprehension.body, scope, stack)
        elements = tuple(syntax.taken(stack, len(stack) - first))
        if not elements:
            raise self.error("empty-list", span)
        stack.append(self.operation(_STACK, elements, *span))

    def turns(
        self, loop: syntax.Loop | syntax.Comprehension, scope: Scope, span: Span
    ) -> Iterator[None]:
        """Go through the turns of a loop, in which its variable stands in the scope."""
        is_outermost, variable, graph = not self.counted, loop.variable, self.graph
        if is_outermost:
            self.check_work(loop, scope, loop.range.span)
            self.counted = True
        values, hidden = self.unrolled(loop.range, scope), scope.get(variable)
        around = graph.turns.now
        for value in values:
            self.count_turn(*span)
            scope[variable] = Turn(value)
            graph.turns.enter(len(graph), (*around, (variable, value)))
            yield
        graph.turns.enter(len(graph), around)
        self.counted = not is_outermost
        scope.pop(variable, None)
        if hidden is not None:
            scope[variable] = hidden
