"""`cgcli.train`: the settings of a run are checked as those of `cgraph train` are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cgcli
from cgcli.errors import CgraphError

ROWS = {"x": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 6.0]}


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ({"optimizer": "lbfgs", "rate": 0.1}, "lbfgs has no use for rate=", "leave rate= out"),
        ({"schedule": "warmup"}, 'schedule="warmup" needs its length', "warmup=100"),
        ({"factor": 0.5}, 'factor= belongs to schedule="step"', "leave factor= out"),
        ({"clip": 0}, "clip= is the longest gradient, not 0", "write clip=1"),
        ({"optimizer": "adam", "momentum": 0.3}, "adam has no momentum=", "it has beta1=, beta2="),
        ({"optimizer": "lm"}, "wants residuals", "add residual=True"),
        ({"residual": True, "optimizer": "adam"}, "not adam", "leave optimizer= out"),
        ({"residual": True, "epochs": 0}, "one epoch at least", "epochs=1"),
        ({"residual": True, "batch": 2}, "lm looks at all rows at once", "leave batch= out"),
        ({"residual": True, "until_cost": 1.0}, "no use for until_cost=", "until_cost= out"),
        ({"optimizer": "sgd"}, "optimizer= is gd, momentum, nesterov", "did you mean gd?"),
        ({"momentum": 2}, "momentum= is a number from 0 to 1.0, not 2", ""),
        ({"holdout": 0.95}, "holdout= is a number from 0 to 0.9, not 0.95", ""),
        ({"epochs": 1.5}, "epochs= is a whole number of at least 0, not 1.5", ""),
        ({"batch": -1}, "batch= is a number of rows or all, not '-1'", "write batch=64"),
        ({"rat": 0.1}, "there is no option 'rat'", "did you mean rate?"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    settings: dict[str, Any], message: str, hint: str
) -> None:
    program = "w*x - y" if settings.get("residual") else "(w*x - y)^2"
    with pytest.raises(CgraphError) as caught:
        cgcli.train(program, ROWS, {"w": 0}, **settings)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_settings_of_the_optimiser_are_taken() -> None:
    fit = cgcli.train("(w*x - y)^2", ROWS, {"w": 0}, optimizer="adam", beta1=0.5, rate=0.1)
    assert fit.parameters["w"] == pytest.approx(2, abs=1e-6)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"category": ["x"]}, 'read={"levels": …}'),
        ({"missing": "skip"}, 'read={"missing": …}'),
        ({"read": {"category": ["x"]}}, "did you mean levels?"),
        ({"read": {"levels": "x"}}, 'levels=["sex"]'),
        ({"read": {"levels": {"x": 3}}}, '["S", "M", "L"]'),
        ({"read": {"dates": "x"}}, 'dict(t="days")'),
        ({"read": ["decimal"]}, 'dict(decimal=",")'),
        ({"epochs": "lots"}, ""),
        ({"fix": ["a"]}, "dict(c=2)"),
    ],
    ids=str,
)
def test_keywords_of_another_form_are_refused(given: dict[str, Any], hint: str) -> None:
    with pytest.raises(CgraphError) as caught:
        cgcli.train("w*x - y", {"x": [1, 2], "y": [2, 4]}, {"w": 1}, residual=True, **given)
    assert hint in caught.value.hint


@pytest.mark.parametrize("start", [["w"], "w"])
def test_a_start_has_names(start: Any) -> None:
    with pytest.raises(CgraphError, match="start cannot be of the type"):
        cgcli.train("w*x - y", {"x": [1, 2], "y": [2, 4]}, start)


@pytest.mark.parametrize("data", [{"x": 3, "y": [1]}, 3])
def test_data_that_is_no_table_is_refused(data: Any) -> None:
    with pytest.raises(CgraphError, match="data is paths, columns by name or a table"):
        cgcli.train("w*x - y", data, {"w": 1})


def test_levels_are_met_in_order_or_stated() -> None:
    data = {"g": ["b", "a", "b"], "y": [1.0, 2.0, 1.0]}
    for levels, wanted in ((["g"], [1, 1]), ({"g": ["a", "b"]}, [2, -1])):
        fit = cgcli.train(
            "c + m*g - y", data, {"c": 0, "m": 0}, residual=True, read={"levels": levels}
        )
        assert [fit.parameters[name] for name in "cm"] == pytest.approx(wanted)
    assert repr(fit).startswith("<Fit c=2, m=-1; cost ")
    assert fit.predict({"g": ["a"]}, of="c + m*g")["c + m*g"] == pytest.approx([2])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: cgcli.parse("x").evaluate(x=[1, 2], y=1), ""),
        (lambda: cgcli.map("x^2", {"x": ["a"]}), 'read={"levels": ["x"]} gives each of its words'),
        (lambda: cgcli.map("x^2", {"x": ["1,5", 2]}), 'read={"decimal": "comma"} reads 1,5'),
        (lambda: cgcli.map("x", {"x": [1]}, keep="z"), "keep=: there is no column 'z'"),
        (lambda: cgcli.map("x", {"x": [1]}, read={"missing": "mean"}), 'read={"missing": "skip"}'),
        (lambda: cgcli.predict(fit(), {"x": [1]}, bands=2), "write bands=0.95"),
        (lambda: cgcli.parse("[x, y]").diff(), "add jacobian=True, or ask for one element"),
        (lambda: cgcli.parse("x*y").diff(order=2, wrt=["x", "y", "x"]), "names in wrt= do not go"),
        (lambda: fit(bounds={"w": (2, 1)}), 'fix={"w": …} holds it'),
    ],
)
def test_errors_name_keywords(call: Callable[[], object], said: str) -> None:
    with pytest.raises(CgraphError) as caught:
        call()
    error = caught.value
    assert said in f"{error.message}; {error.hint}"
    assert "--" not in f"{error} {error.hint}"


def fit(**options: Any) -> Any:
    return cgcli.train("w*x - y", ROWS, {"w": 1}, residual=True, **options)


def test_a_fit_is_drawn_as_the_command_draws_it(cgraph: Any, tmp_path: Path) -> None:
    data, drawn, saved = (tmp_path / name for name in ("d.csv", "command.svg", "library.svg"))
    data.write_text("x,y\n1,2.1\n2,3.9\n3,6.2\n4,7.9\n", encoding="utf-8")
    words = ("train", "a + b*x - y", "a=0", "b=1", "-d", str(data), "--residual")
    assert cgraph(*words, "--plot", str(drawn)).status == 0
    fit = cgcli.train("a + b*x - y", data, {"a": 0, "b": 1}, residual=True)
    fit.plot().save(saved)
    assert saved.read_bytes() == drawn.read_bytes()
    short = cgcli.train("(b*x - y)^2", data, {"b": 1}, rate=0.01, epochs=1)
    with pytest.raises(cgcli.CgraphError, match="no curve to draw of fewer than two epochs"):
        short.plot()
