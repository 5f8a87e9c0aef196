"""`cgraph draw`: the picture of the graph."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final

from cgcli.commands import shared
from cgcli.commands.choices import choice, count, flag, option, several_of
from cgcli.commands.files import ending_of
from cgcli.commands.outputs import write_file
from cgcli.commands.problem import Problem, outlined, solve
from cgcli.errors import CgraphError, shorten
from cgcli.limits import MOST_COUNT
from cgcli.views.formats import PICTURES
from cgcli.views.streams import publish_document, tell

if TYPE_CHECKING:
    from cgcli.views.drawing.draw import Drawing

__all__ = ["draw_command"]

_PARTS: Final = ("gradients", "values", "formulas")


def draw_command(
    program: shared.Program = None,
    bindings: shared.Bindings = None,
    at: shared.At = None,
    of: shared.Of = None,
    wrt: shared.Wrt = None,
    output: Annotated[
        str | None,
        option(
            "Write graph.svg, .png, .pdf, .dot or .mmd (Mermaid); else the terminal shows it.",
            "-o",
            "--output",
            metavar="FILE",
        ),
    ] = None,
    frame: Annotated[
        int | None,
        option(
            "As after K steps of the two passes; 0 is before.",
            "--frame",
            metavar="K",
            min=0,
            max=MOST_COUNT,
        ),
    ] = None,
    frames: Annotated[
        str | None,
        option("Every frame, in a folder; -o frame.png for PNG.", "--frames", metavar="DIR"),
    ] = None,
    hide: Annotated[
        str | None, choice(_PARTS, "Leave out {words}.", "--hide", metavar="WHAT", several=True)
    ] = None,
    no_values: Annotated[
        bool, flag("The shape alone: nothing need be bound.", "--no-values")
    ] = False,
    shape: shared.Shapes = None,
    digits: Annotated[int, count("Significant digits shown.", "--digits", 1, 17)] = 4,
    json: shared.Json = False,
    max_depth: shared.Depth = shared.LIMITS.depth,
    max_nodes: shared.Nodes = shared.LIMITS.nodes,
    debug: shared.Debug = False,
) -> None:
    """The picture of the graph, with values above the arrows and gradients below.

    cgraph draw "p = x + y; g = p*z" x=1 y=3 z=-3 -o graph.svg
    """
    from cgcli.views.drawing.draw import Drawing
    from cgcli.views.drawing.scene import Picture
    from cgcli.views.table import note_lines

    hidden = several_of("--hide", hide, _PARTS)
    kind = _kind(output)
    _check(frame, frames, no_values, json, output)
    if shape is not None and not no_values:
        message = "--shape is for names that have no value"
        raise CgraphError("usage", message, "add --no-values, or bind them with NAME=VALUE")
    limits = shared.LIMITS._replace(depth=max_depth, nodes=max_nodes)
    problem = Problem("draw", program, bindings or [], at, of, wrt, limits)
    picture = Picture(
        values="values" not in hidden,
        gradients="gradients" not in hidden,
        formulas="formulas" not in hidden,
        digits=digits,
        whole=of is None,
    )
    if no_values:
        drawing = Drawing(outlined(problem, shape)[0], None, picture)
    else:
        result = solve(problem)
        drawing = Drawing(result.graph, result, picture)
        tell(*note_lines(result))
    if frames is not None:
        _write_frames(drawing, frames, kind)
    elif json:
        publish_document(drawing.document(frame))
    elif output is None:
        drawing.show(frame)
    else:
        write_file(output, drawing.bytes(kind, frame))


def _kind(output: str | None) -> str:
    """Return what kind of picture a file's name asks for."""
    if output is None:
        return "svg"
    if os.path.isdir(output):
        message = f"{shorten(output, 80)} is a folder"
        raise CgraphError("file", message, "name a file in it, such as graph.svg")
    kind = ending_of(output)
    kind = {"gv": "dot", "mermaid": "mmd"}.get(kind, kind)
    if kind not in PICTURES:
        message = f"what '{shorten(output)}' is to hold cannot be told from its name"
        raise CgraphError("usage", message, "end it with ." + ", .".join(PICTURES))
    return kind


def _check(
    frame: int | None, frames: str | None, no_values: bool, json: bool, output: str | None
) -> None:
    """Refuse options that do not go together."""
    if no_values and (frame is not None or frames is not None):
        message = "a frame shows which values are known, and with --no-values none is"
        raise CgraphError("usage", message, "leave one of the two out")
    if frame is not None and frames is not None:
        message = "--frame draws one step and --frames all of them"
        raise CgraphError("usage", message, "leave one of the two out")
    if json and (output is not None or frames is not None):
        message = "--json prints the picture's places, and -o and --frames write files"
        raise CgraphError("usage", message, "leave one of the two out")


def _write_frames(drawing: Drawing, folder: str, kind: str) -> None:
    """Write every frame into a folder, which is made when there is none."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        why = (error.strerror or "it cannot be made").lower()
        raise CgraphError("file", f"{shorten(folder, 80)}: {why}", "name a folder") from None
    count = drawing.frames()
    digits = len(str(count))
    for frame in range(count + 1):
        path = os.path.join(folder, f"frame-{frame:0{digits}}.{kind}")
        write_file(path, drawing.bytes(kind, frame))
    tell(f"{count + 1} frames in {folder}")
