"""Exact rationals as a kind of number: read, evaluated, and run again for one step.

Where there is no fraction stands a `NoValue`, and it is an error only where something that was
asked for needs it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, Final

from cgcli.calculus import refusals
from cgcli.calculus.evaluate import prepared
from cgcli.calculus.exact_passes import (
    ExactSweep,
    doubles,
    handed_out,
    literal,
    taken,
    unreached,
)
from cgcli.calculus.kind import Kind
from cgcli.calculus.kinks import kinks
from cgcli.calculus.result import Result
from cgcli.calculus.sweep import Sweep, Trail, jacobian
from cgcli.graph.graph import Graph
from cgcli.limits import Limits
from cgcli.numbers.elements import by_element, filled
from cgcli.numbers.exact import exact_namespace, run
from cgcli.numbers.missing import NoValue
from cgcli.numbers.numerals import read_numeral
from cgcli.numbers.parts import Parts
from cgcli.numbers.ratio import Ratio, Room, RoomError
from cgcli.operations.row import Rule, Shape

_WORK: Final = 1_000
"""All numbers together may take so many times the work of passing through one of full length."""


class Exactly(Kind):
    """Exact rationals: `Fraction`s, and NumPy's arrays of them.

    >>> from cgcli.program import parse
    >>> kind = Exactly()
    >>> graph = parse("sqrt(x)/3").graph()
    >>> kind.evaluate(graph, {"x": Fraction(4)}, None, None, Limits()).gradient
    {'x': Fraction(1, 12)}
    """

    exact = True
    as_written = True

    def __init__(self, limits: Limits = Limits()) -> None:
        self.limits = limits
        self.room = Room(limits.bits)
        self.m = exact_namespace(self.room)

    # Reading

    def numeral(self, text: str) -> Fraction:
        """Return the fraction that a numeral is: 1/10 for 0.1."""
        ratio = read_numeral(text, self.room)
        if isinstance(ratio, NoValue):
            raise refusals.too_long(self.limits)
        return Fraction(ratio)

    def constant(self, graph: Graph, inputs: Mapping[str, Any]) -> Any:
        """Return the output's value; raises where that is no fraction."""
        values = self.forward(graph, inputs)
        self.require(graph, values[graph.output], values)
        return values[graph.output]

    def inputs(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        """Return fractions and arrays of them: a double is the fraction that it holds."""
        from cgcli.numbers.exact_values import as_exact_inputs

        return as_exact_inputs(bindings)

    def outline(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the scalars as floats."""
        return {
            name: value if getattr(value, "shape", ()) else doubles(value)
            for name, value in inputs.items()
        }

    # Both passes

    def evaluate(
        self,
        graph: Graph,
        inputs: Mapping[str, Any],
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        limits: Limits = Limits(),
    ) -> Result:
        """Return values and gradients as fractions, or a `NoValue` where nothing asked for is.

        Raises `CgraphError` that names the node without which the output, or a gradient that
        was asked for, has no fraction, or one too long.
        """
        with self._bounded(graph):
            result = prepared(graph, of, wrt, self.limits, self)
            target, sources = result.of, result.sources
            values = self._values(graph, inputs)
            self.require(graph, values[target], values)
            result.values = [handed_out(value) for value in values]
            active, sweep = result.active, ExactSweep(graph, self.m, values)
            zero, one = Ratio(0, 1, self.room), Ratio(1, 1, self.room)
            if graph.shape(target):
                active = graph.dependents(sources.values())
                # What a gradient reaches is the same for all elements of the output together.
                reached = sweep.backward(target, active, filled(one, graph.shape(target)))
                blocks = jacobian(graph, target, sources, active, zero, one, sweep.backward)
                result.jacobian = {name: handed_out(block) for name, block in blocks.items()}
            else:
                reached = sweep.backward(target, active, one)
                result.gradients = [handed_out(gradient) for gradient in reached]
                result.gradient = {name: result.grad(node) for name, node in sources.items()}
            result.trail = Trail(masks=_masks(reached))
            for gradient in (result.jacobian or result.gradient or {}).values():
                self.require(graph, gradient, values)
            kink_notes = kinks(result, reached)
            result.notes = [note for notes in kink_notes.values() for note in notes]
            result.notes_by_node = refusals.notes(graph, values, kink_notes, self.limits)
            return result

    @contextmanager
    def _bounded(self, graph: Graph) -> Iterator[None]:
        """Let no more work be done than there may be."""
        self.room.left = _WORK * self.limits.bits
        try:
            yield
        except RoomError:
            raise refusals.too_much(graph, self.room.node, self.limits) from None
        finally:
            self.room.left = None

    def forward(self, graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
        """Return the values, a `NoValue` where there is no fraction."""
        with self._bounded(graph):
            values = self._values(graph, inputs)
        return [handed_out(value) for value in values]

    def require(self, graph: Graph, value: Any, values: list[Any]) -> None:
        """Raise where there is no fraction."""
        refusals.require(graph, value, values, self.limits)

    def backward(
        self, graph: Graph, values: list[Any], of: int, active: bytearray, trail: Trail
    ) -> list[Any]:
        """Return the gradients, a `NoValue` where there is no fraction."""
        with self._bounded(graph):
            gradients = self.sweep(graph, values).backward(of, active, Ratio(1, 1, self.room))
        return [handed_out(gradient) for gradient in gradients]

    def _values(self, graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
        names = {node: name for name, node in graph.inputs.items()}
        leaves = {
            node: taken(inputs[names[node]], self.room)
            if node in names
            else literal(graph.literals[node], node, self.room)
            for node, arguments in enumerate(graph.arguments)
            if not arguments
        }
        return ExactSweep(graph, self.m).forward(leaves)

    # One step again

    def sweep(self, graph: Graph, values: Any, trail: Trail | None = None) -> Sweep:
        """Return the sweep over fractions, which are taken as they are looked at."""
        change = functools.partial(taken, room=self.room)
        return ExactSweep(
            graph, self.m, Parts(range(len(graph)), lambda node: change(values[node])), trail
        )

    def doubles(self, value: Any) -> Any:
        """Return the doubles nearest to fractions; NaN for what has no value."""
        return doubles(value)

    def holds(self, graph: Graph, node: int, rule: Rule, parts: Sequence[Any]) -> Any:
        """Return where a rule of an operation's arguments is true: a flag, or an array of them."""
        numbers = [taken(part, self.room) for part in parts]
        truth = ExactSweep(graph, self.m).run(node, rule, *numbers, *graph.static.get(node, ()))
        truth = by_element(lambda t: not isinstance(t, NoValue) and bool(t), truth)
        return truth.astype(bool) if getattr(truth, "shape", ()) else truth

    def spread(self, rule: Rule, parts: Sequence[Any]) -> Any:
        """Return a fraction, or an array of them."""
        numbers = [taken(part, self.room) for part in parts]
        return handed_out(by_element(functools.partial(run, rule, self.m), *numbers))

    def leaf(self, graph: Graph, node: int) -> Any:
        """Return the fraction that a constant's text is."""
        return handed_out(literal(graph.literals[node], node, self.room))

    def zero(self, shape: Shape) -> Any:
        """Return 0 in a shape."""
        return filled(Fraction(0), shape)

    def plain(self, value: Any) -> Any:
        """Return ratios as fractions."""
        return handed_out(value)


def _masks(gradients: list[Any]) -> dict[int, Any]:
    """Return by node which elements a gradient reached, where it did not reach all."""
    cuts = {
        node: unreached(gradient)
        for node, gradient in enumerate(gradients)
        if getattr(gradient, "shape", ())
    }
    return {node: ~cut for node, cut in cuts.items() if cut.any()}
