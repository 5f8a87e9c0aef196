"""What the table of `cgraph eval` says beside its numbers: ends, counts, places, bounds."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

CHAIN = "a = x + 1; b = a*2; c = b + a; d = c*b; u = d + c; f = u*d"


def cells(out: str) -> list[str]:
    """The first cells of the rows of a table."""
    lines = out.splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith("─")) + 1
    return [line.split()[0] for line in lines[first:] if re.match(r"\w|…", line)]


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 6])
def test_a_table_cut_short_says_how_much_it_leaves_out(most: int, cgraph: Any) -> None:
    whole = cells(cgraph("eval", CHAIN, "x=1", "--rows", "0").out)
    assert whole == ["x", *"abcduf"]
    out = cgraph("eval", CHAIN, "x=1", "--rows", str(most)).out
    match = re.search(r"… +(\d+) more nodes", out)
    assert match
    shown = [cell for cell in cells(out) if cell in whole]
    assert len(shown) + int(match[1]) == len(whole)
    half = most // 2
    assert shown == [*whole[:half], *whole[len(whole) - half :]]
    assert f"--rows {len(whole)} shows every node" in out


@pytest.mark.parametrize("length", [8, 9, 20])
def test_a_long_vector_is_told_by_its_ends(length: int, cgraph: Any) -> None:
    values = [k + 0.5 for k in range(length)]
    row = next(line for line in cgraph("eval", "sum(x)", f"x={values}").out.splitlines()
               if line.startswith("x"))  # fmt: skip
    if length <= 8:
        assert f"[{', '.join(map(str, values))}]" in row
    else:
        assert f"[0.5, 1.5, 2.5, …, {values[-1]}] of {length}" in row


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize("digits", [4, 9])
def test_a_table_folds_to_the_width_it_has(
    columns: int, digits: int, cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [(-1) ** k * (k + 1) / 7 for k in range(6)]
    words = ("sum((w*x + b)^2)", f"x={values}", "w=1.5", "b=[1,2,3,4,5,6]")
    whole = cgraph("eval", *words, "--digits", str(digits)).out
    monkeypatch.setenv("COLUMNS", str(columns))
    out = cgraph("eval", *words, "--digits", str(digits)).out
    # Two columns of the widest numbers are wider than the narrowest terminal.
    widest = 2 * (digits + 5) + 4 + 7 + 13
    assert max(map(len, out.splitlines())) <= max(columns, widest)
    # A number is whole or left out, and the ends of each vector are there.
    number = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"
    assert set(re.findall(number, out)) <= set(re.findall(number, whole))
    for value in values[0], values[-1]:
        assert f"{value:.{digits}g}" in out
    assert ("…" in out) == (len(max(whole.splitlines(), key=len)) > columns)


@pytest.mark.parametrize("columns", range(20, 90, 5))
def test_long_names_cut_no_number(
    columns: int, cgraph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("total_of_all = amount_bought*price_a_piece", "amount_bought=3", "price_a_piece=4.5")
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = cgraph("eval", *words).out.splitlines()
    assert [re.split(" +", line)[-2:] for line in lines[2:] if re.search(r"\d$", line)] == [
        ["3", "4.5"],
        ["4.5", "3"],
        ["13.5", "1"],
    ]
    assert lines[0].endswith(" ∂total_of_all/∂node")
    assert max(map(len, lines)) <= max(columns, 7 + 7 + 5 + len("∂total_of_all/∂node") + 3)


def test_a_jacobian_folds_as_well(cgraph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = cgraph("eval", "softmax(x)", "x=[1,2,3,4,5,6,7]").out
    assert max(map(len, out.splitlines())) <= 60
    rows = [line for line in out.splitlines() if line.startswith("  [")]
    assert len(rows) == 7
    assert rows[0] == "  [0.00156584, -6.68579e-06, -1.81739e-05, …, -0.00099226]"


def test_many_notes_are_counted(cgraph: Any) -> None:
    program = (
        "; ".join(f"a{k} = abs(x)" for k in range(23)) + "; " + "+".join(f"a{k}" for k in range(23))
    )
    out = cgraph("eval", program, "x=0").out
    assert out.count("kink: ") == 20
    assert "\n3 more notes; --json has them all" in out


@pytest.mark.parametrize(
    ("program", "place"),
    [
        ("2*abs(x)", "(column 3)"),
        ("y = 2*x\n abs(y)", "(line 2, column 2)"),
        ("abs(x)\n", "(column 1)"),
    ],
)
def test_a_note_has_its_place(program: str, place: str, cgraph: Any) -> None:
    assert f" {place}: abs" in cgraph("eval", program, "x=0").out


@pytest.mark.parametrize(
    ("zeros", "words"), [(1, " at element [0]:"), (2, " [0] and 1 more:"), (4, " [0] and 3 more:")]
)
def test_elements_at_a_kink_are_counted(zeros: int, words: str, cgraph: Any) -> None:
    out = cgraph("eval", "sum(abs(x))", f"x={[0] * zeros + [5]}").out
    assert words in out


def test_a_domain_names_the_values_it_was_asked_at(cgraph: Any) -> None:
    out = cgraph("eval", "x^y + 2^z", "x=-8", "y=0.5", "z=1").out
    assert "x^y is not defined at x = -8, y = 0.5: a negative base" in out
    out = cgraph("eval", "log(x*0 - 3) + y", "x=1", "y=1").out
    assert "log(v2) is not defined at v2 = -3: v2 must be positive" in out
    # What was typed needs no telling.
    assert "(-2)^x" not in cgraph("eval", "mod(x, 0)", "x=2").out
    assert "mod(x, 0) is not defined at x = 2:" in cgraph("eval", "mod(x, 0)", "x=2").out


def test_both_sides_of_a_kink_are_in_the_json_in_order(cgraph: Any) -> None:
    found = json.loads(cgraph("eval", "abs(x) + max(2*x, y)", "x=0", "y=0", "--json").out)
    assert [note["sides"] for note in found["notes"]] == [
        {"x": [-1.0, 1.0]},
        {"v2": [0.0, 1.0], "y": [0.0, 1.0]},
    ]


def test_a_bound_is_never_rounded_down(cgraph: Any) -> None:
    arguments = ("eval", "exp(x/3) + sin(y)*x/7", "x=1.1", "y=2.3", "--verify")
    nodes = {node["name"]: node for node in json.loads(cgraph(*arguments, "--json").out)["nodes"]}
    out = cgraph(*arguments).out
    seen = 0
    for line in out.splitlines():
        row = re.split(r" {2,}", line.strip())
        if row[0] in nodes and len(row) >= 6:
            *_, value_bound, _, grad_bound, _ = row
            for key, text in (("value_bound", value_bound), ("grad_bound", grad_bound)):
                exact = nodes[row[0]][key]
                assert exact <= float(text) <= exact * 1.1 + 1e-300, line
                seen += exact > 0
    assert seen > 5
