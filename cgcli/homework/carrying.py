"""What an answer comes to when a step before it has another number, and what rounding makes."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from cgcli.homework.quantities import Quantity
from cgcli.homework.working import AS_IS, Working, is_same
from cgcli.homework.written import added, shape_of

_MOST: Final = 40
_LARGEST: Final = 1_000
_SMALL: Final = 30
_PATTERNS: Final = 16
_BITS: Final = 50_000


def carried(
    working: Working, target: Quantity, changed: Quantity, number: Any, form: str = AS_IS
) -> Any:
    """Return what a quantity comes to when a step before it has another number.

    What stands on the sheet stays; what was left out is worked out again. The local derivatives of
    the quantity itself are taken in a form.

    >>> import cgcli
    >>> from cgcli.homework.exercise import Exercise
    >>> program = cgcli.parse("p = x + y; g = p*z")
    >>> working = Working(Exercise(program, program.evaluate(x=1, y=3, z=-3)))
    >>> carried(working, Quantity(4), Quantity(2), 5.0)
    -15.0
    """
    trial = working.copy()
    graph, known, of = working.graph, working.known, target.of
    users = working.exercise.users
    trial.take(changed, number)
    moved: set[int] = set()
    if changed.of < 0:
        moved.add(changed.node)
        last = target.node if of < 0 else of
        for node in range(changed.node + 1, last + 1):
            if moved.isdisjoint(graph.arguments[node]):
                continue
            step = Quantity(node)
            if step not in known or step == target:
                trial.take(step, trial.value(node))
                moved.add(node)
        if of < 0:
            return trial.values[target.node]
    # The gradients that have moved, of which only those count that are sent on to the target.
    sent = {changed.node} if changed.of == of else set()
    reached = graph.dependents([target.node])
    for node in filter(reached.__getitem__, range(of - 1, target.node, -1)):
        step = Quantity(node, of)
        # The node's value may be what was changed, and then its gradient is not.
        if step in known or step == changed or trial.number(step) is None:
            continue
        if any(user in sent or _is_moved(working, user, moved) for user, _ in users[node]):
            trial.take(step, trial.gradient(of, node))
            sent.add(node)
    return trial.gradient(of, target.node, form)


def _is_moved(working: Working, node: int, moved: set[int]) -> bool:
    """Whether what an operation sends is of values that have moved."""
    if not moved:
        return False
    sides = working.exercise.choices.sides(node) or ()
    return not moved.isdisjoint((node, *working.graph.arguments[node], *sides))


def hangs_on(working: Working, target: Quantity, step: Quantity) -> bool:
    """Whether another number for a step before it makes another number of a quantity.

    In a large program that is taken for granted.
    """
    if len(working.graph) > _LARGEST:
        return True
    number = working.number(step)
    if number is None:
        return False
    numbers = (number, added(number, 1), added(number, 3))
    first, *others = (carried(working, target, step, other) for other in numbers)
    return not all(is_same(first, other) for other in others)


def rounding_reach(working: Working, target: Quantity, reaches: Mapping[Quantity, Any]) -> Any:
    """Return how far off a quantity may be when later work used steps before it unrounded.

    `reaches` has, for each step that was rounded on the sheet, how far the number used later may
    be from the one that is written: whoever works on a calculator keeps more digits, or uses some
    numbers as written and some unrounded. Returns a number, or an array of the target's shape.
    """
    # Whole, so that a fraction stays one.
    total: Any = 0
    if len(working.graph) > _LARGEST:
        return total
    if not _is_light(working):
        doubles = working.exercise.kind.doubles
        working = working.in_doubles()
        reaches = {step: doubles(reach) for step, reach in reaches.items()}
    near = [step for step in before(working, target) if step in working.known and step in reaches]
    # In the output a derivative moves with it, where in the argument it does not.
    uses = working.uses(target.of, target.node)
    forms = {AS_IS, *(form for use in uses for form in use.forms())}
    size = lambda move: move.sum() if shape_of(move) else move
    for step in near[:_MOST]:
        if working.number(step) is not None:
            moves = [_moved(working, target, step, reaches[step], form) for form in forms]
            total = added(total, max(moves, key=size))
    return total


def _is_light(working: Working) -> bool:
    """Whether a student's numbers can be carried as they are: fractions that are few and short."""
    if not working.exercise.kind.exact:
        return True
    numbers = (*working.values, *working.gradients.values())
    fractions = [number for number in numbers if isinstance(number, Fraction)]
    bits = (n.numerator.bit_length() + n.denominator.bit_length() for n in fractions)
    return not working.graph.tensors and sum(bits) <= _BITS


def _moved(working: Working, target: Quantity, step: Quantity, reach: Any, form: str) -> Any:
    """Return how far a quantity moves when one step does, by as much as it may.

    The elements of an array are rounded each by itself. Of a large one they are moved together,
    up or down by chance: four times the root mean square is more than nearly all come to.
    """
    written = working.number(step)

    def moved(by: Any) -> Any:
        ends = (added(written, end) for end in (by, -by))
        up, down = (carried(working, target, step, end, form) for end in ends)
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


def before(working: Working, target: Quantity) -> list[Quantity]:
    """Return the steps that a quantity is worked out from: back to those that are on the sheet."""
    graph, users, known = working.graph, working.exercise.users, working.known
    # It grows while it is gone through.
    reached = {target: None}
    pending = [target]
    for step in pending:
        if step in known and step != target:
            continue
        node, of = step
        following = [Quantity(argument) for argument in graph.arguments[node] if of < 0]
        for user, _ in users[node] if of >= 0 else ():
            if user <= of:
                arguments = map(Quantity, graph.arguments[user])
                following += [Quantity(user, of), Quantity(user), *arguments]
        pending += [other for other in following if other not in reached]
        reached.update(dict.fromkeys(following))
    return [*reached][1:]
