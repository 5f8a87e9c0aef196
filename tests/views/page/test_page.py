"""`cgraph page`: what stands in the file, what cannot, and where the page stays static."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cgcli
from cgcli.calculus.explain import Explanation
from cgcli.export.nodes import Numbers
from cgcli.export.targets import target
from cgcli.views.catalogue import catalogue
from cgcli.views.signs import PRINTED
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.writing import Shown
from tests.views.page.reading import Markup, code_of, data_of, digest

Run = Callable[..., Any]
SEED = ("p = x + y; g = p*z", "x=1", "y=3", "z=-3")
HOSTILE = [
    "x_1*y # <script>alert(1)</script> & </pre> <img src=http://x onerror=alert(1)>",
    "x_1*y # --> <!-- ]]> </style></title></script>",
    "x_1*y # tab\tescape\x1b[31m bell\x07 override\u202e nul",
    "script = x_1*y; __proto__ = script + 1; constructor = __proto__*2",
    "toString = x_1*y; f = toString + 1",
]


def page_of(cgraph: Run, *words: str, **more: Any) -> str:
    ran = cgraph("page", *words, **more)
    assert (ran.status, ran.err) == (0, "")
    page: str = ran.out
    return page


def test_the_policy_lets_one_script_and_one_style_run(cgraph: Run) -> None:
    page = page_of(cgraph, *SEED)
    markup = Markup(page)
    policy = next(v for name, v in markup.attributes if name == "content" and "default-src" in v)
    script, style = markup.texts["script"], markup.texts["style"]
    assert policy == (
        f"default-src 'none'; script-src '{digest(script)}'; style-src '{digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert markup.tags.count("script") == 2
    assert not {"link", "img", "iframe", "object", "form", "base"} & {*markup.tags}
    names = {name for name, _ in markup.attributes}
    assert not {name for name in names if name.startswith("on")} | {"src", "style"} & names
    assert not re.search(r"(?:https?:)?//\w+\.\w+(?!.*w3\.org)", style)
    links = re.findall(r"https?://[^\s\"')]+", page)
    assert {*links} <= {"http://www.w3.org/1998/Math/MathML", "http://www.w3.org/2000/svg"}
    assert not re.search(
        r"\b(?:eval|Function|fetch|XMLHttpRequest|localStorage|innerHTML)\b", script
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_program_is_text(text: str, cgraph: Run) -> None:
    calm = Markup(page_of(cgraph, "x_1*y", "x_1=2", "y=3"))
    page = page_of(cgraph, "-", "x_1=2", "y=3", stdin=text.encode())
    markup = Markup(page)
    kinds = {"script", "img", "style", "pre", "meta"}
    assert [t for t in markup.tags if t in kinds] == [t for t in calm.tags if t in kinds]
    assert "alert(1)" not in markup.texts["script"]
    data = data_of(page)
    assert data["live"]
    assert {node["name"] for node in data["nodes"]} >= {"x_1", "y"}
    title = page_of(cgraph, *SEED, "--title", "</title><script>alert(1)</script>")
    assert Markup(title).texts["h1"] == "</title><script>alert(1)</script>"


def test_a_page_of_sixty_nodes_is_small(cgraph: Run) -> None:
    text = "h[0] = x\nfor t in 0..10 { h[t+1] = tanh(w*h[t] + u*x + b) }\n(h[11] - y)^2"
    page = page_of(cgraph, text, "x=1", "w=0.5", "u=0.25", "b=0.1", "y=1")
    assert len(data_of(page)["nodes"]) >= 60
    assert len(page.encode()) <= 300_000


def test_every_number_has_a_key(cgraph: Run) -> None:
    """The values and gradients of `cgraph eval`, and the parts of each gradient."""
    data = data_of(page_of(cgraph, *SEED))
    assert data["keys"][:5] == ["v0", "v1", "v2", "v3", "v4"]
    assert {"g0", "g4", "p2_0", "s2_1", "s4_0"} <= {*data["keys"]}
    assert [row["kind"] for row in data["rows"] if row.get("number")] == [
        "forward", "forward", "backward", "backward",
    ]  # fmt: skip
    assert [row["node"] for row in data["rows"] if row.get("number")] == [2, 4, 4, 2]


def test_cases_of_a_derivative_are_all_there(cgraph: Run) -> None:
    data = data_of(page_of(cgraph, "where(x > 0, relu(x), x^2)", "x=1"))
    (relu,) = [node["id"] for node in data["nodes"] if "relu" in node["formula"]]
    rows = [row for row in data["rows"] if row["kind"] == "local" and row["node"] == relu]
    assert [row["sides"][1] for row in rows] == ["1", "0"]
    assert [row["when"] for row in rows] == [[[f"c{relu}_0_0", 1]], [[f"c{relu}_0_1", 1]]]
    nothing = [row for row in data["rows"] if row["kind"] == "nothing"]
    of = data["output"]
    assert [row.get("when", []) for row in nothing] == [[], [[f"r{of}_1", 0]], [[f"r{of}_2", 0]]]


def test_what_the_graph_was_built_with_is_fixed(cgraph: Run) -> None:
    text = "h[0] = 0\nfor t in 0..n { h[t+1] = tanh(w*h[t] + 1) }\nh[n]"
    data = data_of(page_of(cgraph, text, "n=2", "w=0.5"))
    fixed = {node["name"]: i["fixed"] for i in data["inputs"] for node in data["nodes"]
             if node["id"] == i["node"]}  # fmt: skip
    assert fixed == {"n": True, "w": False}
    assert len(data["arguments"]) == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["trace", "x/3", "x=1", "--exact", "--format", "html"], "fractions"),
        (["page", "[x, 2*x]", "x=1"], "the output is a list"),
        (["trace", "x*y", "x=2", "y=3", "--hide", "values", "--format", "html"], "left out"),
    ],
)
def test_a_page_that_cannot_move_says_why(words: list[str], why: str, cgraph: Run) -> None:
    ran = cgraph(*words)
    data = data_of(ran.out)
    assert why in data["why"]
    assert not data["live"]
    assert "const compute" not in ran.out
    assert not any("\x0e" in side for row in data["rows"] for side in row.get("sides", []))


def test_what_javascript_lacks_is_named(cgraph: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(target("js").templates, "sinh")  # type: ignore[arg-type]
    data = data_of(page_of(cgraph, "y = sinh(x); y^2", "x=1"))
    assert data["why"] == "there is no sinh in JavaScript: y = sinh(x)"
    ran = cgraph("page", "y = sinh(x); y^2", "x=1", "--practice", "values")
    assert ran.status == 2
    assert "there is no sinh in JavaScript: y = sinh(x)" in ran.err


def test_a_static_page_has_the_lines_of_the_trace(cgraph: Run) -> None:
    data = data_of(cgraph("trace", "x/3 + 1/y", "x=1", "y=-2", "--exact", "--format", "html").out)
    from cgcli.calculus.exactly import Exactly
    from cgcli.limits import Limits

    program = cgcli.parse("x/3 + 1/y")
    kind = Exactly(Limits())
    result = kind.evaluate(program.graph(), kind.inputs({"x": 1, "y": -2}))
    lines = Lines(Explanation(result), PRINTED, Shown())
    assert [tuple(row.get("sides", ())) for row in data["rows"]] == [line.sides for line in lines]


def test_nothing_is_left_to_fill_in_of_a_static_page(cgraph: Run) -> None:
    ran = cgraph("page", "[x, 2*x]", "x=1", "--practice", "values")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        "error: there is nothing to fill in: the output is a list, and a gradient is of a number\n"
        "hint: leave --practice out\n"
    )


def test_the_languages_of_a_page(cgraph: Run) -> None:
    page = page_of(cgraph, *SEED, "--lang", "zh")
    data = data_of(page)
    assert data["rows"][0]["label"] == catalogue("zh").say(next(iter(Lines(
        Explanation(cgcli.parse("x").evaluate(x=1)), PRINTED, Shown()))).label)  # fmt: skip
    assert data["words"]["play"] == "播放"
    assert '<html lang="zh">' in page


def test_a_trace_opens_at_its_steps(cgraph: Run) -> None:
    data = data_of(cgraph("trace", *SEED, "--format", "html").out)
    assert data["opens"] == "steps"
    assert data_of(page_of(cgraph, *SEED))["opens"] == "graph"


def test_a_page_needs_no_pictures_of_a_trace(cgraph: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.util import find_spec

    without = lambda name: None if name == "graphlay" else find_spec(name)
    monkeypatch.setattr("cgcli.views.page.page.find_spec", without)
    assert "<svg" not in cgraph("trace", *SEED, "--format", "html").out.partition("<script>")[0]


def test_names_of_a_program_are_no_names_of_the_code(cgraph: Run) -> None:
    page = page_of(cgraph, "v1 = r0*f; v1 + data + Math", "r0=2", "f=3", "data=1", "Math=5")
    head = re.search(r"function f\((.*?)\)", code_of(page))
    assert head
    assert head[1].split(", ") == ["r0", "f", "data", "Math_"]


def test_what_answers_follow_from_takes_numbers_of_its_own() -> None:
    graph = cgcli.parse("p = x*y; p + sin(p)").graph()
    numbers = Numbers(graph, {}, answered=True)
    numbers.values()
    numbers.backward(graph.output, graph.dependents(graph.inputs.values()))
    assert [*numbers.arguments][:3] == ["x", "y", "#v2"]
    assert list(numbers.keys) == ["v2", "v3", "v4", "s2_0", "s2_1", "s3_0", "s4_0", "s4_1"]
    assert "Math.sin(v_v2)" in numbers.code("f")


def test_every_sentence_of_a_page_is_said_in_it() -> None:
    folder = Path(cgcli.__file__).parent / "views" / "page"
    words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
    scripts = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.js"))
    markup = (folder / "page.html").read_text(encoding="utf-8")
    unsaid = [key for key in words if f'"{key}"' not in scripts and f"${key}" not in markup]
    assert unsaid == []


@pytest.mark.parametrize("name", ["page.pdf", "page.png"])
def test_a_page_is_written_under_no_name_of_something_else(
    cgraph: Run, tmp_path: Path, name: str
) -> None:
    ran = cgraph("page", *SEED, "-o", str(tmp_path / name))
    assert ran.status == 2
    assert ran.err.endswith("hint: end the name with .html\n")
    assert not list(tmp_path.iterdir())
    assert cgraph("page", *SEED, "-o", str(tmp_path / "page")).status == 0
