"""The right answer to a program at a point: numbers, notes, and how sure rounding lets one be."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from mpmath import mp, mpf

from tests.concordance.numbers import BAD, DECIDES, INF, MAYBE, NIL, UNKNOWN, WILD, Number, finite
from tests.concordance.oracle import Array, Point, Walk
from tests.concordance.rules import STEPS
from tests.concordance.syntax import Program, uses
from tests.concordance.tape import Tape, ValueTape

BITS = 200
"""Of the oracle's numbers: 60 decimal digits."""
NEAR = mpf(2) ** -90
"""How far beside a point the program is looked at."""
BESIDE_BITS = 420
SHAKES = 8
REQUIRED, FORBIDDEN, OPEN = True, False, None


@dataclass
class Numbers:
    """The value of an output, and its gradient by every input: a row for each of its elements."""

    shape: tuple[int, ...]
    value: list[Number]
    gradient: dict[str, list[list[Number]]]

    def flat(self) -> list[Number]:
        rows = (number for rows in self.gradient.values() for row in rows for number in row)
        return [*self.value, *rows]


@dataclass
class Answer:
    """What is right at a point."""

    program: Program
    point: Point
    numbers: Numbers
    """In doubles, that is with the ends of their range."""
    true: Numbers
    """Without."""
    notes: dict[str, bool | None]
    doubt: str
    """Which operation is decided by rounding, in doubles; nothing where none is."""
    blur: bool

    @cached_property
    def spread(self) -> list[mpf]:
        """How far numbers go where the result of every operation is moved by up to 2 ulp."""
        return self._spread(self.numbers, ranged=True)

    @cached_property
    def true_spread(self) -> list[mpf]:
        """The same without the ends of the doubles."""
        return self._spread(self.true, ranged=False)

    def _spread(self, numbers: Numbers, *, ranged: bool) -> list[mpf]:
        with mp.workprec(_bits(self.program, self.point)):
            right = numbers.flat()
            widest = [mpf(0)] * len(right)
            for k in range(SHAKES):
                tape = Tape(ranged=ranged, shaken=k + 1, deciding=False)
                moved = _numbers(*_walk(self.program, self.point, tape))
                for place, (a, b) in enumerate(zip(right, moved.flat(), strict=True)):
                    if finite(a) and finite(b):
                        widest[place] = max(widest[place], abs(a - b))
                    elif a is not b and a != b:
                        widest[place] = INF
            return widest


def answer(program: Program, point: Point) -> Answer:
    """The value, the gradient and the notes that the contract asks for."""
    with mp.workprec(_bits(program, point)):
        tape, walk, gradients = _walk(program, point, Tape())
        numbers = _numbers(tape, walk, gradients)
        true, blur = numbers, tape.blur
        if tape.over or tape.under:
            other = _walk(program, point, Tape(ranged=False))
            true, blur = _numbers(*other), blur or other[0].blur
        firm, soft = _reach(tape, walk.output.at)
        # What is not known may have left the doubles.
        known = not any(x in (UNKNOWN, MAYBE) for by in gradients for x in by.values())
        known &= not any(tape.values[k] is UNKNOWN for k in firm | soft)
        notes = {
            "domain": _domain(program, tape, firm | soft, gradients),
            "overflow": _overflow(tape, firm, known),
            "underflow": _underflow(tape, numbers, true, known),
            "kink": _kink(program, point, tape, firm, soft, numbers),
        }
        if notes["domain"] is REQUIRED:
            for kind in ("overflow", "underflow"):
                notes[kind] = OPEN if notes[kind] is REQUIRED else notes[kind]
    right = Answer(program, point, numbers, true, notes, tape.doubt, blur)
    if notes["underflow"] is REQUIRED and not _is_lost(right):
        notes["underflow"] = OPEN
    return right


def _is_lost(right: Answer) -> bool:
    """Whether a number that is 0 in doubles is none, and is not what rounding left of its terms."""
    with mp.workprec(mp.prec + 100):
        finer = _numbers(*_walk(right.program, right.point, Tape(ranged=False, deciding=False)))
    triples = zip(right.numbers.flat(), right.true.flat(), finer.flat(), strict=True)
    return any(
        all(map(finite, numbers))
        and not numbers[0]
        and 2 * abs(numbers[1] - numbers[2]) < abs(numbers[1])
        for numbers in triples
    )


def _bits(program: Program, point: Point) -> int:
    """More bits where very large and very small numbers meet."""
    sizes = [
        int(mp.mag(mpf(x))) for xs in point.values() for x in xs if x and abs(x) < float("inf")
    ]
    sizes += program.sizes
    if uses(program, "sin", "cos", "tan", "mod"):
        # What turns of a large number leaves is told by the digits before its point.
        sizes.append(0)
    spread = max(sizes, default=0) - min(sizes, default=0)
    return BITS + min(2200, max(0, 2 * spread - 60))


def _walk(program: Program, point: Point, tape: Tape) -> tuple[Tape, Walk, list[dict[int, Number]]]:
    walk = Walk(program, point, tape)
    tape.by_columns = len(walk.output.at) > 1
    return tape, walk, [tape.backward(place) for place in walk.output.at]


def _numbers(tape: Tape, walk: Walk, gradients: list[dict[int, Number]]) -> Numbers:
    def by(array: Array) -> list[list[Number]]:
        return [
            [_settled(gradient.get(place, mpf(0))) for place in array.at] for gradient in gradients
        ]

    return Numbers(
        walk.output.shape,
        [tape.values[place] for place in walk.output.at],
        {name: by(array) for name, array in walk.inputs.items()},
    )


def _settled(number: Number) -> Number:
    if number is NIL or number is DECIDES:
        return mpf(0)
    return {MAYBE: UNKNOWN, WILD: BAD}.get(number, number)


def _reach(tape: Tape, outputs: Sequence[int]) -> tuple[set[int], set[int]]:
    """The nodes that the outputs rest on, and those of them that only a step or a choice reads."""
    firm: set[int] = set()
    soft: set[int] = set()
    pending = [(place, True) for place in outputs]
    while pending:
        place, hard = pending.pop()
        if place in firm or (place in soft and not hard):
            continue
        (firm if hard else soft).add(place)
        args, op = tape.args[place], tape.ops[place]
        if op == "where":
            slopes = tape.locals[place].slopes()  # type: ignore[union-attr]
            pending.append((args[0], False))
            if MAYBE in slopes:
                continue
            taken = 1 if tape.values[args[0]] != 0 else 2
            sent = [k for k in (1, 2) if k == taken or slopes[k] not in (None, BAD)]
            pending += [(args[k], hard) for k in sent]
        else:
            pending += [(arg, hard and op not in STEPS) for arg in args]
    return firm, soft - firm


def _domain(
    program: Program, tape: Tape, near: set[int], gradients: list[dict[int, Number]]
) -> bool | None:
    faults = [k for k, local in enumerate(tape.locals) if local and local.fault is True]
    if any(place in near for place in faults):
        return REQUIRED
    if any(not finite(tape.locals[k].value) for k in near):  # type: ignore[union-attr]
        return OPEN
    if any(tape.locals[k].fault is None for k in near):  # type: ignore[union-attr]
        return OPEN
    words = (NIL, DECIDES, MAYBE) if all(map(finite, tape.values)) else (NIL, DECIDES)
    if not all(finite(x) or x in words for by in gradients for x in by.values()):
        # Infinities that meet each other, or 0, are indeterminate forms, and may be noted as such.
        return OPEN
    if faults and uses(program, "where"):
        # A branch that has no value at an equality: the gradient is NaN, and some note says so.
        return OPEN
    return OPEN if faults and uses(program, "at", "onehot", "len") else FORBIDDEN


def _overflow(tape: Tape, firm: set[int], known: bool) -> bool | None:
    for place in firm:
        args, local = tape.args[place], tape.locals[place]
        within = args and all(finite(tape.values[arg]) for arg in args)
        if within and local and finite(local.value) and not finite(tape.values[place]):
            return REQUIRED
    if tape.steep:
        return REQUIRED
    return OPEN if tape.over or not known or not all(map(finite, tape.values)) else FORBIDDEN


def _underflow(tape: Tape, numbers: Numbers, true: Numbers, known: bool) -> bool | None:
    if not tape.under or tape.rounded:
        return OPEN if tape.rounded or tape.cancelled or not known else FORBIDDEN
    for a, b in zip(
        numbers.flat()[len(numbers.value) :], true.flat()[len(true.value) :], strict=True
    ):
        if finite(a) and finite(b) and a == 0 and b != 0:
            return REQUIRED
    return OPEN


# --- beside the point -----------------------------------------------------------------------


def _kink(
    program: Program,
    point: Point,
    tape: Tape,
    firm: set[int],
    soft: set[int],
    numbers: Numbers,
) -> bool | None:
    """Whether a note is due: a table's kink that is used, or a choice that is seen beside."""
    corners, ties, maybe = False, False, False
    moving = _moving(tape)
    for place in firm | soft:
        local, op = tape.locals[place], tape.ops[place]
        if not local or not any(tape.varies[arg] for arg in tape.args[place]):
            continue
        if not any(tape.smoothly[arg] for arg in tape.args[place]):
            maybe |= local.kink is not False
            continue
        # Of what only a step or a choice reads, the slope is not used; nor is that of what moves
        # by steps alone where the branch that is taken does.
        moves = any(moving[arg] for arg in tape.args[place])
        corners |= local.kink is True and place in firm and moves and _attained(tape, place)
        maybe |= local.kink is None or _by_exponent(tape, place)
        maybe |= local.kink is True and place in soft and op not in STEPS
        ties |= op in STEPS and tape.ties(place)
    if not (corners or ties or maybe):
        outside = any(local and local.fault is not False for local in tape.locals)
        return OPEN if outside else FORBIDDEN
    sides = _beside(program, point, numbers)
    if sides is None or maybe:
        return OPEN
    if sides is False:
        return REQUIRED
    return OPEN if corners else FORBIDDEN


def _moving(tape: Tape) -> list[bool]:
    """Which nodes vary beside the point by the branches that are taken, not through steps."""
    moving: list[bool] = []
    for place, (op, args) in enumerate(zip(tape.ops, tape.args, strict=True)):
        if op == "where":
            slopes = tape.locals[place].slopes()  # type: ignore[union-attr]
            moving.append(any(moving[args[k]] for k in (1, 2) if slopes[k] is not None))
        else:
            moving.append(tape.smoothly[place] and (not args or any(moving[a] for a in args)))
    return moving


def _attained(tape: Tape, place: int) -> bool:
    """Whether what ties as the largest or the least of arguments is more than constants."""
    met = (tape.values[arg] == tape.values[place] for arg in tape.args[place] if tape.varies[arg])
    return tape.ops[place] not in ("max", "min") or any(met)


def _by_exponent(tape: Tape, place: int) -> bool:
    """Whether a negative base has an exponent that varies: there is no derivative by that."""
    args = tape.args[place]
    return tape.ops[place] == "pow" and tape.smoothly[args[1]] and not tape.values[args[0]] > 0


def _beside(program: Program, point: Point, numbers: Numbers) -> bool | None:
    """Whether value and slope beside a point are those that are printed; None is unknown."""
    flat = numbers.flat()
    every = [x for xs in point.values() for x in xs]
    sizes = [abs(x) for x in every if x]
    if any(not finite(x) for x in flat[: len(numbers.value)]) or any(program.sizes):
        return None
    if any(not 1e-9 < size < 1e9 for size in sizes) or any(x is UNKNOWN for x in flat):
        return None
    if any(not finite(x) for x in flat):
        return False
    count = len(every)
    chance = random.Random(count)
    axes = [[mpf(j == k) for j in range(count)] for k in range(count)]
    with mp.workprec(BESIDE_BITS):
        here = _values(program, point, every)

        def agrees(direction: Sequence[mpf]) -> bool | None:
            slopes, met = _along(numbers, direction), True
            for sign in (1, -1):
                steps = ([x + sign * k * NEAR * d for x, d in zip(every, direction, strict=True)]
                         for k in (1, 2))  # fmt: skip
                there, after = (_values(program, point, moved) for moved in steps)
                meets = _meets(here, there, after, [sign * slope for slope in slopes])
                if meets is False:
                    return False
                met = met and meets
            return met

        along: bool | None = True
        for axis in axes:
            met = agrees(axis)
            if met is False:
                return False
            along = along and met
        if not along:
            return None
        # Which oblique direction is looked along is open: what only some of them show is, too.
        signs = [[1] * count, [-1, *[1] * (count - 1)]]
        signs += [[chance.choice((1, -1)) for _ in every] for _ in range(6)]
        verdicts = set[bool | None]()
        for each in signs:
            verdicts.add(agrees([sign * mpf(chance.uniform(0.5, 1.5)) for sign in each]))
            if len(verdicts) > 1:
                return None
    return verdicts.pop()


def _values(program: Program, point: Point, every: Sequence[Number]) -> list[Number]:
    inputs, start = {}, 0
    for name, xs in point.items():
        inputs[name] = every[start : start + len(xs)]
        start += len(xs)
    tape = ValueTape()
    return [tape.values[place] for place in Walk(program, inputs, tape).output.at]


def _along(numbers: Numbers, direction: Sequence[mpf]) -> list[mpf]:
    rows = []
    for k in range(len(numbers.value)):
        row = [g for by in numbers.gradient.values() for g in by[k]]
        rows.append(mp.fsum(g * d for g, d in zip(row, direction, strict=True)))
    return rows


def _meets(
    here: Sequence[Number], there: Sequence[Number], after: Sequence[Number], slopes: Sequence[mpf]
) -> bool | None:
    """Whether values beside a point are those at it, to 1e-9, and so are the slopes there.

    Whether 1e-9 is a part of small slopes, or of 1, is left open.
    """
    met: bool | None = True
    for a, b, c, slope in zip(here, there, after, slopes, strict=True):
        if not finite(a) or not finite(b) or not finite(c):
            # What a choice or a step makes of what has no value is not known.
            return None if UNKNOWN in (b, c) else False
        size = NEAR * max(1, abs(slope))
        if abs(b - a - slope * NEAR) > mpf(10) ** -9 * max(abs(a), abs(b), size):
            return False
        error = abs(c - b - slope * NEAR)
        if error > mpf(10) ** -9 * size:
            return False
        # Beside a slope of 0 it is that of the second term of the series.
        if error > NEAR * (mpf(10) ** -9 * abs(slope) if slope else mpf(2) ** -70):
            met = None
    return met
