"""What derivatives come to at a point, and whether their conditions hold there.

It is not the text of a formula that is evaluated: 1 - tanh(x)^2 is 0 from x = 19 on, and the
derivative is not. First derivatives are those of the sweep, and higher ones those of accurate
formulas, so that they are what every other way of asking gives. The text is where its terms are
those that do not cancel, and rounding has left of it what it has not of the others: 1/cosh(x)^2
of 1 - sinh(x)^2/cosh(x)^2; and where many digits of it are known, for what is higher.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from cgcli.algebra.formulas import Formulas, Holds
from cgcli.algebra.normal import COMPARISONS
from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.ends import LEAST
from cgcli.calculus.kind import Kind
from cgcli.calculus.notes import Note, examine, note_on
from cgcli.calculus.remainders import sharpened
from cgcli.calculus.rounding import note_rounding
from cgcli.calculus.sweep import Trail
from cgcli.errors import CgraphError, excerpt
from cgcli.graph.graph import Graph
from cgcli.limits import Limits
from cgcli.numbers.elements import anywhere
from cgcli.numbers.missing import NoValueError
from cgcli.words import Message

_SAME: Final = 1e-12
_ULP: Final = 2.0**-52
_CLEAR: Final = 64
"""How many times less what rounding leaves is to be, to say that a number has kept more digits."""


class Point(NamedTuple):
    """What derivatives come to `at` the values of the inputs, in the order of the formulas' rows.

    `held` says whether each condition holds there.
    """

    at: Mapping[str, Any]
    values: list[Any]
    held: Sequence[bool]
    notes: Sequence[Note] = ()


def evaluated(formulas: Formulas, at: Mapping[str, Any], kind: Kind = DOUBLES) -> Point:
    """Return the value of each derivative at a point, and the notes on them.

    A value is a number of the kind, or an array. Where the program has no value a first
    derivative is what the convention says, and a higher one NaN. Raises `CgraphError` of kind
    exact or limit, where a derivative has no exact number there.
    """
    written = kind.forward(formulas.graph, at)
    held, notes = _held(formulas, at, written, kind), []
    if not kind.exact:
        result = kind.evaluate(formulas.source, at, None, formulas.names, Limits())
        notes = result.notes
        if formulas.order == 1:
            values = ordered(formulas, result.jacobian or result.gradient)
            nearer = values
            if kind is DOUBLES and all(held):
                nearer = _nearer(formulas, written, at, values)
            if nearer is values:
                note_rounding(result, at)
            return Point(at, nearer, held, result.notes)
    graph, rows, numbers = formulas.graph, formulas.rows, written
    if not (kind.exact and all(held)):
        computed = _to_compute(formulas)
        graph, rows = computed.graph, computed.rows
        numbers = kind.forward(graph, at)
    if is_outside(formulas, held):
        none = [kind.doubles(kind.plain(numbers[row.node])) * math.nan for row in rows]
        return Point(at, none, held, notes)
    for row in rows:
        try:
            kind.require(graph, numbers[row.node], numbers)
        except CgraphError as error:
            # A formula stands in no text of the user's.
            error.message, error.places = f"{excerpt(row.name)}: {error.message}", ()
            raise
    values = [numbers[row.node] for row in rows]
    if all(held) and not kind.exact:
        # A formula that is simplified has values at removable points.
        values = list(map(_filled, values, (written[row.node] for row in formulas.rows)))
        if kind is DOUBLES:
            values = _nearer(formulas, written, at, values)
            values = sharpened(formulas.graph, written, [row.node for row in formulas.rows], values)
            notes = notes or _notes(formulas, written, values)
    return Point(at, [kind.plain(value) for value in values], held, notes)


def _notes(formulas: Formulas, written: list[Any], values: list[Any]) -> list[Note]:
    """Return why derivatives have no value where the program and its gradient have one."""
    graph, source = formulas.graph, formulas.source
    lacking = [
        row for row, value in zip(formulas.rows, values, strict=True) if anywhere(value != value)
    ]
    examined = examine(graph, written).notes if lacking else {}
    notes = []
    for row in lacking:
        needed = graph.ancestors([row.node])
        first = next((node for node in examined if needed[node]), None)
        if first is not None:
            note = examined[first][0]
            # A name is no sentence of the program's.
            message = Message("{kind}: {what}", kind=excerpt(row.name), what=note.message)
            notes.append(note_on(source, source.output, note.kind, message))
    return notes


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


def is_outside(formulas: Formulas, held: Sequence[bool]) -> bool:
    """Whether a point, at which conditions hold or not, is one where the program has no value."""
    pairs = zip(formulas.conditions, held, strict=True)
    return any(condition.domain and not met for condition, met in pairs)


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
