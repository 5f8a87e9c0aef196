"""The two passes over ratios: each operation's own rule, on every element or on whole arrays.

The rules of single numbers are run on every element by itself, those of whole arrays over arrays
of ratios. Where there is no fraction stands a `NoValue`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from cgcli.calculus.sums import Scattered, Sums, scattering
from cgcli.graph.graph import Graph
from cgcli.limits import Limits
from cgcli.numbers.exact import exact_namespace, run
from cgcli.numbers.missing import IRRATIONAL, NOTHING, NoValue, NoValueError
from cgcli.numbers.numerals import read_numeral
from cgcli.numbers.parts import Parts
from cgcli.numbers.ratio import Ratio, Room, as_ratio
from cgcli.operations.row import Operation, Rule, Shape
from cgcli.operations.table import CONSTANTS

if TYPE_CHECKING:
    from cgcli.numbers.namespace import Namespace

__all__ = ["Passes", "handed_out", "unreached"]


class Passes:
    """Both passes, in the room that the limits give; `now` is the node that is worked on.

    >>> from cgcli.program import parse
    >>> graph = parse("x^2/3").graph()
    >>> passes = Passes()
    >>> values = passes.values_of(graph, {"x": Fraction(1, 2)})
    >>> active = graph.dependents([0])
    >>> gradients = passes.gradients_of(graph, values, graph.output, active, Ratio(1))
    >>> values[graph.output], gradients[0]
    (Ratio(1, 12), Ratio(1, 3))
    """

    def __init__(self, limits: Limits = Limits()) -> None:
        self.limits = limits
        self.room = Room(limits.bits)
        self.scalars = exact_namespace(self.room)
        self._arrays: Namespace | None = None
        self._scattering: Namespace | None = None
        self.now = 0

    @property
    def arrays(self) -> Namespace:
        """The namespace of the rules over arrays; NumPy is imported for it."""
        if self._arrays is None:
            from cgcli.numbers.exact import exact_arrays

            self._arrays = exact_arrays(self.room)
        return self._arrays

    def values_of(self, graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
        """Return the value of every node."""
        names = {node: name for name, node in graph.inputs.items()}
        values: list[Any] = []
        for node, arguments in enumerate(graph.arguments):
            self.now = node
            if arguments:
                values.append(self.value_at(graph, node, [values[a] for a in arguments]))
            elif node in names:
                values.append(self.taken(inputs[names[node]]))
            else:
                values.append(self.literal(graph.literals[node], node))
        return values

    def literal(self, literal: str, node: int) -> Any:
        """Return the fraction that a numeral is."""
        if literal in CONSTANTS or literal == "nan":
            return NoValue(IRRATIONAL, node=node)
        found = read_numeral(literal, self.room)
        return found.at(node) if isinstance(found, NoValue) else found

    def taken(self, value: Any) -> Any:
        """Return a value of a node as the rules take it."""
        if not getattr(value, "shape", ()):
            return as_ratio(value, self.room)
        from cgcli.numbers.objects import mapped

        return mapped(lambda element: as_ratio(element, self.room), value.shape, value)

    def value_at(self, graph: Graph, node: int, parts: list[Any]) -> Any:
        """Return the value of one node, from those of its arguments."""
        operation = graph.operations[node]
        if node not in graph.tensors:
            return self._one(operation, node, *parts)
        from cgcli.numbers.objects import mapped

        shape = graph.shape(node)
        if operation.elementwise:
            return mapped(lambda *elements: self._one(operation, node, *elements), shape, *parts)
        fixed = graph.static.get(node, ())
        return self._whole(node, shape, False, lambda: operation.value(self.arrays, *parts, *fixed))

    def _one(self, operation: Operation, node: int, *parts: Any) -> Any:
        """Return the value of an operation on single numbers."""
        # A choice may have a part without a value; of all others that is the value's end.
        if operation.reaches is None:
            for part in parts:
                if isinstance(part, NoValue):
                    return part
        found = run(operation.value, self.scalars, *parts)
        return found.at(node) if isinstance(found, NoValue) else found

    def _whole(self, node: int, shape: Shape, backward: bool, compute: Any) -> Any:
        """Return what an operation on whole arrays gives, each element a ratio or without value."""
        from cgcli.numbers.objects import filled, mapped

        try:
            found = compute()
        except NoValueError as error:
            return filled(error.cause.at(node, backward), shape)

        def kept(element: Any) -> Any:
            ratio = as_ratio(element, self.room)
            return ratio.at(node, backward) if isinstance(ratio, NoValue) else ratio

        if type(found) is Scattered:
            return found
        if getattr(found, "shape", None) == ():
            # NumPy returns a number as an array of no axes, or as such.
            found = found[()]
        return None if found is None else mapped(kept, getattr(found, "shape", ()), found)

    def gradients_of(
        self, graph: Graph, values: list[Any], of: int, active: bytearray, seed: Any
    ) -> list[Any]:
        """Return the gradient of a node by every active one; None where none was sent."""
        sums = Sums(len(graph))
        gradients = sums.gradients
        gradients[of] = seed
        for node in range(of, -1, -1):
            upstream, arguments = gradients[node], graph.arguments[node]
            if upstream is None or not arguments:
                continue
            self.now = node
            places = [place for place, argument in enumerate(arguments) if active[argument]]
            for place, sent in self.sent_to(graph, values, node, places, upstream):
                sums.add(arguments[place], sent)
        return gradients

    def sent_to(
        self, graph: Graph, values: Any, node: int, places: Sequence[int], upstream: Any
    ) -> Iterator[tuple[int, Any]]:
        """Yield what a node sends to some of its arguments, nothing left out."""
        operation, arguments = graph.operations[node], graph.arguments[node]
        if not operation.elementwise:
            yield from self._pulled(graph, values, node, places, upstream)
            return
        parts = [values[a] for a in arguments]
        if node not in graph.tensors:
            sent = self._products(operation, node, places, upstream, values[node], *parts)
            yield from ((p, one) for p, one in zip(places, sent, strict=True) if one is not NOTHING)
            return
        from cgcli.numbers.objects import mapped

        every = mapped(
            lambda *elements: self._products(operation, node, places, *elements),
            graph.shape(node),
            upstream,
            values[node],
            *parts,
        )
        for k, place in enumerate(places):
            sent = mapped(lambda products, k=k: products[k], graph.shape(node), every)
            reduced = _reduced(sent, graph.shape(arguments[place]))
            if reduced is not None:
                yield place, reduced

    def _pulled(
        self, graph: Graph, values: Any, node: int, places: Sequence[int], upstream: Any
    ) -> Iterator[tuple[int, Any]]:
        operation, arguments = graph.operations[node], graph.arguments[node]
        pull, fixed = operation.pullback, graph.static.get(node, ())
        assert pull is not None
        if self._scattering is None:
            self._scattering = scattering(self.arrays)
        m, parts, y = self._scattering, Parts(values, arguments), values[node]
        for place in places:
            shape = graph.shape(arguments[place])
            compute = functools.partial(pull, m, place, upstream, y, parts, fixed)
            sent = self._whole(node, shape, True, compute)
            if type(sent) is not Scattered and sent is not None:
                sent = _reduced(sent, shape)
            if sent is not None:
                yield place, sent

    def _products(
        self,
        operation: Operation,
        node: int,
        places: Sequence[int],
        upstream: Any,
        y: Any,
        *parts: Any,
    ) -> list[Any]:
        """Return upstream times the local derivatives, of single numbers; `NOTHING` for nothing."""
        if upstream is NOTHING:
            return [NOTHING] * len(places)
        reaches = operation.reaches
        found: list[Any] = []
        for place, partial in zip(
            places, self.partials_of(operation, node, places, y, *parts), strict=True
        ):
            if reaches is not None and not reaches(self.scalars, place, *parts):
                found.append(NOTHING)
                continue
            product = upstream * partial
            found.append(product.at(node, True) if isinstance(product, NoValue) else product)
        return found

    def partials_of(
        self, operation: Operation, node: int, places: Sequence[int], y: Any, *parts: Any
    ) -> list[Any]:
        """Return local derivatives, of single numbers."""
        if operation.reaches is None:
            for part in (y, *parts):
                if isinstance(part, NoValue):
                    return [part] * len(places)

        def ratios(rule: Rule, *numbers: Any) -> Any:
            found = run(rule, self.scalars, *numbers)
            if isinstance(found, NoValue):
                found = found.at(node, True)
                return found if isinstance(operation.partials, tuple) else [found] * len(parts)
            return found

        return operation.partials_by(places, ratios, y, parts)


def _reduced(sent: Any, shape: Shape) -> Any:
    """Return a contribution in the shape of its argument; None where no element is reached."""
    from cgcli.numbers.objects import reduce_objects

    found = reduce_objects(sent, shape)
    if not shape:
        return None if found is NOTHING else found
    return None if unreached(found).all() else found


def unreached(value: Any) -> Any:
    """Return where a gradient was not sent, for the elements of an array."""
    from cgcli.numbers.objects import lift

    return lift(lambda element: element is NOTHING, 1)(value).astype(bool)


def handed_out(value: Any) -> Any:
    """Return ratios as fractions; where a gradient was not sent it is 0."""
    if type(value) is Ratio:
        return value.fraction()
    if value is NOTHING:
        return Fraction(0)
    if not getattr(value, "shape", ()):
        return value
    from cgcli.numbers.objects import mapped

    return mapped(handed_out, value.shape, value)
