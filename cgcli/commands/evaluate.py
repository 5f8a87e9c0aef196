"""`cgraph eval`: the value and the gradient of every node."""

from __future__ import annotations

import typer

from cgcli.commands.choices import conflict
from cgcli.commands.options import ASKED, Options, count, flag, takes
from cgcli.commands.problem import Problem, solve
from cgcli.limits import MOST_PRECISION
from cgcli.views.streams import publish_document

__all__ = ["EvalOptions", "evaluate_command"]


class EvalOptions(Options):
    """The options of `cgraph eval`."""

    jsonl: bool = flag("Read a JSON object a line, write a result a line.")
    rows: int = count("Most nodes in the table; 0 for all.", default=1000)
    verify: bool = flag("Prove how near every number is to the true one.")
    max_precision: int | None = count(
        "The most bits to prove with.", 64, MOST_PRECISION, metavar="BITS"
    )

    @property
    def proves(self) -> bool:
        """Whether anything is to be proved."""
        return self.verify or self.precision is not None or self.max_precision is not None


@takes(EvalOptions, f"{ASKED} exact json jsonl digits rows verify precision max_precision")
def evaluate_command(given: EvalOptions) -> None:
    """Values and gradients of every node.

    cgraph eval "(x+y)*z" x=1 y=3 z=-3
    """
    if given.jsonl:
        from cgcli.commands.lines import evaluate_lines

        if given.proves:
            message = "--verify and --precision take one program, not --jsonl"
            raise conflict(message, "run one command a line")
        if given.bindings or given.at or given.of or given.wrt:
            message = "with --jsonl the values stand in the lines, and so do of and wrt"
            raise conflict(message, 'write {"expr": "x*y", "at": {"x": 1, "y": 2}, "wrt": ["x"]}')
        if not evaluate_lines(given.program, given.limits, given.exact):
            raise typer.Exit(1)
        return
    words = ["--json"] * given.json + ["--verify"] * given.verify
    if given.precision is not None:
        words += ["--precision", str(given.precision)]
    if given.exact and given.proves:
        message = "--exact needs no proof: leave out --verify and --precision"
        raise conflict(message, "or leave --exact out")
    problem = Problem("eval", given, *words)
    if given.proves:
        from cgcli.commands.certify import certify

        if not certify(problem, given):
            raise typer.Exit(1)
        return
    result = solve(problem).result
    if given.json:
        from cgcli.views.document import evaluation

        publish_document(evaluation(result, result.graph.text))
        return
    from cgcli.views.table import print_result

    print_result(result, given.digits, given.rows)
