"""Lists of groups and instances: columns, how wide they are, where they come from, and as documents."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from controller.engine.queries.listing import ListFilter
from controller.engine.queries.live_listing import LIVE_LISTS, LiveList, live_listed
from controller.views.lists.live import live_answer, seen_text
from tests.support.documents import printed
from tests.support.live_account import FLEET, NOW, SCOPE, accepted_of
from tests.support.looked_at import drift_of, looked_at, not_seen
from tests.unit.decisions.looks import group, instance

WEB = "c50-ta-Web"
NOBODYS = group("c99-ta-Web", {})


def _listed(what: str, *more: Any) -> LiveList:
    members = {f"i-0a1b2c3d4e5f6071{n}": "InService" for n in range(2)}
    found = (group(WEB, members), *map(instance, members), *more)
    scope = looked_at(*found, changes=[drift_of(WEB), drift_of("c50-ta-Db", "create")])
    accepted = accepted_of(FLEET)
    return live_listed(what, [scope], lambda _: accepted, NOW, ListFilter())


def _text(what: str, **asked: Any) -> list[str]:
    return live_answer(what, _listed(what), NOW, **asked).text().splitlines()


def test_groups_and_instances_have_the_columns_people_look_for() -> None:
    shared = ["SCHEDULE", "STATE", "WANTED", "NEXT", "OVERRIDE", "DRIFT"]
    headings, web = _text("groups")
    of_instances, first, _ = _text("instances")

    assert headings.split() == ["NAME", "ACCOUNT", "TYPE", *shared]
    assert web.split()[:4] == [WEB, "staging-eu", "Staging", "on"]
    assert web.endswith("desiredCapacity")
    assert of_instances.split() == ["NAME", "GROUP", "ACCOUNT", "TYPE", *shared]
    assert first.split()[:2] == ["i-0a1b2c3d4e5f60710", WEB]


@pytest.mark.parametrize(
    ("members", "desired", "shown"),
    [
        ({"i-1": "InService"}, 1, "on (1)"),
        ({"i-1": "InService"}, 3, "1 of 3 on"),
        ({}, 3, "0 of 3 on"),
        ({"i-1": "Standby"}, 0, "off (1)"),
        ({}, 0, "off (0)"),
    ],
)
def test_a_group_says_how_much_of_it_is_on(
    members: dict[str, str], desired: int, shown: str
) -> None:
    accepted = accepted_of(FLEET)
    scope = looked_at(group(WEB, members, (0, desired, 4)), *map(instance, members))
    listed = live_listed("groups", [scope], lambda _: accepted, NOW, ListFilter())

    assert f"  {shown}  " in live_answer("groups", listed, NOW).text()


@pytest.mark.parametrize("what", LIVE_LISTS)
@pytest.mark.parametrize("shape", ["narrow", "wide"])
@pytest.mark.parametrize("width", [60, 80])
def test_no_line_is_longer_than_the_terminal(what: str, shape: Any, width: int) -> None:
    lines = _text(what, shape=shape, width=width)

    assert len(lines) > 1
    assert max(map(len, lines)) <= width


def test_a_narrow_terminal_loses_first_what_says_nothing() -> None:
    headings, *_ = _text("groups", width=80)

    assert "OVERRIDE" not in headings
    assert "DRIFT" in headings


def test_names_are_what_explain_takes() -> None:
    assert _text("groups", shape="name") == [f"Group/{SCOPE.name}/{WEB}"]
    assert _text("instances", shape="name")[0] == f"Instance/{SCOPE.name}/i-0a1b2c3d4e5f60710"


@pytest.mark.parametrize("what", LIVE_LISTS)
def test_a_list_is_a_document_that_is_as_its_schema_says(what: str) -> None:
    answer = live_answer(what, _listed(what), NOW)

    shown = printed(answer.document, answer.fields())

    assert shown[what][0]["scope"] == SCOPE.name
    assert set(shown["seen"]) == {SCOPE.name}


def test_it_is_remarked_what_is_not_among_them() -> None:
    answer = live_answer("groups", _listed("groups", NOBODYS), NOW)
    unseen = live_listed("groups", [not_seen()], lambda _: accepted_of(FLEET), NOW, ListFilter())

    assert answer.remarks == (
        f"envctl: from a look at {SCOPE.name} now",
        "envctl: 1 group of no environment is left out",
        f"envctl: Group/{SCOPE.name}/c50-ta-Db was deleted outside envctl: envctl apply makes it again",
    )
    assert live_answer("groups", unseen, NOW).remarks[1:] == (
        f"envctl: {SCOPE.name} is left out: no answer",
    )


@pytest.mark.parametrize(
    ("minutes", "place", "text"),
    [
        ((0,), "", "from a look at s0 now"),
        ((0, 0), "", "from a look at 2 scopes now"),
        ((3,), "looks", "from the last looks at s0, 3 min ago, published in looks"),
        (
            (3, 120),
            "looks",
            "from the last looks at 2 scopes, 3 min to 2 h ago, published in looks",
        ),
        ((3, 3), "looks", "from the last looks at 2 scopes, 3 min ago, published in looks"),
        ((), "looks", "no look in looks could be read"),
        ((), "", "no account was looked at"),
    ],
)
def test_where_an_answer_comes_from_is_one_line(
    minutes: tuple[int, ...], place: str, text: str
) -> None:
    seen: dict[str, datetime] = {
        f"s{n}": NOW - timedelta(minutes=ago) for n, ago in enumerate(minutes)
    }

    assert seen_text(seen, place, NOW) == text
