"""Random programs of the language: their text, their bindings, and two ways to run them.

A program is drawn as a small tree of shapes and operations. From the tree come the text that the
program under test reads, and an evaluation that shares nothing with it: through mpmath with 60
digits, where the gradient is a central difference of the whole program, or in PyTorch.

Points next to a corner, a jump or a pole are refused while the tree is evaluated: what a gradient
is there is a convention, tested where the conventions are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

import numpy as np
from hypothesis import strategies as st
from mpmath import mp

from tests.oracles.functions import ELEMENTWISE

Shape = tuple[int, ...]
Index = int | tuple[str, int]
"""A whole number, or a loop variable and what is added to it."""
Value = Any
"""A number or an array of whichever library evaluates."""
Nested = float | list[Any]

SCALAR: Shape = ()
SHAPES: tuple[Shape, ...] = ((), (2,), (3,), (2, 3), (3, 2), (2, 2), (2, 1), (1, 3))

DIGITS = 60
MARGIN = 1e-5
"""How far from a corner, a jump or a pole an argument must be."""
LARGEST = 1e5
"""Beyond this a program is refused: its derivatives would be all conditioning."""


class NearEdgeError(Exception):
    """The point is too near to where the function has no derivative, or too large."""


# --- trees ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expr:
    """An expression: `text` is its word, operator, name or number, according to `kind`."""

    kind: str
    shape: Shape
    text: str = ""
    args: tuple[Expr, ...] = ()
    index: tuple[Index, ...] = ()
    """Of an index or a family member; of a comprehension, the last value of its variable."""
    axis: int | None = None


@dataclass(frozen=True)
class Assign:
    name: str
    expr: Expr


@dataclass(frozen=True)
class Function:
    name: str
    parameters: tuple[str, ...]
    body: Expr


@dataclass(frozen=True)
class Loop:
    """`name[0] = first`, then `name[t+1] = body` for t from 0 to `last`."""

    name: str
    variable: str
    last: int
    first: Expr
    body: Expr


Statement = Assign | Function | Loop

_LEVEL = {"<": 0, ">": 0, "+": 1, "-": 1, "*": 2, "/": 2, "@": 2, "^": 4}
_SIGN, _POSTFIX = 3, 5


def _render_index(index: Index) -> str:
    if isinstance(index, int):
        return str(index)
    variable, offset = index
    return f"{variable}+{offset}" if offset else variable


def render(expr: Expr, level: int = 0) -> str:
    """The expression as text, with the parentheses that precedence asks for and no others."""
    text, own = _render(expr)
    return f"({text})" if own < level else text


def _render(expr: Expr) -> tuple[str, int]:
    args = expr.args
    match expr.kind:
        case "infix":
            own = _LEVEL[expr.text]
            if expr.text == "^":
                left, right = render(args[0], _POSTFIX), render(args[1], _SIGN)
            else:
                left, right = render(args[0], max(own, 1)), render(args[1], own + 1)
            return (f"{left}{expr.text}{right}" if own > 1 else f"{left} {expr.text} {right}"), own
        case "neg":
            return f"-{render(args[0], _SIGN)}", _SIGN
        case "call":
            inner = [render(a) for a in args]
            if expr.axis is not None:
                inner.append(str(expr.axis))
            return f"{expr.text}({', '.join(inner)})", _POSTFIX
        case "index":
            places = ", ".join(map(_render_index, expr.index))
            return f"{render(args[0], _POSTFIX)}[{places}]", _POSTFIX
        case "member":
            return f"{expr.text}[{_render_index(expr.index[0])}]", _POSTFIX
        case "list":
            return f"[{', '.join(render(a) for a in args)}]", _POSTFIX
        case "comprehension":
            return f"[{render(args[0])} for {expr.text} in 0..{expr.index[0]}]", _POSTFIX
        case _:
            return expr.text, _POSTFIX


def render_statement(statement: Statement) -> str:
    """The statement as text."""
    match statement:
        case Assign(name, expr):
            return f"{name} = {render(expr)}"
        case Function(name, parameters, body):
            return f"{name}({', '.join(parameters)}) = {render(body)}"
        case Loop(name, t, last, first, body):
            return (
                f"{name}[0] = {render(first)}\n"
                f"for {t} in 0..{last} {{ {name}[{t}+1] = {render(body)} }}"
            )


def _walk(expr: Expr) -> Iterable[Expr]:
    yield expr
    for arg in expr.args:
        yield from _walk(arg)


def _expressions(statement: Statement) -> tuple[Expr, ...]:
    match statement:
        case Assign(_, expr):
            return (expr,)
        case Function(_, _, body):
            return (body,)
        case Loop(_, _, _, first, body):
            return (first, body)


# --- evaluation ----------------------------------------------------------------------------


class Backend(Protocol):
    """A library that can evaluate a tree."""

    def number(self, text: str) -> Value: ...
    def elementwise(self, word: str, args: Sequence[Value]) -> Value: ...
    def whole(self, word: str, args: Sequence[Value], axis: int | None) -> Value: ...
    def stack(self, items: Sequence[Value]) -> Value: ...


@dataclass
class Scope:
    values: dict[str, Value]
    functions: dict[str, Function] = field(default_factory=dict)
    loops: dict[str, int] = field(default_factory=dict)

    def within(self, **loops: int) -> Scope:
        return Scope(self.values, self.functions, {**self.loops, **loops})

    def place(self, index: Index) -> int:
        if isinstance(index, int):
            return index
        variable, offset = index
        return self.loops[variable] + offset


def run(expr: Expr, scope: Scope, backend: Backend) -> Value:
    """The value of the expression."""
    match expr.kind:
        case "name":
            if expr.text in scope.loops:
                return backend.number(str(scope.loops[expr.text]))
            return scope.values[expr.text]
        case "number":
            return backend.number(expr.text)
        case "member":
            return scope.values[f"{expr.text}[{scope.place(expr.index[0])}]"]
        case "index":
            places = tuple(scope.place(i) for i in expr.index)
            return run(expr.args[0], scope, backend)[places]
        case "comprehension":
            last = scope.place(expr.index[0])
            body = expr.args[0]
            items = [run(body, scope.within(**{expr.text: t}), backend) for t in range(last + 1)]
            return backend.stack(items)
        case "list":
            return backend.stack([run(a, scope, backend) for a in expr.args])
    args = [run(a, scope, backend) for a in expr.args]
    if expr.text in scope.functions and expr.kind == "call":
        function = scope.functions[expr.text]
        inner = Scope(dict(zip(function.parameters, args, strict=True)))
        return run(function.body, inner, backend)
    if expr.kind == "neg":
        return backend.elementwise("neg", args)
    if expr.text in ELEMENTWISE and not (expr.text in ("min", "max") and len(args) == 1):
        return backend.elementwise(expr.text, args)
    return backend.whole(expr.text, args, expr.axis)


@dataclass(frozen=True)
class Program:
    """Statements, an output, and where to evaluate it."""

    statements: tuple[Statement, ...]
    output: Expr
    output_name: str | None
    point: tuple[tuple[str, Nested], ...]

    def __repr__(self) -> str:
        """What is needed to try a failing program by hand."""
        return f"{self.text}\nat {self.bindings}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """The same where Hypothesis prints, which would show the tree."""
        printer.text(repr(self))

    @property
    def text(self) -> str:
        """The program as the command line reads it."""
        return self.with_output(render(self.output))

    def with_output(self, output: str) -> str:
        """The same statements with another output, as text."""
        last = f"{self.output_name} = {output}" if self.output_name else output
        return "\n".join([*map(render_statement, self.statements), last])

    @property
    def used(self) -> frozenset[str]:
        """The names that occur in the program."""
        exprs = [self.output, *(e for s in self.statements for e in _expressions(s))]
        return frozenset(n.text for e in exprs for n in _walk(e) if n.kind == "name")

    @property
    def bindings(self) -> dict[str, Nested]:
        """What the inputs that occur are bound to."""
        return {name: v for name, v in self.point if name in self.used}

    def evaluate(self, values: Mapping[str, Value], backend: Backend) -> Value:
        """The output, through any library."""
        scope = Scope(dict(values))
        for statement in self.statements:
            match statement:
                case Assign(name, expr):
                    scope.values[name] = run(expr, scope, backend)
                case Function(name, _, _):
                    scope.functions[name] = statement
                case Loop(name, t, last, first, body):
                    scope.values[f"{name}[0]"] = run(first, scope, backend)
                    for k in range(last + 1):
                        step = run(body, scope.within(**{t: k}), backend)
                        scope.values[f"{name}[{k + 1}]"] = step
        return run(self.output, scope, backend)

    def inlined(self) -> Program:
        """The same program with every named node written out wherever it is used."""
        known: dict[str, Expr] = {}
        statements: list[Statement] = []
        for statement in self.statements:
            match statement:
                case Assign(name, expr):
                    known[name] = _substituted(expr, known)
                case Loop(name, t, last, first, body):
                    parts = _substituted(first, known), _substituted(body, known)
                    statements.append(Loop(name, t, last, *parts))
                case Function():
                    statements.append(statement)
        output = _substituted(self.output, known)
        return replace(self, statements=tuple(statements), output=output)

    def reordered(self, choose: Callable[[list[int]], int]) -> Program:
        """The statements in another order in which everything is still named before its use."""
        waiting = list(range(len(self.statements)))
        order: list[int] = []
        while waiting:
            ready = [k for k in waiting if not self._needs(k) & set(waiting) - {k}]
            order.append(choose(ready))
            waiting.remove(order[-1])
        return replace(self, statements=tuple(self.statements[k] for k in order))

    def _needs(self, k: int) -> set[int]:
        words = {n.text for e in _expressions(self.statements[k]) for n in _walk(e)}
        return {j for j, other in enumerate(self.statements) if other.name in words}


def _substituted(expr: Expr, known: Mapping[str, Expr]) -> Expr:
    if expr.kind == "name":
        return known.get(expr.text, expr)
    args = tuple(_substituted(a, known) for a in expr.args)
    return Expr(expr.kind, expr.shape, expr.text, args, expr.index, expr.axis)


# --- mpmath --------------------------------------------------------------------------------


def _apart(*gaps: Value) -> None:
    if any(abs(gap) < MARGIN for gap in gaps):
        raise NearEdgeError


def _pairs_apart(values: Sequence[Value]) -> None:
    _apart(*(a - b for k, a in enumerate(values) for b in values[:k]))


def _from_integer(x: Value) -> Value:
    return x - mp.floor(x + mp.mpf("0.5"))


_GUARDS: Mapping[str, Callable[..., None]] = {
    "abs": _apart,
    "relu": _apart,
    "leaky_relu": _apart,
    "sign": _apart,
    # Not a kink but a pole of the derivative: keep clear of where it is large.
    "cbrt": lambda x: _apart(x / 100),
    "hypot": lambda x, y: _apart(mp.sqrt(x * x + y * y) / 100),
    "/": lambda x, y: _apart(y / 100),
    "min": lambda *a: _pairs_apart(a),
    "max": lambda *a: _pairs_apart(a),
    "<": lambda x, y: _apart(x - y),
    ">": lambda x, y: _apart(x - y),
    "clip": lambda x, low, high: _apart(x - low, x - high),
    "floor": lambda x: _apart(_from_integer(x)),
    "ceil": lambda x: _apart(_from_integer(x)),
    "round": lambda x: _apart(_from_integer(x + mp.mpf("0.5"))),
    "mod": lambda x, y: _apart(_from_integer(x / y)),
}


def _object(value: Value) -> Any:
    return np.asarray(value, dtype=object)


class MpBackend:
    """NumPy's shapes with mpmath's numbers; with `guarded`, edges are refused."""

    def __init__(self, guarded: bool) -> None:
        self.guarded = guarded

    def number(self, text: str) -> Value:
        return mp.mpf(float(text))

    def elementwise(self, word: str, args: Sequence[Value]) -> Value:
        if self.guarded and word in _GUARDS:
            np.frompyfunc(_GUARDS[word], len(args), 1)(*args)
        return self._sized(np.frompyfunc(ELEMENTWISE[word].function, len(args), 1)(*args))

    def stack(self, items: Sequence[Value]) -> Value:
        return np.stack([_object(item) for item in items])

    def whole(self, word: str, args: Sequence[Value], axis: int | None) -> Value:
        first = _object(args[0])
        match word:
            case "@" | "dot":
                return self._sized(first @ args[1])
            case "outer":
                return self._sized(np.outer(first, args[1]))
            case "transpose":
                return first.T
            case "concat":
                return np.concatenate([_object(a) for a in args])
            case "len":
                return mp.mpf(len(first))
            case "onehot":
                return _object([mp.mpf(int(k == args[0])) for k in range(int(args[1]))])
            case "softmax" | "log_softmax":
                return self._sized(np.apply_along_axis(_MP_ROWS[word], -1, first))
        reduce = _MP_REDUCTIONS[word]
        if self.guarded and word in ("min", "max"):
            _pairs_apart(list(first.ravel()))
        if self.guarded and word == "norm":
            _apart(*(np.atleast_1d(np.sum(first * first, axis=axis)) / 100))
        if axis is None:
            return self._sized(reduce(first.ravel()))
        return self._sized(np.apply_along_axis(lambda row: reduce(_object(row)), axis, first))

    def _sized(self, value: Value) -> Value:
        if self.guarded and any(abs(v) > LARGEST for v in np.ravel(_object(value))):
            raise NearEdgeError
        return value


def _exponentials(row: Value) -> Value:
    return _object([mp.exp(v) for v in row])


_MP_ROWS: Mapping[str, Callable[[Value], Value]] = {
    "softmax": lambda row: _exponentials(row) / sum(_exponentials(row)),
    "log_softmax": lambda row: row - mp.log(sum(_exponentials(row))),
}
_MP_REDUCTIONS: Mapping[str, Callable[[Value], Value]] = {
    "sum": sum,
    "mean": lambda row: sum(row) / len(row),
    "prod": mp.fprod,
    "norm": lambda row: mp.sqrt(sum(row * row)),
    "logsumexp": lambda row: mp.log(sum(_exponentials(row))),
    "max": max,
    "min": min,
}


def _mp_array(value: Nested) -> Value:
    exact = np.frompyfunc(lambda v: mp.mpf(float(v)), 1, 1)(np.asarray(value, dtype=float))
    return _object(exact)


def check_point(program: Program) -> Value:
    """The output's value; `NearEdgeError` where the gradient would be a convention."""
    with mp.workdps(DIGITS):
        values = {name: _mp_array(v) for name, v in program.bindings.items()}
        return np.asarray(program.evaluate(values, MpBackend(guarded=True)), dtype=float)[()]


def mp_gradient(program: Program) -> dict[str, Any]:
    """The gradient by every input, by central differences of the whole program."""
    with mp.workdps(DIGITS):
        # The error of the difference is about step squared, that of the quotient 10^-60/step.
        step = mp.mpf(10) ** -20
        backend = MpBackend(guarded=False)
        values = {name: _mp_array(v) for name, v in program.bindings.items()}
        gradient = {}
        for name, exact in values.items():
            slopes = np.zeros(exact.shape)
            for place in np.ndindex(*exact.shape):
                ends = []
                for shift in (step, -step):
                    moved = exact.copy()
                    moved[place] = moved[place] + shift
                    ends.append(program.evaluate({**values, name: moved}, backend))
                slopes[place] = float((ends[0] - ends[1]) / (2 * step))
            gradient[name] = slopes
        return gradient


# --- PyTorch -------------------------------------------------------------------------------


class TorchBackend:
    """Double precision tensors; the module is handed in, for it need not be installed."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        nn = torch.nn.functional
        self._words: dict[str, Callable[..., Value]] = {
            "+": lambda x, y: x + y,
            "-": lambda x, y: x - y,
            "*": lambda x, y: x * y,
            "/": lambda x, y: x / y,
            "^": lambda x, y: x**y,
            "neg": lambda x: -x,
            "<": lambda x, y: (x < y).double(),
            ">": lambda x, y: (x > y).double(),
            "ln": torch.log,
            "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
            "min": lambda *a: self._folded(torch.minimum, a),
            "max": lambda *a: self._folded(torch.maximum, a),
            "clip": lambda x, low, high: torch.minimum(torch.maximum(x, low), high),
            "where": lambda c, x, y: torch.where(c != 0, x, y),
            "mod": torch.remainder,
            "relu": nn.relu,
            "leaky_relu": nn.leaky_relu,
            "elu": nn.elu,
            "softplus": nn.softplus,
            "silu": nn.silu,
            "gelu": nn.gelu,
            # PyTorch has no gamma; programs ask for it on the positive axis alone.
            "gamma": lambda x: torch.exp(torch.lgamma(x)),
            "polygamma": lambda n, x: torch.polygamma(int(n), x),
        }
        self._reductions: dict[str, Callable[..., Value]] = {
            "sum": torch.sum,
            "mean": torch.mean,
            "prod": torch.prod,
            "norm": torch.linalg.vector_norm,
            "logsumexp": torch.logsumexp,
            "max": torch.amax,
            "min": torch.amin,
        }

    def _folded(self, function: Callable[..., Value], args: Sequence[Value]) -> Value:
        folded = args[0]
        for arg in args[1:]:
            folded = function(folded, arg)
        return folded

    def number(self, text: str) -> Value:
        return self.torch.tensor(float(text), dtype=self.torch.float64)

    def elementwise(self, word: str, args: Sequence[Value]) -> Value:
        function = self._words.get(word) or getattr(self.torch, word)
        return function(*args)

    def stack(self, items: Sequence[Value]) -> Value:
        return self.torch.stack(list(items))

    def whole(self, word: str, args: Sequence[Value], axis: int | None) -> Value:
        torch = self.torch
        first = args[0]
        match word:
            case "@" | "dot":
                return first @ args[1]
            case "outer":
                return torch.outer(first, args[1])
            case "transpose":
                return first.T
            case "concat":
                return torch.cat(list(args))
            case "len":
                return self.number(str(len(first)))
            case "onehot":
                return (torch.arange(int(args[1])) == args[0]).double()
            case "softmax" | "log_softmax":
                return getattr(torch, word)(first, dim=-1)
        if axis is None:
            first, axis = first.reshape(-1), 0
        return self._reductions[word](first, dim=axis)


def torch_gradient(program: Program, torch: Any) -> tuple[float, dict[str, Any]]:
    """The value and the gradient by every input, in PyTorch."""
    values = {
        name: torch.tensor(v, dtype=torch.float64, requires_grad=True)
        for name, v in program.bindings.items()
    }
    output = program.evaluate(values, TorchBackend(torch))
    if output.requires_grad:
        output.backward()
    zero = {name: torch.zeros_like(v) for name, v in values.items()}
    gradient = {n: (zero[n] if v.grad is None else v.grad).numpy() for n, v in values.items()}
    return float(output.detach()), gradient


# --- strategies ----------------------------------------------------------------------------

T = TypeVar("T")


def number(text: str) -> Expr:
    """A literal."""
    return Expr("number", SCALAR, text)


def _infix(operator: str, left: Expr, right: Expr) -> Expr:
    shape = np.broadcast_shapes(left.shape, right.shape)
    return Expr("infix", shape, operator, (left, right))


def _call(word: str, *args: Expr) -> Expr:
    return Expr("call", np.broadcast_shapes(*(a.shape for a in args)), word, args)


def _square(u: Expr) -> Expr:
    return _infix("^", u, number("2"))


def _shifted(word: str, literal: str, u: Expr) -> Expr:
    return _call(word, _infix("+", number(literal), u))


_ANYWHERE = (
    *("sin", "cos", "tanh", "atan", "asinh", "erf", "erfc", "cbrt"),
    *("sigmoid", "softplus", "silu", "gelu", "elu", "leaky_relu", "relu"),
    *("abs", "sign", "floor", "ceil", "round"),
)

_UNARY: tuple[Callable[[Expr], Expr], ...] = (
    *((lambda u, word=word: _call(word, u)) for word in _ANYWHERE),
    # Everything below keeps its argument inside the domain, or its value moderate.
    *((lambda u, word=word: _call(word, _call("tanh", u))) for word in ("exp", "expm1", "sinh")),
    *((lambda u, word=word: _call(word, _call("sin", u))) for word in ("exp", "cosh", "tan")),
    lambda u: _call("exp", _infix("/", u, number("4"))),
    *((lambda u, word=word: _shifted(word, "1.25", _square(u))) for word in ("log", "ln", "sqrt")),
    *((lambda u, word=word: _shifted(word, "2", _call("sin", u))) for word in ("log2", "log10")),
    lambda u: _call("log1p", _square(u)),
    *(
        (lambda u, word=word: _call(word, _infix("*", number(".9"), _call("tanh", u))))
        for word in ("asin", "acos", "atanh")
    ),
    lambda u: _shifted("acosh", "1.25", _square(u)),
    *(
        (lambda u, word=word: _shifted(word, "1.75", _call("sigmoid", u)))
        for word in ("gamma", "lgamma", "digamma")
    ),
    *(
        (lambda u, n=n: _call("polygamma", number(n), _infix("+", number("2"), _call("cos", u))))
        for n in "012"
    ),
    lambda u: Expr("neg", u.shape, args=(u,)),
    _square,
    lambda u: _infix("^", u, number("3")),
    lambda u: _infix("^", number("2"), Expr("neg", u.shape, args=(_call("tanh", u),))),
    lambda u: _infix("^", _infix("+", number("1.5"), _call("cos", u)), number("-1.5")),
    lambda u: _infix("/", number("1"), _infix("+", number("1.5"), _square(u))),
    lambda u: _call("clip", u, Expr("neg", SCALAR, args=(number("1.5"),)), number("1.25")),
    lambda u: _call("mod", u, number("2.5")),
)

_BINARY: tuple[Callable[[Expr, Expr], Expr], ...] = (
    *((lambda u, v, op=op: _infix(op, u, v)) for op in "++--**"),
    lambda u, v: _infix("/", u, _infix("+", number("1.5"), _square(v))),
    lambda u, v: _infix("/", u, _shifted("exp", "0.5", _call("sin", v))),
    lambda u, v: _infix("^", _infix("+", number("1.25"), _call("sigmoid", u)), v),
    lambda u, v: _call("hypot", u, v),
    lambda u, v: _call("atan2", u, _infix("+", number("1.25"), _square(v))),
    lambda u, v: _call("atan2", _call("exp", _call("tanh", u)), v),
    lambda u, v: _call("xlogy", u, _infix("+", number("1.25"), _square(v))),
    lambda u, v: _call("max", u, v),
    lambda u, v: _call("min", u, v),
    lambda u, v: _call("max", u, v, _infix("-", number("1"), u)),
    lambda u, v: _call("where", _infix(">", u, v), _call("sin", u), v),
    lambda u, v: _call("where", _infix("<", u, number("0.1")), _square(v), _infix("*", u, v)),
    lambda u, v: _infix("*", _infix("<", u, v), _infix("+", u, v)),
)


class _Builder:
    """Draws expressions of a wanted shape out of the names in scope."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw
        self.names: list[Expr] = []
        self.vectors: list[Expr] = []
        """What may be indexed: the inputs that are not scalars, and named nodes."""
        self.functions: list[Function] = []
        self.loop: tuple[str, int] | None = None
        """The loop variable in scope and its last value."""

    def one(self, options: Sequence[T]) -> T:
        choice: T = options[self._draw(st.integers(0, len(options) - 1))]
        return choice

    def chance(self, percent: int) -> bool:
        # The unlikely side is drawn as the larger number, so that shrinking removes it.
        return bool(self._draw(st.integers(0, 99)) >= 100 - percent)

    def leaf(self, shape: Shape) -> Expr:
        found = [n for n in self.names if n.shape == shape]
        if shape == SCALAR:
            found = found * 2 + self._entries()
            if not found or self.chance(12):
                return number(self.one(("2", "0.5", "1.5", ".25", "3", "1e-1", "0.75")))
        if found:
            return self.one(found)
        return self._literal(shape, 0)

    def _entries(self) -> list[Expr]:
        entries = []
        for v in self.vectors:
            if len(v.shape) == 1 and self.loop is not None and v.shape[0] > self.loop[1]:
                entries.append(Expr("index", SCALAR, args=(v,), index=((self.loop[0], 0),)))
            places = np.ndindex(*v.shape)
            entries += [Expr("index", SCALAR, args=(v,), index=place) for place in places]
            if len(v.shape) == 1:
                entries.append(Expr("index", SCALAR, args=(v,), index=(-1,)))
        return entries

    def _literal(self, shape: Shape, depth: int) -> Expr:
        if len(shape) == 1:
            items = [self.expr(SCALAR, depth) for _ in range(shape[0])]
        else:
            items = [self._literal(shape[1:], depth) for _ in range(shape[0])]
        return Expr("list", shape, args=tuple(items))

    def expr(self, shape: Shape, depth: int) -> Expr:
        """An expression of that shape, of at most about that depth."""
        if depth <= 0:
            return self.leaf(shape)
        kind = self._draw(st.integers(0, 9))
        if kind <= 1:
            return self.one(_UNARY)(self.expr(shape, depth - 1))
        if kind <= 5:
            return self._two(shape, depth)
        if kind == 6 and self.functions:
            function = self.one(self.functions)
            left, right = self._operands(shape, depth)
            return Expr("call", shape, function.name, (left, right))
        return (self._scalar, self._vector, self._matrix)[len(shape)](shape, depth)

    def _operands(self, shape: Shape, depth: int) -> tuple[Expr, Expr]:
        """Two operands that broadcast to the shape, in either order."""
        pairs: list[tuple[Shape, Shape]] = [(shape, shape)]
        if shape:
            pairs += [(shape, SCALAR)]
        if len(shape) == 2:
            rows, columns = shape
            pairs += [(shape, (columns,)), (shape, (rows, 1)), ((rows, 1), (columns,))]
            pairs += [(shape, (1, columns)), ((rows, 1), (1, columns))]
        left, right = self.one(pairs)
        if self.chance(50):
            left, right = right, left
        return self.expr(left, depth - 1), self.expr(right, depth - 2)

    def _two(self, shape: Shape, depth: int) -> Expr:
        return self.one(_BINARY)(*self._operands(shape, depth))

    def _scalar(self, shape: Shape, depth: int) -> Expr:
        n = self.one((2, 3))
        kind = self._draw(st.integers(0, 5))
        if kind == 5:
            vector = self.leaf((n,))
            total = Expr("call", SCALAR, "sum", (_call("sin", vector),))
            return _infix("/", total, Expr("call", SCALAR, "len", (vector,)))
        if kind == 0:
            args = self.expr((n,), depth - 1), self.expr((n,), depth - 2)
            if self.chance(50):
                return Expr("call", SCALAR, "dot", args)
            return Expr("infix", SCALAR, "@", args)
        if kind == 1:
            word = self.one(("max", "min", "prod"))
            return Expr("call", SCALAR, word, (self.expr((n,), depth - 1),))
        word = self.one(("sum", "mean", "norm", "logsumexp", "sum"))
        inner = self.one(((2,), (3,), (2, 3), (3, 2), (2, 2), (2, 1)))
        return Expr("call", SCALAR, word, (self.expr(inner, depth - 1),))

    def _vector(self, shape: Shape, depth: int) -> Expr:
        (n,) = shape
        kind = self._draw(st.integers(0, 8))
        m = self.one((2, 3))
        if kind == 8:
            # Entries that are not chosen still count in the ones that are.
            word = self.one(("softmax", "log_softmax"))
            mixed = Expr("call", shape, word, (self.expr(shape, depth - 2),))
            chosen = _infix("<", self.leaf(shape), self.leaf(SCALAR))
            return _call("where", chosen, mixed, self.leaf(shape))
        if kind == 7:
            place = number(str(self._draw(st.integers(0, n - 1))))
            onehot = Expr("call", shape, "onehot", (place, number(str(n))))
            return _infix("-", self.expr(shape, depth - 1), onehot)
        if kind == 0:
            word = self.one(("softmax", "log_softmax"))
            return Expr("call", shape, word, (self.expr(shape, depth - 1),))
        if kind == 1:
            left = self.expr((n, m), depth - 1)
            return Expr("infix", shape, "@", (left, self.expr((m,), depth - 2)))
        if kind == 2:
            left = self.expr((m,), depth - 2)
            return Expr("infix", shape, "@", (left, self.expr((m, n), depth - 1)))
        if kind == 3:
            axis = self.one((0, 1))
            inner = (n, m) if axis == 1 else (m, n)
            word = self.one(("sum", "mean", "prod", "norm", "logsumexp"))
            return Expr("call", shape, word, (self.expr(inner, depth - 1),), axis=axis)
        if kind == 4 and n == 3:
            return Expr(
                "call",
                shape,
                "concat",
                (self.expr((2,), depth - 1), self._literal((1,), depth - 2)),
            )
        if kind == 5 and self.loop is None:
            return self._comprehension(shape, depth)
        return self._literal(shape, depth - 2)

    def _comprehension(self, shape: Shape, depth: int) -> Expr:
        self.loop = ("i", shape[0] - 1)
        # The variable is a number there, as well as an index.
        self.names.append(Expr("name", SCALAR, "i"))
        body = self.expr(SCALAR, depth - 1)
        self.names.pop()
        self.loop = None
        return Expr("comprehension", shape, "i", (body,), index=(shape[0] - 1,))

    def _matrix(self, shape: Shape, depth: int) -> Expr:
        rows, columns = shape
        kind = self._draw(st.integers(0, 4))
        if kind == 0:
            inner = self.expr((columns, rows), depth - 1)
            return Expr("call", shape, "transpose", (inner,))
        if kind == 1 and 1 not in shape:
            args = self.expr((rows,), depth - 1), self.expr((columns,), depth - 2)
            return Expr("call", shape, "outer", args)
        if kind == 2:
            m = self.one((2, 3))
            args = self.expr((rows, m), depth - 1), self.expr((m, columns), depth - 2)
            return Expr("infix", shape, "@", args)
        if kind == 3:
            word = self.one(("softmax", "log_softmax"))
            return Expr("call", shape, word, (self.expr(shape, depth - 1),))
        return self._literal(shape, depth - 3)

    def function(self, name: str) -> None:
        """A function of two arguments that works for every shape, for all in it is elementwise."""
        a, b = Expr("name", SCALAR, "a"), Expr("name", SCALAR, "b")
        left, right = self.one(_UNARY)(a), self.one(_UNARY)(b)
        body = self.one(_BINARY)(left, self.one(_BINARY)(a, right))
        self.functions.append(Function(name, ("a", "b"), body))

    def family(self, name: str) -> Loop:
        """A recurrence, and its members put in scope."""
        shape = self.one((SCALAR, SCALAR, (2,), (3,)))
        last = self.one((1, 2))
        first = self.expr(shape, 1)
        self.loop = ("t", last)
        before = Expr("member", shape, name, index=(("t", 0),))
        self.names.append(before)
        step = _infix("*", before, self.expr(SCALAR, 1))
        body = _call("tanh", _infix("+", step, self.expr(shape, 2)))
        self.names.pop()
        self.loop = None
        members = (Expr("member", shape, name, index=(k,)) for k in (last + 1, 1))
        self.names.extend(members)
        return Loop(name, "t", last, first, body)


_INPUTS = ("x", "y", "z", "W")


def _nested(draw: Callable[[st.SearchStrategy[Any]], Any], shape: Shape) -> Nested:
    if not shape:
        # No multiples of a power of two: sums and products of these seldom tie.
        return float(draw(st.integers(-1500, 1500)) / 701)
    return [_nested(draw, shape[1:]) for _ in range(shape[0])]


@st.composite
def programs(draw: st.DrawFn, shape: Shape = SCALAR, depth: int = 3) -> Program:
    """A program whose output has the shape, bound at a point clear of every edge."""
    builder = _Builder(draw)
    count = draw(st.integers(1, len(_INPUTS)))
    point = []
    for name in _INPUTS[:count]:
        entry = Expr("name", builder.one(SHAPES), name)
        builder.names.append(entry)
        if entry.shape:
            builder.vectors.append(entry)
        point.append((name, _nested(draw, entry.shape)))
    statements: list[Statement] = []
    if builder.chance(30):
        builder.function("q")
        statements += builder.functions
    if builder.chance(30):
        statements.append(builder.family("h"))
    for name in ("a1", "a2", "a3", "a4")[: draw(st.integers(0, 4))]:
        node = builder.expr(builder.one((SCALAR, *SHAPES)), depth - 1)
        named = Expr("name", node.shape, name)
        statements.append(Assign(name, node))
        builder.names.append(named)
        if node.shape:
            builder.vectors.append(named)
    # The newest nodes are what the output should rest on.
    builder.names.extend(builder.names[-2:])
    output = builder.expr(shape, depth)
    for statement in statements:
        # What is named must reach the output, or its gradient goes untested.
        if isinstance(statement, Assign) and builder.chance(60):
            node = Expr("name", statement.expr.shape, statement.name)
            term = node if not node.shape else Expr("call", SCALAR, "sum", (node,))
            output = _infix(builder.one("+-*"), output, term)
    return Program(tuple(statements), output, builder.one((None, "g")), tuple(point))


@st.composite
def programs_of_two(draw: st.DrawFn) -> tuple[Program, Expr]:
    """A program, and a second scalar output over the same names."""
    program = draw(programs(depth=2))
    builder = _Builder(draw)
    shapes: dict[str, Shape] = {name: np.shape(v) for name, v in program.point}
    for statement in program.statements:
        if isinstance(statement, Assign):
            shapes[statement.name] = statement.expr.shape
    builder.names = [Expr("name", shape, name) for name, shape in shapes.items()]
    return program, builder.expr(SCALAR, 2)
