"""Models as `cgraph train -o` writes them, and models that somebody touched."""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import json
import os
import tempfile
from typing import Any

from tests.fuzz import arrays, commands, tables
from tests.fuzz.case import Case, Dice
from tests.fuzz.programs import HOSTILE, Written

DATA = b"x,y\n1,2\n2,4.1\n3,6.2\n4,7.9\n"
TRAINED = (
    ("w=0", "b=0", "--optimizer", "gd", "--lr", "0.01"),
    ("w=0", "b=0", "--optimizer", "adam", "--batch", "2", "--holdout", "0.25", "--patience", "2"),
    ("w=0", "b=0", "--optimizer", "momentum", "--scale", "x", "--schedule", "step"),
    ("w=0.5", "b=0", "--optimizer", "rmsprop", "--clip", "1", "--schedule", "cosine"),
    ("w=0.5", "--fix", "b=1", "--optimizer", "adagrad", "--skip-bad"),
    ("w=uniform(-1,1)", "b=0", "--optimizer", "lbfgs"),
    ("w=0", "b=0", "--residual"),
    ("w=1", "b=0", "--optimizer", "adamw", "--metric", "m=abs(y)", "--until-cost", "1e-9"),
)
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.5, "", "x", "NaN", "Infinity", [], {}, [1], [[1, 2], [3, 4]],
    "1/3", 1e308,
    10**400, 2**63, "\u202e\x1b[31m", {"x": 1}, [None], ["x"], "cgraph.model/2",
    "cgraph.model/1", "adam",
    "sqrt(-1)", "@x", [[]], [[1], [2, 3]], -5, 10**9, "1e400",
)  # fmt: skip


@functools.cache
def _trained(which: int) -> tuple[str, bytes]:
    """A model and its program, trained here: nothing of it is drawn."""
    from cgcli.commands.app import run

    text = "p = w*x + b; p - y" if "--residual" in TRAINED[which] else "p = w*x + b; (p - y)^2"
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            with open("data.csv", "wb") as file:
                file.write(DATA)
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                run(
                    [
                        "train",
                        text,
                        "-d",
                        "data.csv",
                        *TRAINED[which],
                        "--epochs",
                        "2",
                        "-o",
                        "m.json",
                    ]
                )
            with open("m.json", "rb") as file:
                return text, file.read()
        finally:
            os.chdir(here)


def _places(data: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys."""
    found: list[tuple[Any, Any]] = []
    waiting = [data]
    while waiting:
        each = waiting.pop()
        keys = (
            list(each)
            if isinstance(each, dict)
            else range(len(each))
            if isinstance(each, list)
            else ()
        )
        for key in keys:
            found.append((each, key))
            waiting.append(each[key])
    return found


def _changed(dice: Dice, data: Any) -> Any:
    data = copy.deepcopy(data)
    for _ in range(dice.one(1, 1, 1, 2, 3)):
        container, key = dice.choice(_places(data) or [({"": 0}, "")])
        match dice.randint(0, 5):
            case 0:
                del container[key]
            case 1 if isinstance(container, dict):
                container[dice.choice((*HOSTILE, "more", "x", "w", "W", "row"))] = container.pop(
                    key
                )
            case 2 if isinstance(container, dict):
                container[dice.choice((*HOSTILE, "more", "x", "w"))] = dice.choice(ODD)
            case 3:
                other, place = dice.choice(_places(data) or [(container, key)])
                container[key] = copy.deepcopy(other[place])
            case _:
                container[key] = dice.choice(ODD)
    return data


def touched(dice: Dice) -> bytes:
    """A model's bytes, mostly changed in a place or two."""
    _, data = _trained(dice.randrange(len(TRAINED)))
    if dice.chance(0.2):
        return arrays.spoilt_bytes(dice, data, 0.5)
    text = json.dumps(_changed(dice, json.loads(data)))
    if dice.chance(0.05):
        text = text.replace("0", dice.one("NaN", "1e400", "-Infinity", "00", "1e999999"), 1)
    return arrays.spoilt_bytes(dice, text.encode("utf-8", "surrogatepass"), 0.05)


def model(dice: Dice) -> Case:
    """A model where one is read: predicted with, gone on from, or its values used."""
    files = {"m.json": touched(dice), "data.csv": DATA}
    if dice.chance(0.1):
        files["data.csv"] = dice.one(
            b"x,y\n1,2\n", b"x\n1\n2\n", b"", b"x,y\n", DATA + b"red,1\n", DATA.replace(b"x", b"X")
        )
    written = Written("w*x + b", {"x": (), "w": (), "b": ()}, ["p", "w"])
    match dice.randint(0, 5):
        case 0 | 1:
            known = {**tables.ROWS, "--of": commands.of("p", "f", "p,f", "w", "x", "y", "q", "")}
            del known["--max-nodes"], known["--max-depth"]
            argv = [
                "predict",
                "m.json",
                "-d",
                "data.csv",
                *commands.options(dice, "predict", written, known),
            ]
        case 2 | 3:
            argv = [
                "train",
                "--resume",
                "m.json",
                *dice.one(["--steps", "3"], ["--epochs", "3"], []),
            ]
            argv += dice.some(
                ["--json", "--trace=1", "-o=n.json", "--log=l.jsonl", "--plot=c.svg"], 2
            )
            argv = [
                w for word in argv for w in (word.split("=") if word.startswith("-o") else [word])
            ]
        case 4:
            argv = ["train", "(w*x + b - y)^2", "-d", "data.csv", "--at", "m.json", "--epochs", "1"]
        case _:
            argv = [
                dice.one("eval", "trace", "diff", "check", "sheet", "draw"),
                "w*x + b",
                "x=2",
                "--at",
                "m.json",
            ]
            argv += dice.some(["--json", "--exact", "w=1"], 1)
            if argv[0] == "check":
                argv += ["--answer", "f = 1"]
    return Case(tuple(argv), files)
