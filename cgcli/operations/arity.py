"""Rows of so many arguments, whose rules the type checker holds against the rule book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from cgcli.operations.protocol import Number, Rulebook
from cgcli.operations.row import Operation, of_the_book

_OfOne: TypeAlias = Callable[[Rulebook, Number, Number], Number]
_OfTwo: TypeAlias = Callable[[Rulebook, Number, Number, Number], Number]
_OfThree: TypeAlias = Callable[[Rulebook, Number, Number, Number, Number], Number]


if TYPE_CHECKING:

    @dataclass(frozen=True, slots=True, eq=False, kw_only=True)
    class Unary(Operation):
        """A row of one argument."""

        value: Callable[[Rulebook, Number], Number] = of_the_book
        partials: tuple[_OfOne]
        textbook: tuple[_OfOne] | tuple[()] = ()

    @dataclass(frozen=True, slots=True, eq=False, kw_only=True)
    class Binary(Operation):
        """A row of two arguments."""

        value: Callable[[Rulebook, Number, Number], Number] = of_the_book
        partials: tuple[_OfTwo, _OfTwo]
        textbook: tuple[_OfTwo | None, _OfTwo | None] | tuple[()] = ()

    @dataclass(frozen=True, slots=True, eq=False, kw_only=True)
    class Ternary(Operation):
        """A row of three arguments."""

        value: Callable[[Rulebook, Number, Number, Number], Number] = of_the_book
        partials: tuple[_OfThree, _OfThree, _OfThree]

else:
    # They differ for the type checker alone, and a class of forty fields takes 3 ms to make.
    Unary = Binary = Ternary = Operation
