"""The library gives what the command line prints."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cgcli

Run = Callable[..., Any]


PROGRAM = "p = x + y; g = p*z"
AT = {"x": 1, "y": 3, "z": -3}
WORDS = [PROGRAM, "x=1", "y=3", "z=-3"]


def answers() -> dict[str, tuple[Any, list[str]]]:
    program = cgcli.parse(PROGRAM)
    return {
        "eval": (program.evaluate(AT), ["eval", *WORDS, "--json"]),
        "exact": (program.evaluate_exactly(AT), ["eval", *WORDS, "--exact", "--json"]),
        "trace": (
            program.trace(AT, only="x", hide=["values"]),
            ["trace", *WORDS, "--only", "x", "--hide", "values", "--format", "json"],
        ),
        "draw": (program.draw(AT), ["draw", *WORDS, "--json"]),
        "outline": (program.draw(of="p"), ["draw", PROGRAM, "--no-values", "--of", "p", "--json"]),
        "diff": (program.diff(AT), ["diff", *WORDS, "--json"]),
        "hessian": (
            program.diff(hessian=True, wrt=["x", "z"]),
            ["diff", PROGRAM, "--hessian", "--wrt", "x,z", "--json"],
        ),
        "sheet": (program.sheet(AT, key=True), ["sheet", *WORDS, "--key", "--json"]),
        "check": (
            program.check(["dg/dx = 3", "p = 4"], AT, points="2"),
            ["check", *WORDS, "--answer", "dg/dx = 3", "--answer", "p = 4", "--points", "2"],
        ),
    }


@pytest.mark.parametrize("name", list(answers()))
def test_an_answer_is_the_document_of_its_command(name: str, cgraph: Run) -> None:
    answer, words = answers()[name]
    ran = cgraph(*words, *(["--json"] if name == "check" else []))
    expected = json.loads(ran.out)
    for sheet in expected.get("sheets", ()):
        # What was marked is called after where it came from.
        sheet["sheet"] = "answers"
    assert json.loads(json.dumps(answer.to_dict())) == expected


@pytest.mark.parametrize("name", list(answers()))
def test_an_answer_is_saved_in_all_its_forms(name: str, tmp_path: Path) -> None:
    answer, _ = answers()[name]
    for ending in answer.endings:
        path = tmp_path / f"answer.{ending}"
        answer.save(path)
        assert path.read_bytes() == answer.written(ending)
        assert path.stat().st_size > 20
    assert json.loads((tmp_path / "answer.json").read_text()) == json.loads(
        json.dumps(answer.to_dict())
    )
    with pytest.raises(cgcli.CgraphError) as caught:
        answer.save(tmp_path / "answer.xyz")
    assert ".json" in (caught.value.hint or "")
    assert not (tmp_path / "answer.xyz").exists()


def test_a_notebook_shows_every_answer() -> None:
    shown = {name: answer for name, (answer, _) in answers().items()}
    assert "∂g/∂node" in shown["eval"]._repr_html_()
    assert "-12" in shown["eval"]._repr_html_()
    assert shown["trace"]._repr_markdown_() == shown["trace"].text("markdown")
    assert shown["draw"]._repr_svg_().startswith("<svg")
    assert shown["diff"]._repr_latex_().count("$") == 6
    assert "dg/dp = " in shown["sheet"]._repr_markdown_()
    assert "wrong" in shown["check"]._repr_html_()
    assert 'srcdoc="&lt;!DOCTYPE' in cgcli.parse(PROGRAM).page(AT)._repr_html_()


def test_code_is_saved_as_its_language_has_it(tmp_path: Path) -> None:
    program = cgcli.parse(PROGRAM)
    code = program.export("c", z=-3, name="grad")
    assert code.endings == ("json", "c", "h")
    code.save(tmp_path / "grad.h")
    assert "#ifndef" in (tmp_path / "grad.h").read_text()
    assert "grad" in str(code)
    assert program.export("python").to_dict()["language"] == "python"
    assert "```js" in program.export("js")._repr_markdown_()
    with pytest.raises(cgcli.CgraphError, match="or onnx, not 'cobol'"):
        program.export("cobol")


def test_sheets_of_a_seed_are_checked_against_their_values() -> None:
    program = cgcli.parse(PROGRAM)
    sheet = program.sheet(seed=3, values="rational", key=True)
    assert sheet.check(str(sheet), require="all").complete
    assert not sheet.check({"dg/dz": 1000}).complete
    assert program.check(["dg/dz = p"]).complete


def test_a_program_says_what_it_is() -> None:
    assert repr(cgcli.parse(PROGRAM)) == f"<Program {PROGRAM}, of x, y, z>"
    assert repr(cgcli.parse("2*pi")) == "<Program 2*pi>"


@pytest.mark.parametrize("method", ["trace", "draw", "diff", "sheet"])
def test_a_binding_that_is_not_used_is_an_error(method: str) -> None:
    with pytest.raises(cgcli.CgraphError, match="'w' is bound"):
        getattr(cgcli.parse("x*y"), method)(x=1, y=2, w=3)


def test_a_program_goes_to_another_process_and_back() -> None:
    # A copy is made as a process is sent one.
    program = copy.deepcopy(cgcli.parse("x*y"))
    assert isinstance(program, cgcli.Program)
    assert program.evaluate(x=2, y=3).gradient == {"x": 3.0, "y": 2.0}


def test_the_names_of_the_library_are_listed() -> None:
    assert {"parse", "train", "map", "predict"} <= set(dir(cgcli))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: p.trace(AT, passes=["sideways"]), "passes is forward or backward"),
        (lambda p: p.trace(AT, hide=["formulas"]), "hide is gradients or values"),
        (lambda p: p.trace(AT, digits=50), "digits is a whole number from 1 to 17"),
        (lambda p: p.draw(AT, theme="pink"), "theme is auto, light, dark"),
        (lambda p: p.draw(AT, hide=["names"]), "hide is gradients, values or formulas"),
        (lambda p: p.page(AT, practice="all"), "practice is values or gradients"),
        (lambda p: p.diff(order=0), "order is a whole number from 1 to 20, not 0"),
        (lambda p: p.sheet(seed="a"), "seed cannot be of the type str"),
        (lambda p: p.sheet(seed=1, values="float"), "values is integer, rational or decimal"),
        (lambda p: p.check(["p = 4"], AT, require="some"), "require is answered, all or number"),
        (lambda p: p.check(["p = 4"], AT, reveal="all"), "reveal is verdict, hint or answer"),
        (lambda p: p.check(3, AT), "answers cannot be of the type int"),
        (lambda p: p.export("rust"), "to is python, numpy, c"),
        (lambda p: p.evaluate([1, 3, -3]), "bindings cannot be of the type list"),
        (lambda p: cgcli.map(3, AT), "a program is text, not int"),
        (lambda p: cgcli.map("x", [{"x": 1}]), "data is paths, columns by name or a table"),
        (lambda p: cgcli.predict({"x": [1]}, "model.json"), "model cannot be of the type dict"),
    ],
)
def test_a_keyword_that_cannot_be_used_is_an_error_of_one_sentence(
    call: Callable[[cgcli.Program], Any], message: str
) -> None:
    with pytest.raises(cgcli.CgraphError) as raised:
        call(cgcli.parse(PROGRAM))
    assert raised.value.message.startswith(message)
    assert raised.value.kind == "usage"


def test_one_name_and_a_number_stand_for_a_list_and_a_text(tmp_path: Path) -> None:
    assert list(cgcli.parse("w1*w2").diff(wrt="w1").formulas) == ["f_w1"]
    columns = {"x": [1, 2], "name": ["a", "b"]}
    assert cgcli.map("x^2", columns, keep="name")["name"].tolist() == ["a", "b"]
    marking = cgcli.parse(PROGRAM).check(["p = 4.05"], AT, tolerance=0.1, points=2)
    assert marking.complete
    fit = cgcli.train("w*x - y", {"x": [1, 2], "y": [2, 4]}, {"w": 1}, residual=True)
    fit.save(tmp_path / "model.json")
    assert cgcli.predict(tmp_path / "model.json", {"x": [3]}, of="w*x")["w*x"].tolist() == [6]
