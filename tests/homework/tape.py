"""Right values and right gradients of small programs, from rules written down here.

Nothing is shared with the program under test: statements are read by splitting them at blanks,
and each operation's value and local derivatives stand in one table. A student's working is the
same two passes with some answers replaced, each later answer computed from the earlier ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Number = Any
"""A NumPy float, vector or matrix."""


class Rule(NamedTuple):
    value: Callable[..., Number]
    slopes: tuple[Callable[..., Number] | None, ...]
    """The local derivative by each argument, of the arguments and the output."""
    in_output: Mapping[int, Callable[..., Number]] = {}
    """The same where a textbook writes it in the output."""


def sigmoid(x: Number) -> Number:
    return 1 / (1 + np.exp(-x))


def share(mine: Number, other: Number) -> Number:
    return 1.0 * (mine > other) + 0.5 * (mine == other)


RULES: dict[str, Rule] = {
    "+": Rule(lambda a, b: a + b, (lambda a, b, y: 1.0, lambda a, b, y: 1.0)),
    "-": Rule(lambda a, b: a - b, (lambda a, b, y: 1.0, lambda a, b, y: -1.0)),
    "*": Rule(lambda a, b: a * b, (lambda a, b, y: b, lambda a, b, y: a)),
    "/": Rule(
        lambda a, b: a / b,
        (lambda a, b, y: 1 / b, lambda a, b, y: -a / b**2),
        {1: lambda a, b, y: -y / b},
    ),
    "^": Rule(lambda x, n: x**n, (lambda x, n, y: n * x ** (n - 1), None)),
    "neg": Rule(lambda x: -x, (lambda x, y: -1.0,)),
    "exp": Rule(np.exp, (lambda x, y: np.exp(x),), {0: lambda x, y: y}),
    "log": Rule(np.log, (lambda x, y: 1 / x,)),
    "log10": Rule(np.log10, (lambda x, y: 1 / (x * np.log(10)),)),
    "log2": Rule(np.log2, (lambda x, y: 1 / (x * np.log(2)),)),
    "sqrt": Rule(np.sqrt, (lambda x, y: 1 / (2 * np.sqrt(x)),), {0: lambda x, y: 1 / (2 * y)}),
    "sin": Rule(np.sin, (lambda x, y: np.cos(x),)),
    "cos": Rule(np.cos, (lambda x, y: -np.sin(x),)),
    "tan": Rule(np.tan, (lambda x, y: 1 / np.cos(x) ** 2,)),
    "tanh": Rule(np.tanh, (lambda x, y: 1 - np.tanh(x) ** 2,), {0: lambda x, y: 1 - y**2}),
    "sigmoid": Rule(
        sigmoid,
        (lambda x, y: sigmoid(x) * (1 - sigmoid(x)),),
        {0: lambda x, y: y * (1 - y)},
    ),
    "relu": Rule(lambda x: np.maximum(x, 0), (lambda x, y: 1.0 * (x > 0),)),
    # A wrong number can be a tie, and ties share.
    "max": Rule(np.maximum, (lambda a, b, y: share(a, b), lambda a, b, y: share(b, a))),
    "min": Rule(np.minimum, (lambda a, b, y: share(b, a), lambda a, b, y: share(a, b))),
    "clip": Rule(np.clip, (lambda x, low, high, y: 1.0 * ((low < x) & (x < high)), None, None)),
    # The condition is `s > 0`; what is asked of s is nothing, since no use of it has a slope.
    "where": Rule(
        lambda s, a, b: np.where(s > 0, a, b)[()],
        (None, lambda s, a, b, y: 1.0 * (s > 0), lambda s, a, b, y: 1.0 * (s <= 0)),
    ),
    "sum": Rule(np.sum, (lambda x, y: np.ones_like(x),)),
    "mean": Rule(np.mean, (lambda x, y: np.ones_like(x) / np.size(x),)),
    "@": Rule(np.matmul, (None, None)),
}


class Step(NamedTuple):
    name: str
    op: str
    args: tuple[str | float, ...]
    turn: int | None
    """Which turn of the loop it belongs to."""


def read(statement: str, turn: int | None = None) -> Step:
    """`p = x + y`, `m = -s`, `h = tanh(s)`, `r = where(s > 0, a, b)`: blanks as shown."""
    name, _, right = statement.partition(" = ")
    called = re.fullmatch(r"(\w+)\((.+)\)", right)
    if called:
        op, words = called[1], called[2].removesuffix(" > 0").replace(" > 0,", ",").split(", ")
    elif right.startswith("-"):
        op, words = "neg", [right[1:]]
    else:
        first, op, second = right.split()
        words = [first, second]
    args = tuple(float(word) if word[0].isdigit() else word for word in words)
    return Step(name, op, args, turn)


@dataclass(frozen=True)
class Problem:
    text: str
    at: Mapping[str, Any]
    steps: tuple[Step, ...]

    @property
    def output(self) -> str:
        return self.steps[-1].name

    def gradient(self, node: str) -> str:
        return f"d{self.output}/d{node}"

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)

    def below(self, name: str | float) -> set[str]:
        """The node itself and all that it is computed from."""
        step = self.step(name) if isinstance(name, str) else None
        found = {name} if isinstance(name, str) else set()
        return found.union(*(self.below(arg) for arg in step.args)) if step else found


class Use(NamedTuple):
    step: Step
    place: int
    upstream: Number
    slope: Number | None
    """None for a matrix product, whose local derivative is no number an element."""
    part: Number
    """The right contribution."""


def through_product(a: Number, b: Number, place: int, upstream: Number) -> Number:
    if a.ndim == b.ndim == 1:
        return upstream * (b, a)[place]
    if place == 0:
        return np.outer(upstream, b) if b.ndim == 1 else upstream @ b.T
    return a.T @ upstream


class Work:
    """Both passes of one student: right, but for the answers given in `slips`."""

    def __init__(
        self,
        problem: Problem,
        at: Mapping[str, Any] | None = None,
        slips: Mapping[str, Number] | None = None,
        *,
        in_output: bool = False,
    ) -> None:
        self.problem = problem
        self.slips = slips or {}
        self.in_output = in_output
        given = problem.at if at is None else at
        self.values = {name: np.asarray(value, float)[()] for name, value in given.items()}
        self.answers: dict[str, Number] = {}
        """By the left side, in the order of working; ends at an answer of another shape."""
        with np.errstate(all="ignore"):
            if self._forward():
                self.gradients = self.backward(problem.output)

    def _forward(self) -> bool:
        for step in self.problem.steps:
            right = RULES[step.op].value(*self.arguments(step))
            value = self.slips.get(step.name, right)
            self.answers[step.name] = self.values[step.name] = value
            if np.shape(value) != np.shape(right):
                return False
        return True

    def arguments(self, step: Step) -> list[Number]:
        return [self.values[a] if isinstance(a, str) else a for a in step.args]

    def backward(self, of: str) -> dict[str, Number]:
        """The gradients of one node by all that it depends on."""
        problem = self.problem
        asked = of == problem.output
        gradients = {of: np.float64(1)}
        for node in [*reversed([s.name for s in problem.steps]), *self.inputs()]:
            uses = list(self.uses(node, gradients))
            if not uses:
                continue
            right = sum(use.part for use in uses)
            left = problem.gradient(node)
            gradients[node] = self.slips.get(left, right) if asked else right
            if asked:
                self.answers[left] = gradients[node]
                if np.shape(gradients[node]) != np.shape(right):
                    break
        return gradients

    def inputs(self) -> list[str]:
        return [name for name in self.values if self.problem.step(name) is None]

    def uses(self, node: str, gradients: Mapping[str, Number]) -> Iterator[Use]:
        """Each place in which a node stands, in the order of the program."""
        for step in self.problem.steps:
            if node not in step.args or step.name not in gradients:
                continue
            args, upstream = self.arguments(step), gradients[step.name]
            for place, arg in enumerate(step.args):
                if arg != node:
                    continue
                if step.op == "@":
                    slope = args[1 - place] if np.ndim(upstream) == 0 else None
                    part = through_product(*args, place, upstream)
                    yield Use(step, place, upstream, slope, part)
                    continue
                rule = RULES[step.op]
                slope_of = rule.slopes[place]
                if self.in_output:
                    slope_of = rule.in_output.get(place, slope_of)
                if slope_of is not None:
                    slope = slope_of(*args, self.values[step.name])
                    slope = np.broadcast_to(slope, np.shape(args[place]))[()]
                    yield Use(step, place, upstream, slope, upstream * slope)


def near(a: Number, b: Number) -> bool:
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-9, atol=1e-12)


def written(number: Number) -> str:
    """With every digit; a minus before a zero is nothing a student writes."""
    return json.dumps((np.asarray(number) + 0.0).tolist())
