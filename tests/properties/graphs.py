"""Small random programs, quickly made: any operation of the table after any other.

They are for checks that need no oracle for the program as a whole, and many of them: values are
whatever comes up, kinks and the edges of domains among them.
"""

from __future__ import annotations

import random
from typing import Any

SCALARS = (
    "abs({})", "sign({})", "sqrt({})", "cbrt({})", "exp({})", "expm1({})", "log({})", "log1p({})",
    "log2({})", "log10({})", "sin({})", "cos({})", "tan({})", "asin({})", "acos({})", "atan({})",
    "sinh({})", "cosh({})", "tanh({})", "asinh({})", "acosh({})", "atanh({})", "sigmoid({})",
    "relu({})", "leaky_relu({})", "elu({})", "softplus({})", "silu({})", "gelu({})", "erf({})",
    "erfc({})", "gamma({})", "lgamma({})", "digamma({})", "floor({})", "ceil({})", "round({})",
    "-{}", "+{}", "{}^2", "{}^3", "{}^-1", "{}^0.5", "2^{}", "polygamma(1, {})", "1/{}",
    # Inside the domain, wherever the argument is.
    "log(1.5 + sin({}))", "sqrt(1.25 + cos({}))", "asin(0.9*sin({}))", "acos(0.9*cos({}))",
    "atanh(0.75*sin({}))", "acosh(1.5 + {}^2)", "gamma(2.5 + sin({}))", "lgamma(3 + cos({}))",
    "digamma(1.75 + sin({}))", "log1p({}^2)", "exp(sin({}))", "(2 + sin({}))^1.5",
    "polygamma(2, 2 + cos({}))", "log2(2 + sin({}))", "log10(2 + cos({}))",
)  # fmt: skip
PAIRS = (
    "{} + {}", "{} - {}", "{} * {}", "{} / {}", "{} ^ {}", "hypot({}, {})", "atan2({}, {})",
    "max({}, {})", "min({}, {})", "mod({}, {})", "xlogy({}, {})", "{} < {}", "{} <= {}",
    "{} > {}", "{} >= {}", "{} == {}", "{} != {}", "(2 + sin({}))^{}", "{} / (2 + cos({}))",
)  # fmt: skip
TRIPLES = ("clip({}, {}, {})", "where({}, {}, {})", "max({}, {}, {})", "min({}, {}, {})")
REDUCTIONS = ("sum", "mean", "prod", "norm", "logsumexp", "max", "min")
NUMBERS = (
    0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, 0.1, -0.3, 1e-3, -1e-8, 1e-20, 7.5, -11.25, 40.0, 1e3,
)  # fmt: skip


def random_program(chance: random.Random) -> tuple[str, dict[str, Any]]:
    """Return a program of a few statements with a scalar output, and its bindings."""
    return _Maker(chance).program()


class _Maker:
    """Names by their number of axes, to choose arguments from; vectors have 2 elements."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.bindings: dict[str, Any] = {"a": self.number(), "b": self.number()}
        self.names: tuple[list[str], list[str], list[str]] = (["a", "b"], [], [])
        self.lines: list[str] = []

    def number(self) -> float:
        if self.chance.random() < 0.4:
            return self.chance.choice(NUMBERS)
        return self.chance.choice((1.0, 1.0, 3.0, 10.0)) * self.chance.gauss(0, 1)

    def pick(self, rank: int) -> str:
        """A name of that rank, the latest of them more often."""
        names = self.names[rank]
        return names[-1] if self.chance.random() < 0.5 else self.chance.choice(names)

    def program(self) -> tuple[str, dict[str, Any]]:
        if self.chance.random() < 0.4:
            self.bindings["v"] = [self.number(), self.number()]
            self.names[1].append("v")
            if self.chance.random() < 0.5:
                self.bindings["W"] = [[self.number(), self.number()] for _ in range(2)]
                self.names[2].append("W")
        for _ in range(self.chance.randint(2, 7)):
            self.line(*self.operation())
        parts = [self.names[0][-1]]
        parts += [f"sum({names[-1]})" for names in self.names[1:] if names]
        used = "\n".join(self.lines)
        parts += [name for name in ("a", "b") if name not in used.replace("tanh", "")]
        text = "\n".join([*self.lines, " + ".join(parts)])
        return text, self.bindings

    def line(self, rank: int, text: str) -> None:
        name = f"t{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        self.names[rank].append(name)

    def operation(self) -> tuple[int, str]:
        """The rank and the text of one more statement."""
        chance = self.chance
        if self.names[1] and chance.random() < 0.5:
            return self.of_arrays()
        ranks = [rank for rank in range(3) if self.names[rank]]
        rank = chance.choice(ranks)
        template = chance.choice(chance.choice((SCALARS, SCALARS, PAIRS, PAIRS, TRIPLES)))
        names = [self.pick(rank if place == 0 else chance.choice((0, rank))) for place in range(3)]
        return rank, template.format(*(names[: template.count("{}")]))

    def of_arrays(self) -> tuple[int, str]:
        chance = self.chance
        vector = self.pick(1)
        if self.names[2] and chance.random() < 0.5:
            matrix = self.pick(2)
            return chance.choice(
                (
                    (1, f"{matrix} @ {vector}"),
                    (1, f"{vector} @ {matrix}"),
                    (2, f"{matrix} @ {self.pick(2)}"),
                    (2, f"transpose({matrix})"),
                    (1, f"{chance.choice(REDUCTIONS[:5])}({matrix}, {chance.choice((0, 1))})"),
                    (0, f"{chance.choice(REDUCTIONS)}({matrix})"),
                    (2, f"{chance.choice(('softmax', 'log_softmax'))}({matrix})"),
                    (1, f"{matrix}[{chance.choice((0, 1))}]"),
                )
            )
        return chance.choice(
            (
                (0, f"{chance.choice(REDUCTIONS)}({vector})"),
                (0, f"dot({vector}, {self.pick(1)})"),
                (0, f"{vector} @ {self.pick(1)}"),
                (0, f"{vector}[{chance.choice((0, 1))}]"),
                (1, f"[{self.pick(0)}, {self.pick(0)}]"),
                (1, f"{chance.choice(('softmax', 'log_softmax'))}({vector})"),
                (0, f"sum(concat({vector}, {self.pick(0)}))"),
                (2, f"outer({vector}, {self.pick(1)})"),
                (0, f"len({vector}) * {self.pick(0)}"),
                (0, f"dot(onehot(1, 2), {vector})"),
                (2, f"[{vector}, {self.pick(1)}]"),
            )
        )
