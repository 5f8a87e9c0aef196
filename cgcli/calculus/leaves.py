"""Inputs and constants as the balls of what was written, at any precision.

In a program of floats 0.1 is a double and pi another. Where digits are asked for, 0.1 is the
tenth that was written, and pi the number itself: both are made anew at each precision.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from flint import arb, fmpq, fmpz

from cgcli.calculus.proved import BallSweep
from cgcli.errors import CgraphError, shorten
from cgcli.graph.graph import Graph
from cgcli.numbers.balls import Ball, ball
from cgcli.numbers.certified import constants_at
from cgcli.numbers.elements import by_element
from cgcli.operations.table import CONSTANTS

Source = Any
"""What an input is bound to: a number (a float is the double that it is), a decimal's text, a
graph without inputs whose output it is, or nested lists of these."""

_DECIMAL: Final = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?", re.ASCII)
_LONGEST: Final = 1000
"""The decimal exponents up to which a number is kept as a rational."""
_MOST: Final = 10**15


def ball_of(text: str) -> Ball:
    """Return the number that a decimal, or a constant's name, stands for.

    >>> ball_of("0.1").exact, ball_of("-2.5e-3").exact, ball_of("pi").exact
    (1/10, -1/400, None)
    """
    if text in CONSTANTS:
        return constants_at(text)
    match = _DECIMAL.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise ValueError(text)
    sign, digits, fraction, exponent = match[1], match[2], match[3] or "", match[4] or "0"
    power = _exponent(exponent, text) - len(fraction)
    mantissa = fmpq(fmpz(sign + digits + fraction))
    if abs(power) <= _LONGEST:
        return ball(mantissa * fmpq(10**power) if power >= 0 else mantissa / fmpq(10**-power))
    return Ball(arb(mantissa) * arb(10) ** arb(power)) if mantissa else ball(0)


def _exponent(digits: str, text: str) -> int:
    if len(digits) > 16 or abs(int(digits)) > _MOST:
        message = f"the exponent of {shorten(text)} is too large"
        raise CgraphError(
            "limit", message, "with --precision exponents reach to 1e1000000000000000"
        )
    return int(digits)


def double_leaves(graph: Graph, values: list[Any]) -> Callable[[], dict[int, Any]]:
    """Return what makes the leaves of a graph from the doubles that they are in `values`."""
    leaves = [node for node, arguments in enumerate(graph.arguments) if not arguments]
    return lambda: {node: _made(values[node]) for node in leaves}


def exact_leaves(graph: Graph, sources: Mapping[str, Source]) -> Callable[[], dict[int, Any]]:
    """Return what makes the leaves of a graph at the precision of the moment.

    `sources` has what each input is bound to.
    """

    def leaves() -> dict[int, Any]:
        balls: dict[int, Any] = {}
        for node, value in graph.constants.items():
            text = graph.literals.get(node, "")
            known = text in CONSTANTS or _DECIMAL.fullmatch(text)
            balls[node] = ball_of(text) if text and known else ball(value)
        for name, node in graph.inputs.items():
            balls[node] = _made(sources[name])
        return balls

    return leaves


def _made(source: Source) -> Any:
    if not hasattr(source, "tolist") and not isinstance(source, list):
        return _scalar(source)
    import numpy as np

    return by_element(_scalar, np.array(source, dtype=object))


def _scalar(source: Source) -> Any:
    if isinstance(source, str):
        return ball_of(source)
    if isinstance(source, Graph):
        return BallSweep(source).forward(exact_leaves(source, {})())[source.output]
    if isinstance(source, (int, float, Fraction)):
        return ball(source)
    return ball(float(source))
