"""`cgraph eval --verify` and `--precision`: what is proved of values and gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgcli.commands.choices import conflict
from cgcli.commands.options import Options, choice, count, flag
from cgcli.commands.problem import Problem, solve
from cgcli.errors import required
from cgcli.graph.graph import Graph
from cgcli.limits import MOST_PRECISION
from cgcli.views.formats import FIELDS
from cgcli.views.streams import publish_document

if TYPE_CHECKING:
    from cgcli.calculus.judge import Finding


class EvalOptions(Options):
    """The options of `cgraph eval`."""

    jsonl: bool = flag("Read a JSON object a line, write a result a line.")
    fields: set[str] = choice(
        FIELDS, "These parts of the JSON alone, with commas: {words}.", "FIELDS", several=True
    )
    rows: int = count("The most nodes that the table shows; 0 for all.", default=1000)
    verify: bool = flag("Prove how near every number is to the true one.")
    max_precision: int | None = count(
        "The most bits to prove with.", 64, MOST_PRECISION, metavar="BITS"
    )

    @property
    def proves(self) -> bool:
        """Whether anything is to be proved."""
        return self.verify or self.precision is not None or self.max_precision is not None


def certify(problem: Problem, given: EvalOptions) -> bool:
    """Print what is proved, and return whether all that was asked for could be.

    Raises `CgraphError` where the extra is not installed, or options do not go together.
    """
    if given.verify and given.precision is not None:
        message = "--verify and --precision do not go together"
        hint = "--verify judges the floats, --precision prints digits in place of them"
        raise conflict(message, hint)
    if not given.verify and given.precision is None:
        message = "--max-precision is for --verify and --precision"
        raise conflict(message, "add one of the two, or leave it out")
    required("flint", "verify", f"for {'--verify' if given.verify else '--precision'}")
    from cgcli.library.proofs import Proof

    _, result, inputs = solve(problem)
    leaves = None if given.verify else leaves_of(problem, result.graph, inputs)
    proof = Proof(result, given.precision, given.max_precision, leaves)
    if given.json:
        publish_document(proof.to_dict())
    else:
        proof.print_on(None, given.digits, given.rows)
    given.heed(result.notes)
    return proof.complete


def shown(finding: Finding, why: str | None = None) -> Any:
    """Return digits, or an array of them; in their place why there are none."""
    from cgcli.numbers.elements import by_element

    return by_element(lambda digits: why or digits or finding.verdict, finding.shown)


def leaves_of(problem: Problem, graph: Graph, inputs: dict[str, Any]) -> Any:
    """Return what makes the leaves of a graph, of the inputs as they were written."""
    from cgcli.calculus.leaves import exact_leaves
    from cgcli.commands.sources import read_sources

    return exact_leaves(graph, read_sources(problem, inputs))
