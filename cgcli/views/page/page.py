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
from importlib.util import find_spec
from string import Template
from typing import Final

from cgcli.calculus.explain import Explanation
from cgcli.errors import CgraphError
from cgcli.resource import read_text
from cgcli.views.catalogue import Catalogue
from cgcli.views.gate import printable_lines
from cgcli.views.page.document import Document
from cgcli.views.trace.writing import Wanted

_SCRIPTS: Final = ("math.js", "model.js", "picture.js", "working.js", "panels.js", "app.js")
_DRAWN: Final = 400
"""So many nodes are drawn; a picture of more is none that anybody reads."""


def as_page(explanation: Explanation, wanted: Wanted, catalogue: Catalogue) -> Iterator[str]:
    """Return the page of an explanation; that of a trace opens at its steps.

    Raises `CgraphError` without the extra for pictures, which a trace does without.
    """
    from cgcli.views.drawing.files import sheets

    document = Document(explanation, wanted, catalogue)
    data = document.data()
    # A block of data ends where its element does: no text may say that.
    packed = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    script = "\n".join(
        ["", '"use strict";', document.code, *(read_text(__package__, name) for name in _SCRIPTS)]
    )
    # The palette of pictures where the picture stands.
    style = "\n" + sheets("svg.graph") + read_text(__package__, "app.css")
    words = {key: escape(text) for key, text in data["words"].items()}
    yield Template(read_text(__package__, "page.html")).substitute(
        words,
        language=escape(wanted.language),
        title=escape(wanted.title),
        program=escape(printable_lines(explanation.graph.text.strip())),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        picture=_picture(explanation, wanted),
        data=packed,
    )


def _picture(explanation: Explanation, wanted: Wanted) -> str:
    """Return the graph as SVG, or nothing where there is too much of it to be drawn."""
    from cgcli.views.drawing.draw import Drawing
    from cgcli.views.drawing.scene import Picture

    is_missing = wanted.format != "page" and find_spec("graphlay") is None
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


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
