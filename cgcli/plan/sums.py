"""Sums over the rows, written so that what they sum is never written out where that can be."""

from __future__ import annotations

from cgcli.operations.row import Shape
from cgcli.plan.cells import Cell, Number, elementwise
from cgcli.plan.tape import Instruction, Tape

__all__ = ["sum_rows"]


def sum_rows(tape: Tape, value: Number) -> Number:
    """Return the sum of a value over all rows, as a cell that has none.

    The sum of outer products is a matrix product, a factor that all rows share stands before
    the sum, and so on: each is followed down a chain of operations that are linear.
    """
    chain: list[tuple[str, Instruction, int | float]] = []
    while isinstance(value, Cell) and value.rows:
        own = tape[value.place]
        step = _step(tape, own)
        if step is None:
            break
        place, shared = step
        chain.append((own.operation, own, shared))
        value = Cell(tape, place)
    total = _summed(tape, value)
    for operation, own, shared in reversed(chain):
        total = _redone(tape, operation, own, shared, total)
    return total


def _has_rows(tape: Tape, operand: float) -> bool:
    return isinstance(operand, int) and tape[operand].rows


def _step(tape: Tape, own: Instruction) -> tuple[int, int | float] | None:
    """Return the argument to sum instead, and the one that all rows share, if there is one."""
    operation, arguments = own.operation, own.arguments
    if operation in ("negative", "transpose", "spread", "scatter", "grow"):
        (inner,) = arguments
        return (inner, 0.0) if isinstance(inner, int) else None
    if operation in ("multiply", "matmul", "outer", "divide"):
        first, second = arguments
        if not _has_rows(tape, second) and isinstance(first, int):
            return first, second
        if operation != "divide" and not _has_rows(tape, first) and isinstance(second, int):
            return second, first
    return None


def _redone(tape: Tape, operation: str, own: Instruction, shared: float, total: Number) -> Number:
    """Return the operation again, over the sum of what had rows."""
    assert isinstance(total, Cell)
    inner = total.place
    if operation in ("negative", "multiply", "divide"):
        if operation == "negative":
            return -total
        swapped = _has_rows(tape, own.arguments[1])
        pair = (shared, inner) if swapped else (inner, shared)
        left, right = (Cell(tape, p) if isinstance(p, int) else p for p in pair)
        return elementwise(tape, operation, left, right)
    if operation in ("matmul", "outer"):
        swapped = _has_rows(tape, own.arguments[1])
        operands = (shared, inner) if swapped else (inner, shared)
        return Cell(tape, tape.write(operation, operands, own.static, own.shape, rows=False))
    return Cell(tape, tape.write(operation, (inner,), own.static, own.shape, rows=False))


def _summed(tape: Tape, value: Number) -> Number:
    """Return the sum over the rows of what is not looked into any further."""
    if not isinstance(value, Cell) or not value.rows:
        count = Cell(tape, tape.write("count", (), (), (), rows=False))
        return count * value
    own = tape[value.place]
    if own.operation == "repeat":
        return _summed(tape, Cell(tape, int(own.arguments[0])))
    if own.operation in ("multiply", "outer"):
        first, second = own.arguments
        assert isinstance(first, int)
        assert isinstance(second, int)
        shapes = tape[first].shape, tape[second].shape
        written = _weighted(tape, own, (first, second), shapes)
        if written is not None:
            return Cell(tape, written)
    return Cell(tape, tape.write("total", (value.place,), (), own.shape, rows=False))


def _weighted(
    tape: Tape, own: Instruction, factors: tuple[int, int], shapes: tuple[Shape, Shape]
) -> int | None:
    """Return the place of a sum of products without the products, or None."""
    if own.operation == "outer":
        return tape.write("gram", factors, (), own.shape, rows=False)
    (first, second), (left, right) = factors, shapes
    if not left and len(right) < 2:
        return tape.write("weigh", (first, second), (), own.shape, rows=False)
    if not right and len(left) < 2:
        return tape.write("weigh", (second, first), (), own.shape, rows=False)
    return None
