"""Whether two formulas are the same function: proved, told apart at a point, or neither.

Rational functions with whole coefficients are settled by one exact evaluation: when every
variable is a power of a number larger than any coefficient can be (Kronecker's substitution),
a polynomial that is 0 there is 0 everywhere.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any, Final, NamedTuple

from cgcli.calculus.over import backward_over, forward_over
from cgcli.graph.graph import Graph
from cgcli.homework.answers import Answer
from cgcli.homework.exercise import Exercise
from cgcli.homework.quantities import Quantity
from cgcli.homework.working import is_same, shape_of
from cgcli.numbers.exact import EXACT, RATIONAL

__all__ = ["Equality", "compare"]

_POINTS: Final = 20
_BITS: Final = 60_000
_WORK: Final = 3_000_000
_EXPONENT: Final = 64


class Equality(NamedTuple):
    """Whether a formula is the function that was asked for, and how that is known.

    `proof` is proved, undistinguished (at so many `points`) or separated: at `inputs` the formula
    is `value`, which is not the right number there, as so many `digits` show.
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
    try:
        node = exercise.add(answer.formula.expression, answer.formula.text)
        return _compare(exercise, answer, node)
    finally:
        exercise.draft.undo()


def _compare(exercise: Exercise, answer: Answer, node: int) -> Equality:
    quantity, element = answer.quantity, answer.element
    if not element:
        proved = _prove(exercise, quantity, node)
        if proved:
            return Equality(True, "proved")
        if proved is False:
            return _separated(exercise, quantity, node)
    scale = _scale(exercise)
    seen = 0
    for point in exercise.samples():
        truth = exercise.truth(quantity, point)
        truth = float(truth[element]) if element else truth
        found = exercise.value_of(node, point.values)
        if shape_of(found) != shape_of(truth):
            return Equality(False, "separated", 0, None, found)
        if not (_is_finite(found) and _is_finite(truth)):
            continue
        if not is_same(found, truth, 1e-7) and _apart(found, truth) > 1e-9 * scale:
            inputs = {name: value for name, value in point.inputs.items() if not shape_of(value)}
            return Equality(False, "separated", seen + 1, inputs, found)
        seen += 1
        if seen == _POINTS:
            break
    if not seen:
        here = exercise.value_of(node, exercise.here.values)
        truth = exercise.truth(quantity)
        return Equality(
            is_same(here, float(truth[element]) if element else truth), "undistinguished", 1
        )
    return Equality(True, "undistinguished", seen)


def _separated(exercise: Exercise, quantity: Quantity, node: int) -> Equality:
    """Return where a formula that is known to be another function is farthest from the right one.

    Small differences are shown where they count for most.
    """
    best, where = -1.0, exercise.here
    for point, _ in zip(exercise.samples(), range(_POINTS), strict=False):
        found, truth = exercise.value_of(node, point.values), exercise.truth(quantity, point)
        if _is_finite(found) and _is_finite(truth):
            apart = abs(found - truth) / max(abs(found), abs(truth), 1e-300)
            if apart > 1e-7:
                best, where = apart, point
                break
            if apart > best:
                best, where = apart, point
    found = exercise.value_of(node, where.values)
    return Equality(False, "separated", 1, where.inputs, found, 6 if best > 1e-5 else 17)


def _is_finite(number: Any) -> bool:
    apart = number - number
    return not apart.any() if shape_of(apart) else bool(apart == 0)


def _apart(a: Any, b: Any) -> float:
    apart = abs(a - b)
    return float(apart.max()) if shape_of(apart) else float(apart)


def _scale(exercise: Exercise) -> float:
    """Return the size of the numbers that are met on the way, for what cancels to 0."""
    sizes = [abs(value) for value in exercise.here.values if not shape_of(value)]
    return max((float(size) for size in sizes if size - size == 0), default=1.0)


# Proof


class _Bound(NamedTuple):
    """How large a rational function may be: degrees by variable and bits, above and below."""

    top: tuple[int, ...]
    top_bits: float
    bottom: tuple[int, ...]
    bottom_bits: float


class _Size:
    """A number of which only the bounds are known, to run the rules over."""

    __slots__ = ("bound",)

    def __init__(self, bound: _Bound) -> None:
        self.bound = bound

    def _of(self, other: Any) -> _Bound:
        if isinstance(other, _Size):
            return other.bound
        return _constant(Fraction(other), len(self.bound.top))

    def __add__(self, other: Any) -> _Size:
        a, b = self.bound, self._of(other)
        tops = (_times(a.top, b.bottom), _times(b.top, a.bottom))
        top = tuple(map(max, *tops)) if a.top else ()
        bits = 1 + max(a.top_bits + b.bottom_bits, b.top_bits + a.bottom_bits)
        return _Size(_Bound(top, bits, _times(a.bottom, b.bottom), a.bottom_bits + b.bottom_bits))

    def __mul__(self, other: Any) -> _Size:
        a, b = self.bound, self._of(other)
        return _Size(
            _Bound(
                _times(a.top, b.top),
                a.top_bits + b.top_bits,
                _times(a.bottom, b.bottom),
                a.bottom_bits + b.bottom_bits,
            )
        )

    def inverse(self) -> _Size:
        a = self.bound
        return _Size(_Bound(a.bottom, a.bottom_bits, a.top, a.top_bits))

    def __truediv__(self, other: Any) -> _Size:
        return self * _Size(self._of(other)).inverse()

    def __rtruediv__(self, other: Any) -> _Size:
        found: _Size = self.inverse() * other
        return found

    def __neg__(self) -> _Size:
        return self

    __radd__ = __add__
    __sub__ = __add__
    __rsub__ = __add__
    __rmul__ = __mul__

    def power(self, exponent: int) -> _Size:
        found = _Size(_constant(Fraction(1), len(self.bound.top)))
        for _ in range(abs(exponent)):
            found = found * self
        return found.inverse() if exponent < 0 else found


_SIZES: Final = EXACT.copy(
    pow=lambda a, b: a.power(int(b)) if isinstance(a, _Size) else Fraction(a) ** int(b)
)


def _times(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(int.__add__, a, b))


def _constant(value: Fraction, variables: int) -> _Bound:
    none = (0,) * variables
    bits = (max(abs(value.numerator), 1).bit_length(), value.denominator.bit_length())
    return _Bound(none, float(bits[0]), none, float(bits[1]))


def _prove(exercise: Exercise, quantity: Quantity, node: int) -> bool | None:
    """Whether a formula and a quantity are the same rational function; None where that is open.

    What is no rational function stands for itself: an identity that holds whatever it is holds,
    and where one does not hold nothing is proved, since exp(2*x) and exp(x)^2 are not known to
    hang together. Numbers such as pi are taken the same way.
    """
    graph = exercise.draft.graph
    target = quantity.node if quantity.of < 0 else quantity.of
    active = graph.dependents([quantity.node]) if quantity.of >= 0 else bytearray(len(graph))
    exponents: set[int] = set()
    leaves = _leaves(graph, [node, target], active, exponents)
    if leaves is None:
        return None
    variables = [leaf for leaf, value in leaves.items() if value is None]
    count = len(variables)
    bounds: dict[int, Any] = {}
    for leaf, value in leaves.items():
        known = leaf in exponents
        bounds[leaf] = value if known else _Size(_constant(value or Fraction(1), count))
    for place, variable in enumerate(variables):
        one = tuple(int(k == place) for k in range(count))
        bounds[variable] = _Size(_Bound(one, 1.0, (0,) * count, 1.0))
    try:
        pair = _pair(graph, _SIZES, bounds, quantity, node, active)
        bound = _Size(_constant(Fraction(0), count)) + pair[0] + pair[1]
        top = bound.bound
        degrees = [max(a, b) + 1 for a, b in zip(top.top, top.bottom, strict=True)]
        bits = int(max(top.top_bits, top.bottom_bits)) + 2
        whole = math.prod(degrees) * bits
        if whole > _BITS or whole * len(graph) > _WORK:
            return None
        exponent = bits
        for place, variable in enumerate(variables):
            leaves[variable] = Fraction(2**exponent)
            exponent *= degrees[place]
        values = _pair(graph, EXACT, leaves, quantity, node, active)
    except (ZeroDivisionError, AttributeError, OverflowError, ValueError):
        return None
    if values[0] == values[1]:
        return True
    free = all(graph.operations[each].name == "input" for each in variables)
    return False if free else None


def _pair(
    graph: Graph, m: Any, leaves: dict[int, Any], quantity: Quantity, node: int, active: bytearray
) -> tuple[Any, Any]:
    """Return the formula and the quantity, in one kind of number."""
    target = quantity.node if quantity.of < 0 else quantity.of
    values = forward_over(graph, m, leaves, [node, target])
    if quantity.of < 0:
        return values[node], values[quantity.node]
    gradients = backward_over(graph, m, values, quantity.of, active, Fraction(1))
    found = gradients[quantity.node]
    return values[node], Fraction(0) if found is None else found


def _leaves(
    graph: Graph, targets: list[int], active: bytearray, exponents: set[int]
) -> dict[int, Any] | None:
    """Return the constants as fractions and None for what varies; None where none of it will do.

    pi and e vary too, and so does what is no rational function, unless it is on the way of the
    derivative. The constants that are exponents are added to `exponents`.
    """
    leaves: dict[int, Any] = {}
    pending = list(targets)
    seen = set(pending)
    while pending:
        node = pending.pop()
        arguments = graph.arguments[node]
        if graph.shape(node):
            return None
        if not arguments:
            leaves[node] = _typed(graph.literals.get(node, ""))
            continue
        exponent = -1
        if graph.operations[node].name == "pow":
            exponent = arguments[1]
            if graph.operations[exponent].name in ("neg", "pos"):
                exponent = graph.arguments[exponent][0]
        rational = graph.operations[node].name in RATIONAL
        if not rational or (exponent >= 0 and not _is_whole(graph.constants.get(exponent))):
            if active[node]:
                return None
            leaves[node] = None
            continue
        if exponent >= 0:
            exponents.add(exponent)
        for argument in arguments:
            if argument not in seen:
                seen.add(argument)
                pending.append(argument)
    return leaves


def _typed(literal: str) -> Fraction | None:
    """Return a number as it was typed; None for a name, and for one that is too long."""
    match = re.fullmatch(r"-?[0-9]*\.?[0-9]*(?:[eE]([-+]?[0-9]{1,3}))?", literal, re.ASCII)
    if match is None or len(literal) >= 24 or abs(int(match[1] or 0)) > _EXPONENT:
        return None
    try:
        return Fraction(literal)
    except ValueError:
        return None


def _is_whole(value: Any) -> bool:
    """Whether an exponent is a whole number that was typed, and no large one."""
    return isinstance(value, float) and abs(value) <= _EXPONENT and value == int(value)
