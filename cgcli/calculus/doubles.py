"""IEEE doubles as a kind of number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cgcli.calculus.kind import Kind
from cgcli.graph.graph import Graph
from cgcli.limits import Limits

if TYPE_CHECKING:
    from cgcli.calculus.result import Result


class Doubles(Kind):
    """IEEE doubles: floats, and NumPy's arrays of them. What has no value is inf or NaN."""

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


class Nearest(Doubles):
    """The doubles beside numbers of more digits: what is too large for one is inf, and no error."""

    as_written = True
    tolerated = ("overflow",)


DOUBLES: Final = Doubles()
"""The kind that is used when no other is asked for."""
NEAREST: Final = Nearest()
"""The kind that stands beside numbers of more digits."""
