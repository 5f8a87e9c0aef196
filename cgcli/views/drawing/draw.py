"""A graph with or without values → a picture of any kind, its layout worked out once."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from cgcli.calculus.explain import Explanation
from cgcli.calculus.result import Result
from cgcli.errors import CgraphError, shorten
from cgcli.graph.graph import Graph
from cgcli.views.drawing import files
from cgcli.views.drawing.layers import Layers, repeated
from cgcli.views.drawing.layout import place
from cgcli.views.drawing.placed import PAGE, Placed, folded, scale
from cgcli.views.drawing.scene import Picture, Scene, in_a_line, scene
from cgcli.views.gate import printable

_LEGIBLE: Final = 0.75
"""A picture as much smaller on a page, with letters of 8 pixels, can be read as it is."""
_SMALLEST: Final = 0.45
"""With letters of 5 pixels: a picture that is smaller is hard to read on a page."""

if TYPE_CHECKING:
    from cgcli.views.schemas import graphs


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

    @functools.cached_property
    def frames(self) -> int:
        """How many steps the two passes take; frames are counted from 0 to that."""
        if self.result is None:
            return 0
        steps = Explanation(self.result)
        return len([*steps.forward(), *steps.backward()])

    def bytes(self, kind: str, frame: int | None = None) -> bytes:
        """Return the picture as a file of one of `PICTURES`."""
        if kind in ("dot", "mmd"):
            write = files.as_dot if kind == "dot" else files.as_mermaid
            return "".join(write(self._scene(frame))).encode()
        svg = self.svg(frame)
        if kind == "svg":
            return svg.encode()
        return files.converted(svg, "png" if kind == "png" else "pdf", self.picture.dpi)

    def svg(self, frame: int | None = None) -> str:
        """Return the picture as SVG."""
        # The text as one line: what a reader hovers over, or is read aloud.
        title = " ".join(printable(shorten(self.graph.text, 200)).split())
        return files.as_svg(self._placed(frame), title, self.picture.theme, self.picture.width)

    def inline(self) -> str:
        """Return the picture as SVG for a page that styles it."""
        return files.as_inline_svg(self._placed(None))

    def to_dict(self, frame: int | None = None) -> graphs.Drawing:
        """Return as `cgraph.draw/2` the places of shapes and arrows, with the numbers beside them.

        The numbers are as they are written in the picture.
        """
        graph, placed = self.graph, self._placed(frame)
        scene = placed.scene
        return {
            "schema": "cgraph.draw/2",
            "expression": graph.text,
            "output": graph.names[graph.output],
            "width": round(placed.width, 1),
            "height": round(placed.height, 1),
            "nodes": [
                {
                    "id": shape.node,
                    "name": graph.names[shape.node],
                    "symbol": shape.symbol,
                    "x": round(at.x, 1),
                    "y": round(at.y, 1),
                    "width": round(at.width, 1),
                    "height": round(at.height, 1),
                    "value": in_a_line(shape.value),
                    "gradient": in_a_line(shape.gradient or shape.total),
                }
                for shape, at in zip(scene.shapes, placed.shapes, strict=True)
            ],
            "arrows": [
                {
                    "from": scene.shapes[arrow.source].node,
                    "to": scene.shapes[arrow.target].node,
                    "argument": arrow.place,
                    "value": in_a_line(arrow.value),
                    "contribution": in_a_line(arrow.contribution),
                    "points": [[round(x, 1), round(y, 1)] for x, y in route],
                }
                for arrow, route in zip(scene.arrows, placed.routes, strict=False)
            ],
        }

    def show(self, frame: int | None = None) -> None:
        """Draw the picture in the terminal: to the right where it fits, else down.

        What is too wide even so is drawn with inputs repeated, whose arrows are short. Raises
        `UnfitError` where nothing fits.
        """
        from cgcli.views.drawing.terminal import UnfitError, check_size, print_picture

        first = self._scene(frame)
        ways = [first]
        if self.picture.direction == "auto":
            ways.append(first._replace(down=True))
        ways.append(ways[-1]._replace(repeats=True))
        errors = []
        for current in ways:
            try:
                check_size(current)
                print_picture(place(current))
            except UnfitError as error:
                errors.append(error)
            else:
                return
        raise errors[0]

    def _scene(self, frame: int | None) -> Scene:
        if frame is not None and frame > self.frames:
            message = f"there are {self.frames} steps, and frame {frame} is after the last"
            raise CgraphError("usage", message, f"write --frame {self.frames} for the last")
        return scene(self.graph, self.result, self.picture, frame)

    def _placed(self, frame: int | None) -> Placed:
        """Return the scene at the places that it has when everything is known."""
        final = self._final
        if frame is None:
            return final
        known = self._scene(frame)._replace(repeats=final.scene.repeats, down=final.scene.down)
        return final._replace(layers=Layers(repeated(known)))

    @functools.cached_property
    def _final(self) -> Placed:
        """Everything at its place, folded where it is too wide to be read on a page.

        The turns of a long loop stand in columns, read down, with inputs beside each turn; where
        that is too small, as with many lanes, in rows.
        """
        known = self._scene(None)
        strip = other = place(known)
        if strip.width <= PAGE[0] or self.picture.direction != "auto":
            return strip
        if strip.layers.loops.sequences:
            other = folded(place(known._replace(repeats=True, down=True)))
            if scale(other) < _SMALLEST:
                other = max(other, folded(strip), key=scale)
        elif scale(strip) < _LEGIBLE:
            other = folded(strip)
        return max(strip, other, key=scale)
