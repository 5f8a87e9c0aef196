"""The documents on one program: its values and gradients, and its steps."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypeAlias, TypedDict

from cgcli.calculus.judge import Verdict
from cgcli.documents import Count, Decimal, Kind, Note, Number, Positive, Refusal, Rule, Value

# cgraph eval


class NodeHead(TypedDict):
    """What a node of the graph is, whatever its numbers."""

    id: Count
    name: str
    op: str
    args: list[Count]
    """Ids of the arguments, all of them less than the node's own."""
    formula: str
    span: Annotated[list[Count], Rule(minItems=2, maxItems=2)]
    """Half-open, in characters of the expression."""
    uses: Count
    notes: list[Note]


class Node(NodeHead):
    """A node of the graph."""

    value: Value | None
    """Null where there is no exact number, and none was needed."""
    grad: Value | None
    """The gradient of the output by this node.

    Null by a constant, by what is not between the output and what --wrt names, where the output is
    not a scalar, and where there is no exact number and none was asked for.
    """
    partials: list[Value | None]
    """The local derivative by each argument.

    Null by a constant, and for an operation between tensors that is not elementwise.
    """


class EvaluationHead(Kind):
    """What is evaluated."""

    schema: Literal["cgraph.eval/1"]
    expression: str
    output: str
    notes: list[Note]


class Evaluation(EvaluationHead):
    """A result."""

    value: Value
    gradient: dict[str, Value] | None
    """By name; null where the output is not a scalar."""
    jacobian: NotRequired[dict[str, Value]]
    """Where the output is not a scalar: by name, of shape output × input."""
    nodes: Annotated[list[Node], Rule(minItems=1)]


# cgraph eval --jsonl


class LineEvaluation(Evaluation):
    """A result."""

    id: Any


class LineRefusal(Refusal):
    """An error."""

    id: Any


Line: TypeAlias = LineEvaluation | LineRefusal
"""A line of `cgraph eval --jsonl`: a result or an error, with the id of its line."""

# cgraph eval with --verify or --precision

Proved: TypeAlias = "Number | Decimal | Annotated[list[Proved | None], Rule(minItems=1)] | None"
"""A value, or with --verify and --precision what is proved of it; null without any digits."""


class ProvedNode(NodeHead):
    """A node of the graph."""

    value: Proved
    """Null where there is no exact number, and none was needed."""
    grad: Proved
    """The gradient of the output by this node.

    Null by a constant, by what is not between the output and what --wrt names, where the output is
    not a scalar, and where there is no exact number and none was asked for.
    """
    partials: list[Proved]
    """The local derivative by each argument.

    Null by a constant, and for an operation between tensors that is not elementwise.
    """
    verdict: NotRequired[Verdict]
    """With --verify or --precision: the worse of those on the value and the gradient."""
    value_bound: NotRequired[Proved]
    """With --verify: the float is no further than this from the true value; null for no claim."""
    grad_bound: NotRequired[Proved]
    """The same of the gradient."""
    float_value: NotRequired[Proved]
    """Where a proved value stands in its place: what the float was."""
    float_grad: NotRequired[Proved]
    """Where a proved gradient stands in its place: what the float was."""


class Proof(TypedDict):
    """With --verify or --precision: what the verdicts rest on."""

    precision: Positive | None
    """The digits that were asked for; null for --verify."""
    bits: Positive
    """The precision of the balls that settled it."""
    agreed: bool
    """Whether the independent pass through power series could be compared, and met."""
    failed: bool
    """Whether anything that was asked for is undefined or unsettled: the exit status is 1."""
    verdicts: dict[Verdict, Positive]
    """How many nodes have each verdict."""
    jacobian: NotRequired[dict[str, Verdict]]
    """Where the output is not a scalar: the verdict on the Jacobian by each name."""
    jacobian_bound: NotRequired[dict[str, Proved]]
    """With --verify: how far each number of the Jacobian may be from the true one."""


class ProvedEvaluation(EvaluationHead):
    """What `cgraph eval --json` prints."""

    value: Proved
    gradient: dict[str, Proved] | None
    """By name; null where the output is not a scalar."""
    jacobian: NotRequired[dict[str, Proved]]
    """Where the output is not a scalar: by name, of shape output × input."""
    nodes: Annotated[list[ProvedNode], Rule(minItems=1)]
    proof: NotRequired[Proof]


# cgraph trace

Shown: TypeAlias = "Value | None"
"""A value; null where it is hidden, or where there is none."""

Turn: TypeAlias = dict[str, int]
"""The loop variables of the turn that the operation was made in, outermost first."""

From = TypedDict("From", {"from": str})


class Received(From):
    """A part of a gradient: what one use of the node sent, named by the use."""

    id: Count
    argument: Count
    turn: Turn
    contribution: Shown


class Sent(TypedDict):
    """What a step sends to one argument."""

    to: str
    id: Count
    argument: Count
    local: str | None
    """The local derivative as a formula in the names of the nodes.

    Null for an operation that is not elementwise.
    """
    partial: Shown
    because: list[str]
    """The comparisons by which the formula was chosen."""
    pullback: str | None
    """What is done with the upstream gradient, in words, where there is no local derivative."""
    contribution: Shown
    taken: bool
    """False where nothing is sent, into a branch that was not taken."""


class Step(TypedDict):
    """The node that a step is about."""

    id: Count
    node: str
    op: str
    formula: str
    shape: list[Count]
    """Empty for a scalar."""
    turn: Turn


GivenPass = TypedDict("GivenPass", {"pass": Literal["given"]})
ForwardPass = TypedDict("ForwardPass", {"pass": Literal["forward"]})
BackwardPass = TypedDict("BackwardPass", {"pass": Literal["backward"]})
GradientPass = TypedDict("GradientPass", {"pass": Literal["gradient"]})


class Given(GivenPass, Step):
    """An input, or a number that has a name."""

    value: Value


class Forward(ForwardPass, Step):
    """A step of the forward pass."""

    arguments: list[Shown]
    value: Shown
    notes: list[Note]


class Backward(BackwardPass, Step):
    """A step of the backward pass: a node's gradient, what it is the sum of, what it sends on."""

    upstream: Shown
    received: list[Received]
    contributions: list[Sent]


class Gradient(GradientPass, Step):
    """A gradient that was asked for, and what it is the sum of."""

    gradient: Shown
    received: list[Received]


TraceStep: TypeAlias = Given | Forward | Backward | Gradient


class TraceHead(Kind):
    """What a trace is of."""

    schema: Literal["cgraph.trace/1"]
    expression: str
    output: str
    value: Shown
    gradient: dict[str, Shown] | None
    """By name; null where the output is not a scalar, or for the trace of one gradient only."""
    jacobian: NotRequired[dict[str, Shown]]
    """Where the output is not a scalar: by name, of shape output × input."""


class Trace(TraceHead):
    """What `cgraph trace --json` prints."""

    steps: list[TraceStep]
    """In the order of working. Numbers that are hidden are null."""
    notes: list[Note]
