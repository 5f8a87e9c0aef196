"""`cgraph trace`: the worked solution, step by step."""

from __future__ import annotations

import sys

import typer

from cgcli.commands.options import Options, conflict, format_of, takes
from cgcli.commands.problem import Problem, solve
from cgcli.library.choices import choice, flag, option
from cgcli.views.formats import BLANKS, TRACES


class TraceOptions(Options):
    """The options of `cgraph trace`."""

    tree: bool = flag("Draw the graph as a tree from the output down.")
    step: bool = flag("Wait for a key after each step, on a terminal.")
    passes: str | None = choice(
        ("forward", "backward"), "One pass only: {words}.", "PASS", names=("--pass",)
    )
    only: str | None = option("Only the steps that lead to the gradient by one node.", "NAME")
    hide: set[str] = choice(
        BLANKS,
        "What to leave blank, for homework: {words}; both with a comma.",
        "WHAT",
        several=True,
    )
    form: str | None = choice(tuple(TRACES), "{words}.", "FORMAT", names=("--format",))
    standalone: bool = flag("With --format latex: a complete document.")


@takes(
    TraceOptions,
    arguments="program bindings",
    what_to_differentiate="at of wrt",
    options="tree step passes only",
    output="hide form standalone language json digits (strict)",
    numbers="exact",
)
def trace_command(given: TraceOptions) -> None:
    """Every step of both passes, each with its reason.

    cgraph trace "p = x + y; g = p*z" x=1 y=3 z=-3
    cgraph trace "sigmoid(w*x + b)" w=2 x=-1 b=1 --tree
    cgraph trace "x*y + x" x=2 y=3 --format markdown
    """
    from cgcli.calculus.explain import Explanation
    from cgcli.commands.inputs import read_name
    from cgcli.views.catalogue import spoken
    from cgcli.views.trace.show import print_trace, print_tree
    from cgcli.views.trace.writing import PASSES, Shown, Wanted

    form = format_of(given.form, json=given.json)
    _check(given, form)
    said = spoken(for_script=form == "json")
    result = solve(Problem("trace", given)).result
    explanation = Explanation(result, read_name(given.only, "--only"), complete=given.of is None)
    shown = Shown.of(given.passes or PASSES, given.hide, given.digits)
    asked = Wanted(form, said, shown, given.standalone, f"cgraph trace: {result.output}")
    if given.tree:
        print_tree(explanation, asked)
    else:
        print_trace(explanation, asked, _wait_for_key if given.step else None)
    given.heed(result.notes)


def _check(given: TraceOptions, form: str) -> None:
    """Refuse options that do not go together."""
    if given.standalone and form != "latex":
        message = "--standalone makes a complete LaTeX document"
        raise conflict(message, "add --format latex; an HTML page is complete by itself")
    for name, is_given in (("--tree", given.tree), ("--step", given.step)):
        if is_given and form != "text":
            raise conflict(f"{name} is text on a terminal, not {form}")
    if given.tree and (given.step or given.passes or given.only is not None):
        alone = "--step" if given.step else "--pass" if given.passes else ""
        hint = f"leave out {alone or '--only, or draw a part with --of NAME'}"
        raise conflict("--tree draws the graph with both passes at once", hint)
    if given.step and not (sys.stdin.isatty() and sys.stdout.isatty()):
        message = "--step waits for keys, and this is not a terminal"
        raise conflict(message, "run it in a terminal, or leave --step out")


def _wait_for_key() -> bool:
    """Wait for a key; q, Escape and the end of input end the trace."""
    try:
        key = typer.getchar()
    except EOFError:
        return False
    return key not in ("q", "Q", "\x1b", "\x04")
