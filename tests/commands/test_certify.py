"""`cgraph eval --verify` and `--precision`, as people and scripts meet them."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import time
from typing import Any

import flint
import pytest
from mpmath import mp

from cgcli.extras import how_to_install
from cgcli.operations import table
from tests.documents import validate

PI = "3.1415926535897932384626433832795028841971693993751"


def document(ran: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran.out)
    validate(found, "eval")
    return found


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {node["name"]: node["verdict"] for node in found["nodes"]}


def test_fifty_digits_of_everything(cgraph: Any) -> None:
    ran = cgraph("eval", "y = sin(x)*exp(0.1); y + pi", "x=1/3", "--precision", "50", "--json")
    found = document(ran)
    with mp.workdps(80):
        x = mp.mpf(1) / 3
        y = mp.sin(x) * mp.exp(mp.mpf(1) / 10)
        slope = mp.cos(x) * mp.exp(mp.mpf(1) / 10)
        assert found["value"] == mp.nstr(y + mp.pi, 50)
        assert found["gradient"] == {"x": mp.nstr(slope, 50)}
    assert ran.status == 0
    assert set(verdicts(found).values()) == {"proved"}
    assert {n["name"]: n["value"] for n in found["nodes"]}["pi"] == PI
    assert found["proof"]["precision"] == 50


@pytest.mark.parametrize("digits", [1, 7, 300, 5000])
def test_any_number_of_digits(cgraph: Any, digits: int) -> None:
    found = document(cgraph("eval", "sqrt(x)", "x=2", "--precision", str(digits), "--json"))
    with mp.workdps(digits + 30):
        assert found["value"] == mp.nstr(mp.sqrt(2), digits, strip_zeros=False).rstrip(".")


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (("x*3", "x=0.1"), "0.3"),
        (("x*3", "x=1/3"), "1"),
        (("sum(x)", "x=[0.1, 1/3, pi]"), "3.5749259869231265718"),
        (("W @ [1, 0.1]", "W=[[1, 1],[2, 0.2]]"), ["1.1", "2.02"]),
        (("x", "x=1e-300"), "1e-300"),
        (("exp(x)", "x=1000"), "1.9700711140170469939e+434"),
        (("x", "x=−0.5"), "-0.5"),
        (("x^2", "x=sqrt(2)"), None),
    ],
)
def test_bindings_are_read_as_they_are_written(
    cgraph: Any, arguments: tuple[str, ...], value: Any
) -> None:
    found = document(cgraph("eval", *arguments, "--precision", "20", "--json"))
    assert found["value"] == value or (value is None and found["value"].startswith("2.00000"))


def test_values_from_files_are_read_as_they_are_written(cgraph: Any, tmp_path: Any) -> None:
    (tmp_path / "v.json").write_text('{"x": 0.1, "y": [0.2, "1/3"], "z": "pi", "unused": 7}')
    (tmp_path / "w.json").write_text("[0.3, 0.4]")
    text = "x*10 + sum(y*[1, 3]) + z - pi + sum(w)"
    given = (f"w=@{tmp_path / 'w.json'}", "--at", str(tmp_path / "v.json"))
    found = document(cgraph("eval", text, *given, "--precision", "30", "--json"))
    # pi - pi is 0 for one ball, and only near it for two.
    assert found["value"] == "2.90000000000000000000000000000"


def test_values_from_standard_input_are_read_as_they_are_written(cgraph: Any) -> None:
    given = ("--at", "-", "--precision", "30", "--json")
    found = document(cgraph("eval", "x*y", *given, stdin=b'{"x": 0.1, "y": "1/3"}'))
    assert found["value"] == "0.0" + "3" * 30
    ran = cgraph("eval", "x^2*y", *given, "--wrt", "y", stdin=b'{"x": 0.1, "y": "pi"}')
    assert document(ran)["gradient"] == {"y": "0.01"}
    assert cgraph("eval", "-", *given, stdin=b"{}").status == 2


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (("x*2", "x=1e400"), "2e+400"),
        (("x*2", "x=exp(1000)"), "3.9401422e+434"),
        (("sum(x)", "x=[1e400, 1, -1e400]"), "1"),
    ],
)
def test_values_may_be_larger_than_a_double(
    cgraph: Any, arguments: tuple[str, ...], value: str
) -> None:
    found = document(cgraph("eval", *arguments, "--precision", "8", "--json"))
    assert found["value"] == value
    for other in ("x=log(-1)", "x=1/0"):
        assert cgraph("eval", "x", other, "--precision", "8").status == 2


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "norm", "transpose", "logsumexp"])
def test_what_takes_vectors_takes_a_number(cgraph: Any, name: str) -> None:
    for option in (("--verify",), ("--precision", "9"), ("--exact",)):
        ran = cgraph("eval", f"{name}(x)*x", "x=3", *option, "--json")
        found = document(ran)
        assert (float(found["value"]), float(found["gradient"]["x"])) == (9, 6)
        assert option == ("--exact",) or found["proof"]["agreed"]


def test_elements_without_digits_have_a_mark(cgraph: Any) -> None:
    ran = cgraph("eval", "sum(log(x))", "x=[1, -2]", "--precision", "5")
    assert ran.status == 1
    # What has no value has no gradient, by any element.
    assert "[0, ?]" in ran.out and "[?, ?]" in ran.out


def test_the_table_shows_digits_and_verdicts(cgraph: Any) -> None:
    ran = cgraph("eval", "sin(x)", "x=1", "--precision", "30")
    assert "0.841470984807896506652502321630   " in ran.out
    assert ran.out.splitlines()[0].split() == ["node", "formula", "value", "∂f/∂node", "verdict"]
    assert ran.out.splitlines()[-1] == "proved with 164 bits: 2 proved"


def test_what_cannot_be_decided_is_unsettled(cgraph: Any) -> None:
    ran = cgraph("eval", "abs(sin(x)^2 + cos(x)^2 - 1)", "x=1", "--precision", "10", "--json")
    found = document(ran)
    assert ran.status == 1
    assert found["value"] is None
    assert found["gradient"] == {"x": None}
    assert verdicts(found)["f"] == "unsettled"
    assert found["proof"]["failed"]
    ran = cgraph("eval", "abs(sin(x)^2 + cos(x)^2 - 1)", "x=1", "--precision", "10")
    assert "unsettled: x, v1, v2, v3, v4, v5, v6, f: 8,192 bits do not decide it" in ran.out
    assert "kink:" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "verdict", "status"),
    [
        (("(x + y)*z", "x=1", "y=3", "z=-3"), "certified", 0),
        (("(1 + x) - 1", "x=1e-20"), "corrected", 0),
        (("exp(x)", "x=1000"), "corrected", 0),
        (("exp(x)", "x=-1000"), "certified", 0),
        (("log(x)", "x=-1"), "undefined", 1),
        (("1/((0.1 + 0.2 - 0.3) - x)", "x=2.7755575615628914e-17"), "undefined", 1),
        (("1/3*3 - x", "x=0.9999999999999999"), "certified", 0),
        (("sqrt(x)^2 - 2", "x=2"), "unsettled", 1),
        (("logsumexp([x, -inf])", "x=2"), "certified", 0),
        (("atan(x)", "x=inf"), "undefined", 1),
    ],
)
def test_verdicts_on_the_output(
    cgraph: Any, arguments: tuple[str, ...], verdict: str, status: int
) -> None:
    ran = cgraph("eval", *arguments, "--verify", "--json")
    assert (verdicts(document(ran))["f"], ran.status) == (verdict, status)


def test_a_kink_is_told_and_is_no_failure(cgraph: Any) -> None:
    ran = cgraph("eval", "abs(x) + y", "x=0", "y=1", "--verify", "--json")
    assert verdicts(document(ran)) == {
        "x": "kink", "v1": "certified", "y": "certified", "f": "certified",
    }  # fmt: skip
    assert ran.status == 0


@pytest.mark.parametrize(
    ("program", "bindings"),
    [
        ("clip(x, -inf, y)", ("x=3", "y=3")),
        ("max(x, y, z)", ("x=3", "y=3", "z=-inf")),
        ("sum(min(v, y, inf))", ("v=[3, 1]", "y=3", "--wrt", "y")),
    ],
)
def test_a_kink_beside_an_infinity(cgraph: Any, program: str, bindings: tuple[str, ...]) -> None:
    note = document(cgraph("eval", program, *bindings, "--json"))["notes"][0]
    assert (note["kind"], note["sides"]["y"] in ([0, 1], [1, 0])) == ("kink", True)
    for option in (("--verify",), ("--precision", "5")):
        ran = cgraph("eval", program, *bindings, *option, "--json")
        assert ran.status == 0
        assert verdicts(document(ran))["y"] == "kink"


def test_a_tie_that_rounding_makes_is_none(cgraph: Any) -> None:
    """In floats 1e16 + 1 is 1e16 and ties with it; in truth it is greater."""
    ran = cgraph("eval", "max(x + 1, x)", "x=1e16", "--verify", "--json")
    found = document(ran)
    assert verdicts(found)["v1"] == "corrected"
    node = found["nodes"][2]
    assert (node["grad"], node["float_grad"]) == ("1", 0.5)


def test_what_is_corrected_stands_in_place_of_the_float(cgraph: Any) -> None:
    ran = cgraph("eval", "exp(x)", "x=1000", "--verify", "--json")
    found = document(ran)
    assert found["value"] == "1.9700711140170470e+434"
    assert found["gradient"] == {"x": "1.9700711140170470e+434"}
    assert found["nodes"][1]["float_value"] == "Infinity"
    ran = cgraph("eval", "exp(x)", "x=1000", "--verify")
    assert "corrected: the gradient of x is inf in floats" in ran.out


def test_bounds_are_bounds(cgraph: Any) -> None:
    found = document(cgraph("eval", "sin(x)/3", "x=0.1", "--verify", "--json"))
    with mp.workdps(60):
        true = mp.sin(mp.mpf(0.1)) / 3
        node = found["nodes"][-1]
        assert abs(true - mp.mpf(node["value"])) <= mp.mpf(node["value_bound"])
        assert node["value_bound"] < 1e-17


def test_only_what_was_asked_for_decides_the_status(cgraph: Any) -> None:
    """The branch that is not taken, and what nothing uses, are marked and change nothing."""
    ran = cgraph("eval", "u = log(x); where(x > 0, u, x)", "x=-1", "--verify", "--json")
    assert verdicts(document(ran))["u"] == "undefined"
    assert ran.status == 0
    ran = cgraph("eval", "u = log(x); x", "x=-1", "--wrt", "u", "--verify", "--json")
    assert ran.status == 1


def test_a_jacobian_has_verdicts_too(cgraph: Any) -> None:
    found = document(cgraph("eval", "[abs(x), sin(x)]", "x=0", "--verify", "--json"))
    assert found["jacobian"] == {"x": [0.0, 1.0]}
    assert found["proof"]["jacobian"] == {"x": "kink"}
    assert found["proof"]["jacobian_bound"] == {"x": [0.0, 0.0]}
    ran = cgraph("eval", "[x*y, sin(x)]", "x=1", "y=2", "--verify")
    assert "\nthe Jacobian by x: certified, within " in ran.out
    ran = cgraph("eval", "[x*y, log(x)]", "x=0", "y=0.1", "--precision", "20", "--json")
    assert document(ran)["jacobian"] == {"x": ["0.1", None], "y": ["0", "0"]}
    assert ran.status == 1
    ran = cgraph("eval", "[x*y, exp(x)]", "x=0", "y=0.1", "--precision", "20")
    assert "∂f/∂x =\n  [0.1, 1]" in ran.out


def test_a_wrong_rule_is_a_fault(cgraph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    row = table.OPERATIONS["tanh"]
    wrong = dataclasses.replace(row, partials=(lambda m, y, x: 1 - y * y * m.number(1 + 1e-9),))
    for kept in (table.OPERATIONS, table.WORDS):
        monkeypatch.setitem(kept, "tanh", wrong if kept is table.OPERATIONS else (wrong,))
    ran = cgraph("eval", "u = x^2; tanh(u)", "x=1", "--verify")
    assert ran.status == 70
    assert "two proofs of the gradient by u = x^2 contradict each other" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "text",
    [
        "exp(exp(exp(x)))", "exp(exp(exp(exp(x))))", "x^x^x^x", "gamma(x^9)", "gamma(exp(x^3))",
        "sin(exp(x^4))", "sin(2^(x^10))", "2^(10^(x*10))", "lgamma(-exp(x^2) - 1/3)",
        "polygamma(100, x*1e6 + 1/3)", "polygamma(100, 1/3 - x*1e3)", "digamma(exp(exp(x)))",
        "erfc(x^50)", "atan(exp(exp(x)))", "mod(exp(exp(x)), 3)", "cosh(x)^(1e300)", "tan(x^200)",
        "3^(1e300*x)", "round(exp(exp(x)))", "(1 + 1e-300)^(1e299*x)", "exp(-exp(exp(x)))",
    ],
)  # fmt: skip
def test_large_numbers_do_not_hang(cgraph: Any, text: str) -> None:
    start = time.monotonic()
    for options in (("--verify",), ("--precision", "50")):
        ran = cgraph("eval", text, "x=10", *options)
        assert ran.status in (0, 1), ran.err
        assert "proved with" in ran.out
    # No measurement: what hangs takes hours.
    assert time.monotonic() - start < 120


@pytest.mark.long
def test_a_long_graph_takes_fewer_bits_and_not_forever(cgraph: Any) -> None:
    terms = " + ".join(f"(1/{k}*{k} - sin(x)^2 - cos(x)^2)" for k in range(3, 500, 2))
    ran = cgraph("eval", terms, "x=1", "--verify", "--json")
    assert document(ran)["proof"]["bits"] >= 8192
    ran = cgraph("eval", terms, "x=1", "--verify", "--json", "--max-precision", "200")
    assert document(ran)["proof"]["bits"] == 200


@pytest.mark.parametrize(
    ("text", "at"),
    [("W @ sqrt(u)", ["W=[[0,2]]", "u=[0,4]"]), ("p*sqrt(u)", ["p=0", "u=[0,4]"])],
)
def test_what_a_jacobian_lacks_is_told_with_digits_too(
    text: str, at: list[str], cgraph: Any
) -> None:
    told = [
        [
            note["message"]
            for note in document(cgraph("eval", text, *at, *option, "--json"))["notes"]
        ]
        for option in ((), ("--verify",), ("--precision", "10"))
    ]
    assert "indeterminate" in told[0][-1]
    assert told[0] == told[1] == told[2]


def test_flint_is_left_as_it_was(cgraph: Any) -> None:
    before = (flint.ctx.prec, flint.ctx.cap)
    cgraph("eval", "abs(sin(pi))", "--verify")
    cgraph("eval", "polygamma(3, x)", "x=-1.5", "--precision", "100")
    assert (flint.ctx.prec, flint.ctx.cap) == before


def test_floats_alone_need_no_flint(environment: dict[str, str]) -> None:
    code = (
        "import sys; from cgcli.commands.app import run; run(['eval', 'x*2', 'x=1']); "
        "assert 'flint' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)


@pytest.mark.parametrize("option", [("--verify",), ("--precision", "10")])
def test_without_the_extra_it_is_named(
    cgraph: Any, monkeypatch: pytest.MonkeyPatch, option: tuple[str, ...]
) -> None:
    monkeypatch.setitem(sys.modules, "flint", None)
    ran = cgraph("eval", "x*2", "x=1", *option)
    assert ran.status == 2
    assert ran.err == (
        f"error: for {option[0]} the extra 'verify' is needed\n"
        f"hint: install it: {how_to_install('verify')}\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--verify", "--precision", "5"), "--verify and --precision do not go together"),
        (("--precision", "10001"), "--precision is a whole number from 1 to 10,000, not 10001"),
        (("--precision", "0"), "--precision is a whole number from 1 to 10,000, not 0"),
        (("--precision", "ten"), "--precision is a whole number, not 'ten'"),
        (("--max-precision", "100"), "--max-precision is for --verify and --precision"),
        (("--jsonl", "--verify"), "--verify and --precision take one program"),
        (("--precison", "5"), "there is no option --precison"),
    ],
)
def test_options_that_make_no_sense(cgraph: Any, arguments: tuple[str, ...], message: str) -> None:
    ran = cgraph("eval", "1 + 1", *arguments, stdin=b"{}")
    assert ran.status == 2
    assert message in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent another way there")
def test_it_can_be_interrupted(environment: dict[str, str]) -> None:
    text = " + ".join(f"gamma(x + {k}/7)*abs(sin(x)^2 + cos(x)^2 - 1)" for k in range(3000))
    command = [sys.executable, "-m", "cgcli", "eval", "-", "x=1.3", "--verify"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(text.encode())
        process.stdin.close()
        time.sleep(2)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130


def test_elements_that_are_corrected_are_counted(cgraph: Any) -> None:
    ran = cgraph("eval", "sum(exp(v))", "v=[1000, 1, -1000]", "--verify")
    assert "corrected: 1 of 3 elements of the gradient of v\n" in ran.out
    assert "corrected: 1 of 3 elements of the value of v1\n" in ran.out
    assert "[1.9700711140170470e+434, 2.71828, 0]" in ran.out


def test_a_branch_that_more_bits_rule_out_is_not_asked_for(cgraph: Any) -> None:
    """128 bits do not tell that sin(x)^2 + cos(x)^2 - 1 + 1e-50 is positive; 256 do."""
    condition = "sin(x)^2 + cos(x)^2 - 1 + 1e-50 > 0"
    ran = cgraph("eval", f"where({condition}, x, log(x - 2))", "x=1", "--verify", "--json")
    assert document(ran)["proof"]["bits"] >= 256
    assert verdicts(document(ran))["f"] == "certified"
    assert ran.status == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("v*mod(y, x)", "y=2.5", "x=2.5", "v=[2, 3]"),
        ("v*abs(x)", "x=0", "v=[2, 3]"),
        ("acos(2*sigmoid(y))", "y=0"),
    ],
)
def test_digits_keep_the_note_of_a_kink(arguments: tuple[str, ...], cgraph: Any) -> None:
    found = document(cgraph("eval", *arguments, "--precision", "20", "--json"))
    assert [note["kind"] for note in found["notes"]] == ["kink"]


def test_digits_drop_the_kink_that_is_none(cgraph: Any) -> None:
    given = ("x=0.30000000000000004", "v=[1, 2]", "--precision", "20", "--json")
    found = document(cgraph("eval", "v*abs(0.1 + 0.2 - x)", *given))
    assert found["notes"] == []
