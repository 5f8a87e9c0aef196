"""Rows from columns in memory, files and Arrow's tables, and back."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.errors import CgraphError
from cgcli.native import library

Run = Callable[..., Any]
COLUMNS = {"x": [1, 2, 3], "y": [3.0, 4.0, 5.0], "id": ["a", "b", "c"]}


def write(path: Path) -> Path:
    rows = zip(*COLUMNS.values(), strict=True)
    path.write_text("x,y,id\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


def test_map_is_the_command(tmp_path: Path, cgraph: Run) -> None:
    path = write(tmp_path / "rows.csv")
    words = ["(x+y)*z", "-d", str(path), "z=-3", "--keep", "id"]
    expected = cgraph("map", *words)
    for data in (path, COLUMNS, {**COLUMNS, "x": np.array([1, 2, 3])}):
        rows = cgcli.map("(x+y)*z", data, {"z": -3}, keep=["id"])
        assert rows.written("csv").decode() == expected.out
        assert rows.to_dict() == json.loads(cgraph("map", *words, "--json").out)
    assert rows.names == ["id", "f", "df/dx", "df/dy", "df/dz"]
    assert len(rows) == 3
    assert "df/dz" in rows._repr_html_()


def test_training_is_the_command(tmp_path: Path, cgraph: Run) -> None:
    (tmp_path / "points.csv").write_text("x,y\n1,2\n2,4\n3,7\n")
    model = tmp_path / "model.json"
    words = ["(w*x - y)^2", "-d", str(tmp_path / "points.csv"), "w=0", "--lr", "0.05"]
    expected = json.loads(cgraph("train", *words, "--epochs", "40", "-o", str(model), "--json").out)
    costs: list[float] = []
    fit = cgcli.train(
        "(w*x - y)^2",
        tmp_path / "points.csv",
        {"w": 0},
        rate=0.05,
        epochs=40,
        progress=lambda record: costs.append(record["cost"]),
    )
    document = fit.to_dict()
    for untimed in (expected, document):
        for record in untimed["history"]:
            record.pop("seconds", None)
    assert document == expected
    assert len(costs) == 40
    fit.save(tmp_path / "again.json")
    written, command = (json.loads(p.read_text()) for p in (tmp_path / "again.json", model))
    for part in (written, command):
        for record in part["state"]["history"]:
            record.pop("seconds", None)
        part["state"].pop("seconds", None)
    assert written == command
    assert "w" in str(fit)
    assert "stopped" in fit._repr_html_()


def test_predictions_are_those_of_the_saved_model(tmp_path: Path) -> None:
    data = {"x": [1, 2, 3], "t": [3, 5, 7]}
    fit = cgcli.train("y = w*x + b; y - t", data, {"w": 0, "b": 0}, residual=True)
    assert fit.parameters == pytest.approx({"w": 2, "b": 1})
    assert fit.statistics is not None
    fit.save(tmp_path / "line.json")
    for model in (fit, str(tmp_path / "line.json")):
        assert cgcli.predict(model, {"x": [10]}, of="y")["y"] == pytest.approx([21])
    assert fit.predict({"x": [0]}, of="y")["y"] == pytest.approx([1])


def test_tables_of_others_are_taken_and_given() -> None:
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("nanoarrow")
    table = duckdb.sql(
        "SELECT range::DOUBLE AS x, range + 1 AS y, 'n' || range AS id FROM range(4)"
    )
    rows = cgcli.map("x*y", table, keep=["id"])
    assert rows["f"].tolist() == [0, 2, 6, 12]
    back = duckdb.sql('SELECT id, f, "df/dx" FROM rows').fetchall()
    assert back == [("n0", 0, 1), ("n1", 2, 2), ("n2", 6, 3), ("n3", 12, 4)]
    vectors = cgcli.map("[x, x^2]", {"x": [1, 2]}, gradients=False)
    assert duckdb.from_arrow(vectors).project("f").fetchall() == [((1, 1),), ((2, 4),)]


def test_views_of_texts_are_read_as_texts() -> None:
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("nanoarrow")

    # As Polars has them: a text of more than 12 letters lies elsewhere.
    class Views:
        """A table that has its stream alone, as those of others."""

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return table.__arrow_c_stream__(requested_schema)

    with duckdb.connect() as connection:
        connection.execute("SET produce_arrow_string_view = true")
        connection.execute("SET arrow_output_version = '1.4'")
        texts = "SELECT range::DOUBLE AS x, 'a name that is long ' || range AS name FROM range(2)"
        table = connection.sql(texts)
        rows = cgcli.map("x^2", Views(), keep=["name"])
    assert rows["name"].tolist() == ["a name that is long 0", "a name that is long 1"]
    assert "a name that is long 1" in str(rows)


def test_the_native_engine_gives_the_same() -> None:
    if not library.compiler():
        pytest.skip("there is no C compiler")
    data = {"x": np.linspace(-1, 1, 50), "y": np.linspace(2, 3, 50)}
    plain, made = (cgcli.map("sin(x*y)", data, engine=engine) for engine in ("numpy", "native"))
    np.testing.assert_allclose(made["df/dx"], plain["df/dx"], rtol=1e-13)
    start = {"w": 0.0}
    options = {"rate": 0.1, "epochs": 5, "batch": 10}
    fits = [
        cgcli.train("(w*x - y)^2", data, start, engine=e, **options) for e in ("numpy", "native")
    ]
    assert fits[1].model.settings["engine"] == "native"
    assert fits[1].parameters["w"] == pytest.approx(fits[0].parameters["w"], rel=1e-13)


def test_a_cell_that_is_no_number_is_named() -> None:
    with pytest.raises(cgcli.CgraphError, match="row 2, column 'x': it is missing"):
        cgcli.map("x^2", {"x": [1, None, 3]})
    rows = cgcli.map("x^2", {"x": [1, "?", 3]}, skip_bad=True)
    assert (rows.numbers.tolist(), rows["f"].tolist()) == ([1, 3], [1, 9])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"x": [1, 2], "y": [1]}, "not one length"),
        (3, "not int"),
        ("missing.csv", "no such file"),
    ],
)
def test_what_is_no_data_is_an_error(data: Any, message: str) -> None:
    with pytest.raises(cgcli.CgraphError, match=message):
        cgcli.map("x*y", data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "adma"}, "optimizer= is gd, momentum, .*, not 'adma'"),
        ({"rates": 0.1}, "no option 'rates'"),
        ({"engine": "gpu"}, "the engine is numpy, native or auto"),
        ({"optimizer": "lm"}, "residual"),
        ({"momentum": 0.9}, "gd has no momentum"),
    ],
)
def test_an_option_that_there_is_not_is_an_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(cgcli.CgraphError, match=message):
        cgcli.train("(w*x)^2", {"x": [1]}, {"w": 1}, **options)


def test_data_is_read_as_it_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x;c\n1,5;red\n2,5;blue\n")
    read = {"delimiter": ";", "decimal": ",", "levels": {"c": ["red", "blue"]}}
    assert cgcli.map("x + 10*c", path, read=read)["f"].tolist() == [1.5, 12.5]
    columns = {"x": [1.5, 2.5], "c": ["red", "blue"]}
    levels = {"levels": read["levels"]}
    assert cgcli.map("x + 10*c", columns, read=levels)["f"].tolist() == [1.5, 12.5]
    with pytest.raises(cgcli.CgraphError, match="no 'decimals'"):
        cgcli.map("x", path, read={"decimals": ","})


def test_files_are_those_that_the_command_reads(tmp_path: Path, cgraph: Run) -> None:
    for k in (1, 2):
        (tmp_path / f"part-{k}.csv").write_text(f"x,y\n{k},2\n")
    (tmp_path / "all.csv.gz").write_bytes(gzip.compress(b"x,y\n1,2\n2,2\n", mtime=0))
    (tmp_path / "all.txt").write_text("x;y\n1;2\n2;2\n")
    expected = [2.0, 4.0]
    parts = [tmp_path / "part-1.csv", tmp_path / "part-2.csv"]
    for data in (tmp_path / "all.csv.gz", parts, str(tmp_path / "part-*.csv")):
        assert cgcli.map("x*y", data)["f"].tolist() == expected
    assert cgcli.map("x*y", tmp_path / "all.txt", read={"delimiter": ";"})["f"].tolist() == expected
    with pytest.raises(cgcli.CgraphError, match="a mean is known when all rows are read"):
        cgcli.map("x", {"x": [1, None]}, read={"missing": "mean"})
    with pytest.raises(cgcli.CgraphError, match="there is no column 'c'"):
        cgcli.map("x", {"x": [1]}, read={"levels": {"c": ["a"]}})


def test_how_data_is_read_has_the_words_of_the_options(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("x;y\n1.000,5;2\n", encoding="utf-8")
    read = {"delimiter": "semicolon", "decimal": "comma", "thousands": "point"}
    assert cgcli.map("x*y", path, read=read)["f"].tolist() == [2001.0]
    for name, word, hint in (
        ("decimal", "komma", 'write read={"decimal": "comma"}'),
        ("delimiter", "", 'write read={"delimiter": "semicolon"}'),
        ("missing", "median", "did you mean mean?"),
    ):
        with pytest.raises(cgcli.CgraphError) as caught:
            cgcli.map("x*y", path, read={**read, name: word})
        assert caught.value.hint == hint


def test_no_data_is_refused() -> None:
    with pytest.raises(CgraphError, match="there is no data"):
        cgcli.map("x", [])


def test_a_model_remembers_how_its_data_is_read() -> None:
    rows = {"c": ["no", "yes", "yes"], "t": [1, 3, 3]}
    fit = cgcli.train(
        "y = w*c + b; y - t",
        rows,
        {"w": 0, "b": 0},
        residual=True,
        read={"levels": {"c": ["no", "yes"]}},
    )
    assert fit.predict({"c": ["yes", "no"]}, of="y")["y"] == pytest.approx([3, 1])
    with pytest.raises(cgcli.CgraphError, match="maybe"):
        fit.predict({"c": ["maybe"]}, of="y")


class Frame(dict[str, Any]):
    """A table as pandas has it where pyarrow is not: its stream of Arrow's is none."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        raise ImportError("Import pyarrow failed")


class Series:
    """A column of such a table."""

    def __init__(self, *values: Any) -> None:
        self.values = values

    def to_numpy(self) -> Any:
        return np.array(self.values)


def test_a_table_without_a_stream_gives_its_columns() -> None:
    frame = Frame(x=Series(1.0, 2.0), name=Series("a", "b"))
    rows = cgcli.map("3*x", frame, keep=["name"])
    assert rows["f"].tolist() == [3, 6]
    assert rows["name"].tolist() == ["a", "b"]
