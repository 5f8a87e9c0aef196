"""Scene → DOT and Mermaid: the graph for programs that lay it out themselves."""

from __future__ import annotations

from collections.abc import Iterator

from cgcli.views.drawing.scene import Scene, Shape

__all__ = ["as_dot", "as_mermaid"]


def as_dot(scene: Scene) -> Iterator[str]:
    """Return the scene in Graphviz's language, a line at a time."""
    yield 'digraph cgraph {\n  rankdir=LR;\n  node [fontname="monospace"];\n'
    yield '  edge [fontname="monospace", fontsize=10];\n'
    for k, shape in enumerate(scene.shapes):
        form = "ellipse" if shape.is_operation else "box"
        yield f'  n{k} [shape={form}, label="{_dot(_lines(shape))}"];\n'
    for arrow in scene.arrows:
        label = _dot([text for text in (arrow.value, arrow.gradient) if text])
        more = f' [label="{label}"]' if label else ""
        yield f"  n{arrow.source} -> n{arrow.target}{more};\n"
    yield "}\n"


def as_mermaid(scene: Scene) -> Iterator[str]:
    """Return the scene as a Mermaid flowchart, a line at a time."""
    yield "flowchart LR\n"
    for k, shape in enumerate(scene.shapes):
        label = _mermaid(_lines(shape))
        yield f'  n{k}(("{label}"))\n' if shape.is_operation else f'  n{k}["{label}"]\n'
    for arrow in scene.arrows:
        label = _mermaid([text for text in (arrow.value, arrow.gradient) if text])
        between = f'-- "{label}" -->' if label else "-->"
        yield f"  n{arrow.source} {between} n{arrow.target}\n"


def _lines(shape: Shape) -> list[str]:
    """Return the words of a shape; at an end its value and gradient are among them."""
    words = (shape.symbol, shape.name, shape.total, shape.value, shape.gradient)
    return [text for text in words if text]


def _dot(lines: list[str]) -> str:
    return r"\n".join(line.replace("\\", r"\\").replace('"', r"\"") for line in lines)


def _mermaid(lines: list[str]) -> str:
    """Escape what Mermaid or its HTML would read, by the numbers of the characters."""
    return "<br/>".join(
        "".join(c if c.isalnum() or c in " .,=·Σ∂…×" else f"#{ord(c)};" for c in line)
        for line in lines
    )
