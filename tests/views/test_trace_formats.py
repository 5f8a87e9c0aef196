"""`cgraph trace` read back line by line, and done anew: the oracle is `cgraph eval --json`."""

from __future__ import annotations

import ast
import errno
import functools
import importlib
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

import cgcli
from cgcli.homework.mistakes.table import MISTAKES
from cgcli.operations.table import TABLE
from cgcli.views.formats import TRACES
from tests.amounts import portion, sampled
from tests.documents import validate
from tests.properties.programs import NearEdgeError, Program, check_point, programs
from tests.views.parsing import Reader, Row

Run = Callable[..., Any]
Document = dict[str, Any]

FORMATS = tuple(form for form in TRACES if form not in ("html", "json"))
LOOP = "h[0] = 0\nfor t in 0..2 { h[t+1] = tanh(w*h[t] + u*x[t] + b) }\nsum([h[1], h[2], h[3]])^2"
NETWORK = "h = relu(W @ x + b); p = softmax(V @ h); -log(p[1]) + 0.1*(sum(W*W) + norm(V))"
PROGRAMS: dict[str, tuple[str, ...]] = {
    "seed": ("p = x + y; g = p*z", "x=1", "y=3", "z=-3"),
    "neuron": ("1/(1+exp(-(w*x+b)))", "w=0.7", "x=-1.3", "b=0.25"),
    "shared weight": ("h = tanh(w*x); (w*h - y)^2", "w=0.6", "x=1.7", "y=-0.4"),
    "recurrence": (LOOP, "w=0.5", "u=-0.8", "x=[1,2,-1]", "b=0.1"),
    "clear of kinks": ("max(x, y, 0.5)*relu(y) + abs(x) + min(x, 2*y)", "x=-1.1", "y=2.3"),
    "at kinks": ("max(x, y)*3 + relu(x) + abs(y)*2 + min(x, y, 0)", "x=0", "y=0"),
    "where": ("where(x > y, x*y, exp(x)) + where(x < 0, 2*x, x)", "x=1.25", "y=-0.75"),
    "where of vectors": ("sum(where(x > y, x*y, exp(y)))", "x=[1.25,-2]", "y=0.3"),
    "powers": ("x^3 + x^-1.5 + x^y + 2^x + y^-2 + x^0 + x^1", "x=1.7", "y=-0.45"),
    "small numbers": ("x*x + x/y + exp(x) + y/x", "x=1e-7", "y=2.5e-9"),
    "used twice": ("x*x + x", "x=3"),
    "a power of itself": ("x^x", "x=1.5"),
    "a long derivative": ("gelu(longer_name)", "longer_name=0.7"),
    "network": (NETWORK, "W=[[1,-2],[0.5,0.25]]", "x=[0.3,-0.7]", "b=[0.1,0.2]",
                "V=[[1,2],[3,-4]]"),
    "broadcasting": ("mean(W*x + c*y) - sum(W, 0)[1]",
                     "W=[[1,2],[3,4]]", "x=[5,6]", "c=[[2],[-1]]", "y=0.5"),
    "constant": ("k = 2; k*x + sin(k) + pi*x", "x=0.3"),
    "outside its domain": ("log(x)*y + sqrt(y)", "x=-1", "y=2"),
    "overflow": ("exp(x)*y", "x=1000", "y=0"),
    "a matrix": ("A @ transpose(A) + 1", "A=[[1,2,3],[4,5,6]]"),
    "a vector": ("W @ x", "W=[[1,2],[3,4]]", "x=[1,-1]"),
    "no input": ("1 + 1",),
    "not depended on": ("where(1 > 2, x, y)*2", "x=3", "y=4"),
    "deep sums": ("y = sin(x); y*y + y^2 + exp(y) + y*x + 1/y", "x=0.8"),
    "notes on names": ("log(x_1) + abs(y_2)", "x_1=-1", "y_2=0"),
    "negative parts": ("y = sin(x); y*y - y*3 - exp(y)", "x=0.8"),
    "names": ("α_1 = ω*x2 + theta; long_name = α_1^2", "ω=1.5", "x2=-0.5", "theta=0.125"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)


# --- numbers -------------------------------------------------------------------------------


def number(text: str) -> Any:
    """A printed number or array as floats."""
    with_names = re.sub(r"\bnan\b", "NaN", re.sub(r"\binf\b", "Infinity", text))
    return np.asarray(json.loads(with_names), dtype=float)


def numbers_of(value: Any) -> Any:
    """The numbers of a JSON document: what JSON lacks is a string there."""
    return np.asarray(value, dtype=float)


def same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=True)


def close(a: Any, b: Any, tolerance: float, absolute: float = 1e-290) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    if a.size != b.size:
        a, b = np.broadcast_arrays(a, b)
    return np.allclose(a.ravel(), b.ravel(), rtol=tolerance, atol=absolute, equal_nan=True)


def literal(value: Any) -> str:
    """A value as cgraph's language writes it; it has no word for what is not a number."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    text = repr(float(value))
    return {"nan": "(inf - inf)", "inf": "inf", "-inf": "(-inf)"}.get(text, f"({text})")


def is_literal(node: Document) -> bool:
    """Whether a node is a number as it was typed, which has no line of its own."""
    return node["op"] == "constant" and bool(
        re.match(r"[\d.]", node["name"]) or node["name"] in ("pi", "e", "tau", "inf")
    )


def cancelled(document: Document) -> float:
    """How much of a value may be lost in sums, as in 1 - h^2 next to 1."""
    if not any(node["op"] in ("add", "sub", "sum") for node in document["nodes"]):
        return 1e-290
    values = [np.abs(numbers_of(node["value"])).ravel() for node in document["nodes"]]
    everything = np.concatenate(values)
    return 1e-14 * float(everything[np.isfinite(everything)].max(initial=0))


class Anew:
    """Expressions to be evaluated, all at once, and what each must come out as."""

    def __init__(self) -> None:
        self.claims: list[tuple[str, Any, float, str]] = []

    def claim(self, expression: str, value: Any, tolerance: float, why: str) -> None:
        text = expression.replace("·", "*")
        self.claims.append((re.sub(r"\bnan\b", "(inf - inf)", text), value, tolerance, why))

    def check(self, cgraph: Run) -> None:
        # The formats claim much the same.
        expressions = list(dict.fromkeys(claim[0] for claim in self.claims))
        lines = [json.dumps({"expr": expression}) for expression in expressions]
        ran = cgraph("eval", "--jsonl", stdin="\n".join(lines).encode())
        found = dict(zip(expressions, map(json.loads, ran.out.splitlines()), strict=True))
        for expression, value, tolerance, why in self.claims:
            document = found[expression]
            assert "error" not in document, (why, expression, document)
            value_anew = numbers_of(document["value"])
            agrees = same(value_anew, value)
            if tolerance and not agrees:
                agrees = close(value_anew, value, tolerance, cancelled(document))
            assert agrees, (why, expression, value_anew, value)


# --- what is checked of every line ---------------------------------------------------------


class Checker:
    """Goes through the rows of a trace, with the document of `cgraph eval` beside it."""

    def __init__(self, document: Document, anew: Anew) -> None:
        self.document, self.anew = document, anew
        self.nodes: list[Document] = document["nodes"]
        self.by_name = {node["name"]: node for node in self.nodes if not is_literal(node)}
        self.output = self.by_name[document["output"]]
        names = sorted(map(re.escape, self.by_name), key=len, reverse=True)
        self.names = re.compile(rf"(?<![\w∂.])({'|'.join(names)})(?!\w)")
        any_name = "|".join(names)
        self.ratio = re.compile(rf"∂(?:({any_name})/∂({any_name})|([₀-₉]+)({any_name}))(?!\w)")
        self.written: dict[str, Any] = {}
        self.by_place: dict[tuple[str, str], bool] = {}
        self.products: dict[tuple[str, str], str] = {}
        self.seen: Counter[str] = Counter()
        self.lists: dict[str, list[str]] = {}
        self.parts: dict[str, list[tuple[str, Any]]] = {}
        self.node: Document = {}
        self.waiting: list[tuple[int, Document]] = []
        self.partial: Any = None
        self.local_text = ""
        self.local_sign = ""
        self.pullback = ""
        self.summed: tuple[str, int] = ("", 0)
        self.active = self._active()

    def _active(self) -> set[int]:
        sources = {self.by_name[n]["id"] for n in self.document["gradient"] or {}}
        active: set[int] = set()
        for node in self.nodes:
            if node["id"] in sources or active & set(node["args"]):
                active.add(node["id"])
        return active

    def check(self, rows: Sequence[Row]) -> Checker:
        for row in rows:
            # A minus sign after another one has brackets.
            assert not any(re.search(r"(?<!e)[-+*/·@] ?-", side) for side in row.sides), row
            getattr(self, f"_{row.kind}")(row)
            self.seen[row.kind] += 1
        self._finish()
        return self

    def inlined(
        self, text: str, ratios: Iterable[Any] = (), part: Callable[[Any], Any] = lambda v: v
    ) -> str:
        """A formula with numbers for its names, and for its derivatives from left to right."""
        given = iter(ratios)
        text = self.ratio.sub(lambda m: literal(next(given)), text)
        return self.names.sub(lambda m: literal(part(self.by_name[m[1]]["value"])), text)

    def value(self, node: Document) -> Any:
        return numbers_of(node["value"])

    def grad(self, node: Document) -> Any:
        return numbers_of(node["grad"])

    def under(self, text: str, over: Document) -> Document:
        found = self.ratio.fullmatch(text)
        assert found, text
        assert found[1] == over["name"]
        return self.by_name[found[2]]

    def one_meaning(self, sign: str, value: Any) -> None:
        """No sign stands for two numbers: neither a part for a whole, nor one use for another."""
        assert same(self.written.setdefault(sign, value), value), f"{sign} is two numbers"

    def spread(self, text: str, value: Any) -> None:
        """Compare a shape in words."""
        rows = np.asarray(value).shape
        wanted = {1: f"a vector of {rows[:1]}", 2: f"a {'×'.join(map(str, rows))} matrix"}
        wanted[1] = f"a vector of {rows[0]}" if rows else ""
        assert text == wanted[len(rows)]

    def _heading(self, row: Row) -> None:
        if self.waiting:
            self._end_of_step()

    def _words(self, row: Row) -> None:
        found = re.match(
            r"Moving (.+) up by a little moves (.+) by (.+) times as much\.", row.words
        )
        if not found:
            assert "no inputs" in row.words or "a backward pass for each element" in row.words
            return
        assert found[2] == self.output["name"]
        name, _, place = (
            found[1].partition("[") if found[1] not in self.by_name else (found[1], "", "")
        )
        slope = numbers_of(self.document["gradient"][name])
        if place:
            slope = slope[tuple(int(i) for i in place.rstrip("]").split(", "))]
            assert abs(slope) == np.abs(numbers_of(self.document["gradient"][name])).max()
        assert float(found[3]) == slope
        kinks = any(note["kind"] == "kink" for note in self.document["notes"])
        assert row.words.endswith("see the note.") == kinks

    def _given(self, row: Row) -> None:
        name, value = row.sides
        node = self.by_name[name]
        assert not node["args"]
        assert same(number(value), self.value(node)), row
        if row.asides:
            self.spread(row.asides[0], self.value(node))
        assert bool(row.asides) == bool(self.value(node).shape)
        self.lists.setdefault("given", []).append(name)

    def _forward(self, row: Row) -> None:
        name, *middle, value = row.sides
        node = self.by_name[name]
        self.node = node
        assert same(number(value), self.value(node)), row
        small = all(self.value(self.nodes[a]).size <= 16 for a in node["args"])
        # What reads the same twice, as a list and its value do, is written once.
        bare = node["op"] in ("stack", "same", "neg") or not self.names.search(node["formula"])
        assert len(middle) == 1 + small or (len(middle) <= small and bare), row
        for k, side in enumerate(middle):
            text = side if k else self.inlined(side)
            # The order of a sum is that of the memory, which a transposed matrix has another of.
            exact = node["partials"][0] is not None
            self.anew.claim(text, self.value(node), 0 if exact else 1e-14, f"forward {row}")
        if row.asides:
            self.spread(row.asides[0], self.value(node))
        self.lists.setdefault("forward", []).append(name)
        self.lists.setdefault("numbers", []).append(str(row.number))

    def _start(self, row: Row) -> None:
        assert row.sides == (f"∂{self.output['name']}/∂{self.output['name']}", "1")
        self.one_meaning(row.sides[0], number("1"))

    def _backward(self, row: Row) -> None:
        if self.waiting:
            self._end_of_step()
        name, *middle = row.sides
        node = self.node = self.by_name[name]
        for side in middle:
            self.anew.claim(self.inlined(side), self.value(node), 1e-14, f"backward {row}")
        self.waiting = [
            (place, self.nodes[a]) for place, a in enumerate(node["args"]) if a in self.active
        ]
        assert self.waiting
        self.lists.setdefault("backward", []).append(name)
        self.lists.setdefault("numbers", []).append(str(row.number))
        several = len(self.parts.get(name, [])) > 1
        self.summed = (name, 0) if several else ("", 0)

    def _end_of_step(self) -> None:
        assert not self.waiting, (self.node, self.waiting)

    def _sum(self, row: Row) -> None:
        node = self.node
        assert self.under(row.sides[0], self.output) is node
        received = self.parts[node["name"]]
        assert same(number(row.sides[-1]), self.grad(node)), row
        self.one_meaning(row.sides[0], self.grad(node))
        (aside,) = row.asides
        if aside.startswith("from its"):
            assert aside == f"from its {len(received)} uses"
        else:
            assert aside == f"from {', '.join(use for use, _ in received)}"
        for side in row.sides[1:-1]:
            self.anew.claim(side, self.grad(node), 0, f"sum {row}")
            self._terms(side, received)
        self.summed = ("", 0)

    def _terms(self, side: str, received: list[tuple[str, Any]]) -> None:
        """Compare a sum in numbers with what was sent, in the order in which it was."""
        terms = [number(term.strip("()")) for term in side.split(" + ")]
        assert all(same(t, sent) for t, (_, sent) in zip(terms, received, strict=True))

    def _local(self, row: Row) -> None:
        assert not self.summed[0], f"{self.summed[0]} has several uses and no sum"
        place, target = self.waiting[0]
        self.local_sign = row.sides[0]
        is_by_place = self.local_sign == self.place_sign(place)
        if is_by_place:
            assert row.asides == (f"by argument {place + 1}",), row
        else:
            assert self.under(self.local_sign, self.node) is target, row
        self._remember(target, is_by_place)
        partial = self.node["partials"][place]
        assert partial is not None
        self.partial = partial
        self.local_text = row.sides[1]
        assert close(number(row.sides[-1]), numbers_of(partial), 0), (row, partial)
        self.one_meaning(self.local_sign, number(row.sides[-1]))
        if np.isfinite(numbers_of(partial)).all():
            formula = self.inlined(row.sides[1])
            self.anew.claim(formula, numbers_of(partial), 1e-9, f"local {row} of {self.node}")
        for condition in row.conditions:
            equals = re.sub(r" = ", " == ", condition)
            shape = self.value(self.node).shape
            self.anew.claim(self.inlined(equals), np.ones(shape), 1e-9, f"condition {row}")

    def place_sign(self, place: int) -> str:
        """The partial derivative of the step's node by an argument that is named by its place."""
        digits = str(place + 1).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
        return f"∂{digits}{self.node['name']}"

    def _remember(self, target: Document, is_by_place: bool) -> None:
        """Keep how a local derivative is written: by its place where the other is ambiguous."""
        twice = self.node["args"].count(target["id"]) > 1
        assert is_by_place or not twice
        if not twice:
            self.by_place[self.node["name"], target["name"]] = is_by_place

    def _pullback(self, row: Row) -> None:
        self.pullback = row.words.partition(": ")[2]
        assert self.pullback
        self.partial = None

    def _nothing(self, row: Row) -> None:
        place, target = self.waiting.pop(0)
        assert f"∂{self.output['name']}/∂{target['name']}" in row.words
        self.lists.setdefault("nothing", []).append(f"{self.node['name']} {place}")

    def _chain(self, row: Row) -> None:
        assert self.under(row.sides[0], self.output) is self.waiting[0][1], row
        target = self._sent(row, row.sides[1:])
        factors = [sign[0] for sign in self.ratio.finditer(row.sides[1])]
        assert row.sides[0] not in factors, f"defined by itself: {row}"
        self.products[target["name"], self.node["name"]] = row.sides[1]
        assert same(number(row.sides[-1]), self.grad(target)), (row, target)
        self.one_meaning(row.sides[0], self.grad(target))

    def _part(self, row: Row) -> None:
        place, target = self.waiting[0]
        use = f"{self.node['name']}{self._where(place)}"
        assert row.label == f"through {use}"
        product = row.sides[0]
        assert not self.ratio.fullmatch(product), f"a part is written as a whole: {row}"
        if self.partial is None:
            upstream, self.local_sign = re.split(" [·*] ", product)
            assert upstream == f"∂{self.output['name']}/∂{self.node['name']}"
            is_by_place = self.local_sign == self.place_sign(place)
            assert is_by_place or self.under(self.local_sign, self.node) is target
            self._remember(target, is_by_place)
        assert self.local_sign in product
        self.products[target["name"], use] = product
        self._sent(row, row.sides if self.partial is not None else row.sides[1:])

    def _sent(self, row: Row, sides: tuple[str, ...]) -> Document:
        place, target = self.waiting.pop(0)
        node = self.node
        sent = number(sides[-1])
        assert sent.shape == self.value(target).shape, row
        use = f"{node['name']}{self._where(place)}"
        self.parts.setdefault(target["name"], []).append((use, sent))
        if self.partial is None:
            assert len(sides) == 1
            self._pulled_back(row, sent)
            if row.asides:
                self.spread(row.asides[0], sent)
            return target
        product, *numbers, _ = sides
        upstream = [node["grad"], self.partial]
        if np.isfinite(sent).all() and np.isfinite(numbers_of(self.partial)).all():
            self.anew.claim(self.inlined(product, upstream), sent, 1e-9, f"{row.kind} {row}")
        assert product.count(f"∂{self.output['name']}/∂{node['name']}") >= 1
        if numbers:
            (numbers_text,) = numbers
            tolerance = 0 if not sent.shape and "sum" not in numbers_text else 1e-13
            self.anew.claim(numbers_text, sent, tolerance, f"{row.kind} {row}")
            left, right = factors(numbers_text)
            assert same(number(left), self.grad(node)), row
            assert same(number(right), numbers_of(self.partial)), row
        else:
            # What a branch not taken cut off is no product of the two.
            special = (
                any(n["op"] == "where" for n in self.nodes)
                or not np.isfinite(self.value(self.output)).all()
            )
            assert special, row
        self.partial = None
        return target

    def _pulled_back(self, row: Row, sent: Any) -> None:
        """Do what the words of a pullback say, where they are a formula; line by line, perhaps."""
        found = re.fullmatch(r"(?:in each (row|column): )?(.*?)(?:, \S+ the \w+)?", self.pullback)
        assert found
        lines, formula = found[1], found[2]
        if "∂" not in formula or re.search(r"[a-z] [a-z]", formula):
            return
        if self.node["op"] == "logsumexp" and not lines and sent.ndim > 1 and not self.strict:
            return
        self.seen["pullback formula"] += 1
        upstream = [self.node["grad"]] * formula.count("∂")
        if not lines:
            self.anew.claim(self.inlined(formula, upstream), sent, 1e-9, f"pullback {row}")
            return
        for k in range(sent.shape[0 if lines == "row" else 1]):

            def one(value: Any, k: int = k) -> Any:
                array = numbers_of(value)
                return (array[:, k] if array.ndim > 1 and lines == "column" else array[k]).tolist()

            text = self.inlined(formula, map(one, upstream), one)
            self.anew.claim(text, one(sent), 1e-9, f"pullback of {lines} {k}: {row}")

    def _where(self, place: int) -> str:
        """What tells a use from the others of its node: its turn, its place."""
        found = [f"{t} = {k}" for t, k in self.turns.get(self.node["name"], {}).items()]
        twice = self.node["args"].count(self.node["args"][place]) > 1
        found += [f"#{place + 1}"] if twice else []
        return f" ({', '.join(found)})" if found else ""

    strict = False
    """Whether the words must be right of a logsumexp of a whole matrix: see the test for it."""
    turns: dict[str, dict[str, int]] = {}  # noqa: RUF012

    def _note(self, row: Row) -> None:
        kind, _, message = row.words.partition(": ")
        if kind == "convention":
            assert message
            return
        self.lists.setdefault("notes", []).append(f"{kind}: {message}")

    def _gradient(self, row: Row) -> None:
        self._collected()
        target = self.under(row.sides[0], self.output)
        self.lists.setdefault("gradient", []).append(target["name"])
        if self.document["gradient"] is None:
            jacobian = numbers_of(self.document["jacobian"][target["name"]])
            if len(row.sides) == 2:
                assert same(number(row.sides[1]), jacobian)
            else:
                assert row.asides == (f"of shape {' × '.join(map(str, jacobian.shape))}",)
            return
        value = number(row.sides[-1])
        self.one_meaning(row.sides[0], value)
        assert same(value, numbers_of(self.document["gradient"][target["name"]])), row
        assert same(value, self.grad(target))
        received = self.parts.get(target["name"], [])
        if len(received) > 1:
            assert row.asides == (f"the sum of {len(received)} contributions",)
            self.entries = received.copy()
            self.gradient_of = target["name"]
            for side in row.sides[1:-1]:
                self._terms(side, received)
        elif received:
            assert row.asides == ()
            assert same(received[0][1], value)
        elif target is not self.output:
            assert row.asides == (f"{self.output['name']} does not depend on it",)
            assert not value.any()
        self.total, self.last = np.zeros(()), value

    entries: list[tuple[str, Any]] = []  # noqa: RUF012
    gradient_of = ""
    total: Any = None
    last: Any = None

    def _entry(self, row: Row) -> None:
        use, sent = self.entries.pop(0)
        assert row.label == f"through {use}"
        assert row.sides[0] == self.products[self.gradient_of, use]
        assert same(number(row.sides[1]), sent)
        self.total = self.total + sent
        if not self.entries:
            assert same(self.total, self.last), f"the entries add up to {self.total}: {row}"

    def _collected(self) -> None:
        assert not self.entries, f"entries are missing: {self.entries}"

    def _finish(self) -> None:
        self._collected()
        document, lists = self.document, self.lists
        operations = [n["name"] for n in self.nodes if n["args"]]
        leaves = [n["name"] for n in self.nodes if not n["args"] and not is_literal(n)]
        assert lists.get("forward", []) == operations
        assert lists.get("given", []) == leaves
        numbers = lists.get("numbers", [])
        assert numbers == [str(k + 1) for k in range(len(numbers))]
        if document["gradient"] is None:
            assert lists["gradient"] == list(document["jacobian"])
            assert "backward" not in lists
            return
        assert lists.get("gradient", []) == list(document["gradient"])
        if not document["gradient"]:
            return
        backward = lists["backward"]
        order = [self.by_name[name]["id"] for name in backward]
        assert order == sorted(set(order), reverse=True)
        for node in self.nodes:
            if node["args"] and node["name"] not in backward:
                assert node["id"] not in self.active or not np.any(self.grad(node)), node
        # Whatever uses a node in backward sends to it, or says that it does not.
        for name in backward:
            node = self.by_name[name]
            assert name == self.output["name"] or self.parts[name], name
        for (name, argument), is_by_place in self.by_place.items():
            is_shared = name == self.output["name"] and len(self.parts.get(argument, [])) > 1
            assert is_by_place >= is_shared, (name, argument)
            if is_by_place and not is_shared:
                # Its formula is long: the gradient is defined by the sign of it.
                assert any(
                    sign[3] == name for sign in self.ratio.findall(self.products[argument, name])
                )
        told = [f"{note['kind']}: {note['message']}" for note in document["notes"]]
        # What cannot be trusted is said of the value, and once more where a gradient goes through.
        again = "domain: outside its domain, what goes through it is never finite"
        found = lists.get("notes", [])
        assert sorted(note for note in found if note != again) == sorted(told)
        assert found.count(again) <= sum(note.startswith("domain") for note in told)


def factors(text: str) -> tuple[str, str]:
    """The two numbers of a product, out of a sum around it and out of their brackets."""
    inner = re.fullmatch(r"sum\((.*?)(?:, [01])?\)", text)
    left, right = re.split(r" [·*] ", inner[1] if inner else text)
    return left.removeprefix("(").removesuffix(")"), right.removeprefix("(").removesuffix(")")


# --- the programs in every format ----------------------------------------------------------


def evaluated(cgraph: Run, *arguments: str) -> Document:
    ran = cgraph("eval", *arguments, "--json")
    assert ran.status == 0, ran
    document = json.loads(ran.out)
    assert isinstance(document, dict)
    return document


def names_of(document: Document) -> list[str]:
    return [node["name"] for node in document["nodes"] if not is_literal(node)]


def traced(cgraph: Run, form: str, *arguments: str) -> str:
    ran = cgraph("trace", *arguments, "--format", form, "--digits", "17")
    assert (ran.status, ran.err) == (0, ""), ran
    out = ran.out
    assert isinstance(out, str)
    return out


def check(cgraph: Run, *arguments: str) -> dict[str, list[Row]]:
    """Check every line of a trace in every format, and that the formats agree."""
    document = evaluated(cgraph, *arguments)
    steps = json.loads(traced(cgraph, "json", *arguments))["steps"]
    anew = Anew()
    rows = {}
    for form in FORMATS:
        text = traced(cgraph, form, *arguments)
        rows[form] = Reader(names_of(document)).read(form, text)
        checker = Checker(document, anew)
        checker.turns = {step["node"]: step["turn"] for step in steps}
        checker.check(rows[form])
        assert sum(v for k, v in checker.seen.items() if k != "pullback formula") == count(
            form, text
        )
    anew.check(cgraph)
    first = rows["text"]
    for form in FORMATS[1:]:
        assert [skeleton(r) for r in rows[form]] == [skeleton(r) for r in first], form
        if form != "latex":
            assert rows[form] == first or [r.sides for r in rows[form]] == [r.sides for r in first]
    return rows


def count(form: str, text: str) -> int:
    """How many lines a trace has to be read, counted in another way."""
    lines = [line for line in text.splitlines() if line]
    if form == "latex":
        lines = [x for x in lines if not re.match(r"%| *\\(begin|end)\b", x)]
    return len(lines)


def skeleton(row: Row) -> tuple[Any, ...]:
    """What must be the same in every format: what a line is and the numbers of its sides."""
    value = row.sides[-1] if row.sides else ""
    numbers = [float(n) for n in re.findall(r"(?<![\w.])[\d.]+(?:e[+-]?\d+)?", value)]
    said = re.findall(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?", row.words) if row.kind == "words" else []
    return (
        row.kind,
        row.number,
        row.label,
        numbers,
        row.asides,
        len(row.conditions),
        [float(n) for n in said],
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_line_is_right_in_every_format(name: str, cgraph: Run) -> None:
    rows = check(cgraph, *PROGRAMS[name])
    assert len(rows["text"]) > 3


@sampled
@settings(
    max_examples=portion(40),
    deadline=None,
    # The same programs every time: what is judged here is text, to the last digit.
    derandomize=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(program=programs())
def test_every_line_of_random_programs_is_right(program: Program) -> None:
    assume(program.bindings)
    try:
        check_point(program)
    except NearEdgeError:
        assume(False)
    with pytest.MonkeyPatch.context() as patch:
        check(runner(patch), program.text, *bound(program))


def bound(program: Program) -> list[str]:
    return [f"{name}={json.dumps(value)}" for name, value in program.bindings.items()]


def runner(patch: pytest.MonkeyPatch) -> Run:
    """The fixture `cgraph`, for a test that Hypothesis runs many times."""
    from tests.conftest import cgraph

    patch.setenv("LC_ALL", "C")
    made = cgraph.__wrapped__ if hasattr(cgraph, "__wrapped__") else cgraph.__pytest_wrapped__.obj
    call = made(patch)
    assert callable(call)
    return call


def test_large_arrays_are_told_by_their_ends(cgraph: Run) -> None:
    values = [k / 7 for k in range(20)]
    out = traced(cgraph, "text", "sum(x*x)", f"x={values}")
    first, *_, last = (f"{v * v:.17g}" for v in values)
    line = next(line for line in out.splitlines() if " v1 = " in line)
    assert "v1 = x * x = [" in line
    assert f"= [{first}, " in line
    assert f", …, {last}] 20  (a vector of 20)" in line


@pytest.mark.parametrize(
    "call",
    [
        *("softmax(A)", "log_softmax(A)", "logsumexp(A, 0)", "logsumexp(A, 1)"),
        *("norm(A, 0)", "norm(A, 1)", "norm(A)"),
        "logsumexp(A)",
    ],
)
def test_the_pullback_of_a_matrix_is_the_formula_it_says(
    call: str, cgraph: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Checker, "strict", True)
    check(cgraph, f"sum({call}*B)", "A=[[1,2],[3,5]]", "B=[2,3]")


def test_a_comparison_is_not_one_more_side_in_latex(cgraph: Run) -> None:
    out = traced(cgraph, "latex", "where(x == y, 2, 3)*x", "x=1", "y=1")
    assert "v_{1} = x = y = 1 = 1 = 1" not in out


def outside_brackets(text: str) -> str:
    """What of a formula stands in no bracket."""
    while (inner := re.sub(r"[(\[][^()\[\]]*[)\]]", "", text)) != text:
        text = inner
    return text


@pytest.mark.parametrize(
    "program",
    [
        *(PROGRAMS[name] for name in ("neuron", "recurrence")),
        # What is used once alone has its formula in the chain rule.
        ("a^3 + b^-1.5 + 2^c + u^v + d^-2", "a=1.7", "b=0.3", "c=-1", "u=2", "v=-0.5", "d=-2"),
        ("(sin(x)*3 + exp(-y) - 1/z)^2", "x=0.8", "y=-0.3", "z=-2"),
        ("q = x/y; f = q^3*(1 - q)", "x=2/3", "y=-1/3", "--exact"),
        ("f = (x - 2*y)^2/(y*x)", "x=1/7", "y=1/3", "--exact"),
    ],
)
def test_the_right_factor_of_a_chain_reads_as_one_number(
    program: tuple[str, ...], cgraph: Run
) -> None:
    brackets = 0
    for line in cgraph("trace", *program).out.splitlines():
        if line.strip().startswith(("chain", "through")):
            for side in re.sub(r"∂\S+", "d", line).split(" = "):
                _, _, right = side.partition(" · ")
                brackets += "(" in right
                assert not re.search(r" [-+*] |/|^-", outside_brackets(right)), line
    assert brackets > 2


def test_minus_zero_is_put_in_as_such(cgraph: Run) -> None:
    check(cgraph, "1/(x*y)", "x=0", "y=-1")


# --- JSON ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_json_is_what_eval_says(name: str, cgraph: Run) -> None:
    check_json(cgraph, *PROGRAMS[name])


@sampled
@settings(
    max_examples=portion(60),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(program=programs())
def test_the_json_of_random_programs_is_what_eval_says(program: Program) -> None:
    assume(program.bindings)
    with pytest.MonkeyPatch.context() as patch:
        check_json(runner(patch), program.text, *bound(program))


def check_json(cgraph: Run, *arguments: str) -> None:
    document = evaluated(cgraph, *arguments)
    ran = cgraph("trace", *arguments, "--json")
    assert ran.out == cgraph("trace", *arguments, "--format", "json", "--digits", "3").out
    found = json.loads(ran.out, parse_constant=pytest.fail)
    validate(found, "trace")
    for key in ("expression", "output", "value", "gradient", "notes"):
        assert found[key] == document[key], key
    assert found.get("jacobian") == document.get("jacobian")
    nodes = document["nodes"]
    sent: dict[int, list[tuple[int, int, Any]]] = {}
    places: dict[str, list[int]] = {}
    for step in found["steps"]:
        node = nodes[step["id"]]
        places.setdefault(step["pass"], []).append(step["id"])
        assert (step["node"], step["op"], step["formula"]) == tuple(
            node[key] for key in ("name", "op", "formula")
        )
        assert tuple(step["shape"]) == numbers_of(node["value"]).shape
        match step["pass"]:
            case "given":
                assert step["value"] == node["value"]
            case "forward":
                assert step["value"] == node["value"]
                assert step["arguments"] == [nodes[a]["value"] for a in node["args"]]
                assert step["notes"] == [n for n in node["notes"] if n in step["notes"]]
            case "backward":
                assert step["upstream"] == node["grad"]
                received(step, node, sent, nodes)
                for each in step["contributions"]:
                    assert nodes[each["id"]]["name"] == each["to"]
                    assert node["args"][each["argument"]] == each["id"]
                    assert each["partial"] == node["partials"][each["argument"]]
                    assert (each["local"] is None) == (each["pullback"] is not None)
                    assert each["taken"] == (each["contribution"] is not None)
                    if each["taken"]:
                        one = step["id"], each["argument"], each["contribution"]
                        sent.setdefault(each["id"], []).append(one)
                told = [each["argument"] for each in step["contributions"]]
                assert told == sorted(set(told))
            case "gradient":
                assert step["gradient"] == document["gradient"][node["name"]]
                received(step, node, sent, nodes)
    assert places.get("forward", []) == [n["id"] for n in nodes if n["args"]]
    assert places.get("given", []) == [
        n["id"] for n in nodes if not n["args"] and not is_literal(n)
    ]
    assert places.get("gradient", []) == [
        node["id"]
        for name in document["gradient"] or {}
        for node in nodes
        if node["name"] == name and not is_literal(node)
    ]
    assert places.get("backward", []) == sorted(set(places.get("backward", [])), reverse=True)


def received(step: Document, node: Document, sent: dict[int, Any], nodes: list[Document]) -> None:
    """What a step says it received is what was sent to it, and adds up to its gradient."""
    found = [(each["id"], each["argument"], each["contribution"]) for each in step["received"]]
    assert found == sent.get(step["id"], [])
    assert all(each["from"] == nodes[each["id"]]["name"] for each in step["received"])
    if found:
        with np.errstate(invalid="ignore"):  # inf - inf is NaN, as it is in the program
            total = sum((numbers_of(value) for _, _, value in found), start=np.zeros(()))
        assert same(total, numbers_of(node["grad"])), (step, node)


# --- what is left out ----------------------------------------------------------------------

# No gradient here is a value too, and no number can be told from another by chance.
SECRET = ("p = sin(x*y); q = exp(p)*cos(y); g = sin(tanh(q)*p + q)", "x=1.234567", "y=-0.765432")


def digits_of(value: Any) -> set[str]:
    """The first digits of every number of a value, wherever the point stands."""
    found = (f"{abs(v):.12e}".replace(".", "")[:6] for v in numbers_of(value).ravel())
    return {digits for digits in found if digits.strip("01")}


@pytest.mark.parametrize("form", [*FORMATS, "html", "json", "tree"])
@pytest.mark.parametrize("hidden", ["values", "gradients", "values,gradients", "gradients,values"])
def test_no_hidden_number_is_printed(form: str, hidden: str, cgraph: Run) -> None:
    document = evaluated(cgraph, *SECRET)
    nodes = document["nodes"]
    values: set[str] = set().union(*(digits_of(n["value"]) for n in nodes if n["args"]))
    gradients: set[str] = set().union(*(digits_of(n["grad"]) for n in nodes))
    partials: set[str] = set().union(*(digits_of(p) for n in nodes for p in n["partials"]))
    given: set[str] = set().union(*(digits_of(n["value"]) for n in nodes if not n["args"]))
    values, gradients, partials = (
        values - gradients,
        gradients - values - partials,
        partials - given,
    )
    assert len(values) > 5
    assert len(gradients) > 2
    asked = ["--tree"] if form == "tree" else ["--format", form]
    out = cgraph("trace", *SECRET, *asked, "--hide", hidden, "--digits", "17").out
    everything = cgraph("trace", *SECRET, *asked, "--digits", "17").out
    found, there = (re.sub(r"(?<=\d)\.(?=\d)|\b0\.0*", "", text) for text in (out, everything))
    blanks = {"latex": r"\underline{\hspace{3em}}", "json": "null"}
    blanks["html"] = blanks["latex"].replace("\\", "\\\\")
    blank = blanks.get(form, "____")
    assert blank in out
    if form != "json":
        assert blank not in everything
    for name, wanted in (("values", values), ("gradients", gradients)):
        present = {digits for digits in wanted if digits in found}
        # A page computes what it shows, where nothing is hidden.
        assert form == "html" or {digits for digits in wanted if digits in there} == wanted
        if name in hidden:
            assert not present, name
        else:
            assert present == wanted, name
    if "gradients" in hidden:
        assert "Moving" not in out


def test_no_note_tells_a_hidden_value(cgraph: Run) -> None:
    ran = cgraph("trace", "log(x - 2.25)", "x=0.123", "--hide", "values")
    assert "2.127" not in ran.out


@pytest.mark.parametrize("form", FORMATS)
def test_one_pass_alone_has_the_lines_of_the_whole(form: str, cgraph: Run) -> None:
    arguments = PROGRAMS["network"]
    reader = Reader(names_of(evaluated(cgraph, *arguments)))

    def rows(*options: str) -> list[Row]:
        out = cgraph("trace", *arguments, "--format", form, *options).out
        found = reader.read(form, out)
        return [Row(r.kind, 0, r.label, r.sides, r.asides, r.conditions, r.words) for r in found]

    whole, forward, backward = rows(), rows("--pass", "forward"), rows("--pass", "backward")
    given = [row for row in whole if row.kind == "given"]
    middle = next(k for k, row in enumerate(whole) if row.words.startswith("Backward"))
    assert forward == whole[:middle]
    assert backward == [whole[0], *given, *whole[middle:]]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("program", ["network", "recurrence", "shared weight", "deep sums"])
def test_only_has_the_steps_on_the_way(program: str, form: str, cgraph: Run) -> None:
    arguments = PROGRAMS[program]
    document = evaluated(cgraph, *arguments)
    reader = Reader(names_of(document))
    nodes = document["nodes"]
    for name in (n["name"] for n in nodes if n["op"] != "constant"):
        ran = cgraph("trace", *arguments, "--only", name, "--format", form, "--digits", "17")
        assert ran.status == 0, ran
        rows = reader.read(form, ran.out)
        (target,) = (n["id"] for n in nodes if n["name"] == name and not is_literal(n))
        way = {target}
        for node in nodes:
            if way & set(node["args"]):
                way.add(node["id"])
        told = [row.sides[0] for row in rows if row.kind == "backward"]
        on_the_way = {nodes[k]["name"] for k in way - {target}}
        assert set(told) <= on_the_way
        if any(np.any(numbers_of(nodes[k]["grad"])) for k in way):
            assert document["output"] in told or name == document["output"]
        (gradient,) = (row for row in rows if row.kind == "gradient")
        assert gradient.sides[0] == f"∂{document['output']}/∂{name}"
        assert same(number(gradient.sides[-1]), numbers_of(nodes[target]["grad"]))
        entries = [number(row.sides[-1]) for row in rows if row.kind == "entry"]
        if entries:
            assert same(sum(entries, start=np.zeros(())), numbers_of(nodes[target]["grad"]))
        values = {node["name"]: node["value"] for node in nodes}
        signs = Checker(document, Anew()).ratio
        for row in rows:
            if row.kind == "forward":
                assert same(number(row.sides[-1]), numbers_of(values[row.sides[0]]))
            if row.kind in ("chain", "part"):
                *_, (_, by, _, node_by_place) = signs.findall(row.sides[0])
                assert (by or node_by_place) in on_the_way | {name}
        forward = {row.sides[0] for row in rows if row.kind == "forward"}
        mentioned = mentions([row.sides[1] for row in rows if row.kind == "local"], document)
        assert mentioned <= forward


def test_only_by_a_named_number(cgraph: Run) -> None:
    ran = cgraph("trace", "k = 2; k*x", "x=3", "--only", "k")
    assert ran.status == 2 or "∂f/∂k = 3" in ran.out
    assert "does not depend" not in ran.out


def mentions(formulas: list[str], document: Document) -> set[str]:
    operations = {node["name"] for node in document["nodes"] if node["args"]}
    words = Checker(document, Anew()).names
    return {found for text in formulas for found in words.findall(text)} & operations


# --- the tree ------------------------------------------------------------------------------

BRANCH = re.compile(r"^(?P<guides>(?:│  |   |├─ |└─ )*)(?P<text>\S.*)$")


@pytest.mark.parametrize("program", [name for name in PROGRAMS if name != "a matrix"])
def test_the_tree_has_each_node_once(program: str, cgraph: Run) -> None:
    arguments = PROGRAMS[program]
    document = evaluated(cgraph, *arguments)
    nodes = {n["name"]: n for n in document["nodes"] if not is_literal(n)}
    lines = cgraph("trace", *arguments, "--tree", "--digits", "17").out.splitlines()
    drawn: list[str] = []
    parents: list[str] = []
    children: dict[str, list[str]] = {}
    for place, line in enumerate(lines):
        found = BRANCH.fullmatch(line)
        assert found, line
        depth = len(found["guides"]) // 3
        body, _, gradient = found["text"].partition("   ∂")
        referred = re.fullmatch(r"(\S+)  \((above|below)\)", body)
        name = referred[1] if referred else body.split(" = ")[0]
        parents[depth:] = [name]
        if depth:
            children.setdefault(parents[depth - 1], []).append(name)
        if referred:
            assert (name in drawn) == (referred[2] == "above"), line
            assert referred[2] == "above" or any(x.startswith(f"{name} = ") for x in lines[place:])
            continue
        drawn.append(name)
        node = nodes[name]
        assert same(number(body.split("  (")[0].split(" = ")[-1]), numbers_of(node["value"])), line
        if gradient:
            assert gradient.startswith(f"{document['output']}/∂{name} = ")
            value = gradient.split(" = ")[1].split("  (")[0]
            assert same(number(value), numbers_of(node["grad"])), line
        elif document["gradient"]:
            assert node["grad"] is None or not np.any(numbers_of(node["grad"]))
    assert len(drawn) == len(set(drawn))
    reached = {document["output"]}
    for node in reversed(document["nodes"]):
        if node["name"] in reached and node["args"]:
            wanted = [document["nodes"][a] for a in node["args"]]
            names = list(dict.fromkeys(n["name"] for n in wanted if not is_literal(n)))
            assert children.get(node["name"], []) == names
            reached |= set(names)
    assert set(drawn) == reached
    uses = sum(len(node["args"]) for node in document["nodes"])
    assert len(lines) <= len(nodes) + uses


# --- Chinese -------------------------------------------------------------------------------

PACKAGE = Path(cgcli.__file__).parent
CHINESE: dict[str, str] = json.loads((PACKAGE / "views/languages/zh.json").read_text("utf-8"))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_chinese_has_the_same_numbers_and_no_english(program: str, form: str, cgraph: Run) -> None:
    arguments = (*PROGRAMS[program], "--digits", "17", "--format", form)
    names = names_of(evaluated(cgraph, *PROGRAMS[program]))
    english = Reader(names).read(form, cgraph("trace", *arguments, "--lang", "en").out)
    out = cgraph("trace", *arguments, "--lang", "zh").out
    chinese = Reader(names, CHINESE).read(form, out)
    for ours, theirs in zip(chinese, english, strict=True):
        assert (ours.kind, ours.number, ours.sides) == (theirs.kind, theirs.number, theirs.sides)
        said = re.compile(r"\d+(?:\.\d+)?")
        for mine, other in zip(
            (ours.words, *ours.asides), (theirs.words, *theirs.asides), strict=True
        ):
            assert Counter(said.findall(mine)) == Counter(said.findall(other)), (mine, other)
    known = {
        *names,
        *(name.partition("[")[0] for name in names),
        *(row.name for row in TABLE),
        *(w for row in TABLE for w in row.words),
        "inf",
        "nan",
        "t",
    }
    for row in chinese:
        use = ours.label if row.kind == "entry" else ""
        for said_in_words in (row.words, row.label if not use else "", *row.asides):
            words = re.findall(r"(?<![\w.])[A-Za-z_]\w*", said_in_words)
            assert set(words) <= known | english_in_formulas(row), row


def english_in_formulas(row: Row) -> set[str]:
    """Names in what is mathematics."""
    return set(re.findall(r"[A-Za-z_]\w*", " ".join(row.sides)))


def literal_patterns() -> Iterator[tuple[str, str]]:
    """Every pattern that the code gives to Message, and where; two are the table's."""
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if "Message(" in text else ():
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "Message"
                and node.args
            ):
                for choice in ast.walk(node.args[0]):
                    if isinstance(choice, ast.Constant) and isinstance(choice.value, str):
                        yield choice.value, f"{path.name}:{node.lineno}"


def table_patterns() -> Iterator[str]:
    for mistake in MISTAKES:
        yield from filter(None, (mistake.words, mistake.value_words))
    shapes = [(), (2,), (2, 3), (3, 2), (2, 2)]
    for row in TABLE:
        yield from (row.domain.words,) if row.domain else ()
        yield from (kink.words for kink in row.kinks)
        yield from row.pullback_words
        yield from (row.convention,) if row.convention else ()
        if row.wording:
            for left in shapes:
                for right in shapes:
                    for place in (0, 1):
                        try:
                            row.shape(left, right)
                        except Exception:  # noqa: BLE001 - these shapes do not go together
                            continue
                        yield row.wording(place, left, right)


def in_words(pattern: str) -> bool:
    """Whether a pattern says something that is not a formula."""
    rest = re.sub(r"\{\w+(:\w+)?\}", " ", pattern)
    words = [word for row in TABLE for word in (*row.words, row.name)]
    return bool(set(re.findall(r"[A-Za-z]+", rest)) - set(words)) or not re.search(
        r"[*@+/(-]", rest
    )


def placeholders(pattern: str) -> list[str]:
    return sorted(re.findall(r"\{\w+(?::\w+)?\}", pattern))


@functools.cache
def patterns() -> set[str]:
    examples = {"words.py"}  # its doctests are no code, and ast does not see them
    found = {
        pattern for pattern, where in literal_patterns() if where.split(":")[0] not in examples
    }
    found |= {"{before}; {after}"}
    found |= {*json.loads((PACKAGE / "views/page/words.json").read_text("utf-8")).values()}
    return {p for p in found | set(table_patterns()) if in_words(p)}


def test_every_pattern_has_a_translation() -> None:
    assert len(patterns()) > 80
    assert patterns() - set(CHINESE) == set()


def test_no_translation_is_unused() -> None:
    """What errors and the help say is read off their text: every word of it stands in the code.

    Or in what Python says of JSON and TOML, and the system of files, which they pass on.
    """
    folders = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".toml")]
    for name in ("json", "tomllib"):
        folders += Path(importlib.import_module(name).__file__ or "").parent.glob("*.py")
    code = "\n".join(path.read_text("utf-8") for path in folders).replace("\\\\", "\\")
    code += "\n".join([code.lower(), *(os.strerror(number).lower() for number in errno.errorcode)])
    words = set(re.findall(r"[A-Za-z]+", code))
    unused = [
        pattern
        for pattern in set(CHINESE) - patterns()
        if not words.issuperset(re.findall(r"[A-Za-z]+", re.sub(r"\{\w*\}", " ", pattern)))
    ]
    assert unused == []


def test_a_translation_has_the_placeholders_of_its_pattern() -> None:
    for pattern, translation in CHINESE.items():
        assert placeholders(translation) == placeholders(pattern)


# --- hostile texts -------------------------------------------------------------------------

HOSTILE = [
    "x_1*y # <script>alert(1)</script> & </pre> <img src=http://x onerror=alert(1)>",
    "x_1*y # --> <!-- ]]> </style></title>",
    "x_1*y # \\end{document} \\input{/etc/passwd} $ % ^ _ & ~ { } }",
    "x_1*y # ``` ` **a** [b](http://c) | ~ <b>",
    "x_1*y # tab\tescape\x1b[31m bell\x07 override\u202e nul",
    "x_1 * y # 中文 α_1 ∂ · “quotes” \"'",
]
_COMMANDS = set(
    re.findall(
        "[A-Za-z]+",
        """
    mathrel
    frac partial cdot left right displaystyle item begin end subsection setcounter text mathit
    operatorname sqrt ln exp sin cos tan arcsin arccos arctan sinh cosh tanh log sigma Gamma
    psi top le ge ne ldots infty times underline hspace pi tau alpha beta gamma omega theta
    textless textgreater textbar textasciicircum textasciitilde textbackslash textquotedbl
    documentclass usepackage setlength parindent raggedright
""",
    )
)
_MARKS = frozenset(",\\{}_#$%&|")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", FORMATS)
def test_hostile_texts_stay_texts(text: str, form: str, cgraph: Run) -> None:
    ran = cgraph("trace", "-", "x_1=2", "y=3", "--format", form, stdin=text.encode())
    if ran.status:
        assert "\x1b" not in ran.err + ran.out
        return
    assert not any(unicodedata.category(c) in ("Cc", "Cf") for c in ran.out if c != "\n"), ran.out
    if form == "latex":
        sound(ran.out)
    assert "script" not in ran.out
    assert "passwd" not in ran.out
    rows = Reader(["x_1", "y", "f"]).read(form, ran.out)
    assert ("f", "x_1 * y", "2 * 3", "6") in [row.sides for row in rows]


@pytest.mark.parametrize("program", PROGRAMS)
def test_documents_are_sound(program: str, cgraph: Run) -> None:
    sound(traced(cgraph, "latex", *PROGRAMS[program]))
    ran = cgraph("trace", *PROGRAMS[program], "--format", "latex", "--standalone")
    sound(ran.out)
    assert ran.out.startswith("\\documentclass{article}\n")
    assert ran.out.endswith("\\end{document}\n")


def test_powers_of_small_numbers_are_sound(cgraph: Run) -> None:
    sound(traced(cgraph, "latex", "x^2", "x=1e-7"))


def sound(latex: str) -> None:
    """Braces and dollars balance, environments nest, and every command is one that is known."""
    body = "\n".join(re.sub(r"(?<!\\)%.*", "", line) for line in latex.splitlines())
    for name in re.findall(r"\\([A-Za-z]+|.)", body):
        assert name in _COMMANDS or name in _MARKS, name
    plain = re.sub(r"\\[\\{}$]", "", body)
    assert plain.count("$") % 2 == 0
    for piece in [plain, *plain.split("$")[1::2]]:
        depth = 0
        for char in piece:
            depth += (char == "{") - (char == "}")
            assert depth >= 0, piece
        assert depth == 0, piece
        assert len(re.findall(r"\\left\b", piece)) == len(re.findall(r"\\right\b", piece))
    for k, piece in enumerate(plain.split("$")):
        if k % 2 == 0:
            assert not re.search(r"(?<!\\)[\^_]", piece), piece
        assert not re.search(r"[_^][_^]|\}\^\{[^{}]*\}\^", piece), piece
        assert not re.search(r"\\times 10\^\{-?\d+\}\^", piece), f"a double superscript: {piece}"
    open_: list[str] = []
    for verb, name in re.findall(r"\\(begin|end)\{(\w+)\}", plain):
        if verb == "begin":
            open_.append(name)
        else:
            assert open_.pop() == name
    assert not open_


# --- streaming -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "markdown", "latex", "json"])
def test_the_first_line_comes_before_the_end(form: str, environment: dict[str, str]) -> None:
    # What is printed is far more than a pipe holds.
    program = "h[0] = x\nfor t in 0..1999 { h[t+1] = 0.5*h[t] + 1 }\nh[2000]"
    command = [sys.executable, "-m", "cgcli", "trace", "-", "x=1", "--format", form]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write(program.encode())
        process.stdin.close()
        line = process.stdout.readline()
        alive = process.poll() is None
        process.kill()
        process.stdout.read()
    assert line
    assert alive


def doublings(count: int) -> str:
    return "; ".join(f"x{k + 1} = x{k} + x{k}" for k in range(count))


def test_shared_nodes_are_told_once(cgraph: Run) -> None:
    lines: dict[str, list[int]] = {}
    for count in (20, 40, 60):
        for form in (*FORMATS, "json"):
            ran = cgraph("trace", doublings(count), "x0=1", "--format", form)
            lines.setdefault(form, []).append(ran.out.count("\n"))
        tree = cgraph("trace", doublings(count), "x0=1", "--tree").out.splitlines()
        lines.setdefault("tree", []).append(len(tree))
        assert len(tree) <= 1 + 3 * count
    for form, (first, second, third) in lines.items():
        # Where a tree goes on further down, it takes a line more now and then.
        assert abs((third - second) - (second - first)) <= (2 if form == "tree" else 0), form
        assert third < 60 * 16, form
    assert "x60" in cgraph("trace", doublings(60), "x0=1").out
