"""A marking scheme as a TOML file: points a step, what each mistake earns, and further mistakes.

One of those is a formula in the program's names, or, at every operation of a kind, one in letters
for its arguments: `d(x^n)/dx = n*x^n` is a wrong derivative of every power, and `a/b = b/a` a
wrong quotient.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple

from cgcli.errors import CgraphError, Place, few, file_error, shorten, suggest
from cgcli.graph.graph import Graph
from cgcli.homework.answers import step_of
from cgcli.homework.exercise import Exercise
from cgcli.homework.marks import Points
from cgcli.homework.mistakes.row import GradientStep, Mistake, Numbers, ValueStep, rule_of
from cgcli.homework.mistakes.table import MISTAKES
from cgcli.homework.quantities import Quantity
from cgcli.homework.rights import Formula, read_right
from cgcli.homework.working import Use, Worked, is_same, run
from cgcli.language.answer import parse_answer
from cgcli.operations.row import Rule
from cgcli.program import parse

_KEYS: Final = ("points", "follows", "steps", "mistakes", "own")
_LONGEST: Final = 100_000
_DERIVATIVE: Final = re.compile(r"\s*[d∂]\s*(?P<of>.+?)\s*/\s*[d∂]\s*(?P<by>[^\W\d]\w*)\s*")
_MOST: Final = 100
_FORMS: Final = 'write a formula "e^2*x", one for a step, "dg/dx = 2*x", or "d(x^n)/dx = n*x^n"'


def read_scheme(exercise: Exercise, text: str, path: str) -> Points:
    """Return the points of a marking scheme; its mistakes are added to those of the exercise.

    `points` is what a step is worth and `[steps]` what some are; of that `follows` says which
    part an answer earns that follows, and `[mistakes]` one that a mistake explains. `[own]` has
    mistakes by name: a formula in the program's names, tried at every step, or at the one that
    stands before an equals sign; or one in letters for the arguments of an operation. Raises
    `CgraphError` that names the line and the key.
    """
    scheme = _Scheme(exercise, text, path)
    tables = scheme.tables
    special = {
        scheme.step("steps", name): scheme.number("steps", name, value, 1e9)
        for name, value in tables["steps"].items()
    }
    exercise.mistakes = tuple(scheme.mistake(*item) for item in tables["own"].items())
    names = [mistake.name for mistake in (*exercise.mistakes, *MISTAKES)]
    parts = {}
    for name, value in tables["mistakes"].items():
        if name not in names:
            hint = suggest(name, names, f"there are {few(names)}; [own] adds some")
            raise scheme.error("mistakes", name, "there is no such mistake", hint)
        parts[name] = scheme.number("mistakes", name, value, 1)
    usual = scheme.number("", "points", tables["points"], 1e9)
    return Points(usual, special, scheme.number("", "follows", tables["follows"], 1), parts)


def tables_of(text: str, path: str, hint: str) -> dict[str, Any]:
    """Return what a text in TOML holds; raises `CgraphError` of kind file with a hint."""
    try:
        if len(text) <= _LONGEST:
            return tomllib.loads(text)
        why = f"it is longer than {_LONGEST:,} characters"
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        why = f"this is not TOML: {shorten(str(error), 80)}"
    raise file_error(path, why, hint)


class _Scheme:
    """A scheme's tables, and what is said of their entries."""

    def __init__(self, exercise: Exercise, text: str, path: str) -> None:
        self.exercise, self.text, self.path = exercise, text, path
        hint = 'write KEY = VALUE, names with signs in quotes: "dg/dx" = 3'
        entries = tables_of(text, path, hint)
        for key in entries:
            if key not in _KEYS:
                hint = suggest(key, _KEYS, f"the keys are {', '.join(_KEYS)}")
                raise self.error("", key, "there is no such key", hint)
        self.tables: dict[str, Any] = {"points": 1, "follows": 1, "steps": {}, "mistakes": {},
                                       "own": {}, **entries}  # fmt: skip
        for key in _KEYS[2:]:
            if not isinstance(self.tables[key], dict):
                raise self.error("", key, "this is a table", f"write [{key}], and a line for each")

    def error(self, table: str, key: str, why: str, hint: str) -> CgraphError:
        """Return the error for an entry, with the line that it stands in."""
        start = self.text.find(f"[{table}]") if table else 0
        at = re.compile(rf"^[ \t]*[\"'\[]?{re.escape(key)}[\"'\]]?", re.MULTILINE)
        match = at.search(self.text, max(start, 0))
        places = (Place(self.text, match.start(), match.end()),) if match else ()
        name = f"[{table}] {shorten(key)}" if table else shorten(key)
        return file_error(self.path, f"{name}: {why}", hint, places)

    def number(self, table: str, key: str, value: Any, most: float) -> float:
        """Return the number of an entry; raises `CgraphError`."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            part = ("a part of the points, from 0 to 1", "0.5")
            what, example = part if most == 1 else ("a number of points", "2")
            raise self.error(table, key, f"this is {what}", f"write {example}")
        return float(value)

    def step(self, table: str, name: str) -> Quantity:
        """Return the step that a name is; raises `CgraphError`."""
        try:
            return step_of(self.exercise, name)
        except CgraphError as error:
            raise self.error(table, name, error.message, error.hint) from None

    def mistake(self, name: str, text: Any) -> Mistake:
        """Return a mistake of the teacher's; raises `CgraphError`."""
        if not isinstance(text, str) or len(self.tables["own"]) > _MOST:
            raise self.error("own", name, "a mistake is a formula in quotes", _FORMS)
        # The words may be a pattern with something to fill in.
        plain = name.replace("{", "{{").replace("}", "}}")
        mistake = Mistake(name=name, words=name, value_words=plain)
        try:
            at = self.formula(name, text)
            return replace(mistake, at_gradient=at, at_value=at)
        except CgraphError as error:
            trouble = error
        # What is no formula in the program's names may be one in letters.
        try:
            pattern = read_pattern(text)
        except CgraphError as error:
            if error.kind != "syntax":
                trouble = self.error("own", name, error.message, error.hint or _FORMS)
            raise trouble from None
        if pattern is None:
            raise trouble
        return replace(mistake, at_use=pattern.at_use, at_value=pattern.at_value, words=plain)

    def formula(self, name: str, text: str) -> Callable[[ValueStep | GradientStep], Iterable[Any]]:
        """Return what a formula in the program's names comes to at a step; raises `CgraphError`."""
        left, equals, right = text.rpartition("=")
        if not right.partition("#")[0].strip():
            raise self.error("own", name, "there is no formula", _FORMS)
        step = self.step("own", left.strip()) if equals else None
        try:
            # Behind a question, as it stands on a sheet.
            line = f"{self.exercise.steps.text(self.exercise.steps.asked[0])} = {right}"
            syntax = parse_answer(line)
            assert syntax is not None
            assert syntax.right is not None
            read_right(self.exercise, syntax.right, line)
        except CgraphError as error:
            raise self.error("own", name, error.message, error.hint or _FORMS) from None
        finally:
            self.exercise.draft.undo()
        formula = Formula(syntax.right, line)

        def numbers(at: ValueStep | GradientStep) -> Iterable[Any]:
            here = Quantity(at.node, at.of if isinstance(at, GradientStep) else -1)
            if step not in (None, here):
                return []
            exercise = at.working.exercise
            with exercise.added(*formula) as node:
                return [exercise.value_of(node, at.working.point)]

        return numbers


# Mistakes at every operation of a kind: a formula in letters for its arguments


class Pattern(NamedTuple):
    """What is written for an operation's value, or for its derivative by the argument in a place.

    Of `letters` each is a name, or the number that the argument has to be.

    >>> pattern = read_pattern("d(x^n)/dx = n*x^n")
    >>> pattern.operation, pattern.letters, pattern.place
    ('pow', ['x', 'n'], 0)
    """

    operation: str
    letters: list[str | float]
    place: int | None
    rule: Rule

    def at_use(self, use: Use) -> Numbers:
        """Yield what is sent with the derivative that is written."""
        for places, parts in self._ways(use):
            if self.place is not None and places[self.place] == use.place:
                yield use.send(run(self.rule, *parts))

    def at_value(self, step: ValueStep) -> Numbers:
        """Yield the value that is written."""
        for _, parts in self._ways(step) if self.place is None else ():
            yield run(self.rule, *parts)

    def _ways(self, worked: Worked) -> Iterator[tuple[list[int], list[Any]]]:
        """Yield the places of the letters' arguments, and their values.

        There are two ways where the order of the arguments does not count.
        """
        if worked.name != self.operation or len(worked.arguments) != len(self.letters):
            return
        order = list(range(len(self.letters)))
        for places in (order, order[::-1])[: 1 + worked.operation.commutes]:
            parts = [worked.parts[place] for place in places]
            pairs = zip(self.letters, parts, strict=True)
            if all(isinstance(letter, str) or is_same(letter, part) for letter, part in pairs):
                yield places, parts


def read_pattern(text: str) -> Pattern | None:
    """Return the mistake that a text is; None where it is none of an operation by itself.

    Without a left side it is the derivative, by its first argument, of the only operation in it
    that has nothing but letters: `n*x^n` is that of `x^n`. Raises `CgraphError` for a letter that
    the operation does not have.
    """
    left, equals, right = text.rpartition("=")
    derivative = _DERIVATIVE.fullmatch(left)
    applied = derivative["of"] if derivative else left if equals else right
    graph = parse(applied).graph()
    made = [node for node in range(len(graph)) if _is_of_letters(graph, node)]
    if len(made) != 1 or (equals and made[0] != graph.output):
        return None
    arguments = graph.arguments[made[0]]
    letters = [graph.constants.get(node, graph.names[node]) for node in arguments]
    names = [letter for letter in letters if isinstance(letter, str)]
    if not equals and len(names) < len(letters):
        return None
    by = derivative["by"] if derivative else "" if equals else names[0]
    for name in (*parse(right).graph().inputs, *filter(None, [by])):
        if name not in names:
            message = f"'{name}' is none of {few(names)}"
            raise CgraphError("name", message, "write it in the letters of its operation")
    place = letters.index(by) if by else None
    operation, rule = graph.operations[made[0]], rule_of(right, *map(str, letters))
    return Pattern(operation.name, letters, place, rule)


def _is_of_letters(graph: Graph, node: int) -> bool:
    """Whether an operation works number by number, on names that differ and on numbers alone."""
    arguments = graph.arguments[node]
    names = [argument for argument in arguments if argument not in graph.constants]
    plain = not any(graph.arguments[argument] for argument in names)
    differ = 0 < len(names) == len(set(names))
    return plain and differ and graph.operations[node].elementwise
