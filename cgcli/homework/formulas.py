"""Whether two formulas are the same function: proved, told apart at a point, or neither.

Rational functions are settled by multiplying out, unless there are too many terms.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.calculus.sweep import Sweep
from cgcli.graph.graph import Graph
from cgcli.homework.answers import Answer
from cgcli.homework.exercise import CARRIED, Exercise, Point, distance
from cgcli.homework.quantities import Quantity
from cgcli.homework.working import is_same
from cgcli.homework.written import part_of, read_number, shape_of
from cgcli.numbers.elements import elements
from cgcli.numbers.exact import EXACT, RATIONAL
from cgcli.numbers.operators import Operators
from cgcli.numbers.ratio import Room, RoomError
from cgcli.numbers.values import is_finite

_POINTS: Final = 20
_EXPONENT: Final = 64
_MOST: Final = 120_000
_BITS: Final = 20_000
_LONG: Final = 64
"""A term of so many factors is as much work as two."""
_TINY: Final = 1e-88

Monomial: TypeAlias = tuple[int, ...]
"""Variables in order, one of them as often as its power."""
Polynomial: TypeAlias = dict[Monomial, Fraction]
Factor: TypeAlias = frozenset[tuple[Monomial, Fraction]]


class Equality(NamedTuple):
    """Whether a formula is the function that was asked for, and how that is known.

    `proof` is proved, undistinguished (at so many `points`), open, where numbers do not tell, or
    separated: at `inputs` the formula is `value`, which is not the right number there, as so many
    `digits` show.
    """

    same: bool
    proof: str
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
    best, where = -1.0, exercise.here
    if exercise.kind.exact:
        # Fractions show the smallest difference, where there is one at the point itself.
        value = exercise.value_of(node, where)
        if value != exercise.truth(quantity):
            return Equality(False, "separated", 1, where.inputs, value)
    for point, _ in zip(exercise.samples(), range(_POINTS), strict=False):
        value, truth = exercise.value_of(node, point), exercise.truth(quantity, point)
        if is_finite(value) and is_finite(truth):
            apart = abs(value - truth) / max(abs(value), abs(truth), 1e-300)
            if apart > best:
                best, where = apart, point
            if best > 1e-7:
                break
    value = exercise.value_of(node, where)
    return Equality(False, "separated", 1, where.inputs, value, 6 if best > 1e-5 else 17)


# Proof: what is added or multiplied is multiplied out, so that a quotient is 0 when its top has no
# terms. The bottom is kept as factors, since a derivative brings the same ones again.


def _times(a: Polynomial, b: Polynomial, room: Room) -> Polynomial:
    """Return the product of two polynomials; raises `RoomError` where there is no room for it."""
    degree = sum(max(map(len, factor), default=0) for factor in (a, b))
    room.spend(len(a) * len(b) * (1 + degree // _LONG))
    product: Polynomial = {}
    for powers, coefficient in a.items():
        for others, other in b.items():
            both = tuple(sorted(powers + others))
            product[both] = product.get(both, 0) + coefficient * other
    for value in product.values():
        if value.numerator.bit_length() + value.denominator.bit_length() > room.bits:
            raise RoomError
    return {powers: value for powers, value in product.items() if value}


@dataclass(slots=True, eq=False)
class Quotient(Operators):
    """A polynomial over a product of polynomials, with the room for what comes of it.

    It is 0 wherever it has a value, if the polynomial has no terms.

    >>> x = Quotient({(0,): Fraction(1)}, Counter(), Room())
    >>> ((x * x - 1) / (x - 1) - (x + 1)).top
    {}
    """

    top: Polynomial
    bottom: Counter[Factor]
    room: Room

    def over(self, bottom: Counter[Factor]) -> Polynomial:
        """Return the top over a bottom that has all factors of this one."""
        top = self.top
        for factor, times in (bottom - self.bottom).items():
            for _ in range(times):
                top = _times(top, dict(factor), self.room)
        return top

    def write(self, name: str, *operands: Any) -> Quotient:
        """Return a sum, a difference, a product or a quotient; numbers are quotients too."""
        quotients = [
            operand if isinstance(operand, Quotient) else self.number(operand)
            for operand in operands
        ]
        return _OPERATIONS[name](*quotients)

    def number(self, value: Any) -> Quotient:
        """Return a number."""
        return Quotient({(): Fraction(value)} if value else {}, Counter(), self.room)

    def inverse(self) -> Quotient:
        """Return 1 over this; raises `ZeroDivisionError` for 0."""
        if not self.top:
            raise ZeroDivisionError
        bottom = Counter([frozenset(self.top.items())])
        return Quotient(self.number(1).over(self.bottom), bottom, self.room)

    def power(self, exponent: int) -> Quotient:
        """Return this times itself so often."""
        power = self.number(1)
        for _ in range(abs(exponent)):
            power = _product(power, self)
        return power.inverse() if exponent < 0 else power


def _sum(a: Quotient, b: Quotient, sign: int = 1) -> Quotient:
    bottom = a.bottom | b.bottom
    top = dict(a.over(bottom))
    for powers, value in b.over(bottom).items():
        top[powers] = top.get(powers, Fraction(0)) + sign * value
        if not top[powers]:
            del top[powers]
    return Quotient(top, bottom, a.room)


def _product(a: Quotient, b: Quotient) -> Quotient:
    return Quotient(_times(a.top, b.top, a.room), a.bottom + b.bottom, a.room)


_OPERATIONS: Final[dict[str, Callable[..., Quotient]]] = {
    "add": _sum,
    "sub": lambda a, b: _sum(a, b, -1),
    "neg": lambda a: _sum(a.number(0), a, -1),
    "mul": _product,
    "div": lambda a, b: _product(a, b.inverse()),
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
    leaves = _leaves(graph, [node, target], active)
    if leaves is None:
        return None
    variables = [leaf for leaf, value in leaves.items() if value is None]
    room = Room(_BITS)
    room.left = _MOST
    nothing = Quotient({}, Counter(), room)
    for leaf in variables:
        leaves[leaf] = Quotient({(leaf,): Fraction(1)}, Counter(), room)
    # A power of numbers is work too.
    powers = EXACT.copy(pow=lambda a, b: (nothing + a).power(int(b)))
    sweep = Sweep(graph, powers)
    try:
        values = sweep.forward(leaves, graph.ancestors([node, target], leaves))
        right = values[target]
        if quantity.of >= 0:
            right = sweep.backward(target, active, Fraction(1))[quantity.node] or Fraction(0)
        if not (nothing + values[node] - right).top:
            return True
    except (ArithmeticError, AttributeError, ValueError):
        return None
    free = all(graph.operations[leaf].name == "input" for leaf in variables)
    return False if free else None


def _leaves(graph: Graph, targets: list[int], active: bytearray) -> dict[int, Any] | None:
    """Return the constants as fractions and None for what varies; None where none of it will do.

    pi and e vary too, and so does what is no rational function, unless it is on the way of the
    derivative.
    """
    leaves: dict[int, Any] = {}
    wanted = set(targets)
    for node in range(max(targets), -1, -1):
        if node not in wanted:
            continue
        if graph.shape(node):
            return None
        if not graph.arguments[node]:
            leaves[node] = _typed(graph.literals.get(node, ""))
        elif _is_rational(graph, node):
            wanted.update(graph.arguments[node])
        elif active[node]:
            return None
        else:
            leaves[node] = None
    return leaves


def _is_rational(graph: Graph, node: int) -> bool:
    """Whether an operation is one of rational functions: a power by a typed whole number."""
    name = graph.operations[node].name
    if name != "pow":
        return name in RATIONAL
    exponent = graph.arguments[node][1]
    if graph.operations[exponent].name in ("neg", "pos"):
        exponent = graph.arguments[exponent][0]
    value = _typed(graph.literals.get(exponent, ""))
    return value is not None and abs(value) <= _EXPONENT and value.denominator == 1


def _typed(literal: str) -> Fraction | None:
    """Return a number as it was typed; None for a name, and for one that is too long."""
    number = read_number(literal)
    if number is None or len(literal) >= 24 or not _TINY < number.half < 1 / _TINY:
        return None
    return Fraction(literal)
