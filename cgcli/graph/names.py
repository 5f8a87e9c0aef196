"""What a name stands for: an input, a constant, a node, a member of a family, a function.

And what of it is known when the graph is built, which indices, ranges and axes must be.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.errors import CgraphError, excerpt, nearest, shorten
from cgcli.graph import static
from cgcli.graph.counting import Count
from cgcli.graph.graph import INPUT
from cgcli.graph.nodes import Nodes
from cgcli.language import syntax
from cgcli.limits import Limits
from cgcli.operations.row import Shape, Span
from cgcli.operations.table import CONSTANTS, WORDS


class Turn(NamedTuple):
    """What a loop's variable stands for in one turn."""

    value: int


class _Indices:
    """The names that indices ask for, and what they came to in the turns that asked last."""

    __slots__ = ("known", "names", "turns")

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.turns: list[int | Turn | None] | None = None
        self.known: tuple[Any, ...] = ()


_PLAIN: Final = (syntax.NUMBER, syntax.NAME, syntax.OPERATION, syntax.CALL)
Scope: TypeAlias = dict[str, int | Turn]
"""Parameters, by the node they stand for, and loop variables, by their value."""


class Names(Nodes):
    """The names of a program, in the order in which it gives them."""

    def __init__(self, program: syntax.Syntax, bindings: Mapping[str, Any], limits: Limits) -> None:
        super().__init__(program.text, program.names, limits)
        self.bindings = bindings
        self.nodes: dict[str, int] = {}
        self.members: dict[tuple[str, tuple[int, ...]], int] = {}
        self.spans: dict[str, tuple[int, int]] = {}
        self.assigned: dict[str, tuple[int, int]] = {}
        self.families: dict[str, tuple[int, int]] = {}
        self.functions: dict[str, syntax.Function] = {}
        self.known: list[float | None] = []
        self._indices: dict[int, tuple[Any, _Indices]] = {}
        self._alike: dict[str, _Indices] = {}
        self.survey(program.block)

    def survey(self, block: syntax.Block) -> None:
        """Note every name that is assigned anywhere: only the others are inputs."""
        for statement, variables in syntax.statements(block):
            if isinstance(statement, syntax.Assignment):
                self.note_assignment(statement)
            elif isinstance(statement, syntax.Function):
                self.note_function(statement, outermost=not variables)

    def note_assignment(self, statement: syntax.Assignment) -> None:
        """Note a name that is assigned; a bound one, or one that is both kinds, is an error."""
        name, span = statement.name, statement.span
        here, there = self.families, self.assigned
        if not statement.key:
            here, there = there, here
        if name in there:
            raise self.error("value-and-family", span, there[name], name=name)
        if name in self.bindings:
            error = self.error("assigned-and-bound", span, name=name)
            error.bound = name
            raise error
        here.setdefault(name, span)

    def note_function(self, statement: syntax.Function, *, outermost: bool) -> None:
        """Note a function, wherever it is called from."""
        name, span = statement.name, statement.span
        if not outermost:
            raise self.error("function-in-a-loop", span)
        if name in WORDS:
            raise self.error("function-of-the-language", span, function=name)
        if name in self.functions:
            raise self.error("function-twice", span, self.functions[name].span, name=name)
        self.functions[name] = statement

    def value_of(self, name: str, scope: Scope, start: int, end: int) -> int:
        """Return the node that a name stands for, making an input or a constant of a new one."""
        local = scope.get(name)
        if isinstance(local, Turn):
            return self.constant(float(local.value), str(local.value), start, end)
        node = self.nodes.get(name) if local is None else local
        if node is not None:
            return node
        if name in self.assigned or name in self.families or name in self.functions:
            raise self.no_value(name, (start, end))
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

    def no_value(self, name: str, span: tuple[int, int]) -> CgraphError:
        """Return the error for a name that the program gives, and that is no value here."""
        if name in self.assigned:
            return self.error("used-before", span, self.assigned[name], name=name)
        if name in self.families:
            return self.error("family-as-value", span, self.families[name], name=name)
        parameters = ", ".join(self.functions[name].parameters)
        return self.error("function-as-value", span, name=name, parameters=parameters)

    def member_of(self, name: str, key: tuple[int, ...], start: int, end: int) -> int:
        """Return the node of a member of a family, which must have been assigned before."""
        node = self.members.get((name, key))
        if node is None:
            written = f"{excerpt(name)}[{', '.join(map(str, key))}]"
            have = [k for n, k in self.members if n == name]
            ends = have[:1] + have[1:][-1:]
            shown = ", ".join(f"{excerpt(name)}[{', '.join(map(str, k))}]" for k in ends)
            hint = f"assigned so far: {shown}" if have else f"write {written} = … first"
            raise self.error("member-used-before", (start, end), member=written, hint=hint)
        return node

    def not_a_function(
        self, name: str, count: int, scope: Scope, start: int, end: int
    ) -> CgraphError:
        """Return the error for a call of what is no function, with what was meant."""
        from cgcli.language.derivatives import DERIVATIVE, derivative_at

        shown = excerpt(name)
        span = (start, start + len(name))
        known_name = name in self.bindings or name in self.assigned or name in scope
        command = None if known_name else derivative_at(self.text, start)
        if command:
            return self.error("derivative", span, message=DERIVATIVE, command=command)
        called = shorten(self.text[start + len(name) : end].strip(), 30)
        known = (self.graph.inputs, CONSTANTS, self.families)
        if known_name or any(name in names for names in known):
            hint = f"write {shown}*{called}"
            if getattr(self.bindings.get(name), "shape", ()) or name in self.families:
                element = f"{shown}[{called[1:-1]}]"
                hint = f"write {element} for an element, {shown}*{called} for a product"
            return self.error("value-called", span, name=name, hint=hint)
        from cgcli.operations.spellings import ABSENT, OTHER_SPELLINGS

        key = "no-function"
        based = re.fullmatch(r"log_?(\w+)", name)
        other = OTHER_SPELLINGS.get(name) or OTHER_SPELLINGS.get(name.lower())
        close = nearest(name, [*WORDS, *self.functions], 0.6)
        if name in ABSENT:
            hint = ABSENT[name]
        elif based and name not in OTHER_SPELLINGS:
            hint = f"write log(x)/log({based[1]})"
        elif other:
            hint = f"write {other}"
        elif close and len(name) > 1:
            hint = f"did you mean '{close}'?"
        elif count != 1:
            hint = f"define it, {shown}(a, b) = …, or see what cgraph ops lists"
        else:
            key = "value-called"
            hint = f"write {shown}*{called}; to define a function write {shown}(a) = …"
        return self.error(key, span, name=name, hint=hint)

    # What is known when the graph is built

    def indices(self, parts: Sequence[Any], scope: Scope) -> tuple[Any, ...]:
        """Return the whole numbers, and the spans of them, that indices are known to be.

        What asks for nothing but loop variables is worked out once a turn, however often it is
        written.
        """
        _, last = self._indices.get(id(parts)) or self._read_indices(parts)
        turns = [scope.get(name) for name in last.names]
        if turns == last.turns:
            return last.known
        lookup = self.lookup(scope)

        def number(part: syntax.Expression | None, what: str) -> int | None:
            return None if part is None else static.whole_number(self.text, part, lookup, what)

        known = tuple(
            Span(*[number(end, "the end of a slice") for end in part])
            if isinstance(part, syntax.Slice)
            else number(part, "an index")
            for part in parts
        )
        if all(isinstance(turn, Turn) for turn in turns):
            last.turns, last.known = turns, known
        return known

    def _read_indices(self, parts: Sequence[Any]) -> tuple[Any, _Indices]:
        """Return indices with the names that they ask for; all that are written alike share them.

        What is more than operations of names and numbers has a name that nothing has.
        """
        shared = _Indices([""])
        entries = [e[:3] for part in parts if not isinstance(part, syntax.Slice) for e in part]
        if syntax.Slice not in map(type, parts) and all(e[0] in _PLAIN for e in entries):
            names = [payload for kind, payload, _ in entries if kind == syntax.NAME]
            shared = self._alike.setdefault(str(entries), _Indices(names))
        # With the indices, whose place in memory is none of any others' then.
        self._indices[id(parts)] = kept = parts, shared
        return kept

    def unrolled(self, limits: syntax.Range, scope: Scope) -> range:
        """Return a loop's turns; more than there may be nodes are refused before the first."""
        turns = static.turns(self.text, limits, self.lookup(scope))
        if turns:
            count = (turns[-1] - turns[0]) // turns.step + 1
            self.check("turns", self.turned + count, *limits.span)
        return turns

    def check_work(
        self,
        part: syntax.Loop | syntax.Comprehension | str,
        scope: Scope,
        span: tuple[int, int],
    ) -> None:
        """Raise where a loop, or a call by a function's name, comes to more than there may be."""
        local = {
            name: float(value.value) if isinstance(value, Turn) else self.value_known(value)
            for name, value in scope.items()
        }
        work = self.count.of(part, local)
        self.check("turns", self.turned + work.turns, *span)
        self.check("nodes", len(self.graph) + work.nodes, *span)

    @functools.cached_property
    def count(self) -> Count:
        """What counts the work of loops and functions beforehand."""
        return Count(self.text, self.functions, self.name_known, self.limits.nodes)

    def name_known(self, name: str) -> float | None:
        """Return the value of a name where it is known already; no node is made of it."""
        node = self.nodes.get(name)
        return self.read(name) if node is None else self.value_known(node)

    def value_known(self, node: int) -> float | None:
        """Return the value of a node where it is known before anything is evaluated."""
        value = static.constant_value(self.graph, node, self.known)
        if value is not None or self.graph.operations[node] is not INPUT:
            return value
        return self.read(self.graph.given[node])

    def read(self, name: str) -> float | None:
        """Return the number that an input is bound to; the graph is one for that number."""
        bound = self.bindings.get(name)
        if not isinstance(bound, float):
            return None
        self.graph.read[name] = bound
        return bound

    def lookup(self, scope: Scope) -> static.Lookup:
        """Return what tells the values of names, and of members of families, in an index."""

        def find(name: str, key: tuple[int, ...] | None, start: int, end: int) -> float | Shape:
            local = scope.get(name)
            if key is not None:
                if name not in self.families:
                    raise self.error("unknown-name", (start, end), name=name)
                node = self.member_of(name, key, start, end)
            elif isinstance(local, Turn):
                return float(local.value)
            else:
                node = self.value_of(name, scope, start, end)
            known = self.graph.shape(node) or self.value_known(node)
            if known is None:
                raise self.error("unknown-name", (start, end), name=name)
            return known

        return find

    def static_argument(self, node: int, what: str, name: str, start: int, end: int) -> int:
        """Return an axis or a length, which must be a constant; its node stays in the graph."""
        value = self.value_known(node)
        if value is None or value != value or abs(value) > 1e15 or value != int(value):
            where = (start, end)
            if self.within(node, start, end):
                where = (self.graph.starts[node], self.graph.ends[node])
            raise self.error("axis", where, what=what, function=name)
        return int(value)
