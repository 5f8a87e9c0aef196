"""A placed scene → the JSON document `cgraph.draw/1`: what stands where, in pixels."""

from __future__ import annotations

from typing import Any

from cgcli.graph.graph import Graph
from cgcli.views.document import fields
from cgcli.views.drawing.layout import Placed

__all__ = ["as_document"]


def as_document(placed: Placed, graph: Graph) -> dict[str, Any]:
    """Return the places of shapes and arrows, with the numbers as they are written beside them."""
    scene = placed.scene
    return {
        "schema": "cgraph.draw/1",
        "expression": graph.text,
        "output": graph.names[graph.output],
        **_rounded(placed, "width", "height"),
        "nodes": [
            {
                "id": shape.node,
                "name": graph.names[shape.node],
                "symbol": shape.symbol,
                **_rounded(at, "x", "y", "width", "height"),
                "value": shape.value,
                "gradient": shape.gradient or shape.total,
            }
            for shape, at in zip(scene.shapes, placed.shapes, strict=True)
        ],
        "arrows": [
            {
                "from": scene.shapes[arrow.source].node,
                "to": scene.shapes[arrow.target].node,
                "argument": arrow.place,
                "value": arrow.value,
                "gradient": arrow.gradient,
                "points": [[round(x, 1), round(y, 1)] for x, y in route],
            }
            for arrow, route in zip(scene.arrows, placed.routes, strict=True)
        ],
    }


def _rounded(source: object, *names: str) -> dict[str, float]:
    return {name: round(value, 1) for name, value in fields(source, *names).items()}
