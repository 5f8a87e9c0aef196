"""`cgraph trace`: the worked solution, step by step."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from cgcli.commands import shared
from cgcli.commands.choices import choice, flag, format_of, one_of, option, several_of
from cgcli.commands.problem import Problem, kind_of, solve
from cgcli.errors import CgraphError
from cgcli.views.formats import TRACES

__all__ = ["trace_command"]

_PASSES: Final = ("forward", "backward")
_BLANKS: Final = ("gradients", "values")


def trace_command(
    program: shared.Program = None,
    bindings: shared.Bindings = None,
    at: shared.At = None,
    of: shared.Of = None,
    wrt: shared.Wrt = None,
    tree: Annotated[bool, flag("Draw the graph as a tree from the output down.", "--tree")] = False,
    step: Annotated[bool, flag("Wait for a key after each step, on a terminal.", "--step")] = False,
    only_pass: Annotated[
        str | None, choice(_PASSES, "One pass alone: {words}.", "--pass", metavar="PASS")
    ] = None,
    only: Annotated[
        str | None,
        option("Just the steps that lead to the gradient by a node.", "--only", metavar="NAME"),
    ] = None,
    hide: Annotated[
        str | None,
        choice(
            _BLANKS,
            "Leave blanks for homework: {words}, or both with a comma.",
            "--hide",
            metavar="WHAT",
            several=True,
        ),
    ] = None,
    form: Annotated[str | None, choice(TRACES, "{words}.", "--format", metavar="FORMAT")] = None,
    standalone: Annotated[
        bool, flag("With --format latex: a whole document.", "--standalone")
    ] = False,
    language: shared.Language = None,
    exact: shared.Exact = False,
    json: shared.Json = False,
    digits: shared.Digits = 6,
    max_depth: shared.Depth = shared.LIMITS.depth,
    max_nodes: shared.Nodes = shared.LIMITS.nodes,
    max_bits: shared.Bits = shared.LIMITS.bits,
    debug: shared.Debug = False,
) -> None:
    """Every step of both passes, each with its reason.

    cgraph trace "p = x + y; g = p*z" x=1 y=3 z=-3
    """
    from cgcli.calculus.explain import Explanation
    from cgcli.commands.inputs import read_name
    from cgcli.views.catalogue import catalogue, spoken
    from cgcli.views.trace.show import Wanted, print_trace, print_tree, step_through
    from cgcli.views.trace.writing import Shown

    form = format_of(form, TRACES, json=json)
    passes = one_of("--pass", only_pass, _PASSES)
    hidden = several_of("--hide", hide, _BLANKS)
    _check(form, tree, step, standalone, only_pass is not None)
    if tree and only is not None:
        message = "--tree draws the whole graph at once"
        raise CgraphError("usage", message, "leave out --only, or draw a part with --of NAME")
    said = spoken(language, for_script=form == "json")
    catalogue(said)
    limits = shared.LIMITS._replace(depth=max_depth, nodes=max_nodes, bits=max_bits)
    kind = kind_of(exact, limits)
    result = solve(Problem("trace", program, bindings or [], at, of, wrt, limits, (), kind))
    explanation = Explanation(result, read_name(only, "--only"), whole=of is None)
    shown = Shown(
        forward=passes != "backward",
        backward=passes != "forward",
        values="values" not in hidden,
        gradients="gradients" not in hidden,
        digits=digits,
    )
    title = f"cgraph trace: {result.output}"
    asked = Wanted(form, said, shown, standalone, title)
    if tree:
        print_tree(explanation, asked)
    elif step:
        step_through(explanation, asked, _wait_for_key)
    else:
        print_trace(explanation, asked)


def _check(form: str, tree: bool, step: bool, standalone: bool, one_pass: bool) -> None:
    """Refuse options that do not go together."""
    if standalone and form != "latex":
        message = "--standalone makes a whole LaTeX document"
        raise CgraphError("usage", message, "add --format latex; an HTML page is whole by itself")
    for name, given in (("--tree", tree), ("--step", step)):
        if given and form != "text":
            message = f"{name} is text on a terminal, not {form}"
            raise CgraphError("usage", message, "leave one of the two out")
    if tree and (step or one_pass):
        message = "--tree draws the whole graph at once"
        raise CgraphError("usage", message, f"leave out {'--step' if step else '--pass'}")
    if step and not (sys.stdin.isatty() and sys.stdout.isatty()):
        message = "--step waits for keys, and this is not a terminal"
        raise CgraphError("usage", message, "run it in a terminal, or leave --step out")


def _wait_for_key() -> bool:
    """Wait for a key; q, Escape and the end of input end the trace."""
    try:
        key = typer.getchar()
    except EOFError:
        return False
    return key not in ("q", "Q", "\x1b", "\x04")
