"""Steps → the JSON document `cgraph.trace/1`, written as the steps are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cgcli.calculus.explain import Contribution, Explanation
from cgcli.calculus.notes import Note
from cgcli.graph.text import formula
from cgcli.views.catalogue import Catalogue
from cgcli.views.document import jacobian_document, kind_document, note_document, number, pieces
from cgcli.views.signs import PLAIN
from cgcli.views.trace.writing import Wanted, Writing

if TYPE_CHECKING:
    from cgcli import documents
    from cgcli.views.schemas import results


def as_json(explanation: Explanation, wanted: Wanted, catalogue: Catalogue) -> Iterator[str]:
    """Yield the document in pieces: a head, a line for each step, and the notes."""
    result, jacobian = explanation.result, explanation.jacobian()
    steps = _Steps(explanation, wanted, catalogue)
    gradient = {
        result.graph.names[step.node]: steps.slope(step.value) for step in explanation.gradients()
    }
    slopes = {name: steps.slope(value) for name, value in jacobian.items()}
    document: results.TraceHead = {
        "schema": "cgraph.trace/1",
        "expression": result.graph.text,
        **kind_document(result),
        "output": result.output,
        "value": steps.value_of(result.of),
        "gradient": None if result.gradient is None else gradient,
        **jacobian_document(None if result.jacobian is None else slopes),
    }
    yield from pieces({**document, "steps": steps.steps(), "notes": steps.notes(result.notes)})
    yield "\n"


class _Steps(Writing):
    def __init__(self, explanation: Explanation, wanted: Wanted, catalogue: Catalogue) -> None:
        super().__init__(explanation.result, PLAIN, wanted.shown)
        self.explanation = explanation
        self.catalogue = catalogue

    def steps(self) -> Iterator[results.TraceStep]:
        """Return the steps in order."""
        for node in self.explanation.inputs():
            value = number(self.result.values[node])
            yield {"pass": "given", **self._node(node), "value": value}
        for node in self.explanation.forward() if self.shown.forward else ():
            yield {
                "pass": "forward",
                **self._node(node),
                "arguments": list(map(self.value_of, self.graph.arguments[node])),
                "value": self.value_of(node),
                "notes": self.notes(self.result.notes_by_node.get(node, [])),
            }
        if not self.shown.backward:
            return
        for step in self.explanation.backward():
            yield {
                "pass": "backward",
                **self._node(step.node),
                "upstream": self.slope(step.upstream),
                "received": list(map(self._received, step.received)),
                "contributions": list(map(self._sent, step.contributions)),
            }
        for gradient in self.explanation.gradients():
            yield {
                "pass": "gradient",
                **self._node(gradient.node),
                "gradient": self.slope(gradient.value),
                "received": list(map(self._received, gradient.received)),
            }

    def _node(self, node: int) -> results.Step:
        graph = self.graph
        return {
            "id": node,
            "node": graph.names[node],
            "op": graph.operations[node].name,
            "formula": formula(graph, node),
            "shape": list(graph.shape(node)),
            "turn": dict(graph.turns.of(node)) if graph.arguments[node] else {},
        }

    def notes(self, notes: list[Note]) -> list[documents.Note]:
        """Return notes in the language that is spoken."""
        return [
            {**note_document(note), "message": self.catalogue.say(self.note(note))}
            for note in notes
        ]

    def _sent(self, part: Contribution) -> results.Sent:
        written = part.formula
        return {
            "to": self.graph.names[part.argument],
            "id": part.argument,
            "argument": part.place,
            "local": None if written is None else self.formula_of(written),
            "partial": number(part.partial) if self.shown.values and self.shown.gradients else None,
            "because": [] if written is None else list(self.reasons(written)),
            "pullback": self.catalogue.say(self.pullback(part)) if part.words else None,
            "contribution": self.slope(part.sent),
            "taken": part.sent is not None,
        }

    def _received(self, part: Contribution) -> results.Received:
        return {
            "from": self.graph.names[part.node],
            "id": part.node,
            "argument": part.place,
            "turn": dict(self.graph.turns.of(part.node)),
            "contribution": self.slope(part.sent),
        }

    def value_of(self, node: int) -> Any:
        """Return a node's value, null where values are hidden."""
        return number(self.result.values[node]) if self.shown.values else None

    def slope(self, value: Any) -> Any:
        """Return a gradient, null where it is hidden."""
        return number(value) if self.shown.gradients else None
