"""What is proved of values and gradients: verdicts on the float result, and digits.

Two ways are gone, and must meet: the backward pass over balls, by the rules of the table, and a
forward pass through power series, which reads none of them. Precision is raised until every
ball is small enough to judge by, or up to a limit; what is then not known is `unsettled`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from typing import Any

import flint

from cgcli.calculus.agreement import Agreement
from cgcli.calculus.judge import (
    FIRST_BITS,
    MOST_BITS,
    VERDICTS,
    Finding,
    Judge,
    Leaves,
    Verdict,
    bits_for,
    judge_digits,
    judge_each,
    judge_float,
    raised,
)
from cgcli.calculus.kinks import kinks
from cgcli.calculus.leaves import double_leaves
from cgcli.calculus.notes import Note
from cgcli.calculus.proved import BallSweep
from cgcli.calculus.result import Result
from cgcli.calculus.sweep import Trail, jacobian
from cgcli.numbers.balls import ABSENT, NOTHING, VOID, VOIDED, ball
from cgcli.numbers.elements import by_double, by_element, filled
from cgcli.operations.shapes import size


class Certificate:
    """What is proved of an evaluation.

    `values` and `gradients` have a finding a node, None where there is no such number;
    `jacobian` has them by name. `bits` is the precision that was needed, and `agreed` tells
    whether the second way could be compared throughout. `asked` flags the nodes that bear on
    what was asked for.
    """

    def __init__(self, result: Result) -> None:
        graph = self.graph = result.graph
        self.of = result.of
        self.sources = result.sources
        self.bits = 0
        self.agreed = True
        self.values: list[Finding | None] = [None] * len(graph)
        self.gradients: list[Finding | None] = [None] * len(graph)
        self.partials: dict[int, list[Any]] = {}
        self.jacobian: dict[str, Finding] | None = None
        self.asked = bytearray(len(graph))

    def findings(self) -> Iterator[Finding]:
        """Return all findings there are."""
        return filter(None, (*self.values, *self.gradients, *(self.jacobian or {}).values()))

    def verdict(self, node: int) -> Verdict:
        """Return the worse of the verdicts on a node's value and on its gradient."""
        verdicts = [
            finding.verdict for finding in (self.values[node], self.gradients[node]) if finding
        ]
        return max(verdicts, key=VERDICTS.index)

    @property
    def failed(self) -> bool:
        """Whether anything that was asked for could not be certified."""
        verdicts = {self.verdict(node) for node, asked in enumerate(self.asked) if asked}
        verdicts |= {finding.verdict for finding in (self.jacobian or {}).values()}
        return not verdicts.isdisjoint(("undefined", "unsettled"))

    def count(self) -> dict[Verdict, int]:
        """Return how many nodes have each verdict that any has."""
        verdicts = [self.verdict(node) for node in range(len(self.graph))]
        return {name: verdicts.count(name) for name in VERDICTS if name in verdicts}


def verify(result: Result, most_bits: int = MOST_BITS) -> Certificate:
    """Return the verdicts on the values and gradients of a float result.

    The numbers of the program are the doubles that they were read as. Raises
    `DisagreementError` where the two ways to prove the same number contradict each other.

    >>> import cgcli
    >>> certificate = verify(cgcli.parse("(1 + x) - 1").evaluate(x=1e-20))
    >>> certificate.verdict(certificate.of), certificate.values[certificate.of].shown
    ('corrected', '9.9999999999999995e-21')
    """
    leaves = double_leaves(result.graph, result.values)
    bounds = min(FIRST_BITS, most_bits), most_bits
    return _certify(result, leaves, judge_float, bounds, floats=True)


def precise(result: Result, leaves: Leaves, digits: int, most_bits: int = MOST_BITS) -> Certificate:
    """Return values and gradients as decimals of so many digits, each of them proved.

    Of the result it is what is asked for that matters, and none of its numbers.

    >>> import cgcli
    >>> from cgcli.calculus.leaves import exact_leaves
    >>> result = cgcli.parse("sqrt(2)").evaluate()
    >>> proved = precise(result, exact_leaves(result.graph, {}), 30)
    >>> proved.values[result.of].shown
    '1.41421356237309504880168872421'
    """
    judge = lambda _, number: judge_digits(number, digits)
    return _certify(result, leaves, judge, bits_for(digits, most_bits), floats=False)


def boundary_notes(result: Result, certificate: Certificate) -> dict[int, list[Note]]:
    """Return by node the notes on choices at their boundary, of the numbers that are proved.

    `result` is that of the doubles, which may decide a comparison otherwise.
    """
    near, gradients = copy.copy(result), certificate.gradients
    near.values, near.trail = list(map(_doubles, certificate.values, result.values)), Trail()
    floats = result.jacobian
    if certificate.jacobian is not None and floats is not None:
        blocks = certificate.jacobian.items()
        near.jacobian = {name: _doubles(block, floats[name]) for name, block in blocks}
    else:
        sources = near.sources.items()
        near.gradient = {name: _doubles(gradients[n], result.grad(n)) for name, n in sources}
    reached = [True if flag else None for flag in result.active]
    notes_by_node = kinks(near, reached)
    rows = result.graph.operations
    return {node: notes for node, notes in notes_by_node.items() if rows[node].step}


def _doubles(finding: Finding | None, numbers: Any) -> Any:
    """Return the doubles nearest to proved numbers; the floats' where the proof is unsettled.

    NaN stands where there is no number.
    """
    known = None if finding is None else finding.shown
    if finding is None or finding.verdict != "unsettled":
        numbers = math.nan
    return by_double(lambda text, number: number if text is None else float(text), known, numbers)


def _certify(
    result: Result, leaves: Leaves, judge: Judge, bounds: tuple[int, int], *, floats: bool
) -> Certificate:
    """Raise the precision until all is judged, and see that the second way agrees.

    The `floats` of the result are what is judged, else there are none.
    """
    graph, of, sources, active = result.graph, result.of, result.sources, result.active
    certificate = Certificate(result)
    unknown: list[Any] = [None] * len(graph)
    known_values, known_gradients = unknown, unknown
    known_jacobian: dict[str, Any] = {}
    if floats:
        known_values, known_jacobian = result.values, result.jacobian or {}
        known_gradients = list(map(result.grad, range(len(graph))))
    agreement = Agreement(graph, of, active, list(sources.values()))

    def settled(before: Finding | None, number: Any, truth: Any) -> Finding:
        if before is not None and before.verdict != "unsettled":
            return before
        return judge_each(judge, number, truth)

    for balls, values in raised(graph, leaves, bounds, size(graph.shape(of))):
        certificate.bits = flint.ctx.prec
        sweep, gradients = BallSweep(graph, values), unknown
        certificate.values = list(map(settled, certificate.values, known_values, values))
        if graph.shape(of):
            before, blocks = certificate.jacobian or {}, _jacobian(sweep, of, sources)
            certificate.jacobian = {
                name: settled(before.get(name), known_jacobian.get(name), block)
                for name, block in blocks.items()
            }
        else:
            gradients = sweep.backward(of, active, ball(1))
            certificate.gradients = [
                settled(*row, _proved(sweep, of, node, gradients)) if active[node] else None
                for node, row in enumerate(zip(certificate.gradients, known_gradients, strict=True))
            ]
        certificate.asked = sweep.needed(of)
        for node in sources.values():
            certificate.asked[node] = 1
        certificate.agreed = agreement.check(balls, values, gradients)
        if not floats:
            certificate.partials = _partials(sweep, judge, result.varying)
        if certificate.agreed and all(f.verdict != "unsettled" for f in certificate.findings()):
            break
    if not certificate.agreed:
        _withdraw(certificate)
    return certificate


def _proved(sweep: BallSweep, of: int, node: int, gradients: list[Any]) -> Any:
    """Return the gradient by a node; what has no value has none, whatever was sent."""
    shape = sweep.graph.shape(node)
    value: Any = sweep.values[of]
    if value.flags & VOIDED:
        return filled(VOID, shape)
    return filled(ball(0), shape) if gradients[node] is None else gradients[node]


def _jacobian(sweep: BallSweep, of: int, sources: Mapping[str, int]) -> dict[str, Any]:
    active = sweep.graph.dependents(sources.values())
    # What is not this element is not reached: 0 times what has no value would have none.
    blocks = jacobian(sweep.graph, of, sources, active, NOTHING, ball(1), sweep.backward)
    values: Any = sweep.values[of]
    lacking = [bool(value.flags & VOIDED) for value in values.flat]
    for block in blocks.values() if any(lacking) else ():
        rows = block.reshape(len(lacking), -1)
        rows[lacking] = by_element(
            lambda sent: sent if sent.flags & ABSENT else VOID, rows[lacking]
        )
    return blocks


def _partials(sweep: BallSweep, judge: Judge, varying: bytearray) -> dict[int, list[Any]]:
    """Return by node the digits of its local derivatives; those that are not known have none."""

    def judged(node: int, place: int, argument: int) -> Finding | None:
        partial = sweep.local(node, place) if varying[argument] else None
        return None if partial is None else judge_each(judge, None, partial)

    return {
        node: [judged(node, place, argument) for place, argument in enumerate(arguments)]
        for node, arguments in enumerate(sweep.graph.arguments)
    }


def _withdraw(certificate: Certificate) -> None:
    """Claim no gradient, and not the output, where the second way could not be compared."""

    def without(finding: Any) -> Any:
        if finding is None or finding.verdict == "undefined":
            return finding
        return finding._replace(verdict="unsettled", bound=None)

    certificate.values[certificate.of] = without(certificate.values[certificate.of])
    certificate.gradients = list(map(without, certificate.gradients))
    if certificate.jacobian is not None:
        rows = certificate.jacobian.items()
        certificate.jacobian = {name: without(finding) for name, finding in rows}
