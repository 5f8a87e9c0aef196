"""Random rational programs, and forward mode over `Fraction`s from the definition of each step.

A program is drawn as a tree of tuples. It is written out for the program under test, and walked
here with dual numbers: a value, and its derivative by every element of every input. Vectors and
matrices are nested lists of duals. Nothing is shared with the rules that are tested but the
language and its conventions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from random import Random
from typing import Any, NamedTuple

SHAPES = {"x": (), "y": (), "z": (), "v": (3,), "w": (3,), "M": (2, 3), "N": (3, 2)}
ZERO, ONE = Fraction(0), Fraction(1)


class UndefinedHereError(Exception):
    """The program has no finite value, or no finite derivative, at the point."""


class UnclearError(Exception):
    """Which branch a choice sends its gradient to hangs on what is NaN or an infinity."""


class Dual(NamedTuple):
    """A value, its derivative by each element of the inputs, and whether it is no step of them."""

    value: Fraction
    slope: tuple[Fraction | None, ...]
    """Without a derivative, None by each element: what is made of it has none either."""
    moves: bool = False

    @property
    def varies(self) -> bool:
        return bool(self.slope)


class _Missing:
    """What stands for an element without a value, until something asks for it."""

    def __getattr__(self, name: str) -> Any:
        raise UndefinedHereError


def dual(value: Fraction | int) -> Dual:
    return Dual(Fraction(value), ())


def _through(value: Fraction, *links: tuple[Fraction | None, Dual]) -> Dual:
    """The chain rule: local derivatives, None where there is none, times slopes."""
    moves = any(part.moves for _, part in links)
    moving = [(local, part) for local, part in links if part.varies]
    if not moving:
        return Dual(value, ())
    count = len(moving[0][1].slope)
    total: list[Fraction | None] = [ZERO] * count
    for local, part in moving:
        pairs = zip(total, part.slope, strict=True)
        total = [
            None if a is None or b is None or local is None else a + local * b for a, b in pairs
        ]
    return Dual(value, tuple(total), moves)


def _divide(a: Dual, b: Dual) -> Dual:
    if not b.value:
        raise UndefinedHereError
    return _through(a.value / b.value, (1 / b.value, a), (-a.value / b.value**2, b))


def _whole_power(a: Dual, n: int) -> Dual:
    if n == 0:
        return _through(ONE, (ZERO, a))
    if n < 0 and not a.value:
        raise UndefinedHereError
    return _through(a.value**n, (n * a.value ** (n - 1), a))


def _root(a: Dual) -> Dual:
    """The square root of a square."""
    top, bottom = math.isqrt(a.value.numerator), math.isqrt(a.value.denominator)
    root = Fraction(top, bottom)
    assert root**2 == a.value
    return _through(root, (1 / (2 * root) if root else None, a))


def _hypot(a: Dual, b: Dual) -> Dual:
    root = _root(dual(a.value**2 + b.value**2)).value
    share = (a.value / root, b.value / root) if root else (ZERO, ZERO)
    return _through(root, (share[0], a), (share[1], b))


def _extreme(pick: Callable[..., Fraction]) -> Callable[..., Dual]:
    def extreme(*parts: Dual) -> Dual:
        best = pick(part.value for part in parts)
        tied = sum(part.value == best for part in parts)
        return _through(best, *((Fraction(part.value == best) / tied, part) for part in parts))

    return extreme


MAX, MIN = _extreme(max), _extreme(min)


def _flat(function: Callable[[Fraction], Any]) -> Callable[[Dual], Dual]:
    return lambda a: dual(Fraction(function(a.value)))


def _mod(a: Dual, b: Dual) -> Dual:
    if not b.value:
        raise UndefinedHereError
    times = math.floor(a.value / b.value)
    return _through(a.value - times * b.value, (ONE, a), (Fraction(-times), b))


def _compared(holds: Callable[[Fraction, Fraction], bool]) -> Callable[[Dual, Dual], Dual]:
    return lambda a, b: dual(Fraction(holds(a.value, b.value)))


def _sign(x: Fraction) -> int:
    return (x > 0) - (x < 0)


def _at_zero(value: int, slope: int | Fraction) -> Callable[[Dual], Dual]:
    """A function that is asked for at 0 alone."""

    def function(a: Dual) -> Dual:
        assert not a.value
        return _through(Fraction(value), (Fraction(slope), a))

    return function


ELEMENTWISE: dict[str, tuple[int, Callable[..., Dual]]] = {
    "+": (2, lambda a, b: _through(a.value + b.value, (ONE, a), (ONE, b))),
    "-": (2, lambda a, b: _through(a.value - b.value, (ONE, a), (-ONE, b))),
    "*": (2, lambda a, b: _through(a.value * b.value, (b.value, a), (a.value, b))),
    "/": (2, _divide),
    "<": (2, _compared(lambda a, b: a < b)),
    ">=": (2, _compared(lambda a, b: a >= b)),
    "==": (2, _compared(lambda a, b: a == b)),
    "neg": (1, lambda a: _through(-a.value, (-ONE, a))),
    "abs": (1, lambda a: _through(abs(a.value), (Fraction(_sign(a.value)), a))),
    "sign": (1, _flat(_sign)),
    "floor": (1, _flat(math.floor)),
    "ceil": (1, _flat(math.ceil)),
    "round": (1, _flat(round)),
    "relu": (1, lambda a: _through(max(a.value, ZERO), (Fraction(a.value > 0), a))),
    "leaky_relu": (
        1,
        lambda a: _through(
            a.value if a.value > 0 else a.value / 100,
            (ONE if a.value > 0 else Fraction(1, 100), a),
        ),
    ),
    "max": (2, MAX),
    "min": (2, MIN),
    "clip": (3, lambda x, low, high: MIN(MAX(x, low), high)),
    "mod": (2, _mod),
    "square root": (1, lambda a: _root(_whole_power(a, 2))),
    "hypotenuse": (
        1,
        lambda a: _hypot(
            _through(3 * a.value, (Fraction(3), a)), _through(4 * a.value, (Fraction(4), a))
        ),
    ),
    "at zero": (1, lambda a: a),
}
AT_ZERO = {
    "exp": _at_zero(1, 1), "sin": _at_zero(0, 1), "cos": _at_zero(1, 0), "tanh": _at_zero(0, 1),
    "sigmoid": _at_zero(Fraction(1, 2), Fraction(1, 4)), "log1p": _at_zero(0, 1),
    "asin": _at_zero(0, 1), "expm1": _at_zero(0, 1), "elu": _at_zero(0, 1), "erfc": None,
}  # fmt: skip
del AT_ZERO["erfc"]


class Drawn(NamedTuple):
    """A program: its statements, each a name and a tree, and the inputs' values."""

    statements: list[tuple[str, Any]]
    inputs: dict[str, Any]

    @property
    def text(self) -> str:
        *named, (_, last) = self.statements
        return "; ".join([*(f"{name} = {write(tree)}" for name, tree in named), write(last)])


def write(tree: Any) -> str:
    kind = tree[0]
    if kind in ("name", "number"):
        return str(tree[1])
    inner = [write(each) for each in tree[2:]]
    word = tree[1]
    if kind == "power":
        return f"({inner[0]})^({word})"
    if kind == "index":
        return f"({inner[0]})[{word}]"
    if kind == "zero":
        return f"{word}({inner[0]} - {inner[0]})"
    if kind == "whole":
        return f"{word}({', '.join(inner)})"
    if kind == "product":
        return f"({inner[0]} @ {inner[1]})"
    if kind == "list":
        return f"[{', '.join(inner)}]"
    if kind == "where":
        return f"where({', '.join(inner)})"
    if word == "square root":
        return f"sqrt(({inner[0]})^2)"
    if word == "hypotenuse":
        return f"hypot(3*({inner[0]}), 4*({inner[0]}))"
    if word == "neg":
        return f"(-({inner[0]}))"
    if word.isalpha() or "_" in word:
        return f"{word}({', '.join(inner)})"
    return f"({inner[0]} {word} {inner[1]})"


# Evaluation


def evaluate(program: Drawn, count: int) -> Any:
    """Return the output as a dual, or nested lists of them; `count` elements in all inputs."""
    place = 0
    known: dict[str, Any] = {}
    for name, value in program.inputs.items():
        flat, place = _seeded(value, place, count)
        known[name] = flat
    trees = dict(program.statements)
    found = _walk(program.statements[-1][1], known, trees)
    if any(None in part.slope for part in _elements(found)):
        raise UndefinedHereError
    return found


def _seeded(value: Any, place: int, count: int) -> tuple[Any, int]:
    if isinstance(value, list):
        found = []
        for each in value:
            part, place = _seeded(each, place, count)
            found.append(part)
        return found, place
    return Dual(value, tuple(Fraction(k == place) for k in range(count)), True), place + 1


def _walk(tree: Any, known: dict[str, Any], trees: dict[str, Any]) -> Any:
    kind, word, *inner = tree
    if kind == "number":
        return dual(Fraction(word))
    if kind == "name":
        if word not in known:
            known[word] = _walk(trees[word], known, trees)
        return known[word]
    if kind == "where":
        condition = _walk(inner[0], known, trees)
        taken = _walk(inner[1] if condition.value else inner[2], known, trees)
        _, sign, *sides = inner[0]
        left, right = (_walk(side, known, trees) for side in sides)
        if sign != "==" or left.value != right.value or not (left.moves or right.moves):
            return taken
        # An equality holds at the point alone: what is equal there is the other branch about it.
        try:
            other = _walk(inner[2], known, trees)
            same = other.value == taken.value
        except UndefinedHereError:
            raise UnclearError from None
        return other if same else taken
    parts = [_walk(each, known, trees) for each in inner]
    if kind == "power":
        return _map(lambda a: _whole_power(a, word), parts[0])
    if kind == "zero":
        return _map(lambda a: AT_ZERO[word](_minus(a, a)), parts[0])
    if kind == "index":
        return parts[0][word]
    if kind == "list":
        return parts
    if kind == "product":
        return _matrix_product(*parts)
    if kind == "whole":
        return WHOLE[word](*parts)
    return _map(ELEMENTWISE[word][1], *parts)


def _minus(a: Dual, b: Dual) -> Dual:
    return ELEMENTWISE["-"][1](a, b)


def _shape(value: Any) -> tuple[int, ...]:
    return (len(value), *_shape(value[0])) if isinstance(value, list) else ()


def _map(function: Callable[..., Dual], *parts: Any) -> Any:
    """Elementwise, a scalar or a vector spread over the rows of a matrix."""
    shape = max(map(_shape, parts), key=len)
    if not shape:
        try:
            return function(*parts)
        except UndefinedHereError:
            return _Missing()
    rows = [
        part
        if _shape(part) == shape
        else [part] * shape[0]
        if len(_shape(part)) < len(shape)
        else part
        for part in parts
    ]
    return [_map(function, *each) for each in zip(*rows, strict=True)]


def _total(parts: list[Dual]) -> Dual:
    found = parts[0]
    for part in parts[1:]:
        found = ELEMENTWISE["+"][1](found, part)
    return found


def _inner(a: list[Dual], b: list[Dual]) -> Dual:
    return _total([ELEMENTWISE["*"][1](p, q) for p, q in zip(a, b, strict=True)])


def _columns(matrix: list[Any]) -> list[Any]:
    return [list(column) for column in zip(*matrix, strict=True)]


def _matrix_product(a: Any, b: Any) -> Any:
    if len(_shape(a)) == len(_shape(b)) == 1:
        return _inner(a, b)
    if len(_shape(a)) == 1:
        return [_inner(a, column) for column in _columns(b)]
    if len(_shape(b)) == 1:
        return [_inner(row, b) for row in a]
    return [[_inner(row, column) for column in _columns(b)] for row in a]


def _elements(value: Any) -> list[Dual]:
    return [e for each in value for e in _elements(each)] if isinstance(value, list) else [value]


def _product_of(parts: list[Dual]) -> Dual:
    found = parts[0]
    for part in parts[1:]:
        found = ELEMENTWISE["*"][1](found, part)
    return found


WHOLE: dict[str, Callable[..., Any]] = {
    "sum": lambda a: _total(_elements(a)),
    "mean": lambda a: _map(lambda d: _divide(d, dual(len(_elements(a)))), _total(_elements(a))),
    "prod": lambda a: _product_of(_elements(a)),
    "max": lambda a: MAX(*_elements(a)),
    "min": lambda a: MIN(*_elements(a)),
    "dot": _inner,
    "outer": lambda a, b: [[ELEMENTWISE["*"][1](p, q) for q in b] for p in a],
    "transpose": _columns,
    "concat": lambda a, b: a + b,
}


# Drawing


class Drawing:
    """A program being drawn: statements that may use those before them."""

    def __init__(self, chance: Random, tensors: bool) -> None:
        self.chance = chance
        self.tensors = tensors
        self.shapes = {name: shape for name, shape in SHAPES.items() if tensors or not shape}

    def number(self) -> Any:
        chance = self.chance
        texts = [
            str(chance.randint(0, 9)),
            f"{chance.randint(0, 9)}.{chance.randint(0, 99)}",
            "1e-3",
        ]
        return ("number", chance.choice(texts))

    def leaf(self, shape: tuple[int, ...]) -> Any:
        names = [name for name, own in self.shapes.items() if own == shape]
        if (not shape and self.chance.random() < 0.25) or not names:
            return (
                self.number()
                if not shape
                else ("list", "", *(self.leaf(shape[1:]) for _ in range(shape[0])))
            )
        return ("name", self.chance.choice(names))

    def tree(self, shape: tuple[int, ...], depth: int) -> Any:
        chance = self.chance
        if not depth:
            return self.leaf(shape)
        roll = chance.random()
        if self.tensors and roll < 0.35:
            found = self.whole(shape, depth - 1)
            if found:
                return found
        if roll < 0.45:
            return ("power", chance.randint(-2, 4), self.tree(shape, depth - 1))
        if roll < 0.5:
            return ("zero", chance.choice(sorted(AT_ZERO)), self.tree(shape, depth - 1))
        if roll < 0.56 and not shape:
            condition = ("op", chance.choice(["<", ">=", "=="]), self.leaf(()), self.leaf(()))
            # Whatever the other branch holds: it is written in one place, and seldom taken.
            wild = ("op", "/", self.leaf(()), ("number", "0"))
            branches = [self.tree((), depth - 1), wild if chance.random() < 0.3 else self.leaf(())]
            chance.shuffle(branches)
            return ("where", "", condition, *branches)
        word = chance.choice([*"+-*/", *"+-*/", *sorted(set(ELEMENTWISE) - {"at zero"})])
        count = ELEMENTWISE[word][0]
        parts = [self.tree(shape, depth - 1)]
        parts += [self.tree(chance.choice([shape, ()]), depth - 1) for _ in range(count - 1)]
        chance.shuffle(parts)
        return ("op", word, *parts)

    def whole(self, shape: tuple[int, ...], depth: int) -> Any:
        chance = self.chance
        if not shape:
            word = chance.choice(["sum", "mean", "prod", "max", "min", "dot", "index", "product"])
            if word == "index":
                return ("index", chance.randint(0, 2), self.tree((3,), depth))
            if word == "product":
                return ("product", "", self.tree((3,), depth), self.tree((3,), depth))
            if word == "dot":
                return ("whole", "dot", self.tree((3,), depth), self.tree((3,), depth))
            inner = (3,) if word in ("max", "min") else chance.choice([(3,), (2, 3)])
            return ("whole", word, self.tree(inner, depth))
        if shape == (3,):
            word = chance.choice(["list", "product", "index"])
            if word == "list":
                return ("list", "", *(self.tree((), depth) for _ in range(3)))
            if word == "index":
                return ("index", chance.randint(0, 1), self.tree((2, 3), depth))
            return ("product", "", self.tree((3, 2), depth), self.tree((2,), depth))
        if shape == (2,):
            return ("product", "", self.tree((2, 3), depth), self.tree((3,), depth))
        if shape == (2, 3):
            word = chance.choice(["outer", "transpose", "product"])
            if word == "outer":
                return ("whole", "outer", self.tree((2,), depth), self.tree((3,), depth))
            if word == "transpose":
                return ("whole", "transpose", self.tree((3, 2), depth))
        if shape == (3, 2):
            return ("whole", "transpose", self.tree((2, 3), depth))
        return None


def draw(seed: int, tensors: bool = False, output: tuple[int, ...] = ()) -> Drawn:
    """Return a random program, the same for the same seed."""
    chance = Random(seed)
    drawing = Drawing(chance, tensors)
    statements = []
    for k in range(chance.randint(0, 3)):
        shape = chance.choice([(), (3,), (2, 3)]) if tensors else ()
        statements.append((f"p{k}", drawing.tree(shape, chance.randint(1, 2))))
        drawing.shapes[f"p{k}"] = shape
    statements.append(("", drawing.tree(output, chance.randint(1, 4 if not tensors else 3))))
    used = {name for _, tree in statements for name in _names(tree)}
    names = [name for name in SHAPES if name in used]
    return Drawn(statements, {name: _values(chance, SHAPES[name]) for name in names})


def _names(tree: Any) -> Iterator[str]:
    if tree[0] == "name":
        yield tree[1]
    for each in tree[2:]:
        yield from _names(each)


def _values(chance: Random, shape: tuple[int, ...]) -> Any:
    if shape:
        return [_values(chance, shape[1:]) for _ in range(shape[0])]
    return Fraction(chance.randint(-6, 6), chance.choice([1, 1, 2, 3, 5, 7]))


def size(value: Any) -> int:
    return sum(map(size, value)) if isinstance(value, list) else 1


def shape_of(value: Any) -> tuple[int, ...]:
    return _shape(value)


def elements(value: Any) -> list[Dual]:
    return _elements(value)
