"""The native engine beside the NumPy plan, JAX and PyTorch: formulas, training, GMM and LSTM.

Seconds are those of the processor, on one thread: a machine that others use makes them no longer.
What is compiled is so before the clock starts, and the seconds of that are told apart.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"
FLAGS = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ.setdefault("XLA_FLAGS", FLAGS)
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import functions  # noqa: E402  # NumPy and JAX read the settings when they load
import numpy as np  # noqa: E402  # NumPy and JAX read the settings when they load
import training  # noqa: E402  # NumPy and JAX read the settings when they load
from measure import Row, at_least, at_most, installed, print_table  # noqa: E402  # NumPy and JAX read the settings when they load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROWS = 1_000_000
FORMULA = "sin(x*y) + exp(-z^2)"
REACH = {"net": (2.0, 1.2), "recurrent": (1.3, 1.1)}


class Timed(NamedTuple):
    """A call's least seconds, and those before it: compiling, and a first call."""

    call: float
    first: float
    value: Any


def timed(call: Callable[[], Any], rounds: int) -> Timed:
    """Return the seconds of a call, after a first one."""
    began = time.perf_counter()
    value = call()
    first, least = time.perf_counter() - began, float("inf")
    for _ in range(rounds):
        start = time.process_time()
        call()
        least = min(least, time.process_time() - start)
    return Timed(least, first, value)


def cgraph(text: str, values: Mapping[str, Any], rounds: int, **options: Any) -> dict[str, Timed]:
    """Return a program's function by both engines, which have to agree."""
    import cgcli

    made = {}
    for engine in ("numpy", "native"):
        function = cgcli.parse(text).function(engine=engine, **options)
        made[engine] = timed(lambda function=function: function(values), rounds)
    for name, gradient in made["numpy"].value.gradient.items():
        scale = np.max(np.abs(gradient))
        np.testing.assert_allclose(made["native"].value.gradient[name], gradient, atol=1e-9 * scale)
    return made


def row(label: str, made: dict[str, Timed], peers: dict[str, Timed], against: str, goal: float,
        most: bool) -> Row:  # fmt: skip
    """Return the row of a measure: the native engine against a peer, and all the others."""
    native = made["native"]
    others = {"NumPy": made["numpy"], **peers}
    texts = [f"{name} {one.call * 1e3:.2f} ms" for name, one in others.items()]
    figure = f"native {native.call * 1e3:.2f} ms ({native.first:.1f} s first), {', '.join(texts)}"
    if against not in others:
        return Row(label, f"{figure}; {against} is not installed")
    if most:
        ratio = native.call / others[against].call
        return at_most(label, ratio, goal, f"{ratio:.2f} times {against}'s: {figure}", " times")
    ratio = others[against].call / native.call
    return at_least(label, ratio, goal, f"{ratio:.2f} times as fast: {figure}", " times")


def formulas(rounds: int) -> list[Row]:
    """Return the row of a formula of three columns, and its gradients, over a million rows."""
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=ROWS) for name in "xyz"}
    made = cgraph(FORMULA, values, rounds, rows=list(values))
    peers = {}
    if installed("jax"):
        import jax

        jax.config.update("jax_enable_x64", True)  # JAX's own way

        def plain(x: Any, y: Any, z: Any) -> Any:
            return jax.numpy.sin(x * y) + jax.numpy.exp(-(z**2))

        function = jax.jit(jax.vmap(jax.value_and_grad(plain, (0, 1, 2))))
        columns = [jax.numpy.asarray(values[name]) for name in "xyz"]
        peers["JAX"] = timed(lambda: jax.block_until_ready(function(*columns)), rounds)
    if installed("torch"):
        import torch

        torch.set_num_threads(1)
        tensors = [torch.tensor(values[name], requires_grad=True) for name in "xyz"]

        def call() -> Any:
            x, y, z = tensors
            return torch.autograd.grad((torch.sin(x * y) + torch.exp(-(z**2))).sum(), tensors)

        peers["PyTorch"] = timed(call, rounds)
    goal = 4.5 if "avx512f" in _processor() else 3.0
    label = f"`{FORMULA}` and 3 gradients, {ROWS:,} rows"
    return [row(label, made, peers, "NumPy", goal, most=False)]


def _processor() -> str:
    from cgcli.native.library import processor

    return processor()


def descent(name: str, engine: str, epochs: int) -> Timed:
    """Return a step of training by an engine, and the seconds of the first epoch."""
    from cgcli.learning.descent import Watch
    from cgcli.learning.given import Given, build_graph
    from cgcli.learning.preparing import Prepared
    from cgcli.learning.reading import Report
    from cgcli.learning.run import Options
    from cgcli.learning.stopping import Criteria
    from cgcli.learning.tables import ROW, TableWriter
    from cgcli.learning.task import Parameters, Task
    from cgcli.learning.training import Training
    from cgcli.native.engine import engine_of
    from cgcli.program import parse

    model = training.MODELS[name]
    columns, start = training.data(name)
    count = len(next(iter(columns.values())))
    writer = TableWriter(2**40)
    writer.add({**columns, ROW: np.arange(1.0, count + 1)})
    table = writer.finish()
    graph, _ = build_graph(Given(parse(model.program), start, {}, {}), table.shapes)
    task = Task(graph, Parameters(start), tuple(columns), {}, {}, {})
    prepared = Prepared(task, table, None, Report("", skip=False), {})
    options = Options("adam", model.rate, batch=model.batch, criteria=Criteria(epochs=1))
    run = Training(prepared, options, engine=engine_of(engine)).descent
    assert run is not None
    began = time.perf_counter()
    with np.errstate(all="ignore"):
        run.run(Watch())
        first = time.perf_counter() - began
        least = float("inf")
        for turn in range(1, 4):
            start_of, steps = time.process_time(), run.state.step
            run.criteria = Criteria(epochs=1 + turn * epochs)
            run.run(Watch())
            least = min(least, (time.process_time() - start_of) / (run.state.step - steps))
    return Timed(least, first, None)


def descent_in_jax(name: str, epochs: int, *, scan: bool) -> Timed:
    """Return a step of JAX: under jit, a call each, or all steps of the epochs in one scan."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)  # JAX's own way
    model = training.MODELS[name]
    columns, start = training.data(name)
    x, y = (jnp.asarray(value) for value in columns.values())
    y = y.astype(int) if name == "net" else y
    weights = {word: jnp.asarray(start[word]) for word in model.words}

    def cost(w: Any, x: Any, y: Any) -> Any:
        if name == "net":
            z = jnp.tanh(x @ w["W1"].T + w["b1"]) @ w["W2"].T + w["b2"]
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1))

        def turn(state: Any, column: Any) -> tuple[Any, None]:
            return jnp.tanh(state @ w["W"].T + column[:, None] * w["u"] + w["b"]), None

        state, _ = jax.lax.scan(turn, jnp.zeros((len(x), training.UNITS)), x.T)
        return jnp.mean((state @ w["v"] - y) ** 2)

    def step(carried: Any, rows: Any) -> tuple[Any, None]:
        w, first, second, k = carried
        g = jax.grad(cost)(w, x[rows], y[rows])
        first = {n: 0.9 * first[n] + 0.1 * g[n] for n in w}
        second = {n: 0.999 * second[n] + 0.001 * g[n] ** 2 for n in w}
        moved = {
            n: w[n]
            - model.rate * (first[n] / (1 - 0.9**k)) / (jnp.sqrt(second[n] / (1 - 0.999**k)) + 1e-8)
            for n in w
        }
        return (moved, first, second, k + 1), None

    nothing = {n: jnp.zeros_like(w) for n, w in weights.items()}
    carried = (weights, nothing, nothing, 1.0)
    size, whole = model.batch or len(x), len(x) // (model.batch or len(x))
    order = np.concatenate([
        np.random.default_rng([0, 2, epoch]).permutation(len(x))[: whole * size]
        for epoch in range(epochs)
    ]).reshape(-1, size)  # fmt: skip
    chosen = jnp.asarray(order)
    if scan:
        every = jax.jit(lambda carried, chosen: jax.lax.scan(step, carried, chosen)[0])
        made = timed(lambda: jax.block_until_ready(every(carried, chosen)), 3)
        return made._replace(call=made.call / len(order))
    single = jax.jit(step)

    def steps() -> Any:
        state = carried
        for rows in order:
            state, _ = single(state, rows)
        return jax.block_until_ready(state)

    made = timed(steps, 3)
    return made._replace(call=made.call / len(order))


def trained(name: str, epochs: int) -> list[Row]:
    """Return the rows of a model."""
    made = {engine: descent(name, engine, epochs) for engine in ("numpy", "native")}
    label = training.MODELS[name].label.split(", adam")[0]
    peers = {}
    if installed("jax"):
        peers = {
            "JAX jit": descent_in_jax(name, epochs, scan=False),
            "JAX scan": descent_in_jax(name, epochs, scan=True),
        }
    label = f"{label}, a step of adam"
    first, second = REACH[name]
    return [
        row(label, made, peers, "JAX jit", first, most=False),
        row(f"{label}, all in one scan", made, peers, "JAX scan", second, most=False),
    ]


def gmm(rounds: int) -> list[Row]:
    """Return the row of ADBench's mixture, in matrix form."""
    values = functions.gmm_values(np.random.default_rng(0))
    made = cgraph(functions.gmm_text(), values, rounds, wrt=["a", "m", "q", "l"])
    peers = {}
    if installed("torch"):
        import torch

        torch.set_num_threads(1)
        peers["PyTorch"] = timed(functions.gmm_in_torch(values), rounds)
    if installed("jax"):
        peers["JAX"] = timed(gmm_in_jax(values), rounds)
    label = "ADBench GMM (10, 5, 1,000), a call"
    return [row(label, made, peers, "JAX", 1.2, most=True)]


def gmm_in_jax(values: Mapping[str, Any]) -> Callable[[], Any]:
    """Return the same cost and its gradients in JAX."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)  # JAX's own way
    clusters, size, points = functions.CLUSTERS, functions.DIMENSIONS, functions.POINTS
    rows, columns = np.tril_indices(size, -1)

    def cost(a: Any, m: Any, q: Any, lower: Any, x: Any) -> Any:
        matrices = jax.vmap(jnp.diag)(jnp.exp(q))
        matrices = matrices.at[jnp.arange(clusters)[:, None], rows[None], columns[None]].set(lower)
        squares = (((x[None] - m[:, None]) @ matrices.transpose(0, 2, 1)) ** 2).sum(2)
        terms = a[:, None] + q.sum(1)[:, None] - squares / 2
        prior = ((jnp.exp(q) ** 2).sum() + (lower**2).sum()) / 2 - (size + 1) * q.sum()
        sums = jax.nn.logsumexp(terms, 0).sum()
        return prior - sums + points * jax.nn.logsumexp(a, 0)

    function = jax.jit(jax.value_and_grad(cost, (0, 1, 2, 3)))
    arrays = [jnp.asarray(values[name]) for name in ("a", "m", "q", "l", "x")]
    return lambda: jax.block_until_ready(function(*arrays))


def lstm_in_jax(values: Mapping[str, Any]) -> Callable[[], Any]:
    """Return the cost of the recurrent net and its gradients in JAX, by a scan."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)  # JAX's own way

    def cost(weights: Any, bias: Any, begin: Any, ends: Any, letters: Any) -> Any:
        def layer(at: int, inside: Any, h: Any, c: Any) -> tuple[Any, Any]:
            f = jax.nn.sigmoid(inside * weights[at] + bias[at])
            g = jax.nn.sigmoid(h * weights[at + 1] + bias[at + 1])
            o = jax.nn.sigmoid(inside * weights[at + 2] + bias[at + 2])
            n = jnp.tanh(h * weights[at + 3] + bias[at + 3])
            c = c * f + g * n
            return o * jnp.tanh(c), c

        def turn(state: Any, pair: Any) -> tuple[Any, Any]:
            h0, c0, h1, c1 = state
            now, after = pair
            h0, c0 = layer(0, now * ends[0], h0, c0)
            h1, c1 = layer(4, h0, h1, c1)
            told = jax.nn.log_softmax(h1 * ends[1] + ends[2]) @ after
            return (h0, c0, h1, c1), told

        _, said = jax.lax.scan(turn, tuple(begin), (letters[:-1], letters[1:]))
        return -said.mean()

    function = jax.jit(jax.value_and_grad(cost, (0, 1, 2, 3)))
    arrays = [jnp.asarray(values[name]) for name in ("W", "B", "S", "E", "X")]
    return lambda: jax.block_until_ready(function(*arrays))


def lstm(rounds: int) -> list[Row]:
    """Return the row of ADBench's recurrent net."""
    values = functions.lstm_values(np.random.default_rng(1))
    made = cgraph(functions.lstm_text(), values, rounds, wrt=["W", "B", "S", "E"])
    peers = {}
    if installed("jax"):
        peers["JAX scan"] = timed(lstm_in_jax(values), rounds)
        gap = peers["JAX scan"].value[0] - made["native"].value.value
        assert abs(gap) < 1e-9
    label = f"ADBench LSTM (2 × {functions.CHARACTERS:,}), a call"
    return [row(label, made, peers, "JAX scan", 1.0, most=True)]


MEASURES = ("formulas", "net", "recurrent", "gmm", "lstm")


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=MEASURES, nargs="*", default=MEASURES)
    options = parser.parse_args()
    if not installed("cgcli"):
        sys.exit("cgcli is not installed")
    rounds, rows = options.rounds, list[Row]()
    if "formulas" in options.only:
        rows += formulas(rounds)
    rows += [one for name in REACH if name in options.only for one in trained(name, 6)]
    if "gmm" in options.only:
        rows += gmm(rounds)
    if "lstm" in options.only:
        rows += lstm(max(2, rounds // 3))
    print_table(rows)


if __name__ == "__main__":
    main()
