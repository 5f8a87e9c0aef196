"""Proofs from the library: verdicts on floats, and digits of which each is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cgcli.errors import required
from cgcli.library.answers import Table
from cgcli.library.choices import check_number
from cgcli.limits import MOST_DIGITS, MOST_PRECISION

if TYPE_CHECKING:
    from cgcli.calculus.judge import Finding, Leaves
    from cgcli.calculus.result import Result
    from cgcli.views.schemas import results

_ROWS: Final = 40


class Proof(Table):
    """What is proved of values and gradients, by two ways that must meet; `str` is a table.

    `value` and `gradient` are the floats; where one is not right, and with a `precision`
    everywhere, they are texts of decimal digits that are, and None where there are none. Of an
    output that is no scalar `gradient` is None, and `jacobian` has arrays of them. `complete`
    says whether all that was asked for could be proved, `bits` how precise the proof was, and
    `result` is the evaluation in floats, whose notes are those that hold.

    >>> import cgcli
    >>> proof = cgcli.parse("(1 + x) - 1").verify(x=1e-20)
    >>> proof.value, proof.result.value, proof.verdicts["f"]
    ('9.9999999999999995e-21', 0.0, 'corrected')
    """

    endings = ("json", "txt")

    def __init__(
        self, result: Result, precision: int | None, bits: int | None, leaves: Leaves | None
    ) -> None:
        from cgcli.calculus.certify import precise, verify
        from cgcli.calculus.judge import MOST_BITS
        from cgcli.views.certificate import keep_notes

        self.result, self.precision = result, precision
        most = bits or MOST_BITS
        if precision is None or leaves is None:
            self.certificate = verify(result, most)
            # What rounding leaves is proved, and not guessed.
            result.notes = [note for note in result.notes if note.kind != "inexact"]
        else:
            self.certificate = precise(result, leaves, precision, most)
            keep_notes(result, self.certificate)
        proved = self.certificate
        self.complete, self.bits = not proved.failed, proved.bits
        self.value = _shown(proved.values[proved.of])
        self.jacobian = proved.jacobian and {n: _shown(f) for n, f in proved.jacobian.items()}
        self.gradient = None
        if self.jacobian is None:
            gradients = proved.gradients
            self.gradient = {name: _shown(gradients[node]) for name, node in proved.sources.items()}

    @property
    def verdicts(self) -> dict[str, str]:
        """Of each node by name certified, corrected or proved; kink, undefined or unsettled."""
        names = self.certificate.graph.names
        return {name: self.certificate.verdict(node) for node, name in enumerate(names)}

    def to_dict(self) -> results.ProvedEvaluation:
        """Return the values and gradients as the document `cgraph.eval/1`, with their proof."""
        from cgcli.views.certificate import certified_evaluation

        return certified_evaluation(self.result, self.certificate, self.precision)

    def print_on(self, out: Any = None, digits: int = 6, rows: int = _ROWS) -> None:
        """Print the table on a console of Rich's, standard output unless it is given."""
        from cgcli.views.certificate import print_certificate

        print_certificate(self.result, self.certificate, self.precision, digits, rows, out)


def _shown(finding: Finding | None) -> Any:
    return None if finding is None else finding.shown


def check_precision(precision: int | None, bits: int | None) -> None:
    """Raise `CgraphError` for what is no number of digits, or of bits, and without the extra."""
    check_number("precision", precision, int, 1, MOST_DIGITS)
    check_number("max_precision", bits, int, 64, MOST_PRECISION)
    required("flint", "verify", "for a proof")
