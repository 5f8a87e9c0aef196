"""A graph with or without values → a picture of any kind, its layout worked out once."""

from __future__ import annotations

import functools
from typing import Any

from cgcli.calculus.result import Result
from cgcli.errors import CgraphError, shorten
from cgcli.graph.graph import Graph
from cgcli.views.drawing.scene import Picture, Scene, frames, scene
from cgcli.views.gate import printable

__all__ = ["Drawing"]


class Drawing:
    """What is drawn of a graph; without a result, its shape alone.

    >>> import cgcli
    >>> graph = cgcli.parse("x*y").graph()
    >>> Drawing(graph, None, Picture()).bytes("mmd").decode().splitlines()[1]
    '  n0["x"]'
    """

    def __init__(self, graph: Graph, result: Result | None, picture: Picture) -> None:
        self.graph = graph
        self.result = result
        self.picture = picture

    def frames(self) -> int:
        """Return how many steps the two passes take; frames are counted from 0 to that."""
        return self._count

    @functools.cached_property
    def _count(self) -> int:
        return frames(self.result) if self.result is not None else 0

    def bytes(self, kind: str, frame: int | None = None) -> bytes:
        """Return the picture as a file of one of `PICTURES`."""
        if kind == "dot":
            from cgcli.views.drawing.text import as_dot

            return "".join(as_dot(self._scene(frame))).encode()
        if kind == "mmd":
            from cgcli.views.drawing.text import as_mermaid

            return "".join(as_mermaid(self._scene(frame))).encode()
        svg = self.svg(frame)
        if kind == "svg":
            return svg.encode()
        from cgcli.views.drawing.convert import as_pdf, as_png

        return as_png(svg) if kind == "png" else as_pdf(svg)

    def svg(self, frame: int | None = None) -> str:
        """Return the picture as SVG."""
        from cgcli.views.drawing.svg import as_svg

        # The text as one line: what a reader hovers over, or is read aloud.
        title = " ".join(printable(shorten(self.graph.text, 200)).split())
        return as_svg(self._placed(frame), title)

    def document(self, frame: int | None = None) -> dict[str, Any]:
        """Return the places as the document `cgraph.draw/1`."""
        from cgcli.views.drawing.document import as_document

        return as_document(self._placed(frame), self.graph)

    def show(self, frame: int | None = None) -> None:
        """Draw the picture in the terminal; raises `CgraphError` where it does not fit."""
        from cgcli.views.drawing.terminal import check_width, print_picture

        check_width(self._scene(frame))
        print_picture(self._placed(frame))

    def _scene(self, frame: int | None) -> Scene:
        if frame is not None and frame > self.frames():
            count = self.frames()
            message = f"there are {count} steps, and frame {frame} is after the last"
            raise CgraphError("usage", message, f"write --frame {count} for the last")
        return scene(self.graph, self.result, self.picture, frame)

    def _placed(self, frame: int | None) -> Any:
        """Return the scene at the places that it has when everything is known."""
        from cgcli.views.drawing.layers import repeated

        whole = self._whole
        return whole if frame is None else whole._replace(scene=repeated(self._scene(frame)))

    @functools.cached_property
    def _whole(self) -> Any:
        from cgcli.views.drawing.layout import place

        return place(scene(self.graph, self.result, self.picture))
