"""Whether the digits that are printed survive rounding, and the note where they do not.

A rounded result carries to the output by its own gradient: |v·∂f/∂v| times half an ulp (Higham,
Accuracy and Stability of Numerical Algorithms, 2nd ed., chapter 3.3). Where these may sum up to
a printed digit, or contributions to a gradient nearly cancel, the program is run a few times more
with every rounded number moved by up to an ulp, by chance, and what stays the same is right
(Parker, Monte Carlo Arithmetic, 1997). What is the same as a fraction is not moved.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from cgcli.calculus.doubles import DOUBLES
from cgcli.calculus.floats import silent, spread
from cgcli.calculus.notes import Note, note_on, shown, with_suggestion
from cgcli.calculus.remainders import remainders, sizes_of
from cgcli.calculus.result import Result
from cgcli.calculus.shaking import ShakenDoubles
from cgcli.calculus.sweep import Trail
from cgcli.errors import excerpt
from cgcli.graph.graph import Graph, operation_nodes
from cgcli.numbers.elements import anywhere, by_double, elements
from cgcli.numbers.values import is_finite
from cgcli.operations.row import LEVELS
from cgcli.operations.shapes import size
from cgcli.words import Message, joined

_LOST: Final = 5e-7
"""What a printed number is off by, as a share of itself, where its six digits are not all right."""
_ULP: Final = 2.0**-52
_MEANT: Final = 2.0**-40
"""A gradient of 0 that moves by no more than this share of what it was added up from is right."""
_NEAR: Final = 2.0**-44
"""What is nearer to a jump than this share of itself may be on its other side."""
_RUNS: Final = 3
"""The program is run so often at least, to see how many digits are lost."""
_RUNS_FOR_SUMS: Final = 8
"""It is run so often where none is lost so far: by chance a sum of two terms stays as it is."""
_RUNS_AT_JUMPS: Final = 16
"""A number at a jump is moved to its other side in less than half of all runs."""
_NAMED: Final = 3
_NUMBERS: Final = 2_000
"""In larger graphs nothing is said: cost and gradient of a net are sums of much that is rounded."""
_BITS: Final = 5_000
_FINE: Final = 2.0**30
"""What is whole times it has few bits, and was rounded to them by a chance of one in millions."""


def note_rounding(result: Result, inputs: Mapping[str, Any]) -> None:
    """Add the note on what rounding leaves of a value and its gradient to a result that has none.

    There is none on a Jacobian, nor on a graph of more numbers than can be asked at once, nor of
    numbers that are no doubles.

    >>> import cgcli
    >>> result = cgcli.parse("x*y - z").evaluate(x=0.1, y=3, z=0.3)
    >>> str(result.notes[0].message)
    'v1 - z magnifies rounding: f may be off by 6e-17; --precision 30 has more'
    """
    graph = result.graph
    numbers = len(graph) + sum(map(size, graph.shapes.values()))
    if result.notes or result.kind is not DOUBLES or result.gradients is None:
        return
    # Of an infinite value no digit is lost.
    if numbers > _NUMBERS or not is_finite(result.values[result.of]):
        return
    with silent(graph):
        gradients = _gradients(result)
        is_near, flat = _jumps(graph, result.values), None
        if not (is_near or _may_lose(result, gradients)):
            flat = _flat(result, gradients)
            if flat is None:
                return
        most = _RUNS_AT_JUMPS if is_near else _RUNS_FOR_SUMS
        for node, note in _lost(result, gradients, inputs, flat, most):
            result.notes.append(note)
            result.notes_by_node[node] = [note]


def _gradients(result: Result) -> list[Any]:
    """Return the gradient by every result, of constants as well."""
    graph = result.graph
    if result.gradients and graph.once(_are_active, bytes(result.active)):
        return result.gradients
    wanted = bytearray(map(max, map(bool, graph.arguments), result.active))
    # The result's own trail is that of its own gradients.
    trail = Trail(result.trail.faults)
    return result.kind.backward(graph, result.values, result.of, wanted, trail)


def _are_active(graph: Graph, active: bytes) -> bool:
    """Return whether all that is computed has a gradient."""
    return all(active[node] for node in operation_nodes(graph))


def _may_lose(result: Result, gradients: list[Any]) -> bool:
    """Whether rounding may reach a printed digit of the value, or of a sum of contributions."""
    graph, values = result.graph, result.values
    carried = 0.0
    for node in graph.once(operation_nodes):
        gradient = gradients[node]
        if gradient is not None and node != result.of:
            part = abs(gradient * values[node])
            carried += part if isinstance(part, float) else float(part.sum())
    if carried * _ULP > _LOST * abs(values[result.of]):
        return True
    if _cancels(graph, values):
        return True
    # Where nothing is left, that may be right, or all that was smaller is lost.
    return any(
        anywhere((terms > 0) & (abs(gradients[node]) * _LOST < terms * _ULP))
        for node, terms in _terms(result, gradients)
    )


def _cancels(graph: Graph, values: list[Any]) -> bool:
    """Whether a result is so much less than a rounded argument that its digits are in doubt.

    The gradients show of products what they lose; of sums and functions of one argument the
    output may not: cosh(x + 1 - 1) is flat where its derivative has no digits left. A gate of one
    argument is flat where it is so much less than that.
    """
    share = _ULP / _LOST
    if not graph.tensors:
        # Of numbers, a look at them all together mostly tells that there is none.
        sizes = list(map(abs, values))
        if min(sizes) >= share * max(sizes):
            return False
    return any(
        graph.arguments[argument] and anywhere(abs(values[node]) < share * abs(values[argument]))
        for node, (row, arguments) in enumerate(zip(graph.operations, graph.arguments, strict=True))
        if row.elementwise and not row.step
        if (len(arguments) == 1 and not row.gate) or row.level == LEVELS["sum"] or row.jumps
        for argument in arguments
    )


def _of_computed(graph: Graph) -> tuple[list[int], list[int]]:
    """Return the nodes that jump, and those that may be flat, elementwise and no gates.

    They are those with an argument that may have been rounded.
    """
    rows = [
        (node, row)
        for node, row in enumerate(graph.operations)
        if row.elementwise and any(graph.arguments[a] for a in graph.arguments[node])
    ]
    bent = (node for node, row in rows if row.level >= LEVELS["power"] and not row.gate)
    return [node for node, row in rows if row.jumps], list(bent)


def _jumps(graph: Graph, values: list[Any]) -> bool:
    """Whether rounded arguments are so near to a jump that rounding may decide what comes."""
    for node in graph.once(_of_computed)[0]:
        row = graph.operations[node]
        for near in (1 - _NEAR, 1 + _NEAR):
            parts = [values[a] * near ** (-1) ** k for k, a in enumerate(graph.arguments[node])]
            if anywhere(abs(spread(row.value, parts) - values[node]) > _LOST * abs(values[node])):
                return True
    return False


def _flat(result: Result, gradients: list[Any]) -> int | None:
    """Return a node with a derivative so much less than itself that its digits are in doubt.

    That of a^b by b has none where a is 1 but for rounding, nor that of cos(a) beside pi.
    """
    graph = result.graph
    for node in graph.once(_of_computed)[1]:
        upstream = gradients[node]
        if upstream is None:
            continue
        least = _ULP / _LOST * abs(upstream * result.values[node])
        for place, argument in enumerate(graph.arguments[node]):
            sent = gradients[argument]
            if sent is not None and graph.uses[argument] > 1:
                sweep = result.kind.sweep(graph, result.values, result.trail)
                sent = sweep.contribution(node, place, upstream)
            if sent is not None and anywhere(abs(sent) < least):
                return node
    return None


def _sent_more(graph: Graph) -> list[int]:
    """Return the nodes that more than one contribution is sent to."""
    # What is spread over an array is sent a sum of all that its elements are.
    spread_out = {
        argument
        for node in graph.tensors
        for argument in graph.arguments[node]
        if graph.operations[node].elementwise and graph.shape(argument) != graph.shape(node)
    }
    return [node for node, uses in enumerate(graph.uses) if uses > 1 or node in spread_out]


def _terms(result: Result, gradients: list[Any]) -> Iterator[tuple[int, Any]]:
    """Yield the nodes whose gradient is a sum, with the sum of the sizes of its contributions."""
    graph, masks = result.graph, result.trail.masks
    sums: dict[int, Any] = {
        node: 0.0 for node in graph.once(_sent_more) if gradients[node] is not None
    }
    if not sums:
        return
    sweep = result.kind.sweep(graph, result.values, result.trail)
    for node, arguments in enumerate(graph.arguments):
        upstream = gradients[node]
        places = [place for place, argument in enumerate(arguments) if argument in sums]
        if upstream is None or not places:
            continue
        row = graph.operations[node]
        if not row.elementwise or row.step or row.reaches is not None or node in masks:
            parts = [sweep.contribution(node, place, upstream) for place in places]
        else:
            # It is all that is asked of a small program: the shorter way counts.
            sizes = [abs(upstream * partial) for partial in sweep.locals(node, places)]
            pairs = zip(sizes, places, strict=True)
            parts = [sweep.reduce(size, node, arguments[place]) for size, place in pairs]
        for place, part in zip(places, parts, strict=True):
            if part is not None:
                sums[arguments[place]] = sums[arguments[place]] + abs(part)
    yield from sums.items()


def _lost(
    result: Result,
    gradients: list[Any],
    inputs: Mapping[str, Any],
    flat: int | None,
    most: int,
) -> Iterator[tuple[int, Note]]:
    """Yield the note, after at most so many runs with the numbers moved.

    It speaks of the derivative of a node that is `flat` where no value lost its digits.
    """
    graph, sources = result.graph, result.sources
    exact, sizes = _exact(graph, result.values), sizes_of(result, gradients)
    values, moved = [_STILL] * len(graph), dict.fromkeys(sources, _STILL)
    for seed in range(most):
        share = max([values[result.of], *moved.values()]).share
        # What did not move at all never does.
        if seed >= _RUNS and (share > _LOST or not share):
            break
        kind = _Rounded(seed, _ULP, exact)
        shaken = kind.forward(graph, inputs)
        trail = Trail(result.trail.faults)
        back = kind.backward(graph, shaken, result.of, result.active, trail)
        for node, gradient in enumerate(gradients):
            if gradient is not None:
                off = _off(result.values[node], shaken[node])
                values[node] = max(values[node], off)
        for name, node in sources.items():
            if gradients[node] is not None and back[node] is not None:
                # Contributions that leave nothing at all, as of z/z, are meant to.
                size = sizes[node] if sizes else None
                meant = 0.0 if size is None else _MEANT * size
                moved[name] = max(moved[name], _off(gradients[node], back[node], meant))
    for name, left in remainders(result, gradients, sizes) if sizes else ():
        moved[name] = max(moved[name], _Off(1.0, left))
    output = excerpt(result.output)
    offs = {output: values[result.of]}
    offs |= {f"∂{output}/∂{excerpt(name)}": off for name, off in moved.items()}
    said = [off.said(name) for name, off in offs.items() if off.share > _LOST]
    if not said:
        return
    if len(said) > _NAMED:
        left = len(said) - _NAMED
        more = Message("and {count} gradients more", count=left)
        said = [*said[:_NAMED], Message("and one gradient more") if left == 1 else more]
    first = next((node for node, off in enumerate(values) if off.share > _LOST), None)
    if first is not None:
        message = Message("{formula} magnifies rounding", formula=shown(graph, first))
    else:
        first = next(sources[name] for name, off in moved.items() if off.share > _LOST)
        message = Message("contributions nearly cancel")
        if flat is not None:
            formula = shown(graph, flat)
            message = Message("the derivative of {formula} magnifies rounding", formula=formula)
    message = Message("{what}: {rights}", what=message, rights=joined(said))
    message = with_suggestion(message, graph, first, "inexact", Message("--precision 30 has more"))
    yield first, note_on(graph, first, "inexact", message)


def _exact(graph: Graph, values: list[Any]) -> set[int]:
    """Return the nodes that were not rounded: leaves, steps, and what is the same fraction."""
    from cgcli.calculus.exact_passes import ExactSweep, taken
    from cgcli.numbers.exact import exact_namespace
    from cgcli.numbers.ratio import Ratio, Room, RoomError

    room = Room(_BITS)
    known = [node for node, arguments in enumerate(graph.arguments) if not arguments]
    leaves = {node: taken(values[node], room) for node in known}
    try:
        fractions = ExactSweep(graph, exact_namespace(room)).forward(leaves)
    except RoomError:
        return set(leaves)
    return {
        node
        for node, (fraction, value) in enumerate(zip(fractions, values, strict=True))
        if graph.operations[node].step
        or all(
            type(a) is Ratio and a == b
            for a, b in zip(elements(fraction), elements(value), strict=True)
        )
    }


class _Rounded(ShakenDoubles):
    """Doubles moved by up to an ulp; of contributions those that have as many bits as a double."""

    def sent(self, number: Any) -> Any:
        """Return a contribution, moved where it may have been rounded."""
        return by_double(
            lambda x, moved: x if math.frexp(x)[0] * _FINE % 1 == 0 else moved,
            number,
            self.moved(number),
        )


class _Off(NamedTuple):
    """How far a number is moved, as a share of itself and as it is."""

    share: float
    size: float

    def said(self, name: str) -> Message:
        """Return what is left of a number, in words."""
        # Half a unit of the last digit.
        count = int(-math.log10(2 * self.share)) if self.share < 1 else 0
        if self.size == math.inf:
            return Message("{name} is not certain", name=name)
        if not count:
            return Message("{name} may be off by {size:.1g}", name=name, size=self.size)
        if count == 1:
            return Message("about one digit of {name} is right", name=name)
        return Message("about {count} digits of {name} are right", count=count, name=name)


_STILL: Final = _Off(0.0, 0.0)


def _off(number: Any, shaken: Any, meant: Any = 0.0) -> _Off:
    """Return how far a number is moved, of an array the most; 0 by no more than what is `meant`."""
    off, least = _STILL, itertools.cycle(elements(meant))
    for a, b, rounding in zip(elements(number), elements(shaken), least, strict=False):
        size = abs(b - a)
        if size and (a or not size <= rounding):
            share = size / abs(a) if a else math.inf
            off = max(off, _Off(share, float(size)) if share == share else _Off(math.inf, math.inf))
    return off
