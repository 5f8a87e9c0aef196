"""Whether the two ways to the same gradients meet: the rules over balls, and power series.

The second way is one pass forward, which reads no derivative of ours. Every node v is moved by
r·t, for a number r of its own, and the operations are done from their definitions. By the chain
rule the output then moves by the sum of r·∂f/∂v over all nodes, so that one pass checks every
gradient of the backward pass at once (Griewank & Walther, Evaluating Derivatives, 2nd ed.,
chapter 3.1, on forward mode).
"""

from __future__ import annotations

import functools
import random
from collections.abc import Mapping
from typing import Any, Final

from flint import arb

from cgcli.calculus.proved import BallSweep
from cgcli.calculus.sweep import Sweep
from cgcli.errors import FaultError, excerpt
from cgcli.graph.graph import Graph
from cgcli.graph.text import formula
from cgcli.numbers.balls import ABSENT, INFINITE, VOIDED, Ball, UndecidedError
from cgcli.numbers.certified import terms
from cgcli.numbers.elements import by_element, elements, filled
from cgcli.numbers.jets import Jet, constant, nowhere
from cgcli.numbers.series import DEFINITIONS, JETS
from cgcli.operations.shapes import size

_FINE: Final = arb(2) ** -40
_LEAST: Final = arb(2) ** -1074


class DisagreementError(FaultError):
    """Two proofs of one number contradict each other: a fault in a rule, or in a definition."""


class _Moving(Sweep):
    """The pass forward over numbers that move, at the precision of `flint.ctx.prec`.

    `steps` has for a node how much it moves by itself: a number, or an array of them.
    """

    def __init__(self, graph: Graph, steps: Mapping[int, Any]) -> None:
        super().__init__(graph, JETS)
        self._steps = steps

    def of(self, leaves: Mapping[int, Any]) -> list[Any]:
        """Return every node as a number that moves, or an array of them; `leaves` are balls."""
        with terms(2):
            still = {node: by_element(constant, leaf) for node, leaf in leaves.items()}
            return self.forward({node: self._moved(node, leaf) for node, leaf in still.items()})

    def value(self, node: int, parts: list[Any]) -> Any:
        """Do one operation by its definition."""
        operation = self.graph.operations[node]
        try:
            if not operation.elementwise:
                return self._moved(node, super().value(node, parts))
            rule = functools.partial(operation.value, self.m)
            return self._moved(node, by_element(DEFINITIONS.get(operation.name, rule), *parts))
        except UndecidedError:
            return filled(nowhere(), self.graph.shape(node))

    def _moved(self, node: int, number: Any) -> Any:
        step = self._steps.get(node)
        return number if step is None else by_element(Jet.moved, number, step)


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
        shape, active, weights = self.graph.shape(self.of), self.active, [arb(1)]
        if shape:
            from cgcli.numbers.objects import arranged

            chance = random.Random(7)  # noqa: S311  # no secret
            weights = [arb(chance.uniform(1, 2)) for _ in range(size(shape))]
            active = self.graph.dependents(self.sources)
            if not active[self.of]:
                return True
            seed = arranged([Ball(weight) for weight in weights], shape)
            gradients = BallSweep(self.graph, values).backward(self.of, active, seed)
        steps, expected = self._steps(gradients, active)
        moved = _Moving(self.graph, steps).of(leaves)
        for node, pair in enumerate(zip(values, moved, strict=True)):
            for element, jet in zip(*map(elements, pair), strict=True):
                known = _known(element) and jet.value.is_finite()
                if known and not element.value.overlaps(jet.value):
                    raise self._error(f"the value of {self._name(node)}")
        if not all(map(_known, elements(values[self.of]))):
            # An output that is no number does not move, and its verdict says so.
            return True
        slope = self._slope(moved, weights)
        if slope.is_finite() and expected.is_finite() and not slope.overlaps(expected):
            raise self._located(leaves, gradients, steps, weights)
        # The largest part that any gradient has in it is about 1.
        near = slope.is_finite() and slope.rad() < _FINE and expected.rad() < _FINE
        return bool(near) and self._close(values[self.of], moved[self.of])

    def _slope(self, moved: list[Any], weights: list[Any]) -> Any:
        """Return how much the output moves, or the combination of its elements."""
        jets = elements(moved[self.of])
        return sum((w * jet.slope for w, jet in zip(weights, jets, strict=True)), arb(0))

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

    def _close(self, value: Any, moved: Any) -> bool:
        for element, jet in zip(elements(value), elements(moved), strict=True):
            other = jet.value
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
        steps: dict[int, Any],
        weights: list[Any],
    ) -> DisagreementError:
        """Return the error for the node nearest to the output whose gradient is contradicted."""
        for node in sorted(steps, reverse=True):
            moved = _Moving(self.graph, {node: steps[node]}).of(leaves)
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


def _step(chance: random.Random, gradient: Any) -> Any:
    """A random number between 1 and 2, of either sign, over about the size of a gradient."""
    step = arb(chance.uniform(1, 2) * chance.choice((-1, 1)))
    if gradient.contains(arb(0)):
        return step
    mantissa, exponent = gradient.mid().man_exp()
    return step * arb(2) ** -arb(exponent + mantissa.bit_length())
