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
EDGES: Final = "tests/operations/test_edges.py"
HINTS: Final = "tests/commands/test_hints.py::test_the_hint_names_the_way_out"
BY_HAND: Final = "tests/homework/test_by_hand.py"
NUMERALS: Final = "tests/numbers/test_numerals.py"
CERTIFIED: Final = "tests/numbers/test_certified.py"
TABLES: Final = "tests/views/test_tables.py"
LINES: Final = "tests/views/test_trace_lines.py"

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
    # Language
    Fault(
        "a name is placed at its last use",
        "cgcli/language/free.py",
        "start <= read.get(name, (start, end))[0]",
        "start >= read.get(name, (start, end))[0]",
        ("tests/language/test_free.py",),
    ),
    Fault(
        "the variable of a loop is a free name",
        "cgcli/language/free.py",
        "local | {statement.variable}",
        "local",
        ("tests/language/test_free.py",),
    ),
    Fault(
        "a percentage of a name is not read",
        "cgcli/language/characters.py",
        'return f"write {before}/100" if kind in ("NUMBER", "NAME") else',
        'return f"write {before}/100" if kind in ("NUMBER",) else',
        (HINTS,),
    ),
    Fault(
        "a constant behind a point is a constant with a prefix",
        "cgcli/language/characters.py",
        "if word in CONSTANTS and before in _MODULES:",
        "if word in CONSTANTS:",
        (HINTS,),
    ),
    Fault(
        "a second derivative is asked for as a first",
        "cgcli/language/derivatives.py",
        "if found.order > 1 else",
        "if found.order > 2 else",
        ("tests/commands/test_hints.py::test_a_derivative_is_a_command",),
    ),
    Fault(
        "what a program assigns is differentiated by",
        "cgcli/language/derivatives.py",
        "words -= {found.by, *_ASSIGNED.findall(body)}",
        "words -= {found.by}",
        ("tests/commands/test_hints.py::test_a_derivative_is_a_command",),
    ),
    # Graph
    Fault(
        "two elements are taken for one in what is advised",
        "cgcli/graph/rewrites.py",
        "        if graph.static.get(a) != graph.static.get(b):\n            return False\n",
        "",
        ("tests/graph/test_rewrites.py",),
    ),
    Fault(
        "two numbers are taken for one in what is advised",
        "cgcli/graph/rewrites.py",
        'if not graph.arguments[a] and graph.literals.get(a) != graph.literals.get(b, ""):',
        "if False:",
        ("tests/graph/test_rewrites.py",),
    ),
    Fault(
        "after a loop the turn of the outer one is lost",
        "cgcli/graph/turns.py",
        "self._values.append(self._values[outer] if outer >= 0 else 0)",
        "self._values.append(0)",
        ("tests/graph/test_turns.py",),
    ),
    Fault(
        "the second loop of a program is not counted",
        "cgcli/graph/build.py",
        "self.counted = len(running) > 1",
        "self.counted = True",
        ("tests/graph/test_counting.py",),
    ),
    Fault(
        "a comprehension's own node is not counted",
        "cgcli/graph/counting.py",
        "                nodes += times * isinstance(part, Comprehension)\n",
        "",
        ("cgcli/graph/counting.py",),
    ),
    Fault(
        "comparisons chain without brackets",
        "cgcli/graph/text.py",
        'on_left = level + 1 if level == LEVELS["comparison"] else level',
        "on_left = level",
        ("tests/graph/test_text.py::test_every_pair_of_operators",),
    ),
    Fault(
        "a power as a base stands without brackets",
        "cgcli/graph/text.py",
        'return [(0, _ATOM), operation.symbol, (1, LEVELS["sign"])]',
        'return [(0, LEVELS["power"]), operation.symbol, (1, LEVELS["sign"])]',
        ("tests/graph/test_text.py::test_every_pair_of_operators",),
    ),
    Fault(
        "an index stands before the rest of a name in LaTeX",
        "cgcli/graph/latex.py",
        'below = ", ".join(part for part in (tail, index) if part)',
        'below = ", ".join(part for part in (index, tail) if part)',
        (f"{LINES}::test_names_in_latex",),
    ),
    Fault(
        "a Greek capital is printed small",
        "cgcli/graph/latex.py",
        'greek = greek.capitalize() if "CAPITAL" in words else greek',
        "greek = greek",
        (f"{LINES}::test_names_in_latex",),
    ),
    Fault(
        "an exponent in LaTeX keeps its zeros",
        "cgcli/graph/latex.py",
        'rf"{mantissa} \\times 10^{{{int(exponent)}}}"',
        'rf"{mantissa} \\times 10^{{{exponent}}}"',
        (f"{LINES}::test_numbers_in_latex",),
    ),
    # Operations
    Fault(
        "<= jumps where < does",
        "cgcli/operations/piecewise.py",
        '"1 where a is not greater, else 0", 0, -1)',
        '"1 where a is not greater, else 0", -1, 0)',
        (SIDES,),
    ),
    Fault(
        ">= jumps where > does",
        "cgcli/operations/piecewise.py",
        '"1 where a is not less, else 0", 1, 0)',
        '"1 where a is not less, else 0", 0, 1)',
        (SIDES,),
    ),
    Fault(
        "mod by a negative number jumps on the other side",
        "cgcli/operations/piecewise.py",
        "(1, -m.inf)), None)",
        "(-m.inf, 1)), None)",
        (SIDES,),
    ),
    Fault(
        "ceil jumps where floor does",
        "cgcli/operations/piecewise.py",
        "lambda m, x: ((0, m.inf),),",
        "lambda m, x: ((m.inf, 0),),",
        (SIDES,),
    ),
    Fault(
        "acos rises at -1",
        "cgcli/operations/elementary.py",
        "_vertical(-1, False, True, -1,",
        "_vertical(-1, False, True, 1,",
        (SIDES,),
    ),
    Fault(
        "0^y rises at 0",
        "cgcli/operations/arithmetic.py",
        "(None, (None, -m.inf))",
        "(None, (None, m.inf))",
        (SIDES,),
    ),
    Fault(
        "the direction of a long hypot is lost",
        "cgcli/operations/elementary.py",
        "near / m.hypot(near, other / m.number(2**512))",
        "near / m.hypot(near, other)",
        (f"{NOTES}::test_a_direction_is_known_though_the_length_overflows",),
    ),
    Fault(
        "log1p has its pole inside its domain",
        "cgcli/operations/elementary.py",
        "domain=Domain(lambda m, x: x > -1,",
        "domain=Domain(lambda m, x: x >= -1,",
        (EDGES,),
    ),
    Fault(
        "the textbook's derivative of acos is that of asin",
        "cgcli/operations/elementary.py",
        "-1 / m.sqrt(1 - m.pow(x, 2))",
        "1 / m.sqrt(1 - m.pow(x, 2))",
        ("tests/calculus/test_local.py::test_a_formula_is_the_derivative",),
    ),
    Fault(
        "the lowest negative index is refused",
        "cgcli/operations/shapes.py",
        "not -length <= index < length",
        "not -length < index < length",
        (EDGES,),
    ),
    Fault(
        "the lowest negative axis is refused",
        "cgcli/operations/shapes.py",
        "if not -len(x) <= axis < len(x)",
        "if not -len(x) < axis < len(x)",
        (EDGES,),
    ),
    Fault(
        "the hint for an index is one too far",
        "cgcli/operations/shapes.py",
        "indices run from 0 to {length - 1}",
        "indices run from 0 to {length}",
        (EDGES,),
    ),
    # Numbers
    Fault(
        "0.0001 is written with an exponent",
        "cgcli/numbers/numerals.py",
        "if -5 < power < digits:",
        "if -4 < power < digits:",
        (NUMERALS,),
    ),
    Fault(
        "0.0001 that is proved is written with an exponent",
        "cgcli/numbers/decimals.py",
        "if -4 <= power < digits:",
        "if -4 < power < digits:",
        (NUMERALS,),
    ),
    Fault(
        "a tie is rounded up",
        "cgcli/numbers/decimals.py",
        "if rest > fmpq(1, 2) or (rest == fmpq(1, 2) and below % 2):",
        "if rest >= fmpq(1, 2):",
        (NUMERALS,),
    ),
    Fault(
        "a carry loses a power of ten",
        "cgcli/numbers/decimals.py",
        "return (_TEN ** (digits - 1), power + 1) if whole",
        "return (_TEN ** (digits - 1), power) if whole",
        (f"{CERTIFIED}::test_decimals_of_balls_are_the_numbers_rounded",),
    ),
    Fault(
        "the last digits of a long number lose their zeros",
        "cgcli/numbers/numerals.py",
        "{abs(number) % 10**10:010d}",
        "{abs(number) % 10**10}",
        (NUMERALS,),
    ),
    Fault(
        "a short decimal is too long to be told",
        "cgcli/numbers/numerals.py",
        "if bottom.bit_length() > 4 * digits:",
        "if bottom.bit_length() > 3 * digits:",
        (NUMERALS,),
    ),
    Fault(
        "fractions are compared by their lengths",
        "cgcli/numbers/ratio.py",
        "abs(apart) > 1:",
        "abs(apart) > 0:",
        (NUMERALS,),
    ),
    Fault(
        "infinity is less than a fraction",
        "cgcli/numbers/ratio.py",
        "return -1 if other > 0 else 1",
        "return 1 if other > 0 else -1",
        (NUMERALS,),
    ),
    Fault(
        "the logarithm of 1/8 is positive",
        "cgcli/numbers/rationals.py",
        "fmpq(power if bottom == 1 else -power)",
        "fmpq(power)",
        (NUMERALS,),
    ),
    Fault(
        "an irrational number over 0 is 0",
        "cgcli/numbers/missing.py",
        "            return NoValue(UNDEFINED)\n",
        "            return other\n",
        ("tests/numbers/test_missing.py",),
    ),
    # Calculus
    Fault(
        "elements at a kink are counted twice",
        "cgcli/calculus/kinks.py",
        "count=count - 1)",
        "count=count)",
        (TABLES,),
    ),
    Fault(
        "what was typed is told as a value",
        "cgcli/calculus/notes.py",
        "if isinstance(value, float) and argument not in graph.literals:",
        "if isinstance(value, float):",
        (TABLES,),
    ),
    Fault(
        "a name in other letters is not recognised",
        "cgcli/calculus/result.py",
        "close = [own for own in names if own.lower() == name.lower()]",
        "close = [own for own in names if own == name.lower()]",
        (TABLES,),
    ),
    # Homework
    Fault(
        "a sheet that only follows is complete",
        "cgcli/homework/marks.py",
        "verdicts[RIGHT] == len(marked.judged)",
        "not verdicts[WRONG]",
        (BY_HAND,),
    ),
    Fault(
        "a step of two wrong elements is hard twice",
        "cgcli/homework/marks.py",
        "steps.update({judged.answer.quantity for judged in marked.judged if is_wrong(judged)})",
        "steps.update(judged.answer.quantity for judged in marked.judged if is_wrong(judged))",
        (BY_HAND,),
    ),
    Fault(
        "a digit never changes places with a leading zero",
        "cgcli/homework/mistakes/slips.py",
        "    digits = (0, *digits)\n",
        "",
        (BY_HAND,),
    ),
    Fault(
        "a digit too little is a digit cut off",
        "cgcli/homework/mistakes/slips.py",
        "<= cut < 2 * half",
        "<= cut <= 4 * half",
        (BY_HAND,),
    ),
    Fault(
        "minus infinity in JSON is infinity",
        "cgcli/homework/sheets.py",
        '"-Infinity": "-inf"',
        '"-Infinity": "inf"',
        (BY_HAND,),
    ),
    Fault(
        "a list ends where another answer stands in its last line",
        "cgcli/homework/sheets.py",
        'if waiting and "=" in normalise(line).partition(";")[0]:',
        'if waiting and "=" in normalise(line):',
        (BY_HAND,),
    ),
    Fault(
        "any digits may come of a rounded number",
        "cgcli/homework/marking.py",
        "least = _digits(written) - _MORE",
        "least = 0",
        (BY_HAND,),
    ),
    Fault(
        "between the rounded and the right number only half is the same",
        "cgcli/homework/marking.py",
        "middle, reach = (first + second) / 2, abs(first - second) / 2",
        "middle, reach = first, abs(first - second) / 2",
        (BY_HAND,),
    ),
    Fault(
        "erfc has no minus to lose",
        "cgcli/homework/mistakes/chain.py",
        '("neg", "cos", "acos", "erfc")',
        '("neg", "cos", "acos")',
        (BY_HAND,),
    ),
    Fault(
        "the quotient rule with a plus is not squared",
        "cgcli/homework/mistakes/rules.py",
        "_quotient(da * b + a * db, b * b)",
        "_quotient(da * b + a * db, b)",
        (BY_HAND,),
    ),
    Fault(
        "the base 2 is no base",
        "cgcli/homework/mistakes/rules.py",
        "for base in (10, 2):",
        "for base in (10,):",
        (BY_HAND,),
    ),
    Fault(
        "min is never taken for max",
        "cgcli/homework/mistakes/rules.py",
        'elif step.name in ("min", "amin"):',
        'elif step.name in ("amin",):',
        (BY_HAND,),
    ),
    Fault(
        "a raised exponent is raised by two",
        "cgcli/homework/mistakes/rules.py",
        "b * m.pow(a, b + 1)",
        "b * m.pow(a, b + 2)",
        (BY_HAND,),
    ),
    Fault(
        "what follows is told as what is right",
        "cgcli/views/homework/remarks.py",
        "if judged.verdict == WRONG and expected != _number(judged.truth):",
        "if expected != _number(judged.truth):",
        (BY_HAND,),
    ),
    # Views
    Fault(
        "the left side of a kink is told as the right one",
        "cgcli/views/document.py",
        "[number(left), number(right)]",
        "[number(right), number(left)]",
        (TABLES,),
    ),
    Fault(
        "a table cut short counts what it shows",
        "cgcli/views/table.py",
        "{len(rows) - 2 * half:,} more nodes",
        "{len(rows) - half:,} more nodes",
        (TABLES,),
    ),
    Fault(
        "a long vector ends with its last element but one",
        "cgcli/views/table.py",
        "else [*values[:3], values[-1]]",
        "else [*values[:3], values[-2]]",
        (TABLES,),
    ),
    Fault(
        "notes that are shown count as more",
        "cgcli/views/table.py",
        "{len(result.notes) - _NOTES:,} more notes",
        "{len(result.notes):,} more notes",
        (TABLES,),
    ),
    Fault(
        "a note does not tell its line",
        "cgcli/views/table.py",
        'several = "\\n" in result.graph.text.strip()',
        "several = False",
        (TABLES,),
    ),
    Fault(
        "a bound is rounded to the nearest",
        "cgcli/views/certificate.py",
        "Context(prec=2, rounding=ROUND_UP)",
        "Context(prec=2)",
        (f"{TABLES}::test_a_bound_is_never_rounded_down",),
    ),
    Fault(
        "six uses are too many to be named",
        "cgcli/views/trace/chain.py",
        "if len(received) <= _TERMS:",
        "if len(received) < _TERMS:",
        (LINES,),
    ),
    Fault(
        "the greatest element is the steepest",
        "cgcli/views/trace/lines.py",
        "sizes = np.array([abs(kind.float(each)) for each in value.flat])",
        "sizes = np.array([kind.float(each) for each in value.flat])",
        (LINES,),
    ),
    Fault(
        "a convention is told as a slope",
        "cgcli/views/trace/lines.py",
        'if any(note.kind == "kink" for note in self.result.notes):',
        "if False:",
        (LINES,),
    ),
    Fault(
        "a tree draws an argument twice",
        "cgcli/views/trace/tree.py",
        "for argument in reversed(dict.fromkeys(inner)):",
        "for argument in reversed(inner):",
        (LINES,),
    ),
    # Commands
    Fault(
        "a line of a stream is exact only where it says so",
        "cgcli/commands/lines.py",
        'found.get("exact", exact)',
        'found.get("exact", False)',
        (TABLES,),
    ),
    Fault(
        "the command that is completed forgets --exact",
        "cgcli/commands/problem.py",
        'exact = ("--exact",) if problem.kind.exact else ()',
        "exact = ()",
        (TABLES,),
    ),
    Fault(
        "what is asked for is a line that nothing uses",
        "cgcli/commands/problem.py",
        "(not uses[node] and node != result.of)",
        "not uses[node]",
        (TABLES,),
    ),
    Fault(
        "a shape may have no element",
        "cgcli/commands/inputs.py",
        "if match is None or 0 in shape:",
        "if match is None:",
        (TABLES,),
    ),
    Fault(
        "π is a name that --wrt does not know",
        "cgcli/commands/inputs.py",
        'names = [_canonical(re.sub(r"\\s*,\\s*", ", ", name)) for name in names if name]',
        'names = [re.sub(r"\\s*,\\s*", ", ", name) for name in names if name]',
        (TABLES,),
    ),
    Fault(
        "the error in a value stands below its name",
        "cgcli/commands/inputs.py",
        'return _constant(" " * offset + text, name, limits, kind, known)',
        "return _constant(text, name, limits, kind, known)",
        (TABLES,),
    ),
    Fault(
        "the elements of a value are counted from 0",
        "cgcli/commands/inputs.py",
        "for number, row in enumerate(value, 1)]",
        "for number, row in enumerate(value)]",
        (TABLES,),
    ),
)
