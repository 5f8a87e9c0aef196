"""The layers of a scene, from left to right, and what is drawn again to keep arrows short."""

from __future__ import annotations

from typing import Final

from cgcli.views.drawing.scene import Scene

__all__ = ["bends", "layers", "repeated"]

_CROWDED: Final = 400
_FAR: Final = 8


def layers(scene: Scene) -> list[int]:
    """Return the layer of each shape: as far right as what uses it allows.

    The output is rightmost, and an input stands just before its first use.
    """
    count = len(scene.shapes)
    early, late = [0] * count, [count] * count
    for arrow in scene.arrows:
        early[arrow.target] = max(early[arrow.target], early[arrow.source] + 1)
    # Arrows are in the order of their targets: the last comes first, and nothing waits for it.
    for arrow in reversed(scene.arrows):
        if late[arrow.target] == count:
            late[arrow.target] = early[arrow.target]
        late[arrow.source] = min(late[arrow.source], late[arrow.target] - 1)
    return [first if last == count else last for first, last in zip(early, late, strict=True)]


def bends(scene: Scene, levels: list[int]) -> int:
    """Return how many layers the arrows pass."""
    return sum(levels[a.target] - levels[a.source] - 1 for a in scene.arrows)


def repeated(scene: Scene) -> Scene:
    """Return a scene in which inputs are drawn again where their arrows would pass too much.

    A weight that every turn of a long loop uses stands beside each turn, as in a textbook.
    """
    levels = layers(scene)
    if bends(scene, levels) <= _CROWDED:
        return scene
    shapes = list(scene.shapes)
    copies: dict[tuple[int, int], int] = {}
    arrows = []
    for arrow in scene.arrows:
        shape = scene.shapes[arrow.source]
        far = levels[arrow.target] - levels[arrow.source] > _FAR
        if far and not shape.is_operation:
            key = (arrow.source, levels[arrow.target] // _FAR)
            if key not in copies:
                copies[key] = len(shapes)
                shapes.append(shape._replace(total="", is_again=True))
            arrows.append(arrow._replace(source=copies[key]))
        else:
            arrows.append(arrow)
    # Every shape stands before what uses it: copies go to the front, in their order.
    first = len(scene.shapes)
    count = len(shapes)
    arrows = [
        arrow._replace(source=(arrow.source - first) % count, target=(arrow.target - first) % count)
        for arrow in arrows
    ]
    return Scene([*shapes[first:], *scene.shapes], arrows, scene.formulas)
