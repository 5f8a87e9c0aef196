"""What is proved of values and gradients: verdicts on the float result, and digits.

Two ways are gone, and must meet: the backward pass over balls, by the rules of the table, and a
forward pass through power series, which reads none of them. Precision is raised until every
ball is small enough to judge by, or up to a limit; what is then not known is `unsettled`.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import flint

from cgcli.calculus.agreement import Agreement
from cgcli.calculus.judge import (
    VERDICTS,
    Finding,
    Judge,
    Judged,
    judge_digits,
    judge_each,
    judge_float,
)
from cgcli.calculus.kinks import kinks
from cgcli.calculus.leaves import double_leaves
from cgcli.calculus.notes import Note
from cgcli.calculus.proved import BallSweep
from cgcli.calculus.result import Result
from cgcli.calculus.sweep import jacobian
from cgcli.graph.graph import Graph
from cgcli.numbers.balls import (
    ABSENT,
    NOTHING,
    VOID,
    VOIDED,
    Ball,
    UndecidedError,
    ball,
)
from cgcli.numbers.elements import by_element, filled
from cgcli.operations.shapes import size

MOST_BITS: Final = 8192
_FIRST_BITS: Final = 128
# A graph of many numbers is given fewer bits: their product bounds the time that is taken.
_MOST_WORK: Final = 2**28


Leaves = Callable[[], dict[int, Any]]
"""Returns inputs and constants as balls, at the precision of the moment."""


class Certificate:
    """What is proved of an evaluation.

    `values` and `gradients` have a finding a node, None where there is no such number;
    `jacobian` has them by name. `bits` is the precision that was needed, and `agreed` tells
    whether the second way could be compared throughout. `asked` flags the nodes that bear on
    what was asked for.
    """

    def __init__(self, graph: Graph, of: int, sources: Mapping[str, int], bits: int) -> None:
        self.graph = graph
        self.of = of
        self.sources = dict(sources)
        self.bits = bits
        self.agreed = True
        self.values: list[Finding | None] = [None] * len(graph)
        self.gradients: list[Finding | None] = [None] * len(graph)
        self.partials: dict[int, list[Any]] = {}
        self.jacobian: dict[str, Finding] | None = None
        self.asked = bytearray(len(graph))

    def verdict(self, node: int) -> str:
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

    def count(self) -> dict[str, int]:
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
    graph = result.graph
    return _certify(
        graph,
        result.of,
        result.sources,
        double_leaves(graph, result.values),
        judge_float,
        (min(_FIRST_BITS, most_bits), most_bits),
        (result.values, [result.grad(node) for node in range(len(graph))], result.jacobian),
        result.active,
    )


def precise(
    graph: Graph,
    of: int,
    sources: Mapping[str, int],
    leaves: Leaves,
    digits: int,
    most_bits: int = MOST_BITS,
    active: bytearray | None = None,
) -> Certificate:
    """Return values and gradients as decimals of so many digits, each of them proved.

    `active` flags the nodes whose gradients are wanted, all that depend on inputs by default.

    >>> import cgcli
    >>> from cgcli.calculus.leaves import exact_leaves
    >>> graph = cgcli.parse("sqrt(2)").graph()
    >>> found = precise(graph, graph.output, {}, exact_leaves(graph, {}), 30)
    >>> found.values[graph.output].shown
    '1.41421356237309504880168872421'
    """

    def judge(_: Any, number: Ball) -> Judged | None:
        return judge_digits(number, digits)

    bounds = _bits_for(digits, most_bits)
    return _certify(graph, of, sources, leaves, judge, bounds, None, active)


def boundary_notes(result: Result, certificate: Certificate) -> dict[int, list[Note]]:
    """Return by node the notes on choices at their boundary, of the numbers that are proved.

    `result` is that of the doubles, which may decide a comparison otherwise.
    """
    graph = result.graph
    near = Result(
        graph,
        [_doubles(finding) for finding in certificate.values],
        result.of,
        result.active,
        result.sources,
        result.kind,
        result.varying,
    )
    if certificate.jacobian is not None:
        near.jacobian = {name: _doubles(finding) for name, finding in certificate.jacobian.items()}
    else:
        gradients = certificate.gradients
        near.gradient = {name: _doubles(gradients[node]) for name, node in near.sources.items()}
    reached = [True if flag else None for flag in result.active]
    notes_by_node = kinks(near, reached, lambda: near.values)
    return {node: notes for node, notes in notes_by_node.items() if graph.operations[node].step}


def _doubles(finding: Finding | None) -> Any:
    """Return the doubles nearest to what is proved; NaN where there is nothing."""
    shown: Any = None if finding is None else finding.shown
    if not hasattr(shown, "flat"):
        return math.nan if shown is None else float(shown)
    import numpy as np

    elements = [math.nan if element is None else float(element) for element in shown.flat]
    return np.array(elements).reshape(shown.shape)


def precise_values(
    graph: Graph, nodes: list[int], leaves: Leaves, digits: int, most_bits: int = MOST_BITS
) -> list[Finding]:
    """Return the values of some nodes alone, as decimals of so many digits.

    >>> import cgcli
    >>> from cgcli.calculus.leaves import exact_leaves
    >>> graph = cgcli.parse("sqrt(2)").graph()
    >>> precise_values(graph, [graph.output], exact_leaves(graph, {}), 10)[0].shown
    '1.414213562'
    """
    findings: list[Finding] = []
    for bits in _precisions(graph, *_bits_for(digits, most_bits)):
        with flint.ctx.workprec(bits):
            values = BallSweep(graph).forward(leaves())
            findings = [
                judge_each(lambda _, truth: judge_digits(truth, digits), None, values[node], shape)
                for node, shape in ((node, graph.shape(node)) for node in nodes)
            ]
        if all(finding.verdict != "unsettled" for finding in findings):
            break
    return findings


def precise_truths(
    graph: Graph, tests: Sequence[Callable[[list[Any]], Any]], leaves: Leaves, digits: int
) -> list[bool | None]:
    """Return what tests of the values of the nodes find, as far as `precise_values` would go.

    None is where that does not tell. What is asked of no number is not so.

    >>> import cgcli
    >>> from cgcli.calculus.leaves import exact_leaves
    >>> graph = cgcli.parse("0.1 + 0.2 - 0.3").graph()
    >>> tests = [lambda values: values[-1] != 0, lambda values: values[0] > 0]
    >>> precise_truths(graph, tests, exact_leaves(graph, {}), 10)
    [False, True]
    """
    truths: list[bool | None] = [None] * len(tests)
    for bits in _precisions(graph, *_bits_for(digits, MOST_BITS)) if tests else ():
        with flint.ctx.workprec(bits):
            values = BallSweep(graph).forward(leaves())
            for k, test in enumerate(tests):
                if truths[k] is None:
                    with contextlib.suppress(UndecidedError):
                        truth = test(values)
                        truths[k] = truth is not VOID and bool(truth)
        if None not in truths:
            break
    return truths


def _bits_for(digits: int, most_bits: int) -> tuple[int, int]:
    """Return the bits to begin with for so many digits, and the most."""
    first = max(_FIRST_BITS, math.ceil(digits * math.log2(10)) + 64)
    most = max(most_bits, 2 * first) if most_bits == MOST_BITS else most_bits
    return min(first, most), most


def _certify(
    graph: Graph,
    of: int,
    sources: Mapping[str, int],
    leaves: Leaves,
    judge: Judge,
    bounds: tuple[int, int],
    floats: tuple[list[Any], list[Any], dict[str, Any] | None] | None,
    active: bytearray | None,
) -> Certificate:
    """Raise the precision until all is judged, and see that the second way agrees."""
    certificate = Certificate(graph, of, sources, bounds[0])
    varying = graph.dependents([*graph.inputs.values(), *sources.values()])
    active = varying if active is None else active
    given = floats or ([None] * len(graph), [None] * len(graph), None)
    agreement = Agreement(graph, of, active, list(sources.values()))
    for bits in _precisions(graph, *bounds, size(graph.shape(of))):
        certificate.bits = bits
        with flint.ctx.workprec(bits):
            passes = _Passes(graph, of, active, sources, leaves())
            waiting = _judge_all(certificate, passes, judge, given)
            certificate.asked = BallSweep(graph, passes.values).needed(of)
            for node in sources.values():
                certificate.asked[node] = 1
            certificate.agreed = agreement.check(passes.leaves, passes.values, passes.gradients)
            if floats is None:
                _keep_partials(certificate, passes, judge, varying)
        if not waiting and certificate.agreed:
            break
    if not certificate.agreed:
        _withdraw(certificate)
    return certificate


def _precisions(graph: Graph, bits: int, most: int, passes: int = 1) -> Iterator[int]:
    """Return the precisions to try, each twice the one before; fewer where there are many numbers.

    `passes` is how many backward passes are made at each.
    """
    numbers = sum(size(shape) for shape in graph.shapes.values()) + len(graph)
    most = min(most, max(bits, _MOST_WORK // (numbers * passes)))
    while bits < most:
        yield bits
        bits *= 2
    yield most


class _Passes:
    """Both passes at one precision; where the output is an array, a backward pass an element."""

    def __init__(
        self,
        graph: Graph,
        of: int,
        active: bytearray,
        sources: Mapping[str, int],
        leaves: dict[int, Any],
    ) -> None:
        self.leaves = leaves
        self.values = BallSweep(graph).forward(leaves)
        self.gradients: list[Any] = [None] * len(graph)
        self.jacobian: dict[str, Any] | None = None
        self.active = active
        value = self.values[of]
        # What has no value has no gradient, whatever was sent.
        self.lacks_value = not graph.shape(of) and bool(value.flags & VOIDED)
        if not graph.shape(of):
            self.gradients = BallSweep(graph, self.values).backward(of, active, ball(1))
        else:
            self.jacobian = _jacobian(graph, self.values, of, sources)


def _jacobian(graph: Graph, values: list[Any], of: int, sources: Mapping[str, int]) -> Any:
    active = graph.dependents(sources.values())
    # What is not this element is not reached: 0 times what has no value would have none.
    backward = lambda node, seed: BallSweep(graph, values).backward(node, active, seed)
    blocks = jacobian(graph, of, sources, active, NOTHING, ball(1), backward)
    lacking = [bool(value.flags & VOIDED) for value in values[of].flat]
    for block in blocks.values() if any(lacking) else ():
        rows = block.reshape(len(lacking), -1)
        # What has no value has no gradient, whatever was sent.
        rows[lacking] = by_element(
            lambda part: part if part.flags & ABSENT else VOID, rows[lacking]
        )
    return blocks


def _undefined(gradient: Ball) -> Ball:
    return gradient if gradient.flags & ABSENT else VOID


def _judge_all(
    certificate: Certificate,
    passes: _Passes,
    judge: Judge,
    given: tuple[list[Any], list[Any], dict[str, Any] | None],
) -> bool:
    """Judge what is not settled yet; return whether anything still is not."""
    graph = certificate.graph
    values, gradients, jacobian = given
    waiting = False
    for node in range(len(graph)):
        if _open(certificate.values[node]):
            finding = judge_each(judge, values[node], passes.values[node], graph.shape(node))
            certificate.values[node] = finding
            waiting |= finding.verdict == "unsettled"
        if passes.jacobian is None and passes.active[node] and _open(certificate.gradients[node]):
            proved = passes.gradients[node]
            if proved is None:
                proved = filled(ball(0), graph.shape(node))
            if passes.lacks_value:
                proved = filled(VOID, graph.shape(node))
            finding = judge_each(judge, gradients[node], proved, graph.shape(node))
            certificate.gradients[node] = finding
            waiting |= finding.verdict == "unsettled"
    if passes.jacobian is not None:
        kept = certificate.jacobian = certificate.jacobian or {}
        for name, proved in passes.jacobian.items():
            if _open(kept.get(name)):
                floats = None if jacobian is None else jacobian[name]
                kept[name] = judge_each(judge, floats, proved, proved.shape)
                waiting |= kept[name].verdict == "unsettled"
    return waiting


def _open(finding: Finding | None) -> bool:
    return finding is None or finding.verdict == "unsettled"


def _keep_partials(
    certificate: Certificate, passes: _Passes, judge: Judge, varying: bytearray
) -> None:
    """Keep the digits of the local derivatives; those that are not known have none."""
    graph = certificate.graph
    for node, arguments in enumerate(graph.arguments):
        findings: list[Any] = []
        for place, argument in enumerate(arguments):
            partial = (
                BallSweep(graph, passes.values).local(node, place) if varying[argument] else None
            )
            known = None if partial is None else judge_each(judge, None, partial, graph.shape(node))
            findings.append(known)
        certificate.partials[node] = findings


def _withdraw(certificate: Certificate) -> None:
    """Claim no gradient, and not the output, where the second way could not be compared."""

    def without(finding: Finding | None) -> Finding | None:
        if finding is None or finding.verdict == "undefined":
            return finding
        return finding._replace(verdict="unsettled", bound=None)

    of = certificate.of
    certificate.values[of] = without(certificate.values[of])
    certificate.gradients = [without(finding) for finding in certificate.gradients]
    for name, finding in (certificate.jacobian or {}).items():
        replaced = without(finding)
        assert replaced is not None
        (certificate.jacobian or {})[name] = replaced
