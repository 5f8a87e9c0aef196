"""Random programs of the language, written from its contract alone, and points to ask them at.

A program is drawn as syntax, in tuples, from which its text is written: the oracle walks the
syntax, the program under test reads the text. A third of the points lie on purpose where
something happens: ties, kinks, poles, zeros, infinities, the ends of the range.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Syntax = tuple[Any, ...]
Shape = tuple[int, ...]

UNARY = (
    "sqrt", "cbrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin",
    "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "abs", "sign", "floor",
    "ceil", "round", "sigmoid", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu", "erf",
    "erfc", "gamma", "lgamma", "digamma",
)  # fmt: skip
BINARY = ("+", "-", "*", "/", "^")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
PAIRS = ("hypot", "xlogy", "atan2", "max", "min", "mod")
REDUCTIONS = ("sum", "mean", "prod", "norm", "logsumexp", "max", "min")
RATIONAL = frozenset(
    {*BINARY[:4], *COMPARISONS, "abs", "sign", "floor", "ceil", "round", "relu", "max", "min",
     "clip", "where", "mod", "sum", "mean", "prod", "dot", "outer", "transpose", "concat", "len",
     "onehot", "@", "-x", "+x", "cumsum", "trace", "diag"}
)  # fmt: skip
"""What `--exact` has an answer to, wherever the answer is finite."""
DYADIC = ("0", "1", "2", "3", "0.5", "0.25", "1.5", "-1", "-2", "-0.5")
DECIMAL = ("0.1", "0.3", "1e-3", "2.7", "0.01")
SPOTS = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1.5, 3.0, 0.25, -3.0, 2.5)
"""Where functions have their corners, poles and zeros, and where arguments tie."""
ENDS = (
    2.0**-1074, 2.0**-1022, 2.0**-700, 2.0**-600, -(2.0**-540), 2.0**-200, 2.0**-60, 2.0**300,
    -(2.0**500), 2.0**520, 2.0**700, 2.0**1000, -(2.0**1023), 1.75 * 2.0**1023, 40.0, -40.0, 800.0,
    -800.0, 20.0, 1024.0, -1080.0, float("inf"), -float("inf"),
)  # fmt: skip


@dataclass
class Program:
    """A program, and the inputs that it has; `single` names its operation where it has one."""

    statements: tuple[Syntax, ...]
    inputs: dict[str, Shape]
    single: str | None = None
    sizes: list[int] = field(default_factory=list)
    """Binary exponents of its very large and small literals; there are none as yet."""
    text: str = ""
    words: frozenset[str] = frozenset()
    """The kinds of syntax, operators and functions in it."""
    dyadic: bool = True
    """Whether all its numbers are what they are in doubles."""

    def __post_init__(self) -> None:
        self.text = "; ".join(map(write_statement, self.statements)).replace("}; ", "} ")
        self.words = frozenset(_words(self.statements))
        self.dyadic = not self.words & {*DECIMAL, "pi", "e", "tau", "leaky_relu"}

    @property
    def rational(self) -> bool:
        """Whether every operation in it has a fraction."""
        plain = {"number", "name", "call", "binary", "sign", "list", "at", "let", "output", "for",
                 "member", "family", "define", "use", "comprehension"}  # fmt: skip
        return self.words <= RATIONAL | plain | set(DYADIC)


def pruned(statements: tuple[Syntax, ...], drawn: Program) -> Program:
    """These statements of a program, with the inputs that they read."""
    words = set(_words(statements))
    inputs = {name: shape for name, shape in drawn.inputs.items() if name in words}
    single = drawn.single if statements == drawn.statements else None
    return Program(statements, inputs, single=single)


def points_of(
    point: Mapping[str, Sequence[float]], inputs: Mapping[str, Shape]
) -> dict[str, Sequence[float]]:
    """The part of a point that is for these inputs."""
    return {name: point[name] for name in inputs}


def uses(program: Program, *words: str) -> bool:
    return not program.words.isdisjoint(words)


def _words(syntax: Any) -> Iterator[str]:
    for part in syntax:
        if isinstance(part, str):
            yield part
        elif isinstance(part, tuple):
            if part and part[0] == "sign":
                yield part[1] + "x"
            yield from _words(part if not part or part[0] != "sign" else (part[0], part[2]))


# --- text ------------------------------------------------------------------------------------


def write_statement(statement: Syntax) -> str:
    kind = statement[0]
    if kind == "let":
        return f"{statement[1]} = {write(statement[2])}"
    if kind == "member":
        return f"{statement[1]}[{_index(statement[2])}] = {write(statement[3])}"
    if kind == "define":
        return f"{statement[1]}({', '.join(statement[2])}) = {write(statement[3])}"
    if kind == "for":
        _, turn, first, last, by, body = statement
        step = "" if by == 1 else f" by {by}"
        return f"for {turn} in {first}..{last}{step} {{ {'; '.join(map(write_statement, body))} }}"
    return write(statement[1])


def write(syntax: Syntax) -> str:
    """An expression as text; brackets stand wherever they could matter."""
    kind = syntax[0]
    if kind in ("number", "constant", "name"):
        return str(syntax[1])
    if kind == "family":
        return f"{syntax[1]}[{_index(syntax[2])}]"
    if kind == "sign":
        return f"{syntax[1]}{_inner(syntax[2])}"
    if kind == "binary":
        return f"{_inner(syntax[2])} {syntax[1]} {_inner(syntax[3])}"
    if kind == "list":
        return f"[{', '.join(map(write, syntax[1]))}]"
    if kind == "comprehension":
        return f"[{write(syntax[1])} for {syntax[2]} in {syntax[3]}..{syntax[4]}]"
    if kind == "at":
        return f"{_inner(syntax[1])}[{', '.join(map(_index, syntax[2:]))}]"
    args = [write(arg) for arg in syntax[2]]
    if len(syntax) > 3 and syntax[3] is not None:
        args.append(str(syntax[3]))
    return f"{syntax[1]}({', '.join(args)})"


def _inner(syntax: Syntax) -> str:
    text = write(syntax)
    return f"({text})" if syntax[0] in ("binary", "sign") or text.startswith("-") else text


def _index(index: Any) -> str:
    if isinstance(index, int):
        return str(index)
    if index[0] == "slice":
        return f"{index[1]}:{index[2]}"
    turn, plus = index
    return turn if not plus else f"{turn}{plus:+d}"


# --- programs --------------------------------------------------------------------------------


class Maker:
    """Draws programs; `extra` are the words of the language that not every build has yet."""

    def __init__(self, chance: random.Random, extra: frozenset[str]) -> None:
        self.chance, self.extra = chance, extra
        self.width = chance.choice((2, 2, 3))
        self.inputs: dict[str, Shape] = {}
        self.names: dict[str, Shape] = {}
        self.statements: list[Syntax] = []
        self.functions: list[tuple[str, int]] = []
        self.narrow = False
        """Whether vectors are kept out: the parameters of a function are scalars."""

    def program(self) -> Program:
        if self.chance.random() < 0.25:
            return self.one_operation()
        if self.chance.random() < 0.2:
            self.function()
        for k in range(self.chance.choice((0, 0, 1, 2))):
            shape = self.chance.choice(((), (), (self.width,)))
            self.let("pqr"[k], shape, self.chance.randint(1, 2))
        if self.chance.random() < 0.12:
            self.loop()
        shape = self.chance.choice(((),) * 8 + ((self.width,),))
        output = self.draw(shape, self.chance.randint(1, 3))
        if not self.inputs.keys() & set(_words((*self.statements, ("output", output)))):
            output = ("binary", "*", output, self.input(()))
        return self.finish(output)

    def finish(self, output: Syntax, single: str | None = None) -> Program:
        """The program, with the inputs that it has use for."""
        drawn = Program((*self.statements, ("output", output)), self.inputs, single=single)
        return pruned(drawn.statements, drawn)

    def one_operation(self) -> Program:
        """An operation, by inputs and at most a number beside them."""
        kind = self.chance.random()
        vector = self.chance.random() < 0.2
        shape: Shape = (self.width,) if vector else ()
        if kind < 0.6:
            name = self.chance.choice(UNARY)
            syntax: Syntax = ("call", name, (self.input(shape),))
        elif kind < 0.75:
            name = self.chance.choice(BINARY)
            pair = [self.input(shape), self.input(())]
            if self.chance.random() < 0.4:
                pair[1] = self.number()
                self.inputs = {pair[0][1]: shape}
            if self.chance.random() < 0.3:
                pair.reverse()
            syntax = ("binary", name, *pair)
        elif kind < 0.9:
            name = self.chance.choice(PAIRS)
            syntax = ("call", name, (self.input(shape), self.input(())))
        else:
            name = self.chance.choice((*REDUCTIONS, "softmax", "log_softmax"))
            syntax = ("call", name, (self.input((self.width,)),))
        return self.finish(syntax, name)

    def input(self, shape: Shape) -> Syntax:
        names = "ab" if self.narrow else {0: "xyz", 1: "uv", 2: "WM"}[len(shape)]
        name = self.chance.choice(names)
        while self.inputs.get(name, shape) != shape:
            name += "2"
        self.inputs[name] = shape
        return ("name", name)

    def number(self) -> Syntax:
        if self.chance.random() < 0.05:
            return ("constant", self.chance.choice(("pi", "e", "tau")))
        if self.chance.random() < 0.12:
            return ("number", self.chance.choice(DECIMAL))
        text = self.chance.choice(DYADIC)
        return ("sign", "-", ("number", text[1:])) if text[0] == "-" else ("number", text)

    def let(self, name: str, shape: Shape, depth: int) -> None:
        self.statements.append(("let", name, self.draw(shape, depth)))
        self.names[name] = shape

    def function(self) -> None:
        """A function of two scalars that reads nothing else."""
        inputs, self.inputs = self.inputs, {"a": (), "b": ()}
        self.names, self.narrow = {"a": (), "b": ()}, True
        body = self.scalar(2)
        self.inputs, self.names, self.narrow = inputs, {}, False
        self.statements.append(("define", "g", ("a", "b"), body))
        self.functions.append(("g", 2))

    def loop(self) -> None:
        """A recurrence over a family, and its last member."""
        state = ("family", "h", ("t", 0))
        scaled = ("binary", "*", state, self.input(()))
        more = ("binary", "+", state, self.input(()))
        less = ("binary", "-", state, ("number", "1"))
        step = self.chance.choice(
            (
                ("call", "tanh", (("binary", "+", scaled, self.input(())),)),
                ("binary", "+", scaled, ("number", "0.5")),
                ("call", "max", (("binary", "*", state, ("number", "2")), self.input(()))),
                ("call", "where", (("binary", ">", state, self.input(())), less, more)),
            )
        )
        last = self.chance.randint(1, 3)
        if self.chance.random() < 0.3:
            self.statements.append(("member", "h", last, self.draw((), 0)))
            body = (("member", "h", ("t", -1), step),)
            self.statements.append(("for", "t", last, 1, -1, body))
            end = 0
        else:
            self.statements.append(("member", "h", 0, self.draw((), 0)))
            body = (("member", "h", ("t", 1), step),)
            self.statements.append(("for", "t", 0, last - 1, 1, body))
            end = last
        self.statements.append(("let", "s", ("family", "h", end)))
        self.names["s"] = ()

    # --- expressions -----------------------------------------------------------------------

    def draw(self, shape: Shape, depth: int) -> Syntax:
        return (self.scalar, self.vector, self.matrix)[len(shape)](depth)

    def leaf(self, shape: Shape) -> Syntax:
        named = [name for name, own in self.names.items() if own == shape]
        if named and self.chance.random() < 0.5:
            return ("name", self.chance.choice(named))
        if not shape and self.chance.random() < 0.15:
            return self.number()
        return self.input(shape)

    def scalar(self, depth: int) -> Syntax:
        chance = self.chance
        if depth <= 0:
            return self.leaf(())
        kind = chance.random()
        if kind < 0.32:
            return (
                "binary",
                chance.choice(BINARY[:4]),
                self.scalar(depth - 1),
                self.scalar(depth - 1),
            )
        if kind < 0.38:
            return ("binary", "^", self.scalar(depth - 1), self.exponent())
        if kind < 0.62:
            return ("call", chance.choice(UNARY), (self.scalar(depth - 1),))
        if kind < 0.70:
            return ("call", chance.choice(PAIRS), (self.scalar(depth - 1), self.scalar(depth - 1)))
        if kind < 0.77:
            return (
                "call",
                "where",
                (self.condition(depth - 1), self.scalar(depth - 1), self.scalar(depth - 1)),
            )
        if kind < 0.79:
            return self.condition(depth - 1)
        if kind < 0.81:
            return ("call", "clip", tuple(self.scalar(depth - 1) for _ in range(3)))
        if kind < 0.83:
            return ("sign", chance.choice("-+"), self.scalar(depth - 1))
        if kind < 0.85 and self.functions:
            return ("use", "g", (self.scalar(depth - 1), self.leaf(())))
        if kind < 0.86:
            return ("call", "polygamma", (("number", chance.choice("012")), self.scalar(depth - 1)))
        return self.scalar(depth - 1) if self.narrow else self.from_vector(depth)

    def exponent(self) -> Syntax:
        if self.chance.random() < 0.7:
            text = self.chance.choice(("2", "2", "3", "-1", "0.5", "1.5", "0", "-2", "1"))
            return ("sign", "-", ("number", text[1:])) if text[0] == "-" else ("number", text)
        return self.leaf(())

    def condition(self, depth: int) -> Syntax:
        op = self.chance.choice(COMPARISONS)
        return ("binary", op, self.scalar(min(depth, 1)), self.leaf(()))

    def from_vector(self, depth: int) -> Syntax:
        chance, vector = self.chance, self.vector(depth - 1)
        kind = chance.random()
        if kind < 0.5:
            return ("call", chance.choice(REDUCTIONS), (vector,))
        if kind < 0.62:
            return ("at", vector, chance.choice((0, 1, -1)))
        if kind < 0.7:
            return ("call", "dot", (vector, self.vector(0)))
        if kind < 0.78:
            return ("binary", "@", vector, self.vector(0))
        if kind < 0.84:
            return ("call", "len", (vector,))
        if kind < 0.88 and "trace" in self.extra:
            return ("call", "trace", (self.matrix(1),))
        if kind < 0.94:
            return ("at", self.matrix(depth - 1), chance.choice((0, 1)), chance.choice((0, -1)))
        return ("call", chance.choice(REDUCTIONS), (self.matrix(depth - 1),))

    def vector(self, depth: int) -> Syntax:
        chance, width = self.chance, self.width
        if depth <= 0:
            if chance.random() < 0.3:
                return ("list", tuple(self.leaf(()) for _ in range(width)))
            return self.leaf((width,))
        kind = chance.random()
        if kind < 0.25:
            other = self.vector(depth - 1) if chance.random() < 0.5 else self.scalar(depth - 1)
            pair = (self.vector(depth - 1), other)
            return (
                "binary",
                chance.choice(BINARY[:4]),
                *(pair if chance.random() < 0.7 else pair[::-1]),
            )
        if kind < 0.45:
            return ("call", chance.choice(UNARY), (self.vector(depth - 1),))
        if kind < 0.52:
            return ("call", chance.choice(PAIRS), (self.vector(depth - 1), self.scalar(depth - 1)))
        if kind < 0.60:
            condition = ("binary", chance.choice(COMPARISONS), self.vector(0), self.leaf(()))
            return ("call", "where", (condition, self.vector(depth - 1), self.scalar(depth - 1)))
        if kind < 0.68:
            return ("call", chance.choice(("softmax", "log_softmax")), (self.vector(depth - 1),))
        if kind < 0.74:
            return (
                "binary",
                "@",
                *(
                    (self.matrix(0), self.vector(depth - 1))
                    if chance.random() < 0.5
                    else (self.vector(depth - 1), self.matrix(0))
                ),
            )
        if kind < 0.80:
            turn = "kji"[depth - 1]
            body = ("binary", "*", ("name", turn), self.scalar(depth - 1))
            if chance.random() < 0.5:
                body = (
                    "binary",
                    "+",
                    ("at", self.input((width,)), (turn, 0)),
                    self.scalar(depth - 1),
                )
            return ("comprehension", body, turn, 0, width - 1)
        if kind < 0.86:
            return (
                "call",
                chance.choice(("sum", "mean", "prod", "norm", "logsumexp")),
                (self.matrix(depth - 1),),
                chance.choice((0, 1)),
            )
        if kind < 0.89:
            return ("at", self.matrix(0), chance.choice((0, 1, -1)))
        if kind < 0.91:
            return ("call", "onehot", (("number", "1"), ("number", str(width))))
        if kind < 0.93 and "cumsum" in self.extra:
            return ("call", "cumsum", (self.vector(depth - 1),))
        if kind < 0.95 and "slice" in self.extra:
            both = ("call", "concat", (self.vector(0), self.vector(0)))
            return ("at", both, ("slice", 1, 1 + width))
        if kind < 0.97 and "diag" in self.extra:
            return ("call", "diag", (self.matrix(depth - 1),))
        return ("list", tuple(self.scalar(depth - 1) for _ in range(width)))

    def matrix(self, depth: int) -> Syntax:
        """Always square: of `width` rows and columns."""
        chance, shape = self.chance, (self.width, self.width)
        if depth <= 0:
            return self.leaf(shape)
        kind = chance.random()
        if kind < 0.2:
            return ("call", "outer", (self.vector(0), self.vector(0)))
        if kind < 0.35:
            return ("call", "transpose", (self.matrix(depth - 1),))
        if kind < 0.5:
            return ("call", chance.choice(UNARY), (self.matrix(depth - 1),))
        if kind < 0.65:
            return ("binary", "@", self.matrix(0), self.matrix(depth - 1))
        if kind < 0.8:
            return ("binary", chance.choice(BINARY[:4]), self.matrix(depth - 1), self.vector(0))
        if kind < 0.9:
            return ("list", tuple(self.vector(0) for _ in range(self.width)))
        return ("call", chance.choice(("softmax", "log_softmax")), (self.matrix(depth - 1),))


def program(seed: int, extra: frozenset[str] = frozenset()) -> Program:
    """The program of a seed."""
    return Maker(random.Random(f"program {seed}"), extra).program()


def points(drawn: Program, seed: int, count: int) -> list[dict[str, list[float]]]:
    """Points for a program: the doubles of every input, by name."""
    chance = random.Random(f"points {seed}")
    return [_point(drawn.inputs, chance, k) for k in range(count)]


def _point(inputs: Mapping[str, Shape], chance: random.Random, k: int) -> dict[str, list[float]]:
    kind = "spots" if k % 3 == 0 else "plain"
    if kind == "spots" and chance.random() < 0.3:
        kind = "ends"
    shared = chance.choice(SPOTS)
    point = {}
    for name, shape in inputs.items():
        count = 1
        for size in shape:
            count *= size
        point[name] = [_coordinate(kind, shared, chance) for _ in range(count)]
    return point


def _coordinate(kind: str, shared: float, chance: random.Random) -> float:
    if kind == "plain":
        if chance.random() < 0.5:
            return chance.randint(-320, 320) / 64
        return chance.gauss(0, 1) * chance.choice((1, 1, 3, 10))
    if kind == "ends" and chance.random() < 0.6:
        return chance.choice(ENDS)
    return shared if chance.random() < 0.4 else chance.choice(SPOTS)


def nested(values: Sequence[float], shape: Shape) -> Any:
    """Elements as a number or nested lists."""
    if not shape:
        return values[0]
    if len(shape) == 1:
        return list(values)
    width = shape[1]
    return [list(values[k : k + width]) for k in range(0, len(values), width)]
