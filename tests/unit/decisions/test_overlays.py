"""Which of two overrides of one object holds, and until when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.decisions.overlays import overlays
from controller.model.canonical import ABSENT
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.overrides import override_of_tag

NOW = datetime(2026, 7, 1, 9, 40, tzinfo=UTC)


def made(minute: int, path: str = "schedule", value: Any = "on", **different: Any) -> Override:
    """Return one called by the minute it was made in; it ends in an hour."""
    given = {"ref": ResourceRef("Environment", "c50"), "until": NOW + timedelta(hours=1)}
    return Override(
        f"o{minute}",
        reason="x",
        actor="ada",
        since=NOW - timedelta(minutes=60 - minute),
        path=path,
        value=value,
        **{**given, **different},
    )


def shown(*overrides: Override) -> list[str]:
    return [
        f"{','.join(above.id for above in overlay.above)} > {overlay.beneath.id} {overlay.path}".rstrip()
        for overlay in overlays(overrides)
    ]


GROUP: dict[str, Any] = {"ref": ResourceRef("Group", "a/r/c50-ta-Web")}


@pytest.mark.parametrize(
    ("overrides", "wanted"),
    [
        ([made(1)], []),
        ([made(2), made(1, "spec.schedule")], ["o2 > o1"]),
        ([made(1), made(3), made(2)], ["o2,o3 > o1", "o3 > o2"]),
        ([made(1), made(2, "description", "x")], []),
        ([made(1), made(2, ref=ResourceRef("Environment", "c51"))], []),
        # Part of what the other says, and all of it.
        ([made(1, "roles.Web", {}), made(2, "roles.Web.ami", "x")], ["o2 > o1 roles.Web.ami"]),
        ([made(1, "roles.Web.ami", "x"), made(2, "roles.Web", {})], ["o2 > o1"]),
        # What leaves a field goes before a value for it, whichever is older; two that leave it say the same.
        ([made(1, "description", ABSENT), made(2, "description", "x")], ["o1 > o2"]),
        ([made(1, "", ABSENT), made(2, "description", "x")], ["o1 > o2"]),
        ([made(1, "", ABSENT), made(2, "", ABSENT)], []),
        ([made(1, "", ABSENT), made(2)], []),
        # A group is no document: what was said last of it is what it is to be.
        ([made(1, "", ABSENT, **GROUP), made(2, **GROUP)], ["o2 > o1"]),
        ([made(1, **GROUP), made(2, "", ABSENT, **GROUP)], ["o2 > o1"]),
        ([made(1, **GROUP), override_of_tag(GROUP["ref"], "keep", NOW, NOW)], []),
    ],
)  # fmt: skip
def test_which_goes_before_which(overrides: list[Override], wanted: list[str]) -> None:
    assert shown(*overrides) == wanted


def test_parts_of_one_override_are_beside_each_other() -> None:
    first, second = (made(1, ref=ResourceRef("Service", "a")) for _ in range(2))

    assert shown(first, second) == []


@pytest.mark.parametrize(
    ("beneath", "above", "until", "again"),
    [
        (2, [1], 1, True),
        (None, [1], 1, True),
        (1, [1], 1, False),
        (1, [2], 2, False),
        (1, [None], None, False),
        (4, [1, 3], 3, True),
        (4, [None, 3], None, False),
    ],
)
def test_until_when_and_whether_it_holds_again(
    beneath: int | None, above: list[int | None], until: int | None, again: bool
) -> None:
    def at(hours: int | None) -> datetime | None:
        return None if hours is None else NOW + timedelta(hours=hours)

    others = [made(minute, until=at(hours)) for minute, hours in enumerate(above, 2)]

    overlay = next(overlays([made(1, until=at(beneath)), *others]))

    assert (overlay.until, overlay.holds_again) == (at(until), again)
