"""What a program is worth at a point: its value, its gradient and its notes, from the contract.

The program's syntax is walked here, as `generate` made it; nothing is parsed. Numbers are
mpmath's, of 60 digits and more. What the contract leaves open, or this page does not work out,
is `UNKNOWN`, and is not compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mpmath import mp, mpf

from tests.concordance.numbers import BAD, UNKNOWN, Local, Number
from tests.concordance.smooth import exp
from tests.concordance.syntax import Program, Syntax
from tests.concordance.tape import Tape

Shape = tuple[int, ...]
Point = Mapping[str, Sequence[float]]
"""The doubles of every input, in the order of its elements."""

BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow", "<": "lt", "<=": "le", ">": "gt",
    ">=": "ge", "==": "eq", "!=": "ne",
}  # fmt: skip


class Array(NamedTuple):
    """Nodes of the tape, in a shape."""

    shape: Shape
    at: tuple[int, ...]


# --- operations on many elements -----------------------------------------------------------


def _sum(*values: mpf) -> Local:
    return Local(mp.fsum(values), lambda: (mpf(1),) * len(values))


def _mean(*values: mpf) -> Local:
    count = len(values)
    return Local(mp.fsum(values) / count, lambda: (mpf(1) / count,) * count)


def _prod(*values: mpf) -> Local:
    def slopes() -> tuple[mpf, ...]:
        return tuple(mp.fprod(values[:k] + values[k + 1 :]) for k in range(len(values)))

    return Local(mp.fprod(values), slopes)


def _norm(*values: mpf) -> Local:
    size = mp.sqrt(mp.fsum(value * value for value in values))
    if size == 0:
        return Local(size, lambda: (mpf(0),) * len(values), (size,), kink=True)
    return Local(size, lambda: tuple(value / size for value in values), (size,))


def _dot(*values: mpf) -> Local:
    half = len(values) // 2
    a, b = values[:half], values[half:]
    return Local(mp.fsum(x * y for x, y in zip(a, b, strict=True)), lambda: (*b, *a))


def _shares(values: Sequence[mpf]) -> list[mpf]:
    top = max(values)
    powers = [exp(value - top) for value in values]
    whole = mp.fsum(powers)
    return [power / whole for power in powers]


def _logsumexp(*values: mpf) -> Local:
    top = max(values)
    largest = values.index(top)
    others = mp.fsum(exp(each - top) for k, each in enumerate(values) if k != largest)
    value = top + mp.log1p(others)
    return Local(value, lambda: tuple(_shares(values)))


def _softmax(k: int) -> Callable[..., Local]:
    def rule(*values: mpf) -> Local:
        shares = _shares(values)
        others = mp.fsum(shares[:k] + shares[k + 1 :])
        return Local(
            shares[k],
            lambda: tuple(
                shares[k] * (others if j == k else -share) for j, share in enumerate(shares)
            ),
        )

    return rule


def _log_softmax(k: int) -> Callable[..., Local]:
    def rule(*values: mpf) -> Local:
        shares = _shares(values)
        others = mp.fsum(shares[:k] + shares[k + 1 :])
        top, own = max(values), values[k]
        if own == top:
            value = -mp.log1p(mp.fsum(exp(v - own) for j, v in enumerate(values) if j != k))
        else:
            value = own - top - mp.log(mp.fsum(exp(v - top) for v in values))
        return Local(
            value,
            lambda: tuple(others if j == k else -share for j, share in enumerate(shares)),
        )

    return rule


REDUCTIONS: dict[str, Callable[..., Local]] = {
    "sum": _sum, "mean": _mean, "prod": _prod, "norm": _norm, "logsumexp": _logsumexp,
}  # fmt: skip


# --- the walk over the syntax ---------------------------------------------------------------


class Walk:
    """A program on a tape."""

    def __init__(
        self, program: Program, inputs: Mapping[str, Sequence[Number]], tape: Tape
    ) -> None:
        self.program, self.tape = program, tape
        self.names: dict[str, Array] = {}
        for name, shape in program.inputs.items():
            self.names[name] = Array(shape, tuple(tape.input(x) for x in inputs[name]))
        self.inputs = dict(self.names)
        self.functions: dict[str, tuple[tuple[str, ...], Syntax]] = {}
        self.turns: dict[str, int] = {}
        self.output = self._block(program.statements)

    def _block(self, statements: Iterable[Syntax]) -> Array:
        output = Array((), ())
        for statement in statements:
            kind = statement[0]
            if kind == "let":
                output = self.names[statement[1]] = self.value(statement[2])
            elif kind == "member":
                name = f"{statement[1]}[{self._index(statement[2])}]"
                output = self.names[name] = self.value(statement[3])
            elif kind == "define":
                self.functions[statement[1]] = (statement[2], statement[3])
            elif kind == "for":
                _, turn, first, last, by, body = statement
                for k in range(first, last + (1 if by > 0 else -1), by):
                    self.turns[turn] = k
                    self._block(body)
                del self.turns[turn]
            else:
                output = self.value(statement[1])
        return output

    def _index(self, index: int | tuple[str, int]) -> int:
        return index if isinstance(index, int) else self.turns[index[0]] + index[1]

    def value(self, syntax: Syntax) -> Array:
        return getattr(self, f"_{syntax[0]}")(*syntax[1:])

    def _number(self, text: str) -> Array:
        return Array((), (self.tape.constant(float(text)),))

    def _constant(self, name: str) -> Array:
        numbers = {"pi": mp.pi, "e": mp.e, "tau": 2 * mp.pi}
        number = float("inf") if name == "inf" else float(numbers[name])
        return Array((), (self.tape.constant(number),))

    def _name(self, name: str) -> Array:
        if name in self.turns:
            return self._number(str(self.turns[name]))
        return self.names[name]

    def _family(self, name: str, index: Any) -> Array:
        return self.names[f"{name}[{self._index(index)}]"]

    def _sign(self, op: str, a: Syntax) -> Array:
        return self._elementwise("neg" if op == "-" else "pos", self.value(a))

    def _binary(self, op: str, a: Syntax, b: Syntax) -> Array:
        if op == "@":
            return self._matmul(self.value(a), self.value(b))
        return self._elementwise(BINARY[op], self.value(a), self.value(b))

    def _elementwise(self, op: str, *arrays: Array) -> Array:
        return self._each(lambda *at: self.tape.apply(op, *at), *arrays)

    def _each(self, rule: Callable[..., int], *arrays: Array) -> Array:
        """A rule for every element, broadcast as in NumPy."""
        if not any(array.shape for array in arrays):
            return Array((), (rule(*(array.at[0] for array in arrays)),))
        rank = max(len(array.shape) for array in arrays)
        shapes = [(1,) * (rank - len(array.shape)) + array.shape for array in arrays]
        shape = tuple(max(sizes) for sizes in zip(*shapes, strict=True))
        pairs = list(zip(arrays, shapes, strict=True))
        indices = itertools.product(*map(range, shape))
        places = (rule(*(a.at[_flat(index, own)] for a, own in pairs)) for index in indices)
        return Array(shape, tuple(places))

    def _matmul(self, a: Array, b: Array) -> Array:
        rows = _rows(a) if len(a.shape) == 2 else [a.at]
        columns = _columns(b) if len(b.shape) == 2 else [b.at]
        shape = a.shape[:-1] + b.shape[1:]
        places = (self._dot(row, column) for row in rows for column in columns)
        return Array(shape, tuple(places))

    def _dot(self, a: tuple[int, ...], b: tuple[int, ...]) -> int:
        return self.tape.combine("dot", a + b, _dot)

    def _list(self, items: Sequence[Syntax]) -> Array:
        return _stack([self.value(item) for item in items])

    def _comprehension(self, syntax: Syntax, turn: str, first: int, last: int) -> Array:
        arrays = []
        for k in range(first, last + 1):
            self.turns[turn] = k
            arrays.append(self.value(syntax))
        del self.turns[turn]
        return _stack(arrays)

    def _at(self, syntax: Syntax, *index: Any) -> Array:
        array = self.value(syntax)
        chosen: list[Sequence[int]] = []
        shape = []
        for size, item in itertools.zip_longest(array.shape, index, fillvalue=("slice", "", "")):
            if isinstance(item, tuple) and item[0] == "slice":
                picks = range(size)[slice(*(None if end == "" else end for end in item[1:]))]
                shape.append(len(picks))
                chosen.append(picks)
            else:
                chosen.append([range(size)[self._index(item)]])
        places = tuple(array.at[_flat(at, array.shape)] for at in itertools.product(*chosen))
        return Array(tuple(shape), places)

    def _use(self, name: str, args: Sequence[Syntax]) -> Array:
        """A call of a function of the program: its parameters are names for a while."""
        parameters, body = self.functions[name]
        values = [self.value(arg) for arg in args]
        before = self.names
        self.names = {**before, **dict(zip(parameters, values, strict=True))}
        result = self.value(body)
        self.names = before
        return result

    def _call(self, name: str, args: Sequence[Syntax], axis: int | None = None) -> Array:
        arrays = [self.value(arg) for arg in args]
        if name == "where":
            return self._each(self.tape.where, *arrays)
        if name == "clip":
            x, low, high = arrays
            # What meets itself has no corner there, if it is a number.
            known = not any(self.tape.values[place] in (BAD, UNKNOWN) for place in x.at)
            inner = x if known and x == low else self._elementwise("max", x, low)
            same = known and inner == high
            return inner if same else self._elementwise("min", inner, high)
        if name in REDUCTIONS or (name in ("max", "min") and len(arrays) == 1):
            return self._reduction(name, arrays[0], axis)
        special = getattr(self, f"_call_{name}", None)
        return special(*arrays) if special else self._elementwise(name, *arrays)

    def _reduction(self, name: str, array: Array, axis: int | None) -> Array:
        lines = [array.at] if axis is None else _columns(array) if axis == 0 else _rows(array)
        if name in REDUCTIONS:
            places = [self.tape.combine(name, line, REDUCTIONS[name]) for line in lines]
        else:
            places = [self.tape.apply(name, *line) for line in lines]
        return Array(() if axis is None else (len(places),), tuple(places))

    def _lines(self, array: Array, name: str, rule: Callable[[int], Callable[..., Local]]) -> Array:
        lines = _rows(array) if len(array.shape) == 2 else [array.at]
        places = [
            self.tape.combine(f"{name} {k}", line, rule(k))
            for line in lines
            for k in range(len(line))
        ]
        return Array(array.shape, tuple(places))

    def _call_softmax(self, array: Array) -> Array:
        return self._lines(array, "softmax", _softmax)

    def _call_log_softmax(self, array: Array) -> Array:
        return self._lines(array, "log_softmax", _log_softmax)

    def _call_dot(self, a: Array, b: Array) -> Array:
        return Array((), (self._dot(a.at, b.at),))

    def _call_outer(self, a: Array, b: Array) -> Array:
        places = tuple(self.tape.apply("mul", x, y) for x in a.at for y in b.at)
        return Array((len(a.at), len(b.at)), places)

    def _call_transpose(self, a: Array) -> Array:
        return Array(a.shape[::-1], tuple(itertools.chain(*_columns(a))))

    def _call_concat(self, *arrays: Array) -> Array:
        places = tuple(itertools.chain(*(array.at for array in arrays)))
        return Array((sum(array.shape[0] for array in arrays), *arrays[0].shape[1:]), places)

    def _call_len(self, a: Array) -> Array:
        return Array((), (self.tape.constant(a.shape[0]),))

    def _call_onehot(self, k: Array, n: Array) -> Array:
        label, size = (int(self.tape.values[array.at[0]]) for array in (k, n))
        return Array((size,), tuple(self.tape.constant(j == label) for j in range(size)))

    def _call_cumsum(self, a: Array) -> Array:
        parts = (a.at[: k + 1] for k in range(len(a.at)))
        return Array(a.shape, tuple(self.tape.combine("sum", part, _sum) for part in parts))

    def _call_trace(self, a: Array) -> Array:
        diagonal = tuple(row[k] for k, row in enumerate(_rows(a)))
        return Array((), (self.tape.combine("sum", diagonal, _sum),))

    def _call_diag(self, a: Array) -> Array:
        if len(a.shape) == 2:
            return Array((a.shape[0],), tuple(row[k] for k, row in enumerate(_rows(a))))
        zero, size = self.tape.constant(0), len(a.at)
        places = tuple(a.at[i] if i == j else zero for i in range(size) for j in range(size))
        return Array((size, size), places)


def _flat(index: Sequence[int], shape: Shape) -> int:
    place = 0
    for k, size in zip(index, shape, strict=True):
        place = place * size + (k if size > 1 else 0)
    return place


def _rows(array: Array) -> list[tuple[int, ...]]:
    width = array.shape[1]
    return [array.at[k : k + width] for k in range(0, len(array.at), width)]


def _columns(array: Array) -> list[tuple[int, ...]]:
    return [array.at[k :: array.shape[1]] for k in range(array.shape[1])]


def _stack(arrays: Sequence[Array]) -> Array:
    places = tuple(itertools.chain(*(array.at for array in arrays)))
    return Array((len(arrays), *arrays[0].shape), places)
