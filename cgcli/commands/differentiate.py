"""`cgraph diff`: derivatives as formulas."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cgcli.commands.problem import Problem, read_problem
from cgcli.commands.shared import (
    At,
    Bindings,
    Debug,
    Depth,
    Digits,
    Json,
    Nodes,
    Of,
    Program,
    Wrt,
    one_of,
)
from cgcli.errors import CgraphError
from cgcli.limits import Limits

if TYPE_CHECKING:
    from cgcli.algebra.formulas import Formulas

__all__ = ["differentiate_command"]

_LIMITS = Limits()


def differentiate_command(
    program: Program = None,
    bindings: Bindings = None,
    at: At = None,
    of: Of = None,
    wrt: Wrt = None,
    order: Annotated[
        int | None,
        typer.Option("--order", metavar="N", min=1, max=20, help="The order of the derivatives."),
    ] = None,
    hessian: Annotated[
        bool, typer.Option("--hessian", help="The matrix of all second derivatives.")
    ] = False,
    jacobian: Annotated[
        bool, typer.Option("--jacobian", help="The matrix of a list's derivatives: [f, g].")
    ] = False,
    share: Annotated[
        bool, typer.Option("--share", help="Give what is used several times a name.")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="text, latex, json, python or numpy."),
    ] = None,
    json: Json = False,
    digits: Digits = 6,
    precision: Annotated[
        int | None,
        typer.Option(
            "--precision", min=1, metavar="N", help="Give values in N digits, each proved."
        ),
    ] = None,
    max_depth: Depth = _LIMITS.depth,
    max_nodes: Nodes = _LIMITS.nodes,
    debug: Debug = False,
) -> None:
    """Derivatives as formulas, which can be parsed again.

    cgraph diff "sin(x^2)"
    """
    from cgcli.algebra.formulas import Formulas, Wanted, evaluated
    from cgcli.commands.inputs import read_name, split_names
    from cgcli.views.formulas import FORMATS

    form = one_of("--format", form, FORMATS)
    if json and form not in (None, "json"):
        raise CgraphError("usage", f"--json and --format {form} are two answers to one question")
    if hessian and (jacobian or order not in (None, 2)):
        message = f"--hessian and {'--jacobian' if jacobian else '--order'} do not go together"
        raise CgraphError("usage", message, "leave one of the two out")
    limits = _LIMITS._replace(depth=max_depth, nodes=max_nodes)
    problem = Problem("diff", program, bindings or [], at, of, wrt, limits)
    graph, values = _graph(problem, read_name(of))
    names = split_names(wrt)
    wanted = Wanted(tuple(names) if names else None, order, hessian, jacobian)
    formulas = Formulas(graph, wanted)
    numbers: list[Any] | None = None if values is None else evaluated(formulas, values)
    certain = True
    if precision is not None:
        numbers, certain = _proved(problem, formulas, values, precision)
    sys.stdout.write(
        _written(formulas, "json" if json else form or "text", share, numbers, values, digits)
    )
    if not certain:
        raise typer.Exit(1)


def _proved(
    problem: Problem, formulas: Formulas, values: dict[str, Any] | None, precision: int
) -> tuple[list[Any], bool]:
    """Return the values in digits that are proved, and whether there are such of all of them."""
    from cgcli.commands.certify import proved_values

    if values is None:
        message = "--precision wants values to evaluate the derivatives at"
        raise CgraphError("usage", message, "bind them with NAME=VALUE, or leave it out")
    nodes = [row.node for row in formulas.rows]
    found = proved_values(problem, formulas.graph, nodes, values, precision)
    return [each.shown or each.verdict for each in found], all(each.shown for each in found)


def _written(
    formulas: Formulas,
    form: str,
    share: bool,
    numbers: list[Any] | None,
    values: dict[str, Any] | None,
    digits: int,
) -> str:
    from cgcli.views import formulas as views

    if form == "json":
        from cgcli.views.document import pretty

        return pretty(views.as_document(formulas, share, numbers, values)) + "\n"
    if form == "latex":
        return views.as_latex(formulas, share)
    if form == "text":
        return views.as_text(formulas, share, numbers, digits)
    from cgcli.algebra.code import NUMPY, PYTHON

    return views.as_code(formulas, PYTHON if form == "python" else NUMPY)


def _graph(problem: Problem, of: str | None) -> tuple[Any, dict[str, Any] | None]:
    """Return the graph, and the values of its inputs where any is bound."""
    from cgcli.calculus.result import find
    from cgcli.numbers.values import as_inputs
    from cgcli.program import require_bound, unused_binding

    parsed, bound, more = read_problem(problem)
    inputs = as_inputs({**more, **bound})
    graph = parsed.graph(inputs)
    for name in bound:
        if name not in graph.inputs:
            raise unused_binding(graph, name, list(bound))
    if of is not None:
        graph.output = find(graph, of)
    if not inputs:
        return graph, None
    require_bound(graph, inputs)
    return graph, {name: inputs[name] for name in graph.inputs}
