"""The native engine says what NumPy's plan says, wherever that is compared with oracles."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

import cgcli
from cgcli.errors import CgraphError
from cgcli.learning.given import Given
from cgcli.learning.logbook import Watch
from cgcli.learning.optimisers import OPTIMISERS
from cgcli.learning.preparing import Reading, prepare
from cgcli.learning.reading import open_source
from cgcli.learning.run import Options
from cgcli.learning.stopping import Criteria
from cgcli.learning.training import Training
from cgcli.native import library
from cgcli.native.engine import engine_of
from cgcli.native.program import NativeSweep
from cgcli.program import parse

pytestmark = pytest.mark.skipif(not library.compiler(), reason="there is no C compiler")
RNG = np.random.default_rng(7)
COUNT = 37


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("XDG_CACHE_HOME")
    if before is not None:
        os.environ["XDG_CACHE_HOME"] = before


def near(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13 * np.max(np.abs(b), initial=1e-300))


def both(text: str, values: dict[str, Any], **options: Any) -> Any:
    """What a function returns by the native engine, compared with NumPy's."""
    plain = cgcli.parse(text).function(**options)(values)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = cgcli.parse(text).function(engine="native", **options)(values)
    near(made.value, plain.value)
    for name, gradient in plain.gradient.items():
        assert np.shape(made.gradient[name]) == np.shape(gradient)
        near(made.gradient[name], gradient)
    return made


VECTORS = {"x": RNG.normal(size=(COUNT, 4)), "v": RNG.normal(size=4), "W": RNG.normal(size=(4, 4))}
PAIRS = {"V": RNG.normal(size=(COUNT, 2, 3)), "v": RNG.normal(size=(4, 2))}
NUMBERS = {name: RNG.normal(size=COUNT) for name in "abc"}
PROGRAMS = (
    ("sin(a*b) + exp(-c^2) + where(a > 0, a*b, tanh(c)) + log1p(a^2) + expm1(b)/cosh(c)", NUMBERS),
    ("h = tanh(W @ x + v); z = W @ h; -dot(onehot(2, 4), log_softmax(z)) + prod(x)", VECTORS),
    ("sum(cumsum(x)^2) + max(x) + logsumexp(x*v) + sum(outer(x, v) @ (transpose(W) @ x))", VECTORS),
    ("prod(transpose(V)) + prod(transpose(V)[1:3]) + sum(cumsum(transpose(V)[1])*[1, 2])", PAIRS),
    ("p = transpose(V[:, 0:1]); prod(p) + max(p)*sum(p @ V) + prod(transpose(v)[1:4])", PAIRS),
    ("sum(W[k]*v) + v[k]*x[0]", {**VECTORS, "k": np.arange(COUNT) * 3 % 4.0}),
    ("[a, b, c] @ softmax([c, a, a*b]) + sum(concat([a, b], [c])) + max(a, b) + abs(c)", NUMBERS),
)


def test_a_column_that_is_a_gradient_as_well_is_taken_over_whole_blocks() -> None:
    made = both("(a + b)*c", {name: RNG.normal(size=1_000) for name in "abc"}, rows=["a", "b", "c"])
    assert np.shape(made.gradient["a"]) == (1_000,)


@pytest.mark.parametrize("total", [False, True])
@pytest.mark.parametrize(("text", "values"), PROGRAMS)
def test_rows_are_those_of_numpy(text: str, values: dict[str, Any], total: bool) -> None:
    rows = [name for name, value in values.items() if len(value) == COUNT]
    both(text, values, rows=rows, total=total)


@pytest.mark.quick
def test_a_point_is_that_of_numpy() -> None:
    text = "h[0] = v; for t in 0..5 { h[t+1] = tanh(W @ h[t] + v) }; sum(h[6]^2) + W[1, 2]"
    both(text, {"W": VECTORS["W"], "v": VECTORS["v"]})
    # What is sent to these is another view of an array that the plan has twice.
    both("logsumexp(v)*norm(v) + sum(diag(W)*diag(v)[1])", {"W": VECTORS["W"], "v": VECTORS["v"]})


def test_products_of_any_size_are_those_of_numpy() -> None:
    """Lanes of 16 and of 64 elements, with what is left over, and lines longer than a block."""
    text = "sum(transpose(A) @ transpose(B))^2 + sum((B @ A)^2)"
    both(text, {"A": RNG.normal(size=(300, 21)), "B": RNG.normal(size=(21, 300))})
    values = {"W": RNG.normal(size=(3, 70)) / 8, "x": RNG.normal(size=(COUNT, 70))}
    both("sum(tanh(W @ x)^2)", values, rows=["x"], total=True)
    both("sum(tanh(W @ x)^2)", values, rows=["x"])


def test_a_column_may_lie_apart_and_be_read_again() -> None:
    grid = RNG.normal(size=(COUNT, 3))
    function = cgcli.parse("a*sin(b)").function(rows=["a", "b"], engine="native")
    for turn in range(2):
        called = function(a=grid[:, 0], b=grid[:, 2] + turn)
        near(called.value, grid[:, 0] * np.sin(grid[:, 2] + turn))


def test_rows_that_leave_the_doubles_are_as_evaluate_has_them() -> None:
    x = np.array([1e-200, 0.5, 0.0, -1.0, 1e300, 2.0] + [1.0] * 300)
    function = cgcli.parse("log(1/x)").function(rows=["x"], engine="native")
    called = function(x=x)
    for k in range(6):
        right = cgcli.parse("log(1/x)").evaluate(x=float(x[k]))
        np.testing.assert_equal(called.value[k], right.value)
        np.testing.assert_equal(called.gradient["x"][k], right.gradient["x"])
    near(called.gradient["x"][6:], -np.ones(300))


@pytest.mark.parametrize("rows", [40, 300])
@pytest.mark.parametrize(
    "text",
    [
        "log(y)", "xlogy(y, y > 0)", "log(y > 0) + y", "1/(y > 0) + y", "1/max(0, y > 0) + y",
        "1/(y > 0)^2 + y", "1/relu(sign(y)) + y", "1/round(y > 0) + y", "y/(1 - (y < 0))",
        "log(where(y > 0, 1, -1))*y", "1/where(y > 0, 2, 0) + y",
    ],
)  # fmt: skip
def test_no_compiler_leaves_a_fault_out(text: str, rows: int) -> None:
    """Of a choice between constants it knows what follows, and needs no division for it."""
    y = np.linspace(1, 2, rows)
    y[rows - 10] = -1
    program, results = parse(text), []
    for engine in ("native", "numpy"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            value, gradient = program.function(rows=["y"], engine=engine)({"y": y})
        results.append((value, gradient["y"]))
    for native, plain in zip(*results, strict=True):
        np.testing.assert_allclose(native, plain, rtol=1e-12)


def test_no_number_is_lost_where_all_rows_leave_the_doubles() -> None:
    function = cgcli.parse("exp(x)").function(rows=["x"], engine="native")
    with pytest.warns(RuntimeWarning, match="leave the doubles"):
        called = function(x=np.full(5_000, 720.0))
    assert np.isinf(called.value).all()


ULPS = {"exp": 1.0, "log": 1.0, "log1p": 1.0, "sin": 1.0, "cos": 1.0, "expm1": 2.0, "tanh": 2.5}


@pytest.mark.parametrize("name", ULPS)
def test_functions_are_within_their_ulps(name: str) -> None:
    sizes = 10 ** RNG.uniform(-17, 2.3, 300)
    x = np.concatenate([RNG.normal(size=300), sizes * RNG.choice([-1, 1], 300)])
    if name in ("sin", "cos"):
        # Beside multiples of pi/2 hardly a digit is left of a short pi.
        x = np.concatenate([x, np.pi / 2 * RNG.integers(1, 2**28, 200), RNG.uniform(0, 1e9, 100)])
    x = np.abs(x) if name == "log" else x[x > -1] if name == "log1p" else x
    function = cgcli.parse(f"{name}(x)").function(rows=["x"], wrt=[], engine="native")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = function(x=x).value
    with mp.workprec(200):
        for number, value in zip(x.tolist(), values.tolist(), strict=True):
            right = getattr(mp, name)(mpf(number))
            error = abs(mpf(value) - right) / mpf(float(np.spacing(abs(float(right)))))
            assert error <= ULPS[name], (number, value)


def test_what_the_engine_lacks_is_numpys() -> None:
    function = cgcli.parse("gamma(x)").function(rows=["x"], engine="native")
    with pytest.warns(RuntimeWarning, match="the engine is numpy: the native one has no gamma"):
        assert function(x=np.array([5.0])).value == 24
    with pytest.raises(CgraphError, match="numpy, native or auto"):
        cgcli.parse("x").function(engine="cuda")


def test_code_that_differs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cgcli.native.program._near", lambda a, b, bound: False)
    function = cgcli.parse("sin(x) + 3").function(rows=["x"], engine="native")
    with pytest.warns(RuntimeWarning, match="differs in the first rows"):
        called = function(x=np.array([0.5]))
    assert called.value[0] == np.sin(0.5) + 3


def test_auto_compiles_where_that_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    function = cgcli.parse("sin(x)*exp(x)").function(rows=["x"])
    function.engine = engine_of("auto", tell=told.append)
    function(x=np.ones(10))
    assert told == ["the engine is numpy: there is less to do than to compile"]
    function = cgcli.parse("sin(x)*exp(x)").function(rows=["x"])
    function.engine = engine_of("auto", tell=told.append)
    monkeypatch.setattr("cgcli.native.engine._NUMPY", 1.0)
    function(x=np.ones(10))
    assert told[1].startswith("the engine is native: 1 kernels")


def test_the_cache_is_the_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = Path(library.library_path("int x;"))
    assert path.parent.stat().st_mode & 0o777 == 0o700
    library.library("int x;")
    assert path.exists()
    path.chmod(0o777)
    with pytest.raises(library.CompileError, match="not this user's alone"):
        library.library("int x;")
    path.parent.chmod(0o755)
    with pytest.raises(library.CompileError, match="not this user's alone"):
        library.library("int x;")


def test_what_runs_the_rows_is_compiled_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for count, text in enumerate(["x^2 + 1", "x*sin(x)"], 2):
        function = cgcli.parse(text).function(rows=["x"], engine="native")
        assert function(x=np.zeros(3)).value.shape == (3,)
        assert len([*tmp_path.rglob("*.so")]) == count


def test_a_compiler_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(library.CompileError, match="error"):
        library.library("int x")
    monkeypatch.setattr(library, "compiler", lambda: ())
    function = cgcli.parse("x^2").function(rows=["x"], engine="native")
    with pytest.warns(RuntimeWarning, match="there is no C compiler"):
        assert function(x=np.array([3.0])).value == 9


ROWS = "x,y\n" + "".join(f"{k / 10},{np.sin(k / 10) + k % 3}\n" for k in range(50))


def train(engine: str, optimiser: str, epochs: int = 4, **options: Any) -> Training:
    program = parse("h = tanh(W*x + b); (dot(v, h) - y)^2")
    start = {"W": [0.5, -0.25], "b": [0.1, 0.2], "v": [1.0, 2.0]}
    given = Given(program, start, {}, {})
    prepared = prepare(given, open_source("rows.csv", io.BytesIO(ROWS.encode()), "csv"), Reading())
    wanted = Options(optimiser, 0.01, batch=8, criteria=Criteria(epochs=epochs), **options)
    training = Training(prepared, wanted, engine=engine_of(engine))
    training.run(Watch())
    return training


@pytest.mark.parametrize("name", OPTIMISERS)
def test_training_goes_the_same_way(name: str) -> None:
    settings = {"weight_decay": 0.01}
    plain, native = (train(engine, name, settings=settings) for engine in ("numpy", "native"))
    near(native.task.parameters.flat, plain.task.parameters.flat)
    assert (plain.engine, native.engine) == ("numpy", "native")
    assert plain.descent is not None
    assert native.descent is not None
    assert native.descent.state.step == plain.descent.state.step == 28
    for name_of, memory in plain.descent.state.memory.items():
        near(native.descent.state.memory[name_of], memory)
    costs = [[r["cost"] for r in run.history] for run in (native, plain)]
    near(*costs)


def test_many_steps_are_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    run = NativeSweep.run
    monkeypatch.setattr(NativeSweep, "run", lambda sweep: (calls.append(1), run(sweep))[1])
    train("native", "adam")
    # One epoch is begun without knowing what a usual cost is.
    assert len(calls) == 7


def test_a_run_that_diverges_is_told_as_such() -> None:
    training = train("native", "gd", 60, settings={})
    assert training.descent is not None
    options = Options("gd", 1e6, batch=8)
    far = [Training(training.prepared, options, engine=engine_of("native"))]
    assert far[0].run(Watch()).end.kind == "diverged"


def test_steps_stop_where_they_are_to() -> None:
    training = train("native", "adam")
    options = Options("adam", 0.01, batch=8, criteria=Criteria(steps=17))
    stopped = Training(training.prepared, options, engine=engine_of("native"))
    stopped.run(Watch())
    assert stopped.descent is not None
    assert stopped.descent.state.step == 17
    assert stopped.descent.state.position == 3


def test_the_command_line_takes_an_engine(tmp_path: Path, cgraph: Any) -> None:
    rows, model = tmp_path / "rows.csv", tmp_path / "model.json"
    rows.write_text(ROWS)
    plain = cgraph("map", "sin(x)*y", "-d", str(rows), "--values")
    made = cgraph("map", "sin(x)*y", "-d", str(rows), "--values", "--engine", "native", "-v")
    assert re.fullmatch(r"note: the engine is native: 1 kernels, compiled .*\n", made.err)
    pairs = zip(made.out.splitlines()[1:], plain.out.splitlines()[1:], strict=True)
    near(*np.array([[float(line.split(",")[1]) for line in pair] for pair in pairs]).T)
    words = ["(w*x - y)^2", "-d", str(rows), "w=0", "--lr", "0.001", "-o", str(model)]
    assert cgraph("train", *words, "--engine", "native").status == 0
    assert json.loads(model.read_text())["settings"]["engine"] == "native"
    again = cgraph("train", "--resume", str(model), "--engine", "numpy", "--epochs", "200")
    assert "--engine numpy is not the model's, native" in again.err
    lacking = cgraph("map", "erf(x)", "-d", str(rows), "--engine", "native")
    assert lacking.err == "note: the engine is numpy: the native one has no erf\n"


SANITIZED = """
    import functools, sys, numpy as np, cgcli
    from cgcli.native import engine, library
    flags = (*library.FLAGS, "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    engine.library = functools.partial(library.library, flags=flags)
    rng = np.random.default_rng(3)
    values = {"x": rng.normal(size=(70, 3)), "v": rng.normal(size=3), "W": rng.normal(size=(5, 3))}
    text = "h = tanh(W @ x); sum(h^2)*prod(x) + max(x) + sum(cumsum(x*v)) + exp(800*x[0])"
    for options in ({"rows": ["x"]}, {"rows": ["x"], "total": True}):
        function = cgcli.parse(text).function(engine="native", **options)
        function(values)
        assert function.engine.name == "native"
    function = cgcli.parse(text).function(engine="native")
    function({**values, "x": values["x"][0]})
    function = cgcli.parse("prod(transpose(W)) + sum((W @ A)^2)").function(engine="native")
    function({"W": values["W"], "A": rng.normal(size=(3, 300))})
    print("clean")
"""


@pytest.mark.long
def test_code_is_clean_under_sanitizers() -> None:
    gcc = shutil.which("gcc")
    if gcc is None or os.path.realpath(shutil.which("cc") or "") != os.path.realpath(gcc):
        pytest.skip("the sanitizers are loaded as gcc has them")
    asked = [gcc, "-print-file-name=libasan.so"]
    path = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    if not os.path.isabs(path):
        pytest.skip("gcc has no sanitizers here")
    settings = {"LD_PRELOAD": path, "ASAN_OPTIONS": "detect_leaks=0"}
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SANITIZED)],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == "clean\n", ran.stderr
