"""Ways through the command line that take one point at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from mpmath import mp, mpf

from tests.concordance.asking import (
    Point,
    Question,
    Reply,
    arguments,
    command,
    document,
    each,
    flat,
    literal,
    replied,
)


def command_line(question: Question) -> list[Reply | None]:
    return each(
        question, lambda p: replied(document(command("eval", *arguments(question, p), "--json")))
    )


def trace(question: Question) -> list[Reply | None]:
    def ask(point: Point) -> Reply:
        return replied(document(command("trace", *arguments(question, point), "--json")))

    return each(question, ask)


def exact_command(question: Question) -> list[Reply | None]:
    def ask(point: Point) -> Reply | None:
        if not question.program.dyadic or not literal(point):
            return None
        reply = replied(document(command("eval", *arguments(question, point), "--exact", "--json")))
        _read(reply, Fraction)
        return reply

    return each(question, ask)


def _read(reply: Reply, kind: Callable[[str], Any]) -> None:
    """Read numbers that stand as text."""

    def read(item: Any) -> Any:
        return kind(item) if isinstance(item, str) else item

    if reply.value is not None:
        reply.value = [read(item) for item in reply.value]
    reply.gradient = {
        name: [[read(item) for item in row] for row in rows]
        for name, rows in reply.gradient.items()
    }


def verify(question: Question) -> list[Reply | None]:
    return each(question, lambda p: _proved(question, p, ("--verify",)))


def precision(question: Question) -> list[Reply | None]:
    def ask(point: Point) -> Reply | None:
        if not question.program.dyadic or not literal(point):
            return None
        return _proved(question, point, ("--precision", "25"))

    return each(question, ask)


def _digits(text: str) -> mpf:
    with mp.workprec(400):
        return mpf(text)


def _proved(question: Question, point: Point, options: Sequence[str]) -> Reply:
    result = document(command("eval", *arguments(question, point), *options, "--json"))
    reply = replied(result)
    if reply.error is None:
        names = {*question.program.inputs, result["output"]}
        reply.verdicts = frozenset(
            node["verdict"] for node in result["nodes"] if node["name"] in names
        )
        if result.get("jacobian"):
            reply.verdicts |= frozenset(result["proof"]["jacobian"].values())
        _read(reply, _digits)
    return reply


def check(question: Question) -> list[Reply | None]:
    """The oracle's answers are right; at every second point the last is handed in wrong."""
    replies: list[Reply | None] = []
    for k, point in enumerate(question.points):
        assert question.right is not None
        answers = question.right(k)
        if not answers or len({name for name, _, _ in answers}) < len(answers):
            replies.append(None)
            continue
        words = []
        for place, (name, numbers, rank) in enumerate(answers, start=1):
            slip = k % 2 and place == len(answers)
            step = question.output if name == "" else f"d{question.output}/d{name}"
            text = ",".join(map(_slipped, numbers) if slip else numbers)
            words += ["--answer", f"{step} = [{text}]" if rank else f"{step} = {text}"]
        result = document(command("check", *arguments(question, point), *words, "--json"))
        if "error" in result:
            replies.append(Reply(error=f"{result['error']['kind']}: {result['error']['message']}"))
            continue
        marked = result["sheets"][0]["answers"]
        wrong = frozenset(words[-1:] if k % 2 else [])
        verdicts = {answer["text"]: answer["verdict"] for answer in marked}
        replies.append(Reply(answers=verdicts, wrong=wrong))
    return replies


def _slipped(text: str) -> str:
    """A number that is wrong by more than any rounding."""
    number = float(text)
    return f"{number + 0.01 * (abs(number) + 1):.8g}"


def formulas(question: Question) -> list[Reply | None]:
    """The values beside the formulas of the derivatives."""
    if question.elements > 1:
        return [None] * len(question.points)

    def ask(point: Point) -> Reply:
        result = document(command("diff", *arguments(question, point), "--json"))
        if "error" in result:
            return Reply(error=f"{result['error']['kind']}: {result['error']['message']}")
        slopes = {"".join(d["wrt"]): [flat(d["value"])] for d in result["derivatives"]}
        return Reply(gradient=slopes)

    return each(question, ask)


def draw(question: Question) -> list[Reply | None]:
    """The labels of the picture, to their digits."""

    def ask(point: Point) -> Reply | None:
        if any(question.program.inputs.values()) or question.elements > 1:
            return None
        words = arguments(question, point)
        result = document(command("draw", *words, "--json", "--digits", "6"))
        if "error" in result:
            return Reply(error=f"{result['error']['kind']}: {result['error']['message']}")
        ids = {node["id"]: node["name"] for node in result["nodes"]}
        arrows = [(ids.get(arrow["from"]), arrow["contribution"]) for arrow in result["arrows"]]
        gradient = {}
        for name in question.program.inputs:
            labels = [label for source, label in arrows if source == name]
            if len(labels) == 1 and labels[0]:
                gradient[name] = [[_label(labels[0])]]
        value = [n["value"] for n in result["nodes"] if n["name"] == result["output"]]
        return Reply([_label(value[0])] if value and value[0] else None, gradient)

    return each(question, ask)


def _label(text: str) -> float:
    return float(text.replace("−", "-").replace("∞", "inf"))
