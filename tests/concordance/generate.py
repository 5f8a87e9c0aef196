"""Random programs of the language, written from its contract alone, and points to ask them at.

A program is drawn as syntax, in tuples, from which its text is written: the oracle walks the
syntax, the program under test reads the text. A third of the points lie on purpose where
something happens: ties, kinks, poles, zeros, infinities, the ends of the range.
"""

from __future__ import annotations

import random

from tests.concordance.syntax import DECIMAL, DYADIC, Program, Shape, Syntax, pruned, words_of

UNARY = (
    "sqrt", "cbrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "sinc",
    "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "abs", "sign",
    "floor", "ceil", "round", "sigmoid", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu",
    "erf", "erfc", "gamma", "lgamma", "digamma",
)  # fmt: skip
BINARY = ("+", "-", "*", "/", "^")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
PAIRS = ("hypot", "xlogy", "atan2", "max", "min", "mod")
REDUCTIONS = ("sum", "mean", "prod", "norm", "logsumexp", "max", "min")


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
        if not self.inputs.keys() & set(words_of((*self.statements, ("output", output)))):
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
            if chance.random() < 0.5:
                return ("at", self.matrix(depth - 1), ("slice", "", ""), chance.choice((0, -1)))
            both = ("call", "concat", (self.vector(0), self.vector(0)))
            start = chance.choice(("", 1, -width))
            return ("at", both, ("slice", start, (start or 0) + width if start != -width else ""))
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
        if kind < 0.94 and "diag" in self.extra:
            return ("call", "diag", (self.vector(depth - 1),))
        return ("call", chance.choice(("softmax", "log_softmax")), (self.matrix(depth - 1),))


def program(seed: int, extra: frozenset[str] = frozenset()) -> Program:
    """The program of a seed."""
    return Maker(random.Random(f"program {seed}"), extra).program()
