"""The floats are as accurate as docs/accuracy.md says, on the sample that it is made from."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from benchmarks import accuracy, ulps

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| `")
]
"""The rows of its tables, a list of cells each."""
WHATS = ("value", "derivative", "by the second")


def test_the_published_sample_is_within_its_bound() -> None:
    found = list(accuracy.sample())
    assert len(found) > 400
    assert len({each.program for each in found}) > 140
    assert not [each for each in found if each.ulps > each.allowed]


def test_every_function_is_within_its_bound() -> None:
    assert not [each for each in accuracy.functions() if each.ulps > each.allowed]


def test_an_error_is_seen() -> None:
    """A float that is 10 ulps off where the ball of 53 bits knows better is beyond the bound."""
    (value, *_) = accuracy.measure("", "", "x/3", {"x": 1.0})
    assert value.ulps <= 0.5
    number = 1 / 3 + 10 * 2.0**-54
    third = accuracy.ball(1) / 3
    wrong = accuracy.compare("", "", "", number, third, third)
    assert wrong.ulps > 8
    assert wrong.ulps > wrong.allowed


def test_the_page_has_a_row_for_each_group() -> None:
    """With as many numbers as are measured, whatever machine it was made on."""
    measured = Counter(f"`{each.group}`" for each in (*accuracy.sample(), *accuracy.functions()))
    written = {row[0]: int(row[1]) for row in ROWS if row[1].isdigit()}
    assert written == measured


def test_the_table_of_the_whole_line_has_every_function() -> None:
    measured = [
        (f"`{name}`", what)
        for name, entry in ulps.ENTRIES.items()
        for what in WHATS[: 1 + len(entry.slopes)]
    ]
    assert [(row[0], row[1]) for row in ROWS if row[1] in WHATS] == measured


def test_the_table_is_within_the_bounds_that_are_promised() -> None:
    """But for the exceptions that the page tells."""
    for name, what, *cells in (row for row in ROWS if row[1] in WHATS):
        special = name.strip("`") in ulps.SPECIAL
        most = (4 if special else 2) if what == "value" else (6 if special else 3)
        for cell in cells[: len(ulps.OURS)]:
            worst, usual = map(float, cell.split(" / "))
            assert usual <= worst
            assert worst <= most, (name, what)


def test_the_command_of_the_page_prints_its_table() -> None:
    (command,) = re.findall(r"Printed by `python (benchmarks/ulps\.py) --count 500`", PAGE)
    words = [sys.executable, command, "sqrt", "atan2", "--count", "15", "--ours"]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    head, line, *rows = ran.stdout.splitlines()
    assert head == "| | | scalar | array | rows |"
    assert line.startswith("| --- | --- | ---: |")
    found = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [row[:2] for row in found] == [
        ["`sqrt`", "value"], ["`sqrt`", "derivative"], *(["`atan2`", what] for what in WHATS)
    ]  # fmt: skip
    assert all(0 < float(cell.split(" / ")[0]) <= 3 for row in found for cell in row[2:])
    assert (
        head.strip("|").split("|")[2:]
        == next(line for line in PAGE.splitlines() if line.startswith("| | | scalar"))
        .strip("|")
        .split("|")[2:5]
    )
