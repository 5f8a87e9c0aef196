"""The parameters of a model: one flat vector, and a view of it for each name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from cgcli.errors import few
from cgcli.operations.row import Shape
from cgcli.operations.shapes import size


def joined(names: Sequence[str]) -> str:
    """Return names as a sentence has them.

    >>> joined(["w", "b"])
    'w and b'
    """
    return " and ".join(names) if len(names) < 3 else few(names)


class Parameters:
    """Numbers, vectors and matrices side by side in the vector `flat`; `views` look into it.

    >>> parameters = Parameters({"W": [[1, 2], [3, 4]], "b": 5})
    >>> parameters.flat, parameters.views["W"].shape
    (array([1., 2., 3., 4., 5.]), (2, 2))
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        arrays = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
        self.shapes: dict[str, Shape] = {name: array.shape for name, array in arrays.items()}
        self.flat = np.concatenate([np.zeros(0), *(array.ravel() for array in arrays.values())])
        self.views = self.look(self.flat)

    def look(self, flat: Any) -> dict[str, Any]:
        """Return the views of another vector of the same layout, by name."""
        ends = list(accumulate(map(size, self.shapes.values())))
        parts = zip(self.shapes.items(), np.split(flat, ends)[: len(ends)], strict=True)
        return {name: part.reshape(shape) for (name, shape), part in parts}

    def named(self, flags: Any, *, entire: bool = False) -> str:
        """Return the names of what is flagged, element by element; with `entire`, of no parts.

        >>> Parameters({"w": [1, 2], "b": 5}).named(np.array([False, True, True]))
        'w[1] and b'
        """
        names: list[str] = []
        for name, part in self.look(flags).items():
            if part.all():
                names.append(name)
            elif not entire:
                places = (", ".join(map(str, place)) for place in np.argwhere(part))
                names += [f"{name}[{place}]" for place in places]
        return joined(names)

    def values(self, flat: Any = None) -> dict[str, Any]:
        """Return a copy of the values by name: floats, and arrays."""
        views = self.views if flat is None else self.look(flat)
        return {n: view.copy() if view.shape else float(view) for n, view in views.items()}
