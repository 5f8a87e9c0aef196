"""The parts of a chain of equalities between a question and its answer, each judged by its value.

`dg/dx = dg/dp * dp/dx = -3 * 1 = -3` has a formula, numbers put in, and a result. Each part claims
to be the quantity that was asked for.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

from cgcli.calculus.sweep import Trail
from cgcli.errors import CgraphError
from cgcli.homework.notation import otherwise
from cgcli.homework.questions import LIMITS, asked, refuse_gradients
from cgcli.homework.readings import LETTERS
from cgcli.homework.rights import is_short, rounding
from cgcli.homework.sheets import Part
from cgcli.homework.working import Working, is_same
from cgcli.homework.written import Written, is_near, shape_of
from cgcli.language.answer import parse_answer
from cgcli.numbers.values import is_finite

_MOST: Final = 64
_LARGEST: Final = 2_000
_DIGITS: Final = 3
_TWO: Final = 2
_CUT: Final = 2.1
_WHOLE: Final = 0.5
_WIDEST: Final = 100
"""Derivatives of more numbers are not put into a part."""


class Value(NamedTuple):
    """What a part comes to, how far it may be off by its rounded numbers, and what it is made of.

    It is a number or an array of them, and so is the reach. `named` tells whether names are in it.
    """

    number: Any
    reach: Any
    named: bool

    def is_near(self, other: Any, reach: Any) -> bool:
        """Whether the part may be a number that is itself off by so much.

        What is put in may be cut off in place of rounded, and is off by a whole unit then.
        """
        if shape_of(other) != shape_of(self.number):
            return False
        size = 1e-9 * (abs(self.number) + abs(other))
        return is_near(self.number, other, self.reach * _CUT + reach + size)


class Broken(NamedTuple):
    """The first part of a chain that is wrong, "" for the result, and its number.

    It `slipped` where the numbers before it are right, and come to another number.
    """

    part: str
    number: Written
    slipped: bool


class Reader:
    """What the parts of one sheet come to, of the true numbers and of the student's own.

    Numbers of an exact exercise are compared in doubles too.
    """

    def __init__(self, working: Working) -> None:
        self.exercise = working.exercise.double
        self.true = Working(self.exercise)
        self.working = working

    def values(self, part: Part) -> Iterator[Value]:
        """Yield what a part may come to, of the true numbers first; nothing where it is not read.

        Of a factor such as dh/dw there are two: what is between the two moves along, or not. A
        product of arrays is one of their elements, or one of matrices.
        """
        texts = list(dict.fromkeys([part.read, otherwise(part.read)]))
        if self.exercise.graph.tensors:
            texts += [re.sub(r" *\* *", " @ ", part.read)] * ("*" in part.read)
        for numbers in (self.true, self.working.in_doubles()):
            factors = [self._derivative(numbers, text) for text in part.derivatives]
            many = len(factors) > len(LETTERS) or math.prod(map(len, factors)) > _MOST
            if many or not all(factors):
                return
            for chosen, text in itertools.product(itertools.product(*factors), texts):
                signs = zip(map(ord, LETTERS), map(_written, chosen), strict=False)
                value = self._value(numbers, text.translate(dict(signs)), self._is_exact)
                if value is not None:
                    yield value._replace(named=value.named or bool(part.derivatives))

    def first_wrong(
        self,
        parts: Sequence[Part],
        targets: Sequence[tuple[Any, Any]],
        written: Written,
        good: bool,
    ) -> Broken | None:
        """Return the first part of a chain that is wrong; None where all are right.

        `targets` are the numbers that are right, each with how far a part may be off; `written` is
        the result, which is `good` or not. What is not understood, or in two ways, is passed over,
        and so is what has another shape.
        """
        before: Value | None = None
        for part in parts:
            value, right = None, False
            for choice in self.values(part):
                if shape_of(choice.number) != written.shape:
                    continue
                value, right = value or choice, any(choice.is_near(*target) for target in targets)
                if right:
                    value = choice
                    break
            if value is None or not (right or part.sure):
                before = None
                continue
            # Numbers that come to the wrong result are no better than that.
            led = not good and not value.named and written.is_rounding(value.number)
            # Of numbers used in later steps, long ones alone may be rounded.
            long = self._value(self.true, part.read, is_short) if led else None
            if long and any(long.is_near(*target) for target in targets):
                # What rounded numbers come to is right as they are.
                good, led = True, False
            if led or not right:
                digits = _DIGITS * (value.reach > 0)
                put_in = Written(
                    value.number, value.reach + 0 * value.number, digits + 0 * value.number
                )
                slipped = before is not None and not value.named
                return Broken(part.text, written if led else put_in, slipped)
            before = None if value.named else value
        return None if good else Broken("", written, before is not None)

    def _value(
        self, numbers: Working, text: str, is_exact: Callable[[Written], bool]
    ) -> Value | None:
        exercise = self.exercise
        text = f"0 = {text}"
        try:
            syntax = parse_answer(text, LIMITS)
            if syntax is None or syntax.right is None:
                return None
            refuse_gradients(syntax.right, text)
            with exercise.added(syntax.right, text) as node:
                number = exercise.value_of(node, numbers.point)
                if not is_finite(number):
                    return None
                reach, _ = rounding(exercise, node, numbers.point, is_exact)
                return Value(number, reach, exercise.is_formula(node))
        except CgraphError:
            return None

    def _is_exact(self, number: Written) -> bool:
        """Whether a number put in is no rounded one: whole, and no number of the problem's is near.

        A decimal may be a rounded number that the program does not have, such as 1 - y.
        """
        if number.half < _WHOLE:
            return False
        value = number.value
        sizes = [*self._sizes, *_sizes(self.working.values)]
        near = (other for other in sizes if math.floor(other) <= value <= math.ceil(other))
        return bool(number.digits < _TWO) or all(other == value for other in near)

    @cached_property
    def _sizes(self) -> list[float]:
        """The sizes of all true numbers: values, gradients, local derivatives."""
        exercise, graph = self.exercise, self.exercise.graph
        gradients = [] if graph.shape(exercise.of) else exercise.gradients(exercise.of)
        slopes = [
            exercise.kind.local(graph, exercise.truths, node, place)
            for node, arguments in enumerate(graph.arguments)
            if graph.operations[node].elementwise
            for place in range(len(arguments))
        ]
        return _sizes([*exercise.truths, *gradients, *slopes])

    def _derivative(self, numbers: Working, text: str) -> list[Any]:
        """Return what a derivative may be: on the sheet, with all between moving along, or not.

        Nothing is returned in a program so large that every pass over it counts.
        """
        exercise, graph = self.exercise, self.exercise.graph
        question, _ = asked(exercise, text)
        if question is None or graph.shape(question[0].of) or len(graph) > _LARGEST:
            return []
        (node, of), element = question
        known = numbers.gradients.get(question[0])
        alone = bytearray(exercise.active)
        for place in graph.given:
            alone[place] &= place in (node, of)
        choices = [] if known is None else [known]
        for active in (exercise.active, alone):
            sent = exercise.kind.backward(graph, numbers.values, of, active, Trail())[node]
            choices.append(exercise.zeros(node) if sent is None else sent)
        parts = [choice[element] if element else choice for choice in choices]
        if any(getattr(part, "size", 1) > _WIDEST for part in parts):
            return []
        first, *others = parts
        return [first, *(other for other in others if not is_same(first, other, 0.0))]


def _written(number: Any) -> str:
    """Return a number, or a list, as fractions, in which nothing is taken for a rounded number."""
    if shape_of(number):
        return f"[{', '.join(map(_written, number))}]"
    above, below = float(number).as_integer_ratio()
    return f"({above}/{below})"


def _sizes(numbers: Sequence[Any]) -> list[float]:
    """Return the sizes of the single numbers among some."""
    singles = (number for number in numbers if number is not None and not shape_of(number))
    return [abs(float(number)) for number in singles if number - number == 0]
