"""`cgraph export`: what is written in each language, frozen, and what is refused."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.export import c
from cgcli.export.routine import routine
from cgcli.export.targets import source, target
from cgcli.views.formats import TARGETS
from tests.concordance.exported import COMPILER, RUNNERS, by_c, lacking

Run = Callable[..., Any]
GOLDEN = Path(__file__).with_name("golden")
PROGRAMS = {
    "product": ["(x+y)*z"],
    "neuron": ["p = sigmoid(w @ x + b); -log(p)", "--shape", "w=2,x=2", "--wrt", "w,b"],
}
RUN = [
    pytest.param(to, marks=[pytest.mark.export] if to in ("jax", "torch", "js") else [])
    for to in RUNNERS
    if to != "onnx"
]


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_golden(program: str, to: str, cgraph: Run, request: pytest.FixtureRequest) -> None:
    words = PROGRAMS[program][: 3 if to == "onnx" else None]
    ran = cgraph("export", *words, "--to", to)
    assert (ran.status, ran.err) == (0, "")
    path = GOLDEN / f"{program}.{to}.txt"
    if request.config.getoption("--freeze"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(ran.out, encoding="utf-8")
    assert ran.out == path.read_text(encoding="utf-8")


def called(text: str, to: str, at: dict[str, Any], **options: Any) -> list[Any]:
    """What the exported function of a program gives at a point: the value, and the gradients."""
    if lacking(to):
        pytest.skip(f"{lacking(to)} is not here")
    graph = cgcli.parse(text).graph(at)
    made = routine(graph, {}, **options)
    found = RUNNERS[to](source(made, to), made)(*(at[name] for name in made.arguments))
    return [np.asarray(part, dtype=float) for part in found]


@pytest.mark.parametrize("to", RUN)
def test_no_name_of_a_program_is_a_word_of_the_language(to: str) -> None:
    """As an input, and as a node; every word of the table is tried, and the helpers are."""
    language = target(to)
    more = {"value", "d_x", "f", "i", "j", "k", "v1", "self", "step0", "row", "cg_max", "__x"}
    words = sorted(w for w in {*language.reserved, *language.prelude, *more} if w.isidentifier())
    words = [w for w in words if w not in ("true", "false") and parses(w)]
    for start in range(0, len(words), 24):
        chosen = words[start : start + 24]
        if to == "sql":
            chosen = [*{word.lower(): word for word in chosen}]
        if not chosen:
            continue
        text = " + ".join(f"max({word}, x)*{k + 1}" for k, word in enumerate(chosen))
        at = dict.fromkeys(chosen, 2.0) | {"x": 1.5}
        value, *slopes = called(text, to, {n: at[n] for n in cgcli.parse(text).graph().inputs})
        assert value == sum(2.0 * (k + 1) for k in range(len(chosen)))
        assert sum(map(float, slopes)) == len(chosen) * (len(chosen) + 1) / 2
        if to != "sql":
            text = "; ".join(f"{word} = sin(x*{k + 2})" for k, word in enumerate(chosen))
            text += "; " + " + ".join(f"{word}*{word}" for word in chosen)
            right = sum(np.sin(1.5 * (k + 2)) ** 2 for k in range(len(chosen)))
            assert called(text, to, {"x": 1.5})[0] == pytest.approx(right, rel=1e-12)


def parses(word: str) -> bool:
    try:
        return [*cgcli.parse(f"{word}*2").graph().inputs] == [word]
    except cgcli.CgraphError:
        return False


ARRAYS = [
    "sum(transpose(W) @ outer(v, v)[:, 1] * v[0:2])",
    "trace(W @ W) + sum(diag(v)) + sum(diag(W)*v)",
    "sum(cumsum(v)*[1, 2]) + prod(W, 0)[1] + prod(W)",
    "norm(W, 1) @ v + max(W) + min(v) + mean(W, 0)[0]",
    "logsumexp(concat(v, 1, v*2)) + log_softmax(W @ v)[1]",
    "softmax(W + v)[0, 1] + sum(onehot(1, 2)*v) + W[1, -1]",
]


@pytest.mark.parametrize("to", ["python", "c", "js"])
@pytest.mark.parametrize(
    ("last", "right"), [(0.0, 1.7e308), (-1.7e308, 3.5), (np.inf, np.inf), (1.7e308, np.inf)]
)
def test_a_sum_that_comes_back_into_the_doubles_is_that_of_eval(
    last: float, right: float, to: str
) -> None:
    at = {"v": [1.7e308, 1.7e308, -1.7e308, last, 3.5]}
    assert cgcli.parse("sum(v)").evaluate(at).value == right
    assert called("sum(v)", to, at)[0] == right


@pytest.mark.parametrize("to", RUN)
@pytest.mark.parametrize("text", ARRAYS)
def test_arrays(text: str, to: str) -> None:
    at = {"W": [[0.5, -1.25], [2.0, 0.75]], "v": [1.5, -0.5]}
    result = cgcli.parse(text).evaluate(at)
    value, *slopes = called(text, to, {n: at[n] for n in result.graph.inputs})
    assert value == pytest.approx(result.value, rel=1e-12)
    assert result.gradient is not None
    for slope, right in zip(slopes, result.gradient.values(), strict=True):
        assert slope.reshape(-1) == pytest.approx(np.ravel(right), rel=1e-12)


@pytest.mark.parametrize("to", RUN)
def test_a_jacobian(to: str) -> None:
    at = {"W": [[0.5, -1.25], [2.0, 0.75]], "v": [1.5, -0.5]}
    result = cgcli.parse("tanh(W @ v)").evaluate(at)
    assert result.jacobian is not None
    value, by_matrix, by_vector = called("tanh(W @ v)", to, at, jacobian=True)
    assert value == pytest.approx(np.asarray(result.value), rel=1e-12)
    assert by_matrix.shape == (2, 2, 2)
    assert by_matrix == pytest.approx(result.jacobian["W"], rel=1e-12)
    assert by_vector == pytest.approx(result.jacobian["v"], rel=1e-12)


def test_what_is_bound_is_a_constant(cgraph: Run) -> None:
    ran = cgraph("export", "w*x + b", "w=2.5", "b=[1,2]", "--to", "js", "--value-only")
    assert "function f(x)" in ran.out
    assert "2.5*x" in ran.out


def test_options(cgraph: Run, tmp_path: Path) -> None:
    ran = cgraph("export", "p = x*y; p^2 + z", "--of", "p", "--wrt", "x", "--to", "python")
    assert "def f(x, y):" in ran.out
    assert ran.out.rstrip().endswith("return p, y")
    path = tmp_path / "g.h"
    ran = cgraph("export", "x*y", "--to", "c", "--name", "area", "-o", str(path))
    assert (ran.status, ran.out) == (0, "")
    header = path.read_text()
    assert header.startswith("#ifndef AREA_H\n")
    assert "static inline double area(double x, double y," in header


def test_the_ending_of_a_file_says_the_language(cgraph: Run, tmp_path: Path) -> None:
    for name, begins in (("g.h", "#ifndef F_H"), ("g.py", "def f(x, y)"), ("g.mjs", "/**")):
        path = tmp_path / name
        assert cgraph("export", "x*y", "-o", str(path)).status == 0
        assert path.read_text().startswith(begins)
    ran = cgraph("export", "x*y", "--to", "python", "-o", str(tmp_path / "g.js"))
    assert ran.status == 2
    assert "is of another language than python" in ran.err and "end it with .py" in ran.err
    assert not (tmp_path / "g.js").exists()


@pytest.mark.skipif(not COMPILER, reason="there is no C compiler")
def test_two_headers_of_c_go_together(cgraph: Run, tmp_path: Path) -> None:
    shape = ["--shape", "x=3", "--to", "c"]
    for name, text in (("one", "sum(x^2)"), ("two", "sum(exp(x)) + prod(x)")):
        path = str(tmp_path / f"{name}.h")
        assert cgraph("export", text, *shape, "--name", name, "-o", path).status == 0
    main = tmp_path / "main.c"
    body = "double x[3] = {1, 2, 3}, d[3]; one(x, d); two(x, d); return d[0] > 7;"
    main.write_text(f'#include "one.h"\n#include "two.h"\nint main(void) {{ {body} }}\n')
    command = [COMPILER, "-std=c99", "-Wall", "-Werror", str(main), "-lm", "-o"]
    subprocess.run([*command, str(tmp_path / "main")], check=True)
    assert subprocess.run([str(tmp_path / "main")], check=False).returncode == 1


REFUSED = [
    (["x + 1"], "there is no language"),
    (["erf(x)", "--to", "sql"], "there is no erf in SQL: f = erf(x)"),
    (["p = gelu(x*y); p^2", "--to", "sql"], "there is no gelu in SQL, which takes erfc: p = gelu"),
    (["atan(x)", "--to", "onnx"], "there is no atan in"),
    (["[x, y]", "--to", "c"], "a gradient is of a number"),
    (["x*X", "--to", "sql"], "SQL does not tell a column 'X' from 'x'"),
    (["x", "--to", "c", "--value-only", "--wrt", "x"], "--value-only leaves the gradients out"),
    (["x", "--to", "onnx", "--wrt", "x"], "ONNX holds the value alone"),
    (["x", "--to", "cobol"], "--to is python, numpy, c, js, sql, jax, torch or onnx"),
    (["sum(W @ W)", "--shape", "W=20x20", "--to", "sql"], "4,000 are written"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED, ids=[words[0] for words, _ in REFUSED])
def test_what_cannot_be_written_is_one_error(
    words: list[str], message: str, cgraph: Run, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    ran = cgraph("export", *words, "-o", str(path))
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert not path.exists()


def test_a_model_is_a_program_with_its_parameters(cgraph: Run, tmp_path: Path) -> None:
    data, model = tmp_path / "rows.csv", tmp_path / "model.json"
    data.write_text("x,y\n10,1\n20,2\n30,3\n40,5\n")
    program = "p = tanh(w*x + b); (p - y)^2"
    words = ["-d", str(data), "w=0.5", "b=0.1", "--steps", "5", "--scale", "x", "-o", str(model)]
    assert cgraph("train", program, *words).status == 0
    ran = cgraph("export", str(model), "--of", "p", "--wrt", "x", "--to", "python")
    assert (ran.status, ran.err) == (0, "")
    names: dict[str, Any] = {}
    exec(ran.out, names)
    ran = cgraph("export", str(model), "--of", "p", "--to", "c", "-o", str(model))
    assert (ran.status, "would be written over it" in ran.err) == (2, True)
    told = cgraph("predict", str(model), "-d", str(data), "--of", "p").out.splitlines()
    for line, x in zip(told[1:], (10, 20, 30, 40), strict=True):
        assert names["f"](x)[0] == pytest.approx(float(line.split(",")[1]), rel=1e-12)


@pytest.mark.parametrize("to", [to for to in RUN if getattr(to, "values", (to,))[0] in ("c", "js")])
def test_gamma_wherever_it_is_a_double(to: str) -> None:
    """Its recurrence passes 2^500 on the way, where it is scaled."""
    for x in (0.3, 4.5, 60.25, 118.9, 130.5, 171.5, -3.7, -150.3):
        right = cgcli.parse("gamma(x)").evaluate(x=x).value
        assert called("gamma(x)", to, {"x": x}, value_only=True)[0] == pytest.approx(
            right, rel=1e-15
        )


LONG = "h[0] = x; for t in 0..499 { h[t+1] = sin(h[t])*w + b }; h[500] + sum(v*h[7]) - 7.25*q"


@pytest.mark.parametrize("to", RUN)
@pytest.mark.parametrize(
    ("text", "at", "slopes"),
    [
        # A step sends nothing of what is NaN by another argument.
        ("atanh(floor(z)/x^0.5)", {"z": 2.0, "x": -1.5}, [0, np.nan]),
        ("logsumexp(v)", {"v": [1.0, np.inf, 3.0]}, [[0, np.nan, 0]]),
    ],
)
def test_what_is_beside_the_doubles_is_as_eval_has_it(
    text: str, at: dict[str, Any], slopes: list[Any], to: str
) -> None:
    _, *found = called(text, to, at)
    for slope, right in zip(found, slopes, strict=True):
        np.testing.assert_array_equal(slope, right)


@pytest.mark.parametrize("to", [param for param in RUN if param.values[0] in ("python", "c", "js")])
def test_products_leave_the_doubles_where_the_whole_of_them_does(to: str) -> None:
    _, slopes = called("prod(v)", to, {"v": [1024, 1.5e308, 1e-200, 1e-320]})
    np.testing.assert_allclose(slopes[2:], [1536e-12, 1536e108], rtol=1e-4)


@pytest.mark.skipif(not COMPILER, reason="there is no C compiler")
def test_what_is_long_is_a_table_of_c() -> None:
    at = {"x": 0.5, "w": 1.25, "b": -0.25, "v": [1.0, 2.0], "q": 0.5}
    made = routine(cgcli.parse(LONG).graph(at), {})
    code = source(made, "c")
    # Turns that are alike are the same statements.
    assert code.count("case ") < 30
    result = cgcli.parse(LONG).evaluate(at)
    value, *slopes = by_c(code, made)(*(at[name] for name in made.arguments))
    assert value == pytest.approx(result.value, rel=1e-10)
    assert result.gradient is not None
    for slope, right in zip(slopes, result.gradient.values(), strict=True):
        assert slope == pytest.approx(right, rel=1e-9)


@pytest.mark.parametrize("text", [*ARRAYS, f"{ARRAYS[5]} + sum(v*[inf, 2]) + [v[1], x] @ v"])
def test_a_table_of_c_computes_what_one_function_does(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = {"W": [[0.5, -1.25], [2.0, 0.75]], "v": [1.5, -0.5], "x": -2.5}
    at = {name: at[name] for name in cgcli.parse(text).graph(at).inputs}
    right = called(text, "c", at)
    monkeypatch.setattr(c, "_LONG", 4)
    for part, expected in zip(called(text, "c", at), right, strict=True):
        assert np.array_equal(part, expected)


@pytest.mark.export
@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("(u @ v)/0", math.inf),
        ("(u @ v)*inf", math.inf),
        ("-(u @ v)*2/0", -math.inf),
        ("(u @ v)/(1 - 1)", math.inf),
        ("(W @ u)/-0.0", [-math.inf, math.inf]),
        ("u @ (v/0)", math.nan),
        ("(W/0) @ u", [math.inf, math.nan]),
    ],
)
def test_onnx_models_of_products_beside_an_infinity_load(text: str, right: Any) -> None:
    """Infinite numbers beside a product of matrices, by the signs of what they multiply."""
    at = {"W": [[1.0, 2.0], [0.5, -4.0]], "u": [1.5, 2.25], "v": [1.0, -0.5]}
    at = {name: at[name] for name in at if name in text}
    assert np.array_equal(called(text, "onnx", at, value_only=True)[0], right, equal_nan=True)


@pytest.mark.export
@pytest.mark.parametrize("text", ["transpose(W) @ u", "2*(u @ (transpose(W) @ v))"])
def test_onnx_models_turn_a_matrix_before_a_vector(text: str) -> None:
    at = {"W": [[1.0, 2.0], [0.5, -4.0]], "u": [1.5, 2.25], "v": [1.0, -0.5]}
    at = {name: at[name] for name in at if name in text}
    right = cgcli.parse(text).evaluate(at).value
    assert np.allclose(called(text, "onnx", at, value_only=True)[0], right, rtol=1e-12)


@pytest.mark.export
@pytest.mark.parametrize("text", ["digamma(x)", "polygamma(1, x)", "polygamma(2, x)", "lgamma(x)"])
def test_gamma_of_infinities_in_jax(text: str) -> None:
    for x in (math.inf, -math.inf):
        result = cgcli.parse(text).evaluate(x=x)
        value, slope = called(text, "jax", {"x": x})
        np.testing.assert_array_equal([value, slope], [result.value, result.gradient["x"]])


@pytest.mark.skipif(not COMPILER, reason="there is no C compiler")
@pytest.mark.parametrize("standard", ["c99", "gnu11"])
def test_macros_of_c_are_no_variables(standard: str, tmp_path: Path) -> None:
    """What compilers and headers define stands in the code for something else."""
    names = ["HUGE_VAL", "FP_NAN", "M_PI", "linux", "math_errhandling", "RAND_MAX"]
    text = "; ".join(f"{name} = x*{k}" for k, name in enumerate(names, 2)) + "; " + "*".join(names)
    path = tmp_path / "f.c"
    path.write_text(source(routine(cgcli.parse(text).graph(), {}), "c"))
    words = [COMPILER, f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    subprocess.run([*words, path], check=True)


@pytest.mark.skipif(not COMPILER, reason="there is no C compiler")
def test_c_reads_and_writes_nothing_that_is_not_its_own(tmp_path: Path) -> None:
    """By the sanitizers of addresses and of undefined behaviour, in a program of its own."""
    at = {
        "W": [[0.5, -1.25], [2.0, 0.75]],
        "v": [1.5, -0.5],
        "x": -2.5,
        "w": 1.1,
        "b": 0.2,
        "q": 3.0,
    }
    texts = [*ARRAYS, "gamma(x) + lgamma(x)*digamma(x) + polygamma(2, x)", LONG]
    parts, calls = [], []
    for k, text in enumerate(texts):
        graph = cgcli.parse(text).graph(at)
        made = routine(graph, {})
        code = source(made, "c", f"f{k}")
        parts.append(code.replace("cg_", f"cg{k}_"))
        given = [json.dumps(np.ravel(at[n]).tolist())[1:-1] for n in made.arguments]
        sizes = [int(np.size(at[n])) for n in made.arguments]
        names = ", ".join(
            f"(double[]){{{g}}}" if made.arguments[n] else g
            for n, g in zip(made.arguments, given, strict=True)
        )
        outs = ", ".join(f"malloc({n}*sizeof(double))" for n in sizes)
        calls.append(f"    total += f{k}({names}, {outs});")
    main = ["int main(void) {", "    double total = 0;", *calls, "    return total != total;", "}"]
    path = tmp_path / "all.c"
    path.write_text("\n".join(["#include <stdlib.h>", *parts, *main]))
    flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-std=c99", "-O1"]
    built = [COMPILER, *flags, "-o", str(tmp_path / "all"), str(path), "-lm"]
    subprocess.run(built, check=True)
    environment = {"ASAN_OPTIONS": "detect_leaks=0"}
    words = {"capture_output": True, "text": True, "env": environment}
    done = subprocess.run([tmp_path / "all"], check=False, **words)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x*y", "--to", "c", "--name", "exp"], "the function cannot be called 'exp'"),
        (["x*y", "--to", "python", "--name", "a b"], "the function cannot be called 'a b'"),
        (["x*y", "--to", "python", "--name", "len"], "the function cannot be called 'len'"),
        (["sinc(x)", "--to", "js", "--name", "Object"], "the function cannot be called 'Object'"),
        (["x*y", "--to", "c", "--name", "trunc"], "the function cannot be called 'trunc'"),
        (["x*y", "--to", "c", "--name", "y1"], "the function cannot be called 'y1'"),
        (["X*x", "--to", "sql"], "SQL does not tell a column 'x' from 'X'"),
        (["nosuch.json", "--to", "c"], "nosuch.json: there is no such file"),
    ],
)
def test_a_name_that_cannot_be_is_an_error(words: list[str], message: str, cgraph: Run) -> None:
    ran = cgraph("export", *words)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err


def test_columns_of_the_table_are_no_steps(cgraph: Run) -> None:
    duckdb = pytest.importorskip("duckdb")
    code = cgraph("export", "(x+y)^3*sin(x+y)", "--to", "sql").out
    base = duckdb.connect()
    base.sql("CREATE TABLE data AS SELECT 7.0 AS v1, 1.0 AS x, 0.5 AS y, 9 AS value, 5 AS d_x")
    *given, value, d_x, d_y = base.sql(code).fetchall()[0]
    assert list(map(float, given)) == [7, 1, 0.5, 9, 5]
    assert value == pytest.approx(1.5**3 * math.sin(1.5), rel=1e-14)
    slope = 3 * 1.5**2 * math.sin(1.5) + 1.5**3 * math.cos(1.5)
    assert (d_x, d_y) == pytest.approx((slope, slope), rel=1e-14)


@pytest.mark.parametrize("kind", ["reserved", "type_function", "column_name"])
def test_words_of_sql_are_columns_of_the_table(kind: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    base = duckdb.connect()
    words = base.sql(
        f"SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = '{kind}'"
    )
    names = {name for (name,) in words.fetchall()} - {"in", "for"}
    for name in [*sorted(names), "given"]:
        made = routine(cgcli.parse(f"exp({name})*y").graph(), {})
        others = "" if name == "given" else ", 5 AS given"
        base.sql(f'CREATE OR REPLACE TABLE data AS SELECT 0.0 AS "{name}", 3.0 AS y{others}')
        assert base.sql(source(made, "sql", "data")).fetchall()[0][-3:] == (3.0, 3.0, 1.0)


@pytest.mark.parametrize(
    "text",
    ["relu(x)", "max(x, y)", "max(y, x)", "min(x, 1)", "min(y, x)", "clip(x, 0, y)", "x < y",
     "where(x, y, 2)", "(x != 1)*y", "mod(x, y)", "sum(relu([x, y]))", "softmax([x, y])[0]"],
)  # fmt: skip
def test_what_comes_from_a_null_is_null_in_sql(text: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    made = routine(cgcli.parse(text).graph(), {})
    code = source(made, "sql", "(SELECT NULL::DOUBLE AS x, 2.0 AS y)")
    assert duckdb.sql(code).fetchall()[0][2] is None


def test_a_loop_too_long_for_sql_is_told(cgraph: Run) -> None:
    program = "h[0] = x; for t in 0..299 { h[t+1] = tanh(w*h[t]) }; h[300]"
    ran = cgraph("export", program, "--to", "sql", "--value-only")
    assert ran.status == 2
    assert "steps one after the other, and 200 are written" in ran.err


def test_what_is_worked_out_before_sql_is_written_overflows_in_silence(
    cgraph: Run, recwarn: pytest.WarningsRecorder
) -> None:
    ran = cgraph("export", "dot(v, v)", "v=[-1, 2, 1e300]", "--to", "sql")
    assert (ran.status, ran.err, len(recwarn)) == (0, "", 0)
    assert "'inf'::DOUBLE" in ran.out
