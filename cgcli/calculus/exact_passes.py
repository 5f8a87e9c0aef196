"""The sweep over ratios: where there is no fraction stands a `NoValue`."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from cgcli.calculus.sweep import Sweep, Trail
from cgcli.graph.graph import Graph
from cgcli.numbers.elements import by_double, by_element, elements, filled
from cgcli.numbers.exact import run
from cgcli.numbers.missing import IRRATIONAL, NOTHING, NoValue, NoValueError
from cgcli.numbers.namespace import Namespace
from cgcli.numbers.numerals import read_numeral
from cgcli.numbers.ratio import Ratio, Room, as_ratio
from cgcli.operations.row import Rule
from cgcli.operations.table import CONSTANTS


def literal(text: str, node: int, room: Room) -> Any:
    """Return the fraction that a constant's text is; what has none says so, since its node."""
    if text in CONSTANTS or text == "nan":
        return NoValue(IRRATIONAL, node=node)
    ratio = read_numeral(text, room)
    return ratio.at(node) if isinstance(ratio, NoValue) else ratio


def taken(value: Any, room: Room) -> Any:
    """Return fractions as the rules take them: ratios in a room."""
    return by_element(functools.partial(as_ratio, room=room), value)


def handed_out(value: Any) -> Any:
    """Return ratios as fractions; where a gradient was not sent it is 0."""
    if type(value) is Ratio:
        return value.fraction()
    if value is NOTHING:
        return Fraction(0)
    return by_element(handed_out, value) if getattr(value, "shape", ()) else value


class ExactSweep(Sweep):
    """Both passes over ratios, and arrays of them; the room of the namespace bounds their work.

    >>> from cgcli.numbers.exact import EXACT
    >>> from cgcli.program import parse
    >>> graph = parse("x^2/3").graph()
    >>> sweep = ExactSweep(graph, EXACT)
    >>> leaves = {0: Ratio(1, 2), **{node: Ratio(int(graph.constants[node])) for node in (1, 3)}}
    >>> sweep.forward(leaves)[graph.output]
    Ratio(1, 12)
    >>> sweep.backward(graph.output, graph.dependents([0]), Ratio(1))[0]
    Ratio(1, 3)
    """

    def __init__(
        self, graph: Graph, m: Namespace, values: Any = None, trail: Trail | None = None
    ) -> None:
        super().__init__(graph, m, values)
        self._room: Room = m.room
        self._masks = {} if trail is None else trail.masks
        self._doubles: list[Any] | None = None

    def run(self, node: int, rule: Rule, *numbers: Any) -> Any:
        """Return a rule's result; what acts on each element is run over each by itself.

        Of what has no value there is none, but for a choice. A rule of no numbers states an array.
        """
        self._room.node = node
        if self.graph.operations[node].elementwise and numbers:
            return self._elementwise(node, rule, numbers)
        compute = functools.partial(rule, self.book(node), *numbers)
        return self.attempt(node, node, compute, backward=False)

    def attempt(
        self, node: int, since: int, compute: Callable[[], Any], *, backward: bool = True
    ) -> Any:
        """Return what is computed for a node; all of it is missing where a decision hangs on it."""
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

        tensor = node in self.graph.tensors
        return by_element(of_numbers, *numbers) if tensor else of_numbers(*numbers)

    def settle(self, node: int, result: Any, parts: Sequence[Any]) -> Any:
        """Return a value, which says where it is missing since when."""
        return self._placed(node, result, backward=False)

    def _placed(self, node: int, result: Any, *, backward: bool) -> Any:
        def placed(element: Any) -> Any:
            ratio = as_ratio(element, self._room)
            return ratio.at(node, backward) if isinstance(ratio, NoValue) else ratio

        return by_element(placed, result) if node in self.graph.tensors else placed(result)

    def send(self, node: int, places: Sequence[int], upstream: Any) -> Iterable[tuple[int, Any]]:
        """Return what a node sends; nothing where nothing reaches it."""
        self._room.node = node
        return () if upstream is NOTHING else super().send(node, places, upstream)

    def asked(self, node: int) -> list[Any]:
        """Return the arguments of a choice; what is no fraction is taken to equal none."""
        condition, *parts = super().asked(node)
        if self.choices.sides(node) is None:
            return [condition, *parts]
        c, *branches = self.graph.arguments[node]
        lacking = map(self._is_nan, branches)
        return [by_element(_known_beside, condition, self.part(c), *lacking), *parts]

    def _is_nan(self, node: int) -> Any:
        """Return where a value that is no fraction would be NaN among doubles, and no infinity."""
        if self._doubles is None:
            from cgcli.calculus.passes import forward

            inputs = {
                name: doubles(self.values[place]) for name, place in self.graph.inputs.items()
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
            every = self._elementwise(node, rules, numbers)
            partials = [by_element(functools.partial(_at, place), every) for place in places]
        return [self._placed(node, partial, backward=True) for partial in partials]

    def tainted(self, node: int) -> bool:
        """Whether a value, or an element of it, is no fraction."""
        return any(isinstance(element, NoValue) for element in elements(self.part(node)))

    def contribution(self, node: int, place: int, upstream: Any) -> Any:
        """Return what a node sends; the masks tell which elements of upstream are none."""
        up = taken(upstream, self._room)
        if node in self._masks:
            up = by_element(_reached, up, self._masks[node])
        return super().contribution(node, place, up)

    def deliver(self, node: int, place: int, sent: Any, reached: Any) -> Any:
        """Return a contribution where it is reached, in its argument's shape."""
        sent = sent if reached is True else by_element(_reached, sent, reached)
        return super().deliver(node, place, sent, reached)

    def reduce(self, sent: Any, node: int, argument: int) -> Any:
        """Return a contribution in its argument's shape; None where no element is reached."""
        sent = self._placed(node, sent, backward=True)
        reduced = super().reduce(sent, node, argument)
        if not self.graph.shape(argument):
            return None if reduced is NOTHING else reduced
        return None if unreached(reduced).all() else reduced


def _at(place: int, partials: Any) -> Any:
    return partials[place] if type(partials) is list else partials


def _known_beside(condition: Any, c: Any, *is_nan: Any) -> Any:
    """Return a choice's condition: the one at the point where a branch is irrational, or infinite.

    It is none where a branch is NaN, and then the gradient is none either.
    """
    return c if isinstance(condition, NoValue) and not any(is_nan) else condition


def doubles(value: Any) -> Any:
    """Return the doubles nearest to fractions, or ratios; NaN for what has no value."""
    return by_double(_double, value)


def _double(value: Any) -> float:
    if isinstance(value, NoValue):
        return math.nan
    # A fraction that is beyond the doubles is no float, and a ratio is an infinite one.
    return value if isinstance(value, float) else float(as_ratio(value))


def _reached(sent: Any, reached: Any) -> Any:
    return reached if isinstance(reached, NoValue) else sent if reached else NOTHING


def unreached(value: Any) -> Any:
    """Return where a gradient was not sent, for the elements of an array."""
    from cgcli.numbers.objects import lift

    return lift(lambda element: element is NOTHING, 1)(value).astype(bool)
