"""`cgraph diff`: derivatives as formulas."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cgcli.commands.options import Options, conflict, format_of, takes
from cgcli.commands.problem import Problem, outlined
from cgcli.errors import CgraphError, excerpt
from cgcli.library.choices import choice, count, flag
from cgcli.views.formats import CODE, DERIVATIVES
from cgcli.views.streams import publish, publish_document, tell

if TYPE_CHECKING:
    from cgcli.algebra.formulas import Formulas
    from cgcli.algebra.wanted import Wanted
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


@takes(
    DiffOptions,
    arguments="program bindings",
    what_to_differentiate="at of wrt shape",
    options="order hessian jacobian share simplify",
    output="form json digits",
    numbers="exact",
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
    from cgcli.views.formulas import as_code, as_document, as_latex, as_text

    form = format_of(given.form, json=given.json)
    if given.hessian and (given.jacobian or given.order not in (None, 2)):
        other = "--jacobian" if given.jacobian else "--order"
        raise conflict(f"--hessian and {other} do not go together")
    if form in CODE and given.exact:
        raise conflict("--exact is for values beside formulas, and code has none")
    problem = Problem("diff", given)
    graph, values = _graph(problem)
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
    point = None if values is None else evaluated(formulas, values, problem.kind)
    if form == "json":
        publish_document(as_document(formulas, given.share, point, given.exact))
    elif form == "latex":
        publish([as_latex(formulas, given.share)])
    elif form == "text":
        publish([as_text(formulas, given.share, point, given.digits)])
    else:
        publish([as_code(formulas, form)])


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


def _cut(
    problem: Problem, graph: Graph, values: dict[str, Any] | None, names: list[str]
) -> tuple[Graph, dict[str, Any] | None]:
    """Return the graph as a function of the node that is named, if one is that is no input."""
    inner = (name for name in names if name not in graph.inputs)
    candidates = [(name, node) for name in inner if (node := graph.node(name)) is not None]
    if not candidates:
        return graph, values
    name, node = candidates[0]
    if len(set(names)) > 1:
        message = (
            f"formulas by '{excerpt(name)}', a node of the program, are by no other name as well"
        )
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
