"""Runs of every optimiser, as data: the model, its rows, the options, and PyTorch's own run of it.

`python tests/learning/optimiser_runs.py` writes PyTorch's numbers anew, where it is installed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

TABLE = Path(__file__).parent / "optimisers.json"
STEPS = 50
PROGRAM = "h = tanh(W @ x + b); (dot(v, h) + c - y)^2"

RUNS: dict[str, dict[str, Any]] = {
    "gd": {"words": ["--lr", "0.1"]},
    "gd with weight decay": {"words": ["--lr", "0.1", "--weight-decay", "0.01"]},
    "momentum": {"words": ["--optimizer", "momentum", "--lr", "0.05"]},
    "momentum of 0.5": {
        "words": ["--optimizer", "momentum", "--lr", "0.05", "--momentum", "0.5"],
    },
    "nesterov": {"words": ["--optimizer", "nesterov", "--lr", "0.05"]},
    "rmsprop": {"words": ["--optimizer", "rmsprop", "--lr", "0.01"]},
    "rmsprop with options": {
        "words": [
            "--optimizer", "rmsprop", "--lr", "0.01", "--decay", "0.9", "--epsilon", "1e-6",
            "--weight-decay", "0.02",
        ],
    },
    "adagrad": {"words": ["--optimizer", "adagrad", "--lr", "0.1"]},
    "adam": {"words": ["--optimizer", "adam", "--lr", "0.01"]},
    "adam with options": {
        "words": [
            "--optimizer", "adam", "--lr", "0.01", "--betas", "0.8,0.95", "--weight-decay", "0.1",
        ],
    },
    "adamw": {"words": ["--optimizer", "adamw", "--lr", "0.01"]},
    "adamw with decay": {
        "words": ["--optimizer", "adamw", "--lr", "0.01", "--weight-decay", "0.1"],
    },
    "adam, clipped": {"words": ["--optimizer", "adam", "--lr", "0.01", "--clip", "0.05"]},
    "gd, cosine": {"words": ["--lr", "0.1", "--schedule", "cosine"]},
    "gd, by steps": {
        "words": ["--lr", "0.1", "--schedule", "step", "--every", "7", "--factor", "0.5"],
    },
    "gd, warm-up": {"words": ["--lr", "0.1", "--schedule", "warmup", "--warmup", "10"]},
    "gd, sum": {"words": ["--lr", "0.005", "--reduce", "sum"]},
}  # fmt: skip


def data() -> tuple[dict[str, Any], dict[str, Any]]:
    """The initial parameters, and the columns x and y."""
    chance = np.random.default_rng(17)
    parameters = {
        "W": chance.normal(size=(2, 2)).round(3),
        "b": chance.normal(size=2).round(3),
        "v": chance.normal(size=2).round(3),
        "c": 0.25,
    }
    return parameters, {
        "x": chance.normal(size=(12, 2)).round(3),
        "y": chance.normal(size=12).round(3),
    }


def option(words: list[str], name: str, default: float) -> float:
    return float(words[words.index(name) + 1]) if name in words else default


def run_of_torch(words: list[str]) -> list[list[float]]:
    """The flat parameters after every step, W, b, v, c side by side."""
    import torch

    torch.set_default_dtype(torch.float64)
    start, columns = data()
    weights = [torch.tensor(value, requires_grad=True) for value in start.values()]
    x, y = (torch.tensor(value) for value in columns.values())
    kind = words[words.index("--optimizer") + 1] if "--optimizer" in words else "gd"
    rate = option(words, "--lr", 0.0)
    decay = option(words, "--weight-decay", 0.01 if kind == "adamw" else 0.0)
    momentum = option(words, "--momentum", 0.9)
    betas = (0.9, 0.999)
    if "--betas" in words:
        first, second = words[words.index("--betas") + 1].split(",")
        betas = (float(first), float(second))
    optim = torch.optim
    optimiser: Any = {
        "gd": lambda: optim.SGD(weights, rate, weight_decay=decay),
        "momentum": lambda: optim.SGD(weights, rate, momentum=momentum, weight_decay=decay),
        "nesterov": lambda: optim.SGD(weights, rate, momentum=momentum, nesterov=True),
        "rmsprop": lambda: optim.RMSprop(
            weights, rate, alpha=option(words, "--decay", 0.99),
            eps=option(words, "--epsilon", 1e-8), weight_decay=decay,
        ),
        "adagrad": lambda: optim.Adagrad(weights, rate),
        "adam": lambda: optim.Adam(weights, rate, betas=betas, weight_decay=decay),
        "adamw": lambda: optim.AdamW(weights, rate, betas=betas, weight_decay=decay),
    }[kind]()  # fmt: skip
    schedules = optim.lr_scheduler
    schedule: Any = None
    if "cosine" in words:
        schedule = schedules.CosineAnnealingLR(optimiser, STEPS)
    elif "step" in words:
        schedule = schedules.StepLR(
            optimiser, int(option(words, "--every", 0)), option(words, "--factor", 0)
        )
    elif "warmup" in words:
        length = int(option(words, "--warmup", 0))
        schedule = schedules.LambdaLR(optimiser, lambda step: min(1.0, (step + 1) / length))
    found = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        matrix, bias, vector, constant = weights
        costs = (torch.tanh(x @ matrix.T + bias) @ vector + constant - y) ** 2
        cost = costs.sum() if "sum" in words else costs.mean()
        cost.backward()
        if "--clip" in words:
            torch.nn.utils.clip_grad_norm_(weights, option(words, "--clip", 0))
        optimiser.step()
        if schedule is not None:
            schedule.step()
        found.append([float(each) for w in weights for each in w.detach().reshape(-1)])
    return found


if __name__ == "__main__":
    rows = [f'"{name}": {json.dumps(run_of_torch(run["words"]))}' for name, run in RUNS.items()]
    TABLE.write_text("{\n" + ",\n".join(rows) + "\n}\n", "utf-8")
