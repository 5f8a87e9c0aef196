"""Programs of the language by its grammar, and texts that were programs once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fuzz.case import Dice

Shape = tuple[int, ...]

UNARY = (
    "sqrt", "cbrt", "exp", "expm1", "log", "ln", "log1p", "log2", "log10", "sin", "cos",
    "tan", "sinc", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "abs", "sign", "floor", "ceil", "round", "sigmoid", "relu", "leaky_relu", "elu", "softplus",
    "silu", "gelu", "erf", "erfc", "gamma", "lgamma", "digamma",
)  # fmt: skip
BINARY = ("hypot", "xlogy", "atan2", "mod", "min", "max")
REDUCTIONS = ("sum", "mean", "prod", "norm", "logsumexp", "max", "min", "len")
ROWS = ("softmax", "log_softmax", "cumsum")
WRONG_WORDS = ("arcsin", "tg", "sen", "lg", "pow", "cumsum", "diag", "trace", "onehot", "polygamma")
NAMES = ("x", "y", "z", "w", "u", "a", "b", "c", "p", "q", "k", "n")
TRAPS = (
    "f", "v1", "v2", "out", "out1", "row", "e", "pi", "tau", "inf", "nan", "d", "dx", "df", "f_x",
    "lambda", "def", "None", "True", "import", "by", "in", "for", "grad", "t", "i", "h", "self",
    "math", "np", "numpy", "list", "X", "Y", "sum", "exp", "log", "_", "__class__", "θ", "α1",
    "変数", "é", "ﬁ", "ª", "x₁", "value", "derivatives", "if", "else", "print", "I", "E", "S", "N",
    "Q", "beta", "zeta", "gamma", "Symbol", "cost", "rate", "epoch",
)  # fmt: skip
NUMBERS = ("0", "1", "2", "3", "0.5", "-1", "10", ".5", "1e-3", "1/3", "7")
HARD_NUMBERS = (
    "1e308", "1e-308", "5e-324", "1e400", "1e-400", "1e999999999", "-0", "0.1", "1e16", "1e-20",
    "9007199254740993", "123456789012345678901234567890", "0.30000000000000004", "1e5", "1000",
    "709.8", "-745", "0x10", "1_000", "1,5", "1e", "1.2.3", "inf", "-inf", "nan", "pi", "1e22",
    "0.000", "2.", "00012", "3.14159265358979323846264338327950288",
)  # fmt: skip
PASTED = {
    "-": "−", "*": "×·⋅∗＊", "/": "÷／", "(": "（", ")": "）", "+": "＋", ",": "，", ";": "；",
    "=": "＝", " ": "\u00a0\t ", "[": "［", "]": "］", "^": "＾", "<": "＜",
    "pi": "π",
}  # fmt: skip
HOSTILE = (
    "\x00", "\x1b[31m", "\x07", "\x9b", "\u202e", "\u2066", "\u2028", "\u2029", "\ufeff", "\u200b",
    "\u200d", "\ud800", "\U0001f600", "\r", "\r\n", "\x0b", "\x0c", "\x7f", "\x85", "²", "√", "½",
    "∂", "∞", "≤", "≠", "́", "{0}", "%s", "[red]", "`", "$(id)", "&amp;", "<script>", "\\", "'",
    '"', "|", "~", "!", "?", ":", "#", "@", "_", "..", "...", "**", "***", "//", "--", "==", "=",
)  # fmt: skip


@dataclass
class Written:
    """A program: its text, its inputs with their shapes, and the names of its nodes."""

    text: str
    inputs: dict[str, Shape] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)


class Writer:
    """Writes a program by the grammar; mostly one that can be evaluated."""

    def __init__(self, dice: Dice, *, scalar: bool = False, names: tuple[str, ...] = ()) -> None:
        self.dice = dice
        self.scalars_only = scalar or dice.chance(0.4)
        self.pool = list(names or NAMES)
        if dice.chance(0.35):
            self.pool += dice.sample(TRAPS, 4)
        self.inputs: dict[str, Shape] = {}
        self.nodes: dict[str, Shape] = {}
        self.functions: dict[str, int] = {}
        self.variables: list[str] = []
        self.parameters: list[str] = []
        self.families: dict[str, int] = {}

    # --- names ---

    def fresh(self) -> str:
        """A name that is not in use, or, seldom, one that is."""
        taken = {*self.inputs, *self.nodes, *self.functions, *self.families}
        free = [name for name in (*self.pool, "g", "s", "r", "m") if name not in taken]
        if self.dice.chance(0.04) or not free:
            return self.dice.choice((*self.pool, *TRAPS))
        return self.dice.choice(free)

    def input(self, shape: Shape) -> str:
        known = [name for name, each in self.inputs.items() if each == shape]
        if known and self.dice.chance(0.7):
            return self.dice.choice(known)
        name = self.fresh()
        if name in self.nodes or name in self.families or name in self.functions:
            return "1"
        self.inputs.setdefault(name, shape)
        return name

    # --- expressions ---

    def number(self) -> str:
        return self.dice.choice(NUMBERS if self.dice.chance(0.9) else HARD_NUMBERS)

    def scalar(self, depth: int) -> str:
        dice = self.dice
        if depth <= 0 or dice.chance(0.12):
            return self._leaf()
        form = dice.weighted(
            {
                "infix": 9, "call": 7, "power": 3, "sign": 2, "binary": 3, "compare": 1.2,
                "where": 1.2, "clip": 0.6, "function": 1.5, "list": 1, "odd": 0.3, "member": 1.5,
                "tensor": 0 if self.scalars_only else 6,
            }
        )  # fmt: skip
        return str(getattr(self, f"_{form}")(depth - 1))

    def _leaf(self) -> str:
        dice = self.dice
        scopes = [*self.parameters, *self.variables]
        if scopes and dice.chance(0.5):
            return dice.choice(scopes)
        named = [name for name, shape in self.nodes.items() if shape == ()]
        if named and dice.chance(0.35):
            return dice.choice(named)
        if dice.chance(0.25):
            return self.number()
        if dice.chance(0.06):
            return dice.one("pi", "e", "tau", "inf", "π")
        return self.input(())

    def _bracketed(self, text: str) -> str:
        return f"({text})" if self.dice.chance(0.55) else text

    def _infix(self, depth: int) -> str:
        operator = self.dice.one("+", "-", "*", "/", "*", "+")
        left, right = self.scalar(depth), self.scalar(depth)
        return self._bracketed(f"{left} {operator} {right}")

    def _compare(self, depth: int) -> str:
        operator = self.dice.one("<", "<=", ">", ">=", "==", "!=")
        return f"({self.scalar(depth)} {operator} {self.scalar(depth)})"

    def _power(self, depth: int) -> str:
        exponent = self.dice.one("2", "3", "-1", "0.5", "0", "1", "-2", "1/2", self.scalar(depth))
        return f"({self.scalar(depth)}){self.dice.one('^', '**')}({exponent})"

    def _sign(self, depth: int) -> str:
        return self._bracketed(f"{self.dice.one('-', '-', '+')}{self.scalar(depth)}")

    def _call(self, depth: int) -> str:
        return f"{self.dice.choice(UNARY)}({self.scalar(depth)})"

    def _binary(self, depth: int) -> str:
        return f"{self.dice.choice(BINARY)}({self.scalar(depth)}, {self.scalar(depth)})"

    def _where(self, depth: int) -> str:
        return f"where({self._compare(depth)}, {self.scalar(depth)}, {self.scalar(depth)})"

    def _clip(self, depth: int) -> str:
        return f"clip({self.scalar(depth)}, {self.number()}, {self.scalar(depth)})"

    def _odd(self, depth: int) -> str:
        return f"{self.dice.choice(WRONG_WORDS)}({self.number()}, {self.scalar(depth)})"

    def _function(self, depth: int) -> str:
        if not self.functions:
            return self._infix(depth)
        name = self.dice.choice(list(self.functions))
        return f"{name}({', '.join(self.scalar(depth) for _ in range(self.functions[name]))})"

    def _member(self, depth: int) -> str:
        if not self.families:
            return self._call(depth)
        name = self.dice.choice(list(self.families))
        return f"{name}[{self.dice.randint(0, self.families[name])}]"

    def _range(self) -> str:
        first = self.dice.randint(0, 2)
        last = first + self.dice.randint(0, 4)
        if self.dice.chance(0.15):
            return f"{last}..{first} by -1"
        return f"{first}..{last}" + (" by 2" if self.dice.chance(0.15) else "")

    def comprehension(self, depth: int) -> str:
        variable = self.dice.one("t", "i", "k", "j", *self.pool)
        self.variables.append(variable)
        body = self.scalar(depth)
        self.variables.pop()
        return f"[{body} for {variable} in {self._range()}]"

    def _list(self, depth: int) -> str:
        return f"{self.dice.choice(REDUCTIONS)}({self.comprehension(depth)})"

    def _tensor(self, depth: int) -> str:
        dice = self.dice
        n = dice.randint(1, 3)
        match dice.randint(0, 6):
            case 0:
                return f"{dice.choice(REDUCTIONS)}({self.vector(n, depth)})"
            case 1:
                matrix = self.matrix(dice.randint(1, 3), n, depth)
                return f"{dice.choice(REDUCTIONS)}({matrix})"
            case 2:
                return f"({self.vector(n, depth)})[{dice.randint(-n, n - 1)}]"
            case 3:
                return f"dot({self.vector(n, depth)}, {self.vector(n, depth)})"
            case 4:
                return f"({self.vector(n, depth)} @ {self.vector(n, depth)})"
            case 5:
                return (
                    f"({self.matrix(2, n, depth)})[{dice.randint(0, 1)}, {dice.randint(0, n - 1)}]"
                )
            case _:
                return f"sum(({self.vector(n, depth)})[{dice.one('1:', ':', ':1', '0:', '-1:')}])"

    def vector(self, n: int, depth: int) -> str:
        dice = self.dice
        if depth <= 0 or dice.chance(0.2):
            if dice.chance(0.6):
                return self.input((n,))
            return f"[{', '.join(self.scalar(0) for _ in range(n))}]"
        depth -= 1
        match dice.randint(0, 11):
            case 0:
                return f"({self.vector(n, depth)} {dice.one(*'+-*/')} {self.vector(n, depth)})"
            case 1:
                return f"({self.vector(n, depth)} {dice.one(*'+-*/^')} {self.scalar(depth)})"
            case 2:
                return f"{dice.choice(UNARY)}({self.vector(n, depth)})"
            case 3:
                m = dice.randint(1, 3)
                return f"({self.matrix(n, m, depth)} @ {self.vector(m, depth)})"
            case 4:
                return f"{dice.one('softmax', 'log_softmax')}({self.vector(n, depth)})"
            case 5:
                return f"concat({self.vector(1, depth)}, {self.vector(max(n - 1, 1), depth)})"
            case 6:
                return f"{dice.one('sum', 'mean', 'norm', 'prod')}({self.matrix(n, 2, depth)}, 1)"
            case 7:
                return f"({self.matrix(2, n, depth)})[{dice.one('0', '1', '-1')}]"
            case 8:
                return f"{dice.choice(BINARY)}({self.vector(n, depth)}, {self.scalar(depth)})"
            case 9:
                return (
                    f"where({self.vector(n, depth)} > 0, {self.vector(n, depth)}, {self.number()})"
                )
            case 10:
                return f"onehot({dice.randint(0, n - 1)}, {n})"
            case _:
                return f"-{self.vector(n, depth)}"

    def matrix(self, rows: int, columns: int, depth: int) -> str:
        dice = self.dice
        if depth <= 0 or dice.chance(0.3):
            if dice.chance(0.7):
                return self.input((rows, columns))
            lines = (", ".join(self.scalar(0) for _ in range(columns)) for _ in range(rows))
            return f"[{', '.join(f'[{line}]' for line in lines)}]"
        depth -= 1
        match dice.randint(0, 5):
            case 0:
                return f"outer({self.vector(rows, depth)}, {self.vector(columns, depth)})"
            case 1:
                return f"transpose({self.matrix(columns, rows, depth)})"
            case 2:
                m = dice.randint(1, 2)
                return f"({self.matrix(rows, m, depth)} @ {self.matrix(m, columns, depth)})"
            case 3:
                operator = dice.one(*"+-*/")
                return f"({self.matrix(rows, columns, depth)} {operator} {self.scalar(depth)})"
            case 4:
                return f"{dice.one('softmax', *UNARY)}({self.matrix(rows, columns, depth)})"
            case _:
                return f"({self.matrix(rows, columns, depth)} * {self.vector(columns, depth)})"

    # --- statements ---

    def _definition(self, depth: int) -> str:
        name = self.fresh()
        arity = self.dice.randint(1, 2)
        # A parameter may well have the name of an input: it is the function's own.
        parameters = self.dice.sample(["x", "y", "w", "a", "b", *self.pool[:3]], 6)
        parameters = list(dict.fromkeys(parameters))[:arity]
        self.parameters, held = parameters, self.parameters
        body = self.scalar(depth)
        self.parameters = held
        self.functions[name] = arity
        return f"{name}({', '.join(parameters)}) = {body}"

    def _assignment(self, depth: int) -> str:
        dice = self.dice
        shape: Shape = ()
        if not self.scalars_only and dice.chance(0.3):
            shape = (dice.randint(1, 3),)
        body = self.vector(shape[0], depth) if shape else self.scalar(depth)
        name = self.fresh()
        if name in self.inputs:
            return body
        self.nodes[name] = shape
        return f"{name} = {body}"

    def _loop(self, depth: int) -> str:
        dice = self.dice
        name, variable = dice.one("h", "s", "m", self.fresh()), dice.one("t", "i", "k", "x")
        if name in self.inputs or name in self.nodes or name in self.families:
            return self._assignment(depth)
        last = dice.randint(0, 3)
        first = f"{name}[0] = {self.scalar(1)}"
        self.variables.append(variable)
        body = self.scalar(depth)
        self.variables.pop()
        self.families[name] = last + 1
        previous = f"{name}[{variable}]"
        return (
            f"{first}; for {variable} in 0..{last} {{ {name}[{variable}+1] = {body} + {previous} }}"
        )

    def program(self, depth: int | None = None) -> Written:
        """A program of a few statements."""
        dice = self.dice
        if depth is None:
            depth = dice.one(1, 2, 2, 3, 3, 4)
        statements: list[str] = []
        for _ in range(dice.one(0, 0, 0, 1, 1, 2, 3)):
            form = dice.weighted({"assignment": 5, "definition": 2, "loop": 2})
            statements.append(getattr(self, f"_{form}")(depth))
        vector = not self.scalars_only and dice.chance(0.15)
        last = self.vector(dice.randint(1, 3), depth) if vector else self.scalar(depth)
        output = ""
        if dice.chance(0.25):
            output = self.fresh()
            if output in self.inputs:
                output = ""
        statements.append(f"{output} = {last}" if output else last)
        text = dice.one("; ", "\n", ";", " ;; ", "\n# note\n").join(statements)
        names = [*self.nodes, *self.inputs, *([output] if output else [])]
        names += [f"{name}[{k}]" for name, n in self.families.items() for k in (0, n)]
        # What was drawn may be a name that was thrown away again.
        inputs = {
            k: v for k, v in self.inputs.items() if re.search(rf"(?<!\w){re.escape(k)}(?!\w)", text)
        }
        return Written(text, inputs, names)


def program(dice: Dice, **options: object) -> Written:
    """A program, mostly plain, at times spaced and spelt as pasted text is."""
    written = Writer(dice, **options).program()  # type: ignore[arg-type]
    if dice.chance(0.12):
        written.text = pasted(dice, written.text)
    return written


def pasted(dice: Dice, text: str) -> str:
    """The same program in the characters that people paste, and oddly spaced."""
    rate = dice.one(0.1, 0.5, 1.0)
    out = []
    for char in text:
        twins = PASTED.get(char)
        out.append(dice.choice(twins) if twins and dice.chance(rate) else char)
        if char in "()+*/,=" and dice.chance(rate / 4):
            out.append(dice.one(" ", "  ", "\t", "\u00a0"))
    return ("\ufeff" if dice.chance(0.2) else "") + "".join(out)


# --- texts that are no programs any more -----------------------------------------------------

_TOKEN = re.compile(r"\s+|\w+|\.\.|[<>=!]=|\*\*|.", re.DOTALL)


def _drop(dice: Dice, tokens: list[str]) -> None:
    del tokens[dice.randrange(len(tokens))]


def _double(dice: Dice, tokens: list[str]) -> None:
    k = dice.randrange(len(tokens))
    tokens.insert(k, tokens[k])


def _swap(dice: Dice, tokens: list[str]) -> None:
    i, j = dice.randrange(len(tokens)), dice.randrange(len(tokens))
    tokens[i], tokens[j] = tokens[j], tokens[i]


def _put(dice: Dice, tokens: list[str]) -> None:
    tokens.insert(dice.randrange(len(tokens) + 1), any_token(dice))


def _replace(dice: Dice, tokens: list[str]) -> None:
    tokens[dice.randrange(len(tokens))] = any_token(dice)


def _cut(dice: Dice, tokens: list[str]) -> None:
    del tokens[dice.randrange(len(tokens)) :]


def _repeat(dice: Dice, tokens: list[str]) -> None:
    k = dice.randrange(len(tokens))
    tokens[k] *= dice.one(2, 3, 50, 3000)


CHANGES: tuple[Callable[[Dice, list[str]], None], ...] = (
    _drop, _double, _swap, _put, _replace, _put, _cut, _drop, _repeat,
)  # fmt: skip


def any_token(dice: Dice) -> str:
    """Any word, sign or character."""
    match dice.randint(0, 6):
        case 0:
            return dice.choice(HOSTILE)
        case 1:
            return dice.choice((*UNARY, *BINARY, *REDUCTIONS, *WRONG_WORDS, "where", "clip"))
        case 2:
            return dice.choice((*NAMES, *TRAPS))
        case 3:
            return dice.choice((*NUMBERS, *HARD_NUMBERS))
        case 4:
            return dice.one(*"()[]{}+-*/^@=<>!;,.:\n#", "..", "for", "in", "by", "if", "and", "not")
        case 5:
            return dice.one(
                " ", "\n", "\t", "; ", ", ", "x = ", "f(x) = ", "[0]", "for t in 0..3 {"
            )
        case _:
            return chr(
                dice.one(dice.randint(0, 255), dice.randint(0, 0xFFFF), dice.randint(0, 0x10FFFF))
            )


def mutated(dice: Dice, text: str) -> str:
    """The text after a few changes of tokens or characters."""
    tokens = _TOKEN.findall(text) if dice.chance(0.8) else list(text)
    for _ in range(dice.one(1, 1, 1, 2, 3, 6)):
        if not tokens:
            break
        dice.choice(CHANGES)(dice, tokens)
    return "".join(tokens)


def soup(dice: Dice) -> str:
    """Tokens in any order."""
    return "".join(any_token(dice) for _ in range(dice.one(1, 2, 3, 5, 8, 13, 30)))


def huge(dice: Dice) -> str:
    """What is long or deep, and what would be long when it is unrolled."""
    n = dice.one(10, 100, 1000, 5000, 20000)
    unit = dice.one("x", "1", "x*y", "sin(x)", "[x]", "-x", "x[0]", "x^2")
    match dice.randint(0, 13):
        case 0:
            return "(" * n + unit + ")" * dice.one(n, n, n - 1, n + 1)
        case 1:
            return dice.one("+", "*", "-", "^", "/", ",", ";", " ", "<").join([unit] * n)
        case 2:
            return f"{dice.one('sin', 'abs', 'f', '-', 'sum')}(" * n + unit + ")" * n
        case 3:
            return f"sum([{unit}*t for t in 0..{n}])"
        case 4:
            return f"h[0] = x; for t in 0..{n} {{ h[t+1] = sin(h[t]) + {unit} }} h[{n + 1}]"
        case 5:
            return dice.choice("-+([{.,;=@#'\n") * n + unit
        case 6:
            return unit + dice.choice("^-)]}.,;=@[0](:" + "\n") * n
        case 7:
            small = min(n, 300)
            return f"sum([sum([x*i*j for i in 0..{small}]) for j in 0..{small}])"
        case 8:
            digits = "".join(dice.choice("0123456789") for _ in range(n))
            return dice.one(digits, f"0.{digits}", f"1e{digits}", f"x{digits}", f"x*{digits}")
        case 9:
            return "f(a) = a*a; x0 = f(x)\n" + "\n".join(
                f"x{k + 1} = f(x{k})" for k in range(min(n, 2000))
            )
        case 10:
            return (
                "f0(a) = a+a; "
                + "; ".join(f"f{k + 1}(a) = f{k}(f{k}(a))" for k in range(dice.one(2, 4, 12, 30)))
                + "; f2(x)"
            )
        case 11:
            last = dice.one("10^9", "1e9", "inf", "2^63", "-5", "x", "1.5", "99999999999999999999")
            return dice.one(
                f"for t in 0..{last} {{ x }}",
                f"sum([t for t in 0..{last}])",
                f"onehot(1, {last})",
                f"x[{last}]",
            )
        case 12:
            return dice.one(
                "9^9^9^9",
                "2^(2^(2^(2^(2^2))))*x",
                "gamma(1e9)*x",
                "exp(exp(exp(exp(x))))",
                "x^x^x^x^x",
            )
        case _:
            return f"[{', '.join([unit] * n)}]"
