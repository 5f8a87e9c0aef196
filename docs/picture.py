"""Draw the README's picture: what a terminal shows of one command, as an SVG of one file.

Run it from the checkout: ``python docs/picture.py docs/eval.svg``.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from cgcli import parse
from cgcli.views import table

COMMAND = 'cgraph eval "(x+y)*z" x=1 y=3 z=-3'


def picture() -> str:
    """Return the SVG: the command, and the table that the program itself prints for it."""
    out = Console(
        record=True, width=46, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    out.print(Text(f"$ {COMMAND}"))
    table.print_result(parse("(x+y)*z").evaluate(x=1, y=3, z=-3), 6, 0, out)
    drawn = out.export_svg(title="cgraph", theme=MONOKAI, unique_id="cgraph")
    # No font is fetched from anywhere: the reader's own monospace one will do.
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), encoding="utf-8")
