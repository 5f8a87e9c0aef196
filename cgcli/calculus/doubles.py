"""IEEE doubles as a kind of number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cgcli.calculus.kind import Kind
from cgcli.calculus.sweep import Sweep
from cgcli.calculus.trail import Trail
from cgcli.errors import CgraphError, Place
from cgcli.graph.graph import Graph
from cgcli.limits import Limits
from cgcli.operations.row import Rule, Shape

if TYPE_CHECKING:
    from cgcli.calculus.result import Result


class Doubles(Kind):
    """IEEE doubles: floats, and NumPy's arrays of them. What has no value is inf or NaN."""

    exact = False
    as_written = False
    tolerated: tuple[str, ...] = ()
    """The notes that a constant may have: what is said of others is an error."""

    def numeral(self, text: str) -> float:
        """Return the float nearest to a numeral."""
        return float(text)

    def constant(self, graph: Graph, limits: Limits, inputs: Mapping[str, Any]) -> Any:
        """Return the output's value; raises where it leaves its domain or the doubles."""
        from cgcli.calculus.notes import examine

        values = self.forward(graph, inputs)
        for node, (note, *_) in examine(graph, values).notes.items():
            if note.kind not in self.tolerated:
                place = Place(graph.text, graph.starts[node], graph.ends[node])
                raise CgraphError("binding", note.message, "", (place,))
        return values[graph.output]

    def inputs(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        """Return floats and arrays of doubles."""
        from cgcli.numbers.values import as_inputs

        return as_inputs(bindings)

    def evaluate(
        self,
        graph: Graph,
        inputs: Mapping[str, Any],
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        limits: Limits = Limits(),
    ) -> Result:
        """Return values and gradients, with the notes on what is not finite."""
        from cgcli.calculus.evaluate import evaluate, prepared

        return evaluate(prepared(graph, of, wrt, limits, self), inputs)

    def forward(self, graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
        """Return the values; inf and NaN where IEEE 754 has them."""
        from cgcli.calculus.forward import forward

        return forward(graph, inputs)

    def backward(
        self, graph: Graph, values: list[Any], of: int, active: bytearray, trail: Trail
    ) -> list[Any]:
        """Return the gradients."""
        from cgcli.calculus.backward import backward

        return backward(graph, values, of, active, trail)

    def sweep(self, graph: Graph, values: Any, trail: Trail | None = None) -> Sweep:
        """Return the sweep over floats, or over arrays."""
        from cgcli.calculus.backward import steps_of

        return steps_of(graph, values, trail)

    def holds(self, graph: Graph, node: int, rule: Rule, parts: list[Any]) -> Any:
        """Return where a rule is true of numbers that are not all infinite, and none NaN."""
        if node not in graph.tensors:
            from cgcli.calculus.notes import holds

            # A corner may lie beside an infinity, as in clip(x, -inf, 3), but not at infinities.
            finite = any(part - part == 0 for part in parts)
            return finite and all(part == part for part in parts) and holds(rule, parts)
        import numpy as np

        from cgcli.numbers.arrays import ARRAYS, quiet

        elementwise = graph.operations[node].elementwise
        with quiet():
            if not elementwise:
                return rule(ARRAYS, *parts, *graph.static.get(node, ()))
            at = np.asarray(rule(ARRAYS, *parts))
            some: Any = False
            for part in parts:
                at, some = at & ~np.isnan(part), some | np.isfinite(part)
        return at & some

    def spread(self, rule: Rule, parts: Sequence[Any]) -> Any:
        """Return a float, or an array."""
        if all(isinstance(part, float) for part in parts):
            from cgcli.numbers.real import run

            return run(rule, *parts)
        from cgcli.numbers.arrays import ARRAYS, quiet

        with quiet():
            return rule(ARRAYS, *parts)

    def leaf(self, graph: Graph, node: int) -> Any:
        """Return a constant's float."""
        return graph.constants[node]

    def contribution(
        self, graph: Graph, values: Any, node: int, place: int, upstream: Any, trail: Trail
    ) -> Any:
        """Return what is sent, also by a step to what is at fault."""
        from cgcli.calculus.backward import contribution

        return contribution(graph, values, node, place, upstream, trail)

    def zero(self, shape: Shape) -> Any:
        """Return 0.0, or zeros."""
        if not shape:
            return 0.0
        import numpy as np

        return np.zeros(shape)

    def plain(self, value: Any) -> Any:
        """Return a scalar as a float: rules may return whole numbers, and NumPy's scalars."""
        if value is None or type(value) is float:
            return value
        return value if getattr(value, "shape", ()) else float(value)


class Nearest(Doubles):
    """The doubles beside numbers of more digits: what is too large for one is inf, and no error."""

    as_written = True
    tolerated = ("overflow",)


DOUBLES: Final = Doubles()
"""The kind that is used when no other is asked for."""
NEAREST: Final = Nearest()
"""The kind that stands beside numbers of more digits."""
