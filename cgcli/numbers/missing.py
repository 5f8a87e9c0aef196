"""What stands where there is no number: no fraction, or no gradient that was sent."""

from __future__ import annotations

from typing import Any, Final

IRRATIONAL: Final = "irrational"
UNDEFINED: Final = "undefined"
LONG: Final = "too long"


class NoValueError(ArithmeticError):
    """A decision hangs on what has no value; `cause` is what that is."""

    def __init__(self, cause: NoValue) -> None:
        super().__init__(cause.reason)
        self.cause = cause


class NoValue:
    """What stands where there is no fraction: why, and since which node.

    Whatever is computed from it has no value either. Within one rule, 0 times a number that is
    surely irrational is 0 all the same.

    >>> root = NoValue(IRRATIONAL, sure=True)
    >>> root + 1, root * 0
    (NoValue('irrational'), 0)
    """

    __slots__ = ("backward", "node", "reason", "sure")

    def __init__(self, reason: str, sure: bool = False, node: int = -1) -> None:
        self.reason = reason
        self.sure = sure
        self.node = node
        self.backward = False

    def at(self, node: int, backward: bool = False) -> NoValue:
        """Return the same with the node and the pass that it began in, where it has none yet."""
        if self.node >= 0:
            return self
        missing = NoValue(self.reason, False, node)
        missing.backward = backward
        return missing

    def _with(self, other: Any) -> NoValue:
        """Return the sum with another number."""
        if self.sure and isinstance(other, NoValue | float):
            return NoValue(self.reason, False, self.node)
        return self

    def _times(self, other: Any) -> Any:
        """Return the product with another number, or a quotient of the two."""
        if other is NOTHING:
            return NOTHING
        if self.sure and not isinstance(other, NoValue | float) and other == 0:
            return other
        return self._with(other)

    def _over(self, other: Any) -> Any:
        if self.sure and not isinstance(other, NoValue | float | Nothing) and other == 0:
            return NoValue(UNDEFINED)
        return NOTHING if other is NOTHING else self._with(other)

    def _is_self(self, *_: Any) -> NoValue:
        return self

    def __bool__(self) -> bool:
        raise NoValueError(self)

    def __repr__(self) -> str:
        return f"NoValue({self.reason!r})"

    __hash__ = object.__hash__
    __add__ = __radd__ = __sub__ = __rsub__ = _with
    __mul__ = __rmul__ = __rtruediv__ = _times
    __truediv__ = _over
    __neg__ = __abs__ = _is_self
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _is_self  # type: ignore[assignment]


class Nothing:
    """What a gradient is where none was sent: nothing in a sum, and nothing times anything."""

    __slots__ = ()

    def _is_self(self, *_: Any) -> Nothing:
        return self

    def _is_other(self, other: Any) -> Any:
        return other

    def __sub__(self, other: Any) -> Any:
        return -other

    def __repr__(self) -> str:
        return "NOTHING"

    __add__ = __radd__ = __rsub__ = _is_other
    __mul__ = __rmul__ = __truediv__ = __neg__ = _is_self


NOTHING: Final = Nothing()
