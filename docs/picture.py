"""Draw the pictures of the README: what a terminal shows of two commands, and a graph; and pages.

Run it from the checkout: ``python docs/picture.py`` writes them beside this file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from cgcli import parse
from cgcli.calculus.explain import Explanation
from cgcli.calculus.result import Result
from cgcli.views import table
from cgcli.views.catalogue import catalogue
from cgcli.views.drawing.draw import Drawing
from cgcli.views.drawing.scene import Picture
from cgcli.views.page.page import as_page
from cgcli.views.signs import PLAIN
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.show import print_on
from cgcli.views.trace.writing import Shown, Wanted

EXAMPLE = "p = x + y; g = p*z"
NEURON = "1/(1 + exp(-(w*x + b)))"
LEARNING = "p = sigmoid(w*x + b)\ncost = (p - y)^2"
RECURRENT = """h[0] = 0
for t in 0..2 { h[t+1] = tanh(w*h[t] + u*x[t]) }
cost = (h[3] - y)^2"""


def evaluated(text: str, **values: float) -> Result:
    """Return a program's result at a point."""
    return parse(text).evaluate(values)


def terminal(command: str, show: Callable[[Any], None], width: int) -> str:
    """Return an SVG of the command and of what it prints on a terminal."""
    out = Console(
        record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    out.print(Text(f"$ {command}"))
    show(out)
    drawn = out.export_svg(title="cgraph", theme=MONOKAI, unique_id="cgraph")
    # No font is fetched from anywhere: the reader's own monospace one will do.
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


def eval_picture() -> str:
    """Return the table of the first example."""
    result = evaluated("(x+y)*z", x=1, y=3, z=-3)
    command = 'cgraph eval "(x+y)*z" x=1 y=3 z=-3'
    return terminal(command, lambda out: table.print_result(result, 6, 0, out), 46)


def trace_picture() -> str:
    """Return the steps of the same example."""
    lines = Lines(Explanation(evaluated(EXAMPLE, x=1, y=3, z=-3)), PLAIN, Shown())
    command = f'cgraph trace "{EXAMPLE}" x=1 y=3 z=-3'
    return terminal(command, lambda out: print_on(out, lines, catalogue("en")), 60)


def graph_picture() -> str:
    """Return the graph of a neuron."""
    result = evaluated(NEURON, w=2, x=-1, b=3)
    return Drawing(result.graph, result, Picture()).svg()


def page(title: str, result: Result) -> str:
    """Return the page of a result."""
    pieces = as_page(Explanation(result), Wanted("page", title=title), catalogue("en"))
    return "".join(pieces)


def seed_page() -> str:
    """Return the page of the first example."""
    return page("A first graph", evaluated(EXAMPLE, x=1, y=3, z=-3))


def neuron_page() -> str:
    """Return the page of a neuron and its cost."""
    at = {"w": 0.7, "x": -1.3, "b": 0.25, "y": 1.0}
    return page("A neuron learns", parse(LEARNING).evaluate(at, wrt=["w", "b"]))


def recurrent_page() -> str:
    """Return the page of three turns of a loop with shared weights."""
    at = {"w": 0.5, "u": -0.8, "x": [1.0, 2.0, -1.0], "y": 1.0}
    title = "Three steps of a recurrent net"
    return page(title, parse(RECURRENT).evaluate(at, wrt=["w", "u"]))


PAGES = {"seed.html": seed_page, "neuron.html": neuron_page, "recurrent.html": recurrent_page}
PICTURES = {"eval.svg": eval_picture, "trace.svg": trace_picture, "graph.svg": graph_picture}

if __name__ == "__main__":
    for name, made in PAGES.items():
        Path(__file__).with_name("pages").joinpath(name).write_text(made(), encoding="utf-8")
    for name, picture in PICTURES.items():
        Path(__file__).with_name(name).write_text(picture(), encoding="utf-8")
