"""A run's progress on a terminal: how far it is, its cost, its gradient and its rate."""

from __future__ import annotations

import sys
import time
from typing import Any, Final

from cgcli.learning.logbook import State
from cgcli.views.catalogue import heard
from cgcli.views.terminal import can_show, console

_PAUSE: Final = 0.1


class Progress:
    """A bar on standard error up to a total of steps, drawn ten times a second at most."""

    def __init__(self, total: int) -> None:
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        gradient = "|∇|" if can_show("∇", sys.stderr) else "gradient"
        epoch, cost, norm, rate = map(heard().read, ("epoch", "cost", gradient, "rate"))
        text = f"{epoch} {{task.fields[epoch]}}  {cost} {{task.fields[cost]:.6g}}  {norm} "
        text += f"{{task.fields[norm]:.3g}}  {rate} {{task.fields[rate]:.3g}}"
        self._bar = Bar(
            BarColumn(bar_width=20),
            TextColumn(text, markup=False),
            TimeRemainingColumn(),
            console=console(sys.stderr),
            transient=True,
            auto_refresh=False,
        )
        fields: dict[str, Any] = {"epoch": 0, "cost": 0.0, "norm": 0.0, "rate": 0.0}
        self._task = self._bar.add_task("", total=total, **fields)
        self._next = time.monotonic() + _PAUSE

    def show(self, state: State, cost: float, norm: float, rate: float) -> None:
        """Show a step, when the last was shown long enough ago."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PAUSE
        # A run that ends before there is anything to show has no bar.
        self._bar.start()
        self._bar.update(
            self._task, completed=state.step, epoch=state.epoch, cost=cost, norm=norm, rate=rate
        )
        self._bar.refresh()

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()
