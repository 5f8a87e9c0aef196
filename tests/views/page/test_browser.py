"""Pages in Chromium: every control, numbers against `cgraph eval`, and nothing that leaves them."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cgcli
from cgcli.calculus.explain import Explanation
from cgcli.views.catalogue import catalogue
from cgcli.views.page.page import as_page
from cgcli.views.trace.writing import Wanted
from tests.browser import MARKS, barriers, browser
from tests.concordance import generate
from tests.concordance.agreement import Comparison, Difference
from tests.concordance.answers import answer
from tests.concordance.asking import Reply, by_rows, flat
from tests.concordance.concord import EXTRA, question_of
from tests.concordance.library import evaluate
from tests.concordance.points import points
from tests.concordance.ways import Way

__all__ = ["browser"]

pytestmark = MARKS
NEURON = ("p = sigmoid(w*x + b); cost = (p - y)^2", {"w": 0.7, "x": -1.3, "b": 0.25, "y": 1})
LOOP = (
    "h[0] = 0\nfor t in 0..2 { h[t+1] = tanh(w*h[t] + u*x[t]) }\n(h[3] - y)^2",
    {"w": 0.5, "u": -0.8, "x": [1, 2, -1], "y": 1},
)
NET = (
    "h = relu(W @ x + b); p = softmax(V @ h); -log(p[1])",
    {"W": [[1, -2], [0.5, 0.25]], "x": [0.3, -0.7], "b": [0.1, 0.2], "V": [[1, 2], [3, -4]]},
)
CHOICE = ("where(x > y, x*y, exp(x)) + relu(x) + log(y) + max(x, y)", {"x": 1.25, "y": 0.75})
PROGRAMS = {"neuron": NEURON, "loop": LOOP, "net": NET, "choice": CHOICE}
PROGRAMS_AT_SLIDERS = 500


class Opened:
    """A page that is open, and what it said and asked for."""

    def __init__(self, browser: Any, file: Path, **settings: Any) -> None:
        self.page = browser.new_page(**settings)
        self.said: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())

    def run(self, script: str, *arguments: Any) -> Any:
        return self.page.evaluate(script, *arguments)

    def close(self) -> None:
        self.page.close()
        assert self.said == []
        assert len(self.requests) == 1


Open = Callable[..., Opened]


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Open]:
    pages: list[Opened] = []

    def open_page(
        text: str, at: dict[str, Any], blanks: tuple[str, ...] = (), **settings: Any
    ) -> Opened:
        result = cgcli.parse(text).evaluate(at)
        language = settings.pop("language", "en")
        wanted = Wanted("page", language, title="A page", practice=blanks)
        pieces = as_page(Explanation(result), wanted, catalogue(language))
        file = tmp_path / "page.html"
        file.write_text("".join(pieces), encoding="utf-8")
        pages.append(Opened(browser, file, **settings))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()


NUMBERS = (
    "() => [Object.fromEntries(data.keys.map((key, k) => [key, numbers[k]])), [...state.inputs]]"
)


def compared(page: Opened, text: str) -> None:
    """The page's numbers are those of the evaluation at its inputs, node by node."""
    numbers, inputs = page.run(NUMBERS)
    result = cgcli.parse(text).evaluate(bound(text, page, inputs))
    for node in range(len(result.graph)):
        if f"v{node}" in numbers:
            value = np.asarray(numbers[f"v{node}"])
            assert value == pytest.approx(np.asarray(result.values[node]), rel=1e-12)
        if f"g{node}" in numbers and result.active[node]:
            slope = np.asarray(numbers[f"g{node}"])
            wanted = np.asarray(result.grad(node), dtype=float)
            assert slope == pytest.approx(wanted, rel=1e-11, abs=1e-14)


def bound(text: str, page: Opened, inputs: list[list[Any]]) -> dict[str, Any]:
    names = {node["id"]: node["name"] for node in page.run("() => data.nodes")}
    return {names[node]: value for node, value in inputs}


FINISH = "() => finish()"
"""What is out of sight is filled in a little later, unless it is asked for."""
SLIDE = """ratios => {
    const sliders = [...document.querySelectorAll("#inputs input[type=range]:not([disabled])")];
    sliders.forEach((slider, k) => {
        slider.value = Number(slider.min) + ratios[k % ratios.length]*(slider.max - slider.min);
        slider.dispatchEvent(new Event("input", { bubbles: true }));
    });
}"""


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_control_does_what_it_says(name: str, opened: Open) -> None:
    text, at = PROGRAMS[name]
    page = opened(text, at)
    tab = page.page
    count = page.run("() => steps.length")
    assert tab.locator("#player output").inner_text() == "Everything is known"
    tab.click("#first")
    assert tab.locator("#player output").inner_text() == "What is given"
    page.run(FINISH)
    blanks = tab.locator(".slot.blank").count()
    assert blanks > count
    assert tab.locator("svg.graph text.value").all_text_contents().count("") > 0
    for step in range(1, count + 1):
        tab.click("#forth")
        page.run(FINISH)
        assert f"Step {step} of {count}" in tab.locator("#player output").inner_text()
        assert tab.locator("li.now").count() == 1
        assert tab.locator("svg.graph g[data-node].now").count() == 1
        assert tab.locator("svg.graph g[data-from].now").count() >= 1
        assert tab.locator(".slot.blank").count() <= blanks
        blanks = tab.locator(".slot.blank").count()
    assert blanks == 0
    tab.click("#back")
    assert f"Step {count - 1} of" in tab.locator("#player output").inner_text()
    tab.click("#last")
    tab.locator("#step").focus()
    tab.keyboard.press("ArrowLeft")
    assert f"Step {count} of" in tab.locator("#player output").inner_text()
    tab.locator("button.number").first.click()
    assert "Step 1 of" in tab.locator("#player output").inner_text()
    tab.keyboard.press("ArrowRight")
    assert "Step 2 of" in tab.locator("#player output").inner_text()
    tab.keyboard.press("End")
    compared(page, text)
    for field in tab.locator("#inputs input[type=text]:not([disabled])").all():
        field.fill("0.375")
        field.press("Tab")
    compared(page, text)
    page.run(SLIDE, [0.21, 0.67, 0.83])
    compared(page, text)
    page.run(FINISH)
    shown = tab.locator("#rows .row.gradient .last .slot").all_text_contents()
    sources = {node["name"]: node["id"] for node in page.run("() => data.nodes")}
    for said, source in zip(shown, cgcli.parse(text).evaluate(at).sources, strict=False):
        key = f"g{sources[source]}"
        value = page.run("key => Array.isArray(of(key)) ? '' : written(of(key))", key)
        assert not value or said == value
    before = page.run(NUMBERS)[1]
    for box in tab.locator("#inputs input[type=checkbox]:not([disabled])").all():
        box.uncheck()
        box.check()
    costs = len(page.run("() => state.history"))
    tab.fill("#rate", "0.01")
    tab.click("#take")
    tab.click("#take")
    assert len(page.run("() => state.history")) == costs + 2
    assert tab.locator("#descent circle").count() == costs + 2
    compared(page, text)
    assert page.run(NUMBERS)[1] != before
    tab.click("#reset")
    assert bound(text, page, page.run(NUMBERS)[1]) == at


def test_a_step_downhill_is_the_rate_times_the_gradient(opened: Open) -> None:
    text, at = NEURON
    page = opened(text, at)
    page.page.fill("#rate", "0.5")
    page.page.locator("#inputs input[type=checkbox]").nth(1).uncheck()
    page.page.click("#take")
    gradient = cgcli.parse(text).evaluate(at).gradient
    assert gradient
    wanted = {name: value - 0.5 * gradient[name] * (name != "x") for name, value in at.items()}
    assert bound(text, page, page.run(NUMBERS)[1]) == pytest.approx(wanted, rel=1e-14)


def test_play_goes_through_the_steps(opened: Open) -> None:
    page = opened(*NEURON)
    page.page.clock.install()
    page.page.click("#first")
    page.page.click("#play")
    assert page.page.locator("#play").get_attribute("aria-label") == "Pause"
    page.page.clock.run_for(30_000)
    assert page.page.locator("#player output").inner_text() == "Everything is known"
    assert page.page.locator("#play").get_attribute("aria-label") == "Play"


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_said_of_nodes_and_arrows(name: str, opened: Open) -> None:
    text, at = PROGRAMS[name]
    page = opened(text, at)
    result = cgcli.parse(text).evaluate(at)
    explanation = Explanation(result)
    for group in page.page.locator("svg.graph g[role=button]").all():
        group.dispatch_event("pointerenter")
        assert page.page.locator("#details h3").count() == 1
        node = group.get_attribute("data-node")
        if node is None or result.grad(int(node)) is None or int(node) == result.of:
            continue
        received = [part for part in explanation.received(int(node)) if part.sent is not None]
        rows = page.page.locator("#details tbody tr")
        assert rows.count() >= len(received)
        if rows.count() and not np.shape(result.grad(int(node))):
            total = rows.last.locator("td").last.inner_text()
            wanted = page.run("x => written(x)", result.grad(int(node)))
            assert total == wanted
    if name == "loop":
        # A shared weight has its ledger, a row for each turn of the loop.
        page.page.locator('svg.graph g[data-node="1"]').first.dispatch_event("pointerenter")
        turns = page.page.locator("#details tbody tr td:nth-child(2)").all_text_contents()
        assert ["".join(turn.split()) for turn in turns] == ["t=2", "t=1", "t=0"]
        assert page.page.locator("#details .paths li").count() == 3


def test_the_graph_is_gone_through_by_keys(opened: Open) -> None:
    page = opened(*NEURON)
    tab = page.page
    assert tab.locator('svg.graph [tabindex="0"]').count() == 1
    tab.locator('svg.graph [tabindex="0"]').focus()
    labels = [tab.locator("svg.graph :focus").get_attribute("aria-label")]
    for _ in range(page.run("() => picture.stops.length") - 1):
        tab.keyboard.press("ArrowRight")
        labels.append(tab.locator("svg.graph :focus").get_attribute("aria-label"))
    assert len({*labels}) == len(labels)
    assert labels[0].startswith("w, Value 0.7, Gradient ")
    assert "What flows from w to v1" in labels


NOTED = [
    ("relu(x)*y", {"x": 1, "y": 2}, "x", "0", "kink: relu(x) has a corner at 0"),
    ("log(x)*y", {"x": 1, "y": 2}, "x", "-2", "domain: log(x) is not defined at x = −2"),
    ("exp(x)*y", {"x": 1, "y": 2}, "x", "1000", "overflow: exp(x) is beyond the largest double"),
    ("x/y - x/y", {"x": 1, "y": 2}, "y", "0", "domain: x / y is not defined at x = 1, y = 0"),
]


@pytest.mark.parametrize(("text", "at", "name", "typed", "note"), NOTED)
def test_notes_come_and_go_with_the_inputs(
    text: str, at: dict[str, Any], name: str, typed: str, note: str, opened: Open
) -> None:
    page = opened(text, at)
    tab = page.page
    place = [*cgcli.parse(text).graph().inputs].index(name)
    field = tab.locator("#inputs input[type=text]").nth(place)
    assert tab.locator("#notes .note").count() == 0
    field.fill(typed)
    tab.wait_for_selector("#notes .note")
    assert tab.locator("#notes .note").first.inner_text().replace("\n", "").startswith(note)
    assert tab.locator("svg.graph .noted").count() >= 1
    field.fill("0.5")
    tab.wait_for_selector("#notes .note", state="detached")
    assert tab.locator("svg.graph .noted").count() == 0


def test_answers_are_marked_as_they_are_typed(opened: Open) -> None:
    text, at = "p = x*y; q = p + x; q^2", {"x": 2, "y": 3}
    page = opened(text, at, ("gradients", "values"))
    tab = page.page
    fields = tab.locator(".answer")
    keys = [field.get_attribute("data-key") for field in fields.all()]
    assert keys[:3] == ["v2", "v3", "v5"]
    assert tab.locator("#learning").is_hidden()
    everything = tab.locator("body").inner_text()
    assert not {"64", "16", "48"} & {*everything.split()}
    marks = tab.locator(".mark")
    for key, typed, kind in (
        ("v2", "6", "right"), ("v2", "7", "wrong"), ("v3", "9", "follows"), ("v5", "81", "follows"),
        ("v5", "64", "right"), ("v5", "63", "wrong"), ("v2", "6", "right"), ("v3", "8.0", "right"),
        ("s5_0", "18", "wrong"), ("s5_0", "16", "right"), ("v3", "9", "wrong"),
        ("s5_0", "18", "follows"), ("s3_0", "18", "follows"), ("s3_0", "2", "wrong"),
    ):  # fmt: skip
        tab.locator(f'.answer[data-key="{key}"]').fill(typed)
        assert kind in marks.nth(keys.index(key)).get_attribute("class"), (key, typed, kind)
    names = [field.get_attribute("aria-label") for field in fields.all()]
    assert len({*names}) == len(names)
    # What is wrong stands in its field alone, and what is no number is said to be none.
    for typed, kind, shown in (("17", "wrong", 0), ("four", "unread", 0), ("16", "right", 1)):
        tab.locator('.answer[data-key="s5_0"]').fill(typed)
        assert kind in marks.nth(keys.index("s5_0")).get_attribute("class")
        tab.evaluate(FINISH)
        graph = tab.locator("svg.graph").evaluate("svg => svg.textContent")
        assert graph.count(typed) == shown, graph
    assert "Everything is known" not in tab.locator("#player").inner_text()
    tab.wait_for_timeout(100)
    assert f"of {len(keys)} are right" in tab.locator("#score").inner_text()
    assert tab.evaluate("() => localStorage.length + document.cookie.length") == 0


@pytest.mark.parametrize(
    ("name", "scheme", "language"),
    [
        ("neuron", "light", "en"), ("neuron", "dark", "zh"), ("loop", "dark", "en"),
        ("net", "light", "zh"), ("choice", "dark", "en"), ("practice", "light", "en"),
        ("practice", "dark", "zh"), ("static", "light", "en"),
    ],
)  # fmt: skip
def test_nothing_is_in_the_way_of_anybody(
    name: str, scheme: str, language: str, opened: Open
) -> None:
    blanks = ("gradients", "values") if name == "practice" else ()
    text, at = ("[x, 2*x]", {"x": 1}) if name == "static" else PROGRAMS.get(name, NEURON)
    page = opened(text, at, blanks, color_scheme=scheme, language=language)
    for act in ("() => 0", "() => go(2)", "() => choose({ node: 0 }, true)"):
        page.run(act)
        page.page.wait_for_timeout(150)
        found = barriers(page.page)
        assert not found, json.dumps(found, indent=1)


@pytest.mark.parametrize("width", [360, 820, 1440])
@pytest.mark.parametrize("name", PROGRAMS)
def test_no_page_is_wider_than_its_window(name: str, width: int, opened: Open) -> None:
    page = opened(*PROGRAMS[name], viewport={"width": width, "height": 800})
    assert page.run("() => document.documentElement.scrollWidth") <= width
    assert page.page.locator("#take").bounding_box()["width"] > 60


def test_the_numbers_are_those_of_eval_at_random_sliders(browser: Any, tmp_path: Path) -> None:
    """Five hundred random programs, each with its sliders anywhere, judged as every way is."""
    counts: Counter[str] = Counter()
    differences: list[Difference] = []
    way = Way("page", lambda question: [])
    seed = done = 0
    tab = browser.new_page()
    said: list[str] = []
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("console", lambda message: said.append(message.text))
    file = tmp_path / "page.html"
    while done < PROGRAMS_AT_SLIDERS:
        seed += 1
        program = generate.program(seed, EXTRA)
        point = points(program, seed, 2)[1]
        question = question_of(program, [point], [])
        if question.elements > 1 or not program.inputs:
            continue
        result = question.parsed.evaluate(question.bindings(point))
        file.write_text(
            "".join(as_page(Explanation(result), Wanted("page"), catalogue("en"))), "utf-8"
        )
        tab.goto(file.as_uri())
        chance = random.Random(f"sliders {seed}")
        tab.evaluate(SLIDE, [chance.random() for _ in program.inputs])
        numbers, inputs = tab.evaluate(NUMBERS)
        nodes = {node: name for name, node in result.graph.inputs.items()}
        moved = {**point, **{nodes[node]: flat(value) for node, value in inputs}}
        right = answer(program, moved)
        asked = question_of(program, [moved], [right])
        slopes = {
            name: by_rows(flat(numbers.get(f"g{node}", np.zeros(result.graph.shape(node)))), 1)
            for name, node in result.graph.inputs.items()
            if name in result.sources
        }
        reply = Reply(flat(numbers[f"v{result.of}"]), slopes)
        first = evaluate(asked)[0]
        differences += Comparison(seed, right, way, reply, first, counts).differences()
        done += 1
    tab.close()
    assert said == []
    assert differences == []
    assert counts["numbers"] > PROGRAMS_AT_SLIDERS
