"""What is proved of a result → a table with verdicts, or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from cgcli.calculus.certify import Certificate, boundary_notes
from cgcli.calculus.judge import Finding
from cgcli.calculus.notes import merged
from cgcli.calculus.result import Node, Result
from cgcli.errors import shorten
from cgcli.numbers.elements import by_element, elements
from cgcli.views.document import evaluation, number
from cgcli.views.gate import printable
from cgcli.views.table import VALUE, Columns, gradient_head, print_result, shown
from cgcli.views.terminal import console, say
from cgcli.words import Message, joined

if TYPE_CHECKING:
    from cgcli.views.schemas import results

_LINES: Final = 20


def print_certificate(
    result: Result,
    certificate: Certificate,
    precision: int | None,
    digits: int,
    most: int,
    out: Any = None,
) -> None:
    """Print the table of a result with its verdicts, and below it what they rest on.

    With a `precision` the digits that are proved stand in place of the floats, else the
    floats, each with the bound that it lies within. `out` is Rich's console.
    """
    out, jacobian = out or console(), certificate.jacobian
    proved: dict[str, Any] = {VALUE: certificate.values}
    if jacobian is None and result.gradient:
        proved[gradient_head(result)] = certificate.gradients
    within = [Message("within")] if precision is None else []

    def cells(node: Node) -> list[str]:
        texts: list[str] = []
        for findings in proved.values():
            finding = findings[node.id] or Finding("unsettled", None, None)
            texts.append(shown(_marked(finding.shown), digits))
            texts += [_bound(finding.bound) for _ in within]
        return [*texts, Message(certificate.verdict(node.id))]

    kept = jacobian and {name: _marked(finding.shown) for name, finding in jacobian.items()}
    heads = [text for head in proved for text in (head, *within)]
    print_result(result, digits, most, out, Columns([*heads, Message("verdict")], cells, kept))
    say(out, *_lines(certificate, result, precision))


def _marked(number: Any) -> Any:
    """A number, or the elements of an array: a mark in place of digits that are not proved."""
    if not hasattr(number, "shape"):
        return number
    return by_element(lambda digits: "?" if digits is None else digits, number)


def _bound(bound: Any) -> str:
    """A bound with two digits, rounded up; of an array the largest."""
    bounds = elements(bound)
    if None in bounds:
        return ""
    from decimal import ROUND_UP, Context

    most = max(bounds)
    return f"{Context(prec=2, rounding=ROUND_UP).create_decimal(most):.1e}" if most else "0"


def _lines(certificate: Certificate, result: Result, precision: int | None) -> Iterator[str]:
    """Return the lines below the table: what was corrected, what is open, and the summary."""
    lines = list(_corrections(certificate, result)) if precision is None else []
    yield from lines[:_LINES]
    if len(lines) > _LINES:
        yield f"{len(lines) - _LINES:,} more; --json has them all"
    names = enumerate(result.graph.names)
    open_ = [name for node, name in names if certificate.verdict(node) == "unsettled"]
    if open_ or not certificate.agreed:
        shown_names = [printable(shorten(name)) for name in open_[:_LINES]]
        more = f" and {len(open_) - _LINES:,} more" if len(open_) > _LINES else ""
        which = f" {', '.join(shown_names)}{more}:" if open_ else ""
        why = "do not decide it" if certificate.agreed else "do not compare the two ways"
        yield (
            f"unsettled:{which} {certificate.bits:,} bits {why}; --max-precision BITS allows more"
        )
    for name, finding in (certificate.jacobian or {}).items():
        bound, verdict = _bound(finding.bound), Message(finding.verdict)
        within = Message("{verdict}, within {bound}", verdict=verdict, bound=bound)
        of, proved = printable(shorten(name)), within if bound else verdict
        yield Message("the Jacobian by {name}: {verdict}", name=of, verdict=proved)
    counted = [
        Message("{count} {verdict}", count=count, verdict=Message(verdict))
        for verdict, count in certificate.count().items()
    ]
    together = joined(counted, "{before}, {after}")
    yield Message("proved with {bits:,} bits: {counts}", bits=certificate.bits, counts=together)


def _corrections(certificate: Certificate, result: Result) -> Iterator[str]:
    """Say of every float that is not what is proved what it was."""
    for node, given in enumerate(result.graph.names):
        for sort, finding, was in (
            ("value", certificate.values[node], result.values[node]),
            ("gradient", certificate.gradients[node], result.grad(node)),
        ):
            what, replaced = f"the {sort} of {printable(shorten(given))}", _replaced(finding)
            if getattr(was, "shape", ()):
                if replaced:
                    yield f"corrected: {replaced:,} of {was.size:,} elements of {what}"
            elif replaced:
                yield f"corrected: {what} is {was + 0.0:g} in floats"
            elif finding and finding.verdict == "undefined" and was - was == 0:
                yield f"undefined: {what} is no number, and {was + 0.0:g} in floats"


_AT_KINK: Final = ("kink", "undefined")


def _replaced(finding: Finding | None) -> int:
    """Return in place of how many floats what is proved stands."""
    return sum(isinstance(element, str) for element in elements(finding and finding.shown))


def keep_notes(result: Result, certificate: Certificate) -> None:
    """Keep the notes that hold for the true values, where those stand in place of the floats.

    No number overflows there, and a kink or a domain is one where the verdicts say so: at a
    vertical tangent the gradient is undefined.
    """
    jacobian = certificate.jacobian or {}

    def behind(*verdicts: str) -> bytearray:
        sources = [result.sources[name] for name, by in jacobian.items() if by.verdict in verdicts]
        return result.graph.dependents(sources)

    after, lost = behind(*_AT_KINK), behind("undefined")

    def holds(node: int, kind: str) -> bool:
        if kind == "kink":
            arguments = result.graph.arguments[node]
            verdicts = {certificate.verdict(argument) for argument in arguments}
            at_kink = bool(after[node]) or not verdicts.isdisjoint(_AT_KINK)
            return at_kink and not result.graph.operations[node].step
        return kind == "domain" and (certificate.verdict(node) == "undefined" or bool(lost[node]))

    kept = {
        node: [note for note in notes if holds(node, note.kind)]
        for node, notes in result.notes_by_node.items()
    }
    left = {id(note) for notes in kept.values() for note in notes}
    result.notes = [note for note in result.notes if id(note) in left]
    # What ties may be told by the digits as they were typed alone.
    steps_beside = boundary_notes(result, certificate)
    result.notes_by_node = merged(kept, steps_beside)
    result.notes += [note for notes in steps_beside.values() for note in notes]


def certified_evaluation(
    result: Result, certificate: Certificate, precision: int | None
) -> results.ProvedEvaluation:
    """Return a result as the document `cgraph.eval/1`, with what is proved of it.

    A proved value that stands in place of a float, and every one of a `precision`, is a string
    of decimal digits; null where there is no number to give.
    """
    gradients, jacobian = certificate.gradients, certificate.jacobian
    # What is proved is of another type than the floats whose place it takes.
    proved: Any = evaluation(result, result.graph.text)
    proved["value"] = _given(certificate.values[certificate.of])
    if proved["gradient"] is not None:
        sources = certificate.sources.items()
        proved["gradient"] = {name: _given(gradients[node]) for name, node in sources}
    for node, row in enumerate(proved["nodes"]):
        for key, finding in (("value", certificate.values[node]), ("grad", gradients[node])):
            if finding is None:
                continue
            if precision is None:
                if _replaced(finding):
                    row[f"float_{key}"] = row[key]
                row[f"{key}_bound"] = number(finding.bound)
            row[key] = number(finding.shown)
        if precision is not None:
            row["partials"] = list(map(_given, certificate.partials[node]))
        row["verdict"] = certificate.verdict(node)
    proof: results.Proof = {
        "precision": precision,
        "bits": certificate.bits,
        "agreed": certificate.agreed,
        "failed": certificate.failed,
        "verdicts": certificate.count(),
    }
    if jacobian is not None:
        proved["jacobian"] = {name: _given(finding) for name, finding in jacobian.items()}
        proof["jacobian"] = {name: finding.verdict for name, finding in jacobian.items()}
        if precision is None:
            proof["jacobian_bound"] = {name: number(f.bound) for name, f in jacobian.items()}
    proved["proof"] = proof
    document: results.ProvedEvaluation = proved
    return document


def _given(finding: Finding | None) -> Any:
    return None if finding is None else number(finding.shown)
