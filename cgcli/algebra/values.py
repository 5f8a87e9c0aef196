"""What derivatives come to at a point, and whether their conditions hold there.

It is not the text of a formula that is evaluated: 1 - tanh(x)^2 is 0 from x = 19 on, and the
derivative is not. First derivatives are those of the sweep, and higher ones those of accurate
formulas, so that they are what every other way of asking gives. The text is where its terms are
those that do not cancel, and rounding has left of it what it has not of the others: 1/cosh(x)^2
of 1 - sinh(x)^2/cosh(x)^2.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from cgcli.algebra.formulas import Formulas, Holds
from cgcli.algebra.normal import COMPARISONS
from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.ends import LEAST
from cgcli.calculus.kind import Kind
from cgcli.calculus.sweep import Trail
from cgcli.errors import CgraphError, excerpt
from cgcli.graph.graph import Graph
from cgcli.limits import Limits
from cgcli.numbers.missing import NoValueError

_SAME: Final = 1e-12
_ULP: Final = 2.0**-52
_CLEAR: Final = 64
"""How many times less what rounding leaves is to be, to say that a number has kept more digits."""


def evaluated(
    formulas: Formulas, values: Mapping[str, Any], kind: Kind = DOUBLES
) -> tuple[list[Any], list[bool]]:
    """Return the value of each derivative at a point, and whether each condition holds there.

    A value is a number of the kind, or an array. Where the program has no value a first
    derivative is what the convention says, and a higher one NaN. Raises `CgraphError` of kind
    exact or limit, where a derivative has no exact number there.
    """
    graph, source = formulas.graph, formulas.source
    values_of = kind.forward(graph, values)
    held = _held(formulas, values, values_of, kind)
    if formulas.order == 1 and not kind.exact:
        result = kind.evaluate(source, values, None, formulas.names, Limits())
        first = ordered(formulas, result.jacobian or result.gradient)
        if kind is not DOUBLES or not all(held):
            return first, held
        return _nearer(formulas, values_of, values, first), held
    rows, shown = formulas.rows, [values_of[row.node] for row in formulas.rows]
    written = values_of
    if not (kind.exact and all(held)):
        computed = _to_compute(formulas)
        graph, rows = computed.graph, computed.rows
        values_of = kind.forward(graph, values)
    if is_outside(formulas, held):
        return [kind.doubles(kind.plain(values_of[row.node])) * math.nan for row in rows], held
    for row in rows:
        try:
            kind.require(graph, values_of[row.node], values_of)
        except CgraphError as error:
            # A formula stands in no text of the user's.
            error.message, error.places = f"{excerpt(row.name)}: {error.message}", ()
            raise
    derivatives = [values_of[row.node] for row in rows]
    if all(held) and not kind.exact:
        # A formula that is simplified has values at removable points.
        derivatives = list(map(_filled, derivatives, shown))
        if kind is DOUBLES:
            derivatives = _nearer(formulas, written, values, derivatives)
    return [kind.plain(value) for value in derivatives], held


def _to_compute(formulas: Formulas) -> Formulas:
    """Return accurate formulas, or those that are shown where accurate ones grow too large."""
    if formulas.forms.accurate:
        return formulas
    try:
        return Formulas(formulas.source, formulas.wanted, accurate=True)
    except CgraphError as error:
        if error.kind != "limit":
            raise
        return formulas


def _nearer(
    formulas: Formulas, written: list[Any], at: Mapping[str, Any], derivatives: list[Any]
) -> list[Any]:
    """Return derivatives, and what their text comes to where that alone has kept its digits.

    `written` has the values of the formulas' nodes.
    """
    apart = [
        place
        for place, (row, number) in enumerate(zip(formulas.rows, derivatives, strict=True))
        if not getattr(number, "shape", ())
        and not math.isclose(number, written[row.node], rel_tol=_SAME)
    ]
    # First what costs least: where the text itself cancels, nothing else is computed.
    moved = {k: _moved_by(formulas.graph, written, formulas.rows[k].node) for k in apart}
    texts = {k: written[formulas.rows[k].node] for k in apart}
    apart = [k for k in apart if _CLEAR * moved[k] < abs(texts[k] - derivatives[k]) < math.inf]
    if not apart:
        return derivatives
    computed = _to_compute(formulas)
    numbers = DOUBLES.forward(computed.graph, at)
    nearer = list(derivatives)
    for k in apart:
        if _CLEAR * moved[k] < _moved_by(computed.graph, numbers, computed.rows[k].node):
            nearer[k] = texts[k]
    return nearer


def _moved_by(graph: Graph, values: list[Any], of: int) -> float:
    """Return how far rounding may have moved a number, by its gradient by all that was rounded.

    It is not known, inf, where a number on the way is an array, or has vanished or overflowed.
    """
    needed = graph.ancestors([of])
    rounded = bytearray(map(min, needed, map(bool, graph.arguments)))
    nodes = [node for node, is_rounded in enumerate(rounded) if is_rounded]
    if graph.tensors or not all(LEAST < abs(values[node]) < 1 / LEAST for node in nodes):
        return math.inf
    gradients = DOUBLES.backward(graph, values, of, rounded, Trail())
    parts = [abs(gradients[node] * values[node]) for node in nodes if gradients[node] is not None]
    return _ULP * math.fsum(parts) if all(map(math.isfinite, parts)) else math.inf


def _filled(value: Any, other: Any) -> Any:
    """Return a number, or an array, with what is NaN taken from another."""
    if not getattr(value, "shape", ()):
        return other if value != value else value
    import numpy as np

    return np.where(np.isnan(value), other, value)


def ordered(formulas: Formulas, gradients: Mapping[str, Any]) -> list[Any]:
    """Return first derivatives, which have names, in the order of the formulas' rows.

    Those of a list of numbers stand in arrays, one element a row.
    """
    count, source = len(formulas.names), formulas.source
    listed = source.shape(source.output) and not formulas.tensors
    return [
        gradients[row.wrt[0]][k // count] if listed else gradients[row.wrt[0]]
        for k, row in enumerate(formulas.rows)
    ]


def is_outside(formulas: Formulas, held: list[bool | None] | list[bool]) -> bool:
    """Whether a point, at which conditions hold or not, is one where the program has no value."""
    pairs = zip(formulas.conditions, held, strict=True)
    return any(condition.domain and met is False for condition, met in pairs)


def _held(formulas: Formulas, at: Mapping[str, Any], numbers: list[Any], kind: Kind) -> list[bool]:
    """Return whether each condition holds: by doubles where the numbers of the kind do not tell."""
    from cgcli.calculus.passes import forward

    held: list[bool] = []
    for condition in formulas.conditions:
        try:
            held.append(bool(is_met(condition, numbers)))
        except NoValueError:
            doubles = {name: kind.doubles(value) for name, value in at.items()}
            held.append(bool(is_met(condition, forward(formulas.graph, doubles))))
    return held


def is_met(condition: Holds, values: list[Any]) -> Any:
    """Return whether a condition holds for the values of the nodes, of whatever kind they are.

    What these raise where they cannot tell is passed on, and so is what they return.
    """
    met = _SIGNS[condition.sign](values[condition.left], values[condition.right])
    for choice, taken in condition.guard:
        reached = values[choice] != 0
        if getattr(reached, "shape", ()):
            met = met | (reached != taken)
        elif bool(reached) is not taken:
            return True
    return met.all() if getattr(met, "shape", ()) else met


def _unequal(a: Any, b: Any) -> Any:
    """Return whether numbers differ. NaN, which is nowhere, does not."""
    if any(isinstance(side, float) or getattr(side, "dtype", "") == "float64" for side in (a, b)):
        return (a < b) | (a > b)
    return a != b


_SIGNS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    **{sign: getattr(operator, name) for name, sign in COMPARISONS.items()},
    "!=": _unequal,
}
