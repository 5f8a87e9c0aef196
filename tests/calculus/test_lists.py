"""What a list of n elements costs, counted: n steps in every pass, and not n squared."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from types import FrameType
from typing import Any

import pytest

import cgcli
from cgcli.calculus.exactly import Exactly
from cgcli.calculus.explain import Explanation
from cgcli.numbers.parts import Parts

SHAPES: dict[str, Callable[[int], str]] = {
    "comprehension": lambda n: f"sum([x*t for t in 1..{n}])",
    "literal": lambda n: f"sum([{', '.join(f'x*{k}' for k in range(n))}])",
    "elements": lambda n: f"v = [x*t for t in 1..{n}]; sum([v[t]*v[t] for t in 0..{n - 1}])",
    "rows": lambda n: f"M = [[x, t] for t in 1..{n}]; sum([sum(M[t]) for t in 0..{n - 1}])",
    "extreme": lambda n: f"max({', '.join(f'x*{k}' for k in range(n))})",
    "ends": lambda n: f"sum(concat({', '.join(f'x*{k}' for k in range(n))}))",
    "choices": lambda n: f"sum([where(x > t, x*t, t) for t in 1..{n}])",
    "nested": lambda n: f"sum([sum([x*t*u for t in 1..10]) for u in 1..{n // 10}])",
}


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count the lines of Python that run, and the values that rules look up or are given."""
    steps = [0]
    one, every = Parts.__getitem__, Parts.__iter__

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        steps[0] += 1
        return trace

    def get(self: Parts, place: Any) -> Any:
        steps[0] += 1
        return one(self, place)

    def walk(self: Parts) -> Any:
        steps[0] += len(self)
        return every(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Parts, "__getitem__", get)
        patch.setattr(Parts, "__iter__", walk)
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            yield steps
        finally:
            sys.settrace(before)


def floats(text: str) -> None:
    cgcli.parse(text).evaluate(x=1.5)


def fractions(text: str) -> None:
    graph = cgcli.parse(text).graph({})
    Exactly().evaluate(graph, {"x": Fraction(3, 2)})


def explained(text: str) -> None:
    for _ in Explanation(cgcli.parse(text).evaluate(x=1.5)).backward():
        pass


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("way", [floats, fractions, explained])
def test_twice_the_elements_are_twice_the_steps(way: Callable[[str], None], shape: str) -> None:
    if way is explained and shape in ("extreme", "ends"):
        pytest.skip("each use is explained by itself, and counts the ties or the parts again")
    counts = []
    way(SHAPES[shape](100))  # what is imported and cached once
    for size in (100, 200):
        with counted() as steps:
            way(SHAPES[shape](size))
        counts.append(steps[0])
    assert counts[1] <= 2.2 * counts[0], counts
