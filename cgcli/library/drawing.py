"""Pictures from the library."""

from __future__ import annotations

from cgcli.library.answers import Answer
from cgcli.views.drawing import draw
from cgcli.views.formats import PICTURES


class Drawing(draw.Drawing, Answer):
    """A picture of a graph, which a notebook shows.

    >>> import cgcli
    >>> drawing = cgcli.parse("x*y").draw(x=2, y=3)
    >>> [arrow["argument"] for arrow in drawing.to_dict()["arrows"]]
    [0, 1]
    """

    endings = ("json", *PICTURES)

    def _text(self, ending: str) -> str | bytes:
        return super()._text(ending) if ending == "json" else self.bytes(ending)

    def _repr_svg_(self) -> str:
        return self.svg()
