"""The sweep over ratios: where there is no fraction stands a `NoValue`."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from cgcli.calculus.sweep import Sweep
from cgcli.graph.graph import Graph
from cgcli.limits import Limits
from cgcli.numbers.exact import exact_namespace, run
from cgcli.numbers.missing import IRRATIONAL, NOTHING, NoValue, NoValueError
from cgcli.numbers.numerals import read_numeral
from cgcli.numbers.ratio import Ratio, Room, as_ratio
from cgcli.operations.row import Rule, Shape
from cgcli.operations.table import CONSTANTS


class Ratios:
    """The namespaces of ratios in the room that the limits give; `now` is the node in work."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self.limits = limits
        self.room = Room(limits.bits)
        self.scalars = exact_namespace(self.room)
        self.now = 0

    def literal(self, literal: str, node: int) -> Any:
        """Return the fraction that a numeral is."""
        if literal in CONSTANTS or literal == "nan":
            return NoValue(IRRATIONAL, node=node)
        ratio = read_numeral(literal, self.room)
        return ratio.at(node) if isinstance(ratio, NoValue) else ratio

    def taken(self, value: Any) -> Any:
        """Return a value of a node as the rules take it."""
        ratio = lambda element: as_ratio(element, self.room)
        return _each(ratio, getattr(value, "shape", ()), value)


class ExactSweep(Sweep):
    """Both passes over ratios, and arrays of them.

    >>> from cgcli.program import parse
    >>> graph = parse("x^2/3").graph()
    >>> sweep = ExactSweep(Ratios(), graph)
    >>> leaves = {0: Ratio(1, 2), **{node: Ratio(int(graph.constants[node])) for node in (1, 3)}}
    >>> sweep.forward(leaves)[graph.output]
    Ratio(1, 12)
    >>> sweep.backward(graph.output, graph.dependents([0]), Ratio(1))[0]
    Ratio(1, 3)
    """

    def __init__(self, ratios: Ratios, graph: Graph, values: Any = None) -> None:
        super().__init__(graph, ratios.scalars, values)
        self._ratios = ratios
        self._doubles: list[Any] | None = None

    def value(self, node: int, parts: list[Any]) -> Any:
        """Return a value; of what has no value there is none, but for a choice."""
        self._ratios.now = node
        return super().value(node, parts)

    def run(self, node: int, rule: Rule, *numbers: Any) -> Any:
        """Return a rule's result; what acts on each element is run over each by itself."""
        if self.graph.operations[node].elementwise:
            return self._elementwise(node, rule, numbers)
        compute = functools.partial(rule, self.book(node), *numbers)
        return self.attempt(node, node, compute, backward=False)

    def attempt(
        self, node: int, since: int, compute: Callable[[], Any], *, backward: bool = True
    ) -> Any:
        """Return what is computed for a node; all of it is missing where a decision hangs on it."""
        from cgcli.numbers.objects import filled

        try:
            return compute()
        except NoValueError as error:
            return filled(error.cause.at(since, backward), self.graph.shape(node))

    def _elementwise(self, node: int, rule: Rule, numbers: Sequence[Any]) -> Any:
        # A choice may have a part without a value; of all others that is the result's end.
        choice = self.graph.operations[node].reaches is not None

        def of_numbers(*elements: Any) -> Any:
            lacking = [] if choice else [e for e in elements if isinstance(e, NoValue)]
            return lacking[0] if lacking else run(rule, self.m, *elements)

        return _each(of_numbers, self.graph.shape(node), *numbers)

    def settle(self, node: int, result: Any, parts: Sequence[Any]) -> Any:
        """Return a value, which says where it is missing since when."""
        return self._placed(node, result, backward=False)

    def _placed(self, node: int, result: Any, *, backward: bool) -> Any:
        def placed(element: Any) -> Any:
            ratio = as_ratio(element, self._ratios.room)
            return ratio.at(node, backward) if isinstance(ratio, NoValue) else ratio

        if getattr(result, "shape", None) == ():
            # NumPy returns a number as an array of no axes, or as such.
            result = result[()]
        return _each(placed, getattr(result, "shape", ()), result)

    def send(self, node: int, places: Sequence[int], upstream: Any) -> Iterable[tuple[int, Any]]:
        """Return what a node sends; nothing where nothing reaches it."""
        self._ratios.now = node
        return () if upstream is NOTHING else super().send(node, places, upstream)

    def asked(self, node: int) -> list[Any]:
        """Return the arguments of a choice; what is no fraction is taken to equal none."""
        c, *parts = [self.part(argument) for argument in self.graph.arguments[node]]
        condition, *_ = super().asked(node)
        if condition is c:
            return [c, *parts]
        lacking = [self._is_nan(argument) for argument in self.graph.arguments[node][1:]]
        return [_each(_known_beside, self.graph.shape(node), condition, c, *lacking), *parts]

    def _is_nan(self, node: int) -> Any:
        """Return where a value that is no fraction would be NaN among doubles, and no infinity."""
        if self._doubles is None:
            from cgcli.calculus.forward import forward

            inputs = {
                name: _doubles(self.values[place]) for name, place in self.graph.inputs.items()
            }
            self._doubles = forward(self.graph, inputs)
        value = self._doubles[node]
        return value != value

    def partials(self, node: int, places: Sequence[int], parts: list[Any]) -> list[Any]:
        """Return the local derivatives, which say where they are missing since when."""
        rules, numbers = self.graph.operations[node].partials, [self.part(node), *parts]
        if isinstance(rules, tuple):
            partials = [self.run(node, rules[place], *numbers) for place in places]
        else:
            every, shape = self._elementwise(node, rules, numbers), self.graph.shape(node)
            partials = [_each(functools.partial(_at, place), shape, every) for place in places]
        return [self._placed(node, partial, backward=True) for partial in partials]

    def tainted(self, node: int) -> bool:
        """Whether a value, or an element of it, is no fraction."""
        value = self.part(node)
        elements = value.flat if hasattr(value, "flat") else (value,)
        return any(isinstance(element, NoValue) for element in elements)

    def limit(self, sent: Any, reached: Any) -> Any:
        """Return a contribution where it is reached."""
        shape = getattr(sent, "shape", ())
        return sent if reached is True else _each(_reached, shape, sent, reached)

    def reduce(self, sent: Any, node: int, argument: int) -> Any:
        """Return a contribution in its argument's shape; None where no element is reached."""
        sent = self._placed(node, sent, backward=True)
        reduced = super().reduce(sent, node, argument)
        if not self.graph.shape(argument):
            return None if reduced is NOTHING else reduced
        return None if unreached(reduced).all() else reduced


def _each(function: Callable[..., Any], shape: Shape, *parts: Any) -> Any:
    """Return what a function of numbers gives, at every element where there is a shape."""
    if not shape:
        return function(*parts)
    from cgcli.numbers.objects import mapped

    return mapped(function, shape, *parts)


def _at(place: int, partials: Any) -> Any:
    return partials[place] if type(partials) is list else partials


def _known_beside(condition: Any, c: Any, *is_nan: Any) -> Any:
    """Return a choice's condition: the one at the point where a branch is irrational, or infinite.

    It is none where a branch is NaN, and then the gradient is none either.
    """
    return c if isinstance(condition, NoValue) and not any(is_nan) else condition


def _doubles(value: Any) -> Any:
    """Return the double nearest to a ratio, or the array of them; NaN for what has no value."""
    if getattr(value, "shape", ()):
        import numpy as np

        return np.array([_doubles(element) for element in value.flat]).reshape(value.shape)
    return math.nan if isinstance(value, NoValue) else float(value)


def _reached(sent: Any, reached: Any) -> Any:
    return reached if isinstance(reached, NoValue) else sent if reached else NOTHING


def unreached(value: Any) -> Any:
    """Return where a gradient was not sent, for the elements of an array."""
    from cgcli.numbers.objects import lift

    return lift(lambda element: element is NOTHING, 1)(value).astype(bool)


def handed_out(value: Any) -> Any:
    """Return ratios as fractions; where a gradient was not sent it is 0."""
    if type(value) is Ratio:
        return value.fraction()
    if value is NOTHING:
        return Fraction(0)
    shape = getattr(value, "shape", ())
    return _each(handed_out, shape, value) if shape else value
