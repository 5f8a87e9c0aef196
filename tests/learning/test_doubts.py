"""What a run leaves in doubt is said: against NumPy's own least squares, and by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Ran

Command = Callable[..., Ran]


XOR = "a,b,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n"
NET = "h = tanh(W @ [a,b] + c); p = sigmoid(dot(v,h) + d); (p - y)^2"
LINE = "x,y\n1,3\n2,5.1\n3,6.9\n4,9\n5,11.1\n6,12.9\n7,15\n8,17.1\n9,18.9\n10,21\n"
BOX = "x,y\n1,109\n2,149\n3,149\n5,191\n7,213\n10,224\n"
OUTLIER = "x,y\n1,1\n2,2.2\n3,2.9\n4,4.1\n5,30\n"
ALIKE = ("W=full(2,2,0.5)", "c=full(2,0.1)", "v=full(2,0.3)", "d=0", "--lr", "1")


def fit(cgraph: Command, folder: Path, text: str, rows: str, *more: str) -> tuple[Any, str]:
    data = folder / "rows.csv"
    data.write_text(rows, encoding="utf-8")
    plain = cgraph("train", text, "-d", str(data), *more)
    return json.loads(cgraph("train", text, "-d", str(data), *more, "--json").out), plain.err


@pytest.mark.parametrize("likelihood", [(), ("--likelihood",)])
@pytest.mark.parametrize(
    ("rows", "is_separated"),
    [
        ("x,z,y\n1,0,0\n2,0,0\n3,0,0\n3,0,1\n4,0,1\n5,0,1\n", True),
        ("x,z,y\n1,0,0\n2,0,1\n3,0,0\n4,0,1\n5,0,1\n2.5,1,1\n1.5,1,1\n3.5,1,1\n", True),
        ("x,z,y\n1,0,0\n2,0,1\n3,0,0\n4,0,1\n5,0,1\n2.5,1,1\n1.5,1,0\n3.5,1,1\n", False),
    ],
)
def test_classes_that_a_line_separates_in_part(
    rows: str, is_separated: bool, likelihood: tuple[str, ...], cgraph: Command, tmp_path: Path
) -> None:
    # By Albert and Anderson, Biometrika 71 (1984), 1: with a row of each class on the line, or one
    # column that tells the class, the likelihood has no maximum.
    third = " + c*z" if "1,1\n" in rows else ""
    text = f"q = a + b*x{third}; softplus(q) - y*q"
    starts = ("a=0", "b=0", *(["c=0"] if third else []), "--optimizer", "lbfgs")
    err = fit(cgraph, tmp_path, text, rows, *starts, *likelihood)[1]
    assert ("grow without bound" in err) == is_separated
    assert "dead or saturated" not in err


@pytest.mark.parametrize(
    ("rate", "start", "stays"),
    [
        ("0", "1", True),
        ("1e-20", "1", True),
        ("0.01", "1", False),
        ("1e-20", str(824.7 / 385), False),
    ],
)
def test_steps_that_are_too_short_to_move_anything_are_told(
    rate: str, start: str, stays: bool, cgraph: Command, tmp_path: Path
) -> None:
    # The least squares are at sum(x*y)/sum(x^2), 824.7/385.
    document, err = fit(cgraph, tmp_path, "(w*x - y)^2", LINE, f"w={start}", "--lr", rate)
    assert ("no parameter has moved" in err) == stays
    assert any("no parameter has moved" in doubt for doubt in document["doubts"]) == stays


def test_what_the_cost_falls_along_does_matter(cgraph: Command, tmp_path: Path) -> None:
    rows = "x,y\n1,2\n2,3\n"
    for text in ("w*x + 0*y", "(w*x - y)^2 + v"):
        more = ("w=1", "--epochs", "2", *(["v=2"] if "v" in text else []))
        assert "does not matter" not in fit(cgraph, tmp_path, text, rows, *more)[1]


def test_parameters_that_are_told_together_have_no_errors(cgraph: Command, tmp_path: Path) -> None:
    rows = "x1,x2,y\n1,2,2.1\n2,4,3.9\n3,6,6.2\n4,8,7.7\n"
    document, err = fit(cgraph, tmp_path, "a*x1 + b*x2 - y", rows, "a=1", "b=1", "--residual")
    assert "warning: a and b: not determined apart" in err
    assert document["doubts"] == [err.removeprefix("warning: ").strip()]
    assert document["standard_errors"] == {"a": "Infinity", "b": "Infinity"}


def test_what_does_not_matter_leaves_the_others_their_errors(
    cgraph: Command, tmp_path: Path
) -> None:
    x, y = np.arange(1.0, 7.0), np.array([2.1, 3.9, 6.2, 7.7, 10.4, 11.8])
    rows = "x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y, strict=True))
    more = ("w=1", "b=0", "c=3", "--residual")
    document, err = fit(cgraph, tmp_path, "w*x + b + 0*c - y", rows, *more)
    assert "warning: c does not matter" in err
    design = np.stack([x, np.ones_like(x)], axis=1)
    beta, (total,), *_ = np.linalg.lstsq(design, y, rcond=None)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * total / (len(x) - 2))
    assert [document["parameters"][n] for n in "wb"] == pytest.approx(beta, rel=1e-12)
    assert [document["standard_errors"][n] for n in "wb"] == pytest.approx(errors, rel=1e-9)
    assert document["standard_errors"]["c"] == "Infinity"


def test_parameters_that_stay_where_they_start_are_told(cgraph: Command, tmp_path: Path) -> None:
    rows = "x,y\n1,1\n2,3\n"
    _, err = fit(cgraph, tmp_path, "(v*tanh(w*x) + b - y)^2", rows, "w=0", "v=0", "b=0")
    assert "warning: v and w: the gradient is 0" in err


@pytest.mark.parametrize(("rate", "told"), [("0.0005", True), ("0.1", False)])
def test_a_cost_that_is_falling_still_is_told(
    rate: str, told: bool, cgraph: Command, tmp_path: Path
) -> None:
    _, err = fit(cgraph, tmp_path, "(w*x - y)^2", "x,y\n1,2\n2,4.1\n", "w=0", "--lr", rate)
    assert ("warning: the cost is still falling" in err) is told


@pytest.mark.parametrize(
    ("text", "rows", "words", "kinds", "told"),
    [
        # A plain line by each method: nothing to say.
        ("(w*x + b - y)^2", LINE, "w=0 b=0 --optimizer lbfgs", [], ""),
        ("w*x + b - y", LINE, "w=0 b=0 --residual", [], ""),
        ("(w*x + b - y)^2", LINE, "w=0 b=0 --lr 0.02 --until-gradient 1e-9", [], ""),
        # What is at its minimum may stay there: the mean of x is 0.
        ("(w*x + b - y)^2", "x,y\n-1,-2\n0,0\n1,2.1\n2,3.9\n-2,-4\n", "w=0 b=0 --lr 0.1", [], ""),
        # Both weights are 2, as of units that are alike, but the gradients of others differ.
        (
            "(dot(w, [x, z]) - y)^2",
            "x,z,y\n1,0,2.2\n0,1,2.1\n2,1,5.9\n",
            "w=zeros(2) --optimizer lbfgs",
            [],
            "",
        ),
        ("w*x + b - y", LINE, "w=0 b=0 --residual --epochs 1", ["unconverged"], "did not converge"),
        ("exp(w*x) - y", LINE, "w=0 --residual --epochs 2", ["unconverged"], "did not converge"),
        ("(exp(w*x) - y)^2", LINE, "w=0 --optimizer lbfgs --epochs 2", ["unconverged"], "2 iter"),
        (
            NET,
            XOR,
            "W=zeros(2,2) c=zeros(2) v=zeros(2) d=0 --optimizer lbfgs",
            ["stuck"],
            "W, c, v:",
        ),
        ("(w*relu(v*x - 100) + b - y)^2", LINE, "w=1 v=1 b=0 --lr 0.1", ["stuck"], "w and v:"),
        ("(b1*(1 - exp(-b2*x)) - y)^2", BOX, "b1=100 b2=60 --lr 0.1", ["dead"], "b2:"),
        ("(w*sigmoid(v*x - 9) + b - y)^2", LINE, "w=9 v=99 b=0 --lr 0.1", ["dead"], "v:"),
        (
            NET,
            XOR,
            " ".join(ALIKE),
            ["falling", "alike"],
            "the parts of W, c, v started alike and stay alike",
        ),
        ("abs(w*x + b - y)", OUTLIER, "w=0 b=0 --lr 0.3", ["swinging"], "swings to and fro"),
        (
            "z = a + b*x; softplus(z) - y*z",
            "x,y\n1,0\n2,0\n3,0\n4,1\n5,1\n6,1\n",
            "a=0 b=0 --optimizer lbfgs",
            ["unbounded"],
            "grow without bound",
        ),
        ("abs(w*x + b - y)", OUTLIER, "w=0 b=0 --optimizer lbfgs", ["kink"], "a kink"),
        (
            "A*exp(-(x - m)^2) - y",
            LINE,
            "A=1 m=60 --residual",
            ["undetermined"],
            "A and m do not matter",
        ),
        (
            "a*x + b*(2*x + c) - y",
            LINE,
            "a=1 b=1 c=1 --residual",
            ["undetermined"],
            "not determined apart",
        ),
    ],
)
def test_how_a_run_ended_is_told(
    text: str,
    rows: str,
    words: str,
    kinds: list[str],
    told: str,
    cgraph: Command,
    tmp_path: Path,
) -> None:
    data = tmp_path / "rows.csv"
    data.write_text(rows, encoding="utf-8")
    ran = cgraph("train", text, "-d", str(data), *words.split(), "--json")
    end = json.loads(ran.out)["end"]
    assert [doubt["kind"] for doubt in end["doubts"]] == kinds
    assert all(doubt["hint"] for doubt in end["doubts"])
    assert end["reliable"] is (not kinds)
    assert ran.status == (1 if kinds else 0)
    assert told in " ".join(doubt["message"] for doubt in end["doubts"])


def test_which_direction_is_not_determined(cgraph: Command, tmp_path: Path) -> None:
    rows = "x1,x2,y\n1,2,2.1\n2,4,3.9\n3,6,6.2\n4,8,7.7\n"
    _, err = fit(cgraph, tmp_path, "a*x1 + b*x2 - y", rows, "a=1", "b=1", "--residual")
    # To take 2 from a for each 1 that b gains changes nothing: x2 is 2*x1.
    assert "moved together by (1, -0.5), they fit as well" in err


def test_a_limit_that_was_asked_for_is_no_fault(cgraph: Command, tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    data.write_text(LINE, encoding="utf-8")
    words = ("train", "(w*x - y)^2", "-d", str(data), "w=0", "--lr", "1e-5")
    for more, status, mark in (((), 1, "warning"), (("--epochs", "50"), 0, "note")):
        ran = cgraph(*words, *more)
        assert ran.status == status
        assert f"{mark}: the cost is still falling" in ran.err


EXACT = "x,y\n1,2\n2,4\n3,6\n4,8\n"


@pytest.mark.parametrize(
    ("text", "more", "told"),
    [
        # The line y = 2x has the cost 0, and this is far from it.
        ("(w*x + b - y)^2", ("b=0", "--optimizer", "rmsprop"), "warning: the cost is still fall"),
        ("(w*x + b - y)^2", ("b=0", "--optimizer", "rmsprop", "--epochs", "100"), "note: the cost"),
        # By geometric decay the cost falls for ever, here to 1e-14 of that at the start.
        ("(w*x - y)^2", ("--optimizer", "gd"), ""),
    ],
)
def test_a_cost_that_falls_by_what_is_left_is_told(
    text: str, more: tuple[str, ...], told: str, cgraph: Command, tmp_path: Path
) -> None:
    document, err = fit(cgraph, tmp_path, text, EXACT, "w=0", "--lr", "0.01", *more)
    assert err.startswith(told) if told else not err
    assert document["end"]["reliable"] is ("warning" not in told)


def test_a_flat_valley_is_left_for_the_minimum(cgraph: Command, tmp_path: Path) -> None:
    """NIST's BoxBOD from its first start, where Levenberg and Marquardt's step goes astray."""
    document, err = fit(
        cgraph, tmp_path, "b1*(1 - exp(-b2*x)) - y", BOX, "b1=1", "b2=1", "--residual"
    )
    assert document["parameters"] == pytest.approx({"b1": 213.80940889, "b2": 0.54723748542})
    assert document["standard_errors"] == pytest.approx({"b1": 12.354515176, "b2": 0.10455993237})
    assert not err


@pytest.mark.parametrize("power", [-200, 200])
def test_numbers_whose_squares_are_none(power: int, cgraph: Command, tmp_path: Path) -> None:
    y = np.array([9.0, 22, 29, 41, 47, 63, 70, 79])
    plain = np.polyfit(np.arange(1.0, 9), y, 1)
    rows = "x,y\n" + "".join(f"{k},{v}e{power}\n" for k, v in enumerate(y, 1))
    document, _ = fit(cgraph, tmp_path, "b0 + b1*x - y", rows, "b0=0", "b1=0", "--residual")
    values = [float(document["parameters"][name]) / 10.0**power for name in ("b1", "b0")]
    assert values == pytest.approx(plain, rel=1e-9)


def test_errors_far_beyond_the_values_are_told(cgraph: Command, tmp_path: Path) -> None:
    """A line fitted by a curve that is one in the limit: its parameters run away together."""
    rows = "x,y\n1,2.1\n2,3.9\n3,6.2\n4,7.8\n"
    words = ("a=1", "k=0.1", "c=0", "--residual")
    document, err = fit(cgraph, tmp_path, "a*exp(-k*x) + c - y", rows, *words)
    assert "hardly determined apart" in err
    assert not document["end"]["reliable"]


def test_a_parameter_of_another_size_is_no_minimum(cgraph: Any, tmp_path: Path) -> None:
    data = tmp_path / "d.csv"
    data.write_text("x,y\n1e-9,3\n2e-9,5\n3e-9,7.1\n")
    words = ("train", "(w*x + b - y)^2", "-d", str(data), "w=0", "b=0", "--optimizer", "lbfgs")
    ran = cgraph(*words)
    assert ran.status == 1
    assert "moving w alone takes the cost on to" in ran.err
    scaled = cgraph(*words, "--scale", "x")
    assert (scaled.status, "alone" in scaled.err) == (0, False)


def test_parameters_that_go_together_are_no_minimum_where_one_alone_is(
    cgraph: Command, tmp_path: Path
) -> None:
    """By hand: w = 2.04e-6 and b = -0.05 have the mean of 0.01² + 0.03² + 0.17² + 0.09², 0.0105."""
    rows = "x,y\n1e6,2\n2e6,4.1\n3e6,5.9\n4e6,8.2\n"
    words = ("w=0", "b=0", "--optimizer", "lbfgs")
    document, err = fit(cgraph, tmp_path, "(w*x + b - y)^2", rows, *words)
    assert "warning: moving all parameters together takes the cost on to 0.0105;" in err
    assert not document["end"]["reliable"]


@pytest.mark.parametrize("more", [("--optimizer", "lbfgs"), ("--lr", "0.05"), ("--likelihood",)])
def test_a_cost_that_is_flat_along_a_line_is_told(
    more: tuple[str, ...], cgraph: Command, tmp_path: Path
) -> None:
    """Every w and b with 2w + b = 6 is as good: for each 1 that b gains w loses 0.5."""
    rows = "x,y\n2,5\n2,6\n2,7\n"
    document, err = fit(cgraph, tmp_path, "(w*x + b - y)^2", rows, "w=0", "b=0", *more)
    message = "w and b: not determined apart, the rows tell a combination of them alone"
    assert err.count(f"{message}: moved together by (-0.5, 1), they fit as well") == 1
    # As an answer that is asked for its errors it is not to be relied on; its predictions are.
    assert document["end"]["reliable"] is ("--likelihood" not in more)
    _, err = fit(cgraph, tmp_path, "(w*x + b - y)^2 + 0.1*w^2", rows, "w=0", "b=0", *more)
    assert "not determined" not in err


STEADY = "x,c,y\n1,5,2\n2,5,4.1\n3,5,5.9\n4,5,8.2\n"


@pytest.mark.parametrize(
    ("text", "rows", "more"),
    [
        ("(w*x + v*c - y)^2", STEADY, ("w=0", "v=0", "--scale", "x,c")),
        ("(v*c - y)^2", STEADY, ("v=0", "--scale", "c")),
        ("(w*x + v*c - y)^2", STEADY.replace(",5,", ",0,"), ("w=0", "v=0")),
    ],
)
def test_a_column_that_is_the_same_in_every_row_is_named(
    text: str, rows: str, more: tuple[str, ...], cgraph: Command, tmp_path: Path
) -> None:
    document, err = fit(cgraph, tmp_path, text, rows, *more)
    assert "warning: v: the cost does not depend on that in any row; c is the same in" in err
    assert "random numbers" not in err
    assert not document["end"]["reliable"]


def test_a_unit_that_is_dead_is_not_blamed_on_a_column(cgraph: Command, tmp_path: Path) -> None:
    more = ("v=0", "u=1", "w=0", "a=0", "--scale", "c")
    text = "(w*x + a*c + v*relu(u*x - 100) - y)^2"
    _, err = fit(cgraph, tmp_path, text, STEADY, *more)
    assert "warning: a: the cost does not depend on that in any row; c is the same" in err
    assert "warning: v and u: the gradient is 0, and what starts there stays there" in err


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("w", ("w=0",)),
        ("w", ("w=0", "--lr", "0.1")),
        ("w*x - v*y", ("w=0", "v=1", "--optimizer", "lbfgs")),
        ("-w^2*x", ("w=1", "--optimizer", "lbfgs")),
    ],
)
def test_a_cost_without_bound_is_told(
    text: str, more: tuple[str, ...], cgraph: Command, tmp_path: Path
) -> None:
    document, err = fit(cgraph, tmp_path, text, STEADY, *more)
    assert "warning: the cost falls without bound as the parameters grow" in err
    assert "separable" not in err
    assert not document["end"]["reliable"]


def test_a_difference_that_is_taken_for_a_cost_is_told(cgraph: Command, tmp_path: Path) -> None:
    rows = "x,y\n50.2,1000\n60,1100\n70,1300\n"
    _, err = fit(cgraph, tmp_path, "w*x + b - y", rows, "w=0", "b=0")
    assert "a cost has a least value: add --residual, or square what is to be 0" in err


@pytest.mark.parametrize(("text", "word"), [("exp(-w*x) - 5", "separable"), ("w^2 - 9", "")])
def test_a_negative_cost_with_a_bound_has_one(
    text: str, word: str, cgraph: Command, tmp_path: Path
) -> None:
    _, err = fit(cgraph, tmp_path, text, STEADY, "w=1", "--optimizer", "lbfgs")
    assert "without bound as" not in err
    assert (word in err) if word else not err


def test_a_trace_tells_the_mean_from_the_value_of_a_row(cgraph: Command, tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    data.write_text("x,y\n1,2\n2,4\n", encoding="utf-8")
    words = ("train", "(w*x - y)^2", "-d", str(data), "w=0", "--trace", "1", "--steps", "1")
    out = cgraph(*words, "--lr", "0.1").out
    assert "\n  mean(f) = 10\n  ∂mean(f)/∂w = -10\n" in out
    assert "\n  sum(f) = 20\n" in cgraph(*words, "--lr", "0.1", "--reduce", "sum").out
    assert "\n  f = 4\n" in cgraph(*words, "--lr", "0.1", "--batch", "1").out.replace("16", "4")


def test_looking_round_moves_no_parameter(cgraph: Command, tmp_path: Path) -> None:
    """What does not count because a column is 0 in every row is looked for beside the end."""
    data = "x\n0\n0\n"
    document, err = fit(
        cgraph, tmp_path, "where(x, y, 3)", data, "y=0.5", "--lr", "1", "--steps", "1"
    )
    assert document["parameters"] == {"y": 0.5}
    assert "x is the same in every row" in err


def test_a_cost_taken_for_a_residual_is_told(cgraph: Command, tmp_path: Path) -> None:
    more = ("w=1", "b=0", "--residual")
    document, err = fit(cgraph, tmp_path, "(w*x + b - y)^2", OUTLIER, *more)
    assert "this looks like a cost" in err
    assert not document["end"]["reliable"]
    document, err = fit(cgraph, tmp_path, "w*x + b - y", OUTLIER, *more)
    assert err == ""


@pytest.mark.parametrize("assigned", ["y = w*x + b", "y = w*x + b; y^2"])
def test_a_target_that_is_assigned_is_refused(
    assigned: str, cgraph: Command, tmp_path: Path
) -> None:
    data = tmp_path / "rows.csv"
    data.write_text(LINE, encoding="utf-8")
    ran = cgraph("train", assigned, "-d", str(data), "w=0", "b=0", "--residual")
    assert ran.status == 2
    assert "'y' is a column, and the program gives it another value" in ran.err
    assert "w*x + b - y" in ran.err


def test_labels_that_are_none_are_told(cgraph: Command, tmp_path: Path) -> None:
    rows = "x,y\n1,1\n2,1\n3,2\n4,1\n5,2\n6,2\n"
    _, err = fit(cgraph, tmp_path, "z = a + b*x; softplus(z) - y*z", rows, "a=0", "b=0")
    assert "'y' is from 1 to 2: labels of a class are 0 and 1" in err
    _, err = fit(cgraph, tmp_path, "a*x + b - y", rows, "a=0", "b=0")
    assert "square it" in err


def test_a_pole_is_no_kink(cgraph: Command, tmp_path: Path) -> None:
    rows = "s,v\n" + "".join(f"{s},{9 * s / (3 + s):.3f}\n" for s in (0.5, 1, 2, 4, 8, 8, 16))
    _, err = fit(cgraph, tmp_path, "V*s/(K + s) - v", rows, "V=1", "K=1")
    assert "kink" not in err
    assert "add --residual" in err


def test_a_fit_through_every_row_says_why_it_tells_no_errors(
    cgraph: Command, tmp_path: Path
) -> None:
    data = tmp_path / "rows.csv"
    data.write_text("x,y\n1,1\n2,3\n", encoding="utf-8")
    ran = cgraph("train", "w*x + b - y", "-d", str(data), "w=0", "b=0", "--residual")
    assert "0 degrees of freedom" in ran.out


def test_a_fit_that_is_worse_than_one_number_is_told(cgraph: Command, tmp_path: Path) -> None:
    document, err = fit(cgraph, tmp_path, "w*x - y", "x,y\n1,9\n2,9\n3,8\n", "w=0", "--residual")
    y, x = np.array([9.0, 9, 8]), np.array([1.0, 2, 3])
    left = y - x * (x @ y) / (x @ x)
    wanted = 1 - left @ left / ((y - y.mean()) ** 2).sum()
    assert document["statistics"]["r_squared"] == pytest.approx(wanted, rel=1e-9)
    assert "R² is below 0" in err


@pytest.mark.parametrize(
    ("rows", "exact"), [(EXACT, True), (EXACT.replace("4,8", "4,8.000000001"), False)]
)
def test_what_is_left_of_rounding_tells_no_t(
    rows: str, exact: bool, cgraph: Command, tmp_path: Path
) -> None:
    """With errors of 0 any number, 0 but for rounding, were infinitely far from 0."""
    document, err = fit(cgraph, tmp_path, "w*x + b - y", rows, "w=0", "b=0", "--residual")
    figures = document["statistics"]
    wanted = {"w": "NaN", "b": "NaN"}
    assert (figures["t"] == wanted, figures["p_value"] == wanted) == (exact, exact)
    assert err.startswith("note: every row lies on the fit to rounding") is exact
    assert document["end"]["reliable"]
    assert document["parameters"] == pytest.approx({"w": 2, "b": 0}, abs=1e-8)


EXACT = "x,y\n1,2\n2,4\n3,6\n5,10\n"


@pytest.mark.parametrize("text", ["(a*x + b*x - y)^2", "(a*b*x - y)^2", "(a*x + 0*b - y)^2"])
@pytest.mark.parametrize("more", [(), ("--optimizer", "lbfgs")])
def test_an_exact_fit_that_is_not_determined_is_told(
    text: str, more: tuple[str, ...], cgraph: Command, tmp_path: Path
) -> None:
    document, err = fit(cgraph, tmp_path, text, EXACT, "a=1", "b=0.5", *more)
    assert document["cost"] < 1e-20 and document["end"]["reliable"]
    assert "note: b does not matter" in err or "note: a and b: not determined apart" in err


@pytest.mark.parametrize(
    ("text", "start"), [("(a^2 - b^2)*x", ("a=1", "b=0")), ("a^4 - a^2*x", ("a=0",))]
)
def test_the_top_of_a_saddle_is_no_minimum(
    text: str, start: tuple[str, ...], cgraph: Command, tmp_path: Path
) -> None:
    document, err = fit(cgraph, tmp_path, text, EXACT, *start, "--optimizer", "lbfgs")
    assert document["cost"] == 0 and not document["end"]["reliable"]
    assert f"warning: moving {start[-1][0]} takes the cost on to -" in err


@pytest.mark.parametrize(
    ("text", "start"),
    [("(w*t + b - y)^2", ("w=0", "b=0")), ("(a*t^2 + w*t + b - y)^2", ("a=0", "w=0", "b=0"))],
)
def test_a_valley_that_is_lost_in_the_digits_is_no_minimum(
    text: str, start: tuple[str, ...], cgraph: Command, tmp_path: Path
) -> None:
    t = 1.7e9 + 60 * np.arange(21.0) if len(start) == 2 else np.arange(2000.0, 2021.0)
    y = (t - t.mean()) / t.std() + (t - t.mean()) ** 2 / t.var() + 0.1 * np.sin(t)
    rows = "t,y\n" + "".join(f"{a},{b}\n" for a, b in zip(t, y, strict=True))
    more = (*start, "--optimizer", "lbfgs")
    document, err = fit(cgraph, tmp_path, text, rows, *more)
    assert not document["end"]["reliable"]
    assert f"moving {'w and b' if len(start) == 2 else 'a, w, b'} takes the cost on to" in err
    document, err = fit(cgraph, tmp_path, text, rows, *more, "--scale", "t")
    best = np.polyval(np.polyfit(t - t.mean(), y, len(start) - 1), t - t.mean())
    assert document["end"]["reliable"] and not err
    assert document["cost"] == pytest.approx(np.mean((best - y) ** 2), rel=1e-6)


def test_rounding_beside_a_bound_is_no_fall(cgraph: Command, tmp_path: Path) -> None:
    more = ("w=0", "b=0", "--bound", "w=0..1", "--scale", "x,y", "--optimizer", "lbfgs")
    for rows in (LINE, BOX, OUTLIER):
        document, _ = fit(cgraph, tmp_path, "(w*x + b - y)^2", rows, *more, "--folds", "3")
        assert document["end"]["reliable"], document["doubts"]


@pytest.mark.parametrize("more", [("--residual",), ("--residual", "--loss", "huber")])
@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("sqrt(w)*x - y", ("w=0",)),
        ("cbrt(w)*x + b - y", ("w=0", "b=0")),
        ("asin(w)*x - y", ("w=1",)),
        ("a*sqrt(x - c) - y", ("a=1", "c=1")),
    ],
)
def test_residuals_without_a_slope_at_the_start_are_told(
    text: str, start: tuple[str, ...], more: tuple[str, ...], cgraph: Command, tmp_path: Path
) -> None:
    document, err = fit(cgraph, tmp_path, text, LINE, *start, *more)
    assert document["end"]["kind"] == "diverged" and not document["end"]["reliable"]
    assert document["stopped"] == "it diverged: the gradient is not finite"
    assert document["diverged"]["row"] == 1
    assert "vertical tangent" in document["diverged"]["message"]
    assert "it is so at the start" in err


@pytest.mark.parametrize("more", [(), ("--optimizer", "lbfgs"), ("--optimizer", "adam")])
@pytest.mark.parametrize("text", ["(sqrt(w)*x - y)^2", "(w^0.5*x - y)^2", "(cbrt(w)*x - y)^2"])
def test_a_cost_without_a_slope_at_the_start_is_told(
    text: str, more: tuple[str, ...], cgraph: Command, tmp_path: Path
) -> None:
    document, err = fit(cgraph, tmp_path, text, LINE, "w=0", *more)
    assert document["stopped"] == "it diverged: the gradient is not finite"
    assert "it is so at the start: mend that row, or start elsewhere" in err
    assert "--clip" not in err


@pytest.mark.parametrize("more", [(), ("--bound", "w=0.."), ("--loss", "huber")])
def test_a_step_to_where_there_is_no_slope_leads_back(
    more: tuple[str, ...], cgraph: Command, tmp_path: Path
) -> None:
    # The least sum is that at w = 0, where the slope is infinite.
    rows = "x,y\n1,0\n2,0\n3,0\n"
    document, _ = fit(cgraph, tmp_path, "sqrt(w)*x + y", rows, "w=4", "--residual", *more)
    assert document["end"]["kind"] in ("converged", "stopped")
    assert document["parameters"]["w"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "start", "node"),
    [
        ("abs(w - 1) - log(v)", ("w=1", "v=0"), "v3"),
        ("relu(w) + 1/v", ("w=0", "v=0"), "v2"),
        ("sqrt(w) - log(v)", ("w=0", "v=0"), "v2"),
        ("abs(w - 1) + sqrt(v)", ("w=1", "v=0"), "v3"),
    ],
)
def test_a_kink_makes_no_cost_infinite(
    text: str, start: tuple[str, ...], node: str, cgraph: Command, tmp_path: Path
) -> None:
    document, _ = fit(cgraph, tmp_path, text, LINE, *start)
    assert document["diverged"]["node"] == node


@pytest.mark.parametrize("start", ["20", "60", "70"])
def test_a_huge_start_leaves_no_trace(start: str, cgraph: Command, tmp_path: Path) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    x, y = np.array([row.split(",") for row in LINE.split()[1:]], dtype=float).T
    w = optimize.brentq(lambda w: ((np.exp(w * x) - y) * x * np.exp(w * x)).sum(), 0.2, 0.5)
    total = ((np.exp(w * x) - y) ** 2).sum()
    error = np.sqrt(total / 9 / ((x * np.exp(w * x)) ** 2).sum())
    document, _ = fit(cgraph, tmp_path, "exp(w*x) - y", LINE, f"w={start}", "--residual")
    assert document["parameters"]["w"] == pytest.approx(w, rel=1e-9)
    assert document["standard_errors"]["w"] == pytest.approx(error, rel=1e-6)
    assert document["sum_of_squares"] == pytest.approx(total, rel=1e-9)
    assert document["end"]["reliable"] and not document["doubts"]


@pytest.mark.parametrize("more", [(), ("--bound", "w=-9.."), ("--loss", "huber")])
@pytest.mark.parametrize("power", [-200, -170, 120, 170, 200])
def test_columns_whose_squares_are_none(
    power: int, more: tuple[str, ...], cgraph: Command, tmp_path: Path
) -> None:
    """Through the origin w is xy/xx, and its error the root of the sum over 2 xx."""
    rows = "x,y\n" + "".join(f"{k}e{power},{y}\n" for k, y in ((1, 1), (2, 2.1), (3, 2.9)))
    document, err = fit(cgraph, tmp_path, "w*x - y", rows, "w=1", "--residual", *more)
    if more[:1] == ("--loss",) and power > 150:
        assert document["stopped"] == "it diverged: the cost is not finite"
        assert "it is so at the start" in err
        return
    # The residuals are within the scale of the loss, where it is that of squares.
    w = 13.9 / 14
    total = (1 - w) ** 2 + (2.1 - 2 * w) ** 2 + (2.9 - 3 * w) ** 2
    assert float(document["parameters"]["w"]) * 10.0**power == pytest.approx(w, rel=1e-7)
    assert document["sum_of_squares"] == pytest.approx(total, rel=1e-9)
    if more[:1] != ("--loss",):
        error = float(document["standard_errors"]["w"]) * 10.0**power
        assert error == pytest.approx(np.sqrt(total / 28), rel=1e-7)
    assert document["end"]["reliable"] and not document["doubts"]


def test_columns_at_the_end_of_the_doubles(cgraph: Command, tmp_path: Path) -> None:
    """With w x of 0.5 and -0.5 both residuals are -1.5."""
    rows = "x,y\n1e308,1\n-1e308,2\n"
    document, _ = fit(cgraph, tmp_path, "w*x - y", rows, "w=1", "--residual")
    assert document["cost"] == 2.25 and document["sum_of_squares"] == 4.5
    assert document["standard_errors"]["w"] == pytest.approx(1.5e-308, rel=1e-9)


def test_a_sum_of_squares_beyond_the_doubles_is_told(cgraph: Command, tmp_path: Path) -> None:
    rows = "x,y\n1,1e160\n2,2.1e160\n3,2.9e160\n"
    document, err = fit(cgraph, tmp_path, "w*x - y", rows, "w=1", "--residual")
    assert document["parameters"]["w"] == pytest.approx(13.9e160 / 14, rel=1e-9)
    assert document["end"]["reliable"]
    assert "the sum of squares, and with it the cost, is outside the range" in err


SIDES = "x,y\n-3,0\n-2,0\n-1,0\n1,1\n2,1\n3,1\n"


@pytest.mark.parametrize("more", [("--optimizer", "lbfgs"), (), ("--likelihood",)])
@pytest.mark.parametrize("rows", [SIDES, SIDES.replace("3", "1").replace("2", "1")])
def test_separable_classes_end_at_a_finite_cost(
    rows: str, more: tuple[str, ...], cgraph: Command, tmp_path: Path
) -> None:
    text = "z = w*x + b; -log(sigmoid(z))*y - log(1 - sigmoid(z))*(1 - y)"
    document, err = fit(cgraph, tmp_path, text, rows, "w=0", "b=0", *more)
    x, y = np.array([row.split(",") for row in rows.split()[1:]], dtype=float).T
    z = document["parameters"]["w"] * x + document["parameters"]["b"]
    cost = (np.logaddexp(0, z) - y * z).mean()
    assert document["cost"] == pytest.approx(cost, rel=1e-3, abs=1e-12)
    assert document["cost"] < 1e-5
    assert "grow without bound" in err and not document["end"]["reliable"]
    assert "curves upwards" not in err


@pytest.mark.parametrize("k", ["50", "100"])
def test_what_is_saturated_is_no_kink(k: str, cgraph: Command, tmp_path: Path) -> None:
    rows = "t,y\n0,10\n1,6.1\n2,3.6\n3,2.2\n4,1.4\n"
    start = ("a=1", f"k={k}", "--residual")
    document, err = fit(cgraph, tmp_path, "a*exp(-k*t) - y", rows, *start)
    assert "k does not matter" in err and "kink" not in err
    assert not document["end"]["reliable"]


@pytest.mark.parametrize("start", ["0", "12"])
@pytest.mark.parametrize("more", [(), ("--optimizer", "lbfgs")])
def test_a_minimum_that_is_level_is_one(
    more: tuple[str, ...], start: str, cgraph: Command, tmp_path: Path
) -> None:
    """Any number between the two rows in the middle is a median."""
    document, err = fit(cgraph, tmp_path, "abs(w - y)", LINE, f"w={start}", *more)
    y = np.array([row.split(",")[1] for row in LINE.split()[1:]], dtype=float)
    assert document["cost"] == pytest.approx(np.abs(y - np.median(y)).mean(), rel=1e-12)
    assert document["end"]["reliable"]
    assert "note: w: the cost is level here" in err and "does not matter" not in err


@pytest.mark.parametrize("text", ["(round(w)*x - y)^2", "(round(w)*x + b - y)^2"])
def test_a_step_wants_no_random_numbers(text: str, cgraph: Command, tmp_path: Path) -> None:
    more = ("b=0",) if "b" in text else ()
    _, err = fit(cgraph, tmp_path, text, LINE, "w=1", *more)
    assert "has no slope" in err and "random" not in err
