"""Steps → the JSON document `cgraph.trace/1`, written as the steps are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cgcli.calculus.explain import Contribution, Explanation
from cgcli.calculus.notes import Note
from cgcli.graph.text import formula
from cgcli.views.catalogue import Catalogue
from cgcli.views.document import kind_document, note_document, number, pieces
from cgcli.views.signs import PLAIN
from cgcli.views.trace.writing import Shown, Writing

__all__ = ["as_json"]


def as_json(
    explanation: Explanation, shown: Shown, catalogue: Catalogue, text: str
) -> Iterator[str]:
    """Yield the document in pieces: a head, a line for each step, and the notes."""
    result = explanation.result
    document: dict[str, Any] = {
        "schema": "cgraph.trace/1",
        "expression": text,
        **kind_document(result),
        "output": result.output,
        "value": number(result.value if shown.values else None),
        "gradient": None,
    }
    if result.gradient is not None:
        document["gradient"] = {
            result.graph.names[each.node]: number(each.value if shown.gradients else None)
            for each in explanation.gradients()
        }
    if result.jacobian is not None:
        document["jacobian"] = {
            name: number(value if shown.gradients else None)
            for name, value in explanation.jacobian().items()
        }
    steps = _Steps(explanation, shown, catalogue)
    document["steps"] = steps.steps()
    document["notes"] = [steps.note(note) for note in result.notes]
    yield from pieces(document)
    yield "\n"


class _Steps:
    def __init__(self, explanation: Explanation, shown: Shown, catalogue: Catalogue) -> None:
        self.explanation = explanation
        self.result = explanation.result
        self.graph = explanation.graph
        self.shown = shown
        self.catalogue = catalogue
        self.write = Writing(explanation.result, PLAIN, shown)

    def steps(self) -> Iterator[dict[str, Any]]:
        """Return the steps in order."""
        for node in self.explanation.inputs():
            yield {**self._node("given", node), "value": number(self.result.values[node])}
        if self.shown.forward:
            for node in self.explanation.forward():
                yield self._forward(node)
        if not self.shown.backward:
            return
        for step in self.explanation.backward():
            yield {
                **self._node("backward", step.node),
                "upstream": self._grad(step.upstream),
                "received": [self._received(each) for each in step.received],
                "contributions": [self._sent(each) for each in step.contributions],
            }
        for gradient in self.explanation.gradients():
            yield {
                **self._node("gradient", gradient.node),
                "gradient": self._grad(gradient.value),
                "received": [self._received(each) for each in gradient.received],
            }

    def _node(self, kind: str, node: int) -> dict[str, Any]:
        graph = self.graph
        return {
            "pass": kind,
            "id": node,
            "node": graph.names[node],
            "op": graph.operations[node].name,
            "formula": formula(graph, node),
            "shape": list(graph.shape(node)),
            "turn": dict(graph.turns.of(node)) if graph.arguments[node] else {},
        }

    def _forward(self, node: int) -> dict[str, Any]:
        notes = self.result.notes_by_node.get(node, [])
        return {
            **self._node("forward", node),
            "arguments": [self._value(self.result.values[a]) for a in self.graph.arguments[node]],
            "value": self._value(self.result.values[node]),
            "notes": [self.note(note) for note in notes],
        }

    def note(self, note: Note) -> dict[str, Any]:
        """Return a note in the language that is spoken."""
        message = self.catalogue.say(self.write.note(note))
        return {**note_document(note), "message": message}

    def _sent(self, one: Contribution) -> dict[str, Any]:
        graph = self.graph
        return {
            "to": graph.names[one.argument],
            "id": one.argument,
            "argument": one.place,
            "local": None if one.formula is None else self.write.formula_of(one.formula),
            "partial": self._value(one.partial, self.shown.gradients),
            "because": [] if one.formula is None else list(self.write.reasons(one.formula)),
            "pullback": self.catalogue.say(self.write.pullback(one)) if one.words else None,
            "contribution": self._grad(one.sent),
            "taken": one.sent is not None,
        }

    def _received(self, one: Contribution) -> dict[str, Any]:
        return {
            "from": self.graph.names[one.node],
            "id": one.node,
            "argument": one.place,
            "turn": dict(self.graph.turns.of(one.node)),
            "contribution": self._grad(one.sent),
        }

    def _value(self, value: Any, visible: bool = True) -> Any:
        return number(value) if visible and self.shown.values else None

    def _grad(self, value: Any) -> Any:
        return number(value) if self.shown.gradients else None
