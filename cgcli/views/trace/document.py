"""Steps → the JSON document `cgraph.trace/1`, written as the steps are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cgcli.calculus.explain import Contribution, Explanation
from cgcli.calculus.notes import Note
from cgcli.graph.text import formula
from cgcli.views.catalogue import Catalogue, catalogue
from cgcli.views.document import ABSENT, note_document, number, pieces, present
from cgcli.views.signs import PLAIN
from cgcli.views.trace.writing import Wanted, Writing

if TYPE_CHECKING:
    from cgcli import documents
    from cgcli.views.schemas import results


def as_json(explanation: Explanation, wanted: Wanted, words: Catalogue) -> Iterator[str]:
    """Yield the document in pieces: a head, a line for each step, and the notes."""
    steps = _Steps(explanation, wanted, words)
    notes = steps.notes(steps.result.notes)
    yield from pieces({**steps.head(), "steps": steps.steps(), "notes": notes})
    yield "\n"


def as_document(explanation: Explanation, wanted: Wanted) -> results.Trace:
    """Return the document with all its steps."""
    steps = _Steps(explanation, wanted, catalogue(wanted.language))
    return {**steps.head(), "steps": [*steps.steps()], "notes": steps.notes(steps.result.notes)}


class _Steps(Writing):
    def __init__(self, explanation: Explanation, wanted: Wanted, words: Catalogue) -> None:
        super().__init__(explanation.result, PLAIN, wanted.shown)
        self.explanation = explanation
        self.words = words

    def head(self) -> results.TraceHead:
        """Return what the steps are of, and what they come to."""
        result, names = self.result, self.graph.names
        sums = {names[step.node]: self.slope(step.value) for step in self.explanation.gradients()}
        slopes = {name: self.slope(value) for name, value in self.explanation.jacobian().items()}
        document: results.TraceHead = {
            "schema": "cgraph.trace/1",
            "expression": self.graph.text,
            "exact": result.kind.exact or ABSENT,
            "output": result.output,
            "value": self.value_of(result.of),
            "gradient": None if result.gradient is None else sums,
            "jacobian": ABSENT if result.jacobian is None else slopes,
        }
        return present(document)

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
            {**note_document(note), "message": self.words.say(self.note(note))} for note in notes
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
            "pullback": self.words.say(self.pullback(part)) if part.words else None,
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
