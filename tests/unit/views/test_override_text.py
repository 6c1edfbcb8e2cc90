"""Overrides in words, and which of them end soon or are meant by a name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.decisions.power_map import FollowedSchedule
from controller.engine.overrides.effect import Effect
from controller.engine.overrides.service import Prepared
from controller.engine.state.override_commit import Ending
from controller.model.canonical import ABSENT
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.overrides import ending_soon, named
from controller.planning.wording import end_text, in_force, what_text
from controller.scheduling.schedule import ALWAYS_ON
from controller.views.override_report import prepared_lines
from controller.views.override_text import (
    ended_lines,
    list_document,
    list_lines,
    override_json,
    soon_lines,
)

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


@pytest.mark.parametrize("width", [60, 80])
def test_a_list_fits_the_terminal(width: int) -> None:
    lines = list_lines([override(reason="a long story " * 4)], NOW, width=width)

    assert max(map(len, lines)) <= width
    assert lines[1].startswith("4K7Q")


def test_a_list_has_what_ends_first_on_top() -> None:
    c51 = ResourceRef("Environment", "c51")
    later = override(id="AAAA", until=NOW + timedelta(days=1), ref=c51)
    ended = override(id="BBBB", until=NOW - timedelta(days=1))
    with_git = override(id="CCCC", until=None, until_git=True, path="description", value="x")

    lines = list_lines([with_git, later, override(), ended], NOW)

    assert [line.split()[0] for line in lines] == ["ID", "BBBB", "4K7Q", "AAAA", "CCCC"]
    assert "ended, not yet recorded" in lines[1]
    assert "today 10:00 UTC" in lines[2]
    assert "with Git" in lines[4]
    assert list_lines([], NOW) == ["no overrides"]


def test_programs_get_no_value_where_there_is_none() -> None:
    assert override_json([override()])["value"] == "on"
    assert "value" not in override_json([override(value=ABSENT)])


def test_those_that_end_soon_are_announced() -> None:
    soon, later = override(), override(id="AAAA", until=NOW + timedelta(hours=2))
    gone, git = override(id="B", until=NOW), override(id="C", until=None, until_git=True)

    assert ending_soon([later, git, gone, soon], NOW, timedelta(minutes=30)) == (soon,)
    (line,) = soon_lines([soon], NOW)
    assert "ends in 20 min, 10:00 UTC (ada: release night)" in line


def test_one_is_meant_by_id_by_object_or_by_its_last_name() -> None:
    group = override(id="G", ref=ResourceRef("Group", "a/r/c50-ta-Web"))
    both = [override(), group]

    assert named(both, "4K7Q") == (both[0],)
    assert named(both, "Environment/c50") == (both[0],)
    assert named(both, "c50") == (both[0],)
    assert named(both, "c50-ta-Web") == (group,)
    assert named(both, "c51") == ()


def parts(*refs: str) -> list[Override]:
    return [
        override(
            id=f"HELD01.1.{number}",
            ref=ResourceRef.parse(ref),
            path="spec.description",
            value=ABSENT,
            until=None,
            until_git=True,
        )
        for number, ref in enumerate(refs, 1)
    ]


def test_what_a_restore_holds_is_one_line_and_its_parts_are_listed_by_its_id() -> None:
    held = parts("Service/a", "Service/a", "Service/b", "Environment/c50")

    lines = list_lines([override(), *held], NOW)

    assert lines[2].split()[:5] == ["HELD01", "1", "environment,", "2", "services"]
    assert "as put back (4 parts)  with Git" in lines[2]
    assert lines[3:] == ["envctl override list HELD01 lists its parts"]
    assert [line.split()[0] for line in list_lines(named(held, "HELD01"), NOW, each=True)] == [
        "ID",
        *(part.id for part in held),
    ]
    whole = override_json(held)
    assert (whole["id"], whole["ref"], whole["path"], whole["parts"]) == ("HELD01", "", "", 4)
    assert "value" not in whole


def test_a_part_is_meant_by_its_own_id_and_all_by_that_of_the_whole_or_of_their_row() -> None:
    held = [*parts("Service/a", "Service/b"), override(id="HELD011")]

    assert named(held, "HELD01") == named(held, "HELD01.1") == tuple(held[:2])
    assert named(held, "HELD01.1.2") == (held[1],)
    assert named(held, "Service/b") == (held[1],)


def test_a_plan_says_of_what_a_restore_holds_in_one_note() -> None:
    (one, note) = in_force([override(), *parts("Service/a", "Service/a")])

    assert str(one.ref) == "Environment/c50"
    assert str(note.ref) == "Override/HELD01"
    assert note.text == "Service/a as put back (2 parts) until Git changes it (ada: release night)"


def test_ends_of_parts_are_told_together() -> None:
    first, second = parts("Service/a", "Service/b")
    ends = [Ending(first, "Git changed Service/a"), Ending(second, "Git changed Service/b")]

    assert list(ended_lines(ends)) == [
        "override HELD01 of 2 services as put back (2 parts) ended: Git changed Service/a; 1 more alike"
    ]
    assert list(ended_lines(ends[1:])) == [
        "override HELD01.1.2 of Service/b description left as it is ended: Git changed Service/b"
    ]


def test_an_end_is_told_with_its_reason() -> None:
    assert list(ended_lines([Ending(override(), "Git changed it")])) == [
        "override 4K7Q of Environment/c50 schedule=on ended: Git changed it"
    ]


def test_what_a_plan_says_of_those_in_force() -> None:
    (note,) = in_force([override()])
    assert (note.category, str(note.ref)) == ("override", "Environment/c50")
    assert note.text == "schedule=on until Wed 1 Jul 10:00 UTC (ada: release night)"


def hours(count: float) -> datetime:
    return NOW + timedelta(hours=count)


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        (
            {"until": hours(3)},
            {"until": hours(1)},
            "NEW goes before OLD (schedule=on) until Wed 1 Jul 10:40 UTC; then OLD holds until Wed 1 Jul 12:40 UTC",
        ),
        (
            {"until": hours(1)},
            {"until": hours(3)},
            "NEW goes before OLD (schedule=on) for as long as OLD lasts",
        ),
        (
            {"until": hours(1)},
            {"until": None, "until_git": True},
            "NEW goes before OLD (schedule=on) until Git changes it",
        ),
        (
            {"path": "roles.Web", "value": ABSENT, "until": None},
            {"path": "roles.Web.ami", "value": "x"},
            "OLD goes before NEW (roles.Web.ami=x) until it is released",
        ),
        (
            {"path": "roles.Web", "value": 1, "until": hours(3)},
            {"path": "roles.Web.ami", "value": "x", "until": hours(1)},
            "NEW goes before OLD (roles.Web=1) in roles.Web.ami until Wed 1 Jul 10:40 UTC; then OLD holds until Wed 1 Jul 12:40 UTC",
        ),
    ],
)
def test_of_two_of_one_object_a_list_says_which_holds_when(
    first: dict[str, Any], second: dict[str, Any], line: str
) -> None:
    old = override(id="OLD", since=NOW - timedelta(hours=1), **first)
    new = override(id="NEW", **second)

    document = list_document([old, new], NOW)

    assert list_lines([new, old], NOW)[3:] == [line]
    assert len(document["overlays"]) == 1
    assert document["overlays"][0]["id"] in line.partition(" before ")[2]
    assert list_lines([new, replace(old, until=hours(-1))], NOW)[3:] == []


def prepared(*made: Override, holding: tuple[Override, ...], comes: bool) -> list[str]:
    office = FollowedSchedule("office", ALWAYS_ON)
    return list(prepared_lines(Prepared(made, Effect(), UTC, office, comes, holding)))


def test_what_is_made_over_another_says_which_holds_then() -> None:
    old = override(id="OLD", since=NOW - timedelta(hours=1), value="off", until=hours(3))
    new = override(until=hours(1))

    first, second, *_ = prepared(new, holding=(old, new), comes=True)

    assert first == "c50 on until Wed 1 Jul 10:40 UTC"
    assert second == (
        "  this one goes before OLD (schedule=off) until Wed 1 Jul 10:40 UTC;"
        " then OLD holds until Wed 1 Jul 12:40 UTC"
    )
    alone, *_ = prepared(new, holding=(new,), comes=True)
    assert alone == f"{first}, then office again: ON (no switch)"


def test_what_is_released_over_another_says_that_it_holds_then() -> None:
    old = override(id="OLD", since=NOW - timedelta(hours=1), value="off", until=hours(3))
    new = override(until=hours(1))

    first, *lines = prepared(new, holding=(old,), comes=False)

    assert first.endswith("until Wed 1 Jul 10:40 UTC")
    assert lines == ["  then OLD holds: schedule=off until Wed 1 Jul 12:40 UTC"]
    # The one beneath does not hold yet: its end changes nothing now.
    _, line = prepared(old, holding=(new,), comes=False)
    assert line.startswith("  4K7Q goes before this one (schedule=off) until Wed 1 Jul 10:40 UTC")
    alone, *rest = prepared(new, holding=(), comes=False)
    assert alone == f"{first}, office again"
    assert rest == []
    # Where a third goes before the one beneath, that one does not hold yet either.
    third = override(id="MID", since=NOW - timedelta(minutes=1), until=hours(2))
    assert prepared(new, holding=(old, third), comes=False)[1:] == [
        "  then MID holds: schedule=on until Wed 1 Jul 11:40 UTC"
    ]
