"""Overrides in words, and which of them end soon or are meant by a name."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.model.canonical import ABSENT
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.overrides import ending_soon, named
from controller.planning.wording import end_text, in_force, what_text
from controller.views.override_text import ended_text, list_lines, override_json, soon_text

NOW = datetime(2026, 7, 1, 9, 40, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


def override(**different: Any) -> Override:
    return Override(
        **{
            "id": "4K7Q",
            "ref": ResourceRef("Environment", "c50"),
            "reason": "release night",
            "actor": "ada",
            "since": NOW,
            "path": "schedule",
            "value": "on",
            "until": NOW + timedelta(minutes=20),
            **different,
        }
    )


@pytest.mark.parametrize(
    ("different", "what", "end"),
    [
        ({}, "schedule=on", "until Wed 1 Jul 11:00 BST (10:00 UTC)"),
        ({"path": "spec.schedule"}, "schedule=on", "until Wed 1 Jul 11:00 BST (10:00 UTC)"),
        (
            {"value": ABSENT, "until": None, "until_git": True},
            "schedule left as it is",
            "until Git changes it",
        ),
        ({"path": "", "value": ABSENT, "until": None}, "left as it is", "until it is released"),
    ],
)
def test_what_and_until_when(different: dict[str, Any], what: str, end: str) -> None:
    assert what_text(override(**different)) == what
    assert end_text(override(**different), LONDON) == end


def test_a_list_has_what_ends_first_on_top() -> None:
    later = override(id="AAAA", until=NOW + timedelta(days=1))
    ended = override(id="BBBB", until=NOW - timedelta(days=1))
    with_git = override(id="CCCC", until=None, until_git=True)

    lines = list_lines([with_git, later, override(), ended], NOW)

    assert [line.split()[0] for line in lines] == ["ID", "BBBB", "4K7Q", "AAAA", "CCCC"]
    assert "ended, not yet recorded" in lines[1]
    assert "today 10:00 UTC" in lines[2]
    assert "with Git" in lines[4]
    assert list_lines([], NOW) == ["no overrides"]


def test_programs_get_no_value_where_there_is_none() -> None:
    assert override_json(override())["value"] == "on"
    assert "value" not in override_json(override(value=ABSENT))


def test_those_that_end_soon_are_announced() -> None:
    soon, later = override(), override(id="AAAA", until=NOW + timedelta(hours=2))
    gone, git = override(id="B", until=NOW), override(id="C", until=None, until_git=True)

    assert ending_soon([later, git, gone, soon], NOW, timedelta(minutes=30)) == (soon,)
    assert "ends in 20 min, 10:00 UTC (ada: release night)" in soon_text(soon, NOW)


def test_one_is_meant_by_id_by_object_or_by_its_last_name() -> None:
    group = override(id="G", ref=ResourceRef("Group", "a/r/c50-ta-Web"))
    both = [override(), group]

    assert named(both, "4K7Q") == (both[0],)
    assert named(both, "Environment/c50") == (both[0],)
    assert named(both, "c50") == (both[0],)
    assert named(both, "c50-ta-Web") == (group,)
    assert named(both, "c51") == ()


def test_an_end_is_told_with_its_reason() -> None:
    assert ended_text(override(), "Git changed it") == (
        "override 4K7Q of Environment/c50 schedule=on ended: Git changed it"
    )


def test_what_a_plan_says_of_those_in_force() -> None:
    (note,) = in_force([override()])
    assert (note.category, str(note.ref)) == ("override", "Environment/c50")
    assert note.text == "schedule=on until Wed 1 Jul 10:00 UTC (ada: release night)"
