"""Piecewise operations: comparisons, absolute value, extremes, rounding, choice, remainder.

Where there is no derivative these follow one convention: the subgradient of least norm where
the operation is convex, the supergradient of least norm where it is concave, and equal shares
for the arguments that tie. See PyTorch's "Gradients for non-differentiable functions".
"""

from __future__ import annotations

import operator
from typing import Final

from cgcli.operations.arity import Binary, Ternary, Unary
from cgcli.operations.protocol import Number, Rulebook
from cgcli.operations.row import LEVELS, Domain, Kink, Operation, Rule


def _shares(m: Rulebook, y: Number, *arguments: Number) -> list[Number]:
    """1 over the number of arguments that tie for the extreme, 0 for all others."""
    share = 1 / _ties(m, y, arguments)
    # y == y fails only for NaN, which belongs to no argument: then the share is NaN too.
    other = m.where(y == y, 0, y)
    return [m.where(argument == y, share, other) for argument in arguments]


def _ties(m: Rulebook, y: Number, arguments: tuple[Number, ...]) -> Number:
    """How many arguments are the extreme; a number of `m`, which answers 1/0 as `m` does."""
    ties = m.where(arguments[0] == y, m.number(1), m.number(0))
    for argument in arguments[1:]:
        ties = ties + m.where(argument == y, 1, 0)
    return ties


def _above(m: Rulebook, a: Number, b: Number) -> Number:
    """What reaches the left of max(a, b): 1, a half where they tie, or 0."""
    return m.where(a == b, 1 / m.number(2), m.where(a > b, 1, 0))


def _mod_sides(m: Rulebook, a: Number, b: Number) -> Number:
    """The one-sided derivatives of mod at a = n·b: where a/b falls below n, it jumps to b."""
    times = m.round(a / b)
    up, down = (m.where(b > 0, m.inf, -m.inf), m.where(b > 0, -m.inf, m.inf))
    outward = times * b > 0
    by_b = m.where(outward, -times, down), m.where(outward, up, -times)
    by_a = m.where(b > 0, -m.inf, 1), m.where(b > 0, 1, -m.inf)
    return by_a, None if times == 0 else by_b


def _comparison(
    name: str, symbol: str, opposite: str, latex: str, summary: str, left: int, right: int
) -> Operation:
    """A row whose value is 1 or 0; `left` and `right` sign its jump at a tie."""
    compare = getattr(operator, name)
    return Binary(
        name=name,
        value=lambda m, a, b: m.truth(compare(a, b)),
        partials=(lambda m, y, a, b: 0, lambda m, y, a, b: 0),
        symbol=symbol,
        latex=latex,
        level=LEVELS["comparison"],
        step=True,
        equates=bool(left and right),
        opposite=opposite,
        commutes=bool(left and right),
        kinks=(
            Kink(
                lambda m, a, b: a == b,
                lambda m, a, b: (
                    tuple(s * m.inf if s else 0 for s in (left, right)),
                    tuple(-s * m.inf if s else 0 for s in (right, left)),
                ),
                "a jump where both sides are equal",
                meeting=True,
            ),
        ),
        summary=summary,
        convention="the derivative is 0",
    )


def _step(name: str, at: Rule, sides: Rule, words: str, summary: str) -> Operation:
    """A row that is constant between jumps."""
    return Unary(
        name=name,
        partials=(lambda m, y, x: 0,),
        step=True,
        kinks=(Kink(at, sides, words),),
        summary=summary,
        convention="the derivative is 0",
    )


def _extreme(name: str, corner: tuple[int, int], summary: str) -> Operation:
    """A row of many arguments, with the slopes to the left and right of where they tie."""

    def taught(m: Rulebook, place: int, y: Number, *arguments: Number) -> Number:
        """1 where the argument is beyond all others, half of it where it ties with another."""
        others = arguments[:place] + arguments[place + 1 :]
        other = getattr(m, name)(*others) if len(others) > 1 else others[0]
        rises = corner[1] > corner[0]
        return _above(m, arguments[place], other) if rises else _above(m, other, arguments[place])

    def sides(m: Rulebook, *arguments: Number) -> Number:
        y = getattr(m, name)(*arguments)
        return tuple(corner if a == y else None for a in arguments)

    return Operation(
        name=name,
        partials=_shares,
        textbook=taught,
        parameters=("a", "b"),
        variadic=True,
        commutes=True,
        kinks=(
            Kink(
                lambda m, *a: _ties(m, getattr(m, name)(*a), a) > 1,
                sides,
                "a corner where arguments tie",
                compared=True,
            ),
        ),
        gate=True,
        summary=summary,
        convention="ties share equally",
    )


PIECEWISE: Final = (
    _comparison("lt", "<", "ge", "<", "1 where a is less, else 0", -1, 0),
    _comparison("le", "<=", "gt", r"\le", "1 where a is not greater, else 0", 0, -1),
    _comparison("gt", ">", "le", ">", "1 where a is greater, else 0", 0, 1),
    _comparison("ge", ">=", "lt", r"\ge", "1 where a is not less, else 0", 1, 0),
    _comparison("eq", "==", "ne", r"\mathrel{==}", "1 where both are equal, else 0", 1, -1),
    _comparison("ne", "!=", "eq", r"\ne", "1 where they differ, else 0", -1, 1),
    Unary(
        name="abs",
        partials=(lambda m, y, x: m.sign(x),),
        latex=r"\left|<x>\right|",
        kinks=(Kink(lambda m, x: x == 0, lambda m, x: ((-1, 1),), "a corner at 0"),),
        pieces=lambda m, x: x >= 0,
        sign=">=",
        summary="absolute value",
        convention="the derivative at 0 is 0",
    ),
    _step(
        "sign",
        lambda m, x: x == 0,
        lambda m, x: ((m.inf, m.inf),),
        "a jump at 0",
        "-1, 0 or 1",
    ),
    _step(
        "floor",
        lambda m, x: m.floor(x) == x,
        lambda m, x: ((m.inf, 0),),
        "a jump at every whole number",
        "the whole number below",
    ),
    _step(
        "ceil",
        lambda m, x: m.floor(x) == x,
        lambda m, x: ((0, m.inf),),
        "a jump at every whole number",
        "the whole number above",
    ),
    _step(
        "round",
        lambda m, x: m.abs(x - m.floor(x)) == 1 / m.number(2),
        lambda m, x: ((m.where(m.round(x) > x, m.inf, 0), m.where(m.round(x) > x, 0, m.inf)),),
        "a jump at every half",
        "the nearest whole number, the even one at a tie",
    ),
    _extreme("max", (0, 1), "the greatest"),
    _extreme("min", (1, 0), "the least"),
    Ternary(
        name="clip",
        value=lambda m, x, low, high: m.min(m.max(x, low), high),
        partials=(
            lambda m, y, x, low, high: _above(m, high, m.max(x, low)) * _above(m, x, low),
            lambda m, y, x, low, high: _above(m, high, m.max(x, low)) * _above(m, low, x),
            lambda m, y, x, low, high: _above(m, m.max(x, low), high),
        ),
        parameters=("x", "low", "high"),
        kinks=(
            Kink(
                lambda m, x, low, high: m.where(x == low, low < high, False),
                lambda m, x, low, high: ((0, 1), (0, 1), None),
                "a corner where {x} meets the low end",
                meeting=True,
            ),
            Kink(
                lambda m, x, low, high: m.max(x, low) == high,
                # Below the low end it is that end which meets the high one; where all three
                # meet, neither moves the value alone.
                lambda m, x, low, high: (
                    (m.where(x > low, 1, 0), 0) if x >= low else None,
                    (m.where(low > x, 1, 0), 0) if low >= x else None,
                    (1, 0),
                ),
                "a corner where {x}, or the low end, meets the high end",
                meeting=True,
            ),
        ),
        gate=True,
        summary="min(max(x, low), high)",
        convention="ties share equally, as those of max and min",
    ),
    Ternary(
        name="where",
        value=lambda m, c, a, b: m.where(c != 0, a, b),
        partials=(
            lambda m, y, c, a, b: 0,
            lambda m, y, c, a, b: m.where(c != 0, 1, 0),
            lambda m, y, c, a, b: m.where(c != 0, 0, 1),
        ),
        parameters=("condition", "a", "b"),
        # The branch not taken is not multiplied by 0: nothing is sent there at all.
        reaches=lambda m, k, c, a, b: (False, c != 0, c == 0)[k],
        gate=True,
        summary="a where the condition is not 0, else b",
        convention=(
            "the gradient goes to the branch taken; "
            "at an equality where both are equal, to the other"
        ),
    ),
    Binary(
        name="mod",
        wide=True,
        pieces=lambda m, a, b: m.floor(a / b),
        partials=(lambda m, y, a, b: m.mod_slope(y), lambda m, y, a, b: -m.round((a - y) / b)),
        domain=Domain(lambda m, a, b: b != 0, "{b} must not be 0"),
        kinks=(
            Kink(
                lambda m, a, b: m.mod(a, b) == 0,
                _mod_sides,
                "a jump at every multiple of {b}",
                jump=True,
                meeting=True,
            ),
        ),
        summary="remainder, with the sign of b",
    ),
)
