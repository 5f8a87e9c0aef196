"""IEEE doubles as a kind of number."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cgcli.limits import Limits
from cgcli.operations.row import Rule, Shape

if TYPE_CHECKING:
    from cgcli.calculus.result import Result
    from cgcli.graph.graph import Graph


class Doubles:
    """IEEE doubles: floats, and NumPy's arrays of them."""

    exact = False
    as_written = False

    def numeral(self, text: str) -> builtins.float:
        """Return the float nearest to a numeral."""
        return builtins.float(text)

    def constant(self, graph: Graph, limits: Limits, inputs: Mapping[str, Any]) -> Any:
        """Return the output's value; raises where it leaves its domain or the doubles."""
        return self._constant(graph, inputs, ())

    def _constant(self, graph: Graph, inputs: Mapping[str, Any], borne: tuple[str, ...]) -> Any:
        """Return the output's value; raises for the first note that is not of the kinds borne."""
        from cgcli.calculus.forward import forward
        from cgcli.calculus.notes import examine
        from cgcli.errors import CgraphError, Place

        values = forward(graph, inputs)
        for node, (note, *_) in examine(graph, values).notes.items():
            if note.kind in borne:
                continue
            place = Place(graph.text, graph.starts[node], graph.ends[node])
            raise CgraphError("binding", note.message, "", (place,))
        return values[graph.output]

    def inputs(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        """Return floats and arrays of doubles."""
        from cgcli.numbers.values import as_inputs

        return as_inputs(bindings)

    def outline(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the inputs themselves."""
        return inputs

    def evaluate(
        self,
        graph: Graph,
        inputs: Mapping[str, Any],
        of: str | None = None,
        wrt: Sequence[str] | None = None,
        limits: Limits = Limits(),
    ) -> Result:
        """Return values and gradients, with the notes on what is not finite."""
        from cgcli.calculus.evaluate import evaluate

        return evaluate(graph, inputs, of, wrt, limits, kind=self)

    def forward(self, graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
        """Return the values; inf and NaN where IEEE 754 has them."""
        from cgcli.calculus.forward import forward

        return forward(graph, inputs)

    def require(self, graph: Graph, value: Any, values: list[Any]) -> None:
        """Raise nothing: inf and NaN are doubles."""

    def backward(
        self, graph: Graph, values: list[Any], of: int, active: bytearray, faults: dict[int, Any]
    ) -> list[Any]:
        """Return the gradients."""
        from cgcli.calculus.backward import backward

        return backward(graph, values, of, active, faults)

    def run(self, rule: Rule, *parts: Any) -> Any:
        """Return a rule's result over floats."""
        from cgcli.numbers.real import run

        return run(rule, *parts)

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

    def float(self, value: Any) -> builtins.float:
        """Return a float as such."""
        return builtins.float(value)

    def doubles(self, value: Any) -> Any:
        """Return a value as it is."""
        return value

    def spread(self, rule: Rule, parts: list[Any]) -> Any:
        """Return a float, or an array."""
        if all(isinstance(part, builtins.float) for part in parts):
            return self.run(rule, *parts)
        from cgcli.numbers.arrays import ARRAYS, quiet

        with quiet():
            return rule(ARRAYS, *parts)

    def leaf(self, graph: Graph, node: int) -> Any:
        """Return a constant's float."""
        return graph.constants[node]

    def value(self, graph: Graph, values: list[Any], node: int) -> Any:
        """Return the value of one node."""
        from cgcli.calculus.forward import value

        return value(graph, values, node)

    def local(self, graph: Graph, values: list[Any], node: int, place: int) -> Any:
        """Return a float, or an array of the node's shape."""
        from cgcli.calculus.backward import local

        return local(graph, values, node, place)

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
        """Return what is sent, to the bit."""
        from cgcli.calculus.backward import contribution

        return contribution(graph, values, node, place, upstream, faults, masks)

    def zero(self, shape: Shape) -> Any:
        """Return 0.0, or zeros."""
        if not shape:
            return 0.0
        import numpy as np

        return np.zeros(shape)

    def plain(self, value: Any) -> Any:
        """Return a scalar as a float: rules may return whole numbers, and NumPy's scalars."""
        if value is None or type(value) is builtins.float:
            return value
        return value if getattr(value, "shape", ()) else builtins.float(value)


class Nearest(Doubles):
    """The doubles beside numbers of more digits: what is too large for one is inf, and no error."""

    as_written = True

    def constant(self, graph: Graph, limits: Limits, inputs: Mapping[str, Any]) -> Any:
        """Return the output's value; raises where it leaves its domain."""
        return self._constant(graph, inputs, ("overflow",))


DOUBLES: Final = Doubles()
"""The kind that is used when no other is asked for."""
NEAREST: Final = Nearest()
"""The kind that stands beside numbers of more digits."""
