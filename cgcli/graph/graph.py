"""The computational graph: parallel lists, every argument before its use.

A node is its place in the lists. There is no object a node, so a graph of a million nodes is a
few lists; `names` and `uses` are worked out when they are first asked for.
"""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from copy import copy
from functools import cached_property
from itertools import chain, compress, count
from operator import and_
from typing import Any, Final, TypeAlias, TypeVar

from cgcli.errors import Lines
from cgcli.operations.row import Operation, Shape, Static
from cgcli.operations.table import OPERATIONS

INPUT = OPERATIONS["input"]
CONSTANT = OPERATIONS["constant"]
SAME = OPERATIONS["same"]

Around: TypeAlias = tuple[tuple[str, int], ...]
"""The variables and values of turns, outermost first."""

Fact = TypeVar("Fact")


_KNOWN: Final = ("uses", "_places", "facts")
"""What is known of a graph once it is made, but for its names."""


class Turns:
    """The turns of loops and list comprehensions, by the place of their first node.

    >>> turns = Turns()
    >>> turns.enter(5, (("t", 0),))
    >>> turns.enter(8, (("t", 1),))
    >>> turns.enter(11, ())
    >>> turns.of(4), turns.of(9), turns.of(11), turns.now
    ((), (('t', 1),), (), ())
    """

    __slots__ = ("_around", "_firsts")

    def __init__(self) -> None:
        # A run of nodes each: its first node, and the turns that it is made in.
        self._firsts = array("q")
        self._around: list[Around] = []

    @property
    def now(self) -> Around:
        """The turns that the node which is appended next is made in."""
        return self._around[-1] if self._around else ()

    def enter(self, node: int, around: Around) -> None:
        """Begin a run of nodes with the one that is appended next."""
        self._firsts.append(node)
        self._around.append(around)

    def of(self, node: int) -> Around:
        """Return the variables and values of the turns a node was made in, outermost first."""
        run = bisect.bisect_right(self._firsts, node) - 1
        return self._around[run] if run >= 0 else ()


class Graph:
    """A graph as it was written: nothing is simplified, nothing is shared that was not named.

    `operations` and `arguments` run over the nodes; `starts` and `ends` are the spans of their
    text. What few nodes have is kept by node: `given` names, `shapes` of vectors and matrices,
    `static` arguments (an index, an axis), `constants` with their values, and their `literals`.
    `inputs` maps the free names to their nodes, in order of appearance; `read` has those whose
    values the graph was built with, as an index or a range has them; `turns` tells which
    turn of a loop a node was made in.
    """

    def __init__(self, text: str = "", reserved: frozenset[str] = frozenset()) -> None:
        self.text = text
        self.reserved = reserved
        self.operations: list[Operation] = []
        self.arguments: list[tuple[int, ...]] = []
        self.starts = array("i")
        self.ends = array("i")
        self.given: dict[int, str] = {}
        self.shapes: dict[int, Shape] = {}
        self.static: dict[int, Static] = {}
        self.constants: dict[int, Any] = {}
        self.literals: dict[int, str] = {}
        self.inputs: dict[str, int] = {}
        self.read: dict[str, float] = {}
        self.tensors: set[int] = set()
        self.turns = Turns()
        self.facts: dict[Any, Any] = {}
        self.output = -1

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.operations)

    def append(self, operation: Operation, arguments: tuple[int, ...], start: int, end: int) -> int:
        """Add a node after all others and return its place."""
        node = len(self.operations)
        self.operations.append(operation)
        self.arguments.append(arguments)
        self.starts.append(start)
        self.ends.append(end)
        return node

    def pop(self) -> None:
        """Take the last node off again; nothing may use it."""
        node = len(self.operations) - 1
        for parts in (self.operations, self.arguments, self.starts, self.ends):
            parts.pop()
        for kept in (self.shapes, self.static, self.constants, self.literals):
            kept.pop(node, None)
        self.tensors.discard(node)

    def constant(self, value: Any, literal: str, start: int = 0, end: int = 0) -> int:
        """Add a constant with the text it is known by, and return its place."""
        node = self.append(CONSTANT, (), start, end)
        self.constants[node] = value
        self.literals[node] = literal
        return node

    def once(self, fact: Callable[..., Fact], *more: Any) -> Fact:
        """Return what a function says of a graph's nodes and names, and what it is told more.

        It is asked once, of graphs alike as well, so it looks at no number and at no text.

        >>> from cgcli.program import parse
        >>> parse("x*y").graph().once(len)
        3
        """
        key = (fact, *more)
        if key not in self.facts:
            self.facts[key] = fact(self, *more)
        answer: Fact = self.facts[key]
        return answer

    def shape(self, node: int) -> Shape:
        """Return a node's shape: () for a scalar."""
        return self.shapes.get(node, ())

    @cached_property
    def names(self) -> list[str]:
        """The name of every node: as it was given, a constant's own text, or v1, v2 ... and f."""
        names: list[str] = []
        given, literals, reserved = self.given, self.literals, self.reserved
        free = free_names(reserved)
        for node in range(len(self.operations)):
            name = given.get(node) or literals.get(node)
            if name is None:
                name = self._output_name() if node == self.output else next(free)
            names.append(name)
        return names

    @property
    def output_name(self) -> str:
        """The name of the output; f, or the first that is free, where that is a literal."""
        unnamed = self.output in self.literals and self.output not in self.given
        return self._output_name() if unnamed else self.names[self.output]

    def _output_name(self) -> str:
        names = chain(("f", "out"), (f"out{number}" for number in count(1)))
        return next(name for name in names if name not in self.reserved)

    @cached_property
    def lines(self) -> Lines:
        """Where the lines of the text begin."""
        return Lines(self.text)

    def node(self, name: str) -> int | None:
        """Return the place of a named node, or None; a literal has no name to be found by."""
        return self._places.get(name)

    @cached_property
    def _places(self) -> dict[str, int]:
        literals, given = self.literals, self.given
        named = enumerate(self.names)
        return {name: node for node, name in named if node not in literals or node in given}

    @cached_property
    def uses(self) -> list[int]:
        """How often each node is an argument."""
        uses = [0] * len(self.operations)
        for argument in chain.from_iterable(self.arguments):
            uses[argument] += 1
        return uses

    def uses_from(self, roots: Sequence[int]) -> list[int]:
        """Return how often each node is one of the roots, or an argument on the way to them."""
        needed, uses = self.ancestors(roots), [0] * len(self.operations)
        for node in chain(roots, *compress(self.arguments, needed)):
            uses[node] += 1
        return uses

    def users(self) -> list[list[tuple[int, int]]]:
        """Return the uses of every node, in the order of the backward pass: the last user first.

        A use is an operation that the node is an argument of, and at which place.

        >>> from cgcli.program import parse
        >>> graph = parse("x*x + x").graph()
        >>> graph.users()[graph.inputs["x"]]
        [(2, 1), (1, 0), (1, 1)]
        """
        users: list[list[tuple[int, int]]] = [[] for _ in self.operations]
        for user in range(len(self) - 1, -1, -1):
            for place, argument in enumerate(self.arguments[user]):
                users[argument].append((user, place))
        return users

    def dependents(self, sources: Iterable[int]) -> bytearray:
        """Return a flag a node: 1 where it is one of the sources, or depends on one."""
        flags = bytearray(len(self.operations))
        for source in sources:
            flags[source] = 1
        for node, arguments in enumerate(self.arguments):
            for argument in arguments:
                if flags[argument]:
                    flags[node] = 1
                    break
        return flags

    def ancestors(self, nodes: Iterable[int], known: Container[int] = ()) -> bytearray:
        """Return a flag a node: 1 for these nodes and all that they are computed from.

        What is `known` is not computed from anything.
        """
        flags = bytearray(len(self.operations))
        for node in nodes:
            flags[node] = 1
        for node in range(len(self.operations) - 1, -1, -1):
            if flags[node] and node not in known:
                for argument in self.arguments[node]:
                    flags[argument] = 1
        return flags

    def between(self, sources: Iterable[int], target: int) -> bytearray:
        """Return a flag a node: 1 for the sources, and where the target depends on them through it.

        >>> from cgcli.program import parse
        >>> graph = parse("(x + y)*z").graph()
        >>> [graph.names[k] for k, flag in enumerate(graph.between([0], graph.output)) if flag]
        ['x', 'v1', 'f']
        """
        sources = list(sources)
        flags = bytearray(map(and_, self.dependents(sources), self.ancestors([target])))
        for source in sources:
            flags[source] = 1
        return flags

    def cut(self, node: int) -> Graph:
        """Return the graph with a node as an input of its own name; the nodes keep their places.

        What depends on the node is a function of it then. Inputs that the output needs no more
        are left out; in their places stand zeros.

        >>> from cgcli.program import parse
        >>> graph = parse("p = x + y; p*z").graph()
        >>> list(graph.cut(graph.node("p")).inputs)
        ['p', 'z']
        """
        name, graph = self.names[node], Graph()
        # Names that were given by counting stay what they were.
        kept = {key: part for key, part in vars(self).items() if key not in _KNOWN}
        vars(graph).update({key: copy(part) for key, part in kept.items()})
        graph.operations[node], graph.arguments[node] = INPUT, ()
        graph.given[node] = name
        for parts in (graph.static, graph.constants, graph.literals):
            parts.pop(node, None)
        graph.tensors.discard(node)
        needed = graph.ancestors([graph.output])
        inputs = sorted({**self.inputs, name: node}.items(), key=lambda item: item[1])
        graph.inputs = {label: place for label, place in inputs if needed[place] or place == node}
        for place in {*self.inputs.values()} - {*graph.inputs.values()}:
            graph.constants[place] = 0.0
            if self.shape(place):
                import numpy as np

                graph.constants[place] = np.zeros(self.shape(place))
        return graph


def element(graph: Graph, node: int, index: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """Return the node that an element of a node stands for, and the index in that node.

    An element of a list is one of its arguments: its gradient needs no pass over the others.

    >>> from cgcli.program import parse
    >>> graph = parse("[[x, y], v]").graph({"v": [1, 2]})
    >>> element(graph, graph.output, (0, 1)), element(graph, graph.output, (1, 1))
    ((1, ()), (3, (1,)))
    """
    while index and graph.operations[node].collects:
        node, index = graph.arguments[node][index[0]], index[1:]
    return node, index


def operation_nodes(graph: Graph) -> list[int]:
    """Return the nodes that have arguments."""
    return [node for node, arguments in enumerate(graph.arguments) if arguments]


def free_names(taken: Container[str]) -> Iterator[str]:
    """Yield v1, v2 and so on, but for what is taken."""
    return (name for number in count(1) if (name := f"v{number}") not in taken)
