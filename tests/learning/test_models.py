"""Model files: what any optimiser writes fits its schema and goes on; what was changed is told."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgcli.views.schemas import misfit, names, read
from tests.amounts import portion, sampled
from tests.documents import validate, validator

Run = Callable[..., Any]
PROGRAM = "(dot(w, x) + b - y)^2"
SCHEMA = json.loads(read("model"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    lines = [f"{k % 7},{(k * k) % 5},{k % 3 + 0.5}" for k in range(40)]
    (folder / "d.csv").write_text("x1,x2,y\n" + "\n".join(lines) + "\n")
    return folder


def words(folder: Path, *more: str) -> list[str]:
    stack = ["--stack", "x=x?", "-d", str(folder / "d.csv")]
    return ["train", PROGRAM, *stack, "w=zeros(2)", "b=0", *more]


VARIANTS = [
    *(["--optimizer", name, "--lr", "0.01"] for name in ("gd", "momentum", "nesterov", "rmsprop")),
    *(["--optimizer", name, "--batch", "8"] for name in ("adagrad", "adam", "adamw")),
    ["--schedule", "step", "--every", "2", "--factor", "0.5", "--lr", "0.01"],
    ["--schedule", "cosine", "--lr", "0.01", "--reduce", "sum", "--clip", "1"],
    ["--schedule", "warmup", "--warmup", "3", "--batch", "7", "--lr", "0.01"],
    ["--scale", "x,y", "--holdout", "0.2", "--patience", "2", "--metric", "e=abs(y - b)"],
    ["--until-gradient", "1e-3", "--batch", "16", "--lr", "0.01"],
    ["--until-cost", "1e9"],
    ["--lr", "1e6"],
    ["--steps", "0"],
    ["--optimizer", "lbfgs"],
]


@pytest.mark.parametrize("variant", VARIANTS, ids=" ".join)
def test_what_is_written_fits_its_schema_and_goes_on(
    variant: list[str], folder: Path, cgraph: Run
) -> None:
    model = folder / "m.json"
    model.unlink(missing_ok=True)
    ran = cgraph(*words(folder, *variant, "--epochs", "3", "-o", str(model)))
    # Three epochs diverge at that rate, and are too few for L-BFGS to converge.
    assert ran.status == (1 if {"1e6", "lbfgs"} & {*variant} else 0), ran.err
    document = json.loads(model.read_text())
    validate(document, "model")
    assert misfit(document, "model") is None
    assert cgraph("predict", str(model), "-d", str(folder / "d.csv")).status == 0
    ran = cgraph("train", "--resume", str(model), "--epochs", "4", "-o", str(folder / "n.json"))
    assert ran.status == (1 if {"1e6", "lbfgs"} & {*variant} else 0), ran.err


def test_a_model_without_a_state_has_nothing_to_go_on_from(folder: Path, cgraph: Run) -> None:
    model = folder / "old.json"
    assert cgraph(*words(folder, "--optimizer", "lbfgs", "-o", str(model))).status == 0
    model.write_text(json.dumps({**json.loads(model.read_text()), "state": None}))
    ran = cgraph("train", "--resume", str(model))
    assert ran.status == 2
    assert "there is nothing to go on from in this model" in ran.err
    assert f"start from its values: --at {model}" in ran.err


@pytest.fixture(scope="module")
def document(folder: Path) -> dict[str, Any]:
    from cgcli.commands.app import run

    path = folder / "whole.json"
    more = ["--optimizer", "adam", "--batch", "8", "--holdout", "0.2", "--patience", "9"]
    run([*words(folder, *more, "--scale", "x", "--epochs", "2", "--json", "-o", str(path))])
    found: dict[str, Any] = json.loads(path.read_text())
    return found


CHANGES: list[tuple[str, Any, str]] = [
    ("schema", "cgraph.model/2", "it is of the version cgraph.model/2, and cgraph.model/1 is read"),
    ("schema", "cgraph.eval/1", "this is no model"),
    ("schema", 1, "this is no model"),
    ("program", 5, "at program, 5 is not text"),
    ("program", "(w*", "changed.json: expected a value"),
    ("program", None, "at program, null is not text"),
    ("parameters", [], "at parameters, a list is not an object"),
    ("parameters", {}, "and the parameters 0"),
    ("parameters.w", "1", "at parameters.w, '1' is not a number or a list"),
    ("parameters.w.1", "2", "at parameters.w[1], '2' is not a number or a list"),
    ("parameters.w.1", True, "at parameters.w[1], true is not a number or a list"),
    ("parameters.w.1", None, "at parameters.w[1], null is not"),
    ("parameters.w.1", 10**400, "at parameters.w[1], it is larger than the largest double"),
    ("parameters.w.1", "NaN", "at parameters.w[1], it is not finite"),
    ("parameters.w.1", [1.0], "at parameters.w, its rows are not of one length"),
    ("parameters.w", [[[1.0]]], "at parameters.w, it has 3 axes"),
    ("parameters.w", [], "at parameters.w, it is empty"),
    ("parameters.w", {"a": 1}, "at parameters.w, an object is not"),
    ("parameters.w", [1.0, 2.0, 3.0], "numbers"),
    ("fixed", None, "at fixed, null is not an object"),
    ("data", 3, "at data, 3 is not an object"),
    ("data.path", 3, "at data.path, 3 is not text or a list or null"),
    ("data.rows", -1, "at data.rows, -1 is less than 0"),
    ("data.rows", 1.5, "at data.rows, 1.5 is not a whole number"),
    ("data.columns", ["x1", 2], "at data.columns[1], 2 is not text"),
    ("data.stack.x", 3, "at data.stack.x, 3 is not text or a list"),
    ("data.scale.x", [1.0], "at data.scale.x, it has 1 elements, and must have 2"),
    ("data.scale.x.1", [1.0, "x"], "at data.scale.x[1][1], 'x' is not"),
    ("data.scale.x.1", [1.0, 0.0], "at data.scale.x[1], a deviation is greater than 0"),
    ("data.skip_bad", "no", "at data.skip_bad, 'no' is not true or false"),
    ("data.more", 1, "at data, 'more' is no part of it"),
    ("settings", [], "at settings, a list is not an object"),
    ("settings.optimizer", "sgd", "at settings.optimizer, 'sgd' is not 'gd' or 'momentum'"),
    ("settings.rate", "0.1", "at settings.rate, '0.1' is not a number or null"),
    ("settings.batch", 0, "at settings.batch, 0 is less than 1"),
    ("settings.batch", "some", "at settings.batch, 'some' is not 'all' or a whole number"),
    ("settings.every", 2**63, "at settings.every, 9223372036854775808 is more than"),
    ("settings.holdout", 0.95, "at settings.holdout, 0.95 is more than 0.9"),
    ("settings.criteria", [], "at settings.criteria, it has 0 elements, and must have 7"),
    ("settings.metrics.e", 1, "at settings.metrics.e, 1 is not text"),
    ("state", 3, "at state, 3 is not an object or null"),
    ("state.step", -1, "at state.step, -1 is less than 0"),
    ("state.step", 2**64, "at state.step, 18446744073709551616 is more than"),
    ("state.stride", 0, "at state.stride, 0 is less than 1"),
    ("state.memory.mean", "x", "at state.memory.mean, 'x' is not a list"),
    ("state.memory.mean", [0.0], "at state.memory.mean, it has 1 numbers, and the parameters 3"),
    ("state.current", [1.0], "at state.current, it has 1 numbers, and the parameters 3"),
    ("state.best.parameters", {}, "at state.best.parameters, they are not those of the model"),
    ("state.best.epoch", "1", "at state.best.epoch, '1' is not a whole number"),
    ("state.history.0.cost", "low", "at state.history[0].cost, 'low' is not a number"),
    ("state.history.0", [], "at state.history[0], a list is not an object"),
]


def changed(document: Any, place: str, value: Any) -> Any:
    whole = copy.deepcopy(document)
    *way, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    inner = whole
    for part in way:
        inner = inner[part]
    inner[last] = value
    return whole


def test_a_parameter_of_another_shape_is_blamed_on_the_model(
    document: Any, folder: Path, cgraph: Run
) -> None:
    """Sizes that agree with the state's get as far as the program."""
    path = folder / "reshaped.json"
    whole = changed(document, "parameters", {"w": 0.5, "b": [1.0, 2.0]})
    whole["state"]["best"]["parameters"] = whole["parameters"]
    path.write_text(json.dumps(whole))
    for command in (["train", "--resume"], ["predict"]):
        ran = cgraph(*command, str(path), "-d", str(folder / "d.csv"))
        assert ran.status == 2
        assert "reshaped.json: " in ran.err.splitlines()[0]


@pytest.mark.parametrize("scale", [[[1.0], [1.0]], [0.0, [1.0, 1.0, 1.0]], [[[1.0, 1.0]], 1.0]])
def test_a_scale_of_another_shape_is_blamed_on_the_model(
    scale: Any, document: Any, folder: Path, cgraph: Run
) -> None:
    path = folder / "rescaled.json"
    rescaled = changed(document, "data.scale.x", scale)
    path.write_text(json.dumps(changed(rescaled, "data.unscaled", False)))
    for command in (["train", "--resume"], ["predict"]):
        ran = cgraph(*command, str(path), "-d", str(folder / "d.csv"))
        assert ran.status == 2
        assert "rescaled.json: the column 'x' is scaled by a" in ran.err.splitlines()[0]
        assert "in a row it is a vector of 2" in ran.err


def test_a_history_may_lack_costs_of_rows_held_out(
    document: Any, folder: Path, cgraph: Run
) -> None:
    path, picture = folder / "gaps.json", folder / "gaps.svg"
    for number in (0, 1):
        whole = copy.deepcopy(document)
        del whole["state"]["history"][number]["holdout"]
        path.write_text(json.dumps(whole))
        ran = cgraph("train", "--resume", str(path), "--epochs", "3", "--plot", str(picture))
        assert ran.status == 0, ran.err
        assert picture.read_text().count("<polyline") == 2


@pytest.mark.parametrize("value", [[[1, 2], [3]], [], [[]], [1, None], "x", [[[1]]], {"a": 1}])
def test_values_to_start_at_are_checked(
    value: Any, document: Any, folder: Path, cgraph: Run
) -> None:
    for found in ({"w": value, "b": 0}, changed(document, "parameters.w", value)):
        path = folder / "start.json"
        path.write_text(json.dumps(found))
        ran = cgraph("train", PROGRAM, "-d", str(folder / "d.csv"), "--at", str(path))
        assert ran.status == 2
        assert "error: " in ran.err


@pytest.mark.parametrize(("place", "value", "message"), CHANGES, ids=str)
def test_a_model_that_was_changed_is_refused_by_file_and_place(
    place: str, value: Any, message: str, document: Any, folder: Path, cgraph: Run
) -> None:
    path = folder / "changed.json"
    path.write_text(json.dumps(changed(document, place, value)))
    ran = cgraph("train", "--resume", str(path))
    assert ran.status == 2
    assert message in ran.err
    assert str(path)[-30:] in ran.err.splitlines()[0]
    ran = cgraph("predict", str(path), "-d", str(folder / "d.csv"))
    assert ran.status == 2
    assert ran.err.startswith("error: ")


@pytest.mark.parametrize("key", [*SCHEMA["required"], "data.scale", "state.memory", "state.best"])
def test_what_is_missing_is_named(key: str, document: Any, folder: Path, cgraph: Run) -> None:
    whole = copy.deepcopy(document)
    place, _, last = key.rpartition(".")
    del (whole[place] if place else whole)[last]
    path = folder / "lacking.json"
    path.write_text(json.dumps(whole))
    for words in (["train", "--resume", str(path)], ["eval", "w[0] + b", "--at", str(path)]):
        ran = cgraph(*words)
        assert ran.status == 2
        if key != "schema":
            assert f"'{last}' is missing" in ran.err


@pytest.mark.parametrize(
    "text", ["1e400", "-1e400", "[" * 3000 + "]" * 3000, "{", "NaN", '"\\ud800"']
)
def test_a_number_that_no_file_should_hold(
    text: str, document: Any, folder: Path, cgraph: Run
) -> None:
    path = folder / "odd.json"
    whole = json.dumps(changed(document, "parameters.b", "@")).replace('"@"', text)
    path.write_text(whole)
    for words in (
        ["train", "--resume", str(path)],
        ["predict", str(path), "-d", str(folder / "d.csv")],
        ["eval", "w[0] + b", "--at", str(path)],
        ["eval", "w[0] + b", "--at", str(path), "--exact"],
        words_at(folder, path),
    ):
        ran = cgraph(*words)
        assert ran.status == 2, ran
        assert str(path)[-20:] in ran.err


def words_at(folder: Path, path: Path) -> list[str]:
    data = ["--stack", "x=x?", "-d", str(folder / "d.csv")]
    return ["train", PROGRAM, *data, "--at", str(path)]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-9, 9) | st.sampled_from(["NaN", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=5,
)


@sampled
@given(drawn=st.data())
@settings(max_examples=portion(300), deadline=None, database=None)
def test_the_check_is_that_of_json_schema(drawn: st.DataObject, document: Any) -> None:
    """A part of a model put out, or another value put in its place: as jsonschema has it."""
    whole = copy.deepcopy(document)
    inner: Any = whole
    for _ in range(drawn.draw(st.integers(0, 4))):
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        key = drawn.draw(st.sampled_from(keys))
        if not isinstance(inner[key], dict | list) or not inner[key]:
            break
        inner = inner[key]
    keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
    key = drawn.draw(st.sampled_from(keys))
    if drawn.draw(st.booleans()):
        del inner[key]
    else:
        inner[key] = drawn.draw(values)
    valid = validator(read("model")).is_valid(_whole_as_integers(whole))
    assert (misfit(whole, "model") is None) == valid


def _whole_as_integers(value: Any) -> Any:
    """JSON Schema takes 1.0 for an integer; a model's counts are written without a point."""
    if isinstance(value, dict):
        return {key: _whole_as_integers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole_as_integers(each) for each in value]
    return value + 0.25 if isinstance(value, float) and value.is_integer() else value


def test_the_words_of_the_schemas_are_those_that_the_check_heeds() -> None:
    heeded = {
        "$schema", "$id", "$ref", "$defs", "title", "description", "type", "required", "enum",
        "additionalProperties", "properties", "const", "items", "prefixItems", "minItems",
        "maxItems", "minimum", "maximum", "anyOf",
    }  # fmt: skip
    assert "model" in names()
    pending = [SCHEMA]
    while pending:
        rule = pending.pop()
        assert set(rule) <= heeded
        for key, value in rule.items():
            if key in ("properties", "$defs"):
                pending += value.values()
            elif key in ("anyOf", "prefixItems"):
                pending += value
            elif isinstance(value, dict):
                pending.append(value)
