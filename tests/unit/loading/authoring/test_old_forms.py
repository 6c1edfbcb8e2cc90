"""Values the old product stored in another form, and what cannot be brought into one."""

from typing import Any

import pytest

from controller.loading.authoring.fix_values import MOST_MENDS, fix_values, in_short, value_at
from controller.model.ref import ResourceRef
from tests.support.yaml_fleet import KINDS

SEARCH = ResourceRef("Service", "Search")
C50 = ResourceRef("Environment", "c50")
UPSTREAM = ResourceRef("Upstream", "c50-Search")
HOST = ResourceRef("LoadBalancerSetting", "c50/www")
WEB = ResourceRef("DeploymentMap", "web")
ROLE = {
    "serverRoleName": "Web",
    "owningCluster": "Tango",
    "ami": "web",
    "autoScalingSettings": {},
}
SERVICE = {"owningCluster": "Tango"}
ENVIRONMENT = {
    "environmentType": "Staging",
    "owningCluster": "Tango",
    "deploymentMap": "web",
    "schedule": {"mode": "on"},
}
ROUTED = {"environmentName": "c50", "serviceName": "Search"}
LISTENING = {
    "environmentName": "c50",
    "listen": [{"port": 443}],
    "serverName": ["www"],
    "frontEnd": True,
    "locations": [],
}


@pytest.mark.parametrize(
    ("ref", "spec", "more", "written"),
    [
        (SEARCH, SERVICE, {"bluePort": " 40000 "}, {"bluePort": 40000}),
        (SEARCH, SERVICE, {"bluePort": 40000.0}, {"bluePort": 40000}),
        (SEARCH, SERVICE, {"description": 1.5}, {"description": "1.5"}),
        (SEARCH, SERVICE, {"description": True}, {"description": "true"}),
        (SEARCH, SERVICE, {"isOne": 1}, {"isOne": True}),
        (SEARCH, SERVICE, {"isOne": " FALSE "}, {"isOne": False}),
        (SEARCH, SERVICE, {"tags": {"key": "a", "value": "b"}},
         {"tags": [{"key": "a", "value": "b"}]}),
        (SEARCH, SERVICE, {"bluePort": [1]}, {}),
        (SEARCH, SERVICE, {"bluePort": ""}, {}),
        (UPSTREAM, ROUTED, {"slowStart": " 30s "}, {"slowStart": "30s"}),
        (HOST, LISTENING, {"serverName": "www"}, {"serverName": ["www"]}),
        (HOST, LISTENING, {"restrictTo": 7}, {"restrictTo": []}),
        (C50, ENVIRONMENT, {"schedule": {"mode": "on", "expression": "when it rains"}},
         {"schedule": {"mode": "on"}}),
        (C50, ENVIRONMENT, {"schedule": {"mode": "automatic", "expression": ""}},
         {"schedule": {"mode": "noschedule"}}),
        (C50, ENVIRONMENT, {"schedule": []}, {"schedule": {"mode": "noschedule"}}),
    ],
)  # fmt: skip
def test_a_value_gets_the_form_that_was_meant_or_goes(
    ref: ResourceRef, spec: dict[str, Any], more: dict[str, Any], written: dict[str, Any]
) -> None:
    mended = fix_values(KINDS[ref.kind], ref, {**spec, **more})

    assert mended.missing is None
    assert mended.spec == {**{n: v for n, v in spec.items() if n not in more}, **written}
    assert mended.oddities


@pytest.mark.parametrize(
    ("ref", "spec", "missing"),
    [
        (SEARCH, {}, "owningCluster is missing"),
        (SEARCH, {"owningCluster": ["Tango", "Rhino"]}, "owningCluster is missing"),
        (C50, {**ENVIRONMENT, "schedule": {"mode": "off?"}}, "schedule.mode"),
        (WEB, {"roleDefaults": {"instanceType": []}, "roles": [ROLE]}, "roles[0].instanceType"),
    ],
)
def test_what_is_missing_keeps_it_from_being_written(
    ref: ResourceRef, spec: dict[str, Any], missing: str
) -> None:
    mended = fix_values(KINDS[ref.kind], ref, spec)

    assert mended.missing is not None
    assert missing in mended.missing


def test_too_many_wrong_values_are_a_persons_to_decide() -> None:
    wrong: dict[str, Any] = {f"x{number}": [] for number in range(MOST_MENDS + 1)}

    mended = fix_values(KINDS["Service"], SEARCH, {**SERVICE, **wrong})

    assert mended.missing == "too much of it is not in the form of its kind"


def test_what_is_read_is_left_alone() -> None:
    spec = {**SERVICE, "bluePort": "40000"}

    fix_values(KINDS["Service"], SEARCH, spec)

    assert spec["bluePort"] == "40000"


@pytest.mark.parametrize(
    ("kind", "path", "value", "shown"),
    [
        ("Service", ("bluePort",), "40000", '"40000"'),
        ("Service", ("tags",), [{"key": "a"}], "[{'key': 'a'}]"),
        ("Service", ("description",), "x" * 99, "x" * 59 + "…"),
        ("Service", ("bluePort", "deeper"), 1, "1"),
        ("EnvironmentType", ("licenseKeys", "newRelicKey"), "hunter2", "(sensitive)"),
        ("EnvironmentType", ("licenseKeys",), {"newRelicKey": "hunter2"}, "(sensitive)"),
    ],
)
def test_a_value_in_a_note(kind: str, path: tuple[str | int, ...], value: Any, shown: str) -> None:
    assert in_short(KINDS[kind], path, value) == shown


@pytest.mark.parametrize("path", [("a", "b"), ("a", 3), ("a", 0, "x"), ("b",), (0,)])
def test_there_is_nothing_where_a_path_leads_nowhere(path: tuple[str | int, ...]) -> None:
    with pytest.raises((KeyError, IndexError)):
        value_at({"a": [1]}, path)
