"""A picture → SVG, PNG, PDF, DOT and Mermaid.

SVG is one file, readable on light and on dark, the same bytes every time. PNG and PDF are made
of it by the typesetter Typst, which brings its own fonts. DOT and Mermaid are for programs that
lay the graph out themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import chain
from textwrap import wrap
from typing import Final, Literal

from cgcli.errors import required
from cgcli.resource import read_text
from cgcli.views.drawing.layers import ASIDE, CELL, LABEL, LINE, NAME, SYMBOL, extent, text_width
from cgcli.views.drawing.placed import MARGIN, Drawn, Placed, Point
from cgcli.views.drawing.scene import DPI, Heat, Scene, Shape, in_a_line

_FORMULA: Final = 16.0
_ADVANCE: Final = text_width("m", NAME)
_PAGE: Final = b"""#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.picture), format: "svg")
"""


def as_svg(placed: Placed, title: str, theme: str = "auto", width: int | None = None) -> str:
    """Return the picture, so many pixels wide, or as wide as it needs.

    Its text is escaped, and nothing in it comes from elsewhere.
    """
    narrowest = max(_widest(placed.scene.formulas), 40 * _ADVANCE if placed.scene.notes else 120.0)
    paper = max(placed.width, narrowest)
    legend, legend_height = _legend(placed, paper)
    wide = paper + 2 * MARGIN
    tall = placed.height + 2 * MARGIN + legend_height
    scale = 1.0 if width is None else width / wide
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(wide)} {_n(tall)}" '
            f'width="{_n(scale * wide)}" height="{_n(scale * tall)}" role="img">'
        ),
        f"<title>{escape(title, quote=False)}</title>",
        f"<style>\n{_style(theme)}</style>",
        f'<rect class="paper" width="{_n(wide)}" height="{_n(tall)}"/>',
        f'<g transform="translate({_n(MARGIN)} {_n(MARGIN)})">',
    ]
    return "\n".join([*parts, *_parts(placed), *legend, "</g>", "</svg>"]) + "\n"


def as_inline_svg(placed: Placed) -> str:
    """Return the picture for a page that styles it and fills in its numbers.

    The group of a shape is marked with the shape's node, that of an arrow and that of its
    numbers with the nodes it goes from and to, and which argument it is; that of an end has the
    numbers of its node.
    """
    wide, tall = max(placed.width, 120.0) + 2 * MARGIN, placed.height + 2 * MARGIN
    box = f'viewBox="{_n(-MARGIN)} {_n(-MARGIN)} {_n(wide)} {_n(tall)}"'
    size = f'width="{_n(wide)}" height="{_n(tall)}"'
    head = f'<svg class="graph" {box} {size} role="group">'
    return "\n".join([head, *_parts(placed, marks=True), "</svg>"])


def _parts(placed: Placed, *, marks: bool = False) -> Iterator[str]:
    """Yield the elements of a picture, in groups with marks where these are wanted."""
    shapes = placed.scene.shapes
    for place, (words, left, top, right, bottom, (x, y)) in enumerate(placed.turns):
        kind, size = "turn" if place % 2 else "turn even", (right - left, bottom - top)
        yield _rect(kind, left, top, *size)
        yield _text("quiet turns", x, y + NAME / 3, words)

    def group(mark: str, parts: list[str]) -> list[str]:
        return [f"<g {mark}>", *parts, "</g>"] if marks else parts

    along = [
        f'data-from="{shapes[arrow.source].node}" data-to="{shapes[arrow.target].node}" '
        f'data-place="{arrow.place}"'
        for arrow in placed.scene.arrows
    ]
    numbers = [(arrow.value, arrow.contribution) for arrow in placed.scene.arrows]
    for shape in map(shapes.__getitem__, placed.ends):
        along.append(f'data-end="{shape.node}"')
        numbers.append((shape.value, shape.gradient))
    for mark, route in zip(along, placed.routes, strict=True):
        yield from group(mark, _arrow(route))
    for shape, drawn in zip(shapes, placed.shapes, strict=True):
        yield from _shape(shape, drawn, f' data-node="{shape.node}"' if marks else "")
    for number, (mark, pair, at) in enumerate(zip(along, numbers, placed.labels, strict=True)):
        side = "" if not placed.scene.down else "before" if number in placed.lefts else "beside"
        yield from group(mark, _numbers(*pair, at, side))


def sheets(scope: str) -> str:
    """Return the style sheets of a picture in a page, for light, dark and print, in a selector."""
    return f"{scope} {{\n{_style('auto')}@media print {{\n{_sheet('print')}}}\n}}\n"


def _style(theme: str) -> str:
    """Return the style sheet; by itself it is that of the reader's light or dark."""
    from string import Template

    sizes = {"symbol": _n(SYMBOL), "name": _n(NAME), "label": _n(LABEL)}
    style = Template(_sheet("light")).substitute(sizes)
    if theme in ("auto", "transparent"):
        style += f"@media (prefers-color-scheme: dark) {{\n{_sheet('dark')}}}\n"
    return style + ("" if theme in ("auto", "light") else _sheet(theme))


def _sheet(theme: str) -> str:
    return read_text(__package__, f"themes/{theme}.css")


def _n(number: float) -> str:
    """A coordinate with as many digits as can be seen."""
    return f"{round(number, 1) + 0.0:g}" if abs(number) < 1e5 else f"{number:.1f}"


def _text(kind: str, x: float, y: float, text: str) -> str:
    lines = escape(text, quote=False).split("\n")
    if len(lines) > 1:
        # Spaces keep the columns of a table below one another.
        lines = [
            f'<tspan xml:space="preserve" x="{_n(x)}" y="{_n(y + LINE * row)}">{line}</tspan>'
            for row, line in enumerate(lines)
        ]
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}">{"".join(lines)}</text>'


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


def _shape(shape: Shape, at: Drawn, mark: str = "") -> list[str]:
    kind = "shape" if shape.is_operation else "input again" if shape.is_again else "input"
    if shape.is_output and shape.is_operation:
        kind = "output"
    kind += " noted" if shape.note else ""
    parts = [f"<g{mark}><title>{escape(shape.title, quote=False)}</title>", _outline(kind, at)]
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
    corner = at.x - at.width / 2, at.y - at.height / 2
    return _rect(kind, *corner, at.width, at.height, f' rx="{_n(at.corner)}"')


def _numbers(value: str, gradient: str, at: Point, side: str) -> list[str]:
    """Return a value above a place and a gradient below, at one side of an arrow that leads down.

    A table ends above the place, or begins below it.
    """
    x = at[0] + {"": 0.0, "beside": ASIDE, "before": -ASIDE}[side]
    above, below = (0.0, 0.0) if side else (-2.0, 1.0)
    labels = ("value", value, above - extent(value)[1]), ("gradient", gradient, below)
    parts = []
    for kind, text, top in labels:
        if text:
            parts.append(_text(f"{kind} {side}".rstrip(), x, at[1] + top + LABEL, text))
        if isinstance(text, Heat):
            share = {"": 0.5, "beside": 0.0, "before": 1.0}[side]
            left = x - share * CELL * len(text.shades[0])
            parts += _cells(text, left, at[1] + top + LINE + 1)
    return parts


def _cells(heat: Heat, left: float, top: float) -> Iterator[str]:
    """Yield a heat map: above 0 in one colour and below it in another, the stronger the farther."""
    wide, tall = CELL * len(heat.shades[0]), CELL * len(heat.shades)
    yield f"<g><title>{heat}</title>"
    yield _rect("cells", left, top, wide, tall)
    for row, shades in enumerate(heat.shades):
        for column, shade in enumerate(shades):
            if abs(shade) >= 0.01:
                kind = "above" if shade > 0 else "below"
                at = left + CELL * column, top + CELL * row
                yield _rect(kind, *at, CELL, CELL, f' fill-opacity="{abs(shade):.2g}"')
    yield "</g>"


def _rect(kind: str, x: float, y: float, wide: float, tall: float, more: str = "") -> str:
    """Return a rectangle with its corner at a place."""
    size = f'width="{_n(wide)}" height="{_n(tall)}"'
    return f'<rect class="{kind}" x="{_n(x)}" y="{_n(y)}" {size}{more}/>'


def _legend(placed: Placed, wide: float) -> tuple[list[str], float]:
    """Return what stands below the picture: formulas in as many columns as fit, then notes."""
    formulas, notes = placed.scene.formulas, placed.scene.notes
    if not formulas and not notes:
        return [], 0.0
    column = _widest(formulas) + 24
    columns = max(1, min(len(formulas), int((wide + 24) // column)))
    rows = -(-len(formulas) // columns)
    top = placed.height + 14 + NAME
    parts = [
        _text("quiet legend", k // rows * column, top + k % rows * _FORMULA, text)
        for k, text in enumerate(formulas)
    ]
    most = int(wide / _ADVANCE)
    for line in chain.from_iterable(wrap(note, most) for note in notes):
        parts.append(_text("quiet legend", 0.0, top + rows * _FORMULA, line))
        rows += 1
    return parts, rows * _FORMULA + 14


def _widest(texts: Sequence[str]) -> float:
    return max((text_width(text, NAME) for text in texts), default=0.0)


def converted(svg: str, kind: Literal["png", "pdf"], dpi: int = DPI) -> bytes:
    """Return a picture as a PNG of so many dots an inch, 96 of its pixels, or as a PDF.

    Raises `CgraphError` without the extra.
    """
    return typeset(_PAGE, kind, {"picture": svg}, dpi)


def typeset(source: bytes, kind: str, inputs: dict[str, str], dpi: int = DPI) -> bytes:
    """Return a document of Typst's as a file of a kind; raises `CgraphError` without the extra."""
    typst = required("typst", "image", f"to write a .{kind}")
    made: bytes = typst.compile(source, format=kind, ppi=float(dpi), sys_inputs=inputs, timestamp=0)
    return made


def as_dot(scene: Scene) -> Iterator[str]:
    """Return the scene in Graphviz's language, a line at a time."""
    yield f"digraph cgraph {{\n  rankdir={'TB' if scene.down else 'LR'};\n"
    yield '  node [fontname="monospace"];\n'
    yield '  edge [fontname="monospace", fontsize=10];\n'
    for k, shape in enumerate(scene.shapes):
        form = "ellipse" if shape.is_operation else "box"
        # Graphviz keeps the order of arguments where it is told to.
        order = ", ordering=in" if shape.is_ordered else ""
        yield f'  n{k} [shape={form}, label="{_dot(_lines(shape))}"{order}];\n'
    for arrow in scene.arrows:
        label = _dot(_numbered(arrow.value, arrow.contribution))
        more = f' [label="{label}"]' if label else ""
        yield f"  n{arrow.source} -> n{arrow.target}{more};\n"
    yield "}\n"


def as_mermaid(scene: Scene) -> Iterator[str]:
    """Return the scene as a Mermaid flowchart, a line at a time."""
    yield f"flowchart {'TD' if scene.down else 'LR'}\n"
    for k, shape in enumerate(scene.shapes):
        # Mermaid places arguments in any order: the equation says which is which.
        named = shape._replace(name=shape.title) if shape.is_ordered else shape
        label = _mermaid(_lines(named))
        yield f'  n{k}("{label}")\n' if shape.is_operation else f'  n{k}["{label}"]\n'
    for arrow in scene.arrows:
        label = _mermaid(_numbered(arrow.value, arrow.contribution))
        between = f'-- "{label}" -->' if label else "-->"
        yield f"  n{arrow.source} {between} n{arrow.target}\n"


def _lines(shape: Shape) -> list[str]:
    """Return the words of a shape; at an end its value and gradient are among them."""
    note = [f"({shape.note})"] if shape.note else []
    return [*shape.words, *_numbered(shape.value, shape.gradient), *note]


def _numbered(value: str, gradient: str) -> list[str]:
    """Return numbers a line each, a gradient as it is told from a value without colours."""
    value, gradient = in_a_line(value), in_a_line(gradient)
    return [text for text in (value, gradient and f"∂ {gradient}") if text]


def _dot(lines: list[str]) -> str:
    return r"\n".join(line.replace("\\", r"\\").replace('"', r"\"") for line in lines)


def _mermaid(lines: list[str]) -> str:
    """Escape what Mermaid or its HTML would read, by the numbers of the characters."""
    return "<br/>".join(
        "".join(c if c.isalnum() or c in " .,=·Σ∂…×" else f"#{ord(c)};" for c in line)
        for line in lines
    )
