"""The table itself: arity, words, grammar and rows agree; a planted wrong rule is caught."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import re
from typing import Any

import mpmath
import pytest

import cgcli
from cgcli.errors import CgraphError
from cgcli.language import tables
from cgcli.numbers import real
from cgcli.operations.row import Operation
from cgcli.operations.spellings import OTHER_SPELLINGS
from cgcli.operations.table import OPERATIONS, TABLE, WORDS
from cgcli.views.operations import derivatives

# Aliases of the grammar that build syntax; all others are operations.
SYNTAX = {
    "all", "assignment", "between", "call", "comprehension", "empty", "first", "from", "group",
    "index", "joined", "list", "loop", "more", "name", "nothing", "number", "one", "range", "to",
    "value",
}  # fmt: skip

LANGUAGE = (
    "sqrt cbrt exp expm1 log ln log1p log2 log10 hypot xlogy "
    "sin cos tan sinc asin acos atan atan2 sinh cosh tanh asinh acosh atanh "
    "abs sign min max clip floor ceil round where mod "
    "sigmoid relu leaky_relu elu softplus silu gelu softmax log_softmax logsumexp "
    "erf erfc gamma lgamma digamma polygamma "
    "sum mean prod cumsum dot norm len transpose outer diag trace concat onehot"
)


def test_the_words_are_those_of_the_language() -> None:
    assert sorted(WORDS) == sorted(LANGUAGE.split())


def test_names_are_unique() -> None:
    assert len(OPERATIONS) == len(TABLE)


def test_the_grammar_names_operations_as_the_table_does() -> None:
    aliases = {alias for _, _, alias in tables.build(tables.files()[0]).rules if alias}
    assert aliases - SYNTAX == {row.name for row in TABLE if row.symbol}


def test_no_other_spelling_is_a_word() -> None:
    assert not set(OTHER_SPELLINGS) & set(WORDS)


@pytest.mark.parametrize("text", OTHER_SPELLINGS.values(), ids=OTHER_SPELLINGS)
def test_what_is_advised_for_other_spellings_is_right(text: str) -> None:
    advice = text.rsplit(", or ", maxsplit=1)[-1]
    names = set(re.findall(r"\b[a-zA-Z_]\w*\b(?!\()", advice))
    values: dict[str, Any] = dict.fromkeys(names, 1.5)
    if re.search(r"@|mean|prod|sum|concat|len|transpose|lse|logsumexp", advice):
        values = {name: [1.0, 2.0] for name in names}
    if "onehot" in advice:
        values, advice = {}, "onehot(1, 3)"
    cgcli.parse(advice).evaluate(values)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_row_is_whole(row: Operation) -> None:
    assert row.summary
    if not row.parameters:
        return
    assert bool(row.partials) != bool(row.pullback)
    if isinstance(row.partials, tuple) and row.partials:
        assert len(row.partials) == len(row.parameters)
        for rule in row.partials:
            assert len(inspect.signature(rule).parameters) == len(row.parameters) + 2
    if not row.elementwise:
        assert row.shape is not None
        assert row.pullback_words
    assert all(kink.words for kink in row.kinks)
    assert derivatives(row)


@pytest.mark.parametrize("row", [row for row in TABLE if row.words], ids=lambda row: row.name)
def test_arity(row: Operation) -> None:
    """A call with too few arguments is refused, and with too many unless it takes any number."""
    least = len(row.parameters) + row.required_static
    most = len(row.parameters) + len(row.static)
    word = row.words[0]
    others = [other for other in WORDS[word] if other is not row]
    for count in {least - 1, most + 1}:
        if any(each.accepts(count) for each in WORDS[word]) and (row.variadic or others):
            continue
        with pytest.raises(CgraphError) as caught:
            cgcli.parse(f"{word}({', '.join(['x'] * count)})").graph({"x": 1.0})
        assert caught.value.kind == "arity"
        assert row.signature() in caught.value.hint


def slope(rule: Any, point: float) -> float:
    return float(mpmath.diff(lambda x: rule(mpmath, x), point))


def test_a_planted_wrong_rule_is_caught() -> None:
    """The comparison with mpmath that all rows pass fails for a rule that is wrong by 1e-9."""
    row = OPERATIONS["sin"]
    wrong = dataclasses.replace(row, partials=(lambda m, y, x: m.cos(x) * (1 + 1e-9),))
    expected = slope(lambda m, x: m.sin(x), 0.7)
    right = real.run(row.partial(0), 0.0, 0.7)
    planted = real.run(wrong.partial(0), 0.0, 0.7)
    assert right == pytest.approx(expected, rel=1e-12)
    assert planted != pytest.approx(expected, rel=1e-12)


def test_a_planted_wrong_rule_changes_a_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The passes take their derivatives from the table and from nowhere else."""
    row = OPERATIONS["tanh"]
    wrong = dataclasses.replace(row, partials=(lambda m, y, x: 1 - y,))
    monkeypatch.setitem(WORDS, "tanh", (wrong,))
    found = cgcli.parse("tanh(x)").evaluate(x=0.5).gradient
    assert found is not None
    assert found["x"] == pytest.approx(1 - float(mpmath.tanh(0.5)))


NUMBERS = (-2.5, -1.0, 0.0, 0.75, 3.0)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_row_is_what_its_fields_say(row: Operation) -> None:
    """Exactly the rows of which they hold over some numbers have these fields."""
    count = len(row.parameters)
    if not row.elementwise or row.variadic or count not in (1, 2):
        return
    value = lambda *arguments: float(real.run(row.value, *map(float, arguments)))
    if count == 1:
        assert row.identity == all(value(x) == x for x in NUMBERS)
        return
    pairs = [(a, b) for a in NUMBERS for b in NUMBERS]
    assert row.multiplies == all(value(a, b) == a * b for a, b in pairs)
    if row.opposite:
        other = OPERATIONS[row.opposite]
        assert other.opposite == row.name
        assert all(value(a, b) + real.run(other.value, a, b) == 1 for a, b in pairs)
    else:
        assert not all(value(a, b) in (0, 1) for a, b in pairs)


@pytest.mark.parametrize("row", [row for row in TABLE if row.pieces], ids=lambda row: row.name)
def test_the_pieces_of_a_row_tell_its_sides_apart(row: Operation) -> None:
    """Around a point of one piece the slope is that of central differences; 0 parts two pieces."""
    others = [2.0] * (len(row.parameters) - 1)
    assert row.pieces is not None
    for x in (-3.7, -0.4, 0.4, 2.6):
        sides = [real.run(row.pieces, at, *others) for at in (x - 1e-6, x + 1e-6)]
        ends = [real.run(row.value, at, *others) for at in (x - 1e-6, x + 1e-6)]
        slope = real.run(row.partial(0), real.run(row.value, x, *others), x, *others)
        assert sides[0] == sides[1]
        assert abs((ends[1] - ends[0]) / 2e-6 - slope) < 1e-6
    assert real.run(row.pieces, -0.5, *others) != real.run(row.pieces, 0.5, *others)


def test_a_kink_of_one_argument_has_sides_for_that_alone() -> None:
    kinks = [(row, kink) for row in OPERATIONS.values() for kink in row.kinks]
    alone = [(row, kink) for row, kink in kinks if kink.of is not None]
    assert alone
    for row, kink in alone:
        for point in itertools.product((-2.0, -0.0, 0.0, 0.5, 3.0), repeat=len(row.parameters)):
            sides = kink.sides(real.CAREFUL, *map(real.Careful, point))
            assert [place for place, pair in enumerate(sides) if pair is not None] == [kink.of]
