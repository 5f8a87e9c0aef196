"""Python's operators for numbers that write down what is done with them."""

from __future__ import annotations

from typing import Any

__all__ = ["Operators"]


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
        """Return what an operation of the table leaves."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        return self.write("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self.write("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return self.write("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self.write("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return self.write("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self.write("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self.write("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.write("div", other, self)

    def __neg__(self) -> Any:
        return self.write("neg", self)

    def __lt__(self, other: Any) -> Any:
        return self.write("lt", self, other)

    def __le__(self, other: Any) -> Any:
        return self.write("le", self, other)

    def __gt__(self, other: Any) -> Any:
        return self.write("gt", self, other)

    def __ge__(self, other: Any) -> Any:
        return self.write("ge", self, other)

    def __eq__(self, other: object) -> Any:
        return self.write("eq", self, other)

    def __ne__(self, other: object) -> Any:
        return self.write("ne", self, other)
