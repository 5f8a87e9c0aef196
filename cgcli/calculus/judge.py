"""A float beside the ball that its true value lies in → a verdict, or digits.

Precision is raised until numbers are known: values to so many digits, and truths.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

import flint
from flint import arb, fmpq

from cgcli.calculus.proved import BallSweep
from cgcli.graph.graph import Graph
from cgcli.numbers.balls import BENT, INFINITE, UNSURE, VOIDED, Ball
from cgcli.numbers.decimals import decimal, upper_double
from cgcli.operations.shapes import size

MOST_BITS: Final = 8192
FIRST_BITS: Final = 128
# A graph of many numbers is given fewer bits: their product bounds the time that is taken.
_MOST_WORK: Final = 2**28

Verdict: TypeAlias = Literal["proved", "certified", "corrected", "kink", "undefined", "unsettled"]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
"""From the best to the worst; a node has the worst of all its numbers."""

# A float is certified where it is right to this part of the true value,
_PART: Final = arb(2) ** -40
# or to the least double: a result that underflows is as near as a double can be.
_LEAST: Final = arb(2) ** -1074
_DIGITS: Final = 17


Leaves = Callable[[], dict[int, Any]]
"""Returns inputs and constants as balls, at the precision of the moment."""


class Finding(NamedTuple):
    """What is proved of a value or a gradient: of each element where it is an array.

    `shown` is a float or a decimal; `bound` is how far that may be from the truth, and None where
    nothing is claimed.
    """

    verdict: Verdict
    shown: Any
    bound: Any


Judge = Callable[[Any, Ball], Finding | None]
"""From a float and a ball around its true value to a verdict; None asks for more precision."""


def judge_float(number: float, truth: Ball) -> Finding | None:
    """Return the verdict on a float whose true value lies in a ball.

    >>> from cgcli.numbers.balls import ball
    >>> judge_float(0.1, ball(fmpq(1, 10)))
    Finding(verdict='certified', shown=0.1, bound=5.551115123125783e-18)
    """
    if truth.flags & VOIDED:
        return Finding("undefined", number, None)
    if truth.flags & INFINITE:
        same = (number > 0) is bool(truth.value > 0) and abs(number) == float("inf")
        return Finding("certified", number, 0.0) if same else Finding("undefined", number, None)
    if truth.flags & UNSURE or not truth.value.is_finite():
        return None
    good: Verdict = "kink" if truth.flags & BENT else "certified"
    if number - number == 0:
        distance = _distance(number, truth)
        length = abs(truth.value)
        if distance.upper() <= max(_LEAST, length.lower() * _PART):
            return Finding(good, number, upper_double(distance))
        if not distance.lower() > max(_LEAST, length.upper() * _PART):
            return None
    return _judged("corrected", truth, _DIGITS)


def _distance(number: float, truth: Ball) -> Any:
    if truth.exact is not None:
        return arb(abs(truth.exact - fmpq(*number.as_integer_ratio())))
    return abs(truth.value - arb(number))


def judge_digits(truth: Ball, digits: int) -> Finding | None:
    """Return a number's digits with its verdict, where so many of them are known.

    >>> from cgcli.numbers.balls import ball
    >>> judge_digits(ball(fmpq(1, 3)), 5)
    Finding(verdict='proved', shown='0.33333', bound=None)
    """
    if truth.flags & VOIDED:
        return Finding("undefined", None, None)
    if truth.flags & UNSURE:
        return None
    return _judged("proved", truth, digits)


def _judged(verdict: Verdict, truth: Ball, digits: int) -> Finding | None:
    text = decimal(truth, digits)
    return None if text is None else Finding("kink" if truth.flags & BENT else verdict, text, None)


def judge_each(judge: Judge, number: Any, truth: Any) -> Finding:
    """Judge a number, or every element of an array; the verdict is the worst of them."""
    if isinstance(truth, Ball):
        number = None if number is None else float(number)
        return judge(number, truth) or Finding("unsettled", number, None)
    import numpy as np

    floats = [None] * truth.size if number is None else np.asarray(number).reshape(-1).tolist()
    judged = [judge_each(judge, *pair) for pair in zip(floats, truth.flat, strict=True)]
    verdict = max((element.verdict for element in judged), key=VERDICTS.index)
    columns = np.empty((2, len(judged)), dtype=object)
    columns[0] = [element.shown for element in judged]
    columns[1] = [element.bound for element in judged]
    shown, bound = columns.reshape(2, *truth.shape)
    return Finding(verdict, shown, bound)


def raised(
    graph: Graph, leaves: Leaves, bounds: tuple[int, int], passes: int = 1
) -> Iterator[tuple[dict[int, Any], list[Any]]]:
    """Yield the leaves and the values of all nodes, at one precision after the other.

    Each has twice the bits of the one before, and graphs of many numbers have fewer; `passes` is
    how many backward passes are made at each.
    """
    numbers = sum(size(shape) for shape in graph.shapes.values()) + len(graph)
    bits, most = bounds
    most = min(most, max(bits, _MOST_WORK // (numbers * passes)))
    while True:
        with flint.ctx.workprec(min(bits, most)):
            balls = leaves()
            yield balls, BallSweep(graph).forward(balls)
        if bits >= most:
            return
        bits *= 2


def bits_for(digits: int, most_bits: int) -> tuple[int, int]:
    """Return the bits to begin with for so many digits, and the most."""
    first = max(FIRST_BITS, math.ceil(digits * math.log2(10)) + 64)
    most = max(most_bits, 2 * first) if most_bits == MOST_BITS else most_bits
    return min(first, most), most
