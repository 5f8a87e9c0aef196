"""A picture → SVG, PNG, PDF, DOT and Mermaid.

SVG is one file, readable on light and on dark, the same bytes every time. PNG and PDF are made
of it by the typesetter Typst, which brings its own fonts. DOT and Mermaid are for programs that
lay the graph out themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, Literal

from cgcli.errors import missing
from cgcli.views.drawing.layers import LABEL, NAME, SYMBOL, text_width
from cgcli.views.drawing.layout import Drawn, Placed, Point
from cgcli.views.drawing.scene import Scene, Shape

_MARGIN: Final = 16.0
_LINE: Final = 16.0
_PAGE: Final = b"""#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.picture), format: "svg")
"""


def as_svg(placed: Placed, title: str) -> str:
    """Return the picture; its text is escaped, and nothing in it comes from elsewhere."""
    legend, legend_height = _legend(placed)
    wide = max(placed.width, 120.0) + 2 * _MARGIN
    tall = placed.height + 2 * _MARGIN + legend_height
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(wide)} {_n(tall)}" '
            f'width="{_n(wide)}" height="{_n(tall)}" role="img">'
        ),
        f"<title>{escape(title, quote=False)}</title>",
        f"<style>\n{_style()}</style>",
        f'<rect class="paper" width="{_n(wide)}" height="{_n(tall)}"/>',
        f'<g transform="translate({_n(_MARGIN)} {_n(_MARGIN)})">',
    ]
    for place, (words, begin, end) in enumerate(placed.turns):
        parts.append(_band("turn" if place % 2 else "turn even", begin, end, placed.height))
        parts.append(_text("quiet", (begin + end) / 2, NAME, words))
    for route in (*placed.routes, *placed.ends.values()):
        parts += _arrow(route)
    for shape, drawn in zip(placed.scene.shapes, placed.shapes, strict=True):
        parts += _shape(shape, drawn)
    for arrow, at in zip(placed.scene.arrows, placed.labels, strict=True):
        parts += _numbers(arrow.value, arrow.contribution, at)
    for k, (start, end) in placed.ends.items():
        shape, at = placed.scene.shapes[k], ((start[0] + end[0]) / 2 - 3, start[1])
        parts += _numbers(shape.value, shape.gradient, at)
    return "\n".join([*parts, *legend, "</g>", "</svg>"]) + "\n"


def _style() -> str:
    from importlib import resources
    from string import Template

    style = resources.files(__package__).joinpath("picture.css").read_text(encoding="utf-8")
    return Template(style).substitute(symbol=_n(SYMBOL), name=_n(NAME), label=_n(LABEL))


def _n(number: float) -> str:
    """A coordinate with as many digits as can be seen."""
    return f"{round(number, 1) + 0.0:g}" if abs(number) < 1e5 else f"{number:.1f}"


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}">{escape(text, quote=False)}</text>'


def _band(kind: str, begin: float, end: float, tall: float) -> str:
    across = f'x="{_n(begin)}" width="{_n(end - begin)}"'
    return f'<rect class="{kind}" {across} y="{_n(-_MARGIN / 2)}" height="{_n(tall + _MARGIN)}"/>'


def _arrow(points: Sequence[Point]) -> list[str]:
    """Return a line with a head at its end; bends are rounded a little."""
    (x0, y0), (x1, y1) = points[-2], points[-1]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    head = [
        (x1, y1),
        (x1 - 7 * dx + 3.2 * dy, y1 - 7 * dy - 3.2 * dx),
        (x1 - 7 * dx - 3.2 * dy, y1 - 7 * dy + 3.2 * dx),
    ]
    path = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for before, here, after in zip(points, points[1:-1], points[2:], strict=False):
        a, b = _toward(here, before), _toward(here, after)
        path += f" L{_n(a[0])} {_n(a[1])} Q{_n(here[0])} {_n(here[1])} {_n(b[0])} {_n(b[1])}"
    path += f" L{_n(x1 - 5 * dx)} {_n(y1 - 5 * dy)}"
    corners = " ".join(f"{_n(x)},{_n(y)}" for x, y in head)
    return [f'<path class="arrow" d="{path}"/>', f'<polygon class="head" points="{corners}"/>']


def _toward(here: Point, there: Point) -> Point:
    """Return a point a little way from one to another, half way at most."""
    dx, dy = there[0] - here[0], there[1] - here[1]
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    step = min(8.0, length / 2) / length
    return here[0] + dx * step, here[1] + dy * step


def _shape(shape: Shape, at: Drawn) -> list[str]:
    kind = "shape" if shape.is_operation else "input again" if shape.is_again else "input"
    if shape.is_output and shape.is_operation:
        kind = "output"
    parts = [f"<g><title>{escape(shape.title, quote=False)}</title>", _outline(kind, at)]
    lines = [
        ("symbol", shape.symbol, SYMBOL),
        ("name" if not shape.is_operation else "quiet", shape.name, NAME),
        ("gradient", shape.total, LABEL),
    ]
    lines = [line for line in lines if line[1]]
    y = at.y - sum(size * 1.3 for _, _, size in lines) / 2
    for style, text, size in lines:
        y += size * 1.3
        parts.append(_text(style, at.x, y - size * 0.36, text))
    return [*parts, "</g>"]


def _outline(kind: str, at: Drawn) -> str:
    if at.round:
        return f'<circle class="{kind}" cx="{_n(at.x)}" cy="{_n(at.y)}" r="{_n(at.width / 2)}"/>'
    return (
        f'<rect class="{kind}" x="{_n(at.x - at.width / 2)}" y="{_n(at.y - at.height / 2)}" '
        f'width="{_n(at.width)}" height="{_n(at.height)}" rx="{_n(at.corner)}"/>'
    )


def _numbers(value: str, gradient: str, at: Point) -> list[str]:
    """Return the value above a place, and below it the gradient, or an arrow's part of one."""
    labels = [("value", value, -4.0), ("gradient", gradient, LABEL + 1)]
    return [_text(kind, at[0], at[1] + down, text) for kind, text, down in labels if text]


def _legend(placed: Placed) -> tuple[list[str], float]:
    """Return the formulas below the picture, in columns as many as there is room for."""
    formulas = placed.scene.formulas
    if not formulas:
        return [], 0.0
    column = max(text_width(text, NAME) for text in formulas) + 24
    columns = max(1, min(len(formulas), int(max(placed.width, 120.0) // column)))
    rows = -(-len(formulas) // columns)
    top = placed.height + 14
    parts = []
    for k, text in enumerate(formulas):
        x, y = k // rows * column, top + k % rows * _LINE + NAME
        parts.append(_text("quiet legend", x, y, text))
    return parts, rows * _LINE + 14


def require(kind: str) -> None:
    """Raise `CgraphError` where a kind of picture cannot be written for want of the extra."""
    from importlib.util import find_spec

    if find_spec("typst") is None:
        raise missing("image", f"to write a .{kind}")


def converted(svg: str, kind: Literal["png", "pdf"]) -> bytes:
    """Return a picture as a PNG of twice its pixels, or as a PDF of one page.

    Raises `CgraphError` without the extra.
    """
    require(kind)
    import typst

    inputs = {"picture": svg}
    return typst.compile(_PAGE, format=kind, ppi=192.0, sys_inputs=inputs, timestamp=0)


def as_dot(scene: Scene) -> Iterator[str]:
    """Return the scene in Graphviz's language, a line at a time."""
    yield 'digraph cgraph {\n  rankdir=LR;\n  node [fontname="monospace"];\n'
    yield '  edge [fontname="monospace", fontsize=10];\n'
    for k, shape in enumerate(scene.shapes):
        form = "ellipse" if shape.is_operation else "box"
        # Graphviz keeps the order of arguments where it is told to.
        order = ", ordering=in" if shape.is_ordered else ""
        yield f'  n{k} [shape={form}, label="{_dot(_lines(shape))}"{order}];\n'
    for arrow in scene.arrows:
        label = _dot([text for text in (arrow.value, arrow.contribution) if text])
        more = f' [label="{label}"]' if label else ""
        yield f"  n{arrow.source} -> n{arrow.target}{more};\n"
    yield "}\n"


def as_mermaid(scene: Scene) -> Iterator[str]:
    """Return the scene as a Mermaid flowchart, a line at a time."""
    yield "flowchart LR\n"
    for k, shape in enumerate(scene.shapes):
        # Mermaid places arguments in any order: the equation says which is which.
        named = shape._replace(name=shape.title) if shape.is_ordered else shape
        label = _mermaid(_lines(named))
        yield f'  n{k}(("{label}"))\n' if shape.is_operation else f'  n{k}["{label}"]\n'
    for arrow in scene.arrows:
        label = _mermaid([text for text in (arrow.value, arrow.contribution) if text])
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
