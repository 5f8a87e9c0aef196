"""`cgraph eval`: the value and the gradient of every node, and what is proved of them."""

from __future__ import annotations

import typer

from cgcli.commands.options import Options, conflict, takes
from cgcli.commands.problem import Problem, solve
from cgcli.errors import required
from cgcli.library.choices import choice, count, flag
from cgcli.limits import MOST_PRECISION
from cgcli.views.formats import FIELDS
from cgcli.views.streams import publish_document


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


@takes(
    EvalOptions,
    arguments="program bindings",
    what_to_differentiate="at of wrt",
    numbers="exact verify precision (max_precision)",
    output="json jsonl fields digits rows (strict)",
)
def evaluate_command(given: EvalOptions) -> None:
    """Values and gradients of every node.

    cgraph eval "(x+y)*z" x=1 y=3 z=-3
    cgraph eval "sum((W @ x)^2)" "W=[[1,2],[3,4]]" "x=[1,-1]"
    cgraph eval "(x+y)*z" x=1/3 y=0.1 z=-3 --exact
    """
    if given.jsonl:
        from cgcli.commands.lines import Asked, evaluate_lines

        if given.proves:
            message = "--verify and --precision take one program, not --jsonl"
            raise conflict(message, "run one command a line")
        if given.bindings or given.at or given.of or given.wrt:
            message = "with --jsonl the values are in the lines, and so are of and wrt"
            raise conflict(message, 'write {"expr": "x*y", "at": {"x": 1, "y": 2}, "wrt": ["x"]}')
        asked = Asked(given.exact, given.fields, given.strict)
        if not evaluate_lines(given.program, given.limits, asked):
            raise typer.Exit(1)
        return
    if given.fields and given.proves:
        message = "--fields are of what --json prints of floats and fractions"
        raise conflict(message, "leave --fields out; --json has all that is proved")
    words = ["--json"] * given.json + ["--verify"] * given.verify
    if given.precision is not None:
        words += ["--precision", str(given.precision)]
    if given.exact and given.proves:
        message = "--exact needs no proof: leave out --verify and --precision"
        raise conflict(message, "or leave --exact out")
    problem = Problem("eval", given, *words)
    if given.proves:
        if not _certify(problem, given):
            raise typer.Exit(1)
        return
    result = solve(problem).result
    if given.json or given.fields:
        from cgcli.views.document import evaluation, excerpt

        text = result.graph.text
        fields = given.fields
        publish_document(excerpt(result, text, fields) if fields else evaluation(result, text))
    else:
        from cgcli.views.table import print_result

        print_result(result, given.digits, given.rows)
    given.heed(result.notes)


def _certify(problem: Problem, given: EvalOptions) -> bool:
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
    leaves = None if given.verify else problem.leaves(result.graph, inputs)
    proof = Proof(result, given.precision, given.max_precision, leaves)
    if given.json:
        publish_document(proof.to_dict())
    else:
        proof.print_on(None, given.digits, given.rows)
    given.heed(result.notes)
    return proof.complete
