"""The steps of both passes, as data: what was computed, from what, and what each use sent.

Nothing is computed anew that could come out otherwise: every number is the evaluation's own, or
is the same rule run on the same numbers. Steps are made one by one as they are asked for.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from cgcli.calculus.local import Formula, Locals
from cgcli.calculus.result import Result, find
from cgcli.errors import CgraphError, excerpt


class Contribution(NamedTuple):
    """What one use of a node sends to its gradient: the user's gradient times a local derivative.

    `node` is the user and `place` which of its arguments the node is. `sent` is None where
    nothing is sent, in a branch that was not taken. An operation that is not elementwise has
    words in place of a formula and a partial.
    """

    node: int
    place: int
    argument: int
    formula: Formula | None
    partial: Any
    words: str
    sent: Any
    shared: bool


class Differentiated(NamedTuple):
    """A step backward: a node's gradient, of which contributions, and what it sends on."""

    node: int
    upstream: Any
    received: list[Contribution]
    contributions: list[Contribution]


class Gradient(NamedTuple):
    """The gradient by a node that was asked for, and what it is the sum of."""

    node: int
    value: Any
    received: list[Contribution]


class Explanation:
    """The steps of an evaluation; with `only`, those that lead to the gradient by one node.

    Raises `CgraphError` where no node has that name.

    >>> import cgcli
    >>> steps = Explanation(cgcli.parse("p = x + y; p*z").evaluate(x=1, y=3, z=-3))
    >>> [step.node for step in steps.backward()], list(steps.forward())
    ([4, 2], [2, 4])
    """

    def __init__(self, result: Result, only: str | None = None, complete: bool = True) -> None:
        self.result = result
        self.graph = result.graph
        self.complete = complete
        self._shared: dict[int, bool] = {}
        self.only: int | None = None
        self._path: bytearray | None = None
        self._forward: bytearray | None = None
        if only is not None:
            self.only = find(self.graph, only)
            if not result.active[self.only]:
                message = f"'{excerpt(only)}' is a constant, and nothing differentiates by it"
                if result.varying[self.only]:
                    message = f"there is no gradient by '{excerpt(only)}'"
                raise CgraphError("name", message, f"ask for it by name: --wrt {excerpt(only)}")
            self._path = self.graph.dependents([self.only])
            scalar = result.gradients is not None
            self._forward = self._needed_on_path() if scalar else self.graph.ancestors([result.of])
            # What cannot be told is said before the first line.
            self.jacobian()
        elif not complete:
            self._forward = self.graph.ancestors([result.of])

    @functools.cached_property
    def locals(self) -> Locals:
        """The local derivatives as formulas."""
        return Locals(self.result)

    def inputs(self) -> Iterator[int]:
        """Return what is given: the inputs, and the numbers that have a name."""
        graph = self.graph
        for node, arguments in enumerate(graph.arguments):
            if not arguments and (node not in graph.literals or node in graph.given):
                yield node

    def forward(self) -> Iterator[int]:
        """Return the nodes of the forward pass, an operation each."""
        flags = self._forward
        for node, arguments in enumerate(self.graph.arguments):
            if arguments and (flags is None or flags[node]):
                yield node

    def backward(self) -> Iterator[Differentiated]:
        """Return the steps of the backward pass, the output first."""
        gradients = self.result.gradients
        if gradients is None:
            return
        path = self._path
        for node in range(self.result.of, -1, -1):
            if gradients[node] is None or not self.graph.arguments[node]:
                continue
            if path is not None and not (path[node] and node != self.only):
                continue
            sent = list(self.contributions(node))
            if sent or node == self.result.of:
                yield Differentiated(node, self.result.grad(node), self.received(node), sent)

    def gradients(self) -> Iterator[Gradient]:
        """Return the gradients that were asked for, or the one of `only`."""
        if self.result.gradients is None:
            return
        sources = self.result.sources.values() if self.only is None else [self.only]
        for node in sources:
            yield Gradient(node, self.result.grad(node), self.received(node))

    def jacobian(self) -> dict[str, Any]:
        """Return the Jacobians that were asked for, or that by `only`."""
        jacobian = self.result.jacobian or {}
        if self.only is None:
            return jacobian
        name = self.graph.names[self.only]
        if jacobian and name not in jacobian:
            message = f"there is no Jacobian by '{excerpt(name)}'"
            raise CgraphError("name", message, f"ask for it: --wrt {excerpt(name)}")
        return {name: jacobian[name]} if jacobian else {}

    def contributions(self, node: int) -> Iterator[Contribution]:
        """Return what a node sends to each argument that is differentiated by."""
        active, path = self.result.active, self._path
        for place, argument in enumerate(self.graph.arguments[node]):
            if active[argument] and (path is None or path[argument]):
                yield self._contribution(node, place, argument)

    def received(self, node: int) -> list[Contribution]:
        """Return what a node's gradient is the sum of, in the order in which it was added."""
        gradients = self.result.gradients
        if gradients is None or gradients[node] is None or node == self.result.of:
            return []
        contributions = []
        for user, place in self.users[node]:
            if gradients[user] is not None:
                contribution = self._contribution(user, place, node)
                if contribution.sent is not None:
                    contributions.append(contribution)
        return contributions

    @functools.cached_property
    def users(self) -> list[list[tuple[int, int]]]:
        """Who uses each node."""
        return self.graph.users()

    def _contribution(self, node: int, place: int, argument: int) -> Contribution:
        graph, operation = self.graph, self.graph.operations[node]
        formula = partial = None
        words = ""
        if operation.elementwise:
            formula = self.locals.formula(node, place)
            partial = self.partial(node, place)
        else:
            words = operation.explained(place, map(graph.shape, graph.arguments[node]))
        sent = self.sent(node, place)
        shared = argument != self.result.of and self._is_shared(argument)
        return Contribution(node, place, argument, formula, partial, words, sent, shared)

    def partial(self, node: int, place: int) -> Any:
        """Return the local derivative of an elementwise node by one argument."""
        return self.result.kind.local(self.graph, self._values(node), node, place)

    def sent(self, node: int, place: int) -> Any:
        """Return what a node that a gradient reached sends to one argument."""
        result, values = self.result, self._values(node)
        assert result.gradients is not None
        upstream, kind = result.gradients[node], result.kind
        return kind.contribution(self.graph, values, node, place, upstream, result.trail)

    def _values(self, node: int) -> Any:
        """Return the nodes' values as the local derivatives of one node ask for them."""
        result = self.result
        return result.choices.beside(result.values, node, result.kind.spread)

    def _is_shared(self, node: int) -> bool:
        """Whether a node's gradient is the sum of several contributions."""
        if self.graph.uses[node] < 2:
            return False
        if node not in self._shared:
            gradients = self.result.gradients
            assert gradients is not None
            sending = (
                user
                for user, place in self.users[node]
                if gradients[user] is not None and self.sent(user, place) is not None
            )
            self._shared[node] = len(list(islice(sending, 2))) > 1
        return self._shared[node]

    def _needed_on_path(self) -> bytearray:
        """Return a flag a node: 1 for the values that the local derivatives on the path mention."""
        wanted: set[int] = set()
        gradients, path = self.result.gradients, self._path
        assert path is not None
        for node in range(self.result.of + 1):
            if gradients is None or gradients[node] is None or not path[node] or node == self.only:
                continue
            for place, argument in enumerate(self.graph.arguments[node]):
                if path[argument] and self.result.active[argument]:
                    wanted.update(self._mentioned(node, place))
        return self.graph.ancestors(sorted(wanted))

    def _mentioned(self, node: int, place: int) -> list[int]:
        """Return the nodes whose values a local derivative is computed from."""
        operation, arguments = self.graph.operations[node], self.graph.arguments[node]
        if not operation.elementwise:
            words = operation.explained(place, map(self.graph.shape, arguments))
            named = zip(operation.parameters, arguments, strict=False)
            mentioned = [argument for name, argument in named if f"{{{name}}}" in words]
            return [*mentioned, node] if "{y}" in words else mentioned
        formula = self.locals.formula(node, place)
        assert formula is not None
        used = formula.graph.ancestors([formula.node, *formula.reasons])
        return [outer for inner, outer in formula.names.items() if used[inner]]
