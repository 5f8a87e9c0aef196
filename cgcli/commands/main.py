"""The entry point: start at once, and leave without taking everything apart again."""

from __future__ import annotations

import contextlib
import gc
import os
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command line on the process's arguments and leave with its exit status.

    A run makes no cycles to speak of, so the collector would only search: it is off, and on
    again in `--jsonl`. At the end the process is left as it is, since freeing a large graph
    node by node would take longer than making it.
    """
    gc.disable()
    try:
        from cgcli.commands.app import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = _INTERRUPTED
    for stream in (sys.stdout, sys.stderr):
        # `run` has said what it could; there is nobody left to tell.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(status)
