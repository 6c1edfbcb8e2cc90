"""Overrides in words, and which of them end soon or are meant by a name."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.engine.state.override_commit import Ending
from controller.model.canonical import ABSENT
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.overrides import ending_soon, named
from controller.planning.wording import end_text, in_force, what_text
from controller.views.override_text import ended_lines, list_lines, override_json, soon_lines

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
