"""SVG → PNG and PDF, by the typesetter Typst, which brings its own fonts."""

from __future__ import annotations

from typing import Literal

from cgcli.errors import missing

__all__ = ["converted", "require"]

_PAGE = b"""#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.picture), format: "svg")
"""


def require(kind: str) -> None:
    """Raise `CgraphError` where a kind of picture cannot be written for want of the extra."""
    from importlib.util import find_spec

    if find_spec("typst") is None:
        raise missing("image", f"to write a .{kind}")


def converted(svg: str, kind: Literal["png", "pdf"]) -> bytes:
    """Return a picture as a PNG of twice its pixels, or as a PDF of one page.

    Raises `CgraphError` without the extra.
    """
    try:
        import typst
    except ImportError:
        raise missing("image", f"to write a .{kind}") from None
    inputs = {"picture": svg}
    return typst.compile(_PAGE, format=kind, ppi=192.0, sys_inputs=inputs, timestamp=0)
