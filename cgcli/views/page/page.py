"""The data of a page → one HTML file that needs nothing else: its script, its style, its picture.

Nothing that comes from a program is markup: text is escaped here, and the script writes it as
text. A content security policy lets the one script and the one style run, and nothing in.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from importlib import resources
from importlib.util import find_spec
from string import Template
from typing import Final

from cgcli.calculus.explain import Explanation
from cgcli.errors import CgraphError
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable_lines
from cgcli.views.page.document import Asked, Document
from cgcli.views.trace.writing import Wanted

_SCRIPTS: Final = ("math.js", "model.js", "picture.js", "working.js", "panels.js", "app.js")
_DRAWN: Final = 400
"""So many nodes are drawn; a picture of more is none that anybody reads."""


def as_page(
    explanation: Explanation, wanted: Wanted, catalogue: Catalogue, asked: Asked
) -> Iterator[str]:
    """Return the page of an explanation; raises `CgraphError` without the extra for pictures."""
    document = Document(explanation, wanted, catalogue, asked)
    data = document.data()
    # A block of data ends where its element does: no text may say that.
    packed = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    script = "\n".join(["", '"use strict";', document.code, *map(_file, _SCRIPTS)])
    style = "\n" + _style()
    words = {key: escape(text) for key, text in data["words"].items()}
    yield Template(_file("page.html")).substitute(
        words,
        language=escape(wanted.language),
        title=escape(wanted.title),
        program=escape(printable_lines(explanation.graph.text.strip())),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        picture=_picture(explanation, wanted, asked),
        data=packed,
    )


def as_html(explanation: Explanation, wanted: Wanted, catalogue: Catalogue) -> Iterator[str]:
    """Return the page opened at its steps; without the extra for pictures it has none."""
    return as_page(explanation, wanted, catalogue, Asked(opens="steps"))


def _picture(explanation: Explanation, wanted: Wanted, asked: Asked) -> str:
    """Return the graph as SVG, or nothing where there is too much of it to be drawn."""
    from cgcli.views.drawing.draw import Drawing
    from cgcli.views.drawing.scene import Picture

    is_missing = asked.opens == "steps" and find_spec("graphlay") is None
    if is_missing or len(explanation.graph) > _DRAWN:
        return ""
    shown = wanted.shown
    picture = Picture(
        values=shown.values,
        gradients=shown.gradients,
        formulas=False,
        complete=explanation.complete,
    )
    try:
        return Drawing(explanation.graph, explanation.result, picture).inline()
    except CgraphError as error:
        if error.kind != "limit":
            raise
        return ""


def _style() -> str:
    """Return the style of the page, with the palette of pictures where the picture stands."""
    from cgcli.views.drawing.files import sheets

    return sheets("svg.graph") + _file("app.css")


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
