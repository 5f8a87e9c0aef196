"""The quick tier has a part of every room."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import QUICK

ROOT = Path(__file__).parents[1]


def test_the_quick_tier_touches_every_room() -> None:
    rooms = {each.parent.name for each in (ROOT / "cgcli").glob("*/__init__.py")}
    assert len(rooms) > 9
    assert rooms - {Path(each).parts[1] for each in QUICK} == set()


def test_what_is_quick_is_there() -> None:
    for each in QUICK:
        path, _, name = each.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8") if name else True
        assert (ROOT / path).is_file()
