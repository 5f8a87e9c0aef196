"""`cgraph eval`: the value and the gradient of every node."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cgcli.commands.problem import Problem, kind_of, solve
from cgcli.commands.shared import (
    At,
    Bindings,
    Bits,
    Debug,
    Depth,
    Digits,
    Exact,
    Json,
    Nodes,
    Of,
    Wrt,
)
from cgcli.commands.shared import Program as Text
from cgcli.errors import CgraphError
from cgcli.limits import Limits

__all__ = ["evaluate_command"]

_LIMITS = Limits()
_ROWS = 1000


def evaluate_command(
    program: Text = None,
    bindings: Bindings = None,
    at: At = None,
    of: Of = None,
    wrt: Wrt = None,
    exact: Exact = False,
    json: Json = False,
    jsonl: Annotated[
        bool,
        typer.Option("--jsonl", help="Read a JSON object a line, write a result a line."),
    ] = False,
    digits: Digits = 6,
    rows: Annotated[
        int,
        typer.Option("--rows", min=0, metavar="N", help="Most nodes in the table; 0 for all."),
    ] = _ROWS,
    max_depth: Depth = _LIMITS.depth,
    max_nodes: Nodes = _LIMITS.nodes,
    max_bits: Bits = _LIMITS.bits,
    debug: Debug = False,
) -> None:
    """Values and gradients of every node.

    cgraph eval "(x+y)*z" x=1 y=3 z=-3
    """
    limits = _LIMITS._replace(depth=max_depth, nodes=max_nodes, bits=max_bits)
    if jsonl:
        from cgcli.commands.lines import evaluate_lines

        if bindings or at or of or wrt:
            message = "with --jsonl the values stand in the lines, and so do of and wrt"
            hint = 'write {"expr": "x*y", "at": {"x": 1, "y": 2}, "wrt": ["x"]}'
            raise CgraphError("usage", message, hint)
        if not evaluate_lines(program, limits, exact):
            raise typer.Exit(1)
        return
    words = ("--json",) if json else ()
    problem = Problem(
        "eval", program, bindings or [], at, of, wrt, limits, words, kind_of(exact, limits)
    )
    result = solve(problem)
    if json:
        from cgcli.views.document import evaluation, pretty

        sys.stdout.write(pretty(evaluation(result, result.graph.text)) + "\n")
        return
    from cgcli.views.table import print_result

    print_result(result, digits, rows)
