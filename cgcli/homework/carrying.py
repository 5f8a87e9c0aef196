"""What an answer comes to when a step before it has another number, and what rounding makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from cgcli.homework.exercise import Exercise
from cgcli.homework.quantities import Quantity, completed
from cgcli.homework.working import Working, is_same
from cgcli.homework.written import added, is_fraction, shape_of

_MOST: Final = 40
_LARGEST: Final = 1_000
_SMALL: Final = 30
_PATTERNS: Final = 16
_BITS: Final = 50_000


class Known(NamedTuple):
    """The steps that are on a sheet, by node: values, and the gradients of one output."""

    values: frozenset[int]
    gradients: frozenset[int]


def carried(
    working: Working, known: Known, target: Quantity, changed: Quantity, number: Any
) -> Any:
    """Return what a quantity comes to when a step before it has another number.

    What stands on the sheet stays; what was left out is worked out again.

    >>> import cgcli
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> working = Working(Exercise(program, program.evaluate(x=1, y=3, z=-3)))
    >>> carried(working, Known(frozenset(), frozenset()), Quantity(4), Quantity(2), 5.0)
    -15.0
    """
    trial = working.copy()
    graph, of = working.graph, target.of
    trial.take(changed, number)
    if changed.of < 0:
        moved = {changed.node}
        last = target.node if of < 0 else of
        for node in range(changed.node + 1, last + 1):
            left_out = node not in known.values or target == Quantity(node)
            if left_out and not moved.isdisjoint(graph.arguments[node]):
                trial.take(Quantity(node), trial.value(node))
                moved.add(node)
        if of < 0:
            return trial.values[target.node]
    gradients = trial.gradients.get(of, {})
    for node in completed(graph, of):
        if node == target.node:
            break
        # The node's value may be what was changed, and then its gradient is not.
        kept = node in known.gradients or node == of or changed == Quantity(node, of)
        if not kept and gradients.get(node) is not None:
            trial.take(Quantity(node, of), trial.gradient(of, node))
    return trial.gradient(of, target.node)


def hangs_on(working: Working, known: Known, target: Quantity, step: Quantity) -> bool:
    """Whether another number for a step before it makes another number of a quantity.

    In a large program that is taken for granted.
    """
    if len(working.graph) > _LARGEST:
        return True
    gradients = working.gradients.get(step.of, {})
    number = working.values[step.node] if step.of < 0 else gradients.get(step.node)
    if number is None:
        return False
    numbers = (number, added(number, 1), added(number, 3))
    first, *others = (carried(working, known, target, step, other) for other in numbers)
    return not all(is_same(first, other) for other in others)


def rounding_reach(
    working: Working, known: Known, target: Quantity, reaches: Mapping[Quantity, Any]
) -> Any:
    """Return how far off a quantity may be when steps before it were gone on with unrounded.

    `reaches` has, for each step that was rounded on the sheet, how far the number that was gone
    on with may be from the one that is written: whoever works on a calculator goes on with more
    digits, or with some numbers as written and some as they were. What comes back is a number, or
    an array of the target's shape.
    """
    # Whole, so that a fraction stays one.
    total: Any = 0
    if len(working.graph) > _LARGEST:
        return total
    if not _is_light(working):
        doubles = working.exercise.kind.doubles
        working = working.in_doubles()
        reaches = {step: doubles(reach) for step, reach in reaches.items()}
    near = [step for step in before(working.exercise, known, target) if step in reaches]
    for step in near[:_MOST]:
        gradients = working.gradients.get(step.of, {})
        written = working.values[step.node] if step.of < 0 else gradients.get(step.node)
        if written is None or (target.of < 0 and step.node > target.node):
            continue
        total = added(total, _moved(working, known, target, step, written, reaches[step]))
    return total


def _is_light(working: Working) -> bool:
    """Whether a student's numbers can be carried as they are: fractions that are few and short."""
    if not working.exercise.kind.exact:
        return True
    if working.graph.tensors:
        return False
    numbers = [*working.values]
    for gradients in working.gradients.values():
        numbers += gradients.values()
    return sum(map(_bits, numbers)) <= _BITS


def _bits(number: Any) -> int:
    if number is None or not is_fraction(number):
        return 0
    return int(number.numerator).bit_length() + int(number.denominator).bit_length()


def _moved(
    working: Working, known: Known, target: Quantity, step: Quantity, written: Any, reach: Any
) -> Any:
    """Return how far a quantity moves when one step does, by as much as it may.

    The elements of an array are rounded each by itself. Of a large one they are moved together,
    up or down by chance: four times the root mean square is more than nearly all come to.
    """

    def moved(by: Any) -> Any:
        up, down = (carried(working, known, target, step, added(written, end)) for end in (by, -by))
        return added(up, -down) / 2

    if not shape_of(written):
        return abs(moved(reach))
    import numpy as np

    if written.size <= _SMALL:
        units = np.eye(written.size, dtype=int).reshape(written.size, *written.shape)
        return sum(abs(moved(reach * unit)) for unit in units)
    chance = np.random.default_rng(0)
    signs = [chance.choice([-1.0, 1.0], written.shape) for _ in range(_PATTERNS)]
    return 4 * np.sqrt(sum(moved(reach * pattern) ** 2 for pattern in signs) / _PATTERNS)


def before(exercise: Exercise, known: Known, target: Quantity) -> Iterator[Quantity]:
    """Yield the steps on the sheet that a quantity is worked out from, through what is left out."""
    graph, users = exercise.graph, exercise.users
    seen = {target}
    pending = [target]
    while pending:
        quantity = pending.pop()
        node, of = quantity
        if quantity is not target and node in (known.values if of < 0 else known.gradients):
            yield quantity
            continue
        if of < 0:
            following = [Quantity(argument) for argument in graph.arguments[node]]
        else:
            following = []
            for user, _ in users.of(node):
                if user <= of:
                    following += [Quantity(user, of), Quantity(user)]
                    following += [Quantity(argument) for argument in graph.arguments[user]]
        for step in following:
            if step not in seen:
                seen.add(step)
                pending.append(step)
