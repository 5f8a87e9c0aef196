"""What a sheet can ask for: the value of a node, or the derivative of one node by another."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import MutableMapping
from itertools import compress
from typing import Final, Literal, NamedTuple, TypeAlias

from cgcli.calculus.result import Result
from cgcli.graph.graph import Graph
from cgcli.graph.text import inline

QuestionKind: TypeAlias = Literal["value", "gradient"]

VALUE: Final = "value"
GRADIENT: Final = "gradient"
_LONGEST: Final = 40


class Quantity(NamedTuple):
    """The value of a node, or with `of` the derivative of that node by it."""

    node: int
    of: int = -1

    @property
    def kind(self) -> QuestionKind:
        """Whether this is a value or a gradient."""
        return VALUE if self.of < 0 else GRADIENT


class Steps:
    """The order in which a person works, and how each step is written on a sheet.

    >>> import cgcli
    >>> steps = Steps(cgcli.parse("p = x + y; g = p*z").evaluate(x=1, y=3, z=-3))
    >>> [steps.text(step) for step in steps.asked]
    ['p', 'g', 'dg/dp', 'dg/dz', 'dg/dx', 'dg/dy']
    """

    def __init__(self, result: Result) -> None:
        self.result = result
        self.graph = result.graph
        self.classes = Classes(self.graph)
        self._places: dict[int, dict[int, int]] = {}
        self.meant: dict[int, int] = {}
        """By the first of what is written alike the node that is asked for by that text."""
        self.asked = self._asked()

    def _asked(self) -> list[Quantity]:
        """Return what the whole working consists of: values, then gradients from the output."""
        graph, result = self.graph, self.result
        needed = graph.ancestors([result.of])
        varying = result.varying
        # What is computed of typed numbers alone is no step, unless it has a name; and what has
        # none, and stands several times, is one step.
        asked = []
        for node in range(len(graph)):
            named = node in graph.given
            if not (needed[node] and self._is_step(node) and (varying[node] or named)):
                continue
            meant = self.meant.setdefault(self.classes.nodes(node)[0], node)
            if named or node in (meant, graph.output):
                asked.append(Quantity(node))
        if result.of in graph.literals:
            # A number as it was typed has no derivative that anybody would ask for.
            return asked
        if result.gradients is None:
            return [*asked, *(Quantity(node, result.of) for node in result.sources.values())]
        order = [
            node
            for node in completed(graph, result.of)
            if result.active[node] and (self._is_step(node) or not graph.arguments[node])
        ]
        order += [node for node in result.sources.values() if not needed[node]]
        return [*asked, *(Quantity(node, result.of) for node in order if node != result.of)]

    def _is_step(self, node: int) -> bool:
        """Whether a person would write a node down: no element taken out, no plus before it."""
        graph = self.graph
        row = graph.operations[node]
        read_off = row.picks or (row.identity and node != self.result.of)
        return bool(graph.arguments[node]) and not (read_off and node not in graph.given)

    def place(self, quantity: Quantity) -> tuple[int, int, int]:
        """Return where a quantity stands in the order of working.

        Values come first, then the derivatives of inner nodes, then those of the output.
        """
        if quantity.kind == VALUE:
            return (0, 0, quantity.node)
        if quantity.of not in self._places:
            order = completed(self.graph, quantity.of)
            self._places[quantity.of] = {node: place for place, node in enumerate(order)}
        rank = 2 if quantity.of == self.result.of else 1
        return (rank, quantity.of, self._places[quantity.of].get(quantity.node, len(self.graph)))

    def text(self, quantity: Quantity, element: tuple[int, ...] = ()) -> str:
        """Return a quantity as it is written on a sheet: `p`, `x + y`, `dg/dx`, `dg/d(x + y)`."""
        index = f"[{', '.join(map(str, element))}]" if element else ""
        if quantity.kind == VALUE:
            return self._written(quantity.node, False) + index
        of = self._bracketed(quantity.of)
        return f"d{of}/d{self._bracketed(quantity.node)}{index}"

    def _bracketed(self, node: int) -> str:
        """Return a node as it stands behind a d: an expression in brackets."""
        text = self._written(node, True)
        return text if self.is_named(node) else f"({text})"

    def is_named(self, node: int) -> bool:
        """Whether a sheet calls a node by a name, where it stands behind a d."""
        return self.graph.node(self._written(node, True)) == node

    def formula(self, node: int) -> str:
        """Return a node's operation with what it is made of, down to what has a name."""
        graph = self.graph
        return inline(graph, node, lambda place: place in graph.given)

    def _written(self, node: int, alone: bool) -> str:
        """Return a node's name; without a given one its expression, when that is short.

        An expression that stands several times does not say which it is: then, for a gradient,
        it is known `alone` by the name of the tables.
        """
        graph = self.graph
        name = graph.names[node]
        if node in graph.given or node == graph.output or not graph.arguments[node]:
            return name
        text = self.formula(node)
        unique = len(self.classes.nodes(node)) == 1
        return text if len(text) <= _LONGEST and (unique or not alone) else name


def completed(graph: Graph, of: int) -> list[int]:
    """Return the nodes that one node depends on, in the order in which their gradients are known.

    A gradient is known when the last use has sent its part; after each operation come its own
    arguments, in the order in which they are written.
    """
    needed = graph.ancestors([of])
    waiting = Counter(
        argument for node in compress(range(of + 1), needed) for argument in graph.arguments[node]
    )
    order = [of]
    for node in range(of, -1, -1):
        if not needed[node]:
            continue
        for argument in graph.arguments[node]:
            waiting[argument] -= 1
            if not waiting[argument]:
                order.append(argument)
    return order


class Classes:
    """Which nodes are written alike: the same operation of the same arguments, in any order.

    >>> from cgcli.program import parse
    >>> graph = parse("a = x + y; b = y + x; a*b").graph()
    >>> [graph.names[node] for node in Classes(graph).nodes(2)]
    ['a', 'b']
    """

    def __init__(self, graph: Graph) -> None:
        self._size = len(graph)
        self._classes: dict[object, int] = {}
        self._of: list[int] = []
        self._members: dict[int, list[int]] = {}
        for node in range(self._size):
            self._append(graph, self._of, self._classes)
            self._members.setdefault(self._of[node], []).append(node)

    @staticmethod
    def _append(graph: Graph, of: list[int], classes: MutableMapping[object, int]) -> None:
        """Append the class of the next node: the first one that is written like it."""
        node = len(of)
        operation = graph.operations[node]
        arguments = tuple(of[argument] for argument in graph.arguments[node])
        if operation.identity:
            of.append(arguments[0])
            return
        if operation.commutes:
            arguments = tuple(sorted(arguments))
        leaf = graph.constants.get(node, graph.given.get(node)) if not arguments else None
        key = (operation.name, leaf, graph.static.get(node, ()), arguments)
        of.append(classes.setdefault(key, node))

    def nodes(self, node: int) -> list[int]:
        """Return all nodes that are written as this one, itself among them."""
        return self._members[self._of[node]]

    def find(self, graph: Graph, node: int) -> list[int]:
        """Return the nodes that are written as one appended to the same graph; none when none."""
        of, classes = list(self._of), ChainMap({}, self._classes)
        while len(of) <= node:
            self._append(graph, of, classes)
        return self._members.get(of[node], [])
