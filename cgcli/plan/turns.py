"""Loops that were unrolled → vector instructions: the turns of a loop are found again on the tape.

An instruction that takes nothing from another turn is one call over arrays with a row a turn. A
recurrence is run turn by turn. This is loop distribution (Allen & Kennedy, Automatic Translation
of Fortran Programs to Vector Form, 1987). The results are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any, Final, NamedTuple

import numpy as np

from cgcli.operations.row import Shape
from cgcli.operations.shapes import size
from cgcli.plan import kernels
from cgcli.plan.bound import Bound, Call, Guard, look
from cgcli.plan.tape import STEP, VIEWS, Form, Operand, Tape

_TURNS: Final = 8
"""A loop of so few turns stays unrolled."""
_STRETCHES: Final = 8
"""The most stretches that are looked for, longest first, and the most periods tried for each."""
_PERIOD: Final = 4096
"""The most instructions of a turn: their dependences are kept as bits, so many an instruction."""
_ENDS: Final = 8
"""How many turns at either end may have operands that do not follow the pattern."""
_LARGE: Final = 4096
"""Arrays of more numbers stay apart: they cost more than a call, and stacked leave the cache."""
_ANY_COUNT: Final = ("stack", "concat")
"""Operations with any number of arguments, which may be another number at another turn."""


def stretches(tape: Tape, places: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return where instructions repeat, in order: each stretch's start, its end and its period.

    >>> tape = Tape()
    >>> place = tape.write("parameter", (), ("x",), ())
    >>> for name in ("sin", "exp") * 50:
    ...     place = tape.write(name, (place,), (), ())
    >>> stretches(tape, range(101))
    [(1, 101, 2)]
    """
    forms = [tape.forms[place] for place in places]
    _, leading, at = np.unique([*map(id, forms)], return_index=True, return_inverse=True)
    kinds = {-1: -1}
    codes = [kinds.setdefault(_alike(forms[k], k), len(kinds)) for k in leading.tolist()]
    # NumPy sorts short integers by radix.
    alike = np.array(codes, np.min_scalar_type(-len(kinds)))[at]
    pending, kept = [(0, len(places))], list[tuple[int, int, int]]()
    while pending and len(kept) < _STRETCHES:
        start, end = pending.pop(0)
        length, negative, first = max(_repeated(alike[start:end]), default=(0, 0, 0))
        if length:
            kept.append((start + first, start + first + length, -negative))
            pending += [(start, start + first), (start + first + length, end)]
    return sorted(kept)


def _alike(form: Form, place: int) -> int:
    """Return a code for the form at a place, equal for what may repeat; -1 where it may not."""
    if form.operation in VIEWS:
        # A view, as of an element, is of another part at each turn.
        return 2 * form.sort
    fits = form.stage <= STEP and form.operation not in _ANY_COUNT and size(form.shape) <= _LARGE
    return 2 * place + 1 if fits else -1


def _repeated(alike: Any) -> Iterator[tuple[int, int, int]]:
    """Yield the longest stretch of each likely period: length, negative period and start."""
    order = np.argsort(alike, kind="stable")
    order = order[alike[order] >= 0]
    gaps = np.bincount(np.diff(order)[np.diff(alike[order]) == 0])[:_PERIOD]
    for period in np.argsort(gaps * np.arange(len(gaps)))[: -1 - _STRETCHES : -1].tolist():
        if gaps[period]:
            same = np.zeros(len(alike) - period + 2, bool)
            same[1:-1] = (alike[period:] == alike[:-period]) & (alike[period:] >= 0)
            runs = np.flatnonzero(same[1:] != same[:-1]).reshape(-1, 2)
            first, last = runs[np.diff(runs).argmax()].tolist()
            turns = (last - first) // period + 1
            if turns > _TURNS:
                yield turns * period, -period, first


class _Column(NamedTuple):
    """The operands of one argument over all turns: the `rows` of an array, or one `array` for all.

    It holds from the turn `first` up to, and without, the turn `last`.
    """

    array: Any
    rows: bool
    first: int
    last: int

    def between(self, first: int, last: int) -> _Column:
        """Return the operands of fewer turns."""
        rows = slice(first - self.first, last - self.first)
        return _Column(self.array[rows] if self.rows else self.array, self.rows, first, last)


class Arrays(dict[int, Any]):
    """Arrays by place. Those of turns are rows of a stack, and views of it are made on demand."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.stacks: list[Any] = []
        # By place the stack, -1 for none, and the row of it.
        self.stack, self.row = np.full(count, -1), np.zeros(count, int)

    def __missing__(self, place: int) -> Any:
        assert self.stack[place] >= 0
        return self.stacks[self.stack[place]][self.row[place], ...]

    def out(self, place: int, shape: Shape, dtype: type) -> Any:
        """Return the array that an instruction writes: a row of a stack, or a new array of 0."""
        return self[place] if self.stack[place] >= 0 else np.zeros(shape, dtype)

    def put(self, places: Any, stack: Any) -> None:
        """Make the rows of a stack the arrays of places."""
        self.stack[places], self.row[places] = len(self.stacks), np.arange(len(places))
        self.stacks.append(stack)

    def column(self, places: Any) -> _Column | None:
        """Return the operands of all turns as one array; None where they follow no pattern."""
        if places.dtype != int:
            return _Column(places, True, 0, len(places))
        if (places == places[0]).all():
            return _Column(self[int(places[0])], False, 0, len(places))
        stacks = self.stack[places]
        stack = int(stacks[len(places) // 2])
        return (
            _steady(self.stacks[stack], self.row[places], stacks == stack) if stack >= 0 else None
        )


def _steady(array: Any, rows: Any, fit: Any) -> _Column | None:
    """Return the rows of an array that stand at equal steps, around the middle one; None for few.

    `fit` flags the operands that are rows of that array.
    """
    middle = len(rows) // 2
    step = rows[middle] - rows[middle - 1]
    odd = np.flatnonzero((np.diff(rows) != step) | (fit[1:] != fit[:-1]))
    first = int(max(odd[odd < middle], default=-1)) + 1
    last = int(min(odd[odd >= middle], default=len(rows) - 1)) + 1
    if not step or not fit[middle] or first > _ENDS or last < len(rows) - _ENDS:
        return None
    return _Column(array[rows[first] :: step][: last - first], True, first, last)


class Turns:
    """The turns of a loop: the instructions of a stretch of the tape with its period.

    The operands of the first and last turns may follow no pattern. These turns are the `head`, to
    be bound one by one before `calls` is asked, and the `tail`, to be bound after.
    """

    def __init__(self, tape: Tape, places: Sequence[int], period: int, arrays: Arrays) -> None:
        self._tape, self._arrays = tape, arrays
        self._at = at = np.array(places).reshape(-1, period)
        self._forms = [tape.forms[place] for place in at[len(at) // 2].tolist()]
        self._operands = [
            _columns([tape.arguments[place] for place in places], form.numbers[::2])
            for places, form in zip(at.T.tolist(), self._forms, strict=True)
        ]
        for form, column in zip(self._forms, at.T, strict=True):
            if form.operation not in VIEWS:
                dtype = bool if form.truth else float
                arrays.put(column, np.empty((len(column), *form.shape), dtype))
        # A view may be of a view of the turn before.
        views = [p for p, form in enumerate(self._forms) if form.operation in VIEWS]
        looked = [self._look(position) for position in views]
        self._columns = [[*map(arrays.column, operands)] for operands in self._operands]
        known = [column for columns in (looked, *self._columns) for column in columns if column]
        first = max((column.first for column in known), default=0)
        self._first = first if all(looked) else len(at)
        self._last = min((column.last for column in known if self._first == first), default=len(at))
        self.head, self.tail = at[: self._first].ravel().tolist(), at[self._last :].ravel().tolist()

    def _look(self, position: int) -> _Column | None:
        """Make the views of a position for all turns at once; None where they follow no pattern."""
        tape, at, form = self._tape, self._at[:, position].tolist(), self._forms[position]
        (operands,), statics = self._operands[position], [tape.forms[p].static for p in at]
        column = self._arrays.column(operands)
        if column is None:
            return None
        if column.rows:
            inner = tape.forms[int(operands[column.first])]._replace(rows=True)
            count = column.last - column.first
            rows = look(form._replace(rows=True), inner, column.array, count)
            looked = column._replace(array=rows) if {*statics} == {form.static} else None
        else:
            # The rows, or elements, of one array.
            places = [s[0] if len(s) == 1 and type(s[0]) is int else -1 for s in statics]
            fit = np.array([form.operation == "index" and place >= 0 for place in places])
            looked = _steady(column.array, np.array(places), fit)
        if looked is not None:
            self._arrays.put(self._at[looked.first : looked.last, position], looked.array)
        return looked

    def calls(self, bind: Callable[[int], Call], guard: Guard) -> Iterator[tuple[int, list[Call]]]:
        """Yield the calls of the turns between head and tail, by groups, each with its stage.

        `bind` returns the call of one place.
        """
        given = self._given()
        for group in _ordered(given) if self._first < self._last else []:
            computed = [p for p in group if self._forms[p].operation not in VIEWS]
            recurs = group[0] in given[group[0]]
            calls = self._together(group[0], guard, recurs=recurs) if computed == group[:1] else []
            if not calls:
                by_turn = zip(*[self._by_turn(p, bind, guard) for p in computed], strict=True)
                calls = [*chain.from_iterable(by_turn)]
            yield self._forms[group[0]].stage, calls

    def _given(self) -> list[set[int]]:
        """Return by position the positions that its operands are of, at any turn."""
        period = len(self._forms)
        positions = np.full(len(self._arrays.stack), -1)
        positions[self._at] = np.arange(period)
        taken = [[positions[c] for c in cs if c.dtype == int] for cs in self._operands]
        return [{*np.unique(np.concatenate(cs)).tolist()} - {-1} for cs in taken]

    def _together(self, position: int, guard: Guard, *, recurs: bool) -> list[Call]:
        """Return the calls for all turns at once; none where a turn needs the one before it.

        What `recurs` has its own last result as an operand: of those a running sum is one call.
        """
        form, first, last = self._forms[position], self._first, self._last
        function, columns = function_of(form, guard), self._columns[position]
        known = [column.between(first, last) for column in columns if column]
        with_rows, stack = [column.rows for column in known], self._stack(position)
        if len(known) < len(columns) or (function is None and (recurs or not with_rows[0])):
            return []
        if function is None:
            return _reduced(form, known[0].array, stack[first:last], guard)
        ranks = [column.array.ndim - column.rows for column in known]
        arrays, out = [column.array for column in known], stack[first:last]
        bound = Bound(form, arrays, ranks, with_rows, out, last - first, guard)
        parts = bound.aligned(len(form.shape))
        if not recurs:
            return [(function, (*parts, out))]
        at = self._at[:, position]
        before = at[first - 1 : last - 1]
        rest = [
            part
            for part, operands in zip(parts, self._operands[position], strict=True)
            if (operands[first:last] != before).any()
        ]
        taken = [operands for operands in self._operands[position] if np.isin(operands, at).any()]
        if form.operation != "add" or len(rest) != 1 or len(taken) > 1:
            return []
        sums = stack[first - 1 : last]
        return [(np.copyto, (out, *rest)), (np.add.accumulate, (sums, 0, None, sums))]

    def _stack(self, position: int) -> Any:
        """Return the array that a position writes, a row a turn."""
        return self._arrays.stacks[self._arrays.stack[self._at[0, position]]]

    def _by_turn(self, position: int, bind: Callable[[int], Call], guard: Guard) -> Iterable[Call]:
        """Return the calls of a position, turn by turn."""
        form, first, last = self._forms[position], self._first, self._last
        places = self._at[first:last, position].tolist()
        function = function_of(form, guard)
        if function is None:
            return map(bind, places)
        arrays, parts = self._arrays, list[Iterable[Any]]()
        for column, operands in zip(self._columns[position], self._operands[position], strict=True):
            if column is None:
                parts.append([arrays[operand] for operand in operands[first:last].tolist()])
            elif column.rows:
                parts.append(_rows(column.between(first, last).array))
            else:
                parts.append(repeat(column.array, last - first))
        outs = _rows(self._stack(position)[first:last])
        return zip(repeat(function), zip(*parts, outs, strict=True))


def function_of(form: Form, guard: Guard) -> Callable[..., Any] | None:
    """Return the function of an elementwise operation, None of any other and of known partials."""
    if form.operation == "send" and 1 not in form.numbers[::2]:
        return kernels.sender(*form.static, guard)
    return kernels.FUNCTIONS.get(form.operation)


def _reduced(form: Form, rows: Any, out: Any, guard: Guard) -> list[Call]:
    """Return the call of a reduction for all turns; none where NumPy would add in another order."""
    if form.operation not in kernels.REDUCTIONS or not rows[0, ...].flags.c_contiguous:
        return []
    (axis,) = form.static
    if axis is None and rows.ndim > 2:
        return []
    turned = form._replace(static=(1 if axis is None else axis + 1,))
    return [kernels.bind(Bound(turned, [rows], [rows.ndim], [False], out, 0, guard))]


def _columns(arguments: list[tuple[Operand, ...]], numbers: Sequence[float]) -> list[Any]:
    """Return the arguments of instructions by position: arrays of places, or of numbers."""
    flat = np.fromiter(chain.from_iterable(arguments), float if numbers else int)
    columns = flat.reshape(len(arguments), -1).T
    return [column if k in numbers else column.astype(int) for k, column in enumerate(columns)]


def _rows(array: Any) -> list[Any]:
    """Return the rows of an array, as arrays of no axes where they are numbers."""
    return [*array] if array.ndim > 1 else [array[k, ...] for k in range(len(array))]


def _ordered(given: Sequence[set[int]]) -> list[list[int]]:
    """Return groups of positions, operands first. Positions that need each other are one group.

    >>> _ordered([{2}, {0, 3}, {0}, set()])
    [[3], [0, 2], [1]]
    """
    # A bit for each position that one depends on, itself included.
    behind = [1 << position for position in range(len(given))]
    before: list[int] = []
    while behind != before:
        before = list(behind)
        for position, taken in enumerate(given):
            for other in taken:
                behind[position] |= behind[other]
    groups: dict[int, list[int]] = {}
    for position, bits in enumerate(behind):
        groups.setdefault(bits, []).append(position)
    return [groups[bits] for bits in sorted(groups, key=int.bit_count)]
