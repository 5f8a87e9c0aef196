"""A result → the data of its page: what there is, how it is written, and what computes it.

The script of the page knows no rule of any operation. It is given lines with slots for numbers,
the function that returns the numbers, and conditions by which notes and lines are shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from cgcli.calculus.explain import Explanation
from cgcli.calculus.kinks import kinked_words, slope_words
from cgcli.calculus.notes import nothing_words, outside_words, overflow_words
from cgcli.calculus.result import Result
from cgcli.errors import CgraphError, excerpt
from cgcli.export.nodes import Numbers
from cgcli.operations.row import Kink
from cgcli.plan.cells import Cell
from cgcli.resource import read_text
from cgcli.views.catalogue import Catalogue
from cgcli.views.document import number
from cgcli.views.gate import printable
from cgcli.views.page.sketch import Sketch, SketchLines, Slot
from cgcli.views.signs import PRINTED
from cgcli.views.trace.lines import Lines
from cgcli.views.trace.pages import marked
from cgcli.views.trace.writing import Wanted
from cgcli.words import Message, headed, joined

_LIVE: Final = 1_500
"""More nodes than that are not computed anew in a page."""


def _function(name: str, numbers: Numbers) -> str:
    return f"const {name} = (() => {{\n{numbers.code('f')}\nreturn f;\n}})();\n"


class Document:
    """The data of the page of an explanation; `code` are its functions, empty where it is static.

    Raises `CgraphError` where it is to be filled in and cannot be computed.
    """

    def __init__(self, explanation: Explanation, wanted: Wanted, words: Catalogue) -> None:
        self.result: Result = explanation.result
        self.graph = self.result.graph
        self.explanation = explanation
        self.wanted = wanted
        self.words = words
        self.write = Lines(explanation, PRINTED, wanted.shown)
        self.code = ""
        self.numbers: Numbers | None = None
        self.rows: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self.follow: list[Any] = []
        self.why = self._static()
        if not self.why:
            try:
                self._live()
            except CgraphError as error:
                if error.kind != "usage":
                    raise
                self.why = error.message
        if self.numbers is None:
            if wanted.practice:
                message = f"there is nothing to fill in: {self.why}"
                raise CgraphError("usage", message, "leave --practice out")
            self.rows = list(self._lines(Lines(explanation, PRINTED, wanted.shown)))

    def _static(self) -> str:
        """Return why the numbers of the page stay what they are; nothing where they move."""
        shown = self.wanted.shown
        if not (shown.values and shown.gradients):
            return Message("numbers are left out")
        if self.result.kind.exact:
            return Message("fractions are not computed in a page")
        if self.result.gradients is None:
            return Message("the output is a list, and a gradient is of a number")
        if len(self.graph) > _LIVE:
            return Message("there are more than {count} nodes", count=_LIVE)
        return ""

    def _live(self) -> None:
        """Write the lines with slots, and the code for the numbers in them."""
        graph, numbers = self.graph, self._numbers(answered=False)
        sketch = Sketch(self.explanation, numbers)
        rows = list(self._lines(SketchLines(sketch, self.wanted.shown)))
        notes = list(self._notes(numbers))
        code = _function("compute", numbers)
        if self.wanted.practice:
            answered = self._numbers(answered=True)
            names = [graph.inputs.get(name, name[1:]) for name in answered.arguments]
            self.follow = [names, list(answered.keys)]
            code += _function("follow", answered)
        self.numbers, self.rows, self.notes, self.code = numbers, rows, notes, code

    def _numbers(self, *, answered: bool) -> Numbers:
        """Return all numbers of both passes, or what follows from those somebody worked out."""
        graph, result = self.graph, self.result
        fixed = {name: result.values[graph.inputs[name]] for name in graph.read}
        numbers = Numbers(graph, fixed, answered=answered)
        numbers.values()
        numbers.backward(result.of, result.active)
        return numbers

    # Lines

    def _say(self, message: str) -> str:
        return self.words.say(message, marked)

    def _lines(self, lines: Lines) -> Iterator[dict[str, Any]]:
        """Yield the lines as data; what belongs to a step has its number, and its node."""
        step, back = 0, False
        node: int | None = None
        for line in lines:
            if line.kind == "heading":
                step, back, node = 0, False, None
            if line.number:
                step, back = line.number, line.kind == "backward"
            if line.node is not None:
                node = line.node
            row = {
                "kind": line.kind,
                "level": line.level,
                "number": line.number,
                "step": step,
                "back": back,
                "node": node,
                "label": self._say(line.label),
                "sides": line.sides,
                "conditions": line.conditions,
                "aside": self._say(line.aside),
                "words": line.is_words,
                "when": line.when,
            }
            yield {key: value for key, value in row.items() if value or key == "node"}

    # Notes

    def _notes(self, numbers: Numbers) -> Iterator[dict[str, Any]]:
        """Yield what may have to be said of nodes, with the key of when."""
        graph = self.graph
        for node, operation in enumerate(graph.operations):
            if not graph.arguments[node]:
                continue
            if operation.domain is not None:
                key = f"d{node}"
                numbers.asked(key, node, operation.domain.inside)
                outside = outside_words(graph, node, self._at(node))
                yield self._note(node, "domain", key, outside, holds=0)
            yield self._note(node, "nothing", "", nothing_words(graph, node, self._at(node)))
            yield self._note(node, "overflow", "", overflow_words(graph, node))
            if operation.step or f"g{node}" not in numbers.keys:
                continue
            for count, kink in enumerate(operation.kinks):
                said = self._kink(numbers, node, kink, f"e{node}_{count}")
                if said is not None:
                    key = f"k{node}_{count}"
                    numbers.asked(key, node, kink.at)
                    yield self._note(node, "kink", key, said)

    def _note(
        self, node: int, kind: str, key: str, message: Message, holds: int = 1
    ) -> dict[str, Any]:
        said = self._noted("domain" if kind == "nothing" else kind, message)
        return {"node": node, "kind": kind, "key": key, "holds": holds, "text": said}

    def _noted(self, kind: str, message: Message) -> str:
        return self._say(headed(kind, message))

    def _at(self, node: int) -> Message | str:
        """Return the words for the numbers that a scalar node was asked at."""
        graph = self.graph
        if node in graph.tensors:
            return ""
        said = [
            Message("{name} = {value}", name=excerpt(graph.names[k]), value=Slot(f"v{k}"))
            for k in dict.fromkeys(graph.arguments[node])
            if k not in graph.literals and not graph.shape(k)
        ]
        return Message(" at {values}", values=joined(said, "{before}, {after}")) if said else ""

    def _kink(self, numbers: Numbers, node: int, kink: Kink, key: str) -> Message | None:
        """Return the words for a kink, its one-sided derivatives as slots where they vary."""
        graph, sweep, words = self.graph, numbers.sweep, []
        moving = self.result.choices.moving
        sides = sweep.run(node, kink.sides, *map(sweep.part, graph.arguments[node]))
        for place, (argument, pair) in enumerate(zip(graph.arguments[node], sides, strict=False)):
            if pair is None or not moving[argument] or (node, place) not in sweep.sent:
                continue
            if node in graph.tensors:
                return kinked_words(graph, node, kink, "", [Message("is not known")])
            ends: list[Any] = []
            for side, end in enumerate(pair):
                if isinstance(end, Cell):
                    numbers.number(f"{key}_{place}_{side}", end, ())
                    ends.append(Slot(f"{key}_{place}_{side}"))
                else:
                    ends.append(None if end is None else float(end))
            used = Slot(f"p{node}_{place}")
            words.append(slope_words(graph.names[argument], ends[0], ends[1], used))
        return kinked_words(graph, node, kink, "", words) if words else None

    # What there is

    def _nodes(self) -> Iterator[dict[str, Any]]:
        graph, result, write = self.graph, self.result, self.write
        for node, arguments in enumerate(graph.arguments):
            if node in graph.literals and node not in {*graph.given, result.of}:
                continue
            yield {
                "id": node,
                "name": printable(graph.names[node]),
                "tex": write.name(node),
                "formula": write.formula(node) if arguments else "",
                "arguments": list(arguments),
                "literals": [a in graph.literals and a not in graph.given for a in arguments],
                "shape": list(graph.shape(node)),
                "turn": ", ".join(write.turn(node)) if arguments else "",
                "active": bool(result.active[node]),
            }

    def data(self) -> dict[str, Any]:
        """Return all of it."""
        graph, result, numbers = self.graph, self.result, self.numbers
        places = {name: node for node, name in enumerate(graph.names)}
        spoken = json.loads(read_text(__package__, "words.json"))
        return {
            "digits": self.wanted.shown.digits,
            "output": result.of,
            "live": numbers is not None,
            "why": self._say(self.why),
            "opens": "graph" if self.wanted.format == "page" else "steps",
            "practice": self.wanted.practice,
            "nodes": list(self._nodes()),
            "inputs": [
                {
                    "node": node,
                    "value": number(result.values[node]),
                    "fixed": name in graph.read,
                    "learns": name in result.sources,
                }
                for name, node in graph.inputs.items()
            ],
            "keys": [] if numbers is None else list(numbers.keys),
            "arguments": [] if numbers is None else [graph.inputs[n] for n in numbers.arguments],
            "follow": self.follow,
            "rows": self.rows,
            "rules": self.notes,
            "notes": [
                {"node": places[note.node], "text": self._noted(note.kind, self.write.note(note))}
                for note in result.notes
            ],
            "words": {key: self.words.say(Message(text)) for key, text in spoken.items()},
        }
