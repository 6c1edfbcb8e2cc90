"""The mark of an instance refresh: put before it begins, and good for finding it where no answer told which it is."""

import pytest

from controller.targets.group_parts.refresh_mark import (
    RefreshMark,
    is_begun_with,
    refresh_preferences,
)

OURS = {
    "MinHealthyPercentage": 50,
    "SkipMatching": True,
    "StandbyInstances": "Ignore",
    "ScaleInProtectedInstances": "Ignore",
}


def refresh(name: str, **preferences: object) -> dict[str, object]:
    return {"InstanceRefreshId": name, "Preferences": {**OURS, **preferences}}


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (RefreshMark("3", "id-1"), "3 id-1"),
        (RefreshMark("3", after="id-1"), "3 after id-1"),
        (RefreshMark("3"), "3 after none"),
    ],
)
def test_it_is_read_as_it_is_written(mark: RefreshMark, text: str) -> None:
    assert str(mark) == text
    assert RefreshMark.parse(text) == mark


@pytest.mark.parametrize("text", ["", "  ", "3", "after", "3 after", "schön wär's", "x" * 256])
def test_whatever_stands_there_is_read(text: str) -> None:
    assert isinstance(RefreshMark.parse(text), RefreshMark)


@pytest.mark.parametrize(
    ("found", "which", "because"),
    [
        ([refresh("new"), refresh("old")], "new", "it came after the newest before"),
        ([refresh("old"), refresh("older")], None, "nothing came after that one"),
        ([refresh("new", SkipMatching=False), refresh("old")], None, "somebody else began it"),
        ([refresh("x", MinHealthyPercentage=90), refresh("new")], "new", "theirs came later"),
        ([], None, "there is none"),
    ],
)
def test_the_one_that_was_to_begin_is_found(
    found: list[dict[str, object]], which: str | None, because: str
) -> None:
    mark = RefreshMark("3", after="old")
    begun = mark.found_in(found, refresh_preferences("instanceRefresh 50"))
    assert (begun and begun["InstanceRefreshId"]) == which, because


def test_a_rollout_that_is_none_fits_no_refresh() -> None:
    for rollout in ("", "none", "instanceRefresh", "instanceRefresh x"):
        assert not is_begun_with(refresh_preferences(rollout), refresh("any"))
