"""What is otherwise for a while: how long it holds, what it changes, and why it ended."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.errors import WrongUsage
from controller.model.canonical import ABSENT, canonical_bytes, parse_canonical
from controller.model.override import Override
from controller.planning.overrides import (
    active,
    base_fields,
    ended,
    left_fields,
    next_end,
    patch,
    suspended,
    suspended_in_accounts,
    without_override,
)
from tests.unit.planning.worlds import NOW, ref

C50 = ref("Environment/c50")
HOUR = timedelta(hours=1)


def override(number: int = 1, **more: Any) -> Override:
    values = {
        "id": f"o{number}",
        "ref": C50,
        "reason": "release night",
        "actor": "ada",
        "since": datetime(2026, 11, 24, number, tzinfo=UTC),
    }
    return Override(**{**values, **more})


@pytest.mark.parametrize(
    ("one", "documents", "why"),
    [
        (override(), {}, ""),
        (override(until=NOW + HOUR), {}, ""),
        (override(until=NOW), {}, "its time was up at 2026-11-24 10:12 UTC"),
        (override(until_git=True, base_digest="d1"), {C50: "d1"}, ""),
        (override(until_git=True, base_digest="d1"), {C50: "d2"}, "Git changed Environment/c50"),
        (override(until_git=True, base_digest="d1"), {}, "Git no longer has Environment/c50"),
        (override(until_git=True), {}, ""),
        (override(until_git=True), {C50: "d1"}, "Git changed Environment/c50"),
        (
            override(until=NOW + HOUR, until_git=True, base_digest="d1"),
            {C50: "d2"},
            "Git changed Environment/c50",
        ),
    ],
)
def test_until_when_it_holds(one: Override, documents: dict[Any, str], why: str) -> None:
    assert ended([one], NOW, documents) == (((one, why),) if why else ())
    assert active([one], NOW, documents) == (() if why else (one,))


def test_they_are_given_oldest_first() -> None:
    first, second = override(1), override(2)
    over = [override(4, until=NOW), override(3, until=NOW)]

    assert active([second, first], NOW, {}) == (first, second)
    assert [one.id for one, _ in ended(over, NOW, {})] == ["o3", "o4"]


def test_without_path_or_value_things_are_left_as_they_are() -> None:
    overrides = [
        override(1, ref=ref("Service/a")),
        override(2, path="schedule"),
        override(3, path="spec.roles.Web"),
        override(4, path="metadata.labels.team"),
        override(5, path="schedule", value="on", ref=ref("Environment/c51")),
    ]

    assert suspended(overrides) == {ref("Service/a")}
    assert suspended_in_accounts(overrides) == {ref("Service/a")}
    assert left_fields(overrides) == {C50: ("schedule", "roles.Web", "metadata.labels.team")}
    assert [one.ref for one in overrides if one.puts_value] == [ref("Environment/c51")]


def test_what_a_rollback_holds_is_a_document_and_not_its_groups() -> None:
    held, by_a_person = override(id="HELD0123456789AB"), override(ref=ref("Environment/c51"))

    assert suspended([held, by_a_person]) == {C50, ref("Environment/c51")}
    assert suspended_in_accounts([held, by_a_person]) == {ref("Environment/c51")}


DOCUMENT = {
    "metadata": {"name": "c50"},
    "spec": {
        "schedule": "office",
        "spec": 1,
        "roles": {"Web": {"ami": "web-1"}, "Db": None},
        "locations": [{"path": "/a", "fails": 3}, "odd", {"name": "b"}],
        "matrix": [[1, 2], [3, 4]],
    },
}


@pytest.mark.parametrize(
    ("path", "value", "where", "because"),
    [
        ("schedule", "on", ("spec", "schedule"), "inside the spec"),
        ("spec.schedule", "on", ("spec", "schedule"), "from the top"),
        ("spec", 2, ("spec", "spec"), "a field called spec"),
        ("metadata.labels.team", "x", ("metadata", "labels", "team"), "maps are made on the way"),
        ("roles.Web.ami", "web-2", ("spec", "roles", "Web", "ami"), "a map's member"),
        ("roles.Db.ami", "db-2", ("spec", "roles", "Db", "ami"), "over a null"),
        ("locations./a.fails", 5, ("spec", "locations", 0, "fails"), "a list's member by name"),
        ("locations.b.fails", 5, ("spec", "locations", 2, "fails"), "and by another name"),
        ("locations.1", "new", ("spec", "locations", 1), "by index"),
        ("matrix.1.0", 9, ("spec", "matrix", 1, 0), "lists in lists"),
        ("schedule", None, ("spec", "schedule"), "null is a value"),
    ],
)
def test_a_value_is_put_in_its_place(path: str, value: Any, where: Any, because: str) -> None:
    before = canonical_bytes(DOCUMENT)

    patched = parse_canonical(patch(before, [override(path=path, value=value)]))

    here = patched
    for step in where:
        here = here[step]
    assert here == value, because


def test_nothing_else_changes_and_the_last_one_wins() -> None:
    before = canonical_bytes(DOCUMENT)
    overrides = [
        override(1, path="schedule", value="on"),
        override(2, path="schedule", value="off"),
        override(3, path="roles", value=ABSENT),
        override(4),
    ]

    assert patch(before, overrides) == before.replace(b'"office"', b'"off"')
    assert patch(before, []) == before


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("schedule.use", "leads into a single value at 'use'"),
        ("schedule.use.more", "leads into a single value at 'use'"),
        ("locations.nowhere.fails", "names no member 'nowhere'"),
        ("locations.3", "names no member '3'"),
    ],
)
def test_a_place_that_cannot_be_is_refused(path: str, says: str) -> None:
    with pytest.raises(WrongUsage, match=says):
        patch(canonical_bytes(DOCUMENT), [override(path=path, value=1)])


def test_a_place_within_a_short_form_is_in_what_it_stands_for() -> None:
    def written_out(spec: dict[str, Any]) -> dict[str, Any]:
        return {**spec, "schedule": {"mode": "automatic", "use": spec["schedule"]}}

    within = [override(path="schedule.mode", value="off")]

    patched = parse_canonical(patch(canonical_bytes(DOCUMENT), within, written_out))

    assert patched["spec"]["schedule"] == {"mode": "off", "use": "office"}


AUTHORED = {
    "metadata": {"name": "c50", "labels": {"team": "tango"}},
    "spec": {"schedule": "office-hours", "roles": {"Web": {"ami": "web-1"}}},
}


@pytest.mark.parametrize(
    ("assigned", "fields"),
    [
        ({"schedule": "on"}, {"spec.schedule": "office-hours"}),
        ({"maintenance": True}, {"spec.maintenance": None}),
        (
            {"roles.Web.ami": "web-2", "roles.Db.ami": "db-1"},
            {"spec.roles": {"Web": {"ami": "web-1"}}},
        ),
        ({"metadata.labels.team": "infra"}, {"metadata.labels": {"team": "tango"}}),
        ({"": ABSENT}, {}),
        ({"schedule": ABSENT}, {}),
    ],
)
def test_what_lies_beneath_gives_the_document_back(
    assigned: dict[str, Any], fields: dict[str, Any]
) -> None:
    document = canonical_bytes(AUTHORED)
    overrides = [
        override(n, path=path, value=value) for n, (path, value) in enumerate(assigned.items(), 1)
    ]
    patched = patch(document, overrides)
    kept = base_fields(document, patched)
    assert kept == fields
    assert without_override(patched, kept) == document


def test_the_first_end_by_the_clock_is_the_next() -> None:
    ends = [None, NOW, NOW + timedelta(hours=2), NOW + timedelta(hours=1)]
    made = [override(number, until=end) for number, end in enumerate(ends, 1)]

    assert next_end(made, NOW) == NOW + timedelta(hours=1)
    assert next_end(made[:2], NOW) is None
