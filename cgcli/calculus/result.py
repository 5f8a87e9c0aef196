"""What an evaluation found: the value, the gradients, and every node with its own part in them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, overload

from cgcli.calculus.choices import Choices
from cgcli.calculus.floats import silent
from cgcli.calculus.kind import Kind
from cgcli.calculus.notes import Note
from cgcli.calculus.sweep import Sweep, Trail
from cgcli.errors import CgraphError, excerpt, few, suggest
from cgcli.graph.graph import Graph
from cgcli.graph.text import formula

NO_NAMES: Final = "the program has no inputs; write a name in it: x^2"


class Node:
    """One node of a result. Values are floats, or NumPy arrays for vectors and matrices.

    Of an exact result they are fractions; a `NoValue` where nothing asked for needs one.

    >>> import cgcli
    >>> node = cgcli.parse("p = x + y; p*z").evaluate(x=1, y=3, z=-3)["p"]
    >>> node.formula, node.value, node.grad, node.partials
    ('x + y', 4.0, -3.0, [1.0, 1.0])
    """

    __slots__ = ("_result", "id")

    def __init__(self, result: Result, place: int) -> None:
        self._result = result
        self.id = place

    @property
    def name(self) -> str:
        """The name as it was given, a literal's own text, or v1, v2 ..."""
        return self._result.graph.names[self.id]

    @property
    def op(self) -> str:
        """The operation's name; `input` and `constant` are operations of no arguments."""
        return self._result.graph.operations[self.id].name

    @property
    def args(self) -> list[int]:
        """The ids of the arguments."""
        return list(self._result.graph.arguments[self.id])

    @property
    def formula(self) -> str:
        """The operation with its arguments by name."""
        return formula(self._result.graph, self.id)

    @property
    def value(self) -> Any:
        """The value, from the forward pass."""
        return self._result.kind.plain(self._result.values[self.id])

    @property
    def grad(self) -> Any:
        """The gradient of the output by this node.

        0 where the output does not depend on the node; None for what nothing is differentiated
        by, a constant, and where the output is not a scalar. Of an evaluation that says by which
        nodes to differentiate, None for all but those and what lies between them and the output.
        """
        return self._result.grad(self.id)

    @property
    def partials(self) -> list[Any]:
        """The local derivatives by each argument.

        None by a constant, and for an operation between tensors that is not elementwise.
        """
        return self._result.partials(self.id)

    @property
    def exact(self) -> bool:
        """Whether the numbers are fractions."""
        return self._result.kind.exact

    @property
    def span(self) -> tuple[int, int]:
        """The half-open span of the node's text, in characters of the program."""
        graph = self._result.graph
        return graph.starts[self.id], graph.ends[self.id]

    @property
    def uses(self) -> int:
        """How often the node is an argument."""
        return self._result.graph.uses[self.id]

    @property
    def notes(self) -> list[Note]:
        """The notes on this node."""
        return self._result.notes_by_node.get(self.id, [])

    def __repr__(self) -> str:
        """Return the node's name, formula, value and gradient."""
        return f"<Node {self.name} = {self.formula}: value {self.value}, grad {self.grad}>"


class Nodes(Sequence[Node]):
    """The nodes of a result, in topological order; a node object is made when it is asked for."""

    __slots__ = ("_result",)

    def __init__(self, result: Result) -> None:
        self._result = result

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self._result.graph)

    @overload
    def __getitem__(self, place: int) -> Node: ...
    @overload
    def __getitem__(self, place: slice) -> list[Node]: ...
    def __getitem__(self, place: int | slice) -> Node | list[Node]:
        """Return a node, or several, by place."""
        places = range(len(self))[place]
        if isinstance(places, int):
            return Node(self._result, places)
        return [Node(self._result, node) for node in places]


@dataclass(eq=False, repr=False)
class Result:
    """The values and gradients of a program at one point.

    `value` is the output's. `gradient` holds, by name, the gradients asked for; it is None and
    `jacobian` holds arrays of shape output × input where the output is not a scalar. `notes`
    are those that bear on the output. `output` is the name of what was differentiated. `active`
    flags the nodes that have a gradient, `varying` those that are no constants.

    >>> import cgcli
    >>> result = cgcli.parse("(x+y)*z").evaluate(x=1, y=3, z=-3)
    >>> result.value, result.gradient, result.jacobian
    (-12.0, {'x': -3.0, 'y': -3.0, 'z': 4.0}, None)
    """

    graph: Graph
    values: list[Any]
    of: int
    active: bytearray
    sources: dict[str, int]
    kind: Kind
    varying: bytearray
    gradients: list[Any] | None = None
    gradient: dict[str, Any] | None = None
    jacobian: dict[str, Any] | None = None
    trail: Trail = field(default_factory=Trail)
    notes: list[Note] = field(default_factory=list)
    notes_by_node: dict[int, list[Note]] = field(default_factory=dict)
    _sweep: Sweep | None = None

    @functools.cached_property
    def choices(self) -> Choices:
        """The choices of the graph that may turn."""
        return Choices(self.graph, self.active)

    @property
    def value(self) -> Any:
        """The value of the output: a float, or an array."""
        return self.kind.plain(self.values[self.of])

    @property
    def output(self) -> str:
        """The name of the node that was differentiated."""
        return self.graph.names[self.of]

    @property
    def nodes(self) -> Nodes:
        """All nodes, every argument before its use."""
        return Nodes(self)

    def doubles(self) -> list[Any]:
        """Return the values of all nodes in doubles."""
        return list(map(self.kind.doubles, self.values))

    def grad(self, node: int) -> Any:
        """Return the gradient by the node at a place, as `Node.grad` does."""
        if self.gradients is None or not self.active[node]:
            return None
        gradient = self.gradients[node]
        if gradient is not None:
            return gradient if type(gradient) is float else self.kind.plain(gradient)
        return self.kind.zero(self.graph.shape(node))

    def partials(self, node: int) -> list[Any]:
        """Return the local derivatives of the node at a place, as `Node.partials` does."""
        graph, kind, values = self.graph, self.kind, self.values
        arguments = graph.arguments[node]
        if not arguments:
            return []
        if self.active is self.varying and node in self.trail.partials:
            return list(map(kind.plain, self.trail.partials[node]))
        if graph.operations[node].reaches is not None:
            values = self.choices.beside(values, node, kind.spread)
        if self._sweep is None or self._sweep.values is not values:
            self._sweep = kind.sweep(graph, values)
        varying, plain = self.varying, kind.plain
        places = [place for place, argument in enumerate(arguments) if varying[argument]]
        with silent(graph):
            partials = iter(self._sweep.locals(node, places))
        return [plain(next(partials)) if varying[argument] else None for argument in arguments]

    def __getitem__(self, name: str) -> Node:
        """Return a node by its name; raises `CgraphError` of kind name, with a suggestion."""
        return Node(self, find(self.graph, name))

    def __repr__(self) -> str:
        """Return the output's name and value, and the gradient."""
        return f"<Result {self.output} = {self.value}, gradient {self.gradient}>"


def find(graph: Graph, name: str) -> int:
    """Return the place of a named node; raises `CgraphError` of kind name, with a suggestion."""
    node = graph.node(name)
    if node is None:
        raise unknown_node(graph, name)
    return node


def unknown_node(graph: Graph, name: str) -> CgraphError:
    """Return the error for a name that no node has, with the name it is most like."""
    if name in graph.literals.values():
        return by_constant(name)
    names = sorted({label for node, label in enumerate(graph.names) if node not in graph.literals})
    hint = suggest(name, names, f"the nodes are {few(names)}", written="'{}'")
    if name.split()[1:] and all(word in names for word in name.split()):
        hint = f"write names with commas: {excerpt(','.join(name.split()))}"
    if not names:
        hint = NO_NAMES
    return CgraphError("name", f"there is no node '{excerpt(name)}'", hint)


def by_constant(name: str) -> CgraphError:
    """Return the error for a constant to differentiate by, with the way to make it a name."""
    from cgcli.operations.table import CONSTANTS

    shown = excerpt(name)
    if name not in CONSTANTS:
        message = f"'{shown}' is a constant, and nothing differentiates by a constant"
        return CgraphError("name", message, f"name it in a statement: c = {shown}")
    message = f"'{name}' is the constant {CONSTANTS[name]:.6g}, and nothing differentiates by it"
    hint = f"a value makes it a name: bind it, {name}=2, or assign it in the program, {name} = 2"
    return CgraphError("name", message, hint)
