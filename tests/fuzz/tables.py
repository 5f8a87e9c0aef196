"""Data files of every format, whole and spoilt, and what `map` and `train` do with them."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile

from tests.fuzz import arrays, bindings, commands, programs
from tests.fuzz.case import Case, Dice
from tests.fuzz.commands import FLAG, LIMITS, Value, number, of
from tests.fuzz.programs import Written

FORMATS = ("csv", "csv", "csv", "tsv", "jsonl", "json", "parquet")
HEADS = (
    "row", "f", "x", "X", "x ", " x", "", "x y", "x[0]", "v1", "e", "pi", "\u202ex", "\x1b[31m",
    "x\x07",
    "x,y", 'x"', "x\n", "日本", "é", "1", "-1", "f_x", "df/dx", "sum", "for", "=x", "@x", "#x",
    "x;y", "inf",
)  # fmt: skip
CELLS = (
    "", " ", "red", "nan", "NaN", "inf", "-inf", "Infinity", "NULL", "null", "None", "1,5", "1 000",
    "1_000", "0x10", "1e400", "1e-400", "1/3", "pi", "true", "TRUE", "\x1b[31mred\x07",
    "\u202e3", '"', "'1'",
    "２", "١", "1e5", "+1", "-0", ".5", "5.", "1e", "--1", "#1", "\ufeff1", "1\x00", "9" * 400,
    "0." + "1" * 400,
    "[1,2]", "2024-01-01", "$3", "3%", "=1+1", "1\u00a0", "−1", "1d", "1f", "0b1", "1\n2",
)  # fmt: skip
ROWS: dict[str, Value | None] = {
    **LIMITS, "--json": FLAG, "--skip-bad": FLAG, "--format": of("csv", "jsonl"),
    "-o": of("out.csv", "out.jsonl", "out.csv", "data.csv", "p.cg"),
}  # fmt: skip
MAP: dict[str, Value | None] = {
    **ROWS, "--of": commands._names, "--wrt": commands._names, "--values": FLAG,
    "--stack": of("q=x*", "q=*", "x=x_*", "q=nothing*", "q=", "=x*", "q=[", "q=?"),
}  # fmt: skip
OPTIMISERS = ("gd", "momentum", "nesterov", "rmsprop", "adagrad", "adam", "adamw", "lbfgs")
TRAIN: dict[str, Value | None] = {
    **LIMITS, "--json": FLAG, "--skip-bad": FLAG, "--digits": number(1, 17),
    "--scale": commands._names, "--holdout": of("0", "0.2", "0.5", "0.9"),
    "--metric": of("m=abs(y)", "q=x+1", "x", "m=", "f=1", "row=x", "m=z9"),
    "--reduce": of("mean", "sum"), "--residual": FLAG, "--optimizer": of(*OPTIMISERS),
    "--lr": of("0.1", "0", "1e9", "1e308"), "--momentum": of("0.9", "1"), "--decay": of("0", "0.9"),
    "--betas": of("0.9,0.999", "0,0", "1,1", "0.9"), "--epsilon": of("0", "1e-8"),
    "--weight-decay": of("0.1", "0"), "--clip": of("1", "0", "1e-300"),
    "--schedule": of("constant", "step", "cosine", "warmup"), "--warmup": number(0, 5),
    "--every": number(1, 3), "--factor": of("0.5", "0", "2"), "--batch": of("1", "2", "all", "100"),
    "--epochs": number(0, 5), "--steps": number(0, 9), "--until-cost": of("1", "-1"),
    "--until-change": of("1", "0"), "--until-gradient": of("1", "0"), "--patience": number(1, 2),
    "--time": of("0", "0.01"), "--seed": number(0, 9), "-o": of("m.json", "m.json", "data.csv",
    "p.cg", "x"),
    "--plot": of("cost.svg", "cost.svg", "m.json"), "--log": of("run.jsonl", "m.json"),
    "--trace": number(0, 3), "--stack": of("q=x*", "x=x_*"), "--fix": of("c=2", "c=0", "w=1",
    "x=1"),
}  # fmt: skip


def _cell(dice: Dice, bad: float) -> str:
    return (
        dice.choice(CELLS)
        if dice.chance(bad)
        else bindings.scalar(dice, 0).replace("1/3", "0.3").replace("2/7", "7")
    )


def _value(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def file(dice: Dice, columns: list[str]) -> tuple[str, bytes]:
    """A file of rows with these columns at least: its name and its bytes."""
    kind = dice.choice(FORMATS)
    columns = list(columns)
    if dice.chance(0.3):
        columns += dice.some(HEADS, 2)
    if dice.chance(0.1):
        columns.append(dice.choice(columns or ["x"]))
    if columns and dice.chance(0.08):
        columns.pop(dice.randrange(len(columns)))
    if dice.chance(0.2):
        dice.shuffle(columns)
    bad = dice.one(0, 0, 0, 0.05, 0.3)
    rows = [[_cell(dice, bad) for _ in columns] for _ in range(dice.one(0, 1, 2, 3, 3, 5, 9, 40))]
    if rows and dice.chance(0.06):
        row = dice.choice(rows)
        row.append("1") if dice.chance(0.5) or not row else row.pop()
    spoilt = dice.one(0, 0, 0.5)
    if kind == "parquet":
        return "data.parquet", arrays.spoilt_bytes(dice, _parquet(dice, columns, rows), spoilt)
    text = _text(dice, kind, columns, rows)
    return f"data.{kind}", arrays.spoilt_bytes(dice, text.encode("utf-8", "surrogatepass"), spoilt)


def _text(dice: Dice, kind: str, columns: list[str], rows: list[list[str]]) -> str:
    if kind in ("csv", "tsv"):
        out = io.StringIO()
        mark = "\t" if kind == "tsv" else ","
        if dice.chance(0.04):
            mark = dice.one(";", "|", "\t", ",", " ")
        end = dice.one("\n", "\n", "\r\n", "\r")
        writer = csv.writer(
            out, delimiter=mark, lineterminator=end, quoting=dice.one(0, 0, 1), escapechar="\\"
        )
        writer.writerow(columns)
        writer.writerows(rows)
        made = out.getvalue()
        if dice.chance(0.05):
            made = dice.one("# comment\n", "\n", "sep=,\n", '"\n', "\ufeff") + made
        return made
    objects: list[object] = [dict(zip(columns, map(_value, row), strict=False)) for row in rows]
    if objects and dice.chance(0.1):
        k = dice.randrange(len(objects))
        objects[k] = dice.one(
            None, [], {}, 3, "x", {"x": [1, 2]}, {"x": {"y": 1}}, {"x": None}, {"x": True}
        )
    if dice.chance(0.1):
        for each in objects:
            if isinstance(each, dict) and each:
                each[next(iter(each))] = [1, 2] if dice.chance(0.9) else [1]
    if kind == "jsonl":
        return "\n".join(json.dumps(each) for each in objects) + dice.one("\n", "", "\n\n")
    if dice.chance(0.1):
        return json.dumps(dice.one({}, {"rows": objects}, {"x": [1, 2]}, None, [objects]))
    return json.dumps(objects)


def _parquet(dice: Dice, columns: list[str], rows: list[list[str]]) -> bytes:
    import duckdb

    # DuckDB names columns without regard to case, as it does when it reads them.
    names = list(
        {name.lower(): name for name in columns if name and "\0" not in name}.values()
    ) or ["x"]
    types = [
        dice.one(
            "DOUBLE",
            "DOUBLE",
            "INTEGER",
            "FLOAT",
            "VARCHAR",
            "BOOLEAN",
            "DECIMAL(9,3)",
            "DATE",
            "HUGEINT",
            "DOUBLE[]",
            "TIMESTAMP",
            "BLOB",
        )
        if dice.chance(0.3)
        else "DOUBLE"
        for _ in names
    ]
    quoted = [name.replace('"', '""') for name in names]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as base:
        base.execute("SET threads=1")
        path = os.path.join(folder, "t.parquet")
        head = ", ".join(f'"{name}" {kind}' for name, kind in zip(quoted, types, strict=True))
        base.execute(f"CREATE TABLE t ({head})")
        marks = ", ".join(f"TRY_CAST(? AS {kind})" for kind in types)
        for row in rows:
            cells = [*row, *["1"] * len(names)][: len(names)]
            base.execute(f"INSERT INTO t SELECT {marks}", [c.replace("\0", "") for c in cells])
        base.execute(f"COPY t TO '{path}' (FORMAT parquet)")
        with open(path, "rb") as opened:
            return opened.read()


def _program(dice: Dice, text: str, files: dict[str, bytes]) -> str:
    if dice.chance(0.1):
        files["p.cg"] = text.encode("utf-8", "surrogatepass")
        return "@p.cg"
    return text.replace("\0", " ")


def table(dice: Dice) -> Case:
    """`map` over a file, some inputs bound and the others columns."""
    written = programs.Writer(dice, scalar=dice.chance(0.85)).program(dice.one(1, 2, 3))
    scalars = [name for name, shape in written.inputs.items() if not shape]
    columns = [name for name in scalars if dice.chance(0.75)]
    rest = {k: v for k, v in written.inputs.items() if k not in columns}
    words, files = bindings.bound(dice, Written("", rest, []))
    name, data = file(dice, columns)
    files[name] = data
    chosen = commands.options(dice, "map", written, MAP)
    return Case(
        (
            "map",
            _program(dice, written.text, files),
            "-d",
            *_source(dice, name, files),
            *words,
            *chosen,
        ),
        *_given(dice, files, name),
    )


def _source(dice: Dice, name: str, files: dict[str, bytes]) -> list[str]:
    return [dice.one("nothing.csv", ".", "", "data")] if dice.chance(0.01) else [name]


def _given(dice: Dice, files: dict[str, bytes], name: str) -> tuple[dict[str, bytes], bytes]:
    return files, b""


COSTS = (
    "(w*x + b - y)^2", "(w*x - y)^2", "abs(w*x + b - y)", "softplus(w*x + b) - y*(w*x + b)",
    "f(x) = w*x + b; (f(x) - y)^2", "p = tanh(w*x); q = b*p; (q - y)^2", "w^2 + b^2 + 0*x",
    "(w/x - y)^2", "log(w*x + b)", "exp(w*x)*b - y", "sum([(w*x^t - y)^2 for t in 0..2])",
    "h[0] = 0; for t in 0..2 { h[t+1] = tanh(w*h[t] + x) } (h[3] - y)^2", "where(x > w, w, b*y)",
    "(w*x)/(b - b)", "1/0*w", "max(w, x)^2", "-w*x", "w*x + b - y", "(exp(-w*x) - y)", "x*y + 0*w",
)  # fmt: skip


def training(dice: Dice) -> Case:
    """`train` on a small file, for a few steps."""
    if dice.chance(0.6):
        text = dice.choice(COSTS)
        written = Written(text, {n: () for n in "wbxy" if n in text}, ["p", "q"])
        parameters = [name for name in "wbc" if name in text and dice.chance(0.97)]
    else:
        written = programs.Writer(dice, scalar=dice.chance(0.7)).program(dice.one(1, 2))
        parameters = [name for name in written.inputs if dice.chance(0.5)]
    columns = [name for name in written.inputs if name not in parameters]
    name, data = file(dice, columns)
    files = {name: data}
    words = []
    for each in parameters:
        shape = written.inputs.get(each, ())
        text = bindings.value(dice, shape, dice.one(0, 0, 0.3))
        if dice.chance(0.15):
            text = dice.one(
                "zeros(2)",
                "ones(3)",
                "full(2, 0.5)",
                "uniform(-1,1)",
                "normal(0,1,2)",
                "he(2,3)",
                "glorot(1,1)",
                "he(0,0)",
                "normal(0,-1)",
                "zeros(-1)",
                "zeros(10^9)",
                "full(2)",
                "uniform(1,-1,2)",
                "zeros",
                "Zeros(2)",
            )
        words.append(f"{each}={text}")
    chosen = commands.plotted(commands.options(dice, "train", written, TRAIN), dice)
    if not {"--epochs", "--steps", "--residual"} & set(chosen) or dice.chance(0.2):
        chosen += [] if "--epochs" in chosen else ["--epochs", "3"]
    argv = (
        "train",
        _program(dice, written.text, files),
        "-d",
        *_source(dice, name, files),
        *words,
        *chosen,
    )
    return Case(argv, files)
