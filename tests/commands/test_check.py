"""`cgraph check` and `cgraph sheet` as they are called."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.documents import validate

SEED = ("p = x + y; g = p*z", "x=1", "y=3", "z=-3")
RIGHT = "p = 4\ng = -12\ndg/dp = -3\ndg/dz = 4\ndg/dx = -3\ndg/dy = -3\n"
SIGN = RIGHT.replace("dg/dx = -3", "dg/dx = 3")

Run = Callable[..., Any]


@pytest.fixture
def sheets(tmp_path: Path) -> Callable[..., list[str]]:
    def write(**texts: str | bytes) -> list[str]:
        paths = []
        for name, text in texts.items():
            path = tmp_path / f"{name}.txt"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            paths.append(str(path))
        return paths

    return write


def document(ran: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran.out)
    validate(found, "check")
    return found


def test_a_right_sheet_is_0_and_a_wrong_one_1(cgraph: Run, sheets: Any) -> None:
    good, bad = sheets(good=RIGHT, bad=SIGN)
    assert cgraph("check", *SEED, "-a", good).status == 0
    ran = cgraph("check", *SEED, "-a", bad)
    assert ran.status == 1
    assert "first wrong step: dg/dx, line 5" in ran.out
    assert "right but for its sign" in ran.out


def test_a_problem_that_cannot_be_used_is_2(cgraph: Run, sheets: Any) -> None:
    (good,) = sheets(good=RIGHT)
    for words in (
        ("p = x +", "-a", good),
        ("p = x + y", "x=1", "-a", good),
        ("f = log(x)", "x=-1", "-a", good),
        (*SEED,),
        (*SEED, "-a", "nowhere.txt"),
        (*SEED, "-a", good, "--reveal", "all"),
        (*SEED, "-a", good, "--require", "some"),
        (*SEED, "-a", good, "--tolerance", "-1"),
        (*SEED, "-a", good, "--points", "dq/dx=3"),
        (*SEED, "-a", "-", "--at", "-"),
    ):
        ran = cgraph("check", *words)
        assert (ran.status, ran.out) == (2, ""), words
        assert ran.err.startswith("error: ")


def test_json_and_csv_are_one_too_many(cgraph: Run, sheets: Any) -> None:
    ran = cgraph("check", *SEED, "-a", *sheets(good=RIGHT), "--json", "--csv")
    assert ran.status == 2
    assert json.loads(ran.out)["error"]["kind"] == "usage"


def test_answers_come_from_anywhere(cgraph: Run, sheets: Any) -> None:
    assert cgraph("check", *SEED, "--answer", "p = 4", "--answer", "dg/dx=-3; g = -12").status == 0
    assert cgraph("check", *SEED, "-a", "-", stdin=RIGHT.encode()).status == 0
    some = ("check", *SEED, "-a", "-", "--require", "answered")
    assert cgraph(*some, stdin=b'{"p": 4, "dg/dx": "-3"}').status == 0
    paths = sheets(a=RIGHT, b=RIGHT, c=SIGN)
    for words in (
        (*SEED, "-a", *paths),
        ("-a", *paths, "--", *SEED),
        ("-a", *paths, *SEED),
        (SEED[0], "-a", *paths, *SEED[1:]),
        (*SEED, "-a", paths[0], "-a", paths[1], "--answers", paths[2]),
    ):
        ran = cgraph("check", "--json", *words)
        assert [s["sheet"] for s in document(ran)["sheets"]] == ["a", "b", "c"], words
        assert ran.status == 1


def test_one_sheet_in_trouble_spoils_no_other(cgraph: Run, sheets: Any) -> None:
    alone = document(cgraph("check", *SEED, "-a", *sheets(a=RIGHT), "--json"))["sheets"][0]
    paths = sheets(
        a=RIGHT,
        binary=b"\x00\x01\xff\xfe",
        odd=b"p = 4 \x81",
        json_='{"p": 4',
        empty="",
        b=RIGHT,
        bomb="p = " + "(" * 5000,
        huge="p = " + "9" * 1_100_000,
    )
    ran = cgraph("check", *SEED, "-a", *paths, "nowhere.txt", "--json")
    assert ran.status == 1
    found = {sheet["sheet"]: sheet for sheet in document(ran)["sheets"]}
    assert found["a"] == alone
    assert {**found["b"], "sheet": "a"} == alone
    assert [name for name, sheet in found.items() if sheet["trouble"]] == [
        "binary",
        "odd",
        "json_",
        "nowhere",
    ]
    assert found["bomb"]["unreadable"][0]["error"]["kind"] == "limit"
    assert found["huge"]["unreadable"][0]["error"]["kind"] == "limit"


def test_the_right_number_is_told_only_when_it_is_asked_for(cgraph: Run, sheets: Any) -> None:
    program = ("u = w*x; f = tanh(u)", "w=0.5", "x=1.5")
    (path,) = sheets(bad="u = 0.75\nf = 0.9999\ndf/du = 0.7777\ndf/dw = u*x\n")
    truth = ("0.635", "0.5965", "0.894")
    for reveal in ("verdict", "hint"):
        for form in ((), ("--json",), ("--csv",)):
            ran = cgraph("check", *program, "-a", path, "--reveal", reveal, *form)
            assert not any(number in ran.out for number in truth)
    ran = cgraph("check", *program, "-a", path, "--reveal", "answer")
    assert all(number in ran.out for number in truth)
    answers = document(cgraph("check", *program, "-a", path, "--reveal", "answer", "--json"))
    assert answers["sheets"][0]["answers"][1]["truth"] == pytest.approx(0.6351489523872873)


def test_verdicts_alone_name_no_mistake(cgraph: Run, sheets: Any) -> None:
    (path,) = sheets(bad=SIGN)
    ran = cgraph("check", *SEED, "-a", path, "--reveal", "verdict")
    assert "sign" not in ran.out
    found = document(cgraph("check", *SEED, "-a", path, "--reveal", "verdict", "--json"))
    assert found["sheets"][0]["answers"][4]["diagnoses"] == []
    assert found["summary"]["mistakes"] == []


def test_a_class(cgraph: Run, sheets: Any) -> None:
    paths = sheets(ann=RIGHT, bo=SIGN, cy=SIGN, dee="p = 5\ng = -15\n")
    ran = cgraph("check", *SEED, "-a", *paths, "--points", "2", "--require", "all")
    lines = ran.out.splitlines()
    assert [line.split()[0] for line in lines[2:6]] == ["ann", "bo", "cy", "dee"]
    assert "12/12" in lines[2]
    assert "10/12" in lines[3]
    assert "2/12" in lines[5]
    assert "1 of 4 sheets all right" in ran.out
    assert any(line.split() == ["2", "dg/dx"] for line in lines)
    assert any(line.split()[:1] == ["2"] and "sign" in line for line in lines)


def test_a_table_for_a_spreadsheet(cgraph: Run) -> None:
    lines = [
        {"student": "ann", "answers": {"p": 4, "dg/dx": 3}},
        {"student": "=HYPERLINK(1)", "answers": {"p": 5, "g": -15}},
        {"student": 'bo, "the b"', "answers": {}},
    ]
    text = "\n".join(map(json.dumps, lines)).encode()
    ran = cgraph("check", *SEED, "-a", "-", "--csv", stdin=text)
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["sheet"] for row in rows] == ["ann", "'=HYPERLINK(1)", 'bo, "the b"']
    assert [row["p"] for row in rows] == ["right", "wrong", "missing"]
    assert [row["g"] for row in rows] == ["missing", "follows", "missing"]
    assert rows[0]["first_wrong"] == "dg/dx"
    assert rows[0]["mistakes"].split()[0] == "sign-slip"


def test_words_in_chinese(cgraph: Run, sheets: Any) -> None:
    (path,) = sheets(bad=SIGN)
    ran = cgraph("check", *SEED, "-a", path, "--lang", "zh")
    assert "第一个错误步骤：dg/dx，第 5 行" in ran.out
    found = document(cgraph("check", *SEED, "-a", path, "--lang", "zh", "--json"))
    assert "正负号" in found["sheets"][0]["answers"][4]["diagnoses"][0]["words"]


def test_text_of_strangers_is_escaped(cgraph: Run) -> None:
    sheet = "\x1b[31mp = 4\n[bold]p[/bold] = 4\np\u202e = 4\np = [red]\n"
    ran = cgraph("check", *SEED, "-a", "-", stdin=sheet.encode())
    assert ran.status == 1
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert "[bold]p[/bold] = 4" in ran.out
    name = json.dumps({"student": "\x1b[31m[bold]ann\u202e", "answers": {"p": 4}})
    ran = cgraph("check", *SEED, "-a", "-", stdin=f"{name}\n{name}".encode())
    assert "\x1b" not in ran.out
    assert "[bold]ann" in ran.out


def test_bombs_are_refused_in_time(cgraph: Run) -> None:
    lines = [
        "g = " + "*".join(["(x+y+z)"] * 1000),
        "g = " + "9^" * 200 + "9",
        "g = " + "(" * 100 + "x" + "^64)" * 100,
        "g = " + "((((((x+y)^64)^64)^64)^64)^64)",
        "dg/dx = " + "(" * 30 + "x" + "^64)" * 30,
        "g = [t for t in 0..4999999]",
        "g = sum([x for t in 0..1000000])",
        "g = " + "+".join(f"sin(x*{k})" for k in range(900)),
        "dg/dx = " + "/".join(["(x - y/3)"] * 900),
    ]
    for line in lines:
        ran = cgraph("check", *SEED, "-a", "-", "--json", stdin=line.encode())
        assert ran.status == 1
        document(ran)


# Blank sheets


@pytest.mark.parametrize(
    "words",
    [
        SEED,
        ("f = sigmoid(w*x + b)", "w=0.5", "x=2", "b=-0.3"),
        ("h[0] = h0; for t in 0..2 { h[t+1] = tanh(w*h[t] + x[t]) }; L = (h[3] - y)^2", "h0=0.1",
         "w=0.5", "x=[1,2,3]", "y=1"),
        ("s = W @ x; h = tanh(s); L = sum(h^2)", "W=[[1,2],[3,4]]", "x=[0.5,-1]"),
        ("x/3 + 2*pi*x", "x=7"),
        ("s = W @ x", "W=[[1,2],[3,4]]", "x=[0.5,-1]"),
    ],
)  # fmt: skip
def test_a_key_is_a_right_sheet_and_a_blank_one_is_none(cgraph: Run, words: Any) -> None:
    key = cgraph("sheet", *words, "--key")
    assert key.status == 0
    ran = cgraph("check", *words, "-a", "-", "--require", "all", stdin=key.out.encode())
    assert ran.status == 0, ran.out
    blank = cgraph("sheet", *words)
    lines = [line for line in blank.out.splitlines() if line and not line.startswith("#")]
    assert all(line.endswith(" =") for line in lines)
    found = document(cgraph("check", *words, "-a", "-", "--json", stdin=blank.out.encode()))
    assert found["sheets"][0]["answers"] == found["sheets"][0]["unreadable"] == []
    assert [f"{step['step']} =" for step in found["steps"]] == lines


def test_a_sheet_as_json_can_be_marked(cgraph: Run) -> None:
    ran = cgraph("sheet", *SEED, "--key", "--json")
    found = json.loads(ran.out)
    validate(found, "sheet")
    marked = cgraph("check", *SEED, "-a", "-", stdin=ran.out.encode())
    assert marked.status == 0
    assert json.loads(cgraph("sheet", *SEED, "--json").out)["answers"]["p"] is None


@pytest.mark.parametrize("kind", ["integer", "rational", "decimal"])
@pytest.mark.parametrize("seed", ["1", "2"])
def test_values_are_chosen_by_a_seed(cgraph: Run, kind: str, seed: str) -> None:
    program = "u = w*x; r = relu(u + b); f = r/x + exp(-u)"
    words = ("sheet", program, "--seed", seed, "--values", kind, "--json", "--key")
    found = json.loads(cgraph(*words).out)
    assert found == json.loads(cgraph(*words).out)
    numbers = list(found["at"].values())
    if kind == "integer":
        assert all(number == int(number) for number in numbers)
    assert len({abs(number) for number in numbers}) == len(numbers)
    assert all(number and abs(number) < 1e4 for number in found["answers"].values())
    assert found["mistakes"]["distinct"] > found["mistakes"]["of"] / 2


def test_what_is_bound_stays(cgraph: Run) -> None:
    found = json.loads(cgraph("sheet", "f = W @ x; sum(f)*k", "W=[[1,2],[3,4]]", "x=[1,2]",
                              "--seed", "3", "--json").out)  # fmt: skip
    assert found["at"]["W"] == [[1, 2], [3, 4]]
    assert found["at"]["k"]


def test_sheet_refuses_what_does_not_go_together(cgraph: Run) -> None:
    assert cgraph("sheet", *SEED, "--values", "decimal").status == 2
    assert cgraph("sheet", SEED[0]).status == 2
    assert cgraph("sheet", SEED[0], "--seed", "1", "--values", "prime").status == 2
    assert cgraph("sheet", "f = log(-x^2)", "--seed", "1").status == 2


def test_notes_tell_no_derivative_unless_answers_are_revealed(cgraph: Run) -> None:
    words = ("r = relu(x); f = 5*r", "x=0", "--answer", "df/dx = 1")
    for reveal in ("verdict", "hint"):
        assert "derivative by x is" not in cgraph("check", *words, "--reveal", reveal).err
        found = document(cgraph("check", *words, "--reveal", reveal, "--json"))
        assert "sides" not in found["notes"][0]
        assert "corner" in found["notes"][0]["message"]
    assert "derivative by x is 0" in cgraph("check", *words, "--reveal", "answer").err
    assert "derivative by x is" not in cgraph("sheet", *words[:2]).err
    assert "derivative by x is 0" in cgraph("sheet", *words[:2], "--key").err


@pytest.mark.parametrize("reveal", ["verdict", "hint"])
def test_no_right_number_is_told_with_a_hint(cgraph: Run, reveal: str) -> None:
    """The right numbers have digits that nothing else here has."""
    program = "u = w*x + b; h = tanh(u); L = (h - y)^2"
    at = ("w=0.731", "x=1.37", "b=-0.213", "y=0.59")
    key = json.loads(cgraph("sheet", program, *at, "--json", "--key").out)["answers"]
    digits = [f"{abs(value):.6f}".replace("0.", "")[:4] for value in key.values()]
    sheet = "; ".join(f"{step} = {-1.5 * value + 3:.3f}" for step, value in key.items())
    for words in ((), ("--json",), ("--csv",), ("--lang", "zh")):
        ran = cgraph("check", program, *at, "--answer", sheet, "--reveal", reveal, *words)
        assert ran.status == 1
        for number in digits:
            assert number not in ran.out + ran.err, (number, ran.out)


@pytest.mark.parametrize("name", ["=1+1", " =cmd|' /C calc'!A0", "＝1", "@SUM(A1)", "-2+3", "\t=1"])
def test_no_name_is_a_formula_in_a_spreadsheet(cgraph: Run, name: str) -> None:
    sheet = json.dumps({"student": name, "answers": {"p": 4}})
    ran = cgraph("check", *SEED, "-a", "-", "--csv", stdin=sheet.encode())
    row = list(csv.reader(io.StringIO(ran.out)))[1]
    assert row[0] == f"'{name.strip()}"


def test_a_table_for_a_spreadsheet_has_no_control_characters(cgraph: Run) -> None:
    sheet = json.dumps({"student": "\x1b[31man\u202en\nbo", "answers": {"p": 4}})
    ran = cgraph("check", *SEED, "-a", "-", "--csv", stdin=sheet.encode())
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert len(ran.out.splitlines()) == 2


def test_a_list_among_the_steps_stops_no_sheet(cgraph: Run) -> None:
    program = "a = [x, y, z]; p = softmax(a); f = -log(p[0])"
    made = cgraph("sheet", program, "--seed", "1", "--key")
    assert made.status == 0, made.err
    at = json.loads(cgraph("sheet", program, "--seed", "1", "--json").out)["at"]
    bound = [f"{name}={value}" for name, value in at.items()]
    ran = cgraph("check", program, *bound, "-a", "-", "--require", "all", stdin=made.out.encode())
    assert ran.status == 0, ran.out


def test_an_answer_of_another_shape_is_told_so(cgraph: Run) -> None:
    assert "this has another shape" in cgraph("check", *SEED, "--answer", "p = [4, 4]").out


@pytest.mark.parametrize(
    ("tolerance", "answer", "status"),
    [
        ("1%", "-12.1", 0),
        ("1%", "-12.2", 1),
        ("1 %", "-11.9", 0),
        ("0.1", "-12.1", 0),
        ("0.1", "-12.2", 1),
    ],
)
def test_a_tolerance_is_a_size_or_a_part(
    tolerance: str, answer: str, status: int, cgraph: Run
) -> None:
    words = ("check", "p = x + y; g = p*z", "x=1", "y=3", "z=-3", "--answer", f"g = {answer}")
    assert cgraph(*words, "--tolerance", tolerance).status == status
