"""Steps → the JSON document `cgraph.trace/1`, written as the steps are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cgcli.calculus.explain import Contribution, Explanation
from cgcli.calculus.notes import Note
from cgcli.graph.text import formula
from cgcli.views.catalogue import Catalogue
from cgcli.views.document import head, note_document, number, pieces
from cgcli.views.signs import PLAIN
from cgcli.views.trace.writing import Shown, Writing

__all__ = ["as_json"]


def as_json(explanation: Explanation, shown: Shown, catalogue: Catalogue) -> Iterator[str]:
    """Yield the document in pieces: a head, a line for each step, and the notes."""
    result = explanation.result
    steps = _Steps(explanation, shown, catalogue)
    document = head(
        "cgraph.trace/1",
        result,
        result.graph.text,
        result.value if shown.values else None,
        {result.graph.names[each.node]: steps.grad(each.value) for each in explanation.gradients()},
        {name: steps.grad(value) for name, value in explanation.jacobian().items()},
    )
    yield from pieces({**document, "steps": steps.steps(), "notes": steps.notes(result.notes)})
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
                "upstream": self.grad(step.upstream),
                "received": [self._received(each) for each in step.received],
                "contributions": [self._sent(each) for each in step.contributions],
            }
        for gradient in self.explanation.gradients():
            yield {
                **self._node("gradient", gradient.node),
                "gradient": self.grad(gradient.value),
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
        return {
            **self._node("forward", node),
            "arguments": [self._value(self.result.values[a]) for a in self.graph.arguments[node]],
            "value": self._value(self.result.values[node]),
            "notes": self.notes(self.result.notes_by_node.get(node, [])),
        }

    def notes(self, notes: list[Note]) -> list[dict[str, Any]]:
        """Return notes in the language that is spoken."""
        return [
            {**note_document(note), "message": self.catalogue.say(self.write.note(note))}
            for note in notes
        ]

    def _sent(self, one: Contribution) -> dict[str, Any]:
        local, because = None, tuple[str, ...]()
        if one.formula is not None:
            local, because = self.write.formula_of(one.formula), self.write.reasons(one.formula)
        return {
            "to": self.graph.names[one.argument],
            "id": one.argument,
            "argument": one.place,
            "local": local,
            "partial": self._value(one.partial) if self.shown.gradients else None,
            "because": because,
            "pullback": self.catalogue.say(self.write.pullback(one)) if one.words else None,
            "contribution": self.grad(one.sent),
            "taken": one.sent is not None,
        }

    def _received(self, one: Contribution) -> dict[str, Any]:
        return {
            "from": self.graph.names[one.node],
            "id": one.node,
            "argument": one.place,
            "turn": dict(self.graph.turns.of(one.node)),
            "contribution": self.grad(one.sent),
        }

    def _value(self, value: Any) -> Any:
        return number(value) if self.shown.values else None

    def grad(self, value: Any) -> Any:
        """Return a gradient, null where it is hidden."""
        return number(value) if self.shown.gradients else None
