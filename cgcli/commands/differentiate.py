"""`cgraph diff`: derivatives as formulas."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from cgcli.commands.options import Options, conflict, format_of, takes
from cgcli.commands.problem import Problem, outlined
from cgcli.errors import CgraphError, excerpt, required
from cgcli.library.choices import choice, count, flag
from cgcli.limits import MOST_DIGITS
from cgcli.numbers.elements import by_element, elements
from cgcli.views.formats import CODE, DERIVATIVES
from cgcli.views.streams import publish, publish_document, tell

if TYPE_CHECKING:
    from cgcli.algebra.formulas import Formulas
    from cgcli.algebra.values import Point
    from cgcli.algebra.wanted import Wanted
    from cgcli.calculus.judge import Finding
    from cgcli.graph.graph import Graph

_SECONDS = 20


class DiffOptions(Options):
    """The options of `cgraph diff`."""

    order: int | None = count("The order of the derivatives.", 1, 20)
    hessian: bool = flag("The matrix of all second derivatives.")
    jacobian: bool = flag("The matrix of all derivatives of a list, [f, g].")
    share: bool = flag("Name the parts that are used several times.")
    simplify: bool = flag("Let SymPy simplify the formulas; needs the extra 'simplify'.")
    form: str | None = choice(DERIVATIVES, "{words}.", "FORMAT", names=("--format",))
    precision: int | None = count("Print the values to N digits, each proved.", 1, MOST_DIGITS)


@takes(
    DiffOptions,
    arguments="program bindings",
    what_to_differentiate="at of wrt shape",
    options="order hessian jacobian share simplify",
    output="form json digits",
    numbers="exact precision",
)
def differentiate_command(given: DiffOptions) -> None:
    """Derivatives as formulas, which can be parsed again.

    cgraph diff "sin(x^2)"
    cgraph diff "x^2*y + sin(y)" --hessian
    cgraph diff "sum((W @ x - y)^2)" --shape W=3x2,x=2,y=3
    """
    from cgcli.algebra.values import evaluated
    from cgcli.algebra.wanted import Wanted
    from cgcli.commands.inputs import split_names
    from cgcli.views.formulas import as_code, as_document, as_latex, as_text, is_proved

    form = format_of(given.form, json=given.json)
    if given.hessian and (given.jacobian or given.order not in (None, 2)):
        other = "--jacobian" if given.jacobian else "--order"
        raise conflict(f"--hessian and {other} do not go together")
    if form in CODE and (given.exact or given.precision is not None):
        option = "--exact" if given.exact else "--precision"
        raise conflict(f"{option} is for values beside formulas, and code has none")
    problem = Problem("diff", given)
    graph, values = _graph(problem)
    if given.exact and given.precision is not None:
        raise conflict("--exact and --precision do not go together")
    if given.exact and values is None:
        message = "--exact is for the values of the formulas, and nothing is bound"
        raise conflict(message, "formulas are exact anyway; bind values: x=1/3")
    names = split_names(given.wrt) or []
    graph, values = _cut(problem, graph, values, names)
    wanted = Wanted(tuple(names) or None, given.order, given.hessian, given.jacobian)
    first = given.order in (None, 1) and not given.hessian and len({*names}) == len(names)
    if form in CODE and first and not given.simplify:
        from cgcli.export.routine import routine
        from cgcli.export.targets import source

        publish([source(routine(graph, {}, names or None, jacobian=given.jacobian), form)])
        return
    formulas = _formulas(graph, wanted, given.simplify, accurate=form in CODE)
    point: Point | None = None
    if given.precision is not None:
        point = _proved(problem, formulas, values, given.precision)
    elif values is not None:
        point = evaluated(formulas, values, problem.kind)
    if form == "json":
        publish_document(as_document(formulas, given.share, point, given.exact))
    elif form == "latex":
        publish([as_latex(formulas, given.share)])
    elif form == "text":
        publish([as_text(formulas, given.share, point, given.digits)])
    else:
        publish([as_code(formulas, form)])
    if given.precision is not None and point and not all(map(is_proved, point.values)):
        raise typer.Exit(1)


def _formulas(graph: Graph, wanted: Wanted, simplify: bool, *, accurate: bool) -> Formulas:
    from cgcli.algebra.formulas import Formulas

    if not simplify:
        return Formulas(graph, wanted, accurate=accurate)
    from cgcli.algebra.simplify import Simplifier

    simplifier = Simplifier()
    with time_limit(_SECONDS, "SymPy"):
        formulas = Formulas(graph, wanted, simplifier, accurate=accurate)
    if simplifier.unchanged:
        tell("warning: SymPy found nothing simpler that can be written here")
    return formulas


@contextlib.contextmanager
def time_limit(seconds: int, who: str) -> Iterator[None]:
    """Raise `CgraphError` of kind limit after so many seconds, where the system has an alarm."""
    import signal
    import threading

    alarm = getattr(signal, "SIGALRM", None)
    if alarm is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        message = f"{who} takes longer than {seconds} seconds"
        raise CgraphError("limit", message, "leave --simplify out, or ask for less")

    before = signal.signal(alarm, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(alarm, before)


def _proved(
    problem: Problem, formulas: Formulas, values: dict[str, Any] | None, precision: int
) -> Point:
    """Return the values in digits that are proved, and whether the conditions are proved to hold.

    In place of digits stands why there are none.
    """
    from functools import partial

    from cgcli.algebra.values import Point, evaluated, is_met, is_outside, ordered

    if values is None:
        message = "--precision needs values to evaluate the derivatives at"
        raise conflict(message, "bind them with NAME=VALUE, or leave it out")
    required("flint", "verify", "for --precision")
    from cgcli.calculus.certify import precise
    from cgcli.calculus.evaluate import prepared
    from cgcli.calculus.judge import precise_truths, precise_values

    graph, source = formulas.graph, formulas.source
    leaves = problem.leaves(graph, values)
    findings = precise_values(graph, [row.node for row in formulas.rows], leaves, precision)
    tests = [partial(is_met, condition) for condition in formulas.conditions]
    held = precise_truths(graph, tests, leaves, precision)
    if formulas.order == 1:
        result = prepared(source, None, formulas.names, problem.limits, problem.kind)
        certificate = precise(result, problem.leaves(source, values), precision)
        by_name = {name: certificate.gradients[node] for name, node in result.sources.items()}
        by_name |= certificate.jacobian or {}
        proved = {name: _shown(finding) for name, finding in by_name.items() if finding}
        return Point(values, ordered(formulas, proved), held)
    # Where the program has no value there is no derivative, whatever its formula is.
    why = "undefined" if is_outside(formulas, held) else "unsettled" if None in held else None
    if why is None and any(finding.verdict == "undefined" for finding in findings):
        numbers = evaluated(formulas, values).values
        findings = list(map(_not_proved, findings, numbers))
    return Point(values, [_shown(finding, why) for finding in findings], held)


def _not_proved(finding: Finding, number: Any) -> Finding:
    """Return what is found of a formula; that it has no value, as 0/0, is none of a limit."""
    is_limit = finding.verdict == "undefined" and all(n - n == 0 for n in elements(number))
    return finding._replace(verdict="unsettled") if is_limit else finding


def _shown(finding: Finding, why: str | None = None) -> Any:
    """Return digits, or an array of them; in their place why there are none."""
    return by_element(lambda digits: why or digits or finding.verdict, finding.shown)


def _cut(
    problem: Problem, graph: Graph, values: dict[str, Any] | None, names: list[str]
) -> tuple[Graph, dict[str, Any] | None]:
    """Return the graph as a function of the node that is named, if one is that is no input."""
    inner = (name for name in names if name not in graph.inputs)
    candidates = [(name, node) for name in inner if (node := graph.node(name)) is not None]
    if not candidates:
        return graph, values
    name, node = candidates[0]
    precise = problem.asked.precision is not None
    if len(set(names)) > 1 or precise:
        message = (
            f"formulas by '{excerpt(name)}', a node of the program, are by no other name as well"
        )
        if precise:
            message = f"--precision is for formulas by inputs, and '{excerpt(name)}' is a node"
        raise conflict(message, f"write --wrt {excerpt(name)} by itself, or the inputs' names")
    if values is not None:
        kind = problem.kind
        value = kind.plain(kind.forward(graph, values)[node])
        values = {**values, **kind.inputs({name: value})}
    return graph.cut(node), values


def _graph(problem: Problem) -> tuple[Graph, dict[str, Any] | None]:
    """Return the graph, and the values of its inputs where they are bound."""
    from cgcli.program import input_spans, require_bound

    graph, inputs = outlined(problem)
    if not inputs or problem.asked.shape is not None:
        return graph, None
    require_bound(graph.text, input_spans(graph), inputs)
    return graph, {name: inputs[name] for name in graph.inputs}
