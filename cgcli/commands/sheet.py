"""`cgraph sheet`: a blank answer sheet, its key, and values to set as a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cgcli.commands.choices import conflict
from cgcli.commands.options import ASKED, Options, choice, count, flag, takes
from cgcli.commands.problem import Problem, read_problem, solve
from cgcli.limits import MOST_COUNT
from cgcli.views.streams import publish, publish_document, tell

if TYPE_CHECKING:
    from cgcli.homework.choosing import Choice


class SheetOptions(Options):
    """The options of `cgraph sheet`."""

    key: bool = flag("Fill the sheet in.")
    seed: int | None = count(
        "Choose values for what is not bound, the same for a seed.", -MOST_COUNT
    )
    values: str | None = choice(
        ("integer", "rational", "decimal"), "With --seed: {words} values.", "KIND"
    )


@takes(SheetOptions, f"{ASKED} key seed values language json")
def sheet_command(given: SheetOptions) -> None:
    """A blank answer sheet in the order of working, or its key.

    cgraph sheet "p = x + y; g = p*z" x=1 y=3 z=-3
    """
    from cgcli.homework.exercise import Exercise
    from cgcli.views.catalogue import catalogue, spoken
    from cgcli.views.homework.remarks import discreet
    from cgcli.views.homework.sheets import sheet_document, sheet_text, written
    from cgcli.views.table import note_lines

    words = catalogue(spoken(given.language, for_script=given.json))
    problem = Problem("sheet", given)
    told_apart = None
    chosen: dict[str, str] = {}
    if given.seed is None:
        if given.values is not None:
            raise conflict("--values says which values --seed chooses", "add --seed 1")
        parsed, result, _ = solve(problem)
        exercise = Exercise(parsed, result)
    else:
        choice = _choose(problem, given.seed, given.values or "integer")
        exercise = choice.exercise
        told_apart = (choice.distinct, choice.mistakes)
        chosen = {name: _written(value) for name, value in choice.values.items()}
    tell(*note_lines(exercise.result if given.key else discreet(exercise.result)))
    if given.json:
        publish_document(sheet_document(exercise, given.key, told_apart))
        return
    bound = {
        name: chosen.get(name) or written(value, 17) for name, value in exercise.inputs.items()
    }
    publish([sheet_text(exercise, bound, words, given.key, told_apart)])


def _choose(problem: Problem, seed: int, kind: str) -> Choice:
    """Return values for the names that nothing binds."""
    from cgcli.homework.choosing import choose

    if problem.asked.of is not None or problem.asked.wrt is not None:
        message = "--seed chooses values for the whole program"
        raise conflict(message, "leave --of and --wrt out, and give them later")
    parsed, bound, more = read_problem(problem)
    given = {**more, **bound}
    names = [name for name in parsed.graph(given).inputs if name not in given]
    return choose(parsed, given, names, seed, kind)


def _written(value: Any) -> str:
    """Return a chosen value as it is bound: 3, -2/3, or 0.7 where its denominator is 10."""
    return f"{float(value):g}" if 10 % value.denominator == 0 else str(value)
