"""What is listed is chosen by any of its names."""

from datetime import UTC, datetime

import pytest

from controller.engine.queries.listed_names import only_named
from controller.engine.queries.listing import ListedOverride, ListedService
from controller.errors import WrongUsage
from controller.model.override import Override
from controller.model.ref import ResourceRef


def service(name: str) -> ListedService:
    return ListedService(name, "Tango", None, None, "", (), {})


def override(id_: str, ref: str) -> ListedOverride:
    made = Override(
        id=id_,
        ref=ResourceRef.parse(ref),
        reason="r",
        actor="ada",
        since=datetime(2026, 11, 28, tzinfo=UTC),
        path="schedule",
        value="on",
    )
    return ListedOverride(made, "Tango", "staging-eu", {})


SERVICES = (service("Auth"), service("Search"))
OVERRIDES = (override("A1", "Environment/c50"), override("B2", "Group/staging-eu/eu-west-1/g"))


@pytest.mark.parametrize("name", ["Search", "Service/Search"])
def test_by_name_or_kind_and_name(name: str) -> None:
    assert only_named("services", SERVICES, [name]) == (SERVICES[1],)


def test_all_where_none_is_named_and_several_in_the_lists_order() -> None:
    assert only_named("services", SERVICES, []) == SERVICES
    assert only_named("services", SERVICES, ["Search", "Auth"]) == SERVICES


@pytest.mark.parametrize(
    ("name", "place"), [("A1", 0), ("c50", 0), ("Environment/c50", 0), ("Group/g", 1), ("g", 1)]
)
def test_an_override_by_its_id_or_by_what_it_is_of(name: str, place: int) -> None:
    assert only_named("overrides", OVERRIDES, [name]) == (OVERRIDES[place],)


def test_a_name_that_nothing_has_is_told_with_what_is_near() -> None:
    with pytest.raises(WrongUsage, match="services: there is no Serch\n  fix: did you mean Search"):
        only_named("services", SERVICES, ["Auth", "Serch"])
