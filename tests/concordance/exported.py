"""Ways through exported code: a program in another language, run at its points."""

from __future__ import annotations

import ctypes
import functools
import importlib
import importlib.util
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cgcli.errors import CgraphError
from cgcli.export.nodes import Numbers
from cgcli.export.routine import Routine, routine
from cgcli.export.targets import binary, source
from tests.concordance.asking import Point, Question, Reply, by_rows, each, flat

Run = Callable[..., Any]


def routine_of(question: Question, *, value_only: bool = False) -> Routine:
    graph = question.parsed.graph(question.bindings(question.points[0]))
    return routine(graph, {}, jacobian=question.elements > 1, value_only=value_only)


def by_python(code: str, made: Routine) -> Run:
    space: dict[str, Any] = {}
    exec(compile(code, "exported", "exec"), space)
    run: Run = space["f"]
    return run


def by_c(code: str, made: Routine, *flags: str) -> Run:
    """The function in a library of its own, which a C compiler makes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.c"
        path.write_text(code)
        library = path.with_suffix(".so")
        words = ["-std=c99", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-pedantic"]
        command = [COMPILER, *words, *flags, "-shared", "-fPIC", "-o", library, path, "-lm"]
        subprocess.run(command, check=True)
        function = ctypes.CDLL(str(library)).f
    value, *slopes = made.results
    function.restype = None if value.shape else ctypes.c_double

    def call(*values: Any) -> tuple[Any, ...]:
        arrays = [np.array(v, dtype=float) for v in values]
        outs = [np.zeros(r.shape) for r in ([value] if value.shape else []) + slopes]
        pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in (*arrays, *outs)]
        given = [
            p if a.shape else ctypes.c_double(float(a))
            for p, a in zip(pointers, arrays, strict=False)
        ]
        said = function(*given, *pointers[len(arrays) :])
        return tuple(outs) if value.shape else (said, *outs)

    return call


def by_js(code: str, made: Routine | None = None) -> Run:
    """The function in an embedded V8; what JSON has no words for goes as text."""
    machine = importlib.import_module("py_mini_racer").MiniRacer()
    machine.eval(re.sub(r"^export ", "", code, flags=re.MULTILINE))
    machine.eval(
        "const read = t => JSON.parse(t, (k, v) => typeof v === 'string' ? Number(v) : v);"
        "const told = (k, v) => typeof v === 'number' ? (Object.is(v, -0) ? '-0' : String(v)) : v;"
        "const call = t => JSON.stringify(Object.values(f(...read(t))), told);"
    )

    def number(value: Any) -> Any:
        return [*map(number, value)] if isinstance(value, list) else float(value)

    def text(value: Any) -> Any:
        words = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
        return [*map(text, value)] if isinstance(value, list) else words.get(r := repr(value), r)

    def call(*values: Any) -> Any:
        return number(json.loads(machine.eval(f"call({json.dumps(json.dumps(text([*values])))})")))

    return call


@functools.cache
def database() -> Any:
    """The one connection to DuckDB: to open one takes 30 ms."""
    connection = importlib.import_module("duckdb").connect()
    connection.execute("SET threads = 1")
    return connection


def by_sql(code: str, made: Routine) -> Run:
    """The SELECT over a table of one row, in DuckDB."""
    columns = ", ".join(f'"{n}" DOUBLE{"[]" * len(s)}' for n, s in made.arguments.items())
    names = [result.name.lower() for result in made.results]

    def call(*values: Any) -> Any:
        connection = database()
        # The table of another function may be there.
        connection.execute(f"CREATE OR REPLACE TABLE f (number_of_the_row INTEGER, {columns})")
        marks = ", ".join("?" for _ in values)
        connection.execute(f"INSERT INTO f VALUES (1, {marks})", [*values])
        cursor = connection.execute(code)
        return [*cursor.fetchone()][-len(names) :]

    return call


def by_jax(code: str, made: Routine) -> Run:
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    call = by_python(code, made)
    return lambda *values: [np.asarray(part) for part in call(*values)]


def by_torch(code: str, made: Routine) -> Run:
    call = by_python(code, made)
    return lambda *values: [part.numpy() for part in call(*values)]


def by_onnx(code: str, made: Routine) -> Run:
    """The model, checked and run by onnxruntime; the value alone."""
    runtime = importlib.import_module("onnxruntime")
    runtime.set_default_logger_severity(4)
    session = runtime.InferenceSession(binary(code), providers=["CPUExecutionProvider"])
    names = [argument.name for argument in session.get_inputs()]
    return lambda *values: session.run(
        None,
        {name: np.array(value, dtype=float) for name, value in zip(names, values, strict=True)},
    )


COMPILER = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), "")

RUNNERS: dict[str, Callable[[str, Routine], Run]] = {
    "python": by_python,
    "numpy": by_python,
    "c": by_c,
    "js": by_js,
    "sql": by_sql,
    "jax": by_jax,
    "torch": by_torch,
    "onnx": by_onnx,
}


NEEDS = {
    "js": "py_mini_racer", "page": "py_mini_racer", "sql": "duckdb", "jax": "jax",
    "torch": "torch", "onnx": "onnxruntime",
}  # fmt: skip
"""By language the package that runs it."""


def lacking(language: str) -> str:
    """What is not here that a language wants; nothing where all is."""
    need = NEEDS.get(language, "math")
    if language in ("c", "native", "native rows"):
        return "" if COMPILER else "a C compiler"
    return "" if importlib.util.find_spec(need) else need


def paged(question: Question) -> list[Reply | None]:
    """The function of a page at every point: the numbers of the output and of the inputs."""
    if lacking("js") or question.elements > 1:
        return [None] * len(question.points)
    graph = question.parsed.graph(question.bindings(question.points[0]))
    numbers = Numbers(graph, {})
    numbers.values()
    numbers.backward(graph.output, graph.dependents(graph.inputs.values()))
    call = by_js(numbers.code("f"))

    def ask(point: Point) -> Reply:
        bindings = question.bindings(point)
        got = dict(zip(numbers.keys, call(*(bindings[n] for n in numbers.arguments)), strict=True))
        slopes = {
            name: by_rows(flat(got.get(f"g{node}", np.zeros(graph.shape(node)))), 1)
            for name, node in graph.inputs.items()
        }
        return Reply(flat(got[f"v{graph.output}"]), slopes)

    return each(question, ask)


def exported(language: str) -> Callable[[Question], list[Reply | None]]:
    """The exported function, called at every point."""

    def ask_all(question: Question) -> list[Reply | None]:
        if lacking(language):
            return [None] * len(question.points)
        made = routine_of(question, value_only=language == "onnx")
        try:
            code = source(made, language)
        except CgraphError as error:
            if error.kind == "usage" and "there is no" in error.message:
                return [None] * len(question.points)
            raise
        call = RUNNERS[language](code, made)

        def ask(point: Point) -> Reply:
            bindings = question.bindings(point)
            value, *slopes = call(*(bindings[name] for name in made.arguments))
            shaped = [
                np.broadcast_to(np.asarray(s, dtype=float), r.shape).tolist()
                for s, r in zip(slopes, made.results[1:], strict=True)
            ]
            return Reply(
                flat(value),
                {
                    result.of: by_rows(flat(slope), question.elements)
                    for slope, result in zip(shaped, made.results[1:], strict=True)
                },
            )

        return each(question, ask)

    return ask_all
