"""Draw the pictures of the README: what a terminal shows of two commands, and a graph.

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
from cgcli.views.signs import PLAIN
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.text import print_on
from cgcli.views.trace.writing import Shown

EXAMPLE = "p = x + y; g = p*z"
NEURON = "1/(1 + exp(-(w*x + b)))"


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


PICTURES = {"eval.svg": eval_picture, "trace.svg": trace_picture, "graph.svg": graph_picture}

if __name__ == "__main__":
    for name, picture in PICTURES.items():
        Path(__file__).with_name(name).write_text(picture(), encoding="utf-8")
