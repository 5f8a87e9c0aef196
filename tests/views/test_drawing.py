"""`cgraph draw`: what is drawn, where it stands, and that it can be read.

Places are computed from the picture's own text, in `tests/views/geometry.py`; what should be
there comes from `cgraph eval --json`.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import struct
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ET
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import cgcli
from cgcli.views.drawing import layout
from cgcli.views.drawing.files import as_dot, as_mermaid, as_svg
from cgcli.views.drawing.placed import _Columns, folded, scale, transposed
from cgcli.views.drawing.scene import Arrow, Picture, Scene, Shape, scene
from tests.amounts import portion, sampled
from tests.documents import validate
from tests.properties.programs import Program, programs
from tests.views.geometry import (
    Drawing,
    Use,
    bits,
    contrast,
    faults,
    read_dot,
    read_mermaid,
    read_svg,
    read_terminal,
    styles,
    uses,
)

Run = Callable[..., Any]

SEED = ("p = x + y; g = p*z", "x=1", "y=3", "z=-3")
LOOP = (
    "h[0]=0; for t in 0..2 { h[t+1]=tanh(w*h[t]+u*x[t]+b) } sum([h[t]^2 for t in 1..3])",
    *("w=0.5", "u=-0.8", "x=[1,2,-1]", "b=0.1"),
)
SHARED = ("a=w*x; b=sin(w)+a; w*b+a/b", "w=0.6", "x=1.7")
_UNITS = [f"h{k} = tanh(w{k}1*x1 + w{k}2*x2 + b{k})" for k in (1, 2, 3, 4)]
NETWORK = (
    "; ".join([*_UNITS, f"({' + '.join(f'v{k}*h{k}' for k in (1, 2, 3, 4))} - y)^2"]),
    *(f"w{k}{j}=0.{k}{j}" for k in (1, 2, 3, 4) for j in (1, 2)),
    *(f"{name}{k}=-0.{k}7" for name in "bv" for k in (1, 2, 3, 4)),
    *("x1=1.5", "x2=-2", "y=0.5"),
)
LONG = ("learning_rate_of_the_layer * momentum_of_the_optimiser_in_use_here + bias_of_unit^2",)
PROGRAMS: dict[str, tuple[str, ...]] = {
    "seed": SEED,
    "neuron": ("1/(1+exp(-(w*x+b)))", "w=0.7", "x=-1.3", "b=0.25"),
    "shared weight": SHARED,
    "recurrence": LOOP,
    "network": NETWORK,
    "square": ("x*x", "x=3"),
    "chain of sums": ("a = x + x; b = a + a; c = b + b; c + c", "x=0.7"),
    "matrices": ("sum(tanh(W @ x + b)^2)", "W=[[1,2,3],[4,5,6]]", "x=[0.1,-0.2,0.3]", "b=[1,2]"),
    "long names": (
        *LONG,
        *("learning_rate_of_the_layer=0.001", "momentum_of_the_optimiser_in_use_here=-123456789"),
        "bias_of_unit=1.23456e-20",
    ),
    "Greek names": ("σ = α*β1; Ω_out = σ + λ^2; Ω_out*σ", "α=1.5", "β1=-2", "λ=3"),
    "unused statements": ("; ".join(f"a{k} = x^{k}*y" for k in range(1, 21)), "x=1.1", "y=2"),
    "choices": ("where(x > y, max(x, y, 1), clip(y, -1, 1)) + where(x < 0, x, 2*y)", "x=2", "y=-3"),
    "lone input": ("x", "x=3"),
    "lone number": ("5",),
    "named numbers": ("k = 2; k*x + sin(k) + pi*x", "x=0.3"),
    "not finite": ("log(x)*y + exp(z)", "x=-1", "y=2", "z=1000"),
}
BOUND = settings(
    deadline=None,
    max_examples=portion(40),
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


# --- what should be there ------------------------------------------------------------------


class Wanted(NamedTuple):
    """What `cgraph eval` says of a program: its nodes, and the output's number."""

    nodes: list[dict[str, Any]]
    output: int

    def is_drawn(self, k: int) -> bool:
        """Whether a node is no typed number, or one that has a name of its own."""
        node = self.nodes[k]
        return node["op"] != "constant" or node["name"] != node["formula"] or k == self.output

    def edges(self) -> Counter[tuple[int, int]]:
        pairs = ((a, n["id"]) for n in self.nodes for a in n["args"] if self.is_drawn(a))
        return Counter(pairs)

    def operations(self) -> list[int]:
        return [node["id"] for node in self.nodes if node["args"]]


ASKED: dict[tuple[str, ...], Wanted] = {}
"""The answers so far, by what was asked."""


def wanted(cgraph: Run, *words: str) -> Wanted:
    if words not in ASKED:
        ran = cgraph("eval", *words, "--json")
        assert ran.status == 0, ran.out
        document = json.loads(ran.out)
        names = [node["name"] for node in document["nodes"]]
        outputs = [k for k, name in enumerate(names) if name == document["output"]]
        ASKED[words] = Wanted(document["nodes"], outputs[-1])
    return ASKED[words]


def shown(value: Any, digits: int = 4) -> set[str]:
    """How a picture may show a number of `cgraph eval --json`: a small array whole, or its shape.

    A shape may stand for any array of two dimensions, and what is long in characters.
    """
    array = np.asarray(value, dtype=float)
    if not array.shape:
        return {written(array, digits)}
    shape = "×".join(map(str, array.shape)) if array.ndim > 1 else f"[…] of {len(array)}"
    whole = written(array, digits)
    return {whole} if array.size <= 3 and len(whole) <= 24 else {whole, shape}


def written(array: Any, digits: int) -> str:
    if not array.shape:
        return f"{float(array) + 0.0:.{digits}g}"
    return f"[{', '.join(written(each, digits) for each in array)}]"


def short(name: str, most: int) -> str:
    """A name, its middle left out if it is long."""
    half = (most - 1) // 2
    return name if len(name) <= most else f"{name[:half]}…{name[-half:]}"


def nodes_of(drawing: Drawing, graph: Wanted) -> list[int]:
    """The node of each shape, by the name that stands before its formula."""
    by_name = {short(n["name"], 40): n["id"] for n in graph.nodes if graph.is_drawn(n["id"])}
    return [by_name[shape.name] for shape in drawing.shapes]


def check_numbers(drawing: Drawing, graph: Wanted, digits: int = 4) -> None:
    """Every number stands where it belongs, and contributions add up to the printed sum."""
    found = nodes_of(drawing, graph)
    contributions: dict[int, list[str]] = defaultdict(list)
    for use in uses(drawing):
        node = graph.nodes[found[use.source]]
        assert use.value in shown(node["value"], digits)
        if use.target < 0:
            assert use.gradient in {"", *shown_gradient(node, digits)}
        elif use.gradient:
            contributions[node["id"]].append(use.gradient)
    for node in graph.nodes:
        sums = [
            text.text
            for shape, k in zip(drawing.shapes, found, strict=True)
            for text in shape.texts
            if k == node["id"] and text.kind == "gradient"
        ]
        sent = contributions[node["id"]]
        if len(sent) > 1:
            assert len(sums) == 1
            assert sums[0].removeprefix("Σ ") in shown_gradient(node, digits)
            if digits == 17 and all("×" not in text and "…" not in text for text in sent):
                total = sum(np.asarray(json.loads(as_json(text)), float) for text in sent)
                # Each part is written to 17 digits, so only their sum is rounded.
                np.testing.assert_allclose(total, np.asarray(node["grad"], float), 1e-12, 1e-300)
        else:
            assert not sums
            assert not sent or sent[0] in shown_gradient(node, digits)


def as_json(text: str) -> str:
    return re.sub(r"\bnan\b", "NaN", re.sub(r"\binf\b", "Infinity", text))


def shown_gradient(node: dict[str, Any], digits: int) -> set[str]:
    return {""} if node["grad"] is None else shown(node["grad"], digits)


def check_parts(drawing: Drawing, graph: Wanted) -> None:
    """Each arrow shows the user's gradient times its own derivative, where both are numbers."""
    found = nodes_of(drawing, graph)
    expected: dict[tuple[int, int], list[float]] = defaultdict(list)
    shown_parts: dict[tuple[int, int], list[float]] = defaultdict(list)
    for node in graph.nodes:
        if not isinstance(node["value"], float) or node["grad"] is None:
            continue
        for k, partial in zip(node["args"], node["partials"], strict=True):
            if isinstance(partial, float) and isinstance(graph.nodes[k]["value"], float):
                expected[k, node["id"]].append(partial * node["grad"])
    for use in uses(drawing):
        key = found[use.source], found[use.target] if use.target >= 0 else -1
        if key in expected and use.gradient:
            shown_parts[key].append(float(use.gradient))
    for key, parts in shown_parts.items():
        assert sorted(parts) == pytest.approx(sorted(expected[key])[-len(parts) :], rel=1e-12)


COMMUTATIVE = {"add", "mul", "max", "min", "hypot", "eq", "ne", "dot"}


def check_order(arrows: Iterable[Use], found: list[int], graph: Wanted) -> None:
    """Arguments arrive from the top as they are written, where their order says something."""
    arriving: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for use in arrows:
        if use.target >= 0:
            arriving[use.target].append((use.height, found[use.source]))
    for target, sources in arriving.items():
        node = graph.nodes[found[target]]
        if node["op"] not in COMMUTATIVE:
            expected = [argument for argument in node["args"] if graph.is_drawn(argument)]
            assert [source for _, source in sorted(sources)] == expected, node["formula"]


def check_drawing(drawing: Drawing, graph: Wanted) -> None:
    """Everything has its place, every node one shape, and every use one arrow."""
    assert list(faults(drawing)) == []
    found = nodes_of(drawing, graph)
    again = [shape.kind == "input again" for shape in drawing.shapes]
    counts = Counter(k for k, copy in zip(found, again, strict=True) if not copy)
    assert counts == Counter(node["id"] for node in graph.nodes if graph.is_drawn(node["id"]))
    assert all(not graph.nodes[k]["args"] for k, c in zip(found, again, strict=True) if c)
    assert not any(again) or len(graph.nodes) > 100 or drawing.bands
    arrows = uses(drawing)
    check_order(arrows, found, graph)
    edges = Counter((found[u.source], found[u.target]) for u in arrows if u.target >= 0)
    assert edges == graph.edges()
    used = {source for source, _ in graph.edges()}
    ends = Counter(found[u.source] for u in arrows if u.target < 0)
    assert set(ends) <= set(counts) - used
    for shape, k in zip(drawing.shapes, found, strict=True):
        is_output = k == graph.output and bool(graph.nodes[k]["args"])
        assert (shape.kind == "output") == is_output
        (name,) = (t for t in shape.texts if t.kind in ("name", "quiet"))
        assert name.text == short(graph.nodes[k]["name"], 24)


# --- SVG -----------------------------------------------------------------------------------


def check_notes(err: str) -> None:
    """Nothing is said but where a derivative is a convention, as `cgraph eval` says below."""
    assert all(re.match(r"(domain|overflow|kink): ", line) for line in err.splitlines()), err


DRAWN: dict[tuple[str, ...], str] = {}
"""The pictures so far, by the name of the file and what was asked: several tests look at one."""


@pytest.fixture
def drawn(cgraph: Run, tmp_path: Path) -> Callable[..., str]:
    """The text of a picture, through the command line."""

    def call(*words: str, name: str = "picture.svg") -> str:
        if (name, *words) in DRAWN:
            return DRAWN[name, *words]
        folder = tmp_path / "drawn"
        folder.mkdir()
        ran = cgraph("draw", *words, "-o", str(folder / name))
        assert (ran.status, ran.out) == (0, "")
        check_notes(ran.err)
        assert [p.name for p in folder.iterdir()] == [name]
        text = (folder / name).read_text("utf-8")
        shutil.rmtree(folder)
        DRAWN[name, *words] = text
        return text

    return call


@pytest.mark.parametrize("words", PROGRAMS.values(), ids=PROGRAMS)
def test_everything_has_a_place_of_its_own(words: tuple[str, ...], cgraph: Run, drawn: Any) -> None:
    graph = wanted(cgraph, *words)
    drawing = read_svg(drawn(*words))
    check_drawing(drawing, graph)
    check_numbers(drawing, graph)
    ends = {u.source for u in uses(drawing) if u.target < 0}
    assert graph.output in {nodes_of(drawing, graph)[k] for k in ends}
    # The same with all the digits that there are, which take the most room.
    exact = read_svg(drawn(*words, "--digits", "17"))
    check_drawing(exact, graph)
    check_numbers(exact, graph, 17)
    check_parts(exact, graph)


CROWDED: dict[str, tuple[str, ...]] = {
    # Programs whose arrows once passed through a shape or a number.
    "below a circle": ("cbrt(z/(1.5 + z^2))", "z=-0.978601997146933"),
    "past a power": (
        "a1 = [z[-1], z[2]]; a2 = a1^3@a1; a3 = x[0] + a2 + a2; sin(sin(a2)*a2) + sum(a1) - a2",
        *("x=[-1.0157,-0.1355,-0.9287]", "z=[-0.3024,0.6904,0.3367]"),
    ),
    "entries": (
        """a = [z[1, 0], x[0, 2]] + [z[1, 1], z[1, 0]]
        hypot(a, [y, z[1, 2]])@(y/(1.5 + [z[0, 0], z[1, 1]]^2))""",
        *("x=[[1.863,-1.608,-0.3424],[0.4394,-0.9757,0.4793]]", "y=0.428"),
        "z=[[-0.1854,-1.1526,-0.3024],[0.3281,-0.98,-1.582]]",
    ),
    "powers of a matrix": (
        """a1 = transpose([[x, x]])
        a2 = (1.25 + sigmoid([[a1[0, 0], 0.5, a1[0, 0]], [x, a1[1, 0], x]]))^a1
        a3 = a2[1, 0] - [[a1[1, 0], x, a2[0, 0]]]
        tanh(sin(a1[0, 0])) + sum(a2)""",
        "x=0.16119828815977175",
    ),
    "unused matrices": (
        """a1 = max(x, x, 1 - x) - [[y[-1], z[0, 1], x[0]]]
        b = leaky_relu([[z[1, 1], 3, z[2, 0]], [z[2, 1], z[1, 1], y[-1]]])
        a2 = b + [[x[0], a1[0, 2], z[2, 1]], [y[-1], y[1], y[-1]]]
        sum(cos(sin(y)))""",
        *("x=[0.08987,1.02,-0.2382]", "y=[-1.504,0.2468]"),
        "z=[[0.368,-0.5464],[0.0228,0.1854],[-0.5136,-0.9643]]",
    ),
    "a route that goes too far": (
        """a1 = [[z[0], y[1], y[-1]]]
        a2 = max(a1[0, 2], y[0])
        a3 = softmax(y)
        (1.25 + sigmoid(1/(1.5 + a1[0, 1]^2)))^a3[0] - sum(a1)""",
        "y=[-0.21112696148359486,-1.2767475035663338]",
        "z=[0.34522111269614836,1.920114122681883]",
    ),
    "wide arrays side by side": (
        """a1 = max(W, W, 1 - W)
        a2 = mean([a1[2, 1], W[1, 1], W[0, 0]])
        ln(1.25 + atan2(2, 1.25 + W[0, 1]^2)^2) - sum(a1)""",
        "W=[[-0.9714693,-0.1241084],[1.2582025,0.0342368],[0.6961483,-0.5606276]]",
    ),
    "rows of the same entries": (
        "asinh(logsumexp([[x[0, 1], x[0, 2], x[0, 0]], [x[0, 1], x[0, 0], x[0, 0]]]))",
        "x=[[-0.5991440798858774,0.2296718972895863,-1.5406562054208275]]",
    ),
    "a list of many": (f"sum([{', '.join(f'sin(x*{k})' for k in range(9))}])", "x=0.123456789"),
    "a route that begins far back": (
        """a1 = W - z[0]
        a2 = atan2(exp(tanh(z)), z)
        a3 = [[a1[2], a1[2], .25], [y[0, 1], W[1], a2[-1]]]^3
        prod(concat(z, [x[0, 0]]))*sum(a2)*sum(a3) + min(W)""",
        "x=[[-0.08701854493580599,-2.1398],[2.1398,-1.2553],[2.1398,1.9272]]",
        "y=[[0.572,0.19115549215406563],[1.2482,-0.3395],[-1.5577,-0.3466]]",
        "z=[-0.9814550640941085,0.2524964336661912]",
        "W=[-0.29814550640941085,-0.26390870185449355,0.23109843081312412]",
    ),
    "a route that goes back": (
        """a1 = softmax([[0.75], [y[1, 0]]])
        a2 = max(a1[0, 0], y[0, 1], 1 - a1[0, 0])
        a3 = [a1[0, 0], a1[1, 0]]
        atan2(exp(tanh(min(a3))), x[-1])*sum(a1) - a2 - sum(a3)""",
        "x=[-1.369472182596291,0.03566333808844508,0.25962910128388017]",
        "y=[[0.028530670470756064,-0.5691868758915835],[0.19115549206405563,0.5948644793152639]]",
    ),
}


@pytest.mark.parametrize("direction", ["right", "down"])
@pytest.mark.parametrize("words", CROWDED.values(), ids=CROWDED)
def test_crowded_programs_are_drawn_well(
    words: tuple[str, ...], direction: str, cgraph: Run, drawn: Any
) -> None:
    graph = wanted(cgraph, *words)
    for digits in (4, 17):
        drawing = read_svg(drawn(*words, "--digits", str(digits), "--direction", direction))
        check_drawing(drawing, graph)
        check_numbers(drawing, graph, digits)


def bound(program: Program) -> list[str]:
    return [program.text, *(f"{name}={value}" for name, value in program.bindings.items())]


@sampled
@BOUND
@given(program=programs(depth=2), direction=st.sampled_from(["right", "down"]))
def test_random_programs_are_drawn_well(
    program: Program, direction: str, cgraph: Run, tmp_path: Path
) -> None:
    words = bound(program)
    assume(cgraph("eval", *words, "--json").status == 0)
    graph = wanted(cgraph, *words)
    assume(3 < len(graph.nodes) <= 30)
    path = tmp_path / "a.svg"
    how = ("--digits", "17", "--direction", direction)
    assert cgraph("draw", *words, *how, "-o", str(path)).status == 0
    drawing = read_svg(path.read_text("utf-8"))
    check_drawing(drawing, graph)
    check_numbers(drawing, graph, 17)
    check_parts(drawing, graph)


@pytest.mark.parametrize("direction", ["right", "auto"])
def test_the_turns_of_a_loop_stand_alike(direction: str, cgraph: Run, drawn: Any) -> None:
    graph = wanted(cgraph, *LOOP)
    drawing = read_svg(drawn(*LOOP, "--direction", direction))
    assert drawing.is_down == (direction == "auto")
    shapes = dict(zip(nodes_of(drawing, graph), drawing.shapes, strict=True))
    members = [n["id"] for n in graph.nodes if re.fullmatch(r"h\[[123]\]", n["name"])]
    assert len(members) == 3
    # tanh, the sums and the products of a turn, by their places among the arguments.
    for path in [(), (0,), (0, 0), (0, 0, 0), (0, 0, 1), (0, 0, 1, 1)]:
        found = []
        for member in members:
            node = graph.nodes[member]
            for place in path:
                node = graph.nodes[node["args"][place]]
            found.append(shapes[node["id"]])
        assert len({s.texts[0].text for s in found}) == 1 or path == (0, 0, 1, 1)
        heights = [shape.centre[1] for shape in found]
        # Between layers arrows may need more room in one column than in the next.
        room = 0.2 if direction == "right" else 16
        assert max(heights) - min(heights) < room, (path, heights)
        xs = [shape.centre[0] for shape in found]
        assert xs == sorted(xs)
    assert [words for _, words in drawing.bands] == ["t = 0", "t = 1", "t = 2"]
    operations = [node for node in shapes if graph.nodes[node]["args"]]
    for turn, (band, _) in enumerate(drawing.bands):
        # What a turn makes comes after what the one before made, and before its own state.
        first = members[turn - 1] if turn else -1
        made = [node for node in operations if first < node <= members[turn]]
        assert all(band.holds(shapes[node].centre) for node in made)
        held = [node for node in operations if band.holds(shapes[node].centre)]
        # What comes after a loop stands below its last turn.
        is_last = direction == "auto" and turn == 2
        assert is_last or len(held) == len(made)


POINTS = ("sum([(w*x[k]+b-y[k])^2 for k in 0..3])", "w=0.5", "b=0.1", "x=[1,2,3,4]", "y=[1,0,1,0]")


@pytest.mark.parametrize("more", [(), ("--repeat",)], ids=["once", "repeated"])
@pytest.mark.parametrize("direction", ["right", "down"])
def test_turns_that_need_nothing_of_one_another_have_lanes(
    direction: str, more: tuple[str, ...], cgraph: Run, drawn: Any
) -> None:
    graph = wanted(cgraph, *POINTS)
    drawing = read_svg(drawn(*POINTS, "--direction", direction, *more))
    check_drawing(drawing, graph)
    assert [words for _, words in drawing.bands] == ["k = 0", "k = 1", "k = 2", "k = 3"]
    bands = [band for band, _ in drawing.bands]
    starts = [band.left if direction == "down" else band.top for band in bands]
    assert starts == sorted(starts)
    shapes = dict(zip(nodes_of(drawing, graph), drawing.shapes, strict=True))
    (listed,) = (node for node in graph.nodes if node["op"] == "stack" or len(node["args"]) == 4)
    for band, square in zip(bands, listed["args"], strict=True):
        difference = graph.nodes[square]["args"][0]
        assert all(band.holds(shapes[node].centre) for node in (square, difference))
    again = sum(shape.kind == "input again" for shape in drawing.shapes)
    assert again == (12 if more else 0)
    assert read_svg(drawn("sum([x*t for t in 1..4])", "x=2")).bands == []


@pytest.mark.parametrize("words", PROGRAMS.values(), ids=PROGRAMS)
def test_what_leads_down_has_its_place_too(words: tuple[str, ...], cgraph: Run, drawn: Any) -> None:
    graph = wanted(cgraph, *words)
    drawing = read_svg(drawn(*words, "--direction", "down"))
    assert drawing.is_down or not drawing.arrows
    check_drawing(drawing, graph)
    check_numbers(drawing, graph)


def test_ten_steps_are_legible_on_a_slide(cgraph: Run, drawn: Any) -> None:
    words = (
        "h[0]=0; for t in 0..9 { h[t+1]=tanh(w*h[t]+u*x[t]+b) } (h[10]-y)^2",
        *("w=0.5", "u=-0.8", f"x={[k % 3 - 1 for k in range(10)]}", "b=0.1", "y=0.3"),
    )
    graph = wanted(cgraph, *words)
    drawing = read_svg(drawn(*words))
    check_drawing(drawing, graph)
    check_numbers(drawing, graph)
    scale = min(1600 / drawing.paper.right, 900 / drawing.paper.bottom)
    assert min(text.size for text in drawing.texts) * scale > 5
    assert [text for _, text in drawing.bands] == [f"t = {turn}" for turn in range(10)]


WIDE: dict[str, tuple[str, ...]] = {
    "values unused in turns": (
        "h[0]=0; for t in 0..9 { h[t+1]=tanh(w*h[t]+u*x[t]+b); o[t]=v*h[t+1] } (h[10]-y)^2",
        *("w=0.5", "u=-0.8", f"x={[k % 3 - 1 for k in range(10)]}", "b=0.1", "y=0.3", "v=2"),
    ),
    "losses of turns": (
        "h[0]=0; for t in 0..7 { h[t+1]=tanh(w*h[t]+b); l[t]=h[t+1]^2 } sum([l[t] for t in 0..7])",
        *("w=0.5", "b=0.1"),
    ),
    "a net of eight units a layer": (
        "h1 = tanh(W1@x + b1); h2 = tanh(W2@h1 + b2); p = softmax(W3@h2 + b3); -log(p[1])",
        f"W1={[[k / 10, k / 5 - 0.3] for k in range(8)]}",
        f"W2={[[0.2 - k / 20] * 8 for k in range(8)]}",
        *(f"W3={[[0.3] * 8] * 3}", "x=[1.5,-2]", f"b1={[0.1] * 8}", f"b2={[0.2] * 8}"),
        "b3=[0,1,2]",
    ),
}


@pytest.mark.parametrize("words", WIDE.values(), ids=WIDE)
def test_what_is_wide_is_folded(words: tuple[str, ...], cgraph: Run, drawn: Any) -> None:
    drawing = read_svg(drawn(*words))
    check_drawing(drawing, wanted(cgraph, *words))
    scale = min(1600 / drawing.paper.right, 900 / drawing.paper.bottom)
    assert min(text.size for text in drawing.texts) * scale > 5
    if not drawing.bands:
        starts = {arrow.start[0] > arrow.tip[0] for arrow in drawing.arrows}
        assert starts == {True, False}, "it is read in rows"


def lanes(count: int, turns: int) -> str:
    """Variables that each take something of the one before, turn for turn."""
    inside = "; ".join(f"h{k}[t+1] = tanh(w*h{k}[t] + h{k - 1}[t])" for k in range(1, count))
    inside = f"h0[t+1] = tanh(w*h0[t] + h{count - 1}[t]); {inside}"
    starts = "; ".join(f"h{k}[0] = a" for k in range(count))
    return f"{starts}; for t in 0..{turns - 1} {{ {inside} }} h0[{turns}] + h1[{turns}]"


def test_many_lanes_of_a_long_loop_stand_in_rows(drawn: Any) -> None:
    drawing = read_svg(drawn(lanes(8, 10), "a=0.5", "w=0.8"))
    assert not drawing.is_down
    assert [text for _, text in drawing.bands] == [f"t = {turn}" for turn in range(10)]
    tops = {round(band.top) for band, _ in drawing.bands}
    assert len(tops) == 2
    # In columns it is 0.28 of its size on a slide.
    assert min(1600 / drawing.paper.right, 900 / drawing.paper.bottom) > 0.36


@pytest.mark.parametrize("most", [1, 2])
def test_turns_in_rows_have_their_places(most: int) -> None:
    graph = cgcli.parse(lanes(3, 4)).graph({"a": 0.5, "w": 0.8})
    strip = transposed(layout.place(scene(graph, None, Picture(direction="right"))))
    breaks = [at for at in strip.breaks if any(abs(at[1] - t.top) < 1 for t in strip.turns[1:])]
    columns = _Columns(strip, breaks[most - 1 :: most], strip.turns, most)
    drawing = read_svg(as_svg(transposed(columns.placed()), "", "auto"))
    assert list(faults(drawing)) == []
    assert len({round(band.top) for band, _ in drawing.bands}) == 4 // most


def test_inputs_are_repeated_where_that_is_asked_for(cgraph: Run, drawn: Any) -> None:
    graph = wanted(cgraph, *LOOP)
    drawing = read_svg(drawn(*LOOP, "--repeat", "--direction", "right"))
    assert list(faults(drawing)) == []
    again = Counter(shape.name for shape in drawing.shapes if shape.kind == "input again")
    assert again == Counter({"w": 2, "u": 2, "x": 2, "b": 2})
    arrows = uses(drawing)
    found = nodes_of(drawing, graph)
    assert Counter((found[u.source], found[u.target]) for u in arrows if u.target >= 0) == (
        graph.edges()
    )
    inputs = {node["id"] for node in graph.nodes if not node["args"]}
    lengths = [
        arrow.box.right - arrow.box.left
        for arrow, use in zip(drawing.arrows, arrows, strict=True)
        if found[use.source] in inputs
    ]
    assert max(lengths) < 3 * min(lengths)


def test_a_program_of_sixty_shared_doublings_is_as_long_as_it_is(cgraph: Run, drawn: Any) -> None:
    sizes = []
    for last in (29, 59):
        words = (f"v[0] = x; for t in 0..{last} {{ v[t+1] = v[t] + v[t] }} v[{last + 1}]", "x=1")
        text = drawn(*words)
        drawing = read_svg(text)
        # A name for the input or not: one shape or two before the turns.
        assert len(drawing.shapes) in (last + 2, last + 3)
        assert len(drawing.arrows) <= 2 * (last + 1) + 2
        assert list(faults(drawing)) == []
        sizes.append((len(text), drawing.paper.right))
    assert sizes[1][0] < 2.2 * sizes[0][0]
    assert sizes[1][1] < 2.2 * sizes[0][1]


def test_a_weight_used_far_away_is_drawn_again(cgraph: Run, drawn: Any) -> None:
    words = (
        "h[0]=0; for t in 0..19 { h[t+1]=tanh(w*h[t]+u*x[t]+b) } h[20]^2",
        *("w=0.5", "u=-0.8", f"x={[k % 3 - 1 for k in range(20)]}", "b=0.1"),
    )
    drawing = read_svg(drawn(*words))
    assert any(shape.kind == "input again" for shape in drawing.shapes)
    graph = wanted(cgraph, *words)
    check_drawing(drawing, graph)
    check_numbers(drawing, graph)


DRAW_ALL = """
import sys
from cgcli.commands.app import run

for path in sys.argv[1].split():
    assert run(["draw", *sys.argv[2:], "-o", path]) == 0
"""


def test_the_same_bytes_in_every_process(tmp_path: Path, environment: dict[str, str]) -> None:
    found = []
    for seed in ("0", "1", "random"):
        paths = [tmp_path / f"{seed}.{kind}" for kind in ("svg", "png", "pdf", "dot", "mmd")]
        subprocess.run(
            [sys.executable, "-c", DRAW_ALL, " ".join(map(str, paths)), *SHARED],
            env={**environment, "PYTHONHASHSEED": seed},
            check=True,
            timeout=60,
        )
        found.append([path.read_bytes() for path in paths])
    assert all(found[0])
    assert found[0] == found[1] == found[2]


HOSTILE = (
    'η = α*2 # <script>alert(1)</script> ]]> & " \\ \x1b[31m --> <!--\n'
    "\tη + β # </title></svg> <image href='http://example.com/a.png'/> \u202e"
)


def test_nothing_comes_from_elsewhere_and_what_the_user_wrote_is_text(drawn: Any) -> None:
    for words in [*PROGRAMS.values(), (HOSTILE, "α=1", "β=2")]:
        text = drawn(*words)
        rest = text.replace('xmlns="http://www.w3.org/2000/svg"', "", 1)
        drawing = read_svg(text)
        own = {e.tag.rpartition("}")[2] for e in drawing.root.iter()}
        assert own <= {
            *("svg", "title", "style", "rect", "g", "path"),
            "polygon",
            "circle",
            "text",
            "tspan",
        }
        assert "http" not in rest or words[0] == HOSTILE
        assert not re.search(r"<(script|image|foreignObject|use|a)\b|<!|<\?|@import|url\(", rest)
        for element in drawing.root.iter():
            assert not any(key.startswith("on") or "href" in key for key in element.attrib)
        categories = {unicodedata.category(c) for c in text if c != "\n"}
        assert not categories & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_small_matrices_are_tables(drawn: Any) -> None:
    words = ("sum(W @ x)", "W=[[1,2],[3,-4.25],[0,1]]", "x=[1,2]")
    tables = {text.text for text in read_svg(drawn(*words)).texts}
    assert {"[[1, 2], [3, -4.25], [0, 1]]", "[[1, 2], [1, 2], [1, 2]]"} <= tables
    for most in ("0", "5"):
        texts = {text.text for text in read_svg(drawn(*words, "--elements", most)).texts}
        assert "3×2" in texts
        assert not texts & {"[[1, 2], [3, -4.25], [0, 1]]"}


def test_larger_arrays_are_heat_maps(drawn: Any) -> None:
    rows = [[(7 * j + 3 * k) % 11 - 5 for k in range(5)] for j in range(4)]
    words = ("sum((W @ x)^2)", f"W={rows}", "x=[1,-2,0.5,0,1]")
    for direction in ("right", "down"):
        drawing = read_svg(drawn(*words, "--direction", direction))
        assert list(faults(drawing)) == []
        heats = {(text.kind, text.text): text.shades for text in drawing.texts if text.shades}
        shades = heats["value", "4×5"]
        expected = {(k, j): rows[j][k] / 5 for j in range(4) for k in range(5) if rows[j][k]}
        assert shades == pytest.approx(expected, abs=0.01)
        y = np.array(rows) @ [1, -2, 0.5, 0, 1]
        gradient = np.outer(2 * y, [1, -2, 0.5, 0, 1])
        assert heats["gradient", "4×5"][0, 0] == pytest.approx(
            gradient[0, 0] / np.abs(gradient).max(), abs=0.01
        )
        assert heats["value", "[…] of 5"] == pytest.approx(
            {(0, 0): 0.5, (1, 0): -1, (2, 0): 0.25, (4, 0): 0.5}
        )
    texts = {text.text for text in read_svg(drawn(*words, "--elements", "20")).texts}
    assert {"[1, -2, 0.5, 0, 1]", str(rows)} <= texts


def test_the_cells_of_a_heat_map_have_the_farthest_of_their_part(drawn: Any) -> None:
    rows = [[0.0] * 100 for _ in range(60)]
    rows[59][99], rows[0][0], rows[0][1] = -8.0, 1.0, -2.0
    drawing = read_svg(drawn("sum(W)", f"W={rows}"))
    (shades,) = (text.shades for text in drawing.texts if text.kind == "value" and text.shades)
    assert shades == {(0, 0): -0.25, (23, 23): -1}


KINKS = ("abs(x)*y + sqrt(z)", "x=0", "y=2", "z=0")


def test_what_has_a_note_is_marked_and_the_note_stands_below(cgraph: Run, drawn: Any) -> None:
    drawing = read_svg(drawn(*KINKS))
    assert list(faults(drawing)) == []
    assert [shape.name for shape in drawing.shapes if shape.is_noted] == ["v1", "v3"]
    below = " ".join(text.text for text in drawing.legend)
    notes = cgraph("draw", *KINKS, "--format", "dot").err.splitlines()
    assert len(notes) == 2
    assert all(note in below for note in notes)
    hidden = read_svg(drawn(*KINKS, "--hide", "formulas"))
    assert hidden.legend == []
    assert [shape.name for shape in hidden.shapes if shape.is_noted] == ["v1", "v3"]


@pytest.mark.parametrize("theme", ["light", "dark", "print", "transparent"])
def test_a_theme_changes_colours_alone(theme: str, drawn: Any) -> None:
    style = re.compile(r"<style>.*</style>", re.DOTALL)
    plain, themed = drawn(*KINKS), drawn(*KINKS, "--theme", theme)
    assert style.sub("", plain) == style.sub("", themed)
    (rules,) = style.findall(themed)
    assert ("prefers-color-scheme" in rules) == (theme == "transparent")
    paper = re.findall(r"\.paper[^{]*\{ fill: ([^;]+);", rules)[-1]
    assert paper == {"dark": "#0d1117", "transparent": "none"}.get(theme, "#ffffff")


def test_a_size_scales_and_moves_nothing(drawn: Any) -> None:
    plain, wide = (ET.fromstring(drawn(*SEED, *size)) for size in ((), ("--size", "1200")))
    assert wide.get("viewBox") == plain.get("viewBox")
    _, _, across, down = map(float, str(plain.get("viewBox")).split())
    assert float(wide.get("width", "")) == 1200
    assert float(wide.get("height", "")) == pytest.approx(1200 * down / across, abs=0.1)


def test_the_title_is_the_program(drawn: Any) -> None:
    title = read_svg(drawn(HOSTILE, "α=1", "β=2")).root[0].text or ""
    assert '<script>alert(1)</script> ]]> & " \\ \\x1b[31m --> <!--' in title
    assert "\\u202e" in title
    assert read_svg(drawn(*SEED)).root[0].text == SEED[0]


def test_every_text_can_be_read_on_light_and_on_dark(drawn: Any) -> None:
    drawing = read_svg(drawn(*SHARED))
    style = drawing.root[1].text or ""
    for rules in styles(style):
        for kind in ("symbol", "name", "quiet", "value", "gradient"):
            for ground in ("paper", "shape", "input", "output"):
                ratio = contrast(rules["." + kind]["fill"], rules["." + ground]["fill"])
                assert ratio >= 4.5, (kind, ground, ratio)
        for line in (rules[".arrow"]["stroke"], rules[".head"]["fill"], rules[".shape"]["stroke"]):
            assert contrast(line, rules[".paper"]["fill"]) >= 3
    light, dark = styles(style)
    assert light[".paper"]["fill"] != dark[".paper"]["fill"]
    classes = {word for text in drawing.every_text for word in text.kind.split()}
    assert classes <= {"symbol", "name", "quiet", "value", "gradient", "legend"}


# --- what is shown -------------------------------------------------------------------------


def parts(drawing: Drawing) -> list[str]:
    """Shapes and arrows as they are written, without the words."""
    kinds = ("path", "polygon", "circle", "rect")
    elements = drawing.root[3].iter()
    return [bits(element) for element in elements if element.tag.rpartition("}")[2] in kinds]


def numbers(drawing: Drawing) -> set[tuple[str, float, float, str]]:
    kinds = ("value", "gradient")
    return {(t.kind, t.x, t.y, t.text) for t in drawing.every_text if t.kind in kinds}


@pytest.mark.parametrize("words", [SEED, SHARED, LOOP], ids=["seed", "shared", "loop"])
def test_frames_show_what_is_known(
    words: tuple[str, ...], cgraph: Run, tmp_path: Path, drawn: Any
) -> None:
    whole = drawn(*words)
    graph = wanted(cgraph, *words)
    operations = graph.operations()
    last = len(operations) + sum(graph.nodes[k]["grad"] is not None for k in operations)
    folder = tmp_path / "a" / "frames"
    ran = cgraph("draw", *words, "--frames", str(folder))
    assert (ran.status, ran.out, ran.err) == (0, "", f"{last + 1} frames in {folder}\n")
    names = sorted(p.name for p in folder.iterdir())
    assert names == [f"frame-{k:0{len(str(last))}}.svg" for k in range(last + 1)]
    before: set[Any] = set()
    everywhere = parts(read_svg(whole))
    for k, name in enumerate(names):
        text = (folder / name).read_text("utf-8")
        if len(words) < 5:
            assert drawn(*words, "--frame", str(k)) == text
        drawing = read_svg(text)
        assert parts(drawing) == everywhere
        assert before <= numbers(drawing)
        assert k == 0 or before < numbers(drawing)
        before = numbers(drawing)
        known = {n["id"] for n in graph.nodes if not n["args"]} | set(operations[:k])
        found = nodes_of(drawing, graph)
        for use in uses(drawing):
            assert bool(use.value) == (found[use.source] in known), (k, use)
        if k <= len(operations):
            assert not any(kind == "gradient" for kind, *_ in before)
    assert (folder / names[-1]).read_text("utf-8") == whole
    assert not any(kind == "gradient" for kind, *_ in numbers(read_svg(drawn(*words, "--frame=0"))))


def test_frames_are_of_the_kind_that_is_asked_for(cgraph: Run, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    ran = cgraph("draw", *SEED, "--frames", str(folder), "-o", str(tmp_path / "frame.mmd"))
    assert ran.status == 0
    assert [p.name for p in tmp_path.iterdir()] == ["frames"]
    assert sorted(p.name for p in folder.iterdir()) == [f"frame-{k}.mmd" for k in range(5)]
    counts = [text.count("<br/>") for p in sorted(folder.iterdir()) if (text := p.read_text())]
    assert counts == sorted(counts)


def test_frames_go_into_a_folder_that_is_there(cgraph: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert cgraph("draw", *SEED, "--frames", str(tmp_path)).status == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 6


def check_refused(ran: Any, *words: str) -> None:
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err


def test_frames_that_cannot_be_drawn(cgraph: Run, tmp_path: Path) -> None:
    check_refused(cgraph("draw", *SEED, "--frame", "5"), "4", "--frame 4")
    check_refused(cgraph("draw", *SEED, "--frame", "5", "-o", str(tmp_path / "a.svg")), "4")
    check_refused(cgraph("draw", *SEED, "--frame=-1"), "--frame")
    check_refused(cgraph("draw", SEED[0], "--frame", "1", "--no-values"), "--no-values", "hint")
    check_refused(cgraph("draw", SEED[0], "--frames", str(tmp_path), "--no-values"), "--no-values")
    check_refused(cgraph("draw", *SEED, "--frames", str(tmp_path), "--frame", "1"), "--frame")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        check_refused(cgraph("draw", *SEED, "--frames", str(folder)), "hint: name a folder")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("what", ["values", "gradients", "formulas"])
@pytest.mark.parametrize("words", [SEED, SHARED, LOOP], ids=["seed", "shared", "loop"])
def test_what_is_hidden_is_not_drawn(
    what: str, words: tuple[str, ...], cgraph: Run, drawn: Any
) -> None:
    drawing = read_svg(drawn(*words, "--hide", what))
    assert list(faults(drawing)) == []
    kinds = {word for text in drawing.every_text for word in text.kind.split()}
    left = {"values": "value", "gradients": "gradient", "formulas": "legend"}
    assert kinds & set(left.values()) == set(left.values()) - {left[what]}
    graph = wanted(cgraph, *words)
    found = nodes_of(drawing, graph)
    joined = Counter((found[u.source], found[u.target]) for u in uses(drawing) if u.target >= 0)
    assert joined == graph.edges()
    if what == "formulas":
        check_numbers(drawing, graph)


def test_what_cannot_be_hidden(cgraph: Run) -> None:
    check_refused(cgraph("draw", *SEED, "--hide", "colours"), "colours", "formulas")


@pytest.mark.parametrize("words", PROGRAMS.values(), ids=PROGRAMS)
def test_the_shape_alone_needs_no_values(words: tuple[str, ...], cgraph: Run, drawn: Any) -> None:
    # What is indexed or multiplied by @ has a shape only when it is given.
    given_at_all = [word for k, word in enumerate(words) if k == 0 or "[" in word]
    drawing = read_svg(drawn(*given_at_all, "--no-values"))
    assert list(faults(drawing)) == []
    assert not numbers(drawing)
    graph = wanted(cgraph, *words)
    found = nodes_of(drawing, graph)
    joined = Counter((found[u.source], found[u.target]) for u in uses(drawing) if u.target >= 0)
    assert joined == graph.edges()


def test_of_and_wrt(cgraph: Run, drawn: Any) -> None:
    drawing = read_svg(drawn(*SHARED, "--of", "b", "--wrt", "w"))
    document = json.loads(cgraph("eval", *SHARED, "--of", "b", "--wrt", "w", "--json").out)
    (output,) = (shape for shape in drawing.shapes if shape.kind == "output")
    assert output.name == "b"
    sums = [
        t.text for s in drawing.shapes if s.name == "w" for t in s.texts if t.kind == "gradient"
    ]
    assert sums == ["Σ " + written(np.asarray(document["gradient"]["w"]), 4)]
    # What does not lead to b, if it is drawn at all, sends nothing.
    shapes = drawing.shapes
    assert {"w", "x", "a", "v1", "b"} <= {shape.name for shape in shapes}
    for use in uses(drawing):
        if shapes[use.target].name in ("v2", "v3", "f") and use.target >= 0:
            assert use.gradient == ""


def test_the_formulas_are_below(cgraph: Run, drawn: Any) -> None:
    graph = wanted(cgraph, *SHARED)
    drawing = read_svg(drawn(*SHARED))
    expected = [f"{n['name']} = {n['formula']}" for n in graph.nodes if n["args"]]
    assert [text.text for text in drawing.legend] == expected
    lowest = max(shape.box.bottom for shape in drawing.shapes)
    assert all(text.box.top > lowest for text in drawing.legend)


# --- files ---------------------------------------------------------------------------------


def read_png(data: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and pixels of a PNG of 8 bits that is not interlaced."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, packed, head = 8, b"", b""
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        (check,) = struct.unpack(">I", data[place + 8 + length : place + 12 + length])
        assert zlib.crc32(kind + body) == check
        head, packed = (body, packed) if kind == b"IHDR" else (head, packed)
        packed += body if kind == b"IDAT" else b""
        place += 12 + length
    across, down, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", head)
    assert (depth, interlaced) == (8, 0)
    size = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colours]
    raw, row = zlib.decompress(packed), bytes(across * size)
    pixels: list[bytes] = []
    for start in range(0, len(raw), across * size + 1):
        row = _unfiltered(raw[start], raw[start + 1 : start + 1 + across * size], row, size)
        pixels += [row[k : k + size] for k in range(0, len(row), size)]
    assert len(pixels) == across * down
    return across, down, pixels


def _unfiltered(kind: int, line: bytes, above: bytes, size: int) -> bytes:
    if kind == 0:
        return line
    if kind == 2:
        return bytes((x + b) & 255 for x, b in zip(line, above, strict=True))
    row = bytearray(line)
    for k in range(len(row)):
        a, b = row[k - size] if k >= size else 0, above[k]
        if kind != 4:
            row[k] = (row[k] + (a if kind == 1 else (a + b) // 2)) & 255
            continue
        c = above[k - size] if k >= size else 0
        distances = [abs(b - c), abs(a - c), abs(a + b - 2 * c)]
        nearest = (a, b, c)[distances.index(min(distances))]
        row[k] = (row[k] + nearest) & 255
    return bytes(row)


def test_a_picture_goes_to_standard_output(cgraph: Run, tmp_path: Path) -> None:
    for kind in ("svg", "dot", "mmd"):
        path = tmp_path / f"a.{kind}"
        assert cgraph("draw", *SEED, "-o", str(path)).status == 0
        for words in (("-o", "-"), ()):
            assert cgraph("draw", *SEED, "--format", kind, *words).out == path.read_text("utf-8")
    named = tmp_path / "picture"
    assert cgraph("draw", *SEED, "--format", "mmd", "-o", str(named)).status == 0
    assert named.read_text("utf-8") == path.read_text("utf-8")
    check_refused(cgraph("draw", *SEED, "-o", "-"), "--format svg")
    check_refused(cgraph("draw", *SEED, "--format", "gif"), "svg, png")


def test_bytes_go_to_standard_output(tmp_path: Path, environment: dict[str, str]) -> None:
    sizes = []
    for dpi in ("96", "192"):
        command = [sys.executable, "-m", "cgcli", "draw", *SEED, "--format", "png", "--dpi", dpi]
        ran = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60)
        assert ran.stdout.startswith(b"\x89PNG")
        sizes.append(struct.unpack(">II", ran.stdout[16:24]))
    assert sizes[1] == pytest.approx([2 * length for length in sizes[0]], abs=2)


def test_a_png_shows_the_picture(cgraph: Run, drawn: Any, tmp_path: Path) -> None:
    paper = read_svg(drawn(*SEED)).paper
    path = tmp_path / "a.PNG"
    assert cgraph("draw", *SEED, "-o", str(path)).status == 0
    across, down, pixels = read_png(path.read_bytes())
    assert (across, down) == pytest.approx((2 * paper.right, 2 * paper.bottom), abs=2)
    counts = Counter(pixel[:3] for pixel in pixels)
    assert len(counts) > 20
    (ground, often), *_ = counts.most_common(1)
    assert ground == b"\xff\xff\xff"
    assert 0.5 < often / len(pixels) < 0.98
    # Values are blue and gradients red.
    assert counts[b"\x05\x50\xae"] > 5
    assert counts[b"\xa4\x0e\x26"] > 5


@pytest.mark.parametrize("name", ["seed", "Greek names"])
def test_a_pdf_is_one_page(name: str, cgraph: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    assert cgraph("draw", *PROGRAMS[name], "-o", str(path)).status == 0
    data = path.read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    text = data
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            text += zlib.decompress(found[1])
        except zlib.error:
            continue
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", text)) == 1


@pytest.mark.parametrize("name", PROGRAMS)
def test_graph_languages_say_the_same(name: str, cgraph: Run, drawn: Any) -> None:
    words = PROGRAMS[name]
    graph = wanted(cgraph, *words)
    svg = read_svg(drawn(*words))
    expected = sorted((u.value, u.gradient) for u in uses(svg) if u.target >= 0)
    for kind, read in (("dot", read_dot), ("mmd", read_mermaid)):
        nodes, edges = read(drawn(*words, name=f"picture.{kind}"))
        by_name = {short(n["name"], 24): n["id"] for n in graph.nodes if graph.is_drawn(n["id"])}
        named = {key: [t.split(" = ")[0] for t in label] for key, label in nodes.items()}
        found = {
            key: next(by_name[t] for t in label if t in by_name) for key, label in named.items()
        }
        assert sorted(found.values()) == sorted(by_name.values())
        assert Counter((found[a], found[b]) for a, b, _ in edges) == graph.edges()
        assert sorted(numbers_of(label) for _, _, label in edges) == expected
        check_written_order(kind, nodes, edges, found, graph)
        labels = [[t for t in label if t not in by_name] for label in nodes.values()]
        sums = {t for label in labels for t in label if t.startswith("Σ")}
        assert sums == {t.text for s in svg.shapes for t in s.texts if t.text.startswith("Σ")}


def numbers_of(label: list[str]) -> tuple[str, str]:
    """The value and the gradient beside an arrow: the sign of a derivative tells them apart."""
    gradients = [text.removeprefix("∂ ") for text in label if text.startswith("∂ ")]
    values = [text for text in label if not text.startswith("∂ ")]
    return "".join(values), "".join(gradients)


def check_written_order(
    kind: str, nodes: Any, edges: Any, found: dict[str, int], graph: Wanted
) -> None:
    """Graphviz keeps the order of the edges where it is told to; for Mermaid an equation has it."""
    for key, label in nodes.items():
        node = graph.nodes[found[key]]
        sources = [found[source] for source, target, _ in edges if target == key]
        if node["op"] in COMMUTATIVE or len(sources) < 2:
            continue
        assert sources == [argument for argument in node["args"] if graph.is_drawn(argument)]
        if kind == "mmd":
            assert f"{node['name']} = {short(node['formula'], 60)}" in label


AWKWARD = [
    'a"b',
    "a\\",
    "\\n",
    "a\nb"[:1] + "<b>&amp;#9829;",
    "#quot;",
    "]]))}};--> x",
    "x|y`_*",
    "λ权",
]


def test_graph_languages_are_escaped() -> None:
    shapes = [
        Shape(k, "", name, "", False, "", "", "", (0, 1), ()) for k, name in enumerate(AWKWARD)
    ]
    arrows = [Arrow(k, k + 1, 0, text, "") for k, text in enumerate(AWKWARD[:-1])]
    scene = Scene(shapes, arrows, [], [])
    for lines, read in ((as_dot(scene), read_dot), (as_mermaid(scene), read_mermaid)):
        nodes, edges = read("".join(lines))
        assert list(nodes.values()) == [[name] for name in AWKWARD]
        assert [label for _, _, label in edges] == [[name] for name in AWKWARD[:-1]]


def test_other_suffixes_of_the_same_kinds(drawn: Any) -> None:
    for one, other in (("a.dot", "a.gv"), ("a.mmd", "a.mermaid")):
        assert drawn(*SEED, name=one) == drawn(*SEED, name=other)


@pytest.mark.parametrize("name", ["picture.jpg", "picture", "picture.svgz", ".svg", "svg"])
def test_a_suffix_that_says_nothing(name: str, cgraph: Run, tmp_path: Path) -> None:
    check_refused(cgraph("draw", *SEED, "-o", str(tmp_path / name)), name, ".png", "hint")
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written(cgraph: Run, tmp_path: Path) -> None:
    (tmp_path / "folder.svg").mkdir()
    for name in ("folder.svg", "none/a.svg", "none/a.png", "a" * 300 + ".svg"):
        check_refused(cgraph("draw", *SEED, "-o", str(tmp_path / name)))
    assert [p.name for p in tmp_path.iterdir()] == ["folder.svg"]
    assert list((tmp_path / "folder.svg").iterdir()) == []


def test_a_file_is_kept_when_drawing_fails(
    cgraph: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.svg"
    path.write_text("mine")
    output = ("-o", str(path))
    for words in (("x +",), ("x*y", "x=1"), (*SEED, "--frame", "9"), (*SEED, "--hide", "colours")):
        check_refused(cgraph("draw", *words, *output))
    monkeypatch.setattr(os, "replace", _fails)
    check_refused(cgraph("draw", *SEED, *output), "no space left")
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "graphlay", None)
    check_refused(cgraph("draw", *SEED, *output))
    assert [p.name for p in tmp_path.iterdir()] == ["a.svg"]
    assert path.read_text() == "mine"


def _fails(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_without_the_layout_library(
    cgraph: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "graphlay", None)
    for words in (
        (),
        ("--json",),
        ("-o", str(tmp_path / "a.svg")),
        ("-o", str(tmp_path / "a.png")),
    ):
        ran = cgraph("draw", *SEED, *words)
        assert ran.status == 2
        assert "'draw'" in ran.out + ran.err
        assert "Traceback" not in ran.err
        assert len((ran.out + ran.err).splitlines()) <= 2 or "--json" in words
    assert list(tmp_path.iterdir()) == []
    for kind in ("dot", "mmd"):
        assert cgraph("draw", *SEED, "-o", str(tmp_path / f"a.{kind}")).status == 0


def test_without_the_image_library(
    cgraph: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    for kind in ("png", "pdf"):
        ran = cgraph("draw", *SEED, "-o", str(tmp_path / f"a.{kind}"))
        check_refused(ran, "'image'", "pip install")
        assert len(ran.err.splitlines()) <= 2
    assert list(tmp_path.iterdir()) == []
    assert cgraph("draw", *SEED, "-o", str(tmp_path / "a.svg")).status == 0


# --- JSON ----------------------------------------------------------------------------------


@pytest.mark.parametrize("words", PROGRAMS.values(), ids=PROGRAMS)
def test_the_document_says_where_everything_is(
    words: tuple[str, ...], cgraph: Run, drawn: Any
) -> None:
    ran = cgraph("draw", *words, "--json")
    assert ran.status == 0
    check_notes(ran.err)
    document = json.loads(ran.out, parse_constant=pytest.fail)
    validate(document, "draw")
    graph = wanted(cgraph, *words)
    assert document["expression"] == words[0]
    assert document["output"] == graph.nodes[graph.output]["name"]
    drawing = read_svg(drawn(*words))
    found = nodes_of(drawing, graph)
    assert [node["id"] for node in document["nodes"]] == found
    margin = 16
    for node, shape in zip(document["nodes"], drawing.shapes, strict=True):
        place = (node["x"] + margin, node["y"] + margin)
        size = (shape.box.right - shape.box.left, shape.box.bottom - shape.box.top)
        assert place == pytest.approx(shape.centre, abs=0.21)
        assert (node["width"], node["height"]) == pytest.approx(size, abs=0.21)
        assert node["name"] == graph.nodes[node["id"]]["name"]
        assert node["x"] - node["width"] / 2 >= -0.1
        assert node["x"] + node["width"] / 2 <= document["width"] + 0.1
    arrows = uses(drawing)
    inner = [(a, u) for a, u in zip(drawing.arrows, arrows, strict=True) if u.target >= 0]
    assert len(inner) == len(document["arrows"])
    for (arrow, use), entry in zip(inner, document["arrows"], strict=True):
        assert (entry["from"], entry["to"]) == (found[use.source], found[use.target])
        assert graph.nodes[entry["to"]]["args"][entry["argument"]] == entry["from"]
        assert (entry["value"], entry["contribution"]) == (use.value, use.gradient)
        points = [(x + margin, y + margin) for x, y in entry["points"]]
        assert points[0] == pytest.approx(arrow.start, abs=0.21)
        assert points[-1] == pytest.approx(arrow.tip, abs=0.21)
        assert all(min(math.dist(p, q) for q in arrow.line) < 6 for p in points)


def test_a_document_of_a_frame_and_without_values(cgraph: Run) -> None:
    for words in ((*SEED, "--frame", "1"), (SEED[0], "--no-values")):
        document = json.loads(cgraph("draw", *words, "--json").out)
        validate(document, "draw")
    ran = cgraph("draw", *SEED, "--json", "-o", "a.svg")
    assert ran.status == 2
    assert json.loads(ran.out)["error"]


# --- the terminal --------------------------------------------------------------------------

SMALL: dict[str, tuple[str, ...]] = {
    key: PROGRAMS[key]
    for key in PROGRAMS
    if key not in ("recurrence", "network", "matrices", "long names", "unused statements")
} | {
    "products": ("a = x*y; b = y*z; c = x*z; a*b + c*a", "x=2", "y=-3", "z=0.5"),
    "crossing": ("a = x - y; b = y - x; c = a*b; a/b + c", "x=2", "y=-3.25"),
    "vectors": ("a = W @ x; sum(a*x)", "W=[[1,2],[3,4]]", "x=[5,6]"),
}


def check_terminal(printed: str, graph: Wanted) -> None:
    """Exactly the right boxes are joined, and every number stands beside its own arrow."""
    frames, nets = read_terminal(printed)
    by_name = {short(n["name"], 24): n["id"] for n in graph.nodes if graph.is_drawn(n["id"])}
    words = [[w for w in frame.words if not w.startswith("Σ ")] for frame in frames]
    found = [by_name[each[-1]] for each in words]
    assert sorted(found) == sorted(by_name.values())
    heads = [use for net in nets for use in net.heads]
    edges = Counter((found[u.source], found[u.target]) for u in heads if u.target >= 0)
    assert edges == graph.edges()
    check_order(heads, found, graph)
    contributions: dict[int, list[Use]] = defaultdict(list)
    for use in heads:
        node = graph.nodes[found[use.source]]
        if use.target >= 0:
            assert use.value in shown(node["value"])
            if use.gradient:
                contributions[node["id"]].append(use)
        else:
            assert use.value.endswith(tuple(shown(node["value"])))
            assert use.gradient.endswith(tuple(shown_gradient(node, 4)))
    for frame, k in zip(frames, found, strict=True):
        sent = contributions[k]
        sums = [word for word in frame.words if word.startswith("Σ ")]
        if len(sent) > 1:
            assert len(sums) == 1
            assert sums[0].removeprefix("Σ ") in shown_gradient(graph.nodes[k], 4)
        else:
            assert not sums
            assert all(use.gradient in shown_gradient(graph.nodes[k], 4) for use in sent)


@pytest.mark.parametrize("words", SMALL.values(), ids=SMALL)
def test_the_terminal_joins_the_right_boxes(
    words: tuple[str, ...], cgraph: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = wanted(cgraph, *words)
    monkeypatch.setenv("COLUMNS", "200")
    for more in ((), ("--direction", "down")):
        ran = cgraph("draw", *words, *more)
        assert ran.status == 0
        check_notes(ran.err)
        assert all(line == line.rstrip() for line in ran.out.split("\n"))
        assert ("▶" in ran.out) == (not more)
        check_terminal(ran.out, graph)


def test_what_is_too_wide_leads_down(cgraph: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = wanted(cgraph, *SHARED)
    for columns in (40, 60, 80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        ran = cgraph("draw", *SHARED)
        assert max(map(len, ran.out.splitlines())) <= columns
        assert ("▼" in ran.out) == (columns < 90)
        check_terminal(ran.out, graph)


TREES: Counter[bool] = Counter()


@sampled
@BOUND
@given(program=programs(depth=2))
def test_random_programs_in_the_terminal(program: Program, cgraph: Run) -> None:
    words = bound(program)
    assume(cgraph("eval", *words, "--json").status == 0)
    graph = wanted(cgraph, *words)
    assume(3 < len(graph.nodes) <= 20)
    for more in ((), ("--direction", "down")):
        ran = cgraph("draw", *words, *more)
        assert ran.status == 0
        is_tree = "would hide each other" in ran.err
        TREES[is_tree] += 1
        if is_tree:
            check_tree(ran, cgraph, *words)
        elif "▼" not in ran.out or more:
            check_terminal(ran.out, graph)


def check_tree(ran: Any, cgraph: Run, *words: str) -> None:
    """What does not fit is drawn as a tree, and where the picture can be had is told."""
    assert "this is its tree; -o graph.svg" in ran.err
    assert ran.out == cgraph("trace", *words, "--tree", "--digits", "4").out


def test_the_terminal_seldom_draws_a_tree() -> None:
    assert TREES[True] <= 0.1 * TREES.total()


def test_a_narrow_terminal(cgraph: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    ran = cgraph("draw", *NETWORK)
    assert ran.status == 0
    assert "columns" in ran.err
    check_tree(ran, cgraph, *NETWORK)
    hidden = cgraph("draw", *NETWORK, "--hide", "values,gradients")
    assert hidden.out == cgraph("trace", *NETWORK, "--tree", "--hide", "values,gradients").out
    check_refused(cgraph("draw", *NETWORK, "--frame", "1"), "columns", "40", "-o graph.svg")
    check_refused(cgraph("draw", NETWORK[0], "--no-values"), "columns", "-o graph.svg")
    monkeypatch.setenv("COLUMNS", "41")
    width = max(map(len, cgraph("draw", *SEED).out.splitlines()))
    assert width <= 41


@pytest.mark.parametrize("name", ["seed", "shared weight", "Greek names", "matrices"])
def test_a_terminal_that_has_ascii_only(name: str, cgraph: Run, environment: Any) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cgcli", "draw", *PROGRAMS[name]],
        env={**environment, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    printed = ran.stdout.decode("ascii")
    lines = printed.splitlines()
    # A box is as wide below as above, and its right side stands below its corner.
    for row, line in enumerate(lines):
        for found in re.finditer(r"\+-+\+(?=\s|$)", line):
            if row + 2 < len(lines) and lines[row + 1][found.start() : found.start() + 2] == "| ":
                sides = {
                    lines[row + 1].ljust(found.end())[k] for k in (found.start(), found.end() - 1)
                }
                # A line may turn twice as a border does, and be joined there.
                assert sides <= {"|", "+"}, printed
    assert "->" in printed
    assert ran.stderr == b""


def test_a_frame_in_the_terminal(cgraph: Run) -> None:
    assert cgraph("draw", *SEED, "--frame", "4").out == cgraph("draw", *SEED).out
    first = cgraph("draw", *SEED, "--frame", "0").out
    assert "-12" not in first
    assert [u.value for net in read_terminal(first)[1] for u in net.heads if u.target >= 0]


def test_the_shape_alone_in_the_terminal(cgraph: Run) -> None:
    ran = cgraph("draw", SHARED[0], "--no-values")
    assert ran.status == 0
    frames, nets = read_terminal(ran.out)
    assert len(frames) == 8
    assert sum(len(net.heads) for net in nets) >= 9
    assert all(not (use.value or use.gradient) for net in nets for use in net.heads)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--theme", "dark"), "--theme changes nothing in the terminal"),
        (("--size", "300"), "--size changes nothing in the terminal"),
        (("--dpi", "100", "-o", "a.svg"), "--dpi changes nothing in .svg"),
        (("--theme", "dark", "-o", "a.dot"), "--theme changes nothing in .dot"),
        (("--repeat", "-o", "a.mmd"), "--repeat changes nothing in .mmd"),
    ],
)
def test_an_option_that_changes_nothing_is_told(
    words: tuple[str, ...], message: str, cgraph: Run, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    check_refused(cgraph("draw", *SEED, *words), message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("turns", [9, 23, 40])
def test_columns_are_as_large_as_any_columns_are(turns: int) -> None:
    program = f"h[0] = x; for t in 0..{turns} {{ h[t+1] = h[t]*y + x }} h[{turns + 1}]"
    picture = Picture(direction="down", repeats=True)
    strip = layout.place(scene(cgcli.parse(program).graph({"x": 1, "y": 2}), None, picture))
    bands = strip.turns
    breaks = [at for at in strip.breaks if any(abs(at[1] - turn.top) < 1 for turn in bands[1:])]
    every = [_Columns(strip, breaks[k - 1 :: k], bands, k).placed() for k in range(1, turns + 1)]
    assert scale(folded(strip)) == max(map(scale, every))
