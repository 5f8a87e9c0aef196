"""`cgraph sheet`: a blank answer sheet, its key, and values to set as a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from cgcli.commands import shared
from cgcli.commands.choices import choice, count, flag, one_of
from cgcli.commands.problem import Problem, read_problem, solve_with_program
from cgcli.errors import CgraphError
from cgcli.limits import MOST_COUNT
from cgcli.views.streams import publish, publish_document, tell

if TYPE_CHECKING:
    from cgcli.homework.choosing import Choice

__all__ = ["sheet_command"]

_KINDS: Final = ("integer", "rational", "decimal")


def sheet_command(
    program: shared.Program = None,
    bindings: shared.Bindings = None,
    at: shared.At = None,
    of: shared.Of = None,
    wrt: shared.Wrt = None,
    key: Annotated[bool, flag("Fill the sheet in.", "--key")] = False,
    seed: Annotated[
        int | None,
        count("Choose values for what is not bound, the same for a seed.", "--seed", -MOST_COUNT),
    ] = None,
    values: Annotated[
        str | None, choice(_KINDS, "With --seed: {words} values.", "--values", metavar="KIND")
    ] = None,
    language: shared.Language = None,
    json: shared.Json = False,
    max_depth: shared.Depth = shared.LIMITS.depth,
    max_nodes: shared.Nodes = shared.LIMITS.nodes,
    debug: shared.Debug = False,
) -> None:
    """A blank answer sheet in the order of working, or its key.

    cgraph sheet "p = x + y; g = p*z" x=1 y=3 z=-3
    """
    from cgcli.homework.exercise import Exercise
    from cgcli.views.catalogue import catalogue, spoken
    from cgcli.views.homework.blank import written
    from cgcli.views.homework.remarks import discreet
    from cgcli.views.table import note_lines

    words = catalogue(spoken(language, for_script=json))
    limits = shared.LIMITS._replace(depth=max_depth, nodes=max_nodes)
    problem = Problem("sheet", program, bindings or [], at, of, wrt, limits)
    kind = one_of("--values", values, _KINDS)
    told_apart = None
    chosen: dict[str, str] = {}
    if seed is None:
        if kind is not None:
            message = "--values says which values --seed chooses"
            raise CgraphError("usage", message, "add --seed 1")
        exercise = Exercise(*solve_with_program(problem))
    else:
        choice = _choose(problem, seed, kind or "integer")
        exercise = choice.exercise
        told_apart = (choice.distinct, choice.mistakes)
        chosen = {name: _written(value) for name, value in choice.values.items()}
    given = {
        name: chosen.get(name) or written(value, 17) for name, value in exercise.inputs.items()
    }
    tell(*note_lines(exercise.result if key else discreet(exercise.result)))
    if json:
        from cgcli.views.homework.blank import sheet_document

        publish_document(sheet_document(exercise, key, told_apart))
        return
    from cgcli.views.homework.blank import sheet_text

    publish([sheet_text(exercise, given, words, key, told_apart)])


def _choose(problem: Problem, seed: int, kind: str) -> Choice:
    """Return values for the names that nothing binds."""
    from cgcli.homework.choosing import choose

    if problem.of is not None or problem.wrt is not None:
        message = "--seed chooses values for the whole program"
        raise CgraphError("usage", message, "leave --of and --wrt out, and give them later")
    parsed, bound, more = read_problem(problem)
    given = {**more, **bound}
    names = [name for name in parsed.graph(given).inputs if name not in given]
    return choose(parsed, given, names, seed, kind)


def _written(value: Any) -> str:
    """Return a chosen value as it is bound: 3, -2/3, or 0.7 where its denominator is 10."""
    return f"{float(value):g}" if 10 % value.denominator == 0 else str(value)
