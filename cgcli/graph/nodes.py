"""Appending nodes: each with its shape, within the limits, and errors with their places."""

from __future__ import annotations

from typing import Any

from cgcli.errors import CgraphError, Place, excerpt
from cgcli.graph.graph import Graph
from cgcli.graph.refusals import refusal
from cgcli.limits import Limits
from cgcli.operations.row import Operation, Shape, Static
from cgcli.operations.shapes import NAME, ShapeMismatchError, broadcast, describe, size


class Nodes:
    """A graph under construction: what is appended fits, and there is not too much of it."""

    def __init__(self, text: str, reserved: frozenset[str], limits: Limits) -> None:
        self.text = text
        self.limits = limits
        self.graph = Graph(text, reserved)
        self.numbers = 0
        # By operations, what is fixed of them, and the shapes of their arguments.
        self.shapes: dict[tuple[Any, ...], Shape] = {}
        self.turned = 0

    def error(
        self, key: str, span: tuple[int, int], other: tuple[int, int] | None = None, **values: Any
    ) -> CgraphError:
        """Return the error of a row of `refusals.toml`, at one or two places of the text."""
        return refusal(self.text, key, span, other, **values)

    def constant(self, value: Any, literal: str, start: int, end: int) -> int:
        """Append a constant and return its node."""
        self.check("nodes", len(self.graph.operations) + 1, start, end)
        return self.graph.constant(value, literal, start, end)

    def check(self, key: str, count: int, start: int, end: int) -> None:
        """Raise `CgraphError` of kind limit for more `nodes`, or `turns`, than there may be."""
        if count > self.limits.nodes:
            raise self.error(key, (start, end), limit=self.limits.nodes)

    def set_shape(self, node: int, shape: Shape, start: int, end: int) -> None:
        """Note the shape of a vector or a matrix, and that arrays are needed for it."""
        self.graph.tensors.add(node)
        if not shape:
            return
        self.numbers += size(shape)
        if self.numbers > self.limits.numbers:
            limit, span = self.limits.numbers, (start, end)
            raise self.error("numbers", span, limit=limit, shape=describe(shape))
        self.graph.shapes[node] = shape

    def operation(
        self,
        operation: Operation,
        arguments: tuple[int, ...],
        start: int,
        end: int,
        fixed: Static = (),
    ) -> int:
        """Append an operation's node, its shape worked out from its arguments'."""
        graph = self.graph
        if len(graph.operations) >= self.limits.nodes:
            self.check("nodes", len(graph) + 1, start, end)
        if not graph.shapes and operation.shape is None:
            return graph.append(operation, arguments, start, end)
        shapes = [graph.shapes.get(a, ()) for a in arguments]
        kind = (operation, fixed, *shapes)
        shape = self.shapes.get(kind)
        if shape is None:
            try:
                shape = (operation.shape or broadcast)(*shapes, *fixed)
            except ShapeMismatchError as mismatch:
                raise self.mismatch(operation, mismatch, arguments, start, end) from None
            self.shapes[kind] = shape
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
        name = operation.words[0] if operation.words else operation.symbol
        message = mismatch.message.replace(NAME, name)
        hint = mismatch.hint.replace(NAME, name)
        if operation.symbol and operation.shape is None:
            message = f"{message} in '{operation.symbol}'"
            if operation.symbol == "*" and _multiply(*map(graph.shape, arguments)):
                hint = "for the product of matrices write @"
        places: list[Place] = []
        for node in (arguments[place] for place in mismatch.places):
            shape = describe(graph.shape(node))
            if self.within(node, start, end):
                places.append(Place(self.text, graph.starts[node], graph.ends[node], shape))
            elif node in graph.given:
                message = f"{message} ({excerpt(graph.given[node])} is {shape})"
        return CgraphError("shape", message, hint, tuple(places) or (Place(self.text, start, end),))

    def within(self, node: int, start: int, end: int) -> bool:
        """Whether a node's own text stands inside the span: a name's first use may be elsewhere."""
        return start <= self.graph.starts[node] and self.graph.ends[node] <= end

    def count_turn(self, start: int, end: int) -> None:
        """Bound the work of loops and calls that append no nodes, too."""
        self.turned += 1
        if self.turned > self.limits.nodes:
            self.check("turns", self.turned, start, end)


def _multiply(left: Shape, right: Shape) -> bool:
    """Whether two vectors or matrices have a product by @."""
    return bool(left) and bool(right) and left[-1] == right[0]
