"""Syntax and bindings → graph: names, functions, families, loops, and the shapes of it all.

Functions are expanded where they are called and loops are unrolled, on explicit stacks: one of
blocks for the statements, one of frames for the expressions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from cgcli.errors import CgraphError, Place, excerpt, shorten
from cgcli.graph import static
from cgcli.graph.graph import INPUT, Graph
from cgcli.language.syntax import (
    CALL,
    COMPREHENSION,
    INDEX,
    LIST,
    NAME,
    NUMBER,
    OPERATION,
    Assignment,
    Block,
    Entry,
    Expression,
    Function,
    Indexed,
    Loop,
    Range,
    Syntax,
    Value,
)
from cgcli.limits import Limits
from cgcli.operations.row import Operation, Shape
from cgcli.operations.shapes import ShapeMismatchError, broadcast, describe, size
from cgcli.operations.table import CONSTANTS, OPERATIONS, OTHER_SPELLINGS, WORDS

__all__ = ["build"]

_STACK: Final = OPERATIONS["stack"]
_INDEX: Final = OPERATIONS["index"]
_SAME: Final = OPERATIONS["same"]


class Turn(NamedTuple):
    """What a loop's variable stands for in one turn."""

    value: int


Scope = dict[str, "int | Turn"]
"""Parameters, by the node they stand for, and loop variables, by their value."""


class Frame:
    """An expression under way: its entries, its scope, and what it is a body of."""

    __slots__ = ("base", "body", "entries", "function", "scope", "span", "turns", "variable")

    def __init__(self, body: Expression, scope: Scope) -> None:
        self.body = body
        self.entries: Iterator[Entry] = iter(body)
        self.scope = scope
        self.function = ""
        self.turns: Iterator[int] | None = None
        self.variable = ""
        self.base = 0
        self.span = (0, 0)


def build(
    syntax: Syntax, bindings: Mapping[str, Any] | None = None, limits: Limits = Limits()
) -> Graph:
    """Return the graph of a program for the names, shapes and whole numbers of its bindings.

    A free name that is not bound is a scalar input. Raises `CgraphError`.
    """
    return _Builder(syntax, bindings or {}, limits).build()


class _Builder:
    def __init__(self, syntax: Syntax, bindings: Mapping[str, Any], limits: Limits) -> None:
        self.text = syntax.text
        self.syntax = syntax
        self.bindings = bindings
        self.limits = limits
        self.graph = Graph(syntax.text, syntax.names)
        self.nodes: dict[str, int] = {}
        self.members: dict[tuple[str, tuple[int, ...]], int] = {}
        self.spans: dict[str, tuple[int, int]] = {}
        self.assigned: dict[str, tuple[int, int]] = {}
        self.families: dict[str, tuple[int, int]] = {}
        self.functions: dict[str, Function] = {}
        self.active: set[str] = set()
        self.known: dict[int, float | None] = {}
        self.numbers = 0
        self.turned = 0

    def build(self) -> Graph:
        self.survey(self.syntax.block)
        graph = self.graph
        graph.output = self.run(self.syntax.block)
        return graph

    def error(
        self,
        kind: str,
        message: str,
        hint: str,
        span: tuple[int, int],
        other: tuple[int, int] | None = None,
        label: str = "",
    ) -> CgraphError:
        """Return an error at a span, and at another that it has to do with, labelled."""
        places = [Place(self.text, *span)]
        if other is not None and other != span:
            places.append(Place(self.text, *other, label))
        return CgraphError(kind, message, hint, tuple(places))

    # Names

    def survey(self, block: Block) -> None:
        """Note every name that is assigned anywhere: only the others are inputs."""
        pending = [(block, True)]
        while pending:
            statements, outermost = pending.pop()
            for statement in statements:
                if isinstance(statement, Assignment):
                    self.note_assignment(statement)
                elif isinstance(statement, Function):
                    self.note_function(statement, outermost)
                elif isinstance(statement, Loop):
                    pending.append((statement.block, False))

    def note_assignment(self, statement: Assignment) -> None:
        name, span = statement.name, statement.span
        here, there = self.families, self.assigned
        if not statement.key:
            here, there = there, here
        if name in there:
            message = f"'{excerpt(name)}' is both one value and a family {excerpt(name)}[…]"
            raise self.error(
                "name", message, "give one of them another name", span, there[name], "the other"
            )
        if name in self.bindings:
            error = self.error(
                "binding",
                f"'{excerpt(name)}' is assigned in the program and bound as well",
                f"leave out {excerpt(name)}=…, or the statement",
                span,
            )
            error.bound = name
            raise error
        here.setdefault(name, span)

    def note_function(self, statement: Function, outermost: bool) -> None:
        name, span = statement.name, statement.span
        if not outermost:
            message = "a function cannot be defined in a loop"
            raise self.error("name", message, "define it before the loop", span)
        if name in WORDS:
            message = f"'{name}' is a function of the language already"
            raise self.error("name", message, "give yours another name", span)
        if name in self.functions:
            raise self.error(
                "name",
                f"the function '{excerpt(name)}' is defined twice",
                "give each function a name of its own",
                span,
                self.functions[name].span,
                "first defined here",
            )
        self.functions[name] = statement

    def value_of(self, name: str, scope: Scope, start: int, end: int) -> int:
        """Return the node that a name stands for, making an input or a constant of a new one."""
        local = scope.get(name)
        if local is not None:
            if isinstance(local, Turn):
                return self.constant(float(local.value), str(local.value), start, end)
            return local
        node = self.nodes.get(name)
        if node is not None:
            return node
        if name in self.assigned:
            raise self.error(
                "name",
                f"'{excerpt(name)}' is used before it is assigned",
                "statements are read in order; move the assignment up",
                (start, end),
                self.assigned[name],
                "assigned here",
            )
        if name in self.families:
            raise self.error(
                "name",
                f"'{excerpt(name)}' is a family, not one value",
                f"write one member, {excerpt(name)}[0], or a list: "
                f"[{excerpt(name)}[t] for t in 0..3]",
                (start, end),
                self.families[name],
                "assigned here",
            )
        if name in self.functions:
            parameters = ", ".join(self.functions[name].parameters)
            raise self.error(
                "name",
                f"'{excerpt(name)}' is a function, not a value",
                f"write {excerpt(name)}({parameters})",
                (start, end),
            )
        if name in CONSTANTS and name not in self.bindings:
            node = self.nodes[name] = self.constant(CONSTANTS[name], name, start, end)
            return node
        node = self.graph.append(INPUT, (), start, end)
        self.graph.given[node] = name
        self.graph.inputs[name] = node
        self.nodes[name] = node
        bound = self.bindings.get(name)
        if bound is not None and not isinstance(bound, float):
            self.set_shape(node, tuple(bound.shape), start, end)
        return node

    def member_of(self, name: str, key: tuple[int, ...], start: int, end: int) -> int:
        node = self.members.get((name, key))
        if node is None:
            written = f"{excerpt(name)}[{', '.join(map(str, key))}]"
            have = [k for n, k in self.members if n == name]
            shown = ", ".join(
                f"{excerpt(name)}[{', '.join(map(str, k))}]" for k in have[:1] + have[1:][-1:]
            )
            hint = f"assigned so far: {shown}" if have else f"write {written} = … first"
            message = f"{written} is used before it is assigned"
            raise self.error("name", message, hint, (start, end))
        return node

    # Nodes

    def constant(self, value: Any, literal: str, start: int, end: int) -> int:
        self.check_size(start, end)
        return self.graph.constant(value, literal, start, end)

    def check_size(self, start: int, end: int) -> None:
        if len(self.graph.operations) >= self.limits.nodes:
            raise self.error(
                "limit",
                f"the graph grows past {self.limits.nodes:,} nodes",
                "loops and functions are written out when the graph is built; "
                "use fewer turns, or raise the limit with --max-nodes",
                (start, end),
            )

    def set_shape(self, node: int, shape: Shape, start: int, end: int) -> None:
        """Note the shape of a vector or a matrix, and that arrays are needed for it."""
        self.graph.tensors.add(node)
        if not shape:
            return
        self.numbers += size(shape)
        if self.numbers > self.limits.numbers:
            raise self.error(
                "limit",
                f"the graph would hold more than {self.limits.numbers:,} numbers",
                f"this value is {describe(shape)}",
                (start, end),
            )
        self.graph.shapes[node] = shape

    def operation(
        self,
        operation: Operation,
        arguments: tuple[int, ...],
        start: int,
        end: int,
        fixed: tuple[int, ...] = (),
    ) -> int:
        """Append an operation's node, its shape worked out from its arguments'."""
        graph = self.graph
        if len(graph.operations) >= self.limits.nodes:
            self.check_size(start, end)
        if not graph.shapes and operation.shape is None:
            return graph.append(operation, arguments, start, end)
        shapes = [graph.shapes.get(a, ()) for a in arguments]
        try:
            shape = operation.shape(*shapes, *fixed) if operation.shape else broadcast(*shapes)
        except ShapeMismatchError as mismatch:
            raise self.mismatch(operation, mismatch, arguments, start, end) from None
        node = graph.append(operation, arguments, start, end)
        if fixed:
            graph.static[node] = fixed
        if shape or operation.shape is not None or any(shapes):
            self.set_shape(node, shape, start, end)
        return node

    def mismatch(
        self,
        operation: Operation,
        mismatch: ShapeMismatchError,
        arguments: tuple[int, ...],
        start: int,
        end: int,
    ) -> CgraphError:
        """Return the error for shapes that do not fit, with the places of the arguments."""
        graph = self.graph
        message = mismatch.message
        if operation.symbol and operation.shape is None:
            message = f"{message} in '{operation.symbol}'"
        places = [
            Place(
                self.text,
                graph.starts[arguments[place]],
                graph.ends[arguments[place]],
                describe(graph.shape(arguments[place])),
            )
            for place in mismatch.places
            if self.within(arguments[place], start, end)
        ]
        for place in mismatch.places:
            if not self.within(arguments[place], start, end):
                name = graph.given.get(arguments[place])
                if name:
                    message = (
                        f"{message} ({excerpt(name)} is {describe(graph.shape(arguments[place]))})"
                    )
        return CgraphError(
            "shape", message, mismatch.hint, tuple(places) or (Place(self.text, start, end),)
        )

    def within(self, node: int, start: int, end: int) -> bool:
        """Whether a node's own text stands inside the span: a name's first use may be elsewhere."""
        return start <= self.graph.starts[node] and self.graph.ends[node] <= end

    # Expressions

    def expression(self, body: Expression, scope: Scope) -> int:
        """Append the nodes of an expression and return the last of them."""
        frames = [Frame(body, scope)]
        stack: list[int] = []
        while frames:
            frame = frames[-1]
            entered = self.advance(frame, stack)
            if entered is not None:
                frames.append(entered)
                continue
            if frame.turns is not None and self.next_turn(frame):
                continue
            frames.pop()
            if frame.turns is not None:
                self.close_list(frame, stack)
            elif frame.function:
                self.active.discard(frame.function)
        return stack[0]

    def advance(self, frame: Frame, stack: list[int]) -> Frame | None:
        """Run a frame's entries; return the frame of a body that must be run first, or None."""
        scope, append, operations = frame.scope, stack.append, OPERATIONS
        for kind, payload, count, start, end in frame.entries:
            if kind == OPERATION:
                if count == 2:
                    right = stack.pop()
                    stack[-1] = self.operation(operations[payload], (stack[-1], right), start, end)
                else:
                    stack[-1] = self.operation(operations[payload], (stack[-1],), start, end)
            elif kind == NAME:
                node = self.nodes.get(payload) if not scope else None
                append(self.value_of(payload, scope, start, end) if node is None else node)
            elif kind == NUMBER:
                append(self.constant(float(payload), payload, start, end))
            elif kind == CALL:
                entered = self.call(payload, count, stack, frame, start, end)
                if entered is not None:
                    return entered
            elif kind == LIST:
                arguments = tuple(stack[len(stack) - count :])
                del stack[len(stack) - count :]
                append(self.operation(_STACK, arguments, start, end))
            elif kind == INDEX:
                base = self.base(payload, stack, scope, start, end)
                if base is not None:
                    append(self.index(base, payload.indices, scope, start, end))
            elif kind == COMPREHENSION:
                return self.open_list(payload, scope, stack, start, end)
        return None

    def call(
        self, name: str, count: int, stack: list[int], frame: Frame, start: int, end: int
    ) -> Frame | None:
        """Append a call's node, or return the frame that expands a function of the program."""
        function = self.functions.get(name)
        if function is not None:
            return self.enter(function, count, stack, start, end)
        rows = WORDS.get(name)
        if rows is None:
            raise self.not_a_function(name, frame.scope, start, end)
        row = next((row for row in rows if row.accepts(count)), None)
        if row is None:
            raise self.wrong_arity(name, rows, count, start, end)
        arguments = stack[len(stack) - count :]
        del stack[len(stack) - count :]
        fixed: tuple[int, ...] = ()
        if row.static and count > len(row.parameters):
            arguments, axes = arguments[: len(row.parameters)], arguments[len(row.parameters) :]
            fixed = tuple(
                self.static_argument(node, row.static[k], name, start, end)
                for k, node in enumerate(axes)
            )
            self.drop(axes, start, end)
        stack.append(self.operation(row, tuple(arguments), start, end, fixed))
        return None

    def static_argument(self, node: int, what: str, name: str, start: int, end: int) -> int:
        """Return an axis or a length, which must be a constant; its node stays in the graph."""
        value = static.constant_value(self.graph, node, self.known)
        if value is None and node in self.graph.inputs.values():
            bound = self.bindings.get(self.graph.given[node])
            value = bound if isinstance(bound, float) else None
        if value is None or value != value or abs(value) > 1e15 or value != int(value):
            where = (start, end)
            if self.within(node, start, end):
                where = (self.graph.starts[node], self.graph.ends[node])
            message = f"the {what} of {name} must be a whole number known when the graph is built"
            raise self.error(
                "index", message, f"write the number itself, as in {name}(x, 1)", where
            )
        return int(value)

    def drop(self, nodes: list[int], start: int, end: int) -> None:
        """Take the nodes of static arguments off the graph again: they are no part of the sum.

        Only those written in the call itself, between `start` and `end`: a function's parameter
        may be used elsewhere too.
        """
        graph = self.graph
        part = set(nodes)
        while (
            (last := len(graph) - 1) in part
            and last not in graph.given
            and self.within(last, start, end)
        ):
            part.update(graph.arguments[last])
            graph.pop()
            self.known.pop(last, None)

    def wrong_arity(
        self, name: str, rows: tuple[Operation, ...], count: int, start: int, end: int
    ) -> CgraphError:
        written = " or ".join(row.signature() for row in rows)
        given = "no argument" if not count else f"{count} argument{'s' if count > 1 else ''}"
        return self.error(
            "arity", f"{name} does not take {given}", f"write {written}", (start, end)
        )

    def not_a_function(self, name: str, scope: Scope, start: int, end: int) -> CgraphError:
        shown = excerpt(name)
        span = (start, start + len(name))
        called = shorten(self.text[start + len(name) : end].strip(), 30)
        is_value = (
            name in self.assigned
            or name in self.bindings
            or name in self.graph.inputs
            or name in CONSTANTS
            or name in scope
            or name in self.families
        )
        if is_value:
            message = f"'{shown}' is a value, not a function"
            return self.error("name", message, f"write {shown}*{called}", span)
        message = f"there is no function '{shown}'"
        close = _close(name, [*WORDS, *self.functions])
        if name in OTHER_SPELLINGS or name.lower() in OTHER_SPELLINGS:
            other = OTHER_SPELLINGS.get(name) or OTHER_SPELLINGS[name.lower()]
            return self.error("name", message, f"write {other}", span)
        if close and len(name) > 1:
            return self.error("name", message, f"did you mean '{close}'?", span)
        message = f"'{shown}' is a value, not a function"
        hint = f"write {shown}*{called}; to define a function write {shown}(a) = …"
        return self.error("name", message, hint, span)

    def enter(
        self, function: Function, count: int, stack: list[int], start: int, end: int
    ) -> Frame:
        name, parameters = function.name, function.parameters
        if count != len(parameters):
            written = f"{excerpt(name)}({', '.join(parameters)})"
            message = f"{excerpt(name)} takes {len(parameters)} argument"
            message += f"{'' if len(parameters) == 1 else 's'}, not {count}"
            span = (start, end)
            raise self.error(
                "arity", message, f"write {written}", span, function.span, "defined here"
            )
        if name in self.active:
            raise self.error(
                "name",
                f"the function '{excerpt(name)}' calls itself",
                "functions are expanded where they are called; "
                "for repetition write a loop over a family: h[t+1] = …",
                (start, end),
                function.span,
                "defined here",
            )
        arguments = stack[len(stack) - count :]
        del stack[len(stack) - count :]
        frame = Frame(function.expression, dict(zip(parameters, arguments, strict=True)))
        frame.function = name
        self.active.add(name)
        self.count_turn(start, end)
        return frame

    def base(
        self, indexed: Indexed, stack: list[int], scope: Scope, start: int, end: int
    ) -> int | None:
        """Return the node that is indexed; or push a family's member, which is one by itself."""
        name = indexed.name
        if not name:
            return stack.pop()
        if name in self.families and name not in scope:
            key = tuple(self.whole(part, scope, "an index") for part in indexed.indices)
            stack.append(self.member_of(name, key, start, end))
            return None
        return self.value_of(name, scope, start, start + len(name))

    def index(
        self, base: int, parts: tuple[Expression, ...], scope: Scope, start: int, end: int
    ) -> int:
        indices = tuple(self.whole(part, scope, "an index") for part in parts)
        return self.operation(_INDEX, (base,), start, end, indices)

    def open_list(
        self, payload: Any, scope: Scope, stack: list[int], start: int, end: int
    ) -> Frame:
        frame = Frame([], dict(scope))
        frame.turns = iter(self.unrolled(payload.range, scope))
        frame.body, frame.variable = payload.body, payload.variable
        frame.base, frame.span = len(stack), (start, end)
        return frame

    def next_turn(self, frame: Frame) -> bool:
        """Start the next turn of a list's body; False when there is none."""
        value = next(frame.turns, None) if frame.turns is not None else None
        if value is None:
            return False
        self.count_turn(*frame.span)
        frame.scope[frame.variable] = Turn(value)
        frame.entries = iter(frame.body)
        return True

    def close_list(self, frame: Frame, stack: list[int]) -> None:
        arguments = tuple(stack[frame.base :])
        del stack[frame.base :]
        if not arguments:
            message = "a list needs one element at least, and this range is empty"
            raise self.error("shape", message, "", frame.span)
        stack.append(self.operation(_STACK, arguments, *frame.span))

    def count_turn(self, start: int, end: int) -> None:
        """Bound the work of loops and calls that append no nodes, too."""
        self.turned += 1
        if self.turned > self.limits.nodes:
            raise self.too_many_turns(start, end)

    def too_many_turns(self, start: int, end: int) -> CgraphError:
        return self.error(
            "limit",
            f"loops and calls take more than {self.limits.nodes:,} turns",
            "use fewer turns, or raise the limit with --max-nodes",
            (start, end),
        )

    # What is known when the graph is built

    def whole(self, expression: Expression, scope: Scope, what: str) -> int:
        if len(expression) == 1:
            kind, payload, _, _, _ = expression[0]
            local = scope.get(payload) if kind == NAME else None
            if isinstance(local, Turn):
                return local.value
        return static.whole_number(
            self.text, expression, self.lookup(scope), self.static_member, what
        )

    def unrolled(self, limits: Range, scope: Scope) -> range:
        """Return a loop's turns; more than there may be nodes are refused before the first."""
        turns = static.turns(self.text, limits, self.lookup(scope), self.static_member)
        if turns and (turns[-1] - turns[0]) // turns.step >= self.limits.nodes - self.turned:
            raise self.too_many_turns(*limits.span)
        return turns

    def lookup(self, scope: Scope) -> static.Lookup:
        def find(name: str, start: int, end: int) -> float | Shape:
            local = scope.get(name)
            if isinstance(local, Turn):
                return float(local.value)
            node = local if local is not None else self.value_of(name, scope, start, end)
            return self.static_value(node, name, start, end)

        return find

    def static_member(self, name: str, key: tuple[int, ...], start: int, end: int) -> float | Shape:
        if name not in self.families:
            raise static.unknown_name(self.text, name, start, end)
        return self.static_value(self.member_of(name, key, start, end), name, start, end)

    def static_value(self, node: int, name: str, start: int, end: int) -> float | Shape:
        shape = self.graph.shape(node)
        if shape:
            return shape
        value = static.constant_value(self.graph, node, self.known)
        if value is None and self.graph.operations[node] is INPUT:
            bound = self.bindings.get(self.graph.given[node])
            value = bound if isinstance(bound, float) else None
        if value is None:
            raise static.unknown_name(self.text, name, start, end)
        return value

    # Statements

    def run(self, block: Block) -> int:
        """Run the statements, unrolling loops, and return the node of the last value."""
        scope: Scope = {}
        running: list[tuple[Iterator[Any], Loop | None, Iterator[int], Any]] = [
            (iter(block), None, iter(()), None)
        ]
        output = -1
        while running:
            statements, loop, turns, outer = running[-1]
            for statement in statements:
                if isinstance(statement, Loop):
                    values = iter(self.unrolled(statement.range, scope))
                    running.append((iter(()), statement, values, scope.get(statement.variable)))
                    break
                if isinstance(statement, Value):
                    output = self.expression(statement.expression, scope)
                elif isinstance(statement, Assignment):
                    output = self.assign(statement, scope, loop)
            else:
                running.pop()
                if loop is None:
                    continue
                value = next(turns, None)
                if value is not None:
                    self.count_turn(*loop.span)
                    scope[loop.variable] = Turn(value)
                    running.append((iter(loop.block), loop, turns, outer))
                elif outer is None:
                    scope.pop(loop.variable, None)
                else:
                    scope[loop.variable] = outer
        self.check_end(block, output)
        return output

    def check_end(self, block: Block, output: int) -> None:
        last = block[-1]
        if isinstance(last, Function):
            message = "the program ends with a function's definition and has no value"
            hint = f"call it in a last statement: {last.name}({', '.join(last.parameters)})"
            raise self.error("syntax", message, hint, last.span)
        if output < 0:
            message = "the program has no value: its loop runs no statement"
            raise self.error("syntax", message, "end with an expression", self.loop_span(last))

    def loop_span(self, statement: object) -> tuple[int, int]:
        return statement.span if isinstance(statement, Loop) else (0, len(self.text))

    def assign(self, statement: Assignment, scope: Scope, loop: Loop | None) -> int:
        name, span = statement.name, statement.span
        key: tuple[int, ...] = ()
        written = name
        if statement.key:
            key = tuple(self.whole(part, scope, "an index") for part in statement.key)
            written = f"{name}[{', '.join(map(str, key))}]"
        before = self.members.get((name, key)) if key else self.nodes.get(name)
        if before is not None:
            raise self.assigned_twice(written, statement, loop, before)
        if name in scope:
            message = f"'{excerpt(name)}' is the variable of a loop"
            raise self.error("name", message, "give the value another name", span)
        size_before = len(self.graph)
        node = self.expression(statement.expression, scope)
        graph = self.graph
        named = node < size_before or node in graph.given
        if named or graph.literals.get(node) in CONSTANTS:
            start, end = statement.expression[-1][3:5]
            node = self.operation(_SAME, (node,), start, end)
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
        shown = excerpt(written)
        if loop is not None and not statement.key:
            message = f"'{shown}' is assigned again at each turn of the loop"
            hint = f"make it a family: {shown}[{loop.variable}] = …"
            return self.error("name", message, hint, statement.span, loop.span, "the loop")
        first = self.spans.get(written, self.assigned.get(statement.name, statement.span))
        if self.graph.operations[before] is INPUT:
            first = (self.graph.starts[before], self.graph.ends[before])
        message = f"'{shown}' is assigned twice"
        return self.error(
            "name",
            message,
            "give each value a name of its own",
            statement.span,
            first,
            "first assigned here",
        )


def _close(name: str, candidates: list[str]) -> str:
    """Return the candidate most like a name, or nothing; letters' case is the first guess."""
    for candidate in candidates:
        if candidate.lower() == name.lower():
            return candidate
    if len(name) > 40:
        return ""
    import difflib

    found = difflib.get_close_matches(name, sorted(candidates), 1, 0.6)
    return found[0] if found else ""
