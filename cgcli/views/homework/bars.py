"""How often each thing was met → bars, in characters or as SVG."""

from __future__ import annotations

from html import escape
from typing import Final

from cgcli.errors import shorten
from cgcli.views.gate import width

Counts = list[tuple[str, int]]
_BAR: Final = 30
_ROW, _LEFT, _WIDE, _TOP = 24, 400, 760, 40
_LONGEST: Final = 60


def as_text(counts: Counts) -> str:
    """Return a line for each name, with a bar as long as its count.

    >>> print(as_text([("dL/ds", 2), ("p", 1)]))
    dL/ds  ██████████████████████████████  2
    p      ███████████████                 1
    """
    most = max((count for _, count in counts), default=1)
    names = [shorten(name, _LONGEST) for name, _ in counts]
    wide = max(map(width, names), default=0)
    return "\n".join(
        f"{name}{' ' * (wide - width(name))}  {'█' * (_BAR * count // most):{_BAR}}  {count}"
        for name, (_, count) in zip(names, counts, strict=True)
    )


def as_svg(title: str, counts: Counts) -> str:
    """Return the same as a picture; its text is escaped, and nothing comes from elsewhere."""
    most = max((count for _, count in counts), default=1)
    tall = _TOP + _ROW * len(counts) + 12
    size = f'width="{_WIDE}" height="{tall}" viewBox="0 0 {_WIDE} {tall}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDE}" height="{tall}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]
    for row, (name, count) in enumerate(counts):
        y = _TOP + _ROW * row
        long = (_WIDE - _LEFT - 60) * count / most
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 15}" text-anchor="end">'
            f"{escape(shorten(name, _LONGEST))}</text>"
            f'<rect x="{_LEFT}" y="{y + 3}" width="{long:.1f}" height="{_ROW - 8}" fill="#1f6feb"/>'
            f'<text x="{_LEFT + long + 6:.1f}" y="{y + 15}">{count}</text>'
        )
    return "\n".join([*parts, "</svg>"])
