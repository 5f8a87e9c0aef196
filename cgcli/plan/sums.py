"""Sums over the rows, written so that what they sum is never written out where that can be."""

from __future__ import annotations

from cgcli.plan.cells import Cell, Number, written
from cgcli.plan.tape import Instruction, Tape


def sum_rows(tape: Tape, value: Number) -> Number:
    """Return the sum of a value over all rows, as a cell that has none.

    The sum of outer products is a matrix product, a factor that all rows share stands before
    the sum, and so on: each is followed down a chain of operations that are linear.
    """
    if not isinstance(value, Cell) and value == 0:
        return value
    chain: list[tuple[Instruction, int]] = []
    while isinstance(value, Cell) and value.rows:
        instruction = tape[value.place]
        step = _step(tape, instruction)
        if step is None:
            break
        chain.append((instruction, step))
        value = Cell(tape, int(instruction.arguments[step]))
    total: Number = _summed(tape, value)
    for instruction, step in reversed(chain):
        # The operation again, over the sum of what had rows.
        operands = (*instruction.arguments[:step], total.place, *instruction.arguments[step + 1 :])
        name, static, shape = instruction.operation, instruction.static, instruction.shape
        total = Cell(tape, tape.write(name, operands, static, shape, rows=False))
    return total


def _has_rows(tape: Tape, operand: float) -> bool:
    return isinstance(operand, int) and tape[operand].rows


def _step(tape: Tape, instruction: Instruction) -> int | None:
    """Return which argument may be summed instead, the others the same for all rows, if one may."""
    operation, arguments = instruction.operation, instruction.arguments
    if operation in ("negative", "transpose", "spread", "scatter", "grow"):
        return 0 if isinstance(arguments[0], int) else None
    if operation in ("multiply", "matmul", "outer", "divide"):
        first, second = arguments
        if not _has_rows(tape, second) and isinstance(first, int):
            return 0
        if operation != "divide" and not _has_rows(tape, first) and isinstance(second, int):
            return 1
    return None


def _summed(tape: Tape, value: Number) -> Number:
    """Return the sum over the rows of what is not looked into any further.

    That of products is written without the products, where it can be.
    """
    if not isinstance(value, Cell) or not value.rows:
        return written(tape, "count", (), (), rows=False) * value
    instruction = tape[value.place]
    if instruction.operation == "repeat":
        return _summed(tape, Cell(tape, int(instruction.arguments[0])))
    factors: tuple[int, ...] = (value.place,)
    operation = "total"
    if instruction.operation in ("multiply", "outer"):
        first, second = map(int, instruction.arguments)
        left, right = tape[first].shape, tape[second].shape
        if instruction.operation == "outer":
            operation, factors = "gram", (first, second)
        elif not left and len(right) < 2:
            operation, factors = "weigh", (first, second)
        elif not right and len(left) < 2:
            operation, factors = "weigh", (second, first)
        if operation != "total":
            for turned, (chosen, sent) in enumerate((factors, factors[::-1])):
                if (label := tape.label(chosen)) is not None:
                    shape = (*tape[chosen].shape, *tape[sent].shape)
                    made = Cell(tape, tape.write("tally", (label, sent), (), shape, rows=False))
                    is_matrix = turned and operation == "gram"
                    return made.view("transpose", shape[::-1]) if is_matrix else made
    return Cell(tape, tape.write(operation, factors, (), instruction.shape, rows=False))
