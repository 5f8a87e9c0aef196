"""Rows that the language lacks, planted before the table is made, and the command line over them.

`python -m tests.operations.planting` reads a list of command lines as JSON, runs them in this
process, in a folder of its own, and prints what each of them left: its status and both streams.
Standard input may name files to be written there first.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from cgcli.operations import shapes, special, tensors
from cgcli.operations.arity import Unary
from cgcli.operations.row import Domain, Kink, Operation

SCALARS: Final = (
    Unary(
        name="hav",
        value=lambda m, x: m.pow(m.sin(x / 2), 2),
        partials=(lambda m, y, x: m.sin(x) / 2,),
        angle="argument",
        summary="haversine: sin(x/2)^2",
    ),
    Unary(
        name="ledge",
        value=lambda m, x: m.sqrt(m.sqrt(x)),
        partials=(lambda m, y, x: 1 / (4 * y * y * y),),
        textbook=(lambda m, y, x: 1 / (4 * m.pow(y, 3)),),
        latex=r"\sqrt[4]{<x>}",
        domain=Domain(lambda m, x: x >= 0, "{x} must not be negative"),
        kinks=(
            Kink(lambda m, x: x == 0, lambda m, x: ((None, m.inf),), "a vertical tangent at 0"),
        ),
        summary="fourth root",
    ),
    Unary(
        name="tent",
        value=lambda m, x: 1 - m.abs(x),
        partials=(lambda m, y, x: -m.sign(x),),
        kinks=(Kink(lambda m, x: x == 0, lambda m, x: ((1, -1),), "a corner at 0"),),
        summary="1 - abs(x)",
        convention="the derivative at 0 is 0",
    ),
)
TENSORS: Final = (
    Operation(
        name="runsum",
        value=lambda m, x: m.cumsum(x),
        pullback=lambda m, k, up, y, arguments, static: m.cumsum(up, backwards=True),
        tangent=lambda d, moves, y, arguments, static: d.cumsum(moves[0]),
        shape=shapes.running,
        summary="for every element of a vector the sum up to it",
        pullback_words=("each element takes the sum of the upstream gradient from its place on",),
    ),
    Operation(
        name="energy",
        value=lambda m, x: m.sum(x * x) / 2,
        pullback=lambda m, k, up, y, arguments, static: up * arguments[0],
        tangent=lambda d, moves, y, arguments, static: d.sum(moves[0] * d.alike(arguments[0])),
        shape=shapes.extreme,
        sign=">=",
        summary="half the sum of squares",
        pullback_words=("{upstream} * {x}",),
    ),
)


def plant() -> None:
    """Put each row into its file's tuple; the table is made of these when it is imported."""
    assert "cgcli.operations.table" not in sys.modules
    special.SPECIAL = (*special.SPECIAL, *SCALARS)  # type: ignore[misc,assignment]
    tensors.TENSORS = (*tensors.TENSORS, *TENSORS)  # type: ignore[misc]


def ran(arguments: list[str]) -> dict[str, Any]:
    """Return what a command line leaves: its status, and both streams, or the file it wrote."""
    from cgcli.commands.app import run

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(arguments)
    drawn = arguments[arguments.index("-o") + 1] if "-o" in arguments else ""
    shown = Path(drawn).read_text(encoding="utf-8") if drawn else out.getvalue()
    return {"status": status, "out": shown, "err": err.getvalue()}


def calls(program: str, at: dict[str, Any], rows: str) -> dict[str, Any]:
    """Return what the library gives: at a point, of a compiled function, and of one over rows."""
    import numpy as np

    import cgcli

    graph = cgcli.parse(program)
    result = graph.evaluate(at)
    stacked = {name: np.stack([x, x]) if name == rows else x for name, x in at.items()}
    results = [result, graph.function()(at), graph.function(rows=[rows])(stacked)]
    numbers = [(one.value, one.gradient[rows]) for one in results]
    return {"numbers": [[np.asarray(number).tolist() for number in pair] for pair in numbers]}


def main() -> None:
    """Run what standard input asks for."""
    asked = json.load(sys.stdin)
    plant()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, text in asked["files"].items():
            Path(name).write_text(text, encoding="utf-8")
        answers = [ran(line) for line in asked["lines"]]
        answers += [calls(*call) for call in asked["calls"]]
        os.chdir("/")
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
