"""The faults: where each is planted, and the tests that are to notice it.

A row is a file, a text that stands in it once, what is written in its place, and the narrowest
tests that fail by it: files or node ids, as pytest takes them. Where code moves, the row moves
with it, and where it goes, the row goes too.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["FAULTS", "Fault"]


class Fault(NamedTuple):
    """A fault: its name says what the program does wrong with it."""

    name: str
    file: str
    text: str
    fault: str
    tests: tuple[str, ...]


NOTES: Final = "tests/calculus/test_notes.py"
SIDES: Final = f"{NOTES}::test_every_side_is_the_limit_of_difference_quotients"
MARKING: Final = "tests/homework/test_marking.py"
FORMATS: Final = "tests/views/test_trace_formats.py"
ROWS: Final = "tests/plan/test_rows.py"

FAULTS: Final = (
    Fault(
        "the slope of atan2 beside its jump has the other sign",
        "cgcli/operations/elementary.py",
        "((m.inf, m.where(b < 0, 1 / b, 0)), None)",
        "((m.inf, m.where(b < 0, -1 / b, 0)), None)",
        (SIDES,),
    ),
    Fault(
        "the derivative of a square is taken for that of one factor",
        "cgcli/homework/marking.py",
        "single = self.graph.arguments[user].count(argument) == 1",
        "single = True",
        (f"{MARKING}::test_a_derivative_of_both_factors_is_not_that_of_one",),
    ),
    Fault(
        "an expression that stands twice is worked out twice",
        "cgcli/homework/marking.py",
        "alike.update((each, node) for each in answers[-1].nodes if each > node)",
        "alike.update(())",
        (f"{MARKING}::test_an_expression_that_stands_twice_was_worked_out_once",),
    ),
    Fault(
        "a product as the right factor of a chain stands without brackets",
        "cgcli/views/trace/chain.py",
        'factor = self.write.in_brackets(factor, level, LEVELS["product"] + 1)',
        'factor = self.write.in_brackets(factor, level, LEVELS["product"])',
        (f"{FORMATS}::test_the_right_factor_of_a_chain_reads_as_one_number",),
    ),
    Fault(
        "a fraction as the right factor of a chain stands without brackets",
        "cgcli/views/trace/chain.py",
        "self.write.in_brackets(*right, product + 1)",
        "self.write.in_brackets(*right, product)",
        (f"{FORMATS}::test_the_right_factor_of_a_chain_reads_as_one_number",),
    ),
    Fault(
        "what no row takes reaches what the rows share",
        "cgcli/plan/passes.py",
        "mask = sum_rows(tape, m.truth(mask)) > 0",
        "mask = None",
        (f"{ROWS}::test_a_branch_that_no_row_takes_reaches_nothing_that_the_rows_share",),
    ),
    Fault(
        "infinity does not go through a row that is taken",
        "cgcli/calculus/pullback.py",
        "sent = np.where(met, sent, pull(ARRAYS, place, up, _clean(y), clean, fixed))",
        "sent = pull(ARRAYS, place, up, _clean(y), clean, fixed)",
        (f"{NOTES}::test_infinity_goes_through_what_is_taken_and_through_nothing_else",),
    ),
    Fault(
        "infinity goes through a row that is not taken",
        "cgcli/calculus/pullback.py",
        "if not np.all(np.isfinite(sent)):",
        "if False:",
        (f"{NOTES}::test_infinity_goes_through_what_is_taken_and_through_nothing_else",),
    ),
)
