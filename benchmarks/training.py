"""Training beside PyTorch eager and JAX's jit: the same models, data, order and steps, on the CPU.

Each run is a process of its own that makes its data, starts its clock, and takes every step; what
is compiled or lowered is so under the clock. The parameters they end with must agree. The last row
trains on a file of ten million rows and compares the peak of memory with that of a tenth of it.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from measure import (
    Row,
    at_least,
    at_most,
    cgraph,
    fresh,
    installed,
    interleave,
    medians,
    print_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AGREE = 1e-6
FRAMEWORKS = ("cgraph", "torch", "jax")
TIMES = 20
UNITS = 32


class Model(NamedTuple):
    """A model: its program, what is measured of it, its options, and the goal beside PyTorch."""

    label: str
    program: str
    words: tuple[str, ...]
    rate: float
    adam: bool
    batch: int | None
    epochs: int
    goal: float


MODELS = {
    "logistic": Model(
        "logistic regression, 100,000 × 20, full batch",
        "z = dot(w, x) + b; softplus(z) - y*z",
        ("w", "b"),
        0.5,
        False,
        None,
        200,
        1.0,
    ),
    "net": Model(
        "two-layer net 64-32-10 on the digits, adam, batch 64, 30 epochs",
        "z = W2 @ tanh(W1 @ x + b1) + b2; -dot(onehot(label, 10), log_softmax(z))",
        ("W1", "b1", "W2", "b2"),
        0.003,
        True,
        64,
        30,
        2.0,
    ),
    "recurrent": Model(
        "recurrent net, 20 steps × 32 units, adam, batch 64",
        f"h[0] = 0*v; for t in 0..{TIMES - 1} {{ h[t+1] = tanh(W @ h[t] + u*x[t] + b) }}; "
        f"(dot(v, h[{TIMES}]) - y)^2",
        ("W", "u", "b", "v"),
        0.001,
        True,
        64,
        3,
        1.0,
    ),
}


def data(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a model's columns and its initial parameters."""
    chance = np.random.default_rng(0)
    if name == "logistic":
        x = chance.normal(size=(100_000, 20))
        y = (x @ chance.normal(size=20) + chance.normal(size=100_000) > 0).astype(float)
        return {"x": x, "y": y}, {"w": np.zeros(20), "b": np.zeros(())}
    if name == "net":
        from sklearn.datasets import load_digits

        digits = load_digits()
        columns = {"x": digits.data / 16, "label": digits.target.astype(float)}
        return columns, {
            "W1": chance.normal(size=(32, 64)) / 8,
            "b1": np.zeros(32),
            "W2": chance.normal(size=(10, 32)) / 6,
            "b2": np.zeros(10),
        }
    x = chance.normal(size=(3_200, TIMES))
    return {"x": x, "y": x.sum(axis=1) / 4}, {
        "W": chance.normal(size=(UNITS, UNITS)) / 6,
        "u": chance.normal(size=UNITS) / 6,
        "b": np.zeros(UNITS),
        "v": chance.normal(size=UNITS) / 6,
    }


def batches(rows: int, model: Model) -> Iterator[Any]:
    """Yield the rows of every step, in the order in which cgcli takes them."""
    for epoch in range(model.epochs):
        if model.batch is None:
            yield slice(None)
            continue
        order = np.random.default_rng([0, 2, epoch]).permutation(rows)
        for start in range(0, rows, model.batch):
            yield order[start : start + model.batch]


# One run of each framework; each returns its seconds and its parameters.


def run_cgraph(name: str) -> tuple[float, list[float], int]:
    """Return a run of cgcli: lowering, hoisting and binding are under the clock."""
    from cgcli.learning.descent import Watch
    from cgcli.learning.given import Given, build_graph
    from cgcli.learning.preparing import Prepared
    from cgcli.learning.reading import Report
    from cgcli.learning.run import Options
    from cgcli.learning.stopping import Criteria
    from cgcli.learning.tables import ROW, TableWriter
    from cgcli.learning.task import Parameters, Task
    from cgcli.learning.training import Training
    from cgcli.program import parse

    model = MODELS[name]
    columns, start = data(name)
    writer = TableWriter(2**40)
    count = len(next(iter(columns.values())))
    writer.add({**columns, ROW: np.arange(1.0, count + 1)})
    table = writer.finish()
    began = time.perf_counter()
    given = Given(parse(model.program), start, {}, {})
    graph, _ = build_graph(given, table.shapes)
    task = Task(graph, Parameters(start), tuple(columns), {}, {}, {})
    prepared = Prepared(task, table, None, Report("", skip=False), {})
    options = Options(
        "adam" if model.adam else "gd",
        model.rate,
        batch=model.batch,
        criteria=Criteria(epochs=model.epochs),
    )
    training = Training(prepared, options)
    assert training.descent is not None
    with np.errstate(all="ignore"):
        training.descent.run(Watch())
    seconds = time.perf_counter() - began
    steps = training.descent.state.step
    values = training.task.parameters.views
    return seconds, _flat([values[each] for each in model.words]), steps


def run_torch(name: str) -> tuple[float, list[float], int]:
    """Return a run of PyTorch, as its tutorials write it, in doubles."""
    import torch
    from torch.nn import functional

    model = MODELS[name]
    torch.set_default_dtype(torch.float64)
    columns, start = data(name)
    tensors = [torch.tensor(value) for value in columns.values()]
    if name == "net":
        tensors[1] = tensors[1].long()
    weights = {each: torch.tensor(start[each], requires_grad=True) for each in model.words}

    def cost(x: Any, y: Any) -> Any:
        if name == "logistic":
            return functional.binary_cross_entropy_with_logits(x @ weights["w"] + weights["b"], y)
        if name == "net":
            hidden = torch.tanh(functional.linear(x, weights["W1"], weights["b1"]))
            return functional.cross_entropy(
                functional.linear(hidden, weights["W2"], weights["b2"]), y
            )
        state = x.new_zeros(len(x), UNITS)
        for t in range(TIMES):
            state = torch.tanh(
                functional.linear(state, weights["W"], weights["b"]) + x[:, t, None] * weights["u"]
            )
        return ((state @ weights["v"] - y) ** 2).mean()

    def made(of: Any) -> Any:
        kind = torch.optim.Adam if model.adam else torch.optim.SGD
        return kind(of, model.rate)

    # What PyTorch loads at its first step is loaded before the clock starts.
    first = torch.zeros(1, requires_grad=True)
    first.sum().backward()
    made([first]).step()
    cost(tensors[0][:2], tensors[1][:2])
    began = time.perf_counter()
    optimiser = made(weights.values())
    steps = 0
    for chosen in batches(len(tensors[0]), model):
        optimiser.zero_grad()
        rows = chosen if isinstance(chosen, slice) else torch.from_numpy(chosen)
        cost(tensors[0][rows], tensors[1][rows]).backward()
        optimiser.step()
        steps += 1
    seconds = time.perf_counter() - began
    return seconds, _flat([weights[each].detach().numpy() for each in model.words]), steps


def run_jax(name: str) -> tuple[float, list[float], int]:
    """Return a run of JAX: one step under jit, in doubles, its compilation under the clock."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)  # JAX's own way
    model = MODELS[name]
    columns, start = data(name)
    x, y = (jnp.asarray(value) for value in columns.values())
    if name == "net":
        y = y.astype(int)
    weights = {each: jnp.asarray(start[each]) for each in model.words}

    def cost(w: Any, x: Any, y: Any) -> Any:
        if name == "logistic":
            z = x @ w["w"] + w["b"]
            return jnp.mean(jax.nn.softplus(z) - y * z)
        if name == "net":
            z = jnp.tanh(x @ w["W1"].T + w["b1"]) @ w["W2"].T + w["b2"]
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1))

        def turn(state: Any, column: Any) -> tuple[Any, None]:
            return jnp.tanh(state @ w["W"].T + column[:, None] * w["u"] + w["b"]), None

        state, _ = jax.lax.scan(turn, jnp.zeros((len(x), UNITS)), x.T)
        return jnp.mean((state @ w["v"] - y) ** 2)

    @jax.jit
    def step(w: Any, first: Any, second: Any, k: Any, rows: Any) -> Any:
        gradient = jax.grad(cost)(w, *((x, y) if rows is None else (x[rows], y[rows])))
        if not model.adam:
            return {n: w[n] - model.rate * gradient[n] for n in w}, first, second
        first = {n: 0.9 * first[n] + 0.1 * gradient[n] for n in w}
        second = {n: 0.999 * second[n] + 0.001 * gradient[n] ** 2 for n in w}
        moved = {
            n: w[n]
            - model.rate * (first[n] / (1 - 0.9**k)) / (jnp.sqrt(second[n] / (1 - 0.999**k)) + 1e-8)
            for n in w
        }
        return moved, first, second

    began = time.perf_counter()
    first = {n: jnp.zeros_like(w) for n, w in weights.items()}
    second = dict(first)
    steps = 0
    for chosen in batches(len(x), model):
        steps += 1
        rows = None if isinstance(chosen, slice) else chosen
        weights, first, second = step(weights, first, second, float(steps), rows)
    jax.block_until_ready(weights)
    seconds = time.perf_counter() - began
    return seconds, _flat([np.asarray(weights[each]) for each in model.words]), steps


def _flat(arrays: list[Any]) -> list[float]:
    return [float(each) for array in arrays for each in np.asarray(array).reshape(-1)]


RUNS: dict[str, Callable[[str], tuple[float, list[float], int]]] = {
    "cgraph": run_cgraph,
    "torch": run_torch,
    "jax": run_jax,
}


def one(framework: str, name: str) -> None:
    """Print a run's figures as JSON; memory and the parameters among them."""
    seconds, parameters, steps = RUNS[framework](name)
    json.dump({"seconds": seconds, "parameters": parameters, "steps": steps}, sys.stdout)


def rows_of(name: str, rounds: int) -> list[Row]:
    """Return the rows of a model."""
    model = MODELS[name]
    present = [each for each in FRAMEWORKS if each == "cgraph" or installed(each)]
    found = {each: fresh(__file__, "--one", each, name) for each in present}
    own = np.array(found["cgraph"]["parameters"])
    for each in present[1:]:
        other = np.array(found[each]["parameters"])
        difference = float(np.max(np.abs(own - other)) / np.max(np.abs(other)))
        if difference > AGREE:
            sys.exit(f"{name}: the parameters of {each} differ by {difference:.3g}")
    runs = {each: partial(_seconds, each, name) for each in present}
    median = medians(interleave(runs, rounds))
    steps = found["cgraph"]["steps"]
    rows = [Row(f"{model.label}: cgraph", f"{steps / median['cgraph']:,.0f} steps/s")]
    for each, label in (("torch", "PyTorch eager"), ("jax", "JAX jit, compiling counted")):
        measure = f"the same: {label}"
        if each not in present:
            rows.append(Row(measure, "not installed"))
            continue
        ratio = median[each] / median["cgraph"]
        figure = f"{steps / median[each]:,.0f} steps/s; cgraph {ratio:.2f} times as fast"
        if each == "torch":
            rows.append(at_least(measure, ratio, model.goal, figure, " times"))
        else:
            rows.append(at_least(measure, ratio, 1.0, figure, " times"))
    return rows


def _seconds(framework: str, name: str) -> float:
    return float(fresh(__file__, "--one", framework, name)["seconds"])


def peak(path: str, batch: int) -> float:
    """Return the peak of memory, in MB, of `cgraph train` on a file, whatever its parent had."""
    script = (
        "import os, resource, sys; "
        "pid = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:]); "
        "_, status, usage = os.wait4(pid, 0); "
        "print(usage.ru_maxrss / 1024 if status == 0 else -1)"
    )
    words = ["train", "(w*x + u*z + b - y)^2", "-d", path, "w=0", "u=0", "b=0", "--json"]
    command = [*cgraph(), *words, "--batch", str(batch), "--epochs", "1", "-o", os.devnull]
    done = subprocess.run(
        [sys.executable, "-c", script, *command], stdout=subprocess.PIPE, check=True, text=True
    )
    return float(done.stdout.splitlines()[-1])


def memory(rows: int) -> list[Row]:
    """Return the row on the file that is larger than the memory that is used."""
    peaks = []
    sizes = []
    for count in (rows // 10, rows):
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "rows.csv")
            _write(path, count)
            sizes.append(os.path.getsize(path) / 2**20)
            peaks.append(peak(path, 10_000))
    figure = (
        f"{peaks[1]:,.0f} MB, {peaks[1] / peaks[0]:.2f} times that of {rows // 10:,} rows; "
        f"the file has {sizes[1]:,.0f} MB"
    )
    measure = f"peak of memory, {rows:,} rows, `--batch 10000`"
    return [at_most(measure, peaks[1] / peaks[0], 2, figure, " times")]


def _write(path: str, count: int) -> None:
    chance = np.random.default_rng(0)
    with open(path, "w", encoding="utf-8") as file:
        file.write("x,z,y\n")
        for start in range(0, count, 100_000):
            part = chance.normal(size=(min(100_000, count - start), 2))
            both = np.column_stack([part, part @ [2.0, -1.0] + 0.5])
            text = io.StringIO()
            np.savetxt(text, both, delimiter=",", fmt="%.6f")
            file.write(text.getvalue())


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the large file, or 0")
    parser.add_argument("--one", nargs=2, metavar=("FRAMEWORK", "MODEL"))
    options = parser.parse_args()
    if options.one:
        one(*options.one)
        return
    rows = [row for name in MODELS for row in rows_of(name, options.rounds)]
    if options.rows:
        rows += memory(options.rows)
    print_table(rows)


if __name__ == "__main__":
    main()
