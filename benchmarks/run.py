"""Run every benchmark and print one Markdown table, with the machine in words under it."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

from measure import HEADER, Row, markdown, version

SCRIPTS = [
    "cold_start.py",
    "json_lines.py",
    "long_sum.py",
    "scaling.py",
    "lists.py",
    "functions.py",
    "steps.py",
    "layouts.py",
    "sheets.py",
    "training.py",
]
PEERS = {
    "CasADi": "casadi",
    "HIPS autograd": "autograd",
    "NumPy": "numpy",
    "graphlay": "graphlay",
    "igraph": "igraph",
    "fast-sugiyama": "fast-sugiyama",
    "PyTorch": "torch",
    "JAX": "jax",
}


def rows_of(script: str) -> list[str]:
    """Return the lines of the table that `script` prints; a failure is a row that says so."""
    sys.stderr.write(f"{script} ...\n")
    path = Path(__file__).with_name(script)
    done = subprocess.run(
        [sys.executable, str(path)], stdout=subprocess.PIPE, check=False, text=True
    )
    if done.returncode:
        return [markdown(Row(script, f"failed with status {done.returncode}"))]
    return done.stdout.splitlines()[len(HEADER) :]


def machine() -> str:
    """Return what the figures depend on: cores, system, Python and the peers' versions."""
    peers = ", ".join(f"{name} {version(package)}" for name, package in PEERS.items())
    return (
        f"{os.cpu_count()} cores, {platform.system()} on {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}, {peers}."
    )


def main() -> None:
    """Run everything and print; exit with status 1 when a script failed."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    lines = [line for script in SCRIPTS for line in rows_of(script)]
    sys.stdout.write("\n".join([*HEADER, *lines, "", machine()]) + "\n")
    sys.exit(any("failed with status" in line for line in lines))


if __name__ == "__main__":
    main()
