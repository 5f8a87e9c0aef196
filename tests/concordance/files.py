"""Ways through data files: map, predict and train."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tests.concordance.asking import (
    Point,
    Question,
    Reply,
    argument,
    bounded,
    by_rows,
    command,
    document,
    each,
    flat,
    plain,
    written,
)
from tests.concordance.exported import database


def mapped(kind: str) -> Callable[[Question], list[Reply | None]]:
    """Rows of a data file: every point that has no infinity in it, which no file may hold."""

    def ask(question: Question) -> list[Reply | None]:
        names, inputs = list(question.program.inputs), question.program.inputs
        kept = [k for k, point in enumerate(question.points) if bounded(point)]
        replies: list[Reply | None] = [None] * len(question.points)
        if not kept or (kind == "csv" and any(inputs.values())):
            return replies
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, f"rows.{kind}")
            rows = [question.bindings(question.points[k]) for k in kept]
            _write(path, kind, names, rows)
            words = ["map", question.program.text, "-d", path, "--json"]
            options = ["--values"] if question.elements > 1 else []
            result = document(command(*words, *options))
        if "error" in result:
            error = f"{result['error']['kind']}: {result['error']['message']}"
            for k in kept:
                replies[k] = Reply(error=error)
            return replies
        for k, row in zip(kept, result["rows"], strict=True):
            replies[k] = _row(question, row)
        return replies

    return ask


def _row(question: Question, row: Mapping[str, Any]) -> Reply:
    """A row of `map` or `predict`, whose columns are named after elements or hold lists."""
    output, count = question.output, question.elements
    value, slopes = [], {}
    for key, item in row.items():
        if key == output or key.startswith(f"{output}["):
            value += flat(item)
        elif key.startswith("d"):
            name = key.partition("/d")[2].partition("[")[0]
            slopes.setdefault(name, []).extend(flat(item))
    gradient = {name: by_rows(numbers, count) for name, numbers in slopes.items()}
    return Reply(value, gradient if count == 1 else {})


def _write(path: str, kind: str, names: list[str], rows: list[dict[str, Any]]) -> None:
    if kind == "parquet":
        lines = os.path.join(os.path.dirname(path), "rows.jsonl")
        _write(lines, "jsonl", names, rows)
        query = f"COPY (SELECT * FROM read_json('{lines}')) TO '{path}' (FORMAT parquet)"
        database().execute(query)
        return
    with open(path, "w", encoding="utf-8", newline="") as file:
        if kind == "csv":
            table = csv.writer(file)
            table.writerow(names)
            table.writerows([[written(row[name]) for name in names] for row in rows])
        else:
            file.writelines(json.dumps({n: _floats(row[n]) for n in names}) + "\n" for row in rows)


def _floats(value: Any) -> Any:
    return list(map(_floats, value)) if isinstance(value, list) else float(value)


def train(question: Question) -> list[Reply | None]:
    """One step of gradient descent from one row: the cost, and W0 - W1 with a rate of 1."""
    names = list(question.program.inputs)
    if len(names) < 2 or question.elements > 1:
        return [None] * len(question.points)

    def ask(point: Point) -> Reply | None:
        if not bounded(point):
            return None
        bindings = question.bindings(point)
        column, parameters = names[0], names[1:]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rows.jsonl")
            _write(path, "jsonl", [column], [bindings])
            words = [f"{name}={argument(bindings[name])}" for name in parameters]
            options = ["--lr", "1", "--steps", "1", "--reduce", "sum", "--json"]
            result = document(command("train", question.program.text, "-d", path, *words, *options))
        if "error" in result:
            if "does not depend on" in result["error"]["message"]:
                return None
            return Reply(error=f"{result['error']['kind']}: {result['error']['message']}")
        if result["diverged"] is not None:
            return Reply(value=[plain(result["start_cost"])])
        gradient, loss = {}, 0.0
        for name in parameters:
            before, after = flat(bindings[name]), flat(result["parameters"][name])
            gradient[name] = [[a - b for a, b in zip(before, after, strict=True)]]
            loss = max(loss, *(np.spacing(abs(x)) for x in (*before, *after)))
        return Reply([plain(result["start_cost"])], gradient, loss=float(loss))

    return each(question, ask)


def predict(question: Question) -> list[Reply | None]:
    """A model that was never trained, by the rows that share the value of its parameter."""
    names = list(question.program.inputs)
    replies: list[Reply | None] = [None] * len(question.points)
    if len(names) < 2 or question.elements > 1 or not all(map(bounded, question.points)):
        return replies
    parameter = names[-1]
    with tempfile.TemporaryDirectory() as folder:
        path, model = os.path.join(folder, "rows.jsonl"), os.path.join(folder, "model.json")
        for k, point in enumerate(question.points[:2]):
            bindings = question.bindings(point)
            _write(path, "jsonl", names[:-1], [bindings, bindings])
            word = f"{parameter}={argument(bindings[parameter])}"
            made = command(
                "train", question.program.text, "-d", path, word, "--steps", "0", "-o", model
            )
            if made.status not in (0, 1):
                if "does not depend on" not in made.err:
                    replies[k] = Reply(error=f"status {made.status}: {made.err[:200]}")
                continue
            if not os.path.exists(model):
                continue
            words = ["predict", model, "-d", path, "--of", question.output, "--json"]
            result = document(command(*words))
            if "error" in result:
                error = f"{result['error']['kind']}: {result['error']['message']}"
                replies[k] = Reply(error=error)
                continue
            replies[k] = _row(question, result["rows"][1])
            os.remove(model)
    return replies
