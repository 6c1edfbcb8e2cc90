"""Lists as tables no wider than the terminal, as names and as documents."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controller.engine.queries.listing import LISTS, ListFilter, listed_in
from controller.model.accepted import AcceptedState
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.views.lists.accepted import list_answer
from controller.views.style import fitted
from tests.support.documents import printed
from tests.support.live_account import FLEET, NOW, accepted_of

ENVIRONMENT = ResourceRef("Environment", "c50")


def _overridden() -> AcceptedState:
    tonight = Override(
        "o1",
        ENVIRONMENT,
        "release night",
        "ada",
        NOW,
        "schedule",
        "on",
        NOW + timedelta(hours=4),
    )
    office = {("Schedule", "office"): {"expression": "start: 0 8 * * 1-5; stop: 0 19 * * 1-5"}}
    service = {("Service", "Search"): {"owningCluster": "Tango"}}
    return replace(accepted_of({**FLEET, **office, **service}), overrides=(tonight,))


def _text(what: str, **asked: Any) -> list[str]:
    found = listed_in(what, _overridden(), NOW, ListFilter())
    return list_answer(what, found, NOW, **asked).text().splitlines()


def test_environments_have_the_columns_people_look_for() -> None:
    found = listed_in("environments", _overridden(), NOW, ListFilter())
    seen = [one._replace(instances_on=2, instances=4, seen_at=NOW) for one in found]
    headings, c50 = list_answer("environments", seen, NOW).text().splitlines()

    assert headings.split() == [
        "NAME",
        "ACCOUNT",
        "TYPE",
        "SCHEDULE",
        "STATE",
        "WANTED",
        "NEXT",
        "OVERRIDE",
        "DRIFT",
    ]
    assert c50.split("  ")[0] == "c50"
    assert c50.endswith("schedule=on until today 16:00 UTC  -")


def test_wide_has_more_columns_and_names_are_what_explain_takes() -> None:
    assert "REGION" in _text("environments", shape="wide")[0]
    assert _text("environments", shape="name") == ["Environment/c50"]
    assert _text("overrides", shape="name") == ["o1"]
    assert list_answer("environments", [], NOW, "name").text() == ""
    assert list_answer("environments", [], NOW).text() == "no environments"
    assert list_answer("overrides", [], NOW).text() == "no overrides"


def test_what_cannot_be_read_is_remarked() -> None:
    damaged = {ENVIRONMENT: "its item has no type", ResourceRef("Service", "x"): "no owner"}

    answer = list_answer("environments", [], NOW, unreadable=damaged)

    assert answer.remarks == ("envctl: Environment/c50 is left out: its item has no type",)


def test_a_schedule_says_when_it_switches() -> None:
    _, office = _text("schedules")

    assert "off today 19:00 UTC" in office


@pytest.mark.parametrize("what", sorted(LISTS))
@pytest.mark.parametrize("width", [30, 60, 80])
def test_no_line_is_longer_than_the_terminal(what: str, width: int) -> None:
    lines = _text(what, shape="wide", width=width)

    assert len(lines) > 1
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("what", sorted(LISTS))
def test_a_list_is_a_document_that_is_as_its_schema_says(what: str) -> None:
    answer = list_answer(what, listed_in(what, _overridden(), NOW, ListFilter()), NOW)

    shown: Mapping[str, Any] = printed(answer.document, answer.fields())

    assert len(shown[what]) == 1
    if what == "environments":
        assert shown[what][0]["overrides"] == ["o1"]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (None, ["NAME  WHAT", "c50   a long text"]),
        (20, ["NAME  WHAT", "c50   a long text"]),
        (14, ["NAME  WHAT", "c50   a long …"]),
        (8, ["NAME  W…", "c50   a…"]),
    ],
)
def test_what_is_too_wide_is_cut_from_its_widest_column(
    width: int | None, lines: list[str]
) -> None:
    assert fitted([("NAME", "WHAT"), ("c50", "a long text")], width) == lines
