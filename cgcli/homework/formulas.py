"""Whether two formulas are the same function: proved, told apart at a point, or neither.

Rational functions are settled by their values in a large field.
"""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any, Final, Literal, NamedTuple

from cgcli.calculus.sweep import Sweep
from cgcli.graph.graph import INPUT, Graph
from cgcli.homework.answers import Answer
from cgcli.homework.exercise import CARRIED, Exercise, Point, distance
from cgcli.homework.quantities import Quantity
from cgcli.homework.working import is_same
from cgcli.homework.written import part_of, read_number, shape_of
from cgcli.numbers.elements import elements
from cgcli.numbers.exact import EXACT
from cgcli.numbers.operators import Operators
from cgcli.numbers.values import is_finite
from cgcli.operations.row import LEVELS

_POINTS: Final = 20
_FIELD: Final = 2**521 - 1
"""A prime: the numbers that are left when it is divided by are a field."""
_DEGREE: Final = 2**400
_SEED: Final = 0
_TINY: Final = 1e-88


class Equality(NamedTuple):
    """Whether a formula is the function that was asked for, and how that is known.

    `proof` is proved, undistinguished (at so many `points`), open, where numbers do not tell, or
    separated: at `inputs` the formula is `value`, which is not the right number there, as so many
    `digits` show.
    """

    same: bool
    proof: Literal["proved", "undistinguished", "open", "separated"]
    points: int = 0
    inputs: dict[str, float] | None = None
    value: Any = None
    digits: int = 6


def compare(exercise: Exercise, answer: Answer) -> Equality:
    """Return whether an answer's formula is the quantity it answers, as a function of the inputs.

    >>> import cgcli
    >>> from cgcli.homework.answers import read_answer
    >>> from cgcli.homework.sheets import Line
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> exercise = Exercise(program, program.evaluate(x=1, y=3, z=-3))
    >>> compare(exercise, read_answer(exercise, Line(1, "dg/dz = y + x"))).proof
    'proved'
    """
    assert answer.formula is not None
    with exercise.added(*answer.formula) as node:
        return _compared(exercise, answer, node)


def _compared(exercise: Exercise, answer: Answer, node: int) -> Equality:
    quantity, element = answer.quantity, answer.element
    if not element:
        proved = _prove(exercise, quantity, node)
        if proved:
            return Equality(True, "proved")
        if proved is False:
            return _separated(exercise, quantity, node)
    seen = blind = apart = 0
    for point in exercise.samples():
        truth = exercise.truth(quantity, point)
        truth = float(truth[element]) if element else truth
        values = exercise.worked_out(node, point)
        value = values[node]
        if shape_of(value) != shape_of(truth):
            return Equality(False, "separated", 0, None, value)
        if not (is_finite(value) and is_finite(truth)):
            continue
        # What cancels is as far off as the last digits of the numbers that cancelled, which are
        # no larger than those that are met on the way.
        sizes = [abs(number) for number in point.values if not shape_of(number)]
        scale = max((size for size in sizes if size - size == 0), default=1.0)
        noise = max(1e-9 * scale, 1e-14 * exercise.summed(node, values))
        gap = distance(value, truth)
        if is_same(value, truth, 1e-7) or gap <= noise:
            # Numbers that noise would drown tell nothing, unless there are no others.
            tells = bool(max(map(abs, (*elements(value), *elements(truth)))) > noise)
            seen, blind = seen + tells, blind + (not tells)
            apart += gap > 1e-5 * noise and not tells
        elif gap <= _carried(exercise, answer, point, truth):
            blind, apart = blind + 1, apart + 1
        else:
            return Equality(False, "separated", seen + 1, point.inputs, value)
        if seen == _POINTS:
            break
    if seen or (blind and not (apart and exercise.symbolic)):
        return Equality(True, "undistinguished", seen or min(blind, _POINTS))
    if exercise.symbolic:
        return Equality(False, "open")
    here = exercise.value_of(node, exercise.here)
    truth = exercise.truth(quantity)
    return Equality(is_same(here, truth[element] if element else truth), "undistinguished", 1)


def _carried(exercise: Exercise, answer: Answer, point: Point, truth: Any) -> float:
    """Return how far the right number at a point may be off by what cancels on the way to it.

    That of log(1 - sigmoid(z)) is, where the sigmoid is all but 1.
    """
    shaken = (exercise.truth(answer.quantity, other) for other in exercise.shaken(point.inputs))
    numbers = (part_of(number, answer.element) for number in shaken)
    moved = sum(distance(truth, number) for number in numbers)
    return moved * CARRIED if moved - moved == 0 else math.inf


def _separated(exercise: Exercise, quantity: Quantity, node: int) -> Equality:
    """Return where a formula that is known to be another function is farthest from the right one.

    Small differences are shown where they count for most.
    """
    if exercise.kind.exact:
        # Fractions show the smallest difference, where there is one at the point itself.
        value = exercise.value_of(node, exercise.here)
        if value != exercise.truth(quantity):
            return Equality(False, "separated", 1, exercise.here.inputs, value)

    def apart(point: Point) -> float:
        value, truth = exercise.value_of(node, point), exercise.truth(quantity, point)
        scale = max(abs(value), abs(truth), 1e-300)
        return float(abs(value - truth) / scale) if is_finite(value) and is_finite(truth) else -1.0

    points = list(islice(exercise.samples(), _POINTS))
    large = (point for point in points if apart(point) > 1e-7)
    where = next(large, None) or max(points, key=apart, default=exercise.here)
    digits = 6 if apart(where) > 1e-5 else 17
    return Equality(False, "separated", 1, where.inputs, exercise.value_of(node, where), digits)


# Proof: rational functions are the same where their values are, at one point of a large field
# that nobody chose. Others have the same value there with a chance of at most their degree over the
# size of the field, which is less than 1e-30 here.


@dataclass(slots=True, eq=False)
class Residue(Operators):
    """The value of a rational function at a point of the field, and what its degree is at most.

    Raises `ValueError` for a degree that is too large to tell anything.

    >>> x = Residue(12345, 1)
    >>> ((x * x - 1) / (x - 1) - (x + 1)).value
    0
    """

    value: int
    degree: int

    def __post_init__(self) -> None:
        if self.degree > _DEGREE:
            raise ValueError

    def write(self, name: str, *operands: Any) -> Residue:
        """Return a sum, a difference, a product or a quotient; numbers are functions too.

        Raises `ValueError` where 0 is divided by.
        """
        parts = list(map(_residue, operands))
        value = _OPERATIONS[name](*(part.value for part in parts)) % _FIELD
        return Residue(value, sum(part.degree for part in parts))


def _residue(number: Any) -> Residue:
    if isinstance(number, Residue):
        return number
    above, below = number.as_integer_ratio()
    return Residue(above * pow(below, -1, _FIELD) % _FIELD, 0)


def _power(base: Any, exponent: Any) -> Residue:
    root, times = _residue(base), int(exponent)
    return Residue(pow(root.value, times, _FIELD), root.degree * abs(times))


_OPERATIONS: Final[dict[str, Callable[..., int]]] = {
    **{name: getattr(operator, name) for name in ("add", "sub", "neg", "mul")},
    "div": lambda a, b: a * pow(b, -1, _FIELD),
}


def _prove(exercise: Exercise, quantity: Quantity, node: int) -> bool | None:
    """Whether a formula and a quantity are the same rational function; None where that is open.

    What is no rational function stands for itself: an identity that holds whatever it is holds,
    and where one does not hold nothing is proved, since exp(2*x) and exp(x)^2 are not known to
    hang together. Numbers such as pi are taken the same way.
    """
    graph = exercise.draft.graph
    target = quantity.node if quantity.of < 0 else quantity.of
    active = graph.dependents([quantity.node]) if quantity.of >= 0 else bytearray(len(graph))
    chance = random.Random(_SEED)  # noqa: S311  # the same point every time
    leaves: dict[int, Any] = {}
    wanted, free = {node, target}, True
    for place in range(max(wanted), -1, -1):
        if place not in wanted:
            continue
        if graph.shape(place):
            return None
        if _is_rational(graph, place):
            wanted.update(graph.arguments[place])
            continue
        leaves[place] = _typed(graph.literals.get(place, ""))
        if leaves[place] is None:
            # What is no rational function varies by itself, as pi and e do.
            if active[place] and graph.arguments[place]:
                return None
            leaves[place] = Residue(chance.randrange(_FIELD), 1)
            free = free and graph.operations[place] is INPUT
    sweep = Sweep(graph, EXACT.copy(pow=_power))
    try:
        values = sweep.forward(leaves, graph.ancestors([node, target], leaves))
        right = values[target]
        if quantity.of >= 0:
            right = sweep.backward(target, active, Fraction(1))[quantity.node] or Fraction(0)
        if _residue(values[node]).value == _residue(right).value:
            return True
    except (ArithmeticError, AttributeError, ValueError):
        return None
    return False if free else None


def _is_rational(graph: Graph, node: int) -> bool:
    """Whether an operation is one of rational functions: a power by a typed whole number."""
    operation = graph.operations[node]
    if operation.level != LEVELS["power"]:
        arithmetic = LEVELS["sum"] <= operation.level < LEVELS["power"]
        return operation.identity or (arithmetic and operation.elementwise)
    exponent = graph.arguments[node][1]
    if graph.operations[exponent].level == LEVELS["sign"]:
        exponent = graph.arguments[exponent][0]
    value = _typed(graph.literals.get(exponent, ""))
    return value is not None and value.denominator == 1


def _typed(literal: str) -> Fraction | None:
    """Return a number as it was typed; None for a name, and for one that is too long."""
    number = read_number(literal)
    if number is None or len(literal) >= 24 or not _TINY < number.half < 1 / _TINY:
        return None
    return Fraction(literal)
