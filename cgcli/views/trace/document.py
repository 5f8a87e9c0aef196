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
from cgcli.views.trace.writing import Wanted, Writing


def as_json(explanation: Explanation, wanted: Wanted, catalogue: Catalogue) -> Iterator[str]:
    """Yield the document in pieces: a head, a line for each step, and the notes."""
    result = explanation.result
    steps = _Steps(explanation, wanted, catalogue)
    document = head(
        "cgraph.trace/1",
        result,
        result.graph.text,
        result.value if wanted.shown.values else None,
        {
            result.graph.names[gradient.node]: steps.slope(gradient.value)
            for gradient in explanation.gradients()
        },
        {name: steps.slope(value) for name, value in explanation.jacobian().items()},
    )
    yield from pieces({**document, "steps": steps.steps(), "notes": steps.notes(result.notes)})
    yield "\n"


class _Steps(Writing):
    def __init__(self, explanation: Explanation, wanted: Wanted, catalogue: Catalogue) -> None:
        super().__init__(explanation.result, PLAIN, wanted.shown)
        self.explanation = explanation
        self.catalogue = catalogue

    def steps(self) -> Iterator[dict[str, Any]]:
        """Return the steps in order."""
        for node in self.explanation.inputs():
            yield {**self._node("given", node), "value": number(self.result.values[node])}
        if self.shown.forward:
            for node in self.explanation.forward():
                values, arguments = self.result.values, self.graph.arguments[node]
                yield {
                    **self._node("forward", node),
                    "arguments": [self._number(values[argument]) for argument in arguments],
                    "value": self._number(values[node]),
                    "notes": self.notes(self.result.notes_by_node.get(node, [])),
                }
        if not self.shown.backward:
            return
        for step in self.explanation.backward():
            yield {
                **self._node("backward", step.node),
                "upstream": self.slope(step.upstream),
                "received": list(map(self._received, step.received)),
                "contributions": list(map(self._sent, step.contributions)),
            }
        for gradient in self.explanation.gradients():
            yield {
                **self._node("gradient", gradient.node),
                "gradient": self.slope(gradient.value),
                "received": list(map(self._received, gradient.received)),
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

    def notes(self, notes: list[Note]) -> list[dict[str, Any]]:
        """Return notes in the language that is spoken."""
        return [
            {**note_document(note), "message": self.catalogue.say(self.note(note))}
            for note in notes
        ]

    def _sent(self, one: Contribution) -> dict[str, Any]:
        local, because = None, tuple[str, ...]()
        if one.formula is not None:
            local, because = self.formula_of(one.formula), self.reasons(one.formula)
        return {
            "to": self.graph.names[one.argument],
            "id": one.argument,
            "argument": one.place,
            "local": local,
            "partial": self._number(one.partial) if self.shown.gradients else None,
            "because": because,
            "pullback": self.catalogue.say(self.pullback(one)) if one.words else None,
            "contribution": self.slope(one.sent),
            "taken": one.sent is not None,
        }

    def _received(self, one: Contribution) -> dict[str, Any]:
        return {
            "from": self.graph.names[one.node],
            "id": one.node,
            "argument": one.place,
            "turn": dict(self.graph.turns.of(one.node)),
            "contribution": self.slope(one.sent),
        }

    def _number(self, value: Any) -> Any:
        return number(value) if self.shown.values else None

    def slope(self, value: Any) -> Any:
        """Return a gradient, null where it is hidden."""
        return number(value) if self.shown.gradients else None
