"""`cgraph eval` and the other commands, as a person and a script meet them."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import cgcli
from cgcli.operations.table import TABLE
from cgcli.views.schemas import names
from tests.documents import validate

EXAMPLE = ("eval", "(x+y)*z", "x=1", "y=3", "z=-3")


def test_the_table(cgraph: Any) -> None:
    ran = cgraph(*EXAMPLE)
    assert ran.status == 0
    assert ran.err == ""
    assert ran.out == (
        "node   formula   value   ∂f/∂node\n"
        "─────────────────────────────────\n"
        "x                    1         -3\n"
        "y                    3         -3\n"
        "v1     x + y         4         -3\n"
        "z                   -3          4\n"
        "f      v1 * z      -12          1\n"
    )


def test_the_json_to_the_letter(cgraph: Any) -> None:
    def node(
        place: int,
        name: str,
        op: str,
        args: list[int],
        formula: str,
        value: float,
        grad: float,
        partials: list[float],
        span: list[int],
        uses: int,
    ) -> dict[str, Any]:
        return {
            "id": place,
            "name": name,
            "op": op,
            "args": args,
            "formula": formula,
            "value": value,
            "grad": grad,
            "partials": partials,
            "span": span,
            "uses": uses,
            "notes": [],
        }

    expected = {
        "schema": "cgraph.eval/1",
        "expression": "(x+y)*z",
        "output": "f",
        "value": -12.0,
        "gradient": {"x": -3.0, "y": -3.0, "z": 4.0},
        "nodes": [
            node(0, "x", "input", [], "x", 1.0, -3.0, [], [1, 2], 1),
            node(1, "y", "input", [], "y", 3.0, -3.0, [], [3, 4], 1),
            node(2, "v1", "add", [0, 1], "x + y", 4.0, -3.0, [1.0, 1.0], [1, 4], 1),
            node(3, "z", "input", [], "z", -3.0, 4.0, [], [6, 7], 1),
            node(4, "f", "mul", [2, 3], "v1 * z", -12.0, 1.0, [-3.0, 4.0], [0, 7], 0),
        ],
        "notes": [],
    }
    ran = cgraph(*EXAMPLE, "--json")
    document = json.loads(ran.out)
    assert document == expected
    assert list(document) == list(expected)
    assert [list(node) for node in document["nodes"]] == [list(n) for n in expected["nodes"]]


PROGRAMS: list[tuple[str, list[str]]] = [
    ("x^2 + 2*pi", ["x=3"]),
    ("log(x)", ["x=-1"]),
    ("1/x", ["x=0"]),
    ("abs(x)", ["x=0"]),
    ("sqrt(x)", ["x=0"]),
    ("exp(x)", ["x=1000"]),
    ("W @ x", ["W=[[1,2],[3,4]]", "x=[1,-1]"]),
    ("softmax(x)*log(x)", ["x=[0,1]"]),
    ("sum(abs(x) + where(x > 0, log(x), x))", ["x=[0,-1,2]"]),
    ("p = x + y\nq = p*z # here", ["x=1", "y=1/3", "z=inf"]),
    ("transpose(A)", ["A=[[1,2,3]]"]),
    ("1 + 1", []),
]


@pytest.mark.parametrize(("text", "bindings"), PROGRAMS)
def test_documents_are_valid_and_are_what_the_library_says(
    text: str, bindings: list[str], cgraph: Any
) -> None:
    ran = cgraph("eval", text, *bindings, "--json")
    assert (ran.status, ran.err) == (0, "")
    document = json.loads(ran.out, parse_constant=pytest.fail)
    validate(document, "eval")
    assert document["expression"] == text
    assert ("jacobian" in document) == (document["gradient"] is None)
    for node in document["nodes"]:
        assert all(argument < node["id"] for argument in node["args"])
        assert len(node["partials"]) == len(node["args"])
    assert cgraph("eval", text, *bindings).status == 0
    again = cgraph("eval", text, *bindings, "--json")
    assert again.out == ran.out


def test_no_number_is_lost_in_json(cgraph: Any) -> None:
    document = json.loads(cgraph("eval", "x/3", "x=0.1", "--json").out)
    assert document["value"] == 0.1 / 3
    assert json.loads(cgraph("eval", "-inf", "--json").out)["value"] == "-Infinity"
    assert json.loads(cgraph("eval", "inf - inf", "--json").out)["value"] == "NaN"


@pytest.mark.parametrize("name", names())
def test_schemas_are_schemas(name: str, cgraph: Any) -> None:
    ran = cgraph("schema", name)
    jsonschema.Draft202012Validator.check_schema(json.loads(ran.out))


def test_operations_as_json(cgraph: Any) -> None:
    document = json.loads(cgraph("ops", "--json").out)
    validate(document, "ops")
    assert [row["name"] for row in document["operations"]] == [row.name for row in TABLE]


def test_every_operation_is_told_by_its_signature(cgraph: Any) -> None:
    overview = cgraph("ops").out
    assert all(row.signature() in overview for row in TABLE if row.parameters)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_operation_is_told(row: Any, cgraph: Any) -> None:
    for name in (row.name, *row.words, *([row.symbol] if row.symbol else [])):
        ran = cgraph("ops", name)
        assert ran.status == 0
        assert row.summary in ran.out


def test_an_expression_may_begin_with_a_minus(cgraph: Any) -> None:
    assert json.loads(cgraph("eval", "-x^2", "x=-3", "--json").out)["value"] == -9.0
    assert json.loads(cgraph("eval", "-j*x", "j=2", "--json", "x=-1").out)["value"] == 2.0
    assert json.loads(cgraph("eval", "--json", "--", "--x", "x=3").out)["value"] == 3.0


def test_options_are_read_wherever_they_stand(cgraph: Any) -> None:
    first = cgraph("eval", "--json", "--wrt=x", "x*y", "x=1", "y=2")
    last = cgraph("eval", "x*y", "x=1", "y=2", "--wrt", "x", "--json")
    assert first.out == last.out
    assert json.loads(first.out)["gradient"] == {"x": 2.0}


def test_wrt_and_of(cgraph: Any) -> None:
    text = "h[0] = x; for t in 0..1 { h[t+1] = h[t]^2 } h[2]*y"
    ran = cgraph("eval", text, "x=2", "y=1", "--wrt", "h[1], x", "--of", "h[2]", "--json")
    document = json.loads(ran.out)
    assert (document["output"], document["gradient"]) == ("h[2]", {"h[1]": 8.0, "x": 32.0})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1/3", 1 / 3),
        ("-3", -3.0),
        ("pi/2", math.pi / 2),
        ("−1", -1.0),
        ("[1, 2]", [1.0, 2.0]),
        ("[[1,2],[3,4]]", [[1.0, 2.0], [3.0, 4.0]]),
        ("[t^2 for t in 0..2]", [0.0, 1.0, 4.0]),
        ("inf", "Infinity"),
        ("1e-320", 1e-320),
    ],
)
def test_values_are_constant_expressions(value: str, expected: Any, cgraph: Any) -> None:
    assert json.loads(cgraph("eval", "x", f"x={value}", "--json").out)["value"] == expected


def test_pasted_names(cgraph: Any) -> None:
    ran = cgraph("eval", "θ*π", "θ＝2", "--json")
    assert json.loads(ran.out)["gradient"] == {"θ": math.pi}
    assert json.loads(cgraph("eval", "π*2", "π=3", "--json").out)["gradient"] == {"pi": 2.0}


def test_programs_from_files_and_standard_input(cgraph: Any, tmp_path: Path) -> None:
    file = tmp_path / "net.cg"
    file.write_bytes("\ufeffp = x + y\r\nq = p*z\r\n".encode())
    expected = {"x": -3.0, "y": -3.0, "z": 4.0}
    ran = cgraph("eval", f"@{file}", "x=1", "y=3", "z=-3", "--json")
    assert json.loads(ran.out)["gradient"] == expected
    ran = cgraph("eval", "-", "x=1", "y=3", "z=-3", "--json", stdin=file.read_bytes())
    assert json.loads(ran.out)["gradient"] == expected


def test_values_from_files(cgraph: Any, tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text('[[1, 2], [3, "1/2"]]')
    (tmp_path / "w.csv").write_text("1,2\n3,0.5\n")
    np.save(tmp_path / "w.npy", np.array([[1, 2], [3, 0.5]], dtype=np.float32))
    (tmp_path / "at.json").write_text('{"x": "1/2", "W": [[1, 2], [3, 0.5]], "more": 1}')
    answers = set()
    for name in ("json", "csv", "npy"):
        ran = cgraph("eval", "sum(W)*x", f"W=@{tmp_path}/w.{name}", "x=1/2", "--json")
        answers.add(json.dumps(json.loads(ran.out)["gradient"])) if ran.status == 0 else None
    ran = cgraph("eval", "sum(W)*x", "--at", f"{tmp_path}/at.json", "--json")
    answers.add(json.dumps(json.loads(ran.out)["gradient"]))
    ran = cgraph(
        "eval", "sum(W)*x", "--at", "-", "--json", stdin=(tmp_path / "at.json").read_bytes()
    )
    answers.add(json.dumps(json.loads(ran.out)["gradient"]))
    assert answers == {'{"W": [[0.5, 0.5], [0.5, 0.5]], "x": 6.5}'}


def test_the_command_line_goes_before_the_file(cgraph: Any, tmp_path: Path) -> None:
    (tmp_path / "at.json").write_text('{"x": 1, "y": 2}')
    ran = cgraph("eval", "x*y", "x=5", "--at", f"{tmp_path}/at.json", "--json")
    assert json.loads(ran.out)["value"] == 10.0


def test_digits(cgraph: Any) -> None:
    assert "0.33 " in cgraph("eval", "x/3", "x=1", "--digits", "2").out + " "
    assert "0.3333333333" in cgraph("eval", "x/3", "x=1", "--digits", "10").out


def test_a_long_table_is_shortened_and_can_be_had_whole(cgraph: Any) -> None:
    text = "for t in 1..1500 { h[t] = x*t }"
    short = cgraph("eval", text, "x=1")
    assert short.out.count("\n") < 1010
    assert "more nodes" in short.out
    assert cgraph("eval", text, "x=1", "--rows", "0").out.count("\n") == 1503


def test_notes_stand_below_the_table(cgraph: Any) -> None:
    out = cgraph("eval", "log(x)", "x=-1").out
    assert out.endswith(
        "domain: f (column 1): log(x) is not defined at x = -1: x must be positive\n"
    )


def test_tables_of_vectors(cgraph: Any) -> None:
    out = cgraph("eval", "sum(tanh(W@x))", "W=[[1,2],[3,4]]", "x=[t/10 for t in 0..1]").out
    assert "[[" not in out
    assert "[1, 2]\n" in out or "[1, 2] " in out
    out = cgraph("eval", "sum(x)", "x=[t for t in 1..100]").out
    assert "[1, 2, 3, …, 100] of 100" in out


def test_what_the_user_wrote_is_never_markup(cgraph: Any) -> None:
    out = cgraph("eval", "[x, red][0]", "x=1", "red=2").out
    assert "[x, red]" in out


def test_help_and_version(cgraph: Any) -> None:
    assert cgraph("--version").out == f"cgraph {cgcli.__version__}\n"
    for words in ([], ["--help"], ["eval", "--help"], ["ops", "-h"], ["schema", "--help"]):
        ran = cgraph(*words)
        assert (ran.status, ran.err) == (0, "")
        assert "Usage: cgraph" in ran.out


def test_a_fault_is_one_line_and_70(cgraph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from cgcli.commands import problem

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(problem, "parse", broken)
    ran = cgraph(*EXAMPLE)
    assert (ran.status, ran.out, ran.err.count("\n")) == (70, "", 1)
    assert "ZeroDivisionError" in ran.err
    ran = cgraph(*EXAMPLE, "--debug")
    assert ran.status == 70
    assert "planted" in ran.err


def test_an_interrupt_is_130(cgraph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from cgcli.commands import problem

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(problem, "parse", interrupted)
    assert cgraph(*EXAMPLE).status == 130


def test_a_closed_pipe_ends_quietly(environment: dict[str, str]) -> None:
    command = f'"{sys.executable}" -m cgcli eval "for t in 1..3000 {{ h[t] = x*t }}" x=1 --rows 0'
    ran = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -1"],
        capture_output=True,
        env=environment,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("variables", "colour"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colours(variables: dict[str, str], colour: bool, environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cgcli", *EXAMPLE],
        capture_output=True,
        env={**environment, "TERM": "xterm", **variables},
        check=True,
    )
    assert (b"\x1b[3" in ran.stdout) == colour


def test_ascii_where_there_is_no_unicode(environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cgcli", "eval", "θ*x", "θ=2", "x=1"],
        capture_output=True,
        env={**environment, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        check=True,
    )
    assert ran.stdout.isascii()
    assert b"df/dnode" in ran.stdout
    assert b"\\u03b8" in ran.stdout


def test_a_narrow_terminal_folds(environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cgcli", "eval", "p = alpha_one*beta_two + gamma_three; p^2",
         "alpha_one=1", "beta_two=2", "gamma_three=3"],
        capture_output=True,
        env={**environment, "COLUMNS": "40"},
        check=True,
    )  # fmt: skip
    assert max(map(len, ran.stdout.decode().splitlines())) <= 40


def test_two_hash_seeds_print_the_same_bytes(environment: dict[str, str]) -> None:
    programs = [
        ["eval", "f(a,b) = a*b; h[0] = x; for t in 0..3 { h[t+1] = f(h[t], w) } h[4]", "x=1",
         "w=2", "--json"],
        ["eval", "x*nme", "x=1", "name=2"],
        ["eval", "x + ]"],
        ["eval", "a + b + c"],
        ["ops"],
        ["ops", "--json"],
    ]  # fmt: skip
    # One process for each seed: a set has the order of the process that made it.
    code = """if True:
        import json, sys
        from cgcli.commands.app import run
        for words in json.loads(sys.argv[1]):
            for stream in (sys.stdout, sys.stderr):
                print(f"\\n{words}", file=stream, flush=True)
            run(words)
        """
    outputs = {
        (ran.stdout, ran.stderr)
        for seed in ("0", "1", "4242")
        for ran in [
            subprocess.run(
                [sys.executable, "-c", code, json.dumps(programs)],
                capture_output=True,
                env={**environment, "PYTHONHASHSEED": seed},
                check=True,
            )
        ]
    }
    ((out, err),) = outputs
    assert b'"gradient"' in out and b"error" in err


def test_completion_knows_the_commands(environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cgcli"],
        capture_output=True,
        env={
            **environment,
            "_CGRAPH_COMPLETE": "complete_bash",
            "COMP_WORDS": "cgraph e",
            "COMP_CWORD": "1",
        },
        check=False,
    )
    assert ran.stdout.decode().split() == ["eval", "export"]
    assert ran.stderr == b""


def test_names_that_are_keywords_elsewhere(cgraph: Any) -> None:
    ran = cgraph("eval", "of*wrt + self", "of=3", "wrt=2", "self=1", "--json")
    assert json.loads(ran.out)["gradient"] == {"of": 2.0, "wrt": 3.0, "self": 1.0}


@pytest.mark.parametrize("columns", ["0", "1", "5", "-3", "many"])
def test_no_width_makes_the_numbers_vanish(columns: str, environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cgcli", "eval", "x^2", "x=1.23456"],
        capture_output=True,
        env={**environment, "COLUMNS": columns},
        check=True,
    )
    assert "∂f/∂node" in ran.stdout.decode()
    assert b"1.52414" in ran.stdout
    assert b"2.46912" in ran.stdout


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("eval x x=1 >&-", 2),
        ("eval x x=1 2>&-", 0),
        ("eval x 2>&-", 2),
        ("eval 'x +' 2>/dev/full", 2),
        ("eval x x=1 >/dev/full", 2),
        ("eval - <&-", 2),
        ("eval x --at - <&-", 2),
    ],
)
def test_streams_that_cannot_be_used(words: str, status: int, environment: dict[str, str]) -> None:
    ran = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -m cgcli {words}'],
        capture_output=True,
        env=environment,
        check=False,
    )
    assert ran.returncode == status
    assert b"Traceback" not in ran.stderr


def test_an_argument_is_utf_8_whatever_the_locale(environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cgcli", "eval", "θ×2", "θ=3", "--json"],
        capture_output=True,
        env={**environment, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        check=True,
    )
    assert json.loads(ran.stdout)["gradient"] == {"θ": 2.0}


def test_the_completed_command_line_keeps_what_was_asked(cgraph: Any) -> None:
    ran = cgraph("eval", "x*y", "x=1", "--wrt", "x", "--json")
    hint = json.loads(ran.out)["error"]["hint"]
    assert hint == 'write cgraph eval "x*y" x=1 y=… --wrt x --json'


def test_a_name_both_assigned_and_bound_is_shown_at_both_places(cgraph: Any) -> None:
    err = cgraph("eval", "p = x; p*x", "x=1", "p=3").err
    assert "p = x; p*x" in err
    assert "p=3" in err
    assert "bound here" in err


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("L = x\n  + y", True),
        ("x\n- y", True),
        ("L = x*y\n-L", False),
        ("L = x\nM = L*y\n-M", False),
        ("(x\n + y)", False),
        ("L = x; +y", False),
    ],
)
def test_a_line_that_begins_with_a_sign(text: str, warned: bool, cgraph: Any) -> None:
    ran = cgraph("eval", text, "x=1", *(["y=2"] if "y" in text else []))
    assert ran.status == 0
    assert ran.err.startswith("warning: line 2 begins with") == warned
    assert bool(ran.err) == warned


def test_an_option_given_twice(cgraph: Any) -> None:
    ran = cgraph("eval", "x*y", "x=1", "y=2", "--wrt", "x", "--wrt", "y")
    assert ran.status == 2
    assert "--wrt x,y" in ran.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["xy", "x=1", "y=2"], "write x*y"),
        (["sinx", "x=1"], "write sin(x)"),
        (["h[1]*2", "h[1]=3"], "assigned in the program"),
    ],
)
def test_bindings_that_show_what_was_meant(words: list[str], hint: str, cgraph: Any) -> None:
    ran = cgraph("eval", *words)
    assert ran.status == 2
    assert hint in ran.err


def test_a_table_without_inputs_says_why_it_has_no_gradients(cgraph: Any) -> None:
    assert "no inputs" in cgraph("eval", "x = 3; x^2").out
    assert "no inputs" not in cgraph("eval", "x = 3; x^2", "--wrt", "x").out


def test_a_minus_zero_is_a_zero_to_a_person(cgraph: Any) -> None:
    assert "-0" not in cgraph("eval", "-x", "x=0").out
    assert json.loads(cgraph("eval", "-x", "x=0", "--json").out)["value"] == 0.0


def test_a_pipe_closed_on_the_operations(environment: dict[str, str]) -> None:
    command = f'set -o pipefail; "{sys.executable}" -m cgcli ops | head -1'
    ran = subprocess.run(["bash", "-c", command], capture_output=True, env=environment, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_a_start_loads_what_it_needs_alone(environment: dict[str, str]) -> None:
    """What takes long to import is imported where it is used."""
    heavy = ("numpy", "rich", "lark", "fractions", "sympy", "flint", "scipy", "duckdb", "graphlay")
    code = (
        "import sys; from cgcli.commands.app import run; "
        "run(['eval', '(x+y)*z', 'x=1', 'y=3', 'z=-3', '--json']); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["eval", "diff", "trace", "draw"])
def test_a_constant_that_is_differentiated_by_says_how_it_becomes_a_name(
    command: str, cgraph: Any
) -> None:
    ran = cgraph(command, "e^2", "--wrt", "e")
    assert ran.err.splitlines() == [
        "error: 'e' is the constant 2.71828, and nothing differentiates by it",
        "hint: a value makes it a name: bind it, e=2, or assign it in the program, e = 2",
    ]
    for program in (("e^2", "e=2"), ("e = 2; e^2",)):
        assert cgraph(command, *program, "--wrt", "e").status == 0


def test_a_formula_by_a_constant_that_has_a_name(cgraph: Any) -> None:
    assert cgraph("diff", "c = 2; x*c^2", "--wrt", "c").out == "2*c*x\n"
    assert cgraph("diff", "e^2", "e=2", "--wrt", "e").out == "2*e  # 4\n"


@pytest.mark.parametrize(
    ("command", "program"), [("eval", "2"), ("diff", "2"), ("diff", "e^2"), ("diff", "1 + pi")]
)
def test_no_list_of_names_is_empty(command: str, program: str, cgraph: Any) -> None:
    ran = cgraph(command, program, "--wrt", "x")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith("hint: the program has no inputs; write a name in it: x^2\n")


def test_a_picture_and_formulas_take_shapes(cgraph: Any) -> None:
    shapes = ("--shape", "W=3x2,x=2")
    for command in (("draw", "--no-values", "--json"), ("diff", "--json")):
        ran = cgraph(*command, "sum(W@x)")
        assert "--shape W=…,x=…" in json.loads(ran.out)["error"]["hint"]
        assert cgraph(*command, "sum(W@x)", *shapes).status == 0
        ran = cgraph(*command, "sum(W@x)", "--shape", "W=3x2")
        assert "--shape x=…," in json.loads(ran.out)["error"]["hint"]
        # A shape that does not fit is told as itself.
        assert "must be equal" in cgraph(*command, "sum(W@x)", "--shape", "W=3x2,x=3").out
    assert "--no-values" in cgraph("draw", "sum(W@x)", *shapes).err
