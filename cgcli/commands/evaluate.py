"""`cgraph eval`: the value and the gradient of every node."""

from __future__ import annotations

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
from cgcli.limits import MOST_COUNT, MOST_PRECISION, Limits
from cgcli.views.streams import publish

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
        typer.Option(
            "--rows",
            min=0,
            max=MOST_COUNT,
            metavar="N",
            help="Most nodes in the table; 0 for all.",
        ),
    ] = _ROWS,
    verify: Annotated[
        bool, typer.Option("--verify", help="Prove how near every number is to the true one.")
    ] = False,
    precision: Annotated[
        int | None,
        typer.Option("--precision", min=1, metavar="N", help="Give N digits, each proved."),
    ] = None,
    max_precision: Annotated[
        int | None,
        typer.Option(
            "--max-precision",
            min=64,
            max=MOST_PRECISION,
            metavar="BITS",
            help="The most bits to prove with.",
        ),
    ] = None,
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

        if verify or precision is not None or max_precision is not None:
            message = "--verify and --precision take one program, not --jsonl"
            raise CgraphError("usage", message, "run one command a line")
        if bindings or at or of or wrt:
            message = "with --jsonl the values stand in the lines, and so do of and wrt"
            hint = 'write {"expr": "x*y", "at": {"x": 1, "y": 2}, "wrt": ["x"]}'
            raise CgraphError("usage", message, hint)
        if not evaluate_lines(program, limits, exact):
            raise typer.Exit(1)
        return
    words: tuple[str, ...] = ("--json",) if json else ()
    words += ("--verify",) if verify else ()
    words += ("--precision", str(precision)) if precision is not None else ()
    proves = verify or precision is not None or max_precision is not None
    if exact and proves:
        message = "--exact needs no proof: leave out --verify and --precision"
        raise CgraphError("usage", message, "or leave --exact out")
    kind = kind_of(exact, limits, precision)
    problem = Problem("eval", program, bindings or [], at, of, wrt, limits, words, kind)
    if proves:
        from cgcli.commands.certify import Proof, certify

        if not certify(problem, Proof(verify, precision, max_precision), json, digits, rows):
            raise typer.Exit(1)
        return
    result = solve(problem)
    if json:
        from cgcli.views.document import evaluation, pretty

        publish([pretty(evaluation(result, result.graph.text)) + "\n"])
        return
    from cgcli.views.table import print_result

    print_result(result, digits, rows)
