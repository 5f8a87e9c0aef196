"""`cgraph eval`: the value and the gradient of every node."""

from __future__ import annotations

from typing import Annotated

import typer

from cgcli.commands import shared
from cgcli.commands.choices import count, flag, option
from cgcli.commands.problem import Problem, kind_of, solve
from cgcli.errors import CgraphError
from cgcli.limits import MOST_PRECISION
from cgcli.views.streams import publish_document

__all__ = ["evaluate_command"]

_ROWS = 1000


def evaluate_command(
    program: shared.Program = None,
    bindings: shared.Bindings = None,
    at: shared.At = None,
    of: shared.Of = None,
    wrt: shared.Wrt = None,
    exact: shared.Exact = False,
    json: shared.Json = False,
    jsonl: Annotated[
        bool, flag("Read a JSON object a line, write a result a line.", "--jsonl")
    ] = False,
    digits: shared.Digits = 6,
    rows: Annotated[int, count("Most nodes in the table; 0 for all.", "--rows")] = _ROWS,
    verify: Annotated[
        bool, flag("Prove how near every number is to the true one.", "--verify")
    ] = False,
    precision: Annotated[
        int | None, option("Give N digits, each proved.", "--precision", metavar="N", min=1)
    ] = None,
    max_precision: Annotated[
        int | None,
        option(
            "The most bits to prove with.",
            "--max-precision",
            min=64,
            max=MOST_PRECISION,
            metavar="BITS",
        ),
    ] = None,
    max_depth: shared.Depth = shared.LIMITS.depth,
    max_nodes: shared.Nodes = shared.LIMITS.nodes,
    max_bits: shared.Bits = shared.LIMITS.bits,
    debug: shared.Debug = False,
) -> None:
    """Values and gradients of every node.

    cgraph eval "(x+y)*z" x=1 y=3 z=-3
    """
    limits = shared.LIMITS._replace(depth=max_depth, nodes=max_nodes, bits=max_bits)
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
        from cgcli.views.document import evaluation

        publish_document(evaluation(result, result.graph.text))
        return
    from cgcli.views.table import print_result

    print_result(result, digits, rows)
