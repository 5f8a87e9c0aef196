"""`cgraph draw`: the picture of the graph."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cgcli.commands.options import Options, conflict, takes, to_file
from cgcli.commands.problem import Problem, outlined, solve
from cgcli.errors import CgraphError, shorten
from cgcli.library.choices import choice, count, flag, option
from cgcli.library.files import ending_of, make_folder, write_file
from cgcli.views.formats import DIRECTIONS, LEFT_OUT, PICTURES, THEMES
from cgcli.views.streams import publish_bytes, publish_document, tell

if TYPE_CHECKING:
    from cgcli.views.drawing.draw import Drawing


class DrawOptions(Options):
    """The options of `cgraph draw`."""

    output: str | None = to_file(
        "Write graph.svg, .png, .pdf, .dot or .mmd (Mermaid); else the terminal shows it."
    )
    format: str | None = choice(
        PICTURES, "{words}, for standard output or whatever the file is called.", "FORMAT"
    )
    direction: str = choice(
        DIRECTIONS,
        "Where the graph leads: {words}; auto is down for long loops and narrow terminals.",
        "WAY",
        default="auto",
    )
    theme: str = choice(
        THEMES, "The colours: {words}; auto is as the reader's screen.", "THEME", default="auto"
    )
    size: int | None = count(
        "As wide as so many pixels, of 96 an inch.", 16, 100_000, metavar="PIXELS"
    )
    dpi: int | None = count("Dots an inch of a PNG; 192 by itself.", 24, 1200)
    elements: int | None = count(
        "In files, write out arrays of at most N elements, and larger ones as heat maps; by itself"
        " matrices of 12 and vectors of 4."
    )
    repeat: bool = flag("An input once more beside each of its uses.")
    frame: int | None = count("Show what is known after K steps of the two passes.", metavar="K")
    frames: str | None = option(
        "Write every frame to a folder; with -o frame.png as PNG.", "DIR", writes="a frame"
    )
    hide: set[str] = choice(LEFT_OUT, "Leave out {words}.", "WHAT", several=True)
    no_values: bool = flag("The graph without numbers; no name needs a value.")
    digits: int = count("Significant digits shown, 1 to 17.", 1, 17, default=4)


@takes(
    DrawOptions,
    arguments="program bindings",
    what_to_differentiate="at of wrt shape",
    output="output format direction theme (size) (dpi) (elements) digits json (strict)",
    options="repeat frame (frames) hide no_values",
)
def draw_command(given: DrawOptions) -> None:
    """The picture of the graph, values over its arrows, gradients under.

    cgraph draw "p = x + y; g = p*z" x=1 y=3 z=-3 -o graph.svg
    cgraph draw "p = x + y; g = p*z" x=1 y=3 z=-3
    cgraph draw "sum((W @ x)^2)" --no-values --shape W=3x2,x=2
    """
    from cgcli.views.drawing.draw import Drawing
    from cgcli.views.drawing.scene import DPI, Picture
    from cgcli.views.table import note_lines

    kind = _kind(given)
    _check(given, kind)
    is_shown = not (given.output or given.format or given.frames or given.json)
    problem = Problem("draw", given)
    picture = Picture(
        **{part: part not in given.hide for part in LEFT_OUT},
        digits=given.digits,
        complete=given.of is None,
        repeats=given.repeat,
        direction=given.direction,
        theme=given.theme,
        width=given.size,
        dpi=given.dpi or DPI,
        # A terminal has a line for a number.
        elements=0 if is_shown else given.elements,
    )
    if given.no_values:
        drawing = Drawing(outlined(problem)[0], None, picture)
        noted = []
    else:
        result = solve(problem).result
        drawing = Drawing(result.graph, result, picture)
        tell(*note_lines(result), said=True)
        noted = result.notes
    if given.frames is not None:
        _write_frames(drawing, given.frames, kind)
    elif given.json:
        publish_document(drawing.to_dict(given.frame))
    elif given.output in (None, "-") and given.format is not None:
        publish_bytes(drawing.bytes(kind, given.frame))
    elif given.output is None:
        _show(drawing, given)
    else:
        write_file(given.output, drawing.bytes(kind, given.frame))
    given.heed(noted)


def _show(drawing: Drawing, given: DrawOptions) -> None:
    """Draw in the terminal, or where the picture does not fit there the graph as a tree."""
    from cgcli.views.drawing.terminal import UnfitError

    try:
        drawing.show(given.frame)
    except UnfitError as error:
        if drawing.result is None or given.frame is not None:
            raise
        from cgcli.calculus.explain import Explanation
        from cgcli.views.catalogue import spoken
        from cgcli.views.trace.show import print_tree
        from cgcli.views.trace.writing import PASSES, Shown, Wanted

        tell(f"{error.message}: this is its tree; -o graph.svg writes the picture to a file")
        explanation = Explanation(drawing.result, complete=given.of is None)
        shown = Shown.of(PASSES, given.hide, given.digits)
        print_tree(explanation, Wanted(language=spoken(for_script=False), shown=shown))


def _kind(given: DrawOptions) -> str:
    """Return what kind of picture is asked for, by the option or a file's name."""
    output = given.output
    if given.format is not None:
        return given.format
    if output is None:
        return "svg"
    if output == "-":
        message = "what standard output is to hold cannot be told"
        raise CgraphError("usage", message, "add --format svg, or " + ", ".join(PICTURES[1:]))
    if os.path.isdir(output):
        message = f"{shorten(output, 80)} is a folder"
        raise CgraphError("file", message, "name a file in it, such as graph.svg")
    kind = ending_of(output)
    kind = {"gv": "dot", "mermaid": "mmd"}.get(kind, kind)
    if kind not in PICTURES:
        message = f"the name '{shorten(output)}' does not say what kind of picture it is"
        raise CgraphError("usage", message, "end it with ." + ", .".join(PICTURES))
    return kind


def _check(given: DrawOptions, kind: str) -> None:
    """Refuse options that do not go together."""
    in_terminal = not (given.output or given.format or given.frames or given.json)
    painted = not in_terminal and not given.json and kind not in ("dot", "mmd")
    for name, asked, works in (
        ("--theme", given.theme != "auto", painted),
        ("--size", given.size is not None, painted),
        ("--dpi", given.dpi is not None, painted and kind == "png"),
        ("--repeat", given.repeat, given.json or kind not in ("dot", "mmd")),
    ):
        if asked and not works:
            where = "the terminal" if in_terminal else "JSON" if given.json else f".{kind}"
            raise conflict(f"{name} changes nothing in {where}", "leave it out, or -o graph.png")
    if given.no_values and (given.frame is not None or given.frames is not None):
        raise conflict("a frame shows which values are known, and with --no-values none is")
    if given.frame is not None and given.frames is not None:
        raise conflict("--frame draws one step and --frames all of them")
    if given.json and (given.output is not None or given.format or given.frames is not None):
        raise conflict("--json prints the picture's places, and -o and --frames write files")
    if given.shape is not None and not given.no_values:
        message = "--shape is for names that have no value"
        raise conflict(message, "add --no-values, or bind them with NAME=VALUE")


def _write_frames(drawing: Drawing, folder: str, kind: str) -> None:
    """Write every frame into a folder, which is made when there is none."""
    make_folder(folder)
    count = drawing.frames
    digits = len(str(count))
    for frame in range(count + 1):
        path = os.path.join(folder, f"frame-{frame:0{digits}}.{kind}")
        write_file(path, drawing.bytes(kind, frame))
    tell(f"{count + 1} frames in {folder}")
