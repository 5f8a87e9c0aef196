"""Views of arrays in a language that has none: where an element lies, by strides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cgcli.operations.row import Index, Shape, Span


class View(NamedTuple):
    """An array, or a number, as it is looked at: where an element lies in the variable `name`.

    A number has no `strides` that are not 0, and is no `array`.
    """

    name: str
    offset: int
    strides: tuple[int, ...]
    shape: Shape
    array: bool

    @property
    def packed(self) -> bool:
        """Whether the elements lie one behind the other."""
        kept = [(s, n) for s, n in zip(self.strides, self.shape, strict=True) if n != 1]
        return self.array and [step for step, _ in kept] == [*strides([n for _, n in kept])]

    def at(self, index: Sequence[str]) -> str:
        """Return the address of an element, the last of the indices along the last axis."""
        terms = []
        pairs = zip(self.strides[::-1], self.shape[::-1], index[::-1], strict=False)
        for stride, length, variable in reversed([*pairs]):
            if length > 1 and stride and variable:
                terms.append(variable if stride == 1 else f"{stride}*{variable}")
        if self.offset or not terms:
            terms.append(str(self.offset))
        return " + ".join(terms)


def strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Return how far the elements of an array lie apart along every axis.

    >>> strides((2, 3))
    (3, 1)
    """
    steps, step = [], 1
    for length in reversed(shape):
        steps.append(step)
        step *= length
    return tuple(reversed(steps))


def pointed(view: View, indices: Sequence[Index]) -> View:
    """Return the view of the elements that indices point to.

    Places of several axes go together, the first with the first: they are a diagonal.
    """
    offset, steps, lengths = view.offset, list[int](), list[int]()
    diagonal: int | None = None
    for step, length, index in zip(view.strides, view.shape, indices, strict=False):
        if isinstance(index, int):
            offset += step * (index % length)
            continue
        places = index.places(length) if isinstance(index, Span) else index
        offset += step * (places[0] if len(places) else 0)
        if diagonal is not None and not isinstance(index, Span):
            steps[diagonal] += step
            continue
        if not isinstance(index, Span):
            diagonal = len(steps)
        steps.append(step)
        lengths.append(len(places))
    rest = len(indices)
    return view._replace(
        offset=offset,
        strides=(*steps, *view.strides[rest:]),
        shape=(*lengths, *view.shape[rest:]),
    )
