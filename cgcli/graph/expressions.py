"""Expressions → nodes: functions expanded where they are called, lists written out turn by turn.

An expression is run on an explicit stack of frames, one for each body under way, so nothing
recurses however deep functions call each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cgcli.errors import CgraphError
from cgcli.graph.names import Names, Scope, Turn
from cgcli.language import syntax
from cgcli.limits import Limits
from cgcli.operations.row import Operation
from cgcli.operations.table import OPERATIONS, WORDS

_STACK: Final = OPERATIONS["stack"]
_INDEX: Final = OPERATIONS["index"]
_ONEHOT, _DOT, _MATMUL = OPERATIONS["onehot"], OPERATIONS["dot"], OPERATIONS["matmul"]


class Frame:
    """An expression under way: its entries, its scope, and what it is a body of."""

    turns: Iterator[int] | None = None
    body: syntax.Expression
    variable = ""
    loop = -1
    counted = False
    base = 0
    span = (0, 0)

    def __init__(self, body: syntax.Expression, scope: Scope, function: str = "") -> None:
        self.entries: Iterator[syntax.Entry] = iter(body)
        self.scope = scope
        self.function = function


class Expressions(Names):
    """The expressions of a program, each appended as it is written."""

    def __init__(self, program: syntax.Syntax, bindings: Mapping[str, Any], limits: Limits) -> None:
        super().__init__(program, bindings, limits)
        self.active: set[str] = set()
        # Whether what is built now was counted before, by the loop around it.
        self.counted = False

    def expression(self, body: syntax.Expression, scope: Scope) -> int:
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
                entered = self.call(payload, count, stack, frame, start, end)
                if entered is not None:
                    return entered
            elif kind == syntax.LIST:
                append(self.operation(_STACK, tuple(syntax.taken(stack, count)), start, end))
            elif kind == syntax.INDEX:
                base = self.base(payload, stack, scope, start, end)
                if base is not None:
                    append(self.element(base, payload.indices, scope, start, end))
            elif kind == syntax.COMPREHENSION:
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
            raise self.not_a_function(name, count, frame.scope, start, end)
        row = next((row for row in rows if row.accepts(count)), None)
        if row is None:
            raise self.wrong_arity(name, rows, count, start, end)
        arguments = syntax.taken(stack, count)
        fixed: tuple[int, ...] = ()
        if row.static and count > len(row.parameters):
            arguments, axes = arguments[: len(row.parameters)], arguments[len(row.parameters) :]
            pairs = zip(axes, row.static, strict=False)
            fixed = tuple(self.static_argument(*pair, name, start, end) for pair in pairs)
            self.drop(axes, start, end)
        stack.append(self.operation(row, tuple(arguments), start, end, fixed))
        return None

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
            self.known.pop(last, None)
            last -= 1

    def wrong_arity(
        self, name: str, rows: tuple[Operation, ...], count: int, start: int, end: int
    ) -> CgraphError:
        """Return the error for a call with too few or too many arguments."""
        written = " or ".join(row.signature() for row in rows)
        given = "no argument" if not count else f"{count} argument{'s' if count > 1 else ''}"
        hint = f"write {written}"
        if name in ("log", "ln") and count == 2:
            hint = "write log2(x), log10(x), or log(x)/log(b) for any other base b"
        return self.error("arity", (start, end), function=name, given=given, hint=hint)

    def enter(
        self, function: syntax.Function, count: int, stack: list[int], start: int, end: int
    ) -> Frame:
        """Return the frame of a function's body, its parameters standing for the arguments."""
        name, parameters, span = function.name, function.parameters, (start, end)
        if count != len(parameters):
            takes = f"{len(parameters)} argument{'' if len(parameters) == 1 else 's'}"
            values = {"count": takes, "given": count, "parameters": ", ".join(parameters)}
            raise self.error("arity-of-a-function", span, function.span, name=name, **values)
        if name in self.active:
            raise self.error("recursion", span, function.span, name=name)
        arguments = syntax.taken(stack, count)
        scope: Scope = dict(zip(parameters, arguments, strict=True))
        frame = Frame(function.expression, scope, name)
        self.active.add(name)
        if not self.counted:
            self.check_work(name, frame.scope, start, end)
        self.count_turn(start, end)
        return frame

    def base(
        self, indexed: syntax.Indexed, stack: list[int], scope: Scope, start: int, end: int
    ) -> int | None:
        """Return the node that is indexed; or push a family's member, which is one by itself."""
        name = indexed.name
        if not name:
            return stack.pop()
        if name in self.families and name not in scope:
            if indexed.slices:
                raise self.error("family-sliced", (start, end), name=name)
            key = self.key(indexed.parts, scope)
            stack.append(self.member_of(name, key, start, end))
            return None
        return self.value_of(name, scope, start, start + len(name))

    def element(
        self,
        base: int,
        parts: tuple[syntax.Expression | syntax.Slice, ...],
        scope: Scope,
        start: int,
        end: int,
    ) -> int:
        """Return an element, a row or a slice; one that a column names is chosen in each row."""
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

    def open_list(
        self, payload: Any, scope: Scope, stack: list[int], start: int, end: int
    ) -> Frame:
        """Return the frame of a list's body, before its first turn."""
        frame = Frame([], dict(scope))
        frame.counted = not self.counted
        if frame.counted:
            self.check_work(payload, scope, *payload.range.span)
            self.counted = True
        frame.turns = iter(self.unrolled(payload.range, scope))
        frame.body, frame.variable = payload.body, payload.variable
        frame.base, frame.span = len(stack), (start, end)
        frame.loop = self.graph.turns.open(payload.variable)
        return frame

    def next_turn(self, frame: Frame) -> bool:
        """Start the next turn of a list's body; False when there is none."""
        value = next(frame.turns, None) if frame.turns is not None else None
        if value is None:
            return False
        self.count_turn(*frame.span)
        frame.scope[frame.variable] = Turn(value)
        self.graph.turns.start(len(self.graph), frame.loop, value)
        frame.entries = iter(frame.body)
        return True

    def close_list(self, frame: Frame, stack: list[int]) -> None:
        """Append the list of what all turns left on the stack."""
        self.graph.turns.close(len(self.graph), frame.loop)
        self.counted = self.counted and not frame.counted
        arguments = tuple(syntax.taken(stack, len(stack) - frame.base))
        if not arguments:
            raise self.error("empty-list", frame.span)
        stack.append(self.operation(_STACK, arguments, *frame.span))
