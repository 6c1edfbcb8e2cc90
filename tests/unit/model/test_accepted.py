"""The accepted state answers by name, and with nothing where there is nothing."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from controller.model.accepted import AcceptedState
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Projection, Resource

C50, C7, TANGO = (
    ResourceRef("Environment", "c50"),
    ResourceRef("Environment", "c7"),
    ResourceRef("Cluster", "Tango"),
)


def resource(ref: ResourceRef) -> Resource:
    return Resource(ref, Origin("a.yaml", 1), 0, b"{}", Projection(ref, b"{}", b"{}", ""))


def state(value: Any = None) -> AcceptedState:
    return AcceptedState(
        resources={ref: resource(ref) for ref in (C7, TANGO, C50)},
        specs={C50: "the spec"},
        items={C50: {"InfraOpsEnvironment": {"EnvironmentName": "c50", "Value": value}}},
    )


def test_objects_of_a_kind_come_by_name() -> None:
    assert list(state().of_kind("Environment")) == [C50, C7]
    assert list(state().of_kind("Service")) == []


def test_a_spec_that_cannot_be_read_is_none() -> None:
    assert (state().spec("Environment", "c50"), state().spec("Environment", "c7")) == (
        "the spec",
        None,
    )


@pytest.mark.parametrize(
    ("value", "locked", "maintained", "because"),
    [
        ({"DeploymentsLocked": True, "EnvironmentInMaintenance": False}, True, False, "as found"),
        ({"DeploymentsLocked": "true", "EnvironmentInMaintenance": True}, False, True, "a text is no lock"),
        ({}, False, False, "nobody said so"),
        ("odd", False, False, "not our form"),
        (None, False, False, "no value at all"),
    ],
)  # fmt: skip
def test_locks_and_maintenance_are_as_found(
    value: Any, locked: bool, maintained: bool, because: str
) -> None:
    found = state(value)
    assert found.operational("c50", "DeploymentsLocked") is locked, because
    assert found.operational("c50", "EnvironmentInMaintenance") is maintained, because


def test_an_object_without_items_has_no_value() -> None:
    assert not state().operational("c7", "DeploymentsLocked")


def test_what_is_written_is_what_lies_beneath_overrides() -> None:
    plain = state()
    assert plain.written is plain
    assert replace(plain, beneath=plain).written is plain


def test_what_was_applied_last_is_the_state_itself_where_no_other_is_known() -> None:
    plain = state()
    assert (plain.applied, plain.both) == (plain, (plain,))
    lifted = replace(plain, before=state())
    assert lifted.applied is lifted.before
    assert lifted.both == (lifted, lifted.before)


def test_the_type_of_an_environment_is_told_if_both_can_be_read() -> None:
    kind = ResourceRef("EnvironmentType", "Staging")
    specs = {C50: SimpleNamespace(environment_type="Staging"), kind: "the type"}
    assert replace(state(), specs=specs).type_of("c50") == "the type"
    assert replace(state(), specs=specs).type_of("c7") is None
    assert replace(state(), specs={C50: specs[C50]}).type_of("c50") is None
