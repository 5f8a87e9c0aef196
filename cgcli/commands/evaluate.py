"""`cgraph eval`: the value and the gradient of every node."""

from __future__ import annotations

import itertools
import shlex
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from cgcli.calculus.result import Result
from cgcli.commands.inputs import read_bindings, read_name, read_program, split_names
from cgcli.commands.shared import (
    At,
    Bindings,
    Debug,
    Depth,
    Digits,
    Json,
    Nodes,
    Of,
    Wrt,
)
from cgcli.commands.shared import Program as Text
from cgcli.errors import CgraphError, Place, excerpt
from cgcli.language.syntax import Assignment, Value
from cgcli.limits import Limits
from cgcli.program import NAMED, Program, UnboundError, evaluate_program, parse

__all__ = ["evaluate_command"]

_LIMITS = Limits()
_ROWS = 1000


def evaluate_command(
    program: Text = None,
    bindings: Bindings = None,
    at: At = None,
    of: Of = None,
    wrt: Wrt = None,
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
    debug: Debug = False,
) -> None:
    """Values and gradients of every node.

    cgraph eval "(x+y)*z" x=1 y=3 z=-3
    """
    limits = _LIMITS._replace(depth=max_depth, nodes=max_nodes)
    if jsonl:
        from cgcli.commands.lines import evaluate_lines

        if bindings or at or of or wrt:
            message = "with --jsonl the values stand in the lines, and so do of and wrt"
            hint = 'write {"expr": "x*y", "at": {"x": 1, "y": 2}, "wrt": ["x"]}'
            raise CgraphError("usage", message, hint)
        if not evaluate_lines(program, limits):
            raise typer.Exit(1)
        return
    if program == "-" and at == "-":
        message = "the program and --at cannot both be read from standard input"
        raise CgraphError("usage", message, "put one of them in a file")
    text = read_program(program, "eval")
    parsed = parse(text, limits)
    bound, more = read_bindings(bindings or [], at, limits)
    try:
        result = evaluate_program(parsed, bound, more, read_name(of), split_names(wrt))
    except UnboundError as error:
        options = [("--at", at), ("--of", of), ("--wrt", wrt)]
        words = [word for name, value in options if value is not None for word in (name, value)]
        words += ["--json"] if json else []
        error.hint = _completed(program or "", bindings or [], words, error)
        raise
    except CgraphError as error:
        _add_binding(error, bindings or [])
        raise
    for line in _stray_signs(parsed, result):
        sys.stderr.write(line + "\n")
    if json:
        from cgcli.views.document import evaluation, pretty

        sys.stdout.write(pretty(evaluation(result, text)) + "\n")
        return
    from cgcli.views.table import print_result

    print_result(result, digits, rows)


def _stray_signs(program: Program, result: Result) -> Iterator[str]:
    """Warn of a line that begins with a sign below a value that nobody uses.

    It is a statement of its own, and was perhaps meant to go on with the one above.
    """
    uses, text = result.graph.uses, program.text
    for above, below in itertools.pairwise(program.syntax.block):
        if not isinstance(above, Value | Assignment) or not isinstance(below, Value):
            continue
        start = below.expression[-1][3]
        if text[start] not in "+-−" or "\n" not in text[above.expression[-1][4] : start]:
            continue
        node = result.graph.node(above.name) if isinstance(above, Assignment) else None
        if node is None or (not uses[node] and node != result.of):
            row = Place(text, start, start + 1).position().line
            yield (
                f"warning: line {row} begins with '{text[start]}' and is a statement of its own, "
                "and nothing uses the one above; to go on with it, put both in parentheses"
            )


def _add_binding(error: CgraphError, bindings: list[str]) -> None:
    """Point at the argument too, where an error is about a name that it binds."""
    for argument in bindings:
        name = argument.partition("=")[0]
        if error.bound and name.strip() == error.bound:
            error.places += (Place(argument, 0, len(name), "bound here"),)


def _completed(program: str, bindings: list[str], options: list[str], error: UnboundError) -> str:
    """Return the command line with a place for every missing value."""
    if len(error.names) > NAMED:
        return error.hint
    shown = "EXPR" if len(program) > 400 or "\n" in program else _quoted(program)
    words = ["cgraph eval", shown, *map(_quoted, bindings)]
    aside = error.hint.partition("; ")[2]
    missing = [f"{excerpt(name)}=…" for name in error.names]
    line = " ".join([*words, *missing, *map(_quoted, options)])
    return f"write {line}" + (f"; {aside}" if aside else "")


def _quoted(word: str) -> str:
    """Quote a word for a Unix shell, in double quotes where they do."""
    if shlex.quote(word) == word:
        return word
    return shlex.quote(word) if any(char in word for char in '$`\\!"') else f'"{word}"'
