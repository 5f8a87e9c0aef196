"""`cgraph eval`: the value and the gradient of every node."""

from __future__ import annotations

import typer

from cgcli.commands.certify import EvalOptions, certify
from cgcli.commands.choices import conflict
from cgcli.commands.options import takes
from cgcli.commands.problem import Problem, solve
from cgcli.views.streams import publish_document


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
        if not certify(problem, given):
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
