"""Programs as syntax, in tuples, and the text that is written of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Syntax = tuple[Any, ...]
Shape = tuple[int, ...]
RATIONAL = frozenset(
    {
        *("+", "-", "*", "/", "@", "-x", "+x", "<", "<=", ">", ">=", "==", "!="),
        *("abs", "sign", "floor", "ceil", "round", "relu", "max", "min", "clip", "where", "mod"),
        *("sum", "mean", "prod", "dot", "outer", "transpose", "concat", "len", "onehot"),
        *("cumsum", "trace", "diag"),
    }
)
"""What `--exact` has an answer to, wherever the answer is finite."""
DYADIC = ("0", "1", "2", "3", "0.5", "0.25", "1.5", "-1", "-2", "-0.5")
DECIMAL = ("0.1", "0.3", "1e-3", "2.7", "0.01")


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
        self.words = frozenset(words_of(self.statements))
        self.dyadic = not self.words & {*DECIMAL, "pi", "e", "tau", "leaky_relu"}

    @property
    def rational(self) -> bool:
        """Whether every operation in it has a fraction."""
        plain = {"number", "name", "call", "binary", "sign", "list", "at", "let", "output", "for",
                 "member", "family", "define", "use", "comprehension"}  # fmt: skip
        return self.words <= RATIONAL | plain | set(DYADIC)


def pruned(statements: tuple[Syntax, ...], drawn: Program) -> Program:
    """These statements of a program, with the inputs that they read."""
    words = set(words_of(statements))
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


def words_of(syntax: Any) -> Iterator[str]:
    for part in syntax:
        if isinstance(part, str):
            yield part
        elif isinstance(part, tuple):
            if part and part[0] == "sign":
                yield part[1] + "x"
            yield from words_of(part if not part or part[0] != "sign" else (part[0], part[2]))


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
