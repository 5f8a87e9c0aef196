"""Right chains of equalities: a formula, the numbers put in, a result, as an oracle works them out.

The local derivatives are the tape's; nothing is shared with the program under test.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

import numpy as np

from tests.homework.problems import PROBLEMS
from tests.homework.tape import Work

SCALAR = {
    key: problem
    for key, problem in PROBLEMS.items()
    if all(np.ndim(value) == 0 for value in Work(problem).values.values())
}
"""The problems of numbers alone."""


class Chain(NamedTuple):
    """A question, its formula, the numbers put in, and the result."""

    left: str
    formula: str
    put_in: str
    result: str

    def text(self, rng: random.Random) -> str:
        """The chain as a line, now and then without its formula or the numbers put in."""
        parts = [part for part in (self.formula, self.put_in) if part and rng.random() < 0.8]
        return " = ".join([self.left, *parts, self.result])


def digits(number: float, count: int, mode: str) -> str:
    """A number with so many significant digits, written out."""
    exact = Decimal(repr(float(number)))
    if not exact:
        return "0"
    quantum = Decimal(1).scaleb(exact.adjusted() - count + 1)
    return format(exact.quantize(quantum, mode), "f" if quantum <= 1 else "e")


def bracketed(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


SIGNS = ("*", " * ", " · ", " × ")


class Writer:
    """How one student writes: derivatives, signs of multiplication, and digits."""

    def __init__(self, rng: random.Random, output: str) -> None:
        self.rng = rng
        self.output = output
        self.times = rng.choice(SIGNS)
        self.digits = rng.choice([2, 3, 4, 5, 6])
        self.cuts = rng.random() < 0.3
        self.style = rng.choice(["d", "∂", "frac"])

    def derivative(self, of: str, by: str) -> str:
        if self.style == "frac":
            return rf"\frac{{\partial {of}}}{{\partial {by}}}"
        return f"{self.style}{of}/{self.style}{by}"

    def number(self, value: float, put_in: bool = False) -> str:
        """Short numbers as they are, others rounded, or cut off where they are `put_in`."""
        whole = repr(float(value)).removesuffix(".0")
        if len(whole) <= 5 and "e" not in whole:
            return whole
        return digits(value, self.digits, ROUND_DOWN if put_in and self.cuts else ROUND_HALF_EVEN)


def value_chain(work: Work, name: str, writer: Writer) -> Chain | None:
    """`p = x * y = 1.37 * 2.19 = 3.0003`, where the step is one that can be put in so."""
    step = work.problem.step(name)
    assert step is not None
    if step.op == "where":
        return None
    args = [arg if isinstance(arg, str) else f"{arg:g}" for arg in step.args]
    numbers = [
        writer.number(work.values[arg], True) if isinstance(arg, str) else f"{arg:g}"
        for arg in step.args
    ]
    template: Callable[..., str]
    if step.op in "+-*/^":
        sign = writer.times if step.op == "*" else f" {step.op} "
        template = lambda a, b: f"{bracketed(a)}{sign}{bracketed(b)}"
    elif step.op == "neg":
        template = lambda a: f"-{bracketed(a)}"
    else:
        template = lambda *parts: f"{step.op}({', '.join(parts)})"
    put_in = template(*numbers)
    return Chain(name, template(*args), put_in, writer.number(work.values[name]))


def gradient_chain(work: Work, node: str, writer: Writer) -> Chain | None:
    """`dg/dx = dg/dp * dp/dx = -0.83 * 1 = -0.83`, a product a use; None for a node used twice."""
    uses = list(work.uses(node, work.gradients))
    if not uses or len({use.step.name for use in uses}) < len(uses):
        return None
    output = work.problem.output
    formulas, numbers = [], []
    for use in uses:
        factors = [writer.derivative(output, use.step.name), writer.derivative(use.step.name, node)]
        put_in = [writer.number(use.upstream, True), writer.number(use.slope, True)]
        if use.step.name == output:
            factors, put_in = factors[1:], put_in[1:]
        formulas.append(writer.times.join(factors))
        numbers.append(writer.times.join(map(bracketed, put_in)))
    result = writer.number(work.gradients[node])
    left = writer.derivative(output, node)
    return Chain(left, " + ".join(formulas), " + ".join(numbers), result)


def chains(work: Work, rng: random.Random) -> list[tuple[str, Chain]]:
    """All chains of a working, by the left side as the program writes it."""
    writer = Writer(rng, work.problem.output)
    found: list[tuple[str, Chain]] = []
    for step in work.problem.steps:
        chain = value_chain(work, step.name, writer)
        if chain:
            found.append((step.name, chain))
    for node in work.gradients:
        if node != work.problem.output:
            chain = gradient_chain(work, node, writer)
            if chain:
                found.append((work.problem.gradient(node), chain))
    return found
