"""Python's operators for kinds of numbers that have an operation by its name in the table."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    name: getattr(operator, name) for name in ("lt", "le", "gt", "ge", "eq", "ne")
}
"""Python's comparisons by their names in the table."""


def _operator(name: str) -> Callable[..., Any]:
    return lambda self, *other: self.write(name, self, *other)


def _reflected(name: str) -> Callable[..., Any]:
    return lambda self, other: self.write(name, other, self)


class Operators:
    """A number whose operators are operations of the table, by their names.

    >>> class Listed(Operators):
    ...     def write(self, name, *operands):
    ...         return [name, *(operand for operand in operands if operand is not self)]
    >>> 2 - Listed(), Listed() < 3, -Listed()
    (['sub', 2], ['lt', 3], ['neg'])
    """

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # == writes a comparison, so none can be a key

    def write(self, name: str, *operands: Any) -> Any:
        """Return what an operation of the table leaves, or `NotImplemented`."""
        raise NotImplementedError

    __neg__ = _operator("neg")
    __add__, __radd__ = _operator("add"), _reflected("add")
    __sub__, __rsub__ = _operator("sub"), _reflected("sub")
    __mul__, __rmul__ = _operator("mul"), _reflected("mul")
    __truediv__, __rtruediv__ = _operator("div"), _reflected("div")
    __lt__, __le__ = _operator("lt"), _operator("le")
    __gt__, __ge__ = _operator("gt"), _operator("ge")
    __eq__, __ne__ = _operator("eq"), _operator("ne")
