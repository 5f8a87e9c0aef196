"""Whether the two ways to the same gradients meet: the rules over balls, and power series."""

from __future__ import annotations

import random
from typing import Any, Final

from flint import arb

from cgcli.calculus.independent import forward_series, slope_of, value_of
from cgcli.calculus.proved import BallSweep
from cgcli.errors import FaultError, excerpt
from cgcli.graph.graph import Graph
from cgcli.graph.text import formula
from cgcli.numbers.balls import ABSENT, INFINITE, VOIDED, Ball
from cgcli.numbers.elements import by_element, elements
from cgcli.operations.shapes import size

_FINE: Final = arb(2) ** -40
_LEAST: Final = arb(2) ** -1074


class DisagreementError(FaultError):
    """Two proofs of one number contradict each other: a fault in a rule, or in a definition."""


class Agreement:
    """The comparison of a graph's gradients with how its output moves.

    Every node is moved by a random number over the size of its gradient, so that each gradient
    has about the same part in how the output moves, and one that is wrong to a part of 2^-40
    shows, however small it is beside the others. The numbers are the same in every run.
    """

    def __init__(self, graph: Graph, of: int, active: bytearray, sources: list[int]) -> None:
        self.graph = graph
        self.of = of
        self.active = active
        self.sources = sources

    def check(self, leaves: dict[int, Any], values: list[Any], gradients: list[Any]) -> bool:
        """Return whether all could be compared; raises `DisagreementError` where it does not meet.

        Where the output is an array, a random combination of its elements is differentiated.
        """
        weights = None
        active = self.active
        if self.graph.shape(self.of):
            weights = _weights(size(self.graph.shape(self.of)))
            active = self.graph.dependents(self.sources)
            if not active[self.of]:
                return True
            gradients = BallSweep(self.graph, values).backward(self.of, active, self._seed(weights))
        steps, expected = self._steps(gradients, active)
        moved = forward_series(self.graph, leaves, steps, len(self.graph) - 1)
        for node in range(len(self.graph)):
            self._compare_values(node, values[node], value_of(moved[node]))
        if not all(map(_known, elements(values[self.of]))):
            # An output that is no number does not move, and its verdict says so.
            return True
        slope = self._slope(moved, weights)
        if slope.is_finite() and expected.is_finite() and not slope.overlaps(expected):
            raise self._located(leaves, gradients, active, weights)
        # The largest part that any gradient has in it is about 1.
        near = slope.is_finite() and slope.rad() < _FINE and expected.rad() < _FINE
        return bool(near) and self._close(values[self.of], value_of(moved[self.of]))

    def _seed(self, weights: list[Any]) -> Any:
        from cgcli.numbers.objects import arranged

        return arranged([Ball(weight) for weight in weights], self.graph.shape(self.of))

    def _slope(self, moved: list[Any], weights: list[Any] | None) -> Any:
        slopes = slope_of(moved[self.of])
        if weights is None:
            return slopes[0]
        return sum((w * s for w, s in zip(weights, slopes, strict=True)), arb(0))

    def _steps(self, gradients: list[Any], active: bytearray) -> tuple[dict[int, Any], Any]:
        """Return how much every node is moved by itself, and how much the output then must move.

        A gradient that passed a kink is a convention, and not how anything moves: its node
        keeps still, and so does every node whose gradient is not known.
        """
        chance = random.Random(5)  # noqa: S311  # no secret
        expected = arb(0)

        def step_by(gradient: Ball) -> Any:
            nonlocal expected
            if gradient.flags & ~ABSENT or not gradient.value.is_finite():
                return arb(0)
            step = _step(chance, gradient.value)
            expected += step * gradient.value
            return step

        steps = {
            node: by_element(step_by, gradient)
            for node, gradient in enumerate(gradients)
            if gradient is not None and active[node]
        }
        return steps, expected

    def _compare_values(self, node: int, value: Any, balls: list[Any]) -> None:
        for element, other in zip(elements(value), balls, strict=True):
            if _known(element) and other.is_finite() and not element.value.overlaps(other):
                raise self._error(f"the value of {self._name(node)}")

    def _close(self, value: Any, balls: list[Any]) -> bool:
        for element, other in zip(elements(value), balls, strict=True):
            if not other.is_finite():
                return False
            # A number near 0 is only ever known to be near 0, unless it is known itself.
            fine = other.rad() < abs(other).lower() * _FINE or other.rad() < _LEAST
            if not fine and element.exact != 0:
                return False
        return True

    def _located(
        self,
        leaves: dict[int, Any],
        gradients: list[Any],
        active: bytearray,
        weights: list[Any] | None,
    ) -> DisagreementError:
        """Return the error for the node nearest to the output whose gradient is contradicted."""
        steps, _ = self._steps(gradients, active)
        for node in reversed(range(len(self.graph))):
            if node not in steps:
                continue
            moved = forward_series(self.graph, leaves, {node: steps[node]}, self.of)
            pairs = zip(elements(steps[node]), elements(gradients[node]), strict=True)
            expected = sum((step * gradient.value for step, gradient in pairs if step), arb(0))
            if not self._slope(moved, weights).overlaps(expected):
                return self._error(f"the gradient by {self._name(node)}")
        return self._error("the gradients")

    def _name(self, node: int) -> str:
        return f"{excerpt(self.graph.names[node])} = {excerpt(formula(self.graph, node))}"

    def _error(self, what: str) -> DisagreementError:
        return DisagreementError(f"two proofs of {what} contradict each other")


def _known(value: Any) -> bool:
    return not value.flags & (VOIDED | INFINITE) and bool(value.value.is_finite())


def _weights(count: int) -> list[Any]:
    chance = random.Random(7)  # noqa: S311  # no secret
    return [arb(chance.uniform(1, 2)) for _ in range(count)]


def _step(chance: random.Random, gradient: Any) -> Any:
    """A random number between 1 and 2, of either sign, over about the size of a gradient."""
    step = arb(chance.uniform(1, 2) * chance.choice((-1, 1)))
    if gradient.contains(arb(0)):
        return step
    mantissa, exponent = gradient.mid().man_exp()
    return step * arb(2) ** -arb(exponent + mantissa.bit_length())
