"""Faults planted in a copy of the program, to see that the tests notice every one of them.

`faults` is the list. The group takes minutes: pytest --planted -m planted. What holds the list
honest, that its texts are there and the tests pass without the fault, is part of that.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.planted.faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]
SECONDS = 240
PARTS = ("cgcli", "docs", "grammar", "tests", "pyproject.toml")

# Read by pytest before any test of the copy: what is tested must be the copy.
CHECK = """
import os
import cgcli

assert os.path.dirname(os.path.dirname(cgcli.__file__)) == os.path.dirname(__file__), cgcli.__file__
"""


def planted(text: str, fault: Fault) -> str:
    """The text of a file with its fault; the place must be there, and be one."""
    count = text.count(fault.text)
    assert count == 1, f"{fault.name}: {fault.file} has the text {count} times, and not once"
    return text.replace(fault.text, fault.fault)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_can_be_planted(fault: Fault) -> None:
    source = planted((ROOT / fault.file).read_text(encoding="utf-8"), fault)
    if fault.file.endswith(".py"):
        ast.parse(source)


def test_every_fault_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(f.name for f in FAULTS).items() if count > 1] == []


class Copy:
    """A copy of the program and of its tests, where faults are planted."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, root / part)
            else:
                shutil.copy2(source, root / part)
        (root / "conftest.py").write_text(CHECK, encoding="utf-8")

    @contextmanager
    def with_fault(self, fault: Fault) -> Iterator[None]:
        path = self.root / fault.file
        text = path.read_text(encoding="utf-8")
        # Python takes a compiled file of the same second and length for that of the new text.
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()
        path.write_text(planted(text, fault), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(text, encoding="utf-8")

    def run(self, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        """Run tests of the copy, up to the first that fails."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        environment |= {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        # The option is that of the tests, and doctests are without them.
        command += ["--whole"] * any(test.startswith("tests/") for test in tests)
        return subprocess.run(
            [*command, *tests],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


TESTS = tuple(dict.fromkeys(test for fault in FAULTS for test in fault.tests))
TOGETHER = 10
"""So many run at once: a run has a limit, and one of all grows with every fault."""


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("planted"))


@pytest.mark.planted
@pytest.mark.parametrize("start", range(0, len(TESTS), TOGETHER))
def test_the_tests_pass_without_a_fault(start: int, copy: Copy) -> None:
    ran = copy.run(TESTS[start : start + TOGETHER])
    assert ran.returncode == pytest.ExitCode.OK, ran.stdout + ran.stderr


@pytest.mark.planted
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_noticed(fault: Fault, copy: Copy) -> None:
    with copy.with_fault(fault):
        ran = copy.run(fault.tests)
    # A test that fails, and no error of collection, which would be the same for any fault.
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED, ran.stdout + ran.stderr
