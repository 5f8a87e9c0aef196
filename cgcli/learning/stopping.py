"""How a run ends: the criteria that stop it, and what is known of the end."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from cgcli.words import counted

DoubtKind: TypeAlias = Literal[
    "unconverged", "falling", "swinging", "rising", "stuck", "dead", "alike", "kink",
    "unbounded", "tuned", "scaled", "undetermined", "bound", "fold",
]  # fmt: skip


EndKind: TypeAlias = Literal["converged", "stopped", "interrupted", "diverged"]
"""By a test that held, by a limit, by someone, or by numbers that were no longer finite."""


class Doubt(NamedTuple):
    """Something that a run leaves in doubt, and what to try.

    Where it is `grave` the answer is not to be relied on.
    """

    kind: DoubtKind
    message: str
    hint: str
    grave: bool = True

    def __str__(self) -> str:
        """Return it as a sentence."""
        return f"{self.message}; {self.hint}"


class Failure(NamedTuple):
    """Where a run diverged: the row's number in the file, the node's name, and what it met."""

    row: int | None
    node: str
    message: str


class End(NamedTuple):
    """How a run ended, in a word and in a sentence, and what that leaves in doubt."""

    kind: EndKind
    message: str
    doubts: tuple[Doubt, ...] = ()
    failure: Failure | None = None

    @property
    def reliable(self) -> bool:
        """Whether the answer is to be relied on.

        >>> End("converged", "the gradient is 0").reliable
        True
        """
        came_to_end = self.kind not in ("diverged", "interrupted")
        return came_to_end and not any(doubt.grave for doubt in self.doubts)


def _done(number: int, noun: str) -> str:
    return f"{counted(number, noun)} {'is' if number == 1 else 'are'} done"


def _within(number: float | None, most: float | None) -> bool:
    return number is not None and most is not None and number <= most


class Criteria(NamedTuple):
    """What stops a run; None for what does not. The first that is met is told.

    >>> criteria = Criteria(epochs=10, until_cost=0.5)
    >>> criteria.reached(cost=0.4, change=1.0, gradient=2.0).message
    'the cost 0.4 is at most 0.5 (--until-cost)'
    """

    epochs: int | None = None
    steps: int | None = None
    until_cost: float | None = None
    until_change: float | None = None
    until_gradient: float | None = None
    patience: int | None = None
    seconds: float | None = None

    @property
    def limited(self) -> bool:
        """Whether there is a bound on how long a run may be, however good it is.

        >>> Criteria(epochs=10).limited, Criteria(until_cost=0.5).limited
        (True, False)
        """
        return any(bound is not None for bound in (self.epochs, self.steps, self.seconds))

    def reached(self, cost: float, change: float | None, gradient: float | None) -> End | None:
        """Return the end of a run that is as good as was asked for; None when it is not yet."""
        why = ""
        if self.until_cost is not None and cost <= self.until_cost:
            why = f"the cost {cost:.6g} is at most {self.until_cost:g} (--until-cost)"
        elif (
            self.until_gradient is not None
            and gradient is not None
            and gradient <= self.until_gradient
        ):
            norm = f"the gradient's norm {gradient:.6g}"
            why = f"{norm} is at most {self.until_gradient:g} (--until-gradient)"
        elif self.until_change is not None and change is not None and change <= self.until_change:
            why = (
                f"the cost changed by {change:.3g}, at most {self.until_change:g} (--until-change)"
            )
        return End("converged", why) if why else None

    def exhausted(self, step: int, epoch: int, seconds: float) -> End | None:
        """Return the end of a run that has come to a bound; None when there is more to do."""
        why = ""
        if self.steps is not None and step >= self.steps:
            why = f"{_done(step, 'step')} (--steps)"
        elif self.epochs is not None and epoch >= self.epochs:
            why = f"{_done(epoch, 'epoch')} (--epochs)"
        elif self.seconds is not None and seconds >= self.seconds:
            why = f"{self.seconds:g} s are over (--time)"
        return End("stopped", why) if why else None


INTERRUPTED: Final = End("interrupted", "it was interrupted")


@contextlib.contextmanager
def interrupts(handler: Any) -> Iterator[None]:
    """Have Ctrl-C call a handler, in the main thread: in others signals are someone else's."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ValueError):
            before = signal.signal(signal.SIGINT, handler)
            stack.callback(signal.signal, signal.SIGINT, before or signal.SIG_DFL)
        yield


def end_of_lbfgs(outcome: Any, is_level: bool, doubts: list[Doubt]) -> End:
    """Return the end of SciPy's L-BFGS from its outcome; whether the gradient `is_level` there."""
    status, test = outcome.status, "the cost falls no more"
    if "GRADIENT" in str(outcome.message):
        test = "the gradient is as good as 0"
    if is_level and status != 1:
        return End("converged", f"L-BFGS converged: {test}", tuple(doubts))
    message = "L-BFGS stopped: no step lowers the cost, and the gradient is not 0"
    hint = "start elsewhere, or try --optimizer adam"
    if outcome.fun < 0:
        hint = "a cost has a least value: add --residual, or square what is to be 0"
    if status == 99:
        message = "L-BFGS stopped: the cost falls and falls"
    if status == 1:
        message = f"L-BFGS did not converge in {counted(outcome.nit, 'iteration')}"
        hint = "give it more --epochs"
    return End("stopped", message, tuple(doubts) or (Doubt("unconverged", message, hint),))
