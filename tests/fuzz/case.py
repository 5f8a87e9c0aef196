"""One run of the command line, told whole: what a find is replayed and reduced from."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Case:
    """Arguments after `cgraph`, files beside it, standard input."""

    argv: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    stdin: bytes = b""

    def to_json(self) -> dict[str, Any]:
        """The case in JSON; bytes are Base64."""
        return {
            "argv": list(self.argv),
            "files": {k: base64.b64encode(v).decode() for k, v in self.files.items()},
            "stdin": base64.b64encode(self.stdin).decode(),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Case:
        files = {k: base64.b64decode(v) for k, v in data["files"].items()}
        return Case(tuple(data["argv"]), files, base64.b64decode(data["stdin"]))

    def __str__(self) -> str:
        """What is needed to try it by hand."""
        lines = ["cgraph " + " ".join(json.dumps(word, ensure_ascii=True) for word in self.argv)]
        lines += [f"  {ascii(name)[1:-1]}: {_shown(data)}" for name, data in self.files.items()]
        if self.stdin:
            lines.append(f"  standard input: {_shown(self.stdin)}")
        return "\n".join(lines)


def _shown(data: bytes) -> str:
    return repr(data) if len(data) <= 2000 else f"{data[:1000]!r} … {len(data)} bytes"


class Dice(random.Random):
    """Random choices, the same for a seed, in the words that the generators need."""

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def one(self, *things: T) -> T:
        return self.choice(things)

    def some(self, things: Sequence[T], most: int) -> list[T]:
        """Up to `most` of the things, in any order."""
        return self.sample(list(things), self.randint(0, min(most, len(things))))

    def weighted(self, weights: Mapping[T, float]) -> T:
        return self.choices(list(weights), list(weights.values()))[0]
