"""Environments: two items, a schedule, and roles that must fit their map and their type."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.kinds.language.fields import merge
from controller.kinds.language.kind import Leaving
from controller.kinds.parts.server_role import effective_roles
from controller.loading.validated import ValidatedDocument, validate_document
from controller.model.canonical import canonical_bytes
from controller.model.ref import Origin
from tests.unit.kinds.small_fleet import (
    ENVIRONMENT,
    ENVIRONMENT_TYPE,
    FLEET,
    WEB,
    Documents,
    changed,
    complaints,
    findings,
    items,
    spec_of,
    without,
)

OFFICE_HOURS = "start: 0 8 * * 1,2,3,4,5; stop: 0 19 * * 1,2,3,4,5 | Europe/London"


def roles(**overrides: Any) -> dict[str, Any]:
    return {**ENVIRONMENT, "roles": overrides}


def test_it_fills_both_of_its_tables() -> None:
    spec = {
        **ENVIRONMENT,
        "description": "Performance",
        "schedule": "office-hours",
        "maintenance": True,
        "deploymentsLocked": False,
        "lifecycle": "active",
        "roles": {"Web": {"ami": "web-1.4.3"}},
    }
    assert items("Environment", "c50", spec) == {
        "ConfigEnvironments": {
            "EnvironmentName": "c50",
            "Value": {
                "SchemaVersion": 1,
                "EnvironmentType": "Staging",
                "OwningCluster": "Tango",
                "DeploymentMap": "web",
                "AlertSettings": "EnvironmentOwner",
                "Description": "Performance",
            },
        },
        "InfraOpsEnvironment": {
            "EnvironmentName": "c50",
            "Value": {
                "ScheduleAutomatically": True,
                "ManualScheduleUp": False,
                "DefaultSchedule": OFFICE_HOURS,
                "EnvironmentInMaintenance": True,
                "DeploymentsLocked": False,
            },
        },
    }


@pytest.mark.parametrize(
    ("schedule", "operational", "because"),
    [
        (
            None,
            (False, False, None),
            "a new environment without a schedule is off, not for ever on",
        ),
        ("off", (False, False, None), "both flags false is off"),
        ("on", (False, True, None), "by hand"),
        ("noschedule", (True, False, "noschedule"), "an automatic schedule that says so"),
        ("office-hours", (True, False, OFFICE_HOURS), "the name of a Schedule"),
        ({"use": "office-hours"}, (True, False, OFFICE_HOURS), "automatic is the usual mode"),
        ({"mode": "on", "use": "office-hours"}, (False, True, OFFICE_HOURS), "kept for later"),
        (
            {"expression": "stop: 0 19 * * *"},
            (True, False, "stop: 0 19 * * *"),
            "one line of text",
        ),
        (
            {"use": "nobody"},
            (True, False, None),
            "an unknown name is a broken reference, not a guess",
        ),
    ],
)
def test_schedules_become_what_the_scheduler_reads(
    schedule: Any, operational: Any, because: str
) -> None:
    spec = ENVIRONMENT if schedule is None else {**ENVIRONMENT, "schedule": schedule}
    value = items("Environment", "c50", spec)["InfraOpsEnvironment"]["Value"]
    found = (
        value["ScheduleAutomatically"],
        value["ManualScheduleUp"],
        value.get("DefaultSchedule"),
    )
    assert found == operational, because


@pytest.mark.parametrize(
    ("value", "schedule", "because"),
    [
        ({}, {"Mode": "on"}, "no attribute at all has always meant on"),
        ({"ManualScheduleUp": False}, {"Mode": "on"}, "off needs both flags"),
        ({"ScheduleAutomatically": False}, {"Mode": "on"}, "off needs both flags"),
        ({"ScheduleAutomatically": False, "ManualScheduleUp": False}, {"Mode": "off"}, "off"),
        (
            {"ScheduleAutomatically": True, "ManualScheduleUp": True, "DefaultSchedule": "off"},
            {"Mode": "on", "Expression": "off"},
            "manual wins",
        ),
        (
            {"ScheduleAutomatically": True, "DefaultSchedule": "NOSCHEDULE"},
            {"Mode": "automatic", "Expression": "NOSCHEDULE"},
            "as the old client wrote it",
        ),
        (
            {
                "ScheduleAutomatically": True,
                "ManualScheduleUp": False,
                "DefaultSchedule": "noschedule",
            },
            {"Mode": "noschedule"},
            "as we write it",
        ),
    ],
)
def test_operational_items_of_others_are_read_as_the_scheduler_reads_them(
    value: dict[str, Any], schedule: dict[str, Any], because: str
) -> None:
    found = {
        "ConfigEnvironments": {"EnvironmentName": "c50", "Value": {}},
        "InfraOpsEnvironment": {"EnvironmentName": "c50", "Value": value},
    }
    assert kinds()["Environment"].recover(found)[1]["Schedule"] == schedule, because


@pytest.mark.parametrize(
    ("change", "at", "words"),
    [
        ({"environmentType": None}, "spec.environmentType", "required"),
        ({"owningCluster": None}, "spec.owningCluster", "required"),
        ({"deploymentMap": None}, "spec.deploymentMap", "required"),
        ({"alertSettings": "Nobody"}, "spec.alertSettings", "'EnvironmentOwner'"),
        ({"alertSettings": "Custom"}, "spec.alertSettings", "needs notificationSettingsId"),
        ({"schedule": {"mode": "automatic"}}, "spec.schedule", "needs a schedule to follow"),
        ({"schedule": {"mode": "noschedule", "use": "x"}}, "spec.schedule", "follows no schedule"),
        ({"schedule": {"use": "x", "expression": "on"}}, "spec.schedule", "both given"),
        (
            {"schedule": {"expression": "noschedule"}},
            "spec.schedule.expression",
            "a mode of its own",
        ),
        ({"schedule": {"expression": "start: 0 8"}}, "spec.schedule.expression", "is no schedule"),
        ({"schedule": 247}, "spec.schedule", "valid dictionary"),
        ({"maintenance": "true"}, "spec.maintenance", "valid boolean"),
        ({"lifecycle": "gone"}, "spec.lifecycle", "'active' or 'retired'"),
        ({"roles": {"Webb": {}}}, "spec.roles.Webb", "has no role 'Webb'; its roles are Web"),
        ({"roles": {"Web": {"amii": "x"}}}, "spec.roles.Web.amii", "not permitted"),
        (
            {"roles": {"Web": {"serverRoleName": "x"}}},
            "spec.roles.Web.serverRoleName",
            "not permitted",
        ),
        ({"roles": {"Web": {"ami": "1"}}}, "spec.roles.Web.ami", "an image's id"),
        (
            {"roles": {"Web": {"autoScalingSettings": {"minCapacity": 3}}}},
            "spec.roles.Web.autoScalingSettings",
            "min 3 is over desired 2",
        ),
        (
            {"roles": {"Web": {"slices": {"blue": {"minCapacity": 1}}}}},
            "spec.roles.Web.slices",
            "one fleet for all slices",
        ),
        (
            {"roles": {"Web": {"fleetPerSlice": True, "slices": {"blue": {"minCapacity": 3}}}}},
            "spec.roles.Web.slices.blue",
            "min 3 is over desired 2",
        ),
        (
            {"roles": {"Web": {"subnetTypeName": "Public"}}},
            "spec.roles.Web",
            "subnets of type 'Public', which EnvironmentType Staging has not; it has PrivateApp",
        ),
        (
            {"roles": {"Web": {"securityZone": "Secure"}}},
            "spec.roles.Web",
            "subnets PrivateApp of EnvironmentType Staging are not secure",
        ),
        (
            {"roles": {"Web": {"availabilityZoneName": ["c", "D"]}}},
            "spec.roles.Web",
            "runs in zones CD alone",
        ),
    ],
)
def test_what_is_refused(change: dict[str, Any], at: str, words: str) -> None:
    found, *others = complaints("Environment", "c50", merge(ENVIRONMENT, change))
    assert not others
    assert found.startswith(f"{at}: ")
    assert words in found


@pytest.mark.parametrize(
    "overrides",
    [
        {"Web": {}},
        {"Web": {"autoScalingSettings": {"maxCapacity": 9}}},
        {"Web": {"enabled": False, "subnetTypeName": "nowhere"}},
        {"Web": {"securityZone": "Secure", "subnetTypeName": "PrivateSecure"}},
        {"Web": {"availabilityZoneName": "AF"}},
        {"Web": {"services": ["Search"], "schedule": "noschedule", "whenOff": "ignore"}},
        {"Web": {"fleetPerSlice": True, "slices": {"blue": {}, "green": {"minCapacity": 0}}}},
    ],
)
def test_overrides_that_fit(overrides: dict[str, Any]) -> None:
    assert complaints("Environment", "c50", roles(**overrides)) == []


@pytest.mark.parametrize(
    ("name", "mode", "words"),
    [
        ("c-50", "none", "but no '-'"),
        ("5c", "none", "beginning with a letter"),
        ("c_50", "environment-manager", "other characters than letters and digits"),
    ],
)
def test_names_are_what_other_programs_can_take_apart(name: str, mode: str, words: str) -> None:
    (found,) = complaints("Environment", name, ENVIRONMENT, mode=mode)
    assert words in found


@pytest.mark.parametrize(("name", "fits"), [("c50", True), ("xc50x", True), ("d50", False)])
def test_names_match_the_pattern_of_their_type(name: str, *, fits: bool) -> None:
    patterned = changed(FLEET, "EnvironmentType", "Staging", namingPattern="c[0-9]{2}")
    found = complaints("Environment", name, ENVIRONMENT, patterned)
    assert (found == []) is fits
    assert fits or "does not match the naming pattern 'c[0-9]{2}'" in found[0]


def test_the_old_product_needs_to_know_whom_to_alert() -> None:
    silent = merge(ENVIRONMENT, {"alertSettings": None})
    assert complaints("Environment", "c50", silent) == []
    (found,) = complaints("Environment", "c50", silent, mode="environment-manager")
    assert "alertSettings is missing" in found


@pytest.mark.parametrize(
    "missing", [("EnvironmentType", "Staging"), ("DeploymentMap", "web"), ("Cluster", "Tango")]
)
def test_of_what_does_not_exist_nothing_more_is_said(missing: tuple[str, str]) -> None:
    assert complaints("Environment", "c50", roles(Web={}), without(FLEET, missing)) == []


def _secure_map() -> Documents:
    return {**FLEET, ("DeploymentMap", "web"): {"roles": [{**WEB, "subnetTypeName": "Public"}]}}


def test_a_map_that_does_not_fit_the_type_is_said_where_the_map_is_chosen() -> None:
    (found,) = complaints("Environment", "c50", ENVIRONMENT, _secure_map())
    assert found.startswith("spec.deploymentMap: role Web runs in subnets of type 'Public'")


def test_a_retired_environment_needs_no_place_to_run() -> None:
    assert not complaints(
        "Environment", "c50", {**ENVIRONMENT, "lifecycle": "retired"}, _secure_map()
    )


@pytest.mark.parametrize(
    ("more", "retired"),
    [({}, False), ({"lifecycle": "active"}, False), ({"lifecycle": "retired"}, True),
     ({"description": "retired"}, False)],
)  # fmt: skip
def test_a_plan_is_told_that_an_environment_is_retired(more: dict[str, Any], retired: bool) -> None:
    body = canonical_bytes({"metadata": {"name": "c50"}, "spec": {**ENVIRONMENT, **more}})

    made = validate_document(kinds()["Environment"], body, Origin("a.yaml", 1), 0)

    assert isinstance(made, ValidatedDocument)
    assert made.retired is retired


def test_a_map_without_roles_says_so() -> None:
    empty: Documents = {**FLEET, ("DeploymentMap", "web"): {"roles": []}}
    (found,) = complaints("Environment", "c50", roles(Web={}), empty)
    assert "its roles are none" in found


def test_names_are_unique_in_any_case_and_the_type_is_kept() -> None:
    kind = kinds()["Environment"]
    (unique,) = kind.unique
    facts = kind.facts("C50", spec_of(kind, ENVIRONMENT))
    assert list(unique.values(facts)) == [(("metadata", "name"), "c50")]
    assert [one.path for one in kind.immutable] == [("Value", "EnvironmentType")]
    assert kind.leaving is Leaving.RETIRE_FIRST


def test_a_schedule_of_a_role_is_one_choice() -> None:
    role = {**WEB, "schedule": {"mode": "automatic", "use": "office-hours"}}
    always = {"mode": "automatic", "expression": "247"}

    found = effective_roles({"roles": [role]}, {"Web": {"schedule": always}})["Web"].schedule

    assert found is not None
    assert (found.use, found.expression) == (None, "247")


def test_effective_roles_are_those_of_the_map_with_what_differs() -> None:
    map_spec = {"roles": [WEB, {**WEB, "serverRoleName": "Db"}]}
    found = effective_roles(
        map_spec,
        {
            "Web": {"enabled": True, "autoScalingSettings": {"maxCapacity": 9}},
            "Db": {"enabled": False},
        },
    )
    assert list(found) == ["Web"]
    assert found["Web"].auto_scaling_settings.max_capacity == 9
    assert found["Web"].auto_scaling_settings.desired_capacity == 2
    assert list(effective_roles(map_spec, None)) == ["Web", "Db"]


def test_an_account_type_without_zones_asked_for_has_none() -> None:
    narrow = changed(
        FLEET,
        "EnvironmentType",
        "Staging",
        subnets={"PrivateApp": {"availabilityZoneC": "subnet-x", "availabilityZoneF": "subnet-y"}},
    )
    assert ENVIRONMENT_TYPE["subnets"]
    assert complaints("Environment", "c50", roles(Web={"availabilityZoneName": "F"}), narrow) == []


@pytest.mark.parametrize(
    ("more", "warned"),
    [
        ({}, True),
        ({"schedule": "off"}, False),
        ({"schedule": "office-hours"}, False),
        ({"lifecycle": "retired"}, False),
    ],
)
def test_one_that_nobody_gave_a_schedule_is_warned_of(more: dict[str, Any], warned: bool) -> None:
    bare = {name: value for name, value in ENVIRONMENT.items() if name != "schedule"}

    found = findings("Environment", "c50", {**bare, **more})

    assert [(one.path, one.warning) for one in found] == [(("spec", "schedule"), True)] * warned
