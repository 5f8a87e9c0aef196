"""Exact rationals as a kind of number: read, evaluated, and run again for one step.

Where there is no fraction stands a `NoValue`, and it is an error only where something that was
asked for needs it.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from cgcli.calculus import refusals
from cgcli.calculus.evaluate import check_size
from cgcli.calculus.exact_passes import ExactSweep, Ratios, handed_out, unreached
from cgcli.calculus.kinks import kinks
from cgcli.calculus.result import Result, find
from cgcli.calculus.sweep import by_rows
from cgcli.calculus.trail import Trail
from cgcli.graph.graph import Graph
from cgcli.limits import Limits
from cgcli.numbers.exact import run
from cgcli.numbers.missing import NOTHING, NoValue, NoValueError
from cgcli.numbers.numerals import read_numeral
from cgcli.numbers.ratio import Ratio, RoomError, as_ratio
from cgcli.operations.row import Rule, Shape
from cgcli.operations.shapes import size

_WORK: Final = 1_000
"""All numbers together may take so many times the work of passing through one of full length."""


class Exactly(Ratios):
    """Exact rationals: `Fraction`s, and NumPy's arrays of them.

    >>> from cgcli.program import parse
    >>> kind = Exactly()
    >>> graph = parse("sqrt(x)/3").graph()
    >>> kind.evaluate(graph, {"x": Fraction(4)}, None, None, Limits()).gradient
    {'x': Fraction(1, 12)}
    """

    exact = True
    as_written = True

    # Reading

    def numeral(self, text: str) -> Fraction:
        """Return the fraction that a numeral is: 1/10 for 0.1."""
        ratio = read_numeral(text, self.room)
        if isinstance(ratio, NoValue):
            raise refusals.too_long("it", self.limits)
        return Fraction(ratio)

    def constant(self, graph: Graph, limits: Limits, inputs: Mapping[str, Any]) -> Any:
        """Return the output's value; raises where that is no fraction."""
        values = self._guarded(graph, lambda: self._values(graph, inputs))
        output = values[graph.output]
        self.require(graph, output, values)
        return handed_out(output)

    def inputs(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        """Return fractions and arrays of them: a double is the fraction that it holds."""
        from cgcli.numbers.exact_values import as_exact_inputs

        return as_exact_inputs(bindings)

    def outline(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the scalars as floats."""
        return {
            name: value if getattr(value, "shape", ()) else self.float(value)
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
        result: Result = self._guarded(graph, lambda: self._evaluate(graph, inputs, of, wrt))
        return result

    def _guarded(self, graph: Graph, compute: Any) -> Any:
        """Return what is computed with no more work than there may be."""
        self.room.left = _WORK * self.limits.bits
        try:
            return compute()
        except RoomError:
            raise refusals.too_much(graph, self.now, self.limits) from None
        finally:
            self.room.left = None

    def _evaluate(
        self,
        graph: Graph,
        inputs: Mapping[str, Any],
        of: str | None,
        wrt: Sequence[str] | None,
    ) -> Result:
        target = graph.output if of is None else find(graph, of)
        wanted = dict(graph.inputs if wrt is None else {name: find(graph, name) for name in wrt})
        names, sources = list(wanted), list(wanted.values())
        varying = graph.dependents([*graph.inputs.values(), *sources])
        active = varying if wrt is None else graph.between(sources, target)
        shape = graph.shape(target)
        if shape:
            check_size(graph, target, names, sources, self.limits)
        values = self._values(graph, inputs)
        self.require(graph, values[target], values)
        handed = [handed_out(value) for value in values]
        result = Result(graph, handed, target, active, wanted, self, varying)
        trail = Trail()
        if shape:
            result.jacobian, reached = self._jacobian(graph, values, target, wanted)
        else:
            one = Ratio(1, 1, self.room)
            reached = ExactSweep(self, graph, values).backward(target, active, one)
            result.gradients = [handed_out(gradient) for gradient in reached]
            result.gradient = {name: result.grad(node) for name, node in wanted.items()}
        self._set_masks(graph, reached, trail)
        gradients = result.jacobian or result.gradient or {}
        for gradient in gradients.values():
            self.require(graph, gradient, values)
        doubles = lambda: [self.doubles(value) for value in handed]
        kink_notes = kinks(result, reached, trail, doubles)
        result.notes = [note for notes in kink_notes.values() for note in notes]
        result.masks = trail.masks
        result.notes_by_node = refusals.notes(graph, values, kink_notes, self.limits)
        return result

    def _jacobian(
        self, graph: Graph, values: list[Any], target: int, wanted: Mapping[str, int]
    ) -> tuple[dict[str, Any], list[Any]]:
        """Return by name the array of shape output × input, and which nodes were reached."""
        import numpy as np

        from cgcli.numbers.objects import filled

        shape = graph.shape(target)
        active = graph.dependents(wanted.values())
        zero = Ratio(0, 1, self.room)
        rows = {name: filled(zero, (size(shape), *graph.shape(n))) for name, n in wanted.items()}
        reached: list[Any] = [None] * len(graph)
        one = Ratio(1, 1, self.room)
        backward = lambda of, seed: ExactSweep(self, graph, values).backward(of, active, seed)
        for place, gradients in by_rows(graph, target, active, zero, one, backward):
            for name, node in wanted.items():
                if gradients[node] is not None:
                    rows[name][place] = gradients[node]
            reached = list(map(_either, reached, gradients))
        jacobian = {
            name: handed_out(np.reshape(row, shape + graph.shape(wanted[name])))
            for name, row in rows.items()
        }
        return jacobian, reached

    def _set_masks(self, graph: Graph, gradients: list[Any], trail: Trail) -> None:
        """Note which elements a gradient reached, where it did not reach all."""
        if not graph.tensors:
            return
        for node, gradient in enumerate(gradients):
            if getattr(gradient, "shape", ()):
                cut = unreached(gradient)
                if cut.any():
                    trail.masks[node] = ~cut

    def forward(self, graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
        """Return the values, a `NoValue` where there is no fraction."""
        values = self._guarded(graph, lambda: self._values(graph, inputs))
        return [handed_out(value) for value in values]

    def require(self, graph: Graph, value: Any, values: list[Any]) -> None:
        """Raise where there is no fraction."""
        refusals.require(graph, value, values, self.limits)

    def backward(
        self, graph: Graph, values: list[Any], of: int, active: bytearray, faults: dict[int, Any]
    ) -> list[Any]:
        """Return the gradients, a `NoValue` where there is no fraction."""
        sweep = ExactSweep(self, graph, [self.taken(value) for value in values])
        one = Ratio(1, 1, self.room)
        gradients = self._guarded(graph, lambda: sweep.backward(of, active, one))
        return [handed_out(gradient) for gradient in gradients]

    def _values(self, graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
        names = {node: name for name, node in graph.inputs.items()}
        leaves = {
            node: self.taken(inputs[names[node]])
            if node in names
            else self.literal(graph.literals[node], node)
            for node, arguments in enumerate(graph.arguments)
            if not arguments
        }
        return ExactSweep(self, graph).forward(leaves)

    # One step again

    def run(self, rule: Rule, *parts: Any) -> Any:
        """Return a rule's result over fractions."""
        ratios = (as_ratio(part, self.room) for part in parts)
        return handed_out(run(rule, self.scalars, *ratios))

    def float(self, value: Any) -> builtins.float:
        """Return the double nearest to a fraction, NaN for what has no value."""
        if isinstance(value, NoValue):
            return math.nan
        if isinstance(value, builtins.float):
            return value
        return builtins.float(Ratio(value.numerator, value.denominator))

    def doubles(self, value: Any) -> Any:
        """Return the doubles nearest to fractions."""
        if not getattr(value, "shape", ()):
            return self.float(value)
        import numpy as np

        return np.array([self.float(element) for element in value.flat]).reshape(value.shape)

    def holds(self, graph: Graph, node: int, rule: Rule, parts: list[Any]) -> Any:
        """Return where a rule of an operation's arguments is true: a flag, or an array of them."""
        taken = [self.taken(part) for part in parts]
        if node not in graph.tensors:
            return self._is_true(rule, *taken)
        from cgcli.numbers.objects import arrays_of, mapped

        operation = graph.operations[node]
        if operation.elementwise:
            truth = mapped(
                lambda *elements: self._is_true(rule, *elements), graph.shape(node), *taken
            )
            return truth.astype(bool) if graph.shape(node) else truth
        try:
            truth = rule(arrays_of(self.scalars), *taken, *graph.static.get(node, ()))
        except NoValueError:
            return False
        return truth.astype(bool) if getattr(truth, "shape", ()) else truth is True

    def _is_true(self, rule: Rule, *parts: Any) -> bool:
        if any(isinstance(part, NoValue) for part in parts):
            return False
        truth = run(rule, self.scalars, *parts)
        return not isinstance(truth, NoValue) and bool(truth)

    def spread(self, rule: Rule, parts: list[Any]) -> Any:
        """Return a fraction, or an array of them."""
        if not any(getattr(part, "shape", ()) for part in parts):
            return self.run(rule, *parts)
        import numpy as np

        from cgcli.numbers.objects import mapped

        shape = np.broadcast_shapes(*(getattr(part, "shape", ()) for part in parts))
        return mapped(lambda *elements: self.run(rule, *elements), shape, *parts)

    def leaf(self, graph: Graph, node: int) -> Any:
        """Return the fraction that a constant's text is."""
        return handed_out(self.literal(graph.literals[node], node))

    def value(self, graph: Graph, values: list[Any], node: int) -> Any:
        """Return the value of one node from those of its arguments."""
        parts = [self.taken(values[a]) for a in graph.arguments[node]]
        if not parts:
            return self.leaf(graph, node)
        return handed_out(ExactSweep(self, graph).value(node, parts))

    def local(self, graph: Graph, values: list[Any], node: int, place: int) -> Any:
        """Return a fraction, or an array of the node's shape."""
        operation = graph.operations[node]
        if not operation.elementwise:
            return None
        arguments = graph.arguments[node]
        known = {place: self.taken(values[place]) for place in (node, *arguments)}
        parts = [known[argument] for argument in arguments]
        return handed_out(ExactSweep(self, graph, known).partials(node, (place,), parts)[0])

    def contribution(
        self,
        graph: Graph,
        values: list[Any],
        node: int,
        place: int,
        upstream: Any,
        faults: dict[int, Any],
        masks: dict[int, Any],
    ) -> Any:
        """Return what is sent; `masks` tell which elements of the upstream gradient are none."""
        taken = {known: self.taken(values[known]) for known in (node, *graph.arguments[node])}
        up = self.taken(upstream)
        if node in masks:
            up = up.copy()
            up[~masks[node]] = NOTHING
        sent = ExactSweep(self, graph, taken).contribution(node, place, up)
        return None if sent is None else handed_out(sent)

    def zero(self, shape: Shape) -> Any:
        """Return 0, or zeros."""
        if not shape:
            return Fraction(0)
        from cgcli.numbers.objects import filled

        return filled(Fraction(0), shape)

    def plain(self, value: Any) -> Any:
        """Return a number as it is."""
        return value


def _either(a: Any, b: Any) -> Any:
    """Return one of two gradients by a node, of an array whichever reached an element."""
    if a is None or not getattr(a, "shape", ()):
        return b if a is None else a
    if b is None:
        return a
    import numpy as np

    return np.where(unreached(a), b, a)
