"""Two builds of one commit have the same bytes, so that a hash says what was built."""

from pathlib import Path

import pytest

from tests.support.wheels import build_wheel

pytestmark = pytest.mark.slow


def test_neither_place_nor_umask_nor_zone_is_in_it(tmp_path: Path) -> None:
    first = build_wheel(tmp_path / "one", 0o022, TZ="UTC", PYTHONHASHSEED="1")
    second = build_wheel(
        tmp_path / "another" / "place", 0o077, TZ="Pacific/Auckland", PYTHONHASHSEED="2"
    )

    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()
