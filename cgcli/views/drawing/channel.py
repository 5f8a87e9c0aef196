"""The channel between two layers, in which values turn on their way from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from cgcli.views.drawing.layers import LEAD, Layers

_TRACK: Final = 9.0
_STEP: Final = 24.0
_STEEP: Final = 3.0
_APART: Final = 6.0
"""So far are level lines of two values from one another at least."""


class Net(NamedTuple):
    """A value's way through a channel: the row where it leaves, and those where it arrives."""

    leave: float
    arrivals: list[float]

    @property
    def span(self) -> tuple[float, float]:
        """The uppermost of its rows, and the lowest."""
        return min(self.leave, *self.arrivals), max(self.leave, *self.arrivals)

    @property
    def is_small(self) -> bool:
        """Whether it has no room for two bends."""
        return self.span[1] - self.span[0] <= _STEP

    def is_steep(self, across: float) -> bool:
        """Return whether a slant would lie on another of it, or lead up or down for too long."""
        (low, high), steps = self.span, [row - self.leave for row in self.arrivals]
        sides = sum(step > 0 for step in steps), sum(step < 0 for step in steps)
        return max(sides) > 1 or max(self.leave - low, high - self.leave) > _STEEP * across

    def meets(self, other: Net, apart: float) -> bool:
        """Return whether both pass a row, or rows that are not farther apart."""
        (low, high), (other_low, other_high) = self.span, other.span
        return low <= other_high + apart and other_low <= high + apart

    def crossings(self, right: Net) -> int:
        """Return how often it crosses a net that turns at the right of it."""
        (low, high), (right_low, right_high) = self.span, right.span
        arrivals = sum(right_low <= row <= right_high for row in self.arrivals)
        return arrivals + (low <= right.leave <= high)


class TangledError(Exception):
    """Nets of which each has to turn before another; `net` leaves where another arrives."""

    def __init__(self, net: int, other: int) -> None:
        super().__init__()
        self.net = net
        self.other = other


def tracks(nets: Mapping[int, Net], apart: float) -> dict[int, int]:
    """Return the track in which each net turns, counted from the left.

    A net that leaves where another arrives, or nearer than that is allowed to be, turns before it;
    else those are left of others with which they cross fewer of them. Raises `TangledError`.
    """
    before: dict[int, set[int]] = {
        a: {
            b
            for b, other in nets.items()
            if a != b and any(abs(row - other.leave) < apart for row in net.arrivals)
        }
        for a, net in nets.items()
    }
    # Of what leads down the lowest turns first, and of what leads up the uppermost.
    falls = {a: sum(net.arrivals) / len(net.arrivals) > net.leave for a, net in nets.items()}
    waiting = sorted(nets, key=lambda a: (falls[a], nets[a].leave * (-1 if falls[a] else 1)))
    placed: dict[int, int] = {}
    while waiting:
        a = next((a for a in waiting if before[a] <= placed.keys()), None)
        if a is None:
            a = waiting[0]
            raise TangledError(next(iter(before[a] - placed.keys())), a)
        waiting.remove(a)
        net = nets[a]
        met = {b: track for b, track in placed.items() if net.meets(nets[b], apart)}
        left = (
            track + 1
            for b, track in met.items()
            if b in before[a] or nets[b].crossings(net) < net.crossings(nets[b])
        )
        track = max(left, default=0)
        while track in met.values():
            track += 1
        placed[a] = track
    return placed


class Channel:
    """The channel before a layer of a picture, with the nets that pass it, by their sources."""

    def __init__(self, nets: dict[int, Net], least: float) -> None:
        self._nets = {
            a: net
            for a, net in nets.items()
            if not net.is_small
            and (
                net.is_steep(least)
                or any(net.meets(other, _APART) for b, other in nets.items() if b != a)
            )
        }
        self._lead = LEAD
        while True:
            try:
                self._tracks = tracks(self._nets, _APART)
            except TangledError as error:
                self._untangle(error.net, nets)
            else:
                break
        last = max(self._tracks.values(), default=0)
        self.width = max(least, 2 * self._lead + last * _TRACK) if nets else 0.0

    def _untangle(self, net: int, nets: dict[int, Net]) -> None:
        """Let a net turn in a row that is near its own and no other's."""
        others = [row for a, n in nets.items() if a != net for row in (n.leave, *n.arrivals)]
        others += [n.leave for a, n in self._nets.items() if a != net]
        leave, step = self._nets[net].leave, 0.0
        while any(abs(leave + step - row) < _APART for row in others):
            step = -step if step > 0 else 1 - step
        self._nets[net] = self._nets[net]._replace(leave=leave + step)
        self._lead = 3 * LEAD

    def route(self, net: int, leave: float, arrive: float, end: float) -> list[tuple[float, float]]:
        """Return the bends of a net from one row to another, in the channel that ends there."""
        begin, is_step = end - self.width, abs(leave - arrive) <= _STEP
        if net not in self._tracks or is_step:
            lead = 0.0 if is_step else LEAD
            return [(begin + lead, leave), (end - LEAD / 2, arrive)] if leave != arrive else []
        last = max(self._tracks.values())
        middle = begin + self.width / 2 + (self._tracks[net] - last / 2) * _TRACK
        row = self._nets[net].leave
        aside = [(begin, leave), (begin + 2 * LEAD, row)] if row != leave else []
        return [*aside, (middle, row), (middle, arrive)]


def channels(layers: Layers, rows: list[float], arriving: list[float]) -> list[Channel]:
    """Return the channel before each layer, of stops and arrows that arrive in these rows.

    Those at one place in the turns of a loop are as wide as one another.
    """
    nets: list[dict[int, Net]] = [{} for _ in layers.columns]
    for arrow, way, arrive in zip(layers.scene.arrows, layers.ways, arriving, strict=True):
        for before, after in pairwise(way):
            passing = nets[layers.stops[after].level]
            net = passing.setdefault(arrow.source, Net(rows[before], []))
            row = arrive if after == arrow.target else rows[after]
            if row not in net.arrivals:
                net.arrivals.append(row)
    between = [Channel(passing, layers.layer_gap) for passing in nets]
    for level, first in layers.alike.items():
        between[first].width = max(between[first].width, between[level].width)
    for level, first in layers.alike.items():
        between[level].width = between[first].width
    return between
