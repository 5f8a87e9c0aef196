"""Every way to ask for a value and a gradient, as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.concordance.asking import Question, Reply
from tests.concordance.exported import exported, paged
from tests.concordance.files import mapped, predict, train
from tests.concordance.library import (
    as_vectors,
    evaluate,
    exactly,
    function,
    function_of_rows,
    native,
    native_rows,
)
from tests.concordance.shell import (
    check,
    command_line,
    draw,
    exact_command,
    formulas,
    precision,
    trace,
    verify,
)


class Way(NamedTuple):
    """A way to ask: `numbers` are doubles, fractions, proved, digits or labels."""

    name: str
    ask: Callable[[Question], list[Reply | None]]
    numbers: str = "doubles"
    cost: int = 1
    """About what a program costs, in milliseconds, to choose how often it is asked."""
    loose: bool = False
    """Whether 1e-9 is near enough, where what is computed on the way stays in 1e-150 to 1e150."""


WAYS: tuple[Way, ...] = (
    Way("eval", evaluate),
    Way("vectors", as_vectors),
    Way("function", function, cost=2),
    Way("rows", function_of_rows, cost=2),
    Way("native", native, cost=500),
    Way("native rows", native_rows, cost=500),
    Way("exact", exactly, "fractions"),
    Way("command", command_line, cost=40),
    Way("exact command", exact_command, "fractions", cost=40),
    Way("verify", verify, "proved", cost=100),
    Way("precision", precision, "digits", cost=100),
    Way("trace", trace, cost=60),
    Way("check", check, "marks", cost=60),
    Way("formulas", formulas, "doubles", cost=80),
    Way("python", exported("python"), cost=20),
    Way("numpy", exported("numpy"), cost=20),
    Way("c", exported("c"), cost=100),
    Way("js", exported("js"), cost=40),
    Way("page", paged, cost=60),
    Way("sql", exported("sql"), cost=100, loose=True),
    Way("jax", exported("jax"), cost=500, loose=True),
    Way("torch", exported("torch"), cost=50, loose=True),
    Way("onnx", exported("onnx"), cost=50, loose=True),
    Way("draw", draw, "labels", cost=150),
    Way("map csv", mapped("csv"), cost=20),
    Way("map jsonl", mapped("jsonl"), cost=20),
    Way("map parquet", mapped("parquet"), cost=60),
    Way("train", train, cost=80),
    Way("predict", predict, cost=60),
)
