"""What a row of the table of operations holds.

A rule takes the namespace `m` of the numbers it runs over and then the operation's arguments;
a rule for a derivative takes the operation's own value `y` before them, since some derivatives
are best said with it. Its body uses only Python's operators and functions of `m`, so that the
same rule runs over floats, arrays, rationals, balls and the nodes of a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from cgcli.operations.protocol import Directions, Number, Rulebook

Rule: TypeAlias = Callable[..., Any]
Shape: TypeAlias = tuple[int, ...]
ShapeRule: TypeAlias = Callable[..., Shape]
Parts: TypeAlias = Sequence[Number]


class Span(NamedTuple):
    """A part of an axis, ``1:`` or ``:-1``: ends as Python's slices have them.

    >>> str(Span(1, None)), Span(None, -1).places(4)
    ('1:', range(0, 3))
    """

    start: int | None
    stop: int | None

    def __str__(self) -> str:
        """Return the span as it is written."""
        start, stop = ("" if end is None else end for end in self)
        return f"{start}:{stop}"

    def places(self, length: int) -> range:
        """Return the places that it takes of an axis of some length."""
        return range(length)[slice(*self)]


Index: TypeAlias = int | Span | tuple[int, ...]
"""A place along an axis, a part of it, or some of its places, one for each of the next axis's."""
Static: TypeAlias = tuple[Any, ...]
"""What is fixed when the graph is built: whole numbers, as an axis, and the places of an index."""


def selected(indices: Iterable[Index]) -> tuple[Any, ...]:
    """Return indices as NumPy takes them.

    >>> selected((0, Span(1, None))), selected(((0, 1), (0, 1)))
    ((0, slice(1, None, None)), ([0, 1], [0, 1]))
    """
    return tuple(
        index
        if isinstance(index, int)
        else slice(*index)
        if isinstance(index, Span)
        else list(index)
        for index in indices
    )


Tangent: TypeAlias = Callable[[Directions, Parts, Number, Parts, Static], Number]
Pullback: TypeAlias = Callable[[Rulebook, int, Number, Number, Parts, Static], Number]

LEVELS: Final = {
    "choice": -1, "comparison": 0, "sum": 1, "product": 2, "sign": 3, "power": 4, "atom": 5,
}  # fmt: skip
"""How tightly a written operation binds, loosest first, as in the grammar; code has choices."""


_BY_NAME: Final[tuple[str, ...]] = ("",)
"""The words of an operation that is called by its own name."""


def of_the_book(m: Rulebook, *arguments: Number) -> Number:
    """Stand for the function of the rule book that has the row's name."""
    raise NotImplementedError


class Domain(NamedTuple):
    """Where an operation is defined: as a rule of its arguments, and in words.

    The words name the arguments in braces by the row's parameters: ``{x} must be positive``.
    """

    inside: Rule
    words: str


class Kink(NamedTuple):
    """A place where an operation has no derivative and a convention takes its place.

    `at` is a rule of the arguments. `sides` gives for each argument the derivatives from the
    left and from the right, or None where the argument has nothing to do with the kink. At a
    `jump` it is the value that has two sides. It is `compared` where formulas show it, since
    the row's rules or its domain ask for the same. At a `meeting` two arguments are one
    number, or multiples of one: where both are one node, that is so everywhere. It is `of` one
    argument, by its place, where no other has anything to do with it anywhere.
    """

    at: Rule
    sides: Rule
    words: str
    jump: bool = False
    compared: bool = False
    meeting: bool = False
    of: int | None = None

    def bends(self, sides: Sequence[Any], arguments: Sequence[int]) -> bool:
        """Whether there is a corner, by its sides, for these nodes: none meets itself in one."""
        pairs = zip(sides, arguments, strict=False)
        nodes = [node for side, node in pairs if side is not None]
        return not self.meeting or len(nodes) == 1 or len({*nodes}) > 1

    @property
    def turns(self) -> bool:
        """Whether the derivative, or the value, is another one on the other side."""
        return self.words.startswith(("a corner", "a jump"))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Operation:
    """One row: an operation's name, how it is written, its value, its derivatives, its edges.

    Its `value` is the rule book's function of its name, where the row states no other.
    An elementwise operation states `partials`, one rule an argument; where it takes any number
    of arguments, `partials` is one rule that returns a list of them all, since what they have in
    common is worked out once. Any other operation states a `pullback`, from the upstream gradient
    to one argument's contribution: `pullback(m, k, upstream, y, arguments, static)`, and None for
    an argument it is constant in. It takes no longer than that contribution is, however many
    arguments there are: they are a sequence to look into, not a list that was made for it.
    Its `tangent(d, moves, y, arguments, static)` is the other way round: how the result moves as
    the arguments move, over arrays with an axis of directions in front; None where it does not.
    A row is `wide` where a partial may leave the doubles, or vanish in them, and upstream times it
    does not: the rule is run over wide numbers there. Its `pole` is the last partial, infinite or
    NaN, where doubles have no value for that.
    Its `slopes` are where there are derivatives, as its `domain` is where there is a value.
    It `mixes` where every element of the result depends on all of the last axis, and `collects`
    where the elements of the result, or its rows, are the arguments themselves. It is a `step`
    where it is constant between jumps, which its kinks are, and `equates` where it asks whether
    its two arguments are equal, or differ; `opposite` names the comparison that holds where it
    does not. Its `sign` is what is before 0 wherever it has a value, ">" or ">=", or "kept" where
    it is that of all elements of its argument. It is an `identity` where it has its argument's
    value, and `picks` where it has a part of it; it `multiplies` where it is a product, linear in
    either of its two arguments. It is a `gate` where it lets a gradient through as it is, or does
    not; `pieces` tells the pieces of any other value with corners or jumps apart, by what is alike
    at all points of one. Its `angle` is "argument" or "value", whichever is one. It `commutes`
    where the order of its arguments changes nothing.
    Its `rules` are what textbooks call its derivative: where several arguments vary, and where one
    alone does, by its place, if that has another name. A function of one number has its own.

    The partials are written to be accurate; `textbook` has them as a course writes them, where
    that is another form. `pullback_words` says in words what a pullback does, the arguments in
    braces by the row's parameters, `{upstream}` and `{y}`; where the words depend on the shapes
    of the arguments, `wording(place, *shapes)` returns them. What is neither a sign nor a call
    has a pattern of its own, `written`, and in lists of operations its `usage`. `latex` is a
    macro, or a pattern with the arguments in angle brackets; `printed` has a pattern for formulas
    that no numbers are put into, where that is another, and which binds as a power does.
    """

    name: str
    value: Rule = of_the_book
    partials: tuple[Rule, ...] | Rule = ()
    words: tuple[str, ...] = _BY_NAME
    symbol: str = ""
    written: str = ""
    usage: str = ""
    level: int = LEVELS["atom"]
    parameters: tuple[str, ...] = ("x",)
    variadic: bool = False
    static: tuple[str, ...] = ()
    required_static: int = 0
    pullback: Pullback | None = None
    tangent: Tangent | None = None
    wide: bool = False
    mixes: bool = False
    collects: bool = False
    picks: bool = False
    identity: bool = False
    multiplies: bool = False
    step: bool = False
    equates: bool = False
    opposite: str = ""
    gate: bool = False
    pieces: Rule | None = None
    sign: str = ""
    angle: str = ""
    commutes: bool = False
    rules: tuple[str, ...] = ()
    shape: ShapeRule | None = None
    reaches: Rule | None = None
    domain: Domain | None = None
    pole: Rule | None = None
    slopes: Domain | None = None
    kinks: tuple[Kink, ...] = ()
    summary: str = ""
    pullback_words: tuple[str, ...] = ()
    wording: Callable[..., str] | None = None
    textbook: tuple[Rule | None, ...] | Rule = ()
    latex: str = ""
    printed: str = ""
    convention: str = ""

    def __post_init__(self) -> None:
        """Fill in what follows from the rest, as the names of arguments and the word for it."""
        # The arguments of two are a and b unless they are named.
        of_two = isinstance(self.partials, tuple) and len(self.partials) == 2
        if of_two and self.parameters == ("x",):
            object.__setattr__(self, "parameters", ("a", "b"))
        if self.value is of_the_book:
            name = self.name
            one: Rule = lambda m, x: getattr(m, name)(x)
            more: Rule = lambda m, *arguments: getattr(m, name)(*arguments)
            alone = self.parameters == ("x",) and not (self.static or self.variadic)
            object.__setattr__(self, "value", one if alone else more)
        if self.words is _BY_NAME:
            object.__setattr__(self, "words", () if self.symbol or self.written else (self.name,))
        if not self.rules and self.words and self.elementwise and len(self.parameters) == 1:
            object.__setattr__(self, "rules", ("derivative of {name}",))

    @property
    def jumps(self) -> bool:
        """Whether the value jumps anywhere."""
        return self.step or any(kink.jump for kink in self.kinks)

    @property
    def turns(self) -> bool:
        """Whether the derivative is another one on the other side of a corner."""
        return any(kink.turns for kink in self.kinks)

    @property
    def may_turn(self) -> bool:
        """Whether a choice by the operation's result may be another one beside the point."""
        return self.equates or not self.step

    @property
    def chooses(self) -> bool:
        """Whether one of its arguments is taken and others are not: the first says which."""
        return self.reaches is not None

    @property
    def reads_shape(self) -> bool:
        """Whether the value depends on an argument's shape alone."""
        return self.step and not self.elementwise

    @property
    def elementwise(self) -> bool:
        """Whether the operation acts on each element by itself, broadcasting its arguments."""
        return self.pullback is None

    def partial(self, place: int) -> Rule:
        """Return the rule of the derivative by the argument at `place`, counted from 0."""
        if isinstance(self.partials, tuple):
            return self.partials[place]
        every = self.partials
        return lambda m, y, *arguments: every(m, y, *arguments)[place]

    def partials_by(
        self, places: Iterable[int], run: Rule, y: Any, parts: Iterable[Any]
    ) -> list[Any]:
        """Return the derivatives by some arguments; `run` gives a rule's result, or a list of them.

        >>> from cgcli.numbers.real import run
        >>> from cgcli.operations.table import OPERATIONS
        >>> OPERATIONS["max"].partials_by((0, 2), run, 3.0, (3.0, 1.0, 3.0))
        [0.5, 0.5]
        """
        if isinstance(self.partials, tuple):
            return [run(self.partials[place], y, *parts) for place in places]
        every = run(self.partials, y, *parts)
        return [every[place] for place in places]

    def ruled(self, place: int, count: int, *, accurate: bool) -> Rule:
        """Return the rule of that derivative for formulas: to be read, or to be computed with.

        Of two of any number of arguments the taught one compares them and is as accurate.
        """
        if accurate and not (self.variadic and count == 2):
            return self.partial(place)
        return self.taught(place)

    def taught(self, place: int) -> Rule:
        """Return the rule of that derivative as a course writes it."""
        if isinstance(self.textbook, tuple):
            return (self.textbook[place] if self.textbook else None) or self.partial(place)
        every = self.textbook
        return lambda m, y, *arguments: every(m, place, y, *arguments)

    def lines(self, shape: Shape, static: tuple[int, ...]) -> str:
        """Return which lines of a matrix are worked on each by itself: row, column or none."""
        if len(shape) > 1 and self.mixes:
            return "row"
        if len(shape) > 1 and static and self.reduces:
            return "column" if static[0] in (0, -2) else "row"
        return ""

    def meeting(self, arguments: Sequence[int], parts: Sequence[Any]) -> Sequence[Any]:
        """Return what of some nodes' values may meet at a corner.

        Where any number of arguments are taken, one that stands twice ties with itself everywhere,
        and bends nowhere.
        """
        return [*dict(zip(arguments, parts, strict=True)).values()] if self.variadic else parts

    @property
    def reduces(self) -> bool:
        """Whether one number comes of all elements, or of those along an axis."""
        return self.static[:1] == ("axis",)

    def explained(self, place: int, shapes: Iterable[Shape]) -> str:
        """Return the words for what the pullback sends to the argument at `place`."""
        if self.wording is not None:
            return self.wording(place, *shapes)
        return self.pullback_words[min(place, len(self.pullback_words) - 1)]

    def accepts(self, count: int) -> bool:
        """Whether the operation can be called with that many arguments, static ones included."""
        least = len(self.parameters) + self.required_static
        most = len(self.parameters) + len(self.static)
        return count >= least and (self.variadic or count <= most)

    def signature(self) -> str:
        """Return how the operation is written, with its parameters' names."""
        names = list(self.parameters)
        if self.usage:
            return self.usage
        if self.symbol and len(names) == 1:
            return f"{self.symbol}{names[0]}"
        if self.symbol:
            space = "" if self.level == LEVELS["power"] else " "
            return f"{names[0]}{space}{self.symbol}{space}{names[1]}"
        names += list(self.static[: self.required_static])
        more = ["…"] if self.variadic else []
        tail = "".join(f"[, {name}]" for name in self.static[self.required_static :])
        word = self.words[0] if self.words else self.name
        return f"{word}({', '.join(names + more)}{tail})" if names else word
