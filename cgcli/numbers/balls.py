"""Balls: real numbers known to lie within an interval, by FLINT's arithmetic of them.

A ball is a midpoint and a radius of `flint.ctx.prec` bits, and holds the true number whatever
was computed (Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic,
IEEE Transactions on Computers 66, 2017). Beside it stands the number itself where it is a
rational of moderate size, so that 1/3*3 is equal to 1, and not merely near it.

What cannot be decided is not decided: a comparison of balls that overlap is `UNKNOWN`, and a
choice by it is a ball around both branches. More precision makes that ball small, or it stays
wide, and then nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flint import arb, fmpq, fmpz

from cgcli.numbers.operators import Operators

VOIDED: Final = 1
"""Proved to be no number: outside a domain, or infinite."""
INFINITE: Final = 2
"""An infinity that was given: it can be compared, chosen, and moved by a finite number; exp(-inf)
is 0, and nothing else is computed with it."""
ABSENT: Final = 4
"""A gradient that nothing reaches: a zero that stays zero whatever it is multiplied by."""
BENT: Final = 8
"""A gradient that passed a kink: a convention took the place of a derivative."""
UNSURE: Final = 16
"""A gradient that passed a place of which it is not known whether it is a kink, or is reached."""

_MARKS: Final = BENT | UNSURE
_LARGEST: Final = 4096
KEPT = _LARGEST
"""Rationals are kept up to so many bits, of numerator or denominator."""


class UndecidedError(Exception):
    """A branch in plain Python was asked of a comparison that cannot be decided."""


class _Unknown:
    """Neither true nor false, as far as is known."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise UndecidedError

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


class Ball(Operators):
    """A number within a ball; `exact` is the number itself where it is known, else None.

    >>> third = ball(1) / 3
    >>> third * 3 == 1, third.value.is_exact()
    (True, False)
    >>> ball(2) < ball(2.5), ball(1).__add__([]) is NotImplemented
    (True, True)
    """

    __slots__ = ("exact", "flags", "value")

    def __init__(self, value: Any, exact: Any = None, flags: int = 0) -> None:
        self.value = value
        self.exact = exact
        self.flags = flags

    def __repr__(self) -> str:
        return f"<Ball {self.value if self.exact is None else self.exact} {self.flags or ''}>"

    def __bool__(self) -> bool:
        raise UndecidedError

    def write(self, name: str, *operands: Any) -> Any:
        """Return what an operation leaves; for the other side it takes numbers of Python too."""
        # Numbers of this kind are the usual case, and this is where the time goes.
        if type(operands[0]) is Ball is type(operands[-1]):
            return _OPERATIONS[name](*operands)
        balls = []
        for operand in operands:
            if type(operand) is Ball:
                balls.append(operand)
            elif isinstance(operand, (int, float)):
                balls.append(ball(operand))
            else:
                return NotImplemented
        return _OPERATIONS[name](*balls)


VOID: Final = Ball(arb("nan"), None, VOIDED)
"""What is proved to have no finite value."""
NOTHING: Final = Ball(arb(0), fmpq(0), ABSENT)
"""The gradient that is sent nowhere."""
INFINITY: Final = Ball(arb("inf"), None, INFINITE)


Truth = bool | _Unknown | Ball
"""True, False, UNKNOWN, or `VOID` where what is compared is no number."""


def rational(exact: Any) -> Ball:
    """Return the ball of a rational number, which is kept where it is not too long."""
    if exact.height_bits() <= KEPT:
        return Ball(arb(exact), exact)
    return of_flint(arb(exact))


def of_flint(value: Any) -> Ball:
    """Return FLINT's ball as one of ours; where its radius is 0 the number itself is known.

    >>> of_flint(arb(16).sqrt()).exact
    4
    """
    if value.is_exact() and value.is_finite():
        mantissa, exponent = value.man_exp()
        if abs(exponent) + mantissa.bit_length() <= _LARGEST:
            exponent = int(exponent)
            if exponent >= 0:
                return Ball(value, fmpq(mantissa << exponent))
            return Ball(value, fmpq(mantissa, fmpz(1) << -exponent))
    return Ball(value)


def ball(number: Any) -> Ball:
    """Return a number as a ball: a double, a whole number or a rational as it is.

    >>> ball(0.5).exact, ball(float("nan")) is VOID
    (1/2, True)
    """
    if type(number) is Ball:
        return number
    if isinstance(number, int):
        return rational(fmpq(number))
    if isinstance(number, float):
        if number - number == 0:
            return rational(fmpq(*number.as_integer_ratio()))
        return VOID if number != number else INFINITY if number > 0 else -INFINITY
    if isinstance(number, fmpq):
        return rational(number)
    # Python's own fractions and whatever else has a numerator and a denominator.
    return rational(fmpq(number.numerator, number.denominator))


def _nowhere(flags: int) -> Ball:
    """No number, unless the other factor may turn out to be sent nowhere."""
    return Ball(arb("nan"), None, UNSURE) if flags & UNSURE else VOID


def _marked(result: Ball, flags: int) -> Ball:
    """Return a result with what its operands had passed."""
    flags &= _MARKS
    if not flags or result.flags & VOIDED:
        return result
    return Ball(result.value, result.exact, result.flags | flags)


# Arithmetic. Numbers without flags are the usual case, and stand first.


def _sum(a: Ball, b: Ball) -> Ball:
    if a.flags or b.flags:
        return _flagged_sum(a, b)
    if a.exact is not None and b.exact is not None:
        return rational(a.exact + b.exact)
    return of_flint(a.value + b.value)


def _difference(a: Ball, b: Ball) -> Ball:
    if a.flags or b.flags:
        return _flagged_sum(a, _negative(b))
    if a is b and a.value.is_finite():
        return rational(fmpq(0))
    if a.exact is not None and b.exact is not None:
        return rational(a.exact - b.exact)
    return of_flint(a.value - b.value)


def _product(a: Ball, b: Ball) -> Ball:
    flags = a.flags | b.flags
    if flags & ABSENT:
        return NOTHING
    if flags & (VOIDED | INFINITE):
        return _nowhere(flags)
    if a.exact is not None and b.exact is not None:
        return _marked(rational(a.exact * b.exact), flags)
    return _marked(of_flint(a.value * b.value), flags)


def _quotient(a: Ball, b: Ball) -> Ball:
    flags = a.flags | b.flags
    if a.flags & ABSENT:
        return NOTHING
    if flags & (VOIDED | INFINITE) or b.exact == 0:
        return _nowhere(flags)
    if a.exact is not None and b.exact is not None:
        return _marked(rational(a.exact / b.exact), flags)
    return _marked(of_flint(a.value / b.value), flags)


def _negative(a: Ball) -> Ball:
    if a.flags & (VOIDED | ABSENT):
        return a
    return Ball(-a.value, None if a.exact is None else -a.exact, a.flags)


def _flagged_sum(a: Ball, b: Ball) -> Ball:
    flags = a.flags | b.flags
    if flags & VOIDED or a.flags & b.flags & INFINITE:
        return VOID
    if flags & INFINITE:
        # What is finite does not move an infinity.
        infinity, other = (a, b) if a.flags & INFINITE else (b, a)
        return infinity if other.value.is_finite() else Ball(arb("nan"))
    if a.flags & ABSENT:
        return b
    if b.flags & ABSENT:
        return a
    plain = Ball(a.value, a.exact) + Ball(b.value, b.exact)
    return _marked(plain, flags)


def _less(a: Ball, b: Ball) -> Truth:
    """Whether a < b; `VOID` for what is no number, which may be an infinity or none."""
    if (a.flags | b.flags) & VOIDED:
        return VOID
    if a.exact is not None and b.exact is not None:
        return bool(a.exact < b.exact)
    if a is b and (a.flags & INFINITE or a.value.is_finite()):
        return False
    x, y = a.value, b.value
    if x.is_nan() or y.is_nan():
        return UNKNOWN
    return True if x < y else False if x >= y else UNKNOWN


def _equal(a: Ball, b: Any) -> Truth:
    if (a.flags | b.flags) & VOIDED:
        return VOID
    if a.exact is not None and b.exact is not None:
        return bool(a.exact == b.exact)
    x, y = a.value, b.value
    if (a.flags | b.flags) & INFINITE:
        if x.is_nan() or y.is_nan():
            return UNKNOWN
        return bool(x == y)
    if a is b:
        return True if x.is_finite() else UNKNOWN
    if x.is_nan() or y.is_nan() or x.overlaps(y):
        # Balls without radius that overlap are one number, however long.
        return True if x.is_exact() and y.is_exact() and x == y else UNKNOWN
    return False


def _negated(answer: Truth) -> Truth:
    return not answer if isinstance(answer, bool) else answer


_OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    "add": _sum,
    "sub": _difference,
    "mul": _product,
    "div": _quotient,
    "neg": _negative,
    "lt": _less,
    "le": lambda a, b: _negated(_less(b, a)),
    "gt": lambda a, b: _less(b, a),
    "ge": lambda a, b: _negated(_less(a, b)),
    "eq": _equal,
    "ne": lambda a, b: _negated(_equal(a, b)),
}


def hull(a: Any, b: Any) -> Any:
    """Return a ball around two balls, or what two truths have in common.

    >>> hull(ball(0), ball(1)).value.contains(arb(0.5)), hull(True, True), hull(True, False)
    (True, True, UNKNOWN)
    """
    if _is_truth(a) and _is_truth(b):
        return a if a is b else UNKNOWN
    if isinstance(a, tuple):
        raise UndecidedError
    a, b = ball(a), ball(b)
    if a is b:
        return a
    if a.flags & b.flags & VOIDED:
        return VOID
    flags = (a.flags | b.flags) & _MARKS
    if (a.flags | b.flags) & (VOIDED | INFINITE):
        return Ball(arb("nan"), None, flags)
    if a.exact is not None and b.exact is not None and a.exact == b.exact:
        return Ball(a.value, a.exact, flags)
    return Ball(a.value.union(b.value), None, flags)


def choose(condition: Any, a: Any, b: Any) -> Any:
    """Return `a` where the condition holds, `b` where it does not, and else a ball of both.

    Where the condition is asked of what is no number, there is nothing to choose.
    """
    if condition is VOID:
        return VOID
    if not isinstance(condition, (bool, int)):
        return hull(a, b)
    taken = a if condition else b
    return taken if _is_truth(taken) or isinstance(taken, tuple) else ball(taken)


def _is_truth(value: Any) -> bool:
    return value is UNKNOWN or value is VOID or isinstance(value, bool)
